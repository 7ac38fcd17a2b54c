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

/// The containers of a pod with their names, in name order.
pub(crate) fn containers<'w>(
    world: &'w World,
    id: &PodId,
) -> impl Iterator<Item = (&'w String, &'w ContainerRun)> {
    id.get(world).into_iter().flat_map(|run| run.containers.iter())
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

/// A process of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    pub(crate) user: u64,
    pub(crate) command: String,
}

/// The processes of a container: its main process first.
pub(crate) fn processes(world: &World, place: &Place) -> Vec<Process> {
    let Some(container) = container_at(world, place).filter(|it| it.is_running()) else { return Vec::new() };
    let user = super::services::user(container, &serde_json::Value::Null).0;
    let main = object::list(&container.spec, "/command").iter().chain(object::list(&container.spec, "/args"));
    let words: Vec<&str> = main.filter_map(serde_json::Value::as_str).collect();
    let services = container.vm.as_ref().map(|it| it.services()).unwrap_or_default();
    let command = match (words.is_empty(), services.first(), container.image) {
        (false, ..) => words.join(" "),
        (_, Some(service), _) => service.argv.join(" "),
        (_, None, Some(image)) => image.argv(&[], &[]).join(" "),
        _ => String::new(),
    };
    vec![Process { pid: 1, user, command }]
}
