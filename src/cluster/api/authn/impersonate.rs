//! `Impersonate-User` and its companions: acting as somebody else.
//!
//! Rules of apiserver's `endpoints/filters/impersonation`.

use crate::apimachinery::status::Status;
use crate::cluster::api::authz::{self, Attributes};
use crate::cluster::{Cluster, Request, UserInfo};

/// The user that a request acts as; the caller must be allowed to impersonate each part of it.
pub(crate) fn acting_user(cluster: &Cluster, request: &Request) -> Result<UserInfo, Status> {
    if request.impersonate.is_empty() {
        return Ok(request.user.clone());
    }
    let wanted = Wanted::of(request);
    if wanted.name.is_empty() {
        let message = format!(
            "requested {:?} without impersonating a user",
            request.impersonate.iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>().join(",")
        );
        return Err(Status::internal(&message));
    }
    for attributes in wanted.questions() {
        authz::require(cluster, &request.user, &attributes)?;
    }
    Ok(wanted.user())
}

#[derive(Default)]
struct Wanted {
    name: String,
    uid: String,
    groups: Vec<String>,
    extra: Vec<(String, Vec<String>)>,
}

impl Wanted {
    fn of(request: &Request) -> Self {
        let mut wanted = Self::default();
        for (header, value) in &request.impersonate {
            let header = header.to_ascii_lowercase();
            match header.as_str() {
                "impersonate-user" => wanted.name = value.clone(),
                "impersonate-uid" => wanted.uid = value.clone(),
                "impersonate-group" => wanted.groups.push(value.clone()),
                _ => {
                    let Some(key) = header.strip_prefix("impersonate-extra-") else { continue };
                    match wanted.extra.iter_mut().find(|(it, _)| it == key) {
                        Some((_, values)) => values.push(value.clone()),
                        None => wanted.extra.push((key.to_owned(), vec![value.clone()])),
                    }
                }
            }
        }
        wanted
    }

    fn account(&self) -> Option<(&str, &str)> {
        self.name.strip_prefix("system:serviceaccount:")?.split_once(':')
    }

    fn questions(&self) -> Vec<Attributes> {
        let ask = |group: &str, resource: &str, name: &str| Attributes {
            verb: "impersonate".into(),
            group: group.into(),
            version: "v1".into(),
            resource: resource.into(),
            name: name.into(),
            ..Attributes::default()
        };
        let mut questions = vec![match self.account() {
            Some((namespace, name)) => {
                Attributes { namespace: namespace.into(), ..ask("", "serviceaccounts", name) }
            }
            None => ask("", "users", &self.name),
        }];
        questions.extend(self.groups.iter().map(|group| ask("", "groups", group)));
        if !self.uid.is_empty() {
            questions.push(ask("authentication.k8s.io", "uids", &self.uid));
        }
        for (key, values) in &self.extra {
            questions.extend(values.iter().map(|value| Attributes {
                subresource: key.clone(),
                ..ask("authentication.k8s.io", "userextras", value)
            }));
        }
        questions
    }

    fn user(self) -> UserInfo {
        let mut groups = self.groups.clone();
        if groups.is_empty()
            && let Some((namespace, _)) = self.account()
        {
            groups = super::token::account_groups(namespace);
        }
        let anonymous = self.name == "system:anonymous";
        let nobody = groups.iter().any(|group| group == "system:unauthenticated");
        if anonymous && !nobody {
            groups.push("system:unauthenticated".into());
        } else if !anonymous && !nobody && !groups.iter().any(|group| group == super::AUTHENTICATED) {
            groups.push(super::AUTHENTICATED.into());
        }
        UserInfo { name: self.name, uid: self.uid, groups, extra: self.extra }
    }
}
