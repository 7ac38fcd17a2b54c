//! Vim's patterns: counts behind an item, and looking ahead and behind.

use super::pattern::{COUNT_MAX, Inst, Reader, Token};

impl Reader<'_> {
    pub(super) fn repeats(&mut self, begun: usize) -> Result<(), String> {
        let (least, most, greedy) = match self.peek() {
            Token::Magic('*') => (0, None, true),
            Token::Magic('+') => (1, None, true),
            Token::Magic('=' | '?') => (0, Some(1), true),
            Token::Magic('{') => {
                self.next();
                let bounds = self.bounds()?;
                self.repeat(begun, bounds);
                return self.no_more_repeats();
            }
            Token::Magic('@') => {
                self.next();
                return self.look(begun);
            }
            _ => return Ok(()),
        };
        self.next();
        self.repeat(begun, (least, most, greedy));
        self.no_more_repeats()
    }

    pub(super) fn no_more_repeats(&self) -> Result<(), String> {
        match self.peek() {
            Token::Magic(sign @ ('*' | '+' | '=' | '?' | '{')) => Err(format!("E61: Nested {sign}")),
            _ => Ok(()),
        }
    }

    pub(super) fn bounds(&mut self) -> Result<(usize, Option<usize>, bool), String> {
        let sparing = self.text.get(self.at) == Some(&'-');
        self.at += usize::from(sparing);
        let has_least = self.text.get(self.at).is_some_and(char::is_ascii_digit);
        let least = self.number(10);
        let mut most = has_least.then_some(least);
        if self.text.get(self.at) == Some(&',') {
            self.at += 1;
            let has_most = self.text.get(self.at).is_some_and(char::is_ascii_digit);
            let number = self.number(10);
            most = has_most.then_some(number);
        }
        if self.text.get(self.at) == Some(&'\\') {
            self.at += 1;
        }
        if self.text.get(self.at) != Some(&'}') {
            return Err("E554: Syntax error in \\{...}".into());
        }
        self.at += 1;
        let (least, most) = match most {
            Some(most) if most < least => (most, Some(least)),
            other => (least, other),
        };
        Ok((least, most, !sparing))
    }

    /// Repeats what the program holds from a place on.
    pub(super) fn repeat(&mut self, begun: usize, (least, most, greedy): (usize, Option<usize>, bool)) {
        let body: Vec<Inst> = self.program.drain(begun..).collect();
        for _ in 0..least.min(COUNT_MAX) {
            self.add_copy(&body, begun);
        }
        let order = |at: usize, end: usize| {
            if greedy { Inst::Split(at + 1, end) } else { Inst::Split(end, at + 1) }
        };
        match most {
            None => {
                let mark = self.marks;
                self.marks += 1;
                let at = self.program.len();
                self.program.push(Inst::Jump(0));
                self.program.push(Inst::Mark(mark));
                self.add_copy(&body, begun);
                let end = self.program.len() + 1;
                self.program.push(Inst::Moved(mark, at));
                self.program[at] = order(at, end);
            }
            Some(most) => {
                let more = most.saturating_sub(least).min(COUNT_MAX);
                let mut splits = Vec::new();
                for _ in 0..more {
                    splits.push(self.program.len());
                    self.program.push(Inst::Jump(0));
                    self.add_copy(&body, begun);
                }
                let end = self.program.len();
                for at in splits {
                    self.program[at] = order(at, end);
                }
            }
        }
    }

    pub(super) fn add_copy(&mut self, body: &[Inst], begun: usize) {
        let by = self.program.len() - begun;
        for inst in body {
            let mut inst = inst.clone();
            shift(&mut inst, begun, by);
            self.program.push(inst);
        }
    }

    /// `\@=`, `\@!`, `\@<=`, `\@<!`, `\@>` behind an item.
    pub(super) fn look(&mut self, begun: usize) -> Result<(), String> {
        while self.text.get(self.at).is_some_and(char::is_ascii_digit) {
            self.at += 1;
        }
        let first = self.raw();
        let (ahead, wanted) = match first {
            Some('=') => (true, true),
            Some('!') => (true, false),
            Some('<') => match self.raw() {
                Some('=') => (false, true),
                Some('!') => (false, false),
                _ => return Err("E59: Invalid character after \\@".into()),
            },
            Some('>') => {
                self.insert(begun, 1);
                self.program.push(Inst::Match);
                self.program[begun] = Inst::Atomic(self.program.len());
                return Ok(());
            }
            _ => return Err("E59: Invalid character after \\@".into()),
        };
        self.insert(begun, 1);
        self.program.push(Inst::Match);
        self.program[begun] = Inst::Look { ahead, wanted, behind: self.program.len() };
        Ok(())
    }
}

/// Moves the places that an instruction names, from `at` on.
pub(super) fn shift(inst: &mut Inst, at: usize, by: usize) {
    let moved = |place: &mut usize| {
        if *place >= at {
            *place += by;
        }
    };
    match inst {
        Inst::Split(a, b) => {
            moved(a);
            moved(b);
        }
        Inst::Jump(to) | Inst::Moved(_, to) | Inst::Atomic(to) => moved(to),
        Inst::Look { behind, .. } => moved(behind),
        _ => {}
    }
}
