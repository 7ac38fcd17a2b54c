//! Packs: exercises as data, the worlds they are done in, checks, grading, the difference to the
//! reference, and the proof that all of it is right.
//!
//! Invariant: knows nothing of screens and of real files. A pack comes as a map from path to bytes;
//! what an author writes runs in the simulated world only.
//!
//! Start with [`pack`] (what a pack is), then [`stage`] (an exercise's world), [`checks`] and [`grade()`].

mod addons;
mod authoring;
pub(crate) mod checks;
pub(crate) mod compare;
#[cfg(test)]
mod breakfix;
#[cfg(test)]
mod faults;
pub(crate) mod grade;
mod leftovers;
mod locale;
#[cfg(test)]
mod lives;
pub(crate) mod import;
mod mutate;
pub(crate) mod pack;
pub(crate) mod prove;
mod raw;
pub(crate) mod schema;
pub(crate) mod stage;
pub(crate) mod texts;
mod variables;

pub(crate) use checks::CheckTexts;
pub(crate) use grade::{Report, grade};
pub(crate) use pack::{Exercise, Pack, Problem};
pub(crate) use stage::Stage;
