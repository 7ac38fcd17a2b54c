//! Taints and evictions on the recorded sessions' world.

use super::*;
use crate::cluster::controllers::testing::Lab;

#[test]
fn a_cordoned_node_is_tainted_until_it_is_not() {
    let mut lab = Lab::new();
    lab.patch("nodes", "node01", "spec: {unschedulable: true}");
    lab.pass(1);
    assert!(has_taint(&lab.get("nodes", "node01"), "node.kubernetes.io/unschedulable", "NoSchedule"));
    lab.patch("nodes", "node01", "spec: {unschedulable: null}");
    lab.pass(1);
    assert!(object::at(&lab.get("nodes", "node01"), "/spec/taints").is_none());
}

/// A pod with a toleration on a node that gets a taint: how many pods are left after some time.
#[track_caller]
fn check(toleration: &str, seconds: u64, left: usize) {
    let mut lab = Lab::new();
    let spec =
        format!("{{nodeName: node01, containers: [{{name: c, image: nginx}}], tolerations: [{toleration}]}}");
    lab.create("pods", &format!("{{apiVersion: v1, kind: Pod, metadata: {{name: p}}, spec: {spec}}}"));
    lab.pass(1);
    lab.patch("nodes", "node01", "spec: {taints: [{key: evict, value: now, effect: NoExecute}]}");
    lab.pass(seconds);
    assert_eq!(lab.list("pods").len(), left, "{toleration} after {seconds} s: {:?}", lab.events("p"));
}

#[test]
fn taints_evict_pods_when_their_time_is_up() {
    check("", 40, 0);
    check("{key: evict, operator: Exists}", 400, 1);
    check("{key: evict, operator: Exists, effect: NoExecute, tolerationSeconds: 100}", 90, 1);
    check("{key: evict, operator: Exists, effect: NoExecute, tolerationSeconds: 100}", 140, 0);
}

#[test]
fn pods_of_a_node_that_is_gone_go_too() {
    let mut lab = Lab::new();
    let spec = "{nodeName: node02, containers: [{name: c, image: nginx}]}";
    lab.create("pods", &format!("{{apiVersion: v1, kind: Pod, metadata: {{name: p}}, spec: {spec}}}"));
    lab.pass(1);
    lab.delete("nodes", "node02");
    lab.pass(30);
    assert_eq!(lab.list("pods").len(), 1);
    lab.pass(30);
    assert_eq!(lab.list("pods").len(), 0);
}

#[test]
fn a_silent_node_is_unknown_after_50_s_and_loses_its_pods_after_300() {
    use crate::cluster::controllers::pods::condition;
    use crate::hosts::UnitState;

    let mut world = crate::cluster::templates::default_world(1);
    let ready = |world: &crate::cluster::World| {
        let node = world.clusters[0].store.find("nodes", "", "node01").unwrap();
        condition(node, "Ready").map(|it| object::field(it, "status").to_owned()).unwrap()
    };
    let stop = |world: &mut crate::cluster::World, state| {
        let host = world.hosts.get_mut("node01").unwrap();
        let unit = host.units.get_mut("kubelet.service").unwrap();
        (unit.state, unit.since) = (state, world.now);
    };
    stop(&mut world, UnitState::Inactive);
    world.advance(std::time::Duration::from_secs(30));
    assert_eq!(ready(&world), "True");
    world.advance(std::time::Duration::from_secs(40));
    assert_eq!(ready(&world), "Unknown");
    let node = world.clusters[0].store.find("nodes", "", "node01").unwrap().clone();
    assert!(has_taint(&node, "node.kubernetes.io/unreachable", "NoExecute"));
    stop(&mut world, UnitState::Active);
    world.advance(std::time::Duration::from_secs(30));
    assert_eq!(ready(&world), "True");
    let node = world.clusters[0].store.find("nodes", "", "node01").unwrap().clone();
    assert!(!has_taint(&node, "node.kubernetes.io/unreachable", "NoExecute"));
}
