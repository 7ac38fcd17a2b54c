//! The agents of networks that run as pods on every node: what they need, and what they leave on the machine
//! for the plugins that the container runtime calls.

use std::collections::BTreeMap;

use super::run::PodId;
use super::script::vm::Machine;
use super::services::Service;
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::cluster::Place;
use crate::cluster::control_plane::script;
use crate::cluster::place::FileOp;
use crate::hosts::packages::program_bytes;

/// What an agent says when it starts; `Err` when it ends after that.
type Agent = fn(&Service, &BTreeMap<String, String>, &mut Machine<'_>) -> Result<String, String>;

/// The agent behind a kind of service.
pub(super) fn of(kind: &str) -> Option<Agent> {
    let all: [(&str, Agent); 3] =
        [("flannel", flannel), ("calico-cni", calico_cni), ("calico-node", calico_node)];
    all.iter().find(|(known, _)| *known == kind).map(|(_, agent)| *agent)
}

/// The node of the machine's pod.
fn node_of(machine: &Machine<'_>) -> Option<(String, Value)> {
    let Place::Container { cluster, pod_uid, .. } = machine.place else { return None };
    let run = PodId { cluster: *cluster, uid: pod_uid.clone() };
    let node = run.get(machine.world)?.node.clone();
    let stored = machine.world.clusters.get(*cluster)?.store.find("nodes", "", &node)?;
    Some((node, (**stored).clone()))
}

fn write(machine: &mut Machine<'_>, path: &str, bytes: &[u8], mode: u32) -> bool {
    let folder = crate::hosts::files::parent(path);
    let place = machine.place.clone();
    let made = FileOp::Mkdir { path: folder, mode: 0o755, parents: true };
    // A folder that is there already is as good.
    let _ = machine.world.change_files(&place, made);
    machine.world.change_files(&place, FileOp::Write { path, bytes }).is_ok()
        && machine.world.change_files(&place, FileOp::Chmod { path, mode }).is_ok()
}

/// flanneld takes the range of its node, which must lie in the network that it is configured for, and
/// writes it down for the plugin.
fn flannel(
    service: &Service,
    _variables: &BTreeMap<String, String>,
    machine: &mut Machine<'_>,
) -> Result<String, String> {
    let now = machine.world.now;
    let mut said = String::new();
    let mut say = |text: &str| said += &(script::render(text, now, 1) + "\n");
    let Some((name, node)) = node_of(machine) else { return Err(said) };
    say(
        "W client_config.go:659] Neither --kubeconfig nor --master was specified.  Using the inClusterConfig.  This might not work.",
    );
    say("I kube.go:139] Waiting 10m0s for node controller to sync");
    say("I kube.go:469] Starting kube subnet manager");
    say("I kube.go:146] Node controller sync successful");
    say(&format!("I main.go:231] Created subnet manager: Kubernetes Subnet Manager - {name}"));
    say("I main.go:234] Installing signal handlers");
    let path = service.option(&["--net-config-path", "-net-config-path"]);
    let path = path.unwrap_or("/etc/kube-flannel/net-conf.json");
    let config = machine.world.read_text(machine.place, path);
    let config = match config.as_deref().map(serde_json::from_str::<Value>) {
        Ok(Ok(config)) => config,
        Ok(Err(why)) => {
            say(&format!("E main.go:503] Failed to get network config: error parsing subnet config: {why}"));
            return Err(said);
        }
        Err(_) => {
            let why = format!("open {path}: no such file or directory");
            say(&format!("E main.go:226] Failed to create SubnetManager: failed to read net conf: {why}"));
            return Err(said);
        }
    };
    let backend = object::text(&config, "/Backend/Type");
    say(&format!("I main.go:515] Found network config - Backend type: {backend}"));
    let (range, network) = (object::text(&node, "/spec/podCIDR"), object::field(&config, "Network"));
    let why = match (range.parse::<ipnet::Ipv4Net>(), network.parse::<ipnet::Ipv4Net>()) {
        (Err(_), _) => Some(format!("node {name:?} pod cidr not assigned")),
        (Ok(own), Ok(all)) if !all.contains(&own) => Some(format!(
            "subnet {network:?} specified in the flannel net config doesn't contain {range:?} PodCIDR of the {name:?} node"
        )),
        _ => None,
    };
    if let Some(why) = why {
        say(&format!("E main.go:359] Error registering network: failed to acquire lease: {why}"));
        say("I main.go:448] Stopping shutdownHandler...");
        return Err(said);
    }
    let first = range
        .parse::<ipnet::Ipv4Net>()
        .ok()
        .and_then(|it| it.hosts().next().map(|one| (one, it.prefix_len())));
    let subnet = first.map(|(address, length)| format!("{address}/{length}")).unwrap_or_default();
    let masquerade = service.option(&["--ip-masq", "-ip-masq"]).is_some()
        || service.argv.iter().any(|it| it.ends_with("-ip-masq"));
    let text = format!(
        "FLANNEL_NETWORK={network}\nFLANNEL_SUBNET={subnet}\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ={masquerade}\n"
    );
    write(machine, "/run/flannel/subnet.env", text.as_bytes(), 0o644);
    say("I main.go:397] Wrote subnet file to /run/flannel/subnet.env");
    say("I main.go:401] Running backend.");
    Ok(said)
}

/// Programs that Calico's installer brings along.
const CALICO: &[&str] =
    &["bandwidth", "calico", "calico-ipam", "flannel", "host-local", "loopback", "portmap", "tuning"];

/// Calico's installer lays down programs and the configuration that its environment holds.
fn calico_cni(
    _service: &Service,
    variables: &BTreeMap<String, String>,
    machine: &mut Machine<'_>,
) -> Result<String, String> {
    let stamp = machine.world.now.strftime("%Y-%m-%d %H:%M:%S%.3f");
    let mut said = String::new();
    let node = node_of(machine).map(|(name, _)| name).unwrap_or_default();
    for name in CALICO {
        write(machine, &format!("/host/opt/cni/bin/{name}"), &program_bytes(name, "3.31.2"), 0o755);
        said +=
            &format!("{stamp} [INFO][1] cni-installer/install.go 217: Installed /host/opt/cni/bin/{name}\n");
    }
    let Some(config) = variables.get("CNI_NETWORK_CONFIG").filter(|it| !it.is_empty()) else {
        return Ok(said);
    };
    let text = config
        .replace("__KUBERNETES_NODE_NAME__", &node)
        .replace("__KUBECONFIG_FILEPATH__", "/etc/cni/net.d/calico-kubeconfig")
        .replace("__CNI_MTU__", variables.get("CNI_MTU").map_or("0", String::as_str));
    let name = variables.get("CNI_CONF_NAME").map_or("10-calico.conflist", String::as_str);
    write(machine, &format!("/host/etc/cni/net.d/{name}"), text.as_bytes(), 0o644);
    said += &format!("{stamp} [INFO][1] cni-installer/install.go 349: Created /host/etc/cni/net.d/{name}\n");
    Ok(said)
}

/// calico-node tells the plugin the name of its node.
fn calico_node(
    _service: &Service,
    _variables: &BTreeMap<String, String>,
    machine: &mut Machine<'_>,
) -> Result<String, String> {
    let stamp = machine.world.now.strftime("%Y-%m-%d %H:%M:%S%.3f");
    let node = node_of(machine).map(|(name, _)| name).unwrap_or_default();
    write(machine, "/var/lib/calico/nodename", node.as_bytes(), 0o644);
    Ok(format!(
        "{stamp} [INFO][9] startup/startup.go 444: Early log level set to info\n\
         {stamp} [INFO][9] startup/startup.go 101: Using node name: {node}\nCalico node started successfully\n"
    ))
}
