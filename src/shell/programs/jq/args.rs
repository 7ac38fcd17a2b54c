//! The arguments of `jq`.

use super::read;
use super::value::{Object, Val};
use super::write::Style;
use crate::shell::Proc;

const MORE: &str = "Use jq --help for help with command-line options,\n\
                    or see the jq manpage, or online docs  at https://jqlang.github.io/jq\n";

/// Exit codes.
pub(super) const WRONG_USE: i32 = 2;

/// What was asked for.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// The program, or the file it stands in.
    pub(super) program: Option<String>,
    pub(super) from_file: bool,
    pub(super) files: Vec<String>,
    pub(super) style: Style,
    pub(super) raw: bool,
    pub(super) joined: bool,
    pub(super) zeros: bool,
    pub(super) sequence: bool,
    pub(super) no_input: bool,
    pub(super) raw_input: bool,
    pub(super) slurp: bool,
    pub(super) stream: bool,
    pub(super) exit_status: bool,
    pub(super) unbuffered: bool,
    /// Variables by name.
    pub(super) named: Vec<(String, Val)>,
    positional: Vec<Val>,
}

/// What arguments come to.
pub(super) enum Outcome {
    Run(Box<Asked>),
    /// Nothing is to run: what to print, and the exit code.
    Say(String, i32),
}

/// What the words that are no options are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Words {
    Files,
    Texts,
    Json,
}

/// Long options and their letters; those without one have a letter that nobody can type.
const LONG: &[(&str, char)] = &[
    ("slurp", 's'),
    ("raw-output", 'r'),
    ("compact-output", 'c'),
    ("color-output", 'C'),
    ("monochrome-output", 'M'),
    ("ascii-output", 'a'),
    ("unbuffered", '\u{1}'),
    ("sort-keys", 'S'),
    ("raw-input", 'R'),
    ("null-input", 'n'),
    ("from-file", 'f'),
    ("join-output", 'j'),
    ("raw-output0", '\u{2}'),
    ("tab", '\u{3}'),
    ("seq", '\u{4}'),
    ("stream", '\u{5}'),
    ("stream-errors", '\u{6}'),
    ("exit-status", 'e'),
    ("help", 'h'),
    ("version", 'V'),
];

const USAGE: &str = "Usage:\tjq [OPTIONS] FILTER [FILE...]\n\
                     \tjq [OPTIONS] -f FILE [FILE...]\n\
                     \tjq [OPTIONS] --args FILTER [TEXT...]\n\
                     \tjq [OPTIONS] --jsonargs FILTER [JSON...]\n";

const HELP: &str = "\njq takes JSON values and prints what a filter makes of each of them.\n\
\n\
What is read:\n\
  -n, --null-input          nothing: the filter runs once, on null\n\
  -R, --raw-input           lines of text in place of JSON\n\
  -s, --slurp               all values as one array\n\
      --stream              leaves with their paths\n\
      --seq                 texts of a JSON sequence (also printed so)\n\
What is printed:\n\
  -c, --compact-output      a value on one line\n\
  -r, --raw-output          strings without quotes\n\
  -j, --join-output         as -r, without new lines\n\
      --raw-output0         as -r, with NUL in place of new lines\n\
  -a, --ascii-output        only ASCII characters\n\
  -S, --sort-keys           members in the order of their names\n\
  -C, --color-output        with colours in any case\n\
  -M, --monochrome-output   without colours\n\
      --tab                 indented by tabs\n\
      --indent n            indented by n blanks (at most 7)\n\
      --unbuffered          at once\n\
Filter and variables:\n\
  -f, --from-file file      the filter stands in a file\n\
      --arg name text       $name is a text\n\
      --argjson name json   $name is a value\n\
      --slurpfile name file $name is an array of the values of a file\n\
      --rawfile name file   $name is the text of a file\n\
      --args                further words are texts in $ARGS.positional\n\
      --jsonargs            further words are values in $ARGS.positional\n\
  -e, --exit-status         exit with 1 after null or false, with 4 after nothing\n\
  -V, --version             the version\n\
  -h, --help                this\n";

pub(super) fn read(proc: &Proc) -> Outcome {
    let mut reader = ArgReader { proc, asked: Box::default(), words: Words::Files, options_end: false };
    reader.asked.style.indent = Some("  ".to_owned());
    reader.asked.style.color = proc.tty && proc.env.get("NO_COLOR").is_none_or(String::is_empty);
    let args: Vec<String> = proc.args.iter().skip(1).cloned().collect();
    let mut rest = args.as_slice();
    while let Some((first, behind)) = rest.split_first() {
        match reader.take(first, behind) {
            Ok(taken) => rest = behind.get(taken..).unwrap_or_default(),
            Err(outcome) => return outcome,
        }
    }
    let asked = reader.asked;
    if asked.program.is_none() && proc.tty && proc.stdin.is_none()
        || asked.from_file && asked.program.is_none()
    {
        return Outcome::Say(format!("{USAGE}{MORE}"), WRONG_USE);
    }
    Outcome::Run(asked)
}

fn wrong(text: &str) -> Outcome {
    Outcome::Say(format!("jq: {text}\n{MORE}"), WRONG_USE)
}

struct ArgReader<'a> {
    proc: &'a Proc,
    asked: Box<Asked>,
    words: Words,
    options_end: bool,
}

impl ArgReader<'_> {
    /// Takes an argument, and says how many of those behind it belong to it.
    fn take(&mut self, arg: &str, behind: &[String]) -> Result<usize, Outcome> {
        let looks = |text: &str| text.starts_with(|c: char| c == '-' || c == '0' || c.is_ascii_alphabetic());
        if self.options_end || !arg.strip_prefix('-').is_some_and(looks) {
            return self.word(arg).map(|()| 0);
        }
        let Some(long) = arg.strip_prefix("--") else { return self.letters(arg, behind) };
        match long {
            "" => self.options_end = true,
            "args" => self.words = Words::Texts,
            "jsonargs" => self.words = Words::Json,
            "arg" | "argjson" | "slurpfile" | "rawfile" => return self.variable(long, behind),
            "indent" => return self.indent(behind),
            "debug-dump-disasm" | "debug-trace" | "debug-trace=all" | "run-tests" | "build-configuration" => {
                return Err(Outcome::Say(format!("uncordon: jq --{long} is not simulated yet\n"), 1));
            }
            _ => match LONG.iter().find(|(name, _)| *name == long) {
                Some((_, letter)) => self.option(*letter)?,
                None => return Err(wrong(&format!("Unknown option {arg}"))),
            },
        }
        Ok(0)
    }

    fn letters(&mut self, arg: &str, behind: &[String]) -> Result<usize, Outcome> {
        if arg.starts_with("-L") {
            if arg == "-L" && behind.is_empty() {
                let text = "-L takes a parameter: (e.g. -L /search/path or -L/search/path)";
                return Err(wrong(text));
            }
            return Ok(usize::from(arg == "-L"));
        }
        let known = |c: char| LONG.iter().any(|(_, letter)| *letter == c && !c.is_control());
        if !arg.chars().skip(1).all(known) {
            return Err(wrong(&format!("Unknown option {arg}")));
        }
        arg.chars().skip(1).try_for_each(|letter| self.option(letter))?;
        Ok(0)
    }

    fn option(&mut self, letter: char) -> Result<(), Outcome> {
        let asked = &mut self.asked;
        match letter {
            's' => asked.slurp = true,
            'r' => asked.raw = true,
            'c' => asked.style.indent = None,
            'C' => asked.style.color = true,
            'M' => asked.style.color = false,
            'a' => asked.style.ascii = true,
            'S' => asked.style.sorted = true,
            'R' => asked.raw_input = true,
            'n' => asked.no_input = true,
            'f' => asked.from_file = true,
            'j' => (asked.raw, asked.joined) = (true, true),
            'e' => asked.exit_status = true,
            '\u{1}' => asked.unbuffered = true,
            '\u{2}' => (asked.raw, asked.zeros) = (true, true),
            '\u{3}' => asked.style.indent = Some("\t".to_owned()),
            '\u{4}' => asked.sequence = true,
            '\u{5}' => asked.stream = true,
            '\u{6}' => {
                return Err(Outcome::Say("uncordon: jq --stream-errors is not simulated yet\n".into(), 1));
            }
            'h' => return Err(Outcome::Say(format!("{USAGE}{HELP}"), 0)),
            _ => return Err(Outcome::Say("jq-1.7\n".to_owned(), 0)),
        }
        Ok(())
    }

    fn word(&mut self, word: &str) -> Result<(), Outcome> {
        if self.asked.program.is_none() {
            self.asked.program = Some(word.to_owned());
            return Ok(());
        }
        match self.words {
            Words::Files => self.asked.files.push(word.to_owned()),
            Words::Texts => self.asked.positional.push(Val::from(word)),
            Words::Json => match read::single(word) {
                Ok(value) => self.asked.positional.push(value),
                Err(_) => return Err(wrong("invalid JSON text passed to --jsonargs")),
            },
        }
        Ok(())
    }

    fn variable(&mut self, option: &str, behind: &[String]) -> Result<usize, Outcome> {
        let [name, given, ..] = behind else {
            let example = match option {
                "arg" => "varname value",
                "argjson" => "varname text",
                _ => "varname filename",
            };
            return Err(wrong(&format!("--{option} takes two parameters (e.g. --{option} {example})")));
        };
        let value = match option {
            "arg" => Val::from(given.as_str()),
            "argjson" => read::single(given).map_err(|_| wrong("invalid JSON text passed to --argjson"))?,
            _ => self.file(option, name, given)?,
        };
        if !self.asked.named.iter().any(|(known, _)| known == name) {
            self.asked.named.push((name.clone(), value));
        }
        Ok(2)
    }

    fn file(&self, option: &str, name: &str, path: &str) -> Result<Val, Outcome> {
        let bad =
            |why: &str| Outcome::Say(format!("jq: Bad JSON in --{option} {name} {path}: {why}\n"), WRONG_USE);
        let bytes = self.proc.disk().read(&self.proc.descriptor(path));
        let bytes = bytes.map_err(|why| bad(&format!("Could not open {path}: {why}")))?;
        if option == "rawfile" {
            return Ok(Val::text(String::from_utf8_lossy(&bytes).into_owned()));
        }
        let values: Result<Vec<Val>, String> = read::Reader::new(&bytes, false).collect();
        values.map(Val::list).map_err(|why| bad(&why))
    }

    fn indent(&mut self, behind: &[String]) -> Result<usize, Outcome> {
        let Some(text) = behind.first() else { return Err(wrong("--indent takes one parameter")) };
        let digits: String = text.chars().take_while(|c| c.is_ascii_digit() || *c == '-').collect();
        match digits.parse::<i32>().unwrap_or_default() {
            ..-1 | 8.. => return Err(wrong("--indent takes a number between -1 and 7")),
            -1 => self.asked.style.indent = Some("\t".to_owned()),
            0 => self.asked.style.indent = None,
            count => {
                let count = usize::try_from(count).unwrap_or_default();
                self.asked.style.indent = Some(" ".repeat(count));
            }
        }
        Ok(1)
    }
}

impl Asked {
    /// All variables by name, `$ENV` and `$ARGS` among them.
    pub(super) fn variables(&self, environment: &Val) -> Vec<(String, Val)> {
        let named: Object =
            self.named.iter().map(|(name, value)| (name.clone().into(), value.clone())).collect();
        let all =
            Val::record([("positional", Val::list(self.positional.clone())), ("named", Val::object(named))]);
        let mut variables = vec![("ENV".to_owned(), environment.clone()), ("ARGS".to_owned(), all)];
        variables.extend(self.named.iter().cloned());
        variables
    }
}
