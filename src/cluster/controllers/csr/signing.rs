//! Signing approved requests with the CA on the control plane's host.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::request::Request;
use super::{RESOURCE, has};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::cluster::controllers::hand::{Hand, wake_self};
use crate::cluster::controllers::options;
use crate::cluster::engine::{Component, Process};
use crate::cluster::{ClusterId, World};
use crate::hosts::certificates::{self, CertificateSpec, Pair, Usage};

pub(crate) const SIGNING: Component = Component {
    name: "certificate-signing-controller",
    process: Process::ControllerManager,
    woken_by: |_, _, event, keys| wake_self(event, RESOURCE, keys),
    sync,
};

/// 1 year unless told otherwise. Source: kube-controller-manager `--cluster-signing-duration`.
const DURATION: Duration = Duration::from_secs(8_760 * 3_600);

/// 10 min, the shortest that can be asked for. Source: `csr.spec.expirationSeconds`.
const DURATION_MIN: Duration = Duration::from_secs(600);

/// 5 min before now, for clocks that differ. Source: `authority.PermissiveSigningPolicy.Backdate`.
const BACKDATE: Duration = Duration::from_secs(300);

fn sync(world: &mut World, cluster: ClusterId, key: &str) -> Option<Duration> {
    let mut hand = Hand::new(world, cluster, SIGNING.name);
    let csr = hand.at(RESOURCE, key)?;
    let signed = !object::text(&csr, "/status/certificate").is_empty();
    if !has(&csr, "Approved") || has(&csr, "Denied") || has(&csr, "Failed") || signed {
        return None;
    }
    let request = Request::of(&csr)?;
    let flaw = flaw(&csr, &request)?;
    if let Some(why) = flaw {
        fail(&mut hand, &csr, &why);
        return None;
    }
    let certificate = authority(hand.world, cluster).and_then(|ca| {
        let spec = spec(&mut hand, &csr, &request);
        certificates::issue_for_request(&spec, &request.pem, &ca).ok()
    });
    let Some(certificate) = certificate else { return hand.retry(key) };
    let mut issued = (*csr).clone();
    object::set(&mut issued, &["status", "certificate"], STANDARD.encode(certificate));
    let written = hand.update_subresource(RESOURCE, "status", issued);
    if written.is_err() { hand.retry(key) } else { None }
}

/// What the signer finds wrong; the outer `None` when it is nobody's business here.
fn flaw(csr: &Value, request: &Request) -> Option<Option<String>> {
    match object::text(csr, "/spec/signerName") {
        "kubernetes.io/kube-apiserver-client" => Some(request.flaw_as_client()),
        "kubernetes.io/kube-apiserver-client-kubelet" => {
            Some(request.flaw_as_kubelet_client().map(str::to_owned))
        }
        "kubernetes.io/kubelet-serving" => Some(request.flaw_as_kubelet_server().map(str::to_owned)),
        "kubernetes.io/legacy-unknown" => Some(None),
        _ => None,
    }
}

fn fail(hand: &mut Hand<'_>, csr: &Value, why: &str) {
    let now = hand.now().rfc3339();
    let mut failed = csr.clone();
    let mut conditions = object::list(csr, "/status/conditions").to_vec();
    conditions.push(json!({
        "type": "Failed", "status": "True", "reason": "SignerValidationFailure", "message": why,
        "lastUpdateTime": now, "lastTransitionTime": now,
    }));
    object::set(&mut failed, &["status", "conditions"], conditions);
    // Refused means changed meanwhile, which wakes this key again.
    let _ = hand.update_subresource(RESOURCE, "status", failed);
}

/// The certificate and key that it signs with.
fn authority(world: &World, cluster: ClusterId) -> Option<Pair> {
    let file = |flag, usual| options::file(world, cluster, flag, usual);
    let certificate = file("cluster-signing-cert-file", "/etc/kubernetes/pki/ca.crt")?;
    let key = file("cluster-signing-key-file", "/etc/kubernetes/pki/ca.key")?;
    Some(Pair { certificate, key })
}

fn spec(hand: &mut Hand<'_>, csr: &Value, request: &Request) -> CertificateSpec {
    let asked = object::int(csr, "/spec/expirationSeconds").and_then(|it| u64::try_from(it).ok());
    let longest = options::duration(hand.cluster(), "cluster-signing-duration", DURATION);
    let duration = match asked {
        Some(asked) => Duration::from_secs(asked).max(DURATION_MIN).min(longest),
        None => longest,
    };
    let (client, server) = (usage(request, "client auth"), usage(request, "server auth"));
    CertificateSpec {
        common_name: request.common_name.clone(),
        organizations: request.organizations.clone(),
        dns_names: request.dns_names.clone(),
        addresses: request.addresses.clone(),
        usage: match (client, server) {
            (true, true) => Usage::ServerAndClient,
            (false, true) => Usage::Server,
            _ => Usage::Client,
        },
        not_before: hand.now() - BACKDATE,
        not_after: hand.now() + duration,
        serial: hand.world.chance.bits() >> 1,
    }
}

fn usage(request: &Request, usage: &str) -> bool {
    request.usages.iter().any(|it| it == usage)
}
