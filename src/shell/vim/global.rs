//! Ex commands that carry out others: `:global`, `:normal`, `:@`.

use super::Pos;
use super::core::{Core, Done, Stop};
use super::ex::Line;

impl Core {
    pub(super) fn ex_normal(&mut self, line: &Line) -> Done {
        let keys = line.rest.strip_prefix(' ').unwrap_or(&line.rest).to_owned();
        if keys.is_empty() {
            return Err(self.error("E471: Argument required"));
        }
        if line.range.given == 0 {
            return self.run_keys(&keys, !line.bang);
        }
        let (mut row, last) = (line.from, line.to);
        while row <= last {
            self.cursor = Pos { row: row.min(self.text.last()), col: 0 };
            self.aims_here = true;
            self.check_cursor();
            self.run_keys(&keys, !line.bang)?;
            row += 1;
        }
        Ok(())
    }

    /// Types keys in normal mode until they run out; what is not whole then is given up.
    pub(super) fn run_keys(&mut self, keys: &str, mapped: bool) -> Done {
        if self.depth > 50 {
            return Err(self.error("E192: Recursive use of :normal too deep"));
        }
        self.depth += 1;
        let outer = self.input.exchange(keys, mapped);
        let op = std::mem::take(&mut self.op);
        let (count, finishing) = (std::mem::take(&mut self.op_count), std::mem::take(&mut self.finishing));
        let restart = self.restart.take();
        let mut done = Ok(());
        let mut steps = 0;
        while !self.input.is_empty() || self.inserting.is_some() {
            steps += 1;
            done = self.step();
            if done.is_err() || steps > 100_000 {
                break;
            }
        }
        self.input.restore(outer);
        (self.op, self.op_count, self.finishing, self.restart) = (op, count, finishing, restart);
        self.depth -= 1;
        done
    }

    pub(super) fn ex_at(&mut self, line: &Line) -> Done {
        self.cursor.row = line.to;
        self.check_cursor();
        let name = line.rest.trim().chars().next();
        let name = match name {
            None | Some('*' | '"') if line.name == "*" => Some('"'),
            None | Some('@') => self.last_macro,
            other => other,
        };
        let Some(name) = name else { return Err(self.error("E748: No previously used register")) };
        if name == ':' {
            let last = self.last_line.clone();
            let Some(last) = last else { return Err(self.error("E30: No previous command line")) };
            return self.ex_depth(&last);
        }
        self.last_macro = Some(name);
        let Some(register) = self.register(Some(name)) else { return Err(Stop::Fail) };
        for command in register.text().trim_end_matches('\n').split('\n') {
            self.ex_depth(command)?;
        }
        Ok(())
    }

    pub(super) fn ex_depth(&mut self, command: &str) -> Done {
        if self.depth > 50 {
            return Err(self.error("E169: Command too recursive"));
        }
        self.depth += 1;
        let done = self.ex(command);
        self.depth -= 1;
        done
    }

    pub(super) fn ex_global(&mut self, line: &Line) -> Done {
        if self.in_global
            && (line.range.from != 1 || line.range.to != self.text.count() as isize || line.range.given > 0)
        {
            return Err(self.error("E147: Cannot do :global recursive with a range"));
        }
        let turned = line.name == "vglobal" || line.bang;
        let Some(sign) = line.rest.chars().next().filter(|c| !c.is_alphanumeric()) else {
            return Err(self.error("E148: Regular expression missing from global"));
        };
        let (pattern, command) = super::search::cut_at(&line.rest[sign.len_utf8()..], sign);
        let command = command.unwrap_or_default();
        let regexp = self.pattern(&pattern, super::search::Use::Last, Some(super::search::Use::Last))?;
        if let Some(typed) = self.search.last().cloned() {
            self.search.set_substituted(typed);
        }
        if self.in_global {
            let row = self.cursor.row;
            if self.match_in(&regexp, row, 0).is_some() != turned {
                return self.ex(&command);
            }
            return Ok(());
        }
        let mut any = false;
        for row in line.from..=line.to {
            let marked = self.match_in(&regexp, row, 0).is_some() != turned;
            any |= marked;
            self.text.mark(row, marked);
        }
        if !any {
            let text = self.search.pattern_text().unwrap_or_default().to_owned();
            self.say(if turned {
                format!("Pattern found in every line: {text}")
            } else {
                format!("Pattern not found: {text}")
            });
            return Ok(());
        }
        self.run_global(&command)
    }

    pub(super) fn run_global(&mut self, command: &str) -> Done {
        self.note_jump();
        let before = self.text.count();
        self.in_global = true;
        let errors = self.errors;
        let mut done = Ok(());
        let mut from = 0;
        while let Some(row) = self.text.next_marked(from) {
            from = 0;
            self.text.mark(row, false);
            self.cursor = Pos { row, col: 0 };
            done = if command.is_empty() { self.ex("p") } else { self.ex(command) };
            if matches!(done, Err(Stop::Keys | Stop::Outside(_))) || self.errors > errors {
                break;
            }
        }
        self.in_global = false;
        self.text.unmark();
        if let Err(stop @ (Stop::Keys | Stop::Outside(_))) = done {
            return Err(stop);
        }
        self.aims_here = true;
        self.check_cursor();
        self.say_lines_changed(before);
        Ok(())
    }
}
