//! Regular expressions.

use std::sync::Arc;

use fancy_regex::{Captures, Regex, RegexBuilder};

use super::arithmetic::wrong;
use super::basics::two;
use super::builtins::{Native, row};
use super::machine::{Flow, Machine, Stop};
use super::value::{Object, Val};
use crate::sim::memo::Memo;

/// Steps back that matching one text may take.
const BACKTRACKS_MAX: usize = 1_000_000;

static COMPILED: Memo<Result<Arc<Regex>, String>> = Memo::new(32);

pub(super) const ALL: &[Native] = &[
    row("_match", 3, |machine, it, args| {
        let [expression, mode, only_test] = three(args);
        let asked = Asked::read(&it, expression, mode)?;
        let found = asked.find(machine, only_test.is_true())?;
        if only_test.is_true() {
            return Ok(Val::Bool(!found.is_empty()));
        }
        Ok(Val::list(found.into_iter().map(|it| it.value).collect()))
    }),
    row("_captured", 0, |_, it, _| Ok(captured(&it))),
    row("_pieces", 2, |machine, it, args| {
        let [expression, mode] = two(args);
        let asked = Asked::read(&it, expression, mode)?;
        let found = asked.find(machine, false)?;
        let mut at = 0;
        let mut texts = Vec::new();
        for one in &found {
            texts.push(Val::from(asked.text.get(at..one.start).unwrap_or_default()));
            at = one.end;
        }
        texts.push(Val::from(asked.text.get(at..).unwrap_or_default()));
        let captures = found.iter().map(|it| captured(&it.value)).collect();
        Ok(Val::list(vec![Val::list(texts), Val::list(captures)]))
    }),
];

fn three(args: Vec<Val>) -> [Val; 3] {
    let mut args = args.into_iter();
    let mut next = || args.next().unwrap_or(Val::Null);
    [next(), next(), next()]
}

/// An object of what the named groups of a match are.
fn captured(found: &Val) -> Val {
    let Val::Obj(found) = found else { return Val::Null };
    let mut made = Object::default();
    for capture in found.get("captures").and_then(Val::as_items).unwrap_or_default() {
        if let Val::Obj(capture) = capture
            && let Some(Val::Str(name)) = capture.get("name")
        {
            made.put(name.clone(), capture.get("string").cloned().unwrap_or(Val::Null));
        }
    }
    Val::object(made)
}

struct Asked<'v> {
    text: &'v str,
    expression: Arc<Regex>,
    global: bool,
    without_empty: bool,
}

struct Found {
    start: usize,
    end: usize,
    value: Val,
}

impl<'v> Asked<'v> {
    fn read(of: &'v Val, expression: Val, mode: Val) -> Flow<Self> {
        let (expression, mode) = match (&expression, &mode) {
            (Val::Arr(list), Val::Null) => {
                let part = |at: usize| list.items().get(at).cloned().unwrap_or(Val::Null);
                (part(0), part(1))
            }
            _ => (expression, mode),
        };
        let text = of.as_str().ok_or_else(|| wrong(of, "cannot be matched, as it is not a string"));
        let Some(pattern) = expression.as_str() else {
            text?;
            return Err(Stop::from(format!("{} not a string or array", expression.kind())));
        };
        let text = text?;
        let flags = match &mode {
            Val::Null => "",
            Val::Str(flags) => flags.as_str(),
            other => return Err(wrong(other, "is not a string")),
        };
        if flags.contains(|c| !"gimnpslx".contains(c)) {
            return Err(Stop::from(format!("{flags} is not a valid modifier string")));
        }
        let has = |flag: char| flags.contains(flag);
        let inline: String = [('i', 'i'), ('x', 'x'), ('p', 's')]
            .into_iter()
            .filter(|(flag, _)| has(*flag))
            .map(|(_, inline)| inline)
            .collect();
        let whole = if inline.is_empty() { pattern.to_owned() } else { format!("(?{inline}){pattern}") };
        let expression = COMPILED.get(&whole, || {
            let built = RegexBuilder::new(&whole).backtrack_limit(BACKTRACKS_MAX).build();
            built.map(Arc::new).map_err(|why| reason(pattern, &why.to_string()))
        });
        let expression = expression.map_err(|why| Stop::from(format!("Regex failure: {why}")))?;
        Ok(Self { text, expression, global: has('g'), without_empty: has('n') })
    }

    fn find(&self, machine: &mut Machine<'_>, only_one: bool) -> Flow<Vec<Found>> {
        let mut found = Vec::new();
        let mut offsets = Offsets { text: self.text, byte: 0, count: 0 };
        for captures in self.expression.captures_iter(self.text) {
            machine.step()?;
            let captures = captures.map_err(|_| Stop::from("Regex failure: match-stack limit over"))?;
            let Some(whole) = captures.get(0) else { continue };
            if self.without_empty && whole.as_str().is_empty() {
                continue;
            }
            let (start, end) = (whole.start(), whole.end());
            machine.charge(256)?;
            let value = self.described(&captures, &mut offsets);
            found.push(Found { start, end, value });
            if only_one || !self.global {
                break;
            }
        }
        Ok(found)
    }

    fn described(&self, captures: &Captures<'_, str>, offsets: &mut Offsets<'_>) -> Val {
        let whole = captures.get(0);
        let start = whole.as_ref().map_or(0, |it| it.start());
        let text = whole.as_ref().map_or("", |it| it.as_str());
        let offset = offsets.of(start);
        let names: Vec<Option<&str>> = self.expression.capture_names().collect();
        let group = |at: usize| {
            let name = names.get(at).copied().flatten().map_or(Val::Null, Val::from);
            let (place, length, text) = match captures.get(at) {
                Some(it) => {
                    let place = offset + self.text.get(start..it.start()).unwrap_or_default().chars().count();
                    let count = it.as_str().chars().count();
                    (Val::count(place), Val::count(count), Val::from(it.as_str()))
                }
                None => (Val::from(-1.0), Val::count(0), Val::Null),
            };
            Val::record([("offset", place), ("length", length), ("string", text), ("name", name)])
        };
        let groups: Vec<Val> = (1..captures.len()).map(group).collect();
        Val::record([
            ("offset", Val::count(offset)),
            ("length", Val::count(text.chars().count())),
            ("string", Val::from(text)),
            ("captures", Val::list(groups)),
        ])
    }
}

/// Characters before places of a text, which come in order.
struct Offsets<'t> {
    text: &'t str,
    byte: usize,
    count: usize,
}

impl Offsets<'_> {
    fn of(&mut self, byte: usize) -> usize {
        self.count += self.text.get(self.byte..byte).unwrap_or_default().chars().count();
        self.byte = byte;
        self.count
    }
}

/// Why an expression is none, in the words of jq's library.
fn reason(pattern: &str, why: &str) -> String {
    let lower = why.to_ascii_lowercase();
    let known = [
        ("unclosed open paren", "end pattern with unmatched parenthesis"),
        ("opening parenthesis", "end pattern with unmatched parenthesis"),
        ("unclosed group", "end pattern with unmatched parenthesis"),
        ("unopened group", "unmatched close parenthesis"),
        ("unmatched", "unmatched close parenthesis"),
        ("character class", "premature end of char-class"),
        ("invalid class", "premature end of char-class"),
        ("target of repeat operator is invalid", "target of repeat operator is not specified"),
        ("repetition operator missing", "target of repeat operator is not specified"),
    ];
    match known.iter().find(|(part, _)| lower.contains(part)) {
        Some((_, said)) => (*said).to_owned(),
        None if pattern.ends_with('\\') => "end pattern at escape".to_owned(),
        None => why.to_owned(),
    }
}
