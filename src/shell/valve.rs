//! The order of what one execution writes to its two streams.
//!
//! The language crate gives each stream a buffer of its own and empties both when nothing else can go on, so that which
//! was written first is lost. A valve keeps the buffers full of padding, but for one at a time: who writes to the other
//! waits until the open one was emptied. So bytes arrive as they were written, however often anything is polled.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::Poll;

use bashkit::{Command, CommandContext, CommandOutput, CommandStatus, ExecutionExtensions, async_trait};

use super::engine;
use super::limits::SHOWN_BYTES_MAX;
use super::proc::Fd;

/// What one buffer of the language crate holds.
const ROOM: usize = 4096;

/// Fills a buffer that is empty. It begins with one byte and goes on with another, so that its beginning is found
/// behind whatever was written before.
const PADDING: [u8; ROOM] = {
    let mut bytes = [0xFF; ROOM];
    bytes[0] = 0xFE;
    bytes
};

/// How often an open buffer is left alone: others have been polled at least once then.
const TURNS: u32 = 2;

/// The valve of one shell; clones are the same valve.
#[derive(Clone, Default)]
pub(super) struct Valve(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// Where the execution's commands write, once the valve works.
    outputs: Option<[CommandOutput; 2]>,
    /// Gone when the execution has come to its end and only its buffers are left.
    execution: Weak<()>,
    /// Which of the buffers may be open.
    turn: usize,
    /// Which of them hold padding.
    padded: [bool; 2],
    stages: [Stage; 2],
    /// How often somebody had been woken before the padding came out.
    woken: u64,
}

/// What a buffer is about to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Shut,
    /// The padding comes out, and it is open then.
    Opening,
    /// What was written comes out, with padding behind it.
    Emptying,
}

/// What passes bytes on, as the language crate wants it.
pub(super) type Passing = Pin<Box<dyn Future<Output = bashkit::Result<()>> + Send>>;

fn index(fd: Fd) -> usize {
    usize::from(fd == Fd::Err)
}

impl Valve {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a new execution is to be given, so that the valve knows when it ends.
    pub(super) fn attend(&self) -> ExecutionExtensions {
        let execution = Arc::new(());
        *self.lock() = State { execution: Arc::downgrade(&execution), ..State::default() };
        ExecutionExtensions::new().with(execution)
    }

    /// The command that has the valve begin to work.
    pub(super) fn begin(&self) -> impl Command + 'static {
        Begin(self.clone())
    }

    /// A sink for one stream that hands on to `deliver` what was written.
    pub(super) fn sink<D: Fn(&[u8]) + Send + 'static>(
        &self,
        fd: Fd,
        deliver: D,
    ) -> impl FnMut(Vec<u8>) -> Passing + Send + use<D> {
        let valve = self.clone();
        let mut left = SHOWN_BYTES_MAX;
        move |bytes| {
            let written = valve.without_padding(index(fd), bytes);
            if !written.is_empty() && left >= written.len() {
                left -= written.len();
                deliver(&written);
            }
            let valve = valve.clone();
            Box::pin(async move {
                valve.passed(index(fd), written.len()).await;
                Ok(())
            })
        }
    }

    /// What a program wrote of what came out of a buffer.
    fn without_padding(&self, which: usize, mut bytes: Vec<u8>) -> Vec<u8> {
        let mut state = self.lock();
        if std::mem::take(&mut state.padded[which]) {
            if bytes == PADDING {
                return Vec::new();
            }
            let begins = bytes.iter().rposition(|it| *it != PADDING[1]);
            if let Some(begins) = begins.filter(|at| bytes.get(*at) == Some(&PADDING[0])) {
                bytes.truncate(begins);
            }
        }
        bytes
    }

    /// What follows when a buffer was emptied of `count` bytes that a program wrote: it is shut until its next turn, or
    /// open for others to write.
    async fn passed(&self, which: usize, count: usize) {
        if !self.works() {
            return;
        }
        let goes_on = self.goes_on(which, count);
        if goes_on {
            self.stand_open().await;
        } else {
            self.shut(which).await;
        }
        {
            let mut state = self.lock();
            state.stages[which] = if goes_on { Stage::Emptying } else { Stage::Opening };
            state.woken = engine::wakes();
        }
        if goes_on {
            self.fill(which).await;
        }
    }

    /// True when somebody waits to write into a buffer that was emptied, or may have more to write.
    fn goes_on(&self, which: usize, count: usize) -> bool {
        let state = self.lock();
        match state.stages[which] {
            Stage::Shut => false,
            // Who waited for room was woken when the padding came out.
            Stage::Opening => state.woken != engine::wakes(),
            Stage::Emptying => count >= ROOM,
        }
    }

    async fn stand_open(&self) {
        let mut turns = 0;
        poll_fn(|_| {
            turns += 1;
            if turns > TURNS || !self.works() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    async fn shut(&self, which: usize) {
        {
            let mut state = self.lock();
            if state.turn == which {
                state.turn = 1 - which;
            }
            state.stages[which] = Stage::Shut;
        }
        self.fill(which).await;
        poll_fn(|_| if self.lock().turn == which || !self.works() { Poll::Ready(()) } else { Poll::Pending })
            .await;
    }

    /// Fills a buffer as far as it has room.
    async fn fill(&self, which: usize) {
        let output = {
            let mut state = self.lock();
            let Some(output) = state.outputs.as_ref().map(|it| it[which].clone()) else { return };
            if state.execution.strong_count() == 0 {
                return;
            }
            state.padded[which] = true;
            output
        };
        let mut writing = Box::pin(async move { output.write_all(&PADDING).await });
        poll_fn(|cx| {
            let _ = writing.as_mut().poll(cx);
            Poll::Ready(())
        })
        .await;
    }

    fn works(&self) -> bool {
        let state = self.lock();
        state.outputs.is_some() && state.execution.strong_count() > 0
    }
}

struct Begin(Valve);

#[async_trait]
impl Command for Begin {
    async fn execute(&self, context: CommandContext<'_>) -> bashkit::Result<CommandStatus> {
        self.0.lock().outputs = Some([context.stdout.clone(), context.stderr.clone()]);
        self.0.fill(index(Fd::Out)).await;
        self.0.fill(index(Fd::Err)).await;
        Ok(CommandStatus::success())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_is_taken_off_and_nothing_else() {
        let valve = Valve::default();
        let shown = |bytes: &[u8]| {
            valve.lock().padded[0] = true;
            valve.without_padding(0, bytes.to_vec())
        };
        assert!(shown(&PADDING).is_empty());
        assert_eq!(shown(&[b"ab".as_slice(), &PADDING[..7]].concat()), b"ab");
        assert_eq!(shown(&[&[0xFE, 0xFF], &PADDING[..1]].concat()), [0xFE, 0xFF]);
        assert_eq!(shown(b"whole"), b"whole");
    }
}
