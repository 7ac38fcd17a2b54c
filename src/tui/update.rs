//! What happens to the state, and what is to be done about it.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind};

use super::back::{LookBack, Looked};
use super::drill::DrillScreen;
use super::exam;
use super::exercise::{ExerciseScreen, Focus, Panel, Solution};
use super::keys::{self, Command};
use super::menu;
use super::message::{Effect, Msg, ToShell};
use super::mouse;
use super::prompt::Edit;
use super::state::{Screen, State};
use super::tab::Front;
use super::terminal::{Mode, Terminal};

/// Takes a message in.
pub(crate) fn update(state: &mut State, msg: Msg) -> Option<Effect> {
    let msg = match exam::intercept(state, msg) {
        Ok(effect) => return effect,
        Err(msg) => msg,
    };
    match msg {
        Msg::Resize(columns, rows) => {
            state.size = (columns, rows);
            state.selection = None;
        }
        Msg::Said(text) => state.said = text,
        Msg::Cards(cards) => state.home.renew(cards),
        Msg::Offers(offers) => state.home.offers = *offers,
        Msg::Drill { now_s, piles, alone } => {
            let before = state.drill.as_deref();
            state.drill = Some(Box::new(DrillScreen::renewed(before, now_s, piles, alone)));
        }
        Msg::Opened(opened) => {
            state.said.clear();
            state.screen = Screen::Exercise(Box::new(ExerciseScreen::new(*opened)));
        }
        Msg::Key(key) if key.kind == KeyEventKind::Release => {}
        Msg::Key(_) if state.help => state.help = false,
        Msg::Key(key) => {
            state.selection = None;
            return on_key(state, key);
        }
        Msg::Mouse(_) if state.help => {}
        Msg::Mouse(mouse) => return mouse::on_mouse(state, mouse),
        Msg::Graded(verdict) => {
            if let Screen::Exercise(exercise) = &mut state.screen {
                state.home.scored(&exercise.card.id, verdict.points);
                if let Some(drill) = &mut state.drill {
                    drill.graded(&exercise.card.id, &verdict);
                }
                let won = [("won", verdict.points.into()), ("max", verdict.max.into())];
                state.said = state.words.with("points-of", &won);
                exercise.verdict = Some(verdict);
                exercise.show(Panel::Checks);
            }
        }
        other => return state.exercise().and_then(|exercise| on_exercise(exercise, other)),
    }
    None
}

/// What comes from the shells and from around them.
fn on_exercise(exercise: &mut ExerciseScreen, msg: Msg) -> Option<Effect> {
    match msg {
        Msg::Second(seconds) => exercise.seconds = seconds,
        Msg::Shell(number, msg) => {
            let ended = matches!(msg, super::message::FromShell::Ended);
            if ended && exercise.tabs.len() > 1 {
                exercise.close(number);
                return Some(Effect::CloseTerminal(number));
            }
            let tab = exercise.tabs.get_mut(number)?;
            let next = tab
                .take(msg)
                .or_else(|| if tab.front.is_none() { ahead(&mut tab.terminal) } else { None })?;
            return Some(Effect::Shell(number, next));
        }
        Msg::Terminal { prompt } => exercise.add_tab(&prompt),
        Msg::Restarted { prompt } => exercise.restart(&prompt),
        Msg::Solution { script, diff, explain } => {
            exercise.solution = Some(Solution { script, diff, explain });
            exercise.show(Panel::Solution);
        }
        Msg::Paste(text) => return paste(exercise, &text),
        _ => {}
    }
    None
}

fn paste(exercise: &mut ExerciseScreen, text: &str) -> Option<Effect> {
    let number = exercise.front();
    let tab = exercise.tab();
    match &mut tab.front {
        Some(Front::Editor(editor)) => {
            let next = editor.paste(text);
            return tab.after(next).map(|it| Effect::Shell(number, it));
        }
        Some(Front::Pager(_)) => {}
        None => {
            tab.terminal.scrolled = 0;
            tab.terminal.back = None;
            tab.terminal.prompt.insert(text);
        }
    }
    None
}

fn on_key(state: &mut State, key: KeyEvent) -> Option<Effect> {
    let Screen::Exercise(exercise) = &mut state.screen else { return menu::key(state, key) };
    let in_editor = exercise.focus == Focus::Terminal && exercise.tab().front.is_some();
    if let Some(command) = keys::command(key, in_editor) {
        return on_command(state, command);
    }
    if let Some(number) = keys::terminal_number(key).filter(|_| !in_editor) {
        exercise.choose(number);
        return None;
    }
    if exercise.focus == Focus::Task {
        if key.code == KeyCode::Char('?') {
            state.help = true;
        } else {
            task_key(exercise, key);
        }
        return None;
    }
    let number = exercise.front();
    let tab = exercise.tab();
    let next = match &mut tab.front {
        Some(Front::Editor(editor)) => editor.key(key),
        Some(Front::Pager(pager)) => pager.key(key),
        None => return terminal_key(state, key),
    };
    tab.after(next).map(|it| Effect::Shell(number, it))
}

fn on_command(state: &mut State, command: Command) -> Option<Effect> {
    state.said.clear();
    if command == Command::Help {
        state.help = true;
        return None;
    }
    let State { screen: Screen::Exercise(exercise), said, words, .. } = state else { return None };
    match command {
        Command::Help => {}
        Command::Hint => {
            if exercise.hint() {
                return Some(Effect::Hint);
            }
            *said = words.say("said-no-hints");
        }
        Command::Check => return Some(Effect::Check),
        Command::Solution if exercise.solution.is_some() && exercise.panel != Panel::Solution => {
            exercise.show(Panel::Solution);
        }
        Command::Solution => return Some(Effect::ShowSolution),
        Command::Reset => return Some(Effect::Reset),
        Command::Undo => return Some(Effect::Undo),
        Command::Task => exercise.show(Panel::Task),
        Command::Zoom => {
            exercise.zoomed = !exercise.zoomed;
            exercise.focus = Focus::Terminal;
        }
        Command::SwitchPane => {
            exercise.zoomed = false;
            exercise.focus = match exercise.focus {
                Focus::Task => Focus::Terminal,
                Focus::Terminal => Focus::Task,
            };
        }
        Command::LookBack => {
            exercise.focus = Focus::Terminal;
            let tab = exercise.tab();
            if tab.front.is_none() {
                tab.terminal.back = match tab.terminal.back.take() {
                    Some(_) => None,
                    None => Some(LookBack::new(&tab.terminal.output)),
                };
            }
        }
        Command::Wider => exercise.resize(true),
        Command::Narrower => exercise.resize(false),
        Command::NewTerminal if exercise.has_room() => return Some(Effect::NewTerminal),
        Command::NewTerminal => *said = words.say("said-no-room"),
        Command::NextTerminal => exercise.step_tab(true),
        Command::LastTerminal => exercise.step_tab(false),
        Command::Split => {
            if !exercise.split() {
                *said = words.say("said-no-second");
            }
        }
        Command::Leave => {
            state.screen = Screen::Home;
            return Some(Effect::Leave);
        }
    }
    None
}

fn task_key(exercise: &mut ExerciseScreen, key: KeyEvent) {
    match key.code {
        KeyCode::Up | KeyCode::Char('k') => exercise.scrolled = exercise.scrolled.saturating_sub(1),
        KeyCode::Down | KeyCode::Char('j') => exercise.scrolled += 1,
        KeyCode::PageUp => exercise.scrolled = exercise.scrolled.saturating_sub(10),
        KeyCode::PageDown | KeyCode::Char(' ') => exercise.scrolled += 10,
        KeyCode::Home | KeyCode::Char('g') => exercise.scrolled = 0,
        KeyCode::End | KeyCode::Char('G') => exercise.scrolled = usize::MAX / 2,
        KeyCode::Esc | KeyCode::Enter | KeyCode::Tab => exercise.focus = Focus::Terminal,
        _ => {}
    }
}

/// A key for the shell, or for the look back at what it printed.
fn terminal_key(state: &mut State, key: KeyEvent) -> Option<Effect> {
    let words = state.words;
    let exercise = state.exercise()?;
    let number = exercise.front();
    let terminal = &mut exercise.tab().terminal;
    if let Some(back) = &mut terminal.back {
        let looked = back.key(key, &terminal.output);
        if looked != Looked::On {
            terminal.back = None;
        }
        let Looked::Copy(text) = looked else { return None };
        state.said = words.say("said-copied");
        return Some(Effect::Copy(text));
    }
    match key.code {
        KeyCode::PageUp => terminal.scroll_page(true),
        KeyCode::PageDown => terminal.scroll_page(false),
        _ if keys::is_control(key, 'l') => terminal.output.clear(),
        _ => {
            let next = match terminal.mode {
                // `q` leaves `top` and `watch`, which have the whole screen and read no lines.
                Mode::Running
                    if keys::is_control(key, 'c')
                        || (terminal.output.is_whole_screen() && key.code == KeyCode::Char('q')) =>
                {
                    terminal.ahead.clear();
                    Some(ToShell::Interrupt)
                }
                Mode::Running | Mode::Asking if keys::is_control(key, 'z') => {
                    terminal.ahead.clear();
                    Some(ToShell::Stop)
                }
                Mode::Running => {
                    terminal.type_ahead(key);
                    None
                }
                Mode::Prompt | Mode::Asking => line_key(terminal, key),
                Mode::Ended => None,
            };
            return next.map(|it| Effect::Shell(number, it));
        }
    }
    None
}

/// Takes what was typed while a program ran, up to the first key that starts something.
fn ahead(terminal: &mut Terminal) -> Option<ToShell> {
    while matches!(terminal.mode, Mode::Prompt | Mode::Asking) && !terminal.ahead.is_empty() {
        let key = terminal.ahead.remove(0);
        if let Some(next) = line_key(terminal, key) {
            return Some(next);
        }
    }
    None
}

/// A key for the line that is being typed, or for a search in older ones.
fn line_key(terminal: &mut Terminal, key: KeyEvent) -> Option<ToShell> {
    if terminal.prompt.search.is_some() { search_key(terminal, key) } else { prompt_key(terminal, key) }
}

fn prompt_key(terminal: &mut Terminal, key: KeyEvent) -> Option<ToShell> {
    terminal.scrolled = 0;
    let asking = terminal.mode == Mode::Asking;
    if key.code == KeyCode::Enter || keys::is_control(key, 'j') || keys::is_control(key, 'm') {
        let line = terminal.enter()?;
        return Some(if asking { ToShell::Answer(line) } else { ToShell::Run(line) });
    }
    terminal.candidates.clear();
    if keys::is_control(key, 'c') {
        terminal.abandon();
        return asking.then_some(ToShell::Interrupt);
    }
    if keys::is_control(key, 'd') && terminal.prompt.line().is_empty() {
        return Some(ToShell::Close);
    }
    if keys::is_control(key, 'd') {
        terminal.prompt.edit(Edit::Delete);
        return None;
    }
    if keys::is_control(key, 'r') {
        terminal.prompt.search = Some(String::new());
        return None;
    }
    if key.code == KeyCode::Tab && !asking {
        let (line, cursor) = (terminal.prompt.line().to_owned(), terminal.prompt.cursor());
        return Some(ToShell::Complete { line, cursor });
    }
    if let Some(edit) = keys::edit(key) {
        terminal.prompt.edit(edit);
    }
    None
}

/// Ctrl-R: letters narrow, Ctrl-R goes back further, Enter runs, anything else takes the line.
fn search_key(terminal: &mut Terminal, key: KeyEvent) -> Option<ToShell> {
    let prompt = &mut terminal.prompt;
    let mut wanted = prompt.search.clone().unwrap_or_default();
    if keys::is_control(key, 'r') {
        prompt.search_older(true);
        return None;
    }
    match key.code {
        KeyCode::Char(c) if !key.modifiers.contains(crossterm::event::KeyModifiers::CONTROL) => {
            wanted.push(c)
        }
        KeyCode::Backspace => drop(wanted.pop()),
        _ if keys::is_control(key, 'c') || keys::is_control(key, 'g') => {
            prompt.abandon();
            return None;
        }
        KeyCode::Esc => {
            prompt.search = None;
            return None;
        }
        _ => {
            prompt.search = None;
            return prompt_key(terminal, key);
        }
    }
    prompt.search = Some(wanted);
    prompt.search_older(false);
    None
}
