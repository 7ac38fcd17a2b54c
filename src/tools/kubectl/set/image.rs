//! `kubectl set image`.

use super::super::pairs;
use super::super::{Complete, Ctx, Done, Failure, PLAIN, Run, Verb};
use super::{begin, check, containers, pod_spec};

pub(super) static VERB: Verb = Verb {
    name: "image",
    summary: "Update the image of a pod template",
    examples: "
        kubectl set image deployment/web nginx=nginx:1.27
        kubectl set image deployments,daemonsets --all '*=registry.local/app:v2'",
    run: Run::Now(run),
    complete: Complete::TypeThenNames,
    ..PLAIN
};

fn run(ctx: &mut Ctx<'_>) -> Done {
    let (resources, words) = pairs::split(&ctx.args, "image")?;
    let (images, _) = pairs::parse(&words, "image", false)?;
    let none = resources.is_empty()
        && ctx.flags.list("filename").is_empty()
        && ctx.flags.text("kustomize").is_empty();
    let update = begin(ctx, resources, "image updated", "failed to patch image update to pod template: ")?;
    check(ctx, &update.write)?;
    let mut wrong = Vec::new();
    if none {
        wrong.push(Failure::error(
            "one or more resources must be specified as <resource> <name> or <resource>/<name>",
        ));
    }
    if images.is_empty() {
        wrong.push(Failure::error("at least one image update is required"));
    } else if images.len() > 1 && images.iter().any(|(name, _)| name == "*") {
        wrong.push(Failure::error(
            "all containers are already specified by *, but saw more than one container_name=container_image pairs",
        ));
    }
    Failure::all(wrong)?;
    update.run(ctx, &mut |_, tree, failures| {
        let spec = pod_spec(tree)?;
        for (name, image) in &images {
            let pattern = name.as_str();
            let mut found = false;
            for container in containers(spec, "*") {
                if pattern == "*" || crate::apimachinery::object::field(container, "name") == pattern {
                    container["image"] = image.as_str().into();
                    found = true;
                }
            }
            if !found {
                failures.push(Failure::error(format!("error: unable to find container named {name:?}")));
            }
        }
        Ok(true)
    })
}
