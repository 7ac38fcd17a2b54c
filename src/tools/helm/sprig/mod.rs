//! The functions that charts use beside those of every template: sprig's, and helm's own.

mod more;
mod names;

use base64::Engine as _;
use sha2::{Digest as _, Sha256};

use super::values;
use crate::apimachinery::gotemplate::Data;
use crate::apimachinery::json::{Map, Value, json};
use crate::apimachinery::{go, yaml};
pub(super) use names::NAMES;

type Made = Option<Result<Data, String>>;

/// Calls a function; `None` when it is not one of these.
pub(super) fn call(name: &str, arguments: &[Data]) -> Made {
    text(name, arguments)
        .or_else(|| lists(name, arguments))
        .or_else(|| dicts(name, arguments))
        .or_else(|| numbers(name, arguments))
        .or_else(|| logic(name, arguments))
        .or_else(|| documents(name, arguments))
        .or_else(|| more::call(name, arguments))
        .or_else(|| {
            // `mustFirst` fails where `first` gives nothing; what they give otherwise is the same.
            let plain = name.strip_prefix("must")?;
            let mut letters = plain.chars();
            let first = letters.next()?.to_lowercase();
            call(&format!("{first}{}", letters.as_str()), arguments)
        })
        .or_else(|| {
            let known = NAMES.contains(&name);
            known.then(|| Err(format!("uncordon: the template function {name} is not simulated yet")))
        })
}

fn at(arguments: &[Data], index: usize) -> &Value {
    arguments.get(index).and_then(Option::as_ref).unwrap_or(&Value::Null)
}

fn string(arguments: &[Data], index: usize) -> String {
    match at(arguments, index) {
        Value::Null => String::new(),
        other => go::display(other),
    }
}

fn int(arguments: &[Data], index: usize) -> i64 {
    number(at(arguments, index))
}

fn number(value: &Value) -> i64 {
    match value {
        Value::Number(it) => it
            .as_i64()
            .unwrap_or_else(|| it.to_string().split('.').next().and_then(|it| it.parse().ok()).unwrap_or(0)),
        Value::String(it) => it.trim().parse().unwrap_or(0),
        Value::Bool(it) => i64::from(*it),
        _ => 0,
    }
}

fn items(arguments: &[Data], index: usize) -> Vec<Value> {
    at(arguments, index).as_array().cloned().unwrap_or_default()
}

fn ok(value: impl Into<Value>) -> Made {
    let value = value.into();
    Some(Ok((!value.is_null()).then_some(value)))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(it) => !it,
        Value::Number(it) => it.as_f64() == Some(0.0),
        Value::String(it) => it.is_empty(),
        Value::Array(it) => it.is_empty(),
        Value::Object(it) => it.is_empty(),
    }
}

fn indented(text: &str, count: i64) -> String {
    let pad = " ".repeat(usize::try_from(count.clamp(0, 200)).unwrap_or(0));
    format!("{pad}{}", text.replace('\n', &format!("\n{pad}")))
}

fn cut(text: &str, count: i64) -> String {
    let length = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    let all = text.chars().count();
    match count {
        0.. => text.chars().take(length).collect(),
        _ => text.chars().skip(all.saturating_sub(length)).collect(),
    }
}

fn quoted(arguments: &[Data], mark: char) -> String {
    let each = arguments.iter().flatten().map(|it| match mark {
        '"' => go::quote(&go::display(it)),
        _ => format!("{mark}{}{mark}", go::display(it)),
    });
    each.collect::<Vec<_>>().join(" ")
}

fn text(name: &str, a: &[Data]) -> Made {
    let (one, two, three) = (|| string(a, 0), || string(a, 1), || string(a, 2));
    match name {
        "quote" => ok(quoted(a, '"')),
        "squote" => ok(quoted(a, '\'')),
        "trim" => ok(one().trim()),
        "trimSuffix" => ok(two().strip_suffix(&one()).map_or_else(two, str::to_owned)),
        "trimPrefix" => ok(two().strip_prefix(&one()).map_or_else(two, str::to_owned)),
        "trimAll" => ok(two().trim_matches(|c| one().contains(c))),
        "trunc" => ok(cut(&two(), int(a, 0))),
        "lower" => ok(one().to_lowercase()),
        "upper" => ok(one().to_uppercase()),
        "title" => ok(capitals(&one(), " ")),
        "camelcase" => ok(capitals(&one().replace(['_', '-'], " "), "")),
        "snakecase" => ok(one().replace(['-', ' '], "_").to_lowercase()),
        "kebabcase" => ok(one().replace(['_', ' '], "-").to_lowercase()),
        "nospace" => ok(one().replace(char::is_whitespace, "")),
        "contains" => ok(two().contains(&one())),
        "hasPrefix" => ok(two().starts_with(&one())),
        "hasSuffix" => ok(two().ends_with(&one())),
        "replace" => ok(three().replace(&one(), &two())),
        "repeat" => ok(two().repeat(usize::try_from(int(a, 0).clamp(0, 10_000)).unwrap_or(0))),
        "indent" => ok(indented(&two(), int(a, 0))),
        "nindent" => ok(format!("\n{}", indented(&two(), int(a, 0)))),
        "b64enc" => ok(base64::engine::general_purpose::STANDARD.encode(one())),
        "b64dec" => ok(match base64::engine::general_purpose::STANDARD.decode(one()) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(why) => why.to_string(),
        }),
        "sha256sum" => ok(Sha256::digest(one()).iter().map(|byte| format!("{byte:02x}")).collect::<String>()),
        "toString" => ok(one()),
        "base" => ok(one().rsplit('/').next().unwrap_or_default()),
        "dir" => ok(one().rsplit_once('/').map_or(".", |(it, _)| it)),
        "cat" => ok(a.iter().flatten().map(go::display).collect::<Vec<_>>().join(" ")),
        "substr" => ok(cut(&three(), int(a, 1))
            .chars()
            .skip(usize::try_from(int(a, 0)).unwrap_or(0))
            .collect::<String>()),
        "regexMatch" => ok(regex::Regex::new(&one()).is_ok_and(|it| it.is_match(&two()))),
        "regexReplaceAll" => ok(regex::Regex::new(&one())
            .map_or_else(|_| two(), |it| it.replace_all(&two(), three()).into_owned())),
        _ => None,
    }
}

fn capitals(text: &str, between: &str) -> String {
    let word = |it: &str| {
        let mut chars = it.chars();
        chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
    };
    text.split_whitespace().map(word).collect::<Vec<_>>().join(between)
}

fn lists(name: &str, a: &[Data]) -> Made {
    let all = |index| items(a, index);
    let plain = |it: &Data| it.clone().unwrap_or(Value::Null);
    match name {
        "list" | "tuple" => ok(a.iter().map(plain).collect::<Vec<_>>()),
        "first" => ok(all(0).first().cloned().unwrap_or_default()),
        "last" => ok(all(0).last().cloned().unwrap_or_default()),
        "rest" => ok(all(0).into_iter().skip(1).collect::<Vec<_>>()),
        "initial" => ok(all(0).split_last().map(|(_, rest)| rest.to_vec()).unwrap_or_default()),
        "append" => ok(all(0).into_iter().chain([at(a, 1).clone()]).collect::<Vec<_>>()),
        "prepend" => ok([at(a, 1).clone()].into_iter().chain(all(0)).collect::<Vec<_>>()),
        "concat" => ok((0..a.len()).flat_map(all).collect::<Vec<_>>()),
        "reverse" => ok(all(0).into_iter().rev().collect::<Vec<_>>()),
        "has" => ok(all(1).contains(at(a, 0))),
        "without" => ok(all(0)
            .into_iter()
            .filter(|it| !a.iter().skip(1).flatten().any(|not| not == it))
            .collect::<Vec<_>>()),
        "compact" => ok(all(0).into_iter().filter(|it| !is_empty(it)).collect::<Vec<_>>()),
        "uniq" => {
            let mut found = Vec::new();
            for it in all(0) {
                if !found.contains(&it) {
                    found.push(it);
                }
            }
            ok(found)
        }
        "sortAlpha" | "toStrings" => {
            let mut texts: Vec<String> = all(0).iter().map(go::display).collect();
            if name == "sortAlpha" {
                texts.sort();
            }
            ok(texts)
        }
        "join" => match at(a, 1) {
            Value::Array(items) => ok(items.iter().map(go::display).collect::<Vec<_>>().join(&string(a, 0))),
            other => ok(go::display(other)),
        },
        "splitList" => ok(string(a, 1).split(&string(a, 0)).collect::<Vec<_>>()),
        "split" => {
            let text = string(a, 1);
            let mark = string(a, 0);
            ok(text.split(&mark).enumerate().map(|(at, it)| (format!("_{at}"), it.into())).collect::<Map>())
        }
        "until" => ok((0..int(a, 0).min(10_000)).collect::<Vec<_>>()),
        "untilStep" => {
            let step = usize::try_from(int(a, 2).max(1)).unwrap_or(1);
            ok((int(a, 0)..int(a, 1)).step_by(step).take(10_000).collect::<Vec<_>>())
        }
        _ => None,
    }
}

fn dicts(name: &str, a: &[Data]) -> Made {
    let map = |index| at(a, index).as_object().cloned().unwrap_or_default();
    let names = || (1..a.len()).map(|index| string(a, index)).collect::<Vec<_>>();
    match name {
        "dict" => {
            ok((0..a.len()).step_by(2).map(|it| (string(a, it), at(a, it + 1).clone())).collect::<Map>())
        }
        "get" => ok(map(0).get(&string(a, 1)).cloned().unwrap_or_else(|| "".into())),
        "hasKey" => ok(map(0).contains_key(&string(a, 1))),
        "keys" => ok(map(0).keys().cloned().collect::<Vec<_>>()),
        "values" => ok(map(0).into_iter().map(|(_, it)| it).collect::<Vec<_>>()),
        "pick" => {
            ok(map(0).into_iter().filter(|(key, _)| names().iter().any(|it| it == key)).collect::<Map>())
        }
        "omit" => {
            ok(map(0).into_iter().filter(|(key, _)| !names().iter().any(|it| it == key)).collect::<Map>())
        }
        "set" => {
            let mut all = map(0);
            all.insert(string(a, 1).into(), at(a, 2).clone());
            ok(all)
        }
        "unset" => {
            let mut all = map(0);
            all.remove(&string(a, 1));
            ok(all)
        }
        "pluck" => {
            let key = string(a, 0);
            ok((1..a.len()).filter_map(|it| map(it).get(&key).cloned()).collect::<Vec<_>>())
        }
        "dig" => {
            let Some(last) = a.len().checked_sub(2) else { return ok(Value::Null) };
            let mut here = at(a, last + 1).clone();
            for key in (0..last).map(|it| string(a, it)) {
                match here.get_mut(&key) {
                    Some(next) => here = next.take(),
                    None => return ok(at(a, last).clone()),
                }
            }
            ok(here)
        }
        // The first one wins, or the last.
        "merge" | "mergeOverwrite" => {
            let mut all = json!({});
            let order: Vec<usize> =
                if name == "merge" { (0..a.len()).rev().collect() } else { (0..a.len()).collect() };
            for index in order {
                values::merge(&mut all, at(a, index));
            }
            ok(all)
        }
        "deepCopy" => ok(at(a, 0).clone()),
        _ => None,
    }
}

fn numbers(name: &str, a: &[Data]) -> Made {
    let all = || (0..a.len()).map(|it| int(a, it));
    let (one, two) = (int(a, 0), int(a, 1));
    match name {
        "int" | "int64" | "atoi" | "floor" => ok(one),
        "add" => ok(all().sum::<i64>()),
        "add1" => ok(one + 1),
        "sub" => ok(one - two),
        "mul" => ok(all().fold(1, i64::saturating_mul)),
        "div" | "mod" if two == 0 => Some(Err("integer divide by zero".into())),
        "div" => ok(one / two),
        "mod" => ok(one % two),
        "max" => ok(all().max().unwrap_or(0)),
        "min" => ok(all().min().unwrap_or(0)),
        "float64" | "ceil" | "round" => ok(string(a, 0).parse::<f64>().map_or(0.0, |it| match name {
            "ceil" => it.ceil(),
            "round" => it.round(),
            _ => it,
        })),
        _ => None,
    }
}

fn logic(name: &str, a: &[Data]) -> Made {
    match name {
        "default" => ok(if is_empty(at(a, 1)) { at(a, 0).clone() } else { at(a, 1).clone() }),
        "coalesce" => ok(a.iter().flatten().find(|it| !is_empty(it)).cloned().unwrap_or_default()),
        "ternary" => ok(if at(a, 2) == true { at(a, 0).clone() } else { at(a, 1).clone() }),
        "empty" => ok(is_empty(at(a, 0))),
        "required" if at(a, 1).is_null() || at(a, 1) == "" => Some(Err(string(a, 0))),
        "required" => ok(at(a, 1).clone()),
        "fail" => Some(Err(string(a, 0))),
        "kindOf" | "typeOf" => ok(kind(at(a, 0))),
        "kindIs" | "typeIs" => ok(kind(at(a, 1)) == string(a, 0)),
        "semverCompare" => {
            let wanted = string(a, 0).replace(' ', ", ").replace(",,", ",").replace("-0", "");
            let found = string(a, 1);
            let version = semver::Version::parse(found.trim_start_matches('v'))
                .map_err(|_| "invalid semantic version".to_owned());
            let range = semver::VersionReq::parse(&wanted)
                .map_err(|_| format!("improper constraint: {}", string(a, 0)));
            Some(version.and_then(|version| Ok(Some(range?.matches(&version).into()))))
        }
        _ => None,
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "invalid",
        Value::Bool(_) => "bool",
        Value::Number(it) if it.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "slice",
        Value::Object(_) => "map",
    }
}

fn documents(name: &str, a: &[Data]) -> Made {
    match name {
        "toYaml" if at(a, 0).is_null() => ok("null"),
        "toYaml" => ok(yaml::to_string(at(a, 0)).trim_end()),
        "fromYaml" | "fromJson" => {
            ok(yaml::document(&string(a, 0)).unwrap_or_else(|why| json!({"Error": why})))
        }
        "toJson" | "toRawJson" => ok(at(a, 0).to_string()),
        "toPrettyJson" => ok(serde_json::to_string_pretty(at(a, 0)).unwrap_or_default()),
        _ => None,
    }
}

/// What values of the root object can be asked: `.Files.Get`, `.APIVersions.Has`.
pub(super) fn method(name: &str, a: &[Data]) -> Made {
    match (name, at(a, 0)) {
        (".Get", Value::Object(files)) => ok(files.get(&string(a, 1)).cloned().unwrap_or_else(|| "".into())),
        (".Has", Value::Array(all)) => ok(all.contains(at(a, 1))),
        _ => None,
    }
}
