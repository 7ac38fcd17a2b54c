//! `fmt.Sprintf` over JSON values.

use super::exec::Data;
use super::funcs::go_type;
use crate::apimachinery::go;
use crate::apimachinery::json::{Number, Value};

/// Wider fields than this are cut: nobody reads them, and they cost memory.
const WIDTH_MAX: usize = 10_000;

#[derive(Default)]
struct Spec {
    minus: bool,
    plus: bool,
    zero: bool,
    sharp: bool,
    space: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

/// What `printf` makes of a format and its operands.
pub(super) fn format(arguments: &[Data]) -> String {
    let Some((format, operands)) = arguments.split_first() else { return String::new() };
    let format = format.as_ref().map_or_else(|| "<nil>".to_owned(), go::display);
    let mut operands = operands.iter();
    let mut out = String::new();
    let mut rest = format.chars().peekable();
    while let Some(c) = rest.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let spec = read_spec(&mut rest);
        match rest.next() {
            None => out.push_str("%!(NOVERB)"),
            Some('%') => out.push('%'),
            Some(verb) => match operands.next() {
                None => out.push_str(&format!("%!{verb}(MISSING)")),
                Some(operand) => out.push_str(&padded(&one(verb, operand, &spec), &spec)),
            },
        }
    }
    let extra: Vec<String> = operands
        .map(|operand| match operand {
            None => "<nil>".to_owned(),
            Some(value) => format!("{}={}", go_type(value), go::display(value)),
        })
        .collect();
    if !extra.is_empty() {
        out.push_str(&format!("%!(EXTRA {})", extra.join(", ")));
    }
    out
}

fn read_spec(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Spec {
    let mut spec = Spec::default();
    while let Some(flag) = rest.next_if(|c| matches!(c, '-' | '+' | '0' | '#' | ' ')) {
        match flag {
            '-' => spec.minus = true,
            '+' => spec.plus = true,
            '0' => spec.zero = true,
            '#' => spec.sharp = true,
            _ => spec.space = true,
        }
    }
    spec.width = number(rest);
    if rest.next_if_eq(&'.').is_some() {
        spec.precision = Some(number(rest).unwrap_or(0));
    }
    spec
}

fn number(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<usize> {
    let mut digits = String::new();
    while let Some(digit) = rest.next_if(char::is_ascii_digit) {
        digits.push(digit);
    }
    if digits.is_empty() {
        return None;
    }
    Some(digits.parse().unwrap_or(WIDTH_MAX).min(WIDTH_MAX))
}

fn padded(text: &str, spec: &Spec) -> String {
    let length = text.chars().count();
    let missing = spec.width.unwrap_or(0).saturating_sub(length);
    if spec.minus {
        return format!("{text}{}", " ".repeat(missing));
    }
    if !spec.zero {
        return format!("{}{text}", " ".repeat(missing));
    }
    let zeros = "0".repeat(missing);
    match text.strip_prefix(['+', '-']) {
        Some(digits) => format!("{}{zeros}{digits}", &text[..1]),
        None => format!("{zeros}{text}"),
    }
}

fn one(verb: char, operand: &Data, spec: &Spec) -> String {
    let Some(value) = operand else {
        return if verb == 'v' { "<nil>".to_owned() } else { format!("%!{verb}(<nil>)") };
    };
    let wrong = || format!("%!{verb}({}={})", go_type(value), go::display(value));
    match (verb, value) {
        ('v', Value::String(text)) if spec.sharp => go::quote(text),
        ('v', Value::Number(number)) if number.is_f64() => go::display(value),
        ('v' | 's', Value::String(text)) => cut(text, spec),
        ('v', _) => go::display(value),
        ('T', _) => go_type(value).to_owned(),
        ('t', Value::Bool(flag)) => flag.to_string(),
        ('q', Value::String(text)) => go::quote(&cut(text, spec)),
        ('x', Value::String(text)) => text.bytes().map(|byte| format!("{byte:02x}")).collect(),
        ('X', Value::String(text)) => text.bytes().map(|byte| format!("{byte:02X}")).collect(),
        ('s' | 'q' | 'd', Value::Array(items)) => {
            let items: Vec<String> = items.iter().map(|item| one(verb, &Some(item.clone()), spec)).collect();
            format!("[{}]", items.join(" "))
        }
        ('f' | 'F' | 'e' | 'E' | 'g' | 'G', Value::Number(number)) if number.is_f64() => {
            float(verb, number.as_f64().unwrap_or(0.0), spec)
        }
        (_, Value::Number(number)) => match number.as_i64() {
            Some(number) if !number_is_float(value) => integer(verb, number, spec).unwrap_or_else(wrong),
            _ => wrong(),
        },
        _ => wrong(),
    }
}

fn number_is_float(value: &Value) -> bool {
    value.as_number().is_some_and(Number::is_f64)
}

fn cut(text: &str, spec: &Spec) -> String {
    text.chars().take(spec.precision.unwrap_or(usize::MAX)).collect()
}

fn integer(verb: char, number: i64, spec: &Spec) -> Option<String> {
    let size = number.unsigned_abs();
    let digits = match verb {
        'd' => size.to_string(),
        'b' => format!("{size:b}"),
        'o' => format!("{size:o}"),
        'x' => format!("{size:x}"),
        'X' => format!("{size:X}"),
        'c' => {
            return Some(
                u32::try_from(number).ok().and_then(char::from_u32).unwrap_or('\u{fffd}').to_string(),
            );
        }
        'U' => return Some(format!("U+{size:04X}")),
        'q' => {
            let c = u32::try_from(number).ok().and_then(char::from_u32).unwrap_or('\u{fffd}');
            return Some(format!("'{c}'"));
        }
        _ => return None,
    };
    let sign = match (number < 0, spec.plus, spec.space) {
        (true, ..) => "-",
        (_, true, _) => "+",
        (_, _, true) => " ",
        _ => "",
    };
    Some(format!("{sign}{digits}"))
}

fn float(verb: char, number: f64, spec: &Spec) -> String {
    let precision = spec.precision.unwrap_or(6);
    let text = match verb {
        'f' | 'F' => format!("{number:.precision$}"),
        'e' | 'E' => {
            let text = format!("{number:.precision$e}");
            let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
            let power: i32 = exponent.parse().unwrap_or(0);
            let sign = if power < 0 { '-' } else { '+' };
            format!("{mantissa}e{sign}{:02}", power.abs())
        }
        _ => go::float_g(number),
    };
    if spec.plus && number >= 0.0 { format!("+{text}") } else { text }
}
