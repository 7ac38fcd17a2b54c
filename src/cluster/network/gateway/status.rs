//! The statuses of classes, Gateways and routes: conditions, addresses, attached routes.

use super::attach::{self, Refusal};
use super::{CLASSES, CONTROLLER, GATEWAY, GROUP, ROUTES};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::cluster::{Object, Store};
use crate::sim::SimTime;

/// A condition, since when it stands by what the object said before.
fn condition(owner: &Value, before: &[Value], now: SimTime, kind: &str, said: (bool, &str, &str)) -> Value {
    let (holds, reason, message) = said;
    let status = if holds { "True" } else { "False" };
    let old =
        before.iter().find(|it| object::field(it, "type") == kind && object::field(it, "status") == status);
    let since = old.map_or_else(|| now.rfc3339(), |it| object::field(it, "lastTransitionTime").to_owned());
    json!({"lastTransitionTime": since, "message": message, "observedGeneration": generation(owner),
        "reason": reason, "status": status, "type": kind})
}

fn generation(owner: &Value) -> i64 {
    object::int(owner, "/metadata/generation").unwrap_or(1)
}

/// Whether this controller serves a Gateway.
pub(super) fn is_ours(store: &Store, gateway: &Value) -> bool {
    let class = store.find(CLASSES, "", object::text(gateway, "/spec/gatewayClassName"));
    class.is_some_and(|it| object::text(it, "/spec/controllerName") == CONTROLLER)
}

pub(super) fn of_class(class: &Object, now: SimTime) -> Value {
    let before = object::list(class, "/status/conditions");
    let accepted = condition(class, before, now, "Accepted", (true, "Accepted", "GatewayClass is accepted"));
    let version = (true, "SupportedVersion", "Gateway API CRD versions are supported");
    json!({"conditions": [accepted, condition(class, before, now, "SupportedVersion", version)]})
}

/// What is wrong with a listener by itself: a protocol that is not served, or a port that two protocols want.
fn flaw(gateway: &Value, listener: &Value) -> Option<(&'static str, &'static str, String)> {
    let protocol = object::field(listener, "protocol");
    if !matches!(protocol, "HTTP" | "HTTPS") {
        let message =
            format!("protocol: Unsupported value: {protocol:?}: supported values: \"HTTP\", \"HTTPS\"");
        return Some(("Accepted", "UnsupportedProtocol", message));
    }
    let clash = object::list(gateway, "/spec/listeners")
        .iter()
        .any(|it| it.get("port") == listener.get("port") && object::field(it, "protocol") != protocol);
    clash.then(|| {
        let port = object::int(listener, "/port").unwrap_or(0);
        (
            "Accepted",
            "ProtocolConflict",
            format!("Multiple listeners for the same port {port} specify incompatible protocols"),
        )
    })
}

/// Whether requests can come in at a listener.
pub(super) fn works(store: &Store, gateway: &Value, listener: &Value) -> bool {
    flaw(gateway, listener).is_none() && attach::secret(store, gateway, listener).is_ok()
}

fn of_listener(store: &Store, gateway: &Object, listener: &Value, now: SimTime) -> Value {
    let name = object::field(listener, "name");
    let old = object::list(gateway, "/status/listeners").iter().find(|it| object::field(it, "name") == name);
    let before = old.map_or(&[][..], |it| object::list(it, "/conditions"));
    let say = |kind: &str, said| condition(gateway, before, now, kind, said);
    let (flaw, secret) = (flaw(gateway, listener), attach::secret(store, gateway, listener));
    let accepted = match &flaw {
        Some((_, reason, message)) => (false, *reason, message.as_str()),
        None => (true, "Accepted", "Listener is accepted"),
    };
    let resolved = match &secret {
        Err((reason, message)) => (false, *reason, message.as_str()),
        Ok(_) => (true, "ResolvedRefs", "All references are resolved"),
    };
    let bad = [&accepted, &resolved].into_iter().find(|it| !it.0);
    let programmed = match bad {
        Some((_, _, message)) => (false, "Invalid", *message),
        None => (true, "Programmed", "Listener is programmed"),
    };
    let conflict = match &flaw {
        Some((_, "ProtocolConflict", message)) => (true, "ProtocolConflict", message.as_str()),
        _ => (false, "NoConflicts", "No conflicts"),
    };
    let kind = |kind: &str| json!({"group": GROUP, "kind": kind});
    json!({
        "attachedRoutes": attached(store, gateway, name),
        "conditions": [say("Accepted", accepted), say("Programmed", programmed), say("ResolvedRefs", resolved), say("Conflicted", conflict)],
        "name": name,
        "supportedKinds": [kind("HTTPRoute"), kind("GRPCRoute")],
    })
}

/// How many routes attach to a listener.
fn attached(store: &Store, gateway: &Object, listener: &str) -> usize {
    let takes = |route: &&Object| {
        object::list(route, "/spec/parentRefs").iter().any(|parent| {
            names(route, parent, gateway)
                && attach::listeners(store, gateway, route, parent)
                    .is_ok_and(|all| all.iter().any(|it| object::field(it, "name") == listener))
        })
    };
    store.list(ROUTES, "").filter(takes).count()
}

/// Whether a parent reference of a route means this Gateway.
pub(super) fn names(route: &Value, parent: &Value, gateway: &Value) -> bool {
    attach::is_gateway(parent)
        && object::field(parent, "name") == object::name(gateway)
        && attach::namespace_of(parent, object::namespace(route)) == object::namespace(gateway)
}

/// `address` is where the Gateway's service stands; empty until it does.
pub(super) fn of_gateway(store: &Store, gateway: &Object, address: &str, now: SimTime) -> Value {
    let before = object::list(gateway, "/status/conditions");
    let listeners: Vec<Value> = object::list(gateway, "/spec/listeners")
        .iter()
        .map(|it| of_listener(store, gateway, it, now))
        .collect();
    let good = object::list(gateway, "/spec/listeners").iter().filter(|it| works(store, gateway, it)).count();
    let accepted = match good {
        0 => (false, "ListenersNotValid", "Gateway has no valid listeners"),
        _ if good < listeners.len() => {
            (true, "ListenersNotValid", "Gateway has at least one invalid listener")
        }
        _ => (true, "Accepted", "Gateway is accepted"),
    };
    let programmed = match (good, address) {
        (0, _) => (false, "Invalid", "Gateway has no valid listeners"),
        (_, "") => (false, "AddressNotAssigned", "The Gateway has no address yet"),
        _ => (true, "Programmed", "Gateway is programmed"),
    };
    let say = |kind: &str, said| condition(gateway, before, now, kind, said);
    let mut status = json!({
        "conditions": [say("Accepted", accepted), say("Programmed", programmed)],
        "listeners": listeners,
    });
    if !address.is_empty() {
        status["addresses"] = json!([{"type": "IPAddress", "value": address}]);
    }
    status
}

/// The status of a route; `None` while none of its parents is a Gateway of this controller.
pub(super) fn of_route(store: &Store, route: &Object, now: SimTime) -> Option<Value> {
    let mut parents: Vec<Value> = object::list(route, "/status/parents")
        .iter()
        .filter(|it| object::field(it, "controllerName") != CONTROLLER)
        .cloned()
        .collect();
    let had = object::list(route, "/status/parents").len() > parents.len();
    let count = parents.len();
    for parent in object::list(route, "/spec/parentRefs") {
        let mut gateways = store.list(GATEWAY, "");
        let Some(gateway) = gateways.find(|it| names(route, parent, it) && is_ours(store, it)) else {
            continue;
        };
        let old =
            object::list(route, "/status/parents").iter().find(|it| it.get("parentRef") == Some(parent));
        let before = old.map_or(&[][..], |it| object::list(it, "/conditions"));
        let found = attach::listeners(store, gateway, route, parent);
        let accepted = told(found.as_ref().err(), ("Accepted", "The Route is accepted"));
        let refused = first_refusal(store, route);
        let resolved = told(refused.as_ref(), ("ResolvedRefs", "All references are resolved"));
        let say = |kind: &str, said| condition(route, before, now, kind, said);
        parents.push(json!({"conditions": [say("Accepted", accepted), say("ResolvedRefs", resolved)],
            "controllerName": CONTROLLER, "parentRef": parent}));
    }
    (had || parents.len() > count).then(|| json!({"parents": parents}))
}

fn told<'a>(refusal: Option<&'a Refusal>, good: (&'a str, &'a str)) -> (bool, &'a str, &'a str) {
    refusal.map_or((true, good.0, good.1), |(reason, message)| (false, *reason, message.as_str()))
}

fn first_refusal(store: &Store, route: &Value) -> Option<Refusal> {
    let rules = object::list(route, "/spec/rules").iter();
    let mut references = rules.flat_map(|rule| object::list(rule, "/backendRefs"));
    references.find_map(|it| attach::backend(store, route, it).err())
}
