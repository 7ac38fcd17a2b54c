//! What the kernel has loaded and mounted: `lsmod`, `modprobe`, `rmmod`, `swapon`, `swapoff`, `mount`,
//! `umount`, `findmnt`.

use crate::cluster::Place;
use crate::hosts::kernel::{self, FstabEntry};
use crate::hosts::{FsError, Host};
use crate::shell::{Proc, Program};
use crate::sim::SimTime;

macro_rules! programs {
    ($($constant:ident $name:literal $summary:literal $run:ident;)*) => {
        $(pub(crate) const $constant: Program = Program {
            name: $name,
            summary: $summary,
            run: |proc| { let exit = on_machine(proc, $run); Box::pin(async move { exit }) },
        };)*
    };
}

programs! {
    LSMOD "lsmod" "Show the status of kernel modules" lsmod;
    MODPROBE "modprobe" "Load and remove kernel modules" modprobe;
    RMMOD "rmmod" "Remove a kernel module" rmmod;
    SWAPON "swapon" "Enable swap areas" swapon;
    SWAPOFF "swapoff" "Disable swap areas" swapoff;
    MOUNT "mount" "Mount file systems" mount;
    UMOUNT "umount" "Unmount file systems" umount;
    FINDMNT "findmnt" "Show mounts" findmnt;
}

fn on_machine(proc: &Proc, run: fn(&Call<'_>) -> i32) -> i32 {
    let name = proc.args.first().map(String::as_str).unwrap_or_default();
    let Place::Host(host) = &proc.place else {
        proc.eprint(format!("uncordon: {name} in a container is not simulated yet\n"));
        return 1;
    };
    let (flags, operands) = proc.args.iter().skip(1).cloned().partition(|arg| arg.starts_with('-'));
    run(&Call { proc, host, name, flags, operands })
}

struct Call<'a> {
    proc: &'a Proc,
    host: &'a str,
    name: &'a str,
    flags: Vec<String>,
    operands: Vec<String>,
}

impl Call<'_> {
    fn with<T: Default>(&self, read: impl FnOnce(&Host) -> T) -> T {
        self.proc.world().hosts.get(self.host).map(read).unwrap_or_default()
    }

    fn with_mut<T: Default>(&self, change: impl FnOnce(&mut Host, SimTime) -> T) -> T {
        let mut world = self.proc.world();
        let now = world.now;
        world.hosts.get_mut(self.host).map(|host| change(host, now)).unwrap_or_default()
    }

    fn has(&self, names: &[&str]) -> bool {
        self.flags.iter().any(|flag| names.contains(&flag.as_str()))
    }

    fn fail(&self, exit: i32, text: &str) -> i32 {
        self.proc.eprint(format!("{}: {text}\n", self.name));
        exit
    }

    fn is_root(&self) -> bool {
        self.proc.user == "root"
    }
}

fn lsmod(call: &Call<'_>) -> i32 {
    call.proc.print("Module                  Size  Used by\n");
    for (name, size, users) in call.with(|host| kernel::modules(&host.files)) {
        let shown = if users.is_empty() { String::new() } else { format!(" {}", users.join(",")) };
        call.proc.print(format!("{name:<19} {size:>8}  {}{shown}\n", users.len()));
    }
    0
}

fn modprobe(call: &Call<'_>) -> i32 {
    if call.operands.is_empty() {
        return call.fail(1, "ERROR: missing parameters. See -h.");
    }
    // Without `-a` the words behind the first are parameters of the module.
    let take = if call.has(&["-a", "--all"]) { call.operands.len() } else { 1 };
    let mut exit = 0;
    for name in call.operands.iter().take(take) {
        if !kernel::knows_module(name) {
            let text =
                format!("FATAL: Module {name} not found in directory /lib/modules/{}", kernel::RELEASE);
            exit = call.fail(1, &text);
        } else if call.has(&["-n", "--dry-run", "-D", "--show-depends"]) {
            continue;
        } else if !call.is_root() {
            let text = format!("ERROR: could not insert '{name}': Operation not permitted");
            exit = call.fail(1, &text);
        } else if call.has(&["-r", "--remove"]) {
            exit = exit.max(remove(call, name, "FATAL: Module"));
        } else {
            call.with_mut(|host, now| kernel::load_module(host, name, now));
        }
    }
    exit
}

fn remove(call: &Call<'_>, name: &str, title: &str) -> i32 {
    match call.with_mut(|host, now| Some(kernel::unload_module(host, name, now))) {
        Some(Err(users)) if users.is_empty() && title.starts_with("ERROR") => {
            call.fail(1, &format!("{title} {name} is not currently loaded"))
        }
        Some(Err(users)) if !users.is_empty() => {
            call.fail(1, &format!("{title} {name} is in use by: {}", users.join(" ")))
        }
        _ => 0,
    }
}

fn rmmod(call: &Call<'_>) -> i32 {
    if !call.is_root() {
        return call.fail(1, "ERROR: could not remove module: Operation not permitted");
    }
    call.operands.iter().map(|name| remove(call, name, "ERROR: Module")).max().unwrap_or(1)
}

fn human(kib: u64) -> String {
    if kib >= 1 << 20 { format!("{}G", kib.div_ceil(1 << 20)) } else { format!("{}M", kib.div_ceil(1 << 10)) }
}

fn swapon(call: &Call<'_>) -> i32 {
    let areas = call.with(|host| kernel::swaps(&host.files));
    let shows = call.flags.is_empty() && call.operands.is_empty() || call.has(&["-s", "--summary", "--show"]);
    if shows {
        if call.has(&["-s", "--summary"]) && !areas.is_empty() {
            call.proc.print(call.proc.read_file(kernel::SWAPS).map(|it| it.to_vec()).unwrap_or_default());
        } else if !areas.is_empty() {
            call.proc.print("NAME      TYPE SIZE USED PRIO\n");
            for (index, (name, kib)) in areas.iter().enumerate() {
                let kind = if name.starts_with("/dev/") { "partition" } else { "file" };
                call.proc.print(format!(
                    "{name:<9} {kind} {:>4}   0B {:>4}\n",
                    human(*kib),
                    -2 - index as i64
                ));
            }
        }
        return 0;
    }
    if !call.is_root() {
        return call.fail(1, "cannot open swap area: Permission denied");
    }
    let configured = || -> Vec<String> {
        let entries = call.with(|host| kernel::fstab(&host.files));
        entries.into_iter().filter(|it| it.kind == "swap").map(|it| it.source).collect()
    };
    let wanted = if call.has(&["-a", "--all"]) { configured() } else { call.operands.clone() };
    let mut now_used = areas;
    let mut exit = 0;
    for name in wanted {
        if call.proc.stat(&name).is_err() {
            exit = call.fail(255, &format!("cannot open {name}: No such file or directory"));
        } else if now_used.iter().any(|(used, _)| *used == name) {
            if !call.has(&["-a", "--all"]) {
                exit = call.fail(255, &format!("{name}: swapon failed: Device or resource busy"));
            }
        } else if !call.with(|host| kernel::is_swap_area(&host.files, &call.proc.path(&name))) {
            exit = call.fail(255, &format!("{name}: read swap header failed"));
        } else {
            let kib = call.with(|host| kernel::swap_kib(&host.files, &name));
            now_used.push((name, kib));
        }
    }
    call.with_mut(|host, now| kernel::set_swaps(host, &now_used, now));
    exit
}

fn swapoff(call: &Call<'_>) -> i32 {
    if !call.is_root() {
        return call.fail(1, "Not superuser.");
    }
    let mut areas = call.with(|host| kernel::swaps(&host.files));
    let mut exit = 0;
    if call.has(&["-a", "--all"]) {
        areas.clear();
    } else if call.operands.is_empty() {
        return call.fail(1, "bad usage\nTry 'swapoff --help' for more information.");
    }
    for name in &call.operands {
        if areas.iter().any(|(used, _)| used == name) {
            areas.retain(|(used, _)| used != name);
        } else {
            exit = call.fail(4, &format!("{name}: swapoff failed: Invalid argument"));
        }
    }
    call.with_mut(|host, now| kernel::set_swaps(host, &areas, now));
    exit
}

/// The lines of `/proc/mounts` as fields.
fn mounts(call: &Call<'_>) -> Vec<[String; 4]> {
    let text = call.with(|host| host.files.read_text(kernel::MOUNTS).unwrap_or_default());
    let line = |line: &str| {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        words.get(..4).and_then(|it| it.to_vec().try_into().ok())
    };
    text.lines().filter_map(line).collect()
}

fn mount(call: &Call<'_>) -> i32 {
    if call.operands.is_empty() && !call.has(&["-a", "--all"]) {
        for [source, target, kind, options] in mounts(call) {
            call.proc.print(format!("{source} on {target} type {kind} ({options})\n"));
        }
        return 0;
    }
    if !call.is_root() {
        return call.fail(1, "only root can do that");
    }
    let mounted = mounts(call);
    let entries = call.with(|host| kernel::fstab(&host.files));
    let wanted: Vec<FstabEntry> = match call.operands.as_slice() {
        [] => entries.into_iter().filter(|it| it.kind != "swap" && it.target != "/").collect(),
        [one] => match entries.into_iter().find(|it| it.target == *one || it.source == *one) {
            Some(found) => vec![found],
            None => return call.fail(1, &format!("{one}: can't find in /etc/fstab.")),
        },
        [.., source, target] => {
            let kind = if source.starts_with("tmpfs") { "tmpfs" } else { "ext4" };
            let target = call.proc.path(target);
            vec![FstabEntry { source: source.clone(), target, kind: kind.into(), options: "rw".into() }]
        }
    };
    let mut lines = String::new();
    for it in wanted {
        if call.proc.stat(&it.target) == Err(FsError::NotFound) {
            return call.fail(32, &format!("{}: mount point does not exist.", it.target));
        }
        if !mounted.iter().any(|[_, target, ..]| *target == it.target) {
            lines.push_str(&format!("{} {} {} rw,relatime 0 0\n", it.source, it.target, it.kind));
        }
    }
    call.with_mut(|host, now| host.files.append(kernel::MOUNTS, lines.as_bytes(), now).is_ok());
    0
}

fn umount(call: &Call<'_>) -> i32 {
    let mut exit = 0;
    for name in &call.operands {
        let mounted = mounts(call);
        let path = call.proc.path(name);
        let Some(at) = mounted.iter().rposition(|[source, target, ..]| *target == path || source == name)
        else {
            exit = call.fail(32, &format!("{name}: not mounted."));
            continue;
        };
        if !call.is_root() {
            return call.fail(32, &format!("{name}: must be superuser to unmount."));
        }
        if mounted.get(at).is_some_and(|[_, target, ..]| target == "/") {
            return call.fail(32, "/: target is busy.");
        }
        let kept = mounted.iter().enumerate().filter(|(index, _)| *index != at);
        let text: String = kept.map(|(_, it)| format!("{} 0 0\n", it.join(" "))).collect();
        call.with_mut(|host, now| host.files.write(kernel::MOUNTS, text.as_bytes(), now).is_ok());
    }
    exit
}

fn findmnt(call: &Call<'_>) -> i32 {
    let all = mounts(call);
    let wanted = call.operands.first().map(|it| call.proc.path(it));
    let rows: Vec<&[String; 4]> =
        all.iter().filter(|[_, target, ..]| wanted.as_ref().is_none_or(|it| it == target)).collect();
    if rows.is_empty() {
        return 1;
    }
    let wide = |column: usize, title: &str| {
        rows.iter().map(|row| row[column].len()).max().unwrap_or(0).max(title.len())
    };
    let (target, source, kind) = (wide(1, "TARGET"), wide(0, "SOURCE"), wide(2, "FSTYPE"));
    if !call.has(&["-n", "--noheadings"]) {
        call.proc.print(format!("{:<target$} {:<source$} {:<kind$} OPTIONS\n", "TARGET", "SOURCE", "FSTYPE"));
    }
    for [from, at, file_system, options] in rows {
        call.proc.print(format!("{at:<target$} {from:<source$} {file_system:<kind$} {options}\n"));
    }
    0
}
