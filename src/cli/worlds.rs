//! Worlds and consoles as the headless commands use them.

use crate::cluster::{Place, World, templates};
use crate::shell::{Console, Lab, Login, Tools};
use crate::tools;

/// The host that headless commands run on.
pub(crate) const CONTROL_PLANE: &str = "controlplane";

/// Shares a world whose hosts have every tool.
pub(crate) fn lab(world: World) -> Lab {
    Lab::with_tools(world, Tools { programs: tools::PROGRAMS, completers: tools::COMPLETERS })
}

/// Root's login on the control plane.
pub(crate) fn root(lab: &Lab) -> Login {
    Login::new(lab, Place::host(CONTROL_PLANE), "root").alias("k", "kubectl")
}

/// A terminal with root's shell on the control plane.
pub(crate) fn console(lab: &Lab) -> Result<Console, String> {
    Console::new(lab, root(lab)).map_err(|error| format!("cannot start a shell: {error}"))
}

/// The world of the recorded sessions.
pub(crate) fn bare(seed: u64) -> World {
    templates::bare(seed)
}
