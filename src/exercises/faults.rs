//! The recorded faults: for each break of `tests/faults`, made through the shell on a fresh world, the
//! program ends with the recorded code and says the recorded lines, and kubectl prints what it printed
//! meanwhile.
//!
//! Compared are lines without times, process numbers, places in the source, ports drawn at random,
//! pointers and ids; noise of races between goroutines was left out of the recordings.

use std::collections::BTreeSet;
use std::time::Duration;

use regex::Regex;

use super::stage;
use crate::cluster::{World, templates};

const FILES: [&str; 6] = [
    include_str!("../../tests/faults/clients.txt"),
    include_str!("../../tests/faults/etcd.txt"),
    include_str!("../../tests/faults/kube-apiserver.txt"),
    include_str!("../../tests/faults/kube-controller-manager.txt"),
    include_str!("../../tests/faults/kube-scheduler.txt"),
    include_str!("../../tests/faults/kubelet.txt"),
];

/// Faults whose programs fail as recorded that must be counted at least.
const EQUAL: usize = 174;

/// Faults in which kubectl answers as recorded that must be counted at least.
const ANSWERED: usize = 86;

#[derive(Default)]
struct Fault {
    name: String,
    host: String,
    script: String,
    /// Seconds until it is looked at.
    after: u64,
    exit: Option<i32>,
    program: String,
    lines: Vec<String>,
    kubectl: String,
}

fn faults() -> Vec<Fault> {
    let mut all = Vec::new();
    for block in FILES.iter().flat_map(|text| text.split("== ").filter(|it| !it.is_empty())) {
        let (name, rest) = block.split_once('\n').unwrap_or((block, ""));
        let mut fault = Fault { name: name.into(), after: 40, ..Fault::default() };
        let mut section = "";
        for line in rest.lines() {
            if let Some(head) = line.strip_prefix("-- ") {
                let (word, value) = head.split_once(' ').unwrap_or((head, ""));
                section = word;
                match word {
                    "at" => fault.host = value.into(),
                    "after" => fault.after = value.parse().unwrap(),
                    "exit" => fault.exit = value.parse().ok(),
                    "log" => fault.program = value.into(),
                    _ => {}
                }
                continue;
            }
            match section {
                "at" => fault.script += &format!("{line}\n"),
                "log" => fault.lines.push(line.into()),
                "kubectl" => fault.kubectl += &format!("{line}\n"),
                _ => {}
            }
        }
        all.push(fault);
    }
    all
}

struct Normal(Vec<(Regex, &'static str)>);

impl Normal {
    fn new() -> Self {
        let rows = [
            (r"^([IWEF])\d{4} [\d:.]+ +\d+ ", "$1 "),
            (r#""ts":"[^"]*","#, ""),
            (r"(\w+\.(go|s)):\d+", "$1:N"),
            (r"\[Channel #\d+ SubChannel #\d+\]", "[Channel]"),
            (r"127\.0\.0\.1:\d{5}", "127.0.0.1:PORT"),
            (r#""took":"[^"]*""#, "took"),
            (r"0x[0-9a-f]+", "0xP"),
            (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID"),
            (r"apiserver-[a-z0-9]{26}|apiserver-controlplane", "apiserver-ID"),
            (r"^\d{4}/\d\d/\d\d [\d:]+ ", ""),
            (r"\d{4}-\d\d-\d\d [\d:.]+ \+0000 UTC( m=\+[\d.]+)?", "TIME"),
            (r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} [\d:]+ \+0000", "TIME"),
            (r"milliseconds=\d+", "milliseconds"),
            (r"[0-9a-f]{32}", "UID"),
            (r"PID \d+|/proc/\d+/", "PID"),
            (r"dead\.sock", "containerd.sock"),
            (r#"interval="[^"]*""#, "interval"),
            (r"\d{4}-\d\d-\d\dT[\d:]+Z", "TIME"),
            (r#""IPv4":"[\d.]+""#, "IPv4"),
            (r"X509SHA256=[0-9a-f]+", "X509SHA256"),
            (r" +\d+[smhd](\d+[smh])?$", " AGE"),
        ];
        Self(rows.iter().map(|(pattern, with)| (Regex::new(pattern).unwrap(), *with)).collect())
    }

    fn of(&self, line: &str) -> String {
        let mut text = line.trim_end().to_owned();
        for (pattern, with) in &self.0 {
            text = pattern.replace_all(&text, *with).into_owned();
        }
        text
    }
}

/// What the program at fault wrote since the break, and how it ended last.
fn observed(world: &World, fault: &Fault) -> (Vec<String>, Option<i32>) {
    if fault.program == "none" {
        return (Vec::new(), None);
    }
    if fault.program == "kubelet" {
        let machine = &world.hosts[&fault.host];
        let lines = machine.journal.iter().filter(|it| it.identifier == "kubelet");
        let lines = lines.flat_map(|it| it.message.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
        let unit = &machine.units["kubelet.service"];
        return (lines, unit.exit_code.filter(|_| unit.state != crate::hosts::UnitState::Active));
    }
    let key = (fault.host.clone(), fault.program.clone());
    let Some(instance) = world.clusters[0].control_plane.instances.get(&key) else {
        return (Vec::new(), None);
    };
    let lines = instance.previous_log.iter().chain(&instance.log);
    let lines = lines.flat_map(|(_, line)| line.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
    (lines, instance.last_exit.map(|it| it.code))
}

/// What is missing of a fault; empty when it is as recorded.
fn differences(world: World, fault: &Fault, normal: &Normal) -> [Vec<String>; 2] {
    let ran = stage::run(world, &fault.host, "break", &fault.script).unwrap();
    let mut world = ran.world;
    world.advance(Duration::from_secs(fault.after));
    let (lines, exit) = observed(&world, fault);
    let mut found: Vec<String> = Vec::new();
    if exit != fault.exit {
        found.push(format!("exit {exit:?}, recorded {:?}; {}", fault.exit, ran.output.trim()));
    }
    let said: BTreeSet<String> = lines.iter().map(|it| normal.of(it)).collect();
    // Very long lines were recorded without their ends.
    let was_said = |line: &String| match line.strip_suffix(" …(cut)") {
        Some(head) => said.iter().any(|it| it.starts_with(head)),
        None => said.contains(line),
    };
    let missing = fault.lines.iter().map(|it| normal.of(it)).filter(|it| !was_said(it));
    found.extend(missing.map(|it| format!("- {it}")));
    [found, answers(&world, fault, normal)]
}

/// What kubectl prints otherwise than it was recorded.
fn answers(world: &World, fault: &Fault, normal: &Normal) -> Vec<String> {
    let commands = fault.kubectl.split("\n$ ").map(|it| it.trim_start_matches("$ "));
    let mut found = Vec::new();
    for block in commands.filter(|it| !it.is_empty()) {
        let (command, wanted) = block.split_once('\n').unwrap_or((block, ""));
        // The cluster of the recordings had no nodes; what a list of them shows is not the fault's.
        if wanted.starts_with("No resources found") {
            continue;
        }
        let script = format!("{command}\ncode=$?; [ $code = 0 ] || echo \"[exit $code]\"\n");
        let ran = stage::run(world.clone(), &fault.host, "look", &script).unwrap();
        let lines = |text: &str| -> Vec<String> {
            text.split(['\n', '\r']).map(|it| normal.of(it)).filter(|it| !it.is_empty()).collect()
        };
        let (want, got) = (lines(wanted), lines(&ran.output));
        if want != got {
            found.push(format!("$ {command}\n    want {want:?}\n    got  {got:?}"));
        }
    }
    found
}

#[test]
fn programs_fail_as_recorded() {
    let normal = Normal::new();
    let all = faults();
    let (mut equal, mut answered) = (0, 0);
    let mut report = String::new();
    // kubectl knew the server's resources when the recordings were made.
    let world =
        stage::run(templates::default_world(1), "controlplane", "warm", "kubectl get ns").unwrap().world;
    for fault in &all {
        let [logged, printed] = differences(world.clone(), fault, &normal);
        equal += usize::from(logged.is_empty() && fault.program != "none");
        answered += usize::from(printed.is_empty() && !fault.kubectl.is_empty());
        let found: Vec<&String> = logged.iter().chain(&printed).collect();
        if !found.is_empty() {
            report += &format!("{}\n", fault.name);
            found
                .iter()
                .take(6)
                .for_each(|it| report += &format!("    {}\n", it.chars().take(400).collect::<String>()));
        }
    }
    let with_log = all.iter().filter(|it| it.program != "none").count();
    let with_kubectl = all.iter().filter(|it| !it.kubectl.is_empty()).count();
    eprintln!("{report}{equal} of {with_log} fail and {answered} of {with_kubectl} answer as recorded");
    assert!(equal >= EQUAL, "{equal} faults are as recorded; {EQUAL} were\n{report}");
    assert!(answered >= ANSWERED, "kubectl answers {answered} as recorded; {ANSWERED} it did\n{report}");
}
