//! `kubectl set resources`.

use super::super::create::cluster::resource_list;
use super::super::{Complete, Ctx, Done, Failure, PLAIN, Run, Verb};
use super::{begin, check, containers, pod_spec};
use crate::apimachinery::object;

pub(super) static VERB: Verb = Verb {
    name: "resources",
    summary: "Update resource requests/limits on objects with pod templates",
    examples: "kubectl set resources deployment web -c=nginx --limits=cpu=200m,memory=256Mi --requests=cpu=100m",
    run: Run::Now(run),
    complete: Complete::TypeThenNames,
    ..PLAIN
};

fn run(ctx: &mut Ctx<'_>) -> Done {
    let update = begin(
        ctx,
        ctx.args.clone(),
        "resource requirements updated",
        "failed to patch resources update to pod template ",
    )?;
    check(ctx, &update.write)?;
    let flags = &ctx.flags;
    let (limits, requests) = (flags.text("limits"), flags.text("requests"));
    if limits.is_empty() && requests.is_empty() {
        return Err(Failure::error(
            "you must specify an update to requests or limits (in the form of --requests/--limits)",
        ));
    }
    let list = |text: &str| if text.is_empty() { Ok(Default::default()) } else { resource_list(text) };
    let (limits, requests) = (list(limits)?, list(requests)?);
    let pattern = flags.text("containers").to_owned();
    update.run(ctx, &mut |_, tree, failures| {
        let selected = containers(pod_spec(tree)?, &pattern);
        if selected.is_empty() {
            failures.push(Failure::error(format!("error: unable to find container named {pattern}")));
            return Ok(false);
        }
        for container in selected {
            for (key, amounts) in [("limits", &limits), ("requests", &requests)] {
                if !amounts.is_empty() {
                    let map = object::map_at(container, &["resources", key]);
                    map.extend(amounts.iter().map(|(name, amount)| (name.clone(), amount.clone())));
                }
            }
        }
        Ok(true)
    })
}
