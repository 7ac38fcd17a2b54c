//! What nano shows: its title, the text, and two lines of keys.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::yaml;
use crate::shell::nano::{HELP, Nano};
use crate::tui::theme::Theme;

/// Draws an editor into `area`.
pub(super) fn draw(
    nano: &mut Nano,
    frame: &mut Frame<'_>,
    area: Rect,
    (focused, yaml): (bool, bool),
    theme: Theme,
) {
    let [head, body, message, keys] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Min(1),
        Constraint::Length(1),
        Constraint::Length(2),
    ])
    .areas(area);
    let (width, height) = (usize::from(body.width), usize::from(body.height));
    nano.show(height);
    let reversed = Style::new().add_modifier(Modifier::REVERSED);
    frame.render_widget(Paragraph::new(Line::styled(title(nano, width), reversed)), head);
    let cursor = nano.cursor();
    let gutter = gutter(nano);
    let width = width.saturating_sub(gutter).max(1);
    let column: usize = widths(nano.line(cursor.row), nano.options().tab).take(cursor.col).sum();
    // nano shows a long line from a page that holds the cursor on.
    let left = if column + 1 < width { 0 } else { column - column % width.saturating_sub(8).max(1) };
    let text = (nano.top()..nano.line_count())
        .take(height)
        .map(|row| shown(nano, row, if row == cursor.row { left } else { 0 }, yaml, theme));
    let help = HELP.iter().map(|line| Line::raw(*line));
    let rows: Vec<Line<'_>> = if nano.helps() { help.collect() } else { text.collect() };
    frame.render_widget(Paragraph::new(rows), body);
    frame.render_widget(Paragraph::new(below(nano, usize::from(area.width))), message);
    frame.render_widget(Paragraph::new(key_rows(nano, usize::from(area.width))), keys);
    if !focused {
        return;
    }
    if let Some(prompt) = nano.prompt() {
        let column = prompt.width().min(usize::from(area.width).saturating_sub(1));
        frame.set_cursor_position(Position::new(message.x + column as u16, message.y));
    } else if !nano.helps() {
        let (x, y) = (gutter + column.saturating_sub(left), cursor.row.saturating_sub(nano.top()));
        frame.set_cursor_position(Position::new(body.x + x as u16, body.y + y as u16));
    }
}

/// Columns of the line numbers.
fn gutter(nano: &Nano) -> usize {
    let digits = nano.line_count().to_string().len().max(2);
    if nano.options().numbers && !nano.helps() { digits + 1 } else { 0 }
}

fn widths(line: &[char], tab: usize) -> impl Iterator<Item = usize> {
    let mut column = 0;
    line.iter().map(move |c| {
        let width = if *c == '\t' { tab - column % tab } else { c.width().unwrap_or(0) };
        column += width;
        width
    })
}

fn title(nano: &Nano, width: usize) -> String {
    let name = if nano.name().is_empty() { "New Buffer" } else { nano.name() };
    let right = if nano.is_modified() { "Modified " } else { "" };
    let left = "  GNU nano 7.2";
    // Room is kept for `Modified` at the right, and three columns stand behind the version.
    let head = left.len() + 1;
    let before = head + width.saturating_sub(head + 10 + name.width()) / 2;
    let text = format!("{left:<before$}{name}");
    let fill = width.saturating_sub(text.width() + right.len());
    format!("{text}{}{right}", " ".repeat(fill))
}

fn shown(nano: &Nano, row: usize, left: usize, yaml: bool, theme: Theme) -> Line<'static> {
    let line = nano.line(row);
    let colors = if yaml { yaml::styles(line, theme) } else { vec![Style::new(); line.len()] };
    let mut column = 0;
    let mut spans = Vec::new();
    let gutter = gutter(nano);
    if gutter > 0 {
        spans.push(Span::styled(format!("{:>1$} ", row + 1, gutter - 1), theme.code()));
    }
    for (col, ((c, width), color)) in
        line.iter().zip(widths(line, nano.options().tab)).zip(colors).enumerate()
    {
        column += width;
        if column <= left {
            continue;
        }
        let style = if nano.is_marked(row, col) { color.add_modifier(Modifier::REVERSED) } else { color };
        let text = if *c == '\t' { " ".repeat(width) } else { c.to_string() };
        spans.push(Span::styled(text, style));
    }
    Line::from(spans)
}

/// The question, or the message in brackets in the middle.
fn below(nano: &Nano, width: usize) -> Line<'static> {
    let reversed = Style::new().add_modifier(Modifier::REVERSED);
    if let Some(prompt) = nano.prompt() {
        return Line::styled(super::super::home::fit(&prompt, width), reversed);
    }
    if nano.message().is_empty() {
        return Line::default();
    }
    let text = format!("[ {} ]", nano.message());
    let before = width.saturating_sub(text.width()) / 2;
    Line::from(vec![Span::raw(" ".repeat(before)), Span::styled(text, reversed)])
}

fn key_rows(nano: &Nano, width: usize) -> Vec<Line<'static>> {
    let keys = nano.keys();
    let across = (keys.len() / 2).min(width / 14).max(1);
    let cell = width / across;
    let row = |skip: usize| {
        let spans = keys.iter().skip(skip).step_by(2).take(across).flat_map(|(key, says)| {
            let room = cell.saturating_sub(key.width() + 1);
            let reversed = Style::new().add_modifier(Modifier::REVERSED);
            let says = super::super::home::fit(says, room);
            [Span::styled((*key).to_owned(), reversed), Span::raw(format!(" {says}"))]
        });
        Line::from_iter(spans)
    };
    vec![row(0), row(1)]
}
