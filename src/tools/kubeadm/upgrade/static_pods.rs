//! The static pods of a control plane, one after the other, by the kubelet.

use std::time::Duration;

use crate::apimachinery::yaml;
use crate::tools::kubeadm::ctx::{Ctx, Done, Failure};
use crate::tools::kubeadm::settings::Settings;
use crate::tools::kubeadm::{certs_command, manifests};

/// `timeouts.upgradeManifests`.
const LIMIT: Duration = Duration::from_secs(300);

/// The programs in their order, with the certificates that are renewed before each.
const ORDER: &[(&str, &[&str])] = &[
    ("etcd", &["etcd-server", "etcd-peer", "etcd-healthcheck-client"]),
    (
        "kube-apiserver",
        &["apiserver", "apiserver-kubelet-client", "front-proxy-client", "apiserver-etcd-client"],
    ),
    ("kube-controller-manager", &["controller-manager.conf"]),
    ("kube-scheduler", &["scheduler.conf"]),
];

/// Writes new manifests and waits for the kubelet to follow.
///
/// # Errors
/// A component that does not come up.
pub(super) async fn upgrade(ctx: &Ctx<'_>, settings: &Settings) -> Done {
    let number = ctx.world(|world| world.chance.below(4_000_000_000)) + 10_000_000;
    let fresh = format!("/etc/kubernetes/tmp/kubeadm-upgraded-manifests{number}");
    ctx.say(format!("[upgrade/staticpods] Writing new Static Pod manifests to {fresh:?}"));
    let stamp = ctx.now().strftime("%Y-%m-%d-%H-%M-%S");
    let backup = format!("/etc/kubernetes/tmp/kubeadm-backup-manifests-{stamp}");
    ctx.mkdir("/etc/kubernetes/tmp", 0o700);
    for (program, certificates) in ORDER {
        ctx.say(format!("[upgrade/staticpods] Preparing for {program:?} upgrade"));
        if *program == "etcd" && !ctx.flags.on("etcd-upgrade") {
            continue;
        }
        one(ctx, settings, program, certificates, &backup).await?;
        if *program == "etcd" {
            ctx.say("[upgrade/etcd] Waiting for etcd to become available");
        }
    }
    Ok(())
}

async fn one(ctx: &Ctx<'_>, settings: &Settings, program: &str, certificates: &[&str], backup: &str) -> Done {
    let path = format!("{}/{program}.yaml", manifests::FOLDER);
    let old = ctx.read(&path).unwrap_or_default();
    let new = manifests::text_of(ctx, settings, program, &[]);
    if yaml::document(&old).is_ok_and(|it| yaml::document(&new) == Ok(it)) {
        ctx.say(format!(
            "[upgrade/staticpods] Current and new manifests of {program} are equal, skipping upgrade"
        ));
        return Ok(());
    }
    if ctx.flags.on("certificate-renewal") {
        for name in certificates {
            if certs_command::renew_one(ctx, settings, name) {
                ctx.say(format!("[upgrade/staticpods] Renewing {name} certificate"));
            }
        }
    }
    let kept = format!("{backup}/{program}.yaml");
    ctx.mkdir(backup, 0o700);
    ctx.write(&kept, &old, 0o600);
    if program == "etcd" {
        ctx.say(format!(
            "[upgrade/staticpods] Restarting the etcd static pod and backing up its manifest to {kept:?}"
        ));
    } else {
        ctx.say(format!(
            "[upgrade/staticpods] Moving new manifest to {path:?} and backing up old manifest to {kept:?}"
        ));
    }
    ctx.write(&path, &new, 0o600);
    ctx.say("[upgrade/staticpods] Waiting for the kubelet to restart the component\n[upgrade/staticpods] This can take up to 5m0s");
    wait(ctx, program, &path, &old).await
}

/// Waits until the process of the new manifest serves; puts the old one back when it does not.
async fn wait(ctx: &Ctx<'_>, program: &str, path: &str, old: &str) -> Done {
    let (since, host) = (ctx.now(), ctx.host_name());
    // The kubelet first ends the old container.
    ctx.sleep(Duration::from_secs(2)).await;
    loop {
        if ctx.world(|world| world.static_process_serves(&host, program)) {
            break;
        }
        if ctx.now().since(since) >= LIMIT {
            ctx.write(path, old, 0o600);
            let why = format!(
                "couldn't upgrade control plane. kubeadm has tried to recover everything into the earlier state. Errors \
                 faced: static Pod hash for component {program} on Node {host} did not change after 5m0s: context \
                 deadline exceeded"
            );
            return Err(Failure::in_phase("control-plane", why));
        }
        ctx.sleep(Duration::from_secs(1)).await;
    }
    // Its mirror follows.
    ctx.sleep(Duration::from_secs(2)).await;
    ctx.say(format!("[apiclient] Found 1 Pods for label selector component={program}"));
    ctx.say(format!("[upgrade/staticpods] Component {program:?} upgraded successfully!"));
    Ok(())
}
