//! `kubeadm reset`: a machine as it was before init or join, but for what reset says it leaves.

use super::api::{self, Api};
use super::ctx::{Ctx, Done, Failure};
use super::{kubelet_files, settings};
use crate::cluster::etcd_client;
use crate::cluster::place::FileOp;
use crate::shell::Answer;

/// Emptied, not removed.
const FOLDERS: &[&str] = &["/etc/kubernetes/manifests", "/var/lib/kubelet", "/etc/kubernetes/pki"];

const FILES: &[&str] = &[
    "/etc/kubernetes/admin.conf",
    "/etc/kubernetes/super-admin.conf",
    "/etc/kubernetes/kubelet.conf",
    "/etc/kubernetes/bootstrap-kubelet.conf",
    "/etc/kubernetes/controller-manager.conf",
    "/etc/kubernetes/scheduler.conf",
];

/// Asks for a `y` on the terminal, or on standard input.
///
/// # Errors
/// Anything but a yes.
pub(super) async fn confirm(ctx: &Ctx<'_>, head: &str) -> Done {
    let prompt = format!("[{head}] Are you sure you want to proceed? [y/N]: ");
    let typed = match &ctx.proc.stdin {
        Some(bytes) => {
            ctx.proc.print(&prompt);
            String::from_utf8_lossy(bytes).lines().next().unwrap_or("").to_owned()
        }
        None => match ctx.proc.link.ask(crate::shell::Request::Line { prompt, hidden: false }).await {
            Answer::Line(line) => line,
            _ => String::new(),
        },
    };
    if matches!(typed.trim().to_lowercase().as_str(), "y" | "yes") {
        return Ok(());
    }
    Err(Failure::in_phase("preflight", "won't proceed; the user didn't answer (Y|y) in order to continue"))
}

/// `kubeadm reset`.
pub(super) async fn run(ctx: &Ctx<'_>) -> Done {
    let config = read_config(ctx);
    if !ctx.flags.on("force") {
        let warning = "[reset] WARNING: Changes made to this host by 'kubeadm init' or 'kubeadm join' will be reverted.";
        ctx.klog('W', "preflight.go:55", warning);
        confirm(ctx, "reset").await?;
    }
    ctx.say("[preflight] Running pre-flight checks");
    if ctx.proc.user != "root" {
        ctx.proc.eprint("[preflight] Some fatal errors occurred:\n\t[ERROR IsPrivilegedUser]: user is not running as root\n");
        return Err(Failure::new("error execution phase preflight: preflight checks failed"));
    }
    remove_etcd(ctx, config.as_ref());
    clean(ctx);
    ctx.say(LEFT);
    Ok(())
}

/// `kubeadm reset phase …`.
pub(super) async fn phase(ctx: &Ctx<'_>) -> Done {
    match ctx.path.trim_start_matches("reset phase ") {
        "preflight" => {
            if !ctx.flags.on("force") {
                confirm(ctx, "reset").await?;
            }
            ctx.say("[preflight] Running pre-flight checks");
        }
        "remove-etcd-member" => remove_etcd(ctx, read_config(ctx).as_ref()),
        _ => clean(ctx),
    }
    Ok(())
}

/// Stops what runs here and removes its files.
fn clean(ctx: &Ctx<'_>) {
    ctx.say("[reset] Stopping the kubelet service");
    kubelet_files::stop(ctx);
    let host = ctx.host_name();
    ctx.world(|world| world.remove_pods_of(&host));
    ctx.say("[reset] Unmounting mounted directories in \"/var/lib/kubelet\"");
    ctx.say(format!("[reset] Deleting contents of directories: [{}]", FOLDERS.join(" ")));
    FOLDERS.iter().for_each(|folder| empty(ctx, folder));
    if ctx.flags.on("cleanup-tmp-dir") {
        ctx.say("[reset] Deleting contents of directories: [/etc/kubernetes/tmp]");
        empty(ctx, "/etc/kubernetes/tmp");
    }
    ctx.say(format!("[reset] Deleting files: [{}]", FILES.join(" ")));
    for path in FILES {
        ctx.change(FileOp::Remove { path, recursive: false });
    }
}

const LEFT: &str = "
The reset process does not perform cleanup of CNI plugin configuration,
network filtering rules and kubeconfig files.

For information on how to perform this cleanup manually, please see:
    https://k8s.io/docs/reference/setup-tools/kubeadm/kubeadm-reset/";

/// The cluster's configuration, if this machine may read it.
fn read_config(ctx: &Ctx<'_>) -> Option<settings::Settings> {
    let api = Api::with(ctx, api::ADMIN).ok()?;
    ctx.say(
        "[reset] Reading configuration from the \"kubeadm-config\" ConfigMap in namespace \"kube-system\"...",
    );
    ctx.say(
        "[reset] Use 'kubeadm init phase upload-config kubeadm --config your-config-file' to re-upload it.",
    );
    match settings::of_cluster(ctx, &api) {
        Ok(found) => Some(found),
        Err(why) => {
            let message = format!("[reset] Unable to fetch the kubeadm-config ConfigMap from cluster: {why}");
            ctx.klog('W', "reset.go:141", &message);
            None
        }
    }
}

fn remove_etcd(ctx: &Ctx<'_>, config: Option<&settings::Settings>) {
    if config.is_none() {
        let message = "[reset] No kubeadm config, using etcd pod spec to get data directory";
        ctx.klog('W', "removeetcdmember.go:105", message);
    }
    if let Some(Ok((_, member))) = config.map(|settings| super::join::etcd_of_cluster(ctx, settings)) {
        let host = ctx.host_name();
        // The last member stays: there is no cluster without it.
        let alone = ctx.world(|world| {
            world.clusters.get(member.cluster).is_none_or(|it| it.control_plane.etcd.members.len() < 2)
        });
        if !alone {
            ctx.world(|world| etcd_client::remove_member_of(world, &member, &host));
        }
    }
    let folder = config.map_or("/var/lib/etcd", |it| it.of("/etcd/local/dataDir")).to_owned();
    let listed = ctx.world(|world| world.list_dir(&ctx.proc.place, &folder).unwrap_or_default());
    if !listed.is_empty() {
        empty(ctx, &folder);
        ctx.say(format!("[reset] Deleted contents of the etcd data directory: {folder}"));
    }
}

/// Removes everything in a folder.
fn empty(ctx: &Ctx<'_>, folder: &str) {
    let listed = ctx.world(|world| world.list_dir(&ctx.proc.place, folder).unwrap_or_default());
    for (name, _) in listed {
        ctx.change(FileOp::Remove { path: &format!("{folder}/{name}"), recursive: true });
    }
}
