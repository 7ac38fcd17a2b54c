//! `kubeadm config`.

use super::ctx::{Ctx, Done, Failure};
use super::images;
use super::kubelet_files;
use super::schema;
use super::settings::{self, Settings};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::{self, text};
use crate::apimachinery::yaml;

const KUBE_PROXY: &str = include_str!("../../../assets/kubeadm/objects/kube-proxy.yaml");

/// The token of printed defaults.
const TOKEN: &str = "abcdef.0123456789abcdef";

fn print_all(ctx: &Ctx<'_>, documents: &[Value]) {
    let texts: Vec<String> = documents.iter().map(yaml::to_string).collect();
    ctx.proc.print(texts.join("---\n"));
}

/// `kubeadm config print init-defaults`.
pub(super) fn init_defaults(ctx: &Ctx<'_>) -> Done {
    let init = settings::default_init(TOKEN, "1.2.3.4", "node", Value::Null);
    let cluster = settings::default_cluster("1.36.0");
    let mut all = vec![init.clone(), cluster.clone()];
    let settings = Settings { init, cluster, kubelet: Value::Null, proxy: Value::Null };
    for kind in ctx.flags.list("component-configs") {
        all.push(match kind.as_str() {
            "KubeletConfiguration" => kubelet_files::config(&settings),
            "KubeProxyConfiguration" => proxy_defaults(),
            other => return Err(Failure::new(format!("{other:?} is not a supported component config kind"))),
        });
    }
    print_all(ctx, &all);
    Ok(())
}

fn proxy_defaults() -> Value {
    let recorded = yaml::documents(KUBE_PROXY).unwrap_or_default();
    let map = recorded.iter().find(|it| text(it, "/kind") == "ConfigMap").cloned().unwrap_or_default();
    let mut config = yaml::document(text(&map, "/data/config.conf")).unwrap_or_default();
    object::set(&mut config, &["clusterCIDR"], "");
    config
}

/// `kubeadm config print join-defaults`.
pub(super) fn join_defaults(ctx: &Ctx<'_>) -> Done {
    let name = ctx.host(|it| it.name.to_lowercase()).unwrap_or_default();
    let config = json!({
        "apiVersion": schema::VERSION, "kind": "JoinConfiguration", "caCertPath": "/etc/kubernetes/pki/ca.crt",
        "discovery": {
            "bootstrapToken": {
                "apiServerEndpoint": "kube-apiserver:6443", "token": TOKEN, "unsafeSkipCAVerification": true,
            },
            "tlsBootstrapToken": TOKEN,
        },
        "nodeRegistration": {
            "criSocket": settings::CRI_SOCKET, "imagePullPolicy": "IfNotPresent", "imagePullSerial": true,
            "name": name, "taints": null,
        },
        "timeouts": settings::default_timeouts(),
    });
    print_all(ctx, &[config]);
    Ok(())
}

/// `kubeadm config print reset-defaults`.
pub(super) fn reset_defaults(ctx: &Ctx<'_>) -> Done {
    let config = json!({
        "apiVersion": schema::VERSION, "kind": "ResetConfiguration", "certificatesDir": "/etc/kubernetes/pki",
        "criSocket": settings::CRI_SOCKET, "timeouts": settings::default_timeouts(),
    });
    print_all(ctx, &[config]);
    Ok(())
}

/// `kubeadm config print upgrade-defaults`.
pub(super) fn upgrade_defaults(ctx: &Ctx<'_>) -> Done {
    let part = json!({
        "certificateRenewal": true, "etcdUpgrade": true, "imagePullPolicy": "IfNotPresent", "imagePullSerial": true,
    });
    let config = json!({
        "apiVersion": schema::VERSION, "kind": "UpgradeConfiguration", "apply": part, "diff": {}, "node": part,
        "plan": {"etcdUpgrade": true}, "timeouts": settings::default_timeouts(),
    });
    print_all(ctx, &[config]);
    Ok(())
}

/// `kubeadm config validate`.
pub(super) fn validate(ctx: &Ctx<'_>) -> Done {
    let Some(path) = ctx.given("config") else {
        return Err(Failure::new("the --config flag is mandatory"));
    };
    schema::documents(ctx, path, true)?;
    ctx.say("ok");
    Ok(())
}

/// `kubeadm config migrate`.
pub(super) fn migrate(ctx: &Ctx<'_>) -> Done {
    let Some(path) = ctx.given("old-config") else {
        return Err(Failure::new("the --old-config flag is mandatory"));
    };
    let documents = schema::documents(ctx, path, false)?;
    let address = ctx.host(|it| it.address.clone()).unwrap_or_default();
    let name = ctx.host(|it| it.name.to_lowercase()).unwrap_or_default();
    let token = settings::new_token(ctx);
    let mut init = settings::default_init(&token, &address, &name, settings::control_plane_taint());
    let mut cluster = settings::default_cluster(&ctx.version());
    let mut others = Vec::new();
    for document in documents {
        match text(&document, "/kind") {
            "InitConfiguration" => settings::overlay(&mut init, &document),
            "ClusterConfiguration" => settings::overlay(&mut cluster, &document),
            _ => others.push(document),
        }
    }
    let all: Vec<Value> = [init, cluster].into_iter().chain(others).collect();
    match ctx.given("new-config") {
        Some(path) => {
            let texts: Vec<String> = all.iter().map(yaml::to_string).collect();
            ctx.write(&ctx.proc.path(path), &texts.join("---\n"), 0o600);
        }
        None => print_all(ctx, &all),
    }
    Ok(())
}

fn wanted(ctx: &Ctx<'_>) -> Result<Settings, Failure> {
    settings::load(ctx)
        .map_err(|why| Failure::new(format!("could not convert cfg to an internal cfg: {}", why.sentence)))
}

/// `kubeadm config images list`.
pub(super) fn list_images(ctx: &Ctx<'_>) -> Done {
    let all = images::all(ctx, &wanted(ctx)?);
    match ctx.flags.text("output") {
        "json" => {
            let object =
                json!({"kind": "Images", "apiVersion": "output.kubeadm.k8s.io/v1alpha3", "images": all});
            ctx.say(crate::apimachinery::go::json_indent(&object, "    "));
        }
        "yaml" => {
            let object =
                json!({"kind": "Images", "apiVersion": "output.kubeadm.k8s.io/v1alpha3", "images": all});
            ctx.proc.print(yaml::to_string(&object));
        }
        _ => all.iter().for_each(|it| ctx.say(it)),
    }
    Ok(())
}

/// `kubeadm config images pull`.
pub(super) async fn pull_images(ctx: &Ctx<'_>) -> Done {
    let all = images::all(ctx, &wanted(ctx)?);
    images::pull(ctx, &all, |image| ctx.say(format!("[config/images] Pulled {image}"))).await
}
