//! Programs that start another one in a way that does not matter here: in a session of its own, on some processors,
//! with some priority; and `runuser`, `run-parts`, `zgrep`.

use super::options::{Spec, Value};
use crate::shell::{Login, Proc, Program, Running, login};

macro_rules! wrappers {
    ($($constant:ident $name:literal $short:literal $own:literal $summary:literal;)*) => {
        $(pub(crate) const $constant: Program = Program {
            name: $name,
            summary: $summary,
            run: |proc| {
                const SPEC: Spec = Spec { name: $name, short: $short, long: LONG };
                Box::pin(start(proc, &SPEC, $own))
            },
        };)*
    };
}

const LONG: &[(&str, char, Value)] =
    &[("wait", 'w', Value::None), ("fork", 'f', Value::None), ("ctty", 'c', Value::None)];

wrappers! {
    SETSID "setsid" "cfw" 0 "Run a program in a new session";
    TASKSET "taskset" "c" 1 "Run a program on some processors";
    IONICE "ionice" "c:n:t" 0 "Run a program with an input and output priority";
    CHRT "chrt" "fbrio" 1 "Run a program with a scheduling policy";
    STDBUF "stdbuf" "i:o:e:" 0 "Run a program with other buffers";
}

pub(crate) const RUNUSER: Program =
    Program { name: "runuser", summary: "Run a program as another user", run: runuser };
pub(crate) const RUN_PARTS: Program =
    Program { name: "run-parts", summary: "Run the programs of a directory", run: run_parts };
pub(crate) const ZGREP: Program = Program { name: "zgrep", summary: "Search compressed files", run: zgrep };
pub(crate) const DIR: Program = Program { name: "dir", summary: "List directories", run: dir };

/// Runs what stands behind the options and behind `own` operands of the wrapper.
async fn start(proc: &mut Proc, spec: &Spec, own: usize) -> i32 {
    let options = match spec.parse_prefix(proc.args.get(1..).unwrap_or_default()) {
        Ok(options) => options,
        Err(text) => {
            proc.eprint(text);
            return 1;
        }
    };
    let words = options.operands.get(own..).unwrap_or_default().to_vec();
    let Some(name) = words.first() else {
        proc.eprint(format!("uncordon: {} without a command is not simulated yet\n", spec.name));
        return 1;
    };
    if !proc.can_start(name) {
        proc.eprint(format!("{}: failed to execute {name}: No such file or directory\n", spec.name));
        return 127;
    }
    proc.run(&proc.login(), proc.command(&words)).await
}

fn runuser(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        const SPEC: Spec = Spec {
            name: "runuser",
            short: "u:c:ls:",
            long: &[
                ("user", 'u', Value::Needed),
                ("command", 'c', Value::Needed),
                ("login", 'l', Value::None),
            ],
        };
        let options = match SPEC.parse_prefix(proc.args.get(1..).unwrap_or_default()) {
            Ok(options) => options,
            Err(text) => {
                proc.eprint(text);
                return 1;
            }
        };
        if proc.user != "root" {
            proc.eprint("runuser: may not be used by non-root users\n");
            return 1;
        }
        let mut words = options.operands.clone();
        words.retain(|it| it != "-");
        let user = match options.value('u') {
            Some(user) => user.to_owned(),
            None if words.is_empty() => "root".to_owned(),
            None => words.remove(0),
        };
        if login::account(&proc.lab, &proc.place, &user).is_none() {
            proc.eprint(format!("runuser: user {user} does not exist or the user entry does not contain all the required fields\n"));
            return 1;
        }
        let login = Login::new(&proc.lab, proc.place.clone(), &user);
        // Behind the name may stand `-c COMMAND`, as with `su`.
        if let Some(at) = words.iter().position(|it| it == "-c") {
            words = vec!["bash".into(), "-c".into(), words.get(at + 1).cloned().unwrap_or_default()];
        } else if let Some(command) = options.value('c') {
            words = vec!["bash".into(), "-c".into(), command.to_owned()];
        }
        if words.is_empty() {
            proc.eprint("uncordon: runuser without a command is not simulated yet\n");
            return 1;
        }
        proc.run(&login, proc.command(&words)).await
    })
}

/// Runs every program of a directory whose name is of letters, digits, `-` and `_`.
fn run_parts(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let flags: Vec<&str> =
            proc.args.iter().skip(1).map(String::as_str).filter(|it| it.starts_with('-')).collect();
        let only_list = flags.iter().any(|it| matches!(*it, "--test" | "--list"));
        let directory = proc.args.iter().skip(1).find(|it| !it.starts_with('-')).cloned().unwrap_or_default();
        let found: Option<Vec<String>> = {
            let world = proc.world();
            let path = proc.path(&directory);
            world
                .list_dir(&proc.place, &path)
                .ok()
                .map(|all| all.into_iter().map(|(name, _)| format!("{path}/{name}")).collect())
        };
        let Some(found) = found.filter(|_| !directory.is_empty()) else {
            proc.eprint(format!(
                "run-parts: failed to open directory {directory}: No such file or directory\n"
            ));
            return 1;
        };
        let plain = |path: &str| {
            let name = path.rsplit('/').next().unwrap_or_default();
            name.chars().all(|it| it.is_ascii_alphanumeric() || it == '-' || it == '_')
        };
        let mut exit = 0;
        for path in found.into_iter().filter(|it| plain(it)) {
            if proc.stat(&path).is_ok_and(|it| it.mode & 0o111 == 0) {
                continue;
            }
            if only_list {
                proc.print(format!("{path}\n"));
            } else {
                exit = exit.max(proc.run(&proc.login(), proc.command(std::slice::from_ref(&path))).await);
            }
        }
        exit
    })
}

fn zgrep(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let words: Vec<String> = proc.args.iter().skip(1).map(|it| crate::shell::quote(it)).collect();
        let at = words.iter().position(|it| !it.starts_with('-'));
        let Some(at) = at else {
            proc.eprint("Usage: zgrep [OPTION]... [-e] PATTERN [FILE]...\n");
            return 2;
        };
        let (pattern, files) = words.split_at(at + 1);
        let grep = format!("grep {}", pattern.join(" "));
        // What is not compressed is read as it is.
        let reader = |file: &String| {
            let bytes = proc.disk().read(&proc.path(file)).unwrap_or_default();
            if bytes.is_empty() || bytes.starts_with(&[0x1F, 0x8B]) { "zcat" } else { "cat" }
        };
        let line = match files {
            [] => format!("zcat | {grep}"),
            [file] => format!("{} {file} | {grep}", reader(file)),
            files => {
                let each = |file: &String| format!("{} {file} | {grep} -H --label={file}", reader(file));
                files.iter().map(each).collect::<Vec<_>>().join("; ")
            }
        };
        proc.run_line(&line).await
    })
}

fn dir(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let mut words = vec!["ls".to_owned(), "-C".to_owned()];
        words.extend(proc.args.iter().skip(1).cloned());
        proc.run(&proc.login(), proc.command(&words)).await
    })
}
