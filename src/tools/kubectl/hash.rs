//! The hash that `--append-hash` and kustomize put behind names: ten letters and digits of the SHA-256 of the
//! content, in an alphabet without vowels.

use sha2::{Digest, Sha256};

use crate::apimachinery::go;
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::text;

/// The hash of a ConfigMap's or Secret's content; kubectl counts its name in, kustomize an empty one.
pub(crate) fn of(tree: &Value, name: &str) -> String {
    let empty = json!("");
    let data = tree.get("data").unwrap_or(&empty);
    let mut content = json!({"kind": text(tree, "/kind"), "name": name, "data": data});
    if text(tree, "/kind") == "Secret" {
        content["type"] = text(tree, "/type").into();
        if let Some(strings) = tree.get("stringData") {
            content["stringData"] = strings.clone();
        }
    } else if let Some(binary) = tree.get("binaryData") {
        content["binaryData"] = binary.clone();
    }
    encode(&hex(&Sha256::digest(go::json(&content).as_bytes())))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The first ten digits, with those that could spell words replaced.
fn encode(hex: &str) -> String {
    hex.chars()
        .take(10)
        .map(|digit| match digit {
            '0' => 'g',
            '1' => 'h',
            '3' => 'k',
            'a' => 'm',
            'e' => 't',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::of;
    use crate::apimachinery::json::json;

    #[test]
    fn the_hash_is_the_recorded_one() {
        let map = json!({"kind": "ConfigMap", "metadata": {"name": "cfg"}, "data": {"A": "1"}});
        assert_eq!(of(&map, ""), "89g4tffbfk");
    }
}
