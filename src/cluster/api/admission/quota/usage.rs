//! What one object uses of a quota: amounts by the names that stand in `spec.hard`.
//!
//! Rules of kubernetes/kubernetes `pkg/quota/v1/evaluator/core`.

use std::collections::BTreeMap;

use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::apimachinery::quantity::{Format, Quantity};

/// Amounts by resource name.
pub(crate) type Amounts = BTreeMap<String, Quantity>;

/// The amounts at a JSON pointer.
pub(crate) fn amounts(tree: &Value, pointer: &str) -> Amounts {
    object::entries(tree, pointer)
        .map(|(name, value)| (name.to_string(), Quantity::of(Some(value))))
        .collect()
}

/// Core resources that count under their own name beside `count/…`.
const BY_NAME: &[&str] = &[
    "configmaps",
    "persistentvolumeclaims",
    "replicationcontrollers",
    "resourcequotas",
    "secrets",
    "services",
];

fn one() -> Quantity {
    Quantity::from_int(1, Format::DecimalSi)
}

/// What an object of a group-resource uses.
pub(crate) fn of(storage: &str, object: &Value) -> Amounts {
    let mut used = Amounts::new();
    used.insert(format!("count/{storage}"), one());
    if BY_NAME.contains(&storage) {
        used.insert(storage.to_owned(), one());
    }
    match storage {
        "pods" => add_pod(&mut used, object),
        "services" => add_service(&mut used, object),
        "persistentvolumeclaims" => add_claim(&mut used, object),
        _ => {}
    }
    used
}

/// True when objects of `storage` can count towards one of `names`.
pub(crate) fn counts<'a>(storage: &str, mut names: impl Iterator<Item = &'a str>) -> bool {
    let count = format!("count/{storage}");
    names.any(|name| {
        name == count
            || match storage {
                "pods" => !name.starts_with("count/") && !BY_NAME.contains(&name),
                "services" => name == "services" || name.starts_with("services."),
                "persistentvolumeclaims" => {
                    name == storage
                        || name.ends_with("persistentvolumeclaims")
                        || name.ends_with("requests.storage")
                }
                _ => name == storage && BY_NAME.contains(&storage),
            }
    })
}

/// Pods that have ended use nothing but their place in the store.
fn is_over(pod: &Value) -> bool {
    matches!(object::text(pod, "/status/phase"), "Failed" | "Succeeded")
}

fn add_pod(used: &mut Amounts, pod: &Value) {
    if is_over(pod) {
        return;
    }
    used.insert("pods".into(), one());
    for (name, amount) in total(pod, "requests") {
        if matches!(name.as_str(), "cpu" | "memory" | "ephemeral-storage") {
            used.insert(name.clone(), amount.clone());
        }
        used.insert(format!("requests.{name}"), amount);
    }
    for (name, amount) in total(pod, "limits") {
        used.insert(format!("limits.{name}"), amount);
    }
}

/// Containers in sum; restartable init containers add to that, others count where they need more.
pub(crate) fn total(pod: &Value, kind: &str) -> Amounts {
    let pointer = format!("/resources/{kind}");
    let mut sum = Amounts::new();
    object::list(pod, "/spec/containers").iter().for_each(|it| add(&mut sum, &amounts(it, &pointer)));
    let (mut sidecars, mut peak) = (Amounts::new(), Amounts::new());
    for container in object::list(pod, "/spec/initContainers") {
        let own = amounts(container, &pointer);
        if object::field(container, "restartPolicy") == "Always" {
            add(&mut sum, &own);
            add(&mut sidecars, &own);
            raise(&mut peak, &sidecars);
        } else {
            let mut at_once = own;
            add(&mut at_once, &sidecars);
            raise(&mut peak, &at_once);
        }
    }
    raise(&mut sum, &peak);
    let pod_level = amounts(pod, &format!("/spec/resources/{kind}"));
    sum.extend(pod_level);
    add(&mut sum, &amounts(pod, "/spec/overhead"));
    sum
}

fn add(sum: &mut Amounts, more: &Amounts) {
    for (name, amount) in more {
        let total = sum.get(name).map_or_else(|| amount.clone(), |it| it.add(amount));
        sum.insert(name.clone(), total);
    }
}

fn raise(peak: &mut Amounts, other: &Amounts) {
    for (name, amount) in other {
        if peak.get(name).is_none_or(|it| it < amount) {
            peak.insert(name.clone(), amount.clone());
        }
    }
}

fn add_service(used: &mut Amounts, service: &Value) {
    let ports = object::list(service, "/spec/ports").len();
    let ports = Quantity::from_int(i64::try_from(ports).unwrap_or(0), Format::DecimalSi);
    let zero = Quantity::from_int(0, Format::DecimalSi);
    let (balancers, node_ports) = match object::text(service, "/spec/type") {
        "NodePort" => (zero, ports),
        "LoadBalancer"
            if service.pointer("/spec/allocateLoadBalancerNodePorts") == Some(&Value::Bool(false)) =>
        {
            (one(), zero)
        }
        "LoadBalancer" => (one(), ports),
        _ => (zero.clone(), zero),
    };
    used.insert("services.loadbalancers".into(), balancers);
    used.insert("services.nodeports".into(), node_ports);
}

fn add_claim(used: &mut Amounts, claim: &Value) {
    let class = object::text(claim, "/spec/storageClassName").to_owned();
    let prefix = format!("{class}.storageclass.storage.k8s.io");
    if !class.is_empty() {
        used.insert(format!("{prefix}/persistentvolumeclaims"), one());
    }
    if let Some(size) = object::at(claim, "/spec/resources/requests/storage") {
        let size = Quantity::of(Some(size));
        if !class.is_empty() {
            used.insert(format!("{prefix}/requests.storage"), size.clone());
        }
        used.insert("requests.storage".into(), size);
    }
}

/// The containers that do not say what a quota on `name` counts of them.
pub(crate) fn unspecified(pod: &Value, name: &str) -> Vec<String> {
    let pointer = match name {
        "cpu" | "memory" => ("requests", name),
        _ => match name.split_once('.') {
            Some((kind @ ("requests" | "limits"), rest @ ("cpu" | "memory"))) => (kind, rest),
            _ => return Vec::new(),
        },
    };
    let pod_level = pod.pointer(&format!("/spec/resources/{}", pointer.0)).and_then(|it| it.get(pointer.1));
    if pod_level.is_some() {
        return Vec::new();
    }
    let containers =
        object::list(pod, "/spec/containers").iter().chain(object::list(pod, "/spec/initContainers"));
    let mut names: Vec<String> = containers
        .filter(|it| {
            it.pointer(&format!("/resources/{}", pointer.0)).and_then(|it| it.get(pointer.1)).is_none()
        })
        .map(|it| object::field(it, "name").to_owned())
        .collect();
    names.sort();
    names
}
