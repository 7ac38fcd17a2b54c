//! The keyspace of one cluster: every object, a revision that only grows, and the changes that
//! watches read. A clone is a snapshot.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::ops::Bound;
use std::sync::Arc;

use imbl::{OrdMap, Vector};

use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::sim::limits::WATCH_LOG_MAX;

/// A stored object. Readers share it; a change puts a new one in its place.
pub(crate) type Object = Arc<Value>;

/// Where an object is stored.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    /// Group-resource: `pods`, `deployments.apps`.
    pub(crate) resource: Arc<str>,
    /// Empty for cluster-scoped objects.
    pub(crate) namespace: Arc<str>,
    pub(crate) name: Arc<str>,
}

impl Key {
    /// A key from its three parts; `namespace` is empty for cluster-scoped objects.
    pub(crate) fn new(resource: &str, namespace: &str, name: &str) -> Self {
        Self { resource: resource.into(), namespace: namespace.into(), name: name.into() }
    }
}

/// What happened to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Added,
    Modified,
    Deleted,
}

/// One entry of the watch log.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) revision: u64,
    pub(crate) change: Change,
    pub(crate) key: Key,
    /// The object after the change; for a deletion as it last was, with the revision of its end.
    pub(crate) object: Object,
    pub(crate) previous: Option<Object>,
}

impl Event {
    /// An object as a fresh list shows it.
    pub(crate) fn listed(resource: &str, object: &Object) -> Self {
        Self {
            revision: 0,
            change: Change::Added,
            key: Key::new(resource, object::namespace(object), object::name(object)),
            object: object.clone(),
            previous: None,
        }
    }
}

/// Objects that an index leads to.
type Indexed = OrdMap<Key, Object>;

type Table = OrdMap<(Arc<str>, Arc<str>), Row>;

/// Namespace and name, whoever owns the text, so that looking something up copies nothing.
trait Slot {
    fn parts(&self) -> (&str, &str);
}

impl Slot for (Arc<str>, Arc<str>) {
    fn parts(&self) -> (&str, &str) {
        (&self.0, &self.1)
    }
}

impl Slot for (&str, &str) {
    fn parts(&self) -> (&str, &str) {
        *self
    }
}

impl<'a> Borrow<dyn Slot + 'a> for (Arc<str>, Arc<str>) {
    fn borrow(&self) -> &(dyn Slot + 'a) {
        self
    }
}

impl PartialEq for dyn Slot + '_ {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }
}

impl Eq for dyn Slot + '_ {}

impl PartialOrd for dyn Slot + '_ {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for dyn Slot + '_ {
    fn cmp(&self, other: &Self) -> Ordering {
        self.parts().cmp(&other.parts())
    }
}

/// With what a value is encrypted in etcd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seal {
    /// `k8s:enc:aescbc:v1:key1:`.
    pub(crate) prefix: Arc<str>,
    /// The key, in base64.
    pub(crate) secret: Arc<str>,
}

/// An object and what etcd counts of its key.
#[derive(Clone, Debug)]
struct Row {
    object: Object,
    seal: Option<Seal>,
    counts: Counts,
}

/// What etcd counts of a key since it was last created.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// The revision of its creation.
    pub(crate) created: u64,
    /// How often it was written, the creation included.
    pub(crate) version: u64,
}

/// All objects of a cluster.
#[derive(Clone, Debug, Default)]
pub(crate) struct Store {
    tables: OrdMap<Arc<str>, Table>,
    /// Goes up by one with every change, as etcd's revision does. Only `put` and `delete` move it.
    revision: u64,
    log: Vector<Event>,
    /// By the UID of each owner.
    owned: OrdMap<Arc<str>, Indexed>,
    /// Pods by `spec.nodeName`.
    on_node: OrdMap<Arc<str>, Indexed>,
    /// Objects that a controller could adopt, by resource and namespace.
    orphans: OrdMap<(Arc<str>, Arc<str>), Indexed>,
    /// Whether a value was ever encrypted.
    sealed: bool,
}

/// Resources whose objects are adopted by controllers when their labels fit.
const ADOPTABLE: &[&str] = &["pods", "replicasets.apps", "controllerrevisions.apps"];

impl Store {
    /// A keyspace as a snapshot holds it: objects with the revision they were taken at, and no log.
    pub(crate) fn restored(
        objects: impl Iterator<Item = (Key, Value, Counts, Option<Seal>)>,
        revision: u64,
    ) -> Self {
        let mut store = Self { revision, ..Self::default() };
        for (key, object, counts, seal) in objects {
            let object: Object = Arc::new(object);
            store.sealed |= seal.is_some();
            store.index(&key, &object);
            let slot = (key.namespace.clone(), key.name.clone());
            store.tables.entry(key.resource.clone()).or_default().insert(slot, Row { object, seal, counts });
        }
        store
    }

    /// The revision of the latest change.
    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    /// One object.
    pub(crate) fn get(&self, key: &Key) -> Option<&Object> {
        self.row(key).map(|row| &row.object)
    }

    /// How often a key was written, and since when.
    pub(crate) fn counts(&self, key: &Key) -> Option<Counts> {
        self.row(key).map(|row| row.counts)
    }

    /// With what a key's value is encrypted; `None` in the clear.
    pub(crate) fn seal(&self, key: &Key) -> Option<&Seal> {
        self.row(key)?.seal.as_ref()
    }

    /// Whether a value may be encrypted.
    pub(crate) fn has_seals(&self) -> bool {
        self.sealed
    }

    fn row(&self, key: &Key) -> Option<&Row> {
        let slot: &dyn Slot = &(&*key.namespace, &*key.name);
        self.tables.get(&key.resource)?.get(slot)
    }

    /// One object by its parts.
    pub(crate) fn find(&self, resource: &str, namespace: &str, name: &str) -> Option<&Object> {
        let slot: &dyn Slot = &(namespace, name);
        self.tables.get(resource)?.get(slot).map(|row| &row.object)
    }

    /// All objects of a resource by namespace and name; of one namespace when `namespace` is not empty.
    pub(crate) fn list<'a>(&'a self, resource: &str, namespace: &'a str) -> impl Iterator<Item = &'a Object> {
        let from = (Arc::<str>::from(namespace), Arc::<str>::from(""));
        self.tables
            .get(resource)
            .into_iter()
            .flat_map(move |table| table.range(from.clone()..))
            .take_while(move |((ns, _), _)| namespace.is_empty() || &**ns == namespace)
            .map(|(_, row)| &row.object)
    }

    /// As [`Self::list`], from behind the object of that namespace and name.
    pub(crate) fn list_after<'a>(
        &'a self,
        resource: &str,
        namespace: &'a str,
        (after_namespace, after_name): (&str, &str),
    ) -> impl Iterator<Item = &'a Object> {
        let from = (Arc::<str>::from(after_namespace), Arc::<str>::from(after_name));
        self.tables
            .get(resource)
            .into_iter()
            .flat_map(move |table| table.range((Bound::Excluded(from.clone()), Bound::Unbounded)))
            .take_while(move |((ns, _), _)| namespace.is_empty() || &**ns == namespace)
            .map(|(_, row)| &row.object)
    }

    /// How many objects a resource has in all namespaces.
    pub(crate) fn count(&self, resource: &str) -> usize {
        self.tables.get(resource).map_or(0, OrdMap::len)
    }

    /// Group-resources that have, or had, an object.
    pub(crate) fn resources(&self) -> impl Iterator<Item = &Arc<str>> {
        self.tables.keys()
    }

    /// Objects that name `uid` as an owner.
    pub(crate) fn owned_by(&self, uid: &str) -> impl Iterator<Item = &Object> {
        self.owned.get(uid).into_iter().flat_map(Indexed::values)
    }

    /// Keys of the objects that name `uid` as an owner.
    pub(crate) fn keys_owned_by(&self, uid: &str) -> impl Iterator<Item = &Key> {
        self.owned.get(uid).into_iter().flat_map(Indexed::keys)
    }

    /// Pods bound to a node.
    pub(crate) fn pods_on(&self, node: &str) -> impl Iterator<Item = &Object> {
        self.on_node.get(node).into_iter().flat_map(Indexed::values)
    }

    /// Objects of an adoptable resource in a namespace that have no controller.
    pub(crate) fn orphans(&self, resource: &str, namespace: &str) -> impl Iterator<Item = &Object> {
        let at = (Arc::from(resource), Arc::from(namespace));
        self.orphans.get(&at).into_iter().flat_map(Indexed::values)
    }

    /// Stores `object`, whose `metadata.resourceVersion` is set to the new revision.
    pub(crate) fn put(&mut self, key: &Key, object: Value) -> Object {
        self.put_sealed(key, object, None)
    }

    /// As [`Self::put`], encrypted.
    pub(crate) fn put_sealed(&mut self, key: &Key, mut object: Value, seal: Option<Seal>) -> Object {
        self.revision += 1;
        object::set(&mut object, &["metadata", "resourceVersion"], self.revision.to_string());
        let object: Object = Arc::new(object);
        let slot = (key.namespace.clone(), key.name.clone());
        let table = self.tables.entry(key.resource.clone()).or_default();
        let counts = match table.get(&slot) {
            Some(row) => Counts { version: row.counts.version + 1, ..row.counts },
            None => Counts { created: self.revision, version: 1 },
        };
        self.sealed |= seal.is_some();
        let row = Row { object: object.clone(), seal, counts };
        let previous = table.insert(slot, row).map(|row| row.object);
        if let Some(before) = &previous {
            self.unindex(key, before, Some(&object));
        }
        self.index(key, &object);
        let change = if previous.is_some() { Change::Modified } else { Change::Added };
        self.record(Event {
            revision: self.revision,
            change,
            key: key.clone(),
            object: object.clone(),
            previous,
        });
        object
    }

    /// Takes an object away; `None` when there is none. What it returns carries the revision of its end.
    pub(crate) fn delete(&mut self, key: &Key) -> Option<Object> {
        let slot = (key.namespace.clone(), key.name.clone());
        let previous = self.tables.get_mut(&key.resource)?.remove(&slot)?.object;
        self.unindex(key, &previous, None);
        self.revision += 1;
        let mut last = (*previous).clone();
        object::set(&mut last, &["metadata", "resourceVersion"], self.revision.to_string());
        let last: Object = Arc::new(last);
        self.record(Event {
            revision: self.revision,
            change: Change::Deleted,
            key: key.clone(),
            object: last.clone(),
            previous: Some(previous),
        });
        Some(last)
    }

    /// Changes after `revision`, oldest first; `None` when some of them are forgotten already.
    pub(crate) fn since(&self, revision: u64) -> Option<impl Iterator<Item = &Event>> {
        let oldest = self.log.front().map_or(self.revision + 1, |event| event.revision);
        if revision + 1 < oldest && revision < self.revision {
            return None;
        }
        // Revisions in the log have no holes, so the place of one is its distance from the oldest.
        let skip = usize::try_from((revision + 1).saturating_sub(oldest)).unwrap_or(usize::MAX);
        // By index, because skipping an iterator would walk over all that is skipped.
        Some((skip.min(self.log.len())..self.log.len()).filter_map(|index| self.log.get(index)))
    }

    /// The revision from which on [`Self::since`] knows all changes.
    pub(crate) fn oldest(&self) -> u64 {
        self.log.front().map_or(self.revision, |event| event.revision.saturating_sub(1))
    }

    fn record(&mut self, event: Event) {
        self.log.push_back(event);
        if self.log.len() > WATCH_LOG_MAX {
            self.log.pop_front();
        }
    }

    fn index(&mut self, key: &Key, object: &Object) {
        for owner in object::list(object, "/metadata/ownerReferences") {
            let owned = self.owned.entry(object::field(owner, "uid").into()).or_default();
            owned.insert(key.clone(), object.clone());
        }
        if let Some(node) = node_of(key, object) {
            self.on_node.entry(node.into()).or_default().insert(key.clone(), object.clone());
        }
        if is_orphan(key, object) {
            let at = (key.resource.clone(), key.namespace.clone());
            self.orphans.entry(at).or_default().insert(key.clone(), object.clone());
        }
    }

    /// Takes an object out of the indexes that `next` will not be put into.
    fn unindex(&mut self, key: &Key, object: &Value, next: Option<&Value>) {
        let owners = |it| object::list(it, "/metadata/ownerReferences");
        if next.is_none_or(|next| owners(next) != owners(object)) {
            for owner in owners(object) {
                drop_from(&mut self.owned, object::field(owner, "uid"), key);
            }
        }
        if let Some(node) =
            node_of(key, object).filter(|it| next.and_then(|next| node_of(key, next)) != Some(it))
        {
            drop_from(&mut self.on_node, node, key);
        }
        if is_orphan(key, object) && !next.is_some_and(|next| is_orphan(key, next)) {
            drop_from(&mut self.orphans, &(key.resource.clone(), key.namespace.clone()), key);
        }
    }
}

/// The node that a pod is bound to.
fn node_of<'a>(key: &Key, object: &'a Value) -> Option<&'a str> {
    let node = if &*key.resource == "pods" { object::text(object, "/spec/nodeName") } else { "" };
    Some(node).filter(|it| !it.is_empty())
}

fn is_orphan(key: &Key, object: &Value) -> bool {
    ADOPTABLE.contains(&&*key.resource) && object::controller_of(object).is_none()
}

fn drop_from<K, Q>(index: &mut OrdMap<K, Indexed>, at: &Q, key: &Key)
where
    K: Ord + Clone + Borrow<Q>,
    Q: Ord + ?Sized,
{
    let empty = index.get_mut(at).is_some_and(|keys| {
        keys.remove(key);
        keys.is_empty()
    });
    if empty {
        index.remove(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::json::json;

    fn pod(name: &str, node: &str) -> (Key, Value) {
        let object = json!({"metadata": {"name": name, "ownerReferences": [{"uid": "u1"}]}, "spec": {"nodeName": node}});
        (Key::new("pods", "default", name), object)
    }

    #[test]
    fn revisions_grow_and_watches_read_on() {
        let mut store = Store::default();
        let (key, object) = pod("a", "node01");
        store.put(&key, object.clone());
        store.put(&key, object);
        store.delete(&key);
        let seen: Vec<_> = store.since(1).unwrap().map(|event| (event.revision, event.change)).collect();
        assert_eq!(seen, [(2, Change::Modified), (3, Change::Deleted)]);
        assert_eq!(store.since(3).unwrap().count(), 0);
    }

    #[test]
    fn indexes_follow_the_objects() {
        let mut store = Store::default();
        let (key, object) = pod("a", "");
        store.put(&key, object);
        assert_eq!((store.pods_on("node01").count(), store.owned_by("u1").count()), (0, 1));
        store.put(&key, pod("a", "node01").1);
        assert_eq!((store.pods_on("node01").count(), store.owned_by("u1").count()), (1, 1));
        store.delete(&key);
        assert_eq!((store.pods_on("node01").count(), store.owned_by("u1").count()), (0, 0));
    }

    #[test]
    fn a_clone_is_a_snapshot() {
        let mut store = Store::default();
        let (key, object) = pod("a", "");
        store.put(&key, object);
        let before = store.clone();
        store.delete(&key);
        assert!(before.get(&key).is_some() && store.get(&key).is_none());
    }
}
