//! What an ingress controller does with a request: the rule that fits, and the service behind it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::http::{self, HttpOutcome, HttpRequest};
use super::{Outcome, Protocol, Source, services};
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::cluster::kubelet::run::PodId;
use crate::cluster::kubelet::web::Answer;
use crate::cluster::{Object, Place, Store, World, kubelet};
use crate::hosts::certificates::{self, CertificateSpec, Usage};
use crate::sim::SimTime;

/// Answers a request that reached a controller's pod.
pub(super) fn answer(world: &mut World, pod: &PodId, place: &Place, request: &HttpRequest) -> Answer {
    let Some(store) = world.clusters.get(pod.cluster).map(|it| it.store.clone()) else {
        return Answer::nginx_page(503);
    };
    let class = class_of(world, pod);
    let Some((namespace, backend)) = find(&store, request, &class) else { return Answer::nginx_page(404) };
    let name = object::text(&backend, "/service/name");
    let Some(service) = store.find("services", &namespace, name) else { return Answer::nginx_page(503) };
    let wanted = backend.pointer("/service/port").unwrap_or(&Value::Null);
    let port = object::list(service, "/spec/ports").iter().find(|it| {
        wanted.get("number").is_some_and(|number| it.get("port") == Some(number))
            || wanted.get("name").is_some_and(|name| it.get("name") == Some(name))
    });
    let endpoints = port.map(|port| services::endpoints(&store, service, port)).unwrap_or_default();
    let Some(endpoint) = endpoints.first() else { return Answer::nginx_page(503) };
    let Some(source) = Source::of(world, place) else { return Answer::nginx_page(503) };
    let mut trace = Vec::new();
    let outcome = super::connect(world, &source, endpoint.address, endpoint.port, Protocol::Tcp, &mut trace);
    let onward = HttpRequest {
        tls: false,
        client_ip: source.address.to_string(),
        hops: request.hops + 1,
        ..request.clone()
    };
    match outcome {
        Outcome::Open { place, port } if onward.hops < 6 => {
            match http::answer(world, &place, port, &onward) {
                HttpOutcome::Answer(answer) => answer,
                _ => Answer::nginx_page(502),
            }
        }
        Outcome::TimedOut => Answer::nginx_page(504),
        _ => Answer::nginx_page(502),
    }
}

/// The certificate (PEM) that a controller shows for a name: that of the Ingress which lists it, otherwise its own.
/// `None` at ports where no controller speaks TLS.
pub(super) fn certificate(
    world: &World,
    pod: &PodId,
    container: &str,
    port: u16,
    name: &str,
) -> Option<String> {
    let running = pod.container(world, container)?;
    let kind = kubelet::services::on_port(world, &pod.place(container), running, port)?.kind;
    if kind != "ingress" || !TLS_PORTS.contains(&port) {
        return None;
    }
    let store = &world.clusters.get(pod.cluster)?.store;
    let class = class_of(world, pod);
    let ingresses = store.list("ingresses.networking.k8s.io", "").filter(|it| is_of_class(store, it, &class));
    let entries = ingresses
        .flat_map(|it| object::list(it, "/spec/tls").iter().map(move |entry| (object::namespace(it), entry)));
    let fits = |entry: &Value| {
        object::list(entry, "/hosts").iter().filter_map(Value::as_str).any(|it| host_fits(it, name).is_some())
    };
    let own = || {
        let key = certificates::pool_key(0);
        certificates::self_signed(&fake(world.now), key).map(|pair| pair.certificate).ok()
    };
    let secret = |(namespace, entry): (&str, &Value)| {
        let secret = store.find("secrets", namespace, object::field(entry, "secretName"))?;
        let text = |key: &str| {
            let encoded = object::at(secret, &format!("/data/{key}"))?.as_str()?;
            String::from_utf8(STANDARD.decode(encoded).ok()?).ok()
        };
        let (certificate, key) = (text("tls.crt")?, text("tls.key")?);
        certificates::key_fits(&certificate, &key).then_some(certificate)
    };
    entries.filter(|(_, entry)| fits(entry)).find_map(secret).or_else(own)
}

/// Ports at which a controller's container speaks TLS.
pub(super) const TLS_PORTS: &[u16] = &[443, 8443];

/// What ingress-nginx shows where no Ingress has a certificate. It makes it when it starts, good for a year.
fn fake(now: SimTime) -> CertificateSpec {
    const YEAR_S: i64 = 365 * 24 * 3600;
    CertificateSpec {
        common_name: "Kubernetes Ingress Controller Fake Certificate".to_owned(),
        organizations: vec!["Acme Co".to_owned()],
        dns_names: vec!["ingress.local".to_owned()],
        addresses: Vec::new(),
        usage: Usage::Server,
        not_before: SimTime::from_unix_s(now.unix_s() - YEAR_S / 2),
        not_after: SimTime::from_unix_s(now.unix_s() + YEAR_S / 2),
        serial: 1,
    }
}

/// The class that a controller serves, by its command line.
fn class_of(world: &World, pod: &PodId) -> String {
    let containers = pod.get(world).into_iter().flat_map(|it| it.containers.values());
    let mut words = containers.flat_map(|it| object::list(&it.spec, "/args").to_vec());
    let found = words.find_map(|it| Some(it.as_str()?.strip_prefix("--ingress-class=")?.to_owned()));
    found.unwrap_or_else(|| "nginx".to_owned())
}

/// Namespace and backend of the rule that fits best.
fn find(store: &Store, request: &HttpRequest, class: &str) -> Option<(String, Value)> {
    let host = request.host.split(':').next().unwrap_or("");
    let path = request.path.split('?').next().unwrap_or("/");
    let mut best: Option<(bool, usize, String, Value)> = None;
    let mut fallback = None;
    for ingress in store.list("ingresses.networking.k8s.io", "").filter(|it| is_of_class(store, it, class)) {
        let namespace = object::namespace(ingress).to_owned();
        for rule in object::list(ingress, "/spec/rules") {
            let Some(exact_host) = host_fits(object::field(rule, "host"), host) else { continue };
            for entry in object::list(rule, "/http/paths") {
                let wanted = object::field(entry, "path");
                if !path_fits(object::field(entry, "pathType"), wanted, path) {
                    continue;
                }
                let better = best
                    .as_ref()
                    .is_none_or(|(host, length, ..)| (exact_host, wanted.len()) > (*host, *length));
                if better {
                    let backend = entry.get("backend").cloned().unwrap_or_default();
                    best = Some((exact_host, wanted.len(), namespace.clone(), backend));
                }
            }
        }
        fallback =
            fallback.or_else(|| Some((namespace, object::at(ingress, "/spec/defaultBackend")?.clone())));
    }
    best.map(|(_, _, namespace, backend)| (namespace, backend)).or(fallback)
}

fn is_of_class(store: &Store, ingress: &Object, class: &str) -> bool {
    let by_spec = object::text(ingress, "/spec/ingressClassName");
    if !by_spec.is_empty() {
        let known = store.find("ingressclasses.networking.k8s.io", "", by_spec);
        return by_spec == class && known.is_some();
    }
    object::annotation(ingress, "kubernetes.io/ingress.class") == Some(class)
}

/// Whether a rule is for a host; true inside for one that names it exactly.
fn host_fits(rule: &str, host: &str) -> Option<bool> {
    match rule {
        "" => Some(false),
        _ if rule == host => Some(true),
        _ => {
            let (_, domain) = host.split_once('.')?;
            (rule.strip_prefix("*.") == Some(domain)).then_some(false)
        }
    }
}

fn path_fits(kind: &str, rule: &str, path: &str) -> bool {
    if kind == "Exact" {
        return rule == path;
    }
    http::below(path, rule).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_hosts_fit_as_the_api_defines() {
        assert!(path_fits("Prefix", "/a", "/a/b") && path_fits("Prefix", "/", "/x"));
        assert!(!path_fits("Prefix", "/a", "/ab") && !path_fits("Exact", "/a", "/a/"));
        assert_eq!(host_fits("*.a.org", "x.a.org"), Some(false));
        assert_eq!((host_fits("", "x"), host_fits("y", "x")), (Some(false), None));
    }
}
