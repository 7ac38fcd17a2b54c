//! Writing texts and leaving the editor.

use super::core::{Core, Done, Stop};
use super::ex::Line;
use super::input::For;
use super::{Left, Need};

/// What is written where.
struct Writing {
    /// The file's name as it is shown.
    name: String,
    text: String,
    append: bool,
    forced: bool,
    /// True when that is the buffer's own file.
    own: bool,
    whole: bool,
}

impl Core {
    pub(super) fn ex_write(&mut self, line: &Line) -> Done {
        let rest = line.rest.trim();
        if let Some(command) = rest.strip_prefix('!').filter(|_| !line.bang) {
            let stdin = self.text.rows_string(line.from, line.to);
            let answer = self.ask(Need::Run { command: command.trim().to_owned(), stdin })?;
            self.say(answer.unwrap_or_else(|why| why).trim_end().to_owned());
            return Ok(());
        }
        if matches!(line.name, "update" | "xit" | "exit") && !self.modified && rest.is_empty() {
            return Ok(());
        }
        let (append, path) = match rest.strip_prefix(">>") {
            Some(path) => (true, path.trim()),
            None => (false, rest),
        };
        let name = self.expand_name(path)?;
        let own = name.is_empty() || name == self.files.name();
        let name = if own { self.files.name().to_owned() } else { name };
        if name.is_empty() {
            return Err(self.error("E32: No file name"));
        }
        if self.read_only && !line.bang && own {
            return Err(self.error("E45: 'readonly' option is set (add ! to override)"));
        }
        let whole = line.from == 0 && line.to == self.text.last();
        if own && !whole && !line.bang && !append {
            return Err(self.error("E140: Use ! to write partial buffer"));
        }
        let text = if whole { self.text.string() } else { self.text.rows_string(line.from, line.to) };
        let writing = Writing { name: name.clone(), text, append, forced: line.bang, own, whole };
        self.write_text(writing)?;
        if line.name == "saveas" && !own || !own && self.files.name().is_empty() && whole {
            self.rename(&name);
            self.modified = false;
            self.read_only = false;
        }
        Ok(())
    }

    /// Asks about a file that is not as it was read, and about one that was not to be written.
    fn check_file(&mut self, writing: &Writing) -> Done<bool> {
        let found = self.look_at(&writing.name)?;
        if found.directory {
            return Err(self.error(format!("\"{}\" E502: is a directory", writing.name)));
        }
        if !writing.own {
            if self.files.is_loaded(&writing.name) {
                return Err(self.error("E139: File is loaded in another buffer"));
            }
            if found.exists && !writing.forced && !writing.append {
                return Err(self.error("E13: File exists (add ! to override)"));
            }
            return Ok(!found.exists);
        }
        let stamp = self.files.about().stamp;
        if found.exists && !writing.forced && stamp.is_some_and(|stamp| stamp != found.stamp) {
            self.asking = Some(
                "WARNING: The file has been changed since reading it!!!\nDo you really want to write to it (y/n)?"
                    .into(),
            );
            let yes = loop {
                match self.key(For::Letter)? {
                    'y' => break true,
                    'n' | '\x1b' | '\x03' => break false,
                    _ => {}
                }
            };
            self.asking = None;
            if !yes {
                return Err(Stop::Fail);
            }
        }
        Ok(!found.exists)
    }

    fn write_text(&mut self, writing: Writing) -> Done {
        let fresh = self.check_file(&writing)?;
        let (lines, mut text) = (writing.text.lines().count(), writing.text);
        let about = self.files.about();
        if about.dos {
            text = text.replace('\n', "\r\n");
        }
        let bytes = text.len();
        let path = self.files.path(&writing.name);
        let answer = self.ask(Need::Write { path, text, append: writing.append })?;
        let stamp = match answer {
            Ok(stamp) => stamp,
            Err(why) => return Err(self.error(format!("\"{}\" {why}", writing.name))),
        };
        if writing.own && !writing.append {
            if let Some(about) = self.files.about_mut() {
                about.stamp = Some(stamp).filter(|stamp| !stamp.is_empty());
                about.fresh = false;
                about.no_end = false;
            }
            self.modified &= !writing.whole;
        }
        let new = if fresh { "[New] " } else { "" };
        let dos = if about.dos { "[dos] " } else { "" };
        let done = if writing.append { "appended" } else { "written" };
        self.say(format!("\"{}\" {new}{dos}{lines}L, {bytes}B {done}", writing.name));
        Ok(())
    }

    /// Writes every text that has changes.
    pub(super) fn write_all(&mut self, forced: bool) -> Done {
        let mut wrong = None;
        if self.modified && self.files.name().is_empty() {
            wrong = Some(format!("E141: No file name for buffer {}", self.files.current));
        } else if self.modified {
            let line = Line::all("write", self.text.last(), forced);
            self.ex_write(&line)?;
        }
        for (number, name, body) in self.modified_aside() {
            if name.is_empty() {
                wrong = Some(format!("E141: No file name for buffer {number}"));
                continue;
            }
            if body.read_only && !forced {
                wrong = Some(format!("E45: 'readonly' option is set for \"{name}\" (add ! to override)"));
                continue;
            }
            let text = body.text.string();
            let path = self.files.path(&name);
            if let Err(why) = self.ask(Need::Write { path, text, append: false })? {
                return Err(self.error(format!("\"{name}\" {why}")));
            }
            if let Some(buffer) = self.files.get_mut(number) {
                let mut body = (*body).clone();
                body.modified = false;
                buffer.about.stamp = None;
                buffer.state = super::files::State::Aside(std::sync::Arc::new(body));
            }
        }
        match wrong {
            Some(text) => Err(self.error(text)),
            None => Ok(()),
        }
    }

    /// `:q`, `:close` and what is left when the last window closes.
    pub(super) fn ex_quit(&mut self, line: &Line) -> Done {
        let windows = self.files.tabs.windows().len();
        let last = windows == 1 && self.files.tabs.count() == 1;
        if matches!(line.name, "close" | "hide") {
            if last {
                return Err(self.error("E444: Cannot close last window"));
            }
            let keeps = line.name == "hide" || line.bang;
            if !keeps {
                self.may_close()?;
            }
            self.close_window(keeps);
            return Ok(());
        }
        if !line.bang {
            self.may_close()?;
        }
        if !last {
            self.close_window(false);
            return Ok(());
        }
        if !line.bang {
            if let Some((_, name, _)) = self.modified_aside().first().cloned() {
                let name = super::files::shown(&name).to_owned();
                return Err(self.error(format!("E162: No write since last change for buffer \"{name}\"")));
            }
            self.told_of_more()?;
        }
        self.leave();
        Ok(())
    }

    /// Refuses to close a window whose text is nowhere else and has changes.
    fn may_close(&mut self) -> Done {
        let elsewhere = self.files.tabs.showing(self.files.current) > 0;
        if self.modified && !elsewhere && !self.settings.hidden {
            return Err(self.error("E37: No write since last change (add ! to override)"));
        }
        Ok(())
    }

    /// Says once that arguments are left.
    fn told_of_more(&mut self) -> Done {
        let left = self.files.arguments.len().saturating_sub(self.files.argument + 1);
        if left == 0 || std::mem::replace(&mut self.files.told_of_more, true) {
            return Ok(());
        }
        let files = if left == 1 { "file" } else { "files" };
        Err(self.error(format!("E173: {left} more {files} to edit")))
    }

    pub(super) fn ex_quit_all(&mut self, line: &Line) -> Done {
        if line.name == "cquit" {
            self.left = Some(Left { exit: line.rest.trim().parse().unwrap_or(1) });
            return Ok(());
        }
        if matches!(line.name, "wqall" | "xall") {
            self.write_all(line.bang)?;
        } else if !line.bang {
            if self.modified {
                return Err(self.error("E37: No write since last change (add ! to override)"));
            }
            if let Some((_, name, _)) = self.modified_aside().first().cloned() {
                let name = super::files::shown(&name).to_owned();
                return Err(self.error(format!("E162: No write since last change for buffer \"{name}\"")));
            }
        }
        self.leave();
        Ok(())
    }
}
