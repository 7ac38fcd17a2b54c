//! `timeout`: run a program for at most so much simulated time.

use super::options::{Spec, Value};
use super::sleep::interval;
use super::texts::curly;
use crate::shell::{Proc, Program, Running};

pub(crate) const PROGRAM: Program =
    Program { name: "timeout", summary: "Run a command with a time limit", run };

const SPEC: Spec = Spec {
    name: "timeout",
    short: "k:s:v",
    long: &[
        ("kill-after", 'k', Value::Needed),
        ("signal", 's', Value::Needed),
        ("verbose", 'v', Value::None),
        ("preserve-status", 'p', Value::None),
        ("foreground", 'f', Value::None),
    ],
};

/// What `timeout` itself fails with.
const OWN_FAILURE: i32 = 125;

fn run(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let options = match SPEC.parse_prefix(proc.args.get(1..).unwrap_or_default()) {
            Ok(options) => options,
            Err(text) => {
                proc.eprint(text);
                return OWN_FAILURE;
            }
        };
        let [limit, words @ ..] = options.operands.as_slice() else {
            proc.eprint(SPEC.complaint("missing operand"));
            return OWN_FAILURE;
        };
        let Some(limit) = interval(limit) else {
            proc.eprint(SPEC.complaint(&format!("invalid time interval {}", curly(limit))));
            return OWN_FAILURE;
        };
        let Some(name) = words.first() else {
            proc.eprint(SPEC.complaint("missing operand"));
            return OWN_FAILURE;
        };
        if !proc.can_start(name) {
            let text = format!("timeout: failed to run command {}: No such file or directory\n", curly(name));
            proc.eprint(text);
            return 127;
        }
        let login = proc.login();
        if limit.is_zero() {
            return proc.run(&login, proc.command(words)).await;
        }
        match proc.run_within(&login, proc.command(words), limit).await {
            Some(exit) => exit,
            None => match options.value('s') {
                // What a killed program ends with: 128 + 9.
                Some("9" | "KILL" | "SIGKILL") => 137,
                _ if options.has('p') => 143,
                _ => 124,
            },
        }
    })
}
