//! `kubectl set`: one field of many objects.

mod account;
mod env;
mod image;
mod resources;
mod selector;
mod subject;

use super::client::STRATEGIC_PATCH;
use super::writes::Write;
use super::{Builder, Ctx, Done, DryRun, Failure, Group, Info, PLAIN, Printer, Verb, diffs};
use crate::apimachinery::json::Value;
use crate::apimachinery::object::Gvk;

/// The row of the table.
pub(super) static VERB: Verb = Verb {
    name: "set",
    group: Group::Beginner,
    summary: "Set specific features on objects",
    examples: "
        # Another image
        kubectl set image deployment/web nginx=nginx:1.27",
    children: &[&env::VERB, &image::VERB, &resources::VERB, &selector::VERB, &account::VERB, &subject::VERB],
    ..PLAIN
};

/// A change to one object; false when nothing is to be sent. Failures that do not hold the change back are
/// collected beside it.
type Change<'a> = dyn FnMut(&mut Ctx<'_>, &mut Value, &mut Vec<Failure>) -> Result<bool, Failure> + 'a;

/// What all of these verbs share.
struct Update {
    write: Write,
    printer: Printer,
    /// `image updated`.
    done: &'static str,
    /// Stands before the server's refusal.
    failed: &'static str,
    infos: Vec<Info>,
    /// True when an object that stays as it is is sent and told all the same.
    always: bool,
}

/// Reads the flags and fetches the objects that `resources` name.
///
/// # Errors
/// Flags that do not go together, or an object that cannot be fetched.
fn begin(
    ctx: &mut Ctx<'_>,
    resources: Vec<String>,
    done: &'static str,
    failed: &'static str,
) -> Result<Update, Failure> {
    let write = Write::of(ctx)?;
    let printer = Printer::of(ctx)?;
    let local = ctx.flags.on("local");
    if local && !resources.is_empty() {
        return Err(Failure::error(
            "error: you must specify resources by --filename when --local is set.\nExample resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'",
        ));
    }
    let builder = Builder {
        type_alone_means_all: ctx.flags.on("all"),
        all: false,
        latest: !local,
        args: resources,
        ..ctx.builder()?
    };
    let infos = builder.targets(ctx)?.all(ctx)?;
    Ok(Update { write, printer, done, failed, infos, always: false })
}

/// Checks that go for all of these verbs, after the objects are there.
fn check(ctx: &Ctx<'_>, write: &Write) -> Done {
    if ctx.flags.on("local") && write.dry_run == DryRun::Server {
        return Err(Failure::error(
            "cannot specify --local and --dry-run=server - did you mean --dry-run=client?",
        ));
    }
    if ctx.flags.on("all") && !ctx.flags.text("selector").is_empty() {
        return Err(Failure::error("cannot set --all and --selector at the same time"));
    }
    Ok(())
}

impl Update {
    /// Changes every object and sends what differs.
    fn run(mut self, ctx: &mut Ctx<'_>, change: &mut Change<'_>) -> Done {
        let mut failures = Vec::new();
        let infos = std::mem::take(&mut self.infos);
        let mut patches = Vec::new();
        for info in infos {
            let before = info.object.clone();
            let mut tree = before.as_ref().clone();
            match change(ctx, &mut tree, &mut failures) {
                Ok(true) => {
                    ctx.record(&mut tree);
                    patches.push((info, before, tree));
                }
                Ok(false) => {}
                Err(failure) => {
                    let name = object_name(&info);
                    failures.push(Failure::error(format!("error: {name} {}\n", failure.sentence())));
                }
            }
        }
        for (info, before, tree) in patches {
            if let Err(failure) = self.send(ctx, &info, &before, tree) {
                failures.push(failure);
            }
        }
        Failure::all(failures)
    }

    fn send(&mut self, ctx: &mut Ctx<'_>, info: &Info, before: &Value, tree: Value) -> Done {
        if *before == tree && !self.always {
            return Ok(());
        }
        let done = format!("{}{}", self.done, self.write.dry_run.suffix());
        if ctx.flags.on("local") || self.write.dry_run == DryRun::Client {
            return self.printer.print(ctx, &tree, &done);
        }
        let (_, patch) = diffs::two_way(before, &tree)?;
        let patched = ctx
            .patch(&info.path(), STRATEGIC_PATCH, &patch, &self.write)
            .map_err(|failure| Failure::error(format!("{}{}", self.failed, failure.sentence())))?;
        self.printer.print(ctx, &patched, &done)
    }
}

/// `deployments/web`.
fn object_name(info: &Info) -> String {
    match &info.mapping {
        Some(mapping) => format!("{}/{}", mapping.resource, info.name),
        None => info.name.clone(),
    }
}

/// Where the pod spec of an object stands.
///
/// # Errors
/// A kind without pods.
fn pod_spec(tree: &mut Value) -> Result<&mut Value, Failure> {
    let gvk = Gvk::of(tree);
    let pointer = match gvk.kind.as_str() {
        "Pod" => "/spec",
        "Deployment" | "DaemonSet" | "ReplicaSet" | "StatefulSet" | "Job" | "ReplicationController" => {
            "/spec/template/spec"
        }
        "CronJob" => "/spec/jobTemplate/spec/template/spec",
        kind => {
            return Err(Failure::error(format!(
                "the object is not a pod or does not have a pod template: *{}.{kind}",
                gvk.version
            )));
        }
    };
    tree.pointer_mut(pointer).ok_or_else(|| Failure::error("the object has no pod spec"))
}

/// The containers that a pattern such as `*` or `web*` selects: plain ones first, then init containers.
fn containers<'a>(spec: &'a mut Value, pattern: &str) -> Vec<&'a mut Value> {
    let mut all = Vec::new();
    let Some(map) = spec.as_object_mut() else { return all };
    let (mut plain, mut init) = (Vec::new(), Vec::new());
    for (key, value) in map.iter_mut() {
        let into = match key.as_str() {
            "containers" => &mut plain,
            "initContainers" => &mut init,
            _ => continue,
        };
        into.extend(value.as_array_mut().into_iter().flatten());
    }
    all.extend(plain);
    all.extend(init);
    all.retain(|container| matches(pattern, crate::apimachinery::object::field(container, "name")));
    all
}

/// `*` stands for any text.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => name.strip_prefix(start).is_some_and(|tail| {
            rest.is_empty()
                || tail
                    .char_indices()
                    .map(|(at, _)| at)
                    .chain([tail.len()])
                    .any(|at| matches(rest, tail.get(at..).unwrap_or("")))
        }),
    }
}
