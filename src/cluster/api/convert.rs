//! Versions of one resource: what is stored, and what a request of another version sees.

use super::custom;
use super::resources::Resource;
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::cluster::Object;

mod events;
mod scaling;

/// Brings an object of the request's version into the stored one.
pub(crate) fn to_storage(resource: &Resource, object: &mut Value) {
    if resource.api_version() == resource.storage_version {
        return;
    }
    object::set(object, &["apiVersion"], resource.storage_version.as_str());
    match (&resource.definition, &*resource.storage) {
        (Some(definition), _) => {
            let (_, version) = object::split_api_version(&resource.storage_version);
            custom::into_version(definition, version, object);
        }
        (None, "horizontalpodautoscalers.autoscaling") => scaling::to_v2(object),
        (None, "events") => events::to_core(object),
        _ => {}
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
    match (&resource.definition, &*resource.storage) {
        (Some(definition), _) => custom::into_version(definition, &resource.version, &mut shown),
        (None, "horizontalpodautoscalers.autoscaling") => scaling::to_v1(&mut shown),
        (None, "events") => events::from_core(&mut shown),
        _ => {}
    }
    shown.into()
}
