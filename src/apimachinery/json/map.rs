//! A map that is sorted by key and shared until it is changed.
//!
//! Maps of API objects have a handful of keys, for which one piece of memory is smaller and faster than a tree: a map of
//! up to [`FEW`] keys is that. Larger ones are trees.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;
use std::iter;
use std::mem;
use std::sync::Arc;

use compact_str::CompactString;
use triomphe::HeaderSlice;

use super::Value;
use super::entries::{IntoIter, Iter, IterMut};

/// Names of fields are short: up to 24 bytes stand in the key itself, where a comparison finds them.
pub type Key = CompactString;

/// More keys than this make a tree.
const FEW: usize = 16;

/// A byte of each key, which tells most others apart: a look for a key reads that key's entry alone, and one for a
/// missing key reads none.
type Marks = [u8; FEW];

/// Marks and sorted entries, side by side.
type Few = triomphe::Arc<HeaderSlice<Marks, [(Key, Value)]>>;

/// Keys with their values, in the order of the keys' bytes.
#[derive(Clone)]
pub struct Map(Entries);

#[derive(Clone)]
enum Entries {
    Few(Few),
    /// None: there is no entry, which takes no memory.
    Many(Option<Arc<BTreeMap<Key, Value>>>),
}

/// Letters at three places, and the length.
fn mark(key: &str) -> u8 {
    let bytes = key.as_bytes();
    let [first, .., last] = bytes else { return key.len() as u8 ^ bytes.first().copied().unwrap_or(0) };
    let middle = bytes[bytes.len() / 2];
    let ends = first.wrapping_mul(5) ^ last.wrapping_mul(13);
    ends ^ middle.wrapping_mul(29) ^ (bytes.len() as u8).wrapping_mul(67)
}

/// Where the key of a few stands.
fn position(few: &HeaderSlice<Marks, [(Key, Value)]>, key: &str) -> Option<usize> {
    const ONES: u128 = u128::from_le_bytes([1; FEW]);
    const TOPS: u128 = ONES << 7;
    // The marks that are equal have become zero, and the top bit of each zero is set in `hits`. Bits above the lowest
    // one may be wrong, which the comparison of the keys finds out.
    let others = u128::from_le_bytes(few.header) ^ (ONES * u128::from(mark(key)));
    let mut hits = others.wrapping_sub(ONES) & !others & TOPS;
    while hits != 0 {
        let at = hits.trailing_zeros() as usize / 8;
        // Behind the last entry there are marks of no key.
        if few.slice.get(at)?.0 == key {
            return Some(at);
        }
        hits &= hits - 1;
    }
    None
}

fn few(entries: impl ExactSizeIterator<Item = (Key, Value)>) -> Few {
    let mut made = Few::from_header_and_iter([0; FEW], entries);
    if let Some(HeaderSlice { header, slice }) = Few::get_mut(&mut made) {
        for (mine, (key, _)) in header.iter_mut().zip(&*slice) {
            *mine = mark(key);
        }
    }
    made
}

/// One entry, moved out if nobody else has the map.
fn taken(few: &mut Few, at: usize) -> (Key, Value) {
    match Few::get_mut(few) {
        Some(own) => mem::take(&mut own.slice[at]),
        None => few.slice[at].clone(),
    }
}

fn all_taken(mut few: Few) -> impl ExactSizeIterator<Item = (Key, Value)> {
    (0..few.slice.len()).map(move |at| taken(&mut few, at))
}

/// The entries, no longer shared with anybody.
fn own(shared: &mut Few) -> &mut [(Key, Value)] {
    if !shared.is_unique() {
        *shared = Few::from_header_and_iter(shared.header, shared.slice.iter().cloned());
    }
    // The lines above made it the only one.
    Few::get_mut(shared).map_or(&mut [], |own| &mut own.slice)
}

impl Map {
    /// An empty map; it takes no memory.
    pub const fn new() -> Self {
        Self(Entries::Many(None))
    }

    /// Of sorted entries without equal keys.
    fn of_sorted(entries: Vec<(Key, Value)>) -> Self {
        Self(match entries.len() {
            0 => Entries::Many(None),
            1..=FEW => Entries::Few(few(entries.into_iter())),
            _ => Entries::Many(Some(Arc::new(entries.into_iter().collect()))),
        })
    }

    /// Whether both are one and the same memory.
    pub fn is_shared_with(&self, other: &Map) -> bool {
        match (&self.0, &other.0) {
            (Entries::Few(own), Entries::Few(other)) => Few::ptr_eq(own, other),
            (Entries::Many(Some(own)), Entries::Many(Some(other))) => Arc::ptr_eq(own, other),
            (Entries::Many(own), Entries::Many(other)) => own.is_none() && other.is_none(),
            _ => false,
        }
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        match &self.0 {
            Entries::Few(few) => few.slice.len(),
            Entries::Many(many) => many.as_ref().map_or(0, |tree| tree.len()),
        }
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether `key` is there.
    pub fn contains_key(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<&Value> {
        match &self.0 {
            Entries::Few(few) => Some(&few.slice.get(position(few, key)?)?.1),
            Entries::Many(many) => many.as_ref()?.get(key),
        }
    }

    /// As [`Map::get`], to change it.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        match &mut self.0 {
            Entries::Few(few) => {
                let at = position(few, key)?;
                Some(&mut own(few).get_mut(at)?.1)
            }
            // What is not there is not worth a copy.
            Entries::Many(many) => {
                let tree = many.as_mut().filter(|tree| tree.contains_key(key))?;
                Arc::make_mut(tree).get_mut(key)
            }
        }
    }

    /// `key` as it stands in the map, and its value.
    pub fn get_key_value(&self, key: &str) -> Option<(&Key, &Value)> {
        match &self.0 {
            Entries::Few(few) => few.slice.get(position(few, key)?).map(|(key, value)| (key, value)),
            Entries::Many(many) => many.as_ref()?.get_key_value(key),
        }
    }

    /// Sets `key`; what stood there before.
    pub fn insert(&mut self, key: Key, value: Value) -> Option<Value> {
        if let Some(place) = self.get_mut(&key) {
            return Some(mem::replace(place, value));
        }
        self.add(key, value);
        None
    }

    /// Adds a key that is not there.
    fn add(&mut self, key: Key, value: Value) -> &mut Value {
        let full = match mem::take(self).0 {
            Entries::Few(old) if old.slice.len() < FEW => return self.add_to_few(old, key, value),
            Entries::Few(old) => Arc::new(all_taken(old).collect()),
            Entries::Many(Some(tree)) => tree,
            Entries::Many(None) => return self.set_few(few(iter::once((key, value))), 0),
        };
        self.0 = Entries::Many(Some(full));
        match &mut self.0 {
            Entries::Many(Some(tree)) => Arc::make_mut(tree).entry(key).or_insert(value),
            // The line above made it a tree.
            _ => unreachable!("not a tree"),
        }
    }

    fn add_to_few(&mut self, mut old: Few, key: Key, value: Value) -> &mut Value {
        // Whoever builds a map mostly adds behind its end.
        let is_last = old.slice.last().is_none_or(|(last, _)| *last < key);
        let at = if is_last { old.slice.len() } else { old.slice.partition_point(|(name, _)| *name < key) };
        let mut new = Some((key, value));
        let made = few((0..old.slice.len() + 1).map(|place| match place.cmp(&at) {
            Ordering::Less => taken(&mut old, place),
            Ordering::Equal => new.take().unwrap_or_default(),
            Ordering::Greater => taken(&mut old, place - 1),
        }));
        self.set_few(made, at)
    }

    /// Becomes a few; the value at a place of it.
    fn set_few(&mut self, made: Few, at: usize) -> &mut Value {
        self.0 = Entries::Few(made);
        match &mut self.0 {
            Entries::Few(few) => &mut own(few)[at].1,
            // The line above made it a few.
            Entries::Many(_) => unreachable!("not a few"),
        }
    }

    /// Takes `key` out; what stood there.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        self.remove_entry(key).map(|(_, value)| value)
    }

    /// As [`Map::remove`], with the key.
    pub fn remove_entry(&mut self, key: &str) -> Option<(Key, Value)> {
        match &mut self.0 {
            Entries::Few(old) => {
                let at = position(old, key)?;
                let out = taken(old, at);
                *self = match old.slice.len() {
                    1 => Self::new(),
                    len => {
                        let left = (0..len - 1).map(|place| taken(old, place + usize::from(place >= at)));
                        Self(Entries::Few(few(left)))
                    }
                };
                Some(out)
            }
            Entries::Many(many) => {
                let tree = many.as_mut().filter(|tree| tree.contains_key(key))?;
                Arc::make_mut(tree).remove_entry(key)
            }
        }
    }

    /// Takes every key out.
    pub fn clear(&mut self) {
        *self = Self::new();
    }

    /// Keeps the entries that `keep` is true for.
    pub fn retain(&mut self, mut keep: impl FnMut(&Key, &mut Value) -> bool) {
        match &mut self.0 {
            Entries::Few(few) => {
                let kept: Vec<bool> = own(few).iter_mut().map(|(key, value)| keep(key, value)).collect();
                if kept.contains(&false) {
                    let left = mem::take(self).into_iter().zip(kept).filter(|(_, kept)| *kept);
                    *self = Self::of_sorted(left.map(|(entry, _)| entry).collect());
                }
            }
            Entries::Many(Some(tree)) => Arc::make_mut(tree).retain(keep),
            Entries::Many(None) => {}
        }
    }

    /// Moves every entry of `other` here.
    pub fn append(&mut self, other: &mut Map) {
        self.extend(mem::take(other));
    }

    /// The place of `key`, whether there is something or not.
    pub fn entry(&mut self, key: impl AsRef<str> + Into<Key>) -> Entry<'_> {
        let key = if self.contains_key(key.as_ref()) { Err(key.into()) } else { Ok(key.into()) };
        Entry { map: self, key }
    }

    /// Keys and values, sorted.
    pub fn iter(&self) -> Iter<'_> {
        match &self.0 {
            Entries::Few(few) => Iter::Few(few.slice.iter()),
            Entries::Many(Some(tree)) => Iter::Many(tree.iter()),
            Entries::Many(None) => Iter::Few([].iter()),
        }
    }

    /// As [`Map::iter`], to change the values.
    pub fn iter_mut(&mut self) -> IterMut<'_> {
        match &mut self.0 {
            Entries::Few(few) => IterMut::Few(own(few).iter_mut()),
            Entries::Many(Some(tree)) => IterMut::Many(Arc::make_mut(tree).iter_mut()),
            Entries::Many(None) => IterMut::Few([].iter_mut()),
        }
    }

    /// The keys, sorted.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &Key> + ExactSizeIterator + Clone {
        self.iter().map(|(key, _)| key)
    }

    /// The values in the order of their keys.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &Value> + ExactSizeIterator + Clone {
        self.iter().map(|(_, value)| value)
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

impl Default for Map {
    fn default() -> Self {
        Self::new()
    }
}

/// One key's place in a map.
pub struct Entry<'a> {
    map: &'a mut Map,
    /// The key to add; an error if it is there.
    key: Result<Key, Key>,
}

impl<'a> Entry<'a> {
    /// The value there; `value` if there was none.
    pub fn or_insert(self, value: Value) -> &'a mut Value {
        self.or_insert_with(|| value)
    }

    /// The value there; the one that `value` makes if there was none.
    pub fn or_insert_with(self, value: impl FnOnce() -> Value) -> &'a mut Value {
        match self.key {
            Ok(key) => self.map.add(key, value()),
            // Whoever made the entry saw the key.
            Err(key) => self.map.get_mut(&key).unwrap_or_else(|| unreachable!("no key {key:?}")),
        }
    }

    /// The value there; null if there was none.
    pub fn or_default(self) -> &'a mut Value {
        self.or_insert(Value::Null)
    }
}

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
    type IntoIter = IntoIter;

    fn into_iter(self) -> IntoIter {
        match self.0 {
            Entries::Few(few) => IntoIter::Few(all_taken(few).collect::<Vec<_>>().into_iter()),
            Entries::Many(Some(tree)) => IntoIter::Many(Arc::unwrap_or_clone(tree).into_iter()),
            Entries::Many(None) => IntoIter::Few(Vec::new().into_iter()),
        }
    }
}

impl From<Vec<(Key, Value)>> for Map {
    /// The last of several equal keys counts.
    fn from(mut entries: Vec<(Key, Value)>) -> Self {
        if !entries.is_sorted_by(|(before, _), (after, _)| before < after) {
            entries.sort_by(|(one, _), (other, _)| one.cmp(other));
            entries.dedup_by(|later, earlier| {
                let is_same = later.0 == earlier.0;
                if is_same {
                    mem::swap(later, earlier);
                }
                is_same
            });
        }
        Self::of_sorted(entries)
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
        self.is_shared_with(other) || (self.len() == other.len() && self.iter().eq(other.iter()))
    }
}

impl Eq for Map {}

impl std::hash::Hash for Map {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.len().hash(state);
        self.iter().for_each(|entry| entry.hash(state));
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
