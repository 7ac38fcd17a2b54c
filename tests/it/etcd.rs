//! The session recorded from etcdctl and etcdutl 3.6.8 against a kubeadm etcd, compared with our own output. What
//! depends on the keyspace and on the moment is put aside first: the recorded etcd held three keys.

use std::path::Path;

use regex::Regex;

use super::{stdout, uncordon};

const SESSION: &str = "tests/etcd/etcdctl-etcdutl-3.6.console";

/// What differs from run to run, and what stands for it.
const ASIDE: &[(&str, &str)] = &[
    (r"2026-11-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "TIME"),
    (r"\w{3} \d\d \d\d:\d\d", "DATE"),
    (r"0x[0-9a-f]{8,}", "POINTER"),
    (r"\b[0-9a-f]{15,16}\b", "ID"),
    (r"[\d.]+(ms|\u{b5}s)", "TOOK"),
    (r"127\.0\.0\.1:\d{5}->", "127.0.0.1:PORT->"),
    (
        r#""(raft_term|revision|cluster_id|member_id|raftIndex|raftTerm|raftAppliedIndex|leader|dbSize|dbSizeInUse|hash|totalKey|totalSize)":\d+"#,
        "\"$1\":N",
    ),
    (r#""current-db-size-([a-z-]*)": -?\d+"#, "\"current-db-size-$1\": N"),
    (r"\d+(\.\d+)? [kM]B", "SIZE"),
    (r"(true|false), (true|false), \d+, \d+, \d+", "$1, $2, N"),
    (r"SIZE, \d+%", "SIZE, N%"),
    (r"\b[0-9a-f]{8}, \d+, \d+", "HASH, N, N"),
    (r"root \d{5,} DATE", "root N DATE"),
    (r"\|[ \dNa-f]+%? \|", "|"),
    (r"[-+]{4,}", "--"),
    (r" +", " "),
];

fn put_aside(text: &str) -> Vec<String> {
    let mut text = text.to_owned();
    for (pattern, with) in ASIDE {
        text = Regex::new(pattern).expect("a pattern").replace_all(&text, *with).into_owned();
    }
    // Rows of numbers in a table differ in more than one column.
    let row = |line: &str| {
        if line.starts_with('|') {
            line.chars().filter(|c| !c.is_ascii_digit()).collect()
        } else {
            line.to_owned()
        }
    };
    text.lines().filter(|line| !line.starts_with('#')).map(|line| row(line.trim_end())).collect()
}

#[test]
fn the_recorded_session_is_answered_as_recorded() {
    let recorded = std::fs::read_to_string(Path::new(SESSION)).expect("the session");
    let played = stdout(&uncordon(&["replay", "--world", "three-nodes", SESSION]));
    let (wanted, got) = (put_aside(&recorded), put_aside(&played));
    let differing: Vec<String> = wanted
        .iter()
        .zip(&got)
        .filter(|(wanted, got)| wanted != got)
        .map(|(wanted, got)| format!("- {wanted}\n+ {got}"))
        .collect();
    assert!(
        differing.is_empty() && wanted.len() == got.len(),
        "{} and {} lines\n{}",
        wanted.len(),
        got.len(),
        differing.join("\n")
    );
}
