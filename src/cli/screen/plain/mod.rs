//! An exercise or an exam line by line, for screen readers and bare terminals: what is typed runs, what begins
//! with `:` is for the trainer.
//!
//! The same sittings as on the screen, kept the same way: an exam that was begun here goes on there, and back.

mod commands;
mod editor;
mod keyboard;
mod says;

use std::io::{Write, stdout};
use std::time::Instant;

use self::editor::{Lines, Step};
use self::keyboard::{Heard, Keyboard};
use super::exam::{Exam, Wanted};
use super::sitting::Sitting;
use super::{BUSY_FRAME, Guarded, IDLE_FRAME, Settings};
use crate::cli::guard::{self, Then};
use crate::shell::is_incomplete;
use crate::tui::{Effect, ExamMsg, ExamTask, FromShell, Msg, Opened, ToShell, Words};

/// What is worked on.
enum Work {
    Exercise(Box<Sitting>),
    Exam(Box<Exam>),
}

/// A terminal as it is read out.
struct Term {
    prompt: String,
    waits: Waits,
}

/// What the next line that is typed is for.
enum Waits {
    /// The shell, behind what was typed of a command that is not whole.
    Shell(String),
    /// A program that asked with this.
    Line(String),
    Editor(Box<Lines>),
    /// Nothing: something runs.
    Running,
}

struct Plain {
    work: Work,
    settings: Settings,
    words: Words,
    terms: Vec<Term>,
    /// The terminal that is typed on.
    on: usize,
    /// Tasks that were read out so far.
    opened: Vec<Option<Box<Opened>>>,
    tasks: Vec<ExamTask>,
    front: usize,
    note: String,
    hints: usize,
    left_s: Option<u64>,
    gone_s: u64,
    /// While a sitting is taken up again: what it showed, of which only the end is read out.
    replayed: Option<String>,
    done: bool,
}

/// Lines of what was shown before that are read out when a sitting is taken up again.
const REPLAYED_LINES: usize = 10;

/// One exercise until its input ends or `:quit`.
pub(super) fn practice(id: &str, seed: Option<u64>, settings: Settings) -> Result<u8, String> {
    let (sitting, opened) = guard::over(Guarded::Opening.name(), Then::Exit, || {
        Sitting::open(id, seed, settings.words, Instant::now())
    })?;
    let mut plain = Plain::new(Work::Exercise(Box::new(sitting)), settings);
    plain.take(Msg::Opened(Box::new(opened)));
    plain.run("plain-begin")
}

/// The exercise that was cut off last.
pub(super) fn resume(settings: Settings) -> Result<u8, String> {
    let (sitting, opened, msgs) =
        guard::over(Guarded::Terminal.name(), Then::Resume(again("practice", settings)), || {
            Sitting::resume(settings.words, Instant::now())
        })?;
    let mut plain = Plain::new(Work::Exercise(Box::new(sitting)), settings);
    plain.take(Msg::Opened(Box::new(opened)));
    plain.replay(msgs);
    plain.run("plain-begin")
}

/// A mock exam.
pub(super) fn exam(wanted: Wanted, settings: Settings) -> Result<u8, String> {
    let now = Instant::now();
    let (exam, msgs) = match wanted {
        Wanted::Nothing => return Ok(0),
        Wanted::Begin(head, name) => guard::over(Guarded::Opening.name(), Then::Exit, || {
            Exam::begin(*head, name, settings.words, now)
        })?,
        Wanted::Resume(path, name) => {
            guard::over(Guarded::Terminal.name(), Then::Resume(again("exam", settings)), || {
                Exam::resume(&path, name, settings.words, now)
            })?
        }
    };
    let mut plain = Plain::new(Work::Exam(Box::new(exam)), settings);
    plain.replay(msgs);
    plain.run("plain-exam-begin")
}

/// The arguments that take up line by line what was cut off last.
fn again(command: &str, settings: Settings) -> Vec<String> {
    let mut args = super::again(command, settings);
    args.push("--plain".to_owned());
    args
}

impl Plain {
    fn new(work: Work, settings: Settings) -> Self {
        Self {
            work,
            settings,
            words: settings.words,
            terms: Vec::new(),
            on: 0,
            opened: Vec::new(),
            tasks: Vec::new(),
            front: 0,
            note: String::new(),
            hints: 0,
            left_s: None,
            gone_s: 0,
            replayed: None,
            done: false,
        }
    }

    fn is_exam(&self) -> bool {
        matches!(self.work, Work::Exam(_))
    }

    /// Takes in what happened before; then the task and the end of what was shown are read out.
    fn replay(&mut self, msgs: Vec<Msg>) {
        self.replayed = Some(String::new());
        msgs.into_iter().for_each(|msg| self.take(msg));
        let shown = self.replayed.take().unwrap_or_default();
        self.say_task();
        let lines: Vec<&str> = shown.lines().collect();
        let skip = lines.len().saturating_sub(REPLAYED_LINES);
        lines.iter().skip(skip).for_each(|line| self.say(line));
    }

    fn run(mut self, begin: &str) -> Result<u8, String> {
        let keyboard = Keyboard::listen()?;
        self.say(&format!("\n{}", self.words.say(begin)));
        self.say_prompt();
        while !self.done {
            self.pass_time();
            let waits = !self.done && !matches!(self.term().waits, Waits::Running);
            if !waits {
                // What is typed ahead waits for the program to end.
                if keyboard.was_interrupted() {
                    self.interrupt();
                }
                std::thread::sleep(BUSY_FRAME);
                continue;
            }
            match keyboard.hear(IDLE_FRAME) {
                Heard::Nothing => {}
                Heard::Interrupt => self.interrupt(),
                Heard::End if !keyboard.is_terminal => self.done = true,
                Heard::End => self.close(),
                Heard::Line(line) => {
                    self.line(&line);
                    self.say_prompt();
                }
            }
        }
        Ok(self.leave())
    }

    fn leave(self) -> u8 {
        match self.work {
            Work::Exercise(sitting) => sitting.leave(Instant::now()),
            Work::Exam(exam) => println!("{}", exam.last_words()),
        }
        0
    }

    fn term(&mut self) -> &mut Term {
        if self.terms.is_empty() {
            self.terms.push(Term { prompt: String::new(), waits: Waits::Running });
        }
        self.on = self.on.min(self.terms.len() - 1);
        &mut self.terms[self.on]
    }

    /// Moves simulated time on with the real clock.
    fn pass_time(&mut self) {
        let now = Instant::now();
        let what = match &self.work {
            Work::Exam(exam) if exam.grades_next() => Guarded::Grading,
            _ => Guarded::Terminal,
        };
        let msgs = guard::over(what.name(), self.then(what), || match &mut self.work {
            Work::Exercise(sitting) => sitting.pass_time(now),
            Work::Exam(exam) => exam.pass_time(now),
        });
        let waited = matches!(self.term().waits, Waits::Running);
        msgs.into_iter().for_each(|msg| self.take(msg));
        if waited {
            self.say_prompt();
        }
    }

    /// What follows when something never ends.
    fn then(&self, what: Guarded) -> Then {
        let command = match self.work {
            Work::Exercise(_) => "practice",
            Work::Exam(_) => "exam",
        };
        match what {
            Guarded::Terminal => Then::Resume(again(command, self.settings)),
            _ => Then::Exit,
        }
    }

    fn effect(&mut self, effect: Effect) {
        let now = Instant::now();
        let what = Guarded::by(&effect);
        let msgs = guard::over(what.name(), self.then(what), || match &mut self.work {
            Work::Exercise(sitting) => sitting.carry_out(effect, now),
            Work::Exam(exam) => exam.carry_out(effect, now),
        });
        msgs.into_iter().for_each(|msg| self.take(msg));
    }

    /// Tells the shell of the terminal that is typed on.
    fn shell(&mut self, to: ToShell) {
        let on = self.on;
        self.effect(Effect::Shell(on, to));
    }

    fn line(&mut self, line: &str) {
        match &mut self.term().waits {
            Waits::Running => {}
            Waits::Line(_) => {
                self.term().waits = Waits::Running;
                self.shell(ToShell::Answer(line.to_owned()));
            }
            Waits::Editor(lines) => {
                let said = lines.take(line);
                self.step_editor(self.on);
                self.print(&said);
            }
            Waits::Shell(open) => {
                if let Some(command) = line.strip_prefix(':').filter(|it| open.is_empty() && is_command(it)) {
                    let command = command.trim().to_owned();
                    return self.command(&command);
                }
                let text = if open.is_empty() { line.to_owned() } else { format!("{open}\n{line}") };
                if is_incomplete(&text) {
                    *open = text;
                    return;
                }
                self.term().waits = Waits::Running;
                self.shell(ToShell::Run(text));
            }
        }
    }

    fn interrupt(&mut self) {
        match &mut self.term().waits {
            Waits::Shell(open) => open.clear(),
            Waits::Editor(lines) => lines.interrupt(),
            Waits::Running | Waits::Line(_) => self.shell(ToShell::Interrupt),
        }
        self.say("");
        self.say_prompt();
    }

    /// Ctrl-D.
    fn close(&mut self) {
        self.say("");
        let more = self.is_exam() || self.terms.len() > 1;
        let at_prompt = matches!(&self.term().waits, Waits::Shell(open) if open.is_empty());
        if more && at_prompt {
            self.term().waits = Waits::Running;
            self.shell(ToShell::Close);
        } else {
            self.done = true;
        }
    }

    /// Lets an editor go on until it wants a command.
    fn step_editor(&mut self, on: usize) {
        let Some(Waits::Editor(lines)) = self.terms.get_mut(on).map(|term| &mut term.waits) else { return };
        match lines.step() {
            None => {}
            Some(Step::Need(need)) => self.effect(Effect::Shell(on, ToShell::Need(need))),
            Some(Step::Left(exit)) => {
                self.terms[on].waits = Waits::Running;
                self.effect(Effect::Shell(on, ToShell::EditorClosed { exit }));
            }
            Some(Step::Command(said)) if !said.is_empty() => self.say(&said),
            Some(Step::Command(_)) => {}
        }
    }

    fn take(&mut self, msg: Msg) {
        if self.done {
            return;
        }
        match msg {
            Msg::Opened(opened) => {
                self.terms = vec![Term { prompt: opened.prompt.clone(), waits: Waits::Shell(String::new()) }];
                self.hints = opened.hints_shown;
                self.opened = vec![Some(opened)];
                self.say_task();
            }
            Msg::Shell(on, from) => self.hear(on, from),
            Msg::Terminal { prompt } => {
                self.terms.push(Term { prompt, waits: Waits::Shell(String::new()) });
                self.on = self.terms.len() - 1;
            }
            Msg::Restarted { prompt } => {
                self.terms = vec![Term { prompt, waits: Waits::Shell(String::new()) }];
            }
            Msg::Graded(verdict) => self.say_verdict(&verdict),
            Msg::Solution { script, diff, explain } => self.say_solution(&script, diff, &explain),
            Msg::Exam(msg) => self.take_exam(*msg),
            Msg::Said(text) => self.say(&text),
            // A line that was typed before a sitting was cut off.
            Msg::Paste(line) => self.say(&line),
            Msg::Second(seconds) => self.gone_s = seconds,
            Msg::Key(_)
            | Msg::Mouse(_)
            | Msg::Resize(..)
            | Msg::Cards(_)
            | Msg::Offers(_)
            | Msg::Drill { .. } => {}
        }
    }

    fn hear(&mut self, on: usize, from: FromShell) {
        let more = self.terms.len() > 1;
        let Some(term) = self.terms.get_mut(on) else { return };
        match from {
            FromShell::Printed(bytes) => self.print(&says::readable(&bytes)),
            FromShell::Prompt(prompt) => {
                *term = Term { prompt: says::readable(prompt.as_bytes()), waits: Waits::Shell(String::new()) }
            }
            FromShell::Ask { prompt, .. } => term.waits = Waits::Line(says::readable(prompt.as_bytes())),
            FromShell::Ended if more => {
                self.terms.remove(on);
                self.effect(Effect::CloseTerminal(on));
            }
            FromShell::Ended => self.done = !self.is_exam(),
            FromShell::Page(page) => {
                self.print(&says::readable(page.text.as_bytes()));
                self.effect(Effect::Shell(on, ToShell::PageClosed));
            }
            FromShell::Edit(request) => {
                let (lines, said) = Lines::open(&request, self.words);
                term.waits = Waits::Editor(Box::new(lines));
                self.say(&said);
                self.step_editor(on);
            }
            FromShell::EditAnswer(answer) => {
                if let Waits::Editor(lines) = &mut term.waits {
                    lines.resume(answer);
                    self.step_editor(on);
                }
            }
            FromShell::Resume(_) => {
                self.effect(Effect::Shell(on, ToShell::EditorClosed { exit: 1 }));
            }
            FromShell::Aside(_) | FromShell::Completed { .. } => {}
        }
    }

    fn take_exam(&mut self, msg: ExamMsg) {
        match msg {
            ExamMsg::Began { tasks, note } => {
                self.opened = tasks.iter().map(|_| None).collect();
                (self.tasks, self.note) = (tasks, note);
            }
            ExamMsg::Turned { task, opened } => self.turned(task, opened),
            ExamMsg::Clock { elapsed_s, left_s, alert } => {
                (self.gone_s, self.left_s) = (elapsed_s, left_s);
                if let Some(minutes) = alert {
                    self.say(&format!("\n{}", self.words.with("exam-alert", &[("minutes", minutes.into())])));
                    self.say_prompt();
                }
            }
            ExamMsg::Flagged { task, on } => {
                if let Some(task) = self.tasks.get_mut(task) {
                    task.flagged = on;
                }
            }
            ExamMsg::Begun { task } => {
                if let Some(task) = self.tasks.get_mut(task) {
                    task.begun = true;
                }
            }
            ExamMsg::Noted(text) => self.note = text,
            ExamMsg::Ended(result) => {
                self.say_result(&result);
                self.done = true;
            }
        }
    }

    fn turned(&mut self, task: usize, opened: Option<Box<Opened>>) {
        self.front = task;
        if let (Some(opened), Some(slot)) = (opened, self.opened.get_mut(task)) {
            if self.terms.is_empty() {
                self.terms.push(Term { prompt: opened.prompt.clone(), waits: Waits::Shell(String::new()) });
            }
            *slot = Some(opened);
        }
        if self.replayed.is_none() {
            self.say_task();
        }
    }

    /// Reads a line out.
    fn say(&mut self, line: &str) {
        if !line.is_empty() || self.replayed.is_none() {
            self.print(&format!("{line}\n"));
        }
    }

    fn print(&mut self, text: &str) {
        match &mut self.replayed {
            Some(shown) => shown.push_str(text),
            None => {
                // Whoever does not listen any more is not told.
                let _ = stdout().write_all(text.as_bytes()).and_then(|()| stdout().flush());
            }
        }
    }

    /// Reads out what the next line is for.
    fn say_prompt(&mut self) {
        if self.done {
            return;
        }
        let term = self.term();
        let prompt = match &term.waits {
            Waits::Shell(open) if open.is_empty() => term.prompt.clone(),
            Waits::Shell(_) => "> ".to_owned(),
            Waits::Line(prompt) => prompt.clone(),
            Waits::Editor(lines) => lines.prompt().to_owned(),
            Waits::Running => return,
        };
        self.print(&prompt);
    }
}

/// True for what stands behind the `:` of a command for the trainer; a lone `:` is the shell's own.
fn is_command(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic())
}
