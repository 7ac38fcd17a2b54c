//! A map that is sorted by key and shared until it is changed.
//!
//! Maps of API objects have a handful of keys, for which a vector is smaller and faster than a tree. Adding keys out of
//! order one by one costs the square of their number; [`Map::from_iter`] sorts once.

use std::fmt;
use std::slice;
use std::sync::Arc;
use std::vec;

use compact_str::CompactString;

use super::Value;

/// Names of fields are short: up to 24 bytes stand in the key itself, where a comparison finds them.
pub type Key = CompactString;

/// Below this number of keys, comparing each (lengths first) is faster than a binary search.
const SCANNED_MAX: usize = 12;

/// Keys with their values, in the order of the keys' bytes.
#[derive(Clone, Default)]
pub struct Map(Option<Arc<Vec<(Key, Value)>>>);

impl Map {
    /// An empty map; it takes no memory.
    pub const fn new() -> Self {
        Self(None)
    }

    fn entries(&self) -> &[(Key, Value)] {
        self.0.as_ref().map_or(&[], |entries| entries.as_slice())
    }

    /// The entries, no longer shared with anybody.
    fn own(&mut self) -> &mut Vec<(Key, Value)> {
        Arc::make_mut(self.0.get_or_insert_default())
    }

    /// Where `key` stands, or where it belongs.
    fn search(&self, key: &str) -> Result<usize, usize> {
        let entries = self.entries();
        if entries.len() <= SCANNED_MAX
            && let Some(at) = entries.iter().position(|(name, _)| name == key)
        {
            return Ok(at);
        }
        // Whoever builds a map mostly adds behind its end.
        if entries.last().is_none_or(|(last, _)| last.as_str() < key) {
            return Err(entries.len());
        }
        entries.binary_search_by(|(name, _)| name.as_str().cmp(key))
    }

    fn position(&self, key: &str) -> Option<usize> {
        let entries = self.entries();
        if entries.len() <= SCANNED_MAX {
            return entries.iter().position(|(name, _)| name == key);
        }
        entries.binary_search_by(|(name, _)| name.as_str().cmp(key)).ok()
    }

    /// Whether both are one and the same memory.
    pub fn is_shared_with(&self, other: &Map) -> bool {
        match (&self.0, &other.0) {
            (Some(own), Some(other)) => Arc::ptr_eq(own, other),
            (own, other) => own.is_none() && other.is_none(),
        }
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.entries().len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.entries().is_empty()
    }

    /// Whether `key` is there.
    pub fn contains_key(&self, key: &str) -> bool {
        self.position(key).is_some()
    }

    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<&Value> {
        let at = self.position(key)?;
        Some(&self.entries().get(at)?.1)
    }

    /// As [`Map::get`], to change it.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        let at = self.position(key)?;
        Some(&mut self.own().get_mut(at)?.1)
    }

    /// `key` as it stands in the map, and its value.
    pub fn get_key_value(&self, key: &str) -> Option<(&Key, &Value)> {
        let at = self.position(key)?;
        self.entries().get(at).map(|(name, value)| (name, value))
    }

    /// Sets `key`; what stood there before.
    pub fn insert(&mut self, key: Key, value: Value) -> Option<Value> {
        match self.search(&key) {
            Ok(at) => Some(std::mem::replace(&mut self.own()[at].1, value)),
            Err(at) => {
                self.own().insert(at, (key, value));
                None
            }
        }
    }

    /// Takes `key` out; what stood there.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        self.remove_entry(key).map(|(_, value)| value)
    }

    /// As [`Map::remove`], with the key.
    pub fn remove_entry(&mut self, key: &str) -> Option<(Key, Value)> {
        let at = self.position(key)?;
        Some(self.own().remove(at))
    }

    /// Takes every key out.
    pub fn clear(&mut self) {
        self.0 = None;
    }

    /// Keeps the entries that `keep` is true for.
    pub fn retain(&mut self, mut keep: impl FnMut(&Key, &mut Value) -> bool) {
        if !self.is_empty() {
            self.own().retain_mut(|(key, value)| keep(key, value));
        }
    }

    /// Moves every entry of `other` here.
    pub fn append(&mut self, other: &mut Map) {
        self.extend(std::mem::take(other));
    }

    /// The place of `key`, whether there is something or not.
    pub fn entry(&mut self, key: impl AsRef<str> + Into<Key>) -> Entry<'_> {
        match self.search(key.as_ref()) {
            Ok(at) => Entry { map: self, at, key: None },
            Err(at) => Entry { map: self, at, key: Some(key.into()) },
        }
    }

    /// Keys and values, sorted.
    pub fn iter(&self) -> Iter<'_> {
        Iter(self.entries().iter())
    }

    /// As [`Map::iter`], to change the values.
    pub fn iter_mut(&mut self) -> IterMut<'_> {
        if self.is_empty() { IterMut([].iter_mut()) } else { IterMut(self.own().iter_mut()) }
    }

    /// The keys, sorted.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &Key> + ExactSizeIterator + Clone {
        self.entries().iter().map(|(key, _)| key)
    }

    /// The values in the order of their keys.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &Value> + ExactSizeIterator + Clone {
        self.entries().iter().map(|(_, value)| value)
    }

    /// As [`Map::values`], to change them.
    pub fn values_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut Value> + ExactSizeIterator {
        self.iter_mut().map(|(_, value)| value)
    }

    /// The values in the order of their keys.
    pub fn into_values(self) -> impl DoubleEndedIterator<Item = Value> + ExactSizeIterator {
        self.into_iter().map(|(_, value)| value)
    }
}

/// One key's place in a map.
pub struct Entry<'a> {
    map: &'a mut Map,
    at: usize,
    /// What to add there, if nothing stands there.
    key: Option<Key>,
}

impl<'a> Entry<'a> {
    /// The value there; `value` if there was none.
    pub fn or_insert(self, value: Value) -> &'a mut Value {
        self.or_insert_with(|| value)
    }

    /// The value there; the one that `value` makes if there was none.
    pub fn or_insert_with(self, value: impl FnOnce() -> Value) -> &'a mut Value {
        let entries = self.map.own();
        if let Some(key) = self.key {
            entries.insert(self.at, (key, value()));
        }
        &mut entries[self.at].1
    }

    /// The value there; null if there was none.
    pub fn or_default(self) -> &'a mut Value {
        self.or_insert(Value::Null)
    }
}

/// Keys and values of a map, sorted.
#[derive(Clone)]
pub struct Iter<'a>(slice::Iter<'a, (Key, Value)>);

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a Key, &'a Value);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(key, value)| (key, value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl DoubleEndedIterator for Iter<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.0.next_back().map(|(key, value)| (key, value))
    }
}

impl ExactSizeIterator for Iter<'_> {}

/// As [`Iter`], to change the values.
pub struct IterMut<'a>(slice::IterMut<'a, (Key, Value)>);

impl<'a> Iterator for IterMut<'a> {
    type Item = (&'a Key, &'a mut Value);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(key, value)| (&*key, value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl DoubleEndedIterator for IterMut<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.0.next_back().map(|(key, value)| (&*key, value))
    }
}

impl ExactSizeIterator for IterMut<'_> {}

impl<'a> IntoIterator for &'a Map {
    type Item = (&'a Key, &'a Value);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

impl<'a> IntoIterator for &'a mut Map {
    type Item = (&'a Key, &'a mut Value);
    type IntoIter = IterMut<'a>;

    fn into_iter(self) -> IterMut<'a> {
        self.iter_mut()
    }
}

impl IntoIterator for Map {
    type Item = (Key, Value);
    type IntoIter = vec::IntoIter<(Key, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.map(Arc::unwrap_or_clone).unwrap_or_default().into_iter()
    }
}

impl From<Vec<(Key, Value)>> for Map {
    /// The last of several equal keys counts.
    fn from(mut entries: Vec<(Key, Value)>) -> Self {
        if entries.is_empty() {
            return Self::new();
        }
        if !entries.is_sorted_by(|(before, _), (after, _)| before < after) {
            entries.sort_by(|(one, _), (other, _)| one.cmp(other));
            entries.dedup_by(|later, earlier| {
                let is_same = later.0 == earlier.0;
                if is_same {
                    std::mem::swap(later, earlier);
                }
                is_same
            });
        }
        Self(Some(Arc::new(entries)))
    }
}

impl FromIterator<(Key, Value)> for Map {
    fn from_iter<T: IntoIterator<Item = (Key, Value)>>(entries: T) -> Self {
        Self::from(entries.into_iter().collect::<Vec<_>>())
    }
}

impl FromIterator<(String, Value)> for Map {
    fn from_iter<T: IntoIterator<Item = (String, Value)>>(entries: T) -> Self {
        entries.into_iter().map(|(key, value)| (Key::from(key), value)).collect()
    }
}

impl Extend<(Key, Value)> for Map {
    fn extend<T: IntoIterator<Item = (Key, Value)>>(&mut self, entries: T) {
        for (key, value) in entries {
            self.insert(key, value);
        }
    }
}

impl PartialEq for Map {
    fn eq(&self, other: &Self) -> bool {
        self.is_shared_with(other) || self.entries() == other.entries()
    }
}

impl Eq for Map {}

impl std::hash::Hash for Map {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.entries().hash(state);
    }
}

impl std::ops::Index<&str> for Map {
    type Output = Value;

    /// # Panics
    /// If there is no such key.
    fn index(&self, key: &str) -> &Value {
        self.get(key).unwrap_or_else(|| panic!("no key {key:?}"))
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_map().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_the_map_of_the_standard_library(steps in prop::collection::vec((0_u8..4, 0_u8..40, any::<u8>()), 0..120)) {
            let mut own = Map::new();
            let mut model = BTreeMap::new();
            for (step, key, value) in steps {
                let (key, value) = (Key::from(format!("k{key}")), Value::from(value));
                match step {
                    0 => prop_assert_eq!(own.remove(&key), model.remove(&key)),
                    1 => prop_assert_eq!(&*own.entry(key.clone()).or_insert(value.clone()), &*model.entry(key).or_insert(value)),
                    _ => prop_assert_eq!(own.insert(key.clone(), value.clone()), model.insert(key, value)),
                }
                prop_assert!(own.iter().eq(model.iter()));
            }
            prop_assert_eq!(model.into_iter().collect::<Map>(), own);
        }

        #[test]
        fn the_last_of_equal_keys_counts(entries in prop::collection::vec((0_u8..9, any::<u8>()), 0..30)) {
            let named: Vec<(Key, Value)> = entries.into_iter().map(|(key, value)| (key.to_string().into(), value.into())).collect();
            let model: BTreeMap<Key, Value> = named.iter().cloned().collect();
            prop_assert!(Map::from(named).iter().eq(model.iter()));
        }
    }
}
