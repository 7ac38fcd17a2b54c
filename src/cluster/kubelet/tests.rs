//! Pods on the default world.

use std::time::Duration;

use super::access;
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::cluster::api::Client;
use crate::cluster::place::FileOp;
use crate::cluster::{Object, Place, UserInfo, World, templates};

fn admin(world: &mut World) -> Client<'_> {
    Client::as_user(world, 0, UserInfo::new("kubernetes-admin", &["system:masters"]))
}

fn pass(world: &mut World, seconds: u64) {
    world.advance(Duration::from_secs(seconds));
}

fn world_with(spec: Value) -> World {
    let mut world = templates::default_world(1);
    let pod = json!({"metadata": {"name": "p", "labels": {"app": "p"}}, "spec": spec});
    admin(&mut world).create("pods", "default", pod).unwrap();
    world
}

fn one(container: Value) -> Value {
    let mut container = container;
    object::set_default(&mut container, &["name"], "c");
    object::set_default(&mut container, &["image"], "busybox:1.36");
    json!({"containers": [container], "terminationGracePeriodSeconds": 5})
}

fn pod(world: &World) -> Object {
    world.clusters[0].store.find("pods", "default", "p").unwrap().clone()
}

fn log(world: &World, previous: bool) -> Vec<String> {
    let lines = access::logs(world, 0, ("default", "p"), "c", previous).unwrap();
    lines.into_iter().map(|line| line.text).collect()
}

fn place(world: &World) -> Place {
    access::exec_target(world, 0, ("default", "p"), "c").unwrap()
}

fn state(world: &World) -> String {
    let pod = pod(world);
    let status = &pod["status"]["containerStatuses"][0];
    let (kind, detail) = status["state"].as_object().and_then(|it| it.iter().next()).unwrap();
    let reason = object::field(detail, "reason");
    format!("{} {kind} {reason} {}", object::text(&pod, "/status/phase"), status["restartCount"])
}

fn events(world: &World) -> Vec<String> {
    let about = |it: &&Object| object::text(it, "/involvedObject/name") == "p";
    let line = |it: &Object| format!("{}: {}", object::text(it, "/reason"), object::text(it, "/message"));
    world.clusters[0].store.list("events", "default").filter(about).map(line).collect()
}

#[test]
fn the_system_pods_of_the_default_world_run() {
    let world = templates::default_world(1);
    let unready: Vec<String> = world.clusters[0]
        .store
        .list("pods", "")
        .filter(|it| object::text(it, "/status/phase") != "Running")
        .map(|it| format!("{} {}", object::name(it), it["status"]))
        .collect();
    assert_eq!(unready, Vec::<String>::new());
    assert!(world.clusters[0].store.count("pods") >= 9, "{}", world.clusters[0].store.count("pods"));
}

#[test]
fn an_image_is_pulled_and_its_server_runs() {
    let mut world = world_with(one(json!({"image": "nginx:1.27"})));
    pass(&mut world, 5);
    assert_eq!(state(&world), "Running running  0");
    let events = events(&world);
    assert!(
        events.iter().any(|it| it.starts_with("Pulled: Successfully pulled image \"nginx:1.27\" in ")),
        "{events:?}"
    );
    assert!(log(&world, false).iter().any(|it| it.ends_with("start worker processes")));
    let page = world.read_text(&place(&world), "/usr/share/nginx/html/index.html").unwrap();
    assert!(page.contains("Welcome to nginx!"));
}

#[test]
fn a_loop_logs_as_time_passes() {
    let script = "i=0; while true; do echo \"tick $i\"; i=$((i+1)); sleep 5; done";
    let mut world = world_with(one(json!({"command": ["sh", "-c", script]})));
    pass(&mut world, 13);
    assert_eq!(log(&world, false), ["tick 0", "tick 1", "tick 2"]);
}

#[test]
fn a_command_that_fails_backs_off() {
    let mut world = world_with(one(json!({"command": ["sh", "-c", "echo no; exit 3"]})));
    pass(&mut world, 7);
    assert_eq!(state(&world), "Running waiting CrashLoopBackOff 1");
    assert_eq!(log(&world, true), ["no"]);
    let last = &pod(&world)["status"]["containerStatuses"][0]["lastState"]["terminated"];
    assert_eq!((&last["exitCode"], &last["reason"]), (&json!(3), &json!("Error")));
    pass(&mut world, 60);
    assert_eq!(state(&world), "Running waiting CrashLoopBackOff 3");
}

#[test]
fn images_that_do_not_exist_are_waited_for() {
    let mut world = world_with(one(json!({"image": "nginx:1.999"})));
    pass(&mut world, 5);
    assert_eq!(state(&world), "Pending waiting ErrImagePull 0");
    pass(&mut world, 8);
    assert_eq!(state(&world), "Pending waiting ImagePullBackOff 0");
}

#[test]
fn missing_configuration_is_waited_for_and_used_when_it_comes() {
    let env = json!([{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "cfg", "key": "a"}}}]);
    let mut world = world_with(one(json!({"command": ["sh", "-c", "echo $A; sleep 100"], "env": env})));
    pass(&mut world, 5);
    assert_eq!(state(&world), "Pending waiting CreateContainerConfigError 0");
    let config = json!({"metadata": {"name": "cfg"}, "data": {"a": "1"}});
    admin(&mut world).create("configmaps", "default", config).unwrap();
    pass(&mut world, 15);
    assert_eq!((state(&world).as_str(), log(&world, false)), ("Running running  0", vec!["1".to_owned()]));
}

#[test]
fn containers_share_volumes_and_see_configmaps() {
    let config = json!({"metadata": {"name": "cfg"}, "data": {"app.conf": "x=1"}});
    let mut world = templates::default_world(1);
    admin(&mut world).create("configmaps", "default", config).unwrap();
    let mount = |name: &str, path: &str| json!({"name": name, "mountPath": path});
    let spec = json!({
        "volumes": [{"name": "v", "emptyDir": {}}, {"name": "c", "configMap": {"name": "cfg"}}],
        "initContainers": [{"name": "i", "image": "busybox", "command": ["sh", "-c", "echo hi > /v/f"], "volumeMounts": [mount("v", "/v")]}],
        "containers": [{"name": "c", "image": "busybox", "command": ["sh", "-c", "cat /w/f /etc/c/app.conf; sleep 9d"],
            "volumeMounts": [mount("v", "/w"), mount("c", "/etc/c")]}],
    });
    let pod = json!({"metadata": {"name": "p"}, "spec": spec});
    admin(&mut world).create("pods", "default", pod).unwrap();
    pass(&mut world, 8);
    assert_eq!(log(&world, false), ["hi"]);
    let here = place(&world);
    assert_eq!(world.read_text(&here, "/etc/c/app.conf").unwrap(), "x=1");
    let write = FileOp::Write { path: "/etc/c/app.conf", bytes: b"y" };
    assert!(world.change_files(&here, write).is_err());
}

#[test]
fn a_failed_liveness_probe_restarts() {
    let probe =
        json!({"exec": {"command": ["cat", "/tmp/healthy"]}, "periodSeconds": 5, "failureThreshold": 1});
    let script = "touch /tmp/healthy; sleep 20; rm -f /tmp/healthy; sleep 600";
    let mut world = world_with(one(json!({"args": ["/bin/sh", "-c", script], "livenessProbe": probe})));
    pass(&mut world, 15);
    assert_eq!(state(&world), "Running running  0");
    pass(&mut world, 25);
    assert_eq!(state(&world), "Running running  1");
    let events = events(&world);
    let wanted =
        "Unhealthy: Liveness probe failed: cat: can't open '/tmp/healthy': No such file or directory";
    assert!(events.iter().any(|it| it.starts_with(wanted)), "{events:?}");
}

#[test]
fn deletion_takes_the_grace_that_the_command_needs() {
    let mut world = world_with(one(json!({"command": ["sleep", "1000"]})));
    pass(&mut world, 5);
    admin(&mut world).delete("pods", "default", "p", &Value::Null).unwrap();
    pass(&mut world, 3);
    assert!(world.clusters[0].store.find("pods", "default", "p").is_some());
    pass(&mut world, 4);
    assert!(world.clusters[0].store.find("pods", "default", "p").is_none());
}

#[test]
fn memory_beyond_the_limit_is_killed() {
    let limits = json!({"limits": {"memory": "100Mi"}});
    let args = json!(["--vm", "1", "--vm-bytes", "250M"]);
    let mut world = world_with(one(
        json!({"image": "polinux/stress", "command": ["stress"], "args": args, "resources": limits}),
    ));
    pass(&mut world, 4);
    let status = &pod(&world)["status"]["containerStatuses"][0];
    let end = [&status["state"]["terminated"], &status["lastState"]["terminated"]];
    assert!(end.iter().any(|it| it["reason"] == "OOMKilled" && it["exitCode"] == 137), "{status}");
}

#[test]
fn a_manifest_in_the_static_directory_is_mirrored() {
    let mut world = templates::default_world(1);
    let manifest =
        "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: c, image: nginx}]}\n";
    let path = "/etc/kubernetes/manifests/web.yaml";
    world.change_files(&Place::host("node01"), FileOp::Write { path, bytes: manifest.as_bytes() }).unwrap();
    pass(&mut world, 8);
    let find = |world: &World| world.clusters[0].store.find("pods", "default", "web-node01").cloned();
    assert_eq!(object::text(&find(&world).unwrap(), "/status/phase"), "Running");
    world.change_files(&Place::host("node01"), FileOp::Remove { path, recursive: false }).unwrap();
    pass(&mut world, 8);
    assert!(find(&world).is_none());
}

#[test]
fn log_files_and_leases_are_as_old_as_the_world() {
    let mut world = world_with(one(json!({"command": ["sh", "-c", "echo hi; sleep 1000"]})));
    pass(&mut world, 65);
    let host = object::text(&pod(&world), "/spec/nodeName").to_owned();
    let uid = object::uid(&pod(&world)).to_owned();
    let path = format!("/var/log/pods/default_p_{uid}/c/0.log");
    let text = world.read_text(&Place::host(&host), &path).unwrap();
    assert!(text.ends_with(" stdout F hi\n"), "{text}");
    let lease =
        world.clusters[0].store.find("leases.coordination.k8s.io", "kube-node-lease", &host).unwrap().clone();
    let now = super::node::as_of_now(&world, 0, &lease);
    let renewed = crate::sim::SimTime::parse_rfc3339(object::text(&now, "/spec/renewTime")).unwrap();
    assert!(world.now.since(renewed) < Duration::from_secs(10));
}

#[test]
fn a_kubelet_that_stops_is_missed_and_one_that_comes_back_goes_on() {
    let mut world = world_with(one(json!({"command": ["sleep", "100000"]})));
    pass(&mut world, 5);
    let node = object::text(&pod(&world), "/spec/nodeName").to_owned();
    let set = |world: &mut World, state| {
        let unit = world.hosts.get_mut(&node).unwrap().units.get_mut("kubelet.service").unwrap();
        unit.state = state;
    };
    let ready = |world: &World| {
        let node = world.clusters[0].store.find("nodes", "", &node).unwrap().clone();
        let conditions = object::list(&node, "/status/conditions");
        let ready = conditions.iter().find(|it| object::field(it, "type") == "Ready").unwrap();
        object::field(ready, "status").to_owned()
    };
    set(&mut world, crate::hosts::UnitState::Inactive);
    pass(&mut world, 70);
    assert_eq!(ready(&world), "Unknown");
    set(&mut world, crate::hosts::UnitState::Active);
    pass(&mut world, 20);
    assert_eq!(ready(&world), "True");
}
