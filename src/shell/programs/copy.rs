//! `cp` and `mv`.

use super::options::{Options, Spec, Value};
use super::texts::{curly, fail, quoted};
use crate::cluster::place::FileOp;
use crate::hosts::{FsError, Kind, Node, files};
use crate::shell::disk::Disk;
use crate::shell::{Proc, Program, Running};

pub(crate) const CP: Program = Program { name: "cp", summary: "Copy files and directories", run };
pub(crate) const MV: Program = Program { name: "mv", summary: "Move (rename) files", run };

const LONG: &[(&str, char, Value)] = &[
    ("archive", 'a', Value::None),
    ("backup", 'b', Value::Optional),
    ("force", 'f', Value::None),
    ("interactive", 'i', Value::None),
    ("no-clobber", 'n', Value::None),
    ("no-dereference", 'P', Value::None),
    ("dereference", 'L', Value::None),
    ("preserve", 'p', Value::Optional),
    ("parents", 'E', Value::None),
    ("recursive", 'r', Value::None),
    ("target-directory", 't', Value::Needed),
    ("no-target-directory", 'T', Value::None),
    ("update", 'u', Value::Optional),
    ("verbose", 'v', Value::None),
];

const CP_SPEC: Spec = Spec { name: "cp", short: "arRfinpPLdt:Tuvbx", long: LONG };
const MV_SPEC: Spec = Spec { name: "mv", short: "fint:Tuvb", long: LONG };

fn run(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let moves = proc.args.first().is_some_and(|name| name == "mv");
        let spec = if moves { &MV_SPEC } else { &CP_SPEC };
        let options = match spec.parse(proc.args.get(1..).unwrap_or_default()) {
            Ok(options) => options,
            Err(text) => {
                proc.eprint(text);
                return 1;
            }
        };
        let job = Job { proc, disk: proc.disk(), options, moves };
        match job.targets(spec) {
            Ok((sources, target, into)) => job.all(&sources, &target, into),
            Err(text) => {
                proc.eprint(text);
                1
            }
        }
    })
}

struct Job<'a> {
    proc: &'a Proc,
    disk: Disk,
    options: Options,
    moves: bool,
}

impl Job<'_> {
    fn name(&self) -> &'static str {
        if self.moves { "mv" } else { "cp" }
    }

    fn kind(&self, name: &str) -> Option<Kind> {
        self.disk.node(&self.proc.path(name), true).ok().map(|node| node.kind)
    }

    /// The sources, the target, and whether they go into the target.
    fn targets(&self, spec: &Spec) -> Result<(Vec<String>, String, bool), String> {
        let name = self.name();
        let operands = &self.options.operands;
        if let Some(target) = self.options.value('t') {
            return match self.kind(target) {
                Some(Kind::Directory) => Ok((operands.clone(), target.to_owned(), true)),
                _ => Err(format!("{name}: target directory {}: No such file or directory\n", quoted(target))),
            };
        }
        let (target, sources) = match operands.split_last() {
            None => return Err(spec.complaint("missing file operand")),
            Some((only, [])) => {
                let text = format!("missing destination file operand after {}", quoted(only));
                return Err(spec.complaint(&text));
            }
            Some(parts) => parts,
        };
        let into = !self.options.has('T') && self.kind(target) == Some(Kind::Directory);
        if sources.len() > 1 && !into {
            let why =
                if self.kind(target).is_some() { "Not a directory" } else { "No such file or directory" };
            return Err(format!("{name}: target {}: {why}\n", quoted(target)));
        }
        Ok((sources.to_vec(), target.clone(), into))
    }

    fn all(&self, sources: &[String], target: &str, into: bool) -> i32 {
        let one = |source: &String| {
            let to = if self.options.has('E') {
                format!("{}/{}", target.trim_end_matches('/'), source.trim_start_matches('/'))
            } else if into {
                let name = files::clean("/", source);
                format!("{}/{}", target.trim_end_matches('/'), files::base_name(&name))
            } else {
                target.to_owned()
            };
            if self.moves { self.rename(source, &to) } else { self.copy(source, &to) }
        };
        sources.iter().map(one).max().unwrap_or(0)
    }

    fn recursive(&self) -> bool {
        ['r', 'R', 'a'].into_iter().any(|letter| self.options.has(letter))
    }

    fn follows(&self) -> bool {
        let keeps = ['a', 'P', 'd'].into_iter().any(|letter| self.options.has(letter));
        self.options.has('L') || !keeps && !self.recursive()
    }

    fn say(&self, from: &str, to: &str) {
        if self.options.has('v') {
            let what = if self.moves { "renamed " } else { "" };
            self.proc.print(format!("{what}{} -> {}\n", quoted(from), quoted(to)));
        }
    }

    fn copy(&self, from: &str, to: &str) -> i32 {
        let (from_path, to_path) = (self.proc.path(from), self.proc.path(to));
        let node = match self.disk.node(&from_path, self.follows()) {
            Ok(node) => node,
            Err(error) => return fail(self.proc, "cp", "cannot stat", from, error),
        };
        if node.kind == Kind::Directory {
            return self.copy_directory(from, to, &node);
        }
        if from_path == to_path {
            let text = format!("cp: {} and {} are the same file\n", quoted(from), quoted(to));
            self.proc.eprint(text);
            return 1;
        }
        if self.keeps_target(&node, &to_path) {
            return 0;
        }
        if self.kind(to) == Some(Kind::Directory) {
            let text = format!("cp: cannot overwrite directory {} with non-directory\n", quoted(to));
            self.proc.eprint(text);
            return 1;
        }
        match self.copy_one(&node, &from_path, &to_path) {
            Ok(()) => {
                self.say(from, to);
                0
            }
            Err((false, error)) => {
                self.proc.eprint(format!("cp: cannot open {} for reading: {error}\n", quoted(from)));
                1
            }
            Err((true, error)) => fail(self.proc, "cp", "cannot create regular file", to, error),
        }
    }

    /// True when `-n` or `-u` says to leave what is there.
    fn keeps_target(&self, node: &Node, to: &str) -> bool {
        let Ok(there) = self.disk.node(to, true) else { return false };
        self.options.has('n') || self.options.has('u') && there.modified >= node.modified
    }

    /// Copies what is not a directory; the error says whether it was met at the target.
    fn copy_one(&self, node: &Node, from: &str, to: &str) -> Result<(), (bool, FsError)> {
        if self.options.has('E') {
            let above = files::parent(to);
            let op = FileOp::Mkdir { path: above, mode: 0o755, parents: true };
            self.disk.put(above, op).map_err(|error| (true, error))?;
        }
        let at_target = |error| (true, error);
        if self.options.has('b') && self.disk.node(to, false).is_ok() {
            self.disk.rename(to, &format!("{to}~")).map_err(at_target)?;
        }
        if let Kind::Symlink(target) = &node.kind {
            let op = FileOp::Symlink { target, link: to };
            return self.disk.change(op).map_err(at_target);
        }
        self.disk.read(from).map_err(|error| (false, error))?;
        self.disk.copy(from, to).map_err(at_target)?;
        if self.options.has('p') || self.options.has('a') {
            self.preserve(node, to);
        }
        Ok(())
    }

    /// Keeps mode, owner and time as far as this user may.
    fn preserve(&self, node: &Node, to: &str) {
        let Node { mode, uid, gid, .. } = *node;
        // A user who is not root keeps what can be kept, as `cp -p` does.
        let _ = self.disk.change_own(to, FileOp::Chmod { path: to, mode });
        if self.disk.who.uid == 0 {
            let _ = self.disk.change_own(to, FileOp::Chown { path: to, uid, gid });
        }
        let _ = self.disk.set_modified(to, node.modified);
    }

    fn copy_directory(&self, from: &str, to: &str, node: &Node) -> i32 {
        if !self.recursive() {
            self.proc.eprint(format!("cp: -r not specified; omitting directory {}\n", quoted(from)));
            return 1;
        }
        let (from_path, to_path) = (self.proc.path(from), self.proc.path(to));
        if to_path == from_path || to_path.starts_with(&format!("{from_path}/")) {
            let text =
                format!("cp: cannot copy a directory, {}, into itself, {}\n", quoted(from), quoted(to));
            self.proc.eprint(text);
            return 1;
        }
        match self.kind(to) {
            Some(Kind::Directory) => {}
            Some(_) => {
                let text = format!(
                    "cp: cannot overwrite non-directory {} with directory {}\n",
                    quoted(to),
                    quoted(from)
                );
                self.proc.eprint(text);
                return 1;
            }
            None => match self.disk.mkdir(&to_path, node.mode) {
                Ok(()) => self.say(from, to),
                Err(error) => return fail(self.proc, "cp", "cannot create directory", to, error),
            },
        }
        let listed = match self.disk.list(&from_path) {
            Ok(listed) => listed,
            Err(error) => return fail(self.proc, "cp", "cannot access", from, error),
        };
        let below = |name: &str, of: &str| format!("{}/{name}", of.trim_end_matches('/'));
        let exit = listed.iter().map(|(name, _)| self.copy(&below(name, from), &below(name, to))).max();
        if self.options.has('p') || self.options.has('a') {
            self.preserve(node, &to_path);
        }
        exit.unwrap_or(0)
    }

    fn rename(&self, from: &str, to: &str) -> i32 {
        let (from_path, to_path) = (self.proc.path(from), self.proc.path(to));
        let node = match self.disk.node(&from_path, false) {
            Ok(node) => node,
            Err(error) => return fail(self.proc, "mv", "cannot stat", from, error),
        };
        if from_path == to_path {
            let text = format!("mv: {} and {} are the same file\n", quoted(from), quoted(to));
            self.proc.eprint(text);
            return 1;
        }
        if self.keeps_target(&node, &to_path) {
            return 0;
        }
        let is_directory = node.kind == Kind::Directory;
        let text = match self.disk.node(&to_path, false).map(|node| node.kind) {
            Ok(Kind::Directory) if !is_directory => {
                Some(format!("mv: cannot overwrite directory {} with non-directory\n", curly(to)))
            }
            Ok(kind) if is_directory && kind != Kind::Directory => Some(format!(
                "mv: cannot overwrite non-directory {} with directory {}\n",
                quoted(to),
                quoted(from)
            )),
            _ => None,
        };
        if let Some(text) = text {
            self.proc.eprint(text);
            return 1;
        }
        match self.disk.rename(&from_path, &to_path) {
            Ok(()) => {
                self.say(from, to);
                0
            }
            Err(error) => {
                let text = if error == FsError::Invalid {
                    format!(
                        "mv: cannot move {0} to a subdirectory of itself, {1}\n",
                        quoted(from),
                        quoted(to)
                    )
                } else {
                    format!("mv: cannot move {} to {}: {error}\n", quoted(from), quoted(to))
                };
                self.proc.eprint(text);
                1
            }
        }
    }
}
