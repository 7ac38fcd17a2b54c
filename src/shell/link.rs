//! What a running program may ask of the terminal that it was started from.

use std::collections::{BTreeMap, VecDeque};
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use super::vim::{Found, Need};
use super::{Lab, Login};

/// A program's question to its terminal.
#[derive(Clone, Debug)]
pub(crate) enum Request {
    /// A shell for the user, until it ends: `ssh node01`, `sudo -i`, `kubectl exec -it`.
    Session(Lab, Box<Login>),
    /// A line of input behind a prompt that is not yet printed.
    Line { prompt: String, hidden: bool },
    /// The full-screen editor on a file.
    Edit(EditRequest),
    /// The answer to [`Answer::Need`], after which the editor goes on.
    EditAnswer(Result<String, String>),
    /// A text to read at leisure: `less`, `man`.
    Page(PageRequest),
    /// What the screen has kept under this number since its program was stopped.
    Resume(u64),
}

/// Which editor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum EditorKind {
    #[default]
    Vim,
    Nano,
}

/// A file to edit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct EditRequest {
    pub(crate) kind: EditorKind,
    /// The file as it was named; empty for a text without a file.
    pub(crate) name: String,
    pub(crate) found: Found,
    pub(crate) read_only: bool,
    /// All the files of the command line, that one too.
    pub(crate) names: Vec<String>,
    /// `o`, `O` or `p` to show them all at once: above each other, side by side, in tab pages.
    pub(crate) windows: Option<char>,
    /// The lines of the user's `.vimrc` or `nanorc`, before the file is read, and where they stand.
    pub(crate) rc: Vec<String>,
    pub(crate) rc_file: String,
    /// Commands of the command line, after it.
    pub(crate) commands: Vec<String>,
}

/// A text to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PageRequest {
    /// What the program calls the text; empty for standard input.
    pub(crate) name: String,
    pub(crate) text: String,
    /// True to number the lines.
    pub(crate) numbers: bool,
    /// True to cut long lines instead of wrapping them.
    pub(crate) chop: bool,
    /// True to begin at the end.
    pub(crate) at_end: bool,
}

/// The terminal's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// A session or an editor ended with this code.
    Exit(i32),
    /// The line without its end.
    Line(String),
    /// The editor needs something of the outside; answer with [`Request::EditAnswer`].
    Need(Need),
    /// There is nobody: end of input.
    Nobody,
}

/// A program's way to its terminal.
#[derive(Clone, Debug, Default)]
pub(crate) struct Link(Option<Arc<Mutex<Desk>>>);

#[derive(Debug, Default)]
struct Desk {
    asked: VecDeque<(u64, Request)>,
    answers: BTreeMap<u64, Answer>,
    next: u64,
}

impl Link {
    /// No terminal: every question gets [`Answer::Nobody`].
    pub(crate) fn none() -> Self {
        Self(None)
    }

    /// A new terminal.
    pub(crate) fn open() -> Self {
        Self(Some(Arc::default()))
    }

    /// True when somebody may answer.
    pub(crate) fn is_open(&self) -> bool {
        self.0.is_some()
    }

    fn desk(&self) -> Option<MutexGuard<'_, Desk>> {
        self.0.as_ref().map(|desk| desk.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Asks and waits for the answer.
    pub(crate) async fn ask(&self, request: Request) -> Answer {
        let Some(id) = self.post(request) else { return Answer::Nobody };
        // Nobody is woken: whoever answers polls again.
        poll_fn(|_| match self.desk().and_then(|mut desk| desk.answers.remove(&id)) {
            Some(answer) => Poll::Ready(answer),
            None => Poll::Pending,
        })
        .await
    }

    fn post(&self, request: Request) -> Option<u64> {
        let mut desk = self.desk()?;
        desk.next += 1;
        let id = desk.next;
        desk.asked.push_back((id, request));
        Some(id)
    }

    /// Asks a question again that was taken and got no answer.
    pub(super) fn put_back(&self, id: u64, request: Request) {
        if let Some(mut desk) = self.desk() {
            desk.asked.push_front((id, request));
        }
    }

    /// Takes the oldest question.
    pub(super) fn take(&self) -> Option<(u64, Request)> {
        self.desk()?.asked.pop_front()
    }

    /// Answers a question.
    pub(super) fn answer(&self, id: u64, answer: Answer) {
        if let Some(mut desk) = self.desk() {
            desk.answers.insert(id, answer);
        }
    }

    /// Forgets every question and answer: the programs that asked are gone.
    pub(super) fn clear(&self) {
        if let Some(mut desk) = self.desk() {
            desk.asked.clear();
            desk.answers.clear();
        }
    }
}
