//! Words and rules for authors: where a value of the wrong kind stands, and what reading alone does not show.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;

use super::leftovers;
use super::pack::{Exercise, Problem, Variant};
use crate::apimachinery::json::Value;
use crate::apimachinery::yaml;
use crate::cluster::templates;
use crate::shell::is_incomplete;

/// What the reader calls things, and what an author calls them.
const WORDS: &[(&str, &str)] = &[
    ("expected a sequence", "expected a list: [a, b]"),
    ("expected a tuple of size 2", "expected a list of two numbers: [1, 5]"),
    ("expected u32", "expected a whole number from 0 on"),
    ("expected u64", "expected a whole number from 0 on"),
    ("expected a map", "expected keys with values: {a: b}"),
    ("invalid type: null", "nothing stands here"),
    ("invalid type: ", "not "),
    ("invalid value: ", "not "),
];

/// A value of one kind out of a tree.
///
/// # Errors
/// The path to what is wrong, and how to mend it: `world.base: not integer 3, expected a string; put it in quotes`.
pub(super) fn typed<T: DeserializeOwned>(tree: Value) -> Result<T, String> {
    if !tree.is_object() {
        return Err("the file holds no keys with values: begin with `id: …`, one key a line".into());
    }
    serde_path_to_error::deserialize(serde_json::Value::from(tree)).map_err(|error| {
        let path = error.path().to_string();
        let message = in_words(&error.inner().to_string());
        // A path to a key that is not known, or not there, says no more than the message does.
        if path == "." || message.starts_with("unknown field") {
            message
        } else {
            format!("{path}: {message}")
        }
    })
}

/// A message of the reader in an author's words.
pub(super) fn in_words(message: &str) -> String {
    let no_text = message.contains("expected a string") && !message.contains("null");
    let mut text = WORDS.iter().fold(message.to_owned(), |text, (from, to)| text.replace(from, to));
    if no_text {
        text.push_str("; put it in quotes");
    }
    if text.starts_with("missing field") {
        text.push_str(": add it");
    }
    text.push_str(&leftovers::meant_by(message));
    text
}

/// What is wrong with `pack.toml`, with the line.
pub(super) fn toml_problem(text: &str, error: &toml::de::Error) -> String {
    let message = in_words(error.message());
    match error.span() {
        Some(span) if !message.starts_with("missing field") => {
            let before = text.get(..span.start).unwrap_or_default();
            format!("line {}: {message}", before.matches('\n').count() + 1)
        }
        _ => message,
    }
}

/// What reading an exercise does not show: hosts that are not there, scripts that end in the middle, manifests that
/// are no YAML, checks that nobody can tell apart.
pub(super) fn problems(exercise: &Exercise) -> Vec<Problem> {
    let mut found: Vec<Problem> =
        check_problems(&exercise.raw.checks).into_iter().map(|it| in_exercise(exercise, it)).collect();
    found.extend(leftovers::unknown_kinds(exercise).into_iter().map(|it| in_exercise(exercise, it)));
    // What cannot be filled in was told already.
    let Ok(variant) = exercise.variant(0) else { return found };
    if let Some(world) =
        templates::by_name(&variant.base, 0).filter(|it| !it.hosts.contains_key(&variant.host))
    {
        let known: Vec<&str> = world.hosts.keys().map(String::as_str).collect();
        let message = format!("host {:?}: the world has {}", variant.host, known.join(", "));
        found.push(in_exercise(exercise, message));
    }
    let at = |name: &str, message: String| Problem { file: format!("{}/{name}", exercise.id), message };
    for (name, text) in &variant.manifests {
        found.extend(yaml::documents(text).err().map(|message| at(name, message)));
    }
    for (name, text) in scripts(exercise, &variant) {
        if is_incomplete(text.trim_end()) {
            let message = "the script ends inside a command: close the quote, loop or here-document";
            found.push(at(name, message.into()));
        }
    }
    if !has_command(&variant.solution) {
        found.push(at(
            &exercise.raw.solution,
            "the solution has no command: write what solves the task".into(),
        ));
    }
    found
}

/// True when a script does anything.
fn has_command(script: &str) -> bool {
    script.lines().map(str::trim).any(|line| !line.is_empty() && !line.starts_with('#'))
}

fn in_exercise(exercise: &Exercise, message: String) -> Problem {
    Problem { file: format!("{}/exercise.yaml", exercise.id), message }
}

fn scripts<'a>(exercise: &'a Exercise, variant: &'a Variant) -> Vec<(&'a str, &'a str)> {
    let raw = &exercise.raw;
    let mut all = vec![(raw.world.setup.as_str(), variant.setup.as_str())];
    all.push((raw.solution.as_str(), variant.solution.as_str()));
    all.extend(variant.alternatives.iter().map(|(name, text)| (name.as_str(), text.as_str())));
    all.extend(variant.mistakes.iter().map(|(name, text, _)| (name.as_str(), text.as_str())));
    all
}

fn check_problems(checks: &[Value]) -> Vec<String> {
    let mut found = Vec::new();
    let mut names = BTreeSet::new();
    for (index, check) in checks.iter().enumerate() {
        let name = check.get("name").and_then(Value::as_str).unwrap_or_default();
        if !names.insert(name) {
            found.push(format!(
                "checks[{index}]: another check is called {name:?}: give each a name of its own"
            ));
        }
        let run = check.pointer("/script/run").and_then(Value::as_str);
        if run.is_some_and(|run| run.trim().is_empty()) {
            found.push(format!(
                "checks[{index}].script.run: write a script that fails while the task is not done"
            ));
        }
    }
    found
}
