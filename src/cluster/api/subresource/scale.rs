//! `scale`: how many replicas a workload wants, the same for all kinds.

use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::apimachinery::status::{Cause, Status};
use crate::cluster::Object;

use super::super::call::Call;
use super::super::write::{self, Part};

/// Where a kind keeps what a Scale shows: JSON pointers.
pub(crate) struct Paths {
    pub(crate) wanted: String,
    pub(crate) actual: String,
    /// Of a label selector, or of its text form.
    pub(crate) selector: String,
}

/// The paths of built-in kinds, or those of the custom resource's definition.
pub(crate) fn paths(call: &Call<'_>) -> Paths {
    let standard = || Paths {
        wanted: "/spec/replicas".into(),
        actual: "/status/replicas".into(),
        selector: "/spec/selector".into(),
    };
    let Some(definition) = &call.resource.definition else { return standard() };
    let versions = object::list(definition, "/spec/versions");
    let version = versions.iter().find(|it| object::field(it, "name") == call.resource.version);
    let Some(scale) = version.and_then(|it| it.pointer("/subresources/scale")) else {
        return standard();
    };
    let pointer = |key: &str| object::field(scale, key).replace('.', "/");
    Paths {
        wanted: pointer("specReplicasPath"),
        actual: pointer("statusReplicasPath"),
        selector: pointer("labelSelectorPath"),
    }
}

/// The Scale of an object.
pub(crate) fn of(call: &Call<'_>, object: &Value) -> Value {
    let paths = paths(call);
    let mut metadata = json!({
        "name": object::name(object), "uid": object::uid(object),
        "resourceVersion": object::text(object, "/metadata/resourceVersion"),
        "creationTimestamp": object::text(object, "/metadata/creationTimestamp"),
    });
    if !object::namespace(object).is_empty() {
        metadata["namespace"] = object::namespace(object).into();
    }
    let mut scale = json!({
        "apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": metadata, "spec": {},
        "status": {"replicas": object::int(object, &paths.actual).unwrap_or(0)},
    });
    let wanted = object::int(object, &paths.wanted).unwrap_or(0);
    if wanted != 0 {
        scale["spec"]["replicas"] = wanted.into();
    }
    let selector = selector_text(object.pointer(&paths.selector));
    if !selector.is_empty() {
        scale["status"]["selector"] = selector.into();
    }
    scale
}

/// `a=b,c in (d,e)` from a LabelSelector, a plain map, or a text.
fn selector_text(selector: Option<&Value>) -> String {
    let Some(selector) = selector else { return String::new() };
    if let Some(text) = selector.as_str() {
        return text.to_owned();
    }
    let is_plain = selector.get("matchLabels").is_none() && selector.get("matchExpressions").is_none();
    let labels = if is_plain { Some(selector) } else { selector.get("matchLabels") };
    let mut terms: Vec<String> = labels
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or("")))
        .collect();
    terms.extend(object::list(selector, "/matchExpressions").iter().map(expression_text));
    terms.sort();
    terms.join(",")
}

fn expression_text(expression: &Value) -> String {
    let key = object::field(expression, "key");
    let values: Vec<&str> = object::list(expression, "/values").iter().filter_map(Value::as_str).collect();
    match object::field(expression, "operator") {
        "In" => format!("{key} in ({})", values.join(",")),
        "NotIn" => format!("{key} notin ({})", values.join(",")),
        "DoesNotExist" => format!("!{key}"),
        _ => key.to_owned(),
    }
}

/// Sets the wanted replicas; the answer is the new Scale.
pub(crate) fn put(call: &mut Call<'_>, scale: &Value) -> Result<Object, Status> {
    let wanted = object::int(scale, "/spec/replicas").unwrap_or(0);
    check(call, scale, wanted)?;
    let paths = paths(call);
    let version = object::text(scale, "/metadata/resourceVersion").to_owned();
    let path: Vec<String> = paths.wanted.split('/').filter(|it| !it.is_empty()).map(str::to_owned).collect();
    let stored = write::update(call, Part::Main, &mut |_, old| {
        let mut new = old.clone();
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        object::set(&mut new, &path, wanted);
        if !version.is_empty() {
            object::set(&mut new, &["metadata", "resourceVersion"], version.as_str());
        }
        Ok(new)
    })?;
    Ok(of(call, &stored).into())
}

fn check(call: &Call<'_>, scale: &Value, wanted: i64) -> Result<(), Status> {
    if wanted >= 0 {
        return Ok(());
    }
    let cause = Cause {
        reason: "FieldValueInvalid".into(),
        message: format!("Invalid value: {wanted}: must be greater than or equal to 0"),
        field: "spec.replicas".into(),
    };
    let name = match object::name(scale) {
        "" => call.name.as_str(),
        name => name,
    };
    Err(Status::invalid("Scale", "autoscaling", name, vec![cause]))
}
