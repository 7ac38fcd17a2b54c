//! JSON with the keys in the order of Go's structs: how kubectl prints objects that it made itself.
//!
//! The order is one list for all kinds; where two structs disagree, [`SPECIAL`] knows better.

use crate::apimachinery::json::{Key, Value};
use crate::apimachinery::object::Gvk;
use crate::apimachinery::{go, schema};

/// Fields in the order of the structs of `k8s.io/api`.
const ORDER: &[&str] = &[
    "kind",
    "apiVersion",
    "groupVersion",
    "metadata",
    "name",
    "generateName",
    "namespace",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "labels",
    "annotations",
    "ownerReferences",
    "finalizers",
    "managedFields",
    "immutable",
    "data",
    "binaryData",
    "stringData",
    "verbs",
    "apiGroups",
    "resourceNames",
    "nonResourceURLs",
    "rules",
    "aggregationRule",
    "subjects",
    "roleRef",
    "secrets",
    "imagePullSecrets",
    "value",
    "globalDefault",
    "description",
    "spec",
    "status",
    "volumes",
    "initContainers",
    "containers",
    "ephemeralContainers",
    "image",
    "command",
    "args",
    "workingDir",
    "hostPort",
    "containerPort",
    "protocol",
    "appProtocol",
    "port",
    "targetPort",
    "nodePort",
    "ports",
    "envFrom",
    "env",
    "valueFrom",
    "resources",
    "schedule",
    "timeZone",
    "startingDeadlineSeconds",
    "concurrencyPolicy",
    "parallelism",
    "completions",
    "activeDeadlineSeconds",
    "podFailurePolicy",
    "successPolicy",
    "backoffLimit",
    "minReplicas",
    "replicas",
    "minAvailable",
    "selector",
    "manualSelector",
    "template",
    "strategy",
    "minReadySeconds",
    "revisionHistoryLimit",
    "paused",
    "progressDeadlineSeconds",
    "ttlSecondsAfterFinished",
    "completionMode",
    "suspend",
    "podReplacementPolicy",
    "jobTemplate",
    "successfulJobsHistoryLimit",
    "failedJobsHistoryLimit",
    "maxUnavailable",
    "volumeMounts",
    "livenessProbe",
    "readinessProbe",
    "startupProbe",
    "lifecycle",
    "terminationMessagePath",
    "terminationMessagePolicy",
    "imagePullPolicy",
    "restartPolicy",
    "terminationGracePeriodSeconds",
    "dnsPolicy",
    "nodeSelector",
    "serviceAccountName",
    "serviceAccount",
    "automountServiceAccountToken",
    "nodeName",
    "hostNetwork",
    "hostPID",
    "hostIPC",
    "shareProcessNamespace",
    "securityContext",
    "stdin",
    "stdinOnce",
    "tty",
    "hostname",
    "subdomain",
    "affinity",
    "schedulerName",
    "tolerations",
    "hostAliases",
    "priorityClassName",
    "priority",
    "dnsConfig",
    "readinessGates",
    "runtimeClassName",
    "enableServiceLinks",
    "preemptionPolicy",
    "clusterIP",
    "clusterIPs",
    "type",
    "externalIPs",
    "sessionAffinity",
    "loadBalancerIP",
    "externalName",
    "externalTrafficPolicy",
    "ipFamilies",
    "ipFamilyPolicy",
    "internalTrafficPolicy",
    "ingressClassName",
    "defaultBackend",
    "tls",
    "hosts",
    "secretName",
    "host",
    "http",
    "paths",
    "path",
    "pathType",
    "backend",
    "service",
    "hard",
    "scopes",
    "scopeSelector",
    "scaleTargetRef",
    "minReplicas",
    "maxReplicas",
    "metrics",
    "phase",
    "conditions",
    "hostIP",
    "hostIPs",
    "podIP",
    "podIPs",
    "startTime",
    "containerStatuses",
    "qosClass",
    "loadBalancer",
    "preferences",
    "clusters",
    "users",
    "contexts",
    "current-context",
    "defaults",
    "aliases",
];

/// Fields whose order differs below a key.
const SPECIAL: &[(&str, &[&str])] = &[
    ("aliases", &["name", "command", "prependArgs", "appendArgs", "options"]),
    ("options", &["name", "default", "value"]),
    (
        "items",
        &[
            "kind",
            "apiVersion",
            "metadata",
            "involvedObject",
            "reason",
            "message",
            "source",
            "firstTimestamp",
            "lastTimestamp",
            "count",
            "type",
            "eventTime",
            "series",
            "action",
            "related",
            "reportingComponent",
            "reportingInstance",
        ],
    ),
    ("source", &["component", "host"]),
    ("involvedObject", &["kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath"]),
    (
        "resources",
        &[
            "name",
            "singularName",
            "namespaced",
            "group",
            "version",
            "kind",
            "verbs",
            "shortNames",
            "categories",
            "limits",
            "requests",
        ],
    ),
    ("rules", &["verbs", "apiGroups", "resources", "resourceNames", "nonResourceURLs"]),
    ("rollingUpdate", &["maxUnavailable", "maxSurge"]),
    ("roleRef", &["apiGroup", "kind", "name"]),
    ("subjects", &["kind", "apiGroup", "name", "namespace"]),
    ("scaleTargetRef", &["kind", "name", "apiVersion"]),
    ("metrics", &["type", "object", "pods", "resource"]),
    ("resource", &["name", "target"]),
    ("target", &["type", "value", "averageValue", "averageUtilization"]),
    ("strategy", &["type", "rollingUpdate"]),
    ("userInfo", &["username", "uid", "groups", "extra"]),
    ("clusters", &["name", "cluster"]),
    ("users", &["name", "user"]),
    ("contexts", &["name", "context"]),
    ("context", &["cluster", "user", "namespace"]),
    (
        "cluster",
        &[
            "server",
            "tls-server-name",
            "insecure-skip-tls-verify",
            "certificate-authority",
            "certificate-authority-data",
            "proxy-url",
        ],
    ),
    (
        "user",
        &[
            "client-certificate",
            "client-certificate-data",
            "client-key",
            "client-key-data",
            "token",
            "tokenFile",
            "as",
            "as-uid",
            "as-groups",
            "as-user-extra",
            "username",
            "password",
            "auth-provider",
            "exec",
        ],
    ),
    (
        "exec",
        &["command", "args", "env", "apiVersion", "installHint", "provideClusterInfo", "interactiveMode"],
    ),
];

/// Keys below which a map stands, which Go sorts.
const MAPS: &[&str] = &[
    "extra",
    "labels",
    "annotations",
    "matchLabels",
    "nodeSelector",
    "data",
    "stringData",
    "binaryData",
    "hard",
    "limits",
    "requests",
    "selector",
];

/// The object on one line, or with an indent.
pub(crate) fn json(tree: &Value, indent: Option<&str>) -> String {
    if schema::definition(&Gvk::of(tree)).is_some() {
        return match indent {
            Some(indent) => schema::go_json_indent(tree, indent),
            None => schema::go_json(tree),
        };
    }
    let mut text = String::new();
    push(&mut text, tree, "", indent, 0);
    text
}

fn push(text: &mut String, value: &Value, key: &str, indent: Option<&str>, depth: usize) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            let mut members: Vec<(&Key, &Value)> = map.iter().collect();
            let is_map = MAPS.contains(&key) && !map.contains_key("matchLabels");
            if !is_map {
                members.sort_by_key(|(name, _)| place(key, name));
            }
            text.push('{');
            for (at, (name, value)) in members.into_iter().enumerate() {
                separate(text, at, indent, depth + 1);
                text.push_str(&go::json(&Value::from(name.as_str())));
                text.push_str(if indent.is_some() { ": " } else { ":" });
                push(text, value, name, indent, depth + 1);
            }
            close(text, '}', indent, depth);
        }
        Value::Array(items) if !items.is_empty() => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                separate(text, at, indent, depth + 1);
                push(text, item, key, indent, depth + 1);
            }
            close(text, ']', indent, depth);
        }
        other => text.push_str(&go::json(other)),
    }
}

/// Where a field stands below `key`; fields that are not listed come last, in their own order.
fn place(key: &str, name: &str) -> usize {
    let special = SPECIAL.iter().find(|(known, _)| *known == key).map(|(_, fields)| *fields);
    let fields = special.unwrap_or(ORDER);
    fields.iter().position(|field| *field == name).unwrap_or(fields.len())
}

fn separate(text: &mut String, at: usize, indent: Option<&str>, depth: usize) {
    if at > 0 {
        text.push(',');
    }
    if let Some(indent) = indent {
        text.push('\n');
        text.extend(std::iter::repeat_n(indent, depth));
    }
}

fn close(text: &mut String, bracket: char, indent: Option<&str>, depth: usize) {
    if let Some(indent) = indent {
        text.push('\n');
        text.extend(std::iter::repeat_n(indent, depth));
    }
    text.push(bracket);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::json::json;

    #[test]
    fn keys_stand_as_in_the_structs() {
        let tree = json!({"apiVersion": "v1", "data": {"b": "1", "a": "2"}, "kind": "ConfigMap", "metadata": {"name": "c"}});
        assert_eq!(
            json(&tree, None),
            r#"{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"c"},"data":{"a":"2","b":"1"}}"#
        );
        let tree = json!({"roleRef": {"apiGroup": "g", "kind": "Role", "name": "r"}});
        assert_eq!(json(&tree, None), r#"{"roleRef":{"apiGroup":"g","kind":"Role","name":"r"}}"#);
    }
}
