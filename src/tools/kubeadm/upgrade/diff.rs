//! `kubeadm upgrade diff`.

use super::cluster;
use crate::apimachinery::object;
use crate::tools::kubeadm::ctx::{Ctx, Done, Failure};
use crate::tools::kubeadm::{manifests, settings, versions};

/// `kubeadm upgrade diff [VERSION]`.
pub(in crate::tools::kubeadm) async fn run(ctx: &Ctx<'_>) -> Done {
    let api = cluster::connect(ctx, cluster::kubeconfig(ctx))?;
    ctx.say("[upgrade/diff] Reading configuration from the \"kubeadm-config\" ConfigMap in namespace \"kube-system\"...");
    ctx.say("[upgrade/diff] Use 'kubeadm init phase upload-config kubeadm --config your-config-file' to re-upload it.");
    let mut settings = settings::of_cluster(ctx, &api).map_err(Failure::new)?;
    if let Some(version) = ctx.args.first() {
        let version = versions::resolve(ctx, version)?;
        object::set(&mut settings.cluster, &["kubernetesVersion"], version);
    }
    // The real one shows no lines around a change unless it is asked to, whatever its default says.
    let asked = if ctx.flags.given("context-lines") { ctx.flags.int("context-lines") } else { 0 };
    let context = usize::try_from(asked).unwrap_or(0);
    for (_, program, _) in manifests::COMPONENTS {
        let path = format!("{}/{program}.yaml", manifests::FOLDER);
        let Some(old) = ctx.read(&path) else {
            return Err(Failure::new(format!("open {path}: no such file or directory")));
        };
        let new = manifests::text_of(ctx, &settings, program, &[]);
        let difference = similar::TextDiff::from_lines(&old, &new);
        ctx.proc.print(
            difference.unified_diff().context_radius(context).header(&path, "new manifest").to_string(),
        );
    }
    Ok(())
}
