//! Roles and bindings.
//!
//! Follows kubernetes' `pkg/apis/rbac/validation`.

use super::go_struct::go_struct;
use super::meta;
use super::node::{Node, format, required};
use crate::apimachinery::field::{self, Errors, Path};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::validate;

const GROUP: &str = "rbac.authorization.k8s.io";

/// A Role.
pub(super) fn role(it: &Value, errs: &mut Errors) {
    Node::root(it).items("rules").iter().for_each(|rule| policy_rule(rule, true, errs));
}

/// A ClusterRole.
pub(super) fn cluster_role(it: &Value, errs: &mut Errors) {
    let root = Node::root(it);
    root.items("rules").iter().for_each(|rule| policy_rule(rule, false, errs));
    let Some(aggregation) = root.get("aggregationRule") else { return };
    let path = aggregation.at("clusterRoleSelectors");
    if aggregation.len("clusterRoleSelectors") == 0 {
        let detail = "at least one clusterRoleSelector required if aggregationRule is non-nil";
        errs.push(field::required(&path, detail));
    }
    for (index, selector) in aggregation.items("clusterRoleSelectors").iter().enumerate() {
        let holder = json!({"s": selector.value});
        let node = Node { value: &holder, path: Path::root() };
        let mut own = Errors::new();
        meta::selector(&node, "s", &mut own);
        for cause in &mut own {
            cause.field = cause.field.replacen('s', path.index(index).text(), 1);
        }
        errs.append(&mut own);
    }
}

fn policy_rule(rule: &Node<'_>, namespaced: bool, errs: &mut Errors) {
    if rule.len("verbs") == 0 {
        errs.push(field::required(&rule.at("verbs"), "verbs must contain at least one value"));
    }
    if rule.len("nonResourceURLs") > 0 {
        let path = rule.at("nonResourceURLs");
        let value = rule.child("nonResourceURLs").value;
        if namespaced {
            let detail = "namespaced rules cannot apply to non-resource URLs";
            errs.push(field::invalid(&path, value.clone(), detail));
        }
        if ["apiGroups", "resources", "resourceNames"].iter().any(|key| rule.len(key) > 0) {
            let detail = "rules cannot apply to both regular resources and non-resource URLs";
            errs.push(field::invalid(&path, value.clone(), detail));
        }
        return;
    }
    if rule.len("apiGroups") == 0 {
        errs.push(field::required(
            &rule.at("apiGroups"),
            "resource rules must supply at least one api group",
        ));
    }
    if rule.len("resources") == 0 {
        errs.push(field::required(&rule.at("resources"), "resource rules must supply at least one resource"));
    }
}

/// A RoleBinding.
pub(super) fn role_binding(it: &Value, errs: &mut Errors) {
    binding(it, &["Role", "ClusterRole"], errs);
}

/// A ClusterRoleBinding.
pub(super) fn cluster_role_binding(it: &Value, errs: &mut Errors) {
    binding(it, &["ClusterRole"], errs);
}

fn binding(it: &Value, kinds: &[&str], errs: &mut Errors) {
    let root = Node::root(it);
    let role = root.child("roleRef");
    if role.text("apiGroup") != GROUP {
        errs.push(field::not_supported(&role.at("apiGroup"), role.text("apiGroup"), &[GROUP]));
    }
    if !kinds.contains(&role.text("kind")) {
        errs.push(field::not_supported(&role.at("kind"), role.text("kind"), kinds));
    }
    if required(&role, "name", errs) {
        format(&role, "name", validate::path_segment_name, errs);
    }
    root.items("subjects").iter().for_each(|it| subject(it, errs));
}

fn subject(subject: &Node<'_>, errs: &mut Errors) {
    let named = required(subject, "name", errs);
    let (group, path) = (subject.text("apiGroup"), subject.at("apiGroup"));
    match subject.text("kind") {
        "ServiceAccount" => {
            if named {
                format(subject, "name", validate::dns1123_subdomain, errs);
            }
            if !group.is_empty() {
                errs.push(field::not_supported(&path, group, &[""]));
            }
            required(subject, "namespace", errs);
        }
        "User" | "Group" if group != GROUP => errs.push(field::not_supported(&path, group, &[GROUP])),
        "User" | "Group" => {}
        other => {
            let known = ["ServiceAccount", "User", "Group"];
            errs.push(field::not_supported(&subject.at("kind"), other, &known));
        }
    }
}

/// The role of a binding never changes.
pub(super) fn binding_update(new: &Value, old: &Value, errs: &mut Errors) {
    if new.get("roleRef") == old.get("roleRef") {
        return;
    }
    let fields = [("APIGroup", "apiGroup"), ("Kind", "kind"), ("Name", "name")];
    let shown = go_struct(new.get("roleRef").unwrap_or(&Value::Null), &fields);
    let mut cause = field::invalid(&Path::new("roleRef"), "", "");
    cause.message = format!("Invalid value: {shown}: cannot change roleRef");
    errs.push(cause);
}
