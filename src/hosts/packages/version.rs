//! Debian version numbers: how `dpkg` orders them.

use std::cmp::Ordering;

/// Orders two versions. Source: `deb-version(7)`: epoch, then upstream version, then revision.
pub(crate) fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (parts(a), parts(b));
    a.0.cmp(&b.0).then_with(|| part(a.1, b.1)).then_with(|| part(a.2, b.2))
}

/// Epoch, upstream version and revision.
fn parts(version: &str) -> (u64, &str, &str) {
    let (epoch, rest) = version.split_once(':').unwrap_or(("0", version));
    let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, "0"));
    (epoch.parse().unwrap_or(0), upstream, revision)
}

/// Compares runs of non-digits and of digits in turn.
fn part(mut a: &str, mut b: &str) -> Ordering {
    while !a.is_empty() || !b.is_empty() {
        let (text_a, rest_a) = split(a, |c| !c.is_ascii_digit());
        let (text_b, rest_b) = split(b, |c| !c.is_ascii_digit());
        let (number_a, rest_a) = split(rest_a, |c| c.is_ascii_digit());
        let (number_b, rest_b) = split(rest_b, |c| c.is_ascii_digit());
        let value = |digits: &str| digits.parse::<u64>().unwrap_or(0);
        let order = words(text_a, text_b).then_with(|| value(number_a).cmp(&value(number_b)));
        if order != Ordering::Equal {
            return order;
        }
        (a, b) = (rest_a, rest_b);
    }
    Ordering::Equal
}

fn split(text: &str, taken: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !taken(c)).unwrap_or(text.len()))
}

/// A tilde is before the end of the text, and letters are before everything else.
fn words(a: &str, b: &str) -> Ordering {
    let weight = |c: Option<char>| match c {
        Some('~') => -1,
        None => 0,
        Some(c) if c.is_ascii_alphabetic() => c as i32,
        Some(c) => c as i32 + 256,
    };
    let (mut a, mut b) = (a.chars(), b.chars());
    loop {
        let (x, y) = (a.next(), b.next());
        let order = weight(x).cmp(&weight(y));
        if order != Ordering::Equal || x.is_none() {
            return order;
        }
    }
}

/// The version of the program inside a package: without epoch and revision.
pub(crate) fn upstream(version: &str) -> &str {
    parts(version).1
}

/// True when `version` is meant by `wanted`, which may hold `*`.
pub(crate) fn matches(version: &str, wanted: &str) -> bool {
    let Some((head, tail)) = wanted.split_once('*') else { return version == wanted };
    version.len() >= head.len() + tail.len() && version.starts_with(head) && version.ends_with(tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_as_dpkg_does() {
        let rising = ["1.0~rc1-1", "1.0-1", "1.0-1.1", "1.2-1", "1.10-1", "1:0.1-1"];
        for pair in rising.windows(2) {
            assert_eq!(compare(pair[0], pair[1]), Ordering::Less, "{pair:?}");
        }
        assert_eq!(compare("1.36.2-1.1", "1.36.2-1.1"), Ordering::Equal);
        assert_eq!(upstream("2:9.1.0016-1ubuntu7.9"), "9.1.0016");
    }

    #[test]
    fn a_star_stands_for_anything() {
        assert!(matches("1.36.1-1.1", "1.36.1-*"));
        assert!(!matches("1.36.10-1.1", "1.36.1-*"));
    }
}
