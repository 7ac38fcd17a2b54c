//! `gq` and `gw`: paragraphs filled to the width of the text.

use super::Pos;
use super::core::Core;
use super::insert::Inserting;
use super::text::is_blank;

impl Core {
    pub(super) fn op_format(&mut self, stays: bool) {
        let (start, end) = (self.op.start, self.op.end);
        let typed_at = self.op.typed_at;
        self.cursor = if self.op.visual { start } else { typed_at };
        self.keep_rows(start.row, end.row + 1, None);
        self.cursor = start;
        let kept = if self.op.visual { start } else { typed_at };
        let before = self.text.count();
        let inside = (start.row..=end.row).contains(&kept.row);
        let (letters, line) = (self.letters_before(start.row, kept), self.text.kept(kept.row));
        let last = self.format_rows(start.row, end.row);
        self.cursor = Pos { row: last, col: 0 };
        self.check_row();
        self.begin_line(true);
        self.marks.begun = start;
        self.marks.ended = self.cursor;
        if stays {
            let moved = inside && *line != *self.text.line(kept.row);
            self.cursor = if moved { self.behind_letters(start.row, letters) } else { kept };
            self.check_cursor();
        }
        self.say_lines_changed(before);
    }

    /// Letters but blanks from a row's begin up to a place: filling leaves their number alone.
    fn letters_before(&self, row: usize, pos: Pos) -> usize {
        let letters =
            |row: usize, end: usize| self.text.line(row).iter().take(end).filter(|c| !is_blank(**c)).count();
        (row..pos.row).map(|row| letters(row, usize::MAX)).sum::<usize>() + letters(pos.row, pos.col)
    }

    /// The letter behind so many others from a row on.
    fn behind_letters(&self, row: usize, count: usize) -> Pos {
        let mut left = count;
        for row in row..self.text.count() {
            for (col, _) in self.text.line(row).iter().enumerate().filter(|(_, c)| !is_blank(**c)) {
                if left == 0 {
                    return Pos { row, col };
                }
                left -= 1;
            }
        }
        Pos { row: self.text.last(), col: 0 }
    }

    /// Fills paragraphs; gives the last row they became.
    fn format_rows(&mut self, from: usize, to: usize) -> usize {
        let width = if self.settings.textwidth > 0 { self.settings.textwidth } else { 79 };
        let mut row = from;
        let mut left = to - from + 1;
        let blank = |core: &Self, row: usize| core.text.line(row).iter().all(|c| is_blank(*c));
        while left > 0 && row < self.text.count() {
            if blank(self, row) {
                if left == 1 {
                    return row;
                }
                row += 1;
                left -= 1;
                continue;
            }
            while left > 1
                && row + 1 < self.text.count()
                && !blank(self, row + 1)
                && !self.begins_item(row + 1)
            {
                self.cursor = Pos { row, col: 0 };
                self.join(2, true, false, false);
                left -= 1;
            }
            let rows = self.fill_row(row, width);
            row += rows;
            left -= 1;
        }
        row.saturating_sub(1)
    }

    /// A line that a formatted paragraph does not take along: a list item or a remark, or what stands behind one.
    fn begins_item(&self, row: usize) -> bool {
        let sign = |row: usize| {
            let line = self.text.line(row);
            let at = self.text.blanks(row);
            line.get(at).copied().filter(|_| line.get(at + 1).is_none_or(|c| is_blank(*c)))
        };
        matches!(sign(row), Some('-' | '#')) || row > 0 && sign(row - 1) == Some('#')
    }

    /// The columns that lines broken off a list item are indented by.
    pub(super) fn hanging_indent(&self, row: usize) -> Option<usize> {
        let line = self.text.line(row);
        let at = self.text.blanks(row);
        if line.get(at) != Some(&'-') || !line.get(at + 1).is_some_and(|c| is_blank(*c)) {
            return None;
        }
        let text = (at + 1..line.len()).find(|col| !is_blank(line[*col])).unwrap_or(line.len());
        Some(super::text::columns(line, text, self.tabstop()))
    }

    fn fill_row(&mut self, row: usize, width: usize) -> usize {
        let kept = (self.settings.textwidth, self.settings.autoindent);
        self.settings.textwidth = width;
        let indent = self.indent_of(row);
        self.set_indent_of(row, indent, false);
        let line = self.text.line(row);
        let end = line.iter().rposition(|c| !is_blank(*c)).map_or(0, |at| at + 1);
        self.text.line_mut(row).truncate(end);
        self.cursor = Pos { row, col: end };
        let inserting = self.inserting.take();
        self.inserting = Some(Inserting::default());
        let rows = self.break_lines(width);
        self.inserting = inserting;
        (self.settings.textwidth, self.settings.autoindent) = kept;
        rows
    }
}
