//! The programs that containers' commands call, as far as commands, probes and hooks need them.
//!
//! A program is found as a shell finds it: by path, or in the directories of `$PATH`. One that the
//! image has and this table does not runs on and does nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use super::vm::{Machine, Wait};
use super::{file_programs, text_programs};
use crate::cluster::kubelet::access;
use crate::cluster::kubelet::services::{self, Service};
use crate::hosts::{Kind, files};

/// A call of a program.
pub(in crate::cluster::kubelet) struct Call<'a> {
    pub(in crate::cluster::kubelet) argv: &'a [String],
    pub(in crate::cluster::kubelet) variables: &'a BTreeMap<String, String>,
    pub(in crate::cluster::kubelet) directory: &'a str,
    pub(in crate::cluster::kubelet) input: Option<&'a [u8]>,
}

/// What a program writes at once, and what becomes of it then.
pub(in crate::cluster::kubelet) struct Output {
    pub(in crate::cluster::kubelet) out: Vec<u8>,
    pub(in crate::cluster::kubelet) err: Vec<u8>,
    pub(in crate::cluster::kubelet) effect: Effect,
}

pub(in crate::cluster::kubelet) enum Effect {
    Exit(i32),
    Wait(Wait),
    Serve(Service),
    /// Runs another program in its place.
    Become(Vec<String>),
    /// Runs a script with these parameters.
    Script {
        text: String,
        arguments: Vec<String>,
    },
}

impl Output {
    pub(in crate::cluster::kubelet) fn ok(out: impl Into<Vec<u8>>) -> Self {
        Self { out: out.into(), err: Vec::new(), effect: Effect::Exit(0) }
    }

    pub(in crate::cluster::kubelet) fn fail(status: i32, err: impl Into<Vec<u8>>) -> Self {
        Self { out: Vec::new(), err: err.into(), effect: Effect::Exit(status) }
    }

    pub(in crate::cluster::kubelet) fn then(effect: Effect) -> Self {
        Self { out: Vec::new(), err: Vec::new(), effect }
    }
}

type Program = fn(&Call<'_>, &mut Machine<'_>) -> Output;

/// Programs by name, sorted.
const PROGRAMS: &[(&str, Program)] = &[
    ("[", test),
    ("[[", test),
    ("ash", shell),
    ("awk", text_programs::unsupported),
    ("basename", basename),
    ("bash", shell),
    ("cat", file_programs::cat),
    ("chmod", file_programs::chmod),
    ("chroot", chroot),
    ("cp", file_programs::cp),
    ("curl", services::client),
    ("cut", text_programs::cut),
    ("dash", shell),
    ("date", date),
    ("dirname", basename),
    ("docker-entrypoint.sh", wrapper),
    ("dumb-init", wrapper),
    ("echo", echo),
    ("entrypoint.sh", wrapper),
    ("env", env),
    ("expr", expr),
    ("false", |_, _| Output::fail(1, "")),
    ("find", text_programs::unsupported),
    ("grep", text_programs::grep),
    ("head", text_programs::head),
    ("hostname", hostname),
    ("id", id),
    ("ln", file_programs::ln),
    ("ls", file_programs::ls),
    ("mkdir", file_programs::mkdir),
    ("mv", file_programs::mv),
    ("nc", services::client),
    ("nslookup", services::client),
    ("pgrep", text_programs::pgrep),
    ("printenv", env),
    ("printf", printf),
    ("pwd", |call, _| Output::ok(format!("{}\n", call.directory))),
    ("rm", file_programs::rm),
    ("sed", text_programs::sed),
    ("seq", seq),
    ("sh", shell),
    ("sleep", sleep),
    ("sort", text_programs::sort),
    ("tail", text_programs::tail),
    ("tee", text_programs::tee),
    ("test", test),
    ("timeout", timeout),
    ("tini", wrapper),
    ("touch", file_programs::touch),
    ("tr", text_programs::tr),
    ("true", |_, _| Output::ok("")),
    ("uname", uname),
    ("wc", text_programs::wc),
    ("wget", services::client),
    ("whoami", whoami),
    ("zsh", shell),
];

/// Built into every shell, so that no file has to stand for them.
const BUILT_IN: &[&str] = &["[", "[[", "echo", "false", "printf", "pwd", "test", "true"];

/// Runs a call.
pub(super) fn run(call: &Call<'_>, machine: &mut Machine<'_>) -> Output {
    let Some(word) = call.argv.first() else { return Output::ok("") };
    let path = match locate(word, call, machine) {
        Ok(path) => path,
        Err(output) => return output,
    };
    let name = files::base_name(word);
    if let Some(service) = services::main_program(machine, name, call.argv) {
        return services::start(&service, call.variables, machine);
    }
    if let Some(output) = script_file(&path, call, machine) {
        return output;
    }
    match PROGRAMS.iter().find(|(known, _)| *known == name) {
        Some((_, program)) => program(call, machine),
        None => services::other_program(name, call, machine),
    }
}

/// Where a program stands; an answer of the shell when it does not.
fn locate(word: &str, call: &Call<'_>, machine: &Machine<'_>) -> Result<String, Output> {
    if BUILT_IN.contains(&word) {
        return Ok(String::new());
    }
    let exists = |path: &str| machine.world.stat(machine.place, path);
    if word.contains('/') {
        let path = files::clean(call.directory, word);
        return match exists(&path) {
            Ok(node) if node.kind == Kind::Directory => {
                Err(Output::fail(126, format!("sh: {word}: Permission denied\n")))
            }
            Ok(node) if node.mode & 0o111 == 0 => {
                Err(Output::fail(126, format!("sh: {word}: Permission denied\n")))
            }
            Ok(_) => Ok(path),
            Err(_) => Err(Output::fail(127, format!("sh: {word}: not found\n"))),
        };
    }
    search_path(call.variables)
        .map(|directory| format!("{directory}/{word}"))
        .find(|path| exists(path).is_ok())
        .ok_or_else(|| Output::fail(127, format!("sh: {word}: not found\n")))
}

/// The directories that programs are looked for in.
pub(in crate::cluster::kubelet) fn search_path(
    variables: &BTreeMap<String, String>,
) -> std::str::Split<'_, char> {
    variables
        .get("PATH")
        .map_or("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", String::as_str)
        .split(':')
}

/// A file of text that was put into the container is a script.
fn script_file(path: &str, call: &Call<'_>, machine: &Machine<'_>) -> Option<Output> {
    let bytes = machine.world.read_file(machine.place, path).ok()?;
    let text = std::str::from_utf8(&bytes).ok().filter(|text| text.starts_with("#!"))?;
    let first = text.lines().next().unwrap_or("");
    if !first.contains("sh") || text.contains("exec \"$@\"") {
        return None;
    }
    Some(Output::then(Effect::Script { text: text.to_owned(), arguments: call.argv.to_vec() }))
}

impl Call<'_> {
    /// The words behind the program's name.
    pub(in crate::cluster::kubelet) fn words(&self) -> Vec<&str> {
        self.argv.iter().skip(1).map(String::as_str).collect()
    }

    /// The words that are no options.
    pub(in crate::cluster::kubelet) fn operands(&self) -> Vec<&str> {
        self.words().into_iter().filter(|it| !it.starts_with('-') || *it == "-").collect()
    }

    pub(in crate::cluster::kubelet) fn has(&self, short: char) -> bool {
        let is = |word: &&str| word.starts_with('-') && !word.starts_with("--") && word.contains(short);
        self.words().iter().any(is)
    }

    pub(in crate::cluster::kubelet) fn path(&self, path: &str) -> String {
        files::clean(self.directory, path)
    }

    pub(in crate::cluster::kubelet) fn name(&self) -> &str {
        self.argv.first().map_or("", |it| files::base_name(it))
    }
}

/// Runs what stands behind its own name, as entry points do.
fn wrapper(call: &Call<'_>, _machine: &mut Machine<'_>) -> Output {
    let rest: Vec<String> = call.argv.iter().skip(1).skip_while(|it| it.starts_with('-')).cloned().collect();
    if rest.is_empty() { Output::ok("") } else { Output::then(Effect::Become(rest)) }
}

fn shell(call: &Call<'_>, machine: &mut Machine<'_>) -> Output {
    let words = call.words();
    let flags = words.iter().take_while(|it| it.starts_with('-')).count();
    let has_command = words.iter().take(flags).any(|it| it.contains('c') && !it.starts_with("--"));
    let rest = words.get(flags..).unwrap_or_default();
    let strict = words.iter().take(flags).any(|it| it.contains('e') && !it.starts_with("--"));
    let prefix = if strict { "set -e\n" } else { "" };
    match (has_command, rest) {
        (true, [text, arguments @ ..]) => {
            let arguments = if arguments.is_empty() { vec![call.name()] } else { arguments.to_vec() };
            let arguments = arguments.into_iter().map(str::to_owned).collect();
            Output::then(Effect::Script { text: format!("{prefix}{text}"), arguments })
        }
        (true, []) => Output::fail(2, "sh: -c requires an argument\n"),
        (false, [file, ..]) => match machine.world.read_text(machine.place, &call.path(file)) {
            Ok(text) => {
                let arguments = rest.iter().map(|&it| it.to_owned()).collect();
                Output::then(Effect::Script { text: format!("{prefix}{text}"), arguments })
            }
            Err(error) => Output::fail(127, format!("sh: can't open '{file}': {error}\n")),
        },
        // One with an open standard input waits for somebody to type.
        (false, []) if call.input.is_none_or(<[u8]>::is_empty) && services::is_interactive(machine) => {
            services::forever()
        }
        // Without a terminal a shell reads its script from standard input, which is empty.
        (false, []) => {
            let text = String::from_utf8_lossy(call.input.unwrap_or_default()).into_owned();
            Output::then(Effect::Script { text, arguments: vec!["sh".into()] })
        }
    }
}

/// A process on the machine outside waits for whoever attaches to it, who then is there too.
fn chroot(call: &Call<'_>, machine: &mut Machine<'_>) -> Output {
    let Some(root) = call.argv.get(1) else { return Output::fail(1, "chroot: missing operand\n") };
    if access::host_at(machine.world, machine.place, &call.path(root)).is_some()
        && services::is_interactive(machine)
    {
        return services::forever();
    }
    Output::fail(1, format!("uncordon: `chroot` to {root} in a container's command is not simulated yet\n"))
}

fn sleep(call: &Call<'_>, machine: &mut Machine<'_>) -> Output {
    let mut total = Duration::ZERO;
    for word in call.words() {
        match seconds(word) {
            Some(duration) => total += duration,
            None if matches!(word, "infinity" | "inf") => return Output::then(Effect::Wait(Wait::Forever)),
            None => return Output::fail(1, format!("sleep: invalid number '{word}'\n")),
        }
    }
    if call.argv.len() < 2 {
        return Output::fail(1, "sleep: missing operand\n");
    }
    Output::then(Effect::Wait(Wait::Until(machine.world.now + total)))
}

/// `5`, `0.5`, `5s`, `2m`, `1h`, `1d`.
fn seconds(word: &str) -> Option<Duration> {
    let (number, unit) = match word.char_indices().next_back()? {
        (at, 's') => (word.get(..at)?, 1.0),
        (at, 'm') => (word.get(..at)?, 60.0),
        (at, 'h') => (word.get(..at)?, 3_600.0),
        (at, 'd') => (word.get(..at)?, 86_400.0),
        _ => (word, 1.0),
    };
    let value: f64 = number.parse().ok()?;
    (value.is_finite() && value >= 0.0).then(|| Duration::from_secs_f64((value * unit).min(1e9)))
}

fn timeout(call: &Call<'_>, machine: &mut Machine<'_>) -> Output {
    let words = call.words();
    let Some(at) = words.iter().position(|it| seconds(it).is_some()) else {
        return Output::fail(125, "timeout: missing operand\n");
    };
    let rest: Vec<String> = words.iter().skip(at + 1).map(|&it| it.to_owned()).collect();
    let limit = words.get(at).and_then(|it| seconds(it)).unwrap_or_default();
    match rest.first().map(|it| files::base_name(it)) {
        Some("sleep") if rest.get(1).and_then(|it| seconds(it)).is_none_or(|it| it > limit) => {
            Output::then(Effect::Script {
                text: format!("sleep {}; exit 124", limit.as_secs_f64()),
                arguments: vec!["timeout".into()],
            })
        }
        _ => {
            let _ = machine;
            Output::then(Effect::Become(rest))
        }
    }
}

fn echo(call: &Call<'_>, _machine: &mut Machine<'_>) -> Output {
    let words = call.words();
    let options = words.iter().take_while(|it| matches!(**it, "-n" | "-e" | "-ne" | "-en" | "-E")).count();
    let given = words.get(..options).unwrap_or_default();
    let mut text = words.get(options..).unwrap_or_default().join(" ");
    if given.iter().any(|it| it.contains('e')) {
        text = unescaped(&text);
    }
    if !given.iter().any(|it| it.contains('n')) {
        text.push('\n');
    }
    Output::ok(text)
}

fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('\\') => out.push('\\'),
            Some(other) => out.extend(['\\', other]),
            None => out.push('\\'),
        }
    }
    out
}

fn printf(call: &Call<'_>, _machine: &mut Machine<'_>) -> Output {
    let words = call.words();
    let Some((format, arguments)) = words.split_first() else { return Output::fail(2, "printf: usage\n") };
    let format = unescaped(format);
    let mut arguments = arguments.iter();
    let mut out = String::new();
    loop {
        let before = arguments.len();
        let mut chars = format.chars().peekable();
        while let Some(c) = chars.next() {
            if c != '%' {
                out.push(c);
                continue;
            }
            let mut spec = String::new();
            while let Some(c) = chars.next_if(|c| c.is_ascii_digit() || "-.0+ ".contains(*c)) {
                spec.push(c);
            }
            match chars.next() {
                Some('%') => out.push('%'),
                Some('b') => out += &unescaped(arguments.next().unwrap_or(&"")),
                Some(_) => out += &padded(arguments.next().unwrap_or(&""), &spec),
                None => out.push('%'),
            }
        }
        if arguments.len() == 0 || arguments.len() == before {
            return Output::ok(out);
        }
    }
}

fn padded(text: &str, spec: &str) -> String {
    let width: usize =
        spec.trim_start_matches('-').split('.').next().and_then(|it| it.parse().ok()).unwrap_or(0);
    match (spec.starts_with('-'), spec.starts_with('0')) {
        (true, _) => format!("{text:<width$}"),
        (false, true) => format!("{text:0>width$}"),
        _ => format!("{text:>width$}"),
    }
}

fn date(call: &Call<'_>, machine: &mut Machine<'_>) -> Output {
    let format = call.words().into_iter().find_map(|it| it.strip_prefix('+'));
    let format = format.unwrap_or("%a %b %e %H:%M:%S UTC %Y");
    Output::ok(format!("{}\n", machine.world.now.strftime(format)))
}

fn hostname(call: &Call<'_>, machine: &mut Machine<'_>) -> Output {
    if call.has('i') || call.has('I') {
        return Output::ok(format!("{}\n", services::own_address(machine)));
    }
    let name = machine.world.read_text(machine.place, "/etc/hostname").unwrap_or_default();
    Output::ok(format!("{}\n", name.trim()))
}

fn uname(call: &Call<'_>, machine: &mut Machine<'_>) -> Output {
    let host = machine.world.read_text(machine.place, "/etc/hostname").unwrap_or_default();
    let kernel = services::kernel(machine);
    let text = match (call.has('a'), call.has('r'), call.has('n'), call.has('m')) {
        (true, ..) => format!("Linux {} {kernel} #1 SMP x86_64 Linux", host.trim()),
        (_, true, ..) => kernel,
        (_, _, true, _) => host.trim().to_owned(),
        (.., true) => "x86_64".to_owned(),
        _ => "Linux".to_owned(),
    };
    Output::ok(text + "\n")
}

fn id(call: &Call<'_>, machine: &mut Machine<'_>) -> Output {
    let (uid, gid) = services::user_of(machine);
    let text = match (call.has('u'), call.has('g')) {
        (true, _) => uid.to_string(),
        (_, true) => gid.to_string(),
        _ if uid == 0 => "uid=0(root) gid=0(root) groups=0(root)".to_owned(),
        _ => format!("uid={uid} gid={gid} groups={gid}"),
    };
    Output::ok(text + "\n")
}

fn whoami(_call: &Call<'_>, machine: &mut Machine<'_>) -> Output {
    match services::user_of(machine).0 {
        0 => Output::ok("root\n"),
        uid => Output::fail(1, format!("whoami: unknown uid {uid}\n")),
    }
}

fn env(call: &Call<'_>, _machine: &mut Machine<'_>) -> Output {
    if call.name() == "printenv"
        && let Some(name) = call.operands().first()
    {
        return match call.variables.get(*name) {
            Some(value) => Output::ok(format!("{value}\n")),
            None => Output::fail(1, ""),
        };
    }
    let rest: Vec<&str> = call.operands();
    let program = rest.iter().position(|it| !it.contains('='));
    if let Some(at) = program {
        return Output::then(Effect::Become(rest.iter().skip(at).map(|&it| it.to_owned()).collect()));
    }
    let lines: String = call.variables.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
    Output::ok(lines)
}

fn seq(call: &Call<'_>, _machine: &mut Machine<'_>) -> Output {
    let numbers: Vec<i64> = call.words().iter().filter_map(|it| it.parse().ok()).collect();
    let (from, step, to) = match numbers.as_slice() {
        [to] => (1, 1, *to),
        [from, to] => (*from, 1, *to),
        [from, step, to] => (*from, *step, *to),
        _ => return Output::fail(1, "seq: missing operand\n"),
    };
    if step == 0 {
        return Output::fail(1, "seq: increment may not be 0\n");
    }
    let mut out = String::new();
    let mut at = from;
    while (step > 0 && at <= to || step < 0 && at >= to) && out.len() < 1 << 20 {
        out += &format!("{at}\n");
        at = at.saturating_add(step);
    }
    Output::ok(out)
}

fn basename(call: &Call<'_>, _machine: &mut Machine<'_>) -> Output {
    let operands = call.operands();
    let path = operands.first().map_or("", |it| it.trim_end_matches('/'));
    let text = if call.name() == "dirname" {
        path.rsplit_once('/').map_or(".", |(directory, _)| if directory.is_empty() { "/" } else { directory })
    } else {
        let base = files::base_name(path);
        operands.get(1).and_then(|suffix| base.strip_suffix(suffix)).unwrap_or(base)
    };
    Output::ok(format!("{text}\n"))
}

fn expr(call: &Call<'_>, _machine: &mut Machine<'_>) -> Output {
    let text = call.words().join(" ").replace("\\*", "*").replace(" = ", " == ");
    let value = super::arithmetic::value(&text, &|_| String::new());
    Output { effect: Effect::Exit(i32::from(value == 0)), ..Output::ok(format!("{value}\n")) }
}

fn test(call: &Call<'_>, machine: &mut Machine<'_>) -> Output {
    let mut words = call.words();
    if matches!(call.name(), "[" | "[[") && matches!(words.last(), Some(&"]" | &"]]")) {
        words.pop();
    }
    let holds = text_programs::condition(&words, call, machine);
    Output::fail(i32::from(!holds), "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(PROGRAMS.is_sorted_by_key(|(name, _)| *name), "keep PROGRAMS sorted");
    }

    #[test]
    fn durations_have_units() {
        assert_eq!(seconds("0.5"), Some(Duration::from_millis(500)));
        assert_eq!(seconds("2m"), Some(Duration::from_secs(120)));
        assert_eq!(seconds("soon"), None);
    }
}
