//! Approval of kubelets' client certificates, if who asks may have one.

use std::time::Duration;

use super::request::Request;
use super::{RESOURCE, has};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::cluster::api::authz::{self, Attributes};
use crate::cluster::controllers::hand::{Hand, wake_self};
use crate::cluster::engine::{Component, Process};
use crate::cluster::{ClusterId, UserInfo, World};

pub(crate) const APPROVING: Component = Component {
    name: "certificate-controller",
    process: Process::ControllerManager,
    woken_by: |_, _, event, keys| wake_self(event, RESOURCE, keys),
    sync,
};

fn sync(world: &mut World, cluster: ClusterId, key: &str) -> Option<Duration> {
    let mut hand = Hand::new(world, cluster, APPROVING.name);
    let csr = hand.at(RESOURCE, key)?;
    let of_kubelet = object::text(&csr, "/spec/signerName") == "kubernetes.io/kube-apiserver-client-kubelet";
    if !of_kubelet
        || has(&csr, "Approved")
        || has(&csr, "Denied")
        || !object::text(&csr, "/status/certificate").is_empty()
    {
        return None;
    }
    let request = Request::of(&csr).filter(|it| it.flaw_as_kubelet_client().is_none())?;
    let own = object::text(&csr, "/spec/username") == request.common_name;
    let message = if own && may(&hand, &csr, "selfnodeclient") {
        "Auto approving self kubelet client certificate after SubjectAccessReview."
    } else if may(&hand, &csr, "nodeclient") {
        "Auto approving kubelet client certificate after SubjectAccessReview."
    } else {
        return None;
    };
    approve(&mut hand, &csr, message);
    None
}

/// Whether who asks may create requests of a kind.
fn may(hand: &Hand<'_>, csr: &Value, subresource: &str) -> bool {
    let groups: Vec<&str> = object::list(csr, "/spec/groups").iter().filter_map(Value::as_str).collect();
    let user = UserInfo::new(object::text(csr, "/spec/username"), &groups);
    let attributes = Attributes {
        verb: "create".into(),
        group: "certificates.k8s.io".into(),
        version: "v1".into(),
        resource: "certificatesigningrequests".into(),
        subresource: subresource.into(),
        ..Attributes::default()
    };
    authz::decide(hand.cluster(), &user, &attributes).allowed
}

fn approve(hand: &mut Hand<'_>, csr: &Value, message: &str) {
    let now = hand.now().rfc3339();
    let mut approved = csr.clone();
    let mut conditions = object::list(csr, "/status/conditions").to_vec();
    conditions.push(json!({
        "type": "Approved", "status": "True", "reason": "AutoApproved", "message": message,
        "lastUpdateTime": now, "lastTransitionTime": now,
    }));
    object::set(&mut approved, &["status", "conditions"], conditions);
    // Refused means changed meanwhile, which wakes this key again.
    let _ = hand.update_subresource(RESOURCE, "approval", approved);
}
