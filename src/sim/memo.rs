//! What a pure function answered lately. Only saves time: an answer depends on its question alone.

use std::sync::{Mutex, PoisonError};

/// Questions that are remembered; the oldest goes first.
const QUESTIONS_MAX: usize = 16;

/// The latest answers of one function.
#[derive(Debug)]
pub(crate) struct Memo<A>(Mutex<Vec<(String, A)>>);

impl<A: Clone> Memo<A> {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// The answer to `question`, found by `find` if it is not remembered.
    pub(crate) fn get(&self, question: &str, find: impl FnOnce(&str) -> A) -> A {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, answer)) = known.iter().find(|(text, _)| text == question) {
            return answer.clone();
        }
        let answer = find(question);
        if known.len() >= QUESTIONS_MAX {
            known.remove(0);
        }
        known.push((question.to_owned(), answer.clone()));
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_answered_once_until_it_is_forgotten() {
        let memo = Memo::new();
        let mut asked = 0;
        let mut ask = |text: &str| {
            memo.get(text, |text| {
                asked += 1;
                text.len()
            })
        };
        assert_eq!((ask("a"), ask("a"), ask("bb")), (1, 1, 2));
        for number in 0..QUESTIONS_MAX {
            ask(&number.to_string());
        }
        ask("a");
        assert_eq!(asked, 3 + QUESTIONS_MAX);
    }
}
