//! Any bytes as a request.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{Method, Request};
use proptest::prelude::*;

use super::http::{Peer, answer};
use super::served::{Served, Setup};
use crate::apimachinery::{object, yaml};
use crate::cluster::{Place, templates};
use crate::exercises::stage;

/// An administrator at the end of a connection to the world of the recorded sessions.
fn administrator() -> Arc<Peer> {
    use base64::Engine as _;
    let world = templates::bare(1);
    let text = world.read_text(&Place::host("controlplane"), "/etc/kubernetes/admin.conf").unwrap();
    let tree = yaml::document(&text).unwrap();
    let data = object::text(&tree, "/users/0/user/client-certificate-data");
    let pem = base64::engine::general_purpose::STANDARD.decode(data).unwrap();
    let setup = Setup {
        lab: stage::lab(world),
        stage: None,
        host: "controlplane".into(),
        speed: 0.01,
        guard: |_| Box::new(()),
    };
    Arc::new(Peer { certificate: Some(pem), ..Peer::new(Arc::new(Served::new(setup)), 0, &[]) })
}

fn send(peer: &Arc<Peer>, request: Request<Body>) -> (u16, Vec<u8>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let response = answer(State(peer.clone()), request).await;
        let code = response.status().as_u16();
        let body = to_bytes(response.into_body(), 64 << 20);
        // Watches and logs that are followed go on.
        let body = tokio::time::timeout(std::time::Duration::from_millis(20), body).await;
        (code, body.ok().and_then(Result::ok).unwrap_or_default().to_vec())
    })
}

/// The revision of the store once the cluster has done what it had to.
fn revision(peer: &Arc<Peer>) -> u64 {
    peer.served.with(|world| world.clusters[0].store.revision())
}

/// Paths, and what may stand behind them.
const ROOTS: &[&str] = &[
    "/",
    "/api/v1/namespaces/default/pods",
    "/api/v1/namespaces/default/pods/web/exec",
    "/apis/apps/v1/namespaces/default/deployments",
    "/apis/apps/v1/namespaces/default/deployments/web/scale",
    "/openapi/v3/apis/apps/v1",
    "/healthz",
];

const TYPES: &[&str] = &[
    "application/json",
    "application/yaml",
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
    "application/vnd.kubernetes.protobuf",
    "application/cbor",
    "\u{7f}",
    "",
];

const METHODS: &[&str] = &["GET", "POST", "PUT", "PATCH", "HEAD", "OPTIONS", "BREW"];

fn bodies() -> impl Strategy<Value = Vec<u8>> {
    let deployment =
        r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"spec":{"replicas":"#;
    let cut = (0..deployment.len(), any::<Vec<u8>>())
        .prop_map(move |(at, tail)| [&deployment.as_bytes()[..at], tail.as_slice()].concat());
    let proto = any::<Vec<u8>>().prop_map(|tail| [b"k8s\0", tail.as_slice()].concat());
    prop_oneof![any::<Vec<u8>>(), cut, proto]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_answered_and_change_nothing(
        method in proptest::sample::select(METHODS),
        root in proptest::sample::select(ROOTS),
        tail in "(/[a-z%0-9.:~-]{0,8}){0,3}",
        query in "([a-zA-Z]{0,12}=[^# \u{0}-\u{1f}\u{7f}-\u{10ffff}]{0,12}&?){0,3}",
        content_type in proptest::sample::select(TYPES),
        accept in "[ -~]{0,40}",
        authorization in "[ -~]{0,20}",
        body in bodies(),
    ) {
        thread_local! {
            static PEER: Arc<Peer> = administrator();
        }
        PEER.with(|peer| {
            let uri = format!("{root}{tail}?{query}");
            let request = Request::builder()
                .method(Method::from_bytes(method.as_bytes()).unwrap())
                .uri(uri)
                .header("content-type", content_type)
                .header("accept", accept)
                .header("authorization", authorization)
                .body(Body::from(body));
            // What is no URI or header never gets this far.
            let Ok(request) = request else { return Ok(()) };
            peer.served.with(|_| ());
            let before = revision(peer);
            let (code, answer) = send(peer, request);
            prop_assert!((200..600).contains(&code));
            if code >= 400 {
                prop_assert_eq!(revision(peer), before, "{} left a change", code);
                prop_assert!(method == "HEAD" || !answer.is_empty(), "{} says nothing", code);
            }
            Ok(())
        })?;
    }
}

#[test]
fn a_body_that_is_too_large_is_refused() {
    let peer = administrator();
    let uri = "/api/v1/namespaces/default/configmaps";
    let request = Request::builder().method("POST").uri(uri).body(Body::from(vec![b' '; 4 << 20])).unwrap();
    let (code, body) = send(&peer, request);
    assert_eq!(code, 413);
    assert!(String::from_utf8_lossy(&body).contains("limit is 3145728"));
}

#[test]
fn protobuf_is_not_written_and_clients_fall_back() {
    let peer = administrator();
    let get = |accept: &str| {
        let request = Request::builder().uri("/api/v1/nodes").header("accept", accept);
        send(&peer, request.body(Body::empty()).unwrap()).0
    };
    assert_eq!(get("application/vnd.kubernetes.protobuf"), 406);
    assert_eq!(get("application/vnd.kubernetes.protobuf,application/json"), 200);
}
