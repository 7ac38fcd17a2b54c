//! Exercises in other languages: texts laid over the English ones.

use std::collections::BTreeMap;

use super::pack::{Exercise, Files, Problem};
use super::raw::{RawCheckTexts, RawTexts};
use crate::apimachinery::json::Value;
use crate::apimachinery::yaml;

/// Texts of an exercise by language.
pub(super) type Locales = BTreeMap<String, RawTexts>;

/// Where the texts of an exercise in a language stand in a pack.
fn path(language: &str, id: &str) -> String {
    format!("locales/{language}/{id}.yaml")
}

/// The texts of an exercise in every language that the pack has.
pub(super) fn read(files: &Files, id: &str, problems: &mut Vec<Problem>) -> Locales {
    let end = format!("/{id}.yaml");
    let languages = files.keys().filter_map(|file| file.strip_prefix("locales/")?.strip_suffix(end.as_str()));
    let mut found = Locales::new();
    for language in languages.filter(|language| !language.contains('/')) {
        let file = path(language, id);
        match read_one(files.get(&file).map(Vec::as_slice).unwrap_or_default()) {
            Ok(texts) => drop(found.insert(language.to_owned(), texts)),
            Err(message) => problems.push(Problem { file, message }),
        }
    }
    found
}

fn read_one(bytes: &[u8]) -> Result<RawTexts, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "the file is not UTF-8 text".to_owned())?;
    let tree = yaml::documents(text)?.into_iter().next().unwrap_or(Value::Null);
    super::authoring::typed(tree)
}

impl Exercise {
    /// The exercise with its texts in a language, as far as it has them.
    pub(crate) fn translated(&self, language: &str) -> Self {
        let mut copy = self.clone();
        let Some(texts) = self.locales.get(language) else { return copy };
        let put = |into: &mut String, text: &String| {
            if !text.trim().is_empty() {
                into.clone_from(text);
            }
        };
        put(&mut copy.title, &texts.title);
        put(&mut copy.raw.title, &texts.title);
        put(&mut copy.raw.task, &texts.task);
        for (into, hint) in copy.raw.hints.iter_mut().zip(&texts.hints) {
            put(into, hint);
        }
        for check in &mut copy.raw.checks {
            let own = check.get("name").and_then(Value::as_str).and_then(|name| texts.checks.get(name));
            if let Some(own) = own {
                put_check(check, own);
            }
        }
        if !texts.explain.trim().is_empty() && !copy.raw.explain.is_empty() {
            copy.files.insert(copy.raw.explain.clone(), texts.explain.clone().into_bytes());
        }
        copy
    }

    /// How many texts a language has, and how many there are in English.
    pub(crate) fn texts_in(&self, language: &str) -> (usize, usize) {
        let checks: usize = self.raw.checks.iter().map(|check| check_texts(check).count()).sum();
        let all = 2 + self.raw.hints.len() + usize::from(!self.raw.explain.is_empty()) + checks;
        let own = self.locales.get(language).map_or(0, |texts| {
            let given = |text: &String| usize::from(!text.trim().is_empty());
            let hints: usize = texts.hints.iter().take(self.raw.hints.len()).map(given).sum();
            let checks: usize = self.raw.checks.iter().map(|check| translated_texts(check, texts)).sum();
            given(&texts.title) + given(&texts.task) + given(&texts.explain) + hints + checks
        });
        (own.min(all), all)
    }

    /// What is wrong with the texts in other languages: values that no variable gives, and texts of checks that
    /// are not there.
    pub(super) fn locale_problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (language, texts) in &self.locales {
            let is_there = |name: &str| self.raw.checks.iter().any(|it| text(it, "/name") == Some(name));
            for name in texts.checks.keys().filter(|name| !is_there(name)) {
                let message = format!("checks: no check is called {name:?}; use the English name of one");
                problems.push(Problem { file: path(language, &self.id), message });
            }
            if let Err(found) = self.translated(language).variant(0) {
                let file = path(language, &self.id);
                problems
                    .extend(found.into_iter().map(|it| Problem { file: file.clone(), message: it.message }));
            }
        }
        problems
    }
}

/// The texts of a check: where they stand in it, and what they are in another language.
type CheckText = (&'static str, fn(&RawCheckTexts) -> &String);

/// Every text that a check may have.
const CHECK_TEXTS: &[CheckText] =
    &[("/name", |own| &own.name), ("/says", |own| &own.says), ("/script/wanted", |own| &own.wanted)];

fn text<'a>(check: &'a Value, pointer: &str) -> Option<&'a str> {
    check.pointer(pointer).and_then(Value::as_str).filter(|text| !text.trim().is_empty())
}

/// The texts that a check has in English.
fn check_texts(check: &Value) -> impl Iterator<Item = &'static CheckText> + '_ {
    CHECK_TEXTS.iter().filter(|(pointer, _)| text(check, pointer).is_some())
}

/// How many of them another language has.
fn translated_texts(check: &Value, texts: &RawTexts) -> usize {
    let own = text(check, "/name").and_then(|name| texts.checks.get(name));
    own.map_or(0, |own| check_texts(check).filter(|(_, of)| !of(own).trim().is_empty()).count())
}

fn put_check(check: &mut Value, own: &RawCheckTexts) {
    let texts: Vec<&CheckText> = check_texts(check).collect();
    for (pointer, of) in texts {
        let own = of(own);
        if let Some(place) = check.pointer_mut(pointer).filter(|_| !own.trim().is_empty()) {
            *place = Value::from(own.clone());
        }
    }
}
