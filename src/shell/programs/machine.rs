//! What a machine says of itself: `hostname`, `hostnamectl`, `uname`, `uptime`, `nproc`, `arch`,
//! `lsb_release`.

use super::options::{Spec, Value};
use crate::cluster::{Place, load};
use crate::hosts::{Host, kernel};
use crate::shell::{Proc, Program, Running, login};

pub(crate) const HOSTNAME: Program =
    Program { name: "hostname", summary: "Show the system's host name", run: run_hostname };
pub(crate) const HOSTNAMECTL: Program =
    Program { name: "hostnamectl", summary: "Show the system's identity", run: run_hostnamectl };
pub(crate) const UNAME: Program =
    Program { name: "uname", summary: "Print system information", run: run_uname };
pub(crate) const UPTIME: Program =
    Program { name: "uptime", summary: "Tell how long the system has been running", run: run_uptime };
pub(crate) const NPROC: Program =
    Program { name: "nproc", summary: "Print the number of processing units", run: run_nproc };
pub(crate) const ARCH: Program =
    Program { name: "arch", summary: "Print machine architecture", run: run_arch };
pub(crate) const LSB_RELEASE: Program =
    Program { name: "lsb_release", summary: "Print distribution information", run: run_lsb_release };

/// The kernel of the recorded nodes: `uname -r` and `uname -v`.
pub(crate) const KERNEL: (&str, &str) = (kernel::RELEASE, kernel::VERSION);

/// The host that a process runs on: in a container, the one that its name space is on is not known
/// here, and any machine of the lab is like the other.
pub(crate) fn with_host<T>(proc: &Proc, read: impl FnOnce(&Host) -> T) -> Option<T> {
    let world = proc.world();
    match &proc.place {
        Place::Host(name) => world.hosts.get(name).map(read),
        Place::Container { .. } => world.hosts.values().next().map(read),
    }
}

fn run_hostname(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let name = login::host_name(&proc.lab, &proc.place);
        let text = match proc.args.get(1).map(String::as_str) {
            None | Some("-s" | "--short" | "-f" | "--fqdn" | "--long") => name,
            Some("-i" | "--ip-address" | "-I" | "--all-ip-addresses") => {
                with_host(proc, |host| host.address.clone()).unwrap_or_default() + " "
            }
            Some("-d" | "--domain") => String::new(),
            Some(option) if option.starts_with('-') => {
                proc.eprint(format!("hostname: invalid option -- '{}'\n", option.trim_start_matches('-')));
                return 1;
            }
            Some(_) if proc.user != "root" => {
                proc.eprint("hostname: you must be root to change the host name\n");
                return 1;
            }
            Some(name) => return rename(proc, name, false),
        };
        proc.print(format!("{text}\n"));
        0
    })
}

fn run_hostnamectl(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let name = login::host_name(&proc.lab, &proc.place);
        match proc.args.get(1).map(String::as_str) {
            None | Some("status") => {}
            Some("hostname") if proc.args.len() == 2 => {
                proc.print(format!("{name}\n"));
                return 0;
            }
            Some("set-hostname" | "hostname") if proc.user != "root" => {
                proc.eprint("Could not set static hostname: Interactive authentication required.\n");
                return 1;
            }
            Some("set-hostname" | "hostname") => {
                let name =
                    proc.args.iter().skip(2).find(|it| !it.starts_with('-')).cloned().unwrap_or_default();
                return rename(proc, &name, true);
            }
            Some(verb) => {
                proc.eprint(format!("uncordon: hostnamectl {verb} is not simulated yet\n"));
                return 1;
            }
        }
        let read =
            |path: &str| proc.read_file(path).map(|text| String::from_utf8_lossy(&text).trim().to_owned());
        let machine = read("/etc/machine-id").unwrap_or_default();
        proc.print(format!(
            " Static hostname: {name}\n       Icon name: computer-vm\n         Chassis: vm\n      Machine ID: {machine}\n  \
             Virtualization: kvm\nOperating System: {}\n          Kernel: Linux {}\n    Architecture: x86-64\n",
            release(proc, "PRETTY_NAME"),
            KERNEL.0
        ));
        0
    })
}

/// Gives the machine another name; `kept` is for one that a reboot leaves. A kubelet finds out when it starts again.
fn rename(proc: &Proc, name: &str, kept: bool) -> i32 {
    let Place::Host(host) = &proc.place else {
        proc.eprint("hostname: sethostname: Operation not permitted\n");
        return 1;
    };
    let fine = !name.is_empty()
        && name.len() <= 64
        && !name.starts_with(['-', '.'])
        && name.chars().all(|it| it.is_ascii_alphanumeric() || it == '-' || it == '.');
    if !fine {
        let who =
            if kept { "Could not set static hostname: Invalid static hostname" } else { "hostname: name" };
        proc.eprint(format!("{who} '{name}'\n"));
        return 1;
    }
    let mut world = proc.world();
    let now = world.now;
    let Some(machine) = world.hosts.get_mut(host) else { return 1 };
    machine.rename(name, now);
    machine.log(
        now,
        "systemd-hostnamed",
        611,
        "systemd-hostnamed.service",
        6,
        format!("Hostname set to <{name}> (static)"),
    );
    let written = !kept || machine.files.write("/etc/hostname", format!("{name}\n").as_bytes(), now).is_ok();
    i32::from(!written)
}

/// A value of `/etc/os-release`.
fn release(proc: &Proc, key: &str) -> String {
    let bytes = proc.read_file("/etc/os-release").unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let value = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    value.unwrap_or_default().trim_matches('"').to_owned()
}

fn run_lsb_release(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let rows = [
            ("Distributor ID", "-i", release(proc, "NAME")),
            ("Description", "-d", release(proc, "PRETTY_NAME")),
            ("Release", "-r", release(proc, "VERSION_ID")),
            ("Codename", "-c", release(proc, "VERSION_CODENAME")),
        ];
        let args = proc.args.get(1..).unwrap_or_default();
        let all = args.iter().any(|arg| arg == "-a" || arg == "--all");
        let short = args.iter().any(|arg| arg.starts_with('-') && arg.ends_with('s') || arg == "--short");
        if all {
            proc.eprint("No LSB modules are available.\n");
        }
        for (name, option, value) in rows {
            let letter = option.trim_start_matches('-');
            if all || args.iter().any(|arg| arg.starts_with('-') && arg.contains(letter)) {
                proc.print(if short { format!("{value}\n") } else { format!("{name}:\t{value}\n") });
            }
        }
        0
    })
}

const UNAME_SPEC: Spec = Spec {
    name: "uname",
    short: "asnrvmpio",
    long: &[
        ("all", 'a', Value::None),
        ("kernel-name", 's', Value::None),
        ("nodename", 'n', Value::None),
        ("kernel-release", 'r', Value::None),
        ("kernel-version", 'v', Value::None),
        ("machine", 'm', Value::None),
        ("processor", 'p', Value::None),
        ("hardware-platform", 'i', Value::None),
        ("operating-system", 'o', Value::None),
    ],
};

fn run_uname(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let options = match UNAME_SPEC.parse(proc.args.get(1..).unwrap_or_default()) {
            Ok(options) => options,
            Err(text) => {
                proc.eprint(text);
                return 1;
            }
        };
        let node = login::host_name(&proc.lab, &proc.place);
        let parts = [
            ('s', "Linux"),
            ('n', node.as_str()),
            ('r', KERNEL.0),
            ('v', KERNEL.1),
            ('m', "x86_64"),
            ('p', "x86_64"),
            ('i', "x86_64"),
            ('o', "GNU/Linux"),
        ];
        let none = parts.iter().all(|(letter, _)| !options.has(*letter)) && !options.has('a');
        let wanted = |letter: char| options.has('a') || options.has(letter) || none && letter == 's';
        let shown: Vec<&str> =
            parts.iter().filter(|(letter, _)| wanted(*letter)).map(|(_, text)| *text).collect();
        proc.print(format!("{}\n", shown.join(" ")));
        0
    })
}

/// `up 9 days,  2:03`, as `uptime` and `top` put it.
pub(super) fn up_since(proc: &Proc) -> String {
    let up = with_host(proc, |host| host.booted).map_or(0, |at| proc.world().now.since(at).as_secs());
    let (days, hours, minutes) = (up / 86_400, up / 3600 % 24, up / 60 % 60);
    let plural = if days == 1 { "" } else { "s" };
    let day_text = if days > 0 { format!("{days} day{plural}, ") } else { String::new() };
    if hours > 0 {
        format!("up {day_text}{hours:2}:{minutes:02}")
    } else {
        format!("up {day_text}{minutes} min")
    }
}

/// `up 1 week, 2 days, 3 minutes`.
fn pretty(proc: &Proc) -> String {
    let up = with_host(proc, |host| host.booted).map_or(0, |at| proc.world().now.since(at).as_secs());
    let parts = [
        (up / 604_800, "week"),
        (up / 86_400 % 7, "day"),
        (up / 3600 % 24, "hour"),
        (up / 60 % 60, "minute"),
    ];
    let shown = parts.iter().filter(|(count, _)| *count > 0);
    let words: Vec<String> =
        shown.map(|(count, name)| format!("{count} {name}{}", if *count == 1 { "" } else { "s" })).collect();
    format!("up {}", if words.is_empty() { "0 minutes".to_owned() } else { words.join(", ") })
}

fn run_uptime(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let now = proc.world().now;
        let text = match proc.args.get(1).map(String::as_str) {
            Some("-s" | "--since") => {
                with_host(proc, |host| host.booted.strftime("%Y-%m-%d %H:%M:%S")).unwrap_or_default()
            }
            Some("-p" | "--pretty") => pretty(proc),
            _ => {
                let up = up_since(proc);
                format!(
                    " {} {up},  1 user,  load average: {}",
                    now.strftime("%H:%M:%S"),
                    super::top::averages(proc)
                )
            }
        };
        proc.print(format!("{text}\n"));
        0
    })
}

fn run_nproc(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let count = with_host(proc, load::processors).unwrap_or(1);
        proc.print(format!("{count}\n"));
        0
    })
}

fn run_arch(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        proc.print("x86_64\n");
        0
    })
}
