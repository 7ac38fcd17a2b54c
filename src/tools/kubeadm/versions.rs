//! Kubernetes versions: reading, comparing, and what the release server says is the newest.

use super::ctx::{Ctx, Failure};

/// The newest patch of each minor that the release server knows, the newest minor first.
const LATEST: &[(u32, u32)] = &[(36, 2), (35, 6), (34, 9)];

/// A version in its parts: `v1.36.2` is `(36, 2)`; the major is always 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version {
    pub(super) minor: u32,
    pub(super) patch: u32,
}

/// Reads `v1.36.2` or `1.36.2`.
///
/// # Errors
/// The sentence of Go's version package.
pub(super) fn parse(text: &str) -> Result<Version, String> {
    let bare = text.strip_prefix('v').unwrap_or(text);
    let mut parts = bare.splitn(3, '.');
    let wrong = || format!("could not parse {text:?} as version");
    let number = |part: Option<&str>| part.and_then(|it| it.parse().ok()).ok_or_else(wrong);
    let _major: u32 = number(parts.next())?;
    let minor = number(parts.next())?;
    let last = parts.next().ok_or_else(wrong)?;
    let end = last.find(|c: char| !c.is_ascii_digit()).unwrap_or(last.len());
    let (digits, rest) = last.split_at(end);
    if !rest.is_empty() && !rest.starts_with(['-', '+']) {
        return Err(format!("could not parse pre-release/metadata ({rest}) in version {text:?}"));
    }
    Ok(Version { minor, patch: digits.parse().map_err(|_| wrong())? })
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "v1.{}.{}", self.minor, self.patch)
    }
}

/// What the release server has under a label such as `stable`, `stable-1`, `stable-1.35`.
pub(super) fn released(label: &str) -> Option<Version> {
    let minor = match label.strip_prefix("stable")? {
        "" | "-1" => LATEST.first().map(|(minor, _)| *minor)?,
        rest => rest.strip_prefix("-1.")?.parse().ok()?,
    };
    let (minor, patch) = LATEST.iter().find(|(it, _)| *it == minor)?;
    Some(Version { minor: *minor, patch: *patch })
}

/// The version that a `--kubernetes-version` means for this kubeadm.
///
/// # Errors
/// kubeadm's sentence about text that is neither a version nor a label, or about one that is too old.
pub(super) fn resolve(ctx: &Ctx<'_>, wanted: &str) -> Result<String, Failure> {
    let own = parse(&ctx.version()).map_err(Failure::new)?;
    let looks_like_version = wanted.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit());
    if !looks_like_version {
        return label(ctx, wanted, own);
    }
    let found = parse(wanted)
        .map_err(|why| Failure::new(format!("couldn't parse Kubernetes version {wanted:?}: {why}")))?;
    if found.minor + 1 < own.minor {
        return Err(Failure::new(too_old(own, wanted)));
    }
    Ok(format!("v{}", wanted.trim_start_matches('v')))
}

/// kubeadm supports its own minor and the one before.
pub(super) fn too_old(own: Version, wanted: &str) -> String {
    format!(
        "this version of kubeadm only supports deploying clusters with the control plane version >= 1.{}.0. \
         Current version: v{}",
        own.minor.saturating_sub(1),
        wanted.trim_start_matches('v')
    )
}

fn label(ctx: &Ctx<'_>, wanted: &str, own: Version) -> Result<String, Failure> {
    let Some(found) = released(wanted) else {
        let why = "doesn't match patterns for neither semantic version nor labels (stable, latest, ...)";
        return Err(Failure::new(format!("version {wanted:?} {why}")));
    };
    if found.minor > own.minor {
        let series = format!("stable-1.{}", own.minor);
        let message = format!("remote version is much newer: {found}; falling back to: {series}");
        ctx.klog('I', "version.go:260", &message);
        return Ok(released(&series).unwrap_or(own).to_string());
    }
    Ok(found.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_labels_are_read_as_go_reads_them() {
        assert_eq!(parse("1.36.2"), Ok(Version { minor: 36, patch: 2 }));
        let wrong = "could not parse pre-release/metadata (x) in version \"v1.36.2x\"";
        assert_eq!(parse("v1.36.2x").unwrap_err(), wrong);
        assert_eq!(released("stable-1.35").map(|it| it.to_string()).as_deref(), Some("v1.35.6"));
        assert_eq!(released("foo"), None);
    }
}
