//! What runs behind exec and attach: a shell at a terminal, a command, or the log of a container as it is
//! written. It has a thread of its own, and simulated time is moved on by the server.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::mpsc::{Receiver, Sender};

use super::Wish;
use super::screen::{END_OF_INPUT, INTERRUPT, Screen, Step};
use crate::cluster::kubelet::access;
use crate::cluster::{ClusterId, Place};
use crate::serve::served::Served;
use crate::shell::{Answer, Console, Fd, Job, Login, Request, Script, Status, is_incomplete, quote};

/// What a client sends.
#[derive(Debug)]
pub(super) enum Input {
    Bytes(Vec<u8>),
    /// Standard input is at its end.
    End,
}

/// What a client gets.
#[derive(Debug)]
pub(super) enum Output {
    Written(Fd, Vec<u8>),
    Ended(Outcome),
}

/// The exit code, or why the command could not run.
pub(super) type Outcome = Result<i32, String>;

/// How often a worker looks for input and for what has happened.
const PAUSE: Duration = Duration::from_millis(10);

/// How long a command waits for the first of its standard input before it goes on without.
const STDIN_WAITS: Duration = Duration::from_secs(1);

/// More standard input than this is not kept: 256 MiB.
const STDIN_BYTES_MAX: usize = 256 << 20;

/// Lines of a container that started this short a time ago are shown to who attaches, as a client that
/// was as quick would have seen them.
const JUST_STARTED: Duration = Duration::from_secs(3);

/// Shells that open a session at a terminal.
const SHELLS: &[&str] = &["sh", "bash", "ash"];

/// The other side has hung up.
struct Gone;

struct Worker<'a> {
    served: &'a Served,
    wish: &'a Wish,
    input: Receiver<Input>,
    output: &'a Sender<Output>,
}

/// Serves one connection to its end.
pub(super) fn run(
    served: &Served,
    cluster: ClusterId,
    wish: &Wish,
    input: Receiver<Input>,
    output: &Sender<Output>,
) {
    let mut worker = Worker { served, wish, input, output };
    let outcome = worker.connect(cluster);
    if let Ok(outcome) = outcome {
        // Without a client there is nobody to tell.
        let _ = output.blocking_send(Output::Ended(outcome));
    }
}

impl Worker<'_> {
    fn connect(&mut self, cluster: ClusterId) -> Result<Outcome, Gone> {
        let wish = self.wish;
        let target = (wish.namespace.as_str(), wish.pod.as_str());
        let found = self.served.with(|world| access::exec_target(world, cluster, target, &wish.container));
        let place = match found {
            Ok(place) => place,
            Err(why) => return Ok(Err(format!("unable to upgrade connection: {why}"))),
        };
        if wish.attach { self.attach(cluster, &place) } else { self.exec(&place) }
    }

    fn exec(&mut self, place: &Place) -> Result<Outcome, Gone> {
        let wish = self.wish;
        let program = wish.command.first().map_or("", String::as_str);
        if !access::has_program(&self.served.lab.world(), place, program) {
            return Ok(Err(no_such_program(program)));
        }
        let login = self.login(place, program);
        let name = crate::hosts::files::base_name(program);
        let shell =
            SHELLS.contains(&name) && wish.command.iter().skip(1).all(|word| word == "-i" || word == "-l");
        if shell && wish.tty && wish.stdin {
            return self.session(login);
        }
        let stdin = if wish.stdin && !wish.tty { self.all_input()? } else { Vec::new() };
        let script = if shell {
            // A shell without a terminal reads its commands from standard input.
            let text = String::from_utf8_lossy(&stdin).into_owned();
            Script { text, name: Some(name.to_owned()), ..Script::default() }
        } else {
            let words: Vec<String> = wish.command.iter().map(|word| quote(word)).collect();
            Script {
                text: words.join(" "),
                name: Some(name.to_owned()),
                stdin: Some(stdin),
                ..Script::default()
            }
        };
        self.command(login, script)
    }

    fn login(&self, place: &Place, program: &str) -> Login {
        if let Place::Host(_) = place {
            return Login::rooted(&self.served.lab, place.clone(), program);
        }
        let env: BTreeMap<String, String> =
            access::env_of(&self.served.lab.world(), place).into_iter().collect();
        let shell = if crate::hosts::files::base_name(program) == "bash" { "bash" } else { "sh" };
        Login::container(place.clone(), env, "/", shell)
    }

    fn send(&self, fd: Fd, bytes: Vec<u8>) -> Result<(), Gone> {
        if bytes.is_empty() {
            return Ok(());
        }
        // A terminal begins each line at its left edge, and has one stream.
        let (fd, bytes) = if self.wish.tty { (Fd::Out, at_left_edge(&bytes)) } else { (fd, bytes) };
        self.output.blocking_send(Output::Written(fd, bytes)).map_err(|_| Gone)
    }

    fn send_all(&self, written: Vec<(Fd, Vec<u8>)>) -> Result<(), Gone> {
        written.into_iter().try_for_each(|(fd, bytes)| self.send(fd, bytes))
    }

    /// What has come in; `None` when nothing has.
    fn take(&mut self) -> Result<Option<Input>, Gone> {
        match self.input.try_recv() {
            Ok(input) => Ok(Some(input)),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err(Gone),
        }
    }

    /// Standard input to its end; empty when nothing is typed.
    fn all_input(&mut self) -> Result<Vec<u8>, Gone> {
        let begun = Instant::now();
        let mut all = Vec::new();
        loop {
            match self.take()? {
                Some(Input::Bytes(bytes)) if all.len() + bytes.len() <= STDIN_BYTES_MAX => all.extend(bytes),
                Some(_) => return Ok(all),
                None if all.is_empty() && begun.elapsed() > STDIN_WAITS => return Ok(all),
                None => std::thread::sleep(PAUSE),
            }
        }
    }

    /// Runs a command to its end.
    fn command(&mut self, login: Login, script: Script) -> Result<Outcome, Gone> {
        let mut job = match Job::new(&self.served.lab, login, script) {
            Ok(job) => job,
            Err(error) => return Ok(Err(error.to_string())),
        };
        loop {
            let ended = job.poll();
            self.send_all(job.take_output())?;
            if let Some(exit) = ended {
                return Ok(Ok(exit));
            }
            while let Some(input) = self.take()? {
                if self.wish.tty && matches!(&input, Input::Bytes(bytes) if bytes.contains(&INTERRUPT)) {
                    return Ok(Ok(130));
                }
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// A shell at a terminal, until it ends.
    fn session(&mut self, login: Login) -> Result<Outcome, Gone> {
        let console = match Console::new(&self.served.lab, login) {
            Ok(console) => console,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let mut session = Session { console, screen: Screen::default(), typed: String::new(), asked: false };
        self.send(Fd::Out, session.console.prompt().into_bytes())?;
        loop {
            while let Some(input) = self.take()? {
                match input {
                    Input::Bytes(bytes) => session.screen.feed(&bytes),
                    Input::End => session.screen.feed(&[END_OF_INPUT]),
                }
            }
            if let Some(exit) = session.step(self)? {
                return Ok(Ok(exit));
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// The main process: at its terminal when it is a shell, else what it writes.
    fn attach(&mut self, cluster: ClusterId, place: &Place) -> Result<Outcome, Gone> {
        let shell = self.served.with(|world| access::main_shell(world, place));
        if let Some(main) = shell.filter(|_| self.wish.stdin) {
            let login = self.login(&main.place, &main.program);
            let outcome = if !main.words.is_empty() {
                self.command(login, Script { text: main.words.join(" "), ..Script::default() })?
            } else if self.wish.tty {
                self.session(login)?
            } else {
                let text = String::from_utf8_lossy(&self.all_input()?).into_owned();
                self.command(login, Script { text, name: Some(main.program), ..Script::default() })?
            };
            let code = outcome.clone().unwrap_or(1);
            self.served.with(|world| access::end_main(world, place, code));
            // How the process ended stands in the pod's status; attaching to it went well.
            return Ok(outcome.map(|_| 0));
        }
        self.follow(cluster)
    }

    fn follow(&mut self, cluster: ClusterId) -> Result<Outcome, Gone> {
        let wish = self.wish;
        let target = (wish.namespace.as_str(), wish.pod.as_str());
        let mut seen = None;
        loop {
            let (lines, now, running) = self.served.with(|world| {
                let lines = access::logs(world, cluster, target, &wish.container, false).unwrap_or_default();
                let running = access::exec_target(world, cluster, target, &wish.container).is_ok();
                (lines, world.now, running)
            });
            let from =
                seen.unwrap_or_else(|| lines.iter().take_while(|it| it.at < now - JUST_STARTED).count());
            for line in lines.iter().skip(from) {
                let fd = if line.err { Fd::Err } else { Fd::Out };
                self.send(fd, format!("{}\n", line.text).into_bytes())?;
            }
            seen = Some(lines.len());
            if !running {
                return Ok(Ok(0));
            }
            while self.take()?.is_some() {}
            std::thread::sleep(PAUSE * 5);
        }
    }
}

fn at_left_edge(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut before = 0;
    for &byte in bytes {
        if byte == b'\n' && before != b'\r' {
            out.push(b'\r');
        }
        out.push(byte);
        before = byte;
    }
    out
}

fn no_such_program(program: &str) -> String {
    format!(
        "error executing command in container: failed to exec in container: failed to start exec: OCI runtime exec \
         failed: exec failed: unable to start container process: exec: {program:?}: executable file not found in $PATH"
    )
}

/// A shell and its terminal.
struct Session {
    console: Console,
    screen: Screen,
    /// Lines of a command that is not whole yet.
    typed: String,
    /// True while a program waits for a line.
    asked: bool,
}

impl Session {
    /// Runs on as far as it gets; gives the exit code once the shell has ended.
    fn step(&mut self, worker: &Worker<'_>) -> Result<Option<i32>, Gone> {
        let status = self.console.poll();
        worker.send_all(self.console.take_output())?;
        match status {
            Status::Ended(exit) => return Ok(Some(exit)),
            Status::Pending => {
                if self.screen.take_interrupt() {
                    worker.send(Fd::Out, b"^C\n".to_vec())?;
                    self.console.cancel();
                    worker.send(Fd::Out, self.after_line().into_bytes())?;
                }
            }
            Status::Asks(request) => self.answer(worker, *request)?,
            Status::Prompt(_) => self.prompt(worker)?,
        }
        Ok(None)
    }

    /// The prompt once the running line has ended.
    fn after_line(&mut self) -> String {
        match self.console.poll() {
            Status::Prompt(_) => self.console.prompt(),
            _ => String::new(),
        }
    }

    fn prompt(&mut self, worker: &Worker<'_>) -> Result<(), Gone> {
        while let Some(step) = self.screen.next(true) {
            match step {
                Step::Echo(text) => worker.send(Fd::Out, text.into_bytes())?,
                Step::Interrupt => {
                    self.typed.clear();
                    worker.send(Fd::Out, format!("^C\n{}", self.console.prompt()).into_bytes())?;
                }
                Step::End => {
                    self.console.close();
                    return Ok(());
                }
                Step::Complete(line) => self.complete(worker, &line)?,
                Step::Line(line) => {
                    worker.send(Fd::Out, b"\n".to_vec())?;
                    if self.run(worker, &line)? {
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }

    /// Starts a line; true when it runs on.
    fn run(&mut self, worker: &Worker<'_>, line: &str) -> Result<bool, Gone> {
        self.typed.push_str(line);
        if is_incomplete(&self.typed) {
            self.typed.push('\n');
            worker.send(Fd::Out, b"> ".to_vec())?;
            return Ok(false);
        }
        self.console.start(&std::mem::take(&mut self.typed));
        let status = self.console.poll();
        worker.send_all(self.console.take_output())?;
        if matches!(status, Status::Prompt(_)) {
            worker.send(Fd::Out, self.console.prompt().into_bytes())?;
            return Ok(false);
        }
        Ok(true)
    }

    fn complete(&mut self, worker: &Worker<'_>, line: &str) -> Result<(), Gone> {
        let (replaced, candidates) = self.console.complete(line, line.len());
        let rest = match candidates.as_slice() {
            [one] => one.get(replaced..).unwrap_or_default().to_owned(),
            _ => return Ok(()),
        };
        self.screen.insert(&rest);
        worker.send(Fd::Out, rest.into_bytes())
    }

    fn answer(&mut self, worker: &Worker<'_>, request: Request) -> Result<(), Gone> {
        match request {
            Request::Page(page) => {
                worker.send(Fd::Out, page.text.into_bytes())?;
                self.console.answer(Answer::Exit(0));
            }
            Request::Line { prompt, hidden } => {
                if !std::mem::replace(&mut self.asked, true) {
                    worker.send(Fd::Out, prompt.into_bytes())?;
                }
                while let Some(step) = self.screen.next(!hidden) {
                    match step {
                        Step::Echo(text) if !hidden => worker.send(Fd::Out, text.into_bytes())?,
                        Step::Echo(_) | Step::Complete(_) => (),
                        Step::Line(line) => {
                            worker.send(Fd::Out, b"\n".to_vec())?;
                            self.give(Answer::Line(line));
                            break;
                        }
                        Step::Interrupt | Step::End => {
                            self.give(Answer::Nobody);
                            break;
                        }
                    }
                }
            }
            // An editor needs a screen that knows its size; the file stays as it is.
            Request::Edit(_) | Request::EditAnswer(_) | Request::Resume(_) | Request::Session(..) => {
                self.console.answer(Answer::Nobody)
            }
        }
        Ok(())
    }

    fn give(&mut self, answer: Answer) {
        self.asked = false;
        self.console.answer(answer);
    }
}
