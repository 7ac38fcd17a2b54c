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
        proc.eprint("uncordon: stat -f is not simulated yet\n");
        return 1;
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
