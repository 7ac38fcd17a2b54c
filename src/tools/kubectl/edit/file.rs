//! The file in the editor: its header of comments, its place, and how the editor is started.

use super::super::{Ctx, Failure};
use crate::cluster::place::FileOp;

/// Why the server did not take an edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reason {
    pub(super) head: String,
    pub(super) other: Vec<String>,
}

/// What stands above the object in the editor.
const HEADER: &str = "# Please edit the object below. Lines beginning with a '#' will be ignored,
# and an empty file will abort the edit. If an error occurs while saving this file will be
# reopened with the relevant failures.
#
";

/// What stands above what `apply` remembers.
const HEADER_LAST_APPLIED: &str = "# Please edit the 'last-applied-configuration' annotations below.
# Lines beginning with a '#' will be ignored, and an empty file will abort the edit.
#
";

/// The content with the header, and the reasons of the last pass. JSON has no comments, but kubectl's reader takes
/// the lines away again.
pub(super) fn with_header(content: &str, reasons: &[Reason], last_applied: bool) -> String {
    let mut text = if last_applied { HEADER_LAST_APPLIED } else { HEADER }.to_owned();
    for reason in reasons {
        let colon = if reason.other.is_empty() { "" } else { ":" };
        text.push_str(&format!("# {}{colon}\n", commented(&reason.head)));
        for other in &reason.other {
            text.push_str(&format!("# * {}\n", commented(other)));
        }
        text.push_str("#\n");
    }
    text.push_str(content);
    text
}

fn commented(text: &str) -> String {
    text.replace('\n', "\n# ")
}

/// The text without lines of comments.
pub(super) fn strip_comments(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with('#')).collect();
    let plain = lines.join("\n");
    if plain.trim().is_empty() { String::new() } else { format!("{}\n", plain.trim_end()) }
}

/// The file of one run of `kubectl edit`.
pub(super) struct Opened {
    pub(super) path: String,
}

impl Opened {
    /// A new name in `/tmp`.
    pub(super) fn new(ctx: &Ctx<'_>, as_json: bool) -> Self {
        let number = ctx.proc.world().chance.below(4_000_000_000);
        let extension = if as_json { "json" } else { "yaml" };
        Self { path: format!("/tmp/kubectl-edit-{number}.{extension}") }
    }

    /// Writes the content, runs the editor and reads what it left.
    ///
    /// # Errors
    /// An editor that cannot be started, or ends badly.
    pub(super) async fn edit(&mut self, ctx: &mut Ctx<'_>, content: &str) -> Result<String, Failure> {
        let write = FileOp::Mkdir { path: "/tmp", mode: 0o1777, parents: true };
        let _ = ctx.proc.change_files(write);
        let content = match ctx.flags.on("windows-line-endings") {
            true => content.replace('\n', "\r\n"),
            false => content.to_owned(),
        };
        ctx.proc
            .write_file(&self.path, content.as_bytes())
            .map_err(|error| Failure::error(format!("open {}: {error}", self.path)))?;
        let editor = ["KUBE_EDITOR", "EDITOR"]
            .iter()
            .filter_map(|name| ctx.proc.env.get(*name))
            .find(|editor| !editor.is_empty())
            .cloned()
            .unwrap_or_else(|| "vi".into());
        let program = editor.split_whitespace().next().unwrap_or("vi");
        if !ctx.proc.can_start(program) && !matches!(program, "true" | "false" | "test" | "echo" | ":") {
            return Err(Failure::error(format!("unable to launch the editor {editor:?}")));
        }
        let line = if needs_shell(&editor) {
            format!("{editor} {}", self.path)
        } else {
            let words: Vec<String> = editor.split(' ').map(quoted).collect();
            format!("{} {}", words.join(" "), self.path)
        };
        if ctx.proc.run_line(&line).await != 0 {
            return Err(Failure::error(format!("there was a problem with the editor {editor:?}")));
        }
        match ctx.proc.read_file(&self.path) {
            Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
            Err(error) => Err(Failure::error(format!("open {}: {error}", self.path))),
        }
    }

    /// The failure, after the file was named when it holds changes.
    pub(super) fn keep(&self, ctx: &Ctx<'_>, failure: Failure, changed: bool) -> Failure {
        if changed {
            ctx.err(&format!("A copy of your changes has been stored to {:?}\n", self.path));
        }
        failure
    }

    /// Takes the file away.
    pub(super) fn remove(&self, ctx: &Ctx<'_>) {
        let _ = ctx.proc.change_files(FileOp::Remove { path: &self.path, recursive: false });
    }
}

/// An editor with quotes goes through a shell; other ones are split at spaces.
fn needs_shell(editor: &str) -> bool {
    editor.contains(['"', '\'', '\\'])
}

fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_come_and_go() {
        let reason = Reason { head: "x was not valid".into(), other: vec!["spec: Required value".into()] };
        let text = with_header("a: 1\n", &[reason], false);
        assert!(text.contains("# x was not valid:\n# * spec: Required value\n#\na: 1\n"));
        assert_eq!(strip_comments(&text), "a: 1\n");
    }
}
