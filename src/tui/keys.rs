//! Which key does what. One table for the help and for the keys themselves.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::prompt::Edit;

/// What a key does on the exercise screen, wherever the keyboard is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Help,
    Hint,
    Check,
    Solution,
    Reset,
    Undo,
    Task,
    SwitchPane,
    Wider,
    Narrower,
    Leave,
}

/// Keys of the exercise screen with their words for the help.
pub(crate) const COMMANDS: &[(KeyCode, KeyModifiers, Command, &str, &str)] = &[
    (KeyCode::F(1), KeyModifiers::NONE, Command::Help, "F1", "this help"),
    (KeyCode::F(2), KeyModifiers::NONE, Command::Hint, "F2", "one more hint"),
    (KeyCode::F(3), KeyModifiers::NONE, Command::Check, "F3", "check: points, and why"),
    (KeyCode::F(4), KeyModifiers::NONE, Command::Solution, "F4", "the reference and the difference to it"),
    (KeyCode::F(5), KeyModifiers::NONE, Command::Reset, "F5", "back to the beginning"),
    (KeyCode::F(6), KeyModifiers::NONE, Command::Undo, "F6", "take the last command back"),
    (KeyCode::F(7), KeyModifiers::NONE, Command::Task, "F7", "back to the task"),
    (KeyCode::F(8), KeyModifiers::NONE, Command::SwitchPane, "F8", "keyboard to the other pane"),
    (KeyCode::Left, KeyModifiers::ALT, Command::Narrower, "Alt-←", "narrower task"),
    (KeyCode::Right, KeyModifiers::ALT, Command::Wider, "Alt-→", "wider task"),
    (KeyCode::F(10), KeyModifiers::NONE, Command::Leave, "F10", "back to the list"),
];

/// Keys of the terminal, for the help.
pub(crate) const TERMINAL_HELP: &[(&str, &str)] = &[
    ("Tab", "complete commands, files, kinds, names, flags"),
    ("↑ ↓", "history; Ctrl-R searches it"),
    ("Ctrl-A E W U K Y", "move and cut as in bash"),
    ("Ctrl-C D L", "interrupt, end of input, clear"),
    ("PgUp PgDn", "scroll back and forward"),
    ("mouse", "a click on code in the task copies it to the prompt"),
];

/// The command of a key.
pub(crate) fn command(key: KeyEvent) -> Option<Command> {
    COMMANDS
        .iter()
        .find(|(code, modifiers, ..)| key.code == *code && key.modifiers == *modifiers)
        .map(|(_, _, command, ..)| *command)
}

/// The change to the typed line that a key asks for.
pub(crate) fn edit(key: KeyEvent) -> Option<Edit> {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    let alt = key.modifiers.contains(KeyModifiers::ALT);
    Some(match key.code {
        KeyCode::Char('a') if control => Edit::Start,
        KeyCode::Char('e') if control => Edit::End,
        KeyCode::Char('b') if control => Edit::Left,
        KeyCode::Char('f') if control => Edit::Right,
        KeyCode::Char('h') if control => Edit::Backspace,
        KeyCode::Char('w') if control => Edit::CutWord,
        KeyCode::Char('u') if control => Edit::CutToStart,
        KeyCode::Char('k') if control => Edit::CutToEnd,
        KeyCode::Char('y') if control => Edit::Yank,
        KeyCode::Char('p') if control => Edit::Older,
        KeyCode::Char('n') if control => Edit::Newer,
        KeyCode::Char('b') if alt => Edit::WordLeft,
        KeyCode::Char('f') if alt => Edit::WordRight,
        KeyCode::Left if control => Edit::WordLeft,
        KeyCode::Right if control => Edit::WordRight,
        KeyCode::Left => Edit::Left,
        KeyCode::Right => Edit::Right,
        KeyCode::Up => Edit::Older,
        KeyCode::Down => Edit::Newer,
        KeyCode::Home => Edit::Start,
        KeyCode::End => Edit::End,
        KeyCode::Backspace if alt => Edit::CutWord,
        KeyCode::Backspace => Edit::Backspace,
        KeyCode::Delete => Edit::Delete,
        KeyCode::Char(c) if !control && !alt => Edit::Insert(c),
        _ => return None,
    })
}

/// True for Ctrl and this letter.
pub(crate) fn is_control(key: KeyEvent, letter: char) -> bool {
    key.modifiers.contains(KeyModifiers::CONTROL) && key.code == KeyCode::Char(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_commands_share_a_key() {
        for (index, row) in COMMANDS.iter().enumerate() {
            let again = COMMANDS.iter().skip(index + 1).any(|other| (row.0, row.1) == (other.0, other.1));
            assert!(!again, "{} does two things", row.3);
        }
    }
}
