//! What the language crate says otherwise than bash at a terminal, put right on its way to the terminal.
//!
//! A session is one loop of the language (see `session`), so that a trace under `set -x` shows the loop, and what was
//! typed one level too deep. The crate measures `time` by the real clock, which no world has.

use std::time::Duration;

use super::{Lab, dialect, sentences};
use crate::cluster::Place;
use crate::sim::SimTime;

/// Begins `PS4` in sessions. A trace repeats the first character of `PS4` once a level, so that the filter can count
/// levels and knows traces from other output.
pub(super) const MARK: char = '\u{1}';

/// A filter for standard error of one shell.
#[derive(Debug)]
pub(super) struct Wording {
    lab: Lab,
    place: Place,
    shell: String,
    /// True at a terminal: what was typed is evaluated by a loop.
    typed: bool,
    /// When the measured command began, as far as is known.
    since: SimTime,
    /// The loop has traced itself, and its `eval` comes next or is being traced.
    inside: Inside,
    /// The line that bash shows only in scripts comes next.
    refused: bool,
    /// What is being run.
    text: String,
    /// What `exec` did not find.
    missed: String,
}

/// What the crate adds a hint to.
const UNKNOWN: &str = ": command not found. ";

/// How the crate words that nested commands were given up.
const TOO_DEEP: &str = "cancelled by before_tool hook";

/// How the crate words that `exec` was refused.
const REFUSED_EXEC: &str = "exec: cancelled by before_tool hook";

/// What the crate says that `getopts` says, which is the shell's own word.
const GETOPTS: &str = ": getopts: ";

/// Words behind which the crate's programs say why a file cannot be read.
const REASONS: &[&str] = &["No such file or directory", "Permission denied", "Is a directory"];

/// How programs of a node name a file that they cannot read: program, and what stands around the name.
const FILES: &[(&str, &str, &str)] = &[
    ("wc", "", ": "),
    ("cut", "", ": "),
    ("uniq", "", ": "),
    ("sort", "cannot read: ", ": "),
    ("head", "cannot open '", "' for reading: "),
    ("find", "‘", "’: "),
];

/// Whole lines of the crate, and what the real programs say instead.
const LINES: &[(&str, &str)] = &[
    (
        "cut: you must specify a list of fields",
        "cut: you must specify a list of bytes, characters, or fields\nTry 'cut --help' for more information.",
    ),
    ("tr: missing operand", "tr: missing operand\nTry 'tr --help' for more information."),
    ("missing ]", "bash: [: missing `]'"),
    ("test: missing ]", "bash: [: missing `]'"),
];

/// Where in the trace of the session's loop the filter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Inside {
    Nothing,
    Loop,
    Eval,
}

impl Wording {
    /// For a shell whose messages begin with `shell`.
    pub(super) fn new(lab: &Lab, place: &Place, shell: &str, typed: bool) -> Self {
        let since = lab.world().now;
        Self {
            lab: lab.clone(),
            place: place.clone(),
            shell: shell.to_owned(),
            typed,
            since,
            inside: Inside::Nothing,
            refused: false,
            text: String::new(),
            missed: String::new(),
        }
    }

    /// What the shell's own messages begin with.
    pub(super) fn shell(&self) -> &str {
        &self.shell
    }

    /// `exec` was refused since there is no such program.
    pub(super) fn missed(&mut self, name: &str) {
        name.clone_into(&mut self.missed);
    }

    /// `text` begins to run now.
    pub(super) fn begin(&mut self, text: &str) {
        self.since = self.lab.world().now;
        text.clone_into(&mut self.text);
    }

    /// What is to be shown for `bytes` of standard error.
    pub(super) fn filter(&mut self, bytes: Vec<u8>) -> Vec<u8> {
        let Ok(text) = std::str::from_utf8(&bytes) else { return bytes };
        let text = dialect::own_words(|| dialect::has_ash(&self.lab.world(), &self.place), text);
        if !self.concerns(&text) {
            return text.into_owned().into_bytes();
        }
        let kept: String = text.split_inclusive('\n').filter_map(|line| self.line(line)).collect();
        kept.into_bytes()
    }

    fn concerns(&self, text: &str) -> bool {
        let refusals = self.typed && text.contains("syntax error");
        let files = REASONS.iter().any(|it| text.contains(it));
        files
            || sentences::concerns(text)
            || LINES.iter().any(|(said, _)| text.contains(said))
            || text.contains(UNKNOWN)
            || text.contains(GETOPTS)
            || text.contains(TOO_DEEP)
            || refusals
            || self.inside != Inside::Nothing
            || self.refused
            || text.contains(MARK)
            || text.contains("unavailable")
    }

    fn line(&mut self, line: &str) -> Option<String> {
        if let Some(shown) = self.measured(line) {
            return Some(shown);
        }
        if let Some(shown) = sentences::put_right(line) {
            return Some(shown);
        }
        if let Some((_, real)) = LINES.iter().find(|(said, _)| *said == line.trim_end()) {
            return Some(format!("{real}\n"));
        }
        if let Some((head, _)) = line.split_once(UNKNOWN) {
            return Some(format!("{head}: command not found\n"));
        }
        if line.contains(REFUSED_EXEC) {
            return Some(format!("{}: exec: {}: not found\n", self.shell, self.missed));
        }
        if line.contains(TOO_DEEP) {
            return Some(
                "uncordon: stopped, since it would not end: commands are nested too deeply\n".to_owned(),
            );
        }
        if let Some((head, rest)) = line.split_once(GETOPTS) {
            let head = head.split(": line ").next().unwrap_or(head);
            return Some(format!("{head}: {}", rest.replace('\'', "")));
        }
        if let Some(shown) = self.unreadable(line) {
            return Some(shown);
        }
        if !self.typed {
            return Some(line.to_owned());
        }
        if line.starts_with(MARK) {
            return self.traced(line);
        }
        if self.inside == Inside::Eval {
            return None;
        }
        self.refusal(line)
    }

    /// A file that cannot be read, by the name that it was given: the crate's programs say the whole path.
    fn unreadable(&self, line: &str) -> Option<String> {
        let (program, rest) = line.split_once(": ")?;
        let (_, before, behind) = FILES.iter().find(|(name, ..)| *name == program)?;
        let reason = REASONS.iter().find(|it| rest.trim_end().ends_with(*it))?;
        let path = rest.trim_end().strip_suffix(reason)?.strip_suffix(": ")?.trim_matches('\'');
        let given = |name: &&str| !name.is_empty() && self.text.contains(*name);
        let mut names = path.match_indices('/').filter_map(|(at, _)| path.get(at + 1..));
        let name = if self.text.contains(path) { path } else { names.find(given).unwrap_or(path) };
        Some(format!("{program}: {before}{name}{behind}{reason}\n"))
    }

    /// What `time` says; the real clock's numbers become those of simulated time.
    fn measured(&mut self, line: &str) -> Option<String> {
        let (name, rest) = line.trim_end().split_once(['\t', ' '])?;
        let tab = if line.contains('\t') { '\t' } else { ' ' };
        let spent = match (name, rest) {
            ("real", rest) if rest.starts_with(|it: char| it.is_ascii_digit()) => {
                self.lab.world().now.since(self.since)
            }
            ("user" | "sys", "unavailable") => Duration::ZERO,
            _ => return None,
        };
        let (seconds, millis) = (spent.as_secs(), spent.subsec_millis());
        Some(match tab {
            '\t' => format!("{name}\t{}m{}.{millis:03}s\n", seconds / 60, seconds % 60),
            _ => format!("{name} {seconds}.{:02}\n", millis / 10),
        })
    }

    /// A line of a trace: the loop's own are left out, the others move up a level.
    fn traced(&mut self, line: &str) -> Option<String> {
        let body = line.trim_start_matches(MARK);
        let level = line.chars().take_while(|&it| it == MARK).count();
        let prompt = body.trim_start_matches('+').trim_start();
        let before = std::mem::replace(&mut self.inside, Inside::Nothing);
        if prompt.starts_with("__uncordon_next ") {
            self.inside = Inside::Loop;
            return None;
        }
        if before == Inside::Loop && prompt.starts_with("eval ") {
            self.inside = Inside::Eval;
            return None;
        }
        if prompt.starts_with("__uncordon_") || prompt.starts_with("builtin jobs -l") {
            self.inside = before;
            return None;
        }
        let first = body.chars().next().unwrap_or('+');
        Some(format!("{}{body}", String::from(first).repeat(level.saturating_sub(2))))
    }

    /// A terminal gets the message, a script also the line at fault.
    fn refusal(&mut self, line: &str) -> Option<String> {
        let rest = line.strip_prefix(&format!("{}: ", self.shell)).unwrap_or(line);
        let rest = match rest.strip_prefix("eval: line ").and_then(|it| it.split_once(": ")) {
            Some((number, rest)) if number.bytes().all(|it| it.is_ascii_digit()) => rest,
            _ => rest,
        };
        if std::mem::take(&mut self.refused) && rest.starts_with('`') {
            return None;
        }
        if rest.len() == line.len() {
            return Some(line.to_owned());
        }
        self.refused = rest.starts_with("syntax error near");
        // What stands behind every line is none of what was typed.
        let rest = rest.replace("`\"$?\"'", "`newline'");
        Some(format!("{}: {rest}", self.shell))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::templates;

    fn wording() -> Wording {
        Wording::new(&Lab::new(templates::default_world(1)), &Place::host("controlplane"), "bash", true)
    }

    #[track_caller]
    fn check(said: &[&str], shown: &str) {
        let mut wording = wording();
        let bytes: Vec<u8> = said.iter().flat_map(|it| wording.filter(it.as_bytes().to_vec())).collect();
        assert_eq!(String::from_utf8_lossy(&bytes), shown);
    }

    #[test]
    fn a_trace_shows_what_was_typed_and_not_the_loop() {
        check(
            &[
                "\u{1}+ __uncordon_next 0 hixBc\n\u{1}+ eval 'for i in 1; do\necho $i\ndone'\n",
                "\u{1}\u{1}+ echo 1\n",
                "\u{1}\u{1}\u{1}+ echo sub\n",
                "plain\n",
            ],
            "+ echo 1\n++ echo sub\nplain\n",
        );
    }

    #[test]
    fn a_terminal_does_not_see_the_line_at_fault() {
        check(
            &["bash: eval: line 1: syntax error near unexpected token `fi'\nbash: eval: line 1: `fi'\n"],
            "bash: syntax error near unexpected token `fi'\n",
        );
    }

    #[test]
    fn files_are_named_as_they_were_given() {
        let mut wording = wording();
        wording.begin("sort a/nofile; wc /etc/none");
        let mut said = |text: &str| String::from_utf8(wording.filter(text.as_bytes().to_vec())).unwrap();
        assert_eq!(
            said("sort: /root/a/nofile: No such file or directory\n"),
            "sort: cannot read: a/nofile: No such file or directory\n"
        );
        assert_eq!(
            said("wc: /etc/none: No such file or directory\n"),
            "wc: /etc/none: No such file or directory\n"
        );
    }

    #[test]
    fn getopts_speaks_for_the_shell() {
        check(&["bash: getopts: illegal option -- 'z'\n"], "bash: illegal option -- z\n");
    }

    #[test]
    fn hints_of_the_crate_are_left_out() {
        check(
            &["x.sh: line 1: pip: command not found. Try something.\n"],
            "x.sh: line 1: pip: command not found\n",
        );
    }

    #[test]
    fn time_is_the_worlds() {
        check(
            &["\nreal\t0m0.003s\nuser\tunavailable\nsys\tunavailable\n"],
            "\nreal\t0m0.000s\nuser\t0m0.000s\nsys\t0m0.000s\n",
        );
    }
}
