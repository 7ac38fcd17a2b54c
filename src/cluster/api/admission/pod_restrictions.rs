//! Plugins that administrators turn on to say where pods may go: PodNodeSelector,
//! LimitPodHardAntiAffinityTopology, ExtendedResourceToleration, and ImagePolicyWebhook.
//!
//! The configuration file of PodNodeSelector is not simulated: only annotations of namespaces count.

use std::collections::BTreeMap;

use super::{Call, Object, Status, concerns, containers, creates, forbidden};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;

/// On a namespace: the labels of nodes that its pods go to.
const SELECTOR: &str = "scheduler.alpha.kubernetes.io/node-selector";

const HOST: &str = "kubernetes.io/hostname";

/// The labels that the namespace of the call asks for.
fn wanted(call: &Call<'_>) -> BTreeMap<String, String> {
    let namespace = call.store().find("namespaces", "", &call.namespace);
    let annotations = namespace.and_then(|it| object::at(it, "/metadata/annotations"));
    let text = annotations.map_or("", |it| object::field(it, SELECTOR));
    let pair = |part: &str| {
        let (key, value) = part.split_once('=')?;
        Some((key.trim().to_owned(), value.trim_start_matches('=').trim().to_owned()))
    };
    text.split(',').filter_map(pair).collect()
}

fn conflict(call: &Call<'_>, pod: &Value) -> Result<BTreeMap<String, String>, Status> {
    let wanted = wanted(call);
    let own = |key: &str| object::at(pod, "/spec/nodeSelector").and_then(|it| it.get(key)?.as_str());
    if wanted.iter().any(|(key, value)| own(key).is_some_and(|it| it != value)) {
        let why = "pod node label selector conflicts with its namespace node label selector";
        return Err(forbidden(call, pod, why));
    }
    Ok(wanted)
}

/// PodNodeSelector: gives a new pod the selector of its namespace.
pub(super) fn add_selector(call: &mut Call<'_>, pod: &mut Value, old: Option<&Object>) -> Result<(), Status> {
    if !creates(call, "pods", old) {
        return Ok(());
    }
    for (key, value) in conflict(call, pod)? {
        object::set(pod, &["spec", "nodeSelector", &key], value);
    }
    Ok(())
}

/// PodNodeSelector: whoever changed the pod later left its selector alone.
pub(super) fn selector_fits(call: &mut Call<'_>, pod: &Value, old: Option<&Object>) -> Result<(), Status> {
    if !creates(call, "pods", old) {
        return Ok(());
    }
    conflict(call, pod).map(drop)
}

/// LimitPodHardAntiAffinityTopology: pods may only insist on different machines.
pub(super) fn anti_affinity(call: &mut Call<'_>, pod: &Value, _old: Option<&Object>) -> Result<(), Status> {
    if !concerns(call, "pods") {
        return Ok(());
    }
    let terms =
        object::list(pod, "/spec/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution");
    match terms.iter().map(|it| object::field(it, "topologyKey")).find(|key| *key != HOST) {
        Some(key) => Err(forbidden(
            call,
            pod,
            &format!(
                "affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey {key} but only key {HOST} is allowed"
            ),
        )),
        None => Ok(()),
    }
}

/// ExtendedResourceToleration: who asks for a device tolerates the taint that keeps others off it.
pub(super) fn tolerate_resources(
    call: &mut Call<'_>,
    pod: &mut Value,
    old: Option<&Object>,
) -> Result<(), Status> {
    if !creates(call, "pods", old) {
        return Ok(());
    }
    let asked: std::collections::BTreeSet<String> = containers(pod, "/spec")
        .into_iter()
        .flat_map(|it| object::entries(it, "/resources/requests").map(|(name, _)| name.to_string()))
        .filter(|name| name.contains('/') && !name.starts_with("kubernetes.io/"))
        .collect();
    let mut all = object::list(pod, "/spec/tolerations").to_vec();
    let missing = |key: &String| {
        !object::list(pod, "/spec/tolerations").iter().any(|it| object::field(it, "key") == key)
    };
    all.extend(asked.iter().filter(|key| missing(key)).map(|key| json!({"key": key, "operator": "Exists"})));
    if !all.is_empty() {
        object::set(pod, &["spec", "tolerations"], all);
    }
    Ok(())
}

/// ImagePolicyWebhook asks a server about every image; there is none to ask.
pub(super) fn image_policy(call: &mut Call<'_>, pod: &Value, old: Option<&Object>) -> Result<(), Status> {
    if !creates(call, "pods", old) {
        return Ok(());
    }
    Err(forbidden(call, pod, "uncordon: the admission plugin ImagePolicyWebhook is not simulated yet"))
}
