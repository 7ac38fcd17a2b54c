//! Tables of cron: what a machine's files ask to be run, and when.
//!
//! Knows nothing of shells: somebody else runs the commands.

use std::sync::Arc;

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Host;
use crate::sim::SimTime;
use crate::sim::memo::Memo;

/// Where users' own tables are, by name of the user.
pub(crate) const SPOOL: &str = "/var/spool/cron/crontabs";
const SYSTEM_TABLE: &str = "/etc/crontab";
const SYSTEM_TABLES: &str = "/etc/cron.d";

/// The names for times, with the fields that they stand for: those of Vixie's cron, and of robfig/cron in Kubernetes.
pub(crate) const NICKNAMES: &[(&str, &str)] = &[
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

/// The names of the five fields, as messages have them.
const FIELDS: &[&str] = &["minute", "hour", "day-of-month", "month", "day-of-week"];

/// When an entry is due.
#[derive(Clone, Debug)]
enum When {
    Cron(Box<Cron>),
    Reboot,
}

/// The first time after `after` by the clocks of a zone.
pub(crate) fn following(cron: &Cron, after: SimTime, zone: &TimeZone) -> Option<SimTime> {
    let from = Timestamp::from_second(after.unix_s()).ok()?.to_zoned(zone.clone());
    let next = cron.find_next_occurrence(&from, false).ok()?;
    Some(SimTime::from_unix_s(next.timestamp().as_second()))
}

/// A line of a table.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    when: When,
    pub(crate) user: String,
    pub(crate) command: String,
    /// What the table sets before the line.
    pub(crate) env: Vec<(String, String)>,
}

impl Entry {
    /// The first time after `after`; `booted` is when the machine came up.
    pub(crate) fn next(&self, after: SimTime, booted: SimTime) -> Option<SimTime> {
        match &self.when {
            When::Reboot => (booted > after).then_some(booted),
            When::Cron(cron) => following(cron, after, &TimeZone::UTC),
        }
    }

    /// The command, and what it reads: behind the first `%` that has no `\` before it, each `%` ends a line.
    pub(crate) fn command_and_input(&self) -> (String, Option<String>) {
        let marked = self.command.replace("\\%", "\u{0}");
        let plain = |text: &str| text.replace('\u{0}', "%");
        match marked.split_once('%') {
            None => (plain(&marked), None),
            Some((command, input)) => (plain(command), Some(plain(&input.replace('%', "\n")) + "\n")),
        }
    }
}

/// Tables that were read lately, by their user and text: cron is asked at every wait.
static TABLES: Memo<Arc<[Entry]>> = Memo::new(16);

fn table(text: &str, user: Option<&str>) -> Arc<[Entry]> {
    let question = format!("{}\n{text}", user.unwrap_or_default());
    TABLES.get(&question, || parse(text, user).unwrap_or_default().into())
}

/// The tables of a machine whose cron runs.
pub(crate) fn tables(host: &Host) -> Vec<Arc<[Entry]>> {
    if !host.unit_active("cron.service") {
        return Vec::new();
    }
    let names = |directory: &str| -> Vec<String> {
        let found = host.files.list(directory).unwrap_or_default();
        found.into_iter().map(|(name, _)| name).collect()
    };
    let text = |path: &str| host.files.read_text(path).unwrap_or_default();
    // Files whose names have a dot are left alone, as packages leave copies there.
    let plain = |name: &String| name.chars().all(|it| it.is_ascii_alphanumeric() || it == '-' || it == '_');
    let system = names(SYSTEM_TABLES).into_iter().filter(plain).map(|name| format!("{SYSTEM_TABLES}/{name}"));
    let system = std::iter::once(SYSTEM_TABLE.to_owned()).chain(system).map(|path| table(&text(&path), None));
    let own = names(SPOOL).into_iter().map(|user| table(&text(&format!("{SPOOL}/{user}")), Some(&user)));
    system.chain(own).collect()
}

/// A line that is no entry: its number from 0, and which part is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bad {
    pub(crate) line: usize,
    pub(crate) part: &'static str,
}

/// Reads a table: `user`'s own, or one whose lines name their users.
///
/// # Errors
/// The first line that is no entry.
pub(crate) fn parse(text: &str, user: Option<&str>) -> Result<Vec<Entry>, Bad> {
    let mut env: Vec<(String, String)> = Vec::new();
    let mut all = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some((name, value)) = assignment(line) {
            env.retain(|(known, _)| known != name);
            env.push((name.to_owned(), value.to_owned()));
            continue;
        }
        let bad = |part| Bad { line: number, part };
        let (when, rest) = time(line).map_err(bad)?;
        let (user, command) = match user {
            Some(user) => (user, rest),
            None => rest.split_once(char::is_whitespace).ok_or(bad("command"))?,
        };
        let command = command.trim();
        if command.is_empty() {
            return Err(bad("command"));
        }
        all.push(Entry { when, user: user.to_owned(), command: command.to_owned(), env: env.clone() });
    }
    Ok(all)
}

fn assignment(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once('=')?;
    let name = name.trim();
    let is_name = !name.is_empty() && name.chars().all(|it| it.is_alphanumeric() || it == '_');
    is_name.then(|| (name, value.trim().trim_matches(['"', '\''])))
}

/// The time at the start of a line, and the rest.
fn time(line: &str) -> Result<(When, &str), &'static str> {
    if line.starts_with('@') {
        let (name, rest) = line.split_once(char::is_whitespace).ok_or("command")?;
        let fields = NICKNAMES.iter().find(|(nick, _)| *nick == name).map(|(_, fields)| *fields);
        return match fields {
            Some(fields) => {
                Ok((When::Cron(Box::new(cron(fields).ok_or("time specifier")?)), rest.trim_start()))
            }
            None if name == "@reboot" => Ok((When::Reboot, rest.trim_start())),
            None => Err("time specifier"),
        };
    }
    let mut rest = line;
    let mut fields = ["*"; 5];
    for at in 0..FIELDS.len() {
        let (field, behind) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        fields[at] = field;
        let mut alone = ["*"; 5];
        alone[at] = field;
        if cron(&alone.join(" ")).is_none() {
            return Err(FIELDS[at]);
        }
        rest = behind.trim_start();
    }
    let cron = cron(&fields.join(" ")).ok_or("time specifier")?;
    Ok((When::Cron(Box::new(cron)), rest))
}

fn cron(fields: &str) -> Option<Cron> {
    // Letters and signs that other crons know, this one does not.
    if fields.contains(['L', 'W', '#', '?']) && !fields.to_uppercase().contains("JUL") {
        return None;
    }
    let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
    parser.parse(fields).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_have_times_users_and_settings() {
        let all =
            parse("# x\nPATH=/bin\n*/5 0-6 * * mon root date\n@daily root a\\%b%in%put\n", None).unwrap();
        assert_eq!(all.len(), 2);
        assert_eq!((all[0].user.as_str(), all[0].command.as_str()), ("root", "date"));
        assert_eq!(all[0].env, [("PATH".to_owned(), "/bin".to_owned())]);
        assert_eq!(all[1].command_and_input(), ("a%b".into(), Some("in\nput\n".into())));
        let noon = SimTime::parse_rfc3339("2026-01-01T12:00:30Z").unwrap();
        let next = all[1].next(noon, SimTime::START).unwrap();
        assert_eq!(next.rfc3339(), "2026-01-02T00:00:00Z");
    }

    #[test]
    fn what_is_wrong_is_named() {
        let part = |text: &str| parse(text, Some("root")).unwrap_err().part;
        assert_eq!(part("61 * * * * date"), "minute");
        assert_eq!(part("* 25 * * * date"), "hour");
        assert_eq!(part("* * * * *"), "command");
        assert_eq!(part("hello there this is no entry"), "minute");
    }
}
