//! What vim shows: the text, `~` behind its end, and a last line with the mode and the ruler.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::yaml;
use crate::shell::vim::{Area, Editor, Look, Mode, Pos, Selection, View};
use crate::tui::terminal::wrap;
use crate::tui::theme::Theme;

/// A letter as it is drawn, and how many columns it takes.
struct Cell {
    shown: String,
    width: usize,
    style: Style,
}

/// Where the cursor is drawn, in rows and columns of the area.
struct Drawn {
    rows: Vec<Line<'static>>,
    cursor: Option<(usize, usize)>,
}

/// Draws an editor into `area`; `left` is the first column shown where lines do not wrap.
pub(super) fn draw(
    editor: &mut Editor,
    left: &mut usize,
    frame: &mut Frame<'_>,
    area: Rect,
    (focused, yaml): (bool, bool),
    theme: Theme,
) {
    if let Some(lines) = editor.question() {
        return draw_lines(lines, None, frame, area);
    }
    if let Some(lines) = editor.shown_lines() {
        return draw_lines(lines, Some("Press ENTER or type command to continue"), frame, area);
    }
    editor.set_screen(usize::from(area.height), usize::from(area.width));
    let (labels, page) = editor.tab_labels();
    let bar = u16::from(!labels.is_empty());
    let [top, body, foot] =
        Layout::vertical([Constraint::Length(bar), Constraint::Min(1), Constraint::Length(1)]).areas(area);
    draw_tabs(&labels, page, frame, top, theme);
    let (windows, current) = editor.windows();
    let mut cursor = None;
    for window in &windows {
        let here = window.window == current;
        let spot = spot(window, body);
        if here {
            cursor = draw_window(editor, left, frame, spot, (yaml, theme));
        } else {
            let mut other = editor.seen_from(window.window);
            let yaml = yaml::is_yaml(other.file_name());
            draw_window(&mut other, &mut 0, frame, spot, (yaml, theme));
            editor.set_window_view(window.window, other.view());
            if windows.len() > 1 {
                draw_border(&other, false, frame, (spot, body), theme);
            }
        }
        if here && windows.len() > 1 {
            draw_border(editor, true, frame, (spot, body), theme);
        }
    }
    let line = last_line(editor, windows.len() == 1, usize::from(foot.width));
    frame.render_widget(Paragraph::new(line), foot);
    if !focused {
        return;
    }
    if matches!(editor.mode(), Mode::Line(_)) {
        let column = editor.bottom_line().width().min(usize::from(foot.width.saturating_sub(1)));
        frame.set_cursor_position(Position::new(foot.x + column as u16, foot.y));
    } else if let Some((x, y)) = cursor {
        frame.set_cursor_position(Position::new(x, y));
    }
}

/// Where a window's text is drawn.
fn spot(window: &Area, body: Rect) -> Rect {
    let whole = Rect {
        x: body.x + window.column as u16,
        y: body.y + window.row as u16,
        width: window.width as u16,
        height: window.height as u16,
    };
    whole.intersection(body)
}

/// Draws a window's text; gives where its cursor is on the screen.
fn draw_window(
    editor: &mut Editor,
    left: &mut usize,
    frame: &mut Frame<'_>,
    area: Rect,
    (yaml, theme): (bool, Theme),
) -> Option<(u16, u16)> {
    let (width, height) = (usize::from(area.width), usize::from(area.height));
    let page = Page { editor, theme, yaml, look: editor.look(), gutter: gutter(editor), width };
    let top = page.top(height);
    *left = page.left(*left);
    let drawn = page.rows(top, *left, height);
    let cursor = drawn.cursor.map(|(row, column)| (area.x + column as u16, area.y + row as u16));
    frame.render_widget(Paragraph::new(drawn.rows), area);
    editor.set_view(View { top, height });
    cursor
}

/// The status line below a window and the bar at its right.
fn draw_border(editor: &Editor, here: bool, frame: &mut Frame<'_>, (spot, body): (Rect, Rect), theme: Theme) {
    let width = usize::from(spot.width);
    let ruler = ruler(editor);
    let at = 62_usize.saturating_sub(80_usize.saturating_sub(width)).max(width.div_ceil(2));
    let name = super::super::home::fit(&editor.status_name(), at.saturating_sub(1));
    let text = super::super::home::fit(&format!("{name:<at$}{ruler}"), width);
    let style = Style::new().add_modifier(Modifier::REVERSED);
    let style = if here { style.add_modifier(Modifier::BOLD) } else { style };
    let below = Rect { y: spot.y + spot.height, height: 1, ..spot }.intersection(body);
    frame.render_widget(Paragraph::new(Line::styled(format!("{text:<width$}"), style)), below);
    let beside = Rect { x: spot.x + spot.width, width: 1, ..spot }.intersection(body);
    let bars = vec![Line::styled("|", theme.faint()); usize::from(beside.height)];
    frame.render_widget(Paragraph::new(bars), beside);
}

/// The labels of the tab pages.
fn draw_tabs(labels: &[String], page: usize, frame: &mut Frame<'_>, area: Rect, theme: Theme) {
    let span = |(at, label): (usize, &String)| {
        let style = if at == page { theme.strong() } else { Style::new().add_modifier(Modifier::REVERSED) };
        Span::styled(label.clone(), style)
    };
    let mut spans: Vec<Span<'static>> = labels.iter().enumerate().map(span).collect();
    let used: usize = labels.iter().map(|label| label.width()).sum();
    let room = usize::from(area.width).saturating_sub(used + 1);
    spans.push(Span::styled(" ".repeat(room) + "X", Style::new().add_modifier(Modifier::REVERSED)));
    frame.render_widget(Paragraph::new(Line::from(spans)), area);
}

/// What a command printed, with vim's question below it.
fn draw_lines(lines: &str, question: Option<&str>, frame: &mut Frame<'_>, area: Rect) {
    let width = usize::from(area.width);
    let mut rows: Vec<Line<'static>> =
        lines.lines().flat_map(|line| wrap(&Line::raw(line.to_owned()), width)).collect();
    rows.extend(question.map(|text| Line::raw(text.to_owned())));
    let surplus = rows.len().saturating_sub(usize::from(area.height));
    frame.render_widget(Paragraph::new(rows.split_off(surplus)), area);
}

/// Columns of the line numbers.
fn gutter(editor: &Editor) -> usize {
    let look = editor.look();
    let digits = editor.line_count().to_string().len().max(3);
    if look.number || look.relative_number { digits + 1 } else { 0 }
}

struct Page<'a> {
    editor: &'a Editor,
    theme: Theme,
    yaml: bool,
    look: Look,
    gutter: usize,
    width: usize,
}

impl Page<'_> {
    fn room(&self) -> usize {
        self.width.saturating_sub(self.gutter).max(1)
    }

    /// How many rows of the screen a line takes.
    fn height_of(&self, row: usize) -> usize {
        if !self.look.wrap {
            return 1;
        }
        let columns: usize = self.cells(row).iter().map(|cell| cell.width).sum();
        columns.div_ceil(self.room()).max(1)
    }

    /// The first row shown: where it was, moved so that the cursor is seen.
    fn top(&self, height: usize) -> usize {
        let cursor = self.editor.cursor().row;
        let before = self.editor.view().top.min(self.editor.line_count().saturating_sub(1));
        if cursor < before {
            let far = before - cursor > height;
            return if far { cursor.saturating_sub(height / 2) } else { cursor };
        }
        if cursor > before + 2 * height {
            return cursor.saturating_sub(height / 2);
        }
        let mut used: usize = (before..=cursor).map(|row| self.height_of(row)).sum();
        let mut top = before;
        while used > height && top < cursor {
            used -= self.height_of(top);
            top += 1;
        }
        top
    }

    /// The first column shown, so that the cursor is seen.
    fn left(&self, before: usize) -> usize {
        if self.look.wrap {
            return 0;
        }
        let (at, room) = (self.column(self.editor.cursor()), self.room());
        if at < before || at >= before + room { at.saturating_sub(room / 2) } else { before }
    }

    /// The column at which a letter of a line is drawn.
    fn column(&self, pos: Pos) -> usize {
        self.cells(pos.row).iter().take(pos.col).map(|cell| cell.width).sum()
    }

    fn rows(&self, top: usize, left: usize, height: usize) -> Drawn {
        let mut drawn = Drawn { rows: Vec::new(), cursor: None };
        let mut row = top;
        while drawn.rows.len() < height && row < self.editor.line_count() {
            let parts = self.parts(row, left);
            if drawn.rows.len() + parts.len() > height && row > top {
                break;
            }
            if row == self.editor.cursor().row {
                drawn.cursor = Some(self.cursor_at(drawn.rows.len(), left));
            }
            drawn.rows.extend(parts);
            row += 1;
        }
        let sign = if row < self.editor.line_count() { "@" } else { "~" };
        while drawn.rows.len() < height {
            drawn.rows.push(Line::styled(sign, self.theme.faint()));
        }
        drawn.rows.truncate(height);
        drawn
    }

    fn cursor_at(&self, row: usize, left: usize) -> (usize, usize) {
        let column = self.column(self.editor.cursor());
        if self.look.wrap {
            // Behind the last column of a full row the cursor stays on it.
            let (down, across) = (column / self.room(), column % self.room());
            return (row + down, self.gutter + across);
        }
        (row, self.gutter + column.saturating_sub(left).min(self.room() - 1))
    }

    /// A line as rows of the screen.
    fn parts(&self, row: usize, left: usize) -> Vec<Line<'static>> {
        let mut parts: Vec<Vec<Span<'static>>> = vec![self.number(row)];
        let mut used = 0;
        let mut column = 0;
        for cell in self.cells(row) {
            column += cell.width;
            if !self.look.wrap && (column <= left || used + cell.width > self.room()) {
                continue;
            }
            if used + cell.width > self.room() {
                parts.push(vec![Span::raw(" ".repeat(self.gutter))]);
                used = 0;
            }
            used += cell.width;
            if let Some(part) = parts.last_mut() {
                part.push(Span::styled(cell.shown, cell.style));
            }
        }
        parts.into_iter().map(Line::from).collect()
    }

    fn number(&self, row: usize) -> Vec<Span<'static>> {
        if self.gutter == 0 {
            return Vec::new();
        }
        let cursor = self.editor.cursor().row;
        let shown = if self.look.relative_number && row != cursor {
            row.abs_diff(cursor)
        } else if self.look.relative_number && !self.look.number {
            0
        } else {
            row + 1
        };
        let width = self.gutter - 1;
        vec![Span::styled(format!("{shown:>width$} "), self.theme.code())]
    }

    /// A line's letters as they are drawn.
    fn cells(&self, row: usize) -> Vec<Cell> {
        let line = self.editor.line(row);
        let colors = if self.yaml && self.look.syntax {
            yaml::styles(line, self.theme)
        } else {
            vec![Style::new(); line.len()]
        };
        let found = self.editor.found_in(row);
        let mut column = 0;
        let mut cells = Vec::new();
        for (col, (c, color)) in line.iter().zip(colors).enumerate() {
            let (shown, width) = self.shown(*c, column);
            column += width;
            let hit = found.iter().any(|(from, to)| (*from..*to).contains(&col));
            let style = if hit { self.theme.found() } else { color };
            cells.push(Cell { shown, width, style: self.selected(Pos { row, col }, style) });
        }
        let chosen = self.selected(Pos { row, col: line.len() }, Style::new());
        if self.look.list {
            cells.push(Cell { shown: "$".into(), width: 1, style: self.theme.faint() });
        } else if line.is_empty() && chosen != Style::new() {
            cells.push(Cell { shown: " ".into(), width: 1, style: chosen });
        }
        cells
    }

    fn shown(&self, c: char, column: usize) -> (String, usize) {
        match c {
            '\t' if self.look.list => ("^I".into(), 2),
            '\t' => {
                let width = self.look.tabstop - column % self.look.tabstop;
                (" ".repeat(width), width)
            }
            c if c < ' ' => (format!("^{}", (c as u8 + 64) as char), 2),
            c => (c.into(), c.width().unwrap_or(0)),
        }
    }

    fn selected(&self, pos: Pos, style: Style) -> Style {
        let Some((kind, anchor)) = self.editor.selection() else { return style };
        let cursor = self.editor.cursor();
        let (start, end) = if anchor <= cursor { (anchor, cursor) } else { (cursor, anchor) };
        let inside = match kind {
            Selection::Characters => (start..=end).contains(&pos),
            Selection::Lines => (start.row..=end.row).contains(&pos.row),
            Selection::Block => {
                let (left, right) = (anchor.col.min(cursor.col), anchor.col.max(cursor.col));
                (start.row..=end.row).contains(&pos.row) && (left..=right).contains(&pos.col)
            }
        };
        if inside { style.add_modifier(Modifier::REVERSED) } else { style }
    }
}

/// Where the cursor and the window are in the text.
fn ruler(editor: &Editor) -> String {
    let (view, cursor, lines) = (editor.view(), editor.cursor(), editor.line_count());
    let place = match (view.top == 0, view.top + view.height >= lines) {
        (true, true) => "All".to_owned(),
        (true, false) => "Top".to_owned(),
        (false, true) => "Bot".to_owned(),
        (false, false) => format!("{}%", view.top * 100 / (lines - view.height).max(1)),
    };
    let column = if editor.line(cursor.row).is_empty() { "0-1".into() } else { (cursor.col + 1).to_string() };
    format!("{:<14}{place}", format!("{},{column}", cursor.row + 1))
}

/// Mode or message at the left, what was typed and, in a single window, the ruler at the right.
fn last_line(editor: &Editor, single: bool, width: usize) -> Line<'static> {
    let message = editor.bottom_line();
    if matches!(editor.mode(), Mode::Line(_)) {
        // A long command scrolls with its end in view.
        let skip = (message.width() + 1).saturating_sub(width);
        return Line::raw(message.chars().skip(skip).collect::<String>());
    }
    let ruler = if single { ruler(editor) } else { String::new() };
    let ruler = format!("{:<11}{ruler}", editor.pending());
    let bold = message.starts_with("-- ");
    let room = width.saturating_sub(ruler.width() + 1);
    if message.width() > room {
        return Line::raw(message);
    }
    let style = if bold { Style::new().add_modifier(Modifier::BOLD) } else { Style::new() };
    Line::from(vec![
        Span::styled(super::super::home::fit(&message, room), style),
        Span::raw(" "),
        Span::raw(ruler),
    ])
}
