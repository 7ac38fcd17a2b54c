//! Pack files as authors write them. Nobody past the loader sees these types.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::apimachinery::json::Value;

/// `pack.toml`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPack {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) version: String,
    #[serde(default)]
    pub(super) licence: String,
    #[serde(default)]
    pub(super) authors: Vec<String>,
    /// Exercise ids in the order of learning; others follow by name.
    #[serde(default)]
    pub(super) order: Vec<String>,
    #[serde(default)]
    pub(super) blueprints: Vec<RawBlueprint>,
}

/// A fixed exam.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawBlueprint {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) seed: u64,
    #[serde(default)]
    pub(super) minutes: Option<u32>,
    /// Exercise ids, of other packs as `PACK/ID`.
    pub(super) tasks: Vec<String>,
}

/// `exercise.yaml`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawExercise {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) domain: String,
    #[serde(default)]
    pub(super) competencies: Vec<String>,
    #[serde(default = "core")]
    pub(super) difficulty: String,
    pub(super) minutes: u32,
    #[serde(default = "control_plane")]
    pub(super) host: String,
    #[serde(default)]
    pub(super) variables: BTreeMap<String, RawVariable>,
    #[serde(default)]
    pub(super) world: RawWorld,
    pub(super) task: String,
    #[serde(default)]
    pub(super) hints: Vec<String>,
    pub(super) checks: Vec<Value>,
    pub(super) solution: String,
    #[serde(default)]
    pub(super) alternatives: Vec<String>,
    #[serde(default)]
    pub(super) mistakes: Vec<RawMistake>,
    /// Lines of mutants that are as good as the reference, each with the reason.
    #[serde(default)]
    pub(super) equivalent: Vec<RawEquivalent>,
    #[serde(default)]
    pub(super) explain: String,
}

/// A value drawn from the seed.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawVariable {
    /// One of these; each may be a map, read as `{{ name.key }}`.
    #[serde(default)]
    pub(super) choose: Vec<Value>,
    /// A whole number from the first to the second.
    #[serde(default)]
    pub(super) between: Option<(i64, i64)>,
}

/// What stands before the learner arrives.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawWorld {
    #[serde(default)]
    pub(super) base: String,
    /// Add-ons: `local-path`, `ingress-nginx`.
    #[serde(default)]
    pub(super) with: Vec<String>,
    #[serde(default)]
    pub(super) manifests: Vec<String>,
    #[serde(default)]
    pub(super) setup: String,
}

/// A near miss.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMistake {
    pub(super) script: String,
    pub(super) says: String,
}

/// A mutant that changes nothing that matters.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawEquivalent {
    /// Part of the mutant's description, as `pack test` prints it.
    pub(super) mutant: String,
    pub(super) because: String,
}

/// `locales/LANGUAGE/EXERCISE.yaml`: texts in another language; what is left out stays English.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTexts {
    #[serde(default)]
    pub(super) title: String,
    #[serde(default)]
    pub(super) task: String,
    /// In the order of the English ones.
    #[serde(default)]
    pub(super) hints: Vec<String>,
    /// The text itself, not the name of a file.
    #[serde(default)]
    pub(super) explain: String,
    /// By the checks' English names.
    #[serde(default)]
    pub(super) checks: BTreeMap<String, RawCheckTexts>,
}

/// Texts of a check in another language.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCheckTexts {
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) says: String,
    /// What a `script` check looks for.
    #[serde(default)]
    pub(super) wanted: String,
}

fn core() -> String {
    "core".into()
}

fn control_plane() -> String {
    "controlplane".into()
}
