//! The break-fix rows of `tests/breakfix`: a break shows its symptoms, the documented fix heals it, another
//! right fix does too, and a tempting wrong one does not. Fixes of two rows heal both breaks.
//!
//! A cluster is healthy when its nodes are ready, its own pods run, and a new Deployment comes up and is
//! reached by its name: `tests/breakfix/healthy.sh`; a row may ask for more.

use std::collections::BTreeMap;
use std::time::Duration;

use super::stage;
use crate::cluster::{World, templates};

const CONTROL_PLANE: &str = include_str!("../../tests/breakfix/control-plane.txt");
const NODES: &str = include_str!("../../tests/breakfix/nodes.txt");
const NETWORK: &str = include_str!("../../tests/breakfix/network.txt");
const WORKLOADS: &str = include_str!("../../tests/breakfix/workloads.txt");
const HEALTHY: &str = include_str!("../../tests/breakfix/healthy.sh");
/// Functions for the rows' scripts.
const TOOLS: &str = include_str!("../../tests/breakfix/tools.sh");

/// Long enough for a node to be missed.
const AFTER_BREAK: Duration = Duration::from_secs(90);
/// Long enough for back-offs to pass.
const AFTER_FIX: Duration = Duration::from_secs(240);

/// A part of a row: where it runs, and what.
#[derive(Clone, Debug, Default)]
struct Section {
    host: String,
    script: String,
}

#[derive(Clone, Debug, Default)]
struct Row {
    name: String,
    sections: BTreeMap<String, Section>,
    symptoms: Vec<String>,
}

fn rows(text: &str) -> Vec<Row> {
    let mut all: Vec<Row> = Vec::new();
    let mut section = String::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("== ") {
            all.push(Row { name: name.into(), ..Row::default() });
            continue;
        }
        let row = all.last_mut().expect("a row before its sections");
        if let Some(head) = line.strip_prefix("-- ") {
            let (name, host) = head.split_once(' ').unwrap_or((head, "controlplane"));
            section = name.to_owned();
            row.sections.insert(section.clone(), Section { host: host.into(), script: String::new() });
        } else if let Some(symptom) = line.strip_prefix("~ ") {
            row.symptoms.push(symptom.into());
        } else {
            row.sections.get_mut(&section).expect("a section").script += &format!("{line}\n");
        }
    }
    all
}

impl Row {
    fn run(&self, world: World, section: &str) -> stage::Ran {
        let part = &self.sections[section];
        stage::run(world, &part.host, section, &format!("{TOOLS}{}", part.script)).unwrap()
    }

    /// A world with the add-ons of the row's `with`, broken.
    fn broken(&self, mut world: World) -> World {
        let addons = self.sections.get("with").map_or("", |it| it.host.as_str());
        for text in super::addons::manifests(addons) {
            let script = format!("kubectl apply -f - <<'END'\n{text}\nEND\nsleep 30\n");
            world = stage::run(world, "controlplane", "with", &script).unwrap().world;
        }
        self.run(world, "break").world
    }

    /// Whether a world is healthy, as all rows and this one ask; otherwise the last lines that were said.
    fn health(&self, world: &World) -> Result<(), String> {
        let own = self.sections.get("healthy").map_or("true\n", |it| it.script.as_str());
        let script = format!("common() {{\n{HEALTHY}}}\nown() {{\n{own}}}\ncommon && own\n");
        let ran = stage::run(world.clone(), "controlplane", "healthy", &script).unwrap();
        if ran.exit == 0 { Ok(()) } else { Err(ran.output) }
    }

    /// What is not as the row says.
    fn problems(&self) -> Vec<String> {
        let mut broken = self.broken(templates::default_world(1));
        broken.advance(AFTER_BREAK);
        let shown = self.run(broken.clone(), "symptom").output;
        let missing = self.symptoms.iter().filter(|it| !shown.contains(*it));
        let mut found: Vec<String> =
            missing.map(|it| format!("{}: no symptom {it:?} in\n{shown}", self.name)).collect();
        for (section, heals) in [("fix", true), ("other", true), ("wrong", false)] {
            let mut ran = self.run(broken.clone(), section);
            ran.world.advance(AFTER_FIX);
            let health = self.health(&ran.world);
            if health.is_ok() != heals {
                found.push(format!("{}: {section} heals: {}\n{}{health:?}", self.name, !heals, ran.output));
            }
        }
        found
    }
}

/// Checks every `step`-th row from `first` on.
fn check(text: &str, first: usize, step: usize) {
    let found: Vec<String> = rows(text).iter().skip(first).step_by(step).flat_map(Row::problems).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_control_plane_breaks_and_heals() {
    check(CONTROL_PLANE, 0, 3);
}

#[test]
fn the_control_plane_breaks_and_heals_too() {
    check(CONTROL_PLANE, 1, 3);
}

#[test]
fn the_control_plane_breaks_and_heals_as_well() {
    check(CONTROL_PLANE, 2, 3);
}

#[test]
fn nodes_break_and_heal() {
    check(NODES, 0, 3);
}

#[test]
fn nodes_break_and_heal_too() {
    check(NODES, 1, 3);
}

#[test]
fn nodes_break_and_heal_as_well() {
    check(NODES, 2, 3);
}

#[test]
fn the_network_breaks_and_heals() {
    check(NETWORK, 0, 2);
}

#[test]
fn the_network_breaks_and_heals_too() {
    check(NETWORK, 1, 2);
}

#[test]
fn workloads_break_and_heal() {
    check(WORKLOADS, 0, 1);
}

/// Pairs that say nothing when they are put together: both breaks change the same file or machine in a way
/// that the other's fix undoes by writing over it.
fn get_along(one: &Row, two: &Row) -> bool {
    let text = |row: &Row| row.sections["break"].script.clone() + &row.sections["fix"].script;
    let subjects = [
        "kube-apiserver.yaml",
        "kube-scheduler",
        "kube-controller-manager.yaml",
        "etcd",
        "reset",
        "coredns",
        "kube-dns",
        "kube-proxy",
        "shop",
        "node01",
        "containerd",
        "kubelet.conf",
        "kubeadm-flags",
        "config.yaml",
        "10-calico.conflist",
        "cni",
        "flannel",
        "iptables",
        "Admission",
        "apiserver.crt",
    ];
    subjects.iter().all(|it| !(text(one).contains(it) && text(two).contains(it)))
        && (one.sections["break"].host == "controlplane" || two.sections["break"].host == "controlplane")
}

#[test]
fn pairs_of_breaks_heal() {
    const PAIRS: usize = 4;
    let all: Vec<Row> = [CONTROL_PLANE, NODES, NETWORK, WORKLOADS].iter().flat_map(|it| rows(it)).collect();
    let mut chance = crate::sim::Chance::from_seed(20_261_120);
    let mut draw = || usize::try_from(chance.below(all.len() as u64)).unwrap();
    let mut tried = 0;
    while tried < PAIRS {
        let (one, two) = (&all[draw()], &all[draw()]);
        if one.name == two.name || !get_along(one, two) {
            continue;
        }
        tried += 1;
        // The one that leaves the API server alone comes first: its break may need it.
        let (one, two) = if one.name < two.name { (two, one) } else { (one, two) };
        let mut world = one.broken(templates::default_world(1));
        world = two.broken(world);
        world.advance(AFTER_BREAK);
        world = two.run(world, "fix").world;
        world.advance(AFTER_FIX);
        world = one.run(world, "fix").world;
        world.advance(AFTER_FIX);
        let health = one.health(&world).and_then(|()| two.health(&world));
        assert!(health.is_ok(), "{} and {}: {health:?}", one.name, two.name);
    }
}
