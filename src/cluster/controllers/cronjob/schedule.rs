//! Schedules of CronJobs: five fields, `@daily` and its like, `@every 1h`, in a time zone.

use std::str::FromStr;
use std::time::Duration;

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::hosts::cron::{NICKNAMES, following};
use crate::sim::SimTime;

/// When a CronJob is due.
#[derive(Clone, Debug)]
pub(super) enum Schedule {
    Cron(Box<Cron>),
    Every(Duration),
}

impl Schedule {
    /// Reads a schedule; `None` when it is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if let Some(every) = text.strip_prefix("@every ") {
            return duration(every.trim()).map(|it| Self::Every(it.max(Duration::from_secs(1))));
        }
        let named = NICKNAMES.iter().find(|(name, _)| *name == text.trim()).map(|(_, fields)| *fields);
        let fields = named.unwrap_or(text).replace('?', "*");
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        parser.parse(&fields).ok().map(|it| Self::Cron(Box::new(it)))
    }

    /// The first time after `after`.
    pub(super) fn next(&self, after: SimTime, zone: &TimeZone) -> Option<SimTime> {
        match self {
            Self::Every(every) => Some(SimTime::from_unix_s(after.unix_s()) + *every),
            Self::Cron(cron) => following(cron, after, zone),
        }
    }

    /// The latest time in `earliest..=now`, and how many there are; at most `limit` of them are counted.
    pub(super) fn latest(
        &self,
        earliest: SimTime,
        now: SimTime,
        zone: &TimeZone,
        limit: usize,
    ) -> (Option<SimTime>, usize) {
        let Some(first) = self.next(earliest, zone).filter(|it| *it <= now) else { return (None, 0) };
        let Some(second) = self.next(first, zone).filter(|it| *it <= now) else { return (Some(first), 1) };
        let (between, elapsed) = (second.since(first).as_secs().max(1), now.since(first).as_secs());
        let missed = elapsed / between + 1;
        // Schedules are uneven, so the last stretch is walked.
        let mut at = first + Duration::from_secs(between * missed.saturating_sub(3));
        let mut latest = second;
        while let Some(next) = self.next(at, zone).filter(|it| *it <= now) {
            latest = latest.max(next);
            at = next;
        }
        (Some(latest), usize::try_from(missed).unwrap_or(usize::MAX).min(limit))
    }
}

/// The time zone of a name in the IANA database; UTC, as the controller's clock, when there is none.
pub(super) fn zone(name: &str) -> Option<TimeZone> {
    if name.is_empty() {
        return Some(TimeZone::UTC);
    }
    TimeZoneDatabase::bundled().get(name).ok()
}

/// A Go duration such as `1h30m`.
fn duration(text: &str) -> Option<Duration> {
    let mut total = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|it: char| !it.is_ascii_digit() && it != '.')?;
        let number = f64::from_str(rest.get(..end)?).ok()?;
        rest = rest.get(end..)?;
        let (unit, seconds) =
            [("ms", 0.001), ("us", 1e-6), ("ns", 1e-9), ("h", 3600.0), ("m", 60.0), ("s", 1.0)]
                .into_iter()
                .find(|(unit, _)| rest.starts_with(unit))?;
        total += number * seconds;
        rest = rest.get(unit.len()..)?;
    }
    Duration::try_from_secs_f64(total).ok().filter(|_| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first time of a schedule after 10:00 UTC on Friday 2026-11-20.
    #[track_caller]
    fn check(schedule: &str, zone_name: &str, want: &str) {
        let zone = zone(zone_name).unwrap();
        let next = Schedule::parse(schedule).and_then(|it| it.next(SimTime::START, &zone));
        assert_eq!(next.map(SimTime::rfc3339).as_deref(), Some(want), "{schedule}");
    }

    #[test]
    fn schedules_know_their_next_time() {
        check("*/5 * * * *", "", "2026-11-20T10:05:00Z");
        check("0 2 * * *", "", "2026-11-21T02:00:00Z");
        check("15 4 * * 1", "Europe/Berlin", "2026-11-23T03:15:00Z");
        check("0 0 1,15 * MON", "", "2026-11-23T00:00:00Z");
        check("@weekly", "", "2026-11-22T00:00:00Z");
        check("@every 1h30m", "", "2026-11-20T11:30:00Z");
        assert!(Schedule::parse("99 * * * *").is_none() && Schedule::parse("* * * *").is_none());
    }

    #[test]
    fn missed_times_are_counted() {
        let minutes = |it: u64| SimTime::START + Duration::from_secs(60 * it);
        let schedule = Schedule::parse("*/10 * * * *").unwrap();
        let latest = |to| schedule.latest(SimTime::START, minutes(to), &TimeZone::UTC, 1_000);
        assert_eq!(latest(9), (None, 0));
        assert_eq!(latest(11), (Some(minutes(10)), 1));
        assert_eq!(latest(59), (Some(minutes(50)), 5));
    }
}
