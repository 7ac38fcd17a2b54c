//! The left pane: the task, the checks, or the solution with the difference to it.

use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::exercise::{ExerciseScreen, Panel};
use super::home::fit;
use super::markdown;
use super::message::{CheckLine, Verdict};
use super::terminal::wrap;
use super::theme::Theme;
use super::words::Words;

/// The whole text of the pane for a width, before scrolling.
pub(crate) fn lines(
    exercise: &ExerciseScreen,
    width: usize,
    theme: Theme,
    words: Words,
) -> Vec<Line<'static>> {
    match exercise.panel {
        Panel::Task => exercise.task_page(width, theme, words).lines,
        Panel::Checks => checks(exercise.verdict.as_ref(), width, theme, words),
        Panel::Solution => solution(exercise, width, theme, words),
    }
}

/// The title of the pane.
pub(crate) fn title(exercise: &ExerciseScreen, words: Words) -> String {
    words.say(match exercise.panel {
        Panel::Task => "title-task",
        Panel::Checks => "title-checks",
        Panel::Solution => "title-solution",
    })
}

/// The code under a cell of the screen, when the pane covers `area` and shows the task.
pub(crate) fn code_at(
    exercise: &ExerciseScreen,
    area: Rect,
    column: u16,
    row: u16,
    words: Words,
) -> Option<String> {
    if exercise.panel != Panel::Task || !area.contains((column, row).into()) {
        return None;
    }
    let page = exercise.task_page(usize::from(area.width), Theme::PLAIN, words);
    let (row, column) = (usize::from(row - area.y) + exercise.scrolled, usize::from(column - area.x));
    page.code_at(row, column).map(str::to_owned)
}

fn checks(verdict: Option<&Verdict>, width: usize, theme: Theme, words: Words) -> Vec<Line<'static>> {
    let Some(verdict) = verdict else {
        return broken(&words.say("checks-none"), width).into_iter().map(Line::raw).collect();
    };
    let passed = verdict.points == verdict.max;
    let style = if passed { theme.good() } else { theme.warn() };
    let won = [("won", verdict.points.into()), ("max", verdict.max.into())];
    let mut rows = vec![Line::styled(words.with("points-of", &won), style), Line::default()];
    for check in &verdict.checks {
        rows.extend(check_rows(check, width, theme, words));
    }
    if passed {
        let solved = words.say("checks-solved");
        rows.extend(broken(&solved, width).into_iter().map(|part| Line::styled(part, theme.faint())));
    }
    rows
}

fn check_rows(check: &CheckLine, width: usize, theme: Theme, words: Words) -> Vec<Line<'static>> {
    let full = check.points == check.max;
    let (mark, style) = if full { ("✓", theme.good()) } else { ("✗", theme.bad()) };
    let text = format!("{} ({}/{})", check.name, check.points, check.max);
    let mut rows = broken(&text, width.saturating_sub(2))
        .into_iter()
        .enumerate()
        .map(|(index, part)| {
            Line::from(vec![
                Span::styled(if index == 0 { mark } else { " " }, style),
                Span::raw(format!(" {part}")),
            ])
        })
        .collect::<Vec<_>>();
    if !full {
        let notes =
            [("check-wanted", &check.wanted), ("check-saw", &check.saw), ("check-why", &check.mistake)];
        for (label, text) in notes.iter().filter(|(_, text)| !text.is_empty()) {
            let label = words.say(label);
            for (index, part) in text.lines().enumerate() {
                let label = if index == 0 { format!("  {}", fit(&label, 8)) } else { " ".repeat(10) };
                rows.extend(hang(&label, part, width, theme.faint()));
            }
        }
    }
    rows.push(Line::default());
    rows
}

/// A text broken between words; a word longer than the width is broken in itself.
fn broken(text: &str, width: usize) -> Vec<String> {
    textwrap::wrap(text, width.max(1)).into_iter().map(|part| part.into_owned()).collect()
}

/// A label and a text that wraps behind it.
fn hang(label: &str, text: &str, width: usize, style: Style) -> Vec<Line<'static>> {
    let room = width.saturating_sub(label.width()).max(8);
    let lines = broken(text, room).into_iter().enumerate().map(|(index, part)| {
        let lead = if index == 0 { label.to_owned() } else { " ".repeat(label.width()) };
        Line::from(vec![Span::styled(lead, style), Span::raw(part)])
    });
    lines.collect()
}

fn solution(exercise: &ExerciseScreen, width: usize, theme: Theme, words: Words) -> Vec<Line<'static>> {
    let Some(solution) = &exercise.solution else { return Vec::new() };
    let mut rows = vec![Line::styled(words.say("solution-reference"), theme.strong())];
    for line in solution.script.lines().filter(|line| !line.starts_with("#!")) {
        rows.extend(wrap(&Line::styled(line.to_owned(), theme.code()), width));
    }
    rows.push(Line::default());
    rows.push(Line::styled(words.say("solution-difference"), theme.strong()));
    if solution.diff.is_empty() {
        rows.push(Line::raw(words.say("solution-same")));
    }
    for line in solution.diff.lines() {
        rows.extend(wrap(&Line::styled(line.to_owned(), diff_style(line, theme)), width));
    }
    if !solution.explain.is_empty() {
        rows.push(Line::default());
        rows.extend(markdown::page(&solution.explain, width, theme).lines);
    }
    rows
}

fn diff_style(line: &str, theme: Theme) -> Style {
    match line.chars().next() {
        Some('+') => theme.good(),
        Some('-') if theme.color => theme.bad(),
        Some('@') => theme.faint(),
        _ => Style::new(),
    }
}
