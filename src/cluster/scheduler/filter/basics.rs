//! The filters that look at a node's spec: cordoned, named, tainted, selected, ports taken.

use super::{Cycle, Rejection};
use crate::cluster::scheduler::cache::NodeInfo;
use crate::cluster::scheduler::matching::Taint;

pub(super) fn unschedulable(cycle: &Cycle<'_>, info: &NodeInfo) -> Option<Rejection> {
    if !info.unschedulable {
        return None;
    }
    let cordoned = Taint {
        key: "node.kubernetes.io/unschedulable".into(),
        value: String::new(),
        effect: "NoSchedule".into(),
    };
    (!cycle.pod.tolerates(&cordoned)).then(|| Rejection::final_because("node(s) were unschedulable"))
}

pub(super) fn node_name(cycle: &Cycle<'_>, info: &NodeInfo) -> Option<Rejection> {
    let wanted = &cycle.pod.named_node;
    let other = !wanted.is_empty() && *wanted != info.name;
    other.then(|| Rejection::final_because("node(s) didn't match the requested node name"))
}

pub(super) fn taints(cycle: &Cycle<'_>, info: &NodeInfo) -> Option<Rejection> {
    let untolerated = info.taints.iter().any(|taint| taint.repels() && !cycle.pod.tolerates(taint));
    untolerated.then(|| Rejection::final_because("node(s) had untolerated taint(s)"))
}

pub(super) fn node_affinity(cycle: &Cycle<'_>, info: &NodeInfo) -> Option<Rejection> {
    let matches = cycle.pod.may_run_on(info.node.as_ref()?);
    (!matches).then(|| Rejection::final_because("node(s) didn't match Pod's node affinity/selector"))
}

pub(super) fn ports(cycle: &Cycle<'_>, info: &NodeInfo) -> Option<Rejection> {
    let wanted = &cycle.pod.host_ports;
    let taken = !wanted.is_empty()
        && info
            .pods
            .values()
            .flat_map(|pod| &pod.host_ports)
            .any(|port| wanted.iter().any(|it| it.clashes(port)));
    taken.then(|| Rejection::because("node(s) didn't have free ports for the requested pod ports"))
}
