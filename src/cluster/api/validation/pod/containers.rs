//! Containers of the three kinds.

use std::collections::BTreeSet;

use super::volumes::Volumes;
use super::{env, handlers, resources, security};
use crate::apimachinery::field::{self, Errors};
use crate::apimachinery::json::{Map, Value};
use crate::apimachinery::validate;
use crate::cluster::api::validation::node::{Node, choice, optional_choice, required};

const NOT_FOR_INIT: &str = "may not be set for init containers without restartPolicy=Always";
const NOT_FOR_EPHEMERAL: &str = "cannot be set for an Ephemeral Container";

/// `spec.containers`.
pub(super) fn regular(spec: &Node<'_>, volumes: &Volumes, errs: &mut Errors) {
    let all = spec.items("containers");
    if all.is_empty() {
        errs.push(field::required(&spec.at("containers"), ""));
        return;
    }
    let mut names: BTreeSet<&str> = BTreeSet::new();
    for container in &all {
        common(container, spec, volumes, errs);
        if !names.insert(container.text("name")) {
            errs.push(field::duplicate(&container.at("name"), container.text("name")));
        }
        handlers::lifecycle(container, spec, errs);
        handlers::probes(container, spec, errs);
        restart_policy(container, errs);
    }
    host_ports(&all, errs);
}

/// Containers may have a restart policy of their own since 1.35; `Always` is for init containers.
fn restart_policy(container: &Node<'_>, errs: &mut Errors) {
    optional_choice(container, "restartPolicy", &["Always", "Never", "OnFailure"], errs);
    if container.len("restartPolicyRules") > 0 && !container.has("restartPolicy") {
        let detail = "must specify restartPolicy when restart rules are used";
        errs.push(field::required(&container.at("restartPolicy"), detail));
    }
    for rule in container.items("restartPolicyRules") {
        restart_rule(&rule, errs);
    }
}

/// What a container's exit codes lead to.
fn restart_rule(rule: &Node<'_>, errs: &mut Errors) {
    choice(rule, "action", &["Restart", "RestartAllContainers"], errs);
    let codes = rule.child("exitCodes");
    if !rule.has("exitCodes") {
        errs.push(field::required(&codes.path, "must be specified"));
        return;
    }
    choice(&codes, "operator", &["In", "NotIn"], errs);
    if codes.len("values") > 255 {
        errs.push(field::too_many(&codes.at("values"), codes.len("values"), 255));
    }
}

/// `spec.initContainers`.
pub(super) fn init(spec: &Node<'_>, volumes: &Volumes, errs: &mut Errors) {
    let mut names: BTreeSet<&str> = spec.items("containers").iter().map(|it| it.text("name")).collect();
    for container in spec.items("initContainers") {
        common(&container, spec, volumes, errs);
        restart_policy(&container, errs);
        let name = container.text("name");
        if !name.is_empty() && !names.insert(name) {
            errs.push(field::duplicate(&container.at("name"), name));
        }
        host_ports(std::slice::from_ref(&container), errs);
        if container.text("restartPolicy") == "Always" {
            handlers::lifecycle(&container, spec, errs);
            handlers::probes(&container, spec, errs);
            continue;
        }
        for key in ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] {
            if container.has(key) {
                errs.push(field::forbidden(&container.at(key), NOT_FOR_INIT));
            }
        }
    }
}

/// `spec.ephemeralContainers`.
pub(super) fn ephemeral(spec: &Node<'_>, volumes: &Volumes, errs: &mut Errors) {
    let lists = ["containers", "initContainers"].map(|list| spec.items(list));
    let others: BTreeSet<&str> = lists.iter().flatten().map(|it| it.text("name")).collect();
    let mut names = others.clone();
    for container in spec.items("ephemeralContainers") {
        common(&container, spec, volumes, errs);
        image_spaces(&container, errs);
        if !names.insert(container.text("name")) {
            errs.push(field::duplicate(&container.at("name"), container.text("name")));
        }
        let target = container.text("targetContainerName");
        if !target.is_empty() && !others.contains(target) {
            errs.push(field::not_found(&container.at("targetContainerName"), target));
        }
        let empty = |key: &str| container.child(key).value.as_object().is_none_or(Map::is_empty);
        for key in ["ports", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle", "restartPolicy"]
        {
            if container.has(key) {
                errs.push(field::forbidden(&container.at(key), NOT_FOR_EPHEMERAL));
            }
        }
        if !empty("resources") {
            errs.push(field::forbidden(&container.at("resources"), NOT_FOR_EPHEMERAL));
        }
        for mount in container.items("volumeMounts") {
            for key in ["subPath", "subPathExpr"] {
                if mount.has(key) {
                    errs.push(field::forbidden(&mount.at(key), NOT_FOR_EPHEMERAL));
                }
            }
        }
    }
}

/// What all containers have in common.
fn common(container: &Node<'_>, spec: &Node<'_>, volumes: &Volumes, errs: &mut Errors) {
    if required(container, "name", errs) {
        let name = container.text("name");
        errs.extend(field::invalid_each(&container.at("name"), name, &validate::dns1123_label(name)));
    }
    required(container, "image", errs);
    choice(container, "terminationMessagePolicy", &["File", "FallbackToLogsOnError"], errs);
    ports(container, errs);
    env::variables(container, errs);
    env::sources(container, errs);
    volumes.mounts(container, errs);
    volumes.devices(container, errs);
    choice(container, "imagePullPolicy", &["Always", "IfNotPresent", "Never"], errs);
    let claims = spec.items("resourceClaims");
    let claims: Vec<&str> = claims.iter().map(|it| it.text("name")).collect();
    resources::requirements(&container.child("resources"), &claims, errs);
    resize_policy(container, spec, errs);
    security::container(container, spec.child("hostUsers").value != &Value::Bool(false), errs);
}

/// Pods, not templates, refuse an image name with spaces around it.
pub(super) fn image_spaces(container: &Node<'_>, errs: &mut Errors) {
    let image = container.text("image");
    if image.trim() != image {
        let detail = "must not have leading or trailing whitespace";
        errs.push(field::invalid(&container.at("image"), image, detail));
    }
}

fn ports(container: &Node<'_>, errs: &mut Errors) {
    let mut names: BTreeSet<&str> = BTreeSet::new();
    for port in container.items("ports") {
        let name = port.text("name");
        let sentences = if name.is_empty() { Vec::new() } else { validate::port_name(name) };
        if !sentences.is_empty() {
            errs.extend(field::invalid_each(&port.at("name"), name, &sentences));
        } else if !name.is_empty() && !names.insert(name) {
            errs.push(field::duplicate(&port.at("name"), name));
        }
        match port.int("containerPort").unwrap_or(0) {
            0 => errs.push(field::required(&port.at("containerPort"), "")),
            number => number_in_range(&port, "containerPort", number, errs),
        }
        if let Some(number) = port.int("hostPort").filter(|it| *it != 0) {
            number_in_range(&port, "hostPort", number, errs);
        }
        choice(&port, "protocol", &["SCTP", "TCP", "UDP"], errs);
    }
}

fn number_in_range(port: &Node<'_>, key: &str, number: i64, errs: &mut Errors) {
    for sentence in validate::port(number) {
        errs.push(field::invalid(&port.at(key), number, &sentence));
    }
}

fn host_ports(containers: &[Node<'_>], errs: &mut Errors) {
    let mut taken: BTreeSet<String> = BTreeSet::new();
    for container in containers {
        for port in container.items("ports") {
            let number = port.int("hostPort").unwrap_or(0);
            if number == 0 {
                continue;
            }
            let key = format!("{}/{}/{number}", port.text("protocol"), port.text("hostIP"));
            if !taken.insert(key.clone()) {
                errs.push(field::duplicate(&port.at("hostPort"), key));
            }
        }
    }
}

fn resize_policy(container: &Node<'_>, spec: &Node<'_>, errs: &mut Errors) {
    let path = container.at("resizePolicy");
    let mut seen: Vec<&str> = Vec::new();
    for policy in container.items("resizePolicy") {
        let resource = policy.text("resourceName");
        if seen.contains(&resource) {
            errs.push(field::duplicate(&policy.path, resource));
        }
        seen.push(resource);
        match resource {
            "cpu" | "memory" => {}
            "" => errs.push(field::required(&path, "")),
            other => errs.push(field::not_supported(&path, other, &["cpu", "memory"])),
        }
        let restart = policy.text("restartPolicy");
        match restart {
            "NotRequired" | "RestartContainer" => {}
            "" => errs.push(field::required(&path, "")),
            other => errs.push(field::not_supported(&path, other, &["NotRequired", "RestartContainer"])),
        }
        if spec.text("restartPolicy") == "Never" && restart != "NotRequired" {
            let detail = "must be 'NotRequired' when `restartPolicy` is 'Never'";
            errs.push(field::invalid(&path, restart, detail));
        }
    }
}
