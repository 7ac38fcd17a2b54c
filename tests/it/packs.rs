//! The shipped packs lint, and each exercise is proven: for one seed in an ordinary run, for all with `UNCORDON_ALL_SEEDS=1`.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{stderr, stdout, uncordon};

/// The folders of the shipped packs.
fn packs() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("exercises");
    let folders = fs::read_dir(root).unwrap().flatten().map(|it| it.path());
    let mut packs: Vec<String> = folders
        .filter(|it| it.join("pack.toml").is_file())
        .map(|it| format!("exercises/{}", it.file_name().unwrap().to_string_lossy()))
        .collect();
    packs.sort();
    packs
}

#[test]
fn the_shipped_packs_have_no_problems() {
    for pack in packs() {
        let output = uncordon(&["pack", "lint", &pack]);
        assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    }
}

#[test]
fn every_exercise_is_proven() {
    let seeds = if std::env::var_os("UNCORDON_ALL_SEEDS").is_some() { "5" } else { "1" };
    let mut proven = 0;
    for pack in packs() {
        let output = uncordon(&["pack", "test", &pack, "--seeds", seeds, "--json"]);
        let proofs: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
        let proofs = proofs.as_array().expect("a list");
        let broken: Vec<String> = proofs
            .iter()
            .filter(|proof| !proof["broken"].as_array().is_some_and(Vec::is_empty))
            .map(|proof| format!("{}: {}", proof["exercise"], proof["broken"]))
            .collect();
        assert!(broken.is_empty(), "{}", broken.join("\n"));
        proven += proofs.len();
    }
    assert!(proven >= 60, "only {proven} exercises");
}

#[test]
fn the_guide_shows_what_is_covered() {
    let guide =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("exercises/README.md")).unwrap();
    let table = stdout(&uncordon(&["pack", "coverage"]));
    let (_, rest) = guide.split_once("<!-- coverage -->\n").unwrap();
    let (shown, _) = rest.split_once("<!-- end of coverage -->").unwrap();
    assert_eq!(
        shown.trim(),
        table.trim(),
        "put what `uncordon pack coverage` prints into exercises/README.md"
    );
}
