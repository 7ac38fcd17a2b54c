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
    LookBack,
    Wider,
    Narrower,
    NewTerminal,
    NextTerminal,
    LastTerminal,
    Split,
    Zoom,
    Leave,
}

/// A key of the exercise screen.
pub(crate) struct Key {
    code: KeyCode,
    modifiers: KeyModifiers,
    pub(crate) command: Command,
    /// What is written on it; empty for one that the help leaves out.
    pub(crate) label: &'static str,
    /// The key of its words for the help.
    pub(crate) says: &'static str,
}

const fn plain(code: u8, command: Command, label: &'static str, says: &'static str) -> Key {
    Key { code: KeyCode::F(code), modifiers: KeyModifiers::NONE, command, label, says }
}

const fn alt(code: KeyCode, command: Command, label: &'static str, says: &'static str) -> Key {
    Key { code, modifiers: KeyModifiers::ALT, command, label, says }
}

const fn control(code: KeyCode, command: Command, label: &'static str, says: &'static str) -> Key {
    Key { code, modifiers: KeyModifiers::CONTROL, command, label, says }
}

/// Keys of the exercise screen.
pub(crate) const COMMANDS: &[Key] = &[
    plain(1, Command::Help, "", ""),
    plain(2, Command::Hint, "F2", "help-hint"),
    plain(3, Command::Check, "F3", "help-check"),
    plain(4, Command::Solution, "F4", "help-solution"),
    plain(5, Command::Reset, "F5", "help-reset"),
    plain(6, Command::Undo, "F6", "help-undo"),
    plain(7, Command::Task, "F7", "help-task"),
    plain(8, Command::SwitchPane, "F8", "help-pane"),
    plain(9, Command::LookBack, "F9", "help-look-back"),
    plain(10, Command::Leave, "F10", "help-leave"),
    alt(KeyCode::Left, Command::Narrower, "Alt-←", "help-width"),
    alt(KeyCode::Right, Command::Wider, "Alt-→", "help-width"),
    alt(KeyCode::Char('t'), Command::NewTerminal, "Alt-t", "help-new-terminal"),
    alt(KeyCode::Char('n'), Command::NextTerminal, "Alt-n Alt-1…9", "help-other-terminal"),
    alt(KeyCode::Char('z'), Command::Zoom, "Alt-z", "help-zoom"),
    alt(KeyCode::Char('s'), Command::Split, "Alt-s", "help-split"),
    control(KeyCode::PageDown, Command::NextTerminal, "", ""),
    control(KeyCode::PageUp, Command::LastTerminal, "", ""),
];

/// Keys of other places, for the help: what is written on them, and the key of their words.
pub(crate) const HOME_HELP: &[(&str, &str)] = &[
    ("↑ ↓ j k", "help-home-choose"),
    ("Enter", "help-home-open"),
    ("/", "help-home-filter"),
    ("e", "help-home-exam"),
    ("d", "help-home-drill"),
    ("t", "help-home-theme"),
    ("l", "help-home-language"),
    ("q", "help-home-quit"),
];
pub(crate) const DRILL_HELP: &[(&str, &str)] =
    &[("↑ ↓ j k", "help-home-choose"), ("Enter", "help-drill-open"), ("q Esc", "help-drill-leave")];
pub(crate) const TERMINAL_HELP: &[(&str, &str)] = &[
    ("Tab", "help-tab"),
    ("↑ ↓ Ctrl-R PgUp", "help-history"),
    ("Ctrl-A E W U K Y", "help-line"),
    ("Alt-B F D .", "help-words"),
    ("Ctrl-C D L", "help-control"),
    ("mouse", "help-mouse"),
];
pub(crate) const TASK_HELP: &[(&str, &str)] =
    &[("↑ ↓ PgUp PgDn", "help-task-scroll"), ("Enter Esc", "help-task-back")];
pub(crate) const VIM_HELP: &[(&str, &str)] = &[
    ("i a o", "help-vim-insert"),
    ("Esc", "help-vim-escape"),
    (":w :q :wq :q!", "help-vim-leave"),
    ("dd yy p u Ctrl-R .", "help-vim-change"),
    ("/ n N * :%s", "help-vim-search"),
    ("v V Ctrl-V", "help-vim-visual"),
    (":set paste nu et sw=2", "help-vim-set"),
];
pub(crate) const NANO_HELP: &[(&str, &str)] = &[
    ("Ctrl-O Ctrl-X", "help-nano-leave"),
    ("Ctrl-K Ctrl-U", "help-nano-cut"),
    ("Ctrl-W Ctrl-\\", "help-nano-search"),
    ("Alt-U Alt-E", "help-nano-undo"),
];
pub(crate) const PAGER_HELP: &[(&str, &str)] = &[
    ("space b", "help-pager-page"),
    ("j k g G", "help-pager-line"),
    ("/ n N", "help-pager-search"),
    ("q", "help-pager-quit"),
];
pub(crate) const BACK_HELP: &[(&str, &str)] = &[
    ("↑ ↓ PgUp PgDn", "help-back-move"),
    ("/ n N", "help-back-search"),
    ("v", "help-back-select"),
    ("Enter y", "help-back-copy"),
    ("Esc q", "help-back-leave"),
];

/// The command of a key. An editor keeps the letters with Alt for itself.
pub(crate) fn command(key: KeyEvent, in_editor: bool) -> Option<Command> {
    let own = |row: &&Key| key.code == row.code && key.modifiers == row.modifiers;
    let found = COMMANDS.iter().find(own)?;
    (!in_editor || !matches!(found.code, KeyCode::Char(_))).then_some(found.command)
}

/// The terminal that Alt and a digit mean, from 0.
pub(crate) fn terminal_number(key: KeyEvent) -> Option<usize> {
    match key.code {
        KeyCode::Char(digit @ '1'..='9') if key.modifiers == KeyModifiers::ALT => {
            Some(digit as usize - '1' as usize)
        }
        _ => None,
    }
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
        KeyCode::Char('d') if alt => Edit::CutWordAhead,
        KeyCode::Char('.' | '_') if alt => Edit::LastWord,
        KeyCode::Char('t') if control => Edit::Swap,
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
            let mut rest = COMMANDS.iter().skip(index + 1);
            let again = rest.any(|other| (row.code, row.modifiers) == (other.code, other.modifiers));
            assert!(!again, "{} does two things", row.label);
        }
    }
}
