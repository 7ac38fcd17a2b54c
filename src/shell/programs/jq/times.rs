//! Points in time as numbers, as arrays of their parts, and as texts. The zone is UTC.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::basics::first;
use super::builtins::{Native, row};
use super::machine::{Flow, Stop};
use super::texts::must;
use super::value::Val;

pub(super) const ALL: &[Native] = &[
    row("now", 0, |machine, _, _| Ok(Val::from(machine.world.now()))),
    row("gmtime", 0, |_, it, _| parts_of(&it, "gmtime")),
    row("localtime", 0, |_, it, _| parts_of(&it, "localtime")),
    row("mktime", 0, |_, it, _| seconds(&it)),
    row("strftime", 1, |_, it, args| printed(&it, &first(args), "strftime")),
    row("strflocaltime", 1, |_, it, args| printed(&it, &first(args), "strflocaltime")),
    row("strptime", 1, |_, it, args| {
        let why = "strptime/1 requires string inputs and arguments";
        let format = first(args);
        parsed(must(&it, why)?, must(&format, why)?)
    }),
];

/// `[year, month from 0, day, hour, minute, second, day of the week, day of the year]`
fn parts_of(of: &Val, name: &str) -> Flow<Val> {
    let Some(seconds) = of.as_f64() else {
        return Err(Stop::from(format!("{name}() requires numeric inputs")));
    };
    let whole = seconds.floor();
    let stamp = Timestamp::from_second(whole as i64);
    let stamp =
        stamp.map_err(|_| Stop::from("error converting number of seconds since epoch to datetime"))?;
    let time = TimeZone::UTC.to_datetime(stamp);
    Ok(broken(time, f64::from(time.second()) + (seconds - whole)))
}

fn broken(time: DateTime, second: f64) -> Val {
    let numbers = [
        f64::from(time.year()),
        f64::from(time.month()) - 1.0,
        f64::from(time.day()),
        f64::from(time.hour()),
        f64::from(time.minute()),
        second,
        f64::from(time.weekday().to_sunday_zero_offset()),
        f64::from(time.day_of_year()) - 1.0,
    ];
    Val::list(numbers.into_iter().map(Val::from).collect())
}

/// The point in time of such an array.
fn datetime(of: &Val) -> Option<DateTime> {
    let parts: Vec<f64> = of.as_items()?.iter().map(Val::as_f64).collect::<Option<_>>()?;
    let [year, month, day, hour, minute, second, ..] = parts.as_slice() else { return None };
    let date = Date::new(*year as i16, (*month as i8).checked_add(1)?, 1).ok()?;
    let moved = SignedDuration::from_secs(
        (*day as i64 - 1) * 86_400 + *hour as i64 * 3600 + *minute as i64 * 60 + second.floor() as i64,
    );
    date.at(0, 0, 0, 0).checked_add(moved).ok()
}

fn seconds(of: &Val) -> Flow<Val> {
    let Some(items) = of.as_items() else { return Err(Stop::from("mktime requires array inputs")) };
    if items.len() < 6 {
        return Err(Stop::from("mktime requires parsed datetime inputs"));
    }
    let time = datetime(of).ok_or_else(|| Stop::from("mktime requires parsed datetime inputs"))?;
    let zoned = time.to_zoned(TimeZone::UTC);
    let zoned = zoned.map_err(|_| Stop::from("invalid gmtime representation"))?;
    Ok(Val::from(zoned.timestamp().as_second() as f64))
}

fn printed(of: &Val, format: &Val, name: &str) -> Flow<Val> {
    let parts = match of {
        Val::Num(_) => parts_of(of, name)?,
        Val::Arr(_) => of.clone(),
        _ => return Err(Stop::from(format!("{name}/1 requires parsed datetime inputs"))),
    };
    let format = must(format, &format!("{name}/1 requires a string format"))?.to_owned();
    let time = datetime(&parts);
    let time = time.ok_or_else(|| Stop::from(format!("{name}/1 requires parsed datetime inputs")))?;
    let zoned = time.to_zoned(TimeZone::UTC).map_err(|_| Stop::from("invalid gmtime representation"))?;
    let mut plain = format;
    for (short, long) in [
        ("%c", "%a %b %e %H:%M:%S %Y"),
        ("%x", "%m/%d/%y"),
        ("%X", "%H:%M:%S"),
        ("%r", "%I:%M:%S %p"),
        ("%Z", "UTC"),
    ] {
        plain = plain.replace(short, long);
    }
    jiff::fmt::strtime::format(&plain, &zoned)
        .map(Val::text)
        .map_err(|_| Stop::from(format!("{name}/1: unknown system failure")))
}

/// What a text says in a format, as C's `strptime` reads it.
fn parsed(text: &str, format: &str) -> Flow<Val> {
    let fails = || Stop::from(format!("date \"{text}\" does not match format \"{format}\""));
    let mut read = Reading { rest: text, ..Reading::default() };
    read.follow(format).ok_or_else(fails)?;
    if !read.rest.is_empty() {
        return Err(fails());
    }
    if let Some(seconds) = read.seconds {
        return parts_of(&Val::from(seconds), "gmtime");
    }
    let date = Date::new(read.year, read.month.unwrap_or(1), read.day.unwrap_or(1)).map_err(|_| fails())?;
    let time = date.at(read.hour % 24, read.minute, read.second.min(59), 0);
    let mut parts = broken(time, f64::from(read.second));
    if read.day.is_none() && read.month.is_none() {
        // Nobody said which day: it is the one before the first.
        let numbers = [
            f64::from(read.year),
            0.0,
            0.0,
            f64::from(read.hour),
            f64::from(read.minute),
            f64::from(read.second),
        ];
        let mut values: Vec<Val> = numbers.into_iter().map(Val::from).collect();
        values.extend(parts.as_items().unwrap_or_default().iter().skip(6).cloned());
        parts = Val::list(values);
    }
    Ok(parts)
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const DAYS: [&str; 7] = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

struct Reading<'t> {
    rest: &'t str,
    year: i16,
    month: Option<i8>,
    day: Option<i8>,
    hour: i8,
    minute: i8,
    second: i8,
    seconds: Option<f64>,
}

impl Default for Reading<'_> {
    fn default() -> Self {
        Self { rest: "", year: 1900, month: None, day: None, hour: 0, minute: 0, second: 0, seconds: None }
    }
}

impl Reading<'_> {
    fn follow(&mut self, format: &str) -> Option<()> {
        let mut letters = format.chars();
        while let Some(letter) = letters.next() {
            match letter {
                '%' => self.directive(letters.next()?)?,
                c if c.is_whitespace() => self.rest = self.rest.trim_start(),
                c => self.rest = self.rest.strip_prefix(c)?,
            }
        }
        Some(())
    }

    fn directive(&mut self, letter: char) -> Option<()> {
        match letter {
            'Y' => self.year = i16::try_from(self.number(4)?).ok()?,
            'm' => self.month = Some(self.within(2, 1, 12)?),
            'd' | 'e' => self.day = Some(self.within(2, 1, 31)?),
            'H' | 'k' => self.hour = self.within(2, 0, 23)?,
            'I' | 'l' => self.hour = self.within(2, 1, 12)? % 12,
            'M' => self.minute = self.within(2, 0, 59)?,
            'S' => self.second = self.within(2, 0, 60)?,
            'y' => {
                let year = i16::try_from(self.number(2)?).ok()?;
                self.year = if year < 69 { 2000 + year } else { 1900 + year };
            }
            'j' => {
                let day = self.number(3)?;
                let date = Date::new(self.year, 1, 1).ok()?;
                let date = date.checked_add(SignedDuration::from_hours((day - 1) * 24)).ok()?;
                (self.month, self.day) = (Some(date.month()), Some(date.day()));
            }
            's' => self.seconds = Some(self.number(12)? as f64),
            'b' | 'B' | 'h' => self.month = Some(self.name(&MONTHS)? + 1),
            'a' | 'A' => drop(self.name(&DAYS)?),
            'p' => {
                let half = self.rest.get(..2)?.to_ascii_lowercase();
                self.hour = match half.as_str() {
                    "am" => self.hour % 12,
                    "pm" => self.hour % 12 + 12,
                    _ => return None,
                };
                self.rest = self.rest.get(2..)?;
            }
            'Z' => self.rest = self.rest.trim_start_matches(|c: char| c.is_ascii_alphabetic()),
            'z' => self.zone()?,
            'T' => self.follow("%H:%M:%S")?,
            'R' => self.follow("%H:%M")?,
            'D' => self.follow("%m/%d/%y")?,
            'F' => self.follow("%Y-%m-%d")?,
            'c' => self.follow("%a %b %e %H:%M:%S %Y")?,
            'n' | 't' => self.rest = self.rest.trim_start(),
            '%' => self.rest = self.rest.strip_prefix('%')?,
            _ => return None,
        }
        Some(())
    }

    fn number(&mut self, digits: usize) -> Option<i64> {
        let rest = self.rest.trim_start();
        let count = rest.bytes().take(digits).take_while(u8::is_ascii_digit).count();
        let value = rest.get(..count)?.parse().ok()?;
        self.rest = rest.get(count..)?;
        Some(value)
    }

    fn within(&mut self, digits: usize, least: i64, most: i64) -> Option<i8> {
        let value = self.number(digits)?;
        if (least..=most).contains(&value) { i8::try_from(value).ok() } else { None }
    }

    /// Which of some names comes next, whole or by its first three letters.
    fn name(&mut self, names: &[&str]) -> Option<i8> {
        let lower = self.rest.to_ascii_lowercase();
        let at = names.iter().position(|name| name.get(..3).is_some_and(|short| lower.starts_with(short)))?;
        let whole = names.get(at).filter(|name| lower.starts_with(**name)).map_or(3, |name| name.len());
        self.rest = self.rest.get(whole..)?;
        i8::try_from(at).ok()
    }

    fn zone(&mut self) -> Option<()> {
        if let Some(rest) = self.rest.strip_prefix('Z') {
            self.rest = rest;
            return Some(());
        }
        self.rest = self.rest.strip_prefix(['+', '-'])?;
        self.number(2)?;
        self.rest = self.rest.strip_prefix(':').unwrap_or(self.rest);
        if self.rest.starts_with(|c: char| c.is_ascii_digit()) {
            self.number(2)?;
        }
        Some(())
    }
}
