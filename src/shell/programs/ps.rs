//! `ps`: the processes of a machine, in the BSD and the UNIX way of asking.

use super::processes::{self, Line};
use crate::cluster::load::{self, Resident};
use crate::cluster::{Place, World};
use crate::shell::{Proc, Program, Running};
use crate::sim::SimTime;

pub(crate) const PROGRAM: Program = Program { name: "ps", summary: "Report the current processes", run };

/// A process with what it uses.
struct Row {
    line: Line,
    used: Resident,
    now: SimTime,
    total_kib: u64,
}

impl Row {
    fn age_s(&self) -> u64 {
        self.now.since(self.line.process.started).as_secs()
    }

    /// Seconds of processor time.
    fn cpu_s(&self) -> u64 {
        self.age_s() * self.used.cpu_milli / 1000
    }

    fn tty(&self) -> &'static str {
        if self.line.tty { "pts/0" } else { "?" }
    }

    fn state(&self) -> &'static str {
        match (self.line.own, self.line.tty, self.line.process.pid) {
            (true, ..) => "R+",
            (_, true, _) => "Ss",
            (_, _, 1) => "Ss",
            _ if self.used.threads > 1 => "Ssl",
            _ => "Ss",
        }
    }

    fn uid(&self) -> String {
        if self.line.process.user == "root" { "0".into() } else { "1000".into() }
    }
}

/// A column of `-o`: its names, its title, its width (0 for the last one), and whether it is flush right.
struct Column {
    names: &'static [&'static str],
    title: &'static str,
    width: usize,
    right: bool,
    cell: fn(&Row) -> String,
}

macro_rules! columns {
    ($([$($name:literal),+] $title:literal $width:literal $right:literal $cell:expr;)*) => {
        const COLUMNS: &[Column] = &[$(Column {
            names: &[$($name),+], title: $title, width: $width, right: $right, cell: $cell,
        },)*];
    };
}

columns! {
    ["user", "euser", "ruser", "uname"] "USER" 8 false |row| row.line.process.user.clone();
    ["uid", "euid"] "UID" 5 true Row::uid;
    ["pid", "tgid"] "PID" 7 true |row| row.line.process.pid.to_string();
    ["ppid"] "PPID" 7 true |row| row.line.process.parent.to_string();
    ["pgid", "pgrp"] "PGID" 7 true |row| row.line.process.pid.to_string();
    ["sid", "sess"] "SID" 7 true |row| row.line.process.pid.to_string();
    ["%cpu", "pcpu", "c"] "%CPU" 4 true |row| tenths(row.used.cpu_milli);
    ["%mem", "pmem"] "%MEM" 4 true |row| tenths(row.used.resident_kib * 1000 / row.total_kib.max(1));
    ["vsz", "vsize"] "VSZ" 6 true |row| row.used.virtual_kib.to_string();
    ["rss", "rssize", "rsz"] "RSS" 5 true |row| row.used.resident_kib.to_string();
    ["tty", "tt", "tname"] "TT" 8 false |row| row.tty().to_owned();
    ["stat"] "STAT" 4 false |row| row.state().to_owned();
    ["s", "state"] "S" 1 false |row| row.state().chars().take(1).collect();
    ["start", "bsdstart", "start_time", "stime"] "START" 5 true |row| processes::started(row.line.process.started, row.now);
    ["lstart"] "STARTED" 24 false |row| row.line.process.started.strftime("%a %b %e %H:%M:%S %Y");
    ["time", "cputime"] "TIME" 8 true |row| clock(row.cpu_s());
    ["etime"] "ELAPSED" 11 true |row| elapsed(row.age_s());
    ["etimes"] "ELAPSED" 7 true |row| row.age_s().to_string();
    ["ni", "nice"] "NI" 3 true |_| "0".to_owned();
    ["pri"] "PRI" 3 true |_| "19".to_owned();
    ["nlwp", "thcount"] "NLWP" 4 true |row| row.used.threads.to_string();
    ["comm", "ucmd", "ucomm"] "COMMAND" 15 false |row| comm(row);
    ["args", "cmd", "command"] "COMMAND" 27 false |row| row.line.process.command.clone();
}

fn tenths(thousandths: u64) -> String {
    format!("{}.{}", thousandths / 10, thousandths % 10)
}

fn comm(row: &Row) -> String {
    let name = if row.line.process.pid == 1 { "systemd" } else { load::program(&row.line.process) };
    name.chars().take(15).collect()
}

fn clock(seconds: u64) -> String {
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

fn elapsed(seconds: u64) -> String {
    let day = if seconds >= 86_400 { format!("{}-", seconds / 86_400) } else { String::new() };
    match seconds {
        3600.. => format!("{day}{:02}:{:02}:{:02}", seconds / 3600 % 24, seconds / 60 % 60, seconds % 60),
        _ => format!("{:02}:{:02}", seconds / 60, seconds % 60),
    }
}

/// What was asked for.
#[derive(Default)]
struct Wanted {
    every: bool,
    full: bool,
    by_user: bool,
    tree: bool,
    wide: bool,
    bare: bool,
    columns: Vec<(String, Option<String>)>,
    pids: Vec<String>,
    parents: Vec<String>,
    names: Vec<String>,
    users: Vec<String>,
    sort: Vec<String>,
}

/// Options that take a value, with the word of ours for it.
const VALUED: &[(&str, &str)] = &[
    ("-o", "o"),
    ("o", "o"),
    ("--format", "o"),
    ("-p", "p"),
    ("--pid", "p"),
    ("p", "p"),
    ("-C", "C"),
    ("-u", "u"),
    ("-U", "u"),
    ("--user", "u"),
    ("--User", "u"),
    ("--sort", "sort"),
    ("k", "sort"),
    ("--ppid", "ppid"),
];

fn split(value: &str) -> impl Iterator<Item = String> {
    value.split([',', ' ']).filter(|it| !it.is_empty()).map(str::to_owned).collect::<Vec<_>>().into_iter()
}

impl Wanted {
    fn read(args: &[String]) -> Result<Self, String> {
        let mut wanted = Self::default();
        let mut rest = args.iter();
        while let Some(arg) = rest.next() {
            let (name, inline) = match arg.split_once('=') {
                Some((name, value)) if arg.starts_with("--") => (name, Some(value.to_owned())),
                _ => (arg.as_str(), None),
            };
            if let Some((_, kind)) = VALUED.iter().find(|(known, _)| *known == name) {
                let value = inline.or_else(|| rest.next().cloned());
                let value = value.ok_or_else(|| "error: list of process IDs must follow -p\n".to_owned())?;
                wanted.take(kind, &value);
            } else if arg.starts_with("--") {
                wanted.long(arg)?;
            } else {
                wanted.letters(arg, &mut rest)?;
            }
        }
        Ok(wanted)
    }

    fn take(&mut self, kind: &str, value: &str) {
        match kind {
            "o" => {
                // `pid=` has no title; `pid=NUMBER` has that one, to the end of the word.
                for word in value.split(if value.contains('=') { '\u{0}' } else { ' ' }) {
                    for word in word.split(',').filter(|it| !it.is_empty()) {
                        let (name, title) =
                            word.split_once('=').map_or((word, None), |(a, b)| (a, Some(b.to_owned())));
                        self.columns.push((name.to_lowercase(), title));
                    }
                }
            }
            "p" => self.pids.extend(split(value)),
            "ppid" => self.parents.extend(split(value)),
            "C" => self.names.extend(split(value)),
            "u" => self.users.extend(split(value)),
            _ => self.sort.extend(split(value)),
        }
    }

    fn long(&mut self, arg: &str) -> Result<(), String> {
        match arg {
            "--forest" => self.tree = true,
            "--no-headers" | "--no-heading" | "--no-headings" | "--noheader" | "--noheaders" => {
                self.bare = true
            }
            "--headers" | "--width" | "--cols" | "--columns" => {}
            _ => return Err("error: unknown gnu long option\n".to_owned()),
        }
        Ok(())
    }

    fn letters<'a>(&mut self, arg: &str, rest: &mut impl Iterator<Item = &'a String>) -> Result<(), String> {
        let dashed = arg.starts_with('-');
        let letters: Vec<char> = arg.trim_start_matches('-').chars().collect();
        if !dashed && letters.iter().all(char::is_ascii_digit) {
            self.pids.push(arg.to_owned());
            return Ok(());
        }
        for (at, letter) in letters.iter().enumerate() {
            match (letter, dashed) {
                ('e' | 'A', true) | ('x' | 'a', false) => self.every = true,
                ('a' | 'd', true) => self.every = true,
                ('f' | 'F', true) => self.full = true,
                ('H', true) | ('f', false) => self.tree = true,
                ('u', false) => self.by_user = true,
                ('w', _) => self.wide = true,
                ('h', false) => self.bare = true,
                ('o' | 'p' | 'C' | 'u' | 'U', true) | ('p' | 'o' | 'U', false) => {
                    let tail: String = letters.iter().skip(at + 1).collect();
                    let value = if tail.is_empty() { rest.next().cloned().unwrap_or_default() } else { tail };
                    let kind = if *letter == 'U' { "u".to_owned() } else { letter.to_string() };
                    self.take(&kind, &value);
                    return Ok(());
                }
                (
                    'l' | 'y' | 'L' | 'T' | 'j' | 'M' | 'Z' | 'N' | 'c' | 'g' | 'r' | 't' | 'n' | 'v' | 'S'
                    | 'e' | 'E',
                    _,
                ) => {}
                _ => return Err("error: unsupported option (BSD syntax)\n".to_owned()),
            }
        }
        Ok(())
    }

    fn selects(&self) -> bool {
        !(self.pids.is_empty() && self.parents.is_empty() && self.names.is_empty() && self.users.is_empty())
    }

    fn shows(&self, row: &Row) -> bool {
        let process = &row.line.process;
        if !self.selects() {
            return self.every || row.line.tty;
        }
        let id = |all: &[String], number: u32| all.iter().any(|it| it.parse() == Ok(number));
        let user = |it: &String| *it == process.user || *it == row.uid();
        id(&self.pids, process.pid)
            || id(&self.parents, process.parent)
            || self.names.iter().any(|it| comm(row) == it.chars().take(15).collect::<String>())
            || self.users.iter().any(user)
    }

    /// Names and titles of the columns.
    fn chosen(&self) -> Vec<(String, Option<String>)> {
        if !self.columns.is_empty() {
            return self.columns.clone();
        }
        let with = |it: &[(&str, &str)]| {
            it.iter().map(|(name, title)| ((*name).to_owned(), Some((*title).to_owned()))).collect()
        };
        if self.by_user {
            with(&[
                ("user", "USER"),
                ("pid", "PID"),
                ("%cpu", "%CPU"),
                ("%mem", "%MEM"),
                ("vsz", "VSZ"),
                ("rss", "RSS"),
                ("tty", "TTY"),
                ("stat", "STAT"),
                ("start", "START"),
                ("bsdtime", "TIME"),
                ("args", "COMMAND"),
            ])
        } else if self.full {
            with(&[
                ("user", "UID"),
                ("pid", "PID"),
                ("ppid", "PPID"),
                ("cint", "C"),
                ("start", "STIME"),
                ("tty", "TTY"),
                ("time", "TIME"),
                ("args", "CMD"),
            ])
        } else if self.every && self.tree {
            with(&[
                ("pid", "PID"),
                ("tty", "TTY"),
                ("stat", "STAT"),
                ("bsdtime", "TIME"),
                ("args", "COMMAND"),
            ])
        } else {
            with(&[("pid", "PID"), ("tty", "TTY"), ("time", "TIME"), ("comm", "CMD")])
        }
    }
}

/// Columns that only the usual layouts have.
const USUAL: &[Column] = &[
    Column {
        names: &["cint"],
        title: "C",
        width: 2,
        right: true,
        cell: |row| (row.used.cpu_milli / 10).to_string(),
    },
    Column {
        names: &["bsdtime"],
        title: "TIME",
        width: 6,
        right: true,
        cell: |row| format!("{}:{:02}", row.cpu_s() / 60, row.cpu_s() % 60),
    },
];

fn rows(proc: &Proc) -> Vec<Row> {
    let lines = processes::lines(proc);
    let world = proc.world();
    let Place::Host(host) = &proc.place else {
        return lines
            .into_iter()
            .map(|line| Row { line, used: Resident::default(), now: world.now, total_kib: 1 })
            .collect();
    };
    let total_kib = load::memory(&world, host).total;
    let used = |world: &World, line: &Line| load::of_process(world, host, &line.process);
    lines.into_iter().map(|line| Row { used: used(&world, &line), line, now: world.now, total_kib }).collect()
}

fn sort(rows: &mut [Row], keys: &[String]) {
    for key in keys.iter().rev() {
        let down = key.starts_with('-');
        let name = key.trim_start_matches(['-', '+']);
        let number = |row: &Row| match name {
            "%cpu" | "pcpu" | "c" => row.used.cpu_milli,
            "%mem" | "pmem" | "rss" | "rsz" => row.used.resident_kib,
            "vsz" | "vsize" => row.used.virtual_kib,
            "time" | "cputime" => row.cpu_s(),
            "etime" | "etimes" => row.age_s(),
            "start_time" | "lstart" => u64::MAX - row.age_s(),
            "ppid" => row.line.process.parent.into(),
            _ => row.line.process.pid.into(),
        };
        let text = |row: &Row| match name {
            "user" | "euser" => row.line.process.user.clone(),
            "comm" | "cmd" | "args" => comm(row),
            _ => String::new(),
        };
        rows.sort_by(|a, b| {
            let order = text(a).cmp(&text(b)).then(number(a).cmp(&number(b)));
            if down { order.reverse() } else { order }
        });
    }
}

/// Puts children below their parents, with how deep they stand.
fn as_tree(rows: Vec<Row>) -> Vec<(Row, usize)> {
    let known: Vec<u32> = rows.iter().map(|row| row.line.process.pid).collect();
    let mut waiting = rows;
    let mut all: Vec<(Row, usize)> = Vec::new();
    while let Some(at) = waiting.iter().position(|row| !known.contains(&row.line.process.parent)) {
        let mut stack = vec![(waiting.remove(at), 0)];
        while let Some((row, depth)) = stack.pop() {
            let pid = row.line.process.pid;
            all.push((row, depth));
            let (children, others): (Vec<Row>, Vec<Row>) =
                waiting.into_iter().partition(|it| it.line.process.parent == pid);
            waiting = others;
            stack.extend(children.into_iter().rev().map(|it| (it, depth + 1)));
        }
    }
    all
}

fn run(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let wanted = match Wanted::read(proc.args.get(1..).unwrap_or_default()) {
            Ok(wanted) => wanted,
            Err(text) => {
                proc.eprint(format!("{text}\nUsage:\n ps [options]\n\n Try 'ps --help <simple|list|output|threads|misc|all>'\n  or 'ps --help <s|l|o|t|m|a>'\n for additional help text.\n\nFor more details see ps(1).\n"));
                return 1;
            }
        };
        let mut columns: Vec<(&Column, String)> = Vec::new();
        for (name, title) in wanted.chosen() {
            let Some(found) = COLUMNS.iter().chain(USUAL).find(|it| it.names.contains(&name.as_str())) else {
                proc.eprint(format!("error: unknown user-defined format specifier \"{name}\"\n"));
                return 1;
            };
            columns.push((found, title.unwrap_or_else(|| found.title.to_owned())));
        }
        let mut shown: Vec<Row> = rows(proc).into_iter().filter(|row| wanted.shows(row)).collect();
        sort(&mut shown, &wanted.sort);
        let shown =
            if wanted.tree { as_tree(shown) } else { shown.into_iter().map(|row| (row, 0)).collect() };
        print(proc, &wanted, &columns, &shown);
        i32::from(shown.is_empty())
    })
}

fn print(proc: &Proc, wanted: &Wanted, columns: &[(&Column, String)], rows: &[(Row, usize)]) {
    let width = |column: &Column, title: &str| column.width.max(title.len());
    let join = |cells: Vec<String>| {
        let mut text = String::new();
        for (at, (cell, (column, title))) in cells.iter().zip(columns).enumerate() {
            let width = width(column, title);
            let last = at + 1 == columns.len();
            match (column.right, last) {
                (true, _) => text.push_str(&format!("{cell:>width$}")),
                (false, true) => text.push_str(cell),
                (false, false) => text.push_str(&format!("{cell:<width$}")),
            }
            if !last {
                text.push(' ');
            }
        }
        text
    };
    let limit = proc.env.get("COLUMNS").and_then(|it| it.parse::<usize>().ok());
    let limit = limit.filter(|_| proc.tty && !wanted.wide).unwrap_or(usize::MAX);
    let cut = |text: String| text.chars().take(limit).collect::<String>();
    if !wanted.bare && columns.iter().any(|(_, title)| !title.is_empty()) {
        proc.print(cut(join(columns.iter().map(|(_, title)| title.clone()).collect())) + "\n");
    }
    for (row, depth) in rows {
        let cell = |column: &Column| {
            let text = (column.cell)(row);
            let branch =
                if *depth > 0 { format!("{} \\_ ", "    ".repeat(depth - 1)) } else { String::new() };
            if matches!(column.title, "COMMAND") { branch + &text } else { text }
        };
        proc.print(cut(join(columns.iter().map(|(column, _)| cell(column)).collect())) + "\n");
    }
}
