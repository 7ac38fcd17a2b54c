//! Draws the state.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Margin, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph};
use unicode_width::UnicodeWidthStr;

use super::exercise::{ExerciseScreen, Focus};
use super::help;
use super::home::fit;
use super::menu;
use super::panel;
use super::state::{Screen, State};
use super::tab::Front;
use super::theme::Theme;
use super::words::Words;

/// The smallest screen that everything fits on.
const SMALLEST: (u16, u16) = (40, 10);

/// Draws everything.
pub(crate) fn view(state: &mut State, frame: &mut Frame<'_>) {
    let area = frame.area();
    let words = state.words;
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        let size = [("columns", SMALLEST.0.into()), ("rows", SMALLEST.1.into())];
        frame.render_widget(Paragraph::new(words.with("too-small", &size)), area);
        return;
    }
    let State { screen, exam, home, menu, drill, theme, help, said, .. } = state;
    match screen {
        Screen::Home => match drill {
            Some(drill) => drill.draw(frame, area, home, (*theme, words), said),
            None => home.draw(frame, area, *theme, words, said),
        },
        Screen::Exercise(exercise) => draw_exercise(exercise, frame, area, (*theme, words), said),
    }
    if let Some(chosen) = menu {
        menu::draw(home, *chosen, frame, area, (*theme, words));
    }
    if let Some(exam) = exam {
        exam.draw(frame, area, screen, (*theme, words), said);
    }
    if *help {
        help::draw((screen, drill.is_some()), frame, area, *theme, words);
    }
    // The mouse chooses among what is drawn, without its own mark.
    state.drawn.clone_from(frame.buffer_mut());
    if let Some(selection) = &state.selection {
        selection.draw(frame.buffer_mut());
    }
}

/// Where the task and the terminals are, borders included, on a screen of that size.
pub(crate) fn panes(size: (u16, u16), exercise: &ExerciseScreen) -> (Rect, Vec<Rect>) {
    let middle = Rect::new(0, 1, size.0, size.1.saturating_sub(2));
    let width = if exercise.zoomed { 0 } else { exercise.width };
    let [left, right] =
        Layout::horizontal([Constraint::Percentage(width), Constraint::Percentage(100 - width)])
            .areas(middle);
    let shares = vec![Constraint::Fill(1); exercise.shown().len()];
    (left, Layout::vertical(shares).split(right).to_vec())
}

/// What a pane has inside its border.
pub(crate) fn inner(pane: Rect) -> Rect {
    pane.inner(Margin::new(1, 1))
}

fn draw_exercise(
    exercise: &mut ExerciseScreen,
    frame: &mut Frame<'_>,
    area: Rect,
    (theme, words): (Theme, Words),
    said: &str,
) {
    let (left, right) = panes((area.width, area.height), exercise);
    let [top, _, bottom] =
        Layout::vertical([Constraint::Length(1), Constraint::Min(1), Constraint::Length(1)]).areas(area);
    frame.render_widget(Paragraph::new(header(exercise, area.width, theme, words)), top);
    if !exercise.zoomed {
        draw_task(exercise, frame, left, theme, words);
    }
    for (number, pane) in exercise.shown().to_vec().into_iter().zip(right) {
        draw_terminal(exercise, number, frame, pane, (theme, words));
    }
    let foot = if said.is_empty() {
        Line::styled(format!(" {}", help::keys_line(exercise, words)), theme.faint())
    } else {
        Line::styled(format!(" {said}"), theme.warn())
    };
    frame.render_widget(Paragraph::new(foot), bottom);
}

fn header(exercise: &ExerciseScreen, width: u16, theme: Theme, words: Words) -> Line<'static> {
    let (won, max) = exercise.points();
    let points = match won {
        Some(won) => words.with("header-won", &[("won", won.into()), ("max", max.into())]),
        None => words.with("header-points", &[("max", max.into())]),
    };
    let time = [("clock", exercise.clock().into()), ("minutes", exercise.card.minutes.into())];
    let right = format!("{}  {}  {points} ", exercise.host, words.with("header-time", &time));
    let room = usize::from(width).saturating_sub(right.width() + 2);
    let late = exercise.seconds >= u64::from(exercise.card.minutes) * 60;
    Line::from(vec![
        Span::raw(" "),
        Span::styled(fit(&exercise.card.title, room), theme.strong()),
        Span::raw(" "),
        Span::styled(right, if late { theme.warn() } else { theme.faint() }),
    ])
}

fn draw_task(exercise: &mut ExerciseScreen, frame: &mut Frame<'_>, pane: Rect, theme: Theme, words: Words) {
    let focused = exercise.focus == Focus::Task;
    let area = inner(pane);
    let lines = panel::lines(exercise, usize::from(area.width), theme, words);
    let most = lines.len().saturating_sub(usize::from(area.height));
    exercise.scrolled = exercise.scrolled.min(most);
    let below = most > exercise.scrolled;
    let title = format!(" {} ", panel::title(exercise, words));
    let mut block = Block::bordered().title(title).border_style(theme.border(focused));
    if below {
        block = block.title_bottom(format!(" ▼ {} ", words.say("more")));
    }
    frame.render_widget(block, pane);
    let shown: Vec<Line<'_>> =
        lines.into_iter().skip(exercise.scrolled).take(usize::from(area.height)).collect();
    frame.render_widget(Paragraph::new(shown), area);
}

/// The numbers of the terminals in the title of a pane, when there are several, with their columns.
pub(crate) fn tab_marks(exercise: &ExerciseScreen) -> Vec<(usize, String)> {
    if exercise.tabs.len() < 2 {
        return Vec::new();
    }
    (0..exercise.tabs.len()).map(|number| (number, format!(" {} ", number + 1))).collect()
}

fn title(exercise: &ExerciseScreen, number: usize, (theme, words): (Theme, Words)) -> Line<'static> {
    let mut spans: Vec<Span<'static>> = tab_marks(exercise)
        .into_iter()
        .map(|(tab, mark)| Span::styled(mark, if tab == number { theme.chosen() } else { theme.faint() }))
        .collect();
    let Some(tab) = exercise.tabs.get(number) else { return Line::default() };
    let text = match &tab.front {
        Some(Front::Editor(editor)) => format!("{} {}", editor.program(), editor.name),
        Some(Front::Pager(pager)) => pager.name().to_owned(),
        None if tab.terminal.back.is_some() => words.say("title-look-back"),
        None if tab.terminal.scrolled > 0 => {
            words.with("title-scrolled", &[("rows", tab.terminal.scrolled.into())])
        }
        None => words.say("title-terminal"),
    };
    spans.push(Span::raw(format!(" {text} ")));
    Line::from(spans)
}

fn draw_terminal(
    exercise: &mut ExerciseScreen,
    number: usize,
    frame: &mut Frame<'_>,
    pane: Rect,
    (theme, words): (Theme, Words),
) {
    let focused = exercise.focus == Focus::Terminal && exercise.front() == number;
    let title = title(exercise, number, (theme, words));
    let block = Block::bordered().title(title).border_style(theme.border(focused));
    frame.render_widget(block, pane);
    let area = inner(pane);
    let Some(tab) = exercise.tabs.get_mut(number) else { return };
    match &mut tab.front {
        Some(Front::Editor(editor)) => editor.draw(frame, area, focused, theme),
        Some(Front::Pager(pager)) => pager.draw(frame, area, theme),
        None => tab.terminal.draw(frame, area, focused, theme),
    }
}
