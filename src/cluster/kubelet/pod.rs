//! One pod's life on its node: mounts, containers in their order, deadlines, the end.

use std::sync::Arc;
use std::time::Duration;

use imbl::OrdMap;

use super::container::{self, Job};
use super::run::{ContainerRun, PodId, PodRun, Role, State, Stopping};
use super::{cni, hooks, mount_log, node, pod_status, probes, static_pods, volumes};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::cluster::api::Client;
use crate::cluster::events::{self, Report, Source};
use crate::cluster::{ClusterId, Object, UserInfo, World};
use crate::sim::SimTime;

/// Setting up a pod's network and its first container takes about this long.
const SANDBOX: Duration = Duration::from_millis(350);

/// After a failure the kubelet sets a sandbox up again about so often. Source: `backOffPeriod`, with jitter.
const SANDBOX_RETRY: Duration = Duration::from_secs(12);
/// And so often while there is no network at all; the real one looks every second.
const NETWORK_RETRY: Duration = Duration::from_secs(4);

/// How long a program takes to stop when it is asked to.
const STOP: Duration = Duration::from_millis(250);

/// Steps within one sync. Each changes the state of a container.
const STEPS_MAX: u32 = 50;

/// Looks at one pod; returns when to look again.
pub(super) fn sync(
    world: &mut World,
    cluster: ClusterId,
    namespace: &str,
    name: &str,
    uid: &str,
) -> Option<Duration> {
    let id = PodId { cluster, uid: uid.to_owned() };
    let state = world.clusters.get(cluster)?;
    let Some(pod) = state.store.find("pods", namespace, name).filter(|it| object::uid(it) == uid).cloned()
    else {
        forget(world, &id);
        return None;
    };
    let host = state.nodes.get(object::text(&pod, "/spec/nodeName"))?.clone();
    if !node::kubelet_runs(world, &host) {
        return None;
    }
    if static_pods::is_control_plane(&pod) {
        return static_pods::follow(world, &id, &pod, &host);
    }
    if id.get(world).is_none() && !begin(world, &id, &pod, &host) {
        return None;
    }
    if object::at(&pod, "/metadata/deletionTimestamp").is_some() {
        return stop(world, &id, &pod);
    }
    if is_over(&pod) || id.get(world)?.rejected.is_some() {
        pod_status::write(world, &id, &pod);
        return None;
    }
    if mount(world, &id, &pod) {
        adopt_new_containers(world, &id, &pod);
        run_containers(world, &id, &pod);
        check_deadline(world, &id, &pod);
    }
    pod_status::write(world, &id, &pod);
    next_due(world, &id)
}

fn is_over(pod: &Value) -> bool {
    matches!(object::text(pod, "/status/phase"), "Succeeded" | "Failed")
}

/// `hostname` inside the pod.
pub(super) fn hostname(pod: &Value) -> String {
    if object::flag(pod, "/spec/hostNetwork") {
        return object::text(pod, "/spec/nodeName").to_owned();
    }
    let own = object::text(pod, "/spec/hostname");
    let name = if own.is_empty() { object::name(pod) } else { own };
    name.chars().take(63).collect::<String>().trim_end_matches(['-', '.']).to_owned()
}

/// The kubelet's identity.
pub(super) fn identity(node: &str) -> UserInfo {
    UserInfo::new(&format!("system:node:{node}"), &["system:nodes", "system:authenticated"])
}

/// Records an event about a pod, or about one of its containers. Without an API server it is lost.
pub(super) fn tell(world: &mut World, id: &PodId, pod: &Value, field_path: &str, report: Report<'_>) {
    if !world.clusters.get(id.cluster).is_some_and(|it| it.api_server_up()) {
        return;
    }
    let mut about = events::reference(pod);
    // The kubelet knows a static pod by the hash of its manifest, not by its mirror.
    if let Some(hash) = object::annotation(pod, "kubernetes.io/config.mirror") {
        object::set(&mut about, &["uid"], hash);
    }
    if !field_path.is_empty() {
        object::set(&mut about, &["fieldPath"], field_path);
    }
    let host = object::text(pod, "/spec/nodeName").to_owned();
    events::record(world, id.cluster, &Source { component: "kubelet".into(), host }, &about, report);
}

/// Takes a pod that is new to the node. False for one that is over already.
fn begin(world: &mut World, id: &PodId, pod: &Object, host: &str) -> bool {
    if is_over(pod) && object::at(pod, "/metadata/deletionTimestamp").is_none() {
        return false;
    }
    let now = world.now;
    let mut containers = OrdMap::new();
    for (role, spec) in specs(pod) {
        let name = object::field(spec, "name").to_owned();
        containers.insert(name, Arc::new(ContainerRun::new(role, Arc::new(spec.clone()))));
    }
    let run = PodRun {
        namespace: object::namespace(pod).to_owned(),
        name: object::name(pod).to_owned(),
        node: object::text(pod, "/spec/nodeName").to_owned(),
        host: host.to_owned(),
        started: now,
        rejected: node::reject(world, id.cluster, pod),
        ip: String::new(),
        mounted: false,
        retry_at: None,
        failures: 0,
        volumes: OrdMap::new(),
        containers,
        stopping: None,
        told: None,
    };
    if let Some((reason, message)) = &run.rejected {
        let (reason, message) = (*reason, message.clone());
        tell(world, id, pod, "", events::warning(reason, message));
    }
    if let Some(cluster) = world.clusters.get_mut(id.cluster) {
        cluster.runtime.add_pod(&id.uid, run);
    }
    true
}

/// Every container of a pod with its role, in the order of the spec.
pub(super) fn specs(pod: &Value) -> impl Iterator<Item = (Role, &Value)> {
    let role_of = |role: Role, spec: &Value| match role {
        Role::Init if object::field(spec, "restartPolicy") == "Always" => Role::Sidecar,
        role => role,
    };
    let lists = [
        ("/spec/initContainers", Role::Init),
        ("/spec/containers", Role::Main),
        ("/spec/ephemeralContainers", Role::Ephemeral),
    ];
    lists.into_iter().flat_map(move |(pointer, role)| {
        object::list(pod, pointer).iter().map(move |spec| (role_of(role, spec), spec))
    })
}

/// Ephemeral containers come later, and images of the others may be changed.
fn adopt_new_containers(world: &mut World, id: &PodId, pod: &Object) {
    let now = world.now;
    for (role, spec) in specs(pod) {
        let name = object::field(spec, "name").to_owned();
        let known = id.container(world, &name);
        if known.is_some_and(|it| *it.spec == *spec) {
            continue;
        }
        let Some(run) = id.get_mut(world) else { return };
        match run.containers.get_mut(&name) {
            None => {
                drop(run.containers.insert(name, Arc::new(ContainerRun::new(role, Arc::new(spec.clone())))))
            }
            Some(old) => {
                let old = Arc::make_mut(old);
                let new_image = old.spec.get("image") != spec.get("image");
                old.spec = Arc::new(spec.clone());
                if new_image {
                    let running = old.is_running();
                    old.due = Some(now);
                    if running {
                        let job = Job { id, pod, name: &name };
                        let why = format!("Container {name} definition changed, will be restarted");
                        job.tell(world, events::normal("Killing", why));
                        container::end(world, &job, 0, "Completed", String::new());
                    } else if let State::Waiting { .. } = old.state {
                        old.state = State::Waiting { reason: "ContainerCreating", message: String::new() };
                        old.pull_failures = 0;
                    }
                }
            }
        }
    }
}

/// Gives the pod its network and volumes; false while something is missing.
fn mount(world: &mut World, id: &PodId, pod: &Object) -> bool {
    let now = world.now;
    let Some(run) = id.get(world) else { return false };
    let (started, host) = (run.started, run.host.clone());
    if run.retry_at.is_some_and(|at| at > now) || run.ip.is_empty() && started + SANDBOX > now {
        return false;
    }
    if run.ip.is_empty() && !connect(world, id, pod, &host) {
        return false;
    }
    let prepared = volumes::prepare(world, id, pod);
    if prepared.is_ok() && id.get(world).is_some_and(|it| it.mounted && it.retry_at.is_none()) {
        return true;
    }
    let Some(run) = id.get_mut(world) else { return false };
    match prepared {
        Ok(()) => {
            run.mounted = true;
            run.retry_at = None;
            true
        }
        // What was mounted once keeps its last contents.
        Err(_) if run.mounted => true,
        Err((volume, why)) => {
            // 500 ms, doubled each time up to 2 min 2 s, as the volume manager waits.
            let wait = Duration::from_millis(500 << run.failures.min(8)).min(Duration::from_secs(122));
            let first = run.failures == 0;
            run.failures += 1;
            run.retry_at = Some(now + wait);
            mount_log::tell(world, id, pod, (&volume, &why), (first, wait));
            let message = format!("MountVolume.SetUp failed for volume \"{volume}\" : {why}");
            tell(world, id, pod, "", events::warning("FailedMount", message));
            false
        }
    }
}

/// Gives the pod an address; false when its network cannot be set up, which is tried again.
fn connect(world: &mut World, id: &PodId, pod: &Object, host: &str) -> bool {
    let now = world.now;
    let (found, wait) = if object::flag(pod, "/spec/hostNetwork") {
        let address = world.hosts.get(host).map(|it| it.address.clone()).unwrap_or_default();
        (Ok(address), SANDBOX_RETRY)
    } else if let Some(why) = cni::complaint(world, host) {
        let text = format!("network is not ready: {why}");
        (Err(events::warning("NetworkNotReady", text)), NETWORK_RETRY)
    } else {
        let made = cni::add(world, id, pod, host).map_err(|why| {
            let text = format!("Failed to create pod sandbox: rpc error: code = Unknown desc = {why}");
            events::warning("FailedCreatePodSandBox", text)
        });
        (made, SANDBOX_RETRY)
    };
    match found {
        Ok(address) => {
            if let Some(run) = id.get_mut(world) {
                run.ip = address;
                run.retry_at = None;
            }
            true
        }
        Err(report) => {
            tell(world, id, pod, "", report);
            if let Some(run) = id.get_mut(world) {
                run.retry_at = Some(now + wait);
            }
            false
        }
    }
}

/// Lets the containers that may run do so, as often as something changes.
fn run_containers(world: &mut World, id: &PodId, pod: &Object) {
    for _ in 0..STEPS_MAX {
        let allowed = runnable(world, id, pod);
        let now = world.now;
        let due =
            |name: &&String| id.container(world, name).is_some_and(|it| it.due.is_none_or(|at| at <= now));
        let Some(name) = allowed.iter().find(due).cloned() else { break };
        container::step(world, &Job { id, pod, name: &name });
    }
    probes::run(world, id, pod);
    stop_sidecars(world, id, pod);
}

/// Names of the containers whose turn it is.
fn runnable(world: &World, id: &PodId, pod: &Object) -> Vec<String> {
    let mut names = Vec::new();
    let Some(run) = id.get(world) else { return names };
    for (role, spec) in specs(pod) {
        let name = object::field(spec, "name").to_owned();
        let Some(container) = run.containers.get(&name) else { continue };
        let done = match role {
            Role::Init => container.ended().is_some_and(|it| it.code == 0),
            Role::Sidecar => container.started,
            Role::Main | Role::Ephemeral => true,
        };
        if !(role == Role::Init && done) {
            names.push(name);
        }
        if !done {
            // Those behind it wait for this one.
            break;
        }
    }
    names
}

/// Sidecars end when all main containers have ended for good.
fn stop_sidecars(world: &mut World, id: &PodId, pod: &Object) {
    if !pod_status::is_finished(world, id, pod) {
        return;
    }
    let Some(run) = id.get(world) else { return };
    let sidecars = run.containers.iter().filter(|(_, it)| it.role == Role::Sidecar && it.is_running());
    let names: Vec<String> = sidecars.map(|(name, _)| name.clone()).collect();
    for name in names {
        container::end(world, &Job { id, pod, name: &name }, 0, "Completed", String::new());
    }
}

fn check_deadline(world: &mut World, id: &PodId, pod: &Object) {
    let Some(seconds) = object::int(pod, "/spec/activeDeadlineSeconds") else { return };
    let Some(run) = id.get(world) else { return };
    let at = run.started + Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
    if at > world.now || run.rejected.is_some() {
        return;
    }
    let why = "Pod was active on the node longer than the specified deadline";
    tell(world, id, pod, "", events::normal("DeadlineExceeded", why));
    end_all(world, id, pod, 137);
    if let Some(run) = id.get_mut(world) {
        run.rejected = Some(("DeadlineExceeded", why.to_owned()));
    }
}

/// Ends a pod for the good of its node; the API keeps it as failed.
pub(super) fn evict(world: &mut World, id: &PodId, pod: &Object, message: &str) {
    tell(world, id, pod, "", events::warning("Evicted", message));
    end_all(world, id, pod, 137);
    if let Some(run) = id.get_mut(world) {
        run.rejected = Some(("Evicted", message.to_owned()));
    }
    pod_status::write(world, id, pod);
}

fn end_all(world: &mut World, id: &PodId, pod: &Object, code: i32) {
    let Some(run) = id.get(world) else { return };
    let names: Vec<String> =
        run.containers.iter().filter(|(_, it)| it.is_running()).map(|(name, _)| name.clone()).collect();
    for name in names {
        container::end(world, &Job { id, pod, name: &name }, code, "Error", String::new());
    }
}

/// When something in the pod falls due.
fn next_due(world: &World, id: &PodId) -> Option<Duration> {
    let run = id.get(world)?;
    let now = world.now;
    let containers = run.containers.values().filter_map(|it| it.due);
    let kills = run.containers.values().filter_map(|it| it.kill_at);
    let probes = run.containers.values().flat_map(|it| it.probes.iter().map(|probe| probe.next));
    let sandbox = run.ip.is_empty().then_some(run.started + SANDBOX);
    let all = containers.chain(kills).chain(probes).chain(run.retry_at).chain(sandbox);
    let next = all.filter(|at| *at > now && at.unix_ns() < i64::MAX).min()?;
    let deadline = pod_deadline(world, id);
    Some(deadline.map_or(next, |it| next.min(it)).since(now))
}

fn pod_deadline(world: &World, id: &PodId) -> Option<SimTime> {
    let run = id.get(world)?;
    let pod = world.clusters.get(id.cluster)?.store.find("pods", &run.namespace, &run.name)?;
    let seconds = u64::try_from(object::int(pod, "/spec/activeDeadlineSeconds")?).ok()?;
    Some(run.started + Duration::from_secs(seconds)).filter(|at| *at > world.now)
}

/// Ends a pod that is being deleted; the API forgets it when all has ended.
fn stop(world: &mut World, id: &PodId, pod: &Object) -> Option<Duration> {
    let now = world.now;
    let stopping = match id.get(world)?.stopping {
        Some(stopping) => stopping,
        None => begin_stop(world, id, pod),
    };
    let running: Vec<String> = id
        .get(world)?
        .containers
        .iter()
        .filter(|(_, it)| it.is_running())
        .map(|(name, _)| name.clone())
        .collect();
    let mut next = SimTime::from_unix_ns(i64::MAX);
    let mut left = false;
    for name in &running {
        let job = Job { id, pod, name };
        if now < stopping.kill_at {
            container::advance(world, &job);
        }
        let Some(container) = id.container(world, name).filter(|it| it.is_running()) else { continue };
        let willing = container.vm.as_ref().is_some_and(|it| it.stops_on_term());
        let code = container.vm.as_ref().map_or(0, |it| it.term_code());
        let soft = stopping.term_at + STOP;
        if willing && now >= soft {
            container::end(world, &job, code, if code == 0 { "Completed" } else { "Error" }, String::new());
        } else if now >= stopping.kill_at {
            container::end(world, &job, 137, "Error", String::new());
        } else {
            left = true;
            next = next.min(if willing { soft } else { stopping.kill_at });
        }
    }
    if left {
        pod_status::write(world, id, pod);
        return Some(next.since(now));
    }
    remove(world, id, pod)
}

fn begin_stop(world: &mut World, id: &PodId, pod: &Object) -> Stopping {
    let now = world.now;
    let grace = object::int(pod, "/metadata/deletionGracePeriodSeconds").unwrap_or(30);
    let kill_at = now + Duration::from_secs(u64::try_from(grace).unwrap_or(0));
    let names: Vec<String> = id.get(world).map_or_else(Vec::new, |run| {
        run.containers.iter().filter(|(_, it)| it.is_running()).map(|(name, _)| name.clone()).collect()
    });
    let mut term_at = now;
    for name in &names {
        let job = Job { id, pod, name };
        job.tell(world, events::normal("Killing", format!("Stopping container {name}")));
        term_at = term_at.max(now + hooks::pre_stop(world, &job));
    }
    let stopping = Stopping { term_at: term_at.min(kill_at), kill_at };
    if let Some(run) = id.get_mut(world) {
        run.stopping = Some(stopping);
        for name in &names {
            if let Some(container) = run.containers.get_mut(name) {
                Arc::make_mut(container).probes.clear();
            }
        }
    }
    stopping
}

fn remove(world: &mut World, id: &PodId, pod: &Object) -> Option<Duration> {
    if !world.clusters.get(id.cluster)?.api_server_up() {
        return None;
    }
    pod_status::write(world, id, pod);
    let node = object::text(pod, "/spec/nodeName").to_owned();
    let options = json!({"gracePeriodSeconds": 0, "preconditions": {"uid": id.uid}});
    let mut client = Client::as_user(world, id.cluster, identity(&node));
    let _ = client.delete("pods", object::namespace(pod), object::name(pod), &options);
    let gone = client.get("pods", object::namespace(pod), object::name(pod));
    if gone.is_none_or(|it| object::uid(&it) != id.uid) {
        forget(world, id);
    }
    None
}

/// The pod is gone: its containers, files and address too.
fn forget(world: &mut World, id: &PodId) {
    let Some(cluster) = world.clusters.get_mut(id.cluster) else { return };
    cluster.runtime.addresses.give_back(&id.uid);
    if let Some(run) = cluster.runtime.take_pod(&id.uid) {
        super::logs::remove(world, id, &run);
    }
}
