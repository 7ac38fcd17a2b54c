//! Simulated time, seeded chance and the limits of a world.
//!
//! Invariant: knows nothing of machines, Kubernetes or the real clock. Everything here
//! is a value; the same seed and the same calls give the same bytes.
//!
//! Start with [`SimTime`], then [`Chance`] and [`Timers`].

mod chance;
pub(crate) mod limits;
pub(crate) mod memo;
mod time;
mod timers;

pub(crate) use chance::{Chance, safe_encode};
pub(crate) use time::{SimTime, short_human_duration};
pub(crate) use timers::Timers;
