//! All tasks of a sitting under one clock.
//!
//! [`Sitting::take`] is the only way anything happens, for a learner at the screen as for a journal that is
//! read again; so both end in the same worlds.

use super::clock::Clock;
use super::desk::Desk;
use super::journal::{Act, Entry, Head, Input};
use super::seat::{News, Seat, Typed};
use crate::cluster::World;
use crate::exercises::{Exercise, Stage};

/// A sitting.
pub(crate) struct Sitting {
    pub(crate) head: Head,
    pub(crate) tasks: Vec<Task>,
    /// The terminals of all tasks together, where they begin on `base`; made with the first turn.
    desk: Option<Box<Desk>>,
    /// Which task is in front.
    pub(crate) front: usize,
    pub(crate) note: String,
    /// Milliseconds of the sitting's clock.
    pub(crate) at_ms: u64,
    /// Set by the end: true when it was handed in, false when the time was up.
    pub(crate) ended: Option<bool>,
}

/// One task of it.
pub(crate) struct Task {
    pub(crate) exercise: Exercise,
    pub(crate) seed: u64,
    /// Built when the task is first turned to, where each has terminals of its own.
    pub(crate) seat: Option<Seat>,
    pub(crate) flagged: bool,
    /// Milliseconds that the task was in front.
    pub(crate) spent_ms: u64,
    pub(crate) hints: u32,
    /// True when the reference was looked at.
    pub(crate) solution_seen: bool,
}

impl Sitting {
    /// The beginning of a sitting over its exercises, in the order of its head's tasks. No task is in front
    /// until the first [`Act::Turn`].
    pub(crate) fn new(head: Head, exercises: Vec<Exercise>) -> Self {
        let seeds: Vec<u64> = head.tasks.iter().map(|task| task.seed).collect();
        let tasks = exercises.into_iter().zip(seeds).map(|(exercise, seed)| Task {
            exercise,
            seed,
            seat: None,
            flagged: false,
            spent_ms: 0,
            hints: 0,
            solution_seen: false,
        });
        Self {
            tasks: tasks.collect(),
            head,
            desk: None,
            front: 0,
            note: String::new(),
            at_ms: 0,
            ended: None,
        }
    }

    /// The exam's clock.
    pub(crate) fn clock(&self) -> Clock {
        Clock { limit_min: self.head.limit_min }
    }

    /// The task in front.
    pub(crate) fn task(&self) -> Option<&Task> {
        self.tasks.get(self.front)
    }

    /// True while a command runs.
    pub(crate) fn is_busy(&self) -> bool {
        self.desk.as_ref().map_or_else(|| self.seat().is_some_and(Seat::is_busy), |desk| desk.is_busy())
    }

    /// How many terminals there are.
    pub(crate) fn terminals(&self) -> usize {
        self.desk.as_ref().map_or_else(|| self.seat().map_or(0, Seat::terminals), |desk| desk.terminals())
    }

    /// The prompt of a terminal.
    pub(crate) fn prompt(&self, terminal: usize) -> String {
        match &self.desk {
            Some(desk) => desk.prompt(terminal),
            None => self.seat().map(|seat| seat.prompt(terminal)).unwrap_or_default(),
        }
    }

    /// What may stand at byte `cursor` of a line, and how many bytes before it that replaces.
    pub(crate) fn complete(&self, terminal: usize, line: &str, cursor: usize) -> (usize, Vec<String>) {
        match &self.desk {
            Some(desk) => desk.complete(terminal, line, cursor),
            None => self.seat().map(|seat| seat.complete(terminal, line, cursor)).unwrap_or_default(),
        }
    }

    /// True when a task's world is there.
    pub(crate) fn is_open(&self, task: usize) -> bool {
        match &self.desk {
            Some(desk) => desk.found(task).is_some(),
            None => self.tasks.get(task).is_some_and(|task| task.seat.is_some()),
        }
    }

    /// What was typed for a task.
    pub(crate) fn commands(&self, task: usize) -> &[Typed] {
        match &self.desk {
            Some(desk) => desk.commands(task),
            None => {
                let seat = self.tasks.get(task).and_then(|task| task.seat.as_ref());
                seat.map(Seat::commands).unwrap_or_default()
            }
        }
    }

    /// True when something was typed for a task.
    pub(crate) fn is_begun(&self, task: usize) -> bool {
        !self.commands(task).is_empty()
    }

    /// A task's world as it is found and as it is now.
    ///
    /// # Errors
    /// When it was not there yet and cannot be built.
    pub(crate) fn found(&self, task: usize) -> Result<(Stage, World), String> {
        let open = match &self.desk {
            Some(desk) => desk.found(task),
            None => {
                let seat = self.tasks.get(task).and_then(|task| task.seat.as_ref());
                seat.map(|seat| (seat.stage().clone(), seat.world()))
            }
        };
        if let Some(open) = open {
            return Ok(open);
        }
        let task = self.tasks.get(task).ok_or_else(|| format!("there is no task {}", task + 1))?;
        let stage = stage_of(&task.exercise, task.seed)?;
        let world = stage.start.clone();
        Ok((stage, world))
    }

    /// The seat before the task in front, once it was turned to and where it has one.
    pub(crate) fn seat(&self) -> Option<&Seat> {
        self.task().and_then(|task| task.seat.as_ref())
    }

    /// Lets time pass; what that shows belongs to the task in front.
    pub(crate) fn pass(&mut self, ms: u64) -> News {
        let ms = self.clock_stops_at(ms);
        let passed = ms.saturating_sub(self.at_ms);
        self.at_ms = self.at_ms.max(ms);
        let Some(task) = self.tasks.get_mut(self.front) else { return News::new() };
        task.spent_ms += passed;
        if let Some(desk) = &mut self.desk {
            return desk.pass(ms);
        }
        task.seat.as_mut().map(|seat| seat.pass(ms)).unwrap_or_default()
    }

    /// After its end a sitting's time stands still.
    fn clock_stops_at(&self, ms: u64) -> u64 {
        if self.ended.is_some() { self.at_ms } else { ms }
    }

    /// Takes an entry in; what that shows belongs to the task that is in front afterwards.
    ///
    /// # Errors
    /// When the world of a task cannot be built.
    pub(crate) fn take(&mut self, entry: &Entry) -> Result<News, String> {
        let mut news = self.pass(entry.ms);
        if self.ended.is_some() {
            return Ok(news);
        }
        match &entry.act {
            Act::Turn { task } => {
                if !self.head.has_base() {
                    // What the terminals of another task show is not seen.
                    news.clear();
                }
                self.turn(*task)?;
            }
            Act::Flag { task, on } => {
                if let Some(task) = self.tasks.get_mut(*task) {
                    task.flagged = *on;
                }
            }
            Act::Note { text } => self.note.clone_from(text),
            Act::Terminal { on, input } => news.extend(self.terminal(*on, input)),
            Act::Hint => self.front_task(|task| task.hints += 1),
            Act::Solution => self.front_task(|task| task.solution_seen = true),
            Act::Check | Act::Tick | Act::Resume { .. } | Act::GaveUp { .. } => {}
            Act::End { submitted } => self.ended = Some(*submitted),
        }
        Ok(news)
    }

    fn front_task(&mut self, change: impl FnOnce(&mut Task)) {
        if let Some(task) = self.tasks.get_mut(self.front) {
            change(task);
        }
    }

    fn terminal(&mut self, on: usize, input: &Input) -> News {
        let ms = self.at_ms;
        if let Some(desk) = &mut self.desk {
            return desk.take(ms, self.front, on, input);
        }
        let seat = self.tasks.get_mut(self.front).and_then(|task| task.seat.as_mut());
        seat.map(|seat| seat.take(ms, on, input)).unwrap_or_default()
    }

    fn desk(&mut self) -> Result<&mut Desk, String> {
        let desk = match self.desk.take() {
            Some(desk) => desk,
            None => {
                let exercises: Vec<Exercise> = self.tasks.iter().map(|it| it.exercise.clone()).collect();
                let mut desk = Desk::new(&self.head.tasks, &exercises)?;
                drop(desk.pass(self.at_ms));
                Box::new(desk)
            }
        };
        Ok(self.desk.insert(desk))
    }

    fn turn(&mut self, to: usize) -> Result<(), String> {
        let ms = self.at_ms;
        let task = self.tasks.get_mut(to).ok_or_else(|| format!("there is no task {}", to + 1))?;
        self.front = to;
        if !self.head.has_base() {
            match &mut task.seat {
                Some(seat) => drop(seat.pass(ms)),
                None => task.seat = Some(Seat::new(stage_of(&task.exercise, task.seed)?, ms)?),
            }
            return Ok(());
        }
        self.desk()?.turn(to)
    }
}

/// A task's world as it is found.
///
/// # Errors
/// When it cannot be built.
pub(super) fn stage_of(exercise: &Exercise, seed: u64) -> Result<Stage, String> {
    let variant = exercise.variant(seed).map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(|it| format!("{}: {}", it.file, it.message)).collect();
        lines.join("\n")
    })?;
    Stage::build(variant)
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::journal::tests::head;
    use super::super::journal::{self, Rest};
    use super::super::seat::tests::exercise;
    use super::*;
    use crate::exercises::compare;

    fn run(line: &str) -> Act {
        Act::Terminal { on: 0, input: Input::Run { line: line.to_owned() } }
    }

    /// Two tasks, worked on as a person would.
    pub(crate) fn acts() -> Vec<Entry> {
        let acts = [
            (500, Act::Turn { task: 0 }),
            (4_100, run("kubectl scale deploy web --replicas=2")),
            (9_900, Act::Flag { task: 0, on: true }),
            (10_000, Act::Tick),
            (12_345, Act::Turn { task: 1 }),
            (20_000, run("kubectl scale deploy web --replicas=3")),
            (25_000, run("sleep 100; echo never")),
            (26_000, Act::Terminal { on: 0, input: Input::Interrupt }),
            (27_000, Act::Note { text: "1: not yet".into() }),
            (30_000, run("echo 3 > /root/n; ls /root")),
            (40_000, Act::Turn { task: 0 }),
            (50_000, run("kubectl get pods")),
            (51_000, Act::Terminal { on: 0, input: Input::Undo }),
            (60_000, Act::End { submitted: true }),
        ];
        acts.map(|(ms, act)| Entry { ms, act }).into()
    }

    pub(crate) fn fresh() -> Sitting {
        Sitting::new(head(&["scale-web", "scale-web"]), vec![exercise(), exercise()])
    }

    pub(crate) fn lived(entries: &[Entry]) -> Sitting {
        let mut sitting = fresh();
        for entry in entries {
            let _ = sitting.take(entry).unwrap();
        }
        sitting
    }

    #[track_caller]
    fn assert_same(a: &Sitting, b: &Sitting) {
        let of = |it: &Sitting| (it.front, it.note.clone(), it.at_ms, it.ended);
        assert_eq!(of(a), of(b));
        for (a, b) in a.tasks.iter().zip(&b.tasks) {
            assert_eq!((a.flagged, a.spent_ms, a.seat.is_some()), (b.flagged, b.spent_ms, b.seat.is_some()));
            if let (Some(a), Some(b)) = (&a.seat, &b.seat) {
                let (one, other) = (a.world(), b.world());
                assert_eq!(a.commands(), b.commands());
                assert_eq!((one.now, &one.chance), (other.now, &other.chance));
                assert_eq!(compare::diff(&a.stage().start, &one, &other), "");
            }
        }
    }

    #[test]
    fn time_is_spent_on_the_task_in_front() {
        let sitting = lived(&acts());
        let spent: Vec<u64> = sitting.tasks.iter().map(|task| task.spent_ms).collect();
        assert_eq!((spent, sitting.front), (vec![32_345, 27_655], 0));
        assert_eq!(sitting.ended, Some(true));
    }

    /// The kill test: the file may end at any byte. Whatever stands in it makes the same worlds again, and
    /// going on from there ends as if nothing had happened.
    #[test]
    fn killed_at_200_places_a_sitting_goes_on_as_it_was() {
        let (head, entries) = (head(&["scale-web", "scale-web"]), acts());
        let bytes = journal::tests::written(&head, &entries);
        let first = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        // One world per number of whole records is enough: cuts between two ends of lines read the same.
        let mut rebuilt: Vec<Option<Sitting>> = (0..=entries.len()).map(|_| None).collect();
        let mut alive = fresh();
        for (count, entry) in entries.iter().enumerate() {
            let _ = alive.take(entry).unwrap();
            if count % 4 == 3 {
                let again = lived(&entries[..=count]);
                assert_same(&alive, &again);
                rebuilt[count + 1] = Some(again);
            }
        }
        let mut chance = crate::sim::Chance::from_seed(200);
        for _ in 0..200 {
            let cut = first + chance.below((bytes.len() - first) as u64 + 1) as usize;
            let found = journal::read(&bytes[..cut]).unwrap();
            assert_eq!(found.entries, entries[..found.entries.len()], "cut at {cut}");
            assert_ne!(found.rest, Rest::Damaged);
        }
        let mut resumed = rebuilt.into_iter().flatten().next().unwrap();
        for entry in &entries[4..] {
            let _ = resumed.take(entry).unwrap();
        }
        assert_same(&alive, &resumed);
    }
}
