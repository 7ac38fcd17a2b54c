//! What is wrong with a service's configuration or surroundings, as it says when it starts.

use std::net::Ipv4Addr;

use super::run::PodId;
use super::script::vm::Machine;
use super::services::{self, Service};
use super::{nginx, web};
use crate::apimachinery::json::Value;
use crate::apimachinery::{object, yaml};
use crate::cluster::control_plane::flags;
use crate::cluster::control_plane::script::{self, command_failed};
use crate::cluster::network::corefile::{self, Block};
use crate::cluster::network::{dns, listeners};
use crate::cluster::{Place, World};
use crate::hosts::files;

/// The last words of a service that cannot start; `None` for one that can.
pub(super) fn complaint(service: &Service, machine: &Machine<'_>) -> Option<String> {
    let own = match service.kind.as_str() {
        "nginx" => nginx_complaint(machine),
        "coredns" => coredns_complaint(service, machine),
        "kube-proxy" => kube_proxy_complaint(service, machine),
        "control-plane" => control_plane_complaint(service, machine),
        _ => None,
    };
    own.or_else(|| port_in_use(service, machine))
}

fn nginx_complaint(machine: &Machine<'_>) -> Option<String> {
    let stamp = machine.world.now.strftime("%Y/%m/%d %H:%M:%S");
    let found = match nginx::load(machine.world, machine.place) {
        Ok(config) => nginx::unknown_directive(&config)?,
        Err(error) => error,
    };
    Some(format!("{stamp} [emerg] 1#1: {found}\nnginx: [emerg] {found}\n"))
}

/// A port that another container of the pod, or of the machine's network, has already.
fn port_in_use(service: &Service, machine: &Machine<'_>) -> Option<String> {
    let Place::Container { cluster, pod_uid, container } = machine.place else { return None };
    let id = PodId { cluster: *cluster, uid: pod_uid.clone() };
    let run = id.get(machine.world)?;
    let world = &*machine.world;
    let others = run.containers.iter().filter(|(name, it)| *name != container && it.is_running());
    let claimed: Vec<u16> =
        others.flat_map(|(name, it)| services::claims(world, &id.place(name), it)).collect();
    let on_host = run.on_host_network(world, *cluster);
    let taken = |port: &u16| {
        claimed.contains(port)
            || on_host
                && (listeners::program(world, &run.host, Ipv4Addr::UNSPECIFIED, *port).is_some()
                    || listeners::on_host_network_port(world, &run.host, *port))
    };
    let port = ports(service, machine).into_iter().find(taken)?;
    Some(bind_failed(service, world, port))
}

/// The ports that a service is about to bind.
fn ports(service: &Service, machine: &Machine<'_>) -> Vec<u16> {
    match service.kind.as_str() {
        "nginx" | "apache" => web::listens(machine.world, machine.place, service),
        "redis" => vec![service.option(&["--port"]).and_then(|it| it.parse().ok()).unwrap_or(6_379)],
        "files" => vec![web::file_server_port(service)],
        "agnhost" => web::agnhost_ports(service),
        _ => Vec::new(),
    }
}

fn bind_failed(service: &Service, world: &World, port: u16) -> String {
    match service.kind.as_str() {
        "nginx" => {
            let stamp = world.now.strftime("%Y/%m/%d %H:%M:%S");
            let why = format!("bind() to 0.0.0.0:{port} failed (98: Address already in use)");
            let once = format!(
                "{stamp} [emerg] 1#1: {why}\nnginx: [emerg] {why}\n{stamp} [notice] 1#1: try again to bind() after 500ms\n"
            );
            format!(
                "{}{stamp} [emerg] 1#1: still could not bind()\nnginx: [emerg] still could not bind()\n",
                once.repeat(5)
            )
        }
        "apache" => format!(
            "(98)Address already in use: AH00072: make_sock: could not bind to address 0.0.0.0:{port}\n\
             no listening sockets available, shutting down\nAH00015: Unable to open logs\n"
        ),
        "redis" => format!(
            "1:M # Warning: Could not create server TCP listening socket *:{port}: bind: Address already in use\n\
             1:M # Failed listening on port {port} (tcp), aborting.\n"
        ),
        "files" => "OSError: [Errno 98] Address already in use\n".to_owned(),
        _ => format!("listen tcp :{port}: bind: address already in use\n"),
    }
}

fn coredns_complaint(service: &Service, machine: &Machine<'_>) -> Option<String> {
    let path = service.option(&["-conf", "--conf"]).unwrap_or("Corefile").to_owned();
    let text = machine.world.read_text(machine.place, &files::clean("/", &path)).unwrap_or_default();
    match corefile::parse(&text) {
        Err(error) => Some(format!("{path}:{error}\n")),
        Ok(blocks) => blocks.iter().find_map(|block| loop_in(block, machine)),
    }
}

/// The `loop` plugin asks its own server a random question; who hears it again ends itself.
fn loop_in(block: &Block, machine: &Machine<'_>) -> Option<String> {
    block.plugins.iter().find(|it| it.name() == "loop")?;
    let forward = block.plugins.iter().find(|it| it.name() == "forward")?;
    let upstreams = forward.arguments().iter().skip(1).flat_map(|to| match to.starts_with('/') {
        true => dns::name_servers(machine.world, machine.place, to),
        false => to.rsplit_once("://").map_or(to.as_str(), |(_, it)| it).parse().into_iter().collect(),
    });
    let own = services::own_address(machine);
    let to = upstreams.into_iter().find(|to| to.is_loopback() || to.to_string() == own)?;
    let zone = block.zones.first().map_or(".", |it| if it.is_empty() { "." } else { it });
    let draw = machine.world.now.unix_ns().unsigned_abs();
    Some(format!(
        "{zone}:{}\n[FATAL] plugin/loop: Loop ({to}:{} -> :{}) detected for zone \"{zone}\", see \
         https://coredns.io/plugins/loop#troubleshooting. Query: \"HINFO {}.{}.\"\n",
        block.port,
        32_768 + draw / 1_000_000 % 28_000,
        block.port,
        draw.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 1,
        draw.wrapping_mul(0xd134_2543_de82_ef95) >> 1,
    ))
}

/// How a kube-proxy carries services out, by its configuration; iptables unless it says something else.
pub(super) fn proxy_mode(machine: &Machine<'_>) -> &'static str {
    const CONFIG: &str = "/var/lib/kube-proxy/config.conf";
    let text = machine.world.read_text(machine.place, CONFIG).unwrap_or_default();
    let config = yaml::documents(&text).ok().and_then(|it| it.into_iter().next()).unwrap_or_default();
    let mode = object::text(&config, "/mode").to_owned();
    ["ipvs", "nftables"].into_iter().find(|it| *it == mode).unwrap_or("iptables")
}

/// A program of the control plane that runs as an ordinary pod: its command line, and the configuration file
/// of a scheduler.
fn control_plane_complaint(service: &Service, machine: &Machine<'_>) -> Option<String> {
    let (program, args) = service.argv.split_first()?;
    let program = files::base_name(program);
    if let Some(why) = flags::complaint(program, args) {
        return Some(format!("Error: {why}\n"));
    }
    let path = service.option(&["--config"]).filter(|_| program == "kube-scheduler")?;
    let line = |why: &str| Some(script::render(&command_failed(why), machine.world.now, 1) + "\n");
    let Ok(text) = machine.world.read_text(machine.place, path) else {
        return line(&format!("open {path}: no such file or directory"));
    };
    let config = match yaml::documents(&text) {
        Ok(all) => all.into_iter().next().unwrap_or(Value::Null),
        Err(why) => return line(why.trim_start_matches("error converting YAML to JSON: ")),
    };
    let (kind, version) = (object::text(&config, "/kind"), object::text(&config, "/apiVersion"));
    let known = kind == "KubeSchedulerConfiguration" && version == "kubescheduler.config.k8s.io/v1";
    if known {
        return None;
    }
    line(&format!(
        "no kind {kind:?} is registered for version {version:?} in scheme \"pkg/scheduler/apis/config/scheme/scheme.go:29\""
    ))
}

/// kube-proxy reads its configuration, then the kubeconfig that it names.
fn kube_proxy_complaint(service: &Service, machine: &Machine<'_>) -> Option<String> {
    let now = machine.world.now;
    let line = |text: &str| script::render(text, now, 1) + "\n";
    let failed = |why: &str| Some(line(&command_failed(why)));
    let path = service.option(&["--config"])?;
    let Ok(text) = machine.world.read_text(machine.place, path) else {
        return failed(&format!("failed complete: open {path}: no such file or directory"));
    };
    let config = match yaml::documents(&text) {
        Err(why) => return failed(&format!("failed complete: {why}")),
        Ok(all) => all.into_iter().next().unwrap_or(Value::Null),
    };
    let (kind, version) = (object::text(&config, "/kind"), object::text(&config, "/apiVersion"));
    if kind != "KubeProxyConfiguration" {
        return failed(&format!(
            "failed complete: no kind \"{kind}\" is registered for version \"{version}\" in scheme \
             \"k8s.io/kubernetes/pkg/proxy/apis/config/scheme/scheme.go:28\""
        ));
    }
    let mode = object::text(&config, "/mode");
    if !["", "iptables", "ipvs", "nftables"].contains(&mode) {
        return failed(&format!(
            "failed validate: KubeProxyConfiguration.Mode.ProxyMode: Invalid value: {mode:?}: must be iptables, ipvs, nftables \
             or blank (blank means the best-available proxy [currently iptables])"
        ));
    }
    let kubeconfig = object::text(&config, "/clientConnection/kubeconfig");
    if kubeconfig.is_empty() || machine.world.read_text(machine.place, kubeconfig).is_ok() {
        return None;
    }
    let why = format!("stat {kubeconfig}: no such file or directory");
    let ended =
        line(&format!("E server.go:127] \"Error running ProxyServer\" err={}", script::go_quote(&why)));
    Some(ended + &line(&command_failed(&why)))
}
