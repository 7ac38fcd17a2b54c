//! Server-side printing: objects as `meta.k8s.io/v1` Tables.
//!
//! The columns are those that v1.36.2 serves (`assets/api/table-columns.json`); the rows follow
//! kubernetes' `pkg/printers/internalversion`. The server prints all columns and gives each a
//! priority; which of them are shown is the client's choice.
//!
//! Invariant: knows nothing of requests; a table is a function of objects and the time.

mod cells;
mod cluster_level;
mod custom;
mod network;
mod pods;
mod scaling;
mod storage;
mod workloads;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::apimachinery::json::{Map, Value, json};
use crate::apimachinery::object;
use crate::cluster::Object;
use crate::sim::SimTime;

pub(crate) use custom::custom_table;

/// What each row carries of its object (`includeObject` of the request).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Include {
    None,
    /// `PartialObjectMetadata`, which is what the server sends unless asked.
    #[default]
    Metadata,
    Object,
}

impl Include {
    /// Reads the query parameter; an unknown word is none of ours.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        match word {
            "None" => Some(Self::None),
            "" | "Metadata" => Some(Self::Metadata),
            "Object" => Some(Self::Object),
            _ => None,
        }
    }
}

/// Makes the cells of one object.
type Cells = fn(&Value, SimTime) -> Vec<Value>;

/// Which function makes the rows of a group-resource. Sorted.
const ROWS: &[(&str, Cells)] = &[
    ("apiservices.apiregistration.k8s.io", cluster_level::api_service),
    ("certificatesigningrequests.certificates.k8s.io", cluster_level::signing_request),
    ("clusterrolebindings.rbac.authorization.k8s.io", cluster_level::role_binding),
    ("componentstatuses", cluster_level::component_status),
    ("configmaps", cluster_level::config_map),
    ("controllerrevisions.apps", workloads::controller_revision),
    ("cronjobs.batch", workloads::cron_job),
    ("csidrivers.storage.k8s.io", storage::csi_driver),
    ("csinodes.storage.k8s.io", storage::csi_node),
    ("daemonsets.apps", workloads::daemon_set),
    ("deployments.apps", workloads::deployment),
    ("deviceclasses.resource.k8s.io", cluster_level::name_and_age),
    ("endpoints", network::endpoints),
    ("endpointslices.discovery.k8s.io", network::endpoint_slice),
    ("events", pods::event),
    ("events.events.k8s.io", pods::event),
    ("flowschemas.flowcontrol.apiserver.k8s.io", cluster_level::flow_schema),
    ("horizontalpodautoscalers.autoscaling", scaling::autoscaler),
    ("ingressclasses.networking.k8s.io", network::ingress_class),
    ("ingresses.networking.k8s.io", network::ingress),
    ("ipaddresses.networking.k8s.io", network::ip_address),
    ("jobs.batch", workloads::job),
    ("leases.coordination.k8s.io", cluster_level::lease),
    ("mutatingadmissionpolicies.admissionregistration.k8s.io", cluster_level::mutating_policy),
    ("mutatingadmissionpolicybindings.admissionregistration.k8s.io", cluster_level::policy_binding),
    ("mutatingwebhookconfigurations.admissionregistration.k8s.io", cluster_level::webhooks),
    ("namespaces", cluster_level::namespace),
    ("networkpolicies.networking.k8s.io", network::network_policy),
    ("nodes", cluster_level::node),
    ("persistentvolumeclaims", storage::claim),
    ("persistentvolumes", storage::volume),
    ("poddisruptionbudgets.policy", scaling::disruption_budget),
    ("pods", pods::pod),
    ("podtemplates", pods::pod_template),
    ("priorityclasses.scheduling.k8s.io", cluster_level::priority_class),
    ("prioritylevelconfigurations.flowcontrol.apiserver.k8s.io", cluster_level::priority_level),
    ("replicasets.apps", workloads::replica_set),
    ("replicationcontrollers", workloads::replication_controller),
    ("resourceclaims.resource.k8s.io", cluster_level::resource_claim),
    ("resourceclaimtemplates.resource.k8s.io", cluster_level::name_and_age),
    ("resourcequotas", cluster_level::resource_quota),
    ("resourceslices.resource.k8s.io", cluster_level::resource_slice),
    ("rolebindings.rbac.authorization.k8s.io", cluster_level::role_binding),
    ("runtimeclasses.node.k8s.io", cluster_level::runtime_class),
    ("secrets", cluster_level::secret),
    ("serviceaccounts", cluster_level::name_and_age),
    ("servicecidrs.networking.k8s.io", network::service_cidr),
    ("services", network::service),
    ("statefulsets.apps", workloads::stateful_set),
    ("storageclasses.storage.k8s.io", storage::storage_class),
    ("validatingadmissionpolicies.admissionregistration.k8s.io", cluster_level::validating_policy),
    ("validatingadmissionpolicybindings.admissionregistration.k8s.io", cluster_level::policy_binding),
    ("validatingwebhookconfigurations.admissionregistration.k8s.io", cluster_level::webhooks),
    ("volumeattachments.storage.k8s.io", storage::attachment),
    ("volumeattributesclasses.storage.k8s.io", storage::attributes_class),
];

/// A Table of objects of the group-resource `resource` (`pods`, `deployments.apps`), in their
/// storage version. The caller adds the list's `metadata`.
pub(crate) fn table(resource: &str, objects: &[Object], include: Include, now: SimTime) -> Value {
    let cells = ROWS
        .binary_search_by_key(&resource, |row| row.0)
        .ok()
        .and_then(|at| ROWS.get(at))
        .map_or(cluster_level::name_and_created as Cells, |row| row.1);
    let rows = objects
        .iter()
        .map(|object| {
            let mut row = row(cells(object, now), object, include);
            if resource == "pods"
                && let Some(conditions) = pods::conditions(object)
            {
                row["conditions"] = conditions;
            }
            row
        })
        .collect();
    assemble(columns(resource), rows)
}

fn assemble(columns: Vec<Value>, rows: Vec<Value>) -> Value {
    let table = json!({"apiVersion": "meta.k8s.io/v1", "kind": "Table", "metadata": {}});
    object::with(object::with(table, "columnDefinitions", columns.into()), "rows", rows.into())
}

fn row(cells: Vec<Value>, stored: &Value, include: Include) -> Value {
    let shown = match include {
        Include::None => Value::Null,
        Include::Object => stored.clone(),
        Include::Metadata => {
            let metadata = stored.get("metadata").cloned().unwrap_or_else(|| Value::Object(Map::new()));
            let (version, kind) = ("meta.k8s.io/v1".into(), "PartialObjectMetadata".into());
            [("apiVersion", version), ("kind", kind), ("metadata", metadata)].into_iter().collect()
        }
    };
    [("cells", cells.into()), ("object", shown)].into_iter().collect()
}

fn definition(name: &str, kind: &str, format: &str, priority: i64) -> Value {
    json!({"name": name, "type": kind, "format": format, "description": name, "priority": priority})
}

/// Column definitions by group-resource, as recorded.
static COLUMNS: LazyLock<BTreeMap<String, Value>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../../assets/api/table-columns.json")).unwrap_or_default()
});

fn columns(resource: &str) -> Vec<Value> {
    let Some(rows) = COLUMNS.get(resource).and_then(Value::as_array) else {
        return vec![definition("Name", "string", "name", 0), definition("Created At", "date", "", 0)];
    };
    let word = |row: &Value, at: usize| row.get(at).and_then(Value::as_str).unwrap_or("").to_owned();
    rows.iter()
        .map(|row| {
            let priority = row.get(3).and_then(Value::as_i64).unwrap_or(0);
            definition(&word(row, 0), &word(row, 1), &word(row, 2), priority)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn every_row_has_as_many_cells_as_columns() {
        assert!(ROWS.is_sorted_by_key(|row| row.0), "keep ROWS sorted");
        assert!(!COLUMNS.is_empty());
        let empty: Object = Arc::new(json!({"metadata": {"name": "x"}}));
        for resource in COLUMNS.keys() {
            let table = table(resource, std::slice::from_ref(&empty), Include::default(), SimTime::START);
            let cells = table["rows"][0]["cells"].as_array().map(Vec::len);
            assert_eq!(cells, table["columnDefinitions"].as_array().map(Vec::len), "{resource}");
        }
    }

    #[test]
    fn rows_carry_what_their_reader_asks_for() {
        let metadata = json!({"name": "a", "namespace": "n", "labels": {"x": "y"}, "uid": "u"});
        let map: Object = Arc::new(json!({"metadata": metadata, "data": {}}));
        let of = |include: Include| {
            table("configmaps", std::slice::from_ref(&map), include, SimTime::START)["rows"][0]["object"]
                .clone()
        };
        assert_eq!(of(Include::Object), *map);
        assert_eq!(of(Include::Metadata)["metadata"], metadata);
    }

    #[test]
    fn a_deployment_prints_as_recorded() {
        let web: Object = Arc::new(json!({
            "metadata": {"name": "web", "creationTimestamp": "2026-11-20T09:59:54Z"},
            "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "web"},
                "matchExpressions": [{"key": "tier", "operator": "In", "values": ["front", "back"]}]},
                "template": {"spec": {"containers": [{"name": "nginx", "image": "nginx:1.27"}, {"name": "side", "image": "redis:7"}]}}},
            "status": {"readyReplicas": 1, "updatedReplicas": 1, "availableReplicas": 1}}));
        let table = table("deployments.apps", &[web], Include::None, SimTime::START);
        assert_eq!(
            table["rows"][0]["cells"],
            json!([
                "web",
                "1/1",
                1,
                1,
                "6s",
                "nginx,side",
                "nginx:1.27,redis:7",
                "app=web,tier in (back,front)"
            ])
        );
    }
}
