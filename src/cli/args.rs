//! The command line.

use clap::{Parser, Subcommand};

use super::drill::DrillArgs;
use super::grade::GradeArgs;
use super::list::ListArgs;
use super::pack::PackArgs;
use super::progress::ProgressArgs;
use super::replay::ReplayArgs;
use super::screen::{ExamArgs, PracticeArgs};
use super::serve::{CheckArgs, ServeArgs};
use super::sh::ShArgs;

/// CKA exam practice in the terminal.
#[derive(Debug, Parser)]
#[command(name = "uncordon", version, about)]
pub(crate) struct Args {
    /// Language of the screen and of the exercises' texts: en, ko
    #[arg(long, global = true, value_name = "LANGUAGE")]
    pub(crate) lang: Option<String>,
    /// Colors of the screen: dark, light, color-blind, contrast, no-color
    #[arg(long, global = true, value_name = "THEME")]
    pub(crate) theme: Option<String>,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// One exercise on screen
    Practice(PracticeArgs),
    /// A timed mock exam: 17 tasks, 120 minutes, 66 % to pass
    Exam(ExamArgs),
    /// What is due for review: checks that were missed, when they are worth asking again
    Drill(DrillArgs),
    /// Every exercise
    List(ListArgs),
    /// Attempts, points and times, and how ready that makes
    Progress(ProgressArgs),
    /// Run a script in an exercise's world and say what it is worth, or do an exam's result file again
    Grade(GradeArgs),
    /// Check and prove packs of exercises
    Pack(PackArgs),
    /// Run shell scripts one after the other in one fresh world
    Sh(ShArgs),
    /// Run recorded console sessions, each in a fresh world
    Replay(ReplayArgs),
    /// Serve the API over HTTPS on loopback, for a real kubectl
    Serve(ServeArgs),
    /// Grade the exercise that is served
    Check(CheckArgs),
}
