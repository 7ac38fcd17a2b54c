//! `ctr`: containerd's own client, as far as it lists.

use super::rows;
use crate::cluster::Place;
use crate::cluster::kubelet::status::full_image;
use crate::shell::{Proc, Program, Running};

pub(crate) const CTR: Program = Program { name: "ctr", summary: "Client of containerd", run };

fn run(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let Place::Host(host) = proc.place.clone() else {
            proc.eprint("uncordon: ctr in a container is not simulated yet\n");
            return 1;
        };
        let (active, version) = {
            let world = proc.world();
            let machine = world.hosts.get(&host);
            let version = machine.and_then(|it| crate::hosts::packages::program_version(&it.files, "ctr"));
            (machine.is_some_and(|it| it.unit_active("containerd.service")), version.unwrap_or_default())
        };
        if !active || proc.user != "root" {
            let why = if active { "permission denied" } else { "no such file or directory" };
            proc.eprint(format!(
                "ctr: failed to dial \"/run/containerd/containerd.sock\": connection error: desc = \"transport: error while dialing: dial unix /run/containerd/containerd.sock: connect: {why}\"\n"
            ));
            return 1;
        }
        let words: Vec<&str> = proc.args.iter().skip(1).map(String::as_str).collect();
        let namespace = words.iter().position(|it| matches!(*it, "-n" | "--namespace"));
        let in_kubernetes = namespace.and_then(|at| words.get(at + 1)) == Some(&"k8s.io");
        let rest: Vec<&str> = match namespace {
            Some(at) => {
                [words.get(..at), words.get(at + 2..)].into_iter().flatten().flatten().copied().collect()
            }
            None => words,
        };
        let found = if in_kubernetes { rows::containers(&proc.world(), &host) } else { Vec::new() };
        answer(proc, (&host, &version), rest.as_slice(), &found)
    })
}

/// Answers a command without its namespace; gives the exit code.
fn answer(proc: &Proc, (host, version): (&str, &str), words: &[&str], found: &[rows::Row]) -> i32 {
    match words {
        ["version"] => {
            proc.print(format!("Client:\n  Version:  v{version}\n\nServer:\n  Version:  v{version}\n"))
        }
        ["namespaces" | "ns" | "namespace", "ls" | "list"] => proc.print("NAME   LABELS \nk8s.io        \n"),
        ["containers" | "container" | "c" | "tasks" | "task" | "t", "ls" | "list", "-q" | "--quiet"] => {
            found.iter().filter(|row| row.is_running()).for_each(|row| proc.print(format!("{}\n", row.id)));
        }
        ["images" | "image" | "i", "ls" | "list", "-q" | "--quiet"] => {
            names_of(found).iter().for_each(|name| proc.print(format!("{name}\n")));
        }
        ["containers" | "container" | "c", "ls" | "list", ..] => {
            proc.print("CONTAINER                                                           IMAGE                                      RUNTIME                  \n");
            for row in found.iter().filter(|row| row.is_running()) {
                proc.print(format!(
                    "{:<67} {:<42} io.containerd.runc.v2    \n",
                    row.id,
                    full_image(&row.image)
                ));
            }
        }
        ["tasks" | "task" | "t", "ls" | "list", ..] => {
            proc.print(
                "TASK                                                                PID      STATUS    \n",
            );
            for row in found.iter().filter(|row| row.is_running()) {
                let pid = rows::pid_of(&proc.world(), host, row);
                proc.print(format!("{:<67} {pid:<8} RUNNING\n", row.id));
            }
        }
        ["images" | "image" | "i", "ls" | "list", ..] => {
            proc.print("REF TYPE DIGEST SIZE PLATFORMS LABELS \n");
            for name in names_of(found) {
                let digest = rows::digest_of(&name);
                let bytes = crate::cluster::kubelet::catalog::of_name(&name).map_or(10 << 20, |it| it.size);
                let size = format!("{}.{}", bytes >> 20, (bytes >> 10) % 1024 * 10 / 1024);
                proc.print(format!("{name} application/vnd.oci.image.index.v1+json sha256:{digest} {size} MiB linux/amd64 io.cri-containerd.image=managed \n"));
            }
        }
        other => {
            proc.eprint(format!("uncordon: ctr {} is not simulated yet\n", other.join(" ")));
            return 1;
        }
    }
    0
}

/// Full names of the images of containers.
fn names_of(rows: &[rows::Row]) -> Vec<String> {
    let mut names: Vec<String> = rows.iter().map(|row| full_image(&row.image)).collect();
    names.push("registry.k8s.io/pause:3.10.2".to_owned());
    names.sort();
    names.dedup();
    names
}
