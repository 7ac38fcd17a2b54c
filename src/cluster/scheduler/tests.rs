//! Pods on the world of the recorded sessions: where they go, and what is said when they cannot.

use std::time::Duration;

use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::cluster::api::Client;
use crate::cluster::{Object, UserInfo, World, templates};

fn admin(world: &mut World) -> Client<'_> {
    Client::as_user(world, 0, UserInfo::new("kubernetes-admin", &["system:masters"]))
}

fn pass(world: &mut World, seconds: u64) {
    world.advance(Duration::from_secs(seconds));
}

fn create(world: &mut World, name: &str, mut spec: Value) {
    object::set_default(&mut spec, &["containers"], json!([{"name": "c", "image": "nginx:1.27"}]));
    let pod = json!({"metadata": {"name": name, "labels": {"app": name}}, "spec": spec});
    admin(world).create("pods", "default", pod).unwrap();
}

fn pod(world: &World, name: &str) -> Object {
    world.clusters[0].store.find("pods", "default", name).unwrap().clone()
}

fn asks(cpu: &str) -> Value {
    json!([{"name": "c", "image": "nginx", "resources": {"requests": {"cpu": cpu}}}])
}

/// What the PodScheduled condition of a pod with this spec says after a while, beside `others`.
fn message(others: &[(&str, Value)], spec: Value) -> String {
    let mut world = templates::bare(1);
    for (name, spec) in others {
        create(&mut world, name, spec.clone());
        pass(&mut world, 1);
    }
    create(&mut world, "subject", spec);
    pass(&mut world, 2);
    let pod = pod(&world, "subject");
    let node = object::text(&pod, "/spec/nodeName");
    if node.is_empty() {
        object::text(&pod, "/status/conditions/0/message").to_owned()
    } else {
        node.to_owned()
    }
}

const USELESS: &str = "no new claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.";
const NO_VICTIMS: &str = "no new claims to deallocate, preemption: 0/3 nodes are available: 1 Preemption is not helpful for scheduling, 2 No preemption victims found for incoming pod.";

#[track_caller]
fn check(others: &[(&str, Value)], spec: Value, reasons: &str, preemption: &str) {
    assert_eq!(message(others, spec), format!("0/3 nodes are available: {reasons}. {preemption}"));
}

#[test]
fn reasons_are_counted_by_node() {
    check(
        &[],
        json!({"containers": asks("10")}),
        "1 node(s) had untolerated taint(s), 2 Insufficient cpu",
        USELESS,
    );
    check(
        &[],
        json!({"nodeSelector": {"disk": "ssd"}}),
        "1 node(s) had untolerated taint(s), 2 node(s) didn't match Pod's node affinity/selector",
        USELESS,
    );
    let near =
        json!({"labelSelector": {"matchLabels": {"app": "cache"}}, "topologyKey": "kubernetes.io/hostname"});
    check(
        &[],
        json!({"affinity": {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [near]}}}),
        "1 node(s) had untolerated taint(s), 2 node(s) didn't match pod affinity rules",
        USELESS,
    );
}

#[test]
fn what_other_pods_hold_could_be_freed() {
    let port = json!({"containers": [{"name": "c", "image": "nginx", "ports": [{"containerPort": 80, "hostPort": 80}]}]});
    check(
        &[("a", port.clone()), ("b", port.clone())],
        port,
        "1 node(s) had untolerated taint(s), 2 node(s) didn't have free ports for the requested pod ports",
        NO_VICTIMS,
    );
    let alone = json!({"labelSelector": {"matchExpressions": [{"key": "app", "operator": "Exists"}]}, "topologyKey": "kubernetes.io/os"});
    check(
        &[("a", json!({}))],
        json!({"affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [alone]}}}),
        "1 node(s) had untolerated taint(s), 2 node(s) didn't match pod anti-affinity rules",
        NO_VICTIMS,
    );
}

#[test]
fn claims_that_cannot_be_used_hold_a_pod_before_any_node_is_looked_at() {
    let volumes = json!([{"name": "v", "persistentVolumeClaim": {"claimName": "missing"}}]);
    assert_eq!(
        message(&[], json!({ "volumes": volumes })),
        "0/3 nodes are available: persistentvolumeclaim \"missing\" not found. not found"
    );
}

#[test]
fn pods_spread_and_a_pod_finds_the_node_that_became_fit() {
    let mut world = templates::bare(1);
    create(&mut world, "a", json!({}));
    create(&mut world, "b", json!({}));
    create(&mut world, "c", json!({"nodeSelector": {"disk": "ssd"}}));
    pass(&mut world, 3);
    let node = |world: &World, name: &str| object::text(&pod(world, name), "/spec/nodeName").to_owned();
    assert_ne!(node(&world, "a"), node(&world, "b"));
    assert_eq!(node(&world, "c"), "");
    let labelled = json!({"metadata": {"labels": {"disk": "ssd"}}});
    admin(&mut world).merge_patch("nodes", "", ("", "node02"), &labelled).unwrap();
    pass(&mut world, 1);
    assert_eq!(node(&world, "c"), "node02");
    assert_eq!(object::text(&pod(&world, "c"), "/status/phase"), "Running");
}

#[test]
fn a_more_important_pod_takes_the_place_of_the_least_important_ones() {
    let mut world = templates::bare(1);
    let class = json!({"metadata": {"name": "high"}, "value": 1000});
    admin(&mut world).create("priorityclasses.scheduling.k8s.io", "", class).unwrap();
    for name in ["a", "b"] {
        create(&mut world, name, json!({"containers": asks("1500m")}));
    }
    pass(&mut world, 2);
    create(
        &mut world,
        "vip",
        json!({"priorityClassName": "high", "priority": 1000, "containers": asks("1")}),
    );
    pass(&mut world, 40);
    assert_eq!(object::text(&pod(&world, "vip"), "/status/phase"), "Running");
    let events: Vec<String> = world.clusters[0]
        .store
        .list("events", "default")
        .map(|it| object::text(it, "/reason").to_owned())
        .filter(|it| it == "Preempted")
        .collect();
    assert_eq!((events.len(), world.clusters[0].store.count("pods")), (1, 2));
}
