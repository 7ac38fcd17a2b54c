//! One terminal: a stack of shells on one world, driven from outside.
//!
//! The screen starts a line, polls once a frame and moves time on itself; headless, [`Console::run`]
//! does the same without waiting. The console never moves time in [`Console::poll`].

use std::time::Duration;

use super::access::Umask;
use super::adapt::{Around, Programs};
use super::batch::{self, Script};
use super::control::{APART, Control, Stopping};
use super::crond::Crond;
use super::engine::Engine;
use super::link::{Answer, Link, Request};
use super::pipes::Sharing;
use super::proc::{Fd, Outbox};
use super::session::{INTERRUPTED, Session};
use super::traces::Tracing;
use super::{Lab, Login, history};
use crate::sim::SimTime;

/// How much simulated time one line may take without a person in front of the screen.
const LINE_TIME_MAX: Duration = Duration::from_secs(24 * 3600);

/// Polls that one line may take headless, so that even a wait for nothing ends.
const LINE_POLLS_MAX: u32 = 5_000_000;

/// How far the running line is.
#[derive(Clone, Debug)]
pub(crate) enum Status {
    /// It waits for simulated time or input.
    Pending,
    /// A program asks the person something; answer with [`Console::answer`].
    Asks(Box<Request>),
    /// The prompt of the top shell waits; the last line ended with this code.
    Prompt(i32),
    /// The last shell ended with this code.
    Ended(i32),
}

/// A terminal.
pub(crate) struct Console {
    lab: Lab,
    engine: Engine,
    link: Link,
    outbox: Outbox,
    stack: Vec<Session>,
    asked: Option<(u64, Request)>,
    ended: Option<i32>,
    crond: Crond,
}

impl Drop for Console {
    fn drop(&mut self) {
        self.crond.clear(&self.engine);
        let stack = std::mem::take(&mut self.stack);
        self.engine.inside(|| drop(stack));
    }
}

impl Console {
    /// A terminal with a shell at its prompt.
    pub(crate) fn new(lab: &Lab, login: Login) -> std::io::Result<Self> {
        let mut console = Self {
            lab: lab.clone(),
            engine: Engine::new()?,
            link: Link::open(),
            outbox: Outbox::default(),
            stack: Vec::new(),
            asked: None,
            ended: None,
            crond: Crond::default(),
        };
        console.push(lab.clone(), login, None);
        let _ = console.finish();
        Ok(console)
    }

    fn around(&self, lab: Lab, login: &Login) -> Around {
        Around {
            lab,
            place: login.place.clone(),
            user: login.user.clone(),
            link: self.link.clone(),
            programs: Programs::All,
            sharing: Sharing::default(),
            umask: Umask::default(),
            tracing: Tracing::default(),
            control: Control::default(),
        }
    }

    fn push(&mut self, lab: Lab, login: Login, asked_by: Option<u64>) {
        let session = Session::new(self.around(lab, &login), login, self.outbox.clone(), asked_by);
        self.stack.push(session);
    }

    /// Hands a line, or a text of several, to the top shell.
    pub(crate) fn start(&mut self, line: &str) {
        let Some(top) = self.stack.last() else { return };
        top.lab.begins();
        let told = |text: &str| batch::write(&self.outbox, Fd::Err, text.as_bytes());
        let expanded = match top.login.shell.as_str() {
            "bash" => history::expand(line, &top.cell.lock().history),
            _ => Ok(None),
        };
        let (line, runs) = match expanded {
            Ok(None) => (line.to_owned(), true),
            Ok(Some(expanded)) => {
                told(&format!("{}\n", expanded.line));
                (expanded.line, expanded.runs)
            }
            Err(why) => {
                told(&format!("bash: {why}\n"));
                return top.start("");
            }
        };
        if !line.trim().is_empty() {
            top.cell.lock().history.push(line.clone());
        }
        top.start(if runs { &line } else { "" });
    }

    /// Runs everything on as far as it gets at this instant.
    pub(crate) fn poll(&mut self) -> Status {
        self.lab.wake_waiting();
        self.engine.forget();
        loop {
            let mut moved = self.poll_sessions();
            moved |= self.take_requests();
            moved |= self.crond.poll(&self.lab, &self.engine);
            if !moved && !self.engine.is_woken() {
                break;
            }
        }
        if let Some((_, request)) = &self.asked {
            return Status::Asks(Box::new(request.clone()));
        }
        match (self.stack.last(), self.ended) {
            (None, ended) => Status::Ended(ended.unwrap_or(0)),
            (Some(top), _) => top.idle().map_or(Status::Pending, Status::Prompt),
        }
    }

    /// Polls every shell; true when one ended.
    fn poll_sessions(&mut self) -> bool {
        let mut ended = None;
        for (index, session) in self.stack.iter_mut().enumerate() {
            if let Some(exit) = session.poll(&self.engine) {
                ended = Some((index, exit));
                break;
            }
        }
        let Some((index, exit)) = ended else { return false };
        let above = self.stack.split_off(index);
        let asked_by = above.first().and_then(|session| session.asked_by);
        self.engine.inside(|| drop(above));
        match asked_by {
            Some(id) => self.link.answer(id, Answer::Exit(exit)),
            None => self.ended = Some(exit),
        }
        true
    }

    /// Looks at what programs ask; true when a shell was opened.
    fn take_requests(&mut self) -> bool {
        let mut opened = false;
        while self.asked.is_none() {
            match self.link.take() {
                None => break,
                Some((id, Request::Session(lab, login))) => {
                    self.push(lab, *login, Some(id));
                    opened = true;
                }
                Some(other) => self.asked = Some(other),
            }
        }
        opened
    }

    /// Answers what [`Status::Asks`] asked.
    pub(crate) fn answer(&mut self, answer: Answer) {
        if let Some((id, _)) = self.asked.take() {
            self.link.answer(id, answer);
        }
    }

    /// Interrupts the running line, as Ctrl-C does.
    pub(crate) fn cancel(&mut self) {
        self.asked = None;
        self.link.clear();
        if let Some(top) = self.stack.last() {
            top.cancel();
        }
    }

    /// Stops the program in front of the top shell, as Ctrl-Z does.
    pub(crate) fn stop(&mut self) -> Stopping {
        let Some(top) = self.stack.last().filter(|top| top.idle().is_none()) else {
            return Stopping::Nothing;
        };
        let control = top.control.clone();
        let question = self.asked.take();
        let kept = question.as_ref().and_then(|(id, request)| match request {
            Request::Edit(_) | Request::EditAnswer(_) | Request::Page(_) | Request::Resume(_) => Some(*id),
            Request::Line { .. } | Request::Session(..) => None,
        });
        control.want_stop(question);
        let _ = self.poll_sessions();
        if control.stop_came(&mut self.asked) { Stopping::Stopped(kept) } else { Stopping::Refused(APART) }
    }

    /// Ends the top shell at its prompt, as Ctrl-D does.
    pub(crate) fn close(&mut self) {
        if let Some(top) = self.stack.last() {
            top.close();
        }
    }

    /// Takes what was written since the last call, in order.
    pub(crate) fn take_output(&self) -> Vec<(Fd, Vec<u8>)> {
        std::mem::take(&mut *self.outbox.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    /// True when the last shell has ended.
    pub(crate) fn is_ended(&self) -> bool {
        self.stack.is_empty()
    }

    /// What stands before the line of the top shell: `root@controlplane:~# `, or `/ # ` in a container's sh.
    pub(crate) fn prompt(&self) -> String {
        let Some(top) = self.stack.last() else { return String::new() };
        let cwd = top.cell.lock().cwd.clone();
        let login = &top.login;
        let sign = if login.user == "root" { '#' } else { '$' };
        if login.shell != "bash" {
            return format!("{cwd} {sign} ");
        }
        let host = super::login::host_name(&top.lab, &login.place);
        let shown = match cwd.strip_prefix(login.home.as_str()) {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("~{rest}"),
            _ => cwd,
        };
        format!("{}@{host}:{shown}{sign} ", login.user)
    }

    /// What may stand at byte `cursor` of a line that is being typed, and how many bytes before it that
    /// replaces.
    pub(crate) fn complete(&self, line: &str, cursor: usize) -> (usize, Vec<String>) {
        let Some(top) = self.stack.last() else { return (0, Vec::new()) };
        let mut proc = super::Proc::new(&top.lab, top.login.place.clone(), &["bash"]);
        {
            let state = top.cell.lock();
            proc.cwd.clone_from(&state.cwd);
            proc.env = top.login.env.clone();
            proc.env.extend(state.env.clone());
        }
        proc.user.clone_from(&top.login.user);
        let aliases: Vec<(String, String)> =
            top.login.aliases.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        super::complete::complete(&proc, &aliases, line, cursor)
    }

    /// The world that the top shell is in: another one after `ssh` to a machine of it.
    pub(crate) fn top_lab(&self) -> &Lab {
        self.stack.last().map_or(&self.lab, |top| &top.lab)
    }

    /// Runs a line to its end, without waiting: simulated time jumps from wait to wait.
    pub(crate) fn run(&mut self, line: &str) -> i32 {
        self.start(line);
        self.finish()
    }

    /// Runs on to the next prompt, jumping from wait to wait.
    pub(crate) fn finish(&mut self) -> i32 {
        loop {
            match self.run_on() {
                // Nobody sits there.
                Status::Asks(_) => self.answer(Answer::Nobody),
                Status::Prompt(exit) | Status::Ended(exit) => return exit,
                Status::Pending => return INTERRUPTED,
            }
        }
    }

    /// Runs on until somebody has to act, jumping from wait to wait; a wait for ever is interrupted.
    pub(crate) fn run_on(&mut self) -> Status {
        let begun = self.lab.world().now;
        for _ in 0..LINE_POLLS_MAX {
            match self.poll() {
                Status::Pending if !self.advance(begun) => break,
                Status::Pending => {}
                other => return other,
            }
        }
        self.give_up()
    }

    /// Moves time to the next wait; false when there is none, or it is too far.
    fn advance(&mut self, begun: SimTime) -> bool {
        match self.lab.take_next_wait() {
            Some(until) if until.since(begun) <= LINE_TIME_MAX => {
                let until = self.crond.next(&self.lab, until).unwrap_or(until);
                self.lab.world().run_until(until);
                true
            }
            _ => false,
        }
    }

    fn give_up(&mut self) -> Status {
        let text = "uncordon: interrupted, since it would wait for ever\n";
        batch::write(&self.outbox, Fd::Err, text.as_bytes());
        self.cancel();
        self.poll()
    }

    /// Runs a whole script in a shell without a prompt, without waiting.
    pub(crate) fn run_script(&mut self, login: &Login, script: Script) -> i32 {
        let around = Around { link: Link::none(), ..self.around(self.lab.clone(), login) };
        let outbox = self.outbox.clone();
        let mut running = Box::pin(async move { batch::run(around, &login.clone(), script, &outbox).await });
        self.lab.begins();
        let begun = self.lab.world().now;
        // Only time wakes who waits for it: a background job that is polled asks for another poll at once.
        self.lab.wake_waiting();
        self.engine.forget();
        let exit = loop {
            if let std::task::Poll::Ready(exit) = self.engine.poll(running.as_mut()) {
                break exit;
            }
            self.crond.poll(&self.lab, &self.engine);
            if self.engine.is_woken() {
                continue;
            }
            if !self.advance(begun) {
                let text = "uncordon: interrupted, since it would wait for ever\n";
                batch::write(&self.outbox, Fd::Err, text.as_bytes());
                break INTERRUPTED;
            }
            self.engine.forget();
        };
        self.engine.inside(|| drop(running));
        exit
    }
}
