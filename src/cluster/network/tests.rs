//! Who reaches whom on the default world.

use std::time::Duration;

use super::http::{HttpOutcome, HttpRequest};
use super::{Answer, Outcome, Protocol};
use crate::apimachinery::json::{Value, json};
use crate::cluster::api::Client;
use crate::cluster::kubelet::access;
use crate::cluster::{Place, UserInfo, World, templates};

fn admin(world: &mut World) -> Client<'_> {
    Client::as_user(world, 0, UserInfo::new("kubernetes-admin", &["system:masters"]))
}

/// nginx behind a service, and two pods that may ask it.
fn world() -> World {
    let mut world = templates::default_world(1);
    let pod = |name: &str, image: &str, command: Value| {
        let mut container = json!({"name": "c", "image": image});
        if !command.is_null() {
            container["command"] = command;
        }
        json!({"metadata": {"name": name, "labels": {"app": name}}, "spec": {"containers": [container]}})
    };
    for object in [
        pod("web", "nginx", Value::Null),
        pod("friend", "busybox", json!(["sleep", "9999"])),
        pod("stranger", "busybox", json!(["sleep", "9999"])),
    ] {
        admin(&mut world).create("pods", "default", object).unwrap();
    }
    let spec =
        json!({"selector": {"app": "web"}, "type": "NodePort", "ports": [{"port": 80, "nodePort": 30080}]});
    let service = json!({"metadata": {"name": "web"}, "spec": spec});
    admin(&mut world).create("services", "default", service).unwrap();
    world.advance(Duration::from_secs(15));
    world
}

fn in_pod(world: &World, name: &str) -> Place {
    access::exec_target(world, 0, ("default", name), "c").unwrap()
}

#[track_caller]
fn check(world: &World, from: &Place, target: &str, port: u16, wanted: &str) {
    let probe = super::probe(world, from, target, port, Protocol::Tcp);
    let outcome = match probe.outcome {
        Outcome::Open { .. } => "open",
        Outcome::Refused => "refused",
        Outcome::TimedOut => "timed out",
        Outcome::NoSuchName => "no such name",
        Outcome::NoNameServer => "no name server",
    };
    assert_eq!(outcome, wanted, "{target}:{port}: {:?}", probe.trace);
}

#[test]
fn names_services_and_node_ports_lead_to_pods() {
    let world = world();
    let friend = in_pod(&world, "friend");
    check(&world, &friend, "web", 80, "open");
    check(&world, &friend, "web.default.svc.cluster.local", 80, "open");
    check(&world, &friend, "web", 81, "timed out");
    check(&world, &friend, "wbe", 80, "no such name");
    check(&world, &friend, "kubernetes.default", 443, "open");
    check(&world, &friend, "localhost", 80, "refused");
    check(&world, &Place::host("node02"), "node01", 30080, "open");
    check(&world, &Place::host("node01"), "127.0.0.1", 10248, "open");
}

#[test]
fn policies_keep_out_whom_they_do_not_name() {
    let mut world = world();
    let spec = json!({
        "podSelector": {"matchLabels": {"app": "web"}},
        "ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "friend"}}}]}],
    });
    let policy = json!({"metadata": {"name": "p"}, "spec": spec});
    admin(&mut world).create("networkpolicies.networking.k8s.io", "default", policy).unwrap();
    check(&world, &in_pod(&world, "friend"), "web", 80, "open");
    check(&world, &in_pod(&world, "stranger"), "web", 80, "timed out");
}

#[test]
fn names_resolve_through_coredns() {
    let world = world();
    let friend = in_pod(&world, "friend");
    let service = world.clusters[0].store.find("services", "default", "web").unwrap();
    let address = service["spec"]["clusterIP"].as_str().unwrap().to_owned();
    assert_eq!(super::resolve(&world, &friend, "web", "A"), Answer::Records(vec![address]));
    assert_eq!(super::resolve(&world, &friend, "nope", "A"), Answer::NoSuchName);
    let conf = world.read_text(&friend, "/etc/resolv.conf").unwrap();
    assert!(conf.starts_with("search default.svc.cluster.local svc.cluster.local cluster.local\n"), "{conf}");
}

#[test]
fn a_web_server_answers_from_its_files_and_logs_it() {
    let mut world = world();
    let (friend, web) = (in_pod(&world, "friend"), in_pod(&world, "web"));
    let path = "/usr/share/nginx/html/index.html";
    world.change_files(&web, crate::cluster::place::FileOp::Write { path, bytes: b"hello\n" }).unwrap();
    let request = HttpRequest::of_url("http://web/").unwrap();
    let outcome = super::http::http(&mut world, &friend, &request).outcome;
    let HttpOutcome::Answer(answer) = outcome else { panic!("{outcome:?}") };
    assert_eq!((answer.status, answer.body.as_slice()), (200, b"hello\n".as_slice()));
    let log = access::logs(&world, 0, ("default", "web"), "c", false).unwrap();
    assert!(log.iter().any(|it| it.text.contains("\"GET / HTTP/1.1\" 200 6")));
}
