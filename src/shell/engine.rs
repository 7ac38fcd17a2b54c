//! Polls the futures of shells outside any executor.
//!
//! The shell language's crate expects a tokio runtime around it (it makes timers that never matter
//! here, and parses some texts on a blocking thread). The engine gives it one whose clock is never
//! driven, so nothing waits on real time; programs wait on simulated time only.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use tokio::runtime::{Builder, Runtime};

/// Bytes of stack below the engine that programs may use. Threads that run shells have at least twice as many.
const STACK_BYTES_MAX: usize = 32 << 20;

/// Polls without news until nothing is on its way any more: the buffers of output take turns (see `valve`).
const QUIET_POLLS: u32 = 4;

thread_local! {
    /// Where the stack was when the outermost poll began.
    static TOP: Cell<Option<usize>> = const { Cell::new(None) };

    /// How often somebody was woken.
    static WAKES: Cell<u64> = const { Cell::new(0) };
}

/// How often somebody was woken by this thread.
pub(super) fn wakes() -> u64 {
    WAKES.get()
}

/// Where the stack is now.
fn stack() -> usize {
    let here = 0_u8;
    std::ptr::from_ref(&here).addr()
}

/// True when shells are nested so deeply (`eval "$x"` in `x`, a script that runs itself) that the stack would end.
pub(super) fn is_too_deep() -> bool {
    TOP.get().is_some_and(|top| top.abs_diff(stack()) > STACK_BYTES_MAX)
}

/// Remembers that somebody asked to be polled again.
#[derive(Debug, Default)]
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        WAKES.set(WAKES.get().wrapping_add(1));
        self.0.store(true, Ordering::SeqCst);
    }
}

/// What futures of shells are polled with.
#[derive(Debug)]
pub(super) struct Engine {
    runtime: Runtime,
    flag: Arc<Flag>,
    /// True once a blocking thread was started.
    threads: Arc<AtomicBool>,
    /// Polls since somebody was woken.
    quiet: AtomicU32,
}

impl Engine {
    /// An engine, or why the system gives none.
    pub(super) fn new() -> std::io::Result<Self> {
        let threads = Arc::new(AtomicBool::new(false));
        let started = threads.clone();
        let runtime = Builder::new_current_thread()
            .enable_time()
            // One thread, so that a task of ours ends only after all before it have.
            .max_blocking_threads(1)
            .thread_name_fn(move || {
                started.store(true, Ordering::SeqCst);
                "shell-parser".to_owned()
            })
            .build()?;
        Ok(Self { runtime, flag: Arc::default(), threads, quiet: AtomicU32::new(0) })
    }

    /// Polls once.
    pub(super) fn poll<F: Future + ?Sized>(&self, future: Pin<&mut F>) -> Poll<F::Output> {
        let _inside = self.runtime.enter();
        let waker = Waker::from(self.flag.clone());
        let outer = TOP.get();
        TOP.set(outer.or_else(|| Some(stack())));
        let polled = future.poll(&mut Context::from_waker(&waker));
        TOP.set(outer);
        polled
    }

    /// True when what was polled is to be polled again at once: somebody was woken, or what was written may still be on
    /// its way. Asking counts as a poll.
    pub(super) fn is_woken(&self) -> bool {
        let before = self.quiet.load(Ordering::SeqCst);
        let mut woken = self.flag.0.swap(false, Ordering::SeqCst);
        // Asking the other thread takes longer than a poll, and who gave it something to do was woken before.
        if !woken && before == 0 {
            self.finish_blocking_tasks();
            woken = self.flag.0.swap(false, Ordering::SeqCst);
        }
        let quiet = if woken { 0 } else { before + 1 };
        self.quiet.store(quiet, Ordering::SeqCst);
        quiet <= QUIET_POLLS
    }

    /// Forgets who wants to be polled: everybody is about to be.
    pub(super) fn forget(&self) {
        self.flag.0.store(false, Ordering::SeqCst);
        self.quiet.store(0, Ordering::SeqCst);
    }

    /// Waits for the parser thread, so that nothing depends on how fast it is.
    fn finish_blocking_tasks(&self) {
        if self.threads.load(Ordering::SeqCst) {
            let last = self.runtime.spawn_blocking(|| ());
            // The task does nothing and cannot fail.
            let _ = self.runtime.block_on(last);
        }
    }

    /// Runs what needs the runtime around it, such as dropping a future.
    pub(super) fn inside<T>(&self, act: impl FnOnce() -> T) -> T {
        let _inside = self.runtime.enter();
        act()
    }
}
