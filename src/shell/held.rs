//! A world for a moment, and never twice at once by one thread: that would wait for ever, and with it the screen.

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::cluster::World;

thread_local! {
    /// Where the worlds are that this thread holds.
    static HELD: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

/// A world that nobody else touches meanwhile.
pub(crate) struct Held<'a> {
    world: MutexGuard<'a, World>,
    place: usize,
}

impl<'a> Held<'a> {
    /// Waits until no other thread holds the world.
    ///
    /// # Panics
    /// When this thread holds it already, which is a mistake in a program; the shell tells of it.
    #[track_caller]
    pub(super) fn take(world: &'a Mutex<World>) -> Self {
        let place = std::ptr::from_ref(world).addr();
        assert!(!HELD.with_borrow(|held| held.contains(&place)), "the world is held already");
        HELD.with_borrow_mut(|held| held.push(place));
        Self { world: world.lock().unwrap_or_else(PoisonError::into_inner), place }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        HELD.with_borrow_mut(|held| held.retain(|it| *it != self.place));
    }
}

impl Deref for Held<'_> {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

impl DerefMut for Held<'_> {
    fn deref_mut(&mut self) -> &mut World {
        &mut self.world
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::templates;
    use crate::sim::SimTime;

    #[test]
    fn a_thread_holds_a_world_once() {
        let (one, other) =
            (Mutex::new(templates::empty(SimTime::START)), Mutex::new(templates::empty(SimTime::START)));
        let held = Held::take(&one);
        drop(Held::take(&other));
        let again = std::panic::catch_unwind(|| drop(Held::take(&one)));
        assert!(again.is_err());
        drop(held);
        drop(Held::take(&one));
    }
}
