//! From words to values, by the rules and in the sentences of Go's pflag.

use super::spec::{FlagSpec, Kind};
use super::values::Flags;
use crate::apimachinery::go;

/// What a command line says: flags, the other words, and how many of those stood before `--`.
#[derive(Debug, Default)]
pub(crate) struct Parsed {
    pub(crate) flags: Flags,
    pub(crate) args: Vec<String>,
    pub(crate) dash_at: Option<usize>,
}

/// Reads `words` against `specs`; the first spec of a name wins.
///
/// # Errors
/// pflag's sentence.
pub(crate) fn parse(words: &[String], specs: Vec<FlagSpec>) -> Result<Parsed, String> {
    let mut parsed = Parsed { flags: Flags::new(specs), ..Parsed::default() };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word == "--" {
            parsed.dash_at = Some(parsed.args.len());
            parsed.args.extend(words.by_ref().cloned());
        } else if let Some(long) = word.strip_prefix("--") {
            parse_long(&mut parsed.flags, word, long, &mut words)?;
        } else if word.len() > 1 && word.starts_with('-') {
            parse_shorts(&mut parsed.flags, word, &mut words)?;
        } else {
            parsed.args.push(word.clone());
        }
    }
    Ok(parsed)
}

fn parse_long<'a>(
    flags: &mut Flags,
    word: &str,
    long: &str,
    words: &mut impl Iterator<Item = &'a String>,
) -> Result<(), String> {
    if long.starts_with(['-', '=']) {
        return Err(format!("bad flag syntax: {word}"));
    }
    let (name, value) = match long.split_once('=') {
        Some((name, value)) => (name, Some(value.to_owned())),
        None => (long, None),
    };
    let name = name.replace('_', "-");
    let Some(spec) = flags.spec(&name) else { return Err(format!("unknown flag: --{name}")) };
    let value = match value {
        Some(value) => value,
        None if !spec.alone.is_empty() => spec.alone.to_owned(),
        None => words.next().cloned().ok_or_else(|| format!("flag needs an argument: --{name}"))?,
    };
    set(flags, spec, value)
}

fn parse_shorts<'a>(
    flags: &mut Flags,
    word: &str,
    words: &mut impl Iterator<Item = &'a String>,
) -> Result<(), String> {
    let mut rest = word.get(1..).unwrap_or("");
    while let Some(letter) = rest.chars().next() {
        let cluster = rest;
        rest = rest.get(letter.len_utf8()..).unwrap_or("");
        let Some(spec) = flags.spec_short(letter) else {
            return Err(format!("unknown shorthand flag: {letter:?} in -{cluster}"));
        };
        if let Some(value) = rest.strip_prefix('=').filter(|value| !value.is_empty()) {
            return set(flags, spec, value.to_owned());
        }
        if !spec.alone.is_empty() {
            set(flags, spec, spec.alone.to_owned())?;
            continue;
        }
        let value = if rest.is_empty() {
            words
                .next()
                .cloned()
                .ok_or_else(|| format!("flag needs an argument: {letter:?} in -{cluster}"))?
        } else {
            rest.to_owned()
        };
        return set(flags, spec, value);
    }
    Ok(())
}

fn set(flags: &mut Flags, spec: FlagSpec, value: String) -> Result<(), String> {
    check(spec.kind, &value).map_err(|why| {
        let shown = match spec.short {
            Some(short) => format!("-{short}, --{}", spec.name),
            None => format!("--{}", spec.name),
        };
        format!("invalid argument {value:?} for {shown:?} flag: {why}")
    })?;
    flags.push(spec.name, value);
    Ok(())
}

fn check(kind: Kind, value: &str) -> Result<(), String> {
    match kind {
        Kind::Bool if go_bool(value).is_none() => {
            Err(format!("strconv.ParseBool: parsing {value:?}: invalid syntax"))
        }
        Kind::Int(bits) => check_int(value, bits),
        Kind::Duration => go::duration(value).map(drop),
        Kind::Map if !value.is_empty() => match value.split(',').find(|pair| !pair.contains('=')) {
            Some(pair) => Err(format!("{pair} must be formatted as key=value")),
            None => Ok(()),
        },
        Kind::StringMap if value.split(',').any(|pair| !pair.is_empty() && !pair.contains('=')) => {
            Err("malformed pair, expect string=string".into())
        }
        _ => Ok(()),
    }
}

/// Go's `strconv.ParseBool`.
pub(crate) fn go_bool(value: &str) -> Option<bool> {
    match value {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

fn check_int(value: &str, bits: u32) -> Result<(), String> {
    let range = 1_i128 << (bits - 1);
    match go_int(value) {
        None => Err(format!("strconv.ParseInt: parsing {value:?}: invalid syntax")),
        Some(number) if number < -range || number >= range => {
            Err(format!("strconv.ParseInt: parsing {value:?}: value out of range"))
        }
        Some(_) => Ok(()),
    }
}

/// Go's `strconv.ParseInt` with base 0: decimal, `0x`, `0o` or leading 0, `0b`.
pub(super) fn go_int(value: &str) -> Option<i128> {
    let (sign, digits) = match value.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, value.strip_prefix('+').unwrap_or(value)),
    };
    let lower = digits.to_ascii_lowercase();
    let (radix, digits) = match lower.as_str() {
        hex if hex.starts_with("0x") => (16, hex.get(2..)?),
        bin if bin.starts_with("0b") => (2, bin.get(2..)?),
        oct if oct.starts_with("0o") => (8, oct.get(2..)?),
        oct if oct.len() > 1 && oct.starts_with('0') => (8, oct.get(1..)?),
        dec => (10, dec),
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    i128::from_str_radix(digits, radix).ok().map(|number| sign * number)
}

#[cfg(test)]
mod tests {
    use super::super::spec::{globals, of_command};
    use super::*;

    fn read(command: &str, line: &str) -> Result<Parsed, String> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        let mut specs = of_command(command);
        specs.extend(globals());
        parse(&words, specs)
    }

    #[test]
    fn clusters_equals_and_separate_values_all_count() {
        let parsed = read("exec", "-it web -c=app -n x -- ls -l").map_err(|_| ());
        let Ok(parsed) = parsed else { panic!("did not parse") };
        assert!(parsed.flags.on("stdin") && parsed.flags.on("tty"));
        assert_eq!((parsed.flags.text("container"), parsed.flags.text("namespace")), ("app", "x"));
        assert_eq!((parsed.args, parsed.dash_at), (vec!["web".into(), "ls".into(), "-l".into()], Some(1)));
    }

    #[test]
    fn refusals_are_those_of_pflag() {
        let refusal = |command, line| read(command, line).map(|_| ()).err();
        let all = [
            refusal("get", "--nope"),
            refusal("get", "-o"),
            refusal("get", "--output"),
            refusal("run", "x -bad=1"),
            refusal("create deployment", "x --replicas=abc"),
            refusal("delete", "x --wait=perhaps"),
            refusal("wait", "x --timeout=5"),
            refusal("get", "--=x"),
            read("get", "-o=").map(|it| format!("-o {}", it.flags.text("output"))).ok(),
        ];
        let lines: Vec<String> = all.into_iter().flatten().collect();
        insta::assert_snapshot!(lines.join("\n"), @r#"
        unknown flag: --nope
        flag needs an argument: 'o' in -o
        flag needs an argument: --output
        unknown shorthand flag: 'b' in -bad=1
        invalid argument "abc" for "-r, --replicas" flag: strconv.ParseInt: parsing "abc": invalid syntax
        invalid argument "perhaps" for "--wait" flag: strconv.ParseBool: parsing "perhaps": invalid syntax
        invalid argument "5" for "--timeout" flag: time: missing unit in duration "5"
        bad flag syntax: --=x
        -o =
        "#);
    }
}
