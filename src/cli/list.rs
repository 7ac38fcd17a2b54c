//! `uncordon list`: every exercise.

use clap::Args;

use super::packs;
use crate::apimachinery::json::{Value, json};

/// Arguments of `uncordon list`.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Print a JSON array
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(crate) fn run(args: &ListArgs) -> Result<u8, String> {
    let packs = packs::all();
    let exercises = packs.iter().flat_map(|pack| pack.exercises.iter().map(move |it| (pack, it)));
    if args.json {
        let rows: Vec<Value> = exercises
            .map(|(pack, it)| {
                json!({
                    "id": it.id, "pack": it.pack, "title": it.title, "domain": it.domain,
                    "difficulty": it.difficulty, "minutes": it.minutes, "points": it.points,
                    "pack_title": pack.title, "licence": pack.licence, "authors": pack.authors,
                })
            })
            .collect();
        println!("{}", Value::from(rows));
        return Ok(0);
    }
    println!("{:<32} {:<22} {:<6} {:>4} {:>7}  TITLE", "EXERCISE", "DOMAIN", "LEVEL", "MIN", "POINTS");
    for (_, it) in exercises {
        println!(
            "{:<32} {:<22} {:<6} {:>4} {:>7}  {}",
            it.id, it.domain, it.difficulty, it.minutes, it.points, it.title
        );
    }
    Ok(0)
}
