//! The control loops of kube-controller-manager, one file or folder each.
//!
//! Each is a row of [`ALL`]: events wake it with keys (mostly `namespace/name`), it looks at one key
//! and acts through the API. A sync that finds nothing to do writes nothing, and costs about as much
//! as the objects that belong to its key.
//!
//! Start with [`hand`] (what every loop sees and does), then [`replicaset`] and [`deployment`].
//!
//! Invariant: knows nothing of machines but where certificates are signed, and nothing of kubelets
//! but what they write into the API.

pub(crate) mod bootstrap;
pub(crate) mod census;
pub(crate) mod clusterrole_aggregation;
pub(crate) mod cronjob;
pub(crate) mod csr;
pub(crate) mod daemonset;
pub(crate) mod deployment;
pub(crate) mod disruption;
pub(crate) mod endpoints;
pub(crate) mod event_ttl;
pub(crate) mod gc;
pub(crate) mod hand;
pub(crate) mod hpa;
pub(crate) mod job;
pub(crate) mod namespace;
pub(crate) mod nodes;
pub(crate) mod options;
pub(crate) mod owners;
pub(crate) mod pods;
pub(crate) mod policy_status;
pub(crate) mod quota;
pub(crate) mod replicaset;
pub(crate) mod resource_quota;
pub(crate) mod revisions;
pub(crate) mod scaling;
pub(crate) mod select;
pub(crate) mod service_account;
pub(crate) mod service_cidr;
pub(crate) mod statefulset;
pub(crate) mod template;
#[cfg(test)]
pub(crate) mod testing;
pub(crate) mod ttl_after_finished;
pub(crate) mod volumes;

pub(crate) use hand::Memory;

use super::engine::Component;

/// Every component of this part.
#[rustfmt::skip]
pub(crate) const ALL: &[&Component] = &[
    &deployment::DEPLOYMENT,
    &replicaset::REPLICA_SET,
    &replicaset::REPLICATION_CONTROLLER,
    &statefulset::STATEFUL_SET,
    &daemonset::DAEMON_SET,
    &job::JOB,
    &cronjob::CRON_JOB,
    &ttl_after_finished::TTL_AFTER_FINISHED,
    &event_ttl::EVENT_TTL,
    &endpoints::legacy::ENDPOINTS,
    &endpoints::slices::ENDPOINT_SLICES,
    &endpoints::mirroring::MIRRORING,
    &disruption::DISRUPTION,
    &volumes::claims::CLAIM_BINDER,
    &volumes::reclaim::VOLUME_BINDER,
    &volumes::protection::CLAIM_PROTECTION,
    &volumes::protection::VOLUME_PROTECTION,
    &volumes::ephemeral::EPHEMERAL,
    &volumes::local_path::LOCAL_PATH,
    &clusterrole_aggregation::AGGREGATION,
    &csr::approving::APPROVING,
    &csr::signing::SIGNING,
    &csr::CLEANER,
    &nodes::taints::TAINTS,
    &nodes::lifecycle::LIFECYCLE,
    &nodes::eviction::TAINT_EVICTION,
    &nodes::pod_gc::POD_GC,
    &nodes::ipam::NODE_IPAM,
    &policy_status::POLICY_STATUS,
    &hpa::AUTOSCALER,
    &quota::QUOTA,
    &gc::GARBAGE_COLLECTOR,
    &namespace::NAMESPACE,
    &resource_quota::RESOURCE_QUOTA,
    &service_account::SERVICE_ACCOUNT,
    &service_cidr::SERVICE_CIDR,
    &service_account::ROOT_CA,
    &service_account::TOKENS,
    &bootstrap::SIGNER,
    &bootstrap::CLEANER,
];
