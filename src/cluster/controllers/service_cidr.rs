//! Ranges of service addresses: ready once they have their finalizer, and gone when no address is left in them.
//!
//! Follows `pkg/controller/servicecidrs`.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;

use super::hand::{Hand, wake_self};
use super::pods::is_deleting;
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::apimachinery::status::Status;
use crate::cluster::engine::{Component, Process};
use crate::cluster::{ClusterId, Event, World};
use crate::sim::SimTime;

/// One key a range.
pub(crate) const SERVICE_CIDR: Component =
    Component { name: "service-cidr-controller", process: Process::ControllerManager, woken_by, sync };

const RANGES: &str = "servicecidrs.networking.k8s.io";
const ADDRESSES: &str = "ipaddresses.networking.k8s.io";
const FINALIZER: &str = "networking.k8s.io/service-cidr-finalizer";

/// 10 s. So long a range that may go stays, so that every allocator hears of it.
const DELETION_GRACE: Duration = Duration::from_secs(10);

fn woken_by(world: &World, cluster: ClusterId, event: &Event, keys: &mut Vec<String>) {
    wake_self(event, RANGES, keys);
    // An address that is given back, or another range, may let a range go.
    if matches!(&*event.key.resource, RANGES | ADDRESSES) {
        let leaving = world.clusters[cluster].store.list(RANGES, "").filter(|it| is_deleting(it));
        keys.extend(leaving.map(|it| object::name(it).to_owned()));
    }
}

fn sync(world: &mut World, cluster: ClusterId, key: &str) -> Option<Duration> {
    let mut hand = Hand::new(world, cluster, SERVICE_CIDR.name);
    let range = hand.at(RANGES, key)?;
    match step(&mut hand, &range) {
        Ok(wait) => wait,
        Err(_) => hand.retry(key),
    }
}

fn step(hand: &mut Hand<'_>, range: &Value) -> Result<Option<Duration>, Status> {
    if !is_deleting(range) {
        finalizer(hand, range, true)?;
        ready(hand, range, true)?;
        return Ok(None);
    }
    if is_needed(hand, range) {
        ready(hand, range, false)?;
        return Ok(None);
    }
    let since = SimTime::parse_rfc3339(object::text(range, "/metadata/deletionTimestamp"));
    let waited = since.map_or(DELETION_GRACE, |it| hand.now().since(it));
    if waited < DELETION_GRACE {
        return Ok(Some(DELETION_GRACE - waited));
    }
    finalizer(hand, range, false)?;
    Ok(None)
}

fn finalizer(hand: &mut Hand<'_>, range: &Value, wanted: bool) -> Result<(), Status> {
    let mut finalizers = object::list(range, "/metadata/finalizers").to_vec();
    if finalizers.iter().any(|it| it == FINALIZER) == wanted {
        return Ok(());
    }
    finalizers.retain(|it| it != FINALIZER);
    if wanted {
        finalizers.push(FINALIZER.into());
    }
    hand.edit(RANGES, range, |it| {
        if finalizers.is_empty() {
            object::remove(it, &["metadata", "finalizers"]);
        } else {
            object::set(it, &["metadata", "finalizers"], finalizers);
        }
    })
}

fn ready(hand: &mut Hand<'_>, range: &Value, ready: bool) -> Result<(), Status> {
    let (status, reason, message) = if ready {
        ("True", "", "Kubernetes Service CIDR is ready")
    } else {
        let why = "There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR";
        ("False", "Terminating", why)
    };
    if object::text(range, "/status/conditions/0/status") == status {
        return Ok(());
    }
    let Some(range) = hand.at(RANGES, object::name(range)) else { return Ok(()) };
    let condition = json!({
        "type": "Ready", "status": status, "reason": reason, "message": message,
        "lastTransitionTime": hand.now().rfc3339(),
    });
    hand.update_status(RANGES, &range, json!({"conditions": [condition]})).map(drop)
}

fn nets(range: &Value) -> impl Iterator<Item = IpNet> + '_ {
    object::list(range, "/spec/cidrs").iter().filter_map(|it| it.as_str()?.parse().ok())
}

/// True when an allocated address lies in this range only.
fn is_needed(hand: &Hand<'_>, range: &Value) -> bool {
    let others: Vec<IpNet> = hand
        .list(RANGES, "")
        .iter()
        .filter(|it| object::name(it) != object::name(range))
        .flat_map(|it| nets(it).collect::<Vec<_>>())
        .collect();
    if nets(range).all(|net| others.iter().any(|it| it.contains(&net))) {
        return false;
    }
    let managed = |it: &Value| {
        it.pointer("/metadata/labels")
            .and_then(|it| it.get("ipaddress.kubernetes.io/managed-by"))
            .is_some_and(|it| it == "ipallocator.k8s.io")
    };
    hand.list(ADDRESSES, "").iter().filter(|it| managed(it)).any(|it| {
        object::name(it).parse::<IpAddr>().is_ok_and(|address| {
            nets(range).any(|net| net.contains(&address)) && !others.iter().any(|net| net.contains(&address))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::controllers::testing::Lab;

    #[test]
    fn a_range_stays_while_an_address_of_it_is_taken() {
        let mut lab = Lab::new();
        lab.pass(1);
        let range = json!({"metadata": {"name": "extra"}, "spec": {"cidrs": ["10.200.0.0/24"]}});
        lab.client().create(RANGES, "", range).unwrap();
        lab.pass(1);
        lab.create("services", "metadata: {name: s}\nspec: {clusterIP: 10.200.0.5, ports: [{port: 80}]}");
        lab.delete(RANGES, "extra");
        lab.pass(30);
        let reason = |lab: &Lab| {
            let range = lab.world.clusters[0].store.find(RANGES, "", "extra").cloned();
            range.map(|it| object::text(&it, "/status/conditions/0/reason").to_owned())
        };
        assert_eq!(reason(&lab).as_deref(), Some("Terminating"));
        lab.delete("services", "s");
        lab.pass(30);
        assert_eq!(reason(&lab), None);
    }
}
