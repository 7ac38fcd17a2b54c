//! Colors of YAML, line by line: enough for manifests, and never wrong about the letters themselves.

use ratatui::style::Style;

use crate::tui::theme::Theme;

/// True for files that are shown as YAML.
pub(super) fn is_yaml(name: &str) -> bool {
    [".yaml", ".yml"].iter().any(|end| name.ends_with(end)) || name.contains("kubectl-edit-")
}

/// A style for each letter of a line.
pub(super) fn styles(line: &[char], theme: Theme) -> Vec<Style> {
    let mut styles = vec![Style::new(); line.len()];
    let mut paint = |from: usize, to: usize, style: Style| {
        styles.iter_mut().take(to).skip(from).for_each(|it| *it = style);
    };
    let end = comment_start(line);
    paint(end, line.len(), theme.comment());
    let text = line.get(..end).unwrap_or_default();
    let trimmed: String = text.iter().collect::<String>().trim_end().to_owned();
    if trimmed == "---" || trimmed == "..." || trimmed.starts_with('%') {
        paint(0, end, theme.strong());
        return styles;
    }
    let mut at = text.iter().take_while(|c| c.is_whitespace()).count();
    while text.get(at) == Some(&'-') && text.get(at + 1).is_none_or(|c| *c == ' ') {
        paint(at, at + 1, theme.strong());
        at += 1 + text.iter().skip(at + 1).take_while(|c| **c == ' ').count();
    }
    let value = match name_end(text, at) {
        Some(colon) => {
            paint(at, colon, theme.name());
            paint(colon, colon + 1, theme.strong());
            colon + 1
        }
        None => at,
    };
    let value = value + text.iter().skip(value).take_while(|c| **c == ' ').count();
    if value < end {
        paint(value, end, value_style(text.get(value..).unwrap_or_default(), theme));
    }
    styles
}

/// Where a remark begins: at a `#` outside quotes with a blank before it.
fn comment_start(line: &[char]) -> usize {
    let mut quote: Option<char> = None;
    for (at, c) in line.iter().enumerate() {
        let opens = at == 0 || line.get(at - 1).is_some_and(|before| " :[{,-".contains(*before));
        match (quote, c) {
            (Some(open), c) if open == *c => quote = None,
            (None, '"' | '\'') if opens => quote = Some(*c),
            (None, '#') if at == 0 || line.get(at - 1).is_some_and(|c| c.is_whitespace()) => return at,
            _ => {}
        }
    }
    line.len()
}

/// The colon that ends a name which begins at `from`.
fn name_end(text: &[char], from: usize) -> Option<usize> {
    let mut quote: Option<char> = None;
    for (at, c) in text.iter().enumerate().skip(from) {
        match (quote, c) {
            (Some(open), c) if open == *c => quote = None,
            (None, '"' | '\'') if at == from => quote = Some(*c),
            (None, '[' | '{' | '&' | '*' | '|' | '>') if at == from => return None,
            (None, ':') if text.get(at + 1).is_none_or(|c| c.is_whitespace()) => return Some(at),
            _ => {}
        }
    }
    None
}

fn value_style(value: &[char], theme: Theme) -> Style {
    let text: String = value.iter().collect();
    let text = text.trim();
    let number = text.parse::<f64>().is_ok();
    let word = matches!(text, "true" | "false" | "null" | "~" | "yes" | "no" | "on" | "off");
    let quoted = text.starts_with(['"', '\'']);
    let mark = text.starts_with(['|', '>', '&', '*', '!']);
    if number || word || quoted {
        theme.value()
    } else if mark {
        theme.code()
    } else {
        Style::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `n` name, `:` and `-` signs, `v` value, `#` remark, `.` plain.
    #[track_caller]
    fn check(line: &str, want: &str) {
        let theme = Theme::COLOR;
        let letters: Vec<char> = line.chars().collect();
        let of = |style: &Style| match *style {
            style if style == theme.name() => 'n',
            style if style == theme.value() => 'v',
            style if style == theme.comment() => '#',
            style if style == theme.strong() => '-',
            _ => '.',
        };
        let got: String = styles(&letters, theme).iter().map(of).collect();
        assert_eq!(got, want, "{line}");
    }

    #[test]
    fn names_values_and_remarks_are_told_apart() {
        check("kind: Pod", "nnnn-....");
        check("  - name: \"a#b\" # x", "..-.nnnn-.vvvvvv###");
        check("replicas: 3", "nnnnnnnn-.v");
        check("- --flag=a:b", "-...........");
        check("---", "---");
        check("\"a\": x", "nnn-..");
    }
}
