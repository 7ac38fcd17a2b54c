//! Worlds and consoles as the headless commands use them.

use crate::cluster::{Place, World};
use crate::shell::{Console, Lab, Login, Tools};
use crate::tools;

/// The host that headless commands run on.
pub(crate) const CONTROL_PLANE: &str = "controlplane";

/// Shares a world whose hosts have every tool.
pub(crate) fn lab(world: World) -> Lab {
    Lab::with_tools(world, Tools { programs: tools::PROGRAMS, completers: tools::COMPLETERS })
}

/// Root's login on the control plane. Where root's home has no kubeconfig (the recorded sessions began in
/// an empty one), the administrator's is named in the environment, as kubeadm tells root to do.
pub(crate) fn root(lab: &Lab) -> Login {
    root_on(lab, CONTROL_PLANE)
}

/// As [`root`] on any host.
pub(crate) fn root_on(lab: &Lab, host: &str) -> Login {
    let place = Place::host(host);
    let mut login = Login::new(lab, place.clone(), "root").alias("k", "kubectl");
    if lab.world().stat(&place, "/root/.kube/config").is_err() {
        login.env.insert("KUBECONFIG".to_owned(), "/etc/kubernetes/admin.conf".to_owned());
    }
    login
}

/// A terminal with root's shell on the control plane.
pub(crate) fn console(lab: &Lab) -> Result<Console, String> {
    Console::new(lab, root(lab)).map_err(|error| format!("cannot start a shell: {error}"))
}
