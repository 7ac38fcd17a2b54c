//! A whole exam in a pseudo-terminal: begun, killed, gone on with, handed in, and its result file graded.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use super::screen::Session;
use super::screen::tempdir::TempDir;
use super::{UNCORDON, stderr, stdout};

pub(super) const F2: &str = "\x1bOQ";
pub(super) const F3: &str = "\x1bOR";
pub(super) const F4: &str = "\x1bOS";
const F5: &str = "\x1b[15~";
pub(super) const F6: &str = "\x1b[17~";
pub(super) const F10: &str = "\x1b[21~";

/// A pack with three tasks that one command solves, and a fixed exam of them.
pub(super) fn write_pack(data: &Path) {
    let folder = data.join("packs/tiny");
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let mut tasks = Vec::new();
    for name in ["alpha", "beta", "gamma"] {
        let exercise = format!(
            "id: make-{name}\ntitle: Make {name}\ndomain: workloads-scheduling\nminutes: 2\n\
             task: Create the namespace {name}.\nsolution: solution.sh\n\
             checks: [{{name: it is there, points: 3, object: {{kind: Namespace, name: {name}}}}}]\n\
             mistakes: [{{script: mistake.sh, says: another name}}]\n"
        );
        write(&format!("make-{name}/exercise.yaml"), &exercise);
        write(&format!("make-{name}/solution.sh"), &format!("kubectl create namespace {name}\n"));
        write(&format!("make-{name}/mistake.sh"), &format!("kubectl create namespace {name}x\n"));
        tasks.push(format!("\"make-{name}\""));
    }
    let blueprint = format!(
        "[[blueprints]]\nid = \"three\"\ntitle = \"Three\"\nseed = 5\ntasks = [{}]\n",
        tasks.join(", ")
    );
    write("pack.toml", &format!("id = \"tiny\"\ntitle = \"Tiny\"\nversion = \"1.0.0\"\n{blueprint}"));
}

fn run(data: &Path, args: &[&str]) -> Output {
    Command::new(UNCORDON).args(args).env("UNCORDON_DATA", data).output().expect("the program starts")
}

/// Ends the program as a power cut does: nothing of it runs any more.
pub(super) fn kill(session: &mut Session) {
    let id = session.child.process_id().expect("a process").to_string();
    assert!(Command::new("kill").args(["-9", &id]).status().unwrap().success());
    session.child.wait().expect("it is gone");
}

/// Logs into the host that the task in front names.
pub(super) fn go_to_host(session: &mut Session) -> String {
    session.wait_for("ssh cka-");
    let text = session.text();
    let name = text.split("ssh cka-").nth(1).and_then(|rest| rest.get(..4)).expect("a host");
    let host = format!("cka-{name}");
    session.press(&format!("clear; ssh {host}\r"));
    session.wait_for("candidate@controlplane");
    host
}

fn result_file(data: &Path) -> PathBuf {
    let entries = fs::read_dir(data.join("results")).expect("results");
    entries.flatten().map(|entry| entry.path()).next().expect("a result file")
}

#[test]
fn an_exam_survives_kills_and_its_result_is_what_it_claims() {
    let home = TempDir::new();
    let data = home.0.join("data");
    write_pack(&data);
    let mut session =
        Session::open_in(&home.0, &["exam", "--blueprint", "three", "--minutes", "90", "--name", "Mina"]);
    session.wait_for("Task 1 of 3");
    session.wait_for("candidate@base");
    session.press("kubectl get nodes\r");
    session.wait_for("kubectl: command not found");
    let alpha = go_to_host(&mut session);
    session.press("kubectl create namespace alpha\r");
    session.wait_for("namespace/alpha created");
    session.press(F4);
    session.wait_for("⚑");
    // What was shown is on disk, whenever the program is killed.
    let mut shown = String::new();
    for round in 0..4_u64 {
        let word = format!("word{round}");
        session.press(&format!("echo {word} >> /tmp/log; tail -n 1 /tmp/log | sed s/word/seen/\r"));
        if round % 2 == 0 {
            session.wait_for(&format!("seen{round}"));
            shown.push_str(&format!("{word} "));
        } else {
            std::thread::sleep(Duration::from_millis(37 * round));
        }
        kill(&mut session);
        session = Session::open_in(&home.0, &["exam", "--resume", "--name", "Mina"]);
        session.wait_for("goes on where it was");
        session.wait_for("namespace/alpha created");
        session.wait_for("⚑");
    }
    session.press("sed s/word/kept/ /tmp/log\r");
    for word in shown.split_whitespace() {
        session.wait_for(&word.replace("word", "kept"));
    }
    session.press(F3);
    session.wait_for("Task 2 of 3");
    session.press("exit\r");
    session.wait_for(&format!("Connection to {alpha} closed"));
    go_to_host(&mut session);
    session.press("kubectl create namespace beta\r");
    session.wait_for("namespace/beta created");
    session.press(F5);
    session.wait_for("not begun");
    session.press("\x1b");
    session.wait_until_gone("not begun");
    session.press(F10);
    session.wait_for("1 of 3 tasks are not begun, 1 are flagged");
    session.press("h");
    session.wait_for("66.6 % passed");
    session.press("q");
    assert!(session.child.wait().expect("it ends").success());
    grade_it(&data);
}

fn grade_it(data: &Path) {
    let file = result_file(data);
    let honest = run(data, &["grade", file.to_str().unwrap()]);
    assert_eq!(honest.status.code(), Some(0), "{}{}", stdout(&honest), stderr(&honest));
    assert!(stdout(&honest).contains("The file is what it claims"), "{}", stdout(&honest));
    let text = fs::read_to_string(&file).unwrap();
    let other = file.with_file_name("other.json");
    fs::write(&other, text.replace("\"permille\": 666", "\"permille\": 990").replace("Mina", "Nima"))
        .unwrap();
    let changed = run(data, &["grade", other.to_str().unwrap()]);
    assert_eq!(changed.status.code(), Some(1));
    assert!(
        stdout(&changed).contains("the file says 99.0 %, the replay gives 66.6 %"),
        "{}",
        stdout(&changed)
    );
    let class = run(data, &["grade", data.join("results").to_str().unwrap()]);
    assert_eq!(class.status.code(), Some(1));
    let table = stdout(&class);
    assert!(table.contains("Mina") && table.contains("Nima") && table.contains("0/2  make-gamma"), "{table}");
    let progress = stdout(&run(data, &["progress", "--json"]));
    assert!(progress.contains("\"attempts\": 2"), "{progress}");
    assert_eq!(run(data, &["exam", "--resume"]).status.code(), Some(2), "there is nothing to go on with");
}

#[test]
fn an_exam_is_sat_line_by_line_and_goes_on() {
    let home = TempDir::new();
    let data = home.0.join("data");
    write_pack(&data);
    let first = "kubectl get nodes\nssh $(awk '/cka/{print $2; exit}' /etc/hosts)\nk create ns alpha\n\
                 :flag\n:note look again\n:go 9\n:tasks\n:nothing\n:submit\n:quit\n";
    let text = typed(&data, &["exam", "--blueprint", "three", "--plain"], first);
    for part in [
        "Task 1 of 3",
        "kubectl: command not found",
        "namespace/alpha created",
        "flagged",
        "look again",
        "There is no such task",
        "2. cka-",
        "no command nothing here",
        "2 of 3 tasks are not begun, 1 are flagged",
        "The exam is kept",
    ] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
    let second = ":note\nkubectl get ns alpha -o name\n:next\n:time\n:submit yes\n";
    let text = typed(&data, &["exam", "--resume", "--plain"], second);
    for part in
        ["look again", "namespace/alpha", "Task 2 of 3", " left", "33.3 % not passed", "Result file: "]
    {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
}

/// What the program says to lines that are typed.
fn typed(data: &Path, args: &[&str], lines: &str) -> String {
    let mut command = Command::new(UNCORDON);
    command.args(args).env("UNCORDON_DATA", data).env("LC_ALL", "C");
    command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    child.stdin.take().expect("a pipe").write_all(lines.as_bytes()).expect("written");
    stdout(&child.wait_with_output().expect("it ends"))
}

#[test]
fn exams_are_drawn_by_seed_and_shortage_is_told() {
    let home = TempDir::new();
    let draw = |seed: &str| stdout(&run(&home.0, &["exam", "--list", "--seed", seed]));
    assert_eq!(draw("4"), draw("4"));
    assert_ne!(draw("4"), draw("5"));
    assert!(draw("4").starts_with("seed 4: "));
    let unknown = run(&home.0, &["exam", "--blueprint", "nothing"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(stderr(&unknown).contains("there is no blueprint \"nothing\""));
}

#[test]
fn three_fixed_exams_have_no_task_in_common() {
    let home = TempDir::new();
    let mut seen = std::collections::BTreeSet::new();
    for name in ["mock-1", "mock-2", "mock-3"] {
        let output = run(&home.0, &["exam", "--list", "--blueprint", name]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let text = stdout(&output);
        let mut domains = std::collections::BTreeMap::new();
        for line in text.lines().filter(|line| line.contains(". ")) {
            let mut words = line.split_whitespace().skip(1);
            let task = words.next().expect("a task");
            *domains.entry(words.next().expect("a domain").to_owned()).or_insert(0) += 1;
            assert!(seen.insert(task.to_owned()), "{task} stands in two exams");
        }
        let counts: Vec<(&str, i32)> = domains.iter().map(|(name, count)| (name.as_str(), *count)).collect();
        let weights = [
            ("cluster-architecture", 4),
            ("services-networking", 3),
            ("storage", 2),
            ("troubleshooting", 5),
            ("workloads-scheduling", 3),
        ];
        assert_eq!(counts, weights, "{name}");
    }
    assert_eq!(seen.len(), 51);
}

#[test]
fn damaged_and_newer_progress_is_kept_aside() {
    let home = TempDir::new();
    let path = home.0.join("attempts.jsonl");
    let line = "{\"format\":1,\"exercise\":\"a\",\"points\":1,\"max\":2}\n";
    fs::write(&path, format!("{line}half a li")).unwrap();
    let output = run(&home.0, &["progress", "--json"]);
    assert!(stdout(&output).contains("\"attempts\": 1") && stderr(&output).contains("damaged"));
    assert_eq!(
        fs::read_to_string(home.0.join("attempts.jsonl.damaged-1")).unwrap(),
        format!("{line}half a li")
    );
    fs::write(&path, line.replace("\"format\":1", "\"format\":99")).unwrap();
    assert!(stderr(&run(&home.0, &["progress"])).contains("newer"));
    let export = home.0.join("export.json");
    fs::write(&path, line).unwrap();
    run(&home.0, &["progress", "--export", export.to_str().unwrap()]);
    fs::remove_file(&path).unwrap();
    let import = run(&home.0, &["progress", "--import", export.to_str().unwrap()]);
    assert_eq!(stdout(&import), "1 attempts are new\n");
    assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 1);
}
