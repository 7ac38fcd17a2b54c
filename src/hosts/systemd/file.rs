//! Unit files: where they stand, what they say with their drop-ins.

use std::time::Duration;

use crate::hosts::{FileTree, Kind, files};

/// Where unit files stand, the most important first.
pub(crate) const FOLDERS: [&str; 4] =
    ["/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"];

/// Where links say what is started with the machine.
pub(super) const LINKS: &str = "/etc/systemd/system";

/// A unit file with its drop-ins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct UnitFile {
    pub(crate) path: String,
    pub(crate) drop_ins: Vec<String>,
    /// Section, key and value, in order; an empty value clears the ones before.
    settings: Vec<(String, String, String)>,
}

/// `name` with `.service` when it has no type.
pub(crate) fn unit_name(name: &str) -> String {
    const TYPES: [&str; 8] =
        [".service", ".socket", ".target", ".timer", ".mount", ".slice", ".path", ".scope"];
    if TYPES.iter().any(|kind| name.ends_with(kind)) { name.to_owned() } else { format!("{name}.service") }
}

/// True when the unit is linked to `/dev/null`.
pub(super) fn is_masked(tree: &FileTree, unit: &str) -> bool {
    let at = |folder: &&str| tree.lstat(&format!("{folder}/{unit}")).is_ok_and(|node| null(&node.kind));
    FOLDERS[..2].iter().any(at)
}

fn null(kind: &Kind) -> bool {
    matches!(kind, Kind::Symlink(target) if target == "/dev/null")
}

impl UnitFile {
    /// Reads the file of a unit and the drop-ins of all folders. A masked unit has none.
    pub(crate) fn load(tree: &FileTree, unit: &str) -> Option<Self> {
        if is_masked(tree, unit) {
            return None;
        }
        let path = FOLDERS.iter().map(|folder| format!("{folder}/{unit}")).find(|path| tree.exists(path))?;
        let mut found = Self { path: path.clone(), ..Self::default() };
        found.read(&tree.read_text(&path).unwrap_or_default());
        // A file in a more important folder hides the one of the same name in another.
        let mut drop_ins: Vec<(String, String)> = Vec::new();
        for folder in FOLDERS {
            let folder = format!("{folder}/{unit}.d");
            for (name, _) in tree.list(&folder).unwrap_or_default() {
                if name.ends_with(".conf") && drop_ins.iter().all(|(known, _)| *known != name) {
                    drop_ins.push((name.clone(), format!("{folder}/{name}")));
                }
            }
        }
        drop_ins.sort();
        for (_, path) in drop_ins {
            found.read(&tree.read_text(&path).unwrap_or_default());
            found.drop_ins.push(path);
        }
        Some(found)
    }

    fn read(&mut self, text: &str) {
        let mut section = String::new();
        let joined = text.replace("\\\n", " ");
        for line in joined.lines().map(str::trim) {
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                section = name.to_owned();
            } else if let Some((key, value)) = line.split_once('=').filter(|_| !line.starts_with(['#', ';']))
            {
                if value.trim().is_empty() {
                    self.settings.retain(|(_, known, _)| known != key.trim());
                } else {
                    self.settings.push((section.clone(), key.trim().to_owned(), value.trim().to_owned()));
                }
            }
        }
    }

    /// The values of a key, in order.
    pub(crate) fn values(&self, key: &str) -> impl Iterator<Item = &str> {
        self.settings.iter().filter(move |(_, known, _)| known == key).map(|(.., value)| value.as_str())
    }

    /// The last value of a key.
    pub(crate) fn value(&self, key: &str) -> Option<&str> {
        self.values(key).last()
    }

    /// `Description=`, or the unit's name.
    pub(crate) fn description<'a>(&'a self, unit: &'a str) -> &'a str {
        self.value("Description").unwrap_or(unit)
    }

    /// The program that `ExecStart=` names.
    pub(crate) fn program(&self) -> Option<&str> {
        let line = self.value("ExecStart")?;
        line.split_whitespace().next().map(|word| word.trim_start_matches(['-', '@', '+', '!', ':']))
    }

    /// The command line that `ExecStart=` comes to, with the variables of `Environment=` and
    /// `EnvironmentFile=` in place. An unset variable alone is no word at all.
    pub(crate) fn command_line(&self, tree: &FileTree) -> Vec<String> {
        let variables = self.environment(tree);
        let find = |name: &str| variables.iter().rev().find(|(known, _)| known == name);
        let line = self.value("ExecStart").unwrap_or_default();
        let mut words = Vec::new();
        for word in split_words(line) {
            let bare = word.strip_prefix('$').filter(|name| !name.starts_with('{'));
            match bare.map(find) {
                Some(value) => words.extend(value.map(|(_, it)| split_words(it)).unwrap_or_default()),
                None => words.push(expand(&word, &find)),
            }
        }
        if let Some(first) = words.first_mut() {
            *first = first.trim_start_matches(['-', '@', '+', '!', ':']).to_owned();
        }
        words
    }

    /// The variables of the unit's processes, later ones over earlier ones.
    pub(crate) fn environment(&self, tree: &FileTree) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let mut take = |text: &str| {
            if let Some((name, value)) = text.split_once('=') {
                found.push((name.trim().to_owned(), value.trim().trim_matches(['"', '\'']).to_owned()));
            }
        };
        for line in self.values("Environment") {
            split_words(line).iter().for_each(|word| take(word));
        }
        for file in self.values("EnvironmentFile") {
            let text = tree.read_text(file.trim_start_matches('-')).unwrap_or_default();
            text.lines().filter(|line| !line.trim_start().starts_with(['#', ';'])).for_each(&mut take);
        }
        found
    }

    /// `RestartSec=`; 100 ms when it says nothing. Source: `systemd.service(5)`.
    pub(crate) fn restart_after(&self) -> Duration {
        self.value("RestartSec").and_then(span).unwrap_or(Duration::from_millis(100))
    }

    /// How many starts in what time are too many; `None` when there is no such limit. Five in ten seconds
    /// when the unit says nothing. Source: `systemd.unit(5)`.
    pub(crate) fn start_limit(&self) -> Option<(usize, Duration)> {
        let interval = self.value("StartLimitIntervalSec").or_else(|| self.value("StartLimitInterval"));
        let interval = interval.and_then(span).unwrap_or(Duration::from_secs(10));
        let burst = self.value("StartLimitBurst").and_then(|it| it.parse().ok()).unwrap_or(5);
        (!interval.is_zero() && burst > 0).then_some((burst, interval))
    }

    /// Folders and base names of the links that `[Install]` asks for.
    pub(super) fn install_links(&self, unit: &str) -> Vec<String> {
        let below = |kind: &str, key: &str| -> Vec<String> {
            let targets = self.values(key).flat_map(str::split_whitespace);
            targets.map(|target| format!("{LINKS}/{target}.{kind}/{unit}")).collect()
        };
        let mut links: Vec<String> =
            self.values("Alias").flat_map(str::split_whitespace).map(|it| format!("{LINKS}/{it}")).collect();
        links.extend(below("wants", "WantedBy"));
        links.extend(below("requires", "RequiredBy"));
        links
    }
}

/// A span of time: `10`, `5s`, `100ms`, `2min 30s`.
fn span(text: &str) -> Option<Duration> {
    let mut total = Duration::ZERO;
    for word in text.split_whitespace() {
        let at = word.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(word.len());
        let (number, unit) = word.split_at(at);
        let scale = match unit {
            "" | "s" | "sec" => 1.0,
            "ms" => 0.001,
            "min" | "m" => 60.0,
            "h" | "hr" => 3600.0,
            _ => return None,
        };
        total += Duration::try_from_secs_f64(number.parse::<f64>().ok()? * scale).ok()?;
    }
    Some(total)
}

/// Words by blanks, with quotes taken off.
fn split_words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let (mut word, mut quote, mut any) = (String::new(), None, false);
    for c in text.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => (quote, any) = (Some(c), true),
            (None, c) if c.is_whitespace() => {
                if any || !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                any = false;
            }
            (_, c) => word.push(c),
        }
    }
    if any || !word.is_empty() {
        words.push(word);
    }
    words
}

/// `${NAME}` inside a word.
fn expand<'a>(word: &str, find: &impl Fn(&str) -> Option<&'a (String, String)>) -> String {
    let mut out = String::new();
    let mut rest = word;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        let Some((name, after)) = after.split_once('}') else { break };
        out.push_str(find(name).map_or("", |(_, value)| value));
        rest = after;
    }
    out + rest
}

/// Every unit that has a file, by name, in byte order; with the target of a link that is an alias.
pub(crate) fn known(tree: &FileTree) -> Vec<(String, Option<String>)> {
    let mut found = std::collections::BTreeMap::new();
    for folder in FOLDERS {
        for (name, node) in tree.list(folder).unwrap_or_default() {
            let is_unit = unit_name(&name) == name && !matches!(node.kind, Kind::Directory);
            let alias = match &node.kind {
                Kind::Symlink(target) if target != "/dev/null" => Some(files::base_name(target).to_owned()),
                _ => None,
            };
            if is_unit {
                found.entry(name).or_insert(alias.filter(|it| !it.is_empty()));
            }
        }
    }
    found.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::SimTime;

    #[test]
    fn the_command_line_takes_its_variables_from_files_and_drop_ins() {
        let mut tree = FileTree::default();
        let mut put =
            |path: &str, text: &str| tree.install(path, text.as_bytes(), 0o644, SimTime::START).unwrap();
        put("/usr/lib/systemd/system/k.service", "[Service]\nExecStart=/usr/bin/k\n");
        put(
            "/usr/lib/systemd/system/k.service.d/10.conf",
            "[Service]\nEnvironment=\"A=--one --two=2\"\nEnvironmentFile=-/etc/default/k\nExecStart=\n\
             ExecStart=/usr/bin/k $A $B ${C}x $UNSET\n",
        );
        put("/etc/default/k", "B=\nC=y\n");
        let unit = UnitFile::load(&tree, "k.service").unwrap();
        assert_eq!(unit.command_line(&tree), ["/usr/bin/k", "--one", "--two=2", "yx"]);
        assert_eq!(unit.restart_after(), Duration::from_millis(100));
        assert_eq!(unit.start_limit(), Some((5, Duration::from_secs(10))));
    }

    #[test]
    fn spans_are_read() {
        assert_eq!(span("2min 30s"), Some(Duration::from_secs(150)));
        assert_eq!(span("100ms"), Some(Duration::from_millis(100)));
        assert_eq!(span("soon"), None);
    }
}
