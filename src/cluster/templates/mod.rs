//! Worlds to begin with: what `kubeadm init` and `kubeadm join` leave behind, made from the data in
//! `assets/worlds`.
//!
//! Knows nothing of exercises: a template is the ground they build on.

mod addons;
pub(crate) mod control_plane;
mod machine;
pub(crate) mod md5;
mod node;
mod objects;
pub(crate) mod pki;
pub(crate) mod release;
pub(crate) mod software;
mod spec;

use std::sync::OnceLock;
use std::time::Duration;

use imbl::{OrdMap, Vector};

use self::spec::TemplateSpec;
use super::world::Conduct;
use super::{Cluster, Hosts, Store, World, kubelet};
use crate::sim::{Chance, SimTime, Timers};

/// Template names with their data.
const TEMPLATES: &[(&str, &str)] = &[
    ("bare", include_str!("../../../assets/worlds/bare.toml")),
    ("from-base", include_str!("../../../assets/worlds/from-base.toml")),
    ("kubeadm-1.35", include_str!("../../../assets/worlds/kubeadm-1.35.toml")),
    ("kubeadm-init", include_str!("../../../assets/worlds/kubeadm-init.toml")),
    ("kubeadm-join", include_str!("../../../assets/worlds/kubeadm-join.toml")),
    ("three-nodes", include_str!("../../../assets/worlds/three-nodes.toml")),
];

/// How long before [`SimTime::START`] the clusters of templates with real kubelets were set up.
const AGE: Duration = Duration::from_secs(9 * 24 * 3600);

/// The names of all templates.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    TEMPLATES.iter().map(|(name, _)| *name)
}

/// A fresh world of the named template; `None` when there is no such template. Chance follows `seed`.
pub(crate) fn by_name(name: &str, seed: u64) -> Option<World> {
    /// Worlds as built, one a template: building costs milliseconds, a clone nothing.
    static BUILT: [OnceLock<World>; TEMPLATES.len()] = [const { OnceLock::new() }; TEMPLATES.len()];
    let index = TEMPLATES.iter().position(|(known, _)| *known == name)?;
    let (_, text) = TEMPLATES.get(index)?;
    let mut world = BUILT.get(index)?.get_or_init(|| build(&spec::parse(text), SimTime::START)).clone();
    world.chance = Chance::from_seed(seed);
    Some(world)
}

/// As [`by_name`], but the world's present is `now` instead of [`SimTime::START`]: for clients that look at
/// a clock of their own. It is built anew each time.
pub(crate) fn at(name: &str, seed: u64, now: SimTime) -> Option<World> {
    let (_, text) = TEMPLATES.iter().find(|(known, _)| *known == name)?;
    let mut world = build(&spec::parse(text), now);
    world.chance = Chance::from_seed(seed);
    Some(world)
}

/// As [`by_name`], with workers added until the cluster has `nodes` nodes. It is built anew each time.
pub(crate) fn with_nodes(name: &str, seed: u64, nodes: usize) -> Option<World> {
    let (_, text) = TEMPLATES.iter().find(|(known, _)| *known == name)?;
    let mut spec = spec::parse(text);
    spec.grow(nodes);
    let mut world = build(&spec, SimTime::START);
    world.chance = Chance::from_seed(seed);
    Some(world)
}

/// The world behind the recorded sessions: no workloads in kube-system, stand-ins for kubelets.
pub(crate) fn bare(seed: u64) -> World {
    by_name("bare", seed).unwrap_or_else(|| empty(SimTime::START))
}

/// The default lab: `controlplane`, `node01`, `node02` as kubeadm leaves them.
pub(crate) fn default_world(seed: u64) -> World {
    by_name("three-nodes", seed).unwrap_or_else(|| empty(SimTime::START))
}

/// Adds the machine that sittings begin on, from which tasks are reached by `ssh`: an Ubuntu without kubectl,
/// curl, wget, yq or manual pages.
pub(crate) fn add_base(world: &mut World) {
    let mut hosts = "127.0.0.1 localhost base\n".to_owned();
    for host in world.hosts.values() {
        hosts.push_str(&format!("{} {}\n", host.address, host.name));
    }
    let image = "Ubuntu 24.04.3 LTS";
    let mut base = machine::plain("base", "172.30.0.10", &hosts, image, world.now);
    software::settle(&mut base, &[], world.now);
    world.hosts.insert("base".into(), base);
}

/// The world of the machine that an exam's terminals stand on, with the hosts that it may go to.
pub(crate) fn base(hosts: &[&str]) -> World {
    let mut world = empty(SimTime::START);
    let mut listed = "127.0.0.1 localhost base\n".to_owned();
    for (number, host) in hosts.iter().enumerate() {
        listed.push_str(&format!("172.30.0.{} {host}\n", number + 20));
    }
    let mut base = machine::plain("base", "172.30.0.10", &listed, "Ubuntu 24.04.3 LTS", world.now);
    let config = format!("Host {}\n  User candidate\n", hosts.join(" "));
    let _ = base.files.install("/etc/ssh/ssh_config.d/exam.conf", config.as_bytes(), 0o644, world.now);
    software::settle(&mut base, &[], world.now);
    world.hosts.insert("base".into(), base);
    world
}

/// A world without machines.
pub(crate) fn empty(now: SimTime) -> World {
    World {
        now,
        chance: Chance::from_seed(0),
        hosts: Hosts::default(),
        clusters: Vector::new(),
        timers: Timers::default(),
        forwards: imbl::Vector::new(),
        hosts_seen: OrdMap::new(),
    }
}

/// Builds a template anew; the empty world when there is none of that name.
pub(crate) fn build_named(name: &str) -> World {
    let found = TEMPLATES.iter().find(|(known, _)| *known == name);
    found.map_or_else(|| empty(SimTime::START), |(_, text)| build(&spec::parse(text), SimTime::START))
}

/// Builds a template from its data, always with the same chance; `start` is its present.
pub(crate) fn build(spec: &TemplateSpec, start: SimTime) -> World {
    let born = if spec.conduct == Conduct::Kubelet { start - AGE } else { start - SETTLE };
    let mut world = empty(born);
    let pki = pki::ClusterPki::new(spec, born, &mut world.chance);
    let installed = machine::installed(spec, born);
    for node in &spec.nodes {
        let mut host = machine::ubuntu(&installed, node, born);
        if spec.conduct == Conduct::StandIn {
            // The sessions were recorded in a shell that read no files of its own.
            let _ = host.files.remove("/root/.bashrc");
        }
        node::prepare(&mut host, node, &spec.version, born);
        if node.joined {
            node::install(&mut host, node, &pki, born);
        }
        if node.joined && node.control_plane {
            control_plane::install(&mut host, node, spec, &pki, born);
        }
        world.hosts.insert(node.name.clone(), host);
    }
    if spec.base {
        add_base(&mut world);
    }
    world.clusters.push_back(cluster(spec));
    if spec.nodes.iter().any(|node| node.joined) {
        objects::install(&mut world, 0, spec);
        if spec.conduct == Conduct::Kubelet {
            addons::install(&mut world, 0, spec, &pki);
        }
    }
    world.advance(if spec.conduct == Conduct::Kubelet { BOOT } else { SETTLE });
    world.now = world.now.max(start);
    world
}

/// Long enough for the controllers of a cluster of stand-ins to make their objects.
const SETTLE: Duration = Duration::from_secs(5);

/// Long enough for every pod of a fresh cluster to run.
const BOOT: Duration = Duration::from_secs(120);

fn cluster(spec: &TemplateSpec) -> Cluster {
    Cluster {
        store: Store::default(),
        other_stores: OrdMap::new(),
        audit: Vector::new(),
        queue: super::engine::Workqueue::default(),
        nodes: spec.joined().map(|node| (node.name.clone(), node.name.clone())).collect(),
        scheduler: super::scheduler::State::default(),
        runtime: kubelet::Runtime::default(),
        controllers: super::controllers::Memory::default(),
        recorder: super::events::Memory::default(),
        control_plane: super::control_plane::ControlPlane::default(),
        conduct: spec.conduct,
        service_cidr: spec.service_cidr.clone(),
        pod_cidr: spec.pod_cidr.clone(),
        server: spec.server(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_has_its_nodes_and_files() {
        for name in names() {
            let world = by_name(name, 1).unwrap();
            let spec = spec::parse(TEMPLATES.iter().find(|(it, _)| *it == name).unwrap().1);
            assert_eq!(world.clusters[0].store.count("nodes"), spec.joined().count(), "{name}");
            let files = &world.hosts["controlplane"].files;
            for path in ["/etc/kubernetes/admin.conf", "/etc/kubernetes/pki/etcd/server.crt"] {
                assert_eq!(files.exists(path), spec.joined().count() > 0, "{name}: {path}");
            }
            assert_eq!(world.now, SimTime::START, "{name}");
        }
    }

    #[test]
    fn a_cluster_grows_by_workers_that_are_ready() {
        let world = with_nodes("three-nodes", 1, 5).unwrap();
        let nodes: Vec<_> = world.clusters[0].store.list("nodes", "").collect();
        let names: Vec<&str> = nodes.iter().map(|it| crate::apimachinery::object::name(it)).collect();
        assert_eq!(names, ["controlplane", "node01", "node02", "node03", "node04"]);
        assert!(nodes.iter().all(|it| crate::cluster::controllers::pods::is_ready(it)));
        assert_eq!(world.hosts["node04"].address, "172.30.5.2");
    }

    #[test]
    fn the_base_has_a_shell_and_little_else() {
        let mut world = bare(1);
        add_base(&mut world);
        let base = &world.hosts["base"];
        assert!(!base.files.exists("/usr/bin/kubectl") && !base.files.exists("/usr/bin/curl"));
        assert!(base.files.exists("/usr/bin/vim") && base.unit_active("ssh.service"));
        assert!(base.files.read_text("/etc/hosts").unwrap().contains("172.30.1.2 controlplane"));
    }

    #[test]
    fn seeds_differ_in_chance_only() {
        let (mut a, mut b) = (bare(1), bare(2));
        assert_ne!(a.chance.uuid(), b.chance.uuid());
    }
}
