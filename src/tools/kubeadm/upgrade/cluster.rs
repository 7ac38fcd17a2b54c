//! What an upgrade has to know of the cluster that stands: versions and health.

use crate::apimachinery::json::Value;
use crate::apimachinery::object::{self, text};
use crate::tools::kubeadm::api::{self, Api};
use crate::tools::kubeadm::ctx::{Ctx, Done, Failure};

/// Connects as the admin of this machine.
///
/// # Errors
/// kubeadm's sentence about the file.
pub(super) fn connect<'c>(ctx: &'c Ctx<'c>, path: &str) -> Result<Api<'c>, Failure> {
    Api::with(ctx, path)
        .map_err(|why| Failure::new(format!("couldn't create a Kubernetes client from file {path:?}: {why}")))
}

/// The kubeconfig that the flags name.
pub(super) fn kubeconfig<'c>(ctx: &'c Ctx<'c>) -> &'c str {
    match ctx.flags.text("kubeconfig") {
        "" => api::ADMIN,
        path => path,
    }
}

/// The version that the API server says it has: `v1.35.4`.
///
/// # Errors
/// Why it does not answer.
pub(super) fn version(api: &Api<'_>) -> Result<String, Failure> {
    let answer =
        api.get("/version").map_err(|why| Failure::new(format!("couldn't fetch cluster version: {why}")))?;
    Ok(text(&answer, "/gitVersion").to_owned())
}

/// Looks whether the cluster is fit for an upgrade.
///
/// # Errors
/// What is not as it should be.
pub(super) fn check_health(ctx: &Ctx<'_>, api: &Api<'_>) -> Done {
    ctx.say("[upgrade] Running cluster health checks");
    let nodes = api.list("/api/v1/nodes").map_err(|why| Failure::new(why.to_string()))?;
    let control_plane = |it: &&Value| object::label(it, "node-role.kubernetes.io/control-plane").is_some();
    let sick: Vec<&str> =
        nodes.iter().filter(control_plane).filter(|it| !is_ready(it)).map(object::name).collect();
    let mut wrong = Vec::new();
    if !sick.is_empty() {
        wrong.push(format!(
            "\t[ERROR ControlPlaneNodesReady]: there are NotReady control-planes in the cluster: [{}]\n",
            sick.join(" ")
        ));
    }
    let missing: Vec<String> = ["kube-apiserver", "kube-controller-manager", "kube-scheduler"]
        .iter()
        .map(|it| format!("/etc/kubernetes/manifests/{it}.yaml"))
        .filter(|it| !ctx.exists(it))
        .collect();
    if !missing.is_empty() {
        wrong.push(format!("\t[ERROR StaticPodManifest]: missing manifest files: [{}]\n", missing.join(" ")));
    }
    if wrong.is_empty() {
        return Ok(());
    }
    ctx.proc.eprint(format!(
        "[upgrade/health] FATAL: [preflight] Some fatal errors occurred:\n{}",
        wrong.concat()
    ));
    Err(Failure::new(
        "[preflight] If you know what you are doing, you can make a check non-fatal with `--ignore-preflight-errors=...`",
    ))
}

fn is_ready(node: &Value) -> bool {
    object::list(node, "/status/conditions")
        .iter()
        .any(|it| object::field(it, "type") == "Ready" && object::field(it, "status") == "True")
}

/// Name and kubelet version of every node.
pub(super) fn kubelets(api: &Api<'_>) -> Vec<(String, String)> {
    let nodes = api.list("/api/v1/nodes").unwrap_or_default();
    let row =
        |it: &Value| (object::name(it).to_owned(), text(it, "/status/nodeInfo/kubeletVersion").to_owned());
    nodes.iter().map(row).collect()
}

/// The tag of an image.
pub(super) fn tag(image: &str) -> &str {
    image.rsplit_once(':').map_or("", |(_, tag)| tag)
}

/// Node and image tag of every static pod of a component.
pub(super) fn static_pods(api: &Api<'_>, component: &str) -> Vec<(String, String)> {
    let pods = api.list("/api/v1/namespaces/kube-system/pods").unwrap_or_default();
    let row = |it: &Value| {
        let image = text(it, "/spec/containers/0/image");
        (text(it, "/spec/nodeName").to_owned(), tag(image).to_owned())
    };
    pods.iter().filter(|it| object::label(it, "component") == Some(component)).map(row).collect()
}

/// The image tag of an add-on: `deployments/coredns`, `daemonsets/kube-proxy`.
pub(super) fn addon(api: &Api<'_>, path: &str) -> String {
    let found = api.get(&format!("/apis/apps/v1/namespaces/kube-system/{path}"));
    found.map(|it| tag(text(&it, "/spec/template/spec/containers/0/image")).to_owned()).unwrap_or_default()
}
