//! `uncordon replay`: run recorded console sessions, each in a fresh world.
//!
//! Prints them with the output of this run, in the format of the recordings; `--check` compares
//! instead, after normalising what differs from run to run.

mod normalise;
mod record;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use clap::Args;

use self::record::{Entry, Step};
use super::guard::{self, Then};
use super::worlds;
use crate::apimachinery::json::{Map, json};
use crate::cluster::templates;
use crate::shell::Console;

/// Arguments of `uncordon replay`.
#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// Sessions, or folders with `.console` files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Compare with the recorded output and count; fails unless all is equal
    #[arg(long)]
    check: bool,
    /// Print counts as JSON
    #[arg(long, requires = "check")]
    json: bool,
    /// Print the first N commands that differ
    #[arg(long, value_name = "N", default_value_t = 0)]
    show: usize,
    /// Print every command that differs, with its session's name
    #[arg(long)]
    all: bool,
    /// The seed of each world's chance
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The world that each session begins in
    #[arg(long, default_value = "bare", value_name = "NAME")]
    world: String,
}

/// Stack of a thread that runs a shell: the language recurses deeply.
const STACK_BYTES: usize = 64 << 20;

/// How long `@settle` lasts when it does not say.
const SETTLE_S: f64 = 3.0;

/// One command of a run that was compared.
struct Compared {
    command: String,
    equal: bool,
    wanted: (String, i32),
    got: (String, i32),
}

/// What became of one session.
struct Played {
    name: String,
    text: String,
    compared: Vec<Compared>,
}

/// Runs the command.
pub(crate) fn run(args: &ReplayArgs) -> Result<u8, String> {
    let files = sessions(&args.files)?;
    let texts: Vec<(String, String)> = files
        .iter()
        .map(|file| {
            let text = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
            let name = file.file_name().map(|name| name.to_string_lossy().into_owned());
            Ok((name.unwrap_or_default(), String::from_utf8_lossy(&text).into_owned()))
        })
        .collect::<Result<_, String>>()?;
    let played = play_all(&texts, &args.world, args.seed)?;
    if !args.check {
        for session in &played {
            if played.len() > 1 {
                println!("==> {} <==", session.name);
            }
            print!("{}", session.text);
        }
        return Ok(0);
    }
    Ok(u8::from(!print_counts(args, &played)))
}

/// The files named, and all `.console` files of the folders named, in order.
fn sessions(paths: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    for path in paths {
        if !path.is_dir() {
            found.push(path.clone());
            continue;
        }
        let entries = fs::read_dir(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let mut inside: Vec<PathBuf> = entries
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .filter(|path| path.extension().is_some_and(|extension| extension == "console"))
            .collect();
        inside.sort();
        found.extend(inside);
    }
    Ok(found)
}

/// Plays all sessions on as many threads as the machine has; the order of results is that of `texts`.
fn play_all(texts: &[(String, String)], world: &str, seed: u64) -> Result<Vec<Played>, String> {
    let next = AtomicUsize::new(0);
    let done: Mutex<BTreeMap<usize, Result<Played, String>>> = Mutex::default();
    let work = || {
        while let Some((index, (name, text))) = {
            let index = next.fetch_add(1, Ordering::SeqCst);
            texts.get(index).map(|session| (index, session))
        } {
            let played = guard::over(name, Then::Exit, || play(name, text, world, seed));
            done.lock().unwrap_or_else(PoisonError::into_inner).insert(index, played);
        }
    };
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(texts.len().max(1));
    std::thread::scope(|scope| {
        let mut failed = None;
        for _ in 0..workers {
            let builder = std::thread::Builder::new().stack_size(STACK_BYTES);
            failed = builder.spawn_scoped(scope, work).err().or(failed);
        }
        failed.map_or(Ok(()), |error| Err(format!("cannot start a thread: {error}")))
    })?;
    done.into_inner().unwrap_or_else(PoisonError::into_inner).into_values().collect()
}

/// Plays one session in a fresh world.
fn play(name: &str, text: &str, world: &str, seed: u64) -> Result<Played, String> {
    let steps = record::parse(text);
    let lab =
        worlds::lab(templates::by_name(world, seed).ok_or_else(|| format!("no world is called {world:?}"))?);
    let mut console = worlds::console(&lab)?;
    drop(console.take_output());
    let commands = steps.iter().filter_map(|step| match step {
        Step::Command(entry) => Some(entry.command.as_str()),
        _ => None,
    });
    let literals = normalise::literals(commands);
    let mut played = Played { name: name.to_owned(), text: String::new(), compared: Vec::new() };
    for step in steps {
        match step {
            Step::Comment(line) => played.text.push_str(&format!("{line}\n")),
            Step::Settle(line, seconds) => {
                played.text.push_str(&format!("{line}\n"));
                let seconds = Duration::try_from_secs_f64(seconds.unwrap_or(SETTLE_S)).unwrap_or_default();
                lab.world().advance(seconds);
            }
            Step::Command(entry) => run_command(&mut console, entry, &literals, &mut played),
        }
    }
    Ok(played)
}

fn run_command(
    console: &mut Console,
    entry: Entry,
    literals: &std::collections::BTreeSet<String>,
    played: &mut Played,
) {
    let exit = console.run(&entry.text());
    let bytes: Vec<u8> = console.take_output().into_iter().flat_map(|(_, bytes)| bytes).collect();
    let output = String::from_utf8_lossy(&bytes).into_owned();
    played.text.push_str(&entry.printed(&output, exit));
    if entry.any {
        return;
    }
    let (output, exit) = record::as_parsed(&output, exit);
    let wanted = normalise::normalise(&entry.output, literals);
    let got = normalise::normalise(&output, literals);
    let equal = wanted == got && entry.exit == exit;
    played.compared.push(Compared {
        command: entry.command,
        equal,
        wanted: (wanted, entry.exit),
        got: (got, exit),
    });
}

/// Prints counts; true when all is equal.
fn print_counts(args: &ReplayArgs, played: &[Played]) -> bool {
    let mut show = if args.all { usize::MAX } else { args.show };
    let mut files = Map::new();
    let (mut total, mut equal) = (0, 0);
    for session in played {
        let good = session.compared.iter().filter(|compared| compared.equal).count();
        let all = session.compared.len();
        total += all;
        equal += good;
        files.insert(session.name.clone().into(), json!({"total": all, "equal": good}));
        if args.json {
            continue;
        }
        println!("{good:4}/{all:<4} {}", session.name);
        for compared in session.compared.iter().filter(|compared| !compared.equal) {
            if show == 0 {
                break;
            }
            show -= 1;
            print_difference(compared);
        }
    }
    if args.json {
        println!("{}", json!({"total": total, "equal": equal, "files": files}));
    } else {
        let percent = 100.0 * f64::from(u32::try_from(equal).unwrap_or(0))
            / f64::from(u32::try_from(total.max(1)).unwrap_or(1));
        println!("{equal} of {total} commands match ({percent:.1} %)");
    }
    equal == total
}

fn print_difference(compared: &Compared) {
    println!(
        "  {}\n  --- recorded (exit {})\n{}\n  --- here (exit {})\n{}\n",
        compared.command, compared.wanted.1, compared.wanted.0, compared.got.1, compared.got.0
    );
}
