//! What Tab offers: commands, files, variables, and what a program says of its own arguments.
//!
//! Knows no program: rows of [`super::Completer`] do.

use std::collections::BTreeSet;

use super::names;
use super::proc::Proc;
use crate::hosts::{Kind, files};

/// What may stand at the cursor, and how many bytes before it each candidate replaces.
pub(super) fn complete(
    proc: &Proc,
    aliases: &[(String, String)],
    line: &str,
    cursor: usize,
) -> (usize, Vec<String>) {
    let head = line.get(..cursor).unwrap_or(line);
    let command = last_command(head);
    let words: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
    let fresh = command.ends_with(char::is_whitespace) || command.is_empty();
    let word = if fresh { String::new() } else { words.last().cloned().unwrap_or_default() };
    let before = if fresh { words.len() } else { words.len().saturating_sub(1) };
    let candidates = if before == 0 && !word.contains('/') {
        commands(proc, aliases, &word)
    } else if let Some(name) = word.strip_prefix('$') {
        variables(proc, name)
    } else {
        arguments(proc, aliases, words, fresh, &word)
    };
    (word.len(), candidates)
}

/// The last simple command of a line: what follows `|`, `;`, `&&`, `$(` and the like.
fn last_command(head: &str) -> &str {
    let at = head.rfind(['|', ';', '&', '(', '`']).map_or(0, |at| at + 1);
    let command = head.get(at..).unwrap_or(head).trim_start();
    // Words before the program that change nothing about it.
    ["sudo ", "time ", "watch "].iter().find_map(|lead| command.strip_prefix(lead)).unwrap_or(command)
}

fn commands(proc: &Proc, aliases: &[(String, String)], word: &str) -> Vec<String> {
    let own = proc.lab.programs().map(|program| program.name.to_owned());
    let mut fits: BTreeSet<String> = own.chain(names::all().map(str::to_owned)).collect();
    fits.extend(aliases.iter().map(|(name, _)| name.clone()));
    fits.into_iter().filter(|name| name.starts_with(word)).collect()
}

fn variables(proc: &Proc, name: &str) -> Vec<String> {
    proc.env.keys().filter(|key| key.starts_with(name)).map(|key| format!("${key}")).collect()
}

fn arguments(
    proc: &Proc,
    aliases: &[(String, String)],
    words: Vec<String>,
    fresh: bool,
    word: &str,
) -> Vec<String> {
    let mut words = expand(aliases, words);
    if fresh {
        words.push(String::new());
    }
    let program = words.first().map_or("", String::as_str);
    let offered = proc.lab.completer(program).map(|row| (row.complete)(proc, &words)).unwrap_or_default();
    if offered.is_empty() { paths(proc, word) } else { offered }
}

/// An alias in the first place is read as what it stands for.
fn expand(aliases: &[(String, String)], words: Vec<String>) -> Vec<String> {
    let alias = words.first().and_then(|first| aliases.iter().find(|(name, _)| name == first));
    match alias {
        Some((_, meaning)) => {
            meaning.split_whitespace().map(str::to_owned).chain(words.into_iter().skip(1)).collect()
        }
        None => words,
    }
}

/// Files that begin as `word`; folders end with a slash. A word such as `--file=x` is a path behind the `=`.
fn paths(proc: &Proc, word: &str) -> Vec<String> {
    let (lead, path) = word.rsplit_once('=').map_or(("", word), |(flag, path)| (flag, path));
    let lead = if lead.is_empty() { String::new() } else { format!("{lead}=") };
    let (shown, start) = path.rsplit_once('/').map_or(("", path), |(folder, start)| (folder, start));
    let home = proc.env.get("HOME").map_or("/root", String::as_str);
    let folder = match (shown, path.contains('/')) {
        ("", true) => "/".to_owned(),
        (shown, _) => files::clean(&proc.cwd, &shown.replacen('~', home, 1)),
    };
    let entries = proc.world().list_dir(&proc.place, &folder).unwrap_or_default();
    let slash = if path.contains('/') { format!("{shown}/") } else { String::new() };
    entries
        .into_iter()
        .filter(|(name, _)| name.starts_with(start) && (start.starts_with('.') || !name.starts_with('.')))
        .map(|(name, node)| {
            let end = if node.kind == Kind::Directory { "/" } else { "" };
            format!("{lead}{slash}{name}{end}")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::{Place, templates};
    use crate::shell::Lab;

    #[track_caller]
    fn check(line: &str, want: &[&str]) {
        let lab = Lab::new(templates::default_world(1));
        let proc = Proc::new(&lab, Place::host("controlplane"), &["bash"]);
        let (_, found) = complete(&proc, &[], line, line.len());
        assert_eq!(found, want, "{line}");
    }

    #[test]
    fn files_and_folders_are_offered() {
        check("cat /etc/kubernetes/man", &["/etc/kubernetes/manifests/"]);
        check("cat /etc/kubernetes/manifests/kube-s", &["/etc/kubernetes/manifests/kube-scheduler.yaml"]);
        check(
            "ls; kubectl apply --filename=/etc/kubernetes/pki/sa.k",
            &["--filename=/etc/kubernetes/pki/sa.key"],
        );
        check("echo $HO", &["$HOME"]);
    }
}
