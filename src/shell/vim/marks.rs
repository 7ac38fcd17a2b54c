//! Marks, the jump list and the change list, and how they follow the text.

use std::collections::BTreeMap;

use super::{Pos, Selection};

/// Entries that the jump list and the change list hold.
const LIST_MAX: usize = 100;

/// Where visual mode was last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Marked {
    pub(super) kind: Selection,
    pub(super) start: Pos,
    pub(super) end: Pos,
    pub(super) aim: usize,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Marks {
    /// `a` to `z` and `A` to `Z`.
    pub(super) named: BTreeMap<char, Pos>,
    pub(super) visual: Option<Marked>,
    /// `'[` and `']`.
    pub(super) begun: Pos,
    pub(super) ended: Pos,
    /// `'.` and `'^`.
    pub(super) changed: Option<Pos>,
    pub(super) inserted: Option<Pos>,
    /// `''`, and what it was before the last jump.
    pub(super) jumped: Pos,
    pub(super) jumped_before: Pos,
    pub(super) jumps: Vec<Pos>,
    /// Where `^O` is in the jump list.
    pub(super) jump_at: usize,
    pub(super) changes: Vec<Pos>,
    pub(super) change_at: usize,
    /// True when the next change is another entry of the change list.
    pub(super) new_change: bool,
}

impl Marks {
    /// A change at a place: `'.` and the change list.
    pub(super) fn note_change(&mut self, pos: Pos, columns: usize) {
        self.changed = Some(pos);
        let apart = self.changes.last().is_none_or(|last| {
            last.row != pos.row || last.col + columns < pos.col || pos.col + columns < last.col
        });
        if self.changes.is_empty() || self.new_change && apart {
            self.new_change = false;
            if self.changes.len() == LIST_MAX {
                self.changes.remove(0);
            }
            self.changes.push(pos);
        } else if let Some(last) = self.changes.last_mut() {
            *last = pos;
        }
        self.change_at = self.changes.len();
    }

    /// A jump from a place.
    pub(super) fn note_jump(&mut self, pos: Pos) {
        self.jumped_before = self.jumped;
        self.jumped = pos;
        self.jumps.push(pos);
        if self.jumps.len() > LIST_MAX {
            self.jumps.remove(0);
        }
        self.jump_at = self.jumps.len();
    }

    /// After a jump that led nowhere.
    pub(super) fn check_jump(&mut self, cursor: Pos) {
        if self.jumped == cursor {
            self.jumped = self.jumped_before;
        }
    }

    /// Keeps the last of several jumps from one line.
    pub(super) fn tidy_jumps(&mut self) {
        let all = std::mem::take(&mut self.jumps);
        for (at, pos) in all.iter().enumerate() {
            if !all.iter().skip(at + 1).any(|later| later.row == pos.row) {
                self.jumps.push(*pos);
            }
        }
    }

    /// Rows `first..=last` moved by `by` (`None`: they are gone), those behind by `after`. Gives the named marks
    /// that are gone.
    pub(super) fn adjust(
        &mut self,
        first: usize,
        last: usize,
        by: Option<isize>,
        after: isize,
    ) -> Vec<(char, Pos)> {
        let moved = |row: usize| {
            if (first..=last).contains(&row) {
                by.map(|by| row.saturating_add_signed(by))
            } else if row > last {
                Some(row.saturating_add_signed(after))
            } else {
                Some(row)
            }
        };
        let mut gone = Vec::new();
        self.named.retain(|name, pos| match moved(pos.row) {
            Some(row) => {
                pos.row = row;
                true
            }
            None => {
                gone.push((*name, *pos));
                false
            }
        });
        for mark in [&mut self.changed, &mut self.inserted] {
            *mark = mark.and_then(|pos| moved(pos.row).map(|row| Pos { row, ..pos }));
        }
        let near = |row: usize| moved(row).unwrap_or(first.saturating_sub(1));
        if let Some(visual) = &mut self.visual {
            visual.start.row = near(visual.start.row);
            visual.end.row = near(visual.end.row);
        }
        for pos in self.jumps.iter_mut().chain(&mut self.changes) {
            pos.row = near(pos.row);
        }
        for pos in [&mut self.jumped, &mut self.jumped_before] {
            pos.row = moved(pos.row).unwrap_or(usize::MAX);
        }
        gone
    }
}
