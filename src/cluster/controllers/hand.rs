//! What a control loop sees and does: reads from the store, writes through the API under its own
//! service account, events, and retries with a growing wait.

use std::sync::Arc;
use std::time::Duration;

use imbl::{OrdMap, Vector};

use super::census::Census;
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::apimachinery::status::Status;
use crate::cluster::api::Client;
use crate::cluster::events::{self, Report, Source};
use crate::cluster::{Cluster, ClusterId, Event, Object, Store, World};
use crate::sim::SimTime;

/// 5 ms before the first retry; each further one doubles it.
///
/// Source: client-go `DefaultTypedControllerRateLimiter`.
const RETRY_FIRST: Duration = Duration::from_millis(5);

/// 1,000 s. The doubling stops here. Same source.
const RETRY_MAX: Duration = Duration::from_secs(1_000);

/// The longest stabilisation window that the API allows.
const HISTORY_MAX: Duration = Duration::from_secs(3_600);

/// What the control loops remember outside the store.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    /// How often the syncs of a key failed in a row, by loop and key.
    failures: OrdMap<(&'static str, String), u32>,
    /// Points in time that a loop has to come back to, by loop and whatever it is about.
    marks: OrdMap<(&'static str, String), SimTime>,
    /// Counts that go with a mark.
    counts: OrdMap<(&'static str, String), i64>,
    /// Numbers over time, by loop and what they are about, oldest first.
    histories: OrdMap<(&'static str, String), Vector<(SimTime, i64)>>,
    /// The pods of sets as they were last looked at, by loop and key.
    censuses: OrdMap<(&'static str, String), Arc<Census>>,
}

/// A control loop at work on one cluster.
pub(crate) struct Hand<'a> {
    pub(crate) world: &'a mut World,
    pub(crate) cluster: ClusterId,
    /// Its service account in kube-system, which is also its event source.
    pub(crate) name: &'static str,
}

impl<'a> Hand<'a> {
    pub(crate) fn new(world: &'a mut World, cluster: ClusterId, name: &'static str) -> Self {
        Self { world, cluster, name }
    }

    pub(crate) fn now(&self) -> SimTime {
        self.world.now
    }

    pub(crate) fn cluster(&self) -> &Cluster {
        &self.world.clusters[self.cluster]
    }

    pub(crate) fn store(&self) -> &Store {
        &self.cluster().store
    }

    fn client(&mut self) -> Client<'_> {
        Client::controller(self.world, self.cluster, self.name)
    }

    fn memory(&mut self) -> &mut Memory {
        &mut self.world.clusters[self.cluster].controllers
    }

    /// One object.
    pub(crate) fn get(&self, resource: &str, namespace: &str, name: &str) -> Option<Object> {
        self.store().find(resource, namespace, name).cloned()
    }

    /// The object of a key of this shape: `namespace/name`, or `name` for cluster-scoped ones.
    pub(crate) fn at(&self, resource: &str, key: &str) -> Option<Object> {
        let (namespace, name) = split_key(key);
        self.get(resource, namespace, name)
    }

    /// All objects of a resource; of one namespace when `namespace` is not empty.
    pub(crate) fn list(&self, resource: &str, namespace: &str) -> Vec<Object> {
        self.store().list(resource, namespace).cloned().collect()
    }

    /// Objects of a kind that `owner` controls.
    pub(crate) fn controlled(&self, owner: &Value, kind: &str) -> Vec<Object> {
        let uid = object::uid(owner);
        let is_controller =
            |it: &Object| object::controller_of(it).is_some_and(|it| object::field(it, "uid") == uid);
        self.store()
            .owned_by(uid)
            .filter(|it| object::field(it, "kind") == kind && is_controller(it))
            .cloned()
            .collect()
    }

    pub(crate) fn create(&mut self, resource: &str, object: Value) -> Result<Object, Status> {
        let namespace = object::namespace(&object).to_owned();
        self.client().create(resource, &namespace, object)
    }

    pub(crate) fn update(&mut self, resource: &str, object: Value) -> Result<Object, Status> {
        self.client().update(resource, object)
    }

    /// Puts `status` in the place of the object's; writes nothing when it is the same already.
    pub(crate) fn update_status(
        &mut self,
        resource: &str,
        object: &Value,
        status: Value,
    ) -> Result<(), Status> {
        if object.get("status").unwrap_or(&Value::Null) == &status {
            return Ok(());
        }
        let mut changed = object.clone();
        object::set(&mut changed, &["status"], status);
        self.client().update_subresource(resource, "status", changed).map(drop)
    }

    /// Replaces any subresource.
    pub(crate) fn update_subresource(
        &mut self,
        resource: &str,
        subresource: &str,
        object: Value,
    ) -> Result<Object, Status> {
        self.client().update_subresource(resource, subresource, object)
    }

    /// Deletes an object, if it still is the one with this UID.
    pub(crate) fn delete(&mut self, resource: &str, object: &Value) -> Result<(), Status> {
        self.delete_with(resource, object, &json!({"preconditions": {"uid": object::uid(object)}}))
    }

    /// Deletes with `DeleteOptions`.
    pub(crate) fn delete_with(
        &mut self,
        resource: &str,
        object: &Value,
        options: &Value,
    ) -> Result<(), Status> {
        let (namespace, name) = (object::namespace(object).to_owned(), object::name(object).to_owned());
        self.client().delete(resource, &namespace, &name, options)
    }

    /// Records an event under the loop's own name.
    pub(crate) fn event(&mut self, about: &Value, report: Report<'_>) {
        events::record(self.world, self.cluster, &Source::of(self.name), about, report);
    }

    /// Records an event of another source.
    pub(crate) fn event_from(&mut self, component: &'static str, about: &Value, report: Report<'_>) {
        events::record(self.world, self.cluster, &Source::of(component), about, report);
    }

    /// The sync of `key` failed: how long to wait before the next try.
    pub(crate) fn retry(&mut self, key: &str) -> Option<Duration> {
        self.retry_within(key, RETRY_FIRST, RETRY_MAX)
    }

    /// The same with other bounds.
    pub(crate) fn retry_within(&mut self, key: &str, first: Duration, max: Duration) -> Option<Duration> {
        let item = (self.name, key.to_owned());
        let failures = &mut self.memory().failures;
        let count = failures.get(&item).copied().unwrap_or(0);
        failures.insert(item, count.saturating_add(1));
        Some(first.saturating_mul(1 << count.min(20)).min(max))
    }

    /// Lets this loop look at `key` in a while, whatever else wakes it.
    pub(crate) fn wake_in(&mut self, wait: Duration, key: &str) {
        let at = self.world.now + wait;
        self.world.wake_at(at, self.cluster, self.name, key);
    }

    /// The count kept for `what`; 0 when there is none.
    pub(crate) fn count(&self, what: &str) -> i64 {
        let counts = &self.world.clusters[self.cluster].controllers.counts;
        counts.get(&(self.name, what.to_owned())).copied().unwrap_or(0)
    }

    /// Keeps a count for `what`; 0 forgets it.
    pub(crate) fn set_count(&mut self, what: &str, count: i64) {
        let item = (self.name, what.to_owned());
        if count == 0 {
            self.memory().counts.remove(&item);
        } else {
            self.memory().counts.insert(item, count);
        }
    }

    /// The numbers kept over time for `what`.
    pub(crate) fn history(&self, what: &str) -> Vector<(SimTime, i64)> {
        let histories = &self.world.clusters[self.cluster].controllers.histories;
        histories.get(&(self.name, what.to_owned())).cloned().unwrap_or_default()
    }

    /// Keeps numbers over time for `what`; those older than an hour, the longest window there is, are let go.
    pub(crate) fn set_history(&mut self, what: &str, mut history: Vector<(SimTime, i64)>) {
        let now = self.now();
        while history.front().is_some_and(|(at, _)| now.since(*at) > HISTORY_MAX) {
            history.pop_front();
        }
        let item = (self.name, what.to_owned());
        self.memory().histories.insert(item, history);
    }

    /// The pods of the set of a key as they were last looked at.
    pub(super) fn census(&self, key: &str) -> Option<Arc<Census>> {
        self.world.clusters[self.cluster].controllers.censuses.get(&(self.name, key.to_owned())).cloned()
    }

    /// Keeps the pods of a set for the next look; `None` forgets them.
    pub(super) fn keep_census(&mut self, key: &str, census: Option<Arc<Census>>) {
        let item = (self.name, key.to_owned());
        match census {
            Some(census) => drop(self.memory().censuses.insert(item, census)),
            None => drop(self.memory().censuses.remove(&item)),
        }
    }

    /// Changes an object as it is stored now; nothing happens when it is gone or `change` changes nothing.
    pub(crate) fn edit(
        &mut self,
        resource: &str,
        object: &Value,
        change: impl FnOnce(&mut Value),
    ) -> Result<(), Status> {
        let at = (object::namespace(object).to_owned(), object::name(object).to_owned());
        match self.client().edit(resource, "", (&at.0, &at.1), change) {
            Err(refusal) if refusal.code != 404 => Err(refusal),
            _ => Ok(()),
        }
    }

    /// The sync of `key` went well: the next retry waits little again.
    pub(crate) fn forget(&mut self, key: &str) {
        let item = (self.name, key.to_owned());
        if self.memory().failures.contains_key(&item) {
            self.memory().failures.remove(&item);
        }
    }

    /// When `what` was first seen, which is now unless it was marked before.
    pub(crate) fn mark(&mut self, what: &str) -> SimTime {
        let (item, now) = ((self.name, what.to_owned()), self.now());
        *self.memory().marks.entry(item).or_insert(now)
    }

    /// When `what` was marked.
    pub(crate) fn marked(&self, what: &str) -> Option<SimTime> {
        self.world.clusters[self.cluster].controllers.marks.get(&(self.name, what.to_owned())).copied()
    }

    /// Marks `what` with a time of choice.
    pub(crate) fn set_mark(&mut self, what: &str, at: SimTime) {
        let item = (self.name, what.to_owned());
        self.memory().marks.insert(item, at);
    }

    /// Forgets a mark.
    pub(crate) fn unmark(&mut self, what: &str) {
        let item = (self.name, what.to_owned());
        if self.memory().marks.contains_key(&item) {
            self.memory().marks.remove(&item);
        }
    }
}

/// `namespace/name` as its parts; the namespace is empty when there is none.
pub(crate) fn split_key(key: &str) -> (&str, &str) {
    key.split_once('/').unwrap_or(("", key))
}

/// `namespace/name`, or `name` for cluster-scoped objects.
pub(crate) fn key_of(object: &Value) -> String {
    join_key(object::namespace(object), object::name(object))
}

/// `namespace/name`, or `name` when the namespace is empty.
pub(crate) fn join_key(namespace: &str, name: &str) -> String {
    if namespace.is_empty() { name.to_owned() } else { format!("{namespace}/{name}") }
}

/// Wakes the key of an event on the loop's own resource.
pub(crate) fn wake_self(event: &Event, resource: &str, keys: &mut Vec<String>) {
    if &*event.key.resource == resource {
        keys.push(join_key(&event.key.namespace, &event.key.name));
    }
}

/// Wakes the controller of an object of `resource`, before and after the change, when it is of `kind`.
pub(crate) fn wake_owner(event: &Event, resource: &str, kind: &str, keys: &mut Vec<String>) {
    if &*event.key.resource != resource {
        return;
    }
    for object in event.previous.iter().chain([&event.object]) {
        let owner = object::controller_of(object).filter(|owner| object::field(owner, "kind") == kind);
        if let Some(owner) = owner {
            let key = join_key(&event.key.namespace, object::field(owner, "name"));
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
    }
}
