//! The command line.

use clap::{Parser, Subcommand};

use super::replay::ReplayArgs;
use super::sh::ShArgs;

/// CKA exam practice in the terminal.
#[derive(Debug, Parser)]
#[command(name = "uncordon", version, about, arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run shell scripts one after the other in one fresh world
    Sh(ShArgs),
    /// Run recorded console sessions, each in a fresh world
    Replay(ReplayArgs),
}
