//! The break-fix rows of `tests/breakfix/rows.txt`: a break shows its symptoms, the documented fix heals
//! it, another right fix does too, and a tempting wrong one does not.
//!
//! A cluster is healthy when its nodes are ready and a new Deployment comes up on it.

use std::io::Write;
use std::process::{Command, Stdio};

use super::{UNCORDON, stdout};

const ROWS: &str = include_str!("../breakfix/rows.txt");

/// Long enough for a node to be missed and for back-offs to pass.
const AFTER_BREAK: &str = "sleep 90\n";

const HEALTHY: &str = r#"sleep 120
test "$(kubectl get nodes --no-headers | grep -c ' Ready ')" = 3 || exit 1
kubectl create deployment healthy-check --image=nginx:1.27 --replicas=3 >/dev/null || exit 1
sleep 40
test "$(kubectl get deployment healthy-check -o jsonpath='{.status.readyReplicas}')" = 3 || exit 1
echo HEALTHY
"#;

/// One row, its sections as scripts for the control plane.
#[derive(Default)]
struct Row {
    name: &'static str,
    breaks: String,
    symptom: String,
    wanted: Vec<&'static str>,
    fix: String,
    other: String,
    wrong: String,
}

fn rows() -> Vec<Row> {
    let mut all: Vec<Row> = Vec::new();
    let (mut section, mut host) = ("", "");
    let mut text = String::new();
    for line in ROWS.lines().chain(["== "]) {
        let head = line.strip_prefix("-- ");
        let title = line.strip_prefix("== ");
        if head.is_some() || title.is_some() {
            let script = on_host(host, &std::mem::take(&mut text));
            if let Some(row) = all.last_mut() {
                match section {
                    "break" => row.breaks = script,
                    "symptom" => row.symptom = script,
                    "fix" => row.fix = script,
                    "other" => row.other = script,
                    "wrong" => row.wrong = script,
                    _ => {}
                }
            }
            section = "";
        }
        if let Some(name) = title.filter(|it| !it.is_empty()) {
            all.push(Row { name, ..Row::default() });
        } else if let Some(head) = head {
            (section, host) = head.split_once(' ').unwrap_or((head, ""));
        } else if let Some(wanted) = line.strip_prefix("~ ") {
            all.last_mut().expect("a row").wanted.push(wanted);
        } else if !section.is_empty() {
            text += line;
            text.push('\n');
        }
    }
    all
}

fn on_host(host: &str, script: &str) -> String {
    match host {
        "" => script.to_owned(),
        host => format!("ssh {host} bash <<'REMOTE'\n{script}REMOTE\n"),
    }
}

/// Runs a script on a fresh world.
fn run(script: &str) -> String {
    let mut child = Command::new(UNCORDON)
        .args(["sh", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    child.stdin.take().expect("a pipe").write_all(script.as_bytes()).expect("written");
    stdout(&child.wait_with_output().expect("it ends"))
}

/// What is not as the row says.
fn problems(row: &Row) -> Vec<String> {
    let broken = format!("{}{AFTER_BREAK}", row.breaks);
    let shown = run(&format!("exec 2>&1\n{broken}{}", row.symptom));
    let missing = row.wanted.iter().filter(|text| !shown.contains(**text));
    let mut found: Vec<String> = missing.map(|text| format!("{}: no symptom {text:?}", row.name)).collect();
    for (what, script, heals) in
        [("fix", &row.fix, true), ("other", &row.other, true), ("wrong", &row.wrong, false)]
    {
        let healthy = run(&format!("{broken}{script}{HEALTHY}")).lines().any(|line| line == "HEALTHY");
        if healthy != heals {
            found.push(format!("{}: {what} heals: {healthy}", row.name));
        }
    }
    found
}

#[test]
#[ignore = "the rows were not all measured yet"]
fn breaks_break_and_fixes_fix() {
    let rows = rows();
    let found: Vec<String> = rows.iter().flat_map(problems).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert!(rows.len() > 10, "only {} rows", rows.len());
}
