//! The queue of what happens later.

use super::SimTime;

/// Things that fall due, earliest first; equal times keep the order they were set in.
#[derive(Clone, Debug)]
pub(crate) struct Timers<T: Clone> {
    queue: imbl::OrdMap<(SimTime, u64), T>,
    /// Counts every timer ever set, so that equal times have an order.
    set: u64,
}

impl<T: Clone> Default for Timers<T> {
    fn default() -> Self {
        Self { queue: imbl::OrdMap::new(), set: 0 }
    }
}

impl<T: Clone> Timers<T> {
    /// Lets `what` fall due at `at`.
    pub(crate) fn set(&mut self, at: SimTime, what: T) {
        self.set += 1;
        self.queue.insert((at, self.set), what);
    }

    /// When the next one falls due.
    pub(crate) fn next_at(&self) -> Option<SimTime> {
        self.queue.get_min().map(|((at, _), _)| *at)
    }

    /// Takes the next one if it is due by `until`.
    pub(crate) fn pop_due(&mut self, until: SimTime) -> Option<(SimTime, T)> {
        let (key, _) = self.queue.get_min().filter(|((at, _), _)| *at <= until)?;
        let key = *key;
        let what = self.queue.remove(&key)?;
        Some((key.0, what))
    }

    /// How many wait.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.queue.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn equal_times_keep_their_order() {
        let mut timers = Timers::default();
        let at = SimTime::START;
        timers.set(at + Duration::from_secs(1), "late");
        timers.set(at, "first");
        timers.set(at, "second");
        let mut seen = Vec::new();
        while let Some((_, what)) = timers.pop_due(at) {
            seen.push(what);
        }
        assert_eq!((seen, timers.len()), (vec!["first", "second"], 1));
    }
}
