//! The settings of a machine's kubelet: its configuration file as it was when the kubelet started, and the
//! flags of its command line, which win over the file.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::apimachinery::quantity::{Format, Quantity};
use crate::cluster::World;
use crate::cluster::control_plane::Process;
use crate::hosts::Host;

/// Pods on a node. Source: `maxPods`.
const PODS_MAX: i64 = 110;

/// Source: `port`, `healthzPort`.
const PORT: u16 = 10_250;
const HEALTHZ_PORT: u16 = 10_248;

/// What is kept free when nothing is said. Source: `DefaultEvictionHard` on Linux.
const EVICTION: &[(&str, &str)] = &[("memory.available", "100Mi"), ("nodefs.available", "10%")];

/// What one kubelet was told.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Settings {
    /// Its configuration file; null when there is none.
    pub(crate) config: Arc<Value>,
    pub(crate) process: Option<Process>,
}

/// The settings of a machine's kubelet as it runs; of one that does not run, those of its files.
pub(crate) fn of(world: &World, host: &str) -> Settings {
    let known = world.clusters.iter().find_map(|it| it.runtime.daemons.get(host));
    match known {
        Some(daemon) => daemon.settings().clone(),
        None => world.hosts.get(host).map(|it| Settings::read(it, None)).unwrap_or_default(),
    }
}

impl Settings {
    /// What a kubelet that starts with a command line reads.
    pub(super) fn read(machine: &Host, process: Option<Process>) -> Self {
        let given = process.as_ref().and_then(|it| it.flag("config")).filter(|it| !it.is_empty());
        let path = given.unwrap_or("/var/lib/kubelet/config.yaml");
        let text = machine.files.read_text(path).unwrap_or_default();
        let first = crate::apimachinery::yaml::documents(&text).ok().and_then(|it| it.into_iter().next());
        Self { config: Arc::new(first.unwrap_or(Value::Null)), process }
    }

    /// A flag that is set to something.
    pub(crate) fn flag(&self, name: &str) -> Option<&str> {
        self.process.as_ref()?.flag(name).filter(|it| !it.is_empty())
    }

    fn number(&self, flag: &str, pointer: &str, usual: i64) -> i64 {
        let given = self.flag(flag).and_then(|it| it.parse().ok());
        given.or_else(|| object::int(&self.config, pointer)).unwrap_or(usual)
    }

    fn port(&self, flag: &str, pointer: &str, usual: u16) -> u16 {
        u16::try_from(self.number(flag, pointer, i64::from(usual))).unwrap_or(usual)
    }

    /// The ports it listens on, with whether only the machine itself reaches them; 0 is off.
    pub(crate) fn ports(&self) -> [(u16, bool); 3] {
        let address = object::text(&self.config, "/healthzBindAddress");
        let local = matches!(address, "" | "127.0.0.1" | "localhost");
        [
            (self.serving_port(), false),
            (self.healthz_port(), local),
            (self.port("read-only-port", "/readOnlyPort", 0), false),
        ]
    }

    /// Where it serves the API server.
    pub(crate) fn serving_port(&self) -> u16 {
        self.port("port", "/port", PORT)
    }

    /// Where it tells whether it is well.
    pub(crate) fn healthz_port(&self) -> u16 {
        self.port("healthz-port", "/healthzPort", HEALTHZ_PORT)
    }

    /// The name of its node.
    pub(crate) fn node_name(&self, machine: &Host) -> String {
        let since = machine.units.get("kubelet.service").map_or(machine.booted, |unit| unit.since);
        self.flag("hostname-override").unwrap_or(machine.hostname_when(since)).to_lowercase()
    }

    /// Whether it makes its node.
    pub(crate) fn registers(&self) -> bool {
        match self.flag("register-node") {
            Some(given) => given != "false",
            None => object::at(&self.config, "/registerNode").is_none_or(|it| *it != false),
        }
    }

    /// Labels, taints and provider that a new node gets.
    pub(super) fn complete_new(&self, node: &mut Value) {
        for label in self.flag("node-labels").unwrap_or("").split(',').filter(|it| !it.is_empty()) {
            let (key, value) = label.split_once('=').unwrap_or((label, ""));
            object::set(node, &["metadata", "labels", key.trim()], value.trim());
        }
        let taints = self.taints();
        if !taints.is_empty() {
            object::set(node, &["spec", "taints"], taints);
        }
        let provider = match self.flag("provider-id") {
            Some(given) => given,
            None => object::text(&self.config, "/providerID"),
        };
        if !provider.is_empty() {
            object::set(node, &["spec", "providerID"], provider);
        }
    }

    fn taints(&self) -> Vec<Value> {
        let Some(given) = self.flag("register-with-taints") else {
            return object::list(&self.config, "/registerWithTaints").to_vec();
        };
        let taint = |text: &str| {
            let (pair, effect) = text.rsplit_once(':')?;
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let mut taint = json!({"key": key, "effect": effect});
            if !value.is_empty() {
                object::set(&mut taint, &["value"], value);
            }
            Some(taint)
        };
        given.split(',').filter_map(taint).collect()
    }

    /// What the kubelet says of its machine: addresses, port, and what pods may use.
    pub(super) fn complete_status(&self, machine: &Host, node: &mut Value) {
        let mut addresses = object::list(node, "/status/addresses").to_vec();
        if let Some(ip) = self.flag("node-ip").and_then(|it| it.split(',').next()) {
            for row in addresses.iter_mut().filter(|it| object::field(it, "type") == "InternalIP") {
                object::set(row, &["address"], ip);
            }
            object::set(node, &["status", "addresses"], addresses);
        }
        let port = self.serving_port();
        object::set(node, &["status", "daemonEndpoints", "kubeletEndpoint", "Port"], port);
        let pods = self.number("max-pods", "/maxPods", PODS_MAX).to_string();
        object::set(node, &["status", "capacity", "pods"], pods.as_str());
        object::set(node, &["status", "allocatable", "pods"], pods);
        for (resource, amount) in self.allocatable(machine) {
            object::set(node, &["status", "allocatable", resource], amount);
        }
    }

    /// CPU, memory and disk for pods: what the machine has less what is kept back.
    fn allocatable(&self, machine: &Host) -> Vec<(&'static str, String)> {
        let hardware = &machine.hardware;
        let system = self.amounts("system-reserved", "/systemReserved");
        let kube = self.amounts("kube-reserved", "/kubeReserved");
        let mut eviction = self.amounts("eviction-hard", "/evictionHard");
        if system.is_empty() && kube.is_empty() && eviction.is_empty() {
            let usual = [
                ("cpu", &hardware.cpu),
                ("memory", &hardware.memory_allocatable),
                ("ephemeral-storage", &hardware.ephemeral_storage_allocatable),
            ];
            return usual.into_iter().map(|(name, amount)| (name, amount.clone())).collect();
        }
        if eviction.is_empty() {
            eviction = EVICTION.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        }
        let rows = [
            ("cpu", &hardware.cpu, ""),
            ("memory", &hardware.memory, "memory.available"),
            ("ephemeral-storage", &hardware.ephemeral_storage, "nodefs.available"),
        ];
        rows.into_iter()
            .map(|(resource, all, signal)| {
                let all = Quantity::parse(all).unwrap_or_else(|_| Quantity::from_int(0, Format::BinarySi));
                let kept = [&system, &kube].into_iter().filter_map(|it| it.get(resource));
                let less = kept.filter_map(|it| Quantity::parse(it).ok()).fold(all.clone(), |a, b| a.sub(&b));
                let free = eviction.get(signal).map(|it| threshold(it, &all));
                (resource, free.map_or(less.clone(), |it| less.sub(&it)).to_string())
            })
            .collect()
    }

    /// A map of amounts, from the flag (`cpu=1,memory=2Gi`, `memory.available<100Mi`) or the file.
    fn amounts(&self, flag: &str, pointer: &str) -> BTreeMap<String, String> {
        if let Some(given) = self.flag(flag) {
            let pairs = given.split(',').filter_map(|it| it.split_once(['=', '<']));
            return pairs.map(|(name, amount)| (name.trim().to_owned(), amount.trim().to_owned())).collect();
        }
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        object::entries(&self.config, pointer).map(|(name, value)| (name.to_string(), text(value))).collect()
    }
}

/// A hard eviction threshold: an amount, or per cent of what there is.
fn threshold(text: &str, all: &Quantity) -> Quantity {
    let Some(percent) = text.strip_suffix('%') else {
        return Quantity::parse(text).unwrap_or_else(|_| Quantity::from_int(0, Format::BinarySi));
    };
    // Hundredths of a per cent are as fine as anybody writes it.
    let hundredths: i64 = percent.parse::<f64>().map_or(0, |it| (it * 100.0).round() as i64);
    let part = i128::from(all.as_int()) * i128::from(hundredths) / 10_000;
    Quantity::from_int(i64::try_from(part).unwrap_or(0), Format::BinarySi)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hosts::Host;

    fn node(config: Value, args: &[&str]) -> Value {
        let mut machine = Host::new("n", "10.0.0.1", crate::sim::SimTime::default());
        machine.hardware.cpu = "2".into();
        machine.hardware.memory = "4024908Ki".into();
        machine.hardware.ephemeral_storage = "20134592Ki".into();
        let args = args.iter().map(|it| (*it).to_owned()).collect();
        let settings =
            Settings { config: Arc::new(config), process: Some(Process::of_machine("kubelet", args)) };
        let mut node = json!({"metadata": {"labels": {}}, "spec": {}, "status": {"addresses": [{"type": "InternalIP", "address": "1.1.1.1"}]}});
        settings.complete_new(&mut node);
        settings.complete_status(&machine, &mut node);
        node
    }

    #[test]
    fn what_is_reserved_is_not_for_pods() {
        let reserved =
            json!({"systemReserved": {"cpu": "200m", "memory": "500Mi"}, "kubeReserved": {"cpu": "100m"}});
        let node = node(reserved, &["--max-pods=20"]);
        let of = |name: &str| object::text(&node, &format!("/status/allocatable/{name}")).to_owned();
        assert_eq!((of("cpu"), of("memory")), ("1700m".into(), "3410508Ki".into()));
        assert_eq!((of("ephemeral-storage"), of("pods")), ("18556039988".into(), "20".into()));
    }

    #[test]
    fn flags_name_labels_taints_and_address() {
        let flags = ["--node-labels=a=b,c=d", "--register-with-taints=k=v:NoSchedule", "--node-ip=9.9.9.9"];
        let node = node(Value::Null, &flags);
        assert_eq!(object::label(&node, "c"), Some("d"));
        assert_eq!(object::text(&node, "/spec/taints/0/effect"), "NoSchedule");
        assert_eq!(object::text(&node, "/status/addresses/0/address"), "9.9.9.9");
    }
}
