//! `sleep`: wait in simulated time.

use std::time::Duration;

use crate::shell::{Proc, Program, Running};

pub(crate) const PROGRAM: Program =
    Program { name: "sleep", summary: "Delay for a specified amount of time", run };

fn run(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        match total(proc.args.get(1..).unwrap_or_default()) {
            Ok(duration) => {
                proc.sleep(duration).await;
                0
            }
            Err(text) => {
                proc.eprint(text);
                1
            }
        }
    })
}

fn total(args: &[String]) -> Result<Duration, String> {
    const HINT: &str = "Try 'sleep --help' for more information.\n";
    if args.is_empty() {
        return Err(format!("sleep: missing operand\n{HINT}"));
    }
    let mut total = Duration::ZERO;
    for arg in args {
        let part = interval(arg).ok_or_else(|| format!("sleep: invalid time interval ‘{arg}’\n{HINT}"))?;
        total = total.saturating_add(part);
    }
    Ok(total)
}

/// `5`, `0.5`, `2m`, `1h`, `1d`, `infinity`: what `sleep` and `timeout` take.
pub(crate) fn interval(text: &str) -> Option<Duration> {
    let (number, unit) = match text.chars().last()? {
        's' => (&text[..text.len() - 1], 1.0),
        'm' => (&text[..text.len() - 1], 60.0),
        'h' => (&text[..text.len() - 1], 3600.0),
        'd' => (&text[..text.len() - 1], 86_400.0),
        _ => (text, 1.0),
    };
    if number == "infinity" || number == "inf" {
        // A century.
        return Some(Duration::from_secs(100 * 365 * 86_400));
    }
    let seconds: f64 = number.parse().ok()?;
    (seconds.is_finite() && seconds >= 0.0).then(|| Duration::from_secs_f64((seconds * unit).min(3.2e9)))
}
