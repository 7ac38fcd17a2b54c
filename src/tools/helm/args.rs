//! Command lines of helm.

/// Flags with a value; the short letter is 0 where there is none.
const VALUED: &[(&str, char)] = &[
    ("namespace", 'n'),
    ("values", 'f'),
    ("output", 'o'),
    ("set", '\0'),
    ("set-string", '\0'),
    ("set-file", '\0'),
    ("set-json", '\0'),
    ("version", '\0'),
    ("timeout", '\0'),
    ("kubeconfig", '\0'),
    ("kube-context", '\0'),
    ("repo", '\0'),
    ("revision", '\0'),
    ("max", '\0'),
    ("filter", '\0'),
    ("selector", 'l'),
    ("history-max", '\0'),
    ("description", '\0'),
    ("untardir", '\0'),
    ("destination", 'd'),
    ("show-only", 's'),
    ("name-template", '\0'),
    ("output-dir", '\0'),
    ("api-versions", 'a'),
    ("kube-version", '\0'),
    ("username", '\0'),
    ("password", '\0'),
    ("app-version", '\0'),
    ("cascade", '\0'),
];

/// Flags that are on or off, or have a value only behind `=`.
const BARE: &[(&str, char)] = &[
    ("help", 'h'),
    ("create-namespace", '\0'),
    ("install", 'i'),
    ("wait", '\0'),
    ("atomic", '\0'),
    ("rollback-on-failure", '\0'),
    ("dry-run", '\0'),
    ("reuse-values", '\0'),
    ("reset-values", '\0'),
    ("reset-then-reuse-values", '\0'),
    ("skip-crds", '\0'),
    ("include-crds", '\0'),
    ("all-namespaces", 'A'),
    ("all", 'a'),
    ("short", 'q'),
    ("versions", 'l'),
    ("devel", '\0'),
    ("untar", '\0'),
    ("force", '\0'),
    ("force-update", '\0'),
    ("debug", '\0'),
    ("generate-name", 'g'),
    ("keep-history", '\0'),
    ("failed", '\0'),
    ("deployed", '\0'),
    ("pending", '\0'),
    ("superseded", '\0'),
    ("uninstalled", '\0'),
    ("client", 'c'),
    ("no-hooks", '\0'),
    ("strict", '\0'),
    ("ignore-not-found", '\0'),
    ("wait-for-jobs", '\0'),
    ("cleanup-on-fail", '\0'),
    ("show-resources", '\0'),
    ("hide-notes", '\0'),
    ("take-ownership", '\0'),
    ("dependency-update", '\0'),
    ("fail-on-no-update", '\0'),
    ("replace", '\0'),
    ("quiet", '\0'),
    ("logs", '\0'),
    ("skip-refresh", '\0'),
    ("skip-tests", '\0'),
    ("is-upgrade", '\0'),
    ("validate", '\0'),
    ("show-desc", '\0'),
    ("sign", '\0'),
    ("date", 'd'),
    ("reverse", 'r'),
    ("recreate-pods", '\0'),
    ("disable-openapi-validation", '\0'),
    ("skip-schema-validation", '\0'),
    ("render-subchart-notes", '\0'),
    ("enable-dns", '\0'),
    ("hide-secret", '\0'),
    ("insecure-skip-tls-verify", '\0'),
    ("pass-credentials", '\0'),
    ("no-headers", '\0'),
    ("with-subcharts", '\0'),
];

/// A read command line.
#[derive(Clone, Debug, Default)]
pub(super) struct Args {
    flags: Vec<(&'static str, String)>,
    pub(super) operands: Vec<String>,
}

impl Args {
    /// # Errors
    /// `unknown flag: --x` and the like.
    pub(super) fn parse(words: &[String]) -> Result<Self, String> {
        let mut found = Self::default();
        let mut rest = words.iter();
        // Some letters mean another flag in another command.
        let verb = words.iter().find(|it| !it.starts_with('-')).map_or("", String::as_str);
        while let Some(word) = rest.next() {
            if let Some(long) = word.strip_prefix("--") {
                let (name, value) = long.split_once('=').map_or((long, None), |(name, it)| (name, Some(it)));
                if let Some((name, _)) = VALUED.iter().find(|it| it.0 == name) {
                    let value = value.or_else(|| rest.next().map(String::as_str));
                    let value = value.ok_or_else(|| format!("flag needs an argument: --{name}"))?;
                    found.flags.push((name, value.to_owned()));
                } else if let Some((name, _)) = BARE.iter().find(|it| it.0 == name) {
                    found.flags.push((name, value.unwrap_or("true").to_owned()));
                } else {
                    return Err(format!("unknown flag: --{name}"));
                }
            } else if let Some(letters) = word.strip_prefix('-').filter(|it| !it.is_empty()) {
                let mut letters = letters.chars();
                while let Some(letter) = letters.next() {
                    let bare = BARE.iter().find(|it| it.1 == letter && fits(it.0, verb));
                    if let Some((name, _)) = bare {
                        found.flags.push((name, "true".to_owned()));
                        continue;
                    }
                    let Some((name, _)) = VALUED.iter().find(|it| it.1 == letter) else {
                        return Err(format!("unknown shorthand flag: {letter:?} in {word}"));
                    };
                    let inline: String = letters.by_ref().collect();
                    let inline = inline.strip_prefix('=').unwrap_or(&inline).to_owned();
                    let value = if inline.is_empty() { rest.next().cloned() } else { Some(inline) };
                    let value =
                        value.ok_or_else(|| format!("flag needs an argument: {letter:?} in {word}"))?;
                    found.flags.push((name, value));
                }
            } else {
                found.operands.push(word.clone());
            }
        }
        Ok(found)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.value(name).is_some_and(|it| it != "false" && it != "none")
    }

    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.flags.iter().rev().find(|(it, _)| *it == name).map(|(_, value)| value.as_str())
    }

    /// All values of flags, in their order on the line.
    pub(super) fn values<'a>(&'a self, names: &'a [&str]) -> impl Iterator<Item = (&'static str, &'a str)> {
        self.flags.iter().filter(|(it, _)| names.contains(it)).map(|(name, value)| (*name, value.as_str()))
    }

    /// The operand at a place, or helm's complaint about their number.
    pub(super) fn operand(&self, at: usize, command: &str) -> Result<&str, String> {
        self.operands.get(at).map(String::as_str).ok_or_else(|| {
            let (_, wanted, words) =
                USAGES.iter().find(|it| it.0 == command).copied().unwrap_or((command, "1", ""));
            let plural = if wanted.ends_with('1') { "" } else { "s" };
            format!("\"helm {command}\" requires {wanted} argument{plural}\n\nUsage:  helm {command} {words}[flags]")
        })
    }
}

/// How many operands commands want, and how their usage names them.
const USAGES: &[(&str, &str, &str)] = &[
    ("create", "1", "NAME "),
    ("get all", "1", "RELEASE_NAME "),
    ("get hooks", "1", "RELEASE_NAME "),
    ("get manifest", "1", "RELEASE_NAME "),
    ("get metadata", "1", "RELEASE_NAME "),
    ("get notes", "1", "RELEASE_NAME "),
    ("get values", "1", "RELEASE_NAME "),
    ("history", "1", "RELEASE_NAME "),
    ("install", "at least 1", "[NAME] [CHART] "),
    ("pull", "at least 1", "[chart URL | repo/chartname] [...] "),
    ("repo add", "2", "[NAME] [URL] "),
    ("repo remove", "at least 1", "[REPO1 [REPO2 ...]] "),
    ("rollback", "at least 1", "<RELEASE> [REVISION] "),
    ("show all", "1", "[CHART] "),
    ("show chart", "1", "[CHART] "),
    ("show crds", "1", "[CHART] "),
    ("show readme", "1", "[CHART] "),
    ("show values", "1", "[CHART] "),
    ("status", "1", "RELEASE_NAME "),
    ("template", "at least 1", "[NAME] [CHART] "),
    ("test", "1", "[RELEASE] "),
    ("uninstall", "at least 1", "RELEASE_NAME [...] "),
    ("upgrade", "2", "[RELEASE] [CHART] "),
];

/// `-a`, `-l`, `-c` and `-q` belong to some commands only.
fn fits(name: &str, verb: &str) -> bool {
    match name {
        "versions" => verb == "search",
        "all" => matches!(verb, "list" | "ls" | "get"),
        "short" | "date" | "reverse" => matches!(verb, "list" | "ls"),
        _ => true,
    }
}
