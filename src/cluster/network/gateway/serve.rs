//! A request that came in at a Gateway: the rule that fits best, and where it sends the request.

use std::cmp::Reverse;

use super::{CONTROLLER, GATEWAY, OF_GATEWAY, ROUTES, attach, filters, status};
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::cluster::kubelet::run::PodId;
use crate::cluster::kubelet::web::Answer;
use crate::cluster::network::http::{self, HttpOutcome, HttpRequest};
use crate::cluster::network::{Outcome, Protocol, Source, connect, services};
use crate::cluster::{Object, Place, Store, World};

/// The Gateway that a pod answers for.
fn gateway_of(world: &World, pod: &PodId) -> Option<Object> {
    let run = pod.get(world)?;
    let store = &world.clusters.get(pod.cluster)?.store;
    let own = store.find("pods", &run.namespace, &run.name)?;
    store.find(GATEWAY, &run.namespace, object::label(own, OF_GATEWAY)?).cloned()
}

fn at_port(listener: &Value, port: u16) -> bool {
    object::int(listener, "/port") == Some(i64::from(port))
}

/// Whether TLS is spoken at a port.
pub(in crate::cluster::network) fn speaks_tls(world: &World, pod: &PodId, port: u16) -> bool {
    let gateway = gateway_of(world, pod);
    let listeners = gateway.iter().flat_map(|it| object::list(it, "/spec/listeners"));
    listeners.filter(|it| at_port(it, port)).any(|it| object::field(it, "protocol") == "HTTPS")
}

/// The listener that takes requests for a host: the one with the most exact name.
fn listener<'g>(store: &Store, gateway: &'g Object, port: u16, host: &str) -> Option<&'g Value> {
    let all = object::list(gateway, "/spec/listeners").iter();
    all.filter(|it| at_port(it, port) && status::works(store, gateway, it))
        .filter(|it| attach::covers(object::field(it, "hostname"), host))
        .max_by_key(|it| rank(object::field(it, "hostname")))
}

/// Exact names before patterns, longer before shorter.
fn rank(hostname: &str) -> (bool, usize) {
    (!hostname.is_empty() && !hostname.starts_with('*'), hostname.len())
}

/// The certificate shown for a host, as PEM.
pub(crate) fn certificate(world: &World, pod: &PodId, port: u16, host: &str) -> Option<String> {
    let gateway = gateway_of(world, pod)?;
    let store = &world.clusters.get(pod.cluster)?.store;
    let listener = listener(store, &gateway, port, host)?;
    let secret = attach::secret(store, &gateway, listener).ok()??;
    let encoded = object::at(&secret, "/data/tls.crt")?.as_str()?;
    use base64::Engine as _;
    String::from_utf8(base64::engine::general_purpose::STANDARD.decode(encoded).ok()?).ok()
}

/// Answers; `None` when TLS finds no listener for the host.
pub(in crate::cluster::network) fn answer(
    world: &mut World,
    pod: &PodId,
    place: &Place,
    port: u16,
    request: &HttpRequest,
) -> Option<Answer> {
    let page = |status| Some(Answer::nginx_page(status));
    let host = request.host.split(':').next().unwrap_or("").to_owned();
    let Some(store) = world.clusters.get(pod.cluster).map(|it| it.store.clone()) else { return page(503) };
    let Some(gateway) = gateway_of(world, pod) else { return page(404) };
    let Some(listener) = listener(&store, &gateway, port, &host) else {
        return if request.tls { None } else { page(404) };
    };
    let Some(chosen) = choose(&store, &gateway, listener, &host, request) else { return page(404) };
    let rule_filters = object::list(&chosen.rule, "/filters").to_vec();
    if let Some(answer) = filters::redirect(&rule_filters, &chosen.matched, request) {
        return Some(answer);
    }
    let Some(reference) = pick(world, object::list(&chosen.rule, "/backendRefs")) else { return page(500) };
    let Ok((service, entry)) = attach::backend(&store, &chosen.route, &reference) else { return page(500) };
    let endpoints = services::endpoints(&store, &service, &entry);
    let at = usize::try_from(world.chance.below(endpoints.len().max(1) as u64)).unwrap_or(0);
    let Some(endpoint) = endpoints.get(at) else { return page(503) };
    let Some(source) = Source::of(world, place) else { return page(503) };
    let all: Vec<Value> =
        rule_filters.into_iter().chain(object::list(&reference, "/filters").to_vec()).collect();
    let mut onward = filters::onward(&all, &chosen.matched, request);
    onward.client_ip = source.address.to_string();
    let mut trace = Vec::new();
    let reached = connect(world, &source, endpoint.address, endpoint.port, Protocol::Tcp, &mut trace);
    let mut answer = match reached {
        Outcome::Open { place, port } if onward.hops < 6 => {
            match http::answer(world, &place, port, &onward) {
                HttpOutcome::Answer(answer) => answer,
                _ => Answer::nginx_page(502),
            }
        }
        Outcome::TimedOut => Answer::nginx_page(504),
        _ => Answer::nginx_page(502),
    };
    filters::back(&all, &mut answer);
    Some(answer)
}

/// By weight, 1 where none is said; `None` when nothing may be chosen.
fn pick(world: &mut World, references: &[Value]) -> Option<Value> {
    let weight = |it: &Value| u64::try_from(object::int(it, "/weight").unwrap_or(1)).unwrap_or(0);
    let sum: u64 = references.iter().map(weight).sum();
    if sum == 0 {
        return None;
    }
    let mut left = if references.len() == 1 { 0 } else { world.chance.below(sum) };
    for it in references {
        if left < weight(it) {
            return Some(it.clone());
        }
        left -= weight(it);
    }
    None
}

/// A rule that fits a request.
struct Chosen {
    route: Object,
    rule: Value,
    /// The path of the match, for filters that replace its prefix.
    matched: String,
}

/// What is compared between fitting matches; the greatest wins.
type Rank =
    ((bool, usize), bool, usize, bool, usize, usize, Reverse<String>, Reverse<String>, Reverse<usize>);

fn choose(
    store: &Store,
    gateway: &Object,
    listener: &Value,
    host: &str,
    request: &HttpRequest,
) -> Option<Chosen> {
    let mut best: Option<(Rank, Chosen)> = None;
    let routes = store.list(ROUTES, "").filter(|it| is_attached(store, it, gateway, listener));
    for route in routes {
        let names = attach::hostnames(listener, route);
        let Some(name) = names.iter().filter(|it| attach::covers(it, host)).max_by_key(|it| rank(it)) else {
            continue;
        };
        for (index, rule) in object::list(route, "/spec/rules").iter().enumerate() {
            let everything = [Value::Null];
            let matches =
                Some(object::list(rule, "/matches")).filter(|it| !it.is_empty()).unwrap_or(&everything);
            for one in matches.iter().filter(|it| fits(it, request)) {
                let path = object::text(one, "/path/value");
                let exact = object::text(one, "/path/type") == "Exact";
                let count = |key: &str| object::list(one, key).len();
                let created = object::text(route, "/metadata/creationTimestamp").to_owned();
                let key = format!("{}/{}", object::namespace(route), object::name(route));
                let rank = (
                    rank(name),
                    exact,
                    path.len(),
                    one.get("method").is_some(),
                    count("/headers"),
                    count("/queryParams"),
                    Reverse(created),
                    Reverse(key),
                    Reverse(index),
                );
                if best.as_ref().is_none_or(|(had, _)| rank > *had) {
                    best = Some((
                        rank,
                        Chosen { route: route.clone(), rule: rule.clone(), matched: path.to_owned() },
                    ));
                }
            }
        }
    }
    best.map(|(_, it)| it)
}

/// Whether the controller accepted a route, and it attaches to this listener.
fn is_attached(store: &Store, route: &Object, gateway: &Object, listener: &Value) -> bool {
    let accepted = object::list(route, "/status/parents").iter().any(|parent| {
        object::field(parent, "controllerName") == CONTROLLER
            && parent.get("parentRef").is_some_and(|it| status::names(route, it, gateway))
            && object::list(parent, "/conditions")
                .iter()
                .any(|it| object::field(it, "type") == "Accepted" && object::field(it, "status") == "True")
    });
    accepted
        && object::list(route, "/spec/parentRefs")
            .iter()
            .filter(|it| status::names(route, it, gateway))
            .any(|it| attach::listeners(store, gateway, route, it).is_ok_and(|all| all.contains(&listener)))
}

fn fits(one: &Value, request: &HttpRequest) -> bool {
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    let value = object::text(one, "/path/value");
    let text_fits = |rule: &Value, actual: &str| {
        let wanted = object::field(rule, "value");
        match object::field(rule, "type") {
            "RegularExpression" => regex::Regex::new(wanted).is_ok_and(|it| it.is_match(actual)),
            _ => wanted == actual,
        }
    };
    let path_fits = match object::text(one, "/path/type") {
        "Exact" => path == value,
        "RegularExpression" => regex::Regex::new(value).is_ok_and(|it| it.is_match(path)),
        _ => http::below(path, value).is_some(),
    };
    let method = object::field(one, "method");
    path_fits
        && (method.is_empty() || method == request.method)
        && object::list(one, "/headers").iter().all(|rule| {
            let name = object::field(rule, "name");
            let mut values = request.headers.iter().filter(|(it, _)| it.eq_ignore_ascii_case(name));
            values.any(|(_, it)| text_fits(rule, it))
        })
        && object::list(one, "/queryParams").iter().all(|rule| {
            let pairs = query.split('&').filter_map(|it| it.split_once('='));
            pairs.into_iter().any(|(name, it)| name == object::field(rule, "name") && text_fits(rule, it))
        })
}
