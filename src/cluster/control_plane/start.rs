//! What happens when a control plane process is started: it serves, or it says why not and ends, or it
//! hangs waiting for what it needs.

use std::time::Duration;

use super::script::{self, Outcome, Played, Start};
use super::{Process, flags, programs};
use crate::cluster::{ClusterId, World};

/// Starts `process` on `host`, or looks again at the checkpoint `from` where it hangs.
pub(crate) fn start(
    world: &World,
    cluster: ClusterId,
    host: &str,
    process: &Process,
    from: Option<&str>,
) -> Played {
    let ends = |after: u64, code: i32, lines: Vec<String>| Played {
        log: lines.into_iter().map(|text| (Duration::ZERO, script::render(&text, world.now, 1))).collect(),
        outcome: Outcome::Ends { after: Duration::from_millis(after), code },
    };
    let (Some(program), Some(machine)) = (programs::of(&process.program), world.hosts.get(host)) else {
        return ends(0, 128, Vec::new());
    };
    if let Some(complaint) = process.complaint() {
        let code = if program.name == "etcd" { 2 } else { 1 };
        return ends(100, code, refused(program.name, complaint));
    }
    script::play(program, &Start { world, cluster, machine, process }, from)
}

/// Where the `--kubeconfig` of a process leads now.
pub(crate) fn endpoint(
    world: &World,
    cluster: ClusterId,
    host: &str,
    process: &Process,
) -> Option<crate::cluster::api::connect::Endpoint> {
    let start = Start { world, cluster, machine: world.hosts.get(host)?, process };
    let config = start.kubeconfig(start.set("kubeconfig")?).ok()?;
    Some(start.endpoint(&config))
}

/// What a program prints around its complaint about the command line.
fn refused(program: &str, complaint: String) -> Vec<String> {
    match program {
        "etcd" => [complaint].into_iter().chain(flags::usage(program)).collect(),
        "kubelet" => vec![script::command_failed(&format!("failed to parse kubelet flag: {complaint}"))],
        "kube-apiserver" => vec![format!("Error: {complaint}")],
        _ => flags::usage(program).into_iter().chain([format!("Error: {complaint}")]).collect(),
    }
}
