//! `jq` 1.7, with an evaluator of our own: programs are compiled once, their steps are counted so that all of them
//! end, and values come in jq's order with jq's messages.
//!
//! [`compile`] makes a tree of a text, [`machine`] holds what a run needs, [`eval`] walks the tree. Nothing below this
//! file knows of processes. The published evaluator (jaq) has other messages, gives the values of `(1, 2) + (10, 20)`
//! in another order, and can be neither counted nor stopped within a run, so it is not used.
//!
//! Not simulated: modules (`import`, `include`), `--stream` of a text that ends too early, `--debug-…`, `$JQ_COLORS`,
//! and functions such as `lgamma`, which say so.

mod args;
mod arithmetic;
mod basics;
mod builtins;
mod compile;
mod eval;
mod feed;
mod folds;
mod formats;
mod lex;
mod machine;
mod make;
mod math;
mod number;
mod orders;
mod parse;
mod paths;
mod read;
mod regexes;
mod scope;
mod shapes;
mod specials;
mod streams;
mod terms;
mod texts;
mod times;
mod tree;
mod value;
mod write;

use std::sync::Arc;

use self::args::{Asked, Outcome, WRONG_USE};
use self::feed::Feed;
use self::machine::{Env, Item, Machine, Stop, World};
use self::tree::Node;
use self::value::Val;
use crate::shell::{Proc, Program, Running};

pub(crate) const PROGRAM: Program = Program { name: "jq", summary: "Process JSON", run };

/// Exit codes.
const NULL_OR_FALSE: i32 = 1;
const NOT_COMPILED: i32 = 3;
const NOTHING: i32 = 4;
const FAILED: i32 = 5;

/// Bytes that are printed at a time where nobody looks on.
const BLOCK_BYTES: usize = 4096;

fn run(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        match args::read(proc) {
            Outcome::Say(text, 0) => {
                proc.print(text);
                0
            }
            Outcome::Say(text, exit) => {
                proc.eprint(text);
                exit
            }
            Outcome::Run(asked) => start(proc, &asked),
        }
    })
}

/// The environment of a process as a value.
fn environment(proc: &Proc) -> Val {
    Val::object(
        proc.env.iter().map(|(name, value)| (Arc::new(name.clone()), Val::from(value.as_str()))).collect(),
    )
}

fn start(proc: &Proc, asked: &Asked) -> i32 {
    let mut text = asked.program.clone().unwrap_or_else(|| ".".to_owned());
    if asked.from_file {
        match proc.disk().read(&proc.descriptor(&text)) {
            Ok(bytes) => text = String::from_utf8_lossy(&bytes).into_owned(),
            Err(why) => {
                proc.eprint(format!("jq: Could not open {text}: {why}\n"));
                return WRONG_USE;
            }
        }
    }
    let environment = environment(proc);
    let (names, globals): (Vec<String>, Vec<Val>) = asked.variables(&environment).into_iter().unzip();
    let compiled = compile::program(&text, &names);
    let program = match &*compiled {
        Ok(program) => program,
        Err(said) => {
            proc.eprint(said);
            return NOT_COMPILED;
        }
    };
    let sources = feed::sources(proc, &asked.files);
    let mut feed = Feed::new(proc, asked, &sources.found);
    let mut printer = Printer { proc, asked, waiting: String::new() };
    let mut machine = Machine::new(globals, environment, &mut feed);
    let exit = all_inputs(&mut machine, program, &mut printer);
    printer.flush();
    if sources.missing && exit == 0 { WRONG_USE } else { exit }
}

/// What one input came to.
struct Ran {
    exit: i32,
    /// The last value that was printed was null or false; `None` when there was none.
    last: Option<bool>,
    halted: bool,
}

/// Runs a program on every input, and gives the exit code.
fn all_inputs<'p>(machine: &mut Machine<'p>, program: &'p Node, printer: &mut Printer<'_>) -> i32 {
    let asked = printer.asked;
    let mut exit = 0;
    let mut last = None;
    let mut null = asked.no_input.then_some(Val::Null);
    loop {
        let input = match (null.take(), asked.no_input) {
            (Some(null), _) => Some(Ok(null)),
            (None, true) => None,
            (None, false) => machine.world.next(),
        };
        let ran = match input {
            None => break,
            Some(Ok(value)) => one_input(machine, program, value, printer),
            Some(Err(why)) => {
                printer.proc.eprint(format!("jq: parse error: {why}\n"));
                exit = FAILED;
                break;
            }
        };
        exit = ran.exit;
        last = ran.last.or(last);
        if ran.halted {
            return exit;
        }
    }
    match last {
        _ if exit != 0 || !asked.exit_status => exit,
        Some(true) => NULL_OR_FALSE,
        Some(false) => 0,
        None => NOTHING,
    }
}

fn one_input<'p>(machine: &mut Machine<'p>, program: &'p Node, input: Val, printer: &mut Printer<'_>) -> Ran {
    let mut last = None;
    let ended = machine.eval(program, Env::default(), Item::plain(input), &mut |machine, it| {
        last = Some(!it.value.is_true());
        printer.print(machine, &it.value)
    });
    let (exit, halted) = match ended {
        Ok(()) => (0, false),
        Err(Stop::Halt(exit)) => (exit, true),
        Err(Stop::Endless(why)) => {
            printer.proc.eprint(format!("uncordon: stopped, since it would not end: jq: {why}\n"));
            (1, true)
        }
        Err(stop) => {
            printer.proc.eprint(complaint(&place(machine.world), &stop));
            (FAILED, false)
        }
    };
    Ran { exit, last, halted }
}

/// Where in its input a program is.
fn place(world: &dyn World) -> String {
    match world.file() {
        Some(file) => format!("{file}:{}", world.line()),
        None if !world.has_begun() => "<unknown>".to_owned(),
        None => format!("<stdin>:{}", world.line()),
    }
}

fn complaint(place: &str, stop: &Stop) -> String {
    match stop {
        Stop::Error(Val::Str(text)) => format!("jq: error (at {place}): {text}\n"),
        Stop::Error(other) => format!("jq: error (at {place}) (not a string): {}\n", write::compact(other)),
        _ => format!("jq: error (at {place}): break\n"),
    }
}

/// Prints values as they were asked for.
struct Printer<'a> {
    proc: &'a Proc,
    asked: &'a Asked,
    waiting: String,
}

impl Printer<'_> {
    fn print(&mut self, machine: &mut Machine<'_>, value: &Val) -> Result<(), Stop> {
        let asked = self.asked;
        if asked.sequence {
            self.waiting.push('\u{1e}');
        }
        match value {
            Val::Str(text) if asked.raw && asked.style.ascii => {
                write::quoted(text, true, &mut self.waiting);
            }
            Val::Str(text) if asked.zeros && text.contains('\0') => {
                return Err(Stop::from("Cannot dump a string containing NUL with --raw-output0 option"));
            }
            Val::Str(text) if asked.raw => self.waiting.push_str(text),
            other => self.waiting.push_str(&asked.style.show(other)),
        }
        if asked.zeros {
            self.waiting.push('\0');
        } else if !asked.joined {
            self.waiting.push('\n');
        }
        machine.step()?;
        if self.proc.tty || asked.unbuffered || self.waiting.len() >= BLOCK_BYTES {
            self.flush();
        }
        Ok(())
    }

    fn flush(&mut self) {
        if !self.waiting.is_empty() {
            self.proc.print(std::mem::take(&mut self.waiting));
        }
    }
}

/// What an expression makes of a JSON text: JSON texts, or why it fails. `yq` has the same language in large parts.
pub(super) fn results(proc: &Proc, expression: &str, text: &str) -> Result<Vec<String>, String> {
    let input = read::single(text)?;
    let environment = environment(proc);
    let compiled = compile::program(expression, &["ENV".to_owned()]);
    let program = match &*compiled {
        Ok(program) => program,
        Err(said) => {
            let said = said.trim_start_matches("jq: error: ");
            return Err(said.split(" at <top-level>").next().unwrap_or_default().to_owned());
        }
    };
    let mut nothing = feed::Nothing(proc);
    let mut machine = Machine::new(vec![environment.clone()], environment, &mut nothing);
    machine.null_has_no_parts = true;
    let mut found = Vec::new();
    let ended = machine.eval(program, Env::default(), Item::plain(input), &mut |_, it| {
        found.push(write::compact(&it.value));
        Ok(())
    });
    match ended {
        Ok(()) | Err(Stop::Halt(_)) => Ok(found),
        Err(Stop::Error(Val::Str(text))) => Err(text.to_string()),
        Err(Stop::Error(other)) => Err(write::compact(&other)),
        Err(Stop::Endless(why)) => Err(format!("stopped, since it would not end: {why}")),
        Err(_) => Err("break".to_owned()),
    }
}
