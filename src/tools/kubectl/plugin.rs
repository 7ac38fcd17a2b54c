//! `kubectl plugin`, and running programs called `kubectl-NAME` as commands of kubectl.

use super::verb::{Group, PLAIN, Run, Verb};
use super::{Ctx, Done, Failure, verbs};
use crate::hosts::Kind;
use crate::shell::Proc;

/// `kubectl plugin`.
pub(crate) static PLUGIN: Verb = Verb {
    name: "plugin",
    group: Group::Other,
    summary: "Provides utilities for interacting with plugins",
    about: "A program on the search path whose name begins with kubectl- is a command of kubectl: kubectl-hello runs as\n`kubectl hello`.",
    examples: "
        # All plugins on the search path
        kubectl plugin list",
    children: &[&LIST],
    ..PLAIN
};

static LIST: Verb = Verb {
    name: "list",
    group: Group::Other,
    summary: "List all visible plugin executables on a user's PATH",
    examples: "
        # Names without folders
        kubectl plugin list --name-only",
    run: Run::Now(list),
    ..PLAIN
};

fn folders(proc: &Proc) -> Vec<String> {
    let path = proc.env.get("PATH").cloned().unwrap_or_default();
    let mut folders: Vec<String> = Vec::new();
    for folder in path.split(':').filter(|folder| !folder.trim().is_empty()) {
        if !folders.iter().any(|known| known == folder) {
            folders.push(folder.to_owned());
        }
    }
    folders
}

/// The plugins, in the order of the search path.
pub(super) fn all(proc: &Proc) -> Vec<String> {
    let mut found = Vec::new();
    for folder in folders(proc) {
        let entries = proc.world().list_dir(&proc.place, &folder).unwrap_or_default();
        let plugins = entries
            .into_iter()
            .filter(|(name, node)| name.starts_with("kubectl-") && node.kind != Kind::Directory);
        found.extend(plugins.map(|(name, _)| format!("{folder}/{name}")));
    }
    found
}

fn is_executable(proc: &Proc, path: &str) -> bool {
    proc.stat(path).is_ok_and(|node| node.mode & 0o111 != 0)
}

fn list(ctx: &mut Ctx<'_>) -> Done {
    let plugins = all(ctx.proc);
    if plugins.is_empty() {
        return Err(Failure::error("error: unable to find any kubectl plugins in your PATH\n"));
    }
    ctx.out("The following compatible plugins are available:\n\n");
    let mut seen: Vec<(String, String)> = Vec::new();
    let mut warnings = 0;
    for path in &plugins {
        let name = crate::hosts::files::base_name(path).to_owned();
        ctx.out(&format!("{}\n", if ctx.flags.on("name-only") { &name } else { path }));
        for warning in warnings_of(ctx.proc, path, &name, &seen) {
            ctx.err(&format!("  - warning: {warning}\n"));
            warnings += 1;
        }
        seen.push((name, path.clone()));
    }
    match warnings {
        0 => Ok(()),
        1 => Err(Failure::error("error: one plugin warning was found\n")),
        many => Err(Failure::error(format!("error: {many} plugin warnings were found\n"))),
    }
}

fn warnings_of(proc: &Proc, path: &str, name: &str, seen: &[(String, String)]) -> Vec<String> {
    let mut warnings = Vec::new();
    if !is_executable(proc, path) {
        warnings.push(format!("{path} identified as a kubectl plugin, but it is not executable"));
    }
    if let Some((_, first)) = seen.iter().find(|(known, _)| known == name) {
        warnings.push(format!("{path} is overshadowed by a similarly named plugin: {first}"));
    }
    let command = name.split('-').nth(1).unwrap_or("");
    if verbs::ROOT.child(command).is_some() {
        warnings.push(format!("{name} overwrites existing command: \"kubectl {command}\""));
    }
    warnings
}

/// The plugin that unknown words of a command line mean: its path, and how many of the words are its name.
pub(super) fn find(proc: &Proc, words: &[String]) -> Option<(String, usize)> {
    let named: Vec<String> =
        words.iter().take_while(|word| !word.starts_with('-')).map(|word| word.replace('-', "_")).collect();
    for count in (1..=named.len()).rev() {
        let name = format!("kubectl-{}", named.get(..count)?.join("-"));
        let paths = folders(proc).into_iter().map(|folder| format!("{folder}/{name}"));
        if let Some(path) = paths.into_iter().find(|path| is_executable(proc, path)) {
            return Some((path, count));
        }
    }
    None
}
