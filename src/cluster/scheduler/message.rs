//! `0/3 nodes are available: …`: the sentence when no node will do.
//!
//! Composed as `framework.FitError` does: reasons with how many nodes gave them, sorted as text.

use std::collections::BTreeMap;

/// Why no node will do.
#[derive(Clone, Debug, Default)]
pub(super) struct Diagnosis {
    pub(super) nodes: usize,
    /// The sentence of a plugin that rejected the pod before it looked at nodes.
    pub(super) before: Option<String>,
    /// How many nodes gave each reason.
    pub(super) reasons: BTreeMap<String, usize>,
    /// What preemption said; empty when it helped.
    pub(super) after: String,
}

impl Diagnosis {
    pub(super) fn add(&mut self, reason: &str) {
        *self.reasons.entry(reason.to_owned()).or_default() += 1;
    }

    pub(super) fn message(&self) -> String {
        let mut message = format!("0/{} nodes are available:", self.nodes);
        match &self.before {
            Some(sentence) => message += &format!(" {sentence}."),
            None => {
                let mut counts: Vec<String> =
                    self.reasons.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
                counts.sort();
                if !counts.is_empty() {
                    message += &format!(" {}.", counts.join(", "));
                }
            }
        }
        if !self.after.is_empty() {
            message += &format!(" {}", self.after);
        }
        message
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_sorted_as_text() {
        let mut diagnosis = Diagnosis { nodes: 12, ..Diagnosis::default() };
        (0..10).for_each(|_| diagnosis.add("Insufficient cpu"));
        (0..2).for_each(|_| diagnosis.add("Insufficient memory"));
        assert_eq!(
            diagnosis.message(),
            "0/12 nodes are available: 10 Insufficient cpu, 2 Insufficient memory."
        );
        let before = Diagnosis {
            nodes: 3,
            before: Some("persistentvolumeclaim \"a\" not found".into()),
            after: "not found".into(),
            ..Diagnosis::default()
        };
        assert_eq!(
            before.message(),
            "0/3 nodes are available: persistentvolumeclaim \"a\" not found. not found"
        );
    }
}
