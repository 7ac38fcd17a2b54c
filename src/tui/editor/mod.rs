//! The editor in the terminal pane: keys go to the engines of [`crate::shell`], which know nothing of
//! screens; what is drawn here is what they hold.

mod nano;
mod vim;
mod yaml;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Frame;
use ratatui::layout::Rect;

use super::message::ToShell;
use super::theme::Theme;
use crate::shell::nano::Nano;
use crate::shell::vim::{Editor, Need, keys};
use crate::shell::{EditRequest, EditorKind};

/// An open file.
pub(crate) struct EditorPane {
    /// The file as it was named.
    pub(crate) name: String,
    engine: Engine,
    /// True while what the editor needs was asked for and has not come.
    waiting: bool,
    /// The first column shown, when lines do not wrap.
    left: usize,
}

enum Engine {
    Vim(Box<Editor>),
    Nano(Box<Nano>),
}

impl EditorPane {
    /// Opens a text.
    pub(crate) fn new(request: &EditRequest) -> Self {
        let engine = match request.kind {
            EditorKind::Vim => Engine::Vim(Box::new(Editor::open(request))),
            EditorKind::Nano => {
                let commands: Vec<String> = request.rc.iter().chain(&request.commands).cloned().collect();
                let (text, fresh) = (&request.found.text, !request.found.exists);
                Engine::Nano(Box::new(Nano::new(&request.name, text, fresh, &commands)))
            }
        };
        Self { name: request.name.clone(), engine, waiting: false, left: 0 }
    }

    /// `vim` or `nano`.
    pub(crate) fn program(&self) -> &'static str {
        match self.engine {
            Engine::Vim(_) => "vim",
            Engine::Nano(_) => "nano",
        }
    }

    /// Takes a key.
    pub(crate) fn key(&mut self, key: KeyEvent) -> Option<ToShell> {
        match &mut self.engine {
            Engine::Vim(editor) if editor.shown_lines().is_some() => {
                editor.hide_lines();
                // Enter only takes the lines away; any other key is a command already.
                if !matches!(key.code, KeyCode::Enter | KeyCode::Char(' ')) {
                    editor.feed(&letters(key));
                }
            }
            Engine::Vim(editor) => editor.feed(&letters(key)),
            Engine::Nano(nano) => {
                let alt = key.modifiers.contains(KeyModifiers::ALT);
                for letter in
                    letters(KeyEvent { modifiers: key.modifiers - KeyModifiers::ALT, ..key }).chars()
                {
                    nano.key(if letter == keys::ENTER { '\n' } else { letter }, alt);
                }
            }
        }
        self.next_step()
    }

    /// Takes a paste: in insert mode as it is, without indenting it.
    pub(crate) fn paste(&mut self, text: &str) -> Option<ToShell> {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        match &mut self.engine {
            Engine::Vim(editor) => editor.paste_text(&text),
            Engine::Nano(nano) => text.chars().for_each(|letter| nano.insert_text(letter)),
        }
        self.next_step()
    }

    /// Takes the answer to [`ToShell::Need`].
    pub(crate) fn answer(&mut self, answer: Result<String, String>) -> Option<ToShell> {
        self.waiting = false;
        match &mut self.engine {
            Engine::Vim(editor) => editor.resume(answer),
            Engine::Nano(nano) => nano.resume(answer),
        }
        self.next_step()
    }

    /// What the editor asks for now.
    pub(crate) fn next_step(&mut self) -> Option<ToShell> {
        let stops = match &mut self.engine {
            Engine::Vim(editor) => editor.take_stop(),
            Engine::Nano(nano) => nano.take_stop(),
        };
        if stops {
            return Some(ToShell::Stop);
        }
        let (need, left): (Option<Need>, Option<i32>) = match &self.engine {
            Engine::Vim(editor) => (editor.need().cloned(), editor.left().map(|left| left.exit)),
            Engine::Nano(nano) => (nano.need().cloned(), nano.is_left().then_some(0)),
        };
        if let (Some(need), false) = (need, self.waiting) {
            self.waiting = true;
            return Some(ToShell::Need(need));
        }
        left.map(|exit| ToShell::EditorClosed { exit })
    }

    /// Moves the text under the wheel of the mouse.
    pub(crate) fn scroll(&mut self, up: bool, rows: usize) {
        let key = if up { KeyCode::Up } else { KeyCode::Down };
        for _ in 0..rows {
            let _ = self.key(KeyEvent::new(key, KeyModifiers::NONE));
        }
    }

    /// Draws the text and the lines below it.
    pub(crate) fn draw(&mut self, frame: &mut Frame<'_>, area: Rect, focused: bool, theme: Theme) {
        let named = match &self.engine {
            Engine::Vim(editor) => editor.file_name().to_owned(),
            Engine::Nano(_) => self.name.clone(),
        };
        let syntax = yaml::is_yaml(&named);
        match &mut self.engine {
            Engine::Vim(editor) => vim::draw(editor, &mut self.left, frame, area, (focused, syntax), theme),
            Engine::Nano(nano) => nano::draw(nano, frame, area, (focused, syntax), theme),
        }
    }
}

/// A key as the engines know it; empty for one that they do not know.
fn letters(key: KeyEvent) -> String {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    let letter = match key.code {
        KeyCode::Char(c) if control => match control_letter(c) {
            Some(letter) => letter,
            None => return String::new(),
        },
        KeyCode::Char(c) => c,
        KeyCode::Enter => keys::ENTER,
        KeyCode::Esc => keys::ESCAPE,
        KeyCode::Backspace => keys::BACKSPACE,
        KeyCode::Tab => '\t',
        KeyCode::Up => keys::UP,
        KeyCode::Down => keys::DOWN,
        KeyCode::Left => keys::LEFT,
        KeyCode::Right => keys::RIGHT,
        KeyCode::Home => keys::HOME,
        KeyCode::End => keys::END,
        KeyCode::Delete => keys::DELETE,
        KeyCode::PageUp => keys::PAGE_UP,
        KeyCode::PageDown => keys::PAGE_DOWN,
        _ => return String::new(),
    };
    // Alt and a letter is what terminals send as Escape and the letter.
    let lead = if key.modifiers.contains(KeyModifiers::ALT) { "\x1b" } else { "" };
    format!("{lead}{letter}")
}

/// What Ctrl and a letter send.
fn control_letter(c: char) -> Option<char> {
    match c {
        ' ' | '@' | '2' => Some('\0'),
        '3' => Some('\x1b'),
        '4' => Some('\x1c'),
        '5' => Some('\x1d'),
        '6' => Some('\x1e'),
        '7' | '/' => Some('\x1f'),
        '8' => Some('\x7f'),
        c if c.is_ascii_alphabetic() || "[\\]^_".contains(c) => {
            Some((c.to_ascii_uppercase() as u8 & 0x1f) as char)
        }
        _ => None,
    }
}
