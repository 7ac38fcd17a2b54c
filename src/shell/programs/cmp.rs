//! `cmp`: where two files first differ.

use super::options::{Options, Spec, Value};
use crate::shell::{Proc, Program, Running};

pub(crate) const PROGRAM: Program = Program { name: "cmp", summary: "Compare two files byte by byte", run };

const SPEC: Spec = Spec {
    name: "cmp",
    short: "bi:ln:s",
    long: &[
        ("print-bytes", 'b', Value::None),
        ("ignore-initial", 'i', Value::Needed),
        ("verbose", 'l', Value::None),
        ("bytes", 'n', Value::Needed),
        ("quiet", 's', Value::None),
        ("silent", 's', Value::None),
    ],
};

fn run(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let read = SPEC.parse(proc.args.get(1..).unwrap_or_default());
        let (options, names) = match read.and_then(|options| Ok((names(&options)?, options))) {
            Ok((names, options)) => (options, names),
            Err(text) => {
                proc.eprint(text);
                return 2;
            }
        };
        let [first, second] = [&names[0], &names[1]];
        match (bytes(proc, &options, first), bytes(proc, &options, second)) {
            (Some(a), Some(b)) => compare(proc, &options, (first, &a), (second, &b)),
            _ => 2,
        }
    })
}

fn names(options: &Options) -> Result<[String; 2], String> {
    match options.operands.as_slice() {
        [] => Err(SPEC.complaint("missing operand after 'cmp'")),
        [one] => Ok([one.clone(), "-".to_owned()]),
        [one, two] => Ok([one.clone(), two.clone()]),
        [_, _, extra, ..] => Err(SPEC.complaint(&format!("extra operand '{extra}'"))),
    }
}

fn bytes(proc: &Proc, options: &Options, name: &str) -> Option<Vec<u8>> {
    let all = match name {
        "-" => proc.stdin.clone().unwrap_or_default(),
        name => match proc.read_file(name) {
            Ok(bytes) => bytes.to_vec(),
            Err(error) => {
                proc.eprint(format!("cmp: {name}: {error}\n"));
                return None;
            }
        },
    };
    let number = |letter| options.value(letter).and_then(|it| it.parse::<usize>().ok());
    let kept = all.into_iter().skip(number('i').unwrap_or(0)).take(number('n').unwrap_or(usize::MAX));
    Some(kept.collect())
}

fn compare(proc: &Proc, options: &Options, (a, left): (&str, &[u8]), (b, right): (&str, &[u8])) -> i32 {
    let mut differing = left.iter().zip(right).enumerate().filter(|(_, (x, y))| x != y).peekable();
    let differs = differing.peek().is_some();
    if options.has('l') && !options.has('s') {
        let width = left.len().max(right.len()).to_string().len();
        for (at, (x, y)) in differing {
            proc.print(format!("{:width$} {x:3o} {y:3o}\n", at + 1));
        }
    } else if let Some((at, (x, y))) = differing.next() {
        let line = 1 + lines(left.get(..at).unwrap_or_default());
        let shown = match options.has('b') {
            true => format!(" is {x:3o} {} {y:3o} {}", printable(*x), printable(*y)),
            false => String::new(),
        };
        if !options.has('s') {
            proc.print(format!("{a} {b} differ: byte {}, line {line}{shown}\n", at + 1));
        }
        return 1;
    }
    let (name, short) = if left.len() < right.len() { (a, left) } else { (b, right) };
    if left.len() == right.len() {
        return i32::from(differs);
    }
    if !options.has('s') {
        proc.eprint(format!("cmp: EOF on {name}{}\n", end(short)));
    }
    1
}

/// Where the shorter file ends.
fn end(short: &[u8]) -> String {
    match short.last() {
        None => " which is empty".to_owned(),
        Some(b'\n') => format!(" after byte {}, line {}", short.len(), lines(short)),
        Some(_) => format!(" after byte {}, in line {}", short.len(), lines(short) + 1),
    }
}

fn lines(bytes: &[u8]) -> usize {
    bytes.iter().filter(|it| **it == b'\n').count()
}

fn printable(byte: u8) -> String {
    match byte {
        0..=31 => format!("^{}", char::from(byte + 64)),
        127 => "^?".to_owned(),
        32..=126 => char::from(byte).to_string(),
        _ => format!("M-{}", printable(byte - 128)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_told_by_byte_and_line() {
        assert_eq!(end(b""), " which is empty");
        assert_eq!(end(b"one\n"), " after byte 4, line 1");
        assert_eq!(end(b"one\ntw"), " after byte 6, in line 2");
        assert_eq!(
            (printable(9), printable(0x89), printable(b'a')),
            ("^I".into(), "M-^I".into(), "a".into())
        );
    }
}
