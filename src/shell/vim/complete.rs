//! Completing words in insert mode, and letters of two keys.

use super::Pos;
use super::core::{Core, Done};
use super::input::For;
use super::words::is_word;

/// A completion that goes on: the words that fit, and which is shown.
#[derive(Clone, Debug)]
pub(super) struct Completion {
    begin: usize,
    words: Vec<String>,
    /// The place in `words` with what was typed as the first.
    at: usize,
}

impl Core {
    /// `^N` and `^P`.
    pub(super) fn complete(&mut self, forward: bool) {
        let Pos { row, col } = self.cursor;
        let mut completion = match self.inserting.as_mut().and_then(|now| now.completion.take()) {
            Some(completion) => completion,
            None => {
                let line = self.text.line(row);
                let begin = (0..col).rev().take_while(|at| is_word(line[*at])).last().unwrap_or(col);
                let typed: String = line[begin..col].iter().collect();
                let mut words = vec![typed.clone()];
                words.extend(self.words_like(&typed, Pos { row, col: begin }));
                Completion { begin, words, at: 0 }
            }
        };
        let count = completion.words.len();
        completion.at = (completion.at + if forward { 1 } else { count - 1 }) % count;
        self.show_completion(&completion);
        if let Some(now) = &mut self.inserting {
            now.completion = Some(completion);
        }
    }

    fn show_completion(&mut self, completion: &Completion) {
        let word = completion.words[completion.at].clone();
        let count = self.cursor.col - completion.begin;
        if count == 0 && word.is_empty() {
            return;
        }
        for _ in 0..count {
            self.replay_key('\x7f', completion.begin);
        }
        for letter in word.chars() {
            self.insert_letter(letter, false);
        }
    }

    fn replay_key(&mut self, _key: char, begin: usize) {
        if self.cursor.col > begin {
            self.cursor.col -= 1;
            self.delete_letters(1, false);
            self.input.redo_add("\x7f");
        }
    }

    /// Another key ends a completion.
    pub(super) fn end_completion(&mut self) {
        if let Some(now) = &mut self.inserting {
            now.completion = None;
        }
    }

    /// Words that begin like one, from a place on and around the text's end.
    fn words_like(&self, typed: &str, from: Pos) -> Vec<String> {
        let mut before = Vec::new();
        let mut behind = Vec::new();
        for row in 0..self.text.count() {
            let line = self.text.line(row);
            let mut at = 0;
            while at < line.len() {
                if !is_word(line[at]) {
                    at += 1;
                    continue;
                }
                let end = (at..line.len()).find(|col| !is_word(line[*col])).unwrap_or(line.len());
                let word: String = line[at..end].iter().collect();
                let pos = Pos { row, col: at };
                if word.starts_with(typed) && word != typed && end - at > usize::from(typed.is_empty()) {
                    if pos >= from { behind.push(word) } else { before.push(word) }
                }
                at = end;
            }
        }
        let mut all: Vec<String> = Vec::new();
        for word in behind.into_iter().chain(before) {
            if !all.contains(&word) {
                all.push(word);
            }
        }
        all
    }

    /// `^X` in insert mode: another kind of completion. Only what scrolls and whole lines are known here.
    pub(super) fn insert_x(&mut self) -> Done {
        let key = self.key(For::Letter)?;
        match key {
            '\x0c' => self.complete_line(),
            '\x0e' => self.complete(true),
            '\x10' => self.complete(false),
            _ => {}
        }
        Ok(())
    }

    fn complete_line(&mut self) {
        let Pos { row, col } = self.cursor;
        let begin = self.text.blanks(row).min(col);
        let typed: Vec<char> = self.text.line(row)[begin..col].to_vec();
        let rows = self.text.count();
        let found = (1..rows).map(|by| (row + rows - by) % rows).find_map(|at| {
            let line = self.text.line(at);
            let text = &line[self.text.blanks(at)..];
            (text.starts_with(&typed) && text.len() > typed.len()).then(|| text[typed.len()..].to_vec())
        });
        for letter in found.unwrap_or_default() {
            self.insert_letter(letter, false);
        }
    }
}

/// Letters of two keys behind `^K`: the usual ones.
pub(super) fn digraph(a: char, b: char) -> Option<char> {
    const TABLE: &[(&str, char)] = &[
        ("-N", '–'),
        ("-M", '—'),
        ("->", '→'),
        ("<-", '←'),
        ("Eu", '€'),
        ("a:", 'ä'),
        ("o:", 'ö'),
        ("u:", 'ü'),
        ("ss", 'ß'),
        ("e'", 'é'),
        ("e!", 'è'),
        ("DG", '°'),
        ("Co", '©'),
        ("My", 'µ'),
        ("+-", '±'),
        ("*X", '×'),
    ];
    let keys: String = [a, b].into_iter().collect();
    TABLE.iter().find(|(name, _)| *name == keys).map(|(_, letter)| *letter)
}
