//! RBAC: roles, bindings and the rules they give.
//!
//! Rules of kubernetes/kubernetes `plugin/pkg/auth/authorizer/rbac` and `pkg/apis/rbac/v1/evaluation_helpers.go`.
//! Aggregated ClusterRoles are filled by their controller; here a role is its rules.

use super::{Attributes, Decision};
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::cluster::{Object, Store, UserInfo};

pub(crate) const CLUSTER_ROLES: &str = "clusterroles.rbac.authorization.k8s.io";
pub(crate) const ROLES: &str = "roles.rbac.authorization.k8s.io";
pub(crate) const CLUSTER_ROLE_BINDINGS: &str = "clusterrolebindings.rbac.authorization.k8s.io";
pub(crate) const ROLE_BINDINGS: &str = "rolebindings.rbac.authorization.k8s.io";

/// A rule that a user has, and through what.
pub(crate) struct Grant<'a> {
    pub(crate) binding: &'a Object,
    pub(crate) subject: &'a Value,
    pub(crate) role: &'a Object,
}

/// Walks over every role that is bound to `user` in `namespace` (and cluster-wide) until `visit` says
/// enough. What cannot be resolved is given as a sentence.
pub(crate) fn visit<'a>(
    store: &'a Store,
    user: &UserInfo,
    namespace: &str,
    mut visit: impl FnMut(Result<Grant<'a>, String>) -> bool,
) {
    let cluster_wide = store.list(CLUSTER_ROLE_BINDINGS, "");
    let local = if namespace.is_empty() { None } else { Some(namespace.to_owned()) };
    for binding in cluster_wide {
        if !visit_one(store, user, "", binding, &mut visit) {
            return;
        }
    }
    let Some(namespace) = local else { return };
    let bindings: Vec<&Object> =
        store.list(ROLE_BINDINGS, "").filter(|binding| object::namespace(binding) == namespace).collect();
    for binding in bindings {
        if !visit_one(store, user, &namespace, binding, &mut visit) {
            return;
        }
    }
}

fn visit_one<'a>(
    store: &'a Store,
    user: &UserInfo,
    namespace: &str,
    binding: &'a Object,
    visit: &mut impl FnMut(Result<Grant<'a>, String>) -> bool,
) -> bool {
    let subjects = object::list(binding, "/subjects");
    let Some(subject) = subjects.iter().find(|subject| applies(user, subject, namespace)) else {
        return true;
    };
    visit(match role_of(store, binding, namespace) {
        Ok(role) => Ok(Grant { binding, subject, role }),
        Err(sentence) => Err(sentence),
    })
}

/// The role that a binding refers to.
pub(crate) fn role_of<'a>(store: &'a Store, binding: &Value, namespace: &str) -> Result<&'a Object, String> {
    let name = object::text(binding, "/roleRef/name");
    let (found, resource) = match object::text(binding, "/roleRef/kind") {
        "Role" => (store.find(ROLES, namespace, name), "role.rbac.authorization.k8s.io"),
        _ => (store.find(CLUSTER_ROLES, "", name), "clusterrole.rbac.authorization.k8s.io"),
    };
    found.ok_or_else(|| format!("{resource} {name:?} not found"))
}

fn applies(user: &UserInfo, subject: &Value, namespace: &str) -> bool {
    let name = object::field(subject, "name");
    match object::field(subject, "kind") {
        "User" => user.name == name,
        "Group" => user.groups.iter().any(|group| group == name),
        "ServiceAccount" => {
            let own = object::field(subject, "namespace");
            let account_namespace = if own.is_empty() { namespace } else { own };
            let rest = user.name.strip_prefix("system:serviceaccount:");
            rest.and_then(|rest| rest.split_once(':')) == Some((account_namespace, name))
        }
        _ => false,
    }
}

/// Allows when some rule fits.
pub(super) fn decide(store: &Store, user: &UserInfo, attributes: &Attributes) -> Decision {
    let mut allowed_by = None;
    let mut errors: Vec<String> = Vec::new();
    visit(store, user, &attributes.namespace, |grant| {
        match grant {
            Ok(grant) => {
                if object::list(grant.role, "/rules").iter().any(|rule| allows(rule, attributes)) {
                    allowed_by = Some(describe(&grant));
                }
            }
            Err(sentence) => errors.push(sentence),
        }
        allowed_by.is_none()
    });
    match allowed_by {
        Some(reason) => Decision { allowed: true, reason },
        None => Decision { allowed: false, reason: refused_because(&errors) },
    }
}

fn refused_because(errors: &[String]) -> String {
    match errors {
        [] => String::new(),
        [one] => format!("RBAC: {one}"),
        _ => format!("RBAC: [{}]", errors.join(", ")),
    }
}

/// `RBAC: allowed by RoleBinding "x/default" of Role "x" to User "jane"`.
fn describe(grant: &Grant<'_>) -> String {
    let kind = object::text(grant.binding, "/kind");
    let binding = match object::namespace(grant.binding) {
        "" => object::name(grant.binding).to_owned(),
        namespace => format!("{}/{namespace}", object::name(grant.binding)),
    };
    let subject_kind = object::field(grant.subject, "kind");
    let subject_name = object::field(grant.subject, "name");
    let subject = match (subject_kind, object::field(grant.subject, "namespace")) {
        ("ServiceAccount", namespace) => format!("{subject_name}/{namespace}"),
        _ => subject_name.to_owned(),
    };
    format!(
        "RBAC: allowed by {kind} {binding:?} of {} {:?} to {subject_kind} {subject:?}",
        object::text(grant.binding, "/roleRef/kind"),
        object::text(grant.binding, "/roleRef/name"),
    )
}

fn has(rule: &Value, field: &str, wanted: &str) -> bool {
    let words = rule.get(field).and_then(Value::as_array).into_iter().flatten();
    words.filter_map(Value::as_str).any(|word| word == wanted || word == "*")
}

/// True when a rule allows a request.
pub(crate) fn allows(rule: &Value, attributes: &Attributes) -> bool {
    if !has(rule, "verbs", &attributes.verb) {
        return false;
    }
    if attributes.resource.is_empty() {
        return allows_path(rule, &attributes.path);
    }
    has(rule, "apiGroups", &attributes.group)
        && allows_resource(rule, &attributes.resource, &attributes.subresource)
        && allows_name(rule, &attributes.name)
}

fn allows_path(rule: &Value, path: &str) -> bool {
    let urls = rule.get("nonResourceURLs").and_then(Value::as_array).into_iter().flatten();
    urls.filter_map(Value::as_str).any(|url| path_fits(url, path))
}

/// `*`, the same path, or a path below `/x/*`.
pub(crate) fn path_fits(url: &str, path: &str) -> bool {
    url == "*"
        || url == path
        || url.strip_suffix('*').is_some_and(|prefix| path.starts_with(prefix.trim_end_matches('*')))
}

fn allows_resource(rule: &Value, resource: &str, subresource: &str) -> bool {
    let full = if subresource.is_empty() { resource.to_owned() } else { format!("{resource}/{subresource}") };
    let words =
        rule.get("resources").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let mut words = words;
    words.any(|word| {
        word == "*"
            || word == full
            || !subresource.is_empty() && word.strip_prefix("*/").is_some_and(|it| it == subresource)
    })
}

fn allows_name(rule: &Value, name: &str) -> bool {
    let names = rule.get("resourceNames").and_then(Value::as_array);
    names.is_none_or(|names| names.is_empty() || names.iter().any(|it| it == name))
}

/// Every rule that `user` has in `namespace`, in the order of the bindings, and what could not be resolved.
pub(crate) fn rules_for(store: &Store, user: &UserInfo, namespace: &str) -> (Vec<Value>, Vec<String>) {
    let (mut rules, mut errors) = (Vec::new(), Vec::new());
    visit(store, user, namespace, |grant| {
        match grant {
            Ok(grant) => rules.extend(object::list(grant.role, "/rules").iter().cloned()),
            Err(sentence) => errors.push(sentence),
        }
        true
    });
    (rules, errors)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::json::json;

    #[track_caller]
    fn check(rule: Value, verb: &str, resource: &str, name: &str, want: bool) {
        let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
        let attributes = Attributes {
            verb: verb.into(),
            resource: resource.into(),
            subresource: subresource.into(),
            name: name.into(),
            ..Attributes::default()
        };
        assert_eq!(allows(&rule, &attributes), want, "{rule} {verb} {resource} {name}");
    }

    #[test]
    fn rules_fit_as_documented() {
        let rule = json!({"apiGroups": [""], "resources": ["pods", "*/scale"], "verbs": ["get"]});
        check(rule.clone(), "get", "pods", "x", true);
        check(rule.clone(), "get", "pods/log", "x", false);
        check(rule.clone(), "get", "replicationcontrollers/scale", "x", true);
        check(rule, "list", "pods", "", false);
        let named = json!({"apiGroups": ["*"], "resources": ["*"], "resourceNames": ["a"], "verbs": ["*"]});
        check(named.clone(), "delete", "secrets", "a", true);
        check(named, "create", "secrets", "", false);
        assert!(path_fits("/logs/*", "/logs/x") && !path_fits("/logs/*", "/log"));
    }
}
