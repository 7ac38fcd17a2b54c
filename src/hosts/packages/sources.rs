//! apt's source files: one line a repository, or the newer stanzas of `.sources`.

use crate::hosts::FileTree;

/// A repository as a source file names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Source {
    /// Without a slash at the end.
    pub(crate) uri: String,
    pub(crate) suite: String,
    /// The keyring that `signed-by` names.
    pub(crate) signed_by: Option<String>,
    /// `[trusted=yes]`: signatures do not matter.
    pub(crate) trusted: bool,
}

/// Why the source files cannot be used: what apt prints behind `E: `.
pub(crate) type Malformed = String;

/// Every repository that the machine's files name, in apt's order.
pub(crate) fn all(files: &FileTree) -> Result<Vec<Source>, Malformed> {
    let mut found = Vec::new();
    let mut paths = vec!["/etc/apt/sources.list".to_owned()];
    let listed = files.list("/etc/apt/sources.list.d").unwrap_or_default();
    paths.extend(listed.iter().map(|(name, _)| format!("/etc/apt/sources.list.d/{name}")));
    for path in paths {
        let Ok(text) = files.read_text(&path) else { continue };
        if path.ends_with(".sources") {
            found.extend(stanzas(&text));
        } else if path.ends_with(".list") {
            for (index, line) in text.lines().enumerate() {
                found.extend(entry(line, &path, index + 1)?);
            }
        }
    }
    Ok(found)
}

/// One line: `deb [signed-by=…] URI SUITE COMPONENT…`.
fn entry(line: &str, path: &str, number: usize) -> Result<Option<Source>, Malformed> {
    let line = line.split('#').next().unwrap_or_default().trim();
    let wrong = |what: &str| format!("Malformed entry {number} in list file {path} ({what})");
    let (kind, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    match kind {
        "" | "deb-src" => return Ok(None),
        "deb" => {}
        other => return Err(format!("Type '{other}' is not known on line {number} in source list {path}")),
    }
    let mut source = Source::default();
    let mut rest = rest.trim();
    if let Some(inside) = rest.strip_prefix('[') {
        let (options, after) = inside.split_once(']').ok_or_else(|| wrong("[option] not assignment"))?;
        for option in options.split_whitespace() {
            match option.split_once('=') {
                Some(("signed-by", path)) => source.signed_by = Some(path.to_owned()),
                Some(("trusted", value)) => source.trusted = value == "yes",
                Some(_) => {}
                None => return Err(wrong("[option] not assignment")),
            }
        }
        rest = after.trim();
    }
    let mut words = rest.split_whitespace();
    let uri = words.next().ok_or_else(|| wrong("URI"))?;
    if !uri.contains(':') {
        return Err(wrong("URI parse"));
    }
    let suite = words.next().ok_or_else(|| wrong("Suite"))?;
    if words.next().is_none() && !suite.ends_with('/') {
        return Err(wrong("Component"));
    }
    source.uri = uri.trim_end_matches('/').to_owned();
    source.suite = suite.to_owned();
    Ok(Some(source))
}

/// The repositories of a `.sources` file: fields in stanzas, empty lines between them.
fn stanzas(text: &str) -> Vec<Source> {
    let mut found = Vec::new();
    for stanza in text.split("\n\n") {
        let fields = || stanza.lines().filter_map(|line| line.split_once(':'));
        let field = |name: &str| {
            let found = fields().find(|(key, _)| key.trim().eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.trim()).unwrap_or_default()
        };
        if !field("Types").split_whitespace().any(|it| it == "deb") || field("Enabled") == "no" {
            continue;
        }
        let keyring = Some(field("Signed-By").to_owned()).filter(|it| !it.is_empty());
        for uri in field("URIs").split_whitespace() {
            for suite in field("Suites").split_whitespace() {
                found.push(Source {
                    uri: uri.trim_end_matches('/').to_owned(),
                    suite: suite.to_owned(),
                    signed_by: keyring.clone(),
                    trusted: field("Trusted") == "yes",
                });
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_with_their_options() {
        let line = "deb [signed-by=/etc/apt/keyrings/k.gpg] https://pkgs.k8s.io/core:/stable:/v1.36/deb/ /";
        let source = entry(line, "k8s.list", 1).unwrap().unwrap();
        assert_eq!(source.uri, "https://pkgs.k8s.io/core:/stable:/v1.36/deb");
        assert_eq!(
            (source.suite.as_str(), source.signed_by.as_deref()),
            ("/", Some("/etc/apt/keyrings/k.gpg"))
        );
        assert_eq!(entry("# deb x", "k8s.list", 1), Ok(None));
        let wrong = entry("deb https://pkgs.k8s.io/core:/stable:/v1.36/deb/", "/etc/apt/k.list", 2);
        assert_eq!(wrong, Err("Malformed entry 2 in list file /etc/apt/k.list (Suite)".into()));
    }

    #[test]
    fn stanzas_name_several_suites() {
        let text = "Types: deb\nURIs: http://archive.ubuntu.com/ubuntu/\nSuites: noble noble-updates\nComponents: main\n";
        let suites: Vec<String> = stanzas(text).into_iter().map(|it| it.suite).collect();
        assert_eq!(suites, ["noble", "noble-updates"]);
    }
}
