//! `uncordon pack import`: a lab of another trainer becomes a pack, as far as it runs here.

use std::fs;
use std::path::Path;

use super::ImportArgs;
use crate::apimachinery::json::{Value, json};
use crate::cli::guard::{self, Then};
use crate::cli::packs;
use crate::exercises::import::{self, Case};
use crate::exercises::pack::{self, Files};
use crate::exercises::texts::plain;
use crate::exercises::{Stage, grade};

/// What became of a case.
struct Outcome {
    case: Case,
    /// Why it was left out; empty when it is part of the pack.
    left_out: String,
    /// Points of the lab's own solution, of how many; nothing when it tells none.
    reference: Option<(u32, u32)>,
}

/// Reads the lab, tries every case, writes those that run, and tells.
pub(super) fn import(args: &ImportArgs) -> Result<u8, String> {
    if args.folder.exists() {
        return Err(format!("{}: is there already", args.folder.display()));
    }
    let cases =
        import::read(&source(&args.source)?).map_err(|why| format!("{}: {why}", args.source.display()))?;
    let name = args.folder.file_name().map(|it| it.to_string_lossy().into_owned()).unwrap_or_default();
    let outcomes: Vec<Outcome> = cases.into_iter().map(|case| attempt(case, &name, args)).collect();
    let kept: Vec<&Outcome> = outcomes.iter().filter(|it| it.left_out.is_empty()).collect();
    if !kept.is_empty() {
        write(&args.folder, &pack_of(&name, kept.iter().map(|it| &it.case)))?;
    }
    if args.json {
        println!("{}", outcomes.iter().map(as_json).collect::<Value>());
    } else {
        outcomes.iter().for_each(print);
        println!("{} of {} cases are in {}", kept.len(), outcomes.len(), args.folder.display());
    }
    Ok(u8::from(kept.is_empty()))
}

/// The files beside a named JSON file, or those of a folder or an archive.
fn source(path: &Path) -> Result<Files, String> {
    let is_json = path.extension().is_some_and(|it| it == "json");
    let folder = if is_json {
        path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."))
    } else {
        path
    };
    let files = packs::read_source(folder)?;
    // A single scenario is named after its folder.
    let top = folder.canonicalize().ok().and_then(|it| Some(it.file_name()?.to_string_lossy().into_owned()));
    match top {
        Some(top) if files.contains_key("index.json") => {
            Ok(files.into_iter().map(|(name, bytes)| (format!("{top}/{name}"), bytes)).collect())
        }
        _ => Ok(files),
    }
}

fn pack_of<'a>(name: &str, cases: impl Iterator<Item = &'a Case>) -> Files {
    let mut files: Files = cases.flat_map(Case::files).collect();
    files.insert("pack.toml".into(), import::pack_file(name).into_bytes());
    files
}

/// Tries a case in a world: its set-up must run, and a check must ask for something that is not so already. One that
/// never ends is left out of a second attempt at all.
fn attempt(mut case: Case, name: &str, args: &ImportArgs) -> Outcome {
    if args.leave_out.contains(&case.id) {
        return Outcome { case, left_out: "it never comes to an end".to_owned(), reference: None };
    }
    let without = std::env::args().skip(1).chain(["--leave-out".to_owned(), case.id.clone()]);
    let then = Then::Resume(without.collect());
    let tried = guard::over(format!("case {}", case.id), then, || try_out(&mut case, name));
    match tried {
        Ok(reference) => Outcome { case, left_out: String::new(), reference },
        Err(left_out) => Outcome { case, left_out, reference: None },
    }
}

fn try_out(case: &mut Case, name: &str) -> Result<Option<(u32, u32)>, String> {
    if !case.unreadable.is_empty() {
        return Err(case.unreadable.clone());
    }
    let stage = stage_of(case, name)?;
    let untouched = grade(&stage, &Stage::settled(&stage.start));
    let mut passed = untouched.checks.iter().map(|it| it.passed);
    let mut notes = Vec::new();
    case.checks.retain(|(check, ..)| {
        let holds = passed.next().unwrap_or(false);
        if holds {
            notes.push(format!("check {check:?} holds before anything is done and was left out"));
        }
        !holds
    });
    case.notes.extend(notes);
    if case.checks.is_empty() {
        return Err("every check holds before anything is done".into());
    }
    if case.solution.is_empty() {
        case.notes.push("the lab tells no solution: write solution.sh to prove it".into());
        return Ok(None);
    }
    let stage = stage_of(case, name)?;
    let ran = stage.run("solution.sh", &stage.variant.solution)?;
    let report = grade(&stage, &ran.world);
    if !report.passed() {
        let last = ran.output.trim().lines().last().unwrap_or("").to_owned();
        case.notes.push(format!("the lab's solution does not win all points; it printed last: {last}"));
    }
    Ok(Some((report.points, report.max)))
}

fn stage_of(case: &Case, name: &str) -> Result<Stage, String> {
    let pack =
        pack::load(&pack_of(name, std::iter::once(case))).map_err(|problems| packs::lines(&problems))?;
    let exercise = pack.exercises.first().ok_or("no exercise")?;
    Stage::build(exercise.variant(1).map_err(|problems| packs::lines(&problems))?)
}

fn write(folder: &Path, files: &Files) -> Result<(), String> {
    for (name, bytes) in files {
        let path = folder.join(name);
        let made = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, bytes));
        made.map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}

fn print(outcome: &Outcome) {
    let (mark, state) = match (outcome.left_out.is_empty(), outcome.reference) {
        (false, _) => ("✗", "left out".to_owned()),
        (true, None) => ("~", "runs".to_owned()),
        (true, Some((points, max))) => {
            (if points == max { "✓" } else { "~" }, format!("solution {points}/{max}"))
        }
    };
    println!("{mark} {:<28} {state:<16} {}", outcome.case.id, plain(&outcome.case.title));
    let reasons = std::iter::once(&outcome.left_out).filter(|it| !it.is_empty()).chain(&outcome.case.notes);
    for reason in reasons {
        println!("    {}", plain(reason.trim_end()).replace('\n', "\n    "));
    }
}

fn as_json(outcome: &Outcome) -> Value {
    json!({
        "id": outcome.case.id, "title": plain(&outcome.case.title), "taken": outcome.left_out.is_empty(),
        "why": plain(&outcome.left_out), "notes": outcome.case.notes,
        "reference": outcome.reference.map(|(points, max)| json!({"points": points, "max": max})),
    })
}
