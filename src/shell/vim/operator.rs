//! Operators: what they work on, and what each does.

use super::core::{Core, Done, Stop, Visual};
use super::normal::Command;
use super::{Pos, Selection};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Delete,
    Change,
    Yank,
    Indent,
    Outdent,
    Filter,
    /// `=`
    Reindent,
    Toggle,
    Upper,
    Lower,
    /// `g?`: letters thirteen places on.
    Rotate,
    Format {
        stays: bool,
    },
    Join {
        spaces: bool,
    },
    /// `r` in visual mode.
    Replace,
    /// `I` and `A` on a block.
    Insert,
    Append,
    /// `^A` and `^X` in visual mode.
    Add,
    Subtract,
}

impl Operator {
    /// The keys of an operator, for `.`.
    pub(super) fn keys(self) -> &'static str {
        match self {
            Self::Delete => "d",
            Self::Change => "c",
            Self::Yank => "y",
            Self::Indent => ">",
            Self::Outdent => "<",
            Self::Filter => "!",
            Self::Reindent => "=",
            Self::Toggle => "g~",
            Self::Upper => "gU",
            Self::Lower => "gu",
            Self::Rotate => "g?",
            Self::Format { stays: false } => "gq",
            Self::Format { stays: true } => "gw",
            Self::Join { spaces: true } => "J",
            Self::Join { spaces: false } => "gJ",
            Self::Replace => "r",
            Self::Insert => "I",
            Self::Append => "A",
            Self::Add => "\x01",
            Self::Subtract => "\x18",
        }
    }

    /// True for one that never takes a selection's last line end along.
    fn on_lines(self) -> bool {
        use Operator::{Append, Filter, Format, Indent, Join, Outdent, Reindent};
        matches!(self, Append | Indent | Outdent | Filter | Reindent | Format { .. } | Join { .. })
    }
}

/// An operator and what it works on, as far as that is known.
#[derive(Clone, Debug, Default)]
pub(super) struct Op {
    pub(super) kind: Option<Operator>,
    pub(super) register: Option<char>,
    /// `v`, `V` or `^V` before the motion.
    pub(super) force: Option<char>,
    pub(super) lines: bool,
    pub(super) inclusive: bool,
    /// Where the cursor was when the operator was typed.
    pub(super) typed_at: Pos,
    /// Where a text object begins.
    pub(super) begin: Option<Pos>,
    pub(super) start: Pos,
    pub(super) end: Pos,
    /// Register `1` is written even for a part of a line.
    pub(super) use_one: bool,
    pub(super) visual: bool,
    pub(super) block: bool,
    pub(super) left: usize,
    pub(super) right: usize,
    pub(super) to_ends: bool,
    pub(super) empty: bool,
    pub(super) end_adjusted: bool,
}

impl Op {
    pub(super) fn deletes(&self) -> bool {
        matches!(self.kind, Some(Operator::Delete | Operator::Change))
    }

    pub(super) fn changes(&self) -> bool {
        self.kind == Some(Operator::Change)
    }

    pub(super) fn rows(&self) -> usize {
        self.end.row.saturating_sub(self.start.row) + 1
    }
}

/// The size of a selection, for `.`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct VisualSize {
    pub(super) kind: Option<Selection>,
    pub(super) rows: usize,
    pub(super) columns: usize,
    count: Option<usize>,
    grows: bool,
}

impl Core {
    /// Carries the operator out that waits, when its region is known.
    pub(super) fn finish_operator(&mut self, command: &Command, old_aim: usize) -> Done {
        let Some(operator) = self.op.kind else { return Ok(()) };
        if !self.finishing && !self.is_visual() {
            return Ok(());
        }
        self.op.visual = self.is_visual();
        self.force_kind();
        let visual = self.is_visual();
        let from_line = command.key == ':';
        if operator != Operator::Yank && (!visual || self.op.force.is_some()) && command.key != 'D' {
            self.redo_motion(operator, command);
        }
        let mut count = command.count0;
        let mut grows = command.grows;
        if self.redoing_visual {
            (count, grows) = self.visual_again();
        } else if let Some(visual) = self.visual {
            self.keep_selection();
            self.op.begin = Some(match visual.kind {
                Selection::Lines => Pos { col: 0, ..visual.anchor },
                _ => visual.anchor,
            });
        }
        self.order_ends();
        if visual || self.redoing_visual {
            self.measure_visual(count, grows);
            let redoes = operator != Operator::Yank && self.op.force.is_none();
            if redoes && !from_line {
                let letter =
                    if operator == Operator::Replace { command.next.to_string() } else { String::new() };
                self.redo_visual_keys(operator, &letter);
            }
            self.visual_end(operator);
        }
        self.aims_here = true;
        let op = &self.op;
        let on_end = self.text.at(op.end).is_none();
        self.op.empty = !op.lines
            && (!op.inclusive || operator == Operator::Yank && on_end)
            && op.start == op.end
            && !op.block;
        self.adjust_end(command);
        let done = self.operate(operator, command, count, grows);
        let keeps_column = matches!(operator, Operator::Indent | Operator::Outdent | Operator::Delete);
        if !self.settings.startofline && self.op.lines && !self.op.end_adjusted && keeps_column {
            self.aim = old_aim;
            self.aims_here = false;
            self.go_to_column(old_aim);
        }
        self.op = Op::default();
        self.op_count = 0;
        done
    }

    /// `dv`, `dV` and `d^V`.
    fn force_kind(&mut self) {
        match self.op.force {
            Some('v') => {
                self.op.inclusive = !self.op.lines && !self.op.inclusive;
                self.op.lines = false;
            }
            Some('V') => self.op.lines = true,
            Some(_) if !self.is_visual() => {
                let anchor = self.op.begin.unwrap_or(self.op.typed_at);
                self.visual = Some(Visual { kind: Selection::Block, anchor });
            }
            Some(_) => {
                if let Some(visual) = &mut self.visual {
                    visual.kind = Selection::Block;
                }
            }
            None => {}
        }
    }

    fn redo_motion(&mut self, operator: Operator, command: &Command) {
        self.redo_prepare(self.op.register, command.count0);
        let mut keys = operator.keys().to_owned();
        keys.extend(self.op.force);
        keys.push_str(&command.key_text());
        self.input.redo_add(&keys);
        if let Some(typed) = &command.typed
            && matches!(command.key, '/' | '?' | ':')
        {
            self.input.redo_add_text(typed);
            self.input.redo_add("\n");
        }
    }

    /// Begins what `.` repeats.
    pub(super) fn redo_prepare(&mut self, register: Option<char>, count: Option<usize>) {
        self.input.reset_redo();
        if let Some(name) = register {
            self.input.redo_add(&format!("\"{name}"));
        }
        if let Some(count) = count {
            self.input.redo_add(&count.to_string());
        }
    }

    fn redo_visual_keys(&mut self, operator: Operator, letter: &str) {
        self.redo_prepare(self.op.register, None);
        self.input.redo_add(&format!("v{}{letter}", operator.keys()));
    }

    /// `.` for what visual mode did: a region of the same size from the cursor on.
    fn visual_again(&mut self) -> (Option<usize>, bool) {
        let size = self.redo_visual;
        self.op.begin = Some(self.cursor);
        self.cursor.row = (self.cursor.row + size.rows.max(1) - 1).min(self.text.last());
        let kind = size.kind.unwrap_or(Selection::Characters);
        if let Some(visual) = &mut self.visual {
            visual.kind = kind;
        }
        if kind == Selection::Characters {
            self.aim = if size.rows <= 1 && size.columns != usize::MAX {
                let here = self.column(self.cursor);
                here + size.columns - 1
            } else {
                size.columns
            };
            let aim = self.aim;
            self.go_to_column(aim);
        } else if size.columns == usize::MAX {
            self.aim = usize::MAX;
            self.go_to_column(usize::MAX);
        }
        (size.count, size.grows)
    }

    fn order_ends(&mut self) {
        let begin = self.op.begin.unwrap_or(self.op.typed_at);
        (self.op.start, self.op.end) =
            if begin < self.cursor { (begin, self.cursor) } else { (self.cursor, begin) };
        self.cursor = self.op.start;
        self.op.end.row = self.op.end.row.min(self.text.last());
        self.op.end.col = self.op.end.col.min(self.text.len(self.op.end.row));
        self.op.start.col = self.op.start.col.min(self.text.len(self.op.start.row));
    }

    fn measure_visual(&mut self, count: Option<usize>, grows: bool) {
        let Some(Visual { kind, .. }) = self.visual else { return };
        if kind == Selection::Block {
            self.measure_block();
        }
        if self.redoing_visual {
            return;
        }
        if kind != Selection::Block && self.aim != usize::MAX {
            self.op.right = self.column_span(self.op.end).1;
        }
        let rows = self.op.rows();
        let columns = if self.aim == usize::MAX {
            usize::MAX
        } else if kind == Selection::Block {
            self.op.right + 1 - self.op.left
        } else {
            let end = self.column_span(self.op.end).1;
            if rows <= 1 { (end + 1).saturating_sub(self.column(self.op.start)) } else { end }
        };
        self.marks_size = VisualSize { kind: Some(kind), rows, columns, count: None, grows: false };
        let operator = self.op.kind;
        if operator != Some(Operator::Yank) && self.op.force.is_none() {
            self.redo_visual = VisualSize { count, grows, ..self.marks_size };
        }
    }

    fn measure_block(&mut self) {
        self.op.block = true;
        self.op.to_ends = self.aim == usize::MAX;
        (self.op.left, self.op.right) = self.column_span(self.op.start);
        if !self.redoing_visual {
            let (start, end) = self.column_span(self.op.end);
            self.op.left = self.op.left.min(start);
            self.op.right = self.op.right.max(end);
        }
        if self.aim == usize::MAX {
            self.op.right = (self.op.start.row..=self.op.end.row)
                .map(|row| self.column_span(Pos { row, col: self.text.len(row) }).1)
                .max()
                .unwrap_or(0);
        } else if self.redoing_visual {
            self.op.right = self.op.left + self.redo_visual.columns.max(1) - 1;
        }
        self.cursor.row = self.op.end.row;
        self.go_to_column(self.op.right);
        self.op.end = self.cursor;
        self.cursor = self.op.start;
        self.go_to_column(self.op.left);
        self.op.start = self.cursor;
    }

    /// The selection as a region; visual mode ends.
    fn visual_end(&mut self, operator: Operator) {
        let Some(Visual { kind, .. }) = self.visual.take() else { return };
        if self.op.force.is_none() || self.op.lines {
            self.op.inclusive = true;
        }
        self.op.lines = kind == Selection::Lines;
        if kind == Selection::Characters && self.text.at(self.op.end).is_none() {
            self.op.inclusive = false;
            if !operator.on_lines() && self.op.end.row < self.text.last() {
                self.op.end = Pos { row: self.op.end.row + 1, col: 0 };
            }
        }
        self.redoing_visual = false;
    }

    /// An exclusive region that ends at a line's beginning ends behind the line before.
    fn adjust_end(&mut self, command: &Command) {
        let op = &self.op;
        let adjusts = !op.lines
            && !op.inclusive
            && !command.keeps_end
            && op.end.col == 0
            && !op.visual
            && !op.block
            && op.rows() > 1;
        self.op.end_adjusted = adjusts;
        if !adjusts {
            return;
        }
        self.op.end.row -= 1;
        if self.in_indent(0) {
            self.op.lines = true;
            return;
        }
        let len = self.text.len(self.op.end.row);
        self.op.end.col = len.saturating_sub(1);
        self.op.inclusive = len > 0;
    }

    fn operate(&mut self, operator: Operator, command: &Command, count: Option<usize>, grows: bool) -> Done {
        match operator {
            Operator::Delete => self.op_delete(),
            Operator::Yank => {
                self.op_yank(false);
                self.check_col();
                Ok(())
            }
            Operator::Change => self.op_change(),
            Operator::Indent | Operator::Outdent => {
                let amount = if self.op.visual { count.unwrap_or(1) } else { 1 };
                self.op_shift(operator == Operator::Outdent, amount, true);
                Ok(())
            }
            Operator::Toggle | Operator::Upper | Operator::Lower | Operator::Rotate => {
                self.op_case(operator);
                self.check_col();
                Ok(())
            }
            Operator::Join { spaces } => {
                let rows = self.op.rows().max(2);
                if self.cursor.row + rows > self.text.count() {
                    return Err(Stop::Fail);
                }
                self.join(rows, spaces, true, true);
                Ok(())
            }
            Operator::Replace => {
                self.op_replace(command.next);
                Ok(())
            }
            Operator::Insert | Operator::Append => {
                self.op_insert(operator == Operator::Append, command.count1())
            }
            Operator::Add | Operator::Subtract => {
                self.op_add(operator == Operator::Subtract, count.unwrap_or(1), grows);
                self.check_col();
                Ok(())
            }
            Operator::Filter => self.op_colon(),
            Operator::Reindent => self.op_reindent(),
            Operator::Format { stays } => {
                self.op_format(stays);
                Ok(())
            }
        }
    }
}
