//! What a program gets, and what it may do.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use crate::cluster::Place;
use crate::cluster::place::FileOp;
use crate::hosts::{FsError, files};

use super::Lab;
use super::access::{self, Identity, Umask, Want};
use super::disk::NULL;
use super::held::Held;
use super::link::Link;

/// A running program; its value is the exit code.
pub(crate) type Running<'a> = Pin<Box<dyn Future<Output = i32> + Send + 'a>>;

/// A row of a program table.
pub(crate) struct Program {
    pub(crate) name: &'static str,
    /// One line without a full stop.
    pub(crate) summary: &'static str,
    pub(crate) run: for<'a> fn(&'a mut Proc) -> Running<'a>,
}

/// How the arguments of a program are completed.
pub(crate) struct Completer {
    pub(crate) program: &'static str,
    /// The candidates for the last of `words`, which may be empty; `words[0]` is the program.
    pub(crate) complete: fn(&Proc, words: &[String]) -> Vec<String>,
}

/// The two streams a program writes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fd {
    Out,
    Err,
}

/// What a program has written and nobody has taken yet, in order.
pub(crate) type Outbox = Arc<std::sync::Mutex<Vec<(Fd, Vec<u8>)>>>;

/// Files that only one process has.
pub(crate) type Pipes = Arc<BTreeMap<String, Arc<[u8]>>>;

/// One process: arguments, environment, streams and the world around it.
#[derive(Debug)]
pub(crate) struct Proc {
    /// `args[0]` is the name it was called by.
    pub(crate) args: Vec<String>,
    pub(crate) env: BTreeMap<String, String>,
    /// Absolute and clean.
    pub(crate) cwd: String,
    /// The user's name, such as `root`.
    pub(crate) user: String,
    pub(crate) place: Place,
    /// True when standard output is a terminal.
    pub(crate) tty: bool,
    /// All of standard input; `None` when it is a terminal that nobody has typed into.
    pub(crate) stdin: Option<Vec<u8>>,
    /// What process substitutions among the arguments give, by their paths such as `/dev/fd/63`.
    pub(crate) pipes: Pipes,
    pub(crate) lab: Lab,
    pub(crate) outbox: Outbox,
    /// The terminal that the process was started from; answers end-of-file where there is none.
    pub(crate) link: Link,
    pub(crate) umask: Umask,
}

impl Proc {
    /// A process on a host as root, for tests and for programs that start others.
    pub(crate) fn new(lab: &Lab, place: Place, args: &[&str]) -> Self {
        Self {
            args: args.iter().map(|&arg| arg.to_owned()).collect(),
            env: BTreeMap::from([("HOME".to_owned(), "/root".to_owned())]),
            cwd: "/root".into(),
            user: "root".into(),
            place,
            tty: false,
            stdin: None,
            pipes: Pipes::default(),
            lab: lab.clone(),
            outbox: Outbox::default(),
            link: Link::none(),
            umask: Umask::default(),
        }
    }

    /// A process as this one would start it.
    pub(crate) fn child(&self, args: &[&str]) -> Self {
        Self {
            args: args.iter().map(|&arg| arg.to_owned()).collect(),
            env: self.env.clone(),
            cwd: self.cwd.clone(),
            user: self.user.clone(),
            stdin: None,
            pipes: self.pipes.clone(),
            link: self.link.clone(),
            umask: self.umask.clone(),
            ..Self::new(&self.lab, self.place.clone(), &[])
        }
    }

    /// The world, for a moment: the guard must not live across an `await`, nor while the world is asked for again.
    #[track_caller]
    pub(crate) fn world(&self) -> Held<'_> {
        self.lab.world()
    }

    /// Writes to standard output.
    pub(crate) fn print(&self, text: impl AsRef<[u8]>) {
        self.write(Fd::Out, text.as_ref());
    }

    /// Writes to standard error.
    pub(crate) fn eprint(&self, text: impl AsRef<[u8]>) {
        self.write(Fd::Err, text.as_ref());
    }

    fn write(&self, fd: Fd, bytes: &[u8]) {
        let mut outbox = self.outbox.lock().unwrap_or_else(PoisonError::into_inner);
        match outbox.last_mut() {
            Some((last, buffer)) if *last == fd => buffer.extend_from_slice(bytes),
            _ => outbox.push((fd, bytes.to_vec())),
        }
    }

    /// Takes what was written so far, in order.
    pub(crate) fn take_output(&self) -> Vec<(Fd, Vec<u8>)> {
        std::mem::take(&mut *self.outbox.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits in simulated time. What was written before is seen meanwhile.
    pub(crate) async fn sleep(&self, duration: Duration) {
        self.lab.sleep(duration).await;
    }

    /// `path` against the working directory.
    pub(crate) fn path(&self, path: &str) -> String {
        files::clean(&self.cwd, path)
    }

    /// As [`Self::path`], but a descriptor such as `/dev/fd/63` stays what it is.
    pub(crate) fn descriptor(&self, path: &str) -> String {
        if self.pipes.contains_key(path) { path.to_owned() } else { self.path(path) }
    }

    /// The bytes of a file, as this process sees it.
    pub(crate) fn read_file(&self, path: &str) -> Result<Arc<[u8]>, FsError> {
        match self.pipes.get(path) {
            Some(bytes) => Ok(bytes.clone()),
            None if path == NULL => Ok(Arc::from([])),
            None => {
                let (path, who) = (self.path(path), self.who());
                let world = self.world();
                access::check(&world, &self.place, &who, &path, Want::Read)?;
                world.read_file(&self.place, &path)
            }
        }
    }

    /// True when the user of this process may write the file at `path`.
    pub(crate) fn may_write(&self, path: &str) -> bool {
        let who = self.who();
        access::check(&self.world(), &self.place, &who, &self.path(path), Want::Write).is_ok()
    }

    /// Writes a file, as this process would.
    pub(crate) fn write_file(&self, path: &str, bytes: &[u8]) -> Result<(), FsError> {
        let path = self.path(path);
        if path == NULL {
            return Ok(());
        }
        self.change_files(FileOp::Write { path: &path, bytes })
    }

    /// Carries out a change as the user of this process.
    pub(crate) fn change_files(&self, op: FileOp<'_>) -> Result<(), FsError> {
        let who = self.who();
        access::change(&mut self.world(), &self.place, &who, op)
    }

    fn who(&self) -> Identity {
        Identity { umask: self.umask.get(), ..Identity::of(&self.lab, &self.place, &self.user) }
    }
}
