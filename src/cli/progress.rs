//! `uncordon progress`, and the file of attempts behind it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use super::{data, packs};
use crate::exam::progress::{self, Attempt, Summary, Trouble};
use crate::exercises::Exercise;

/// Arguments of `uncordon progress`.
#[derive(Debug, Args)]
pub(crate) struct ProgressArgs {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Write every attempt to a file, to take it to another machine
    #[arg(long, value_name = "FILE")]
    export: Option<PathBuf>,
    /// Add the attempts of such a file
    #[arg(long, value_name = "FILE", conflicts_with = "export")]
    import: Option<PathBuf>,
}

fn file() -> Result<PathBuf, String> {
    Ok(data::folder()?.join("attempts.jsonl"))
}

/// Every attempt so far. A file that cannot be written on is kept aside, and what could be read of it goes on.
///
/// # Errors
/// Why there is nowhere to keep attempts.
pub(crate) fn attempts() -> Result<Vec<Attempt>, String> {
    let path = file()?;
    if !path.exists() {
        return Ok(Vec::new());
    }
    let _locked = lock(&path);
    read(&path)
}

/// Keeps other processes from the file until it is dropped. Where no lock can be had, as on a disk that cannot be
/// written, the file is read all the same.
fn lock(path: &Path) -> Option<fs::File> {
    let file = data::open_to_append(&path.with_extension("lock")).ok()?;
    file.lock().ok().map(|()| file)
}

fn read(path: &Path) -> Result<Vec<Attempt>, String> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(data::failed(path, &error)),
    };
    let kept = progress::read(&bytes);
    if let Some(trouble) = kept.trouble {
        let why = if trouble == Trouble::Newer { "newer" } else { "damaged" };
        let aside = data::keep_aside(path, why)?;
        let lines: String = kept.attempts.iter().map(Attempt::line).collect::<Result<_, _>>()?;
        data::replace(path, &lines)?;
        eprintln!("uncordon: {} was {why}; it is kept as {}", path.display(), aside.display());
    }
    Ok(kept.attempts)
}

/// Notes attempts that are not there yet.
///
/// # Errors
/// Why they could not be written.
pub(crate) fn note(new: &[Attempt]) -> Result<(), String> {
    let path = file()?;
    let _locked = lock(&path);
    // Reading first keeps a damaged file aside before anything is added to it.
    let known = read(&path)?;
    let new = new.iter().filter(|it| !known.contains(it));
    let lines: String = new.map(Attempt::line).collect::<Result<_, _>>()?;
    let mut file = data::open_to_append(&path)?;
    data::append(&mut file, &lines).map_err(|error| data::failed(&path, &error))
}

/// The best points of every exercise, by id.
pub(crate) fn best() -> BTreeMap<String, u32> {
    let mut best = BTreeMap::new();
    for attempt in attempts().unwrap_or_default() {
        let slot = best.entry(attempt.exercise).or_insert(0);
        *slot = attempt.points.max(*slot);
    }
    best
}

/// Runs the command.
pub(crate) fn run(args: &ProgressArgs) -> Result<u8, String> {
    let attempts = attempts()?;
    if let Some(path) = &args.export {
        data::replace(path, &progress::export(&attempts)?)?;
        println!("{}: {} attempts", path.display(), attempts.len());
        return Ok(0);
    }
    if let Some(path) = &args.import {
        let bytes = fs::read(path).map_err(|error| data::failed(path, &error))?;
        let new = progress::import(&attempts, &bytes).map_err(|why| format!("{}: {why}", path.display()))?;
        note(&new)?;
        println!("{} attempts are new", new.len());
        return Ok(0);
    }
    let packs = packs::all();
    let exercises: Vec<&Exercise> = packs.iter().flat_map(|pack| &pack.exercises).collect();
    let summary = progress::summary(&attempts, &exercises);
    if args.json {
        let text = serde_json::to_string_pretty(&summary).map_err(|error| error.to_string())?;
        println!("{text}");
    } else {
        print(&summary);
    }
    Ok(0)
}

fn print(summary: &Summary) {
    println!("Readiness {} %, {} attempts\n", summary.readiness, summary.attempts);
    println!("{:<22} {:>6} {:>9} {:>6} {:>7}", "DOMAIN", "WEIGHT", "READINESS", "TRIED", "SOLVED");
    for it in &summary.domains {
        let tried = format!("{}/{}", it.tried, it.exercises);
        println!("{:<22} {:>5}% {:>8}% {tried:>6} {:>7}", it.domain, it.weight, it.readiness, it.solved);
    }
    if summary.exercises.is_empty() {
        return;
    }
    println!("\n{:<32} {:>8} {:>7} {:>7} {:>8}", "EXERCISE", "ATTEMPTS", "LATEST", "BEST", "QUICKEST");
    for it in &summary.exercises {
        let quickest = it.seconds_best.map_or_else(String::new, |s| format!("{}:{:02}", s / 60, s % 60));
        let (latest, best) = (format!("{}/{}", it.latest, it.max), format!("{}/{}", it.best, it.max));
        println!("{:<32} {:>8} {latest:>7} {best:>7} {quickest:>8}", it.exercise, it.attempts);
    }
    let failed: Vec<_> = summary.checks.iter().filter(|it| it.passed < it.attempts).collect();
    if !failed.is_empty() {
        println!("\n{:>7}  {:<32} CHECK", "PASSED", "EXERCISE");
    }
    for it in failed {
        let passed = format!("{}/{}", it.passed, it.attempts);
        println!("{passed:>7}  {:<32} {}", it.exercise, it.check);
    }
}
