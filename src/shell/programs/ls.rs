//! `ls`: list directory contents, one name a line unless standard output is a terminal.

use super::options::{Options, Spec, Value};
use super::texts::{group_name, human_size, list_time, mode_string, user_name};
use crate::hosts::{FsError, Kind, Node};
use crate::shell::disk::Disk;
use crate::shell::{Proc, Program, Running};
use crate::sim::SimTime;

pub(crate) const PROGRAM: Program = Program { name: "ls", summary: "List directory contents", run };

const SPEC: Spec = Spec {
    name: "ls",
    short: "laA1RtrShdFinGgopXUCxmksLHcuvBqbQN",
    long: &[
        ("all", 'a', Value::None),
        ("almost-all", 'A', Value::None),
        ("directory", 'd', Value::None),
        ("human-readable", 'h', Value::None),
        ("inode", 'i', Value::None),
        ("numeric-uid-gid", 'n', Value::None),
        ("recursive", 'R', Value::None),
        ("reverse", 'r', Value::None),
        ("size", 's', Value::None),
        ("dereference", 'L', Value::None),
        ("no-group", 'G', Value::None),
        ("classify", 'F', Value::Optional),
        ("full-time", 'E', Value::None),
        ("time-style", 'T', Value::Needed),
        ("color", 'K', Value::Optional),
        ("group-directories-first", 'D', Value::None),
        ("sort", 'Z', Value::Needed),
    ],
};

/// Width of a terminal that does not say.
const WIDTH: usize = 80;

struct Entry {
    name: String,
    node: Node,
    path: String,
}

fn run(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        match SPEC.parse(proc.args.get(1..).unwrap_or_default()) {
            Ok(options) => Listing { proc, disk: proc.disk(), options }.all(),
            Err(text) => {
                proc.eprint(text);
                2
            }
        }
    })
}

struct Listing<'a> {
    proc: &'a Proc,
    disk: Disk,
    options: Options,
}

impl Listing<'_> {
    fn all(&self) -> i32 {
        let names = match self.options.operands.as_slice() {
            [] => vec![".".to_owned()],
            names => names.to_vec(),
        };
        let mut exit = 0;
        let (mut files, mut directories) = (Vec::new(), Vec::new());
        for name in &names {
            let follow = !self.options.has('l') && !self.options.has('d') || name.ends_with('/');
            let path = self.proc.path(name);
            let found = self.disk.node(&path, follow || self.options.has('L'));
            match found.or_else(|error| self.disk.node(&path, false).map_err(|_| error)) {
                Err(error) => exit = self.complain("cannot access", name, error),
                Ok(node) if self.is_directory(&path, &node) && !self.options.has('d') => {
                    directories.push(Entry { name: name.clone(), node, path });
                }
                Ok(node) => files.push(Entry { name: name.clone(), node, path }),
            }
        }
        self.sort(&mut files);
        self.sort(&mut directories);
        self.print(&files);
        let titles = names.len() > 1 || self.options.has('R');
        let mut first = files.is_empty();
        for directory in &directories {
            exit = exit.max(self.directory(&directory.name, &directory.path, titles, &mut first));
        }
        exit
    }

    fn is_directory(&self, path: &str, node: &Node) -> bool {
        match node.kind {
            Kind::Directory => true,
            Kind::Symlink(_) if !self.options.has('l') => {
                self.disk.node(path, true).is_ok_and(|node| node.kind == Kind::Directory)
            }
            _ => false,
        }
    }

    fn complain(&self, what: &str, name: &str, error: FsError) -> i32 {
        super::texts::fail(self.proc, "ls", what, name, error);
        2
    }

    fn directory(&self, name: &str, path: &str, title: bool, first: &mut bool) -> i32 {
        let listed = match self.disk.list(path) {
            Ok(listed) => listed,
            Err(error) => return self.complain("cannot open directory", name, error),
        };
        if title {
            self.proc.print(format!("{}{name}:\n", if *first { "" } else { "\n" }));
        }
        *first = false;
        let entries = self.entries(path, listed);
        if self.options.has('s') || self.is_long() {
            let blocks: u64 = entries.iter().map(|entry| blocks(&entry.node)).sum();
            let total = if self.options.has('h') { human_size(blocks * 1024) } else { blocks.to_string() };
            self.proc.print(format!("total {total}\n"));
        }
        self.print(&entries);
        let mut exit = 0;
        if self.options.has('R') {
            let below = entries.iter().filter(|entry| entry.name != "." && entry.name != "..");
            for entry in below.filter(|entry| entry.node.kind == Kind::Directory) {
                let name = format!("{}/{}", name.trim_end_matches('/'), entry.name);
                exit = exit.max(self.directory(&name, &entry.path, true, first));
            }
        }
        exit
    }

    fn entries(&self, path: &str, listed: Vec<(String, Node)>) -> Vec<Entry> {
        let hidden = self.options.has('a') || self.options.has('A');
        let shown = listed.into_iter().filter(|(name, _)| hidden || !name.starts_with('.'));
        let below = |name: &str| format!("{}/{name}", path.trim_end_matches('/'));
        let mut entries: Vec<Entry> =
            shown.map(|(name, node)| Entry { path: below(&name), name, node }).collect();
        if self.options.last_of("aA") == Some('a') {
            for (name, at) in [(".", path), ("..", crate::hosts::files::parent(path))] {
                if let Ok(node) = self.disk.node(at, true) {
                    entries.push(Entry { name: name.into(), node, path: at.into() });
                }
            }
        }
        self.sort(&mut entries);
        entries
    }

    fn sort(&self, entries: &mut [Entry]) {
        let by = self.options.value('Z').and_then(|word| match word {
            "time" => Some('t'),
            "size" => Some('S'),
            "none" => Some('U'),
            "extension" => Some('X'),
            _ => None,
        });
        // Bytes, as in the C locale that the recorded sessions ran in.
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        match by.or_else(|| self.options.last_of("tSXU")) {
            Some('t') => entries.sort_by_key(|entry| std::cmp::Reverse(entry.node.modified)),
            Some('S') => entries.sort_by_key(|entry| std::cmp::Reverse(entry.node.size())),
            Some('X') => entries.sort_by_key(|entry| extension(&entry.name)),
            _ => {}
        }
        if self.options.has('r') {
            entries.reverse();
        }
        if self.options.has('D') {
            entries.sort_by_key(|entry| entry.node.kind != Kind::Directory);
        }
    }

    fn is_long(&self) -> bool {
        ['l', 'n', 'g', 'o', 'E'].into_iter().any(|letter| self.options.has(letter))
    }

    fn print(&self, entries: &[Entry]) {
        if self.is_long() {
            self.print_long(entries);
        } else if self.options.has('m') {
            let names: Vec<String> = entries.iter().map(|entry| self.shown(entry)).collect();
            if !names.is_empty() {
                self.proc.print(format!("{}\n", names.join(", ")));
            }
        } else if self.options.has('C') || self.proc.tty && !self.options.has('1') {
            self.print_columns(entries);
        } else {
            for entry in entries {
                self.proc.print(format!("{}\n", self.shown(entry)));
            }
        }
    }

    fn shown(&self, entry: &Entry) -> String {
        let mut text = String::new();
        if self.options.has('i') {
            text.push_str(&format!("{} ", inode(&entry.path)));
        }
        if self.options.has('s') && !self.is_long() {
            text.push_str(&format!("{} ", blocks(&entry.node)));
        }
        text.push_str(&entry.name);
        if self.options.has('F') || self.options.has('p') && entry.node.kind == Kind::Directory {
            text.push_str(mark(&entry.node));
        }
        text
    }

    fn print_columns(&self, entries: &[Entry]) {
        let names: Vec<String> = entries.iter().map(|entry| self.shown(entry)).collect();
        let width = self.proc.env.get("COLUMNS").and_then(|it| it.parse().ok()).unwrap_or(WIDTH);
        for row in columns(&names, width) {
            self.proc.print(format!("{row}\n"));
        }
    }

    fn print_long(&self, entries: &[Entry]) {
        let rows: Vec<[String; 5]> = entries.iter().map(|entry| self.cells(entry)).collect();
        let width = |column: usize| {
            rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths = [width(0), width(1), width(2), width(3)];
        for (entry, [links, user, group, size, time]) in entries.iter().zip(&rows) {
            let mut line = format!("{} {links:>1$}", mode_string(&entry.node), widths[0]);
            if !self.options.has('g') {
                line.push_str(&format!(" {user:<0$}", widths[1]));
            }
            if !self.options.has('o') && !self.options.has('G') {
                line.push_str(&format!(" {group:<0$}", widths[2]));
            }
            line.push_str(&format!(" {size:>1$} {time} {}", self.shown(entry), widths[3]));
            if let Kind::Symlink(target) = &entry.node.kind {
                line.push_str(&format!(" -> {target}"));
            }
            self.proc.print(format!("{line}\n"));
        }
    }

    /// Links, user, group, size and time.
    fn cells(&self, entry: &Entry) -> [String; 5] {
        let node = &entry.node;
        let (user, group) = if self.options.has('n') {
            (node.uid.to_string(), node.gid.to_string())
        } else {
            (user_name(self.proc, node.uid), group_name(self.proc, node.gid))
        };
        let size = if self.options.has('h') { human_size(node.size()) } else { node.size().to_string() };
        let links = match node.kind {
            Kind::Directory => 2 + self.subdirectories(&entry.path),
            _ => 1,
        };
        [links.to_string(), user, group, size, self.time(node.modified)]
    }

    fn subdirectories(&self, path: &str) -> usize {
        let listed = self.disk.list(path).unwrap_or_default();
        listed.iter().filter(|(_, node)| node.kind == Kind::Directory).count()
    }

    fn time(&self, at: SimTime) -> String {
        let style = if self.options.has('E') { Some("full-iso") } else { self.options.value('T') };
        match style {
            Some("full-iso") => at.strftime("%Y-%m-%d %H:%M:%S.%9f +0000"),
            Some("long-iso") => at.strftime("%Y-%m-%d %H:%M"),
            Some("iso") => at.strftime("%m-%d %H:%M"),
            Some(format) if format.starts_with('+') => at.strftime(&format[1..]),
            _ => list_time(at, self.proc.world().now),
        }
    }
}

fn extension(name: &str) -> String {
    name.rsplit_once('.').map(|(_, extension)| extension.to_owned()).unwrap_or_default()
}

/// 1 KiB blocks on a disk with 4 KiB pages.
pub(super) fn blocks(node: &Node) -> u64 {
    match node.kind {
        Kind::Symlink(_) | Kind::Fifo | Kind::Socket => 0,
        _ => node.size().div_ceil(4096) * 4,
    }
}

fn mark(node: &Node) -> &'static str {
    match node.kind {
        Kind::Directory => "/",
        Kind::Symlink(_) => "@",
        Kind::Fifo => "|",
        Kind::Socket => "=",
        Kind::File(_) if node.mode & 0o111 != 0 => "*",
        Kind::File(_) => "",
    }
}

/// A number that stays with a path; the world keeps no inodes.
pub(super) fn inode(path: &str) -> u64 {
    let mix = |sum: u64, byte: u8| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    131_072 + path.bytes().fold(0xcbf2_9ce4_8422_2325, mix) % 8_000_000
}

/// The names in as few rows as the width allows, columns first.
fn columns(names: &[String], width: usize) -> Vec<String> {
    let lengths: Vec<usize> = names.iter().map(|name| name.chars().count()).collect();
    for rows in 1..=names.len().max(1) {
        let widths: Vec<usize> =
            lengths.chunks(rows).map(|column| column.iter().max().copied().unwrap_or(0) + 2).collect();
        let total: usize = widths.iter().sum();
        if total.saturating_sub(2) > width && rows < names.len() {
            continue;
        }
        let row = |index: usize| {
            let cells = widths.iter().enumerate().filter_map(|(column, width)| {
                names.get(column * rows + index).map(|name| format!("{name:<width$}"))
            });
            cells.collect::<String>().trim_end().to_owned()
        };
        return (0..rows.min(names.len())).map(row).collect();
    }
    Vec::new()
}
