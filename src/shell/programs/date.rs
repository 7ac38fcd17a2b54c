//! `date`: print the simulated time.

use super::options::{Options, Spec, Value};
use super::texts::{curly, fail};
use super::when;
use crate::shell::{Proc, Program, Running};
use crate::sim::SimTime;

pub(crate) const PROGRAM: Program = Program { name: "date", summary: "Print the date and time", run };

const SPEC: Spec = Spec {
    name: "date",
    short: "d:uRr:s:I",
    long: &[
        ("date", 'd', Value::Needed),
        ("utc", 'u', Value::None),
        ("universal", 'u', Value::None),
        ("rfc-email", 'R', Value::None),
        ("rfc-3339", '3', Value::Needed),
        ("iso-8601", 'I', Value::Optional),
        ("reference", 'r', Value::Needed),
        ("set", 's', Value::Needed),
    ],
};

fn run(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        // `-Iseconds` has its value joined; getopt's letters cannot say so.
        for arg in proc.args.iter_mut().skip(1) {
            if let Some(precision) = arg.strip_prefix("-I").filter(|rest| !rest.is_empty()) {
                *arg = format!("--iso-8601={precision}");
            }
        }
        match SPEC.parse(proc.args.get(1..).unwrap_or_default()) {
            Ok(options) => print(proc, &options),
            Err(text) => {
                proc.eprint(text);
                1
            }
        }
    })
}

fn print(proc: &Proc, options: &Options) -> i32 {
    let now = proc.world().now;
    let at = match (options.value('d'), options.value('r')) {
        (Some(text), _) => when::parse(text, now),
        (None, Some(file)) => match proc.stat(file) {
            Ok(node) => Some(node.modified),
            Err(error) => return fail(proc, "date", "", file, error),
        },
        (None, None) => Some(now),
    };
    let Some(at) = at else {
        proc.eprint(format!("date: invalid date {}\n", curly(options.value('d').unwrap_or_default())));
        return 1;
    };
    if options.has('s') {
        proc.eprint(match proc.user.as_str() {
            "root" => "uncordon: setting the clock of a machine is not simulated yet\n",
            _ => "date: cannot set date: Operation not permitted\n",
        });
        return 1;
    }
    let format = match options.operands.first() {
        Some(operand) => match operand.strip_prefix('+') {
            Some(format) => format.to_owned(),
            None => {
                proc.eprint(format!("date: invalid date {}\n", curly(operand)));
                return 1;
            }
        },
        None => standard(options),
    };
    proc.print(format!("{}\n", formatted(at, &format)));
    0
}

fn standard(options: &Options) -> String {
    let iso = |precision: &str| match precision {
        "hours" => "%Y-%m-%dT%H%:z",
        "minutes" => "%Y-%m-%dT%H:%M%:z",
        "seconds" | "s" => "%Y-%m-%dT%H:%M:%S%:z",
        "ns" => "%Y-%m-%dT%H:%M:%S,%N%:z",
        _ => "%Y-%m-%d",
    };
    if options.has('I') {
        return iso(options.value('I').unwrap_or("date")).to_owned();
    }
    if options.has('R') {
        return "%a, %d %b %Y %H:%M:%S %z".to_owned();
    }
    match options.value('3') {
        Some("date") => "%Y-%m-%d".to_owned(),
        Some("ns") => "%Y-%m-%d %H:%M:%S.%N%:z".to_owned(),
        Some(_) => "%Y-%m-%d %H:%M:%S%:z".to_owned(),
        None => "%a %b %e %H:%M:%S %Z %Y".to_owned(),
    }
}

/// `strftime` with GNU's additions.
pub(super) fn formatted(at: SimTime, format: &str) -> String {
    let mut out = String::new();
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut directive = String::from("%");
        while let Some(flag) = chars.next_if(|c| "-_0^#:".contains(*c) || c.is_ascii_digit()) {
            directive.push(flag);
        }
        let Some(letter) = chars.next() else {
            out.push_str(&directive);
            break;
        };
        directive.push(letter);
        out.push_str(&directive_text(at, &directive, letter));
    }
    out
}

fn directive_text(at: SimTime, directive: &str, letter: char) -> String {
    let nanos = at.unix_ns().rem_euclid(1_000_000_000);
    match letter {
        '%' => "%".into(),
        'n' => "\n".into(),
        't' => "\t".into(),
        's' => at.unix_s().to_string(),
        'Z' => "UTC".into(),
        'N' => {
            let digits = format!("{nanos:09}");
            let width: usize = directive.trim_matches(|c: char| !c.is_ascii_digit()).parse().unwrap_or(9);
            digits.chars().take(width).collect()
        }
        'c' => at.strftime("%a %b %e %H:%M:%S %Y"),
        'x' => at.strftime("%m/%d/%y"),
        'X' => at.strftime("%H:%M:%S"),
        'r' => at.strftime("%I:%M:%S %p"),
        'z' if directive.contains(':') => "+00:00".into(),
        'z' => "+0000".into(),
        letter if "aAbBCdDeFgGhHIjklmMpPRSTuUVwWyY".contains(letter) => at.strftime(directive),
        _ => directive.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_as_gnu_date_does() {
        let of = |format| formatted(SimTime::START, format);
        assert_eq!(of("%Y-%m-%dT%H:%M:%SZ %s"), "2026-11-20T10:00:00Z 1795168800");
        assert_eq!(of("%a %b %e %-d %j %N %3N %%"), "Fri Nov 20 20 324 000000000 000 %");
    }
}
