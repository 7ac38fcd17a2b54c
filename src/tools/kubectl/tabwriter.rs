//! Columns from tab-terminated cells, as Go's `text/tabwriter` makes them.
//!
//! A cell is text up to a tab; what follows the last tab of a line belongs to no column. A column
//! is a run of consecutive lines that have a cell there, and only that run shares its width.
//! Knows nothing of what the text says.

/// How columns are made. The names are those of Go's `tabwriter.Init`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    /// The least width of a column, padding included.
    pub(crate) min_width: usize,
    /// The width of a tab character where the padding is made of tabs.
    pub(crate) tab_width: usize,
    /// Added to the widest cell of a column.
    pub(crate) padding: usize,
    /// What fills a cell up; with a tab the widths become multiples of `tab_width`.
    pub(crate) pad: char,
    /// True when a column whose cells are all empty takes no room.
    pub(crate) discard_empty: bool,
}

/// What `kubectl describe` and `kubectl config` style reports use.
pub(crate) const DESCRIBE: Layout =
    Layout { min_width: 0, tab_width: 8, padding: 2, pad: ' ', discard_empty: false };

/// What the tables of `kubectl get` use.
pub(crate) const TABLE: Layout =
    Layout { min_width: 6, tab_width: 4, padding: 3, pad: ' ', discard_empty: false };

/// Lays `text` out in columns.
pub(crate) fn format(text: &str, layout: &Layout) -> String {
    let lines: Vec<Vec<&str>> =
        text.split(['\n', '\u{c}']).map(|line| line.split(['\t', '\u{b}']).collect()).collect();
    let mut out = String::with_capacity(text.len() * 2);
    let mut widths = Vec::new();
    Sheet { lines: &lines, layout }.block(0, lines.len(), &mut widths, &mut out);
    out
}

/// The cells of a whole text.
struct Sheet<'a> {
    lines: &'a [Vec<&'a str>],
    layout: &'a Layout,
}

impl Sheet<'_> {
    /// True when the line has a tab-terminated cell in that column.
    fn has_cell(&self, line: usize, column: usize) -> bool {
        self.lines.get(line).is_some_and(|cells| column + 1 < cells.len())
    }

    /// Writes the lines `from..to`, whose first `widths.len()` columns have their widths already.
    fn block(&self, from: usize, to: usize, widths: &mut Vec<usize>, out: &mut String) {
        let column = widths.len();
        let (mut written, mut this) = (from, from);
        while this < to {
            if !self.has_cell(this, column) {
                this += 1;
                continue;
            }
            self.write(written, this, widths, out);
            written = this;
            while this < to && self.has_cell(this, column) {
                this += 1;
            }
            widths.push(self.width(written, this, column));
            self.block(written, this, widths, out);
            widths.pop();
            written = this;
        }
        self.write(written, to, widths, out);
    }

    fn width(&self, from: usize, to: usize, column: usize) -> usize {
        let cells = self.lines.get(from..to).unwrap_or_default().iter().filter_map(|line| line.get(column));
        let widest = cells.map(|cell| cell.chars().count()).max().unwrap_or(0);
        if widest == 0 && self.layout.discard_empty {
            return 0;
        }
        (widest + self.layout.padding).max(self.layout.min_width)
    }

    fn write(&self, from: usize, to: usize, widths: &[usize], out: &mut String) {
        for (number, line) in self.lines.iter().enumerate().take(to).skip(from) {
            for (column, cell) in line.iter().enumerate() {
                out.push_str(cell);
                if let Some(&width) = widths.get(column) {
                    self.pad(cell.chars().count(), width, out);
                }
            }
            if number + 1 < self.lines.len() {
                out.push('\n');
            }
        }
    }

    fn pad(&self, text: usize, width: usize, out: &mut String) {
        let count = match (self.layout.pad, self.layout.tab_width) {
            ('\t', 0) => 0,
            ('\t', tab) => (width.div_ceil(tab) * tab).saturating_sub(text).div_ceil(tab),
            _ => width.saturating_sub(text),
        };
        out.extend(std::iter::repeat_n(self.layout.pad, count));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_runs_of_lines_with_a_cell_there() {
        let text = "Name:\tweb\nLabels:\ta=b\n\tlonger=c\nSpec:\n  Type\tStatus\n  Ready \tTrue \n";
        insta::assert_snapshot!(format(text, &DESCRIBE), @r"
        Name:    web
        Labels:  a=b
                 longer=c
        Spec:
          Type    Status
          Ready   True
        ");
    }

    #[test]
    fn a_line_without_the_cell_ends_the_column() {
        assert_eq!(format("a\tb\tc\nlong\td\nx\ty\tz", &DESCRIBE), "a     b  c\nlong  d\nx     y  z");
    }

    #[test]
    fn tabs_fill_to_multiples() {
        let layout = Layout { min_width: 8, tab_width: 8, padding: 1, pad: '\t', discard_empty: false };
        assert_eq!(format("REVISION\tCAUSE\n1\tnone\n", &layout), "REVISION\tCAUSE\n1\t\tnone\n");
    }
}
