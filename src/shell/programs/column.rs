//! `column`: that of the language crate, with the names of columns and JSON that it does not know. Source of the forms:
//! util-linux 2.39.

use std::fmt::Write as _;

use crate::shell::{Proc, Program, Running};

pub(crate) const PROGRAM: Program = Program { name: "column", summary: "Columnate lists", run };

/// Options with a value.
const VALUES: &[(&str, char)] = &[
    ("--table-columns", 'N'),
    ("--table-name", 'n'),
    ("--separator", 's'),
    ("--output-separator", 'o'),
    ("--table-right", 'R'),
    ("--output-width", 'c'),
];

/// A command line.
#[derive(Default)]
struct Args {
    names: Option<Vec<String>>,
    table: Option<String>,
    separators: Option<String>,
    json: bool,
    /// For the language crate.
    rest: Vec<String>,
    files: Vec<String>,
}

impl Args {
    fn parse(args: &[String]) -> Self {
        let mut found = Self::default();
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let long = VALUES.iter().find(|(name, _)| arg.split('=').next() == Some(*name));
            match (long, arg.as_bytes()) {
                (Some((_, letter)), _) => {
                    let value =
                        arg.split_once('=').map(|(_, it)| it.to_owned()).or_else(|| args.next().cloned());
                    found.take(*letter, value.unwrap_or_default());
                }
                (None, b"--json") => found.json = true,
                (None, [b'-', b'a'..=b'z' | b'A'..=b'Z', ..]) => found.cluster(arg, &mut args),
                (None, [b'-', b'-', ..]) => found.rest.push(arg.clone()),
                _ => found.files.push(arg.clone()),
            }
        }
        found
    }

    fn cluster<'a>(&mut self, arg: &str, rest: &mut impl Iterator<Item = &'a String>) {
        let mut letters = arg.chars().skip(1);
        while let Some(letter) = letters.next() {
            if letter == 'J' {
                self.json = true;
            } else if VALUES.iter().any(|(_, known)| *known == letter) {
                let own: String = letters.by_ref().collect();
                let value = if own.is_empty() { rest.next().cloned().unwrap_or_default() } else { own };
                self.take(letter, value);
            } else {
                self.rest.push(format!("-{letter}"));
            }
        }
    }

    fn take(&mut self, letter: char, value: String) {
        match letter {
            'N' => self.names = Some(value.split(',').map(str::to_owned).collect()),
            'n' => self.table = Some(value),
            _ => {
                if letter == 's' {
                    self.separators = Some(value.clone());
                }
                self.rest.extend([format!("-{letter}"), value]);
            }
        }
    }
}

fn run(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let args = Args::parse(proc.args.get(1..).unwrap_or_default());
        if args.names.is_none() && !args.json {
            let words = proc.args.clone();
            return proc.run_own(&words, false).await;
        }
        let Some(names) = &args.names else {
            proc.eprint("column: option --table-columns required for --json\n");
            return 1;
        };
        let text = match input(proc, &args.files) {
            Ok(text) => text,
            Err(said) => {
                proc.eprint(said);
                return 1;
            }
        };
        if args.json {
            let table = args.table.as_deref().unwrap_or("table");
            proc.print(json(&text, names, table, args.separators.as_deref()));
            return 0;
        }
        let separator = args.separators.as_deref().and_then(|it| it.chars().next()).unwrap_or(' ');
        let head = names.join(&separator.to_string());
        proc.stdin = Some(format!("{head}\n{text}").into_bytes());
        let words: Vec<String> = ["column".to_owned()].into_iter().chain(args.rest).collect();
        proc.run_own(&words, false).await
    })
}

fn input(proc: &Proc, files: &[String]) -> Result<String, String> {
    if files.is_empty() {
        return Ok(String::from_utf8_lossy(proc.stdin.as_deref().unwrap_or_default()).into_owned());
    }
    let mut text = String::new();
    for file in files {
        let bytes = proc.read_file(file).map_err(|error| format!("column: {file}: {error}\n"))?;
        text.push_str(&String::from_utf8_lossy(&bytes));
    }
    Ok(text)
}

/// The lines as a table in JSON: each of the separators ends a field, or without any every run of blanks.
fn json(text: &str, names: &[String], table: &str, separators: Option<&str>) -> String {
    let fields = |line: &str| -> Vec<String> {
        match separators {
            Some(signs) => line.split(|it| signs.contains(it)).map(str::to_owned).collect(),
            None => line.split_whitespace().map(str::to_owned).collect(),
        }
    };
    let row = |line: &str| {
        let fields = fields(line);
        let last = names.len().saturating_sub(1);
        let mut out = String::new();
        for (index, name) in names.iter().enumerate() {
            let field = fields.get(index).filter(|it| !it.is_empty());
            let value = field.map_or_else(|| "null".to_owned(), |it| quoted(it));
            let comma = if index == last { "" } else { "," };
            let _ = writeln!(out, "         {}: {value}{comma}", quoted(&name.to_lowercase()));
        }
        out
    };
    let rows: Vec<String> = text.lines().filter(|it| !it.trim().is_empty()).map(row).collect();
    format!("{{\n   {}: [\n      {{\n{}      }}\n   ]\n}}\n", quoted(table), rows.join("      },{\n"))
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_json() {
        let names = ["x".to_owned(), "Y".to_owned()];
        insta::assert_snapshot!(json("a b\"q\nc\n", &names, "table", None), @r#"
        {
           "table": [
              {
                 "x": "a",
                 "y": "b\"q"
              },{
                 "x": "c",
                 "y": null
              }
           ]
        }
        "#);
    }
}
