//! Job control of one interactive shell: the program in front can be stopped, and goes on later in front or behind.
//!
//! A program is a future. While its shell waits for it, Ctrl-Z takes the future out of the shell's hands and keeps it
//! with the session, question to the terminal and all; who runs it again polls it as before. Jobs of the language stand
//! still where they are instead. Only a command of the shell itself can be taken out: a subshell, a substitution or a
//! pipeline that still writes cannot.

use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use super::batch;
use super::engine::Engine;
use super::jobs::{Entry, Jobs, Runner, State};
use super::link::Request;
use super::proc::{Fd, Outbox};
use super::tree::{self, Seen};

/// The exit code of a command that was stopped: 128 + SIGTSTP.
pub(super) const STOPPED: i32 = 148;

/// A running program that nobody else holds.
pub(super) type Work = std::pin::Pin<Box<dyn Future<Output = bashkit::Result<i32>> + Send>>;

/// What a program shows that took the whole screen: all since it was cleared last. `None` without the whole screen.
#[derive(Clone, Default)]
pub(super) struct Face(Arc<Mutex<Option<Vec<u8>>>>);

/// Takes the whole screen, gives it back, and clears it.
const TAKE: &[u8] = b"\x1b[?1049h";
const GIVE: &[u8] = b"\x1b[?1049l";
const CLEAR: &[u8] = b"\x1b[2J";

impl Face {
    /// The program writes.
    pub(super) fn shows(&self, bytes: &[u8]) {
        let mut face = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let last = |what: &[u8]| bytes.windows(what.len()).rposition(|it| it == what);
        if last(TAKE).is_some() {
            *face = Some(Vec::new());
        }
        let Some(shown) = face.as_mut() else { return };
        let from = last(CLEAR).inspect(|_| shown.clear()).unwrap_or(0);
        shown.extend_from_slice(bytes.get(from..).unwrap_or_default());
    }

    /// What takes the screen from it, or brings it back as it was.
    fn turned(&self, back: bool) -> Vec<u8> {
        let face = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match (&*face, back) {
            (None, _) => Vec::new(),
            (Some(_), false) => GIVE.to_vec(),
            (Some(shown), true) => [TAKE, shown].concat(),
        }
    }
}

/// A program that was taken out of its shell.
struct Task {
    work: Work,
    face: Face,
    /// What it asked the terminal when it was stopped.
    question: Option<(u64, Request)>,
}

/// Where a program was started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Spot {
    /// Which copy of the shell: the shell itself, or a job or stage of it.
    shell: usize,
    /// True when the line says that this shell waits for it.
    in_front: bool,
}

/// What came of Ctrl-Z.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stopping {
    /// The program stands still; the screen keeps what it showed under this number, if it showed something.
    Stopped(Option<u64>),
    /// Nothing runs.
    Nothing,
    /// What runs goes on, and why.
    Refused(&'static str),
}

/// A command of the line that runs.
struct Typed {
    name: String,
    /// What bash calls the job.
    text: String,
    apart: bool,
    looped: bool,
}

#[derive(Default)]
struct Inner {
    jobs: Jobs,
    tasks: BTreeMap<String, Task>,
    line: Vec<Typed>,
    /// The process that a program stopped now becomes.
    fresh: String,
    /// The shell itself, as programs see it.
    shell: usize,
    /// Whether the next program is started by the shell itself.
    starting: usize,
    /// True while a stop is wanted, and the question of the program that is to stop.
    wanted: bool,
    question: Option<(u64, Request)>,
    stopped: bool,
    /// The process of the language's job that the shell waits for in front.
    in_front: Option<String>,
    /// Jobs of the language that stand still, and the copies of the shell that they are.
    still: BTreeSet<String>,
    copies: BTreeMap<usize, String>,
    unknown: BTreeSet<usize>,
    wakers: Vec<Waker>,
    /// The exit code that the running line is given up with.
    leave: Option<i32>,
    /// True when the user was told that jobs are stopped.
    warned: bool,
    outbox: Outbox,
    home: String,
}

/// A handle to the job control of a session; clones are the same. A shell without a prompt has none.
#[derive(Clone, Default)]
pub(super) struct Control(Option<Arc<Mutex<Inner>>>);

/// Why a pipeline or subshell goes on.
pub(super) const APART: &str = "uncordon: only a program that the prompt itself waits for can be stopped yet: this pipeline, subshell or \
                     script runs on (Ctrl-C ends it)";

impl Control {
    /// The control of a session that writes to `outbox`.
    pub(super) fn new(outbox: &Outbox, home: &str) -> Self {
        let inner = Inner { outbox: outbox.clone(), home: home.to_owned(), ..Inner::default() };
        Self(Some(Arc::new(Mutex::new(inner))))
    }

    fn inner(&self) -> Option<MutexGuard<'_, Inner>> {
        self.0.as_ref().map(|it| it.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Looks at the jobs.
    pub(super) fn with<T: Default>(&self, act: impl FnOnce(&mut Jobs) -> T) -> T {
        self.inner().map(|mut it| act(&mut it.jobs)).unwrap_or_default()
    }

    /// Says something on the terminal at once.
    pub(super) fn say(&self, fd: Fd, text: &[u8]) {
        if let Some(inner) = self.inner() {
            batch::write(&inner.outbox, fd, text);
        }
    }

    /// The prompt waits: which shell it is, where, and the process that a program stopped next becomes.
    pub(super) fn at_prompt(&self, shell: usize, cwd: &str, fresh: &str) {
        let Some(mut inner) = self.inner() else { return };
        inner.shell = shell;
        inner.jobs.directory = from_home(cwd, &inner.home);
        if !fresh.is_empty() {
            fresh.clone_into(&mut inner.fresh);
        }
        inner.in_front = None;
    }

    /// A line begins to run.
    pub(super) fn begins(&self, line: &str) {
        let Some(mut inner) = self.inner() else { return };
        inner.line = commands(line);
        let leaves = inner.line.iter().any(|it| matches!(it.name.as_str(), "exit" | "logout" | "jobs"));
        inner.warned &= leaves || line.trim().is_empty();
    }

    /// True when the shell is to stay, since it has just said that there are stopped jobs.
    pub(super) fn keeps_shell(&self, typed: bool) -> bool {
        let Some(mut inner) = self.inner() else { return false };
        let leaves = |it: &Typed| !it.apart && matches!(it.name.as_str(), "exit" | "logout");
        let means_it = !typed || inner.line.iter().any(leaves);
        let any = inner.jobs.entries().iter().any(|it| it.state == State::Stopped);
        if !any || inner.warned || !means_it {
            return false;
        }
        inner.warned = true;
        batch::write(&inner.outbox, Fd::Err, b"There are stopped jobs.\n");
        true
    }

    /// A program is about to be started by the copy of the shell that this is.
    pub(super) fn starting(&self, shell: usize) {
        if let Some(mut inner) = self.inner() {
            inner.starting = shell;
        }
    }

    /// Where the program that starts now runs.
    pub(super) fn starts(&self, name: &str) -> Spot {
        let Some(mut inner) = self.inner() else { return Spot::default() };
        let shell = inner.starting;
        if shell != inner.shell && !inner.copies.contains_key(&shell) {
            inner.unknown.insert(shell);
        }
        Spot { shell, in_front: shell == inner.shell && inner.may_stop(name) }
    }

    /// A job of the language has begun: copies of the shell that nobody knew are its own.
    pub(super) fn copies_of(&self, pid: &str) {
        let Some(mut inner) = self.inner() else { return };
        let unknown = std::mem::take(&mut inner.unknown);
        inner.copies.extend(unknown.into_iter().map(|copy| (copy, pid.to_owned())));
    }

    /// Runs a program until it ends or is stopped, which gives `None`: then it is kept as a job.
    pub(super) async fn run(
        &self,
        (mut work, face): (Work, Face),
        spot: Spot,
        words: &[String],
    ) -> bashkit::Result<i32> {
        let ended = poll_fn(|cx| {
            if self.takes_stop(spot) {
                return Poll::Ready(None);
            }
            if self.stands_still(spot, cx.waker()) {
                return Poll::Pending;
            }
            work.as_mut().poll(cx).map(Some)
        })
        .await;
        match ended {
            Some(exit) => exit,
            None => {
                let (text, looped) = self.called(words);
                self.keep((work, face), None, &text);
                if looped {
                    // Bash leaves the loop.
                    self.leave(STOPPED);
                    std::future::pending::<()>().await;
                }
                Ok(STOPPED)
            }
        }
    }

    /// Runs a job in front until it ends, or is stopped again, which gives `None`.
    pub(super) async fn resume(&self, pid: &str) -> Option<i32> {
        let Task { mut work, face, .. } = self.inner()?.tasks.remove(pid)?;
        self.say(Fd::Out, &face.turned(true));
        let ended = poll_fn(|cx| {
            if self.takes_stop(Spot { in_front: true, shell: 0 }) {
                return Poll::Ready(None);
            }
            work.as_mut().poll(cx).map(Some)
        })
        .await;
        let Some(ended) = ended else {
            let command = self.with(|jobs| jobs.by_pid(pid).map(|it| it.command.clone())).unwrap_or_default();
            self.keep((work, face), Some(pid), &command);
            return None;
        };
        Some(code(&ended))
    }

    fn takes_stop(&self, spot: Spot) -> bool {
        let Some(mut inner) = self.inner() else { return false };
        let takes = inner.wanted && spot.in_front;
        if takes {
            (inner.wanted, inner.stopped) = (false, true);
        }
        takes
    }

    fn stands_still(&self, spot: Spot, waker: &Waker) -> bool {
        let Some(mut inner) = self.inner() else { return false };
        let still = inner.copies.get(&spot.shell).is_some_and(|pid| inner.still.contains(pid));
        if still {
            inner.wakers.push(waker.clone());
        }
        still
    }

    /// What bash calls the program in front, and whether it stands in a loop.
    fn called(&self, words: &[String]) -> (String, bool) {
        let name = words.first().map(String::as_str).unwrap_or_default();
        let equal = |text: &str| text.split(' ').zip(words).take_while(|(typed, word)| typed == word).count();
        let found = self.inner().and_then(|inner| {
            let named = inner.line.iter().filter(|it| it.name == name && !it.apart);
            // Of several with one name, the one whose first words are these.
            let found = named.rev().max_by_key(|it| equal(&it.text))?;
            Some((found.text.clone(), found.looped))
        });
        found.unwrap_or_else(|| {
            let looped = self.inner().is_some_and(|inner| inner.line.iter().any(|it| it.looped));
            let words: Vec<String> = words.iter().map(|it| plain(it)).collect();
            (words.join(" "), looped)
        })
    }

    /// Keeps a stopped program as a job, and tells.
    fn keep(&self, (work, face): (Work, Face), pid: Option<&str>, command: &str) {
        let Some(mut inner) = self.inner() else { return };
        let pid = pid.map_or_else(|| inner.next_pid(), str::to_owned);
        let question = inner.question.take();
        batch::write(&inner.outbox, Fd::Out, &face.turned(false));
        let _ = inner.tasks.insert(pid.clone(), Task { work, face, question });
        inner.tell_stopped(&pid, command);
    }

    /// Gives up the running line with this exit code.
    fn leave(&self, exit: i32) {
        if let Some(mut inner) = self.inner() {
            inner.leave = Some(exit);
        }
    }

    /// The exit code that the running line is to be given up with.
    pub(super) fn take_leave(&self) -> Option<i32> {
        self.inner()?.leave.take()
    }

    /// Asks the program in front to stop; it asked `question` and gets no answer meanwhile.
    pub(super) fn want_stop(&self, question: Option<(u64, Request)>) {
        let Some(mut inner) = self.inner() else { return };
        if let Some(pid) = inner.in_front.take() {
            inner.still.insert(pid.clone());
            inner.stopped = true;
            let command = inner.jobs.by_pid(&pid).map(|it| it.command.clone()).unwrap_or_default();
            inner.tell_stopped(&pid, &command);
            inner.leave = Some(STOPPED);
            return;
        }
        (inner.wanted, inner.question) = (true, question);
    }

    /// Whether it stopped; a question that nobody took comes back otherwise.
    pub(super) fn stop_came(&self, asked: &mut Option<(u64, Request)>) -> bool {
        let Some(mut inner) = self.inner() else { return false };
        inner.wanted = false;
        let stopped = std::mem::take(&mut inner.stopped);
        if !stopped {
            *asked = inner.question.take();
        }
        stopped
    }

    /// The question of a stopped program, for the terminal to be asked again.
    pub(super) fn question(&self, pid: &str) -> Option<(u64, Request)> {
        self.inner()?.tasks.get_mut(pid)?.question.take()
    }

    /// True when a stopped program waits for an answer of the terminal.
    pub(super) fn has_question(&self, pid: &str) -> bool {
        self.inner().is_some_and(|it| it.tasks.get(pid).is_some_and(|task| task.question.is_some()))
    }

    /// Ends a program that was stopped.
    pub(super) fn end(&self, pid: &str) {
        let gone = self.inner().and_then(|mut inner| inner.tasks.remove(pid));
        // Not while the table is held: what goes may want to look at it.
        drop(gone);
    }

    /// The shell waits in front for a job of the language.
    pub(super) fn waits_for(&self, pid: &str) {
        if let Some(mut inner) = self.inner() {
            inner.in_front = Some(pid.to_owned());
        }
    }

    /// A job of the language that was waited for in front has ended.
    pub(super) fn back(&self, pid: &str) {
        let Some(mut inner) = self.inner() else { return };
        inner.in_front = None;
        if let Some(number) = inner.jobs.by_pid(pid).map(|it| it.number) {
            inner.jobs.forget(number);
        }
    }

    /// Ctrl-C: what was in front is gone. Gives the job of the language that was waited for, which it ends too.
    pub(super) fn interrupted(&self) -> Option<String> {
        let mut inner = self.inner()?;
        let gone = |it: &&Entry| {
            it.runner == Runner::Session && it.state == State::Running && !inner.tasks.contains_key(&it.pid)
        };
        let gone: Vec<usize> = inner.jobs.entries().iter().filter(gone).map(|it| it.number).collect();
        gone.into_iter().for_each(|number| inner.jobs.forget(number));
        let pid = inner.in_front.take()?;
        if let Some(number) = inner.jobs.by_pid(&pid).map(|it| it.number) {
            inner.jobs.disown(number);
        }
        Some(pid)
    }

    /// Has a job of the language stand still, or go on.
    pub(super) fn set_still(&self, pid: &str, still: bool) {
        let Some(mut inner) = self.inner() else { return };
        if still {
            inner.still.insert(pid.to_owned());
        } else {
            inner.still.remove(pid);
            inner.wakers.drain(..).for_each(Waker::wake);
        }
    }

    /// Runs on what runs behind the prompt.
    pub(super) fn poll_behind(&self, engine: &Engine) {
        let Some(running) = self.running() else { return };
        for pid in running {
            let Some(mut task) = self.inner().and_then(|mut inner| inner.tasks.remove(&pid)) else {
                continue;
            };
            match engine.poll(task.work.as_mut()) {
                Poll::Ready(exit) => self.with(|jobs| jobs.ended(&pid, code(&exit))),
                Poll::Pending => {
                    if let Some(mut inner) = self.inner() {
                        let _ = inner.tasks.insert(pid, task);
                    }
                }
            }
        }
    }

    fn running(&self) -> Option<Vec<String>> {
        let inner = self.inner()?;
        let runs = |pid: &&String| inner.jobs.by_pid(pid).is_some_and(|it| it.state == State::Running);
        let running: Vec<String> = inner.tasks.keys().filter(runs).cloned().collect();
        (!running.is_empty()).then_some(running)
    }

    /// Takes every program that was stopped, to end them.
    pub(super) fn clear(&self) {
        let gone = self.inner().map(|mut inner| std::mem::take(&mut inner.tasks));
        drop(gone);
    }
}

impl Inner {
    /// True unless the line says that its shell does not wait for a program of that name.
    fn may_stop(&self, name: &str) -> bool {
        let mut named = self.line.iter().filter(|it| it.name == name).peekable();
        if named.peek().is_some() {
            return named.all(|it| !it.apart);
        }
        // What is not named comes from an alias, a function, or a script.
        let script =
            |it: &Typed| it.name.contains('/') || matches!(it.name.as_str(), "bash" | "sh" | "source" | ".");
        !self.line.iter().any(|it| it.apart || script(it))
    }

    fn next_pid(&self) -> String {
        let mut pid: u64 = self.fresh.parse().unwrap_or(1000);
        while self.jobs.by_pid(&pid.to_string()).is_some() {
            pid += 1;
        }
        pid.to_string()
    }

    fn tell_stopped(&mut self, pid: &str, command: &str) {
        let directory = self.jobs.directory.clone();
        let number = self.jobs.stopped(pid, command, &directory);
        let row = self.jobs.get(number).map(|it| self.jobs.notice(it)).unwrap_or_default();
        batch::write(&self.outbox, Fd::Err, format!("\n{row}").as_bytes());
    }
}

/// The commands of a line, as far as they have a name.
fn commands(line: &str) -> Vec<Typed> {
    let mut all = Vec::new();
    let mut whole: Option<(usize, usize, String)> = None;
    tree::look(line, &mut |seen, around| match seen {
        Seen::Pipeline(pipeline) if pipeline.commands.len() > 1 => {
            let span = pipeline.span;
            whole = Some((span.start.offset, span.end.offset, squeezed(seen.source(line))));
        }
        Seen::Pipeline(_) => {}
        Seen::Simple(simple) => {
            let Some(name) = tree::literal(&simple.name).filter(|it| !it.is_empty()) else { return };
            let at = simple.span.start.offset;
            let within = whole.as_ref().filter(|(from, to, _)| (*from..*to).contains(&at));
            let text = within.map_or_else(|| squeezed(seen.source(line)), |(_, _, text)| text.clone());
            let name = name.to_owned();
            all.push(Typed { name, text, apart: around.apart, looped: around.looped });
        }
    });
    all
}

/// A command with single blanks between its words, as bash shows it.
fn squeezed(text: &str) -> String {
    let (mut out, mut quote) = (String::new(), None);
    for c in text.chars() {
        match quote {
            Some(open) if open == c => quote = None,
            Some(_) => {}
            None if matches!(c, '\'' | '"' | '`') => quote = Some(c),
            None if c.is_whitespace() && out.ends_with(' ') => continue,
            None => {}
        }
        out.push(if quote.is_none() && c.is_whitespace() { ' ' } else { c });
    }
    out
}

/// A word as somebody would type it.
fn plain(word: &str) -> String {
    let needs = word.is_empty()
        || word.contains(|it: char| it.is_whitespace() || "'\"\\$&|;<>()*?[]#~`".contains(it));
    if needs { super::quote(word) } else { word.to_owned() }
}

/// A directory as a prompt shows it.
pub(super) fn from_home(path: &str, home: &str) -> String {
    match path.strip_prefix(home) {
        Some(rest) if !home.is_empty() && (rest.is_empty() || rest.starts_with('/')) => format!("~{rest}"),
        _ => path.to_owned(),
    }
}

/// The exit code of a program: who reads no more ends it as a broken pipe does.
fn code(ended: &bashkit::Result<i32>) -> i32 {
    match ended {
        Ok(exit) => *exit,
        Err(bashkit::Error::Io(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => 141,
        Err(_) => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_are_called_as_they_were_typed() {
        let called = |line: &str, name: &str| {
            let found = commands(line).into_iter().find(|it| it.name == name);
            found.map(|it| (it.text, it.apart, it.looped)).unwrap_or_default()
        };
        for (line, name, text, apart, looped) in [
            ("vim   'a  b'; ls", "vim", "vim 'a  b'", false, false),
            ("kubectl get po |  less", "less", "kubectl get po | less", false, false),
            ("kubectl get po | less", "kubectl", "kubectl get po | less", true, false),
            ("for i in a b; do vim $i; done", "vim", "vim $i", false, true),
            ("(vim a)", "vim", "vim a", true, false),
            ("FOO=1 vim a > f", "vim", "FOO=1 vim a > f", false, false),
        ] {
            assert_eq!(called(line, name), (text.to_owned(), apart, looped), "{line}");
        }
    }

    /// Types lines, where `^Z` and `^C` are keys and `+9` lets so many seconds pass; gives what is shown.
    fn typed(lines: &[&str]) -> String {
        use crate::cluster::{Place, templates};
        use crate::shell::{Console, Lab, Login, Status};
        let lab = Lab::new(templates::default_world(1));
        let mut console = Console::new(&lab, Login::new(&lab, Place::host("controlplane"), "root")).unwrap();
        drop(console.take_output());
        let mut shown = String::new();
        for line in lines {
            shown.push_str(&format!("> {line}\n"));
            match *line {
                "^Z" => match console.stop() {
                    Stopping::Refused(why) => shown.push_str(&format!("{why}\n")),
                    Stopping::Nothing => shown.push_str("(nothing runs)\n"),
                    Stopping::Stopped(_) => {}
                },
                "^C" => console.cancel(),
                line if line.starts_with('+') => {
                    let until = lab.world().now + std::time::Duration::from_secs(line[1..].parse().unwrap());
                    while let Some(wait) = lab.take_next_wait().filter(|it| *it <= until) {
                        lab.world().run_until(wait);
                        let _ = console.poll();
                    }
                    lab.world().run_until(until);
                }
                line => console.start(line),
            }
            let status = console.poll();
            for (_, bytes) in console.take_output() {
                shown.push_str(&String::from_utf8_lossy(&bytes));
            }
            match status {
                Status::Pending => shown.push_str("(runs)\n"),
                Status::Asks(request) => {
                    shown.push_str(&format!("(asks {})\n", format!("{request:?}").split('(').next().unwrap()))
                }
                Status::Prompt(0) => {}
                Status::Prompt(exit) => shown.push_str(&format!("({exit})\n")),
                Status::Ended(_) => shown.push_str("(ended)\n"),
            }
        }
        // Which process a job becomes depends on how many lines the shell ran before.
        regex::Regex::new(r"(?m)^(\[\d+\]) \d+$").unwrap().replace_all(&shown, "$1 PID").into_owned()
    }

    #[test]
    fn a_whole_screen_goes_and_comes_back() {
        let face = Face::default();
        face.shows(b"plain");
        assert!(face.turned(false).is_empty() && face.turned(true).is_empty());
        face.shows(b"\x1b[?1049h");
        face.shows(b"\x1b[H\x1b[2Jone");
        face.shows(b"\x1b[H\x1b[2Jtwo");
        face.shows(b"!");
        assert_eq!(face.turned(true), b"\x1b[?1049h\x1b[2Jtwo!");
    }

    #[test]
    fn programs_are_stopped_and_go_on() {
        let shown = typed(&[
            "sleep 100",
            "^Z",
            "sleep   200",
            "^Z",
            "bg",
            "jobs",
            "fg %1",
            "^Z",
            "fg",
            "+150",
            "jobs",
            "sleep 7; echo after $?",
            "^Z",
            "fg 3",
            "fg",
            "+60",
            "true",
            "sleep 300",
            "^Z",
            "fg",
            "^C",
            "jobs",
        ]);
        insta::assert_snapshot!(shown);
    }

    #[test]
    fn editors_come_back_as_they_were() {
        let shown = typed(&["cd /tmp", "vim a", "^Z", "cd", "jobs", "fg", "^Z", "kill %1", "true", "fg"]);
        insta::assert_snapshot!(shown);
    }

    #[test]
    fn jobs_of_the_language_stand_still_too() {
        let shown = typed(&[
            "sleep 5 & sleep 6 &",
            "kill -STOP %1",
            "jobs",
            "+7",
            "true",
            "fg %1",
            "sleep 60 &",
            "kill %1; wait %1",
            "sleep 70 &",
            "disown",
            "jobs",
            "fg",
        ]);
        insta::assert_snapshot!(shown);
    }

    #[test]
    fn what_cannot_be_stopped_says_so() {
        let shown = typed(&[
            "^Z",
            "(sleep 5; echo x)",
            "^Z",
            "+6",
            "sleep 5 | cat",
            "^Z",
            "+6",
            "for i in 1 2; do sleep 9; echo $i; done",
            "^Z",
            "exit",
            "exit",
        ]);
        insta::assert_snapshot!(shown);
    }
}
