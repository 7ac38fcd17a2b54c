//! Steps of undo: what lines were before they were changed.
//!
//! As in vim a step holds entries, one for each run of lines that was about to change, and undoing swaps
//! them with what stands there now; so the cursor goes where vim's goes. The steps form a tree.

use std::collections::BTreeMap;

use super::Pos;
use super::marks::Marked;
use super::text::{Line, Text};

/// A run of lines as it was.
#[derive(Clone, Debug)]
struct Entry {
    first: usize,
    lines: Vec<Line>,
    /// The row behind the run after the change; `None` is behind the last.
    behind: Option<usize>,
    /// How many lines the text had when this was kept.
    count: usize,
}

#[derive(Clone, Debug)]
struct Step {
    parent: usize,
    /// The newest last.
    entries: Vec<Entry>,
    /// True while `behind` of the newest entry is not known.
    open: bool,
    cursor: Pos,
    marks: BTreeMap<char, Pos>,
    visual: Option<Marked>,
    was_none: bool,
    was_modified: bool,
}

/// What undoing touched, for marks and the cursor.
#[derive(Clone, Copy, Debug)]
pub(super) struct Swap {
    pub(super) first: usize,
    pub(super) before: usize,
    pub(super) after: usize,
}

/// What is to be done beside the lines after a step was undone or redone.
#[derive(Clone, Debug)]
pub(super) struct Undone {
    pub(super) swaps: Vec<Swap>,
    /// Where the cursor goes, when the entries say it.
    pub(super) cursor: Option<Pos>,
    /// Where it was before the step.
    pub(super) cursor_before: Pos,
    pub(super) marks: BTreeMap<char, Pos>,
    pub(super) visual: Option<Marked>,
    pub(super) was_modified: bool,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Undo {
    steps: Vec<Step>,
    /// The step that the text is at, from 1; 0 is the text as it was read.
    now: usize,
    /// The step that `^R` goes to from each.
    next: BTreeMap<usize, usize>,
    open: bool,
}

/// What is kept beside lines when a step begins.
pub(super) struct Context<'a> {
    pub(super) cursor: Pos,
    pub(super) visual: Option<Marked>,
    pub(super) modified: bool,
    pub(super) text: &'a Text,
}

impl Undo {
    /// Ends the step: the next change begins another. True when there was one.
    pub(super) fn sync(&mut self, text: &Text) {
        if self.open {
            self.know_behind(text);
            self.open = false;
        }
    }

    pub(super) fn now(&self) -> usize {
        self.now
    }

    /// Steps that no other was made behind, with how many lead to each.
    pub(super) fn ends(&self) -> Vec<(usize, usize)> {
        let parent = |step: usize| step.checked_sub(1).and_then(|at| self.steps.get(at)).map(|it| it.parent);
        let depth =
            |step: usize| std::iter::successors(Some(step), |it| parent(*it)).filter(|it| *it > 0).count();
        let is_end = |step: &usize| !self.steps.iter().any(|it| it.parent == *step);
        (1..=self.steps.len()).filter(is_end).map(|step| (step, depth(step))).collect()
    }

    pub(super) fn newest(&self) -> usize {
        self.steps.len()
    }

    /// True when the next change begins a step.
    pub(super) fn is_synced(&self) -> bool {
        !self.open
    }

    fn know_behind(&mut self, text: &Text) {
        let Some(step) = self.now.checked_sub(1).and_then(|at| self.steps.get_mut(at)) else { return };
        if let (true, Some(entry)) = (std::mem::take(&mut step.open), step.entries.last_mut()) {
            let behind = (entry.first + entry.lines.len() + text.count()).saturating_sub(entry.count);
            entry.behind = Some(behind.max(entry.first));
        }
    }

    /// Keeps rows `first..behind`, which are about to change. `behind_after` is where the run ends after the
    /// change, when that is known.
    pub(super) fn keep(&mut self, first: usize, behind: usize, known: Option<usize>, context: &Context<'_>) {
        let text = context.text;
        if self.open {
            if behind == first + 1 && self.keeps_already(first, known, text) {
                return;
            }
            self.know_behind(text);
        } else {
            self.begin(context);
        }
        let to_end = behind >= text.count();
        let entry = Entry {
            first,
            lines: (first..behind.min(text.count())).map(|row| text.kept(row)).collect(),
            behind: if to_end { None } else { known },
            count: text.count(),
        };
        let Some(step) = self.now.checked_sub(1).and_then(|at| self.steps.get_mut(at)) else { return };
        step.open = !to_end && known.is_none();
        step.entries.push(entry);
    }

    fn begin(&mut self, context: &Context<'_>) {
        let parent = self.now;
        self.steps.push(Step {
            parent,
            entries: Vec::new(),
            open: false,
            cursor: context.cursor,
            marks: BTreeMap::new(),
            visual: context.visual,
            was_none: context.text.is_none(),
            was_modified: context.modified,
        });
        self.now = self.steps.len();
        self.next.insert(parent, self.now);
        self.open = true;
    }

    /// True when one of the last entries is this very line; it takes further changes along then.
    fn keeps_already(&mut self, row: usize, known: Option<usize>, text: &Text) -> bool {
        let Some(step) = self.now.checked_sub(1).and_then(|at| self.steps.get_mut(at)) else { return false };
        let last = step.entries.len();
        for back in 0..last.min(10) {
            let at = last - 1 - back;
            let entry = &step.entries[at];
            let behind = entry.first + entry.lines.len();
            let is_open = back == 0 && step.open;
            let grew = if is_open {
                entry.count != text.count()
            } else {
                behind != entry.behind.unwrap_or(text.count())
            };
            if grew || entry.lines.len() > 1 && row >= entry.first && row < behind {
                return false;
            }
            if entry.lines.len() == 1 && entry.first == row {
                if back > 0 {
                    self.know_behind(text);
                    let step = &mut self.steps[self.now - 1];
                    let entry = step.entries.remove(at);
                    step.entries.push(entry);
                }
                self.reuse(row, known, text);
                return true;
            }
        }
        false
    }

    fn reuse(&mut self, row: usize, known: Option<usize>, text: &Text) {
        let step = &mut self.steps[self.now - 1];
        let Some(entry) = step.entries.last_mut() else { return };
        if known.is_some() {
            entry.behind = known;
        } else if row + 1 >= text.count() {
            entry.behind = None;
        } else {
            entry.count = text.count();
            step.open = true;
        }
    }

    /// Remembers a mark that a change deletes, so that undoing sets it again.
    pub(super) fn keep_mark(&mut self, name: char, pos: Pos) {
        if let (true, Some(step)) = (self.open, self.now.checked_sub(1).and_then(|at| self.steps.get_mut(at)))
        {
            step.marks.entry(name).or_insert(pos);
        }
    }

    /// Goes a step back; `None` at the oldest.
    pub(super) fn back(&mut self, text: &mut Text, modified: bool, visual: Option<Marked>) -> Option<Undone> {
        let at = self.now.checked_sub(1)?;
        self.now = self.steps[at].parent;
        Some(self.swap(at, text, modified, visual))
    }

    /// Goes a step forward; `None` at the newest.
    pub(super) fn forward(
        &mut self,
        text: &mut Text,
        modified: bool,
        visual: Option<Marked>,
    ) -> Option<Undone> {
        let step = *self.next.get(&self.now)?;
        self.now = step;
        Some(self.swap(step - 1, text, modified, visual))
    }

    /// The steps back and forth to another one: `true` is back.
    pub(super) fn way_to(&mut self, step: usize) -> Vec<bool> {
        let line = |from: usize| {
            std::iter::successors(Some(from), |at| at.checked_sub(1).map(|index| self.steps[index].parent))
                .collect::<Vec<_>>()
        };
        let (up, down) = (line(self.now), line(step));
        let back = up.iter().take_while(|at| !down.contains(at)).count();
        let forth: Vec<usize> = down.iter().take_while(|at| !up.contains(at)).copied().collect();
        let parents: Vec<(usize, usize)> = forth.iter().map(|at| (self.steps[*at - 1].parent, *at)).collect();
        self.next.extend(parents);
        std::iter::repeat_n(true, back).chain(std::iter::repeat_n(false, forth.len())).collect()
    }

    fn swap(&mut self, at: usize, text: &mut Text, modified: bool, visual: Option<Marked>) -> Undone {
        let was_none_now = text.is_none();
        let step = &mut self.steps[at];
        let mut swaps = Vec::new();
        let mut cursor = None;
        let mut newest_first = std::mem::take(&mut step.entries);
        newest_first.reverse();
        let entries = newest_first.len();
        let mut lowest = usize::MAX;
        for (index, entry) in newest_first.iter_mut().enumerate() {
            let behind = entry.behind.unwrap_or(text.count()).max(entry.first);
            let (old, new) = (behind - entry.first, entry.lines.len());
            if entry.first < lowest {
                let near = step.cursor.row + 1 >= entry.first && step.cursor.row <= entry.first + new;
                let is_same = |n: &usize| text.kept(entry.first + n) == entry.lines[*n];
                let same = (0..new.min(old)).take_while(is_same).count();
                if near {
                    cursor = Some(step.cursor);
                    lowest = step.cursor.row;
                } else if same < new || lowest == usize::MAX && index + 1 == entries {
                    lowest = entry.first + if same == new { 0 } else { same };
                    cursor = Some(Pos { row: lowest, col: 0 });
                }
            }
            let now: Vec<Line> = (entry.first..behind).map(|row| text.kept(row)).collect();
            for _ in 0..old {
                text.remove(entry.first);
            }
            let lines = std::mem::replace(&mut entry.lines, now);
            for (offset, line) in lines.into_iter().enumerate() {
                text.insert(entry.first + offset, line);
            }
            entry.behind = Some(entry.first + new);
            swaps.push(Swap { first: entry.first, before: old, after: new });
        }
        step.entries = newest_first;
        text.set_none(step.was_none && text.count() == 1);
        step.was_none = was_none_now;
        let was_modified = std::mem::replace(&mut step.was_modified, modified);
        let kept = std::mem::replace(&mut step.visual, visual);
        Undone {
            swaps,
            cursor,
            cursor_before: step.cursor,
            marks: step.marks.clone(),
            visual: kept,
            was_modified,
        }
    }
}
