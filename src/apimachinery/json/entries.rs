//! Walks over the entries of a map, whichever of its two forms it has.

use std::collections::btree_map;
use std::slice;
use std::vec;

use super::{Key, Value};

macro_rules! walk {
    ($(#[$doc:meta])* $name:ident $(<$life:lifetime>)?, $few:ty, $many:ty, $item:ty, $read:expr) => {
        $(#[$doc])*
        pub enum $name $(<$life>)? {
            Few($few),
            Many($many),
        }

        impl $(<$life>)? Iterator for $name $(<$life>)? {
            type Item = $item;

            fn next(&mut self) -> Option<Self::Item> {
                match self {
                    Self::Few(few) => few.next().map($read),
                    Self::Many(many) => many.next(),
                }
            }

            fn size_hint(&self) -> (usize, Option<usize>) {
                match self {
                    Self::Few(few) => few.size_hint(),
                    Self::Many(many) => many.size_hint(),
                }
            }
        }

        impl $(<$life>)? DoubleEndedIterator for $name $(<$life>)? {
            fn next_back(&mut self) -> Option<Self::Item> {
                match self {
                    Self::Few(few) => few.next_back().map($read),
                    Self::Many(many) => many.next_back(),
                }
            }
        }

        impl $(<$life>)? ExactSizeIterator for $name $(<$life>)? {}
    };
}

walk! {
    /// Keys and values of a map, sorted.
    #[derive(Clone)]
    Iter<'a>, slice::Iter<'a, (Key, Value)>, btree_map::Iter<'a, Key, Value>, (&'a Key, &'a Value),
    |(key, value)| (key, value)
}

walk! {
    /// As [`Iter`], to change the values.
    IterMut<'a>, slice::IterMut<'a, (Key, Value)>, btree_map::IterMut<'a, Key, Value>, (&'a Key, &'a mut Value),
    |(key, value)| (&*key, value)
}

walk! {
    /// As [`Iter`], of a map that is given up.
    IntoIter, vec::IntoIter<(Key, Value)>, btree_map::IntoIter<Key, Value>, (Key, Value), |entry| entry
}
