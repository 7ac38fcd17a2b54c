//! What every new node gets: a range of pod addresses, and the annotation of the TTL controller.

use std::collections::BTreeSet;
use std::time::Duration;

use ipnet::Ipv4Net;

use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::cluster::controllers::hand::{Hand, wake_self};
use crate::cluster::controllers::options;
use crate::cluster::controllers::pods::is_deleting;
use crate::cluster::engine::{Component, Process};
use crate::cluster::events::normal;
use crate::cluster::{ClusterId, World};

pub(crate) const NODE_IPAM: Component = Component {
    name: "node-ipam-controller",
    process: Process::ControllerManager,
    woken_by: |_, _, event, keys| wake_self(event, "nodes", keys),
    sync,
};

/// `/24`, 254 pods a node, unless told otherwise. Source: `--node-cidr-mask-size`.
const MASK: u8 = 24;

/// How long kubelets may keep secrets, by the size of the cluster; 0 below 100 nodes.
const TTL: &str = "node.alpha.kubernetes.io/ttl";

fn sync(world: &mut World, cluster: ClusterId, key: &str) -> Option<Duration> {
    let state = world.clusters.get(cluster)?;
    let given = options::text(state, "cluster-cidr").unwrap_or(&state.pod_cidr);
    // Of two families the first is the one that is simulated.
    let pool: Option<Ipv4Net> = given.split(',').find_map(|it| it.parse().ok());
    let mask = options::number(state, "node-cidr-mask-size", MASK);
    let mut hand = Hand::new(world, cluster, NODE_IPAM.name);
    let node = hand.at("nodes", key).filter(|it| !is_deleting(it))?;
    let has_range = !object::text(&node, "/spec/podCIDR").is_empty();
    let range = if has_range { None } else { pool.and_then(|pool| free_range(&hand, pool, mask)) };
    if !has_range && range.is_none() && pool.is_some() {
        let name = object::name(&node);
        let message = format!("Node {name} status is now: CIDRNotAvailable");
        hand.event_from("cidrAllocator", &node, normal("CIDRNotAvailable", message));
    }
    if range.is_none() && object::annotation(&node, TTL).is_some() {
        return None;
    }
    let written = hand.edit("nodes", &node, |node| {
        if object::annotation(node, TTL).is_none() {
            object::set(node, &["metadata", "annotations", TTL], "0");
        }
        if let Some(range) = range {
            object::set(node, &["spec", "podCIDR"], range.to_string());
            object::set(node, &["spec", "podCIDRs"], json!([range.to_string()]));
        }
    });
    if written.is_err() { hand.retry(key) } else { None }
}

/// The first range that no node has.
fn free_range(hand: &Hand<'_>, pool: Ipv4Net, mask: u8) -> Option<Ipv4Net> {
    let range = |node: &Value| object::text(node, "/spec/podCIDR").parse::<Ipv4Net>().ok();
    let taken: BTreeSet<Ipv4Net> = hand.store().list("nodes", "").filter_map(|it| range(it)).collect();
    pool.subnets(mask).ok()?.find(|it| !taken.contains(it))
}
