//! `echo`: print its arguments.

use crate::shell::{Proc, Program, Running};

pub(crate) const PROGRAM: Program = Program { name: "echo", summary: "Display a line of text", run };

fn run(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let (options, words) = Options::parse(proc.args.get(1..).unwrap_or_default());
        let text = words.join(" ");
        let (text, cut) = if options.escapes { unescape(&text) } else { (text.into_bytes(), false) };
        proc.print(text);
        if options.newline && !cut {
            proc.print("\n");
        }
        0
    })
}

struct Options {
    newline: bool,
    escapes: bool,
}

impl Options {
    /// Options count only before the first word that is none, and only if every letter is one.
    fn parse(args: &[String]) -> (Self, &[String]) {
        let mut options = Self { newline: true, escapes: false };
        let is_option = |arg: &&String| {
            arg.len() > 1 && arg.starts_with('-') && arg.chars().skip(1).all(|c| "neE".contains(c))
        };
        let count = args.iter().take_while(is_option).count();
        for letter in args.iter().take(count).flat_map(|arg| arg.chars().skip(1)) {
            match letter {
                'n' => options.newline = false,
                other => options.escapes = other == 'e',
            }
        }
        (options, args.get(count..).unwrap_or_default())
    }
}

/// The text with its escapes replaced, and whether `\c` ended it.
fn unescape(text: &str) -> (Vec<u8>, bool) {
    let mut out = Vec::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            push(&mut out, c);
            continue;
        }
        match chars.next() {
            Some('c') => return (out, true),
            Some('0') => out.push(digits(&mut chars, 8, 3).unwrap_or(0) as u8),
            Some('x') => match digits(&mut chars, 16, 2) {
                Some(byte) => out.push(byte as u8),
                None => out.extend_from_slice(b"\\x"),
            },
            Some('u') => push(&mut out, digits(&mut chars, 16, 4).and_then(char::from_u32).unwrap_or('?')),
            Some('U') => push(&mut out, digits(&mut chars, 16, 8).and_then(char::from_u32).unwrap_or('?')),
            Some(letter) => match ESCAPES.iter().find(|(name, _)| *name == letter) {
                Some((_, byte)) => out.push(*byte),
                None => {
                    out.push(b'\\');
                    push(&mut out, letter);
                }
            },
            None => out.push(b'\\'),
        }
    }
    (out, false)
}

/// The escapes of one letter.
const ESCAPES: &[(char, u8)] = &[
    ('\\', b'\\'),
    ('a', 7),
    ('b', 8),
    ('e', 27),
    ('E', 27),
    ('f', 12),
    ('n', b'\n'),
    ('r', b'\r'),
    ('t', b'\t'),
    ('v', 11),
];

fn push(out: &mut Vec<u8>, c: char) {
    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

/// Reads at most `most` digits; `None` when there is none.
fn digits(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, base: u32, most: usize) -> Option<u32> {
    let mut value = None;
    for _ in 0..most {
        let Some(digit) = chars.peek().and_then(|c| c.to_digit(base)) else { break };
        chars.next();
        value = Some(value.unwrap_or(0) * base + digit);
    }
    value
}
