//! History expansion: `!!`, `!$`, `!42`, `!kubectl`, `^old^new`, as bash does it to a line before it reads it.
//!
//! Knows nothing of sessions: the lines before come in, the line that is meant goes out.

use std::iter::Peekable;
use std::str::Chars;

/// A line as it is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Expanded {
    pub(super) line: String,
    /// False for `:p`: it is shown and kept, and not run.
    pub(super) runs: bool,
}

/// What a line means; `None` when nothing of it is from the history.
///
/// # Errors
/// What bash says, without its name, when there is no such line.
pub(super) fn expand(line: &str, history: &[String]) -> Result<Option<Expanded>, String> {
    if let Some(rest) = line.strip_prefix('^') {
        return quick(line, rest, history).map(Some);
    }
    if !line.contains('!') || line.contains('\n') {
        return Ok(None);
    }
    let mut out = Expanded { line: String::new(), runs: true };
    let mut found = false;
    let mut quoted = false;
    let mut before = ' ';
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                out.line.push(c);
                out.line.extend(chars.next());
            }
            '\'' if !quoted => {
                out.line.push(c);
                // Nothing is special up to the next one.
                for c in chars.by_ref() {
                    out.line.push(c);
                    if c == '\'' {
                        break;
                    }
                }
            }
            '!' if begins(before, chars.peek().copied(), quoted) => {
                let (text, runs) = event(&mut chars, history)?;
                out.line.push_str(&text);
                out.runs &= runs;
                found = true;
            }
            c => {
                quoted ^= c == '"';
                out.line.push(c);
            }
        }
        before = c;
    }
    Ok(found.then_some(out))
}

/// True when a `!` between two letters stands for a line of the history.
fn begins(before: char, next: Option<char>, quoted: bool) -> bool {
    let literal = next.is_none_or(|c| c.is_whitespace() || c == '=' || c == '(' || quoted && c == '"');
    !literal && !matches!(before, '$' | '{' | '[')
}

/// `^old^new^`: the last line with something else in it.
fn quick(line: &str, rest: &str, history: &[String]) -> Result<Expanded, String> {
    let (old, rest) = rest.split_once('^').unwrap_or((rest, ""));
    let (new, tail) = rest.split_once('^').unwrap_or((rest, ""));
    let failed = || format!(":s{}: substitution failed", line.trim_end());
    let last = history.last().filter(|last| !old.is_empty() && last.contains(old)).ok_or_else(failed)?;
    Ok(Expanded { line: format!("{}{tail}", last.replacen(old, new, 1)), runs: true })
}

/// The text of an event behind its `!`, and whether it is to run.
fn event(chars: &mut Peekable<Chars<'_>>, history: &[String]) -> Result<(String, bool), String> {
    let (name, line) = named(chars, history);
    let line = line.ok_or_else(|| format!("!{name}: event not found"))?;
    let words = words(line);
    let mut text = line.to_owned();
    let direct = chars.peek().is_some_and(|c| matches!(c, '$' | '^' | '*'));
    let behind = |chars: &Peekable<Chars<'_>>| chars.clone().nth(1);
    let colon = chars.peek() == Some(&':')
        && behind(chars).is_some_and(|c| c.is_ascii_digit() || matches!(c, '$' | '^' | '*' | '-'));
    if direct || colon {
        if colon {
            chars.next();
        }
        text = chosen(chars, &words).ok_or_else(|| format!("!{name}: bad word specifier"))?;
    }
    let mut runs = true;
    while chars.peek() == Some(&':') {
        let Some(letter) = behind(chars).filter(|c| "phtresg".contains(*c)) else { break };
        chars.next();
        chars.next();
        match letter {
            'p' => runs = false,
            's' | 'g' => text = substituted(chars, &text, letter == 'g')?,
            letter => text = part(&text, letter),
        }
    }
    Ok((text, runs))
}

/// The name of an event as typed, and its line.
fn named<'a>(chars: &mut Peekable<Chars<'_>>, history: &'a [String]) -> (String, Option<&'a String>) {
    let last = history.last();
    match chars.peek().copied() {
        Some('!') => {
            chars.next();
            ("!".into(), last)
        }
        // Without an event the last line is meant.
        Some('$' | '^' | '*' | ':') => (String::new(), last),
        Some('?') => {
            chars.next();
            let wanted: String = chars.by_ref().take_while(|c| *c != '?').collect();
            let line = history.iter().rev().find(|line| line.contains(&wanted));
            (format!("?{wanted}"), line)
        }
        _ => {
            let mut name = String::new();
            while let Some(c) = chars.next_if(|c| !c.is_whitespace() && !";&|()<>:$^*\"'".contains(*c)) {
                name.push(c);
            }
            let line = match name.parse::<isize>() {
                Ok(back @ ..0) => {
                    history.len().checked_sub(back.unsigned_abs()).and_then(|at| history.get(at))
                }
                Ok(number) => usize::try_from(number - 1).ok().and_then(|at| history.get(at)),
                Err(_) => history.iter().rev().find(|line| line.starts_with(&name)),
            };
            (name, line)
        }
    }
}

/// The words that a designator such as `$`, `*`, `2`, `2-3` or `2*` chooses.
fn chosen(chars: &mut Peekable<Chars<'_>>, words: &[String]) -> Option<String> {
    let last = words.len().checked_sub(1)?;
    let number = |chars: &mut Peekable<Chars<'_>>| {
        let mut digits = String::new();
        while let Some(c) = chars.next_if(char::is_ascii_digit) {
            digits.push(c);
        }
        digits.parse::<usize>().ok()
    };
    let (from, to) = match chars.peek().copied()? {
        '$' => {
            chars.next();
            (last, last)
        }
        '^' => {
            chars.next();
            (1, 1)
        }
        '*' => {
            chars.next();
            // A line of one word has none behind it, which is no mistake.
            return Some(words.get(1..).unwrap_or_default().join(" "));
        }
        _ => {
            let from = number(chars).unwrap_or(0);
            if chars.next_if_eq(&'*').is_some() {
                (from, last)
            } else if chars.next_if_eq(&'-').is_some() {
                let to = if chars.next_if_eq(&'$').is_some() { Some(last) } else { number(chars) };
                (from, to.unwrap_or(last.saturating_sub(1)))
            } else {
                (from, from)
            }
        }
    };
    words.get(from..=to).filter(|some| !some.is_empty()).map(|some| some.join(" "))
}

/// `:s/old/new/`, behind the letter; with `g` everywhere, where an `s` follows.
fn substituted(chars: &mut Peekable<Chars<'_>>, text: &str, all: bool) -> Result<String, String> {
    if all {
        chars.next_if_eq(&'s');
    }
    let Some(sign) = chars.next() else { return Ok(text.to_owned()) };
    let old: String = chars.by_ref().take_while(|c| *c != sign).collect();
    let mut new = String::new();
    while let Some(c) = chars.next_if(|c| *c != sign) {
        new.push(c);
    }
    chars.next();
    if old.is_empty() || !text.contains(&old) {
        return Err(format!(":s{sign}{old}{sign}{new}{sign}: substitution failed"));
    }
    Ok(if all { text.replace(&old, &new) } else { text.replacen(&old, &new, 1) })
}

/// The folder, the name, the text without its end, the end.
fn part(text: &str, letter: char) -> String {
    let (folder, name) = text.rsplit_once('/').unwrap_or(("", text));
    let (root, end) = text.rsplit_once('.').map_or((text, ""), |(root, end)| (root, end));
    match letter {
        'h' => folder.to_owned(),
        't' => name.to_owned(),
        'r' => root.to_owned(),
        _ => format!(".{end}"),
    }
}

/// The words of a line, quotes and all.
fn words(line: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    for c in line.chars() {
        match (quote, c) {
            (None, c) if c.is_whitespace() => {
                if !word.is_empty() {
                    found.push(std::mem::take(&mut word));
                }
                continue;
            }
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            _ => {}
        }
        word.push(c);
    }
    if !word.is_empty() {
        found.push(word);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, want: &str) {
        let history = ["ls -l /tmp/a.yaml", "kubectl get pods -n 'my ns'", "echo one two three"];
        let history: Vec<String> = history.iter().map(|line| (*line).to_owned()).collect();
        let shown = match expand(line, &history) {
            Ok(None) => "-".to_owned(),
            Ok(Some(Expanded { line, runs: true })) => line,
            Ok(Some(Expanded { line, runs: false })) => format!("{line} (shown)"),
            Err(why) => why,
        };
        assert_eq!(shown, want, "{line}");
    }

    /// Compared with bash 5.2.
    #[test]
    fn events_words_and_modifiers_are_those_of_bash() {
        check("sudo !!", "sudo echo one two three");
        check("cat !$", "cat three");
        check("x !^ !* !:2", "x one one two three two");
        check("!1", "ls -l /tmp/a.yaml");
        check("!-2", "kubectl get pods -n 'my ns'");
        check("!kub", "kubectl get pods -n 'my ns'");
        check("!?pods?:s/pods/nodes/", "kubectl get nodes -n 'my ns'");
        check("vim !ls:$", "vim /tmp/a.yaml");
        check("cd !ls:$:h", "cd /tmp");
        check("!k:$", "'my ns'");
        check("!!:1-2", "one two");
        check("!echo:p", "echo one two three (shown)");
        check("^two^2^", "echo one 2 three");
        check("^nine^9", ":s^nine^9: substitution failed");
        check("!nothing", "!nothing: event not found");
    }

    #[test]
    fn what_bash_leaves_alone_stays() {
        for line in
            ["[ ! -f a ]", "a != b", "echo 'wow!!'", "echo \\!x", "echo \"hi!\"", "echo $! ${!x}", "ls [!a]*"]
        {
            check(line, "-");
        }
    }
}
