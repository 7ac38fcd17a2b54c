//! When to ask a failed check again: FSRS, with its published parameters.
//!
//! A check enters the schedule when it is failed for the first time; from then on every attempt at its
//! exercise is a review of it.

use std::collections::BTreeMap;

use chrono::DateTime;
use rs_fsrs::{Card, FSRS, Parameters, Rating};
use serde::Serialize;

use super::progress::{Attempt, SOLUTION};

/// The share of checks that should still be passed when they come up again.
const RETENTION: f64 = 0.9;

/// A check that was just failed is asked again no sooner than this, in seconds.
const SOONEST_S: i64 = 600;

/// A check in the schedule.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Review {
    pub(crate) pack: String,
    pub(crate) exercise: String,
    pub(crate) check: String,
    /// Unix time in seconds.
    pub(crate) due_s: i64,
    pub(crate) reviews: u32,
    pub(crate) failed: u32,
    /// The class of the latest mistake.
    pub(crate) mistake: String,
    #[serde(skip)]
    card: Card,
}

/// Every check that was ever failed, soonest first.
pub(crate) fn schedule(attempts: &[Attempt]) -> Vec<Review> {
    let fsrs = FSRS::new(Parameters { request_retention: RETENTION, ..Parameters::default() });
    let mut reviews: BTreeMap<(&str, &str, &str), Review> = BTreeMap::new();
    let mut in_order: Vec<&Attempt> = attempts.iter().collect();
    in_order.sort_by_key(|it| it.at_s);
    for attempt in in_order {
        for mark in &attempt.checks {
            let passed = mark.points == mark.max;
            let key = (attempt.pack.as_str(), attempt.exercise.as_str(), mark.name.as_str());
            if passed && !reviews.contains_key(&key) {
                continue;
            }
            let review = reviews.entry(key).or_insert_with(|| Review {
                pack: attempt.pack.clone(),
                exercise: attempt.exercise.clone(),
                check: mark.name.clone(),
                due_s: attempt.at_s,
                reviews: 0,
                failed: 0,
                mistake: String::new(),
                card: Card::default(),
            });
            if !passed {
                review.failed += 1;
                review.mistake.clone_from(&mark.mistake);
            }
            look_again(&fsrs, review, rating(passed, &attempt.help), attempt.at_s);
        }
    }
    let mut all: Vec<Review> = reviews.into_values().collect();
    all.sort_by(|a, b| (a.due_s, &a.exercise, &a.check).cmp(&(b.due_s, &b.exercise, &b.check)));
    all
}

/// How well a check was remembered: what was done with the reference in sight was not.
fn rating(passed: bool, help: &str) -> Rating {
    match (passed, help) {
        (false, _) | (true, SOLUTION) => Rating::Again,
        (true, "") => Rating::Good,
        (true, _) => Rating::Hard,
    }
}

fn look_again(fsrs: &FSRS, review: &mut Review, rating: Rating, at_s: i64) {
    let now = DateTime::from_timestamp(at_s, 0).unwrap_or_default();
    review.card = fsrs.next(review.card.clone(), now, rating).card;
    review.reviews += 1;
    review.due_s = review.card.due.timestamp().max(at_s + SOONEST_S);
}

/// What is due at a time.
pub(crate) fn due(schedule: &[Review], now_s: i64) -> Vec<&Review> {
    schedule.iter().filter(|review| review.due_s <= now_s).collect()
}

/// An exercise with the checks of it that are in the schedule.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pile {
    pub(crate) pack: String,
    pub(crate) exercise: String,
    /// When the first of its checks is due, in Unix time.
    pub(crate) due_s: i64,
    /// Soonest first.
    pub(crate) checks: Vec<Review>,
}

impl Pile {
    /// What names the exercise and no other.
    pub(crate) fn path(&self) -> String {
        if self.pack.is_empty() { self.exercise.clone() } else { format!("{}/{}", self.pack, self.exercise) }
    }
}

/// The schedule by exercise, soonest first.
pub(crate) fn by_exercise(schedule: Vec<Review>) -> Vec<Pile> {
    let mut piles: Vec<Pile> = Vec::new();
    for review in schedule {
        let same = |it: &&mut Pile| (&it.pack, &it.exercise) == (&review.pack, &review.exercise);
        match piles.iter_mut().find(same) {
            Some(pile) => pile.checks.push(review),
            None => piles.push(Pile {
                pack: review.pack.clone(),
                exercise: review.exercise.clone(),
                due_s: review.due_s,
                checks: vec![review],
            }),
        }
    }
    piles
}

#[cfg(test)]
mod tests {
    use super::super::progress::tests::attempt;
    use super::*;

    /// Seconds of a day.
    const DAY_S: i64 = 86_400;

    #[test]
    fn a_check_that_was_never_failed_is_not_asked_again() {
        assert_eq!(schedule(&[attempt(0, true), attempt(DAY_S, true)]), []);
    }

    #[test]
    fn help_brings_a_check_back_sooner() {
        let wait = |help: &str| {
            let again = Attempt { help: help.into(), ..attempt(2 * DAY_S, true) };
            schedule(&[attempt(0, false), again])[0].due_s
        };
        assert!(wait(SOLUTION) <= wait("hint") && wait("hint") < wait(""), "{} {}", wait("hint"), wait(""));
    }

    #[test]
    fn a_failed_check_comes_back_soon_and_then_later_and_later() {
        let mut attempts = vec![attempt(0, false)];
        let mut waits = Vec::new();
        for _ in 0..4 {
            let reviews = schedule(&attempts);
            let review = &reviews[0];
            let reviewed = attempts.last().unwrap().at_s;
            waits.push((review.due_s - reviewed) as f64 / DAY_S as f64);
            attempts.push(attempt(review.due_s.max(reviewed + DAY_S), true));
        }
        assert!(waits[0] < 2.0 && waits.is_sorted() && waits[3] > 5.0, "{waits:?}");
        attempts.push(attempt(attempts.last().unwrap().at_s + DAY_S, false));
        let reviews = schedule(&attempts);
        let last = attempts.last().unwrap().at_s;
        assert!(reviews[0].due_s - last < 4 * DAY_S, "a lapse comes back soon");
        assert_eq!((reviews[0].failed, reviews[0].reviews), (2, 6));
        let piles = by_exercise(reviews.clone());
        assert_eq!((piles.len(), piles[0].path(), piles[0].checks.len()), (1, "p/scale-web".into(), 1));
        assert_eq!(due(&reviews, last), Vec::<&Review>::new());
    }
}
