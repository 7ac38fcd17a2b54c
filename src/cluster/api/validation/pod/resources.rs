//! Requests, limits, and the names of resources.

use crate::apimachinery::field::{self, Errors, Path};
use crate::apimachinery::json::Value;
use crate::apimachinery::quantity::Quantity;
use crate::apimachinery::validate;
use crate::cluster::api::validation::node::{NEGATIVE, Node, quantity};

/// Names without a prefix that are resources at all.
const STANDARD: &[&str] = &[
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "persistentvolumeclaims",
    "configmaps",
    "services.nodeports",
    "services.loadbalancers",
    "storage",
    "requests.storage",
];

/// Names without a prefix that a quota may bound.
const QUOTA: &[&str] = &[
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.storage",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "persistentvolumeclaims",
    "configmaps",
    "services.nodeports",
    "services.loadbalancers",
];

/// Resources that are counted in whole numbers.
const WHOLE: &[&str] = &[
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "services.nodeports",
    "services.loadbalancers",
];

fn is_huge_page(name: &str) -> bool {
    name.starts_with("hugepages-")
}

/// Unprefixed, or with a `kubernetes.io` prefix.
fn is_native(name: &str) -> bool {
    !name.contains('/') || name.contains("kubernetes.io/")
}

/// May be requested below its limit.
pub(in crate::cluster::api::validation) fn overcommits(name: &str) -> bool {
    is_native(name) && !is_huge_page(name)
}

fn is_extended(name: &str) -> bool {
    !is_native(name) && !name.starts_with("requests.") && {
        let quota_name = format!("requests.{name}");
        validate::qualified_name(&quota_name).is_empty()
    }
}

/// A resource's name anywhere.
pub(in crate::cluster::api::validation) fn resource_name(name: &str, path: &Path, errs: &mut Errors) {
    let sentences = validate::qualified_name(name);
    if !sentences.is_empty() {
        errs.extend(field::invalid_each(path, name, &sentences));
    } else if !name.contains('/') && !STANDARD.contains(&name) && !is_huge_page(name) && !is_quota_huge(name)
    {
        errs.push(field::invalid(path, name, "must be a standard resource type or fully qualified"));
    }
}

fn is_quota_huge(name: &str) -> bool {
    name.starts_with("requests.hugepages-")
}

/// A resource of a container.
pub(in crate::cluster::api::validation) fn container_resource_name(
    name: &str,
    path: &Path,
    errs: &mut Errors,
) {
    resource_name(name, path, errs);
    if !name.contains('/') {
        if !["cpu", "memory", "ephemeral-storage"].contains(&name) && !is_huge_page(name) {
            errs.push(field::invalid(path, name, "must be a standard resource for containers"));
        }
    } else if !is_native(name) && !is_extended(name) {
        errs.push(field::invalid(path, name, "doesn't follow extended resource name standard"));
    }
}

/// A resource of a quota.
pub(in crate::cluster::api::validation) fn quota_resource_name(name: &str, path: &Path, errs: &mut Errors) {
    resource_name(name, path, errs);
    let fits = QUOTA.contains(&name) || is_huge_page(name) || is_quota_huge(name);
    if !name.contains('/') && !fits {
        errs.push(field::invalid(path, name, "must be a standard resource for quota"));
    }
}

/// True when a quota may bound `name` without a prefix.
pub(in crate::cluster::api::validation) fn is_quota_name(name: &str) -> bool {
    QUOTA.contains(&name) || is_huge_page(name) || is_quota_huge(name)
}

/// An amount of a resource: not negative, whole where it counts things.
pub(in crate::cluster::api::validation) fn resource_value(
    name: &str,
    value: &Value,
    path: &Path,
    errs: &mut Errors,
) {
    let amount = quantity(value);
    if amount.is_negative() {
        errs.push(field::invalid(path, amount.to_string(), NEGATIVE));
    }
    let whole = WHOLE.contains(&name) || is_extended(name);
    if whole && amount.as_milli() % 1000 != 0 {
        errs.push(field::invalid(path, amount.to_string(), "must be an integer"));
    }
}

/// `resources` of a container; `claims` are the names of the pod's resource claims.
pub(in crate::cluster::api::validation) fn requirements(node: &Node<'_>, claims: &[&str], errs: &mut Errors) {
    amounts(node, container_resource_name, errs);
    claim_names(node, claims, errs);
}

/// The requests and limits at `node`, whose names `rule` looks at.
fn amounts(node: &Node<'_>, rule: fn(&str, &Path, &mut Errors), errs: &mut Errors) {
    for list in ["limits", "requests"] {
        for (name, value) in node.entries(list) {
            let path = node.at(list).key(name);
            rule(name, &path, errs);
            resource_value(name, value, &path, errs);
            if list == "requests" {
                against_limit(node, name, value, errs);
            }
            whole_pages(name, value, &path, errs);
        }
    }
    let names: Vec<&str> =
        ["limits", "requests"].iter().flat_map(|list| node.entries(list)).map(|(name, _)| name).collect();
    if names.iter().any(|it| is_huge_page(it)) && !names.iter().any(|it| matches!(*it, "cpu" | "memory")) {
        errs.push(field::forbidden(&node.path, "HugePages require cpu or memory"));
    }
}

/// Huge pages are had one by one: `hugepages-2Mi: 3Mi` is none.
fn whole_pages(name: &str, value: &Value, path: &Path, errs: &mut Errors) {
    let Some(size) = name.strip_prefix("hugepages-").and_then(|it| Quantity::parse(it).ok()) else { return };
    let amount = quantity(value);
    let (page, wanted) = (size.as_int(), amount.as_int());
    if page <= 0 || wanted <= 0 || wanted % page != 0 {
        let detail = format!("{amount} is not positive integer multiple of {name}");
        errs.push(field::invalid(path, amount.to_string(), &detail));
    }
}

/// A resource that a pod as a whole may have.
fn pod_resource_name(name: &str, path: &Path, errs: &mut Errors) {
    let before = errs.len();
    resource_name(name, path, errs);
    if errs.len() == before && !["cpu", "memory"].contains(&name) && !is_huge_page(name) {
        errs.push(field::not_supported(path, name, &["cpu", "hugepages-", "memory"]));
    }
}

/// `spec.resources`: for all containers of a pod together.
pub(super) fn of_pod(spec: &Node<'_>, node: &Node<'_>, errs: &mut Errors) {
    amounts(node, pod_resource_name, errs);
    consistent(spec, node, errs);
}

/// Containers together request no more than their pod, and none may have more than it.
fn consistent(spec: &Node<'_>, node: &Node<'_>, errs: &mut Errors) {
    let containers = spec.items("containers");
    for (name, value) in node.entries("requests") {
        let of =
            |it: &Node<'_>| it.value.pointer("/resources/requests").and_then(|it| it.get(name)).map(quantity);
        let sum = containers.iter().filter_map(of).reduce(|a, b| a.add(&b));
        let own = quantity(value);
        if let Some(sum) = sum.filter(|it| *it > own) {
            let detail = format!("must be greater than or equal to aggregate container requests of {sum}");
            errs.push(field::invalid(&node.at("requests").key(name), own.to_string(), &detail));
        }
    }
    for (name, value) in node.entries("limits") {
        let own = quantity(value);
        for container in &containers {
            let limits = container.child("resources").child("limits");
            let Some(limit) = limits.value.get(name).map(quantity).filter(|it| *it > own) else { continue };
            let detail = format!("must be less than or equal to pod limits of {own}");
            errs.push(field::invalid(&limits.path.key(name), limit.to_string(), &detail));
        }
    }
}

fn against_limit(node: &Node<'_>, name: &str, value: &Value, errs: &mut Errors) {
    let path = node.at("requests");
    let amount = quantity(value);
    match node.child("limits").value.get(name).map(quantity) {
        Some(limit) if amount != limit && !overcommits(name) => {
            let detail = format!("must be equal to {name} limit of {limit}");
            errs.push(field::invalid(&path, amount.to_string(), &detail));
        }
        Some(limit) if amount > limit => {
            let detail = format!("must be less than or equal to {name} limit of {limit}");
            errs.push(field::invalid(&path, amount.to_string(), &detail));
        }
        None if !overcommits(name) => {
            let detail = "Limit must be set for non overcommitable resources";
            errs.push(field::required(&node.at("limits"), detail));
        }
        _ => {}
    }
}

fn claim_names(node: &Node<'_>, claims: &[&str], errs: &mut Errors) {
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for claim in node.items("claims") {
        let (name, request) = (claim.text("name"), claim.text("request"));
        if name.is_empty() {
            errs.push(field::required(&claim.path, ""));
            continue;
        }
        super::format(&claim, "request", validate::dns1123_label, errs);
        let all = seen.contains(&(name, ""));
        if all || (request.is_empty() && seen.iter().any(|it| it.0 == name)) {
            errs.push(field::duplicate(&claim.path, name));
        } else if seen.contains(&(name, request)) {
            errs.push(field::duplicate(&claim.path, format!("{name}/{request}")));
        }
        seen.push((name, request));
        if !claims.contains(&name) {
            let mut cause = field::not_found(&claim.path, name);
            let known = if claims.is_empty() {
                " which is empty".to_owned()
            } else {
                format!(": {}", claims.join(", "))
            };
            cause.message.push_str(&format!(": must be one of the names in pod.spec.resourceClaims{known}"));
            errs.push(cause);
        }
    }
}
