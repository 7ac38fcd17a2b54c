//! The API as components use it: typed calls in process, with the identity of a component.
//!
//! Reads go to the store, as informers' caches would; writes go the whole way through defaulting,
//! validation and admission.

use serde_json::Value;

use crate::apimachinery::status::Status;
use crate::cluster::{Cluster, ClusterId, Object, UserInfo, World};

/// A component's connection.
pub(crate) struct Client<'a> {
    pub(crate) world: &'a mut World,
    pub(crate) cluster: ClusterId,
    pub(crate) user: UserInfo,
}

impl<'a> Client<'a> {
    /// Connects as a service account of kube-system, such as `replicaset-controller`.
    pub(crate) fn controller(world: &'a mut World, cluster: ClusterId, account: &str) -> Self {
        let name = format!("system:serviceaccount:kube-system:{account}");
        let groups = ["system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"];
        Self { world, cluster, user: UserInfo::new(&name, &groups) }
    }

    /// Connects as any user.
    pub(crate) fn as_user(world: &'a mut World, cluster: ClusterId, user: UserInfo) -> Self {
        Self { world, cluster, user }
    }

    /// The cluster behind the connection.
    pub(crate) fn cluster(&self) -> &Cluster {
        &self.world.clusters[self.cluster]
    }

    /// One object of a group-resource (`deployments.apps`) in its storage version.
    pub(crate) fn get(&self, resource: &str, namespace: &str, name: &str) -> Option<Object> {
        self.cluster().store.find(resource, namespace, name).cloned()
    }

    /// All objects of a group-resource; of one namespace when `namespace` is not empty.
    pub(crate) fn list(&self, resource: &str, namespace: &str) -> Vec<Object> {
        self.cluster().store.list(resource, namespace).cloned().collect()
    }

    /// Creates; `metadata.generateName` is honoured.
    pub(crate) fn create(
        &mut self,
        _resource: &str,
        _namespace: &str,
        _object: Value,
    ) -> Result<Object, Status> {
        Err(Status::no_such_path())
    }

    /// Replaces all but status.
    pub(crate) fn update(&mut self, _resource: &str, _object: Value) -> Result<Object, Status> {
        Err(Status::no_such_path())
    }

    /// Replaces a subresource: `status`, `scale`, `approval`, `binding`, `eviction`, `finalize` …
    pub(crate) fn update_subresource(
        &mut self,
        _resource: &str,
        _subresource: &str,
        _object: Value,
    ) -> Result<Object, Status> {
        Err(Status::no_such_path())
    }

    /// Deletes; `options` is a `DeleteOptions` object or null.
    pub(crate) fn delete(
        &mut self,
        _resource: &str,
        _namespace: &str,
        _name: &str,
        _options: &Value,
    ) -> Result<(), Status> {
        Err(Status::no_such_path())
    }
}
