//! The home screen: exercises by domain, and what was solved.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph};
use unicode_width::UnicodeWidthStr;

use super::menu::Offers;
use super::message::{Card, Effect};
use super::theme::Theme;
use super::words::Words;

/// The domains of the exam with their weights in percent, heaviest first.
///
/// Source: CKA curriculum v1.35, cncf/curriculum.
pub(crate) const DOMAINS: &[(&str, u32)] = &[
    ("troubleshooting", 30),
    ("cluster-architecture", 25),
    ("services-networking", 20),
    ("workloads-scheduling", 15),
    ("storage", 10),
];

/// The list and where the learner is in it.
#[derive(Default)]
pub(crate) struct Home {
    cards: Vec<Card>,
    chosen: usize,
    /// Only exercises whose title, id or domain holds this are shown.
    filter: String,
    /// True while the filter is typed.
    filtering: bool,
    /// True once the exercises have come.
    ready: bool,
    /// The exercise that each row on screen shows, from the row with this number.
    rows: (u16, Vec<Option<usize>>),
    pub(crate) offers: Offers,
}

/// Something a key asks the list for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
}

impl Home {
    /// Lists `cards` by domain, then title.
    pub(crate) fn new(mut cards: Vec<Card>) -> Self {
        cards.sort_by(|a, b| {
            let key = |card: &Card| (domain_rank(&card.domain), card.title.clone());
            key(a).cmp(&key(b))
        });
        Self { cards, ready: true, ..Self::default() }
    }

    /// Takes other cards for the same list, as after a change of language.
    pub(crate) fn renew(&mut self, cards: Vec<Card>) {
        let kept = std::mem::take(self);
        *self = Self { chosen: kept.chosen, filter: kept.filter, offers: kept.offers, ..Self::new(cards) };
    }

    /// The mouse at a row of the screen: chooses what stands there, and says whether it was chosen already.
    pub(crate) fn click(&mut self, row: u16) -> bool {
        let at = row.checked_sub(self.rows.0).and_then(|row| self.rows.1.get(usize::from(row)).copied());
        let Some(Some(index)) = at else { return false };
        std::mem::replace(&mut self.chosen, index) == index
    }

    fn shown(&self) -> Vec<&Card> {
        let wanted = self.filter.to_lowercase();
        let fits = |card: &&Card| {
            [&card.title, &card.id, &card.domain].iter().any(|text| text.to_lowercase().contains(&wanted))
        };
        self.cards.iter().filter(fits).collect()
    }

    /// Moves the choice.
    pub(crate) fn step(&mut self, step: Step) {
        /// Rows one page key moves.
        const PAGE: usize = 10;
        let last = self.shown().len().saturating_sub(1);
        self.chosen = match step {
            Step::Up => self.chosen.saturating_sub(1),
            Step::Down => (self.chosen + 1).min(last),
            Step::PageUp => self.chosen.saturating_sub(PAGE),
            Step::PageDown => (self.chosen + PAGE).min(last),
            Step::First => 0,
            Step::Last => last,
        };
    }

    /// Opens the chosen exercise.
    pub(crate) fn open(&self) -> Option<Effect> {
        let card = self.shown().get(self.chosen).copied()?;
        Some(Effect::Open { id: card.id.clone(), seed: None })
    }

    /// True while the filter has the keyboard.
    pub(crate) fn is_filtering(&self) -> bool {
        self.filtering
    }

    /// Starts or ends typing the filter; ending with `keep` false clears it.
    pub(crate) fn filter(&mut self, on: bool, keep: bool) {
        self.filtering = on;
        if !keep {
            self.filter.clear();
        }
        self.chosen = 0;
    }

    /// Types into the filter; `None` deletes.
    pub(crate) fn type_filter(&mut self, c: Option<char>) {
        match c {
            Some(c) => self.filter.push(c),
            None => drop(self.filter.pop()),
        }
        self.chosen = 0;
    }

    /// Notes a score.
    pub(crate) fn scored(&mut self, id: &str, points: u32) {
        if let Some(card) = self.cards.iter_mut().find(|card| card.id == id) {
            card.best = Some(card.best.unwrap_or(0).max(points));
        }
    }

    /// The title of an exercise.
    pub(crate) fn title_of(&self, id: &str) -> Option<&str> {
        self.cards.iter().find(|card| card.id == id).map(|card| card.title.as_str())
    }

    /// Draws it.
    pub(crate) fn draw(&mut self, frame: &mut Frame<'_>, area: Rect, theme: Theme, words: Words, said: &str) {
        let [top, middle, bottom] =
            Layout::vertical([Constraint::Length(3), Constraint::Min(1), Constraint::Length(1)]).areas(area);
        frame.render_widget(Paragraph::new(self.heading(usize::from(area.width), theme, words)), top);
        let block = Block::bordered()
            .title(format!(" {} ", words.say("title-exercises")))
            .border_style(theme.border(true));
        let inner = block.inner(middle);
        frame.render_widget(block, middle);
        let (rows, indexes): (Vec<_>, Vec<_>) = self.rows(inner, theme, words).into_iter().unzip();
        self.rows = (inner.y, indexes);
        frame.render_widget(Paragraph::new(rows), inner);
        frame.render_widget(Paragraph::new(self.foot(theme, words, said)), bottom);
    }

    fn readiness(&self, domain: &str) -> u32 {
        self.offers.domains.iter().find(|(id, _)| id == domain).map_or(0, |(_, ready)| *ready)
    }

    fn heading(&self, width: usize, theme: Theme, words: Words) -> Vec<Line<'static>> {
        /// Columns from which on every domain has a bar.
        const WIDE: usize = 120;
        let solved = self.cards.iter().filter(|card| card.best == Some(card.points)).count();
        let mut bars = Vec::new();
        for (id, _) in DOMAINS {
            let share = self.readiness(id);
            let short = words.say(&format!("domain-short-{id}"));
            let lead = if bars.is_empty() { " " } else { "  " };
            bars.push(Span::styled(format!("{lead}{short} "), theme.faint()));
            if width >= WIDE {
                bars.push(Span::styled(format!("{} ", bar(share)), readiness_style(share, theme)));
            }
            bars.push(Span::styled(format!("{share}%"), readiness_style(share, theme)));
        }
        let count = [
            ("solved", solved.into()),
            ("all", self.cards.len().into()),
            ("ready", self.offers.ready.into()),
        ];
        vec![
            Line::from(vec![
                Span::styled(" uncordon", theme.strong()),
                Span::raw(format!("  {}", words.say("home-slogan"))),
            ]),
            Line::from(bars),
            Line::styled(format!(" {}", words.with("home-solved", &count)), theme.faint()),
        ]
    }

    /// Rows of the list, each with the exercise it shows.
    fn rows(&self, area: Rect, theme: Theme, words: Words) -> Vec<(Line<'static>, Option<usize>)> {
        let shown = self.shown();
        if shown.is_empty() {
            let why = match (self.ready, self.cards.is_empty()) {
                (false, _) => "home-loading",
                (true, true) => "home-empty",
                (true, false) => "home-no-fit",
            };
            return vec![(Line::raw(words.say(why)), None)];
        }
        let mut rows = Vec::new();
        let mut chosen_row = 0;
        let mut domain = "";
        for (index, card) in shown.iter().enumerate() {
            if card.domain != domain {
                domain = &card.domain;
                rows.push((Line::styled(domain_name(domain, words), theme.strong()), None));
            }
            if index == self.chosen {
                chosen_row = rows.len();
            }
            let row = card_row(card, index == self.chosen, usize::from(area.width), (theme, words));
            rows.push((row, Some(index)));
        }
        let height = usize::from(area.height);
        let skip = chosen_row.saturating_sub(height.saturating_sub(2)).min(rows.len().saturating_sub(height));
        rows.into_iter().skip(skip).take(height).collect()
    }

    fn foot(&self, theme: Theme, words: Words, said: &str) -> Line<'static> {
        if self.filtering {
            return Line::from(format!(" /{}▏", self.filter));
        }
        if !said.is_empty() {
            return Line::styled(format!(" {said}"), theme.warn());
        }
        let due = match self.offers.due {
            0 => String::new(),
            due => words.with("home-due", &[("due", due.into())]),
        };
        Line::from(vec![
            Span::styled(format!(" {}", words.say("home-keys")), theme.faint()),
            Span::styled(due, theme.warn()),
        ])
    }
}

/// The share needed to pass, in percent, as a part of it is shown.
fn readiness_style(share: u32, theme: Theme) -> ratatui::style::Style {
    match share {
        66.. => theme.good(),
        1.. => theme.warn(),
        0 => theme.faint(),
    }
}

/// Eight columns that a share in percent fills.
fn bar(share: u32) -> String {
    let full = usize::try_from(share).unwrap_or(0).min(100) * 8 / 100;
    format!("{}{}", "█".repeat(full), "░".repeat(8 - full))
}

fn domain_rank(domain: &str) -> usize {
    DOMAINS.iter().position(|(id, _)| *id == domain).unwrap_or(DOMAINS.len())
}

pub(super) fn domain_name(domain: &str, words: Words) -> String {
    let known = DOMAINS.iter().any(|(id, _)| *id == domain);
    if known { words.say(&format!("domain-{domain}")) } else { domain.to_owned() }
}

fn card_row(card: &Card, chosen: bool, width: usize, (theme, words): (Theme, Words)) -> Line<'static> {
    let mark = match card.best {
        Some(best) if best == card.points => "✓",
        Some(_) => "◐",
        None => " ",
    };
    let score = card.best.map_or_else(|| card.points.to_string(), |best| format!("{best}/{}", card.points));
    let difficulty = fit(&words.say(&format!("difficulty-{}", card.difficulty)), 6);
    let right = words.with(
        "home-card",
        &[
            ("difficulty", difficulty.into()),
            ("minutes", format!("{:>2}", card.minutes).into()),
            ("score", format!("{score:>5}").into()),
        ],
    );
    let right = format!("{right} ");
    let room = width.saturating_sub(right.width() + 4);
    let title: String = fit(&card.title, room);
    let style = if chosen { theme.chosen() } else { ratatui::style::Style::new() };
    Line::from(vec![
        Span::styled(format!("  {mark} "), if chosen { style } else { theme.good() }),
        Span::styled(title, style),
        Span::styled(right, if chosen { style } else { theme.faint() }),
    ])
}

/// Text cut or filled to so many columns.
pub(crate) fn fit(text: &str, width: usize) -> String {
    let mut out = String::new();
    let mut used = 0;
    for c in text.chars() {
        let columns = unicode_width::UnicodeWidthChar::width(c).unwrap_or(0);
        if used + columns > width {
            break;
        }
        used += columns;
        out.push(c);
    }
    out + &" ".repeat(width.saturating_sub(used))
}
