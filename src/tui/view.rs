//! Draws the state.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Margin, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph};

use super::exercise::{ExerciseScreen, Focus};
use super::keys;
use super::panel;
use super::state::{Screen, State};
use super::theme::Theme;

/// The smallest screen that everything fits on.
const SMALLEST: (u16, u16) = (40, 10);

/// Draws everything.
pub(crate) fn view(state: &mut State, frame: &mut Frame<'_>) {
    let area = frame.area();
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        let text = format!("The screen is too small: {}×{} is needed", SMALLEST.0, SMALLEST.1);
        frame.render_widget(Paragraph::new(text), area);
        return;
    }
    let State { screen, home, theme, help, said, .. } = state;
    match screen {
        Screen::Home => home.draw(frame, area, *theme, said),
        Screen::Exercise(exercise) => draw_exercise(exercise, frame, area, *theme, said),
    }
    if *help {
        draw_help(frame, area, *theme, matches!(screen, Screen::Exercise(_)));
    }
}

/// Where the task and the terminal are, borders included, on a screen of that size.
pub(crate) fn panes(size: (u16, u16), split: u16) -> (Rect, Rect) {
    let middle = Rect::new(0, 1, size.0, size.1.saturating_sub(2));
    let [left, right] =
        Layout::horizontal([Constraint::Percentage(split), Constraint::Percentage(100 - split)])
            .areas(middle);
    (left, right)
}

/// What a pane has inside its border.
pub(crate) fn inner(pane: Rect) -> Rect {
    pane.inner(Margin::new(1, 1))
}

fn draw_exercise(exercise: &mut ExerciseScreen, frame: &mut Frame<'_>, area: Rect, theme: Theme, said: &str) {
    let (left, right) = panes((area.width, area.height), exercise.split);
    let [top, _, bottom] =
        Layout::vertical([Constraint::Length(1), Constraint::Min(1), Constraint::Length(1)]).areas(area);
    frame.render_widget(Paragraph::new(header(exercise, area.width, theme)), top);
    draw_task(exercise, frame, left, theme);
    draw_terminal(exercise, frame, right, theme);
    let foot =
        if said.is_empty() { keys_line(theme) } else { Line::styled(format!(" {said}"), theme.warn()) };
    frame.render_widget(Paragraph::new(foot), bottom);
}

fn header(exercise: &ExerciseScreen, width: u16, theme: Theme) -> Line<'static> {
    let (won, max) = exercise.points();
    let points = won.map_or_else(|| format!("{max} points"), |won| format!("{won}/{max} points"));
    let right = format!("{}  {}/{} min  {points} ", exercise.host, exercise.clock(), exercise.card.minutes);
    let room = usize::from(width).saturating_sub(right.chars().count() + 2);
    let late = exercise.seconds >= u64::from(exercise.card.minutes) * 60;
    Line::from(vec![
        Span::raw(" "),
        Span::styled(super::home::fit(&exercise.card.title, room), theme.strong()),
        Span::raw(" "),
        Span::styled(right, if late { theme.warn() } else { theme.faint() }),
    ])
}

fn keys_line(theme: Theme) -> Line<'static> {
    let keys = " F1 help  F2 hint  F3 check  F4 solution  F5 reset  F6 undo  F8 pane  F10 list";
    Line::styled(keys, theme.faint())
}

fn draw_task(exercise: &mut ExerciseScreen, frame: &mut Frame<'_>, pane: Rect, theme: Theme) {
    let focused = exercise.focus == Focus::Task;
    let area = inner(pane);
    let lines = panel::lines(exercise, usize::from(area.width), theme);
    let most = lines.len().saturating_sub(usize::from(area.height));
    exercise.scrolled = exercise.scrolled.min(most);
    let below = most > exercise.scrolled;
    let mut block = Block::bordered().title(panel::title(exercise)).border_style(theme.border(focused));
    if below {
        block = block.title_bottom(" ▼ more ");
    }
    frame.render_widget(block, pane);
    let shown: Vec<Line<'_>> =
        lines.into_iter().skip(exercise.scrolled).take(usize::from(area.height)).collect();
    frame.render_widget(Paragraph::new(shown), area);
}

fn draw_terminal(exercise: &mut ExerciseScreen, frame: &mut Frame<'_>, pane: Rect, theme: Theme) {
    let focused = exercise.focus == Focus::Terminal;
    let title = match (&exercise.editor, &exercise.pager) {
        (Some(editor), _) => format!(" vim {} ", editor.path),
        (None, Some(_)) => " q quits, space goes on ".to_owned(),
        _ if exercise.terminal.scrolled > 0 => format!(" {} rows back ", exercise.terminal.scrolled),
        _ => " Terminal ".to_owned(),
    };
    let block = Block::bordered().title(title).border_style(theme.border(focused));
    frame.render_widget(block, pane);
    let area = inner(pane);
    if let Some(editor) = &mut exercise.editor {
        editor.draw(frame, area, theme);
    } else if let Some((lines, at)) = &exercise.pager {
        let shown: Vec<Line<'_>> =
            lines.iter().skip(*at).take(usize::from(area.height)).map(|it| Line::raw(it.as_str())).collect();
        frame.render_widget(Paragraph::new(shown), area);
    } else {
        exercise.terminal.draw(frame, area, focused, theme);
    }
}

fn draw_help(frame: &mut Frame<'_>, area: Rect, theme: Theme, exercise: bool) {
    let mut rows: Vec<(String, String)> = Vec::new();
    if exercise {
        rows.extend(keys::COMMANDS.iter().map(|(.., key, says)| ((*key).to_owned(), (*says).to_owned())));
        rows.push((String::new(), String::new()));
        rows.extend(keys::TERMINAL_HELP.iter().map(|(key, says)| ((*key).to_owned(), (*says).to_owned())));
    } else {
        let home = [
            ("↑ ↓ j k", "choose an exercise"),
            ("Enter", "open it: a fresh variant every time"),
            ("/", "filter by title or domain"),
            ("q", "quit"),
        ];
        rows.extend(home.map(|(key, says)| (key.to_owned(), says.to_owned())));
    }
    let height = (rows.len() as u16 + 2).min(area.height);
    let width = 72.min(area.width);
    let place = Rect::new((area.width - width) / 2, (area.height - height) / 2, width, height);
    let lines: Vec<Line<'_>> = rows
        .into_iter()
        .map(|(key, says)| {
            Line::from(vec![Span::styled(format!(" {key:<18}"), theme.strong()), Span::raw(says)])
        })
        .collect();
    frame.render_widget(Clear, place);
    let block = Block::bordered().title(" Help: any key closes it ").border_style(theme.border(true));
    frame.render_widget(Paragraph::new(lines).block(block), place);
}
