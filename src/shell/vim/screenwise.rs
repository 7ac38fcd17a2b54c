//! Motions behind `g`: by rows of the screen, by bytes.

use super::core::{Core, Done, Stop};
use super::motion::fail_unless;
use super::normal::Command;
use super::{Pos, keys};

impl Core {
    pub(super) fn g_motion(&mut self, command: &mut Command) -> Option<Done> {
        let count = command.count1();
        let done = match command.next {
            'g' => {
                self.go_to_row(command.count0.unwrap_or(1));
                Ok(())
            }
            'e' | 'E' => {
                self.aims_here = true;
                self.op.inclusive = true;
                let moved = self.word_end_back(count, command.next == 'E', false);
                fail_unless(moved)
            }
            '_' => {
                self.op.inclusive = true;
                self.aim = usize::MAX;
                self.aims_here = false;
                let moved = self.cursor_down(count - 1);
                moved.map(|()| {
                    self.aims_here = true;
                    let line = self.text.line(self.cursor.row);
                    self.cursor.col = line.iter().rposition(|c| !super::text::is_blank(*c)).unwrap_or(0);
                })
            }
            'j' | keys::DOWN => self.screen_line(true, count),
            'k' | keys::UP => self.screen_line(false, count),
            '0' | keys::HOME => {
                self.go_to_column_of_row(0);
                Ok(())
            }
            '^' => {
                self.go_to_column_of_row(0);
                let (row, start) = (self.cursor.row, self.cursor.col);
                let line = self.text.line(row);
                let behind = (start..line.len()).find(|col| !super::text::is_blank(line[*col]));
                self.cursor.col = behind.unwrap_or(line.len().saturating_sub(1));
                self.aims_here = true;
                Ok(())
            }
            'm' => {
                self.go_to_column_of_row(40);
                Ok(())
            }
            'M' => {
                let line = self.text.line(self.cursor.row);
                let width = super::text::columns(line, line.len(), self.tabstop());
                let percent = command.count0.filter(|count| *count <= 100).unwrap_or(50);
                self.cursor.col = 0;
                self.go_to_column(width * percent / 100);
                self.aims_here = true;
                Ok(())
            }
            '$' | keys::END => {
                self.op.inclusive = true;
                self.screen_line_end(count)
            }
            'o' => {
                self.go_to_byte(command.count0.unwrap_or(1));
                Ok(())
            }
            '*' | '#' => self.search_word(command, true),
            '\'' | '`' => {
                command.key = command.next;
                command.next = command.more;
                command.keeps_jumps = true;
                self.mark_motion(command)
            }
            _ => return None,
        };
        Some(done)
    }

    /// The screen is 80 columns wide to motions by screen lines.
    pub(super) fn screen_width(&self) -> usize {
        80
    }

    pub(super) fn go_to_column_of_row(&mut self, offset: usize) {
        let column = self.column(self.cursor);
        let width = self.screen_width();
        let begin = column / width * width;
        self.go_to_column(begin + offset);
        self.aims_here = true;
    }

    pub(super) fn screen_line_end(&mut self, count: usize) -> Done {
        let width = self.screen_width();
        let line = self.text.line(self.cursor.row);
        let total = super::text::columns(line, line.len(), self.tabstop());
        if count > 1 {
            let moved = self.screen_line(true, count - 1);
            self.op.lines = false;
            moved?;
        }
        let line = self.text.line(self.cursor.row);
        let now = super::text::columns(line, line.len(), self.tabstop());
        if now <= width && total <= width {
            self.aim = usize::MAX;
            self.aims_here = false;
            self.go_to_column(usize::MAX);
            if self.is_visual() {
                self.cursor.col = self.row_len();
            }
            return Ok(());
        }
        self.go_to_column_of_row(width - 1);
        Ok(())
    }

    /// `gj` and `gk`: where lines fit the screen they are `j` and `k` that are not linewise.
    pub(super) fn screen_line(&mut self, down: bool, count: usize) -> Done {
        let width = self.screen_width();
        self.update_aim();
        for _ in 0..count {
            let line = self.text.line(self.cursor.row);
            let total = super::text::columns(line, line.len(), self.tabstop()).max(1);
            let at = if self.aim == usize::MAX { total.saturating_sub(1) } else { self.aim };
            if down {
                if at / width < (total - 1) / width {
                    self.aim = at + width;
                } else if self.cursor.row < self.text.last() {
                    self.cursor.row += 1;
                    if self.aim != usize::MAX {
                        self.aim = at % width;
                    }
                } else {
                    return Err(Stop::Fail);
                }
            } else if at >= width {
                self.aim = at - width;
            } else if self.cursor.row > 0 {
                self.cursor.row -= 1;
                let line = self.text.line(self.cursor.row);
                let total = super::text::columns(line, line.len(), self.tabstop()).max(1);
                if self.aim != usize::MAX && total > width {
                    self.aim = at + (total - 1) / width * width;
                }
            } else {
                return Err(Stop::Fail);
            }
        }
        let aim = self.aim;
        self.go_to_column(aim);
        Ok(())
    }

    pub(super) fn go_to_byte(&mut self, byte: usize) {
        self.note_jump();
        let mut left = byte.saturating_sub(1);
        for row in 0..self.text.count() {
            let line = self.text.line(row);
            let bytes: usize = line.iter().map(|c| c.len_utf8()).sum::<usize>() + 1;
            if left < bytes || row == self.text.last() {
                let mut used = 0;
                let col = line.iter().take_while(|c| {
                    used += c.len_utf8();
                    used <= left
                });
                self.cursor = Pos { row, col: col.count() };
                break;
            }
            left -= bytes;
        }
        self.aims_here = true;
        self.check_cursor();
    }

    pub(super) fn screen_row(&mut self, command: &Command) {
        self.op.lines = true;
        self.note_jump();
        let top = self.view.top.min(self.text.last());
        let bottom = (top + self.view.height.max(1) - 1).min(self.text.last());
        let count = command.count1() - 1;
        self.cursor.row = match command.key {
            'H' => (top + count).min(bottom),
            'L' => bottom.saturating_sub(count).max(top),
            _ => {
                // The middle of the lines on screen, whose number is rounded up.
                let shown = bottom - top + 1;
                let half = shown.div_ceil(2);
                top + half.saturating_sub(1)
            }
        };
        self.cursor.row = self.cursor.row.min(self.text.last());
        self.begin_line_or_aim();
    }
}
