//! `uncordon pack lint|test|new`: for authors.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::packs;
use crate::exercises::Pack;
use crate::exercises::prove::{Proof, prove};
use crate::tui::Language;

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
}

#[derive(Debug, Args)]
struct FolderArgs {
    /// The folder with pack.toml
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
}

#[derive(Debug, Args)]
struct NewArgs {
    /// The folder to make
    folder: PathBuf,
}

/// Runs the command.
pub(crate) fn run(args: &PackArgs) -> Result<u8, String> {
    match &args.command {
        PackCommand::Lint(args) => lint(args),
        PackCommand::Test(args) => test(args),
        PackCommand::New(args) => new(&args.folder),
    }
}

fn lint(args: &FolderArgs) -> Result<u8, String> {
    let loaded = packs::load_folder(&args.folder)?;
    let texts = loaded.as_ref().map(translated).unwrap_or_default();
    let problems = loaded.err().unwrap_or_default();
    if args.json {
        let rows: Vec<Value> =
            problems.iter().map(|it| json!({"file": it.file, "message": it.message})).collect();
        println!("{}", Value::Array(rows));
    } else if problems.is_empty() {
        println!("{}: no problems{texts}", args.folder.display());
    } else {
        println!("{}", packs::lines(&problems));
    }
    Ok(u8::from(!problems.is_empty()))
}

/// How much of a pack is said in other languages: what is missing is said in English.
fn translated(pack: &Pack) -> String {
    Language::others()
        .map(|language| {
            let counts = pack.exercises.iter().map(|it| it.texts_in(language));
            let (own, all) = counts.fold((0, 0), |sum, it| (sum.0 + it.0, sum.1 + it.1));
            format!("; {own} of {all} texts in {language}")
        })
        .collect()
}

fn test(args: &TestArgs) -> Result<u8, String> {
    let pack = match packs::load_folder(&args.folder.folder)? {
        Ok(pack) => pack,
        Err(problems) => {
            eprintln!("{}", packs::lines(&problems));
            return Ok(1);
        }
    };
    if let Some(only) = &args.only
        && !pack.exercises.iter().any(|it| it.id == *only)
    {
        return Err(format!("the pack has no exercise {only:?}"));
    }
    let proofs = prove_all(&pack, args);
    let holds = proofs.iter().all(|proof| proof.broken.is_empty());
    if args.folder.json {
        println!("{}", proofs.iter().map(as_json).collect::<Value>());
    } else {
        println!(
            "{} of {} proofs hold",
            proofs.iter().filter(|it| it.broken.is_empty()).count(),
            proofs.len()
        );
    }
    Ok(u8::from(!holds))
}

/// Proves exercise by exercise, on as many threads as the machine has; prints in order.
fn prove_all(pack: &Pack, args: &TestArgs) -> Vec<Proof> {
    let chosen: Vec<_> =
        pack.exercises.iter().filter(|it| args.only.as_ref().is_none_or(|only| it.id == *only)).collect();
    let jobs: Vec<(usize, u64)> =
        (0..chosen.len()).flat_map(|index| (1..=args.seeds).map(move |seed| (index, seed))).collect();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let next = std::sync::atomic::AtomicUsize::new(0);
    let done = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(&(index, seed)) =
                    jobs.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
                {
                    let Some(exercise) = chosen.get(index) else { break };
                    let proof = prove(exercise, seed);
                    if !args.folder.json {
                        print_proof(&proof);
                    }
                    done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((index, seed, proof));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    done.sort_by_key(|(index, seed, _)| (*index, *seed));
    done.into_iter().map(|(_, _, proof)| proof).collect()
}

fn print_proof(proof: &Proof) {
    let mark = if proof.broken.is_empty() { "✓" } else { "✗" };
    let all = |scripts: &[(String, u32)]| {
        scripts.iter().map(|(_, points)| points.to_string()).collect::<Vec<_>>().join(" ")
    };
    println!(
        "{mark} {:<32} seed {}  untouched {}  reference {}/{}  alternatives [{}]  mistakes [{}]  mutants {}+{}/{}",
        proof.exercise,
        proof.seed,
        proof.untouched,
        proof.reference,
        proof.max,
        all(&proof.alternatives),
        all(&proof.mistakes),
        proof.mutants.killed,
        proof.mutants.equivalent,
        proof.mutants.total,
    );
    for why in &proof.broken {
        println!("    {}", why.trim_end().replace('\n', "\n    "));
    }
}

fn as_json(proof: &Proof) -> Value {
    let scripts = |all: &[(String, u32)]| {
        all.iter().map(|(name, points)| json!({"script": name, "points": points})).collect::<Value>()
    };
    json!({
        "exercise": proof.exercise, "seed": proof.seed, "max": proof.max,
        "untouched": proof.untouched, "reference": proof.reference,
        "alternatives": scripts(&proof.alternatives), "mistakes": scripts(&proof.mistakes),
        "mutants": {
            "total": proof.mutants.total, "killed": proof.mutants.killed, "equivalent": proof.mutants.equivalent,
        },
        "broken": proof.broken,
    })
}

/// The files of a new pack.
const NEW: &[(&str, &str)] = &[
    (
        "pack.toml",
        "id = \"my-pack\"\ntitle = \"My pack\"\nversion = \"0.1.0\"\nlicence = \"Apache-2.0\"\nauthors = [\"You\"]\n",
    ),
    (
        "scale-a-deployment/exercise.yaml",
        "id: scale-a-deployment\ntitle: Make room for more visitors\ndomain: workloads-scheduling\n\
         competencies: [deployments]\ndifficulty: quick\nminutes: 3\nvariables:\n  app: {choose: [web, shop, blog]}\n  \
         replicas: {between: [3, 5]}\nworld:\n  setup: setup.sh\ntask: |\n  The Deployment `{{ app }}` in namespace \
         `default` must run {{ replicas }} replicas.\nhints:\n- \"`kubectl scale` sets a new size.\"\nchecks:\n- name: the \
         deployment has the new size\n  points: 4\n  object: {kind: Deployment, name: \"{{ app }}\", fields: {status.readyReplicas: \
         \"{{ replicas }}\"}}\nsolution: solution.sh\nmistakes:\n- {script: mistake.sh, says: \"one replica short\"}\n",
    ),
    ("scale-a-deployment/setup.sh", "kubectl create deployment {{ app }} --image=nginx:1.27 --replicas=1\n"),
    ("scale-a-deployment/solution.sh", "kubectl scale deployment {{ app }} --replicas={{ replicas }}\n"),
    ("scale-a-deployment/mistake.sh", "kubectl scale deployment {{ app }} --replicas={{ replicas - 1 }}\n"),
];

fn new(folder: &Path) -> Result<u8, String> {
    if folder.exists() {
        return Err(format!("{}: is there already", folder.display()));
    }
    for (name, text) in NEW {
        let path = folder.join(name);
        let made =
            path.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(&path, text));
        made.map_err(|error| format!("{}: {error}", path.display()))?;
    }
    println!("{} stands; now: uncordon pack test {}", folder.display(), folder.display());
    Ok(0)
}
