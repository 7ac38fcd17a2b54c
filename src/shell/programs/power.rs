//! `reboot`, `shutdown`, `poweroff`, `halt`: the machine goes down, and comes back or not.

use crate::cluster::{Place, machines};
use crate::shell::{Proc, Program, Running};

pub(crate) const REBOOT: Program = Program { name: "reboot", summary: "Restart the machine", run };
pub(crate) const SHUTDOWN: Program =
    Program { name: "shutdown", summary: "Halt, power off or restart the machine", run };
pub(crate) const POWEROFF: Program = Program { name: "poweroff", summary: "Power the machine off", run };
pub(crate) const HALT: Program = Program { name: "halt", summary: "Halt the machine", run };

/// How often somebody looks whether the machine is back.
const LOOK: std::time::Duration = std::time::Duration::from_secs(1);

/// What a session ends with whose machine is gone.
const GONE: i32 = 255;

fn run(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let Place::Host(host) = proc.place.clone() else {
            proc.eprint("System has not been booted with systemd as init system (PID 1). Can't operate.\n");
            return 1;
        };
        let name = proc.args.first().cloned().unwrap_or_default();
        if proc.user != "root" {
            let verb = if name == "reboot" { "reboot" } else { "power off" };
            proc.eprint(format!("Call to {verb} failed: Interactive authentication required.\n"));
            return 1;
        }
        if proc.world().clusters.is_empty() {
            // The exam's own machine: whoever restarts it there has lost the environment.
            proc.eprint(
                "uncordon: this machine is not restarted: it would end the exam, and not only here\n",
            );
            return 1;
        }
        let has = |flag: &str| proc.args.iter().any(|arg| arg == flag);
        if has("-c") {
            return 0;
        }
        let when = proc.args.iter().skip(1).find(|arg| !arg.starts_with('-')).cloned();
        let at_once = when.as_deref().is_none_or(|it| it == "now" || it == "+0");
        if name == "shutdown" && (when.is_none() || !at_once) {
            proc.eprint("uncordon: a shutdown that is not `now` is not simulated yet\n");
            return 1;
        }
        let again = name == "reboot" || has("-r") || has("--reboot");
        machines::switch_off(&mut proc.world(), &host, again);
        // Whoever sits before the machine itself waits until it is back.
        let is_remote = proc.env.contains_key("SSH_CONNECTION");
        while again && !is_remote && proc.world().hosts.get(&host).is_some_and(|it| !it.up) {
            proc.sleep(LOOK).await;
        }
        if is_remote { GONE } else { 0 }
    })
}
