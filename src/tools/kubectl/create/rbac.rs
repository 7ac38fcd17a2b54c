//! Generators for roles and bindings.

use std::collections::BTreeMap;

use super::super::{Ctx, Failure, PLAIN, Run, Verb};
use super::generate::{self, Generator};
use crate::apimachinery::json::{Value, json};

pub(super) static ROLE: Verb = Verb {
    name: "role",
    summary: "Create a role with single rule",
    examples: "
        kubectl create role pod-reader --verb=get,list,watch --resource=pods
        kubectl create role scaler --verb=update --resource=deployments.apps/scale --resource-name=web",
    run: Run::Now(|ctx| {
        generate::run(ctx, &Generator { make: role, failed: "", namespaced: true, named: true })
    }),
    ..PLAIN
};

pub(super) static CLUSTERROLE: Verb = Verb {
    name: "clusterrole",
    summary: "Create a cluster role",
    examples: "
        kubectl create clusterrole node-reader --verb=get,list --resource=nodes
        kubectl create clusterrole health --verb=get --non-resource-url=/healthz,/livez",
    run: Run::Now(|ctx| {
        generate::run(ctx, &Generator { make: clusterrole, failed: "", namespaced: false, named: true })
    }),
    ..PLAIN
};

pub(super) static ROLEBINDING: Verb = Verb {
    name: "rolebinding",
    summary: "Create a role binding for a particular role or cluster role",
    examples: "
        kubectl create rolebinding read --role=pod-reader --user=jane
        kubectl create rolebinding read --clusterrole=view --serviceaccount=default:app",
    run: Run::Now(|ctx| {
        generate::run(
            ctx,
            &Generator {
                make: rolebinding,
                failed: "failed to create rolebinding: ",
                namespaced: true,
                named: true,
            },
        )
    }),
    ..PLAIN
};

pub(super) static CLUSTERROLEBINDING: Verb = Verb {
    name: "clusterrolebinding",
    summary: "Create a cluster role binding for a particular cluster role",
    examples: "kubectl create clusterrolebinding admins --clusterrole=cluster-admin --group=ops",
    required: &["clusterrole"],
    run: Run::Now(|ctx| {
        let failed = "failed to create clusterrolebinding: ";
        generate::run(ctx, &Generator { make: clusterrolebinding, failed, namespaced: false, named: false })
    }),
    ..PLAIN
};

/// Verbs that rules usually name; others get a warning.
const STANDARD: [&str; 14] = [
    "*",
    "get",
    "delete",
    "list",
    "create",
    "update",
    "patch",
    "watch",
    "proxy",
    "deletecollection",
    "use",
    "bind",
    "escalate",
    "impersonate",
];

/// Verbs that only mean something for these types.
const SPECIAL: &[(&str, &[(&str, &str)])] = &[
    ("use", &[("podsecuritypolicies", "policy"), ("podsecuritypolicies", "extensions")]),
    ("bind", &[("roles", "rbac.authorization.k8s.io"), ("clusterroles", "rbac.authorization.k8s.io")]),
    ("escalate", &[("roles", "rbac.authorization.k8s.io"), ("clusterroles", "rbac.authorization.k8s.io")]),
    (
        "impersonate",
        &[("users", ""), ("serviceaccounts", ""), ("groups", ""), ("userextras", "authentication.k8s.io")],
    ),
];

/// Verbs of rules about paths.
const OF_PATHS: [&str; 8] = ["*", "get", "post", "put", "delete", "patch", "head", "options"];

/// What `--resource` names: `pods/log`, `deployments.apps`.
#[derive(Debug)]
struct Target {
    resource: String,
    group: String,
    subresource: String,
}

fn unique(words: Vec<String>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for word in words {
        if !all.contains(&word) {
            all.push(word);
        }
    }
    all
}

fn verbs(ctx: &Ctx<'_>) -> Vec<String> {
    let verbs = ctx.flags.list("verb");
    if verbs.iter().any(|verb| verb == "*") { vec!["*".into()] } else { unique(verbs) }
}

fn targets(ctx: &Ctx<'_>) -> Vec<Target> {
    let mut all = Vec::new();
    for word in ctx.flags.list("resource") {
        let (kind, subresource) = word.split_once('/').unwrap_or((&word, ""));
        let (resource, group) = kind.split_once('.').unwrap_or((kind, ""));
        let target =
            Target { resource: resource.into(), group: group.into(), subresource: subresource.into() };
        if word == "*" {
            return vec![target];
        }
        all.push(target);
    }
    all
}

/// Plural and group as the server knows them.
fn known(ctx: &mut Ctx<'_>, target: &Target) -> Result<Option<(String, String)>, Failure> {
    let word = if target.group.is_empty() {
        target.resource.clone()
    } else {
        format!("{}.{}", target.resource, target.group)
    };
    match ctx.resource(&word) {
        // What stands behind the first dot is a group here, or how one begins, never a version.
        Ok(mapping) if mapping.group.starts_with(&target.group) => {
            Ok(Some((mapping.resource, mapping.group)))
        }
        Ok(_) | Err(Failure::Error(_)) => Ok(None),
        Err(other) => Err(other),
    }
}

fn check_target(ctx: &mut Ctx<'_>, target: &Target, verbs: &[String]) -> Result<(), Failure> {
    if target.resource.is_empty() {
        return Err(Failure::error("resource must be specified if apiGroup/subresource specified"));
    }
    let found = known(ctx, target)?;
    let mut fine = found.is_some();
    let (resource, group) = found.unwrap_or_else(|| (target.resource.clone(), target.group.clone()));
    for verb in verbs {
        let Some((_, types)) = SPECIAL.iter().find(|(special, _)| special == verb) else { continue };
        if !types.contains(&(resource.as_str(), group.as_str())) {
            return Err(Failure::error(format!(
                "can not perform '{verb}' on '{resource}' in group '{group}'"
            )));
        }
        fine = true;
    }
    if fine {
        return Ok(());
    }
    let within =
        if target.group.is_empty() { String::new() } else { format!(" in group {:?}", target.group) };
    Err(Failure::Plain(format!("the server doesn't have a resource type {:?}{within}", target.resource)))
}

/// One rule a group, in the order of the groups.
fn rules(ctx: &mut Ctx<'_>, verbs: &[String], targets: &[Target]) -> Result<Vec<Value>, Failure> {
    let names = unique(ctx.flags.list("resource-name"));
    let mut by_group: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for target in targets {
        let found = known(ctx, target)?;
        let (mut resource, group) = found.unwrap_or_else(|| (target.resource.clone(), target.group.clone()));
        if !target.subresource.is_empty() {
            resource = format!("{resource}/{}", target.subresource);
        }
        let resources = by_group.entry(group).or_default();
        if !resources.contains(&resource) {
            resources.push(resource);
        }
    }
    Ok(by_group
        .into_iter()
        .map(|(group, resources)| {
            let mut rule = json!({"verbs": verbs, "resources": resources, "apiGroups": [group]});
            if !names.is_empty() {
                rule["resourceNames"] = json!(names);
            }
            rule
        })
        .collect())
}

fn check_verbs(ctx: &Ctx<'_>, verbs: &[String]) -> Result<(), Failure> {
    if verbs.is_empty() {
        return Err(Failure::error("at least one verb must be specified"));
    }
    for verb in verbs {
        if !STANDARD.contains(&verb.as_str()) {
            ctx.err(&format!("Warning: '{verb}' is not a standard resource verb\n"));
        }
    }
    Ok(())
}

fn check_targets(ctx: &mut Ctx<'_>, targets: &[Target], verbs: &[String]) -> Result<(), Failure> {
    for target in targets {
        if target.resource == "*" {
            break;
        }
        check_target(ctx, target, verbs)?;
    }
    Ok(())
}

fn role(ctx: &mut Ctx<'_>, name: &str) -> Result<Value, Failure> {
    let (verbs, targets) = (verbs(ctx), targets(ctx));
    check_verbs(ctx, &verbs)?;
    if targets.is_empty() {
        return Err(Failure::error("at least one resource must be specified"));
    }
    check_targets(ctx, &targets, &verbs)?;
    let rules = rules(ctx, &verbs, &targets)?;
    Ok(
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": name}, "rules": rules}),
    )
}

fn clusterrole(ctx: &mut Ctx<'_>, name: &str) -> Result<Value, Failure> {
    let (verbs, targets) = (verbs(ctx), targets(ctx));
    let paths = ctx.flags.list("non-resource-url");
    let mut tree = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": name}});
    if ctx.flags.given("aggregation-rule") {
        let others = !verbs.is_empty() || !targets.is_empty() || !paths.is_empty();
        if others || !ctx.flags.list("resource-name").is_empty() {
            return Err(Failure::error(
                "aggregation rule must be specified without nonResourceURLs, verbs, resources or resourceNames",
            ));
        }
        let labels: BTreeMap<String, String> = ctx.flags.pairs("aggregation-rule").into_iter().collect();
        tree["aggregationRule"] = json!({"clusterRoleSelectors": [{"matchLabels": labels}]});
        tree["rules"] = Value::Null;
        return Ok(tree);
    }
    check_clusterrole(ctx, &verbs, &targets, &paths)?;
    let mut all = rules(ctx, &verbs, &targets)?;
    if !paths.is_empty() {
        all.push(json!({"verbs": verbs, "nonResourceURLs": paths}));
    }
    tree["rules"] = all.into();
    Ok(tree)
}

fn check_clusterrole(
    ctx: &mut Ctx<'_>,
    verbs: &[String],
    targets: &[Target],
    paths: &[String],
) -> Result<(), Failure> {
    if verbs.is_empty() {
        return Err(Failure::error("at least one verb must be specified"));
    }
    if targets.is_empty() && paths.is_empty() {
        return Err(Failure::error("one of resource or nonResourceURL must be specified"));
    }
    if !targets.is_empty() {
        check_verbs(ctx, verbs)?;
        check_targets(ctx, targets, verbs)?;
    }
    if paths.is_empty() {
        return Ok(());
    }
    if let Some(verb) = verbs.iter().find(|verb| !OF_PATHS.contains(&verb.as_str())) {
        return Err(Failure::error(format!("invalid verb: '{verb}' for nonResourceURL")));
    }
    for path in paths.iter().filter(|path| *path != "*") {
        if !path.starts_with('/') {
            return Err(Failure::error("nonResourceURL should start with /"));
        }
        if path.contains('*') && path.find('*') != Some(path.len() - 1) {
            return Err(Failure::error(
                "nonResourceURL only supports wildcard matches when '*' is at the end",
            ));
        }
    }
    Ok(())
}

/// The subjects that `--user`, `--group` and `--serviceaccount` name.
///
/// # Errors
/// A service account without namespace.
pub(crate) fn subjects(ctx: &Ctx<'_>) -> Result<Vec<Value>, Failure> {
    let mut all = Vec::new();
    let group = "rbac.authorization.k8s.io";
    for (flag, kind) in [("user", "User"), ("group", "Group")] {
        for name in ctx.flags.list(flag) {
            all.push(json!({"kind": kind, "apiGroup": group, "name": name}));
        }
    }
    for account in ctx.flags.list("serviceaccount") {
        match account.split(':').collect::<Vec<_>>().as_slice() {
            [namespace, name] if !namespace.is_empty() && !name.is_empty() => {
                all.push(json!({"kind": "ServiceAccount", "namespace": namespace, "name": name}));
            }
            _ => return Err(Failure::error("serviceaccount must be <namespace>:<name>")),
        }
    }
    Ok(all)
}

fn binding(ctx: &Ctx<'_>, kind: &str, name: &str, role: &str, role_name: &str) -> Result<Value, Failure> {
    let mut tree = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": {"name": name},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": role, "name": role_name},
    });
    let subjects = subjects(ctx)?;
    if !subjects.is_empty() {
        tree["subjects"] = subjects.into();
    }
    Ok(tree)
}

fn rolebinding(ctx: &mut Ctx<'_>, name: &str) -> Result<Value, Failure> {
    let (role, cluster_role) = (ctx.flags.text("role"), ctx.flags.text("clusterrole"));
    match (role.is_empty(), cluster_role.is_empty()) {
        (false, true) => binding(ctx, "RoleBinding", name, "Role", role),
        (true, false) => binding(ctx, "RoleBinding", name, "ClusterRole", cluster_role),
        _ => Err(Failure::error("exactly one of clusterrole or role must be specified")),
    }
}

fn clusterrolebinding(ctx: &mut Ctx<'_>, name: &str) -> Result<Value, Failure> {
    let role = ctx.flags.text("clusterrole");
    binding(ctx, "ClusterRoleBinding", name, "ClusterRole", role)
}
