//! One request once it is understood: who asks for what, with which options, and what the answer warns of.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::admission::Reinvocation;
use super::encryption;
use super::resources::Resource;
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::apimachinery::status::Status;
use crate::cluster::{Cluster, ClusterId, Key, Object, Store, UserInfo, World};

/// What the server does with unknown and duplicate fields of a body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum FieldValidation {
    Ignore,
    #[default]
    Warn,
    Strict,
}

/// How a write tells who owns which fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tracking {
    /// Components in process: `metadata.managedFields` is left alone.
    #[default]
    None,
    /// create, update and the plain patches.
    Update,
    /// Server-side apply, which has brought `metadata.managedFields` up to date already.
    Applied,
}

/// Options that come in the query.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    /// `dryRun=All`: everything happens but the storing.
    pub(crate) dry_run: bool,
    pub(crate) field_validation: FieldValidation,
    pub(crate) field_manager: String,
    pub(crate) tracking: Tracking,
}

/// A request to one resource.
pub(crate) struct Call<'a> {
    pub(crate) world: &'a mut World,
    pub(crate) cluster: ClusterId,
    pub(crate) user: UserInfo,
    /// In the version of the request.
    pub(crate) resource: Arc<Resource>,
    /// Empty for the resource itself.
    pub(crate) subresource: String,
    /// Empty for cluster-scoped resources and for requests to all namespaces.
    pub(crate) namespace: String,
    /// Empty for requests to a collection.
    pub(crate) name: String,
    pub(crate) options: Options,
    /// Sentences of `Warning:` headers.
    pub(crate) warnings: Vec<String>,
    pub(crate) aside: Aside,
}

/// What admission leaves beside the answer.
#[derive(Debug, Default)]
pub(crate) struct Aside {
    /// Annotations of the audit log.
    pub(crate) notes: BTreeMap<String, String>,
    /// How long the server waited for webhooks.
    pub(crate) waited: Duration,
    /// Which policies are to be asked again.
    pub(crate) reinvocation: Reinvocation,
}

impl Call<'_> {
    /// The cluster that is asked.
    pub(crate) fn cluster(&self) -> &Cluster {
        &self.world.clusters[self.cluster]
    }

    /// Its objects.
    pub(crate) fn store(&self) -> &Store {
        &self.cluster().store
    }

    /// Its objects, to change them.
    pub(crate) fn store_mut(&mut self) -> &mut Store {
        &mut self.world.clusters[self.cluster].store
    }

    /// Writes an object.
    ///
    /// # Errors
    /// etcd has no room left.
    pub(crate) fn put(&mut self, key: &Key, object: Value) -> Result<Object, Status> {
        let now = self.world.now;
        let Some(cluster) = self.world.clusters.get_mut(self.cluster) else {
            return Err(Status::internal("no such cluster"));
        };
        cluster.control_plane.etcd.admit(&cluster.store, now, 0).map_err(|why| Status {
            code: 500,
            reason: "",
            message: why.to_owned(),
            details: None,
        })?;
        let seal = encryption::seal_for(cluster, key);
        Ok(cluster.store.put_sealed(key, object, seal))
    }

    /// Where the object called `name` of the request's resource and namespace is stored.
    pub(crate) fn key(&self, name: &str) -> Key {
        let namespace = if self.resource.namespaced { self.namespace.as_str() } else { "" };
        Key { resource: self.resource.storage.clone(), namespace: namespace.into(), name: name.into() }
    }

    /// The object that the request names.
    ///
    /// # Errors
    /// There is none, or it cannot be decrypted.
    pub(crate) fn stored(&self) -> Result<Object, Status> {
        let key = self.key(&self.name);
        encryption::check_readable(self.cluster(), &key)?;
        self.store().get(&key).cloned().ok_or_else(|| self.not_found(&self.name))
    }

    /// 404 for an object of this resource.
    pub(crate) fn not_found(&self, name: &str) -> Status {
        Status::not_found(&self.resource.plural, &self.resource.group, name)
    }

    /// 409 with `why` for an object of this resource.
    pub(crate) fn conflict(&self, name: &str, why: &str) -> Status {
        Status::conflict(&self.resource.plural, &self.resource.group, name, why)
    }

    /// 403 with `why` for an object of this resource.
    pub(crate) fn forbidden(&self, name: &str, why: &str) -> Status {
        Status::forbidden(&self.resource.plural, &self.resource.group, name, why)
    }

    /// Adds an annotation for the audit log; the first one of a name stays.
    pub(crate) fn note(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.aside.notes.entry(key.into()).or_insert_with(|| value.into());
    }

    /// Adds a warning unless it is there already.
    pub(crate) fn warn(&mut self, sentence: impl Into<String>) {
        let sentence = sentence.into();
        if !self.warnings.contains(&sentence) {
            self.warnings.push(sentence);
        }
    }
}

/// What a DELETE asks for besides the name.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct DeleteOptions {
    pub(crate) grace_period_s: Option<i64>,
    /// `Orphan`, `Background` or `Foreground`; empty for the default of the kind.
    pub(crate) propagation: String,
    /// True when the older field says it too.
    pub(crate) orphans_twice: bool,
    pub(crate) uid: Option<String>,
    pub(crate) resource_version: Option<String>,
}

impl DeleteOptions {
    /// Reads a `DeleteOptions` object; null has no wishes.
    pub(crate) fn of(options: &Value) -> Self {
        let text = |pointer: &str| match object::text(options, pointer) {
            "" => None,
            text => Some(text.to_owned()),
        };
        let propagation = match (text("/propagationPolicy"), options.get("orphanDependents")) {
            (Some(policy), _) => policy,
            (None, Some(Value::Bool(true))) => "Orphan".into(),
            (None, Some(Value::Bool(false))) => "Background".into(),
            _ => String::new(),
        };
        Self {
            grace_period_s: object::int(options, "/gracePeriodSeconds"),
            propagation,
            orphans_twice: text("/propagationPolicy").is_some() && options.get("orphanDependents").is_some(),
            uid: text("/preconditions/uid"),
            resource_version: text("/preconditions/resourceVersion"),
        }
    }
}
