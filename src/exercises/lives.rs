//! Random lives: clusters on which commands drawn from a seed are typed, lived twice. Both lives must
//! print the same and end the same, and what every healthy cluster keeps must hold at the end.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::time::Duration;

use super::stage;
use crate::apimachinery::json::Value;
use crate::apimachinery::object::{self, field, int, list, text};
use crate::cluster::{Store, World, templates};
use crate::shell::Console;
use crate::sim::Chance;

/// Commands of one life.
const STEPS: u32 = 20;

/// Long enough after the last command for every controller to come to rest.
const REST: Duration = Duration::from_secs(120);

const NAMES: &[&str] = &["web", "api", "db"];
const NODES: &[&str] = &["controlplane", "node01", "node02"];

/// What may be typed; `@` stands for a name, `%` for a node and `#` for a small number.
const COMMANDS: &[&str] = &[
    "kubectl create deployment @ --image=nginx:1.27 --replicas=#",
    "kubectl run p-@ --image=nginx:1.27 --labels=app=@",
    "kubectl scale deployment @ --replicas=#",
    "kubectl set image deployment @ nginx=nginx:1.28",
    "kubectl rollout undo deployment @",
    "kubectl rollout restart deployment @",
    "kubectl expose deployment @ --port=80",
    "kubectl delete deployment @",
    "kubectl delete pod -l app=@ --wait=false",
    "kubectl delete service @",
    "kubectl create job j-@ --image=busybox -- sh -c 'sleep 1'",
    "kubectl create configmap @ --from-literal=a=#",
    "kubectl create quota @ --hard=pods=1#",
    "kubectl delete quota --all",
    "kubectl autoscale deployment @ --min=1 --max=#",
    "kubectl cordon %",
    "kubectl uncordon %",
    "kubectl drain % --ignore-daemonsets --force --delete-emptydir-data --timeout=30s",
    "kubectl taint node % k=v:NoSchedule --overwrite",
    "kubectl taint node % k-",
    "kubectl label node % tier=@ --overwrite",
    "kubectl patch deployment @ -p '{\"spec\":{\"template\":{\"metadata\":{\"labels\":{\"n\":\"#\"}}}}}'",
    "kubectl create namespace ns-@",
    "kubectl delete namespace ns-@ --wait=false",
    "kubectl -n ns-@ create deployment web --image=nginx --replicas=#",
    "kubectl get all -A -o wide",
    "kubectl get events --sort-by=.lastTimestamp",
    "kubectl describe deployment @",
    "kubectl delete no-such-kind x",
    "sleep #0",
];

fn draw(chance: &mut Chance) -> String {
    let pick =
        |from: &[&str], chance: &mut Chance| chance.pick(from).map_or(String::new(), ToString::to_string);
    let command = pick(COMMANDS, chance);
    let number = chance.below(6).to_string();
    let (name, node) = (pick(NAMES, chance), pick(NODES, chance));
    command.replace('@', &name).replace('%', &node).replace('#', &number)
}

/// Everything that one life printed and left behind, and its world.
fn live(seed: u64) -> (String, World) {
    let lab = stage::lab(templates::bare(seed));
    let mut console = Console::new(&lab, stage::root(&lab, "controlplane")).expect("a shell");
    let mut chance = Chance::from_seed(seed);
    let mut story = String::new();
    for _ in 0..STEPS {
        let command = draw(&mut chance);
        let exit = console.run(&command);
        let printed = stage::text_of(&console.take_output());
        writeln!(story, "$ {command}\n{printed}[{exit}]").expect("memory");
    }
    let mut world = lab.world().clone();
    world.advance(REST);
    let store = &world.clusters[0].store;
    for resource in store.resources() {
        for kept in store.list(resource, "") {
            writeln!(story, "{kept}").expect("memory");
        }
    }
    (story, world)
}

/// What holds in every cluster at rest, whatever was done to it.
fn hold(store: &Store, story: &str) {
    let pods: Vec<&Value> = store.list("pods", "").map(|pod| &**pod).collect();
    let addresses: Vec<&str> = pods
        .iter()
        .filter(|pod| text(pod, "/status/phase") == "Running")
        .map(|pod| text(pod, "/status/podIP"))
        .collect();
    let distinct: BTreeSet<&&str> = addresses.iter().collect();
    assert_eq!(distinct.len(), addresses.len(), "two pods share an address\n{story}");
    for pod in &pods {
        let node = text(pod, "/spec/nodeName");
        assert!(node.is_empty() || store.find("nodes", "", node).is_some(), "{node} is no node\n{story}");
        let namespace = object::namespace(pod);
        assert!(store.find("namespaces", "", namespace).is_some(), "{namespace} is gone\n{story}");
    }
    for set in store.list("replicasets.apps", "") {
        let owned = pods
            .iter()
            .filter(|pod| {
                list(pod, "/metadata/ownerReferences").iter().any(|it| field(it, "uid") == object::uid(set))
            })
            .filter(|pod| text(pod, "/metadata/deletionTimestamp").is_empty())
            .count();
        let wanted = int(set, "/spec/replicas").unwrap_or(0);
        let short = list(set, "/status/conditions").iter().any(|it| field(it, "type") == "ReplicaFailure");
        let owned = i64::try_from(owned).unwrap_or(i64::MAX);
        assert!(
            owned == wanted || (short && owned < wanted),
            "{}: {owned} of {wanted}\n{story}",
            object::name(set)
        );
    }
}

fn lives(seeds: std::ops::Range<u64>) {
    for seed in seeds {
        let (story, world) = live(seed);
        assert_eq!(story, live(seed).0, "seed {seed} did not repeat itself");
        hold(&world.clusters[0].store, &story);
    }
}

// Four parts, so that they run side by side.

#[test]
fn random_lives_repeat_themselves_first_part() {
    lives(0..50);
}

#[test]
fn random_lives_repeat_themselves_second_part() {
    lives(50..100);
}

#[test]
fn random_lives_repeat_themselves_third_part() {
    lives(100..150);
}

#[test]
fn random_lives_repeat_themselves_fourth_part() {
    lives(150..200);
}
