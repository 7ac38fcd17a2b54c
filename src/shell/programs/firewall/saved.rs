//! `iptables-save` and `iptables-restore`.

use super::VERSION;
use crate::cluster::Place;
use crate::hosts::firewall::rule::Wrong;
use crate::hosts::firewall::saved;
use crate::shell::{Proc, Program, Running};

pub(crate) const SAVE: Program =
    Program { name: "iptables-save", summary: "Print the packet filter", run: run_save };
pub(crate) const RESTORE: Program =
    Program { name: "iptables-restore", summary: "Set the packet filter from a file", run: run_restore };

pub(crate) const PERSISTENT: Program = Program {
    name: "netfilter-persistent",
    summary: "Keep the packet filter over a reboot",
    run: run_persistent,
};

fn machine(proc: &Proc) -> Option<String> {
    match &proc.place {
        Place::Host(name) if proc.user == "root" => Some(name.clone()),
        Place::Host(_) => {
            let name = proc.args.first().map(String::as_str).unwrap_or_default();
            let why = "Could not fetch rule set generation id: Permission denied (you must be root)";
            proc.eprint(format!("{name} {VERSION}: {why}\n"));
            None
        }
        Place::Container { .. } => {
            proc.eprint("uncordon: iptables in a container is not simulated yet\n");
            None
        }
    }
}

fn run_save(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let Some(host) = machine(proc) else { return 1 };
        let text = {
            let world = proc.world();
            let firewall = world.hosts.get(&host).map(|it| it.firewall.clone()).unwrap_or_default();
            let filter = if firewall.is_open() { String::new() } else { saved::text(&firewall, world.now) };
            let table = proc.args.iter().position(|it| it == "-t" || it == "--table");
            match table.and_then(|at| proc.args.get(at + 1)).map(String::as_str) {
                Some("filter") => filter,
                Some("nat") => super::nat::saved(&world, &host, world.now),
                _ => filter + &super::nat::saved(&world, &host, world.now),
            }
        };
        let file = proc.args.iter().position(|it| it == "-f" || it == "--file");
        match file.and_then(|at| proc.args.get(at + 1)).cloned() {
            Some(path) => match proc.disk().write(&proc.path(&path), text.as_bytes()) {
                Ok(()) => 0,
                Err(error) => {
                    proc.eprint(format!("Failed to open {path}, error: {error}\n"));
                    1
                }
            },
            None => {
                proc.print(text);
                0
            }
        }
    })
}

fn run_restore(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let Some(host) = machine(proc) else { return 1 };
        let file = proc.args.iter().skip(1).find(|it| !it.starts_with('-')).cloned();
        let keep = proc.args.iter().any(|it| it == "-n" || it == "--noflush");
        let text = match &file {
            Some(path) => match proc.disk().read(&proc.path(path)) {
                Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
                Err(error) => {
                    proc.eprint(format!("Can't open {path}: {error}\n"));
                    return 1;
                }
            },
            None => String::from_utf8_lossy(&proc.stdin.clone().unwrap_or_default()).into_owned(),
        };
        let done = {
            let mut world = proc.world();
            let Some(firewall) = world.hosts.get_mut(&host).map(|it| &mut it.firewall) else { return 1 };
            saved::read(firewall, &text, keep).map(|fresh| *firewall = fresh)
        };
        let Err(bad) = done else { return 0 };
        match bad.why {
            Some(Wrong::NotSimulated(what)) => {
                proc.eprint(format!("uncordon: iptables {what} is not simulated yet\n"));
                1
            }
            Some(Wrong::Usage(why)) => {
                proc.eprint(format!(
                    "iptables-restore {VERSION}: {why}\nError occurred at line: {}\nTry `iptables-restore -h' or 'iptables-restore --help' for more information.\n",
                    bad.number
                ));
                2
            }
            None => {
                proc.eprint(format!("iptables-restore: line {} failed\n", bad.number));
                1
            }
        }
    })
}

/// `save` writes the filter where the next boot looks; `reload` and `start` read it from there.
fn run_persistent(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let Some(host) = machine(proc) else { return 1 };
        let mut world = proc.world();
        let now = world.now;
        let Some(machine) = world.hosts.get_mut(&host) else { return 1 };
        match proc.args.get(1).map(String::as_str) {
            Some("save") => {
                let text = saved::text(&machine.firewall, now);
                i32::from(machine.files.install(saved::KEPT, text.as_bytes(), 0o640, now).is_err())
            }
            Some("start" | "reload") => {
                let text = machine.files.read_text(saved::KEPT).unwrap_or_default();
                let fresh = saved::read(&machine.firewall, &text, false);
                let failed = i32::from(fresh.is_err());
                machine.firewall = fresh.unwrap_or_default();
                failed
            }
            Some("flush") => {
                machine.firewall = Default::default();
                0
            }
            _ => {
                drop(world);
                proc.eprint("Usage: netfilter-persistent (start|stop|restart|reload|flush|save)\n");
                1
            }
        }
    })
}
