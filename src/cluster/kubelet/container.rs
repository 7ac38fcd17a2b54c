//! One container's life: image, creation, running, end, back-off.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::catalog::{self, Missing};
use super::env::{self, Subject};
use super::run::{ContainerRun, Ended, PodId, Role, State};
use super::script::vm::Machine;
use super::script::{Stream, Vm, Yield};
use super::{pod, probes, services, volumes};
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::apimachinery::quantity::Quantity;
use crate::cluster::World;
use crate::cluster::events;
use crate::hosts::FileTree;
use crate::sim::SimTime;

/// 10 s after the second end in a row; each further one doubles it.
///
/// Source: <https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy>
const BACKOFF_INITIAL: Duration = Duration::from_secs(10);

/// 300 s. The doubling stops here. Same source.
const BACKOFF_MAX: Duration = Duration::from_secs(300);

/// 600 s of running make the count begin anew. Same source.
const BACKOFF_RESET: Duration = Duration::from_secs(600);

/// How long a kubelet takes to notice an end and act on it. Source: the PLEG's relist period of 1 s.
const NOTICE: Duration = Duration::from_secs(1);

/// After an error a pod is looked at again about this much later. Source: the kubelet's `backOffPeriod`.
const RETRY: Duration = Duration::from_secs(10);

/// `$(NAME)` in commands and values; unknown names stay as they are.
pub(super) fn expanded(text: &str, lookup: &dyn Fn(&str) -> Option<String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("$") {
        out += rest.get(..at).unwrap_or("");
        rest = rest.get(at..).unwrap_or("");
        if let Some(after) = rest.strip_prefix("$$") {
            out.push('$');
            rest = after;
            continue;
        }
        let name = rest.strip_prefix("$(").and_then(|it| it.split_once(')'));
        match name.and_then(|(name, after)| Some((lookup(name)?, after))) {
            Some((value, after)) => {
                out += &value;
                rest = after;
            }
            None => {
                out.push('$');
                rest = rest.get(1..).unwrap_or("");
            }
        }
    }
    out + rest
}

/// Everything about one container that its steps need.
pub(super) struct Job<'a> {
    pub(super) id: &'a PodId,
    pub(super) pod: &'a Value,
    pub(super) name: &'a str,
}

impl Job<'_> {
    fn spec(&self, world: &World) -> Arc<Value> {
        self.id.container(world, self.name).map(|it| it.spec.clone()).unwrap_or_default()
    }

    /// `spec.containers{web}`.
    fn field_path(&self, world: &World) -> String {
        let list = match self.id.container(world, self.name).map(|it| it.role) {
            Some(Role::Init | Role::Sidecar) => "initContainers",
            Some(Role::Ephemeral) => "ephemeralContainers",
            _ => "containers",
        };
        format!("spec.{list}{{{}}}", self.name)
    }

    pub(super) fn tell(&self, world: &mut World, report: events::Report<'_>) {
        let path = self.field_path(world);
        pod::tell(world, self.id, self.pod, &path, report);
    }

    fn set(&self, world: &mut World, state: State, due: Option<SimTime>) {
        if let Some(container) = self.id.container_mut(world, self.name) {
            container.state = state;
            container.due = due;
        }
    }

    fn wait(&self, world: &mut World, reason: &'static str, message: impl Into<String>, due: SimTime) {
        self.set(world, State::Waiting { reason, message: message.into() }, Some(due));
    }
}

/// Brings a container on as far as the time allows.
pub(super) fn step(world: &mut World, job: &Job<'_>) {
    let now = world.now;
    let Some(container) = job.id.container(world, job.name) else { return };
    let due = container.due.is_none_or(|at| at <= now);
    match container.state.clone() {
        State::Waiting { reason: "ErrImagePull", message } if due => back_off_pull(world, job, message),
        State::Waiting { .. } if due => begin(world, job),
        State::Pulling { since } if due => pulled(world, job, since),
        State::Running { .. } if due => advance(world, job),
        State::Ended(ended) if due => restart(world, job, &ended),
        _ => {}
    }
}

/// Looks for the image, and pulls it or goes on.
fn begin(world: &mut World, job: &Job<'_>) {
    let (now, spec) = (world.now, job.spec(world));
    let image = object::field(&spec, "image");
    let reference = match catalog::parse(image) {
        Ok(reference) => reference,
        Err(error) => {
            let why = format!(
                "Failed to apply default image tag \"{image}\": couldn't parse image name \"{image}\": {error}"
            );
            job.tell(world, events::warning("InspectFailed", why.clone()));
            job.tell(world, events::warning("Failed", "Error: InvalidImageName"));
            return job.wait(world, "InvalidImageName", why, now + RETRY);
        }
    };
    let host = job.id.get(world).map(|it| it.host.clone()).unwrap_or_default();
    let runtime = world.clusters.get(job.id.cluster).map(|it| &it.runtime);
    let present = runtime.is_some_and(|it| it.has_image(&host, &reference.full()));
    match object::field(&spec, "imagePullPolicy") {
        "Never" if !present => {
            let why = format!("Container image \"{image}\" is not present with pull policy of Never");
            job.tell(world, events::warning("ErrImageNeverPull", why.clone()));
            job.tell(world, events::warning("Failed", "Error: ErrImageNeverPull"));
            job.wait(world, "ErrImageNeverPull", why, now + RETRY);
        }
        "Always" => pull(world, job, &reference, present),
        _ if present => {
            let why = format!(
                "Container image \"{image}\" already present on machine and can be accessed by the pod"
            );
            job.tell(world, events::normal("Pulled", why));
            create(world, job);
        }
        _ => pull(world, job, &reference, false),
    }
}

fn pull(world: &mut World, job: &Job<'_>, reference: &catalog::Reference, present: bool) {
    let image = object::field(&job.spec(world), "image").to_owned();
    job.tell(world, events::normal("Pulling", format!("Pulling image \"{image}\"")));
    let now = world.now;
    let took = match catalog::find(reference) {
        // A registry on the next shelf: 80 MB/s, and a question for the manifest.
        Ok(found) if !present => Duration::from_millis(600 + found.size / 80_000),
        Ok(_) => Duration::from_millis(450),
        Err(_) => Duration::from_millis(900),
    };
    // No two pulls take exactly as long.
    let took = took + Duration::from_millis(world.chance.below(300));
    job.set(world, State::Pulling { since: now }, Some(now + took));
}

fn pulled(world: &mut World, job: &Job<'_>, since: SimTime) {
    let (now, spec) = (world.now, job.spec(world));
    let image = object::field(&spec, "image");
    let Ok(reference) = catalog::parse(image) else { return };
    match catalog::find(&reference) {
        Ok(found) => {
            let took = now.since(since);
            let took = go_duration(took);
            let why = format!(
                "Successfully pulled image \"{image}\" in {took} ({took} including waiting). Image size: {} bytes.",
                found.size
            );
            job.tell(world, events::normal("Pulled", why));
            let host = job.id.get(world).map(|it| it.host.clone()).unwrap_or_default();
            if let Some(cluster) = world.clusters.get_mut(job.id.cluster) {
                cluster.runtime.add_image(&host, &reference.full(), now);
            }
            if let Some(container) = job.id.container_mut(world, job.name) {
                container.pull_failures = 0;
            }
            create(world, job);
        }
        Err(missing) => {
            let why = pull_failure(&reference, &missing);
            job.tell(world, events::warning("Failed", format!("Failed to pull image \"{image}\": {why}")));
            job.tell(world, events::warning("Failed", "Error: ErrImagePull"));
            if let Some(container) = job.id.container_mut(world, job.name) {
                container.pull_failures += 1;
            }
            job.wait(world, "ErrImagePull", why, now + RETRY);
        }
    }
}

/// As Go prints a duration that is rounded to milliseconds: `450ms`, `1.5s`.
pub(super) fn go_duration(duration: Duration) -> String {
    match duration.as_millis() {
        millis @ 0..1_000 => format!("{millis}ms"),
        millis @ 60_000.. => format!("{}m{}s", millis / 60_000, millis / 1_000 % 60),
        millis => {
            let text = format!("{}.{:03}", millis / 1_000, millis % 1_000);
            format!("{}s", text.trim_end_matches('0').trim_end_matches('.'))
        }
    }
}

/// What containerd says about a pull that failed.
pub(crate) fn pull_failure(reference: &catalog::Reference, missing: &Missing) -> String {
    let full = reference.full();
    let unpack =
        format!("failed to pull and unpack image \"{full}\": failed to resolve reference \"{full}\"");
    match missing {
        Missing::Tag => format!("rpc error: code = NotFound desc = {unpack}: {full}: not found"),
        Missing::Repository => format!(
            "{unpack}: pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed"
        ),
        Missing::Registry => format!(
            "{unpack}: failed to do request: Head \"https://{0}/v2/{1}/manifests/{2}\": dial tcp: lookup {0}: no such host",
            reference.registry,
            reference.repository.split_once('/').map_or("", |(_, rest)| rest),
            reference.tag
        ),
    }
}

fn back_off_pull(world: &mut World, job: &Job<'_>, message: String) {
    let (now, spec) = (world.now, job.spec(world));
    let image = object::field(&spec, "image");
    let failures = job.id.container(world, job.name).map_or(1, |it| it.pull_failures);
    let wait = doubled(failures.saturating_sub(1));
    job.tell(world, events::normal("BackOff", format!("Back-off pulling image \"{image}\"")));
    job.tell(world, events::warning("Failed", "Error: ImagePullBackOff"));
    let why = format!("Back-off pulling image \"{image}\": ErrImagePull: {message}");
    job.wait(world, "ImagePullBackOff", why, now + wait);
}

fn doubled(times: u32) -> Duration {
    BACKOFF_INITIAL.saturating_mul(1 << times.min(6)).min(BACKOFF_MAX)
}

/// Makes the container and starts its process.
fn create(world: &mut World, job: &Job<'_>) {
    let now = world.now;
    let prepared = prepare(world, job);
    let container = match prepared {
        Ok(container) => container,
        Err(why) => {
            job.tell(world, events::warning("Failed", format!("Error: {why}")));
            return job.wait(world, "CreateContainerConfigError", why, now + RETRY);
        }
    };
    let argv = argv(&container);
    let directory = match object::field(&container.spec, "workingDir") {
        "" => container.image.map_or("", |it| it.config.workdir.as_str()).to_owned(),
        directory => directory.to_owned(),
    };
    let env = container.env.clone();
    if let Some(run) = job.id.get_mut(world) {
        run.containers.insert(job.name.to_owned(), Arc::new(container));
    }
    job.tell(world, events::normal("Created", "Container created"));
    if let Some(why) = cannot_start(world, job, &argv, &env) {
        job.tell(world, events::warning("Failed", format!("Error: {why}")));
        return end(world, job, 128, "StartError", why);
    }
    job.tell(world, events::normal("Started", "Container started"));
    if let Some(container) = job.id.container_mut(world, job.name) {
        container.vm = Some(Vm::new(argv, env, &directory));
        container.state = State::Running { since: now };
        container.due = Some(now);
        container.probes = probes::fresh(&container.spec, container.role, now);
        container.started = !container.probes.iter().any(|it| it.kind == super::run::ProbeKind::Startup);
        container.ready = container.started
            && !container.probes.iter().any(|it| it.kind == super::run::ProbeKind::Readiness);
    }
    super::logs::publish(world, job.id, job.name);
    super::hooks::post_start(world, job);
    advance(world, job);
}

/// A fresh container with files, mounts and environment; the config error otherwise.
fn prepare(world: &mut World, job: &Job<'_>) -> Result<ContainerRun, String> {
    let now = world.now;
    let old = job.id.container(world, job.name).cloned().ok_or("container not found")?;
    let spec = old.spec.clone();
    let image = catalog::of_name(object::field(&spec, "image"));
    check_user(job, &spec, image)?;
    let run = job.id.get(world).ok_or("pod not found")?;
    let host_ip = world.hosts.get(&run.host).map(|it| it.address.clone()).unwrap_or_default();
    let (pod_ip, host) = (run.ip.clone(), run.host.clone());
    let store = world.clusters.get(job.id.cluster).map(|it| it.store.clone()).unwrap_or_default();
    let subject =
        Subject { store: &store, pod: job.pod, container: &spec, pod_ip: &pod_ip, host_ip: &host_ip };
    let env = env::resolve(&subject, image)?;
    let mounts = volumes::mounts(world, job.id, job.pod, &spec, &env)?;
    let mut container = ContainerRun::new(old.role, spec);
    container.files = image.map_or_else(FileTree::default, catalog::Image::files);
    for (path, text) in super::system_files::of(world, job.pod, &pod_ip, &host, &store) {
        let _ = container.files.install(&path, text.as_bytes(), 0o644, now);
    }
    for mount in &mounts {
        let _ = container.files.mkdir_all(&mount.path, 0o755, now);
    }
    container.image = image;
    container.mounts = mounts;
    container.env = env;
    container.id = world.chance.hex(64);
    container.last = old.last;
    container.restarts = old.restarts + u32::from(old.is_restart);
    container.previous_logs = old.logs;
    Ok(container)
}

fn check_user(job: &Job<'_>, spec: &Value, image: Option<&catalog::Image>) -> Result<(), String> {
    let of = |key: &str| {
        let own = object::at(spec, &format!("/securityContext/{key}"));
        own.or_else(|| object::at(job.pod, &format!("/spec/securityContext/{key}"))).cloned()
    };
    let user = of("runAsUser").and_then(|it| it.as_u64());
    let user = user.unwrap_or_else(|| image.map_or(0, |it| u64::from(it.config.user)));
    if of("runAsNonRoot") == Some(Value::Bool(true)) && user == 0 {
        let name = format!("{}_{}({})", object::name(job.pod), object::namespace(job.pod), job.id.uid);
        let why = if of("runAsUser").is_some() {
            "container's runAsUser breaks non-root policy"
        } else {
            "container has runAsNonRoot and image will run as root"
        };
        return Err(format!("{why} (pod: \"{name}\", container: {})", job.name));
    }
    Ok(())
}

/// The words that a container runs.
pub(super) fn argv(container: &ContainerRun) -> Vec<String> {
    let words = |key: &str| -> Vec<String> {
        let lookup = |name: &str| container.env.get(name).cloned();
        let list = object::list(&container.spec, key).iter().filter_map(Value::as_str);
        list.map(|it| expanded(it, &lookup)).collect()
    };
    let (command, args) = (words("/command"), words("/args"));
    match container.image {
        Some(image) => image.argv(&command, &args),
        None => [command, args].concat(),
    }
}

/// Why the runtime cannot execute the command at all.
fn cannot_start(
    world: &World,
    job: &Job<'_>,
    argv: &[String],
    env: &BTreeMap<String, String>,
) -> Option<String> {
    let prefix = "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: exec:";
    let Some(program) = argv.first() else {
        return Some("failed to generate container spec: no command specified".to_owned());
    };
    let place = job.id.place(job.name);
    let workdir =
        job.id.container(world, job.name).map(|it| object::field(&it.spec, "workingDir").to_owned());
    let directory = workdir.filter(|it| !it.is_empty()).unwrap_or_else(|| "/".to_owned());
    if program.contains('/') {
        let path = crate::hosts::files::clean(&directory, program);
        return match world.stat(&place, &path) {
            Ok(node) if node.mode & 0o111 != 0 => None,
            Ok(_) => Some(format!("{prefix} \"{program}\": permission denied")),
            Err(_) => Some(format!("{prefix} \"{program}\": stat {program}: no such file or directory")),
        };
    }
    let found = super::script::programs::search_path(env)
        .any(|directory| world.stat(&place, &format!("{directory}/{program}")).is_ok());
    (!found).then(|| format!("{prefix} \"{program}\": executable file not found in $PATH"))
}

/// Lets the process go on, and takes what it wrote.
pub(super) fn advance(world: &mut World, job: &Job<'_>) {
    let now = world.now;
    let Some(container) = job.id.container_mut(world, job.name) else { return };
    let Some(mut vm) = container.vm.take() else { return };
    let image = container.image;
    let place = job.id.place(job.name);
    let outcome = vm.run(&mut Machine { world, place: &place, image });
    let output = vm.take_output();
    let memory = vm.services().iter().map(|it| it.extra_memory).sum();
    let Some(container) = job.id.container_mut(world, job.name) else { return };
    for (stream, bytes) in output {
        container.log(now, stream == Stream::Err, &bytes);
    }
    container.vm = Some(vm);
    container.extra_memory = memory;
    match outcome {
        Yield::Until(at) => container.due = Some(at),
        Yield::Forever => container.due = Some(SimTime::from_unix_ns(i64::MAX)),
        Yield::Exited(code) => {
            let reason = if code == 0 { "Completed" } else { "Error" };
            return end(world, job, code, reason, String::new());
        }
    }
    if let Some(limit) = memory_limit(&container.spec)
        && services::memory(container) > limit
    {
        end(world, job, 137, "OOMKilled", String::new());
    }
}

fn memory_limit(spec: &Value) -> Option<u64> {
    let limit = object::at(spec, "/resources/limits/memory")?;
    u64::try_from(Quantity::of(Some(limit)).as_int()).ok().filter(|&it| it > 0)
}

/// The process is over.
pub(super) fn end(world: &mut World, job: &Job<'_>, code: i32, reason: &'static str, message: String) {
    let now = world.now;
    let message = if message.is_empty() { termination_message(world, job) } else { message };
    let Some(container) = job.id.container_mut(world, job.name) else { return };
    let started = match container.state {
        State::Running { since } => since,
        // One that could not start has no start; Go's zero time shows as the epoch.
        _ => SimTime::from_unix_s(0),
    };
    container.flush_log(now);
    container.vm = None;
    container.ready = false;
    container.started = false;
    container.probes.clear();
    let ended = Ended { code, reason, message, started, finished: now, id: container.id.clone() };
    container.state = State::Ended(ended);
    container.due = Some(now + NOTICE);
    super::logs::publish(world, job.id, job.name);
}

/// What the container wrote to its termination message file.
fn termination_message(world: &World, job: &Job<'_>) -> String {
    let spec = job.spec(world);
    let path = match object::field(&spec, "terminationMessagePath") {
        "" => "/dev/termination-log",
        path => path,
    };
    let written = world.read_text(&job.id.place(job.name), path).unwrap_or_default();
    if !written.is_empty() || object::field(&spec, "terminationMessagePolicy") != "FallbackToLogsOnError" {
        return written;
    }
    let Some(container) = job.id.container(world, job.name) else { return written };
    let skip = container.logs.len().saturating_sub(80);
    container.logs.iter().skip(skip).map(|line| format!("{}\n", line.text)).collect()
}

/// Whether an ended container is to run again.
fn wants_restart(pod: &Value, container: &ContainerRun, ended: &Ended) -> bool {
    let policy = match (container.role, object::field(&container.spec, "restartPolicy")) {
        (Role::Sidecar, _) => "Always",
        (Role::Ephemeral, _) => "Never",
        (_, own) if !own.is_empty() => own,
        _ => match object::text(pod, "/spec/restartPolicy") {
            // An init container that is done is done, whatever the policy.
            "" | "Always" if container.role == Role::Init => "OnFailure",
            "" => "Always",
            policy => policy,
        },
    };
    match policy {
        "Always" => true,
        "OnFailure" => ended.code != 0,
        _ => false,
    }
}

fn restart(world: &mut World, job: &Job<'_>, ended: &Ended) {
    let now = world.now;
    let Some(container) = job.id.container(world, job.name) else { return };
    if !wants_restart(job.pod, container, ended) {
        return job.set(world, State::Ended(ended.clone()), Some(SimTime::from_unix_ns(i64::MAX)));
    }
    let ran_long = ended.finished.since(ended.started) >= BACKOFF_RESET && ended.reason != "StartError";
    let restarts = if ran_long { 0 } else { container.restarts };
    let again_at = match restarts {
        0 => now,
        restarts => ended.finished + doubled(restarts - 1),
    };
    if let Some(container) = job.id.container_mut(world, job.name) {
        container.last = Some(ended.clone());
        container.is_restart = true;
    }
    if again_at > now {
        let pod = format!("{}_{}({})", object::name(job.pod), object::namespace(job.pod), job.id.uid);
        let why = format!("Back-off restarting failed container {} in pod {pod}", job.name);
        job.tell(world, events::warning("BackOff", why));
        let wait = doubled(restarts - 1).as_secs();
        let wait = match (wait / 60, wait % 60) {
            (0, seconds) => format!("{seconds}s"),
            (minutes, seconds) => format!("{minutes}m{seconds}s"),
        };
        let why = format!("back-off {wait} restarting failed container={} pod={pod}", job.name);
        return job.wait(world, "CrashLoopBackOff", why, again_at);
    }
    begin(world, job);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_expand_and_unknown_ones_stay() {
        let lookup = |name: &str| (name == "A").then(|| "1".to_owned());
        assert_eq!(expanded("x$(A)y $(B) $$(A) $", &lookup), "x1y $(B) $(A) $");
    }

    #[test]
    fn back_off_doubles_up_to_five_minutes() {
        let seconds: Vec<u64> = (0..7).map(|it| doubled(it).as_secs()).collect();
        assert_eq!(seconds, [10, 20, 40, 80, 160, 300, 300]);
        assert_eq!(go_duration(Duration::from_millis(1_500)), "1.5s");
    }
}
