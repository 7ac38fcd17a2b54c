//! `--from-literal`, `--from-file` and `--from-env-file`.

use super::super::{Ctx, Failure};
use crate::apimachinery::{go, validate};
use crate::hosts::{FsError, Kind, files};

/// One key with its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) bytes: Vec<u8>,
}

/// What the flags of the running verb give; `what` is `configmap` or `secret`.
///
/// # Errors
/// A source that cannot be read, or is none.
pub(super) fn read(ctx: &Ctx<'_>, what: &str) -> Result<Vec<Entry>, Failure> {
    let flags = &ctx.flags;
    let (files, literals, envs) =
        (flags.list("from-file"), flags.list("from-literal"), flags.list("from-env-file"));
    if !envs.is_empty() && (!files.is_empty() || !literals.is_empty()) {
        return Err(Failure::error("from-env-file cannot be combined with from-file or from-literal"));
    }
    let mut entries = Vec::new();
    for source in literals {
        entries.push(literal(&source)?);
    }
    for source in files {
        entries.extend(from_file(ctx, &source)?);
    }
    for source in envs {
        entries.extend(from_env_file(ctx, &source, what)?);
    }
    Ok(entries)
}

/// What `--from-file` of `secret docker-registry` gives; a path without key is the content of the one that counts.
///
/// # Errors
/// A file that cannot be read.
pub(super) fn docker_files(ctx: &Ctx<'_>) -> Result<Vec<Entry>, Failure> {
    let mut entries = Vec::new();
    for source in ctx.flags.list("from-file") {
        let keyed = if source.contains('=') { source } else { format!(".dockerconfigjson={source}") };
        entries.extend(from_file(ctx, &keyed)?);
    }
    Ok(entries)
}

/// `key=value`; quotes around the value stay.
///
/// # Errors
/// A text that is none.
pub(crate) fn literal(source: &str) -> Result<Entry, Failure> {
    match source.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok(Entry { key: key.into(), bytes: value.into() }),
        _ => Err(Failure::error(format!("invalid literal source {source}, expected key=value"))),
    }
}

/// `[key=]path`; a directory gives all of its plain files, whose names must then be good ones.
pub(crate) fn from_file(ctx: &Ctx<'_>, source: &str) -> Result<Vec<Entry>, Failure> {
    let (key, path) = match source.split('=').collect::<Vec<_>>().as_slice() {
        [path] => (String::new(), (*path).to_owned()),
        ["", path] => return Err(Failure::error(format!("key name for file path {path} missing"))),
        [key, ""] => return Err(Failure::error(format!("file path for key name {key} missing"))),
        [key, path] => ((*key).to_owned(), (*path).to_owned()),
        _ => return Err(Failure::error("key names or file paths cannot contain '='")),
    };
    let full = ctx.proc.path(&path);
    let node = ctx.proc.stat(&path).map_err(|error| unreadable(&path, error))?;
    if !matches!(node.kind, Kind::Directory) {
        let bytes = ctx.proc.read_file(&path).map_err(|error| unreadable(&path, error))?;
        let key = if key.is_empty() { files::base_name(&full).to_owned() } else { key };
        return Ok(vec![Entry { key, bytes: bytes.to_vec() }]);
    }
    if !key.is_empty() {
        return Err(Failure::error("cannot give a key name for a directory path"));
    }
    let entries = ctx.proc.world().list_dir(&ctx.proc.place, &full).unwrap_or_default();
    let mut all = Vec::new();
    for (name, node) in entries {
        if let Kind::File(bytes) = &node.kind {
            all.push(Entry { key: name, bytes: bytes.to_vec() });
        }
    }
    Ok(all)
}

fn unreadable(path: &str, error: FsError) -> Failure {
    Failure::error(format!("error reading {path}: {}", crate::tools::kubectl::failure::go_error(error)))
}

/// Lines of `key=value`; a key alone takes its value from the environment.
pub(crate) fn from_env_file(ctx: &Ctx<'_>, path: &str, what: &str) -> Result<Vec<Entry>, Failure> {
    let node = ctx.proc.stat(path).map_err(|error| unreadable(path, error))?;
    if matches!(node.kind, Kind::Directory) {
        let word = if what == "secret" { "secret" } else { "config" };
        return Err(Failure::error(format!("env {word} file cannot be a directory")));
    }
    let bytes = ctx.proc.read_file(path).map_err(|error| unreadable(path, error))?;
    env_lines(ctx, &bytes, path)
}

/// The entries of an environment file's text.
pub(crate) fn env_lines(ctx: &Ctx<'_>, bytes: &[u8], path: &str) -> Result<Vec<Entry>, Failure> {
    let mut all = Vec::new();
    for (at, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let Ok(line) = std::str::from_utf8(line) else {
            let at = at + 1;
            return Err(Failure::error(format!(
                "env file {path} contains invalid utf8 bytes at line {at}: {}",
                go_bytes(line)
            )));
        };
        let line = line.trim_end_matches('\r').trim_start();
        let line = if at == 0 { line.trim_start_matches('\u{feff}') } else { line };
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (key, value) = match line.split_once('=') {
            Some((key, value)) => (key, value.to_owned()),
            None => (line, ctx.proc.env.get(line).cloned().unwrap_or_default()),
        };
        let wrong = validate::env_var_name(key);
        if !wrong.is_empty() {
            let key = go::quote(key);
            return Err(Failure::error(format!("{key} is not a valid key name: {}", wrong.join(";"))));
        }
        all.push(Entry { key: key.to_owned(), bytes: value.into_bytes() });
    }
    Ok(all)
}

/// Go's `%v` of bytes: `[255 61]`.
fn go_bytes(bytes: &[u8]) -> String {
    format!("[{}]", bytes.iter().map(u8::to_string).collect::<Vec<_>>().join(" "))
}
