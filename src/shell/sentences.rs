//! What programs of the language crate say otherwise than GNU's.

use std::sync::LazyLock;

use regex::Regex;

/// Programs of the language crate that point to their `--help` behind every mistake in their options.
const HELPFUL: &[&str] = &[
    "b2sum",
    "base32",
    "basename",
    "cksum",
    "comm",
    "cut",
    "dirname",
    "env",
    "expand",
    "expr",
    "factor",
    "fmt",
    "fold",
    "head",
    "join",
    "md5sum",
    "nl",
    "nproc",
    "numfmt",
    "paste",
    "printenv",
    "readlink",
    "realpath",
    "seq",
    "sha1sum",
    "sha256sum",
    "sha512sum",
    "shuf",
    "sort",
    "sum",
    "tac",
    "tr",
    "tsort",
    "unexpand",
    "uniq",
];

/// How a mistake in options begins, behind the program's name.
const MISTAKES: &[&str] =
    &["invalid option -- ", "unrecognized option ", "option requires an argument -- ", "extra operand "];

/// Lines of the crate, and what the real programs say instead.
const LINES: &[(&str, &str)] = &[
    (
        r"^sort: invalid field specification '(.*)': field number is zero$",
        "sort: field number is zero: invalid field specification ‘$1’",
    ),
    (r"^(head|tail): invalid number of (lines|bytes): '(.*)'$", "$1: invalid number of $2: ‘$3’"),
    (r"^awk: fatal: cannot open file `(.*)' for reading: (.*)$", "awk: cannot open $1 ($2)"),
    (r"^gzip: (.*): invalid gzip header$", "gzip: $1: not in gzip format"),
];

static RULES: LazyLock<Vec<(Regex, &'static str)>> =
    LazyLock::new(|| LINES.iter().filter_map(|(said, real)| Some((Regex::new(said).ok()?, *real))).collect());

/// True when `text` may hold a line to put right.
pub(super) fn concerns(text: &str) -> bool {
    MISTAKES.iter().any(|it| text.contains(it))
        || text.lines().any(|it| RULES.iter().any(|(said, _)| said.is_match(it)))
}

/// The line, or lines, that the real program says; `None` when it is that one.
pub(super) fn put_right(line: &str) -> Option<String> {
    let line = line.trim_end();
    if let Some((said, real)) = RULES.iter().find(|(said, _)| said.is_match(line)) {
        return Some(format!("{}\n", said.replace(line, *real)));
    }
    let (name, rest) = line.split_once(": ")?;
    let is_mistake = HELPFUL.contains(&name) && MISTAKES.iter().any(|it| rest.starts_with(it));
    is_mistake.then(|| format!("{line}\nTry '{name} --help' for more information.\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_those_of_gnu() {
        let said = |line: &str| put_right(line).unwrap_or_default();
        assert_eq!(said("head: invalid number of lines: 'x'"), "head: invalid number of lines: ‘x’\n");
        assert_eq!(
            said("uniq: invalid option -- 'q'\n"),
            "uniq: invalid option -- 'q'\nTry 'uniq --help' for more information.\n"
        );
        assert_eq!(said("sort: cannot read: x: No such file or directory"), "");
    }
}
