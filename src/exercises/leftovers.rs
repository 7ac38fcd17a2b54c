//! Words that are nearly right, keys that stand twice and files that nobody uses: what a reader takes without a word
//! and an author did not mean.

use std::collections::BTreeSet;

use similar::TextDiff;

use super::pack::{Exercise, Files, Problem};
use crate::apimachinery::json::Value;
use crate::apimachinery::yaml;
use crate::cluster::api::resources;
use crate::cluster::templates;

/// How alike two words must be, from 0 to 1, for the one to be meant by the other.
const ALIKE: f32 = 0.7;

/// Beginnings of the names of files that a pack may have without naming them.
const FREE: &[&str] = &["README", "LICENSE", "CHANGELOG", "."];

/// The known word that is meant by one that is not known, as a question behind a message; empty when none is near.
pub(super) fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let lower = word.to_lowercase();
    let ratio = |it: &str| TextDiff::from_chars(lower.as_str(), it.to_lowercase().as_str()).ratio();
    let near = known.into_iter().filter(|it| *it != word).map(|it| (ratio(it), it));
    let best = near.filter(|(ratio, _)| *ratio >= ALIKE).max_by(|(a, _), (b, _)| a.total_cmp(b));
    best.map(|(_, it)| format!("; did you mean {it:?}?")).unwrap_or_default()
}

/// The same for a sentence that names what it does not know and all that there is: "unknown field `a`, expected one
/// of `b`, `c`".
pub(super) fn meant_by(message: &str) -> String {
    if !message.contains("unknown field") && !message.contains("unknown variant") {
        return String::new();
    }
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    match quoted.split_first() {
        Some((word, known)) => did_you_mean(word, known.iter().copied()),
        None => String::new(),
    }
}

/// A key that stands twice in a map, with the line of the second: readers take one of them in silence.
pub(super) fn doubled_key(text: &str) -> Option<String> {
    let key = yaml::doubled_key(text)?;
    let is_key = |line: &str| {
        let rest = line.trim_start().trim_start_matches("- ").trim_start_matches(['"', '\'']);
        rest.strip_prefix(key.as_str())
            .is_some_and(|it| it.trim_start_matches(['"', '\'']).trim_start().starts_with(':'))
    };
    let lines: Vec<usize> =
        text.lines().enumerate().filter(|(_, line)| is_key(line)).map(|(at, _)| at + 1).collect();
    let place =
        lines.last().filter(|_| lines.len() > 1).map(|line| format!("line {line}: ")).unwrap_or_default();
    Some(format!("{place}the key {key:?} stands twice: keep one"))
}

/// Files of a pack that nothing reads.
pub(super) fn unused(files: &Files, exercises: &[Exercise]) -> Vec<Problem> {
    let found = files.keys().filter_map(|path| {
        let (folder, rest) = path.split_once('/')?;
        let name = rest.rsplit('/').next().unwrap_or(rest);
        if FREE.iter().any(|free| name.starts_with(free)) || folder.starts_with('.') {
            return None;
        }
        let message = if folder == "locales" {
            let id = name.strip_suffix(".yaml").unwrap_or(name);
            let ids = || exercises.iter().map(|it| it.id.as_str());
            let is_text = rest.matches('/').count() == 1 && ids().any(|it| it == id);
            (!is_text).then(|| {
                let near = did_you_mean(id, ids());
                format!("texts stand in locales/LANGUAGE/EXERCISE.yaml: there is no exercise {id:?}{near}")
            })
        } else if let Some(exercise) = exercises.iter().find(|it| it.id == folder) {
            let near = did_you_mean(rest, exercise.named_files());
            let used = rest == "exercise.yaml" || exercise.named_files().any(|it| it == rest);
            (!used).then(|| format!("nothing uses this file: name it in exercise.yaml, or remove it{near}"))
        } else {
            // A folder whose exercise.yaml cannot be read was told already.
            (!files.contains_key(&format!("{folder}/exercise.yaml")))
                .then(|| format!("nothing uses this file: the folder {folder:?} has no exercise.yaml"))
        };
        message.map(|message| Problem { file: path.clone(), message })
    });
    found.collect()
}

/// Kinds that checks ask for and that neither the API nor any text of the exercise knows.
pub(super) fn unknown_kinds(exercise: &Exercise) -> Vec<String> {
    let asked = |check: &Value| -> Option<String> {
        let kind = ["/object/kind", "/none/kind", "/count/kind"].iter().find_map(|at| check.pointer(at))?;
        kind.as_str().filter(|it| !it.contains("{{")).map(str::to_owned)
    };
    let checks = exercise.raw.checks.iter().enumerate();
    let asked: Vec<(usize, String)> = checks.filter_map(|(at, it)| Some((at, asked(it)?))).collect();
    if asked.is_empty() {
        return Vec::new();
    }
    let base = Some(exercise.raw.world.base.as_str()).filter(|it| !it.is_empty()).unwrap_or("three-nodes");
    let Some(world) = templates::by_name(base, 0) else { return Vec::new() };
    let Some(cluster) = world.clusters.get(0) else { return Vec::new() };
    let known: BTreeSet<String> = resources::all(cluster).iter().map(|it| it.kind.clone()).collect();
    let told = |kind: &str| exercise.texts().any(|text| text.contains(kind));
    let unknown = asked.into_iter().filter(|(_, kind)| !known.contains(kind) && !told(kind));
    unknown
        .map(|(at, kind)| {
            let near = did_you_mean(&kind, known.iter().map(String::as_str));
            format!(
                "checks[{at}]: kind {kind:?}: the API has none of that name, and no manifest or script of the exercise brings one{near}"
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearly_right_words_are_told_from_others() {
        assert_eq!(did_you_mean("Deploymnet", ["Pod", "Deployment"]), "; did you mean \"Deployment\"?");
        assert_eq!(did_you_mean("sports", ["storage", "troubleshooting"]), "");
        assert_eq!(
            meant_by("unknown field `hnts`, expected one of `title`, `hints`"),
            "; did you mean \"hints\"?"
        );
        assert_eq!(meant_by("missing field `a`"), "");
    }

    #[test]
    fn a_key_that_stands_twice_has_its_line() {
        assert_eq!(
            doubled_key("a: 1\nb:\n  c: 1\n  c: 2\n").unwrap(),
            "line 4: the key \"c\" stands twice: keep one"
        );
        assert_eq!(doubled_key("a: 1\nb: {c: 1}\nd: {c: 1}\n"), None);
    }
}
