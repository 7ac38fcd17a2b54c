//! Admission webhooks: no server of the lab answers them, so a call fails as one to a dead server does.
//! `failurePolicy: Ignore` lets the request through.

use serde_json::Value;

use super::policies::{self, Attempt, matching};
use super::{Call, Object, Status, forbidden};
use crate::apimachinery::object;

const MUTATING: &str = "mutatingwebhookconfigurations.admissionregistration.k8s.io";
const VALIDATING: &str = "validatingwebhookconfigurations.admissionregistration.k8s.io";

/// Calls the mutating webhooks that match.
pub(super) fn mutate(call: &mut Call<'_>, object: &mut Value, old: Option<&Object>) -> Result<(), Status> {
    consult(call, &Attempt::write(object, old), MUTATING)
}

/// Calls the mutating webhooks that care for deletions.
pub(super) fn mutate_on_delete(call: &mut Call<'_>, object: &Object) -> Result<(), Status> {
    consult(call, &Attempt::delete(object), MUTATING)
}

/// Calls the validating webhooks that match.
pub(super) fn validate(call: &mut Call<'_>, object: &Value, old: Option<&Object>) -> Result<(), Status> {
    consult(call, &Attempt::write(object, old), VALIDATING)
}

/// Calls the validating webhooks that care for deletions.
pub(super) fn validate_on_delete(call: &mut Call<'_>, object: &Object) -> Result<(), Status> {
    consult(call, &Attempt::delete(object), VALIDATING)
}

fn consult(call: &mut Call<'_>, attempt: &Attempt<'_>, storage: &str) -> Result<(), Status> {
    // Configurations of webhooks are not themselves sent to webhooks.
    if call.resource.group == "admissionregistration.k8s.io" || call.store().count(storage) == 0 {
        return Ok(());
    }
    let configurations: Vec<Object> = call.store().list(storage, "").cloned().collect();
    for webhook in configurations.iter().flat_map(|it| object::list(it, "/webhooks")) {
        let wanted = matching::rules(call, object::list(webhook, "/rules"), attempt)
            && matching::selectors(call, webhook, attempt);
        if !wanted || object::field(webhook, "failurePolicy") == "Ignore" {
            continue;
        }
        match policies::webhook_conditions(call, webhook, attempt) {
            Ok(true) => return Err(unreachable(call, webhook)),
            Ok(false) => {}
            Err(why) => return Err(forbidden(call, attempt.subject(), &why)),
        }
    }
    Ok(())
}

/// What the server says when a webhook's server does not answer.
fn unreachable(call: &Call<'_>, webhook: &Value) -> Status {
    let name = object::field(webhook, "name");
    let url = object::text(webhook, "/clientConfig/url");
    let seconds = object::int(webhook, "/timeoutSeconds").unwrap_or(10);
    let (url, why) = if url.is_empty() { of_service(call, webhook) } else { of_url(url) };
    Status::internal(&format!(
        "failed calling webhook {name:?}: failed to call webhook: Post \"{url}?timeout={seconds}s\": {why}"
    ))
}

/// The server finds services by their cluster IP, not by DNS.
fn of_service(call: &Call<'_>, webhook: &Value) -> (String, String) {
    let text = |key: &str| object::text(webhook, &format!("/clientConfig/service/{key}"));
    let (service, namespace) = (text("name"), text("namespace"));
    let port = object::int(webhook, "/clientConfig/service/port").unwrap_or(443);
    let path = match text("path") {
        "" => "/",
        path => path,
    };
    let url = format!("https://{service}.{namespace}.svc:{port}{path}");
    let found = call.store().find("services", namespace, service);
    let Some(found) = found else { return (url, format!("service {service:?} not found")) };
    let offered = object::list(found, "/spec/ports").iter().any(|it| object::int(it, "/port") == Some(port));
    let address = object::text(found, "/spec/clusterIP");
    let why = if offered {
        format!("dial tcp {address}:{port}: connect: connection refused")
    } else {
        format!("no service port {port} found for service {service:?}")
    };
    (url, why)
}

fn of_url(url: &str) -> (String, String) {
    let host = url.split("://").nth(1).unwrap_or("").split('/').next().unwrap_or("");
    let (name, port) = host.rsplit_once(':').unwrap_or((host, "443"));
    let why = match name.parse::<std::net::IpAddr>() {
        Ok(_) => format!("dial tcp {name}:{port}: connect: connection refused"),
        Err(_) => format!("dial tcp: lookup {name}: no such host"),
    };
    (url.to_owned(), why)
}
