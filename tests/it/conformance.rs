//! The recorded sessions: the number of commands that print what the real ones printed only goes up.

use serde_json::Value;

use super::{stdout, uncordon};

/// Equal commands that were counted when this was last raised, in `tests/conformance/ratchet.txt`.
fn ratchet() -> u64 {
    include_str!("../conformance/ratchet.txt").trim().parse().expect("a number")
}

#[test]
fn no_recorded_command_is_lost() {
    let output = uncordon(&["replay", "--check", "--json", "tests/conformance"]);
    let counted: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    let (equal, total) = (counted["equal"].as_u64().unwrap(), counted["total"].as_u64().unwrap());
    assert!(total > 2_000, "only {total} commands were replayed");
    assert!(equal >= ratchet(), "{equal} of {total} are equal; {} were", ratchet());
}
