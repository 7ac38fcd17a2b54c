//! `authorizer` in policies: asks the server's own authorizers.

use std::sync::Arc;

use super::super::Call;
use super::Attempt;
use crate::apimachinery::expr::{Authorizer, Question, Verdict};
use crate::apimachinery::object;
use crate::cluster::api::authz::{self, Attributes};
use crate::cluster::{Cluster, UserInfo};

struct Asker {
    cluster: Cluster,
    user: UserInfo,
}

impl Authorizer for Asker {
    fn decide(&self, question: &Question) -> Verdict {
        let user = question.account.as_ref().map_or_else(|| self.user.clone(), account);
        let attributes = Attributes {
            verb: question.verb.clone(),
            group: question.group.clone(),
            version: if question.path.is_empty() { "*".into() } else { String::new() },
            resource: question.resource.clone(),
            subresource: question.subresource.clone(),
            namespace: question.namespace.clone(),
            name: question.name.clone(),
            path: question.path.clone(),
            field_selector: question.field_selector.clone(),
        };
        let decision = authz::decide(&self.cluster, &user, &attributes);
        Verdict { allowed: decision.allowed, reason: decision.reason, error: String::new() }
    }
}

fn account((namespace, name): &(String, String)) -> UserInfo {
    let all = "system:serviceaccounts";
    let own = format!("{all}:{namespace}");
    UserInfo::new(&format!("system:serviceaccount:{namespace}:{name}"), &[all, &own])
}

/// Who answers for a request: a picture of the cluster as it is now.
pub(super) fn of(call: &Call<'_>) -> Arc<dyn Authorizer> {
    Arc::new(Asker { cluster: call.cluster().clone(), user: call.user.clone() })
}

/// `authorizer.requestResource`.
pub(super) fn own(call: &Call<'_>, attempt: &Attempt<'_>) -> Question {
    Question {
        group: call.resource.group.clone(),
        resource: call.resource.plural.clone(),
        subresource: call.subresource.clone(),
        namespace: call.namespace.clone(),
        name: object::name(attempt.subject()).to_owned(),
        ..Question::default()
    }
}
