//! The configuration of a cluster and of a node, with kubeadm's defaults, from flags or a file.

use super::api::Api;
use super::ctx::{Ctx, Failure, random};
use super::schema;
use super::versions;
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::{self, text};
use crate::apimachinery::patch;
use crate::apimachinery::yaml;

/// Where containerd listens.
pub(super) const CRI_SOCKET: &str = "unix:///var/run/containerd/containerd.sock";

/// The group of kubeadm's own bootstrap tokens.
pub(super) const TOKEN_GROUP: &str = "system:bootstrappers:kubeadm:default-node-token";

/// InitConfiguration and ClusterConfiguration, complete; component configurations as far as given.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) init: Value,
    pub(super) cluster: Value,
    /// A KubeletConfiguration and a KubeProxyConfiguration to lay over the defaults; null when there is none.
    pub(super) kubelet: Value,
    pub(super) proxy: Value,
}

impl Settings {
    pub(super) fn node_name(&self) -> &str {
        text(&self.init, "/nodeRegistration/name")
    }

    pub(super) fn address(&self) -> &str {
        text(&self.init, "/localAPIEndpoint/advertiseAddress")
    }

    pub(super) fn port(&self) -> i64 {
        object::int(&self.init, "/localAPIEndpoint/bindPort").unwrap_or(6443)
    }

    /// A text of the ClusterConfiguration.
    pub(super) fn of(&self, pointer: &str) -> &str {
        text(&self.cluster, pointer)
    }

    pub(super) fn version(&self) -> &str {
        self.of("/kubernetesVersion")
    }

    pub(super) fn certs_dir(&self) -> &str {
        self.of("/certificatesDir")
    }

    /// Address and port that clients use: the shared endpoint, or this node's.
    pub(super) fn endpoint(&self) -> String {
        match self.of("/controlPlaneEndpoint") {
            "" => self.local_endpoint(),
            shared if shared.contains(':') => shared.to_owned(),
            shared => format!("{shared}:{}", self.port()),
        }
    }

    /// Address and port of the API server on this node.
    pub(super) fn local_endpoint(&self) -> String {
        format!("{}:{}", self.address(), self.port())
    }
}

fn timeouts() -> Value {
    json!({
        "controlPlaneComponentHealthCheck": "4m0s", "discovery": "5m0s", "etcdAPICall": "2m0s",
        "kubeletHealthCheck": "4m0s", "kubernetesAPICall": "1m0s", "tlsBootstrap": "5m0s",
        "upgradeManifests": "5m0s",
    })
}

/// The timeouts of a fresh configuration.
pub(super) fn default_timeouts() -> Value {
    timeouts()
}

/// An InitConfiguration without anything given.
pub(super) fn default_init(token: &str, address: &str, name: &str, taints: Value) -> Value {
    json!({
        "apiVersion": schema::VERSION, "kind": "InitConfiguration",
        "bootstrapTokens": [{
            "groups": [TOKEN_GROUP], "token": token, "ttl": "24h0m0s", "usages": ["signing", "authentication"],
        }],
        "localAPIEndpoint": {"advertiseAddress": address, "bindPort": 6443},
        "nodeRegistration": {
            "criSocket": CRI_SOCKET, "imagePullPolicy": "IfNotPresent", "imagePullSerial": true, "name": name,
            "taints": taints,
        },
        "timeouts": timeouts(),
    })
}

/// A ClusterConfiguration without anything given.
pub(super) fn default_cluster(version: &str) -> Value {
    json!({
        "apiVersion": schema::VERSION, "kind": "ClusterConfiguration",
        "apiServer": {}, "caCertificateValidityPeriod": "87600h0m0s", "certificateValidityPeriod": "8760h0m0s",
        "certificatesDir": "/etc/kubernetes/pki", "clusterName": "kubernetes", "controllerManager": {}, "dns": {},
        "encryptionAlgorithm": "RSA-2048", "etcd": {"local": {"dataDir": "/var/lib/etcd"}},
        "imageRepository": "registry.k8s.io", "kubernetesVersion": version,
        "networking": {"dnsDomain": "cluster.local", "serviceSubnet": "10.96.0.0/12"},
        "proxy": {}, "scheduler": {},
    })
}

/// The taint of a control plane node.
pub(super) fn control_plane_taint() -> Value {
    json!([{"effect": "NoSchedule", "key": "node-role.kubernetes.io/control-plane"}])
}

/// A fresh bootstrap token.
pub(super) fn new_token(ctx: &Ctx<'_>) -> String {
    ctx.world(|world| format!("{}.{}", random(world, 6), random(world, 16)))
}

/// Lays `over` over `base`, key by key.
pub(super) fn overlay(base: &mut Value, over: &Value) {
    patch::merge(base, over);
}

/// Reads `--config`, or the flags that stand for its fields.
///
/// # Errors
/// kubeadm's sentence about what does not fit.
pub(super) fn load(ctx: &Ctx<'_>) -> Result<Settings, Failure> {
    check_flags(ctx)?;
    let token = new_token(ctx);
    let address = ctx.host(|it| it.address.clone()).unwrap_or_default();
    let name = ctx.host(|it| it.name.to_lowercase()).unwrap_or_default();
    let mut settings = Settings {
        init: default_init(&token, &address, &name, control_plane_taint()),
        cluster: default_cluster("stable-1"),
        kubelet: Value::Null,
        proxy: Value::Null,
    };
    match ctx.given("config") {
        Some(path) => from_file(ctx, path, &mut settings)?,
        None => from_flags(ctx, &mut settings),
    }
    let version = versions::resolve(ctx, settings.version())?;
    object::set(&mut settings.cluster, &["kubernetesVersion"], version);
    validate(&settings)?;
    Ok(settings)
}

/// Flags that may stand beside `--config`.
const BESIDE_CONFIG: &[&str] = &[
    "config",
    "ignore-preflight-errors",
    "dry-run",
    "kubeconfig",
    "node-name",
    "kubeconfig-dir",
    "upload-certs",
    "print-join-command",
    "force",
    "yes",
    "rootfs",
    "v",
    "client-name",
    "org",
    "validity-period",
    "output",
    "old-config",
    "new-config",
    "component-configs",
    "allow-experimental-api",
];

/// Refuses flags beside `--config`.
///
/// # Errors
/// kubeadm's sentence.
pub(super) fn check_flags(ctx: &Ctx<'_>) -> Result<(), Failure> {
    if !ctx.flags.given("config") {
        return Ok(());
    }
    let mut mixed: Vec<&str> = super::flags::own(ctx.path)
        .map(|spec| spec.name)
        .filter(|name| ctx.flags.given(name) && !BESIDE_CONFIG.contains(name) && !name.starts_with("skip-"))
        .collect();
    mixed.sort_unstable();
    if mixed.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("can not mix '--config' with arguments [{}]", mixed.join(" "))))
}

fn from_file(ctx: &Ctx<'_>, path: &str, settings: &mut Settings) -> Result<(), Failure> {
    for document in schema::documents(ctx, path, true)? {
        match text(&document, "/kind") {
            "InitConfiguration" => overlay(&mut settings.init, &document),
            "ClusterConfiguration" => overlay(&mut settings.cluster, &document),
            "KubeletConfiguration" => settings.kubelet = document,
            "KubeProxyConfiguration" => settings.proxy = document,
            _ => {}
        }
    }
    if let Some(tokens) = settings.init.pointer("/bootstrapTokens").and_then(Value::as_array)
        && tokens.is_empty()
    {
        let token = json!([{"token": new_token(ctx), "ttl": "24h0m0s"}]);
        object::set(&mut settings.init, &["bootstrapTokens"], token);
    }
    if let Some(name) = ctx.given("node-name") {
        object::set(&mut settings.init, &["nodeRegistration", "name"], name.to_lowercase());
    }
    Ok(())
}

/// Flag and field of the ClusterConfiguration.
const CLUSTER_FLAGS: &[(&str, &[&str])] = &[
    ("kubernetes-version", &["kubernetesVersion"]),
    ("pod-network-cidr", &["networking", "podSubnet"]),
    ("service-cidr", &["networking", "serviceSubnet"]),
    ("service-dns-domain", &["networking", "dnsDomain"]),
    ("control-plane-endpoint", &["controlPlaneEndpoint"]),
    ("image-repository", &["imageRepository"]),
    ("cert-dir", &["certificatesDir"]),
];

fn from_flags(ctx: &Ctx<'_>, settings: &mut Settings) {
    for (flag, path) in CLUSTER_FLAGS {
        if let Some(value) = ctx.given(flag) {
            object::set(&mut settings.cluster, path, value);
        }
    }
    let sans = ctx.flags.list("apiserver-cert-extra-sans");
    if !sans.is_empty() {
        object::set(&mut settings.cluster, &["apiServer", "certSANs"], sans);
    }
    if let Some(value) = ctx.given("apiserver-advertise-address") {
        object::set(&mut settings.init, &["localAPIEndpoint", "advertiseAddress"], value);
    }
    if ctx.flags.given("apiserver-bind-port") {
        let port = ctx.flags.int("apiserver-bind-port");
        object::set(&mut settings.init, &["localAPIEndpoint", "bindPort"], port);
    }
    if let Some(value) = ctx.given("node-name") {
        object::set(&mut settings.init, &["nodeRegistration", "name"], value.to_lowercase());
    }
    if let Some(value) = ctx.given("cri-socket") {
        object::set(&mut settings.init, &["nodeRegistration", "criSocket"], socket(ctx, value));
    }
    if let Some(value) = ctx.given("certificate-key") {
        object::set(&mut settings.init, &["certificateKey"], value);
    }
    if let Some(tokens) = settings.init.pointer_mut("/bootstrapTokens/0") {
        if let Some(value) = ctx.given("token") {
            object::set(tokens, &["token"], value);
        }
        if let Some(value) = ctx.given("token-ttl") {
            object::set(tokens, &["ttl"], value);
        }
    }
}

/// A socket with its scheme.
pub(super) fn socket(ctx: &Ctx<'_>, given: &str) -> String {
    if given.contains("://") {
        return given.to_owned();
    }
    let message = format!(
        "Usage of CRI endpoints without URL scheme is deprecated and can cause kubelet errors in the future. \
         Automatically prepending scheme \"unix\" to the \"criSocket\" with value {given:?}. Please update your \
         configuration!"
    );
    ctx.klog('W', "initconfiguration.go:127", &message);
    format!("unix://{given}")
}

/// What is said of a name that is not a lowercase RFC 1123 subdomain.
const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or \
    '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
    '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

fn is_subdomain(name: &str) -> bool {
    let part = |it: &str| {
        !it.is_empty()
            && !it.starts_with('-')
            && !it.ends_with('-')
            && it.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    name.split('.').all(part)
}

fn validate(settings: &Settings) -> Result<(), Failure> {
    let mut wrong = Vec::new();
    let address = settings.address();
    if address.parse::<std::net::IpAddr>().is_err() {
        return Err(Failure::new(format!(
            "couldn't use {address:?} as \"apiserver-advertise-address\", must be ipv4 or ipv6 address"
        )));
    }
    let name = settings.node_name();
    if !is_subdomain(name) {
        wrong.push(format!("nodeRegistration.name: Invalid value: {name:?}: {SUBDOMAIN}"));
    }
    let domain = settings.of("/networking/dnsDomain");
    if !is_subdomain(domain) {
        wrong.push(format!("networking.dnsDomain: Invalid value: {domain:?}: {SUBDOMAIN}"));
    }
    for field in ["serviceSubnet", "podSubnet"] {
        let value = settings.of(&format!("/networking/{field}"));
        let fits = |it: &str| it.parse::<ipnet::IpNet>().is_ok();
        if !value.is_empty() && !value.split(',').all(fits) {
            wrong.push(format!("networking.{field}: Invalid value: {value:?}: couldn't parse subnet"));
        }
    }
    match wrong.len() {
        0 => Ok(()),
        1 => Err(Failure::new(wrong.swap_remove(0))),
        _ => Err(Failure::new(format!("[{}]", wrong.join(", ")))),
    }
}

/// The settings of a cluster that stands, for this node.
///
/// # Errors
/// Why the ConfigMap cannot be read.
pub(super) fn of_cluster(ctx: &Ctx<'_>, api: &Api<'_>) -> Result<Settings, String> {
    let map = api
        .get("/api/v1/namespaces/kube-system/configmaps/kubeadm-config")
        .map_err(|why| format!("failed to get config map: {why}"))?;
    let stored = yaml::document(text(&map, "/data/ClusterConfiguration"))?;
    let address = ctx.host(|it| it.address.clone()).unwrap_or_default();
    let name = ctx.host(|it| it.name.to_lowercase()).unwrap_or_default();
    Ok(Settings {
        init: default_init("", &address, &name, control_plane_taint()),
        cluster: stored,
        kubelet: Value::Null,
        proxy: Value::Null,
    })
}
