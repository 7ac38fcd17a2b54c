//! Ex commands that show something: registers, marks, jumps, changes, steps of undo.

use super::Pos;
use super::core::Core;
use super::registers::Kind;

impl Core {
    pub(super) fn ex_registers(&mut self, names: &str) {
        let mut lines = vec!["Type Name Content".to_owned()];
        let unnamed = self.registers.unnamed();
        let all: Vec<(char, super::registers::Register)> =
            self.registers.all().map(|(name, register)| (name, register.clone())).collect();
        let unnamed_one = all.iter().find(|(name, _)| *name == unnamed).map(|(_, it)| ('"', it.clone()));
        let order = |name: char| "\"0123456789abcdefghijklmnopqrstuvwxyz-".find(name).unwrap_or(99);
        let mut shown: Vec<_> = unnamed_one.into_iter().chain(all).collect();
        shown.sort_by_key(|(name, _)| order(*name));
        for (name, register) in shown {
            if !names.is_empty() && !names.contains(name) {
                continue;
            }
            let kind = match register.kind {
                Kind::Characters => 'c',
                Kind::Lines => 'l',
                Kind::Block(_) => 'b',
            };
            let text: String = register.text().chars().flat_map(shown_letter).collect();
            lines.push(format!("  {kind}  \"{name}   {text}"));
        }
        for (name, text) in [
            ('.', self.inserted_text()),
            (':', self.last_line.clone()),
            ('%', Some(self.files.name().to_owned())),
            ('/', self.search.pattern_text().map(str::to_owned)),
        ] {
            if let Some(text) =
                text.filter(|text| !text.is_empty() && (names.is_empty() || names.contains(name)))
            {
                let text: String = text.chars().flat_map(shown_letter).collect();
                lines.push(format!("  c  \"{name}   {text}"));
            }
        }
        self.message = lines.join("\n");
    }

    pub(super) fn ex_marks(&mut self) {
        let mut lines = vec!["mark line  col file/text".to_owned()];
        let it = &self.marks;
        let mut all: Vec<(char, Pos)> = vec![('\'', it.jumped)];
        all.extend(it.named.iter().map(|(name, pos)| (*name, *pos)));
        all.push(('"', Pos::default()));
        all.extend([('[', it.begun), (']', it.ended)]);
        all.extend(it.inserted.map(|pos| ('^', pos)));
        all.extend(it.changed.map(|pos| ('.', pos)));
        if let Some(visual) = it.visual {
            all.extend([('<', visual.start.min(visual.end)), ('>', visual.start.max(visual.end))]);
        }
        for (name, pos) in all.into_iter().filter(|(_, pos)| pos.row < self.text.count()) {
            let text: String = self.text.line(pos.row).iter().collect();
            lines.push(format!(" {name} {:>6} {:>4} {}", pos.row + 1, pos.col.min(9999), text.trim_start()));
        }
        self.message = lines.join("\n");
    }

    pub(super) fn ex_jumps(&mut self) {
        self.message = self.listed(" jump line  col file/text", 3, &self.marks.jumps, self.marks.jump_at);
    }

    pub(super) fn ex_changes(&mut self) {
        self.message = self.listed("change line  col text", 5, &self.marks.changes, self.marks.change_at);
    }

    /// Places below a heading, each with its steps from the place `at`, in a column of `width`.
    fn listed(&self, heading: &str, width: usize, places: &[Pos], at: usize) -> String {
        let at = at.min(places.len());
        let mut lines = vec![heading.to_owned()];
        for (index, pos) in places.iter().enumerate() {
            let sign = if index == at { '>' } else { ' ' };
            let text: String = self.text.line(pos.row).iter().collect();
            let apart = index.abs_diff(at);
            lines.push(format!(
                "{sign}{apart:>width$} {:>5} {:>4} {}",
                pos.row + 1,
                pos.col,
                text.trim_start()
            ));
        }
        if at == places.len() {
            lines.push(">".into());
        }
        lines.join("\n")
    }

    /// Steps of undo that nothing follows: their numbers, and how many changes lead there.
    pub(super) fn ex_undolist(&mut self) {
        let ends = self.undo.ends();
        if ends.is_empty() {
            return self.say("Nothing to undo");
        }
        let mut lines = vec!["number changes  when               saved".to_owned()];
        lines.extend(ends.iter().map(|(step, depth)| format!("{step:>6} {depth:>7}")));
        self.message = lines.join("\n");
    }

    pub(super) fn ex_tabs(&mut self) {
        let mut lines = Vec::new();
        let page = self.files.tabs.page();
        for (at, (_, buffer)) in self.files.tabs.labels(self.files.current).into_iter().enumerate() {
            lines.push(format!("Tab page {}", at + 1));
            let sign = if at == page { '>' } else { ' ' };
            let modified = if self.files.is_modified(buffer, self.modified) { '+' } else { ' ' };
            let name = self.files.get(buffer).map_or("", |it| &it.name);
            lines.push(format!("{sign} {modified} {}", super::files::shown(name)));
        }
        self.message = lines.join("\n");
    }
}

/// A letter as `:registers` shows it.
fn shown_letter(c: char) -> Vec<char> {
    match c {
        '\n' => vec!['^', 'J'],
        c if c < ' ' => vec!['^', (c as u8 + b'@') as char],
        c => vec![c],
    }
}
