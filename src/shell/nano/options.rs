//! What the command line and a `nanorc` ask for.

/// Options of one editor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    /// Line numbers at the left.
    pub(crate) numbers: bool,
    /// A new line is indented as the one before.
    pub(super) indents: bool,
    /// A tab is typed as blanks.
    pub(super) spaces: bool,
    /// Columns of a tab.
    pub(crate) tab: usize,
    pub(super) line: usize,
    pub(super) column: usize,
    /// True to change nothing.
    pub(crate) views: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { numbers: false, indents: false, spaces: false, tab: 8, line: 1, column: 1, views: false }
    }
}

impl Options {
    /// From lines of a `nanorc` (`set autoindent`) and arguments (`-i`, `+3,2`), in their order.
    pub(super) fn parse(commands: &[String]) -> Self {
        let mut found = Self::default();
        for command in commands {
            let words: Vec<&str> = command.split_whitespace().collect();
            match words.as_slice() {
                ["set", name, value @ ..] => found.set(name, true, value.first().copied()),
                ["unset", name] => found.set(name, false, None),
                [place] if place.starts_with('+') => found.place(&place[1..]),
                [option, value @ ..] => found.argument(option, value.first().copied()),
                [] => {}
            }
        }
        found
    }

    fn set(&mut self, name: &str, on: bool, value: Option<&str>) {
        match name {
            "linenumbers" => self.numbers = on,
            "autoindent" => self.indents = on,
            "tabstospaces" => self.spaces = on,
            "tabsize" => self.tab = value.and_then(|it| it.parse().ok()).filter(|it| *it > 0).unwrap_or(8),
            _ => {}
        }
    }

    fn argument(&mut self, option: &str, value: Option<&str>) {
        let (option, value) =
            option.split_once('=').map_or((option, value), |(name, value)| (name, Some(value)));
        match option {
            "--linenumbers" => self.numbers = true,
            "--autoindent" => self.indents = true,
            "--tabstospaces" => self.spaces = true,
            "--view" => self.views = true,
            "--tabsize" => self.set("tabsize", true, value),
            _ => {
                let Some(letters) = option.strip_prefix('-') else { return };
                for (at, letter) in letters.char_indices() {
                    match letter {
                        'l' => self.numbers = true,
                        'i' => self.indents = true,
                        'E' => self.spaces = true,
                        'v' => self.views = true,
                        'T' => {
                            let rest = &letters[at + 1..];
                            self.set("tabsize", true, if rest.is_empty() { value } else { Some(rest) });
                            return;
                        }
                        _ => {}
                    }
                }
            }
        }
    }

    fn place(&mut self, place: &str) {
        let (line, column) = place.split_once(',').unwrap_or((place, "1"));
        self.line = line.parse().unwrap_or(1);
        self.column = column.parse().unwrap_or(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nanorc_and_arguments_say_the_same() {
        let of =
            |lines: &[&str]| Options::parse(&lines.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>());
        let rc = of(&["set autoindent", "set tabstospaces", "set tabsize 2", "set linenumbers", "+3,4"]);
        assert_eq!(rc, of(&["-liE", "-T 2", "+3,4"]));
        assert_eq!((rc.tab, rc.line, rc.column), (2, 3, 4));
    }
}
