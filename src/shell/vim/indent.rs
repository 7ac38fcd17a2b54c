//! Indents of YAML, as vim's file type gives them: on a new line, when `#`, `-`, `]`, `}` begin a line,
//! behind a `:`, and for `=`.
//!
//! The rules follow `indent/yaml.vim` of vim 9.0.

use super::core::Core;

/// Letters that indent a line anew when they are the first in it.
const FIRST: &str = "#}]-";

impl Core {
    /// True while lines are indented by the rules of YAML.
    pub(super) fn is_indenting(&self) -> bool {
        self.yaml && !self.settings.paste
    }

    fn trimmed(&self, row: usize) -> String {
        self.text.line(row).iter().collect::<String>().trim_start().to_owned()
    }

    /// The last line before a row that is not blank.
    fn filled_before(&self, row: usize) -> Option<usize> {
        (0..row).rev().find(|row| !self.trimmed(*row).is_empty())
    }

    /// The last line before a row that is indented less than `columns`; a remark counts as one.
    fn less_indented(&self, row: usize, columns: usize) -> Option<usize> {
        let mut found = self.filled_before(row);
        while let Some(row) = found {
            if self.indent_of(row) < columns || self.trimmed(row).starts_with('#') {
                return Some(row);
            }
            found = self.filled_before(row);
        }
        None
    }

    /// The last line before a row, going outwards, that fits.
    fn outwards(&self, row: usize, fits: fn(&str) -> bool) -> Option<usize> {
        let mut found = self.less_indented(row, self.indent_of(row) + 1);
        while let Some(row) = found.filter(|row| !fits(&self.trimmed(*row))) {
            found = self.less_indented(row, self.indent_of(row));
        }
        found
    }

    /// The columns that a line should be indented by; `None` leaves it as it is.
    pub(super) fn yaml_indent(&self, row: usize) -> Option<usize> {
        let Some(mut before) = self.filled_before(row) else { return Some(0) };
        let line = self.trimmed(row);
        if line.starts_with('#') && row > 0 && self.trimmed(row - 1).starts_with('#') {
            return Some(self.indent_of(before));
        }
        if line.starts_with([']', '}']) {
            return self.less_indented(row, self.indent_of(row)).map(|row| self.indent_of(row));
        }
        let first = self.indent_of(before);
        while self.trimmed(before).starts_with('#') {
            match self.filled_before(before) {
                Some(row) => before = row,
                None => return Some(first),
            }
        }
        self.after(before, row, &line)
    }

    /// The indent of a line behind one that is no remark.
    fn after(&self, before: usize, row: usize, line: &str) -> Option<usize> {
        let text = self.trimmed(before);
        let indent = self.indent_of(before);
        match scalar(&text) {
            Some(Some(columns)) => return Some(indent + columns),
            Some(None) => return Some(indent + self.shift_width()),
            None => {}
        }
        if text.ends_with(['{', '[', ':']) {
            return Some(indent + self.shift_width());
        }
        if is_item(line) {
            return self.outwards(row, is_item).map(|row| self.indent_of(row));
        }
        if is_field(line) {
            let field = self.outwards(row, is_field)?;
            let inside = if self.trimmed(field).starts_with("- ") { 2 } else { 0 };
            return Some(self.indent_of(field) + inside);
        }
        if text.starts_with("- ") {
            return Some(indent + 2);
        }
        if is_field(&text) {
            return Some(indent + self.shift_width());
        }
        Some(indent)
    }

    /// Indents the cursor's line anew, keeping the cursor on its letter.
    pub(super) fn reindent_here(&mut self) {
        let row = self.cursor.row;
        let Some(columns) = self.yaml_indent(row) else { return };
        let before = self.text.len(row);
        self.set_indent_of(row, columns, false);
        let (after, letters) = (self.text.len(row), self.text.blanks(row));
        self.cursor.col = (self.cursor.col + after).saturating_sub(before).max(letters);
        self.indent_columns = letters;
    }

    /// After a letter was typed: some indent the line anew.
    pub(super) fn indent_after(&mut self, key: char) {
        if !self.is_indenting() {
            return;
        }
        let line = self.text.line(self.cursor.row);
        let is_first = line.iter().take(self.cursor.col.saturating_sub(1)).all(|c| c.is_whitespace());
        if key == ':' || FIRST.contains(key) && is_first {
            self.reindent_here();
        }
    }

    /// The columns that C's rules indent a line outside any function by: labels and directives not at all, others
    /// as the line before.
    pub(super) fn c_indent(&self, row: usize) -> usize {
        let line = self.trimmed(row);
        if line.starts_with('#') {
            return 0;
        }
        let code = |row: &usize| {
            let line = self.trimmed(*row);
            !line.is_empty() && !line.starts_with('#')
        };
        let Some(before) = (0..row).rev().find(code) else { return 0 };
        let text = self.trimmed(before);
        let ended = text.trim_end().ends_with([';', '}', '{']);
        let is_label = label_end(&line).is_some();
        let after_label = label_end(&text).is_some_and(|end| text[end..].trim().is_empty());
        if is_label && (ended || after_label) {
            return 0;
        }
        self.indent_of(before)
    }
}

/// Where a label with its colon ends.
fn label_end(line: &str) -> Option<usize> {
    let end = line.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))?;
    let tail = line[end..].trim_start();
    (end > 0
        && !line.starts_with(|c: char| c.is_ascii_digit())
        && tail.starts_with(':')
        && !tail.starts_with("::"))
    .then(|| line.len() - tail.len() + 1)
}

fn is_item(line: &str) -> bool {
    line.starts_with("- ") || line == "-"
}

fn is_field(line: &str) -> bool {
    !line.is_empty() && !line.starts_with('#') && (line.contains(": ") || line.ends_with(':'))
}

/// A line that ends with the header of a block scalar, and the columns it names.
fn scalar(line: &str) -> Option<Option<usize>> {
    let text = line.split(" #").next().unwrap_or(line).trim_end();
    let (head, mark) = text.rsplit_once(' ')?;
    let rest = mark.strip_prefix(['|', '>'])?;
    let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
    let known = head.ends_with([':', '-']) && rest.chars().all(|c| c.is_ascii_digit() || "+-".contains(c));
    known.then(|| digits.parse().ok())
}
