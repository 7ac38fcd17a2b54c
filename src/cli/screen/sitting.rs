//! One exercise being worked on: its world, its console, and the clock between them.

use std::time::Instant;

use crate::cluster::World;
use crate::cluster::place::FileOp;
use crate::exam::progress::Attempt;
use crate::exercises::{Exercise, Report, Stage, compare, grade, stage};
use crate::shell::{Answer, Console, Request, Status};
use crate::tui::{Card, CheckLine, Effect, Msg, Opened, Verdict};

use super::{data, packs, progress};

/// An open exercise.
pub(super) struct Sitting {
    exercise: Exercise,
    stage: Stage,
    console: Console,
    opened: Instant,
    /// When simulated time was last moved on.
    last: Instant,
    seconds_shown: u64,
    /// Worlds before each of the last commands, newest last.
    undo: Vec<World>,
    commands: Vec<String>,
    /// True while a command runs.
    running: bool,
    /// The file that the editor on screen is about.
    editing: Option<Request>,
}

/// Commands that can be taken back.
const UNDO_MAX: usize = 50;

impl Sitting {
    /// Prepares an exercise.
    pub(super) fn open(id: &str, seed: Option<u64>, now: Instant) -> Result<(Self, Opened), String> {
        let exercise = packs::find(id)?;
        let seed = seed.unwrap_or_else(fresh_seed);
        let variant = exercise.variant(seed).map_err(|problems| packs::lines(&problems))?;
        let stage = Stage::build(variant)?;
        let console = console(&stage, stage.start.clone())?;
        let card = Card {
            id: exercise.id.clone(),
            pack: exercise.pack.clone(),
            title: stage.variant.title.clone(),
            domain: exercise.domain.clone(),
            difficulty: exercise.difficulty.clone(),
            minutes: exercise.minutes,
            points: exercise.points,
            best: None,
        };
        let opened = Opened {
            card,
            seed,
            task: stage.variant.task.clone(),
            host: stage.variant.host.clone(),
            hints: stage.variant.hints.clone(),
            prompt: console.prompt(),
        };
        let sitting = Self {
            exercise,
            stage,
            console,
            opened: now,
            last: now,
            seconds_shown: 0,
            undo: Vec::new(),
            commands: Vec::new(),
            running: false,
            editing: None,
        };
        Ok((sitting, opened))
    }

    /// True while a command runs, so that frames follow each other quickly.
    pub(super) fn is_busy(&self) -> bool {
        self.running
    }

    /// Moves simulated time on with the real clock and runs what waits for it.
    pub(super) fn pass_time(&mut self, now: Instant) -> Vec<Msg> {
        let passed = now.saturating_duration_since(self.last);
        self.last = now;
        self.console.lab().world().advance(passed);
        let mut msgs = self.poll();
        let seconds = now.saturating_duration_since(self.opened).as_secs();
        if seconds != self.seconds_shown {
            self.seconds_shown = seconds;
            msgs.push(Msg::Second(seconds));
        }
        msgs
    }

    fn poll(&mut self) -> Vec<Msg> {
        let mut msgs = Vec::new();
        if !self.running {
            return msgs;
        }
        let status = self.console.poll();
        let written: Vec<u8> = self.console.take_output().into_iter().flat_map(|(_, bytes)| bytes).collect();
        if !written.is_empty() {
            msgs.push(Msg::Printed(written));
        }
        match status {
            Status::Pending => {}
            Status::Prompt(_) => {
                self.running = false;
                msgs.push(Msg::Prompt(self.console.prompt()));
            }
            Status::Ended(_) => {
                self.running = false;
                msgs.push(Msg::Ended);
                msgs.push(Msg::Said("The shell has ended. F5 begins again.".into()));
            }
            Status::Asks(request) => msgs.extend(self.show(*request)),
        }
        msgs
    }

    fn show(&mut self, request: Request) -> Option<Msg> {
        // While the learner answers nothing runs; the answer starts it again.
        self.running = false;
        match &request {
            Request::Line { prompt, hidden } => Some(Msg::Ask { prompt: prompt.clone(), hidden: *hidden }),
            Request::Page { text } => Some(Msg::Page(text.clone())),
            Request::Edit { place, path, .. } => {
                let text = self.console.lab().world().read_text(place, path).unwrap_or_default();
                let msg = Msg::Edit { path: path.clone(), text };
                self.editing = Some(request);
                Some(msg)
            }
            Request::Session(_) => {
                self.running = true;
                None
            }
        }
    }

    fn answer(&mut self, answer: Answer) -> Vec<Msg> {
        self.console.answer(answer);
        self.running = true;
        self.poll()
    }

    /// Carries out what the screen asks for.
    pub(super) fn carry_out(&mut self, effect: Effect, now: Instant) -> Vec<Msg> {
        match effect {
            Effect::Run(line) => self.start(&line),
            Effect::Answer(line) => self.answer(Answer::Line(line)),
            Effect::PageClosed => self.answer(Answer::Exit(0)),
            Effect::EditorClosed { exit } => {
                self.editing = None;
                self.answer(Answer::Exit(exit))
            }
            Effect::Write { text, closes, .. } => self.write(&text, closes),
            Effect::Interrupt => {
                self.console.cancel();
                self.running = true;
                let mut msgs = vec![Msg::Printed(b"^C\n".to_vec())];
                msgs.extend(self.poll());
                msgs
            }
            Effect::CloseShell => {
                self.console.close();
                self.running = true;
                self.poll()
            }
            Effect::Complete { line, cursor } => {
                let (replace, candidates) = self.console.complete(&line, cursor);
                vec![Msg::Completed { replace, candidates }]
            }
            Effect::Check => self.check(now),
            Effect::ShowSolution => self.solution(),
            Effect::Reset => self.restart(self.stage.start.clone(), "Back at the beginning"),
            Effect::Undo => match self.undo.pop() {
                Some(world) => {
                    self.commands.pop();
                    self.restart(world, "The last command is taken back")
                }
                None => vec![Msg::Said("There is nothing to take back".into())],
            },
            Effect::Quit | Effect::Open { .. } | Effect::Leave | Effect::Copy(_) => Vec::new(),
        }
    }

    fn start(&mut self, line: &str) -> Vec<Msg> {
        if !line.trim().is_empty() {
            self.undo.push(self.console.lab().world().clone());
            self.commands.push(line.to_owned());
            let surplus = self.undo.len().saturating_sub(UNDO_MAX);
            self.undo.drain(..surplus);
        }
        self.console.start(line);
        self.running = true;
        self.poll()
    }

    fn write(&mut self, text: &str, closes: Option<i32>) -> Vec<Msg> {
        let mut msgs = Vec::new();
        if let Some(Request::Edit { place, path, .. }) = &self.editing {
            let write = FileOp::Write { path, bytes: text.as_bytes() };
            if let Err(error) = self.console.lab().world().change_files(place, write) {
                msgs.push(Msg::Said(format!("{path}: {error}")));
            }
        }
        if let Some(exit) = closes {
            self.editing = None;
            msgs.extend(self.answer(Answer::Exit(exit)));
        }
        msgs
    }

    fn check(&mut self, now: Instant) -> Vec<Msg> {
        let end = Stage::settled(&self.console.lab().world());
        let report = grade(&self.stage, &end);
        let seconds = now.saturating_duration_since(self.opened).as_secs();
        let seed = self.stage.variant.seed;
        let attempt = Attempt::new(&self.exercise, seed, &report, seconds, data::now_s());
        let noted = progress::note(&[attempt]);
        let mut msgs = vec![Msg::Graded(verdict(report))];
        if let Err(why) = noted {
            msgs.push(Msg::Said(format!("Progress was not kept: {why}")));
        }
        msgs
    }

    fn solution(&self) -> Vec<Msg> {
        let variant = &self.stage.variant;
        let reference = match self.stage.run("solution.sh", &variant.solution) {
            Ok(reference) => reference,
            Err(why) => return vec![Msg::Said(why)],
        };
        let mine = Stage::settled(&self.console.lab().world());
        let yours: String = self.commands.iter().map(|line| format!("# {line}\n")).collect();
        let script =
            format!("{}\n# Your {} commands\n{yours}", variant.solution.trim_end(), self.commands.len());
        let diff = compare::diff(&self.stage.start, &mine, &reference.world);
        vec![Msg::Solution { script, diff, explain: variant.explain.clone() }]
    }

    /// Goes on from another world, with a fresh shell.
    fn restart(&mut self, world: World, says: &str) -> Vec<Msg> {
        match console(&self.stage, world) {
            Ok(console) => {
                self.console = console;
                self.running = false;
                self.editing = None;
                vec![Msg::Prompt(self.console.prompt()), Msg::Said(says.into())]
            }
            Err(why) => vec![Msg::Said(why)],
        }
    }
}

fn console(stage: &Stage, world: World) -> Result<Console, String> {
    let lab = stage::lab(world);
    let login = stage::root(&lab, &stage.variant.host);
    let console = Console::new(&lab, login).map_err(|error| error.to_string())?;
    drop(console.take_output());
    Ok(console)
}

fn verdict(report: Report) -> Verdict {
    let checks = report.checks.into_iter().map(|it| CheckLine {
        name: it.name,
        points: it.points,
        max: it.max,
        saw: it.saw,
        wanted: it.wanted,
        mistake: it.mistake,
    });
    Verdict { points: report.points, max: report.max, checks: checks.collect() }
}

/// A seed that nobody chose: a fresh variant every time.
fn fresh_seed() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(1, |since| since.as_secs() % 1_000_000)
}
