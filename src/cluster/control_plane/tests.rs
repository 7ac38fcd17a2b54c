//! Breaks and repairs on a whole default world.

use std::time::Duration;

use crate::apimachinery::object;
use crate::cluster::place::FileOp;
use crate::cluster::{Key, Place, World, etcd, templates};
use crate::hosts::UnitState;

const MANIFESTS: &str = "/etc/kubernetes/manifests";

fn up(world: &World) -> bool {
    world.clusters[0].api_server_up()
}

fn pass(world: &mut World, seconds: u64) {
    world.advance(Duration::from_secs(seconds));
}

fn change(world: &mut World, op: FileOp<'_>) {
    world.change_files(&Place::host("controlplane"), op).unwrap();
}

fn edit(world: &mut World, file: &str, from: &str, to: &str) {
    let path = format!("{MANIFESTS}/{file}.yaml");
    let text = world.read_text(&Place::host("controlplane"), &path).unwrap();
    assert!(text.contains(from), "{file} has no {from}");
    change(world, FileOp::Write { path: &path, bytes: text.replace(from, to).as_bytes() });
}

#[test]
fn a_manifest_that_is_gone_takes_its_process_along() {
    let mut world = templates::default_world(1);
    assert!(up(&world));
    let (here, away) = (format!("{MANIFESTS}/etcd.yaml"), "/tmp/etcd.yaml");
    change(&mut world, FileOp::Rename { from: &here, to: away });
    pass(&mut world, 5);
    assert!(!up(&world));
    change(&mut world, FileOp::Rename { from: away, to: &here });
    pass(&mut world, 60);
    assert!(up(&world));
}

#[test]
fn a_wrong_flag_is_in_the_log_and_its_repair_heals() {
    let mut world = templates::default_world(1);
    edit(
        &mut world,
        "kube-apiserver",
        "--client-ca-file=/etc/kubernetes/pki/ca.crt",
        "--client-ca-file=/etc/kubernetes/pki/x.crt",
    );
    pass(&mut world, 20);
    assert!(!up(&world));
    let key = ("controlplane".to_owned(), "kube-apiserver".to_owned());
    let instance = &world.clusters[0].control_plane.instances[&key];
    let log: Vec<&str> =
        instance.log.iter().chain(&instance.previous_log).map(|(_, line)| line.as_str()).collect();
    assert!(
        log.iter().any(|line| line.contains("open /etc/kubernetes/pki/x.crt: no such file or directory")),
        "{log:?}"
    );
    edit(&mut world, "kube-apiserver", "pki/x.crt", "pki/ca.crt");
    pass(&mut world, 10);
    assert!(up(&world));
}

#[test]
fn without_a_kubelet_nothing_follows_the_manifests() {
    let mut world = templates::default_world(1);
    let host = world.hosts.get_mut("controlplane").unwrap();
    host.units.get_mut("kubelet.service").unwrap().state = UnitState::Inactive;
    let from = format!("{MANIFESTS}/kube-apiserver.yaml");
    change(&mut world, FileOp::Rename { from: &from, to: "/tmp/kube-apiserver.yaml" });
    pass(&mut world, 60);
    assert!(up(&world));
}

#[test]
fn a_restored_keyspace_comes_back_once_the_manifest_points_at_it() {
    let mut world = templates::default_world(1);
    let key = Key::new("configmaps", "default", "before");
    world.clusters[0].store.put(
        &key,
        crate::apimachinery::json::json!({"metadata": {"name": "before", "namespace": "default"}}),
    );
    let saved = etcd::snapshot(&world.clusters[0].store);
    world.clusters[0].store.delete(&key);
    let database = etcd::database(&etcd::read(&saved, true).unwrap().store);
    change(
        &mut world,
        FileOp::Mkdir { path: "/var/lib/etcd-restored/member/snap", mode: 0o700, parents: true },
    );
    change(&mut world, FileOp::Write { path: "/var/lib/etcd-restored/member/snap/db", bytes: &database });
    edit(&mut world, "etcd", "path: /var/lib/etcd\n", "path: /var/lib/etcd-restored\n");
    pass(&mut world, 60);
    assert!(up(&world));
    assert!(world.clusters[0].store.get(&key).is_some());
    edit(&mut world, "etcd", "path: /var/lib/etcd-restored\n", "path: /var/lib/etcd\n");
    pass(&mut world, 60);
    assert!(up(&world) && world.clusters[0].store.get(&key).is_none(), "the old directory is as it was left");
}

#[test]
fn an_untouched_cluster_has_leases_and_a_journal_of_how_its_kubelets_started() {
    let world = templates::default_world(1);
    let leases: Vec<_> = world.clusters[0].store.list("leases.coordination.k8s.io", "kube-system").collect();
    let lines: Vec<String> = leases
        .iter()
        .map(|it| {
            let shown = crate::cluster::kubelet::node::as_of_now(&world, 0, it);
            let renewed =
                crate::sim::SimTime::parse_rfc3339(object::text(&shown, "/spec/renewTime")).unwrap();
            assert!(world.now.since(renewed) <= Duration::from_secs(10), "{renewed:?}");
            let holder = object::text(&shown, "/spec/holderIdentity").split('_').next().unwrap().to_owned();
            format!("{} {holder}", object::name(&shown))
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    apiserver-v3pzcqgisi2xl2qaivl6nou4fq apiserver-v3pzcqgisi2xl2qaivl6nou4fq
    kube-controller-manager controlplane
    kube-scheduler controlplane
    ");
    for host in ["controlplane", "node01"] {
        let mut said = world.hosts[host].journal.iter().filter(|it| it.identifier == "kubelet");
        assert!(said.any(|it| it.message.contains("Successfully registered node")), "{host}");
    }
}
