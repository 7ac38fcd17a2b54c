//! `kubeadm upgrade plan`.

use super::cluster;
use crate::cluster::templates::release;
use crate::tools::kubeadm::api::Api;
use crate::tools::kubeadm::ctx::{Ctx, Done, Failure};
use crate::tools::kubeadm::versions::{self, Version};
use crate::tools::kubectl::columns;

/// An upgrade that can be had.
struct Possible {
    /// Behind `Upgrade to the latest`.
    about: String,
    to: String,
}

/// `kubeadm upgrade plan [VERSION]`.
pub(in crate::tools::kubeadm) async fn run(ctx: &Ctx<'_>) -> Done {
    let api = cluster::connect(ctx, cluster::kubeconfig(ctx))?;
    ctx.say("[preflight] Running pre-flight checks.");
    ctx.say("[upgrade/config] Reading configuration from the \"kubeadm-config\" ConfigMap in namespace \"kube-system\"...");
    ctx.say("[upgrade/config] Use 'kubeadm init phase upload-config kubeadm --config your-config-file' to re-upload it.");
    let settings = crate::tools::kubeadm::settings::of_cluster(ctx, &api);
    settings.map_err(|why| Failure::new(format!("[upgrade/config] FATAL: {why}")))?;
    cluster::check_health(ctx, &api)?;
    ctx.say("[upgrade] Fetching available versions to upgrade to");
    let running = cluster::version(&api)?;
    let (own_text, now) = (ctx.version(), versions::parse(&running).map_err(Failure::new)?);
    let own = versions::parse(&own_text).map_err(Failure::new)?;
    ctx.say(format!("[upgrade/versions] Cluster version: {}", running.trim_start_matches('v')));
    ctx.say(format!("[upgrade/versions] kubeadm version: {own_text}"));
    let possible = find(ctx, now, own)?;
    for it in &possible {
        print_one(ctx, &api, it, now, own);
    }
    if !possible.is_empty() {
        ctx.say(CONFIGS);
    }
    Ok(())
}

fn find(ctx: &Ctx<'_>, now: Version, own: Version) -> Result<Vec<Possible>, Failure> {
    let series = format!("version in the v1.{} series", now.minor);
    let given = ctx.args.first().cloned();
    let stable = match &given {
        Some(text) => text.clone(),
        None => versions::resolve(ctx, "stable")?,
    };
    ctx.say(format!("[upgrade/versions] Target version: {stable}"));
    let patch = match &given {
        Some(text) => text.clone(),
        None => versions::released(&format!("stable-1.{}", now.minor)).unwrap_or(now).to_string(),
    };
    ctx.say(format!("[upgrade/versions] Latest {series}: {patch}"));
    let newer = |text: &str| versions::parse(text).is_ok_and(|it| it > now);
    let mut all = Vec::new();
    if newer(&patch) {
        all.push(Possible { about: series, to: patch });
    }
    let further = versions::parse(&stable).is_ok_and(|it| it.minor > now.minor && it.minor <= own.minor);
    if given.is_none() && further {
        all.push(Possible { about: "stable version".into(), to: stable });
    }
    Ok(all)
}

fn print_one(ctx: &Ctx<'_>, api: &Api<'_>, it: &Possible, now: Version, own: Version) {
    let target = release::of(&ctx.version());
    ctx.say(
        "\nComponents that must be upgraded manually after you have upgraded the control plane with 'kubeadm upgrade \
         apply':",
    );
    let mut text = "COMPONENT\tNODE\tCURRENT\tTARGET\n".to_owned();
    for (node, version) in cluster::kubelets(api) {
        text.push_str(&format!("kubelet\t{node}\t{version}\t{}\n", it.to));
    }
    ctx.proc.print(columns(&text, 10, 3));
    ctx.say(format!("\nUpgrade to the latest {}:\n", it.about));
    let mut text = "COMPONENT\tNODE\tCURRENT\tTARGET\n".to_owned();
    for component in ["kube-apiserver", "kube-controller-manager", "kube-scheduler"] {
        for (node, version) in cluster::static_pods(api, component) {
            text.push_str(&format!("{component}\t{node}\t{version}\t{}\n", it.to));
        }
    }
    let proxy = cluster::addon(api, "daemonsets/kube-proxy");
    let dns = cluster::addon(api, "deployments/coredns");
    text.push_str(&format!("kube-proxy\t\t{}\t{}\n", proxy.trim_start_matches('v'), it.to));
    text.push_str(&format!("CoreDNS\t\t{dns}\t{}\n", target.coredns));
    for (node, version) in cluster::static_pods(api, "etcd") {
        text.push_str(&format!("etcd\t{node}\t{version}\t{}\n", target.etcd));
    }
    ctx.proc.print(columns(&text, 10, 3));
    ctx.say(format!(
        "\nYou can now apply the upgrade by executing the following command:\n\n\tkubeadm upgrade apply {}\n",
        it.to
    ));
    let needs_kubeadm = versions::parse(&it.to).is_ok_and(|to| to > own && to > now);
    if needs_kubeadm {
        ctx.say(format!(
            "Note: Before you can perform this upgrade, you have to update kubeadm to {}.\n",
            it.to
        ));
    }
    ctx.say("_____________________________________________________________________");
}

const CONFIGS: &str = "

The table below shows the current state of component configs as understood by this version of kubeadm.
Configs that have a \"yes\" mark in the \"MANUAL UPGRADE REQUIRED\" column require manual config upgrade or
resetting to kubeadm defaults before a successful upgrade can be performed. The version to manually
upgrade to is denoted in the \"PREFERRED VERSION\" column.

API GROUP                 CURRENT VERSION   PREFERRED VERSION   MANUAL UPGRADE REQUIRED
kubeproxy.config.k8s.io   v1alpha1          v1alpha1            no
kubelet.config.k8s.io     v1beta1           v1beta1             no
_____________________________________________________________________
";
