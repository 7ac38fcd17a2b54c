//! The images of a control plane.

use std::time::Duration;

use super::ctx::{Ctx, Failure};
use super::settings::Settings;
use crate::cluster::templates::release;

/// What pulling one image takes.
const PULL_TAKES: Duration = Duration::from_millis(900);

/// The repository that has CoreDNS in a folder of its own.
const DEFAULT: &str = "registry.k8s.io";

/// The images that `kubeadm config images list` prints, in its order.
pub(super) fn all(ctx: &Ctx<'_>, settings: &Settings) -> Vec<String> {
    let (repository, version) = (settings.of("/imageRepository"), settings.version());
    let own = release::of(&ctx.version());
    let mut images: Vec<String> =
        ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy"]
            .iter()
            .map(|name| format!("{repository}/{name}:{version}"))
            .collect();
    images.push(format!("{}:{}", coredns(settings), own.coredns));
    images.push(format!("{repository}/pause:{}", own.pause));
    images.push(format!("{repository}/etcd:{}", own.etcd));
    images
}

/// The repository of CoreDNS.
pub(super) fn coredns(settings: &Settings) -> String {
    let repository = settings.of("/imageRepository");
    let own = settings.of("/dns/imageRepository");
    let base = if own.is_empty() { repository } else { own };
    if base == DEFAULT { format!("{base}/coredns/coredns") } else { format!("{base}/coredns") }
}

/// Pulls images that the machine has not; `each` is told of every one.
///
/// # Errors
/// The first that cannot be had.
pub(super) async fn pull(ctx: &Ctx<'_>, images: &[String], each: impl Fn(&str)) -> Result<(), Failure> {
    let host = ctx.host_name();
    for image in images {
        let known = ctx.world(|world| world.has_image(&host, image));
        if !known {
            ctx.sleep(PULL_TAKES).await;
            let pulled = ctx.world(|world| world.pull_image(&host, image));
            pulled.map_err(|why| {
                Failure::new(format!("failed to pull image {image:?}: failed to pull image {image}: {why}"))
            })?;
        }
        each(image);
    }
    Ok(())
}
