//! `token`: a fresh token of a service account.

use crate::apimachinery::field::{self, Path};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::apimachinery::status::Status;

use super::super::authn::token::{self, TokenSpec};
use super::super::call::Call;

/// Shortest and longest life of a token, in seconds. Source: `pkg/apis/authentication/validation`.
const SECONDS_MIN: i64 = 10 * 60;
const SECONDS_MAX: i64 = 1 << 32;

/// Issues the token that a TokenRequest asks for.
pub(super) fn request(call: &mut Call<'_>, wanted: &Value) -> Result<Value, Status> {
    let account = call.stored()?;
    let seconds = object::int(wanted, "/spec/expirationSeconds").unwrap_or(3600);
    check_seconds(seconds)?;
    let mut audiences: Vec<String> = object::list(wanted, "/spec/audiences")
        .iter()
        .filter_map(|it| it.as_str().map(str::to_owned))
        .collect();
    if audiences.is_empty() {
        audiences.push(token::ISSUER.to_owned());
    }
    let bound = bound_object(call, wanted)?;
    let id = call.world.chance.uuid();
    let (namespace, name) = (call.namespace.clone(), call.name.clone());
    let spec = TokenSpec {
        namespace: &namespace,
        account: &name,
        account_uid: object::uid(&account),
        audiences: &audiences,
        seconds,
        bound,
        id: &id,
    };
    let issued = token::issue(call.world, call.cluster, &spec)
        .ok_or_else(|| Status::internal("failed to generate token: no signing key"))?;
    let now = call.world.now;
    let end = now + std::time::Duration::from_secs(seconds.unsigned_abs());
    let mut answer = wanted.clone();
    object::set(&mut answer, &["metadata", "name"], name);
    object::set(&mut answer, &["metadata", "namespace"], namespace);
    object::set(&mut answer, &["metadata", "creationTimestamp"], now.rfc3339());
    object::set(&mut answer, &["spec", "audiences"], audiences);
    object::set(&mut answer, &["spec", "expirationSeconds"], seconds);
    object::set_default(&mut answer, &["spec", "boundObjectRef"], Value::Null);
    object::set(&mut answer, &["status"], json!({"token": issued, "expirationTimestamp": end.rfc3339()}));
    Ok(answer)
}

fn check_seconds(seconds: i64) -> Result<(), Status> {
    let detail = match seconds {
        it if it < SECONDS_MIN => "may not specify a duration less than 10 minutes",
        it if it > SECONDS_MAX => "may not specify a duration larger than 2^32 seconds",
        _ => return Ok(()),
    };
    let path = Path::new("spec").child("expirationSeconds");
    Err(Status::invalid(
        "TokenRequest",
        "authentication.k8s.io",
        "",
        vec![field::invalid(&path, seconds, detail)],
    ))
}

/// Kind, name and UID of what the token is bound to; a pod brings its node along.
fn bound_object(call: &Call<'_>, wanted: &Value) -> Result<Vec<(&'static str, String, String)>, Status> {
    let Some(reference) = object::at(wanted, "/spec/boundObjectRef") else { return Ok(Vec::new()) };
    let name = object::field(reference, "name");
    let (kind, resource, namespace) = match object::field(reference, "kind") {
        "Pod" => ("pod", "pods", call.namespace.as_str()),
        "Secret" => ("secret", "secrets", call.namespace.as_str()),
        "Node" => ("node", "nodes", ""),
        other => {
            let api_version = object::field(reference, "apiVersion");
            return Err(Status::bad_request(format!(
                "cannot bind token to object of type {api_version}, Kind={other}"
            )));
        }
    };
    let found = call.store().find(resource, namespace, name);
    let Some(found) = found else { return Err(Status::not_found(resource, "", name)) };
    let uid = object::field(reference, "uid");
    if !uid.is_empty() && uid != object::uid(found) {
        let why = format!(
            "the UID in the bound object reference ({uid}) does not match the UID in record. The object might have been deleted and then recreated"
        );
        return Err(Status::conflict(resource, "", name, &why));
    }
    let mut bound = vec![(kind, name.to_owned(), object::uid(found).to_owned())];
    if kind == "pod" {
        if object::text(found, "/spec/serviceAccountName") != call.name {
            return Err(Status::bad_request(format!(
                "cannot bind token for serviceaccount {:?} to pod running with different serviceaccount name.",
                call.name
            )));
        }
        let node = object::text(found, "/spec/nodeName");
        if let Some(node) = call.store().find("nodes", "", node) {
            bound.push(("node", object::name(node).to_owned(), object::uid(node).to_owned()));
        }
    }
    Ok(bound)
}
