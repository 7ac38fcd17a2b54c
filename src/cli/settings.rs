//! Theme and language: from the command line, the environment, and what was chosen last.

use std::fs;
use std::path::PathBuf;

use crate::apimachinery::json::{Value, json};
use crate::tui::{Language, THEMES, Theme, Words};

/// How the screen looks and speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) theme: Theme,
    pub(crate) words: Words,
}

fn file() -> Option<PathBuf> {
    let project = directories::ProjectDirs::from("", "", "uncordon")?;
    Some(project.data_dir().join("settings.json"))
}

/// What was chosen last; nothing when that cannot be read.
fn kept() -> Value {
    let text = file().and_then(|path| fs::read_to_string(path).ok()).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or(Value::Null)
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

impl Settings {
    /// The settings of this run.
    ///
    /// # Errors
    /// A language or a theme that is not here.
    pub(crate) fn of(language: Option<&str>, theme: Option<&str>) -> Result<Self, String> {
        let kept = kept();
        let chosen = |key: &str| kept.get(key).and_then(Value::as_str).map(str::to_owned);
        let language = match language {
            Some(tag) => Language::from_tag(tag).ok_or(format!("--lang {tag:?}: use en or ko"))?,
            None => {
                let environment = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(variable);
                let tag = chosen("language").or(environment).unwrap_or_default();
                Language::from_tag(&tag).unwrap_or_default()
            }
        };
        let theme = match theme {
            Some(name) => Theme::named(name).ok_or_else(|| {
                let names: Vec<&str> = THEMES.iter().map(|theme| theme.name).collect();
                format!("--theme {name:?}: use one of {}", names.join(", "))
            })?,
            None if variable("NO_COLOR").is_some() => Theme::PLAIN,
            None => chosen("theme").and_then(|name| Theme::named(&name)).unwrap_or(Theme::COLOR),
        };
        Ok(Self { theme, words: Words(language) })
    }

    /// Keeps what was chosen for the next run.
    ///
    /// # Errors
    /// Why it could not be written.
    pub(crate) fn keep(self) -> Result<(), String> {
        let path = file().ok_or("there is no home folder to keep settings in")?;
        let text = json!({"theme": self.theme.name, "language": self.words.0.code()});
        let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
        folder
            .and_then(|()| fs::write(&path, format!("{text}\n")))
            .map_err(|error| format!("{}: {error}", path.display()))
    }
}
