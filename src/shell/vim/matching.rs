//! Brackets that belong together.

use super::Pos;
use super::core::Core;

/// Brackets of `%`.
const PAIRS: [(char, char); 3] = [('(', ')'), ('{', '}'), ('[', ']')];

/// A walk to the partner of a bracket.
struct Walk {
    /// The bracket that is looked for, and the one that nests.
    wanted: char,
    other: char,
    forward: bool,
    in_quotes: bool,
    /// True when quotes of the line come in pairs; not known at a line's beginning.
    counts_quotes: Option<bool>,
    begun_in_quotes: Option<bool>,
    escaped: bool,
}

impl Core {
    /// The bracket that belongs to the first one at or behind the cursor.
    pub(super) fn matching(&self) -> Option<Pos> {
        let line = self.text.line(self.cursor.row);
        let is_bracket = |c: &char| PAIRS.iter().any(|(open, close)| c == open || c == close);
        let col = (self.cursor.col..line.len()).find(|col| line.get(*col).is_some_and(is_bracket))?;
        let found = line[col];
        let (open, close) = PAIRS.into_iter().find(|(open, close)| found == *open || found == *close)?;
        let forward = found == open;
        let wanted = if forward { close } else { open };
        self.walk_to(Pos { col, ..self.cursor }, wanted, found, forward, true)
    }

    /// The bracket `wanted` around the cursor: back to one that opens, on to one that closes.
    pub(super) fn around(&self, from: Pos, wanted: char) -> Option<Pos> {
        let pairs = PAIRS.into_iter().chain([('<', '>')]);
        let (open, close) = { pairs }.find(|(open, close)| wanted == *open || wanted == *close)?;
        let forward = wanted == close;
        self.walk_to(from, wanted, if forward { open } else { close }, forward, false)
    }

    fn backslashes(&self, pos: Pos) -> usize {
        let line = self.text.line(pos.row);
        line.iter().take(pos.col).rev().take_while(|c| **c == '\\').count()
    }

    fn walk_to(&self, from: Pos, wanted: char, other: char, forward: bool, on_bracket: bool) -> Option<Pos> {
        let escaped = on_bracket && self.backslashes(from) % 2 == 1;
        let mut walk = Walk {
            wanted,
            other,
            forward,
            in_quotes: false,
            counts_quotes: None,
            begun_in_quotes: None,
            escaped,
        };
        let mut depth = 0;
        let mut pos = from;
        loop {
            pos = self.walk_step(pos, &mut walk)?;
            let line = self.text.line(pos.row);
            self.look_at_quotes(pos, &mut walk);
            match line.get(pos.col).copied() {
                None => {
                    if pos.col == 0 || line.get(pos.col - 1) != Some(&'\\') {
                        walk.in_quotes = false;
                        walk.begun_in_quotes = Some(false);
                    }
                }
                Some('"') => {
                    if walk.counts_quotes == Some(true) && self.backslashes(pos).is_multiple_of(2) {
                        walk.in_quotes = !walk.in_quotes;
                        walk.begun_in_quotes = Some(false);
                    }
                }
                Some('\'') if quoted_letter(line, &mut pos, forward) => {}
                Some(c) => {
                    let counts = !walk.in_quotes || walk.begun_in_quotes == Some(true);
                    if !counts || c != walk.wanted && c != walk.other {
                        continue;
                    }
                    if (self.backslashes(pos) % 2 == 1) != walk.escaped {
                        continue;
                    }
                    if c == walk.other {
                        depth += 1;
                    } else if depth == 0 {
                        return Some(pos);
                    } else {
                        depth -= 1;
                    }
                }
            }
        }
    }

    fn walk_step(&self, pos: Pos, walk: &mut Walk) -> Option<Pos> {
        if walk.forward {
            if pos.col < self.text.len(pos.row) {
                return Some(Pos { col: pos.col + 1, ..pos });
            }
            walk.counts_quotes = None;
            return (pos.row < self.text.last()).then_some(Pos { row: pos.row + 1, col: 0 });
        }
        if pos.col > 0 {
            return Some(Pos { col: pos.col - 1, ..pos });
        }
        walk.counts_quotes = None;
        let row = pos.row.checked_sub(1)?;
        Some(Pos { row, col: self.text.len(row) })
    }

    /// Quotes are looked at only where they come in pairs in their line.
    fn look_at_quotes(&self, pos: Pos, walk: &mut Walk) {
        if walk.counts_quotes.is_none() {
            let line = self.text.line(pos.row);
            let mut quotes = 0;
            let mut at = 0;
            while at < line.len() {
                let lone = at > 0 && line[at - 1] == '\'' && line.get(at + 1) == Some(&'\'');
                quotes += usize::from(line[at] == '"' && !lone);
                at += if line[at] == '\\' { 2 } else { 1 };
            }
            walk.counts_quotes = Some(quotes % 2 == 0);
            if quotes % 2 == 1 {
                walk.in_quotes = false;
            }
        }
        walk.begun_in_quotes.get_or_insert(false);
    }
}

/// Skips `'x'` and `'\x'`; true when it did.
fn quoted_letter(line: &[char], pos: &mut Pos, forward: bool) -> bool {
    let at = |offset: isize| pos.col.checked_add_signed(offset).and_then(|col| line.get(col)).copied();
    let by = if forward {
        if at(1) == Some('\\') && at(2).is_some() && at(3) == Some('\'') {
            3
        } else if at(1).is_some() && at(2) == Some('\'') {
            2
        } else {
            return false;
        }
    } else if pos.col > 1 && at(-2) == Some('\'') {
        -2
    } else if pos.col > 2 && at(-2) == Some('\\') && at(-3) == Some('\'') {
        -3
    } else {
        return false;
    };
    pos.col = pos.col.saturating_add_signed(by);
    true
}
