//! `kubectl run`: one pod.

use super::client::{JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH};
use super::waiting::Pauses;
use super::writes::Write;
use super::{
    Call, Complete, Ctx, Done, DryRun, Failure, Format, Group, PLAIN, Printer, Run, Verb, diffs, image, pairs,
};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::{self, Gvk, text};
use crate::apimachinery::{go, schema, validate};
use crate::cluster::Object;

/// The row of the table.
pub(super) static VERB: Verb = Verb {
    name: "run",
    group: Group::Beginner,
    summary: "Run a particular image on the cluster",
    about: "Creates one pod. What stands behind -- are the arguments of the image, or with --command its command.",
    examples: "
        kubectl run web --image=nginx:1.27 --port=80
        kubectl run shell --image=busybox:1.36 --rm -it --restart=Never -- sh
        kubectl run web --image=nginx --dry-run=client -o yaml > web.yaml",
    required: &["image"],
    run: Run::Waits(|ctx| Box::pin(run(ctx))),
    complete: Complete::Nothing,
    ..PLAIN
};

async fn run(ctx: &mut Ctx<'_>) -> Done {
    let Some(name) = ctx.args.first().filter(|_| ctx.dash_at != Some(0)).cloned() else {
        return Err(ctx.usage("NAME is required for run"));
    };
    let write = Write::of(ctx)?;
    let attach = attached(ctx);
    check(ctx, &write, attach)?;
    let restart = restart_policy(ctx)?;
    let mut printer = Printer::of(ctx)?;
    printer.typed = true;
    let labels = labels(ctx, &name)?;
    let pod = overridden(ctx, pod(ctx, &name, &labels, restart)?)?;
    let made = create(ctx, &pod, &write)?;
    let done = format!("created{}", write.dry_run.suffix());
    let mut failures = Vec::new();
    let mut service = None;
    if ctx.flags.on("expose") {
        match create(ctx, &self::service(ctx, &name, &labels), &write) {
            Err(failure) => failures.push(failure),
            Ok(made) => {
                printer.print(ctx, &made, &done)?;
                if matches!(printer.format, Format::Yaml) {
                    ctx.out("---\n");
                }
                service = Some(made);
            }
        }
    }
    if attach {
        let ended = super::attach::to_new_pod(ctx, &made, restart).await;
        if ctx.flags.on("rm") {
            for object in [Some(made), service].into_iter().flatten() {
                remove(ctx, &object)?;
            }
        }
        return ended;
    }
    printer.print(ctx, &made, &done)?;
    Failure::all(failures)
}

fn attached(ctx: &Ctx<'_>) -> bool {
    if ctx.flags.given("attach") { ctx.flags.on("attach") } else { ctx.flags.on("stdin") }
}

fn check(ctx: &Ctx<'_>, write: &Write, attach: bool) -> Done {
    let flags = &ctx.flags;
    let image = flags.text("image");
    if image.is_empty() {
        return Err(Failure::error("--image is required"));
    }
    if !image::is_reference(image) {
        return Err(Failure::error(format!(
            "Invalid image name {}: invalid reference format",
            go::quote(image)
        )));
    }
    let wrong = if attach && flags.duration("pod-running-timeout").is_zero() {
        "--pod-running-timeout must be higher than zero".to_owned()
    } else if flags.on("tty") && !flags.on("stdin") {
        "-i/--stdin is required for containers with -t/--tty=true".to_owned()
    } else if flags.on("expose") && flags.text("port").is_empty() {
        "--port must be set when exposing a service".to_owned()
    } else if !matches!(flags.text("restart"), "" | "Always" | "OnFailure" | "Never") {
        format!("invalid restart policy: {}", flags.text("restart"))
    } else if !attach && flags.on("rm") {
        "--rm should only be used for attached containers".to_owned()
    } else if attach && write.dry_run != DryRun::None {
        "--dry-run=[server|client] can't be used with attached containers options (--attach, --stdin, or --tty)".to_owned()
    } else if !matches!(flags.text("image-pull-policy"), "" | "Always" | "IfNotPresent" | "Never") {
        format!("invalid image pull policy: {}", flags.text("image-pull-policy"))
    } else {
        return Ok(());
    };
    Err(ctx.usage(&wrong))
}

fn restart_policy(ctx: &Ctx<'_>) -> Result<&'static str, Failure> {
    Ok(match ctx.flags.text("restart") {
        "OnFailure" => "OnFailure",
        "Never" => "Never",
        "" if ctx.flags.on("stdin") => "OnFailure",
        _ => "Always",
    })
}

fn labels(ctx: &Ctx<'_>, name: &str) -> Result<Value, Failure> {
    let mut labels = json!({});
    for pair in ctx.flags.text("labels").split(',').filter(|pair| !pair.is_empty()) {
        match pair.split('=').collect::<Vec<_>>().as_slice() {
            [key, value] if !key.is_empty() => labels[*key] = (*value).into(),
            _ => return Err(Failure::error(format!("unexpected label spec: {pair}"))),
        }
    }
    Ok(if labels == json!({}) { json!({"run": name}) } else { labels })
}

fn environment(ctx: &Ctx<'_>) -> Result<Vec<Value>, Failure> {
    let mut all = Vec::new();
    for pair in ctx.flags.list("env") {
        match pair.split_once('=') {
            Some((name, value)) if !name.is_empty() && validate::env_var_name(name).is_empty() => {
                let mut one = json!({"name": name});
                if !value.is_empty() {
                    one["value"] = value.into();
                }
                all.push(one);
            }
            _ => return Err(Failure::error(format!("invalid env: {pair}"))),
        }
    }
    Ok(all)
}

fn port(ctx: &Ctx<'_>) -> Result<Option<i64>, Failure> {
    match ctx.flags.text("port") {
        "" => Ok(None),
        port => match port.parse() {
            Ok(port) => Ok(Some(port)),
            Err(_) => Err(Failure::error(format!("strconv.Atoi: parsing {port:?}: invalid syntax"))),
        },
    }
}

fn pod(ctx: &Ctx<'_>, name: &str, labels: &Value, restart: &str) -> Result<Value, Failure> {
    let flags = &ctx.flags;
    let mut container = json!({"name": name, "image": flags.text("image"), "resources": {}});
    let words = ctx.args.get(1..).unwrap_or_default();
    if !words.is_empty() {
        container[if flags.on("command") { "command" } else { "args" }] = json!(words);
    }
    let environment = environment(ctx)?;
    if !environment.is_empty() {
        container["env"] = environment.into();
    }
    if let Some(port) = port(ctx)? {
        container["ports"] = json!([{"containerPort": port}]);
    }
    if flags.on("stdin") {
        container["stdin"] = true.into();
        if !flags.on("leave-stdin-open") {
            container["stdinOnce"] = true.into();
        }
    }
    if flags.on("tty") {
        container["tty"] = true.into();
    }
    if !flags.text("image-pull-policy").is_empty() {
        container["imagePullPolicy"] = flags.text("image-pull-policy").into();
    }
    if flags.on("privileged") {
        container["securityContext"] = json!({"privileged": true});
    }
    let mut metadata = json!({"name": name, "labels": labels});
    let (annotations, _) = pairs::parse(&flags.list("annotations"), "annotations", false)?;
    for (key, value) in annotations {
        metadata["annotations"][key] = value.into();
    }
    Ok(json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": metadata,
        "spec": {"containers": [container], "dnsPolicy": "ClusterFirst", "restartPolicy": restart},
        "status": {},
    }))
}

fn service(ctx: &Ctx<'_>, name: &str, labels: &Value) -> Value {
    let port: i64 = ctx.flags.text("port").parse().unwrap_or(0);
    let mut metadata = json!({"name": name});
    if !ctx.flags.text("labels").is_empty() {
        metadata["labels"] = labels.clone();
    }
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": metadata,
        "spec": {"ports": [{"port": port, "protocol": "TCP", "targetPort": port}], "selector": labels},
        "status": {"loadBalancer": {}},
    })
}

/// Lays `--overrides` over a generated object.
///
/// # Errors
/// A text that is no JSON, or an unknown `--override-type`.
pub(crate) fn overridden(ctx: &Ctx<'_>, tree: Value) -> Result<Value, Failure> {
    let text = ctx.flags.text("overrides");
    if text.is_empty() {
        return Ok(tree);
    }
    let kind = match ctx.flags.text("override-type") {
        "json" => JSON_PATCH,
        "merge" | "" => MERGE_PATCH,
        "strategic" => STRATEGIC_PATCH,
        other => return Err(Failure::error(format!("invalid override type: {other}"))),
    };
    let overrides: Value = match serde_json::from_str(text) {
        Ok(overrides) => overrides,
        Err(_) => {
            let words = if kind == STRATEGIC_PATCH { "invalid JSON document" } else { "Invalid JSON Patch" };
            return Err(Failure::error(words));
        }
    };
    let laid = diffs::apply(kind, &tree, &overrides)?;
    // The result is read as its type again, which drops what the type does not know.
    let mut laid = match schema::restore(&Gvk::of(&laid), &laid) {
        Ok(decoded) => decoded.object,
        Err(_) => laid,
    };
    // Go's structs always have these, so that replaced containers get them too.
    if let Some(containers) = laid.pointer_mut("/spec/containers").and_then(Value::as_array_mut) {
        for container in containers {
            object::set_default(container, &["resources"], json!({}));
        }
    }
    Ok(laid)
}

fn create(ctx: &mut Ctx<'_>, tree: &Value, write: &Write) -> Result<Object, Failure> {
    let namespace = ctx.namespace()?;
    let mut tree = tree.clone();
    ctx.record(&mut tree);
    if write.dry_run == DryRun::Client {
        if namespace.explicit {
            object::set(&mut tree, &["metadata", "namespace"], namespace.name.as_str());
        }
        return Ok(tree.into());
    }
    super::writes::update_applied(&mut tree, ctx.flags.on("save-config"));
    let mapping = ctx.type_of(&tree)?;
    ctx.create(&mapping, &namespace.name, &tree, write)
}

fn remove(ctx: &mut Ctx<'_>, object: &Value) -> Done {
    let mapping = ctx.type_of(object)?;
    let path = mapping.item(object::namespace(object), object::name(object));
    match ctx.send(Call::delete(path, &json!({"propagationPolicy": "Background"}))) {
        Err(failure) if !failure.is_not_found() => return Err(failure),
        _ => {}
    }
    if !ctx.flags.on("quiet") {
        let namespace = object::namespace(object);
        ctx.out(&format!(
            "{} {:?} deleted from {namespace} namespace\n",
            mapping.lower_kind(),
            object::name(object)
        ));
    }
    Ok(())
}

/// Waits until a pod is in one of `phases`; what it is then.
///
/// # Errors
/// The time is over, or the pod is gone.
pub(crate) async fn wait_for_phase(
    ctx: &mut Ctx<'_>,
    path: &str,
    phases: &[&str],
    timeout: std::time::Duration,
) -> Result<Object, Failure> {
    let mut pauses = Pauses::new(ctx);
    loop {
        let pod = ctx.get_object(path)?;
        if phases.contains(&text(&pod, "/status/phase")) {
            return Ok(pod);
        }
        if pauses.lasted(ctx) >= timeout {
            return Err(Failure::error("timed out waiting for the condition"));
        }
        pauses.pause(ctx).await;
    }
}
