//! `apt-cache`: which versions there are, and what they are.

use super::{FAILURE, Machine};
use crate::shell::{Proc, Program, Running};

pub(crate) const APT_CACHE: Program = Program { name: "apt-cache", summary: "Query packages", run };

fn run(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let Some(machine) = Machine::of(proc) else { return 1 };
        let words: Vec<String> =
            proc.args.iter().skip(1).filter(|it| !it.starts_with('-')).cloned().collect();
        let Some((verb, names)) = words.split_first() else {
            proc.print("apt 2.8.3 (amd64)\nUsage: apt-cache [options] command\n");
            return 1;
        };
        match verb.as_str() {
            "madison" => madison(&machine, names),
            "policy" => policy(&machine, names),
            "show" => show(&machine, names),
            "search" => search(&machine, names),
            "depends" | "rdepends" | "showpkg" | "stats" | "pkgnames" | "dump" => {
                proc.eprint(format!("uncordon: apt-cache {verb} is not simulated yet\n"));
                1
            }
            other => {
                proc.eprint(format!("E: Invalid operation {other}\n"));
                FAILURE
            }
        }
    })
}

fn madison(machine: &Machine<'_>, names: &[String]) -> i32 {
    for name in names {
        let offers = machine.offers_of(name);
        if offers.is_empty() {
            machine.proc.eprint(format!("N: Unable to locate package {name}\n"));
        }
        for offer in offers {
            let version = &offer.release.version;
            machine.proc.print(format!("{name:>10} | {version:>10} | {}\n", offer.list()));
        }
    }
    0
}

pub(super) fn policy(machine: &Machine<'_>, names: &[String]) -> i32 {
    if names.is_empty() {
        machine.proc.eprint("uncordon: apt-cache policy without a package is not simulated yet\n");
        return 1;
    }
    for name in names {
        let offers = machine.offers_of(name);
        let own = machine.installed(name);
        if offers.is_empty() && own.is_none() {
            machine.proc.eprint(format!("N: Unable to locate package {name}\n"));
            continue;
        }
        let none = "(none)".to_owned();
        let mut versions: Vec<String> = offers.iter().map(|it| it.release.version.clone()).collect();
        versions.extend(own.clone());
        versions.sort_by(|a, b| crate::hosts::packages::version::compare(b, a));
        versions.dedup();
        machine.proc.print(format!(
            "{name}:\n  Installed: {}\n  Candidate: {}\n  Version table:\n",
            own.as_ref().unwrap_or(&none),
            versions.first().unwrap_or(&none)
        ));
        for version in &versions {
            let is_own = own.as_ref() == Some(version);
            let offered = offers.iter().filter(|it| it.release.version == *version);
            let lists: Vec<String> = offered.map(super::Offer::list).collect();
            let weight = if lists.is_empty() { 100 } else { 500 };
            let mark = if is_own { " ***" } else { "    " };
            machine.proc.print(format!("{mark} {version} {weight}\n"));
            lists.iter().for_each(|it| machine.proc.print(format!("        500 {it}\n")));
            if is_own {
                machine.proc.print("        100 /var/lib/dpkg/status\n");
            }
        }
    }
    0
}

pub(super) fn show(machine: &Machine<'_>, names: &[String]) -> i32 {
    let mut exit = 0;
    for name in names {
        let Some(offer) = machine.offers_of(name).into_iter().next() else {
            machine.proc.eprint("E: No packages found\n");
            exit = FAILURE;
            continue;
        };
        let it = offer.release;
        let depends = if it.depends.is_empty() {
            String::new()
        } else {
            format!("Depends: {}\n", it.depends.join(", "))
        };
        machine.proc.print(format!(
            "Package: {}\nVersion: {}\nPriority: optional\nSection: {}\nInstalled-Size: {}\n{depends}Download-Size: {}\n\
             APT-Sources: {}\nDescription: {}\n\n",
            it.name,
            it.version,
            it.section,
            super::size(it.installed_kb),
            super::size(it.size_kb),
            offer.list(),
            it.summary
        ));
    }
    exit
}

pub(super) fn search(machine: &Machine<'_>, words: &[String]) -> i32 {
    let mut rows: Vec<String> = machine
        .offers()
        .iter()
        .filter(|it| {
            let text = format!("{} {}", it.release.name, it.release.summary).to_lowercase();
            words.iter().all(|word| text.contains(&word.to_lowercase()))
        })
        .map(|it| format!("{} - {}\n", it.release.name, it.release.summary))
        .collect();
    rows.sort();
    rows.dedup();
    machine.proc.print(rows.concat());
    0
}
