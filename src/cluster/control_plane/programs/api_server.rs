//! kube-apiserver: options, listener, certificates, configuration files, etcd.

use std::collections::BTreeSet;
use std::time::Duration;

use super::super::flags;
use super::super::script::{Program, Start, Verdict, command_failed};
use super::{aggregate, files};
use crate::apimachinery::object;
use crate::cluster::Place;
use crate::cluster::etcd_client::{self, Credentials};

pub(super) const PROGRAM: Program = Program {
    name: "kube-apiserver",
    text: include_str!("../../../../assets/logs/kube-apiserver.txt"),
    check,
    holds,
    value,
};

const PORT: u16 = 6_443;
const MODES: [&str; 6] = ["AlwaysAllow", "AlwaysDeny", "ABAC", "Webhook", "RBAC", "Node"];
const TLS_VERSIONS: [&str; 4] = ["VersionTLS10", "VersionTLS11", "VersionTLS12", "VersionTLS13"];

/// Every admission plugin of v1.36.
const PLUGINS: &[&str] = &[
    "AlwaysAdmit",
    "AlwaysDeny",
    "AlwaysPullImages",
    "CertificateApproval",
    "CertificateSigning",
    "CertificateSubjectRestriction",
    "ClusterTrustBundleAttest",
    "DefaultIngressClass",
    "DefaultStorageClass",
    "DefaultTolerationSeconds",
    "DenyServiceExternalIPs",
    "EventRateLimit",
    "ExtendedResourceToleration",
    "ImagePolicyWebhook",
    "LimitPodHardAntiAffinityTopology",
    "LimitRanger",
    "MutatingAdmissionPolicy",
    "MutatingAdmissionWebhook",
    "NamespaceAutoProvision",
    "NamespaceExists",
    "NamespaceLifecycle",
    "NodeDeclaredFeatureValidator",
    "NodeRestriction",
    "OwnerReferencesPermissionEnforcement",
    "PersistentVolumeClaimResize",
    "PodNodeSelector",
    "PodSecurity",
    "PodTolerationRestriction",
    "PodTopologyLabels",
    "Priority",
    "ResourceQuota",
    "RuntimeClass",
    "ServiceAccount",
    "StorageObjectInUseProtection",
    "TaintNodesByCondition",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionWebhook",
];

/// Part of the names that Go's `crypto/tls` has for cipher suites.
const CIPHERS: &[&str] = &[
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_RSA_WITH_AES_128_CBC_SHA",
    "TLS_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_RSA_WITH_AES_256_CBC_SHA",
    "TLS_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
    "TLS_RSA_WITH_AES_128_CBC_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
    "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA",
    "TLS_ECDHE_RSA_WITH_RC4_128_SHA",
    "TLS_RSA_WITH_RC4_128_SHA",
];

fn check(start: &Start<'_>, point: &str) -> Verdict {
    let result = match point {
        "options" => options(start),
        "complete" => aggregate(&complete(start)).map_or(Ok(()), Err),
        "listen" => start.listen(PORT),
        "tls" => tls(start),
        "authentication" => authentication(start),
        "audit-policy" => {
            start.set("audit-policy-file").map_or(Ok(()), |path| files::audit_policy(start, path))
        }
        "etcd-files" => {
            start.readable(&["etcd-cafile"]).and_then(|()| start.pair("etcd-certfile", "etcd-keyfile"))
        }
        "audit-log" => audit_log(start),
        "admission-config" => admission_config(start),
        "etcd" => return etcd(start),
        "kubelet-client" => start
            .pair("kubelet-client-certificate", "kubelet-client-key")
            .map_err(|why| format!("problem initializing API group \"\": {why}")),
        "service-cidr" => return inconsistent_range(start),
        "proxy-client" => start.pair("proxy-client-cert-file", "proxy-client-key-file"),
        _ => Ok(()),
    };
    Verdict::of(result)
}

fn options(start: &Start<'_>) -> Result<(), String> {
    if let Some(problem) = start.set("feature-gates").and_then(flags::gate_problem) {
        return Err(problem);
    }
    let ranges = start.process.flag_list("service-cluster-ip-range");
    match ranges.iter().position(|range| range.parse::<ipnet::IpNet>().is_err()) {
        Some(index) => Err(format!("service-cluster-ip-range[{index}] is not a valid cidr")),
        None => Ok(()),
    }
}

/// What the validation of all options finds.
fn complete(start: &Start<'_>) -> Vec<String> {
    let mut found = Vec::new();
    if start.process.flag_list("etcd-servers").is_empty() {
        found.push("--etcd-servers must be specified".to_owned());
    }
    if start.set("secure-port").is_some_and(|port| port == "0" || port.parse::<u16>().is_err()) {
        let port = start.set("secure-port").unwrap_or("0");
        found.push(format!(
            "--secure-port {port} must be between 1 and 65535, inclusive. It cannot be turned off with 0"
        ));
    }
    found.extend(authorization(start));
    found.extend(service_accounts(start));
    found.extend(plugins(start));
    let unknown = start.process.flag_list("runtime-config").into_iter().find_map(|setting| {
        let (api, _) = setting.split_once('=').unwrap_or((setting, ""));
        let group = api.split_once('/').map(|(group, _)| group)?;
        let known = group.contains('.')
            || ["apps", "batch", "autoscaling", "policy", "extensions", "api"].contains(&group);
        (!known).then(|| format!("unknown api groups {api}"))
    });
    found.extend(unknown);
    found
}

/// What does not go together of the modes of authorization and their files.
fn authorization(start: &Start<'_>) -> Vec<String> {
    let modes = start.process.flag_list("authorization-mode");
    let (policy, webhook) =
        (start.set("authorization-policy-file"), start.set("authorization-webhook-config-file"));
    let mut found = Vec::new();
    for mode in &modes {
        if !MODES.contains(mode) {
            found.push(format!("authorization-mode {mode:?} is not a valid mode"));
        }
        if *mode == "ABAC" && policy.is_none() {
            found.push("authorization-mode ABAC's authorization policy file not passed".to_owned());
        }
        if *mode == "Webhook" && webhook.is_none() {
            found.push("authorization-mode Webhook's authorization config file not passed".to_owned());
        }
    }
    if policy.is_some() && !modes.contains(&"ABAC") {
        found.push("cannot specify --authorization-policy-file without mode ABAC".to_owned());
    }
    if webhook.is_some() && !modes.contains(&"Webhook") {
        found.push("cannot specify --authorization-webhook-config-file without mode Webhook".to_owned());
    }
    let distinct: BTreeSet<&&str> = modes.iter().collect();
    if distinct.len() != modes.len() {
        let quoted: Vec<String> = modes.iter().map(|it| format!("{it:?}")).collect();
        found.push(format!("authorization-mode [{}] has mode specified more than once", quoted.join(" ")));
    }
    found
}

fn service_accounts(start: &Start<'_>) -> Vec<String> {
    let together = "--service-account-signing-key-file, --service-account-issuer, and --api-audiences should be specified together";
    let (issuer, key) = (start.set("service-account-issuer"), start.set("service-account-signing-key-file"));
    let mut found = Vec::new();
    if issuer.is_none() {
        found.push("service-account-issuer is a required flag".to_owned());
    }
    if issuer.is_none() || key.is_none() {
        found.push(together.to_owned());
    } else if let Some(Err(why)) = key.map(|path| start.read(path)) {
        found.push(format!("failed to parse service-account-issuer-key-file: {why}"));
    }
    found
}

fn plugins(start: &Start<'_>) -> Vec<String> {
    let (on, off) = (
        start.process.flag_list("enable-admission-plugins"),
        start.process.flag_list("disable-admission-plugins"),
    );
    let mut found = Vec::new();
    for (flag, list) in [("enable-admission-plugins", &on), ("disable-admission-plugins", &off)] {
        let unknown = list.iter().filter(|name| !PLUGINS.contains(name));
        found.extend(unknown.map(|name| format!("{flag} plugin {name:?} is unknown")));
    }
    let both: Vec<&str> = on.iter().filter(|name| off.contains(name)).copied().collect();
    if !both.is_empty() {
        found.push(format!(
            "[{}] in enable-admission-plugins and disable-admission-plugins overlapped",
            both.join(" ")
        ));
    }
    found
}

fn tls(start: &Start<'_>) -> Result<(), String> {
    start.pair("tls-cert-file", "tls-private-key-file")?;
    if let Some(unknown) =
        start.process.flag_list("tls-cipher-suites").iter().find(|it| !CIPHERS.contains(it))
    {
        return Err(format!("Cipher suite {unknown} not supported or doesn't exist"));
    }
    match start.set("tls-min-version") {
        Some(version) if !TLS_VERSIONS.contains(&version) => Err(format!("unknown tls version {version:?}")),
        _ => Ok(()),
    }
}

fn authentication(start: &Start<'_>) -> Result<(), String> {
    start.readable(&["client-ca-file", "requestheader-client-ca-file"])?;
    start.readable(&["service-account-key-file"])?;
    start.set("encryption-provider-config").map_or(Ok(()), |path| files::encryption(start, path))
}

/// The audit log is opened, and its folder made.
fn audit_log(start: &Start<'_>) -> Result<(), String> {
    let Some(path) = start.set("audit-log-path").filter(|path| *path != "-") else { return Ok(()) };
    let folder = crate::hosts::files::parent(path);
    if folder.starts_with("/proc/") || folder.starts_with("/sys/") {
        return Err(format!("ensureLogFile: mkdir {folder}: no such file or directory"));
    }
    if start.process.is_read_only(path) {
        return Err(format!("ensureLogFile: open {path}: read-only file system"));
    }
    let is_folder = start.process.host_path(path).is_some_and(|it| start.machine.files.is_directory(&it));
    if is_folder { Err(format!("ensureLogFile: open {path}: is a directory")) } else { Ok(()) }
}

fn admission_config(start: &Start<'_>) -> Result<(), String> {
    let Some(path) = start.set("admission-control-config-file") else { return Ok(()) };
    start.read(path).map(drop).map_err(|why| {
        format!("failed to apply admission: failed to read plugin config: unable to read admission control configuration from {path:?} [{why}]")
    })
}

/// The range that is stored, which is the one that counts.
fn stored_range(start: &Start<'_>) -> Option<String> {
    let store = &start.world.clusters.get(start.cluster)?.store;
    let object = store.find("servicecidrs.networking.k8s.io", "", "kubernetes")?;
    Some(object::list(object, "/spec/cidrs").first()?.as_str()?.to_owned())
}

/// `--service-cluster-ip-range` may differ from the range that the cluster began with.
fn inconsistent_range(start: &Start<'_>) -> Verdict {
    let given = value(start, "given-cidr");
    let Some(stored) = stored_range(start).filter(|it| *it != given) else { return Verdict::Fine };
    Verdict::Says(vec![
        format!(
            "I default_servicecidr_controller.go:206] \"Inconsistent ServiceCIDR status\" serviceCIDR=\"kubernetes\" controllerCIDRs=[{given:?}] serviceCIDRs=[{stored:?}]"
        ),
        format!(
            "I event.go:389] \"Event occurred\" object=\"kubernetes\" fieldPath=\"\" kind=\"ServiceCIDR\" apiVersion=\"networking.k8s.io/v1\" type=\"Warning\" reason=\"KubernetesDefaultServiceCIDRInconsistent\" message=\"The default ServiceCIDR [{stored}] does not match the controller flag configurations [{given}]\""
        ),
    ])
}

/// When the client to etcd tries again, in ms; it gives up after 20 s. Source: recorded logs.
const ATTEMPTS: [u64; 6] = [100, 1_100, 2_600, 5_000, 9_300, 15_500];

fn has_quorum(start: &Start<'_>) -> bool {
    start.world.clusters.get(start.cluster).is_some_and(|it| it.control_plane.quorum())
}

fn etcd(start: &Start<'_>) -> Verdict {
    let text = |flag: &str| start.set(flag).and_then(|path| start.read(path).ok());
    let credentials = Credentials {
        authority: text("etcd-cafile"),
        certificate: text("etcd-certfile"),
        insecure_skip_verify: false,
        tls: true,
    };
    let place = Place::host(&start.machine.name);
    let mut failures = Vec::new();
    for server in start.process.flag_list("etcd-servers") {
        match etcd_client::connect(start.world, &place, server, &credentials) {
            Ok(_) if has_quorum(start) => return Verdict::Fine,
            Ok(_) => {}
            Err(why) => {
                let known = server.split_once("://").filter(|(scheme, _)| ["http", "https"].contains(scheme));
                failures.push((known.map_or(server, |(_, it)| it), why));
            }
        }
    }
    let mut said = Vec::new();
    for (round, after) in ATTEMPTS.into_iter().enumerate() {
        for (index, (address, why)) in failures.iter().enumerate() {
            // Nobody answers: the first attempt takes all the time there is.
            let (round, after) = match (why.ends_with("i/o timeout\""), round) {
                (false, _) => (round, after),
                (true, 0) => (0, 19_990),
                (true, _) => continue,
            };
            for channel in [1, 2, 5] {
                let why = said_by_turns(why, address, round + channel);
                let (channel, sub) = (channel + index * 6, channel + index * 6 + round + 2);
                said.push((after + channel as u64, format!(
                    "W logging.go:55] [core] [Channel #{channel} SubChannel #{sub}] grpc: addrConn.createTransport failed to connect to {{Addr: {address:?}, ServerName: {address:?}, }}. Err: {why}"
                )));
            }
        }
    }
    said.push((Duration::from_secs(20).as_millis() as u64, command_failed("context deadline exceeded")));
    Verdict::Ends { said, code: 1 }
}

/// A connection that the server closes ends now in a reading, now in a writing error.
fn said_by_turns(why: &str, address: &str, turn: usize) -> String {
    let local = format!("127.0.0.1:{}", 44_000 + turn * 7);
    match why {
        _ if why.starts_with("write tcp") && turn % 2 == 1 => {
            "connection error: desc = \"error reading server preface: remote error: tls: unknown certificate authority\"".into()
        }
        _ if why.starts_with("write tcp") && turn.is_multiple_of(4) => {
            format!("write tcp {local}->{address}: write: connection reset by peer")
        }
        _ if why.starts_with("write tcp") => format!("write tcp {local}->{address}: write: broken pipe"),
        _ if why.ends_with("preface: EOF\"") && turn % 2 == 1 => format!(
            "connection error: desc = \"error reading server preface: read tcp {local}->{address}: read: connection reset by peer\""
        ),
        _ => why.to_owned(),
    }
}

fn holds(start: &Start<'_>, condition: &str) -> bool {
    match condition {
        "node" => start.process.flag_list("authorization-mode").contains(&"Node"),
        "usual-plugins" => {
            start.process.flag_list("enable-admission-plugins") == ["NodeRestriction"]
                && start.set("disable-admission-plugins").is_none()
        }
        _ => false,
    }
}

fn value(start: &Start<'_>, name: &str) -> String {
    match name {
        "advertise" => start.set("advertise-address").unwrap_or(&start.machine.address).to_owned(),
        "service-cidr" => stored_range(start).unwrap_or_else(|| value(start, "given-cidr")),
        "given-cidr" => {
            let range = start.set("service-cluster-ip-range").unwrap_or("10.0.0.0/24");
            let network: Option<ipnet::IpNet> = range.parse().ok();
            network.map_or_else(|| range.to_owned(), |it| it.trunc().to_string())
        }
        "bind" => {
            let (address, port) = start.secure_address(PORT);
            if address.is_unspecified() { format!("[::]:{port}") } else { format!("{address}:{port}") }
        }
        "identity" => format!("apiserver-{}", start.machine.name),
        _ => String::new(),
    }
}
