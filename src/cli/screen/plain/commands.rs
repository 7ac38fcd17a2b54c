//! The commands that begin with `:`.

use super::{Plain, Waits};
use crate::tui::{Effect, ExamEffect};

/// Where a command is known.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    Everywhere,
    Exercise,
    Exam,
}

/// Commands: name, where, and the key of their words.
const COMMANDS: &[(&str, Known, &str)] = &[
    ("task", Known::Everywhere, "plain-task"),
    ("hint", Known::Exercise, "plain-hint"),
    ("check", Known::Exercise, "plain-check"),
    ("solution", Known::Exercise, "plain-solution"),
    ("undo", Known::Exercise, "plain-undo"),
    ("reset", Known::Exercise, "plain-reset"),
    ("next", Known::Exam, "plain-next"),
    ("previous", Known::Exam, "plain-previous"),
    ("go", Known::Exam, "plain-go"),
    ("tasks", Known::Exam, "plain-tasks"),
    ("flag", Known::Exam, "plain-flag"),
    ("note", Known::Exam, "plain-note"),
    ("submit", Known::Exam, "plain-submit"),
    ("time", Known::Everywhere, "plain-time"),
    ("terminal", Known::Everywhere, "plain-terminal"),
    ("help", Known::Everywhere, "plain-help"),
    ("quit", Known::Everywhere, "plain-quit"),
];

impl Plain {
    fn knows(&self, known: Known) -> bool {
        match known {
            Known::Everywhere => true,
            Known::Exercise => !self.is_exam(),
            Known::Exam => self.is_exam(),
        }
    }

    /// Carries a command out; an unambiguous beginning of its name is enough.
    pub(super) fn command(&mut self, command: &str) {
        let (name, rest) = command.split_once(' ').unwrap_or((command, ""));
        let here: Vec<&str> =
            COMMANDS.iter().filter(|(_, known, _)| self.knows(*known)).map(|(name, ..)| *name).collect();
        let fits: Vec<&str> = here.iter().copied().filter(|it| it.starts_with(name)).collect();
        let found = match fits.as_slice() {
            [one] => one,
            all if all.contains(&name) => name,
            _ => {
                self.say(&self.words.with("plain-unknown", &[("name", name.to_owned().into())]));
                return;
            }
        };
        match found {
            "task" => self.say_task(),
            "hint" => self.hint(),
            "check" => self.effect(Effect::Check),
            "solution" => self.effect(Effect::ShowSolution),
            "undo" => self.effect(Effect::Undo),
            "reset" => self.effect(Effect::Reset),
            "time" => self.say_time(),
            "terminal" => self.terminal(rest.trim()),
            "help" => self.help(),
            "quit" => self.done = true,
            other => self.exam_command(other, rest.trim()),
        }
    }

    fn exam_command(&mut self, name: &str, rest: &str) {
        let last = self.tasks.len().saturating_sub(1);
        match name {
            "next" => self.turn((self.front < last).then_some(self.front + 1)),
            "previous" => self.turn(self.front.checked_sub(1)),
            "go" => {
                let number = rest.parse().ok().and_then(|number: usize| number.checked_sub(1));
                self.turn(number.filter(|number| *number <= last));
            }
            "tasks" => self.say_tasks(),
            "flag" => {
                let task = self.front;
                let on = !self.tasks.get(task).is_some_and(|task| task.flagged);
                self.effect(Effect::Exam(ExamEffect::Flag { task, on }));
                self.say(&self.words.say(if on { "plain-flagged" } else { "plain-unflagged" }));
            }
            "note" => self.note(rest),
            // Handing in has no way back, so it is said twice.
            "submit" if rest == "yes" => self.effect(Effect::Exam(ExamEffect::Submit)),
            _ => self.ask_to_submit(),
        }
    }

    fn turn(&mut self, to: Option<usize>) {
        match to {
            Some(task) => self.effect(Effect::Exam(ExamEffect::Turn(task))),
            None => self.say(&self.words.say("plain-no-task")),
        }
    }

    fn note(&mut self, text: &str) {
        if !text.is_empty() {
            let mut note = self.note.clone();
            if !note.is_empty() && !note.ends_with('\n') {
                note.push('\n');
            }
            note.push_str(text);
            self.effect(Effect::Exam(ExamEffect::Note(format!("{note}\n"))));
        }
        let note = self.note.trim_end().to_owned();
        self.say(&note);
    }

    fn ask_to_submit(&mut self) {
        let count =
            |fits: fn(&crate::tui::ExamTask) -> bool| self.tasks.iter().filter(|task| fits(task)).count();
        let values = [
            ("untouched", count(|task| !task.begun).into()),
            ("count", self.tasks.len().into()),
            ("flagged", count(|task| task.flagged).into()),
        ];
        self.say(&self.words.with("exam-end-count", &values));
        self.say(&self.words.say("plain-submit-sure"));
    }

    fn hint(&mut self) {
        let hints = self.opened.first().and_then(|it| it.as_ref()).map(|it| it.hints.clone());
        match hints.unwrap_or_default().get(self.hints) {
            Some(hint) => {
                self.hints += 1;
                let number = self.words.with("task-hint", &[("number", self.hints.into())]);
                self.say(&format!("{number} {hint}"));
                self.effect(Effect::Hint);
            }
            None => self.say(&self.words.say("said-no-hints")),
        }
    }

    /// Another terminal, or the one with that number.
    fn terminal(&mut self, which: &str) {
        match which.parse::<usize>().ok().and_then(|number| number.checked_sub(1)) {
            Some(number) if number < self.terms.len() => self.on = number,
            Some(_) => self.say(&self.words.say("plain-no-terminal")),
            None => self.effect(Effect::NewTerminal),
        }
        let values = [("number", (self.on + 1).into()), ("count", self.terms.len().into())];
        self.say(&self.words.with("plain-terminal-now", &values));
        if matches!(self.term().waits, Waits::Running) {
            self.say(&self.words.say("plain-running"));
        }
    }

    fn help(&mut self) {
        for (name, known, says) in COMMANDS {
            if self.knows(*known) {
                self.say(&format!(":{name:<10} {}", self.words.say(says)));
            }
        }
    }
}
