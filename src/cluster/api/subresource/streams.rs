//! `log`, `exec`, `attach`, `portforward`: the server checks and hands over to the pod's kubelet.

use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::apimachinery::status::Status;
use crate::cluster::{Body, Request, Response};

use super::super::call::Call;
use super::backend;

/// Says what the caller is connected to; the caller carries on with the kubelet.
pub(super) fn open(call: &mut Call<'_>, request: &Request) -> Result<Response, Status> {
    let pod = call.stored()?;
    let node = object::text(&pod, "/spec/nodeName").to_owned();
    let kind = call.subresource.as_str();
    let container = if kind == "portforward" { String::new() } else { container(call, &pod, request, kind)? };
    if node.is_empty() && kind != "log" {
        let message = format!("pod {} does not have a host assigned", call.name);
        return Err(Status::bad_request(message));
    }
    reach_kubelet(call, request, &node, &container)?;
    let values = |key: &str| -> Vec<String> {
        request.query.iter().filter(|(it, _)| it == key).map(|(_, value)| value.clone()).collect()
    };
    let parameters: Value =
        request.query.iter().map(|(key, value)| (key.clone(), Value::from(value.as_str()))).collect();
    let upgrade = json!({
        "kind": kind, "namespace": call.namespace, "pod": call.name, "uid": object::uid(&pod), "node": node,
        "container": container, "command": values("command"), "ports": values("ports"), "query": parameters,
    });
    Ok(Response::new(if kind == "log" { 200 } else { 101 }, Body::Upgrade(upgrade)))
}

/// The kubelet of the pod's node must answer.
fn reach_kubelet(call: &Call<'_>, request: &Request, node: &str, container: &str) -> Result<(), Status> {
    let Some(kubelet) = backend::of(call.cluster(), call.world, node) else { return Ok(()) };
    let Err(why) = backend::dial(call.world, call.cluster, &kubelet) else { return Ok(()) };
    if call.subresource != "log" {
        return Err(Status::bare(500, format!("error dialing backend: {why}")));
    }
    let mut path = format!("/containerLogs/{}/{}/{container}", call.namespace, call.name);
    let asked = request.query.iter().filter(|(key, _)| key != "container");
    for (index, (key, value)) in asked.enumerate() {
        path.push_str(&format!("{}{key}={value}", if index == 0 { '?' } else { '&' }));
    }
    Err(Status::bare(500, format!("Get \"https://{}{path}\": {why}", kubelet.address)))
}

fn names(pod: &Value, field: &str) -> Vec<String> {
    object::list(pod, &format!("/spec/{field}"))
        .iter()
        .map(|it| object::field(it, "name").to_owned())
        .collect()
}

/// The container that is meant: the one named, or the only one.
fn container(call: &Call<'_>, pod: &Value, request: &Request, kind: &str) -> Result<String, Status> {
    let (own, init) = (names(pod, "containers"), names(pod, "initContainers"));
    let ephemeral = names(pod, "ephemeralContainers");
    let wanted = request.query_value("container").unwrap_or("");
    if !wanted.is_empty() {
        let known = [&own, &init, &ephemeral].iter().any(|list| list.iter().any(|it| it == wanted));
        let message = format!("container {wanted} is not valid for pod {}", call.name);
        return if known { Ok(wanted.to_owned()) } else { Err(Status::bad_request(message)) };
    }
    match own.as_slice() {
        [one] if init.is_empty() && ephemeral.is_empty() => Ok(one.clone()),
        [] => Err(Status::bad_request(format!("a container name must be specified for pod {}", call.name))),
        [first, ..] if kind != "log" => Ok(first.clone()),
        _ => {
            let mut message = format!(
                "a container name must be specified for pod {}, choose one of: [{}]",
                call.name,
                own.join(" ")
            );
            if !init.is_empty() {
                message = format!("{message} or one of the init containers: [{}]", init.join(" "));
            }
            Err(Status::bad_request(message))
        }
    }
}
