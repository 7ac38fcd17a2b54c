//! What all generators share: the name, the namespace, the request and the printing.

use super::super::writes::{LAST_APPLIED, Write};
use super::super::{Ctx, Done, DryRun, Failure, Mapping, Printer, typed};
use crate::apimachinery::json::Value;
use crate::apimachinery::object;

/// A generator.
pub(super) struct Generator {
    /// Makes the object of this name.
    pub(super) make: fn(&mut Ctx<'_>, &str) -> Result<Value, Failure>,
    /// Stands before the server's refusal, such as `failed to create deployment: `; empty to print the refusal
    /// as it is.
    pub(super) failed: &'static str,
    pub(super) namespaced: bool,
    /// True when kubectl itself refuses an empty name.
    pub(super) named: bool,
}

/// The one NAME of the command line.
///
/// # Errors
/// None, or more.
pub(super) fn name_of(ctx: &Ctx<'_>) -> Result<String, Failure> {
    let count = ctx.dash_at.unwrap_or(ctx.args.len());
    match ctx.args.first() {
        Some(name) if count == 1 => Ok(name.clone()),
        _ => Err(ctx.usage(&format!("exactly one NAME is required, got {count}"))),
    }
}

/// The words behind the name.
pub(super) fn command_of(ctx: &Ctx<'_>) -> Vec<String> {
    ctx.args.get(1..).unwrap_or_default().to_vec()
}

/// Makes the object and creates or prints it.
pub(super) fn run(ctx: &mut Ctx<'_>, generator: &Generator) -> Done {
    let name = name_of(ctx)?;
    let write = Write::of(ctx)?;
    let mut printer = Printer::of(ctx)?;
    printer.typed = true;
    if name.is_empty() && generator.named {
        return Err(Failure::error("name must be specified"));
    }
    let mut tree = (generator.make)(ctx, &name)?;
    let namespace = ctx.namespace()?;
    if generator.namespaced && namespace.explicit {
        object::set(&mut tree, &["metadata", "namespace"], namespace.name.as_str());
    }
    if ctx.flags.on("save-config") {
        let text = format!("{}\n", typed::json(&tree, None));
        object::map_at(&mut tree, &["metadata", "annotations"]).insert(LAST_APPLIED.into(), text.into());
    }
    let done = format!("created{}", write.dry_run.suffix());
    if write.dry_run == DryRun::Client {
        return printer.print(ctx, &tree, &done);
    }
    let mapping = Mapping::built_in(&tree).map_or_else(|| ctx.type_of(&tree), Ok)?;
    let made = ctx.create(&mapping, &namespace.name, &tree, &write).map_err(|failure| {
        if generator.failed.is_empty() {
            failure
        } else {
            // A wrapped refusal is no longer the server's to kubectl's printer.
            Failure::error(format!("{}{}", generator.failed, failure.sentence()))
        }
    })?;
    printer.print(ctx, &made, &done)
}
