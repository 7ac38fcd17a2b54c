//! What every node of a kubeadm cluster has: the kubelet's files, the container runtime's.

use super::pki::{ClusterPki, Leaf};
use super::release;
use super::spec::NodeSpec;
use crate::hosts::certificates::{self, Usage};
use crate::hosts::packages::program_bytes;
use crate::hosts::{Host, UnitState};
use crate::sim::SimTime;

/// Recorded files that `kubeadm join` writes on every node: path, text, mode.
const JOINED_FILES: &[(&str, &str, u32)] = &[
    ("/var/lib/kubelet/config.yaml", include_str!("../../../assets/kubeadm/kubelet/config.yaml"), 0o644),
    (
        "/var/lib/kubelet/instance-config.yaml",
        include_str!("../../../assets/kubeadm/kubelet/instance-config.yaml"),
        0o644,
    ),
    (
        "/var/lib/kubelet/kubeadm-flags.env",
        include_str!("../../../assets/kubeadm/kubelet/kubeadm-flags.env"),
        0o644,
    ),
];

/// What a machine has before it joins: path, text, mode.
const FILES: &[(&str, &str, u32)] = &[
    ("/etc/containerd/config.toml", CONTAINERD_CONFIG, 0o644),
    ("/etc/crictl.yaml", "runtime-endpoint: unix:///run/containerd/containerd.sock\n", 0o644),
    ("/etc/cni/net.d/10-calico.conflist", NETWORK, 0o644),
];

/// The network that the machines of the lab come with: Calico's plugin, which takes addresses from the range
/// of the node.
const NETWORK: &str = r#"{
  "name": "k8s-pod-network",
  "cniVersion": "0.3.1",
  "plugins": [
    {
      "type": "calico",
      "log_level": "info",
      "log_file_path": "/var/log/calico/cni/cni.log",
      "datastore_type": "kubernetes",
      "mtu": 0,
      "ipam": {
        "type": "host-local",
        "subnet": "usePodCidr"
      },
      "policy": {
        "type": "k8s"
      },
      "kubernetes": {
        "kubeconfig": "/etc/cni/net.d/calico-kubeconfig"
      }
    },
    {
      "type": "portmap",
      "snat": true,
      "capabilities": {"portMappings": true}
    },
    {
      "type": "bandwidth",
      "capabilities": {"bandwidth": true}
    }
  ]
}
"#;

/// Directories that packages and the runtime make, with their modes.
const DIRECTORIES: &[(&str, u32)] = &[
    ("/etc/kubernetes", 0o755),
    ("/etc/kubernetes/manifests", 0o700),
    ("/etc/cni/net.d", 0o700),
    ("/opt/cni/bin", 0o755),
    ("/var/lib/kubelet", 0o700),
    ("/var/log/pods", 0o755),
    ("/var/log/containers", 0o755),
    ("/run/containerd", 0o711),
];

/// Directories that a kubelet in a cluster has.
const JOINED_DIRECTORIES: &[(&str, u32)] =
    &[("/etc/kubernetes/pki", 0o755), ("/var/lib/kubelet/pki", 0o755), ("/var/lib/kubelet/pods", 0o750)];

const CONTAINERD_CONFIG: &str = "version = 3
root = '/var/lib/containerd'
state = '/run/containerd'

[grpc]
  address = '/run/containerd/containerd.sock'

[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = 'registry.k8s.io/pause:3.10.2'

[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
  runtime_type = 'io.containerd.runc.v2'

[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
  SystemdCgroup = true

[plugins.'io.containerd.cri.v1.runtime'.cni]
  bin_dirs = ['/opt/cni/bin']
  conf_dir = '/etc/cni/net.d'
";

/// Lays down what a machine needs before `kubeadm init` or `kubeadm join`.
pub(super) fn prepare(host: &mut Host, node: &NodeSpec, version: &str, now: SimTime) {
    directories(host, DIRECTORIES, now);
    for &(path, text, mode) in FILES {
        let text = release::text(text, version);
        let _ = host.files.install(path, text.as_bytes(), mode, now);
    }
    let nodename = "/var/lib/calico/nodename";
    let _ = host.files.install(nodename, node.name.as_bytes(), 0o644, now);
    for plugin in ["calico", "calico-ipam"] {
        let program = program_bytes(plugin, "3.31.2");
        let _ = host.files.install(&format!("/opt/cni/bin/{plugin}"), &program, 0o755, now);
    }
    if !node.joined {
        // Without a configuration the kubelet ends, and systemd is about to start it again.
        host.change_unit("kubelet.service", |unit| {
            unit.state = UnitState::Activating;
            unit.main_pid = 0;
            unit.exit_code = Some(1);
            unit.result = "exit-code";
        });
    }
}

fn directories(host: &mut Host, all: &[(&str, u32)], now: SimTime) {
    for &(path, mode) in all {
        let _ = host.files.mkdir_all(path, mode, now).and_then(|()| host.files.chmod(path, mode));
    }
}

/// Makes a prepared machine a node of the cluster.
pub(super) fn install(host: &mut Host, node: &NodeSpec, pki: &ClusterPki, now: SimTime) {
    directories(host, JOINED_DIRECTORIES, now);
    for &(path, text, mode) in JOINED_FILES {
        let _ = host.files.install(path, text.as_bytes(), mode, now);
    }
    let _ = host.files.install("/etc/kubernetes/pki/ca.crt", pki.ca.certificate.as_bytes(), 0o644, now);
    kubelet_identity(host, node, pki, now);
}

fn kubelet_identity(host: &mut Host, node: &NodeSpec, pki: &ClusterPki, now: SimTime) {
    let user = format!("system:node:{}", node.name);
    let client = pki.issue(&Leaf {
        common_name: &user,
        organizations: &["system:nodes"],
        salt: "kubelet",
        ..Leaf::default()
    });
    let stamped = format!("/var/lib/kubelet/pki/kubelet-client-{}.pem", now.strftime("%Y-%m-%d-%H-%M-%S"));
    let current = "/var/lib/kubelet/pki/kubelet-client-current.pem";
    let both = format!("{}{}", client.certificate, client.key);
    let _ = host.files.install(&stamped, both.as_bytes(), 0o600, now);
    let _ = host.files.symlink(&stamped, current, now);
    let fields = format!("    client-certificate: {current}\n    client-key: {current}\n");
    // What kubeadm writes for the first node, and what the kubelet of a joined one writes itself.
    let kubeconfig = if node.control_plane {
        pki.kubeconfig_with(&user, &fields)
    } else {
        pki.kubeconfig_of_joined(&fields)
    };
    let _ = host.files.install("/etc/kubernetes/kubelet.conf", kubeconfig.as_bytes(), 0o600, now);
    let serving = pki.issue(&Leaf {
        common_name: &format!("{}@{}", node.name, now.unix_s()),
        usage: Usage::Server,
        dns_names: &[&node.name],
        salt: "serving",
        ..Leaf::default()
    });
    let _ =
        host.files.install("/var/lib/kubelet/pki/kubelet.crt", serving.certificate.as_bytes(), 0o644, now);
    let _ = host.files.install("/var/lib/kubelet/pki/kubelet.key", serving.key.as_bytes(), 0o600, now);
    debug_assert!(certificates::pool_len() > 4, "the key pool is empty");
}
