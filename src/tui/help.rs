//! The help: it knows where the learner is.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph};

use super::exercise::{ExerciseScreen, Focus};
use super::home::fit;
use super::state::Screen;
use super::tab::Front;
use super::theme::Theme;
use super::words::Words;
use super::{keys, popup};

/// Keys of one place: what is written on them, and the key of their words.
type Rows = Vec<(&'static str, &'static str)>;

/// The keys of the place where the keyboard is, with the key of its name.
fn here(screen: &Screen, drill: bool) -> (&'static str, Rows) {
    let exercise = match screen {
        Screen::Exercise(exercise) => exercise,
        Screen::Home if drill => return ("title-drill", keys::DRILL_HELP.to_vec()),
        Screen::Home => return ("title-exercises", keys::HOME_HELP.to_vec()),
    };
    if exercise.focus == Focus::Task {
        return ("title-task", keys::TASK_HELP.to_vec());
    }
    let Some(tab) = exercise.tabs.get(exercise.front()) else { return ("title-terminal", Vec::new()) };
    match &tab.front {
        Some(Front::Editor(editor)) if editor.program() == "nano" => ("title-nano", keys::NANO_HELP.to_vec()),
        Some(Front::Editor(_)) => ("title-vim", keys::VIM_HELP.to_vec()),
        Some(Front::Pager(_)) => ("title-less", keys::PAGER_HELP.to_vec()),
        None if tab.terminal.back.is_some() => ("title-look-back", keys::BACK_HELP.to_vec()),
        None => ("title-terminal", keys::TERMINAL_HELP.to_vec()),
    }
}

/// The keys of the exercise screen, those of one command together.
fn everywhere() -> Vec<(String, &'static str)> {
    let mut rows: Vec<(String, &'static str)> = Vec::new();
    for key in keys::COMMANDS.iter().filter(|key| !key.label.is_empty()) {
        match rows.iter_mut().find(|(_, says)| *says == key.says) {
            Some((labels, _)) => labels.push_str(&format!(" {}", key.label)),
            None => rows.push((key.label.to_owned(), key.says)),
        }
    }
    rows
}

/// The keys of the place where the keyboard is, under its name.
pub(super) fn place_rows(screen: &Screen, room: usize, theme: Theme, words: Words) -> Vec<Line<'static>> {
    let (place, rows) = here(screen, false);
    let heading = Line::styled(format!(" {}", words.say(place)), theme.strong());
    let rows = rows.iter().flat_map(|(label, says)| row(label, &words.say(says), room, theme));
    std::iter::once(heading).chain(rows).collect()
}

/// Draws the help over the screen: the place's own keys, then those that work everywhere.
///
/// `drill` is true while the drill lies over the home screen.
pub(crate) fn draw(
    (screen, drill): (&Screen, bool),
    frame: &mut Frame<'_>,
    area: Rect,
    theme: Theme,
    words: Words,
) {
    let (place, rows) = here(screen, drill);
    let width = 78.min(area.width);
    let room = usize::from(width.saturating_sub(2));
    let heading = |text: String| Line::styled(format!(" {text}"), theme.strong());
    let mut lines = vec![heading(words.say(place))];
    lines.extend(rows.iter().flat_map(|(label, says)| row(label, &words.say(says), room, theme)));
    if matches!(screen, Screen::Exercise(_)) {
        lines.push(heading(words.say("help-everywhere")));
        let all = everywhere();
        lines.extend(all.iter().flat_map(|(label, says)| row(label, &words.say(says), room, theme)));
    }
    let height = (lines.len() as u16 + 2).min(area.height);
    let [_, middle, _] =
        Layout::vertical([Constraint::Fill(1), Constraint::Length(height), Constraint::Fill(1)]).areas(area);
    let place = Rect::new((area.width - width) / 2, middle.y, width, height);
    let title = format!(" {} ", words.say("help-title"));
    let block = Block::bordered().title(title).border_style(theme.border(true));
    popup::draw(frame, place, block, Paragraph::new(lines));
}

/// Columns of the keys, before what they do.
const LABEL_WIDTH: usize = 20;

/// What a key does; what is too long for one line goes on below.
fn row(label: &str, says: &str, room: usize, theme: Theme) -> Vec<Line<'static>> {
    let parts = textwrap::wrap(says, room.saturating_sub(LABEL_WIDTH + 1).max(1));
    let line = |(at, part): (usize, &std::borrow::Cow<'_, str>)| {
        let label = if at == 0 { fit(&format!(" {label}"), LABEL_WIDTH) } else { " ".repeat(LABEL_WIDTH) };
        Line::from(vec![Span::styled(label, theme.code()), Span::raw(format!(" {part}"))])
    };
    parts.iter().enumerate().map(line).collect()
}

/// What the last line of the exercise screen says of its keys.
pub(crate) fn keys_line(exercise: &ExerciseScreen, words: Words) -> String {
    let front = exercise.tabs.get(exercise.front());
    let key = match front.and_then(|tab| tab.front.as_ref()) {
        Some(Front::Editor(editor)) if editor.program() == "nano" => "keys-nano",
        Some(Front::Editor(_)) => "keys-vim",
        Some(Front::Pager(_)) => "keys-less",
        None if front.is_some_and(|tab| tab.terminal.back.is_some()) => "keys-look-back",
        None => "keys-exercise",
    };
    words.say(key)
}
