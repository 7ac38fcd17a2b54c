//! Pods and containers of a machine, as the runtime knows them.

use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::cluster::control_plane::{Instance, Phase};
use crate::cluster::kubelet::run::{ContainerRun, Ended, LogLine, PodId, PodRun, State};
use crate::cluster::kubelet::status::{image_id, sha256_hex};
use crate::cluster::{Cluster, ClusterId, World, processes};
use crate::sim::SimTime;

/// A container, or a run of it that is over.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) id: String,
    pub(super) name: String,
    /// As the spec has it.
    pub(super) image: String,
    pub(super) attempt: u32,
    pub(super) created: SimTime,
    pub(super) ended: Option<Ended>,
    pub(super) logs: Vec<LogLine>,
    pub(super) pod: Pod,
    pub(super) kind: Kind,
}

/// Who runs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Pod(PodId),
    ControlPlane { cluster: ClusterId, program: String },
}

/// A pod's sandbox.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pod {
    pub(super) id: String,
    pub(super) uid: String,
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) created: SimTime,
    pub(super) ready: bool,
    pub(super) ip: String,
    pub(super) labels: Vec<(String, String)>,
}

impl Row {
    pub(super) fn is_running(&self) -> bool {
        self.ended.is_none()
    }

    pub(super) fn state(&self) -> &'static str {
        if self.is_running() { "Running" } else { "Exited" }
    }

    /// Sixty-four digits that stand for the image.
    pub(super) fn image_id(&self) -> String {
        digest_of(&self.image)
    }
}

/// The number of a container's main process; 0 when it does not run.
pub(super) fn pid_of(world: &World, host: &str, row: &Row) -> u32 {
    process_of(world, host, row).filter(|_| row.is_running()).map_or(0, |it| it.pid)
}

/// The main process of a container.
pub(super) fn process_of(world: &World, host: &str, row: &Row) -> Option<processes::Process> {
    let own = |it: &processes::Process| match (&it.owner, &row.kind) {
        (processes::Owner::Container { pod, name }, Kind::Pod(own)) => pod == own && *name == row.name,
        (processes::Owner::ControlPlane { program, .. }, Kind::ControlPlane { program: own, .. }) => {
            program == own
        }
        _ => false,
    };
    processes::of_host(world, host).into_iter().find(own)
}

/// The container as the pod's spec has it.
pub(super) fn spec_of(world: &World, row: &Row) -> Option<Value> {
    let mut containers = world.clusters.iter().filter_map(|it| it.runtime.pods.get(&row.pod.uid));
    containers.find_map(|run| run.containers.get(&row.name)).map(|it| (*it.spec).clone())
}

/// The volumes of a container's pod, as its spec has them.
pub(super) fn volumes_of(world: &World, row: &Row) -> Vec<Value> {
    let find = |it: &Cluster| it.store.find("pods", &row.pod.namespace, &row.pod.name).cloned();
    let pod = world.clusters.iter().find_map(find);
    pod.map(|it| object::list(&it, "/spec/volumes").to_vec()).unwrap_or_default()
}

/// The digits of an image's id.
pub(super) fn digest_of(image: &str) -> String {
    image_id(image).rsplit(':').next().unwrap_or_default().to_owned()
}

/// Every container of the machine, the newest first.
pub(super) fn containers(world: &World, host: &str) -> Vec<Row> {
    let mut all = Vec::new();
    for (id, state) in world.clusters.iter().enumerate() {
        for (uid, run) in state.runtime.pods.iter().filter(|(_, run)| run.host == host) {
            let pod = pod_of(state, uid, run);
            for (name, container) in &run.containers {
                if !processes::is_control_plane(state, host, container) {
                    let kind = Kind::Pod(PodId { cluster: id, uid: uid.clone() });
                    all.extend(runs_of(container, name, &pod, &kind));
                }
            }
        }
        for ((at, program), instance) in &state.control_plane.instances {
            if at == host {
                all.extend(static_runs(state, id, host, program, instance));
            }
        }
    }
    all.sort_by(|a, b| b.created.cmp(&a.created).then_with(|| a.name.cmp(&b.name)));
    all
}

fn pod_of(state: &Cluster, uid: &str, run: &PodRun) -> Pod {
    let object = state.store.find("pods", &run.namespace, &run.name);
    let labels = object.and_then(|it| object::at(it, "/metadata/labels")).and_then(Value::as_object);
    let mut labels: Vec<(String, String)> = labels
        .into_iter()
        .flatten()
        .map(|(key, value)| (key.to_string(), value.as_str().unwrap_or_default().to_owned()))
        .collect();
    for (key, value) in [("name", &run.name), ("namespace", &run.namespace), ("uid", &uid.to_owned())] {
        labels.push((format!("io.kubernetes.pod.{key}"), value.clone()));
    }
    Pod {
        id: sha256_hex(format!("sandbox {uid}").as_bytes()),
        uid: uid.to_owned(),
        name: run.name.clone(),
        namespace: run.namespace.clone(),
        created: run.started,
        ready: run.containers.values().any(|it| it.ended().is_none()),
        ip: run.ip.clone(),
        labels,
    }
}

fn runs_of(container: &ContainerRun, name: &str, pod: &Pod, kind: &Kind) -> Vec<Row> {
    if container.id.is_empty() {
        return Vec::new();
    }
    let row = |id: &str, attempt, created, ended: Option<Ended>, logs: Vec<LogLine>| Row {
        id: id.to_owned(),
        name: name.to_owned(),
        image: object::field(&container.spec, "image").to_owned(),
        attempt,
        created,
        ended,
        logs,
        pod: pod.clone(),
        kind: kind.clone(),
    };
    let logs = |lines: &imbl::Vector<LogLine>| lines.iter().cloned().collect::<Vec<_>>();
    let mut found = Vec::new();
    let last = container.last.clone().filter(|it| it.id != container.id);
    match &container.state {
        State::Running { since } => {
            found.push(row(&container.id, container.restarts, *since, None, logs(&container.logs)));
        }
        State::Ended(ended) => {
            let created = ended.started;
            found.push(row(
                &container.id,
                container.restarts,
                created,
                Some(ended.clone()),
                logs(&container.logs),
            ));
        }
        // It waits for its next start; the run before is still there.
        _ => {
            if let Some(ended) = container.last.clone() {
                let (id, created) = (ended.id.clone(), ended.started);
                found.push(row(&id, container.restarts, created, Some(ended), logs(&container.logs)));
            }
            return found;
        }
    }
    if let Some(ended) = last {
        let (id, created) = (ended.id.clone(), ended.started);
        let attempt = container.restarts.saturating_sub(1);
        found.push(row(&id, attempt, created, Some(ended), logs(&container.previous_logs)));
    }
    found
}

/// Runs of a control plane process: the present one, and the one before.
fn static_runs(state: &Cluster, cluster: ClusterId, host: &str, program: &str, it: &Instance) -> Vec<Row> {
    let node = state.nodes.iter().find(|(_, at)| *at == host).map_or(host, |(node, _)| node.as_str());
    let name = format!("{}-{node}", it.process.pod_name);
    let mirror = state.runtime.pods.iter().find(|(_, run)| run.name == name && run.host == host);
    let known = mirror.and_then(|(_, run)| run.containers.get(program));
    let pod = match mirror {
        Some((uid, run)) => Pod { ready: true, ..pod_of(state, uid, run) },
        None => Pod {
            id: sha256_hex(format!("sandbox {name}").as_bytes()),
            uid: sha256_hex(name.as_bytes()).chars().take(32).collect(),
            name,
            namespace: "kube-system".into(),
            created: SimTime::START,
            ready: true,
            ip: String::new(),
            labels: vec![("component".into(), program.to_owned()), ("tier".into(), "control-plane".into())],
        },
    };
    let id_of = |attempt: u32| match known {
        Some(container) if container.restarts == attempt && !container.id.is_empty() => container.id.clone(),
        _ => sha256_hex(format!("{} {program} {attempt}", pod.id).as_bytes()),
    };
    let row = |attempt: u32, created, ended: Option<Ended>, log: &imbl::Vector<(SimTime, String)>| Row {
        id: id_of(attempt),
        name: program.to_owned(),
        image: it.process.image.clone(),
        attempt,
        created,
        ended,
        logs: log.iter().map(|(at, text)| LogLine { at: *at, err: true, text: text.clone() }).collect(),
        pod: pod.clone(),
        kind: Kind::ControlPlane { cluster, program: program.to_owned() },
    };
    let ended = it.last_exit.map(|exit| Ended {
        code: exit.code,
        reason: if exit.code == 0 { "Completed" } else { "Error" },
        message: String::new(),
        started: exit.started,
        finished: exit.finished,
        id: String::new(),
    });
    let mut found = Vec::new();
    match it.phase {
        Phase::Running { since, .. } => {
            found.push(row(it.restarts, since, None, &it.log));
            let before = ended.filter(|it| it.finished <= since);
            if let (Some(ended), Some(attempt)) = (before, it.restarts.checked_sub(1)) {
                found.push(row(attempt, ended.started, Some(ended), &it.previous_log));
            }
        }
        _ => {
            if let Some(ended) = ended {
                found.push(row(it.restarts, ended.started, Some(ended), &it.log));
            }
        }
    }
    found
}

/// Every pod of the machine, the newest first.
pub(super) fn pods(world: &World, host: &str) -> Vec<Pod> {
    let mut all: Vec<Pod> = Vec::new();
    for state in &world.clusters {
        let here = state.runtime.pods.iter().filter(|(_, run)| run.host == host && !run.ip.is_empty());
        all.extend(here.map(|(uid, run)| pod_of(state, uid, run)));
    }
    for row in containers(world, host) {
        if all.iter().all(|pod| pod.name != row.pod.name || pod.namespace != row.pod.namespace) {
            all.push(row.pod);
        }
    }
    all.sort_by(|a, b| b.created.cmp(&a.created).then_with(|| a.name.cmp(&b.name)));
    all
}
