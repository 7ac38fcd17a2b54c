//! The environment of a container: what its image, its spec, its sources and the services say.

use std::collections::BTreeMap;

use base64::Engine;

use super::catalog::Image;
use crate::apimachinery::json::{Key, Value};
use crate::apimachinery::object;
use crate::apimachinery::quantity::Quantity;
use crate::cluster::{Object, Store};

pub(super) const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What the variables of a pod may refer to.
pub(super) struct Subject<'a> {
    pub(super) store: &'a Store,
    pub(super) pod: &'a Value,
    pub(super) container: &'a Value,
    pub(super) pod_ip: &'a str,
    pub(super) host_ip: &'a str,
}

/// All variables; the sentence of `CreateContainerConfigError` when a source is missing.
pub(super) fn resolve(
    subject: &Subject<'_>,
    image: Option<&Image>,
) -> Result<BTreeMap<String, String>, String> {
    let mut all = BTreeMap::from([("PATH".to_owned(), PATH.to_owned())]);
    let hostname = super::pod::hostname(subject.pod);
    all.insert("HOSTNAME".to_owned(), hostname);
    all.insert("HOME".to_owned(), "/root".to_owned());
    if let Some(image) = image {
        all.extend(image.config.env.clone());
    }
    let mut own = BTreeMap::new();
    for source in object::list(subject.container, "/envFrom") {
        extend_from(&mut own, subject, source)?;
    }
    // Services come first, so that a pod's own words win.
    let mut service = service_variables(subject);
    for variable in object::list(subject.container, "/env") {
        let value = match variable.get("valueFrom") {
            Some(source) => value_from(subject, source)?,
            None => {
                let known = |name: &str| own.get(name).or_else(|| service.get(name)).cloned();
                Some(super::container::expanded(object::field(variable, "value"), &known))
            }
        };
        if let Some(value) = value {
            own.insert(object::field(variable, "name").to_owned(), value);
        }
    }
    all.append(&mut service);
    all.append(&mut own);
    Ok(all)
}

fn extend_from(
    own: &mut BTreeMap<String, String>,
    subject: &Subject<'_>,
    source: &Value,
) -> Result<(), String> {
    let prefix = object::field(source, "prefix");
    for (kind, key) in [("configmap", "configMapRef"), ("secret", "secretRef")] {
        let Some(reference) = source.get(key) else { continue };
        let name = object::field(reference, "name");
        match data_of(subject, kind, name) {
            Some(data) => {
                own.extend(data.into_iter().map(|(key, value)| (format!("{prefix}{key}"), text(&value))))
            }
            None if object::flag(reference, "/optional") => {}
            None => return Err(format!("{kind} \"{name}\" not found")),
        }
    }
    Ok(())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn data_of(subject: &Subject<'_>, kind: &str, name: &str) -> Option<BTreeMap<String, Vec<u8>>> {
    let resource = if kind == "secret" { "secrets" } else { "configmaps" };
    let object = subject.store.find(resource, object::namespace(subject.pod), name)?;
    Some(data(object))
}

/// The entries of a ConfigMap or a Secret, decoded.
pub(super) fn data(object: &Object) -> BTreeMap<String, Vec<u8>> {
    let decode = |text: &str| base64::engine::general_purpose::STANDARD.decode(text).unwrap_or_default();
    let secret = object::text(object, "/kind") == "Secret";
    let plain = object::entries(object, "/data").map(|(key, value)| {
        let text = value.as_str().unwrap_or("");
        (key.to_string(), if secret { decode(text) } else { text.as_bytes().to_vec() })
    });
    let binary = object::entries(object, "/binaryData")
        .map(|(key, value)| (key.to_string(), decode(value.as_str().unwrap_or(""))));
    plain.chain(binary).collect()
}

fn value_from(subject: &Subject<'_>, source: &Value) -> Result<Option<String>, String> {
    if let Some(field) = source.get("fieldRef") {
        return Ok(Some(field_value(subject, object::field(field, "fieldPath"))));
    }
    if let Some(resource) = source.get("resourceFieldRef") {
        return Ok(Some(resource_value(subject, resource)));
    }
    for (kind, title, key) in
        [("configmap", "ConfigMap", "configMapKeyRef"), ("secret", "Secret", "secretKeyRef")]
    {
        let Some(reference) = source.get(key) else { continue };
        let (name, entry) = (object::field(reference, "name"), object::field(reference, "key"));
        let optional = object::flag(reference, "/optional");
        let Some(data) = data_of(subject, kind, name) else {
            return if optional { Ok(None) } else { Err(format!("{kind} \"{name}\" not found")) };
        };
        return match data.get(entry) {
            Some(value) => Ok(Some(text(value))),
            None if optional => Ok(None),
            None => {
                let namespace = object::namespace(subject.pod);
                Err(format!("couldn't find key {entry} in {title} {namespace}/{name}"))
            }
        };
    }
    Ok(None)
}

/// The value of a downward API field path.
pub(super) fn field_value(subject: &Subject<'_>, path: &str) -> String {
    let pod = subject.pod;
    let keyed = |map: &str| {
        let key = path.strip_prefix(map)?.strip_prefix("['")?.strip_suffix("']")?;
        pod.get("metadata")?.get(map.strip_prefix("metadata.")?)?.get(key)?.as_str().map(str::to_owned)
    };
    let lines = |pointer: &str| {
        let line = |(key, value): (&Key, &Value)| format!("{key}={:?}", value.as_str().unwrap_or(""));
        object::entries(pod, pointer).map(line).collect::<Vec<_>>().join("\n")
    };
    match path {
        "metadata.labels" => lines("/metadata/labels"),
        "metadata.annotations" => lines("/metadata/annotations"),
        "status.podIP" | "status.podIPs" => subject.pod_ip.to_owned(),
        "status.hostIP" | "status.hostIPs" => subject.host_ip.to_owned(),
        _ if path.contains('[') => {
            keyed("metadata.labels").or_else(|| keyed("metadata.annotations")).unwrap_or_default()
        }
        _ => object::text(pod, &format!("/{}", path.replace('.', "/"))).to_owned(),
    }
}

/// The value of a resource reference, in units of its divisor, rounded up.
pub(super) fn resource_value(subject: &Subject<'_>, reference: &Value) -> String {
    let resource = object::field(reference, "resource");
    let named = object::field(reference, "containerName");
    let containers = object::list(subject.pod, "/spec/containers");
    let container =
        containers.iter().find(|it| object::field(it, "name") == named).unwrap_or(subject.container);
    let (kind, name) = resource.split_once('.').unwrap_or(("limits", resource));
    let amount = object::at(container, &format!("/resources/{kind}/{name}"))
        // Without a limit, what the node has counts.
        .or_else(|| {
            let node = object::text(subject.pod, "/spec/nodeName");
            let node = subject.store.find("nodes", "", node)?;
            (kind == "limits").then(|| object::at(node, &format!("/status/allocatable/{name}"))).flatten()
        });
    let amount = Quantity::of(amount);
    let divisor = reference.get("divisor").map(|it| Quantity::of(Some(it))).filter(|it| !it.is_zero());
    let value = match (name, divisor) {
        ("cpu", None) => (amount.as_milli() + 999) / 1_000,
        ("cpu", Some(by)) => (amount.as_milli() + by.as_milli() - 1) / by.as_milli().max(1),
        (_, None) => amount.as_int(),
        (_, Some(by)) => (amount.as_int() + by.as_int() - 1) / by.as_int().max(1),
    };
    value.to_string()
}

/// `KUBERNETES_SERVICE_HOST` and what docker links used to set for each service of the namespace.
fn service_variables(subject: &Subject<'_>) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let namespace = object::namespace(subject.pod);
    if let Some(service) = subject.store.find("services", "default", "kubernetes") {
        add_service(&mut all, service);
    }
    if object::at(subject.pod, "/spec/enableServiceLinks") != Some(&Value::Bool(false)) {
        for service in subject.store.list("services", namespace) {
            add_service(&mut all, service);
        }
    }
    all
}

fn add_service(all: &mut BTreeMap<String, String>, service: &Value) {
    let ip = object::text(service, "/spec/clusterIP");
    if ip.is_empty() || ip == "None" {
        return;
    }
    let name = object::name(service).to_uppercase().replace('-', "_");
    all.insert(format!("{name}_SERVICE_HOST"), ip.to_owned());
    for (index, port) in object::list(service, "/spec/ports").iter().enumerate() {
        let number = object::int(port, "/port").unwrap_or(0);
        let protocol = match object::field(port, "protocol") {
            "" => "TCP",
            protocol => protocol,
        };
        let lower = protocol.to_lowercase();
        if index == 0 {
            all.insert(format!("{name}_SERVICE_PORT"), number.to_string());
            all.insert(format!("{name}_PORT"), format!("{lower}://{ip}:{number}"));
        }
        if let Some(port_name) = port.get("name").and_then(Value::as_str) {
            let port_name = port_name.to_uppercase().replace('-', "_");
            all.insert(format!("{name}_SERVICE_PORT_{port_name}"), number.to_string());
        }
        let prefix = format!("{name}_PORT_{number}_{protocol}");
        all.insert(prefix.clone(), format!("{lower}://{ip}:{number}"));
        all.insert(format!("{prefix}_PROTO"), lower);
        all.insert(format!("{prefix}_PORT"), number.to_string());
        all.insert(format!("{prefix}_ADDR"), ip.to_owned());
    }
}
