//! What happens to the state, and what is to be done about it.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, MouseButton, MouseEvent, MouseEventKind};

use super::editor::{EditorPane, Outcome};
use super::exercise::{ExerciseScreen, Focus, Panel, Solution};
use super::home::{Home, Step};
use super::keys::{self, Command};
use super::message::{Effect, Msg};
use super::panel;
use super::prompt::Edit;
use super::state::{Screen, State};
use super::terminal::Mode;
use super::view;

/// Rows that one notch of the mouse wheel scrolls.
const WHEEL: usize = 3;

/// Takes a message in.
pub(crate) fn update(state: &mut State, msg: Msg) -> Option<Effect> {
    match msg {
        Msg::Resize(columns, rows) => state.size = (columns, rows),
        Msg::Said(text) => state.said = text,
        Msg::Opened(opened) => {
            state.said.clear();
            state.screen = Screen::Exercise(Box::new(ExerciseScreen::new(*opened)));
        }
        Msg::Key(key) if key.kind == KeyEventKind::Release => {}
        Msg::Key(_) if state.help => state.help = false,
        Msg::Key(key) => return on_key(state, key),
        Msg::Mouse(mouse) => return on_mouse(state, mouse),
        Msg::Graded(verdict) => {
            if let Screen::Exercise(exercise) = &mut state.screen {
                state.home.scored(&exercise.card.id, verdict.points);
                state.said = format!("{} of {} points", verdict.points, verdict.max);
                exercise.verdict = Some(verdict);
                exercise.show(Panel::Checks);
            }
        }
        other => {
            if let Some(exercise) = state.exercise() {
                on_terminal(exercise, other);
            }
        }
    }
    None
}

/// What comes from the shell and from around it.
fn on_terminal(exercise: &mut ExerciseScreen, msg: Msg) {
    let terminal = &mut exercise.terminal;
    match msg {
        Msg::Second(seconds) => exercise.seconds = seconds,
        Msg::Printed(bytes) => {
            terminal.output.write(&bytes);
            terminal.scrolled = 0;
        }
        Msg::Prompt(prompt) => terminal.wait_at(&prompt),
        Msg::Ask { prompt, hidden } => terminal.ask(&prompt, hidden),
        Msg::Ended => terminal.mode = Mode::Ended,
        Msg::Edit { path, text } => exercise.editor = Some(EditorPane::new(&path, &text)),
        Msg::Page(text) => exercise.pager = Some((text.lines().map(str::to_owned).collect(), 0)),
        Msg::Completed { replace, candidates } => on_completed(exercise, replace, candidates),
        Msg::Solution { script, diff, explain } => {
            exercise.solution = Some(Solution { script, diff, explain });
            exercise.show(Panel::Solution);
        }
        Msg::Paste(text) => match &mut exercise.editor {
            Some(editor) => editor.paste(&text),
            None => terminal.prompt.insert(&text.replace(['\r', '\n'], " ")),
        },
        _ => {}
    }
}

/// One candidate is put in; several are put in as far as they agree, then listed.
fn on_completed(exercise: &mut ExerciseScreen, replace: usize, candidates: Vec<String>) {
    let prompt = &mut exercise.terminal.prompt;
    match candidates.as_slice() {
        [] => {}
        [only] => {
            let space = if only.ends_with(['/', '=', ' ']) { "" } else { " " };
            prompt.complete(replace, &format!("{only}{space}"));
        }
        several => {
            let common = common_start(several);
            if common.len() > replace {
                prompt.complete(replace, &common);
            } else {
                exercise.terminal.candidates = candidates;
            }
        }
    }
}

fn common_start(words: &[String]) -> String {
    let mut common = words.first().cloned().unwrap_or_default();
    for word in words {
        let same =
            common.chars().zip(word.chars()).take_while(|(a, b)| a == b).map(|(c, _)| c.len_utf8()).sum();
        common.truncate(same);
    }
    common
}

fn on_key(state: &mut State, key: KeyEvent) -> Option<Effect> {
    let State { screen, home, .. } = state;
    match screen {
        Screen::Home => {
            state.said.clear();
            if !home.is_filtering() && matches!(key.code, KeyCode::Char('?') | KeyCode::F(1)) {
                state.help = true;
                return None;
            }
            home_key(home, key)
        }
        Screen::Exercise(exercise) => {
            if exercise.editor.is_some() {
                return editor_key(exercise, key);
            }
            if exercise.pager.is_some() {
                return pager_key(exercise, key);
            }
            match keys::command(key) {
                Some(command) => on_command(state, command),
                None if exercise.focus == Focus::Task => {
                    task_key(exercise, key);
                    None
                }
                None => terminal_key(exercise, key),
            }
        }
    }
}

fn home_key(home: &mut Home, key: KeyEvent) -> Option<Effect> {
    if home.is_filtering() {
        match key.code {
            KeyCode::Esc => home.filter(false, false),
            KeyCode::Enter => home.filter(false, true),
            KeyCode::Backspace => home.type_filter(None),
            KeyCode::Char(c) => home.type_filter(Some(c)),
            _ => {}
        }
        return None;
    }
    let step = match key.code {
        KeyCode::Up | KeyCode::Char('k') => Step::Up,
        KeyCode::Down | KeyCode::Char('j') => Step::Down,
        KeyCode::PageUp => Step::PageUp,
        KeyCode::PageDown => Step::PageDown,
        KeyCode::Home | KeyCode::Char('g') => Step::First,
        KeyCode::End | KeyCode::Char('G') => Step::Last,
        KeyCode::Char('/') => {
            home.filter(true, false);
            return None;
        }
        KeyCode::Esc => {
            home.filter(false, false);
            return None;
        }
        KeyCode::Enter => return home.open(),
        KeyCode::Char('q') => return Some(Effect::Quit),
        KeyCode::Char('c' | 'd') if keys::is_control(key, 'c') || keys::is_control(key, 'd') => {
            return Some(Effect::Quit);
        }
        _ => return None,
    };
    home.step(step);
    None
}

fn on_command(state: &mut State, command: Command) -> Option<Effect> {
    state.said.clear();
    if command == Command::Help {
        state.help = true;
        return None;
    }
    let State { screen: Screen::Exercise(exercise), said, .. } = state else { return None };
    match command {
        Command::Help => {}
        Command::Hint => {
            if !exercise.hint() {
                *said = "There are no more hints".into();
            }
        }
        Command::Check => return Some(Effect::Check),
        Command::Solution if exercise.solution.is_some() && exercise.panel != Panel::Solution => {
            exercise.show(Panel::Solution);
        }
        Command::Solution => return Some(Effect::ShowSolution),
        Command::Reset => return Some(Effect::Reset),
        Command::Undo => return Some(Effect::Undo),
        Command::Task => exercise.show(Panel::Task),
        Command::SwitchPane => {
            exercise.focus = match exercise.focus {
                Focus::Task => Focus::Terminal,
                Focus::Terminal => Focus::Task,
            };
        }
        Command::Wider => exercise.resize(true),
        Command::Narrower => exercise.resize(false),
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
        KeyCode::Esc | KeyCode::Enter => exercise.focus = Focus::Terminal,
        _ => {}
    }
}

fn editor_key(exercise: &mut ExerciseScreen, key: KeyEvent) -> Option<Effect> {
    let editor = exercise.editor.as_mut()?;
    let path = editor.path.clone();
    match editor.key(key) {
        Outcome::Stay => None,
        Outcome::Write(text) => Some(Effect::Write { path, text, closes: None }),
        Outcome::Close { write, exit } => {
            exercise.editor = None;
            Some(match write {
                Some(text) => Effect::Write { path, text, closes: Some(exit) },
                None => Effect::EditorClosed { exit },
            })
        }
    }
}

fn pager_key(exercise: &mut ExerciseScreen, key: KeyEvent) -> Option<Effect> {
    let (lines, at) = exercise.pager.as_mut()?;
    let last = lines.len().saturating_sub(1);
    match key.code {
        KeyCode::Char('q') | KeyCode::Esc => {
            exercise.pager = None;
            return Some(Effect::PageClosed);
        }
        KeyCode::Down | KeyCode::Enter | KeyCode::Char('j') => *at = (*at + 1).min(last),
        KeyCode::Up | KeyCode::Char('k') => *at = at.saturating_sub(1),
        KeyCode::PageDown | KeyCode::Char(' ') => *at = (*at + 20).min(last),
        KeyCode::PageUp | KeyCode::Char('b') => *at = at.saturating_sub(20),
        KeyCode::Char('g') | KeyCode::Home => *at = 0,
        KeyCode::Char('G') | KeyCode::End => *at = last,
        _ => {}
    }
    None
}

fn terminal_key(exercise: &mut ExerciseScreen, key: KeyEvent) -> Option<Effect> {
    let terminal = &mut exercise.terminal;
    match key.code {
        KeyCode::PageUp => terminal.scroll_page(true),
        KeyCode::PageDown => terminal.scroll_page(false),
        _ if keys::is_control(key, 'l') => terminal.output.clear(),
        _ => {
            return match terminal.mode {
                Mode::Running => keys::is_control(key, 'c').then_some(Effect::Interrupt),
                Mode::Prompt | Mode::Asking if terminal.prompt.search.is_some() => search_key(exercise, key),
                Mode::Prompt | Mode::Asking => prompt_key(exercise, key),
                Mode::Ended => None,
            };
        }
    }
    None
}

fn prompt_key(exercise: &mut ExerciseScreen, key: KeyEvent) -> Option<Effect> {
    let terminal = &mut exercise.terminal;
    terminal.scrolled = 0;
    let asking = terminal.mode == Mode::Asking;
    if key.code == KeyCode::Enter {
        let line = terminal.enter();
        return Some(if asking { Effect::Answer(line) } else { Effect::Run(line) });
    }
    terminal.candidates.clear();
    if keys::is_control(key, 'c') {
        terminal.abandon();
        return asking.then_some(Effect::Interrupt);
    }
    if keys::is_control(key, 'd') && terminal.prompt.line().is_empty() {
        return Some(Effect::CloseShell);
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
        return Some(Effect::Complete { line, cursor });
    }
    if let Some(edit) = keys::edit(key) {
        terminal.prompt.edit(edit);
    }
    None
}

/// Ctrl-R: letters narrow, Ctrl-R goes back further, Enter runs, anything else takes the line.
fn search_key(exercise: &mut ExerciseScreen, key: KeyEvent) -> Option<Effect> {
    let terminal = &mut exercise.terminal;
    let mut wanted = terminal.prompt.search.clone().unwrap_or_default();
    if keys::is_control(key, 'r') {
        terminal.prompt.search_older(true);
        return None;
    }
    match key.code {
        KeyCode::Char(c) if !key.modifiers.contains(crossterm::event::KeyModifiers::CONTROL) => {
            wanted.push(c)
        }
        KeyCode::Backspace => drop(wanted.pop()),
        KeyCode::Enter => {
            terminal.prompt.search = None;
            return prompt_key(exercise, key);
        }
        _ if keys::is_control(key, 'c') || keys::is_control(key, 'g') => {
            terminal.prompt.abandon();
            return None;
        }
        _ => {
            terminal.prompt.search = None;
            return prompt_key(exercise, key);
        }
    }
    terminal.prompt.search = Some(wanted);
    terminal.prompt.search_older(false);
    None
}

fn on_mouse(state: &mut State, mouse: MouseEvent) -> Option<Effect> {
    let (size, theme) = (state.size, state.theme);
    let Some(exercise) = state.exercise() else {
        match mouse.kind {
            MouseEventKind::ScrollDown => state.home.step(Step::Down),
            MouseEventKind::ScrollUp => state.home.step(Step::Up),
            _ => {}
        }
        return None;
    };
    let (task, _) = view::panes(size, exercise.split);
    let in_task = task.contains((mouse.column, mouse.row).into());
    match mouse.kind {
        MouseEventKind::ScrollUp if in_task => exercise.scrolled = exercise.scrolled.saturating_sub(WHEEL),
        MouseEventKind::ScrollDown if in_task => exercise.scrolled += WHEEL,
        MouseEventKind::ScrollUp => exercise.terminal.scroll(true, WHEEL),
        MouseEventKind::ScrollDown => exercise.terminal.scroll(false, WHEEL),
        MouseEventKind::Down(MouseButton::Left) => {
            exercise.focus = if in_task { Focus::Task } else { Focus::Terminal };
            let code = panel::code_at(exercise, view::inner(task), mouse.column, mouse.row, theme)?;
            exercise.focus = Focus::Terminal;
            if exercise.terminal.mode == Mode::Prompt && exercise.editor.is_none() {
                exercise.terminal.prompt.insert(&code);
            }
            return Some(Effect::Copy(code));
        }
        _ => {}
    }
    None
}
