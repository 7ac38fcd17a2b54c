//! `-f` and `-k`: which files are meant, and their text.

use super::super::{Ctx, Failure};
use super::Builder;
use crate::cluster::kubelet::web;
use crate::cluster::network::Outcome;
use crate::cluster::network::http::{self, HttpOutcome, HttpRequest};
use crate::hosts::FsError;

/// One source of manifests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    /// As errors name it: the path as given, a URL, `STDIN`.
    pub(crate) name: String,
    pub(crate) text: String,
}

/// The names of files that a directory is searched for.
const EXTENSIONS: [&str; 3] = [".json", ".yaml", ".yml"];

/// The texts of all sources, in order, each with the failure to read it; the flag is true when there was
/// one plain file only.
pub(crate) fn read_sources(ctx: &mut Ctx<'_>, builder: &Builder) -> (Vec<Result<Source, Failure>>, bool) {
    if !builder.kustomize.is_empty() {
        let built = super::super::kustomize::build(ctx, &builder.kustomize);
        let source = built.map(|text| Source { name: builder.kustomize.clone(), text });
        return (vec![source], false);
    }
    let mut all = Vec::new();
    let mut single = builder.files.len() == 1;
    for name in &builder.files {
        if name == "-" {
            single = false;
            all.push(Ok(Source { name: "STDIN".into(), text: stdin(ctx) }));
        } else if name.starts_with("http://") || name.starts_with("https://") {
            all.push(fetch(ctx, name));
        } else {
            for pattern in expand(ctx, name) {
                match pattern.and_then(|path| read_path(ctx, &path, builder.recursive)) {
                    Ok((sources, is_file)) => {
                        single &= is_file;
                        all.extend(sources);
                    }
                    Err(failure) => all.push(Err(failure)),
                }
            }
        }
    }
    (all, single)
}

/// Paths that are not there are told before anything is done.
///
/// # Errors
/// kubectl's sentences about them.
pub(super) fn check(ctx: &mut Ctx<'_>, builder: &Builder) -> Result<(), Failure> {
    let mut missing = Vec::new();
    for name in builder.files.iter().filter(|name| *name != "-" && !name.contains("://")) {
        for found in expand(ctx, name) {
            match found {
                Err(failure) => missing.push(failure),
                Ok(path) => {
                    let stat = ctx.proc.stat(&path);
                    missing.extend(
                        stat.err().filter(|error| *error == FsError::NotFound).map(|_| self::missing(&path)),
                    );
                }
            }
        }
    }
    Failure::all(missing)
}

/// All of standard input; empty when it is a terminal that nobody types into.
fn stdin(ctx: &mut Ctx<'_>) -> String {
    let bytes = ctx.proc.stdin.take().unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The text of a file, or of standard input for `-`.
///
/// # Errors
/// Go's sentence about a file that cannot be opened.
pub(crate) fn stdin_or_file(ctx: &mut Ctx<'_>, path: &str) -> Result<String, Failure> {
    if path == "-" {
        return Ok(stdin(ctx));
    }
    match ctx.proc.read_file(path) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) => {
            Err(Failure::error(format!("open {path}: {}", crate::tools::kubectl::failure::go_error(error))))
        }
    }
}

/// What a URL answers, by the ways that the machine has.
fn fetch(ctx: &Ctx<'_>, url: &str) -> Result<Source, Failure> {
    let dial = |sentence: String| Failure::Dial { method: "GET".into(), url: url.into(), sentence };
    let Some(request) = HttpRequest::of_url(url) else {
        return Err(Failure::error(format!("parse {url:?}: invalid URL")));
    };
    let done = http::http(&mut ctx.proc.world(), &ctx.proc.place, &request);
    let to = format!("{}:{}", done.address, request.port);
    match done.outcome {
        HttpOutcome::Answer(answer) if answer.status == 200 => {
            Ok(Source { name: url.to_owned(), text: String::from_utf8_lossy(&answer.body).into_owned() })
        }
        HttpOutcome::Answer(answer) => {
            let (code, phrase) = (answer.status, web::phrase(answer.status));
            Err(Failure::error(format!(
                "unable to read URL {url:?}, server reported {code} {phrase}, status code={code}"
            )))
        }
        HttpOutcome::Failed(Outcome::Refused) => {
            Err(dial(format!("dial tcp {to}: connect: connection refused")))
        }
        HttpOutcome::Failed(Outcome::TimedOut) => Err(dial(format!("dial tcp {to}: i/o timeout"))),
        HttpOutcome::Failed(_) => {
            let host = &request.connect_to;
            Err(dial(format!("dial tcp: lookup {host} on 127.0.0.53:53: server misbehaving")))
        }
        HttpOutcome::Garbage => {
            Err(dial("net/http: HTTP/1.x transport connection broken: malformed HTTP response".into()))
        }
        HttpOutcome::Tls(why) => Err(dial(format!("tls: {why}"))),
    }
}

/// A pattern as the paths that match it; a path as itself.
fn expand(ctx: &mut Ctx<'_>, name: &str) -> Vec<Result<String, Failure>> {
    let exists = ctx.proc.stat(name).is_ok();
    let is_pattern = name.contains(['*', '?', '[']);
    if exists || !is_pattern {
        return vec![Ok(name.to_owned())];
    }
    let (folder, pattern) = name.rsplit_once('/').map_or((".", name), |(folder, last)| (folder, last));
    let place = ctx.proc.place.clone();
    let folder_path = ctx.proc.path(folder);
    let entries = ctx.proc.world().list_dir(&place, &folder_path).unwrap_or_default();
    let found: Vec<_> = entries
        .into_iter()
        .filter(|(entry, _)| matches(pattern, entry))
        .map(|(entry, _)| Ok(if folder == "." { entry } else { format!("{folder}/{entry}") }))
        .collect();
    if found.is_empty() { vec![Err(missing(name))] } else { found }
}

/// A pattern of `*` and `?`.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.chars().next() {
        None => name.is_empty(),
        Some('*') => {
            let rest = pattern.get(1..).unwrap_or("");
            name.char_indices()
                .map(|(at, _)| at)
                .chain([name.len()])
                .any(|at| matches(rest, name.get(at..).unwrap_or("")))
        }
        Some(letter) => match name.chars().next() {
            Some(first) if first == letter || letter == '?' => matches(
                pattern.get(letter.len_utf8()..).unwrap_or(""),
                name.get(first.len_utf8()..).unwrap_or(""),
            ),
            _ => false,
        },
    }
}

fn missing(path: &str) -> Failure {
    Failure::error(format!("the path {path:?} does not exist"))
}

type Sources = (Vec<Result<Source, Failure>>, bool);

/// One file, or the manifests of a directory; the flag is true for a file.
fn read_path(ctx: &mut Ctx<'_>, name: &str, recursive: bool) -> Result<Sources, Failure> {
    let node = ctx.proc.stat(name).map_err(|error| match error {
        FsError::NotFound => missing(name),
        other => Failure::error(format!("the path {name:?} cannot be accessed: {other}")),
    })?;
    if !matches!(node.kind, crate::hosts::Kind::Directory) {
        return Ok((vec![read_one(ctx, name)], true));
    }
    let mut found = Vec::new();
    walk(ctx, name.trim_end_matches('/'), recursive, &mut found);
    if found.is_empty() {
        return Err(Failure::error(format!(
            "error reading [{name}]: recognized file extensions are [.json .yaml .yml]"
        )));
    }
    Ok((found.iter().map(|path| read_one(ctx, path)).collect(), false))
}

fn walk(ctx: &Ctx<'_>, folder: &str, recursive: bool, found: &mut Vec<String>) {
    let path = ctx.proc.path(folder);
    let entries = ctx.proc.world().list_dir(&ctx.proc.place, &path).unwrap_or_default();
    for (entry, node) in entries {
        let inside = if folder == "." { entry.clone() } else { format!("{folder}/{entry}") };
        if matches!(node.kind, crate::hosts::Kind::Directory) {
            if recursive {
                walk(ctx, &inside, recursive, found);
            }
        } else if EXTENSIONS.iter().any(|extension| entry.ends_with(extension)) {
            found.push(inside);
        }
    }
}

fn read_one(ctx: &Ctx<'_>, name: &str) -> Result<Source, Failure> {
    match ctx.proc.read_file(name) {
        Ok(bytes) => Ok(Source { name: name.to_owned(), text: String::from_utf8_lossy(&bytes).into_owned() }),
        Err(error) => {
            Err(Failure::error(format!("open {name}: {}", crate::tools::kubectl::failure::go_error(error))))
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn patterns_match_as_a_shell_would() {
        assert!(
            super::matches("*.y?ml", "a.yaml")
                && super::matches("a*", "a")
                && !super::matches("*.json", "a.yaml")
        );
    }
}
