//! Names and numbers as GNU programs print them.

use crate::hosts::{FsError, Kind, Node};
use crate::shell::{Proc, login};
use crate::sim::SimTime;

/// `'name'`: most messages quote names so.
pub(crate) fn quoted(name: &str) -> String {
    if name.contains('\'') { format!("\"{name}\"") } else { format!("'{name}'") }
}

/// `‘name’`: some messages quote names so in a UTF-8 locale.
pub(crate) fn curly(name: &str) -> String {
    format!("‘{name}’")
}

/// Prints `program: what 'name': reason` and gives 1, the exit code of a failure.
pub(crate) fn fail(proc: &Proc, program: &str, what: &str, name: &str, error: FsError) -> i32 {
    proc.eprint(format!("{program}: {what} {}: {error}\n", quoted(name)));
    1
}

/// `drwxr-xr-x`.
pub(crate) fn mode_string(node: &Node) -> String {
    let mut text = String::with_capacity(10);
    text.push(match node.kind {
        Kind::Directory => 'd',
        Kind::Symlink(_) => 'l',
        Kind::Fifo => 'p',
        Kind::Socket => 's',
        Kind::File(_) => '-',
    });
    let special = [(0o4000, 's', 'S'), (0o2000, 's', 'S'), (0o1000, 't', 'T')];
    for (i, (bit, set, unset)) in special.into_iter().enumerate() {
        let bits = node.mode >> (6 - 3 * i) & 7;
        text.push(if bits & 4 != 0 { 'r' } else { '-' });
        text.push(if bits & 2 != 0 { 'w' } else { '-' });
        text.push(match (node.mode & bit != 0, bits & 1 != 0) {
            (true, true) => set,
            (true, false) => unset,
            (false, true) => 'x',
            (false, false) => '-',
        });
    }
    text
}

/// Six months, as `ls` counts them: half of an average Gregorian year.
const HALF_YEAR_S: i64 = 31_556_952 / 2;

/// `Nov 20 10:00`, or with the year when it is long ago or in the future.
pub(crate) fn list_time(at: SimTime, now: SimTime) -> String {
    let age = now.unix_s() - at.unix_s();
    let recent = (0..=HALF_YEAR_S).contains(&age);
    at.strftime(if recent { "%b %e %H:%M" } else { "%b %e  %Y" })
}

/// `4.0K`, `12M`: powers of 1024, rounded up as `ls -h` and `du -h` do.
pub(crate) fn human_size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["K", "M", "G", "T", "P", "E"];
    if bytes < 1024 {
        return bytes.to_string();
    }
    let mut scaled = bytes as f64;
    for unit in UNITS {
        scaled /= 1024.0;
        let tenths = (scaled * 10.0).ceil() / 10.0;
        if tenths < 10.0 {
            return format!("{tenths:.1}{unit}");
        }
        if scaled.ceil() < 1024.0 {
            return format!("{:.0}{unit}", scaled.ceil());
        }
    }
    bytes.to_string()
}

/// The name of a user id at this process's place, or the number.
pub(crate) fn user_name(proc: &Proc, uid: u32) -> String {
    login::accounts(&proc.lab, &proc.place)
        .into_iter()
        .find(|user| user.uid == uid)
        .map_or_else(|| uid.to_string(), |user| user.name)
}

/// The name of a group id at this process's place, or the number.
pub(crate) fn group_name(proc: &Proc, gid: u32) -> String {
    login::groups(&proc.lab, &proc.place)
        .into_iter()
        .find(|group| group.gid == gid)
        .map_or_else(|| gid.to_string(), |group| group.name)
}

/// `3.8Gi`, as `free -h` prints it.
pub(crate) fn human_binary(kib: u64) -> String {
    const UNITS: [&str; 4] = ["Ki", "Mi", "Gi", "Ti"];
    if kib == 0 {
        return "0B".into();
    }
    let mut value = kib as f64;
    for unit in UNITS {
        if value < 1024.0 {
            return if value < 10.0 { format!("{value:.1}{unit}") } else { format!("{value:.0}{unit}") };
        }
        value /= 1024.0;
    }
    format!("{value:.0}Pi")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_rounded_up() {
        let sizes = [999, 1024, 1025, 10 * 1024, 1 << 20, 1500 * 1024];
        assert_eq!(sizes.map(human_size), ["999", "1.0K", "1.1K", "10K", "1.0M", "1.5M"]);
    }
}
