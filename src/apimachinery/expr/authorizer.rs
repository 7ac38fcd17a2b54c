//! `authorizer`: questions to whoever decides what users may do.
//!
//! Follows `apiserver/pkg/cel/library/authz.go`. Who decides, and by which rules, is not known here.

use std::fmt;
use std::sync::Arc;

use cel::objects::Opaque;

use crate::apimachinery::validate;

/// Answers the checks of an expression.
pub(crate) trait Authorizer: Send + Sync {
    /// Whether the one who asks may do it.
    fn decide(&self, question: &Question) -> Verdict;
}

/// One check: a path, or a resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Question {
    /// Namespace and name of a service account to be asked for instead of the request's user.
    pub(crate) account: Option<(String, String)>,
    pub(crate) verb: String,
    pub(crate) path: String,
    pub(crate) group: String,
    pub(crate) resource: String,
    pub(crate) subresource: String,
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) field_selector: String,
}

/// The answer to a check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) allowed: bool,
    pub(crate) reason: String,
    /// What went wrong, if something did.
    pub(crate) error: String,
}

/// How far a chain of calls has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Authorizer,
    Path,
    Group,
    Resource,
}

/// `authorizer` and what its methods make of it, up to the decision.
#[derive(Clone)]
pub(super) struct Check {
    by: Arc<dyn Authorizer>,
    stage: Stage,
    question: Question,
}

impl Check {
    pub(super) fn authorizer(by: Arc<dyn Authorizer>) -> Self {
        Self { by, stage: Stage::Authorizer, question: Question::default() }
    }

    /// `authorizer.requestResource`: the resource of the request itself.
    pub(super) fn of_resource(by: Arc<dyn Authorizer>, question: Question) -> Self {
        Self { by, stage: Stage::Resource, question }
    }

    /// One method with its arguments; `None` when this has no such method.
    pub(super) fn call(&self, method: &str, words: &[String]) -> Option<Result<Self, String>> {
        let mut next = self.clone();
        let of = &mut next.question;
        match (self.stage, method, words) {
            (Stage::Authorizer, "path", [path]) => {
                if path.is_empty() {
                    return Some(Err("path must not be empty".into()));
                }
                (of.path, next.stage) = (path.clone(), Stage::Path);
            }
            (Stage::Authorizer, "group", [group]) => {
                (of.group, next.stage) = (group.clone(), Stage::Group);
            }
            (Stage::Authorizer, "serviceAccount", [namespace, name]) => {
                if !validate::dns1123_subdomain(name).is_empty() {
                    return Some(Err("Invalid service account name".into()));
                }
                if !validate::dns1123_label(namespace).is_empty() {
                    return Some(Err("Invalid service account namespace".into()));
                }
                of.account = Some((namespace.clone(), name.clone()));
            }
            (Stage::Group, "resource", [resource]) => {
                if resource.is_empty() {
                    return Some(Err("resource must not be empty".into()));
                }
                (of.resource, next.stage) = (resource.clone(), Stage::Resource);
            }
            (Stage::Resource, "subresource", [word]) => of.subresource = word.clone(),
            (Stage::Resource, "namespace", [word]) => of.namespace = word.clone(),
            (Stage::Resource, "name", [word]) => of.name = word.clone(),
            (Stage::Resource, "fieldSelector", [word]) => of.field_selector = word.clone(),
            (Stage::Resource, "labelSelector", [_]) => {}
            _ => return None,
        }
        Some(Ok(next))
    }

    /// `check(VERB)`.
    pub(super) fn check(&self, verb: &str) -> Option<Verdict> {
        let question = Question { verb: verb.to_owned(), ..self.question.clone() };
        matches!(self.stage, Stage::Path | Stage::Resource).then(|| self.by.decide(&question))
    }
}

impl PartialEq for Check {
    fn eq(&self, other: &Self) -> bool {
        self.stage == other.stage && self.question == other.question
    }
}

impl Eq for Check {}

impl fmt::Debug for Check {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("Check").field(&self.stage).field(&self.question).finish()
    }
}

impl Opaque for Check {
    fn runtime_type_name(&self) -> &str {
        match self.stage {
            Stage::Authorizer => "kubernetes.authorization.Authorizer",
            Stage::Path => "kubernetes.authorization.PathCheck",
            Stage::Group => "kubernetes.authorization.GroupCheck",
            Stage::Resource => "kubernetes.authorization.ResourceCheck",
        }
    }
}

impl Opaque for Verdict {
    fn runtime_type_name(&self) -> &str {
        "kubernetes.authorization.Decision"
    }
}
