//! Which objects a patch or a replacement is about: regular expressions over their identity, and selectors of labels
//! and annotations.

use regex::Regex;

use super::resource::{Id, Resource};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::field;
use crate::apimachinery::selector::LabelSelector;

/// A selector that was read.
pub(super) struct Selector {
    group: Option<Regex>,
    version: Option<Regex>,
    kind: Option<Regex>,
    name: Option<Regex>,
    namespace: Option<Regex>,
    labels: Option<LabelSelector>,
    annotations: Option<LabelSelector>,
}

impl Selector {
    /// # Errors
    /// An expression that cannot be read.
    pub(super) fn of(tree: &Value) -> Result<Self, String> {
        let pattern = |key: &str| match field(tree, key) {
            "" => Ok(None),
            text => Regex::new(&format!("^(?:{text})$"))
                .map(Some)
                .map_err(|_| format!("error parsing regexp: invalid regular expression: `^(?:{text})$`")),
        };
        let words = |key: &str| match field(tree, key) {
            "" => Ok(None),
            text => LabelSelector::parse(text).map(Some).map_err(|error| error.to_string()),
        };
        Ok(Self {
            group: pattern("group")?,
            version: pattern("version")?,
            kind: pattern("kind")?,
            name: pattern("name")?,
            namespace: pattern("namespace")?,
            labels: words("labelSelector")?,
            annotations: words("annotationSelector")?,
        })
    }

    /// It says something of labels or annotations.
    pub(super) fn has_words(&self) -> bool {
        self.labels.is_some() || self.annotations.is_some()
    }

    /// It says something of the identity.
    pub(super) fn has_id(&self) -> bool {
        [&self.group, &self.version, &self.kind, &self.name, &self.namespace].into_iter().any(Option::is_some)
    }

    pub(super) fn has_words_that_fit(&self, tree: &Value) -> bool {
        let none = json!({});
        let fits = |selector: &Option<LabelSelector>, pointer: &str| {
            selector.as_ref().is_none_or(|it| it.matches(tree.pointer(pointer).unwrap_or(&none)))
        };
        fits(&self.labels, "/metadata/labels") && fits(&self.annotations, "/metadata/annotations")
    }

    fn is_kind(&self, id: &Id) -> bool {
        fits(&self.group, &id.gvk.group)
            && fits(&self.version, &id.gvk.version)
            && fits(&self.kind, &id.gvk.kind)
    }

    /// It names this identity.
    pub(super) fn is(&self, id: &Id) -> bool {
        self.is_kind(id) && fits(&self.name, &id.name) && fits(&self.namespace, &id.namespace)
    }

    /// The target of a patch: by what it was or is called.
    pub(super) fn selects(&self, resource: &Resource) -> bool {
        let (now, first) = (resource.id(), resource.original_id());
        let either = |pattern: &Option<Regex>, of: fn(&Id) -> &str| {
            fits(pattern, of(&first)) || fits(pattern, of(&now))
        };
        either(&self.namespace, Id::effective_namespace)
            && either(&self.name, |it| &it.name)
            && self.is_kind(&now)
            && self.has_words_that_fit(&resource.tree)
    }
}

fn fits(pattern: &Option<Regex>, text: &str) -> bool {
    pattern.as_ref().is_none_or(|it| it.is_match(text))
}
