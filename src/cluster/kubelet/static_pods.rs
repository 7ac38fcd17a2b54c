//! Static pods: manifests in a directory of the machine, shown in the API by mirror pods.
//!
//! The control plane's own processes are run by `cluster::control_plane`; their mirror pods follow what
//! it says. Every other static pod runs like any pod, through its mirror.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::run::{ContainerRun, Ended, LogLine, PodId, PodRun, Role, State};
use super::{catalog, daemon, manifest, node, pod, pod_status, status};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::cluster::api::Client;
use crate::cluster::control_plane::{self, Instance, Phase};
use crate::cluster::{ClusterId, Object, World, events};
use crate::sim::SimTime;

const MIRROR: &str = "kubernetes.io/config.mirror";

/// True for the mirror of a static pod that runs a program of the control plane.
pub(super) fn is_control_plane(pod: &Value) -> bool {
    object::annotation(pod, MIRROR).is_some()
        && control_plane::Process::of_manifest(pod).is_some_and(|it| it.is_ours())
}

/// Brings the mirror pods of a machine in line with its manifests.
pub(super) fn sync(world: &mut World, cluster: ClusterId, host: &str) -> Option<Duration> {
    let state = world.clusters.get(cluster)?;
    let node = state.nodes.iter().find(|(_, it)| *it == host).map(|(node, _)| node.clone())?;
    if !node::kubelet_runs(world, host) {
        return None;
    }
    if !state.api_server_up() {
        // The mirrors are written when a server answers again; the logs of the machine go on.
        let now = world.now;
        for key in control_plane_keys(world, cluster, &node) {
            world.wake_at(now + Duration::from_millis(300), cluster, "kubelet", &key);
        }
        return Some(Duration::from_secs(2));
    }
    let wanted = manifests(world, cluster, host, &node);
    let mirrors: Vec<Object> = world
        .clusters
        .get(cluster)?
        .store
        .pods_on(&node)
        .filter(|it| {
            object::annotation(it, MIRROR).is_some()
                && object::annotation(it, "kubernetes.io/config.source").is_some()
        })
        .cloned()
        .collect();
    for mirror in &mirrors {
        let same = wanted.iter().any(|it| is_same(it, mirror));
        if !same {
            delete(world, cluster, &node, mirror);
        }
    }
    let mut missing = false;
    for pod in wanted {
        if !mirrors.iter().any(|it| is_same(&pod, it)) {
            missing |= create(world, cluster, &node, pod).is_none();
        }
    }
    for mirror in mirrors.iter().filter(|it| is_control_plane(it)) {
        let key = format!("{}/{}/{}", object::namespace(mirror), object::name(mirror), object::uid(mirror));
        world.wake_at(world.now + Duration::from_millis(300), cluster, "kubelet", &key);
    }
    // A manifest that the API refuses is tried again as often as the kubelet reads its directory.
    missing.then_some(Duration::from_secs(20))
}

/// The pod workers of the control plane's mirrors on a node.
fn control_plane_keys(world: &World, cluster: ClusterId, node: &str) -> Vec<String> {
    let Some(state) = world.clusters.get(cluster) else { return Vec::new() };
    let key = |pod: &Object| format!("{}/{}/{}", object::namespace(pod), object::name(pod), object::uid(pod));
    state.store.pods_on(node).filter(|pod| is_control_plane(pod)).map(key).collect()
}

fn is_same(wanted: &Value, mirror: &Value) -> bool {
    object::name(wanted) == object::name(mirror)
        && object::namespace(wanted) == object::namespace(mirror)
        && object::annotation(wanted, MIRROR) == object::annotation(mirror, MIRROR)
}

fn delete(world: &mut World, cluster: ClusterId, node: &str, mirror: &Object) {
    let options = json!({"gracePeriodSeconds": 0, "preconditions": {"uid": object::uid(mirror)}});
    let mut client = Client::as_user(world, cluster, pod::identity(node));
    let _ = client.delete("pods", object::namespace(mirror), object::name(mirror), &options);
}

fn create(world: &mut World, cluster: ClusterId, node: &str, mut pod: Value) -> Option<()> {
    let now = world.now;
    let mut client = Client::as_user(world, cluster, super::pod::identity(node));
    let uid = client.get("nodes", "", node).map(|it| object::uid(&it).to_owned())?;
    let owner = json!([{"apiVersion": "v1", "kind": "Node", "name": node, "uid": uid, "controller": true}]);
    object::set(&mut pod, &["metadata", "ownerReferences"], owner);
    object::set(&mut pod, &["metadata", "annotations", "kubernetes.io/config.seen"], now.rfc3339_nano());
    let namespace = object::namespace(&pod).to_owned();
    let about = format!("{namespace}/{}", object::name(&pod));
    client.create("pods", &namespace, pod).ok()?;
    let host = world.clusters.get(cluster)?.nodes.get(node)?.clone();
    let line = format!("I kubelet.go:3514] \"Creating a mirror pod for static pod\" pod={about:?}");
    daemon::say(world, &host, &line);
    Some(())
}

/// The pods of a machine's manifests, as their mirrors are to be. Of two files with the same pod one
/// waits: the control plane says which of its pods runs, for others the first file counts.
fn manifests(world: &World, cluster: ClusterId, host: &str, node: &str) -> Vec<Value> {
    let mut found: Vec<Value> = Vec::new();
    for (path, bytes) in manifest::files(world, host) {
        let Ok(pod) = manifest::read(&path, &bytes, node) else { continue };
        let running =
            world.clusters.get(cluster).and_then(|it| it.control_plane.manifest_of(host, object::name(&pod)));
        if running.is_some_and(|it| *it != bytes) {
            continue;
        }
        let mirror = mirror_of(pod, &bytes, node);
        let taken = found.iter().any(|it| {
            object::name(it) == object::name(&mirror) && object::namespace(it) == object::namespace(&mirror)
        });
        if !taken {
            found.push(mirror);
        }
    }
    found
}

fn mirror_of(mut pod: Value, bytes: &[u8], node: &str) -> Value {
    let hash = status::sha256_hex(bytes).chars().take(32).collect::<String>();
    let name = format!("{}-{node}", object::name(&pod));
    object::set(&mut pod, &["metadata", "name"], name);
    object::set_default(&mut pod, &["metadata", "namespace"], "default");
    for (key, value) in [
        ("kubernetes.io/config.hash", hash.as_str()),
        (MIRROR, hash.as_str()),
        ("kubernetes.io/config.source", "file"),
    ] {
        object::set(&mut pod, &["metadata", "annotations", key], value);
    }
    object::set(&mut pod, &["spec", "nodeName"], node);
    let mut tolerations = object::list(&pod, "/spec/tolerations").to_vec();
    tolerations.push(json!({"effect": "NoExecute", "operator": "Exists"}));
    object::set(&mut pod, &["spec", "tolerations"], tolerations);
    object::remove(&mut pod, &["status"]);
    pod
}

/// Lets the mirror of a control plane pod follow its process.
pub(super) fn follow(world: &mut World, id: &PodId, pod: &Object, host: &str) -> Option<Duration> {
    let now = world.now;
    let key = (host.to_owned(), manifest_name(pod));
    let instance = world.clusters.get(id.cluster)?.control_plane.instances.get(&key).cloned()?;
    let spec = object::list(pod, "/spec/containers").first()?.clone();
    let name = object::field(&spec, "name").to_owned();
    let fresh = id.get(world).is_none();
    let mut run = id.get(world).cloned().unwrap_or_else(|| empty(world, pod, host));
    let mut container = run
        .containers
        .get(&name)
        .map(|it| it.as_ref().clone())
        .unwrap_or_else(|| ContainerRun::new(Role::Main, Arc::new(spec.clone())));
    if container.id.is_empty() || container.restarts != instance.restarts {
        container.id = world.chance.hex(64);
    }
    container.image = catalog::of_name(object::field(&spec, "image"));
    container.restarts = instance.restarts;
    container.last = instance
        .last_exit
        .filter(|_| instance.restarts > 0 || !matches!(instance.phase, Phase::Running { .. }))
        .map(|exit| ended(exit, &instance.message, &container.id));
    let (state, serves, due) = shown(&instance, &container, pod, now);
    let ready = serves && control_plane::is_ready(world, id.cluster, host, &instance);
    let killed = match (&container.state, &instance.killed) {
        (State::Running { since }, Some((at, why))) if since < at && state != container.state => {
            Some(why.clone())
        }
        _ => None,
    };
    run.rejected = match instance.phase {
        Phase::Rejected { reason } => Some((reason, instance.message.clone())),
        _ => None,
    };
    let before = waits_for(&container.state);
    let after = waits_for(&state).filter(|it| before.as_ref() != Some(it));
    container.state = state;
    container.ready = ready;
    container.started = serves;
    let line = |(at, text): &(SimTime, String)| LogLine { at: *at, err: true, text: text.clone() };
    container.logs = instance.log.iter().map(line).collect();
    container.previous_logs = instance.previous_log.iter().map(line).collect();
    run.containers.insert(name.clone(), Arc::new(container));
    world.clusters.get_mut(id.cluster)?.runtime.add_pod(&id.uid, run);
    furnish(world, id, pod, &spec, &name);
    if fresh {
        announce(world, id, pod, &spec, after.is_none());
    }
    if let Some(why) = killed {
        let path = format!("spec.containers{{{name}}}");
        pod::tell(world, id, pod, &path, events::warning("Unhealthy", why.clone()));
        let kind = why.split(' ').next().unwrap_or("Liveness").to_lowercase();
        let text = format!("Container {name} failed {kind} probe, will be restarted");
        pod::tell(world, id, pod, &path, events::normal("Killing", text));
    }
    if let Some((reason, message)) = after {
        report_wait(world, id, pod, &spec, reason, &message);
    }
    super::logs::publish(world, id, &name);
    if world.clusters.get(id.cluster)?.api_server_up() {
        pod_status::write(world, id, pod);
    }
    due
}

/// Gives the container of a control plane pod what `exec` finds in it: its image's files, the machine's
/// directories that it mounts, and the usual search path.
fn furnish(world: &mut World, id: &PodId, pod: &Value, spec: &Value, name: &str) {
    let Some(container) = id.container(world, name).filter(|it| it.env.is_empty()) else { return };
    let (image, now) = (container.image, world.now);
    let env = BTreeMap::from([("PATH".to_owned(), super::env::PATH.to_owned())]);
    let mounts = super::volumes::mounts(world, id, pod, spec, &env).unwrap_or_default();
    let Some(container) = id.container_mut(world, name) else { return };
    container.files = image.map(catalog::Image::files).unwrap_or_default();
    for mount in &mounts {
        // The image's tree is as it was made, so nothing stands in the way.
        let _ = container.files.mkdir_all(&mount.path, 0o755, now);
    }
    container.mounts = mounts;
    container.env = env;
}

/// The name in the manifest: the mirror's without the node.
fn manifest_name(pod: &Value) -> String {
    let suffix = format!("-{}", object::text(pod, "/spec/nodeName"));
    let name = object::name(pod);
    name.strip_suffix(&suffix).unwrap_or(name).to_owned()
}

fn ended(exit: control_plane::Exit, message: &str, id: &str) -> Ended {
    Ended {
        code: exit.code,
        reason: exit.reason,
        message: if exit.reason == "StartError" { message.to_owned() } else { String::new() },
        started: exit.started,
        finished: exit.finished,
        id: id.to_owned(),
    }
}

/// State, readiness, and when to look again.
fn shown(
    instance: &Instance,
    container: &ContainerRun,
    pod: &Value,
    now: SimTime,
) -> (State, bool, Option<Duration>) {
    let soon = |at: SimTime| Some(at.since(now) + Duration::from_millis(100));
    match &instance.phase {
        Phase::Waiting { reason, until } => {
            (State::Waiting { reason, message: instance.message.clone() }, false, soon(*until))
        }
        Phase::Rejected { .. } => {
            (State::Waiting { reason: "ContainerCreating", message: String::new() }, false, None)
        }
        Phase::Pending { at } => {
            (State::Waiting { reason: "ContainerCreating", message: String::new() }, false, soon(*at))
        }
        Phase::Running { since, serving, ends_at } => {
            (State::Running { since: *since }, *serving, ends_at.and_then(soon))
        }
        // The first restart comes at once, with no back-off to show.
        Phase::BackOff { until } if container.restarts == 0 => {
            let ended = instance.last_exit.map(|exit| ended(exit, &instance.message, &container.id));
            let waiting = State::Waiting { reason: "RunContainerError", message: instance.message.clone() };
            (ended.filter(|it| it.reason != "StartError").map_or(waiting, State::Ended), false, soon(*until))
        }
        Phase::BackOff { until } => {
            let seconds = 10_u64 << container.restarts.saturating_sub(1).min(5);
            let name = object::field(&container.spec, "name");
            let message = format!(
                "back-off {}s restarting failed container={name} pod={}_{}({})",
                seconds.min(300),
                object::name(pod),
                object::namespace(pod),
                object::annotation(pod, "kubernetes.io/config.hash").unwrap_or("")
            );
            (State::Waiting { reason: "CrashLoopBackOff", message }, false, soon(*until))
        }
    }
}

fn empty(world: &World, pod: &Value, host: &str) -> PodRun {
    PodRun {
        namespace: object::namespace(pod).to_owned(),
        name: object::name(pod).to_owned(),
        node: object::text(pod, "/spec/nodeName").to_owned(),
        host: host.to_owned(),
        started: world.now,
        rejected: None,
        ip: world.hosts.get(host).map(|it| it.address.clone()).unwrap_or_default(),
        mounted: true,
        retry_at: None,
        failures: 0,
        volumes: imbl::OrdMap::new(),
        containers: imbl::OrdMap::new(),
        stopping: None,
        told: None,
    }
}

/// Why a container waits, for reasons that are reported.
fn waits_for(state: &State) -> Option<(&'static str, String)> {
    match state {
        State::Waiting { reason, message } if !message.is_empty() => Some((reason, message.clone())),
        _ => None,
    }
}

/// The events of a container that cannot be started.
fn report_wait(world: &mut World, id: &PodId, pod: &Object, spec: &Value, reason: &str, message: &str) {
    let path = format!("spec.containers{{{}}}", object::field(spec, "name"));
    let image = object::field(spec, "image");
    let mut warn = |reason: &str, text: String| match reason {
        "BackOff" => pod::tell(world, id, pod, &path, events::warning("BackOff", text)),
        _ => pod::tell(world, id, pod, &path, events::warning("Failed", text)),
    };
    match reason {
        "ErrImagePull" => {
            warn("Failed", format!("Failed to pull image \"{image}\": {message}"));
            warn("Failed", "Error: ErrImagePull".to_owned());
        }
        "ImagePullBackOff" => {
            let text = format!("Back-off pulling image \"{image}\"");
            pod::tell(world, id, pod, &path, events::normal("BackOff", text));
        }
        "InvalidImageName" => warn("Failed", format!("Error: InvalidImageName: {message}")),
        "RunContainerError" => warn("Failed", format!("Error: {message}")),
        "CrashLoopBackOff" => {
            let name = object::field(spec, "name");
            let pod_name = format!("{}_{}", object::name(pod), object::namespace(pod));
            let uid = object::annotation(pod, "kubernetes.io/config.hash").unwrap_or_default();
            warn("BackOff", format!("Back-off restarting failed container {name} in pod {pod_name}({uid})"));
        }
        _ => {}
    }
}

/// The events of a container that starts; with its image missing there is nothing to tell yet.
fn announce(world: &mut World, id: &PodId, pod: &Object, spec: &Value, starts: bool) {
    if !starts {
        return;
    }
    let path = format!("spec.containers{{{}}}", object::field(spec, "name"));
    let image = object::field(spec, "image");
    let pulled =
        format!("Container image \"{image}\" already present on machine and can be accessed by the pod");
    pod::tell(world, id, pod, &path, events::normal("Pulled", pulled));
    pod::tell(world, id, pod, &path, events::normal("Created", "Container created"));
    pod::tell(world, id, pod, &path, events::normal("Started", "Container started"));
}
