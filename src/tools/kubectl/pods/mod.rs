//! Verbs that reach into pods: `logs`, `exec`, `cp`, `attach`, `port-forward`.
//!
//! The API server checks the request and hands the connection over to the kubelet; what the kubelet
//! then gives is read from [`crate::cluster::kubelet::access`].

pub(crate) mod attach;
mod copy;
mod exec;
mod forward;
mod logs;
mod open;
mod proxy;

pub(crate) use attach::ATTACH;
pub(crate) use copy::CP;
pub(crate) use exec::EXEC;
pub(crate) use forward::PORT_FORWARD;
pub(crate) use logs::LOGS;
pub(crate) use proxy::PROXY;

use super::{Call, Ctx, Failure};
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::apimachinery::selector::LabelSelector;
use crate::cluster::Object;

/// What is said when a workload has no pod in time.
const NO_POD: &str = "timed out waiting for the condition";

/// 1 s: how often a workload without pods is looked at again.
const LOOKS_EVERY: std::time::Duration = std::time::Duration::from_secs(1);

/// The aim of `exec`, `attach` and `port-forward`.
pub(super) const ATTACH_TO: &str = "cannot attach to";

/// The aim of `logs`.
pub(super) const LOGS_FROM: &str = "cannot get the logs from";

/// The pod that `POD` or `TYPE/NAME` means: the pod itself, or one of those that the workload selects,
/// running ones first. `aim` is what is said when it selects none: [`ATTACH_TO`] or [`LOGS_FROM`].
pub(super) fn target(ctx: &mut Ctx<'_>, word: &str, aim: &str) -> Result<Object, Failure> {
    let (kind, name) = word.split_once('/').unwrap_or(("pods", word));
    let mapping = ctx.resource(kind)?;
    let namespace = ctx.namespace()?.name;
    let found = ctx.get_object(mapping.item(&namespace, name))?;
    if mapping.resource == "pods" {
        return Ok(found);
    }
    let mut pods = selected(ctx, &found, &namespace, aim)?;
    pods.sort_by_key(|pod| object::text(pod, "/status/phase") != "Running");
    let first = pods.into_iter().next();
    first.map(Into::into).ok_or_else(|| Failure::error(NO_POD))
}

/// As [`target`], and waits `--pod-running-timeout` for a workload's first pod.
pub(super) async fn target_in_time(ctx: &mut Ctx<'_>, word: &str) -> Result<Object, Failure> {
    let until = ctx.proc.world().now + ctx.flags.duration("pod-running-timeout");
    loop {
        match target(ctx, word, ATTACH_TO) {
            Err(Failure::Error(why)) if why == NO_POD && ctx.proc.world().now < until => {
                ctx.proc.sleep(LOOKS_EVERY).await;
            }
            other => return other,
        }
    }
}

/// The pods that a workload or service selects.
pub(super) fn selected(
    ctx: &mut Ctx<'_>,
    owner: &Value,
    namespace: &str,
    aim: &str,
) -> Result<Vec<Value>, Failure> {
    let labels = object::at(owner, "/spec/selector").cloned().unwrap_or(Value::Null);
    let gvk = object::Gvk::of(owner);
    let kind = format!("*{}.{}", gvk.version, gvk.kind);
    let none = |why: String| Failure::error(format!("{aim} {kind}: {why}"));
    let selector = match gvk.kind.as_str() {
        "Service" if object::entries(owner, "/spec/selector").next().is_none() => {
            let name = object::name(owner);
            return Err(none(format!("invalid service '{name}': Service is defined without a selector")));
        }
        "Service" | "ReplicationController" => LabelSelector::from_map(&labels),
        "ReplicaSet" | "StatefulSet" | "DaemonSet" | "Deployment" | "Job" => {
            LabelSelector::from_object(&labels).map_err(Failure::error)?
        }
        _ => return Err(none(format!("selector for {kind} not implemented"))),
    };
    pods(ctx, namespace, &selector.to_string())
}

/// The pods of a namespace with these labels.
pub(super) fn pods(ctx: &mut Ctx<'_>, namespace: &str, selector: &str) -> Result<Vec<Value>, Failure> {
    let call = Call::get(format!("/api/v1/namespaces/{namespace}/pods")).query("labelSelector", selector);
    Ok(object::list(&*ctx.object(call)?, "/items").to_vec())
}

/// The names of a pod's containers of one kind.
pub(super) fn names(pod: &Value, field: &str) -> Vec<String> {
    let all = object::list(pod, &format!("/spec/{field}"));
    all.iter().map(|container| object::field(container, "name").to_owned()).collect()
}

/// The names of all containers of a pod, as messages list them.
pub(super) fn container_names(pod: &Value) -> Vec<String> {
    let mut shown = names(pod, "containers");
    shown.extend(names(pod, "ephemeralContainers").iter().map(|name| format!("{name} (ephem)")));
    shown.extend(names(pod, "initContainers").iter().map(|name| format!("{name} (init)")));
    shown
}

/// The container that is meant: the one of `--container`, the annotated one, or the first. With several, and
/// unless `quiet`, says which was taken.
pub(super) fn container(ctx: &Ctx<'_>, pod: &Value, quiet: bool) -> Result<String, Failure> {
    let wanted = ctx.flags.text("container").to_owned();
    let own = names(pod, "containers");
    let shown = container_names(pod);
    if !wanted.is_empty() {
        let known = shown.iter().any(|it| it.split(' ').next() == Some(wanted.as_str()));
        let sentence = format!(
            "container {wanted} is not valid for pod {} out of: {}",
            object::name(pod),
            shown.join(", ")
        );
        return if known { Ok(wanted) } else { Err(Failure::error(sentence)) };
    }
    let marked = object::annotation(pod, "kubectl.kubernetes.io/default-container");
    if let Some(marked) = marked.filter(|marked| own.iter().any(|name| name == marked)) {
        return Ok(marked.to_owned());
    }
    let first = own.first().cloned().unwrap_or_default();
    if shown.len() > 1 && !quiet {
        ctx.err(&format!("Defaulted container \"{first}\" out of: {}\n", shown.join(", ")));
    }
    Ok(first)
}
