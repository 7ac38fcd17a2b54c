//! What a run reads: standard input or files, as values, lines or events.

use std::collections::VecDeque;

use super::args::Asked;
use super::machine::World;
use super::read::Reader;
use super::streams;
use super::value::Val;
use crate::shell::Proc;

/// The inputs of a process.
pub(super) struct Sources {
    /// Names, where they are files, and bytes.
    pub(super) found: Vec<(Option<String>, Vec<u8>)>,
    pub(super) missing: bool,
}

pub(super) fn sources(proc: &Proc, files: &[String]) -> Sources {
    if files.is_empty() {
        let stdin = proc.stdin.clone().unwrap_or_default();
        return Sources { found: vec![(None, stdin)], missing: false };
    }
    let mut sources = Sources { found: Vec::new(), missing: false };
    for file in files {
        match proc.disk().read(&proc.descriptor(file)) {
            _ if file == "-" => sources.found.push((None, proc.stdin.clone().unwrap_or_default())),
            Ok(bytes) => sources.found.push((Some(file.clone()), bytes)),
            Err(why) => {
                proc.eprint(format!("jq: error: Could not open file {file}: {why}\n"));
                sources.missing = true;
            }
        }
    }
    sources
}

pub(super) struct Feed<'a> {
    proc: &'a Proc,
    asked: &'a Asked,
    rest: &'a [(Option<String>, Vec<u8>)],
    file: Option<String>,
    reader: Option<Reader<'a>>,
    lines: VecDeque<Val>,
    line: usize,
    begun: bool,
    /// The source that is read ends with a new line, and is not empty.
    ends_line: bool,
    any: bool,
    slurped: bool,
}

impl<'a> Feed<'a> {
    pub(super) fn new(proc: &'a Proc, asked: &'a Asked, sources: &'a [(Option<String>, Vec<u8>)]) -> Self {
        let none = Self {
            proc,
            asked,
            rest: sources,
            file: None,
            reader: None,
            lines: VecDeque::new(),
            line: 0,
            begun: false,
            ends_line: false,
            any: false,
            slurped: false,
        };
        if asked.raw_input && !asked.slurp {
            let text: Vec<u8> = sources.iter().flat_map(|(_, bytes)| bytes.iter().copied()).collect();
            let text = String::from_utf8_lossy(&text).into_owned();
            return Self { lines: text.lines().map(Val::from).collect(), ..none };
        }
        none
    }

    /// The next value of any source.
    fn value(&mut self) -> Option<Result<Val, String>> {
        loop {
            if let Some(reader) = &mut self.reader
                && let Some(value) = reader.next()
            {
                self.line = reader.lines();
                return Some(value);
            }
            let Some(((name, bytes), rest)) = self.rest.split_first() else {
                // Behind a last line without an end nothing is read, and nothing is known of where.
                if self.line > 0 && !self.ends_line || self.line == 0 && self.any {
                    self.file = None;
                    self.begun = false;
                }
                return None;
            };
            self.rest = rest;
            self.file = Some(name.clone().unwrap_or_else(|| "<stdin>".to_owned()));
            self.ends_line = bytes.ends_with(b"\n");
            self.any = !bytes.is_empty();
            self.reader = Some(Reader::new(bytes, self.asked.sequence));
        }
    }

    fn everything(&mut self) -> Result<Val, String> {
        if self.asked.raw_input {
            let bytes: Vec<u8> = self.rest.iter().flat_map(|(_, bytes)| bytes.iter().copied()).collect();
            return Ok(Val::text(String::from_utf8_lossy(&bytes).into_owned()));
        }
        let mut values = Vec::new();
        while let Some(value) = self.value() {
            match self.asked.stream {
                true => values.extend(streams::events(&value?)),
                false => values.push(value?),
            }
        }
        Ok(Val::list(values))
    }
}

impl World for Feed<'_> {
    fn next(&mut self) -> Option<Result<Val, String>> {
        self.begun = true;
        if self.asked.slurp {
            return (!std::mem::replace(&mut self.slurped, true)).then(|| self.everything());
        }
        if let Some(line) = self.lines.pop_front() {
            self.line += usize::from(self.asked.raw_input);
            return Some(Ok(line));
        }
        if self.asked.raw_input {
            return None;
        }
        let value = self.value()?;
        if !self.asked.stream {
            return Some(value);
        }
        match value {
            Ok(value) => self.lines.extend(streams::events(&value)),
            Err(why) => return Some(Err(why)),
        }
        self.lines.pop_front().map(Ok)
    }

    fn file(&self) -> Option<String> {
        self.file.clone()
    }

    fn line(&self) -> usize {
        self.line
    }

    fn has_begun(&self) -> bool {
        self.begun
    }

    fn say(&mut self, text: &str) {
        self.proc.eprint(text);
    }

    fn now(&self) -> f64 {
        now(self.proc)
    }
}

fn now(proc: &Proc) -> f64 {
    proc.world().now.unix_ns() as f64 / 1e9
}

/// No input at all.
pub(super) struct Nothing<'a>(pub(super) &'a Proc);

impl World for Nothing<'_> {
    fn next(&mut self) -> Option<Result<Val, String>> {
        None
    }

    fn file(&self) -> Option<String> {
        None
    }

    fn line(&self) -> usize {
        0
    }

    fn has_begun(&self) -> bool {
        false
    }

    fn say(&mut self, text: &str) {
        self.0.eprint(text);
    }

    fn now(&self) -> f64 {
        now(self.0)
    }
}
