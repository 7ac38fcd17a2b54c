//! The world as running programs share it, and how they wait for its time.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::held::Held;
use super::limits;
use super::proc::{Completer, Program};
use crate::cluster::World;
use crate::cluster::templates::software;
use crate::hosts::FileTree;
use crate::hosts::packages::{PROGRAM_DIRECTORIES, archive};
use crate::sim::SimTime;

/// A handle to one world. Clones are handles to the same world.
#[derive(Clone, Debug)]
pub(crate) struct Lab {
    world: Arc<Mutex<World>>,
    /// Until when each waiting program waits, and whom to tell. The driver moves time to the earliest.
    waits: Arc<Mutex<Vec<(SimTime, Waker)>>>,
    tools: Tools,
    /// Names of everything that a host can run.
    host_programs: Arc<BTreeSet<String>>,
    /// What each host could run when its files were last looked at.
    found: Arc<Mutex<BTreeMap<String, Found>>>,
    /// Machines of other worlds, where there are some.
    neighbours: Option<Arc<dyn Neighbours>>,
    /// Until when cron has looked what is due, whichever terminal did.
    cron_looked: Arc<Mutex<Option<SimTime>>>,
    /// Programs that were started since the last line or script began.
    starts: Arc<AtomicU32>,
}

/// Machines of other worlds that `ssh` reaches by name.
pub(crate) trait Neighbours: fmt::Debug + Send + Sync {
    /// The machine of that name; `None` when nobody knows it.
    ///
    /// # Errors
    /// Why nobody of this world is let in.
    fn reach(&self, name: &str) -> Option<Result<Neighbour, Refusal>>;
}

/// A machine of another world.
#[derive(Clone, Debug)]
pub(crate) struct Neighbour {
    pub(crate) lab: Lab,
    pub(crate) host: String,
    /// Aliases that a login there has from the start.
    pub(crate) aliases: BTreeMap<String, String>,
}

/// Why a machine of another world cannot be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It has no key of this machine.
    NoKey,
    /// Its world could not be made, which is a fault of ours.
    Broken(String),
}

/// The programs of a host, and the files that they were found in.
type Found = (FileTree, Arc<BTreeSet<String>>);

/// The programs of other layers that hosts have, beside the shell's own.
#[derive(Clone, Copy, Default)]
pub(crate) struct Tools {
    pub(crate) programs: &'static [&'static Program],
    pub(crate) completers: &'static [&'static Completer],
}

impl fmt::Debug for Tools {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} programs", self.programs.len())
    }
}

impl Lab {
    /// Shares `world`, whose hosts have the shell's own programs only.
    #[cfg(test)]
    pub(crate) fn new(world: World) -> Self {
        Self::with_tools(world, Tools::default())
    }

    /// Shares `world`, whose hosts have `tools` too.
    pub(crate) fn with_tools(world: World, tools: Tools) -> Self {
        let own = super::programs::ALL.iter().chain(super::programs::ABSENT);
        let rows = own.chain(tools.programs).map(|program| program.name);
        let names = rows.chain(super::names::UNIX.iter().copied()).map(str::to_owned);
        let host_programs = Arc::new(names.collect());
        Self {
            world: Arc::new(Mutex::new(world)),
            waits: Arc::default(),
            tools,
            host_programs,
            found: Arc::default(),
            neighbours: None,
            cron_looked: Arc::default(),
            starts: Arc::default(),
        }
    }

    /// The same with machines of other worlds in reach.
    pub(crate) fn beside(self, neighbours: Arc<dyn Neighbours>) -> Self {
        Self { neighbours: Some(neighbours), ..self }
    }

    /// A lab of its own with a copy of the world as it is now: what happens there happens nowhere else.
    pub(crate) fn rehearsal(&self) -> Self {
        let world = self.world().clone();
        Self {
            world: Arc::new(Mutex::new(world)),
            waits: Arc::default(),
            found: Arc::default(),
            cron_looked: Arc::default(),
            starts: Arc::default(),
            ..self.clone()
        }
    }

    /// Counts a program that is about to start; false when the line has started so many that it would not end.
    pub(super) fn starts_one(&self) -> bool {
        self.starts.fetch_add(1, Ordering::Relaxed) < limits::STARTS_MAX
    }

    /// A line or a script begins.
    pub(super) fn begins(&self) {
        self.starts.store(0, Ordering::Relaxed);
    }

    /// The machine of another world that goes by this name.
    pub(crate) fn neighbour(&self, name: &str) -> Option<Result<Neighbour, Refusal>> {
        self.neighbours.as_ref()?.reach(name)
    }

    /// True for two handles to the same world.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.world, &other.world)
    }

    /// Until when cron has looked what is due.
    pub(super) fn cron_looked(&self) -> MutexGuard<'_, Option<SimTime>> {
        self.cron_looked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The world, for a moment: a guard must not live across an `await`, nor while the world is asked for again.
    #[track_caller]
    pub(crate) fn world(&self) -> Held<'_> {
        Held::take(&self.world)
    }

    /// Every program of this lab: the shell's own, then those of other layers.
    pub(crate) fn programs(&self) -> impl Iterator<Item = &'static Program> + use<> {
        // Later rows win: a tool over the shell's own, both over what is known to be missing.
        let own = super::programs::ABSENT.iter().chain(super::programs::ALL);
        own.chain(self.tools.programs).copied()
    }

    /// Names of everything that a host can run, beside the language's own commands.
    pub(crate) fn host_programs(&self) -> Arc<BTreeSet<String>> {
        self.host_programs.clone()
    }

    /// Names of the programs of one host: those that a package would bring only where their files stand.
    pub(crate) fn programs_of_host(&self, host: &str) -> Arc<BTreeSet<String>> {
        let world = self.world();
        let Some(files) = world.hosts.get(host).map(|it| &it.files) else { return self.host_programs() };
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((seen, programs)) = found.get(host)
            && seen.is_same(files)
        {
            return programs.clone();
        }
        let stands = |name: &str| {
            let mut places = PROGRAM_DIRECTORIES.iter().map(|directory| format!("{directory}/{name}"));
            places.any(|path| files.stat(&path).is_ok_and(|node| node.mode & 0o111 != 0))
        };
        let packaged = archive::packaged_programs();
        let downloaded: Vec<&str> = software::downloaded().collect();
        let comes_with_a_file = |name: &str| packaged.contains(name) || downloaded.contains(&name);
        let there = self.host_programs.iter().filter(|name| !comes_with_a_file(name) || stands(name));
        let there: Arc<BTreeSet<String>> = Arc::new(there.cloned().collect());
        found.insert(host.to_owned(), (files.clone(), there.clone()));
        there
    }

    /// The program of that name; another layer's row wins over the shell's own.
    pub(crate) fn program(&self, name: &str) -> Option<&'static Program> {
        let own = super::programs::ALL.iter().chain(super::programs::ABSENT);
        let rows = self.tools.programs.iter().chain(own);
        rows.copied().find(|program| program.name == name)
    }

    /// What completes the arguments of a program.
    pub(crate) fn completer(&self, program: &str) -> Option<&'static Completer> {
        self.tools.completers.iter().copied().find(|row| row.program == program)
    }

    /// Waits until `duration` of simulated time has passed.
    pub(crate) fn sleep(&self, duration: Duration) -> Sleep {
        let until = self.world().now + duration;
        Sleep { lab: self.clone(), until }
    }

    /// Takes the earliest time that a program waits for; the driver runs the world up to it and polls again.
    /// Headless, that is how waiting costs nothing.
    pub(crate) fn take_next_wait(&self) -> Option<SimTime> {
        let mut waits = self.waits.lock().unwrap_or_else(PoisonError::into_inner);
        let next = waits.iter().map(|(until, _)| *until).min();
        waits.drain(..).for_each(|(_, waker)| waker.wake());
        next
    }

    /// Tells every waiting program to look at the time again, for a driver that is about to poll.
    /// Background jobs are polled only when they are told so.
    pub(crate) fn wake_waiting(&self) {
        let waiting = std::mem::take(&mut *self.waits.lock().unwrap_or_else(PoisonError::into_inner));
        waiting.into_iter().for_each(|(_, waker)| waker.wake());
    }
}

/// A wait for simulated time.
pub(crate) struct Sleep {
    lab: Lab,
    until: SimTime,
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.lab.world().now >= self.until {
            return Poll::Ready(());
        }
        let wait = (self.until, context.waker().clone());
        self.lab.waits.lock().unwrap_or_else(PoisonError::into_inner).push(wait);
        Poll::Pending
    }
}
