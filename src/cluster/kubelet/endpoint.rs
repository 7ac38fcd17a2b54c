//! The kubelet's own HTTP server: who may ask, and what it answers about its pods and itself.
//!
//! Streams (logs, exec, port-forward) go another way: see `access`. Client certificates are not looked at here.

use super::settings::{self, Settings};
use super::stats;
use super::web::Answer;
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::{object, schema};
use crate::cluster::api::authz::{self, Attributes};
use crate::cluster::api::connect;
use crate::cluster::{ClusterId, UserInfo, World};

const PLAIN: &str = "text/plain; charset=utf-8";

/// Answers a request to a port of a machine's kubelet.
pub(crate) fn answer(world: &World, host: &str, port: u16, method: &str, path: &str, token: &str) -> Answer {
    let settings = settings::of(world, host);
    if port == settings.healthz_port() {
        return if path == "/healthz" { Answer::new(200, PLAIN, "ok") } else { not_found() };
    }
    let member = |it: &crate::cluster::Cluster| it.nodes.values().any(|name| name == host);
    let Some(cluster) = world.clusters.iter().position(member) else { return not_found() };
    if port == settings.serving_port() {
        let Some(user) = user(world, cluster, &settings, token) else {
            return Answer::new(401, PLAIN, "Unauthorized");
        };
        if let Some(refusal) = refusal(world, cluster, host, &settings, (&user, method, path)) {
            return refusal;
        }
    }
    content(world, cluster, host, &settings, path)
}

/// Answers the API server, which may ask for everything.
pub(crate) fn answer_server(world: &World, cluster: ClusterId, host: &str, path: &str) -> Answer {
    content(world, cluster, host, &settings::of(world, host), path)
}

fn not_found() -> Answer {
    Answer::new(404, PLAIN, "404 page not found\n")
}

/// Who asks: by token if the API server is asked about tokens, else nobody, if nobody may.
fn user(world: &World, cluster: ClusterId, settings: &Settings, token: &str) -> Option<UserInfo> {
    let on = |flag: &str, pointer: &str, usual: bool| match settings.flag(flag) {
        Some(given) => given != "false",
        None => object::at(&settings.config, pointer).and_then(Value::as_bool).unwrap_or(usual),
    };
    if !token.is_empty() && on("authentication-token-webhook", "/authentication/webhook/enabled", true) {
        return connect::authenticate_client(world, cluster, None, Some(token));
    }
    on("anonymous-auth", "/authentication/anonymous/enabled", false)
        .then(crate::cluster::api::authn::anonymous)
}

/// Resources of a node that stand for a path, the finest first.
fn resources_of(path: &str) -> Vec<&'static str> {
    let under = |prefix: &str| path == prefix || path.starts_with(&format!("{prefix}/"));
    if under("/stats") {
        vec!["stats"]
    } else if under("/metrics") {
        vec!["metrics"]
    } else if under("/logs") {
        vec!["log"]
    } else if under("/checkpoint") {
        vec!["checkpoint"]
    } else if under("/healthz") {
        vec!["healthz", "proxy"]
    } else if under("/configz") {
        vec!["configz", "proxy"]
    } else if under("/pods") || under("/runningpods") {
        vec!["pods", "proxy"]
    } else {
        vec!["proxy"]
    }
}

fn refusal(
    world: &World,
    cluster: ClusterId,
    host: &str,
    settings: &Settings,
    (user, method, path): (&UserInfo, &str, &str),
) -> Option<Answer> {
    let mode = match settings.flag("authorization-mode") {
        Some(mode) => mode,
        None => object::text(&settings.config, "/authorization/mode"),
    };
    if mode == "AlwaysAllow" {
        return None;
    }
    let verb = match method {
        "POST" => "create",
        "PUT" => "update",
        "PATCH" => "patch",
        "DELETE" => "delete",
        _ => "get",
    };
    let node = settings.node_name(world.hosts.get(host)?);
    let state = world.clusters.get(cluster)?;
    let resources = resources_of(path);
    let allowed = resources.iter().any(|subresource| {
        let attributes = Attributes {
            verb: verb.into(),
            version: "v1".into(),
            resource: "nodes".into(),
            subresource: (*subresource).into(),
            name: node.clone(),
            ..Attributes::default()
        };
        state.api_server_up() && authz::decide(state, user, &attributes).allowed
    });
    let text = format!(
        "Forbidden (user={}, verb={verb}, resource=nodes, subresource(s)=[{}])\n",
        user.name,
        resources.join(" ")
    );
    (!allowed).then(|| Answer::new(403, PLAIN, text))
}

fn content(world: &World, cluster: ClusterId, host: &str, settings: &Settings, path: &str) -> Answer {
    let json = |value: Value| Answer::new(200, "application/json", schema::go_json(&value));
    match path.trim_end_matches('/') {
        "/healthz" | "/healthz/ping" | "/healthz/log" | "/healthz/syncloop" => Answer::new(200, PLAIN, "ok"),
        "/configz" => json(json!({"kubeletconfig": *settings.config})),
        "/pods" | "/runningpods" => {
            let node = world.hosts.get(host).map(|it| settings.node_name(it)).unwrap_or_default();
            let pods: Vec<Value> = world
                .clusters
                .get(cluster)
                .into_iter()
                .flat_map(|it| it.store.pods_on(&node))
                .map(|it| (**it).clone())
                .collect();
            json(json!({"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": pods}))
        }
        "/stats/summary" => {
            let node = world.hosts.get(host).map(|it| settings.node_name(it)).unwrap_or_default();
            json(stats::summary(world, cluster, &node))
        }
        "/metrics" => Answer::new(200, PLAIN, stats::metrics(world, cluster, host, settings)),
        "/metrics/resource" => {
            let node = world.hosts.get(host).map(|it| settings.node_name(it)).unwrap_or_default();
            Answer::new(200, PLAIN, stats::resource_metrics(world, cluster, &node))
        }
        path if path.starts_with("/metrics") || path.starts_with("/stats") => {
            Answer::new(501, PLAIN, format!("uncordon: {path} of the kubelet is not simulated yet\n"))
        }
        _ => not_found(),
    }
}
