//! How others reach containers: exec, logs, attach, cp, crictl, port-forward.

use std::collections::BTreeMap;

use super::run::{ContainerRun, LogLine, PodId};
use super::script::programs::search_path;
use crate::apimachinery::object;
use crate::cluster::{ClusterId, Place, World};

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
    world.clusters.get(*cluster)?.runtime.pods.get(pod_uid)?.containers.get(container)
}

/// The environment of a container; empty for machines.
pub(crate) fn env_of(world: &World, place: &Place) -> Vec<(String, String)> {
    let env = container_at(world, place).map(|it| it.env.clone()).unwrap_or_default();
    env.into_iter().collect()
}

/// Shells that read commands from the terminal when they are called alone.
const SHELLS: &[&str] = &["sh", "bash", "ash"];

/// The shell that a container runs as its main process and that waits for commands; `None` for others.
pub(crate) fn main_shell(world: &World, place: &Place) -> Option<String> {
    let container = container_at(world, place).filter(|it| object::flag(&it.spec, "/stdin"))?;
    let argv = super::container::argv(container);
    let (program, rest) = argv.split_first()?;
    let name = crate::hosts::files::base_name(program);
    let alone = rest.iter().all(|word| word == "-i" || word == "-l");
    (SHELLS.contains(&name) && alone).then(|| name.to_owned())
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
