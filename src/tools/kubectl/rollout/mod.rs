//! `kubectl rollout`: the history and progress of deployments, stateful sets and daemon sets.

mod change;
mod history;
mod status;
mod undo;

use super::builder::{Builder, Info};
use super::describe::{Lookup, old_and_new_replica_sets, selector_text};
use super::verb::{Complete, Group, PLAIN, Run, Verb};
use super::{Ctx, Failure};
use crate::apimachinery::json::Value;
use crate::apimachinery::object::{annotation, controller_of, field, int, uid};

/// `kubectl rollout`.
pub(crate) static ROLLOUT: Verb = Verb {
    name: "rollout",
    group: Group::Deploy,
    summary: "Manage the rollout of a resource",
    about: "Works on deployments, daemon sets and stateful sets.",
    examples: "
        # Back to the revision before
        kubectl rollout undo deployment/web
        # Wait until a rollout is done
        kubectl rollout status deployment/web
        # New pods from the same template
        kubectl rollout restart deployment/web",
    children: &[&HISTORY, &PAUSE, &RESTART, &RESUME, &STATUS, &UNDO],
    ..PLAIN
};

static HISTORY: Verb = Verb {
    name: "history",
    group: Group::Other,
    summary: "View rollout history",
    examples: "
        # The revisions of a deployment
        kubectl rollout history deployment/web
        # The template of one of them
        kubectl rollout history deployment/web --revision=2",
    run: Run::Now(history::run),
    complete: Complete::TypeThenNames,
    ..PLAIN
};
static PAUSE: Verb = Verb {
    name: "pause",
    group: Group::Other,
    summary: "Mark the provided resource as paused",
    about: "A paused deployment does not roll out changes of its template until it is resumed.",
    examples: "
        # Hold back a rollout
        kubectl rollout pause deployment/web",
    run: Run::Now(|ctx| change::run(ctx, &change::PAUSE)),
    complete: Complete::TypeThenNames,
    ..PLAIN
};
static RESTART: Verb = Verb {
    name: "restart",
    group: Group::Other,
    summary: "Restart a resource",
    about: "Rolls out new pods by a time stamp in the template's annotations.",
    examples: "
        # New pods from the same template
        kubectl rollout restart deployment/web",
    run: Run::Now(|ctx| change::run(ctx, &change::RESTART)),
    complete: Complete::TypeThenNames,
    ..PLAIN
};
static RESUME: Verb = Verb {
    name: "resume",
    group: Group::Other,
    summary: "Resume a paused resource",
    examples: "
        # Go on with a rollout
        kubectl rollout resume deployment/web",
    run: Run::Now(|ctx| change::run(ctx, &change::RESUME)),
    complete: Complete::TypeThenNames,
    ..PLAIN
};
static STATUS: Verb = Verb {
    name: "status",
    group: Group::Other,
    summary: "Show the status of the rollout",
    examples: "
        # Wait until a rollout is done
        kubectl rollout status deployment/web --timeout=2m",
    run: Run::Waits(|ctx| Box::pin(status::run(ctx))),
    complete: Complete::TypeThenNames,
    ..PLAIN
};
static UNDO: Verb = Verb {
    name: "undo",
    group: Group::Other,
    summary: "Undo a previous rollout",
    examples: "
        # Back to the revision before
        kubectl rollout undo deployment/web
        # Back to a certain one
        kubectl rollout undo deployment/web --to-revision=3",
    run: Run::Now(undo::run),
    complete: Complete::TypeThenNames,
    ..PLAIN
};

/// The objects that the arguments mean.
fn builder(ctx: &mut Ctx<'_>) -> Result<Builder, Failure> {
    let builder = Builder { type_alone_means_all: true, latest: true, ..ctx.builder()? };
    if builder.args.is_empty() && builder.no_files() {
        return Err(Failure::error("required resource not specified"));
    }
    Ok(builder)
}

/// What has a rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Deployment,
    DaemonSet,
    StatefulSet,
}

impl Kind {
    /// The kind of an object's type; `None` for those without rollouts.
    fn of(info: &Info) -> Option<Self> {
        let mapping = info.mapping.as_ref()?;
        match (mapping.group.as_str(), mapping.kind.as_str()) {
            ("apps", "Deployment") => Some(Self::Deployment),
            ("apps", "DaemonSet") => Some(Self::DaemonSet),
            ("apps", "StatefulSet") => Some(Self::StatefulSet),
            _ => None,
        }
    }
}

/// `Job.batch`, or `Pod`.
fn group_kind(info: &Info) -> String {
    let Some(mapping) = &info.mapping else { return String::new() };
    match mapping.group.as_str() {
        "" => mapping.kind.clone(),
        group => format!("{}.{group}", mapping.kind),
    }
}

/// The sentence about a kind without rollouts. Kinds that kubectl's visitors do not know at all have another.
fn no_rollout(info: &Info, what: &str, known: &str) -> Failure {
    let kind = group_kind(info);
    let group = info.mapping.as_ref().map_or("", |mapping| mapping.group.as_str());
    let bare = info.mapping.as_ref().map_or("", |mapping| mapping.kind.as_str());
    let visited = match group {
        "apps" => ["DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"].contains(&bare),
        "extensions" => ["DaemonSet", "Deployment", "ReplicaSet"].contains(&bare),
        "batch" => ["Job", "CronJob"].contains(&bare),
        "" => ["Pod", "ReplicationController"].contains(&bare),
        _ => false,
    };
    if visited {
        return Failure::error(format!("no {known} has been implemented for {kind:?}"));
    }
    Failure::error(format!(
        "error retrieving {what} for {kind:?}, no visitor method exists for {{{group} {bare}}}"
    ))
}

/// The revision that a deployment or replica set says it is.
fn revision_of(object: &Value) -> i64 {
    annotation(object, "deployment.kubernetes.io/revision").and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// The replica sets of a deployment, with the current one last.
fn replica_sets(ctx: &mut Ctx<'_>, deployment: &Value) -> Result<Vec<Value>, Failure> {
    let (mut all, new) = old_and_new_replica_sets(deployment, ctx)?;
    all.extend(new);
    Ok(all)
}

/// The controller revisions of a stateful or daemon set, oldest first.
fn controller_revisions(ctx: &mut Ctx<'_>, object: &Value) -> Result<Vec<Value>, Failure> {
    let labels = selector_text(object.pointer("/spec/selector"));
    let namespace = crate::apimachinery::object::namespace(object);
    let mut all = Lookup::list(ctx, "apps/v1", "controllerrevisions", namespace, &labels, "")?;
    all.retain(|one| controller_of(one).is_some_and(|owner| field(owner, "uid") == uid(object)));
    all.sort_by_key(|one| int(one, "/revision").unwrap_or(0));
    Ok(all)
}

/// The pod template that a controller revision remembers.
fn remembered_template(revision: &Value) -> Value {
    let mut template = revision.pointer("/data/spec/template").cloned().unwrap_or_default();
    crate::apimachinery::object::remove(&mut template, &["$patch"]);
    template
}
