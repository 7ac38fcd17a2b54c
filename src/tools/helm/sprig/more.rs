//! Functions that fewer charts use.

use sha1::Sha1;
use sha2::{Digest as _, Sha512};

use super::{Made, at, int, is_empty, items, ok, string};
use crate::apimachinery::gotemplate::Data;
use crate::apimachinery::json::{Map, Value, json};
use crate::apimachinery::yaml;

/// Calls a function; `None` when it is not one of these.
pub(super) fn call(name: &str, arguments: &[Data]) -> Made {
    words(name, arguments)
        .or_else(|| patterns(name, arguments))
        .or_else(|| paths(name, arguments))
        .or_else(|| lists(name, arguments))
        .or_else(|| numbers(name, arguments))
        .or_else(|| others(name, arguments))
}

fn count(arguments: &[Data], index: usize) -> usize {
    usize::try_from(int(arguments, index).clamp(0, 10_000)).unwrap_or(0)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn words(name: &str, a: &[Data]) -> Made {
    let (one, two, three) = (|| string(a, 0), || string(a, 1), || string(a, 2));
    match name {
        "abbrev" => ok(abbreviated(&two(), count(a, 0))),
        "initials" => ok(one().split_whitespace().filter_map(|it| it.chars().next()).collect::<String>()),
        "swapcase" => ok(one()
            .chars()
            .flat_map(|c| -> Vec<char> {
                if c.is_uppercase() { c.to_lowercase().collect() } else { c.to_uppercase().collect() }
            })
            .collect::<String>()),
        "untitle" => ok(one()
            .split(' ')
            .map(|word| {
                let mut letters = word.chars();
                letters.next().map_or_else(String::new, |it| it.to_lowercase().chain(letters).collect())
            })
            .collect::<Vec<_>>()
            .join(" ")),
        "plural" => ok(if int(a, 2) == 1 { one() } else { two() }),
        "trimall" => ok(two().trim_matches(|c| one().contains(c))),
        "wrap" => ok(wrapped(&two(), count(a, 0), "\n")),
        "wrapWith" => ok(wrapped(&three(), count(a, 0), &two())),
        "sha1sum" => ok(hex(&Sha1::digest(one()))),
        "sha512sum" => ok(hex(&Sha512::digest(one()))),
        "adler32sum" => ok(adler32(one().as_bytes()).to_string()),
        "b32enc" => ok(base32(one().as_bytes())),
        "splitn" => {
            let (text, mark, most) = (string(a, 2), string(a, 0), count(a, 1));
            let parts = text.splitn(most.max(1), &mark).enumerate();
            ok(parts.map(|(at, it)| (format!("_{at}"), it.into())).collect::<Map>())
        }
        _ => None,
    }
}

fn abbreviated(text: &str, width: usize) -> String {
    if width < 4 || text.chars().count() <= width {
        return text.to_owned();
    }
    format!("{}...", text.chars().take(width - 3).collect::<String>())
}

fn wrapped(text: &str, width: usize, end: &str) -> String {
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split_whitespace() {
        let Some(line) = lines.last_mut() else { continue };
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.join(end)
}

/// RFC 1950's checksum.
fn adler32(bytes: &[u8]) -> u32 {
    let (a, b) = bytes.iter().fold((1_u32, 0_u32), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65_521;
        (a, (b + a) % 65_521)
    });
    b << 16 | a
}

/// RFC 4648, section 6, with padding.
fn base32(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut text = String::new();
    for group in bytes.chunks(5) {
        let bits = (0..5).fold(0_u64, |all, at| all << 8 | u64::from(group.get(at).copied().unwrap_or(0)));
        let letters = (group.len() * 8).div_ceil(5);
        for at in 0..8 {
            let index = usize::try_from(bits >> (35 - 5 * at) & 31).unwrap_or(0);
            text.push(if at < letters { char::from(LETTERS[index]) } else { '=' });
        }
    }
    text
}

fn patterns(name: &str, a: &[Data]) -> Made {
    if !name.starts_with("regex") {
        return None;
    }
    if name == "regexQuoteMeta" {
        return ok(regex::escape(&string(a, 0)));
    }
    let pattern = match regex::Regex::new(&string(a, 0)) {
        Ok(pattern) => pattern,
        Err(why) => return Some(Err(format!("error parsing regexp: {why}"))),
    };
    let text = string(a, 1);
    let limit = |index| usize::try_from(int(a, index)).unwrap_or(usize::MAX);
    match name {
        "regexFind" => ok(pattern.find(&text).map_or("", |it| it.as_str())),
        "regexFindAll" => {
            ok(pattern.find_iter(&text).take(limit(2)).map(|it| it.as_str()).collect::<Vec<_>>())
        }
        "regexReplaceAllLiteral" => {
            ok(pattern.replace_all(&text, regex::NoExpand(&string(a, 2))).into_owned())
        }
        "regexSplit" => ok(match limit(2) {
            usize::MAX => pattern.split(&text).collect::<Vec<_>>(),
            limit => pattern.splitn(&text, limit).collect(),
        }),
        _ => None,
    }
}

fn paths(name: &str, a: &[Data]) -> Made {
    let one = string(a, 0);
    match name {
        "ext" => {
            let base = one.rsplit('/').next().unwrap_or_default();
            ok(base.rfind('.').and_then(|at| base.get(at..)).unwrap_or_default())
        }
        "clean" => {
            ok(crate::hosts::files::clean("/", &one)
                .trim_start_matches(|c| c == '/' && !one.starts_with('/')))
        }
        "isAbs" => ok(one.starts_with('/')),
        "urlParse" => {
            let (scheme, rest) = one.split_once("://").unwrap_or(("", &one));
            let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
            let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
            let at = rest.find('/').unwrap_or(rest.len());
            let (authority, path) = rest.split_at(at);
            let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
            let name = host.split(':').next().unwrap_or_default();
            ok(
                json!({"scheme": scheme, "host": host, "hostname": name, "path": path, "query": query, "fragment": fragment,
                "userinfo": user, "opaque": ""}),
            )
        }
        "urlJoin" => {
            let part = |key: &str| at(a, 0).get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
            let with =
                |mark: &str, text: String| if text.is_empty() { text } else { format!("{mark}{text}") };
            let user =
                if part("userinfo").is_empty() { String::new() } else { format!("{}@", part("userinfo")) };
            ok(format!(
                "{}://{user}{}{}{}{}",
                part("scheme"),
                part("host"),
                part("path"),
                with("?", part("query")),
                with("#", part("fragment"))
            ))
        }
        _ => None,
    }
}

fn lists(name: &str, a: &[Data]) -> Made {
    match name {
        "push" => ok(items(a, 0).into_iter().chain([at(a, 1).clone()]).collect::<Vec<_>>()),
        "slice" => {
            let all = items(a, 0);
            let end = if a.len() > 2 { count(a, 2) } else { all.len() };
            ok(all.get(count(a, 1)..end.min(all.len())).unwrap_or_default().to_vec())
        }
        "chunk" => {
            ok(items(a, 1).chunks(count(a, 0).max(1)).map(|it| Value::from(it.to_vec())).collect::<Vec<_>>())
        }
        "any" => ok(a.iter().flatten().any(|it| !is_empty(it))),
        "all" => ok(a.iter().all(|it| it.as_ref().is_some_and(|it| !is_empty(it)))),
        "seq" => {
            let (from, step, to) = match a.len() {
                1 => (1, if int(a, 0) < 1 { -1 } else { 1 }, int(a, 0)),
                2 => (int(a, 0), if int(a, 1) < int(a, 0) { -1 } else { 1 }, int(a, 1)),
                _ => (int(a, 0), int(a, 1), int(a, 2)),
            };
            let fits = |it: &i64| if step > 0 { *it <= to } else { *it >= to };
            let numbers = (0..10_000).map(|at| from + at * step).take_while(|it| step != 0 && fits(it));
            ok(numbers.map(|it| it.to_string()).collect::<Vec<_>>().join(" "))
        }
        "fromYamlArray" | "fromJsonArray" => ok(match yaml::document(&string(a, 0)) {
            Ok(all @ Value::Array(_)) => all,
            Ok(_) => json!([
                "error unmarshaling JSON: json: cannot unmarshal into Go value of type []interface {}"
            ]),
            Err(why) => json!([why]),
        }),
        _ => None,
    }
}

fn numbers(name: &str, a: &[Data]) -> Made {
    let all: Vec<f64> = (0..a.len()).map(|it| string(a, it).trim().parse().unwrap_or(0.0)).collect();
    let first = all.first().copied().unwrap_or(0.0);
    let rest = || all.iter().skip(1).copied();
    // Go prints whole floats without a fraction.
    let made = |value: f64| {
        if value.fract() == 0.0 && value.abs() < 1e15 { ok(value as i64) } else { ok(value) }
    };
    match name {
        "addf" => made(all.iter().sum()),
        "add1f" => made(first + 1.0),
        "subf" => made(rest().fold(first, |sum, it| sum - it)),
        "mulf" => made(all.iter().product()),
        "divf" => made(rest().fold(first, |sum, it| sum / it)),
        "maxf" => made(rest().fold(first, f64::max)),
        "minf" => made(rest().fold(first, f64::min)),
        "biggest" => made(rest().fold(first, f64::max)),
        "toDecimal" => ok(i64::from_str_radix(&string(a, 0), 8).unwrap_or(0)),
        _ => None,
    }
}

fn others(name: &str, a: &[Data]) -> Made {
    match name {
        "bool" => ok(string(a, 0) == "true"),
        "deepEqual" => ok(at(a, 0) == at(a, 1)),
        "typeIsLike" => ok(string(a, 0).trim_start_matches('*') == super::kind(at(a, 1))),
        "unixEpoch" => {
            ok(crate::sim::SimTime::parse_rfc3339(&string(a, 0)).unwrap_or_default().unix_s().to_string())
        }
        "toToml" => ok(toml::to_string(at(a, 0)).unwrap_or_else(|why| why.to_string())),
        "toYamlPretty" => ok(yaml::to_string(at(a, 0)).trim_end()),
        "semver" => {
            let text = string(a, 0);
            match semver::Version::parse(text.trim_start_matches('v')) {
                Ok(it) => ok(json!({"Major": it.major, "Minor": it.minor, "Patch": it.patch,
                    "Prerelease": it.pre.as_str(), "Metadata": it.build.as_str(), "Original": text})),
                Err(_) => Some(Err("Invalid Semantic Version".into())),
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn gives(name: &str, arguments: Value, want: Value) {
        let arguments: Vec<Data> = arguments.as_array().unwrap().iter().cloned().map(Some).collect();
        assert_eq!(super::super::call(name, &arguments), Some(Ok(Some(want))), "{name}");
    }

    #[test]
    fn functions_give_what_sprig_gives() {
        gives("abbrev", json!([5, "hello world"]), json!("he..."));
        gives("b32enc", json!(["hello"]), json!("NBSWY3DP"));
        gives("adler32sum", json!(["hello"]), json!("103547413"));
        gives("sha1sum", json!(["hello"]), json!("aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d"));
        gives("regexFindAll", json!(["[2,4,6,8]", "123456789", -1]), json!(["2", "4", "6", "8"]));
        gives("seq", json!([0, 2, 6]), json!("0 2 4 6"));
        gives("mulf", json!([1.5, 2]), json!(3));
        gives("mustToJson", json!([{"a": 1}]), json!("{\"a\":1}"));
        gives("wrap", json!([5, "a bc def"]), json!("a bc\ndef"));
        gives("slice", json!([[1, 2, 3], 1]), json!([2, 3]));
        gives("plural", json!(["one", "many", 2]), json!("many"));
    }
}
