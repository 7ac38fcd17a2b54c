//! `dpkg` and `dpkg-query`: package files, and what is installed.

use super::Machine;
use crate::hosts::packages::{deb, version};
use crate::shell::{Proc, Program, Running};

pub(crate) const DPKG: Program = Program { name: "dpkg", summary: "Package manager", run };
pub(crate) const DPKG_QUERY: Program = Program { name: "dpkg-query", summary: "Query packages", run };

fn run(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let Some(machine) = Machine::of(proc) else { return 1 };
        let Some((verb, names)) = proc.args.get(1..).and_then(<[String]>::split_first) else {
            proc.eprint("dpkg: error: need an action option\n");
            return 2;
        };
        match verb.as_str() {
            "-i" | "--install" => install(&machine, names),
            "-r" | "--remove" => remove(&machine, names, false),
            "-P" | "--purge" => remove(&machine, names, true),
            "-l" | "--list" => list(&machine, names),
            "-s" | "--status" => status(&machine, names),
            "-L" | "--listfiles" => files(&machine, names),
            "-S" | "--search" => search(&machine, names),
            "-c" | "--contents" | "-I" | "--info" => inside(&machine, verb, names),
            "--get-selections" => selections(&machine, names),
            "--print-architecture" => {
                proc.print("amd64\n");
                0
            }
            "--configure" => 0,
            other => {
                proc.eprint(format!("uncordon: dpkg {other} is not simulated yet\n"));
                1
            }
        }
    })
}

fn not_root(machine: &Machine<'_>) -> bool {
    if machine.proc.user == "root" {
        return false;
    }
    machine.proc.eprint("dpkg: error: requested operation requires superuser privilege\n");
    true
}

fn install(machine: &Machine<'_>, names: &[String]) -> i32 {
    if not_root(machine) {
        return 2;
    }
    let mut exit = 0;
    for name in names {
        exit = exit.max(install_one(machine, name));
    }
    exit
}

fn install_one(machine: &Machine<'_>, name: &str) -> i32 {
    let proc = machine.proc;
    let failed = |why: &str| {
        proc.eprint(format!(
            "dpkg: error processing archive {name} (--install):\n {why}\nErrors were encountered while processing:\n {name}\n"
        ));
        1
    };
    let Ok(bytes) = proc.disk().read(&proc.path(name)) else {
        proc.eprint(format!("dpkg: error: cannot access archive '{name}': No such file or directory\n"));
        return 2;
    };
    let Some(release) = std::str::from_utf8(&bytes).ok().and_then(deb::parse) else {
        proc.eprint(format!("dpkg-deb: error: '{name}' is not a Debian format archive\n"));
        return failed("dpkg-deb --control subprocess returned error exit status 2");
    };
    let before = machine.installed(&release.name);
    if before.is_none() {
        proc.print(format!("Selecting previously unselected package {}.\n", release.name));
    }
    let over = before.map(|it| format!(" over ({it})")).unwrap_or_default();
    let (package, version) = (&release.name, &release.version);
    proc.print(format!(
        "(Reading database ... 132452 files and directories currently installed.)\nPreparing to unpack {name} ...\n\
         Unpacking {package} ({version}){over} ...\n"
    ));
    if let Some(missing) = release.depends.iter().find(|it| machine.installed(it).is_none()) {
        proc.eprint(format!(
            "dpkg: dependency problems prevent configuration of {package}:\n {package} depends on {missing}; however:\n  \
             Package {missing} is not installed.\n\ndpkg: error processing package {package} (--install):\n \
             dependency problems - leaving unconfigured\nErrors were encountered while processing:\n {package}\n"
        ));
        return 1;
    }
    proc.print(format!("Setting up {package} ({version}) ...\n"));
    machine.with_mut(|host, now| {
        host.install_package(&release, now);
        host.daemon_reload();
    });
    0
}

fn remove(machine: &Machine<'_>, names: &[String], purge: bool) -> i32 {
    if not_root(machine) {
        return 2;
    }
    for name in names {
        let Some(version) = machine.installed(name) else {
            let text = format!("dpkg: warning: ignoring request to remove {name} which isn't installed\n");
            machine.proc.eprint(text);
            continue;
        };
        let needed_by = machine.with(|host| {
            let mut all = host.packages.installed.iter().filter(|(_, it)| !it.only_configuration);
            let by = all.find(|(other, it)| !names.contains(other) && it.release.depends.contains(name));
            by.map(|(other, _)| other.clone())
        });
        if let Some(other) = needed_by {
            machine.proc.eprint(format!(
                "dpkg: dependency problems prevent removal of {name}:\n {other} depends on {name}.\n\n\
                 dpkg: error processing package {name} (--remove):\n dependency problems - not removing\n\
                 Errors were encountered while processing:\n {name}\n"
            ));
            return 1;
        }
        machine.proc.print(format!(
            "(Reading database ... 132452 files and directories currently installed.)\nRemoving {name} ({version}) ...\n"
        ));
        machine.with_mut(|host, now| host.remove_package(name, purge, now));
    }
    0
}

fn list(machine: &Machine<'_>, names: &[String]) -> i32 {
    let rows: Vec<(String, String, String, String)> = machine.with(|host| {
        let known = host.packages.installed.iter();
        let wanted = known.filter(|(name, _)| {
            names.is_empty() || names.iter().any(|pattern| version::matches(name, pattern))
        });
        wanted
            .map(|(name, it)| {
                let held = host.packages.is_held(name);
                let state = match (it.only_configuration, held) {
                    (true, _) => "rc",
                    (false, true) => "hi",
                    (false, false) => "ii",
                };
                let release = &it.release;
                (state.to_owned(), name.clone(), release.version.clone(), release.summary.clone())
            })
            .collect()
    });
    if rows.is_empty() {
        for name in names {
            machine.proc.eprint(format!("dpkg-query: no packages found matching {name}\n"));
        }
        return 1;
    }
    let width = |column: fn(&(String, String, String, String)) -> usize, least: usize| {
        rows.iter().map(column).max().unwrap_or(0).max(least)
    };
    let name = width(|row| row.1.len(), 14);
    let version = width(|row| row.2.len(), 12);
    let summary = width(|row| row.3.len(), 32);
    machine.proc.print(format!(
        "Desired=Unknown/Install/Remove/Purge/Hold\n\
         | Status=Not/Inst/Conf-files/Unpacked/halF-conf/Half-inst/trig-aWait/Trig-pend\n\
         |/ Err?=(none)/Reinst-required (Status,Err: uppercase=bad)\n\
         ||/ {:<name$} {:<version$} Architecture Description\n+++-{}-{}-============-{}\n",
        "Name",
        "Version",
        "=".repeat(name),
        "=".repeat(version),
        "=".repeat(summary)
    ));
    for (state, package, number, text) in rows {
        machine.proc.print(format!("{state}  {package:<name$} {number:<version$} amd64        {text}\n"));
    }
    0
}

fn status(machine: &Machine<'_>, names: &[String]) -> i32 {
    for name in names {
        let text = machine.with(|host| {
            let it = host.packages.installed.get(name)?;
            let want = if host.packages.is_held(name) { "hold" } else { "install" };
            let state = if it.only_configuration { "config-files" } else { "installed" };
            let release = &it.release;
            Some(format!(
                "Package: {name}\nStatus: {want} ok {state}\nPriority: optional\nSection: {}\nInstalled-Size: {}\n\
                 Architecture: amd64\nVersion: {}\nDescription: {}\n",
                release.section, release.installed_kb, release.version, release.summary
            ))
        });
        let Some(text) = text else {
            machine.proc.eprint(format!(
                "dpkg-query: package '{name}' is not installed and no information is available\n\
                 Use dpkg --info (= dpkg-deb --info) to examine archive files.\n"
            ));
            return 1;
        };
        machine.proc.print(text);
    }
    0
}

fn files(machine: &Machine<'_>, names: &[String]) -> i32 {
    for name in names {
        let paths: Option<Vec<String>> = machine.with(|host| {
            let it = host.packages.installed.get(name)?;
            Some(it.release.files.iter().map(|file| file.path.clone()).collect())
        });
        let Some(mut paths) = paths else {
            machine.proc.eprint(format!("dpkg-query: package '{name}' is not installed\nUse dpkg --contents (= dpkg-deb --contents) to list archive files contents.\n"));
            return 1;
        };
        let mut all = std::collections::BTreeSet::from(["/.".to_owned()]);
        for path in &paths {
            let parts: Vec<usize> = path.match_indices('/').map(|(at, _)| at).filter(|at| *at > 0).collect();
            all.extend(parts.iter().filter_map(|at| path.get(..*at)).map(str::to_owned));
        }
        all.extend(paths.drain(..));
        all.iter().for_each(|path| machine.proc.print(format!("{path}\n")));
    }
    0
}

fn search(machine: &Machine<'_>, names: &[String]) -> i32 {
    let mut exit = 0;
    for name in names {
        match machine.with(|host| host.packages.owner(name).map(str::to_owned)) {
            Some(owner) => machine.proc.print(format!("{owner}: {name}\n")),
            None => {
                machine.proc.eprint(format!("dpkg-query: no path found matching pattern {name}\n"));
                exit = 1;
            }
        }
    }
    exit
}

fn inside(machine: &Machine<'_>, verb: &str, names: &[String]) -> i32 {
    for name in names {
        let bytes = machine.proc.disk().read(&machine.proc.path(name)).unwrap_or_default();
        let Some(release) = std::str::from_utf8(&bytes).ok().and_then(deb::parse) else {
            machine.proc.eprint(format!("dpkg-deb: error: '{name}' is not a Debian format archive\n"));
            return 2;
        };
        if verb == "-c" || verb == "--contents" {
            for file in &release.files {
                let size = file.text.as_ref().map_or(1, String::len);
                machine
                    .proc
                    .print(format!("-rw-r--r-- root/root {size:>9} 2026-01-01 00:00 .{}\n", file.path));
            }
        } else {
            machine.proc.print(format!(
                " new Debian package, version 2.0.\n Package: {}\n Version: {}\n Architecture: amd64\n Description: {}\n",
                release.name, release.version, release.summary
            ));
        }
    }
    0
}

fn selections(machine: &Machine<'_>, names: &[String]) -> i32 {
    let rows: Vec<(String, &str)> = machine.with(|host| {
        let word = |name: &str, only: bool| match (only, host.packages.is_held(name)) {
            (true, _) => "deinstall",
            (false, true) => "hold",
            (false, false) => "install",
        };
        host.packages
            .installed
            .iter()
            .map(|(name, it)| (name.clone(), word(name, it.only_configuration)))
            .collect()
    });
    for (name, word) in rows.iter().filter(|(name, _)| names.is_empty() || names.contains(name)) {
        machine.proc.print(format!("{name:<47} {word}\n"));
    }
    0
}
