//! Buffers by number and name: `:b`, `:bd`, `:ls`, Ctrl-^.

use super::core::{Core, Done};
use super::editing::Leaving;
use super::ex::Line;
use super::files::{State, shown};

impl Core {
    /// The buffer that a command names by its number or a part of its name.
    fn named_buffer(&mut self, line: &Line) -> Done<Option<usize>> {
        if line.range.given > 0 {
            return Ok(Some(line.range.to.max(0) as usize));
        }
        let rest = line.rest.trim();
        if rest.is_empty() {
            return Ok(None);
        }
        if let Ok(number) = rest.parse() {
            return Ok(Some(number));
        }
        if rest == "#" {
            return match self.files.alternate {
                Some(number) => Ok(Some(number)),
                None => Err(self.error("E194: No alternate file name to substitute for '#'")),
            };
        }
        let listed = self.files.buffers.iter().filter(|it| it.listed);
        let whole = listed.clone().find(|it| it.name == rest).map(|it| it.number);
        let parts: Vec<usize> = listed.filter(|it| it.name.contains(rest)).map(|it| it.number).collect();
        match (whole, parts.as_slice()) {
            (Some(number), _) => Ok(Some(number)),
            (None, [number]) => Ok(Some(*number)),
            (None, []) => Err(self.error(format!("E94: No matching buffer for {rest}"))),
            _ => Err(self.error(format!("E93: More than one match for {rest}"))),
        }
    }

    /// `:b`, `:bn`, `:bp`, `:bfirst`, `:blast` and `^^`.
    pub(super) fn ex_buffer(&mut self, line: &Line) -> Done {
        let listed = self.files.listed();
        let at = listed.iter().position(|it| *it == self.files.current).unwrap_or(0) as isize;
        let all = listed.len().max(1) as isize;
        let by = if line.range.given > 0 { line.range.to } else { line.rest.trim().parse().unwrap_or(1) };
        let turn = |to: isize| listed.get(to.rem_euclid(all) as usize).copied();
        let target = match line.name {
            "bnext" => turn(at + by),
            "bprevious" | "bNext" => turn(at - by),
            "bfirst" | "brewind" => turn(0),
            "blast" => turn(all - 1),
            _ => self.named_buffer(line)?,
        };
        let Some(number) = target.filter(|number| *number != self.files.current) else { return Ok(()) };
        if self.files.get(number).is_none() {
            return Err(self.error(format!("E86: Buffer {number} does not exist")));
        }
        if line.name == "sbuffer" {
            self.split_window(false, None);
        }
        let leaving = self.leaving(line)?;
        self.show_buffer(number, leaving == Leaving::Keeps || line.name == "sbuffer" || line.bang)
    }

    /// `^^`: the file before this one, or a buffer by its number.
    pub(super) fn alternate_command(&mut self, count: Option<usize>) -> Done {
        let Some(number) = count.or(self.files.alternate) else {
            return Err(self.error("E23: No alternate file"));
        };
        if self.files.get(number).is_none() {
            return Err(self.error(format!("E92: Buffer {number} not found")));
        }
        let col = self.files.get(number).and_then(|it| it.last).map_or(0, |it| it.col);
        let here = self.files.current;
        self.ex(&format!("buffer {number}"))?;
        if self.files.current != here {
            self.cursor.col = col;
            self.check_cursor();
            self.aims_here = true;
        }
        Ok(())
    }

    /// `:bd` and `:bw`.
    pub(super) fn ex_buffer_delete(&mut self, line: &Line) -> Done {
        let here = self.files.current;
        let number = self.named_buffer(line)?.unwrap_or(here);
        if self.files.get(number).is_none_or(|it| !it.listed && line.name != "bwipeout") {
            return Err(self.error(format!("E516: No buffers were deleted: bdelete {number}")));
        }
        if self.files.is_modified(number, self.modified) && !line.bang {
            let text = format!("E89: No write since last change for buffer {number} (add ! to override)");
            return Err(self.error(text));
        }
        if number == here {
            let next = self.files.alternate.filter(|it| self.files.get(*it).is_some_and(|it| it.listed));
            let others: Vec<usize> = self.files.listed().into_iter().filter(|it| *it != here).collect();
            let behind = others.iter().copied().find(|it| *it > here);
            let next = match next.or(behind).or(others.last().copied()) {
                Some(next) => next,
                None => self.files.number_of(""),
            };
            self.modified = false;
            while self.files.tabs.windows().len() > 1 && self.files.current == here {
                self.close_window(true);
            }
            if self.files.current == here {
                self.show_buffer(next, false)?;
            }
        } else {
            while let Some(window) = self.files.tabs.window_of(number) {
                let back = self.files.tabs.tab().current;
                self.go_to_window(window);
                self.close_window(false);
                self.go_to_window(back);
            }
        }
        if let Some(buffer) = self.files.get_mut(number) {
            buffer.listed = false;
            buffer.state = State::Unloaded;
        }
        if line.name == "bwipeout" {
            self.files.buffers.retain(|it| it.number != number);
        }
        if self.files.alternate == Some(number) {
            self.files.alternate = None;
        }
        Ok(())
    }

    /// `:ls`
    pub(super) fn ex_buffers(&mut self, all: bool) {
        let mut lines = Vec::new();
        for buffer in self.files.buffers.iter().filter(|it| it.listed || all) {
            let here = buffer.number == self.files.current;
            let shows = here || self.files.tabs.showing(buffer.number) > 0;
            let modified = self.files.is_modified(buffer.number, self.modified);
            let loaded = !matches!(buffer.state, State::Unloaded);
            let read_only = match &buffer.state {
                State::Here => self.read_only,
                State::Aside(body) => body.read_only,
                State::Unloaded => false,
            };
            let flags: String = [
                if buffer.listed { ' ' } else { 'u' },
                if here {
                    '%'
                } else if self.files.alternate == Some(buffer.number) {
                    '#'
                } else {
                    ' '
                },
                match (loaded, shows) {
                    (false, _) => ' ',
                    (true, true) => 'a',
                    (true, false) => 'h',
                },
                if read_only { '=' } else { ' ' },
                if modified { '+' } else { ' ' },
            ]
            .into_iter()
            .collect();
            let row = if here { self.cursor.row + 1 } else { buffer.last.map_or(0, |it| it.row + 1) };
            let name = format!("\"{}\"", shown(&buffer.name));
            lines.push(format!("{:>3}{flags} {name:<30} line {row}", buffer.number));
        }
        self.message = lines.join("\n");
    }
}
