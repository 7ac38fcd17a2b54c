//! `yq` (mikefarah's, version 4): `jq` for YAML. The expression is carried out by our `jq`,
//! whose paths, `select`, `del`, `map` and assignments mean the same.

use super::jq;
use crate::apimachinery::json::Value;
use crate::apimachinery::yaml;
use crate::shell::{Proc, Program, Running};

pub(crate) const PROGRAM: Program = Program { name: "yq", summary: "Process YAML", run };

/// What was asked for.
#[derive(Default)]
struct Asked {
    expression: Option<String>,
    files: Vec<String>,
    in_place: bool,
    null_input: bool,
    json_out: bool,
    raw: bool,
    bare: bool,
    exit_status: bool,
    compact: bool,
}

impl Asked {
    fn read(args: &[String]) -> Result<Self, String> {
        let mut asked = Self { raw: true, ..Self::default() };
        let mut operands = Vec::new();
        let mut rest = args.iter().peekable();
        if rest.peek().is_some_and(|it| ["eval", "e", "eval-all", "ea"].contains(&it.as_str())) {
            rest.next();
        }
        while let Some(arg) = rest.next() {
            let (name, value) =
                arg.split_once('=').map_or((arg.as_str(), None), |(a, b)| (a, Some(b.to_owned())));
            match name {
                _ if !arg.starts_with('-') || arg == "-" => operands.push(arg.clone()),
                "-i" | "--inplace" => asked.in_place = true,
                "-n" | "--null-input" => asked.null_input = true,
                "-r" | "--unwrapScalar" => asked.raw = value.is_none_or(|it| it == "true"),
                "-j" | "--tojson" => asked.json_out = true,
                "-e" | "--exit-status" => asked.exit_status = true,
                "-N" | "--no-doc" => asked.bare = true,
                "-P" | "--prettyPrint" | "-M" | "-C" | "--no-colors" | "--colors" => {}
                "-o" | "--output-format" => {
                    asked.json_out =
                        matches!(value.or_else(|| rest.next().cloned()).as_deref(), Some("json" | "j"));
                }
                // JSON is YAML too, so the format of the input need not be told.
                "-p" | "--input-format" => drop(value.or_else(|| rest.next().cloned())),
                "-I" | "--indent" => {
                    asked.compact = value.or_else(|| rest.next().cloned()).as_deref() == Some("0")
                }
                "-I0" => asked.compact = true,
                "-oj" | "-ojson" => asked.json_out = true,
                "-oy" | "-oyaml" => asked.json_out = false,
                "-I2" | "-I4" => {}
                other => return Err(format!("Error: unknown flag: {other}\n")),
            }
        }
        let mut operands = operands.into_iter();
        asked.expression = operands.next();
        asked.files = operands.collect();
        Ok(asked)
    }
}

/// Operators of yq that jq has not, and those that it has with another meaning.
const OPERATORS: &str = r#"
def tag: if type == "string" then "!!str" elif type == "array" then "!!seq" elif type == "object" then "!!map"
  elif type == "boolean" then "!!bool" elif type == "null" then "!!null" elif floor == . then "!!int" else "!!float" end;
def kind: if type == "array" then "seq" elif type == "object" then "map" else "scalar" end;
def type: tag;
def keys: keys_unsorted;
def upcase: ascii_upcase;
def downcase: ascii_downcase;
def to_string: tostring;
def to_number: tonumber;
def to_json: tojson;
def from_json: fromjson;
def explode(of): .;
def with(part; change): part |= change;
def sort_keys(of): of |= if tag == "!!map" then to_entries | sort_by(.key) | from_entries else . end;
def pick(names): . as $whole | reduce (names)[] as $name (if tag == "!!map" then {} else [] end;
  if $whole | has($name) then .[$name] = $whole[$name] else . end);
def omit(names): delpaths([names[] | [.]]);
def any_c(holds): any(.[]; holds);
def all_c(holds): all(.[]; holds);
def unique_by(f): reduce .[] as $each ([]; if any(.[]; f == ($each | f)) then . else . + [$each] end);
def unique: unique_by(.);
def group_by(f): . as $all | map(f) | unique | map(. as $key | $all | map(select(f == $key)));
def sub(both): [both] as [$expression, $new] | gsub($expression; $new);
"#;

/// Variables of the environment, as yq's operators read them.
fn with_environment(expression: &str, proc: &Proc) -> String {
    let mut text = expression.to_owned();
    for (name, as_text) in [("strenv(", true), ("env(", false)] {
        while let Some(at) = text.find(name) {
            let Some(end) = text.get(at..).and_then(|it| it.find(')')) else { break };
            let variable = text.get(at + name.len()..at + end).unwrap_or_default().trim().to_owned();
            let value = proc.env.get(&variable).cloned().unwrap_or_default();
            let scalar = if as_text {
                Value::from(value)
            } else {
                yaml::document(&value).unwrap_or(Value::from(value))
            };
            text.replace_range(at..=at + end, &scalar.to_string());
        }
    }
    text
}

/// Carries the expression out on one document.
fn results(proc: &Proc, expression: &str, document: &Value) -> Result<Vec<Value>, String> {
    let found = jq::results(proc, &format!("{OPERATORS}{expression}"), &document.to_string());
    let found = found.map_err(|why| format!("Error: {}\n", why.lines().next().unwrap_or_default()))?;
    Ok(found.iter().filter_map(|text| serde_json::from_str(text).ok()).collect())
}

fn shown(asked: &Asked, value: &Value) -> String {
    match value {
        _ if asked.json_out && asked.compact => format!("{value}\n"),
        _ if asked.json_out => serde_json::to_string_pretty(value).unwrap_or_default() + "\n",
        Value::String(text) if asked.raw => format!("{text}\n"),
        Value::Null => "null\n".to_owned(),
        other => yaml::to_string(other),
    }
}

fn run(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let args: Vec<String> = proc.args.iter().skip(1).cloned().collect();
        if args.iter().any(|it| it == "--version" || it == "-V") {
            proc.print("yq (https://github.com/mikefarah/yq/) version v4.44.3\n");
            return 0;
        }
        let mut asked = match Asked::read(&args) {
            Ok(asked) => asked,
            Err(text) => {
                proc.eprint(text);
                return 1;
            }
        };
        // A lone file is read with the expression that changes nothing.
        let lone = asked.expression.as_ref().is_some_and(|it| {
            asked.files.is_empty() && proc.stat(it).is_ok() && it.contains(['/', '.']) && !it.starts_with('.')
        });
        if lone {
            asked.files = asked.expression.take().into_iter().collect();
        }
        let expression =
            with_environment(asked.expression.as_deref().filter(|it| !it.is_empty()).unwrap_or("."), proc);
        if asked.in_place && asked.files.is_empty() {
            proc.eprint("Error: write in place flag only applicable when giving an expression and at least one file\n");
            return 1;
        }
        work(proc, &asked, &expression)
    })
}

fn work(proc: &Proc, asked: &Asked, expression: &str) -> i32 {
    let mut sources: Vec<(Option<String>, String)> = Vec::new();
    for file in &asked.files {
        match proc.disk().read(&proc.path(file)) {
            _ if file == "-" => sources.push((None, input(proc))),
            Ok(bytes) => sources.push((Some(file.clone()), String::from_utf8_lossy(&bytes).into_owned())),
            Err(error) => {
                proc.eprint(format!("Error: open {file}: {}\n", error.to_string().to_lowercase()));
                return 1;
            }
        }
    }
    if sources.is_empty() {
        sources.push((None, if asked.null_input { "null".into() } else { input(proc) }));
    }
    let mut nothing = true;
    for (file, text) in sources {
        let name = file.as_deref().unwrap_or("-");
        let documents = match yaml::documents(&text) {
            Ok(none) if none.is_empty() && asked.null_input => vec![Value::Null],
            Ok(documents) => documents,
            Err(why) => {
                proc.eprint(format!("Error: bad file '{name}': yaml: {why}\n"));
                return 1;
            }
        };
        let mut parts = Vec::new();
        for document in &documents {
            match results(proc, expression, document) {
                Ok(values) => {
                    nothing &= values.iter().all(|it| it.is_null() || *it == Value::Bool(false));
                    parts.push(values.iter().map(|it| shown(asked, it)).collect::<String>());
                }
                Err(text) => {
                    proc.eprint(text);
                    return 1;
                }
            }
        }
        parts.retain(|part| !part.is_empty());
        let whole = parts.join(if asked.bare || asked.json_out { "" } else { "---\n" });
        match &file {
            Some(file) if asked.in_place => {
                if let Err(error) = proc.disk().write(&proc.path(file), whole.as_bytes()) {
                    proc.eprint(format!("Error: open {file}: {}\n", error.to_string().to_lowercase()));
                    return 1;
                }
            }
            _ => proc.print(whole),
        }
    }
    if asked.exit_status && nothing {
        proc.eprint("Error: no matches found\n");
        return 1;
    }
    0
}

fn input(proc: &Proc) -> String {
    String::from_utf8_lossy(proc.stdin.as_deref().unwrap_or_default()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::{Place, templates};
    use crate::shell::{Fd, Lab};
    use crate::sim::SimTime;

    fn said(words: &[&str], input: &str) -> String {
        let lab = Lab::new(templates::empty(SimTime::START));
        let mut proc = Proc::new(&lab, Place::Host("x".into()), words);
        proc.stdin = Some(input.as_bytes().to_vec());
        let asked = Asked::read(proc.args.get(1..).unwrap_or_default()).unwrap_or_default();
        work(&proc, &asked, asked.expression.as_deref().unwrap_or("."));
        let parts = proc.take_output();
        let text = |(fd, bytes): &(Fd, Vec<u8>)| {
            let mark = if *fd == Fd::Err { "! " } else { "" };
            format!("{mark}{}", String::from_utf8_lossy(bytes))
        };
        parts.iter().map(text).collect()
    }

    #[test]
    fn operators_mean_what_they_mean_in_yq() {
        let input = "b: 1\na: [x, z, x]\n";
        assert_eq!(said(&["yq", ".nope[]"], input), "");
        assert_eq!(said(&["yq", ".a | unique"], input), "- x\n- z\n");
        assert_eq!(said(&["yq", ".[] | tag"], input), "!!seq\n!!int\n");
        assert_eq!(said(&["yq", "with(.a; .[0] = \"q\") | .a[0]"], input), "q\n");
        assert_eq!(said(&["yq", ".a[0] | sub(\"x\", \"y\")"], input), "y\n");
        assert_eq!(said(&["yq", "-n", ".a.b = 1"], ""), "a:\n  b: 1\n");
        assert_eq!(said(&["yq", ".a | foo"], input), "! Error: foo/0 is not defined\n");
    }
}
