//! What is typed: quoting, and whether a line is whole.

use bashkit::parser::Parser;

/// `text` as one word of the shell language.
pub(crate) fn quote(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=@%+,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Parser messages of a text that could go on.
const UNFINISHED: &[&str] = &[
    "unterminated",
    "unexpected end of input",
    "unexpected eof",
    "unexpected end of file",
    "syntax error: empty",
    "expected 'fi'",
    "expected 'done'",
    "expected 'esac'",
    "expected '}' to close brace group",
];

/// True when more lines belong to `text`: an open quote, loop or here-document, or a `\` at the end.
pub(crate) fn is_incomplete(text: &str) -> bool {
    if text.ends_with('\\') && !text.ends_with("\\\\") || has_open_here_document(text) {
        return true;
    }
    match Parser::new(text).parse() {
        Ok(_) => false,
        Err(error) => {
            let message = error.to_string().to_lowercase();
            UNFINISHED.iter().any(|part| message.contains(part))
        }
    }
}

/// True when a here-document was begun whose delimiter has not come.
fn has_open_here_document(text: &str) -> bool {
    let mut waiting: Vec<(String, bool)> = Vec::new();
    for line in text.lines() {
        if let Some((delimiter, strip)) = waiting.first() {
            let candidate = if *strip { line.trim_start_matches('\t') } else { line };
            if candidate == delimiter {
                waiting.remove(0);
            }
            continue;
        }
        waiting.extend(here_documents(line));
    }
    !waiting.is_empty()
}

/// The delimiters of the here-documents that a line begins, and whether tabs are stripped.
fn here_documents(line: &str) -> Vec<(String, bool)> {
    let mut found = Vec::new();
    let mut quote: Option<char> = None;
    let mut chars = line.chars().peekable();
    let mut before = ' ';
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '\\') => drop(chars.next()),
            (None, '\'' | '"') => quote = Some(c),
            (None, '#') if before.is_whitespace() => break,
            (None, '<') if chars.peek() == Some(&'<') && before != '<' => {
                chars.next();
                if chars.peek() == Some(&'<') {
                    before = '<';
                    continue;
                }
                let strip = chars.next_if_eq(&'-').is_some();
                while chars.next_if(|c| *c == ' ').is_some() {}
                let mut word = String::new();
                while let Some(c) = chars.next_if(|c| !c.is_whitespace() && !"|&;<>()".contains(*c)) {
                    word.push(c);
                }
                let delimiter = word.replace(['\'', '"', '\\'], "");
                if !delimiter.is_empty() {
                    found.push((delimiter, strip));
                }
            }
            _ => {}
        }
        before = c;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_texts_want_more_lines() {
        for text in ["echo \"a", "for i in 1 2", "if true; then", "cat <<EOF\nx", "echo a \\", "f() {", "a |"]
        {
            assert!(is_incomplete(text), "{text}");
        }
        for text in ["echo a", "cat <<EOF\nx\nEOF", "for i in 1; do :; done", "echo )", "cat <<< x", "# it's"]
        {
            assert!(!is_incomplete(text), "{text}");
        }
    }

    #[test]
    fn quotes_only_what_needs_it() {
        assert_eq!(
            (quote("a-b"), quote("it's"), quote("")),
            ("a-b".into(), r"'it'\''s'".into(), "''".into())
        );
    }
}
