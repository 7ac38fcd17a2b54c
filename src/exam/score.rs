//! What a sitting is worth: by task and check, by domain, and in all.

use serde::{Deserialize, Serialize};

use super::paper::WEIGHTS;
use super::sitting::Sitting;
use crate::exercises::grade::CheckReport;
use crate::exercises::{Stage, compare, grade};

/// What is needed to pass, in tenths of a percent.
///
/// Source: Linux Foundation, CKA: 66 %.
pub(crate) const PASS_PERMILLE: u32 = 660;

/// The score of a sitting.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Score {
    /// Tenths of a percent, each domain by its weight.
    pub(crate) permille: u32,
    pub(crate) passed: bool,
    pub(crate) seconds: u64,
    pub(crate) domains: Vec<DomainScore>,
    pub(crate) tasks: Vec<TaskScore>,
}

/// The score in one domain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DomainScore {
    pub(crate) domain: String,
    /// Percent of the exam.
    pub(crate) weight: u32,
    pub(crate) points: u32,
    pub(crate) max: u32,
}

/// The score of one task.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TaskScore {
    pub(crate) pack: String,
    pub(crate) exercise: String,
    pub(crate) title: String,
    pub(crate) domain: String,
    pub(crate) points: u32,
    pub(crate) max: u32,
    pub(crate) checks: Vec<CheckScore>,
    /// Time that the task was in front, and what it was meant to take.
    pub(crate) seconds: u64,
    pub(crate) budget_s: u64,
    /// What was typed, and when: whole seconds of the sitting's clock.
    pub(crate) commands: Vec<(u64, String)>,
    /// How many commands the reference has.
    pub(crate) reference_commands: usize,
    /// Unified diff from the learner's end to the reference's.
    pub(crate) diff: String,
}

/// The score of one check.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CheckScore {
    pub(crate) name: String,
    pub(crate) points: u32,
    pub(crate) max: u32,
    pub(crate) saw: String,
    pub(crate) wanted: String,
    /// The class of the mistake and the author's words; empty when passed.
    pub(crate) mistake: String,
}

impl CheckScore {
    fn new(report: CheckReport) -> Self {
        let CheckReport { name, points, max, saw, wanted, mistake, .. } = report;
        Self { name, points, max, saw, wanted, mistake }
    }
}

/// The lines of a script that do something.
pub(crate) fn commands_of(script: &str) -> Vec<&str> {
    script.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

/// Grades every task.
///
/// # Errors
/// When a world cannot be built or a reference cannot be run, which is a fault of the pack or of ours.
pub(crate) fn score(sitting: &Sitting) -> Result<Score, String> {
    let tasks = (0..sitting.tasks.len()).map(|task| of_task(sitting, task)).collect::<Result<Vec<_>, _>>()?;
    let domains = domains(&tasks);
    let permille = permille(&domains);
    Ok(Score { permille, passed: permille >= PASS_PERMILLE, seconds: sitting.at_ms / 1000, domains, tasks })
}

fn of_task(sitting: &Sitting, index: usize) -> Result<TaskScore, String> {
    let (stage, end) = sitting.found(index)?;
    let task = sitting.tasks.get(index).ok_or("there is no such task")?;
    let end = Stage::settled(&end);
    let report = grade(&stage, &end);
    let typed = sitting.commands(index);
    let diff = if !typed.is_empty() {
        let reference = stage.run("solution.sh", &stage.variant.solution)?;
        compare::diff(&stage.start, &end, &reference.world)
    } else {
        // Beside an untouched world the difference would be the reference itself.
        String::new()
    };
    Ok(TaskScore {
        pack: task.exercise.pack.clone(),
        exercise: task.exercise.id.clone(),
        title: stage.variant.title.clone(),
        domain: task.exercise.domain.clone(),
        points: report.points,
        max: report.max,
        checks: report.checks.into_iter().map(CheckScore::new).collect(),
        seconds: task.spent_ms / 1000,
        budget_s: u64::from(task.exercise.minutes) * 60,
        commands: typed.iter().map(|it| (it.ms / 1000, it.line.clone())).collect(),
        reference_commands: commands_of(&stage.variant.solution).len(),
        diff,
    })
}

fn domains(tasks: &[TaskScore]) -> Vec<DomainScore> {
    let of = |(domain, weight): &(&str, u32)| {
        let here = tasks.iter().filter(|task| task.domain == *domain);
        let (points, max) = here.fold((0, 0), |(points, max), task| (points + task.points, max + task.max));
        DomainScore { domain: (*domain).to_owned(), weight: *weight, points, max }
    };
    WEIGHTS.iter().map(of).filter(|domain| domain.max > 0).collect()
}

/// The weights of the domains that were asked, each by its share of points.
fn permille(domains: &[DomainScore]) -> u32 {
    let asked: u64 = domains.iter().map(|it| u64::from(it.weight)).sum();
    let won: u64 = domains
        .iter()
        .map(|it| u64::from(it.weight) * u64::from(it.points) * 1_000_000 / u64::from(it.max.max(1)))
        .sum();
    u32::try_from(won / asked.max(1) / 1000).unwrap_or(0)
}

/// `66.7 %`.
pub(crate) fn percent(permille: u32) -> String {
    format!("{}.{} %", permille / 10, permille % 10)
}

#[cfg(test)]
mod tests {
    use super::super::sitting::tests::{acts, lived};
    use super::*;

    #[test]
    fn every_check_tells_its_points_and_every_task_its_time() {
        let score = score(&lived(&acts())).unwrap();
        assert_eq!((score.permille, score.passed, score.seconds), (500, false, 60));
        let rows: Vec<String> = score
            .tasks
            .iter()
            .map(|it| {
                let checks: Vec<u32> = it.checks.iter().map(|check| check.points).collect();
                let (commands, reference) = (it.commands.len(), it.reference_commands);
                format!(
                    "{}/{} {checks:?} {} of {} s, {commands} commands, {reference} in the reference",
                    it.points, it.max, it.seconds, it.budget_s
                )
            })
            .collect();
        insta::assert_snapshot!(rows.join("\n"));
        assert!(score.tasks[0].diff.contains("+  replicas: 3"), "{}", score.tasks[0].diff);
        assert_eq!(score.tasks[1].diff, "");
    }

    #[test]
    fn domains_count_by_their_weights() {
        let domain = |weight, points, max| DomainScore { domain: String::new(), weight, points, max };
        assert_eq!(permille(&[domain(30, 10, 10), domain(10, 0, 2)]), 750);
        assert_eq!(permille(&[domain(30, 1, 3)]), 333);
        assert_eq!(permille(&[]), 0);
        assert_eq!(percent(667), "66.7 %");
    }
}
