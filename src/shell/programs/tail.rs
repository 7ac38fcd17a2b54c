//! `tail`: the end of files, and what is added to them.
//!
//! Following looks at the files once a second of simulated time, so that whatever writes them, a pod or another
//! terminal, is seen.

use std::time::Duration;

use super::options::{Options, Spec, Value};
use crate::hosts::FsError;
use crate::shell::disk::NULL;
use crate::shell::{Proc, Program, Running};

pub(crate) const PROGRAM: Program = Program { name: "tail", summary: "Output the last part of files", run };

const SPEC: Spec = Spec {
    name: "tail",
    short: "c:fFn:qs:vz",
    long: &[
        ("bytes", 'c', Value::Needed),
        ("follow", 'f', Value::Optional),
        ("lines", 'n', Value::Needed),
        ("max-unchanged-stats", 'm', Value::Needed),
        ("pid", 'p', Value::Needed),
        ("quiet", 'q', Value::None),
        ("silent", 'q', Value::None),
        ("retry", 'r', Value::None),
        ("sleep-interval", 's', Value::Needed),
        ("verbose", 'v', Value::None),
        ("zero-terminated", 'z', Value::None),
    ],
};

/// Which part of a file is its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Part {
    count: usize,
    /// Lines or bytes.
    lines: bool,
    /// Counted from the beginning: `+N`.
    from_start: bool,
    /// What ends a line.
    end: u8,
}

impl Part {
    fn of<'b>(&self, bytes: &'b [u8]) -> &'b [u8] {
        let at = match (self.lines, self.from_start) {
            (false, true) => self.count.saturating_sub(1),
            (false, false) => bytes.len().saturating_sub(self.count),
            (true, true) => self.after_lines(bytes, self.count.saturating_sub(1)),
            (true, false) => {
                let whole = bytes.strip_suffix(&[self.end]).unwrap_or(bytes);
                let lines = if bytes.is_empty() { 0 } else { whole.split(|it| *it == self.end).count() };
                self.after_lines(bytes, lines.saturating_sub(self.count))
            }
        };
        bytes.get(at..).unwrap_or_default()
    }

    fn after_lines(&self, bytes: &[u8], skipped: usize) -> usize {
        let lengths = bytes.split_inclusive(|it| *it == self.end).take(skipped).map(<[u8]>::len);
        lengths.sum()
    }
}

fn run(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let args = modern(proc.args.get(1..).unwrap_or_default());
        let read = SPEC.parse(&args).and_then(|options| Ok((part(&options)?, options)));
        let (part, options) = match read {
            Ok(read) => read,
            Err(text) => {
                proc.eprint(text);
                return 1;
            }
        };
        let mut names = options.operands.clone();
        if names.is_empty() {
            names.push("-".to_owned());
        }
        let headed = (names.len() > 1 && !options.has('q')) || options.has('v');
        let mut tail = Tail { proc, headed, shown: None, printed: false, exit: 0 };
        let retries = options.has('F') || options.has('r');
        let files: Vec<Followed> =
            names.into_iter().filter_map(|name| tail.begin(name, part, retries)).collect();
        if options.has('f') || options.has('F') {
            let by_name = options.has('F') || options.value('f') == Some("name");
            tail.follow(files, by_name, pause(&options)).await;
        }
        tail.exit
    })
}

/// `-20`, `-20f` and `+20` as `tail` once wrote them.
fn modern(args: &[String]) -> Vec<String> {
    let Some((first, rest)) = args.split_first() else { return Vec::new() };
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).count();
    let (sign, body) = match (first.strip_prefix('-'), first.strip_prefix('+')) {
        (Some(body), _) => ("", body),
        (_, Some(body)) => ("+", body),
        _ => return args.to_vec(),
    };
    let (number, letters) = body.split_at(digits(body));
    if number.is_empty() || !matches!(letters, "" | "f" | "l" | "lf" | "c" | "cf") {
        return args.to_vec();
    }
    let unit = if letters.contains('c') { "-c" } else { "-n" };
    let follow = letters.ends_with('f').then(|| "-f".to_owned());
    let mut words = vec![unit.to_owned(), format!("{sign}{number}")];
    words.extend(follow);
    words.extend_from_slice(rest);
    words
}

fn part(options: &Options) -> Result<Part, String> {
    let lines = options.last_of("nc") != Some('c');
    let given = options.value(if lines { 'n' } else { 'c' }).unwrap_or("10");
    let (from_start, number) = match given.strip_prefix('+') {
        Some(number) => (true, number),
        None => (false, given.strip_prefix('-').unwrap_or(given)),
    };
    let what = if lines { "lines" } else { "bytes" };
    let count = size(number).ok_or_else(|| format!("tail: invalid number of {what}: ‘{given}’\n"))?;
    Ok(Part { count, lines, from_start, end: if options.has('z') { 0 } else { b'\n' } })
}

/// A number with one of the suffixes that GNU programs take.
fn size(text: &str) -> Option<usize> {
    const UNITS: &[(&str, usize)] = &[
        ("kB", 1000),
        ("KB", 1000),
        ("MB", 1_000_000),
        ("GB", 1_000_000_000),
        ("k", 1 << 10),
        ("K", 1 << 10),
        ("M", 1 << 20),
        ("G", 1 << 30),
        ("b", 512),
        ("", 1),
    ];
    let (suffix, unit) = UNITS.iter().find(|(suffix, _)| text.ends_with(suffix))?;
    text.strip_suffix(suffix)?.parse::<usize>().ok()?.checked_mul(*unit)
}

fn pause(options: &Options) -> Duration {
    let seconds = options.value('s').and_then(|it| it.parse::<f64>().ok()).filter(|it| *it >= 0.1);
    Duration::try_from_secs_f64(seconds.unwrap_or(1.0)).unwrap_or(Duration::from_secs(1))
}

/// A file whose growth is shown.
struct Followed {
    name: String,
    /// How many of its bytes were shown; `None` while it cannot be read.
    seen: Option<usize>,
}

struct Tail<'p> {
    proc: &'p Proc,
    headed: bool,
    /// The file whose header was printed last.
    shown: Option<String>,
    printed: bool,
    exit: i32,
}

impl Tail<'_> {
    fn bytes(&self, name: &str) -> Result<Vec<u8>, FsError> {
        match name {
            "-" => Ok(self.proc.stdin.clone().unwrap_or_default()),
            name => self.proc.read_file(name).map(|it| it.to_vec()),
        }
    }

    /// Shows the end of a file; gives it when there may be more to show.
    fn begin(&mut self, name: String, part: Part, retries: bool) -> Option<Followed> {
        match self.bytes(&name) {
            Ok(bytes) => {
                self.head(&name);
                self.proc.print(part.of(&bytes));
                let more = name != "-" && name != NULL;
                more.then_some(Followed { seen: Some(bytes.len()), name })
            }
            Err(FsError::IsADirectory) => {
                self.head(&name);
                self.fail(format!("tail: error reading '{name}': Is a directory\n"));
                None
            }
            Err(error) => {
                self.fail(format!("tail: cannot open '{name}' for reading: {error}\n"));
                retries.then_some(Followed { name, seen: None })
            }
        }
    }

    fn fail(&mut self, text: String) {
        self.proc.eprint(text);
        self.exit = 1;
    }

    fn head(&mut self, name: &str) {
        if self.headed && self.shown.as_deref() != Some(name) {
            let shown = if name == "-" { "standard input" } else { name };
            let gap = if self.printed { "\n" } else { "" };
            self.proc.print(format!("{gap}==> {shown} <==\n"));
            self.shown = Some(name.to_owned());
        }
        self.printed = true;
    }

    async fn follow(&mut self, mut files: Vec<Followed>, by_name: bool, pause: Duration) {
        while !files.is_empty() {
            self.proc.sleep(pause).await;
            for file in &mut files {
                self.look(file, by_name);
            }
        }
        if self.exit != 0 {
            self.proc.eprint("tail: no files remaining\n");
        }
    }

    /// Shows what was added to a file since the last look.
    fn look(&mut self, file: &mut Followed, by_name: bool) {
        let name = file.name.clone();
        match (self.bytes(&name), file.seen) {
            (Ok(bytes), Some(seen)) => {
                if bytes.len() < seen {
                    self.proc.eprint(format!("tail: {name}: file truncated\n"));
                }
                let new = bytes.get(if bytes.len() < seen { 0 } else { seen }..).unwrap_or_default();
                if !new.is_empty() {
                    self.head(&name);
                    self.proc.print(new);
                }
                file.seen = Some(bytes.len());
            }
            (Ok(bytes), None) => {
                self.proc.eprint(format!("tail: '{name}' has appeared;  following new file\n"));
                self.head(&name);
                self.proc.print(&bytes);
                file.seen = Some(bytes.len());
            }
            // Whoever follows the open file does not notice that its name is gone.
            (Err(error), Some(_)) if by_name => {
                self.proc.eprint(format!("tail: '{name}' has become inaccessible: {error}\n"));
                file.seen = None;
            }
            (Err(_), _) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(count: usize, lines: bool, from_start: bool, text: &str) -> &[u8] {
        Part { count, lines, from_start, end: b'\n' }.of(text.as_bytes())
    }

    #[test]
    fn ends_are_counted_in_lines_and_bytes_from_both_sides() {
        assert_eq!(end(2, true, false, "a\nb\nc\n"), b"b\nc\n");
        assert_eq!(end(1, true, false, "a\nb"), b"b");
        assert_eq!(end(9, true, false, "a\nb"), b"a\nb");
        assert_eq!(end(2, true, true, "a\nb\nc"), b"b\nc");
        assert_eq!(end(0, true, false, "a\n"), b"");
        assert_eq!(end(3, false, false, "abcdef"), b"def");
        assert_eq!(end(3, false, true, "abcdef"), b"cdef");
    }

    #[test]
    fn old_forms_are_read() {
        let words = |args: &[&str]| modern(&args.iter().map(|&it| it.to_owned()).collect::<Vec<_>>());
        assert_eq!(words(&["-20f", "x"]), ["-n", "20", "-f", "x"]);
        assert_eq!(words(&["+3"]), ["-n", "+3"]);
        assert_eq!(words(&["-f", "x"]), ["-f", "x"]);
        assert_eq!((size("2k"), size("x"), size("3")), (Some(2048), None, Some(3)));
    }
}
