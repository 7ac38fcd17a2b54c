//! Room for what is laid over the screen.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::widgets::{Block, Clear, Paragraph};
use unicode_width::UnicodeWidthStr;

/// Lays a box over what is there. A letter of two columns that the left edge would cut in two goes as a whole:
/// terminals drop what is drawn on its second column.
pub(super) fn draw(frame: &mut Frame<'_>, place: Rect, block: Block<'_>, text: Paragraph<'_>) {
    let buffer = frame.buffer_mut();
    for y in place.top()..place.bottom() {
        let left = place.left().checked_sub(1).and_then(|x| buffer.cell_mut((x, y)));
        if let Some(cell) = left.filter(|cell| cell.symbol().width() > 1) {
            cell.set_symbol(" ");
        }
    }
    frame.render_widget(Clear, place);
    frame.render_widget(text.block(block), place);
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    #[test]
    fn a_cut_letter_leaves_the_border_whole() {
        let mut terminal = Terminal::new(TestBackend::new(8, 3)).unwrap();
        let drawn = terminal.draw(|frame| {
            frame.render_widget(Paragraph::new("가나다라\n가나다라\n가나다라"), frame.area());
            draw(frame, Rect::new(3, 0, 3, 3), Block::bordered(), Paragraph::new("x"));
        });
        let buffer = drawn.unwrap().buffer;
        let column: Vec<&str> = (0..3).map(|y| buffer.cell((3, y)).unwrap().symbol()).collect();
        assert_eq!(column, ["┌", "│", "└"]);
        assert_eq!(buffer.cell((2, 0)).unwrap().symbol(), " ");
    }
}
