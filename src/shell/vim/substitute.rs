//! `:s`: substitute, with questions when asked for.

use super::Pos;
use super::core::{Core, Done, Stop};
use super::ex::Line;
use super::input::For;
use super::matcher::Match;
use super::pattern::Regexp;
use super::replacement::{cut_with, filled, read_flags, split_rows};
use super::search::{Use, cut_at};
use super::text::Line as TextLine;

/// What the last `:s` was.
#[derive(Clone, Debug, Default)]
pub(super) struct LastSubstitute {
    /// The replacement as typed, with `~` filled in.
    pub(super) with: Option<String>,
    flags: Flags,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Flags {
    pub(super) all: bool,
    pub(super) asks: bool,
    pub(super) counts: bool,
    pub(super) complains: bool,
    pub(super) ignore: Option<bool>,
}

impl Default for Flags {
    fn default() -> Self {
        Self { all: false, asks: false, counts: false, complains: true, ignore: None }
    }
}

/// One `:s` at work.
struct Job {
    regexp: Regexp,
    with: String,
    flags: Flags,
    last: usize,
    count: usize,
    lines: usize,
    matched: bool,
    stops: bool,
}

/// A line under substitution.
struct Work {
    row: usize,
    /// What it becomes so far.
    new: Option<Vec<char>>,
    /// From which column of the line the rest is to be copied.
    copied: usize,
    /// Where the next match is looked for.
    at: usize,
    /// No match was seen yet.
    first: bool,
}

impl Work {
    fn at(row: usize) -> Self {
        Self { row, new: None, copied: 0, at: 0, first: true }
    }
}

/// What is to be done behind a match.
enum Went {
    On,
    /// No more in this line.
    Past,
    /// Lines were joined, which may have a match of their own.
    Joined(Option<Match>),
}

impl Core {
    /// `:[range]s/pattern/with/flags`; `:s`, `:&` and `:~` alone repeat the last one. Gives what stands behind a bar.
    pub(super) fn ex_substitute(&mut self, line: &Line) -> Done<Option<String>> {
        let rest = line.rest.clone();
        let mut which = if line.name == "~" { Use::Last } else { Use::Substituted };
        let first = rest.chars().next();
        let is_new = line.name == "substitute"
            && first.is_some_and(|c| !c.is_whitespace() && !"0123456789cegriIpln&|\"".contains(c));
        let (mut pattern, mut tail) = (String::new(), rest.clone());
        let with;
        if let (true, Some(mut sign)) = (is_new, first) {
            if sign.is_ascii_alphanumeric() {
                return Err(self.error("E146: Regular expressions can't be delimited by letters"));
            }
            which = Use::Last;
            let mut text = rest[sign.len_utf8()..].to_owned();
            if sign == '\\' {
                sign = text.chars().next().unwrap_or('/');
                if !"/?&".contains(sign) {
                    return Err(self.error("E10: \\ should be followed by /, ? or &"));
                }
                if sign == '&' {
                    which = Use::Substituted;
                }
                text = text[1..].to_owned();
            } else {
                let (head, behind) = cut_at(&text, sign);
                pattern = head;
                text = behind.unwrap_or_default();
            }
            let (head, behind) = cut_with(&text, sign);
            with = self.fill_tilde(&head);
            self.substitute.with = Some(with.clone());
            tail = behind;
        } else {
            let Some(kept) = self.substitute.with.clone() else {
                return Err(self.error("E33: No previous substitute regular expression"));
            };
            with = kept;
        }
        let tail = tail.trim_start_matches([' ', '\t']).to_owned();
        let mut flags = self.substitute.flags;
        let mut tail = tail.as_str();
        match tail.strip_prefix('&') {
            Some(behind) => tail = behind,
            None => flags = Flags { all: self.settings.gdefault, ..Flags::default() },
        }
        let tail = read_flags(tail, &mut flags, &mut which);
        let (mut from, mut to) = (line.from, line.to);
        let mut rest = tail.trim_start().to_owned();
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        if let Ok(count) = digits.parse::<usize>() {
            if count == 0 && flags.complains {
                return Err(self.error("E939: Positive count required"));
            }
            from = to;
            to = (to + count.max(1) - 1).min(self.text.last());
            rest = rest[digits.len()..].trim_start().to_owned();
        }
        let next = rest.strip_prefix('|').map(str::to_owned);
        if next.is_none() && !rest.is_empty() && !rest.starts_with('"') {
            return Err(self.error(format!("E488: Trailing characters: {rest}")));
        }
        self.substitute.flags = flags;
        let mut regexp = self.pattern(&pattern, which, Some(Use::Substituted))?;
        if let Some(ignore) = flags.ignore {
            regexp.ignores_case = ignore;
        }
        let job = Job { regexp, with, flags, last: to, count: 0, lines: 0, matched: false, stops: false };
        self.substitute_rows(job, from)?;
        Ok(next)
    }

    /// `~` in a replacement stands for the last one.
    fn fill_tilde(&self, with: &str) -> String {
        let last = self.substitute.with.as_deref().unwrap_or_default();
        if with.starts_with("\\=") {
            return with.to_owned();
        }
        let mut out = String::new();
        let mut chars = with.chars();
        while let Some(c) = chars.next() {
            match c {
                '\\' => match chars.next() {
                    Some('~') if self.settings.magic => out.push('~'),
                    Some('~') => out.push_str(last),
                    Some(next) => out.extend(['\\', next]),
                    None => out.push('\\'),
                },
                '~' if self.settings.magic => out.push_str(last),
                c => out.push(c),
            }
        }
        out
    }

    fn substitute_rows(&mut self, mut job: Job, from: usize) -> Done {
        let to_end = self.aim == usize::MAX && !self.aims_here;
        let before = self.cursor;
        let lines_before = self.text.count();
        let mut row = from;
        let mut last_change = None;
        while row <= job.last && row < self.text.count() && !job.stops {
            let count = job.count;
            row = self.substitute_row(&mut job, row, &mut last_change)?;
            if job.count > count {
                job.lines += 1;
            }
            row += 1;
        }
        if job.flags.counts {
            self.cursor = before;
        }
        if job.count == 0 {
            if !self.in_global && !job.matched && job.flags.complains {
                let text = self.search.pattern_text().unwrap_or_default().to_owned();
                return Err(self.error(format!("E486: Pattern not found: {text}")));
            }
            return Ok(());
        }
        self.marks.begun = Pos { row: from, col: 0 };
        self.marks.ended = Pos { row: job.last.min(self.text.last()), col: 0 };
        if let (Some(row), false) = (last_change, job.flags.counts || job.flags.asks) {
            self.cursor.row = row.min(self.text.last());
            if to_end && self.in_repeat {
                self.go_to_column(usize::MAX);
            } else {
                self.begin_line(true);
            }
        }
        self.aims_here = true;
        self.check_cursor();
        self.say_substituted(&job, lines_before);
        Ok(())
    }

    fn say_substituted(&mut self, job: &Job, before: usize) {
        if job.count > 2 || job.flags.counts {
            let (what, done) = if job.flags.counts { ("match", "es") } else { ("substitution", "s") };
            let many = if job.count == 1 { "" } else { done };
            let lines = if job.lines == 1 { "1 line".into() } else { format!("{} lines", job.lines) };
            self.say(format!("{} {what}{many} on {lines}", job.count));
        } else {
            self.say_lines_changed(before);
        }
    }

    /// Substitutes in one line, and in those that matches join to it; gives the last row it became.
    fn substitute_row(&mut self, job: &mut Job, row: usize, last_change: &mut Option<usize>) -> Done<usize> {
        let Some(mut hit) = self.match_in(&job.regexp, row, 0) else { return Ok(row) };
        let mut work = Work::at(row);
        loop {
            if hit.start.row > work.row {
                // The match begins further down.
                work = Work::at(hit.start.row);
            }
            if work.row > self.text.last() || work.row > job.last && hit.start.row > job.last {
                return Ok(work.row);
            }
            let past = match self.substitute_hit(job, &mut work, &hit, last_change)? {
                Went::On => false,
                Went::Past => true,
                Went::Joined(Some(next)) => {
                    hit = next;
                    continue;
                }
                Went::Joined(None) => return Ok(work.row),
            };
            let at_end = work.at >= self.text.len(work.row) && !names_line_end(&job.regexp);
            let last_one = past || job.stops || !job.flags.all || at_end;
            let next = if last_one { None } else { self.match_in(&job.regexp, work.row, work.at) };
            match next {
                Some(next) if next.start.row == work.row => hit = next,
                other => {
                    self.finish_row(&mut work);
                    match other {
                        Some(next) => hit = next,
                        None => return Ok(work.row),
                    }
                }
            }
        }
    }

    fn substitute_hit(
        &mut self,
        job: &mut Job,
        work: &mut Work,
        hit: &Match,
        last_change: &mut Option<usize>,
    ) -> Done<Went> {
        let length = self.text.len(work.row);
        let empty_again =
            !work.first && hit.start == hit.end && hit.end == (Pos { row: work.row, col: work.at });
        work.first = false;
        if empty_again {
            if work.at >= length {
                return Ok(Went::Past);
            }
            work.at += 1;
            return Ok(Went::On);
        }
        job.matched = true;
        work.at = hit.end.col;
        if job.flags.counts {
            job.count += 1;
            *last_change = Some(work.row);
        }
        if job.flags.counts || !self.asks_for(job, hit, work)? {
            if hit.end.row > work.row {
                work.at = length;
                return Ok(Went::Past);
            }
            return Ok(Went::On);
        }
        job.count += 1;
        let text = self.replacement(job, hit)?;
        let beyond = hit.end.row > self.text.last();
        let joined = hit.end.row.min(self.text.last()) - work.row;
        let again = joined > 0 && work.row + joined <= job.last;
        self.put_substituted(job, work, hit, text, joined);
        work.at = if beyond { self.text.len(work.row) } else { self.joined_at.take().unwrap_or(work.at) };
        *last_change = Some(work.row);
        if again && !job.flags.all {
            // The line that was joined may have a match of its own.
            self.finish_row(work);
            let next = self.match_in(&job.regexp, work.row, work.at);
            return Ok(Went::Joined(next.filter(|it| it.start.row == work.row)));
        }
        Ok(if beyond { Went::Past } else { Went::On })
    }

    /// Puts what a match became into the text: lines that were split off at once, the rest when the line is done.
    fn put_substituted(
        &mut self,
        job: &mut Job,
        work: &mut Work,
        hit: &Match,
        text: Vec<Option<char>>,
        joined: usize,
    ) {
        let line = self.text.line(work.row);
        let mut grown = work.new.take().unwrap_or_default();
        grown.extend(&line[work.copied.min(line.len())..hit.start.col.min(line.len())]);
        let (kept, rows) = split_rows(grown, text);
        let count = rows.len();
        for line in rows {
            self.keep_rows(work.row, work.row, None);
            self.text.insert(work.row, TextLine::new(line));
            self.adjust_marks(work.row + 1, usize::MAX, Some(1), 0);
            work.row += 1;
        }
        job.last += count;
        let row = work.row;
        let whole = hit.end.row > row - count && joined == 0;
        work.copied = if whole { self.text.len(row) } else { hit.end.col };
        if joined == 0 {
            work.new = Some(kept);
            return;
        }
        let mut line = kept;
        let tail = self.text.line(row + joined);
        let at = line.len();
        line.extend(&tail[hit.end.col.min(tail.len())..]);
        self.keep_rows(row, row + joined + 1, None);
        self.text.set(row, TextLine::new(line));
        for _ in 0..joined {
            self.text.remove(row + 1);
        }
        self.adjust_marks(row + 1, row + joined, None, -(joined as isize));
        self.changed(row, 0);
        job.last = job.last.saturating_sub(joined);
        // What was put stays before the column that is looked at next.
        self.joined_at = Some(at);
        work.copied = 0;
    }

    /// Writes a line that is done, and finds the column to go on at in it.
    fn finish_row(&mut self, work: &mut Work) {
        let Some(mut line) = work.new.take() else { return };
        let old = self.text.line(work.row);
        let behind = old.len().saturating_sub(work.at);
        line.extend(&old[work.copied.min(old.len())..]);
        self.keep_rows(work.row, work.row + 1, Some(work.row + 1));
        work.at = line.len().saturating_sub(behind);
        work.copied = 0;
        self.text.set(work.row, TextLine::new(line));
        self.changed(work.row, 0);
    }

    /// Asks about a match, when it is to; gives whether to replace it.
    fn asks_for(&mut self, job: &mut Job, hit: &Match, work: &Work) -> Done<bool> {
        if !job.flags.asks {
            return Ok(true);
        }
        let (new, copied) = (work.new.as_deref(), work.copied);
        let shift = new.map_or(0, <[char]>::len) as isize - copied as isize;
        let kept = new.map(|new| {
            let old = self.text.kept(hit.start.row);
            let mut line = new.to_vec();
            line.extend(&old[copied.min(old.len())..]);
            self.text.set(hit.start.row, TextLine::new(line));
            old
        });
        self.cursor = Pos { col: hit.start.col.saturating_add_signed(shift), ..hit.start };
        self.asking = Some(format!("replace with {} (y/n/a/q/l/^E/^Y)?", job.with));
        let answer = loop {
            match self.key(For::Letter)? {
                'y' => break true,
                'n' => break false,
                'a' => {
                    job.flags.asks = false;
                    break true;
                }
                'l' => {
                    job.flags.all = false;
                    job.stops = true;
                    break true;
                }
                'q' | '\x1b' | '\x03' => {
                    job.stops = true;
                    break false;
                }
                _ => {}
            }
        };
        self.asking = None;
        if let Some(old) = kept {
            self.text.set(hit.start.row, old);
        }
        Ok(answer)
    }

    /// What a match is replaced with; a line end in it is a carriage return.
    fn replacement(&mut self, job: &Job, hit: &Match) -> Done<Vec<Option<char>>> {
        let group = |number: usize| -> String {
            let pos = match number {
                0 => Some((hit.start, hit.end)),
                number => hit.groups.get(number).copied().flatten(),
            };
            pos.map_or(String::new(), |(start, end)| {
                let register = self.region_register(start, end, super::registers::Kind::Characters);
                register.text()
            })
        };
        if let Some(text) = job.with.strip_prefix("\\=") {
            let groups: Vec<String> = (0..10).map(group).collect();
            let row = hit.start.row;
            self.cursor.row = row;
            let Some(value) = self.evaluate_with(text, &groups) else { return Err(Stop::Fail) };
            return Ok(value.chars().map(|c| (c != '\n').then_some(c)).collect());
        }
        Ok(filled(&job.with, self.settings.magic, group))
    }
}

/// True for a pattern that goes over line ends.
fn names_line_end(regexp: &Regexp) -> bool {
    use super::pattern::Inst;
    regexp.program.iter().any(|inst| matches!(inst, Inst::LineEnd | Inst::Class(_, true)))
}
