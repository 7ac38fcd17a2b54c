//! `kubeadm upgrade node`: workers, and further control planes.

use super::{apply, cluster, static_pods};
use crate::apimachinery::object::text;
use crate::apimachinery::yaml;
use crate::tools::kubeadm::api::{self, Api};
use crate::tools::kubeadm::ctx::{Ctx, Done, Failure};
use crate::tools::kubeadm::upload::in_phase;
use crate::tools::kubeadm::{addons, join, kubelet_files, preflight};

/// The phases in their order.
const PHASES: [&str; 6] =
    ["preflight", "control-plane", "kubeconfig", "kubelet-config", "addon/coredns", "addon/kube-proxy"];

/// `kubeadm upgrade node`.
pub(in crate::tools::kubeadm) async fn run(ctx: &Ctx<'_>) -> Done {
    let skipped = ctx.flags.list("skip-phases");
    let kept = PHASES
        .into_iter()
        .filter(|it| !skipped.iter().any(|skip| skip == it || it.starts_with(&format!("{skip}/"))));
    work(ctx, &kept.collect::<Vec<_>>()).await
}

/// `kubeadm upgrade node phase …`.
pub(in crate::tools::kubeadm) async fn phase(ctx: &Ctx<'_>) -> Done {
    let named = ctx.path.trim_start_matches("upgrade node phase ").replace(' ', "/");
    let wanted =
        PHASES.into_iter().filter(|it| *it == named || named == "addon/all" && it.starts_with("addon/"));
    work(ctx, &wanted.collect::<Vec<_>>()).await
}

async fn work(ctx: &Ctx<'_>, phases: &[&str]) -> Done {
    let control_plane = ctx.exists("/etc/kubernetes/manifests/kube-apiserver.yaml");
    let path = if control_plane { api::ADMIN } else { "/etc/kubernetes/kubelet.conf" };
    let api = cluster::connect(ctx, path)?;
    let settings = apply::read_settings(ctx, &api)?;
    if !control_plane {
        ctx.klog('W', "utils.go:69", join::BIND_ADDRESS);
    }
    for phase in phases {
        match (*phase, control_plane) {
            ("preflight", true) => {
                ctx.say("[upgrade/preflight] Running pre-flight checks");
                preflight::pull(ctx, &settings, "upgrade/preflight").await?;
            }
            ("preflight", false) => {
                ctx.say("[upgrade/preflight] Running pre-flight checks");
                ctx.say("[upgrade/preflight] Skipping prepull. Not a control plane node.");
            }
            ("control-plane", true) => {
                let version = settings.version();
                ctx.say(format!(
                    "[upgrade/control-plane] Upgrading your Static Pod-hosted control plane instance to version {version:?}..."
                ));
                static_pods::upgrade(ctx, &settings).await?;
                ctx.say("[upgrade/control-plane] The control plane instance for this node was successfully upgraded!");
            }
            ("kubeconfig", true) => apply::renew_admins(ctx, &settings),
            ("kubelet-config", _) => kubelet_config(ctx, &api)?,
            ("addon/coredns", true) => addons::coredns(ctx, &api, &settings).map_err(in_phase(phase))?,
            ("addon/kube-proxy", true) => {
                addons::kube_proxy(ctx, &api, &settings).map_err(in_phase(phase))?
            }
            (addon, false) if addon.starts_with("addon/") => {
                ctx.say(format!("[upgrade/addon] Skipping the {addon} phase. Not a control plane node."));
            }
            (phase, _) => ctx.say(format!("[upgrade/{phase}] Skipping phase. Not a control plane node.")),
        }
    }
    Ok(())
}

/// Fetches the kubelet's configuration and writes it, keeping the old file.
///
/// # Errors
/// A folder of this second that is there already, or the server's refusal.
pub(super) fn kubelet_config(ctx: &Ctx<'_>, api: &Api<'_>) -> Done {
    const CONFIG: &str = "/var/lib/kubelet/config.yaml";
    let stamp = ctx.now().strftime("%Y-%m-%d-%H-%M-%S");
    let folder = format!("/etc/kubernetes/tmp/kubeadm-kubelet-config-{stamp}");
    if ctx.exists(&folder) {
        let why = format!("could not create timestamp directory: mkdir {folder}: file exists");
        return Err(Failure::in_phase("kubelet-config", why));
    }
    let message = format!(
        "Using temporary directory {folder} for kubelet config. To override it set the environment variable \
         KUBEADM_UPGRADE_DRYRUN_DIR"
    );
    ctx.klog('W', "postupgrade.go:105", &message);
    ctx.mkdir("/etc/kubernetes/tmp", 0o700);
    ctx.mkdir(&folder, 0o700);
    ctx.say(format!("[upgrade] Backing up kubelet config file to {folder}/config.yaml"));
    ctx.write(&format!("{folder}/config.yaml"), &ctx.read(CONFIG).unwrap_or_default(), 0o644);
    let stored = api
        .get("/api/v1/namespaces/kube-system/configmaps/kubelet-config")
        .map_err(in_phase("kubelet-config"))?;
    let config = yaml::document(text(&stored, "/data/kubelet"))
        .map_err(|why| Failure::in_phase("kubelet-config", why))?;
    kubelet_files::write_config(ctx, &config, &kubelet_files::socket_of(ctx));
    ctx.say("[upgrade/kubelet-config] The kubelet configuration for this node was successfully upgraded!");
    Ok(())
}
