//! `uncordon practice --replay`: what was done in an attempt, line by line, done again to show what it printed.

use std::path::Path;

use super::{data, kept, packs};
use crate::cli::guard::{self, Then};
use crate::cli::results::print_score;
use crate::exam::journal::{self, Act, Entry, Input};
use crate::exam::result;
use crate::exam::score;
use crate::exam::seat::{News, Shown};
use crate::exam::sitting::Sitting;

/// Prints the attempt in a journal, or in the newest one.
pub(super) fn run(named: Option<&Path>) -> Result<u8, String> {
    let newest = || kept::journals().map(|all| all.into_iter().next());
    let path = match named {
        Some(path) => path.to_path_buf(),
        None => newest()?.ok_or("there is no attempt to replay")?,
    };
    let bytes = std::fs::read(&path).map_err(|error| data::failed(&path, &error))?;
    let found = journal::read(&bytes).map_err(|error| format!("{}: {error}", path.display()))?;
    let exercises = result::exercises(&found.head, &packs::all())?;
    let mut sitting = Sitting::new(found.head, exercises);
    for entry in &journal::lived(&found.entries) {
        let prompt = match entry.act {
            Act::Terminal { on, .. } => sitting.prompt(on),
            _ => String::new(),
        };
        let news = guard::over("a command of the attempt", Then::Exit, || sitting.take(entry))?;
        print_entry(&sitting, entry, &prompt, news);
    }
    print_score(&guard::over("the grading", Then::Exit, || score::score(&sitting))?);
    Ok(0)
}

fn print_entry(sitting: &Sitting, entry: &Entry, prompt: &str, news: News) {
    let seconds = entry.ms / 1000;
    let at = format!("[{:02}:{:02}]", seconds / 60, seconds % 60);
    match &entry.act {
        Act::Turn { task } => {
            let id = sitting.task().map(|it| it.exercise.id.as_str()).unwrap_or_default();
            println!("{at} task {}: {id}", task + 1);
        }
        Act::Terminal { input: Input::Run { line }, .. } => println!("{at} {prompt}{}", plain(line)),
        Act::Terminal { input: Input::Answer { line }, .. } => println!("{at} {}", plain(line)),
        Act::Terminal { input: Input::Undo, .. } => println!("{at} the last command is taken back"),
        Act::Terminal { input: Input::Reset, .. } => println!("{at} back to the beginning"),
        Act::Check => println!("{at} checked"),
        Act::Hint => println!("{at} a hint"),
        Act::Solution => println!("{at} the reference is shown"),
        Act::End { .. } => println!("{at} the end"),
        _ => {}
    }
    for (_, shown) in news {
        if let Shown::Printed(bytes) = shown {
            print!("{}", plain(&String::from_utf8_lossy(&bytes)));
        }
    }
}

/// A text without what could steer a real terminal.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}
