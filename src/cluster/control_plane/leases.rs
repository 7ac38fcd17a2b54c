//! The leases of the control plane in kube-system: one for each leader, and one for each API server.
//!
//! As with nodes, renewals are not written down: a lease is written when its holder changes, and shown
//! with the renewals up to now.

use std::time::Duration;

use sha2::{Digest, Sha256};

use super::{Instance, Phase};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::cluster::api::Client;
use crate::cluster::{ClusterId, Object, UserInfo, World};
use crate::sim::SimTime;

const RESOURCE: &str = "leases.coordination.k8s.io";
const NAMESPACE: &str = "kube-system";

/// 2 s between two renewals of a leader, 10 s of an API server.
const LEADER_RENEWS: u64 = 2;
const SERVER_RENEWS: u64 = 10;

/// Writes down that a process which serves holds its lease.
pub(super) fn hold(world: &mut World, cluster: ClusterId, host: &str, instance: &Instance) {
    let program = instance.process.program.as_str();
    let wanted = match program {
        "kube-apiserver" => server_lease(world, host),
        "kube-controller-manager" | "kube-scheduler"
            if instance.process.flag("leader-elect") != Some("false") =>
        {
            leader_lease(world, cluster, host, instance)
        }
        _ => None,
    };
    let Some(lease) = wanted else { return };
    let groups = ["system:masters", "system:authenticated"];
    let user = match program {
        "kube-apiserver" => UserInfo::new("system:apiserver", &groups),
        other => UserInfo::new(&format!("system:{other}"), &["system:authenticated"]),
    };
    let mut client = Client::as_user(world, cluster, user);
    match client.get(RESOURCE, NAMESPACE, object::name(&lease)) {
        Some(stored) if object::text(&stored, "/spec/holderIdentity") == holder(&lease) => {}
        Some(stored) if program != "kube-apiserver" => {
            let turns = object::int(&stored, "/spec/leaseTransitions").unwrap_or(0) + 1;
            let mut next = (*stored).clone();
            object::set(&mut next, &["spec"], lease["spec"].clone());
            object::set(&mut next, &["spec", "leaseTransitions"], turns);
            let _ = client.update(RESOURCE, next);
        }
        Some(stored) => {
            let mut next = (*stored).clone();
            object::set(&mut next, &["spec"], lease["spec"].clone());
            let _ = client.update(RESOURCE, next);
        }
        None => drop(client.create(RESOURCE, NAMESPACE, lease)),
    }
}

fn holder(lease: &Value) -> &str {
    object::text(lease, "/spec/holderIdentity")
}

/// The identity that the process named in its log when it became leader.
fn identity(instance: &Instance) -> Option<&str> {
    let said = |(_, line): &'_ (SimTime, String)| line.contains("became leader");
    let (_, line) = instance.log.iter().rev().find(|it| said(it))?;
    line.split_once("message=\"")?.1.split(' ').next()
}

fn leader_lease(world: &World, cluster: ClusterId, host: &str, instance: &Instance) -> Option<Value> {
    let stored = || world.clusters.get(cluster)?.store.find(RESOURCE, NAMESPACE, &instance.process.program);
    let own = match identity(instance) {
        Some(said) => said.to_owned(),
        // It does not say; then it keeps what it had.
        None => match stored().map(|it| holder(it).to_owned()) {
            Some(known) if known.starts_with(&format!("{host}_")) => known,
            _ => format!("{host}_{}", uuid(&format!("{host}/{}", instance.process.program))),
        },
    };
    let now = world.now.rfc3339_micro();
    Some(json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": {"name": instance.process.program, "namespace": NAMESPACE},
        "spec": {"acquireTime": now, "holderIdentity": own, "leaseDurationSeconds": 15,
            "leaseTransitions": 0, "renewTime": now},
    }))
}

/// The name of an API server is made of that of its machine.
fn server_lease(world: &World, host: &str) -> Option<Value> {
    let sum = Sha256::digest(host.as_bytes());
    let name = format!("apiserver-{}", base32(sum.get(..16)?));
    let now = world.now.rfc3339_micro();
    let own = format!("{name}_{}", uuid(&name));
    Some(json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": {"name": name, "namespace": NAMESPACE, "labels": {
            "apiserver.kubernetes.io/identity": "kube-apiserver", "kubernetes.io/hostname": host}},
        "spec": {"holderIdentity": own, "leaseDurationSeconds": 3600, "renewTime": now},
    }))
}

/// RFC 4648 without padding, in small letters.
fn base32(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let bits: Vec<u8> = bytes.iter().flat_map(|byte| (0..8).rev().map(move |at| byte >> at & 1)).collect();
    let digit = |five: &[u8]| {
        let value = (0..5).fold(0, |sum, at| sum << 1 | usize::from(five.get(at).copied().unwrap_or(0)));
        char::from(LETTERS.get(value).copied().unwrap_or(b'a'))
    };
    bits.chunks(5).map(digit).collect()
}

fn uuid(seed: &str) -> String {
    let hex: String = Sha256::digest(seed.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or("").to_owned();
    format!("{}-{}-4{}-8{}-{}", part(0, 8), part(8, 12), part(12, 15), part(15, 18), part(18, 30))
}

/// A lease of the control plane with the renewals of its holder up to now.
pub(crate) fn as_of_now(world: &World, cluster: ClusterId, stored: &Object) -> Object {
    let name = object::name(stored);
    let own = holder(stored);
    let (program, every) = match name {
        "kube-controller-manager" | "kube-scheduler" => (name, LEADER_RENEWS),
        _ if name.starts_with("apiserver-") => ("kube-apiserver", SERVER_RENEWS),
        _ => return stored.clone(),
    };
    let holds = |host: &str| match name {
        "kube-controller-manager" | "kube-scheduler" => own.starts_with(&format!("{host}_")),
        _ => object::label(stored, "kubernetes.io/hostname") == Some(host),
    };
    let found = world.clusters.get(cluster).and_then(|it| {
        let mut all = it.control_plane.instances.iter();
        all.find(|((host, _), it)| it.process.program == program && it.leads() && holds(host))
    });
    let Some((_, instance)) = found else { return stored.clone() };
    let Phase::Running { since, .. } = instance.phase else { return stored.clone() };
    let age = world.now.since(since).as_secs();
    let renewed = since + Duration::from_secs(age - age % every);
    let mut fresh = (**stored).clone();
    object::set(&mut fresh, &["spec", "renewTime"], renewed.rfc3339_micro());
    fresh.into()
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_of_servers_are_those_of_their_machines() {
        assert_eq!(
            super::server_lease(
                &crate::cluster::templates::empty(crate::sim::SimTime::START),
                "controlplane"
            )
            .unwrap()["metadata"]["name"],
            "apiserver-v3pzcqgisi2xl2qaivl6nou4fq"
        );
    }
}
