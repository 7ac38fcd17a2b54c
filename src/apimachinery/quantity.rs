//! Quantities: `500m`, `1Gi`, `1e3`. Parsing, canonical form and exact arithmetic.
//!
//! Follows apimachinery's `api/resource`. Units are billionths, the smallest a quantity can hold.

use std::cmp::Ordering;
use std::fmt;

use crate::apimachinery::json::Value;

/// One whole unit in billionths.
const UNIT: i128 = 1_000_000_000;

const WRONG_FORMAT: &str =
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const WRONG_NUMBER: &str = "unable to parse numeric part of quantity";
const WRONG_SUFFIX: &str = "unable to parse quantity's suffix";

/// Which suffixes a quantity is written with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// `1e3`
    DecimalExponent,
    /// `1Ki`
    BinarySi,
    /// `1k`
    DecimalSi,
}

/// An exact amount and the way it is written.
#[derive(Clone, Debug)]
pub(crate) struct Quantity {
    nanos: i128,
    format: Format,
    /// The text that was parsed, where Go keeps it as canonical.
    text: Option<String>,
}

impl Default for Quantity {
    fn default() -> Self {
        Self { nanos: 0, format: Format::DecimalSi, text: None }
    }
}

const BINARY: &[(&str, u32)] = &[("Ki", 10), ("Mi", 20), ("Gi", 30), ("Ti", 40), ("Pi", 50), ("Ei", 60)];
const DECIMAL: &[(&str, i32)] = &[
    ("n", -9),
    ("u", -6),
    ("m", -3),
    ("", 0),
    ("k", 3),
    ("M", 6),
    ("G", 9),
    ("T", 12),
    ("P", 15),
    ("E", 18),
];

/// The parts of a quantity's text.
struct Parts<'a> {
    negative: bool,
    whole: &'a str,
    fraction: &'a str,
    suffix: &'a str,
}

fn take_while(text: &str, keep: fn(u8) -> bool) -> (&str, &str) {
    let end = text.bytes().position(|byte| !keep(byte)).unwrap_or(text.len());
    text.split_at(end)
}

fn split(text: &str) -> Option<Parts<'_>> {
    let digit = |byte: u8| byte.is_ascii_digit();
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, rest) = take_while(unsigned.trim_start_matches('0'), digit);
    let (fraction, suffix) = match rest.strip_prefix('.') {
        Some(rest) => take_while(rest, digit),
        None => ("", rest),
    };
    let (_, exponent) = take_while(suffix, |byte| b"eEinumkKMGTP".contains(&byte));
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    if !exponent.bytes().all(digit) {
        return None;
    }
    Some(Parts { negative: text.starts_with('-'), whole, fraction, suffix })
}

/// How many times the number counts: a power of two or of ten.
enum Scale {
    Binary(u32),
    Decimal(i32, Format),
}

fn scale(suffix: &str) -> Option<Scale> {
    if let Some((_, power)) = BINARY.iter().find(|(name, _)| *name == suffix) {
        return Some(Scale::Binary(*power));
    }
    if let Some((_, power)) = DECIMAL.iter().find(|(name, _)| *name == suffix) {
        return Some(Scale::Decimal(*power, Format::DecimalSi));
    }
    let exponent: i64 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
    let bounded = i32::try_from(exponent.clamp(-1_000, 1_000)).ok()?;
    Some(Scale::Decimal(bounded, Format::DecimalExponent))
}

/// `digits × 10^power` in billionths, rounded up, capped at what fits.
fn decimal_nanos(digits: &str, power: i32) -> i128 {
    let mut shift = power.saturating_add(9);
    let mut digits = digits;
    let mut rounded = false;
    while shift < 0 && !digits.is_empty() {
        let (rest, last) = digits.split_at(digits.len() - 1);
        rounded |= last != "0";
        digits = rest;
        shift += 1;
    }
    let mut nanos: i128 = 0;
    for digit in digits.bytes() {
        nanos = nanos.saturating_mul(10).saturating_add(i128::from(digit.saturating_sub(b'0')));
    }
    for _ in 0..shift.max(0) {
        if nanos == 0 {
            break;
        }
        nanos = nanos.saturating_mul(10);
    }
    nanos.saturating_add(i128::from(rounded))
}

impl Quantity {
    /// Reads a quantity.
    ///
    /// # Errors
    /// The server's sentence.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err(WRONG_FORMAT.to_owned());
        }
        let parts = split(text).ok_or(WRONG_FORMAT)?;
        let scale = scale(parts.suffix).ok_or(WRONG_SUFFIX)?;
        let digits = format!("{}{}", parts.whole, parts.fraction);
        if digits.len() > 200 {
            return Err(WRONG_NUMBER.to_owned());
        }
        let places = i32::try_from(parts.fraction.len()).unwrap_or(i32::MAX);
        let (size, format) = match scale {
            Scale::Decimal(power, format) => (decimal_nanos(&digits, power - places), format),
            Scale::Binary(power) => binary_nanos(&digits, places, power),
        };
        let nanos = if parts.negative { size.saturating_neg() } else { size };
        let keeps = size < i128::from(i64::MAX) * UNIT && keeps_its_text(&parts, format, places);
        Ok(Self { nanos, format, text: keeps.then(|| text.to_owned()) })
    }

    /// Reads a JSON string or number; absent and broken ones count as zero.
    pub(crate) fn of(value: Option<&Value>) -> Self {
        match value {
            Some(Value::String(text)) => Self::parse(text.trim()).unwrap_or_default(),
            Some(Value::Number(number)) => Self::parse(&number.to_string()).unwrap_or_default(),
            _ => Self::default(),
        }
    }

    /// Thousandths, written in decimal.
    pub(crate) fn from_milli(milli: i64) -> Self {
        Self { nanos: i128::from(milli) * (UNIT / 1_000), format: Format::DecimalSi, text: None }
    }

    /// Whole units in the given format.
    pub(crate) fn from_int(units: i64, format: Format) -> Self {
        Self { nanos: i128::from(units) * UNIT, format, text: None }
    }

    /// Thousandths, rounded up.
    pub(crate) fn as_milli(&self) -> i64 {
        saturate(div_up(self.nanos, UNIT / 1_000))
    }

    /// Whole units, rounded up.
    pub(crate) fn as_int(&self) -> i64 {
        saturate(div_up(self.nanos, UNIT))
    }

    /// How it is written.
    pub(crate) fn format(&self) -> Format {
        self.format
    }

    /// True for any zero.
    pub(crate) fn is_zero(&self) -> bool {
        self.nanos == 0
    }

    /// True below zero.
    pub(crate) fn is_negative(&self) -> bool {
        self.nanos < 0
    }

    /// The sum; a zero takes over the format of what is added to it.
    pub(crate) fn add(&self, other: &Self) -> Self {
        let format = if self.is_zero() { other.format } else { self.format };
        Self { nanos: self.nanos.saturating_add(other.nanos), format, text: None }
    }

    /// The difference; a zero takes over the format of what is taken from it.
    pub(crate) fn sub(&self, other: &Self) -> Self {
        let format = if self.is_zero() { other.format } else { self.format };
        Self { nanos: self.nanos.saturating_sub(other.nanos), format, text: None }
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.nanos == other.nanos
    }
}

impl Eq for Quantity {}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.nanos.cmp(&other.nanos)
    }
}

/// `digits / 10^places × 2^power`; below one it is written in decimal, as Go does.
fn binary_nanos(digits: &str, places: i32, power: u32) -> (i128, Format) {
    let mut number = decimal_nanos(digits, -places);
    for _ in 0..power {
        number = number.saturating_mul(2);
    }
    let capped = number.min(i128::from(i64::MAX) * UNIT);
    let format = if capped > 0 && capped < UNIT { Format::DecimalSi } else { Format::BinarySi };
    (capped, format)
}

/// Go's parser keeps the text of numbers that look canonical to it, such as `1.500`.
fn keeps_its_text(parts: &Parts<'_>, format: Format, places: i32) -> bool {
    let whole = if parts.whole.is_empty() { "0" } else { parts.whole };
    let digits = format!("{whole}{}", parts.fraction);
    if digits.len() > 15 {
        return false;
    }
    match format {
        Format::BinarySi => parts.fraction.is_empty() && digits.parse::<u64>().is_ok_and(|it| it & 7 != 0),
        _ => places % 3 == 0 && places <= 9 && !digits.ends_with("000") && !digits.starts_with('0'),
    }
}

fn div_up(nanos: i128, unit: i128) -> i128 {
    // Away from zero, as Go's inf.RoundUp does.
    let whole = nanos / unit;
    if nanos % unit == 0 { whole } else { whole + nanos.signum() }
}

fn saturate(value: i128) -> i64 {
    i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX })
}

impl fmt::Display for Quantity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(text) = &self.text {
            return out.write_str(text);
        }
        if self.nanos == 0 {
            return out.write_str("0");
        }
        let whole = self.nanos % UNIT == 0;
        let small = self.nanos.unsigned_abs() < 1024 * UNIT.unsigned_abs();
        match self.format {
            Format::BinarySi if whole && !small => write_binary(self.nanos / UNIT, out),
            Format::DecimalExponent => write_decimal(self.nanos, true, out),
            _ => write_decimal(self.nanos, false, out),
        }
    }
}

fn write_binary(mut units: i128, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut suffix = "";
    for (name, _) in BINARY {
        if units % 1024 != 0 {
            break;
        }
        units /= 1024;
        suffix = name;
    }
    write!(out, "{units}{suffix}")
}

fn write_decimal(mut nanos: i128, exponent: bool, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut power = -9;
    while nanos % 1000 == 0 && power < 18 {
        nanos /= 1000;
        power += 3;
    }
    if exponent {
        return if power == 0 { write!(out, "{nanos}") } else { write!(out, "{nanos}e{power}") };
    }
    let suffix = DECIMAL.iter().find(|(_, it)| *it == power).map_or("", |(name, _)| name);
    write!(out, "{nanos}{suffix}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_forms() {
        for (text, want) in [
            ("0", "0"),
            ("0.5", "500m"),
            ("1.5", "1500m"),
            ("1.5Gi", "1536Mi"),
            ("1024Ki", "1Mi"),
            ("1000Ki", "1000Ki"),
            ("1000m", "1"),
            ("100m", "100m"),
            ("1e3", "1e3"),
            ("0.1m", "100u"),
            ("0.0001n", "1n"),
            ("512", "512"),
            ("1000", "1k"),
            ("-1.5Gi", "-1536Mi"),
            ("0.5Ki", "512"),
            ("64Mi", "64Mi"),
            ("128974848", "128974848"),
            ("9999999999Ei", "9223372036854775807"),
        ] {
            assert_eq!(Quantity::parse(text).unwrap().to_string(), want, "{text}");
        }
    }

    #[test]
    fn broken_ones_say_which_part() {
        assert_eq!(Quantity::parse("abc").unwrap_err(), WRONG_FORMAT);
        assert_eq!(Quantity::parse("10x").unwrap_err(), WRONG_FORMAT);
        assert_eq!(Quantity::parse("").unwrap_err(), WRONG_FORMAT);
        assert_eq!(Quantity::parse("1Mm").unwrap_err(), WRONG_SUFFIX);
        assert_eq!(Quantity::parse("1KI").unwrap_err(), WRONG_FORMAT);
    }

    #[test]
    fn sums_are_exact_and_keep_their_format() {
        let sum = Quantity::parse("0").unwrap().add(&Quantity::parse("64Mi").unwrap());
        assert_eq!(
            sum.add(&Quantity::parse("1").unwrap()).sub(&Quantity::from_milli(1000)).to_string(),
            "64Mi"
        );
        assert_eq!(Quantity::parse("1500m").unwrap().as_int(), 2);
        assert_eq!(Quantity::parse("1Gi").unwrap().as_milli(), 1_073_741_824_000);
        assert!(Quantity::parse("1Gi").unwrap() > Quantity::parse("1G").unwrap());
    }
}
