//! What the screen shows.

use super::exercise::ExerciseScreen;
use super::home::Home;
use super::message::Card;
use super::theme::Theme;

/// All of it.
pub(crate) struct State {
    pub(crate) screen: Screen,
    /// The list behind every other screen.
    pub(crate) home: Home,
    pub(crate) theme: Theme,
    /// Columns and rows.
    pub(crate) size: (u16, u16),
    /// True while the help covers the screen.
    pub(crate) help: bool,
    /// One line about the last action.
    pub(crate) said: String,
}

/// Which screen is in front.
pub(crate) enum Screen {
    Home,
    Exercise(Box<ExerciseScreen>),
}

impl State {
    /// The home screen over these exercises.
    pub(crate) fn new(cards: Vec<Card>, theme: Theme, size: (u16, u16)) -> Self {
        Self { screen: Screen::Home, home: Home::new(cards), theme, size, help: false, said: String::new() }
    }

    /// The exercise in front, if one is.
    pub(crate) fn exercise(&mut self) -> Option<&mut ExerciseScreen> {
        match &mut self.screen {
            Screen::Exercise(exercise) => Some(exercise),
            Screen::Home => None,
        }
    }
}
