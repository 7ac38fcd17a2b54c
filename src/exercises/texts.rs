//! Texts of authors and learners, made safe for a terminal.

/// The text without control characters, apart from line breaks and tabs: an escape sequence in a pack, or in what
/// a script of it prints, must not reach a real terminal.
pub(crate) fn plain(text: &str) -> String {
    text.chars().filter(|it| !it.is_control() || matches!(it, '\n' | '\t')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_lose_their_power() {
        assert_eq!(plain("a\u{1b}[31mb\u{9b}2J\u{7}\r\n\tc"), "a[31mb2J\n\tc");
    }
}
