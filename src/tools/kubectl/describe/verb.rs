//! The command: which objects, fetched by whom, and what is printed between them.

use super::{Lookup, Settings, describe, preferred_version};
use crate::apimachinery::json::Value;
use crate::apimachinery::object::{list, set};
use crate::sim::SimTime;
use crate::tools::kubectl::builder::{Builder, Info};
use crate::tools::kubectl::verb::{Complete, Group, PLAIN, Run, Verb};
use crate::tools::kubectl::{Call, Ctx, Done, Failure, Mapping};

/// `kubectl describe`.
pub(crate) static DESCRIBE: Verb = Verb {
    name: "describe",
    group: Group::Troubleshooting,
    summary: "Show details of a specific resource or group of resources",
    about: "Prints all about the objects, with what belongs to them: events, pods, endpoints. A name that no object\nhas is taken as the beginning of names.",
    examples: "
        # A node
        kubectl describe node node01
        # All pods with a label
        kubectl describe pods -l app=web
        # The objects of a file
        kubectl describe -f pod.yaml
        # The pods whose names begin with web
        kubectl describe pods web",
    run: Run::Now(run),
    complete: Complete::TypeThenNames,
    ..PLAIN
};

/// The path of a collection.
fn path(api_version: &str, resource: &str, namespace: &str) -> String {
    let root = if api_version.contains('/') { "/apis" } else { "/api" };
    let inside = if namespace.is_empty() { String::new() } else { format!("/namespaces/{namespace}") };
    format!("{root}/{api_version}{inside}/{resource}")
}

impl Lookup for Ctx<'_> {
    fn now(&self) -> SimTime {
        self.proc.world().now
    }

    fn get(
        &mut self,
        api_version: &str,
        resource: &str,
        namespace: &str,
        name: &str,
    ) -> Result<Value, Failure> {
        let object = self.get_object(format!("{}/{name}", path(api_version, resource, namespace)))?;
        Ok((*object).clone())
    }

    fn list(
        &mut self,
        api_version: &str,
        resource: &str,
        namespace: &str,
        labels: &str,
        fields: &str,
    ) -> Result<Vec<Value>, Failure> {
        let call = Call::get(path(api_version, resource, namespace))
            .query("fieldSelector", fields)
            .query("labelSelector", labels)
            .query("limit", "500");
        Ok(list(&*self.object(call)?, "/items").to_vec())
    }
}

fn run(ctx: &mut Ctx<'_>) -> Done {
    let mut builder = Builder::of(ctx)?;
    if ctx.args.is_empty() && builder.no_files() {
        return Err(Failure::error(
            "You must specify the type of resource to describe. Use \"kubectl api-resources\" for a complete list of supported resources.\n",
        ));
    }
    builder.args = ctx.args.clone();
    builder.type_alone_means_all = true;
    builder.continue_on_error = true;
    let (infos, mut failures) = builder.targets(ctx)?.infos(ctx);
    let mut settings = Settings { show_events: ctx.flags.on("show-events") };
    if (!failures.is_empty() || infos.len() > 1) && !ctx.flags.given("show-events") {
        settings.show_events = false;
    }
    if let ([failure], [word, prefix]) = (failures.as_slice(), ctx.args.as_slice())
        && failure.is_not_found()
    {
        let (failure, word, prefix) = (failure.clone(), word.clone(), prefix.clone());
        return matching(ctx, failure, &word, &prefix, &settings);
    }
    if infos.is_empty() && failures.is_empty() {
        return nothing_found(ctx);
    }
    print_all(ctx, &infos, &settings, &mut failures);
    Failure::all(failures)
}

fn nothing_found(ctx: &mut Ctx<'_>) -> Done {
    if ctx.flags.on("all-namespaces") {
        ctx.err("No resources found\n");
    } else {
        let namespace = ctx.namespace()?.name;
        ctx.err(&format!("No resources found in {namespace} namespace.\n"));
    }
    Ok(())
}

/// Describes one after the other; a sentence that was said already is not said again.
fn print_all(ctx: &mut Ctx<'_>, infos: &[Info], settings: &Settings, failures: &mut Vec<Failure>) {
    let mut first = true;
    let mut said: Vec<String> = Vec::new();
    for info in infos {
        match one(ctx, info, settings) {
            Ok(text) => {
                let between = if first { "" } else { "\n\n" };
                first = false;
                ctx.out(&format!("{between}{text}"));
            }
            Err(failure) if said.contains(&failure.sentence()) => {}
            Err(failure) => {
                said.push(failure.sentence());
                failures.push(failure);
            }
        }
    }
}

/// Fetches an object in the version that its description reads, and describes it.
fn one(ctx: &mut Ctx<'_>, info: &Info, settings: &Settings) -> Result<String, Failure> {
    let Some(mapping) = &info.mapping else {
        return describe(&info.object, ctx, settings);
    };
    let mapping = Mapping {
        version: preferred_version(&mapping.group, &mapping.kind).unwrap_or(&mapping.version).to_owned(),
        ..mapping.clone()
    };
    let mut object = (*ctx.get_object(mapping.item(&info.namespace, &info.name))?).clone();
    set(&mut object, &["apiVersion"], mapping.api_version());
    set(&mut object, &["kind"], mapping.kind.as_str());
    describe(&object, ctx, settings)
}

/// Describes all objects of a type whose names begin with `prefix`; `not_found` when there is none.
fn matching(ctx: &mut Ctx<'_>, not_found: Failure, word: &str, prefix: &str, settings: &Settings) -> Done {
    let namespace = ctx.namespace()?;
    let builder = Builder {
        args: vec![word.to_owned()],
        type_alone_means_all: true,
        namespace: Some(namespace),
        flatten: true,
        single_type: true,
        ..Builder::default()
    };
    let infos = builder.targets(ctx)?.all(ctx)?;
    let mut any = false;
    for info in infos.iter().filter(|info| info.name.starts_with(prefix)) {
        any = true;
        let text = one(ctx, info, settings)?;
        ctx.out(&format!("{text}\n"));
    }
    if any { Ok(()) } else { Err(not_found) }
}
