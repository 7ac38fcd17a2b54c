//! Sittings: mock exams and practice, saved as what was typed; scores, result files, progress and review.
//!
//! Invariant: knows nothing of screens, of the real clock and of files. Times are arguments, in
//! milliseconds of the sitting's own clock or seconds of Unix time; files come and go as bytes.
//!
//! Start with [`journal`] (what is kept), then [`seat`] (one exercise being worked on), [`desk`] (an exam's terminals on
//! `base`) and [`sitting`] (all tasks under one clock). [`paper`] draws an exam, [`score`] tells what it is worth, [`result`] is the file
//! an instructor gets, [`class`] the table over many of them. [`progress`] and [`drill`] look back.

pub(crate) mod class;
pub(crate) mod clock;
pub(crate) mod desk;
pub(crate) mod drill;
pub(crate) mod journal;
pub(crate) mod paper;
pub(crate) mod progress;
pub(crate) mod result;
pub(crate) mod score;
pub(crate) mod seat;
pub(crate) mod sitting;
pub(crate) mod welcome;
