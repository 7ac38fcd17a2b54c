//! The words of the screen in the language of the learner, from `assets/locales/*/screen.ftl`.
//!
//! A text that a language lacks is said in English. What programs of the simulated cluster print is
//! not translated: real ones are not either.

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

/// A language of the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Language {
    #[default]
    English,
    Korean,
}

/// Every language with its code, its own name and its words.
const LANGUAGES: &[(Language, &str, &str, &str)] = &[
    (Language::English, "en", "English", include_str!("../../assets/locales/en/screen.ftl")),
    (Language::Korean, "ko", "한국어", include_str!("../../assets/locales/ko/screen.ftl")),
];

static BUNDLES: LazyLock<Vec<FluentBundle<FluentResource>>> =
    LazyLock::new(|| LANGUAGES.iter().map(|(_, code, _, text)| bundle(code, text)).collect());

/// The messages of a text; what cannot be read of it is left out, and a test finds it.
fn bundle(code: &str, text: &str) -> FluentBundle<FluentResource> {
    let language: LanguageIdentifier = code.parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![language]);
    // Marks around what is put in would be taken for letters by the layout.
    bundle.set_use_isolating(false);
    let resource = FluentResource::try_new(text.to_owned()).unwrap_or_else(|(readable, _)| readable);
    bundle.add_resource_overriding(resource);
    bundle
}

impl Language {
    fn row(self) -> usize {
        LANGUAGES.iter().position(|(language, ..)| *language == self).unwrap_or(0)
    }

    /// `en`, `ko`: the name of its folders.
    pub(crate) fn code(self) -> &'static str {
        LANGUAGES.get(self.row()).map_or("en", |(_, code, ..)| code)
    }

    /// What its speakers call it.
    pub(crate) fn name(self) -> &'static str {
        LANGUAGES.get(self.row()).map_or("", |(_, _, name, _)| name)
    }

    /// Every language but English, by code.
    pub(crate) fn others() -> impl Iterator<Item = &'static str> {
        LANGUAGES.iter().map(|(_, code, ..)| *code).filter(|code| *code != "en")
    }

    /// The one after it, the first after the last.
    pub(crate) fn next(self) -> Self {
        LANGUAGES.get((self.row() + 1) % LANGUAGES.len()).map_or(self, |(language, ..)| *language)
    }

    /// The language of a tag such as `ko`, `ko-KR` or `ko_KR.UTF-8`; `None` for one that is not here.
    pub(crate) fn from_tag(tag: &str) -> Option<Self> {
        let plain = tag.split(['.', '@']).next().unwrap_or_default();
        let wanted: LanguageIdentifier = plain.parse().ok()?;
        let fits = |(_, code, ..): &&(Language, &str, &str, &str)| wanted.language.as_str() == *code;
        LANGUAGES.iter().find(fits).map(|(language, ..)| *language)
    }
}

/// The words of one language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Words(pub(crate) Language);

impl Words {
    /// The text of a key.
    pub(crate) fn say(self, key: &str) -> String {
        self.with(key, &[])
    }

    /// The text of a key with values in it.
    pub(crate) fn with(self, key: &str, values: &[(&str, FluentValue<'_>)]) -> String {
        let mut args = FluentArgs::with_capacity(values.len());
        for (name, value) in values {
            args.set((*name).to_owned(), value.clone());
        }
        let found = [self.0, Language::English].iter().find_map(|language| {
            let bundle = BUNDLES.get(language.row())?;
            let pattern = bundle.get_message(key)?.value()?;
            Some(bundle.format_pattern(pattern, Some(&args), &mut Vec::new()).into_owned())
        });
        found.unwrap_or_else(|| key.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    /// Keys of a text with the values that each takes.
    fn keys(text: &str) -> BTreeMap<String, BTreeSet<String>> {
        let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut key = String::new();
        for line in text.lines() {
            if let Some((name, _)) = line.split_once(" =").filter(|_| line.starts_with(char::is_alphabetic)) {
                key = name.to_owned();
                found.insert(key.clone(), BTreeSet::new());
            }
            for part in line.split('$').skip(1) {
                let name: String = part.chars().take_while(char::is_ascii_alphanumeric).collect();
                found.entry(key.clone()).or_default().insert(name);
            }
        }
        found
    }

    #[test]
    fn every_language_can_be_read_and_says_the_same_things() {
        let english = keys(LANGUAGES[0].3);
        for (_, code, _, text) in LANGUAGES {
            assert!(FluentResource::try_new((*text).to_owned()).is_ok(), "{code}");
            let own = keys(text);
            let names = |map: &BTreeMap<String, BTreeSet<String>>| map.keys().cloned().collect::<Vec<_>>();
            assert_eq!(names(&english), names(&own), "{code}");
            for (key, values) in &own {
                assert!(values.is_subset(&english[key]), "{code}: {key} uses a value nobody gives");
            }
        }
    }

    #[test]
    fn tags_of_the_environment_name_a_language() {
        assert_eq!(Language::from_tag("ko_KR.UTF-8"), Some(Language::Korean));
        assert_eq!(Language::from_tag("en"), Some(Language::English));
        assert_eq!((Language::from_tag("C"), Language::from_tag("de_DE")), (None, None));
        assert_eq!(Language::Korean.next(), Language::English);
    }
}
