//! The certificates and kubeconfigs of a kubeadm cluster.
//!
//! Subjects, names, usages and validity as kubeadm v1.36.2 writes them: authorities ten years, leaves
//! one year, both five minutes before now at the earliest.

use std::net::IpAddr;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::spec::{NodeSpec, TemplateSpec};
use crate::hosts::certificates::{self, CertificateSpec, Pair, Usage};
use crate::sim::{Chance, SimTime};

/// Ten years of 365 days: `caCertificateValidityPeriod: 87600h`.
const AUTHORITY_LIFE: Duration = Duration::from_secs(87_600 * 3600);
/// `certificateValidityPeriod: 8760h`.
const LEAF_LIFE: Duration = Duration::from_secs(8_760 * 3600);
/// kubeadm dates certificates back by this much.
const BACKDATE: Duration = Duration::from_secs(300);

/// All that a cluster's certificates hang on.
#[derive(Clone, Debug)]
pub(crate) struct ClusterPki {
    pub(crate) ca: Pair,
    pub(crate) etcd_ca: Pair,
    pub(crate) front_proxy_ca: Pair,
    pub(crate) service_account_key: String,
    born: SimTime,
    server: String,
    cluster: String,
    /// Where in the key pool the next leaf's key is, and serial numbers.
    chance: Chance,
}

impl ClusterPki {
    /// Makes the three authorities and the service account key.
    pub(crate) fn new(spec: &TemplateSpec, born: SimTime, chance: &mut Chance) -> Self {
        let mut chance = Chance::from_seed(chance.bits());
        let mut authority = |name: &str, key: usize| {
            let mut wanted = leaf(name, &[], Usage::Authority, born, chance.bits());
            wanted.not_after = born + AUTHORITY_LIFE;
            wanted.dns_names = vec![name.to_owned()];
            made(certificates::self_signed(&wanted, certificates::pool_key(key)))
        };
        let (ca, etcd_ca) = (authority("kubernetes", 0), authority("etcd-ca", 1));
        let front_proxy_ca = authority("front-proxy-ca", 2);
        Self {
            ca,
            etcd_ca,
            front_proxy_ca,
            service_account_key: certificates::pool_key(3).to_owned(),
            born,
            server: spec.server(),
            cluster: spec.cluster.clone(),
            chance,
        }
    }

    /// A leaf certificate of one year, signed by `authority`.
    pub(crate) fn issue(&self, wanted: &Leaf<'_>) -> Pair {
        // Every leaf has its own place in the stream, so that their order does not matter.
        let label = wanted.common_name.bytes().chain(wanted.salt.bytes());
        let seed = label.fold(0_u64, |hash, byte| hash.wrapping_mul(31).wrapping_add(u64::from(byte)));
        let mut chance = self.chance.clone();
        let mut own = Chance::from_seed(chance.bits() ^ seed);
        let mut spec = leaf(wanted.common_name, wanted.organizations, wanted.usage, self.born, own.bits());
        spec.dns_names = wanted.dns_names.iter().map(|&name| name.to_owned()).collect();
        spec.addresses = wanted.addresses.to_vec();
        // The first four keys of the pool belong to the authorities and to service accounts.
        let key = 4 + usize::try_from(own.below(certificates::pool_len() as u64 - 4)).unwrap_or(0);
        let authority = match wanted.authority {
            Authority::Cluster => &self.ca,
            Authority::Etcd => &self.etcd_ca,
            Authority::FrontProxy => &self.front_proxy_ca,
        };
        made(certificates::issue(&spec, certificates::pool_key(key), authority))
    }

    /// A kubeconfig with an embedded client certificate, as kubeadm writes them.
    pub(crate) fn kubeconfig(&self, user: &str, common_name: &str, organizations: &[&str]) -> String {
        let pair = self.issue(&Leaf {
            common_name,
            organizations,
            usage: Usage::Client,
            salt: user,
            ..Leaf::default()
        });
        let user_fields = format!(
            "    client-certificate-data: {}\n    client-key-data: {}\n",
            STANDARD.encode(&pair.certificate),
            STANDARD.encode(&pair.key)
        );
        self.kubeconfig_with(user, &user_fields)
    }

    /// The kubeconfig that a cluster shows to everybody: its authority and its address.
    pub(crate) fn cluster_info(&self) -> String {
        let (ca, server) = (STANDARD.encode(&self.ca.certificate), &self.server);
        format!(
            "apiVersion: v1\nclusters:\n- cluster:\n    certificate-authority-data: {ca}\n    server: {server}\n  \
             name: \"\"\ncontexts: null\ncurrent-context: \"\"\nkind: Config\nusers: null\n"
        )
    }

    /// A kubeconfig whose user has the given fields, indented by four.
    pub(crate) fn kubeconfig_with(&self, user: &str, user_fields: &str) -> String {
        let (ca, server, cluster) = (STANDARD.encode(&self.ca.certificate), &self.server, &self.cluster);
        format!(
            "apiVersion: v1\nclusters:\n- cluster:\n    certificate-authority-data: {ca}\n    \
             server: {server}\n  name: {cluster}\ncontexts:\n- context:\n    cluster: {cluster}\n    \
             user: {user}\n  name: {user}@{cluster}\ncurrent-context: {user}@{cluster}\n\
             kind: Config\nusers:\n- name: {user}\n  user:\n{user_fields}"
        )
    }

    /// The kubeconfig that a kubelet writes once it has its certificate.
    pub(crate) fn kubeconfig_of_joined(&self, user_fields: &str) -> String {
        let (ca, server) = (STANDARD.encode(&self.ca.certificate), &self.server);
        format!(
            "apiVersion: v1\nclusters:\n- cluster:\n    certificate-authority-data: {ca}\n    \
             server: {server}\n  name: default-cluster\ncontexts:\n- context:\n    cluster: default-cluster\n    \
             namespace: default\n    user: default-auth\n  name: default-context\ncurrent-context: default-context\n\
             kind: Config\nusers:\n- name: default-auth\n  user:\n{user_fields}"
        )
    }

    /// The serving certificate of an API server on `node`.
    pub(crate) fn api_server(&self, node: &NodeSpec, service_ip: IpAddr) -> Pair {
        let mut addresses = vec![service_ip];
        addresses.extend(node.address.parse::<IpAddr>());
        self.issue(&Leaf {
            common_name: "kube-apiserver",
            usage: Usage::Server,
            dns_names: &[
                &node.name,
                "kubernetes",
                "kubernetes.default",
                "kubernetes.default.svc",
                "kubernetes.default.svc.cluster.local",
            ],
            addresses: &addresses,
            ..Leaf::default()
        })
    }

    /// The serving (`server`) or peer (`peer`) certificate of etcd on `node`.
    pub(crate) fn etcd_member(&self, node: &NodeSpec, role: &str) -> Pair {
        let mut addresses: Vec<IpAddr> = node.address.parse().into_iter().collect();
        addresses.extend([IpAddr::from([127, 0, 0, 1]), IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1_u16])]);
        self.issue(&Leaf {
            common_name: &node.name,
            usage: Usage::ServerAndClient,
            dns_names: &[&node.name, "localhost"],
            addresses: &addresses,
            authority: Authority::Etcd,
            salt: role,
            ..Leaf::default()
        })
    }
}

/// Who signs a leaf.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Authority {
    #[default]
    Cluster,
    Etcd,
    FrontProxy,
}

/// A leaf certificate to issue.
#[derive(Clone, Debug)]
pub(crate) struct Leaf<'a> {
    pub(crate) common_name: &'a str,
    pub(crate) organizations: &'a [&'a str],
    pub(crate) usage: Usage,
    pub(crate) dns_names: &'a [&'a str],
    pub(crate) addresses: &'a [IpAddr],
    pub(crate) authority: Authority,
    /// Tells apart leaves of one common name.
    pub(crate) salt: &'a str,
}

impl Default for Leaf<'_> {
    fn default() -> Self {
        Self {
            common_name: "",
            organizations: &[],
            usage: Usage::Client,
            dns_names: &[],
            addresses: &[],
            authority: Authority::Cluster,
            salt: "",
        }
    }
}

fn leaf(
    common_name: &str,
    organizations: &[&str],
    usage: Usage,
    born: SimTime,
    serial: u64,
) -> CertificateSpec {
    CertificateSpec {
        common_name: common_name.to_owned(),
        organizations: organizations.iter().map(|&name| name.to_owned()).collect(),
        dns_names: Vec::new(),
        addresses: Vec::new(),
        usage,
        not_before: born - BACKDATE,
        not_after: born + LEAF_LIFE,
        serial,
    }
}

/// Keys of the pool and names of ours always make a certificate; a test builds them all.
fn made(pair: Result<Pair, certificates::CertificateError>) -> Pair {
    match pair {
        Ok(pair) => pair,
        Err(error) => unreachable!("a certificate of a template cannot be made: {error}"),
    }
}
