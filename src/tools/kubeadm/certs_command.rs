//! `kubeadm certs` and `kubeadm kubeconfig user`.

use super::api::{self, Api};
use super::certs::{self, Facts};
use super::ctx::{Ctx, Done, Failure};
use super::kubeconfigs;
use super::settings::{self, Settings};
use super::tokens::short_duration;
use super::upload;
use crate::apimachinery::go;
use crate::apimachinery::json::{Value, json};
use crate::hosts::certificates;
use crate::tools::kubectl::columns;

/// A certificate as `certs` commands know it: name, what it is, and which authority signs it.
struct Managed {
    name: &'static str,
    about: &'static str,
    authority: &'static str,
}

fn managed() -> Vec<Managed> {
    let files = certs::ROWS.iter().filter(|it| !it.authority.is_empty()).map(|it| Managed {
        name: it.name,
        about: it.about,
        authority: authority_name(it.authority),
    });
    let configs = kubeconfigs::ROWS.iter().filter(|it| !it.about.is_empty());
    let configs = configs.map(|it| Managed { name: it.file, about: it.about, authority: "ca" });
    let mut all: Vec<Managed> = files.chain(configs).collect();
    all.sort_by_key(|it| it.name);
    all
}

fn authority_name(file: &str) -> &'static str {
    certs::ROWS.iter().find(|it| it.file == file).map_or("ca", |it| it.name)
}

/// The configuration of `--config`, of the cluster, or the defaults.
fn configuration(ctx: &Ctx<'_>, head: &str) -> Result<Settings, Failure> {
    let mut settings = if ctx.flags.given("config") { settings::load(ctx)? } else { defaults(ctx) };
    if !ctx.flags.given("config")
        && let Ok(api) = Api::with(ctx, ctx.flags.text("kubeconfig"))
    {
        ctx.say(format!(
            "[{head}] Reading configuration from the \"kubeadm-config\" ConfigMap in namespace \"kube-system\"..."
        ));
        ctx.say(format!(
            "[{head}] Use 'kubeadm init phase upload-config kubeadm --config your-config-file' to re-upload it."
        ));
        match settings::of_cluster(ctx, &api) {
            Ok(found) => settings = found,
            Err(why) => {
                let message = format!(
                    "[{head}] Error reading configuration from the Cluster. Falling back to default configuration: {why}"
                );
                ctx.klog('W', "renew.go:305", &message);
            }
        }
        ctx.say("");
    }
    if let Some(folder) = ctx.given("cert-dir") {
        crate::apimachinery::object::set(&mut settings.cluster, &["certificatesDir"], ctx.proc.path(folder));
    }
    Ok(settings)
}

fn defaults(ctx: &Ctx<'_>) -> Settings {
    let address = ctx.host(|it| it.address.clone()).unwrap_or_default();
    let name = ctx.host(|it| it.name.to_lowercase()).unwrap_or_default();
    Settings {
        init: settings::default_init("", &address, &name, Value::Null),
        cluster: settings::default_cluster(&ctx.version()),
        kubelet: Value::Null,
        proxy: Value::Null,
    }
}

fn stored(ctx: &Ctx<'_>, settings: &Settings, name: &str) -> Option<Facts> {
    let pem = if name.ends_with(".conf") {
        kubeconfigs::certificate_of(&ctx.read(&format!("{}/{name}", kubeconfigs::FOLDER))?)?
    } else {
        ctx.read(&format!("{}/{}.crt", settings.certs_dir(), certs::named(name)?.file))?
    };
    certs::facts(&pem)
}

/// True when the key of an authority is kept elsewhere.
fn is_external(ctx: &Ctx<'_>, settings: &Settings, authority: &str) -> bool {
    let file = certs::named(authority).map_or("ca", |it| it.file);
    let path = format!("{}/{file}", settings.certs_dir());
    ctx.exists(&format!("{path}.crt")) && !ctx.exists(&format!("{path}.key"))
}

/// `kubeadm certs check-expiration`.
pub(super) fn check_expiration(ctx: &Ctx<'_>) -> Done {
    let settings = configuration(ctx, "check-expiration")?;
    let authorities: Vec<&certs::Row> = certs::ROWS.iter().filter(|it| it.authority.is_empty()).collect();
    if ctx.flags.text("output") != "text" {
        return as_object(ctx, &settings, &authorities);
    }
    let mut text =
        "CERTIFICATE\tEXPIRES\tRESIDUAL TIME\tCERTIFICATE AUTHORITY\tEXTERNALLY MANAGED\n".to_owned();
    for row in managed() {
        text.push_str(&match stored(ctx, &settings, row.name) {
            Some(facts) => {
                let external = if is_external(ctx, &settings, row.authority) { "yes" } else { "no" };
                let (date, left) = when(ctx, &facts);
                format!("{}\t{date}\t{left}\t{}\t{external}\t\n", row.name, row.authority)
            }
            None => format!("!MISSING! {}\t\t\t\t\t\n", row.name),
        });
    }
    text.push_str("\nCERTIFICATE AUTHORITY\tEXPIRES\tRESIDUAL TIME\tEXTERNALLY MANAGED\n");
    let mut sorted = authorities;
    sorted.sort_by_key(|it| it.name);
    for row in sorted {
        text.push_str(&match stored(ctx, &settings, row.name) {
            Some(facts) => {
                let external = if is_external(ctx, &settings, row.name) { "yes" } else { "no" };
                let (date, left) = when(ctx, &facts);
                format!("{}\t{date}\t{left}\t{external}\t\n", row.name)
            }
            None => format!("!MISSING! {}\t\t\t\t\n", row.name),
        });
    }
    ctx.proc.print(columns(&text, 8, 3));
    Ok(())
}

fn when(ctx: &Ctx<'_>, facts: &Facts) -> (String, String) {
    let left = facts.not_after - ctx.now().unix_s();
    let shown = u64::try_from(left)
        .map_or("<invalid>".to_owned(), |it| short_duration(std::time::Duration::from_secs(it)));
    (certs::shown_date(facts.not_after), shown)
}

fn as_object(ctx: &Ctx<'_>, settings: &Settings, authorities: &[&certs::Row]) -> Done {
    let one = |name: &str, signer: &str| {
        let facts = stored(ctx, settings, name);
        let end = facts.as_ref().map_or(0, |it| it.not_after);
        let mut row = json!({
            "name": name, "missing": facts.is_none(),
            "externallyManaged": is_external(ctx, settings, if signer.is_empty() { name } else { signer }),
            "expirationDate": crate::sim::SimTime::from_unix_s(end).rfc3339(),
            "residualTime": (end - ctx.now().unix_s()).max(0),
        });
        if !signer.is_empty() {
            crate::apimachinery::object::set(&mut row, &["caName"], signer);
        }
        row
    };
    let object = json!({
        "kind": "CertificateExpirationInfo", "apiVersion": "output.kubeadm.k8s.io/v1alpha3",
        "certificates": managed().iter().map(|it| one(it.name, it.authority)).collect::<Vec<_>>(),
        "certificateAuthorities": authorities.iter().map(|it| one(it.name, "")).collect::<Vec<_>>(),
    });
    match ctx.flags.text("output") {
        "json" => ctx.say(crate::apimachinery::go::json_indent(&object, "    ")),
        _ => ctx.proc.print(crate::apimachinery::yaml::to_string(&object)),
    }
    Ok(())
}

/// `kubeadm certs renew NAME` and `all`.
pub(super) fn renew(ctx: &Ctx<'_>) -> Done {
    let wanted = ctx.path.trim_start_matches("certs renew ");
    let settings = configuration(ctx, "renew")?;
    for row in managed().iter().filter(|it| wanted == "all" || it.name == wanted) {
        if stored(ctx, &settings, row.name).is_none() {
            ctx.say(format!("MISSING! {}", row.about));
            continue;
        }
        if is_external(ctx, &settings, row.authority) {
            ctx.say(format!("Detected external {}, {} can't be renewed", row.authority, row.about));
            continue;
        }
        if !renew_one(ctx, &settings, row.name) {
            return Err(Failure::new(format!("failed to renew certificate {}", row.name)));
        }
        ctx.say(format!("{} renewed", row.about));
    }
    if wanted == "all" {
        ctx.say(
            "\nDone renewing certificates. You must restart the kube-apiserver, kube-controller-manager, kube-scheduler \
             and etcd, so that they can use the new certificates.",
        );
    }
    Ok(())
}

/// Renews a certificate by the name that commands have for it.
pub(super) fn renew_one(ctx: &Ctx<'_>, settings: &Settings, name: &str) -> bool {
    let life = certs::leaf_life(settings);
    if name.ends_with(".conf") {
        return kubeconfigs::renew(ctx, settings, name, life);
    }
    certs::named(name).is_some_and(|row| certs::renew(ctx, settings.certs_dir(), row, life))
}

/// `kubeadm certs certificate-key`.
pub(super) fn certificate_key(ctx: &Ctx<'_>) -> Done {
    ctx.say(upload::certificate_key(ctx));
    Ok(())
}

/// The order in which the real one makes keys and requests.
const REQUESTS: &[&str] = &[
    "front-proxy-client",
    "apiserver",
    "apiserver-kubelet-client",
    "etcd-peer",
    "etcd-healthcheck-client",
    "apiserver-etcd-client",
    "etcd-server",
];

/// `kubeadm certs generate-csr`.
pub(super) fn generate_requests(ctx: &Ctx<'_>) -> Done {
    let settings = if ctx.flags.given("config") { settings::load(ctx)? } else { defaults(ctx) };
    let folder = ctx.proc.path(ctx.flags.text("cert-dir"));
    ctx.say(format!("generating keys and CSRs in {folder}"));
    for row in REQUESTS.iter().filter_map(|name| certs::named(name)) {
        let facts = certs::facts_for(row, &settings);
        let key = certs::new_key(ctx);
        let spec = certs::leaf_spec(ctx, certs::leaf_life(&settings), &facts, row.usage);
        let request = certificates::request(&spec, key).map_err(|why| Failure::new(why.to_string()))?;
        ctx.write(&format!("{folder}/{}.key", row.file), key, 0o600);
        ctx.write(&format!("{folder}/{}.csr", row.file), &request, 0o600);
        ctx.say(format!("  {}", row.file));
    }
    let folder = ctx.proc.path(ctx.flags.text("kubeconfig-dir"));
    ctx.say(format!("generating keys and CSRs in {folder}"));
    for row in kubeconfigs::ROWS {
        let key = certs::new_key(ctx);
        let user = kubeconfigs::user_of(row, &settings);
        let facts = Facts {
            common_name: user.clone(),
            organizations: vec![row.organization.into()],
            ..Facts::default()
        };
        let spec = certs::leaf_spec(ctx, certs::leaf_life(&settings), &facts, certificates::Usage::Client);
        let request = certificates::request(&spec, key).map_err(|why| Failure::new(why.to_string()))?;
        let pair = certificates::Pair { certificate: String::new(), key: key.to_owned() };
        let server = format!("https://{}", settings.endpoint());
        let text =
            kubeconfigs::text("", &server, settings.of("/clusterName"), &user, &kubeconfigs::embedded(&pair));
        ctx.write(&format!("{folder}/{}", row.file), &text, 0o600);
        ctx.write(&format!("{folder}/{}.csr", row.file), &request, 0o600);
        ctx.say(format!("  {}", row.file));
    }
    Ok(())
}

/// `kubeadm kubeconfig user`.
pub(super) fn user(ctx: &Ctx<'_>) -> Done {
    let Some(name) = ctx.given("client-name") else {
        return Err(Failure::new("required flag(s) \"client-name\" not set"));
    };
    let mut settings = if ctx.flags.given("config") { settings::load(ctx)? } else { defaults(ctx) };
    if !ctx.flags.given("config")
        && let Ok(api) = Api::with(ctx, api::ADMIN)
        && let Ok(found) = settings::of_cluster(ctx, &api)
    {
        settings = found;
    }
    let server = format!("https://{}", settings.endpoint());
    let cluster = settings.of("/clusterName").to_owned();
    if let Some(token) = ctx.given("token") {
        let ca = certs::load_authority(ctx, settings.certs_dir(), "ca")?;
        let fields = format!("    token: {token}\n");
        ctx.proc.print(kubeconfigs::text(&ca.certificate, &server, &cluster, name, &fields));
        return Ok(());
    }
    let nanoseconds = go::duration(ctx.flags.text("validity-period")).unwrap_or(0);
    let life = std::time::Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(0));
    let (pair, ca) = kubeconfigs::issue(ctx, &settings, name, &ctx.flags.list("org"), life)?;
    let fields = kubeconfigs::embedded(&pair);
    ctx.proc.print(kubeconfigs::text(&ca.certificate, &server, &cluster, name, &fields));
    Ok(())
}
