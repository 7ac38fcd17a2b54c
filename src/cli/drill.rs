//! `uncordon drill`: what is due for review.

use clap::Args;

use super::settings::Settings;
use super::{data, packs, progress, screen};
use crate::apimachinery::json::{self, json};
use crate::exam::drill::{self, Pile, Review};
use crate::tui::Words;

/// Arguments of `uncordon drill`.
#[derive(Debug, Args)]
pub(crate) struct DrillArgs {
    /// Print what is due and what will be, instead of opening it
    #[arg(long)]
    list: bool,
    /// The same as a JSON array
    #[arg(long)]
    json: bool,
    /// Lines in, lines out, for screen readers: the exercises that are due, one after the other
    #[arg(long)]
    plain: bool,
}

/// Runs the command.
pub(crate) fn run(args: &DrillArgs, settings: Settings) -> Result<u8, String> {
    let schedule = drill::schedule(&progress::attempts()?);
    let now_s = data::now_s();
    if args.json {
        let rows: Vec<_> = schedule
            .iter()
            .map(|it| json!({"review": json::to_value(it).unwrap_or_default(), "due": it.due_s <= now_s}))
            .collect();
        println!("{}", json::Value::from(rows));
        return Ok(0);
    }
    let due = drill::due(&schedule, now_s);
    if args.list || due.is_empty() {
        print(&schedule, due.len(), now_s);
        return Ok(0);
    }
    if !args.plain {
        return screen::drill(settings);
    }
    print(&schedule, due.len(), now_s);
    let piles = drill::by_exercise(due.into_iter().cloned().collect());
    let paths: Vec<String> = piles.iter().map(Pile::path).collect();
    screen::drill_plain(&paths, settings)
}

/// The schedule by exercise, the names of its checks in the learner's language. Exercises that no pack has
/// any more are left out.
pub(crate) fn piles(words: Words) -> Result<Vec<Pile>, String> {
    let mut piles = drill::by_exercise(drill::schedule(&progress::attempts()?));
    let packs = packs::all();
    piles.retain_mut(|pile| {
        let mut here = packs.iter().flat_map(|pack| &pack.exercises);
        let found = here.find(|it| it.id == pile.exercise && (pile.pack.is_empty() || it.pack == pile.pack));
        let Some(exercise) = found else { return false };
        let translated = exercise.translated(words.0.code());
        if let (Ok(english), Ok(own)) = (exercise.variant(1), translated.variant(1)) {
            for review in &mut pile.checks {
                let at = english.checks.iter().position(|it| it.name == review.check);
                if let Some(own) = at.and_then(|at| own.checks.get(at)) {
                    review.check = own.texts().name;
                }
            }
        }
        true
    });
    Ok(piles)
}

fn print(schedule: &[Review], due: usize, now_s: i64) {
    match schedule.first() {
        None => println!("Nothing is to be reviewed: no check was ever missed."),
        Some(next) if due == 0 => {
            println!("Nothing is due. The next check is, {}.", wait(next.due_s - now_s))
        }
        Some(_) => println!("{due} of {} checks are due.", schedule.len()),
    }
    for it in schedule {
        println!(
            "{:<12} {:<32} {} (missed {} of {}: {})",
            wait(it.due_s - now_s),
            it.exercise,
            it.check,
            it.failed,
            it.reviews,
            it.mistake
        );
    }
}

/// Seconds in words.
fn wait(seconds: i64) -> String {
    match seconds {
        ..=0 => "now".to_owned(),
        1..3600 => format!("in {} min", seconds.unsigned_abs().div_ceil(60)),
        3600..86_400 => format!("in {} h", seconds / 3600),
        _ => format!("in {} d", seconds / 86_400),
    }
}
