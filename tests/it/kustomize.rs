//! Kustomizations as kubectl v1.36.3 builds them: every field of the file, and what is said of wrong ones.

use serde_json::Value;

use super::{stdout, uncordon};

#[test]
fn kustomizations_are_built_as_the_real_one_builds_them() {
    let output = uncordon(&["replay", "--check", "--json", "tests/it/kustomize.console"]);
    let counted: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    assert!(counted["total"].as_u64() > Some(500), "{counted}");
    assert_eq!(counted["equal"], counted["total"], "run `uncordon replay tests/it/kustomize.console`");
}
