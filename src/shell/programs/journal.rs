//! `journalctl`: read a machine's journal.

use super::options::{Options, Spec, Value};
use super::when;
use crate::apimachinery::json::json;
use crate::cluster::Place;
use crate::hosts::JournalLine;
use crate::hosts::systemd::unit_name;
use crate::shell::{Proc, Program, Running};
use crate::sim::SimTime;

pub(crate) const PROGRAM: Program = Program { name: "journalctl", summary: "Print log entries", run };

const SPEC: Spec = Spec {
    name: "journalctl",
    short: "u:fn:xerp:o:g:t:S:U:b:kaqmD:lNF:T:",
    long: &[
        ("unit", 'u', Value::Needed),
        ("follow", 'f', Value::None),
        ("lines", 'n', Value::Needed),
        ("no-pager", 'P', Value::None),
        ("catalog", 'x', Value::None),
        ("pager-end", 'e', Value::None),
        ("reverse", 'r', Value::None),
        ("priority", 'p', Value::Needed),
        ("output", 'o', Value::Needed),
        ("grep", 'g', Value::Needed),
        ("identifier", 't', Value::Needed),
        ("since", 'S', Value::Needed),
        ("until", 'U', Value::Needed),
        ("boot", 'B', Value::Optional),
        ("dmesg", 'k', Value::None),
        ("quiet", 'q', Value::None),
        ("utc", 'Z', Value::None),
        ("no-hostname", 'H', Value::None),
        ("disk-usage", 'd', Value::None),
        ("list-boots", 'L', Value::None),
        ("all", 'a', Value::None),
        ("merge", 'm', Value::None),
        ("no-full", 'l', Value::None),
        ("full", 'l', Value::None),
        ("no-tail", 'T', Value::None),
        ("system", 's', Value::None),
        ("field", 'F', Value::Needed),
        ("fields", 'N', Value::None),
        ("case-sensitive", 'c', Value::Optional),
        ("vacuum-size", 'V', Value::Needed),
        ("vacuum-time", 'V', Value::Needed),
        ("vacuum-files", 'V', Value::Needed),
        ("rotate", 'R', Value::None),
        ("flush", 'R', Value::None),
        ("sync", 'R', Value::None),
        ("user-unit", 'u', Value::Needed),
        ("exclude-identifier", 'E', Value::Needed),
    ],
};

/// syslog priorities by number.
const PRIORITIES: [&str; 8] = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];

/// How often `-f` looks for new lines.
const LOOK: std::time::Duration = std::time::Duration::from_millis(250);

/// A line in one of the styles of `-o`.
pub(super) fn line(line: &JournalLine, host: &str, style: &str) -> String {
    // The kernel has no process number.
    let pid = if line.identifier == "kernel" { String::new() } else { format!("[{}]", line.pid) };
    let who = format!("{host} {}{pid}: {}", line.identifier, line.message);
    let stamp = |format: &str| line.at.strftime(format);
    match style {
        "cat" => line.message.clone(),
        "short-iso" => format!("{} {who}", stamp("%Y-%m-%dT%H:%M:%S+00:00")),
        "short-precise" => {
            format!("{}.{:06} {who}", stamp("%b %d %H:%M:%S"), line.at.unix_ns() / 1000 % 1_000_000)
        }
        "short-full" | "with-unit" => format!("{} {who}", stamp("%a %Y-%m-%d %H:%M:%S UTC")),
        "short-unix" => format!("{}.{:06} {who}", line.at.unix_s(), line.at.unix_ns() / 1000 % 1_000_000),
        "json" | "json-pretty" => json(line, host, style == "json-pretty"),
        _ => format!("{} {who}", stamp("%b %d %H:%M:%S")),
    }
}

fn json(line: &JournalLine, host: &str, pretty: bool) -> String {
    let value = json!({
        "MESSAGE": line.message,
        "PRIORITY": line.priority.to_string(),
        "SYSLOG_IDENTIFIER": line.identifier,
        "_HOSTNAME": host,
        "_PID": line.pid.to_string(),
        "_SYSTEMD_UNIT": line.unit,
        "__REALTIME_TIMESTAMP": (line.at.unix_ns() / 1000).to_string(),
    });
    let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
    text.unwrap_or_default()
}

fn run(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let Place::Host(host) = proc.place.clone() else {
            proc.eprint("No journal files were found.\n");
            return 0;
        };
        // `-n`, `-b` and `-xeu kubelet` come without or with a joined value.
        let args = default_lines(bare_boot(proc.args.get(1..).unwrap_or_default()));
        match SPEC.parse(&args) {
            Ok(options) if options.has('d') => {
                let host = super::machine::with_host(proc, |it| it.journal.clone()).unwrap_or_default();
                // journald sets files of 8 MiB aside and writes about 600 bytes a line.
                let used =
                    8 + host.iter().map(|it| it.message.len() as u64 + 600).sum::<u64>().div_ceil(8 << 20)
                        * 8;
                proc.print(format!("Archived and active journals take up {used}.0M in the file system.\n"));
                0
            }
            Ok(options) if options.has('V') => {
                let id = proc.read_file("/etc/machine-id").unwrap_or_default();
                proc.eprint(format!(
                    "Vacuuming done, freed 0B of archived journals from /var/log/journal/{}.\n",
                    String::from_utf8_lossy(&id).trim()
                ));
                0
            }
            Ok(options) if options.has('R') => 0,
            Ok(options) if options.has('L') => boots(proc),
            Ok(options) if options.value('F').is_some() => {
                field(proc, options.value('F').unwrap_or_default())
            }
            Ok(options) => {
                let now = proc.world().now;
                if let Some(text) = complaint(&options, now) {
                    proc.eprint(text);
                    return 1;
                }
                Reader { proc, host, options }.read().await
            }
            Err(text) => {
                proc.eprint(text.lines().next().map(|line| format!("{line}\n")).unwrap_or_default());
                1
            }
        }
    })
}

/// Styles of `-o` that are printed, and those that are not.
const STYLES: &[&str] = &[
    "short",
    "short-iso",
    "short-precise",
    "short-full",
    "short-unix",
    "with-unit",
    "json",
    "json-pretty",
    "cat",
];
const OTHER_STYLES: &[&str] =
    &["short-iso-precise", "short-monotonic", "short-delta", "verbose", "export", "json-sse", "json-seq"];

/// Units of spans with their seconds. Source: `systemd.time(7)`.
const UNITS: &[(&[&str], f64)] = &[
    (&["s", "sec", "second", "seconds", ""], 1.0),
    (&["ms", "msec"], 0.001),
    (&["us", "usec"], 0.000_001),
    (&["m", "min", "minute", "minutes"], 60.0),
    (&["h", "hr", "hour", "hours"], 3600.0),
    (&["d", "day", "days"], 86_400.0),
    (&["w", "week", "weeks"], 604_800.0),
    (&["M", "month", "months"], 2_629_800.0),
    (&["y", "year", "years"], 31_557_600.0),
];

/// A span such as `2h 30min`.
fn span(text: &str) -> Option<std::time::Duration> {
    let mut rest = text.trim();
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let end = rest.find(|it: char| !it.is_ascii_digit() && it != '.').unwrap_or(rest.len());
        let (number, behind) = rest.split_at(end);
        let behind = behind.trim_start();
        let end = behind.find(|it: char| !it.is_ascii_alphabetic()).unwrap_or(behind.len());
        let (unit, behind) = behind.split_at(end);
        let (_, factor) = UNITS.iter().find(|(names, _)| names.contains(&unit))?;
        seconds += number.parse::<f64>().ok()? * factor;
        rest = behind.trim_start();
    }
    std::time::Duration::try_from_secs_f64(seconds).ok()
}

/// A time as systemd's programs read it: days begin at midnight, `-1h` and `1h ago` are spans before now.
pub(super) fn moment(text: &str, now: SimTime) -> Option<SimTime> {
    let text = text.trim();
    let midnight = SimTime::from_unix_s(now.unix_s().div_euclid(86_400) * 86_400);
    let day = std::time::Duration::from_secs(86_400);
    match text {
        "today" => return Some(midnight),
        "yesterday" => return Some(midnight - day),
        "tomorrow" => return Some(midnight + day),
        _ => {}
    }
    if let Some(before) = text.strip_prefix('-').or_else(|| text.strip_suffix("ago")) {
        return span(before).map(|it| now - it);
    }
    if let Some(after) = text.strip_prefix('+') {
        return span(after).map(|it| now + it);
    }
    when::parse(text, now)
}

/// What is wrong with a call, or not simulated.
fn complaint(options: &Options, now: SimTime) -> Option<String> {
    if let Some(style) = options.value('o').filter(|it| !STYLES.contains(it)) {
        return Some(match OTHER_STYLES.contains(&style) {
            true => format!("uncordon: journalctl -o {style} is not simulated yet\n"),
            false => format!("Unknown output format '{style}'.\n"),
        });
    }
    let bad = ['S', 'U'].iter().find_map(|it| options.value(*it).filter(|text| moment(text, now).is_none()));
    if let Some(text) = bad {
        return Some(format!("Failed to parse timestamp: {text}\n"));
    }
    options.value('p').filter(|it| priority(it).is_none()).map(|text| format!("Unknown log level {text}\n"))
}

/// `-b` alone is this boot, which is all that is asked for; a number or an id behind it belongs to it.
fn bare_boot(args: &[String]) -> Vec<String> {
    let mut out = Vec::new();
    let mut rest = args.iter().peekable();
    while let Some(arg) = rest.next() {
        if arg != "-b" {
            out.push(arg.clone());
        } else if rest.peek().is_some_and(|next| next.parse::<i64>().is_ok() || next.len() == 32) {
            out.push(format!("--boot={}", rest.next().cloned().unwrap_or_default()));
        } else {
            out.push("--boot=0".into());
        }
    }
    out
}

/// When the machine was started, the last time at the end, with the first and last line of each boot.
fn starts(lines: &imbl::Vector<JournalLine>, booted: SimTime, now: SimTime) -> Vec<(SimTime, SimTime)> {
    let begins: Vec<SimTime> = lines
        .iter()
        .filter(|it| it.identifier == "kernel" && it.message.starts_with("Linux version"))
        .map(|it| it.at)
        .collect();
    let first = lines.front().map_or(booted, |it| it.at).min(booted);
    let mut all = vec![first];
    all.extend(begins.into_iter().filter(|at| *at > first));
    let ends = all.iter().skip(1).copied().chain([now]);
    all.iter().copied().zip(ends.collect::<Vec<_>>()).collect()
}

/// `--list-boots`.
fn boots(proc: &Proc) -> i32 {
    let now = proc.world().now;
    let Some(found) = super::machine::with_host(proc, |it| starts(&it.journal, it.booted, now)) else {
        return 1;
    };
    let id = proc.read_file("/etc/machine-id").unwrap_or_default();
    let id = String::from_utf8_lossy(&id).trim().chars().rev().collect::<String>();
    proc.print("IDX BOOT ID                          FIRST ENTRY                 LAST ENTRY\n");
    let stamp = |at: SimTime| at.strftime("%a %Y-%m-%d %H:%M:%S UTC");
    for (at, (first, last)) in found.iter().enumerate() {
        let own = format!("{:04x}{}", at + 1, id.get(..28).unwrap_or_default());
        let index = at as i64 + 1 - found.len() as i64;
        proc.print(format!("{index:>3} {own:<32} {} {}\n", stamp(*first), stamp(*last)));
    }
    0
}

/// `-F FIELD`: the values that a field has.
fn field(proc: &Proc, name: &str) -> i32 {
    let lines = super::machine::with_host(proc, |it| it.journal.clone()).unwrap_or_default();
    let of = |line: &JournalLine| match name {
        "_SYSTEMD_UNIT" | "UNIT" => Some(line.unit.clone()),
        "SYSLOG_IDENTIFIER" | "_COMM" => Some(line.identifier.clone()),
        "_PID" => Some(line.pid.to_string()),
        "PRIORITY" => Some(line.priority.to_string()),
        _ => None,
    };
    let values: std::collections::BTreeSet<String> =
        lines.iter().filter_map(of).filter(|it| !it.is_empty()).collect();
    values.iter().for_each(|value| proc.print(format!("{value}\n")));
    0
}

/// `-n` without a number means 10.
fn default_lines(args: Vec<String>) -> Vec<String> {
    let mut out = Vec::with_capacity(args.len());
    let mut rest = args.into_iter().peekable();
    while let Some(arg) = rest.next() {
        let bare = arg == "-n" || arg == "--lines";
        let number = rest.peek().is_some_and(|next| next == "all" || next.parse::<usize>().is_ok());
        out.push(arg);
        if bare && !number {
            out.push("10".into());
        }
    }
    out
}

struct Reader<'a> {
    proc: &'a Proc,
    host: String,
    options: Options,
}

impl Reader<'_> {
    async fn read(&self) -> i32 {
        let now = self.proc.world().now;
        let mut lines = self.matching(0, now);
        let end = self.total();
        let limit = match (self.options.value('n'), self.options.has('f'), self.options.has('e')) {
            (Some("all"), ..) => usize::MAX,
            (Some(count), ..) => count.trim_start_matches('+').parse().unwrap_or(usize::MAX),
            (None, true, _) => 10,
            (None, false, true) => 1000,
            _ => usize::MAX,
        };
        let skip = lines.len().saturating_sub(limit);
        lines.drain(..skip);
        if self.options.has('r') {
            lines.reverse();
        }
        if lines.is_empty() && !self.options.has('q') && !self.options.has('f') {
            self.proc.print("-- No entries --\n");
        }
        self.print(&lines);
        if self.options.has('f') {
            self.follow(end).await;
        }
        0
    }

    fn total(&self) -> usize {
        self.proc.world().hosts.get(&self.host).map_or(0, |host| host.journal.len())
    }

    /// Prints what comes, until interrupted.
    async fn follow(&self, mut seen: usize) {
        loop {
            self.proc.sleep(LOOK).await;
            let now = self.proc.world().now;
            let lines = self.matching(seen, now);
            seen = self.total();
            self.print(&lines);
        }
    }

    fn matching(&self, from: usize, now: SimTime) -> Vec<JournalLine> {
        let units: Vec<String> = self.options.values('u').map(unit_name).collect();
        let most = self.options.value('p').and_then(priority);
        let since = self.options.value('S').and_then(|text| moment(text, now));
        let until = self.options.value('U').and_then(|text| moment(text, now));
        let pattern = self.options.value('g').and_then(|text| regex::Regex::new(text).ok());
        let matches: Vec<(&str, &str)> =
            self.options.operands.iter().filter_map(|it| it.split_once('=')).collect();
        let boot = self.boot(now);
        let identifiers: Vec<&str> = self.options.values('t').collect();
        let wanted = |line: &&JournalLine| {
            matches.iter().all(|(name, value)| has(line, name, value))
                && boot.is_none_or(|(from, to)| line.at >= from && line.at <= to)
                && (units.is_empty() || units.contains(&line.unit))
                && most.is_none_or(|most| line.priority <= most)
                && since.is_none_or(|since| line.at >= since)
                && until.is_none_or(|until| line.at <= until)
                && pattern.as_ref().is_none_or(|it| it.is_match(&line.message))
                && (identifiers.is_empty() || identifiers.contains(&line.identifier.as_str()))
                && (!self.options.has('k') || line.identifier == "kernel")
        };
        let world = self.proc.world();
        let Some(host) = world.hosts.get(&self.host) else { return Vec::new() };
        host.journal.iter().skip(from).filter(wanted).cloned().collect()
    }

    /// The time of the boot that `-b` asks for; `None` for all of them.
    fn boot(&self, now: SimTime) -> Option<(SimTime, SimTime)> {
        let asked = self.options.value('B').or_else(|| self.options.has('k').then_some("0"))?;
        let world = self.proc.world();
        let host = world.hosts.get(&self.host)?;
        let all = starts(&host.journal, host.booted, now);
        let number: i64 = asked.parse().unwrap_or(0);
        let at = if number > 0 { number - 1 } else { all.len() as i64 - 1 + number };
        usize::try_from(at)
            .ok()
            .and_then(|at| all.get(at).copied())
            .or(Some((SimTime::START, SimTime::START)))
    }

    fn print(&self, lines: &[JournalLine]) {
        let style = self.options.value('o').unwrap_or("short");
        for entry in lines {
            self.proc.print(format!("{}\n", line(entry, &self.host, style)));
        }
    }
}

/// A match such as `_SYSTEMD_UNIT=kubelet.service` or `_PID=1`.
fn has(line: &JournalLine, name: &str, value: &str) -> bool {
    match name {
        "_SYSTEMD_UNIT" | "UNIT" => line.unit == value,
        "SYSLOG_IDENTIFIER" | "_COMM" => line.identifier == value,
        "_PID" => line.pid.to_string() == value,
        "PRIORITY" => line.priority.to_string() == value,
        "_TRANSPORT" => (value == "kernel") == (line.identifier == "kernel"),
        _ => true,
    }
}

fn priority(text: &str) -> Option<u8> {
    let highest = text.rsplit("..").next().unwrap_or(text);
    let number = highest.parse().ok();
    let named =
        || PRIORITIES.iter().position(|name| *name == highest || highest == "error" && *name == "err");
    number.or_else(|| named().and_then(|at| u8::try_from(at).ok()))
}
