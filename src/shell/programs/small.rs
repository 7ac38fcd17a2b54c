//! Small programs of a node: `logger`, `runlevel`, `systemd-detect-virt`, `hostid`, and of Python what formats JSON.

use crate::cluster::Place;
use crate::shell::{Proc, Program, Running};

programs! {
    DETECT_VIRT "systemd-detect-virt" "Tell what the machine runs on" detect_virt;
    HOSTID "hostid" "Print the number of the machine" hostid;
    LOGGER "logger" "Write to the journal" logger;
    RUNLEVEL "runlevel" "Print the run level" runlevel;
}

pub(crate) const PYTHON: Program = Program { name: "python3", summary: "Run Python programs", run: python };

/// The number of the process that writes.
const PID: u32 = 12_346;

fn detect_virt(proc: &Proc) -> i32 {
    proc.print("kvm\n");
    0
}

fn hostid(proc: &Proc) -> i32 {
    let address = super::machine::with_host(proc, |host| host.address.clone()).unwrap_or_default();
    let octets: Vec<u8> = address.split('.').filter_map(|it| it.parse().ok()).collect();
    let [a, b, c, d] = octets.as_slice() else { return 1 };
    proc.print(format!("{b:02x}{a:02x}{d:02x}{c:02x}\n"));
    0
}

fn runlevel(proc: &Proc) -> i32 {
    proc.print("N 5\n");
    0
}

/// Priorities by name, as `logger -p facility.level` takes them.
const LEVELS: [&str; 8] = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];

fn logger(proc: &Proc) -> i32 {
    let Place::Host(host) = &proc.place else { return 0 };
    let mut tag = proc.user.clone();
    let mut priority = 5;
    let mut text: Vec<&str> = Vec::new();
    let mut words = proc.args.iter().skip(1).map(String::as_str);
    while let Some(word) = words.next() {
        match word {
            "-t" | "--tag" => tag = words.next().unwrap_or_default().to_owned(),
            "-p" | "--priority" => {
                let given = words.next().unwrap_or_default();
                let level = given.rsplit('.').next().unwrap_or_default();
                let level = if level == "error" { "err" } else { level };
                let Some(found) = LEVELS.iter().position(|it| *it == level) else {
                    proc.eprint(format!("logger: unknown priority name: {given}\n"));
                    return 1;
                };
                priority = u8::try_from(found).unwrap_or(5);
            }
            "-i" | "-s" | "--" => {}
            word if word.starts_with('-') => {
                proc.eprint(format!("uncordon: logger {word} is not simulated yet\n"));
                return 1;
            }
            word => text.push(word),
        }
    }
    let typed = String::from_utf8_lossy(proc.stdin.as_deref().unwrap_or_default()).into_owned();
    let lines: Vec<String> =
        if text.is_empty() { typed.lines().map(str::to_owned).collect() } else { vec![text.join(" ")] };
    let mut world = proc.world();
    let now = world.now;
    if let Some(machine) = world.hosts.get_mut(host) {
        lines.into_iter().for_each(|line| machine.log(now, &tag, PID, "", priority, line));
    }
    0
}

/// `python3 -m json.tool`; the language itself is not simulated.
fn python(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let words: Vec<String> = proc.args.iter().skip(1).cloned().collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["--version" | "-V"] => {
                proc.print("Python 3.12.3\n");
                0
            }
            ["-m", "json.tool", rest @ ..] => json_tool(proc, rest).await,
            _ => {
                proc.eprint("uncordon: python3 is not simulated yet, but for python3 -m json.tool\n");
                1
            }
        }
    })
}

/// Checks as Python does, then prints as `jq` does, which keeps the order too.
async fn json_tool(proc: &mut Proc, words: &[&str]) -> i32 {
    let file = words.iter().find(|it| !it.starts_with('-') && **it != "-");
    let text = match file {
        Some(path) => match proc.read_file(path) {
            Ok(bytes) => bytes.to_vec(),
            Err(_) => {
                proc.eprint(format!(
                    "usage: python -m json.tool [-h] [--sort-keys] [--no-ensure-ascii] [--json-lines] [--indent INDENT | --tab | --no-indent | --compact] [infile] [outfile]\n\
                     python -m json.tool: error: argument infile: can't open '{path}': [Errno 2] No such file or directory: '{path}'\n"
                ));
                return 2;
            }
        },
        None => proc.stdin.clone().unwrap_or_default(),
    };
    if let Err(error) = serde_json::from_slice::<serde::de::IgnoredAny>(&text) {
        proc.eprint(complaint(&text, &error));
        return 1;
    }
    let indent = words.iter().position(|it| *it == "--indent").and_then(|at| words.get(at + 1)).copied();
    let mut call = vec!["jq", "-a"];
    match words.contains(&"--compact") {
        true => call.push("-c"),
        false => call.extend(["--indent", indent.unwrap_or("4")]),
    }
    if words.contains(&"--sort-keys") {
        call.push("-S");
    }
    call.push(".");
    proc.args = call.into_iter().map(str::to_owned).collect();
    proc.stdin = Some(text);
    (super::jq::PROGRAM.run)(proc).await
}

/// What Python's parser says, as far as one can tell from where ours stopped.
fn complaint(text: &[u8], error: &serde_json::Error) -> String {
    // An unknown word is told by where it begins.
    let back = usize::from(error.to_string().starts_with("expected ident"));
    let (line, column) = (error.line().max(1), error.column().saturating_sub(back).max(1));
    let before: usize =
        String::from_utf8_lossy(text).lines().take(line - 1).map(|it| it.chars().count() + 1).sum();
    let what = if error.is_eof() && text.is_empty() { "Expecting value" } else { reason(error) };
    format!("{what}: line {line} column {column} (char {})\n", before + column - 1)
}

fn reason(error: &serde_json::Error) -> &'static str {
    let text = error.to_string();
    let known = [
        ("trailing characters", "Extra data"),
        ("key must be a string", "Expecting property name enclosed in double quotes"),
        ("expected `,`", "Expecting ',' delimiter"),
        ("expected `:`", "Expecting ':' delimiter"),
        ("EOF while parsing an object", "Expecting ',' delimiter"),
        ("EOF while parsing a list", "Expecting ',' delimiter"),
    ];
    known.iter().find(|(ours, _)| text.starts_with(ours)).map_or("Expecting value", |(_, theirs)| theirs)
}
