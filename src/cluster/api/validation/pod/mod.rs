//! Pods and pod templates.
//!
//! Follows `ValidatePodSpec` and its neighbours in kubernetes' `pkg/apis/core/validation/validation.go`:
//! same checks, same order, same paths (also where those leave an index out).

mod containers;
mod env;
mod handlers;
mod placement;
mod os;
mod resources;
mod security;
mod update;
pub(super) mod volumes;

use super::meta::{self, NameRule};
use super::node::{Node, choice, format};
use crate::apimachinery::field::{self, Errors};
use crate::apimachinery::json::Value;
use crate::apimachinery::{go, validate};

pub(super) use handlers::port as handler_port;
pub(super) use placement::{node_selector, taint_effect, tolerations};
pub(super) use resources::{
    container_resource_name, is_quota_name, overcommits, quota_resource_name, requirements, resource_name,
    resource_value,
};
pub(super) use update::{ephemeral_containers, pod as pod_update, resize, status as pod_status_update};

/// Whose spec it is; a few rules differ.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context<'a> {
    /// True for a Pod, false for a template.
    pub(super) is_pod: bool,
    /// The pod's name; empty for templates.
    pub(super) pod_name: &'a str,
}

/// A new Pod.
pub(super) fn pod_create(pod: &Value, errs: &mut Errors) {
    metadata_and_spec(pod, errs);
    let spec = Node::root(pod).child("spec");
    if spec.len("ephemeralContainers") > 0 {
        errs.push(field::forbidden(&spec.at("ephemeralContainers"), "cannot be set on create"));
    }
    if !spec.text("nodeName").is_empty() && spec.len("schedulingGates") > 0 {
        let detail = "cannot be set until all schedulingGates have been cleared";
        errs.push(field::forbidden(&spec.at("nodeName"), detail));
    }
}

/// What every write of a Pod checks.
fn metadata_and_spec(pod: &Value, errs: &mut Errors) {
    meta::create(pod, NameRule::Subdomain, true, errs);
    meta::kube_finalizers(pod, errs);
    let root = Node::root(pod);
    pod_annotations(&root.child("metadata"), errs);
    let spec = root.child("spec");
    let mirror = "kubernetes.io/config.mirror";
    if spec.text("nodeName").is_empty() && root.child("metadata").child("annotations").has(mirror) {
        let path = root.at("metadata").child("annotations").key(mirror);
        errs.push(field::required(&path, "must set spec.nodeName if mirror pod annotation is set"));
    }
    let context = Context { is_pod: true, pod_name: crate::apimachinery::object::name(pod) };
    pod_spec(&spec, context, errs);
    if spec.text("serviceAccountName").is_empty() {
        for volume in spec.items("volumes") {
            for source in volume.child("projected").items("sources") {
                if source.has("serviceAccountToken") {
                    let detail = "must not be specified when serviceAccountName is not set";
                    errs.push(field::forbidden(&source.at("serviceAccountToken"), detail));
                }
            }
        }
    }
    for list in ["containers", "initContainers"] {
        spec.items(list).iter().for_each(|container| containers::image_spaces(container, errs));
    }
}

fn pod_annotations(meta: &Node<'_>, errs: &mut Errors) {
    for (key, value) in meta.entries("annotations") {
        if key == "controller.kubernetes.io/pod-deletion-cost" {
            let text = value.as_str().unwrap_or("");
            let first = text.trim_start_matches('-');
            if text.parse::<i32>().is_err()
                || text.starts_with('+')
                || (first.starts_with('0') && text != "0")
            {
                errs.push(field::invalid(&meta.at("annotations").key(key), text, "must be a 32bit integer"));
            }
        }
    }
}

/// A pod template at `node`.
pub(super) fn template(node: &Node<'_>, errs: &mut Errors) {
    template_metadata(node, errs);
    let spec = node.child("spec");
    pod_spec(&spec, Context { is_pod: false, pod_name: "" }, errs);
    if spec.len("ephemeralContainers") > 0 {
        let detail = "ephemeral containers not allowed in pod template";
        errs.push(field::forbidden(&spec.at("ephemeralContainers"), detail));
    }
}

/// Labels and annotations of a template; the paths have no `metadata`, as in the real server.
pub(super) fn template_metadata(node: &Node<'_>, errs: &mut Errors) {
    let meta = Node { value: node.child("metadata").value, path: node.path.clone() };
    meta::labels(&meta, "labels", errs);
    meta::annotations(&meta, errs);
    pod_annotations(&meta, errs);
}

fn pod_spec(spec: &Node<'_>, context: Context<'_>, errs: &mut Errors) {
    let volumes = volumes::pod_volumes(spec, context, errs);
    resource_claims(spec, errs);
    containers::regular(spec, &volumes, errs);
    containers::init(spec, &volumes, errs);
    containers::ephemeral(spec, &volumes, errs);
    pod_resources(spec, errs);
    host_network_ports(spec, context, errs);
    choice(spec, "restartPolicy", &["Always", "OnFailure", "Never"], errs);
    choice(spec, "dnsPolicy", &["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"], errs);
    meta::labels(spec, "nodeSelector", errs);
    security::pod(spec, errs);
    placement::affinity(spec, errs);
    dns_config(spec, errs);
    for gate in spec.items("readinessGates") {
        let name = gate.text("conditionType");
        let sentences = validate::qualified_name(name);
        errs.extend(field::invalid_each(&gate.at("conditionType"), name, &sentences));
    }
    scheduling_gates(spec, errs);
    placement::topology_spread(spec, errs);
    names(spec, errs);
    placement::tolerations(spec, errs);
    host_aliases(spec, errs);
    format(spec, "priorityClassName", validate::dns1123_subdomain, errs);
    format(spec, "runtimeClassName", validate::dns1123_subdomain, errs);
    if spec.has("preemptionPolicy") {
        choice(spec, "preemptionPolicy", &["PreemptLowerPriority", "Never"], errs);
    }
    os::check(spec, errs);
}

fn pod_resources(spec: &Node<'_>, errs: &mut Errors) {
    if let Some(whole) = spec.get("resources") {
        resources::of_pod(spec, &whole, errs);
    }
}

fn resource_claims(spec: &Node<'_>, errs: &mut Errors) {
    let mut seen: Vec<&str> = Vec::new();
    for claim in spec.items("resourceClaims") {
        let name = claim.text("name");
        if name.is_empty() {
            errs.push(field::required(&claim.at("name"), ""));
        } else if seen.contains(&name) {
            errs.push(field::duplicate(&claim.at("name"), name));
        } else {
            errs.extend(field::invalid_each(&claim.at("name"), name, &validate::dns1123_label(name)));
            seen.push(name);
        }
        if claim.has("resourceClaimName") == claim.has("resourceClaimTemplateName") {
            let detail = if claim.has("resourceClaimName") {
                "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified"
            } else {
                "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"
            };
            errs.push(field::invalid(&claim.path, claim.value.clone(), detail));
        }
        for key in ["resourceClaimName", "resourceClaimTemplateName"] {
            format(&claim, key, validate::dns1123_subdomain, errs);
        }
    }
}

fn host_network_ports(spec: &Node<'_>, context: Context<'_>, errs: &mut Errors) {
    if !spec.flag("hostNetwork") {
        return;
    }
    for container in spec.items("containers") {
        for port in container.items("ports") {
            let host = port.int("hostPort").unwrap_or(0);
            if (context.is_pod || host != 0) && host != port.int("containerPort").unwrap_or(0) {
                let detail = "must match `containerPort` when `hostNetwork` is true";
                errs.push(field::invalid(&port.at("hostPort"), host, detail));
            }
        }
    }
}

fn dns_config(spec: &Node<'_>, errs: &mut Errors) {
    let config = spec.child("dnsConfig");
    if spec.text("dnsPolicy") == "None" {
        if config.value.is_null() {
            let detail = "must provide `dnsConfig` when `dnsPolicy` is None";
            errs.push(field::required(&config.path, detail));
            return;
        }
        if config.len("nameservers") == 0 {
            let detail = "must provide at least one DNS nameserver when `dnsPolicy` is None";
            errs.push(field::required(&config.at("nameservers"), detail));
            return;
        }
    }
    if config.len("nameservers") > 3 {
        let value = config.child("nameservers").value.clone();
        errs.push(field::invalid(&config.at("nameservers"), value, "must not have more than 3 nameservers"));
    }
    for server in config.items("nameservers") {
        let text = server.value.as_str().unwrap_or("");
        errs.extend(field::invalid_each(&server.path, text, &validate::ip(text)));
    }
    if config.len("searches") > 32 {
        let value = config.child("searches").value.clone();
        errs.push(field::invalid(&config.at("searches"), value, "must not have more than 32 search paths"));
    }
    if config.strings("searches").join(" ").len() > 2048 {
        let value = config.child("searches").value.clone();
        let detail = "must not have more than 2048 characters (including spaces) in the search list";
        errs.push(field::invalid(&config.at("searches"), value, detail));
    }
    for search in config.items("searches") {
        let text = search.value.as_str().unwrap_or("");
        if text != "." {
            let text = text.strip_suffix('.').unwrap_or(text);
            let sentences = validate::dns1123_subdomain_with_underscore(text);
            errs.extend(field::invalid_each(&search.path, text, &sentences));
        }
    }
    for option in config.items("options") {
        if option.text("name").is_empty() {
            errs.push(field::required(&option.path, "must not be empty"));
        }
    }
}

fn scheduling_gates(spec: &Node<'_>, errs: &mut Errors) {
    let mut seen: Vec<&str> = Vec::new();
    for gate in spec.items("schedulingGates") {
        let name = gate.text("name");
        errs.extend(field::invalid_each(&gate.path, name, &validate::qualified_name(name)));
        if seen.contains(&name) {
            errs.push(field::duplicate(&gate.path, name));
        }
        seen.push(name);
    }
}

fn names(spec: &Node<'_>, errs: &mut Errors) {
    format(spec, "serviceAccountName", validate::dns1123_subdomain, errs);
    format(spec, "nodeName", validate::dns1123_subdomain, errs);
    if let Some(seconds) = spec.int("activeDeadlineSeconds")
        && !(1..=i64::from(i32::MAX)).contains(&seconds)
    {
        let detail = "must be between 1 and 2147483647, inclusive";
        errs.push(field::invalid(&spec.at("activeDeadlineSeconds"), seconds, detail));
    }
    format(spec, "hostname", validate::dns1123_label, errs);
    format(spec, "subdomain", validate::dns1123_label, errs);
}

fn host_aliases(spec: &Node<'_>, errs: &mut Errors) {
    for alias in spec.items("hostAliases") {
        let ip = alias.text("ip");
        errs.extend(field::invalid_each(&alias.at("ip"), ip, &validate::ip(ip)));
        for hostname in alias.items("hostnames") {
            let text = hostname.value.as_str().unwrap_or("");
            errs.extend(field::invalid_each(&hostname.path, text, &validate::dns1123_subdomain(text)));
        }
    }
}

/// `"a"` of a list of names, for sentences.
fn quoted(name: &str) -> String {
    go::quote(name)
}
