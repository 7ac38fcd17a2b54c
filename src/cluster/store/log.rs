//! The changes that watches read, oldest first. What lies far back is kept as JSON text, which takes a tenth of the
//! memory of a tree and is seldom asked for.
//!
//! It does not know which objects there are now.

use std::borrow::Cow;
use std::sync::Arc;

use imbl::Vector;
use serde_json::Value;

use super::{Change, Event, Key, Object};
use crate::apimachinery::object;
use crate::sim::limits::WATCH_LOG_MAX;

/// Changes that are kept as trees: control loops and followed watches are never further behind.
const FRESH_MAX: usize = 1_000;

/// The last [`WATCH_LOG_MAX`] changes. Their revisions have no holes.
#[derive(Clone, Debug, Default)]
pub(super) struct Log {
    entries: Vector<Entry>,
}

#[derive(Clone, Debug)]
enum Entry {
    Fresh(Event),
    Packed(Packed),
}

/// An [`Event`] whose objects are JSON text.
#[derive(Clone, Debug)]
struct Packed {
    revision: u64,
    change: Change,
    key: Key,
    object: Arc<[u8]>,
    previous: Option<Arc<[u8]>>,
}

impl Entry {
    fn revision(&self) -> u64 {
        match self {
            Self::Fresh(event) => event.revision,
            Self::Packed(packed) => packed.revision,
        }
    }

    fn event(&self) -> Cow<'_, Event> {
        match self {
            Self::Fresh(event) => Cow::Borrowed(event),
            Self::Packed(packed) => Cow::Owned(Event {
                revision: packed.revision,
                change: packed.change,
                key: packed.key.clone(),
                object: unpacked(&packed.object),
                previous: packed.previous.as_deref().map(unpacked),
            }),
        }
    }
}

/// A tree always has a text, and that text is always a tree again.
fn packed(tree: &Value) -> Arc<[u8]> {
    serde_json::to_vec(tree).unwrap_or_default().into()
}

fn unpacked(text: &[u8]) -> Object {
    Arc::new(serde_json::from_slice(text).unwrap_or_default())
}

impl Log {
    /// The revision of the oldest change that is remembered.
    pub(super) fn oldest(&self) -> Option<u64> {
        self.entries.front().map(Entry::revision)
    }

    /// All changes but the first `skip`.
    pub(super) fn skip(&self, skip: usize) -> impl Iterator<Item = Cow<'_, Event>> {
        // By index, because skipping an iterator would walk over all that is skipped.
        (skip.min(self.entries.len())..self.entries.len())
            .filter_map(|index| self.entries.get(index))
            .map(Entry::event)
    }

    /// Adds the latest change; the oldest one is forgotten when there are too many.
    pub(super) fn push(&mut self, event: Event) {
        self.entries.push_back(Entry::Fresh(event));
        if self.entries.len() > WATCH_LOG_MAX {
            self.entries.pop_front();
        }
        if let Some(stale) = self.entries.len().checked_sub(FRESH_MAX + 1) {
            self.pack(stale);
        }
    }

    fn pack(&mut self, index: usize) {
        let Some(Entry::Fresh(event)) = self.entries.get(index) else { return };
        let packed = Packed {
            revision: event.revision,
            change: event.change,
            key: event.key.clone(),
            object: packed(&event.object),
            previous: event.previous.as_deref().map(|it| self.packed_before(it)),
        };
        self.entries.set(index, Entry::Packed(packed));
    }

    /// The text of a version that an earlier change may have packed already.
    fn packed_before(&self, version: &Value) -> Arc<[u8]> {
        let revision = object::text(version, "/metadata/resourceVersion").parse::<u64>().ok();
        let place = revision
            .zip(self.oldest())
            .and_then(|(at, oldest)| usize::try_from(at.checked_sub(oldest)?).ok());
        match place.and_then(|it| self.entries.get(it)) {
            Some(Entry::Packed(earlier)) => earlier.object.clone(),
            _ => packed(version),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cluster::store::Store;

    #[test]
    fn what_lies_far_back_reads_as_it_was() {
        let mut store = Store::default();
        let key = Key::new("configmaps", "default", "a");
        for count in 0..FRESH_MAX + 20 {
            store.put(&key, json!({"metadata": {"name": "a"}, "data": {"count": count, "half": 0.5}}));
        }
        let events: Vec<Event> = store.since(0).unwrap().map(Cow::into_owned).collect();
        assert_eq!(events.len(), FRESH_MAX + 20);
        for (count, pair) in events.windows(2).enumerate() {
            assert_eq!(pair[0].object["data"]["count"], count);
            assert_eq!(pair[1].previous.as_ref(), Some(&pair[0].object));
            assert_eq!(pair[0].revision + 1, pair[1].revision);
        }
    }
}
