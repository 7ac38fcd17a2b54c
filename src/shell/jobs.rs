//! Notices of background jobs, as an interactive bash gives them: `[1] 1002` when one begins, and a line before the
//! next prompt when one has ended.
//!
//! Knows the language's jobs only by what its `jobs -l` lists, which is those that run.

use std::collections::BTreeSet;

/// What a session knows of its jobs.
#[derive(Debug, Default)]
pub(super) struct Jobs {
    running: Vec<Running>,
    /// `$!` when last looked at.
    newest: String,
    /// Processes of jobs whose beginning was told within their line.
    told: BTreeSet<String>,
}

/// The command that tells that a job has begun: `__uncordon_began "$!" "$(builtin jobs -l)"`.
pub(super) const BEGAN: &str = "__uncordon_began";

/// `line` with a command behind each `&` that tells that a job has begun, where that is easily seen.
pub(super) fn announcing(line: &str) -> String {
    if line.contains("<<") || line.contains("()") || line.contains("function ") || line.contains("[[") {
        return line.to_owned();
    }
    let mut out = String::new();
    let (mut quote, mut depth, mut before) = (None, 0, ' ');
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        out.push(c);
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some('\''), _) => {}
            (_, '\\') => out.extend(chars.next()),
            (Some(_), _) => {}
            (None, '\'' | '"' | '`') => quote = Some(c),
            (None, '(') => depth += 1,
            (None, ')') => depth -= 1,
            (None, '#') if before.is_whitespace() => {
                out.extend(chars.by_ref());
            }
            (None, '&')
                if depth == 0 && !"&<>|".contains(before) && !matches!(chars.peek(), Some('&' | '>')) =>
            {
                out.push_str(&format!("\n{BEGAN} \"$!\" \"$(builtin jobs -l)\"\n"));
            }
            _ => {}
        }
        before = c;
    }
    out
}

/// What the language calls jobs that are no simple commands.
const UNNAMED: &str = "(...)";

#[derive(Clone, Debug, PartialEq, Eq)]
struct Running {
    /// As in `[1]+`.
    number: usize,
    pid: String,
    command: String,
}

/// What there is to say and to do before the prompt.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct News {
    /// For standard error.
    pub(super) begun: String,
    /// A line for the shell that asks how jobs ended, and tells; empty when none did.
    pub(super) ended: String,
}

impl Jobs {
    /// What to say when a job may just have begun: `listed` is what `jobs -l` gives, `newest` is `$!`.
    pub(super) fn began(&mut self, listed: &str, newest: &str) -> String {
        let is_known = newest == self.newest || self.running.iter().any(|it| it.pid == newest);
        if newest.is_empty() || is_known || !self.told.insert(newest.to_owned()) {
            return String::new();
        }
        let now: Vec<Running> = listed.lines().filter_map(parse).collect();
        let number = now.iter().find(|it| it.pid == newest).map(|it| it.number);
        let number = number.unwrap_or_else(|| now.iter().map(|it| it.number).max().unwrap_or(0) + 1);
        format!("[{number}] {newest}\n")
    }

    /// Compares with before: `listed` is what `jobs -l` gives, `newest` is `$!`, `line` is what was typed.
    pub(super) fn look(&mut self, listed: &str, newest: &str, line: &str) -> News {
        let mut now: Vec<Running> = listed.lines().filter_map(parse).collect();
        for job in now.iter_mut().filter(|it| it.command == UNNAMED) {
            let known = self.running.iter().find(|it| it.pid == job.pid).map(|it| it.command.clone());
            job.command =
                known.or_else(|| only_job(line).map(str::to_owned)).unwrap_or_else(|| UNNAMED.into());
        }
        let told = std::mem::take(&mut self.told);
        let is_new =
            |job: &&Running| !told.contains(&job.pid) && !self.running.iter().any(|it| it.pid == job.pid);
        let mut begun: String =
            now.iter().filter(is_new).map(|it| format!("[{}] {}\n", it.number, it.pid)).collect();
        let mut ended: Vec<Running> = self.running.clone();
        ended.retain(|job| !now.iter().any(|it| it.pid == job.pid));
        let known = |pid: &str| now.iter().chain(&self.running).any(|it| it.pid == pid);
        if !newest.is_empty() && newest != self.newest && !known(newest) {
            let number = now.iter().map(|it| it.number).max().unwrap_or(0) + 1;
            if !told.contains(newest) {
                begun.push_str(&format!("[{number}] {newest}\n"));
            }
            if let Some(command) = only_job(line) {
                ended.push(Running { number, pid: newest.to_owned(), command: command.to_owned() });
            }
        }
        let last = ended.len().checked_sub(1);
        let tell = |(at, job): (usize, &Running)| {
            let mark = if Some(at) == last { '+' } else { '-' };
            let words = super::quote(&job.command);
            format!(
                "builtin wait {} 2>/dev/null; __uncordon_ended $? {} '[{}]{mark}' {words};",
                job.pid, job.pid, job.number
            )
        };
        let ended = ended.iter().enumerate().map(tell).collect();
        self.running = now;
        newest.clone_into(&mut self.newest);
        News { begun, ended }
    }
}

/// A row of `jobs -l`: `[1]+ 1002 Running                 sleep 100 &`.
fn parse(row: &str) -> Option<Running> {
    let (number, rest) = row.strip_prefix('[')?.split_once(']')?;
    let (pid, rest) = rest.get(1..)?.trim_start().split_once(' ')?;
    let (_, command) = rest.split_once(' ')?;
    let command = command.trim().trim_end_matches('&').trim_end().to_owned();
    Some(Running { number: number.parse().ok()?, pid: pid.to_owned(), command })
}

/// The command of a line that is one background job and nothing else.
fn only_job(line: &str) -> Option<&str> {
    let command = line.trim().strip_suffix('&')?.trim_end();
    let whole = command.starts_with('(') && command.ends_with(')');
    (!command.is_empty() && (whole || !command.contains(['&', ';', '\n']))).then_some(command)
}

/// The line that tells how a job ended, by its exit code.
pub(super) fn epitaph(status: i32, label: &str, command: &str) -> String {
    let how = match status {
        // Somebody has waited for it: how it ended is not known any more.
        0 | 127 => "Done".to_owned(),
        129 => "Hangup".to_owned(),
        130 => "Interrupt".to_owned(),
        137 => "Killed".to_owned(),
        143 => "Terminated".to_owned(),
        other => format!("Exit {other}"),
    };
    format!("{label}  {how:<24}{command}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_announced_and_its_end_asked_for() {
        let mut jobs = Jobs::default();
        let news = jobs.look("[1]+ 1002 Running                 sleep 9 &\n", "1002", "sleep 9 &");
        assert_eq!(news, News { begun: "[1] 1002\n".into(), ended: String::new() });
        let news = jobs.look("", "1002", "true");
        let asked = "builtin wait 1002 2>/dev/null; __uncordon_ended $? 1002 '[1]+' 'sleep 9';";
        assert_eq!(news, News { begun: String::new(), ended: asked.into() });
        assert_eq!(jobs.look("", "1002", "true"), News::default());
    }

    #[test]
    fn a_job_that_ended_at_once_is_told_too() {
        let mut jobs = Jobs::default();
        let news = jobs.look("", "1002", "echo hi &");
        assert_eq!(news.begun, "[1] 1002\n");
        assert!(news.ended.contains("'echo hi'"), "{}", news.ended);
        assert_eq!(epitaph(143, "[1]+", "sleep 9"), "[1]+  Terminated              sleep 9\n");
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
        let mut jobs = Jobs::default();
        let listed = "[1]+ 1002 Running                 sleep 9 &\n";
        assert_eq!(jobs.began(listed, "1002"), "[1] 1002\n");
        assert_eq!(jobs.began(listed, "1002"), "");
        assert_eq!(jobs.look(listed, "1002", "sleep 9 & wait").begun, "");
    }
}
