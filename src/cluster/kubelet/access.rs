//! How others reach containers: exec, logs, attach, cp, crictl, port-forward.

use std::collections::BTreeMap;

use super::run::{ContainerRun, LogLine, PodId, Source};
use super::script::programs::search_path;
use crate::apimachinery::object;
use crate::cluster::{ClusterId, Place, World};
use crate::hosts::files;

/// The pod of that name, as its node runs it.
pub(crate) fn find(world: &World, cluster: ClusterId, namespace: &str, name: &str) -> Option<PodId> {
    let pod = world.clusters.get(cluster)?.store.find("pods", namespace, name)?;
    let id = PodId { cluster, uid: object::uid(pod).to_owned() };
    id.get(world).map(|_| id.clone())
}

/// The log of a container; the kubelet's sentence when there is none.
///
/// # Errors
/// As [`super::logs::of`].
pub(crate) fn logs(
    world: &World,
    cluster: ClusterId,
    (namespace, name): (&str, &str),
    container: &str,
    previous: bool,
) -> Result<Vec<LogLine>, String> {
    match find(world, cluster, namespace, name) {
        Some(id) => super::logs::of(world, &id, container, previous),
        None => {
            Err(format!("container \"{container}\" in pod \"{name}\" is waiting to start: ContainerCreating"))
        }
    }
}

/// The place that a command in a container runs in; the sentence of the refusal otherwise.
///
/// # Errors
/// As the kubelet answers an exec request.
pub(crate) fn exec_target(
    world: &World,
    cluster: ClusterId,
    (namespace, name): (&str, &str),
    container: &str,
) -> Result<Place, String> {
    let id = find(world, cluster, namespace, name)
        .ok_or_else(|| format!("container not found (\"{container}\")"))?;
    let running = id.container(world, container).is_some_and(ContainerRun::is_running);
    if running { Ok(id.place(container)) } else { Err(format!("container not found (\"{container}\")")) }
}

/// Whether a place has a program where `$PATH` finds it.
pub(crate) fn has_program(world: &World, place: &Place, program: &str) -> bool {
    let env: BTreeMap<String, String> = env_of(world, place).into_iter().collect();
    if program.contains('/') {
        return world.stat(place, program).is_ok();
    }
    search_path(&env).any(|directory| world.stat(place, &format!("{directory}/{program}")).is_ok())
}

fn container_at<'w>(world: &'w World, place: &Place) -> Option<&'w ContainerRun> {
    let Place::Container { cluster, pod_uid, container } = place else { return None };
    world.clusters.get(*cluster)?.runtime.pods.get(pod_uid)?.containers.get(container).map(AsRef::as_ref)
}

/// The environment of a container; empty for machines.
pub(crate) fn env_of(world: &World, place: &Place) -> Vec<(String, String)> {
    let env = container_at(world, place).map(|it| it.env.clone()).unwrap_or_default();
    env.into_iter().collect()
}

/// Shells that read commands from the terminal when they are called alone.
const SHELLS: &[&str] = &["sh", "bash", "ash"];

/// True for the path or name of a shell.
pub(crate) fn is_shell(program: &str) -> bool {
    SHELLS.contains(&files::base_name(program))
}

/// The machine whose whole file system a container has at `path`, as those of `kubectl debug node/…` have at `/host`.
pub(crate) fn host_at(world: &World, place: &Place, path: &str) -> Option<Place> {
    let path = files::clean("/", path);
    let mounts = &container_at(world, place)?.mounts;
    match &mounts.iter().find(|it| it.path == path && it.inner == "/")?.source {
        Source::Host(name) => Some(Place::Host(name.clone())),
        Source::Volume(_) | Source::Export(_) => None,
    }
}

/// A container's main process that whoever attaches to it steers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MainShell {
    /// Where it runs: the container, or the machine that `chroot` leads to.
    pub(crate) place: Place,
    /// `sh`, `bash`.
    pub(crate) program: String,
    /// What it runs; empty when it waits for commands.
    pub(crate) words: Vec<String>,
}

/// The shell that a container runs as its main process and that waits for commands; `None` for others.
pub(crate) fn main_shell(world: &World, place: &Place) -> Option<MainShell> {
    let container = container_at(world, place).filter(|it| object::flag(&it.spec, "/stdin"))?;
    let argv = super::container::argv(container);
    let (place, argv) = match argv.as_slice() {
        [program, root, rest @ ..] if files::base_name(program) == "chroot" => {
            let shell = ["sh".to_owned()];
            (host_at(world, place, root)?, if rest.is_empty() { shell.to_vec() } else { rest.to_vec() })
        }
        _ => (place.clone(), argv),
    };
    let (program, rest) = argv.split_first()?;
    let waits = is_shell(program) && rest.iter().all(|word| word == "-i" || word == "-l");
    if !waits && matches!(place, Place::Container { .. }) {
        return None;
    }
    let program = if waits { files::base_name(program).to_owned() } else { "sh".to_owned() };
    Some(MainShell { place, program, words: if waits { Vec::new() } else { argv } })
}

/// The main process of a running container ends, as a shell does at `exit`.
pub(crate) fn end_main(world: &mut World, place: &Place, code: i32) {
    let Place::Container { cluster, pod_uid, container } = place else { return };
    let id = PodId { cluster: *cluster, uid: pod_uid.clone() };
    let Some(run) = id.get(world) else { return };
    let (namespace, name) = (run.namespace.clone(), run.name.clone());
    if !id.container(world, container).is_some_and(ContainerRun::is_running) {
        return;
    }
    let found = world.clusters.get(*cluster).and_then(|it| it.store.find("pods", &namespace, &name));
    let Some(pod) = found.cloned() else { return };
    let job = super::container::Job { id: &id, pod: &pod, name: container };
    let reason = if code == 0 { "Completed" } else { "Error" };
    super::container::end(world, &job, code, reason, String::new());
    let now = world.now;
    world.wake_at(now, *cluster, super::PODS.name, &format!("{namespace}/{name}/{pod_uid}"));
}
