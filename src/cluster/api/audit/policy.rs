//! Which rule of an audit policy a request falls under: the first that matches.
//!
//! Source: `k8s.io/apiserver/pkg/audit/policy`.

use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::cluster::UserInfo;
use crate::cluster::api::authz::Attributes;

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    None,
    Metadata,
    Request,
    RequestResponse,
}

impl Level {
    fn of(text: &str) -> Self {
        match text {
            "Metadata" => Self::Metadata,
            "Request" => Self::Request,
            "RequestResponse" => Self::RequestResponse,
            _ => Self::None,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Metadata => "Metadata",
            Self::Request => "Request",
            Self::RequestResponse => "RequestResponse",
        }
    }
}

/// What applies to one request.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Applied {
    pub(super) level: Level,
    omitted: Vec<String>,
    pub(super) omit_managed_fields: bool,
}

impl Applied {
    /// True for a stage that is left out.
    pub(super) fn omits(&self, stage: &str) -> bool {
        self.omitted.iter().any(|it| it == stage)
    }
}

/// The first rule that matches; nothing is logged of what none matches.
pub(super) fn applied(policy: &Value, user: &UserInfo, attributes: &Attributes) -> Applied {
    let texts = |value: &Value, pointer: &str| -> Vec<String> {
        object::list(value, pointer).iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let mut omitted = texts(policy, "/omitStages");
    let rule = object::list(policy, "/rules").iter().find(|rule| matches(rule, user, attributes));
    let Some(rule) = rule else {
        return Applied { level: Level::None, omitted, omit_managed_fields: false };
    };
    omitted.extend(texts(rule, "/omitStages"));
    let own = object::at(rule, "/omitManagedFields").and_then(Value::as_bool);
    Applied {
        level: Level::of(object::field(rule, "level")),
        omitted,
        omit_managed_fields: own.unwrap_or_else(|| object::flag(policy, "/omitManagedFields")),
    }
}

fn has(list: &[Value], text: &str) -> bool {
    list.iter().any(|it| it == text)
}

fn matches(rule: &Value, user: &UserInfo, attributes: &Attributes) -> bool {
    let list = |name: &str| object::at(rule, name).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let (users, groups, verbs) = (list("/users"), list("/userGroups"), list("/verbs"));
    if !users.is_empty() && !has(users, &user.name) {
        return false;
    }
    if !groups.is_empty() && !user.groups.iter().any(|it| has(groups, it)) {
        return false;
    }
    if !verbs.is_empty() && !has(verbs, &attributes.verb) {
        return false;
    }
    let (namespaces, resources) = (list("/namespaces"), list("/resources"));
    let urls = list("/nonResourceURLs");
    if !namespaces.is_empty() || !resources.is_empty() {
        return names_resource(namespaces, resources, attributes);
    }
    urls.is_empty() || attributes.resource.is_empty() && urls.iter().any(|it| covers(it, &attributes.path))
}

fn names_resource(namespaces: &[Value], resources: &[Value], attributes: &Attributes) -> bool {
    if attributes.resource.is_empty() || !namespaces.is_empty() && !has(namespaces, &attributes.namespace) {
        return false;
    }
    let full = attributes.full_resource();
    let is_it = |pattern: &Value| match pattern.as_str().unwrap_or("") {
        "*" => true,
        pattern if pattern == full => true,
        pattern => match pattern.split_once('/') {
            Some(("*", sub)) => attributes.subresource == sub,
            Some((resource, "*")) => attributes.resource == resource,
            _ => false,
        },
    };
    resources.is_empty()
        || resources.iter().any(|row| {
            let (names, kinds) = (object::list(row, "/resourceNames"), object::list(row, "/resources"));
            object::field(row, "group") == attributes.group
                && (kinds.is_empty()
                    || kinds.iter().any(is_it) && (names.is_empty() || has(names, &attributes.name)))
        })
}

fn covers(pattern: &Value, path: &str) -> bool {
    let pattern = pattern.as_str().unwrap_or("");
    match pattern.strip_suffix('*') {
        Some(prefix) => path.starts_with(prefix),
        None => pattern == path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::json::json;

    #[track_caller]
    fn check(resource: &str, sub: &str, user: &str, want: Level) {
        let policy = json!({"omitStages": ["RequestReceived"], "rules": [
            {"level": "None", "users": ["system:kube-proxy"]},
            {"level": "Metadata", "resources": [{"group": "", "resources": ["pods/log", "secrets"]}]},
            {"level": "RequestResponse", "resources": [{"group": "", "resources": ["pods"]}], "namespaces": ["a"]},
            {"level": "None", "nonResourceURLs": ["/healthz*"]},
            {"level": "Request", "resources": [{"group": "apps"}]},
        ]});
        let attributes = Attributes {
            verb: "get".into(),
            group: if resource == "deployments" { "apps".into() } else { String::new() },
            resource: resource.into(),
            subresource: sub.into(),
            namespace: "a".into(),
            ..Attributes::default()
        };
        let found = applied(&policy, &UserInfo::new(user, &[]), &attributes);
        assert_eq!((found.level, found.omits("RequestReceived")), (want, true), "{resource}/{sub} {user}");
    }

    #[test]
    fn the_first_rule_that_matches_counts() {
        check("pods", "", "jane", Level::RequestResponse);
        check("pods", "log", "jane", Level::Metadata);
        check("pods", "exec", "jane", Level::None);
        check("pods", "", "system:kube-proxy", Level::None);
        check("deployments", "scale", "jane", Level::Request);
        check("deployments", "", "jane", Level::Request);
        check("configmaps", "", "jane", Level::None);
    }
}
