//! Which version of a collection a client may ask for.
//!
//! Follows apimachinery's `ValidateListOptions` and what apiserver's storage says of versions.

use super::call::Call;
use crate::apimachinery::field::{self, Path};
use crate::apimachinery::go;
use crate::apimachinery::status::Status;
use crate::cluster::Request;

/// Refuses numbers that are none, versions that are not yet, and matches that make no sense.
pub(crate) fn check(call: &Call<'_>, request: &Request) -> Result<(), Status> {
    let given = |key: &str| request.query_value(key).unwrap_or("");
    let (version, matching) = (given("resourceVersion"), given("resourceVersionMatch"));
    let not_a_number = |text: &str| format!("parsing {}: invalid syntax", go::quote(text));
    let limit = given("limit");
    if !limit.is_empty() && limit.parse::<i64>().is_err() {
        return Err(Status::bad_request(format!("strconv.ParseInt: {}", not_a_number(limit))));
    }
    check_match(version, matching, given("continue"))?;
    let Ok(wanted) = version.parse::<u64>() else {
        if version.is_empty() {
            return Ok(());
        }
        let why = format!("strconv.ParseUint: {}", not_a_number(version));
        let cause = field::invalid(&Path::new("resourceVersion"), version, &why);
        return Err(Status::bad_request(format!("{}: {}", cause.field, cause.message)));
    };
    let current = call.store().revision();
    if wanted > current {
        let message = format!("Timeout: Too large resource version: {wanted}, current: {current}");
        return Err(Status { code: 504, reason: "Timeout", message, details: None });
    }
    Ok(())
}

fn check_match(version: &str, matching: &str, token: &str) -> Result<(), Status> {
    if matching.is_empty() {
        return Ok(());
    }
    let path = Path::new("resourceVersionMatch");
    let mut causes = Vec::new();
    if version.is_empty() {
        let detail = "resourceVersionMatch is forbidden unless resourceVersion is provided";
        causes.push(field::forbidden(&path, detail));
    }
    if !token.is_empty() {
        let detail = "resourceVersionMatch is forbidden when continue is provided";
        causes.push(field::forbidden(&path, detail));
    }
    if !["Exact", "NotOlderThan"].contains(&matching) {
        causes.push(field::not_supported(&path, matching, &["Exact", "NotOlderThan", ""]));
    }
    if matching == "Exact" && version == "0" {
        let detail = "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"";
        causes.push(field::forbidden(&path, detail));
    }
    if causes.is_empty() { Ok(()) } else { Err(Status::invalid("ListOptions", "meta.k8s.io", "", causes)) }
}
