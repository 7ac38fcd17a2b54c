//! Columns that line up, as Go's `text/tabwriter` makes them.

/// Collects text with tabs between cells, and gives it back lined up.
#[derive(Clone, Debug)]
pub(crate) struct TabWriter {
    width_min: usize,
    padding: usize,
    /// The widths of what was printed before, when later text must not be narrower.
    remembered: Option<Vec<usize>>,
    buffer: String,
}

impl TabWriter {
    /// As kubectl prints tables: three spaces apart, later rows keep the width of earlier ones.
    pub(crate) fn for_tables() -> Self {
        Self { width_min: 6, padding: 3, remembered: Some(Vec::new()), buffer: String::new() }
    }

    /// Other measures.
    #[cfg(test)]
    pub(crate) fn new(width_min: usize, padding: usize) -> Self {
        Self { width_min, padding, remembered: None, buffer: String::new() }
    }

    /// Adds text.
    pub(crate) fn push(&mut self, text: &str) {
        self.buffer.push_str(text);
    }

    /// Forgets the widths of earlier text.
    pub(crate) fn forget(&mut self) {
        if let Some(remembered) = &mut self.remembered {
            remembered.clear();
        }
    }

    /// What was added since the last call, lined up.
    pub(crate) fn flush(&mut self) -> String {
        let text = std::mem::take(&mut self.buffer);
        let lines: Vec<Vec<&str>> = text.split('\n').map(|line| line.split('\t').collect()).collect();
        let mut out = String::new();
        self.format(&lines, &mut Vec::new(), &mut out);
        // The text's last line end makes one more, empty line.
        out.pop();
        out
    }

    /// Lays out lines whose first `widths.len()` columns have their widths already.
    fn format(&mut self, lines: &[Vec<&str>], widths: &mut Vec<usize>, out: &mut String) {
        let column = widths.len();
        let has_cell = |line: &Vec<&str>| column + 1 < line.len();
        let mut rest = lines;
        while !rest.is_empty() {
            let plain = rest.iter().position(has_cell).unwrap_or(rest.len());
            let (above, below) = rest.split_at(plain);
            write_lines(above, widths, out);
            let end = below.iter().position(|line| !has_cell(line)).unwrap_or(below.len());
            let (block, after) = below.split_at(end);
            if !block.is_empty() {
                widths.push(self.width(block, column));
                self.format(block, widths, out);
                widths.pop();
            }
            rest = after;
        }
    }

    fn width(&mut self, block: &[Vec<&str>], column: usize) -> usize {
        let cells = block.iter().filter_map(|line| line.get(column));
        let widest = cells.map(|cell| cell.chars().count() + self.padding).max().unwrap_or(0);
        let width = widest.max(self.width_min);
        let Some(remembered) = &mut self.remembered else { return width };
        match remembered.get_mut(column) {
            Some(known) => {
                *known = (*known).max(width);
                *known
            }
            None => {
                remembered.push(width);
                width
            }
        }
    }
}

fn write_lines(lines: &[Vec<&str>], widths: &[usize], out: &mut String) {
    for line in lines {
        for (at, cell) in line.iter().enumerate() {
            out.push_str(cell);
            if let Some(width) = widths.get(at) {
                let fill = width.saturating_sub(cell.chars().count());
                out.extend(std::iter::repeat_n(' ', fill));
            }
        }
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_last_cells_are_not_padded() {
        let mut tabs = TabWriter::for_tables();
        tabs.push("NAME\tREADY\tAGE\nweb\t1/1\t5s\nlonger-name\t0/1\t5m\n");
        insta::assert_snapshot!(tabs.flush(), @r"
        NAME          READY   AGE
        web           1/1     5s
        longer-name   0/1     5m
        ");
        tabs.push("x\t1/1\t1s\n");
        assert_eq!(tabs.flush(), "x             1/1     1s\n");
        let mut tabs = TabWriter::new(0, 2);
        tabs.push("Name:\tx\nplain\nLabels:\ta\n");
        assert_eq!(tabs.flush(), "Name:  x\nplain\nLabels:  a\n");
    }
}
