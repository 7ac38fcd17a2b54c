//! What is read out.

use vte::{Parser, Perform};

use super::Plain;
use crate::exam::score::{TaskScore, percent};
use crate::tui::{ResultScreen, Verdict};

/// What a program printed, without what would steer a terminal.
pub(super) fn readable(bytes: &[u8]) -> String {
    #[derive(Default)]
    struct Text(String);
    impl Perform for Text {
        fn print(&mut self, c: char) {
            self.0.push(c);
        }
        fn execute(&mut self, byte: u8) {
            match byte {
                b'\n' | b'\t' => self.0.push(char::from(byte)),
                // A line that is written over is another line to a reader.
                b'\r' => self.0.push('\r'),
                _ => {}
            }
        }
    }
    let mut text = Text::default();
    Parser::new().advance(&mut text, bytes);
    text.0.replace("\r\n", "\n").replace('\r', "\n")
}

/// `12:05` as words would be too long; hours, minutes and seconds as a clock has them.
fn clock(seconds: u64) -> String {
    format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

impl Plain {
    pub(super) fn say_task(&mut self) {
        let Some(opened) = self.opened.get(self.front).and_then(Option::as_ref) else { return };
        let (title, task) = (opened.card.title.clone(), opened.task.trim_end().to_owned());
        let values = [("number", (self.front + 1).into()), ("count", self.tasks.len().into())];
        let head = if self.is_exam() { self.words.with("exam-task", &values) } else { title };
        let flagged = self.tasks.get(self.front).is_some_and(|task| task.flagged);
        let flag = if flagged { format!(", {}", self.words.say("plain-flagged")) } else { String::new() };
        self.say(&format!("{head}{flag}\n\n{task}"));
    }

    pub(super) fn say_time(&mut self) {
        let said = match (self.is_exam(), self.left_s) {
            (true, Some(left)) => self.words.with("exam-left", &[("clock", clock(left).into())]),
            (true, None) => self.words.with("exam-gone", &[("clock", clock(self.gone_s).into())]),
            (false, _) => {
                let minutes = self.opened.first().and_then(Option::as_ref).map_or(0, |it| it.card.minutes);
                let gone = clock(self.gone_s);
                self.words.with("header-time", &[("clock", gone.into()), ("minutes", minutes.into())])
            }
        };
        self.say(&said);
    }

    pub(super) fn say_tasks(&mut self) {
        for index in 0..self.tasks.len() {
            let Some(task) = self.tasks.get(index) else { continue };
            let state = match (index == self.front, task.begun) {
                (true, _) => "exam-in-front",
                (false, true) => "exam-begun",
                (false, false) => "exam-untouched",
            };
            let flag =
                if task.flagged { format!(", {}", self.words.say("plain-flagged")) } else { String::new() };
            let line = format!("{}. {}: {}{flag}", index + 1, task.host, self.words.say(state));
            self.say(&line);
        }
    }

    pub(super) fn say_verdict(&mut self, verdict: &Verdict) {
        let won = [("won", verdict.points.into()), ("max", verdict.max.into())];
        self.say(&self.words.with("points-of", &won));
        for check in &verdict.checks {
            let passed = if check.points == check.max { "plain-passed" } else { "plain-failed" };
            let passed = self.words.say(passed);
            self.say(&format!("{passed}: {} ({}/{})", check.name, check.points, check.max));
            if check.points < check.max {
                self.say_notes([&check.wanted, &check.saw, &check.mistake]);
            }
        }
    }

    /// What was wanted, what was seen, and why it is wrong.
    fn say_notes(&mut self, notes: [&String; 3]) {
        for (label, text) in ["check-wanted", "check-saw", "check-why"].iter().zip(notes) {
            if !text.is_empty() {
                self.say(&format!("  {}: {}", self.words.say(label), text.trim_end()));
            }
        }
    }

    pub(super) fn say_solution(&mut self, script: &str, diff: String, explain: &str) {
        self.say(&format!("{}\n{}", self.words.say("solution-reference"), script.trim_end()));
        let diff = if diff.is_empty() { self.words.say("solution-same") } else { diff };
        self.say(&format!("{}\n{}\n{explain}", self.words.say("solution-difference"), diff.trim_end()));
    }

    pub(super) fn say_result(&mut self, result: &ResultScreen) {
        let score = &result.score;
        let passed = self.words.say(if score.passed { "result-passed" } else { "result-failed" });
        let needed = self.words.with("result-needed", &[("clock", clock(score.seconds).into())]);
        self.say(&format!("{} {passed}. {needed}", percent(score.permille)));
        self.say(&self.words.say("result-domains"));
        for it in &score.domains {
            let name = self.words.say(&format!("domain-{}", it.domain));
            let values = [("won", it.points.into()), ("max", it.max.into())];
            self.say(&format!("  {name}: {}", self.words.with("result-domain-points", &values)));
        }
        self.say(&self.words.say("result-tasks"));
        for (index, task) in score.tasks.iter().enumerate() {
            let title = result.lessons.get(index).map(|it| it.title.clone()).filter(|it| !it.is_empty());
            self.say_task_score(index, title.as_ref().unwrap_or(&task.title), task);
        }
    }

    fn say_task_score(&mut self, index: usize, title: &str, task: &TaskScore) {
        let won = [("won", task.points.into()), ("max", task.max.into())];
        let time = [("clock", clock(task.seconds).into()), ("minutes", (task.budget_s / 60).into())];
        let count = [("count", task.commands.len().into()), ("reference", task.reference_commands.into())];
        self.say(&format!(
            "{}. {title}: {}; {}; {}",
            index + 1,
            self.words.with("points-of", &won),
            self.words.with("result-time", &time),
            self.words.with("result-commands", &count)
        ));
        for check in task.checks.iter().filter(|it| it.points < it.max) {
            let failed = self.words.say("plain-failed");
            self.say(&format!("  {failed}: {} ({}/{})", check.name, check.points, check.max));
            self.say_notes([&check.wanted, &check.saw, &check.mistake]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_not_read_out() {
        assert_eq!(
            readable("a\x1b[1;31mb\x1b[0m\x1b]0;title\x07c\r\n\td\r50%\r60%\x07".as_bytes()),
            "abc\n\td\n50%\n60%"
        );
    }
}
