//! How windows share the screen: frames beside and above each other.
//!
//! It knows nothing of texts: a window is a number. Every window has a status line below it and a bar at
//! its right, so that all are alike; the screen is taken as a row higher and a column wider where the last
//! of them are not drawn.

/// Where a window is, without its status line and bar, in rows and columns from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Area {
    pub(crate) window: usize,
    pub(crate) row: usize,
    pub(crate) column: usize,
    pub(crate) height: usize,
    pub(crate) width: usize,
}

/// A direction in which windows lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
    Above,
    Below,
}

/// A part of the screen: a window, or parts beside (`across`) or above each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    height: usize,
    width: usize,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Window(usize),
    Parts { across: bool, parts: Vec<Frame> },
}

impl Frame {
    pub(super) fn new(window: usize, (height, width): (usize, usize)) -> Self {
        Self { height, width, kind: Kind::Window(window) }
    }

    /// Its windows, from the top left.
    pub(super) fn windows(&self) -> Vec<usize> {
        match &self.kind {
            Kind::Window(window) => vec![*window],
            Kind::Parts { parts, .. } => parts.iter().flat_map(Self::windows).collect(),
        }
    }

    /// How many windows lie side by side in a direction.
    fn extent(&self, along: bool) -> usize {
        match &self.kind {
            Kind::Window(_) => 1,
            Kind::Parts { across, parts } if *across == along => {
                parts.iter().map(|part| part.extent(along)).sum()
            }
            Kind::Parts { parts, .. } => parts.iter().map(|part| part.extent(along)).max().unwrap_or(1),
        }
    }

    fn size(&self, across: bool) -> usize {
        if across { self.width } else { self.height }
    }

    /// Gives the frame a size; parts keep theirs, but for the last that have to give or get.
    pub(super) fn resize(&mut self, across: bool, size: usize) {
        if across {
            self.width = size
        } else {
            self.height = size
        }
        let Kind::Parts { across: along, parts } = &mut self.kind else { return };
        if *along != across {
            return parts.iter_mut().for_each(|part| part.resize(across, size));
        }
        let mut left = size;
        let count = parts.len();
        for (at, part) in parts.iter_mut().enumerate() {
            let behind = 2 * (count - at - 1);
            let wanted = if at + 1 == count { left } else { part.size(across) };
            let given = wanted.clamp(2, left.saturating_sub(behind).max(2));
            part.resize(across, given);
            left = left.saturating_sub(given);
        }
    }

    /// Makes windows equal in a direction.
    pub(super) fn equalize(&mut self, across: bool) {
        let size = self.size(across);
        let Kind::Parts { across: along, parts } = &mut self.kind else { return };
        if *along != across {
            parts.iter_mut().for_each(|part| part.equalize(across));
            return;
        }
        let extents: Vec<usize> = parts.iter().map(|part| part.extent(across)).collect();
        let all: usize = extents.iter().sum();
        let (mut left, mut behind) = (size, all);
        for (part, extent) in parts.iter_mut().zip(extents) {
            let given = (left * extent).div_ceil(behind.max(1));
            part.resize(across, given);
            part.equalize(across);
            left = left.saturating_sub(given);
            behind -= extent;
        }
    }

    /// Puts a new window beside another; `size` is what it gets of its room.
    pub(super) fn split(
        &mut self,
        (at, new): (usize, usize),
        (across, behind): (bool, bool),
        size: Option<usize>,
    ) {
        let (height, width) = (self.height, self.width);
        match &mut self.kind {
            Kind::Window(window) if *window == at => {
                let first = Self::new(*window, (height, width));
                self.kind = Kind::Parts { across, parts: vec![first] };
                self.split((at, new), (across, behind), size);
            }
            Kind::Parts { across: along, parts } => {
                let here = parts.iter().position(|part| part.kind == Kind::Window(at));
                let Some(index) = here.filter(|_| *along == across) else {
                    if let Some(part) = parts.iter_mut().find(|part| part.windows().contains(&at)) {
                        part.split((at, new), (across, behind), size);
                    }
                    return;
                };
                let room = parts[index].size(across);
                let given = size.map_or(room / 2, |size| size + 1).clamp(2, room.saturating_sub(2).max(2));
                parts[index].resize(across, room.saturating_sub(given).max(2));
                let mut part = Self::new(new, (height, width));
                part.resize(across, given);
                parts.insert(if behind { index + 1 } else { index }, part);
            }
            Kind::Window(_) => {}
        }
    }

    /// Puts a new window along a whole side of the screen.
    pub(super) fn split_whole(&mut self, new: usize, side: Side) {
        let across = matches!(side, Side::Left | Side::Right);
        let (height, width) = (self.height, self.width);
        let half = (if across { width } else { height }) / 2;
        let mut part = Self::new(new, (height, width));
        part.resize(across, half.max(2));
        let old = std::mem::replace(&mut self.kind, Kind::Window(new));
        let mut parts = match old {
            Kind::Parts { across: along, parts } if along == across => parts,
            kind => vec![Self { height, width, kind }],
        };
        parts.insert(if matches!(side, Side::Left | Side::Above) { 0 } else { parts.len() }, part);
        self.kind = Kind::Parts { across, parts };
        self.resize(across, if across { width } else { height });
    }

    /// Takes a window away, and gives the one that its room went to; never the last one.
    pub(super) fn close(&mut self, window: usize) -> Option<usize> {
        let Kind::Parts { across, parts } = &mut self.kind else { return None };
        let across = *across;
        let heir = match parts.iter().position(|part| part.kind == Kind::Window(window)) {
            Some(index) => {
                let room = parts.remove(index).size(across);
                let near = index.min(parts.len().saturating_sub(1));
                let near = if index < parts.len() { near } else { parts.len().checked_sub(1)? };
                let part = parts.get_mut(near)?;
                part.resize(across, part.size(across) + room);
                part.windows().first().copied()
            }
            None => parts.iter_mut().find_map(|part| part.close(window)),
        };
        if let [only] = parts.as_mut_slice() {
            let only = only.kind.clone();
            self.kind = only;
        }
        heir
    }

    /// Exchanges two windows.
    pub(super) fn exchange(&mut self, one: usize, other: usize) {
        match &mut self.kind {
            Kind::Window(window) if *window == one => *window = other,
            Kind::Window(window) if *window == other => *window = one,
            Kind::Window(_) => {}
            Kind::Parts { parts, .. } => parts.iter_mut().for_each(|part| part.exchange(one, other)),
        }
    }

    /// The windows beside one in its own frame, in order.
    pub(super) fn row_of(&self, window: usize) -> Vec<usize> {
        let Kind::Parts { parts, .. } = &self.kind else { return vec![window] };
        if !parts.iter().any(|part| part.kind == Kind::Window(window)) {
            let inside = parts.iter().find(|part| part.windows().contains(&window));
            return inside.map_or_else(Vec::new, |part| part.row_of(window));
        }
        let own = |part: &Self| match part.kind {
            Kind::Window(window) => Some(window),
            Kind::Parts { .. } => None,
        };
        parts.iter().filter_map(own).collect()
    }

    /// Gives a window a size with its status line or bar; those beside it give or get.
    pub(super) fn set_size(&mut self, window: usize, across: bool, size: usize) {
        let whole = self.size(across);
        let Kind::Parts { across: along, parts } = &mut self.kind else { return };
        let Some(index) = parts.iter().position(|part| part.windows().contains(&window)) else { return };
        if *along != across || parts[index].kind != Kind::Window(window) {
            return parts[index].set_size(window, across, size);
        }
        let others = 2 * (parts.len() - 1);
        let given = size.clamp(2, whole.saturating_sub(others).max(2));
        let mut change = given as isize - parts[index].size(across) as isize;
        parts[index].resize(across, given);
        let behind = index + 1..parts.len();
        for at in behind.chain((0..index).rev()) {
            let now = parts[at].size(across) as isize;
            let next = (now - change).max(2);
            change -= now - next;
            parts[at].resize(across, next as usize);
        }
    }

    /// Where its windows are.
    pub(super) fn areas(&self) -> Vec<Area> {
        let mut areas = Vec::new();
        self.place((0, 0), &mut areas);
        areas
    }

    fn place(&self, (row, column): (usize, usize), areas: &mut Vec<Area>) {
        match &self.kind {
            Kind::Window(window) => areas.push(Area {
                window: *window,
                row,
                column,
                height: self.height.saturating_sub(1),
                width: self.width.saturating_sub(1),
            }),
            Kind::Parts { across, parts } => {
                let mut at = (row, column);
                for part in parts {
                    part.place(at, areas);
                    if *across { at.1 += part.width } else { at.0 += part.height }
                }
            }
        }
    }

    /// The window at a side of another, at the height or column of `cursor`.
    pub(super) fn beside(&self, window: usize, side: Side, cursor: (usize, usize)) -> Option<usize> {
        let areas = self.areas();
        let from = areas.iter().find(|area| area.window == window)?;
        let (row, column) = (from.row + cursor.0, from.column + cursor.1);
        let rows = |area: &&Area| (area.row..=area.row + area.height).contains(&row);
        let columns = |area: &&Area| (area.column..=area.column + area.width).contains(&column);
        let found = match side {
            Side::Left => areas.iter().filter(rows).find(|it| it.column + it.width + 1 == from.column),
            Side::Right => areas.iter().filter(rows).find(|it| from.column + from.width + 1 == it.column),
            Side::Above => areas.iter().filter(columns).find(|it| it.row + it.height + 1 == from.row),
            Side::Below => areas.iter().filter(columns).find(|it| from.row + from.height + 1 == it.row),
        };
        found.map(|area| area.window)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(frame: &Frame) -> Vec<(usize, usize, usize, usize, usize)> {
        frame.areas().iter().map(|it| (it.window, it.row, it.column, it.height, it.width)).collect()
    }

    #[test]
    fn windows_share_the_screen_as_in_vim() {
        let mut frame = Frame::new(1, (23, 81));
        frame.split((1, 2), (false, false), None);
        frame.equalize(false);
        assert_eq!(sizes(&frame), [(2, 0, 0, 11, 80), (1, 12, 0, 10, 80)]);
        frame.split((1, 3), (true, false), None);
        frame.equalize(true);
        assert_eq!(sizes(&frame)[1..], [(3, 12, 0, 10, 40), (1, 12, 41, 10, 39)]);
        assert_eq!(frame.beside(2, Side::Below, (0, 60)), Some(1));
        assert_eq!(frame.close(3), Some(1));
        assert_eq!(sizes(&frame), [(2, 0, 0, 11, 80), (1, 12, 0, 10, 80)]);
        frame.set_size(2, false, 100);
        assert_eq!(sizes(&frame), [(2, 0, 0, 20, 80), (1, 21, 0, 1, 80)]);
    }
}
