//! `auth can-i`, with and without `--list`.

use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::{flag, list, text};
use crate::tools::kubectl::describe::{Rule, break_down, compact};
use crate::tools::kubectl::tabwriter;
use crate::tools::kubectl::{Call, Ctx, Done, Failure};

/// Verbs on resources that need no warning.
const VERBS: &[&str] = &[
    "get",
    "list",
    "watch",
    "create",
    "update",
    "patch",
    "delete",
    "deletecollection",
    "use",
    "bind",
    "impersonate",
    "*",
    "approve",
    "sign",
    "escalate",
    "attest",
];

/// Verbs on paths that need no warning.
const URL_VERBS: &[&str] = &["get", "put", "post", "head", "options", "delete", "patch", "*"];

/// Resources that exist for authorization only.
const VIRTUAL: &[&str] = &["users", "groups"];

pub(super) fn run(ctx: &mut Ctx<'_>) -> Done {
    if ctx.flags.on("list") {
        return show_list(ctx);
    }
    let [verb, what] = ctx.args.as_slice() else {
        return Err(Failure::error(
            "you must specify two arguments: verb resource or verb resource/resourceName.\nSee 'kubectl auth can-i -h' for help and examples.",
        ));
    };
    let (verb, what) = (verb.clone(), what.clone());
    let attributes =
        if what.starts_with('/') { of_path(ctx, &verb, &what)? } else { of_resource(ctx, &verb, &what)? };
    if ctx.flags.on("no-headers") {
        return Err(Failure::error("--no-headers cannot be set without --list specified"));
    }
    let review = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": attributes});
    let answer = ctx.object(Call::post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", &review))?;
    let allowed = flag(&answer, "/status/allowed");
    if !ctx.flags.on("quiet") {
        ctx.out(&sentence(&answer, allowed));
    }
    if allowed { Ok(()) } else { Err(Failure::Exit(1)) }
}

fn sentence(answer: &Value, allowed: bool) -> String {
    if allowed {
        return "yes\n".to_owned();
    }
    let why = |pointer: &str| match text(answer, pointer) {
        "" => String::new(),
        why => format!(" - {why}"),
    };
    format!("no{}{}\n", why("/status/reason"), why("/status/evaluationError"))
}

fn warn(ctx: &Ctx<'_>, sentence: &str) {
    // The sentence ends in a line's end of its own, so that an empty line follows.
    ctx.err(&format!("Warning: {sentence}\n\n"));
}

fn of_path(ctx: &Ctx<'_>, verb: &str, path: &str) -> Result<Value, Failure> {
    if !ctx.flags.text("subresource").is_empty() {
        return Err(Failure::error("--subresource can not be used with NonResourceURL"));
    }
    if !URL_VERBS.contains(&verb) {
        warn(ctx, &format!("verb '{verb}' is not a known verb"));
    }
    Ok(json!({"nonResourceAttributes": {"verb": verb, "path": path}}))
}

fn of_resource(ctx: &mut Ctx<'_>, verb: &str, what: &str) -> Result<Value, Failure> {
    let (word, name) = what.split_once('/').unwrap_or((what, ""));
    let everywhere = ctx.flags.on("all-namespaces");
    let (group, resource) = resource_for(ctx, word)?;
    if !everywhere && !resource.is_empty() {
        if word != "*" && is_cluster_wide(ctx, &group, &resource)? {
            let inside = if group.is_empty() { String::new() } else { format!(" in group '{group}'") };
            warn(ctx, &format!("resource '{resource}' is not namespace scoped{inside}"));
        }
        if !VERBS.contains(&verb) {
            warn(ctx, &format!("verb '{verb}' is not a known verb"));
        }
    }
    let namespace = if everywhere { String::new() } else { ctx.namespace()?.name };
    let mut attributes = json!({"verb": verb, "resource": resource});
    let subresource = ctx.flags.text("subresource");
    for (key, value) in
        [("namespace", namespace.as_str()), ("group", &group), ("subresource", subresource), ("name", name)]
    {
        if !value.is_empty() {
            attributes[key] = value.into();
        }
    }
    Ok(json!({"resourceAttributes": attributes}))
}

/// Group and plural of a word; one that the server does not know is warned of and taken as it is.
fn resource_for(ctx: &mut Ctx<'_>, word: &str) -> Result<(String, String), Failure> {
    if word == "*" {
        return Ok((String::new(), word.to_owned()));
    }
    let lower = word.to_lowercase();
    match ctx.resource(&lower) {
        Ok(mapping) => Ok((mapping.group, mapping.resource)),
        Err(Failure::Error(why)) if why.starts_with("requesting uid, groups or user-extra") => {
            Err(Failure::Error(why))
        }
        Err(Failure::Error(_) | Failure::Dial { .. } | Failure::Server(_)) => {
            let (resource, group) = lower.split_once('.').unwrap_or((&lower, ""));
            if !VIRTUAL.contains(&lower.as_str()) {
                let inside = if group.is_empty() { String::new() } else { format!(" in group '{group}'") };
                warn(ctx, &format!("the server doesn't have a resource type '{resource}'{inside}"));
            }
            Ok((String::new(), word.to_owned()))
        }
        Err(failure) => Err(failure),
    }
}

fn is_cluster_wide(ctx: &mut Ctx<'_>, group: &str, resource: &str) -> Result<bool, Failure> {
    // Who could not learn the types is not warned about their scope either.
    let Some(mapper) = ctx.mapper.clone() else { return Ok(false) };
    let found = mapper.types.iter().find(|one| one.group == group && one.resource == resource);
    Ok(found.is_some_and(|one| !one.namespaced))
}

fn show_list(ctx: &mut Ctx<'_>) -> Done {
    if !ctx.args.is_empty() {
        return Err(Failure::error("list option must be specified with no arguments"));
    }
    if ctx.flags.on("quiet") || ctx.flags.on("all-namespaces") || !ctx.flags.text("subresource").is_empty() {
        return Err(Failure::error(
            "list option can't be specified with neither quiet, all-namespaces nor subresource options",
        ));
    }
    let namespace = ctx.namespace()?.name;
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview", "spec": {"namespace": namespace},
    });
    let answer = ctx.object(Call::post("/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", &review))?;
    if flag(&answer, "/status/incomplete") {
        ctx.err(&format!(
            "Warning: the list may be incomplete: {}\n",
            text(&answer, "/status/evaluationError")
        ));
    }
    let rules =
        list(&answer, "/status/resourceRules").iter().chain(list(&answer, "/status/nonResourceRules"));
    let rules: Vec<Rule> = rules.flat_map(break_down).collect();
    let mut table = String::new();
    if !ctx.flags.on("no-headers") {
        table += "Resources\tNon-Resource URLs\tResource Names\tVerbs\n";
    }
    for rule in compact(rules) {
        table += &format!("{}\n", rule.cells());
    }
    ctx.out(&tabwriter::format(&table, &tabwriter::TABLE));
    Ok(())
}
