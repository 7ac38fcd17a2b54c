//! How every execution begins, and what is looked at before each of its commands.

use std::sync::Arc;

use bashkit::hooks::{HookAction, ToolEvent};
use bashkit::{Builtin, BuiltinContext, ExecResult, async_trait};

use super::adapt::{Adapted, Around};
use super::pipes::{self, UMASK};
use super::programs::SHELL;
use super::valve::Valve;
use super::{Login, access, ages};

/// The command that every execution begins with.
pub(super) const NAME: &str = "__uncordon_begin";

/// What follows it: where `$RANDOM` begins, which is the world's chance as it is now.
pub(super) fn chance(around: &Around) -> String {
    // A clone draws, so that nothing else of the world depends on how many shells there were.
    let drawn = around.lab.world().chance.clone().bits();
    format!("RANDOM={}", drawn % (1 << 31))
}

/// The command that stands for a shell that reads its commands.
const READER: &str = "__uncordon_shell";

/// Gives the shell the variables that the language crate has no setting for, and has its valve work.
struct Begin {
    valve: Option<Arc<dyn Builtin>>,
    uid: u32,
    umask: access::Umask,
}

/// The builtin of the name [`NAME`].
pub(super) fn builtin(around: &Around, login: &Login, valve: &Valve) -> Box<dyn Builtin> {
    let uid = access::Identity::of(&around.lab, &around.place, &login.user).uid;
    let valve = pipes::builtin_of(NAME, valve.begin());
    Box::new(Begin { valve, uid, umask: around.umask.clone() })
}

#[async_trait]
impl Builtin for Begin {
    fn streams_io(&self) -> bool {
        true
    }

    async fn execute(&self, context: BuiltinContext<'_>) -> bashkit::Result<ExecResult> {
        for name in ["UID", "EUID"] {
            context.variables.insert(name.to_owned(), self.uid.to_string());
        }
        context.variables.insert(UMASK.to_owned(), format!("{:04o}", self.umask.get()));
        match &self.valve {
            Some(valve) => valve.execute(context).await,
            None => Ok(ExecResult::ok("")),
        }
    }
}

/// The command of the name [`READER`], for the builder.
pub(super) fn reader(around: &Around) -> (&'static str, Adapted) {
    (READER, Adapted { program: &SHELL, around: around.clone() })
}

/// Looks at a command before it runs.
pub(super) fn hook(around: &Around) -> Box<dyn Fn(ToolEvent) -> HookAction<ToolEvent> + Send + Sync> {
    let (umask, lab, tracing) = (around.umask.clone(), around.lab.clone(), around.tracing.clone());
    Box::new(move |mut event| {
        if super::engine::is_too_deep() {
            return HookAction::Cancel("nested too deeply".to_owned());
        }
        match event.name.as_str() {
            "umask" if event.args.len() == 1 && event.args[0].starts_with(|it: char| it.is_ascii_digit()) => {
                umask.set(event.args.first().map(String::as_str));
            }
            "bash" | "sh" if reads_commands(&event.args) => {
                let args = std::mem::take(&mut event.args);
                let call = format!("{READER} \"$0\" \"$@\"");
                event.args = vec!["-c".to_owned(), call, event.name.clone()];
                event.args.extend(args);
            }
            "exec"
                if event.args.first().is_some_and(|it| is_shell(it)) && reads_commands(&event.args[1..]) =>
            {
                event.args.insert(0, READER.to_owned());
            }
            // Its own trace tells when it ends.
            "set" | "bash" | "sh" if traces(&event.args) => tracing.set(true),
            "find" => event.args = ages::dated(&event.args, lab.world().now.unix_s()),
            _ => {}
        }
        HookAction::Continue(event)
    })
}

/// True when the options before any operand switch traces on.
fn traces(args: &[String]) -> bool {
    let options = args.iter().take_while(|it| it.starts_with(['-', '+']) || *it == "xtrace");
    let mut named = false;
    options.fold(false, |found, arg| {
        let letters = arg.strip_prefix('-').unwrap_or_default();
        let by_name = std::mem::replace(&mut named, letters == "o") && arg == "xtrace";
        found || by_name || (!letters.starts_with('-') && letters.contains('x'))
    })
}

fn is_shell(name: &str) -> bool {
    matches!(name, "bash" | "sh" | "/bin/bash" | "/bin/sh" | "/usr/bin/bash")
}

/// True for a shell that is told neither a command nor a file: it reads its commands, or says what it is.
fn reads_commands(args: &[String]) -> bool {
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--version" | "-s" => return true,
            "-o" | "-O" | "--rcfile" | "--init-file" => drop(args.next()),
            "--" | "-" => return args.next().is_none(),
            long if long.starts_with("--") => {}
            short if short.starts_with('-') || short.starts_with('+') => {
                if short.contains(['c', 'n']) {
                    return false;
                }
                if short.contains('s') {
                    return true;
                }
            }
            _ => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traces_are_switched() {
        let on = |line: &str| {
            let args: Vec<String> = line.split(' ').map(str::to_owned).collect();
            traces(&args)
        };
        assert!(on("-x") && on("-euxo pipefail") && on("-o xtrace"));
        assert!(!on("-e") && !on("x.sh -x") && !on("--posix") && !on("+o xtrace") && !on("+x"));
    }

    #[test]
    fn shells_without_a_script_read_their_commands() {
        let reads = |line: &str| {
            let args: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            reads_commands(&args)
        };
        for line in ["", "-l", "--login -i", "-s a b", "--version", "-o pipefail", "-xs"] {
            assert!(reads(line), "{line}");
        }
        for line in ["-c true", "x.sh", "-x x.sh", "-o pipefail x.sh", "-ec true", "-n"] {
            assert!(!reads(line), "{line}");
        }
    }
}
