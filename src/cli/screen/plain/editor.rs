//! An editor by its commands: each line is one, and the line that it leads to is read out.

use crate::shell::EditRequest;
use crate::shell::vim::{Editor, Need, keys};
use crate::tui::Words;

/// A text that is edited line by line.
pub(super) struct Lines {
    editor: Box<Editor>,
    /// Lines typed after `a` or `i`, until one that is a dot alone.
    adding: Option<Adding>,
    /// True while what the editor needs was asked for and has not come.
    waiting: bool,
    /// True when the command itself was to read something out.
    told: bool,
}

struct Adding {
    above: bool,
    lines: Vec<String>,
}

/// What the editor wants next.
pub(super) enum Step {
    Need(Need),
    Left(i32),
    /// A command, behind this to read out.
    Command(String),
}

/// Lines that `p` reads out at most.
const READ_MAX: usize = 500;

impl Lines {
    /// Opens a text; gives what to say of it.
    pub(super) fn open(request: &EditRequest, words: Words) -> (Self, String) {
        let mut editor = Box::new(Editor::open(request));
        // Lines that are added stand as they are typed.
        editor.feed(":set paste\n");
        let says = words.with("plain-editor", &[("name", request.name.clone().into())]);
        (Self { editor, adding: None, waiting: false, told: false }, says)
    }

    /// What stands before the next line that is typed.
    pub(super) fn prompt(&self) -> &'static str {
        if self.adding.is_some() { "> " } else { ":" }
    }

    /// Takes a command; gives what to read out instead of the line that it leads to.
    pub(super) fn take(&mut self, line: &str) -> String {
        self.told = false;
        if let Some(adding) = &mut self.adding {
            if line == "." {
                self.put();
            } else {
                adding.lines.push(line.chars().filter(|c| !c.is_control() || *c == '\t').collect());
            }
            return String::new();
        }
        let command = line.trim().trim_start_matches(':');
        let (range, name) =
            command.split_at(command.find(|c: char| c.is_alphabetic()).unwrap_or(command.len()));
        match name {
            "a" | "i" => {
                if !range.is_empty() {
                    self.editor.feed(&format!(":{range}\n"));
                }
                self.adding = Some(Adding { above: name == "i", lines: Vec::new() });
                String::new()
            }
            "p" => {
                self.told = true;
                self.read_out(range)
            }
            _ => {
                self.editor.feed(&format!(":{command}\n"));
                String::new()
            }
        }
    }

    /// Ctrl-C: back to the commands.
    pub(super) fn interrupt(&mut self) {
        self.adding = None;
    }

    fn put(&mut self) {
        let Some(Adding { above, lines }) = self.adding.take() else { return };
        if lines.is_empty() {
            return;
        }
        let open = match (self.editor.text().is_empty(), above) {
            (true, _) => 'i',
            (false, true) => 'O',
            (false, false) => 'o',
        };
        self.editor.feed(&format!("{open}{}{}", lines.join("\n"), keys::ESCAPE));
    }

    /// The lines of a range such as `%`, `3`, `3,7` or `.,$`, with their numbers.
    fn read_out(&self, range: &str) -> String {
        let (here, last) = (self.editor.cursor().row + 1, self.editor.line_count());
        let number = |text: &str| match text.trim() {
            "." | "" => here,
            "$" => last,
            digits => digits.parse().unwrap_or(here),
        };
        let (from, to) = match range.trim() {
            "%" => (1, last),
            range => range
                .split_once(',')
                .map_or_else(|| (number(range), number(range)), |(from, to)| (number(from), number(to))),
        };
        let rows = from.max(1)..=to.min(last);
        rows.take(READ_MAX).map(|row| format!("{row} {}\n", self.line(row - 1))).collect()
    }

    fn line(&self, row: usize) -> String {
        self.editor.line(row).iter().collect()
    }

    /// The answer to [`Step::Need`].
    pub(super) fn resume(&mut self, answer: Result<String, String>) {
        self.waiting = false;
        self.editor.resume(answer);
    }

    /// What comes next; `None` while an answer is waited for.
    pub(super) fn step(&mut self) -> Option<Step> {
        if self.waiting {
            return None;
        }
        if let Some(need) = self.editor.need().cloned() {
            self.waiting = true;
            return Some(Step::Need(need));
        }
        if let Some(left) = self.editor.left() {
            return Some(Step::Left(left.exit));
        }
        let said = match self.editor.shown_lines() {
            Some(lines) => lines.to_owned(),
            None => self.editor.bottom_line(),
        };
        self.editor.hide_lines();
        let row = self.editor.cursor().row;
        let said = if said.trim().is_empty() { format!("{} {}", row + 1, self.line(row)) } else { said };
        let silent = self.adding.is_some() || self.told;
        Some(Step::Command(if silent { String::new() } else { said }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::Language;

    #[test]
    fn lines_are_added_changed_and_read_out() {
        let request = EditRequest { name: "a.yaml".into(), ..EditRequest::default() };
        let (mut lines, _) = Lines::open(&request, Words(Language::English));
        let mut said = String::new();
        for line in ["a", "kind: Pod", "  name: x", ".", "2s/x/web/", "1i", "# mine", ".", "%p"] {
            said = lines.take(line);
            if let Some(Step::Need(_) | Step::Left(_)) = lines.step() {
                panic!("{line} needs nothing");
            }
        }
        assert_eq!(said, "1 # mine\n2 kind: Pod\n3   name: web\n");
        lines.take("wq");
        assert!(matches!(lines.step(), Some(Step::Need(Need::Look { .. }))));
        lines.resume(Ok(String::new()));
        assert!(matches!(lines.step(), Some(Step::Need(Need::Write { .. }))));
        assert!(lines.step().is_none(), "the answer has not come");
        lines.resume(Ok(String::new()));
        assert!(matches!(lines.step(), Some(Step::Left(0))));
    }
}
