//! Arguments, the real clock, the real terminal and real files.
//!
//! Exit codes: 0 done or passed, 1 failed, 2 wrong use.

#![expect(clippy::disallowed_methods, reason = "the real clock enters here and in src/serve")]

mod archive;
mod args;
mod data;
mod drill;
mod grade;
mod guard;
mod list;
mod pack;
mod packs;
mod progress;
mod replay;
mod results;
mod screen;
mod serve;
mod settings;
mod sh;
mod worlds;

use std::process::ExitCode;
use std::sync::OnceLock;

use clap::Parser;

use self::args::{Args, Command};

/// Exit code of wrong use.
const WRONG_USE: u8 = 2;

/// Stack of a thread that runs shells: the language recurses deeply, as do filters of `jq`. The system gives only what
/// is used, but small machines promise no more than they have.
const STACK_BYTES: [usize; 2] = [1 << 30, 256 << 20];

/// The largest stack that the system promises.
fn stack_bytes() -> usize {
    static FOUND: OnceLock<usize> = OnceLock::new();
    *FOUND.get_or_init(|| {
        let [large, small] = STACK_BYTES;
        match std::thread::Builder::new().stack_size(large).spawn(|| ()) {
            Ok(_) => large,
            Err(_) => small,
        }
    })
}

/// Runs the program with the arguments of this process.
pub fn main() -> ExitCode {
    let thread = std::thread::Builder::new().stack_size(stack_bytes()).spawn(run_arguments);
    match thread.map(std::thread::JoinHandle::join) {
        Ok(Ok(code)) => code,
        // The panic has already said what happened.
        Ok(Err(_)) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("uncordon: cannot start a thread: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run_arguments() -> ExitCode {
    match Args::try_parse() {
        Ok(args) => run(args),
        Err(error) => {
            let code = if error.use_stderr() { WRONG_USE } else { 0 };
            // When even this cannot be printed there is nobody to tell.
            let _ = error.print();
            ExitCode::from(code)
        }
    }
}

fn run(args: Args) -> ExitCode {
    let settings = match settings::Settings::of(args.lang.as_deref(), args.theme.as_deref()) {
        Ok(settings) => settings,
        Err(message) => {
            eprintln!("uncordon: {message}");
            return ExitCode::from(WRONG_USE);
        }
    };
    let outcome = match args.command {
        None => screen::home(settings),
        Some(Command::Practice(args)) => screen::practice(&args, settings),
        Some(Command::Exam(args)) => screen::exam(&args, settings),
        Some(Command::Drill(args)) => drill::run(&args, settings),
        Some(Command::Progress(args)) => progress::run(&args),
        Some(Command::List(args)) => list::run(&args),
        Some(Command::Grade(args)) => grade::run(&args),
        Some(Command::Pack(args)) => pack::run(&args),
        Some(Command::Sh(args)) => sh::run(&args),
        Some(Command::Replay(args)) => replay::run(&args),
        Some(Command::Serve(args)) => serve::run(&args),
        Some(Command::Check(args)) => serve::check(&args),
    };
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(message) => {
            eprintln!("uncordon: {message}");
            ExitCode::from(WRONG_USE)
        }
    }
}

/// An exercise by its id, for benchmarks.
pub(crate) fn exercise(id: &str) -> Result<crate::exercises::Exercise, String> {
    packs::find(id)
}
