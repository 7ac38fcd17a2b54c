//! What the screen shows.

use ratatui::buffer::Buffer;

use super::drill::DrillScreen;
use super::exam::ExamScreen;
use super::exercise::ExerciseScreen;
use super::home::Home;
use super::selection::Selection;
use super::theme::Theme;
use super::words::Words;

/// All of it.
pub(crate) struct State {
    pub(crate) screen: Screen,
    /// The exam that the exercise in front belongs to.
    pub(crate) exam: Option<Box<ExamScreen>>,
    /// The list behind every other screen.
    pub(crate) home: Home,
    /// The row of the menu of exams that is chosen, while it is open.
    pub(crate) menu: Option<usize>,
    /// What is reviewed; it lies over the home screen.
    pub(crate) drill: Option<Box<DrillScreen>>,
    pub(crate) theme: Theme,
    pub(crate) words: Words,
    /// Columns and rows.
    pub(crate) size: (u16, u16),
    /// True while the help covers the screen.
    pub(crate) help: bool,
    /// One line about the last action.
    pub(crate) said: String,
    /// What the mouse has chosen.
    pub(crate) selection: Option<Selection>,
    /// What stands on the screen, for the mouse to copy from.
    pub(crate) drawn: Buffer,
}

/// Which screen is in front.
pub(crate) enum Screen {
    Home,
    Exercise(Box<ExerciseScreen>),
}

impl State {
    /// The home screen, whose exercises come with [`super::Msg::Cards`].
    pub(crate) fn new(theme: Theme, words: Words, size: (u16, u16)) -> Self {
        Self {
            screen: Screen::Home,
            exam: None,
            home: Home::default(),
            menu: None,
            drill: None,
            theme,
            words,
            size,
            help: false,
            said: String::new(),
            selection: None,
            drawn: Buffer::default(),
        }
    }

    /// The exercise in front, if one is.
    pub(crate) fn exercise(&mut self) -> Option<&mut ExerciseScreen> {
        match &mut self.screen {
            Screen::Exercise(exercise) => Some(exercise),
            Screen::Home => None,
        }
    }
}
