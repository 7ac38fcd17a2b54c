//! What may change in a Pod that exists.

use crate::apimachinery::field::{self, Errors, Path};
use crate::apimachinery::json::{Map, Value, json};
use crate::apimachinery::{object, validate};
use crate::cluster::api::strategy::qos_class;
use crate::cluster::api::validation::meta;
use crate::cluster::api::validation::node::{Node, immutable, required};

/// The real message ends in a dump of internal types, which is left out here.
const SPEC: &str = "pod updates may not change fields other than `spec.containers[*].image`,\
    `spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing \
    tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

const MIRROR: &str = "kubernetes.io/config.mirror";

/// A write to the pod itself.
pub(in crate::cluster::api::validation) fn pod(new: &Value, old: &Value, errs: &mut Errors) {
    common(new, old, errs);
    let (after, before) = (Node::root(new).child("spec"), Node::root(old).child("spec"));
    for list in ["containers", "initContainers"] {
        if after.len(list) != before.len(list) {
            errs.push(field::forbidden(&after.at(list), "pod updates may not add or remove containers"));
            return;
        }
        for container in after.items(list) {
            required(&container, "image", errs);
            super::containers::image_spaces(&container, errs);
        }
    }
    if !deadline(&after, &before, errs) {
        return;
    }
    tolerations(&after, &before, errs);
    gates(&after, &before, errs);
    let mut munged = after.value.clone();
    munge(&mut munged, before.value, gated(&before), &after.path, errs);
    if munged != *before.value {
        errs.push(field::forbidden(&after.path, SPEC));
    }
}

fn common(new: &Value, old: &Value, errs: &mut Errors) {
    meta::update(new, old, errs);
    super::metadata_and_spec(new, errs);
    let path = Path::new("metadata").child("annotations");
    let (now, then) = (object::annotation(new, MIRROR), object::annotation(old, MIRROR));
    match (then, now) {
        (None, Some(_)) => {
            errs.push(field::forbidden(&path.key(MIRROR), "may not add mirror pod annotation"))
        }
        (Some(a), b) if Some(a) != b => {
            errs.push(field::forbidden(&path.key(MIRROR), "may not remove or update mirror pod annotation"));
        }
        _ => {}
    }
}

/// A deadline may be set, and shortened. False when nothing further is to be said.
fn deadline(after: &Node<'_>, before: &Node<'_>, errs: &mut Errors) -> bool {
    const KEY: &str = "activeDeadlineSeconds";
    let path = after.at(KEY);
    match (after.int(KEY), before.int(KEY)) {
        (Some(now), _) if !(0..=i64::from(i32::MAX)).contains(&now) => {
            errs.push(field::invalid(&path, now, "must be between 0 and 2147483647, inclusive"));
            false
        }
        (Some(now), Some(then)) if then < now => {
            errs.push(field::invalid(&path, now, "must be less than or equal to previous value"));
            false
        }
        (None, Some(_)) => {
            let detail = "must not update from a positive integer to nil value";
            errs.push(field::invalid(&path, Value::Null, detail));
            true
        }
        _ => true,
    }
}

fn tolerations(after: &Node<'_>, before: &Node<'_>, errs: &mut Errors) {
    let bare = |toleration: &Value| {
        let mut bare = toleration.clone();
        object::remove(&mut bare, &["tolerationSeconds"]);
        bare
    };
    let now: Vec<Value> = after.items("tolerations").iter().map(|it| bare(it.value)).collect();
    let kept = before.items("tolerations").iter().all(|it| now.contains(&bare(it.value)));
    if !kept {
        let detail = "existing toleration can not be modified except its tolerationSeconds";
        errs.push(field::forbidden(&after.at("tolerations"), detail));
    }
}

fn gates(after: &Node<'_>, before: &Node<'_>, errs: &mut Errors) {
    let had: Vec<String> =
        before.items("schedulingGates").iter().map(|it| it.text("name").to_owned()).collect();
    for gate in after.items("schedulingGates") {
        let name = gate.text("name");
        if !had.iter().any(|it| it == name) {
            let detail = format!("only deletion is allowed, but found new scheduling gate '{name}'");
            errs.push(field::forbidden(&gate.at("name"), &detail));
        }
    }
}

fn gated(before: &Node<'_>) -> bool {
    before.len("schedulingGates") > 0
}

/// Puts the old values where a change is allowed, so that the rest can be compared.
fn munge(munged: &mut Value, old: &Value, gated: bool, path: &Path, errs: &mut Errors) {
    for list in ["containers", "initContainers"] {
        let before = old.get(list).and_then(Value::as_array);
        let after = munged.get_mut(list).and_then(Value::as_array_mut);
        for (after, before) in after.into_iter().flatten().zip(before.into_iter().flatten()) {
            put_back(after, before, "image");
        }
    }
    for key in ["activeDeadlineSeconds", "schedulingGates", "tolerations"] {
        put_back(munged, old, key);
    }
    let grace = |spec: &Value| object::int(spec, "/terminationGracePeriodSeconds");
    if grace(old).is_some_and(|it| it < 0) && grace(munged) == Some(1) {
        put_back(munged, old, "terminationGracePeriodSeconds");
    }
    if gated {
        if !contains_all(munged.get("nodeSelector"), old.get("nodeSelector")) {
            let detail = "only additions to spec.nodeSelector are allowed (no mutations or deletions)";
            let value = munged.get("nodeSelector").cloned().unwrap_or(Value::Null);
            errs.push(field::invalid(&path.child("nodeSelector"), value, detail));
        }
        put_back(munged, old, "nodeSelector");
        node_terms(munged, old, &path.child("affinity").child("nodeAffinity"), errs);
        let affinity = old.pointer("/affinity/nodeAffinity").cloned();
        match affinity {
            Some(affinity) => object::set(munged, &["affinity", "nodeAffinity"], affinity),
            None => drop(object::remove(munged, &["affinity", "nodeAffinity"])),
        }
        if old.get("affinity").is_none() && munged.get("affinity") == Some(&json!({})) {
            object::remove(munged, &["affinity"]);
        }
    }
}

/// Terms that a gated pod asks of its node may be narrowed, not dropped or widened.
fn node_terms(new: &Value, old: &Value, path: &Path, errs: &mut Errors) {
    const AT: &str =
        "/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms";
    let (now, then) = (object::list(new, AT), object::list(old, AT));
    let path = path.child("requiredDuringSchedulingIgnoredDuringExecution").child("nodeSelectorTerms");
    if !then.is_empty() && now.len() != then.len() {
        let detail = "no additions/deletions to non-empty NodeSelectorTerms list are allowed";
        errs.push(field::invalid(&path, json!(now), detail));
        return;
    }
    for (index, (now, then)) in now.iter().zip(then).enumerate() {
        let lists = ["/matchExpressions", "/matchFields"];
        let grows = lists.iter().all(|list| object::list(now, list).starts_with(object::list(then, list)));
        let empty = |term: &Value| lists.iter().all(|list| object::list(term, list).is_empty());
        if !grows || (empty(then) && !empty(now)) {
            let detail = "only additions are allowed (no mutations or deletions)";
            errs.push(field::invalid(&path.index(index), now.clone(), detail));
        }
    }
}

fn contains_all(now: Option<&Value>, then: Option<&Value>) -> bool {
    let empty = Map::new();
    let now = now.and_then(Value::as_object).unwrap_or(&empty);
    then.and_then(Value::as_object).unwrap_or(&empty).iter().all(|(key, value)| now.get(key) == Some(value))
}

fn put_back(munged: &mut Value, old: &Value, key: &str) {
    match old.get(key) {
        Some(value) => object::set(munged, &[key], value.clone()),
        None => drop(object::remove(munged, &[key])),
    }
}

/// A write to the `ephemeralcontainers` subresource.
pub(in crate::cluster::api::validation) fn ephemeral_containers(new: &Value, old: &Value, errs: &mut Errors) {
    common(new, old, errs);
    if object::annotation(old, MIRROR).is_some() {
        errs.clear();
        let root = Path::root();
        errs.push(field::forbidden(&root, "static pods do not support ephemeral containers"));
        return;
    }
    let after = Node::root(new).child("spec");
    let path = after.at("ephemeralContainers");
    for was in object::list(old, "/spec/ephemeralContainers") {
        let name = object::field(was, "name");
        match after.items("ephemeralContainers").iter().find(|it| it.text("name") == name) {
            None => {
                let detail =
                    format!("existing ephemeral containers {} may not be removed", super::quoted(name));
                errs.push(field::forbidden(&path, &detail));
            }
            Some(is) if is.value != was => {
                let detail =
                    format!("existing ephemeral containers {} may not be changed", super::quoted(name));
                errs.push(field::forbidden(&path, &detail));
            }
            Some(_) => {}
        }
    }
}

/// A write to the `resize` subresource.
pub(in crate::cluster::api::validation) fn resize(new: &Value, old: &Value, errs: &mut Errors) {
    common(new, old, errs);
    let path = Path::new("spec");
    if object::annotation(old, MIRROR).is_some() {
        errs.push(field::forbidden(&Path::root(), "static pods cannot be resized"));
    }
    let class = object::text(old, "/status/qosClass");
    if qos_class(new) != class {
        let detail = "Pod QOS Class may not change as a result of resizing";
        errs.push(field::invalid(&path, class, detail));
    }
    if !node_resizes(old) {
        errs.push(field::forbidden(&path, "Pod running on node without support for resize"));
    }
    let mut munged = new.get("spec").cloned().unwrap_or(Value::Null);
    let before = old.get("spec").unwrap_or(&Value::Null);
    for list in ["containers", "initContainers"] {
        let was = before.get(list).and_then(Value::as_array);
        let is = munged.get_mut(list).and_then(Value::as_array_mut);
        for (index, (after, before)) in is.into_iter().flatten().zip(was.into_iter().flatten()).enumerate() {
            let sidecar = object::field(before, "restartPolicy") == "Always";
            let place = path.child(list).index(index);
            let detail = match (list, sidecar) {
                ("containers", _) => "only cpu and memory resources are mutable",
                (_, true) => "only cpu and memory resources for sidecar containers are mutable",
                (_, false) => "resources for non-sidecar init containers are immutable",
            };
            if list == "containers" || sidecar {
                removed(after, before, &place, errs);
                cpu_and_memory_back(after, before);
                put_back(after, before, "resizePolicy");
            }
            if after != before {
                errs.push(field::forbidden(&path, detail));
            }
        }
    }
    if errs.is_empty() && munged != *before {
        errs.push(field::forbidden(&path, "only cpu and memory resources are mutable"));
    }
}

/// A kubelet that can resize says which resources a running container has.
fn node_resizes(pod: &Value) -> bool {
    let statuses = object::list(pod, "/status/containerStatuses");
    let running = statuses.iter().find(|it| object::at(it, "/state/running").is_some());
    running.is_none_or(|it| it.get("resources").is_some())
}

fn removed(after: &Value, before: &Value, path: &Path, errs: &mut Errors) {
    for kind in ["limits", "requests"] {
        for (name, _) in object::entries(before, &format!("/resources/{kind}")) {
            let gone = after.get("resources").and_then(|it| it.get(kind)?.get(name)).is_none();
            if gone && matches!(name.as_str(), "cpu" | "memory") {
                let detail = format!("resource {kind} cannot be removed");
                errs.push(field::forbidden(&path.child("resources").child(kind), &detail));
            }
        }
    }
}

fn cpu_and_memory_back(after: &mut Value, before: &Value) {
    for kind in ["limits", "requests"] {
        for name in ["cpu", "memory"] {
            match before.pointer(&format!("/resources/{kind}/{name}")) {
                Some(value) => object::set(after, &["resources", kind, name], value.clone()),
                None => drop(object::remove(after, &["resources", kind, name])),
            }
        }
        let empty = after.pointer(&format!("/resources/{kind}")) == Some(&json!({}));
        if empty && before.pointer(&format!("/resources/{kind}")).is_none() {
            object::remove(after, &["resources", kind]);
        }
    }
}

/// A write to the `status` subresource.
pub(in crate::cluster::api::validation) fn status(new: &Value, old: &Value, errs: &mut Errors) {
    meta::update(new, old, errs);
    conditions(new, errs);
    let (after, before) = (Node::root(new).child("status"), Node::root(old).child("status"));
    immutable(&after, &before, "qosClass", errs);
    transitions(new, old, errs);
    addresses(&after, errs);
}

/// Conditions that are not the system's have qualified names. The path is the real server's.
fn conditions(new: &Value, errs: &mut Errors) {
    let path = Path::new("metadata").child("conditions");
    for (index, condition) in object::list(new, "/status/conditions").iter().enumerate() {
        let kind = object::field(condition, "type");
        if !["PodScheduled", "Ready", "Initialized"].contains(&kind) {
            let sentences = validate::qualified_name(kind);
            errs.extend(field::invalid_each(&path.index(index).child("Type"), kind, &sentences));
        }
    }
}

fn addresses(status: &Node<'_>, errs: &mut Errors) {
    for (one, all) in [("podIP", "podIPs"), ("hostIP", "hostIPs")] {
        let mut ips: Vec<&str> = status.items(all).iter().map(|it| it.text("ip")).collect();
        // The single address means the first of the list.
        if !status.text(one).is_empty() && ips.first() != Some(&status.text(one)) {
            ips = vec![status.text(one)];
        }
        for (index, ip) in ips.into_iter().enumerate() {
            errs.extend(field::invalid_each(&status.at(all).index(index), ip, &validate::ip(ip)));
        }
    }
}

/// What has ended does not begin again where nothing restarts it.
fn transitions(new: &Value, old: &Value, errs: &mut Errors) {
    let policy = object::text(old, "/spec/restartPolicy");
    if policy == "Always" {
        return;
    }
    for list in ["containerStatuses", "initContainerStatuses"] {
        let sidecars: Vec<&str> = object::list(old, "/spec/initContainers")
            .iter()
            .filter(|it| object::field(it, "restartPolicy") == "Always")
            .map(|it| object::field(it, "name"))
            .collect();
        for (index, was) in object::list(old, &format!("/status/{list}")).iter().enumerate() {
            let Some(ended) = object::at(was, "/state/terminated") else { continue };
            let failed = object::int(ended, "/exitCode").unwrap_or(0) != 0;
            let name = object::field(was, "name");
            if (failed && policy == "OnFailure") || sidecars.contains(&name) {
                continue;
            }
            let is = object::list(new, &format!("/status/{list}"));
            let revived = is
                .iter()
                .any(|it| object::field(it, "name") == name && object::at(it, "/state/terminated").is_none());
            if revived {
                let path = Path::new("status").child(list).index(index).child("state");
                errs.push(field::forbidden(&path, "may not be transitioned to non-terminated state"));
            }
        }
    }
}
