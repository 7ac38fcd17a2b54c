//! `etcd_snapshot:` a saved snapshot, and what it holds.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Finding, Mistake, Scene};
use crate::cluster::{Place, etcd};

/// A snapshot file that is whole and holds these objects.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SnapshotCheck {
    #[serde(default)]
    host: String,
    path: String,
    #[serde(default)]
    holds: Vec<Entry>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// Group-resource: `configmaps`, `deployments.apps`.
    resource: String,
    #[serde(default)]
    namespace: String,
    name: String,
}

impl SnapshotCheck {
    pub(super) fn look(&self, scene: &Scene<'_>) -> Finding {
        let host = scene.host_or(&self.host);
        let wanted = format!("a whole snapshot at {host}:{}", self.path);
        let bytes = match scene.end.read_file(&Place::host(host), &self.path) {
            Ok(bytes) => bytes,
            Err(error) => return Finding::miss(Mistake::Missing, wanted, error.to_string()),
        };
        let snapshot = match etcd::read(&bytes, true) {
            Ok(snapshot) if etcd::has_checksum(&bytes) => snapshot,
            Ok(_) => {
                return Finding::miss(Mistake::WrongValue, wanted, "a database file, not a saved snapshot");
            }
            Err(error) => return Finding::miss(Mistake::WrongValue, wanted, error.to_string()),
        };
        let lost = self
            .holds
            .iter()
            .find(|entry| snapshot.store.find(&entry.resource, &entry.namespace, &entry.name).is_none());
        match lost {
            None => Finding::pass(wanted),
            Some(entry) => {
                let saw = format!("it holds no {} {}", entry.resource, entry.name);
                Finding::miss(Mistake::WrongValue, wanted, saw)
            }
        }
    }
}
