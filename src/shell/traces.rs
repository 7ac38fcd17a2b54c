//! Traces of `set -x` in front of what the traced command writes.
//!
//! The language crate hands over a command's trace when the command has ended. While tracing is on, a trace is put in
//! front of all that was written since the trace before it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::proc::Fd;

/// Whether a shell traces; clones are the same switch.
#[derive(Clone, Debug, Default)]
pub(super) struct Tracing(Arc<AtomicBool>);

impl Tracing {
    pub(super) fn set(&self, on: bool) {
        self.0.store(on, Ordering::Relaxed);
    }

    fn is_on(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// What was written, with its traces where they belong.
#[derive(Debug, Default)]
pub(super) struct Traces {
    tracing: Tracing,
    /// Bytes at the end of the outbox that were written since the last trace.
    since: usize,
}

type Written = Vec<(Fd, Vec<u8>)>;

impl Traces {
    pub(super) fn new(tracing: &Tracing) -> Self {
        Self { tracing: tracing.clone(), since: 0 }
    }

    /// Adds what was written to one stream; `shell` is what the shell's own messages begin with.
    pub(super) fn add(&mut self, outbox: &mut Written, fd: Fd, bytes: &[u8], shell: &str) {
        if !self.tracing.is_on() {
            self.since = 0;
            return push(outbox, fd, bytes);
        }
        if fd == Fd::Out {
            self.since += bytes.len();
            return push(outbox, fd, bytes);
        }
        for line in bytes.split_inclusive(|it| *it == b'\n') {
            if line.starts_with(b"+") {
                insert(outbox, self.since, line);
                // Deeper traces belong to the command whose trace follows.
                if line.starts_with(b"+ ") {
                    self.since = 0;
                }
                if line.starts_with(b"+ set +") {
                    self.tracing.set(false);
                }
                continue;
            }
            // What the shell itself says stands behind its trace already.
            self.since = if line.starts_with(shell.as_bytes()) { 0 } else { self.since + line.len() };
            push(outbox, fd, line);
        }
    }
}

fn push(outbox: &mut Written, fd: Fd, bytes: &[u8]) {
    match outbox.last_mut() {
        Some((last, buffer)) if *last == fd => buffer.extend_from_slice(bytes),
        _ => outbox.push((fd, bytes.to_vec())),
    }
}

/// Inserts a trace in front of the last `behind` bytes, or of all when fewer are left.
fn insert(outbox: &mut Written, behind: usize, line: &[u8]) {
    let mut tail = Written::new();
    let mut left = behind;
    while left > 0 {
        let Some((fd, mut bytes)) = outbox.pop() else { break };
        let keep = bytes.len().saturating_sub(left);
        let cut = bytes.split_off(keep);
        left -= cut.len();
        if !bytes.is_empty() {
            outbox.push((fd, bytes));
        }
        tail.push((fd, cut));
    }
    push(outbox, Fd::Err, line);
    for (fd, bytes) in tail.into_iter().rev() {
        push(outbox, fd, &bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traces_come_first() {
        let tracing = Tracing::default();
        tracing.set(true);
        let (mut traces, mut outbox) = (Traces::new(&tracing), Written::new());
        let mut say = |fd, text: &str| traces.add(&mut outbox, fd, text.as_bytes(), "bash: ");
        say(Fd::Out, "b\n");
        say(Fd::Err, "++ echo b\n+ echo b\n");
        say(Fd::Err, "ls: nope\n+ ls nope\n+ cd x\nbash: cd: x\n+ true\n");
        say(Fd::Out, "z\n");
        say(Fd::Err, "+ echo z\n");
        let text: String = outbox.iter().map(|(_, it)| String::from_utf8_lossy(it)).collect();
        assert_eq!(
            text,
            "++ echo b\n+ echo b\nb\n+ ls nope\nls: nope\n+ cd x\nbash: cd: x\n+ true\n+ echo z\nz\n"
        );
    }
}
