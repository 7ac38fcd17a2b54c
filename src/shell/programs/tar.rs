//! `tar`: archives, also through pipes, as `kubectl cp` has a container's tar write and read them.

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use tar::{Archive, Builder, EntryType, Header};

use super::options::{Options, Spec, Value};
use super::texts;
use crate::cluster::place::FileOp;
use crate::hosts::{Kind, Node, files};
use crate::shell::{Proc, Program, Running};

/// `tar`.
pub(crate) static TAR: Program = Program { name: "tar", summary: "Save files in an archive", run };

const SPEC: Spec = Spec {
    name: "tar",
    short: "cxtrf:zvC:mpkhPOX:",
    long: &[
        ("create", 'c', Value::None),
        ("extract", 'x', Value::None),
        ("get", 'x', Value::None),
        ("list", 't', Value::None),
        ("file", 'f', Value::Needed),
        ("gzip", 'z', Value::None),
        ("verbose", 'v', Value::None),
        ("directory", 'C', Value::Needed),
        ("touch", 'm', Value::None),
        ("preserve-permissions", 'p', Value::None),
        ("keep-old-files", 'k', Value::None),
        ("dereference", 'h', Value::None),
        ("absolute-names", 'P', Value::None),
        ("to-stdout", 'O', Value::None),
        ("exclude", 'E', Value::Needed),
        ("strip-components", 'S', Value::Needed),
        ("no-same-owner", 'o', Value::None),
        ("same-owner", 'o', Value::None),
        ("numeric-owner", 'o', Value::None),
    ],
};

/// The exit code of what GNU tar calls fatal errors.
const FATAL: i32 = 2;

fn run(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move { dispatch(proc) })
}

fn dispatch(proc: &Proc) -> i32 {
    let mut args = proc.args.get(1..).unwrap_or_default().to_vec();
    if let Some(first) = args.first_mut().filter(|it| !it.starts_with('-')) {
        // The old way: the first word holds letters without a dash.
        first.insert(0, '-');
    }
    let options = match SPEC.parse(&args) {
        Ok(options) => options,
        Err(text) => {
            proc.eprint(text);
            return FATAL;
        }
    };
    let outcome = match options.last_of("cxt") {
        Some('c') => create(proc, &options),
        Some('x') => read(proc, &options, true),
        Some(_) => read(proc, &options, false),
        None => {
            Err("You must specify one of the '-Acdtrux', '--delete' or '--test-label' options".to_owned())
        }
    };
    match outcome {
        Ok(exit) => exit,
        Err(why) => {
            proc.eprint(format!("tar: {why}\n"));
            FATAL
        }
    }
}

/// The directory that names are relative to.
fn base(proc: &Proc, options: &Options) -> String {
    options.values('C').fold(proc.cwd.clone(), |base, next| files::clean(&base, next))
}

/// The archive; `-` is a stream.
fn archive_file(options: &Options) -> Option<&str> {
    options.value('f').filter(|name| *name != "-")
}

fn is_packed(options: &Options) -> bool {
    options.has('z')
        || archive_file(options).is_some_and(|name| name.ends_with(".tgz") || name.ends_with(".gz"))
}

fn is_excluded(options: &Options, name: &str) -> bool {
    options.values('E').any(|word| {
        let word = word.trim_end_matches('/');
        name == word || name.starts_with(&format!("{word}/")) || files::base_name(name) == word || {
            word.strip_prefix('*').is_some_and(|end| !end.contains('*') && name.ends_with(end))
        }
    })
}

/// An archive in the making.
struct Making<'a> {
    proc: &'a Proc,
    options: &'a Options,
    builder: Builder<Vec<u8>>,
    /// True once it was said that a leading `/` is left out.
    told: bool,
    failed: bool,
}

fn create(proc: &Proc, options: &Options) -> Result<i32, String> {
    if options.operands.is_empty() {
        return Err("Cowardly refusing to create an empty archive".into());
    }
    let base = base(proc, options);
    let builder = Builder::new(Vec::new());
    let mut making = Making { proc, options, builder, told: false, failed: false };
    for name in &options.operands {
        let path = files::clean(&base, name);
        making.add(&path, name.trim_end_matches('/'))?;
    }
    let failed = making.failed;
    let mut bytes = making.builder.into_inner().map_err(|error| error.to_string())?;
    if is_packed(options) {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        bytes =
            encoder.write_all(&bytes).and_then(|()| encoder.finish()).map_err(|error| error.to_string())?;
    }
    match archive_file(options) {
        None => proc.print(bytes),
        Some(name) => {
            let cannot =
                |error| format!("{name}: Cannot open: {error}\ntar: Error is not recoverable: exiting now");
            proc.write_file(name, &bytes).map_err(cannot)?;
        }
    }
    if failed {
        proc.eprint("tar: Exiting with failure status due to previous errors\n");
    }
    Ok(if failed { FATAL } else { 0 })
}

impl Making<'_> {
    fn add(&mut self, path: &str, name: &str) -> Result<(), String> {
        if is_excluded(self.options, name) {
            return Ok(());
        }
        let found = if self.options.has('h') {
            self.proc.world().stat(&self.proc.place, path)
        } else {
            self.proc.world().lstat(&self.proc.place, path)
        };
        let node = match found {
            Ok(node) => node,
            Err(error) => {
                self.proc.eprint(format!("tar: {name}: Cannot stat: {error}\n"));
                self.failed = true;
                return Ok(());
            }
        };
        let member = self.member(name);
        let shown = if node.kind == Kind::Directory { format!("{member}/") } else { member.clone() };
        if self.options.has('v') {
            let line = format!("{shown}\n");
            // The archive itself goes to standard output when it has no file.
            if archive_file(self.options).is_some() { self.proc.print(line) } else { self.proc.eprint(line) }
        }
        self.append(&shown, path, &node)?;
        if node.kind != Kind::Directory {
            return Ok(());
        }
        let inside = self.proc.world().list_dir(&self.proc.place, path).unwrap_or_default();
        for (entry, _) in inside {
            let name = if name.is_empty() { entry.clone() } else { format!("{name}/{entry}") };
            self.add(&files::clean(path, &entry), &name)?;
        }
        Ok(())
    }

    /// The name inside the archive.
    fn member(&mut self, name: &str) -> String {
        let bare = name.trim_start_matches('/');
        if bare.len() == name.len() || self.options.has('P') {
            return name.to_owned();
        }
        if !std::mem::replace(&mut self.told, true) {
            self.proc.eprint("tar: Removing leading `/' from member names\n");
        }
        bare.to_owned()
    }

    fn append(&mut self, name: &str, path: &str, node: &Node) -> Result<(), String> {
        let mut header = Header::new_gnu();
        header.set_mode(node.mode);
        header.set_uid(u64::from(node.uid));
        header.set_gid(u64::from(node.gid));
        header.set_mtime(u64::try_from(node.modified.unix_s()).unwrap_or(0));
        let added = match &node.kind {
            Kind::File(_) => {
                let bytes = self.proc.read_file(path).map_err(|error| format!("{name}: {error}"))?;
                header.set_size(u64::try_from(bytes.len()).unwrap_or(0));
                self.builder.append_data(&mut header, name, &*bytes)
            }
            Kind::Directory => {
                header.set_entry_type(EntryType::Directory);
                header.set_size(0);
                self.builder.append_data(&mut header, name, std::io::empty())
            }
            Kind::Symlink(target) => {
                header.set_entry_type(EntryType::Symlink);
                header.set_size(0);
                self.builder.append_link(&mut header, name, target)
            }
            // Sockets are left out, as GNU tar does.
            Kind::Fifo | Kind::Socket => return Ok(()),
        };
        added.map_err(|error| format!("{name}: {error}"))
    }
}

/// Extracts, or lists.
fn read(proc: &Proc, options: &Options, extract: bool) -> Result<i32, String> {
    let bytes = match archive_file(options) {
        None => proc.stdin.clone().unwrap_or_default(),
        Some(name) => {
            let cannot =
                |error| format!("{name}: Cannot open: {error}\ntar: Error is not recoverable: exiting now");
            proc.read_file(name).map_err(cannot)?.to_vec()
        }
    };
    let bytes = unpacked(bytes)?;
    let not_one =
        "This does not look like a tar archive\ntar: Exiting with failure status due to previous errors";
    let mut archive = Archive::new(bytes.as_slice());
    let entries = archive.entries().map_err(|_| not_one.to_owned())?;
    let base = base(proc, options);
    let strip: usize = options.value('S').and_then(|it| it.parse().ok()).unwrap_or(0);
    for entry in entries {
        let mut entry = entry.map_err(|_| not_one.to_owned())?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        if !is_chosen(options, &name) {
            continue;
        }
        let node = node_of(proc, options, &mut entry)?;
        if !extract {
            proc.print(listed(options, &name, &node));
            continue;
        }
        if options.has('v') {
            proc.print(format!("{name}\n"));
        }
        if let (true, Kind::File(bytes)) = (options.has('O'), &node.kind) {
            proc.print(bytes);
            continue;
        }
        if let Some(inner) = inner_name(&name, strip) {
            let path = files::clean(&base, &inner);
            put(proc, &path, node).map_err(|error| format!("{name}: Cannot open: {error}"))?;
        }
    }
    Ok(0)
}

fn unpacked(bytes: Vec<u8>) -> Result<Vec<u8>, String> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(bytes);
    }
    let mut plain = Vec::new();
    MultiGzDecoder::new(bytes.as_slice())
        .read_to_end(&mut plain)
        .map_err(|_| "Child returned status 1\ntar: Error is not recoverable: exiting now".to_owned())?;
    Ok(plain)
}

fn is_chosen(options: &Options, name: &str) -> bool {
    let bare = name.trim_end_matches('/');
    let wanted = options.operands.is_empty()
        || options.operands.iter().any(|it| {
            let it = it.trim_end_matches('/');
            bare == it || bare.starts_with(&format!("{it}/"))
        });
    wanted && !is_excluded(options, bare)
}

/// The name without its first parts; `None` when nothing is left, or it would lead outside.
fn inner_name(name: &str, strip: usize) -> Option<String> {
    let parts: Vec<&str> = name.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    let inner = parts.get(strip..).filter(|rest| !rest.is_empty() || strip == 0)?;
    (!inner.contains(&"..")).then(|| inner.join("/"))
}

fn node_of<R: std::io::Read>(
    proc: &Proc,
    options: &Options,
    entry: &mut tar::Entry<'_, R>,
) -> Result<Node, String> {
    let header = entry.header();
    let kind = header.entry_type();
    let (mode, uid, gid) = (header.mode(), header.uid(), header.gid());
    let modified = header.mtime().ok().filter(|_| !options.has('m')).and_then(|it| i64::try_from(it).ok());
    let link = entry.link_name_bytes().map(|it| String::from_utf8_lossy(&it).into_owned());
    let kind = match kind {
        EntryType::Directory => Kind::Directory,
        EntryType::Symlink | EntryType::Link => Kind::Symlink(link.unwrap_or_default()),
        _ => {
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).map_err(|_| "Unexpected EOF in archive".to_owned())?;
            Kind::File(bytes.into())
        }
    };
    let number = |it: std::io::Result<u64>| it.ok().and_then(|it| u32::try_from(it).ok()).unwrap_or(0);
    Ok(Node {
        kind,
        mode: mode.unwrap_or(0o644) & 0o7777,
        uid: number(uid),
        gid: number(gid),
        modified: modified.map_or(proc.world().now, crate::sim::SimTime::from_unix_s),
        blank: 0,
    })
}

fn listed(options: &Options, name: &str, node: &Node) -> String {
    if !options.has('v') {
        return format!("{name}\n");
    }
    let size = if let Kind::File(bytes) = &node.kind { bytes.len() } else { 0 };
    let owner = |id: u32| if id == 0 { "root".to_owned() } else { id.to_string() };
    let (mode, at) = (texts::mode_string(node), node.modified.strftime("%Y-%m-%d %H:%M"));
    let ids = format!("{}/{}", owner(node.uid), owner(node.gid));
    let link = if let Kind::Symlink(target) = &node.kind { format!(" -> {target}") } else { String::new() };
    format!("{mode} {ids} {size:>width$} {at} {name}{link}\n", width = 19_usize.saturating_sub(ids.len() + 1))
}

fn put(proc: &Proc, path: &str, node: Node) -> Result<(), crate::hosts::FsError> {
    if node.kind == Kind::Directory {
        return proc.change_files(FileOp::Mkdir { path, mode: node.mode, parents: true });
    }
    let above = files::parent(path);
    proc.change_files(FileOp::Mkdir { path: above, mode: 0o755, parents: true })?;
    proc.change_files(FileOp::Put { path, node })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_inside() {
        assert_eq!(inner_name("a/b", 1).as_deref(), Some("b"));
        assert_eq!(inner_name("./a/", 0).as_deref(), Some("a"));
        assert_eq!(inner_name("a", 1), None);
        assert_eq!(inner_name("../../etc/passwd", 0), None);
    }
}
