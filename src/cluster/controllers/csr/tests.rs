//! Requests of people and kubelets on the recorded sessions' world.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;
use crate::cluster::UserInfo;
use crate::cluster::api::Client;
use crate::cluster::controllers::testing::Lab;
use crate::hosts::certificates::{self, CertificateSpec, Usage};

/// Sends a request; returns its condition types and whether it was issued.
fn seen(user: &UserInfo, subject: (&str, &str), signer: &str, usages: &str, approve: bool) -> String {
    let mut lab = Lab::new();
    let now = lab.world.now;
    let spec = CertificateSpec {
        common_name: subject.0.into(),
        organizations: vec![subject.1.into()],
        dns_names: Vec::new(),
        addresses: Vec::new(),
        usage: Usage::Client,
        not_before: now,
        not_after: now,
        serial: 1,
    };
    let pem = certificates::request(&spec, certificates::pool_key(1)).unwrap();
    let text = format!(
        "{{apiVersion: certificates.k8s.io/v1, kind: CertificateSigningRequest, metadata: {{name: r}}, spec: {{request: {}, \
         signerName: kubernetes.io/{signer}, usages: [{usages}]}}}}",
        STANDARD.encode(pem)
    );
    let object = crate::apimachinery::yaml::documents(&text).unwrap().remove(0);
    Client::as_user(&mut lab.world, 0, user.clone()).create(RESOURCE, "", object).unwrap();
    lab.pass(1);
    if approve {
        let mut csr = (*lab.get(RESOURCE, "r")).clone();
        let condition = crate::apimachinery::json::json!({"type": "Approved", "status": "True", "reason": "x", "message": ""});
        object::set(&mut csr, &["status", "conditions"], crate::apimachinery::json::json!([condition]));
        lab.client().update_subresource(RESOURCE, "approval", csr).unwrap();
        lab.pass(1);
    }
    let csr = lab.get(RESOURCE, "r");
    let mut words: Vec<&str> =
        object::list(&csr, "/status/conditions").iter().map(|it| object::field(it, "type")).collect();
    if !object::text(&csr, "/status/certificate").is_empty() {
        words.push("Issued");
    }
    words.join(",")
}

#[test]
fn people_are_approved_by_hand_and_signed_for() {
    let admin = UserInfo::new("kubernetes-admin", &["system:masters", "system:authenticated"]);
    let client = "client auth";
    assert_eq!(seen(&admin, ("jane", "devs"), "kube-apiserver-client", client, false), "");
    assert_eq!(seen(&admin, ("jane", "devs"), "kube-apiserver-client", client, true), "Approved,Issued");
    assert_eq!(
        seen(&admin, ("jane", "devs"), "kube-apiserver-client-kubelet", client, true),
        "Approved,Failed"
    );
    assert_eq!(
        seen(&admin, ("jane", "devs"), "kube-apiserver-client", "server auth", true),
        "Approved,Failed"
    );
}

#[test]
fn a_kubelet_is_approved_for_itself() {
    let node = UserInfo::new("system:node:node01", &["system:nodes", "system:authenticated"]);
    let usages = "digital signature, client auth";
    let subject = ("system:node:node01", "system:nodes");
    assert_eq!(seen(&node, subject, "kube-apiserver-client-kubelet", usages, false), "Approved,Issued");
}
