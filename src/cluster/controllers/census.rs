//! The pods of a set, counted: what a loop that looks after thousands of pods asks of each of them.
//!
//! A set is looked at whenever one of its pods changes, so what was found out about the others is kept.
//! A pod that changed is another object, so nothing here goes stale.

use std::sync::Arc;
use std::time::Duration;

use super::hand::Hand;
use super::owners;
use super::pods::{self, is_deleting, is_ended};
use super::select::selects;
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::cluster::Object;
use crate::sim::SimTime;

/// The pods of one set.
#[derive(Clone, Debug, Default)]
pub(crate) struct Census {
    /// What the answers hang on besides the pods: the set's UID, its selector, the labels of its template.
    about: (String, Value, Value),
    pods: Vec<Counted>,
}

/// What is known of a pod.
#[derive(Clone, Debug)]
pub(crate) struct Counted {
    pub(crate) pod: Object,
    /// Whether the set is its controller.
    mine: bool,
    fits: bool,
    /// Whether it has all labels of the template.
    pub(crate) labelled: bool,
    pub(crate) ended: bool,
    pub(crate) deleting: bool,
    pub(crate) ready: bool,
    ready_since: Option<SimTime>,
}

impl Counted {
    fn new(about: &(String, Value, Value), pod: Object) -> Self {
        let (uid, selector, labels) = about;
        let mine = object::controller_of(&pod).is_some_and(|it| object::field(it, "uid") == uid);
        Self {
            mine: mine && object::text(&pod, "/kind") == "Pod",
            fits: selects(selector, &pod),
            labelled: selects(labels, &pod),
            ended: is_ended(&pod),
            deleting: is_deleting(&pod),
            ready: pods::is_ready(&pod),
            ready_since: pods::ready_since(&pod),
            pod,
        }
    }

    pub(crate) fn active(&self) -> bool {
        !self.ended && !self.deleting
    }

    /// Whether it has been ready for `min_ready_s`.
    pub(crate) fn available(&self, min_ready_s: i64, now: SimTime) -> bool {
        self.ready && self.available_in(min_ready_s, now).is_none()
    }

    /// As [`pods::available_in`].
    pub(crate) fn available_in(&self, min_ready_s: i64, now: SimTime) -> Option<Duration> {
        pods::wait_left(self.ready_since?, min_ready_s, now)
    }
}

impl Census {
    /// The pods that belong to `set`: its own ones that still fit, and the orphans that do, adopted. Its own
    /// ones that no longer fit are released.
    pub(crate) fn claim(hand: &mut Hand<'_>, key: &str, set: &Value, selector: Value) -> Arc<Self> {
        let labels = json!({"matchLabels": set.pointer("/spec/template/metadata/labels")});
        let about = (object::uid(set).to_owned(), selector, labels);
        let before = hand.census(key).filter(|it| it.about == about);
        let mut now = Self::count(hand, about, before.as_deref());
        let strays = now.pods.iter().any(|it| it.mine && !it.fits);
        let adoptable = |it: &Object| selects(&now.about.1, it) && !is_deleting(it);
        let orphans = hand.store().orphans("pods", object::namespace(set)).any(adoptable);
        if strays || orphans {
            let claimed = owners::claim(hand, set, &now.about.1, "pods", "Pod");
            now.pods = claimed.into_iter().map(|pod| Counted::new(&now.about, pod)).collect();
        }
        let now = Arc::new(now);
        hand.keep_census(key, Some(now.clone()));
        now
    }

    /// The pods that name the set as an owner, with what is known from before.
    fn count(hand: &Hand<'_>, about: (String, Value, Value), before: Option<&Self>) -> Self {
        let mut known = before.map_or(&[][..], |it| &it.pods);
        let mut pods = Vec::with_capacity(known.len());
        for pod in hand.store().owned_by(&about.0) {
            while let [first, rest @ ..] = known
                && !Arc::ptr_eq(&first.pod, pod)
                && object::name(&first.pod) <= object::name(pod)
            {
                known = rest;
            }
            match known {
                [first, rest @ ..] if Arc::ptr_eq(&first.pod, pod) => {
                    pods.push(first.clone());
                    known = rest;
                }
                _ => pods.push(Counted::new(&about, pod.clone())),
            }
        }
        Self { about, pods }
    }

    /// All pods that belong to the set.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Counted> {
        self.pods.iter().filter(|it| it.mine && it.fits)
    }

    /// Those that count.
    pub(crate) fn active(&self) -> impl Iterator<Item = &Counted> {
        self.all().filter(|it| it.active())
    }
}
