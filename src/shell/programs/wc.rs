//! `wc`: count lines, words and bytes.

use super::options::{Options, Spec, Value};
use crate::hosts::{FsError, Kind};
use crate::shell::{Proc, Program, Running};

pub(crate) const PROGRAM: Program = Program { name: "wc", summary: "Count lines, words and bytes", run };

const SPEC: Spec = Spec {
    name: "wc",
    short: "clmLw",
    long: &[
        ("bytes", 'c', Value::None),
        ("chars", 'm', Value::None),
        ("lines", 'l', Value::None),
        ("max-line-length", 'L', Value::None),
        ("words", 'w', Value::None),
        ("files0-from", 'F', Value::Needed),
        ("total", 'T', Value::Needed),
    ],
};

/// The columns in the order of printing.
const COLUMNS: &str = "lwmcL";

/// How wide a number is where the size of what is counted is not known.
const UNKNOWN_WIDTH: usize = 7;

/// What was counted, in the order of [`COLUMNS`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts([usize; 5]);

impl Counts {
    fn of(bytes: &[u8]) -> Self {
        let lines = bytes.iter().filter(|it| **it == b'\n').count();
        let text = String::from_utf8_lossy(bytes);
        let words = text.split_whitespace().count();
        let longest = text.split('\n').map(width).max().unwrap_or(0);
        Self([lines, words, text.chars().count(), bytes.len(), longest])
    }

    fn add(&mut self, other: Self) {
        for (at, (mine, more)) in self.0.iter_mut().zip(other.0).enumerate() {
            *mine = if COLUMNS.as_bytes().get(at) == Some(&b'L') { more.max(*mine) } else { *mine + more };
        }
    }
}

/// Columns of a line on a terminal, with a tab stop every eight.
fn width(line: &str) -> usize {
    line.chars().filter(|it| !it.is_control() || *it == '\t').fold(0, |at, it| match it {
        '\t' => (at / 8 + 1) * 8,
        _ => at + 1,
    })
}

fn run(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        match SPEC.parse(proc.args.get(1..).unwrap_or_default()) {
            Ok(options) => count(proc, &options),
            Err(text) => {
                proc.eprint(text);
                1
            }
        }
    })
}

fn count(proc: &Proc, options: &Options) -> i32 {
    let chosen: Vec<usize> =
        COLUMNS.char_indices().filter(|(_, letter)| options.has(*letter)).map(|(at, _)| at).collect();
    let chosen = if chosen.is_empty() { vec![0, 1, 3] } else { chosen };
    let names = if options.operands.is_empty() { vec!["-".to_owned()] } else { options.operands.clone() };
    let width = number_width(proc, &names, chosen.len());
    let row = |counts: Counts, name: Option<&str>| {
        let numbers: Vec<String> = chosen.iter().map(|at| format!("{:>width$}", counts.0[*at])).collect();
        let name = name.map(|it| format!(" {it}")).unwrap_or_default();
        proc.print(format!("{}{name}\n", numbers.join(" ")));
    };
    let mut total = Counts::default();
    let mut exit = 0;
    for name in &names {
        let shown = (!options.operands.is_empty()).then_some(name.as_str());
        let counts = match read(proc, name) {
            Ok(bytes) => Counts::of(&bytes),
            Err(error) => {
                proc.eprint(format!("wc: {name}: {error}\n"));
                exit = 1;
                if error != FsError::IsADirectory {
                    continue;
                }
                Counts::default()
            }
        };
        row(counts, shown);
        total.add(counts);
    }
    if names.len() > 1 {
        row(total, Some("total"));
    }
    exit
}

fn read(proc: &Proc, name: &str) -> Result<Vec<u8>, FsError> {
    match name {
        "-" => Ok(proc.stdin.clone().unwrap_or_default()),
        _ => proc.disk().read(&proc.descriptor(name)),
    }
}

/// As wide as the sum of the sizes, where these are known beforehand.
fn number_width(proc: &Proc, names: &[String], columns: usize) -> usize {
    if names.len() == 1 && columns == 1 {
        return 1;
    }
    let mut least = 1;
    let mut sum = 0;
    for name in names {
        let node = if name == "-" { None } else { proc.stat(name).ok() };
        match node {
            Some(node) if matches!(node.kind, Kind::File(_)) => sum += node.size(),
            None if name != "-" => {}
            _ => least = UNKNOWN_WIDTH,
        }
    }
    sum.to_string().len().max(least)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_characters_and_columns_are_counted() {
        assert_eq!(Counts::of("a b\n\thé".as_bytes()), Counts([1, 3, 7, 8, 10]));
    }
}
