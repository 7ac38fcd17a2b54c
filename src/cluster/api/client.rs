//! The API as components use it: typed calls in process, with the identity of a component.
//!
//! Reads go to the store, as informers' caches would; writes go the whole way through defaulting,
//! validation and admission, without authentication and authorization.

use super::authz::Attributes;
use super::call::{Aside, Call, DeleteOptions, Options};
use super::{audit, remove, resources, subresource, write};
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
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
        resource: &str,
        namespace: &str,
        mut object: Value,
    ) -> Result<Object, Status> {
        let audited = self.audited(&object);
        let mut call = self.call(resource, namespace, "")?;
        complete_type(&call, &mut object);
        let about = about(&call, "create");
        let result = write::create(&mut call, object);
        self.log(audited, &about, 201, result.as_deref());
        result
    }

    /// Replaces all but status. An object without `metadata.resourceVersion` wins over whatever is there.
    pub(crate) fn update(&mut self, resource: &str, object: Value) -> Result<Object, Status> {
        self.replace(resource, "", object)
    }

    /// Replaces `status` only.
    pub(crate) fn update_status(&mut self, resource: &str, object: Value) -> Result<Object, Status> {
        self.replace(resource, "status", object)
    }

    /// Replaces a subresource: `status`, `scale`, `approval`, `binding`, `eviction`, `finalize` …
    pub(crate) fn update_subresource(
        &mut self,
        resource: &str,
        subresource: &str,
        object: Value,
    ) -> Result<Object, Status> {
        self.replace(resource, subresource, object)
    }

    /// Reads an object, lets `change` edit it, and writes it back; nothing happens when nothing changed.
    /// `subresource` is empty for the object itself.
    pub(crate) fn edit(
        &mut self,
        resource: &str,
        subresource: &str,
        (namespace, name): (&str, &str),
        change: impl FnOnce(&mut Value),
    ) -> Result<Object, Status> {
        let Some(stored) = self.get(resource, namespace, name) else {
            let (plural, group) = resource.split_once('.').unwrap_or((resource, ""));
            return Err(Status::not_found(plural, group, name));
        };
        let mut object = (*stored).clone();
        change(&mut object);
        if object == *stored {
            return Ok(stored);
        }
        self.replace(resource, subresource, object)
    }

    /// Merges `patch` (RFC 7386) into an object.
    #[cfg(test)]
    pub(crate) fn merge_patch(
        &mut self,
        resource: &str,
        subresource: &str,
        (namespace, name): (&str, &str),
        patch: &Value,
    ) -> Result<Object, Status> {
        self.edit(resource, subresource, (namespace, name), |object| {
            crate::apimachinery::patch::merge(object, patch)
        })
    }

    /// Deletes; `options` is a `DeleteOptions` object or null.
    pub(crate) fn delete(
        &mut self,
        resource: &str,
        namespace: &str,
        name: &str,
        options: &Value,
    ) -> Result<(), Status> {
        let audited = self.audited(options);
        let mut call = self.call(resource, namespace, name)?;
        let about = about(&call, "delete");
        let result = remove::delete(&mut call, &DeleteOptions::of(options)).map(drop);
        self.log(audited, &about, 200, result.as_ref().map(|()| &Value::Null));
        result
    }

    /// A copy of what is sent, if somebody logs it.
    fn audited(&self, sent: &Value) -> Option<Value> {
        audit::is_on(self.world, self.cluster).then(|| sent.clone())
    }

    fn log(
        &mut self,
        audited: Option<Value>,
        about: &Attributes,
        code: u16,
        result: Result<&Value, &Status>,
    ) {
        let Some(sent) = audited else { return };
        let (answer, code) = match result {
            Ok(object) => (object.clone(), code),
            Err(status) => (status.to_object(), status.code),
        };
        audit::log_component(self.world, self.cluster, &self.user, about, (sent, &answer), code);
    }

    fn replace(&mut self, resource: &str, subresource: &str, mut object: Value) -> Result<Object, Status> {
        let (namespace, name) = (object::namespace(&object).to_owned(), object::name(&object).to_owned());
        let audited = self.audited(&object);
        let mut call = self.call(resource, &namespace, &name)?;
        if subresource.is_empty() || subresource == "status" {
            complete_type(&call, &mut object);
        }
        call.subresource = subresource.to_owned();
        let about = about(&call, "update");
        let result = subresource::put(&mut call, object);
        self.log(audited, &about, 200, result.as_deref());
        result
    }

    fn call(&mut self, resource: &str, namespace: &str, name: &str) -> Result<Call<'_>, Status> {
        let found = resources::by_storage(self.cluster(), resource).ok_or_else(Status::no_such_path)?;
        Ok(Call {
            world: &mut *self.world,
            cluster: self.cluster,
            user: self.user.clone(),
            resource: found,
            subresource: String::new(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            options: Options::default(),
            warnings: Vec::new(),
            aside: Aside::default(),
        })
    }
}

/// What a call is about, for the audit log.
fn about(call: &Call<'_>, verb: &str) -> Attributes {
    Attributes {
        verb: verb.to_owned(),
        group: call.resource.group.clone(),
        version: call.resource.version.clone(),
        resource: call.resource.plural.clone(),
        subresource: call.subresource.clone(),
        namespace: if call.resource.namespaced { call.namespace.clone() } else { String::new() },
        name: call.name.clone(),
        ..Attributes::default()
    }
}

fn complete_type(call: &Call<'_>, object: &mut Value) {
    object::set(object, &["apiVersion"], call.resource.storage_version.as_str());
    object::set(object, &["kind"], call.resource.kind.as_str());
}
