//! Flags: which each command has, and how a command line becomes values.
//!
//! The facts (names, shorthands, types, defaults) are those that kubectl v1.36.2 lists, kept in
//! `assets/kubectl/flags.txt`; one sentence about each stands in [`words`].

pub(crate) mod absent;
mod parse;
mod spec;
mod values;
pub(crate) mod words;

pub(crate) use parse::{Parsed, go_bool as bool_word, parse};
#[cfg(test)]
pub(crate) use spec::commands;
pub(crate) use spec::{APPLYSET, FlagSpec, Kind, globals, of_command, usage};
pub(crate) use values::{Flags, request_timeout, seen};
