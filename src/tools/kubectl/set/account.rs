//! `kubectl set serviceaccount`.

use super::super::{Complete, Ctx, Done, Failure, PLAIN, Run, Verb};
use super::{begin, check, pod_spec};

pub(super) static VERB: Verb = Verb {
    name: "serviceaccount",
    aliases: &["sa"],
    summary: "Update the service account of a resource",
    examples: "kubectl set serviceaccount deployment web app",
    run: Run::Now(run),
    complete: Complete::TypeThenNames,
    ..PLAIN
};

fn run(ctx: &mut Ctx<'_>) -> Done {
    let mut resources = ctx.args.clone();
    let Some(account) = resources.pop() else { return Err(Failure::error("serviceaccount is required")) };
    let mut update = begin(ctx, resources, "serviceaccount updated", "failed to patch ServiceAccountName ")?;
    check(ctx, &update.write)?;
    update.always = true;
    update.run(ctx, &mut |_, tree, _| {
        pod_spec(tree)?["serviceAccountName"] = account.as_str().into();
        Ok(true)
    })
}
