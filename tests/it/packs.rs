//! The shipped packs lint, and a proof of each exercise for one seed. `uncordon pack test` proves five.

use serde_json::Value;

use super::{stderr, stdout, uncordon};

#[test]
fn the_core_pack_has_no_problems() {
    let output = uncordon(&["pack", "lint", "exercises/cka-core"]);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
}

#[test]
fn every_exercise_of_the_core_pack_is_proven() {
    let output = uncordon(&["pack", "test", "exercises/cka-core", "--seeds", "1", "--json"]);
    let proofs: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    let proofs = proofs.as_array().expect("a list");
    assert!(proofs.len() >= 15, "only {} exercises", proofs.len());
    let broken: Vec<String> = proofs
        .iter()
        .filter(|proof| !proof["broken"].as_array().is_some_and(Vec::is_empty))
        .map(|proof| format!("{}: {}", proof["exercise"], proof["broken"]))
        .collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}
