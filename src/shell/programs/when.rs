//! Times as people write them for `date -d` and `touch -d`.

use std::time::Duration;

use crate::sim::SimTime;

/// Reads `@123`, `2026-11-20 10:00`, `now`, `yesterday`, `+2 days`, `3 hours ago`, `1 week`, and a date
/// followed by such a distance. All in UTC. `None` when it cannot be read.
pub(crate) fn parse(text: &str, now: SimTime) -> Option<SimTime> {
    let text = text.trim();
    if let Some(seconds) = text.strip_prefix('@') {
        let seconds: f64 = seconds.parse().ok()?;
        return Some(SimTime::from_unix_ns((seconds * 1e9) as i64));
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    for split in (0..=words.len()).rev() {
        let (head, tail) = words.split_at(split);
        let Some(base) = absolute(&head.join(" "), now) else { continue };
        if let Some(at) = shifted(base, tail) {
            return Some(at);
        }
    }
    None
}

fn absolute(text: &str, now: SimTime) -> Option<SimTime> {
    let midnight = |at: SimTime| SimTime::from_unix_s(at.unix_s().div_euclid(86_400) * 86_400);
    match text.to_lowercase().as_str() {
        "" | "now" => return Some(now),
        "today" => return Some(now),
        "midnight" => return Some(midnight(now)),
        "yesterday" => return Some(now - Duration::from_secs(86_400)),
        "tomorrow" => return Some(now + Duration::from_secs(86_400)),
        _ => {}
    }
    if let Some(at) = SimTime::parse_rfc3339(&text.replacen(' ', "T", 1)) {
        return Some(at);
    }
    let bare = text.trim_end_matches(" UTC").trim_end_matches('Z');
    let stamp = |text: &str| -> Option<SimTime> {
        let date: jiff::civil::DateTime = text.parse().ok()?;
        let zoned = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        i64::try_from(zoned.timestamp().as_nanosecond()).ok().map(SimTime::from_unix_ns)
    };
    stamp(bare).or_else(|| stamp(&bare.replace('/', "-"))).or_else(|| of_month(bare, now)).or_else(|| {
        // A time of day alone is today's.
        let today = midnight(now).strftime("%Y-%m-%d");
        stamp(&format!("{today}T{bare}"))
    })
}

/// `20 Nov 2026 10:00:00`, `Nov 20 2026`, `Fri Nov 20 10:00:00 UTC 2026`.
fn of_month(text: &str, now: SimTime) -> Option<SimTime> {
    const FORMATS: &[&str] = &[
        "%d %b %Y %H:%M:%S",
        "%d %b %Y %H:%M",
        "%d %b %Y",
        "%b %d %Y %H:%M:%S",
        "%b %d %H:%M:%S %Y",
        "%b %d, %Y",
        "%b %d %Y",
        "%a %b %d %H:%M:%S UTC %Y",
        "%a %b %d %H:%M:%S %Y",
    ];
    let _ = now;
    FORMATS.iter().find_map(|format| {
        let broken = jiff::fmt::strtime::parse(format, text).ok()?;
        let date = broken.to_date().ok()?;
        let time = broken.to_time().unwrap_or_default();
        let zoned = date.to_datetime(time).to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        i64::try_from(zoned.timestamp().as_nanosecond()).ok().map(SimTime::from_unix_ns)
    })
}

/// Moves `base` by `+2 days`, `3 hours ago`, `next week`, …
fn shifted(base: SimTime, words: &[&str]) -> Option<SimTime> {
    let mut at = base;
    let mut rest = words.iter().copied().peekable();
    while let Some(word) = rest.next() {
        let (count, unit) = match word.to_lowercase().as_str() {
            "next" => (1, rest.next()?.to_owned()),
            "last" => (-1, rest.next()?.to_owned()),
            number => {
                let digits = number.trim_start_matches('+');
                let end = digits.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(digits.len());
                let (digits, unit) = digits.split_at(end);
                let unit = if unit.is_empty() { rest.next()?.to_owned() } else { unit.to_owned() };
                (digits.parse::<i64>().ok()?, unit)
            }
        };
        let count = if rest.next_if(|word| *word == "ago").is_some() { -count } else { count };
        at = moved(at, count, &unit)?;
    }
    Some(at)
}

fn moved(at: SimTime, count: i64, unit: &str) -> Option<SimTime> {
    let unit = unit.to_lowercase();
    let unit = unit.trim_end_matches('s');
    let span = match unit {
        "sec" | "second" | "" => jiff::Span::new().try_seconds(count),
        "min" | "minute" => jiff::Span::new().try_minutes(count),
        "hour" => jiff::Span::new().try_hours(count),
        "day" => jiff::Span::new().try_days(count),
        "week" => jiff::Span::new().try_weeks(count),
        "fortnight" => jiff::Span::new().try_weeks(count.checked_mul(2)?),
        "month" => jiff::Span::new().try_months(count),
        "year" => jiff::Span::new().try_years(count),
        _ => return None,
    };
    let zoned = at.timestamp().to_zoned(jiff::tz::TimeZone::UTC).checked_add(span.ok()?).ok()?;
    i64::try_from(zoned.timestamp().as_nanosecond()).ok().map(SimTime::from_unix_ns)
}

/// `touch -t [[CC]YY]MMDDhhmm[.ss]`.
pub(crate) fn stamp(text: &str, now: SimTime) -> Option<SimTime> {
    let (digits, seconds) = text.split_once('.').unwrap_or((text, "00"));
    if !digits.bytes().chain(seconds.bytes()).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let year = now.strftime("%Y");
    let full = match digits.len() {
        8 => format!("{year}{digits}"),
        10 => format!("{}{digits}", year.get(..2)?),
        12 => digits.to_owned(),
        _ => return None,
    };
    let part = |from: usize, to: usize| full.get(from..to).unwrap_or("");
    let (date, hour) = (format!("{}-{}-{}", part(0, 4), part(4, 6), part(6, 8)), part(8, 10));
    absolute(&format!("{date} {hour}:{}:{seconds}", part(10, 12)), now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        let of = |text| parse(text, SimTime::START).map(SimTime::rfc3339).unwrap_or_default();
        assert_eq!(of("@0"), "1970-01-01T00:00:00Z");
        assert_eq!(of("2026-01-02"), "2026-01-02T00:00:00Z");
        assert_eq!(of("2026-01-02 03:04"), "2026-01-02T03:04:00Z");
        assert_eq!(of("+2 days"), "2026-11-22T10:00:00Z");
        assert_eq!(of("3 hours ago"), "2026-11-20T07:00:00Z");
        assert_eq!(of("yesterday"), "2026-11-19T10:00:00Z");
        assert_eq!(of("next month"), "2026-12-20T10:00:00Z");
        assert_eq!(of("20 Nov 2026 11:00"), "2026-11-20T11:00:00Z");
        assert_eq!(of("soonish"), "");
    }
}
