//! `uncordon grade EXERCISE SCRIPT`: run a script in an exercise's world and say what it is worth.
//! With one argument it is a result file of an exam, or a folder of them: see [`super::results`].

use std::path::{Path, PathBuf};

use clap::Args;

use super::guard::{self, Then};
use super::packs;
use super::results::{self, Format};
use crate::apimachinery::json::{Value, json};
use crate::exam::score::commands_of;
use crate::exercises::{Report, Stage, compare, grade};

/// Arguments of `uncordon grade`.
#[derive(Debug, Args)]
pub(crate) struct GradeArgs {
    /// An exercise's id, PACK/ID, or its folder; alone, a result file or a folder of them
    exercise: String,
    /// The script to run as the learner; `-` is standard input
    script: Option<PathBuf>,
    /// Which variant
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Print result files as CSV
    #[arg(long, conflicts_with_all = ["json", "script"])]
    csv: bool,
}

/// Runs the command: 0 when every point was won, or when every result is what it claims; 1 otherwise.
pub(crate) fn run(args: &GradeArgs) -> Result<u8, String> {
    match &args.script {
        Some(script) => grade_script(args, script),
        None => {
            let format = match (args.json, args.csv) {
                (true, _) => Format::Json,
                (false, true) => Format::Csv,
                (false, false) => Format::Text,
            };
            results::run(Path::new(&args.exercise), format)
        }
    }
}

fn grade_script(args: &GradeArgs, script: &Path) -> Result<u8, String> {
    let exercise = packs::find(&args.exercise)?;
    let script = super::sh::read(script)?;
    let variant = exercise.variant(args.seed).map_err(|problems| packs::lines(&problems))?;
    let stage = guard::over("the set-up", Then::Exit, || Stage::build(variant))?;
    let ran = guard::over("the script", Then::Exit, || stage.run("script", &script))?;
    let report = guard::over("the grading", Then::Exit, || grade(&stage, &ran.world));
    let reference =
        guard::over("the reference", Then::Exit, || stage.run("solution.sh", &stage.variant.solution))?;
    let diff = compare::diff(&stage.start, &ran.world, &reference.world);
    let commands = commands_of(&script);
    if args.json {
        println!("{}", as_json(args, &exercise.id, &report, &commands, &diff));
    } else {
        print!("{}", ran.output);
        print_report(&report, &diff);
    }
    Ok(u8::from(!report.passed()))
}

fn as_json(args: &GradeArgs, id: &str, report: &Report, commands: &[&str], diff: &str) -> Value {
    let checks: Vec<Value> = report
        .checks
        .iter()
        .map(|it| {
            json!({
                "name": it.name, "points": it.points, "max": it.max, "passed": it.passed,
                "saw": it.saw, "wanted": it.wanted, "mistake": it.mistake,
            })
        })
        .collect();
    json!({
        "exercise": id, "seed": args.seed, "points": report.points, "max": report.max,
        "passed": report.passed(), "checks": checks, "commands": commands, "diff": diff,
    })
}

fn print_report(report: &Report, diff: &str) {
    for check in &report.checks {
        let mark = if check.passed { "✓" } else { "✗" };
        println!("{mark} {} ({}/{})", check.name, check.points, check.max);
        if !check.passed {
            println!("    wanted: {}", check.wanted.replace('\n', "\n            "));
            println!("    saw:    {}", check.saw.replace('\n', "\n            "));
            println!("    why:    {}", check.mistake);
        }
    }
    println!("{} of {} points", report.points, report.max);
    if !diff.is_empty() {
        println!("\nHow this end differs from the reference's:\n{diff}");
    }
}
