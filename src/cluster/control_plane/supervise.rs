//! Keeps the processes of static control plane manifests running, as a kubelet does.

use std::sync::Arc;
use std::time::Duration;

use super::inside::of_url;
use super::leases;
use super::script::{Outcome, Played};
use super::{Exit, Instance, Phase, Process, image, probe, start};
use crate::cluster::api::{authz, bootstrap, connect};
use crate::cluster::kubelet::manifest;
use crate::cluster::network::firewall;
use crate::cluster::{Cluster, ClusterId, Place, UserInfo, World, etcd};
use crate::sim::SimTime;

/// From a changed manifest to the new container: the kubelet's file watch, the end of the old
/// container and the start of the new one.
const RESTART: Duration = Duration::from_secs(3);
/// The first CrashLoopBackOff wait, after the second run; each further one doubles it.
///
/// Source: <https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy>
const BACKOFF_INITIAL: Duration = Duration::from_secs(10);
/// The doubling stops here. Same source.
const BACKOFF_MAX: Duration = Duration::from_secs(300);
/// A container that ended for the first time is started again at once.
const FIRST_RESTART: Duration = Duration::from_secs(1);
/// A leader that cannot renew its lease for so long gives up. Source: `--leader-elect-renew-deadline`.
const RENEW_DEADLINE: Duration = Duration::from_secs(10);
/// How many lines of a log are kept.
const LOG_MAX: usize = 600;

/// Looks at one host of the cluster.
pub(super) fn sync(world: &mut World, cluster: ClusterId, host: &str) -> Option<Duration> {
    if !world.clusters.get(cluster)?.nodes.values().any(|name| name == host) {
        return None;
    }
    let mut complaints = None;
    let runs_any = |it: &Cluster| it.control_plane.instances.keys().any(|(at, _)| at == host);
    let had_any = world.clusters.get(cluster).is_some_and(runs_any);
    if crate::cluster::kubelet::node::kubelet_runs(world, host) {
        follow_manifests(world, cluster, host);
        complaints = complain(world, cluster, host);
    }
    // Nearly all machines have no part of the control plane.
    if !had_any && !world.clusters.get(cluster).is_some_and(runs_any) {
        return complaints;
    }
    let due = step_instances(world, cluster, host);
    publish(world, cluster);
    [complaints, due].into_iter().flatten().min()
}

/// How often the kubelet reads its whole directory again. Source: `fileCheckFrequency`.
const FILE_CHECK: Duration = Duration::from_secs(20);

/// Says what is wrong with manifests that cannot be used; returns when it says so again.
fn complain(world: &mut World, cluster: ClusterId, host: &str) -> Option<Duration> {
    let now = world.now;
    let wrong: Vec<(String, String)> = manifest::files(world, host)
        .into_iter()
        .filter_map(|(path, bytes)| manifest::read(&path, &bytes, host).err().map(|why| (path, why)))
        .collect();
    let complaints = &mut world.clusters.get_mut(cluster)?.control_plane.complaints;
    let stale: Vec<(String, String)> = complaints
        .keys()
        .filter(|(at, path)| at == host && !wrong.iter().any(|(it, _)| it == path))
        .cloned()
        .collect();
    stale.iter().for_each(|key| drop(complaints.remove(key)));
    let mut due = None;
    for (path, why) in wrong {
        let complaints = &mut world.clusters.get_mut(cluster)?.control_plane.complaints;
        let key = (host.to_owned(), path.clone());
        let known = complaints.get(&key).filter(|(said, again)| *said == why && *again > now);
        let wait = known.map_or(FILE_CHECK, |(_, again)| again.since(now));
        due = [due, Some(wait)].into_iter().flatten().min();
        if known.is_none() {
            complaints.insert(key, (why.clone(), now + FILE_CHECK));
            let line = format!(
                "E file.go:187] \"Could not process manifest file\" err={} path={path:?}",
                super::script::go_quote(&why)
            );
            crate::cluster::kubelet::daemon::say(world, host, &line);
        }
    }
    due
}

/// A manifest on a host, by the name of its pod.
struct Wanted {
    name: String,
    process: Process,
    bytes: Arc<[u8]>,
}

/// The manifests on a host that run a program of ours, in the order of their files.
fn manifests(world: &World, host: &str) -> Vec<Wanted> {
    let read = |(path, bytes): (String, Arc<[u8]>)| {
        let pod = manifest::read(&path, &bytes, host).ok()?;
        let process = Process::of_manifest(&pod)?;
        process.is_ours().then_some(Wanted { name: process.pod_name.clone(), process, bytes })
    };
    manifest::files(world, host).into_iter().filter_map(read).collect()
}

/// Ends what has no manifest any more and sets up what is new or changed.
///
/// Two files may define the same pod: the one that runs stays, the other waits, and it is the one that
/// waited which comes when the first goes or changes.
fn follow_manifests(world: &mut World, cluster: ClusterId, host: &str) {
    let wanted = manifests(world, host);
    let now = world.now;
    let Some(cluster) = world.clusters.get_mut(cluster) else { return };
    let instances = &mut cluster.control_plane.instances;
    let gone: Vec<(String, String)> = instances
        .keys()
        .filter(|(at, name)| at == host && !wanted.iter().any(|it| it.name == *name))
        .cloned()
        .collect();
    for key in gone {
        instances.remove(&key);
    }
    for first in &wanted {
        let key = (host.to_owned(), first.name.clone());
        let all: Vec<&Wanted> = wanted.iter().filter(|it| it.name == first.name).collect();
        let others: Vec<Arc<[u8]>> = all.iter().map(|it| it.bytes.clone()).collect();
        if let Some(old) = instances.get_mut(&key)
            && all.iter().any(|it| it.bytes == old.manifest)
        {
            if old.seen != others {
                old.seen = others;
            }
            continue;
        }
        let old = instances.get(&key);
        let waited = |it: &&&Wanted| old.is_some_and(|old| old.seen.contains(&it.bytes));
        let next = all.iter().find(waited).or(all.first()).copied().unwrap_or(first);
        // The first manifests of a machine start at once; a change ends the old container first.
        let at = if old.is_some() { now + RESTART } else { now + RESTART / 3 };
        instances.insert(key, Instance::new(next.process.clone(), next.bytes.clone(), others, at));
    }
}

/// Moves every instance of a host on; returns when the next one is due.
fn step_instances(world: &mut World, cluster: ClusterId, host: &str) -> Option<Duration> {
    let keys: Vec<(String, String)> = world
        .clusters
        .get(cluster)?
        .control_plane
        .instances
        .keys()
        .filter(|(at, _)| at == host)
        .cloned()
        .collect();
    let mut next: Option<Duration> = None;
    for key in keys {
        let Some(mut instance) = world.clusters.get(cluster)?.control_plane.instances.get(&key).cloned()
        else {
            continue;
        };
        let due = step(world, cluster, host, &mut instance);
        next = [next, due].into_iter().flatten().min();
        if let Some(cluster) = world.clusters.get_mut(cluster) {
            cluster.control_plane.instances.insert(key, instance);
        }
    }
    next
}

/// Moves one instance on as far as the time allows; returns how long until its next change.
fn step(world: &mut World, cluster: ClusterId, host: &str, instance: &mut Instance) -> Option<Duration> {
    let now = world.now;
    let said = instance.say_what_is_due(now);
    let due = match instance.phase {
        Phase::Pending { at: until } | Phase::BackOff { until } | Phase::Waiting { until, .. }
            if until > now =>
        {
            Some(until.since(now))
        }
        Phase::Pending { .. } | Phase::BackOff { .. } | Phase::Waiting { .. } => {
            if matches!(instance.phase, Phase::BackOff { .. }) {
                instance.restarts += 1;
            }
            begin(world, cluster, host, instance)
        }
        Phase::Rejected { .. } => None,
        Phase::Running { ends_at: Some(at), .. } if at > now => Some(at.since(now)),
        Phase::Running { since, ends_at: Some(_), .. } => {
            let code = instance.last_exit.map_or(1, |exit| exit.code);
            Some(ended(instance, Exit { code, started: since, finished: now, reason: reason_of(code) }))
        }
        Phase::Running { serving: false, ends_at: None, .. } => look_again(world, cluster, host, instance),
        Phase::Running { serving: true, ends_at: None, .. } => watch_over(world, cluster, host, instance),
    };
    [said, due].into_iter().flatten().min()
}

fn reason_of(code: i32) -> &'static str {
    if code == 0 { "Completed" } else { "Error" }
}

/// The container is over; returns how long until it is started again.
pub(super) fn ended(instance: &mut Instance, exit: Exit) -> Duration {
    instance.last_exit = Some(exit);
    instance.hangs_at = None;
    instance.lost_since = None;
    instance.unhealthy_since = None;
    let wait = backoff(instance.restarts);
    instance.phase = Phase::BackOff { until: exit.finished + wait };
    wait
}

/// Starts the process; returns how long until it changes.
fn begin(world: &mut World, cluster: ClusterId, host: &str, instance: &mut Instance) -> Option<Duration> {
    let now = world.now;
    if let Some(due) = image::obstacle(world, cluster, host, instance) {
        return due;
    }
    for url in instance.process.flag_list("etcd-servers") {
        if let Some((address, port)) = of_url(url) {
            firewall::count_local(world, host, address, port);
        }
    }
    let played = start::start(world, cluster, host, &instance.process, None);
    instance.kept = world.hosts.get(host).map(|it| instance.process.configuration(it)).unwrap_or_default();
    instance.previous_log = std::mem::take(&mut instance.log);
    instance.coming.clear();
    instance.hangs_at = None;
    follow(world, cluster, host, instance, played, now)
}

/// A hanging process tries again.
fn look_again(
    world: &mut World,
    cluster: ClusterId,
    host: &str,
    instance: &mut Instance,
) -> Option<Duration> {
    let now = world.now;
    let at = instance.hangs_at?;
    let Phase::Running { since, .. } = instance.phase else { return None };
    let mut played = start::start(world, cluster, host, &instance.process, Some(at));
    if matches!(played.outcome, Outcome::Stuck { .. }) {
        if instance.retry_at > now {
            return Some(instance.retry_at.since(now));
        }
        // What repeats for minutes is said less often.
        if now.since(since) > Duration::from_secs(60) {
            played.outcome = Outcome::Stuck { at, every: Duration::from_secs(30) };
        }
    }
    follow(world, cluster, host, instance, played, since)
}

/// Takes over how a start, or another look, went.
fn follow(
    world: &mut World,
    cluster: ClusterId,
    host: &str,
    instance: &mut Instance,
    played: Played,
    since: SimTime,
) -> Option<Duration> {
    let now = world.now;
    instance.coming.extend(played.log.into_iter().map(|(after, line)| (now + after, line)));
    let said = instance.say_what_is_due(now);
    let due = match played.outcome {
        Outcome::Serves { .. } => {
            if instance.process.program == "etcd" {
                etcd::open(world, cluster, host, &instance.process);
            }
            instance.hangs_at = None;
            instance.endpoint = start::endpoint(world, cluster, host, &instance.process).map(Arc::new);
            instance.phase = Phase::Running { since, serving: true, ends_at: None };
            Some(Duration::from_millis(500))
        }
        Outcome::Ends { after, code } => {
            let reason = if code == 128 { "StartError" } else { reason_of(code) };
            if code == 128 {
                return Some(ended(
                    instance,
                    Exit { code, started: SimTime::from_unix_s(0), finished: now, reason },
                ));
            }
            instance.last_exit = Some(Exit { code, started: since, finished: now + after, reason });
            instance.phase = Phase::Running { since, serving: false, ends_at: Some(now + after) };
            Some(after)
        }
        Outcome::Stuck { at, every } => {
            instance.hangs_at = Some(at);
            instance.retry_at = now + every;
            instance.phase = Phase::Running { since, serving: false, ends_at: None };
            Some(every)
        }
    };
    [said, due].into_iter().flatten().min()
}

/// A process that serves may lose its lease, and its probes may fail.
fn watch_over(
    world: &mut World,
    cluster: ClusterId,
    host: &str,
    instance: &mut Instance,
) -> Option<Duration> {
    let now = world.now;
    if let Some(exit) = lost_lease(world, cluster, host, instance) {
        return Some(ended(instance, exit));
    }
    let served = world.clusters.get(cluster).is_some_and(Cluster::api_server_up);
    if served && instance.lost_since.is_none() {
        leases::hold(world, cluster, host, instance);
    }
    let waits = instance.lost_since.map(|since| (since + RENEW_DEADLINE).since(now));
    let killed = probe::kills_at(world, cluster, host, instance);
    if killed.is_some_and(|at| at <= now) {
        let Phase::Running { since, .. } = instance.phase else { return None };
        let code = if instance.process.program == "kube-apiserver" { 0 } else { 137 };
        instance.killed = probe::complaint(world, cluster, host, instance).map(|why| (now, why));
        return Some(ended(instance, Exit { code, started: since, finished: now, reason: reason_of(code) }));
    }
    killed.map(|at| at.since(now)).into_iter().chain(waits).min()
}

/// Whether the API server lets a leader renew its lease.
fn may_renew(cluster: &Cluster, program: &str) -> bool {
    let user = UserInfo::new(&format!("system:{program}"), &["system:authenticated"]);
    let attributes = authz::Attributes::of_lease("kube-system", program);
    authz::decide(cluster, &user, &attributes).allowed
}

/// Leaders that cannot renew their lease for ten seconds end themselves.
fn lost_lease(world: &World, cluster: ClusterId, host: &str, instance: &mut Instance) -> Option<Exit> {
    let leads = matches!(instance.process.program.as_str(), "kube-controller-manager" | "kube-scheduler")
        && instance.process.flag("leader-elect") != Some("false");
    let answered = || match &instance.endpoint {
        Some(endpoint) => matches!(connect::greet(world, &Place::host(host), endpoint), Ok(Some(_))),
        None => true,
    };
    let renews = |it: &Cluster| it.api_server_up() && may_renew(it, &instance.process.program) && answered();
    if !leads || world.clusters.get(cluster).is_some_and(renews) {
        instance.lost_since = None;
        return None;
    }
    let now = world.now;
    let since = *instance.lost_since.get_or_insert(now);
    if now.since(since) < RENEW_DEADLINE {
        return None;
    }
    let Phase::Running { since: started, .. } = instance.phase else { return None };
    let name = &instance.process.program;
    let lock = format!("lock=\"kube-system/{name}\"");
    let last = if name == "kube-scheduler" {
        "E server.go:340] \"Leaderelection lost\"".to_owned()
    } else {
        "E controllermanager.go:440] \"leaderelection lost/stopped\"".to_owned()
    };
    let said = [
        format!(
            "I leaderelection.go:304] \"Failed to renew lease\" {lock} err=\"context deadline exceeded\""
        ),
        last,
    ];
    for line in said {
        instance.log.push_back((now, super::script::render(&line, now, 1)));
    }
    Some(Exit { code: 1, started, finished: now, reason: "Error" })
}

fn backoff(restarts: u32) -> Duration {
    match restarts.checked_sub(1) {
        None => FIRST_RESTART,
        Some(times) => BACKOFF_INITIAL.saturating_mul(1 << times.min(5)).min(BACKOFF_MAX),
    }
}

impl Instance {
    fn new(process: Process, manifest: Arc<[u8]>, seen: Vec<Arc<[u8]>>, at: SimTime) -> Self {
        Self {
            process,
            kept: imbl::OrdMap::new(),
            manifest,
            seen,
            phase: Phase::Pending { at },
            restarts: 0,
            log: imbl::Vector::new(),
            previous_log: imbl::Vector::new(),
            coming: imbl::Vector::new(),
            last_exit: None,
            message: String::new(),
            pull_failures: 0,
            hangs_at: None,
            retry_at: at,
            lost_since: None,
            unhealthy_since: None,
            killed: None,
            endpoint: None,
        }
    }

    /// Moves lines whose time has come into the log; returns when the next ones come. Those of the next
    /// second come at once, so that a start takes few looks.
    fn say_what_is_due(&mut self, now: SimTime) -> Option<Duration> {
        while self.coming.front().is_some_and(|(at, _)| *at <= now + Duration::from_secs(1)) {
            let Some(line) = self.coming.pop_front() else { break };
            self.log.push_back(line);
        }
        while self.log.len() > LOG_MAX {
            self.log.pop_front();
        }
        self.coming.front().map(|(at, _)| at.since(now))
    }
}

impl World {
    /// Members of etcd came or went, so that there may be a quorum now, or none any more.
    pub(crate) fn members_changed(&mut self, cluster: ClusterId) {
        publish(self, cluster);
    }
}

/// Machines whose API servers run, but do not reach their etcd.
fn cut_off(world: &World, cluster: ClusterId) -> Vec<String> {
    let instances = world.clusters.get(cluster).into_iter().flat_map(|it| it.control_plane.instances.iter());
    let servers = instances.filter(|(_, it)| it.process.program == "kube-apiserver" && it.serves());
    let lonely = servers.filter(|((host, _), it)| !it.process.reaches_etcd(world, host));
    lonely.map(|((host, _), _)| host.clone()).collect()
}

/// Tells the engine what is up now; what comes back looks at everything again, and who waits for it
/// tries once more.
fn publish(world: &mut World, cluster: ClusterId) {
    let cut_off = cut_off(world, cluster);
    let Some(plane) = world.clusters.get_mut(cluster).map(|it| &mut it.control_plane) else { return };
    let (changed, rose) = plane.refresh(&cut_off);
    if rose {
        if world.clusters.get(cluster).is_some_and(Cluster::api_server_up) {
            bootstrap::ensure(world, cluster);
        }
        world.resync(cluster);
    }
    if changed {
        let now = world.now;
        let hosts: Vec<String> =
            world.clusters.get(cluster).map_or_else(Vec::new, |it| it.nodes.values().cloned().collect());
        for host in hosts {
            world.wake_at(now + Duration::from_millis(50), cluster, "control-plane", &host);
        }
    }
}
