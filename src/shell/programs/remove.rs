//! `rm`: remove files and directories.

use super::options::{Options, Spec, Value};
use super::texts::{fail, quoted};
use crate::cluster::place::FileOp;
use crate::hosts::{FsError, Kind, files};
use crate::shell::disk::Disk;
use crate::shell::link::{Answer, Request};
use crate::shell::{Proc, Program, Running};

pub(crate) const PROGRAM: Program = Program { name: "rm", summary: "Remove files or directories", run };

const SPEC: Spec = Spec {
    name: "rm",
    short: "rRfivdI",
    long: &[
        ("recursive", 'r', Value::None),
        ("force", 'f', Value::None),
        ("verbose", 'v', Value::None),
        ("dir", 'd', Value::None),
        ("interactive", 'i', Value::Optional),
        ("no-preserve-root", 'N', Value::None),
        ("preserve-root", 'P', Value::Optional),
        ("one-file-system", 'O', Value::None),
    ],
};

fn run(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let options = match SPEC.parse(proc.args.get(1..).unwrap_or_default()) {
            Ok(options) => options,
            Err(text) => {
                proc.eprint(text);
                return 1;
            }
        };
        if options.operands.is_empty() {
            if options.has('f') {
                return 0;
            }
            proc.eprint(SPEC.complaint("missing operand"));
            return 1;
        }
        let disk = proc.disk();
        let mut exit = 0;
        for name in &options.operands {
            if options.last_of("fi") == Some('i') && !agreed(proc, &disk, name).await {
                continue;
            }
            exit = exit.max(remove(proc, &disk, &options, name));
        }
        exit
    })
}

async fn agreed(proc: &Proc, disk: &Disk, name: &str) -> bool {
    let kind = match disk.node(&proc.path(name), false) {
        Ok(node) if node.kind == Kind::Directory => "directory",
        Ok(node) if node.size() == 0 => "regular empty file",
        Ok(_) => "regular file",
        // What is not there is complained about without a question.
        Err(_) => return true,
    };
    let prompt = format!("rm: remove {kind} {}? ", quoted(name));
    let answer = proc.link.ask(Request::Line { prompt, hidden: false }).await;
    matches!(answer, Answer::Line(text) if text.to_lowercase().starts_with('y'))
}

fn remove(proc: &Proc, disk: &Disk, options: &Options, name: &str) -> i32 {
    let recursive = options.has('r') || options.has('R');
    let last = files::base_name(name.trim_end_matches('/'));
    if last == "." || last == ".." {
        proc.eprint(format!("rm: refusing to remove '.' or '..' directory: skipping {}\n", quoted(name)));
        return 1;
    }
    let path = proc.path(name);
    if path == "/" && !options.has('N') {
        proc.eprint("rm: it is dangerous to operate recursively on '/'\nrm: use --no-preserve-root to override this failsafe\n");
        return 1;
    }
    match disk.node(&path, false).map(|node| node.kind) {
        Ok(Kind::Directory) if recursive => remove_tree(proc, disk, options, name),
        Ok(Kind::Directory) if !options.has('d') => {
            fail(proc, "rm", "cannot remove", name, FsError::IsADirectory)
        }
        Ok(kind) => remove_one(proc, disk, options, name, kind == Kind::Directory),
        Err(FsError::NotFound | FsError::NotADirectory) if options.has('f') => 0,
        Err(error) => fail(proc, "rm", "cannot remove", name, error),
    }
}

/// Removes what is below first, so that what may not be removed stays with all above it.
fn remove_tree(proc: &Proc, disk: &Disk, options: &Options, name: &str) -> i32 {
    let listed = match disk.list(&proc.path(name)) {
        Ok(listed) => listed,
        Err(error) => return fail(proc, "rm", "cannot remove", name, error),
    };
    let mut exit = 0;
    for (below, _) in listed {
        exit = exit.max(remove(proc, disk, options, &format!("{}/{below}", name.trim_end_matches('/'))));
    }
    if exit == 0 { remove_one(proc, disk, options, name, true) } else { exit }
}

fn remove_one(proc: &Proc, disk: &Disk, options: &Options, name: &str, is_directory: bool) -> i32 {
    let path = proc.path(name);
    match disk.change(FileOp::Remove { path: &path, recursive: false }) {
        Ok(()) => {
            if options.has('v') {
                let what = if is_directory { "removed directory" } else { "removed" };
                proc.print(format!("{what} {}\n", quoted(name)));
            }
            0
        }
        Err(error) => fail(proc, "rm", "cannot remove", name, error),
    }
}
