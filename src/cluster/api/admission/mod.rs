//! Admission: what changes or refuses a write after it is authorised. One file a plugin, one table.
//!
//! The order is that of kube-apiserver's `AllOrderedPlugins`. Which plugins act is what the server's flags
//! say: see [`active`].

mod always_pull;
mod certificates;
mod default_classes;
mod default_tolerations;
mod limit_ranger;
mod namespaces;
mod node_restriction;
mod pod_security;
mod pod_restrictions;
mod policies;
mod priority;
pub(crate) mod quota;
mod runtime_class;
mod service_account;
mod services;
mod storage;
mod taint_nodes;
mod webhooks;

pub(crate) use policies::Reinvocation;

use super::call::{Call, Tracking};
use super::flags;
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::apimachinery::status::Status;
use crate::cluster::Object;

/// Changes an object on its way in. The old object is there on updates.
type Mutate = fn(&mut Call<'_>, &mut Value, Option<&Object>) -> Result<(), Status>;
/// Looks at an object in its final form.
type Validate = fn(&mut Call<'_>, &Value, Option<&Object>) -> Result<(), Status>;
/// Looks at an object that is to be deleted.
type OnDelete = fn(&mut Call<'_>, &Object) -> Result<(), Status>;

/// One admission plugin.
struct Plugin {
    name: &'static str,
    /// Whether it acts unless a flag says otherwise.
    usual: bool,
    mutate: Option<Mutate>,
    validate: Option<Validate>,
    on_delete: Option<OnDelete>,
}

const NONE: Plugin = Plugin { name: "", usual: true, mutate: None, validate: None, on_delete: None };

/// All plugins, in their order.
const PLUGINS: &[Plugin] = &[
    Plugin { name: "NamespaceAutoProvision", usual: false, mutate: Some(namespaces::provide), ..NONE },
    Plugin {
        name: "NamespaceLifecycle",
        mutate: Some(namespaces::admit),
        on_delete: Some(namespaces::on_delete),
        ..NONE
    },
    Plugin { name: "NamespaceExists", usual: false, mutate: Some(namespaces::exists), ..NONE },
    Plugin {
        name: "LimitPodHardAntiAffinityTopology",
        usual: false,
        validate: Some(pod_restrictions::anti_affinity),
        ..NONE
    },
    Plugin {
        name: "LimitRanger",
        mutate: Some(limit_ranger::mutate),
        validate: Some(limit_ranger::validate),
        ..NONE
    },
    Plugin {
        name: "ServiceAccount",
        mutate: Some(service_account::mutate),
        validate: Some(service_account::validate),
        ..NONE
    },
    Plugin {
        name: "NodeRestriction",
        usual: false,
        mutate: Some(node_restriction::admit),
        on_delete: Some(node_restriction::on_delete),
        ..NONE
    },
    Plugin { name: "TaintNodesByCondition", mutate: Some(taint_nodes::mutate), ..NONE },
    Plugin { name: "AlwaysPullImages", usual: false, mutate: Some(always_pull::mutate), ..NONE },
    Plugin {
        name: "ImagePolicyWebhook",
        usual: false,
        validate: Some(pod_restrictions::image_policy),
        ..NONE
    },
    Plugin { name: "PodSecurity", validate: Some(pod_security::validate), ..NONE },
    Plugin {
        name: "PodNodeSelector",
        usual: false,
        mutate: Some(pod_restrictions::add_selector),
        validate: Some(pod_restrictions::selector_fits),
        ..NONE
    },
    Plugin { name: "Priority", mutate: Some(priority::mutate), validate: Some(priority::validate), ..NONE },
    Plugin { name: "DefaultTolerationSeconds", mutate: Some(default_tolerations::mutate), ..NONE },
    Plugin {
        name: "ExtendedResourceToleration",
        usual: false,
        mutate: Some(pod_restrictions::tolerate_resources),
        ..NONE
    },
    Plugin { name: "DefaultStorageClass", mutate: Some(default_classes::storage), ..NONE },
    Plugin { name: "StorageObjectInUseProtection", mutate: Some(storage::protect), ..NONE },
    Plugin { name: "PersistentVolumeClaimResize", validate: Some(storage::resize), ..NONE },
    Plugin { name: "RuntimeClass", mutate: Some(runtime_class::mutate), ..NONE },
    Plugin { name: "CertificateApproval", validate: Some(certificates::approval), ..NONE },
    Plugin { name: "CertificateSigning", validate: Some(certificates::signing), ..NONE },
    Plugin { name: "CertificateSubjectRestriction", validate: Some(certificates::subject), ..NONE },
    Plugin { name: "DefaultIngressClass", mutate: Some(default_classes::ingress), ..NONE },
    Plugin { name: "DenyServiceExternalIPs", usual: false, validate: Some(services::external), ..NONE },
    Plugin { name: "MutatingAdmissionPolicy", mutate: Some(policies::mutate), ..NONE },
    Plugin {
        name: "MutatingAdmissionWebhook",
        mutate: Some(webhooks::mutate),
        on_delete: Some(webhooks::mutate_on_delete),
        ..NONE
    },
    Plugin {
        name: "ValidatingAdmissionPolicy",
        validate: Some(policies::validate),
        on_delete: Some(policies::on_delete),
        ..NONE
    },
    Plugin {
        name: "ValidatingAdmissionWebhook",
        validate: Some(webhooks::validate),
        on_delete: Some(webhooks::validate_on_delete),
        ..NONE
    },
    Plugin { name: "ResourceQuota", validate: Some(quota::validate), ..NONE },
    Plugin {
        name: "AlwaysDeny",
        usual: false,
        validate: Some(deny_all),
        on_delete: Some(|call, object| deny_all(call, object, None)),
        ..NONE
    },
];

/// The plugins that change objects, in their order.
pub(crate) fn mutate(call: &mut Call<'_>, object: &mut Value, old: Option<&Object>) -> Result<(), Status> {
    let round = |call: &mut Call<'_>, object: &mut Value| {
        active(call).filter_map(|it| it.mutate).try_for_each(|mutate| mutate(call, object, old))
    };
    call.aside.reinvocation = Reinvocation::default();
    round(call, object)?;
    if call.aside.reinvocation.begin_again() { round(call, object) } else { Ok(()) }
}

/// The plugins that refuse, in their order.
pub(crate) fn validate(call: &mut Call<'_>, object: &Value, old: Option<&Object>) -> Result<(), Status> {
    active(call).filter_map(|it| it.validate).try_for_each(|validate| validate(call, object, old))
}

/// The plugins that care for deletions.
pub(crate) fn on_delete(call: &mut Call<'_>, object: &Object) -> Result<(), Status> {
    active(call).filter_map(|it| it.on_delete).try_for_each(|check| check(call, object))
}

/// The plugins that act, in their order: `--enable-admission-plugins` and `--disable-admission-plugins` of
/// the server, beside what is usual. A world without processes has what kubeadm turns on.
fn active(call: &Call<'_>) -> impl Iterator<Item = &'static Plugin> + use<> {
    let server = flags::process(call.cluster());
    let named = |flag: &str| server.and_then(|it| it.flag(flag)).unwrap_or("");
    let off = named("disable-admission-plugins");
    let on = if server.is_some() { named("enable-admission-plugins") } else { "NodeRestriction" };
    let lists = |list: &str, name: &str| !list.is_empty() && list.split(',').any(|it| it == name);
    let acts = |it: &&Plugin| if it.usual { !lists(off, it.name) } else { lists(on, it.name) };
    PLUGINS.iter().filter(acts).collect::<Vec<_>>().into_iter()
}

fn deny_all(call: &mut Call<'_>, object: &Value, _old: Option<&Object>) -> Result<(), Status> {
    Err(forbidden(call, object, "admission control is denying all modifications"))
}

/// True when the call writes the main part of a group-resource.
fn concerns(call: &Call<'_>, storage: &str) -> bool {
    &*call.resource.storage == storage && call.subresource.is_empty()
}

/// True when the call creates an object of a group-resource.
fn creates(call: &Call<'_>, storage: &str, old: Option<&Object>) -> bool {
    old.is_none() && concerns(call, storage)
}

/// True for components of our own, which no authorizer asks.
fn is_trusted(call: &Call<'_>) -> bool {
    call.options.tracking == Tracking::None
}

/// 403 as admission plugins say it: with the name, or the generated one's base.
fn forbidden(call: &Call<'_>, object: &Value, why: &str) -> Status {
    let name = match object::name(object) {
        "" => object::text(object, "/metadata/generateName"),
        name => name,
    };
    call.forbidden(name, why)
}

/// Several sentences as Go's `NewAggregate` joins them.
fn aggregate(mut sentences: Vec<String>) -> String {
    let mut seen: Vec<String> = Vec::new();
    sentences.retain(|it| {
        let fresh = !seen.contains(it);
        seen.push(it.clone());
        fresh
    });
    match sentences.as_slice() {
        [one] => one.clone(),
        many => format!("[{}]", many.join(", ")),
    }
}

/// The containers of a pod spec with their JSON paths: init containers, then the others.
fn containers<'a>(pod: &'a Value, prefix: &str) -> Vec<&'a Value> {
    ["initContainers", "containers", "ephemeralContainers"]
        .iter()
        .flat_map(|field| object::list(pod, &format!("{prefix}/{field}")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_plugin_does_something() {
        for plugin in PLUGINS {
            let idle = plugin.mutate.is_none() && plugin.validate.is_none() && plugin.on_delete.is_none();
            assert!(!idle && !plugin.name.is_empty(), "{}", plugin.name);
        }
    }
}
