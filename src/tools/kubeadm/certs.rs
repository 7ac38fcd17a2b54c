//! The certificates of a control plane: what each is for, how it is made and made again.

use std::net::IpAddr;
use std::time::Duration;

use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

use super::ctx::{Ctx, Failure};
use super::settings::Settings;
use crate::hosts::certificates::{self, CertificateSpec, Pair, Usage};
use crate::hosts::files;
use crate::sim::SimTime;

/// kubeadm dates certificates back by this much.
const BACKDATE: Duration = Duration::from_secs(300);

/// Names that a certificate is good for beside its common name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Names {
    None,
    ApiServer,
    EtcdMember,
}

/// One certificate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    /// Its file below the certificate directory, without an ending.
    pub(super) file: &'static str,
    /// As commands and phases name it.
    pub(super) name: &'static str,
    /// As `certs renew` calls it.
    pub(super) about: &'static str,
    /// The file of who signs it; empty for an authority.
    pub(super) authority: &'static str,
    /// Empty for the name of the node.
    pub(super) common_name: &'static str,
    pub(super) usage: Usage,
    pub(super) names: Names,
}

const fn authority(file: &'static str, name: &'static str, common_name: &'static str) -> Row {
    Row { file, name, about: "", authority: "", common_name, usage: Usage::Authority, names: Names::None }
}

/// Every certificate, in the order in which init makes them.
pub(super) const ROWS: &[Row] = &[
    authority("ca", "ca", "kubernetes"),
    Row {
        file: "apiserver",
        name: "apiserver",
        about: "certificate for serving the Kubernetes API",
        authority: "ca",
        common_name: "kube-apiserver",
        usage: Usage::Server,
        names: Names::ApiServer,
    },
    Row {
        file: "apiserver-kubelet-client",
        name: "apiserver-kubelet-client",
        about: "certificate for the API server to connect to kubelet",
        authority: "ca",
        common_name: "kube-apiserver-kubelet-client",
        usage: Usage::Client,
        names: Names::None,
    },
    authority("front-proxy-ca", "front-proxy-ca", "front-proxy-ca"),
    Row {
        file: "front-proxy-client",
        name: "front-proxy-client",
        about: "certificate for the front proxy client",
        authority: "front-proxy-ca",
        common_name: "front-proxy-client",
        usage: Usage::Client,
        names: Names::None,
    },
    authority("etcd/ca", "etcd-ca", "etcd-ca"),
    Row {
        file: "etcd/server",
        name: "etcd-server",
        about: "certificate for serving etcd",
        authority: "etcd/ca",
        common_name: "",
        usage: Usage::ServerAndClient,
        names: Names::EtcdMember,
    },
    Row {
        file: "etcd/peer",
        name: "etcd-peer",
        about: "certificate for etcd nodes to communicate with each other",
        authority: "etcd/ca",
        common_name: "",
        usage: Usage::ServerAndClient,
        names: Names::EtcdMember,
    },
    Row {
        file: "etcd/healthcheck-client",
        name: "etcd-healthcheck-client",
        about: "certificate for liveness probes to healthcheck etcd",
        authority: "etcd/ca",
        common_name: "kube-etcd-healthcheck-client",
        usage: Usage::Client,
        names: Names::None,
    },
    Row {
        file: "apiserver-etcd-client",
        name: "apiserver-etcd-client",
        about: "certificate the apiserver uses to access etcd",
        authority: "etcd/ca",
        common_name: "kube-apiserver-etcd-client",
        usage: Usage::Client,
        names: Names::None,
    },
];

/// The certificate of that command name.
pub(super) fn named(name: &str) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.name == name)
}

/// What stands in a certificate.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    pub(super) common_name: String,
    pub(super) organizations: Vec<String>,
    pub(super) dns_names: Vec<String>,
    pub(super) addresses: Vec<IpAddr>,
    /// Seconds since the epoch.
    pub(super) not_after: i64,
}

/// Reads the first certificate of a PEM text.
pub(super) fn facts(pem: &str) -> Option<Facts> {
    let der = certificates::certificates(pem).into_iter().next()?;
    let (_, found) = X509Certificate::from_der(&der).ok()?;
    let text = |it: &x509_parser::x509::AttributeTypeAndValue<'_>| it.as_str().unwrap_or("").to_owned();
    let mut facts = Facts {
        common_name: found.subject().iter_common_name().next().map(text).unwrap_or_default(),
        organizations: found.subject().iter_organization().map(text).collect(),
        not_after: found.validity().not_after.timestamp(),
        ..Facts::default()
    };
    let names = found.subject_alternative_name().ok().flatten();
    for name in names.iter().flat_map(|it| &it.value.general_names) {
        match name {
            GeneralName::DNSName(name) => facts.dns_names.push((*name).to_owned()),
            GeneralName::IPAddress(bytes) => {
                let four = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
                let address = four.or_else(|_| <[u8; 16]>::try_from(*bytes).map(IpAddr::from));
                facts.addresses.extend(address.ok());
            }
            _ => {}
        }
    }
    Some(facts)
}

/// A key of the pool, at random.
pub(super) fn new_key(ctx: &Ctx<'_>) -> &'static str {
    let index = ctx.world(|world| world.chance.below(certificates::pool_len() as u64));
    certificates::pool_key(usize::try_from(index).unwrap_or(0))
}

/// How long certificates live, from the configuration.
fn life(settings: &Settings, pointer: &str, default_hours: u64) -> Duration {
    let text = settings.of(pointer);
    let nanoseconds = crate::apimachinery::go::duration(text).ok().and_then(|it| u64::try_from(it).ok());
    nanoseconds.map_or(Duration::from_secs(default_hours * 3_600), Duration::from_nanos)
}

/// What a new leaf is to say.
pub(super) fn leaf_spec(ctx: &Ctx<'_>, life: Duration, facts: &Facts, usage: Usage) -> CertificateSpec {
    let now = ctx.now();
    CertificateSpec {
        common_name: facts.common_name.clone(),
        organizations: facts.organizations.clone(),
        dns_names: facts.dns_names.clone(),
        addresses: facts.addresses.clone(),
        usage,
        not_before: now - BACKDATE,
        not_after: now + life,
        serial: ctx.world(|world| world.chance.bits()) >> 1,
    }
}

/// The life of leaves.
pub(super) fn leaf_life(settings: &Settings) -> Duration {
    life(settings, "/certificateValidityPeriod", 8_760)
}

/// Certificate and key of an authority, from files.
///
/// # Errors
/// The sentence about the first that is missing.
pub(super) fn load_authority(ctx: &Ctx<'_>, folder: &str, file: &str) -> Result<Pair, Failure> {
    let read = |ending: &str, what: &str| {
        let path = format!("{folder}/{file}.{ending}");
        ctx.read(&path).ok_or_else(|| {
            let name = files::base_name(file);
            format!(
                "couldn't load CA certificate {name}: couldn't load the {what} file {path}: open {path}: no such \
                 file or directory"
            )
        })
    };
    let certificate = read("crt", "certificate").map_err(Failure::new)?;
    let key = read("key", "private key").map_err(Failure::new)?;
    Ok(Pair { certificate, key })
}

/// Names that a certificate of this cluster has.
pub(super) fn facts_for(row: &Row, settings: &Settings) -> Facts {
    let node = settings.node_name().to_owned();
    let address: Vec<IpAddr> = settings.address().parse().into_iter().collect();
    let mut facts = Facts { common_name: row.common_name.to_owned(), ..Facts::default() };
    match row.names {
        Names::None => {}
        Names::ApiServer => api_server_names(settings, node, address, &mut facts),
        Names::EtcdMember => {
            facts.common_name.clone_from(&node);
            facts.dns_names = vec![node, "localhost".into()];
            facts.addresses = address;
            facts.addresses.push(IpAddr::from([127, 0, 0, 1]));
            facts.addresses.push(IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1_u16]));
        }
    }
    facts
}

fn api_server_names(settings: &Settings, node: String, own: Vec<IpAddr>, facts: &mut Facts) {
    let domain = settings.of("/networking/dnsDomain");
    facts.dns_names = vec![
        node,
        "kubernetes".into(),
        "kubernetes.default".into(),
        "kubernetes.default.svc".into(),
        format!("kubernetes.default.svc.{domain}"),
    ];
    let range = settings.of("/networking/serviceSubnet").parse::<ipnet::Ipv4Net>().ok();
    facts.addresses = range.and_then(|it| it.hosts().next()).map(IpAddr::V4).into_iter().collect();
    facts.addresses.extend(own);
    let mut more: Vec<String> = Vec::new();
    let shared = settings.of("/controlPlaneEndpoint");
    if !shared.is_empty() {
        more.push(shared.split(':').next().unwrap_or(shared).to_owned());
    }
    let given = crate::apimachinery::object::list(&settings.cluster, "/apiServer/certSANs");
    more.extend(given.iter().filter_map(|it| it.as_str()).map(str::to_owned));
    for name in more {
        match name.parse::<IpAddr>() {
            Ok(address) if !facts.addresses.contains(&address) => facts.addresses.push(address),
            Ok(_) => {}
            Err(_) if !facts.dns_names.contains(&name) => facts.dns_names.push(name),
            Err(_) => {}
        }
    }
    facts.dns_names.sort();
}

/// Makes one certificate unless it is there, and says so.
///
/// # Errors
/// When its authority is missing.
pub(super) fn ensure(ctx: &Ctx<'_>, settings: &Settings, row: &Row) -> Result<(), Failure> {
    let (folder, file) = (settings.certs_dir(), row.file);
    let path = format!("{folder}/{file}");
    if ctx.exists(&format!("{path}.crt")) {
        let what =
            if row.authority.is_empty() { "certificate authority" } else { "certificate and key on disk" };
        ctx.say(format!("[certs] Using existing {file} {what}"));
        return Ok(());
    }
    let facts = facts_for(row, settings);
    let pair = if row.authority.is_empty() {
        let mut facts = facts.clone();
        facts.dns_names.push(row.common_name.to_owned());
        let spec = leaf_spec(ctx, life(settings, "/caCertificateValidityPeriod", 87_600), &facts, row.usage);
        certificates::self_signed(&spec, new_key(ctx))
    } else {
        let signer = load_authority(ctx, folder, row.authority)?;
        let spec = leaf_spec(ctx, leaf_life(settings), &facts, row.usage);
        certificates::issue(&spec, new_key(ctx), &signer)
    };
    ctx.say(format!("[certs] Generating \"{file}\" certificate and key"));
    if row.names != Names::None {
        let addresses: Vec<String> = facts.addresses.iter().map(ToString::to_string).collect();
        ctx.say(format!(
            "[certs] {file} serving cert is signed for DNS names [{}] and IPs [{}]",
            facts.dns_names.join(" "),
            addresses.join(" ")
        ));
    }
    let pair = pair.map_err(|why| Failure::new(why.to_string()))?;
    write_pair(ctx, &path, &pair);
    Ok(())
}

/// Writes `PATH.crt` and `PATH.key`.
pub(super) fn write_pair(ctx: &Ctx<'_>, path: &str, pair: &Pair) {
    ctx.write(&format!("{path}.crt"), &pair.certificate.replace("\r\n", "\n"), 0o644);
    ctx.write(&format!("{path}.key"), &pair.key, 0o600);
}

/// Makes the key pair of service accounts unless it is there.
pub(super) fn ensure_service_accounts(ctx: &Ctx<'_>, settings: &Settings) {
    let folder = settings.certs_dir();
    if ctx.exists(&format!("{folder}/sa.key")) {
        ctx.say("[certs] Using the existing \"sa\" key");
        return;
    }
    ctx.say("[certs] Generating \"sa\" key and public key");
    let key = new_key(ctx);
    ctx.write(&format!("{folder}/sa.key"), key, 0o600);
    ctx.write(&format!("{folder}/sa.pub"), &certificates::public_key(key).unwrap_or_default(), 0o600);
}

/// Everything that `init phase certs all` makes.
///
/// # Errors
/// The first that cannot be made.
pub(super) fn ensure_all(ctx: &Ctx<'_>, settings: &Settings) -> Result<(), Failure> {
    ctx.say(format!("[certs] Using certificateDir folder {:?}", settings.certs_dir()));
    for row in ROWS {
        ensure(ctx, settings, row)?;
    }
    ensure_service_accounts(ctx, settings);
    Ok(())
}

/// Signs a certificate anew with what it says, a new key and a new date; true when it was done.
pub(super) fn renew(ctx: &Ctx<'_>, folder: &str, row: &Row, life: Duration) -> bool {
    let path = format!("{folder}/{}", row.file);
    let Some(facts) = ctx.read(&format!("{path}.crt")).as_deref().and_then(facts) else { return false };
    let Ok(signer) = load_authority(ctx, folder, row.authority) else { return false };
    let spec = leaf_spec(ctx, life, &facts, row.usage);
    match certificates::issue(&spec, new_key(ctx), &signer) {
        Ok(pair) => {
            write_pair(ctx, &path, &pair);
            true
        }
        Err(_) => false,
    }
}

/// `Nov 20, 2027 09:52 UTC`.
pub(super) fn shown_date(seconds: i64) -> String {
    SimTime::from_unix_s(seconds).strftime("%b %d, %Y %H:%M UTC")
}
