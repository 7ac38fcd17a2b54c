//! One task being worked on: its world, its terminals, and what was typed.
//!
//! Time comes from outside and passes from wait to wait, so the outcome depends on when things were typed
//! and not on how often anybody looked: the same inputs at the same times give the same world. That is what
//! lets a sitting be saved as its inputs alone.

use std::time::Duration;

use super::journal::Input;
use crate::cluster::World;
use crate::exercises::{Stage, stage};
use crate::shell::{Answer, Console, Lab, Request, Status, Stopping};
use crate::sim::SimTime;

/// A task with its worlds and terminals.
pub(crate) struct Seat {
    stage: Stage,
    lab: Lab,
    terminals: Vec<Terminal>,
    /// Worlds before each of the last commands, newest last.
    undo: Vec<World>,
    /// Lines typed, without those taken back.
    commands: Vec<Typed>,
    /// Up to when time has passed, in milliseconds of the sitting's clock.
    at_ms: u64,
    /// The prompt that it began at.
    first_prompt: String,
}

/// A line that was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Typed {
    pub(crate) ms: u64,
    pub(crate) line: String,
}

struct Terminal {
    console: Console,
    /// True while a command runs.
    running: bool,
}

/// What a terminal shows.
#[derive(Clone, Debug)]
pub(crate) enum Shown {
    /// The line that was typed; told so that a sitting that is taken up again looks as it did.
    Typed(String),
    Printed(Vec<u8>),
    /// The shell waits at this prompt.
    Prompt(String),
    /// A program asks for something.
    Asks(Box<Request>),
    /// The screen keeps what the program shows under this number: it was stopped.
    Aside(u64),
    /// Another terminal stands at this prompt.
    Opened {
        prompt: String,
    },
    /// The last shell of the terminal has ended.
    Ended,
    /// The world was set back: there is one terminal, with a fresh shell at this prompt.
    Restarted {
        prompt: String,
    },
    /// Nothing could be done.
    Refused(String),
}

/// What is shown, by number of the terminal.
pub(crate) type News = Vec<(usize, Shown)>;

/// Commands that can be taken back.
const UNDO_MAX: usize = 50;

/// Waits that are gone through in one step of time, so that a loop of short sleeps cannot hold it up.
pub(super) const WAITS_MAX: u32 = 100_000;

impl Seat {
    /// Sits down before a task when the sitting's clock is at `ms`.
    ///
    /// # Errors
    /// When no shell can be started, which is a fault of ours.
    pub(crate) fn new(stage: Stage, ms: u64) -> Result<Self, String> {
        let world = stage.start.clone();
        let mut seat = Self {
            lab: stage::lab(world.clone()),
            stage,
            terminals: Vec::new(),
            undo: Vec::new(),
            commands: Vec::new(),
            at_ms: ms,
            first_prompt: String::new(),
        };
        seat.go_on_from(world)?;
        seat.first_prompt = seat.prompt(0);
        Ok(seat)
    }

    /// The task.
    pub(crate) fn stage(&self) -> &Stage {
        &self.stage
    }

    /// Lines typed, without those taken back.
    pub(crate) fn commands(&self) -> &[Typed] {
        &self.commands
    }

    /// The world as it is now.
    pub(crate) fn world(&self) -> World {
        self.lab.world().clone()
    }

    /// How many terminals there are.
    pub(crate) fn terminals(&self) -> usize {
        self.terminals.len()
    }

    /// The prompt of a terminal.
    pub(crate) fn prompt(&self, terminal: usize) -> String {
        self.terminals.get(terminal).map(|it| it.console.prompt()).unwrap_or_default()
    }

    /// The prompt that the first terminal began at.
    pub(crate) fn first_prompt(&self) -> &str {
        &self.first_prompt
    }

    /// True while a command runs.
    pub(crate) fn is_busy(&self) -> bool {
        self.terminals.iter().any(|it| it.running)
    }

    /// What may stand at byte `cursor` of a line, and how many bytes before it that replaces. Leaves no
    /// trace in the world.
    pub(crate) fn complete(&self, terminal: usize, line: &str, cursor: usize) -> (usize, Vec<String>) {
        let Some(terminal) = self.terminals.get(terminal) else { return (0, Vec::new()) };
        let before = self.world();
        let found = terminal.console.complete(line, cursor);
        *self.lab.world() = before;
        found
    }

    /// Lets time pass until the sitting's clock is at `ms`.
    pub(crate) fn pass(&mut self, ms: u64) -> News {
        let passed = Duration::from_millis(ms.saturating_sub(self.at_ms));
        self.at_ms = self.at_ms.max(ms);
        let until = self.lab.world().now + passed;
        let mut news = News::new();
        for _ in 0..WAITS_MAX {
            let Some(wait) = self.lab.take_next_wait().filter(|wait| *wait <= until) else { break };
            self.run_until(wait);
            news.extend(self.poll());
        }
        self.run_until(until);
        news.extend(self.poll());
        news
    }

    fn run_until(&self, until: SimTime) {
        let mut world = self.lab.world();
        if until > world.now {
            world.run_until(until);
        }
    }

    /// Takes an input in at the sitting's time `ms`.
    pub(crate) fn take(&mut self, ms: u64, terminal: usize, input: &Input) -> News {
        let mut news = self.pass(ms);
        match input {
            Input::Open => news.extend(self.open()),
            Input::Shut if terminal < self.terminals.len() && self.terminals.len() > 1 => {
                drop(self.terminals.remove(terminal));
            }
            Input::Shut => {}
            Input::Undo => match self.undo.pop() {
                Some(world) => {
                    self.commands.pop();
                    news.extend(self.restart(world));
                }
                None => news.push((terminal, Shown::Refused("There is nothing to take back".into()))),
            },
            Input::Reset => {
                self.undo.clear();
                self.commands.clear();
                news.extend(self.restart(self.stage.start.clone()));
            }
            Input::Run { line } => {
                self.note_command(line);
                news.push((terminal, Shown::Typed(line.clone())));
                self.at(terminal, |it| it.console.start(line));
            }
            Input::Answer { line } => {
                news.push((terminal, Shown::Typed(line.clone())));
                self.at(terminal, |it| it.console.answer(Answer::Line(line.clone())));
            }
            Input::Exit { code } => self.at(terminal, |it| it.console.answer(Answer::Exit(*code))),
            Input::Need { need } => self.at(terminal, |it| it.console.answer(Answer::Need(need.clone()))),
            Input::Interrupt => {
                news.push((terminal, Shown::Printed(b"^C\n".to_vec())));
                self.at(terminal, |it| it.console.cancel());
            }
            Input::Stop => {
                if let Some(it) = self.terminals.get_mut(terminal) {
                    news.extend(stop(&mut it.console, &mut it.running).map(|shown| (terminal, shown)));
                }
            }
            Input::Close => self.at(terminal, |it| it.console.close()),
        }
        news.extend(self.poll());
        news
    }

    fn note_command(&mut self, line: &str) {
        if line.trim().is_empty() {
            return;
        }
        self.undo.push(self.world());
        self.commands.push(Typed { ms: self.at_ms, line: line.to_owned() });
        let surplus = self.undo.len().saturating_sub(UNDO_MAX);
        self.undo.drain(..surplus);
    }

    fn at(&mut self, terminal: usize, act: impl FnOnce(&mut Terminal)) {
        if let Some(terminal) = self.terminals.get_mut(terminal) {
            act(terminal);
            terminal.running = true;
        }
    }

    fn poll(&mut self) -> News {
        let mut news = News::new();
        for (index, terminal) in self.terminals.iter_mut().enumerate() {
            shown(index, &mut terminal.console, &mut terminal.running, &mut news);
        }
        news
    }

    fn open(&mut self) -> Option<(usize, Shown)> {
        let number = self.terminals.len();
        match self.console() {
            Ok(console) => {
                let prompt = console.prompt();
                self.terminals.push(Terminal { console, running: false });
                Some((number, Shown::Opened { prompt }))
            }
            Err(why) => Some((number, Shown::Refused(why))),
        }
    }

    fn console(&self) -> Result<Console, String> {
        let login = stage::root(&self.lab, &self.stage.variant.host);
        let console = Console::new(&self.lab, login).map_err(|error| error.to_string())?;
        drop(console.take_output());
        Ok(console)
    }

    /// Goes on from another world with one fresh shell.
    fn restart(&mut self, world: World) -> Option<(usize, Shown)> {
        Some(match self.go_on_from(world) {
            Ok(()) => (0, Shown::Restarted { prompt: self.prompt(0) }),
            Err(why) => (0, Shown::Refused(why)),
        })
    }

    fn go_on_from(&mut self, world: World) -> Result<(), String> {
        // A new lab, so that nothing that ran in the old world reaches the new one.
        self.lab = stage::lab(world);
        self.terminals.clear();
        let console = self.console()?;
        self.terminals.push(Terminal { console, running: false });
        Ok(())
    }
}

/// Stops the program in front of a terminal, as Ctrl-Z does; what is shown of that.
pub(super) fn stop(console: &mut Console, running: &mut bool) -> Option<Shown> {
    match console.stop() {
        Stopping::Nothing => None,
        Stopping::Refused(why) => Some(Shown::Refused(why.to_owned())),
        Stopping::Stopped(kept) => {
            *running = true;
            Some(kept.map_or_else(|| Shown::Printed(b"^Z".to_vec()), Shown::Aside))
        }
    }
}

/// Polls a terminal and tells what it shows.
pub(super) fn shown(index: usize, console: &mut Console, running: &mut bool, news: &mut News) {
    let status = console.poll();
    let output = console.take_output();
    let written: Vec<u8> = output.into_iter().flat_map(|(_, bytes)| bytes).collect();
    if !written.is_empty() {
        news.push((index, Shown::Printed(written)));
    }
    if !*running {
        return;
    }
    let shown = match status {
        Status::Pending => return,
        Status::Prompt(_) => Shown::Prompt(console.prompt()),
        Status::Ended(_) => Shown::Ended,
        Status::Asks(request) => Shown::Asks(request),
    };
    // While the learner answers nothing runs; the answer starts it again.
    *running = false;
    news.push((index, shown));
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::exercises::{compare, pack};

    /// A small exercise to sit before.
    pub(crate) fn exercise() -> crate::exercises::Exercise {
        let files = [
            ("pack.toml", "id = \"p\"\ntitle = \"P\"\nversion = \"1.0.0\"\n"),
            (
                "scale-web/exercise.yaml",
                "{id: scale-web, title: More of the same, domain: workloads-scheduling, minutes: 3, world: {setup: setup.sh},\n\
                 task: Scale `web` to 3., solution: solution.sh, mistakes: [{script: less.sh, says: too few}],\n\
                 checks: [{name: enough, points: 4, object: {kind: Deployment, name: web, fields: {spec.replicas: 3}}},\n\
                 {name: noted, points: 2, answer: {path: /root/n, equals: 3}}]}",
            ),
            ("scale-web/setup.sh", "kubectl create deploy web --image=nginx:1.27\n"),
            ("scale-web/solution.sh", "kubectl scale deploy web --replicas=3\necho 3 > /root/n\n"),
            ("scale-web/less.sh", "kubectl scale deploy web --replicas=1\n"),
        ];
        let files = files.map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec())).into();
        pack::load(&files).unwrap().exercises.remove(0)
    }

    fn stage() -> Stage {
        Stage::build(exercise().variant(1).unwrap()).unwrap()
    }

    fn run(line: &str) -> Input {
        Input::Run { line: line.to_owned() }
    }

    fn text(news: &News) -> String {
        let printed = news.iter().filter_map(|(_, shown)| match shown {
            Shown::Printed(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
            _ => None,
        });
        printed.collect()
    }

    /// Inputs with their times, between which time passes in steps of so many milliseconds.
    fn lived(stage: &Stage, inputs: &[(u64, Input)], step_ms: u64) -> (Seat, String) {
        let mut seat = Seat::new(stage.clone(), 0).unwrap();
        let mut shown = String::new();
        for (ms, input) in inputs {
            while seat.at_ms + step_ms < *ms {
                let next = seat.at_ms + step_ms;
                shown += &text(&seat.pass(next));
            }
            shown += &text(&seat.take(*ms, 0, input));
        }
        (seat, shown)
    }

    #[test]
    fn it_does_not_matter_how_often_anybody_looks() {
        let stage = stage();
        let inputs = [
            (1_234, run("kubectl scale deploy web --replicas=2 && sleep 3; kubectl get pods; date")),
            (9_876, run("(sleep 2; date > /root/later) & kubectl rollout restart deploy web")),
            (15_001, run("kubectl get pods -w")),
            (31_007, Input::Interrupt),
            (40_000, run("cat /root/later; kubectl get pods,events")),
            (60_000, run("date +%s.%N")),
        ];
        let (seldom, shown) = lived(&stage, &inputs, 1_000_000);
        let (often, shown_often) = lived(&stage, &inputs, 370);
        assert_eq!(shown, shown_often);
        let (a, b) = (seldom.world(), often.world());
        assert_eq!((a.now, &a.chance), (b.now, &b.chance));
        assert_eq!(compare::diff(&stage.start, &a, &b), "");
    }

    #[test]
    fn commands_can_be_taken_back_and_leave_no_trace() {
        let stage = stage();
        let (mut seat, _) =
            lived(&stage, &[(1_000, run("kubectl delete deploy web")), (2_000, Input::Undo)], 1_000);
        let mut news = seat.take(3_000, 0, &run("kubectl get deploy web -o name"));
        news.extend(seat.pass(4_000));
        assert_eq!(text(&news), "deployment.apps/web\n");
        assert_eq!(seat.commands().len(), 1);
        assert_eq!(seat.complete(0, "kubectl get deploy w", 20).1, ["web"]);
    }

    #[test]
    fn terminals_share_the_world_and_nothing_else() {
        let mut seat = Seat::new(stage(), 0).unwrap();
        let _ = seat.take(10, 0, &run("cd /tmp; echo 1 > shared"));
        let _ = seat.take(20, 1, &Input::Open);
        assert_eq!(text(&seat.take(30, 1, &run("pwd; cat /tmp/shared"))), "/root\n1\n");
        let _ = seat.take(40, 0, &Input::Shut);
        assert_eq!((seat.terminals(), text(&seat.take(50, 0, &run("pwd")))), (1, "/root\n".to_owned()));
    }
}
