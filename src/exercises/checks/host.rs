//! Checks of machines: files, answers written to files, systemd units.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Finding, Mistake, Scene, matcher};
use crate::apimachinery::json::Value;
use crate::apimachinery::yaml;
use crate::cluster::Place;
use crate::hosts::UnitState;

/// `file:` a file of a host. Without `contains` and the like it only has to be there.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FileCheck {
    #[serde(default)]
    host: String,
    path: String,
    #[serde(default)]
    absent: bool,
    #[serde(default)]
    contains: Vec<String>,
    #[serde(default)]
    lacks: Vec<String>,
    #[serde(default)]
    regex: String,
    /// Fields of the file read as YAML.
    #[serde(default)]
    yaml: BTreeMap<String, Value>,
    /// Octal, such as `"600"`.
    #[serde(default)]
    mode: String,
}

/// `answer:` what the learner wrote down.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AnswerCheck {
    #[serde(default)]
    host: String,
    path: String,
    /// The whole text, without white space around it.
    #[serde(default)]
    equals: Option<Value>,
    /// The lines in any order.
    #[serde(default)]
    lines: Option<Vec<Value>>,
    /// What this command prints on the host.
    #[serde(default)]
    same_as: String,
}

/// `unit:` a systemd unit.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UnitCheck {
    #[serde(default)]
    host: String,
    name: String,
    #[serde(default = "yes")]
    active: bool,
    #[serde(default)]
    enabled: Option<bool>,
}

fn yes() -> bool {
    true
}

impl FileCheck {
    pub(super) fn validate(&self) -> Result<(), String> {
        regex::Regex::new(&self.regex).map_err(|error| format!("regex: {error}"))?;
        if !self.mode.is_empty() && u32::from_str_radix(&self.mode, 8).is_err() {
            return Err(format!("mode {:?}: use octal digits, such as \"600\"", self.mode));
        }
        Ok(())
    }

    pub(super) fn look(&self, scene: &Scene<'_>) -> Finding {
        let place = Place::host(scene.host_or(&self.host));
        let at = format!("{}:{}", scene.host_or(&self.host), self.path);
        let node = match (scene.end.stat(&place, &self.path), self.absent) {
            (Err(_), true) => return Finding::pass(format!("no {at}")),
            (Ok(_), true) => return Finding::miss(Mistake::NotUndone, format!("no {at}"), at),
            (Err(error), false) => return Finding::miss(Mistake::Missing, at, error.to_string()),
            (Ok(node), false) => node,
        };
        let text = scene.end.read_text(&place, &self.path).unwrap_or_default();
        let mut off = self.off(&text);
        if !self.mode.is_empty() && format!("{:o}", node.mode) != self.mode {
            off.push((format!("mode {}", self.mode), format!("mode {:o}", node.mode)));
        }
        if off.is_empty() {
            return Finding::pass(at);
        }
        let (wanted, saw): (Vec<String>, Vec<String>) = off.into_iter().unzip();
        Finding::miss(Mistake::WrongValue, format!("{at}: {}", wanted.join(", ")), saw.join(", "))
    }

    /// Pairs of wanted and seen.
    fn off(&self, text: &str) -> Vec<(String, String)> {
        let mut off = Vec::new();
        for part in self.contains.iter().filter(|part| !text.contains(part.as_str())) {
            off.push((format!("a text with {part:?}"), "a text without it".to_owned()));
        }
        for part in self.lacks.iter().filter(|part| text.contains(part.as_str())) {
            off.push((format!("a text without {part:?}"), "a text with it".to_owned()));
        }
        if !self.regex.is_empty() && !regex::Regex::new(&self.regex).is_ok_and(|it| it.is_match(text)) {
            off.push((format!("a text like {}", self.regex), first_line(text)));
        }
        let tree = yaml::documents(text).ok().and_then(|all| all.into_iter().next()).unwrap_or(Value::Null);
        for (path, wanted) in &self.yaml {
            if !matcher::holds(&tree, path, wanted) {
                let seen: Vec<String> =
                    matcher::values(&tree, path).unwrap_or_default().iter().map(matcher::plain).collect();
                off.push((
                    format!("{path} {}", matcher::words(wanted)),
                    format!("{path} is {}", seen.join(", ")),
                ));
            }
        }
        off
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or("").chars().take(120).collect()
}

impl AnswerCheck {
    pub(super) fn validate(&self) -> Result<(), String> {
        let ways = [self.equals.is_some(), self.lines.is_some(), !self.same_as.is_empty()];
        if ways.into_iter().filter(|way| *way).count() == 1 {
            Ok(())
        } else {
            Err("give exactly one of equals, lines, same_as".into())
        }
    }

    pub(super) fn look(&self, scene: &Scene<'_>) -> Finding {
        let host = scene.host_or(&self.host);
        let at = format!("{host}:{}", self.path);
        let text = match scene.end.read_text(&Place::host(host), &self.path) {
            Ok(text) => text,
            Err(error) => return Finding::miss(Mistake::Missing, at, error.to_string()),
        };
        let (wanted, given) = match (&self.equals, &self.lines) {
            (Some(value), _) => (matcher::plain(value).trim().to_owned(), text.trim().to_owned()),
            (None, Some(lines)) => {
                let wanted: Vec<String> = lines.iter().map(matcher::plain).collect();
                (sorted(&wanted.join("\n")), sorted(&text))
            }
            (None, None) => {
                let ran = crate::exercises::stage::run(scene.end.clone(), host, "answer", &self.same_as);
                (ran.map(|ran| ran.output.trim().to_owned()).unwrap_or_default(), text.trim().to_owned())
            }
        };
        if wanted == given {
            Finding::pass(wanted)
        } else {
            Finding::miss(Mistake::WrongValue, wanted, given)
        }
    }
}

/// Lines without white space around them and without empty ones, in order.
fn sorted(text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.sort_unstable();
    lines.join("\n")
}

impl UnitCheck {
    pub(super) fn look(&self, scene: &Scene<'_>) -> Finding {
        let host = scene.host_or(&self.host);
        let name = if self.name.contains('.') { self.name.clone() } else { format!("{}.service", self.name) };
        let Some(unit) = scene.end.hosts.get(host).and_then(|it| it.units.get(&name)) else {
            return Finding::miss(Mistake::Missing, format!("{name} on {host}"), "no such unit");
        };
        let active = unit.state == UnitState::Active;
        let words = |active: bool, enabled: bool| {
            format!(
                "{}, {}",
                if active { "active" } else { "not active" },
                if enabled { "enabled" } else { "disabled" }
            )
        };
        let enabled = scene.end.hosts.get(host).is_some_and(|it| it.unit_enabled(&name));
        let wanted = words(self.active, self.enabled.unwrap_or(enabled));
        let saw = words(active, enabled);
        if active != self.active {
            return Finding::miss(Mistake::NotEffective, wanted, saw);
        }
        if self.enabled.is_some_and(|wanted| wanted != enabled) {
            return Finding::miss(Mistake::NotPersisted, wanted, saw);
        }
        Finding::pass(wanted)
    }
}
