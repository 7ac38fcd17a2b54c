//! The jobs of one interactive shell, as bash numbers, marks and words them.
//!
//! A job is the language's (`sleep 9 &`), which is known by what `jobs -l` of the language lists, or a program that was
//! stopped on the terminal. Knows nothing of how either runs. Source of the marks: bash 5.2's `set_current_job` and
//! `reset_current`; of the wording: bash 5.2 at a terminal.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::tree::{self, Seen};

/// Who runs a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Runner {
    Language,
    /// The session, since it was stopped once.
    Session,
}

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Running,
    Stopped,
    /// With this exit code.
    Ended(i32),
}

/// A job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// As in `[1]+`.
    pub(super) number: usize,
    pub(super) pid: String,
    pub(super) command: String,
    pub(super) state: State,
    pub(super) runner: Runner,
    /// Where it was started, from home: `~/x`.
    pub(super) directory: String,
    /// A signal has just ended it: bash sees that one prompt later.
    fresh: bool,
}

/// What a shell knows of its jobs.
#[derive(Debug, Default)]
pub(super) struct Jobs {
    entries: Vec<Entry>,
    current: Option<usize>,
    previous: Option<usize>,
    /// `$!` when last looked at.
    newest: String,
    /// Processes of jobs whose beginning was told within their line.
    told: BTreeSet<String>,
    /// Processes of jobs that are none of the table's any more.
    disowned: BTreeSet<String>,
    /// Where the shell is, from home.
    pub(super) directory: String,
}

/// Why a job cannot be had, as bash says it behind the command's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    NoSuch(String),
    Ambiguous(String),
}

impl std::fmt::Display for Missing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoSuch(spec) => write!(f, "{spec}: no such job"),
            Self::Ambiguous(spec) => write!(f, "{spec}: ambiguous job spec"),
        }
    }
}

/// What the language calls jobs that are no simple commands.
const UNNAMED: &str = "(...)";

impl Jobs {
    /// All jobs, by number.
    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub(super) fn get(&self, number: usize) -> Option<&Entry> {
        self.entries.iter().find(|it| it.number == number)
    }

    pub(super) fn by_pid(&self, pid: &str) -> Option<&Entry> {
        self.entries.iter().find(|it| it.pid == pid)
    }

    /// The number of the job that `+` stands behind.
    pub(super) fn current(&self) -> Option<usize> {
        self.current
    }

    /// The job that `%1`, `%vim`, `%?text`, `%+`, `%-`, or without a sign `1` and `vim` mean.
    pub(super) fn find(&self, spec: &str) -> Result<usize, Missing> {
        let missing = || Missing::NoSuch(spec.to_owned());
        let name = spec.strip_prefix('%').unwrap_or(spec);
        match name {
            "" | "%" | "+" => return self.current.ok_or_else(missing),
            "-" => return self.previous.ok_or_else(missing),
            _ => {}
        }
        if let Ok(number) = name.parse::<usize>() {
            return self.get(number).map(|it| it.number).ok_or_else(missing);
        }
        let fits = |it: &&Entry| match name.strip_prefix('?') {
            Some(part) => it.command.contains(part),
            None => it.command.starts_with(name),
        };
        let mut found = self.entries.iter().filter(fits);
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(one.number),
            (Some(_), Some(_)) => Err(Missing::Ambiguous(name.trim_start_matches('?').to_owned())),
            (None, _) => Err(missing()),
        }
    }

    /// Takes in what `jobs -l` of the language lists. Gives the processes of jobs that ended, whose exit codes are to be
    /// asked for and told by [`Self::ended`].
    pub(super) fn settle(&mut self, listed: &str) -> Vec<String> {
        let now: Vec<(String, String)> = listed.lines().filter_map(parse).collect();
        for (pid, command) in &now {
            if self.by_pid(pid).is_none() && !self.disowned.contains(pid) {
                self.add(pid, command, State::Running, Runner::Language);
            }
        }
        let is_over = |it: &&Entry| {
            it.runner == Runner::Language
                && !matches!(it.state, State::Ended(_))
                && !now.iter().any(|(pid, _)| *pid == it.pid)
        };
        self.entries.iter().filter(is_over).map(|it| it.pid.clone()).collect()
    }

    fn add(&mut self, pid: &str, command: &str, state: State, runner: Runner) -> usize {
        let number = self.entries.iter().map(|it| it.number).max().unwrap_or(0) + 1;
        let (pid, command) = (pid.to_owned(), command.to_owned());
        let directory = self.directory.clone();
        self.entries.push(Entry { number, pid, command, state, runner, directory, fresh: false });
        match state {
            State::Stopped => self.set_current(number),
            _ => self.reset_current(),
        }
        number
    }

    /// A job of the language may just have begun, as `command`: `listed` is what `jobs -l` gives, `newest` is `$!`.
    /// Gives what to say.
    pub(super) fn began(&mut self, listed: &str, newest: &str, command: &str) -> String {
        let known = newest == self.newest || self.by_pid(newest).is_some();
        if newest.is_empty() || known || !self.told.insert(newest.to_owned()) {
            return String::new();
        }
        let _ = self.settle(listed);
        if self.by_pid(newest).is_none() {
            // It has ended already.
            self.add(newest, command, State::Running, Runner::Language);
        }
        if let Some(entry) = self.entries.iter_mut().find(|it| it.pid == newest)
            && !command.is_empty()
        {
            command.clone_into(&mut entry.command);
        }
        self.by_pid(newest).map(|it| format!("[{}] {newest}\n", it.number)).unwrap_or_default()
    }

    /// As [`Self::began`] at the prompt after `line`, for jobs whose beginning was not told within it.
    pub(super) fn look(&mut self, listed: &str, newest: &str, line: &str) -> String {
        let known: BTreeSet<String> = self.entries.iter().map(|it| it.pid.clone()).collect();
        let _ = self.settle(listed);
        for entry in self.entries.iter_mut().filter(|it| !known.contains(&it.pid)) {
            if entry.command == UNNAMED {
                only_job(line).unwrap_or(UNNAMED).clone_into(&mut entry.command);
            }
        }
        let told = std::mem::take(&mut self.told);
        let is_new = |it: &&Entry| !known.contains(&it.pid) && !told.contains(&it.pid);
        let row = |it: &Entry| format!("[{}] {}\n", it.number, it.pid);
        let mut begun: String = self.entries.iter().filter(is_new).map(row).collect();
        if !newest.is_empty()
            && newest != self.newest
            && self.by_pid(newest).is_none()
            && !told.contains(newest)
        {
            // It has ended already.
            let number =
                self.add(newest, only_job(line).unwrap_or(UNNAMED), State::Running, Runner::Language);
            begun.push_str(&format!("[{number}] {newest}\n"));
        }
        newest.clone_into(&mut self.newest);
        begun
    }

    /// A job has ended with this exit code.
    pub(super) fn ended(&mut self, pid: &str, status: i32) {
        if let Some(entry) = self.entries.iter_mut().find(|it| it.pid == pid) {
            entry.state = State::Ended(status);
        }
    }

    /// A signal was sent that will end a job: what becomes of it is seen one prompt later.
    pub(super) fn signalled(&mut self, pid: &str) {
        if let Some(entry) = self.entries.iter_mut().find(|it| it.pid == pid) {
            entry.fresh = true;
        }
    }

    /// The program in front was stopped: a new job, or one of before by the same process. Gives its number.
    pub(super) fn stopped(&mut self, pid: &str, command: &str, directory: &str) -> usize {
        match self.entries.iter_mut().find(|it| it.pid == pid) {
            Some(entry) => {
                entry.state = State::Stopped;
                let number = entry.number;
                self.set_current(number);
                number
            }
            None => {
                let number = self.add(pid, command, State::Stopped, Runner::Session);
                if let Some(entry) = self.entries.iter_mut().find(|it| it.number == number) {
                    directory.clone_into(&mut entry.directory);
                }
                number
            }
        }
    }

    /// A stopped job goes on, in front or behind.
    pub(super) fn goes_on(&mut self, number: usize, in_front: bool) {
        if let Some(entry) = self.entries.iter_mut().find(|it| it.number == number) {
            entry.state = State::Running;
        }
        match in_front {
            true => self.set_current(number),
            false => self.reset_current(),
        }
    }

    /// Forgets a job.
    pub(super) fn forget(&mut self, number: usize) {
        self.entries.retain(|it| it.number != number);
        self.reset_current();
    }

    /// A job is none of the table's any more, though it may run on.
    pub(super) fn disown(&mut self, number: usize) {
        let pid = self.get(number).map(|it| it.pid.clone());
        self.disowned.extend(pid);
        self.forget(number);
    }

    /// Somebody waited: what signals have done is seen now.
    pub(super) fn seen(&mut self) {
        self.entries.iter_mut().for_each(|it| it.fresh = false);
    }

    /// What is to be told of jobs that have ended, which are forgotten then. Those that a signal has only just
    /// ended are told of the next time.
    pub(super) fn news(&mut self) -> String {
        let is_told = |it: &Entry| matches!(it.state, State::Ended(_)) && !it.fresh;
        let told: String = self.entries.iter().filter(|it| is_told(it)).map(|it| self.notice(it)).collect();
        self.entries.retain(|it| !is_told(it));
        self.seen();
        if !told.is_empty() {
            self.reset_current();
        }
        told
    }

    /// What is told of a job that somebody waited for when a signal ended it; it is forgotten then.
    pub(super) fn killed(&mut self, pid: &str) -> String {
        let by_signal =
            |it: &&Entry| it.pid == pid && matches!(it.state, State::Ended(status) if status > 128);
        let Some(entry) = self.entries.iter().find(by_signal) else { return String::new() };
        let (number, told) = (entry.number, self.notice(entry));
        self.forget(number);
        told
    }

    /// True when [`Self::news`] has something to tell.
    pub(super) fn has_news(&self) -> bool {
        self.entries.iter().any(|it| matches!(it.state, State::Ended(_)) && !it.fresh)
    }

    /// Forgets jobs that have ended: they were listed.
    pub(super) fn forget_ended(&mut self) {
        self.entries.retain(|it| !matches!(it.state, State::Ended(_)));
        self.reset_current();
    }

    /// What is told of a job that nobody asked for.
    pub(super) fn notice(&self, entry: &Entry) -> String {
        match entry.directory == self.directory {
            true => self.row(entry, false),
            false => format!("{}(wd now: {})\n", self.row(entry, false), self.directory),
        }
    }

    /// A row of `jobs`, or with `pid` of `jobs -l`.
    pub(super) fn row(&self, entry: &Entry, pid: bool) -> String {
        let mark = match entry.number {
            number if Some(number) == self.current => '+',
            number if Some(number) == self.previous => '-',
            _ => ' ',
        };
        let how = match entry.state {
            State::Running => "Running".to_owned(),
            State::Stopped => "Stopped".to_owned(),
            State::Ended(status) => how_it_ended(status),
        };
        let behind = if entry.state == State::Running { " &" } else { "" };
        let process = if pid { format!("{} ", entry.pid) } else { " ".to_owned() };
        let away = match entry.directory == self.directory {
            true => String::new(),
            false => format!("  (wd: {})", entry.directory),
        };
        format!("[{}]{mark} {process}{how:<24}{}{behind}{away}\n", entry.number, entry.command)
    }

    fn newest(&self, state: State, before: usize) -> Option<usize> {
        let fits = |it: &&Entry| it.state == state && it.number < before;
        self.entries.iter().filter(fits).map(|it| it.number).max()
    }

    fn is(&self, number: Option<usize>, state: State) -> bool {
        number.and_then(|it| self.get(it)).is_some_and(|it| it.state == state)
    }

    fn set_current(&mut self, number: usize) {
        if self.current != Some(number) {
            self.previous = self.current;
            self.current = Some(number);
        }
        if self.previous != self.current && self.is(self.previous, State::Stopped) {
            return;
        }
        let older_stopped =
            if self.is(self.current, State::Stopped) { self.newest(State::Stopped, number) } else { None };
        let before = if self.is(self.current, State::Running) { number } else { usize::MAX };
        self.previous = older_stopped.or_else(|| self.newest(State::Running, before)).or(self.current);
    }

    fn reset_current(&mut self) {
        let stopped = |number: Option<usize>| number.filter(|_| self.is(number, State::Stopped));
        let next = stopped(self.current)
            .or_else(|| stopped(self.previous))
            .or_else(|| self.newest(State::Stopped, usize::MAX))
            .or_else(|| self.newest(State::Running, usize::MAX));
        match next {
            Some(number) => self.set_current(number),
            None => (self.current, self.previous) = (None, None),
        }
    }
}

/// A row of `jobs -l`: `[1]+ 1002 Running                 sleep 100 &`, as process and command.
fn parse(row: &str) -> Option<(String, String)> {
    let (_, rest) = row.strip_prefix('[')?.split_once(']')?;
    let (pid, rest) = rest.get(1..)?.trim_start().split_once(' ')?;
    let (_, command) = rest.split_once(' ')?;
    let command = command.trim().trim_end_matches('&').trim_end();
    Some((pid.to_owned(), command.to_owned()))
}

/// The command of a line that is one background job and nothing else.
fn only_job(line: &str) -> Option<&str> {
    let command = line.trim().strip_suffix('&')?.trim_end();
    let whole = command.starts_with('(') && command.ends_with(')');
    (!command.is_empty() && (whole || !command.contains(['&', ';', '\n']))).then_some(command)
}

/// How a job ended, by its exit code.
fn how_it_ended(status: i32) -> String {
    let signal = |number: i32| crate::shell::signals::name(number).and_then(crate::shell::signals::told);
    match status {
        // Somebody has waited for it: how it ended is not known any more.
        0 | 127 => "Done".to_owned(),
        129..=192 if signal(status - 128).is_some() => signal(status - 128).unwrap_or_default().to_owned(),
        other => format!("Exit {other}"),
    }
}

/// The command that tells that a job has begun: `__uncordon_began "$!" "$(builtin jobs -l)" 'sleep 9'`.
pub(super) const BEGAN: &str = "__uncordon_began";

/// `line` with `fg` or `bg` before a job that stands for a command: `%1`, `%vim &`. And `trap -l` is `kill -l`.
pub(super) fn spelled_out(line: &str) -> Cow<'_, str> {
    if !line.contains('%') && !line.contains("trap") {
        return line.into();
    }
    let behind = line.trim().strip_suffix('&').map(str::trim_end);
    if let Some(job) = behind.filter(|it| it.starts_with('%') && !it.contains(char::is_whitespace)) {
        return format!("bg {job}").into();
    }
    let mut changes = Vec::new();
    tree::look(line, &mut |seen, around| {
        let Seen::Simple(simple) = seen else { return };
        let (Some(name), false) = (tree::literal(&simple.name), around.substituted) else { return };
        let place = simple.span.start.offset;
        if !line.get(place..).is_some_and(|it| it.starts_with(name)) {
            return;
        }
        let lists = |word: &bashkit::parser::Word| tree::literal(word) == Some("-l");
        match name {
            job if job.starts_with('%') => changes.push((place..place, "fg ")),
            "trap" if matches!(simple.args.as_slice(), [only] if lists(only)) => {
                changes.push((place..place + name.len(), "kill"));
            }
            _ => {}
        }
    });
    let mut spelled = line.to_owned();
    changes.into_iter().rev().for_each(|(range, with)| spelled.replace_range(range, with));
    spelled.into()
}

/// Words before a command that are none of it.
const LEADING: &[&str] = &["do ", "then ", "else ", "{ "];

/// `line` with a command behind each `&` that tells that a job has begun, where that is easily seen.
pub(super) fn announcing(line: &str) -> String {
    if line.contains("<<") || line.contains("()") || line.contains("function ") || line.contains("[[") {
        return line.to_owned();
    }
    let mut out = String::new();
    let (mut quote, mut depth, mut before, mut own) = (None, 0, ' ', String::new());
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        out.push(c);
        own.push(c);
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some('\''), _) => {}
            (_, '\\') => {
                let next = chars.next();
                out.extend(next);
                own.extend(next);
            }
            (Some(_), _) => {}
            (None, '\'' | '"' | '`') => quote = Some(c),
            (None, '(') => depth += 1,
            (None, ')') => depth -= 1,
            (None, '#') if before.is_whitespace() => {
                out.extend(chars.by_ref());
            }
            (None, ';' | '\n') if depth == 0 => own.clear(),
            (None, '&')
                if depth == 0 && !"&<>|".contains(before) && !matches!(chars.peek(), Some('&' | '>')) =>
            {
                let own = std::mem::take(&mut own);
                let mut own = own.trim_end_matches('&').trim();
                while let Some(rest) = LEADING.iter().find_map(|word| own.strip_prefix(word)) {
                    own = rest.trim_start();
                }
                let own = super::quote(own);
                out.push_str(&format!("\n{BEGAN} \"$!\" \"$(builtin jobs -l)\" {own}\n"));
            }
            _ => {}
        }
        before = c;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(jobs: &Jobs) -> String {
        jobs.entries().iter().map(|it| jobs.row(it, false)).collect()
    }

    #[test]
    fn a_job_is_announced_and_its_end_told() {
        let mut jobs = Jobs::default();
        let listed = "[1]+ 1002 Running                 sleep 9 &\n";
        assert_eq!(jobs.look(listed, "1002", "sleep 9 &"), "[1] 1002\n");
        assert_eq!(jobs.look("", "1002", "true"), "");
        assert_eq!(jobs.settle(""), ["1002"]);
        jobs.ended("1002", 0);
        assert_eq!(jobs.news(), "[1]+  Done                    sleep 9\n");
        assert_eq!(jobs.news(), "");
    }

    #[test]
    fn a_job_that_ended_at_once_is_told_too() {
        let mut jobs = Jobs::default();
        assert_eq!(jobs.look("", "1002", "echo hi &"), "[1] 1002\n");
        assert_eq!(jobs.settle(""), ["1002"]);
        jobs.ended("1002", 143);
        assert_eq!(jobs.news(), "[1]+  Terminated              echo hi\n");
    }

    #[test]
    fn marks_are_set_as_bash_sets_them() {
        let mut jobs = Jobs::default();
        jobs.stopped("1", "sleep 100", "");
        jobs.stopped("2", "sleep 200", "");
        let _ = jobs.began("[1]+ 3 Running      sleep 300 &\n", "3", "sleep 300");
        let before = shown(&jobs);
        jobs.goes_on(2, false);
        jobs.goes_on(1, false);
        let behind = shown(&jobs);
        assert_eq!(jobs.find("%sleep"), Err(Missing::Ambiguous("sleep".into())));
        assert_eq!((jobs.find("%?200"), jobs.find("%-")), (Ok(2), Ok(2)));
        assert_eq!(jobs.find("%7"), Err(Missing::NoSuch("%7".into())));
        insta::assert_snapshot!(format!("{before}\n{behind}"), @"
        [1]-  Stopped                 sleep 100
        [2]+  Stopped                 sleep 200
        [3]   Running                 sleep 300 &

        [1]   Running                 sleep 100 &
        [2]-  Running                 sleep 200 &
        [3]+  Running                 sleep 300 &
        ");
    }

    #[test]
    fn a_job_alone_is_a_command() {
        for (line, spelled) in [
            ("%1", "fg %1"),
            ("%vim &", "bg %vim"),
            ("true; %?x && echo 100%", "true; fg %?x && echo 100%"),
            ("trap -l | head -3", "kill -l | head -3"),
            ("date +%F; trap - INT", "date +%F; trap - INT"),
        ] {
            assert_eq!(spelled_out(line), spelled);
        }
    }

    #[test]
    fn beginnings_are_told_within_a_line() {
        let told = |line: &str| announcing(line).matches(BEGAN).count();
        for (line, count) in [
            ("sleep 5 & sleep 6 & wait", 2),
            ("a && b || c", 0),
            ("x > f 2>&1; y &> g", 0),
            ("echo 'a & b' \"c & d\" # e &", 0),
            ("(a & b) & for i in 1 2; do c & done", 2),
            ("f() { a & }", 0),
        ] {
            assert_eq!(told(line), count, "{line}");
        }
        assert!(announcing("true; for i in 1; do (a; b) & done").contains(" '(a; b)'\n"));
        let mut jobs = Jobs::default();
        let listed = "[1]+ 1002 Running                 sleep 9 &\n";
        assert_eq!(jobs.began(listed, "1002", "sleep 9"), "[1] 1002\n");
        assert_eq!(jobs.began(listed, "1002", "sleep 9"), "");
        assert_eq!(jobs.look(listed, "1002", "sleep 9 & wait"), "");
    }
}
