//! The screen: a state, a closed list of messages, effects, and views.
//!
//! [`update`] is told what happened and says what is to be done; [`view()`] draws. Neither does anything
//! else.
//!
//! Invariant: knows nothing of the real terminal, the clock, files or the world. What a learner types
//! leaves as [`Effect::Run`]; what the shell prints comes in as [`Msg::Printed`].
//!
//! Start with [`State`], then [`Msg`] and [`Effect`].

mod ansi;
mod editor;
mod exercise;
mod home;
mod keys;
mod markdown;
mod message;
mod panel;
mod prompt;
mod state;
mod terminal;
mod theme;
mod update;
mod view;

pub(crate) use message::{Card, CheckLine, Effect, Msg, Opened, Verdict};
pub(crate) use state::State;
pub(crate) use theme::Theme;
pub(crate) use update::update;
pub(crate) use view::view;

#[cfg(test)]
mod tests;
