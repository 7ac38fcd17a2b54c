//! The format of recorded sessions: commands with their output and exit code.

/// A part of a session, in order.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    /// A line before the first command.
    Comment(String),
    /// `@settle [seconds]`, as written and understood.
    Settle(String, Option<f64>),
    Command(Entry),
}

/// A command as recorded.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Entry {
    /// With its marks: `$ ` before the first line, `>` before others.
    pub(super) command: String,
    /// Lines joined without a newline at the end.
    pub(super) output: String,
    pub(super) exit: i32,
    /// True when the output is not the same from run to run.
    pub(super) any: bool,
}

impl Entry {
    /// What is typed.
    pub(super) fn text(&self) -> String {
        let lines = self.command.split('\n').map(|line| {
            let bare = line.strip_prefix(['$', '>']).unwrap_or(line);
            bare.strip_prefix(' ').unwrap_or(bare)
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// The entry with another output, as it stands in a file.
    pub(super) fn printed(&self, output: &str, exit: i32) -> String {
        let mut text = String::new();
        if self.any {
            text.push_str("@any\n");
        }
        text.push_str(&self.command);
        text.push('\n');
        text.push_str(output);
        if !output.is_empty() && !output.ends_with('\n') {
            text.push('\n');
        }
        if exit != 0 {
            text.push_str(&format!("[exit {exit}]\n"));
        }
        text
    }
}

/// Reads a session.
pub(super) fn parse(text: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut current: Option<(Entry, Vec<&str>)> = None;
    let mut any = false;
    let mut in_command = false;
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        if line == "@any" {
            any = true;
            in_command = false;
        } else if line.starts_with("$ ") {
            close(&mut steps, current.take());
            let entry = Entry { command: line.to_owned(), any: std::mem::take(&mut any), ..Entry::default() };
            current = Some((entry, Vec::new()));
            in_command = true;
        } else if in_command && line.starts_with('>') {
            if let Some((entry, _)) = &mut current {
                entry.command.push('\n');
                entry.command.push_str(line);
            }
        } else if line.starts_with("@settle") {
            close(&mut steps, current.take());
            let seconds = line.trim_start_matches("@settle").trim().parse().ok();
            steps.push(Step::Settle(line.to_owned(), seconds));
            in_command = false;
        } else if let Some(code) = exit_line(line) {
            if let Some((entry, _)) = &mut current {
                entry.exit = code;
            }
            in_command = false;
        } else if let Some((_, output)) = &mut current {
            output.push(line);
            in_command = false;
        } else if !line.is_empty() {
            steps.push(Step::Comment(line.to_owned()));
        }
    }
    close(&mut steps, current);
    steps
}

fn close(steps: &mut Vec<Step>, current: Option<(Entry, Vec<&str>)>) {
    if let Some((mut entry, output)) = current {
        entry.output = output.join("\n");
        steps.push(Step::Command(entry));
    }
}

fn exit_line(line: &str) -> Option<i32> {
    let code = line.strip_prefix("[exit ")?.strip_suffix(']')?;
    code.bytes().all(|byte| byte.is_ascii_digit()).then(|| code.parse().ok()).flatten()
}

/// Output and exit code as they come back when a printed session is read: lines that look like marks
/// of the format are marks then too.
pub(super) fn as_parsed(output: &str, exit: i32) -> (String, i32) {
    let printed = Entry { command: "$ :".into(), ..Entry::default() }.printed(output, exit);
    let first = parse(&printed).into_iter().find_map(|step| match step {
        Step::Command(entry) => Some((entry.output, entry.exit)),
        _ => None,
    });
    first.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_reads_back_as_printed() {
        let text = "# about\n$ cat <<EOF\n> a\n>\n> EOF\na\n\n@settle 4\n@any\n$ date\nx\n[exit 3]\n";
        let steps = parse(text);
        assert_eq!(steps.len(), 4);
        let Step::Command(entry) = &steps[1] else { panic!("{steps:?}") };
        assert_eq!((entry.text().as_str(), entry.output.as_str()), ("cat <<EOF\na\n\nEOF", "a\n"));
        assert_eq!(steps[2], Step::Settle("@settle 4".into(), Some(4.0)));
        let Step::Command(entry) = &steps[3] else { panic!("{steps:?}") };
        assert!(entry.any && entry.exit == 3);
        assert_eq!(entry.printed("x", 3), "@any\n$ date\nx\n[exit 3]\n");
    }
}
