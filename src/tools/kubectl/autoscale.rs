//! `kubectl autoscale`.

use super::writes::{self, Write};
use super::{Complete, Ctx, Done, DryRun, Failure, Group, Info, PLAIN, Printer, Run, Verb};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::apimachinery::quantity::Quantity;

/// The row of the table.
pub(super) static VERB: Verb = Verb {
    name: "autoscale",
    group: Group::Deploy,
    summary: "Auto-scale a deployment, replica set, stateful set, or replication controller",
    examples: "kubectl autoscale deployment web --min=2 --max=5 --cpu=80%",
    required: &["max"],
    run: Run::Now(run),
    complete: Complete::TypeThenNames,
    ..PLAIN
};

fn run(ctx: &mut Ctx<'_>) -> Done {
    let write = Write::of(ctx)?;
    let mut printer = Printer::of(ctx)?;
    printer.typed = true;
    check(ctx)?;
    let namespace = ctx.namespace()?;
    let mut count = 0;
    ctx.builder()?.targets(ctx)?.visit(ctx, &mut |ctx, info| {
        count += 1;
        let mut tree = scaler(ctx, &info)?;
        if namespace.explicit {
            object::set(&mut tree, &["metadata", "namespace"], namespace.name.as_str());
        }
        if write.dry_run == DryRun::Client {
            ctx.record(&mut tree);
            return printer.print(ctx, &tree, &format!("created{}", write.dry_run.suffix()));
        }
        ctx.record(&mut tree);
        writes::update_applied(&mut tree, ctx.flags.on("save-config"));
        let mapping = ctx.type_of(&tree)?;
        let made =
            ctx.create(&mapping, &namespace.name, &tree, &write).map_err(|failure| fallback(ctx, failure))?;
        printer.print(ctx, &made, &format!("autoscaled{}", write.dry_run.suffix()))
    })?;
    if count == 0 { Err(Failure::error("no objects passed to autoscale")) } else { Ok(()) }
}

/// Where v2 is refused the real one tries v1, when the wishes can be said there.
fn fallback(ctx: &Ctx<'_>, failure: Failure) -> Failure {
    let cpu = ctx.flags.text("cpu");
    match target(cpu, "cpu", "m") {
        Err(why) => Failure::error(format!(
            "failed to create autoscaling/v2 HPA and the configuration is incompatible with autoscaling/v1: {why}"
        )),
        Ok(_) if ctx.flags.text("memory").is_empty() && cpu.ends_with('%') => failure,
        Ok(_) => Failure::error(
            "failed to create autoscaling/v2 HPA and the configuration is incompatible with autoscaling/v1: %!w(<nil>)",
        ),
    }
}

fn check(ctx: &Ctx<'_>) -> Done {
    let flags = &ctx.flags;
    let (min, max) = (flags.int("min"), flags.int("max"));
    if max < 1 {
        return Err(Failure::error(format!("--max=MAXPODS is required and must be at least 1, max: {max}")));
    }
    if max < min {
        return Err(Failure::error(format!(
            "--max=MAXPODS must be larger or equal to --min=MINPODS, max: {max}, min: {min}"
        )));
    }
    if flags.int("cpu-percent") > 0 && !flags.text("cpu").is_empty() {
        return Err(Failure::error("--cpu-percent and --cpu are mutually exclusive"));
    }
    for (flag, unit) in [("cpu", "m"), ("memory", "Mi")] {
        if !flags.text(flag).is_empty() {
            target(flags.text(flag), flag, unit).map_err(Failure::error)?;
        }
    }
    Ok(())
}

fn scaler(ctx: &Ctx<'_>, info: &Info) -> Result<Value, Failure> {
    let flags = &ctx.flags;
    let Some(mapping) = &info.mapping else { return Err(Failure::error("no type")) };
    if !mapping.subresources.iter().any(|one| one == "scale") {
        let resource = mapping.resource_text();
        return Err(Failure::error(format!(
            "cannot autoscale a {}: could not find scale subresource for {resource} in discovery information",
            mapping.kind
        )));
    }
    let name = if flags.text("name").is_empty() { info.name.as_str() } else { flags.text("name") };
    let mut spec = json!({
        "scaleTargetRef": {"kind": mapping.kind, "name": info.name, "apiVersion": mapping.api_version()},
        "maxReplicas": flags.int("max"),
    });
    if flags.int("min") > 0 {
        spec["minReplicas"] = flags.int("min").into();
    }
    let mut metrics = Vec::new();
    let percent = flags.int("cpu-percent");
    if percent > 0 {
        metrics.push(metric("cpu", &json!({"type": "Utilization", "averageUtilization": percent})));
    }
    for (flag, unit) in [("cpu", "m"), ("memory", "Mi")] {
        if !flags.text(flag).is_empty() {
            let target = target(flags.text(flag), flag, unit).map_err(Failure::error)?;
            metrics.push(metric(flag, &target));
        }
    }
    if !metrics.is_empty() {
        spec["metrics"] = metrics.into();
    }
    Ok(json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": name},
        "spec": spec, "status": {"currentMetrics": null, "desiredReplicas": 0},
    }))
}

fn metric(resource: &str, target: &Value) -> Value {
    json!({"type": "Resource", "resource": {"name": resource, "target": target}})
}

/// `50%` is a share of the request; a bare number is in `unit`.
fn target(text: &str, resource: &str, unit: &str) -> Result<Value, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("empty input".into());
    }
    if let Some(percent) = text.strip_suffix('%') {
        return match percent.parse::<i64>() {
            Ok(share) if share >= 0 => Ok(json!({"type": "Utilization", "averageUtilization": share})),
            _ => Err(format!("invalid percentage value: {percent}")),
        };
    }
    let amount = match text.parse::<f64>() {
        Ok(number) => Quantity::parse(&format!("{number}{unit}"))?,
        Err(_) => Quantity::parse(text).map_err(|_| format!("invalid resource {resource} value: {text}"))?,
    };
    Ok(json!({"type": "AverageValue", "averageValue": amount.to_string()}))
}
