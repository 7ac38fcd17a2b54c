//! `systemctl edit` and `revert`: drop-ins and copies of unit files below `/etc`.

use super::Control;
use crate::cluster::place::FileOp;
use crate::hosts::files;

/// What separates what is read from what is only shown.
const CUT: &str = "### Edits below this comment will be discarded";

impl Control<'_> {
    /// Opens the drop-in (or with `--full` the whole file) of each unit in the editor.
    pub(super) async fn edit(&self, units: &[String]) -> i32 {
        if self.proc.user != "root" {
            self.proc.eprint("Failed to create directory: Permission denied\n");
            return 1;
        }
        for unit in units {
            let exit = self.edit_one(unit).await;
            if exit != 0 {
                return exit;
            }
        }
        self.reload_files()
    }

    async fn edit_one(&self, unit: &str) -> i32 {
        // `--full` and `-l` are one option here, as in `systemctl` itself.
        let full = self.options.has('l');
        let shown = self.unit(unit).filter(|it| !it.file.path.is_empty());
        if shown.is_none() && !self.options.has('f') {
            self.proc.eprint(format!(
                "No files found for {unit}.\nRun 'systemctl edit --force --full {unit}' to create a new unit.\n"
            ));
            return 1;
        }
        let read =
            |path: &str| self.with(|host| host.files.read_text(path).unwrap_or_default()).unwrap_or_default();
        let name = self.options.value('d').unwrap_or("override.conf");
        let name = if name.ends_with(".conf") { name.to_owned() } else { format!("{name}.conf") };
        let target = if full {
            format!("/etc/systemd/system/{unit}")
        } else {
            format!("/etc/systemd/system/{unit}.d/{name}")
        };
        let source = shown.as_ref().map(|it| it.file.path.clone()).unwrap_or_default();
        let before = if full && !source.is_empty() { read(&source) } else { read(&target) };
        let text = if self.options.has('D') {
            String::from_utf8_lossy(self.proc.stdin.as_deref().unwrap_or_default()).into_owned()
        } else {
            let draft = if full { before.clone() } else { draft(&target, &before, &source, &read(&source)) };
            let Some(text) = self.in_editor(&target, &draft).await else { return 1 };
            if full { text } else { cut(&text) }
        };
        if text.trim().is_empty() {
            self.proc.eprint(format!("{target}: after editing, new contents are empty, not writing file.\n"));
            return 0;
        }
        let made = self.write(&target, &text);
        if made {
            self.proc.eprint(format!("Successfully installed edited file '{target}'.\n"));
        }
        i32::from(!made)
    }

    fn write(&self, target: &str, text: &str) -> bool {
        let mut world = self.proc.world();
        let make = FileOp::Mkdir { path: files::parent(target), mode: 0o755, parents: true };
        let write = FileOp::Write { path: target, bytes: text.as_bytes() };
        world.change_files(&self.proc.place, make).is_ok()
            && world.change_files(&self.proc.place, write).is_ok()
    }

    /// What the editor leaves of a draft; `None` when it could not be started or failed.
    async fn in_editor(&self, target: &str, draft: &str) -> Option<String> {
        let editor = ["SYSTEMD_EDITOR", "EDITOR", "VISUAL"].iter().find_map(|name| self.proc.env.get(*name));
        let editor = editor.cloned().unwrap_or_else(|| "nano".into());
        let random = self.proc.world().chance.hex(16);
        let path = format!("{}/.#{}{random}", files::parent(target), files::base_name(target));
        if !self.write(&path, draft) {
            return None;
        }
        let exit = self.proc.run_line(&format!("{editor} {}", crate::shell::quote(&path))).await;
        let text = self.with(|host| host.files.read_text(&path).ok()).flatten();
        self.with_mut(|host, _| host.files.remove(&path).map(drop));
        if exit != 0 {
            self.proc.eprint(format!("Failed to edit: editor {editor} failed with exit status {exit}\n"));
            return None;
        }
        text
    }

    /// Removes drop-ins and copies below `/etc` of a unit that a package brought.
    pub(super) fn revert(&self, unit: &str) -> i32 {
        let folder = format!("/etc/systemd/system/{unit}.d");
        let own = format!("/etc/systemd/system/{unit}");
        let removed = self.with_mut(|host, _| {
            let mut removed = Vec::new();
            for (name, _) in host.files.list(&folder).unwrap_or_default() {
                removed.push(format!("{folder}/{name}"));
            }
            let vendor = host.files.exists(&format!("/usr/lib/systemd/system/{unit}"));
            if vendor && host.files.lstat(&own).is_ok() {
                removed.push(own.clone());
            }
            removed.retain(|path| host.files.remove(path).is_ok());
            if !removed.is_empty() && host.files.remove(&folder).is_ok() {
                removed.push(folder.clone());
            }
            host.daemon_reload();
            removed
        });
        for path in removed.unwrap_or_default() {
            self.proc.eprint(format!("Removed '{path}'.\n"));
        }
        0
    }
}

/// The draft of a drop-in: what it holds, then what the unit holds, as comments that are not kept.
fn draft(target: &str, before: &str, source: &str, unit: &str) -> String {
    let shown: String = unit.lines().map(|line| format!("# {line}\n")).collect();
    format!(
        "### Editing {target}\n### Anything between here and the comment below will become the contents of the drop-in file\n\n\
         {before}\n\n{CUT}\n\n### {source}\n{shown}"
    )
}

/// What is to be kept of an edited draft.
fn cut(text: &str) -> String {
    let kept = text.split(CUT).next().unwrap_or_default();
    let lines = kept.lines().filter(|line| !line.starts_with("### "));
    let body = lines.collect::<Vec<_>>().join("\n");
    let body = body.trim();
    if body.is_empty() { String::new() } else { format!("{body}\n") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_above_the_line_is_kept() {
        let text = draft("/etc/x.conf", "", "/usr/lib/x", "[Unit]\n").replacen(
            "\n\n\n\n",
            "\n\n[Service]\nA=1\n\n",
            1,
        );
        assert_eq!(cut(&text), "[Service]\nA=1\n");
        assert_eq!(cut(&draft("/etc/x.conf", "", "/usr/lib/x", "[Unit]\n")), "");
    }
}
