//! The certificates that servers of the lab show.

use super::{Outcome, gateway, ingress, listeners};
use crate::cluster::kubelet::run::PodId;
use crate::cluster::{Place, World};

/// The certificate (PEM) of what was reached at an address; Gateways and Ingresses have one for each name. `None` for
/// servers that speak no TLS, or of which no certificate is known.
pub(crate) fn certificate(world: &World, reached: &Outcome, address: &str, name: &str) -> Option<String> {
    let Outcome::Open { place, port } = reached else { return None };
    let host = match place {
        Place::Container { cluster, pod_uid, container } => {
            let pod = PodId { cluster: *cluster, uid: pod_uid.clone() };
            return gateway::certificate(world, &pod, *port, name)
                .or_else(|| ingress::certificate(world, &pod, container, *port, name));
        }
        Place::Host(host) => host,
    };
    let program = listeners::program(world, host, address.parse().ok()?, *port)?;
    let files = &world.hosts.get(host)?.files;
    if program == "kubelet" {
        return files.read_text("/var/lib/kubelet/pki/kubelet.crt").ok();
    }
    let flag = match program.as_str() {
        "kube-apiserver" => "tls-cert-file",
        "etcd" if *port == 2380 => "peer-cert-file",
        "etcd" => "cert-file",
        _ => return None,
    };
    let instances =
        world.clusters.iter().find_map(|it| it.control_plane.instances.get(&(host.clone(), program.clone())));
    let process = &instances?.process;
    files.read_text(&process.host_path(process.flag(flag)?)?).ok()
}
