//! `df`, `du` and `free`: how much room there is.

use super::options::{Options, Spec, Value};
use super::texts::{human_size, quoted};
use crate::hosts::{FsError, Kind};
use crate::shell::disk::Disk;
use crate::shell::{Proc, Program, Running};

pub(crate) const DF: Program = Program { name: "df", summary: "Report file system space usage", run: run_df };
pub(crate) const DU: Program = Program { name: "du", summary: "Estimate file space usage", run: run_du };
pub(crate) const FREE: Program =
    Program { name: "free", summary: "Display free and used memory", run: run_free };

const DF_SPEC: Spec = Spec {
    name: "df",
    short: "hHTaikmP",
    long: &[
        ("human-readable", 'h', Value::None),
        ("print-type", 'T', Value::None),
        ("inodes", 'i', Value::None),
    ],
};

/// Mounts of a node: source, type, KiB, KiB used, where. The disk is the recorded nodes' one.
const MOUNTS: &[(&str, &str, u64, u64, &str)] = &[
    ("tmpfs", "tmpfs", 402_492, 1_104, "/run"),
    ("/dev/vda1", "ext4", 20_134_592, 6_291_456, "/"),
    ("tmpfs", "tmpfs", 2_012_452, 0, "/dev/shm"),
    ("tmpfs", "tmpfs", 5_120, 0, "/run/lock"),
];

fn run_df(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let options = match DF_SPEC.parse(proc.args.get(1..).unwrap_or_default()) {
            Ok(options) => options,
            Err(text) => {
                proc.eprint(text);
                return 1;
            }
        };
        let mut mounts: Vec<_> = MOUNTS.to_vec();
        let mut exit = 0;
        if !options.operands.is_empty() {
            mounts.clear();
            for name in &options.operands {
                match proc.stat(name) {
                    Ok(_) => mounts.extend(mount_of(&proc.path(name))),
                    Err(error) => {
                        proc.eprint(format!("df: {name}: {error}\n"));
                        exit = 1;
                    }
                }
            }
        }
        if !mounts.is_empty() {
            print_mounts(proc, &options, &mounts);
        }
        exit
    })
}

type Mount = (&'static str, &'static str, u64, u64, &'static str);

fn mount_of(path: &str) -> Option<Mount> {
    let below = |at: &str| at == "/" || path == at || path.starts_with(&format!("{at}/"));
    MOUNTS.iter().filter(|mount| below(mount.4)).max_by_key(|mount| mount.4.len()).copied()
}

fn print_mounts(proc: &Proc, options: &Options, mounts: &[Mount]) {
    let human = options.has('h') || options.has('H');
    let size = |kib: u64| if human { human_size(kib * 1024) } else { kib.to_string() };
    let header =
        if human { ["Size", "Used", "Avail", "Use%"] } else { ["1K-blocks", "Used", "Available", "Use%"] };
    let mut rows = vec![(
        "Filesystem".to_owned(),
        "Type".to_owned(),
        header.map(str::to_owned),
        "Mounted on".to_owned(),
    )];
    for (source, kind, total, used, at) in mounts {
        let free = total.saturating_sub(*used);
        let percent = (used * 100).div_ceil((*total).max(1));
        let numbers = [size(*total), size(*used), size(free), format!("{percent}%")];
        rows.push(((*source).to_owned(), (*kind).to_owned(), numbers, (*at).to_owned()));
    }
    let wide =
        |column: usize| rows.iter().filter_map(|row| row.2.get(column)).map(String::len).max().unwrap_or(0);
    let source_width = rows.iter().map(|row| row.0.len()).max().unwrap_or(0).max(14);
    for (source, kind, [total, used, free, percent], at) in &rows {
        let kind = if options.has('T') { format!("{kind:<6}") } else { String::new() };
        proc.print(format!(
            "{source:<source_width$} {kind}{total:>w0$} {used:>w1$} {free:>w2$} {percent:>w3$} {at}\n",
            w0 = wide(0),
            w1 = wide(1),
            w2 = wide(2),
            w3 = wide(3),
        ));
    }
}

const DU_SPEC: Spec = Spec {
    name: "du",
    short: "sahcbkmd:xL",
    long: &[
        ("summarize", 's', Value::None),
        ("all", 'a', Value::None),
        ("human-readable", 'h', Value::None),
        ("total", 'c', Value::None),
        ("bytes", 'b', Value::None),
        ("max-depth", 'd', Value::Needed),
    ],
};

fn run_du(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        match DU_SPEC.parse(proc.args.get(1..).unwrap_or_default()) {
            Ok(options) => {
                let deepest = if options.has('s') { 0 } else { usize::MAX };
                let deepest = options.value('d').and_then(|it| it.parse().ok()).unwrap_or(deepest);
                Usage { proc, disk: proc.disk(), options, deepest }.all()
            }
            Err(text) => {
                proc.eprint(text);
                1
            }
        }
    })
}

struct Usage<'a> {
    proc: &'a Proc,
    disk: Disk,
    options: Options,
    deepest: usize,
}

impl Usage<'_> {
    fn all(&self) -> i32 {
        let names = match self.options.operands.as_slice() {
            [] => vec![".".to_owned()],
            names => names.to_vec(),
        };
        let (mut exit, mut total) = (0, 0);
        for name in &names {
            match self.count(name, 0) {
                Ok(bytes) => total += bytes,
                Err(error) => {
                    self.proc.eprint(format!("du: cannot access {}: {error}\n", quoted(name)));
                    exit = 1;
                }
            }
        }
        if self.options.has('c') {
            self.print(total, "total");
        }
        exit
    }

    fn print(&self, bytes: u64, name: &str) {
        let size = if self.options.has('h') {
            human_size(bytes)
        } else if self.options.has('b') {
            bytes.to_string()
        } else if self.options.has('m') {
            bytes.div_ceil(1 << 20).to_string()
        } else {
            bytes.div_ceil(1024).to_string()
        };
        self.proc.print(format!("{size}\t{name}\n"));
    }

    fn count(&self, name: &str, depth: usize) -> Result<u64, FsError> {
        let path = self.proc.path(name);
        let node = self.disk.node(&path, false)?;
        let own = if self.options.has('b') { node.size() } else { super::ls::blocks(&node) * 1024 };
        let is_directory = node.kind == Kind::Directory;
        let mut total = own;
        if is_directory {
            for (below, _) in self.disk.list(&path)? {
                total += self.count(&format!("{}/{below}", name.trim_end_matches('/')), depth + 1)?;
            }
        }
        if depth <= self.deepest && (is_directory || depth == 0 || self.options.has('a')) {
            self.print(total, name);
        }
        Ok(total)
    }
}

/// Memory of the recorded nodes in KiB: total, used, free, shared, buffers and cache.
const MEMORY: [u64; 5] = [4_024_908, 1_204_224, 302_080, 4_352, 2_518_604];

fn run_free(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let args: Vec<&str> = proc.args.iter().skip(1).map(String::as_str).collect();
        let size = |kib: u64| -> String {
            if args.contains(&"-h") || args.contains(&"--human") {
                return human_binary(kib);
            }
            let scaled = if args.contains(&"-m") {
                kib / 1024
            } else if args.contains(&"-g") {
                kib >> 20
            } else {
                kib
            };
            scaled.to_string()
        };
        let [total, used, free, shared, cache] = MEMORY;
        let available = total.saturating_sub(used);
        proc.print("               total        used        free      shared  buff/cache   available\n");
        let cells = [total, used, free, shared, cache, available].map(size);
        proc.print(format!("Mem:    {}\n", cells.map(|cell| format!("{cell:>12}")).join("")));
        let cells = [0, 0, 0].map(size);
        proc.print(format!("Swap:   {}\n", cells.map(|cell| format!("{cell:>12}")).join("")));
        0
    })
}

/// `3.8Gi`, as `free -h` prints it.
fn human_binary(kib: u64) -> String {
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
