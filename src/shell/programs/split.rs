//! `split`: cut a file into pieces.

use super::options::{Options, Spec, Value};
use super::texts::{curly, quoted};
use crate::shell::{Proc, Program, Running};

pub(crate) const PROGRAM: Program = Program { name: "split", summary: "Split a file into pieces", run };

const SPEC: Spec = Spec {
    name: "split",
    short: "a:b:C:del:n:t:ux",
    long: &[
        ("suffix-length", 'a', Value::Needed),
        ("additional-suffix", 'S', Value::Needed),
        ("bytes", 'b', Value::Needed),
        ("line-bytes", 'C', Value::Needed),
        ("numeric-suffixes", 'd', Value::Optional),
        ("hex-suffixes", 'x', Value::Optional),
        ("elide-empty-files", 'e', Value::None),
        ("lines", 'l', Value::Needed),
        ("number", 'n', Value::Needed),
        ("verbose", 'V', Value::None),
    ],
};

const LINES: usize = 1000;

fn run(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let args = modern(proc.args.get(1..).unwrap_or_default());
        let done = SPEC.parse(&args).and_then(|options| split(proc, &options));
        match done {
            Ok(()) => 0,
            Err(text) => {
                proc.eprint(text);
                1
            }
        }
    })
}

/// `-20` is `-l 20`.
fn modern(args: &[String]) -> Vec<String> {
    let is_count = |arg: &String| {
        arg.strip_prefix('-').is_some_and(|it| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit()))
    };
    args.iter().map(|arg| if is_count(arg) { arg.replacen('-', "-l", 1) } else { arg.clone() }).collect()
}

fn split(proc: &Proc, options: &Options) -> Result<(), String> {
    let name = options.operands.first().map_or("-", String::as_str);
    let prefix = options.operands.get(1).map_or("x", String::as_str);
    if let Some(extra) = options.operands.get(2) {
        return Err(SPEC.complaint(&format!("extra operand {}", curly(extra))));
    }
    let bytes = match name {
        "-" => proc.stdin.clone().unwrap_or_default(),
        _ => proc
            .disk()
            .read(&proc.descriptor(name))
            .map_err(|error| format!("split: cannot open {} for reading: {error}\n", quoted(name)))?,
    };
    let pieces = pieces(options, &bytes)?;
    let more = options.value('S').unwrap_or_default();
    for (at, piece) in pieces.iter().enumerate() {
        let suffix = suffix(options, at).ok_or("split: output file suffixes exhausted\n")?;
        let file = format!("{prefix}{suffix}{more}");
        if options.has('V') {
            proc.print(format!("creating file {}\n", quoted(&file)));
        }
        proc.write_file(&file, piece).map_err(|error| format!("split: {file}: {error}\n"))?;
    }
    Ok(())
}

fn pieces<'b>(options: &Options, bytes: &'b [u8]) -> Result<Vec<&'b [u8]>, String> {
    match options.last_of("bClnC") {
        Some('b') => Ok(bytes.chunks(size(options, 'b', "bytes")?).collect()),
        Some('C') => Ok(whole_lines(bytes, size(options, 'C', "bytes")?)),
        Some('n') => {
            let count = size(options, 'n', "chunks")?;
            let each = bytes.len() / count;
            Ok((0..count)
                .map(
                    |at| {
                        if at + 1 == count { &bytes[at * each..] } else { &bytes[at * each..(at + 1) * each] }
                    },
                )
                .filter(|it| !it.is_empty() || !options.has('e'))
                .collect())
        }
        given => {
            let count = if given.is_some() { size(options, 'l', "lines")? } else { LINES };
            let mut pieces = Vec::new();
            let mut rest = bytes;
            while !rest.is_empty() {
                let lengths = rest.split_inclusive(|it| *it == b'\n').take(count).map(<[u8]>::len);
                let (piece, behind) = rest.split_at(lengths.sum());
                pieces.push(piece);
                rest = behind;
            }
            Ok(pieces)
        }
    }
}

/// Pieces of at most `size` bytes that end with lines where lines are short enough.
fn whole_lines(bytes: &[u8], size: usize) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let head = &rest[..size.min(rest.len())];
        let end = if head.len() == rest.len() { None } else { head.iter().rposition(|it| *it == b'\n') };
        let (piece, behind) = rest.split_at(end.map_or(head.len(), |at| at + 1));
        pieces.push(piece);
        rest = behind;
    }
    pieces
}

/// A number with a unit such as `10K`.
fn size(options: &Options, letter: char, of: &str) -> Result<usize, String> {
    let text = options.value(letter).unwrap_or_default();
    let digits = text.find(|it: char| !it.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let times: usize = match unit {
        "" => 1,
        "b" => 512,
        "K" | "k" | "KiB" => 1 << 10,
        "M" | "MiB" => 1 << 20,
        "G" | "GiB" => 1 << 30,
        "KB" => 1_000,
        "MB" => 1_000_000,
        _ => 0,
    };
    let count = number.parse::<usize>().ok().and_then(|it| it.checked_mul(times)).filter(|it| *it > 0);
    count.ok_or_else(|| format!("split: invalid number of {of}: {}\n", curly(text)))
}

/// The end of the name of the piece at `at`.
fn suffix(options: &Options, at: usize) -> Option<String> {
    let length: usize = options.value('a').and_then(|it| it.parse().ok()).unwrap_or(2);
    let digits: Vec<char> = match options.last_of("dx") {
        Some('d') => ('0'..='9').collect(),
        Some(_) => ('0'..='9').chain('a'..='f').collect(),
        None => ('a'..='z').collect(),
    };
    let from = options.value('d').and_then(|it| it.parse::<usize>().ok()).unwrap_or(0);
    let mut number = at + from;
    let mut suffix = Vec::new();
    for _ in 0..length {
        suffix.push(*digits.get(number % digits.len())?);
        number /= digits.len();
    }
    (number == 0).then(|| suffix.iter().rev().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(line: &str) -> Options {
        let args: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        SPEC.parse(&modern(&args)).unwrap()
    }

    #[test]
    fn files_are_cut_as_split_cuts_them() {
        let cut = |line: &str| pieces(&options(line), b"a\nbb\nc\n").unwrap().len();
        assert_eq!([cut("-2"), cut("-b 3"), cut("-n 4"), cut("-C 3"), cut("")], [2, 3, 4, 3, 1]);
        let ends = |line: &str, at| suffix(&options(line), at).unwrap_or_default();
        assert_eq!(
            [ends("", 27), ends("-d", 11), ends("-a1 -x", 15), ends("-a1", 26)],
            ["bb", "11", "f", ""]
        );
    }
}
