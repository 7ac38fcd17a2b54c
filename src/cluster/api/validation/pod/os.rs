//! `spec.os`, and what does not go with it.

use crate::apimachinery::field::{self, Errors};
use crate::cluster::api::validation::node::Node;

/// Fields of a pod's security context that Windows has no use for.
const OF_POD: &[&str] = &[
    "appArmorProfile",
    "seLinuxOptions",
    "seccompProfile",
    "fsGroup",
    "fsGroupChangePolicy",
    "sysctls",
    "runAsUser",
    "runAsGroup",
    "supplementalGroups",
    "supplementalGroupsPolicy",
];

/// The same of a container.
const OF_CONTAINER: &[&str] = &[
    "appArmorProfile",
    "seLinuxOptions",
    "seccompProfile",
    "capabilities",
    "readOnlyRootFilesystem",
    "privileged",
    "allowPrivilegeEscalation",
    "procMount",
    "runAsUser",
    "runAsGroup",
];

pub(super) fn check(spec: &Node<'_>, errs: &mut Errors) {
    let Some(os) = spec.get("os") else { return };
    match os.text("name") {
        "" => errs.push(field::required(&os.at("name"), "cannot be empty")),
        "linux" => linux(spec, errs),
        "windows" => windows(spec, errs),
        other => errs.push(field::not_supported(&os.path, other, &["linux", "windows"])),
    }
}

fn contexts<'a>(spec: &Node<'a>) -> Vec<Node<'a>> {
    let lists = ["initContainers", "containers", "ephemeralContainers"];
    let all = lists.into_iter().flat_map(|list| spec.items(list));
    all.filter_map(|it| it.get("securityContext")).collect()
}

fn linux(spec: &Node<'_>, errs: &mut Errors) {
    for context in spec.get("securityContext").into_iter().chain(contexts(spec)) {
        if context.has("windowsOptions") {
            let detail = "windows options cannot be set for a linux pod";
            errs.push(field::forbidden(&context.at("windowsOptions"), detail));
        }
    }
}

fn windows(spec: &Node<'_>, errs: &mut Errors) {
    const DETAIL: &str = "cannot be set for a windows pod";
    let mut refuse = |node: &Node<'_>, key: &str| errs.push(field::forbidden(&node.at(key), DETAIL));
    if spec.has("hostUsers") {
        refuse(spec, "hostUsers");
    }
    let context = spec.child("securityContext");
    let is_set = |node: &Node<'_>, key: &str| {
        node.has(key) && (node.len(key) > 0 || !node.child(key).value.is_array())
    };
    for key in OF_POD.iter().filter(|key| is_set(&context, key)) {
        refuse(&context, key);
    }
    for key in ["hostPID", "hostIPC", "shareProcessNamespace"] {
        if spec.flag(key) {
            refuse(spec, key);
        }
    }
    for context in contexts(spec) {
        for key in OF_CONTAINER.iter().filter(|key| is_set(&context, key)) {
            refuse(&context, key);
        }
    }
}
