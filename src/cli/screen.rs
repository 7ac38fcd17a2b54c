//! The real terminal: events in, frames out, and the world's time following the real clock.

use std::collections::VecDeque;
use std::io::{IsTerminal, stdout};
use std::time::{Duration, Instant};

use clap::Args;
use crossterm::event::{self, Event};
use crossterm::{clipboard::CopyToClipboard, execute};
use ratatui::DefaultTerminal;

use super::{data, packs, progress};
use crate::tui::{Card, Effect, Msg, State, Theme, update, view};

mod sitting;

use sitting::Sitting;

/// Arguments of `uncordon practice`.
#[derive(Debug, Args)]
pub(crate) struct PracticeArgs {
    /// An exercise's id, PACK/ID, or its folder; without one the home screen opens
    exercise: Option<String>,
    /// Which variant; a fresh one without
    #[arg(long)]
    seed: Option<u64>,
}

/// How long a frame waits for a key while something runs, and while nothing does.
const BUSY_FRAME: Duration = Duration::from_millis(16);
const IDLE_FRAME: Duration = Duration::from_millis(250);

/// The home screen.
pub(crate) fn home() -> Result<u8, String> {
    show(None)
}

/// One exercise.
pub(crate) fn practice(args: &PracticeArgs) -> Result<u8, String> {
    match &args.exercise {
        None => show(None),
        Some(word) => {
            let exercise = packs::find(word)?;
            show(Some((exercise.id, args.seed)))
        }
    }
}

/// Several exercises, one after the other: leaving one opens the next.
pub(crate) fn practice_all(ids: Vec<String>) -> Result<u8, String> {
    let mut ids = ids.into_iter().map(|id| (id, None));
    let first = ids.next();
    show_all(first, ids.collect())
}

fn show(open: Option<(String, Option<u64>)>) -> Result<u8, String> {
    show_all(open, VecDeque::new())
}

fn show_all(
    open: Option<(String, Option<u64>)>,
    later: VecDeque<(String, Option<u64>)>,
) -> Result<u8, String> {
    if !stdout().is_terminal() || !std::io::stdin().is_terminal() {
        return Err("the screen needs a terminal; without one there are `uncordon list`, `grade`, `sh`, `replay` and \
                    `pack` (see `uncordon --help`)"
            .into());
    }
    let size = crossterm::terminal::size().map_err(|error| error.to_string())?;
    let state = State::new(cards(), theme(), size);
    let mut terminal =
        ratatui::try_init().map_err(|error| format!("this terminal cannot show the screen: {error}"))?;
    // What cannot be switched on is done without.
    let _ = execute!(stdout(), event::EnableMouseCapture, event::EnableBracketedPaste);
    let ended = Screen { state, sitting: None, open, later }.run(&mut terminal);
    let _ = execute!(stdout(), event::DisableMouseCapture, event::DisableBracketedPaste);
    ratatui::restore();
    ended.map(|()| 0)
}

fn theme() -> Theme {
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
        || std::env::var_os("TERM").is_some_and(|value| value == "dumb");
    if plain { Theme::PLAIN } else { Theme::COLOR }
}

fn cards() -> Vec<Card> {
    let best = progress::best();
    packs::all()
        .iter()
        .flat_map(|pack| &pack.exercises)
        .map(|it| Card {
            id: it.id.clone(),
            pack: it.pack.clone(),
            title: it.title.clone(),
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
    /// What is opened before the first key.
    open: Option<(String, Option<u64>)>,
    /// What is opened when that is left.
    later: VecDeque<(String, Option<u64>)>,
}

impl Screen {
    fn run(mut self, terminal: &mut DefaultTerminal) -> Result<(), String> {
        if let Some((id, seed)) = self.open.take() {
            self.open_exercise(&id, seed);
        }
        loop {
            terminal.draw(|frame| view(&mut self.state, frame)).map_err(|error| error.to_string())?;
            let wait =
                if self.sitting.as_ref().is_some_and(Sitting::is_busy) { BUSY_FRAME } else { IDLE_FRAME };
            if self.events(wait)? {
                return Ok(());
            }
            self.pass_time();
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
        let Some(sitting) = &mut self.sitting else { return };
        for msg in sitting.pass_time(Instant::now()) {
            let _ = update(&mut self.state, msg);
        }
    }

    fn open_exercise(&mut self, id: &str, seed: Option<u64>) {
        match Sitting::open(id, seed, Instant::now()) {
            Ok((sitting, opened)) => {
                self.sitting = Some(sitting);
                let _ = update(&mut self.state, Msg::Opened(Box::new(opened)));
            }
            Err(why) => drop(update(&mut self.state, Msg::Said(why))),
        }
    }

    /// True when the program is to end.
    fn carry_out(&mut self, effect: Effect) -> bool {
        match effect {
            Effect::Quit => return true,
            Effect::Open { id, seed } => self.open_exercise(&id, seed),
            Effect::Leave => {
                self.sitting = None;
                if let Some((id, seed)) = self.later.pop_front() {
                    self.open_exercise(&id, seed);
                }
            }
            Effect::Copy(text) => {
                // A terminal without a clipboard ignores it; the text stands at the prompt anyway.
                let _ = execute!(stdout(), CopyToClipboard::to_clipboard_from(text));
            }
            other => {
                let Some(sitting) = &mut self.sitting else { return false };
                for msg in sitting.carry_out(other, Instant::now()) {
                    let _ = update(&mut self.state, msg);
                }
            }
        }
        false
    }
}
