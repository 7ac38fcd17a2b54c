//! DenyServiceExternalIPs: services take no addresses from outside.

use super::{Call, Object, Status, concerns, forbidden};
use crate::apimachinery::json::Value;
use crate::apimachinery::object;

/// Refuses external addresses that the service did not have.
pub(super) fn external(call: &mut Call<'_>, service: &Value, old: Option<&Object>) -> Result<(), Status> {
    if !concerns(call, "services") {
        return Ok(());
    }
    let before = old.map_or(&[][..], |it| object::list(it, "/spec/externalIPs"));
    if object::list(service, "/spec/externalIPs").iter().all(|it| before.contains(it)) {
        return Ok(());
    }
    Err(forbidden(call, service, "Use of external IPs is denied by admission control"))
}
