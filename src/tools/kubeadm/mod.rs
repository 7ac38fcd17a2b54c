//! kubeadm v1.36: it prepares machines, writes the files that a cluster runs from and stores what belongs
//! into the API. Nothing that it prints is pretended: what it says was written is written, and whether a
//! component is healthy afterwards is asked of the component.
//!
//! Invariant: knows the cluster only through files of its host and the API server's answers.
//!
//! Start with [`commands`] (the table of all commands), then [`ctx`] (what a command works with),
//! [`settings`] (the configuration with its defaults) and [`init`].

mod addons;
mod api;
mod certs;
mod certs_command;
mod commands;
mod config_command;
mod ctx;
mod discovery;
mod flags;
mod health;
mod help;
mod images;
mod init;
mod join;
mod kubeconfigs;
mod kubelet_files;
mod manifests;
mod preflight;
mod rehearse;
mod reset;
mod schema;
mod settings;
mod token_command;
mod tokens;
mod upgrade;
mod upload;
mod versions;

use crate::shell::{Proc, Program};

use ctx::{Ctx, Failure};

/// The program.
pub(crate) const KUBEADM: Program =
    Program { name: "kubeadm", summary: "set up and maintain clusters", run: |proc| Box::pin(run(proc)) };

async fn run(proc: &mut Proc) -> i32 {
    let words = proc.args.get(1..).unwrap_or_default().to_vec();
    match carry_out(proc, &words).await {
        Ok(()) => 0,
        Err(failure) => {
            proc.eprint(format!(
                "error: {}\nTo see the stack trace of this error execute with --v=5 or higher\n",
                failure.sentence
            ));
            1
        }
    }
}

async fn carry_out(proc: &Proc, words: &[String]) -> Result<(), Failure> {
    if let Some((_, about)) = words.split_first().filter(|(first, _)| *first == "help") {
        proc.print(help::of(commands::resolve(about).0.path));
        return Ok(());
    }
    let (command, rest) = commands::resolve(words);
    let parsed = flags::parse(command.path, &rest).map_err(Failure::new)?;
    if parsed.flags.on("help") || command.path.is_empty() && parsed.args.is_empty() {
        proc.print(help::of(command.path));
        return Ok(());
    }
    let ctx = Ctx { proc, path: command.path, flags: parsed.flags, args: parsed.args };
    if let Some(word) = ctx.args.first().filter(|_| !command.takes_words) {
        return Err(Failure::new(commands::unknown(command.path, word)));
    }
    if ctx.flags.on("dry-run") && command.path != "token create" {
        return rehearse::run(proc, command, &rest).await;
    }
    match command.run {
        Some(run) => run(&ctx).await,
        None => {
            proc.print(help::of(command.path));
            // kubeadm prints its own error twice here.
            Err(Failure::new("\nerror: subcommand is required"))
        }
    }
}
