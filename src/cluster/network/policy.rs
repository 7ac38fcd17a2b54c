//! NetworkPolicy: whether packets may leave a pod and enter another.
//!
//! Policies hold only where the network of the cluster enforces them: Calico, Cilium and the like do,
//! Flannel alone does not. A cluster that shows no network add-on at all is taken to enforce them.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::Protocol;
use crate::apimachinery::json::{Map, Value};
use crate::apimachinery::object;
use crate::apimachinery::selector::LabelSelector;
use crate::cluster::{ClusterId, Object, Store, World};

/// DaemonSets whose presence means that policies are enforced.
const ENFORCERS: &[&str] =
    &["calico-node", "canal", "cilium", "weave-net", "kube-router", "antrea-agent", "ovnkube-node"];

/// DaemonSets of networks that do not enforce policies.
const BYSTANDERS: &[&str] = &["kube-flannel-ds", "kube-flannel-ds-amd64", "kube-flannel"];

/// One end of a connection.
#[derive(Clone, Debug)]
pub(crate) struct End {
    pub(crate) address: Option<Ipv4Addr>,
    /// `None` for machines, and for pods on their machine's network.
    pub(crate) pod: Option<Object>,
    pub(crate) host: String,
}

/// Whether the cluster's network enforces policies.
pub(crate) fn is_enforced(world: &World, cluster: ClusterId) -> bool {
    let Some(state) = world.clusters.get(cluster) else { return false };
    let is_one_of = |names: &[&str]| {
        state.store.list("daemonsets.apps", "").any(|set| names.contains(&object::name(set)))
    };
    is_one_of(ENFORCERS) || !is_one_of(BYSTANDERS)
}

/// Whether packets may go from one end to the other; the sentence says which policy forbids it.
pub(crate) fn check(
    world: &World,
    cluster: ClusterId,
    from: &End,
    to: &End,
    port: u16,
    protocol: Protocol,
) -> Result<(), String> {
    let Some(store) = world.clusters.get(cluster).map(|it| &it.store) else { return Ok(()) };
    if store.count("networkpolicies.networking.k8s.io") == 0 || !is_enforced(world, cluster) {
        return Ok(());
    }
    // A node may always reach its own pods, for probes must get through, and they may reach it.
    if from.host == to.host && (from.pod.is_none() || to.pod.is_none()) {
        return Ok(());
    }
    let packet = Packet { store, port, protocol, target: to.pod.as_ref() };
    if let Some(pod) = &from.pod {
        packet.judge(pod, "Egress", to)?;
    }
    if let Some(pod) = &to.pod {
        packet.judge(pod, "Ingress", from)?;
    }
    Ok(())
}

struct Packet<'a> {
    store: &'a Store,
    port: u16,
    protocol: Protocol,
    /// The pod that listens, whose container ports give names their numbers.
    target: Option<&'a Object>,
}

impl Packet<'_> {
    /// Whether the policies of `pod` in one direction let the packet pass to or from `other`.
    fn judge(&self, pod: &Object, direction: &str, other: &End) -> Result<(), String> {
        let policies: Vec<&Object> = self
            .store
            .list("networkpolicies.networking.k8s.io", object::namespace(pod))
            .filter(|policy| applies(policy, direction) && selects(policy, pod))
            .collect();
        if policies.is_empty() {
            return Ok(());
        }
        let (rules, peers) =
            if direction == "Ingress" { ("/spec/ingress", "from") } else { ("/spec/egress", "to") };
        let allowed = policies.iter().any(|policy| {
            object::list(policy, rules)
                .iter()
                .any(|rule| self.ports_match(rule) && self.peers_match(policy, rule.get(peers), other))
        });
        if allowed {
            return Ok(());
        }
        let names: Vec<&str> = policies.iter().map(|it| object::name(it)).collect();
        Err(format!(
            "{} of pod {}/{} is restricted by networkpolicy {} and no rule allows this",
            direction.to_lowercase(),
            object::namespace(pod),
            object::name(pod),
            names.join(", ")
        ))
    }

    fn ports_match(&self, rule: &Value) -> bool {
        let ports = object::list(rule, "/ports");
        ports.is_empty() || ports.iter().any(|port| self.port_matches(port))
    }

    fn port_matches(&self, port: &Value) -> bool {
        if Protocol::of(object::field(port, "protocol")) != self.protocol {
            return false;
        }
        let own = i64::from(self.port);
        match port.get("port") {
            None | Some(Value::Null) => true,
            Some(Value::String(name)) => self.named_port(name) == Some(own),
            Some(number) => {
                let first = number.as_i64().unwrap_or(0);
                let last = object::int(port, "/endPort").unwrap_or(first);
                (first..=last).contains(&own)
            }
        }
    }

    fn named_port(&self, name: &str) -> Option<i64> {
        let containers = object::list(self.target?, "/spec/containers").iter();
        let mut ports = containers.flat_map(|it| object::list(it, "/ports"));
        ports.find(|it| object::field(it, "name") == name).and_then(|it| object::int(it, "/containerPort"))
    }

    fn peers_match(&self, policy: &Object, peers: Option<&Value>, other: &End) -> bool {
        let peers = peers.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        peers.is_empty() || peers.iter().any(|peer| self.peer_matches(policy, peer, other))
    }

    fn peer_matches(&self, policy: &Object, peer: &Value, other: &End) -> bool {
        if let Some(block) = peer.get("ipBlock") {
            return other.address.is_some_and(|address| in_block(block, address));
        }
        let Some(pod) = &other.pod else { return false };
        let namespace_fits = match peer.get("namespaceSelector") {
            None | Some(Value::Null) => object::namespace(pod) == object::namespace(policy),
            Some(selector) => {
                let namespace = self.store.find("namespaces", "", object::namespace(pod));
                namespace.is_some_and(|it| matches(selector, it))
            }
        };
        let pod_fits = peer.get("podSelector").is_none_or(|it| it.is_null() || matches(it, pod));
        namespace_fits && pod_fits
    }
}

fn matches(selector: &Value, object: &Object) -> bool {
    let labels = object.pointer("/metadata/labels").unwrap_or(&Value::Null);
    LabelSelector::from_object(selector).is_ok_and(|it| it.matches(labels))
}

fn selects(policy: &Object, pod: &Object) -> bool {
    matches(policy.pointer("/spec/podSelector").unwrap_or(&Value::Object(Map::new())), pod)
}

/// Whether a policy speaks of a direction: by its types, else ingress always and egress if it has rules.
fn applies(policy: &Object, direction: &str) -> bool {
    let types = object::list(policy, "/spec/policyTypes");
    if types.is_empty() {
        return direction == "Ingress" || !object::list(policy, "/spec/egress").is_empty();
    }
    types.iter().any(|it| it == direction)
}

fn in_block(block: &Value, address: Ipv4Addr) -> bool {
    let within = |cidr: &str| cidr.parse::<Ipv4Net>().is_ok_and(|net| net.contains(&address));
    let except = object::list(block, "/except").iter().filter_map(Value::as_str);
    within(object::field(block, "cidr")) && !except.into_iter().any(within)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::json::json;
    use crate::cluster::Key;

    fn pod(store: &mut Store, namespace: &str, name: &str, address: &str) -> End {
        let object = json!({
            "metadata": {"name": name, "namespace": namespace, "labels": {"app": name}},
            "spec": {"containers": [{"ports": [{"name": "web", "containerPort": 8080}]}]},
        });
        let object = store.put(&Key::new("pods", namespace, name), object);
        End { address: address.parse().ok(), pod: Some(object), host: "node01".into() }
    }

    #[track_caller]
    fn check_rule(spec: Value, port: u16, allowed: bool) {
        let mut store = Store::default();
        let labels = json!({"metadata": {"name": "b", "labels": {"team": "b"}}});
        store.put(&Key::new("namespaces", "", "b"), labels);
        let (from, to) =
            (pod(&mut store, "b", "client", "10.0.0.5"), pod(&mut store, "a", "server", "10.0.0.6"));
        let policy = json!({"metadata": {"name": "p", "namespace": "a"}, "spec": spec});
        store.put(&Key::new("networkpolicies.networking.k8s.io", "a", "p"), policy);
        let packet = Packet { store: &store, port, protocol: Protocol::Tcp, target: to.pod.as_ref() };
        let verdict = packet.judge(to.pod.as_ref().unwrap(), "Ingress", &from);
        assert_eq!(verdict.is_ok(), allowed, "{spec}: {verdict:?}");
    }

    #[test]
    fn rules_open_what_they_name() {
        let all = json!({});
        check_rule(json!({"podSelector": all}), 80, false);
        check_rule(json!({"podSelector": {"matchLabels": {"app": "other"}}}), 80, true);
        check_rule(json!({"podSelector": all, "ingress": [{}]}), 80, true);
        check_rule(json!({"podSelector": all, "policyTypes": ["Egress"]}), 80, true);
        let from = |peer: Value| json!({"podSelector": {}, "ingress": [{"from": [peer]}]});
        check_rule(from(json!({"podSelector": {}})), 80, false);
        check_rule(from(json!({"namespaceSelector": {"matchLabels": {"team": "b"}}})), 80, true);
        check_rule(
            from(json!({"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "x"}}})),
            80,
            false,
        );
        check_rule(from(json!({"ipBlock": {"cidr": "10.0.0.0/24", "except": ["10.0.0.5/32"]}})), 80, false);
        check_rule(from(json!({"ipBlock": {"cidr": "10.0.0.0/24"}})), 80, true);
    }

    #[test]
    fn ports_are_numbers_names_and_ranges() {
        let port = |port: Value| json!({"podSelector": {}, "ingress": [{"ports": [port]}]});
        check_rule(port(json!({"port": 80})), 80, true);
        check_rule(port(json!({"port": 80, "protocol": "UDP"})), 80, false);
        check_rule(port(json!({"port": "web"})), 8080, true);
        check_rule(port(json!({"port": 8000, "endPort": 8100})), 8080, true);
        check_rule(port(json!({"port": 8000, "endPort": 8010})), 8080, false);
    }
}
