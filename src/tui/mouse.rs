//! What the mouse does: choose, scroll, copy.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};
use unicode_width::UnicodeWidthStr;

use super::exercise::{ExerciseScreen, Focus};
use super::home::Step;
use super::message::Effect;
use super::panel;
use super::selection::Selection;
use super::state::{Screen, State};
use super::tab::Front;
use super::terminal::Mode;
use super::view;

/// Rows that one notch of the wheel scrolls.
const WHEEL: usize = 3;

/// Takes an event of the mouse in.
pub(crate) fn on_mouse(state: &mut State, mouse: MouseEvent) -> Option<Effect> {
    match mouse.kind {
        MouseEventKind::Down(MouseButton::Left) => press(state, mouse),
        MouseEventKind::Drag(MouseButton::Left) => {
            if let Some(selection) = &mut state.selection {
                selection.drag(mouse.column, mouse.row);
            }
            None
        }
        MouseEventKind::Up(MouseButton::Left) => release(state, mouse),
        MouseEventKind::ScrollUp => {
            wheel(state, mouse, true);
            None
        }
        MouseEventKind::ScrollDown => {
            wheel(state, mouse, false);
            None
        }
        _ => None,
    }
}

/// The pane under the mouse: the task, or a terminal by number.
fn pane_at(exercise: &ExerciseScreen, size: (u16, u16), at: Position) -> Option<(Rect, Option<usize>)> {
    let (task, terminals) = view::panes(size, exercise);
    if task.contains(at) {
        return Some((task, None));
    }
    let mut all = terminals.into_iter().zip(exercise.shown().iter().copied());
    all.find(|(pane, _)| pane.contains(at)).map(|(pane, number)| (pane, Some(number)))
}

fn press(state: &mut State, mouse: MouseEvent) -> Option<Effect> {
    state.selection = None;
    let (size, at) = (state.size, Position::new(mouse.column, mouse.row));
    let Screen::Exercise(exercise) = &mut state.screen else {
        return if state.home.click(mouse.row) { state.home.open() } else { None };
    };
    let (pane, terminal) = pane_at(exercise, size, at)?;
    match terminal {
        None => exercise.focus = Focus::Task,
        Some(number) => exercise.choose(number),
    }
    if terminal.is_some() && at.y == pane.y {
        let mut column = pane.x + 1;
        for (number, mark) in view::tab_marks(exercise) {
            let end = column + mark.width() as u16;
            if (column..end).contains(&at.x) {
                exercise.choose(number);
            }
            column = end;
        }
        return None;
    }
    let inside = view::inner(pane);
    if inside.contains(at) {
        state.selection = Some(Selection::new(inside, at.x, at.y));
    }
    None
}

fn release(state: &mut State, mouse: MouseEvent) -> Option<Effect> {
    let selection = state.selection.as_mut()?;
    selection.drag(mouse.column, mouse.row);
    if selection.is_wide() {
        let text = selection.text(&state.drawn);
        state.said = state.words.say("said-copied");
        return Some(Effect::Copy(text));
    }
    state.selection = None;
    click(state, mouse)
}

/// A click on code in the task copies it, and puts it at the prompt.
fn click(state: &mut State, mouse: MouseEvent) -> Option<Effect> {
    let (size, words) = (state.size, state.words);
    let exercise = state.exercise()?;
    let (task, _) = view::panes(size, exercise);
    let code = panel::code_at(exercise, view::inner(task), mouse.column, mouse.row, words)?;
    exercise.focus = Focus::Terminal;
    let tab = exercise.tab();
    if tab.terminal.mode == Mode::Prompt && tab.front.is_none() {
        tab.terminal.prompt.insert(&code);
    }
    state.said = state.words.say("said-copied");
    Some(Effect::Copy(code))
}

fn wheel(state: &mut State, mouse: MouseEvent, up: bool) {
    let (size, at) = (state.size, Position::new(mouse.column, mouse.row));
    let Screen::Exercise(exercise) = &mut state.screen else {
        return state.home.step(if up { Step::Up } else { Step::Down });
    };
    state.selection = None;
    let Some((_, terminal)) = pane_at(exercise, size, at) else { return };
    let Some(tab) = terminal.and_then(|number| exercise.tabs.get_mut(number)) else {
        exercise.scrolled =
            if up { exercise.scrolled.saturating_sub(WHEEL) } else { exercise.scrolled + WHEEL };
        return;
    };
    match &mut tab.front {
        Some(Front::Editor(editor)) => editor.scroll(up, WHEEL),
        Some(Front::Pager(pager)) => pager.scroll(up, WHEEL),
        None => tab.terminal.scroll(up, WHEEL),
    }
}
