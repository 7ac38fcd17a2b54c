//! `apt` and `apt-get`.

use super::{FAILURE, Machine, UNSTABLE};
use crate::hosts::packages::version;
use crate::shell::programs::options::{Options, Spec, Value};
use crate::shell::{Proc, Program, Running};

pub(crate) const APT: Program = Program { name: "apt", summary: "Package manager", run };
pub(crate) const APT_GET: Program = Program { name: "apt-get", summary: "Package manager", run };

const SPEC: Spec = Spec {
    name: "apt-get",
    short: "yqsdfmut:o:c:h",
    long: &[
        ("yes", 'y', Value::None),
        ("assume-yes", 'y', Value::None),
        ("quiet", 'q', Value::None),
        ("simulate", 's', Value::None),
        ("dry-run", 's', Value::None),
        ("fix-broken", 'f', Value::None),
        ("download-only", 'd', Value::None),
        ("allow-change-held-packages", 'H', Value::None),
        ("allow-downgrades", 'D', Value::None),
        ("allow-unauthenticated", 'U', Value::None),
        ("reinstall", 'R', Value::None),
        ("purge", 'P', Value::None),
        ("no-install-recommends", 'N', Value::None),
        ("only-upgrade", 'O', Value::None),
        ("installed", 'I', Value::None),
        ("upgradable", 'G', Value::None),
        ("all-versions", 'A', Value::None),
        ("auto-remove", 'M', Value::None),
        ("force-yes", 'D', Value::None),
        ("option", 'o', Value::Needed),
    ],
};

fn run(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let options = match SPEC.parse(proc.args.get(1..).unwrap_or_default()) {
            Ok(options) => options,
            Err(text) => {
                let said = text.lines().next().unwrap_or_default().to_owned();
                let option = said.rsplit(' ').next().unwrap_or_default().trim_matches('\'').to_owned();
                proc.eprint(match option.strip_prefix("--") {
                    Some(_) => format!("E: Command line option {option} is not understood in combination with the other options\n"),
                    None => format!("E: Command line option '{option}' [from -{option}] is not understood in combination with the other options.\n"),
                });
                return FAILURE;
            }
        };
        let Some(machine) = Machine::of(proc) else { return 1 };
        let is_apt = proc.args.first().is_some_and(|name| name == "apt");
        if is_apt {
            proc.eprint(UNSTABLE);
        }
        verb(&machine, &options, is_apt).await
    })
}

async fn verb(machine: &Machine<'_>, options: &Options, is_apt: bool) -> i32 {
    let (verb, names) = match options.operands.split_first() {
        Some((verb, names)) => (verb.as_str(), names),
        None => {
            machine.proc.print("apt 2.8.3 (amd64)\nUsage: apt-get [options] command\n");
            return 1;
        }
    };
    match verb {
        "update" => machine.update(is_apt).await,
        "install" | "reinstall" => machine.install(options, names).await,
        "upgrade" | "dist-upgrade" | "full-upgrade" => machine.upgrade(options).await,
        "remove" => machine.remove(options, names, options.has('P')).await,
        "purge" => machine.remove(options, names, true).await,
        "autoremove" | "clean" | "autoclean" | "auto-clean" | "check" => {
            if machine.lacks_lock() {
                return FAILURE;
            }
            if matches!(verb, "autoremove" | "check") {
                machine.proc.print(super::install::READING);
            }
            if verb == "autoremove" {
                machine.proc.print("0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n");
            }
            0
        }
        "list" if is_apt => list(machine, options, names),
        "show" if is_apt => super::cache::show(machine, names),
        "search" if is_apt => super::cache::search(machine, names),
        "policy" if is_apt => super::cache::policy(machine, names),
        "download" | "source" | "build-dep" | "changelog" => {
            machine.proc.eprint(format!("uncordon: apt-get {verb} is not simulated yet\n"));
            1
        }
        other => {
            machine.proc.eprint(format!("E: Invalid operation {other}\n"));
            FAILURE
        }
    }
}

/// `apt list`: installed, upgradable or all packages.
fn list(machine: &Machine<'_>, options: &Options, names: &[String]) -> i32 {
    machine.proc.print("Listing...\n");
    let offers = machine.offers();
    let mut rows: std::collections::BTreeMap<String, Vec<String>> = std::collections::BTreeMap::new();
    for offer in &offers {
        rows.entry(offer.release.name.clone()).or_default().push(offer.release.version.clone());
    }
    for (name, version) in machine.with(|host| {
        let known = host.packages.installed.iter();
        known.map(|(name, it)| (name.clone(), it.release.version.clone())).collect::<Vec<_>>()
    }) {
        rows.entry(name).or_default().push(version);
    }
    for (name, mut versions) in rows {
        let wanted = names.is_empty() || names.iter().any(|it| version::matches(&name, it));
        versions.sort_by(|a, b| version::compare(b, a));
        versions.dedup();
        let own = machine.installed(&name);
        let newest = versions.first().cloned().unwrap_or_default();
        let upgradable = own.as_ref().is_some_and(|own| *own != newest);
        if !wanted || options.has('I') && own.is_none() || options.has('G') && !upgradable {
            continue;
        }
        let shown = if options.has('A') { versions } else { vec![newest.clone()] };
        for version in shown {
            let note = match &own {
                Some(own) if *own == version => " [installed]".to_owned(),
                Some(own) if version == newest => format!(" [upgradable from: {own}]"),
                _ => String::new(),
            };
            let origin = offers.iter().find(|it| it.release.name == name && it.release.version == version);
            let suite = origin.map_or("now", |it| match it.repository.suite.as_str() {
                "/" => "unknown",
                suite => suite,
            });
            machine.proc.print(format!("{name}/{suite} {version} amd64{note}\n"));
        }
    }
    0
}
