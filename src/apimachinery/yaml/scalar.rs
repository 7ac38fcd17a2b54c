//! What a plain scalar means in YAML 1.1, by the rules of go-yaml v2.

use std::sync::LazyLock;

use regex::Regex;

use crate::apimachinery::json::{Number, Value};

/// The value of a plain scalar.
pub(super) fn resolve(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Value::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Value::Bool(false)
        }
        _ => number(text).unwrap_or_else(|| text.into()),
    }
}

/// The words that are flags in every version of YAML.
pub(super) fn is_flag(text: &str) -> bool {
    matches!(text, "true" | "True" | "TRUE" | "false" | "False" | "FALSE")
}

/// `2026-01-02`.
pub(super) fn is_day(text: &str) -> bool {
    text.len() == 10 && is_timestamp(text)
}

fn number(text: &str) -> Option<Value> {
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) {
        return None;
    }
    let bare = text.replace('_', "");
    if let Some(integer) = integer(&bare) {
        return Some(integer);
    }
    static FLOAT: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$").ok());
    let regex = FLOAT.as_ref()?;
    if !regex.is_match(&bare) {
        return None;
    }
    bare.parse().ok().map(float)
}

/// Go's `ParseInt` with base 0: `0x`, `0o`, `0b` and a leading `0` name the base.
fn integer(text: &str) -> Option<Value> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = digits.to_ascii_lowercase();
    let (base, digits) = match lower.get(..2) {
        Some("0x") => (16, &lower[2..]),
        Some("0o") => (8, &lower[2..]),
        Some("0b") => (2, &lower[2..]),
        _ if lower.len() > 1 && lower.starts_with('0') => (8, &lower[1..]),
        _ => (10, lower.as_str()),
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let size = u64::from_str_radix(digits, base).ok()?;
    if negative {
        return i64::try_from(-i128::from(size)).ok().map(Value::from);
    }
    Some(size.into())
}

/// A float as JSON writes it: whole numbers without a point.
pub(super) fn float(number: f64) -> Value {
    // 2^53: beyond, whole floats have no digits that could get lost.
    if number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0 {
        return Value::from(number as i64);
    }
    Number::from_f64(number).map_or_else(|| super::super::go::float_g(number).into(), Value::Number)
}

/// Whether go-yaml quotes a string so that it is not read back as something else.
pub(super) fn needs_quotes(text: &str) -> bool {
    !resolve(text).is_string() || is_merge_or_special(text) || is_timestamp(text) || is_base_60(text)
}

fn is_merge_or_special(text: &str) -> bool {
    matches!(
        text,
        "<<" | ".nan"
            | ".NaN"
            | ".NAN"
            | ".inf"
            | ".Inf"
            | ".INF"
            | "+.inf"
            | "+.Inf"
            | "+.INF"
            | "-.inf"
            | "-.Inf"
            | "-.INF"
    )
}

/// `2001-01-02`, or with a time in one of three forms.
fn is_timestamp(text: &str) -> bool {
    static FORM: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let time = r"([Tt ][0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(\.[0-9]*)?(Z|[-+][0-9]{2}:[0-9]{2})?)?";
        Regex::new(&format!("^[0-9]{{4}}-([0-9]{{1,2}})-([0-9]{{1,2}}){time}$")).ok()
    });
    let Some(found) = FORM.as_ref().and_then(|form| form.captures(text)) else { return false };
    let part = |at: usize| found.get(at).and_then(|it| it.as_str().parse::<u32>().ok()).unwrap_or(0);
    (1..=12).contains(&part(1)) && (1..=31).contains(&part(2))
}

/// `1:20`, a number of base 60 to old parsers.
fn is_base_60(text: &str) -> bool {
    static FORM: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"^[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?$").ok());
    text.contains(':') && FORM.as_ref().is_some_and(|form| form.is_match(text))
}
