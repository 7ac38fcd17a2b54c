//! `base64`: as GNU's, which prints what it could decode before it complains.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::options::{Options, Spec, Value};
use crate::shell::{Proc, Program, Running};

pub(crate) const PROGRAM: Program =
    Program { name: "base64", summary: "Encode or decode data as printable text", run };

const SPEC: Spec = Spec {
    name: "base64",
    short: "diw:",
    long: &[("decode", 'd', Value::None), ("ignore-garbage", 'i', Value::None), ("wrap", 'w', Value::Needed)],
};

/// Columns after which encoded text goes on in the next line.
const WRAP: usize = 76;

/// Letters of one group, which stand for three bytes.
const GROUP: usize = 4;

/// Padding and unused bits are looked at here, so that the bytes before a mistake are kept.
const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

fn run(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        match SPEC.parse(proc.args.get(1..).unwrap_or_default()) {
            Ok(options) => convert(proc, &options),
            Err(text) => {
                proc.eprint(text);
                1
            }
        }
    })
}

fn convert(proc: &Proc, options: &Options) -> i32 {
    let complain = |text: String| {
        proc.eprint(format!("base64: {text}\n"));
        1
    };
    if let Some(extra) = options.operands.get(1) {
        return complain(format!("extra operand '{extra}'\nTry 'base64 --help' for more information."));
    }
    let Ok(wrap) = options.value('w').map_or(Ok(WRAP), str::parse::<usize>) else {
        return complain(format!("invalid wrap size: '{}'", options.value('w').unwrap_or_default()));
    };
    let input = match options.operands.first().filter(|name| *name != "-") {
        None => proc.stdin.clone().unwrap_or_default(),
        Some(name) => match proc.disk().read(&proc.path(name)) {
            Ok(bytes) => bytes,
            Err(error) => return complain(format!("{name}: {error}")),
        },
    };
    if !options.has('d') {
        proc.print(encoded(&input, wrap));
        return 0;
    }
    let (bytes, whole) = decoded(&input, options.has('i'));
    proc.print(bytes);
    if whole { 0 } else { complain("invalid input".into()) }
}

/// With a line end after every `wrap` letters and at the end; without any where `wrap` is 0.
fn encoded(input: &[u8], wrap: usize) -> String {
    let text = ENGINE.encode(input);
    if wrap == 0 {
        return text;
    }
    let lines = text.as_bytes().chunks(wrap);
    lines.map(|line| format!("{}\n", String::from_utf8_lossy(line))).collect()
}

/// The bytes up to the first mistake, and whether there was none.
fn decoded(input: &[u8], ignore_garbage: bool) -> (Vec<u8>, bool) {
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let text: Vec<u8> = input
        .iter()
        .copied()
        .filter(|byte| *byte != b'\n' && (!ignore_garbage || is_letter(byte) || *byte == b'='))
        .collect();
    let letters = text.iter().take_while(|byte| is_letter(byte)).count();
    let (letters, rest) = text.split_at(letters);
    let padding = (GROUP - letters.len() % GROUP) % GROUP;
    let whole = padding < GROUP - 1 && rest.len() == padding && rest.iter().all(|byte| *byte == b'=');
    let usable = if padding == GROUP - 1 { letters.len() - 1 } else { letters.len() };
    (ENGINE.decode(letters.get(..usable).unwrap_or_default()).unwrap_or_default(), whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_before_a_mistake_is_decoded() {
        let told = |text: &str| {
            let (bytes, whole) = decoded(text.as_bytes(), false);
            (String::from_utf8(bytes).unwrap(), whole)
        };
        assert_eq!(told("aGVsbG8=\n"), ("hello".into(), true));
        assert_eq!(told("aGVs\nbG8="), ("hello".into(), true));
        assert_eq!(told("aGVsbG8"), ("hello".into(), false), "padding is missing");
        assert_eq!(told("aGVsbG8=="), ("hello".into(), false));
        assert_eq!(told("aGVs bG8="), ("hel".into(), false), "a blank");
        assert_eq!(encoded(b"hello", 4), "aGVs\nbG8=\n");
        assert_eq!(encoded(b"hello", 0), "aGVsbG8=");
    }
}
