//! The line that is typed at a container's terminal: echo, erasing, history. A client passes every key on
//! as it is pressed, so that this is the other end's work.

use std::collections::VecDeque;

/// What a key led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// To be shown.
    Echo(String),
    /// The line was ended.
    Line(String),
    /// Ctrl-C.
    Interrupt,
    /// Ctrl-D on an empty line.
    End,
    /// Tab behind this.
    Complete(String),
}

/// Ctrl-C and Ctrl-D as a terminal sends them.
pub(super) const INTERRUPT: u8 = 3;
pub(super) const END_OF_INPUT: u8 = 4;

/// Longest line, in characters.
const LINE_MAX: usize = 64 * 1024;

/// Lines that can be brought back.
const HISTORY_MAX: usize = 500;

/// Keys that wait, the line so far, and lines of before.
#[derive(Debug, Default)]
pub(super) struct Screen {
    keys: VecDeque<u8>,
    line: String,
    history: Vec<String>,
    /// How far back in the history the line is.
    back: usize,
}

impl Screen {
    /// Takes keys as a terminal sends them.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        let room = LINE_MAX.saturating_sub(self.keys.len());
        self.keys.extend(bytes.iter().take(room));
    }

    /// Adds to the line, as if typed, without an echo.
    pub(super) fn insert(&mut self, text: &str) {
        self.line.push_str(text);
    }

    /// True when Ctrl-C is among the keys that wait; they are dropped then.
    pub(super) fn take_interrupt(&mut self) -> bool {
        let found = self.keys.contains(&INTERRUPT);
        if found {
            self.keys.clear();
        }
        found
    }

    /// What the next key leads to; `None` when no key waits. Lines that are `kept` come back with the arrow
    /// keys.
    pub(super) fn next(&mut self, kept: bool) -> Option<Step> {
        loop {
            let step = match self.keys.pop_front()? {
                b'\r' | b'\n' => {
                    let line = std::mem::take(&mut self.line);
                    self.remember(&line, kept);
                    Step::Line(line)
                }
                INTERRUPT => {
                    self.line.clear();
                    Step::Interrupt
                }
                END_OF_INPUT if self.line.is_empty() => Step::End,
                8 | 127 => match self.line.pop() {
                    Some(_) => Step::Echo("\u{8} \u{8}".into()),
                    None => continue,
                },
                9 => Step::Complete(self.line.clone()),
                21 => Step::Echo(self.replace("")),
                23 => {
                    let kept = self.line.trim_end().rfind(' ').map_or(0, |at| at + 1);
                    let kept = self.line.get(..kept).unwrap_or_default().to_owned();
                    Step::Echo(self.replace(&kept))
                }
                27 => match self.escape() {
                    Some(step) => step,
                    None => continue,
                },
                byte if byte < 32 => continue,
                byte => match self.character(byte) {
                    Some(character) if self.line.len() < LINE_MAX => {
                        self.line.push(character);
                        Step::Echo(character.into())
                    }
                    _ => continue,
                },
            };
            return Some(step);
        }
    }

    fn remember(&mut self, line: &str, kept: bool) {
        self.back = 0;
        if kept && !line.trim().is_empty() && self.history.last().is_none_or(|last| last != line) {
            self.history.push(line.to_owned());
            let surplus = self.history.len().saturating_sub(HISTORY_MAX);
            self.history.drain(..surplus);
        }
    }

    /// Another line in place of this one; what shows it.
    fn replace(&mut self, with: &str) -> String {
        let shown = self.line.chars().count();
        with.clone_into(&mut self.line);
        format!("{}{with}", "\u{8} \u{8}".repeat(shown))
    }

    /// The arrows up and down; other sequences do nothing.
    fn escape(&mut self) -> Option<Step> {
        if !matches!(self.keys.front(), Some(b'[' | b'O')) {
            return None;
        }
        self.keys.pop_front();
        let mut last = self.keys.pop_front()?;
        while last.is_ascii_digit() || last == b';' {
            last = self.keys.pop_front()?;
        }
        let back = match last {
            b'A' => (self.back + 1).min(self.history.len()),
            b'B' => self.back.saturating_sub(1),
            _ => return None,
        };
        self.back = back;
        let line = self.history.len().checked_sub(back).and_then(|at| self.history.get(at));
        let line = line.cloned().unwrap_or_default();
        Some(Step::Echo(self.replace(&line)))
    }

    /// The character that begins with this byte.
    fn character(&mut self, first: u8) -> Option<char> {
        let length = match first {
            0..=0x7f => 1,
            0xc0..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf7 => 4,
            _ => return None,
        };
        let mut bytes = vec![first];
        while bytes.len() < length {
            bytes.push(self.keys.pop_front()?);
        }
        std::str::from_utf8(&bytes).ok()?.chars().next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Types keys; gives the lines that come of them and what was shown.
    fn check(keys: &str) -> (Vec<String>, String) {
        let mut screen = Screen::default();
        screen.feed(keys.as_bytes());
        let (mut lines, mut shown) = (Vec::new(), String::new());
        while let Some(step) = screen.next(true) {
            match step {
                Step::Line(line) => lines.push(line),
                Step::Echo(text) => shown.push_str(&text),
                other => shown.push_str(&format!("<{other:?}>")),
            }
        }
        (lines, shown)
    }

    #[test]
    fn lines_are_edited_and_brought_back() {
        assert_eq!(check("lx\u{7f}s\r").0, ["ls"]);
        assert_eq!(check("echo a b\u{17}c\r").0, ["echo a c"]);
        assert_eq!(check("ls\rx\u{1b}[A\r").0, ["ls", "ls"]);
        assert_eq!(check("ä\u{7f}\r").0, [""]);
        assert_eq!(check("a\u{3}\u{4}").1, "a<Interrupt><End>");
    }
}
