//! Rows of program tables as commands of the shell language.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::path::Path;
use std::sync::Arc;
use std::task::Poll;

use bashkit::{Command, CommandContext, CommandOutput, CommandStatus, LimitExceeded, async_trait};

use super::access::Umask;
use super::control::{Control, Face};
use super::link::Link;
use super::pipes::Sharing;
use super::proc::{Fd, Outbox, Pipes, Proc, Program};
use super::programs::versions;
use super::traces::Tracing;
use super::{Lab, limits};
use crate::cluster::Place;

/// More standard input than this is not read: `yes | rm -i *` still ends.
const STDIN_BYTES_MAX: usize = 64 << 20;

/// A program, with what its processes get from the shell that starts them.
pub(super) struct Adapted {
    pub(super) program: &'static Program,
    pub(super) around: Around,
}

/// Where a shell runs: what its processes inherit beside environment and directory.
#[derive(Clone)]
pub(super) struct Around {
    pub(super) lab: Lab,
    pub(super) place: Place,
    pub(super) user: String,
    pub(super) link: Link,
    pub(super) programs: Programs,
    pub(super) sharing: Sharing,
    pub(super) umask: Umask,
    pub(super) tracing: Tracing,
    pub(super) control: Control,
}

/// Which programs of the tables a shell knows, beside those of the language crate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Programs {
    All,
    /// All but one, so that the language crate's own of that name runs.
    Without(String),
    /// None at all: one program of the language crate computes, with so many bytes of values at a time.
    Alone(u64),
}

#[async_trait]
impl Command for Adapted {
    async fn execute(&self, context: CommandContext<'_>) -> bashkit::Result<CommandStatus> {
        if let Place::Host(host) = &self.around.place
            && self.program.name != "kill"
            && !self.around.lab.programs_of_host(host).contains(self.program.name)
        {
            // It was taken away after this shell was started.
            let text = format!("bash: {}: command not found\n", context.name);
            context.stderr.write_all(text.as_bytes()).await?;
            return Ok(CommandStatus::with_code(127));
        }
        if !self.around.lab.starts_one() {
            return Err(bashkit::Error::ResourceLimit(LimitExceeded::MaxCommands(
                limits::STARTS_MAX as usize,
            )));
        }
        if matches!(self.around.place, Place::Host(_))
            && let Some(version) = versions::told(context.name, context.args)
        {
            context.stdout.write_all(version.as_bytes()).await?;
            return Ok(CommandStatus::success());
        }
        let control = &self.around.control;
        let spot = control.starts(context.name);
        let stdin = read_all(&context).await?;
        let pipes = substituted(&context, stdin.as_deref()).await;
        let proc = Proc { pipes, ..process(&self.around, &context, stdin) };
        let words = proc.args.clone();
        let face = Face::default();
        let streams = Streams {
            out: context.stdout.clone(),
            err: context.stderr.clone(),
            face: face.clone(),
            control: control.clone(),
        };
        let work = Box::pin(carry(self.program, proc, streams));
        Ok(CommandStatus::with_code(control.run((work, face), spot, &words).await?))
    }
}

/// Where a program writes.
struct Streams {
    out: CommandOutput,
    err: CommandOutput,
    face: Face,
    control: Control,
}

/// Runs a program to its end, and passes on what it writes as it comes.
async fn carry(program: &'static Program, mut proc: Proc, streams: Streams) -> bashkit::Result<i32> {
    let outbox = proc.outbox.clone();
    let mut running = (program.run)(&mut proc);
    loop {
        let polled = poll_fn(|cx| Poll::Ready(running.as_mut().poll(cx))).await;
        deliver(&outbox, &streams).await?;
        match polled {
            Poll::Ready(exit) => return Ok(exit),
            Poll::Pending => yield_once().await,
        }
    }
}

/// The process of a command.
pub(super) fn process(around: &Around, context: &CommandContext<'_>, stdin: Option<Vec<u8>>) -> Proc {
    let mut args = vec![context.name.to_owned()];
    args.extend(context.args.iter().cloned());
    let around = around.clone();
    Proc {
        args,
        env: context.env.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
        cwd: context.cwd.to_string_lossy().into_owned(),
        user: around.user,
        place: around.place,
        tty: false,
        stdin,
        pipes: Pipes::default(),
        lab: around.lab,
        outbox: Outbox::default(),
        link: around.link,
        umask: around.umask,
    }
}

async fn read_all(context: &CommandContext<'_>) -> bashkit::Result<Option<Vec<u8>>> {
    let mut all = Vec::new();
    while let Some(chunk) = context.stdin.read_chunk().await? {
        all.extend_from_slice(&chunk);
        if all.len() > STDIN_BYTES_MAX {
            break;
        }
    }
    Ok((!all.is_empty()).then_some(all))
}

/// Where the language crate keeps what `<(…)` gives.
const DESCRIPTORS: &str = "/dev/fd/";

/// Names of standard input.
const STDIN: [&str; 3] = ["/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"];

/// What the descriptors among the arguments give: `-f <(…)`, `--from-file=key=<(…)`, `-f /dev/stdin`.
pub(super) async fn substituted(context: &CommandContext<'_>, stdin: Option<&[u8]>) -> Pipes {
    let mut pipes: BTreeMap<String, Arc<[u8]>> = BTreeMap::new();
    for arg in context.args {
        if let Some(name) = STDIN.iter().find(|name| arg.ends_with(**name)) {
            pipes.insert((*name).to_owned(), stdin.unwrap_or_default().into());
            continue;
        }
        let Some(at) = arg.find(DESCRIPTORS) else { continue };
        let path = arg.get(at..).unwrap_or_default();
        if let Ok(bytes) = context.fs.read_file(Path::new(path)).await {
            pipes.insert(path.to_owned(), bytes.into());
        }
    }
    Pipes::from(pipes)
}

/// Passes on what the program wrote, in the order of writing.
async fn deliver(outbox: &Outbox, streams: &Streams) -> bashkit::Result<()> {
    let written = std::mem::take(&mut *outbox.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    for (fd, bytes) in written {
        if fd == Fd::Out {
            streams.face.shows(&bytes);
        }
        let output = if fd == Fd::Out { &streams.out } else { &streams.err };
        match output.write_all(&bytes).await {
            // Its line was interrupted while it stood still: what is left is the terminal.
            Err(bashkit::Error::Cancelled) => streams.control.say(fd, &bytes),
            written => written?,
        }
    }
    Ok(())
}

/// Gives way once; whoever has something for us polls again.
async fn yield_once() {
    let mut yielded = false;
    poll_fn(|_| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        Poll::Pending
    })
    .await;
}
