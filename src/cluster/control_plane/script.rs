//! What a program does and says from its start until it serves, as data: `assets/logs/<program>.txt`.
//!
//! A line of such a file is `<milliseconds since the start> <what is logged>`; `= name` is a checkpoint,
//! where the program may find something wrong ([`Verdict`]); `[condition]` before a line says when it
//! is logged at all. Values in braces are filled in: `{flag:data-dir}`, `{urls:listen-peer-urls}`.
//! A text that begins with a level letter becomes a klog line, JSON gets its time, all else stays.

use std::time::Duration;

use sha2::{Digest, Sha256};

use super::Process;
use crate::cluster::{ClusterId, World};
use crate::hosts::Host;
use crate::sim::SimTime;

/// A start in progress: who starts where.
pub(super) struct Start<'a> {
    pub(super) world: &'a World,
    pub(super) cluster: ClusterId,
    pub(super) machine: &'a Host,
    pub(super) process: &'a Process,
}

/// What a checkpoint found.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Verdict {
    Fine,
    /// All is well, and it says more than usual.
    Says(Vec<String>),
    /// It says why not and ends with this code, so many milliseconds later.
    Ends {
        said: Vec<(u64, String)>,
        code: i32,
    },
    /// It keeps trying, and says so every time; the checkpoint is looked at again.
    Stuck {
        said: Vec<String>,
        every: Duration,
    },
}

impl Verdict {
    /// Ends at once with code 1.
    pub(super) fn fatal(said: impl Into<String>) -> Self {
        Self::Ends { said: vec![(0, said.into())], code: 1 }
    }

    /// `run.go` of Kubernetes' programs: `"command failed" err="…"`.
    pub(super) fn failed(why: &str) -> Self {
        Self::fatal(command_failed(why))
    }

    /// Fine, or what is wrong.
    pub(super) fn of(result: Result<(), String>) -> Self {
        match result {
            Ok(()) => Self::Fine,
            Err(why) => Self::failed(&why),
        }
    }
}

/// The last line of a Kubernetes program that could not start.
pub(crate) fn command_failed(why: &str) -> String {
    // klog writes a value of several lines between angle brackets.
    if why.contains('\n') {
        let text = why.replace('\n', "\n\t");
        return format!("E run.go:72] \"command failed\" err=<\n\t{text}\n >");
    }
    format!("E run.go:72] \"command failed\" err={}", go_quote(why))
}

/// A text in quotes as Go's `%q` writes it.
pub(crate) fn go_quote(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// What a program brings along.
pub(super) struct Program {
    pub(super) name: &'static str,
    pub(super) text: &'static str,
    pub(super) check: fn(&Start<'_>, &str) -> Verdict,
    /// Whether a condition holds.
    pub(super) holds: fn(&Start<'_>, &str) -> bool,
    /// The value of a name in braces that is not a flag.
    pub(super) value: fn(&Start<'_>, &str) -> String,
}

/// How a start went.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Outcome {
    /// It serves, after so long.
    Serves {
        after: Duration,
    },
    Ends {
        after: Duration,
        code: i32,
    },
    /// It hangs at a checkpoint and looks again after a while.
    Stuck {
        at: &'static str,
        every: Duration,
    },
}

/// Lines with the time since the start, and the outcome.
pub(crate) struct Played {
    pub(crate) log: Vec<(Duration, String)>,
    pub(crate) outcome: Outcome,
}

/// Plays a program's script, from the beginning or on from a checkpoint where it hung.
pub(super) fn play(program: &'static Program, start: &Start<'_>, from: Option<&str>) -> Played {
    let mut log = Vec::new();
    let mut at = 0;
    let mut skipping = from.is_some();
    // Resumed lines count from now.
    let mut base: Option<u64> = from.is_none().then_some(0);
    for line in program.text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        if let Some(name) = line.strip_prefix("= ") {
            skipping &= Some(name) != from;
            if skipping {
                continue;
            }
            match (program.check)(start, name) {
                Verdict::Fine => {}
                Verdict::Says(said) => log.extend(said.into_iter().map(|text| (at, text))),
                Verdict::Ends { said, code } => {
                    let end = at + said.last().map_or(0, |(after, _)| *after) + 50;
                    log.extend(said.into_iter().map(|(after, text)| (at + after, text)));
                    let outcome = Outcome::Ends { after: Duration::from_millis(end), code };
                    return Played { log: rendered(start, log), outcome };
                }
                Verdict::Stuck { said, every } => {
                    log.extend(said.into_iter().map(|text| (at, text)));
                    return Played { log: rendered(start, log), outcome: Outcome::Stuck { at: name, every } };
                }
            }
        } else if !skipping {
            let Some((after, text)) = conditional(program, start, line) else { continue };
            let base = *base.get_or_insert(after);
            at = at.max(after.saturating_sub(base));
            log.push((at, filled(program, start, text)));
        }
    }
    Played { log: rendered(start, log), outcome: Outcome::Serves { after: Duration::from_millis(at) } }
}

/// Time and text of a line whose condition holds.
fn conditional<'t>(program: &Program, start: &Start<'_>, line: &'t str) -> Option<(u64, &'t str)> {
    let line = match line.strip_prefix('[').and_then(|rest| rest.split_once("] ")) {
        Some((condition, rest)) => (program.holds)(start, condition).then_some(rest)?,
        None => line,
    };
    let (after, text) = line.split_once(' ')?;
    Some((after.parse().ok()?, text))
}

fn filled(program: &Program, start: &Start<'_>, text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let name = after.split('}').next().unwrap_or("");
        let is_name =
            !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || matches!(c, ':' | '-'));
        if is_name && after.len() > name.len() {
            out.push_str(&value(program, start, name));
            rest = after.get(name.len() + 1..).unwrap_or("");
        } else {
            out.push('{');
            rest = after;
        }
    }
    out + rest
}

fn value(program: &Program, start: &Start<'_>, name: &str) -> String {
    let process = start.process;
    match name.split_once(':') {
        Some(("flag", flag)) => process.flag(flag).unwrap_or("").to_owned(),
        Some(("bool", flag)) => {
            process.flag(flag).map_or("false", |it| if it.is_empty() { "true" } else { it }).into()
        }
        Some(("urls", flag)) => {
            let mut urls = process.flag_list(flag);
            urls.sort_unstable();
            let all: Vec<String> = urls.iter().map(|url| format!("{url:?}")).collect();
            format!("[{}]", all.join(","))
        }
        Some(("golist", flag)) => format!("[{}]", process.flag_list(flag).join(" ")),
        _ if name == "args" => {
            let words =
                std::iter::once(process.program.as_str()).chain(process.args.iter().map(String::as_str));
            format!("[{}]", words.map(|word| format!("{word:?}")).collect::<Vec<_>>().join(","))
        }
        _ if name == "node" => start.machine.name.clone(),
        _ if name == "uuid" => uuid(start),
        _ if name == "pointer" => digest(start, 12),
        _ => (program.value)(start, name),
    }
}

/// Hex digits that differ from start to start and from host to host, and are the same in every replay.
fn digest(start: &Start<'_>, len: usize) -> String {
    let seed = format!("{}/{}/{}", start.machine.name, start.process.program, start.world.now.rfc3339_nano());
    let sum = Sha256::digest(seed.as_bytes());
    let hex: String = sum.iter().map(|byte| format!("{byte:02x}")).collect();
    hex.chars().take(len).collect()
}

fn uuid(start: &Start<'_>) -> String {
    let hex = digest(start, 32);
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or("").to_owned();
    format!("{}-{}-4{}-8{}-{}", part(0, 8), part(8, 12), part(12, 15), part(15, 18), part(18, 30))
}

fn rendered(start: &Start<'_>, log: Vec<(u64, String)>) -> Vec<(Duration, String)> {
    log.into_iter()
        .map(|(after, text)| {
            let after = Duration::from_millis(after);
            (after, render(&text, start.world.now + after, 1))
        })
        .collect()
}

/// A line as the program writes it at an instant.
pub(crate) fn render(text: &str, at: SimTime, pid: u32) -> String {
    let mut letters = text.chars();
    let level = letters.next().filter(|it| "IWEF".contains(*it));
    if let Some(level) = level.filter(|_| letters.next() == Some(' ') && text.contains("] ")) {
        let rest = text.get(2..).unwrap_or("");
        return format!("{level}{} {pid:7} {rest}", at.strftime("%m%d %H:%M:%S.%6f"));
    }
    if let Some((level, rest)) = text.strip_prefix("{\"level\":").and_then(|it| it.split_once(',')) {
        return format!("{{\"level\":{level},\"ts\":\"{}\",{rest}", at.rfc3339_micro());
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_get_their_times() {
        let at = SimTime::START;
        assert!(render("I server.go:1] hello", at, 1).ends_with("       1 server.go:1] hello"));
        assert!(
            render("{\"level\":\"info\",\"msg\":\"x\"}", at, 1)
                .starts_with("{\"level\":\"info\",\"ts\":\"2026-")
        );
        assert_eq!(render("Error: no", at, 1), "Error: no");
    }
}
