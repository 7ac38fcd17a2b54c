//! ResourceQuota: what a namespace may use in all.
//!
//! A write that would use more is refused; one that is let through is booked in `status.used` at once, as
//! the real plugin does. The quota controller counts afresh with [`usage::of`].

pub(crate) mod scopes;
pub(crate) mod usage;

use self::usage::Amounts;
use super::{Call, Object, Status, forbidden};
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::apimachinery::quantity::Quantity;
use crate::cluster::Key;

/// Refuses what exceeds a quota and books the rest.
pub(super) fn validate(call: &mut Call<'_>, object: &Value, old: Option<&Object>) -> Result<(), Status> {
    let resizes = &*call.resource.storage == "pods" && call.subresource == "resize";
    if !call.resource.namespaced || !(call.subresource.is_empty() || resizes) {
        return Ok(());
    }
    if call.store().count("resourcequotas") == 0 || &*call.resource.storage == "resourcequotas" {
        return Ok(());
    }
    let storage = call.resource.storage.clone();
    let mut delta = usage::of(&storage, object);
    if let Some(old) = old {
        let before = usage::of(&storage, old);
        delta = delta
            .into_iter()
            .map(|(name, amount)| match before.get(&name) {
                Some(it) => (name, amount.sub(it)),
                None => (name, amount),
            })
            .filter(|(_, amount)| !amount.is_zero())
            .collect();
    }
    if delta.is_empty() {
        return Ok(());
    }
    let quotas: Vec<Object> = call.store().list("resourcequotas", &call.namespace).cloned().collect();
    let concerned: Vec<&Object> =
        quotas.iter().filter(|quota| scopes::covers(quota, &storage, object)).collect();
    for quota in &concerned {
        check_specified(call, quota, object, &delta)?;
    }
    for quota in &concerned {
        check_room(call, quota, object, &delta)?;
    }
    if !call.options.dry_run {
        concerned.iter().for_each(|quota| book(call, quota, &delta));
    }
    Ok(())
}

fn hard(quota: &Value) -> Amounts {
    let spec = usage::amounts(quota, "/status/hard");
    if spec.is_empty() { usage::amounts(quota, "/spec/hard") } else { spec }
}

/// Pods must say what a quota counts of them.
fn check_specified(call: &Call<'_>, quota: &Value, object: &Value, delta: &Amounts) -> Result<(), Status> {
    if &*call.resource.storage != "pods" || delta.is_empty() {
        return Ok(());
    }
    let missing: Vec<String> = hard(quota)
        .keys()
        .filter_map(|name| {
            let containers = usage::unspecified(object, name);
            (!containers.is_empty()).then(|| format!("{name} for: {}", containers.join(",")))
        })
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let why = format!("failed quota: {}: must specify {}", object::name(quota), missing.join("; "));
    Err(forbidden(call, object, &why))
}

fn check_room(call: &Call<'_>, quota: &Value, object: &Value, delta: &Amounts) -> Result<(), Status> {
    let (hard, used) = (hard(quota), usage::amounts(quota, "/status/used"));
    let mut unknown = Vec::new();
    let (mut requested, mut in_use, mut limited) = (Amounts::new(), Amounts::new(), Amounts::new());
    for (name, amount) in delta.iter().filter(|(_, amount)| !amount.is_negative()) {
        let Some(bound) = hard.get(name) else { continue };
        let Some(now) = used.get(name) else {
            unknown.push(name.as_str());
            continue;
        };
        if now.add(amount) > *bound {
            requested.insert(name.clone(), amount.clone());
            in_use.insert(name.clone(), now.clone());
            limited.insert(name.clone(), bound.clone());
        }
    }
    if !unknown.is_empty() {
        let why =
            format!("status unknown for quota: {}, resources: {}", object::name(quota), unknown.join(","));
        return Err(forbidden(call, object, &why));
    }
    if requested.is_empty() {
        return Ok(());
    }
    let why = format!(
        "exceeded quota: {}, requested: {}, used: {}, limited: {}",
        object::name(quota),
        printed(&requested),
        printed(&in_use),
        printed(&limited)
    );
    Err(forbidden(call, object, &why))
}

fn printed(amounts: &Amounts) -> String {
    let pairs: Vec<String> = amounts.iter().map(|(name, amount)| format!("{name}={amount}")).collect();
    pairs.join(",")
}

fn book(call: &mut Call<'_>, quota: &Object, delta: &Amounts) {
    let (hard, mut used) = (hard(quota), usage::amounts(quota, "/status/used"));
    for (name, amount) in delta.iter().filter(|(name, _)| hard.contains_key(*name)) {
        let sum = used.get(name).map_or_else(|| amount.clone(), |it| it.add(amount));
        used.insert(name.clone(), sum);
    }
    let mut booked = (**quota).clone();
    for (name, amount) in &used {
        object::set(&mut booked, &["status", "used", name], amount.to_string());
    }
    if booked != **quota {
        let key = Key::new("resourcequotas", object::namespace(quota), object::name(quota));
        call.store_mut().put(&key, booked);
    }
}

/// The sum of what a quota counts in its namespace, for the keys of its `hard`.
pub(crate) fn recount(store: &crate::cluster::Store, quota: &Value) -> Amounts {
    let wanted = usage::amounts(quota, "/spec/hard");
    let mut total: Amounts =
        wanted.iter().map(|(name, amount)| (name.clone(), Quantity::from_int(0, amount.format()))).collect();
    let namespace = object::namespace(quota);
    let resources: Vec<_> = store.resources().cloned().collect();
    for storage in resources {
        if !usage::counts(&storage, wanted.keys().map(String::as_str)) {
            continue;
        }
        for object in store.list(&storage, namespace).filter(|it| scopes::covers(quota, &storage, it)) {
            for (name, amount) in usage::of(&storage, object) {
                if let Some(sum) = total.get_mut(&name) {
                    *sum = sum.add(&amount);
                }
            }
        }
    }
    total
}
