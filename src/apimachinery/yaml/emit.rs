//! Trees as YAML text, byte for byte as go-yaml v2's emitter (a port of libyaml's) writes them:
//! lists at the column of their key, literal blocks for strings with newlines, lines folded after
//! column 80, keys in natural order.

use std::cmp::Ordering;
use std::fmt::Write as _;

use super::scalar::needs_quotes;
use crate::apimachinery::go;
use crate::apimachinery::json::{Key, Map, Value};

/// libyaml's `best_width`: a line is broken at the first space behind this column.
const WIDTH: usize = 80;

/// Longer keys are written with `? `.
const SIMPLE_KEY_MAX: usize = 128;

/// A tree as YAML with two-space indents and sorted keys.
pub(crate) fn to_string(value: &Value) -> String {
    let mut out = Emitter { text: String::new(), column: 0 };
    match value {
        Value::Object(map) if !map.is_empty() => out.map(map, 0, false),
        Value::Array(items) if !items.is_empty() => out.list(items, 0, false),
        scalar => {
            out.scalar(scalar, 0, false);
            out.newline();
        }
    }
    out.text
}

struct Emitter {
    text: String,
    /// Characters on the current line.
    column: usize,
}

impl Emitter {
    fn push(&mut self, c: char) {
        self.text.push(c);
        self.column = if c == '\n' { 0 } else { self.column + 1 };
    }

    fn push_str(&mut self, text: &str) {
        text.chars().for_each(|c| self.push(c));
    }

    fn newline(&mut self) {
        self.push('\n');
    }

    fn pad(&mut self, indent: usize) {
        while self.column < indent {
            self.push(' ');
        }
    }

    /// The entries of a map whose keys stand at `indent`; the first may stand behind `- ` already.
    fn map(&mut self, map: &Map, indent: usize, inline: bool) {
        let mut keys: Vec<&Key> = map.keys().collect();
        keys.sort_by(|a, b| natural_order(a, b));
        for (at, key) in keys.into_iter().enumerate() {
            if at > 0 || !inline {
                self.pad(indent);
            }
            let simple = key.len() <= SIMPLE_KEY_MAX && !key.contains('\n');
            if simple {
                self.string(key, indent, true);
            } else {
                self.push_str("? ");
                self.string(key, indent + 2, false);
                if self.column > 0 {
                    self.newline();
                }
                self.pad(indent);
            }
            self.push(':');
            self.value(map.get(key).unwrap_or(&Value::Null), indent);
        }
    }

    /// What stands behind `key:` of a map at `indent`.
    fn value(&mut self, value: &Value, indent: usize) {
        match value {
            Value::Object(map) if !map.is_empty() => {
                self.newline();
                self.map(map, indent + 2, false);
            }
            Value::Array(items) if !items.is_empty() => {
                self.newline();
                self.list(items, indent, false);
            }
            scalar => {
                self.push(' ');
                self.scalar(scalar, indent, false);
                if self.column > 0 {
                    self.newline();
                }
            }
        }
    }

    /// The items of a list whose dashes stand at `indent`.
    fn list(&mut self, items: &[Value], indent: usize, inline: bool) {
        for (at, item) in items.iter().enumerate() {
            if at > 0 || !inline {
                self.pad(indent);
            }
            self.push_str("- ");
            match item {
                Value::Object(map) if !map.is_empty() => self.map(map, indent + 2, true),
                Value::Array(items) if !items.is_empty() => self.list(items, indent + 2, true),
                scalar => {
                    self.scalar(scalar, indent, false);
                    if self.column > 0 {
                        self.newline();
                    }
                }
            }
        }
    }

    fn scalar(&mut self, value: &Value, indent: usize, key: bool) {
        match value {
            Value::String(text) => self.string(text, indent, key),
            Value::Array(_) => self.push_str("[]"),
            Value::Object(_) => self.push_str("{}"),
            Value::Null => self.push_str("null"),
            other => self.push_str(&go::display(other)),
        }
    }

    fn string(&mut self, text: &str, indent: usize, key: bool) {
        let look = Look::at(text);
        let continued = indent + 2;
        match style(text, &look, key) {
            Style::Plain => self.folded(text, continued, !key, |out, c| out.push(c)),
            Style::Single => {
                self.push('\'');
                self.folded(text, continued, !key, |out, c| {
                    if c == '\'' {
                        out.push('\'');
                    }
                    out.push(c);
                });
                self.push('\'');
            }
            Style::Double => self.double(text, continued, !key),
            Style::Literal => self.literal(text, continued),
        }
    }

    /// Words with line breaks in place of single spaces behind column [`WIDTH`].
    fn folded(&mut self, text: &str, indent: usize, may_break: bool, write: fn(&mut Self, char)) {
        let mut was_space = false;
        let mut rest = text.chars().peekable();
        while let Some(c) = rest.next() {
            let next_is_word = rest.peek().is_some_and(|next| *next != ' ');
            if c == ' ' && may_break && !was_space && self.column > WIDTH && next_is_word {
                self.newline();
                self.pad(indent);
            } else {
                write(self, c);
            }
            was_space = c == ' ';
        }
    }

    fn double(&mut self, text: &str, indent: usize, may_break: bool) {
        self.push('"');
        let mut was_space = false;
        let mut first = true;
        let mut rest = text.chars().peekable();
        while let Some(c) = rest.next() {
            let last = rest.peek().is_none();
            if c == ' ' && may_break && !was_space && self.column > WIDTH && !first && !last {
                self.newline();
                self.pad(indent);
                if rest.peek() == Some(&' ') {
                    self.push('\\');
                }
            } else {
                self.escaped(c);
            }
            was_space = c == ' ';
            first = false;
        }
        self.push('"');
    }

    fn escaped(&mut self, c: char) {
        let short = match c {
            '\0' => '0',
            '\u{7}' => 'a',
            '\u{8}' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\u{b}' => 'v',
            '\u{c}' => 'f',
            '\r' => 'r',
            '\u{1b}' => 'e',
            '"' => '"',
            '\\' => '\\',
            '\u{85}' => 'N',
            '\u{a0}' => '_',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            c if printable(c) => return self.push(c),
            c => {
                let code = u32::from(c);
                let mut text = String::new();
                // Writing to a String cannot fail.
                let _ = match code {
                    0..=0xff => write!(text, "\\x{code:02X}"),
                    0x100..=0xffff => write!(text, "\\u{code:04X}"),
                    _ => write!(text, "\\U{code:08X}"),
                };
                return self.push_str(&text);
            }
        };
        self.push('\\');
        self.push(short);
    }

    fn literal(&mut self, text: &str, indent: usize) {
        self.push('|');
        if text.starts_with([' ', '\n']) {
            self.push('2');
        }
        let body = text.strip_suffix('\n');
        match body {
            None => self.push('-'),
            Some(body) if body.is_empty() || body.ends_with('\n') => self.push('+'),
            Some(_) => {}
        }
        self.newline();
        for line in body.unwrap_or(text).split('\n') {
            if !line.is_empty() {
                self.pad(indent);
                self.push_str(line);
            }
            self.newline();
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

fn style(text: &str, look: &Look, key: bool) -> Style {
    if text.contains('\n') {
        return if look.block_allowed && !key { Style::Literal } else { Style::Double };
    }
    if needs_quotes(text) {
        return Style::Double;
    }
    if look.plain_allowed && !(text.is_empty() && key) {
        return Style::Plain;
    }
    if look.single_allowed { Style::Single } else { Style::Double }
}

/// What libyaml finds out about a scalar before it chooses a style.
struct Look {
    plain_allowed: bool,
    single_allowed: bool,
    block_allowed: bool,
}

impl Look {
    fn at(text: &str) -> Self {
        let special = text.chars().any(|c| c != '\n' && !printable(c));
        let breaks = text.contains('\n');
        let edge_space = text.starts_with([' ', '\n']) || text.ends_with([' ', '\n']);
        let space_break = text.contains(" \n");
        let break_space = text.contains("\n ");
        let unsafe_mix = space_break || special;
        Self {
            plain_allowed: !(edge_space || break_space || unsafe_mix || breaks || has_indicators(text)),
            single_allowed: !(break_space || unsafe_mix),
            block_allowed: !(text.ends_with(' ') || unsafe_mix || text.is_empty()),
        }
    }
}

/// Characters that mean something in a block context where they stand.
fn has_indicators(text: &str) -> bool {
    if text.starts_with("---") || text.starts_with("...") {
        return true;
    }
    let chars: Vec<char> = text.chars().collect();
    let blank = |c: Option<&char>| c.is_none_or(|c| matches!(c, ' ' | '\t' | '\n'));
    chars.iter().enumerate().any(|(at, c)| {
        let before_blank = blank(chars.get(at + 1));
        match c {
            '#' => at == 0 || blank(chars.get(at - 1)),
            ':' => before_blank,
            '?' | '-' => at == 0 && before_blank,
            ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`' => {
                at == 0
            }
            _ => false,
        }
    })
}

/// What libyaml writes as it is; tabs are not among it.
fn printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
        && c != '\u{feff}'
}

/// go-yaml's order of keys: numbers inside them by their value, letters last.
fn natural_order(left: &str, right: &str) -> Ordering {
    let (a, b): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let Some(at) = a.iter().zip(&b).position(|(a, b)| a != b) else { return a.len().cmp(&b.len()) };
    let after_digit = at > 0 && a.get(at - 1).is_some_and(char::is_ascii_digit);
    let (Some(x), Some(y)) = (a.get(at), b.get(at)) else { return Ordering::Equal };
    match (x.is_alphabetic(), y.is_alphabetic()) {
        (true, true) => return x.cmp(y),
        (true, false) => return if after_digit { Ordering::Less } else { Ordering::Greater },
        (false, true) => return if after_digit { Ordering::Greater } else { Ordering::Less },
        (false, false) => {}
    }
    let zero_matters = *x == '0' || *y == '0';
    let digits_before = a.iter().take(at).rev().take_while(|c| c.is_ascii_digit());
    let start = i64::from(zero_matters && digits_before.clone().any(|c| *c != '0'));
    let number = |chars: &[char]| -> (i64, usize) {
        let digits = chars.iter().skip(at).take_while(|c| c.is_ascii_digit());
        let value = digits.clone().fold(start, |value, c| {
            value.wrapping_mul(10).wrapping_add(i64::from(c.to_digit(10).unwrap_or(0)))
        });
        (value, digits.count())
    };
    number(&a).cmp(&number(&b)).then(x.cmp(y))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::json::json;

    #[test]
    fn looks_like_kubectl() {
        insta::assert_snapshot!(to_string(&json!({
            "kind": "Pod",
            "empty": {}, "none": [], "nil": null, "float": 0.5, "count": 3, "flag": true,
            "script": "#!/bin/sh\necho hi\n",
            "bare": "a\n\n  b",
            "nested": [[1, 2], [{"a": [{"b": "c"}]}]],
            "key10": 1, "key2": 2, "f:x": {".": {}}, "true": "k",
        })), @r##"
        bare: |-
          a

            b
        count: 3
        empty: {}
        f:x:
          .: {}
        flag: true
        float: 0.5
        key2: 2
        key10: 1
        kind: Pod
        nested:
        - - 1
          - 2
        - - a:
            - b: c
        nil: null
        none: []
        script: |
          #!/bin/sh
          echo hi
        "true": k
        "##);
    }

    #[test]
    fn text_is_quoted_where_it_would_be_read_as_something_else() {
        insta::assert_snapshot!(to_string(&json!({
            "quoted": ["true", "1", "", "null", "on", "yes", "y", "0644", "1e3", "2026-01-02T03:04:05Z", "1:20", "~"],
            "plain": ["a b", "10.0.0.1", "1.27-alpine", "a:b", "http://x:80/", "-x", "100m", "/bin/sh", "nginx:1.27"],
            "single": ["*", "a: b", "- x", "#x", "[x]", " x", "x ", "{}", "%", "@x", "it's: x"],
            "double": ["a\tb", "x \ny"],
        })), @r##"
        double:
        - "a\tb"
        - "x \ny"
        plain:
        - a b
        - 10.0.0.1
        - 1.27-alpine
        - a:b
        - http://x:80/
        - -x
        - 100m
        - /bin/sh
        - nginx:1.27
        quoted:
        - "true"
        - "1"
        - ""
        - "null"
        - "on"
        - "yes"
        - "y"
        - "0644"
        - "1e3"
        - "2026-01-02T03:04:05Z"
        - "1:20"
        - "~"
        single:
        - '*'
        - 'a: b'
        - '- x'
        - '#x'
        - '[x]'
        - ' x'
        - 'x '
        - '{}'
        - '%'
        - '@x'
        - 'it''s: x'
        "##);
    }

    #[test]
    fn long_lines_are_folded_behind_column_80() {
        let message = "0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient cpu. \
                       no new claims to deallocate, preemption: 0/3 nodes are available.";
        insta::assert_snapshot!(to_string(&json!({"status": {"message": message, "x": [message]}})), @"
        status:
          message: '0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient
            cpu. no new claims to deallocate, preemption: 0/3 nodes are available.'
          x:
          - '0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient cpu.
            no new claims to deallocate, preemption: 0/3 nodes are available.'
        ");
    }
}
