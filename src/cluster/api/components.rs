//! ComponentStatus: nothing that is stored. The API server asks its neighbours on the loopback as it is read.
//!
//! That etcd answers is not asked again: an API server without etcd serves no requests. Source:
//! `pkg/registry/core/componentstatus`, whose two ports are fixed.

use super::call::Call;
use super::{flags, read};
use crate::apimachinery::json::json;
use crate::apimachinery::status::Status;
use crate::cluster::network::Outcome;
use crate::cluster::network::http::{HttpOutcome, HttpRequest, http};
use crate::cluster::{Cluster, Object, Place, Request, Response};

/// The name under which it would be stored.
pub(super) const STORAGE: &str = "componentstatuses";

/// What listens beside the API server: name and port.
const NEIGHBOURS: [(&str, u16); 2] = [("controller-manager", 10257), ("scheduler", 10259)];

/// All of them; selectors are not looked at.
pub(super) fn list(call: &mut Call<'_>, request: &Request) -> Result<Response, Status> {
    let all = statuses(call);
    read::respond_list(call, request, &all, json!({}))
}

/// One by its name.
pub(super) fn get(call: &mut Call<'_>, request: &Request) -> Result<Response, Status> {
    let found = statuses(call).into_iter().find(|it| crate::apimachinery::object::name(it) == call.name);
    let unknown = || Status {
        code: 500,
        reason: "",
        message: format!("Component not found: {}", call.name),
        details: None,
    };
    let found = found.ok_or_else(unknown)?;
    read::respond(call, request, 200, &found)
}

fn statuses(call: &mut Call<'_>) -> Vec<Object> {
    let mut all: Vec<Object> =
        NEIGHBOURS.iter().map(|(name, port)| status(name, neighbour(call, *port))).collect();
    let servers = call.cluster().serving("kube-apiserver").map_or(1, |_| etcd_servers(call.cluster()));
    all.extend((0..servers).map(|index| status(&format!("etcd-{index}"), Ok(()))));
    all
}

fn etcd_servers(cluster: &Cluster) -> usize {
    flags::process(cluster).map_or(1, |it| it.flag_list("etcd-servers").len())
}

/// Whether what listens at a port says that it is healthy; what is said otherwise. Without processes all is well.
fn neighbour(call: &mut Call<'_>, port: u16) -> Result<(), String> {
    let Some(place) = call.cluster().serving("kube-apiserver").map(|(host, _)| Place::host(host)) else {
        return Ok(());
    };
    let url = format!("https://127.0.0.1:{port}/healthz");
    let Some(request) = HttpRequest::of_url(&url) else { return Ok(()) };
    let failed = |why: &str| Err(format!("Get {url:?}: {why}"));
    match http(call.world, &place, &request).outcome {
        HttpOutcome::Answer(answer) if answer.status < 400 => Ok(()),
        HttpOutcome::Answer(answer) => Err(String::from_utf8_lossy(&answer.body).into_owned()),
        HttpOutcome::Failed(Outcome::TimedOut) => failed(
            "net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)",
        ),
        HttpOutcome::Failed(_) => failed(&format!("dial tcp 127.0.0.1:{port}: connect: connection refused")),
        HttpOutcome::Garbage => {
            failed("net/http: HTTP/1.x transport connection broken: malformed HTTP response")
        }
        HttpOutcome::Tls(why) => failed(&why),
    }
}

fn status(name: &str, found: Result<(), String>) -> Object {
    let (healthy, message) = match found {
        Ok(()) => ("True", "ok".to_owned()),
        Err(why) => ("False", why),
    };
    json!({"apiVersion": "v1", "kind": "ComponentStatus", "metadata": {"name": name},
        "conditions": [{"type": "Healthy", "status": healthy, "message": message}]})
    .into()
}
