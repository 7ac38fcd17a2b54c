//! Paths that serve no objects: health, version, metrics, the list of paths.

use super::{discovery, openapi};
use crate::apimachinery::go;
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::status::Status;
use crate::cluster::{Body, Cluster, Request, Response};

/// Paths whose handlers write their answers for people, indented.
pub(crate) const INDENTED: [&str; 2] = ["", "/version"];

/// Checks behind `/readyz`, in the server's order. `/livez` and `/healthz` leave some out.
///
/// Recorded from `/readyz?verbose` and `/livez?verbose` of v1.36.2.
const CHECKS: &[(&str, Paths)] = &[
    ("ping", Paths::All),
    ("log", Paths::All),
    ("loopback-serving-certificate", Paths::NotReady),
    ("etcd", Paths::All),
    ("etcd-readiness", Paths::OnlyReady),
    ("informer-sync", Paths::OnlyReady),
    ("poststarthook/start-apiserver-admission-initializer", Paths::All),
    ("poststarthook/generic-apiserver-start-informers", Paths::All),
    ("poststarthook/priority-and-fairness-config-consumer", Paths::All),
    ("poststarthook/priority-and-fairness-filter", Paths::All),
    ("poststarthook/storage-object-count-tracker-hook", Paths::All),
    ("poststarthook/start-apiextensions-informers", Paths::All),
    ("poststarthook/start-apiextensions-controllers", Paths::All),
    ("poststarthook/crd-informer-synced", Paths::All),
    ("poststarthook/start-system-namespaces-controller", Paths::All),
    ("poststarthook/peer-endpoint-reconciler-controller", Paths::All),
    ("poststarthook/start-cluster-authentication-info-controller", Paths::All),
    ("poststarthook/start-kube-apiserver-identity-lease-controller", Paths::All),
    ("poststarthook/start-kube-apiserver-identity-lease-garbage-collector", Paths::All),
    ("poststarthook/storage-readiness", Paths::All),
    ("poststarthook/start-legacy-token-tracking-controller", Paths::All),
    ("poststarthook/start-service-ip-repair-controllers", Paths::All),
    ("poststarthook/rbac/bootstrap-roles", Paths::All),
    ("poststarthook/scheduling/bootstrap-system-priority-classes", Paths::All),
    ("poststarthook/priority-and-fairness-config-producer", Paths::All),
    ("poststarthook/bootstrap-controller", Paths::All),
    ("poststarthook/start-kubernetes-service-cidr-controller", Paths::All),
    ("poststarthook/aggregator-reload-proxy-client-cert", Paths::All),
    ("poststarthook/start-kube-aggregator-informers", Paths::All),
    ("poststarthook/apiservice-status-local-available-controller", Paths::All),
    ("poststarthook/apiservice-status-remote-available-controller", Paths::All),
    ("poststarthook/apiservice-registration-controller", Paths::All),
    ("poststarthook/apiservice-wait-for-first-sync", Paths::All),
    ("poststarthook/apiservice-discovery-controller", Paths::All),
    ("poststarthook/kube-apiserver-autoregistration", Paths::All),
    ("autoregister-completion", Paths::All),
    ("poststarthook/apiservice-openapi-controller", Paths::All),
    ("poststarthook/apiservice-openapiv3-controller", Paths::All),
    ("shutdown", Paths::OnlyReady),
];

/// Under which health path a check runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Paths {
    All,
    OnlyReady,
    NotReady,
}

impl Paths {
    fn has(self, path: &str) -> bool {
        match self {
            Self::All => true,
            Self::OnlyReady => path == "readyz",
            Self::NotReady => path != "readyz",
        }
    }
}

/// Answers a path that is none of a group and version.
pub(crate) fn answer(cluster: &Cluster, request: &Request) -> Response {
    let known = discovery::root(cluster, request).or_else(|| openapi::answer(cluster, &request.path));
    if let Some(found) = known {
        return found;
    }
    let parts: Vec<&str> = request.path.split('/').filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        [path @ ("healthz" | "livez" | "readyz")] => health(cluster, path, request),
        [path @ ("healthz" | "livez" | "readyz"), check @ ..] => one_check(cluster, path, &check.join("/")),
        ["version"] => Response::json(200, version(cluster)),
        ["metrics"] => text(200, metrics(cluster)),
        [] => Response::json(200, json!({"paths": paths(cluster)})),
        _ => Response::refused(&Status::no_such_path()),
    }
}

fn text(code: u16, text: String) -> Response {
    Response::new(code, Body::Text(text))
}

/// What stands behind the check of a name is in order.
fn holds(cluster: &Cluster, check: &str) -> bool {
    !check.starts_with("etcd") || cluster.api_server_up()
}

fn health(cluster: &Cluster, path: &str, request: &Request) -> Response {
    let excluded: Vec<&str> =
        request.query.iter().filter(|(key, _)| key == "exclude").map(|(_, value)| value.as_str()).collect();
    let checks = || CHECKS.iter().filter(|(_, it)| it.has(path)).map(|(name, _)| *name);
    let fails = |name: &str| !excluded.contains(&name) && !holds(cluster, name);
    let failed = checks().any(fails);
    if !failed && request.query_value("verbose").is_none() {
        return text(200, "ok".into());
    }
    let line = |name: &str| match (excluded.contains(&name), fails(name)) {
        (true, _) => format!("[+]{name} excluded: ok\n"),
        (_, true) => format!("[-]{name} failed: reason withheld\n"),
        _ => format!("[+]{name} ok\n"),
    };
    let mut all: String = checks().map(line).collect();
    let unknown: Vec<String> =
        excluded.iter().filter(|it| !checks().any(|name| name == **it)).map(|it| go::quote(it)).collect();
    if !unknown.is_empty() {
        let unknown = unknown.join(",");
        all.push_str(&format!("warn: some health checks cannot be excluded: no matches for {unknown}\n"));
    }
    if failed {
        return text(500, format!("{all}{path} check failed\n"));
    }
    text(200, format!("{all}{path} check passed\n"))
}

fn one_check(cluster: &Cluster, path: &str, check: &str) -> Response {
    let known = CHECKS.iter().any(|(name, it)| *name == check && it.has(path));
    match (known, holds(cluster, check)) {
        (true, true) => text(200, "ok".into()),
        (true, false) => text(500, format!("internal server error: {check} failed: reason withheld\n")),
        _ => Response::refused(&Status::no_such_path()),
    }
}

/// The version of the API server that serves, by the tag of its image; the newest where none is told.
fn git_version(cluster: &Cluster) -> &str {
    const NEWEST: &str = "v1.36.2";
    let image = cluster.serving("kube-apiserver").map_or("", |(_, instance)| instance.process.image.as_str());
    image.rsplit_once(':').map_or(NEWEST, |(_, tag)| tag)
}

/// `/version` of the release that is simulated.
fn version(cluster: &Cluster) -> Value {
    let text = git_version(cluster);
    let minor: u32 = text.split('.').nth(1).and_then(|it| it.parse().ok()).unwrap_or(36);
    json!({
        "major": "1", "minor": minor.to_string(), "emulationMajor": "1", "emulationMinor": minor.to_string(),
        "minCompatibilityMajor": "1", "minCompatibilityMinor": (minor - 1).to_string(), "gitVersion": text,
        "gitCommit": "", "gitTreeState": "clean", "buildDate": "", "goVersion": "go1.26.3",
        "compiler": "gc", "platform": "linux/amd64",
    })
}

/// The gauges that the simulation knows a value of.
fn metrics(cluster: &Cluster) -> String {
    let mut lines = vec![
        "# HELP apiserver_storage_objects [STABLE] Number of stored objects by resource.".to_owned(),
        "# TYPE apiserver_storage_objects gauge".to_owned(),
    ];
    for resource in cluster.store.resources() {
        let count = cluster.store.count(resource);
        lines.push(format!("apiserver_storage_objects{{resource=\"{resource}\"}} {count}"));
    }
    lines.push(String::new());
    lines.join("\n")
}

/// What `/` lists beside the health checks and the groups. Recorded from v1.36.2.
const LISTED: &[&str] = &[
    "/.well-known/openid-configuration",
    "/api",
    "/api/v1",
    "/apis",
    "/apis/",
    "/flagz",
    "/metrics",
    "/metrics/slis",
    "/openapi/v2",
    "/openapi/v3",
    "/openapi/v3/",
    "/openid/v1/jwks",
    "/statusz",
    "/version",
];

fn paths(cluster: &Cluster) -> Vec<String> {
    let mut paths: Vec<String> = LISTED.iter().map(|it| (*it).to_owned()).collect();
    for path in ["healthz", "livez", "readyz"] {
        paths.push(format!("/{path}"));
        // Those of etcd are not listed under readiness, though they are checked there.
        let listed = |name: &str| path != "readyz" || !name.starts_with("etcd");
        let checks = CHECKS.iter().filter(|(name, it)| it.has(path) && listed(name));
        paths.extend(checks.map(|(name, _)| format!("/{path}/{name}")));
    }
    for resource in super::resources::all(cluster).iter().filter(|it| !it.group.is_empty()) {
        paths.push(format!("/apis/{}", resource.group));
        paths.push(format!("/apis/{}/{}", resource.group, resource.version));
    }
    paths.sort();
    paths.dedup();
    paths
}
