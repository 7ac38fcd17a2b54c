//! An exercise line by line, for screen readers and bare terminals: what is typed runs, what begins
//! with `:` is for the trainer.
//!
//! A command that waits does so in simulated time only; between two lines the world's time follows the
//! real clock.

use std::io::{BufRead, Write, stdin, stdout};
use std::time::Instant;

use super::sitting;
use super::{Settings, data, packs, progress};
use crate::cluster::World;
use crate::exam::progress::Attempt;
use crate::exam::seat::Typed;
use crate::exercises::{Exercise, Report, Stage, grade};
use crate::shell::vim::Editor;
use crate::shell::{Answer, Console, EditRequest, Request, Status, is_incomplete};
use crate::tui::{Msg, Words};

/// Commands with the key of their words.
const COMMANDS: &[(&str, &str)] = &[
    (":task", "plain-task"),
    (":hint", "plain-hint"),
    (":check", "plain-check"),
    (":solution", "plain-solution"),
    (":undo", "plain-undo"),
    (":reset", "plain-reset"),
    (":help", "plain-help"),
    (":quit", "plain-quit"),
];

struct Plain {
    exercise: Exercise,
    stage: Stage,
    console: Console,
    words: Words,
    hints: usize,
    opened: Instant,
    last: Instant,
    undo: Vec<World>,
    commands: Vec<Typed>,
}

/// Runs one exercise until its input ends or `:quit`.
pub(super) fn run(id: &str, seed: Option<u64>, settings: Settings) -> Result<u8, String> {
    let words = settings.words;
    let exercise = packs::find(id)?.translated(words.0.code());
    let seed = seed.unwrap_or_else(sitting::fresh_seed);
    let variant = exercise.variant(seed).map_err(|problems| packs::lines(&problems))?;
    let stage = Stage::build(variant)?;
    let console = sitting::console(&stage, stage.start.clone())?;
    let now = Instant::now();
    let mut plain = Plain {
        exercise,
        stage,
        console,
        words,
        hints: 0,
        opened: now,
        last: now,
        undo: Vec::new(),
        commands: Vec::new(),
    };
    println!("{}\n", plain.stage.variant.title);
    plain.say_task();
    println!("\n{}", words.say("plain-begin"));
    plain.lines().map_err(|error| error.to_string())?;
    Ok(0)
}

/// A line of standard input behind a prompt; `None` at its end.
fn read(prompt: &str) -> std::io::Result<Option<String>> {
    print!("{prompt}");
    stdout().flush()?;
    let mut line = String::new();
    let count = stdin().lock().read_line(&mut line)?;
    Ok((count > 0).then(|| line.trim_end_matches(['\n', '\r']).to_owned()))
}

impl Plain {
    fn lines(&mut self) -> std::io::Result<()> {
        while !self.console.is_ended() {
            let Some(mut line) = read(&self.console.prompt())? else { break };
            if let Some(command) = line.strip_prefix(':') {
                if !self.command(command.trim()) {
                    break;
                }
                continue;
            }
            while is_incomplete(&line) {
                let Some(more) = read("> ")? else { break };
                line = format!("{line}\n{more}");
            }
            self.start(&line)?;
        }
        Ok(())
    }

    /// Moves simulated time on with the real clock.
    fn pass_time(&mut self) {
        let now = Instant::now();
        let passed = now.saturating_duration_since(self.last);
        self.last = now;
        self.console.lab().world().advance(passed);
    }

    fn start(&mut self, line: &str) -> std::io::Result<()> {
        self.pass_time();
        if !line.trim().is_empty() {
            let world = self.console.lab().world().clone();
            self.undo.push(world);
            let ms = u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(0);
            self.commands.push(Typed { ms, line: line.to_owned() });
        }
        self.console.start(line);
        loop {
            let status = self.console.run_on();
            let mut out = stdout();
            for (_, bytes) in self.console.take_output() {
                out.write_all(&bytes)?;
            }
            out.flush()?;
            let Status::Asks(request) = status else { break };
            match *request {
                Request::Line { prompt, .. } => {
                    let answer = read(&prompt)?.map_or(Answer::Nobody, Answer::Line);
                    self.console.answer(answer);
                }
                Request::Page(page) => {
                    print!("{}", page.text);
                    self.console.answer(Answer::Exit(0));
                }
                Request::Edit(request) => self.edit(&request)?,
                Request::Session(..) | Request::EditAnswer(_) => self.console.answer(Answer::Nobody),
            }
        }
        self.last = Instant::now();
        Ok(())
    }

    /// An editor by its commands: each line is one, and the line it leads to is read out.
    fn edit(&mut self, request: &EditRequest) -> std::io::Result<()> {
        println!("{}", self.words.with("plain-editor", &[("name", request.name.clone().into())]));
        let mut editor = Editor::open(request);
        loop {
            while let Some(need) = editor.need().cloned() {
                self.console.answer(Answer::Need(need));
                let Status::Asks(request) = self.console.run_on() else { return Ok(()) };
                let Request::EditAnswer(answer) = *request else { return Ok(()) };
                editor.resume(answer);
            }
            if let Some(left) = editor.left() {
                self.console.answer(Answer::Exit(left.exit));
                return Ok(());
            }
            let said = editor.bottom_line();
            let row = editor.cursor().row;
            let line: String = editor.line(row).iter().collect();
            println!("{}", if said.is_empty() { format!("{} {line}", row + 1) } else { said });
            let Some(command) = read(":")? else {
                self.console.answer(Answer::Exit(1));
                return Ok(());
            };
            editor.feed(&format!(":{}\n", command.trim_start_matches(':')));
        }
    }

    /// A command for the trainer; false when it ends.
    fn command(&mut self, command: &str) -> bool {
        match command {
            "task" => self.say_task(),
            "hint" => self.hint(),
            "check" => self.check(),
            "solution" => self.solution(),
            "reset" => self.restart(self.stage.start.clone(), "said-reset"),
            "undo" => match self.undo.pop() {
                Some(world) => {
                    self.commands.pop();
                    self.restart(world, "said-undone");
                }
                None => println!("{}", self.words.say("said-nothing-to-undo")),
            },
            "quit" | "q" => return false,
            _ => {
                for (name, says) in COMMANDS {
                    println!("{name:<10} {}", self.words.say(says));
                }
            }
        }
        true
    }

    fn say_task(&self) {
        println!("{}", self.stage.variant.task.trim_end());
    }

    fn hint(&mut self) {
        match self.stage.variant.hints.get(self.hints) {
            Some(hint) => {
                self.hints += 1;
                println!("{} {hint}", self.words.with("task-hint", &[("number", self.hints.into())]));
            }
            None => println!("{}", self.words.say("said-no-hints")),
        }
    }

    fn check(&mut self) {
        self.pass_time();
        let report = grade(&self.stage, &Stage::settled(&self.console.lab().world()));
        let seconds = self.opened.elapsed().as_secs();
        let seed = self.stage.variant.seed;
        let attempt = Attempt::new(&self.exercise, seed, &report, seconds, data::now_s());
        let noted = progress::note(&[attempt]);
        if let Err(why) = noted {
            println!("{}", self.words.with("said-not-kept", &[("why", why.into())]));
        }
        self.say_report(&report);
    }

    fn say_report(&self, report: &Report) {
        let won = [("won", report.points.into()), ("max", report.max.into())];
        println!("{}", self.words.with("points-of", &won));
        for check in &report.checks {
            let passed = if check.points == check.max { "plain-passed" } else { "plain-failed" };
            println!("{}: {} ({}/{})", self.words.say(passed), check.name, check.points, check.max);
            if check.points < check.max {
                let notes = [
                    ("check-wanted", &check.wanted),
                    ("check-saw", &check.saw),
                    ("check-why", &check.mistake),
                ];
                for (label, text) in notes.iter().filter(|(_, text)| !text.is_empty()) {
                    println!("  {}: {}", self.words.say(label), text.trim_end());
                }
            }
        }
    }

    fn solution(&self) {
        let mine = Stage::settled(&self.console.lab().world());
        match sitting::solution(&self.stage, &mine, &self.commands, self.words) {
            Ok(Msg::Solution { script, diff, explain }) => {
                println!("{}\n{}", self.words.say("solution-reference"), script.trim_end());
                let diff = if diff.is_empty() { self.words.say("solution-same") } else { diff };
                println!("{}\n{}\n{explain}", self.words.say("solution-difference"), diff.trim_end());
            }
            Ok(_) => {}
            Err(why) => println!("{why}"),
        }
    }

    fn restart(&mut self, world: World, says: &str) {
        match sitting::console(&self.stage, world) {
            Ok(console) => {
                self.console = console;
                println!("{}", self.words.say(says));
            }
            Err(why) => println!("{why}"),
        }
    }
}
