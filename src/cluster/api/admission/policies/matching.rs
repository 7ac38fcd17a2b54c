//! Which requests a policy or webhook is about: rules, operations, selectors.

use super::super::Call;
use super::Attempt;
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::apimachinery::selector::LabelSelector;

fn has(rule: &Value, field: &str, wanted: &str) -> bool {
    object::list(rule, &format!("/{field}"))
        .iter()
        .filter_map(Value::as_str)
        .any(|it| it == "*" || it == wanted)
}

/// True when one of the rules names the operation, group, version and resource of the call.
pub(crate) fn rules(call: &Call<'_>, rules: &[Value], attempt: &Attempt<'_>) -> bool {
    rules.iter().any(|rule| {
        has(rule, "operations", attempt.operation)
            && has(rule, "apiGroups", &call.resource.group)
            && has(rule, "apiVersions", &call.resource.version)
            && names_resource(call, rule)
            && in_scope(call, rule)
            && names_object(rule, attempt)
    })
}

fn names_resource(call: &Call<'_>, rule: &Value) -> bool {
    let (plural, sub) = (call.resource.plural.as_str(), call.subresource.as_str());
    let words = object::list(rule, "/resources").iter().filter_map(Value::as_str);
    let mut words = words.map(|word| word.split_once('/').unwrap_or((word, "")));
    words.any(|(resource, of)| (resource == "*" || resource == plural) && (of == sub || of == "*"))
}

/// Namespaces are cluster-scoped, though a request about one carries its name as its namespace.
fn in_scope(call: &Call<'_>, rule: &Value) -> bool {
    match object::field(rule, "scope") {
        "Cluster" => !call.resource.namespaced,
        "Namespaced" => call.resource.namespaced,
        _ => true,
    }
}

fn names_object(rule: &Value, attempt: &Attempt<'_>) -> bool {
    let names = object::list(rule, "/resourceNames");
    names.is_empty() || names.iter().any(|it| it == object::name(attempt.subject()))
}

fn selects(selector: Option<&Value>, labels: &Value) -> bool {
    let Some(selector) = selector.filter(|it| it.as_object().is_some_and(|it| !it.is_empty())) else {
        return true;
    };
    LabelSelector::from_object(selector).is_ok_and(|it| it.matches(labels))
}

/// True when `namespaceSelector` and `objectSelector` fit; the latter for the object as it is to be or as it was.
pub(crate) fn selectors(call: &Call<'_>, of: &Value, attempt: &Attempt<'_>) -> bool {
    let labels = |tree: &Value| tree.pointer("/metadata/labels").cloned().unwrap_or(Value::Null);
    let namespace = match &*call.resource.storage {
        "namespaces" => Some(labels(attempt.subject())),
        _ if call.resource.namespaced => {
            call.store().find("namespaces", "", &call.namespace).map(|it| labels(it))
        }
        _ => None,
    };
    let mut states = [attempt.object, attempt.old].into_iter().flatten();
    states.any(|it| selects(of.get("objectSelector"), &labels(it)))
        && namespace.is_none_or(|labels| selects(of.get("namespaceSelector"), &labels))
}
