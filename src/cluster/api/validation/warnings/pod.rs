//! Pods and pod templates.

use super::{claim_spec, fraction, old_label, old_sources, selector_term};
use crate::apimachinery::go;
use crate::apimachinery::json::Map;
use crate::cluster::api::validation::node::Node;

const NOTHING: &str = "a null labelSelector results in matching no pod";

/// A Pod.
pub(super) fn pod(pod: &Node<'_>, all: &mut Vec<String>) {
    template(pod, all);
}

/// A template: metadata and spec at `node`.
pub(super) fn template(node: &Node<'_>, all: &mut Vec<String>) {
    let (spec, metadata) = (node.child("spec"), node.child("metadata"));
    placement(&spec, all);
    annotations(&metadata, all);
    for volume in spec.items("volumes") {
        old_sources(&volume, all);
        let claim = volume.child("ephemeral").child("volumeClaimTemplate").child("spec");
        claim_spec(&claim, all);
    }
    spec.items("volumes").iter().for_each(|it| overlaps(it, all));
    repeated(&spec, "hostAliases", "ip", all);
    repeated(&spec, "imagePullSecrets", "name", all);
    for secret in spec.items("imagePullSecrets").iter().filter(|it| it.text("name").is_empty()) {
        all.push(format!("{}: invalid empty name \"\"", secret.at("name")));
    }
    let overhead = spec.child("overhead");
    for name in ["memory", "ephemeral-storage"] {
        if let Some(value) = overhead.value.get(name) {
            fraction(value, &overhead.path.key(name), all);
        }
    }
    containers(&spec, &metadata, all);
    ports(&spec, all);
    if spec.int("terminationGracePeriodSeconds").is_some_and(|it| it < 0) {
        all.push(format!(
            "{}: must be >= 0; negative values are invalid and will be treated as 1",
            spec.at("terminationGracePeriodSeconds")
        ));
    }
    affinity_terms(&spec, all);
}

fn placement(spec: &Node<'_>, all: &mut Vec<String>) {
    for (key, _) in spec.entries("nodeSelector") {
        if let Some(words) = old_label(key) {
            all.push(format!("{}: {words}", spec.at("nodeSelector").key(key)));
        }
    }
    let affinity = spec.child("affinity").child("nodeAffinity");
    let required = affinity.child("requiredDuringSchedulingIgnoredDuringExecution");
    required.items("nodeSelectorTerms").iter().for_each(|it| selector_term(it, all));
    for term in affinity.items("preferredDuringSchedulingIgnoredDuringExecution") {
        selector_term(&term.child("preference"), all);
    }
    for constraint in spec.items("topologySpreadConstraints") {
        let key = constraint.text("topologyKey");
        if let Some(words) = old_label(key) {
            all.push(format!("{}: {key} is {words}", constraint.at("topologyKey")));
        }
        if !constraint.has("labelSelector") {
            all.push(format!("{}: {NOTHING}", constraint.at("labelSelector")));
        }
    }
}

/// Annotations that do nothing any more.
const OLD: &[(&str, &str)] = &[
    (
        "scheduler.alpha.kubernetes.io/critical-pod",
        "non-functional in v1.16+; use the \"priorityClassName\" field instead",
    ),
    ("security.alpha.kubernetes.io/sysctls", "non-functional in v1.11+; use the \"sysctls\" field instead"),
    (
        "security.alpha.kubernetes.io/unsafe-sysctls",
        "non-functional in v1.11+; use the \"sysctls\" field instead",
    ),
];

fn annotations(metadata: &Node<'_>, all: &mut Vec<String>) {
    let own = metadata.child("annotations");
    for (key, words) in OLD.iter().filter(|(key, _)| own.has(key)) {
        all.push(format!("{}: {words}", own.path.key(key)));
    }
}

fn repeated(spec: &Node<'_>, list: &str, key: &str, all: &mut Vec<String>) {
    let mut seen: Vec<&str> = Vec::new();
    for item in spec.items(list) {
        let text = item.text(key);
        if seen.contains(&text) {
            all.push(format!("{}: duplicate {key} {}", item.at(key), go::quote(text)));
        }
        seen.push(text);
    }
}

/// The containers of a pod spec: the init containers first, as the server visits them.
fn visited<'a>(spec: &Node<'a>) -> Vec<Node<'a>> {
    ["initContainers", "containers", "ephemeralContainers"].iter().flat_map(|list| spec.items(list)).collect()
}

fn containers(spec: &Node<'_>, metadata: &Node<'_>, all: &mut Vec<String>) {
    let own = metadata.child("annotations");
    let seccomp = |context: &Node<'_>, key: &str, all: &mut Vec<String>| {
        if !context.has("seccompProfile") && own.has(key) {
            let path = own.path.key(key);
            all.push(format!("{path}: non-functional in v1.27+; use the \"seccompProfile\" field instead"));
        }
    };
    let whole = spec.child("securityContext");
    seccomp(&whole, "seccomp.security.alpha.kubernetes.io/pod", all);
    for container in visited(spec) {
        let (name, context) = (container.text("name"), container.child("securityContext"));
        seccomp(&context, &format!("container.seccomp.security.alpha.kubernetes.io/{name}"), all);
        let armor = format!("container.apparmor.security.beta.kubernetes.io/{name}");
        if own.has(&armor) && !whole.has("appArmorProfile") && !context.has("appArmorProfile") {
            let path = own.path.key(&armor);
            all.push(format!("{path}: deprecated since v1.30; use the \"appArmorProfile\" field instead"));
        }
        for name in ["memory", "ephemeral-storage"] {
            for kind in ["limits", "requests"] {
                let of = container.child("resources").child(kind);
                if let Some(value) = of.value.get(name) {
                    fraction(value, &of.path.key(name), all);
                }
            }
        }
        hidden_variables(&container, all);
    }
}

fn hidden_variables(container: &Node<'_>, all: &mut Vec<String>) {
    let mut seen: Vec<&str> = Vec::new();
    for variable in container.items("env") {
        let (name, value) = (variable.text("name"), variable.text("value"));
        let own = format!("$({name})");
        let hides = variable.has("valueFrom") || value == own || !value.contains(&own);
        if seen.contains(&name) && hides {
            all.push(format!(
                "{}: hides previous definition of \"{name}\", which may be dropped when using apply",
                variable.path
            ));
        }
        seen.push(name);
    }
}

fn ports(spec: &Node<'_>, all: &mut Vec<String>) {
    let mut seen: Vec<Node<'_>> = Vec::new();
    for container in visited(spec) {
        for port in container.items("ports") {
            let same = |it: &Node<'_>| {
                it.int("containerPort") == port.int("containerPort")
                    && it.text("protocol") == port.text("protocol")
            };
            for other in seen.iter().filter(|it| same(it)) {
                if let Some(how) = collision(&port, other) {
                    all.push(format!("{}: {how} port definition with {}", port.path, other.path));
                }
            }
            seen.push(port);
        }
    }
}

fn collision(port: &Node<'_>, other: &Node<'_>) -> Option<&'static str> {
    let host = |it: &Node<'_>| (it.text("hostIP").to_owned(), it.int("hostPort").unwrap_or(0));
    let ((own_ip, own), (its_ip, its)) = (host(port), host(other));
    if own_ip == its_ip && own == its {
        Some("duplicate")
    } else if own == 0 || its == 0 {
        Some("overlapping")
    } else if own == its && own_ip.is_empty() != its_ip.is_empty() {
        Some("dangerously ambiguous")
    } else {
        None
    }
}

fn affinity_terms(spec: &Node<'_>, all: &mut Vec<String>) {
    for kind in ["podAffinity", "podAntiAffinity"] {
        let of = spec.child("affinity").child(kind);
        let required = of.items("requiredDuringSchedulingIgnoredDuringExecution").into_iter();
        let preferred = of.items("preferredDuringSchedulingIgnoredDuringExecution").into_iter();
        for term in required.chain(preferred.map(|it| it.child("podAffinityTerm"))) {
            if !term.has("labelSelector") {
                all.push(format!("{}: {NOTHING}", term.at("labelSelector")));
            }
        }
    }
}

/// The files of a volume that come to lie in one place.
fn overlaps(volume: &Node<'_>, all: &mut Vec<String>) {
    let name = go::quote(volume.text("name"));
    let paths = |holder: &Node<'_>| -> Vec<String> {
        holder.items("items").iter().map(|it| it.text("path").to_owned()).collect()
    };
    for (key, kind, of) in [("configMap", "ConfigMap", "name"), ("secret", "Secret", "secretName")] {
        let source = volume.child(key);
        let head = format!("volume {name} ({kind} {}): overlapping paths", go::quote(source.text(of)));
        collide(&paths(&source), &head, all);
    }
    let head = format!("volume {name} (DownwardAPI): overlapping paths");
    collide(&paths(&volume.child("downwardAPI")), &head, all);
    let mut before: Vec<String> = Vec::new();
    for source in volume.child("projected").items("sources") {
        if source.value.as_object().is_none_or(Map::is_empty) {
            all.push(format!("volume {name} (Projected) has no sources provided"));
            continue;
        }
        let (what, own) = projected(&source);
        if own.is_empty() {
            continue;
        }
        let head = format!("volume {name} (Projected {what}): overlapping paths");
        collide(&own, &head, all);
        let mut together = own.clone();
        together.sort();
        together.dedup();
        together.extend(before.iter().cloned());
        together.sort();
        collide(&together, &head, all);
        before.extend(own);
        before.sort();
        before.dedup();
    }
}

fn projected(source: &Node<'_>) -> (String, Vec<String>) {
    let paths = |holder: &Node<'_>| -> Vec<String> {
        holder.items("items").iter().map(|it| it.text("path").to_owned()).collect()
    };
    for (key, kind) in [("configMap", "ConfigMap"), ("secret", "Secret")] {
        if let Some(it) = source.get(key).filter(|it| it.len("items") > 0) {
            return (format!("{kind} {}", go::quote(it.text("name"))), paths(&it));
        }
    }
    if let Some(it) = source.get("downwardAPI") {
        return ("DownwardAPI".into(), paths(&it));
    }
    if let Some(it) = source.get("serviceAccountToken") {
        return ("ServiceAccountToken".into(), vec![it.text("path").to_owned()]);
    }
    let Some(it) = source.get("clusterTrustBundle") else { return (String::new(), Vec::new()) };
    let name = if it.has("name") { it.text("name") } else { it.text("signerName") };
    (format!("ClusterTrustBundle {}", go::quote(name)), vec![it.text("path").to_owned()])
}

fn collide(paths: &[String], head: &str, all: &mut Vec<String>) {
    let mut seen: Vec<&str> = Vec::new();
    for path in paths {
        let path = path.trim_end_matches('/');
        let meets = |it: &&&str| format!("{it}/").starts_with(path) || format!("{path}/").starts_with(**it);
        if !path.is_empty()
            && let Some(other) = seen.iter().find(meets)
        {
            all.push(format!("{head}: {} with {}", go::quote(path), go::quote(other)));
        }
        if !seen.contains(&path) {
            seen.push(path);
        }
    }
}
