//! A small shell for what containers run by themselves: their command, probes and hooks.
//!
//! The shell that a learner types into stands above the cluster and may not be used here; and a
//! container's command has to stop at every `sleep`, be cloned with its world and go on later.
//! So a command is a value here, a [`vm::Vm`], that runs until it waits or ends. It knows the
//! language of `sh` and the programs of [`programs`]; a program that it does not know runs forever
//! when the image has it, and is not found when the image does not.

mod arithmetic;
mod ast;
mod builtins;
mod expand;
mod file_programs;
mod parse;
pub(super) mod programs;
#[cfg(test)]
mod tests;
mod text_programs;
pub(super) mod vm;
mod words;

pub(super) use expand::glob_matches;
pub(super) use vm::{Stream, Vm, Yield};
