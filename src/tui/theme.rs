//! Colors by meaning. Without color, weight and reversal carry the meaning alone; no theme tells right
//! from wrong by color only.

use ratatui::style::{Color, Modifier, Style};

/// How things look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Theme {
    pub(crate) name: &'static str,
    /// False for `NO_COLOR` and terminals without color.
    pub(crate) color: bool,
    palette: Palette,
}

/// A color for each meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Palette {
    strong: Color,
    faint: Color,
    code: Color,
    good: Color,
    bad: Color,
    warn: Color,
    /// Names of fields in YAML.
    name: Color,
    /// Texts and numbers in YAML.
    value: Color,
}

/// A theme with color.
const fn colored(name: &'static str, palette: Palette) -> Theme {
    Theme { name, color: true, palette }
}

const NO_COLORS: Palette = Palette {
    strong: Color::Reset,
    faint: Color::Reset,
    code: Color::Reset,
    good: Color::Reset,
    bad: Color::Reset,
    warn: Color::Reset,
    name: Color::Reset,
    value: Color::Reset,
};

/// Every theme, the usual one first.
pub(crate) const THEMES: &[Theme] = &[
    Theme::COLOR,
    colored(
        "light",
        Palette {
            strong: Color::Blue,
            faint: Color::Indexed(242),
            code: Color::Indexed(94),
            good: Color::Indexed(28),
            bad: Color::Indexed(124),
            warn: Color::Indexed(90),
            name: Color::Indexed(25),
            value: Color::Indexed(88),
        },
    ),
    // Blue against orange: told apart with every common kind of color blindness (Okabe and Ito, 2008).
    colored(
        "color-blind",
        Palette {
            strong: Color::Indexed(231),
            faint: Color::Indexed(247),
            code: Color::Indexed(228),
            good: Color::Indexed(75),
            bad: Color::Indexed(214),
            warn: Color::Indexed(228),
            name: Color::Indexed(75),
            value: Color::Indexed(214),
        },
    ),
    colored(
        "contrast",
        Palette {
            strong: Color::White,
            faint: Color::Gray,
            code: Color::LightYellow,
            good: Color::LightGreen,
            bad: Color::LightRed,
            warn: Color::LightMagenta,
            name: Color::LightCyan,
            value: Color::LightYellow,
        },
    ),
    Theme::PLAIN,
];

impl Theme {
    /// With the colors of the terminal itself.
    pub(crate) const COLOR: Self = colored(
        "dark",
        Palette {
            strong: Color::Cyan,
            faint: Color::DarkGray,
            code: Color::Yellow,
            good: Color::Green,
            bad: Color::Red,
            warn: Color::Magenta,
            name: Color::Cyan,
            value: Color::Magenta,
        },
    );
    /// Without.
    pub(crate) const PLAIN: Self = Self { name: "no-color", color: false, palette: NO_COLORS };

    /// The theme of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        THEMES.iter().find(|theme| theme.name == name).copied()
    }

    /// The one after it, the first after the last.
    pub(crate) fn next(self) -> Self {
        let at = THEMES.iter().position(|theme| *theme == self).unwrap_or(0);
        THEMES.get((at + 1) % THEMES.len()).copied().unwrap_or(self)
    }

    fn with(self, color: Color, plain: Modifier) -> Style {
        if self.color { Style::new().fg(color) } else { Style::new().add_modifier(plain) }
    }

    /// Headings and what is in front.
    pub(crate) fn strong(self) -> Style {
        self.with(self.palette.strong, Modifier::BOLD).add_modifier(Modifier::BOLD)
    }

    /// Side remarks.
    pub(crate) fn faint(self) -> Style {
        self.with(self.palette.faint, Modifier::DIM)
    }

    /// Code in a task, which a click copies.
    pub(crate) fn code(self) -> Style {
        self.with(self.palette.code, Modifier::UNDERLINED)
    }

    /// What is right.
    pub(crate) fn good(self) -> Style {
        self.with(self.palette.good, Modifier::BOLD)
    }

    /// What is not.
    pub(crate) fn bad(self) -> Style {
        self.with(self.palette.bad, Modifier::REVERSED)
    }

    /// What deserves a look.
    pub(crate) fn warn(self) -> Style {
        self.with(self.palette.warn, Modifier::ITALIC)
    }

    /// The chosen row.
    pub(crate) fn chosen(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// Borders of the pane that has the keyboard, and of the others.
    pub(crate) fn border(self, focused: bool) -> Style {
        if focused { self.strong() } else { self.faint() }
    }

    /// The prompt of a shell.
    pub(crate) fn prompt(self) -> Style {
        if self.color { Style::new().fg(self.palette.good) } else { Style::new() }
    }

    /// The name of a field in YAML.
    pub(crate) fn name(self) -> Style {
        self.with(self.palette.name, Modifier::empty())
    }

    /// A text, number or truth value in YAML.
    pub(crate) fn value(self) -> Style {
        self.with(self.palette.value, Modifier::empty())
    }

    /// A remark in YAML.
    pub(crate) fn comment(self) -> Style {
        self.faint()
    }

    /// What a search found.
    pub(crate) fn found(self) -> Style {
        if self.color {
            Style::new().fg(Color::Black).bg(Color::Yellow)
        } else {
            Style::new().add_modifier(Modifier::REVERSED)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn themes_follow_each_other_in_a_ring_and_have_names() {
        let mut theme = Theme::COLOR;
        for _ in THEMES {
            assert_eq!(Theme::named(theme.name), Some(theme));
            theme = theme.next();
        }
        assert_eq!(theme, Theme::COLOR);
    }

    #[test]
    fn no_theme_tells_right_from_wrong_by_nothing() {
        for theme in THEMES {
            assert_ne!(theme.good(), theme.bad(), "{}", theme.name);
        }
    }
}
