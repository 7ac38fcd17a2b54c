//! Container logs: lines in memory, and the files under `/var/log` of the machine.
//!
//! The files are made when a container starts and written when it ends. Who reads one in between gets
//! the lines from memory ([`host_file`]), so that machines do not change with every line.

use super::run::{LogLine, PodId, PodRun};
use crate::cluster::World;

/// Adds a line to a container's log, as its process would.
pub(crate) fn append(world: &mut World, id: &PodId, container: &str, text: &str) {
    let now = world.now;
    if let Some(container) = id.container_mut(world, container) {
        container.log(now, false, text.as_bytes());
    }
}

/// `/var/log/pods/<namespace>_<name>_<uid>/<container>`.
fn directory(id: &PodId, run: &PodRun, container: &str) -> String {
    format!("/var/log/pods/{}_{}_{}/{container}", run.namespace, run.name, id.uid)
}

/// As container runtimes write a log: time, stream, `F` for a whole line, text.
fn lines<'a>(logs: impl Iterator<Item = &'a LogLine>) -> String {
    let stream = |line: &LogLine| if line.err { "stderr" } else { "stdout" };
    logs.map(|line| format!("{} {} F {}\n", line.at.rfc3339_nano(), stream(line), line.text)).collect()
}

/// Writes a container's log to the files of its machine.
pub(super) fn publish(world: &mut World, id: &PodId, container: &str) {
    let now = world.now;
    let Some(run) = id.get(world) else { return };
    let Some(state) = run.containers.get(container) else { return };
    let at = directory(id, run, container);
    let (restarts, host) = (state.restarts, run.host.clone());
    let path = format!("{at}/{restarts}.log");
    let link = format!("/var/log/containers/{}_{}_{container}-{}.log", run.name, run.namespace, state.id);
    let text = lines(state.logs.iter());
    // Machines notice when their files change, so nothing is written that is there already.
    let there = world.hosts.get(&host).and_then(|it| it.files.read(&path).ok());
    if there.is_some_and(|it| *it == *text.as_bytes()) {
        return;
    }
    let Some(host) = world.hosts.get_mut(&host) else { return };
    // A machine whose disk refuses loses the log and nothing else.
    let _ = host.files.install(&path, text.as_bytes(), 0o640, now);
    if host.files.lstat(&link).is_err() {
        let _ = host.files.symlink(&path, &link, now);
    }
}

/// What a log file of a machine holds now; `None` for paths that are no log of a known container.
pub(crate) fn host_file(world: &World, host: &str, path: &str) -> Option<Vec<u8>> {
    let mut parts = path.strip_prefix("/var/log/pods/")?.split('/');
    let (directory, container, file) = (parts.next()?, parts.next()?, parts.next()?);
    let uid = directory.rsplit('_').next()?;
    let run = world.clusters.iter().find_map(|it| it.runtime.pods.get(uid)).filter(|it| it.host == host)?;
    let state = run.containers.get(container)?;
    let restart: u32 = file.strip_suffix(".log")?.parse().ok()?;
    let logs = match state.restarts.checked_sub(restart)? {
        0 => &state.logs,
        1 => &state.previous_logs,
        _ => return None,
    };
    Some(lines(logs.iter()).into_bytes())
}

/// Takes the files of a pod that is gone away.
pub(super) fn remove(world: &mut World, id: &PodId, run: &PodRun) {
    let Some(host) = world.hosts.get_mut(&run.host) else { return };
    let directory = format!("/var/log/pods/{}_{}_{}", run.namespace, run.name, id.uid);
    if host.files.exists(&directory) {
        let _ = host.files.remove_all(&directory);
    }
    for (name, container) in &run.containers {
        let link = format!("/var/log/containers/{}_{}_{name}-{}.log", run.name, run.namespace, container.id);
        if host.files.lstat(&link).is_ok() {
            let _ = host.files.remove(&link);
        }
    }
}

/// The log of a container: of the present run, or of the one before.
///
/// # Errors
/// The sentence that the kubelet answers when there is none.
pub(crate) fn of(world: &World, id: &PodId, container: &str, previous: bool) -> Result<Vec<LogLine>, String> {
    let Some(run) = id.get(world) else {
        return Err(format!("container \"{container}\" in pod is not available"));
    };
    let name = &run.name;
    let Some(state) = run.containers.get(container) else {
        return Err(format!("container {container} is not valid for pod {name}"));
    };
    if previous {
        if state.last.is_none() {
            return Err(format!("previous terminated container \"{container}\" in pod \"{name}\" not found"));
        }
        // While it waits to be started again, the last run is the one that just ended.
        let current_is_last = !state.is_running() && state.ended().is_none();
        let logs = if current_is_last { &state.logs } else { &state.previous_logs };
        return Ok(logs.iter().cloned().collect());
    }
    if state.id.is_empty() {
        let why = match &state.state {
            super::run::State::Waiting { reason: "ErrImagePull" | "ImagePullBackOff", .. } => {
                "trying and failing to pull image"
            }
            super::run::State::Waiting { reason: "CreateContainerConfigError", .. } => {
                "CreateContainerConfigError"
            }
            _ if run.containers.values().any(|it| it.role == super::run::Role::Init) => "PodInitializing",
            _ => "ContainerCreating",
        };
        return Err(format!("container \"{container}\" in pod \"{name}\" is waiting to start: {why}"));
    }
    Ok(state.logs.iter().cloned().collect())
}
