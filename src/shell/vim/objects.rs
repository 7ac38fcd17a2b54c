//! Text objects: `iw`, `a"`, `i(`, `ip` and their like.

use super::core::{Core, Done};
use super::motion::fail_unless;
use super::text::is_blank;
use super::words::Step;
use super::{Pos, Selection};

impl Core {
    /// Selects an object around the cursor for an operator, or for visual mode.
    pub(super) fn object(&mut self, around: bool, what: char, count: usize) -> Done {
        self.op.lines = false;
        self.op.inclusive = false;
        self.aims_here = true;
        let found = match what {
            'w' | 'W' => self.word_object(around, what == 'W', count),
            '"' | '\'' | '`' => self.quoted_object(around, what, count),
            '(' | ')' | 'b' => self.bracket_object(around, ('(', ')'), count),
            '[' | ']' => self.bracket_object(around, ('[', ']'), count),
            '{' | '}' | 'B' => self.bracket_object(around, ('{', '}'), count),
            '<' | '>' => self.bracket_object(around, ('<', '>'), count),
            'p' => self.paragraph_object(around, count),
            's' => self.sentence_object(around, count),
            _ => None,
        };
        if self.op.kind.is_none() || found.is_none() {
            self.check_col();
        }
        fail_unless(found.is_some())
    }

    /// True when an object begins anew: there is no selection, or one of a single letter.
    fn begins_object(&self) -> bool {
        self.visual.is_none_or(|visual| visual.anchor == self.cursor)
    }

    fn begin_at(&mut self, start: Pos) {
        match &mut self.visual {
            Some(visual) => visual.anchor = start,
            None => self.op.begin = Some(start),
        }
    }

    fn set_visual_kind(&mut self, kind: Selection) {
        if let Some(visual) = &mut self.visual {
            visual.kind = kind;
        }
    }

    fn back_in_line(&mut self, big: bool) {
        let class = self.class_at(self.cursor, big);
        while self.cursor.col > 0 {
            if self.class_at(Pos { col: self.cursor.col - 1, ..self.cursor }, big) != class {
                break;
            }
            self.cursor.col -= 1;
        }
    }

    fn one_left(&mut self) -> bool {
        let moved = self.cursor.col > 0;
        self.cursor.col = self.cursor.col.saturating_sub(1);
        moved
    }

    fn hop_cursor(&mut self, forward: bool) -> Step {
        let mut pos = self.cursor;
        let step = if forward { self.hop_forward(&mut pos) } else { self.hop_back(&mut pos) };
        self.cursor = pos;
        step
    }

    fn word_object(&mut self, around: bool, big: bool, mut count: usize) -> Option<()> {
        let mut inclusive = true;
        let mut with_white = false;
        let mut start = self.cursor;
        if self.begins_object() {
            self.back_in_line(big);
            start = self.cursor;
            if (self.class_at(self.cursor, big) == 0) == around {
                self.word_end(1, big, true, true).then_some(())?;
            } else {
                self.word_forward(1, big, true);
                if self.cursor.col == 0 {
                    self.hop_cursor(false);
                } else {
                    self.one_left();
                }
                with_white = around;
            }
            self.begin_at(start);
            count -= 1;
        }
        while count > 0 {
            inclusive = self.extend_word(around, big, count)?;
            count -= 1;
        }
        if with_white && (self.class_at(self.cursor, big) != 0 || self.cursor.col == 0 && !inclusive) {
            let end = self.cursor;
            self.cursor = start;
            if self.one_left() {
                self.back_in_line(big);
                if self.class_at(self.cursor, big) == 0 && self.cursor.col > 0 {
                    self.begin_at(self.cursor);
                }
            }
            self.cursor = end;
        }
        if self.visual.is_some_and(|visual| visual.kind == Selection::Lines) {
            self.set_visual_kind(Selection::Characters);
        }
        self.op.inclusive = inclusive;
        Some(())
    }

    /// Takes one more word or run of blanks; gives whether the end is inclusive.
    fn extend_word(&mut self, around: bool, big: bool, count: usize) -> Option<bool> {
        let backwards = self.visual.is_some_and(|visual| self.cursor < visual.anchor);
        if backwards {
            (self.hop_cursor(false) != Step::None).then_some(())?;
            if around != (self.class_at(self.cursor, big) != 0) {
                self.word_back(1, big, true).then_some(())?;
            } else {
                self.word_end_back(1, big, true).then_some(())?;
                self.hop_cursor(true);
            }
            return Some(true);
        }
        (self.hop_cursor(true) != Step::None).then_some(())?;
        if around != (self.class_at(self.cursor, big) == 0) {
            let moved = self.word_forward(1, big, true);
            (moved || count <= 1).then_some(())?;
            return Some(self.one_left());
        }
        self.word_end(1, big, true, true).then_some(true)
    }

    fn quoted_object(&mut self, around: bool, quote: char, count: usize) -> Option<()> {
        let line = self.text.line(self.cursor.row).to_vec();
        let fresh = self.begins_object();
        if self.visual.is_some_and(|visual| visual.anchor.row != self.cursor.row) {
            return None;
        }
        let anchor = self.visual.map_or(self.cursor, |visual| visual.anchor);
        let (low, high) = (anchor.col.min(self.cursor.col), anchor.col.max(self.cursor.col));
        let inside =
            !fresh && low > 0 && line.get(low - 1) == Some(&quote) && line.get(high + 1) == Some(&quote);
        let at = self.cursor.col;
        let (mut start, mut end) = if line.get(at) == Some(&quote) || !fresh {
            let first = if fresh { at } else { next_quote(&line, at, quote, false)? };
            let mut from = 0;
            loop {
                let start = next_quote(&line, from, quote, false).filter(|start| *start <= first)?;
                let end = next_quote(&line, start + 1, quote, true)?;
                if first <= end {
                    break (start, end);
                }
                from = end + 1;
            }
        } else {
            let mut start = last_quote(&line, at, quote);
            if line.get(start) != Some(&quote) {
                start = next_quote(&line, start, quote, false)?;
            }
            (start, next_quote(&line, start + 1, quote, true)?)
        };
        let blank = |col: usize| line.get(col).is_some_and(|c| is_blank(*c));
        if around {
            if blank(end + 1) {
                while blank(end + 1) {
                    end += 1;
                }
            } else {
                while start > 0 && blank(start - 1) {
                    start -= 1;
                }
            }
        }
        if !around && count < 2 && !inside {
            start += 1;
        }
        self.cursor.col = start;
        if fresh || inside {
            self.begin_at(self.cursor);
        }
        self.cursor.col = end;
        let with_quote = around || count > 1 || inside;
        let behind = with_quote && self.move_cursor(true) == Step::End;
        if self.is_visual() {
            self.move_cursor(false);
            if self.visual.is_some_and(|visual| visual.kind == Selection::Lines) {
                self.set_visual_kind(Selection::Characters);
            }
        }
        self.op.inclusive = behind;
        Some(())
    }

    fn bracket_object(&mut self, around: bool, (open, close): (char, char), count: usize) -> Option<()> {
        let before = self.cursor;
        let found = self.find_brackets(around, (open, close), count);
        if found.is_none() {
            self.cursor = before;
        }
        let (start, at_line_start) = found?;
        if self.is_visual() {
            if at_line_start && self.here().is_some() {
                self.move_cursor(true);
            }
            self.begin_at(start);
            self.set_visual_kind(Selection::Characters);
            self.check_cursor();
            return Some(());
        }
        self.begin_at(start);
        self.op.inclusive = false;
        if at_line_start {
            self.hop_cursor(true);
        } else if start <= self.cursor {
            self.op.inclusive = true;
        } else {
            self.cursor = start;
        }
        Some(())
    }

    /// Leaves the cursor at the end of the block; gives its start, and whether the end was at a line's beginning.
    fn find_brackets(
        &mut self,
        around: bool,
        (open, close): (char, char),
        count: usize,
    ) -> Option<(Pos, bool)> {
        let (mut old_start, mut old_end) = (self.cursor, self.cursor);
        if self.begins_object() {
            self.note_jump();
            if open == '{' {
                while self.in_indent(1) && self.move_cursor(true) == Step::Letter {}
            }
            if self.here() == Some(open) {
                self.cursor.col += 1;
            }
        } else if let Some(visual) = self.visual {
            if visual.anchor < self.cursor {
                old_start = visual.anchor;
                self.cursor = visual.anchor;
            } else {
                old_end = visual.anchor;
            }
        }
        let mut start = self.cursor;
        let backwards = self.around_plain(start, open, false).is_some();
        for _ in 0..count {
            start = self.around_plain(start, open, !backwards)?;
        }
        self.cursor = self.around(start, close)?;
        let mut sol = false;
        if around {
            return Some((start, sol));
        }
        loop {
            self.hop_forward(&mut start);
            sol = self.cursor.col == 0;
            self.hop_cursor(false);
            if open == '{' {
                while self.in_indent(1) {
                    sol = true;
                    if self.hop_cursor(false) != Step::Letter {
                        break;
                    }
                }
            }
            if start < old_start || old_end < self.cursor || !self.is_visual() {
                break;
            }
            let mut from = old_start;
            self.hop_back(&mut from);
            start = self.around_plain(from, open, false)?;
            self.cursor = self.around(start, close)?;
            (old_start, old_end) = (start, self.cursor);
        }
        Some((start, sol))
    }

    fn paragraph_object(&mut self, around: bool, count: usize) -> Option<()> {
        if self.visual.is_some_and(|visual| visual.anchor.row != self.cursor.row) {
            return self.extend_paragraph(around, count);
        }
        let last = self.text.last();
        let white = |row: usize| self.text.line(row).iter().all(|c| is_blank(*c));
        let begins = |row: usize| self.begins_part(row, None, false);
        let mut first = self.cursor.row;
        let white_first = white(first);
        while first > 0 {
            let stops = if white_first { !white(first - 1) } else { white(first - 1) || begins(first) };
            if stops {
                break;
            }
            first -= 1;
        }
        // One behind the last row that belongs to it.
        let mut end = first;
        while end <= last && white(end) {
            end += 1;
        }
        let runs = if !around && white_first { count - 1 } else { count };
        for left in (0..runs).rev() {
            if end > last {
                return None;
            }
            let takes_white = white(end);
            if around || !takes_white {
                end += 1;
                while end <= last && !white(end) && !begins(end) {
                    end += 1;
                }
            }
            if left == 0 && white_first && around {
                break;
            }
            if around || takes_white {
                while end <= last && white(end) {
                    end += 1;
                }
            }
        }
        let end = end.saturating_sub(1);
        if !white_first && !white(end) && around {
            while first > 0 && white(first - 1) {
                first -= 1;
            }
        }
        if self.is_visual() {
            let lines = self.visual.is_some_and(|visual| visual.kind == Selection::Lines);
            if lines && first == self.cursor.row && end == self.cursor.row {
                return self.extend_paragraph(around, count);
            }
            if self.visual.is_some_and(|visual| visual.anchor.row != first) {
                self.begin_at(Pos { row: first, col: 0 });
            }
            self.set_visual_kind(Selection::Lines);
        } else {
            self.begin_at(Pos { row: first, col: 0 });
            self.op.lines = true;
        }
        self.cursor = Pos { row: end, col: 0 };
        Some(())
    }

    fn extend_paragraph(&mut self, around: bool, count: usize) -> Option<()> {
        let anchor = self.visual?.anchor.row;
        let back = self.cursor.row < anchor;
        let border = if back { 0 } else { self.text.last() };
        let next = |row: usize| if back { row - 1 } else { row + 1 };
        let white = |row: usize| self.text.line(row).iter().all(|c| is_blank(*c));
        let mut row = self.cursor.row;
        let mut done = Some(());
        for _ in 0..count {
            if row == border {
                done = None;
                break;
            }
            let mut before = None;
            for _ in 0..2 {
                if row == border {
                    break;
                }
                let to = next(row);
                let is_white = white(to);
                if before == Some(is_white) {
                    break;
                }
                row = to;
                while row != border {
                    let beyond = next(row);
                    let begins = !is_white && self.begins_part(if back { row } else { beyond }, None, false);
                    if is_white != white(beyond) || begins {
                        break;
                    }
                    row = beyond;
                }
                if !around {
                    break;
                }
                before = Some(is_white);
            }
        }
        self.cursor = Pos { row, col: 0 };
        done
    }

    fn first_blank(&self, pos: &mut Pos) {
        while self.hop_back(pos) != Step::None {
            if !self.text.at(*pos).is_some_and(is_blank) {
                self.hop_forward(pos);
                break;
            }
        }
    }

    fn sentence_object(&mut self, around: bool, count: usize) -> Option<()> {
        let mut start = self.cursor;
        let mut pos = start;
        self.sentence(true, 1);
        while self.text.at(pos).is_some_and(is_blank) {
            if self.hop_forward(&mut pos) == Step::None {
                break;
            }
        }
        let on_blank = pos == self.cursor;
        if on_blank {
            self.first_blank(&mut start);
        } else {
            self.sentence(false, 1);
            start = self.cursor;
        }
        let runs = if around { count * 2 } else { count - usize::from(on_blank) };
        if runs == 0 {
            self.hop_cursor(false);
        }
        let mut at_start = true;
        for left in (0..runs).rev() {
            self.sentence(true, 1);
            if at_start {
                let mut pos = self.cursor;
                self.first_blank(&mut pos);
                self.cursor = pos;
            }
            if left == 0 || at_start {
                self.hop_cursor(false);
            }
            at_start = !at_start;
        }
        if around && on_blank {
            let mut pos = self.cursor;
            self.first_blank(&mut pos);
            if self.text.at(pos).is_some_and(is_blank) {
                self.hop_back(&mut pos);
            }
            self.cursor = pos;
        } else if around && !self.here().is_some_and(is_blank) {
            self.first_blank(&mut start);
        }
        self.begin_at(start);
        if self.is_visual() {
            self.set_visual_kind(Selection::Characters);
        } else {
            self.op.inclusive = self.hop_cursor(true) == Step::None;
        }
        Some(())
    }

    /// The bracket around a place, whatever quotes there are; or with `ahead` one in front of it.
    fn around_plain(&self, from: Pos, wanted: char, ahead: bool) -> Option<Pos> {
        let other = match wanted {
            '(' => ')',
            '[' => ']',
            '{' => '}',
            _ => '>',
        };
        let escaped = |pos: Pos| {
            let line = self.text.line(pos.row);
            line.iter().take(pos.col).rev().take_while(|c| **c == '\\').count() % 2 == 1
        };
        let mut depth = 0;
        let mut pos = from;
        loop {
            let step = if ahead { self.hop_forward(&mut pos) } else { self.hop_back(&mut pos) };
            if step == Step::None {
                return None;
            }
            match self.text.at(pos) {
                Some(c) if c == wanted && !escaped(pos) => {
                    if depth == 0 {
                        return Some(pos);
                    }
                    depth -= 1;
                }
                Some(c) if c == other && !escaped(pos) => depth += 1,
                _ => {}
            }
        }
    }
}

/// The next quote at or behind a column; with `escapes` a backslash before it counts.
fn next_quote(line: &[char], from: usize, quote: char, escapes: bool) -> Option<usize> {
    let mut at = from;
    loop {
        match line.get(at)? {
            '\\' if escapes => at += 1,
            c if *c == quote => return Some(at),
            _ => {}
        }
        at += 1;
    }
}

/// The last quote before a column; column 0 when there is none.
fn last_quote(line: &[char], from: usize, quote: char) -> usize {
    let mut at = from;
    while at > 0 {
        at -= 1;
        let slashes = line.iter().take(at).rev().take_while(|c| **c == '\\').count();
        if slashes % 2 == 1 {
            at = at.saturating_sub(slashes);
        } else if line.get(at) == Some(&quote) {
            break;
        }
    }
    at
}
