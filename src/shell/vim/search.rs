//! Searching: `/`, `?`, `n`, `*` and the offsets behind a pattern.

use super::Pos;
use super::core::{Core, Done, Stop};
use super::matcher::Match;
use super::normal::Command;
use super::pattern::{Regexp, compile};
use super::words::{Step, class, is_word};

/// A pattern as it was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Typed {
    pub(super) text: String,
    /// False for the patterns of `*`, to which 'smartcase' means nothing.
    pub(super) smart: bool,
}

/// Where in or beside the match the cursor goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Offset {
    lines: bool,
    end: bool,
    by: isize,
}

#[derive(Clone, Debug)]
pub(super) struct Search {
    searched: Option<Typed>,
    substituted: Option<Typed>,
    last_substituted: bool,
    forward: bool,
    offset: Offset,
}

impl Default for Search {
    fn default() -> Self {
        Self {
            searched: None,
            substituted: None,
            last_substituted: false,
            forward: true,
            offset: Offset::default(),
        }
    }
}

/// Which pattern an empty one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    Last,
    Substituted,
}

impl Search {
    pub(super) fn last(&self) -> Option<&Typed> {
        let (first, second) = (&self.searched, &self.substituted);
        if self.last_substituted {
            second.as_ref().or(first.as_ref())
        } else {
            first.as_ref().or(second.as_ref())
        }
    }

    pub(super) fn pattern_text(&self) -> Option<&str> {
        self.last().map(|typed| typed.text.as_str())
    }

    fn of(&self, which: Use) -> Option<&Typed> {
        match which {
            Use::Last => self.last(),
            Use::Substituted => self.substituted.as_ref(),
        }
    }

    pub(super) fn set_searched(&mut self, typed: Typed) {
        self.searched = Some(typed);
        self.last_substituted = false;
    }

    pub(super) fn set_substituted(&mut self, typed: Typed) {
        self.substituted = Some(typed);
        self.last_substituted = true;
    }
}

/// How [`Core::search`] looks.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct How {
    pub(super) forward: bool,
    /// Accepts a match where the search starts.
    pub(super) at_start: bool,
    /// Goes to the last letter of the match.
    pub(super) to_end: bool,
}

impl Core {
    /// Reads a pattern, or takes an older one for an empty text; remembers it as a searched or substituted one.
    pub(super) fn pattern(&mut self, text: &str, which: Use, saves: Option<Use>) -> Done<Regexp> {
        let typed = if text.is_empty() {
            match self.search.of(which).cloned() {
                Some(typed) => typed,
                None if which == Use::Substituted => {
                    return Err(self.error("E33: No previous substitute regular expression"));
                }
                None => return Err(self.error("E35: No previous regular expression")),
            }
        } else {
            Typed { text: text.to_owned(), smart: true }
        };
        match saves {
            Some(Use::Substituted) => self.search.set_substituted(typed.clone()),
            Some(Use::Last) => self.search.set_searched(typed.clone()),
            None => {}
        }
        self.read_pattern(&typed)
    }

    fn read_pattern(&mut self, typed: &Typed) -> Done<Regexp> {
        let it = &self.settings;
        let last = self.substitute.with.clone().unwrap_or_default();
        match compile(&typed.text, it.magic, it.ignorecase, it.smartcase && typed.smart, &last) {
            Ok(regexp) => Ok(regexp),
            Err(why) => Err(self.error(why)),
        }
    }

    /// The pattern that the screen marks.
    pub(super) fn lit_pattern(&self) -> Option<Regexp> {
        let typed = self.search.last()?;
        let it = &self.settings;
        let last = self.substitute.with.as_deref().unwrap_or_default();
        compile(&typed.text, it.magic, it.ignorecase, it.smartcase && typed.smart, last).ok()
    }

    /// The `count`th match from a place; fails when there is none.
    pub(super) fn search(&mut self, regexp: &Regexp, from: SearchFrom, count: usize, how: How) -> Done<Pos> {
        let mut from = from;
        let mut found = None;
        let mut first = true;
        for _ in 0..count {
            let Some(pos) = self.search_once(regexp, from, how, first) else {
                let text = self.search.pattern_text().unwrap_or_default().to_owned();
                let wrap = self.settings.wrapscan;
                return Err(self.error(match (wrap, how.forward) {
                    (true, _) => format!("E486: Pattern not found: {text}"),
                    (false, true) => format!("E385: Search hit BOTTOM without match for: {text}"),
                    (false, false) => format!("E384: Search hit TOP without match for: {text}"),
                }));
            };
            first = false;
            found = Some(pos);
            from = SearchFrom::At(pos);
        }
        let pos = found.ok_or(Stop::Fail)?;
        if pos.row > self.text.last() {
            let row = self.text.last();
            return Ok(Pos { row, col: self.text.len(row).saturating_sub(1) });
        }
        Ok(pos)
    }

    fn search_once(&mut self, regexp: &Regexp, from: SearchFrom, how: How, first: bool) -> Option<Pos> {
        let rows = self.text.count() as isize;
        let (start, mut row) = match from {
            SearchFrom::At(pos) => {
                let back = !how.forward && pos.col == 0 && !how.at_start;
                (Some(pos), pos.row as isize - isize::from(back))
            }
            SearchFrom::Before => (None, -1),
            SearchFrom::Behind => (None, rows),
        };
        let begun = match from {
            SearchFrom::At(pos) => pos,
            SearchFrom::Before => Pos::default(),
            SearchFrom::Behind => Pos { row: rows as usize, col: 0 },
        };
        let mut at_first = start.is_some();
        for lap in 0..2 {
            while (0..rows).contains(&row) {
                let now = if at_first { start } else { None };
                let hit = if how.forward {
                    self.forward_in(regexp, row as usize, now, how, first)
                } else {
                    self.backward_in(regexp, row as usize, begun, how, lap == 1)
                };
                if let Some(hit) = hit {
                    return Some(self.place_of(&hit, how));
                }
                at_first = false;
                row += if how.forward { 1 } else { -1 };
            }
            at_first = false;
            if !self.settings.wrapscan {
                return None;
            }
            row = if how.forward { 0 } else { rows - 1 };
            if lap == 0 {
                self.say(if how.forward {
                    "search hit BOTTOM, continuing at TOP"
                } else {
                    "search hit TOP, continuing at BOTTOM"
                });
            }
        }
        None
    }

    fn place_of(&self, hit: &Match, how: How) -> Pos {
        if !how.to_end || hit.start == hit.end {
            return hit.start;
        }
        match (hit.end.col, hit.end.row) {
            (0, 0) => hit.end,
            (0, row) => Pos { row: row - 1, col: self.text.len(row - 1) },
            (col, row) => Pos { row, col: col - 1 },
        }
    }

    /// A match goes on behind its end, or a letter on where it is empty.
    fn go_on_at(&self, hit: &Match) -> usize {
        let at_end = self.text.at(hit.end).is_none();
        hit.end.col + usize::from(hit.end == hit.start && !at_end)
    }

    fn forward_in(
        &self,
        regexp: &Regexp,
        row: usize,
        start: Option<Pos>,
        how: How,
        first: bool,
    ) -> Option<Match> {
        let mut hit = self.match_in(regexp, row, 0)?;
        let Some(start) = start else { return Some(hit) };
        let extra = usize::from(!how.at_start);
        loop {
            let early = if how.to_end && first {
                hit.end.row == row && hit.end.col < start.col + extra + 1
            } else {
                let behind = usize::from(self.text.at(hit.start).is_none());
                (hit.start.col as isize - behind as isize) < (start.col + extra) as isize
            };
            if hit.start.row != row || !early {
                return Some(hit);
            }
            if hit.end.row > row {
                return None;
            }
            let at = self.go_on_at(&hit);
            if at == 0 && how.at_start {
                return Some(hit);
            }
            if at >= self.text.len(row) {
                return None;
            }
            hit = self.match_in(regexp, row, at)?;
        }
    }

    fn backward_in(&self, regexp: &Regexp, row: usize, start: Pos, how: How, any: bool) -> Option<Match> {
        let extra = usize::from(how.at_start);
        let mut found = None;
        let mut hit = self.match_in(regexp, row, 0);
        while let Some(it) = hit {
            let limit = Pos { col: start.col + extra, ..start };
            let fits = if how.to_end {
                it.end.row < start.row || it.end.row == start.row && it.end.col < limit.col + 1
            } else {
                it.start < limit
            };
            if !any && !fits {
                break;
            }
            let at = self.go_on_at(&it);
            let stops = it.end.row > row || at >= self.text.len(row);
            found = Some(it);
            hit = if stops { None } else { self.match_in(regexp, row, at) };
        }
        found
    }

    /// `/` and `?` in normal mode.
    pub(super) fn search_motion(&mut self, command: &mut Command) -> Done {
        let line = self.read_line(command.key, String::new())?;
        let Some(line) = line else { return Err(Stop::Fail) };
        command.typed = Some(line.clone());
        self.do_search(Some(command.key == '/'), Some(&line), command.count1(), false, true)
    }

    pub(super) fn next_match(&mut self, command: &Command) -> Done {
        let before = self.cursor;
        let turned = command.key == 'N';
        let count = command.count1();
        self.do_search(None, None, count, turned, true)?;
        if self.cursor == before {
            self.do_search(None, None, count + 1, turned, true)?;
        }
        Ok(())
    }

    /// Searches as vim does for a command: with a new pattern, or the last one.
    pub(super) fn do_search(
        &mut self,
        direction: Option<bool>,
        line: Option<&str>,
        count: usize,
        turned: bool,
        jumps: bool,
    ) -> Done {
        self.op.use_one = true;
        self.op.lines = false;
        self.op.inclusive = false;
        self.aims_here = true;
        self.unlit = false;
        let before = self.cursor;
        let mut pos = self.cursor;
        let mut forward = direction.unwrap_or(self.search.forward);
        self.search.forward = forward;
        forward ^= turned;
        let mut rest = line.map(str::to_owned);
        let mut lines;
        loop {
            let sign = if forward { '/' } else { '?' };
            let (pattern, behind) = match &rest {
                Some(text) => cut_at(text, sign),
                None => (String::new(), None),
            };
            let tail = if rest.as_deref().is_some_and(|rest| !rest.is_empty()) {
                let (offset, tail) = read_offset(behind.as_deref().unwrap_or(""));
                self.search.offset = offset;
                tail
            } else {
                String::new()
            };
            let regexp = self.pattern(&pattern, Use::Last, (!pattern.is_empty()).then_some(Use::Last))?;
            let offset = self.search.offset;
            let from = self.search_from(pos, offset);
            let how = How { forward, at_start: false, to_end: offset.end };
            pos = self.search(&regexp, from, count, how)?;
            self.op.inclusive |= offset.end;
            lines = offset.lines;
            pos = self.moved_by(pos, offset);
            let Some(next) = tail.strip_prefix(';') else { break };
            forward = match next.chars().next() {
                Some('/') => true,
                Some('?') => false,
                _ => return Err(self.error("E386: Expected '?' or '/' after ';'")),
            };
            rest = next.get(1..).map(str::to_owned);
        }
        if jumps {
            self.cursor = before;
            self.note_jump();
        }
        self.cursor = pos;
        self.op.lines = lines;
        self.check_cursor_after_search();
        Ok(())
    }

    fn check_cursor_after_search(&mut self) {
        self.check_row();
        let len = self.row_len();
        if self.cursor.col >= len && !self.is_visual() {
            self.cursor.col = len.saturating_sub(1);
        } else {
            self.cursor.col = self.cursor.col.min(len);
        }
    }

    /// An offset of letters is taken off first, so that a search does not stay where it is.
    fn search_from(&self, pos: Pos, offset: Offset) -> SearchFrom {
        if offset.lines {
            return SearchFrom::At(pos);
        }
        let mut pos = pos;
        for _ in 0..offset.by.unsigned_abs() {
            if offset.by > 0 && self.hop_back(&mut pos) == Step::None {
                return SearchFrom::Before;
            }
            if offset.by < 0 && self.hop_forward(&mut pos) == Step::None {
                return SearchFrom::Behind;
            }
        }
        SearchFrom::At(pos)
    }

    fn moved_by(&self, pos: Pos, offset: Offset) -> Pos {
        if offset.lines {
            let row = pos.row.saturating_add_signed(offset.by).min(self.text.last());
            return Pos { row, col: 0 };
        }
        let mut pos = pos;
        for _ in 0..offset.by.unsigned_abs() {
            let step = if offset.by > 0 { self.hop_forward(&mut pos) } else { self.hop_back(&mut pos) };
            if step == Step::None {
                break;
            }
        }
        pos
    }

    /// `*` and `#`, and with `part` `g*` and `g#`.
    pub(super) fn search_word(&mut self, command: &Command, part: bool) -> Done {
        let key = if part { command.next } else { command.key };
        let Some((col, word)) = self.word_here() else {
            return Err(self.error("E348: No string under cursor"));
        };
        self.note_jump();
        self.cursor.col = col;
        let escaped = if key == '*' { "/.*~[^$\\" } else { "/?.*~[^$\\" };
        let mut text = String::new();
        for c in word.chars() {
            if escaped.contains(c) {
                text.push('\\');
            }
            text.push(c);
        }
        let bounds = |c: Option<char>| !part && c.is_some_and(is_word);
        if bounds(word.chars().next()) {
            text.insert_str(0, "\\<");
        }
        if bounds(word.chars().last()) {
            text.push_str("\\>");
        }
        self.search.set_searched(Typed { text, smart: false });
        self.search.offset = Offset::default();
        self.do_search(Some(key == '*'), None, command.count1(), false, false)
    }

    /// The word at or behind the cursor, else the run of other letters, and where it begins.
    pub(super) fn word_here(&self) -> Option<(usize, String)> {
        let line = self.text.line(self.cursor.row);
        let of = |col: usize| line.get(col).map_or(0, |c| class(*c, false));
        for pass in 0..2 {
            let Some(mut col) =
                (self.cursor.col..line.len()).find(|col| of(*col) != 0 && (pass == 1 || of(*col) != 1))
            else {
                continue;
            };
            let kind = of(col);
            while col > 0 && of(col - 1) == kind {
                col -= 1;
            }
            if pass == 0 && kind < 2 {
                continue;
            }
            let end = (col..line.len())
                .find(|at| if pass == 0 { of(*at) != kind } else { of(*at) == 0 })
                .unwrap_or(line.len());
            return Some((col, line[col..end].iter().collect()));
        }
        None
    }
}

/// Where a search starts.
#[derive(Clone, Copy, Debug)]
pub(super) enum SearchFrom {
    At(Pos),
    /// In front of the text, behind it.
    Before,
    Behind,
}

/// `e+1`, `-2` and their like; gives what stands behind.
fn read_offset(text: &str) -> (Offset, String) {
    let mut offset = Offset::default();
    let mut rest = text;
    match rest.chars().next() {
        Some('+' | '-' | '0'..='9') => offset.lines = true,
        Some(kind @ ('e' | 's' | 'b')) => {
            offset.end = kind == 'e';
            rest = &rest[1..];
        }
        _ => {}
    }
    if let Some(sign) = rest.chars().next().filter(|c| "+-".contains(*c) || c.is_ascii_digit()) {
        let tail = if sign.is_ascii_digit() { rest } else { &rest[1..] };
        let digits = tail.find(|c: char| !c.is_ascii_digit()).unwrap_or(tail.len());
        let number: isize = if digits == 0 { 1 } else { tail[..digits].parse().unwrap_or(isize::MAX / 2) };
        offset.by = if sign == '-' { -number } else { number };
        rest = &tail[digits..];
    }
    (offset, rest.to_owned())
}

/// Cuts a text at the first delimiter that no backslash precedes and no brackets hold; gives what stands before
/// and behind.
pub(super) fn cut_at(text: &str, delimiter: char) -> (String, Option<String>) {
    let letters: Vec<char> = text.chars().collect();
    let mut head = String::new();
    let mut at = 0;
    while let Some(c) = letters.get(at).copied() {
        if c == delimiter {
            return (head, Some(letters[at + 1..].iter().collect()));
        }
        if c == '\\' {
            match letters.get(at + 1) {
                Some(next) if *next == delimiter && delimiter == '?' => head.push(*next),
                Some(next) => head.extend(['\\', *next]),
                None => head.push('\\'),
            }
            at += 2;
            continue;
        }
        if c == '['
            && let Some(end) = set_end(&letters, at)
        {
            head.extend(&letters[at..=end]);
            at = end + 1;
            continue;
        }
        head.push(c);
        at += 1;
    }
    (head, None)
}

/// The place of the `]` that ends a collection.
fn set_end(letters: &[char], open: usize) -> Option<usize> {
    let mut at = open + 1;
    if letters.get(at) == Some(&'^') {
        at += 1;
    }
    if letters.get(at) == Some(&']') {
        at += 1;
    }
    while let Some(c) = letters.get(at) {
        match c {
            ']' => return Some(at),
            '\\' => at += 1,
            '[' if letters.get(at + 1) == Some(&':') => {
                let rest = letters.get(at + 2..)?;
                if let Some(end) = rest.windows(2).position(|pair| pair == [':', ']']) {
                    at += 3 + end;
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}
