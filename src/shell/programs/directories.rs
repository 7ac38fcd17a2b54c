//! `mkdir` and `rmdir`.

use super::modes;
use super::options::{Options, Spec, Value};
use super::texts::{curly, fail, quoted};
use crate::cluster::place::FileOp;
use crate::hosts::{FsError, Kind, files};
use crate::shell::disk::Disk;
use crate::shell::{Proc, Program, Running};

pub(crate) const MKDIR: Program = Program { name: "mkdir", summary: "Make directories", run: run_mkdir };
pub(crate) const RMDIR: Program =
    Program { name: "rmdir", summary: "Remove empty directories", run: run_rmdir };

const MKDIR_SPEC: Spec = Spec {
    name: "mkdir",
    short: "pvm:Z",
    long: &[("parents", 'p', Value::None), ("verbose", 'v', Value::None), ("mode", 'm', Value::Needed)],
};

const RMDIR_SPEC: Spec = Spec {
    name: "rmdir",
    short: "pv",
    long: &[
        ("parents", 'p', Value::None),
        ("verbose", 'v', Value::None),
        ("ignore-fail-on-non-empty", 'I', Value::None),
    ],
};

fn run_mkdir(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move { super::with_operands(proc, &MKDIR_SPEC, make_all) })
}

fn make_all(proc: &Proc, options: &Options) -> i32 {
    let mode = match options.value('m').map(|text| modes::parse(text, 0o777, true)) {
        None => 0o755,
        Some(Some(mode)) => mode,
        Some(None) => {
            proc.eprint(format!("mkdir: invalid mode {}\n", curly(options.value('m').unwrap_or_default())));
            return 1;
        }
    };
    let disk = proc.disk();
    options.operands.iter().map(|name| make(proc, &disk, options, name, mode)).max().unwrap_or(0)
}

fn make(proc: &Proc, disk: &Disk, options: &Options, name: &str, mode: u32) -> i32 {
    let path = proc.path(name);
    let say = |made: &str| {
        if options.has('v') {
            proc.print(format!("mkdir: created directory {}\n", quoted(made)));
        }
    };
    if options.has('p') {
        for (made, at) in steps(name, proc) {
            match disk.node(&at, true).map(|node| node.kind) {
                Ok(Kind::Directory) => continue,
                Ok(_) => {
                    return complain(
                        proc,
                        &made,
                        if at == path { FsError::Exists } else { FsError::NotADirectory },
                    );
                }
                Err(_) => {}
            }
            match disk.mkdir(&at, if at == path { mode } else { 0o755 }) {
                Ok(()) => say(&made),
                Err(error) => return complain(proc, &made, error),
            }
        }
        return 0;
    }
    match disk.mkdir(&path, mode) {
        Ok(()) => {
            say(name);
            0
        }
        Err(error) => complain(proc, name, error),
    }
}

/// The directories on the way to `name`, as written and as paths.
fn steps(name: &str, proc: &Proc) -> Vec<(String, String)> {
    let mut steps = Vec::new();
    let mut so_far = String::new();
    for part in name.trim_end_matches('/').split_inclusive('/') {
        so_far.push_str(part);
        let shown = so_far.trim_end_matches('/');
        if !shown.is_empty() {
            steps.push((shown.to_owned(), proc.path(shown)));
        }
    }
    steps
}

fn complain(proc: &Proc, name: &str, error: FsError) -> i32 {
    proc.eprint(format!("mkdir: cannot create directory {}: {error}\n", curly(name)));
    1
}

fn run_rmdir(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move { super::with_operands(proc, &RMDIR_SPEC, remove_all) })
}

fn remove_all(proc: &Proc, options: &Options) -> i32 {
    let disk = proc.disk();
    let mut exit = 0;
    for name in &options.operands {
        let mut name = name.trim_end_matches('/').to_owned();
        loop {
            exit = exit.max(remove(proc, &disk, options, &name));
            match name.rfind('/') {
                Some(at) if options.has('p') && exit == 0 => name.truncate(at),
                _ => break,
            }
        }
    }
    exit
}

fn remove(proc: &Proc, disk: &Disk, options: &Options, name: &str) -> i32 {
    let path = files::clean(&proc.cwd, name);
    let removed = match disk.node(&path, false).map(|node| node.kind) {
        Ok(Kind::Directory) => disk.change(FileOp::Remove { path: &path, recursive: false }),
        Ok(_) => Err(FsError::NotADirectory),
        Err(error) => Err(error),
    };
    match removed {
        Ok(()) if options.has('v') => proc.print(format!("rmdir: removing directory, {}\n", quoted(name))),
        Ok(()) => {}
        Err(FsError::NotEmpty) if options.has('I') => {}
        Err(error) => return fail(proc, "rmdir", "failed to remove", name, error),
    }
    0
}
