//! `jobs`, `fg`, `bg`, `kill`, `wait` and `disown` of an interactive shell.
//!
//! The language has commands of these names, which know its own jobs only. Functions of these names call [`NAME`], which
//! looks at all jobs, does what concerns programs that were stopped, and leaves in a variable what the language is to do
//! about its own. Wording: bash 5.2.

use bashkit::{Builtin, BuiltinContext, ExecResult, async_trait};

use super::control::{Control, STOPPED};
use super::jobs::{Entry, Runner, State};
use super::link::{Link, Request};
use super::proc::Fd;
use super::signals;

/// The command behind the functions.
pub(super) const NAME: &str = "__uncordon_job";

/// What the language is to do then.
const THEN: &str = "__uncordon_then";

/// The functions of the shell's prelude.
pub(super) fn functions() -> impl Iterator<Item = String> {
    let body = |name: &str| {
        format!(
            "{name}() {{ {NAME} settle \"$(builtin jobs -l)\"; eval \"${THEN}\"; {NAME} {name} \"$@\"; eval \"${THEN}\"; }}"
        )
    };
    ["jobs", "fg", "bg", "kill", "wait", "disown"].into_iter().map(body)
}

/// The builtin of the name [`NAME`].
pub(super) struct JobCommands {
    pub(super) control: Control,
    pub(super) link: Link,
    pub(super) shell: String,
}

/// What a command says, and what follows.
#[derive(Default)]
struct Outcome {
    out: String,
    err: String,
    /// Lines for the language.
    then: Vec<String>,
    status: i32,
}

#[async_trait]
impl Builtin for JobCommands {
    async fn execute(&self, context: BuiltinContext<'_>) -> bashkit::Result<ExecResult> {
        let Some((name, args)) = context.args.split_first() else { return Ok(ExecResult::ok("")) };
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let mut outcome = Outcome::default();
        match name.as_str() {
            "settle" => outcome.then = settle(&self.control, args.first().copied().unwrap_or_default()),
            "over" | "waited" => {
                let status = args.first().and_then(|it| it.parse().ok()).unwrap_or(0);
                let pid = args.get(1).copied().unwrap_or_default();
                self.control.with(|jobs| jobs.ended(pid, status));
                if name == "waited" {
                    outcome.err = self.control.with(|jobs| jobs.killed(pid));
                }
                outcome.status = status;
            }
            "back" => {
                let pid = args.first().copied().unwrap_or_default();
                outcome.status = args.get(1).and_then(|it| it.parse().ok()).unwrap_or(0);
                self.control.back(pid);
            }
            "news" => outcome.err = self.control.with(super::jobs::Jobs::news),
            "jobs" => self.jobs(&args, &mut outcome),
            "fg" => self.fg(&args, &mut outcome).await,
            "bg" => self.bg(&args, &mut outcome),
            "kill" => self.kill(&args, &mut outcome),
            "wait" => self.wait(&args, &mut outcome).await,
            _ => self.disown(&args, &mut outcome),
        }
        let mut then = outcome.then.join("; ");
        if !matches!(name.as_str(), "settle" | "over" | "waited" | "back" | "news") {
            if outcome.status != 0 || then.is_empty() {
                let ahead = if then.is_empty() { "" } else { "; " };
                then.push_str(&format!("{ahead}__uncordon_status {}", outcome.status));
            }
            context.variables.insert(THEN.to_owned(), then);
        } else if name == "settle" {
            context.variables.insert(THEN.to_owned(), then);
        }
        let mut result = ExecResult::ok(outcome.out);
        result.stderr = outcome.err.into();
        result.exit_code = outcome.status;
        Ok(result)
    }
}

/// Lines that ask how jobs of the language ended that run no more: `listed` is what `jobs -l` gives.
pub(super) fn settle(control: &Control, listed: &str) -> Vec<String> {
    let over = control.with(|jobs| jobs.settle(listed));
    over.iter().map(|pid| ask(pid)).collect()
}

/// A line that waits for a job of the language and keeps how it ended.
fn ask(pid: &str) -> String {
    format!("builtin wait {pid} 2>/dev/null; {NAME} over $? {pid}")
}

/// How `kill` is called.
const KILL_USAGE: &str =
    "kill: usage: kill [-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]\n";

impl JobCommands {
    fn complain(&self, outcome: &mut Outcome, command: &str, what: impl std::fmt::Display) {
        outcome.err.push_str(&format!("{}: {command}: {what}\n", self.shell));
        outcome.status = 1;
    }

    fn misuse(&self, outcome: &mut Outcome, command: &str, option: &str, usage: &str) {
        self.complain(outcome, command, format!("{option}: invalid option"));
        outcome.err.push_str(&format!("{command}: usage: {command} {usage}\n"));
        outcome.status = 2;
    }

    /// The job that a word means: a specification, or with `pids` the process of one.
    fn find(&self, word: &str, pids: bool) -> Result<Entry, String> {
        self.control
            .with(|jobs| {
                let number = match jobs.by_pid(word) {
                    Some(entry) if pids => Ok(entry.number),
                    _ => jobs.find(word),
                };
                Some(
                    number
                        .map_err(|it| it.to_string())
                        .and_then(|it| jobs.get(it).cloned().ok_or_else(|| format!("{word}: no such job"))),
                )
            })
            .unwrap_or_else(|| Err(format!("{word}: no such job")))
    }

    fn current(&self) -> Result<Entry, String> {
        let current = self.control.with(|jobs| jobs.current().and_then(|it| jobs.get(it)).cloned());
        current.ok_or_else(|| "current: no such job".to_owned())
    }

    fn jobs(&self, args: &[&str], outcome: &mut Outcome) {
        let options: Vec<&&str> = args.iter().take_while(|it| it.len() > 1 && it.starts_with('-')).collect();
        if let Some(wrong) = options.iter().find_map(|it| it[1..].chars().find(|c| !"lnprsx".contains(*c))) {
            let usage = "[-lnprs] [jobspec ...] or jobs -x command [args]";
            return self.misuse(outcome, "jobs", &format!("-{wrong}"), usage);
        }
        let has = |letter: char| options.iter().any(|it| it.contains(letter));
        let words = &args[options.len()..];
        if has('x') {
            let of = |word: &&str| match word.starts_with('%') {
                true => self.find(word, false).map_or_else(|_| (*word).to_owned(), |it| it.pid),
                false => (*word).to_owned(),
            };
            let words: Vec<String> = words.iter().map(|it| super::quote(&of(it))).collect();
            outcome.then.push(words.join(" "));
            return;
        }
        let mut chosen = Vec::new();
        for word in words {
            match self.find(word, true) {
                Ok(entry) => chosen.push(entry.number),
                Err(why) => self.complain(outcome, "jobs", why),
            }
        }
        let shown = self.control.with(|jobs| {
            let fits = |it: &&Entry| {
                (words.is_empty() || chosen.contains(&it.number))
                    && (!has('r') || it.state == State::Running)
                    && (!has('s') || it.state == State::Stopped)
            };
            let row = |it: &Entry| if has('p') { format!("{}\n", it.pid) } else { jobs.row(it, has('l')) };
            let shown: String = jobs.entries().iter().filter(fits).map(row).collect();
            if words.is_empty() && !has('p') {
                jobs.forget_ended();
            }
            shown
        });
        outcome.out.push_str(&shown);
    }

    async fn fg(&self, args: &[&str], outcome: &mut Outcome) {
        let Some(entry) = self.one(args, "fg", "[job_spec]", outcome) else { return };
        let here = self.control.with(|jobs| jobs.directory.clone());
        let away = match entry.directory == here {
            true => String::new(),
            false => format!("\t(wd: {})", entry.directory),
        };
        self.control.say(Fd::Out, format!("{}{away}\n", entry.command).as_bytes());
        self.control.with(|jobs| jobs.goes_on(entry.number, true));
        if entry.runner == Runner::Language {
            self.control.set_still(&entry.pid, false);
            self.control.waits_for(&entry.pid);
            outcome.then.push(format!("builtin wait {0} 2>/dev/null; {NAME} back {0} $?", entry.pid));
            return;
        }
        self.ask_again(&entry.pid);
        outcome.status = match self.control.resume(&entry.pid).await {
            Some(exit) => {
                self.control.with(|jobs| jobs.forget(entry.number));
                exit
            }
            None => STOPPED,
        };
    }

    /// The terminal is asked again what the program asked when it was stopped.
    fn ask_again(&self, pid: &str) {
        let Some((id, question)) = self.control.question(pid) else { return };
        let again = match question {
            Request::Edit(_) | Request::EditAnswer(_) | Request::Page(_) => Request::Resume(id),
            other => other,
        };
        self.link.put_back(id, again);
    }

    /// The one job that `fg` is about.
    fn one(&self, args: &[&str], command: &str, usage: &str, outcome: &mut Outcome) -> Option<Entry> {
        let found = match args.first() {
            Some(option) if option.len() > 1 && option.starts_with('-') && *option != "--" => {
                self.misuse(outcome, command, option, usage);
                return None;
            }
            Some(word) => self.find(word, false),
            None => self.current(),
        };
        found.map_err(|why| self.complain(outcome, command, why)).ok()
    }

    fn bg(&self, args: &[&str], outcome: &mut Outcome) {
        if let Some(option) = args.first().filter(|it| it.len() > 1 && it.starts_with('-')) {
            return self.misuse(outcome, "bg", option, "[job_spec ...]");
        }
        let found: Vec<Result<Entry, String>> = match args {
            [] => vec![self.current()],
            words => words.iter().map(|word| self.find(word, false)).collect(),
        };
        for entry in found {
            match entry {
                Err(why) => self.complain(outcome, "bg", why),
                Ok(entry) if entry.state == State::Running => {
                    self.complain(outcome, "bg", format!("job {} already in background", entry.number));
                    outcome.status = 0;
                }
                Ok(entry) => self.go_on_behind(&entry, outcome),
            }
        }
    }

    fn go_on_behind(&self, entry: &Entry, outcome: &mut Outcome) {
        let row = self.control.with(|jobs| jobs.row(entry, false));
        let mark = row.chars().skip_while(|it| *it != ']').nth(1).unwrap_or(' ');
        outcome.out.push_str(&format!("[{}]{mark} {} &\n", entry.number, entry.command));
        if self.control.has_question(&entry.pid) {
            // Who wants the terminal is stopped again at once.
            outcome.err.push_str(&format!("\n{row}"));
            return;
        }
        self.control.set_still(&entry.pid, false);
        self.control.with(|jobs| jobs.goes_on(entry.number, false));
    }

    fn kill(&self, args: &[&str], outcome: &mut Outcome) {
        let (signal, words) = match args {
            [] => {
                outcome.err.push_str(KILL_USAGE);
                outcome.status = 2;
                return;
            }
            ["-l" | "-L", words @ ..] => return self.list_signals(words, outcome),
            [option @ ("-s" | "-n")] => {
                return self.complain(outcome, "kill", format!("{option}: option requires an argument"));
            }
            ["-s" | "-n", signal, words @ ..] => (*signal, words),
            ["--", words @ ..] => ("TERM", words),
            [option, words @ ..] if option.len() > 1 && option.starts_with('-') => (&option[1..], words),
            words => ("TERM", words),
        };
        let words = words.strip_prefix(&["--"]).unwrap_or(words);
        let Some(number) = signals::number(signal) else {
            return self.complain(outcome, "kill", format!("{signal}: invalid signal specification"));
        };
        if words.is_empty() {
            outcome.err.push_str(KILL_USAGE);
            outcome.status = 2;
        }
        for word in words {
            match self.find(word, true) {
                Ok(entry) if word.starts_with('%') || entry.pid == *word => {
                    self.signal(&entry, number, outcome)
                }
                Err(why) if word.starts_with('%') => self.complain(outcome, "kill", why),
                _ if word.trim_start_matches('-').parse::<i64>().is_err() => {
                    self.complain(outcome, "kill", format!("{word}: arguments must be process or job IDs"));
                }
                // Processes of the machine are none of the language's business.
                _ => outcome.then.push(format!("__uncordon_kill -{number} {word}")),
            }
        }
    }

    fn list_signals(&self, words: &[&str], outcome: &mut Outcome) {
        if words.is_empty() {
            outcome.out.push_str(&signals::table());
        }
        for word in words {
            let given = word.parse::<i32>().ok();
            let shown = match given {
                Some(number) => signals::name(if number > 128 { number - 128 } else { number }),
                None => signals::number(word).map(|it| it.to_string()),
            };
            match shown {
                Some(shown) => outcome.out.push_str(&format!("{shown}\n")),
                None => self.complain(outcome, "kill", format!("{word}: invalid signal specification")),
            }
        }
    }

    /// Signals a job. Numbers: signal(7).
    fn signal(&self, entry: &Entry, number: i32, outcome: &mut Outcome) {
        const CONT: i32 = 18;
        let ignored = matches!(number, 0 | 17 | 23 | 28);
        match number {
            _ if ignored => {}
            19..=22 => self.stop(entry),
            CONT => {
                if entry.state == State::Stopped && !self.control.has_question(&entry.pid) {
                    self.control.set_still(&entry.pid, false);
                    self.control.with(|jobs| jobs.goes_on(entry.number, false));
                }
            }
            _ => self.end(entry, number, outcome),
        }
    }

    fn stop(&self, entry: &Entry) {
        if entry.state != State::Running {
            return;
        }
        self.control.set_still(&entry.pid, true);
        let row = self.control.with(|jobs| {
            let number = jobs.stopped(&entry.pid, &entry.command, &entry.directory);
            jobs.get(number).map(|it| jobs.notice(it))
        });
        self.control.say(Fd::Err, format!("\n{}", row.unwrap_or_default()).as_bytes());
    }

    fn end(&self, entry: &Entry, number: i32, outcome: &mut Outcome) {
        if entry.state == State::Stopped {
            let notice = self.control.with(|jobs| jobs.notice(entry));
            outcome.err.push_str(&format!("\n{notice}"));
        }
        self.control.set_still(&entry.pid, false);
        if entry.runner == Runner::Language {
            outcome.then.push(format!("builtin kill -{number} {} 2>/dev/null", entry.pid));
        } else {
            self.control.end(&entry.pid);
            self.control.with(|jobs| jobs.ended(&entry.pid, 128 + number));
        }
        self.control.with(|jobs| jobs.signalled(&entry.pid));
    }

    async fn wait(&self, args: &[&str], outcome: &mut Outcome) {
        self.control.with(super::jobs::Jobs::seen);
        match args.first() {
            Some(option) if option.starts_with('-') && !option[1..].chars().all(|it| "fnp".contains(it)) => {
                return self.misuse(outcome, "wait", option, "[-fn] [-p var] [id ...]");
            }
            Some(option) if option.starts_with('-') => {
                let words: Vec<String> = args.iter().map(|it| super::quote(it)).collect();
                outcome.then.push(format!("builtin wait {}", words.join(" ")));
                return;
            }
            _ => {}
        }
        if args.is_empty() {
            let running = self.control.with(|jobs| jobs.entries().to_vec());
            for entry in running.iter().filter(|it| it.state == State::Running) {
                let _ = self.wait_for(entry, outcome).await;
            }
            outcome.status = 0;
            outcome.then.push("builtin wait".to_owned());
            return;
        }
        for word in args {
            match self.find(word, true) {
                Ok(entry) if word.starts_with('%') || entry.pid == *word => {
                    outcome.status = self.wait_for(&entry, outcome).await;
                    outcome.err.push_str(&self.control.with(|jobs| jobs.killed(&entry.pid)));
                }
                Err(why) if word.starts_with('%') => {
                    self.complain(outcome, "wait", why);
                    outcome.status = 127;
                }
                _ if word.parse::<u64>().is_err() => {
                    self.complain(outcome, "wait", format!("`{word}': not a pid or valid job spec"));
                }
                // A job that was told of and forgotten, or nobody's.
                _ => outcome.then.push(format!("builtin wait {word}")),
            }
        }
    }

    /// Waits for one job; gives its exit code, or has the language give it.
    async fn wait_for(&self, entry: &Entry, outcome: &mut Outcome) -> i32 {
        match (entry.state, entry.runner) {
            (State::Ended(status), _) => status,
            (_, Runner::Language) => {
                outcome.then.push(format!("builtin wait {0} 2>/dev/null; {NAME} waited $? {0}", entry.pid));
                0
            }
            // Bash waits for a stopped job until it is stopped again or ends: it is told at once.
            (State::Stopped, Runner::Session) => {
                self.complain(outcome, "wait", format!("warning: job {} is stopped", entry.number));
                STOPPED
            }
            (State::Running, Runner::Session) => {
                std::future::poll_fn(|_| {
                    let state = self.control.with(|jobs| jobs.get(entry.number).map(|it| it.state));
                    match state {
                        Some(State::Ended(status)) => std::task::Poll::Ready(status),
                        Some(State::Running) => std::task::Poll::Pending,
                        Some(State::Stopped) | None => std::task::Poll::Ready(STOPPED),
                    }
                })
                .await
            }
        }
    }

    fn disown(&self, args: &[&str], outcome: &mut Outcome) {
        let options: Vec<&&str> = args.iter().take_while(|it| it.len() > 1 && it.starts_with('-')).collect();
        if let Some(wrong) = options.iter().find_map(|it| it[1..].chars().find(|c| !"ahr".contains(*c))) {
            return self.misuse(
                outcome,
                "disown",
                &format!("-{wrong}"),
                "[-h] [-ar] [jobspec ... | pid ...]",
            );
        }
        let has = |letter: char| options.iter().any(|it| it.contains(letter));
        let words = &args[options.len()..];
        let found: Vec<Result<Entry, String>> = match words {
            [] if has('a') || has('r') => {
                let all = self.control.with(|jobs| jobs.entries().to_vec());
                all.into_iter().filter(|it| !has('r') || it.state == State::Running).map(Ok).collect()
            }
            [] => vec![self.current()],
            words => words.iter().map(|word| self.find(word, true)).collect(),
        };
        for entry in found {
            match entry {
                Err(why) => self.complain(outcome, "disown", why),
                // With -h the job stays in the table; nobody hangs up here.
                Ok(_) if has('h') => {}
                Ok(entry) => self.forget(&entry, outcome),
            }
        }
    }

    fn forget(&self, entry: &Entry, outcome: &mut Outcome) {
        if entry.state == State::Stopped {
            outcome.err.push_str(&format!(
                "{}: warning: deleting stopped job {} with process group {}\n",
                self.shell, entry.number, entry.pid
            ));
        }
        if entry.runner == Runner::Language {
            outcome.then.push(format!("builtin disown {} 2>/dev/null", entry.pid));
        }
        self.control.with(|jobs| jobs.disown(entry.number));
    }
}
