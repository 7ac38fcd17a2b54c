//! Leaving insert mode, breaking lines that are too long, and abbreviations.

use super::core::{Core, Done, Stop};
use super::input::For;
use super::lines::Opening;
use super::text::{is_blank, width};
use super::{Pos, keys};

impl Core {
    /// Leaves insert mode; behind `^O` only for one command.
    pub(super) fn leave_insert(&mut self, restart: Option<char>) -> Done {
        let column = self.cursor.col;
        if !self.now().moved {
            self.input.redo_add("\x1b");
            let now = self.now();
            now.count = now.count.saturating_sub(1);
            if now.count > 0 {
                now.restarted = false;
                self.input.play_insert();
                return Ok(());
            }
            self.stop_insert(self.cursor, true);
        }
        self.input.blocked = false;
        if restart.is_none() && column == self.cursor.col {
            self.aims_here = true;
        }
        self.marks.inserted = Some(self.cursor);
        let moves = restart.is_none() || self.here().is_none();
        if self.cursor.col > 0 && moves {
            self.cursor.col -= 1;
        }
        let after = self.inserting.take().and_then(|now| now.after);
        if let Some(after) = after {
            self.after_insert(after);
        }
        Ok(())
    }

    /// The insertion is whole: keeps it, and takes an indent away that nothing followed.
    pub(super) fn stop_insert(&mut self, end: Pos, escapes: bool) {
        let text = self.input.redo_text();
        let skip = self.now().skip;
        self.input.blocked = false;
        if !self.now().restarted || text.chars().count() > skip {
            self.last_insert = text.chars().skip(skip).collect();
        }
        let mut end = end;
        if self.did_indent && (escapes || self.cursor.row != end.row) && end.row <= self.text.last() {
            let kept = self.cursor;
            self.cursor = end;
            self.drop_indent();
            end = self.cursor;
            if kept.row != self.cursor.row {
                self.cursor = kept;
            }
        }
        self.did_indent = false;
        self.did_smart = false;
        self.can_smart = false;
        self.can_smart_back = false;
        self.marks.begun = self.now().first;
        self.marks.ended = end;
    }

    pub(super) fn drop_indent(&mut self) {
        let len = self.row_len();
        self.cursor.col = self.cursor.col.min(len);
        let mut last;
        loop {
            if self.here().is_none() && self.cursor.col > 0 {
                self.cursor.col -= 1;
            }
            last = self.here();
            if !last.is_some_and(is_blank) {
                break;
            }
            self.delete_letters(1, true);
        }
        if last.is_some() && self.cursor.col + 1 == self.row_len() {
            self.cursor.col += 1;
        }
    }

    /// 'textwidth': breaks the line before a letter that would go beyond.
    pub(super) fn break_line(&mut self, letter: char) {
        let most = self.settings.textwidth;
        if most == 0 || self.settings.paste || is_blank(letter) {
            return;
        }
        for _ in 0..100 {
            let column = self.column(self.cursor);
            if column + width(letter, column, self.tabstop()) <= most {
                return;
            }
            if !self.break_once(most) {
                return;
            }
        }
    }

    /// Breaks the cursor's line until all of it fits; gives how many lines it became.
    pub(super) fn break_lines(&mut self, most: usize) -> usize {
        let mut rows = 1;
        while rows < 1000 && self.column(self.cursor) > most && self.break_once(most) {
            self.cursor.col = self.row_len();
            rows += 1;
        }
        rows
    }

    pub(super) fn break_once(&mut self, most: usize) -> bool {
        let Pos { row, col } = self.cursor;
        let line = self.text.line(row).to_vec();
        let border = {
            let tabstop = self.tabstop();
            let (mut column, mut at) = (0, 0);
            while at < line.len() && column <= most {
                column += width(line[at], column, tabstop);
                at += 1;
            }
            if column > most { at - 1 } else { at }
        };
        let mut found = None;
        let mut at = col;
        while at > 0 {
            at -= 1;
            if !is_blank(line[at]) {
                continue;
            }
            while at > 0 && is_blank(line[at]) {
                at -= 1;
            }
            if is_blank(line[at]) {
                break;
            }
            found = Some(at + 1);
            if at < border {
                break;
            }
        }
        let Some(found) = found else { return false };
        let text = (found..line.len()).find(|at| !is_blank(line[*at])).unwrap_or(line.len());
        let behind = col.saturating_sub(text);
        self.cursor.col = text;
        let hanging = self.hanging_indent(row);
        self.did_indent = false;
        self.open_line(Opening { cuts: true, drops_blanks: true, ..Opening::default() });
        let above = self.cursor.row - 1;
        self.text.line_mut(above).truncate(found);
        if let Some(columns) = hanging {
            self.set_indent_of(above + 1, columns, false);
            self.cursor.col = self.text.blanks(above + 1);
        }
        self.cursor.col += behind;
        self.cursor.col = self.cursor.col.min(self.row_len());
        self.did_indent = false;
        true
    }

    /// Expands an abbreviation before a letter that ends it; true when that letter comes again behind it.
    pub(super) fn expand_short(&mut self, key: char) -> bool {
        if !self.input.maps.has_shorts() || self.now().moved {
            return false;
        }
        let first = self.now().start;
        let Pos { row, col } = self.cursor;
        let line = self.text.line(row).to_vec();
        let least = if first.row == row { first.col } else { 0 };
        let is_word = |at: usize| line.get(at).is_some_and(|c| super::words::is_word(*c));
        if col == 0 || col <= least || !is_word(col - 1) {
            return false;
        }
        let begin = (least..col).rev().take_while(|at| is_word(*at)).last().unwrap_or(col);
        let word: String = line[begin..col].iter().collect();
        let Some((to, again)) = self.input.maps.short(For::Insert, &word) else { return false };
        let erase: String = std::iter::repeat_n(keys::BACKSPACE, col - begin).collect();
        if key != '\x1d' {
            self.input.put_first(&key.to_string(), false);
        }
        self.input.put_first(&to, again);
        self.input.put_first(&erase, false);
        true
    }

    /// Tells a failing command inside insert mode apart: it only ends macros.
    pub(super) fn insert_failed(&mut self, stop: Stop) -> Done {
        match stop {
            Stop::Fail => {
                self.input.flush();
                Ok(())
            }
            other => Err(other),
        }
    }
}
