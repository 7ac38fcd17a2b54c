//! The result of an exam: in all and by domain, then task by task with every check.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph};
use unicode_width::UnicodeWidthStr;

use super::exam::clock;
use super::home::{domain_name, fit};
use super::markdown;
use super::theme::Theme;
use super::words::Words;
use crate::exam::score::{CheckScore, DomainScore, Score, TaskScore, percent};

/// The screen of a result.
#[derive(Clone, Debug, Default)]
pub(crate) struct ResultScreen {
    pub(crate) score: Score,
    /// What there is to learn of each task.
    pub(crate) lessons: Vec<Lesson>,
    /// Where the result file is, or why there is none.
    pub(crate) file: String,
    /// 0 is the whole, others are tasks counted from 1.
    pub(crate) chosen: usize,
    pub(crate) scrolled: usize,
}

/// What there is to learn of a task, in the learner's language where it has it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lesson {
    pub(crate) title: String,
    /// The reference's script.
    pub(crate) reference: String,
    /// Why it works, in Markdown.
    pub(crate) explain: String,
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
    pub(super) fn draw(&self, frame: &mut Frame<'_>, area: Rect, (theme, words): (Theme, Words)) {
        let [top, middle, bottom] =
            Layout::vertical([Constraint::Length(1), Constraint::Min(1), Constraint::Length(1)]).areas(area);
        let [list, detail] =
            Layout::horizontal([Constraint::Percentage(38), Constraint::Min(20)]).areas(middle);
        frame.render_widget(Paragraph::new(self.heading(theme, words)), top);
        let block = Block::bordered()
            .title(format!(" {} ", words.say("result-tasks")))
            .border_style(theme.border(true));
        let inner = block.inner(list);
        frame.render_widget(block, list);
        frame.render_widget(Paragraph::new(self.rows(inner, theme, words)), inner);
        self.draw_detail(frame, detail, (theme, words));
        let keys = format!(" {}", words.say("result-keys"));
        frame.render_widget(Paragraph::new(Line::styled(keys, theme.faint())), bottom);
    }

    fn heading(&self, theme: Theme, words: Words) -> Line<'static> {
        let (word, style) =
            if self.score.passed { ("result-passed", theme.good()) } else { ("result-failed", theme.bad()) };
        let needed = words.with("result-needed", &[("clock", clock(self.score.seconds).into())]);
        Line::from(vec![
            Span::styled(format!(" {} ", percent(self.score.permille)), theme.strong()),
            Span::styled(words.say(word), style),
            Span::styled(format!("  {needed}"), theme.faint()),
        ])
    }

    fn rows(&self, area: Rect, theme: Theme, words: Words) -> Vec<Line<'static>> {
        let width = usize::from(area.width);
        let mut rows =
            vec![self.row(0, fit(&format!(" {}", words.say("result-whole")), width), Style::new(), theme)];
        for (index, task) in self.score.tasks.iter().enumerate() {
            let (mark, style) = match task.points {
                points if points == task.max => ("✓", theme.good()),
                0 => ("✗", theme.bad()),
                _ => ("◐", theme.warn()),
            };
            let right = format!("{:>2}/{:<2}", task.points, task.max);
            let room = width.saturating_sub(right.len() + 6);
            let text = format!("{:>2} {mark} {} {right}", index + 1, fit(self.title(index, task), room));
            rows.push(self.row(index + 1, text, style, theme));
        }
        let height = usize::from(area.height);
        let skip = (self.chosen + 1).saturating_sub(height);
        rows.into_iter().skip(skip).take(height).collect()
    }

    fn row(&self, index: usize, text: String, style: Style, theme: Theme) -> Line<'static> {
        Line::styled(text, if index == self.chosen { theme.chosen() } else { style })
    }

    fn draw_detail(&self, frame: &mut Frame<'_>, pane: Rect, (theme, words): (Theme, Words)) {
        let width = usize::from(pane.width.saturating_sub(2));
        let task = self.chosen.checked_sub(1).and_then(|index| self.score.tasks.get(index));
        let lines = match task {
            Some(task) => self.task_lines(task, width, (theme, words)),
            None => self.whole_lines(width, (theme, words)),
        };
        let height = usize::from(pane.height.saturating_sub(2));
        let most = lines.len().saturating_sub(height);
        let scrolled = self.scrolled.min(most);
        let mut block = Block::bordered().border_style(theme.border(false));
        if scrolled < most {
            block = block.title_bottom(format!(" ▼ {} ", words.say("more")));
        }
        let shown: Vec<Line<'_>> = lines.into_iter().skip(scrolled).take(height).collect();
        frame.render_widget(Paragraph::new(shown).block(block), pane);
    }

    fn whole_lines(&self, width: usize, (theme, words): (Theme, Words)) -> Vec<Line<'static>> {
        let mut lines = vec![Line::styled(words.say("result-domains"), theme.strong())];
        for domain in &self.score.domains {
            lines.extend(domain_lines(domain, width, (theme, words)));
        }
        lines.push(Line::default());
        lines.push(Line::styled(words.say("result-missed"), theme.strong()));
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

    /// A task's title in the learner's language.
    fn title<'a>(&'a self, index: usize, task: &'a TaskScore) -> &'a str {
        let own = self.lessons.get(index).map(|lesson| lesson.title.as_str());
        own.filter(|title| !title.is_empty()).unwrap_or(&task.title)
    }

    fn task_lines(
        &self,
        task: &TaskScore,
        width: usize,
        (theme, words): (Theme, Words),
    ) -> Vec<Line<'static>> {
        let title = self.title(self.chosen.saturating_sub(1), task);
        let mut lines = folded("", title, width, theme.strong());
        let late = if task.seconds > task.budget_s { theme.warn() } else { theme.faint() };
        let values = [("clock", clock(task.seconds).into()), ("minutes", (task.budget_s / 60).into())];
        let time = format!("{}, {}", words.with("result-time", &values), domain_name(&task.domain, words));
        lines.extend(folded("", &time, width, late));
        lines.push(Line::default());
        for check in &task.checks {
            lines.extend(check_lines(check, width, (theme, words)));
        }
        lines.push(Line::default());
        let values = [("count", task.commands.len().into()), ("reference", task.reference_commands.into())];
        let count = words.with("result-commands", &values);
        lines.extend(folded("", &count, width, theme.strong()));
        for (at_s, command) in &task.commands {
            lines.extend(folded(&format!("{:>7}  ", clock(*at_s)), command, width, Style::new()));
        }
        let lesson = self.chosen.checked_sub(1).and_then(|index| self.lessons.get(index));
        let Some(Lesson { reference, explain, .. }) = lesson else { return lines };
        lines.push(Line::default());
        lines.push(Line::styled(words.say("solution-reference"), theme.strong()));
        for line in reference.lines().filter(|line| !line.starts_with("#!")) {
            lines.extend(folded("  ", line, width, theme.code()));
        }
        if !task.diff.is_empty() {
            lines.push(Line::default());
            lines.push(Line::styled(words.say("solution-difference"), theme.strong()));
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

fn domain_lines(domain: &DomainScore, width: usize, (theme, words): (Theme, Words)) -> Vec<Line<'static>> {
    /// Columns of the bar.
    const BAR: usize = 10;
    let share = domain.points * 100 / domain.max.max(1);
    let full = usize::try_from(share).unwrap_or(0) * BAR / 100;
    let bar = format!("{}{}", "█".repeat(full), "░".repeat(BAR - full));
    let values = [("won", domain.points.into()), ("max", domain.max.into())];
    let text = format!(" {share:>3} %  {}  ", words.with("result-domain-points", &values));
    let style = if share >= 66 { theme.good() } else { theme.warn() };
    let name = format!("{} ({} %)", domain_name(&domain.domain, words), domain.weight);
    let line = Line::from(vec![Span::raw("  "), Span::styled(bar, style), Span::raw(text)]);
    if width > 60 {
        let mut line = line;
        line.push_span(Span::raw(name));
        return vec![line];
    }
    folded("", &name, width, Style::new()).into_iter().chain([line]).collect()
}

fn check_lines(check: &CheckScore, width: usize, (theme, words): (Theme, Words)) -> Vec<Line<'static>> {
    let full = check.points == check.max;
    let (mark, style) = if full { ("✓ ", theme.good()) } else { ("✗ ", theme.bad()) };
    let mut lines =
        folded(mark, &format!("{} ({}/{})", check.name, check.points, check.max), width, Style::new());
    if let Some(first) = lines.first_mut().and_then(|line| line.spans.first_mut()) {
        first.style = style;
    }
    let notes = [("check-wanted", &check.wanted), ("check-saw", &check.saw), ("check-why", &check.mistake)];
    for (label, text) in notes.iter().filter(|(_, text)| !full && !text.is_empty()) {
        for (index, part) in text.lines().enumerate() {
            let label = if index == 0 { words.say(label) } else { String::new() };
            let room = 8_usize.saturating_sub(label.width());
            lines.extend(folded(&format!("{}{label}  ", " ".repeat(room)), part, width, theme.faint()));
        }
    }
    lines
}

/// A text that wraps behind its label.
fn folded(label: &str, text: &str, width: usize, style: Style) -> Vec<Line<'static>> {
    let indent = label.width();
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
