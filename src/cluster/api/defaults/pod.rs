//! Defaults of pods and of pod templates: containers, probes, policies.
//!
//! Rules of kubernetes' `pkg/apis/core/v1/defaults.go`.

use super::edit::{canonical, canonical_list, default_nonzero, each, has, within};
use super::volumes;
use crate::apimachinery::json::{Key, Value, json};
use crate::apimachinery::object::{as_map, entries, flag, int, set, set_default, text};

/// The three lists of containers of a pod spec.
const CONTAINER_LISTS: [&str; 3] = ["/initContainers", "/containers", "/ephemeralContainers"];

/// A pod: what its spec gets everywhere, and what only a pod gets.
pub(super) fn pod(pod: &mut Value) {
    set_default(pod, &["spec"], json!({}));
    within(pod, "/spec", |spec| {
        pod_spec(spec);
        set_default(spec, &["enableServiceLinks"], true);
        if flag(spec, "/hostNetwork") {
            CONTAINER_LISTS.iter().for_each(|list| each(spec, list, host_ports));
        }
        CONTAINER_LISTS.iter().for_each(|list| each(spec, list, requests_from_limits));
        pod_level_requests(spec);
    });
}

/// The template at `pointer`, made if it is missing.
pub(super) fn template(owner: &mut Value, pointer: &str) {
    within(owner, pointer, |template| {
        set_default(template, &["metadata"], json!({}));
        set_default(template, &["spec"], json!({}));
        within(template, "/spec", pod_spec);
    });
}

/// What every pod spec gets.
fn pod_spec(spec: &mut Value) {
    set_default(spec, &["dnsPolicy"], "ClusterFirst");
    set_default(spec, &["restartPolicy"], "Always");
    set_default(spec, &["schedulerName"], "default-scheduler");
    set_default(spec, &["securityContext"], json!({}));
    set_default(spec, &["terminationGracePeriodSeconds"], 30);
    service_account(spec);
    canonical_list(spec, "/overhead");
    canonical_list(spec, "/resources/limits");
    canonical_list(spec, "/resources/requests");
    CONTAINER_LISTS.iter().for_each(|list| each(spec, list, container));
    each(spec, "/volumes", volumes::volume);
}

/// `serviceAccount` is the old name of `serviceAccountName`; the server writes both.
fn service_account(spec: &mut Value) {
    let (new, old) = (text(spec, "/serviceAccountName").to_owned(), text(spec, "/serviceAccount").to_owned());
    let name = if new.is_empty() { old } else { new };
    if !name.is_empty() {
        set(spec, &["serviceAccountName"], name.as_str());
        set(spec, &["serviceAccount"], name);
    }
}

fn container(container: &mut Value) {
    let policy = pull_policy(text(container, "/image"));
    set_default(container, &["imagePullPolicy"], policy);
    set_default(container, &["resources"], json!({}));
    set_default(container, &["terminationMessagePath"], "/dev/termination-log");
    set_default(container, &["terminationMessagePolicy"], "File");
    canonical_list(container, "/resources/limits");
    canonical_list(container, "/resources/requests");
    each(container, "/ports", |port| set_default(port, &["protocol"], "TCP"));
    each(container, "/env", |variable| within(variable, "/valueFrom", field_refs));
    for pointer in ["/livenessProbe", "/readinessProbe", "/startupProbe"] {
        within(container, pointer, probe);
    }
    for pointer in ["/lifecycle/postStart/httpGet", "/lifecycle/preStop/httpGet"] {
        within(container, pointer, http_get);
    }
}

/// `Always` for an image without a tag or digest and for `latest`.
pub(super) fn pull_policy(image: &str) -> &'static str {
    if image.contains('@') {
        return "IfNotPresent";
    }
    let last = image.rsplit('/').next().unwrap_or(image);
    match last.split_once(':') {
        Some((_, tag)) if tag != "latest" => "IfNotPresent",
        _ => "Always",
    }
}

/// The API version of `fieldRef` and the divisor of `resourceFieldRef`.
pub(super) fn field_refs(tree: &mut Value) {
    within(tree, "/fieldRef", |it| set_default(it, &["apiVersion"], "v1"));
    within(tree, "/resourceFieldRef", |it| {
        set_default(it, &["divisor"], "0");
        canonical(as_map(it), "divisor");
    });
}

fn probe(probe: &mut Value) {
    default_nonzero(probe, "timeoutSeconds", 1);
    default_nonzero(probe, "periodSeconds", 10);
    default_nonzero(probe, "successThreshold", 1);
    default_nonzero(probe, "failureThreshold", 3);
    within(probe, "/httpGet", http_get);
    within(probe, "/grpc", |it| set_default(it, &["service"], ""));
}

fn http_get(action: &mut Value) {
    for (key, value) in [("path", "/"), ("scheme", "HTTP")] {
        if text(action, &format!("/{key}")).is_empty() {
            set(action, &[key], value);
        }
    }
}

/// On the host's network a container port is the host's port.
fn host_ports(container: &mut Value) {
    each(container, "/ports", |port| {
        if let Some(number) = int(port, "/containerPort").filter(|it| *it != 0) {
            default_nonzero(port, "hostPort", number);
        }
    });
}

/// What is limited and not requested is requested.
fn requests_from_limits(container: &mut Value) {
    let limits: Vec<(Key, Value)> =
        entries(container, "/resources/limits").map(|(key, value)| (key.clone(), value.clone())).collect();
    for (resource, limit) in limits {
        set_default(container, &["resources", "requests", &resource], limit);
    }
}

/// Requests of the pod as a whole follow its limits where no container requests the resource.
fn pod_level_requests(spec: &mut Value) {
    if !has(spec, "/resources/limits") {
        return;
    }
    let limits: Vec<(Key, Value)> =
        entries(spec, "/resources/limits").map(|(key, value)| (key.clone(), value.clone())).collect();
    for (resource, limit) in limits {
        set_default(spec, &["resources", "requests", &resource], limit);
    }
}
