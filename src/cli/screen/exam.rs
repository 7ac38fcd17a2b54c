//! A mock exam on the real screen: drawn, kept, taken up again, handed in.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;

use super::kept::{self, Kept};
use super::{data, news, packs, progress, texts};
use crate::exam::journal::{Act, Entry, FORMAT, Head, Kind, PackMark};
use crate::exam::paper::{self, Paper};
use crate::exam::progress::Attempt;
use crate::exam::result::ResultFile;
use crate::exam::score::{self, Score};
use crate::exam::sitting::{Sitting, Task};
use crate::exercises::{Exercise, Pack};
use crate::tui::{
    Card, Effect, ExamChoice, ExamEffect, ExamMsg, ExamTask, Lesson, Msg, Opened, ResultScreen, Words,
};

/// Arguments of `uncordon exam`.
#[derive(Debug, Default, Args)]
pub(crate) struct ExamArgs {
    /// Which exam is drawn; a fresh one without
    #[arg(long, conflicts_with = "resume")]
    seed: Option<u64>,
    /// A fixed exam, the same for everybody; `--list` shows their names
    #[arg(long, value_name = "NAME", conflicts_with_all = ["resume", "seed"])]
    blueprint: Option<String>,
    /// How long it lasts
    #[arg(long, value_name = "N", conflicts_with_all = ["resume", "untimed"], value_parser = clap::value_parser!(u32).range(1..=1440))]
    minutes: Option<u32>,
    /// No limit of time
    #[arg(long, conflicts_with = "resume")]
    untimed: bool,
    /// So many minutes more, as granted for accommodations
    #[arg(long, value_name = "N", default_value_t = 0, conflicts_with_all = ["resume", "untimed"], value_parser = clap::value_parser!(u32).range(0..=1440))]
    extra_time: u32,
    /// Go on with the exam that was left or cut off
    #[arg(long)]
    resume: bool,
    /// Who sits it, for the result file
    #[arg(long, default_value = "")]
    name: String,
    /// Print what would be drawn, and the fixed exams, instead of beginning
    #[arg(long, conflicts_with = "resume")]
    list: bool,
    /// Lines in, lines out, for screen readers: no full screen; `:help` tells the commands
    #[arg(long)]
    pub(super) plain: bool,
}

impl ExamArgs {
    /// The arguments that a choice on the home screen stands for.
    pub(super) fn choosing(choice: ExamChoice) -> Self {
        let (blueprint, resume) = match choice {
            ExamChoice::GoOn => (None, true),
            ExamChoice::Drawn => (None, false),
            ExamChoice::Blueprint(name) => (Some(name), false),
        };
        Self { blueprint, resume, ..Self::default() }
    }
}

/// What the arguments ask for.
pub(crate) enum Wanted {
    Begin(Box<Head>, String),
    Resume(PathBuf, String),
    /// It was printed already.
    Nothing,
}

/// Understands the arguments and draws the exam.
pub(crate) fn wanted(args: &ExamArgs) -> Result<Wanted, String> {
    if args.resume {
        let path = left()?.ok_or("there is no exam to go on with; `uncordon exam` begins one")?;
        return Ok(Wanted::Resume(path, args.name.clone()));
    }
    let packs = packs::all();
    let exercises: Vec<&Exercise> = packs.iter().flat_map(|pack| &pack.exercises).collect();
    let (seed, minutes, paper) = draw(args, &packs, &exercises)?;
    if args.list {
        print(&packs, &exercises, seed, &paper);
        return Ok(Wanted::Nothing);
    }
    if paper.tasks.is_empty() {
        return Err("there are no exercises to draw from".into());
    }
    if !paper.short.is_empty() {
        eprintln!("uncordon: the packs have too few exercises for a full exam: {}", paper.short.join(", "));
    }
    let limit_min = (!args.untimed).then_some(args.minutes.unwrap_or(minutes) + args.extra_time);
    let mut paper = paper;
    paper::name_hosts(&mut paper.tasks, seed);
    let used = |pack: &&Pack| paper.tasks.iter().any(|task| task.pack == pack.id);
    let mark = |it: &Pack| PackMark { id: it.id.clone(), version: it.version.clone(), hash: it.hash.clone() };
    let head = Head {
        format: FORMAT,
        kind: Kind::Exam,
        began_s: data::now_s(),
        seed,
        blueprint: args.blueprint.clone().unwrap_or_default(),
        limit_min,
        packs: packs.iter().filter(used).map(mark).collect(),
        tasks: paper.tasks,
    };
    Ok(Wanted::Begin(Box::new(head), args.name.clone()))
}

/// The exam that was left or cut off last.
pub(super) fn left() -> Result<Option<PathBuf>, String> {
    Ok(kept::journals()?.into_iter().find(|path| is_open_exam(path)))
}

fn draw(args: &ExamArgs, packs: &[Pack], exercises: &[&Exercise]) -> Result<(u64, u32, Paper), String> {
    let Some(name) = &args.blueprint else {
        let seed = args.seed.unwrap_or_else(super::sitting::fresh_seed);
        return Ok((seed, paper::MINUTES, paper::draw(exercises, seed, paper::TASKS)));
    };
    let known: Vec<_> = packs.iter().flat_map(|pack| &pack.blueprints).collect();
    let found = known.iter().find(|it| it.id == *name).ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|it| it.id.as_str()).collect();
        format!("there is no blueprint {name:?}; there are {}", names.join(", "))
    })?;
    let paper = paper::from_list(exercises, &found.tasks, found.seed)
        .map_err(|missing| format!("blueprint {name}: no pack has {}", missing.join(", ")))?;
    Ok((found.seed, found.minutes.unwrap_or(paper::MINUTES), paper))
}

fn print(packs: &[Pack], exercises: &[&Exercise], seed: u64, paper: &Paper) {
    println!("seed {seed}: {} tasks", paper.tasks.len());
    for (number, task) in paper.tasks.iter().enumerate() {
        let found = exercises.iter().find(|it| it.pack == task.pack && it.id == task.exercise);
        let (domain, level) = found.map_or(("", ""), |it| (&it.domain, &it.difficulty));
        println!("{:>4}. {:<32} {domain:<22} {level:<6} seed {}", number + 1, task.exercise, task.seed);
    }
    for short in &paper.short {
        println!("too few: {short}");
    }
    for it in packs.iter().flat_map(|pack| &pack.blueprints) {
        println!("--blueprint {:<20} {} tasks  {}", it.id, it.tasks.len(), it.title);
    }
}

fn result_path(journal: &Path) -> Result<PathBuf, String> {
    let name = journal.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(data::folder()?.join("results").join(format!("exam-{name}.json")))
}

/// True for a journal of an exam whose result is not written yet.
fn is_open_exam(journal: &Path) -> bool {
    let is_exam = kept::head_of(journal).is_some_and(|head| head.kind == Kind::Exam && head.has_base());
    is_exam && result_path(journal).is_ok_and(|path| !path.exists())
}

/// An exam being sat.
pub(super) struct Exam {
    kept: Kept,
    name: String,
    words: Words,
    clock_shown_s: u64,
    grading: Grading,
    /// The score and where the result file is, once they are there.
    says: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grading {
    No,
    /// In a frame's time, so that the screen can say so first.
    Next,
    Done,
}

impl Exam {
    /// Begins one.
    pub(super) fn begin(
        head: Head,
        name: String,
        words: Words,
        now: Instant,
    ) -> Result<(Self, Vec<Msg>), String> {
        let exercises = crate::exam::result::exercises(&head, &packs::all())?;
        let kept = Kept::begin(head, exercises, now)?;
        let mut msgs = vec![began(&kept.sitting)];
        let mut exam =
            Self { kept, name, words, clock_shown_s: u64::MAX, grading: Grading::No, says: String::new() };
        msgs.extend(exam.act(Act::Turn { task: 0 }, now));
        msgs.push(exam.tell_clock(None));
        Ok((exam, msgs))
    }

    /// Takes one up again.
    pub(super) fn resume(
        path: &Path,
        name: String,
        words: Words,
        now: Instant,
    ) -> Result<(Self, Vec<Msg>), String> {
        let mut msgs = Vec::new();
        let mut replay = news::Replay::default();
        let packs = packs::all();
        let mut seen = Vec::new();
        let kept = Kept::resume(path, &packs, now, |sitting, entry, news| {
            if msgs.is_empty() {
                msgs.push(began(sitting));
            }
            let on = if let Act::Terminal { on, .. } = entry.act { Some(on) } else { None };
            let turned = msgs_of(sitting, entry, &mut seen, words);
            msgs.extend(turned);
            msgs.extend(replay.messages(sitting.front, on, news));
        })?;
        if msgs.is_empty() {
            msgs.push(began(&kept.sitting));
        }
        let closing = replay.closing(kept.sitting.front);
        let says = if kept.gave_up() { "said-gave-up" } else { "exam-resumed" };
        let mut exam =
            Self { kept, name, words, clock_shown_s: u64::MAX, grading: Grading::No, says: String::new() };
        // The replay took real time that is not the learner's.
        let replayed = Instant::now();
        exam.kept.forgive(now, replayed);
        if exam.kept.sitting.ended.is_some() {
            exam.grading = Grading::Next;
            return Ok((exam, msgs));
        }
        msgs.extend(exam.act(Act::Resume { at_s: data::now_s() }, replayed));
        for act in closing {
            msgs.extend(exam.act(act, replayed));
        }
        if !exam.kept.sitting.is_open(exam.kept.sitting.front) {
            msgs.extend(exam.act(Act::Turn { task: 0 }, replayed));
        }
        msgs.push(exam.tell_clock(None));
        msgs.push(Msg::Said(words.say(says)));
        Ok((exam, msgs))
    }

    /// True when the next moment grades.
    pub(super) fn grades_next(&self) -> bool {
        self.grading == Grading::Next
    }

    /// True while frames should follow each other quickly.
    pub(super) fn is_busy(&self) -> bool {
        self.grading == Grading::Next || self.kept.sitting.is_busy()
    }

    /// What is worth saying once the screen is gone.
    pub(super) fn last_words(self) -> String {
        match self.kept.sitting.ended {
            Some(_) => self.says,
            None => self.words.say("exam-kept"),
        }
    }

    /// Moves simulated time on with the real clock.
    pub(super) fn pass_time(&mut self, now: Instant) -> Vec<Msg> {
        match self.grading {
            Grading::Done => return Vec::new(),
            Grading::Next => return self.grade(),
            Grading::No => {}
        }
        let before_ms = self.kept.sitting.at_ms;
        let mut msgs = match self.kept.pass(now) {
            Ok(news) => news::messages(news),
            Err(why) => vec![Msg::Said(why)],
        };
        let sitting = &self.kept.sitting;
        let (clock, at_ms) = (sitting.clock(), sitting.at_ms);
        if at_ms / 1000 != self.clock_shown_s {
            self.clock_shown_s = at_ms / 1000;
            msgs.push(self.tell_clock(clock.alert(before_ms, at_ms)));
        }
        if clock.is_over(at_ms) {
            msgs.extend(self.end(false, now));
        }
        msgs
    }

    fn tell_clock(&self, alert: Option<u32>) -> Msg {
        let sitting = &self.kept.sitting;
        let left_ms = sitting.clock().left_ms(sitting.at_ms);
        let (elapsed_s, left_s) = (sitting.at_ms / 1000, left_ms.map(|ms| ms.div_ceil(1000)));
        Msg::Exam(Box::new(ExamMsg::Clock { elapsed_s, left_s, alert }))
    }

    /// Carries out what the screen asks for.
    pub(super) fn carry_out(&mut self, effect: Effect, now: Instant) -> Vec<Msg> {
        if self.kept.sitting.ended.is_some() {
            return Vec::new();
        }
        match effect {
            Effect::Exam(ExamEffect::Turn(task)) => {
                let msgs = self.act(Act::Turn { task }, now);
                // Building a world takes real time that is not the learner's.
                self.kept.forgive(now, Instant::now());
                msgs
            }
            Effect::Exam(ExamEffect::Flag { task, on }) => self.act(Act::Flag { task, on }, now),
            Effect::Exam(ExamEffect::Note(text)) => self.act(Act::Note { text }, now),
            Effect::Exam(ExamEffect::Submit) => self.end(true, now),
            other => {
                if let Some(msg) = news::completed(&self.kept.sitting, &other) {
                    return vec![msg];
                }
                let terminals = self.kept.sitting.terminals();
                news::act(&other, terminals).map(|act| self.act(act, now)).unwrap_or_default()
            }
        }
    }

    fn act(&mut self, act: Act, now: Instant) -> Vec<Msg> {
        let first = match &act {
            Act::Turn { task } => !self.kept.sitting.is_open(*task),
            _ => false,
        };
        match self.kept.act(act, now) {
            Ok(news) => {
                let mut msgs = match self.kept.entries.last() {
                    Some(entry) => told(&self.kept.sitting, entry, first, self.words),
                    None => Vec::new(),
                };
                msgs.extend(news::messages(news));
                msgs
            }
            Err(why) => vec![Msg::Said(why)],
        }
    }

    fn end(&mut self, submitted: bool, now: Instant) -> Vec<Msg> {
        let mut msgs = self.act(Act::End { submitted }, now);
        if self.kept.sitting.ended.is_some() {
            self.grading = Grading::Next;
            let why = if submitted { "exam-handed-in" } else { "exam-time-up" };
            msgs.push(Msg::Said(self.words.say(why)));
        }
        msgs
    }

    fn grade(&mut self) -> Vec<Msg> {
        self.grading = Grading::Done;
        let score = match score::score(&self.kept.sitting) {
            Ok(score) => score,
            Err(why) => return vec![Msg::Said(self.words.with("exam-not-graded", &[("why", why.into())]))],
        };
        let file = match self.write_result(&score) {
            Ok(path) => self.words.with("exam-file", &[("path", path.display().to_string().into())]),
            Err(why) => self.words.with("exam-no-file", &[("why", why.into())]),
        };
        let result = self.words.say(if score.passed { "result-passed" } else { "result-failed" });
        self.says = format!("{} {result}\n{file}", score::percent(score.permille));
        let lessons = self.kept.sitting.tasks.iter().map(|task| lesson(task, self.words)).collect();
        let score = self.told(score);
        let result = ResultScreen { score, lessons, file, ..ResultScreen::default() };
        vec![Msg::Exam(Box::new(ExamMsg::Ended(Box::new(result))))]
    }

    /// The score with its checks in the learner's language.
    fn told(&self, mut score: Score) -> Score {
        for (task, score) in self.kept.sitting.tasks.iter().zip(&mut score.tasks) {
            let all = texts::of(&task.exercise, task.seed, self.words);
            for (check, texts) in score.checks.iter_mut().zip(&all) {
                texts::put(texts, (&mut check.name, &mut check.wanted, &mut check.mistake), self.words);
            }
        }
        score
    }

    /// Unix time in seconds of the end: the same however often it is asked.
    fn ended_s(&self) -> i64 {
        let resumed = self.kept.entries.iter().rev().find_map(|entry| match entry.act {
            Act::Resume { at_s } => Some((at_s, entry.ms)),
            _ => None,
        });
        let (from_s, from_ms) = resumed.unwrap_or((self.kept.sitting.head.began_s, 0));
        let since_s = self.kept.sitting.at_ms.saturating_sub(from_ms) / 1000;
        from_s.saturating_add_unsigned(since_s)
    }

    fn write_result(&self, score: &Score) -> Result<PathBuf, String> {
        let sitting = &self.kept.sitting;
        // Should the program be killed here, the same attempts are not noted twice.
        let at_s = self.ended_s();
        let begun = sitting.tasks.iter().zip(&score.tasks).filter(|(_, score)| !score.commands.is_empty());
        let attempts: Vec<Attempt> =
            begun.map(|(task, score)| Attempt::in_exam(&task.exercise, task.seed, score, at_s)).collect();
        progress::note(&attempts)?;
        let path = result_path(&self.kept.path)?;
        let file =
            ResultFile::new(&self.name, sitting.head.clone(), self.kept.entries.clone(), score.clone());
        data::replace(&path, &file.text()?)?;
        Ok(path)
    }
}

/// The reference's script and why it works.
fn lesson(task: &Task, words: Words) -> Lesson {
    let variant = task.exercise.translated(words.0.code()).variant(task.seed);
    variant.map_or_else(
        |_| Lesson::default(),
        |it| Lesson { title: it.title, reference: it.solution, explain: it.explain },
    )
}

fn began(sitting: &Sitting) -> Msg {
    let task = |host: &str| ExamTask { host: host.to_owned(), flagged: false, begun: false };
    let tasks = sitting.head.tasks.iter().map(|mark| task(&mark.host)).collect();
    Msg::Exam(Box::new(ExamMsg::Began { tasks, note: sitting.note.clone() }))
}

/// What an entry of a replay tells the screen, beside what terminals show; `seen` has the tasks turned to so far.
fn msgs_of(sitting: &Sitting, entry: &Entry, seen: &mut Vec<usize>, words: Words) -> Vec<Msg> {
    let first = match entry.act {
        Act::Turn { task } if !seen.contains(&task) => {
            seen.push(task);
            true
        }
        _ => false,
    };
    told(sitting, entry, first, words)
}

fn told(sitting: &Sitting, entry: &Entry, first: bool, words: Words) -> Vec<Msg> {
    let msg = match &entry.act {
        Act::Turn { task } => {
            ExamMsg::Turned { task: *task, opened: first.then(|| opened(sitting, *task, words)) }
        }
        Act::Flag { task, on } => ExamMsg::Flagged { task: *task, on: *on },
        Act::Note { text } => ExamMsg::Noted(text.clone()),
        Act::Terminal { .. } => {
            let begun = (0..sitting.tasks.len()).filter(|task| sitting.is_begun(*task));
            return begun.map(|task| Msg::Exam(Box::new(ExamMsg::Begun { task }))).collect();
        }
        _ => return Vec::new(),
    };
    vec![Msg::Exam(Box::new(msg))]
}

/// A task as the exam shows it: without hints, points and title.
fn opened(sitting: &Sitting, task: usize, words: Words) -> Box<Opened> {
    let Some(Task { exercise, seed, .. }) = sitting.tasks.get(task) else { return Box::default() };
    let host = sitting.head.tasks.get(task).map(|mark| mark.host.clone()).unwrap_or_default();
    let Ok(variant) = exercise.translated(words.0.code()).variant(*seed) else { return Box::default() };
    let card = Card {
        id: exercise.id.clone(),
        pack: exercise.pack.clone(),
        title: String::new(),
        domain: exercise.domain.clone(),
        minutes: exercise.minutes,
        ..Card::default()
    };
    Box::new(Opened {
        card,
        seed: *seed,
        task: format!("**{}:** `ssh {host}`\n\n{}", words.say("exam-host"), variant.task),
        host,
        hints: Vec::new(),
        hints_shown: 0,
        prompt: sitting.prompt(0),
    })
}
