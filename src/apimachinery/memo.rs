//! Remembers what pure functions of texts came to: control loops read the same manifests again and again.
//!
//! It knows nothing of what the texts mean; forgetting changes only how long an answer takes.

use std::cell::RefCell;
use std::collections::VecDeque;

/// The answer for a text: remembered, or made and kept.
pub(crate) fn remember<V: Clone>(memo: &RefCell<Memo<V>>, text: &str, make: impl FnOnce() -> V) -> V {
    if let Some(known) = memo.borrow().get(text) {
        return known;
    }
    let answer = make();
    memo.borrow_mut().put(text, answer.clone());
    answer
}

/// Answers by text.
#[derive(Debug)]
pub(crate) struct Memo<V> {
    entries: VecDeque<(Box<str>, V)>,
    entries_max: usize,
}

impl<V: Clone> Memo<V> {
    /// Without any answer yet; of more than `entries_max` the oldest goes.
    pub(crate) const fn new(entries_max: usize) -> Self {
        Self { entries: VecDeque::new(), entries_max }
    }

    fn get(&self, text: &str) -> Option<V> {
        self.entries.iter().find(|(known, _)| **known == *text).map(|(_, answer)| answer.clone())
    }

    fn put(&mut self, text: &str, answer: V) {
        if self.entries.len() >= self.entries_max {
            self.entries.pop_front();
        }
        self.entries.push_back((text.into(), answer));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_answer_is_forgotten_first() {
        let mut memo = Memo::new(2);
        for number in 0..3 {
            memo.put(&number.to_string(), number);
        }
        assert_eq!((memo.get("0"), memo.get("1"), memo.get("2")), (None, Some(1), Some(2)));
    }
}
