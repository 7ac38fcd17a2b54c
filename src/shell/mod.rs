//! A session on a host or in a container: the shell language and the Unix programs.
//!
//! Invariant: knows nothing of kubectl or of exercises; programs of other layers come as rows of a
//! table that the caller hands in. The only layer, beside `serve`, that knows async.
//!
//! Start with [`Proc`] (what a program gets) and [`Program`] (a row of a table), then [`Console`]
//! (one terminal with its stack of sessions), which the screen and the headless commands drive.
//! The language itself is the `bashkit` crate's; everything here that touches it stands in
//! `session`, `batch`, `adapt` and `files`.

mod lab;
mod proc;
mod link;
mod console;
mod crond;
mod held;
mod history;
mod engine;
mod session;
mod batch;
mod ages;
mod begin;
mod complete;
mod adapt;
mod pipes;
mod tree;
mod stages;
mod streams;
mod valve;
mod files;
mod access;
mod disk;
mod limits;
mod names;
mod login;
mod input;
mod job;
mod jobs;
mod control;
mod job_commands;
mod signals;
mod dialect;
mod wording;
mod traces;
mod sentences;
pub(crate) mod programs;
pub(crate) mod nano;
pub(crate) mod vim;

pub(crate) use batch::Script;
pub(crate) use console::{Console, Status};
pub(crate) use control::Stopping;
pub(crate) use input::{is_incomplete, quote};
pub(crate) use job::Job;
pub(crate) use lab::{Lab, Neighbour, Neighbours, Refusal, Tools};
pub(crate) use link::{Answer, EditRequest, EditorKind, PageRequest, Request};
pub(crate) use login::Login;
pub(crate) use proc::{Completer, Fd, Proc, Program, Running};
