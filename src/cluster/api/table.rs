//! Tables: picks the printer of a resource.

use super::printers::{self, Include};
use super::resources::Resource;
use crate::apimachinery::json::Value;
use crate::apimachinery::status::Status;
use crate::apimachinery::{jsonpath, object};
use crate::cluster::Object;
use crate::sim::SimTime;

/// Reads `includeObject` of a query.
pub(crate) fn include(word: &str) -> Result<Include, Status> {
    Include::parse(word)
        .ok_or_else(|| Status::bad_request(format!("unrecognized includeObject value: {word:?}")))
}

/// A Table of objects in their storage version.
pub(crate) fn table(resource: &Resource, objects: &[Object], include: Include, now: SimTime) -> Value {
    let Some(definition) = &resource.definition else {
        return printers::table(&resource.storage, objects, include, now);
    };
    let versions = object::list(definition, "/spec/versions");
    let version = versions.iter().find(|it| object::field(it, "name") == resource.version);
    let columns = version.map_or(&[][..], |it| object::list(it, "/additionalPrinterColumns"));
    printers::custom_table(columns, objects, include, now, &find)
}

/// The values at a path of a printer column, such as `.spec.replicas`.
fn find(path: &str, object: &Value) -> Vec<Value> {
    let Ok(text) = jsonpath::relaxed(path) else { return Vec::new() };
    let Ok(template) = jsonpath::Template::parse(&text) else { return Vec::new() };
    template.find(object).into_iter().cloned().collect()
}
