//! The values of flags as a verb asks for them.

use std::collections::BTreeMap;
use std::time::Duration;

use super::parse::{go_bool, go_int};
use super::spec::{FlagSpec, Kind};
use crate::apimachinery::go;

/// What was given on the command line, over the defaults.
#[derive(Debug, Default)]
pub(crate) struct Flags {
    specs: Vec<FlagSpec>,
    /// How many of `specs` are the command's own; the global ones follow.
    own: usize,
    given: BTreeMap<&'static str, Vec<String>>,
    /// The names in the order in which they were given.
    order: Vec<&'static str>,
}

impl Flags {
    /// Nothing given yet.
    pub(crate) fn new(specs: Vec<FlagSpec>) -> Self {
        let first = super::globals().first().map_or("", |spec| spec.name);
        let own = specs.iter().position(|spec| spec.name == first).unwrap_or(specs.len());
        Self { specs, own, given: BTreeMap::new(), order: Vec::new() }
    }

    pub(super) fn spec(&self, name: &str) -> Option<FlagSpec> {
        self.specs.iter().find(|spec| spec.name == name).copied()
    }

    pub(super) fn spec_short(&self, letter: char) -> Option<FlagSpec> {
        self.specs.iter().find(|spec| spec.short == Some(letter)).copied()
    }

    pub(super) fn push(&mut self, name: &'static str, value: String) {
        self.given.entry(name).or_default().push(value);
        self.order.push(name);
    }

    /// What pflag warns of, once for every time that a deprecated flag is given.
    pub(crate) fn warnings(&self) -> String {
        self.order.iter().filter_map(|name| self.spec(name)?.warning()).collect()
    }

    /// Every flag as it was given, in order: ` --name=value`.
    pub(crate) fn as_given(&self) -> String {
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        let mut text = String::new();
        for name in &self.order {
            let at = seen.entry(name).or_default();
            let value = self.given.get(name).and_then(|values| values.get(*at)).map_or("", String::as_str);
            text.push_str(&format!(" --{name}={value}"));
            *at += 1;
        }
        text
    }

    /// True when the command has the flag.
    pub(crate) fn has(&self, name: &str) -> bool {
        seen::note(name);
        self.spec(name).is_some()
    }

    /// True when the flag stood on the command line (pflag's `Changed`).
    pub(crate) fn given(&self, name: &str) -> bool {
        seen::note(name);
        self.given.contains_key(name)
    }

    /// The last value, or the default; empty for a flag that the command has not.
    pub(crate) fn text(&self, name: &str) -> &str {
        seen::note(name);
        match self.given.get(name).and_then(|values| values.last()) {
            Some(value) => value,
            None => self.spec(name).map_or("", |spec| if spec.default == "[]" { "" } else { spec.default }),
        }
    }

    /// A flag of kubectl itself, even where the command has one of its own by that name, such as the `--user` of a
    /// role binding; that one does not count here.
    pub(crate) fn global(&self, name: &str) -> &str {
        let place = self.specs.iter().position(|spec| spec.name == name);
        if place.is_some_and(|at| at < self.own) { "" } else { self.text(name) }
    }

    /// A boolean flag.
    pub(crate) fn on(&self, name: &str) -> bool {
        go_bool(self.text(name)).unwrap_or(false)
    }

    /// A number; 0 for a flag that the command has not.
    pub(crate) fn int(&self, name: &str) -> i64 {
        go_int(self.text(name)).and_then(|number| i64::try_from(number).ok()).unwrap_or(0)
    }

    /// All values of a flag that may come repeatedly; split at commas where pflag does so.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        seen::note(name);
        let Some(values) = self.given.get(name) else {
            let default = self.spec(name).map_or("", |spec| spec.default);
            let inner = default.trim_start_matches('[').trim_end_matches(']');
            return inner.split(',').filter(|word| !word.is_empty()).map(str::to_owned).collect();
        };
        match self.spec(name).map(|spec| spec.kind) {
            Some(Kind::Strings | Kind::Map | Kind::StringMap) => {
                values.iter().flat_map(|value| split_csv(value)).collect()
            }
            _ => values.clone(),
        }
    }

    /// `key=value` pairs of a map flag.
    pub(crate) fn pairs(&self, name: &str) -> Vec<(String, String)> {
        let pairs = self.list(name).into_iter();
        pairs.filter_map(|pair| pair.split_once('=').map(|(key, value)| (key.into(), value.into()))).collect()
    }

    /// A duration in nanoseconds, which may be negative.
    pub(crate) fn duration_ns(&self, name: &str) -> i64 {
        go::duration(self.text(name)).unwrap_or(0)
    }

    /// A duration; negative ones count as zero.
    pub(crate) fn duration(&self, name: &str) -> Duration {
        Duration::from_nanos(u64::try_from(self.duration_ns(name)).unwrap_or(0))
    }
}

/// Which flags of which command were asked for: a test holds that against the table of all flags.
pub(crate) mod seen {
    #[cfg(test)]
    thread_local! {
        static SEEN: std::cell::RefCell<(String, std::collections::BTreeSet<(String, String)>)> =
            std::cell::RefCell::default();
    }

    /// A command begins.
    #[cfg(test)]
    pub(crate) fn begin(path: &str) {
        SEEN.with_borrow_mut(|(running, _)| path.clone_into(running));
    }

    #[cfg(not(test))]
    pub(crate) fn begin(_path: &str) {}

    #[cfg(test)]
    pub(super) fn note(name: &str) {
        SEEN.with_borrow_mut(|(running, seen)| {
            seen.insert((running.clone(), name.to_owned()));
        });
    }

    #[cfg(not(test))]
    pub(super) fn note(_name: &str) {}

    /// Command and flag of all that was asked for on this thread.
    #[cfg(test)]
    pub(crate) fn all() -> std::collections::BTreeSet<(String, String)> {
        SEEN.with_borrow(|(_, seen)| seen.clone())
    }
}

/// One line of comma-separated values: quotes hold a comma, doubled quotes are quotes.
fn split_csv(line: &str) -> Vec<String> {
    if line.is_empty() {
        return Vec::new();
    }
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        let Some(field) = fields.last_mut() else { break };
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                field.push('"');
            }
            '"' if quoted || field.is_empty() => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            other => field.push(other),
        }
    }
    fields
}

/// What `--request-timeout` says: whole seconds, or a duration; zero for no limit. `None` when it is neither.
pub(crate) fn request_timeout(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    go::duration(text).ok().and_then(|ns| u64::try_from(ns).ok()).map(Duration::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_told_in_the_order_in_which_they_were_given() {
        let words = ["web", "-nshop", "--record", "--dry-run=server"].map(str::to_owned);
        let mut specs = super::super::of_command("scale");
        specs.extend(super::super::globals());
        let parsed = super::super::parse(&words, specs).expect("flags");
        assert_eq!(parsed.flags.as_given(), " --namespace=shop --record=true --dry-run=server");
        assert_eq!(
            parsed.flags.warnings(),
            "Flag --record has been deprecated, --record will be removed in the future\n"
        );
    }

    #[test]
    fn lists_read_as_go_reads_them() {
        assert_eq!(split_csv(r#"a,"b,c",d"#), ["a", "b,c", "d"]);
    }
}
