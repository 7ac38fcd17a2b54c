//! One exercise being worked on: its world, its terminals, and the clock between them.

use std::time::Instant;

use crate::cluster::World;
use crate::exam::progress::Attempt;
use crate::exercises::{Exercise, Report, Stage, compare, grade, stage};
use crate::shell::{Answer, Console, Lab, Request, Status};
use crate::tui::{Card, CheckLine, Effect, FromShell, Msg, Opened, ToShell, Verdict, Words};

use super::{data, packs, progress};

/// An open exercise.
pub(super) struct Sitting {
    exercise: Exercise,
    stage: Stage,
    words: Words,
    /// One for each terminal; never empty.
    seats: Vec<Seat>,
    opened: Instant,
    /// When simulated time was last moved on.
    last: Instant,
    seconds_shown: u64,
    /// Worlds before each of the last commands, newest last.
    undo: Vec<World>,
    commands: Vec<String>,
}

/// A terminal's shell.
struct Seat {
    console: Console,
    /// True while a command runs.
    running: bool,
}

/// Commands that can be taken back.
const UNDO_MAX: usize = 50;

impl Sitting {
    /// Prepares an exercise.
    pub(super) fn open(
        id: &str,
        seed: Option<u64>,
        words: Words,
        now: Instant,
    ) -> Result<(Self, Opened), String> {
        let exercise = packs::find(id)?.translated(words.0.code());
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
            words,
            seats: vec![Seat { console, running: false }],
            opened: now,
            last: now,
            seconds_shown: 0,
            undo: Vec::new(),
            commands: Vec::new(),
        };
        Ok((sitting, opened))
    }

    /// True while a command runs, so that frames follow each other quickly.
    pub(super) fn is_busy(&self) -> bool {
        self.seats.iter().any(|seat| seat.running)
    }

    /// The world that every terminal works on.
    fn lab(&self) -> &Lab {
        self.seats[0].console.lab()
    }

    /// Moves simulated time on with the real clock and runs what waits for it.
    pub(super) fn pass_time(&mut self, now: Instant) -> Vec<Msg> {
        let passed = now.saturating_duration_since(self.last);
        self.last = now;
        self.lab().world().advance(passed);
        let mut msgs = Vec::new();
        for (number, seat) in self.seats.iter_mut().enumerate() {
            msgs.extend(seat.poll().into_iter().map(|msg| Msg::Shell(number, msg)));
        }
        let seconds = now.saturating_duration_since(self.opened).as_secs();
        if seconds != self.seconds_shown {
            self.seconds_shown = seconds;
            msgs.push(Msg::Second(seconds));
        }
        msgs
    }

    /// Carries out what the screen asks for.
    pub(super) fn carry_out(&mut self, effect: Effect, now: Instant) -> Vec<Msg> {
        match effect {
            Effect::Shell(number, to) => {
                if let ToShell::Run(line) = &to {
                    self.note(line);
                }
                let Some(seat) = self.seats.get_mut(number) else { return Vec::new() };
                let mut msgs: Vec<Msg> =
                    seat.carry_out(to).into_iter().map(|msg| Msg::Shell(number, msg)).collect();
                let ended = msgs.iter().any(|msg| matches!(msg, Msg::Shell(_, FromShell::Ended)));
                if ended && self.seats.len() == 1 {
                    msgs.push(Msg::Said(self.words.say("said-ended")));
                }
                msgs
            }
            Effect::NewTerminal => match another(&self.stage, self.lab()) {
                Ok(console) => {
                    let prompt = console.prompt();
                    self.seats.push(Seat { console, running: false });
                    vec![Msg::Terminal { prompt }]
                }
                Err(why) => vec![Msg::Said(why)],
            },
            Effect::CloseTerminal(number) => {
                if self.seats.len() > 1 && number < self.seats.len() {
                    self.seats.remove(number);
                }
                Vec::new()
            }
            Effect::Check => self.check(now),
            Effect::ShowSolution => self.solution(),
            Effect::Reset => self.restart(self.stage.start.clone(), "said-reset"),
            Effect::Undo => match self.undo.pop() {
                Some(world) => {
                    self.commands.pop();
                    self.restart(world, "said-undone")
                }
                None => vec![Msg::Said(self.words.say("said-nothing-to-undo"))],
            },
            Effect::Quit | Effect::Open { .. } | Effect::Leave | Effect::Copy(_) | Effect::Settings => {
                Vec::new()
            }
        }
    }

    /// Keeps the world before a command, for undo.
    fn note(&mut self, line: &str) {
        if line.trim().is_empty() {
            return;
        }
        let world = self.lab().world().clone();
        self.undo.push(world);
        self.commands.push(line.to_owned());
        let surplus = self.undo.len().saturating_sub(UNDO_MAX);
        self.undo.drain(..surplus);
    }

    fn check(&mut self, now: Instant) -> Vec<Msg> {
        let end = Stage::settled(&self.lab().world());
        let report = grade(&self.stage, &end);
        let seconds = now.saturating_duration_since(self.opened).as_secs();
        let seed = self.stage.variant.seed;
        let attempt = Attempt::new(&self.exercise, seed, &report, seconds, data::now_s());
        let noted = progress::note(&[attempt]);
        let mut msgs = vec![Msg::Graded(verdict(report))];
        if let Err(why) = noted {
            msgs.push(Msg::Said(self.words.with("said-not-kept", &[("why", why.into())])));
        }
        msgs
    }

    fn solution(&self) -> Vec<Msg> {
        let mine = Stage::settled(&self.lab().world());
        match solution(&self.stage, &mine, &self.commands, self.words) {
            Ok(msg) => vec![msg],
            Err(why) => vec![Msg::Said(why)],
        }
    }

    /// Goes on from another world, with a fresh shell.
    fn restart(&mut self, world: World, says: &str) -> Vec<Msg> {
        match console(&self.stage, world) {
            Ok(console) => {
                let prompt = console.prompt();
                self.seats = vec![Seat { console, running: false }];
                vec![Msg::Restarted { prompt }, Msg::Said(self.words.say(says))]
            }
            Err(why) => vec![Msg::Said(why)],
        }
    }
}

impl Seat {
    fn poll(&mut self) -> Vec<FromShell> {
        let mut msgs = Vec::new();
        if !self.running {
            return msgs;
        }
        let status = self.console.poll();
        let written: Vec<u8> = self.console.take_output().into_iter().flat_map(|(_, bytes)| bytes).collect();
        if !written.is_empty() {
            msgs.push(FromShell::Printed(written));
        }
        match status {
            Status::Pending => {}
            Status::Prompt(_) => {
                self.running = false;
                msgs.push(FromShell::Prompt(self.console.prompt()));
            }
            Status::Ended(_) => {
                self.running = false;
                msgs.push(FromShell::Ended);
            }
            Status::Asks(request) => {
                // While the learner answers nothing runs; the answer starts it again.
                self.running = matches!(*request, Request::Session(_));
                msgs.extend(shown(*request));
            }
        }
        msgs
    }

    fn go_on(&mut self) -> Vec<FromShell> {
        self.running = true;
        self.poll()
    }

    fn answer(&mut self, answer: Answer) -> Vec<FromShell> {
        self.console.answer(answer);
        self.go_on()
    }

    fn carry_out(&mut self, to: ToShell) -> Vec<FromShell> {
        match to {
            ToShell::Run(line) => {
                self.console.start(&line);
                self.go_on()
            }
            ToShell::Answer(line) => self.answer(Answer::Line(line)),
            ToShell::PageClosed => self.answer(Answer::Exit(0)),
            ToShell::EditorClosed { exit } => self.answer(Answer::Exit(exit)),
            ToShell::Need(need) => self.answer(Answer::Need(need)),
            ToShell::Interrupt => {
                self.console.cancel();
                let mut msgs = vec![FromShell::Printed(b"^C\n".to_vec())];
                msgs.extend(self.go_on());
                msgs
            }
            ToShell::Close => {
                self.console.close();
                self.go_on()
            }
            ToShell::Complete { line, cursor } => {
                let (replace, candidates) = self.console.complete(&line, cursor);
                vec![FromShell::Completed { replace, candidates }]
            }
        }
    }
}

/// What a program's question is on the screen; a session opens by itself.
fn shown(request: Request) -> Option<FromShell> {
    match request {
        Request::Line { prompt, hidden } => Some(FromShell::Ask { prompt, hidden }),
        Request::Page(page) => Some(FromShell::Page(page)),
        Request::Edit(request) => Some(FromShell::Edit(request)),
        Request::EditAnswer(answer) => Some(FromShell::EditAnswer(answer)),
        Request::Session(_) => None,
    }
}

/// The reference, the learner's commands beside it, and how the ends differ.
pub(super) fn solution(
    stage: &Stage,
    mine: &World,
    commands: &[String],
    words: Words,
) -> Result<Msg, String> {
    let variant = &stage.variant;
    let reference = stage.run("solution.sh", &variant.solution)?;
    let yours: String = commands.iter().map(|line| format!("# {line}\n")).collect();
    let count = words.with("solution-yours", &[("count", commands.len().into())]);
    let script = format!("{}\n# {count}\n{yours}", variant.solution.trim_end());
    let diff = compare::diff(&stage.start, mine, &reference.world);
    Ok(Msg::Solution { script, diff, explain: variant.explain.clone() })
}

/// The first terminal on a world.
pub(super) fn console(stage: &Stage, world: World) -> Result<Console, String> {
    another(stage, &stage::lab(world))
}

/// A terminal on a world that others may work on too.
fn another(stage: &Stage, lab: &Lab) -> Result<Console, String> {
    let login = stage::root(lab, &stage.variant.host);
    let console = Console::new(lab, login).map_err(|error| error.to_string())?;
    drop(console.take_output());
    Ok(console)
}

pub(super) fn verdict(report: Report) -> Verdict {
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
pub(super) fn fresh_seed() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(1, |since| since.as_secs() % 1_000_000)
}
