//! Where keys come from: what was typed, macros and mappings, and what a command hands on to others; and
//! what `.` repeats.

use std::collections::VecDeque;

use super::core::{Core, Done, Stop};
use super::keys;
use super::maps::{Found, Maps};

/// A key that waits.
#[derive(Clone, Copy, Debug)]
struct Key {
    letter: char,
    /// False for keys of macros and mappings: an error drops them.
    typed: bool,
    /// False when mappings are not looked at.
    mapped: bool,
}

/// What keys are asked for: different mappings hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum For {
    Normal,
    Visual,
    Pending,
    Insert,
    Line,
    /// A letter that belongs to a command: no mapping holds.
    Letter,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Input {
    /// What a command hands on to others.
    stuffed: VecDeque<char>,
    /// What `.` plays.
    redoing: VecDeque<char>,
    ahead: VecDeque<Key>,
    /// True inside `:normal`: when keys run out there is Escape.
    pub(super) closed: bool,
    /// What is recorded, and the register for it.
    pub(super) recording: Option<(char, String)>,
    /// The letters of the last change, and those of the one before.
    redo: Vec<char>,
    redo_before: Vec<char>,
    /// True while a count repeats an insertion: the last change stays.
    pub(super) blocked: bool,
    pub(super) maps: Maps,
}

impl Input {
    pub(super) fn type_keys(&mut self, text: &str) {
        let key = |letter| Key { letter, typed: true, mapped: true };
        self.ahead.extend(text.chars().map(key));
    }

    /// Puts keys of a macro or mapping before what waits.
    pub(super) fn put_first(&mut self, text: &str, mapped: bool) {
        for letter in text.chars().rev() {
            self.ahead.push_front(Key { letter, typed: false, mapped });
        }
    }

    /// What a command hands on to others.
    pub(super) fn stuff(&mut self, text: &str) {
        self.stuffed.extend(text.chars());
    }

    pub(super) fn is_empty(&self) -> bool {
        self.stuffed.is_empty() && self.redoing.is_empty() && self.ahead.is_empty()
    }

    /// Keys that wait in the typed queue.
    pub(super) fn ahead(&self) -> usize {
        self.ahead.len()
    }

    pub(super) fn has_stuffed(&self) -> bool {
        !self.stuffed.is_empty() || !self.redoing.is_empty()
    }

    /// True when the next key is one that was typed.
    pub(super) fn is_typed(&self) -> bool {
        !self.has_stuffed() && self.ahead.front().is_some_and(|key| key.typed)
    }

    /// The keys that wait.
    pub(super) fn waits(&self) -> String {
        self.ahead.iter().map(|key| key.letter).collect()
    }

    /// After an error: macros, mappings and repeats end.
    pub(super) fn flush(&mut self) {
        self.stuffed.clear();
        self.redoing.clear();
        while self.ahead.front().is_some_and(|key| !key.typed) {
            self.ahead.pop_front();
        }
    }

    /// The keys of `:normal` in place of those that wait.
    pub(super) fn exchange(&mut self, text: &str, mapped: bool) -> Self {
        let mut inner = Self {
            closed: true,
            recording: self.recording.take(),
            redo: self.redo.clone(),
            redo_before: self.redo_before.clone(),
            maps: self.maps.clone(),
            ..Self::default()
        };
        inner.put_first(text, mapped);
        std::mem::replace(self, inner)
    }

    /// Takes the waiting keys back after `:normal`.
    pub(super) fn restore(&mut self, outer: Self) {
        let inner = std::mem::replace(self, outer);
        self.recording = inner.recording;
        self.redo = inner.redo;
        self.redo_before = inner.redo_before;
        self.maps = inner.maps;
    }

    pub(super) fn reset_redo(&mut self) {
        if !self.blocked {
            self.redo_before = std::mem::take(&mut self.redo);
        }
    }

    pub(super) fn redo_add(&mut self, text: &str) {
        if !self.blocked {
            self.redo.extend(text.chars());
        }
    }

    /// Text that was inserted: control letters behind a `^V`.
    pub(super) fn redo_add_text(&mut self, text: &str) {
        if self.blocked {
            return;
        }
        for letter in text.chars() {
            if letter < ' ' || letter == '\x7f' {
                self.redo.push('\x16');
            }
            self.redo.push(letter);
        }
    }

    pub(super) fn redo_text(&self) -> String {
        self.redo.iter().collect()
    }

    pub(super) fn redo_length(&self) -> usize {
        self.redo.len()
    }

    /// Plays the last change; gives whether it works on what visual mode had. `None` when there is none.
    pub(super) fn play_redo(&mut self, count: Option<usize>, before: bool) -> Option<bool> {
        let source = if before { &self.redo_before } else { &self.redo };
        let mut letters = source.iter().copied().peekable();
        letters.peek()?;
        let mut out: Vec<char> = Vec::new();
        if letters.peek() == Some(&'"') {
            out.extend(letters.next());
            let name = letters.next()?;
            out.push(if ('1'..'9').contains(&name) { (name as u8 + 1) as char } else { name });
        }
        let visual = letters.next_if_eq(&'v').is_some();
        if let Some(count) = count {
            while letters.next_if(char::is_ascii_digit).is_some() {}
            out.extend(count.to_string().chars());
        }
        out.extend(letters);
        self.redoing.extend(out);
        Some(visual)
    }

    /// Plays what the last change inserted once more, for a count.
    pub(super) fn play_insert(&mut self) {
        let Some(at) = self.redo.iter().position(|letter| "AaIiRrOo".contains(*letter)) else { return };
        let opens = matches!(self.redo.get(at), Some('O' | 'o'));
        let tail: Vec<char> = self.redo.iter().skip(at + 1).copied().collect();
        self.redoing.extend(opens.then_some('\n'));
        self.redoing.extend(tail);
        self.blocked = true;
    }
}

impl Core {
    /// The next key; where none has come yet the command waits for it.
    pub(super) fn key(&mut self, what: For) -> Done<char> {
        let input = &mut self.input;
        if let Some(key) = input.stuffed.pop_front().or_else(|| input.redoing.pop_front()) {
            return Ok(key);
        }
        let mut rounds = 0;
        loop {
            let Some(first) = self.input.ahead.front().copied() else {
                return if self.input.closed { Ok(keys::ESCAPE) } else { Err(Stop::Keys) };
            };
            if !first.mapped || what == For::Letter || self.input.maps.is_empty() {
                break;
            }
            let waiting = self.input.ahead.iter().take_while(|key| key.mapped).map(|key| key.letter);
            let waiting: Vec<char> = waiting.collect();
            match self.input.maps.find(what, &waiting) {
                Found::Nothing => break,
                Found::Part if self.input.closed => break,
                Found::Part => return Err(Stop::Keys),
                Found::Whole { length, to, again } => {
                    for _ in 0..length {
                        self.take();
                    }
                    let own = waiting.iter().take(length).collect::<String>();
                    let head = if again && to.starts_with(&own) { own.chars().count() } else { 0 };
                    let tail: String = to.chars().skip(head).collect();
                    self.input.put_first(&tail, again);
                    self.input.put_first(&to.chars().take(head).collect::<String>(), false);
                    rounds += 1;
                    if rounds > 100 {
                        return Err(self.error("E223: Recursive mapping"));
                    }
                    if to.is_empty() {
                        continue;
                    }
                }
            }
        }
        Ok(self.take().unwrap_or(keys::ESCAPE))
    }

    /// Takes the first key that waits, and records it when it was typed.
    fn take(&mut self) -> Option<char> {
        let key = self.input.ahead.pop_front()?;
        if let (true, Some((_, recorded))) = (key.typed, &mut self.input.recording) {
            recorded.push(key.letter);
        }
        Some(key.letter)
    }
}
