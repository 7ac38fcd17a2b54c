//! kubeadm from end to end: what it prints is what the real one printed, and what it does holds.

use std::io::Write;
use std::process::{Command, Stdio};

use regex::Regex;

use super::{UNCORDON, stdout};

/// Runs a script in a world; gives the exit code and both streams.
fn sh(world: &str, script: &str) -> (i32, String, String) {
    let mut child = Command::new(UNCORDON)
        .args(["sh", "--world", world, "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let code = output.status.code().unwrap_or(-1);
    (code, stdout(&output), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// What differs from run to run: tokens, hashes, times, names of temporary folders.
fn normalised(text: &str) -> Vec<String> {
    const RULES: &[(&str, &str)] = &[
        (r"[a-z0-9]{6}\.[a-z0-9]{16}", "TOKEN"),
        (r"sha256:[0-9a-f]{64}", "sha256:HASH"),
        (r"healthy after \S+", "healthy after TIME"),
        (r"manifests\d+", "manifestsN"),
        (r"20\d\d-\d\d-\d\d-\d\d-\d\d-\d\d", "STAMP"),
        (r"^[IWE]\d{4} \S+ +\d+ ", "KLOG "),
        (r"3\.6\.[68]-0", "ETCD"),
    ];
    let rules: Vec<(Regex, &str)> = RULES.iter().map(|(from, to)| (Regex::new(from).unwrap(), *to)).collect();
    let lines = text.lines().map(str::trim_end).filter(|line| !line.is_empty());
    let one = |line: &str| {
        rules.iter().fold(line.to_owned(), |line, (from, to)| from.replace_all(&line, *to).into_owned())
    };
    lines.map(one).collect()
}

/// Holds what a script printed to standard output against a recorded text.
#[track_caller]
fn check(world: &str, script: &str, recorded: &str) {
    let (_, out, err) = sh(world, script);
    // Standard error was recorded between the lines; its lines are klog's and errors.
    let told: Vec<String> = normalised(&out);
    let wanted: Vec<String> = normalised(recorded)
        .into_iter()
        .filter(|line| {
            !line.starts_with("KLOG") && !line.starts_with("error:") && !line.starts_with("To see the stack")
        })
        .collect();
    let missing: Vec<&String> = wanted.iter().filter(|line| !told.contains(line)).collect();
    let added: Vec<&String> = told.iter().filter(|line| !wanted.contains(line)).collect();
    assert!(missing.is_empty() && added.is_empty(), "missing {missing:#?}\nadded {added:#?}\n{err}");
}

#[test]
fn init_prints_what_the_real_one_printed() {
    check(
        "kubeadm-init",
        "kubeadm init --pod-network-cidr=192.168.0.0/16",
        include_str!("../kubeadm/init.txt"),
    );
}

#[test]
fn plans_and_upgrades_print_what_the_real_one_printed() {
    let newer = "sed -i 's/v1.35/v1.36/' /etc/apt/sources.list.d/kubernetes.list; apt-get update >/dev/null; \
                 apt-get install -y --allow-change-held-packages kubeadm='1.36.2-*' >/dev/null\n";
    check("kubeadm-1.35", "kubeadm upgrade plan", include_str!("../kubeadm/plan-1.35.txt"));
    check("kubeadm-1.35", &format!("{newer}kubeadm upgrade plan"), include_str!("../kubeadm/plan-1.36.txt"));
    let apply = format!("{newer}kubeadm upgrade apply v1.36.2 -y");
    check("kubeadm-1.35", &apply, include_str!("../kubeadm/apply.txt"));
}

#[test]
fn a_cluster_is_joined_upgraded_saved_and_restored() {
    let script = include_str!("../kubeadm/end-to-end.sh");
    let (code, out, err) = sh("kubeadm-1.35", script);
    assert_eq!(code, 0, "{out}\n{err}");
    assert!(out.trim_end().ends_with("all done"), "{out}\n{err}");
}

#[test]
fn skipped_steps_and_broken_skew_are_refused() {
    let (code, _, err) = sh("kubeadm-1.35", "kubeadm upgrade apply v1.36.2 -y");
    assert_eq!(code, 1);
    assert!(
        err.contains("is at least one minor release higher than the kubeadm minor release (36 > 35)"),
        "{err}"
    );
    let (code, _, err) =
        sh("kubeadm-1.35", "apt-get install -y --allow-change-held-packages kubeadm='1.36.2-*'");
    assert_eq!(code, 100, "{err}");
    let (code, _, err) = sh("three-nodes", "kubeadm upgrade apply v1.38.0 -y");
    assert_eq!(code, 1);
    assert!(err.contains("is too high; kubeadm can upgrade only 1 minor version at a time"), "{err}");
    let (code, _, err) = sh("three-nodes", "kubeadm init");
    assert_eq!(code, 1);
    assert!(err.contains("[ERROR Port-6443]: Port 6443 is in use"), "{err}");
    let (code, _, err) = sh("kubeadm-init", "kubectl --kubeconfig /etc/kubernetes/admin.conf get nodes");
    assert_eq!(code, 1, "{err}");
}
