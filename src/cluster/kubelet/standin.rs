//! The stand-in for kubelets behind the recorded sessions: pods are running about 0.3 s after they
//! are bound; containers with a command under `restartPolicy: Never` or `OnFailure` end after about
//! 1 s; images with certain names never arrive. Nothing is executed and there are no logs.
//!
//! Its rules are those of `tests/conformance/README.md`.

use std::time::Duration;

use super::status::{self, Condition};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::cluster::api::Client;
use crate::cluster::events::{self, Source};
use crate::cluster::{ClusterId, Object, UserInfo, World};
use crate::sim::SimTime;

/// From binding to running, and from deletion to gone.
const REACTION: Duration = Duration::from_millis(300);

/// How long a container with a command lives when it may end.
const COMMAND_LIFE: Duration = Duration::from_secs(1);

/// Parts of image names that no registry has.
const BROKEN_IMAGES: &[&str] = &["wrong", "doesnotexist", "nginx:1.999", "invalid", "notfound"];

/// How far the stand-in got with a pod.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Stage {
    Seen { at: SimTime },
    BackOff,
    Running { since: SimTime },
    Done,
    Stopping { at: SimTime },
}

/// What has to be written next.
enum Step {
    Start,
    End,
    Remove,
}

/// Brings one pod a step on; returns when to look again.
pub(super) fn sync(
    world: &mut World,
    cluster: ClusterId,
    namespace: &str,
    name: &str,
    uid: &str,
) -> Option<Duration> {
    let store = &world.clusters.get(cluster)?.store;
    let Some(pod) = store.find("pods", namespace, name).filter(|it| object::uid(it) == uid).cloned() else {
        forget(world, cluster, uid);
        return None;
    };
    // Pods on nodes that nobody registered have no kubelet.
    let node = store.find("nodes", "", object::text(&pod, "/spec/nodeName"))?.clone();
    let stage = world.clusters.get(cluster)?.runtime.standin.get(uid).cloned();
    let (stage, step) = next(&pod, stage, world.now);
    let wait = wait_of(&pod, &stage, world.now);
    world.clusters.get_mut(cluster)?.runtime.standin.insert(uid.to_owned(), stage);
    match step {
        Some(Step::Start) => start(world, cluster, &pod, &node),
        Some(Step::End) => write(world, cluster, &pod, ended_status(&pod, world.now)),
        Some(Step::Remove) => remove(world, cluster, &pod),
        None => {}
    }
    wait
}

fn next(pod: &Object, stage: Option<Stage>, now: SimTime) -> (Stage, Option<Step>) {
    let due = |at: SimTime| now.since(at) >= REACTION;
    let deleting = object::at(pod, "/metadata/deletionTimestamp").is_some();
    match stage {
        Some(Stage::Stopping { at }) if due(at) => (Stage::Stopping { at }, Some(Step::Remove)),
        Some(Stage::Stopping { at }) => (Stage::Stopping { at }, None),
        _ if deleting => (Stage::Stopping { at: now }, None),
        None => (Stage::Seen { at: now }, None),
        Some(Stage::Seen { at }) if due(at) && is_broken(pod) => (Stage::BackOff, Some(Step::Start)),
        Some(Stage::BackOff) if !is_broken(pod) => (Stage::Running { since: now }, Some(Step::Start)),
        Some(Stage::Seen { at }) if due(at) => (Stage::Running { since: now }, Some(Step::Start)),
        Some(Stage::Running { since }) if ends(pod) && now.since(since) >= COMMAND_LIFE => {
            (Stage::Done, Some(Step::End))
        }
        Some(other) => (other, None),
    }
}

fn wait_of(pod: &Object, stage: &Stage, now: SimTime) -> Option<Duration> {
    let left = |at: SimTime, after: Duration| Some((at + after).since(now)).filter(|left| !left.is_zero());
    match stage {
        Stage::Seen { at } | Stage::Stopping { at } => left(*at, REACTION),
        Stage::Running { since } if ends(pod) => left(*since, COMMAND_LIFE),
        _ => None,
    }
}

fn containers(pod: &Value) -> &[Value] {
    object::list(pod, "/spec/containers")
}

fn is_broken(pod: &Value) -> bool {
    let broken = |it: &Value| BROKEN_IMAGES.iter().any(|part| object::field(it, "image").contains(part));
    containers(pod).iter().any(broken)
}

/// The words of a container's command and arguments.
fn words(container: &Value) -> impl Iterator<Item = &str> {
    let part = |pointer| object::list(container, pointer).iter().filter_map(Value::as_str);
    part("/command").chain(part("/args"))
}

/// True for a container whose command ends by itself; one that sleeps stays.
fn is_short(container: &Value) -> bool {
    words(container).next().is_some() && !words(container).any(|word| word.contains("sleep"))
}

fn ends(pod: &Value) -> bool {
    let policy = object::text(pod, "/spec/restartPolicy");
    matches!(policy, "Never" | "OnFailure") && containers(pod).iter().any(is_short)
}

fn identity() -> UserInfo {
    UserInfo::new("kubernetes-admin", &["kubeadm:cluster-admins", "system:authenticated"])
}

fn start(world: &mut World, cluster: ClusterId, pod: &Object, node: &Object) {
    let host_ip = object::list(node, "/status/addresses")
        .iter()
        .find(|it| object::field(it, "type") == "InternalIP")
        .map_or("", |it| object::field(it, "address"));
    let ip = if object::flag(pod, "/spec/hostNetwork") {
        host_ip.to_owned()
    } else {
        let pool = world.clusters.get_mut(cluster).map(|it| &mut it.runtime.addresses);
        let cidr = object::text(node, "/spec/podCIDR");
        pool.and_then(|pool| pool.take(cidr, object::uid(pod))).map(|it| it.to_string()).unwrap_or_default()
    };
    let status = started_status(world, pod, host_ip, &ip);
    write(world, cluster, pod, status);
    tell(world, cluster, pod);
}

fn started_status(world: &mut World, pod: &Object, host_ip: &str, ip: &str) -> Value {
    let now = world.now;
    let broken = is_broken(pod);
    let mut status = object::at(pod, "/status").cloned().unwrap_or_else(|| json!({}));
    let mut set = |key: &str, value: Value| object::set(&mut status, &[key], value);
    set("phase", json!(if broken { "Pending" } else { "Running" }));
    set("conditions", status::conditions(pod, &readiness(pod, broken), now));
    set("hostIP", json!(host_ip));
    set("hostIPs", json!([{"ip": host_ip}]));
    set("startTime", json!(now.rfc3339()));
    set("observedGeneration", json!(object::int(pod, "/metadata/generation").unwrap_or(1)));
    if !broken {
        set("podIP", json!(ip));
        set("podIPs", json!([{"ip": ip}]));
    }
    let inits = object::list(pod, "/spec/initContainers");
    if !inits.is_empty() {
        set("initContainerStatuses", inits.iter().map(|it| init_status(world, it, now)).collect());
    }
    set("containerStatuses", containers(pod).iter().map(|it| running_status(world, it, now)).collect());
    status
}

fn readiness(pod: &Value, broken: bool) -> Vec<Condition> {
    let mut all = vec![Condition::met("PodReadyToStartContainers"), Condition::met("Initialized")];
    if broken {
        let names: Vec<&str> = containers(pod).iter().map(|it| object::field(it, "name")).collect();
        let unready =
            |kind| Condition::because(kind, false, "ContainersNotReady", status::unready_message(&names));
        all.extend([unready("Ready"), unready("ContainersReady")]);
    } else {
        all.extend([Condition::met("Ready"), Condition::met("ContainersReady")]);
    }
    all
}

fn running_status(world: &mut World, container: &Value, now: SimTime) -> Value {
    let image = object::field(container, "image");
    if BROKEN_IMAGES.iter().any(|part| image.contains(part)) {
        let message = format!("Back-off pulling image \"{image}\"");
        return json!({
            "name": object::field(container, "name"), "image": image, "imageID": "", "lastState": {},
            "ready": false, "restartCount": 0, "started": false,
            "state": {"waiting": {"reason": "ImagePullBackOff", "message": message}},
        });
    }
    json!({
        "containerID": format!("containerd://{}", world.chance.hex(64)),
        "name": object::field(container, "name"),
        "image": status::full_image(image), "imageID": status::image_id(image),
        "lastState": {}, "ready": true, "restartCount": 0, "started": true,
        "state": {"running": {"startedAt": now.rfc3339()}},
    })
}

fn init_status(world: &mut World, container: &Value, now: SimTime) -> Value {
    let mut status = running_status(world, container, now);
    if object::field(container, "restartPolicy") != "Always" {
        let ended = terminated(&status, 0, &now.rfc3339(), &now.rfc3339());
        object::set(&mut status, &["state"], ended);
        object::set(&mut status, &["started"], false);
    }
    status
}

fn terminated(status: &Value, code: i64, started: &str, finished: &str) -> Value {
    let reason = if code == 0 { "Completed" } else { "Error" };
    json!({"terminated": {
        "containerID": object::field(status, "containerID"), "exitCode": code, "reason": reason,
        "startedAt": started, "finishedAt": finished,
    }})
}

fn ended_status(pod: &Object, now: SimTime) -> Value {
    let mut status = object::at(pod, "/status").cloned().unwrap_or_else(|| json!({}));
    let mut codes = Vec::new();
    let mut statuses = object::list(pod, "/status/containerStatuses").to_vec();
    for (container, own) in containers(pod).iter().zip(&mut statuses) {
        if !is_short(container) {
            continue;
        }
        let code = i64::from(words(container).any(|word| word.contains("exit 1")));
        let started = object::text(own, "/state/running/startedAt").to_owned();
        let state = terminated(own, code, &started, &now.rfc3339());
        object::set(own, &["state"], state);
        object::set(own, &["ready"], false);
        object::set(own, &["started"], false);
        codes.push(code);
    }
    object::set(&mut status, &["containerStatuses"], statuses);
    let all_ended = codes.len() == containers(pod).len();
    if all_ended {
        let failed = codes.iter().any(|&code| code != 0);
        object::set(&mut status, &["phase"], if failed { "Failed" } else { "Succeeded" });
    }
    let reason = if all_ended { "PodCompleted" } else { "ContainersNotReady" };
    let unready = |kind| Condition::because(kind, false, reason, "");
    let conditions = [
        Condition::met("PodReadyToStartContainers"),
        Condition::met("Initialized"),
        unready("Ready"),
        unready("ContainersReady"),
    ];
    object::set(&mut status, &["conditions"], status::conditions(pod, &conditions, now));
    status
}

fn write(world: &mut World, cluster: ClusterId, pod: &Object, status: Value) {
    let mut pod = (**pod).clone();
    object::set(&mut pod, &["status"], status);
    // A pod that is gone by now needs no status.
    let _ = Client::as_user(world, cluster, identity()).update_subresource("pods", "status", pod);
}

fn tell(world: &mut World, cluster: ClusterId, pod: &Object) {
    let host = object::text(pod, "/spec/nodeName").to_owned();
    let source = Source { component: "kubelet".into(), host };
    for container in containers(pod) {
        let image = object::field(container, "image");
        let mut about = events::reference(pod);
        let path = format!("spec.containers{{{}}}", object::field(container, "name"));
        object::set(&mut about, &["fieldPath"], path);
        let notes = if BROKEN_IMAGES.iter().any(|part| image.contains(part)) {
            vec![
                events::warning("Failed", format!("Failed to pull image \"{image}\": not found")),
                events::warning("Failed", "Error: ErrImagePull"),
                events::normal("BackOff", format!("Back-off pulling image \"{image}\"")),
                events::warning("Failed", "Error: ImagePullBackOff"),
            ]
        } else {
            let pulled = format!(
                "Container image \"{image}\" already present on machine and can be accessed by the pod"
            );
            vec![
                events::normal("Created", "Container created"),
                events::normal("Pulled", pulled),
                events::normal("Started", "Container started"),
            ]
        };
        for note in notes {
            events::record(world, cluster, &source, &about, note);
        }
    }
}

fn remove(world: &mut World, cluster: ClusterId, pod: &Object) {
    forget(world, cluster, object::uid(pod));
    let options = json!({"gracePeriodSeconds": 0, "preconditions": {"uid": object::uid(pod)}});
    let _ = Client::as_user(world, cluster, identity()).delete(
        "pods",
        object::namespace(pod),
        object::name(pod),
        &options,
    );
}

fn forget(world: &mut World, cluster: ClusterId, uid: &str) {
    if let Some(cluster) = world.clusters.get_mut(cluster) {
        cluster.runtime.standin.remove(uid);
        cluster.runtime.addresses.give_back(uid);
    }
}
