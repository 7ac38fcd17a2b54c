//! `apt-mark`: hold packages where they are.

use super::{FAILURE, Machine};
use crate::shell::{Proc, Program, Running};

pub(crate) const APT_MARK: Program = Program { name: "apt-mark", summary: "Hold packages", run };

fn run(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let Some(machine) = Machine::of(proc) else { return 1 };
        let words: Vec<String> =
            proc.args.iter().skip(1).filter(|it| !it.starts_with('-')).cloned().collect();
        let Some((verb, names)) = words.split_first() else {
            proc.print("apt 2.8.3 (amd64)\nUsage: apt-mark [options] {auto|manual} pkg1 [pkg2 ...]\n");
            return 1;
        };
        match verb.as_str() {
            "hold" | "unhold" => change(&machine, verb == "hold", names),
            "showhold" | "showholds" => {
                let held: Vec<String> = machine.with(|host| host.packages.held.iter().cloned().collect());
                let shown = held.iter().filter(|it| names.is_empty() || names.contains(it));
                shown.for_each(|name| proc.print(format!("{name}\n")));
                0
            }
            "auto" | "manual" | "showauto" | "showmanual" | "minimize-manual" => {
                proc.eprint(format!("uncordon: apt-mark {verb} is not simulated yet\n"));
                1
            }
            other => {
                proc.eprint(format!("E: Invalid operation {other}\n"));
                FAILURE
            }
        }
    })
}

fn change(machine: &Machine<'_>, hold: bool, names: &[String]) -> i32 {
    let known = |name: &&String| machine.installed(name).is_some() || !machine.offers_of(name).is_empty();
    if names.is_empty() {
        machine.proc.eprint("E: No packages found\n");
        return FAILURE;
    }
    if let Some(name) = names.iter().find(|name| !known(name)) {
        machine.proc.eprint(format!("E: Unable to locate package {name}\nE: No packages found\n"));
        return FAILURE;
    }
    let held = |name: &str| machine.with(|host| host.packages.is_held(name));
    let (already, fresh): (Vec<&String>, Vec<&String>) = names.iter().partition(|name| held(name) == hold);
    for name in already {
        let word = if hold { "already set" } else { "already not" };
        machine.proc.print(format!("{name} was {word} on hold.\n"));
    }
    if !fresh.is_empty() && machine.proc.user != "root" {
        machine.proc.eprint(
            "dpkg: error: required read/write/execute access to the dpkg database directory /var/lib/dpkg: Permission denied\n\
             E: Executing dpkg failed. Are you root?\n",
        );
        return FAILURE;
    }
    for name in fresh {
        machine.with_mut(|host, _| {
            if hold { host.packages.held.insert(name.clone()) } else { host.packages.held.remove(name) }
        });
        let text =
            if hold { format!("{name} set on hold.\n") } else { format!("Canceled hold on {name}.\n") };
        machine.proc.print(text);
    }
    0
}
