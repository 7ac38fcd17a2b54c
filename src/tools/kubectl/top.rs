//! `kubectl top`: what nodes and pods use, from the metrics API where the cluster has one.

use std::collections::BTreeMap;

use super::describe::Lookup;
use super::tabwriter;
use super::verb::{Complete, Group, PLAIN, Run, Verb};
use super::{Call, Ctx, Done, Failure};
use crate::apimachinery::json::Value;
use crate::apimachinery::object::{list, name, namespace, text};
use crate::apimachinery::quantity::Quantity;
use crate::sim::SimTime;

/// `kubectl top`.
pub(crate) static TOP: Verb = Verb {
    name: "top",
    group: Group::Cluster,
    summary: "Display resource (CPU/memory) usage",
    about: "Needs a metrics server in the cluster.",
    examples: "
        # What nodes use
        kubectl top node
        # What pods use
        kubectl top pod",
    children: &[&NODE, &POD],
    ..PLAIN
};

static NODE: Verb = Verb {
    name: "node",
    aliases: &["nodes", "no"],
    group: Group::Other,
    summary: "Display resource (CPU/memory) usage of nodes",
    examples: "
        # All nodes
        kubectl top node
        # One node
        kubectl top node node01",
    run: Run::Now(nodes),
    complete: Complete::Nodes,
    ..PLAIN
};

static POD: Verb = Verb {
    name: "pod",
    aliases: &["pods", "po"],
    group: Group::Other,
    summary: "Display resource (CPU/memory) usage of pods",
    examples: "
        # The pods of the namespace, those that use most CPU first
        kubectl top pod --sort-by=cpu
        # Each container of all pods with a label
        kubectl top pod -A -l app=web --containers",
    run: Run::Now(pods),
    complete: Complete::Pods,
    ..PLAIN
};

/// 2 min: pods younger than this may have no metrics yet.
const METRICS_LATE: std::time::Duration = std::time::Duration::from_secs(120);

/// Usage by resource.
type Usage = BTreeMap<&'static str, Quantity>;

const MEASURED: [&str; 2] = ["cpu", "memory"];

fn check(ctx: &Ctx<'_>, usage: &str, selected: bool, what: &str) -> Done {
    if ctx.args.len() > 1 {
        return Err(ctx.usage(usage));
    }
    if !["", "cpu", "memory"].contains(&ctx.flags.text("sort-by")) {
        return Err(Failure::error("--sort-by accepts only cpu or memory"));
    }
    if !ctx.args.is_empty() && selected {
        return Err(Failure::error(format!("only one of NAME or {what} can be provided")));
    }
    Ok(())
}

/// The path of the metrics API.
fn metrics_root(ctx: &mut Ctx<'_>) -> Result<String, Failure> {
    let mapper = ctx.refresh_mapper()?;
    let versions = ["v1", "v1beta1"];
    let found = mapper.types.iter().filter(|one| one.group == "metrics.k8s.io");
    let version = found.map(|one| one.version.clone()).find(|version| versions.contains(&version.as_str()));
    match version {
        Some(version) => Ok(format!("/apis/metrics.k8s.io/{version}")),
        None => Err(Failure::error("Metrics API not available")),
    }
}

/// One object by name, or all that match.
fn metrics(ctx: &mut Ctx<'_>, path: &str, one: Option<&String>) -> Result<Vec<Value>, Failure> {
    match one {
        Some(name) => Ok(vec![(*ctx.get_object(format!("{path}/{name}"))?).clone()]),
        None => {
            let selector = ctx.flags.text("selector").to_owned();
            Ok(list(&*ctx.object(Call::get(path).query("labelSelector", selector))?, "/items").to_vec())
        }
    }
}

fn usage_of(tree: &Value) -> Usage {
    MEASURED
        .into_iter()
        .map(|resource| (resource, Quantity::of(tree.get("usage").and_then(|all| all.get(resource)))))
        .collect()
}

fn sum(all: impl IntoIterator<Item = Usage>) -> Usage {
    let mut total = Usage::new();
    for usage in all {
        for (resource, amount) in usage {
            let sum = total.get(resource).map_or_else(|| amount.clone(), |sum| sum.add(&amount));
            total.insert(resource, sum);
        }
    }
    total
}

fn shown(resource: &str, amount: Option<&Quantity>) -> String {
    match resource {
        "cpu" => format!("{}m", amount.map_or(0, Quantity::as_milli)),
        _ => format!("{}Mi", amount.map_or(0, Quantity::as_int) / (1024 * 1024)),
    }
}

/// Sorts by name, or by what is used most.
fn sorted(mut rows: Vec<(String, Usage)>, by: &str) -> Vec<(String, Usage)> {
    rows.sort_by(|a, b| a.0.cmp(&b.0));
    if let Some(resource) = MEASURED.into_iter().find(|resource| *resource == by) {
        let used = |usage: &Usage| usage.get(resource).map_or(0, Quantity::as_milli);
        rows.sort_by_key(|(_, usage)| std::cmp::Reverse(used(usage)));
    }
    rows
}

fn nodes(ctx: &mut Ctx<'_>) -> Done {
    let selected = !ctx.flags.text("selector").is_empty();
    check(ctx, "node [NAME | -l label]", selected, "--selector")?;
    let root = metrics_root(ctx)?;
    let one = ctx.args.first().cloned();
    let measured = metrics(ctx, &format!("{root}/nodes"), one.as_ref())?;
    if measured.is_empty() {
        return Err(Failure::error("metrics not available yet"));
    }
    let selector = ctx.flags.text("selector").to_owned();
    let all = match &one {
        Some(name) => vec![Lookup::get(ctx, "v1", "nodes", "", name)?],
        None => Lookup::list(ctx, "v1", "nodes", "", &selector, "")?,
    };
    let whole = if ctx.flags.on("show-capacity") { "/status/capacity" } else { "/status/allocatable" };
    let mut table = String::new();
    if !ctx.flags.on("no-headers") {
        table += "NAME\tCPU(cores)\tCPU(%)\tMEMORY(bytes)\tMEMORY(%)\t\n";
    }
    let rows = measured.iter().map(|metric| (name(metric).to_owned(), usage_of(metric))).collect();
    for (node, usage) in sorted(rows, ctx.flags.text("sort-by")) {
        table += &format!("{node}\t");
        let object = all.iter().find(|object| name(object) == node);
        for resource in MEASURED {
            let amount = usage.get(resource);
            table += &format!("{}\t", shown(resource, amount));
            if let Some(available) = object.and_then(|object| object.pointer(whole)?.get(resource)) {
                table += &format!("{}%\t", percent(amount, &Quantity::of(Some(available))));
            }
        }
        table.push('\n');
    }
    for object in all.iter().filter(|object| !measured.iter().any(|metric| name(metric) == name(object))) {
        table += &format!("{}\t<unknown>\t<unknown>\t<unknown>\t<unknown>\t\n", name(object));
    }
    ctx.out(&tabwriter::format(&table, &tabwriter::TABLE));
    Ok(())
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "as kubectl rounds: toward zero, by way of a float"
)]
fn percent(amount: Option<&Quantity>, whole: &Quantity) -> i64 {
    let whole = whole.as_milli();
    if whole == 0 {
        return 0;
    }
    (amount.map_or(0, Quantity::as_milli) as f64 / whole as f64 * 100.0) as i64
}

fn pods(ctx: &mut Ctx<'_>) -> Done {
    let selected = !ctx.flags.text("selector").is_empty() || !ctx.flags.text("field-selector").is_empty();
    check(ctx, "pod [NAME | -l label]", selected, "selector")?;
    let current = ctx.namespace()?.name;
    let root = metrics_root(ctx)?;
    let everywhere = ctx.flags.on("all-namespaces");
    let inside = if everywhere { String::new() } else { format!("/namespaces/{current}") };
    let one = ctx.args.first().cloned();
    let mut measured = metrics(ctx, &format!("{root}{inside}/pods"), one.as_ref())?;
    let fields = ctx.flags.text("field-selector").to_owned();
    if !fields.is_empty() {
        let space = if everywhere { "" } else { &current };
        let kept = Lookup::list(ctx, "v1", "pods", space, "", &fields)?;
        let same = |a: &Value, b: &Value| name(a) == name(b) && namespace(a) == namespace(b);
        measured.retain(|metric| kept.iter().any(|pod| same(metric, pod)));
    }
    if measured.is_empty() {
        return no_metrics(ctx, &current, one.as_ref());
    }
    let table = pod_table(ctx, &measured);
    ctx.out(&tabwriter::format(&table, &tabwriter::TABLE));
    Ok(())
}

fn pod_table(ctx: &Ctx<'_>, measured: &[Value]) -> String {
    let (everywhere, containers) = (ctx.flags.on("all-namespaces"), ctx.flags.on("containers"));
    let mut rows: Vec<(String, Usage)> = Vec::new();
    for metric in measured {
        let space = if everywhere { format!("{}\t", namespace(metric)) } else { String::new() };
        let parts = list(metric, "/containers");
        if containers {
            let one =
                |part: &Value| (format!("{space}{}\t{}", name(metric), text(part, "/name")), usage_of(part));
            rows.extend(parts.iter().map(one));
        } else {
            rows.push((format!("{space}{}", name(metric)), sum(parts.iter().map(usage_of))));
        }
    }
    let mut table = String::new();
    if !ctx.flags.on("no-headers") {
        let space = if everywhere { "NAMESPACE\t" } else { "" };
        let pod = if containers { "POD\t" } else { "" };
        table += &format!("{space}{pod}NAME\tCPU(cores)\tMEMORY(bytes)\t\n");
    }
    let line = |usage: &Usage| MEASURED.map(|resource| shown(resource, usage.get(resource))).join("\t");
    let rows = sorted(rows, ctx.flags.text("sort-by"));
    for (row, usage) in &rows {
        table += &format!("{row}\t{}\t\n", line(usage));
    }
    if ctx.flags.on("sum") {
        let blank = "\t".repeat(usize::from(everywhere) + usize::from(containers));
        let total = sum(rows.into_iter().map(|(_, usage)| usage));
        table += &format!("{blank}\t________\t________\t\n{blank}\t{}\t\n", line(&total));
    }
    table
}

/// Why there are no metrics: no pods, pods that are too young, or a metrics server that lacks them.
fn no_metrics(ctx: &mut Ctx<'_>, current: &str, one: Option<&String>) -> Done {
    let pods = match one {
        Some(name) => vec![Lookup::get(ctx, "v1", "pods", current, name)?],
        None => {
            let (labels, fields) =
                (ctx.flags.text("selector").to_owned(), ctx.flags.text("field-selector").to_owned());
            Lookup::list(ctx, "v1", "pods", current, &labels, &fields)?
        }
    };
    for pod in &pods {
        let created = SimTime::parse_rfc3339(text(pod, "/metadata/creationTimestamp")).unwrap_or_default();
        let age = ctx.proc.world().now.since(created);
        if age > METRICS_LATE {
            let age = super::drain::duration_text(age);
            let (space, pod) = (namespace(pod), name(pod));
            return Err(Failure::error(format!("Metrics not available for pod {space}/{pod}, age: {age}")));
        }
    }
    if !pods.is_empty() {
        return Err(Failure::error("metrics not available yet"));
    }
    if ctx.flags.on("all-namespaces") {
        ctx.err("No resources found\n");
    } else {
        ctx.err(&format!("No resources found in {current} namespace.\n"));
    }
    Ok(())
}
