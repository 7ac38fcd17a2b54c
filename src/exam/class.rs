//! The table over the result files of a class: who got what, and which checks were the hardest.

use std::collections::BTreeMap;

use serde::Serialize;

use super::result::{ResultFile, Verified};
use super::score::percent;

/// A class.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Class {
    /// Best score first.
    pub(crate) candidates: Vec<Candidate>,
    /// Hardest first.
    pub(crate) checks: Vec<CheckRow>,
}

/// One result.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Candidate {
    pub(crate) file: String,
    pub(crate) name: String,
    pub(crate) permille: u32,
    pub(crate) passed: bool,
    pub(crate) seconds: u64,
    /// Domain and percent of its points.
    pub(crate) domains: BTreeMap<String, u32>,
    /// What is not as the file claims.
    pub(crate) differs: Vec<String>,
}

/// One check over all results that had it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct CheckRow {
    pub(crate) exercise: String,
    pub(crate) check: String,
    pub(crate) asked: u32,
    pub(crate) passed: u32,
    /// The most frequent class of mistake.
    pub(crate) mistake: String,
}

/// Makes the table. Scores are those of the replay where there was one, not those that files claim.
pub(crate) fn table(results: &[(String, ResultFile, Verified)]) -> Class {
    let mut candidates = Vec::new();
    let mut checks: BTreeMap<(String, String), (CheckRow, BTreeMap<String, u32>)> = BTreeMap::new();
    for (file, result, verified) in results {
        let score = verified.score.as_ref().unwrap_or(&result.score);
        let share = |points: u32, max: u32| points * 100 / max.max(1);
        candidates.push(Candidate {
            file: file.clone(),
            name: result.name.clone(),
            permille: score.permille,
            passed: score.passed,
            seconds: score.seconds,
            domains: score.domains.iter().map(|it| (it.domain.clone(), share(it.points, it.max))).collect(),
            differs: verified.differs.clone(),
        });
        for task in &score.tasks {
            for check in &task.checks {
                let key = (task.exercise.clone(), check.name.clone());
                let (row, mistakes) = checks.entry(key).or_default();
                row.asked += 1;
                row.passed += u32::from(check.points == check.max);
                if check.points < check.max {
                    let class = check.mistake.split(':').next().unwrap_or_default();
                    *mistakes.entry(class.to_owned()).or_insert(0) += 1;
                }
            }
        }
    }
    candidates.sort_by(|a, b| (b.permille, &a.name, &a.file).cmp(&(a.permille, &b.name, &b.file)));
    let mut checks: Vec<CheckRow> = checks.into_iter().map(finish_row).collect();
    checks.sort_by_key(|row| (row.passed * 1000 / row.asked.max(1), std::cmp::Reverse(row.asked)));
    Class { candidates, checks }
}

type Counted = ((String, String), (CheckRow, BTreeMap<String, u32>));

fn finish_row(((exercise, check), (row, mistakes)): Counted) -> CheckRow {
    let mistake = mistakes.into_iter().max_by_key(|(_, count)| *count).map(|(class, _)| class);
    CheckRow { exercise, check, mistake: mistake.unwrap_or_default(), ..row }
}

impl Class {
    /// For a terminal.
    pub(crate) fn text(&self) -> String {
        let mut out = format!("{:<24} {:>8}  {:<6} {:>8}  CLAIM\n", "CANDIDATE", "SCORE", "RESULT", "TIME");
        for it in &self.candidates {
            let name = if it.name.is_empty() { &it.file } else { &it.name };
            let claim = if it.differs.is_empty() { "holds".to_owned() } else { shortened(&it.differs) };
            let result = if it.passed { "passed" } else { "failed" };
            let time = format!("{}:{:02}", it.seconds / 60, it.seconds % 60);
            out.push_str(&format!(
                "{name:<24} {:>8}  {result:<6} {time:>8}  {claim}\n",
                percent(it.permille)
            ));
        }
        out.push_str(&format!("\n{:>9}  {:<28} {:<24} CHECK\n", "PASSED", "EXERCISE", "MISTAKE"));
        for row in &self.checks {
            let passed = format!("{}/{}", row.passed, row.asked);
            out.push_str(&format!("{passed:>9}  {:<28} {:<24} {}\n", row.exercise, row.mistake, row.check));
        }
        out
    }

    /// Two tables with an empty line between them, for a spreadsheet.
    pub(crate) fn csv(&self) -> String {
        let mut out = row(["file", "name", "percent", "passed", "seconds", "claim"].map(str::to_owned));
        for it in &self.candidates {
            let score = format!("{}.{}", it.permille / 10, it.permille % 10);
            let claim = if it.differs.is_empty() { "holds".to_owned() } else { it.differs.join("; ") };
            out += &row([
                it.file.clone(),
                it.name.clone(),
                score,
                it.passed.to_string(),
                it.seconds.to_string(),
                claim,
            ]);
        }
        out += "\r\n";
        out += &row(["exercise", "check", "asked", "passed", "mistake"].map(str::to_owned));
        for it in &self.checks {
            out += &row([
                it.exercise.clone(),
                it.check.clone(),
                it.asked.to_string(),
                it.passed.to_string(),
                it.mistake.clone(),
            ]);
        }
        out
    }
}

/// The first of what differs, and how many more there are.
fn shortened(differs: &[String]) -> String {
    let first = differs.first().map_or("", String::as_str);
    match differs.len() {
        0 | 1 => format!("differs: {first}"),
        more => format!("differs: {first}; {} more", more - 1),
    }
}

/// A line of CSV as RFC 4180 has it. A text that a spreadsheet would take for a formula is made a plain one.
fn row<const N: usize>(cells: [String; N]) -> String {
    let quoted = cells.map(|cell| {
        let cell = if cell.starts_with(['=', '+', '-', '@']) { format!("'{cell}") } else { cell };
        if cell.contains([',', '"', '\n', '\r']) {
            format!("\"{}\"", cell.replace('"', "\"\""))
        } else {
            cell
        }
    });
    quoted.join(",") + "\r\n"
}

#[cfg(test)]
mod tests {
    use super::super::result::tests::file;
    use super::*;

    fn class() -> Class {
        let result = file();
        let honest = Verified { differs: Vec::new(), score: Some(result.score.clone()) };
        let mut other = result.clone();
        other.name = "=cmd, \"x\"".into();
        let mut claimed = result.score.clone();
        claimed.permille = 1000;
        claimed.passed = true;
        let changed = Verified {
            differs: vec!["the file was changed after it was written".into()],
            score: Some(claimed),
        };
        table(&[("a.json".into(), result, honest), ("b.json".into(), other, changed)])
    }

    #[test]
    fn the_hardest_checks_stand_first() {
        insta::assert_snapshot!(class().text());
    }

    #[test]
    fn a_spreadsheet_gets_no_formulas() {
        insta::assert_snapshot!(class().csv().replace('\r', ""));
    }
}
