//! Which pods of a node a drain may take away.
//!
//! Rules of kubectl `pkg/drain/filters.go`.

use crate::apimachinery::json::Value;
use crate::apimachinery::object::{annotation, at, controller_of, field, list, name, namespace, text};
use crate::sim::SimTime;
use crate::tools::kubectl::describe::Lookup;
use crate::tools::kubectl::{Ctx, Failure};

const DAEMON_SET_FATAL: &str = "DaemonSet-managed Pods (use --ignore-daemonsets to ignore)";
const DAEMON_SET_WARNING: &str = "ignoring DaemonSet-managed Pods";
const LOCAL_STORAGE_FATAL: &str = "Pods with local storage (use --delete-emptydir-data to override)";
const UNMANAGED_FATAL: &str = "Pods that declare no controller (use --force to override)";
const UNMANAGED_WARNING: &str = "deleting Pods that declare no controller";
const MIRROR: &str = "kubernetes.io/config.mirror";

/// What a rule says of a pod.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Take,
    Skip,
    /// Taken, with a sentence.
    TakeAndWarn(String),
    /// Left, with a sentence.
    SkipAndWarn(String),
    /// Stops the drain.
    Fatal(String),
}

/// The pods that may go.
pub(super) struct List {
    pub(super) pods: Vec<Value>,
    /// One line; empty when there is nothing to warn of.
    pub(super) warnings: String,
}

/// Messages with the pods they are about, in the order they came up.
#[derive(Default)]
struct Messages(Vec<(String, Vec<String>)>);

impl Messages {
    fn add(&mut self, message: String, pod: &Value) {
        let pod = format!("{}/{}", namespace(pod), name(pod));
        match self.0.iter_mut().find(|(known, _)| *known == message) {
            Some((_, pods)) => pods.push(pod),
            None => self.0.push((message, vec![pod])),
        }
    }

    fn lines(&self) -> Vec<String> {
        self.0.iter().map(|(message, pods)| format!("{message}: {}", pods.join(", "))).collect()
    }
}

/// The pods of a node that may go, or why the drain cannot begin.
pub(super) fn pods_of(ctx: &mut Ctx<'_>, node: &str) -> Result<List, Vec<Failure>> {
    let labels = ctx.flags.text("pod-selector").to_owned();
    let on_node = format!("spec.nodeName={node}");
    let all = ctx.list("v1", "pods", "", &labels, &on_node).map_err(|failure| vec![failure])?;
    let (mut pods, mut warnings, mut errors) = (Vec::new(), Messages::default(), Messages::default());
    for pod in all {
        match judge(ctx, &pod) {
            Verdict::Take => pods.push(pod),
            Verdict::Skip => {}
            Verdict::TakeAndWarn(message) => {
                warnings.add(message, &pod);
                pods.push(pod);
            }
            Verdict::SkipAndWarn(message) => warnings.add(message, &pod),
            Verdict::Fatal(message) => errors.add(message, &pod),
        }
    }
    if errors.0.is_empty() {
        return Ok(List { pods, warnings: warnings.lines().join("; ") });
    }
    Err(errors.lines().into_iter().map(|line| Failure::Plain(format!("cannot delete {line}"))).collect())
}

/// All rules in order: the first that keeps the pod ends it, else the last one's word counts.
fn judge(ctx: &mut Ctx<'_>, pod: &Value) -> Verdict {
    if skip_waiting(ctx, pod) {
        return Verdict::Skip;
    }
    let ended = ["Succeeded", "Failed"].contains(&text(pod, "/status/phase"));
    if !ended && let Some(verdict) = daemon_set(ctx, pod) {
        return verdict;
    }
    if annotation(pod, MIRROR).is_some() {
        return Verdict::Skip;
    }
    if ended {
        return Verdict::Take;
    }
    if list(pod, "/spec/volumes").iter().any(|volume| at(volume, "/emptyDir").is_some())
        && !ctx.flags.on("delete-emptydir-data")
    {
        return Verdict::Fatal(LOCAL_STORAGE_FATAL.into());
    }
    match (controller_of(pod).is_some(), ctx.flags.on("force")) {
        (true, _) => Verdict::Take,
        (false, true) => Verdict::TakeAndWarn(UNMANAGED_WARNING.into()),
        (false, false) => Verdict::Fatal(UNMANAGED_FATAL.into()),
    }
}

/// What being a daemon set's pod means; `None` for pods of others.
fn daemon_set(ctx: &mut Ctx<'_>, pod: &Value) -> Option<Verdict> {
    let owner = controller_of(pod)?;
    if field(owner, "kind") != "DaemonSet" || field(owner, "apiVersion") != "apps/v1" {
        return None;
    }
    let found = Lookup::get(ctx, "apps/v1", "daemonsets", namespace(pod), field(owner, "name"));
    Some(match found {
        // With --force the other rules still count, and the last of them has the word.
        Err(failure) if failure.is_not_found() && ctx.flags.on("force") => return None,
        Err(failure) => Verdict::Fatal(failure.sentence()),
        Ok(_) if ctx.flags.on("ignore-daemonsets") => Verdict::SkipAndWarn(DAEMON_SET_WARNING.into()),
        Ok(_) => Verdict::Fatal(DAEMON_SET_FATAL.into()),
    })
}

/// True for a pod that has been on its way out for longer than `--skip-wait-for-delete-timeout`.
pub(super) fn skip_waiting(ctx: &Ctx<'_>, pod: &Value) -> bool {
    let limit = u64::try_from(ctx.flags.int("skip-wait-for-delete-timeout")).unwrap_or(0);
    let deleted = SimTime::parse_rfc3339(text(pod, "/metadata/deletionTimestamp"));
    limit > 0 && deleted.is_some_and(|deleted| ctx.proc.world().now.since(deleted).as_secs() > limit)
}
