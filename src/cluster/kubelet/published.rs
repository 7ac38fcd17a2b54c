//! The files of volumes that belong to a pod: what kubelets publish from objects, and what begins empty.
//!
//! Most containers never look at most of them, so a tree is made, and a token in it signed, when somebody
//! first does; nobody can tell the difference.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use crate::cluster::api::authn::token::Draft;
use crate::hosts::FileTree;
use crate::sim::SimTime;

/// What one file says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Item {
    Bytes(Vec<u8>),
    Token(Draft),
}

impl Item {
    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Bytes(bytes) => bytes.clone(),
            Self::Token(draft) => draft.sign().unwrap_or_default().into_bytes(),
        }
    }
}

/// Files by path, with the mode of those that have one of their own.
pub(super) type Items = BTreeMap<String, (Item, Option<u32>)>;

/// Files that are published together.
#[derive(Debug)]
pub(super) struct Publication {
    items: Items,
    /// Of the files that have none of their own.
    mode: u32,
    at: SimTime,
    tree: OnceLock<FileTree>,
}

/// The files of a volume.
#[derive(Clone, Debug)]
pub(super) enum Files {
    /// As somebody left them.
    Made(FileTree),
    /// As they were published.
    Published(Arc<Publication>),
}

impl Files {
    pub(super) fn empty() -> Self {
        Self::Made(FileTree::default())
    }

    /// These files as published at `at`; `before` stays when it shows just them.
    pub(super) fn publish(before: Option<&Self>, items: Items, mode: u32, at: SimTime) -> Self {
        match before.filter(|it| it.shows(&items)) {
            Some(before) => before.clone(),
            None => Self::Published(Arc::new(Publication { items, mode, at, tree: OnceLock::new() })),
        }
    }

    pub(super) fn tree(&self) -> &FileTree {
        match self {
            Self::Made(tree) => tree,
            Self::Published(it) => it.tree.get_or_init(|| it.make()),
        }
    }

    pub(super) fn tree_mut(&mut self) -> &mut FileTree {
        if let Self::Published(it) = self {
            *self = Self::Made(it.tree.get_or_init(|| it.make()).clone());
        }
        match self {
            Self::Made(tree) => tree,
            Self::Published(_) => unreachable!("it was made above"),
        }
    }

    /// True when both are one that nobody changed.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Made(one), Self::Made(other)) => one.is_same(other),
            (Self::Published(one), Self::Published(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }

    /// True while they are as they were published.
    pub(super) fn is_untouched(&self) -> bool {
        matches!(self, Self::Published(_))
    }

    /// The token at a path, if there is one.
    pub(super) fn token(&self, path: &str) -> Option<Item> {
        match self {
            Self::Published(it) => {
                let item = it.items.get(path).map(|(item, _)| item);
                item.filter(|it| **it != Item::Bytes(Vec::new())).cloned()
            }
            Self::Made(tree) => {
                let bytes = tree.read(&format!("/{path}")).ok()?;
                (!bytes.is_empty()).then(|| Item::Bytes(bytes.to_vec()))
            }
        }
    }

    fn shows(&self, items: &Items) -> bool {
        match self {
            Self::Published(it) => {
                let shown = it.items.iter().map(|(path, (item, _))| (path, item));
                shown.eq(items.iter().map(|(path, (item, _))| (path, item)))
            }
            Self::Made(tree) => tree_shows(tree, items),
        }
    }
}

impl Publication {
    /// A dated directory that `..data` points to, so that all files change at once.
    fn make(&self) -> FileTree {
        let (mut tree, now) = (FileTree::default(), self.at);
        let dated = format!("..{}.{}", now.strftime("%Y_%m_%d_%H_%M_%S"), now.unix_ns() % 1_000_000_000);
        for (path, (item, own)) in &self.items {
            let _ = tree.install(&format!("/{dated}/{path}"), &item.bytes(), own.unwrap_or(self.mode), now);
            let top = path.split('/').next().unwrap_or(path);
            let _ = tree.symlink(&format!("..data/{top}"), &format!("/{top}"), now);
        }
        let _ = tree.mkdir_all(&format!("/{dated}"), 0o755, now);
        let _ = tree.symlink(&dated, "/..data", now);
        let _ = tree.chmod("/", 0o777);
        tree
    }
}

fn tree_shows(tree: &FileTree, items: &Items) -> bool {
    let same = |(path, (item, _)): (&String, &(Item, Option<u32>))| {
        tree.read(&format!("/{path}")).is_ok_and(|it| *it == *item.bytes())
    };
    let count = tree.list("/").map_or(0, |it| it.iter().filter(|(name, _)| !name.starts_with("..")).count());
    let tops: BTreeSet<&str> = items.keys().filter_map(|it| it.split('/').next()).collect();
    count == tops.len() && items.iter().all(same)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(text: &str) -> Items {
        BTreeMap::from([("a/b".to_owned(), (Item::Bytes(text.into()), Some(0o600)))])
    }

    #[test]
    fn files_stay_until_they_say_something_else() {
        let later = SimTime::START + std::time::Duration::from_secs(1);
        let one = Files::publish(None, items("x"), 0o644, SimTime::START);
        let same = Files::publish(Some(&one), items("x"), 0o644, later);
        let other = Files::publish(Some(&one), items("y"), 0o644, later);
        assert!(same.is_same(&one) && !other.is_same(&one));
        assert_eq!(other.tree().read_text("/a/b").unwrap(), "y");
        assert_eq!(other.tree().stat("/a/b").unwrap().mode, 0o600);
    }

    #[test]
    fn what_somebody_changed_is_published_anew() {
        let mut files = Files::publish(None, items("x"), 0o644, SimTime::START);
        files.tree_mut().write("/a/b", b"z", SimTime::START).unwrap();
        let again = Files::publish(Some(&files), items("x"), 0o644, SimTime::START);
        assert_eq!(again.tree().read_text("/a/b").unwrap(), "x");
    }
}
