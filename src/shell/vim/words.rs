//! Steps through the text by letters, words and sentences.

use super::Pos;
use super::core::Core;
use super::text::is_blank;

/// Where a step led.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// To a letter of the same line.
    Letter,
    /// To the place behind the last letter.
    End,
    /// To another line.
    Line,
    /// Nowhere: the text ends.
    None,
}

/// Blank (0), punctuation (1), letter of a word (2), or a script of its own. With `big`, everything that is no
/// blank is alike.
pub(super) fn class(c: char, big: bool) -> u32 {
    match c {
        ' ' | '\t' | '\0' => 0,
        _ if big => 1,
        c if (c as u32) < 0x100 && is_word(c) => 2,
        '\0'..='\u{ff}' => 1,
        '\u{2000}'..='\u{206f}' | '\u{3000}'..='\u{303f}' | '\u{ff00}'..='\u{ff0f}' => 1,
        '\u{3040}'..='\u{309f}' => 0x3040,
        '\u{30a0}'..='\u{30ff}' => 0x30a0,
        '\u{4e00}'..='\u{9fff}' => 0x4e00,
        '\u{ac00}'..='\u{d7a3}' => 0xac00,
        _ => 2,
    }
}

/// A letter of a word: 'iskeyword'.
pub(super) fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || c == '_'
        || ('\u{c0}'..='\u{ff}').contains(&c)
        || c as u32 > 0xff && class(c, false) > 1
}

impl Core {
    pub(super) fn step_forward(&self, pos: &mut Pos) -> Step {
        let len = self.text.len(pos.row);
        if pos.col < len {
            pos.col += 1;
            return if pos.col < len { Step::Letter } else { Step::End };
        }
        if pos.row < self.text.last() {
            *pos = Pos { row: pos.row + 1, col: 0 };
            return Step::Line;
        }
        Step::None
    }

    pub(super) fn step_back(&self, pos: &mut Pos) -> Step {
        if pos.col > 0 {
            pos.col = (pos.col - 1).min(self.text.len(pos.row));
            return Step::Letter;
        }
        if pos.row > 0 {
            *pos = Pos { row: pos.row - 1, col: self.text.len(pos.row - 1) };
            return Step::Line;
        }
        Step::None
    }

    /// A step that leaves out the place behind a line's last letter.
    pub(super) fn hop_forward(&self, pos: &mut Pos) -> Step {
        let step = self.step_forward(pos);
        if matches!(step, Step::End | Step::Line) && pos.col > 0 { self.step_forward(pos) } else { step }
    }

    pub(super) fn hop_back(&self, pos: &mut Pos) -> Step {
        let step = self.step_back(pos);
        if step == Step::Line && pos.col > 0 { self.step_back(pos) } else { step }
    }

    pub(super) fn class_at(&self, pos: Pos, big: bool) -> u32 {
        self.text.at(pos).map_or(0, |c| class(c, big))
    }

    pub(super) fn is_empty_line(&self, pos: Pos) -> bool {
        pos.col == 0 && self.text.len(pos.row) == 0
    }

    /// `w`: false when it led nowhere. With `stays` the last word ends at its line's end.
    pub(super) fn word_forward(&mut self, count: usize, big: bool, stays: bool) -> bool {
        for left in (0..count).rev() {
            let stops = stays && left == 0;
            let begun = self.class_at(self.cursor, big);
            let on_last = self.cursor.row == self.text.last();
            let mut pos = self.cursor;
            let step = self.step_forward(&mut pos);
            self.cursor = pos;
            let over = matches!(step, Step::End | Step::Line);
            if step == Step::None || over && on_last {
                return false;
            }
            if over && stops {
                return true;
            }
            if !self.skip_word(begun, big, stops) || !self.skip_blanks(big, on_last) {
                return true;
            }
        }
        true
    }

    /// Goes behind the word of a class; false where that ends the motion.
    fn skip_word(&mut self, begun: u32, big: bool, stops: bool) -> bool {
        while begun != 0 && self.class_at(self.cursor, big) == begun {
            let mut pos = self.cursor;
            let step = self.step_forward(&mut pos);
            self.cursor = pos;
            if step == Step::None || stops && step != Step::Letter {
                return false;
            }
        }
        true
    }

    fn skip_blanks(&mut self, big: bool, on_last: bool) -> bool {
        while self.class_at(self.cursor, big) == 0 && !self.is_empty_line(self.cursor) {
            let mut pos = self.cursor;
            let step = self.step_forward(&mut pos);
            self.cursor = pos;
            if step == Step::None || on_last && step != Step::Letter {
                return false;
            }
        }
        true
    }

    /// Goes on while letters are of a class; true when the text ends before.
    pub(super) fn skip_class(&mut self, class: u32, big: bool, forward: bool) -> bool {
        while self.class_at(self.cursor, big) == class {
            if self.move_cursor(forward) == Step::None {
                return true;
            }
        }
        false
    }

    pub(super) fn move_cursor(&mut self, forward: bool) -> Step {
        let mut pos = self.cursor;
        let step = if forward { self.step_forward(&mut pos) } else { self.step_back(&mut pos) };
        self.cursor = pos;
        step
    }

    /// `b`: with `stop` only to the beginning of a word that the cursor is in.
    pub(super) fn word_back(&mut self, count: usize, big: bool, mut stop: bool) -> bool {
        for _ in 0..count {
            let begun = self.class_at(self.cursor, big);
            if self.move_cursor(false) == Step::None {
                return false;
            }
            let mut finished = false;
            if !stop || begun == self.class_at(self.cursor, big) || begun == 0 {
                while self.class_at(self.cursor, big) == 0 {
                    if self.is_empty_line(self.cursor) {
                        finished = true;
                        break;
                    }
                    if self.move_cursor(false) == Step::None {
                        return true;
                    }
                }
                if !finished && self.skip_class(self.class_at(self.cursor, big), big, false) {
                    return true;
                }
            }
            if !finished {
                self.move_cursor(true);
            }
            stop = false;
        }
        true
    }

    /// `e`: with `stop` a single letter is a word's end already; with `empty` an empty line ends it.
    pub(super) fn word_end(&mut self, count: usize, big: bool, mut stop: bool, empty: bool) -> bool {
        for _ in 0..count {
            let begun = self.class_at(self.cursor, big);
            if self.move_cursor(true) == Step::None {
                return false;
            }
            let mut finished = false;
            if self.class_at(self.cursor, big) == begun && begun != 0 {
                if self.skip_class(begun, big, true) {
                    return false;
                }
            } else if !stop || begun == 0 {
                while self.class_at(self.cursor, big) == 0 {
                    if empty && self.is_empty_line(self.cursor) {
                        finished = true;
                        break;
                    }
                    if self.move_cursor(true) == Step::None {
                        return false;
                    }
                }
                if !finished && self.skip_class(self.class_at(self.cursor, big), big, true) {
                    return false;
                }
            }
            if !finished {
                self.move_cursor(false);
            }
            stop = false;
        }
        true
    }

    /// `ge`: with `stays` it does not leave its line.
    pub(super) fn word_end_back(&mut self, count: usize, big: bool, stays: bool) -> bool {
        for _ in 0..count {
            let begun = self.class_at(self.cursor, big);
            let step = self.move_cursor(false);
            if step == Step::None {
                return false;
            }
            if stays && step == Step::Line {
                return true;
            }
            while begun != 0 && self.class_at(self.cursor, big) == begun {
                let step = self.move_cursor(false);
                if step == Step::None || stays && step == Step::Line {
                    return true;
                }
            }
            while self.class_at(self.cursor, big) == 0 && !self.is_empty_line(self.cursor) {
                let step = self.move_cursor(false);
                if step == Step::None || stays && step == Step::Line {
                    return true;
                }
            }
        }
        true
    }

    /// True for a line that begins a paragraph or section: an empty one, or one that begins with `what`.
    pub(super) fn begins_part(&self, row: usize, what: Option<char>, both: bool) -> bool {
        let first = self.text.line(row).first().copied();
        first == what || first == Some('\x0c') || both && first == Some('}')
    }

    /// `}` and `{`, and with a bracket `]]` and `[[`: gives whether it is inclusive, `None` when it fails.
    pub(super) fn paragraph(
        &mut self,
        forward: bool,
        count: usize,
        what: Option<char>,
        both: bool,
    ) -> Option<bool> {
        let mut row = self.cursor.row;
        for left in (0..count).rev() {
            let mut skipped = false;
            let mut first = true;
            loop {
                skipped |= self.text.len(row) > 0;
                if !first && skipped && self.begins_part(row, what, both) {
                    break;
                }
                first = false;
                let border = if forward { self.text.last() } else { 0 };
                if row == border {
                    if left > 0 {
                        return None;
                    }
                    break;
                }
                row = if forward { row + 1 } else { row - 1 };
            }
        }
        self.note_jump();
        if both && self.text.line(row).first() == Some(&'}') {
            row = (row + 1).min(self.text.last());
        }
        self.cursor = Pos { row, col: 0 };
        if row == self.text.last() && what != Some('}') && forward {
            let len = self.text.len(row);
            self.cursor.col = len.saturating_sub(1);
            return Some(len > 0);
        }
        Some(false)
    }

    /// `)` and `(`: false when it fails.
    pub(super) fn sentence(&mut self, forward: bool, count: usize) -> bool {
        let mut pos = self.cursor;
        for left in (0..count).rev() {
            match self.one_sentence(pos, forward, left) {
                Some(found) => pos = found,
                None => return false,
            }
        }
        self.note_jump();
        self.cursor = pos;
        true
    }

    fn hop(&self, pos: &mut Pos, forward: bool) -> Step {
        if forward { self.hop_forward(pos) } else { self.hop_back(pos) }
    }

    fn one_sentence(&self, mut pos: Pos, forward: bool, left: usize) -> Option<Pos> {
        let at = |pos: Pos| self.text.at(pos);
        if at(pos).is_none() {
            while self.hop(&mut pos, forward) != Step::None && at(pos).is_none() {}
            if forward {
                return Some(self.behind_blanks(pos));
            }
        } else if forward && pos.col == 0 && self.begins_part(pos.row, None, false) {
            let row = (pos.row < self.text.last()).then_some(pos.row + 1)?;
            return Some(self.behind_blanks(Pos { row, ..pos }));
        } else if !forward {
            self.hop_back(&mut pos);
        }
        self.before_punctuation(&mut pos, forward);
        let begun = pos.row;
        loop {
            let c = at(pos);
            if c.is_none() || pos.col == 0 && self.begins_part(pos.row, None, false) {
                if !forward && pos.row != begun {
                    pos = Pos { row: pos.row + 1, col: pos.col };
                }
                break;
            }
            if matches!(c, Some('.' | '!' | '?'))
                && let Some(end) = self.sentence_end(pos)
            {
                pos = end;
                if at(pos).is_none() {
                    self.step_forward(&mut pos);
                }
                break;
            }
            if self.hop(&mut pos, forward) == Step::None {
                return (left == 0).then_some(pos);
            }
        }
        Some(self.behind_blanks(pos))
    }

    /// Where a sentence ends that has its dot at `pos`.
    fn sentence_end(&self, pos: Pos) -> Option<Pos> {
        let mut pos = pos;
        loop {
            if self.step_forward(&mut pos) == Step::None {
                return Some(pos);
            }
            match self.text.at(pos) {
                Some(')' | ']' | '"' | '\'') => {}
                Some(' ' | '\t') | None => return Some(pos),
                _ => return None,
            }
        }
    }

    fn before_punctuation(&self, pos: &mut Pos, forward: bool) {
        let is_end = |c: char| ".!?)]\"'".contains(c);
        let mut dot = false;
        while let Some(c) = self.text.at(*pos).filter(|c| is_blank(*c) || is_end(*c)) {
            let mut before = *pos;
            let none = self.hop_back(&mut before) == Step::None;
            if none || self.text.len(before.row) == 0 && forward || dot {
                break;
            }
            dot |= ".!?".contains(c);
            if ")]\"'".contains(c) && !self.text.at(before).is_some_and(is_end) {
                break;
            }
            *pos = before;
        }
    }

    fn behind_blanks(&self, mut pos: Pos) -> Pos {
        while self.text.at(pos).is_some_and(is_blank) {
            if self.hop_forward(&mut pos) == Step::None {
                break;
            }
        }
        pos
    }

    /// Keeps where the cursor is for `''`.
    pub(super) fn note_jump(&mut self) {
        self.marks.note_jump(self.cursor);
    }
}
