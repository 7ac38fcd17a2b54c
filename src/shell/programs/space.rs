//! `df` and `du`: how much room there is.

use super::options::{Options, Spec, Value};
use super::texts::{human_size, quoted};
use crate::cluster::kubelet::status;
use crate::cluster::{Place, load};
use crate::hosts::{FsError, Kind};
use crate::shell::disk::Disk;
use crate::shell::{Proc, Program, Running};

pub(crate) const DF: Program = Program { name: "df", summary: "Report file system space usage", run: run_df };
pub(crate) const DU: Program = Program { name: "du", summary: "Estimate file space usage", run: run_du };

const DF_SPEC: Spec = Spec {
    name: "df",
    short: "hHTaikmP",
    long: &[
        ("human-readable", 'h', Value::None),
        ("print-type", 'T', Value::None),
        ("inodes", 'i', Value::None),
    ],
};

/// A mounted file system: source, type, KiB, KiB used, inodes, inodes used, where.
#[derive(Clone)]
struct Mount {
    source: String,
    kind: &'static str,
    total: u64,
    used: u64,
    inodes: u64,
    files: u64,
    at: String,
}

/// The file systems of the machine, in the order in which they were mounted.
fn mounted(proc: &Proc) -> Vec<Mount> {
    let world = proc.world();
    let host = match &proc.place {
        Place::Host(name) => name.clone(),
        Place::Container { .. } => world.hosts.keys().next().cloned().unwrap_or_default(),
    };
    let (disk, memory) = (load::disk(&world, &host), load::memory(&world, &host));
    let root = |source: &str, at: &str| Mount {
        source: source.into(),
        kind: "ext4",
        total: disk.total,
        used: disk.used,
        inodes: disk.total / 8,
        files: disk.files,
        at: at.into(),
    };
    let in_memory = |source: &str, total: u64, used: u64, at: &str| Mount {
        source: source.into(),
        kind: "tmpfs",
        total,
        used,
        inodes: memory.total / 8,
        files: 1 + used / 64,
        at: at.into(),
    };
    if let Place::Container { .. } = &proc.place {
        return vec![
            root("overlay", "/"),
            in_memory("tmpfs", 65_536, 0, "/dev"),
            in_memory("shm", 65_536, 0, "/dev/shm"),
        ];
    }
    let mut all = vec![
        in_memory("tmpfs", memory.total / 10, memory.shared, "/run"),
        root("/dev/vda1", "/"),
        in_memory("tmpfs", memory.total / 2, 0, "/dev/shm"),
        in_memory("tmpfs", 5_120, 0, "/run/lock"),
        Mount { total: 901_520, used: 61_952, inodes: 58_496, files: 598, ..root("/dev/vda16", "/boot") },
        Mount {
            kind: "vfat",
            total: 106_832,
            used: 6_246,
            inodes: 0,
            files: 0,
            ..root("/dev/vda15", "/boot/efi")
        },
    ];
    for (uid, _) in
        world.clusters.iter().flat_map(|it| it.runtime.pods.iter()).filter(|(_, run)| run.host == host)
    {
        let sandbox = status::sha256_hex(format!("sandbox {uid}").as_bytes());
        let at = format!("/run/containerd/io.containerd.grpc.v1.cri/sandboxes/{sandbox}/shm");
        all.push(in_memory("shm", 65_536, 0, &at));
    }
    all
}

fn run_df(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let options = match DF_SPEC.parse(proc.args.get(1..).unwrap_or_default()) {
            Ok(options) => options,
            Err(text) => {
                proc.eprint(text);
                return 1;
            }
        };
        let all = mounted(proc);
        let mut mounts = all.clone();
        let mut exit = 0;
        if !options.operands.is_empty() {
            mounts.clear();
            for name in &options.operands {
                match proc.stat(name) {
                    Ok(_) => mounts.extend(mount_of(&all, &proc.path(name))),
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

fn mount_of(all: &[Mount], path: &str) -> Option<Mount> {
    let below = |at: &str| at == "/" || path == at || path.starts_with(&format!("{at}/"));
    all.iter().filter(|mount| below(&mount.at)).max_by_key(|mount| mount.at.len()).cloned()
}

fn print_mounts(proc: &Proc, options: &Options, mounts: &[Mount]) {
    let human = options.has('h') || options.has('H');
    let size = |kib: u64| match (human, options.has('i'), options.has('m')) {
        (true, true, _) => human_size(kib),
        (true, false, _) => human_size(kib * 1024),
        (false, false, true) => kib.div_ceil(1024).to_string(),
        _ => kib.to_string(),
    };
    let inodes = options.has('i');
    let header = match (inodes, human) {
        (true, _) => ["Inodes", "IUsed", "IFree", "IUse%"],
        (_, true) => ["Size", "Used", "Avail", "Use%"],
        (_, false) if options.has('m') => ["1M-blocks", "Used", "Available", "Use%"],
        _ => ["1K-blocks", "Used", "Available", "Use%"],
    };
    let mut rows = vec![(
        "Filesystem".to_owned(),
        "Type".to_owned(),
        header.map(str::to_owned),
        "Mounted on".to_owned(),
    )];
    for mount in mounts {
        let (total, used) = if inodes { (mount.inodes, mount.files) } else { (mount.total, mount.used) };
        // ext4 keeps a twentieth for root: it is neither used nor available.
        let kept = if mount.kind == "ext4" && !inodes { total / 20 } else { 0 };
        let free = total.saturating_sub(used + kept);
        let percent = match used + free {
            0 => "-".to_owned(),
            shown => format!("{}%", (used * 100).div_ceil(shown)),
        };
        rows.push((
            mount.source.clone(),
            mount.kind.to_owned(),
            [size(total), size(used), size(free), percent],
            mount.at.clone(),
        ));
    }
    // Source: the fields of coreutils' `df.c`.
    let least = [5, 5, 5, 4];
    let wide = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.2.get(column)).map(String::len);
        cells.chain(least.get(column).copied()).max().unwrap_or(0)
    };
    let kind_width = rows.iter().map(|row| row.1.len()).max().unwrap_or(0);
    let source_width = rows.iter().map(|row| row.0.len()).max().unwrap_or(0).max(14);
    for (source, kind, [total, used, free, percent], at) in &rows {
        let kind = if options.has('T') { format!("{kind:<kind_width$} ") } else { String::new() };
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
