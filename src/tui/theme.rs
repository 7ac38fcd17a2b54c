//! Colors by meaning. Without color, weight and reversal carry the meaning alone.

use ratatui::style::{Color, Modifier, Style};

/// How things look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Theme {
    /// False for `NO_COLOR` and terminals without color.
    pub(crate) color: bool,
}

impl Theme {
    /// With color.
    pub(crate) const COLOR: Self = Self { color: true };
    /// Without.
    pub(crate) const PLAIN: Self = Self { color: false };

    fn with(self, color: Color, plain: Modifier) -> Style {
        if self.color { Style::new().fg(color) } else { Style::new().add_modifier(plain) }
    }

    /// Headings and what is in front.
    pub(crate) fn strong(self) -> Style {
        self.with(Color::Cyan, Modifier::BOLD).add_modifier(Modifier::BOLD)
    }

    /// Side remarks.
    pub(crate) fn faint(self) -> Style {
        self.with(Color::DarkGray, Modifier::DIM)
    }

    /// Code in a task, which a click copies.
    pub(crate) fn code(self) -> Style {
        self.with(Color::Yellow, Modifier::UNDERLINED)
    }

    /// What is right.
    pub(crate) fn good(self) -> Style {
        self.with(Color::Green, Modifier::BOLD)
    }

    /// What is not.
    pub(crate) fn bad(self) -> Style {
        self.with(Color::Red, Modifier::REVERSED)
    }

    /// What deserves a look.
    pub(crate) fn warn(self) -> Style {
        self.with(Color::Magenta, Modifier::ITALIC)
    }

    /// The chosen row.
    pub(crate) fn chosen(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// Borders of the pane that has the keyboard, and of the others.
    pub(crate) fn border(self, focused: bool) -> Style {
        if focused { self.strong() } else { self.faint() }
    }
}
