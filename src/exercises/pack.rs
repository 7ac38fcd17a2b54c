//! A pack that can be given: every rule of the loader holds.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::addons;
use super::authoring;
use super::checks::Check;
use super::leftovers::{self, did_you_mean};
use super::locale::{self, Locales};
use super::raw::{RawBlueprint, RawExercise, RawPack};
use super::texts::plain;
use super::variables::{self, Values};
use crate::apimachinery::json::Value;
use crate::apimachinery::yaml;
use crate::cluster::templates;

/// A pack's files: path relative to the pack's folder, and bytes.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// Something that an author has to mend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Path in the pack.
    pub(crate) file: String,
    /// What is wrong and how to mend it.
    pub(crate) message: String,
}

/// A pack.
#[derive(Clone, Debug)]
pub(crate) struct Pack {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) version: String,
    /// As SPDX names it; may be empty.
    pub(crate) licence: String,
    pub(crate) authors: Vec<String>,
    /// SHA-256 of the files, in hex.
    pub(crate) hash: String,
    pub(crate) blueprints: Vec<Blueprint>,
    pub(crate) exercises: Vec<Exercise>,
}

/// A fixed exam: the same for everybody who takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Blueprint {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) seed: u64,
    /// Minutes, where it does not last as long as the real exam.
    pub(crate) minutes: Option<u32>,
    /// Exercise ids, of other packs as `PACK/ID`.
    pub(crate) tasks: Vec<String>,
}

/// An exercise of a pack. Its texts still hold variables; [`Exercise::variant`] fills them in.
#[derive(Clone, Debug)]
pub(crate) struct Exercise {
    pub(crate) id: String,
    pub(crate) pack: String,
    pub(crate) title: String,
    pub(crate) domain: String,
    pub(crate) competencies: Vec<String>,
    pub(crate) difficulty: String,
    pub(crate) minutes: u32,
    pub(crate) points: u32,
    pub(super) raw: RawExercise,
    /// Files of the exercise's own folder.
    pub(super) files: Files,
    /// Its texts in other languages.
    pub(super) locales: Locales,
}

/// An exercise with the values of one seed in all its texts.
#[derive(Clone, Debug)]
pub(crate) struct Variant {
    pub(crate) seed: u64,
    pub(crate) title: String,
    pub(crate) host: String,
    pub(crate) base: String,
    pub(crate) task: String,
    pub(crate) hints: Vec<String>,
    pub(crate) checks: Vec<Check>,
    /// Name and text of each manifest, applied in this order.
    pub(crate) manifests: Vec<(String, String)>,
    pub(crate) setup: String,
    pub(crate) solution: String,
    /// Name and script.
    pub(crate) alternatives: Vec<(String, String)>,
    /// Name, script and what to tell the learner.
    pub(crate) mistakes: Vec<(String, String, String)>,
    /// Parts of mutants' descriptions that change nothing that matters.
    pub(crate) equivalent: Vec<String>,
    pub(crate) explain: String,
}

/// The domains of the exam.
pub(crate) const DOMAINS: &[&str] =
    &["troubleshooting", "cluster-architecture", "services-networking", "workloads-scheduling", "storage"];

const DIFFICULTIES: &[&str] = &["quick", "core", "deep"];

/// Reads a pack; every problem is told, and without one there is a pack.
pub(crate) fn load(files: &Files) -> Result<Pack, Vec<Problem>> {
    load_seeds(files, SEEDS_READ)
}

/// Reads a pack that comes with the program: the tests have read its variants and its other languages.
pub(crate) fn load_shipped(files: &Files) -> Result<Pack, Vec<Problem>> {
    load_seeds(files, 0)
}

/// As [`load`], with so many variants of each exercise read.
fn load_seeds(files: &Files, seeds: u64) -> Result<Pack, Vec<Problem>> {
    let mut problems = Vec::new();
    let raw = read_pack(files, &mut problems);
    let folders: BTreeSet<&str> = files
        .keys()
        .filter_map(|path| path.strip_suffix("/exercise.yaml"))
        .filter(|it| !it.contains('/'))
        .collect();
    if folders.is_empty() {
        problems.push(problem("pack.toml", "no exercises: add a folder with an exercise.yaml"));
    }
    let pack_id = raw.as_ref().map_or("", |raw| raw.id.as_str());
    let mut exercises: Vec<Exercise> = folders
        .iter()
        .filter_map(|folder| read_exercise(files, folder, (pack_id, seeds), &mut problems))
        .collect();
    if seeds > 0 {
        problems.extend(leftovers::unused(files, &exercises));
    }
    if let Some(raw) = &raw {
        check_order(raw, &folders, &mut problems);
        check_blueprints(raw, &folders, &mut problems);
        let rank = |id: &str| raw.order.iter().position(|it| it == id).unwrap_or(raw.order.len());
        exercises.sort_by(|a, b| (rank(&a.id), &a.id).cmp(&(rank(&b.id), &b.id)));
    }
    match raw {
        Some(raw) if problems.is_empty() => Ok(Pack {
            id: raw.id,
            title: plain(&raw.title),
            version: raw.version,
            licence: plain(&raw.licence),
            authors: raw.authors.iter().map(|it| plain(it)).collect(),
            hash: hash(files),
            blueprints: raw.blueprints.into_iter().map(Blueprint::from).collect(),
            exercises,
        }),
        _ => Err(problems),
    }
}

impl From<RawBlueprint> for Blueprint {
    fn from(raw: RawBlueprint) -> Self {
        let RawBlueprint { id, title, seed, minutes, tasks } = raw;
        Self { id, title, seed, minutes, tasks }
    }
}

/// SHA-256 over the names and bytes of all files.
fn hash(files: &Files) -> String {
    let mut digest = Sha256::new();
    for (path, bytes) in files {
        digest.update((path.len() as u64).to_le_bytes());
        digest.update(path.as_bytes());
        digest.update((bytes.len() as u64).to_le_bytes());
        digest.update(bytes);
    }
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn problem(file: &str, message: impl Into<String>) -> Problem {
    Problem { file: file.to_owned(), message: message.into() }
}

/// What is said of a file that something names.
const MISSING: &str = "the file is missing: add it, or do not name it";

fn text_of<'a>(files: &'a Files, path: &str) -> Result<&'a str, Problem> {
    let bytes = files.get(path).ok_or_else(|| problem(path, MISSING))?;
    let text = std::str::from_utf8(bytes).map_err(|_| problem(path, "the file is not UTF-8 text"))?;
    // Some editors begin a file with a mark of its byte order.
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

fn read_pack(files: &Files, problems: &mut Vec<Problem>) -> Option<RawPack> {
    let raw: RawPack = match text_of(files, "pack.toml") {
        Ok(text) => match toml::from_str(text) {
            Ok(raw) => raw,
            Err(error) => {
                problems.push(problem("pack.toml", authoring::toml_problem(text, &error)));
                return None;
            }
        },
        Err(missing) => {
            problems.push(missing);
            return None;
        }
    };
    if !is_id(&raw.id) {
        problems.push(problem("pack.toml", format!("id {:?}: use a-z, 0-9 and '-'", raw.id)));
    }
    if raw.title.trim().is_empty() {
        problems.push(problem("pack.toml", "title: give one"));
    }
    if semver::Version::parse(&raw.version).is_err() {
        let message = format!("version {:?}: use three numbers, such as 1.0.0", raw.version);
        problems.push(problem("pack.toml", message));
    }
    Some(raw)
}

fn check_order(raw: &RawPack, folders: &BTreeSet<&str>, problems: &mut Vec<Problem>) {
    for id in raw.order.iter().filter(|id| !folders.contains(id.as_str())) {
        problems.push(problem("pack.toml", format!("order: there is no exercise {id:?}")));
    }
}

fn check_blueprints(raw: &RawPack, folders: &BTreeSet<&str>, problems: &mut Vec<Problem>) {
    let mut names = BTreeSet::new();
    for blueprint in &raw.blueprints {
        let name = &blueprint.id;
        if !names.insert(name) {
            problems.push(problem("pack.toml", format!("blueprint {name:?}: another one has that id")));
        }
        if blueprint.minutes == Some(0) {
            problems.push(problem("pack.toml", format!("blueprint {name:?}: minutes: give at least 1")));
        }
        let mut seen = BTreeSet::new();
        for task in &blueprint.tasks {
            // Another pack may not be installed; `uncordon exam` says so when it is needed.
            if !task.contains('/') && !folders.contains(task.as_str()) {
                problems
                    .push(problem("pack.toml", format!("blueprint {name:?}: there is no exercise {task:?}")));
            }
            if !seen.insert(task) {
                problems.push(problem(
                    "pack.toml",
                    format!("blueprint {name:?}: the task {task:?} stands twice"),
                ));
            }
        }
        if blueprint.tasks.is_empty() || !is_id(name) {
            let message = format!("blueprint {name:?}: give it an id of a-z, 0-9 and '-', and tasks");
            problems.push(problem("pack.toml", message));
        }
    }
}

fn is_id(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty() && text.chars().all(plain) && !text.starts_with('-') && !text.ends_with('-')
}

fn read_exercise(
    files: &Files,
    folder: &str,
    (pack, seeds): (&str, u64),
    problems: &mut Vec<Problem>,
) -> Option<Exercise> {
    let path = format!("{folder}/exercise.yaml");
    let tree = match text_of(files, &path).map(yaml::documents) {
        Ok(Ok(documents)) => documents.into_iter().next().unwrap_or(Value::Null),
        Ok(Err(message)) => {
            problems.push(problem(&path, message));
            return None;
        }
        Err(missing) => {
            problems.push(missing);
            return None;
        }
    };
    let raw: RawExercise = match authoring::typed(tree) {
        Ok(raw) => raw,
        Err(message) => {
            problems.push(problem(&path, message));
            return None;
        }
    };
    if let Some(message) = text_of(files, &path).ok().and_then(leftovers::doubled_key) {
        problems.push(problem(&path, message));
    }
    let prefix = format!("{folder}/");
    let own: Files = files
        .range(prefix.clone()..)
        .map_while(|(path, bytes)| Some((path.strip_prefix(&prefix)?.to_owned(), bytes.clone())))
        .collect();
    let before = problems.len();
    problems.extend(rules(&raw, folder).into_iter().map(|message| problem(&path, message)));
    let exercise = Exercise {
        id: raw.id.clone(),
        pack: pack.to_owned(),
        title: plain(&raw.title),
        domain: raw.domain.clone(),
        competencies: raw.competencies.clone(),
        difficulty: raw.difficulty.clone(),
        minutes: raw.minutes,
        points: raw.checks.iter().filter_map(points).sum(),
        locales: locale::read(files, &raw.id, problems),
        raw,
        files: own,
    };
    let bad = (0..seeds).find_map(|seed| exercise.variant(seed).err());
    for it in bad.into_iter().flatten() {
        problems.push(problem(&format!("{prefix}{}", it.file), it.message));
    }
    if seeds > 0 {
        problems.extend(exercise.locale_problems());
        problems.extend(authoring::problems(&exercise));
    }
    if exercise.points == 0 && problems.len() == before {
        problems.push(problem(&path, "checks: no points to win; add a check with points"));
    }
    Some(exercise)
}

/// The points of a check as it stands in the file.
fn points(check: &Value) -> Option<u32> {
    check.get("points")?.as_u64().and_then(|it| it.try_into().ok())
}

/// Variants that the loader reads, so that a mistake in a rare one is found early.
const SEEDS_READ: u64 = 8;

/// The rules of an exercise that need no variant.
fn rules(raw: &RawExercise, folder: &str) -> Vec<String> {
    let mut broken = Vec::new();
    let mut rule = |holds: bool, message: String| {
        if !holds {
            broken.push(message);
        }
    };
    rule(is_id(&raw.id), format!("id {:?}: use a-z, 0-9 and '-'", raw.id));
    rule(raw.id == folder, format!("id {:?}: use the name of the folder, {folder:?}", raw.id));
    rule(!raw.title.trim().is_empty(), "title: give one".into());
    rule(!raw.task.trim().is_empty(), "task: say what is to be done".into());
    rule(raw.minutes > 0, "minutes: give at least 1".into());
    rule(
        DOMAINS.contains(&raw.domain.as_str()),
        format!(
            "domain {:?}: use one of {}{}",
            raw.domain,
            DOMAINS.join(", "),
            did_you_mean(&raw.domain, DOMAINS.iter().copied())
        ),
    );
    rule(
        DIFFICULTIES.contains(&raw.difficulty.as_str()),
        format!(
            "difficulty {:?}: use one of {}{}",
            raw.difficulty,
            DIFFICULTIES.join(", "),
            did_you_mean(&raw.difficulty, DIFFICULTIES.iter().copied())
        ),
    );
    let base = raw.world.base.as_str();
    let known: Vec<&str> = templates::names().collect();
    rule(
        base.is_empty() || known.contains(&base),
        format!(
            "world.base {base:?}: use one of {}{}",
            known.join(", "),
            did_you_mean(base, known.iter().copied())
        ),
    );
    let known: Vec<&str> = addons::names().collect();
    for name in raw.world.with.iter().filter(|it| !known.contains(&it.as_str())) {
        rule(false, format!("world.with {name:?}: use {}", known.join(", ")));
    }
    for (name, variable) in &raw.variables {
        let one = variable.choose.is_empty() != variable.between.is_none();
        let message = format!("variables.{name}: {}", variables::TRUTH_KEY);
        rule(!variables::has_truth_key(name, variable), message);
        rule(one, format!("variables.{name}: give either choose (a list) or between (two numbers)"));
        let ordered = variable.between.is_none_or(|(from, to)| from <= to);
        rule(ordered, format!("variables.{name}: between begins with the smaller number"));
    }
    rule(!raw.mistakes.is_empty(), "mistakes: list at least one near miss that must not pass".into());
    broken
}

impl Exercise {
    /// The exercise as one seed has it.
    ///
    /// # Errors
    /// Every text that cannot be filled in and every check that cannot be read.
    pub(crate) fn variant(&self, seed: u64) -> Result<Variant, Vec<Problem>> {
        let values = variables::draw(&self.raw.variables, seed);
        let mut problems = Vec::new();
        let variant = self.fill(seed, &values, &mut problems);
        if problems.is_empty() { Ok(variant) } else { Err(problems) }
    }

    fn fill(&self, seed: u64, values: &Values, problems: &mut Vec<Problem>) -> Variant {
        let raw = &self.raw;
        let mut text = |what: &str, text: &str| {
            variables::render(text, values).map(|it| plain(&it)).unwrap_or_else(|error| {
                problems.push(problem("exercise.yaml", format!("{what}: {error}")));
                String::new()
            })
        };
        let (title, task, host) =
            (text("title", &raw.title), text("task", &raw.task), text("host", &raw.host));
        let hints = raw.hints.iter().map(|hint| text("hints", hint)).collect();
        let mut file = |name: &str| self.file(name, values, problems);
        let named = |names: &[String], file: &mut dyn FnMut(&str) -> String| {
            names.iter().map(|name| (name.clone(), file(name))).collect::<Vec<_>>()
        };
        let addons = raw.world.with.iter();
        let addons = addons.flat_map(|name| addons::manifests(name).iter().map(move |text| (name, *text)));
        let mut manifests: Vec<_> = addons.map(|(name, text)| (name.clone(), text.to_owned())).collect();
        manifests.extend(named(&raw.world.manifests, &mut file));
        let alternatives = named(&raw.alternatives, &mut file);
        let mistakes =
            raw.mistakes.iter().map(|it| (it.script.clone(), file(&it.script), plain(&it.says))).collect();
        let optional = |name: &str, file: &mut dyn FnMut(&str) -> String| {
            if name.is_empty() { String::new() } else { file(name) }
        };
        let setup = optional(&raw.world.setup, &mut file);
        let explain = plain(&optional(&raw.explain, &mut file));
        let solution = file(&raw.solution);
        let base = if raw.world.base.is_empty() { "three-nodes" } else { &raw.world.base };
        Variant {
            seed,
            title,
            host,
            base: base.to_owned(),
            task,
            hints,
            checks: self.checks(values, problems),
            manifests,
            setup,
            solution,
            alternatives,
            mistakes,
            equivalent: raw
                .equivalent
                .iter()
                .filter(|it| !it.because.is_empty())
                .map(|it| it.mutant.clone())
                .collect(),
            explain,
        }
    }

    /// The files of its folder that it names.
    pub(super) fn named_files(&self) -> impl Iterator<Item = &str> {
        let raw = &self.raw;
        let one = [&raw.world.setup, &raw.solution, &raw.explain];
        let mistakes = raw.mistakes.iter().map(|it| &it.script);
        let all = one.into_iter().chain(&raw.world.manifests).chain(&raw.alternatives).chain(mistakes);
        all.map(String::as_str)
    }

    /// The texts of its folder, and those of its add-ons.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        let own = self.files.iter().filter(|(name, _)| *name != "exercise.yaml");
        let addons = self.raw.world.with.iter().flat_map(|name| addons::manifests(name).iter().copied());
        own.filter_map(|(_, bytes)| std::str::from_utf8(bytes).ok()).chain(addons)
    }

    fn file(&self, name: &str, values: &Values, problems: &mut Vec<Problem>) -> String {
        let read = text_of(&self.files, name)
            .and_then(|text| variables::render(text, values).map_err(|error| problem(name, error)));
        read.unwrap_or_else(|found| {
            if !problems.contains(&found) {
                problems.push(found);
            }
            String::new()
        })
    }

    fn checks(&self, values: &Values, problems: &mut Vec<Problem>) -> Vec<Check> {
        let mut checks = Vec::new();
        for (index, tree) in self.raw.checks.iter().enumerate() {
            let read = variables::render_tree(tree, values).and_then(|tree| Check::parse(&tree));
            match read {
                Ok(check) => checks.push(check),
                Err(message) => {
                    problems.push(problem("exercise.yaml", format!("checks[{index}]: {message}")))
                }
            }
        }
        checks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXERCISE: &str = "
id: scale-web
title: More of the same
domain: workloads-scheduling
minutes: 3
variables: {count: {between: [3, 5]}}
task: Scale `web` to {{ count }}.
checks:
- {name: enough, points: 4, object: {kind: Deployment, name: web, fields: {spec.replicas: \"{{ count }}\"}}}
solution: solution.sh
mistakes: [{script: less.sh, says: too few}]
";

    fn files(exercise: &str) -> Files {
        [
            ("pack.toml", "id = \"p\"\ntitle = \"P\"\nversion = \"1.0.0\"\n"),
            ("scale-web/exercise.yaml", exercise),
            ("scale-web/solution.sh", "kubectl scale deploy web --replicas={{ count }}\n"),
            ("scale-web/less.sh", "kubectl scale deploy web --replicas=1\n"),
        ]
        .map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec()))
        .into()
    }

    #[test]
    fn a_good_pack_loads_and_a_seed_fills_it_in() {
        let pack = load(&files(EXERCISE)).unwrap();
        let exercise = &pack.exercises[0];
        assert_eq!((exercise.points, pack.id.as_str()), (4, "p"));
        let variant = exercise.variant(1).unwrap();
        assert!(!variant.solution.contains("{{") && !variant.task.contains("{{"), "{variant:?}");
    }

    #[test]
    fn texts_in_another_language_are_laid_over_the_english_ones() {
        let mut files = files(EXERCISE);
        let korean = "title: 더 많이\ntask: \"`web`을 {{ count }}개로.\"\nchecks: {enough: {name: 충분함}}\n";
        files.insert("locales/ko/scale-web.yaml".into(), korean.as_bytes().to_vec());
        let exercise = load(&files).unwrap().exercises.remove(0);
        assert_eq!((exercise.texts_in("ko"), exercise.texts_in("fr")), ((3, 3), (0, 3)));
        let variant = exercise.translated("ko").variant(1).unwrap();
        assert!(variant.title == "더 많이" && variant.task.starts_with("`web`을"), "{variant:?}");
        assert_eq!(variant.checks[0].texts().name, "충분함");
        assert_eq!(exercise.translated("fr").title, "More of the same");
        files.insert("locales/ko/scale-web.yaml".into(), b"checks: {gone: {name: x}}".to_vec());
        assert!(load(&files).unwrap_err()[0].message.starts_with("checks: no check is called \"gone\""));
        files.insert("locales/ko/scale-web.yaml".into(), b"task: '{{ nope }}'".to_vec());
        assert_eq!(load(&files).unwrap_err()[0].file, "locales/ko/scale-web.yaml");
    }

    #[test]
    fn every_problem_is_told_in_words_that_mend_it() {
        let broken = EXERCISE
            .replace("id: scale-web", "id: Scale_1")
            .replace("minutes: 3", "minutes: 0")
            .replace("domain: workloads-scheduling", "domain: sports")
            .replace("kind: Deployment", "knd: Deployment")
            .replace("solution.sh", "gone.sh");
        let problems = load(&files(&broken)).unwrap_err();
        let lines: Vec<String> = problems.iter().map(|it| format!("{}: {}", it.file, it.message)).collect();
        insta::assert_snapshot!(lines.join("\n"));
    }
}
