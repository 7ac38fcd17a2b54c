//! An exam's terminals: they stand on `base`, a machine without kubectl, and reach every task's host by `ssh`.
//!
//! Each task keeps a world of its own, which begins when the task is first turned to or its host first reached.
//! From then on all of them live at the same pace, whoever is logged in where.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::journal::{Input, TaskMark};
use super::seat::{News, Shown, Typed, WAITS_MAX, shown, stop};
use super::welcome::{self, CANDIDATE};
use crate::cluster::{Place, World, templates};
use crate::exercises::{Exercise, Stage, stage};
use crate::shell::{Answer, Console, Lab, Login, Neighbour, Neighbours, Refusal};
use crate::sim::SimTime;

/// The terminals, and the worlds behind them.
pub(crate) struct Desk {
    base: Lab,
    begun: SimTime,
    rooms: Arc<Rooms>,
    terminals: Vec<Terminal>,
    /// Lines typed for each task.
    commands: Vec<Vec<Typed>>,
    at_ms: u64,
}

struct Terminal {
    console: Console,
    running: bool,
}

/// The tasks' worlds.
#[derive(Debug)]
struct Rooms(Mutex<Open>);

#[derive(Debug)]
struct Open {
    /// How long the exam has lasted.
    at: Duration,
    rooms: Vec<Room>,
}

/// A task's world, once it is there.
#[derive(Debug)]
struct Room {
    /// The name that `base` knows its host by.
    name: String,
    exercise: Exercise,
    seed: u64,
    open: Option<Alive>,
}

/// A world that lives.
#[derive(Clone, Debug)]
struct Alive {
    stage: Stage,
    lab: Lab,
    /// Its time when the exam began, had it been there.
    begun: SimTime,
}

/// What a task's host knows of the others: their names, and that it may not go there.
#[derive(Debug)]
struct Strangers(Vec<String>);

impl Neighbours for Strangers {
    fn reach(&self, name: &str) -> Option<Result<Neighbour, Refusal>> {
        self.0.iter().any(|it| it == name).then_some(Err(Refusal::NoKey))
    }
}

impl Neighbours for Rooms {
    fn reach(&self, name: &str) -> Option<Result<Neighbour, Refusal>> {
        let mut open = self.lock();
        let index = open.rooms.iter().position(|room| room.name == name)?;
        Some(open.enter(index).map_err(Refusal::Broken).map(|it| Neighbour {
            host: it.stage.variant.host.clone(),
            lab: it.lab,
            aliases: BTreeMap::from([("k".to_owned(), "kubectl".to_owned())]),
        }))
    }
}

impl Rooms {
    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    /// The world of a task; it begins now if it was not there.
    fn enter(&mut self, index: usize) -> Result<Alive, String> {
        let at = self.at;
        let names: Vec<String> = self.rooms.iter().map(|room| room.name.clone()).collect();
        let room = self.rooms.get_mut(index).ok_or_else(|| format!("there is no task {}", index + 1))?;
        if let Some(open) = &room.open {
            return Ok(open.clone());
        }
        let mut others = names;
        others.retain(|name| *name != room.name);
        others.push("base".to_owned());
        let mut stage = super::sitting::stage_of(&room.exercise, room.seed)?;
        welcome::welcome(&mut stage.start);
        let lab = stage::lab(stage.start.clone()).beside(Arc::new(Strangers(others)));
        let open = Alive { begun: stage.start.now - at, stage, lab };
        room.open = Some(open.clone());
        Ok(open)
    }

    fn worlds(&self) -> impl Iterator<Item = &Alive> {
        self.rooms.iter().filter_map(|room| room.open.as_ref())
    }
}

impl Desk {
    /// The desk of an exam over these tasks, with one terminal.
    ///
    /// # Errors
    /// When no shell can be started, which is a fault of ours.
    pub(crate) fn new(tasks: &[TaskMark], exercises: &[Exercise]) -> Result<Self, String> {
        let room = |(mark, exercise): (&TaskMark, &Exercise)| Room {
            name: mark.host.clone(),
            exercise: exercise.clone(),
            seed: mark.seed,
            open: None,
        };
        let rooms = tasks.iter().zip(exercises).map(room).collect();
        let rooms = Arc::new(Rooms(Mutex::new(Open { at: Duration::ZERO, rooms })));
        let names: Vec<&str> = tasks.iter().map(|task| task.host.as_str()).collect();
        let world = templates::base(&names);
        let begun = world.now;
        let base = stage::lab(world).beside(rooms.clone());
        let commands = vec![Vec::new(); tasks.len()];
        let mut desk = Self { base, begun, rooms, terminals: Vec::new(), commands, at_ms: 0 };
        desk.terminals.push(desk.terminal()?);
        Ok(desk)
    }

    fn terminal(&self) -> Result<Terminal, String> {
        let login = Login::new(&self.base, Place::host("base"), CANDIDATE);
        let console = Console::new(&self.base, login).map_err(|error| error.to_string())?;
        drop(console.take_output());
        Ok(Terminal { console, running: false })
    }

    /// How many terminals there are.
    pub(crate) fn terminals(&self) -> usize {
        self.terminals.len()
    }

    /// The prompt of a terminal.
    pub(crate) fn prompt(&self, terminal: usize) -> String {
        self.terminals.get(terminal).map(|it| it.console.prompt()).unwrap_or_default()
    }

    /// True while a command runs.
    pub(crate) fn is_busy(&self) -> bool {
        self.terminals.iter().any(|it| it.running)
    }

    /// Lines typed for a task.
    pub(crate) fn commands(&self, task: usize) -> &[Typed] {
        self.commands.get(task).map(Vec::as_slice).unwrap_or_default()
    }

    /// A task's world as it was found and as it is now, once it is there.
    pub(crate) fn found(&self, task: usize) -> Option<(Stage, World)> {
        let open = self.rooms.lock().rooms.get(task)?.open.clone()?;
        let world = open.lab.world().clone();
        Some((open.stage, world))
    }

    /// Turns to a task: its world begins.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(crate) fn turn(&self, task: usize) -> Result<(), String> {
        self.rooms.lock().enter(task).map(drop)
    }

    /// As [`super::seat::Seat::complete`].
    pub(crate) fn complete(&self, terminal: usize, line: &str, cursor: usize) -> (usize, Vec<String>) {
        let Some(terminal) = self.terminals.get(terminal) else { return (0, Vec::new()) };
        let lab = terminal.console.top_lab();
        let before = lab.world().clone();
        let (replace, mut candidates) = terminal.console.complete(line, cursor);
        *lab.world() = before;
        let word = line.get(cursor.saturating_sub(replace)..cursor).unwrap_or_default();
        if lab.is_same(&self.base) && line.trim_start().starts_with("ssh ") {
            let open = self.rooms.lock();
            candidates =
                open.rooms.iter().map(|it| it.name.clone()).filter(|it| it.starts_with(word)).collect();
        }
        (replace, candidates)
    }

    /// Lets time pass until the exam's clock is at `ms`.
    pub(crate) fn pass(&mut self, ms: u64) -> News {
        self.at_ms = self.at_ms.max(ms);
        let until = Duration::from_millis(self.at_ms);
        let mut news = News::new();
        for _ in 0..WAITS_MAX {
            let Some(wait) = self.next_wait().filter(|wait| *wait <= until) else { break };
            self.run_until(wait);
            news.extend(self.poll());
        }
        self.run_until(until);
        news.extend(self.poll());
        news
    }

    /// Every world with its time at the exam's beginning.
    fn labs(&self) -> Vec<(Lab, SimTime)> {
        let open = self.rooms.lock();
        let rooms = open.worlds().map(|it| (it.lab.clone(), it.begun));
        [(self.base.clone(), self.begun)].into_iter().chain(rooms).collect()
    }

    /// The earliest time that a program waits for, as the exam's clock has it.
    fn next_wait(&self) -> Option<Duration> {
        let waits =
            self.labs().into_iter().filter_map(|(lab, begun)| Some(lab.take_next_wait()?.since(begun)));
        waits.min()
    }

    fn run_until(&self, at: Duration) {
        for (lab, begun) in self.labs() {
            let mut world = lab.world();
            if begun + at > world.now {
                world.run_until(begun + at);
            }
        }
        let mut open = self.rooms.lock();
        open.at = open.at.max(at);
    }

    /// Takes an input in at the exam's time `ms`, while `front` is the task in front.
    pub(crate) fn take(&mut self, ms: u64, front: usize, terminal: usize, input: &Input) -> News {
        let mut news = self.pass(ms);
        match input {
            Input::Open => news.extend(self.open()),
            Input::Shut if terminal < self.terminals.len() && self.terminals.len() > 1 => {
                drop(self.terminals.remove(terminal));
            }
            // An exam takes nothing back.
            Input::Shut | Input::Undo | Input::Reset => {}
            Input::Run { line } => {
                self.note_command(front, terminal, line);
                news.push((terminal, Shown::Typed(line.clone())));
                self.at(terminal, |it| it.start(line));
            }
            Input::Answer { line } => {
                news.push((terminal, Shown::Typed(line.clone())));
                self.at(terminal, |it| it.answer(Answer::Line(line.clone())));
            }
            Input::Exit { code } => self.at(terminal, |it| it.answer(Answer::Exit(*code))),
            Input::Need { need } => self.at(terminal, |it| it.answer(Answer::Need(need.clone()))),
            Input::Interrupt => {
                news.push((terminal, Shown::Printed(b"^C\n".to_vec())));
                self.at(terminal, Console::cancel);
            }
            Input::Stop => {
                if let Some(it) = self.terminals.get_mut(terminal) {
                    news.extend(stop(&mut it.console, &mut it.running).map(|shown| (terminal, shown)));
                }
            }
            Input::Close => self.at(terminal, Console::close),
        }
        news.extend(self.poll());
        news
    }

    /// A line belongs to the task whose host it was typed on; on `base`, to the one in front.
    fn note_command(&mut self, front: usize, terminal: usize, line: &str) {
        let Some(terminal) = self.terminals.get(terminal).filter(|_| !line.trim().is_empty()) else { return };
        let lab = terminal.console.top_lab();
        let here = |room: &Room| room.open.as_ref().is_some_and(|it| it.lab.is_same(lab));
        let task = self.rooms.lock().rooms.iter().position(here).unwrap_or(front);
        if let Some(commands) = self.commands.get_mut(task) {
            commands.push(Typed { ms: self.at_ms, line: line.to_owned() });
        }
    }

    fn at(&mut self, terminal: usize, act: impl FnOnce(&mut Console)) {
        if let Some(terminal) = self.terminals.get_mut(terminal) {
            act(&mut terminal.console);
            terminal.running = true;
        }
    }

    fn poll(&mut self) -> News {
        self.labs().iter().for_each(|(lab, _)| lab.wake_waiting());
        let mut news = News::new();
        for (index, terminal) in self.terminals.iter_mut().enumerate() {
            shown(index, &mut terminal.console, &mut terminal.running, &mut news);
        }
        let ended = matches!(news.last(), Some((0, Shown::Ended)));
        if ended && self.terminals.len() == 1 {
            // There is always a terminal to work in.
            match self.terminal() {
                Ok(terminal) => {
                    let prompt = terminal.console.prompt();
                    self.terminals = vec![terminal];
                    news.pop();
                    news.push((0, Shown::Prompt(prompt)));
                }
                Err(why) => news.push((0, Shown::Refused(why))),
            }
        }
        news
    }

    fn open(&mut self) -> Option<(usize, Shown)> {
        let number = self.terminals.len();
        Some(match self.terminal() {
            Ok(terminal) => {
                let prompt = terminal.console.prompt();
                self.terminals.push(terminal);
                (number, Shown::Opened { prompt })
            }
            Err(why) => (number, Shown::Refused(why)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::journal::tests::head;
    use super::super::seat::tests::exercise;
    use super::*;

    fn desk() -> Desk {
        let mut tasks = head(&["scale-web", "scale-web"]).tasks;
        super::super::paper::name_hosts(&mut tasks, 1);
        for (task, name) in tasks.iter_mut().zip(["cka-1", "cka-2"]) {
            assert!(task.host.starts_with("cka-"));
            task.host = name.to_owned();
        }
        Desk::new(&tasks, &[exercise(), exercise()]).unwrap()
    }

    /// Types lines a second apart, and gives everything that is shown.
    fn typed(desk: &mut Desk, lines: &[&str]) -> String {
        let mut shown = String::new();
        for line in lines {
            let ms = desk.at_ms + 1_000;
            for (_, news) in desk.take(ms, 0, 0, &Input::Run { line: (*line).to_owned() }) {
                match news {
                    Shown::Printed(bytes) => shown.push_str(&String::from_utf8_lossy(&bytes)),
                    Shown::Typed(line) => shown.push_str(&format!("{line}\n")),
                    Shown::Prompt(prompt) => shown.push_str(&prompt),
                    _ => {}
                }
            }
            let ms = desk.at_ms + 500;
            for (_, news) in desk.pass(ms) {
                match news {
                    Shown::Printed(bytes) => shown.push_str(&String::from_utf8_lossy(&bytes)),
                    Shown::Prompt(prompt) => shown.push_str(&prompt),
                    _ => {}
                }
            }
        }
        shown
    }

    #[test]
    fn tasks_are_reached_from_base_and_nothing_follows_there() {
        let mut desk = desk();
        let shown = typed(
            &mut desk,
            &[
                "kubectl get pods",
                "alias lx=ls; echo set nu > .vimrc",
                "ssh cka-1",
                "lx; cat .vimrc; k get deploy -o name",
                "ssh cka-2",
                "ssh node01",
                "exit",
                "exit",
                "ssh cka-2 kubectl scale deploy web --replicas=3",
                "for host in cka-1 cka-2; do ssh $host kubectl get deploy web -o jsonpath={.spec.replicas}; done",
                "sudo -i",
            ],
        );
        insta::assert_snapshot!(shown);
        let count = |task: usize| desk.commands(task).len();
        assert_eq!((count(0), count(1)), (11, 0));
    }

    #[test]
    fn a_line_counts_for_the_task_whose_host_it_was_typed_on() {
        let mut desk = desk();
        let _ = typed(&mut desk, &["ssh cka-2", "kubectl get nodes"]);
        assert_eq!((desk.commands(0).len(), desk.commands(1).len()), (1, 1));
        assert!(desk.found(0).is_none(), "nobody was there yet");
    }
}
