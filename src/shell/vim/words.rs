//! Words, as `w`, `b` and `e` see them.

use super::Pos;
use super::buffer::Buffer;

/// Blank, letter of a word, or punctuation. With `big`, everything that is no blank is alike.
pub(super) fn class(c: char, big: bool) -> u8 {
    if c.is_whitespace() {
        0
    } else if big || c.is_alphanumeric() || c == '_' {
        1
    } else {
        2
    }
}

fn class_at(buffer: &Buffer, pos: Pos, big: bool) -> u8 {
    buffer.at(pos).map_or(0, |c| class(c, big))
}

/// The next letter or line, `None` at the end of the text. An empty line is a place of its own.
fn next(buffer: &Buffer, pos: Pos) -> Option<Pos> {
    if pos.col + 1 < buffer.len(pos.row) {
        return Some(Pos { col: pos.col + 1, ..pos });
    }
    (pos.row < buffer.last_row()).then_some(Pos { row: pos.row + 1, col: 0 })
}

fn previous(buffer: &Buffer, pos: Pos) -> Option<Pos> {
    if pos.col > 0 {
        return Some(Pos { col: pos.col - 1, ..pos });
    }
    let row = pos.row.checked_sub(1)?;
    Some(Pos { row, col: buffer.len(row).saturating_sub(1) })
}

/// Where the next word begins; the end of the last line when there is none.
pub(super) fn forward(buffer: &Buffer, from: Pos, big: bool) -> Pos {
    let begun = class_at(buffer, from, big);
    let mut pos = from;
    // The rest of this word, on its line.
    while begun != 0 && pos.row == from.row && class_at(buffer, pos, big) == begun {
        match next(buffer, pos) {
            Some(after) => pos = after,
            None => return Pos { col: buffer.len(pos.row), ..pos },
        }
    }
    // Blanks behind it. An empty line stops, unless it is where we began.
    while class_at(buffer, pos, big) == 0 {
        if buffer.len(pos.row) == 0 && pos.row != from.row {
            return pos;
        }
        match next(buffer, pos) {
            Some(after) => pos = after,
            None => return Pos { col: buffer.len(pos.row), ..pos },
        }
    }
    pos
}

/// Where the word before begins.
pub(super) fn backward(buffer: &Buffer, from: Pos, big: bool) -> Pos {
    let Some(mut pos) = previous(buffer, from) else { return from };
    while class_at(buffer, pos, big) == 0 {
        if buffer.len(pos.row) == 0 {
            return pos;
        }
        match previous(buffer, pos) {
            Some(before) => pos = before,
            None => return pos,
        }
    }
    let begun = class_at(buffer, pos, big);
    while let Some(before) = pos.col.checked_sub(1).map(|col| Pos { col, ..pos }) {
        if class_at(buffer, before, big) != begun {
            break;
        }
        pos = before;
    }
    pos
}

/// The last letter of this word, or of the next when we are on it already.
pub(super) fn end(buffer: &Buffer, from: Pos, big: bool) -> Pos {
    let Some(mut pos) = next(buffer, from) else { return from };
    while class_at(buffer, pos, big) == 0 {
        match next(buffer, pos) {
            Some(after) => pos = after,
            None => return pos,
        }
    }
    let begun = class_at(buffer, pos, big);
    while pos.col + 1 < buffer.len(pos.row) {
        let after = Pos { col: pos.col + 1, ..pos };
        if class_at(buffer, after, big) != begun {
            break;
        }
        pos = after;
    }
    pos
}

/// The last letter of the word before.
pub(super) fn end_backward(buffer: &Buffer, from: Pos, big: bool) -> Pos {
    let begun = class_at(buffer, from, big);
    let mut pos = from;
    while begun != 0 && class_at(buffer, pos, big) == begun && pos.row == from.row {
        match previous(buffer, pos) {
            Some(before) => pos = before,
            None => return Pos::default(),
        }
    }
    while class_at(buffer, pos, big) == 0 && buffer.len(pos.row) > 0 {
        match previous(buffer, pos) {
            Some(before) => pos = before,
            None => return Pos::default(),
        }
    }
    pos
}
