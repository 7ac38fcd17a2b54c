//! `journalctl`: read a machine's journal.

use super::options::{Options, Spec, Value};
use super::when;
use crate::cluster::Place;
use crate::hosts::JournalLine;
use crate::hosts::systemd::unit_name;
use crate::shell::{Proc, Program, Running};
use crate::sim::SimTime;

pub(crate) const PROGRAM: Program = Program { name: "journalctl", summary: "Print log entries", run };

const SPEC: Spec = Spec {
    name: "journalctl",
    short: "u:fn:xerp:o:g:t:S:U:b:kaqmD:",
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
    let value = serde_json::json!({
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
        let args: Vec<String> = proc.args.iter().skip(1).filter(|arg| *arg != "-b").cloned().collect();
        let args = default_lines(args);
        match SPEC.parse(&args) {
            Ok(options) if options.has('d') => {
                proc.print("Archived and active journals take up 16.0M in the file system.\n");
                0
            }
            Ok(options) => Reader { proc, host, options }.read().await,
            Err(text) => {
                proc.eprint(text.lines().next().map(|line| format!("{line}\n")).unwrap_or_default());
                1
            }
        }
    })
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
            let lines = self.matching(seen, self.proc.world().now);
            seen = self.total();
            self.print(&lines);
        }
    }

    fn matching(&self, from: usize, now: SimTime) -> Vec<JournalLine> {
        let units: Vec<String> = self.options.values('u').map(unit_name).collect();
        let most = self.options.value('p').and_then(priority);
        let since = self.options.value('S').and_then(|text| when::parse(text, now));
        let until = self.options.value('U').and_then(|text| when::parse(text, now));
        let pattern = self.options.value('g').and_then(|text| regex::Regex::new(text).ok());
        let wanted = |line: &&JournalLine| {
            (units.is_empty() || units.contains(&line.unit))
                && most.is_none_or(|most| line.priority <= most)
                && since.is_none_or(|since| line.at >= since)
                && until.is_none_or(|until| line.at <= until)
                && pattern.as_ref().is_none_or(|it| it.is_match(&line.message))
                && self.options.value('t').is_none_or(|name| line.identifier == name)
                && (!self.options.has('k') || line.identifier == "kernel")
        };
        let world = self.proc.world();
        let Some(host) = world.hosts.get(&self.host) else { return Vec::new() };
        host.journal.iter().skip(from).filter(wanted).cloned().collect()
    }

    fn print(&self, lines: &[JournalLine]) {
        let style = self.options.value('o').unwrap_or("short");
        for entry in lines {
            self.proc.print(format!("{}\n", line(entry, &self.host, style)));
        }
    }
}

fn priority(text: &str) -> Option<u8> {
    let highest = text.rsplit("..").next().unwrap_or(text);
    let number = highest.parse().ok();
    let named =
        || PRIORITIES.iter().position(|name| *name == highest || highest == "error" && *name == "err");
    number.or_else(|| named().and_then(|at| u8::try_from(at).ok()))
}
