//! Parity: recorded sessions are typed into a real shell, whose real kubectl talks to a served world, and
//! replayed with the built-in kubectl in the same kind of world. What the two print is compared.
//!
//! A few sessions are typed in every test run; `UNCORDON_PARITY=all` types all of them, and
//! `UNCORDON_PARITY=name,name` those. `tests/conformance/parity.md` tells what may differ, and why.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use regex::Regex;

use super::{Server, has_kubectl};

/// Sessions of an ordinary test run.
const SAMPLE: &[&str] = &["label-annotate", "configmaps-secrets"];

/// Sessions that need the simulated machine: its files, editors or Unix programs.
const NOT_TYPED: &[&str] =
    &["shell-language", "text-pipelines", "kubeconfig-edit", "csr-users", "edit-sessions"];

/// Simulated seconds in a real one.
const SPEED: &str = "20";

/// How long a command may take before its session is given up.
const PATIENCE: Duration = Duration::from_secs(40);

/// What a newer kubectl words in another way; both sides are rewritten before they are compared.
const NEWER: &[(&str, &str)] = &[
    // v1.34 tells the namespace of what it deleted.
    (r"(?m)( deleted) from \S+ namespace", "$1"),
    // v1.34 leaves out times that are not set, and empty preferences.
    (r"(?m)^\s*(creationTimestamp: null|preferences: \{\})\n", ""),
    (r#"(?m)^\s*"(creationTimestamp": null|preferences": \{\}),?\n"#, ""),
    // v1.33 and later begin refusals of flags in lower case.
    (r"(?m)^Error: (unknown|flag|invalid|required)", "error: $1"),
    // Label values are measured in bytes since v1.34.
    (r"no more than 63 bytes", "no more than 63 characters"),
    // The world runs faster than the clock: ages are longer, and where a client counts them negative.
    (r"<invalid>", "AGE"),
    (r"\b\d+[smh](\d+[sm])?\b", "AGE"),
    (r"[ \t]+", " "),
];

/// A part of a session.
enum Step {
    Settle(f64),
    /// With its marks, and whether it was recorded as `@any`.
    Command(String, bool),
}

fn parse(text: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let (mut any, mut open) = (false, false);
    for line in text.lines() {
        if line == "@any" {
            any = true;
        } else if let Some(seconds) = line.strip_prefix("@settle") {
            steps.push(Step::Settle(seconds.trim().parse().unwrap_or(3.0)));
            open = false;
        } else if line.starts_with("$ ") {
            steps.push(Step::Command(line.to_owned(), std::mem::take(&mut any)));
            open = true;
        } else if let (true, true, Some(Step::Command(command, _))) =
            (open, line.starts_with('>'), steps.last_mut())
        {
            command.push('\n');
            command.push_str(line);
        } else {
            open = false;
        }
    }
    steps
}

/// What is typed, without the marks.
fn typed(command: &str) -> String {
    let bare = |line: &str| {
        let line = line.strip_prefix(['$', '>']).unwrap_or(line);
        line.strip_prefix(' ').unwrap_or(line).to_owned()
    };
    command.lines().map(bare).collect::<Vec<_>>().join("\n")
}

/// A shell that lives from command to command.
struct Shell {
    child: Child,
    stdin: ChildStdin,
    lines: Receiver<String>,
    folder: PathBuf,
}

const MARK: &str = "@@end@@";

impl Shell {
    fn start(server: &Server) -> Self {
        let folder = server.folder().join("home");
        fs::create_dir_all(folder.join(".kube")).expect("a folder");
        fs::copy(&server.kubeconfig, folder.join(".kube/config")).expect("a copy");
        let mut child = Command::new("bash")
            .args(["--norc", "--noprofile"])
            .current_dir(&folder)
            .env("HOME", &folder)
            .env_remove("KUBECONFIG")
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("bash");
        let (sender, lines) = channel();
        let stdout = child.stdout.take().expect("a pipe");
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).split(b'\n').map_while(Result::ok) {
                if sender.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                    return;
                }
            }
        });
        let stdin = child.stdin.take().expect("a pipe");
        let mut shell = Self { child, stdin, lines, folder };
        let begin = format!(
            "exec 2>&1; shopt -s expand_aliases; alias k=kubectl; \
             sleep() {{ command sleep $(awk \"BEGIN {{ print ${{1%s}} / {SPEED} }}\"); }}"
        );
        shell.run(&begin);
        shell
    }

    /// Output and exit code; `None` when it took too long.
    fn run(&mut self, command: &str) -> Option<(String, i32)> {
        let file = self.folder.with_extension("sh");
        fs::write(&file, format!("{command}\n")).ok()?;
        writeln!(self.stdin, ". {} </dev/null; printf '\\n{MARK}%s\\n' $?", file.display()).ok()?;
        let mut output: Vec<String> = Vec::new();
        loop {
            let line = self.lines.recv_timeout(PATIENCE).ok()?;
            if let Some(exit) = line.strip_prefix(MARK) {
                // The mark begins a line of its own; the output's own last newline stands before it.
                if output.last().is_some_and(String::is_empty) {
                    output.pop();
                }
                return Some((output.join("\n"), exit.parse().unwrap_or(-1)));
            }
            output.push(line);
        }
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Types a session; what it looked like, as a recording.
fn record(name: &str, text: &str) -> String {
    let server = Server::start(&["--world", "bare", "--speed", SPEED]);
    let mut shell = Shell::start(&server);
    let home = shell.folder.display().to_string();
    let authority = server.address.trim_start_matches("https://").to_owned();
    let mut recording = String::new();
    let for_kubectl = Regex::new(r"\b(kubectl|k)\b").expect("a pattern");
    for step in parse(text) {
        match step {
            Step::Settle(seconds) => {
                server.control(&format!("skip {seconds}"));
                recording.push_str(&format!("@settle {seconds}\n"));
            }
            Step::Command(command, any) => {
                let line = typed(&command);
                let Some((output, exit)) = shell.run(&line) else {
                    eprintln!("{name}: given up at {line:?}");
                    return recording;
                };
                if any || !for_kubectl.is_match(&line) {
                    recording.push_str("@any\n");
                }
                let output = output.replace(&authority, "172.30.1.2:6443").replace(&home, "/root");
                recording.push_str(&format!("{command}\n{output}"));
                if !output.is_empty() && !output.ends_with('\n') {
                    recording.push('\n');
                }
                if exit != 0 {
                    recording.push_str(&format!("[exit {exit}]\n"));
                }
            }
        }
    }
    recording
}

/// A command that the two answered differently: what it was, and the two answers.
struct Difference {
    command: String,
    real: String,
    own: String,
}

/// Replays a recording with the built-in kubectl: how many commands were compared, and which differ.
fn compare(file: &Path) -> (usize, Vec<Difference>) {
    let output = super::super::uncordon(&["replay", "--check", "--all", &file.to_string_lossy()]);
    let text = super::super::stdout(&output);
    let total = text.lines().last().and_then(|line| line.split(' ').nth(2)).and_then(|it| it.parse().ok());
    let mut differences = Vec::new();
    for part in text.split("  --- recorded (").skip(1) {
        let (real, own) = part.split_once("\n  --- here (").unwrap_or((part, ""));
        let (own, _) = own.split_once("\n\n").unwrap_or((own, ""));
        differences.push(Difference { command: String::new(), real: real.to_owned(), own: own.to_owned() });
    }
    let commands =
        text.split("  --- recorded (").map(|part| part.rsplit("\n\n").next().unwrap_or(part).to_owned());
    for (difference, command) in differences.iter_mut().zip(commands) {
        difference.command =
            command.lines().rev().find(|it| it.contains("$ ")).unwrap_or("").trim().to_owned();
    }
    (total.unwrap_or(0), differences)
}

fn as_older(text: &str) -> String {
    NEWER.iter().fold(text.trim_end().to_owned(), |text, (pattern, with)| {
        Regex::new(pattern).expect("a pattern").replace_all(&text, *with).into_owned()
    })
}

fn chosen() -> Vec<(String, String)> {
    let wish = std::env::var("UNCORDON_PARITY").unwrap_or_default();
    let names: Vec<&str> = wish.split(',').filter(|name| !name.is_empty()).collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance");
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).expect("sessions").flatten().map(|it| it.path()).collect();
    files.sort();
    let sessions = files.into_iter().filter_map(|file| {
        let name = file.file_name()?.to_str()?.strip_suffix(".console")?.to_owned();
        let wanted = match names.as_slice() {
            [] => SAMPLE.contains(&name.as_str()),
            ["all"] => !NOT_TYPED.contains(&name.as_str()),
            names => names.contains(&name.as_str()),
        };
        wanted.then(|| (name, fs::read_to_string(file).expect("text")))
    });
    sessions.collect()
}

#[test]
fn the_built_in_kubectl_prints_what_the_real_one_does() {
    if !has_kubectl("the_built_in_kubectl_prints_what_the_real_one_does") {
        return;
    }
    let folder = std::env::temp_dir().join(format!("uncordon-parity-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    let (mut all, mut differ) = (0, Vec::new());
    for (name, text) in chosen() {
        let file = folder.join(format!("{name}.console"));
        fs::write(&file, record(&name, &text)).expect("written");
        let (total, differences) = compare(&file);
        let real: Vec<Difference> =
            differences.into_iter().filter(|it| as_older(&it.real) != as_older(&it.own)).collect();
        eprintln!("{name}: {} of {total} equal", total - real.len());
        all += total;
        differ.extend(
            real.into_iter()
                .map(|it| format!("{name}: {}\n--- real ({}\n--- own ({}\n", it.command, it.real, it.own)),
        );
    }
    let _ = fs::remove_dir_all(&folder);
    let equal = all - differ.len();
    eprintln!("{equal} of {all} commands print the same through both");
    if std::env::var_os("UNCORDON_PARITY").is_some() {
        eprintln!("{}", differ.join("\n"));
    }
    assert!(all > 0 && equal * 100 >= all * 95, "{equal} of {all} are equal:\n{}", differ.join("\n"));
}
