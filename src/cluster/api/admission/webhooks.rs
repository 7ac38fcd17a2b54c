//! Admission webhooks. No server of the lab speaks their protocol, so a call fails, and it fails as the network, the
//! service and the certificate at the other end make it fail. `failurePolicy: Ignore` lets the request through. A call
//! that nobody answers takes until its timeout.
//!
//! Follows apiserver's `admission/plugin/webhook` and `util/proxy`.

use std::time::Duration;

use super::policies::{self, Attempt, matching};
use super::{Call, Object, Status, forbidden};
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::cluster::Place;
use crate::cluster::network::{self, Outcome, Protocol};

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
    let mut longest = Duration::ZERO;
    let mut result = Ok(());
    for (index, webhook) in configurations.iter().flat_map(|it| object::list(it, "/webhooks")).enumerate() {
        let wanted = matching::rules(call, object::list(webhook, "/rules"), attempt)
            && matching::selectors(call, webhook, attempt);
        if !wanted {
            continue;
        }
        let answer = match policies::webhook_conditions(call, webhook, attempt) {
            Ok(true) => ask(call, webhook),
            Ok(false) => continue,
            Err(why) => return Err(forbidden(call, attempt.subject(), &why)),
        };
        // Those that change objects are asked one after the other, the others all at once.
        if storage == MUTATING {
            longest += answer.took
        } else {
            longest = longest.max(answer.took)
        }
        if object::field(webhook, "failurePolicy") == "Ignore" {
            let kind = if storage == MUTATING { "mutation" } else { "validating" };
            let key = format!("failed-open.{kind}.webhook.admission.k8s.io/round_0_index_{index}");
            call.note(key, object::field(webhook, "name"));
        } else if result.is_ok() {
            result = Err(answer.refusal);
            if storage == MUTATING {
                break;
            }
        }
    }
    call.aside.waited += longest;
    result
}

/// What comes of asking a webhook.
struct Answer {
    refusal: Status,
    took: Duration,
}

fn ask(call: &Call<'_>, webhook: &Value) -> Answer {
    let name = object::field(webhook, "name");
    let seconds = object::int(webhook, "/timeoutSeconds").unwrap_or(10);
    let (url, why) = match object::text(webhook, "/clientConfig/url") {
        "" => of_service(call, webhook),
        url => of_url(call, url),
    };
    let refusal = Status::internal(&format!(
        "failed calling webhook {name:?}: failed to call webhook: Post \"{url}?timeout={seconds}s\": {why}"
    ));
    let timeout = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
    Answer { refusal, took: if why == DEADLINE { timeout } else { Duration::ZERO } }
}

/// What Go says when time is over.
const DEADLINE: &str = "context deadline exceeded";

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
    let why = match endpoint(call, (namespace, service), port) {
        Ok(host) => dial(call, &host, port),
        Err(why) => why,
    };
    (url, why)
}

/// What the server dials for a service.
fn endpoint(call: &Call<'_>, (namespace, service): (&str, &str), port: i64) -> Result<String, String> {
    let Some(found) = call.store().find("services", namespace, service) else {
        return Err(format!("service {service:?} not found"));
    };
    let address = object::text(found, "/spec/clusterIP");
    if object::text(found, "/spec/type") == "ExternalName" {
        return Ok(object::text(found, "/spec/externalName").to_owned());
    }
    if address == "None" {
        return Err("cannot route to service with ClusterIP \"None\"".into());
    }
    let offered = object::list(found, "/spec/ports").iter().any(|it| object::int(it, "/port") == Some(port));
    if !offered {
        return Err(format!("no service port {port} found for service {service:?}"));
    }
    Ok(address.to_owned())
}

fn of_url(call: &Call<'_>, url: &str) -> (String, String) {
    let host = url.split("://").nth(1).unwrap_or("").split('/').next().unwrap_or("");
    let (name, port) = host.rsplit_once(':').unwrap_or((host, "443"));
    (url.to_owned(), dial(call, name, port.parse().unwrap_or(443)))
}

/// What comes of a call to an address: nothing that answers there knows what an admission review is.
fn dial(call: &Call<'_>, host: &str, port: i64) -> String {
    let Some((server, _)) = call.cluster().serving("kube-apiserver") else {
        return DEADLINE.into();
    };
    let from = Place::Host(server.to_owned());
    let number = u16::try_from(port).unwrap_or(0);
    let probe = network::probe(call.world, &from, host, number, Protocol::Tcp);
    match probe.outcome {
        Outcome::Refused => format!("dial tcp {}:{port}: connect: connection refused", probe.address),
        Outcome::TimedOut | Outcome::NoNameServer => DEADLINE.into(),
        Outcome::NoSuchName => format!("dial tcp: lookup {host} on 127.0.0.53:53: no such host"),
        Outcome::Open { .. } => {
            match network::tls::certificate(call.world, &probe.outcome, &probe.address, host) {
                None => "http: server gave HTTP response to HTTPS client".into(),
                Some(_) => {
                    "tls: failed to verify certificate: x509: certificate signed by unknown authority".into()
                }
            }
        }
    }
}
