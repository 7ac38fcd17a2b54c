//! `kubectl create`: objects from files, and generators for the common kinds.

pub(crate) mod cluster;
mod config;
mod generate;
mod network;
pub(crate) mod rbac;
pub(crate) mod sources;
mod token;
mod workload;

use super::writes::{self, Write};
use super::{Builder, Complete, Ctx, Done, DryRun, Failure, Group, PLAIN, Printer, Run, Verb};

/// The row of the table.
pub(super) static VERB: Verb = Verb {
    name: "create",
    group: Group::Beginner,
    summary: "Create a resource from a file or from stdin",
    about: "Creates the objects of JSON or YAML files. The commands below make common objects from flags;\n--dry-run=client -o yaml prints them instead.",
    examples: "
        # Create what a file describes
        kubectl create -f pod.yaml
        # Write the manifest of a deployment to a file
        kubectl create deployment web --image=nginx --dry-run=client -o yaml > web.yaml",
    run: Run::Waits(|ctx| Box::pin(run(ctx))),
    children: CHILDREN,
    complete: Complete::Nothing,
    ..PLAIN
};

const CHILDREN: &[&Verb] = &[
    &rbac::CLUSTERROLE,
    &rbac::CLUSTERROLEBINDING,
    &config::CONFIGMAP,
    &workload::CRONJOB,
    &workload::DEPLOYMENT,
    &network::INGRESS,
    &workload::JOB,
    &cluster::NAMESPACE,
    &cluster::PDB,
    &cluster::PRIORITYCLASS,
    &cluster::QUOTA,
    &rbac::ROLE,
    &rbac::ROLEBINDING,
    &config::SECRET,
    &network::SERVICE,
    &cluster::SERVICEACCOUNT,
    &token::TOKEN,
];

async fn run(ctx: &mut Ctx<'_>) -> Done {
    if !ctx.args.is_empty() {
        return Err(ctx.usage(&format!("Unexpected args: [{}]", ctx.args.join(" "))));
    }
    let write = Write::of(ctx)?;
    let mut printer = Printer::of(ctx)?;
    if Builder::of(ctx)?.no_files() {
        return Err(Failure::error("must specify one of -f and -k"));
    }
    if !ctx.flags.text("raw").is_empty() {
        return super::raw::send(ctx, "POST");
    }
    let namespace = ctx.namespace()?;
    let builder = Builder { validate: write.validation, namespace: Some(namespace), ..ctx.builder()? };
    if ctx.flags.on("edit") {
        return super::edit::before_create(ctx, builder).await;
    }
    let save = ctx.flags.on("save-config");
    let done = format!("created{}", write.dry_run.suffix());
    let mut count = 0;
    builder.targets(ctx)?.visit(ctx, &mut |ctx, mut info| {
        let tree = std::sync::Arc::make_mut(&mut info.object);
        ctx.record(tree);
        writes::update_applied(tree, save);
        if write.dry_run != DryRun::Client
            && let Some(mapping) = info.mapping.clone()
        {
            let made = ctx.create(&mapping, &info.namespace, &info.object, &write);
            info.refresh(made.map_err(|failure| failure.about_source("creating", &info.source))?);
        }
        count += 1;
        printer.print(ctx, &info.object, &done)
    })?;
    if count == 0 { Err(Failure::error("no objects passed to create")) } else { Ok(()) }
}
