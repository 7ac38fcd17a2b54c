//! Programs that fill disks: `fallocate`, `dd`, `mkswap`. What is all zeros is not kept byte by byte.

use super::texts::human_size;
use crate::cluster::Place;
use crate::cluster::load;
use crate::cluster::place::FileOp;
use crate::hosts::kernel;
use crate::hosts::{FsError, Kind, Node};
use crate::shell::Proc;

programs! {
    DD "dd" "Convert and copy a file" dd;
    FALLOCATE "fallocate" "Give room to a file" fallocate;
    MKSWAP "mkswap" "Set up a swap area" mkswap;
}

/// Zeros up to here are kept as bytes, so that small files are what they seem.
const KEPT_MAX: u64 = 1 << 20;

/// Bytes that are left on the disk of a place.
fn room(proc: &Proc) -> u64 {
    match &proc.place {
        Place::Host(name) => {
            let disk = load::disk(&proc.world(), name);
            disk.total.saturating_sub(disk.used) << 10
        }
        Place::Container { .. } => u64::MAX,
    }
}

/// Makes a file of `bytes` and zeros behind them.
fn put(proc: &Proc, path: &str, bytes: &[u8], zeros: u64) -> Result<(), FsError> {
    let disk = proc.disk();
    let path = proc.path(path);
    let before = disk.node(&path, true);
    let taken = before.as_ref().map_or(0, Node::size);
    if bytes.len() as u64 + zeros > room(proc).saturating_add(taken) {
        return Err(FsError::NoSpace);
    }
    let kept = if zeros <= KEPT_MAX { usize::try_from(zeros).unwrap_or(0) } else { 0 };
    disk.write(&path, &[bytes, &vec![0; kept]].concat())?;
    if kept == 0 && zeros > 0 {
        let node = Node { blank: zeros, ..disk.node(&path, true)? };
        disk.put(&path, FileOp::Put { path: &path, node })?;
    }
    Ok(())
}

/// `1G`, `512MiB`, `10MB`, `4096`.
fn size(text: &str) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let (letter, decimal) = match unit {
        "" => return Some(number),
        "c" => return Some(number),
        _ if unit.len() == 2 && unit.ends_with('B') => (unit.get(..1)?, true),
        _ => (unit.trim_end_matches("iB"), false),
    };
    let power = ["K", "M", "G", "T"].iter().position(|it| *it == letter.to_uppercase())? as u32 + 1;
    number.checked_mul(if decimal { 1000_u64.checked_pow(power)? } else { 1024_u64.checked_pow(power)? })
}

fn fallocate(proc: &Proc) -> i32 {
    let fail = |text: String| {
        proc.eprint(format!("fallocate: {text}\n"));
        1
    };
    let mut words = proc.args.iter().skip(1);
    let (mut length, mut file) = (None, None);
    while let Some(word) = words.next() {
        match word.as_str() {
            "-l" | "--length" => length = words.next().cloned(),
            _ if word.starts_with("--length=") => length = word.split_once('=').map(|(_, it)| it.to_owned()),
            _ if word.starts_with("-l") => length = word.get(2..).map(str::to_owned),
            "-v" | "--verbose" | "-x" | "--posix" => {}
            _ if word.starts_with('-') => return fail(format!("uncordon: {word} is not simulated yet")),
            name => file = Some(name.to_owned()),
        }
    }
    let Some(length) = length else { return fail("no length argument specified".into()) };
    let Some(file) = file else { return fail("no filename specified".into()) };
    let Some(bytes) = size(&length).filter(|it| *it > 0) else {
        return fail(format!("failed to parse length: '{length}'"));
    };
    let had = match proc.disk().read(&proc.path(&file)) {
        Ok(bytes) => bytes,
        Err(FsError::NotFound) => Vec::new(),
        Err(error) => return fail(format!("cannot open {file}: {error}")),
    };
    match put(proc, &file, &had, bytes.saturating_sub(had.len() as u64)) {
        Ok(()) => 0,
        Err(FsError::NoSpace) => fail(format!("fallocate failed: {}", FsError::NoSpace)),
        Err(error) => fail(format!("cannot open {file}: {error}")),
    }
}

/// The operands of `dd`.
#[derive(Default)]
struct Copy {
    from: Option<String>,
    to: Option<String>,
    block: u64,
    count: Option<u64>,
    skip: u64,
    /// Where in the output file to begin, in blocks.
    seek: u64,
    quiet: bool,
    append: bool,
    /// `conv=notrunc`: what stands behind the written part stays.
    keeps_rest: bool,
}

impl Copy {
    fn parse(args: &[String]) -> Result<Self, String> {
        let mut copy = Self { block: 512, ..Self::default() };
        for arg in args {
            let Some((key, value)) = arg.split_once('=') else {
                return Err(format!("unrecognized operand ‘{arg}’\nTry 'dd --help' for more information."));
            };
            let number = || size(value).ok_or_else(|| format!("invalid number: ‘{value}’"));
            match key {
                "if" => copy.from = Some(value.to_owned()),
                "of" => copy.to = Some(value.to_owned()),
                "bs" | "ibs" | "obs" => copy.block = number()?.max(1),
                "count" => copy.count = Some(number()?),
                "skip" | "iseek" => copy.skip = number()?,
                "seek" | "oseek" => copy.seek = number()?,
                "status" => copy.quiet = value == "none",
                "conv" => copy.keeps_rest = value.split(',').any(|it| it == "notrunc"),
                "iflag" => {}
                "oflag" => copy.append = value.contains("append"),
                _ => {
                    return Err(format!(
                        "unrecognized operand ‘{arg}’\nTry 'dd --help' for more information."
                    ));
                }
            }
        }
        Ok(copy)
    }

    fn limit(&self) -> u64 {
        self.count.map_or(u64::MAX, |it| it.saturating_mul(self.block))
    }

    /// Bytes that are read, and how many zeros follow them.
    fn read(&self, proc: &Proc) -> Result<(Vec<u8>, u64), String> {
        let endless = self.from.as_deref() == Some("/dev/zero");
        if endless {
            let wanted = if self.count.is_some() { self.limit() } else { room(proc) + 1 };
            return Ok((Vec::new(), wanted));
        }
        let all = match self.from.as_deref() {
            None => proc.stdin.clone().unwrap_or_default(),
            Some(path) => proc
                .disk()
                .read(&proc.path(path))
                .map_err(|error| format!("failed to open '{path}': {error}"))?,
        };
        let from = usize::try_from(self.skip.saturating_mul(self.block)).unwrap_or(usize::MAX).min(all.len());
        let to = usize::try_from(self.limit()).unwrap_or(usize::MAX).saturating_add(from).min(all.len());
        let bytes = all.get(from..to).unwrap_or_default().to_vec();
        let random = matches!(self.from.as_deref(), Some("/dev/urandom" | "/dev/random"));
        let missing = if random { self.limit().saturating_sub(bytes.len() as u64) } else { 0 };
        Ok((bytes, missing))
    }
}

impl Copy {
    /// What the output file holds in the end, and how many zeros follow that.
    fn laid_over(&self, proc: &Proc, path: &str, bytes: &[u8], zeros: u64) -> (Vec<u8>, u64) {
        let had = proc.disk().read(&proc.path(path)).unwrap_or_default();
        if self.append {
            return ([had, bytes.to_vec()].concat(), zeros);
        }
        let start = usize::try_from(self.seek.saturating_mul(self.block).min(KEPT_MAX)).unwrap_or(0);
        let mut all = had.get(..start.min(had.len())).unwrap_or_default().to_vec();
        all.resize(start, 0);
        all.extend_from_slice(bytes);
        let end = all.len().saturating_add(usize::try_from(zeros).unwrap_or(usize::MAX));
        match had.get(end..).filter(|rest| self.keeps_rest && !rest.is_empty()) {
            Some(rest) => {
                all.resize(end, 0);
                all.extend_from_slice(rest);
                (all, 0)
            }
            None => (all, zeros),
        }
    }
}

fn dd(proc: &Proc) -> i32 {
    let fail = |text: String| {
        proc.eprint(format!("dd: {text}\n"));
        1
    };
    let copy = match Copy::parse(proc.args.get(1..).unwrap_or_default()) {
        Ok(copy) => copy,
        Err(text) => return fail(text),
    };
    let (bytes, zeros) = match copy.read(proc) {
        Ok(read) => read,
        Err(text) => return fail(text),
    };
    let mut exit = 0;
    let mut total = bytes.len() as u64 + zeros;
    match copy.to.as_deref() {
        None => {
            let kept = usize::try_from(zeros.min(KEPT_MAX)).unwrap_or(0);
            proc.print([bytes, vec![0; kept]].concat());
        }
        Some("/dev/null") => {}
        Some(path) => {
            let (all, behind) = copy.laid_over(proc, path, &bytes, zeros);
            let written = match put(proc, path, &all, behind) {
                // What fits is written.
                Err(FsError::NoSpace) => {
                    total = room(proc);
                    let left = total.saturating_sub(bytes.len() as u64);
                    exit = fail(format!("error writing '{path}': {}", FsError::NoSpace));
                    put(proc, path, &bytes, left)
                }
                other => other,
            };
            if let Err(error) = written {
                return fail(format!("failed to open '{path}': {error}"));
            }
        }
    }
    if !copy.quiet {
        let full = total / copy.block;
        let part = u64::from(!total.is_multiple_of(copy.block));
        let records = |what: &str| format!("{full}+{part} records {what}\n");
        proc.eprint(format!("{}{}{}\n", records("in"), records("out"), summary(total)));
    }
    exit
}

/// The last line of `dd`, at the speed of the lab's disks: 1 GB/s.
fn summary(total: u64) -> String {
    let seconds = (total as f64 / 1e9).max(1e-6);
    let decimal = |total: u64| {
        let units = ["kB", "MB", "GB", "TB"];
        let mut value = total as f64 / 1000.0;
        let mut unit = 0;
        while value >= 999.5 && unit < 3 {
            value /= 1000.0;
            unit += 1;
        }
        let text = if value < 9.95 { format!("{value:.1}") } else { format!("{value:.0}") };
        format!("{text} {}", units.get(unit).unwrap_or(&"TB"))
    };
    let binary = || {
        let text = human_size(total);
        let cut = text.len().saturating_sub(1);
        format!("{} {}iB", text.get(..cut).unwrap_or(""), text.get(cut..).unwrap_or(""))
    };
    let sizes = match total {
        0..1000 => String::new(),
        1000..1024 => format!(" ({})", decimal(total)),
        _ => format!(" ({}, {})", decimal(total), binary()),
    };
    format!("{total} bytes{sizes} copied, {seconds:.6} s, 1.0 GB/s")
}

fn mkswap(proc: &Proc) -> i32 {
    let fail = |text: String| {
        proc.eprint(format!("mkswap: {text}\n"));
        1
    };
    let Some(file) = proc.args.iter().skip(1).rfind(|it| !it.starts_with('-')).cloned() else {
        return fail("error: Nowhere to set up swap on?".into());
    };
    let node = match proc.stat(&file) {
        Ok(node) => node,
        Err(error) => return fail(format!("cannot open {file}: {error}")),
    };
    if !matches!(node.kind, Kind::File(_)) {
        return fail(format!("uncordon: {file}: swap on anything but a file is not simulated yet"));
    }
    if node.size() < 10 * 4096 {
        return fail(format!("error: swap area needs to be at least {} KiB", 40));
    }
    if node.mode & 0o077 != 0 {
        proc.eprint(format!(
            "mkswap: {file}: insecure permissions {:04o}, fix with: chmod 0600 {file}\n",
            node.mode & 0o7777
        ));
    }
    if let Err(error) = write_header(proc, &file, &node) {
        return fail(format!("cannot open {file}: {error}"));
    }
    let bytes = node.size() - 4096;
    let id = proc.world().chance.uuid();
    let shown = if bytes >= 1 << 30 {
        format!("{:.0} GiB", bytes as f64 / (1_u64 << 30) as f64)
    } else {
        format!("{} MiB", bytes.div_ceil(1 << 20))
    };
    proc.print(format!(
        "Setting up swapspace version 1, size = {shown} ({bytes} bytes)\nno label, UUID={id}\n"
    ));
    0
}

/// The first page of a swap area ends with a signature.
fn write_header(proc: &Proc, file: &str, node: &Node) -> Result<(), FsError> {
    let Kind::File(bytes) = &node.kind else { return Ok(()) };
    let mut page = vec![0; kernel::SWAP_PAGE.max(bytes.len())];
    page[..bytes.len()].copy_from_slice(bytes);
    page[kernel::SWAP_PAGE - kernel::SWAP_SIGNATURE.len()..kernel::SWAP_PAGE]
        .copy_from_slice(kernel::SWAP_SIGNATURE);
    let blank = node.size() - page.len() as u64;
    let node = Node { kind: Kind::File(page.into()), blank, ..node.clone() };
    let path = proc.path(file);
    proc.disk().put(&path, FileOp::Put { path: &path, node })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        assert_eq!((size("1G"), size("10MB"), size("4KiB")), (Some(1 << 30), Some(10_000_000), Some(4096)));
        assert_eq!((size("12"), size("x"), size("1X")), (Some(12), None, None));
        assert_eq!(summary(16 << 20), "16777216 bytes (17 MB, 16 MiB) copied, 0.016777 s, 1.0 GB/s");
    }
}
