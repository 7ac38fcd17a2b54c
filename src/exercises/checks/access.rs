//! `can_i:` who may do what, allowed and denied, asked of the API server itself.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Finding, Mistake, Scene};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::cluster::api;
use crate::cluster::{Request, UserInfo, World};

/// One question. Without `allowed: false` the answer must be yes.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    /// A user, or `system:serviceaccount:NAMESPACE:NAME`.
    #[serde(rename = "as")]
    user: String,
    #[serde(default)]
    groups: Vec<String>,
    verb: String,
    resource: String,
    #[serde(default)]
    group: String,
    #[serde(default)]
    subresource: String,
    #[serde(default)]
    namespace: String,
    #[serde(default)]
    name: String,
    #[serde(default = "yes")]
    allowed: bool,
}

fn yes() -> bool {
    true
}

impl Question {
    fn review(&self) -> Value {
        let mut groups = self.groups.clone();
        if let Some(rest) = self.user.strip_prefix("system:serviceaccount:")
            && let Some((namespace, _)) = rest.split_once(':')
        {
            groups
                .extend(["system:serviceaccounts".to_owned(), format!("system:serviceaccounts:{namespace}")]);
        }
        groups.push("system:authenticated".to_owned());
        json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
            "spec": {
                "user": self.user, "groups": groups,
                "resourceAttributes": {
                    "verb": self.verb, "resource": self.resource, "group": self.group,
                    "subresource": self.subresource, "namespace": self.namespace, "name": self.name,
                },
            },
        })
    }

    fn words(&self) -> String {
        let what = if self.subresource.is_empty() {
            self.resource.clone()
        } else {
            format!("{}/{}", self.resource, self.subresource)
        };
        let place = if self.namespace.is_empty() {
            "everywhere".to_owned()
        } else {
            format!("in {}", self.namespace)
        };
        format!("{} {} {what} {place}", self.user, self.verb)
    }
}

/// The API server's answer.
fn is_allowed(world: &World, question: &Question) -> bool {
    // Asking leaves a trace in the audit log, which the learner's world must not have.
    let mut world = world.clone();
    let request = Request {
        method: "POST".into(),
        path: "/apis/authorization.k8s.io/v1/subjectaccessreviews".into(),
        accept: "application/json".into(),
        content_type: "application/json".into(),
        body: question.review().to_string().into_bytes(),
        user: UserInfo::new("uncordon:grader", &["system:masters", "system:authenticated"]),
        user_agent: "uncordon".into(),
        ..Request::default()
    };
    object::flag(api::handle(&mut world, 0, &request).object(), "/status/allowed")
}

/// Asks all of them.
pub(super) fn look(questions: &[Question], scene: &Scene<'_>) -> Finding {
    let wrong: Vec<&Question> =
        questions.iter().filter(|it| is_allowed(&scene.end, it) != it.allowed).collect();
    let sentence = |question: &Question, allowed: bool| {
        format!("{}: {}", question.words(), if allowed { "yes" } else { "no" })
    };
    let asked: Vec<&Question> = if wrong.is_empty() { questions.iter().collect() } else { wrong.clone() };
    let wanted = asked.iter().map(|it| sentence(it, it.allowed)).collect::<Vec<_>>().join("\n");
    if wrong.is_empty() {
        return Finding::pass(wanted);
    }
    let saw = wrong.iter().map(|it| sentence(it, !it.allowed)).collect::<Vec<_>>().join("\n");
    let mistake = if wrong.iter().any(|it| it.allowed) { Mistake::TooStrict } else { Mistake::TooPermissive };
    Finding::miss(mistake, wanted, saw)
}
