//! Nobody may grant what he does not hold: the checks on writing roles and bindings.
//!
//! Rules of kubernetes/kubernetes `pkg/registry/rbac/*/policybased` and `component-helpers/auth/rbac/validation`.

use std::collections::BTreeSet;

use super::{Attributes, decide, rbac};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::apimachinery::status::Status;
use crate::cluster::api::call::{Call, Tracking};

const GROUP: &str = "rbac.authorization.k8s.io";

/// Refuses a write of a role or binding that gives more than the writer has.
pub(crate) fn check(call: &Call<'_>, new: &Value, old: Option<&Value>) -> Result<(), Status> {
    if call.options.tracking == Tracking::None || call.resource.group != GROUP {
        return Ok(());
    }
    if call.user.groups.iter().any(|group| group == super::MASTERS) {
        return Ok(());
    }
    match call.resource.kind.as_str() {
        "Role" | "ClusterRole" => check_role(call, new, old),
        _ => check_binding(call, new, old),
    }
}

fn may(call: &Call<'_>, verb: &str, resource: &str, name: &str) -> bool {
    let attributes = Attributes {
        verb: verb.into(),
        group: GROUP.into(),
        version: "v1".into(),
        resource: resource.into(),
        namespace: call.namespace.clone(),
        name: name.into(),
        ..Attributes::default()
    };
    decide(call.cluster(), &call.user, &attributes).allowed
}

fn check_role(call: &Call<'_>, new: &Value, old: Option<&Value>) -> Result<(), Status> {
    let same = |field: &str| old.is_some_and(|old| old.get(field) == new.get(field));
    if same("rules") && same("aggregationRule") {
        return Ok(());
    }
    let name = object::name(new);
    if may(call, "escalate", &call.resource.plural, name) {
        return Ok(());
    }
    if object::at(new, "/aggregationRule").is_some() && !same("aggregationRule") {
        let whole = json!([
            {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]},
            {"nonResourceURLs": ["*"], "verbs": ["*"]},
        ]);
        if confirm(call, whole.as_array().map_or(&[], Vec::as_slice)).is_err() {
            let why = "must have cluster-admin privileges to use an aggregationRule";
            return Err(call.forbidden(name, why));
        }
    }
    confirm(call, object::list(new, "/rules")).map_err(|why| call.forbidden(name, &why))
}

fn check_binding(call: &Call<'_>, new: &Value, old: Option<&Value>) -> Result<(), Status> {
    let same = |field: &str| old.is_some_and(|old| old.get(field) == new.get(field));
    if same("roleRef") && same("subjects") {
        return Ok(());
    }
    let role = object::text(new, "/roleRef/name");
    let resource = match object::text(new, "/roleRef/kind") {
        "Role" => "roles",
        "ClusterRole" => "clusterroles",
        other => {
            let message = format!("unsupported role reference kind: {other:?}");
            return Err(Status { code: 500, reason: "", message, details: None });
        }
    };
    if may(call, "bind", resource, role) {
        return Ok(());
    }
    let found = rbac::role_of(call.store(), new, &call.namespace);
    // The lister that the real check reads names the resource in the singular.
    let found = found.map_err(|_| Status::not_found(resource.trim_end_matches('s'), GROUP, role))?;
    confirm(call, object::list(found, "/rules")).map_err(|why| call.forbidden(object::name(new), &why))
}

/// A rule taken apart until it has one verb, one resource and one name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Atom {
    group: Option<String>,
    resource: Option<String>,
    url: Option<String>,
    name: Option<String>,
    verb: String,
}

fn strings(rule: &Value, field: &str) -> Vec<String> {
    let list = rule.get(field).and_then(Value::as_array).into_iter().flatten();
    list.filter_map(|it| it.as_str().map(str::to_owned)).collect()
}

fn atoms(rule: &Value) -> Vec<Atom> {
    let verbs = strings(rule, "verbs");
    let names: Vec<Option<String>> = match strings(rule, "resourceNames") {
        names if names.is_empty() => vec![None],
        names => names.into_iter().map(Some).collect(),
    };
    let mut atoms = Vec::new();
    for group in strings(rule, "apiGroups") {
        for resource in strings(rule, "resources") {
            for verb in &verbs {
                for name in &names {
                    let (group, resource) = (Some(group.clone()), Some(resource.clone()));
                    atoms.push(Atom { group, resource, url: None, name: name.clone(), verb: verb.clone() });
                }
            }
        }
    }
    for url in strings(rule, "nonResourceURLs") {
        let of = |verb: &String| Atom { url: Some(url.clone()), verb: verb.clone(), ..Atom::default() };
        atoms.extend(verbs.iter().map(of));
    }
    atoms
}

fn holds(rule: &Value, atom: &Atom) -> bool {
    let has = |field: &str, wanted: &str| strings(rule, field).iter().any(|it| it == "*" || it == wanted);
    if !has("verbs", &atom.verb) {
        return false;
    }
    if let Some(url) = &atom.url {
        return strings(rule, "nonResourceURLs").iter().any(|it| rbac::path_fits(it, url));
    }
    let (Some(group), Some(resource)) = (&atom.group, &atom.resource) else { return false };
    let sub = resource.split_once('/').map(|(_, sub)| format!("*/{sub}"));
    let resource_fits =
        has("resources", resource) || sub.is_some_and(|sub| strings(rule, "resources").contains(&sub));
    let names = strings(rule, "resourceNames");
    let name_fits = names.is_empty() || atom.name.as_ref().is_some_and(|name| names.contains(name));
    has("apiGroups", group) && resource_fits && name_fits
}

/// The sentence about what `rules` give and the caller lacks.
fn confirm(call: &Call<'_>, rules: &[Value]) -> Result<(), String> {
    let (held, errors) = rbac::rules_for(call.store(), &call.user, &call.namespace);
    let missing: Vec<Atom> =
        rules.iter().flat_map(atoms).filter(|atom| !held.iter().any(|rule| holds(rule, atom))).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let groups: Vec<String> = call.user.groups.iter().map(|group| format!("{group:?}")).collect();
    let mut message = format!(
        "user {:?} (groups=[{}]) is attempting to grant RBAC permissions not currently held:\n{}",
        call.user.name,
        groups.join(" "),
        compact(&missing).into_iter().collect::<Vec<_>>().join("\n"),
    );
    if !errors.is_empty() {
        message = format!("{message}; resolution errors: [{}]", errors.join(", "));
    }
    Err(message)
}

/// One line a rule; what differs only by verb is put together again.
fn compact(atoms: &[Atom]) -> BTreeSet<String> {
    let mut simple: Vec<(&Atom, Vec<&str>)> = Vec::new();
    let mut lines = BTreeSet::new();
    for atom in atoms {
        if atom.name.is_some() || atom.url.is_some() {
            lines.insert(line(atom, &[&atom.verb]));
            continue;
        }
        let same = simple.iter_mut().find(|(it, _)| it.group == atom.group && it.resource == atom.resource);
        match same {
            Some((_, verbs)) => verbs.push(&atom.verb),
            None => simple.push((atom, vec![&atom.verb])),
        }
    }
    lines.extend(simple.iter().map(|(atom, verbs)| line(atom, verbs)));
    lines
}

fn line(atom: &Atom, verbs: &[&str]) -> String {
    let mut parts = Vec::new();
    let fields = [
        ("APIGroups", &atom.group),
        ("Resources", &atom.resource),
        ("NonResourceURLs", &atom.url),
        ("ResourceNames", &atom.name),
    ];
    for (label, value) in fields {
        if let Some(value) = value {
            parts.push(format!("{label}:[{value:?}]"));
        }
    }
    let verbs: Vec<String> = verbs.iter().map(|verb| format!("{verb:?}")).collect();
    parts.push(format!("Verbs:[{}]", verbs.join(" ")));
    format!("{{{}}}", parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::json::json;

    #[test]
    fn missing_rights_are_told_compactly() {
        let rule = json!({"apiGroups": [""], "resources": ["secrets", "pods"], "verbs": ["get", "delete"]});
        let lines: Vec<String> = compact(&atoms(&rule)).into_iter().collect();
        assert_eq!(
            lines,
            [
                r#"{APIGroups:[""], Resources:["pods"], Verbs:["get" "delete"]}"#,
                r#"{APIGroups:[""], Resources:["secrets"], Verbs:["get" "delete"]}"#,
            ]
        );
        let held = json!({"apiGroups": ["*"], "resources": ["*"], "verbs": ["get"]});
        assert_eq!(atoms(&rule).iter().filter(|atom| holds(&held, atom)).count(), 2);
    }
}
