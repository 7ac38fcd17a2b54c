//! Whole descriptions of a few objects.

use super::{Lookup, Settings, describe};
use crate::apimachinery::json::{Value, json};
use crate::sim::SimTime;
use crate::tools::kubectl::Failure;

/// A client that finds only what it was given.
struct Found(Vec<(&'static str, Value)>);

impl Lookup for Found {
    fn now(&self) -> SimTime {
        SimTime::START
    }

    fn get(&mut self, _: &str, resource: &str, _: &str, name: &str) -> Result<Value, Failure> {
        Err(Failure::error(format!("{resource} {name:?} not found")))
    }

    fn list(&mut self, _: &str, resource: &str, _: &str, _: &str, _: &str) -> Result<Vec<Value>, Failure> {
        Ok(self.0.iter().filter(|(of, _)| *of == resource).map(|(_, object)| object.clone()).collect())
    }
}

fn described(object: &Value, related: Vec<(&'static str, Value)>) -> String {
    describe(object, &mut Found(related), &Settings { show_events: true })
        .unwrap_or_else(|failure| failure.sentence())
}

#[test]
fn a_pod_with_its_events() {
    let pod = json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "web", "namespace": "default", "labels": {"run": "web"}},
        "spec": {"priority": 0, "nodeName": "node01", "serviceAccountName": "default",
            "containers": [{"name": "web", "image": "nginx", "ports": [{"containerPort": 80, "protocol": "TCP"}],
                "livenessProbe": {"httpGet": {"path": "/ok", "port": 80, "scheme": "HTTP"}, "timeoutSeconds": 1,
                    "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3},
                "env": [{"name": "A", "value": "1"},
                    {"name": "K", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]}],
            "volumes": [{"name": "tmp", "emptyDir": {}}]},
        "status": {"phase": "Running", "hostIP": "172.30.2.2", "podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.1"}],
            "conditions": [{"type": "Ready", "status": "True"}]}});
    let event = json!({"type": "Normal", "reason": "Pulled", "count": 3, "message": "ready",
        "firstTimestamp": "2026-11-20T09:55:00Z", "lastTimestamp": "2026-11-20T09:58:00Z",
        "source": {"component": "kubelet"}});
    insta::assert_snapshot!(described(&pod, vec![("events", event)]));
}

#[test]
fn a_role_is_a_table_of_rules() {
    let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
        "metadata": {"name": "r", "namespace": "x"},
        "rules": [{"apiGroups": ["", "apps"], "resources": ["pods", "deployments/scale"], "verbs": ["get", "list"]}]});
    insta::assert_snapshot!(described(&role, vec![]));
}

#[test]
fn kinds_without_a_row_show_every_field() {
    let toy = json!({"apiVersion": "x.io/v1", "kind": "Toy", "metadata": {"name": "t", "uid": "u", "namespace": "n"},
        "spec": {"podCIDRs": ["a", "b"], "size": 3, "parts": [{"name": "p"}]}});
    insta::assert_snapshot!(described(&toy, vec![]));
}
