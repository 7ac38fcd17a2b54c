//! Every namespace gets the service account `default` and the config map with the cluster's CA, and
//! secrets of the type for service account tokens get their token.
//!
//! Follows `pkg/controller/serviceaccount` and `pkg/controller/certificates/rootcacertpublisher`.

use std::time::Duration;

use base64::Engine as _;

use super::hand::{Hand, join_key};
use super::options;
use super::pods::is_deleting;
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::cluster::api::authn::token;
use crate::cluster::engine::{Component, Process};
use crate::cluster::{ClusterId, Event, World};

pub(crate) const SERVICE_ACCOUNT: Component = Component {
    name: "service-account-controller",
    process: Process::ControllerManager,
    woken_by: |_, _, event, keys| wake_namespace(event, "serviceaccounts", "default", keys),
    sync: sync_account,
};

pub(crate) const ROOT_CA: Component = Component {
    name: "root-ca-cert-publisher",
    process: Process::ControllerManager,
    woken_by: |_, _, event, keys| wake_namespace(event, "configmaps", ROOT_CA_MAP, keys),
    sync: sync_root_ca,
};

/// The config map that pods read the CA from.
const ROOT_CA_MAP: &str = "kube-root-ca.crt";

/// Where kube-controller-manager's `--root-ca-file` points on a kubeadm host.
const CA_FILE: &str = "/etc/kubernetes/pki/ca.crt";

fn wake_namespace(event: &Event, resource: &str, name: &str, keys: &mut Vec<String>) {
    match &*event.key.resource {
        "namespaces" => keys.push(event.key.name.to_string()),
        it if it == resource && &*event.key.name == name => keys.push(event.key.namespace.to_string()),
        _ => {}
    }
}

fn is_active(hand: &Hand<'_>, namespace: &str) -> bool {
    hand.get("namespaces", "", namespace).is_some_and(|it| !is_deleting(&it))
}

fn sync_account(world: &mut World, cluster: ClusterId, namespace: &str) -> Option<Duration> {
    let mut hand = Hand::new(world, cluster, SERVICE_ACCOUNT.name);
    if !is_active(&hand, namespace) || hand.get("serviceaccounts", namespace, "default").is_some() {
        return None;
    }
    let account = json!({"apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": {"name": "default", "namespace": namespace}});
    match hand.create("serviceaccounts", account) {
        Ok(_) => None,
        Err(_) => hand.retry(namespace),
    }
}

/// The CA that pods are to trust, as the controller manager was given it.
fn cluster_ca(world: &World, cluster: ClusterId) -> Option<String> {
    options::file(world, cluster, "root-ca-file", CA_FILE)
}

fn sync_root_ca(world: &mut World, cluster: ClusterId, namespace: &str) -> Option<Duration> {
    let ca = cluster_ca(world, cluster)?;
    let mut hand = Hand::new(world, cluster, ROOT_CA.name);
    if !is_active(&hand, namespace) {
        return None;
    }
    let data = json!({"ca.crt": ca});
    let annotation = "Contains a CA bundle that can be used to verify the kube-apiserver when using internal \
        endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across \
        distributions of Kubernetes clusters.";
    let written = match hand.get("configmaps", namespace, ROOT_CA_MAP) {
        None => {
            let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": data, "metadata": {
                "name": ROOT_CA_MAP, "namespace": namespace,
                "annotations": {"kubernetes.io/description": annotation}}});
            hand.create("configmaps", map).map(drop)
        }
        Some(map) => hand.edit("configmaps", &map, |map| {
            object::set(map, &["data"], data);
            object::set(map, &["metadata", "annotations", "kubernetes.io/description"], annotation);
        }),
    };
    if written.is_err() { hand.retry(namespace) } else { None }
}

pub(crate) const TOKENS: Component = Component {
    name: "tokens-controller",
    process: Process::ControllerManager,
    woken_by: wake_tokens,
    sync: sync_token,
};

/// The type of secrets that hold a token.
const TOKEN_TYPE: &str = "kubernetes.io/service-account-token";

fn is_token(secret: &Value) -> bool {
    object::text(secret, "/type") == TOKEN_TYPE
}

fn wake_tokens(world: &World, cluster: ClusterId, event: &Event, keys: &mut Vec<String>) {
    match &*event.key.resource {
        "secrets" if is_token(&event.object) => keys.push(join_key(&event.key.namespace, &event.key.name)),
        "serviceaccounts" => {
            let secrets = world.clusters[cluster].store.list("secrets", &event.key.namespace);
            let account = "kubernetes.io/service-account.name";
            let of_it = secrets
                .filter(|it| is_token(it) && object::annotation(it, account) == Some(&*event.key.name));
            keys.extend(of_it.map(|it| join_key(&event.key.namespace, object::name(it))));
        }
        _ => {}
    }
}

fn sync_token(world: &mut World, cluster: ClusterId, key: &str) -> Option<Duration> {
    let ca = cluster_ca(world, cluster);
    let mut hand = Hand::new(world, cluster, TOKENS.name);
    let secret = hand.at("secrets", key).filter(|it| is_token(it) && !is_deleting(it))?;
    let namespace = object::namespace(&secret).to_owned();
    let wanted = object::annotation(&secret, "kubernetes.io/service-account.name").unwrap_or("");
    let account = hand.get("serviceaccounts", &namespace, wanted);
    let noted = object::annotation(&secret, "kubernetes.io/service-account.uid");
    let Some(account) = account.filter(|it| noted.is_none_or(|uid| uid.is_empty() || uid == object::uid(it)))
    else {
        // A token of no account is worth nothing.
        let _ = hand.delete("secrets", &secret);
        return None;
    };
    let encode = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
    let token = if object::text(&secret, "/data/token").is_empty() {
        let issued = token::issue_for_secret(
            hand.world,
            cluster,
            &namespace,
            (object::name(&account), object::uid(&account)),
            object::name(&secret),
        )?;
        Some(encode(issued.as_bytes()))
    } else {
        None
    };
    let written = hand.edit("secrets", &secret, |secret| {
        object::set(
            secret,
            &["metadata", "annotations", "kubernetes.io/service-account.uid"],
            object::uid(&account),
        );
        object::set(secret, &["data", "namespace"], encode(namespace.as_bytes()));
        if let Some(ca) = ca {
            object::set(secret, &["data", "ca.crt"], encode(ca.as_bytes()));
        }
        if let Some(token) = token {
            object::set(secret, &["data", "token"], token);
        }
    });
    if written.is_err() { hand.retry(key) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::controllers::testing::Lab;

    #[test]
    fn a_namespace_gets_its_account_and_ca() {
        let mut lab = Lab::new();
        lab.create("namespaces", "{apiVersion: v1, kind: Namespace, metadata: {name: dev}}");
        lab.pass(1);
        let store = &lab.world.clusters[0].store;
        assert!(store.find("serviceaccounts", "dev", "default").is_some());
        let map = store.find("configmaps", "dev", ROOT_CA_MAP).unwrap();
        assert!(object::field(map.get("data").unwrap(), "ca.crt").starts_with("-----BEGIN CERTIFICATE-----"));
    }

    #[test]
    fn a_token_secret_is_filled_in_and_goes_with_its_account() {
        let mut lab = Lab::new();
        lab.create("serviceaccounts", "{apiVersion: v1, kind: ServiceAccount, metadata: {name: bot}}");
        let annotations = "annotations: {kubernetes.io/service-account.name: bot}";
        let secret = format!(
            "{{apiVersion: v1, kind: Secret, type: {TOKEN_TYPE}, metadata: {{name: t, {annotations}}}}}"
        );
        lab.create("secrets", &secret);
        lab.pass(1);
        let token = object::text(&lab.get("secrets", "t"), "/data/token").to_owned();
        assert!(token.starts_with("ZXlK"), "{token}");
        lab.delete("serviceaccounts", "bot");
        lab.pass(1);
        assert!(lab.list("secrets").is_empty());
    }
}
