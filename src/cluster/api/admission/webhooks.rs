//! Admission webhooks: no server of the lab answers them, so a call fails as one to a dead server does.
//! `failurePolicy: Ignore` lets the request through.

use serde_json::Value;

use super::policies::matching;
use super::{Call, Object, Status};
use crate::apimachinery::object;

/// Calls the mutating webhooks that match.
pub(super) fn mutate(call: &mut Call<'_>, object: &mut Value, old: Option<&Object>) -> Result<(), Status> {
    consult(call, object, old, "mutatingwebhookconfigurations.admissionregistration.k8s.io")
}

/// Calls the validating webhooks that match.
pub(super) fn validate(call: &mut Call<'_>, object: &Value, old: Option<&Object>) -> Result<(), Status> {
    consult(call, object, old, "validatingwebhookconfigurations.admissionregistration.k8s.io")
}

fn consult(call: &mut Call<'_>, object: &Value, old: Option<&Object>, storage: &str) -> Result<(), Status> {
    // Configurations of webhooks are not themselves sent to webhooks.
    if call.resource.group == "admissionregistration.k8s.io" || call.store().count(storage) == 0 {
        return Ok(());
    }
    let configurations: Vec<Object> = call.store().list(storage, "").cloned().collect();
    for webhook in configurations.iter().flat_map(|it| object::list(it, "/webhooks")) {
        let wanted = matching::rules(call, object::list(webhook, "/rules"), old)
            && matching::selectors(call, webhook, object);
        if wanted && object::field(webhook, "failurePolicy") != "Ignore" {
            return Err(unreachable(webhook));
        }
    }
    Ok(())
}

/// What the server says when a webhook's server does not answer.
fn unreachable(webhook: &Value) -> Status {
    let name = object::field(webhook, "name");
    let url = object::text(webhook, "/clientConfig/url");
    let seconds = object::int(webhook, "/timeoutSeconds").unwrap_or(10);
    let why = if url.is_empty() {
        let service = object::text(webhook, "/clientConfig/service/name");
        let namespace = object::text(webhook, "/clientConfig/service/namespace");
        let path = object::text(webhook, "/clientConfig/service/path");
        format!(
            "failed calling webhook {name:?}: failed to call webhook: Post \"https://{service}.{namespace}.svc:443{}?timeout={seconds}s\": service {service:?} not found",
            if path.is_empty() { "/" } else { path }
        )
    } else {
        format!(
            "failed calling webhook {name:?}: failed to call webhook: Post \"{url}?timeout={seconds}s\": context deadline exceeded"
        )
    };
    Status::internal(&why)
}
