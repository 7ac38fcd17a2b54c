//! A small cluster for the tests of control loops: the recorded sessions' world, driven by YAML.

use std::time::Duration;

use crate::apimachinery::json::Value;
use crate::apimachinery::{object, yaml};
use crate::cluster::api::Client;
use crate::cluster::{Object, UserInfo, World, templates};

/// The world, and an administrator's hands on it.
pub(crate) struct Lab {
    pub(crate) world: World,
}

impl Lab {
    pub(crate) fn new() -> Self {
        Self { world: templates::bare(1) }
    }

    pub(crate) fn client(&mut self) -> Client<'_> {
        let admin = UserInfo::new("kubernetes-admin", &["system:masters", "system:authenticated"]);
        Client::as_user(&mut self.world, 0, admin)
    }

    /// Creates every object of a YAML stream; `resource` is a group-resource.
    #[track_caller]
    pub(crate) fn create(&mut self, resource: &str, text: &str) {
        for mut object in yaml::documents(text).unwrap() {
            let namespaced = object::at(&object, "/metadata/namespace").is_some();
            let cluster_wide = ["namespaces", "nodes", "persistentvolumes", "storageclasses.storage.k8s.io"];
            if !namespaced && !cluster_wide.contains(&resource) {
                object::set(&mut object, &["metadata", "namespace"], "default");
            }
            let namespace = object::namespace(&object).to_owned();
            self.client().create(resource, &namespace, object).unwrap();
        }
    }

    /// Merges a patch, given as YAML.
    #[track_caller]
    pub(crate) fn patch(&mut self, resource: &str, name: &str, patch: &str) {
        let patch = yaml::documents(patch).unwrap().remove(0);
        let namespace = if self.world.clusters[0].store.find(resource, "default", name).is_some() {
            "default"
        } else {
            ""
        };
        self.client().merge_patch(resource, "", (namespace, name), &patch).unwrap();
    }

    pub(crate) fn delete(&mut self, resource: &str, name: &str) {
        self.delete_with(resource, name, &Value::Null);
    }

    #[track_caller]
    pub(crate) fn delete_with(&mut self, resource: &str, name: &str, options: &Value) {
        let namespace = if self.world.clusters[0].store.find(resource, "default", name).is_some() {
            "default"
        } else {
            ""
        };
        self.client().delete(resource, namespace, name, options).unwrap();
    }

    pub(crate) fn pass(&mut self, seconds: u64) {
        self.world.advance(Duration::from_secs(seconds));
    }

    pub(crate) fn list(&self, resource: &str) -> Vec<Object> {
        self.world.clusters[0].store.list(resource, "default").cloned().collect()
    }

    #[track_caller]
    pub(crate) fn get(&self, resource: &str, name: &str) -> Object {
        let store = &self.world.clusters[0].store;
        store.find(resource, "default", name).or_else(|| store.find(resource, "", name)).unwrap().clone()
    }

    /// The reasons and messages of the events about an object, oldest first.
    pub(crate) fn events(&self, about: &str) -> Vec<String> {
        let mut events: Vec<_> = self.list("events");
        events.retain(|it| object::text(it, "/involvedObject/name") == about);
        events.sort_by_key(|it| object::name(it).to_owned());
        let line = |it: &Object| format!("{} {}", object::text(it, "/reason"), object::text(it, "/message"));
        events.iter().map(line).collect()
    }
}
