//! Ex commands on lines, marks and steps of undo.

use super::Pos;
use super::core::{Core, Done};
use super::ex::Line;
use super::operator::{Op, Operator};
use super::registers::Put;

impl Core {
    pub(super) fn ex_operate(&mut self, line: &Line) -> Done {
        let mut op = Op { register: line.register, lines: true, ..Op::default() };
        op.start = Pos { row: line.from, col: 0 };
        op.end = Pos { row: line.to, col: 0 };
        op.kind = Some(if line.name == "delete" { Operator::Delete } else { Operator::Yank });
        if line.name == "yank" {
            let register = self.lines_register(line.from, line.to);
            self.registers.put(line.register, register);
            self.marks.begun = op.start;
            self.marks.ended = Pos { row: line.to, col: usize::MAX };
            return Ok(());
        }
        self.note_jump();
        self.cursor.row = line.from;
        self.begin_line_or_aim();
        let kept = std::mem::replace(&mut self.op, op);
        let done = self.op_delete();
        self.op = kept;
        self.aims_here = true;
        done
    }

    pub(super) fn ex_join(&mut self, line: &Line) -> Done {
        let (from, mut to) = (line.from, line.to);
        if from == to {
            if line.range.given >= 2 {
                return Ok(());
            }
            if to >= self.text.last() {
                self.input.flush();
                return Ok(());
            }
            to += 1;
        }
        self.cursor = Pos { row: from, col: 0 };
        self.join(to - from + 1, !line.bang, true, true);
        self.begin_line(true);
        Ok(())
    }

    pub(super) fn ex_put(&mut self, line: &Line) -> Done {
        let mut before = line.bang;
        self.cursor.row = line.to;
        if line.range.to == 0 && line.range.given > 0 {
            before = true;
        }
        self.cursor.col = 0;
        self.put_register(line.register, 1, Put { before, lines: true, ..Put::default() })
    }

    /// `:a`, `:i` and `:c` read lines up to a dot.
    pub(super) fn ex_append(&mut self, line: &Line) -> Done {
        let mut lines = Vec::new();
        while let Some(text) = self.read_line(' ', String::new())? {
            if text == "." {
                break;
            }
            lines.push(text);
            if lines.len() > 10_000 {
                break;
            }
        }
        let mut at = match line.name {
            "append" if line.range.to == 0 => 0,
            "append" => line.to + 1,
            _ => line.from,
        };
        if line.name == "change" {
            self.cursor.row = line.from;
            self.keep_rows(line.from, line.to + 1, None);
            for _ in line.from..=line.to {
                self.text.remove(line.from);
            }
            self.deleted(line.from, line.to - line.from + 1);
            at = line.from;
        } else if !lines.is_empty() {
            self.keep_rows(at, at, None);
        }
        let count = lines.len();
        for (index, text) in lines.iter().enumerate() {
            self.text.insert(at + index, std::sync::Arc::new(text.chars().collect()));
        }
        if count > 0 {
            self.appended(at, count);
            self.marks.begun = Pos { row: at, col: 0 };
            self.marks.ended = Pos { row: at + count - 1, col: 0 };
        }
        self.cursor.row = (at + count).saturating_sub(1);
        self.check_row();
        self.begin_line_or_aim();
        Ok(())
    }

    pub(super) fn ex_mark(&mut self, line: &Line) -> Done {
        let rest = line.rest.trim();
        let Some(name) = rest.chars().next() else { return Err(self.error("E471: Argument required")) };
        if rest.chars().count() > 1 {
            return Err(self
                .error(format!("E488: Trailing characters: {}", rest.chars().skip(1).collect::<String>())));
        }
        let pos = Pos { row: line.to, col: self.first_letter(line.to, true) };
        if self.set_mark_at(name, pos).is_err() {
            return Err(self.error("E191: Argument must be a letter or forward/backward quote"));
        }
        Ok(())
    }

    pub(super) fn ex_delete_marks(&mut self, line: &Line) -> Done {
        if line.bang {
            self.marks.named.retain(|name, _| name.is_ascii_uppercase());
            return Ok(());
        }
        for name in line.rest.chars() {
            self.marks.named.remove(&name);
        }
        Ok(())
    }

    pub(super) fn ex_undo(&mut self, line: &Line) -> Done {
        let rest = line.rest.trim();
        let now = self.undo.now();
        match (line.name, rest.parse::<usize>()) {
            ("undo", Ok(step)) if step > self.undo.newest() => {
                return Err(self.error(format!("E830: Undo number {step} not found")));
            }
            ("undo", Ok(step)) => self.undo_to(step),
            ("undo", Err(_)) => {
                let given = line.range.given > 0;
                if given {
                    self.undo_to((line.to + 1).min(self.undo.newest()))
                } else {
                    self.undo_steps(1, true)
                }
            }
            ("earlier", Ok(count)) => self.undo_to(now.saturating_sub(count)),
            ("earlier", Err(_)) if rest.is_empty() => self.undo_to(now.saturating_sub(1)),
            ("earlier", Err(_)) => self.undo_to(0),
            (_, Ok(count)) => self.undo_to((now + count).min(self.undo.newest())),
            (_, Err(_)) if rest.is_empty() => self.undo_to((now + 1).min(self.undo.newest())),
            _ => self.undo_to(self.undo.newest()),
        }
        self.aims_here = true;
        Ok(())
    }

    pub(super) fn ex_print(&mut self, line: &Line) {
        let rows: Vec<String> = (line.from..=line.to)
            .map(|row| {
                let text: String = self.text.line(row).iter().collect();
                match line.name {
                    "number" | "#" => format!("{:>3} {text}", row + 1),
                    "list" => format!("{text}$"),
                    _ => text,
                }
            })
            .collect();
        for row in rows {
            self.say_more(&row);
        }
        self.cursor.row = line.to;
        self.begin_line_or_aim();
    }
}
