//! A point in simulated time, and how Kubernetes and its tools write it.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::temporal::DateTimePrinter;

/// A point in simulated time: nanoseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SimTime(i64);

impl SimTime {
    /// Where every fresh world begins: 2026-11-20T10:00:00Z.
    pub(crate) const START: Self = Self::from_unix_s(1_795_168_800);

    /// The point `seconds` after the Unix epoch.
    pub(crate) const fn from_unix_s(seconds: i64) -> Self {
        Self(seconds * 1_000_000_000)
    }

    /// The point `nanos` after the Unix epoch.
    pub(crate) const fn from_unix_ns(nanos: i64) -> Self {
        Self(nanos)
    }

    /// Whole seconds since the Unix epoch.
    pub(crate) const fn unix_s(self) -> i64 {
        self.0.div_euclid(1_000_000_000)
    }

    /// Nanoseconds since the Unix epoch.
    pub(crate) const fn unix_ns(self) -> i64 {
        self.0
    }

    /// How long after `earlier` this is; zero when it is not after.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(u64::try_from(self.0 - earlier.0).unwrap_or(0))
    }

    /// `metav1.Time`: `2026-11-20T10:00:00Z`, whole seconds.
    pub(crate) fn rfc3339(self) -> String {
        printed(0, self.timestamp())
    }

    /// `metav1.MicroTime`: `2026-11-20T10:00:00.000000Z`.
    pub(crate) fn rfc3339_micro(self) -> String {
        printed(6, self.timestamp())
    }

    /// Container runtimes' log stamp: nine digits of a second.
    pub(crate) fn rfc3339_nano(self) -> String {
        printed(9, self.timestamp())
    }

    /// Reads RFC 3339, with or without a fraction. `None` when the text is not a time.
    pub(crate) fn parse_rfc3339(text: &str) -> Option<Self> {
        let stamp: Timestamp = text.parse().ok()?;
        i64::try_from(stamp.as_nanosecond()).ok().map(Self)
    }

    /// The same point as a `jiff` value, for calendars and formats.
    pub(crate) fn timestamp(self) -> Timestamp {
        Timestamp::from_nanosecond(i128::from(self.0)).unwrap_or_default()
    }

    /// `strftime` in UTC, for logs and `date`.
    pub(crate) fn strftime(self, format: &str) -> String {
        self.timestamp().strftime(format).to_string()
    }
}

fn printed(precision: u8, stamp: Timestamp) -> String {
    let mut text = String::new();
    let printer = DateTimePrinter::new().precision(Some(precision));
    // Writing to a `String` cannot fail.
    let _ = printer.print_timestamp(&stamp, &mut text);
    text
}

impl Add<Duration> for SimTime {
    type Output = Self;
    fn add(self, rhs: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(rhs.as_nanos()).unwrap_or(i64::MAX)))
    }
}

impl Sub<Duration> for SimTime {
    type Output = Self;
    fn sub(self, rhs: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(rhs.as_nanos()).unwrap_or(i64::MAX)))
    }
}

impl fmt::Display for SimTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

/// An age as the AGE column prints it: `7s`, `2m5s`, `3h12m`, `5d`.
///
/// Rules of apimachinery's `duration.HumanDuration`.
pub(crate) fn short_human_duration(age: Duration) -> String {
    let s = age.as_secs();
    let (m, h, d) = (s / 60, s / 3600, s / 86_400);
    let two = |big: u64, unit: &str, small: u64, small_unit: &str| match small {
        0 => format!("{big}{unit}"),
        _ => format!("{big}{unit}{small}{small_unit}"),
    };
    match s {
        0..120 => format!("{s}s"),
        120..600 => two(m, "m", s % 60, "s"),
        600..10_800 => format!("{m}m"),
        10_800..28_800 => two(h, "h", m % 60, "m"),
        28_800..172_800 => format!("{h}h"),
        172_800..691_200 => two(d, "d", h % 24, "h"),
        691_200..63_072_000 => format!("{d}d"),
        63_072_000..252_288_000 => two(d / 365, "y", d % 365, "d"),
        _ => format!("{}y", d / 365),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_the_three_precisions_of_the_api() {
        let t = SimTime::START + Duration::from_micros(1_500_250);
        assert_eq!(t.rfc3339(), "2026-11-20T10:00:01Z");
        assert_eq!(t.rfc3339_micro(), "2026-11-20T10:00:01.500250Z");
        assert_eq!(t.rfc3339_nano(), "2026-11-20T10:00:01.500250000Z");
        assert_eq!(SimTime::parse_rfc3339("2026-11-20T10:00:00Z"), Some(SimTime::START));
    }

    #[test]
    fn ages_read_as_kubectl_prints_them() {
        let age = |s| short_human_duration(Duration::from_secs(s));
        assert_eq!(
            [age(119), age(125), age(120), age(601), age(11_520), age(90_000), age(180_000)],
            ["119s", "2m5s", "2m", "10m", "3h12m", "25h", "2d2h"]
        );
    }
}
