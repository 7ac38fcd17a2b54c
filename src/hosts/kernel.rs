//! What the kernel of a machine has loaded, mounted and set: files below `/proc`, made anew at every boot
//! from the files below `/etc` that say what is to last.

use super::firewall::{Firewall, saved, ufw};
use super::{FileTree, Host};
use crate::sim::SimTime;

/// The kernel of the recorded nodes.
pub(crate) const RELEASE: &str = "6.8.0-51-generic";
/// What it was built as: `uname -v`.
pub(crate) const VERSION: &str = "#52-Ubuntu SMP PREEMPT_DYNAMIC Thu Dec  5 13:09:44 UTC 2024";

/// Modules that every machine has loaded: name, size, and who uses it.
const BUILT_IN: &[(&str, u64)] = &[
    ("nf_conntrack", 200_704),
    ("ip_tables", 32_768),
    ("x_tables", 65_536),
    ("veth", 45_056),
    ("autofs4", 57_344),
];

/// Modules that can be loaded, with their sizes and what they bring along.
const LOADABLE: &[(&str, u64, &[&str])] = &[
    ("br_netfilter", 32_768, &["bridge"]),
    ("bridge", 421_888, &["stp", "llc"]),
    ("ip_vs", 221_184, &["nf_conntrack"]),
    ("ip_vs_rr", 12_288, &["ip_vs"]),
    ("ip_vs_sh", 12_288, &["ip_vs"]),
    ("ip_vs_wrr", 12_288, &["ip_vs"]),
    ("llc", 16_384, &[]),
    ("nf_conntrack", 200_704, &[]),
    ("overlay", 212_992, &[]),
    ("stp", 12_288, &[]),
    ("vxlan", 155_648, &[]),
    ("wireguard", 114_688, &[]),
    ("xt_conntrack", 12_288, &[]),
    ("nbd", 65_536, &[]),
];

/// The file that lists loaded modules.
pub(crate) const MODULES: &str = "/proc/modules";
/// The file that lists swap areas.
pub(crate) const SWAPS: &str = "/proc/swaps";
/// The file that lists mounts.
pub(crate) const MOUNTS: &str = "/proc/mounts";

/// The first line of [`SWAPS`].
const SWAPS_HEAD: &str = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n";

/// Mounts that every machine has.
const SYSTEM_MOUNTS: &str = "sysfs /sys sysfs rw,nosuid,nodev,noexec,relatime 0 0\n\
    proc /proc proc rw,nosuid,nodev,noexec,relatime 0 0\n\
    udev /dev devtmpfs rw,nosuid,relatime,size=1981092k,nr_inodes=495273,mode=755 0 0\n\
    tmpfs /run tmpfs rw,nosuid,nodev,noexec,relatime,size=402492k,mode=755 0 0\n\
    /dev/vda1 / ext4 rw,relatime,discard,errors=remount-ro,commit=30 0 0\n\
    tmpfs /dev/shm tmpfs rw,nosuid,nodev 0 0\n\
    tmpfs /run/lock tmpfs rw,nosuid,nodev,noexec,relatime,size=5120k 0 0\n\
    cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid,nodev,noexec,relatime,nsdelegate,memory_recursiveprot 0 0\n";

/// Parameters that every machine has, with the values of a fresh Ubuntu.
pub(crate) const PARAMETERS: &[(&str, &str)] = &[
    ("fs.file-max", "9223372036854775807"),
    ("fs.inotify.max_user_instances", "128"),
    ("fs.inotify.max_user_watches", "29454"),
    ("kernel.hostname", ""),
    ("kernel.osrelease", "6.8.0-51-generic"),
    ("kernel.panic", "0"),
    ("kernel.panic_on_oops", "0"),
    ("kernel.pid_max", "4194304"),
    ("net.bridge.bridge-nf-call-ip6tables", "1"),
    ("net.bridge.bridge-nf-call-iptables", "1"),
    ("net.core.somaxconn", "4096"),
    ("net.ipv4.conf.all.forwarding", "0"),
    ("net.ipv4.conf.all.rp_filter", "2"),
    ("net.ipv4.ip_forward", "0"),
    ("net.ipv4.ip_local_port_range", "32768\t60999"),
    ("net.ipv4.tcp_keepalive_time", "7200"),
    ("net.ipv6.conf.all.disable_ipv6", "0"),
    ("net.ipv6.conf.all.forwarding", "0"),
    ("net.netfilter.nf_conntrack_max", "65536"),
    ("vm.drop_caches", "0"),
    ("vm.max_map_count", "65530"),
    ("vm.overcommit_memory", "0"),
    ("vm.panic_on_oom", "0"),
    ("vm.swappiness", "60"),
];

/// A line of `/etc/fstab`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FstabEntry {
    pub(crate) source: String,
    pub(crate) target: String,
    pub(crate) kind: String,
    pub(crate) options: String,
}

/// The lines of `/etc/fstab` that are no comments.
pub(crate) fn fstab(files: &FileTree) -> Vec<FstabEntry> {
    let text = files.read_text("/etc/fstab").unwrap_or_default();
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .filter_map(|line| {
            let mut words = line.split_whitespace().map(str::to_owned);
            let (source, target, kind) = (words.next()?, words.next()?, words.next()?);
            Some(FstabEntry {
                source,
                target,
                kind,
                options: words.next().unwrap_or_else(|| "defaults".into()),
            })
        })
        .collect()
}

/// Names of the loaded modules, the latest first, with their sizes and users.
pub(crate) fn modules(files: &FileTree) -> Vec<(String, u64, Vec<String>)> {
    let text = files.read_text(MODULES).unwrap_or_default();
    let line = |line: &str| {
        let mut words = line.split_whitespace();
        let (name, size) = (words.next()?.to_owned(), words.next()?.parse().ok()?);
        let users = words.nth(1).unwrap_or("-");
        let users = users.split(',').filter(|it| !it.is_empty() && *it != "-").map(str::to_owned).collect();
        Some((name, size, users))
    };
    text.lines().filter_map(line).collect()
}

/// True when a module is loaded or built in.
pub(crate) fn has_module(files: &FileTree, name: &str) -> bool {
    let name = name.replace('-', "_");
    modules(files).iter().any(|(loaded, ..)| *loaded == name)
}

/// True when the kernel has such a module at all.
pub(crate) fn knows_module(name: &str) -> bool {
    let name = name.replace('-', "_");
    LOADABLE.iter().any(|(known, ..)| *known == name) || BUILT_IN.iter().any(|(known, _)| *known == name)
}

/// Loads a module and what it needs; false when there is no such module.
pub(crate) fn load_module(host: &mut Host, name: &str, now: SimTime) -> bool {
    let name = name.replace('-', "_");
    if has_module(&host.files, &name) {
        return true;
    }
    let Some((_, size, needs)) = LOADABLE.iter().find(|(known, ..)| *known == name) else {
        return knows_module(&name);
    };
    for need in *needs {
        load_module(host, need, now);
    }
    let mut all = modules(&host.files);
    for (known, _, users) in &mut all {
        if needs.contains(&known.as_str()) {
            users.push(name.clone());
        }
    }
    all.insert(0, (name.clone(), *size, Vec::new()));
    write_modules(host, &all, now);
    if name == "br_netfilter" {
        for key in ["net.bridge.bridge-nf-call-iptables", "net.bridge.bridge-nf-call-ip6tables"] {
            host.sysctl.entry(key.to_owned()).or_insert_with(|| "1".to_owned());
        }
    }
    true
}

/// Takes a module away.
///
/// # Errors
/// The names of the modules that use it; none when it is not loaded.
pub(crate) fn unload_module(host: &mut Host, name: &str, now: SimTime) -> Result<(), Vec<String>> {
    let name = name.replace('-', "_");
    let mut all = modules(&host.files);
    match all.iter().find(|(known, ..)| *known == name) {
        None => return Err(Vec::new()),
        Some((_, _, users)) if !users.is_empty() => return Err(users.clone()),
        Some(_) => {}
    }
    all.retain(|(known, ..)| *known != name);
    all.iter_mut().for_each(|(_, _, users)| users.retain(|user| *user != name));
    write_modules(host, &all, now);
    if name == "br_netfilter" {
        host.sysctl = host
            .sysctl
            .iter()
            .filter(|(key, _)| !key.starts_with("net.bridge."))
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect();
    }
    Ok(())
}

fn write_modules(host: &mut Host, all: &[(String, u64, Vec<String>)], now: SimTime) {
    let line = |(name, size, users): &(String, u64, Vec<String>)| {
        let shown = if users.is_empty() { "-".to_owned() } else { format!("{},", users.join(",")) };
        format!("{name} {size} {} {shown} Live 0x0000000000000000\n", users.len())
    };
    let text: String = all.iter().map(line).collect();
    let _ = host.files.install(MODULES, text.as_bytes(), 0o444, now);
}

/// The value of a kernel parameter; `None` when this kernel has no such.
pub(crate) fn parameter(host: &Host, name: &str) -> Option<String> {
    if name == "kernel.hostname" {
        return Some(host.hostname().to_owned());
    }
    if name.starts_with("net.bridge.") && !has_module(&host.files, "br_netfilter") {
        return None;
    }
    let known = PARAMETERS.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    host.sysctl.get(name).cloned().or(known)
}

/// The swap areas in use: file and KiB.
pub(crate) fn swaps(files: &FileTree) -> Vec<(String, u64)> {
    let text = files.read_text(SWAPS).unwrap_or_default();
    let line = |line: &str| {
        let mut words = line.split_whitespace();
        Some((words.next()?.to_owned(), words.nth(1)?.parse().ok()?))
    };
    text.lines().skip(1).filter_map(line).collect()
}

/// Writes which swap areas are in use.
pub(crate) fn set_swaps(host: &mut Host, areas: &[(String, u64)], now: SimTime) {
    let line = |(index, (name, kib)): (usize, &(String, u64))| {
        let kind = if name.starts_with("/dev/") { "partition" } else { "file\t" };
        format!("{name:<40}{kind}\t{kib}\t\t0\t\t-{}\n", index + 2)
    };
    let text = format!("{SWAPS_HEAD}{}", areas.iter().enumerate().map(line).collect::<String>());
    let _ = host.files.install(SWAPS, text.as_bytes(), 0o444, now);
}

/// Bytes of the header of a swap area, which ends with its signature.
pub(crate) const SWAP_PAGE: usize = 4096;

/// What tells that `mkswap` was there.
pub(crate) const SWAP_SIGNATURE: &[u8] = b"SWAPSPACE2";

/// True when a file or device has been made a swap area.
pub(crate) fn is_swap_area(files: &FileTree, path: &str) -> bool {
    let signature = SWAP_PAGE - SWAP_SIGNATURE.len()..SWAP_PAGE;
    path.starts_with("/dev/")
        || files.read(path).is_ok_and(|bytes| bytes.get(signature) == Some(SWAP_SIGNATURE))
}

/// KiB of a swap area: 2 GiB less the header, unless the file is smaller.
pub(crate) const SWAP_KIB: u64 = 2_097_148;

/// KiB of the swap area in a file or on a device: all but the first page.
pub(crate) fn swap_kib(files: &FileTree, path: &str) -> u64 {
    let size = files.stat(path).map_or(0, |it| it.size() / 1024);
    if size < 1024 { SWAP_KIB } else { size - 4 }
}

/// Sets everything that does not last as the machine's files say.
pub(crate) fn boot(host: &mut Host, now: SimTime) {
    let _ = host.files.install(MODULES, b"", 0o444, now);
    let built_in: Vec<(String, u64, Vec<String>)> =
        BUILT_IN.iter().map(|(name, size)| ((*name).to_owned(), *size, Vec::new())).collect();
    write_modules(host, &built_in, now);
    host.sysctl.clear();
    let kept = host.files.read_text("/etc/hostname").unwrap_or_default();
    if !kept.trim().is_empty() {
        host.rename(kept.trim(), now);
    }
    host.firewall = kept_firewall(host);
    for name in configured_modules(&host.files) {
        let _ = load_module(host, &name, now);
    }
    for (key, value) in configured_sysctls(&host.files) {
        let needs_module = key.starts_with("net.bridge.") && !has_module(&host.files, "br_netfilter");
        if !needs_module {
            host.sysctl.insert(key, value);
        }
    }
    let areas =
        fstab(&host.files).into_iter().filter(|it| it.kind == "swap" && !it.options.contains("noauto"));
    let areas: Vec<(String, u64)> = areas
        .filter(|it| is_swap_area(&host.files, &it.source))
        .map(|it| (it.source.clone(), swap_kib(&host.files, &it.source)))
        .collect();
    set_swaps(host, &areas, now);
    let mut mounts = SYSTEM_MOUNTS.to_owned();
    for it in fstab(&host.files) {
        if it.kind != "swap" && it.target != "/" && !it.options.contains("noauto") {
            mounts.push_str(&format!("{} {} {} rw,relatime 0 0\n", it.source, it.target, it.kind));
        }
    }
    let _ = host.files.install(MOUNTS, mounts.as_bytes(), 0o444, now);
}

/// The packet filter that `netfilter-persistent` brings back; open without it.
fn kept_firewall(host: &Host) -> Firewall {
    if ufw::is_enabled(&host.files) {
        return ufw::filter(&host.files);
    }
    let open = Firewall::default();
    if host.packages.version("iptables-persistent").is_none() {
        return open;
    }
    let text = host.files.read_text(saved::KEPT).unwrap_or_default();
    saved::read(&open, &text, false).unwrap_or_default()
}

/// `/etc/modules` and the files of `modules-load.d`.
fn configured_modules(files: &FileTree) -> Vec<String> {
    let mut text = files.read_text("/etc/modules").unwrap_or_default();
    for folder in ["/usr/lib/modules-load.d", "/etc/modules-load.d"] {
        for (name, _) in files.list(folder).unwrap_or_default() {
            if name.ends_with(".conf") {
                text.push('\n');
                text.push_str(&files.read_text(&format!("{folder}/{name}")).unwrap_or_default());
            }
        }
    }
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['#', ';']));
    lines.map(str::to_owned).collect()
}

/// The settings that last, in the order in which they are made: later files win, whatever their folder.
fn configured_sysctls(files: &FileTree) -> Vec<(String, String)> {
    let mut found = std::collections::BTreeMap::new();
    for folder in ["/usr/lib/sysctl.d", "/run/sysctl.d", "/etc/sysctl.d"] {
        for (name, _) in files.list(folder).unwrap_or_default() {
            if name.ends_with(".conf") {
                found.insert(name.clone(), format!("{folder}/{name}"));
            }
        }
    }
    let mut paths: Vec<String> = found.into_values().collect();
    paths.push("/etc/sysctl.conf".into());
    let texts = paths.iter().map(|path| files.read_text(path).unwrap_or_default());
    let all = texts.collect::<Vec<_>>().join("\n");
    let lines = all.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';']));
    let pair = |line: &str| {
        let (key, value) = line.split_once('=')?;
        Some((key.trim().trim_start_matches('-').replace('/', "."), value.trim().to_owned()))
    };
    lines.filter_map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host() -> Host {
        let mut host = Host::new("node01", "172.30.2.2", SimTime::START);
        let mut put = |path: &str, text: &str| {
            host.files.install(path, text.as_bytes(), 0o644, SimTime::START).unwrap()
        };
        put("/etc/modules-load.d/k8s.conf", "overlay\nbr_netfilter\n");
        put("/etc/sysctl.d/k8s.conf", "net.ipv4.ip_forward = 1\nnet.bridge.bridge-nf-call-iptables=1\n");
        put("/swap.img", &format!("{:4086}SWAPSPACE2", ""));
        put("/etc/fstab", "/dev/vda1 / ext4 defaults 0 1\n/swap.img none swap sw 0 0\n");
        host
    }

    #[test]
    fn a_boot_brings_what_files_say_and_nothing_else() {
        let mut host = host();
        boot(&mut host, SimTime::START);
        assert!(has_module(&host.files, "br_netfilter") && has_module(&host.files, "overlay"));
        assert_eq!(swaps(&host.files), [("/swap.img".to_owned(), SWAP_KIB)]);
        host.sysctl.insert("net.ipv4.ip_forward".into(), "0".into());
        set_swaps(&mut host, &[], SimTime::START);
        assert!(load_module(&mut host, "ip_vs_rr", SimTime::START));
        boot(&mut host, SimTime::START);
        assert_eq!(host.sysctl.get("net.ipv4.ip_forward").map(String::as_str), Some("1"));
        assert_eq!(swaps(&host.files).len(), 1);
        assert!(!has_module(&host.files, "ip_vs"));
    }

    #[test]
    fn modules_know_who_uses_them() {
        let mut host = host();
        boot(&mut host, SimTime::START);
        assert_eq!(unload_module(&mut host, "bridge", SimTime::START), Err(vec!["br_netfilter".into()]));
        assert_eq!(unload_module(&mut host, "br_netfilter", SimTime::START), Ok(()));
        assert_eq!(host.sysctl.get("net.bridge.bridge-nf-call-iptables"), None);
        assert!(!load_module(&mut host, "nonsense", SimTime::START));
    }
}
