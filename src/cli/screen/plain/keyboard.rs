//! Lines that are typed, without standing still for them: the exam's clock goes on meanwhile.

use std::io::{BufRead, IsTerminal, stdin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use signal_hook::consts::SIGINT;

/// What was typed.
pub(super) enum Heard {
    Line(String),
    /// Ctrl-D.
    End,
    /// Ctrl-C.
    Interrupt,
    Nothing,
}

/// Standard input, read beside the program.
pub(super) struct Keyboard {
    /// `None` for an end of input.
    lines: Receiver<Option<String>>,
    interrupted: Arc<AtomicBool>,
    /// True when there is somebody who can type on after Ctrl-D.
    pub(super) is_terminal: bool,
}

impl Keyboard {
    /// Begins to read.
    pub(super) fn listen() -> Result<Self, String> {
        let interrupted = Arc::new(AtomicBool::new(false));
        signal_hook::flag::register(SIGINT, interrupted.clone()).map_err(|error| error.to_string())?;
        let is_terminal = stdin().is_terminal();
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            let mut ended = false;
            loop {
                let line = read();
                let again = is_terminal && !ended;
                ended = line.is_none();
                // A terminal can be typed on after Ctrl-D; a second one in a row is a terminal that is gone.
                if sender.send(line).is_err() || (ended && !again) {
                    break;
                }
            }
        });
        Ok(Self { lines, interrupted, is_terminal })
    }

    /// True once for every Ctrl-C.
    pub(super) fn was_interrupted(&self) -> bool {
        self.interrupted.swap(false, Ordering::SeqCst)
    }

    /// What is typed within a time.
    pub(super) fn hear(&self, within: Duration) -> Heard {
        if self.was_interrupted() {
            return Heard::Interrupt;
        }
        match self.lines.recv_timeout(within) {
            Ok(Some(line)) => Heard::Line(line),
            Ok(None) | Err(RecvTimeoutError::Disconnected) => Heard::End,
            Err(RecvTimeoutError::Timeout) => Heard::Nothing,
        }
    }
}

/// A line without its end; `None` when there is none.
fn read() -> Option<String> {
    let mut bytes = Vec::new();
    let count = stdin().lock().read_until(b'\n', &mut bytes).ok()?;
    let line = String::from_utf8_lossy(&bytes);
    (count > 0).then(|| line.trim_end_matches(['\n', '\r']).to_owned())
}
