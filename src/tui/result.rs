//! The result of an exam: in all and by domain, then task by task with every check.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph};

use super::exam::clock;
use super::home::fit;
use super::markdown;
use super::theme::Theme;
use crate::exam::score::{CheckScore, DomainScore, Score, TaskScore, percent};

/// The screen of a result.
#[derive(Clone, Debug, Default)]
pub(crate) struct ResultScreen {
    pub(crate) score: Score,
    /// The reference's script and why it works (Markdown), for each task.
    pub(crate) lessons: Vec<(String, String)>,
    /// Where the result file is, or why there is none.
    pub(crate) file: String,
    /// 0 is the whole, others are tasks counted from 1.
    pub(crate) chosen: usize,
    pub(crate) scrolled: usize,
}

impl ResultScreen {
    /// Chooses the next row or the one before.
    pub(super) fn choose(&mut self, down: bool) {
        let last = self.score.tasks.len();
        self.chosen = if down { (self.chosen + 1).min(last) } else { self.chosen.saturating_sub(1) };
        self.scrolled = 0;
    }

    /// Scrolls what is told of the chosen row; no further than drawing finds text.
    pub(super) fn scroll(&mut self, down: bool, rows: usize) {
        self.scrolled = if down { self.scrolled + rows } else { self.scrolled.saturating_sub(rows) };
    }

    /// Draws it.
    pub(super) fn draw(&self, frame: &mut Frame<'_>, area: Rect, theme: Theme) {
        let [top, middle, bottom] =
            Layout::vertical([Constraint::Length(1), Constraint::Min(1), Constraint::Length(1)]).areas(area);
        let [list, detail] =
            Layout::horizontal([Constraint::Percentage(38), Constraint::Min(20)]).areas(middle);
        frame.render_widget(Paragraph::new(self.heading(theme)), top);
        let block = Block::bordered().title(" Tasks ").border_style(theme.border(true));
        let inner = block.inner(list);
        frame.render_widget(block, list);
        frame.render_widget(Paragraph::new(self.rows(inner, theme)), inner);
        self.draw_detail(frame, detail, theme);
        let keys = " ↑↓ choose   PgUp PgDn scroll   q leave";
        frame.render_widget(Paragraph::new(Line::styled(keys, theme.faint())), bottom);
    }

    fn heading(&self, theme: Theme) -> Line<'static> {
        let (word, style) =
            if self.score.passed { ("passed", theme.good()) } else { ("not passed", theme.bad()) };
        Line::from(vec![
            Span::styled(format!(" {} ", percent(self.score.permille)), theme.strong()),
            Span::styled(word, style),
            Span::styled(format!("  66 % is needed   time {}", clock(self.score.seconds)), theme.faint()),
        ])
    }

    fn rows(&self, area: Rect, theme: Theme) -> Vec<Line<'static>> {
        let width = usize::from(area.width);
        let mut rows = vec![self.row(0, fit(" The whole exam", width), Style::new(), theme)];
        for (index, task) in self.score.tasks.iter().enumerate() {
            let (mark, style) = match task.points {
                points if points == task.max => ("✓", theme.good()),
                0 => ("✗", theme.bad()),
                _ => ("◐", theme.warn()),
            };
            let right = format!("{:>2}/{:<2}", task.points, task.max);
            let room = width.saturating_sub(right.len() + 6);
            let text = format!("{:>2} {mark} {} {right}", index + 1, fit(&task.title, room));
            rows.push(self.row(index + 1, text, style, theme));
        }
        let height = usize::from(area.height);
        let skip = (self.chosen + 1).saturating_sub(height);
        rows.into_iter().skip(skip).take(height).collect()
    }

    fn row(&self, index: usize, text: String, style: Style, theme: Theme) -> Line<'static> {
        Line::styled(text, if index == self.chosen { theme.chosen() } else { style })
    }

    fn draw_detail(&self, frame: &mut Frame<'_>, pane: Rect, theme: Theme) {
        let width = usize::from(pane.width.saturating_sub(2));
        let task = self.chosen.checked_sub(1).and_then(|index| self.score.tasks.get(index));
        let lines = match task {
            Some(task) => self.task_lines(task, width, theme),
            None => self.whole_lines(width, theme),
        };
        let height = usize::from(pane.height.saturating_sub(2));
        let most = lines.len().saturating_sub(height);
        let scrolled = self.scrolled.min(most);
        let mut block = Block::bordered().border_style(theme.border(false));
        if scrolled < most {
            block = block.title_bottom(" ▼ more ");
        }
        let shown: Vec<Line<'_>> = lines.into_iter().skip(scrolled).take(height).collect();
        frame.render_widget(Paragraph::new(shown).block(block), pane);
    }

    fn whole_lines(&self, width: usize, theme: Theme) -> Vec<Line<'static>> {
        let mut lines = vec![Line::styled("Domains", theme.strong())];
        for domain in &self.score.domains {
            lines.extend(domain_lines(domain, width, theme));
        }
        lines.push(Line::default());
        lines.push(Line::styled("Checks that cost the most", theme.strong()));
        let mut missed: Vec<(&TaskScore, &CheckScore)> = self
            .score
            .tasks
            .iter()
            .flat_map(|task| task.checks.iter().map(move |check| (task, check)))
            .filter(|(task, check)| check.points < check.max && !task.commands.is_empty())
            .collect();
        missed.sort_by_key(|(_, check)| std::cmp::Reverse(check.max - check.points));
        for (task, check) in missed.into_iter().take(8) {
            let text = format!("−{} {}: {}", check.max - check.points, task.exercise, check.name);
            lines.extend(folded("  ", &text, width, Style::new()));
        }
        lines.push(Line::default());
        lines.extend(folded("", &self.file, width, theme.faint()));
        lines
    }

    fn task_lines(&self, task: &TaskScore, width: usize, theme: Theme) -> Vec<Line<'static>> {
        let mut lines = folded("", &task.title, width, theme.strong());
        let late = if task.seconds > task.budget_s { theme.warn() } else { theme.faint() };
        let time = format!("{} of {} minutes, {}", clock(task.seconds), task.budget_s / 60, task.domain);
        lines.push(Line::styled(time, late));
        lines.push(Line::default());
        for check in &task.checks {
            lines.extend(check_lines(check, width, theme));
        }
        lines.push(Line::default());
        let count =
            format!("Your {} commands (the reference has {})", task.commands.len(), task.reference_commands);
        lines.extend(folded("", &count, width, theme.strong()));
        for (at_s, command) in &task.commands {
            lines.extend(folded(&format!("{:>7}  ", clock(*at_s)), command, width, Style::new()));
        }
        let lesson = self.chosen.checked_sub(1).and_then(|index| self.lessons.get(index));
        let Some((reference, explain)) = lesson else { return lines };
        lines.push(Line::default());
        lines.push(Line::styled("The reference", theme.strong()));
        for line in reference.lines().filter(|line| !line.starts_with("#!")) {
            lines.extend(folded("  ", line, width, theme.code()));
        }
        if !task.diff.is_empty() {
            lines.push(Line::default());
            lines.push(Line::styled("How your end differs from it", theme.strong()));
            for line in task.diff.lines() {
                lines.extend(folded("", line, width, diff_style(line, theme)));
            }
        }
        if !explain.is_empty() {
            lines.push(Line::default());
            lines.extend(markdown::page(explain, width, theme).lines);
        }
        lines
    }
}

fn domain_lines(domain: &DomainScore, width: usize, theme: Theme) -> Vec<Line<'static>> {
    /// Columns of the bar.
    const BAR: usize = 10;
    let share = domain.points * 100 / domain.max.max(1);
    let full = usize::try_from(share).unwrap_or(0) * BAR / 100;
    let bar = format!("{}{}", "█".repeat(full), "░".repeat(BAR - full));
    let text = format!(" {share:>3} %  {:>2}/{:<2} points  ", domain.points, domain.max);
    let style = if share >= 66 { theme.good() } else { theme.warn() };
    let name = format!("{} ({} %)", domain.domain, domain.weight);
    let line = Line::from(vec![Span::raw("  "), Span::styled(bar, style), Span::raw(text)]);
    if width > 60 {
        let mut line = line;
        line.push_span(Span::raw(name));
        return vec![line];
    }
    vec![Line::raw(name), line]
}

fn check_lines(check: &CheckScore, width: usize, theme: Theme) -> Vec<Line<'static>> {
    let full = check.points == check.max;
    let (mark, style) = if full { ("✓ ", theme.good()) } else { ("✗ ", theme.bad()) };
    let mut lines =
        folded(mark, &format!("{} ({}/{})", check.name, check.points, check.max), width, Style::new());
    if let Some(first) = lines.first_mut().and_then(|line| line.spans.first_mut()) {
        first.style = style;
    }
    let notes = [("  wanted  ", &check.wanted), ("     saw  ", &check.saw), ("     why  ", &check.mistake)];
    for (label, text) in notes.iter().filter(|(_, text)| !full && !text.is_empty()) {
        for (index, part) in text.lines().enumerate() {
            let label = if index == 0 { (*label).to_owned() } else { " ".repeat(label.len()) };
            lines.extend(folded(&label, part, width, theme.faint()));
        }
    }
    lines
}

/// A text that wraps behind its label.
fn folded(label: &str, text: &str, width: usize, style: Style) -> Vec<Line<'static>> {
    let indent = label.chars().count();
    let room = width.saturating_sub(indent).max(8);
    let parts = textwrap::wrap(text, room).into_iter().map(|part| part.into_owned()).enumerate();
    let line = |(index, part): (usize, String)| {
        let lead = if index == 0 { label.to_owned() } else { " ".repeat(indent) };
        Line::from(vec![Span::raw(lead), Span::styled(part, style)])
    };
    parts.map(line).collect()
}

fn diff_style(line: &str, theme: Theme) -> Style {
    match line.chars().next() {
        Some('+') => theme.good(),
        Some('-') if theme.color => theme.bad(),
        Some('@') => theme.faint(),
        _ => Style::new(),
    }
}
