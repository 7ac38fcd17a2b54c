//! Kinds without a description of their own: every field, with titles made from its name.

use super::events;
use super::writer::{Writer, go_value, put};
use super::{Lookup, Outcome, Settings};
use crate::apimachinery::json::Value;
use crate::apimachinery::object::{name, namespace};

/// Fields that the head shows already, or that nobody reads.
const SKIPPED: &[&str] = &[
    ".metadata.managedFields",
    ".metadata.name",
    ".metadata.namespace",
    ".metadata.labels",
    ".metadata.annotations",
];

/// Words that titles write in capitals.
const ACRONYMS: &[&str] = &["API", "URL", "UID", "GUID"];

/// Describes an object of any kind.
pub(super) fn describe(object: &Value, lookup: &mut dyn Lookup, settings: &Settings) -> Outcome {
    let mut w = Writer::default();
    put!(w, 0, "Name:\t{}\n", name(object));
    put!(w, 0, "Namespace:\t{}\n", namespace(object));
    w.labels_and_annotations(object);
    content(&mut w, 0, object, "");
    events::append(&mut w, object, lookup, settings);
    Ok(w.finish())
}

fn content(w: &mut Writer, level: usize, map: &Value, prefix: &str) {
    for (key, value) in map.as_object().into_iter().flatten() {
        let path = format!("{prefix}.{key}");
        if SKIPPED.contains(&path.as_str()) {
            continue;
        }
        match value {
            Value::Object(_) => {
                put!(w, level, "{}:\n", title(key));
                content(w, level + 1, value, &path);
            }
            Value::Array(items) => {
                put!(w, level, "{}:\n", title(key));
                for item in items {
                    match item {
                        Value::Object(_) => content(w, level + 1, item, &path),
                        item => put!(w, level + 1, "{}\n", go_value(Some(item))),
                    }
                }
            }
            value => put!(w, level, "{}:\t{}\n", title(key), go_value(Some(value))),
        }
    }
}

/// `apiVersion` as `API Version`; names with other characters than letters and `-` stay.
fn title(key: &str) -> String {
    if key.chars().any(|c| !c.is_alphabetic() && c != '-') {
        return key.to_owned();
    }
    let words = merge_capitals(split_camel_case(key));
    let titled = words.iter().map(|word| {
        if ACRONYMS.contains(&word.to_uppercase().as_str()) {
            word.to_uppercase()
        } else if word.to_lowercase() == *word {
            capitalized(word)
        } else {
            word.clone()
        }
    });
    titled.collect::<Vec<_>>().join(" ")
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Runs of one class of letters; a capital before small letters belongs to them.
fn split_camel_case(key: &str) -> Vec<String> {
    let class = |c: char| match c {
        c if c.is_lowercase() => 1,
        c if c.is_uppercase() => 2,
        c if c.is_numeric() => 3,
        _ => 4,
    };
    let mut runs: Vec<(i32, Vec<char>)> = Vec::new();
    for letter in key.chars() {
        match runs.last_mut() {
            Some((last, run)) if *last == class(letter) => run.push(letter),
            _ => runs.push((class(letter), vec![letter])),
        }
    }
    for i in 1..runs.len() {
        let (before, after) = runs.split_at_mut(i);
        if let (Some((2, capitals)), Some((1, small))) = (before.last_mut(), after.first_mut())
            && let Some(capital) = capitals.pop()
        {
            small.insert(0, capital);
        }
    }
    runs.into_iter()
        .map(|(_, run)| run.into_iter().collect::<String>())
        .filter(|word| !word.is_empty())
        .collect()
}

/// `CID` and `Rs` of `podCIDRs` are one word: capitals and what goes on with a capital.
fn merge_capitals(words: Vec<String>) -> Vec<String> {
    let mut merged = Vec::new();
    let mut words = words.into_iter().peekable();
    while let Some(word) = words.next() {
        let capitals = word.len() >= 2 && !word.chars().any(|c| c.is_alphabetic() && !c.is_uppercase());
        let goes_on = |next: &String| capitals && next.starts_with(|c: char| c.is_ascii_uppercase());
        match words.next_if(goes_on) {
            Some(next) => merged.push(word + &next),
            None => merged.push(word),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_read_as_kubectl_makes_them() {
        let titles =
            ["apiVersion", "creationTimestamp", "uid", "podCIDRs", "x-foo", "a.b", "nodePublishSecretRef"];
        assert_eq!(
            titles.map(title),
            [
                "API Version",
                "Creation Timestamp",
                "UID",
                "Pod CIDRs",
                "X - Foo",
                "a.b",
                "Node Publish Secret Ref"
            ]
        );
    }
}
