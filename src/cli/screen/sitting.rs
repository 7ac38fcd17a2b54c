//! One exercise being worked on, kept as a sitting of one task.

use std::time::Instant;

use crate::cluster::World;
use crate::exam::journal::{Act, FORMAT, Head, Kind, PackMark, TaskMark};
use crate::exam::progress::{Attempt, SOLUTION};
use crate::exam::seat::{Seat, Typed};
use crate::exercises::grade::CheckReport;
use crate::exercises::{CheckTexts, Exercise, Report, Stage, compare, grade};
use crate::tui::{Card, CheckLine, Effect, FromShell, Msg, Opened, Verdict, Words};

use super::kept::{self, Kept};
use super::{data, news, packs, progress, texts};

/// An open exercise.
pub(super) struct Sitting {
    kept: Kept,
    words: Words,
    seconds_shown: u64,
}

impl Sitting {
    /// Prepares an exercise.
    pub(super) fn open(
        id: &str,
        seed: Option<u64>,
        words: Words,
        now: Instant,
    ) -> Result<(Self, Opened), String> {
        let exercise = packs::find(id)?;
        let seed = seed.unwrap_or_else(fresh_seed);
        let kept = Kept::begin(head(&exercise, seed), vec![exercise], now)?;
        let mut sitting = Self { kept, words, seconds_shown: 0 };
        let _ = sitting.kept.act(Act::Turn { task: 0 }, now)?;
        // Building the world takes real time that is not the learner's.
        sitting.kept.forgive(now, Instant::now());
        let opened = sitting.opened()?;
        Ok((sitting, opened))
    }

    /// Goes on with the exercise that was cut off last, with what makes the screen look as it did.
    pub(super) fn resume(words: Words, now: Instant) -> Result<(Self, Opened, Vec<Msg>), String> {
        let path = kept::journals()?.into_iter().find(|path| kept::is_cut_off(path, Kind::Practice));
        let path = path.ok_or("there is no exercise to go on with: none was cut off")?;
        let mut replay = news::Replay::default();
        let mut msgs = Vec::new();
        let kept = Kept::resume(&path, &packs::all(), now, |sitting, entry, news| {
            let on = if let Act::Terminal { on, .. } = entry.act { Some(on) } else { None };
            msgs.extend(replay.messages(sitting.front, on, news));
        })?;
        let gave_up = kept.gave_up();
        let mut sitting = Self { kept, words, seconds_shown: 0 };
        let replayed = Instant::now();
        sitting.kept.forgive(now, replayed);
        if sitting.kept.sitting.seat().is_none() {
            let _ = sitting.kept.act(Act::Turn { task: 0 }, replayed)?;
        }
        msgs.extend(sitting.act(Act::Resume { at_s: data::now_s() }, replayed));
        for act in replay.closing(0) {
            msgs.extend(sitting.act(act, replayed));
        }
        let opened = sitting.opened()?;
        msgs.extend(gave_up.then(|| Msg::Said(words.say("said-gave-up"))));
        Ok((sitting, opened, msgs))
    }

    fn opened(&self) -> Result<Opened, String> {
        let task = self.kept.sitting.task().ok_or("the sitting has no task")?;
        let exercise = task.exercise.translated(self.words.0.code());
        let variant = exercise.variant(task.seed).map_err(|problems| packs::lines(&problems))?;
        let card = Card {
            id: exercise.id.clone(),
            pack: exercise.pack.clone(),
            title: variant.title,
            domain: exercise.domain.clone(),
            difficulty: exercise.difficulty.clone(),
            minutes: exercise.minutes,
            points: exercise.points,
            best: None,
        };
        let prompt = self.seat()?.first_prompt().to_owned();
        Ok(Opened {
            card,
            seed: task.seed,
            task: variant.task,
            host: variant.host,
            hints: variant.hints,
            hints_shown: usize::try_from(task.hints).unwrap_or(0),
            prompt,
        })
    }

    fn seat(&self) -> Result<&Seat, String> {
        self.kept.sitting.seat().ok_or_else(|| "the exercise has no terminal".into())
    }

    /// True while a command runs, so that frames follow each other quickly.
    pub(super) fn is_busy(&self) -> bool {
        self.kept.sitting.is_busy()
    }

    /// Moves simulated time on with the real clock and runs what waits for it.
    pub(super) fn pass_time(&mut self, now: Instant) -> Vec<Msg> {
        let mut msgs = match self.kept.pass(now) {
            Ok(news) => news::messages(news),
            Err(why) => vec![Msg::Said(why)],
        };
        let seconds = self.kept.sitting.at_ms / 1000;
        if seconds != self.seconds_shown {
            self.seconds_shown = seconds;
            msgs.push(Msg::Second(seconds));
        }
        msgs
    }

    /// Carries out what the screen asks for.
    pub(super) fn carry_out(&mut self, effect: Effect, now: Instant) -> Vec<Msg> {
        match effect {
            Effect::Check => self.check(now),
            Effect::ShowSolution => self.solution(now),
            Effect::Hint => self.act(Act::Hint, now),
            other => {
                let sitting = &self.kept.sitting;
                if let Some(msg) = news::completed(sitting, &other) {
                    return vec![msg];
                }
                let terminals = sitting.terminals();
                let Some(act) = news::act(&other, terminals) else { return Vec::new() };
                let mut msgs = self.act(act, now);
                let restarted = msgs.iter().any(|msg| matches!(msg, Msg::Restarted { .. }));
                match other {
                    Effect::Reset if restarted => msgs.push(Msg::Said(self.words.say("said-reset"))),
                    Effect::Undo if restarted => msgs.push(Msg::Said(self.words.say("said-undone"))),
                    Effect::Undo => return vec![Msg::Said(self.words.say("said-nothing-to-undo"))],
                    _ => {}
                }
                msgs
            }
        }
    }

    fn act(&mut self, act: Act, now: Instant) -> Vec<Msg> {
        let mut msgs = match self.kept.act(act, now) {
            Ok(news) => news::messages(news),
            Err(why) => vec![Msg::Said(why)],
        };
        let ended = msgs.iter().any(|msg| matches!(msg, Msg::Shell(_, FromShell::Ended)));
        if ended && self.kept.sitting.terminals() == 1 {
            msgs.push(Msg::Said(self.words.say("said-ended")));
        }
        msgs
    }

    /// The learner is done with it: it is not taken up again.
    pub(super) fn leave(mut self, now: Instant) {
        // When even this cannot be written, the exercise can be taken up again, which harms nobody.
        let _ = self.kept.act(Act::End { submitted: false }, now);
    }

    fn check(&mut self, now: Instant) -> Vec<Msg> {
        let mut msgs = self.act(Act::Check, now);
        let (Some(task), Ok(seat)) = (self.kept.sitting.task(), self.seat()) else { return msgs };
        let report = grade(seat.stage(), &Stage::settled(&seat.world()));
        let seconds = self.kept.sitting.at_ms / 1000;
        let help = match (task.solution_seen, task.hints) {
            (true, _) => SOLUTION,
            (false, 1..) => "hint",
            (false, 0) => "",
        };
        let attempt = Attempt::new(&task.exercise, task.seed, &report, seconds, data::now_s());
        let attempt = Attempt { help: help.to_owned(), ..attempt };
        let noted = progress::note(&[attempt]);
        let texts = texts::of(&task.exercise, task.seed, self.words);
        msgs.push(Msg::Graded(verdict(report, &texts, self.words)));
        if let Err(why) = noted {
            msgs.push(Msg::Said(self.words.with("said-not-kept", &[("why", why.into())])));
        }
        msgs
    }

    fn solution(&mut self, now: Instant) -> Vec<Msg> {
        let mut msgs = self.act(Act::Solution, now);
        let told = self.seat().and_then(|seat| {
            let mine = Stage::settled(&seat.world());
            solution(seat.stage(), &mine, seat.commands(), self.words)
        });
        msgs.push(told.unwrap_or_else(Msg::Said));
        msgs
    }
}

/// The beginning of a sitting of one exercise.
fn head(exercise: &Exercise, seed: u64) -> Head {
    let packs = packs::all();
    let mark = |it: &crate::exercises::Pack| PackMark {
        id: it.id.clone(),
        version: it.version.clone(),
        hash: it.hash.clone(),
    };
    Head {
        format: FORMAT,
        kind: Kind::Practice,
        began_s: data::now_s(),
        seed,
        blueprint: String::new(),
        limit_min: None,
        packs: packs.iter().filter(|pack| pack.id == exercise.pack).map(mark).collect(),
        tasks: vec![TaskMark {
            pack: exercise.pack.clone(),
            exercise: exercise.id.clone(),
            seed,
            host: String::new(),
        }],
    }
}

/// The reference, the learner's commands with their times beside it, and how the ends differ.
pub(super) fn solution(stage: &Stage, mine: &World, commands: &[Typed], words: Words) -> Result<Msg, String> {
    let variant = &stage.variant;
    let reference = stage.run("solution.sh", &variant.solution)?;
    let at = |ms: u64| format!("{:02}:{:02}", ms / 60_000, ms / 1000 % 60);
    let shown =
        |it: &Typed| format!("# {}  {}\n", at(it.ms), it.line.trim_end().replace('\n', "\n#        "));
    let yours: String = commands.iter().map(shown).collect();
    let count = words.with("solution-yours", &[("count", commands.len().into())]);
    let script = format!("{}\n# {count}\n{yours}", variant.solution.trim_end());
    let diff = compare::diff(&stage.start, mine, &reference.world);
    Ok(Msg::Solution { script, diff, explain: variant.explain.clone() })
}

fn verdict(report: Report, texts: &[CheckTexts], words: Words) -> Verdict {
    let line = |(index, it): (usize, CheckReport)| {
        let mut line = CheckLine {
            name: it.name,
            points: it.points,
            max: it.max,
            saw: it.saw,
            wanted: it.wanted,
            mistake: it.mistake,
        };
        if let Some(texts) = texts.get(index) {
            texts::put(texts, (&mut line.name, &mut line.wanted, &mut line.mistake), words);
        }
        line
    };
    let checks = report.checks.into_iter().enumerate().map(line).collect();
    Verdict { points: report.points, max: report.max, checks }
}

/// A seed that nobody chose: a fresh variant every time.
pub(super) fn fresh_seed() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(1, |since| since.as_secs() % 1_000_000)
}
