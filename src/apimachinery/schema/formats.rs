//! The formats of strings that schemas of custom resources may name, and whether a text has one.
//!
//! Follows kube-openapi's `strfmt` and apiextensions' `validation/formats.go`: formats that are not in the table
//! are not held against values.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use regex::Regex;

/// Formats without dashes, sorted, with how a text that has one looks; an empty pattern takes anything or is
/// looked at by [`fits`] itself.
const TABLE: &[(&str, &str)] = &[
    ("bsonobjectid", "^[0-9a-fA-F]{24}$"),
    ("byte", ""),
    ("cidr", ""),
    ("creditcard", r"^[0-9 -]{13,19}$"),
    ("date", r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$"),
    (
        "datetime",
        r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[Tt]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$",
    ),
    ("duration", r"^[+-]?(\d+(\.\d*)?|\.\d+)\s*[a-zA-Zµ]+((\d+(\.\d*)?|\.\d+)[a-zA-Zµ]+)*$"),
    ("email", r"^[^@\s<>]+@[^@\s<>]+$"),
    ("hexcolor", "^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$"),
    (
        "hostname",
        r"^([a-zA-Z0-9\p{L}_]([a-zA-Z0-9\p{L}_-]{0,61}[a-zA-Z0-9\p{L}])?\.)*[a-zA-Z0-9\p{L}_]([a-zA-Z0-9\p{L}_-]{0,61}[a-zA-Z0-9\p{L}])?$",
    ),
    ("ipv4", ""),
    ("ipv6", ""),
    ("isbn", r"^(\d[- ]?){9}(\d|X)$|^(\d[- ]?){12}\d$"),
    ("isbn10", r"^(\d[- ]?){9}(\d|X)$"),
    ("isbn13", r"^(\d[- ]?){12}\d$"),
    ("k8slongname", r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"),
    ("k8sshortname", "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"),
    ("mac", "^([0-9a-fA-F]{2}[:-]){5,7}[0-9a-fA-F]{2}$"),
    ("password", ""),
    ("rgbcolor", r"^rgb\(\s*\d{1,3}\s*,\s*\d{1,3}\s*,\s*\d{1,3}\s*\)$"),
    ("ssn", r"^\d{3}[- ]?\d{2}[- ]?\d{4}$"),
    ("uri", r"^([a-zA-Z][a-zA-Z0-9+.-]*:\S+|/\S*)$"),
    ("uuid", "^(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$"),
    ("uuid3", "^(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?3[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}$"),
    ("uuid4", "^(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$"),
    ("uuid5", "^(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?5[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$"),
];

static PATTERNS: LazyLock<Vec<Option<Regex>>> =
    LazyLock::new(|| TABLE.iter().map(|(_, pattern)| Regex::new(pattern).ok()).collect());

fn place(format: &str) -> Option<usize> {
    TABLE.binary_search_by_key(&format.replace('-', "").as_str(), |it| it.0).ok()
}

/// True when schemas of a type may name a format.
pub(crate) fn is_known(kind: &str, format: &str) -> bool {
    match kind {
        "integer" => ["int32", "int64"].contains(&format),
        "number" => ["float", "double"].contains(&format),
        "" | "string" => place(format).is_some(),
        _ => false,
    }
}

/// True when a text has a format, or the format is none of the table's.
pub(super) fn fits(format: &str, text: &str) -> bool {
    let Some(at) = place(format) else { return true };
    match TABLE.get(at).map_or("", |it| it.0) {
        "ipv4" => text.parse::<Ipv4Addr>().is_ok(),
        "ipv6" => text.parse::<Ipv6Addr>().is_ok(),
        "cidr" => text.split_once('/').is_some_and(|(address, bits)| {
            address.parse::<IpAddr>().is_ok() && bits.parse::<u8>().is_ok_and(|it| it <= 128)
        }),
        "byte" => STANDARD.decode(text).is_ok(),
        _ => PATTERNS.get(at).and_then(Option::as_ref).is_none_or(|it| it.is_match(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_formats() {
        assert!(TABLE.is_sorted() && PATTERNS.iter().all(Option::is_some));
        let good = [
            ("date-time", "2026-11-20T10:00:00Z"),
            ("date", "2026-11-20"),
            ("ipv4", "10.0.0.1"),
            ("cidr", "10.0.0.0/8"),
            ("email", "a@b.c"),
            ("uri", "https://a.example/x"),
            ("duration", "1h30m"),
            ("uuid", "123e4567-e89b-12d3-a456-426614174000"),
            ("no-such-format", "x"),
        ];
        assert!(good.iter().all(|(format, text)| fits(format, text)));
        let bad = [
            ("date-time", "yesterday"),
            ("ipv4", "::1"),
            ("email", "a"),
            ("uri", "a b"),
            ("hostname", "a..b"),
        ];
        assert!(!bad.iter().any(|(format, text)| fits(format, text)));
        assert!(is_known("integer", "int32") && !is_known("boolean", "date") && !is_known("string", "int32"));
    }
}
