//! Configuration and the cluster's own objects: secrets, config maps, namespaces, nodes, classes,
//! signing requests, events.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::meta;
use super::node::{Node, choice, format, immutable};
use super::pod::{resource_value, taint_effect};
use crate::apimachinery::field::{self, Errors, Path};
use crate::apimachinery::json::{Map, Value, json};
use crate::apimachinery::{object, validate};

/// 1 MiB. The data of a Secret or ConfigMap together.
const DATA_BYTES_MAX: usize = 1024 * 1024;

const FROZEN: &str = "field is immutable when `immutable` is set";

fn decoded(value: &Value) -> Vec<u8> {
    STANDARD.decode(value.as_str().unwrap_or("")).unwrap_or_default()
}

/// A Secret.
pub(super) fn secret(it: &Value, errs: &mut Errors) {
    let root = Node::root(it);
    let data = root.at("data");
    let mut bytes = 0;
    for (key, value) in root.entries("data") {
        errs.extend(field::invalid_each(&data.key(key), key, &validate::config_map_key(key)));
        bytes += decoded(value).len();
    }
    if bytes > DATA_BYTES_MAX {
        errs.push(field::too_long(&data, DATA_BYTES_MAX));
    }
    let has = |key: &str| root.child("data").has(key);
    match root.text("type") {
        "kubernetes.io/service-account-token" => {
            const ACCOUNT: &str = "kubernetes.io/service-account.name";
            if object::annotation(it, ACCOUNT).is_none_or(str::is_empty) {
                let path = Path::new("metadata").child("annotations").key(ACCOUNT);
                errs.push(field::required(&path, ""));
            }
        }
        "kubernetes.io/dockercfg" => docker_config(&root, ".dockercfg", errs),
        "kubernetes.io/dockerconfigjson" => docker_config(&root, ".dockerconfigjson", errs),
        "kubernetes.io/basic-auth" if !has("username") && !has("password") => {
            errs.push(field::required(&data.key("username"), ""));
            errs.push(field::required(&data.key("password"), ""));
        }
        "kubernetes.io/ssh-auth" if root.child("data").text("ssh-privatekey").is_empty() => {
            errs.push(field::required(&data.key("ssh-privatekey"), ""));
        }
        "kubernetes.io/tls" => {
            for key in ["tls.crt", "tls.key"].iter().filter(|key| !has(key)) {
                errs.push(field::required(&data.key(key), ""));
            }
        }
        _ => {}
    }
}

fn docker_config(root: &Node<'_>, key: &str, errs: &mut Errors) {
    let path = root.at("data").key(key);
    let Some(value) = root.child("data").value.get(key) else {
        errs.push(field::required(&path, ""));
        return;
    };
    let parsed: Result<Map, _> = serde_json::from_slice(&decoded(value));
    if parsed.is_err() {
        let bytes = decoded(value);
        let why = match bytes.first() {
            None => "unexpected end of JSON input".to_owned(),
            Some(first) => {
                format!("invalid character '{}' looking for beginning of value", char::from(*first))
            }
        };
        errs.push(field::invalid(&path, "<secret contents redacted>", &why));
    }
}

/// What may change in a Secret.
pub(super) fn secret_update(new: &Value, old: &Value, errs: &mut Errors) {
    immutable(&Node::root(new), &Node::root(old), "type", errs);
    frozen(new, old, &["data"], errs);
}

/// What may change in a ConfigMap.
pub(super) fn config_map_update(new: &Value, old: &Value, errs: &mut Errors) {
    frozen(new, old, &["data", "binaryData"], errs);
}

fn frozen(new: &Value, old: &Value, keys: &[&str], errs: &mut Errors) {
    if !object::flag(old, "/immutable") {
        return;
    }
    if !object::flag(new, "/immutable") {
        errs.push(field::forbidden(&Path::new("immutable"), FROZEN));
    }
    for key in keys.iter().filter(|key| new.get(**key) != old.get(**key)) {
        errs.push(field::forbidden(&Path::new(key), FROZEN));
    }
}

/// A ConfigMap.
pub(super) fn config_map(it: &Value, errs: &mut Errors) {
    let root = Node::root(it);
    let mut bytes = 0;
    for (key, value) in root.entries("data") {
        let path = root.at("data").key(key);
        errs.extend(field::invalid_each(&path, key, &validate::config_map_key(key)));
        if root.child("binaryData").has(key) {
            errs.push(field::invalid(&path, key, "duplicate of key present in binaryData"));
        }
        bytes += value.as_str().map_or(0, str::len);
    }
    for (key, value) in root.entries("binaryData") {
        let path = root.at("binaryData").key(key);
        errs.extend(field::invalid_each(&path, key, &validate::config_map_key(key)));
        bytes += decoded(value).len();
    }
    if bytes > DATA_BYTES_MAX {
        let mut cause = field::too_long(&Path::root(), DATA_BYTES_MAX);
        cause.field = "[]".into();
        errs.push(cause);
    }
}

/// A Namespace.
pub(super) fn namespace(it: &Value, errs: &mut Errors) {
    let spec = Node::root(it).child("spec");
    for name in spec.strings("finalizers") {
        let path = spec.at("finalizers");
        errs.extend(field::invalid_each(&path, name, &validate::qualified_name(name)));
        meta::kube_finalizer(&path, name, errs);
    }
}

/// The phase of a Namespace follows its deletion. The path has a capital letter, as in the real server.
pub(super) fn namespace_status(it: &Value, errs: &mut Errors) {
    let root = Node::root(it);
    let (phase, path) = (root.child("status").text("phase"), root.at("status").child("Phase"));
    let detail = match root.child("metadata").has("deletionTimestamp") {
        false if phase != "Active" => "may only be 'Active' if `deletionTimestamp` is empty",
        true if phase != "Terminating" => "may only be 'Terminating' if `deletionTimestamp` is not empty",
        _ => return,
    };
    errs.push(field::invalid(&path, phase, detail));
}

/// A Node.
pub(super) fn node(it: &Value, errs: &mut Errors) {
    let root = Node::root(it);
    taints(&root, errs);
    node_resources(&root, errs);
    pod_networks(&root.child("spec"), errs);
}

/// At most one network of each family for the pods of a node.
fn pod_networks(spec: &Node<'_>, errs: &mut Errors) {
    let networks = spec.items("podCIDRs");
    let text = |it: &Node<'_>| it.value.as_str().unwrap_or("").to_owned();
    for cidr in &networks {
        errs.extend(field::invalid_each(&cidr.path, &text(cidr), &validate::cidr(&text(cidr))));
    }
    if networks.len() < 2 {
        return;
    }
    let all: Vec<String> = networks.iter().map(text).collect();
    let families = |six: bool| all.iter().filter(|it| it.contains(':') == six).count();
    if all.len() > 2 || families(true) != 1 || families(false) != 1 {
        let detail = "may specify no more than one CIDR for each IP family";
        errs.push(field::invalid(&spec.at("podCIDRs"), all.clone(), detail));
    }
    for (index, own) in
        all.iter().enumerate().filter(|(index, own)| all.iter().take(*index).any(|it| it == *own))
    {
        errs.push(field::duplicate(&spec.at("podCIDRs").index(index), own.as_str()));
    }
}

fn node_resources(root: &Node<'_>, errs: &mut Errors) {
    let status = root.child("status");
    for key in ["capacity", "allocatable"] {
        let path = status.at(key);
        status.entries(key).for_each(|(name, value)| resource_value(name, value, &path.child(name), errs));
    }
}

/// Taints stand under `metadata` in the messages, as in the real server.
fn taints(root: &Node<'_>, errs: &mut Errors) {
    let mut seen: BTreeSet<(&str, &str)> = BTreeSet::new();
    let path = Path::new("metadata").child("taints");
    for (index, taint) in root.child("spec").items("taints").iter().enumerate() {
        let path = path.index(index);
        let (key, value, effect) = (taint.text("key"), taint.text("value"), taint.text("effect"));
        meta::label_name(&path.child("key"), key, errs);
        let sentences = validate::label_value(value);
        if !sentences.is_empty() {
            errs.push(field::invalid(&path.child("value"), value, &sentences.join(";")));
        }
        match effect {
            "" => errs.push(field::required(&path.child("effect"), "")),
            effect => taint_effect(effect, &path.child("effect"), errs),
        }
        if !seen.insert((key, effect)) {
            let mut cause = field::duplicate(&path, "");
            cause.message = format!(
                "Duplicate value: {{\"Key\":\"{key}\",\"Value\":\"{value}\",\"Effect\":\"{effect}\",\"TimeAdded\":null}}: taints must be unique by key and effect pair"
            );
            errs.push(cause);
        }
    }
}

/// What may change in a Node.
pub(super) fn node_update(new: &Value, old: &Value, errs: &mut Errors) {
    let (after, before) = (Node::root(new), Node::root(old));
    let (now, then) = (after.child("spec"), before.child("spec"));
    node_resources(&after, errs);
    if then.len("podCIDRs") > 0 && then.strings("podCIDRs") != now.strings("podCIDRs") {
        let detail = "node updates may not change podCIDR except from \"\" to valid";
        errs.push(field::forbidden(&now.at("podCIDRs"), detail));
    }
    if !then.text("providerID").is_empty() && then.text("providerID") != now.text("providerID") {
        let detail = "node updates may not change providerID except from \"\" to valid";
        errs.push(field::forbidden(&now.at("providerID"), detail));
    }
    taints(&after, errs);
}

/// 1,000,000,000. Higher priorities are the system's.
const USER_PRIORITY_MAX: i64 = 1_000_000_000;

/// A PriorityClass.
pub(super) fn priority_class(it: &Value, errs: &mut Errors) {
    let root = Node::root(it);
    let (name, value) = (object::name(it), root.int("value").unwrap_or(0));
    let known = matches!(
        (name, value),
        ("system-node-critical", 2_000_001_000) | ("system-cluster-critical", 2_000_000_000)
    );
    if name.starts_with("system-") && !known {
        let detail = format!(
            "priority class names with 'system-' prefix are reserved for system use only. error: {name} is not a known system priority class"
        );
        errs.push(field::forbidden(&Path::new("metadata").child("name"), &detail));
    } else if !known && value > USER_PRIORITY_MAX {
        let detail = format!("maximum allowed value of a user defined priority is {USER_PRIORITY_MAX}");
        errs.push(field::forbidden(&root.at("value"), &detail));
    }
    if root.has("preemptionPolicy") {
        choice(&root, "preemptionPolicy", &["PreemptLowerPriority", "Never"], errs);
    }
}

/// What may change in a PriorityClass.
pub(super) fn priority_class_update(new: &Value, old: &Value, errs: &mut Errors) {
    let (after, before) = (Node::root(new), Node::root(old));
    if after.int("value").unwrap_or(0) != before.int("value").unwrap_or(0) {
        errs.push(field::forbidden(&after.at("value"), "may not be changed in an update."));
    }
    immutable(&after, &before, "preemptionPolicy", errs);
}

/// A RuntimeClass.
pub(super) fn runtime_class(it: &Value, errs: &mut Errors) {
    let root = Node::root(it);
    let handler = root.text("handler");
    errs.extend(field::invalid_each(&root.at("handler"), handler, &validate::dns1123_label(handler)));
    if let Some(amounts) = root.child("overhead").get("podFixed") {
        let limits = json!({"limits": amounts.value});
        super::pod::requirements(&Node { value: &limits, path: amounts.path }, &[], errs);
    }
    let scheduling = root.child("scheduling");
    meta::labels(&scheduling, "nodeSelector", errs);
    super::pod::tolerations(&scheduling, errs);
}

/// The handler of a RuntimeClass never changes.
pub(super) fn runtime_class_update(new: &Value, old: &Value, errs: &mut Errors) {
    immutable(&Node::root(new), &Node::root(old), "handler", errs);
}

const USAGES: &[&str] = &[
    "any",
    "cert sign",
    "client auth",
    "code signing",
    "content commitment",
    "crl sign",
    "data encipherment",
    "decipher only",
    "digital signature",
    "email protection",
    "encipher only",
    "ipsec end system",
    "ipsec tunnel",
    "ipsec user",
    "key agreement",
    "key encipherment",
    "microsoft sgc",
    "netscape sgc",
    "ocsp signing",
    "s/mime",
    "server auth",
    "signing",
    "timestamping",
];

/// A CertificateSigningRequest.
pub(super) fn signing_request(it: &Value, errs: &mut Errors) {
    let spec = Node::root(it).child("spec");
    let request = spec.text("request");
    let pem = decoded(spec.child("request").value);
    let is_request = String::from_utf8_lossy(&pem).contains("-----BEGIN CERTIFICATE REQUEST-----");
    if !is_request {
        let detail = "PEM block type must be CERTIFICATE REQUEST";
        errs.push(field::invalid(&spec.at("request"), request, detail));
    }
    if spec.len("usages") == 0 {
        errs.push(field::required(&spec.at("usages"), ""));
    }
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for usage in spec.items("usages") {
        let text = usage.value.as_str().unwrap_or("");
        if !USAGES.contains(&text) {
            errs.push(field::not_supported(&usage.path, text, USAGES));
        }
        if !seen.insert(text) {
            errs.push(field::duplicate(&usage.path, text));
        }
    }
    signer_name(&spec, errs);
    if let Some(seconds) = spec.int("expirationSeconds").filter(|it| *it < 600) {
        let detail = "may not specify a duration less than 600 seconds (10 minutes)";
        errs.push(field::invalid(&spec.at("expirationSeconds"), seconds, detail));
    }
}

fn signer_name(spec: &Node<'_>, errs: &mut Errors) {
    let (name, path) = (spec.text("signerName"), spec.at("signerName"));
    if name.is_empty() {
        errs.push(field::required(&path, ""));
        return;
    }
    match name.split('/').collect::<Vec<_>>().as_slice() {
        [domain, _] => {
            if domain.split('.').count() < 2 {
                errs.push(field::invalid(
                    &path,
                    name,
                    "should be a domain with at least two segments separated by dots",
                ));
            }
            for sentence in validate::dns1123_subdomain(domain) {
                errs.push(field::invalid(&path, name, &format!("validating domain {domain:?}: {sentence}")));
            }
        }
        _ => {
            let detail = "must be a fully qualified domain and path of the form 'example.com/signer-name'";
            errs.push(field::invalid(&path, name, detail));
        }
    }
}

/// An Event.
pub(super) fn event(it: &Value, errs: &mut Errors) {
    let root = Node::root(it);
    let about = root.child("involvedObject");
    let (own, theirs) = (object::namespace(it), about.text("namespace"));
    let detail = "does not match event.namespace";
    if theirs.is_empty() {
        if !matches!(own, "default" | "kube-system") {
            errs.push(field::invalid(&about.at("namespace"), theirs, detail));
        }
    } else if own != theirs {
        errs.push(field::invalid(&about.at("namespace"), theirs, detail));
    }
}

/// An APIService.
pub(super) fn api_service(it: &Value, errs: &mut Errors) {
    let spec = Node::root(it).child("spec");
    let (group, version) = (spec.text("group"), spec.text("version"));
    let want = format!("{version}.{group}");
    let name = object::name(it);
    if name != want {
        let path = Path::new("metadata").child("name");
        errs.push(field::invalid(&path, name, &format!("must be `spec.version+\".\"+spec.group`: {want:?}")));
    }
    if group.is_empty() && version != "v1" {
        let detail = "only v1 may have an empty group and it better be legacy kube";
        errs.push(field::required(&spec.at("group"), detail));
    }
    format(&spec, "group", validate::dns1123_subdomain, errs);
    errs.extend(field::invalid_each(&spec.at("version"), version, &validate::dns1035_label(version)));
    for (key, most) in [("groupPriorityMinimum", 20_000), ("versionPriority", 1_000)] {
        let priority = spec.int(key).unwrap_or(0);
        if !(1..=most).contains(&priority) {
            let detail = format!("must be positive and less than {most}");
            errs.push(field::invalid(&spec.at(key), priority, &detail));
        }
    }
    api_server(&spec, errs);
}

/// Who serves an APIService: another server behind a service, or this one.
fn api_server(spec: &Node<'_>, errs: &mut Errors) {
    let bundle = decoded(spec.child("caBundle").value).len();
    match spec.get("service") {
        None => {
            if bundle > 0 {
                let shown = format!("{bundle} bytes");
                let detail = "local APIServices may not have a caBundle";
                errs.push(field::invalid(&spec.at("caBundle"), shown, detail));
            }
            if spec.flag("insecureSkipTLSVerify") {
                let detail = "local APIServices may not have insecureSkipTLSVerify";
                errs.push(field::invalid(&spec.at("insecureSkipTLSVerify"), true, detail));
            }
        }
        Some(service) => {
            for key in ["namespace", "name"] {
                super::node::required(&service, key, errs);
            }
            let port = service.int("port").unwrap_or(443);
            let sentences = validate::port(port);
            if !sentences.is_empty() {
                let detail = format!("port is not valid: {}", sentences.join(", "));
                errs.push(field::invalid(&service.at("port"), port, &detail));
            }
            if spec.flag("insecureSkipTLSVerify") && bundle > 0 {
                let detail = "may not be true if caBundle is present";
                errs.push(field::invalid(&spec.at("insecureSkipTLSVerify"), true, detail));
            }
        }
    }
}
