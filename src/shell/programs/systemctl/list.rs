//! `list-units` and `list-unit-files`.

use super::{Control, Shown, words};
use crate::hosts::UnitState;
use crate::hosts::systemd::known;

/// What the words of the table mean.
const LEGEND: &str = "\nLegend: LOAD   → Reflects whether the unit definition was properly loaded.
        ACTIVE → The high-level unit activation state, i.e. generalization of SUB.
        SUB    → The low-level unit activation state, values depend on unit type.
";

impl Control<'_> {
    /// Units that the options and patterns let through, by name.
    fn chosen(&self, names: impl IntoIterator<Item = String>) -> Vec<(String, Shown)> {
        let patterns: Vec<&str> = self.options.operands.iter().skip(1).map(String::as_str).collect();
        let mut rows = Vec::new();
        for name in names {
            let kind = self
                .options
                .value('t')
                .is_none_or(|kinds| kinds.split(',').any(|kind| name.ends_with(&format!(".{kind}"))));
            let named = patterns.is_empty() || patterns.iter().any(|it| fits(&name, it));
            if kind
                && named
                && let Some(shown) = self.unit(&name)
            {
                rows.push((name, shown));
            }
        }
        rows
    }

    fn file_names(&self) -> Vec<(String, Option<String>)> {
        self.with(|host| known(&host.files)).unwrap_or_default()
    }

    pub(super) fn list_units(&self) -> i32 {
        let all = self.options.has('a');
        let mut names: Vec<String> =
            self.with(|host| host.units.keys().cloned().collect()).unwrap_or_default();
        if all {
            names.extend(
                self.file_names().into_iter().filter(|(_, alias)| alias.is_none()).map(|(name, _)| name),
            );
            names.sort();
            names.dedup();
        }
        let mut rows = self.chosen(names);
        rows.retain(|(name, it)| {
            let state = self.options.value('S').map(|wanted| {
                wanted
                    .split(',')
                    .any(|word| word == words::state(&it.unit) || word == words::sub(name, &it.unit))
            });
            let failed = !self.options.has('F') || it.unit.state == UnitState::Failed;
            failed && state.unwrap_or(all || it.unit.state != UnitState::Inactive)
        });
        self.print_units(&rows, all);
        0
    }

    fn print_units(&self, rows: &[(String, Shown)], all: bool) {
        let legend = !self.options.has('L') && !self.options.has('q');
        let width = |title: &str, cell: &dyn Fn(&(String, Shown)) -> usize| {
            rows.iter().map(cell).max().unwrap_or(0).max(title.len())
        };
        let unit = width("UNIT", &|(name, _)| name.len());
        let load = width("LOAD", &|(_, it)| it.load().len());
        let active = width("ACTIVE", &|(_, it)| words::state(&it.unit).len());
        let sub = width("SUB", &|(name, it)| words::sub(name, &it.unit).len());
        if legend {
            let title = "UNIT";
            self.proc.print(format!(
                "  {title:<unit$} {:<load$} {:<active$} {:<sub$} DESCRIPTION\n",
                "LOAD", "ACTIVE", "SUB"
            ));
        }
        for (name, it) in rows {
            let mark = match (it.unit.state, it.load()) {
                (UnitState::Failed, _) | (_, "not-found" | "masked") => '●',
                _ => ' ',
            };
            let mark = if self.options.has('I') { String::new() } else { format!("{mark} ") };
            self.proc.print(format!(
                "{mark}{name:<unit$} {:<load$} {:<active$} {:<sub$} {}\n",
                it.load(),
                words::state(&it.unit),
                words::sub(name, &it.unit),
                it.file.description(name)
            ));
        }
        if legend {
            let hint = match all {
                true => "",
                false => " Pass --all to see loaded but inactive units, too.",
            };
            let legend = if rows.is_empty() { "\n" } else { LEGEND };
            let gap = if rows.is_empty() { "" } else { "\n" };
            self.proc.print(format!(
                "{legend}{gap}{} loaded units listed.{hint}\nTo show all installed unit files use 'systemctl list-unit-files'.\n",
                rows.len()
            ));
        }
    }

    pub(super) fn list_files(&self) -> i32 {
        let files = self.file_names();
        let alias = |name: &str| files.iter().any(|(known, alias)| known == name && alias.is_some());
        let rows: Vec<(String, &'static str)> = self
            .chosen(files.iter().map(|(name, _)| name.clone()))
            .into_iter()
            .map(|(name, it)| {
                let word = if alias(&name) { "alias" } else { it.enablement() };
                (name, word)
            })
            .filter(|(_, word)| self.options.value('S').is_none_or(|it| it.split(',').any(|it| it == *word)))
            .collect();
        let legend = !self.options.has('L') && !self.options.has('q');
        let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(9).max(9);
        if legend {
            self.proc.print(format!("{:<width$} STATE    PRESET\n", "UNIT FILE"));
        }
        for (name, word) in &rows {
            let preset = if matches!(*word, "static" | "alias") { "-" } else { "enabled" };
            self.proc.print(format!("{name:<width$} {word:<8} {preset}\n"));
        }
        if legend {
            self.proc.print(format!("\n{} unit files listed.\n", rows.len()));
        }
        0
    }
}

/// A name and a pattern with `*`; a name without a type stands for the service.
fn fits(name: &str, pattern: &str) -> bool {
    let pattern = if pattern.contains('*') { pattern.to_owned() } else { super::unit_name(pattern) };
    let mut rest = name;
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(after) = rest.strip_prefix(first) else { return false };
    rest = after;
    let parts: Vec<&str> = parts.collect();
    for (index, part) in parts.iter().enumerate() {
        if index + 1 == parts.len() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else { return false };
        rest = rest.get(at + part.len()..).unwrap_or_default();
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn patterns_hold_stars() {
        assert!(fits("kubelet.service", "kube*"));
        assert!(fits("kubelet.service", "*let*"));
        assert!(fits("kubelet.service", "kubelet"));
        assert!(!fits("kubelet.service", "*.socket"));
    }
}
