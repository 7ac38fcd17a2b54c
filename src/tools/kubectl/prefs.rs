//! Preferences of a user, kept in `~/.kube/kuberc`: defaults of flags and aliases of commands.

use super::flags::FlagSpec;
use super::{Failure, kubeconfig, resolve};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::{field, list, text};
use crate::apimachinery::yaml;
use crate::shell::Proc;

/// What a file of preferences says of its own type.
pub(super) const API_VERSION: &str = "kubectl.config.k8s.io/v1beta1";

/// Flag and value.
pub(super) type Defaults = Vec<(String, String)>;

/// A command line after aliases.
pub(super) struct Line {
    pub(super) words: Vec<String>,
    /// Flags that the preferences set, unless the line does.
    pub(super) defaults: Defaults,
}

/// The file, and whether somebody named it; `None` when preferences are switched off.
///
/// # Errors
/// A file that is named although they are off.
pub(super) fn path(proc: &Proc, explicit: &str) -> Result<Option<(String, bool)>, Failure> {
    let variable = proc.env.get("KUBERC").cloned().unwrap_or_default();
    if variable == "off" {
        return match explicit {
            "" => Ok(None),
            _ => Err(Failure::error(
                "disabling kuberc via KUBERC=off and passing kuberc flag are mutually exclusive",
            )),
        };
    }
    Ok(Some(match (explicit, variable.as_str()) {
        ("", "") => (kubeconfig::home_file(proc, "kuberc"), false),
        ("", variable) => (proc.path(variable), true),
        (explicit, _) => (proc.path(explicit), true),
    }))
}

/// The preferences in a file; `None` when it is not there or empty.
///
/// # Errors
/// The sentence about a file that holds none.
pub(super) fn read(proc: &Proc, path: &str) -> Result<Option<Value>, String> {
    let bytes = match proc.read_file(path) {
        Ok(bytes) => bytes,
        Err(crate::hosts::FsError::NotFound) => return Ok(None),
        Err(error) => return Err(format!("open {path}: {}", super::failure::go_error(error))),
    };
    let documents = yaml::documents(&String::from_utf8_lossy(&bytes)).unwrap_or_default();
    let group = |tree: &Value| text(tree, "/apiVersion").starts_with("kubectl.config.k8s.io/v1");
    match documents.iter().find(|tree| text(tree, "/kind") == "Preference" && group(tree)) {
        Some(found) => Ok(Some(found.clone())),
        None if bytes.iter().all(u8::is_ascii_whitespace) => Ok(None),
        None => Err(format!("no valid preferences found in {path}, use --v=5 to see details")),
    }
}

/// The `--kuberc` of a line that is not read yet.
fn named(words: &[String]) -> Result<String, Failure> {
    let missing = || Failure::error("kuberc error kuberc file is not found");
    let mut words = words.iter().take_while(|word| *word != "--");
    while let Some(word) = words.next() {
        if word == "--kuberc" {
            return words.next().cloned().ok_or_else(missing);
        }
        if let Some(file) = word.strip_prefix("--kuberc=") {
            return if file.is_empty() { Err(missing()) } else { Ok(file.to_owned()) };
        }
    }
    Ok(String::new())
}

/// What the preferences make of a command line.
///
/// # Errors
/// A file that was named and cannot be used, or preferences that make no sense.
pub(super) fn apply(proc: &Proc, words: &[String]) -> Result<Line, Failure> {
    let plain = || Line { words: words.to_vec(), defaults: Vec::new() };
    if proc.env.get("KUBECTL_KUBERC").is_some_and(|it| it == "false") || words.is_empty() {
        return Ok(plain());
    }
    let Some((path, explicit)) = path(proc, &named(words)?)? else { return Ok(plain()) };
    let found = match read(proc, &path) {
        Ok(found) => found,
        Err(why) if explicit => return Err(Failure::error(format!("kuberc error kuberc: {why}"))),
        Err(why) => {
            proc.eprint(format!("kuberc: no preferences loaded from {path}: {why}"));
            None
        }
    };
    match found {
        Some(preferences) => with(proc, &preferences, words),
        None if explicit && proc.read_file(&path).is_err() => Err(Failure::Plain(format!(
            "error occurred while applying preferences kuberc error kuberc: open {path}: no such file or directory"
        ))),
        None => Ok(plain()),
    }
}

fn with(proc: &Proc, preferences: &Value, words: &[String]) -> Result<Line, Failure> {
    check(preferences)?;
    let mut line = Line { words: words.to_vec(), defaults: Vec::new() };
    if resolve(words).1.is_empty()
        && let Some(at) = words.iter().position(|word| !word.starts_with('-'))
    {
        let name = words.get(at).cloned().unwrap_or_default();
        if let Some(alias) = list(preferences, "/aliases").iter().find(|it| field(it, "name") == name) {
            let strings = |key: &str| -> Vec<String> {
                list(alias, key).iter().filter_map(Value::as_str).map(str::to_owned).collect()
            };
            let command: Vec<String> =
                field(alias, "command").split_whitespace().map(str::to_owned).collect();
            if resolve(&command).1.is_empty() {
                let command = field(alias, "command");
                return Err(Failure::error(format!(
                    "command {command:?} not found to set alias {name:?}: []"
                )));
            }
            let (before, after) = words.split_at(at);
            line.words = before.to_vec();
            line.words.extend(command);
            line.words.extend(strings("/prependArgs"));
            line.words.extend(after.iter().skip(1).cloned());
            line.words.extend(strings("/appendArgs"));
            line.defaults = options(alias);
        }
    }
    let path = resolve(&line.words).1;
    for entry in list(preferences, "/defaults") {
        let command: Vec<String> = field(entry, "command").split_whitespace().map(str::to_owned).collect();
        let wanted = resolve(&command).1;
        if wanted.is_empty() {
            proc.eprint(format!(
                "Warning: command {:?} not found to set kuberc override\n",
                field(entry, "command")
            ));
        } else if wanted == path {
            line.defaults.extend(options(entry));
        }
    }
    Ok(line)
}

fn options(entry: &Value) -> Defaults {
    let rows = list(entry, "/options").iter();
    rows.map(|it| (field(it, "name").to_owned(), field(it, "default").to_owned())).collect()
}

fn check(preferences: &Value) -> Result<(), Failure> {
    for alias in list(preferences, "/aliases") {
        let name = field(alias, "name");
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphabetic()) {
            return Err(Failure::error("invalid alias name, can only include alphabetical characters"));
        }
    }
    for entry in list(preferences, "/aliases").iter().chain(list(preferences, "/defaults")) {
        for (flag, _) in options(entry) {
            if flag.starts_with('-') {
                let words = format!("flag name {flag} should be in long form without dashes");
                return Err(Failure::error(words));
            }
        }
    }
    Ok(())
}

/// The words with the defaults that they do not give themselves, as `--flag=value` before `--`.
///
/// # Errors
/// A flag that the command has not.
pub(super) fn filled(
    command: &str,
    rest: &[String],
    defaults: &Defaults,
    specs: &[FlagSpec],
) -> Result<Vec<String>, Failure> {
    let mut words = rest.to_vec();
    for (name, value) in defaults {
        let Some(spec) = specs.iter().find(|spec| spec.name == name) else {
            return Err(Failure::error(format!("invalid flag {name} for command {command}")));
        };
        let long = format!("--{name}");
        let given = rest.iter().take_while(|word| *word != "--").any(|word| {
            let short = spec.short.is_some_and(|short| word.starts_with(&format!("-{short}")));
            *word == long || word.starts_with(&format!("{long}=")) || short
        });
        if !given {
            words.insert(0, format!("{long}={value}"));
        }
    }
    Ok(words)
}

/// Preferences with nothing in them.
pub(super) fn empty() -> Value {
    json!({"apiVersion": API_VERSION, "kind": "Preference"})
}

/// What kubectl recommends to somebody without preferences.
pub(super) fn recommended() -> Value {
    let one = |command: &str, flag: &str| json!({"command": command, "options": [{"name": flag, "default": "true"}]});
    let mut tree = empty();
    tree["defaults"] = json!([one("apply", "server-side"), one("delete", "interactive")]);
    tree
}
