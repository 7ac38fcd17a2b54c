//! `kubectl describe` as functions of objects: one row of a table a kind, and a generic form for
//! kinds without a row.
//!
//! Knows the API only through [`Lookup`]; never the command line. The texts and their order follow
//! kubectl `pkg/describe/describe.go`.

use crate::apimachinery::json::Value;
use crate::apimachinery::object::{Gvk, controller_of, field};
use crate::sim::SimTime;
use crate::tools::kubectl::Failure;

mod autoscale;
mod configuration;
mod containers;
mod csr;
mod events;
mod generic;
mod ingress;
mod jobs;
mod networkpolicy;
mod node;
mod pod;
mod policy;
mod quota;
mod rbac;
mod resources;
mod service;
mod storage;
mod verb;
mod volumes;
mod workloads;
mod writer;

pub(crate) use events::interval;
pub(crate) use pod::{raw_template, selector_text};
pub(crate) use rbac::{Rule, break_down, compact};
pub(crate) use verb::DESCRIBE;
pub(crate) use workloads::old_and_new_replica_sets;

/// Related objects, as the describer's client sees them.
pub(crate) trait Lookup {
    /// The client's clock.
    fn now(&self) -> SimTime;

    /// One object by API version (`apps/v1`) and resource.
    fn get(
        &mut self,
        api_version: &str,
        resource: &str,
        namespace: &str,
        name: &str,
    ) -> Result<Value, Failure>;

    /// The objects of a namespace, of all when it is empty. Empty selectors match everything.
    fn list(
        &mut self,
        api_version: &str,
        resource: &str,
        namespace: &str,
        labels: &str,
        fields: &str,
    ) -> Result<Vec<Value>, Failure>;
}

/// What the caller of `describe` chose.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) show_events: bool,
}

/// The text of a description, or what stood in its way.
pub(crate) type Outcome = Result<String, Failure>;

type Describer = fn(&Value, &mut dyn Lookup, &Settings) -> Outcome;

/// Group, kind and describer.
const DESCRIBERS: &[(&str, &str, Describer)] = &[
    ("", "ConfigMap", configuration::config_map),
    ("", "Endpoints", service::endpoints),
    ("", "LimitRange", quota::limit_range),
    ("", "Namespace", quota::namespace),
    ("", "Node", node::describe),
    ("", "PersistentVolume", storage::volume),
    ("", "PersistentVolumeClaim", storage::claim),
    ("", "Pod", pod::describe),
    ("", "ReplicationController", workloads::replication_controller),
    ("", "ResourceQuota", quota::resource_quota),
    ("", "Secret", configuration::secret),
    ("", "Service", service::service),
    ("", "ServiceAccount", configuration::service_account),
    ("apps", "DaemonSet", workloads::daemon_set),
    ("apps", "Deployment", workloads::deployment),
    ("apps", "ReplicaSet", workloads::replica_set),
    ("apps", "StatefulSet", workloads::stateful_set),
    ("autoscaling", "HorizontalPodAutoscaler", autoscale::describe),
    ("batch", "CronJob", jobs::cron_job),
    ("batch", "Job", jobs::job),
    ("certificates.k8s.io", "CertificateSigningRequest", csr::describe),
    ("discovery.k8s.io", "EndpointSlice", service::endpoint_slice),
    ("networking.k8s.io", "IPAddress", ingress::ip_address),
    ("networking.k8s.io", "Ingress", ingress::describe),
    ("networking.k8s.io", "IngressClass", ingress::class),
    ("networking.k8s.io", "NetworkPolicy", networkpolicy::describe),
    ("networking.k8s.io", "ServiceCIDR", ingress::service_cidr),
    ("policy", "PodDisruptionBudget", policy::disruption_budget),
    ("rbac.authorization.k8s.io", "ClusterRole", rbac::role),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding", rbac::binding),
    ("rbac.authorization.k8s.io", "Role", rbac::role),
    ("rbac.authorization.k8s.io", "RoleBinding", rbac::binding),
    ("scheduling.k8s.io", "PriorityClass", policy::priority_class),
    ("storage.k8s.io", "CSINode", storage::csi_node),
    ("storage.k8s.io", "StorageClass", storage::class),
    ("storage.k8s.io", "VolumeAttributesClass", storage::attributes_class),
];

/// The API version that a kind's describer reads, where it is not the one that was asked for.
pub(crate) fn preferred_version(group: &str, kind: &str) -> Option<&'static str> {
    match (group, kind) {
        ("autoscaling", "HorizontalPodAutoscaler") => Some("v2"),
        _ => None,
    }
}

/// Describes `object`, whose kind and API version must be set.
pub(crate) fn describe(object: &Value, lookup: &mut dyn Lookup, settings: &Settings) -> Outcome {
    let gvk = Gvk::of(object);
    let row = DESCRIBERS.iter().find(|(group, kind, _)| *group == gvk.group && *kind == gvk.kind);
    match row {
        Some((_, _, describer)) => describer(object, lookup, settings),
        None => generic::describe(object, lookup, settings),
    }
}

/// `Controlled By:`, when something does.
fn controlled_by(w: &mut writer::Writer, object: &Value) {
    if let Some(owner) = controller_of(object) {
        writer::put!(w, 0, "Controlled By:\t{}/{}\n", field(owner, "kind"), field(owner, "name"));
    }
}

#[cfg(test)]
mod tests;
