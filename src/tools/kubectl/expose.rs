//! `kubectl expose`: a service for what runs already.

use std::collections::BTreeMap;

use super::run::overridden;
use super::writes::{self, Write};
use super::{Complete, Ctx, Done, DryRun, Failure, Group, Info, PLAIN, Printer, Run, Verb};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::{entries, field, list, text};

/// The row of the table.
pub(super) static VERB: Verb = Verb {
    name: "expose",
    group: Group::Beginner,
    summary: "Take a replication controller, service, deployment or pod and expose it as a new Kubernetes service",
    examples: "
        kubectl expose deployment web --port=80 --target-port=8080
        kubectl expose pod redis --port=6379 --name=redis-service",
    run: Run::Now(run),
    complete: Complete::TypeThenNames,
    ..PLAIN
};

/// 63: the longest name of a service.
const NAME_MAX: usize = 63;

fn run(ctx: &mut Ctx<'_>) -> Done {
    let write = Write::of(ctx)?;
    let mut printer = Printer::of(ctx)?;
    printer.typed = true;
    let namespace = ctx.namespace()?;
    // Here `--selector` belongs to the new service and does not choose objects.
    let builder = super::Builder { label_selector: None, ..ctx.builder()? };
    builder.targets(ctx)?.visit(ctx, &mut |ctx, info| {
        let service = service(ctx, &info)?;
        let mut service = overridden(ctx, service)?;
        ctx.record(&mut service);
        let done = format!("exposed{}", write.dry_run.suffix());
        if write.dry_run == DryRun::Client {
            if namespace.explicit {
                service["metadata"]["namespace"] = namespace.name.as_str().into();
            }
            return printer.print(ctx, &service, &done);
        }
        writes::update_applied(&mut service, ctx.flags.on("save-config"));
        let mapping = ctx.type_of(&service)?;
        let made = ctx.create(&mapping, &namespace.name, &service, &write)?;
        printer.print(ctx, &made, &done)
    })
}

/// What the exposed object tells: selector, ports with their protocols, and labels.
struct Known {
    selector: Vec<(String, String)>,
    /// Port and protocol.
    ports: Vec<(i64, String)>,
    labels: Vec<(String, String)>,
}

fn known(info: &Info) -> Result<Known, Failure> {
    let tree = info.object.as_ref();
    let kind = text(tree, "/kind");
    let pairs = |pointer: &str| -> Vec<(String, String)> {
        entries(tree, pointer)
            .map(|(key, value)| (key.to_string(), value.as_str().unwrap_or("").to_owned()))
            .collect()
    };
    let (selector, containers, ports) = match kind {
        "Pod" => ("/metadata/labels", "/spec/containers", ""),
        "Service" => ("/spec/selector", "", "/spec/ports"),
        "ReplicationController" => ("/spec/selector", "/spec/template/spec/containers", ""),
        "Deployment" | "ReplicaSet" => ("/spec/selector/matchLabels", "/spec/template/spec/containers", ""),
        _ => {
            let kind = info.mapping.as_ref().map(|one| {
                if one.group.is_empty() { one.kind.clone() } else { format!("{}.{}", one.kind, one.group) }
            });
            return Err(Failure::error(format!("cannot expose a {}", kind.unwrap_or_default())));
        }
    };
    if !list(tree, "/spec/selector/matchExpressions").is_empty() {
        return Err(Failure::error(
            "couldn't retrieve selectors via --selector flag or introspection: couldn't convert expressions - \"[]\" to map-based selector format",
        ));
    }
    let mut all = Vec::new();
    let protocol = |port: &Value| match field(port, "protocol") {
        "" => "TCP".to_owned(),
        given => given.to_owned(),
    };
    for container in list(tree, containers).iter().filter(|_| !containers.is_empty()) {
        for port in list(container, "/ports") {
            all.push((port.get("containerPort").and_then(Value::as_i64).unwrap_or(0), protocol(port)));
        }
    }
    for port in list(tree, ports).iter().filter(|_| !ports.is_empty()) {
        all.push((port.get("port").and_then(Value::as_i64).unwrap_or(0), protocol(port)));
    }
    let selector = pairs(selector);
    if selector.is_empty() {
        let why = match kind {
            "Pod" => "the pod has no labels and cannot be exposed",
            "Service" => "the service has no pod selector set",
            "ReplicationController" => "the replication controller has no pod selector set",
            _ => "the object has no pod selector set",
        };
        return Err(Failure::error(format!(
            "couldn't retrieve selectors via --selector flag or introspection: {why}"
        )));
    }
    Ok(Known { selector, ports: all, labels: pairs("/metadata/labels") })
}

fn label_pairs(text: &str) -> Result<Vec<(String, String)>, Failure> {
    text.split(',')
        .map(|pair| match pair.split('=').collect::<Vec<_>>().as_slice() {
            ["", _] => Err(Failure::error("unexpected empty label key")),
            [key, value] => Ok(((*key).to_owned(), (*value).to_owned())),
            _ => Err(Failure::error(format!("unexpected label spec: {pair}"))),
        })
        .collect()
}

fn map(pairs: Vec<(String, String)>) -> Value {
    json!(pairs.into_iter().collect::<BTreeMap<_, _>>())
}

fn service(ctx: &Ctx<'_>, info: &Info) -> Result<Value, Failure> {
    let flags = &ctx.flags;
    let known = known(info)?;
    let selector = match flags.text("selector") {
        "" => known.selector.clone(),
        given => label_pairs(given)?,
    };
    let labels = match flags.text("labels") {
        "" => known.labels.clone(),
        given => label_pairs(given)?,
    };
    let name: String = match flags.text("name") {
        "" => info.name.chars().take(NAME_MAX).collect(),
        given => given.to_owned(),
    };
    let mut metadata = json!({"name": name});
    if !labels.is_empty() {
        metadata["labels"] = map(labels);
    }
    let mut spec = json!({"selector": map(selector)});
    let ports = ports(ctx, &known)?;
    if !ports.is_empty() {
        spec["ports"] = ports.into();
    }
    for (flag, key) in [("type", "type"), ("cluster-ip", "clusterIP")] {
        if !flags.text(flag).is_empty() {
            spec[key] = flags.text(flag).into();
        }
    }
    if !flags.text("external-ip").is_empty() {
        spec["externalIPs"] = json!([flags.text("external-ip")]);
    }
    if flags.text("type") == "LoadBalancer" && !flags.text("load-balancer-ip").is_empty() {
        spec["loadBalancerIP"] = flags.text("load-balancer-ip").into();
    }
    match flags.text("session-affinity") {
        "" => {}
        affinity @ ("None" | "ClientIP") => spec["sessionAffinity"] = affinity.into(),
        other => return Err(Failure::error(format!("unknown session affinity: {other}"))),
    }
    Ok(json!({
        "apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec, "status": {"loadBalancer": {}},
    }))
}

fn ports(ctx: &Ctx<'_>, known: &Known) -> Result<Vec<Value>, Failure> {
    let flags = &ctx.flags;
    let mut numbers: Vec<i64> = Vec::new();
    if flags.text("port").is_empty() {
        for (port, _) in &known.ports {
            if !numbers.contains(port) {
                numbers.push(*port);
            }
        }
        if numbers.is_empty() && flags.text("cluster-ip") != "None" {
            return Err(Failure::error("couldn't find port via --port flag or introspection"));
        }
    } else {
        for port in flags.text("port").split(',') {
            numbers
                .push(port.parse().map_err(|_| {
                    Failure::error(format!("strconv.Atoi: parsing {port:?}: invalid syntax"))
                })?);
        }
    }
    let several = numbers.len() > 1;
    let mut all = Vec::new();
    for (at, port) in numbers.iter().enumerate() {
        let name = if several { format!("port-{}", at + 1) } else { String::new() };
        let target = match flags.text("target-port") {
            "" => Value::from(*port),
            given => given.parse::<i64>().map_or_else(|_| Value::from(given), Value::from),
        };
        let mut push = |name: String, protocol: &str| {
            let mut one = json!({"port": port, "protocol": protocol, "targetPort": target});
            if !name.is_empty() {
                one["name"] = name.into();
            }
            all.push(one);
        };
        let protocols: Vec<&str> = known
            .ports
            .iter()
            .filter(|(known, _)| known == port)
            .map(|(_, protocol)| protocol.as_str())
            .collect();
        match (flags.text("protocol"), protocols.as_slice()) {
            ("", []) => push(name, "TCP"),
            ("", [one]) => push(name, one),
            ("", many) => {
                for protocol in many {
                    push(format!("port-{}-{}", at + 1, protocol.to_lowercase()), protocol);
                }
            }
            (given, _) => push(name, given),
        }
    }
    Ok(all)
}
