//! `uncordon grade FILE|FOLDER`: result files of exams, done again and compared with what they claim.

use std::fs;
use std::path::{Path, PathBuf};

use super::guard::{self, Then};
use super::{data, packs};
use crate::apimachinery::json::{self, json};
use crate::exam::class;
use crate::exam::result::{ResultFile, Verified};
use crate::exam::score::{Score, percent};
use crate::exercises::Pack;

/// Bytes of a result file at the most: 64 MiB, which nobody types in an exam.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// How the outcome is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Text,
    Json,
    Csv,
}

/// Grades a file or every file of a folder: 0 when all are what they claim.
///
/// # Errors
/// When there is nothing to grade.
pub(crate) fn run(path: &Path, format: Format) -> Result<u8, String> {
    let packs = packs::all();
    if path.is_dir() { folder(path, format, &packs) } else { one(path, format, &packs) }
}

fn read(path: &Path, packs: &[Pack]) -> Result<(ResultFile, Verified), String> {
    let told = |error: std::io::Error| data::failed(path, &error);
    let about = fs::metadata(path).map_err(told)?;
    if !about.is_file() {
        return Err(format!("{}: not a file", path.display()));
    }
    if about.len() > FILE_BYTES_MAX {
        return Err(format!("{}: larger than any result file", path.display()));
    }
    let bytes = fs::read(path).map_err(told)?;
    let file = ResultFile::read(&bytes).map_err(|why| format!("{}: {why}", path.display()))?;
    let verified = guard::over(path.display().to_string(), Then::Exit, || file.verify(packs));
    Ok((file, verified))
}

fn one(path: &Path, format: Format, packs: &[Pack]) -> Result<u8, String> {
    let (file, verified) = read(path, packs)?;
    let score = verified.score.as_ref().unwrap_or(&file.score);
    match format {
        Format::Json => println!(
            "{}",
            json!({
                "file": path.to_string_lossy(), "name": file.name, "holds": verified.differs.is_empty(),
                "differs": verified.differs, "claimed": json::to_value(&file.score).unwrap_or_default(),
                "score": json::to_value(&verified.score).unwrap_or_default(),
            })
        ),
        Format::Csv => print!("{}", class::table(&[(name_of(path), file.clone(), verified.clone())]).csv()),
        Format::Text => print_one(path, &file, score, &verified.differs),
    }
    Ok(u8::from(!verified.differs.is_empty()))
}

fn print_one(path: &Path, file: &ResultFile, score: &Score, differs: &[String]) {
    let who = if file.name.is_empty() { name_of(path) } else { file.name.clone() };
    let commands: usize = score.tasks.iter().map(|task| task.commands.len()).sum();
    println!("{who}: seed {}, {} tasks, {commands} commands", file.head.seed, score.tasks.len());
    print_score(score);
    if differs.is_empty() {
        println!("\nThe file is what it claims: the replay gives the same score.");
    } else {
        println!("\nThe file is not what it claims:");
        differs.iter().for_each(|it| println!("  {it}"));
    }
}

/// Prints a score: in all, by domain, by task.
pub(crate) fn print_score(score: &Score) {
    let result = if score.passed { "passed" } else { "failed" };
    println!("{} {result} (66 % is needed)\n", percent(score.permille));
    for it in &score.domains {
        println!("  {:<22} {:>3} % of the exam  {:>3}/{} points", it.domain, it.weight, it.points, it.max);
    }
    println!();
    for (number, task) in score.tasks.iter().enumerate() {
        let minutes = |s: u64| format!("{}:{:02}", s / 60, s % 60);
        println!(
            "{:>4}. {:<32} {:>2}/{:<2} points  {:>6} of {:>5}  {:>2} commands (reference {})",
            number + 1,
            task.exercise,
            task.points,
            task.max,
            minutes(task.seconds),
            minutes(task.budget_s),
            task.commands.len(),
            task.reference_commands
        );
        for check in task.checks.iter().filter(|it| it.points < it.max) {
            println!("        ✗ {} (−{}): {}", check.name, check.max - check.points, check.mistake);
        }
    }
}

fn folder(folder: &Path, format: Format, packs: &[Pack]) -> Result<u8, String> {
    let entries = fs::read_dir(folder).map_err(|error| data::failed(folder, &error))?;
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|end| end == "json"));
    paths.sort();
    let mut results = Vec::new();
    for path in &paths {
        match read(path, packs) {
            Ok((file, verified)) => results.push((name_of(path), file, verified)),
            Err(why) => eprintln!("uncordon: {why}"),
        }
    }
    if results.is_empty() {
        return Err(format!("{}: there is no result file in it", folder.display()));
    }
    let class = class::table(&results);
    match format {
        Format::Json => {
            println!("{}", serde_json::to_string_pretty(&class).map_err(|error| error.to_string())?)
        }
        Format::Csv => print!("{}", class.csv()),
        Format::Text => print!("{}", class.text()),
    }
    let holds = results.len() == paths.len() && results.iter().all(|(_, _, it)| it.differs.is_empty());
    Ok(u8::from(!holds))
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
