//! Versions of one resource: what is stored, and what a request of another version sees.

use serde_json::Value;

use super::custom;
use super::resources::Resource;
use crate::apimachinery::object;
use crate::cluster::Object;

/// Brings an object of the request's version into the stored one.
pub(crate) fn to_storage(resource: &Resource, object: &mut Value) {
    if resource.api_version() == resource.storage_version {
        return;
    }
    object::set(object, &["apiVersion"], resource.storage_version.as_str());
    if let Some(definition) = &resource.definition {
        let (_, version) = object::split_api_version(&resource.storage_version);
        custom::into_version(definition, version, object);
    }
}

/// A stored object in the version of the request.
pub(crate) fn from_storage(resource: &Resource, object: &Object) -> Object {
    let wanted = resource.api_version();
    // What was stored before another version became the stored one still says so.
    if object::text(object, "/apiVersion") == wanted {
        return object.clone();
    }
    let mut shown = (**object).clone();
    object::set(&mut shown, &["apiVersion"], wanted);
    if let Some(definition) = &resource.definition {
        custom::into_version(definition, &resource.version, &mut shown);
    }
    shown.into()
}
