//! Values as text: on one line or over several, with colours, sorted, in ASCII.

use super::value::Val;

/// Levels below which values are left out.
const LEVELS_MAX: usize = 256;

/// Bytes of a value that a message shows.
const MESSAGE_BYTES: usize = 14;

/// Escape sequences of the kinds: null, false, true, numbers, strings, arrays, objects, and names of members.
const COLORS: [&str; 8] = [
    "\x1b[0;90m",
    "\x1b[0;39m",
    "\x1b[0;39m",
    "\x1b[0;39m",
    "\x1b[0;32m",
    "\x1b[1;39m",
    "\x1b[1;39m",
    "\x1b[1;34m",
];
const PLAIN: &str = "\x1b[0m";

/// How values are written.
#[derive(Clone, Debug, Default)]
pub(super) struct Style {
    /// What a level is indented by; `None` writes all on one line.
    pub(super) indent: Option<String>,
    pub(super) sorted: bool,
    pub(super) ascii: bool,
    pub(super) color: bool,
}

/// `value` on one line.
pub(super) fn compact(value: &Val) -> String {
    Style::default().show(value)
}

/// As much of a value as messages show.
pub(super) fn brief(value: &Val) -> String {
    cut(compact(value), MESSAGE_BYTES)
}

/// At most `max` bytes of a text; dots stand for the rest.
pub(super) fn cut(mut text: String, max: usize) -> String {
    if text.len() > max {
        let mut end = max - 3;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text.push_str("...");
    }
    text
}

/// A text as a JSON string.
pub(super) fn quoted(text: &str, ascii: bool, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\0'..='\u{1f}' | '\u{7f}' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c if ascii && !c.is_ascii() => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

impl Style {
    pub(super) fn show(&self, value: &Val) -> String {
        let mut out = String::new();
        self.write(value, 0, &mut out);
        out
    }

    fn write(&self, value: &Val, level: usize, out: &mut String) {
        let color = self.color_of(value);
        if level > LEVELS_MAX {
            out.push_str(color);
            out.push_str("<skipped: too deep>");
            out.push_str(self.end());
            return;
        }
        match value {
            Val::Arr(list) => self.array(list.items(), level, out),
            Val::Obj(_) => self.object(value, level, out),
            _ => {
                out.push_str(color);
                match value {
                    Val::Bool(true) => out.push_str("true"),
                    Val::Bool(false) => out.push_str("false"),
                    Val::Num(number) => out.push_str(&number.show()),
                    Val::Str(text) => quoted(text, self.ascii, out),
                    _ => out.push_str("null"),
                }
                out.push_str(self.end());
            }
        }
    }

    fn color_of(&self, value: &Val) -> &'static str {
        let at = match value {
            Val::Null => 0,
            Val::Bool(false) => 1,
            Val::Bool(true) => 2,
            Val::Num(_) => 3,
            Val::Str(_) => 4,
            Val::Arr(_) => 5,
            Val::Obj(_) => 6,
        };
        if self.color { COLORS[at] } else { "" }
    }

    fn end(&self) -> &'static str {
        if self.color { PLAIN } else { "" }
    }

    fn line(&self, level: usize, out: &mut String) {
        if let Some(indent) = &self.indent {
            out.push('\n');
            out.extend(std::iter::repeat_n(indent.as_str(), level));
        }
    }

    fn array(&self, items: &[Val], level: usize, out: &mut String) {
        let color = if self.color { COLORS[5] } else { "" };
        out.push_str(color);
        if items.is_empty() {
            out.push_str("[]");
            out.push_str(self.end());
            return;
        }
        out.push('[');
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                out.push_str(color);
                out.push(',');
            }
            self.line(level + 1, out);
            self.write(item, level + 1, out);
        }
        out.push_str(color);
        self.line(level, out);
        out.push_str(color);
        out.push(']');
        out.push_str(self.end());
    }

    fn object(&self, value: &Val, level: usize, out: &mut String) {
        let Val::Obj(object) = value else { return };
        let color = self.color_of(value);
        out.push_str(color);
        if object.len() == 0 {
            out.push_str("{}");
            out.push_str(self.end());
            return;
        }
        out.push('{');
        let members = if self.sorted { object.sorted() } else { object.members().iter().collect() };
        for (at, (name, member)) in members.into_iter().enumerate() {
            if at > 0 {
                out.push_str(color);
                out.push(',');
            }
            self.line(level + 1, out);
            out.push_str(self.end());
            out.push_str(if self.color { COLORS[7] } else { "" });
            quoted(name, self.ascii, out);
            out.push_str(self.end());
            out.push_str(color);
            out.push(':');
            if self.indent.is_some() {
                out.push(' ');
            }
            out.push_str(self.end());
            self.write(member, level + 1, out);
        }
        out.push_str(color);
        self.line(level, out);
        out.push_str(color);
        out.push('}');
        out.push_str(self.end());
    }
}
