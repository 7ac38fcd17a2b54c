//! The command line while it is typed.

use super::core::{Core, Done, Prompt, Stop};
use super::input::For;
use super::keys;
use super::normal::Command;

impl Core {
    pub(super) fn line_command(&mut self, command: &mut Command) -> Done {
        let pending = self.finishing;
        let begin = if self.is_visual() {
            "'<,'>".to_owned()
        } else {
            match command.count0 {
                Some(1) => ".".into(),
                Some(count) => format!(".,.+{}", count - 1),
                None => String::new(),
            }
        };
        if self.is_visual() {
            self.end_visual_keeping_cursor();
        }
        let Some(line) = self.read_line(':', begin)? else {
            return if pending { Err(Stop::Fail) } else { Ok(()) };
        };
        command.typed = Some(line.clone());
        let before = self.cursor;
        let done = self.ex_typed(&line);
        if pending {
            self.op.lines = false;
            self.op.inclusive = false;
            if before == self.cursor && done.is_err() {
                return Err(Stop::Fail);
            }
        } else {
            self.op = super::operator::Op::default();
        }
        match done {
            Err(Stop::Fail) if !pending => Ok(()),
            other => other,
        }
    }

    /// Reads a line behind a prompt; `None` when it was given up.
    pub(super) fn read_line(&mut self, sign: char, begin: String) -> Done<Option<String>> {
        let text: Vec<char> = begin.chars().collect();
        self.prompt = Some(Prompt { sign, at: text.len(), text });
        let line = self.read_line_keys();
        if !matches!(line, Err(Stop::Keys)) {
            self.prompt = None;
        }
        line
    }

    pub(super) fn read_line_keys(&mut self) -> Done<Option<String>> {
        loop {
            let key = self.key(For::Line)?;
            let literal = match key {
                '\x16' | '\x11' => Some(self.literal()?),
                '\x12' => {
                    let name = self.key(For::Letter)?;
                    let text = match name {
                        '\x17' => self.word_here().map(|(_, word)| word),
                        name => self.register(Some(name)).map(|register| register.text().replace('\n', "\r")),
                    };
                    let text = text.unwrap_or_default();
                    let text = text.strip_suffix('\r').unwrap_or(&text).to_owned();
                    let Some(prompt) = &mut self.prompt else { return Ok(None) };
                    prompt.text.splice(prompt.at..prompt.at, text.chars());
                    prompt.at += text.chars().count();
                    continue;
                }
                _ => None,
            };
            let Some(prompt) = &mut self.prompt else { return Ok(None) };
            if let Some(letter) = literal {
                prompt.text.insert(prompt.at, letter);
                prompt.at += 1;
                continue;
            }
            match key {
                keys::ESCAPE | '\x03' => return Ok(None),
                '\n' | '\r' => return Ok(Some(prompt.text.iter().collect())),
                '\x08' | keys::BACKSPACE if prompt.text.is_empty() => return Ok(None),
                key => prompt.edit(key),
            }
        }
    }
}

impl Prompt {
    fn edit(&mut self, key: char) {
        match key {
            '\x08' | keys::BACKSPACE => {
                if self.at > 0 {
                    self.at -= 1;
                    self.text.remove(self.at);
                }
            }
            keys::DELETE => {
                if self.at < self.text.len() {
                    self.text.remove(self.at);
                }
            }
            '\x17' => {
                let class = |at: usize, it: &Self| super::words::class(it.text[at], false);
                let mut from = self.at;
                while from > 0 && class(from - 1, self) == 0 {
                    from -= 1;
                }
                if from > 0 {
                    let kind = class(from - 1, self);
                    while from > 0 && class(from - 1, self) == kind {
                        from -= 1;
                    }
                }
                self.text.drain(from..self.at);
                self.at = from;
            }
            '\x15' => {
                self.text.drain(..self.at);
                self.at = 0;
            }
            '\x02' | keys::HOME => self.at = 0,
            '\x05' | keys::END => self.at = self.text.len(),
            keys::LEFT => self.at = self.at.saturating_sub(1),
            keys::RIGHT => self.at = (self.at + 1).min(self.text.len()),
            keys::UP | keys::DOWN | '\x10' | '\x0e' => {}
            key => {
                self.text.insert(self.at, key);
                self.at += 1;
            }
        }
    }
}
