//! Startup, liveness and readiness probes.

use std::sync::Arc;
use std::time::Duration;

use imbl::Vector;

use super::container::{self, Job};
use super::hooks;
use super::run::{PodId, ProbeKind, ProbeRun, Role};
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::cluster::network::http::{self, HttpOutcome, HttpRequest};
use crate::cluster::network::{self, Outcome, Protocol};
use crate::cluster::{Object, Place, World, events};
use crate::sim::SimTime;

const KINDS: &[(ProbeKind, &str, &str)] = &[
    (ProbeKind::Startup, "startupProbe", "Startup"),
    (ProbeKind::Liveness, "livenessProbe", "Liveness"),
    (ProbeKind::Readiness, "readinessProbe", "Readiness"),
];

/// The probes of a container that starts now.
pub(super) fn fresh(spec: &Arc<Value>, role: Role, now: SimTime) -> Vector<ProbeRun> {
    if matches!(role, Role::Init | Role::Ephemeral) {
        return Vector::new();
    }
    let wanted = KINDS.iter().filter_map(|(kind, key, _)| Some((*kind, spec.get(*key)?)));
    wanted
        .map(|(kind, probe)| ProbeRun {
            kind,
            next: now + seconds(probe, "initialDelaySeconds", 0).max(Duration::from_millis(200)),
            successes: 0,
            failures: 0,
            passed: kind == ProbeKind::Liveness,
        })
        .collect()
}

fn seconds(probe: &Value, key: &str, usual: u64) -> Duration {
    let given = probe.get(key).and_then(Value::as_u64).filter(|&it| it > 0 || key.starts_with("initial"));
    Duration::from_secs(given.unwrap_or(usual))
}

fn count(probe: &Value, key: &str, usual: i64) -> i64 {
    probe.get(key).and_then(Value::as_i64).filter(|&it| it > 0).unwrap_or(usual)
}

/// Runs the probes of a pod that are due.
pub(super) fn run(world: &mut World, id: &PodId, pod: &Object) {
    let names: Vec<String> =
        id.get(world).map_or_else(Vec::new, |run| run.containers.keys().cloned().collect());
    for name in names {
        let job = Job { id, pod, name: &name };
        kill_if_due(world, &job);
        for (kind, key, title) in KINDS {
            run_one(world, &job, *kind, key, title);
        }
    }
}

/// Ends a container whose grace after a failed liveness probe is over.
fn kill_if_due(world: &mut World, job: &Job<'_>) {
    let now = world.now;
    let due = job
        .id
        .container(world, job.name)
        .is_some_and(|it| it.kill_at.is_some_and(|at| at <= now) && it.is_running());
    if due {
        let willing = job
            .id
            .container(world, job.name)
            .and_then(|it| it.vm.as_ref())
            .is_some_and(|it| it.stops_on_term());
        let (code, reason) = if willing { (0, "Completed") } else { (137, "Error") };
        container::end(world, job, code, reason, String::new());
    }
}

fn run_one(world: &mut World, job: &Job<'_>, kind: ProbeKind, key: &str, title: &str) {
    let now = world.now;
    let Some(container) = job.id.container(world, job.name).filter(|it| it.is_running()) else { return };
    let Some(probe) = container.spec.get(key).cloned() else { return };
    let Some(at) = container.probes.iter().position(|it| it.kind == kind && it.next <= now) else { return };
    let started = container.started;
    let period = seconds(&probe, "periodSeconds", 10);
    // Liveness and readiness begin when the container has started; the startup probe ends then.
    let idle = if kind == ProbeKind::Startup { started } else { !started };
    let result = if idle { None } else { Some(attempt(world, job, &probe)) };
    if let Some(Err(why)) = &result {
        job.tell(world, events::warning("Unhealthy", format!("{title} probe failed: {why}")));
    }
    let Some(container) = job.id.container_mut(world, job.name) else { return };
    let Some(run) = container.probes.get_mut(at) else { return };
    // A startup probe that has passed is never run again.
    run.next =
        if kind == ProbeKind::Startup && started { SimTime::from_unix_ns(i64::MAX) } else { now + period };
    let Some(result) = result else { return };
    let threshold = if result.is_ok() {
        count(&probe, "successThreshold", 1)
    } else {
        count(&probe, "failureThreshold", 3)
    };
    if result.is_ok() {
        run.successes += 1;
        run.failures = 0;
    } else {
        run.failures += 1;
        run.successes = 0;
    }
    if run.successes.max(run.failures) < threshold {
        return;
    }
    run.passed = result.is_ok();
    conclude(world, job, kind, &probe, result.is_ok());
}

/// What a verdict means for the container.
fn conclude(world: &mut World, job: &Job<'_>, kind: ProbeKind, probe: &Value, passed: bool) {
    let now = world.now;
    let Some(container) = job.id.container_mut(world, job.name) else { return };
    match (kind, passed) {
        (ProbeKind::Startup, true) => {
            container.started = true;
            container.ready = !container.probes.iter().any(|it| it.kind == ProbeKind::Readiness);
            container.probes.iter_mut().filter(|it| it.kind != ProbeKind::Startup).for_each(|it| {
                it.next = it.next.min(now + Duration::from_millis(100));
            });
        }
        (ProbeKind::Readiness, passed) => container.ready = passed,
        (ProbeKind::Liveness, true) => {}
        (ProbeKind::Startup | ProbeKind::Liveness, false) => {
            let grace = object::int(probe, "/terminationGracePeriodSeconds")
                .or_else(|| object::int(job.pod, "/spec/terminationGracePeriodSeconds"))
                .unwrap_or(30);
            let willing = container.vm.as_ref().is_some_and(|it| it.stops_on_term());
            let wait = if willing { 0 } else { u64::try_from(grace).unwrap_or(0) };
            container.kill_at = Some(now + Duration::from_secs(wait));
            container.probes.clear();
            let what = if kind == ProbeKind::Startup { "startup" } else { "liveness" };
            let why = format!("Container {} failed {what} probe, will be restarted", job.name);
            job.tell(world, events::normal("Killing", why));
            if wait == 0 {
                kill_if_due(world, job);
            }
        }
    }
}

/// One attempt; the sentence of the event when it fails.
fn attempt(world: &mut World, job: &Job<'_>, probe: &Value) -> Result<(), String> {
    let timeout = seconds(probe, "timeoutSeconds", 1);
    let Some(run) = job.id.get(world) else { return Ok(()) };
    let (ip, place) = (run.ip.clone(), Place::host(&run.host));
    if let Some(get) = probe.get("httpGet") {
        return http_get(world, job, get, &ip, &place);
    }
    if let Some(socket) = probe.get("tcpSocket") {
        let port = port(job, world, socket.get("port"));
        let host = match object::field(socket, "host") {
            "" => ip.as_str(),
            host => host,
        };
        let found = network::probe(world, &place, host, port, Protocol::Tcp).outcome;
        return dial(&found).map_err(|why| format!("dial tcp {host}:{port}: {why}"));
    }
    if let Some(grpc) = probe.get("grpc") {
        let port = port(job, world, grpc.get("port"));
        let found = network::probe(world, &place, &ip, port, Protocol::Tcp).outcome;
        return dial(&found).map_err(|_| {
            format!(
                "timeout: failed to connect service \"{ip}:{port}\" within {}s: context deadline exceeded",
                timeout.as_secs()
            )
        });
    }
    let words = object::list(probe, "/exec/command").iter().filter_map(Value::as_str);
    let done = hooks::exec(world, job, words.map(str::to_owned).collect(), timeout);
    match done.code {
        Some(0) => Ok(()),
        Some(_) => Err(done.output),
        None => {
            Err(format!("command timed out: \"{}\" timed out after {}s", done.command, timeout.as_secs()))
        }
    }
}

/// A port by number or by the name of a container port.
fn port(job: &Job<'_>, world: &World, port: Option<&Value>) -> u16 {
    let number = match port {
        Some(Value::String(name)) => job.id.container(world, job.name).and_then(|container| {
            let ports = object::list(&container.spec, "/ports").iter();
            ports
                .clone()
                .find(|it| object::field(it, "name") == name)
                .and_then(|it| object::int(it, "/containerPort"))
        }),
        Some(number) => number.as_i64(),
        None => None,
    };
    number.and_then(|it| u16::try_from(it).ok()).unwrap_or(0)
}

fn dial(outcome: &Outcome) -> Result<(), &'static str> {
    match outcome {
        Outcome::Open { .. } => Ok(()),
        Outcome::Refused => Err("connect: connection refused"),
        _ => Err("i/o timeout"),
    }
}

fn http_get(world: &mut World, job: &Job<'_>, get: &Value, ip: &str, place: &Place) -> Result<(), String> {
    let port = port(job, world, get.get("port"));
    let scheme = if object::field(get, "scheme") == "HTTPS" { "https" } else { "http" };
    let host = match object::field(get, "host") {
        "" => ip,
        host => host,
    };
    let path = object::field(get, "path");
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    let url = format!("{scheme}://{host}:{port}{path}");
    let Some(mut request) = HttpRequest::of_url(&url) else { return Err(format!("Get {url:?}: bad url")) };
    request.user_agent = "kube-probe/1.36".to_owned();
    for header in object::list(get, "/httpHeaders") {
        let (name, value) = (object::field(header, "name"), object::field(header, "value"));
        if name.eq_ignore_ascii_case("host") {
            request.host = value.to_owned();
        }
        request.headers.push((name.to_owned(), value.to_owned()));
    }
    match http::http(world, place, &request).outcome {
        HttpOutcome::Answer(answer) if (200..400).contains(&answer.status) => Ok(()),
        HttpOutcome::Answer(answer) => Err(format!("HTTP probe failed with statuscode: {}", answer.status)),
        HttpOutcome::Failed(Outcome::TimedOut) => Err(format!(
            "Get \"{url}\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
        )),
        HttpOutcome::Failed(failed) => {
            let why = dial(&failed).err().unwrap_or("i/o timeout");
            Err(format!("Get \"{url}\": dial tcp {host}:{port}: {why}"))
        }
        HttpOutcome::Garbage => Err(format!(
            "Get \"{url}\": net/http: HTTP/1.x transport connection broken: malformed HTTP response"
        )),
        HttpOutcome::Tls(_) => Err(format!("Get \"{url}\": http: server gave HTTP response to HTTPS client")),
    }
}
