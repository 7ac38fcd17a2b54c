//! `kubectl set subject`.

use super::super::{Complete, Ctx, Done, Failure, PLAIN, Run, Verb};
use super::{begin, check};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::text;

pub(super) static VERB: Verb = Verb {
    name: "subject",
    summary: "Update the user, group, or service account in a role binding or cluster role binding",
    examples: "kubectl set subject rolebinding read --user=jane --serviceaccount=default:app",
    run: Run::Now(run),
    complete: Complete::TypeThenNames,
    ..PLAIN
};

fn run(ctx: &mut Ctx<'_>) -> Done {
    let args = ctx.args.clone();
    let update = begin(ctx, args, "subjects updated", "failed to patch subjects to rolebinding: ")?;
    check(ctx, &update.write)?;
    let mut subjects = Vec::new();
    let sorted = |flag: &str| {
        let mut names = ctx.flags.list(flag);
        names.sort();
        names.dedup();
        names
    };
    for (flag, kind) in [("user", "User"), ("group", "Group")] {
        for name in sorted(flag) {
            subjects.push(json!({"kind": kind, "apiGroup": "rbac.authorization.k8s.io", "name": name}));
        }
    }
    let accounts = sorted("serviceaccount");
    if subjects.is_empty() && accounts.is_empty() {
        return Err(Failure::error("you must specify at least one value of user, group or serviceaccount"));
    }
    let default = ctx.namespace()?.name;
    for account in accounts {
        let Some((namespace, name)) =
            account.split_once(':').filter(|(_, name)| !name.is_empty() && !name.contains(':'))
        else {
            return Err(Failure::error("serviceaccount must be <namespace>:<name>"));
        };
        let cluster = update.infos.iter().any(|info| text(&info.object, "/kind") == "ClusterRoleBinding");
        if namespace.is_empty() && cluster {
            return Err(Failure::error(
                "serviceaccount must be <namespace>:<name>, namespace must be specified",
            ));
        }
        let namespace = if namespace.is_empty() { &default } else { namespace };
        subjects.push(json!({"kind": "ServiceAccount", "namespace": namespace, "name": name}));
    }
    update.run(ctx, &mut |_, tree, _| add(tree, &subjects))
}

fn add(tree: &mut Value, subjects: &[Value]) -> Result<bool, Failure> {
    if !matches!(text(tree, "/kind"), "RoleBinding" | "ClusterRoleBinding") {
        return Err(Failure::error("setting subjects is only supported for RoleBinding/ClusterRoleBinding"));
    }
    let mut all = crate::apimachinery::object::list(tree, "/subjects").to_vec();
    let before = all.len();
    for subject in subjects {
        if !all.contains(subject) {
            all.push(subject.clone());
        }
    }
    let changed = all.len() != before;
    tree["subjects"] = all.into();
    Ok(changed)
}
