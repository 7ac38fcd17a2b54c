//! `chmod`, `chown` and `chgrp`.

use super::options::{Options, Spec, Value};
use super::texts::{curly, fail, mode_string, quoted};
use crate::cluster::place::FileOp;
use crate::hosts::{FsError, Kind, Node};
use crate::shell::disk::Disk;
use crate::shell::{Proc, Program, Running, login};

pub(crate) const CHMOD: Program = Program { name: "chmod", summary: "Change file mode bits", run: run_chmod };
pub(crate) const CHOWN: Program =
    Program { name: "chown", summary: "Change file owner and group", run: run_chown };
pub(crate) const CHGRP: Program =
    Program { name: "chgrp", summary: "Change group ownership", run: run_chown };

const LONG: &[(&str, char, Value)] = &[
    ("recursive", 'R', Value::None),
    ("verbose", 'v', Value::None),
    ("changes", 'c', Value::None),
    ("silent", 'f', Value::None),
    ("quiet", 'f', Value::None),
    ("no-dereference", 'h', Value::None),
    ("reference", 'Z', Value::Needed),
    ("from", 'Y', Value::Needed),
];

const CHMOD_SPEC: Spec = Spec { name: "chmod", short: "RvcfrwxXstugo", long: LONG };
const CHOWN_SPEC: Spec = Spec { name: "chown", short: "RvcfhHLP", long: LONG };
const CHGRP_SPEC: Spec = Spec { name: "chgrp", short: "RvcfhHLP", long: LONG };

/// What a mode such as `750`, `u+x` or `go-rwx,a=r` makes of `mode`; `None` when it is none.
pub(crate) fn parse(text: &str, mode: u32, is_directory: bool) -> Option<u32> {
    if !text.is_empty() && text.bytes().all(|byte| (b'0'..=b'7').contains(&byte)) {
        let bits = u32::from_str_radix(text, 8).ok()?;
        // A short number leaves the set-id bits of a directory as they are.
        let kept = if is_directory && text.len() < 5 { mode & 0o6000 } else { 0 };
        return (bits <= 0o7777).then_some(bits | kept);
    }
    text.split(',').try_fold(mode, |mode, clause| apply(clause, mode, is_directory))
}

fn apply(clause: &str, mode: u32, is_directory: bool) -> Option<u32> {
    let end = clause.find(|c| !"ugoa".contains(c))?;
    let (who, mut rest) = clause.split_at(end);
    let mask = who_mask(who);
    let mut mode = mode;
    while let Some(operator) = rest.chars().next() {
        rest = rest.get(1..)?;
        let end = rest.find(['+', '-', '=']).unwrap_or(rest.len());
        let (letters, tail) = rest.split_at(end);
        let bits = permission_bits(letters, mode, is_directory)? & mask;
        mode = match operator {
            '+' => mode | bits,
            '-' => mode & !bits,
            '=' => mode & !(mask & 0o777) | bits,
            _ => return None,
        };
        rest = tail;
    }
    Some(mode)
}

/// The bits that belong to some of `u`, `g`, `o`. With nobody named it is everybody, less the umask.
fn who_mask(who: &str) -> u32 {
    let of = |c: char| match c {
        'u' => 0o4700,
        'g' => 0o2070,
        'o' => 0o1007,
        _ => 0o7777,
    };
    if who.is_empty() { 0o7755 | 0o022 } else { who.chars().map(of).fold(0, |sum, bits| sum | bits) }
}

fn permission_bits(letters: &str, mode: u32, is_directory: bool) -> Option<u32> {
    let triple = |bits: u32| bits << 6 | bits << 3 | bits;
    letters.chars().try_fold(0, |sum, letter| {
        let bits = match letter {
            'r' => 0o444,
            'w' => 0o222,
            'x' => 0o111,
            'X' if is_directory || mode & 0o111 != 0 => 0o111,
            'X' => 0,
            's' => 0o6000,
            't' => 0o1000,
            'u' => triple(mode >> 6 & 7),
            'g' => triple(mode >> 3 & 7),
            'o' => triple(mode & 7),
            _ => return None,
        };
        Some(sum | bits)
    })
}

fn run_chmod(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        // A mode may look like an option: `chmod -x file`.
        let mut args = proc.args.get(1..).unwrap_or_default().to_vec();
        let is_mode = |arg: &String| {
            arg.len() > 1 && arg.starts_with('-') && arg.chars().skip(1).all(|c| "rwxXst,".contains(c))
        };
        if let Some(at) = args.iter().position(is_mode) {
            args.insert(at, "--".to_owned());
        }
        proc.args.splice(1.., args);
        super::with_operands(proc, &CHMOD_SPEC, chmod_all)
    })
}

fn chmod_all(proc: &Proc, options: &Options) -> i32 {
    let disk = proc.disk();
    let (wanted, names) = match (options.value('Z'), options.operands.split_first()) {
        (Some(reference), _) => match disk.node(&proc.path(reference), true) {
            Ok(node) => (format!("{:o}", node.mode), options.operands.as_slice()),
            Err(error) => return fail(proc, "chmod", "failed to get attributes of", reference, error),
        },
        (None, Some((mode, names))) => (mode.clone(), names),
        (None, None) => return 1,
    };
    if names.is_empty() {
        let last = options.operands.last().cloned().unwrap_or_default();
        proc.eprint(CHMOD_SPEC.complaint(&format!("missing operand after {}", curly(&last))));
        return 1;
    }
    if parse(&wanted, 0, false).is_none() {
        proc.eprint(CHMOD_SPEC.complaint(&format!("invalid mode: {}", curly(&wanted))));
        return 1;
    }
    let change = |name: &str, path: &str, node: &Node| -> Result<(), FsError> {
        let mode = parse(&wanted, node.mode, node.kind == Kind::Directory).unwrap_or(node.mode);
        disk.change_own(path, FileOp::Chmod { path, mode })?;
        if options.has('v') || options.has('c') && mode != node.mode {
            let after = Node { mode, ..node.clone() };
            let show = |node: &Node| format!("{:04o} ({})", node.mode, &mode_string(node)[1..]);
            proc.print(if mode == node.mode {
                format!("mode of {} retained as {}\n", quoted(name), show(node))
            } else {
                format!("mode of {} changed from {} to {}\n", quoted(name), show(node), show(&after))
            });
        }
        Ok(())
    };
    let each = |name: &String| walk(proc, &disk, options, name, &change, "changing permissions of");
    names.iter().map(each).max().unwrap_or(0)
}

type Change<'a> = dyn Fn(&str, &str, &Node) -> Result<(), FsError> + 'a;

/// Carries `change` out on a file, and with `-R` on all below.
fn walk(proc: &Proc, disk: &Disk, options: &Options, name: &str, change: &Change<'_>, what: &str) -> i32 {
    let program = proc.args.first().map(String::as_str).unwrap_or_default();
    let path = proc.path(name);
    let node = match disk.node(&path, true) {
        Ok(node) => node,
        Err(error) => {
            return if options.has('f') { 1 } else { fail(proc, program, "cannot access", name, error) };
        }
    };
    let mut exit = 0;
    if let Err(error) = change(name, &path, &node) {
        exit = if options.has('f') { 1 } else { fail(proc, program, what, name, error) };
    }
    if options.has('R') && node.kind == Kind::Directory {
        for (below, node) in disk.list(&path).unwrap_or_default() {
            if !matches!(node.kind, Kind::Symlink(_)) {
                let below = format!("{}/{below}", name.trim_end_matches('/'));
                exit = exit.max(walk(proc, disk, options, &below, change, what));
            }
        }
    }
    exit
}

fn run_chown(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let is_group = proc.args.first().is_some_and(|name| name == "chgrp");
        super::with_operands(proc, if is_group { &CHGRP_SPEC } else { &CHOWN_SPEC }, chown_all)
    })
}

fn chown_all(proc: &Proc, options: &Options) -> i32 {
    let disk = proc.disk();
    let program = proc.args.first().cloned().unwrap_or_default();
    let (owner, names) = match (options.value('Z'), options.operands.split_first()) {
        (Some(reference), _) => match disk.node(&proc.path(reference), true) {
            Ok(node) => ((Some(node.uid), Some(node.gid)), options.operands.as_slice()),
            Err(error) => return fail(proc, &program, "failed to get attributes of", reference, error),
        },
        (None, Some((text, names))) => match owner(proc, text, program == "chgrp") {
            Ok(owner) => (owner, names),
            Err(text) => {
                proc.eprint(format!("{program}: {text}\n"));
                return 1;
            }
        },
        (None, None) => return 1,
    };
    if names.is_empty() {
        let last = options.operands.last().cloned().unwrap_or_default();
        let spec = if program == "chgrp" { &CHGRP_SPEC } else { &CHOWN_SPEC };
        proc.eprint(spec.complaint(&format!("missing operand after {}", curly(&last))));
        return 1;
    }
    let change = |_: &str, path: &str, node: &Node| -> Result<(), FsError> {
        let (uid, gid) = (owner.0.unwrap_or(node.uid), owner.1.unwrap_or(node.gid));
        if disk.who.uid != 0 && (uid != node.uid || disk.who.uid != node.uid) {
            return Err(FsError::NotPermitted);
        }
        disk.change_own(path, FileOp::Chown { path, uid, gid })
    };
    let what = if program == "chgrp" { "changing group of" } else { "changing ownership of" };
    names.iter().map(|name| walk(proc, &disk, options, name, &change, what)).max().unwrap_or(0)
}

type Owner = (Option<u32>, Option<u32>);

/// Reads `user`, `user:group`, `user:`, `:group`, or a group alone.
fn owner(proc: &Proc, text: &str, is_group: bool) -> Result<Owner, String> {
    if is_group {
        return Ok((
            None,
            Some(group_id(proc, text).ok_or_else(|| format!("invalid group: {}", curly(text)))?),
        ));
    }
    let (user, group) = match text.split_once(':') {
        Some((user, group)) => (user, Some(group)),
        None => (text, None),
    };
    let account = login::account(&proc.lab, &proc.place, user);
    let uid = match user {
        "" => None,
        name => match account.as_ref().map(|it| it.uid).or_else(|| name.parse().ok()) {
            Some(uid) => Some(uid),
            None => return Err(format!("invalid user: {}", curly(text))),
        },
    };
    let gid = match group {
        None => None,
        Some("") => account.map(|it| it.gid),
        Some(name) => Some(group_id(proc, name).ok_or_else(|| format!("invalid group: {}", curly(text)))?),
    };
    Ok((uid, gid))
}

fn group_id(proc: &Proc, name: &str) -> Option<u32> {
    let groups = login::groups(&proc.lab, &proc.place);
    groups.iter().find(|group| group.name == name).map(|group| group.gid).or_else(|| name.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_read_as_chmod_reads_them() {
        let of = |text| parse(text, 0o644, false).map(|mode| format!("{mode:o}")).unwrap_or_default();
        let modes = ["600", "u+x", "a=r", "go-r", "u=rwx,g=rx,o=", "+x", "g=u", "nope", "999"];
        assert_eq!(modes.map(of), ["600", "744", "444", "600", "750", "755", "664", "", ""]);
    }
}
