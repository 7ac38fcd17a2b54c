//! `kubeadm upgrade apply`: the first control plane of a cluster.

use super::node::kubelet_config;
use super::{cluster, policy, static_pods};
use crate::apimachinery::object;
use crate::tools::kubeadm::ctx::{Ctx, Done, Failure};
use crate::tools::kubeadm::settings::Settings;
use crate::tools::kubeadm::upload::in_phase;
use crate::tools::kubeadm::{addons, certs_command, preflight, reset, settings, upload, versions};

/// `kubeadm upgrade apply VERSION`.
pub(in crate::tools::kubeadm) async fn run(ctx: &Ctx<'_>) -> Done {
    let Some(wanted) = ctx.args.first() else {
        return Err(Failure::new("missing one or more required arguments. Required arguments: [version]"));
    };
    let api = cluster::connect(ctx, cluster::kubeconfig(ctx))?;
    let mut settings = read_settings(ctx, &api)?;
    ctx.say("[upgrade/preflight] Running preflight checks");
    cluster::check_health(ctx, &api)?;
    check_version(ctx, &api, wanted)?;
    let version = format!("v{}", wanted.trim_start_matches('v'));
    if !ctx.flags.on("yes") && !ctx.flags.on("force") {
        reset::confirm(ctx, "upgrade").await?;
    }
    object::set(&mut settings.cluster, &["kubernetesVersion"], version.as_str());
    preflight::pull(ctx, &settings, "upgrade/preflight").await?;
    ctx.say(format!(
        "[upgrade/control-plane] Upgrading your static Pod-hosted control plane to version {version:?} (timeout: 5m0s)..."
    ));
    static_pods::upgrade(ctx, &settings).await?;
    ctx.say("[upgrade/control-plane] The control plane instance for this node was successfully upgraded!");
    let fail = in_phase("upload-config");
    upload::cluster_config(ctx, &api, &settings).map_err(&fail)?;
    upload::kubelet_config(ctx, &api, &settings).map_err(&fail)?;
    renew_admins(ctx, &settings);
    kubelet_config(ctx, &api)?;
    ctx.say("[upgrade/bootstrap-token] Configuring bootstrap token and cluster-info RBAC rules");
    upload::bootstrap_rules(ctx, &api).map_err(in_phase("bootstrap-token"))?;
    addons::coredns(ctx, &api, &settings).map_err(in_phase("addon/coredns"))?;
    addons::kube_proxy(ctx, &api, &settings).map_err(in_phase("addon/kube-proxy"))?;
    ctx.say(format!(
        "\n[upgrade] SUCCESS! A control plane node of your cluster was upgraded to {version:?}."
    ));
    ctx.say(
        "\n[upgrade] Now please proceed with upgrading the rest of the nodes by following the right order.",
    );
    Ok(())
}

/// Reads the cluster's configuration.
///
/// # Errors
/// Why it cannot be read.
pub(super) fn read_settings(
    ctx: &Ctx<'_>,
    api: &crate::tools::kubeadm::api::Api<'_>,
) -> Result<Settings, Failure> {
    ctx.say("[upgrade] Reading configuration from the \"kubeadm-config\" ConfigMap in namespace \"kube-system\"...");
    ctx.say(
        "[upgrade] Use 'kubeadm init phase upload-config kubeadm --config your-config-file' to re-upload it.",
    );
    settings::of_cluster(ctx, api).map_err(|why| Failure::in_phase("preflight", why))
}

fn check_version(ctx: &Ctx<'_>, api: &crate::tools::kubeadm::api::Api<'_>, wanted: &str) -> Done {
    let named = format!("v{}", wanted.trim_start_matches('v'));
    let in_preflight = |why: String| Failure::in_phase("preflight", why);
    let own_text = ctx.version();
    let own = versions::parse(&own_text).map_err(in_preflight)?;
    let new = versions::parse(&named)
        .map_err(|why| in_preflight(format!("couldn't parse Kubernetes version {named:?}: {why}")))?;
    if new.minor + 1 < own.minor {
        return Err(in_preflight(versions::too_old(own, &named)));
    }
    ctx.say(format!("[upgrade/preflight] You have chosen to upgrade the cluster version to {named:?}"));
    let running = cluster::version(api)?;
    let now = versions::parse(&running).map_err(in_preflight)?;
    ctx.say(format!("[upgrade/versions] Cluster version: {running}"));
    ctx.say(format!("[upgrade/versions] kubeadm version: {own_text}"));
    let kubelets = cluster::kubelets(api);
    policy::check(&named, now, (&own_text, own), &kubelets, ctx.flags.on("force"))
}

/// The kubeconfigs of the admins get new certificates.
pub(super) fn renew_admins(ctx: &Ctx<'_>, settings: &Settings) {
    if ctx.flags.on("certificate-renewal") {
        for file in ["admin.conf", "super-admin.conf"] {
            certs_command::renew_one(ctx, settings, file);
        }
    }
    ctx.say("[upgrade/kubeconfig] The kubeconfig files for this node were successfully upgraded!");
}
