//! `@csv`, `@base64` and the others.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::arithmetic::wrong;
use super::machine::{Flow, Stop};
use super::value::Val;
use super::write::compact;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// A text as itself, anything else as JSON.
pub(super) fn text(value: &Val) -> String {
    value.as_str().map_or_else(|| compact(value), str::to_owned)
}

/// A value in a format.
pub(super) fn formatted(name: &str, value: &Val) -> Flow<String> {
    Ok(match name {
        "text" => text(value),
        "json" => compact(value),
        "csv" => row(value, "csv", ",", |field| format!("\"{}\"", field.replace('"', "\"\"")))?,
        "tsv" => row(value, "tsv", "\t", tabbed)?,
        "html" => escaped(
            &text(value),
            &[('&', "&amp;"), ('<', "&lt;"), ('>', "&gt;"), ('\'', "&apos;"), ('"', "&quot;")],
        ),
        "uri" => text(value).bytes().map(percent).collect(),
        "sh" => shell(value)?,
        "base64" => BASE64.encode(text(value)),
        "base64d" => decoded(value)?,
        "base32" => base32(text(value).as_bytes()),
        "base32d" => base32_decoded(value)?,
        other => return Err(Stop::from(format!("{other} is not a valid format"))),
    })
}

fn escaped(text: &str, table: &[(char, &str)]) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match table.iter().find(|(from, _)| *from == c) {
            Some((_, to)) => out.push_str(to),
            None => out.push(c),
        }
    }
    out
}

fn tabbed(field: &str) -> String {
    escaped(field, &[('\t', "\\t"), ('\n', "\\n"), ('\r', "\\r"), ('\\', "\\\\")])
}

fn row(value: &Val, name: &str, between: &str, field: impl Fn(&str) -> String) -> Flow<String> {
    let items =
        value.as_items().ok_or_else(|| wrong(value, &format!("cannot be {name}-formatted, only array")))?;
    let fields: Flow<Vec<String>> = items
        .iter()
        .map(|item| match item {
            Val::Null => Ok(String::new()),
            Val::Bool(_) | Val::Num(_) => Ok(compact(item)),
            Val::Str(text) => Ok(field(text)),
            other => Err(wrong(other, "is not valid in a csv row")),
        })
        .collect();
    Ok(fields?.join(between))
}

fn percent(byte: u8) -> String {
    match byte {
        b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    }
}

fn shell(value: &Val) -> Flow<String> {
    let items = value.as_items().map_or_else(|| vec![value.clone()], <[Val]>::to_vec);
    let words: Flow<Vec<String>> = items
        .iter()
        .map(|item| match item {
            Val::Arr(_) | Val::Obj(_) => Err(wrong(item, "can not be escaped for shell")),
            Val::Str(text) => Ok(format!("'{}'", text.replace('\'', "'\\''"))),
            other => Ok(compact(other)),
        })
        .collect();
    Ok(words?.join(" "))
}

fn decoded(value: &Val) -> Flow<String> {
    let text = text(value);
    let letters: Vec<u8> = text.trim_end_matches('=').bytes().collect();
    let shown = Val::text(text.clone());
    if letters.len() % 4 == 1 {
        let bad = BASE64.decode(letters.get(..letters.len() - 1).unwrap_or_default()).is_err();
        let what = if bad { "is not valid base64 data" } else { "trailing base64 byte found" };
        return Err(wrong(&shown, what));
    }
    let bytes = BASE64.decode(&letters).map_err(|_| wrong(&shown, "is not valid base64 data"))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn base32(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.chunks(5) {
        let mut group = [0_u8; 5];
        group.iter_mut().zip(chunk).for_each(|(to, from)| *to = *from);
        let bits = group.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        let letters = (chunk.len() * 8).div_ceil(5);
        for at in 0..8 {
            let index = (bits >> (35 - 5 * at)) & 31;
            out.push(if at < letters { char::from(BASE32[index as usize]) } else { '=' });
        }
    }
    out
}

fn base32_decoded(value: &Val) -> Flow<String> {
    let text = text(value);
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u64, 0);
    for letter in text.trim_end_matches('=').bytes() {
        let index = BASE32.iter().position(|it| *it == letter);
        let index = index.ok_or_else(|| wrong(value, "is not valid base32 data"))?;
        bits = bits << 5 | index as u64;
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
