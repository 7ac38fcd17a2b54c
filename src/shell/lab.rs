//! The world as running programs share it, and how they wait for its time.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use crate::cluster::World;
use crate::sim::SimTime;

/// A handle to one world. Clones are handles to the same world.
#[derive(Clone, Debug)]
pub(crate) struct Lab {
    world: Arc<Mutex<World>>,
    /// Until when each waiting program waits. The driver moves time to the earliest.
    waits: Arc<Mutex<Vec<SimTime>>>,
}

impl Lab {
    /// Shares `world`.
    pub(crate) fn new(world: World) -> Self {
        Self { world: Arc::new(Mutex::new(world)), waits: Arc::default() }
    }

    /// The world, for a moment: a guard must not live across an `await`.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
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
        let next = waits.iter().min().copied();
        waits.clear();
        next
    }
}

/// A wait for simulated time.
pub(crate) struct Sleep {
    lab: Lab,
    until: SimTime,
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<()> {
        if self.lab.world().now >= self.until {
            return Poll::Ready(());
        }
        // Nobody is woken: the driver polls again after it has moved time on.
        self.lab.waits.lock().unwrap_or_else(PoisonError::into_inner).push(self.until);
        Poll::Pending
    }
}
