//! Shells without a prompt: scripts, `bash -c`, what `sudo`, `ssh host command` and `watch` run.

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use bashkit::parser::Parser;
use bashkit::{Bash, BashBuilder, ExecOptions, ExecResult, LimitExceeded};

use super::adapt::{Adapted, Around, Programs};
use super::begin;
use super::control::Control;
use super::disk::Disk;
use super::files::PlaceFiles;
use super::pipes::{Sharer, Sharing};
use super::proc::{Fd, Outbox, Proc};
use super::session;
use super::streams;
use super::traces::{Traces, Tracing};
use super::valve::Valve;
use super::wording::Wording;
use super::{Lab, Login, limits, login, names, stages};
use crate::cluster::Place;

/// What a shell without a prompt is to run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Script {
    pub(crate) text: String,
    /// `$0`; diagnostics begin with it.
    pub(crate) name: Option<String>,
    /// `$1` and so on.
    pub(crate) args: Vec<String>,
    pub(crate) stdin: Option<Vec<u8>>,
}

impl Proc {
    /// Runs a script as `login`, in place of this process: its output is this process's output.
    pub(crate) async fn run(&self, login: &Login, script: Script) -> i32 {
        run(self.around(login), login, script, &self.outbox).await
    }

    /// Runs a script in another world, as [`Self::run`] does in this one.
    pub(crate) async fn run_in(&self, lab: &Lab, login: &Login, script: Script) -> i32 {
        run(Around { lab: lab.clone(), ..self.around(login) }, login, script, &self.outbox).await
    }

    fn around(&self, login: &Login) -> Around {
        Around {
            lab: self.lab.clone(),
            place: login.place.clone(),
            user: login.user.clone(),
            link: self.link.clone(),
            programs: Programs::All,
            sharing: Sharing::default(),
            umask: self.umask.inherited(),
            tracing: Tracing::default(),
            control: Control::default(),
        }
    }

    /// Runs the language crate's own program of the name that `words` begin with, in place of this process. One
    /// that starts no others needs no programs around it.
    pub(crate) async fn run_own(&self, words: &[String], starts_others: bool) -> i32 {
        let login = self.login();
        let name = words.first().cloned().unwrap_or_default();
        let programs = match starts_others {
            true => Programs::Without(name),
            false => Programs::Alone(limits::values(self.input_bytes(words))),
        };
        let around = Around { programs, ..self.around(&login) };
        let script = Script { name: Some("bash".into()), ..self.command(words) };
        run(around, &login, script, &self.outbox).await
    }

    /// The size of what a program may read: standard input and the files among its words.
    fn input_bytes(&self, words: &[String]) -> u64 {
        let world = self.world();
        let size = |word: &String| world.stat(&self.place, &self.path(word)).map_or(0, |node| node.size());
        let files: u64 = words.iter().skip(1).filter(|word| !word.starts_with('-')).map(size).sum();
        files + self.stdin.as_ref().map_or(0, |it| it.len() as u64)
    }

    /// Runs a script for at most `limit` of simulated time; `None` when it had to be ended. A loop
    /// that never waits would never end, and counts as such.
    pub(crate) async fn run_within(&self, login: &Login, script: Script, limit: Duration) -> Option<i32> {
        let mut work = Box::pin(attempt(self.around(login), login, script, &self.outbox));
        let mut alarm = Box::pin(self.lab.sleep(limit));
        poll_fn(|cx| match (work.as_mut().poll(cx), alarm.as_mut().poll(cx)) {
            (Poll::Ready(result), _) => Poll::Ready(result.ok()),
            (Poll::Pending, Poll::Ready(())) => Poll::Ready(None),
            (Poll::Pending, Poll::Pending) => Poll::Pending,
        })
        .await
    }

    /// The login of this process: same user, place, directory and environment.
    pub(crate) fn login(&self) -> Login {
        let mut login = Login::new(&self.lab, self.place.clone(), &self.user);
        login.cwd.clone_from(&self.cwd);
        login.env.clone_from(&self.env);
        login
    }

    /// Runs a command line as this process's child would.
    pub(crate) async fn run_line(&self, line: &str) -> i32 {
        let script = Script { text: line.to_owned(), stdin: self.stdin.clone(), ..Script::default() };
        self.run(&self.login(), script).await
    }

    /// The script that runs a program with its arguments, reading this process's standard input.
    pub(crate) fn command(&self, words: &[String]) -> Script {
        let args = words.to_vec();
        Script { text: "\"$@\"".into(), args, stdin: self.stdin.clone(), ..Script::default() }
    }

    /// True when a program of that name, or at that path, can be started here.
    pub(crate) fn can_start(&self, name: &str) -> bool {
        if name.contains('/') {
            return self.stat(name).is_ok();
        }
        names::is_also_program(name)
            || program_names(&self.lab, &self.place).contains(name)
            || self.search_path().any(|directory| self.stat(&format!("{directory}/{name}")).is_ok())
    }

    fn search_path(&self) -> impl Iterator<Item = String> {
        let path = self.env.get("PATH").cloned().unwrap_or_default();
        path.split(':').map(str::to_owned).collect::<Vec<_>>().into_iter()
    }
}

/// Runs a script and gives its exit code; output goes to `outbox` as it comes.
pub(super) async fn run(around: Around, login: &Login, script: Script, outbox: &Outbox) -> i32 {
    let name = script.name.clone().unwrap_or_else(|| login.shell.clone());
    match attempt(around, login, script, outbox).await {
        Ok(exit) => exit,
        Err(error) => session::report(&name, &error, outbox),
    }
}

/// Runs a script; an error is the end of what would not have ended by itself.
pub(super) async fn attempt(
    around: Around,
    login: &Login,
    script: Script,
    outbox: &Outbox,
) -> bashkit::Result<i32> {
    if super::engine::is_too_deep() {
        return Err(bashkit::Error::ResourceLimit(LimitExceeded::MaxSubshellDepth(limits::NESTED_MAX)));
    }
    let name = script.name.clone().unwrap_or_else(|| login.shell.clone());
    let mut options = ExecOptions::new().arg0(name.clone()).positional(script.args);
    if let Some(stdin) = script.stdin {
        options = options.stdin(stdin);
    }
    around.sharing.follow(&script.text, |name| names::is_known(&around.lab, name));
    let valve = Valve::default();
    let mut bash =
        builder(&around, login).builtin(begin::NAME, begin::builtin(&around, login, &valve)).build();
    let mut wording = Wording::new(&around.lab, &around.place, &name, false);
    wording.begin(&script.text);
    // What cannot be read is shown as it stands.
    let text = match Parser::new(&script.text).parse() {
        Ok(_) => {
            let whole = stages::handing_over(&script.text, |name| names::is_known(&around.lab, name));
            format!("{}; {}; {whole}", begin::NAME, begin::chance(&around))
        }
        Err(_) => script.text,
    };
    let screen = Screen::new(outbox, wording, &around, valve);
    screen.execute(&mut bash, &text, options).await.map(|result| result.exit_code)
}

/// Where a shell's output goes.
#[derive(Clone)]
pub(super) struct Screen {
    pub(super) outbox: Outbox,
    pub(super) wording: Arc<Mutex<Wording>>,
    pub(super) valve: Valve,
    traces: Arc<Mutex<Traces>>,
    shell: Arc<str>,
}

impl Screen {
    /// Writes to `outbox` what a shell writes.
    pub(super) fn new(outbox: &Outbox, wording: Wording, around: &Around, valve: Valve) -> Self {
        let shell = format!("{}: ", wording.shell()).into();
        let traces = Arc::new(Mutex::new(Traces::new(&around.tracing)));
        Self { outbox: outbox.clone(), wording: Arc::new(Mutex::new(wording)), valve, traces, shell }
    }

    fn show(&self, fd: Fd, bytes: &[u8]) {
        let mut outbox = self.outbox.lock().unwrap_or_else(PoisonError::into_inner);
        let mut traces = self.traces.lock().unwrap_or_else(PoisonError::into_inner);
        traces.add(&mut outbox, fd, bytes, &self.shell);
    }

    /// Executes `text` in a shell that is there; output goes to the outbox as it comes.
    pub(super) async fn execute(
        &self,
        bash: &mut Bash,
        text: &str,
        options: ExecOptions,
    ) -> bashkit::Result<ExecResult> {
        let screen = self.clone();
        let out = self.valve.sink(Fd::Out, move |bytes| screen.show(Fd::Out, bytes));
        let screen = self.clone();
        let err = self.valve.sink(Fd::Err, move |bytes| {
            let shown = screen.wording.lock().unwrap_or_else(PoisonError::into_inner).filter(bytes.to_vec());
            if !shown.is_empty() {
                screen.show(Fd::Err, &shown);
            }
        });
        let options = options.extensions(self.valve.attend());
        bash.execute(text).options(options).stdout_fn(out).stderr_fn(err).await
    }
}

/// Adds to what waits to be shown.
pub(super) fn write(outbox: &Outbox, fd: Fd, bytes: &[u8]) {
    if bytes.is_empty() {
        return;
    }
    let mut outbox = outbox.lock().unwrap_or_else(PoisonError::into_inner);
    match outbox.last_mut() {
        Some((last, buffer)) if *last == fd => buffer.extend_from_slice(bytes),
        _ => outbox.push((fd, bytes.to_vec())),
    }
}

/// A shell in the making, with every program of its place.
pub(super) fn builder(around: &Around, login: &Login) -> BashBuilder {
    let programs = program_names(&around.lab, &around.place);
    let mut disk = Disk::new(&around.lab, &around.place, &login.user, programs.clone());
    disk.umask = around.umask.clone();
    let files = PlaceFiles(disk);
    let kept = programs.clone();
    let mut builder = Bash::builder()
        .fs(Arc::new(files))
        .rootfs(false)
        .follow_symlinks(false)
        .limits(match around.programs {
            Programs::Alone(values) => limits::computing(values),
            _ => limits::execution(),
        })
        .session_limits(limits::session())
        .memory_limits(limits::memory())
        .username(&login.user)
        .hostname(login::host_name(&around.lab, &around.place))
        .cwd(&login.cwd)
        .builtin_filter(move |name| names::is_builtin(name) || kept.contains(name))
        .before_tool(begin::hook(around));
    let (reader, shell) = begin::reader(around);
    builder = builder.command(reader, shell);
    for (name, value) in &login.env {
        builder = builder.env(name, value);
    }
    if matches!(around.programs, Programs::Alone(_)) {
        return builder;
    }
    let left_out = |name: &str| matches!(&around.programs, Programs::Without(own) if own == name);
    // A host may get programs while the shell lives: whether one is there is looked up when it is called.
    let on_host = matches!(around.place, Place::Host(_));
    let known = |name: &str| (on_host || programs.contains(name)) && !left_out(name);
    for program in around.lab.programs().filter(|program| known(program.name)) {
        let adapted = Adapted { program, around: around.clone() };
        if let Some(sharer) = Sharer::new(program.name, adapted, around) {
            builder = builder.builtin(program.name, Box::new(sharer));
        }
    }
    for name in streams::NAMES.into_iter().filter(|name| known(name)) {
        if let Some(stream) = streams::builtin(name, around) {
            builder = builder.builtin(name, Box::new(stream));
        }
    }
    builder
}

/// The names of all programs at a place: a container has those that its files show.
pub(super) fn program_names(lab: &Lab, place: &Place) -> Arc<BTreeSet<String>> {
    if let Place::Host(host) = place {
        return lab.programs_of_host(host);
    }
    let every = lab.host_programs();
    let world = lab.world();
    let stands = |name: &str| {
        let at = |directory| world.stat(place, &format!("{directory}/{name}")).is_ok();
        ["/bin", "/usr/bin", "/usr/local/bin", "/sbin", "/usr/sbin"].into_iter().any(at)
    };
    Arc::new(every.iter().filter(|name| stands(name)).cloned().collect())
}
