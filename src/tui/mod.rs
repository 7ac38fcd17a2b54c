//! The screen: a state, a closed list of messages, effects, and views.
//!
//! [`mod@update`] is told what happened and says what is to be done; [`view()`] draws. Neither does anything
//! else.
//!
//! Invariant: knows nothing of the real terminal, the clock, files or the world. What a learner types
//! leaves as [`Effect::Shell`]; what the shell prints comes in as [`Msg::Shell`].
//!
//! Start with [`State`], then [`Msg`] and [`Effect`].

mod ansi;
mod back;
mod drill;
mod editor;
mod exam;
mod exercise;
mod help;
mod home;
mod keys;
mod markdown;
mod menu;
mod message;
mod mouse;
mod pager;
mod panel;
mod picture;
mod popup;
mod prompt;
mod result;
mod selection;
mod state;
mod tab;
mod terminal;
mod theme;
mod update;
mod view;
mod words;

pub(crate) use exam::{ExamEffect, ExamMsg, ExamTask};
pub(crate) use menu::Offers;
pub(crate) use message::{Card, CheckLine, Effect, ExamChoice, FromShell, Msg, Opened, ToShell, Verdict};
pub(crate) use picture::Film;
pub(crate) use result::Lesson;
pub(crate) use result::ResultScreen;
pub(crate) use state::State;
pub(crate) use theme::{THEMES, Theme};
pub(crate) use update::update;
pub(crate) use view::view;
pub(crate) use words::{Language, Words};

#[cfg(test)]
mod tests;
