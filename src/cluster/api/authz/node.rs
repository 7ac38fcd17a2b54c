//! The Node authorizer: what a kubelet (`system:node:NAME`, group `system:nodes`) may do.
//!
//! Rules of kubernetes/kubernetes `plugin/pkg/auth/authorizer/node`. The graph of what a node's pods refer
//! to is walked in the store at every question.

use super::{Attributes, Decision, rbac};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::cluster::{Store, UserInfo};

fn deny(reason: impl Into<String>) -> Decision {
    Decision { allowed: false, reason: reason.into() }
}

fn allow() -> Decision {
    Decision { allowed: true, reason: String::new() }
}

/// The node that a user is; `None` when it is none.
pub(crate) fn node_of(user: &UserInfo) -> Option<&str> {
    let name = user.name.strip_prefix("system:node:")?;
    user.groups.iter().any(|group| group == "system:nodes").then_some(name)
}

/// Answers for nodes; has no opinion on others.
pub(super) fn decide(store: &Store, user: &UserInfo, attributes: &Attributes) -> Decision {
    let Some(node) = node_of(user) else { return Decision::default() };
    if attributes.resource.is_empty() {
        return by_rules(attributes);
    }
    match attributes.group_resource().as_str() {
        "secrets" | "configmaps" => read_related(store, node, attributes),
        "persistentvolumeclaims" | "persistentvolumes" | "volumeattachments.storage.k8s.io" => {
            get_related(store, node, attributes)
        }
        "serviceaccounts" => token(store, node, attributes),
        "leases.coordination.k8s.io" => own(node, attributes, "node lease", Some("kube-node-lease")),
        "csinodes.storage.k8s.io" => own(node, attributes, "CSINode", None),
        "nodes" => nodes(node, attributes),
        "pods" => pods(store, node, attributes),
        _ => by_rules(attributes),
    }
}

fn unrelated(node: &str) -> Decision {
    deny(format!("no relationship found between node '{node}' and this object"))
}

fn read_related(store: &Store, node: &str, attributes: &Attributes) -> Decision {
    if !matches!(attributes.verb.as_str(), "get" | "list" | "watch") {
        return deny("can only read resources of this type");
    }
    if !attributes.subresource.is_empty() {
        return deny("cannot read subresource");
    }
    if attributes.namespace.is_empty() {
        return deny("can only read namespaced object of this type");
    }
    related(store, node, attributes)
}

fn get_related(store: &Store, node: &str, attributes: &Attributes) -> Decision {
    if attributes.subresource == "status" && matches!(attributes.verb.as_str(), "update" | "patch") {
        return related(store, node, attributes);
    }
    if attributes.verb != "get" {
        return deny("can only get individual resources of this type");
    }
    if !attributes.subresource.is_empty() {
        return deny("cannot get subresource");
    }
    related(store, node, attributes)
}

fn related(store: &Store, node: &str, attributes: &Attributes) -> Decision {
    if attributes.name.is_empty() {
        return deny("No Object name found");
    }
    let uses = |pod: &Value| {
        (attributes.namespace.is_empty() || object::namespace(pod) == attributes.namespace)
            && refers(store, pod, attributes)
    };
    if store.pods_on(node).any(|pod| uses(pod)) { allow() } else { unrelated(node) }
}

/// True when a pod refers to the object that is asked for.
fn refers(store: &Store, pod: &Value, attributes: &Attributes) -> bool {
    let name = attributes.name.as_str();
    match attributes.resource.as_str() {
        "secrets" => {
            mentions(pod, &["secretName", "secretRef", "secretKeyRef", "imagePullSecrets", "secret"], name)
        }
        "configmaps" => mentions(pod, &["configMap", "configMapRef", "configMapKeyRef"], name),
        "persistentvolumeclaims" => claims(pod).any(|claim| claim == name),
        "persistentvolumes" => claims(pod).any(|claim| {
            let found = store.find("persistentvolumeclaims", object::namespace(pod), claim);
            found.is_some_and(|it| object::text(it, "/spec/volumeName") == name)
        }),
        "serviceaccounts" => object::text(pod, "/spec/serviceAccountName") == name,
        _ => false,
    }
}

fn claims(pod: &Value) -> impl Iterator<Item = &str> {
    let volumes = object::list(pod, "/spec/volumes").iter();
    volumes.map(|it| object::text(it, "/persistentVolumeClaim/claimName")).filter(|it| !it.is_empty())
}

/// True when `name` stands under one of `keys` anywhere in the spec, directly or as `name`.
fn mentions(tree: &Value, keys: &[&str], name: &str) -> bool {
    let named = |value: &Value| {
        let list = value.as_array().into_iter().flatten();
        value.as_str() == Some(name)
            || value.get("name").and_then(Value::as_str) == Some(name)
            || list.into_iter().any(|it| object::field(it, "name") == name)
    };
    match tree {
        Value::Object(map) => map
            .iter()
            .any(|(key, value)| keys.contains(&key.as_str()) && named(value) || mentions(value, keys, name)),
        Value::Array(list) => list.iter().any(|it| mentions(it, keys, name)),
        _ => false,
    }
}

fn token(store: &Store, node: &str, attributes: &Attributes) -> Decision {
    if attributes.verb != "create" || attributes.name.is_empty() {
        return deny("can only create tokens for individual service accounts");
    }
    if attributes.subresource != "token" {
        return deny("can only create token subresource of serviceaccount");
    }
    related(store, node, attributes)
}

/// Leases and CSINodes: only the node's own.
fn own(node: &str, attributes: &Attributes, what: &str, namespace: Option<&str>) -> Decision {
    if !matches!(attributes.verb.as_str(), "get" | "create" | "update" | "patch" | "delete") {
        let article = "a";
        return deny(format!("can only get, create, update, patch, or delete {article} {what}"));
    }
    if let Some(namespace) = namespace.filter(|it| *it != attributes.namespace) {
        return deny(format!("can only access leases in the {namespace:?} system namespace"));
    }
    if attributes.verb != "create" && attributes.name != node {
        return deny(format!("can only access {what} with the same name as the requesting node"));
    }
    allow()
}

fn nodes(node: &str, attributes: &Attributes) -> Decision {
    match (attributes.subresource.as_str(), attributes.verb.as_str()) {
        ("" | "status", "create" | "update" | "patch") => by_rules(attributes),
        ("", "get" | "list" | "watch") => {
            let own = attributes.name == node
                || attributes.field_selector.split(',').any(|it| it == format!("metadata.name={node}"));
            if own {
                allow()
            } else {
                deny(
                    "node '".to_owned()
                        + node
                        + "' cannot read '"
                        + &attributes.name
                        + "', only its own Node object",
                )
            }
        }
        _ => by_rules(attributes),
    }
}

fn pods(store: &Store, node: &str, attributes: &Attributes) -> Decision {
    match (attributes.subresource.as_str(), attributes.verb.as_str()) {
        ("", "get") => related_pod(store, node, attributes),
        ("", "list" | "watch") => {
            let scoped = attributes.field_selector.split(',').any(|it| it == format!("spec.nodeName={node}"));
            if scoped { allow() } else { deny("can only list/watch pods with spec.nodeName field selector") }
        }
        _ => by_rules(attributes),
    }
}

fn related_pod(store: &Store, node: &str, attributes: &Attributes) -> Decision {
    let found = store.find("pods", &attributes.namespace, &attributes.name);
    let here = found.is_some_and(|pod| object::text(pod, "/spec/nodeName") == node);
    if here { allow() } else { unrelated(node) }
}

/// The rules of the bootstrap ClusterRole `system:node`, which are built into this authorizer.
fn by_rules(attributes: &Attributes) -> Decision {
    let rules = json!([
        {"verbs": ["create"], "apiGroups": ["authentication.k8s.io"], "resources": ["tokenreviews"]},
        {"verbs": ["create"], "apiGroups": ["authorization.k8s.io"], "resources": ["localsubjectaccessreviews", "subjectaccessreviews"]},
        {"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["services"]},
        {"verbs": ["create", "get", "list", "watch"], "apiGroups": [""], "resources": ["nodes"]},
        {"verbs": ["patch", "update"], "apiGroups": [""], "resources": ["nodes", "nodes/status"]},
        {"verbs": ["create", "patch", "update"], "apiGroups": [""], "resources": ["events"]},
        {"verbs": ["create", "delete"], "apiGroups": [""], "resources": ["pods"]},
        {"verbs": ["patch", "update"], "apiGroups": [""], "resources": ["pods/status"]},
        {"verbs": ["create"], "apiGroups": [""], "resources": ["pods/eviction"]},
        {"verbs": ["create", "get", "list", "watch"], "apiGroups": ["certificates.k8s.io"], "resources": ["certificatesigningrequests"]},
        {"verbs": ["get", "list", "watch"], "apiGroups": ["storage.k8s.io"], "resources": ["csidrivers"]},
        {"verbs": ["get", "list", "watch"], "apiGroups": ["node.k8s.io"], "resources": ["runtimeclasses"]},
    ]);
    let fits = rules.as_array().is_some_and(|rules| rules.iter().any(|rule| rbac::allows(rule, attributes)));
    if fits { allow() } else { Decision::default() }
}
