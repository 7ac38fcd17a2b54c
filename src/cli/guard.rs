//! An end to what would not end: work that takes too much real time or memory is given up, and said so.
//!
//! Packs and learners run programs of their own in the worlds. Nearly all that never ends is ended by counting steps,
//! the same everywhere; this is for the rest, which computes without ever coming back. A thread cannot be stopped, so
//! what is given up ends with the process, and where a person sits before a sitting the program takes it up again.

use std::collections::BTreeMap;
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::sync::{Mutex, Once, PoisonError};
use std::time::{Duration, Instant};

/// Real seconds that one piece of work may take: a script in a world, an exercise that opens, a grading, a frame.
const SECONDS_MAX: u64 = 120;

/// MiB of memory that the program may take.
const MEMORY_MIB_MAX: u64 = 4096;

/// Names of what sets other bounds, for machines that are slow or small.
const SECONDS: &str = "UNCORDON_GIVE_UP_SECONDS";
const MEMORY: &str = "UNCORDON_GIVE_UP_MIB";

/// Set for the program that goes on after another had to be given up.
const GAVE_UP: &str = "UNCORDON_GAVE_UP";

/// How often the clock is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What follows when work is given up.
pub(crate) enum Then {
    /// The program ends with exit code 1.
    Exit,
    /// The program begins anew with these arguments and takes the sitting up again, without the line that never ended.
    Resume(Vec<String>),
    /// This is done, and the program begins anew with the arguments that it had.
    Again(Box<dyn FnOnce() + Send>),
}

struct Work {
    what: String,
    since: Instant,
    then: Then,
}

#[derive(Default)]
struct Watched {
    next: u64,
    works: BTreeMap<u64, Work>,
    /// Gives the terminal back before anything is said.
    restore: Option<fn()>,
}

static WATCHED: Mutex<Watched> = Mutex::new(Watched { next: 0, works: BTreeMap::new(), restore: None });
static BEGIN: Once = Once::new();

fn watched() -> std::sync::MutexGuard<'static, Watched> {
    WATCHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Work that is watched over until this is dropped.
pub(crate) struct Watching(u64);

impl Drop for Watching {
    fn drop(&mut self) {
        watched().works.remove(&self.0);
    }
}

/// Does work that is given up when it takes too long; `what` begins the sentence that says so.
pub(crate) fn over<T>(what: impl Into<String>, then: Then, work: impl FnOnce() -> T) -> T {
    let _watching = begin(what, then);
    work()
}

/// Begins to watch over work, as [`over`] does.
pub(crate) fn begin(what: impl Into<String>, then: Then) -> Watching {
    BEGIN.call_once(|| {
        // Without the thread nothing is given up, and the person has Ctrl-C.
        let _ = std::thread::Builder::new().name("guard".into()).spawn(watch);
    });
    let mut watched = watched();
    watched.next += 1;
    let number = watched.next;
    watched.works.insert(number, Work { what: what.into(), since: Instant::now(), then });
    Watching(number)
}

/// What gives the terminal back while a screen is drawn on it.
pub(crate) fn restore_with(restore: Option<fn()>) {
    watched().restore = restore;
}

/// True while a screen is drawn.
pub(crate) fn has_screen() -> bool {
    watched().restore.is_some()
}

/// True in a program that goes on after another had to be given up. Asking clears it.
pub(crate) fn gave_up() -> bool {
    static ASKED: Once = Once::new();
    let mut first = false;
    ASKED.call_once(|| first = true);
    first && std::env::var_os(GAVE_UP).is_some()
}

fn bound(name: &str, standard: u64) -> u64 {
    std::env::var(name).ok().and_then(|it| it.parse().ok()).filter(|it| *it > 0).unwrap_or(standard)
}

/// Resident memory of this process, in MiB; 0 where the system does not tell.
fn memory_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|it| it.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) / 1024
}

fn watch() {
    let (seconds, memory) = (bound(SECONDS, SECONDS_MAX), bound(MEMORY, MEMORY_MIB_MAX));
    loop {
        std::thread::sleep(LOOK_EVERY);
        let mut watched = watched();
        let late = watched.works.iter().find(|(_, it)| it.since.elapsed().as_secs() >= seconds);
        let found = match late {
            Some((number, _)) => Some((*number, format!("took longer than {seconds} s"))),
            None if watched.works.is_empty() || memory_mib() <= memory => None,
            None => watched.works.keys().next_back().map(|it| (*it, format!("took more than {memory} MiB"))),
        };
        let Some((number, why)) = found else { continue };
        let (work, restore) = (watched.works.remove(&number), watched.restore);
        drop(watched);
        if let Some(work) = work {
            give_up(work, &why, restore);
        }
    }
}

fn give_up(work: Work, why: &str, restore: Option<fn()>) {
    if let Some(restore) = restore {
        restore();
    }
    eprintln!("uncordon: {} {why} and was given up", work.what);
    let args = match work.then {
        Then::Exit => std::process::exit(1),
        Then::Resume(args) => args,
        Then::Again(first) => {
            first();
            std::env::args().skip(1).collect()
        }
    };
    let failed = match std::env::current_exe() {
        Ok(program) => Command::new(program).args(args).env(GAVE_UP, "1").exec(),
        Err(error) => error,
    };
    eprintln!("uncordon: cannot go on: {failed}");
    std::process::exit(1);
}
