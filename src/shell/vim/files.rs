//! The files of the editor: its buffers, the one that is worked on, and the list of arguments.
//!
//! The text that is worked on lies in [`Core`] itself; those of other buffers lie aside here.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Pos;
use super::core::Core;
use super::marks::Marks;
use super::set::Settings;
use super::text::{Line, Text};
use super::undo::Undo;
use super::windows::Tabs;

/// What stands at a path: the answer to [`super::Need::Open`] and [`super::Need::Look`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Found {
    /// False where there is nothing yet.
    pub(crate) exists: bool,
    pub(crate) directory: bool,
    /// False where the user may not read it.
    pub(crate) readable: bool,
    pub(crate) writable: bool,
    /// Another one than before when the file has changed since.
    pub(crate) stamp: String,
    pub(crate) text: String,
    /// What to say of a swap file that another editor has left.
    pub(crate) attention: Option<String>,
}

/// What is known of a buffer's file.
#[derive(Clone, Debug, Default)]
pub(super) struct About {
    /// True while nothing was written to a file that is not there yet.
    pub(super) fresh: bool,
    /// True when each line ends in a carriage return as well.
    pub(super) dos: bool,
    /// True when the last line had no end.
    pub(super) no_end: bool,
    /// The stamp of the file as it was read or written last.
    pub(super) stamp: Option<String>,
}

/// A text that is not worked on.
#[derive(Clone, Debug)]
pub(super) struct Body {
    pub(super) text: Text,
    pub(super) undo: Undo,
    pub(super) marks: Marks,
    pub(super) line_before: Option<(usize, Line, usize)>,
    pub(super) modified: bool,
    pub(super) read_only: bool,
    pub(super) yaml: bool,
    pub(super) settings: Settings,
}

/// Where a buffer's text is.
#[derive(Clone, Debug)]
pub(super) enum State {
    Here,
    Aside(Arc<Body>),
    Unloaded,
}

#[derive(Clone, Debug)]
pub(super) struct Buffer {
    pub(super) number: usize,
    pub(super) name: String,
    pub(super) listed: bool,
    pub(super) state: State,
    pub(super) about: About,
    /// Where its cursor was last; `None` when it was never worked on.
    pub(super) last: Option<Pos>,
}

#[derive(Clone, Debug)]
pub(super) struct Files {
    pub(super) buffers: Vec<Buffer>,
    /// The number of the buffer that is worked on.
    pub(super) current: usize,
    pub(super) alternate: Option<usize>,
    pub(super) arguments: Vec<String>,
    pub(super) argument: usize,
    /// True when the user was told of arguments that were not looked at.
    pub(super) told_of_more: bool,
    /// The file that the editor was started with: the outside knows it without a name.
    pub(super) first: String,
    /// What `:set` makes the settings of new buffers.
    pub(super) globals: Settings,
    pub(super) tabs: Tabs,
}

impl Default for Files {
    fn default() -> Self {
        let only = Buffer {
            number: 1,
            name: String::new(),
            listed: true,
            state: State::Here,
            about: About::default(),
            last: Some(Pos::default()),
        };
        Self {
            buffers: vec![only],
            current: 1,
            alternate: None,
            arguments: Vec::new(),
            argument: 0,
            told_of_more: false,
            first: String::new(),
            globals: Settings::default(),
            tabs: Tabs::default(),
        }
    }
}

impl Files {
    pub(super) fn get(&self, number: usize) -> Option<&Buffer> {
        self.buffers.iter().find(|it| it.number == number)
    }

    pub(super) fn get_mut(&mut self, number: usize) -> Option<&mut Buffer> {
        self.buffers.iter_mut().find(|it| it.number == number)
    }

    pub(super) fn name(&self) -> &str {
        self.get(self.current).map_or("", |it| &it.name)
    }

    pub(super) fn set_name(&mut self, name: &str) {
        let current = self.current;
        if let Some(buffer) = self.get_mut(current) {
            name.clone_into(&mut buffer.name);
        }
    }

    pub(super) fn about(&self) -> About {
        self.get(self.current).map(|it| it.about.clone()).unwrap_or_default()
    }

    pub(super) fn about_mut(&mut self) -> Option<&mut About> {
        let current = self.current;
        self.get_mut(current).map(|it| &mut it.about)
    }

    pub(super) fn other_name(&self) -> Option<String> {
        self.alternate.and_then(|number| self.get(number)).map(|it| it.name.clone())
    }

    pub(super) fn shown_name(&self) -> &str {
        shown(self.name())
    }

    /// The path that the outside is asked with; `None` is the file that the editor was started with.
    pub(super) fn path(&self, name: &str) -> Option<String> {
        (name != self.first || name.is_empty()).then(|| name.to_owned()).filter(|path| !path.is_empty())
    }

    /// The number of the buffer of a file; a new one where there is none.
    pub(super) fn number_of(&mut self, name: &str) -> usize {
        if let Some(buffer) = self.buffers.iter_mut().find(|it| it.name == name && !name.is_empty()) {
            buffer.listed = true;
            return buffer.number;
        }
        let number = self.buffers.iter().map(|it| it.number).max().unwrap_or(0) + 1;
        self.buffers.push(Buffer {
            number,
            name: name.to_owned(),
            listed: true,
            state: State::Unloaded,
            about: About::default(),
            last: None,
        });
        number
    }

    /// Numbers of buffers that `:ls` shows.
    pub(super) fn listed(&self) -> Vec<usize> {
        self.buffers.iter().filter(|it| it.listed).map(|it| it.number).collect()
    }

    /// True when another buffer in memory has this file.
    pub(super) fn is_loaded(&self, name: &str) -> bool {
        self.buffers.iter().any(|it| it.name == name && matches!(it.state, State::Aside(_)))
    }

    /// True when a buffer has changes that are not written; `now` says it of the one worked on.
    pub(super) fn is_modified(&self, number: usize, now: bool) -> bool {
        match self.get(number).map(|it| &it.state) {
            Some(State::Here) => now,
            Some(State::Aside(body)) => body.modified,
            _ => false,
        }
    }
}

/// A buffer's name as messages have it.
pub(super) fn shown(name: &str) -> &str {
    if name.is_empty() { "[No Name]" } else { name }
}

impl Core {
    /// Takes the text that is worked on out, to lie aside.
    fn take_body(&mut self) -> Body {
        Body {
            text: std::mem::replace(&mut self.text, Text::new("")),
            undo: std::mem::take(&mut self.undo),
            marks: std::mem::take(&mut self.marks),
            line_before: self.line_before.take(),
            modified: self.modified,
            read_only: self.read_only,
            yaml: self.yaml,
            settings: self.settings.clone(),
        }
    }

    fn put_body(&mut self, body: Body) {
        self.text = body.text;
        self.undo = body.undo;
        self.marks = body.marks;
        self.line_before = body.line_before;
        self.modified = body.modified;
        self.read_only = body.read_only;
        self.yaml = body.yaml;
        self.settings.take_buffers(&body.settings);
    }

    /// Makes another buffer the one that is worked on. What was is kept when it is `kept`, else dropped.
    pub(super) fn change_body(&mut self, to: usize, fresh: Option<Body>, kept: bool) {
        self.undo.sync(&self.text);
        let (from, cursor) = (self.files.current, self.cursor);
        if from == to {
            if let Some(body) = fresh {
                self.put_body(body);
            }
            return;
        }
        let body = self.take_body();
        if let Some(old) = self.files.get_mut(from) {
            old.last = Some(cursor);
            old.state = if kept { State::Aside(Arc::new(body)) } else { State::Unloaded };
        }
        let Some(new) = self.files.get_mut(to) else { return };
        let aside = std::mem::replace(&mut new.state, State::Here);
        self.files.current = to;
        let body = match (fresh, aside) {
            (Some(body), _) => body,
            (None, State::Aside(body)) => Arc::unwrap_or_clone(body),
            _ => self.new_body(""),
        };
        self.put_body(body);
    }

    /// A text that was just read.
    pub(super) fn new_body(&self, text: &str) -> Body {
        let text = Text::new(text);
        let ended = Pos { row: text.last(), col: 0 };
        Body {
            text,
            undo: Undo::default(),
            marks: Marks { ended, ..Marks::default() },
            line_before: None,
            modified: false,
            read_only: false,
            yaml: false,
            settings: self.files.globals.clone(),
        }
    }
}
