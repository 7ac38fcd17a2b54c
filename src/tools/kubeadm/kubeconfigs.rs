//! The kubeconfig files of a control plane.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::certs::{self, Facts};
use super::ctx::{Ctx, Failure};
use super::settings::Settings;
use crate::apimachinery::{object, yaml};
use crate::hosts::certificates::{self, Pair, Usage};

/// Where they stand.
pub(super) const FOLDER: &str = "/etc/kubernetes";

/// One kubeconfig.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    /// `admin.conf`.
    pub(super) file: &'static str,
    /// Common name of its certificate; a node's ends with its name.
    pub(super) user: &'static str,
    pub(super) organization: &'static str,
    /// As `certs renew` calls it; empty for the kubelet's, which renews its own.
    pub(super) about: &'static str,
    /// True when it names the API server of this machine and not the shared one.
    pub(super) local: bool,
}

/// All of them, in the order in which init writes them.
pub(super) const ROWS: &[Row] = &[
    Row {
        file: "admin.conf",
        user: "kubernetes-admin",
        organization: "kubeadm:cluster-admins",
        about: "certificate embedded in the kubeconfig file for the admin to use and for kubeadm itself",
        local: false,
    },
    Row {
        file: "super-admin.conf",
        user: "kubernetes-super-admin",
        organization: "system:masters",
        about: "certificate embedded in the kubeconfig file for the super-admin",
        local: false,
    },
    Row { file: "kubelet.conf", user: "system:node:", organization: "system:nodes", about: "", local: true },
    Row {
        file: "controller-manager.conf",
        user: "system:kube-controller-manager",
        organization: "",
        about: "certificate embedded in the kubeconfig file for the controller manager to use",
        local: true,
    },
    Row {
        file: "scheduler.conf",
        user: "system:kube-scheduler",
        organization: "",
        about: "certificate embedded in the kubeconfig file for the scheduler manager to use",
        local: true,
    },
];

/// The kubeconfig of that file name.
pub(super) fn named(file: &str) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.file == file)
}

/// A kubeconfig as text, its user's fields indented by four.
pub(super) fn text(ca: &str, server: &str, cluster: &str, user: &str, fields: &str) -> String {
    let ca = STANDARD.encode(ca);
    format!(
        "apiVersion: v1\nclusters:\n- cluster:\n    certificate-authority-data: {ca}\n    server: {server}\n  \
         name: {cluster}\ncontexts:\n- context:\n    cluster: {cluster}\n    user: {user}\n  \
         name: {user}@{cluster}\ncurrent-context: {user}@{cluster}\nkind: Config\nusers:\n- name: {user}\n  \
         user:\n{fields}"
    )
}

/// The fields of a user with a certificate in the file.
pub(super) fn embedded(pair: &Pair) -> String {
    let certificate = STANDARD.encode(pair.certificate.replace("\r\n", "\n"));
    format!(
        "    client-certificate-data: {certificate}\n    client-key-data: {}\n",
        STANDARD.encode(&pair.key)
    )
}

/// A client certificate signed by the cluster's authority.
///
/// # Errors
/// When the authority's files are missing.
pub(super) fn issue(
    ctx: &Ctx<'_>,
    settings: &Settings,
    user: &str,
    organizations: &[String],
    life: Duration,
) -> Result<(Pair, Pair), Failure> {
    let ca = certs::load_authority(ctx, settings.certs_dir(), "ca")?;
    let facts =
        Facts { common_name: user.to_owned(), organizations: organizations.to_vec(), ..Facts::default() };
    let spec = certs::leaf_spec(ctx, life, &facts, Usage::Client);
    let pair = certificates::issue(&spec, certs::new_key(ctx), &ca);
    Ok((pair.map_err(|why| Failure::new(why.to_string()))?, ca))
}

/// The user of a kubeconfig on this node.
pub(super) fn user_of(row: &Row, settings: &Settings) -> String {
    let node = if row.user.ends_with(':') { settings.node_name() } else { "" };
    format!("{}{node}", row.user)
}

/// Writes one kubeconfig unless it is there, and says so.
///
/// # Errors
/// When the authority's files are missing.
pub(super) fn ensure(ctx: &Ctx<'_>, settings: &Settings, row: &Row) -> Result<(), Failure> {
    let path = format!("{}/{}", folder(ctx), row.file);
    if ctx.exists(&path) {
        ctx.say(format!("[kubeconfig] Using existing kubeconfig file: {path:?}"));
        return Ok(());
    }
    let user = user_of(row, settings);
    let organizations: Vec<String> =
        [row.organization].iter().filter(|it| !it.is_empty()).map(|it| (*it).to_owned()).collect();
    let (pair, ca) = issue(ctx, settings, &user, &organizations, certs::leaf_life(settings))?;
    let at = if row.local { settings.local_endpoint() } else { settings.endpoint() };
    let server = format!("https://{at}");
    let cluster = settings.of("/clusterName");
    ctx.say(format!("[kubeconfig] Writing {:?} kubeconfig file", row.file));
    ctx.write(&path, &text(&ca.certificate, &server, cluster, &user, &embedded(&pair)), 0o600);
    Ok(())
}

/// Where `--kubeconfig-dir` wants the files.
fn folder(ctx: &Ctx<'_>) -> String {
    match ctx.flags.text("kubeconfig-dir") {
        "" => FOLDER.to_owned(),
        path => ctx.proc.path(path),
    }
}

/// All that init writes.
///
/// # Errors
/// The first that cannot be made.
pub(super) fn ensure_all(ctx: &Ctx<'_>, settings: &Settings) -> Result<(), Failure> {
    ctx.say(format!("[kubeconfig] Using kubeconfig folder {:?}", folder(ctx)));
    ROWS.iter().try_for_each(|row| ensure(ctx, settings, row))
}

/// The client certificate that stands in a kubeconfig.
pub(super) fn certificate_of(content: &str) -> Option<String> {
    let config = yaml::document(content).ok()?;
    let data = object::text(&config, "/users/0/user/client-certificate-data");
    String::from_utf8(STANDARD.decode(data).ok()?).ok().filter(|it| !it.is_empty())
}

/// Signs the certificate in a kubeconfig anew; true when it was done.
pub(super) fn renew(ctx: &Ctx<'_>, settings: &Settings, file: &str, life: Duration) -> bool {
    let path = format!("{FOLDER}/{file}");
    let Some(content) = ctx.read(&path) else { return false };
    let Some(facts) = certificate_of(&content).as_deref().and_then(certs::facts) else { return false };
    let Ok((pair, _)) = issue(ctx, settings, &facts.common_name, &facts.organizations, life) else {
        return false;
    };
    let Ok(mut config) = yaml::document(&content) else { return false };
    let certificate = STANDARD.encode(pair.certificate.replace("\r\n", "\n"));
    if let Some(user) = config.pointer_mut("/users/0/user") {
        object::set(user, &["client-certificate-data"], certificate);
        object::set(user, &["client-key-data"], STANDARD.encode(&pair.key));
    }
    ctx.write(&path, &yaml::to_string(&config), 0o600);
    true
}
