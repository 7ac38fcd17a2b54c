//! What is said of checks, in the learner's language. What is kept and what an instructor gets stays English.

use crate::exercises::{CheckTexts, Exercise};
use crate::tui::Words;

/// The texts of an exercise's checks, in their order.
pub(super) fn of(exercise: &Exercise, seed: u64, words: Words) -> Vec<CheckTexts> {
    let variant = exercise.translated(words.0.code()).variant(seed);
    variant.map(|it| it.checks.iter().map(|check| check.texts()).collect()).unwrap_or_default()
}

/// Puts them in place of a check's name, what it wanted, and the class of the mistake with the author's words.
pub(super) fn put(
    texts: &CheckTexts,
    (name, wanted, mistake): (&mut String, &mut String, &mut String),
    words: Words,
) {
    name.clone_from(&texts.name);
    if let Some(own) = &texts.wanted {
        wanted.clone_from(own);
    }
    let class = mistake.split(':').next().unwrap_or_default();
    if class.is_empty() {
        return;
    }
    let class = words.say(&format!("mistake-{}", class.replace(' ', "-")));
    *mistake = if texts.says.is_empty() { class } else { format!("{class}: {}", texts.says) };
}
