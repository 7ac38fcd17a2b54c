//! Numbers: doubles, and the digits they were read from as long as nobody calculates with them.

use std::cmp::Ordering;
use std::fmt::Write;
use std::sync::Arc;

/// Digits after which a number is printed with an exponent.
const PLAIN_DIGITS: i32 = 15;

#[derive(Clone, Debug)]
pub(super) struct Number {
    value: f64,
    /// How it prints, where that is not how the double prints.
    literal: Option<Arc<str>>,
}

impl From<f64> for Number {
    fn from(value: f64) -> Self {
        Self { value, literal: None }
    }
}

impl Number {
    pub(super) fn value(&self) -> f64 {
        self.value
    }

    /// Reads a number as jq does: leading zeros, a sign and a point at either end are all right, as are `nan` and `Infinity`.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (negative, unsigned) = match text.as_bytes().first()? {
            b'-' => (true, text.get(1..)?),
            b'+' => (false, text.get(1..)?),
            _ => (false, text),
        };
        let lower = unsigned.to_ascii_lowercase();
        match lower.as_str() {
            "nan" => return Some(Self::from(f64::NAN)),
            "infinity" | "inf" => {
                return Some(Self::from(if negative { f64::NEG_INFINITY } else { f64::INFINITY }));
            }
            _ => {}
        }
        let (mantissa, exponent) = match lower.split_once('e') {
            Some((mantissa, exponent)) => (mantissa, exponent_of(exponent)?),
            None => (lower.as_str(), 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.len() + fraction.len() == 0 || !digits(whole) || !digits(fraction) {
            return None;
        }
        let value: f64 = lower.parse().ok()?;
        let value = if negative { -value } else { value };
        let literal = decimal(negative, whole, fraction, exponent);
        let differs = literal != printed(value);
        Some(Self { value, literal: differs.then(|| literal.into()) })
    }

    /// As it is written.
    pub(super) fn show(&self) -> String {
        match &self.literal {
            Some(literal) => literal.to_string(),
            None => printed(self.value),
        }
    }

    /// What is no number is less than any number.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        match self.value.partial_cmp(&other.value) {
            Some(order) => order,
            None if self.value.is_nan() => Ordering::Less,
            None => Ordering::Greater,
        }
    }
}

fn exponent_of(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(text.parse().unwrap_or(if text.starts_with('-') { -999_999_999 } else { 999_999_999 }))
}

/// A decimal number with all its digits, as the rules of decimal arithmetic write it.
fn decimal(negative: bool, whole: &str, fraction: &str, exponent: i64) -> String {
    let digits = format!("{whole}{fraction}");
    let digits = match digits.trim_start_matches('0') {
        "" => "0",
        rest => rest,
    };
    let exponent = exponent - fraction.len() as i64;
    let count = digits.len() as i64;
    let adjusted = exponent + count - 1;
    let mut text = String::from(if negative { "-" } else { "" });
    if exponent <= 0 && adjusted >= -6 {
        let point = count + exponent;
        if exponent == 0 {
            text.push_str(digits);
        } else if let Ok(point) = usize::try_from(point)
            && point > 0
        {
            let (before, after) = digits.split_at(point);
            text.push_str(&format!("{before}.{after}"));
        } else {
            let zeros = "0".repeat(usize::try_from(-point).unwrap_or_default());
            text.push_str(&format!("0.{zeros}{digits}"));
        }
        return text;
    }
    let (first, rest) = digits.split_at(1);
    text.push_str(first);
    if !rest.is_empty() {
        text.push('.');
        text.push_str(rest);
    }
    // Writing to a `String` cannot fail.
    let _ = write!(text, "E{adjusted:+}");
    text
}

/// A double by the fewest digits that tell it from all others.
pub(super) fn printed(value: f64) -> String {
    if value.is_nan() {
        return "null".to_owned();
    }
    let value = value.clamp(f64::MIN, f64::MAX);
    let shortest = format!("{value:e}");
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    let digits = mantissa.replace('.', "");
    let point = exponent.parse::<i32>().unwrap_or_default() + 1;
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    if value == 0.0 {
        return format!("{sign}0");
    }
    if point <= -4 || point > count + PLAIN_DIGITS {
        let (first, rest) = digits.split_at(1);
        let rest = if rest.is_empty() { String::new() } else { format!(".{rest}") };
        let exponent = point - 1;
        let exponent_sign = if exponent < 0 { '-' } else { '+' };
        return format!("{sign}{first}{rest}e{exponent_sign}{:02}", exponent.abs());
    }
    if point <= 0 {
        return format!("{sign}0.{}{digits}", "0".repeat(usize::try_from(-point).unwrap_or_default()));
    }
    if point >= count {
        return format!("{sign}{digits}{}", "0".repeat(usize::try_from(point - count).unwrap_or_default()));
    }
    let (before, after) = digits.split_at(usize::try_from(point).unwrap_or_default());
    format!("{sign}{before}.{after}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_print_as_they_were_read_until_somebody_calculates() {
        let shown = |text: &str| Number::read(text).map_or("-".to_owned(), |it| it.show());
        for (text, wanted) in [
            ("1.0", "1.0"),
            ("1e1000", "1E+1000"),
            ("01", "1"),
            ("1E-5", "0.00001"),
            ("0.1e-6", "1E-7"),
            ("-0.0", "-0.0"),
            ("100000000000000000001", "100000000000000000001"),
            ("1.5e300", "1.5E+300"),
            ("1e", "-"),
            ("-", "-"),
            ("nan", "null"),
        ] {
            assert_eq!(shown(text), wanted, "{text}");
        }
        let calculated =
            [1e17, 1e15, 1e-5, 0.1 + 0.2, 100.0, 123_456_789_012_345_680_000.0, -0.0, f64::INFINITY];
        let said: Vec<String> = calculated.into_iter().map(printed).collect();
        assert_eq!(
            said.join(" "),
            "1e+17 1000000000000000 1e-05 0.30000000000000004 100 123456789012345680000 -0 1.7976931348623157e+308"
        );
    }
}
