//! What `kubeadm init` adds to a control plane node: certificates, kubeconfigs, static pod manifests.

use std::net::IpAddr;

use super::pki::{Authority, ClusterPki, Leaf};
use super::release;
use super::spec::{NodeSpec, TemplateSpec};
use crate::hosts::Host;
use crate::hosts::certificates::{self, Pair};
use crate::sim::SimTime;

/// The recorded manifests, with the node's name and address left open.
pub(crate) const MANIFESTS: &[(&str, &str)] = &[
    ("etcd", include_str!("../../../assets/kubeadm/manifests/etcd.yaml")),
    ("kube-apiserver", include_str!("../../../assets/kubeadm/manifests/kube-apiserver.yaml")),
    (
        "kube-controller-manager",
        include_str!("../../../assets/kubeadm/manifests/kube-controller-manager.yaml"),
    ),
    ("kube-scheduler", include_str!("../../../assets/kubeadm/manifests/kube-scheduler.yaml")),
];

/// File name, user, common name and organization of the kubeconfigs with embedded certificates.
const KUBECONFIGS: &[(&str, &str, &str)] = &[
    ("admin", "kubernetes-admin", "kubeadm:cluster-admins"),
    ("super-admin", "kubernetes-super-admin", "system:masters"),
    ("controller-manager", "system:kube-controller-manager", ""),
    ("scheduler", "system:kube-scheduler", ""),
];

/// Makes a node a control plane node.
pub(super) fn install(host: &mut Host, node: &NodeSpec, spec: &TemplateSpec, pki: &ClusterPki, now: SimTime) {
    let mut put = |path: String, text: &str, mode: u32| {
        let _ = host.files.install(&path, text.as_bytes(), mode, now);
    };
    for (name, text) in MANIFESTS {
        let text = release::text(text, &spec.version)
            .replace("{{ADDRESS}}", &node.address)
            .replace("{{NODE}}", &node.name);
        put(format!("/etc/kubernetes/manifests/{name}.yaml"), &text, 0o600);
    }
    for (file, user, organization) in KUBECONFIGS {
        let organizations: Vec<&str> = [*organization].into_iter().filter(|it| !it.is_empty()).collect();
        let text = pki.kubeconfig(user, user, &organizations);
        put(format!("/etc/kubernetes/{file}.conf"), &text, 0o600);
        if *file == "admin" {
            put("/root/.kube/config".into(), &text, 0o600);
        }
    }
    for (name, pair) in pairs(node, spec, pki) {
        put(format!("/etc/kubernetes/pki/{name}.crt"), &pair.certificate, 0o644);
        put(format!("/etc/kubernetes/pki/{name}.key"), &pair.key, 0o600);
    }
    let public = certificates::public_key(&pki.service_account_key).unwrap_or_default();
    put("/etc/kubernetes/pki/sa.key".into(), &pki.service_account_key, 0o600);
    put("/etc/kubernetes/pki/sa.pub".into(), &public, 0o600);
    let _ = host.files.chmod("/etc/kubernetes/manifests", 0o700);
    let _ = host.files.mkdir_all("/var/lib/etcd", 0o700, now);
}

fn pairs(node: &NodeSpec, spec: &TemplateSpec, pki: &ClusterPki) -> Vec<(&'static str, Pair)> {
    let client = |common_name, organizations, authority| {
        pki.issue(&Leaf { common_name, organizations, authority, ..Leaf::default() })
    };
    vec![
        ("ca", pki.ca.clone()),
        ("etcd/ca", pki.etcd_ca.clone()),
        ("front-proxy-ca", pki.front_proxy_ca.clone()),
        ("apiserver", pki.api_server(node, first_service_ip(&spec.service_cidr))),
        ("apiserver-kubelet-client", client("kube-apiserver-kubelet-client", &[], Authority::Cluster)),
        ("apiserver-etcd-client", client("kube-apiserver-etcd-client", &[], Authority::Etcd)),
        ("front-proxy-client", client("front-proxy-client", &[], Authority::FrontProxy)),
        ("etcd/healthcheck-client", client("kube-etcd-healthcheck-client", &[], Authority::Etcd)),
        ("etcd/server", pki.etcd_member(node, "server")),
        ("etcd/peer", pki.etcd_member(node, "peer")),
    ]
}

/// The first address of the service range, which the API server's own service takes.
fn first_service_ip(cidr: &str) -> IpAddr {
    let network: Option<ipnet::Ipv4Net> = cidr.parse().ok();
    let first = network.and_then(|network| network.hosts().next());
    IpAddr::V4(first.unwrap_or(std::net::Ipv4Addr::new(10, 96, 0, 1)))
}
