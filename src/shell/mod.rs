//! A session on a host or in a container: the shell language and the Unix programs.
//!
//! Invariant: knows nothing of kubectl or of exercises; programs of other layers come as rows of a
//! table that the caller hands in. The only layer, beside `serve`, that knows async.
//!
//! Start with [`Proc`] (what a program gets), then [`Program`] (a row of a table).

mod lab;
mod proc;

pub(crate) use lab::Lab;
pub(crate) use proc::{Fd, Proc, Program, Running};
