//! The kubelet's files on a node, and starting it.

use super::ctx::Ctx;
use super::settings::{self, Settings};
use crate::apimachinery::json::Value;
use crate::apimachinery::object::{self, text};
use crate::apimachinery::yaml;

/// The configuration of kubelets as kubeadm v1.36 makes it, without anything given.
const RECORDED: &str = include_str!("../../../assets/kubeadm/kubelet/config.yaml");

const CONFIG: &str = "/var/lib/kubelet/config.yaml";
const INSTANCE: &str = "/var/lib/kubelet/instance-config.yaml";
const FLAGS: &str = "/var/lib/kubelet/kubeadm-flags.env";

/// The KubeletConfiguration that the cluster is to have.
pub(super) fn config(settings: &Settings) -> Value {
    let mut config = yaml::document(RECORDED).unwrap_or_default();
    object::set(&mut config, &["containerRuntimeEndpoint"], "");
    object::set(&mut config, &["clusterDomain"], settings.of("/networking/dnsDomain"));
    object::set(&mut config, &["clusterDNS"], vec![dns_address(settings)]);
    if !settings.kubelet.is_null() {
        settings::overlay(&mut config, &settings.kubelet);
    }
    config
}

/// The tenth address of the service range.
pub(super) fn dns_address(settings: &Settings) -> String {
    let range = settings.of("/networking/serviceSubnet").parse::<ipnet::Ipv4Net>().ok();
    range.and_then(|it| it.hosts().nth(9)).map_or_else(|| "10.96.0.10".to_owned(), |it| it.to_string())
}

/// Which file is written first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// init: the flags, then the configuration.
    FlagsFirst,
    /// join: the configuration, then the flags.
    FlagsLast,
}

/// Writes all files of a kubelet with the cluster's configuration.
pub(super) fn write(ctx: &Ctx<'_>, config: &Value, registration: &Value, order: Order) {
    ctx.mkdir("/var/lib/kubelet", 0o700);
    if order == Order::FlagsFirst {
        write_flags(ctx, registration);
    }
    let socket = text(registration, "/criSocket");
    ctx.say(format!("[kubelet-start] Writing kubelet configuration to file {INSTANCE:?}"));
    ctx.write(INSTANCE, &format!("containerRuntimeEndpoint: {socket:?}\n"), 0o644);
    write_config(ctx, config, socket);
    if order == Order::FlagsLast {
        write_flags(ctx, registration);
    }
}

/// Writes the configuration with what belongs to this machine laid over it.
pub(super) fn write_config(ctx: &Ctx<'_>, config: &Value, socket: &str) {
    let mut own = config.clone();
    object::set(&mut own, &["containerRuntimeEndpoint"], socket);
    let kind = "application/strategic-merge-patch+json";
    ctx.say(format!("[patches] Applied patch of type {kind:?} to target \"kubeletconfiguration\""));
    ctx.say(format!("[kubelet-start] Writing kubelet configuration to file {CONFIG:?}"));
    ctx.write(CONFIG, &yaml::to_string(&own), 0o644);
}

/// The socket that this machine's instance configuration names.
pub(super) fn socket_of(ctx: &Ctx<'_>) -> String {
    let stored = ctx.read(INSTANCE).and_then(|it| yaml::document(&it).ok()).unwrap_or_default();
    match text(&stored, "/containerRuntimeEndpoint") {
        "" => settings::CRI_SOCKET.to_owned(),
        socket => socket.to_owned(),
    }
}

fn write_flags(ctx: &Ctx<'_>, registration: &Value) {
    let host = ctx.host(|it| it.name.to_lowercase()).unwrap_or_default();
    let name = text(registration, "/name");
    let mut flags = Vec::new();
    if name != host {
        flags.push(format!("--hostname-override={name}"));
    }
    for pair in object::list(registration, "/kubeletExtraArgs") {
        flags.push(format!("--{}={}", text(pair, "/name"), text(pair, "/value")));
    }
    flags.sort();
    ctx.say(format!("[kubelet-start] Writing kubelet environment file with flags to file {FLAGS:?}"));
    ctx.write(FLAGS, &format!("KUBELET_KUBEADM_ARGS={:?}\n", flags.join(" ")), 0o644);
}

/// Starts the kubelet anew.
pub(super) fn start(ctx: &Ctx<'_>) {
    ctx.say("[kubelet-start] Starting the kubelet");
    stop(ctx);
    let (host, now) = (ctx.host_name(), ctx.now());
    ctx.world(|world| {
        if let Some(host) = world.hosts.get_mut(&host) {
            // A unit that cannot be started is noticed by the health check that follows.
            let _ = host.start_unit("kubelet.service", now);
        }
    });
}

/// Stops the kubelet.
pub(super) fn stop(ctx: &Ctx<'_>) {
    let (host, now) = (ctx.host_name(), ctx.now());
    ctx.world(|world| {
        if let Some(host) = world.hosts.get_mut(&host) {
            let _ = host.stop_unit("kubelet.service", now);
        }
    });
}
