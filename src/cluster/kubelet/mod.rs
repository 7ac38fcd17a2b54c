//! kubelets and what they run: pods become containers with files, states and logs.
//!
//! A cluster has one of two conducts. [`standin`] is the small program that took the kubelets'
//! place when the console sessions were recorded; the other modules are the real thing.
//!
//! Does not know the shell: what runs inside a container is the business of the behaviours here
//! or of whoever enters it through its [`crate::cluster::Place`].

pub(crate) mod addresses;
pub(crate) mod files;
mod standin;
pub(crate) mod status;

use std::time::Duration;

use imbl::OrdMap;

use super::engine::{Component, Process};
use super::{ClusterId, Conduct, Event, World};
use crate::apimachinery::object;

/// Every component of this part.
pub(crate) const ALL: &[&Component] = &[&PODS];

/// The pod workers of all kubelets of a cluster. A key is `namespace/name/UID` of a pod.
const PODS: Component =
    Component { name: "kubelet", process: Process::Kubelet, woken_by: pods_of, sync: sync_pod };

/// What runs on the nodes of a cluster.
#[derive(Clone, Debug, Default)]
pub(crate) struct Runtime {
    /// How far the stand-in got with each pod, by UID.
    standin: OrdMap<String, standin::Stage>,
    addresses: addresses::Pool,
}

/// A change to a pod that is, or was, bound to a node concerns that node's kubelet.
fn pods_of(_world: &World, _cluster: ClusterId, event: &Event, keys: &mut Vec<String>) {
    let bound = !object::text(&event.object, "/spec/nodeName").is_empty();
    if &*event.key.resource == "pods" && bound {
        keys.push(format!("{}/{}/{}", event.key.namespace, event.key.name, object::uid(&event.object)));
    }
}

fn sync_pod(world: &mut World, cluster: ClusterId, key: &str) -> Option<Duration> {
    let mut parts = key.splitn(3, '/');
    let (namespace, name, uid) = (parts.next()?, parts.next()?, parts.next()?);
    match world.clusters.get(cluster)?.conduct {
        Conduct::StandIn => standin::sync(world, cluster, namespace, name, uid),
        Conduct::Kubelet => None,
    }
}
