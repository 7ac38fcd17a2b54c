//! `kubectl auth`: who one is, what one may do, and RBAC objects brought into line with files.

mod can_i;
mod reconcile;

use super::print::Printer;
use super::tabwriter;
use super::verb::{Complete, Group, PLAIN, Run, Verb};
use super::{Call, Ctx, Done, Failure};
use crate::apimachinery::go;
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::{at, entries, list, text};

/// `kubectl auth`.
pub(crate) static AUTH: Verb = Verb {
    name: "auth",
    group: Group::Troubleshooting,
    summary: "Inspect authorization",
    children: &[&CAN_I, &RECONCILE, &WHOAMI],
    ..PLAIN
};

static CAN_I: Verb = Verb {
    name: "can-i",
    group: Group::Other,
    summary: "Check whether an action is allowed",
    about: "The first word is a verb of the API such as get or create, the second a type, TYPE/NAME or a path. The exit\ncode is 0 when the action is allowed.",
    examples: "
        # May I create pods anywhere?
        kubectl auth can-i create pods --all-namespaces
        # May a service account list secrets?
        kubectl auth can-i list secrets --as=system:serviceaccount:default:app
        # Everything I may do in a namespace
        kubectl auth can-i --list --namespace=web",
    run: Run::Now(can_i::run),
    complete: Complete::Words(&[
        "get",
        "list",
        "watch",
        "create",
        "update",
        "patch",
        "delete",
        "deletecollection",
    ]),
    ..PLAIN
};

static RECONCILE: Verb = Verb {
    name: "reconcile",
    group: Group::Other,
    summary: "Reconciles rules for RBAC role, role binding, cluster role, and cluster role binding objects",
    about: "Adds what objects lack of the rules and subjects in the files; takes away what they have beyond them only\nwhen asked to.",
    examples: "
        # Roles and bindings as a file says
        kubectl auth reconcile -f rbac.yaml",
    run: Run::Now(reconcile::run),
    ..PLAIN
};

static WHOAMI: Verb = Verb {
    name: "whoami",
    group: Group::Other,
    summary: "Experimental: Check self subject attributes",
    examples: "
        # As whom the server knows me
        kubectl auth whoami",
    run: Run::Now(whoami),
    ..PLAIN
};

fn whoami(ctx: &mut Ctx<'_>) -> Done {
    let mut printer = Printer::of(ctx)?;
    let review = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
    let path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    let answer = ctx.object(Call::post(path, &review)).map_err(|failure| match failure.reason() {
        "Forbidden" => Failure::error(
            "the selfsubjectreviews API is not enabled in the cluster or you do not have permission to call it",
        ),
        "NotFound" => Failure::error("the selfsubjectreviews API is not enabled in the cluster"),
        _ => failure,
    })?;
    if !printer.is_human() {
        printer.typed = true;
        return printer.print(ctx, &answer, "");
    }
    let mut table = "ATTRIBUTE\tVALUE\n".to_owned();
    for (label, key) in [("Username", "username"), ("UID", "uid")] {
        let value = text(&answer, &format!("/status/userInfo/{key}"));
        if !value.is_empty() {
            table += &format!("{label}\t{value}\n");
        }
    }
    if let Some(groups) = at(&answer, "/status/userInfo/groups")
        .filter(|_| !list(&answer, "/status/userInfo/groups").is_empty())
    {
        table += &format!("Groups\t{}\n", go::display(groups));
    }
    for (key, values) in entries(&answer, "/status/userInfo/extra") {
        table += &format!("Extra: {key}\t{}\n", go::display(values));
    }
    ctx.out(&tabwriter::format(&table, &tabwriter::TABLE));
    Ok(())
}

/// A list of strings in a tree.
fn strings(tree: &Value, pointer: &str) -> Vec<String> {
    list(tree, pointer).iter().filter_map(|item| Some(item.as_str()?.to_owned())).collect()
}
