//! What long-running programs do: the ports they listen on, what they answer, what they use.
//!
//! A row of `KINDS` is a behaviour that images of the catalogue name. Services that read a
//! configuration file read the one that is in the container now.

use std::collections::BTreeMap;

use super::catalog::Image;
use super::run::ContainerRun;
use super::script::programs::{Call, Effect, Output};
use super::script::vm::{Machine, Wait};
use super::{agents, client, complaints, web};
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::apimachinery::quantity::Quantity;
use crate::cluster::{Place, World};
use crate::sim::SimTime;

/// A program that serves.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Service {
    /// A row of the catalogue's `service` values, or one of the kinds that programs start by themselves.
    pub(crate) kind: String,
    pub(crate) argv: Vec<String>,
    pub(crate) since: SimTime,
    /// From when it answers.
    pub(crate) serves_from: SimTime,
    /// Bytes beyond what the image usually uses.
    pub(crate) extra_memory: u64,
}

/// A port that something listens on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Port {
    pub(crate) number: u16,
    pub(crate) udp: bool,
}

impl Service {
    /// True unless the program ignores SIGTERM as process 1 does without a handler.
    pub(crate) fn stops_on_term(&self) -> bool {
        self.kind != "unknown"
    }

    /// The value of `-name value`, `-name=value` or `--name=value`.
    pub(crate) fn option(&self, names: &[&str]) -> Option<&str> {
        let mut words = self.argv.iter().skip(1);
        while let Some(word) = words.next() {
            let (name, inline) = match word.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (word.as_str(), None),
            };
            if names.contains(&name) {
                return inline.or_else(|| words.next().map(String::as_str));
            }
        }
        None
    }
}

/// The service that a call starts, when it calls the main program of the image.
pub(super) fn main_program(machine: &Machine<'_>, name: &str, argv: &[String]) -> Option<Service> {
    let image = machine.image?;
    let main = &image.config.main;
    if main.is_empty() || main != name || (name == "sh" || name == "bash") {
        return None;
    }
    Some(service(machine, &image.config.service, argv, Some(image)))
}

fn service(machine: &Machine<'_>, kind: &str, argv: &[String], image: Option<&Image>) -> Service {
    let now = machine.world.now;
    let delay = image.map_or_else(Default::default, |it| it.start_delay);
    Service {
        kind: kind.to_owned(),
        argv: argv.to_vec(),
        since: now,
        serves_from: now + delay,
        extra_memory: 0,
    }
}

/// Starts a service: its first lines, and whether it stays.
pub(super) fn start(
    service: &Service,
    variables: &BTreeMap<String, String>,
    machine: &mut Machine<'_>,
) -> Output {
    let Some(image) = machine.image else { return Output::then(Effect::Serve(service.clone())) };
    if asks_only(service) {
        return Output::ok(format!("{} version {}\n", image.config.main, tag(machine)));
    }
    let needs = &image.config.needs_env;
    if !needs.is_empty() && !needs.iter().any(|name| variables.get(name).is_some_and(|it| !it.is_empty())) {
        let lines = filled(&image.config.needs_log, machine);
        return Output { effect: Effect::Exit(1), out: Vec::new(), err: lines.into_bytes() };
    }
    if let Some(complaint) = complaints::complaint(service, machine) {
        return Output::fail(1, complaint);
    }
    if let Some(agent) = agents::of(&service.kind) {
        return match agent(service, variables, machine) {
            Ok(said) if service.kind == "calico-cni" => Output::ok(said),
            Ok(said) => {
                Output { effect: Effect::Serve(service.clone()), out: Vec::new(), err: said.into_bytes() }
            }
            Err(said) => Output::fail(1, said),
        };
    }
    let lines = filled(&image.config.log, machine);
    let effect = match service.kind.as_str() {
        "says" => Effect::Exit(0),
        _ => Effect::Serve(with_memory(service)),
    };
    Output { effect, out: lines.into_bytes(), err: Vec::new() }
}

fn asks_only(service: &Service) -> bool {
    matches!(service.argv.get(1).map(String::as_str), Some("-v" | "-V" | "--version" | "version"))
}

/// `stress --vm-bytes 250M` uses what it says.
fn with_memory(service: &Service) -> Service {
    let mut service = service.clone();
    let wanted = service.option(&["--vm-bytes", "-mem-total", "--mem-total"]).map(str::to_owned);
    if service.kind == "stress"
        && let Some(text) = wanted
    {
        let text = text.trim_end_matches('B');
        let quantity = Quantity::parse(text).or_else(|_| Quantity::parse(&text.to_uppercase()));
        let workers: i64 = service.option(&["--vm", "-m"]).and_then(|it| it.parse().ok()).unwrap_or(1);
        let bytes = quantity.map_or(0, |it| it.as_int()) * workers.max(1);
        service.extra_memory = u64::try_from(bytes).unwrap_or(0);
    }
    service
}

/// Thousandths of a CPU that the workers of a `stress` keep busy: those of `--vm` only while they do not hang on to
/// what they took, those of `--io` and `--hdd` mostly wait for the disk.
pub(super) fn stress_cpu_milli(service: &Service) -> u64 {
    if service.kind != "stress" {
        return 0;
    }
    let workers = |names: &[&str]| service.option(names).and_then(|it| it.parse().ok()).unwrap_or(0);
    let hangs = service.option(&["--vm-hang"]).is_some();
    let memory = if hangs { 0 } else { workers(&["--vm", "-m"]) };
    1_000 * (workers(&["--cpu", "-c", "-cpus", "--cpus"]) + memory)
        + 300 * (workers(&["--io", "-i"]) + workers(&["--hdd", "-d"]))
}

/// Programs that are not in the table of the little shell but that images have.
pub(super) fn other_program(name: &str, call: &Call<'_>, machine: &mut Machine<'_>) -> Output {
    let words: Vec<&str> = call.argv.iter().map(String::as_str).collect();
    let kind = match (name, words.as_slice()) {
        ("python" | "python3", [_, "-m", "http.server", ..]) => "files",
        ("httpd", _) if words.iter().any(|it| it.starts_with("-f")) => "files",
        ("httpd", _) => "files",
        ("python" | "python3" | "node" | "perl" | "ruby" | "php", [_]) => return Output::ok(""),
        ("python" | "python3", [_, "-c", ..]) | ("node", [_, "-e", ..]) | ("perl", [_, ..]) => {
            return interpreted(name, &words);
        }
        ("python" | "python3" | "node", [_, file, ..]) if !file.starts_with('-') => {
            let path = call.path(file);
            if machine.world.stat(machine.place, &path).is_err() {
                let text = format!("{name}: can't open file '{path}': [Errno 2] No such file or directory\n");
                return Output::fail(2, text);
            }
            "unknown"
        }
        _ => "unknown",
    };
    Output::then(Effect::Serve(service(machine, kind, call.argv, None)))
}

/// `perl -Mbignum=bpi -wle 'print bpi(2000)'` is in every introduction to Jobs.
fn interpreted(name: &str, words: &[&str]) -> Output {
    let digits =
        words.iter().find_map(|it| it.split_once("bpi(")?.1.split(')').next()?.parse::<usize>().ok());
    match digits {
        Some(digits) => Output::ok(super::pi::digits(digits.min(5_000)) + "\n"),
        None => Output::fail(
            1,
            format!("uncordon: a `{name}` program in a container's own command is not simulated yet\n"),
        ),
    }
}

/// curl, wget, nc and nslookup inside a command.
pub(super) fn client(call: &Call<'_>, machine: &mut Machine<'_>) -> Output {
    let words: Vec<&str> = call.argv.iter().map(String::as_str).collect();
    let listens = words.iter().any(|it| it.starts_with('-') && !it.starts_with("--") && it.contains('l'));
    if call.name() == "nc" && listens {
        return Output::then(Effect::Serve(service(machine, "listener", call.argv, None)));
    }
    let (code, out, err, took) = client::run(call.name(), &words, machine);
    let effect = if took.is_zero() || code == 0 {
        Effect::Exit(code)
    } else {
        Effect::Script {
            text: format!("sleep {}; exit {code}", took.as_secs_f64()),
            arguments: vec![call.name().to_owned()],
        }
    };
    Output { out, err, effect }
}

/// Ports that the services of a container listen on now.
pub(crate) fn ports(world: &World, place: &Place, container: &ContainerRun) -> Vec<Port> {
    let Some(vm) = &container.vm else { return Vec::new() };
    let serving = vm.services().into_iter().filter(|it| it.serves_from <= world.now);
    serving.flat_map(|service| ports_of(world, place, container, service)).collect()
}

/// TCP ports that the services of a container will listen on once they are up.
pub(super) fn claims(world: &World, place: &Place, container: &ContainerRun) -> Vec<u16> {
    let services = container.vm.as_ref().map(|vm| vm.services()).unwrap_or_default();
    let ports = services.into_iter().flat_map(|service| ports_of(world, place, container, service));
    ports.filter(|it| !it.udp).map(|it| it.number).collect()
}

/// The service that listens on a TCP port.
pub(crate) fn on_port(world: &World, place: &Place, container: &ContainerRun, port: u16) -> Option<Service> {
    let serving = container.vm.as_ref()?.services().into_iter().filter(|it| it.serves_from <= world.now);
    let listens = |service: &&Service| {
        ports_of(world, place, container, service).iter().any(|it| it.number == port && !it.udp)
    };
    serving.into_iter().find(listens).cloned()
}

fn ports_of(world: &World, place: &Place, container: &ContainerRun, service: &Service) -> Vec<Port> {
    let tcp = |number: u16| Port { number, udp: false };
    let number = |text: &str| text.trim_start_matches(':').rsplit(':').next().and_then(|it| it.parse().ok());
    match service.kind.as_str() {
        "nginx" | "apache" => web::listens(world, place, service).into_iter().map(tcp).collect(),
        "coredns" => {
            [53, 9153, 8080, 8181].into_iter().map(tcp).chain([Port { number: 53, udp: true }]).collect()
        }
        "redis" => vec![tcp(service.option(&["--port"]).and_then(number).unwrap_or(6_379))],
        "http-echo" => vec![tcp(service.option(&["-listen", "--listen"]).and_then(number).unwrap_or(5_678))],
        "listener" => {
            let port = service.option(&["-p", "-lp", "-lkp", "-nlp", "-lvp"]).and_then(number);
            port.or_else(|| service.argv.last().and_then(|it| number(it))).map(tcp).into_iter().collect()
        }
        "files" => vec![tcp(web::file_server_port(service))],
        "agnhost" => web::agnhost_ports(service).into_iter().map(tcp).collect(),
        "whoami" => {
            let own = service.option(&["--port", "-port"]).and_then(number);
            let by_env = container.env.get("PORT").or_else(|| container.env.get("WHOAMI_PORT_NUMBER"));
            match own.or_else(|| by_env.and_then(|it| number(it))) {
                Some(port) => vec![tcp(port)],
                None => listed(container),
            }
        }
        "control-plane" => {
            let usual = match service.argv.first().map(|it| crate::hosts::files::base_name(it)) {
                Some("kube-scheduler") => 10_259,
                Some("kube-controller-manager") => 10_257,
                _ => return listed(container),
            };
            vec![tcp(service.option(&["--secure-port"]).and_then(number).unwrap_or(usual))]
        }
        "kube-proxy" => vec![tcp(10_256), tcp(10_249)],
        "gateway" => {
            let ports = object::list(&container.spec, "/ports").iter();
            let number = |it| u16::try_from(object::int(it, "/containerPort")?).ok();
            ports.filter_map(number).map(tcp).collect()
        }
        "unknown" | "says" | "stress" => Vec::new(),
        _ => listed(container),
    }
}

/// The ports that the catalogue names for the image.
fn listed(container: &ContainerRun) -> Vec<Port> {
    let ports = container.image.map_or(&[][..], |it| it.config.ports.as_slice());
    let port = |text: &String| {
        let (number, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
        Some(Port { number: number.parse().ok()?, udp: protocol == "udp" })
    };
    ports.iter().filter_map(port).collect()
}

/// Bytes that a container uses.
pub(crate) fn memory(container: &ContainerRun) -> u64 {
    let usual = container.image.map_or(1, |it| it.config.memory_mb.max(1)) << 20;
    // The control plane's own containers have no script: they are what their image says.
    let serves = container.vm.as_ref().is_none_or(|vm| !vm.services().is_empty());
    // A shell or a sleep is small, whatever the image is for.
    let base = if serves { usual } else { usual.min(1 << 20) };
    base + container.extra_memory
}

/// Names of the programs that serve in the machine's container.
pub(super) fn running(machine: &Machine<'_>) -> Vec<String> {
    let Place::Container { cluster, pod_uid, container } = machine.place else { return Vec::new() };
    let runtime = machine.world.clusters.get(*cluster).map(|it| &it.runtime);
    let container = runtime.and_then(|it| it.pods.get(pod_uid)).and_then(|it| it.containers.get(container));
    let Some(vm) = container.and_then(|it| it.vm.as_ref()) else { return Vec::new() };
    vm.services().iter().filter_map(|it| it.argv.first().cloned()).collect()
}

/// The address of the machine's pod.
pub(super) fn own_address(machine: &Machine<'_>) -> String {
    let Place::Container { cluster, pod_uid, .. } = machine.place else { return String::new() };
    let runtime = machine.world.clusters.get(*cluster).map(|it| &it.runtime);
    runtime.and_then(|it| it.pods.get(pod_uid)).map_or_else(String::new, |it| it.ip.clone())
}

/// The kernel of the machine's node.
pub(super) fn kernel(machine: &Machine<'_>) -> String {
    let Place::Container { cluster, pod_uid, .. } = machine.place else { return String::new() };
    let Some(cluster) = machine.world.clusters.get(*cluster) else { return String::new() };
    let node = cluster.runtime.pods.get(pod_uid).map_or("", |it| it.node.as_str());
    let node = cluster.store.find("nodes", "", node);
    node.map_or_else(String::new, |it| object::text(it, "/status/nodeInfo/kernelVersion").to_owned())
}

/// User and group of the machine's container.
pub(super) fn user_of(machine: &Machine<'_>) -> (u64, u64) {
    let Place::Container { cluster, pod_uid, container } = machine.place else { return (0, 0) };
    let Some(cluster) = machine.world.clusters.get(*cluster) else { return (0, 0) };
    let Some(run) = cluster.runtime.pods.get(pod_uid) else { return (0, 0) };
    let Some(container) = run.containers.get(container) else { return (0, 0) };
    let pod = cluster.store.find("pods", &run.namespace, &run.name);
    user(container, pod.map_or(&Value::Null, |it| it))
}

/// User and group that a container runs as.
pub(crate) fn user(container: &ContainerRun, pod: &Value) -> (u64, u64) {
    let of = |key: &str| {
        let own = object::at(&container.spec, &format!("/securityContext/{key}"));
        own.or_else(|| object::at(pod, &format!("/spec/securityContext/{key}"))).and_then(|it| it.as_u64())
    };
    let user = of("runAsUser").unwrap_or_else(|| container.image.map_or(0, |it| u64::from(it.config.user)));
    let group = of("runAsGroup").unwrap_or_else(|| {
        container.image.map_or(0, |it| if user == u64::from(it.config.user) { user } else { 0 })
    });
    (user, group)
}

/// True for a container that keeps its standard input open.
pub(super) fn is_interactive(machine: &Machine<'_>) -> bool {
    let Place::Container { cluster, pod_uid, container } = machine.place else { return false };
    let runtime = machine.world.clusters.get(*cluster).map(|it| &it.runtime);
    let container = runtime.and_then(|it| it.pods.get(pod_uid)).and_then(|it| it.containers.get(container));
    container.is_some_and(|it| object::flag(&it.spec, "/stdin"))
}

/// The tag that the machine's container was started from.
fn tag(machine: &Machine<'_>) -> String {
    let Place::Container { cluster, pod_uid, container } = machine.place else { return String::new() };
    let runtime = machine.world.clusters.get(*cluster).map(|it| &it.runtime);
    let container = runtime.and_then(|it| it.pods.get(pod_uid)).and_then(|it| it.containers.get(container));
    let image = container.map_or("", |it| object::field(&it.spec, "image"));
    super::catalog::parse(image).map(|it| it.tag).unwrap_or_default()
}

/// Lines of the catalogue with what they leave open.
fn filled(lines: &[String], machine: &Machine<'_>) -> String {
    lines.iter().map(|line| fill(line, machine) + "\n").collect()
}

/// One text of the catalogue with what it leaves open.
pub(super) fn fill(text: &str, machine: &Machine<'_>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out += before;
        match after.split_once('}').and_then(|(name, after)| Some((value(name, machine)?, after))) {
            Some((value, after)) => {
                out += &value;
                rest = after;
            }
            None => {
                out.push('{');
                rest = after;
            }
        }
    }
    out + rest
}

fn value(name: &str, machine: &Machine<'_>) -> Option<String> {
    let host =
        || machine.world.read_text(machine.place, "/etc/hostname").unwrap_or_default().trim().to_owned();
    match name {
        "tag" => Some(tag(machine)),
        "host" => Some(host()),
        "ip" => Some(own_address(machine)),
        "kernel" => Some(kernel(machine)),
        "proxier" => Some(complaints::proxy_mode(machine).to_owned()),
        "host_ip" => {
            let Place::Container { cluster, pod_uid, .. } = machine.place else { return None };
            let run = machine.world.clusters.get(*cluster)?.runtime.pods.get(pod_uid)?;
            Some(machine.world.hosts.get(&run.host)?.address.clone())
        }
        _ => {
            if let Some(format) = name.strip_prefix("time:") {
                return Some(machine.world.now.strftime(format));
            }
            let usual = name.strip_prefix("version:")?;
            let tag = tag(machine);
            let version = tag.split('-').next().unwrap_or("");
            let known = version.starts_with(|c: char| c.is_ascii_digit()) && version.contains('.');
            Some(if known { version.to_owned() } else { usual.to_owned() })
        }
    }
}

/// A wait that nothing ends.
pub(super) fn forever() -> Output {
    Output::then(Effect::Wait(Wait::Forever))
}
