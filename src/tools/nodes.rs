//! The daemons of a node when somebody calls them by hand: they say their version.

use crate::cluster::Place;
use crate::hosts::packages;
use crate::shell::{Proc, Program, Running};

pub(crate) const KUBELET: Program = Program { name: "kubelet", summary: "Node agent", run };
pub(crate) const CONTAINERD: Program = Program { name: "containerd", summary: "Container runtime", run };

fn run(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let name = proc.args.first().cloned().unwrap_or_default();
        let asks = proc.args.get(1).map(String::as_str);
        let version = match &proc.place {
            Place::Host(host) => {
                let world = proc.world();
                let files = world.hosts.get(host).map(|it| &it.files);
                files.and_then(|files| packages::program_version(files, &name)).unwrap_or_default()
            }
            Place::Container { .. } => String::new(),
        };
        match (name.as_str(), asks) {
            ("kubelet", Some("--version" | "--version=true")) => {
                proc.print(format!("Kubernetes v{version}\n"))
            }
            ("containerd", Some("--version" | "-v")) => {
                proc.print(format!("containerd containerd.io v{version}\n"));
            }
            _ => {
                proc.eprint(format!(
                    "uncordon: {name} started by hand is not simulated yet; see systemctl\n"
                ));
                return 1;
            }
        }
        0
    })
}
