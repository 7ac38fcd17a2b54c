//! What a kubelet writes into a pod's status: phase, conditions, container statuses.

use std::sync::Arc;

use super::run::{ContainerRun, Ended, PodId, PodRun, Role, State};
use super::status::{self, Condition};
use super::{pod, services};
use crate::apimachinery::json::{Map, Value, json};
use crate::apimachinery::object;
use crate::apimachinery::quantity::Quantity;
use crate::cluster::api::Client;
use crate::cluster::{Object, World};

/// Writes the status if it changed.
pub(super) fn write(world: &mut World, id: &PodId, pod: &Object) {
    let Some(cluster) = world.clusters.get(id.cluster) else { return };
    if !cluster.api_server_up() || is_told(world, id, pod) {
        return;
    }
    let Some(status) = compute(world, id, pod) else { return };
    let current = world
        .clusters
        .get(id.cluster)
        .and_then(|it| it.store.find("pods", object::namespace(pod), object::name(pod)).cloned());
    let Some(current) = current.filter(|it| object::uid(it) == id.uid) else { return };
    if current.get("status") == Some(&status) {
        return note_told(world, id, current);
    }
    let changed = object::with(current.as_ref().clone(), "status", status);
    let node = object::text(pod, "/spec/nodeName").to_owned();
    let written = Client::as_user(world, id.cluster, pod::identity(&node))
        .update_subresource("pods", "status", changed);
    // A refusal is met again at the next sync.
    if let Ok(stored) = written {
        note_told(world, id, stored);
    }
}

/// Whether the status of `pod` was worked out before and nothing has changed since. A status that was written wakes
/// its kubelet once more, which then finds nothing to add.
fn is_told(world: &World, id: &PodId, pod: &Object) -> bool {
    let Some(run) = id.get(world) else { return false };
    let address = world.hosts.get(&run.host).map_or("", |it| it.address.as_str());
    run.told.as_ref().is_some_and(|(told, from)| Arc::ptr_eq(told, pod) && from == address)
}

fn note_told(world: &mut World, id: &PodId, pod: Object) {
    let Some(run) = id.get(world) else { return };
    let address = world.hosts.get(&run.host).map(|it| it.address.clone()).unwrap_or_default();
    if let Some(run) = id.get_mut(world) {
        run.told = Some((pod, address));
    }
}

/// True when no main container will run again.
pub(super) fn is_finished(world: &World, id: &PodId, pod: &Object) -> bool {
    let Some(run) = id.get(world) else { return false };
    matches!(phase(run, pod), "Succeeded" | "Failed")
}

fn compute(world: &World, id: &PodId, pod: &Object) -> Option<Value> {
    let (run, now) = (id.get(world)?, world.now);
    let mut status = object::at(pod, "/status").cloned().unwrap_or_else(|| json!({}));
    let host = world.hosts.get(&run.host)?;
    let mut set = |key: &str, value: Value| object::set(&mut status, &[key], value);
    set("startTime", json!(run.started.rfc3339()));
    set("observedGeneration", json!(object::int(pod, "/metadata/generation").unwrap_or(1)));
    if let Some((reason, message)) = &run.rejected {
        set("phase", json!("Failed"));
        set("reason", json!(reason));
        set("message", json!(message));
        if run.ip.is_empty() {
            return Some(status);
        }
    } else {
        set("phase", json!(phase(run, pod)));
    }
    let mut own = conditions(run, pod);
    // The scheduler never saw a pod that named its node from the beginning.
    let placed = |it: &Value| object::field(it, "type") == "PodScheduled";
    if !object::list(pod, "/status/conditions").iter().any(placed) {
        own.push(Condition::met("PodScheduled"));
    }
    set("conditions", status::conditions(pod, &own, now));
    set("hostIP", json!(host.address));
    set("hostIPs", json!([{"ip": host.address}]));
    if !run.ip.is_empty() {
        set("podIP", json!(run.ip));
        set("podIPs", json!([{"ip": run.ip}]));
    }
    for (key, roles) in [
        ("initContainerStatuses", &[Role::Init, Role::Sidecar][..]),
        ("containerStatuses", &[Role::Main]),
        ("ephemeralContainerStatuses", &[Role::Ephemeral]),
    ] {
        let statuses = container_statuses(run, pod, roles);
        if !statuses.is_empty() {
            set(key, Value::from(statuses));
        }
    }
    let (requests, limits) = (sum(pod, "requests"), sum(pod, "limits"));
    let mut resources = json!({});
    for (key, amounts) in [("requests", &requests), ("limits", &limits)] {
        if amounts.as_object().is_some_and(|it| !it.is_empty()) {
            object::set(&mut resources, &[key], amounts.clone());
        }
    }
    set("resources", resources);
    if requests.as_object().is_some_and(|it| !it.is_empty()) {
        set("allocatedResources", requests);
    }
    Some(status)
}

/// The sums of what the main containers ask for.
fn sum(pod: &Value, kind: &str) -> Value {
    let mut total: std::collections::BTreeMap<String, Quantity> = std::collections::BTreeMap::new();
    for container in object::list(pod, "/spec/containers") {
        for (name, amount) in object::entries(container, &format!("/resources/{kind}")) {
            let amount = Quantity::of(Some(amount));
            let sum = total.get(name.as_str()).map_or_else(|| amount.clone(), |it| it.add(&amount));
            total.insert(name.clone().into(), sum);
        }
    }
    total.into_iter().map(|(name, amount)| (name, Value::from(amount.to_string()))).collect::<Map>().into()
}

/// The phase by the rules of the kubelet's `getPhase`.
fn phase(run: &PodRun, pod: &Value) -> &'static str {
    let policy = object::text(pod, "/spec/restartPolicy");
    let of = |role: Role| run.containers.values().filter(move |it| it.role == role);
    if of(Role::Init).any(|it| it.ended().is_some_and(|end| end.code != 0) && policy == "Never") {
        return "Failed";
    }
    let initialized = of(Role::Init).all(|it| it.ended().is_some_and(|end| end.code == 0))
        && of(Role::Sidecar).all(|it| it.started || it.last.is_some() || it.ended().is_some());
    let (mut running, mut waiting, mut succeeded, mut failed) = (0, 0, 0, 0);
    for container in of(Role::Main) {
        match (&container.state, &container.last) {
            (State::Running { .. }, _) => running += 1,
            (State::Ended(end), _) if end.code == 0 => succeeded += 1,
            (State::Ended(_), _) => failed += 1,
            // One that ran before counts as stopped, not as waiting.
            (_, Some(end)) if end.code == 0 => succeeded += 1,
            (_, Some(_)) => failed += 1,
            _ => waiting += 1,
        }
    }
    let stopped = succeeded + failed;
    match policy {
        _ if !initialized || waiting > 0 => "Pending",
        _ if running > 0 => "Running",
        "Always" | "" if stopped > 0 => "Running",
        _ if stopped > 0 && failed == 0 => "Succeeded",
        "Never" if stopped > 0 => "Failed",
        _ if stopped > 0 => "Running",
        _ => "Pending",
    }
}

fn conditions(run: &PodRun, pod: &Value) -> Vec<Condition> {
    let phase = phase(run, pod);
    let over = matches!(phase, "Succeeded" | "Failed") || run.rejected.is_some();
    let order = |roles: &[Role]| -> Vec<String> {
        let mine = pod::specs(pod).filter(|(role, _)| roles.contains(role));
        mine.map(|(_, spec)| object::field(spec, "name").to_owned()).collect()
    };
    let get = |name: &String| run.containers.get(name);
    let incomplete: Vec<String> = order(&[Role::Init, Role::Sidecar])
        .into_iter()
        .filter(|name| {
            get(name).is_some_and(|it| match it.role {
                Role::Init => it.ended().is_none_or(|end| end.code != 0),
                _ => !it.started && !over,
            })
        })
        .collect();
    let unready: Vec<String> = order(&[Role::Sidecar, Role::Main])
        .into_iter()
        .filter(|name| get(name).is_some_and(|it| !it.ready))
        .collect();
    let sandbox = !run.ip.is_empty() && run.mounted && !over;
    let mut all = vec![if sandbox {
        Condition::met("PodReadyToStartContainers")
    } else {
        Condition::because("PodReadyToStartContainers", false, "", "")
    }];
    let completed = if phase == "Succeeded" { "PodCompleted" } else { "" };
    all.push(if incomplete.is_empty() {
        Condition::because("Initialized", true, completed, "")
    } else {
        let why = format!("containers with incomplete status: [{}]", incomplete.join(" "));
        Condition::because("Initialized", false, "ContainersNotInitialized", why)
    });
    all.extend(readiness(pod, phase, &unready));
    all
}

/// `Ready` and `ContainersReady`.
fn readiness(pod: &Value, phase: &str, unready: &[String]) -> [Condition; 2] {
    let names: Vec<&str> = unready.iter().map(String::as_str).collect();
    let both = |reason: &'static str, why: String| {
        ["Ready", "ContainersReady"].map(|kind| Condition::because(kind, false, reason, why.clone()))
    };
    match phase {
        "Succeeded" => return both("PodCompleted", String::new()),
        "Failed" => return both("PodFailed", String::new()),
        _ if !names.is_empty() => return both("ContainersNotReady", status::unready_message(&names)),
        _ => {}
    }
    let conditions = object::list(pod, "/status/conditions");
    let blocked = object::list(pod, "/spec/readinessGates").iter().find_map(|gate| {
        let kind = object::field(gate, "conditionType");
        let found = conditions.iter().find(|it| object::field(it, "type") == kind);
        match found.map(|it| object::field(it, "status")) {
            Some("True") => None,
            Some(other) => {
                Some(format!("the status of pod readiness gate \"{kind}\" is not \"True\", but {other}"))
            }
            None => Some(format!("corresponding condition of pod readiness gate \"{kind}\" does not exist.")),
        }
    });
    let ready = match blocked {
        Some(why) => Condition::because("Ready", false, "ReadinessGatesNotReady", why),
        None => Condition::met("Ready"),
    };
    [ready, Condition::met("ContainersReady")]
}

fn container_statuses(run: &PodRun, pod: &Value, roles: &[Role]) -> Vec<Value> {
    let mine = pod::specs(pod).filter(|(role, _)| roles.contains(role));
    let initializing = run.containers.values().any(|it| {
        it.role == Role::Init && it.ended().is_none_or(|end| end.code != 0)
            || it.role == Role::Sidecar && !it.started && it.last.is_none()
    });
    mine.filter_map(|(role, spec)| {
        let container = run.containers.get(object::field(spec, "name"))?;
        let waits_for_init = initializing && matches!(role, Role::Main)
            || initializing && run.mounted && container.id.is_empty();
        Some(container_status(container, spec, pod, waits_for_init))
    })
    .collect()
}

fn container_status(container: &ContainerRun, spec: &Value, pod: &Value, initializing: bool) -> Value {
    let created = !container.id.is_empty();
    let image = object::field(spec, "image");
    let state = match &container.state {
        State::Running { since } => json!({"running": {"startedAt": since.rfc3339()}}),
        State::Ended(end) => ended(end),
        State::Waiting { reason: "ContainerCreating", .. } if initializing => {
            json!({"waiting": {"reason": "PodInitializing"}})
        }
        // Between two runs the last end stands until something else is known.
        State::Pulling { .. } if container.last.is_some() => {
            container.last.as_ref().map_or_else(|| json!({}), ended)
        }
        State::Pulling { .. } => {
            json!({"waiting": {"reason": if initializing { "PodInitializing" } else { "ContainerCreating" }}})
        }
        State::Waiting { reason, message } => {
            let mut state = json!({"waiting": {"reason": reason}});
            if !message.is_empty() {
                object::set(&mut state, &["waiting", "message"], message.as_str());
            }
            state
        }
    };
    let ready = match container.role {
        Role::Init => container.ended().is_some_and(|end| end.code == 0),
        _ => container.ready,
    };
    let mut status = json!({
        "name": object::field(spec, "name"), "state": state,
        "lastState": container.last.as_ref().map_or_else(|| json!({}), ended),
        "ready": ready, "restartCount": container.restarts, "started": container.started,
        "image": if created { status::full_image(image) } else { image.to_owned() },
        "imageID": if created { status::image_id(image) } else { String::new() },
    });
    if created {
        object::set(&mut status, &["containerID"], format!("containerd://{}", container.id));
        object::set(&mut status, &["resources"], spec.get("resources").cloned().unwrap_or_else(|| json!({})));
        if let Some(requests) = object::at(spec, "/resources/requests") {
            object::set(&mut status, &["allocatedResources"], requests.clone());
        }
        let (uid, gid) = services::user(container, pod);
        let mut groups = vec![json!(gid)];
        groups.extend(object::at(pod, "/spec/securityContext/fsGroup").cloned());
        groups.extend(object::list(pod, "/spec/securityContext/supplementalGroups").iter().cloned());
        let user = json!({"linux": {"uid": uid, "gid": gid, "supplementalGroups": groups}});
        object::set(&mut status, &["user"], user);
    }
    let mounts = object::list(spec, "/volumeMounts");
    if !mounts.is_empty() {
        object::set(&mut status, &["volumeMounts"], mounts.iter().map(mount).collect::<Vec<_>>());
    }
    status
}

fn mount(mount: &Value) -> Value {
    let mut status =
        json!({"name": object::field(mount, "name"), "mountPath": object::field(mount, "mountPath")});
    if object::flag(mount, "/readOnly") {
        object::set(&mut status, &["readOnly"], true);
        object::set(&mut status, &["recursiveReadOnly"], "Disabled");
    }
    status
}

fn ended(end: &Ended) -> Value {
    let mut state = json!({
        "containerID": format!("containerd://{}", end.id), "exitCode": end.code, "reason": end.reason,
        "startedAt": end.started.rfc3339(), "finishedAt": end.finished.rfc3339(),
    });
    if !end.message.is_empty() {
        object::set(&mut state, &["message"], end.message.as_str());
    }
    json!({ "terminated": state })
}
