//! `watch`: run a command again and again, until interrupted.

use std::time::Duration;

use super::options::{Spec, Value};
use crate::shell::{Proc, Program, Running, Script, login};

pub(crate) const PROGRAM: Program =
    Program { name: "watch", summary: "Execute a program periodically, showing output fullscreen", run };

const SPEC: Spec = Spec {
    name: "watch",
    short: "n:dtgecbpqx",
    long: &[
        ("interval", 'n', Value::Needed),
        ("differences", 'd', Value::Optional),
        ("no-title", 't', Value::None),
        ("chgexit", 'g', Value::None),
        ("errexit", 'e', Value::None),
        ("color", 'c', Value::None),
        ("exec", 'x', Value::None),
        ("beep", 'b', Value::None),
        ("precise", 'p', Value::None),
    ],
};

/// Clears the screen and moves to its corner.
pub(super) const CLEAR: &str = "\x1b[H\x1b[2J";

/// Takes the whole screen; the prompt gives it back.
pub(super) const WHOLE: &str = "\x1b[?1049h";

fn run(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let options = match SPEC.parse_prefix(proc.args.get(1..).unwrap_or_default()) {
            Ok(options) => options,
            Err(text) => {
                proc.eprint(text);
                return 1;
            }
        };
        let command = options.operands.join(" ");
        if command.is_empty() {
            proc.eprint("watch: no command given\n");
            return 1;
        }
        let seconds = options.value('n').map_or(Some(2.0), |text| text.parse::<f64>().ok());
        let Some(interval) = seconds.and_then(|it| Duration::try_from_secs_f64(it.max(0.1)).ok()) else {
            proc.eprint(format!("watch: failed to parse argument: '{}'\n", options.value('n').unwrap_or("")));
            return 1;
        };
        if proc.link.is_open() {
            proc.print(WHOLE);
        }
        let mut before: Option<Vec<u8>> = None;
        loop {
            let (exit, output) = once(proc, &command).await;
            proc.print(CLEAR);
            if !options.has('t') {
                proc.print(title(proc, interval, &command));
            }
            proc.print(&output);
            if options.has('e') && exit != 0 {
                return exit;
            }
            if options.has('g') && before.as_ref().is_some_and(|before| *before != output) {
                return 0;
            }
            before = Some(output);
            proc.sleep(interval).await;
        }
    })
}

fn title(proc: &Proc, interval: Duration, command: &str) -> String {
    let host = login::host_name(&proc.lab, &proc.place);
    let now = proc.world().now.strftime("%a %b %e %H:%M:%S %Y");
    format!("Every {:.1}s: {command}\t{host}: {now}\n\n", interval.as_secs_f64())
}

async fn once(proc: &Proc, command: &str) -> (i32, Vec<u8>) {
    let child = Proc { outbox: Default::default(), ..proc.child(&["sh"]) };
    let script = Script { text: command.to_owned(), ..Script::default() };
    let exit = child.run(&proc.login(), script).await;
    (exit, child.take_output().into_iter().flat_map(|(_, bytes)| bytes).collect())
}
