//! Frames outside a terminal: for the picture of the README, and for measuring what a frame costs.

use std::fmt::Write;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

use super::message::{Effect, Msg, Opened, ToShell};
use super::state::State;
use super::theme::Theme;
use super::update::update;
use super::view::view;
use super::words::Words;

/// Pixels of a cell, and of its base line.
const CELL: (f64, f64) = (8.4, 18.0);
const BASE: f64 = 13.5;

const PAPER: &str = "#16181d";
const INK: &str = "#d7dae0";

/// The sixteen colors of a terminal, black first.
const COLORS: [&str; 16] = [
    "#16181d", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#abb2bf", "#7f8694",
    "#ff7b86", "#b5e890", "#ffd787", "#7fc4ff", "#e08cff", "#6fd6e2", "#ffffff",
];

/// A screen that is drawn into memory.
pub(crate) struct Film {
    state: State,
    terminal: Terminal<TestBackend>,
}

impl Film {
    /// An exercise on a screen of so many columns and rows.
    pub(crate) fn new(opened: Opened, columns: u16, rows: u16) -> Self {
        let mut state = State::new(Theme::COLOR, Words::default(), (columns, rows));
        let _ = update(&mut state, Msg::Opened(Box::new(opened)));
        let Ok(terminal) = Terminal::new(TestBackend::new(columns, rows));
        Self { state, terminal }
    }

    /// Tells the screen something.
    pub(crate) fn tell(&mut self, msg: Msg) {
        let _ = update(&mut self.state, msg);
    }

    /// Types a line and Enter; gives what the shell is to run.
    pub(crate) fn type_line(&mut self, line: &str) -> Option<String> {
        let keys = line.chars().map(KeyCode::Char).chain([KeyCode::Enter]);
        let effects = keys
            .filter_map(|code| update(&mut self.state, Msg::Key(KeyEvent::new(code, KeyModifiers::NONE))));
        effects.last().and_then(|effect| match effect {
            Effect::Shell(_, ToShell::Run(line)) => Some(line),
            _ => None,
        })
    }

    /// Draws a frame; gives how many cells it has.
    pub(crate) fn draw(&mut self) -> usize {
        let Ok(frame) = self.terminal.draw(|frame| view(&mut self.state, frame));
        frame.buffer.content.len()
    }

    /// The frame as a picture.
    pub(crate) fn svg(&mut self) -> String {
        let _ = self.draw();
        svg(self.terminal.backend().buffer())
    }
}

fn hex(color: Color, usual: &str) -> String {
    let named = |index: usize| COLORS.get(index).copied().unwrap_or(usual).to_owned();
    match color {
        Color::Black => named(0),
        Color::Red => named(1),
        Color::Green => named(2),
        Color::Yellow => named(3),
        Color::Blue => named(4),
        Color::Magenta => named(5),
        Color::Cyan => named(6),
        Color::Gray => named(7),
        Color::DarkGray => named(8),
        Color::LightRed => named(9),
        Color::LightGreen => named(10),
        Color::LightYellow => named(11),
        Color::LightBlue => named(12),
        Color::LightMagenta => named(13),
        Color::LightCyan => named(14),
        Color::White => named(15),
        Color::Indexed(index) => indexed(index),
        Color::Rgb(r, g, b) => format!("#{r:02x}{g:02x}{b:02x}"),
        Color::Reset => usual.to_owned(),
    }
}

/// A color of the 256: sixteen names, a cube of six steps, and grays.
fn indexed(index: u8) -> String {
    match index {
        0..=15 => COLORS[usize::from(index)].to_owned(),
        16..=231 => {
            let step = |digit: u8| if digit == 0 { 0 } else { 55 + 40 * digit };
            let cube = index - 16;
            format!("#{:02x}{:02x}{:02x}", step(cube / 36), step(cube / 6 % 6), step(cube % 6))
        }
        _ => {
            let gray = 8 + 10 * (index - 232);
            format!("#{gray:02x}{gray:02x}{gray:02x}")
        }
    }
}

/// A frame as a picture: cells of one look together.
fn svg(buffer: &Buffer) -> String {
    let (width, height) = (f64::from(buffer.area.width) * CELL.0, f64::from(buffer.area.height) * CELL.1);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"-10 -10 {:.0} {:.0}\" \
         font-family=\"ui-monospace, Menlo, Consolas, monospace\" font-size=\"14\">\n\
         <rect x=\"-10\" y=\"-10\" width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{PAPER}\"/>\n",
        width + 20.0,
        height + 20.0
    );
    for (y, row) in buffer.content.chunks(usize::from(buffer.area.width.max(1))).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|a, b| a.style() == b.style()) {
            put_run(&mut out, run, x, y);
            x += run.len();
        }
    }
    out + "</svg>\n"
}

fn put_run(out: &mut String, run: &[Cell], x: usize, y: usize) {
    let Some(first) = run.first() else { return };
    let (mut ink, mut paper) = (hex(first.fg, INK), hex(first.bg, PAPER));
    if first.modifier.contains(Modifier::REVERSED) {
        std::mem::swap(&mut ink, &mut paper);
    }
    let (left, top) = (x as f64 * CELL.0, y as f64 * CELL.1);
    let width = run.len() as f64 * CELL.0;
    if paper != PAPER {
        let height = CELL.1;
        let _ = writeln!(
            out,
            "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{height}\" fill=\"{paper}\"/>"
        );
    }
    let mut text = String::new();
    let mut covered = 0;
    for cell in run {
        if covered > 0 {
            covered -= 1;
            continue;
        }
        covered = cell.symbol().width().saturating_sub(1);
        text.push_str(cell.symbol());
    }
    if text.trim().is_empty() {
        return;
    }
    let bold = if first.modifier.contains(Modifier::BOLD) { " font-weight=\"bold\"" } else { "" };
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let base = top + BASE;
    let _ = writeln!(
        out,
        "<text x=\"{left:.1}\" y=\"{base:.1}\" textLength=\"{width:.1}\" fill=\"{ink}\"{bold} \
         xml:space=\"preserve\">{text}</text>"
    );
}
