//! Options as GNU's `getopt_long` reads them.

/// What a program takes.
pub(crate) struct Spec {
    pub(crate) name: &'static str,
    /// Letters, each with a `:` behind it when it takes a value, as in `getopt(3)`.
    pub(crate) short: &'static str,
    /// Long names with the letter that they stand for, or with a letter of their own.
    pub(crate) long: &'static [(&'static str, char, Value)],
}

/// Whether a long option takes a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    None,
    Needed,
    /// Only as `--name=value`.
    Optional,
}

/// A read command line.
#[derive(Debug, Default)]
pub(crate) struct Options {
    /// In the order given.
    given: Vec<(char, Option<String>)>,
    pub(crate) operands: Vec<String>,
}

impl Options {
    /// True when the option was given.
    pub(crate) fn has(&self, letter: char) -> bool {
        self.given.iter().any(|(given, _)| *given == letter)
    }

    /// The last value given for the option.
    pub(crate) fn value(&self, letter: char) -> Option<&str> {
        self.given.iter().rev().find(|(given, _)| *given == letter).and_then(|(_, value)| value.as_deref())
    }

    /// The one of `letters` that was given last.
    pub(crate) fn last_of(&self, letters: &str) -> Option<char> {
        self.given.iter().rev().map(|(given, _)| *given).find(|given| letters.contains(*given))
    }

    /// Every value given for the option.
    pub(crate) fn values(&self, letter: char) -> impl Iterator<Item = &str> {
        self.given.iter().filter(move |(given, _)| *given == letter).filter_map(|(_, value)| value.as_deref())
    }
}

impl Spec {
    /// Reads arguments behind the program's name. The error is what the program prints.
    pub(crate) fn parse(&self, args: &[String]) -> Result<Options, String> {
        self.read(args, false).map_err(|text| self.complaint(&text))
    }

    /// As [`Self::parse`], but the first operand ends the options: for programs that start others.
    pub(crate) fn parse_prefix(&self, args: &[String]) -> Result<Options, String> {
        self.read(args, true).map_err(|text| self.complaint(&text))
    }

    /// A usage error as GNU programs print it.
    pub(crate) fn complaint(&self, text: &str) -> String {
        format!("{0}: {text}\nTry '{0} --help' for more information.\n", self.name)
    }

    fn read(&self, args: &[String], prefix: bool) -> Result<Options, String> {
        let mut options = Options::default();
        let mut rest = args.iter();
        while let Some(arg) = rest.next() {
            if arg == "--" {
                options.operands.extend(rest.cloned());
                break;
            } else if let Some(long) = arg.strip_prefix("--") {
                let found = self.long(long, &mut rest)?;
                options.given.push(found);
            } else if arg.len() > 1 && arg.starts_with('-') {
                self.cluster(arg, &mut rest, &mut options)?;
            } else {
                options.operands.push(arg.clone());
                if prefix {
                    options.operands.extend(rest.cloned());
                    break;
                }
            }
        }
        Ok(options)
    }

    fn long<'a>(
        &self,
        arg: &str,
        rest: &mut impl Iterator<Item = &'a String>,
    ) -> Result<(char, Option<String>), String> {
        let (name, value) = match arg.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (arg, None),
        };
        let mut matching = self.long.iter().filter(|(long, ..)| long.starts_with(name));
        let exact = self.long.iter().find(|(long, ..)| *long == name);
        let Some((long, letter, takes)) = exact.or_else(|| matching.next()) else {
            return Err(format!("unrecognized option '--{name}'"));
        };
        if exact.is_none() && matching.any(|(_, other, _)| other != letter) {
            return Err(format!("option '--{name}' is ambiguous"));
        }
        match (takes, value) {
            (Value::None, Some(_)) => Err(format!("option '--{long}' doesn't allow an argument")),
            (Value::Needed, None) => match rest.next() {
                Some(value) => Ok((*letter, Some(value.clone()))),
                None => Err(format!("option '--{long}' requires an argument")),
            },
            (_, value) => Ok((*letter, value)),
        }
    }

    fn cluster<'a>(
        &self,
        arg: &str,
        rest: &mut impl Iterator<Item = &'a String>,
        options: &mut Options,
    ) -> Result<(), String> {
        let mut letters = arg.chars().skip(1);
        while let Some(letter) = letters.next() {
            let known = self.short.find(letter).filter(|_| letter != ':');
            let Some(at) = known else { return Err(format!("invalid option -- '{letter}'")) };
            let takes = self.short[at + letter.len_utf8()..].starts_with(':');
            if !takes {
                options.given.push((letter, None));
                continue;
            }
            let joined: String = letters.collect();
            let value = if joined.is_empty() { rest.next().cloned() } else { Some(joined) };
            let Some(value) = value else {
                return Err(format!("option requires an argument -- '{letter}'"));
            };
            options.given.push((letter, Some(value)));
            break;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPEC: Spec = Spec {
        name: "mkdir",
        short: "m:pv",
        long: &[("mode", 'm', Value::Needed), ("parents", 'p', Value::None), ("verbose", 'v', Value::None)],
    };

    fn check(args: &[&str]) -> String {
        let args: Vec<String> = args.iter().map(|&arg| arg.to_owned()).collect();
        match SPEC.parse(&args) {
            Ok(options) => format!("{:?} {:?}", options.given, options.operands),
            Err(text) => text,
        }
    }

    #[test]
    fn reads_as_getopt_does() {
        assert_eq!(
            check(&["-pm", "700", "a", "-v"]),
            r#"[('p', None), ('m', Some("700")), ('v', None)] ["a"]"#
        );
        assert_eq!(check(&["--mode=7", "--par", "--", "-p"]), r#"[('m', Some("7")), ('p', None)] ["-p"]"#);
        assert_eq!(
            check(&["-z"]),
            "mkdir: invalid option -- 'z'\nTry 'mkdir --help' for more information.\n"
        );
    }
}
