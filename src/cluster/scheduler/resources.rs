//! How much a pod asks for and a node has, in the scheduler's integers.

use std::collections::BTreeMap;

use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::apimachinery::quantity::Quantity;

/// 100 thousandths of a CPU: what scoring takes for a container that asks for none.
///
/// Source: `pkg/scheduler/util/pod_resources.go`, `DefaultMilliCPURequest`.
const CPU_MILLI_UNSET: i64 = 100;

/// 200 MiB: the same for memory. Same source.
const MEMORY_BYTES_UNSET: i64 = 200 << 20;

/// Amounts of resources.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Resources {
    /// Thousandths of a CPU.
    pub(crate) cpu_milli: i64,
    /// Bytes.
    pub(crate) memory: i64,
    /// Bytes.
    pub(crate) ephemeral: i64,
    /// Everything else by name: huge pages, devices.
    pub(crate) scalars: BTreeMap<String, i64>,
}

impl Resources {
    /// What a `requests`, `limits` or `allocatable` map says; `pods` is left out.
    pub(crate) fn of(list: Option<&Value>) -> Self {
        let mut resources = Self::default();
        for (name, quantity) in list.and_then(Value::as_object).into_iter().flatten() {
            let quantity = Quantity::of(Some(quantity));
            match name.as_str() {
                "cpu" => resources.cpu_milli = quantity.as_milli(),
                "memory" => resources.memory = quantity.as_int(),
                "ephemeral-storage" => resources.ephemeral = quantity.as_int(),
                "pods" => {}
                _ => drop(resources.scalars.insert(name.clone().into(), quantity.as_int())),
            }
        }
        resources
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.cpu_milli += other.cpu_milli;
        self.memory += other.memory;
        self.ephemeral += other.ephemeral;
        for (name, amount) in &other.scalars {
            *self.scalars.entry(name.clone()).or_default() += amount;
        }
    }

    pub(crate) fn sub(&mut self, other: &Self) {
        self.cpu_milli -= other.cpu_milli;
        self.memory -= other.memory;
        self.ephemeral -= other.ephemeral;
        for (name, amount) in &other.scalars {
            *self.scalars.entry(name.clone()).or_default() -= amount;
        }
    }

    /// Raises each amount to that of `other` where that is more.
    fn raise(&mut self, other: &Self) {
        self.cpu_milli = self.cpu_milli.max(other.cpu_milli);
        self.memory = self.memory.max(other.memory);
        self.ephemeral = self.ephemeral.max(other.ephemeral);
        for (name, &amount) in &other.scalars {
            let own = self.scalars.entry(name.clone()).or_default();
            *own = amount.max(*own);
        }
    }

    /// True when nothing is asked for.
    pub(crate) fn is_zero(&self) -> bool {
        self.cpu_milli == 0
            && self.memory == 0
            && self.ephemeral == 0
            && self.scalars.values().all(|&amount| amount == 0)
    }
}

/// What the pod's containers ask for together.
///
/// Rules of component-helpers' `resource.PodRequests`: containers and sidecars add up, init
/// containers run one after the other beside the sidecars before them, pod-level requests win, and
/// the overhead of a runtime class comes on top.
pub(crate) fn requests(pod: &Value) -> Resources {
    sum(pod, |container| Resources::of(container.get("resources").and_then(|it| it.get("requests"))))
}

/// As [`requests`], with what scoring assumes for containers that name no CPU or memory.
pub(crate) fn requests_nonzero(pod: &Value) -> Resources {
    sum(pod, |container| {
        let list = container.get("resources").and_then(|it| it.get("requests"));
        let mut resources = Resources::of(list);
        let names = |name: &str| list.is_some_and(|list| list.get(name).is_some());
        if !names("cpu") {
            resources.cpu_milli = CPU_MILLI_UNSET;
        }
        if !names("memory") {
            resources.memory = MEMORY_BYTES_UNSET;
        }
        resources
    })
}

fn sum(pod: &Value, of: impl Fn(&Value) -> Resources) -> Resources {
    let mut total = Resources::default();
    for container in object::list(pod, "/spec/containers") {
        total.add(&of(container));
    }
    let mut sidecars = Resources::default();
    let mut start_up = Resources::default();
    for container in object::list(pod, "/spec/initContainers") {
        let own = of(container);
        if object::field(container, "restartPolicy") == "Always" {
            total.add(&own);
            sidecars.add(&own);
            start_up.raise(&sidecars);
        } else {
            let mut with_sidecars = own;
            with_sidecars.add(&sidecars);
            start_up.raise(&with_sidecars);
        }
    }
    total.raise(&start_up);
    override_with(&mut total, object::at(pod, "/spec/resources/requests"));
    total.add(&Resources::of(object::at(pod, "/spec/overhead")));
    total
}

fn override_with(total: &mut Resources, pod_level: Option<&Value>) {
    let Some(list) = pod_level else { return };
    let own = Resources::of(Some(list));
    if list.get("cpu").is_some() {
        total.cpu_milli = own.cpu_milli;
    }
    if list.get("memory").is_some() {
        total.memory = own.memory;
    }
    total.scalars.extend(own.scalars);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::json::json;

    #[track_caller]
    fn check(spec: Value, cpu_milli: i64) {
        assert_eq!(requests(&json!({ "spec": spec })).cpu_milli, cpu_milli);
    }

    fn asks(cpu: &str) -> Value {
        json!({"resources": {"requests": {"cpu": cpu}}})
    }

    fn sidecar(cpu: &str) -> Value {
        json!({"restartPolicy": "Always", "resources": {"requests": {"cpu": cpu}}})
    }

    #[test]
    fn requests_add_up_as_the_containers_run() {
        check(json!({"containers": [asks("100m"), asks("200m")]}), 300);
        check(json!({"initContainers": [asks("1")], "containers": [asks("200m")]}), 1_000);
        check(json!({"initContainers": [sidecar("1"), asks("1")], "containers": [asks("200m")]}), 2_000);
        check(json!({"initContainers": [asks("1"), sidecar("1")], "containers": [asks("200m")]}), 1_200);
        check(json!({"containers": [asks("100m")], "overhead": {"cpu": "50m"}}), 150);
        check(json!({"containers": [asks("100m")], "resources": {"requests": {"cpu": "3"}}}), 3_000);
    }
}
