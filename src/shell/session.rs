//! One interactive shell: a bash that lives from line to line.
//!
//! The whole session is one execution of the shell language, a loop that takes the next line from
//! the console and evaluates it. So `$?`, options, traps and background jobs last as in a real
//! session; only an interrupt or a limit ends the execution, and then the next one goes on with the
//! same variables and functions.

use std::collections::{BTreeMap, VecDeque};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use bashkit::hooks::{ExitEvent, HookAction};
use bashkit::{Bash, Builtin, BuiltinContext, Error, ExecOptions, ExecResult, async_trait};

use super::adapt::{Adapted, Around};
use super::batch::{self, Screen};
use super::begin;
use super::control::Control;
use super::job_commands::{self, JobCommands};
use super::jobs;
use super::pipes::{self, Sharing};
use super::proc::{Fd, Outbox};
use super::programs::KILL;
use super::traces::Tracing;
use super::valve::Valve;
use super::wording::{MARK, Wording};
use super::{Lab, Login, input, names, stages};
use crate::cluster::Place;
use crate::sim::SimTime;

/// Takes the next line and evaluates it, until there is none. The last command tells that the loop
/// was left by a stray `break`, or because the input ended.
const LOOP: &str = "__uncordon_begin; while __uncordon_next \"$?\" \"$!\" \"$(builtin jobs -l)\" \"$(echo $BASHPID)\"; do eval \"$__uncordon_line\"; done\n__uncordon_left";

/// Ends every line that was typed, so that a failure of the line is none of the loop's `eval`.
const KEEP: &str = "\n__uncordon_keep \"$?\" \"${PIPESTATUS[*]}\"";

/// The exit code of a command that was interrupted: 128 + SIGINT.
pub(super) const INTERRUPTED: i32 = 130;

/// The exit code when there is no such program.
const NOT_FOUND: i32 = 127;

/// What a session and the console share.
#[derive(Debug, Default)]
pub(super) struct State {
    /// The line to run next.
    line: Option<String>,
    /// Lines to run before the first prompt.
    prelude: VecDeque<String>,
    /// The exit code of the last line, while the prompt waits.
    idle: Option<i32>,
    /// The exit code to go on with after an interrupt.
    resume: Option<i32>,
    /// The exit code of the line that was typed last, when it came to its end.
    kept: Option<i32>,
    /// The exit codes of its last pipeline, in words.
    pipeline: Option<String>,
    /// The line that was typed last.
    typed: String,
    /// True when `exec` found nothing to go on as.
    missed: bool,
    /// Lines to run before the next prompt that nobody typed.
    chores: VecDeque<String>,
    /// True when no more lines come: the prompt got end-of-file.
    closing: bool,
    cancel: bool,
    exited: Option<i32>,
    left: bool,
    pub(super) cwd: String,
    pub(super) env: BTreeMap<String, String>,
    pub(super) variables: BTreeMap<String, String>,
    pub(super) history: Vec<String>,
}

/// A handle to the [`State`].
#[derive(Clone, Debug, Default)]
pub(super) struct Cell(Arc<Mutex<State>>);

impl Cell {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An interactive shell on the console's stack.
pub(super) struct Session {
    pub(super) lab: Lab,
    pub(super) login: Login,
    pub(super) cell: Cell,
    /// The question of the program that opened this session.
    pub(super) asked_by: Option<u64>,
    pub(super) control: Control,
    future: Pin<Box<dyn Future<Output = i32> + Send>>,
}

impl Drop for Session {
    fn drop(&mut self) {
        // What was stopped holds on to the session.
        self.control.clear();
    }
}

impl Session {
    /// A shell that has yet to be polled.
    pub(super) fn new(around: Around, login: Login, outbox: Outbox, asked_by: Option<u64>) -> Self {
        let cell = Cell::default();
        let control = Control::new(&outbox, &login.home);
        let around = Around { control: control.clone(), ..around };
        {
            let mut state = cell.lock();
            state.cwd.clone_from(&login.cwd);
            state.prelude = prelude(&around, &login);
        }
        let lab = around.lab.clone();
        let future = Box::pin(live(around, login.clone(), cell.clone(), outbox));
        Self { lab, login, cell, asked_by, control, future }
    }

    /// Runs on as far as it can; gives the exit code when the shell has ended.
    pub(super) fn poll(&mut self, engine: &super::engine::Engine) -> Option<i32> {
        self.control.poll_behind(engine);
        match engine.poll(self.future.as_mut()) {
            Poll::Ready(exit) => Some(exit),
            Poll::Pending => None,
        }
    }

    /// Hands a line to the prompt.
    pub(super) fn start(&self, line: &str) {
        let mut state = self.cell.lock();
        state.idle = None;
        state.line = Some(line.to_owned());
    }

    /// The exit code of the last line, when the prompt waits for the next.
    pub(super) fn idle(&self) -> Option<i32> {
        self.cell.lock().idle
    }

    /// Ends the running line, as Ctrl-C does.
    pub(super) fn cancel(&self) {
        let mut state = self.cell.lock();
        state.cancel = true;
        if let Some(pid) = self.control.interrupted() {
            state.chores.push_back(format!("builtin kill -2 {pid} 2>/dev/null"));
        }
    }

    /// Ends the session at its prompt, as Ctrl-D does.
    pub(super) fn close(&self) {
        if self.control.keeps_shell(false) {
            return;
        }
        let mut state = self.cell.lock();
        state.idle = None;
        state.closing = true;
    }
}

fn prelude(around: &Around, login: &Login) -> VecDeque<String> {
    let mut lines = VecDeque::from([
        "shopt -s expand_aliases".to_owned(),
        begin::chance(around),
        "unset OLDPWD".to_owned(),
        "history() { __uncordon_history \"$@\"; }".to_owned(),
        format!("PS4=$'\\x{:02x}+ '", u32::from(MARK)),
        "declare -ar BASH_VERSINFO=(5 2 21 1 release x86_64-pc-linux-gnu)".to_owned(),
    ]);
    lines.extend(job_commands::functions());
    for (name, value) in &login.aliases {
        lines.push_back(format!("alias {name}={}", input::quote(value)));
    }
    let world = around.lab.world();
    for file in &login.rc_files {
        if world.read_file(&around.place, file).is_ok() {
            lines.push_back(format!("source {}", input::quote(file)));
        }
    }
    lines
}

/// The session's whole life.
async fn live(around: Around, login: Login, cell: Cell, outbox: Outbox) -> i32 {
    let name = login.shell.clone();
    let wording = Wording::new(&around.lab, &around.place, &name, true);
    let screen = Screen::new(&outbox, wording, &around, Valve::default());
    let mut bash = build(around.clone(), &login, &cell, &screen);
    loop {
        let work = screen.execute(&mut bash, LOOP, ExecOptions::new());
        let outcome = interruptible(&cell, &around.control, work).await;
        let mut state = cell.lock();
        let status = match outcome {
            Ok(Ok(result)) => {
                if let Some(exit) = state.exited.take() {
                    return exit;
                }
                if !std::mem::take(&mut state.left) {
                    // Nothing but `set -e` ends the loop from inside.
                    return result.exit_code;
                }
                if state.closing {
                    return state.resume.unwrap_or(0);
                }
                result.exit_code
            }
            Ok(Err(error)) => report(&name, &error, &outbox),
            Err(exit) => exit,
        };
        state.resume = Some(status);
    }
}

/// Runs `work` until it ends or its line is given up, which gives the exit code of that.
async fn interruptible<T>(cell: &Cell, control: &Control, work: impl Future<Output = T>) -> Result<T, i32> {
    let mut work = Box::pin(work);
    poll_fn(|cx| {
        if std::mem::take(&mut cell.lock().cancel) {
            return Poll::Ready(Err(INTERRUPTED));
        }
        let polled = work.as_mut().poll(cx).map(Ok);
        match control.take_leave() {
            Some(exit) if polled.is_pending() => Poll::Ready(Err(exit)),
            _ => polled,
        }
    })
    .await
}

/// Says why an execution was given up; gives the exit code to go on with.
pub(super) fn report(shell: &str, error: &Error, outbox: &Outbox) -> i32 {
    let (text, exit) = match error {
        Error::Cancelled => return INTERRUPTED,
        Error::ResourceLimit(limit) => (format!("uncordon: stopped, since it would not end: {limit}\n"), 1),
        Error::Parse { .. } => (error.syntax_report(shell, "").unwrap_or_default(), 2),
        other => (format!("{shell}: {other}\n"), 1),
    };
    batch::write(outbox, Fd::Err, text.as_bytes());
    exit
}

fn build(around: Around, login: &Login, cell: &Cell, screen: &Screen) -> Bash {
    let (exit_cell, missed_cell) = (cell.clone(), cell.clone());
    let control = around.control.clone();
    let (lab, wording) = (around.lab.clone(), screen.wording.clone());
    let kill = Adapted { program: &KILL, around: around.clone() };
    let mut bash = batch::builder(&around, login)
        .builtin(begin::NAME, begin::builtin(&around, login, &screen.valve))
        .command("__uncordon_kill", kill)
        .builtin(
            "__uncordon_next",
            Box::new(Next {
                cell: cell.clone(),
                remote: Remote::of(&around, login),
                sharing: around.sharing.clone(),
                lab: around.lab.clone(),
                tracing: around.tracing.clone(),
                control: around.control.clone(),
                screen: screen.clone(),
            }),
        )
        .builtin("__uncordon_status", Box::new(Status))
        .builtin("__uncordon_keep", Box::new(Keep(cell.clone())))
        .builtin(jobs::BEGAN, Box::new(Began(around.control.clone())))
        .builtin(
            job_commands::NAME,
            Box::new(JobCommands {
                control: around.control.clone(),
                link: around.link.clone(),
                shell: login.shell.clone(),
            }),
        )
        .builtin("__uncordon_left", Box::new(Left(cell.clone())))
        .builtin("__uncordon_history", Box::new(History(cell.clone())))
        .before_tool(Box::new(move |event| match &event.args[..] {
            // A terminal's shell stays when there is nothing to go on as.
            [name, ..] if event.name == "exec" && !can_go_on(&lab, name) => {
                wording.lock().unwrap_or_else(PoisonError::into_inner).missed(name);
                missed_cell.lock().missed = true;
                HookAction::Cancel("nothing to go on as".to_owned())
            }
            _ => HookAction::Continue(event),
        }))
        .on_exit(Box::new(move |event: ExitEvent| {
            if control.keeps_shell(true) {
                return HookAction::Cancel("there are stopped jobs".to_owned());
            }
            exit_cell.lock().exited = Some(event.code);
            HookAction::Continue(event)
        }))
        .build();
    bash.set_interactive(true);
    bash
}

/// True unless `exec` of that name is known to fail.
fn can_go_on(lab: &Lab, name: &str) -> bool {
    name.starts_with('-')
        || name.starts_with("__uncordon_")
        || name.contains('/')
        || names::is_known(lab, name)
}

/// The prompt: waits for the next line.
struct Next {
    cell: Cell,
    remote: Option<Remote>,
    sharing: Sharing,
    lab: Lab,
    tracing: Tracing,
    control: Control,
    screen: Screen,
}

/// The machine of a session that came over the network: it ends when the machine goes down.
struct Remote {
    lab: Lab,
    host: String,
    booted: SimTime,
}

impl Remote {
    fn of(around: &Around, login: &Login) -> Option<Self> {
        let Place::Host(host) = &around.place else { return None };
        login.env.contains_key("SSH_CONNECTION").then_some(())?;
        let booted = around.lab.world().hosts.get(host).map(|it| it.booted)?;
        Some(Self { lab: around.lab.clone(), host: host.clone(), booted })
    }

    fn is_gone(&self) -> bool {
        let world = self.lab.world();
        world.hosts.get(&self.host).is_none_or(|it| !it.up || it.booted != self.booted)
    }
}

#[async_trait]
impl Builtin for Next {
    async fn execute(&self, context: BuiltinContext<'_>) -> bashkit::Result<ExecResult> {
        let status = context.args.first().and_then(|arg| arg.parse().ok()).unwrap_or(0);
        self.settle(&context, status);
        if let Some(line) = self.tell_jobs(&context) {
            context.variables.insert("__uncordon_line".to_owned(), line);
            return Ok(ExecResult::ok(""));
        }
        let Some((status, line)) = poll_fn(|_| self.take()).await else {
            return Ok(ExecResult::with_code("", 1));
        };
        self.tracing.set(context.variables.get("SHOPT_x").is_some_and(|it| it == "1"));
        self.sharing.follow(&line, |name| names::is_known(&self.lab, name));
        self.screen.wording.lock().unwrap_or_else(PoisonError::into_inner).begin(&line);
        self.control.begins(&line);
        let before = self.cell.lock().pipeline.take().unwrap_or_default();
        // Behind what is not whole, such as a text without its end, it would be part of that.
        let keep = if input::is_incomplete(&line) { "" } else { KEEP };
        let spelled = jobs::spelled_out(&line);
        let whole = stages::handing_over(&spelled, |name| names::is_known(&self.lab, name));
        let told = if keep.is_empty() { whole.into_owned() } else { jobs::announcing(&whole) };
        let text = format!("{}{told}{keep}", remember(status, &before));
        self.cell.lock().typed = line;
        context.variables.insert("__uncordon_line".to_owned(), text);
        if !context.variables.get("PS4").is_some_and(|it| it.starts_with(MARK)) {
            let own = context.variables.get("PS4").map(String::as_str).unwrap_or_default();
            let marked = format!("{MARK}{own}");
            context.variables.insert("PS4".to_owned(), marked);
        }
        Ok(ExecResult::ok(""))
    }
}

/// A line that gives `$?` and `PIPESTATUS` the values they had. A failure before `&&` ends no shell under `set -e`.
fn remember(status: i32, pipeline: &str) -> String {
    if status == 0 && matches!(pipeline, "" | "0") {
        return String::new();
    }
    let codes: Vec<&str> = pipeline.split_whitespace().collect();
    let last = codes.last().and_then(|it| it.parse::<i32>().ok()).unwrap_or(0);
    let stages: Vec<String> = codes.iter().map(|it| format!("__uncordon_status {it}")).collect();
    let stages = match stages.join(" | ") {
        stages if last == status => stages,
        stages if status == i32::from(last == 0) && !codes.is_empty() => format!("! {stages}"),
        _ => format!("__uncordon_status {status}"),
    };
    if status == 0 { format!("{stages}\n") } else { format!("{stages} && :\n") }
}

impl Next {
    fn settle(&self, context: &BuiltinContext<'_>, status: i32) {
        let mut state = self.cell.lock();
        // An `exit` of a subshell does not end this one.
        state.exited = None;
        let kept = state.kept.take();
        let status = state.resume.take().or(kept).unwrap_or(status);
        state.resume = Some(status);
        state.cwd = context.cwd.to_string_lossy().into_owned();
        let fresh = context.args.get(3).map(String::as_str).unwrap_or_default();
        self.control.at_prompt(pipes::shell_of(context), &state.cwd, fresh);
        let copy = |map: &mut dyn Iterator<Item = (&String, &String)>| {
            map.map(|(name, value)| (name.clone(), value.clone())).collect()
        };
        state.env = copy(&mut context.env.iter());
        state.variables = copy(&mut context.variables.iter());
    }

    /// Says which jobs began; gives the line that says which ended.
    fn tell_jobs(&self, context: &BuiltinContext<'_>) -> Option<String> {
        let arg = |at: usize| context.args.get(at).map(String::as_str).unwrap_or_default();
        let typed = std::mem::take(&mut self.cell.lock().typed);
        let begun = self.control.with(|jobs| jobs.look(arg(2), arg(1), &typed));
        self.control.copies_of(arg(1));
        self.control.say(Fd::Err, begun.as_bytes());
        let mut lines = job_commands::settle(&self.control, arg(2));
        lines.extend(self.cell.lock().chores.drain(..));
        if !lines.is_empty() {
            return Some(lines.join("; "));
        }
        if self.control.with(|jobs| jobs.has_news()) {
            return Some(format!("{} news", job_commands::NAME));
        }
        self.control.with(jobs::Jobs::seen);
        None
    }

    fn take(&self) -> Poll<Option<(i32, String)>> {
        let mut state = self.cell.lock();
        if self.remote.as_ref().is_some_and(Remote::is_gone) {
            state.closing = true;
            return Poll::Ready(None);
        }
        if let Some(line) = state.prelude.pop_front() {
            state.resume = Some(0);
            return Poll::Ready(Some((0, line)));
        }
        if let Some(line) = state.line.take() {
            return Poll::Ready(Some((state.resume.take().unwrap_or(0), line)));
        }
        if state.closing {
            return Poll::Ready(None);
        }
        state.idle = Some(state.resume.unwrap_or(0));
        Poll::Pending
    }
}

/// Gives `$?` to the next line.
struct Status;

#[async_trait]
impl Builtin for Status {
    async fn execute(&self, context: BuiltinContext<'_>) -> bashkit::Result<ExecResult> {
        let status = context.args.first().and_then(|arg| arg.parse().ok()).unwrap_or(0);
        Ok(ExecResult::with_code("", status))
    }
}

/// Keeps how a line ended; is no failure itself.
struct Keep(Cell);

#[async_trait]
impl Builtin for Keep {
    async fn execute(&self, context: BuiltinContext<'_>) -> bashkit::Result<ExecResult> {
        let mut state = self.0.lock();
        state.kept = context.args.first().and_then(|it| it.parse().ok());
        state.pipeline = context.args.get(1).cloned();
        if std::mem::take(&mut state.missed) && state.kept == Some(1) {
            state.kept = Some(NOT_FOUND);
            state.pipeline = Some(NOT_FOUND.to_string());
        }
        Ok(ExecResult::ok(""))
    }
}

/// Tells that a job has begun.
struct Began(Control);

#[async_trait]
impl Builtin for Began {
    async fn execute(&self, context: BuiltinContext<'_>) -> bashkit::Result<ExecResult> {
        let [newest, listed, command] = context.args else { return Ok(ExecResult::ok("")) };
        let text = self.0.with(|jobs| jobs.began(listed, newest, command));
        self.0.copies_of(newest);
        Ok(ExecResult { exit_code: 0, ..ExecResult::err(text, 0) })
    }
}

/// Tells that the loop was left without an `exit`.
struct Left(Cell);

#[async_trait]
impl Builtin for Left {
    async fn execute(&self, _context: BuiltinContext<'_>) -> bashkit::Result<ExecResult> {
        self.0.lock().left = true;
        Ok(ExecResult::ok(""))
    }
}

/// `history`: the lines of this session.
struct History(Cell);

#[async_trait]
impl Builtin for History {
    async fn execute(&self, context: BuiltinContext<'_>) -> bashkit::Result<ExecResult> {
        let mut state = self.0.lock();
        match context.args.first().map(String::as_str) {
            Some("-c") => {
                state.history.clear();
                Ok(ExecResult::ok(""))
            }
            Some("-a" | "-w" | "-r" | "-n") => Ok(ExecResult::ok("")),
            Some(count) if count.parse::<usize>().is_err() => {
                let text = format!("bash: history: {count}: numeric argument required\n");
                Ok(ExecResult::err(text, 1))
            }
            count => {
                let shown = count.and_then(|count| count.parse().ok()).unwrap_or(usize::MAX);
                let skip = state.history.len().saturating_sub(shown);
                let lines = state.history.iter().enumerate().skip(skip);
                let text: String = lines.map(|(i, line)| format!("{:5}  {line}\n", i + 1)).collect();
                Ok(ExecResult::ok(text))
            }
        }
    }
}
