//! Text chosen with the mouse: cells of one pane, as terminals choose.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};

/// Cells from one to another, line by line inside a pane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Selection {
    pane: Rect,
    from: Position,
    to: Position,
    /// False until the mouse was moved: a click chooses nothing.
    moved: bool,
}

impl Selection {
    /// Begins at a cell of a pane.
    pub(crate) fn new(pane: Rect, column: u16, row: u16) -> Self {
        let at = Position::new(column, row);
        Self { pane, from: at, to: at, moved: false }
    }

    /// Goes on to a cell; one outside the pane is taken for the nearest inside.
    pub(crate) fn drag(&mut self, column: u16, row: u16) {
        let x = column.clamp(self.pane.left(), self.pane.right().saturating_sub(1));
        let y = row.clamp(self.pane.top(), self.pane.bottom().saturating_sub(1));
        self.to = Position::new(x, y);
        self.moved |= self.to != self.from;
    }

    /// True when something is chosen.
    pub(crate) fn is_wide(&self) -> bool {
        self.moved
    }

    /// Rows with their first and last column.
    fn rows(&self) -> impl Iterator<Item = (u16, u16, u16)> + use<> {
        let key = |at: Position| (at.y, at.x);
        let forward = key(self.from) <= key(self.to);
        let (start, end) = if forward { (self.from, self.to) } else { (self.to, self.from) };
        let pane = self.pane;
        (start.y..=end.y).map(move |y| {
            let left = if y == start.y { start.x } else { pane.left() };
            let right = if y == end.y { end.x } else { pane.right().saturating_sub(1) };
            (y, left, right)
        })
    }

    /// Shows what is chosen.
    pub(crate) fn draw(&self, buffer: &mut Buffer) {
        if !self.moved {
            return;
        }
        let reversed = Style::new().add_modifier(Modifier::REVERSED);
        for (y, left, right) in self.rows() {
            let row = Rect::new(left, y, right.saturating_sub(left) + 1, 1).intersection(buffer.area);
            buffer.set_style(row, reversed);
        }
    }

    /// The chosen text, without the blanks at the ends of its rows.
    pub(crate) fn text(&self, buffer: &Buffer) -> String {
        let rows = self.rows().map(|(y, left, right)| {
            let mut text = String::new();
            let mut skip = 0;
            for x in left..=right {
                let Some(cell) = buffer.cell(Position::new(x, y)) else { continue };
                if skip > 0 {
                    // The second column of a wide letter.
                    skip -= 1;
                    continue;
                }
                let width = unicode_width::UnicodeWidthStr::width(cell.symbol());
                skip = width.saturating_sub(1);
                text.push_str(cell.symbol());
            }
            text.trim_end().to_owned()
        });
        rows.collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_inside_the_pane_are_taken() {
        let buffer = Buffer::with_lines(["│one two  │", "│가나 x   │", "│three    │"]);
        let mut selection = Selection::new(Rect::new(1, 0, 9, 3), 5, 0);
        assert!(!selection.is_wide());
        selection.drag(30, 1);
        assert_eq!(selection.text(&buffer), "two\n가나 x");
        selection.drag(1, 0);
        assert_eq!(selection.text(&buffer), "one t");
    }
}
