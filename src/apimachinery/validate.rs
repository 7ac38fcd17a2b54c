//! What names, labels, ports and the like may look like, and the sentences for what they may not.
//!
//! Follows apimachinery's `util/validation` and `api/validate/content`: each function returns one
//! sentence a fault, none for a good value. Which field takes which format is not known here.

use std::net::IpAddr;

const DNS1123_LABEL: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const DNS1123_SUBDOMAIN: &str = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
const LABEL_KEY: &str = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const SUBDOMAIN_RULE: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, \
                              '-' or '.', and must start and end with an alphanumeric character";

/// `rule (e.g. 'a', or 'b', regex used for validation is 'regex')`.
pub(crate) fn regex_error(rule: &str, regex: &str, examples: &[&str]) -> String {
    if examples.is_empty() {
        return format!("{rule} (regex used for validation is '{regex}')");
    }
    let shown: Vec<String> = examples.iter().map(|example| format!("'{example}', ")).collect();
    format!("{rule} (e.g. {}regex used for validation is '{regex}')", shown.join(" or "))
}

/// `must be no more than N characters`.
pub(crate) fn max_length(characters_max: usize) -> String {
    format!("must be no more than {characters_max} characters")
}

fn max_bytes(bytes_max: usize) -> String {
    format!("must be no more than {bytes_max} bytes")
}

/// `must be between LOW and HIGH, inclusive`.
pub(crate) fn in_range(value: i64, low: i64, high: i64) -> Vec<String> {
    if (low..=high).contains(&value) {
        return Vec::new();
    }
    vec![format!("must be between {low} and {high}, inclusive")]
}

fn lower_or_digit(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

/// `value` starts and ends with `edge` bytes and has only `inner` bytes between.
fn framed(value: &str, first: fn(u8) -> bool, inner: fn(u8) -> bool, last: fn(u8) -> bool) -> bool {
    match value.as_bytes() {
        [] => false,
        [one] => first(*one),
        [head, middle @ .., tail] => first(*head) && last(*tail) && middle.iter().all(|byte| inner(*byte)),
    }
}

fn lower_or_digit_or_dash(byte: u8) -> bool {
    lower_or_digit(byte) || byte == b'-'
}

fn matches_dns1123_label(value: &str) -> bool {
    framed(value, lower_or_digit, lower_or_digit_or_dash, lower_or_digit)
}

fn matches_dns1123_subdomain(value: &str) -> bool {
    value.split('.').all(matches_dns1123_label)
}

/// A name such as a namespace's or a container's.
pub(crate) fn dns1123_label(value: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if value.len() > 63 {
        faults.push(max_length(63));
    }
    if matches_dns1123_label(value) {
        return faults;
    }
    if matches_dns1123_subdomain(value) {
        faults.push("must not contain dots".to_owned());
        return faults;
    }
    let rule = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', \
                and must start and end with an alphanumeric character";
    faults.push(regex_error(rule, DNS1123_LABEL, &["my-name", "123-abc"]));
    faults
}

fn subdomain(value: &str, too_long: fn(usize) -> String) -> Vec<String> {
    let mut faults = Vec::new();
    if value.len() > 253 {
        faults.push(too_long(253));
    }
    if !matches_dns1123_subdomain(value) {
        faults.push(regex_error(SUBDOMAIN_RULE, DNS1123_SUBDOMAIN, &["example.com"]));
    }
    faults
}

/// The name of most objects.
pub(crate) fn dns1123_subdomain(value: &str) -> Vec<String> {
    subdomain(value, max_length)
}

/// A subdomain of which labels may begin with an underscore and hold some, as search domains of pods.
pub(crate) fn dns1123_subdomain_with_underscore(value: &str) -> Vec<String> {
    const RULE: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', \
                        and must start and end with an alphanumeric character";
    const REGEX: &str = r"_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*";
    let mut faults = Vec::new();
    if value.len() > 253 {
        faults.push(max_length(253));
    }
    // An underscore within a label counts as a letter, one before it does not count.
    let plain: Vec<String> = value
        .split('.')
        .map(|label| {
            let rest = label.strip_prefix('_').unwrap_or(label);
            let inner = rest.get(1..rest.len().saturating_sub(1)).unwrap_or("").replace('_', "a");
            let edge = |at: Option<char>| at.map(String::from).unwrap_or_default();
            let last = if rest.len() > 1 { edge(rest.chars().last()) } else { String::new() };
            format!("{}{inner}{last}", edge(rest.chars().next()))
        })
        .collect();
    if !matches_dns1123_subdomain(&plain.join(".")) {
        faults.push(regex_error(RULE, REGEX, &["example.com"]));
    }
    faults
}

/// The subdomain with a leading `*.` that ingress hosts may be.
pub(crate) fn wildcard_dns1123_subdomain(value: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if value.len() > 253 {
        faults.push(max_length(253));
    }
    if !value.strip_prefix("*.").is_some_and(matches_dns1123_subdomain) {
        let rule = "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, \
                    which must consist of lower case alphanumeric characters, '-' or '.' and end with an \
                    alphanumeric character";
        faults.push(regex_error(rule, &format!("\\*\\.{DNS1123_SUBDOMAIN}"), &["*.example.com"]));
    }
    faults
}

/// The name of a service.
pub(crate) fn dns1035_label(value: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if value.len() > 63 {
        faults.push(max_length(63));
    }
    if !framed(value, |byte| byte.is_ascii_lowercase(), lower_or_digit_or_dash, lower_or_digit) {
        let rule = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an \
                    alphabetic character, and end with an alphanumeric character";
        faults.push(regex_error(rule, "[a-z]([-a-z0-9]*[a-z0-9])?", &["my-name", "abc-123"]));
    }
    faults
}

/// What a name generated from this prefix would be checked as: a trailing dash is fine.
pub(crate) fn mask_trailing_dash(prefix: &str) -> String {
    match prefix.strip_suffix('-').and_then(|rest| rest.char_indices().last().map(|(at, _)| &rest[..at])) {
        Some(rest) if prefix.len() > 1 => format!("{rest}a"),
        _ => prefix.to_owned(),
    }
}

/// A name that becomes part of a path.
pub(crate) fn path_segment_name(value: &str) -> Vec<String> {
    if value == "." || value == ".." {
        return vec![format!("may not be '{value}'")];
    }
    ['/', '%']
        .into_iter()
        .filter(|mark| value.contains(*mark))
        .map(|mark| format!("may not contain '{mark}'"))
        .collect()
}

fn matches_label_key(name: &str) -> bool {
    let edge = |byte: u8| byte.is_ascii_alphanumeric();
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    framed(name, edge, inner, edge)
}

/// A label key, or any other name with an optional DNS prefix.
pub(crate) fn qualified_name(value: &str) -> Vec<String> {
    let rule = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an \
                alphanumeric character";
    let shape = || regex_error(rule, LABEL_KEY, &["MyName", "my.name", "123-abc"]);
    let mut faults = Vec::new();
    let parts: Vec<&str> = value.split('/').collect();
    let name = match parts.as_slice() {
        [name] => *name,
        ["", name] => {
            faults.push("prefix part must be non-empty".to_owned());
            *name
        }
        [prefix, name] => {
            faults
                .extend(subdomain(prefix, max_bytes).into_iter().map(|fault| format!("prefix part {fault}")));
            *name
        }
        _ => {
            let tail = "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
            return vec![format!("a valid label key {} {tail}", shape())];
        }
    };
    if name.is_empty() {
        faults.push("name part must be non-empty".to_owned());
    } else if name.len() > 63 {
        faults.push(format!("name part {}", max_bytes(63)));
    }
    if !matches_label_key(name) {
        faults.push(format!("name part {}", shape()));
    }
    faults
}

/// The value of a label.
pub(crate) fn label_value(value: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if value.len() > 63 {
        faults.push(max_bytes(63));
    }
    if !value.is_empty() && !matches_label_key(value) {
        let rule = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', \
                    and must start and end with an alphanumeric character";
        faults.push(regex_error(rule, &format!("({LABEL_KEY})?"), &["MyValue", "my_value", "12345"]));
    }
    faults
}

/// A port number.
pub(crate) fn port(value: i64) -> Vec<String> {
    in_range(value, 1, 65535)
}

/// A named port.
pub(crate) fn port_name(value: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if value.len() > 15 {
        faults.push(max_length(15));
    }
    if value.is_empty() || !value.bytes().all(lower_or_digit_or_dash) {
        faults.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)".to_owned());
    }
    if !value.bytes().any(|byte| byte.is_ascii_lowercase()) {
        faults.push("must contain at least one letter (a-z)".to_owned());
    }
    if value.contains("--") {
        faults.push("must not contain consecutive hyphens".to_owned());
    }
    if value.starts_with('-') || value.ends_with('-') {
        faults.push("must not begin or end with a hyphen".to_owned());
    }
    faults
}

/// A user ID.
pub(crate) fn user_id(value: i64) -> Vec<String> {
    in_range(value, 0, i64::from(i32::MAX))
}

/// `25%`.
pub(crate) fn percent(value: &str) -> Vec<String> {
    let digits = value.strip_suffix('%').unwrap_or("");
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Vec::new();
    }
    let rule = "a valid percent string must be a numeric string followed by an ending '%'";
    vec![regex_error(rule, "[0-9]+%", &["1%", "93%"])]
}

/// The name of an HTTP header.
pub(crate) fn http_header_name(value: &str) -> Vec<String> {
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Vec::new();
    }
    let rule = "a valid HTTP header must consist of alphanumeric characters or '-'";
    vec![regex_error(rule, "[-A-Za-z0-9]+", &["X-Header-Name"])]
}

/// An environment variable's name by the old rule, which kubectl still checks.
pub(crate) fn env_var_name(value: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let start = |byte: u8| byte.is_ascii_alphabetic() || matches!(byte, b'-' | b'.' | b'_');
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    if !framed(value, start, inner, inner) {
        let rule = "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', \
                    or '.', and must not start with a digit";
        let examples = ["my.env-name", "MY_ENV.NAME", "MyEnvName1"];
        faults.push(regex_error(rule, "[-._a-zA-Z][-._a-zA-Z0-9]*", &examples));
    }
    faults.extend(dot_dot(value));
    faults
}

/// An environment variable's name by the rule of the API server.
pub(crate) fn relaxed_env_var_name(value: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if value.is_empty() {
        faults.push("environment variable name must be non-empty".to_owned());
    }
    if !value.bytes().all(|byte| (b' '..=b'~').contains(&byte) && byte != b'=') {
        let rule = "a valid environment variable name must consist only of printable ASCII characters other than '='";
        faults.push(rule.to_owned());
    }
    faults
}

/// A C identifier.
pub(crate) fn c_identifier(value: &str) -> Vec<String> {
    let start = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if framed(value, start, inner, inner) {
        return Vec::new();
    }
    let rule = "a valid C identifier must start with alphabetic character or '_', followed by a string of \
                alphanumeric characters or '_'";
    vec![regex_error(rule, "[A-Za-z_][A-Za-z0-9_]*", &["my_name", "MY_NAME", "MyName"])]
}

/// A key of a ConfigMap or Secret.
pub(crate) fn config_map_key(value: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if value.len() > 253 {
        faults.push(max_length(253));
    }
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    if value.is_empty() || !value.bytes().all(inner) {
        let rule = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
        faults.push(regex_error(rule, "[-._a-zA-Z0-9]+", &["key.name", "KEY_NAME", "key-name"]));
    }
    faults.extend(dot_dot(value));
    faults
}

fn dot_dot(value: &str) -> Option<String> {
    match value {
        "." | ".." => Some(format!("must not be '{value}'")),
        _ if value.starts_with("..") => Some("must not start with '..'".to_owned()),
        _ => None,
    }
}

/// A fully qualified name has at least three segments.
pub(crate) fn fully_qualified_name(value: &str) -> Vec<String> {
    let faults = dns1123_subdomain(value);
    if !faults.is_empty() {
        return vec![faults.join(",")];
    }
    if value.split('.').count() < 3 {
        return vec!["should be a domain with at least three segments separated by dots".to_owned()];
    }
    Vec::new()
}

/// An IP address; leading zeros are not taken.
pub(crate) fn ip(value: &str) -> Vec<String> {
    if value.parse::<IpAddr>().is_ok() {
        return Vec::new();
    }
    vec!["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)".to_owned()]
}

/// An address block such as `10.0.0.0/8`.
pub(crate) fn cidr(value: &str) -> Vec<String> {
    if value.parse::<ipnet::IpNet>().is_ok() {
        return Vec::new();
    }
    vec!["must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)".to_owned()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_name_the_rule_and_examples() {
        assert_eq!(dns1123_label("a.b"), ["must not contain dots"]);
        assert_eq!(
            dns1123_label("A"),
            [
                "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must \
              start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for \
              validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
            ]
        );
        assert_eq!(qualified_name("/a"), ["prefix part must be non-empty"]);
        assert_eq!(port(0), ["must be between 1 and 65535, inclusive"]);
        assert_eq!(config_map_key("..a"), ["must not start with '..'"]);
        assert_eq!(mask_trailing_dash("web-"), "wea");
        for good in ["a", "a-b.c", "0"] {
            assert!(dns1123_subdomain(good).is_empty(), "{good}");
        }
        for bad in ["", "-a", "a-", "a..b", "A"] {
            assert!(!dns1123_subdomain(bad).is_empty(), "{bad}");
        }
    }
}
