//! `uncordon pack coverage`: competencies and the exercises that train them.

use std::collections::{BTreeMap, BTreeSet};

use crate::exercises::Pack;
use crate::exercises::pack::DOMAINS;

/// A Markdown table for each domain, and how many exercises there are.
pub(super) fn table(packs: &[Pack]) -> String {
    let all = || packs.iter().flat_map(|pack| &pack.exercises);
    let mut text = String::new();
    for domain in DOMAINS {
        let mut rows: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for exercise in all().filter(|it| it.domain == *domain) {
            for competency in &exercise.competencies {
                rows.entry(competency).or_default().insert(&exercise.id);
            }
        }
        let count = all().filter(|it| it.domain == *domain).count();
        text.push_str(&format!("### {domain}: {count} exercises\n\n| competency | exercises |\n|---|---|\n"));
        for (competency, exercises) in rows {
            let list: Vec<&str> = exercises.into_iter().collect();
            text.push_str(&format!("| {competency} | {} |\n", list.join(", ")));
        }
        text.push('\n');
    }
    text + &format!("{} exercises in {} packs.\n", all().count(), packs.len())
}
