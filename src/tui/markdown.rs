//! A task's Markdown as wrapped lines, and where its code stands, so that a click can copy it.

use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::theme::Theme;

/// Laid out for one width.
#[derive(Clone, Debug, Default)]
pub(crate) struct Page {
    pub(crate) lines: Vec<Line<'static>>,
    /// Row and columns of every piece of inline code, with the whole text of the piece.
    pub(crate) code: Vec<(usize, Range<usize>, String)>,
}

/// Lays Markdown out.
pub(crate) fn page(markdown: &str, width: usize, theme: Theme) -> Page {
    let mut layout = Layout { page: Page::default(), width: width.max(8), theme, ..Layout::new(theme) };
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES) {
        layout.event(event);
    }
    layout.end_line();
    while layout.page.lines.last().is_some_and(|line| line.width() == 0) {
        layout.page.lines.pop();
    }
    layout.page
}

struct Layout {
    page: Page,
    theme: Theme,
    width: usize,
    spans: Vec<Span<'static>>,
    used: usize,
    style: Style,
    /// Spaces before every line of the block.
    indent: usize,
    /// What stands before the first line of a list item.
    bullet: Option<String>,
    /// The number of the next item of each open list; `None` for bullets.
    lists: Vec<Option<u64>>,
    in_code_block: bool,
    /// True while the last word may go on: no space came yet.
    glued: bool,
    /// Where that word begins: its span, and its column.
    word_at: (usize, usize),
}

impl Layout {
    fn new(theme: Theme) -> Self {
        Self {
            page: Page::default(),
            theme,
            width: 80,
            spans: Vec::new(),
            used: 0,
            style: Style::new(),
            indent: 0,
            bullet: None,
            lists: Vec::new(),
            in_code_block: false,
            glued: false,
            word_at: (0, 0),
        }
    }

    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(&tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) if self.in_code_block => self.code_block(&text),
            Event::Text(text) => self.words(&text, self.style, None),
            Event::Code(text) => self.words(&text, self.theme.code(), Some(&text)),
            Event::SoftBreak => self.words(" ", self.style, None),
            Event::HardBreak => self.end_line(),
            Event::Rule => {
                self.end_line();
                self.page.lines.push(Line::styled("─".repeat(self.width), self.theme.faint()));
            }
            _ => {}
        }
    }

    fn start(&mut self, tag: &Tag<'_>) {
        match tag {
            Tag::Heading { .. } => self.style = self.theme.strong(),
            Tag::Strong => self.style = self.style.add_modifier(Modifier::BOLD),
            Tag::Emphasis => self.style = self.style.add_modifier(Modifier::ITALIC),
            Tag::CodeBlock(_) => {
                self.end_line();
                self.in_code_block = true;
            }
            Tag::List(first) => {
                self.end_line();
                self.lists.push(*first);
            }
            Tag::Item => self.start_item(),
            _ => {}
        }
    }

    fn start_item(&mut self) {
        self.end_line();
        let bullet = match self.lists.last_mut() {
            Some(Some(number)) => {
                *number += 1;
                format!("{}. ", *number - 1)
            }
            _ => "• ".to_owned(),
        };
        self.indent = self.lists.len().saturating_sub(1) * 2 + bullet.width();
        self.bullet = Some(bullet);
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph | TagEnd::Heading(_) => {
                self.end_line();
                self.style = Style::new();
                if self.lists.is_empty() {
                    self.page.lines.push(Line::default());
                }
            }
            TagEnd::Strong => self.style = self.style.remove_modifier(Modifier::BOLD),
            TagEnd::Emphasis => self.style = self.style.remove_modifier(Modifier::ITALIC),
            TagEnd::CodeBlock => {
                self.in_code_block = false;
                self.page.lines.push(Line::default());
            }
            TagEnd::Item => {
                self.end_line();
                self.indent = 0;
            }
            TagEnd::List(_) => {
                self.lists.pop();
                if self.lists.is_empty() {
                    self.page.lines.push(Line::default());
                }
            }
            _ => {}
        }
    }

    /// Code keeps its lines; each of them can be copied.
    fn code_block(&mut self, text: &str) {
        for line in text.lines() {
            let row = self.page.lines.len();
            self.page.code.push((row, 2..2 + line.width(), line.to_owned()));
            self.page
                .lines
                .push(Line::from(vec![Span::raw("  "), Span::styled(line.to_owned(), self.theme.code())]));
        }
    }

    /// Puts words down, going to a new line where one does not fit.
    fn words(&mut self, text: &str, style: Style, code: Option<&str>) {
        for word in text.split_inclusive(' ') {
            let solid = word.trim_end_matches(' ').width();
            let glued = self.glued && !word.starts_with(' ');
            if self.used > self.indent && self.used + solid > self.width {
                if glued { self.move_word() } else { self.end_line() }
            }
            if self.spans.is_empty() {
                self.begin_line();
            }
            let word = if self.used == self.indent { word.trim_start_matches(' ') } else { word };
            if let Some(code) = code {
                let columns = self.used..self.used + solid;
                self.page.code.push((self.page.lines.len(), columns, code.to_owned()));
            }
            if !glued {
                self.word_at = (self.spans.len(), self.used);
            }
            self.used += word.width();
            self.glued = !word.ends_with(' ');
            self.spans.push(Span::styled(word.to_owned(), style));
        }
    }

    /// Takes the word that is not ended yet to a line of its own: a comma stays with the code before it.
    fn move_word(&mut self) {
        let (at, column) = self.word_at;
        if at <= 1 || at > self.spans.len() {
            return self.end_line();
        }
        let word = self.spans.split_off(at);
        let row = self.page.lines.len();
        self.end_line();
        self.begin_line();
        for (code_row, columns, _) in
            self.page.code.iter_mut().filter(|it| it.0 == row && it.1.start >= column)
        {
            *code_row += 1;
            *columns = columns.start - column + self.used..columns.end - column + self.used;
        }
        self.word_at = (self.spans.len(), self.used);
        self.used += word.iter().map(|span| span.width()).sum::<usize>();
        self.spans.extend(word);
        self.glued = true;
    }

    fn begin_line(&mut self) {
        let bullet = self.bullet.take().unwrap_or_default();
        let blank = self.indent.saturating_sub(bullet.width());
        self.spans.push(Span::raw(format!("{}{bullet}", " ".repeat(blank))));
        self.used = self.indent;
    }

    fn end_line(&mut self) {
        if !self.spans.is_empty() {
            self.page.lines.push(Line::from(std::mem::take(&mut self.spans)));
        }
        self.used = 0;
        self.glued = false;
    }
}

impl Page {
    /// The code under a row and column.
    pub(crate) fn code_at(&self, row: usize, column: usize) -> Option<&str> {
        let mut all = self.code.iter();
        all.find(|(at, columns, _)| *at == row && columns.contains(&column)).map(|(_, _, text)| text.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(page: &Page) -> Vec<String> {
        page.lines.iter().map(|line| line.to_string().trim_end().to_owned()).collect()
    }

    #[test]
    fn paragraphs_wrap_and_lists_hang() {
        let page =
            page("Drain the node.\n\n- first thing to do here\n- second\n\n1. one\n2. two", 16, Theme::PLAIN);
        assert_eq!(
            text(&page),
            ["Drain the node.", "", "• first thing to", "  do here", "• second", "", "1. one", "2. two"]
        );
    }

    #[test]
    fn code_is_found_where_it_stands() {
        let page = page("Use `kubectl get pods` in `web`.", 40, Theme::PLAIN);
        assert_eq!(page.code_at(0, 5), Some("kubectl get pods"));
        assert_eq!(page.code_at(0, 25), Some("web"));
        assert_eq!(page.code_at(0, 0), None);
    }

    #[test]
    fn a_comma_stays_with_the_code_before_it() {
        let page = page("Mark the node as `node01`, then go on.", 23, Theme::PLAIN);
        assert_eq!(text(&page), ["Mark the node as", "node01, then go on."]);
        assert_eq!((page.code_at(1, 2), page.code_at(0, 18)), (Some("node01"), None));
    }

    #[test]
    fn blocks_of_code_keep_their_lines() {
        let page = page("Run:\n\n```\na:\n  b: c\n```\n", 40, Theme::PLAIN);
        assert_eq!(text(&page), ["Run:", "", "  a:", "    b: c"]);
    }
}
