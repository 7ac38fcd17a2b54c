//! What a check can look at. One file a kind; [`KINDS`] is the table of all.

mod access;
mod audit;
mod etcd;
mod host;
mod matcher;
mod network;
mod objects;
mod script;

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::leftovers::did_you_mean;
use super::schema;
use super::texts::plain;
use crate::apimachinery::json::{Map, Value};
use crate::cluster::{Cluster, World};

/// A check: a name, points and one thing to look at.
#[derive(Clone, Debug)]
pub(crate) struct Check {
    pub(crate) name: String,
    pub(crate) points: u32,
    /// Simulated time that passes first: what is asked must still be so then.
    after: Duration,
    /// What the author tells a learner who misses it.
    says: String,
    kind: Kind,
}

/// What is said of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CheckTexts {
    pub(crate) name: String,
    /// What the author tells a learner who misses it; may be empty.
    pub(crate) says: String,
    /// What it looks for, where the author has words for it.
    pub(crate) wanted: Option<String>,
}

/// The kinds of checks.
#[derive(Clone, Debug)]
enum Kind {
    Object(objects::ObjectCheck),
    None(objects::NoneCheck),
    Count(objects::CountCheck),
    CanI(Vec<access::Question>),
    Probe(Vec<network::Question>),
    Dns(Vec<network::NameQuestion>),
    File(host::FileCheck),
    Answer(host::AnswerCheck),
    Unit(host::UnitCheck),
    Audit(audit::AuditCheck),
    EtcdSnapshot(etcd::SnapshotCheck),
    Script(script::ScriptCheck),
}

/// How the value behind a kind's key is read.
type Read = fn(Value) -> Result<Kind, String>;

/// What makes the schema of a kind's value.
type Schema = fn() -> Value;

/// Keys of the kinds, as authors write them, with how the value is read and its schema.
const KINDS: &[(&str, Read, Schema)] = &[
    ("object", |tree| read(tree).map(Kind::Object), schema::of::<objects::ObjectCheck>),
    ("none", |tree| read(tree).map(Kind::None), schema::of::<objects::NoneCheck>),
    ("count", |tree| read(tree).map(Kind::Count), schema::of::<objects::CountCheck>),
    ("can_i", |tree| read(tree).map(Kind::CanI), schema::of::<Vec<access::Question>>),
    ("probe", |tree| read(tree).map(Kind::Probe), schema::of::<Vec<network::Question>>),
    ("dns", |tree| read(tree).map(Kind::Dns), schema::of::<Vec<network::NameQuestion>>),
    ("file", |tree| read(tree).map(Kind::File), schema::of::<host::FileCheck>),
    ("answer", |tree| read(tree).map(Kind::Answer), schema::of::<host::AnswerCheck>),
    ("unit", |tree| read(tree).map(Kind::Unit), schema::of::<host::UnitCheck>),
    ("audit", |tree| read(tree).map(Kind::Audit), schema::of::<audit::AuditCheck>),
    ("etcd_snapshot", |tree| read(tree).map(Kind::EtcdSnapshot), schema::of::<etcd::SnapshotCheck>),
    ("script", |tree| read(tree).map(Kind::Script), schema::of::<script::ScriptCheck>),
];

/// The keys of [`Common`].
const COMMON: [&str; 4] = ["name", "points", "after_s", "says"];

/// Keys that every check may have.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Common {
    name: String,
    points: u32,
    #[serde(default)]
    after_s: u64,
    #[serde(default)]
    says: String,
}

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) passed: bool,
    pub(crate) saw: String,
    pub(crate) wanted: String,
    pub(crate) mistake: Option<Mistake>,
}

/// The classes of mistakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mistake {
    Missing,
    WrongNamespace,
    WrongValue,
    WrongNode,
    TooPermissive,
    TooStrict,
    NotPersisted,
    NotEffective,
    NotUndone,
    SideEffect,
}

impl Mistake {
    /// As it is printed.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::WrongNamespace => "wrong namespace",
            Self::WrongValue => "wrong value",
            Self::WrongNode => "wrong node",
            Self::TooPermissive => "too permissive",
            Self::TooStrict => "too strict",
            Self::NotPersisted => "not persisted",
            Self::NotEffective => "not effective",
            Self::NotUndone => "still there",
            Self::SideEffect => "something else was changed",
        }
    }
}

impl Finding {
    /// It is as wanted.
    fn pass(wanted: impl Into<String>) -> Self {
        let wanted = wanted.into();
        Self { passed: true, saw: wanted.clone(), wanted, mistake: None }
    }

    /// It is not.
    fn miss(mistake: Mistake, wanted: impl Into<String>, saw: impl Into<String>) -> Self {
        Self { passed: false, saw: saw.into(), wanted: wanted.into(), mistake: Some(mistake) }
    }
}

/// What checks look at.
pub(crate) struct Scene<'a> {
    /// The world as the learner found it.
    pub(crate) start: &'a World,
    /// The world as it is now.
    pub(crate) end: World,
    /// Where the learner works.
    pub(crate) host: &'a str,
}

impl Scene<'_> {
    /// The cluster as it is now; a world without one cannot have been built.
    fn cluster(&self) -> Option<&Cluster> {
        self.end.clusters.get(0)
    }

    /// The host of a check that names none.
    fn host_or<'b>(&'b self, named: &'b str) -> &'b str {
        if named.is_empty() { self.host } else { named }
    }
}

fn read<T: DeserializeOwned>(tree: Value) -> Result<T, String> {
    crate::apimachinery::json::from_value(tree)
        .map_err(|error| crate::exercises::authoring::in_words(&error.to_string()))
}

impl Check {
    /// Reads a check with its variables filled in.
    ///
    /// # Errors
    /// What is wrong, for its author.
    pub(crate) fn parse(tree: &Value) -> Result<Self, String> {
        let Value::Object(map) = tree else { return Err("write a check as a map".into()) };
        let (kinds, common): (Map, Map) =
            map.clone().into_iter().partition(|(key, _)| KINDS.iter().any(|(name, ..)| name == key));
        let mut kinds = kinds.into_iter();
        let (Some((name, value)), None) = (kinds.next(), kinds.next()) else {
            let known: Vec<&str> = KINDS.iter().map(|(name, ..)| *name).collect();
            let near: String = map
                .keys()
                .filter(|key| !COMMON.contains(&key.as_str()))
                .map(|key| did_you_mean(key, known.iter().copied()))
                .collect();
            return Err(format!("give exactly one of {}{near}", known.join(", ")));
        };
        let common: Common = read(Value::Object(common))?;
        let (_, reader, _) = KINDS.iter().find(|(known, ..)| *known == name).ok_or("unknown kind")?;
        let kind = reader(value).map_err(|error| format!("{name}: {error}"))?;
        kind.validate().map_err(|error| format!("{name}: {error}"))?;
        Ok(Self {
            name: plain(&common.name),
            points: common.points,
            after: Duration::from_secs(common.after_s),
            says: plain(&common.says),
            kind,
        })
    }

    /// Looks.
    pub(crate) fn look(&self, scene: &Scene<'_>) -> Finding {
        if self.after.is_zero() {
            return self.kind.look(scene);
        }
        let mut later = Scene { start: scene.start, end: scene.end.clone(), host: scene.host };
        later.end.advance(self.after);
        self.kind.look(&later)
    }

    /// What is said of it.
    pub(crate) fn texts(&self) -> CheckTexts {
        let wanted = match &self.kind {
            Kind::Script(check) => Some(plain(check.wanted())),
            _ => None,
        };
        CheckTexts { name: self.name.clone(), says: self.says.clone(), wanted }
    }

    /// What a learner who misses it is told: the author's words, or the class of the mistake.
    pub(crate) fn explain(&self, finding: &Finding) -> String {
        match (self.says.is_empty(), finding.mistake) {
            (_, None) => String::new(),
            (true, Some(mistake)) => mistake.words().to_owned(),
            (false, Some(mistake)) => format!("{}: {}", mistake.words(), self.says),
        }
    }
}

/// The schema of one check: what all have, and one key of a kind.
pub(super) fn schema() -> Value {
    let mut schema = schema::of::<Common>();
    let properties = schema.pointer_mut("/properties").and_then(Value::as_object_mut);
    if let Some(properties) = properties {
        properties.extend(KINDS.iter().map(|(name, _, schema)| ((*name).into(), schema())));
    }
    schema
}

impl Kind {
    fn look(&self, scene: &Scene<'_>) -> Finding {
        match self {
            Self::Object(check) => check.look(scene),
            Self::None(check) => check.look(scene),
            Self::Count(check) => check.look(scene),
            Self::CanI(questions) => access::look(questions, scene),
            Self::Probe(questions) => network::look(questions, scene),
            Self::Dns(questions) => network::look_up(questions, scene),
            Self::File(check) => check.look(scene),
            Self::Answer(check) => check.look(scene),
            Self::Unit(check) => check.look(scene),
            Self::Audit(check) => check.look(scene),
            Self::EtcdSnapshot(check) => check.look(scene),
            Self::Script(check) => check.look(scene),
        }
    }

    fn validate(&self) -> Result<(), String> {
        match self {
            Self::Object(check) => check.validate(),
            Self::None(check) => check.validate(),
            Self::Count(check) => check.validate(),
            Self::File(check) => check.validate(),
            Self::Answer(check) => check.validate(),
            Self::Audit(check) => check.validate(),
            Self::CanI(questions) if questions.is_empty() => Err("ask at least one question".into()),
            Self::Probe(questions) if questions.is_empty() => Err("ask at least one question".into()),
            _ => Ok(()),
        }
    }
}
