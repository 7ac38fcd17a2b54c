//! The daemons of a node when somebody calls them by hand: they say their version.

use crate::cluster::Place;
use crate::hosts::packages;
use crate::shell::{Proc, Program, Running};

pub(crate) const KUBELET: Program = Program { name: "kubelet", summary: "Node agent", run };
pub(crate) const CONTAINERD: Program = Program { name: "containerd", summary: "Container runtime", run };
pub(crate) const RUNC: Program = Program { name: "runc", summary: "Run containers", run };

/// What `containerd config default` prints: the settings that a node is set up with, version 3 of the file.
static DEFAULT_CONFIG: &str = include_str!("../../assets/containerd.toml");

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
            ("containerd", Some("config")) => match proc.args.get(2).map(String::as_str) {
                Some("default") => proc.print(DEFAULT_CONFIG),
                Some("dump") => {
                    let text = proc.read_file("/etc/containerd/config.toml").ok();
                    proc.print(text.map_or_else(|| DEFAULT_CONFIG.as_bytes().to_vec(), |it| it.to_vec()));
                }
                _ => {
                    proc.print("NAME:\n   containerd config - Information on the containerd config\n\nCOMMANDS:\n   default  the settings when nothing is configured\n   dump     the settings as configured\n");
                }
            },
            ("runc", Some("--version" | "-v")) => {
                proc.print("runc version 1.3.3\nspec: 1.2.1\ngo: go1.24.9\nlibseccomp: 2.5.5\n");
            }
            ("runc", Some("list")) => {
                proc.print("ID          PID         STATUS      BUNDLE      CREATED     OWNER\n")
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
