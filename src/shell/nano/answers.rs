//! Questions below the text: their keys, and what their answers do.

use super::super::vim::{Need, Pos, keys};
use super::Nano;

/// A question in the line below the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asking {
    pub(super) what: Question,
    pub(super) answer: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Question {
    /// Save before leaving?
    Save,
    /// The name to write to.
    Write,
    Search,
    Replace,
    /// What the pattern, held here, is replaced with.
    ReplaceWith(String),
    /// Replace the match at the cursor?
    Each(Each),
    Read,
    Line,
}

/// Matches that are replaced one by one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Each {
    wanted: String,
    with: String,
    /// Matches that were not yet asked about.
    left: usize,
    count: usize,
    /// Where the cursor goes back to.
    back: Pos,
}

/// Keys and what they do, two rows, column by column. Source: nano 7.2.
const KEYS: &[(&str, &str)] = &[
    ("^G", "Help"),
    ("^X", "Exit"),
    ("^O", "Write Out"),
    ("^R", "Read File"),
    ("^W", "Where Is"),
    ("^\\", "Replace"),
    ("^K", "Cut"),
    ("^U", "Paste"),
    ("^T", "Execute"),
    ("^J", "Justify"),
    ("^C", "Location"),
    ("^/", "Go To Line"),
    ("M-U", "Undo"),
    ("M-E", "Redo"),
    ("M-A", "Set Mark"),
    ("M-6", "Copy"),
];
const SAVE_KEYS: &[(&str, &str)] = &[(" Y", "Yes"), (" N", "No"), ("  ", ""), ("^C", "Cancel")];
const EACH_KEYS: &[(&str, &str)] = &[(" Y", "Yes"), (" N", "No"), (" A", "All"), ("^C", "Cancel")];
const ANSWER_KEYS: &[(&str, &str)] = &[("^G", "Help"), ("^C", "Cancel"), ("", ""), ("^U", "Clear")];
const SEARCH_KEYS: &[(&str, &str)] =
    &[("^G", "Help"), ("^C", "Cancel"), ("^R", "Replace"), ("^T", "Go To Line")];
const WRITE_KEYS: &[(&str, &str)] = &[("^G", "Help"), ("^C", "Cancel"), ("", ""), ("^U", "Clear")];
const HELP_KEYS: &[(&str, &str)] = &[("^X", "Close"), ("", "")];

/// What `^G` shows.
pub(crate) const HELP: &[&str] = &[
    "",
    " Letters that are typed go into the text. ^ is Ctrl, M- is Alt (or Esc before).",
    "",
    " ^O  write the file              ^X  leave, asked about changes",
    " ^R  put a file in               ^W  look for, M-W the next, ^Q backwards",
    " ^\\  replace                     ^_  go to a line (M-G)",
    " ^K  cut a line or the region    ^U  paste",
    " M-A or ^6  set the mark         M-6  copy",
    " M-U undo, M-E redo              M-3  make lines remarks",
    " M-} M-{  indent, unindent       M-T  cut to the end of the text",
    " ^C  where the cursor is         M-D  count lines and words",
    " M-N line numbers, M-I auto indent, M-O tabs as spaces",
    " ^A ^E  begin and end of line    M-\\ M-/  begin and end of the text",
    " ^Y ^V  a page up and down",
];

impl Nano {
    pub(super) fn answer_key(&mut self, key: char) {
        let Some(asking) = self.asking.as_mut() else { return };
        if key == '\x03' || key == keys::ESCAPE {
            self.asking = None;
            self.leaving = false;
            self.message = "Cancelled".into();
            return;
        }
        if let Question::Each(_) = asking.what {
            return self.answer_each(key);
        }
        if asking.what == Question::Save {
            match key.to_ascii_lowercase() {
                'y' => {
                    self.leaving = true;
                    self.ask(Question::Write, &self.name.clone());
                }
                'n' => self.left = true,
                _ => {}
            }
            return;
        }
        match key {
            '\n' => {
                if let Some(asking) = self.asking.take() {
                    self.answered(asking);
                }
            }
            keys::BACKSPACE | '\x08' => drop(asking.answer.pop()),
            '\x15' | '\x0b' => asking.answer.clear(),
            key if key >= ' ' && !('\u{f700}'..='\u{f7ff}').contains(&key) => asking.answer.push(key),
            _ => {}
        }
    }

    fn answered(&mut self, asking: Asking) {
        let answer = asking.answer;
        match asking.what {
            Question::Save | Question::Each(_) => {}
            Question::Write if answer.is_empty() => self.message = "Cancelled".into(),
            Question::Write => {
                let path = (answer != self.name).then(|| answer.clone());
                self.need = Some(Need::Write { path, text: self.text(), append: false });
                self.name = answer;
            }
            Question::Read => self.need = Some(Need::Read { path: answer }),
            Question::Search => {
                if !answer.is_empty() {
                    self.sought = answer;
                }
                self.find_again(false);
            }
            Question::Replace if answer.is_empty() => self.message = "Cancelled".into(),
            Question::Replace => self.ask(Question::ReplaceWith(answer), ""),
            Question::ReplaceWith(pattern) => self.begin_replacing(&pattern, &answer),
            Question::Line => {
                let mut parts = answer.split([',', ' ']).map(|part| part.trim().parse::<usize>().ok());
                match parts.next().flatten() {
                    Some(line) => self.cursor.row = line.saturating_sub(1),
                    None => self.message = "Invalid line or column number".into(),
                }
                self.cursor.col = parts.next().flatten().map_or(0, |column| column.saturating_sub(1));
            }
        }
        self.clamp('\n');
    }

    /// Looks for what was sought last; to the begin of the text when `back`.
    pub(super) fn find_again(&mut self, back: bool) {
        let wanted = self.sought.to_lowercase();
        if wanted.is_empty() {
            self.message = "No current search pattern".into();
            return;
        }
        match self.next_match(&wanted, self.cursor, back) {
            Some((at, wrapped)) => {
                if at == self.cursor {
                    self.message = "This is the only occurrence".into();
                } else if wrapped {
                    self.message = "Search Wrapped".into();
                }
                self.cursor = at;
            }
            None => self.message = format!("\"{}\" not found", self.sought),
        }
    }

    /// The next match behind a place, and whether the search went over the end of the text.
    fn next_match(&self, wanted: &str, from: Pos, back: bool) -> Option<(Pos, bool)> {
        let mut all: Vec<Pos> = Vec::new();
        for (row, line) in self.lines.iter().enumerate() {
            let text: String = line.iter().collect();
            let mut at = 0;
            while let Some(col) = find_in(&text, wanted, at) {
                all.push(Pos { row, col });
                at = col + 1;
            }
        }
        let next = if back {
            all.iter().rev().find(|it| **it < from).or(all.last())
        } else {
            all.iter().find(|it| **it > from).or(all.first())
        };
        next.map(|at| (*at, if back { *at >= from } else { *at <= from }))
    }

    /// Begins to replace: the first match at or behind the cursor is asked about.
    fn begin_replacing(&mut self, pattern: &str, with: &str) {
        let wanted = pattern.to_lowercase();
        let before = Pos { row: self.cursor.row, col: self.cursor.col };
        let here = self.line(before.row).iter().collect::<String>();
        let first = if find_in(&here, &wanted, before.col) == Some(before.col) {
            Some(before)
        } else {
            self.next_match(&wanted, before, false).map(|(at, _)| at)
        };
        match first {
            None => self.message = format!("\"{pattern}\" not found"),
            Some(at) => {
                let modified = self.modified;
                self.remember();
                self.modified = modified;
                self.cursor = at;
                let each = Each {
                    wanted,
                    with: with.to_owned(),
                    left: self.matches(pattern),
                    count: 0,
                    back: before,
                };
                self.asking = Some(Asking { what: Question::Each(each), answer: String::new() });
            }
        }
    }

    fn matches(&self, pattern: &str) -> usize {
        let wanted = pattern.to_lowercase();
        self.lines
            .iter()
            .map(|line| line.iter().collect::<String>().to_lowercase().matches(&wanted).count())
            .sum()
    }

    /// Yes, no, all or an end to replacing.
    fn answer_each(&mut self, key: char) {
        let Some(Asking { what: Question::Each(mut each), .. }) = self.asking.clone() else { return };
        let all = matches!(key, 'a' | 'A');
        if !all && !matches!(key, 'y' | 'Y' | ' ' | 'n' | 'N') {
            return;
        }
        let replaces = !matches!(key, 'n' | 'N');
        loop {
            if replaces {
                let Pos { row, col } = self.cursor;
                let end = (col + each.wanted.chars().count()).min(self.len(row));
                self.lines[row].splice(col..end, each.with.chars());
                self.cursor.col = (col + each.with.chars().count()).saturating_sub(1);
                each.count += 1;
                self.modified = true;
            }
            each.left = each.left.saturating_sub(1);
            let next = self.next_match(&each.wanted, self.cursor, false).filter(|_| each.left > 0);
            match next {
                Some((at, _)) => self.cursor = at,
                None => break self.end_replacing(&each),
            }
            if !all {
                if let Some(asking) = &mut self.asking {
                    asking.what = Question::Each(each);
                }
                break;
            }
        }
    }

    fn end_replacing(&mut self, each: &Each) {
        self.asking = None;
        self.cursor = each.back;
        self.clamp(' ');
        let ending = if each.count == 1 { "" } else { "s" };
        self.message = format!("Replaced {} occurrence{ending}", each.count);
    }

    /// The question with what was answered so far.
    pub(crate) fn prompt(&self) -> Option<String> {
        let asking = self.asking.as_ref()?;
        let question = match &asking.what {
            Question::Save => return Some("Save modified buffer? ".into()),
            Question::Each(_) => return Some("Replace this instance? ".into()),
            Question::Write => "File Name to Write".to_owned(),
            Question::Read => "File to insert [from ./]".to_owned(),
            Question::Search if self.sought.is_empty() => "Search".to_owned(),
            Question::Search => format!("Search [{}]", self.sought),
            Question::Replace => "Search (to replace)".to_owned(),
            Question::ReplaceWith(_) => "Replace with".to_owned(),
            Question::Line => "Enter line number, column number".to_owned(),
        };
        Some(format!("{question}: {}", asking.answer))
    }

    /// The keys to show below.
    pub(crate) fn keys(&self) -> &'static [(&'static str, &'static str)] {
        match &self.asking {
            None if self.helps => HELP_KEYS,
            None => KEYS,
            Some(asking) => match asking.what {
                Question::Save => SAVE_KEYS,
                Question::Each(_) => EACH_KEYS,
                Question::Search => SEARCH_KEYS,
                Question::Write => WRITE_KEYS,
                _ => ANSWER_KEYS,
            },
        }
    }
}

/// The column of the first match at or behind a column, whatever the case.
fn find_in(text: &str, wanted: &str, from: usize) -> Option<usize> {
    let letters: Vec<char> = text.to_lowercase().chars().collect();
    let wanted: Vec<char> = wanted.chars().collect();
    (from..letters.len()).find(|at| letters.get(*at..).is_some_and(|rest| rest.starts_with(&wanted)))
}
