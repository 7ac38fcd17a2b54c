//! `uncordon pack`: for authors of exercises.

mod coverage;
mod import;
mod lint;
mod new;
mod prove;

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::exercises::schema;

/// Arguments of `uncordon pack`.
#[derive(Debug, Args)]
pub(crate) struct PackArgs {
    #[command(subcommand)]
    command: PackCommand,
}

#[derive(Debug, Subcommand)]
enum PackCommand {
    /// Tell every problem of a pack
    Lint(FolderArgs),
    /// Prove every exercise of a pack: untouched, reference, alternatives, mistakes, mutants
    Test(TestArgs),
    /// Make a new pack with one exercise that lints and proves
    New(NewArgs),
    /// Make a pack of a CK-X lab or of Killercoda scenarios, and tell what could not be taken over
    Import(ImportArgs),
    /// Print the JSON Schema of a file, for editors
    Schema(SchemaArgs),
    /// Print which competencies the packs of this program exercise, as Markdown
    Coverage,
}

#[derive(Debug, Args)]
struct FolderArgs {
    /// The folder with pack.toml, or a .tar.gz of it
    folder: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct TestArgs {
    #[command(flatten)]
    folder: FolderArgs,
    /// Only this exercise
    #[arg(long)]
    only: Option<String>,
    /// How many variants of each, from the first on
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=100))]
    seeds: u64,
    /// Prove again whenever a file changes
    #[arg(long)]
    watch: bool,
}

#[derive(Debug, Args)]
struct NewArgs {
    /// The folder to make
    folder: PathBuf,
}

#[derive(Debug, Args)]
struct ImportArgs {
    /// assessment.json, index.json, or a folder or .tar.gz with them
    source: PathBuf,
    /// The folder of the new pack
    folder: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// A case that is known never to end
    #[arg(long, value_name = "CASE")]
    leave_out: Vec<String>,
}

#[derive(Debug, Args)]
struct SchemaArgs {
    /// Which file
    #[arg(value_enum, default_value_t = SchemaOf::Exercise)]
    of: SchemaOf,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum SchemaOf {
    /// exercise.yaml
    Exercise,
    /// pack.toml
    Pack,
}

/// Runs the command.
pub(crate) fn run(args: &PackArgs) -> Result<u8, String> {
    match &args.command {
        PackCommand::Lint(args) => lint::lint(args),
        PackCommand::Test(args) => prove::test(args),
        PackCommand::New(args) => new::new(&args.folder),
        PackCommand::Import(args) => import::import(args),
        PackCommand::Schema(args) => {
            let schema = match args.of {
                SchemaOf::Exercise => schema::exercise(),
                SchemaOf::Pack => schema::pack(),
            };
            println!("{schema:#}");
            Ok(0)
        }
        PackCommand::Coverage => {
            let (packs, broken) = super::packs::shipped_and_broken();
            print!("{}", coverage::table(&packs));
            broken.iter().for_each(|why| eprintln!("uncordon: {why}"));
            Ok(u8::from(!broken.is_empty()))
        }
    }
}
