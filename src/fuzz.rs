//! Doors that take any bytes, for `fuzz/` and for the test that runs its seeds. Nothing else uses it.
//!
//! A door panics when what it holds is broken: whatever comes in, there is an answer, and a refused
//! request leaves the world as it was.

use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::Gvk;
use crate::apimachinery::quantity::Quantity;
use crate::apimachinery::selector::{FieldSelector, LabelSelector};
use crate::apimachinery::{gotemplate, jsonpath, patch, schema, yaml};
use crate::cluster::{Request, UserInfo, World, api, templates};
use crate::exercises::stage;
use crate::shell::{Console, quote};

/// Takes any bytes.
pub type Door = fn(&[u8]);

/// Every door by its name, which is also that of its target in `fuzz/fuzz_targets` and of its folder
/// in `fuzz/seeds`.
pub const DOORS: &[(&str, Door)] = &[
    ("flags", flags),
    ("gotemplate", go_template),
    ("http", http),
    ("jsonpath", json_path),
    ("manifest", manifest),
    ("patch", patches),
    ("quantity", quantity),
    ("selector", selectors),
    ("yaml", yaml_text),
];

/// Hands bytes to a door; an unknown name is a mistake of the caller.
pub fn knock(name: &str, bytes: &[u8]) {
    match DOORS.iter().find(|(known, _)| *known == name) {
        Some((_, door)) => door(bytes),
        None => unreachable!("there is no door {name}"),
    }
}

fn sample() -> Value {
    json!({"items": [{"metadata": {"name": "a", "labels": {"x": "y"}}, "n": 1}], "a": "b", "c": [1, 2.5, null]})
}

fn yaml_text(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let _ = yaml::stream(&text);
    if let Ok(value) = yaml::document(&text) {
        let _ = yaml::to_string(&value);
    }
}

fn quantity(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(quantity) = Quantity::parse(&text) {
        let again = Quantity::parse(&quantity.to_string());
        assert_eq!(again.map(|it| it.to_string()), Ok(quantity.to_string()), "{text}");
    }
}

fn selectors(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(selector) = LabelSelector::parse(&text) {
        let again = LabelSelector::parse(&selector.to_string()).map(|it| it.to_string());
        assert_eq!(again, Ok(selector.to_string()), "{text}");
        let _ = selector.matches(&json!({"x": "y"}));
    }
    let _ = FieldSelector::parse(&text).map(|it| it.to_string());
}

fn json_path(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let _ = jsonpath::Template::parse(&text).and_then(|it| it.execute(&sample()));
    let _ = jsonpath::relaxed(&text);
}

fn go_template(bytes: &[u8]) {
    let _ = gotemplate::render(&String::from_utf8_lossy(bytes), &sample());
}

/// The bytes are two documents: an object and a patch to it.
fn patches(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let documents = yaml::documents(&text).unwrap_or_default();
    let [document, change] = &documents[..] else { return };
    let _ = patch::json_patch(document, change);
    let _ = patch::merge_patch(document, change);
    if let Some(pods) = schema::definition(&Gvk::new("", "v1", "Pod")) {
        let _ = patch::strategic_merge(document, change, pods);
        let _ = patch::create_two_way_strategic(document, change, pods);
    }
}

fn administrator() -> UserInfo {
    UserInfo::new("kubernetes-admin", &["system:masters", "system:authenticated"])
}

/// Sends a request; one that is refused must change nothing.
fn send(world: &mut World, request: &Request) {
    let revision = |world: &World| world.clusters.get(0).map_or(0, |cluster| cluster.store.revision());
    let before = revision(world);
    let response = api::handle(world, 0, request);
    if response.code >= 400 {
        assert_eq!(
            revision(world),
            before,
            "{} {} was refused but changed something",
            request.method,
            request.path
        );
    }
}

/// The bytes are a manifest that is created, applied on the server's side, and put over a namespace.
fn manifest(bytes: &[u8]) {
    let mut world = templates::bare(1);
    let requests = [
        ("POST", "/api/v1/namespaces/default/pods", "application/yaml"),
        ("POST", "/apis/apps/v1/namespaces/default/deployments", "application/json"),
        ("PATCH", "/api/v1/namespaces/default/configmaps/a", "application/apply-patch+yaml"),
        ("PATCH", "/api/v1/namespaces/default", "application/strategic-merge-patch+json"),
        ("PATCH", "/api/v1/namespaces/default", "application/json-patch+json"),
        ("PUT", "/api/v1/namespaces/default", "application/json"),
    ];
    for (method, path, content_type) in requests {
        let request = Request {
            method: method.into(),
            path: path.into(),
            query: vec![("fieldManager".into(), "fuzz".into())],
            content_type: content_type.into(),
            body: bytes.to_vec(),
            user: administrator(),
            ..Request::default()
        };
        send(&mut world, &request);
    }
}

/// The bytes are a request line, headers that the API reads, and a body behind an empty line.
fn http(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\n\n").unwrap_or((&text, ""));
    let mut lines = head.lines();
    let mut words = lines.next().unwrap_or("").split(' ');
    let method = words.next().unwrap_or("").to_owned();
    let target = words.next().unwrap_or("");
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let pair = |pair: &str| {
        pair.split_once('=').map_or((pair.to_owned(), String::new()), |(k, v)| (k.into(), v.into()))
    };
    let mut request = Request {
        method,
        path: path.to_owned(),
        query: query.split('&').filter(|it| !it.is_empty()).map(pair).collect(),
        body: body.as_bytes().to_vec(),
        user: administrator(),
        ..Request::default()
    };
    for line in lines {
        match line.split_once(": ") {
            Some(("Accept", value)) => request.accept = value.to_owned(),
            Some(("Content-Type", value)) => request.content_type = value.to_owned(),
            Some((name, value)) if name.starts_with("Impersonate-") => {
                request.impersonate.push((name.to_owned(), value.to_owned()));
            }
            _ => {}
        }
    }
    send(&mut templates::bare(1), &request);
}

/// The bytes are the words behind `kubectl`, one a line.
fn flags(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let words: Vec<String> = text.lines().take(12).map(quote).collect();
    let lab = stage::lab(templates::bare(1));
    let Ok(mut console) = Console::new(&lab, stage::root(&lab, "controlplane")) else { return };
    let exit = console.run(&format!("timeout 60 kubectl {}", words.join(" ")));
    assert!((0..256).contains(&exit), "exit code {exit}");
}
