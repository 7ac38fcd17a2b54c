//! APIServices of custom groups: for every version that a definition serves, the server keeps one of its own.
//!
//! Source: `pkg/controlplane/controller/crdregistration` and kube-aggregator's `autoregister`.

use std::time::Duration;

use super::aggregate::APISERVICES;
use super::client::Client;
use super::resources;
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::cluster::engine::{Component, Process};
use crate::cluster::{ClusterId, Event, Object, UserInfo, World};

/// Says that the server made it: `onstart` for its own groups, `true` for these.
const MANAGED: &str = "kube-aggregator.kubernetes.io/automanaged";

/// Keeps the APIServices of custom groups. A key is the name of one: version, a dot, group.
pub(crate) const REGISTRATION: Component =
    Component { name: "crd-registration", process: Process::ApiServer, woken_by, sync };

fn woken_by(world: &World, cluster: ClusterId, event: &Event, keys: &mut Vec<String>) {
    match &*event.key.resource {
        APISERVICES if is_managed(&event.object) => keys.push(event.key.name.to_string()),
        resources::CRDS => {
            let group = object::text(&event.object, "/spec/group");
            let versions = object::list(&event.object, "/spec/versions");
            keys.extend(versions.iter().map(|it| format!("{}.{group}", object::field(it, "name"))));
            let Some(found) = world.clusters.get(cluster) else { return };
            let known = found.store.list(APISERVICES, "");
            let of_group = known.filter(|it| is_managed(it) && object::text(it, "/spec/group") == group);
            keys.extend(of_group.map(|it| object::name(it).to_owned()));
        }
        _ => {}
    }
}

fn is_managed(api: &Object) -> bool {
    object::label(api, MANAGED) == Some("true")
}

fn sync(world: &mut World, cluster: ClusterId, name: &str) -> Option<Duration> {
    let (version, group) = name.split_once('.')?;
    let now = world.now.rfc3339();
    let user = UserInfo::new("system:apiserver", &["system:masters", "system:authenticated"]);
    let mut client = Client::as_user(world, cluster, user);
    let serves = |definition: &Object| {
        object::text(definition, "/spec/group") == group
            && object::list(definition, "/spec/versions")
                .iter()
                .any(|it| object::field(it, "name") == version && object::flag(it, "/served"))
    };
    let wanted = client.cluster().store.list(resources::CRDS, "").any(serves);
    let there = client.get(APISERVICES, "", name);
    match there {
        None if wanted => {
            let api = json!({
                "apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService",
                "metadata": {"name": name, "labels": {MANAGED: "true"}},
                "spec": {"group": group, "version": version, "groupPriorityMinimum": 1000, "versionPriority": 100},
            });
            let made = client.create(APISERVICES, "", api).ok()?;
            let mut told = (*made).clone();
            let condition = json!({
                "lastTransitionTime": now, "message": "Local APIServices are always available",
                "reason": "Local", "status": "True", "type": "Available",
            });
            object::set(&mut told, &["status", "conditions"], vec![condition]);
            // Whoever changed it meanwhile wakes this loop again.
            let _ = client.update_status(APISERVICES, told);
        }
        Some(api) if !wanted && is_managed(&api) => {
            let _ = client.delete(APISERVICES, "", name, &Value::Null);
        }
        _ => {}
    }
    None
}
