//! What pure functions of texts came to: control loops read the same manifests again and again. Only saves time: an
//! answer depends on its question alone.
//!
//! It knows nothing of what the texts mean.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The latest answers of one function.
#[derive(Debug)]
pub(crate) struct Memo<A> {
    answers: Mutex<VecDeque<(Box<str>, A)>>,
    answers_max: usize,
}

impl<A: Clone> Memo<A> {
    /// Without any answer yet; of more than `answers_max` the oldest goes.
    pub(crate) const fn new(answers_max: usize) -> Self {
        Self { answers: Mutex::new(VecDeque::new()), answers_max }
    }

    /// The answer to `question`, found by `find` if it is not remembered.
    pub(crate) fn get(&self, question: &str, find: impl FnOnce() -> A) -> A {
        let known =
            self.lock().iter().find(|(text, _)| **text == *question).map(|(_, answer)| answer.clone());
        if let Some(answer) = known {
            return answer;
        }
        // Finding may ask again, so that nothing is locked meanwhile.
        let answer = find();
        let mut answers = self.lock();
        if answers.len() >= self.answers_max {
            answers.pop_front();
        }
        answers.push_back((question.into(), answer.clone()));
        answer
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(Box<str>, A)>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_answered_once_until_it_is_forgotten() {
        let memo = Memo::new(2);
        let mut asked = 0;
        let mut ask = |text: &str| {
            memo.get(text, || {
                asked += 1;
                text.len()
            })
        };
        assert_eq!((ask("a"), ask("a"), ask("bb")), (1, 1, 2));
        assert_eq!((ask("ccc"), ask("bb"), ask("a")), (3, 2, 1));
        assert_eq!(asked, 4);
    }
}
