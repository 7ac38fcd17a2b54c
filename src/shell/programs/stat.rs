//! `stat`: show what the file system knows of a file.

use super::ls::{blocks, inode};
use super::options::{Options, Spec, Value};
use super::texts::{group_name, mode_string, quoted, user_name};
use crate::hosts::{Kind, Node};
use crate::shell::{Proc, Program, Running};

pub(crate) const PROGRAM: Program = Program { name: "stat", summary: "Display file status", run };

const SPEC: Spec = Spec {
    name: "stat",
    short: "c:Lft",
    long: &[
        ("format", 'c', Value::Needed),
        ("printf", 'p', Value::Needed),
        ("dereference", 'L', Value::None),
        ("file-system", 'f', Value::None),
        ("terse", 't', Value::None),
    ],
};

fn run(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move { super::with_operands(proc, &SPEC, stat_all) })
}

fn stat_all(proc: &Proc, options: &Options) -> i32 {
    if options.has('f') {
        return options.operands.iter().map(|name| file_system(proc, options, name)).max().unwrap_or(0);
    }
    let disk = proc.disk();
    let one = |name: &String| match disk.node(&proc.path(name), options.has('L')) {
        Ok(node) => {
            let shown = match (options.value('c'), options.value('p')) {
                (Some(format), _) => filled(proc, name, &node, format) + "\n",
                (None, Some(format)) => {
                    filled(proc, name, &node, &format.replace("\\n", "\n").replace("\\t", "\t"))
                }
                (None, None) => whole(proc, name, &node),
            };
            proc.print(shown);
            0
        }
        Err(error) => {
            proc.eprint(format!("stat: cannot statx {}: {error}\n", quoted(name)));
            1
        }
    };
    options.operands.iter().map(one).max().unwrap_or(0)
}

/// `stat -f`: the file system that a file lies in, as `/proc/mounts` names its type.
fn file_system(proc: &Proc, options: &Options, name: &str) -> i32 {
    if let Err(error) = proc.stat(name) {
        proc.eprint(format!("stat: cannot read file system information for {}: {error}\n", quoted(name)));
        return 1;
    }
    let path = proc.path(name);
    let mounts = proc.read_file("/proc/mounts").unwrap_or_default();
    let mounts = String::from_utf8_lossy(&mounts).into_owned();
    let rows = mounts.lines().filter_map(|line| {
        let mut words = line.split_whitespace().skip(1);
        Some((words.next()?.to_owned(), words.next()?.to_owned()))
    });
    let covers = |at: &str| at == "/" || path == *at || path.starts_with(&format!("{at}/"));
    let kind = rows.filter(|(at, _)| covers(at)).max_by_key(|(at, _)| at.len()).map(|(_, kind)| kind);
    let kind = match kind.as_deref() {
        None => "overlayfs",
        Some("ext4") => "ext2/ext3",
        Some("cgroup2") => "cgroup2fs",
        Some(other) => other,
    };
    match options.value('c') {
        Some(format) => proc.print(format.replace("%T", kind).replace("%n", name) + "\n"),
        None => proc.print(format!("  File: {}\n    Namelen: 255     Type: {kind}\n", quoted(name))),
    }
    0
}

fn kind_name(node: &Node) -> &'static str {
    match node.kind {
        Kind::Directory => "directory",
        Kind::Symlink(_) => "symbolic link",
        Kind::Fifo => "fifo",
        Kind::Socket => "socket",
        Kind::File(_) if node.size() == 0 => "regular empty file",
        Kind::File(_) => "regular file",
    }
}

fn shown_name(name: &str, node: &Node) -> String {
    match &node.kind {
        Kind::Symlink(target) => format!("{} -> {}", quoted(name), quoted(target)),
        _ => quoted(name),
    }
}

const TIME: &str = "%Y-%m-%d %H:%M:%S.%9f +0000";

fn whole(proc: &Proc, name: &str, node: &Node) -> String {
    let file = match &node.kind {
        Kind::Symlink(target) => format!("{name} -> {target}"),
        _ => name.to_owned(),
    };
    let time = node.modified.strftime(TIME);
    format!(
        "  File: {file}\n  Size: {:<10}\tBlocks: {:<10} IO Block: 4096   {}\nDevice: 8,1\tInode: {:<11} Links: {}\n\
         Access: ({:04o}/{})  Uid: ({:5}/{:>8})   Gid: ({:5}/{:>8})\n\
         Access: {time}\nModify: {time}\nChange: {time}\n Birth: {time}\n",
        node.size(),
        blocks(node) * 2,
        kind_name(node),
        inode(&proc.path(name)),
        if node.kind == Kind::Directory { 2 } else { 1 },
        node.mode,
        mode_string(node),
        node.uid,
        user_name(proc, node.uid),
        node.gid,
        group_name(proc, node.gid),
    )
}

fn filled(proc: &Proc, name: &str, node: &Node, format: &str) -> String {
    let mut out = String::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some(letter) => out.push_str(&field(proc, name, node, letter)),
            None => out.push('%'),
        }
    }
    out
}

fn field(proc: &Proc, name: &str, node: &Node, letter: char) -> String {
    match letter {
        'a' => format!("{:o}", node.mode),
        'A' => mode_string(node),
        'b' => (blocks(node) * 2).to_string(),
        'B' => "512".into(),
        'd' => "2049".into(),
        'f' => format!("{:x}", node.mode | if node.kind == Kind::Directory { 0o040_000 } else { 0o100_000 }),
        'F' => kind_name(node).into(),
        'g' => node.gid.to_string(),
        'G' => group_name(proc, node.gid),
        'h' => "1".into(),
        'i' => inode(&proc.path(name)).to_string(),
        'n' => name.into(),
        'N' => shown_name(name, node),
        'o' => "4096".into(),
        's' => node.size().to_string(),
        'u' => node.uid.to_string(),
        'U' => user_name(proc, node.uid),
        'w' | 'x' | 'y' | 'z' => node.modified.strftime(TIME),
        'W' | 'X' | 'Y' | 'Z' => node.modified.unix_s().to_string(),
        '%' => "%".into(),
        other => format!("%{other}"),
    }
}
