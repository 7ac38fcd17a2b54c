//! CoreDNS and kube-proxy.

use super::api::{Api, Refusal};
use super::ctx::Ctx;
use super::settings::{self, Settings};
use super::{images, kubelet_files};
use crate::apimachinery::json::Value;
use crate::apimachinery::object::{self, text};
use crate::apimachinery::yaml;
use crate::cluster::templates::release;

const COREDNS: &str = include_str!("../../../assets/kubeadm/objects/coredns.yaml");
const KUBE_PROXY: &str = include_str!("../../../assets/kubeadm/objects/kube-proxy.yaml");

/// Deploys CoreDNS. A Corefile that somebody changed stays.
pub(super) fn coredns(ctx: &Ctx<'_>, api: &Api<'_>, settings: &Settings) -> Result<(), Refusal> {
    if object::flag(&settings.cluster, "/dns/disabled") {
        return Ok(());
    }
    let domain = settings.of("/networking/dnsDomain");
    let recorded = release::text(COREDNS, &ctx.version())
        .replace("cluster.local", domain)
        .replace("10.96.0.10", &kubelet_files::dns_address(settings))
        .replace("registry.k8s.io/coredns/coredns", &images::coredns(settings));
    for object in yaml::documents(&recorded).unwrap_or_default() {
        let kept = matches!(text(&object, "/kind"), "ConfigMap" | "Service");
        match if kept { api.create(&object) } else { api.apply(&keep_replicas(api, object)) } {
            Err(refusal) if !kept || !(refusal.is_conflict() || is_taken(&refusal)) => return Err(refusal),
            _ => {}
        }
    }
    ctx.say("[addons] Applied essential addon: CoreDNS");
    Ok(())
}

fn is_taken(refusal: &Refusal) -> bool {
    refusal.to_string().contains("already allocated")
}

/// How often CoreDNS runs is the cluster's own choice once it runs.
fn keep_replicas(api: &Api<'_>, mut object: Value) -> Value {
    if text(&object, "/kind") == "Deployment"
        && let Ok(stored) = api.get("/apis/apps/v1/namespaces/kube-system/deployments/coredns")
        && let Some(replicas) = object::int(&stored, "/spec/replicas")
    {
        object::set(&mut object, &["spec", "replicas"], replicas);
    }
    object
}

/// Deploys kube-proxy.
pub(super) fn kube_proxy(ctx: &Ctx<'_>, api: &Api<'_>, settings: &Settings) -> Result<(), Refusal> {
    if object::flag(&settings.cluster, "/proxy/disabled") {
        return Ok(());
    }
    let endpoint = settings.endpoint();
    let recorded = release::text(KUBE_PROXY, settings.version())
        .replace("https://{{ADDRESS}}:6443", &format!("https://{endpoint}"))
        .replace("registry.k8s.io", settings.of("/imageRepository"));
    for mut object in yaml::documents(&recorded).unwrap_or_default() {
        if text(&object, "/kind") == "ConfigMap" {
            configure(settings, &mut object);
        }
        api.apply(&object)?;
    }
    ctx.say("[addons] Applied essential addon: kube-proxy");
    Ok(())
}

fn configure(settings: &Settings, map: &mut Value) {
    let Ok(mut config) = yaml::document(text(map, "/data/config.conf")) else { return };
    object::set(&mut config, &["clusterCIDR"], settings.of("/networking/podSubnet"));
    if !settings.proxy.is_null() {
        settings::overlay(&mut config, &settings.proxy);
    }
    object::set(map, &["data", "config.conf"], yaml::to_string(&config).trim_end());
}
