//! What was solved, kept in the user's data folder: one JSON line an attempt, only ever added to.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;

use serde_json::{Value, json};

fn file() -> Option<PathBuf> {
    let project = directories::ProjectDirs::from("", "", "uncordon")?;
    Some(project.data_dir().join("attempts.jsonl"))
}

/// The best points of every exercise, by id. Lines that cannot be read are passed over.
pub(crate) fn best() -> BTreeMap<String, u32> {
    let text = file().and_then(|path| fs::read_to_string(path).ok()).unwrap_or_default();
    let mut best = BTreeMap::new();
    for attempt in text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        let (Some(id), Some(points)) =
            (attempt.get("exercise").and_then(Value::as_str), attempt.get("points").and_then(Value::as_u64))
        else {
            continue;
        };
        let slot = best.entry(id.to_owned()).or_insert(0);
        *slot = (*slot).max(u32::try_from(points).unwrap_or(0));
    }
    best
}

/// Notes an attempt.
///
/// # Errors
/// Why it could not be written.
pub(crate) fn note(id: &str, seed: u64, points: u32, max: u32, seconds: u64) -> Result<(), String> {
    let path = file().ok_or("there is no home folder to keep progress in")?;
    let line = json!({"exercise": id, "seed": seed, "points": points, "max": max, "seconds": seconds});
    let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
    folder
        .and_then(|()| OpenOptions::new().create(true).append(true).open(&path))
        .and_then(|mut file| writeln!(file, "{line}"))
        .map_err(|error| format!("{}: {error}", path.display()))
}
