//! `uncordon drill`: what is due for review.

use clap::Args;
use serde_json::json;

use super::settings::Settings;
use super::{data, progress, screen};
use crate::exam::drill::{self, Review};

/// Arguments of `uncordon drill`.
#[derive(Debug, Args)]
pub(crate) struct DrillArgs {
    /// Print what is due and what will be, instead of opening it
    #[arg(long)]
    list: bool,
    /// The same as a JSON array
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(crate) fn run(args: &DrillArgs, settings: Settings) -> Result<u8, String> {
    let schedule = drill::schedule(&progress::attempts()?);
    let now_s = data::now_s();
    if args.json {
        let rows: Vec<_> =
            schedule.iter().map(|it| json!({"review": it, "due": it.due_s <= now_s})).collect();
        println!("{}", serde_json::Value::from(rows));
        return Ok(0);
    }
    let due = drill::due(&schedule, now_s);
    if args.list || due.is_empty() {
        print(&schedule, due.len(), now_s);
        return Ok(0);
    }
    screen::practice_all(drill::exercises(&due), settings)
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
