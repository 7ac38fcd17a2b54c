//! Image references: what `run` and others accept.

/// True for a reference as the distribution project defines it: `[host[:port]/]path[:tag][@digest]`.
pub(crate) fn is_reference(image: &str) -> bool {
    let (rest, digest) = match image.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (image, None),
    };
    if digest.is_some_and(|digest| !is_digest(digest)) {
        return false;
    }
    // A colon behind the last slash starts the tag; one before belongs to a port.
    let slash = rest.rfind('/').map_or(0, |at| at + 1);
    let (name, tag) = match rest.get(slash..).and_then(|last| last.find(':')) {
        Some(at) => (rest.get(..slash + at).unwrap_or(""), rest.get(slash + at + 1..)),
        None => (rest, None),
    };
    tag.is_none_or(is_tag) && is_name(name)
}

fn is_tag(tag: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    tag.len() <= 128 && tag.starts_with(word) && tag.chars().all(|c| word(c) || c == '.' || c == '-')
}

fn is_digest(digest: &str) -> bool {
    let Some((algorithm, hex)) = digest.split_once(':') else { return false };
    !algorithm.is_empty() && hex.len() >= 32 && hex.chars().all(|c| c.is_ascii_hexdigit())
}

fn is_name(name: &str) -> bool {
    let mut parts: Vec<&str> = name.split('/').collect();
    if parts.len() > 1 && parts.first().is_some_and(|first| is_host(first)) {
        parts.remove(0);
    }
    !parts.is_empty() && parts.iter().all(|part| is_component(part))
}

/// A registry's host differs from a path by a dot, a port, a capital or `localhost`.
fn is_host(part: &str) -> bool {
    let (host, port) = part.split_once(':').unwrap_or((part, "0"));
    let label = |label: &str| {
        !label.is_empty()
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    port.chars().all(|c| c.is_ascii_digit()) && !port.is_empty() && host.split('.').all(label)
}

/// Lower-case words joined by `.`, `_`, `__` or dashes.
fn is_component(part: &str) -> bool {
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    part.starts_with(word)
        && part.ends_with(word)
        && part.chars().all(|c| word(c) || matches!(c, '.' | '_' | '-'))
        && !part.contains("..")
        && !part.contains("___")
        && !part.contains("._")
        && !part.contains("_.")
}

#[cfg(test)]
mod tests {
    use super::is_reference;

    #[test]
    fn references_are_told_from_slips() {
        for good in [
            "nginx",
            "nginx:1.27",
            "registry.local:5000/team/app:v1",
            "a/b/c",
            "docker.io/library/nginx:1.27-alpine",
        ] {
            assert!(is_reference(good), "{good}");
        }
        for bad in ["nginx:", " nginx", "", "Nginx", "nginx:1:2", "a//b", "nginx@sha256:12"] {
            assert!(!is_reference(bad), "{bad}");
        }
    }
}
