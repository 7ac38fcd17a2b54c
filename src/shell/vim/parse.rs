//! What the keys of normal mode mean, as far as they have come.

/// A whole command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Command {
    pub(super) count: Option<usize>,
    pub(super) register: Option<char>,
    pub(super) verb: Verb,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Move(Motion),
    /// An operator with what it works on.
    Operate(Operator, Target),
    /// Any other command: its keys, and the letter it takes.
    Do(String, Option<char>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Delete,
    Change,
    Yank,
    Indent,
    Outdent,
    /// `=`: indents anew, where the language is known.
    Format,
    Lower,
    Upper,
    Toggle,
    /// `g?`: letters thirteen places on.
    Rotate,
    /// `!`: through a command.
    Filter,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Motion(Motion),
    /// `iw`, `a"`: around, and what.
    Object(bool, char),
    /// The operator twice: whole lines.
    Lines,
}

/// A motion's keys, and the letter it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Motion {
    pub(super) key: String,
    pub(super) letter: Option<char>,
}

/// How far the keys are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Parsed {
    Whole(Command),
    /// More keys belong to it.
    Part,
    /// No command begins so.
    Nothing,
}

/// Motions of one key.
const MOTIONS: &str =
    "hjklwWbBeE0^$G{}()%;,nN*#HML|+-_ \n\x08\x7f\x0e\x10\u{f700}\u{f701}\u{f702}\u{f703}\u{f704}\u{f705}";

/// Motions that take a letter.
const LETTER_MOTIONS: &str = "fFtT'`";

/// Second keys of motions behind `g`.
const G_MOTIONS: &str = "geE_jk0$m";

/// Commands of one key.
const COMMANDS: &str =
    "xXDCYSsRJpPuU.iIaAoOvV~&:/?\x01\x02\x03\x04\x05\x06\x12\x15\x16\x18\x19\x1b\u{f706}\u{f707}\u{f708}";

/// Commands that take a letter.
const LETTER_COMMANDS: &str = "rmq@zZ";

/// Second keys of commands behind `g`.
const G_COMMANDS: &str = "ivJpP&;,";

const OPERATORS: &[(&str, Operator)] = &[
    ("d", Operator::Delete),
    ("c", Operator::Change),
    ("y", Operator::Yank),
    (">", Operator::Indent),
    ("<", Operator::Outdent),
    ("=", Operator::Format),
    ("gu", Operator::Lower),
    ("gU", Operator::Upper),
    ("g~", Operator::Toggle),
    ("g?", Operator::Rotate),
    ("!", Operator::Filter),
];

/// Reads a command from the keys so far.
pub(super) fn parse(keys: &[char]) -> Parsed {
    let mut reader = Reader { keys, at: 0 };
    match reader.command() {
        Ok(command) => Parsed::Whole(command),
        Err(stop) => stop,
    }
}

struct Reader<'a> {
    keys: &'a [char],
    at: usize,
}

impl Reader<'_> {
    fn key(&mut self) -> Result<char, Parsed> {
        let key = self.keys.get(self.at).copied().ok_or(Parsed::Part)?;
        self.at += 1;
        Ok(key)
    }

    fn peek(&self) -> Result<char, Parsed> {
        self.keys.get(self.at).copied().ok_or(Parsed::Part)
    }

    fn count(&mut self) -> Result<Option<usize>, Parsed> {
        let mut count: Option<usize> = None;
        loop {
            let key = self.peek()?;
            let digit = match key.to_digit(10) {
                Some(0) if count.is_none() => return Ok(None),
                Some(digit) => digit as usize,
                None => return Ok(count),
            };
            self.at += 1;
            count = Some(count.unwrap_or(0).saturating_mul(10).saturating_add(digit));
        }
    }

    fn command(&mut self) -> Result<Command, Parsed> {
        let mut count = self.count()?;
        let mut register = None;
        while self.peek()? == '"' {
            self.at += 1;
            register = Some(self.key()?);
            count = self.count()?.or(count);
        }
        if let Some((operator, doubled)) = self.operator()? {
            let second = self.count()?;
            let target = self.target(&doubled)?;
            let count = match (count, second) {
                (Some(a), Some(b)) => Some(a.saturating_mul(b)),
                (a, b) => a.or(b),
            };
            return Ok(Command { count, register, verb: Verb::Operate(operator, target) });
        }
        let verb = match self.motion()? {
            Some(motion) => Verb::Move(motion),
            None => self.other()?,
        };
        Ok(Command { count, register, verb })
    }

    /// An operator, and the keys that mean whole lines behind it.
    fn operator(&mut self) -> Result<Option<(Operator, Vec<String>)>, Parsed> {
        let first = self.peek()?;
        let name = if first == 'g' {
            let second = self.keys.get(self.at + 1).copied().ok_or(Parsed::Part)?;
            format!("g{second}")
        } else {
            first.to_string()
        };
        let Some((_, operator)) = OPERATORS.iter().find(|(known, _)| *known == name) else { return Ok(None) };
        self.at += name.chars().count();
        let short = name.chars().last().map(String::from).unwrap_or_default();
        Ok(Some((*operator, vec![short, name])))
    }

    fn target(&mut self, doubled: &[String]) -> Result<Target, Parsed> {
        let rest: String = self.keys.iter().skip(self.at).collect();
        if doubled.contains(&rest) {
            return Ok(Target::Lines);
        }
        if rest == "g" {
            return Err(Parsed::Part);
        }
        let key = self.peek()?;
        if key == 'i' || key == 'a' {
            self.at += 1;
            return Ok(Target::Object(key == 'a', self.key()?));
        }
        if key == '/' || key == '?' {
            self.at += 1;
            return Ok(Target::Motion(Motion { key: key.into(), letter: None }));
        }
        // `v` and `V` before a motion force its kind; the motion's own kind serves as well.
        self.motion()?.map(Target::Motion).ok_or(Parsed::Nothing)
    }

    fn motion(&mut self) -> Result<Option<Motion>, Parsed> {
        let key = self.peek()?;
        if MOTIONS.contains(key) {
            self.at += 1;
            return Ok(Some(Motion { key: key.into(), letter: None }));
        }
        if LETTER_MOTIONS.contains(key) {
            self.at += 1;
            return Ok(Some(Motion { key: key.into(), letter: Some(self.key()?) }));
        }
        if key == 'g' {
            let second = self.keys.get(self.at + 1).copied().ok_or(Parsed::Part)?;
            if G_MOTIONS.contains(second) {
                self.at += 2;
                return Ok(Some(Motion { key: format!("g{second}"), letter: None }));
            }
        }
        Ok(None)
    }

    fn other(&mut self) -> Result<Verb, Parsed> {
        let key = self.key()?;
        if COMMANDS.contains(key) {
            return Ok(Verb::Do(key.into(), None));
        }
        if LETTER_COMMANDS.contains(key) {
            return Ok(Verb::Do(key.into(), Some(self.key()?)));
        }
        if key == '[' || key == ']' {
            let second = self.key()?;
            if matches!(second, 'p' | 'P') {
                return Ok(Verb::Do([key, second].into_iter().collect(), None));
            }
        }
        if key == 'g' {
            let second = self.key()?;
            if G_COMMANDS.contains(second) {
                return Ok(Verb::Do(format!("g{second}"), None));
            }
        }
        Err(Parsed::Nothing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(keys: &str) -> Parsed {
        parse(&keys.chars().collect::<Vec<_>>())
    }

    #[test]
    fn counts_registers_and_operators_come_together() {
        let Parsed::Whole(command) = of("2\"ad3w") else { panic!() };
        assert_eq!((command.count, command.register), (Some(6), Some('a')));
        assert!(matches!(of("dgg"), Parsed::Whole(_)));
        assert!(matches!(of("guu"), Parsed::Whole(_)));
        assert_eq!(
            (of("d"), of("2"), of("f"), of("ci")),
            (Parsed::Part, Parsed::Part, Parsed::Part, Parsed::Part)
        );
        assert_eq!(of("dz"), Parsed::Nothing);
    }
}
