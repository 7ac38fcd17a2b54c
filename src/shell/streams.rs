//! `cat` and `tee`, which pass on what they read as it comes.

use bashkit::{Command, CommandContext, CommandOutput, CommandStatus, async_trait};

use super::adapt::{self, Around};
use super::pipes::{Sharer, Sharing};
use super::programs::options::{Options, Spec, Value};
use crate::hosts::files;

/// Their names.
pub(super) const NAMES: [&str; 2] = ["cat", "tee"];

const CAT: Spec = Spec {
    name: "cat",
    short: "AbeEnstTuv",
    long: &[
        ("show-all", 'A', Value::None),
        ("number-nonblank", 'b', Value::None),
        ("show-ends", 'E', Value::None),
        ("number", 'n', Value::None),
        ("squeeze-blank", 's', Value::None),
        ("show-tabs", 'T', Value::None),
        ("show-nonprinting", 'v', Value::None),
    ],
};

const TEE: Spec = Spec {
    name: "tee",
    short: "aip",
    long: &[("append", 'a', Value::None), ("ignore-interrupts", 'i', Value::None)],
};

/// Names of standard input.
const STDIN: [&str; 4] = ["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"];

/// One of [`NAMES`].
struct Stream(&'static str, Around);

/// One of [`NAMES`] as the shell calls it; `None` when the language crate's registry is broken.
pub(super) fn builtin(name: &'static str, around: &Around) -> Option<Sharer> {
    let stream = Stream(name, around.clone());
    match name {
        // The language crate has a stream in mind for every `cat`, and gives it the pipe in any case.
        "cat" => Sharer::new(name, stream, &Around { sharing: Sharing::default(), ..around.clone() }),
        _ => Sharer::new(name, stream, around),
    }
}

#[async_trait]
impl Command for Stream {
    async fn execute(&self, context: CommandContext<'_>) -> bashkit::Result<CommandStatus> {
        let spec = if self.0 == "cat" { &CAT } else { &TEE };
        let options = match spec.parse(context.args) {
            Ok(options) => options,
            Err(text) => {
                context.stderr.write_all(text.as_bytes()).await?;
                return Ok(CommandStatus::with_code(1));
            }
        };
        let exit = match self.0 {
            "cat" => cat(&self.1, &context, &options).await?,
            _ => tee(&context, &options).await?,
        };
        Ok(CommandStatus::with_code(exit))
    }
}

async fn complain(context: &CommandContext<'_>, name: &str, file: &str, why: &str) -> bashkit::Result<()> {
    context.stderr.write_all(format!("{name}: {file}: {why}\n").as_bytes()).await
}

async fn cat(around: &Around, context: &CommandContext<'_>, options: &Options) -> bashkit::Result<i32> {
    let mut look = Look::new(options);
    let mut exit = 0;
    let names = match options.operands.as_slice() {
        [] => vec!["-".to_owned()],
        names => names.to_vec(),
    };
    let mut proc = adapt::process(around, context, None);
    proc.pipes = adapt::substituted(context, None).await;
    for name in &names {
        if STDIN.contains(&name.as_str()) {
            while let Some(chunk) = context.stdin.read_chunk().await? {
                context.stdout.write_all(&look.shown(&chunk)).await?;
            }
            continue;
        }
        match proc.disk().read(&proc.descriptor(name)) {
            Ok(bytes) => context.stdout.write_all(&look.shown(&bytes)).await?,
            Err(error) => {
                complain(context, "cat", name, &error.to_string()).await?;
                exit = 1;
            }
        }
    }
    Ok(exit)
}

/// How `cat` shows what it passes on.
struct Look {
    numbers: Option<char>,
    squeezes: bool,
    ends: bool,
    tabs: bool,
    controls: bool,
    line: u64,
    /// Empty lines just before, while at the beginning of a line.
    empty: Option<u64>,
}

impl Look {
    fn new(options: &Options) -> Self {
        let any = |letters: &str| options.last_of(letters).is_some();
        Self {
            numbers: if options.has('b') { Some('b') } else { options.last_of("n") },
            squeezes: options.has('s'),
            ends: any("AeE"),
            tabs: any("AtT"),
            controls: any("Aetv"),
            line: 0,
            empty: Some(0),
        }
    }

    fn is_plain(&self) -> bool {
        self.numbers.is_none() && !(self.squeezes || self.ends || self.tabs || self.controls)
    }

    fn shown(&mut self, bytes: &[u8]) -> Vec<u8> {
        if self.is_plain() {
            return bytes.to_vec();
        }
        let mut out = Vec::with_capacity(bytes.len() * 2);
        for line in bytes.split_inclusive(|it| *it == b'\n') {
            self.line(line, &mut out);
        }
        out
    }

    fn line(&mut self, line: &[u8], out: &mut Vec<u8>) {
        let begins = self.empty;
        let is_empty = line == b"\n";
        self.empty = match (line.ends_with(b"\n"), begins) {
            (true, Some(before)) if is_empty => Some(before + 1),
            (true, _) => Some(0),
            (false, _) => None,
        };
        if self.squeezes && is_empty && begins.is_some_and(|it| it > 0) {
            return;
        }
        if begins.is_some() && self.numbers.is_some_and(|it| it == 'n' || !is_empty) {
            self.line += 1;
            out.extend_from_slice(format!("{:>6}\t", self.line).as_bytes());
        }
        for byte in line {
            match byte {
                b'\n' if self.ends => out.extend_from_slice(b"$\n"),
                b'\t' if self.tabs => out.extend_from_slice(b"^I"),
                b'\n' | b'\t' => out.push(*byte),
                _ if self.controls => visible(*byte, out),
                _ => out.push(*byte),
            }
        }
    }
}

/// A byte in the notation of `^` and `M-`.
fn visible(byte: u8, out: &mut Vec<u8>) {
    if byte >= 128 {
        out.extend_from_slice(b"M-");
    }
    match byte % 128 {
        low @ 0..32 => out.extend_from_slice(&[b'^', low + 64]),
        127 => out.extend_from_slice(b"^?"),
        low => out.push(low),
    }
}

/// Where `tee` writes beside standard output.
enum Target {
    Stream(CommandOutput),
    File(std::path::PathBuf),
}

async fn tee(context: &CommandContext<'_>, options: &Options) -> bashkit::Result<i32> {
    let mut targets = Vec::new();
    let mut exit = 0;
    for name in &options.operands {
        match name.as_str() {
            "/dev/stdout" | "/dev/fd/1" => targets.push(Target::Stream(context.stdout.clone())),
            "/dev/stderr" | "/dev/fd/2" => targets.push(Target::Stream(context.stderr.clone())),
            _ => {
                let path: std::path::PathBuf = files::clean(&context.cwd.to_string_lossy(), name).into();
                let opened = match options.has('a') {
                    true => context.fs.append_file(&path, b"").await,
                    false => context.fs.write_file(&path, b"").await,
                };
                match opened {
                    Ok(()) => targets.push(Target::File(path)),
                    Err(bashkit::Error::Io(error)) => {
                        complain(context, "tee", name, &error.to_string()).await?;
                        exit = 1;
                    }
                    Err(other) => return Err(other),
                }
            }
        }
    }
    while let Some(chunk) = context.stdin.read_chunk().await? {
        context.stdout.write_all(&chunk).await?;
        for target in &targets {
            match target {
                Target::Stream(output) => output.write_all(&chunk).await?,
                Target::File(path) => context.fs.append_file(path, &chunk).await?,
            }
        }
    }
    Ok(exit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_shown_as_cat_shows_them() {
        let shown = |option: &str, text: &str| {
            let options = CAT.parse(&[option.to_owned()]).unwrap();
            let mut look = Look::new(&options);
            let halves = text.as_bytes().split_at(text.len() / 2);
            let bytes = [look.shown(halves.0), look.shown(halves.1)].concat();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        assert_eq!(shown("-A", "a\tb\u{1}\né\n"), "a^Ib^A$\nM-CM-)$\n");
        assert_eq!(shown("-b", "ab\n\ncd\n"), "     1\tab\n\n     2\tcd\n");
        assert_eq!(shown("-sn", "a\n\n\nb"), "     1\ta\n     2\t\n     3\tb");
    }
}
