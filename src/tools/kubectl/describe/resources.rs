//! What pods ask of a node: requests, limits and quality of service.
//!
//! Rules of component-helpers `resource/helpers.go`.

use std::collections::BTreeMap;

use crate::apimachinery::json::{Key, Value};
use crate::apimachinery::object::{at, entries, field, list, text};
use crate::apimachinery::quantity::Quantity;

/// Amounts by resource name.
pub(super) type Amounts = BTreeMap<String, Quantity>;

/// Which of the two lists of a container.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    Requests,
    Limits,
}

impl Which {
    fn pointer(self) -> &'static str {
        match self {
            Self::Requests => "/requests",
            Self::Limits => "/limits",
        }
    }
}

fn read(list: &Value, pointer: &str) -> Amounts {
    let amount = |(name, value): (&Key, &Value)| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        Some((name.to_string(), Quantity::parse(&text).ok()?))
    };
    entries(list, pointer).filter_map(amount).collect()
}

fn add(total: &mut Amounts, more: &Amounts) {
    for (name, amount) in more {
        match total.get_mut(name) {
            Some(sum) => *sum = sum.add(amount),
            None => drop(total.insert(name.clone(), amount.clone())),
        }
    }
}

fn raise(total: &mut Amounts, other: &Amounts) {
    for (name, amount) in other {
        if total.get(name).is_none_or(|have| amount.cmp(have).is_gt()) {
            total.insert(name.clone(), amount.clone());
        }
    }
}

/// What a container has in force: its status when asked for and known, its spec otherwise.
fn container_amounts(pod: &Value, container: &Value, which: Which, use_status: bool) -> Amounts {
    let spec =
        container.get("resources").map(|resources| read(resources, which.pointer())).unwrap_or_default();
    if !use_status {
        return spec;
    }
    let name = field(container, "name");
    let statuses =
        list(pod, "/status/containerStatuses").iter().chain(list(pod, "/status/initContainerStatuses"));
    let Some(status) = statuses.into_iter().find(|status| field(status, "name") == name) else {
        return spec;
    };
    let mut all = spec;
    if let Some(resources) = at(status, "/resources") {
        raise(&mut all, &read(resources, which.pointer()));
    }
    if which == Which::Requests {
        raise(&mut all, &read(status, "/allocatedResources"));
    }
    all
}

/// The sum over a pod's containers, with the peak of its init containers, pod-level amounts and overhead.
pub(super) fn of_pod(pod: &Value, which: Which, use_status: bool) -> Amounts {
    let mut total = Amounts::new();
    for container in list(pod, "/spec/containers") {
        add(&mut total, &container_amounts(pod, container, which, use_status));
    }
    let (mut sidecars, mut peak) = (Amounts::new(), Amounts::new());
    for container in list(pod, "/spec/initContainers") {
        let own = container_amounts(pod, container, which, use_status);
        if field(container, "restartPolicy") == "Always" {
            add(&mut total, &own);
            add(&mut sidecars, &own);
            raise(&mut peak, &sidecars);
        } else {
            let mut with = own;
            add(&mut with, &sidecars);
            raise(&mut peak, &with);
        }
    }
    raise(&mut total, &peak);
    if let Some(resources) = at(pod, "/spec/resources") {
        let own = read(resources, which.pointer());
        total.extend(own.into_iter().filter(|(name, _)| pod_level(name)));
    }
    let mut overhead = pod.get("spec").map(|spec| read(spec, "/overhead")).unwrap_or_default();
    if which == Which::Limits {
        overhead.retain(|name, _| total.get(name).is_some_and(|amount| amount.as_milli() != 0));
    }
    add(&mut total, &overhead);
    total
}

fn pod_level(name: &str) -> bool {
    ["cpu", "memory"].contains(&name) || name.starts_with("hugepages-")
}

/// The sum over pods.
pub(super) fn of_pods(pods: &[Value], which: Which) -> Amounts {
    let mut total = Amounts::new();
    for pod in pods {
        add(&mut total, &of_pod(pod, which, false));
    }
    total
}

/// The quality of service class: from the status, else computed.
pub(super) fn qos(pod: &Value) -> String {
    match text(pod, "/status/qosClass") {
        "" => computed_qos(pod).to_owned(),
        class => class.to_owned(),
    }
}

const BURSTABLE: &str = "Burstable";

fn computed_qos(pod: &Value) -> &'static str {
    let pod_resources = at(pod, "/spec/resources");
    let set = |resources: &&Value| {
        ["/requests", "/limits"].iter().any(|p| entries(resources, p).any(|(n, _)| pod_level(n)))
    };
    if let Some(resources) = pod_resources.filter(set) {
        return requirements_qos(Some(resources));
    }
    let containers = list(pod, "/spec/initContainers").iter().chain(list(pod, "/spec/containers"));
    let mut class = None;
    for container in containers {
        let own = requirements_qos(container.get("resources"));
        if own == BURSTABLE || class.is_some_and(|class| class != own) {
            return BURSTABLE;
        }
        class = Some(own);
    }
    class.unwrap_or("BestEffort")
}

fn requirements_qos(resources: Option<&Value>) -> &'static str {
    let Some(resources) = resources else { return "BestEffort" };
    let (requests, limits) = (read(resources, "/requests"), read(resources, "/limits"));
    let mut class = None;
    for name in ["cpu", "memory"] {
        let milli = |list: &Amounts| list.get(name).map_or(0, Quantity::as_milli);
        let own = match (milli(&requests), milli(&limits)) {
            (request, limit) if request != limit => BURSTABLE,
            (0, _) => "BestEffort",
            _ => "Guaranteed",
        };
        if own == BURSTABLE || class.is_some_and(|class| class != own) {
            return BURSTABLE;
        }
        class = Some(own);
    }
    class.unwrap_or("BestEffort")
}
