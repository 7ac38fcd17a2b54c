//! Vim's patterns: trying them on the text.

use super::Pos;
use super::core::{Core, Visual};
use super::marks::Marks;
use super::pattern::{END, Inst, Regexp, SLOTS, START, Set};
use super::text::{Text, columns};
use super::words::is_word;

/// Steps that one attempt takes at most: a pattern that needs more does not match.
const STEPS_MAX: usize = 200_000;

/// Where a pattern matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Match {
    pub(super) start: Pos,
    pub(super) end: Pos,
    /// Where the machine began, before any `\zs`.
    pub(super) begun: Pos,
    pub(super) groups: Vec<Option<(Pos, Pos)>>,
}

/// What patterns look at.
#[derive(Clone, Copy)]
pub(super) struct Ground<'a> {
    pub(super) text: &'a Text,
    pub(super) cursor: Pos,
    pub(super) visual: Option<Visual>,
    pub(super) marks: &'a Marks,
    pub(super) tabstop: usize,
}

struct Machine<'a> {
    ground: Ground<'a>,
    regexp: &'a Regexp,
    slots: [Option<Pos>; SLOTS],
    marks: Vec<Option<Pos>>,
    steps: usize,
}

/// What the machine goes back to.
enum Back {
    Way(usize, Pos),
    Slot(usize, Option<Pos>),
    Mark(usize, Option<Pos>),
}

impl Core {
    pub(super) fn ground(&self) -> Ground<'_> {
        Ground {
            text: &self.text,
            cursor: self.cursor,
            visual: self.visual,
            marks: &self.marks,
            tabstop: self.tabstop(),
        }
    }

    /// The first match in a row that begins at a column or behind it.
    pub(super) fn match_in(&self, regexp: &Regexp, row: usize, from: usize) -> Option<Match> {
        find_in(regexp, self.ground(), row, from)
    }
}

/// The first match in a row that begins at a column or behind it.
pub(super) fn find_in(regexp: &Regexp, ground: Ground<'_>, row: usize, from: usize) -> Option<Match> {
    let len = ground.text.len(row);
    (from..=len).find_map(|col| {
        let mut machine =
            Machine { ground, regexp, slots: [None; SLOTS], marks: vec![None; regexp.marks], steps: 0 };
        let begun = Pos { row, col };
        machine.run(0, begun)?;
        let slots = machine.slots;
        let groups = (0..10).map(|group| slots[group * 2].zip(slots[group * 2 + 1])).collect();
        let start = slots[START].or(slots[0]).unwrap_or(begun);
        let end = slots[END].or(slots[1]).unwrap_or(begun).max(start);
        Some(Match { start, end, begun, groups })
    })
}

impl Machine<'_> {
    /// Runs from an instruction on; gives where it matched.
    fn run(&mut self, from: usize, at: Pos) -> Option<Pos> {
        let mut stack: Vec<Back> = Vec::new();
        let (mut pc, mut pos) = (from, at);
        loop {
            self.steps += 1;
            if self.steps > STEPS_MAX {
                return None;
            }
            let program = self.regexp.program.clone();
            let next = match program.get(pc)? {
                Inst::Match => return Some(pos),
                Inst::Split(first, second) => {
                    stack.push(Back::Way(*second, pos));
                    Some((*first, pos))
                }
                Inst::Jump(to) => Some((*to, pos)),
                Inst::Save(slot) => {
                    stack.push(Back::Slot(*slot, self.slots[*slot]));
                    self.slots[*slot] = Some(pos);
                    Some((pc + 1, pos))
                }
                Inst::Mark(mark) => {
                    stack.push(Back::Mark(*mark, self.marks[*mark]));
                    self.marks[*mark] = Some(pos);
                    Some((pc + 1, pos))
                }
                Inst::Moved(mark, to) => {
                    Some((if self.marks[*mark] == Some(pos) { pc + 1 } else { *to }, pos))
                }
                Inst::Look { ahead, wanted, behind } => {
                    let kept = self.slots;
                    let found =
                        if *ahead { self.run(pc + 1, pos).is_some() } else { self.ends_here(pc + 1, pos) };
                    if !(found && *wanted) {
                        self.slots = kept;
                    }
                    (found == *wanted).then_some((*behind, pos))
                }
                Inst::Atomic(behind) => self.run(pc + 1, pos).map(|end| (*behind, end)),
                inst => self.step(inst, pos).map(|pos| (pc + 1, pos)),
            };
            match next {
                Some(next) => (pc, pos) = next,
                None => (pc, pos) = self.go_back(&mut stack)?,
            }
        }
    }

    fn go_back(&mut self, stack: &mut Vec<Back>) -> Option<(usize, Pos)> {
        loop {
            match stack.pop()? {
                Back::Way(pc, pos) => return Some((pc, pos)),
                Back::Slot(slot, old) => self.slots[slot] = old,
                Back::Mark(mark, old) => self.marks[mark] = old,
            }
        }
    }

    /// True when a program matches so that it ends at a place: behind.
    fn ends_here(&mut self, pc: usize, end: Pos) -> bool {
        let rows = [Some(end.row), end.row.checked_sub(1)];
        rows.into_iter().flatten().any(|row| {
            let last = if row == end.row { end.col } else { self.ground.text.len(row) };
            (0..=last).rev().any(|col| self.run(pc, Pos { row, col }) == Some(end))
        })
    }

    fn letter(&self, pos: Pos) -> Option<char> {
        self.ground.text.at(pos)
    }

    fn same(&self, a: char, b: char) -> bool {
        a == b || self.regexp.ignores_case && a.to_lowercase().eq(b.to_lowercase())
    }

    fn line_end(&self, pos: Pos) -> Option<Pos> {
        let at_end = pos.col >= self.ground.text.len(pos.row);
        (at_end && pos.row <= self.ground.text.last()).then_some(Pos { row: pos.row + 1, col: 0 })
    }

    fn step(&self, inst: &Inst, pos: Pos) -> Option<Pos> {
        let line = self.ground.text.line(pos.row);
        let is_word_at = |col: usize| line.get(col).is_some_and(|c| is_word(*c));
        let before = pos.col.checked_sub(1);
        let onward = Pos { col: pos.col + 1, ..pos };
        let holds = match inst {
            Inst::Letter(c) => return self.letter(pos).filter(|found| self.same(*found, *c)).map(|_| onward),
            Inst::Class(set, ends) => {
                return match self.letter(pos) {
                    Some(c) => self.fits(set, c).then_some(onward),
                    None if *ends || names_line_end(set) => self.line_end(pos),
                    None => None,
                };
            }
            Inst::LineEnd => return self.line_end(pos),
            Inst::Back(group) => {
                let (start, end) = self.slots[group * 2].zip(self.slots[group * 2 + 1])?;
                return self.same_text(start, end, pos);
            }
            Inst::Begin => pos.col == 0,
            Inst::End => pos.col >= line.len(),
            Inst::WordBegin => is_word_at(pos.col) && !before.is_some_and(is_word_at),
            Inst::WordEnd => before.is_some_and(is_word_at) && !is_word_at(pos.col),
            Inst::FileBegin => pos == Pos::default(),
            Inst::FileEnd => pos.row == self.ground.text.last() && pos.col >= line.len(),
            Inst::Visual => self.in_visual(pos),
            Inst::Cursor => pos == self.ground.cursor,
            Inst::At(kind, sign, number) => {
                let have = match kind {
                    'l' => pos.row + 1,
                    'c' => line.iter().take(pos.col).map(|c| c.len_utf8()).sum::<usize>() + 1,
                    _ => columns(line, pos.col, self.ground.tabstop) + 1,
                };
                match sign {
                    '<' => have < *number,
                    '>' => have > *number,
                    _ => have == *number,
                }
            }
            Inst::MarkAt(name) => self.ground.marks.named.get(name) == Some(&pos),
            _ => false,
        };
        holds.then_some(pos)
    }

    fn same_text(&self, start: Pos, end: Pos, at: Pos) -> Option<Pos> {
        let (mut from, mut pos) = (start, at);
        while from < end {
            match (self.letter(from), self.letter(pos)) {
                (Some(a), Some(b)) if self.same(a, b) => {
                    from.col += 1;
                    pos.col += 1;
                }
                (None, None) => {
                    from = self.line_end(from)?;
                    pos = self.line_end(pos)?;
                }
                _ => return None,
            }
        }
        Some(pos)
    }

    fn in_visual(&self, pos: Pos) -> bool {
        use super::Selection;
        let now = self.ground.visual.map(|it| (it.kind, it.anchor, self.ground.cursor, 0));
        let kept = self.ground.marks.visual.map(|it| (it.kind, it.start, it.end, it.aim));
        let Some((kind, a, b, aim)) = now.or(kept) else { return false };
        let (start, end) = (a.min(b), a.max(b));
        if !(start.row..=end.row).contains(&pos.row) {
            return false;
        }
        match kind {
            Selection::Lines => true,
            Selection::Characters => pos >= start && pos <= end,
            Selection::Block => {
                let column = |pos: Pos| columns(self.ground.text.line(pos.row), pos.col, self.ground.tabstop);
                let (left, right) = (column(a).min(column(b)), column(a).max(column(b)));
                let here = column(pos);
                here >= left && (here <= right || aim == usize::MAX)
            }
        }
    }

    fn fits(&self, set: &Set, c: char) -> bool {
        match set {
            Set::Any => true,
            Set::Named(name) => named(*name, c, self.regexp.ignores_case),
            Set::Of(ranges, names, turned) => {
                let inside = |c: char| {
                    ranges.iter().any(|(from, to)| (*from..=*to).contains(&c))
                        || names.iter().any(|name| posix(name, c))
                };
                let flipped = |c: char| {
                    if c.is_uppercase() { c.to_lowercase().next() } else { c.to_uppercase().next() }
                        .unwrap_or(c)
                };
                let found = inside(c) || self.regexp.ignores_case && inside(flipped(c));
                found != *turned
            }
        }
    }
}

/// A collection that names `\n` takes line ends along.
fn names_line_end(set: &Set) -> bool {
    matches!(set, Set::Of(ranges, _, false) if ranges.iter().any(|(from, _)| *from == '\n'))
}

fn named(name: char, c: char, ignores_case: bool) -> bool {
    let alpha = c.is_ascii_alphabetic();
    match name {
        's' => c == ' ' || c == '\t',
        'S' => c != ' ' && c != '\t',
        'd' => c.is_ascii_digit(),
        'D' => !c.is_ascii_digit(),
        'x' => c.is_ascii_hexdigit(),
        'X' => !c.is_ascii_hexdigit(),
        'o' => ('0'..='7').contains(&c),
        'O' => !('0'..='7').contains(&c),
        'w' => c.is_ascii_alphanumeric() || c == '_',
        'W' => !(c.is_ascii_alphanumeric() || c == '_'),
        'h' => alpha || c == '_',
        'H' => !(alpha || c == '_'),
        'a' => alpha,
        'A' => !alpha,
        'l' => c.is_ascii_lowercase() || ignores_case && alpha,
        'L' => !(c.is_ascii_lowercase() || ignores_case && alpha),
        'u' => c.is_ascii_uppercase() || ignores_case && alpha,
        'U' => !(c.is_ascii_uppercase() || ignores_case && alpha),
        'i' => is_word(c),
        'I' => is_word(c) && !c.is_ascii_digit(),
        'k' => is_word(c),
        'K' => is_word(c) && !c.is_ascii_digit(),
        'f' => c.is_alphanumeric() || "/.-_+,#$%~=".contains(c),
        'F' => (c.is_alphanumeric() || "/.-_+,#$%~=".contains(c)) && !c.is_ascii_digit(),
        'p' => !c.is_control(),
        'P' => !c.is_control() && !c.is_ascii_digit(),
        _ => false,
    }
}

fn posix(name: &str, c: char) -> bool {
    match name {
        "alpha" => c.is_ascii_alphabetic(),
        "digit" => c.is_ascii_digit(),
        "alnum" => c.is_ascii_alphanumeric(),
        "lower" => c.is_lowercase(),
        "upper" => c.is_uppercase(),
        "punct" => c.is_ascii_punctuation(),
        "space" => c.is_ascii_whitespace() || c == '\x0b',
        "blank" => c == ' ' || c == '\t',
        "xdigit" => c.is_ascii_hexdigit(),
        "cntrl" => c.is_ascii_control(),
        "print" => !c.is_control(),
        "graph" => c.is_ascii_graphic(),
        "return" => c == '\r',
        "tab" => c == '\t',
        "escape" => c == '\x1b',
        "backspace" => c == '\x08',
        _ => false,
    }
}
