//! The real terminal: events in, frames out, and the world's time following the real clock.

use std::io::{IsTerminal, stdout};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::Args;
use crossterm::event::{self, Event};
use crossterm::{clipboard::CopyToClipboard, execute};
use ratatui::DefaultTerminal;
use signal_hook::consts;

use super::guard::{self, Then};
use super::settings::Settings;
use super::{data, drill, packs, progress};
use crate::cluster::templates;
use crate::tui::{Card, Effect, ExamChoice, ExamEffect, Msg, State, update, view};

mod exam;
mod kept;
mod news;
mod offers;
mod plain;
mod replay;
mod sitting;
mod texts;

pub(crate) use exam::ExamArgs;
use exam::{Exam, Wanted};
use sitting::Sitting;

/// Arguments of `uncordon practice`.
#[derive(Debug, Args)]
pub(crate) struct PracticeArgs {
    /// An exercise's id, PACK/ID, or its folder; without one the home screen opens
    exercise: Option<String>,
    /// Which variant; a fresh one without
    #[arg(long)]
    seed: Option<u64>,
    /// Lines in, lines out, for screen readers: no full screen; `:help` tells the commands
    #[arg(long)]
    plain: bool,
    /// Go on with the exercise that was cut off last
    #[arg(long, conflicts_with_all = ["exercise", "seed"])]
    resume: bool,
    /// Print what was done in an attempt, with its times: the last one, or the journal FILE
    #[arg(long, value_name = "FILE", num_args = 0..=1, conflicts_with_all = ["exercise", "seed", "plain", "resume"])]
    replay: Option<Option<PathBuf>>,
}

/// How long a frame waits for a key while something runs, and while nothing does.
const BUSY_FRAME: Duration = Duration::from_millis(16);
const IDLE_FRAME: Duration = Duration::from_millis(250);

/// What the screen opens with.
enum Opening {
    Home,
    Exercise(String, Option<u64>),
    Drill,
    /// The exercise that was cut off last.
    Resume,
    Exam(Wanted),
}

/// Builds the world that most exercises begin with while the screen is read; it stays for the process.
fn build_ahead() {
    let building = std::thread::Builder::new().stack_size(super::stack_bytes());
    // Without the thread it is built when an exercise opens.
    let _ = building.spawn(|| drop(templates::default_world(0)));
}

/// The home screen.
pub(crate) fn home(settings: Settings) -> Result<u8, String> {
    show(Opening::Home, settings)
}

/// One exercise.
pub(crate) fn practice(args: &PracticeArgs, settings: Settings) -> Result<u8, String> {
    if let Some(file) = &args.replay {
        return replay::run(file.as_deref());
    }
    match (&args.exercise, args.plain) {
        _ if args.resume && args.plain => plain::resume(settings),
        _ if args.resume => show(Opening::Resume, settings),
        (Some(id), true) => plain::practice(id, args.seed, settings),
        (None, true) => Err("--plain needs an exercise; `uncordon list` shows them all".into()),
        (Some(id), false) => {
            let id = packs::find(id)?.id;
            show(Opening::Exercise(id, args.seed), settings)
        }
        (None, false) => show(Opening::Home, settings),
    }
}

/// What is due for review.
pub(crate) fn drill(settings: Settings) -> Result<u8, String> {
    show(Opening::Drill, settings)
}

/// The same line by line: leaving one exercise begins the next.
pub(crate) fn drill_plain(ids: &[String], settings: Settings) -> Result<u8, String> {
    for id in ids {
        plain::practice(id, None, settings)?;
    }
    Ok(0)
}

/// A mock exam.
pub(crate) fn exam(args: &ExamArgs, settings: Settings) -> Result<u8, String> {
    match exam::wanted(args)? {
        Wanted::Nothing => Ok(0),
        wanted if args.plain => plain::exam(wanted, settings),
        wanted => show(Opening::Exam(wanted), settings),
    }
}

fn show(opening: Opening, settings: Settings) -> Result<u8, String> {
    let dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
    if dumb || !stdout().is_terminal() || !std::io::stdin().is_terminal() {
        return Err(
            "the screen needs a terminal that can be drawn on; without one there are `uncordon list`, \
                    `practice EXERCISE --plain`, `exam --plain`, `grade`, `sh`, `replay` and `pack` (see `uncordon --help`)"
                .into(),
        );
    }
    let size = crossterm::terminal::size().map_err(|error| error.to_string())?;
    let signals = Signals::watch()?;
    let mut terminal =
        ratatui::try_init().map_err(|error| format!("this terminal cannot show the screen: {error}"))?;
    restore_after_panic();
    // What cannot be switched on is done without.
    let _ = execute!(stdout(), event::EnableMouseCapture, event::EnableBracketedPaste);
    guard::restore_with(Some(restore));
    let state = State::new(settings.theme, settings.words, size);
    let ended = Screen { state, sitting: None, exam: None, signals }.run(&mut terminal, opening);
    guard::restore_with(None);
    restore();
    let (exit, says) = ended?;
    if !says.is_empty() {
        println!("{says}");
    }
    Ok(exit)
}

/// The terminal as it was before [`show`].
fn restore() {
    leave_modes();
    ratatui::restore();
}

/// Takes back what [`show`] switched on beside the screen itself.
fn leave_modes() {
    let _ = execute!(stdout(), event::DisableMouseCapture, event::DisableBracketedPaste);
}

/// A panic leaves the terminal as it was: the mouse too, before the screen's own hook restores the rest.
fn restore_after_panic() {
    let next = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        leave_modes();
        next(info);
    }));
}

/// Signals that end the program: the loop sees them and restores the terminal.
struct Signals(Vec<(i32, Arc<AtomicBool>)>);

impl Signals {
    fn watch() -> Result<Self, String> {
        // Not SIGHUP: the terminal is gone then, reading from it would never return, and nothing is left to restore.
        let wanted = [consts::SIGTERM, consts::SIGINT];
        let watch = |signal| {
            let seen = Arc::new(AtomicBool::new(false));
            signal_hook::flag::register(signal, seen.clone()).map(|_| (signal, seen))
        };
        let watched = wanted.into_iter().map(watch).collect::<Result<Vec<_>, _>>();
        watched.map(Self).map_err(|error| error.to_string())
    }

    /// The exit code of a program that the signal ended: 128 and its number.
    fn exit(&self) -> Option<u8> {
        let seen = self.0.iter().find(|(_, seen)| seen.load(Ordering::SeqCst));
        seen.and_then(|(signal, _)| u8::try_from(128 + signal).ok())
    }
}

/// What takes real time and might never end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Guarded {
    Terminal,
    Opening,
    Grading,
}

impl Guarded {
    /// What an effect of the screen has done.
    fn by(effect: &Effect) -> Self {
        match effect {
            Effect::Check | Effect::ShowSolution => Self::Grading,
            Effect::Exam(ExamEffect::Turn(_)) => Self::Opening,
            _ => Self::Terminal,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Terminal => "what runs in the terminal",
            Self::Opening => "the set-up of the exercise",
            Self::Grading => "the grading",
        }
    }
}

/// The arguments that take up what was cut off last.
fn again(command: &str, settings: Settings) -> Vec<String> {
    let words = [command, "--resume", "--lang", settings.words.0.code(), "--theme", settings.theme.name];
    words.map(str::to_owned).to_vec()
}

fn cards(language: &str) -> Vec<Card> {
    let best = progress::best();
    packs::all()
        .iter()
        .flat_map(|pack| &pack.exercises)
        .map(|it| Card {
            id: it.id.clone(),
            pack: it.pack.clone(),
            title: it.translated(language).title,
            domain: it.domain.clone(),
            difficulty: it.difficulty.clone(),
            minutes: it.minutes,
            points: it.points,
            best: best.get(&it.id).copied(),
        })
        .collect()
}

/// The loop's own state.
struct Screen {
    state: State,
    sitting: Option<Sitting>,
    exam: Option<Exam>,
    signals: Signals,
}

impl Screen {
    /// Runs to the end: the exit code, and what is worth saying once the screen is gone.
    fn run(mut self, terminal: &mut DefaultTerminal, opening: Opening) -> Result<(u8, String), String> {
        // The first frame does not wait for packs and worlds.
        self.draw(terminal)?;
        let goes_on = match &opening {
            Opening::Resume => self.takes_up("practice"),
            Opening::Exam(Wanted::Resume(..)) => self.takes_up("exam"),
            _ => Then::Exit,
        };
        guard::over("what was to be opened", goes_on, || self.begin(opening))?;
        self.draw(terminal)?;
        self.read_cards();
        build_ahead();
        loop {
            self.draw(terminal)?;
            if let Some(exit) = self.signals.exit() {
                return Ok((exit, String::new()));
            }
            let busy = self.sitting.as_ref().is_some_and(Sitting::is_busy)
                || self.exam.as_ref().is_some_and(Exam::is_busy);
            if self.events(if busy { BUSY_FRAME } else { IDLE_FRAME })? {
                self.leave();
                return Ok((0, self.exam.map(|exam| exam.last_words()).unwrap_or_default()));
            }
            self.pass_time();
        }
    }

    fn begin(&mut self, opening: Opening) -> Result<(), String> {
        let now = Instant::now();
        match opening {
            Opening::Home | Opening::Exam(Wanted::Nothing) => {}
            Opening::Exercise(id, seed) => self.open_exercise(&id, seed),
            Opening::Drill => self.show_drill(true),
            Opening::Resume => {
                let (sitting, opened, msgs) = Sitting::resume(self.state.words, now)?;
                self.sitting = Some(sitting);
                self.show_again([Msg::Opened(Box::new(opened))].into_iter().chain(msgs));
            }
            Opening::Exam(Wanted::Begin(head, name)) => {
                let (exam, msgs) = Exam::begin(*head, name, self.state.words, now)?;
                self.exam = Some(exam);
                self.show_again(msgs);
            }
            Opening::Exam(Wanted::Resume(path, name)) => {
                let (exam, msgs) = Exam::resume(&path, name, self.state.words, now)?;
                self.exam = Some(exam);
                self.show_again(msgs);
            }
        }
        Ok(())
    }

    /// Tells the state what happened before; what it asks for was done then.
    fn show_again(&mut self, msgs: impl IntoIterator<Item = Msg>) {
        for msg in msgs {
            let _ = update(&mut self.state, msg);
        }
    }

    /// What to go on with when something on a terminal of this sitting never ends.
    fn takes_up(&self, command: &str) -> Then {
        Then::Resume(again(command, Settings { theme: self.state.theme, words: self.state.words }))
    }

    /// Does what a terminal of the sitting runs; what never ends is given up.
    fn guarded<T>(&mut self, what: Guarded, act: impl FnOnce(&mut Self) -> T) -> T {
        let then = match (what, &self.exam, &self.sitting) {
            (Guarded::Terminal, Some(_), _) => self.takes_up("exam"),
            (Guarded::Terminal, None, Some(_)) => self.takes_up("practice"),
            _ => Then::Exit,
        };
        guard::over(what.name(), then, || act(self))
    }

    fn leave(&mut self) {
        if let Some(sitting) = self.sitting.take() {
            sitting.leave(Instant::now());
        }
    }

    fn draw(&mut self, terminal: &mut DefaultTerminal) -> Result<(), String> {
        let drawn = terminal.draw(|frame| view(&mut self.state, frame));
        drawn.map(drop).map_err(|error| error.to_string())
    }

    fn read_cards(&mut self) {
        let cards = cards(self.state.words.0.code());
        self.tell(Msg::Cards(cards));
        for why in packs::untold() {
            self.tell(Msg::Said(why));
        }
        self.read_offers();
    }

    fn read_offers(&mut self) {
        self.tell(Msg::Offers(Box::new(offers::read())));
    }

    fn show_drill(&mut self, alone: bool) {
        match drill::piles(self.state.words) {
            Ok(piles) => self.tell(Msg::Drill { now_s: data::now_s(), piles, alone }),
            Err(why) => self.tell(Msg::Said(why)),
        }
    }

    fn begin_exam(&mut self, choice: ExamChoice) {
        let begun = exam::wanted(&ExamArgs::choosing(choice)).and_then(|it| self.begin(Opening::Exam(it)));
        if let Err(why) = begun {
            self.tell(Msg::Said(why));
        }
    }

    /// Tells the state, and does what it asks for in turn.
    fn tell(&mut self, msg: Msg) {
        if let Some(effect) = update(&mut self.state, msg) {
            let _ = self.carry_out(effect);
        }
    }

    /// Takes every event that is there; true when the learner quits.
    fn events(&mut self, wait: Duration) -> Result<bool, String> {
        let fail = |error: std::io::Error| error.to_string();
        let mut wait = wait;
        while event::poll(wait).map_err(fail)? {
            wait = Duration::ZERO;
            let msg = match event::read().map_err(fail)? {
                Event::Key(key) => Msg::Key(key),
                Event::Mouse(mouse) => Msg::Mouse(mouse),
                Event::Paste(text) => Msg::Paste(text),
                Event::Resize(columns, rows) => Msg::Resize(columns, rows),
                Event::FocusGained | Event::FocusLost => continue,
            };
            if let Some(effect) = update(&mut self.state, msg)
                && self.carry_out(effect)
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn pass_time(&mut self) {
        let now = Instant::now();
        let what = match &self.exam {
            Some(exam) if exam.grades_next() => Guarded::Grading,
            _ => Guarded::Terminal,
        };
        let msgs = self.guarded(what, |it| match (&mut it.exam, &mut it.sitting) {
            (Some(exam), _) => exam.pass_time(now),
            (None, Some(sitting)) => sitting.pass_time(now),
            (None, None) => Vec::new(),
        });
        msgs.into_iter().for_each(|msg| self.tell(msg));
    }

    fn open_exercise(&mut self, id: &str, seed: Option<u64>) {
        let words = self.state.words;
        let opened = self.guarded(Guarded::Opening, |_| Sitting::open(id, seed, words, Instant::now()));
        match opened {
            Ok((sitting, opened)) => {
                self.sitting = Some(sitting);
                self.tell(Msg::Opened(Box::new(opened)));
            }
            Err(why) => self.tell(Msg::Said(why)),
        }
    }

    /// True when the program is to end.
    fn carry_out(&mut self, effect: Effect) -> bool {
        match effect {
            Effect::Quit => return true,
            Effect::Open { id, seed } => self.open_exercise(&id, seed),
            Effect::Leave => {
                self.leave();
                self.read_offers();
                if self.state.drill.is_some() {
                    self.show_drill(false);
                }
            }
            Effect::Drill => self.show_drill(false),
            Effect::BeginExam(choice) => self.begin_exam(choice),
            Effect::Copy(text) => {
                // A terminal without a clipboard ignores it; the text stands on the screen anyway.
                let _ = execute!(stdout(), CopyToClipboard::to_clipboard_from(text));
            }
            Effect::Settings => {
                let settings = Settings { theme: self.state.theme, words: self.state.words };
                self.read_cards();
                if let Err(why) = settings.keep() {
                    self.tell(Msg::Said(why));
                }
            }
            other => {
                let now = Instant::now();
                let msgs = self.guarded(Guarded::by(&other), |it| match (&mut it.exam, &mut it.sitting) {
                    (Some(exam), _) => exam.carry_out(other, now),
                    (None, Some(sitting)) => sitting.carry_out(other, now),
                    (None, None) => Vec::new(),
                });
                msgs.into_iter().for_each(|msg| self.tell(msg));
            }
        }
        false
    }
}
