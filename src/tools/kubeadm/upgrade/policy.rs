//! Which version may follow which. Rules of `cmd/kubeadm/app/phases/upgrade/policy.go`.

use crate::tools::kubeadm::ctx::Failure;
use crate::tools::kubeadm::versions::{self, Version};

/// Kubelets may be this many minors older than the control plane.
const KUBELET_SKEW: u32 = 3;

/// Refuses a version that may not follow.
///
/// # Errors
/// kubeadm's list of what is wrong; what `--force` passes over is left out with `force`.
pub(super) fn check(
    wanted: &str,
    cluster: Version,
    own: (&str, Version),
    kubelets: &[(String, String)],
    force: bool,
) -> Result<(), Failure> {
    let new = versions::parse(wanted).map_err(Failure::new)?;
    let says = |rest: String| format!("Specified version to upgrade to {wanted:?} {rest}");
    let (mut fatal, mut skippable) = (Vec::new(), Vec::new());
    if new.minor > cluster.minor + 1 {
        fatal.push(says("is too high; kubeadm can upgrade only 1 minor version at a time".into()));
    }
    if new.minor + 1 < cluster.minor {
        fatal.push(says("is too low; kubeadm can downgrade only 1 minor version at a time".into()));
    }
    if new.minor > own.1.minor {
        fatal.push(says(format!(
            "is at least one minor release higher than the kubeadm minor release ({} > {}). Such an upgrade is not \
             supported",
            new.minor, own.1.minor
        )));
    } else if new > own.1 {
        skippable.push(says(format!(
            "is higher than the kubeadm version {:?}. Upgrade kubeadm first using the tool you used to install kubeadm",
            own.0
        )));
    }
    let old: Vec<&str> = kubelets
        .iter()
        .filter(|(_, it)| versions::parse(it).is_ok_and(|it| it.minor + KUBELET_SKEW < new.minor))
        .map(|(_, it)| it.as_str())
        .collect();
    if !old.is_empty() {
        skippable.push(format!(
            "There are kubelets in this cluster that are too old that have these versions [{}]",
            old.join(" ")
        ));
    }
    if !fatal.is_empty() {
        return Err(refusal(
            "fatal errors",
            &fatal,
            "Please fix the misalignments highlighted above and try upgrading again",
        ));
    }
    if !skippable.is_empty() && !force {
        return Err(refusal("errors", &skippable, "Can be bypassed if you pass the --force flag"));
    }
    Ok(())
}

fn refusal(what: &str, all: &[String], advice: &str) -> Failure {
    let listed: String = all.iter().map(|it| format!("\t- {it}\n")).collect();
    let why = format!("the version argument is invalid due to these {what}:\n\n{listed}\n{advice}");
    Failure::in_phase("preflight", why)
}
