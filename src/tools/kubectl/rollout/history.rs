//! `rollout history`: revisions with their causes, or one revision's template.

use std::collections::BTreeMap;

use super::{
    Kind, builder, controller_revisions, no_rollout, remembered_template, replica_sets, revision_of,
};
use crate::apimachinery::json::Value;
use crate::apimachinery::object::{annotation, field, int, set};
use crate::tools::kubectl::builder::Info;
use crate::tools::kubectl::describe::raw_template;
use crate::tools::kubectl::print::Printer;
use crate::tools::kubectl::writes::CAUSE;
use crate::tools::kubectl::{Ctx, Done, Failure, tabwriter};

/// One revision.
struct Revision {
    template: Value,
    cause: String,
    /// What `-o` prints.
    object: Value,
}

pub(super) fn run(ctx: &mut Ctx<'_>) -> Done {
    let builder = builder(ctx)?;
    let revision = ctx.flags.int("revision");
    if revision < 0 {
        return Err(Failure::error(format!("revision must be a positive integer: {revision}")));
    }
    let mut printer = Printer::of(ctx)?;
    builder.targets(ctx)?.visit(ctx, &mut |ctx, info| {
        let history = history(ctx, &info)?;
        if printer.is_human() {
            let text = text(&history, revision)?;
            let with = if revision > 0 { format!("with revision #{revision}") } else { String::new() };
            return printer.print(ctx, &info.object, &format!("{with}\n{text}"));
        }
        if revision > 0 {
            let found = history.get(&revision).ok_or_else(not_found)?;
            return printer.print(ctx, &found.object, "");
        }
        history.values().try_for_each(|one| printer.print(ctx, &one.object, ""))
    })
}

fn not_found() -> Failure {
    Failure::error("unable to find the specified revision")
}

fn history(ctx: &mut Ctx<'_>, info: &Info) -> Result<BTreeMap<i64, Revision>, Failure> {
    match Kind::of(info) {
        None => Err(no_rollout(info, "history", "history viewer")),
        Some(Kind::Deployment) => {
            let of = |set: Value| (revision_of(&set), of_replica_set(set));
            Ok(replica_sets(ctx, &info.object)?.into_iter().map(of).collect())
        }
        Some(_) => {
            let all = controller_revisions(ctx, &info.object)?;
            let of =
                |one: &Value| (int(one, "/revision").unwrap_or(0), of_controller_revision(one, &info.object));
            Ok(all.iter().map(of).collect())
        }
    }
}

/// The cause stands in the template's annotations, as if it had been written there.
fn of_replica_set(set_: Value) -> Revision {
    let cause = annotation(&set_, CAUSE).unwrap_or("").to_owned();
    let mut template = set_.pointer("/spec/template").cloned().unwrap_or_default();
    if !cause.is_empty() {
        set(&mut template, &["metadata", "annotations", CAUSE], cause.as_str());
    }
    let cause = template.pointer("/metadata/annotations").map_or("", |all| field(all, CAUSE)).to_owned();
    Revision { template, cause, object: set_ }
}

fn of_controller_revision(revision: &Value, owner: &Value) -> Revision {
    let template = remembered_template(revision);
    let mut object = owner.clone();
    set(&mut object, &["spec", "template"], template.clone());
    Revision { template, cause: annotation(revision, CAUSE).unwrap_or("").to_owned(), object }
}

fn text(history: &BTreeMap<i64, Revision>, revision: i64) -> Result<String, Failure> {
    if history.is_empty() {
        return Ok("No rollout history found.".to_owned());
    }
    if revision > 0 {
        return Ok(raw_template(Some(&history.get(&revision).ok_or_else(not_found)?.template)));
    }
    let mut table = "REVISION\tCHANGE-CAUSE\n".to_owned();
    for (number, revision) in history {
        let cause = if revision.cause.is_empty() { "<none>" } else { &revision.cause };
        table += &format!("{number}\t{cause}\n");
    }
    Ok(tabwriter::format(&table, &tabwriter::DESCRIBE))
}
