//! What the home screen offers beside its exercises: readiness, what is due, and the exams.

use super::exam;
use super::{data, drill, packs, progress};
use crate::exam::progress::summary;
use crate::exercises::Exercise;
use crate::tui::{Offers, Words};

/// How things stand now.
pub(super) fn read() -> Offers {
    let packs = packs::all();
    let exercises: Vec<&Exercise> = packs.iter().flat_map(|pack| &pack.exercises).collect();
    let attempts = progress::attempts().unwrap_or_default();
    let summary = summary(&attempts, &exercises);
    let now_s = data::now_s();
    // Exercises that no pack has any more are not asked.
    let piles = drill::piles(Words::default()).unwrap_or_default();
    let blueprints = packs.iter().flat_map(|pack| &pack.blueprints);
    Offers {
        ready: summary.readiness,
        domains: summary.domains.into_iter().map(|it| (it.domain, it.readiness)).collect(),
        due: piles.iter().filter(|pile| pile.due_s <= now_s).count(),
        exams: blueprints.map(|it| (it.id.clone(), it.title.clone())).collect(),
        left: exam::left().is_ok_and(|it| it.is_some()),
    }
}
