//! The control plane's programs: what each checks on its way up, in `assets/logs` in its order.

mod api_server;
mod controller_manager;
mod etcd;
mod etcd_members;
mod files;
mod kubelet;
mod kubelet_config;
mod scheduler;

use super::script::Program;

/// The row of a program.
pub(super) fn of(name: &str) -> Option<&'static Program> {
    [
        &etcd::PROGRAM,
        &api_server::PROGRAM,
        &controller_manager::PROGRAM,
        &scheduler::PROGRAM,
        &kubelet::PROGRAM,
    ]
    .into_iter()
    .find(|it| it.name == name)
}

/// `[a, b]` of several problems, or the one; Go's aggregated errors.
fn aggregate(problems: &[String]) -> Option<String> {
    match problems {
        [] => None,
        [one] => Some(one.clone()),
        several => Some(format!("[{}]", several.join(", "))),
    }
}
