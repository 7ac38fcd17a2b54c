//! Tests of the whole program, from outside.

#![allow(clippy::unwrap_used)]
#![allow(clippy::disallowed_methods, reason = "tests drive the real program in real time")]

mod architecture;
mod authoring;
mod commands;
mod conformance;
mod fuzzing;
mod etcd;
mod exam;
mod machines;
mod helm;
mod kills;
mod kubeadm;
mod kustomize;
mod hostile;
mod packs;
mod picture;
mod screen;
mod serve;

use std::process::{Command, Output};

/// The program under test.
const UNCORDON: &str = env!("CARGO_BIN_EXE_uncordon");

/// Runs the program in the repository's folder.
fn uncordon(args: &[&str]) -> Output {
    Command::new(UNCORDON)
        .args(args)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_remove("NO_COLOR")
        .output()
        .expect("the program starts")
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
