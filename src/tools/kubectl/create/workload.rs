//! Generators for deployments, jobs and cron jobs.

use super::super::{Builder, Ctx, Failure, PLAIN, Run, Verb};
use super::generate::{self, Generator, command_of};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::{self, text};

pub(super) static DEPLOYMENT: Verb = Verb {
    name: "deployment",
    aliases: &["deploy"],
    summary: "Create a deployment with the specified name",
    examples: "
        kubectl create deployment web --image=nginx:1.27 --replicas=3 --port=80
        kubectl create deployment sleeper --image=busybox -- sleep 3600",
    required: &["image"],
    run: Run::Now(|ctx| {
        generate::run(
            ctx,
            &Generator {
                make: deployment,
                failed: "failed to create deployment: ",
                namespaced: true,
                named: false,
            },
        )
    }),
    ..PLAIN
};

pub(super) static JOB: Verb = Verb {
    name: "job",
    summary: "Create a job with the specified name",
    examples: "
        kubectl create job pi --image=perl -- perl -Mbignum=bpi -wle 'print bpi(100)'
        kubectl create job now --from=cronjob/nightly",
    run: Run::Now(|ctx| {
        generate::run(
            ctx,
            &Generator { make: job, failed: "failed to create job: ", namespaced: true, named: false },
        )
    }),
    ..PLAIN
};

pub(super) static CRONJOB: Verb = Verb {
    name: "cronjob",
    aliases: &["cj"],
    summary: "Create a cron job with the specified name",
    examples: "kubectl create cronjob nightly --image=busybox --schedule='0 2 * * *' -- date",
    required: &["image", "schedule"],
    run: Run::Now(|ctx| {
        generate::run(
            ctx,
            &Generator {
                make: cronjob,
                failed: "failed to create cronjob: ",
                namespaced: true,
                named: false,
            },
        )
    }),
    ..PLAIN
};

fn deployment(ctx: &mut Ctx<'_>, name: &str) -> Result<Value, Failure> {
    let images = ctx.flags.list("image");
    let command = command_of(ctx);
    if images.len() > 1 && !command.is_empty() {
        return Err(Failure::error("cannot specify multiple --image options and command"));
    }
    let mut containers: Vec<Value> = Vec::new();
    for image in &images {
        let mut container = json!({"name": container_name(ctx, image), "image": image, "resources": {}});
        if !command.is_empty() {
            container["command"] = json!(command);
        }
        containers.push(container);
    }
    let port = ctx.flags.int("port");
    if port >= 0
        && let Some(first) = containers.first_mut()
    {
        first["ports"] = json!([{"containerPort": port}]);
    }
    let labels = json!({"app": name});
    Ok(json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "labels": labels},
        "spec": {
            "replicas": ctx.flags.int("replicas"),
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": containers}},
            "strategy": {},
        },
        "status": {},
    }))
}

/// The last part of an image without tag; names that are no labels get a random tail.
fn container_name(ctx: &Ctx<'_>, image: &str) -> String {
    let last = image.rsplit('/').next().unwrap_or(image);
    let name = last.split([':', '@']).next().unwrap_or(last);
    if name.contains(['_', '.']) {
        let tail = ctx.proc.world().chance.suffix(5);
        return format!("{}-{tail}", name.replace(['_', '.'], "-"));
    }
    name.to_owned()
}

fn job_spec(name: &str, image: &str, command: &[String], restart: &str) -> Value {
    let mut container = json!({"name": name, "image": image, "resources": {}});
    if !command.is_empty() {
        container["command"] = json!(command);
    }
    let mut spec = json!({"containers": [container]});
    if !restart.is_empty() {
        spec["restartPolicy"] = restart.into();
    }
    json!({"template": {"metadata": {}, "spec": spec}})
}

fn job(ctx: &mut Ctx<'_>, name: &str) -> Result<Value, Failure> {
    let (image, from) = (ctx.flags.text("image").to_owned(), ctx.flags.text("from").to_owned());
    let command = command_of(ctx);
    if image.is_empty() == from.is_empty() {
        return Err(Failure::error("either --image or --from must be specified"));
    }
    if !command.is_empty() && !from.is_empty() {
        return Err(Failure::error("cannot specify --from and command"));
    }
    if from.is_empty() {
        let spec = job_spec(name, &image, &command, "Never");
        return Ok(
            json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": spec, "status": {}}),
        );
    }
    from_cronjob(ctx, name, &from)
}

fn from_cronjob(ctx: &mut Ctx<'_>, name: &str, from: &str) -> Result<Value, Failure> {
    let builder = Builder {
        namespace: Some(ctx.namespace()?),
        args: vec![from.to_owned()],
        flatten: true,
        ..Builder::default()
    };
    let infos = builder.targets(ctx)?.all(ctx)?;
    let [info] = infos.as_slice() else { return Err(Failure::error("from must be an existing cronjob")) };
    let cron = &info.object;
    if text(cron, "/kind") != "CronJob" {
        let gvk = object::Gvk::of(cron);
        return Err(Failure::error(format!("unknown object type *{}.{}", gvk.version, gvk.kind)));
    }
    let mut annotations =
        cron.pointer("/spec/jobTemplate/metadata/annotations").cloned().unwrap_or_else(|| json!({}));
    object::set_default(&mut annotations, &["cronjob.kubernetes.io/instantiate"], "manual");
    let mut tree = json!({
        "apiVersion": "batch/v1", "kind": "Job",
        "metadata": {
            "name": name,
            "annotations": annotations,
            "ownerReferences": [{
                "apiVersion": "batch/v1", "kind": "CronJob", "name": object::name(cron), "uid": object::uid(cron),
                "controller": true,
            }],
        },
        "spec": cron.pointer("/spec/jobTemplate/spec").cloned().unwrap_or_else(|| json!({})),
        "status": {},
    });
    if let Some(labels) = cron.pointer("/spec/jobTemplate/metadata/labels") {
        tree["metadata"]["labels"] = labels.clone();
    }
    Ok(tree)
}

fn cronjob(ctx: &mut Ctx<'_>, name: &str) -> Result<Value, Failure> {
    let flags = &ctx.flags;
    let restart = match flags.text("restart") {
        "" => "OnFailure",
        given => given,
    };
    let spec = job_spec(name, flags.text("image"), &command_of(ctx), restart);
    Ok(json!({
        "apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": name},
        "spec": {
            "schedule": flags.text("schedule"),
            "jobTemplate": {"metadata": {"name": name}, "spec": spec},
        },
        "status": {},
    }))
}
