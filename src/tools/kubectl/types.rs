//! `kubectl api-resources`, `api-versions` and `version`: what the server serves, and which versions talk.

use super::print::TabWriter;
use super::verb::{Group, PLAIN, Run, Verb};
use super::{Call, Ctx, Done, Failure, Mapping};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::{go, schema, yaml};

/// `kubectl api-resources`.
pub(crate) static API_RESOURCES: Verb = Verb {
    name: "api-resources",
    group: Group::Other,
    summary: "Print the supported API resources on the server",
    examples: "
        # All types with their short names
        kubectl api-resources
        # Types that live in namespaces
        kubectl api-resources --namespaced=true
        # Types of one API group
        kubectl api-resources --api-group=rbac.authorization.k8s.io",
    run: Run::Now(api_resources),
    ..PLAIN
};

/// `kubectl api-versions`.
pub(crate) static API_VERSIONS: Verb = Verb {
    name: "api-versions",
    group: Group::Other,
    summary: "Print the supported API versions on the server, in the form of \"group/version\"",
    examples: "
        # All groups with their versions
        kubectl api-versions",
    run: Run::Now(api_versions),
    ..PLAIN
};

/// `kubectl version`.
pub(crate) static VERSION: Verb = Verb {
    name: "version",
    group: Group::Other,
    summary: "Print the client and server version information",
    examples: "
        # Of kubectl and of the server
        kubectl version
        # Only of kubectl
        kubectl version --client",
    run: Run::Now(version),
    ..PLAIN
};

/// This kubectl, and the kustomize in it.
const CLIENT: &str = "v1.36.2";
const KUSTOMIZE: &str = "v5.8.1";

fn wanted(ctx: &Ctx<'_>, one: &Mapping) -> bool {
    let flags = &ctx.flags;
    let verbs = flags.list("verbs");
    let categories = flags.list("categories");
    (!flags.given("api-group") || one.group == flags.text("api-group"))
        && (!flags.given("namespaced") || one.namespaced == flags.on("namespaced"))
        && verbs.iter().all(|verb| one.can(verb))
        && (categories.is_empty() || categories.iter().all(|it| one.categories.contains(it)))
        && !one.verbs.is_empty()
}

fn api_resources(ctx: &mut Ctx<'_>) -> Done {
    if !ctx.args.is_empty() {
        return Err(ctx.usage(&format!("unexpected arguments: [{}]", ctx.args.join(" "))));
    }
    let output = ctx.flags.text("output").to_owned();
    if !["", "wide", "name", "json", "yaml", "kyaml"].contains(&output.as_str()) {
        return Err(Failure::error(format!(
            "unable to match a printer suitable for the output format {output:?}, allowed formats are: json,kyaml,name,wide,yaml"
        )));
    }
    let sort_by = ctx.flags.text("sort-by").to_owned();
    if !["", "name", "kind"].contains(&sort_by.as_str()) {
        return Err(Failure::error("--sort-by accepts only name or kind"));
    }
    let mapper = if ctx.flags.on("cached") { ctx.mapper()? } else { ctx.refresh_mapper()? };
    let mut types: Vec<&Mapping> = mapper.preferred().into_iter().filter(|one| wanted(ctx, one)).collect();
    types.sort_by(|a, b| match sort_by.as_str() {
        "kind" => a.kind.cmp(&b.kind),
        "name" => a.resource.cmp(&b.resource),
        _ => (&a.group, &a.resource).cmp(&(&b.group, &b.resource)),
    });
    if matches!(output.as_str(), "json" | "yaml" | "kyaml") {
        let mut printer = super::Printer::of(ctx)?;
        printer.typed = true;
        return printer.print(ctx, &resource_list(&types), "");
    }
    if output == "name" {
        types.iter().for_each(|one| ctx.out(&format!("{}\n", one.qualified())));
        return Ok(());
    }
    let wide = output == "wide";
    let mut table = TabWriter::for_tables();
    if !ctx.flags.on("no-headers") {
        let more = if wide { "\tVERBS\tCATEGORIES" } else { "" };
        table.push(&format!("NAME\tSHORTNAMES\tAPIVERSION\tNAMESPACED\tKIND{more}\n"));
    }
    for one in types {
        let more = if wide {
            format!("\t{}\t{}", one.verbs.join(","), one.categories.join(","))
        } else {
            String::new()
        };
        let row = [
            one.resource.clone(),
            one.short_names.join(","),
            one.api_version(),
            one.namespaced.to_string(),
            one.kind.clone(),
        ];
        table.push(&format!("{}{more}\n", row.join("\t")));
    }
    let text = table.flush();
    ctx.out(&text);
    Ok(())
}

/// The types as one APIResourceList over all groups.
fn resource_list(types: &[&Mapping]) -> Value {
    let row = |one: &&Mapping| {
        let mut row = json!({"kind": one.kind, "name": one.resource, "namespaced": one.namespaced,
            "singularName": one.singular, "verbs": one.verbs, "version": one.version});
        for (key, words) in [("shortNames", &one.short_names), ("categories", &one.categories)] {
            if !words.is_empty() {
                row[key] = json!(words);
            }
        }
        if !one.group.is_empty() {
            row["group"] = one.group.as_str().into();
        }
        row
    };
    let rows: Vec<Value> = types.iter().map(row).collect();
    json!({"apiVersion": "v1", "kind": "APIResourceList", "groupVersion": "", "resources": rows})
}

fn api_versions(ctx: &mut Ctx<'_>) -> Done {
    if !ctx.args.is_empty() {
        return Err(ctx.usage(&format!("unexpected arguments: [{}]", ctx.args.join(" "))));
    }
    let mapper = ctx.refresh_mapper().map_err(|why| {
        Failure::error(format!("couldn't get available api versions from server: {}", why.sentence()))
    })?;
    let mut versions: Vec<String> = mapper.types.iter().map(Mapping::api_version).collect();
    versions.sort();
    versions.dedup();
    versions.iter().for_each(|version| ctx.out(&format!("{version}\n")));
    Ok(())
}

/// `--match-server-version`: both sides must be of the same release.
///
/// # Errors
/// They are not, or the server does not say.
pub(super) fn check_versions(ctx: &mut Ctx<'_>) -> Done {
    let server = ctx.object(Call::get("/version").query("timeout", "32s")).map_err(Failure::unread)?;
    let own = own_version(ctx);
    match crate::apimachinery::object::text(&server, "/gitVersion") {
        other if other == own => Ok(()),
        other => {
            Err(Failure::error(format!("server version ({other:?}) differs from client version ({own:?})")))
        }
    }
}

/// The version of the kubectl that runs: what the machine's package brought, or the one of this program.
fn own_version(ctx: &Ctx<'_>) -> String {
    let proc = &ctx.proc;
    let world = proc.world();
    let host = match &proc.place {
        crate::cluster::Place::Host(name) => world.hosts.get(name),
        crate::cluster::Place::Container { .. } => None,
    };
    host.and_then(|it| it.program_version("kubectl")).unwrap_or_else(|| CLIENT.to_owned())
}

/// Both versions as JSON, in Go's order, or as YAML.
fn versions_text(client: &Value, server: Option<&Value>, output: &str) -> String {
    if output == "yaml" {
        let mut all = json!({"clientVersion": client, "kustomizeVersion": KUSTOMIZE});
        if let Some(server) = server {
            all["serverVersion"] = server.clone();
        }
        return yaml::to_string(&all);
    }
    let server = server.map(|it| format!(",\"serverVersion\":{}", schema::go_json(it))).unwrap_or_default();
    let client = schema::go_json(client);
    let all = format!("{{\"clientVersion\":{client},\"kustomizeVersion\":\"{KUSTOMIZE}\"{server}}}");
    format!("{}\n", go::indent(&all, "  "))
}

fn version(ctx: &mut Ctx<'_>) -> Done {
    if !ctx.args.is_empty() {
        return Err(Failure::error(format!("extra arguments: [{}]", ctx.args.join(" "))));
    }
    let output = ctx.flags.text("output").to_owned();
    if !["", "json", "yaml"].contains(&output.as_str()) {
        return Err(Failure::error("--output must be 'yaml' or 'json'"));
    }
    let own = own_version(ctx);
    let minor = own.split('.').nth(1).unwrap_or("36").to_owned();
    let client = json!({
        "major": "1", "minor": minor, "gitVersion": own, "gitCommit": "", "gitTreeState": "clean", "buildDate": "",
        "goVersion": "go1.26.3", "compiler": "gc", "platform": "linux/amd64",
    });
    let server = if ctx.flags.on("client") {
        Ok(None)
    } else {
        ctx.object(Call::get("/version").query("timeout", "32s")).map_err(Failure::unread).map(Some)
    };
    let shown = server.as_ref().ok().and_then(Option::as_ref);
    if output.is_empty() {
        ctx.out(&format!("Client Version: {own}\nKustomize Version: {KUSTOMIZE}\n"));
        if let Some(server) = shown {
            ctx.out(&format!(
                "Server Version: {}\n",
                crate::apimachinery::object::text(server, "/gitVersion")
            ));
        }
    } else {
        let server = shown.map(|it| (**it).clone());
        let text = versions_text(&client, server.as_ref(), &output);
        ctx.out(&text);
    }
    server.map(drop)
}
