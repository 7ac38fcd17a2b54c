//! Admission policies: CEL expressions over objects, bound to parts of the cluster.
//!
//! Here is what policies that refuse ([`validating`]) and policies that change ([`mutating`]) share: which are
//! bound to a request, and with which parameters. Rules of apiserver's `admission/plugin/policy/generic`.

mod again;
mod authorizer;
mod expressions;
pub(crate) mod matching;
mod mutating;
#[cfg(test)]
mod tests;
mod validating;

use super::{Call, Object, Status};
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::apimachinery::selector::LabelSelector;
use crate::cluster::api::resources;

pub(crate) use again::Reinvocation;
pub(super) use mutating::mutate;
pub(super) use validating::{on_delete, validate};

/// What happens to which object.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attempt<'a> {
    pub(super) operation: &'static str,
    /// `None` when it is deleted.
    pub(super) object: Option<&'a Value>,
    /// `None` when it is created.
    pub(super) old: Option<&'a Value>,
}

impl<'a> Attempt<'a> {
    pub(super) fn write(object: &'a Value, old: Option<&'a Object>) -> Self {
        let operation = if old.is_some() { "UPDATE" } else { "CREATE" };
        Self { operation, object: Some(object), old: old.map(|it| &**it) }
    }

    pub(super) fn delete(old: &'a Object) -> Self {
        Self { operation: "DELETE", object: None, old: Some(old) }
    }

    /// The object as it is to be, else as it was.
    pub(super) fn subject(&self) -> &'a Value {
        self.object.or(self.old).unwrap_or(&Value::Null)
    }
}

/// A policy that a request matches through one of its bindings.
struct Bound {
    policy: Object,
    binding: Object,
    /// Null where the policy takes none; or why they cannot be had.
    params: Result<Vec<Value>, String>,
}

/// The group whose own objects no policy is asked about.
const OWN_GROUP: &str = "admissionregistration.k8s.io";

/// All policies of a kind that are bound to the request, by policy and binding.
fn bound(call: &Call<'_>, policies: &str, bindings: &str, attempt: &Attempt<'_>) -> Vec<Bound> {
    if call.resource.group == OWN_GROUP || call.store().count(bindings) == 0 {
        return Vec::new();
    }
    let all: Vec<Object> = call.store().list(bindings, "").cloned().collect();
    let mut found = Vec::new();
    for policy in call.store().list(policies, "") {
        if !fits(call, object::at(policy, "/spec/matchConstraints"), attempt) {
            continue;
        }
        for binding in all.iter().filter(|it| object::text(it, "/spec/policyName") == object::name(policy)) {
            let resources = object::at(binding, "/spec/matchResources");
            if resources.is_none() || fits(call, resources, attempt) {
                let params = parameters(call, policy, binding);
                found.push(Bound { policy: policy.clone(), binding: binding.clone(), params });
            }
        }
    }
    found
}

fn fits(call: &Call<'_>, constraints: Option<&Value>, attempt: &Attempt<'_>) -> bool {
    let Some(constraints) = constraints else { return false };
    let rules = object::list(constraints, "/resourceRules");
    (rules.is_empty() || matching::rules(call, rules, attempt))
        && !matching::rules(call, object::list(constraints, "/excludeResourceRules"), attempt)
        && matching::selectors(call, constraints, attempt)
}

/// The parameter objects of a binding; one null when there are none to be had.
fn parameters(call: &Call<'_>, policy: &Value, binding: &Value) -> Result<Vec<Value>, String> {
    let (Some(kind), Some(reference)) =
        (object::at(policy, "/spec/paramKind"), object::at(binding, "/spec/paramRef"))
    else {
        return Ok(vec![Value::Null]);
    };
    let gvk = object::Gvk::of(kind);
    let Some(resource) = resources::by_kind(call.cluster(), &gvk) else {
        let (api_version, kind) = (gvk.api_version(), gvk.kind);
        return Err(format!("failed to find resource referenced by paramKind: '{api_version}, Kind={kind}'"));
    };
    let given = object::field(reference, "namespace");
    if !resource.namespaced && !given.is_empty() {
        return Err("paramRef.namespace must not be provided for a cluster-scoped `paramKind`".into());
    }
    let namespace = if given.is_empty() { call.namespace.as_str() } else { given };
    if resource.namespaced && namespace.is_empty() {
        return Err(
            "cannot use namespaced paramRef in policy binding that matches cluster-scoped resources".into()
        );
    }
    let namespace = if resource.namespaced { namespace } else { "" };
    let found: Vec<Value> = match (object::field(reference, "name"), reference.get("selector")) {
        ("", Some(selector)) => {
            let selector = LabelSelector::from_object(selector).map_err(|error| error.to_string())?;
            let labels = |it: &Object| it.pointer("/metadata/labels").cloned().unwrap_or(Value::Null);
            let all = call.store().list(&resource.storage, namespace);
            all.filter(|it| selector.matches(&labels(it))).map(|it| (**it).clone()).collect()
        }
        ("", None) => return Err("one of name or selector must be provided".into()),
        (name, _) => call
            .store()
            .find(&resource.storage, namespace, name)
            .map(|it| (**it).clone())
            .into_iter()
            .collect(),
    };
    if found.is_empty() && object::field(reference, "parameterNotFoundAction") == "Deny" {
        return Err("no params found for policy binding with `Deny` parameterNotFoundAction".into());
    }
    Ok(found)
}

/// A faulty definition is told as the policy's fault, other faults as the binding's.
fn is_of_policy(why: &str) -> bool {
    why.starts_with("failed to find resource")
}

fn ignores_failures(policy: &Value) -> bool {
    object::text(policy, "/spec/failurePolicy") == "Ignore"
}

/// What an expression sees of a request.
fn variables<'a>(
    call: &Call<'_>,
    attempt: &Attempt<'a>,
    params: &'a Value,
    namespace: &'a Value,
) -> expressions::Variables<'a> {
    expressions::Variables {
        object: attempt.object.unwrap_or(&Value::Null),
        old: attempt.old.unwrap_or(&Value::Null),
        params,
        namespace,
        request: expressions::request(call, attempt),
        authorizer: authorizer::of(call),
        own: authorizer::own(call, attempt),
    }
}

/// The namespace of the request's object; null when it has none.
fn namespace_of(call: &Call<'_>) -> Value {
    let in_one = call.resource.namespaced && !call.namespace.is_empty();
    let found = in_one.then(|| call.store().find("namespaces", "", &call.namespace)).flatten();
    found.map_or(Value::Null, |it| (**it).clone())
}

/// Whether a policy's or webhook's `matchConditions` hold; an error is told when nothing else decides.
///
/// # Errors
/// The errors of the conditions, when none is false and failures count.
pub(super) fn conditions_hold(
    of: &Value,
    conditions: &[Value],
    ignores: bool,
    variables: &expressions::Variables<'_>,
) -> Result<bool, String> {
    let mut errors = Vec::new();
    for condition in conditions {
        match expressions::evaluate(of, object::field(condition, "expression"), variables) {
            Ok(Value::Bool(false)) => return Ok(false),
            Ok(_) => {}
            Err(why) => errors.push(why),
        }
    }
    match errors.as_slice() {
        [] => Ok(true),
        _ if ignores => Ok(false),
        _ => Err(super::aggregate(errors)),
    }
}

/// [`conditions_hold`] for a webhook.
pub(super) fn webhook_conditions(
    call: &Call<'_>,
    webhook: &Value,
    attempt: &Attempt<'_>,
) -> Result<bool, String> {
    let conditions = object::list(webhook, "/matchConditions");
    if conditions.is_empty() {
        return Ok(true);
    }
    let ignores = object::field(webhook, "failurePolicy") == "Ignore";
    let variables = variables(call, attempt, &Value::Null, &Value::Null);
    conditions_hold(&Value::Null, conditions, ignores, &variables)
}
