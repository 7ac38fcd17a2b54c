//! Cron schedules, as far as to say what is wrong with one.
//!
//! Rules and words of robfig/cron v3, `ParseStandard`: five fields, names of months and days,
//! descriptors such as `@daily` and `@every 90m`.

use crate::apimachinery::go;

/// What a field may hold.
struct Bounds {
    min: u64,
    max: u64,
    names: &'static [&'static str],
    /// The number of the first name.
    first: u64,
}

const FIELDS: [Bounds; 5] = [
    Bounds { min: 0, max: 59, names: &[], first: 0 },
    Bounds { min: 0, max: 23, names: &[], first: 0 },
    Bounds { min: 1, max: 31, names: &[], first: 0 },
    Bounds {
        min: 1,
        max: 12,
        names: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
        first: 1,
    },
    Bounds { min: 0, max: 6, names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"], first: 0 },
];

const DESCRIPTORS: &[&str] =
    &["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];

/// Reads a schedule.
///
/// # Errors
/// The sentence that the server gives.
pub(super) fn parse(spec: &str) -> Result<(), String> {
    let mut rest = spec;
    if rest.starts_with("TZ=") || rest.starts_with("CRON_TZ=") {
        let (zone, fields) = rest.split_once(' ').unwrap_or((rest, ""));
        let zone = zone.split_once('=').map_or("", |it| it.1);
        if !is_time_zone(zone) {
            return Err(format!("provided bad location {zone}: unknown time zone {zone}"));
        }
        rest = fields.trim();
    }
    if rest.starts_with('@') {
        return descriptor(rest);
    }
    let fields: Vec<&str> = rest.split_whitespace().collect();
    if fields.len() != FIELDS.len() {
        return Err(format!("expected exactly 5 fields, found {}: [{}]", fields.len(), fields.join(" ")));
    }
    fields.iter().zip(&FIELDS).try_for_each(|(text, bounds)| {
        text.split(',').filter(|it| !it.is_empty()).try_for_each(|it| range(it, bounds))
    })
}

fn descriptor(text: &str) -> Result<(), String> {
    if DESCRIPTORS.contains(&text) {
        return Ok(());
    }
    match text.strip_prefix("@every ") {
        Some(length) if is_duration(length) => Ok(()),
        Some(length) => {
            let shown = go::quote(length);
            Err(format!("failed to parse duration {text}: time: invalid duration {shown}"))
        }
        None => Err(format!("unrecognized descriptor: {text}")),
    }
}

/// A Go duration: numbers with units.
fn is_duration(text: &str) -> bool {
    let mut rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    if rest == "0" {
        return true;
    }
    if rest.is_empty() {
        return false;
    }
    while !rest.is_empty() {
        let digits =
            rest.bytes().position(|byte| !byte.is_ascii_digit() && byte != b'.').unwrap_or(rest.len());
        let (number, tail) = rest.split_at(digits);
        let unit = ["ns", "us", "µs", "ms", "s", "m", "h"]
            .into_iter()
            .filter(|unit| tail.starts_with(unit))
            .max_by_key(|unit| unit.len());
        match unit {
            Some(unit) if number.parse::<f64>().is_ok() => rest = &tail[unit.len()..],
            _ => return false,
        }
    }
    true
}

fn range(expression: &str, bounds: &Bounds) -> Result<(), String> {
    let parts: Vec<&str> = expression.split('/').collect();
    let ends: Vec<&str> = parts.first().copied().unwrap_or("").split('-').collect();
    let (start, mut end) = match ends.as_slice() {
        ["*" | "?", ..] => (bounds.min, bounds.max),
        [one] => (number(one, bounds)?, number(one, bounds)?),
        [low, high] => (number(low, bounds)?, number(high, bounds)?),
        _ => return Err(format!("too many hyphens: {expression}")),
    };
    let step = match parts.as_slice() {
        [_] => 1,
        [_, step] => {
            if ends.len() == 1 {
                end = bounds.max;
            }
            whole(step)?
        }
        _ => return Err(format!("too many slashes: {expression}")),
    };
    let (min, max) = (bounds.min, bounds.max);
    if start < min {
        return Err(format!("beginning of range ({start}) below minimum ({min}): {expression}"));
    }
    if end > max {
        return Err(format!("end of range ({end}) above maximum ({max}): {expression}"));
    }
    if start > end {
        return Err(format!("beginning of range ({start}) beyond end of range ({end}): {expression}"));
    }
    if step == 0 {
        return Err(format!("step of range should be a positive number: {expression}"));
    }
    Ok(())
}

fn number(text: &str, bounds: &Bounds) -> Result<u64, String> {
    let lower = text.to_lowercase();
    match bounds.names.iter().position(|name| *name == lower) {
        Some(at) => Ok(bounds.first + at as u64),
        None => whole(text),
    }
}

fn whole(text: &str) -> Result<u64, String> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let shown = go::quote(text);
        return Err(format!(
            "failed to parse int from {text}: strconv.Atoi: parsing {shown}: invalid syntax"
        ));
    }
    match text.parse::<i64>() {
        Ok(value) if value < 0 => Err(format!("negative number ({value}) not allowed: {text}")),
        Ok(value) => Ok(value.unsigned_abs()),
        Err(_) => {
            let shown = go::quote(text);
            Err(format!("failed to parse int from {text}: strconv.Atoi: parsing {shown}: value out of range"))
        }
    }
}

/// True for an IANA time zone.
pub(super) fn is_time_zone(name: &str) -> bool {
    name == "UTC" || jiff::tz::TimeZone::get(name).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_are_refused_in_the_words_of_the_library() {
        for good in
            ["@daily", "@every 90m", "*/15 8-18 * * 1-5", "0 0 31 2 *", "0 9 * jan MON-FRI", "0 0 1,15 * ?"]
        {
            assert_eq!(parse(good), Ok(()), "{good}");
        }
        let bad = |text: &str| parse(text).unwrap_err();
        assert_eq!(bad("* * * *"), "expected exactly 5 fields, found 4: [* * * *]");
        assert_eq!(bad("99 * * * *"), "end of range (99) above maximum (59): 99");
        assert_eq!(bad("0 0 0 * *"), "beginning of range (0) below minimum (1): 0");
        assert_eq!(bad("5-1 * * * *"), "beginning of range (5) beyond end of range (1): 5-1");
        assert_eq!(
            bad("H * * * *"),
            "failed to parse int from H: strconv.Atoi: parsing \"H\": invalid syntax"
        );
        assert_eq!(bad("@often"), "unrecognized descriptor: @often");
    }
}
