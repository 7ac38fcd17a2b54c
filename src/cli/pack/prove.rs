//! `uncordon pack test`: the proof of every exercise, as a table with timings.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::{TestArgs, lint};
use crate::apimachinery::json::{Value, json};
use crate::cli::guard::{self, Then};
use crate::cli::{packs, stack_bytes};
use crate::exercises::prove::{Proof, prove};
use crate::exercises::texts::plain;
use crate::exercises::{Exercise, Pack, pack};

/// Proves once, or again whenever a file changes.
pub(super) fn test(args: &TestArgs) -> Result<u8, String> {
    if args.watch {
        return watch(args);
    }
    let pack = match load(args)? {
        Ok(pack) => pack,
        Err(problems) => {
            eprintln!("{problems}");
            return Ok(1);
        }
    };
    if let Some(only) = &args.only
        && !pack.exercises.iter().any(|it| it.id == *only)
    {
        return Err(format!("the pack has no exercise {only:?}"));
    }
    let holds = prove_some(&pack, args, |id| args.only.as_ref().is_none_or(|only| only == id));
    Ok(u8::from(!holds))
}

/// How often the files are looked at while watching.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Proves everything, and then what changed, until the program is interrupted. A pack that cannot be read is told;
/// what waits for it is proven once it can.
fn watch(args: &TestArgs) -> Result<u8, String> {
    let folder = &args.folder.folder;
    let mut seen = changed_at(folder)?;
    // `None` is everything.
    let mut waiting: Option<BTreeSet<String>> = None;
    loop {
        match load(args) {
            Ok(Ok(pack)) => {
                let wanted = |id: &str| {
                    args.only.as_ref().is_none_or(|only| only == id)
                        && waiting.as_ref().is_none_or(|all| all.contains(id))
                };
                if pack.exercises.iter().any(|it| wanted(&it.id)) {
                    prove_some(&pack, args, wanted);
                } else {
                    println!("no problems, and nothing to prove again");
                }
                waiting = Some(BTreeSet::new());
            }
            Ok(Err(problems)) => println!("{problems}"),
            Err(why) => println!("uncordon: {why}"),
        }
        println!("watching {}; Ctrl-C ends", folder.display());
        let changed = next_change(folder, &mut seen);
        println!("\n{} changed", changed.join(", "));
        if let Some(waiting) = &mut waiting {
            waiting.extend(changed.iter().flat_map(|path| concerned(path)));
        }
    }
}

/// Waits until files are written, added or taken away; their paths.
fn next_change(folder: &Path, seen: &mut BTreeMap<PathBuf, SystemTime>) -> Vec<String> {
    loop {
        std::thread::sleep(LOOK_EVERY);
        // While an editor puts a new file in place of the old one, a folder may change under the reader.
        let Ok(now) = changed_at(folder) else { continue };
        let differs = |(path, at): &(&PathBuf, &SystemTime)| seen.get(*path) != Some(*at);
        let written = now.iter().filter(differs).map(|(path, _)| path);
        let gone = seen.keys().filter(|path| !now.contains_key(*path));
        let changed: Vec<String> = written.chain(gone).map(|it| it.to_string_lossy().into_owned()).collect();
        if !changed.is_empty() {
            *seen = now;
            return changed;
        }
    }
}

/// The exercises whose proofs a file may change: the one in whose folder it lies, or whose texts it has.
fn concerned(path: &str) -> Option<String> {
    let (folder, rest) = path.split_once('/')?;
    match folder {
        "locales" => rest.rsplit('/').next()?.strip_suffix(".yaml").map(str::to_owned),
        _ => Some(folder.to_owned()),
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

/// The pack, or its problems as they are shown.
fn load(args: &TestArgs) -> Result<Result<Pack, String>, String> {
    let source = packs::read_source(&args.folder.folder)?;
    Ok(pack::load(&source).map_err(|problems| lint::shown(&source, &problems)))
}

/// Proves some exercises and tells; true when all their proofs hold.
fn prove_some(pack: &Pack, args: &TestArgs, wanted: impl Fn(&str) -> bool) -> bool {
    let begun = Instant::now();
    let chosen: Vec<&Exercise> = pack.exercises.iter().filter(|it| wanted(&it.id)).collect();
    let timed = prove_all(&chosen, args);
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
    holds
}

/// Proves exercise by exercise, on as many threads as the machine has; prints in order.
fn prove_all(chosen: &[&Exercise], args: &TestArgs) -> Vec<(Proof, Duration)> {
    let jobs: Vec<(usize, u64)> =
        (0..chosen.len()).flat_map(|index| (1..=args.seeds).map(move |seed| (index, seed))).collect();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    let work = || {
        while let Some(&(index, seed)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Some(exercise) = chosen.get(index) {
                let proof = prove_one(exercise, seed, args);
                done.lock().unwrap_or_else(PoisonError::into_inner).push((index, seed, proof));
            }
        }
    };
    std::thread::scope(|scope| {
        let spawn = || std::thread::Builder::new().stack_size(stack_bytes()).spawn_scoped(scope, work);
        // Where the system gives no threads this one does all.
        if (0..threads).filter(|_| spawn().is_ok()).count() == 0 {
            work();
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(index, seed, _)| (*index, *seed));
    done.into_iter().map(|(_, _, proof)| proof).collect()
}

fn prove_one(exercise: &Exercise, seed: u64, args: &TestArgs) -> (Proof, Duration) {
    let begun = Instant::now();
    let folder = args.folder.folder.clone();
    let then = if args.watch { Then::Again(Box::new(move || wait_for_change(&folder))) } else { Then::Exit };
    let proof =
        guard::over(format!("✗ {} seed {seed}: a script", exercise.id), then, || prove(exercise, seed));
    let took = begun.elapsed();
    if !args.folder.json {
        print_proof(&proof, took);
    }
    (proof, took)
}

/// Waits for a change behind a proof that was given up.
fn wait_for_change(folder: &Path) {
    println!("watching {}; Ctrl-C ends", folder.display());
    // A folder that is gone is told by the program that begins anew.
    if let Ok(mut seen) = changed_at(folder) {
        println!("\n{} changed", next_change(folder, &mut seen).join(", "));
    }
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
