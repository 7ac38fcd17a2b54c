//! Everything but tables: the objects themselves, one alone or several as a List.

use super::super::builder::read_sources;
use super::super::{Builder, Ctx, Done, Failure};
use super::{Options, sort};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;

pub(super) fn run(ctx: &mut Ctx<'_>, options: Options) -> Done {
    let Options { mut printer, sort_by, ignore_not_found, builder } = options;
    let files = builder.clone();
    let targets = builder.targets(ctx)?;
    let single = targets.single_item_implied && (files.no_files() || single_file(ctx, &files));
    let (infos, mut failures) = targets.infos(ctx);
    if ignore_not_found {
        failures.retain(|failure| !failure.is_not_found());
    }
    if single && !failures.is_empty() {
        return Failure::all(failures);
    }
    if infos.is_empty() && ignore_not_found {
        return Failure::all(failures);
    }
    if single && infos.len() == 1 {
        for info in &infos {
            printer.print(ctx, &info.object, "")?;
        }
        return Failure::all(failures);
    }
    let mut items: Vec<Value> = infos.iter().map(|info| info.object.as_ref().clone()).collect();
    if !sort_by.is_empty() {
        sort::values(&mut items, &sort_by, |item| item)
            .map_err(|error| super::unsorted(ctx, &sort_by, "*unstructured.Unstructured", 329, error))?;
    }
    let list = json!({"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}});
    let list = object::with(list, "items", items.into());
    if let Err(failure) = printer.print(ctx, &list, "") {
        failures.push(failure);
    }
    Failure::all(failures)
}

/// True when the one path given is a plain file.
fn single_file(ctx: &mut Ctx<'_>, builder: &Builder) -> bool {
    if builder.files.iter().any(|file| file == "-") {
        return false;
    }
    read_sources(ctx, builder).1
}
