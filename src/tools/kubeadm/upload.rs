//! What kubeadm stores in the cluster beside the add-ons: its configuration, that of the kubelets, the
//! certificates of the control plane, labels and taints, and what bootstrap tokens may do.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::aead;

use super::api::{Api, Refusal};
use super::ctx::{Ctx, Done, Failure};
use super::kubelet_files;
use super::settings::{self, Settings};
use super::tokens::{self, Token};
use crate::apimachinery::json::{Map, Value, json};
use crate::apimachinery::object::{self, text};
use crate::apimachinery::yaml;

const KUBEADM_CONFIG: &str = include_str!("../../../assets/kubeadm/objects/kubeadm-config.yaml");
const KUBELET_CONFIG: &str = include_str!("../../../assets/kubeadm/objects/kubelet-config.yaml");
const RBAC: &str = include_str!("../../../assets/kubeadm/objects/kubeadm-rbac.yaml");
const CLUSTER_INFO: &str = include_str!("../../../assets/kubeadm/objects/cluster-info.yaml");

/// Wraps a refusal of the server as a failure of a phase.
pub(super) fn in_phase(phase: &str) -> impl Fn(Refusal) -> Failure {
    move |why| Failure::in_phase(phase, why)
}

/// Stores every document of a recorded file, the first changed by `edit`.
fn apply_all(api: &Api<'_>, recorded: &str, edit: impl Fn(&mut Value)) -> Result<(), Refusal> {
    let mut documents = yaml::documents(recorded).unwrap_or_default();
    if let Some(first) = documents.first_mut() {
        edit(first);
    }
    documents.iter().try_for_each(|it| api.apply(it).map(drop))
}

/// The phase `upload-config kubeadm`.
pub(super) fn cluster_config(ctx: &Ctx<'_>, api: &Api<'_>, settings: &Settings) -> Result<(), Refusal> {
    ctx.say(
        "[upload-config] Storing the configuration used in ConfigMap \"kubeadm-config\" in the \"kube-system\" Namespace",
    );
    let config = yaml::to_string(&settings.cluster);
    apply_all(api, KUBEADM_CONFIG, |map| object::set(map, &["data", "ClusterConfiguration"], config.as_str()))
}

/// The phase `upload-config kubelet`.
pub(super) fn kubelet_config(ctx: &Ctx<'_>, api: &Api<'_>, settings: &Settings) -> Result<(), Refusal> {
    ctx.say(
        "[kubelet] Creating a ConfigMap \"kubelet-config\" in namespace kube-system with the configuration for the \
         kubelets in the cluster",
    );
    let config = yaml::to_string(&kubelet_files::config(settings));
    apply_all(api, KUBELET_CONFIG, |map| object::set(map, &["data", "kubelet"], config.as_str()))
}

/// The binding that makes the admin's certificate an admin; needs the other kubeconfig.
pub(super) fn cluster_admins(api: &Api<'_>) -> Result<(), Refusal> {
    let all = yaml::documents(RBAC).unwrap_or_default();
    let mut wanted = all.iter().filter(|it| object::name(it) == "kubeadm:cluster-admins");
    wanted.try_for_each(|it| api.apply(it).map(drop))
}

/// Labels and taints of a control plane node.
pub(super) fn mark_control_plane(ctx: &Ctx<'_>, api: &Api<'_>, name: &str, taints: &Value) -> Done {
    let labels =
        ["node-role.kubernetes.io/control-plane", "node.kubernetes.io/exclude-from-external-load-balancers"];
    let head = format!("[mark-control-plane] Marking the node {name} as control-plane by adding the");
    ctx.say(format!("{head} labels: [{}]", labels.join(" ")));
    let listed: Vec<String> = taints
        .as_array()
        .into_iter()
        .flatten()
        .map(|it| format!("{}:{}", object::field(it, "key"), object::field(it, "effect")))
        .collect();
    if !listed.is_empty() {
        ctx.say(format!("{head} taints [{}]", listed.join(" ")));
    }
    let path = format!("/api/v1/nodes/{name}");
    let fail = in_phase("mark-control-plane");
    let node = api.get(&path).map_err(&fail)?;
    let mut all = object::list(&node, "/spec/taints").to_vec();
    for taint in taints.as_array().into_iter().flatten() {
        if !all.iter().any(|it| object::field(it, "key") == object::field(taint, "key")) {
            all.push(taint.clone());
        }
    }
    let patch = json!({
        "metadata": {"labels": {labels[0]: "", labels[1]: ""}},
        "spec": {"taints": all},
    });
    api.patch(&path, &patch).map(drop).map_err(&fail)
}

/// The lines of the rules that come with bootstrap tokens.
const RULES: &[&str] = &[
    "[bootstrap-token] Configured RBAC rules to allow Node Bootstrap tokens to get nodes",
    "[bootstrap-token] Configured RBAC rules to allow Node Bootstrap tokens to post CSRs in order for nodes to get long \
     term certificate credentials",
    "[bootstrap-token] Configured RBAC rules to allow the csrapprover controller automatically approve CSRs from a Node \
     Bootstrap Token",
    "[bootstrap-token] Configured RBAC rules to allow certificate rotation for all node client certificates in the \
     cluster",
    "[bootstrap-token] Configured RBAC rules to allow the API server kubelet client certificate to access the kubelet \
     API",
];

/// The rules that bootstrap tokens and kubelets need.
pub(super) fn bootstrap_rules(ctx: &Ctx<'_>, api: &Api<'_>) -> Result<(), Refusal> {
    let all = yaml::documents(RBAC).unwrap_or_default();
    let skipped = ["kubeadm:cluster-admins", "kubeadm:node-proxier"];
    for object in all.iter().filter(|it| !skipped.contains(&object::name(it))) {
        api.apply(object)?;
    }
    RULES.iter().for_each(|line| ctx.say(line));
    Ok(())
}

/// The phase `bootstrap-token`.
pub(super) fn bootstrap_token(ctx: &Ctx<'_>, api: &Api<'_>, settings: &Settings) -> Done {
    let fail = in_phase("bootstrap-token");
    let given = object::list(&settings.init, "/bootstrapTokens").to_vec();
    if !ctx.flags.on("skip-token-print") {
        let first = given.first().map_or("", |it| object::field(it, "token"));
        ctx.say(format!("[bootstrap-token] Using token: {first}"));
    }
    ctx.say("[bootstrap-token] Configuring bootstrap tokens, cluster-info ConfigMap, RBAC Roles");
    for it in &given {
        let (id, secret) = tokens::split(object::field(it, "token"))?;
        let ttl = crate::apimachinery::go::duration(object::field(it, "ttl")).unwrap_or(0);
        let token = Token {
            id,
            secret,
            description: "The default bootstrap token generated by 'kubeadm init'.".into(),
            expires: tokens::expiry(ctx.now(), ttl),
            usages: vec!["authentication".into(), "signing".into()],
            groups: vec![settings::TOKEN_GROUP.into()],
        };
        api.apply(&token.secret_object()).map_err(&fail)?;
    }
    bootstrap_rules(ctx, api).map_err(&fail)?;
    ctx.say("[bootstrap-token] Creating the \"cluster-info\" ConfigMap in the \"kube-public\" namespace");
    let ca = ctx.read(&format!("{}/ca.crt", settings.certs_dir())).unwrap_or_default();
    let config = format!(
        "apiVersion: v1\nclusters:\n- cluster:\n    certificate-authority-data: {}\n    server: https://{}\n  \
         name: \"\"\ncontexts: null\ncurrent-context: \"\"\nkind: Config\nusers: null\n",
        STANDARD.encode(ca),
        settings.endpoint()
    );
    apply_all(api, CLUSTER_INFO, |map| object::set(map, &["data"], json!({"kubeconfig": config})))
        .map_err(&fail)
}

/// Files of the control plane that machines share, below the certificate folder.
pub(super) const SHARED: &[&str] = &[
    "ca.crt",
    "ca.key",
    "front-proxy-ca.crt",
    "front-proxy-ca.key",
    "sa.key",
    "sa.pub",
    "etcd/ca.crt",
    "etcd/ca.key",
];

/// A fresh key for them: 64 hex digits.
pub(super) fn certificate_key(ctx: &Ctx<'_>) -> String {
    ctx.world(|world| world.chance.hex(64))
}

fn cipher(key: &str) -> Option<aead::LessSafeKey> {
    let bytes: Option<Vec<u8>> =
        (0..key.len() / 2).map(|at| u8::from_str_radix(key.get(at * 2..at * 2 + 2)?, 16).ok()).collect();
    aead::UnboundKey::new(&aead::AES_256_GCM, &bytes?).ok().map(aead::LessSafeKey::new)
}

/// The phase `upload-certs`.
///
/// # Errors
/// A key that is none, or the server's refusal.
pub(super) fn certificates(ctx: &Ctx<'_>, api: &Api<'_>, settings: &Settings, key: &str) -> Done {
    let fail = in_phase("upload-certs");
    let wrong =
        || Failure::in_phase("upload-certs", "error decoding certificate key: encoding/hex: invalid key");
    ctx.say("[upload-certs] Storing the certificates in Secret \"kubeadm-certs\" in the \"kube-system\" Namespace");
    let sealer = cipher(key).ok_or_else(wrong)?;
    let mut data = Map::new();
    for file in SHARED {
        let Some(content) = ctx.read(&format!("{}/{file}", settings.certs_dir())) else { continue };
        let nonce: Vec<u8> = ctx.world(|world| world.chance.bytes(aead::NONCE_LEN));
        let unique = aead::Nonce::try_assume_unique_for_key(&nonce).map_err(|_| wrong())?;
        let mut sealed = content.into_bytes();
        sealer.seal_in_place_append_tag(unique, aead::Aad::empty(), &mut sealed).map_err(|_| wrong())?;
        data.insert(file.replace('/', "-").into(), STANDARD.encode([nonce, sealed].concat()).into());
    }
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
        "metadata": {"name": "kubeadm-certs", "namespace": "kube-system"}, "data": data,
    });
    api.apply(&secret).map_err(&fail)?;
    for object in yaml::documents(CERTS_RBAC).unwrap_or_default() {
        api.apply(&object).map_err(&fail)?;
    }
    if !ctx.flags.on("skip-certificate-key-print") {
        ctx.say(format!("[upload-certs] Using certificate key:\n{key}"));
    }
    Ok(())
}

/// Who may read the certificates: machines that join.
const CERTS_RBAC: &str = "
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: 'kubeadm:kubeadm-certs', namespace: kube-system}
rules:
- {apiGroups: [''], resources: [secrets], resourceNames: [kubeadm-certs], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: 'kubeadm:kubeadm-certs', namespace: kube-system}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: 'kubeadm:kubeadm-certs'}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: Group, name: 'system:bootstrappers:kubeadm:default-node-token'}
";

/// Fetches the shared files with their key.
///
/// # Errors
/// kubeadm's sentence when the Secret is gone or the key is another.
pub(super) fn download(ctx: &Ctx<'_>, api: &Api<'_>, settings: &Settings, key: &str) -> Result<(), String> {
    let secret = api.get("/api/v1/namespaces/kube-system/secrets/kubeadm-certs").map_err(|why| {
        format!(
            "error downloading certs: error downloading the secret: Secret \"kubeadm-certs\" was not found in the \
             \"kube-system\" Namespace. This Secret might have expired. Please, run `kubeadm init phase upload-certs \
             --upload-certs` on a control plane to generate a new one: {why}"
        )
    })?;
    let opener = cipher(key).ok_or("error decoding certificate key: encoding/hex: invalid key")?;
    for file in SHARED {
        let sealed = STANDARD.decode(text(&secret, &format!("/data/{}", file.replace('/', "-"))));
        let sealed = sealed.unwrap_or_default();
        let opened = sealed.split_at_checked(aead::NONCE_LEN).and_then(|(nonce, body)| {
            let nonce = aead::Nonce::try_assume_unique_for_key(nonce).ok()?;
            let mut body = body.to_vec();
            let plain = opener.open_in_place(nonce, aead::Aad::empty(), &mut body).ok()?;
            String::from_utf8(plain.to_vec()).ok()
        });
        let Some(content) = opened else {
            return Err(
                "error downloading certs: error decoding secret data with provided key: cipher: message \
                        authentication failed"
                    .into(),
            );
        };
        let mode = if file.ends_with(".crt") { 0o644 } else { 0o600 };
        ctx.write(&format!("{}/{file}", settings.certs_dir()), &content, mode);
    }
    Ok(())
}
