//! When to ask a failed check again: FSRS, with its published parameters.
//!
//! A check enters the schedule when it is failed for the first time; from then on every attempt at its
//! exercise is a review of it.

use std::collections::BTreeMap;

use chrono::DateTime;
use rs_fsrs::{Card, FSRS, Parameters, Rating};
use serde::Serialize;

use super::progress::Attempt;

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
            look_again(&fsrs, review, passed, attempt.at_s);
        }
    }
    let mut all: Vec<Review> = reviews.into_values().collect();
    all.sort_by(|a, b| (a.due_s, &a.exercise, &a.check).cmp(&(b.due_s, &b.exercise, &b.check)));
    all
}

fn look_again(fsrs: &FSRS, review: &mut Review, passed: bool, at_s: i64) {
    let rating = if passed { Rating::Good } else { Rating::Again };
    let now = DateTime::from_timestamp(at_s, 0).unwrap_or_default();
    review.card = fsrs.next(review.card.clone(), now, rating).card;
    review.reviews += 1;
    review.due_s = review.card.due.timestamp().max(at_s + SOONEST_S);
}

/// What is due at a time.
pub(crate) fn due(schedule: &[Review], now_s: i64) -> Vec<&Review> {
    schedule.iter().filter(|review| review.due_s <= now_s).collect()
}

/// The exercises of these reviews, each once, soonest first.
pub(crate) fn exercises(due: &[&Review]) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for review in due {
        if !ids.contains(&review.exercise) {
            ids.push(review.exercise.clone());
        }
    }
    ids
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
        assert_eq!(exercises(&due(&reviews, last + 30 * DAY_S)), ["scale-web"]);
        assert_eq!(due(&reviews, last), Vec::<&Review>::new());
    }
}
