//! Validation: what the server refuses, field by field, in its words and its order.
//!
//! One table says for each kind how its name must look and which functions check it; [`meta`] checks
//! metadata for all. Each function follows the Go function of the same job in kubernetes'
//! `pkg/apis/*/validation`, including where that names a path oddly.
//!
//! Invariant: a function of the object (and its old state). Whether other objects exist, ports are free
//! or quotas hold is not known here, nor are the schemas of custom resources.

mod admission;
mod bounds;
mod config;
mod cron;
mod definitions;
mod devices;
mod endpoints;
mod flow;
mod go_struct;
mod jobs;
mod meta;
mod networking;
mod node;
mod pod;
mod policy;
mod rbac;
mod services;
mod sources;
mod volumes;
mod warnings;
mod workloads;

use self::meta::NameRule;
use super::resources::Resource;
use crate::apimachinery::field::Errors;
use crate::apimachinery::json::Value;
use crate::apimachinery::status::Cause;

/// Checks an object on its own.
type Check = fn(&Value, &mut Errors);
/// Checks a change: new, old.
type Change = fn(&Value, &Value, &mut Errors);

/// How one kind is checked.
struct Kind {
    resource: &'static str,
    name: NameRule,
    /// The object as it is; on create and on update.
    object: Check,
    /// What may change; after `object` on updates.
    change: Change,
}

const fn kind(resource: &'static str, name: NameRule, object: Check, change: Change) -> Kind {
    Kind { resource, name, object, change }
}

fn free(_: &Value, _: &Value, _: &mut Errors) {}

use NameRule::{Address, Any, Label, PathSegment, Subdomain};

/// All built-in kinds with rules beyond their metadata. Sorted by group-resource.
const KINDS: &[Kind] = &[
    kind("apiservices.apiregistration.k8s.io", PathSegment, config::api_service, free),
    kind("certificatesigningrequests.certificates.k8s.io", Any, config::signing_request, free),
    kind(
        "clusterrolebindings.rbac.authorization.k8s.io",
        PathSegment,
        rbac::cluster_role_binding,
        rbac::binding_update,
    ),
    kind("clusterroles.rbac.authorization.k8s.io", PathSegment, rbac::cluster_role, free),
    kind("configmaps", Subdomain, config::config_map, config::config_map_update),
    kind(
        "controllerrevisions.apps",
        Subdomain,
        workloads::controller_revision,
        workloads::controller_revision_update,
    ),
    kind("cronjobs.batch", Subdomain, jobs::cron_job, free),
    kind("csidrivers.storage.k8s.io", Subdomain, volumes::csi_driver, volumes::csi_driver_update),
    kind("csinodes.storage.k8s.io", Subdomain, volumes::csi_node, free),
    kind("csistoragecapacities.storage.k8s.io", Subdomain, volumes::storage_capacity, free),
    kind(
        "customresourcedefinitions.apiextensions.k8s.io",
        Subdomain,
        definitions::definition,
        definitions::definition_update,
    ),
    kind("daemonsets.apps", Subdomain, workloads::daemon_set, workloads::selector_update),
    kind("deployments.apps", Subdomain, workloads::deployment, workloads::selector_update),
    kind("deviceclasses.resource.k8s.io", Subdomain, devices::device_class, free),
    kind("endpoints", Subdomain, endpoints::endpoints, free),
    kind(
        "endpointslices.discovery.k8s.io",
        Subdomain,
        endpoints::endpoint_slice,
        endpoints::endpoint_slice_update,
    ),
    kind("events", Subdomain, config::event, free),
    kind("flowschemas.flowcontrol.apiserver.k8s.io", Subdomain, flow::flow_schema, free),
    kind("horizontalpodautoscalers.autoscaling", Subdomain, policy::autoscaler, free),
    kind(
        "ingressclasses.networking.k8s.io",
        Subdomain,
        networking::ingress_class,
        networking::ingress_class_update,
    ),
    kind("ingresses.networking.k8s.io", Subdomain, networking::ingress, free),
    kind("ipaddresses.networking.k8s.io", Address, networking::ip_address, networking::ip_address_update),
    kind("jobs.batch", Subdomain, jobs::job, jobs::job_update),
    kind("leases.coordination.k8s.io", Subdomain, volumes::lease, free),
    kind("limitranges", Subdomain, bounds::limit_range, free),
    kind(
        "mutatingadmissionpolicies.admissionregistration.k8s.io",
        Subdomain,
        admission::mutating_policy,
        free,
    ),
    kind(
        "mutatingadmissionpolicybindings.admissionregistration.k8s.io",
        Subdomain,
        admission::mutating_binding,
        free,
    ),
    kind("mutatingwebhookconfigurations.admissionregistration.k8s.io", Subdomain, admission::webhooks, free),
    kind("namespaces", Label, config::namespace, free),
    kind("networkpolicies.networking.k8s.io", Subdomain, networking::network_policy, free),
    kind("nodes", Subdomain, config::node, config::node_update),
    kind("persistentvolumeclaims", Subdomain, volumes::claim, volumes::claim_update),
    kind("persistentvolumes", Subdomain, volumes::volume, volumes::volume_update),
    kind("poddisruptionbudgets.policy", Subdomain, policy::disruption_budget, free),
    kind("pods", Subdomain, pod::pod_create, free),
    kind("podtemplates", Subdomain, workloads::pod_template, free),
    kind(
        "priorityclasses.scheduling.k8s.io",
        Subdomain,
        config::priority_class,
        config::priority_class_update,
    ),
    kind("prioritylevelconfigurations.flowcontrol.apiserver.k8s.io", Subdomain, flow::priority_level, free),
    kind("replicasets.apps", Subdomain, workloads::replica_set, workloads::selector_update),
    kind("replicationcontrollers", Subdomain, workloads::replication_controller, free),
    kind("resourceclaims.resource.k8s.io", Subdomain, devices::resource_claim, devices::claim_update),
    kind("resourceclaimtemplates.resource.k8s.io", Subdomain, devices::claim_template, devices::claim_update),
    kind("resourcequotas", Subdomain, bounds::resource_quota, bounds::resource_quota_update),
    kind("rolebindings.rbac.authorization.k8s.io", PathSegment, rbac::role_binding, rbac::binding_update),
    kind("roles.rbac.authorization.k8s.io", PathSegment, rbac::role, free),
    kind("runtimeclasses.node.k8s.io", Subdomain, config::runtime_class, config::runtime_class_update),
    kind("secrets", Subdomain, config::secret, config::secret_update),
    kind(
        "servicecidrs.networking.k8s.io",
        Subdomain,
        networking::service_cidr,
        networking::service_cidr_update,
    ),
    kind("services", Label, services::service, services::service_update),
    kind("statefulsets.apps", Subdomain, workloads::stateful_set, workloads::stateful_set_update),
    kind("storageclasses.storage.k8s.io", Subdomain, volumes::storage_class, volumes::storage_class_update),
    kind(
        "validatingadmissionpolicies.admissionregistration.k8s.io",
        Subdomain,
        admission::validating_policy,
        free,
    ),
    kind(
        "validatingadmissionpolicybindings.admissionregistration.k8s.io",
        Subdomain,
        admission::validating_binding,
        free,
    ),
    kind(
        "validatingwebhookconfigurations.admissionregistration.k8s.io",
        Subdomain,
        admission::webhooks,
        free,
    ),
    kind("volumeattachments.storage.k8s.io", Subdomain, volumes::attachment, volumes::attachment_update),
    kind(
        "volumeattributesclasses.storage.k8s.io",
        Subdomain,
        volumes::attributes_class,
        volumes::attributes_class_update,
    ),
];

fn known(resource: &str) -> Option<&'static Kind> {
    KINDS.binary_search_by_key(&resource, |it| it.resource).ok().and_then(|at| KINDS.get(at))
}

/// The faults of a new object.
pub(crate) fn create(resource: &Resource, it: &Value) -> Vec<Cause> {
    let mut errs = Errors::new();
    if resource.is_custom() {
        meta::create(it, Subdomain, resource.namespaced, &mut errs);
    } else {
        create_built_in(&resource.storage, resource.namespaced, it, &mut errs);
    }
    told_once(errs)
}

fn create_built_in(resource: &str, namespaced: bool, it: &Value, errs: &mut Errors) {
    let Some(kind) = known(resource) else {
        meta::create(it, Subdomain, namespaced, errs);
        return;
    };
    if resource == "pods" {
        pod::pod_create(it, errs);
        return;
    }
    meta::create(it, kind.name, namespaced, errs);
    meta::kube_finalizers(it, errs);
    if resource == "customresourcedefinitions.apiextensions.k8s.io" {
        definitions::definition_name(it, errs);
    }
    (kind.object)(it, errs);
    match resource {
        "customresourcedefinitions.apiextensions.k8s.io" => definitions::approval(it, errs),
        "cronjobs.batch" => jobs::cron_job_name(it, errs),
        "ingresses.networking.k8s.io" => networking::ingress_class_annotation(it, errs),
        _ => {}
    }
}

/// The faults of a changed object.
pub(crate) fn update(resource: &Resource, new: &Value, old: &Value) -> Vec<Cause> {
    let mut errs = Errors::new();
    if resource.is_custom() {
        meta::update(new, old, &mut errs);
    } else {
        update_built_in(&resource.storage, new, old, &mut errs);
    }
    told_once(errs)
}

fn update_built_in(resource: &str, new: &Value, old: &Value, errs: &mut Errors) {
    if resource == "pods" {
        pod::pod_update(new, old, errs);
        return;
    }
    meta::update(new, old, errs);
    meta::kube_finalizers(new, errs);
    let Some(kind) = known(resource) else { return };
    // Services, secrets and config maps speak of the change first.
    let change_first =
        matches!(resource, "services" | "secrets" | "configmaps" | "priorityclasses.scheduling.k8s.io");
    if change_first {
        (kind.change)(new, old, errs);
    }
    if !matches!(resource, "nodes" | "namespaces") {
        (kind.object)(new, errs);
    }
    if !change_first {
        (kind.change)(new, old, errs);
    }
}

/// The faults of a write to `status`.
pub(crate) fn update_status(resource: &Resource, new: &Value, old: &Value) -> Vec<Cause> {
    let mut errs = Errors::new();
    match &*resource.storage {
        "pods" => pod::pod_status_update(new, old, &mut errs),
        "resourcequotas" => bounds::resource_quota_status(new, old, &mut errs),
        "services" => {
            meta::update(new, old, &mut errs);
            services::service_status(new, old, &mut errs);
        }
        "namespaces" => {
            meta::update(new, old, &mut errs);
            config::namespace_status(new, &mut errs);
        }
        "nodes" => {
            meta::update(new, old, &mut errs);
            config::node_update(new, old, &mut errs);
        }
        other => {
            meta::update(new, old, &mut errs);
            workloads::status_counts(other, new, &mut errs);
        }
    }
    told_once(errs)
}

/// The faults of a write to another subresource, whose handler has seen to what may change.
pub(crate) fn update_subresource(
    resource: &Resource,
    subresource: &str,
    new: &Value,
    old: &Value,
) -> Vec<Cause> {
    let mut errs = Errors::new();
    match (&*resource.storage, subresource) {
        ("pods", "ephemeralcontainers") => pod::ephemeral_containers(new, old, &mut errs),
        ("pods", "resize") => pod::resize(new, old, &mut errs),
        ("pods", _) => meta::update(new, old, &mut errs),
        _ => return update(resource, new, old),
    }
    told_once(errs)
}

/// The faults of the addresses of a Service, which the server looks at before it gives it any.
pub(crate) fn service_addresses(service: &Value) -> Vec<Cause> {
    let mut errs = Errors::new();
    services::addresses(service, &mut errs);
    told_once(errs)
}

/// Sentences to send along with a success; `old` is what an update began with.
pub(crate) fn warnings(resource: &Resource, it: &Value, old: Option<&Value>) -> Vec<String> {
    if resource.is_custom() {
        warnings::about_custom(it, old)
    } else {
        warnings::about(&resource.storage, it, old)
    }
}

/// The same fault is told once, as Go's aggregate does.
fn told_once(errs: Errors) -> Vec<Cause> {
    let mut told: Vec<Cause> = Vec::with_capacity(errs.len());
    for cause in errs {
        if !told.iter().any(|it| it.field == cause.field && it.message == cause.message) {
            told.push(cause);
        }
    }
    told
}

#[cfg(test)]
mod tests;
