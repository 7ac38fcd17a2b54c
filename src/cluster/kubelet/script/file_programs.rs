//! Programs that show and change files.

use super::programs::{Call, Effect, Output};
use super::vm::Machine;
use crate::cluster::place::FileOp;
use crate::hosts::{FsError, Kind, files};

pub(super) fn cat(call: &Call<'_>, machine: &mut Machine<'_>) -> Output {
    let operands = call.operands();
    if operands.is_empty() {
        return Output::ok(call.input.unwrap_or_default());
    }
    let mut output = Output::ok("");
    for operand in operands {
        match machine.world.read_file(machine.place, &call.path(operand)) {
            Ok(bytes) => output.out.extend_from_slice(&bytes),
            Err(FsError::IsADirectory) => {
                output.err.extend(format!("cat: read error: {}\n", FsError::IsADirectory).bytes());
                output.effect = Effect::Exit(1);
            }
            Err(error) => {
                let text = if uses_busybox(machine) {
                    format!("cat: can't open '{operand}': {error}\n")
                } else {
                    format!("cat: {operand}: {error}\n")
                };
                output.err.extend(text.bytes());
                output.effect = Effect::Exit(1);
            }
        }
    }
    output
}

/// True where the programs are busybox's, which word their errors differently.
pub(super) fn uses_busybox(machine: &Machine<'_>) -> bool {
    machine.world.stat(machine.place, "/bin/busybox").is_ok()
}

/// Carries out one change for each operand; the first that fails ends it.
fn change(
    call: &Call<'_>,
    machine: &mut Machine<'_>,
    operands: &[&str],
    quiet: bool,
    op: impl Fn(&str) -> FileOp<'_>,
) -> Output {
    for operand in operands {
        let path = call.path(operand);
        if let Err(error) = machine.world.change_files(machine.place, op(&path))
            && !quiet
        {
            return Output::fail(1, format!("{}: {operand}: {error}\n", call.name()));
        }
    }
    Output::ok("")
}

pub(super) fn touch(call: &Call<'_>, machine: &mut Machine<'_>) -> Output {
    change(call, machine, &call.operands(), false, |path| FileOp::Append { path, bytes: b"" })
}

pub(super) fn mkdir(call: &Call<'_>, machine: &mut Machine<'_>) -> Output {
    let parents = call.has('p');
    change(call, machine, &call.operands(), false, |path| FileOp::Mkdir { path, mode: 0o755, parents })
}

pub(super) fn rm(call: &Call<'_>, machine: &mut Machine<'_>) -> Output {
    let recursive = call.has('r') || call.has('R');
    let operands = call.operands();
    if recursive {
        // Removing all is by name; what is not there is an error only without -f.
        return change(call, machine, &operands, call.has('f'), |path| FileOp::Remove {
            path,
            recursive: true,
        });
    }
    for operand in &operands {
        let path = call.path(operand);
        let result = match machine.world.lstat(machine.place, &path) {
            Ok(node) if node.kind == Kind::Directory => Err(FsError::IsADirectory),
            Ok(_) => {
                machine.world.change_files(machine.place, FileOp::Remove { path: &path, recursive: false })
            }
            Err(error) => Err(error),
        };
        match result {
            Err(error) if !call.has('f') => {
                let text = if uses_busybox(machine) {
                    format!("rm: can't remove '{operand}': {error}\n")
                } else {
                    format!("rm: cannot remove '{operand}': {error}\n")
                };
                return Output::fail(1, text);
            }
            _ => {}
        }
    }
    Output::ok("")
}

pub(super) fn chmod(call: &Call<'_>, machine: &mut Machine<'_>) -> Output {
    let operands = call.operands();
    let Some((mode, paths)) = operands.split_first() else {
        return Output::fail(1, "chmod: missing operand\n");
    };
    let mode = if mode.starts_with('+') { 0o755 } else { u32::from_str_radix(mode, 8).unwrap_or(0o644) };
    change(call, machine, paths, false, |path| FileOp::Chmod { path, mode })
}

pub(super) fn ln(call: &Call<'_>, machine: &mut Machine<'_>) -> Output {
    match call.operands().as_slice() {
        [target, link] => {
            let link = call.path(link);
            if call.has('f') {
                let _ = machine
                    .world
                    .change_files(machine.place, FileOp::Remove { path: &link, recursive: false });
            }
            match machine.world.change_files(machine.place, FileOp::Symlink { target, link: &link }) {
                Ok(()) => Output::ok(""),
                Err(error) => Output::fail(1, format!("ln: {link}: {error}\n")),
            }
        }
        _ => Output::fail(1, "ln: missing operand\n"),
    }
}

/// The path that a file is copied or moved to: into a directory, or under another name.
fn destination(call: &Call<'_>, machine: &Machine<'_>, from: &str, to: &str) -> String {
    let to = call.path(to);
    let is_directory = machine.world.stat(machine.place, &to).is_ok_and(|it| it.kind == Kind::Directory);
    if is_directory { files::clean(&to, files::base_name(from)) } else { to }
}

pub(super) fn cp(call: &Call<'_>, machine: &mut Machine<'_>) -> Output {
    let operands = call.operands();
    let Some((to, sources)) = operands.split_last() else { return Output::fail(1, "cp: missing operand\n") };
    for source in sources {
        let from = call.path(source);
        let target = destination(call, machine, source, to);
        if let Err(error) = copy(machine, &from, &target, call.has('r') || call.has('R') || call.has('a')) {
            return Output::fail(1, format!("cp: can't stat '{source}': {error}\n"));
        }
    }
    Output::ok("")
}

fn copy(machine: &mut Machine<'_>, from: &str, to: &str, recursive: bool) -> Result<(), FsError> {
    let node = machine.world.stat(machine.place, from)?;
    if node.kind != Kind::Directory {
        return machine.world.change_files(machine.place, FileOp::Put { path: to, node });
    }
    if !recursive {
        return Err(FsError::IsADirectory);
    }
    let entries = machine.world.list_dir(machine.place, from)?;
    let op = FileOp::Mkdir { path: to, mode: node.mode, parents: true };
    machine.world.change_files(machine.place, op)?;
    entries
        .iter()
        .try_for_each(|(name, _)| copy(machine, &files::clean(from, name), &files::clean(to, name), true))
}

pub(super) fn mv(call: &Call<'_>, machine: &mut Machine<'_>) -> Output {
    match call.operands().as_slice() {
        [from, to] => {
            let (source, target) = (call.path(from), destination(call, machine, from, to));
            let op = FileOp::Rename { from: &source, to: &target };
            match machine.world.change_files(machine.place, op) {
                Ok(()) => Output::ok(""),
                Err(error) => Output::fail(1, format!("mv: can't rename '{from}': {error}\n")),
            }
        }
        _ => Output::fail(1, "mv: missing operand\n"),
    }
}

pub(super) fn ls(call: &Call<'_>, machine: &mut Machine<'_>) -> Output {
    let operands = call.operands();
    let operands = if operands.is_empty() { vec!["."] } else { operands };
    let mut output = Output::ok("");
    for operand in operands {
        let path = call.path(operand);
        let names = match machine.world.list_dir(machine.place, &path) {
            Ok(entries) => {
                let hidden = call.has('a') || call.has('A');
                entries
                    .into_iter()
                    .map(|(name, _)| name)
                    .filter(|it| hidden || !it.starts_with('.'))
                    .collect()
            }
            Err(FsError::NotADirectory) => vec![operand.to_owned()],
            Err(error) => {
                output.err.extend(format!("ls: {operand}: {error}\n").bytes());
                output.effect = Effect::Exit(1);
                Vec::new()
            }
        };
        output.out.extend(names.iter().flat_map(|name| format!("{name}\n").into_bytes()));
    }
    output
}
