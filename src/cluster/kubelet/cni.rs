//! The network of a machine's pods: which plugins containerd finds configured, and what these do for a pod.
//!
//! What a plugin needs on the machine must be there: its program, its configuration, and whatever its
//! agent leaves behind. The sentences are containerd's and the plugins' own.

use std::sync::Arc;

use super::run::PodId;
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::cluster::{ClusterId, Object, World};
use crate::hosts::Host;
use crate::sim::memo::Memo;

/// What containerd says of itself without a network.
pub(crate) const NOT_READY: &str = "Network plugin returns error: cni plugin not initialized";

/// A network that is configured.
pub(crate) struct Network {
    plugins: Arc<[Value]>,
    bin_dirs: Vec<String>,
}

/// Where containerd looks for configurations and programs.
fn directories(machine: &Host) -> (String, Vec<String>) {
    let config = machine.files.read_text("/etc/containerd/config.toml").unwrap_or_default();
    // Every machine has the same, and it is read for every pod.
    static READ: Memo<(String, Vec<String>)> = Memo::new(16);
    READ.get(&config, || directories_of(&config))
}

/// The same from the text of containerd's configuration.
fn directories_of(config: &str) -> (String, Vec<String>) {
    let config: toml::Table = config.parse().unwrap_or_default();
    let plugin = |name: &str| config.get("plugins").and_then(|it| it.get(name)).and_then(|it| it.get("cni"));
    let own = plugin("io.containerd.cri.v1.runtime").or_else(|| plugin("io.containerd.grpc.v1.cri"));
    let text = |key: &str| own.and_then(|it| it.get(key)).and_then(toml::Value::as_str).map(str::to_owned);
    let listed = own.and_then(|it| it.get("bin_dirs")).and_then(toml::Value::as_array);
    let listed = listed.map(|all| all.iter().filter_map(toml::Value::as_str).map(str::to_owned).collect());
    let bin_dirs = listed.or_else(|| text("bin_dir").map(|it| vec![it]));
    (
        text("conf_dir").unwrap_or_else(|| "/etc/cni/net.d".into()),
        bin_dirs.unwrap_or_else(|| vec!["/opt/cni/bin".into()]),
    )
}

/// The network of a machine: the first file of the directory that is one.
///
/// # Errors
/// How containerd's last look at the directory went.
pub(crate) fn load(machine: &Host) -> Result<Network, String> {
    let failed = |why: String| {
        format!("cni config load failed: {why}: cni plugin not initialized: failed to load cni config")
    };
    let (folder, bin_dirs) = directories(machine);
    let names = machine.files.list(&folder).unwrap_or_default();
    let names = names.into_iter().map(|(name, _)| name);
    let candidates = names.filter(|it| [".conf", ".conflist", ".json"].iter().any(|end| it.ends_with(end)));
    let mut some = false;
    static READ: Memo<Option<Arc<[Value]>>> = Memo::new(16);
    for name in candidates {
        some = true;
        let text = machine.files.read_text(&format!("{folder}/{name}")).unwrap_or_default();
        if let Some(plugins) = READ.get(&text, || plugins_of(&text)) {
            return Ok(Network { plugins, bin_dirs });
        }
    }
    let what = if some { "no valid networks found in" } else { "no network config found in" };
    Err(failed(format!("{what} {folder}")))
}

/// The plugins that a configuration names; `None` when it is none.
fn plugins_of(text: &str) -> Option<Arc<[Value]>> {
    let config: Value = serde_json::from_str(text).ok()?;
    let plugins = match object::list(&config, "/plugins") {
        [] if !object::text(&config, "/type").is_empty() => vec![config],
        plugins => plugins.to_vec(),
    };
    let valid = !plugins.is_empty() && plugins.iter().all(|it| !object::field(it, "type").is_empty());
    valid.then(|| plugins.into())
}

/// Why the kubelet of a machine calls its node not ready, as far as networks are concerned.
pub(super) fn complaint(world: &World, host: &str) -> Option<String> {
    let missing = load(world.hosts.get(host)?).is_err();
    missing.then(|| {
        format!(
            "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:{NOT_READY}"
        )
    })
}

/// Where a plugin is, and for which pod it works.
struct Call<'a> {
    machine: &'a Host,
    network: &'a Network,
    /// The range of the pod's node; may be empty.
    node_cidr: &'a str,
    node: &'a str,
}

impl Call<'_> {
    /// Whether the program of a plugin is there and may run.
    fn find(&self, program: &str) -> Result<(), String> {
        let there = |folder: &String| {
            let found = self.machine.files.stat(&format!("{folder}/{program}"));
            found.is_ok_and(|it| it.mode & 0o111 != 0)
        };
        if self.network.bin_dirs.iter().any(there) {
            return Ok(());
        }
        Err(format!("failed to find plugin {program:?} in path [{}]", self.network.bin_dirs.join(" ")))
    }

    fn read(&self, path: &str) -> Result<String, String> {
        self.machine.files.read_text(path).map_err(|_| format!("open {path}: no such file or directory"))
    }

    /// What one plugin does: the range that it takes the pod's address from, if it gives one.
    fn run(&self, plugin: &Value) -> Result<Option<String>, String> {
        let kind = object::field(plugin, "type");
        self.find(kind)?;
        match kind {
            "flannel" => self.flannel(plugin).map(Some),
            "calico" => {
                let nodename = "/var/lib/calico/nodename";
                if !self.machine.files.exists(nodename) {
                    return Err(format!(
                        "stat {nodename}: no such file or directory: check that the calico/node container is running and has mounted /var/lib/calico/"
                    ));
                }
                self.addresses(plugin).map(Some)
            }
            _ if plugin.get("ipam").is_some() => self.addresses(plugin).map(Some),
            _ => Ok(None),
        }
    }

    /// Flannel's agent writes down what it was given; the plugin hands over to `bridge`.
    fn flannel(&self, plugin: &Value) -> Result<String, String> {
        let file = match object::field(plugin, "subnetFile") {
            "" => "/run/flannel/subnet.env",
            path => path,
        };
        let text = self.read(file).map_err(|why| format!("loadFlannelSubnetEnv failed: {why}"))?;
        let delegate = object::text(plugin, "/delegate/type");
        self.find(if delegate.is_empty() { "bridge" } else { delegate })?;
        self.find("host-local")?;
        let subnet = text.lines().find_map(|line| line.trim().strip_prefix("FLANNEL_SUBNET="));
        subnet.map(str::to_owned).ok_or_else(|| format!("{file} is missing FLANNEL_SUBNET"))
    }

    /// The range of an `ipam` section.
    fn addresses(&self, plugin: &Value) -> Result<String, String> {
        let kind = object::text(plugin, "/ipam/type");
        self.find(kind)?;
        let own = object::text(plugin, "/ipam/subnet");
        let ranged = object::text(plugin, "/ipam/ranges/0/0/subnet");
        let range = if own.is_empty() { ranged } else { own };
        match (kind, range) {
            ("host-local", "usePodCidr") | ("calico-ipam", _) if self.node_cidr.is_empty() => {
                Err(format!("no podCidr for node {}", self.node))
            }
            ("host-local", "usePodCidr") | ("calico-ipam", _) => Ok(self.node_cidr.to_owned()),
            ("host-local", "") => Err("no IP ranges specified".into()),
            ("host-local", range) => Ok(range.to_owned()),
            (other, _) => Err(format!("uncordon: the IPAM plugin {other} is not simulated yet")),
        }
    }
}

/// Sets a pod's network up; gives its address.
///
/// # Errors
/// What the runtime answers the kubelet.
pub(super) fn add(world: &mut World, id: &PodId, pod: &Object, host: &str) -> Result<String, String> {
    let cidr = range_for(world, id.cluster, pod, host).map_err(|(plugin, why)| {
        let sandbox = super::status::sha256_hex(format!("{}/{}", id.uid, world.now.unix_ns()).as_bytes());
        format!("failed to setup network for sandbox {sandbox:?}: plugin type={plugin:?} failed (add): {why}")
    })?;
    let state = world.clusters.get_mut(id.cluster).ok_or("no cluster")?;
    match state.runtime.addresses.take(&cidr, &id.uid) {
        Some(address) => Ok(address.to_string()),
        None => Err(format!(
            "failed to setup network for sandbox {:?}: plugin type=\"host-local\" failed (add): failed to allocate for range 0: no IP addresses available in range set: {cidr}",
            super::status::sha256_hex(id.uid.as_bytes())
        )),
    }
}

/// The range that the pod's address comes from; otherwise the plugin that fails, and why.
fn range_for(
    world: &World,
    cluster: ClusterId,
    pod: &Object,
    host: &str,
) -> Result<String, (String, String)> {
    let none = || ("loopback".to_owned(), "cni plugin not initialized".to_owned());
    let machine = world.hosts.get(host).ok_or_else(none)?;
    let network = load(machine).map_err(|_| none())?;
    let name = object::text(pod, "/spec/nodeName");
    let node = world.clusters.get(cluster).and_then(|it| it.store.find("nodes", "", name));
    let node_cidr = node.map_or("", |it| object::text(it, "/spec/podCIDR"));
    let call = Call { machine, network: &network, node_cidr, node: name };
    call.find("loopback").map_err(|why| ("loopback".to_owned(), why))?;
    let mut range = None;
    for plugin in &*network.plugins {
        let found = call.run(plugin).map_err(|why| (object::field(plugin, "type").to_owned(), why))?;
        range = range.or(found);
    }
    range.ok_or_else(|| ("loopback".to_owned(), "no plugin of the network gives addresses".to_owned()))
}
