//! `uncordon pack test`: the proof of every exercise, as a table with timings.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Value, json};

use super::{TestArgs, lint};
use crate::cli::packs;
use crate::exercises::prove::{Proof, prove};
use crate::exercises::texts::plain;
use crate::exercises::{Pack, pack};

/// Proves once, or again whenever a file changes.
pub(super) fn test(args: &TestArgs) -> Result<u8, String> {
    if args.watch { watch(args) } else { once(args, args.only.as_deref()) }
}

/// How often the files are looked at while watching.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Proves what changed, until the program is interrupted.
fn watch(args: &TestArgs) -> Result<u8, String> {
    let mut seen = changed_at(&args.folder.folder)?;
    once(args, args.only.as_deref())?;
    loop {
        std::thread::sleep(LOOK_EVERY);
        let now = changed_at(&args.folder.folder)?;
        if now == seen {
            continue;
        }
        let changed =
            now.iter().find(|(path, at)| seen.get(*path) != Some(*at)).map(|(path, _)| path.clone());
        seen = now;
        let parts = changed.iter().flat_map(|it| it.components().next()).next();
        let exercise = parts.map(|it| it.as_os_str().to_string_lossy().into_owned());
        let known = exercise.filter(|it| args.folder.folder.join(it).join("exercise.yaml").is_file());
        println!("\n{} changed", known.as_deref().unwrap_or("the pack"));
        once(args, args.only.as_deref().or(known.as_deref()))?;
    }
}

/// When each file of a folder was changed.
fn changed_at(folder: &Path) -> Result<BTreeMap<PathBuf, SystemTime>, String> {
    let fail = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).map_err(fail)?.flatten() {
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() {
                folders.push(entry.path());
            } else if let Ok(at) = entry.metadata().and_then(|it| it.modified()) {
                let path = entry.path();
                found.insert(path.strip_prefix(folder).unwrap_or(&path).to_owned(), at);
            }
        }
    }
    Ok(found)
}

fn once(args: &TestArgs, only: Option<&str>) -> Result<u8, String> {
    let source = packs::read_source(&args.folder.folder)?;
    let pack = match pack::load(&source) {
        Ok(pack) => pack,
        Err(problems) => {
            eprintln!("{}", lint::shown(&source, &problems));
            return Ok(1);
        }
    };
    if let Some(only) = only
        && !pack.exercises.iter().any(|it| it.id == only)
    {
        return Err(format!("the pack has no exercise {only:?}"));
    }
    let begun = Instant::now();
    let timed = prove_all(&pack, args, only);
    let proofs: Vec<&Proof> = timed.iter().map(|(proof, _)| proof).collect();
    let holds = proofs.iter().all(|proof| proof.broken.is_empty());
    if args.folder.json {
        println!("{}", timed.iter().map(|(proof, took)| as_json(proof, *took)).collect::<Value>());
    } else {
        println!(
            "{} of {} proofs hold, in {:.1} s",
            proofs.iter().filter(|it| it.broken.is_empty()).count(),
            proofs.len(),
            begun.elapsed().as_secs_f64()
        );
    }
    Ok(u8::from(!holds))
}

/// Proves exercise by exercise, on as many threads as the machine has; prints in order.
fn prove_all(pack: &Pack, args: &TestArgs, only: Option<&str>) -> Vec<(Proof, Duration)> {
    let chosen: Vec<_> = pack.exercises.iter().filter(|it| only.is_none_or(|only| it.id == only)).collect();
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
                    let begun = Instant::now();
                    let proof = prove(exercise, seed);
                    let took = begun.elapsed();
                    if !args.folder.json {
                        print_proof(&proof, took);
                    }
                    done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((
                        index,
                        seed,
                        (proof, took),
                    ));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    done.sort_by_key(|(index, seed, _)| (*index, *seed));
    done.into_iter().map(|(_, _, proof)| proof).collect()
}

fn print_proof(proof: &Proof, took: Duration) {
    let mark = if proof.broken.is_empty() { "✓" } else { "✗" };
    let all = |scripts: &[(String, u32)]| {
        scripts.iter().map(|(_, points)| points.to_string()).collect::<Vec<_>>().join(" ")
    };
    println!(
        "{mark} {:<32} seed {}  untouched {}  reference {}/{}  alternatives [{}]  mistakes [{}]  mutants {}+{}/{}  {} ms",
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
        took.as_millis(),
    );
    for why in &proof.broken {
        println!("    {}", plain(why.trim_end()).replace('\n', "\n    "));
    }
}

fn as_json(proof: &Proof, took: Duration) -> Value {
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
        "broken": proof.broken, "ms": u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
    })
}
