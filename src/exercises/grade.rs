//! Points, and why.

use super::checks::Scene;
use super::stage::Stage;
use super::texts::plain;
use crate::cluster::World;

/// What a grading says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) points: u32,
    pub(crate) max: u32,
    pub(crate) checks: Vec<CheckReport>,
}

/// What one check says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CheckReport {
    pub(crate) name: String,
    pub(crate) points: u32,
    pub(crate) max: u32,
    pub(crate) passed: bool,
    pub(crate) saw: String,
    pub(crate) wanted: String,
    /// The class of the mistake and the author's words; empty when passed.
    pub(crate) mistake: String,
}

impl Report {
    /// True when every point was won.
    pub(crate) fn passed(&self) -> bool {
        self.points == self.max
    }
}

/// Grades `end`, which began as the stage.
pub(crate) fn grade(stage: &Stage, end: &World) -> Report {
    let scene = Scene { start: &stage.start, end: end.clone(), host: &stage.variant.host };
    let checks: Vec<CheckReport> = stage
        .variant
        .checks
        .iter()
        .map(|check| {
            let finding = check.look(&scene);
            CheckReport {
                name: check.name.clone(),
                points: if finding.passed { check.points } else { 0 },
                max: check.points,
                passed: finding.passed,
                mistake: check.explain(&finding),
                saw: plain(&finding.saw),
                wanted: plain(&finding.wanted),
            }
        })
        .collect();
    let sum = |of: fn(&CheckReport) -> u32| checks.iter().map(of).sum();
    Report { points: sum(|it| it.points), max: sum(|it| it.max), checks }
}
