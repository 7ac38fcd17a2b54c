//! Sessions of an administrator on the machines of the default lab, with output by our knowledge of the
//! real programs. They are data: `tests/machines`, in the format of the recordings.

use serde_json::Value;

use super::{stdout, uncordon};

#[test]
fn machines_answer_as_their_administrators_expect() {
    let output = uncordon(&["replay", "--check", "--json", "--world", "three-nodes", "tests/machines"]);
    let counted: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    let (equal, total) = (counted["equal"].as_u64().unwrap(), counted["total"].as_u64().unwrap());
    assert!(total > 60, "only {total} commands were run");
    if equal != total {
        let shown = uncordon(&["replay", "--check", "--all", "--world", "three-nodes", "tests/machines"]);
        panic!("{equal} of {total} are equal\n{}", stdout(&shown));
    }
}
