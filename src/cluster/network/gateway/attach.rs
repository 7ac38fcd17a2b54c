//! Who may refer to whom: routes to listeners, listeners to certificates, routes to services.

use super::{GRANTS, GROUP};
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::cluster::controllers::select;
use crate::cluster::{Object, Store};

/// A reason and a sentence.
pub(super) type Refusal = (&'static str, String);

/// The namespace that a reference means, seen from `own`.
pub(super) fn namespace_of<'a>(reference: &'a Value, own: &'a str) -> &'a str {
    Some(object::field(reference, "namespace")).filter(|it| !it.is_empty()).unwrap_or(own)
}

fn or<'a>(text: &'a str, usual: &'a str) -> &'a str {
    if text.is_empty() { usual } else { text }
}

/// Whether a reference points to a Gateway.
pub(super) fn is_gateway(parent: &Value) -> bool {
    or(object::field(parent, "kind"), "Gateway") == "Gateway"
        && or(object::field(parent, "group"), GROUP) == GROUP
}

/// The listeners of a Gateway that take a route which names it by `parent`.
pub(super) fn listeners<'g>(
    store: &Store,
    gateway: &'g Object,
    route: &Value,
    parent: &Value,
) -> Result<Vec<&'g Value>, Refusal> {
    let (section, port) = (object::field(parent, "sectionName"), parent.get("port"));
    let named: Vec<&Value> = object::list(gateway, "/spec/listeners")
        .iter()
        .filter(|it| section.is_empty() || object::field(it, "name") == section)
        .filter(|it| port.is_none_or(|port| it.get("port") == Some(port)))
        .collect();
    if named.is_empty() {
        return Err(("NoMatchingParent", "Listener is not found for this parent ref".into()));
    }
    let allowed: Vec<&Value> = named.into_iter().filter(|it| allows(store, gateway, it, route)).collect();
    if allowed.is_empty() {
        return Err(("NotAllowedByListeners", "Route is not allowed by any listener".into()));
    }
    let fitting: Vec<&Value> = allowed.into_iter().filter(|it| !hostnames(it, route).is_empty()).collect();
    if fitting.is_empty() {
        let message = "Listener hostname does not match the Route hostnames";
        return Err(("NoMatchingListenerHostname", message.into()));
    }
    Ok(fitting)
}

fn allows(store: &Store, gateway: &Value, listener: &Value, route: &Value) -> bool {
    let kinds = object::list(listener, "/allowedRoutes/kinds");
    let kind = object::field(route, "kind");
    let speaks_http = matches!(object::field(listener, "protocol"), "HTTP" | "HTTPS");
    let kind_fits =
        if kinds.is_empty() { speaks_http } else { kinds.iter().any(|it| object::field(it, "kind") == kind) };
    let own = object::namespace(route);
    let namespace_fits = match or(object::text(listener, "/allowedRoutes/namespaces/from"), "Same") {
        "All" => true,
        "Same" => own == object::namespace(gateway),
        "Selector" => {
            let selector = listener.pointer("/allowedRoutes/namespaces/selector").unwrap_or(&Value::Null);
            store.find("namespaces", "", own).is_some_and(|it| select::selects(selector, it))
        }
        _ => false,
    };
    kind_fits && namespace_fits
}

/// The hosts for which a route gets requests from a listener; one empty text when neither names any.
pub(super) fn hostnames(listener: &Value, route: &Value) -> Vec<String> {
    let own = object::field(listener, "hostname");
    let wanted = object::list(route, "/spec/hostnames");
    if wanted.is_empty() {
        return vec![own.to_owned()];
    }
    let names = wanted.iter().filter_map(Value::as_str);
    names.filter_map(|name| meet(own, name)).map(str::to_owned).collect()
}

/// What two host patterns have in common: the narrower one.
fn meet<'a>(listener: &'a str, route: &'a str) -> Option<&'a str> {
    if listener.is_empty() || covers(listener, route) {
        Some(route)
    } else {
        covers(route, listener).then_some(listener)
    }
}

/// Whether a pattern covers a host or a narrower pattern.
pub(super) fn covers(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix('*') {
        _ if pattern.is_empty() || pattern == host => true,
        Some(domain) => host.trim_start_matches('*').ends_with(domain) && host.len() > domain.len(),
        None => false,
    }
}

/// Whether some ReferenceGrant lets `from` (kind and namespace) refer to an object.
fn is_granted(store: &Store, from: (&str, &str), to: (&str, &str, &str)) -> bool {
    let (kind, namespace, name) = to;
    store.list(GRANTS, namespace).any(|grant| {
        let gives = object::list(grant, "/spec/from").iter().any(|it| {
            (object::field(it, "group"), object::field(it, "kind"), object::field(it, "namespace"))
                == (GROUP, from.0, from.1)
        });
        gives
            && object::list(grant, "/spec/to").iter().any(|it| {
                let only = object::field(it, "name");
                object::field(it, "kind") == kind && (only.is_empty() || only == name)
            })
    })
}

/// The certificate and key of a listener as texts; nothing for listeners without TLS.
pub(super) fn secret(store: &Store, gateway: &Value, listener: &Value) -> Result<Option<Object>, Refusal> {
    if object::field(listener, "protocol") != "HTTPS" {
        return Ok(None);
    }
    let own = object::namespace(gateway);
    let Some(reference) = object::list(listener, "/tls/certificateRefs").first() else {
        let message =
            "tls.certificateRefs: Required value: certificateRefs must be defined for TLS mode terminate";
        return Err(("InvalidCertificateRef", message.into()));
    };
    let (namespace, name) = (namespace_of(reference, own), object::field(reference, "name"));
    if namespace != own && !is_granted(store, ("Gateway", own), ("Secret", namespace, name)) {
        let message =
            format!("Certificate ref to secret {namespace}/{name} not permitted by any ReferenceGrant");
        return Err(("RefNotPermitted", message));
    }
    let wrong = |why: &str| {
        let message = format!("tls.certificateRefs[0]: Invalid value: \"{namespace}/{name}\": {why}");
        ("InvalidCertificateRef", message)
    };
    if or(object::field(reference, "kind"), "Secret") != "Secret" {
        return Err(wrong("only Secrets are supported"));
    }
    let Some(found) = store.find("secrets", namespace, name) else {
        return Err(wrong("secret does not exist"));
    };
    if object::field(found, "type") != "kubernetes.io/tls" {
        return Err(wrong("secret type must be \"kubernetes.io/tls\""));
    }
    Ok(Some(found.clone()))
}

/// The service and the port's entry behind a reference of a route.
pub(super) fn backend(store: &Store, route: &Value, reference: &Value) -> Result<(Object, Value), Refusal> {
    let own = object::namespace(route);
    let (namespace, name) = (namespace_of(reference, own), object::field(reference, "name"));
    let kind = or(object::field(reference, "kind"), "Service");
    if kind != "Service" || !object::field(reference, "group").is_empty() {
        return Err((
            "InvalidKind",
            format!("Backend ref has the unsupported kind {kind:?}; only Service is supported"),
        ));
    }
    if namespace != own
        && !is_granted(store, (object::field(route, "kind"), own), ("Service", namespace, name))
    {
        let message =
            format!("Backend ref to Service {namespace}/{name} not permitted by any ReferenceGrant");
        return Err(("RefNotPermitted", message));
    }
    let Some(service) = store.find("services", namespace, name) else {
        return Err(("BackendNotFound", format!("Service {namespace}/{name} not found")));
    };
    let port = object::list(service, "/spec/ports").iter().find(|it| it.get("port") == reference.get("port"));
    let Some(port) = port else {
        let wanted = object::int(reference, "/port").unwrap_or(0);
        return Err(("BackendNotFound", format!("Service {namespace}/{name} has no port {wanted}")));
    };
    Ok((service.clone(), port.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_meet_as_the_api_defines() {
        assert_eq!(meet("*.a.org", "x.a.org"), Some("x.a.org"));
        assert_eq!(meet("x.a.org", "*.a.org"), Some("x.a.org"));
        assert_eq!((meet("", "b"), meet("a", "b"), meet("*.a", "a")), (Some("b"), None, None));
    }
}
