//! Output without what differs from run to run: ages, times, UIDs, hashes, random suffixes, addresses.
//!
//! The rules are those of the script that came with the recorded sessions, in its order.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

/// A pattern with what replaces it.
struct Rule {
    pattern: LazyLock<Option<Regex>>,
    with: &'static str,
}

macro_rules! rule {
    ($pattern:expr, $with:expr) => {
        Rule { pattern: LazyLock::new(|| Regex::new($pattern).ok()), with: $with }
    };
}

/// The alphabet of generated name suffixes.
macro_rules! random {
    () => {
        "[bcdfghjklmnpqrstvwxz2456789]"
    };
}

/// The first rules, in order.
static RULES: [Rule; 12] = [
    rule!(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "UID"),
    rule!(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", "TIME"),
    rule!(r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}", "TIME"),
    rule!(r"\b\d{4}[-/]\d\d[-/]\d\d \d\d:\d\d:\d\d(\.\d+)?( [+-]\d{4})?( UTC)?", "TIME"),
    rule!(r#"((?:resourceVersion|"resourceVersion")\\?"?: ?\\?")\d+"#, "${1}RV"),
    rule!(r"\b[0-9a-f]{64}\b", "SHA"),
    rule!(r"[A-Za-z0-9+/_-]{60,}={0,2}", "B64"),
    rule!(concat!(r"-[0-9a-f]{7,10}-", random!(), r"{5}\b"), "-HASH-ID"),
    rule!(r#"(pod-template-hash\\?"?[=:] ?\\?"?)[0-9a-f]{7,10}\b"#, "${1}HASH"),
    rule!(r#"(controller-revision-hash\\?"?[=:] ?\\?"?)([a-z0-9.-]+-)?[0-9a-z]{7,10}\b"#, "${1}HASH"),
    rule!(r"\(x\d+ over [^)]+\)", "(xN over AGE)"),
    rule!(r" {2,}|\t+", "  "),
];

/// How many of [`RULES`] come before the patterns that need to look around.
const BEFORE: usize = 10;

/// Texts of a session's commands that look allocated but were asked for: addresses and node ports.
pub(super) fn literals<'a>(commands: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    static LITERAL: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"\b3[0-2]\d{3}\b|\b\d+\.\d+\.\d+\.\d+\b").ok());
    let text = commands.collect::<Vec<_>>().join("\n");
    let Some(pattern) = LITERAL.as_ref() else { return BTreeSet::new() };
    pattern.find_iter(&text).map(|found| found.as_str().to_owned()).collect()
}

/// The text as two runs of the same session would both have it.
pub(super) fn normalise(text: &str, literals: &BTreeSet<String>) -> String {
    let mut text = text.to_owned();
    for rule in RULES.iter().take(BEFORE) {
        text = rule.apply(&text);
    }
    text = looking_around(&text, literals);
    text = RULES.get(BEFORE).map_or(text.clone(), |rule| rule.apply(&text));
    text = AGE.replace(&text, "AGE", is_age);
    sorted(lines(&text)).trim_matches('\n').to_owned()
}

impl Rule {
    fn apply(&self, text: &str) -> String {
        match self.pattern.as_ref() {
            Some(pattern) => pattern.replace_all(text, self.with).into_owned(),
            None => text.to_owned(),
        }
    }
}

/// A pattern whose match counts only if what stands around it allows.
struct Guarded(LazyLock<Option<Regex>>);

static HASH: Guarded = Guarded(LazyLock::new(|| Regex::new(r"-[0-9a-f]{7,10}\b").ok()));
static ID: Guarded = Guarded(LazyLock::new(|| Regex::new(concat!("-", random!(), r"{5}\b")).ok()));
static MINUTE: Guarded = Guarded(LazyLock::new(|| Regex::new(r"-\d{8}\b").ok()));
static SERVICE_IP: Guarded =
    Guarded(LazyLock::new(|| Regex::new(r"\b10\.(9[6-9]|10\d|11[01])\.\d+\.\d+\b").ok()));
static POD_IP: Guarded = Guarded(LazyLock::new(|| Regex::new(r"\b192\.168\.\d+\.\d+\b").ok()));
static NODE_PORT: Guarded = Guarded(LazyLock::new(|| Regex::new(r"\b3[0-2]\d{3}\b").ok()));
static AGE: Guarded = Guarded(LazyLock::new(|| Regex::new(r"(\d+m)?\d+s").ok()));

impl Guarded {
    /// Replaces the matches that `allows`, given the text before, the match and the text behind.
    fn replace(&self, text: &str, with: &str, allows: impl Fn(&str, &str, &str) -> bool) -> String {
        let Some(pattern) = self.0.as_ref() else { return text.to_owned() };
        let mut out = String::with_capacity(text.len());
        let mut copied = 0;
        let mut from = 0;
        while let Some(found) = pattern.find_at(text, from) {
            let (start, end) = (found.start(), found.end());
            let (before, behind) = (text.get(..start).unwrap_or(""), text.get(end..).unwrap_or(""));
            if allows(before, found.as_str(), behind) {
                out.push_str(text.get(copied..start).unwrap_or(""));
                out.push_str(with);
                copied = end;
                from = end;
            } else {
                from = start + 1;
            }
        }
        out.push_str(text.get(copied..).unwrap_or(""));
        out
    }
}

fn looking_around(text: &str, literals: &BTreeSet<String>) -> String {
    let is_allocated =
        |found: &str| !literals.contains(found) && found != "10.96.0.1" && found != "10.96.0.10";
    let text = HASH.replace(text, "-HASH", |_, found, _| found.bytes().any(|byte| byte.is_ascii_digit()));
    let text = ID.replace(&text, "-ID", |_, _, _| true);
    let text = MINUTE.replace(&text, "-MINUTE", |_, _, _| true);
    let text = SERVICE_IP.replace(&text, "IP", |_, found, _| is_allocated(found));
    let text =
        POD_IP.replace(&text, "IP", |_, found, behind| !behind.starts_with('/') && is_allocated(found));
    NODE_PORT.replace(&text, "NODEPORT", |_, found, _| !literals.contains(found))
}

fn is_age(before: &str, _found: &str, behind: &str) -> bool {
    let joins = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    !before.ends_with(|c| joins(c) || c == '=') && !behind.starts_with(joins)
}

/// Lines without the server's dumps of its internal types, with runs of spaces made equal.
fn lines(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut skip = false;
    for line in text.split('\n') {
        if line.starts_with("@@ ") {
            skip = true;
            continue;
        }
        if skip && (line.is_empty() || line.starts_with([' ', '+', '-', '{', '}'])) {
            continue;
        }
        skip = false;
        let spaced = RULES.last().map_or_else(|| line.to_owned(), |rule| rule.apply(line));
        lines.push(spaced.trim_end().to_owned());
    }
    lines
}

/// The lines in order, but runs of rows whose order follows random names sorted.
fn sorted(lines: Vec<String>) -> String {
    let mut result: Vec<String> = Vec::new();
    let mut run: Vec<String> = Vec::new();
    for line in lines {
        if has_random_order(&line) {
            run.push(line);
            continue;
        }
        run.sort();
        result.append(&mut run);
        result.push(line);
    }
    run.sort();
    result.append(&mut run);
    result.join("\n")
}

fn has_random_order(line: &str) -> bool {
    let event = |line: &str| line.starts_with("Normal  ") || line.starts_with("Warning  ");
    line.contains("-ID") || line.contains("-HASH") || event(line.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &str) {
        let literals = literals(["$ kubectl expose --node-port 30080 10.96.8.8"].into_iter());
        assert_eq!(normalise(text, &literals), want);
    }

    #[test]
    fn what_differs_from_run_to_run_goes() {
        check("web-5d4f8c7b9-x2x4z   1/1   Running   0   2m5s", "web-HASH-ID  1/1  Running  0  AGE");
        check("uid: 0f3b2c1d-1111-2222-3333-444455556666", "uid: UID");
        check("at 2026-11-20T10:00:00Z for 5s.", "at TIME for 5s.");
        check("--timeout=30s 10s", "--timeout=30s AGE");
        check(
            "10.96.0.1 10.97.1.2 10.96.8.8 192.168.0.0/16 192.168.1.7",
            "10.96.0.1 IP 10.96.8.8 192.168.0.0/16 IP",
        );
        check("80:30080/TCP 80:31234/TCP", "80:30080/TCP 80:NODEPORT/TCP");
        check("job-29001234 cafe-bcdfg", "job-HASH cafe-ID");
        check("\"resourceVersion\": \"12\"", "\"resourceVersion\": \"RV\"");
        check("(x3 over 10s)", "(xN over AGE)");
    }

    #[test]
    fn rows_with_random_names_are_sorted() {
        check("NAME\nb-x2x4z  b\nb-x2x4c  a\nend\n", "NAME\nb-ID  a\nb-ID  b\nend");
    }
}
