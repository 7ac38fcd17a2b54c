//! Commands that a kubelet runs in a container from outside: exec probes, postStart, preStop.

use std::time::Duration;

use super::container::{self, Job};
use super::script::vm::Machine;
use super::script::{Vm, Yield};
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::cluster::{World, events};

/// How a command ended.
pub(super) struct Done {
    /// `None` when it did not end in time.
    pub(super) code: Option<i32>,
    /// Both streams.
    pub(super) output: String,
    pub(super) command: String,
    pub(super) took: Duration,
}

/// Runs a command in a container. Its waits take no time of the world's; they count against `limit`.
pub(super) fn exec(world: &mut World, job: &Job<'_>, argv: Vec<String>, limit: Duration) -> Done {
    let command = argv.join(" ");
    let Some(container) = job.id.container(world, job.name) else {
        return Done { code: Some(1), output: String::new(), command, took: Duration::ZERO };
    };
    let (env, image) = (container.env.clone(), container.image);
    let place = job.id.place(job.name);
    let mut vm = Vm::new(argv, env, "/");
    let mut took = Duration::ZERO;
    let mut output = Vec::new();
    let code = loop {
        let outcome = vm.run(&mut Machine { world, place: &place, image });
        output.extend(vm.take_output().into_iter().flat_map(|(_, bytes)| bytes));
        match outcome {
            Yield::Exited(code) => break Some(code),
            Yield::Until(at) => {
                took += at.since(world.now);
                if took >= limit {
                    break None;
                }
                vm.skip_wait();
            }
            Yield::Forever => {
                took = limit;
                break None;
            }
        }
    };
    Done { code, output: String::from_utf8_lossy(&output).into_owned(), command, took }
}

fn words(hook: &Value) -> Vec<String> {
    object::list(hook, "/exec/command").iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Runs the postStart hook; a failure ends the container.
pub(super) fn post_start(world: &mut World, job: &Job<'_>) {
    let Some(container) = job.id.container(world, job.name) else { return };
    let Some(hook) = object::at(&container.spec, "/lifecycle/postStart").cloned() else { return };
    let argv = words(&hook);
    if argv.is_empty() {
        return;
    }
    let done = exec(world, job, argv, Duration::from_secs(3_600));
    if done.code == Some(0) {
        return;
    }
    let code = done.code.unwrap_or(137);
    let why = format!(
        "Exec lifecycle hook ([{}]) for Container \"{}\" in Pod \"{}\" failed - error: command '{}' exited with {code}: {}, message: {:?}",
        done.command,
        job.name,
        object::name(job.pod),
        done.command,
        done.output.trim(),
        done.output
    );
    job.tell(world, events::warning("FailedPostStartHook", why));
    container::end(world, job, 137, "Error", String::new());
}

/// Runs the preStop hook; returns how long it takes.
pub(super) fn pre_stop(world: &mut World, job: &Job<'_>) -> Duration {
    let Some(container) = job.id.container(world, job.name) else { return Duration::ZERO };
    let Some(hook) = object::at(&container.spec, "/lifecycle/preStop").cloned() else {
        return Duration::ZERO;
    };
    if let Some(seconds) = object::int(&hook, "/sleep/seconds") {
        return Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
    }
    let argv = words(&hook);
    if argv.is_empty() {
        return Duration::ZERO;
    }
    let done = exec(world, job, argv, Duration::from_secs(3_600));
    if done.code != Some(0) {
        job.tell(world, events::warning("FailedPreStopHook", "PreStopHook failed"));
    }
    done.took
}
