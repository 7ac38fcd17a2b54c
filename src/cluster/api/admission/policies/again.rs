//! `reinvocationPolicy`: which policies are asked a second time, because another one changed an object after them.
//!
//! Follows apiserver's `admission/reinvocation.go` and `policy/mutating/reinvocationcontext.go`.

use std::collections::BTreeSet;

use crate::apimachinery::json::Value;

/// What is known of the first round of a request while it goes through the second one.
#[derive(Debug, Default)]
pub(crate) struct Reinvocation {
    /// This is the second round.
    again: bool,
    /// A policy changed something.
    wanted: bool,
    /// Those that want to be asked again, should another one change the object.
    earlier: BTreeSet<String>,
    /// Those that are asked again.
    due: BTreeSet<String>,
    /// The object as the policies of the round before left it.
    left: Option<Value>,
}

impl Reinvocation {
    /// Goes on to the second round; false when there is none.
    pub(in super::super) fn begin_again(&mut self) -> bool {
        self.again = self.wanted;
        self.again
    }

    /// The policies of a round begin. What plugins of the server changed meanwhile counts too.
    pub(super) fn begin(&mut self, object: &Value) {
        if self.again && self.left.as_ref() != Some(object) {
            self.due.append(&mut self.earlier);
        }
    }

    /// Whether a policy is asked in this round.
    pub(super) fn asks(&self, key: &str) -> bool {
        !self.again || self.due.contains(key)
    }

    /// A policy was asked; what it changed concerns those before it.
    pub(super) fn asked(&mut self, key: &str, if_needed: bool, changed: bool) {
        if changed {
            self.due.append(&mut self.earlier);
            self.wanted = true;
        }
        if if_needed {
            self.earlier.insert(key.to_owned());
        }
    }

    /// The policies of a round are through.
    pub(super) fn end(&mut self, object: &Value) {
        if self.wanted {
            self.left = Some(object.clone());
        }
    }
}
