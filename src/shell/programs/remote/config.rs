//! What `ssh` is told of a host by `~/.ssh/config` and the machine's own files.

use crate::shell::Proc;

/// Files that are read beside the user's own, which comes first.
const SYSTEM_DIRECTORY: &str = "/etc/ssh/ssh_config.d";
const SYSTEM_FILE: &str = "/etc/ssh/ssh_config";

/// The settings that matter here. The first value given wins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Settings {
    pub(super) host_name: Option<String>,
    pub(super) user: Option<String>,
}

/// The settings for a host as it was named.
pub(super) fn of(proc: &Proc, host: &str) -> Settings {
    let own = format!("{}/.ssh/config", proc.env.get("HOME").map_or("", String::as_str));
    let listed = proc.disk().list(SYSTEM_DIRECTORY).unwrap_or_default();
    let shared = listed.into_iter().filter(|(name, _)| name.ends_with(".conf"));
    let shared = shared.map(|(name, _)| format!("{SYSTEM_DIRECTORY}/{name}"));
    let mut settings = Settings::default();
    for file in [own].into_iter().chain(shared).chain([SYSTEM_FILE.to_owned()]) {
        if let Ok(bytes) = proc.read_file(&file) {
            settings.read(&String::from_utf8_lossy(&bytes), host);
        }
    }
    settings
}

impl Settings {
    fn read(&mut self, text: &str, host: &str) {
        let mut here = true;
        for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
            let Some((key, value)) = line.split_once(|c: char| c.is_whitespace() || c == '=') else {
                continue;
            };
            let value = value.trim_start_matches(['=', ' ', '\t']).trim_matches('"');
            match key.to_ascii_lowercase().as_str() {
                "host" => here = is_meant(value, host),
                "match" => here = value == "all",
                "hostname" if here => drop(self.host_name.get_or_insert_with(|| value.to_owned())),
                "user" if here => drop(self.user.get_or_insert_with(|| value.to_owned())),
                _ => {}
            }
        }
    }
}

/// True when a list of patterns has the host and does not take it out again with `!`.
fn is_meant(patterns: &str, host: &str) -> bool {
    let (not, yes): (Vec<&str>, Vec<&str>) = patterns.split_whitespace().partition(|it| it.starts_with('!'));
    yes.iter().any(|it| fits(it, host)) && !not.iter().any(|it| fits(it.trim_start_matches('!'), host))
}

/// `*` and `?` as in file names.
fn fits(pattern: &str, text: &str) -> bool {
    match pattern.chars().next() {
        None => text.is_empty(),
        Some('*') => (0..=text.len()).filter_map(|at| text.get(at..)).any(|rest| fits(&pattern[1..], rest)),
        Some(c) => {
            let rest = text.strip_prefix(|it| c == '?' || it == c);
            rest.is_some_and(|rest| fits(&pattern[c.len_utf8()..], rest))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_value_for_a_host_wins() {
        let text = "Host cka-* !cka-9\n  User root\nHost web\n  HostName=172.30.2.2\nHost *\n  User me\n";
        let of = |host| {
            let mut settings = Settings::default();
            settings.read(text, host);
            (settings.user.unwrap_or_default(), settings.host_name.unwrap_or_default())
        };
        assert_eq!(of("cka-12"), ("root".to_owned(), String::new()));
        assert_eq!(of("cka-9").0, "me");
        assert_eq!(of("web"), ("me".to_owned(), "172.30.2.2".to_owned()));
    }
}
