//! What was tried and how it went, over all sittings: one JSON line an attempt, only ever added to.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::paper::WEIGHTS;
use super::score::{CheckScore, TaskScore};
use crate::exercises::grade::CheckReport;
use crate::exercises::{Exercise, Report};

/// The version of the format that this program writes.
const FORMAT: u32 = 1;

/// One checked attempt at an exercise. The first lines ever written had no more than the exercise, the seed,
/// the points and the seconds; they are read as well.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Attempt {
    #[serde(default)]
    pub(crate) format: u32,
    /// Unix time in seconds.
    #[serde(default)]
    pub(crate) at_s: i64,
    #[serde(default)]
    pub(crate) pack: String,
    pub(crate) exercise: String,
    #[serde(default)]
    pub(crate) domain: String,
    #[serde(default)]
    pub(crate) competencies: Vec<String>,
    #[serde(default)]
    pub(crate) seed: u64,
    pub(crate) points: u32,
    pub(crate) max: u32,
    #[serde(default)]
    pub(crate) seconds: u64,
    /// `practice` or `exam`.
    #[serde(default)]
    pub(crate) mode: String,
    #[serde(default)]
    pub(crate) checks: Vec<CheckMark>,
    /// What was looked at before: [`SOLUTION`], `hint`, or nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) help: String,
}

/// The reference was looked at before the attempt was checked.
pub(crate) const SOLUTION: &str = "solution";

/// How a check went.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct CheckMark {
    pub(crate) name: String,
    pub(crate) points: u32,
    pub(crate) max: u32,
    /// The class of the mistake; empty when passed.
    #[serde(default)]
    pub(crate) mistake: String,
}

impl Attempt {
    /// The attempt that a report tells of.
    pub(crate) fn new(exercise: &Exercise, seed: u64, report: &Report, seconds: u64, at_s: i64) -> Self {
        let mark = |it: &CheckReport| CheckMark {
            name: it.name.clone(),
            points: it.points,
            max: it.max,
            mistake: it.mistake.split(':').next().unwrap_or_default().to_owned(),
        };
        Self {
            format: FORMAT,
            at_s,
            pack: exercise.pack.clone(),
            exercise: exercise.id.clone(),
            domain: exercise.domain.clone(),
            competencies: exercise.competencies.clone(),
            seed,
            points: report.points,
            max: report.max,
            seconds,
            mode: "practice".into(),
            checks: report.checks.iter().map(mark).collect(),
            help: String::new(),
        }
    }

    /// The attempt that a task of an exam was.
    pub(crate) fn in_exam(exercise: &Exercise, seed: u64, score: &TaskScore, at_s: i64) -> Self {
        let mark = |it: &CheckScore| CheckMark {
            name: it.name.clone(),
            points: it.points,
            max: it.max,
            mistake: it.mistake.split(':').next().unwrap_or_default().to_owned(),
        };
        Self {
            format: FORMAT,
            at_s,
            pack: exercise.pack.clone(),
            exercise: exercise.id.clone(),
            domain: exercise.domain.clone(),
            competencies: exercise.competencies.clone(),
            seed,
            points: score.points,
            max: score.max,
            seconds: score.seconds,
            mode: "exam".into(),
            checks: score.checks.iter().map(mark).collect(),
            help: String::new(),
        }
    }

    /// Its line in the file.
    pub(crate) fn line(&self) -> Result<String, String> {
        serde_json::to_string(self).map(|json| json + "\n").map_err(|error| error.to_string())
    }
}

/// What stands in a file of attempts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) attempts: Vec<Attempt>,
    /// Why the file cannot be written on.
    pub(crate) trouble: Option<Trouble>,
}

/// Why a file cannot be written on as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// A newer program wrote in it.
    Newer,
    /// Something in it is no attempt.
    Damaged,
}

/// Reads what can be read.
pub(crate) fn read(bytes: &[u8]) -> Kept {
    let mut kept = Kept::default();
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        match serde_json::from_slice::<Attempt>(line) {
            Ok(attempt) if attempt.format > FORMAT => kept.trouble = Some(Trouble::Newer),
            Ok(attempt) if line.ends_with(b"\n") => kept.attempts.push(attempt),
            Ok(attempt) => {
                kept.attempts.push(attempt);
                kept.trouble = kept.trouble.or(Some(Trouble::Damaged));
            }
            Err(_) if line.trim_ascii().is_empty() => {}
            Err(_) => kept.trouble = kept.trouble.or(Some(Trouble::Damaged)),
        }
    }
    kept
}

/// Attempts as they are taken to another machine.
#[derive(Debug, Serialize, Deserialize)]
struct Export {
    uncordon: String,
    format: u32,
    attempts: Vec<Attempt>,
}

/// The text of an export.
pub(crate) fn export(attempts: &[Attempt]) -> Result<String, String> {
    let export = Export { uncordon: "progress".into(), format: FORMAT, attempts: attempts.to_vec() };
    serde_json::to_string_pretty(&export).map(|text| text + "\n").map_err(|error| error.to_string())
}

/// The attempts of an export that are not here yet.
///
/// # Errors
/// Why it is no export that this program can read.
pub(crate) fn import(known: &[Attempt], bytes: &[u8]) -> Result<Vec<Attempt>, String> {
    let export: Export = serde_json::from_slice(bytes).map_err(|error| format!("not an export: {error}"))?;
    if export.uncordon != "progress" {
        return Err(format!("not an export of progress, but {:?}", export.uncordon));
    }
    if export.format > FORMAT {
        return Err(format!("written by a newer version of this program (format {})", export.format));
    }
    let mut seen: BTreeSet<&Attempt> = known.iter().collect();
    let new: Vec<bool> = export.attempts.iter().map(|attempt| seen.insert(attempt)).collect();
    Ok(export.attempts.iter().zip(new).filter(|(_, new)| *new).map(|(attempt, _)| attempt.clone()).collect())
}

/// How things stand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Summary {
    pub(crate) attempts: usize,
    /// Each domain's readiness by its weight, in percent.
    pub(crate) readiness: u32,
    pub(crate) domains: Vec<DomainRow>,
    pub(crate) competencies: Vec<CompetencyRow>,
    pub(crate) exercises: Vec<ExerciseRow>,
    pub(crate) checks: Vec<CheckRow>,
}

/// One domain of the exam.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct DomainRow {
    pub(crate) domain: String,
    pub(crate) weight: u32,
    pub(crate) exercises: usize,
    pub(crate) tried: usize,
    pub(crate) solved: usize,
    /// The share of points won at the latest attempts, over all exercises of the domain, in percent.
    pub(crate) readiness: u32,
}

/// One competency.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct CompetencyRow {
    pub(crate) competency: String,
    pub(crate) attempts: u32,
    pub(crate) points: u32,
    pub(crate) max: u32,
}

/// One exercise.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct ExerciseRow {
    pub(crate) exercise: String,
    pub(crate) attempts: u32,
    pub(crate) best: u32,
    pub(crate) latest: u32,
    pub(crate) max: u32,
    /// The quickest full solution.
    pub(crate) seconds_best: Option<u64>,
    pub(crate) seconds_latest: u64,
}

/// One check.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct CheckRow {
    pub(crate) exercise: String,
    pub(crate) check: String,
    pub(crate) attempts: u32,
    pub(crate) passed: u32,
}

/// Sums attempts up over the exercises that there are.
pub(crate) fn summary(attempts: &[Attempt], exercises: &[&Exercise]) -> Summary {
    let rows = exercise_rows(attempts);
    let domains: Vec<DomainRow> = WEIGHTS.iter().map(|it| domain_row(*it, exercises, &rows)).collect();
    let asked: u32 = domains.iter().filter(|it| it.exercises > 0).map(|it| it.weight).sum();
    let ready: u32 = domains.iter().map(|it| it.weight * it.readiness).sum();
    Summary {
        attempts: attempts.len(),
        readiness: ready / asked.max(1),
        domains,
        competencies: competency_rows(attempts),
        checks: check_rows(attempts),
        exercises: rows.into_values().collect(),
    }
}

fn exercise_rows(attempts: &[Attempt]) -> BTreeMap<String, ExerciseRow> {
    let mut rows: BTreeMap<String, ExerciseRow> = BTreeMap::new();
    for it in attempts {
        let row = rows.entry(it.exercise.clone()).or_default();
        row.exercise.clone_from(&it.exercise);
        row.attempts += 1;
        row.best = row.best.max(it.points);
        (row.latest, row.max, row.seconds_latest) = (it.points, it.max, it.seconds);
        if it.points == it.max {
            row.seconds_best = Some(row.seconds_best.map_or(it.seconds, |best| best.min(it.seconds)));
        }
    }
    rows
}

fn domain_row(
    (domain, weight): (&str, u32),
    exercises: &[&Exercise],
    rows: &BTreeMap<String, ExerciseRow>,
) -> DomainRow {
    let here: Vec<&&Exercise> = exercises.iter().filter(|it| it.domain == domain).collect();
    let tried: Vec<&ExerciseRow> = here.iter().filter_map(|it| rows.get(&it.id)).collect();
    let won: u32 = tried.iter().map(|row| row.latest * 1000 / row.max.max(1)).sum();
    let count = u32::try_from(here.len().max(1)).unwrap_or(u32::MAX);
    DomainRow {
        domain: domain.to_owned(),
        weight,
        exercises: here.len(),
        tried: tried.len(),
        solved: tried.iter().filter(|row| row.best == row.max).count(),
        readiness: won / count / 10,
    }
}

fn competency_rows(attempts: &[Attempt]) -> Vec<CompetencyRow> {
    let mut rows: BTreeMap<&str, CompetencyRow> = BTreeMap::new();
    for attempt in attempts {
        for name in &attempt.competencies {
            let row = rows.entry(name).or_default();
            row.competency.clone_from(name);
            row.attempts += 1;
            row.points += attempt.points;
            row.max += attempt.max;
        }
    }
    rows.into_values().collect()
}

fn check_rows(attempts: &[Attempt]) -> Vec<CheckRow> {
    let mut rows: BTreeMap<(&str, &str), CheckRow> = BTreeMap::new();
    for attempt in attempts {
        for check in &attempt.checks {
            let row = rows.entry((&attempt.exercise, &check.name)).or_default();
            row.exercise.clone_from(&attempt.exercise);
            row.check.clone_from(&check.name);
            row.attempts += 1;
            row.passed += u32::from(check.points == check.max);
        }
    }
    rows.into_values().collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::seat::tests::exercise;
    use super::*;

    /// An attempt with a check that was passed or not.
    pub(crate) fn attempt(at_s: i64, passed: bool) -> Attempt {
        let points = if passed { 4 } else { 0 };
        let mistake = if passed { String::new() } else { "wrong value".into() };
        Attempt {
            format: FORMAT,
            at_s,
            pack: "p".into(),
            exercise: "scale-web".into(),
            domain: "workloads-scheduling".into(),
            competencies: vec!["scaling".into()],
            seed: 1,
            points,
            max: 4,
            seconds: 100,
            mode: "practice".into(),
            checks: vec![CheckMark { name: "enough".into(), points, max: 4, mistake }],
            help: String::new(),
        }
    }

    fn lines(attempts: &[Attempt]) -> String {
        attempts.iter().map(|it| it.line().unwrap()).collect()
    }

    #[test]
    fn lines_of_any_age_are_read_and_damage_is_told() {
        let two = [attempt(1, false), attempt(2, true)];
        assert_eq!(read(lines(&two).as_bytes()), Kept { attempts: two.to_vec(), trouble: None });
        let old = "{\"exercise\":\"a\",\"seed\":1,\"points\":2,\"max\":3,\"seconds\":4}\n";
        assert_eq!(read(old.as_bytes()).attempts[0].points, 2);
        let damaged = format!("{}\0\0\0\n{}", lines(&two[..1]), lines(&two[1..]));
        assert_eq!(
            read(damaged.as_bytes()),
            Kept { attempts: two.to_vec(), trouble: Some(Trouble::Damaged) }
        );
        let newer = lines(&[Attempt { format: FORMAT + 1, ..attempt(1, true) }]);
        assert_eq!(read(newer.as_bytes()).trouble, Some(Trouble::Newer));
    }

    #[test]
    fn exports_come_in_once() {
        let text = export(&[attempt(1, false), attempt(2, true)]).unwrap();
        assert_eq!(import(&[attempt(1, false)], text.as_bytes()), Ok(vec![attempt(2, true)]));
        assert!(import(&[], b"{}").is_err());
        assert!(
            import(&[], text.replace("\"format\": 1,\n  \"att", "\"format\": 9,\n  \"att").as_bytes())
                .is_err()
        );
    }

    #[test]
    fn readiness_is_the_share_of_points_over_what_there_is() {
        let exercise = exercise();
        let summary = summary(&[attempt(1, true), attempt(2, false), attempt(3, true)], &[&exercise]);
        insta::assert_snapshot!(serde_json::to_string_pretty(&summary).unwrap());
    }
}
