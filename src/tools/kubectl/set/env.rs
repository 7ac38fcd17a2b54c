//! `kubectl set env`.

use base64::Engine as _;

use super::super::builder::stdin_or_file;
use super::super::{Builder, Complete, Ctx, Done, DryRun, Failure, PLAIN, Run, Verb};
use super::{begin, containers, pod_spec};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::{self, entries, field, list, text};
use crate::apimachinery::{go, validate};

pub(super) static VERB: Verb = Verb {
    name: "env",
    summary: "Update environment variables on a pod template",
    examples: "
        kubectl set env deployment/web COLOR=blue SIZE-
        kubectl set env deployment/web --from=configmap/settings
        kubectl set env deployment/web --list",
    run: Run::Now(run),
    complete: Complete::TypeThenNames,
    ..PLAIN
};

/// What is to change.
struct Changes {
    set: Vec<Value>,
    remove: Vec<String>,
    overwrite: bool,
}

fn run(ctx: &mut Ctx<'_>) -> Done {
    let (resources, words) = split(&ctx.args)?;
    check(ctx, &resources)?;
    let mut given = ctx.flags.list("env");
    given.extend(words.iter().cloned());
    let (mut set, remove) = parse(ctx, &given)?;
    let from = ctx.flags.text("from").to_owned();
    if !from.is_empty() {
        set.extend(from_object(ctx, &from)?);
    }
    let prefix = ctx.flags.text("prefix").to_owned();
    for one in &mut set {
        one["name"] = format!("{prefix}{}", field(one, "name")).into();
    }
    let changes = Changes { set, remove, overwrite: ctx.flags.on("overwrite") };
    let update = begin(ctx, resources, "env updated", "failed to patch env update to pod template: ")?;
    let pattern = ctx.flags.text("containers").to_owned();
    let list_only = ctx.flags.on("list");
    update.run(ctx, &mut |ctx, tree, _| {
        let (kind, name) = (text(tree, "/kind").to_owned(), object::name(tree).to_owned());
        let selected = containers(pod_spec(tree)?, &pattern);
        if selected.is_empty() {
            ctx.err(&format!("Warning: {kind}/{name} does not have any containers matching {pattern:?}\n"));
            return Ok(true);
        }
        for container in selected {
            change(container, &changes)?;
            if list_only {
                show(ctx, &kind, &name, container)?;
            }
        }
        Ok(!list_only)
    })
}

fn split(args: &[String]) -> Result<(Vec<String>, Vec<String>), Failure> {
    let (mut resources, mut words) = (Vec::new(), Vec::new());
    for word in args {
        let is_pair = word.find('=').is_some_and(|at| at > 0) || word.ends_with('-');
        if is_pair {
            words.push(word.clone());
        } else if words.is_empty() {
            resources.push(word.clone());
        } else {
            return Err(Failure::error(format!(
                "all resources must be specified before environment changes: {}",
                args.join(" ")
            )));
        }
    }
    Ok((resources, words))
}

fn check(ctx: &mut Ctx<'_>, resources: &[String]) -> Done {
    let server = ctx.dry_run()? == DryRun::Server;
    let flags = &ctx.flags;
    let wrong = if flags.on("all") && !flags.text("selector").is_empty() {
        "cannot set --all and --selector at the same time"
    } else if flags.on("local") && server {
        "cannot specify --local and --dry-run=server - did you mean --dry-run=client?"
    } else if flags.list("filename").is_empty() && resources.is_empty() {
        "one or more resources must be specified as <resource> <name> or <resource>/<name>"
    } else if flags.on("list") && !flags.text("output").is_empty() {
        "--list and --output may not be specified together"
    } else if flags.given("keys") && flags.text("from").is_empty() {
        "when specifying --keys, a configmap or secret must be provided with --from"
    } else {
        return Ok(());
    };
    Err(Failure::error(wrong))
}

fn parse(ctx: &mut Ctx<'_>, words: &[String]) -> Result<(Vec<Value>, Vec<String>), Failure> {
    let (mut set, mut remove) = (Vec::new(), Vec::new());
    for word in words {
        if word == "-" {
            for line in stdin_or_file(ctx, "-")?.lines() {
                let line = line.split('#').next().unwrap_or("");
                if let Some((name, value)) = line.split_once('=') {
                    set.push(json!({"name": name, "value": value}));
                }
            }
        } else if let Some((name, value)) = word.split_once('=') {
            let wrong = validate::env_var_name(name);
            if !wrong.is_empty() {
                let name = go::quote(name);
                return Err(Failure::error(format!("{name} is not a valid key name: {}", wrong.join(";"))));
            }
            set.push(variable(name, value));
        } else if let Some(name) = word.strip_suffix('-') {
            remove.push(name.to_owned());
        } else {
            return Err(Failure::error(format!("unknown environment variable: {word}")));
        }
    }
    if remove.iter().any(|gone| set.iter().any(|one| field(one, "name") == gone)) {
        return Err(Failure::error(
            "can not both modify and remove the same environment variable in the same command",
        ));
    }
    Ok((set, remove))
}

/// An empty value is left out, as Go does.
fn variable(name: &str, value: &str) -> Value {
    if value.is_empty() { json!({"name": name}) } else { json!({"name": name, "value": value}) }
}

/// Variables that refer to the keys of a ConfigMap or Secret.
fn from_object(ctx: &mut Ctx<'_>, from: &str) -> Result<Vec<Value>, Failure> {
    let namespace = ctx.namespace()?;
    let keys = ctx.flags.list("keys");
    let builder = Builder {
        namespace: Some(namespace),
        args: vec![from.to_owned()],
        type_alone_means_all: ctx.flags.on("all"),
        flatten: true,
        continue_on_error: true,
        ..Builder::default()
    };
    let mut all = Vec::new();
    for info in builder.targets(ctx)?.all(ctx)? {
        let reference = match text(&info.object, "/kind") {
            "Secret" => "secretKeyRef",
            "ConfigMap" => "configMapKeyRef",
            _ => return Err(Failure::error("unsupported resource specified in --from")),
        };
        for (key, _) in entries(&info.object, "/data") {
            if keys.is_empty() || keys.iter().any(|it| it == key) {
                let name = variable_name(ctx, key);
                let source = json!({reference: {"name": info.name, "key": key}});
                all.push(json!({"name": name, "valueFrom": source}));
            }
        }
    }
    Ok(all)
}

fn variable_name(ctx: &Ctx<'_>, key: &str) -> String {
    let name: String = key
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '_' { c.to_ascii_uppercase() } else { '_' })
        .collect();
    if name != key {
        ctx.err(&format!("Warning: key {key} transferred to {name}\n"));
    }
    name
}

/// New variables replace old ones in their places and follow behind them.
fn change(container: &mut Value, changes: &Changes) -> Done {
    let old = list(container, "/env").to_vec();
    let newer = |name: &str| changes.set.iter().find(|one| field(one, "name") == name);
    if !changes.overwrite {
        for one in &old {
            let name = field(one, "name");
            if newer(name).is_some_and(|newer| field(newer, "value") != field(one, "value")) {
                let value = field(one, "value");
                return Err(Failure::error(format!(
                    "'{name}' already has a value ({value}), and --overwrite is false"
                )));
            }
        }
    }
    let mut done: Vec<&str> = changes.remove.iter().map(String::as_str).collect();
    let mut all = Vec::new();
    for one in &old {
        let name = field(one, "name");
        if done.contains(&name) {
            continue;
        }
        all.push(match newer(name) {
            Some(newer) => {
                done.push(field(newer, "name"));
                newer.clone()
            }
            None => one.clone(),
        });
    }
    for one in &changes.set {
        if !done.contains(&field(one, "name")) {
            done.push(field(one, "name"));
            all.push(one.clone());
        }
    }
    let map = object::as_map(container);
    if all.is_empty() {
        map.remove("env");
    } else {
        map.insert("env".into(), all.into());
    }
    Ok(())
}

fn show(ctx: &mut Ctx<'_>, kind: &str, name: &str, container: &Value) -> Done {
    ctx.out(&format!("# {kind} {name}, container {}\n", field(container, "name")));
    let mut failed = false;
    for one in list(container, "/env") {
        let name = field(one, "name");
        let Some(source) = one.get("valueFrom") else {
            ctx.out(&format!("{name}={}\n", field(one, "value")));
            continue;
        };
        if ctx.flags.on("resolve") {
            match resolve(ctx, source) {
                Ok(value) => {
                    ctx.out(&format!("{name}={value}\n"));
                    continue;
                }
                Err(failure) => {
                    ctx.err(&format!("error retrieving reference for {name}: {}\n", failure.sentence()));
                    failed = true;
                }
            }
        }
        ctx.out(&format!("# {name} from {}\n", described(source)));
    }
    if failed { Err(Failure::error("failed to retrieve valueFrom references")) } else { Ok(()) }
}

fn described(source: &Value) -> String {
    let of = |kind: &str, words: &str| {
        source.get(kind).map(|one| format!("{words} {}, key {}", field(one, "name"), field(one, "key")))
    };
    of("configMapKeyRef", "configmap")
        .or_else(|| of("secretKeyRef", "secret"))
        .or_else(|| source.get("fieldRef").map(|one| format!("field path {}", field(one, "fieldPath"))))
        .or_else(|| {
            source.get("resourceFieldRef").map(|one| {
                let container = match field(one, "containerName") {
                    "" => String::new(),
                    name => format!("{name}/"),
                };
                format!("resource field {container}{}", field(one, "resource"))
            })
        })
        .unwrap_or_else(|| "invalid valueFrom".into())
}

fn resolve(ctx: &mut Ctx<'_>, source: &Value) -> Result<String, Failure> {
    let namespace = ctx.namespace()?.name;
    for (reference, resource) in [("configMapKeyRef", "configmaps"), ("secretKeyRef", "secrets")] {
        let Some(one) = source.get(reference) else { continue };
        let (name, key) = (field(one, "name"), field(one, "key"));
        let tree = ctx.get_object(format!("/api/v1/namespaces/{namespace}/{resource}/{name}"))?;
        let Some(value) = tree.get("data").and_then(|data| data.get(key)).and_then(Value::as_str) else {
            let what = resource.trim_end_matches('s');
            return Err(Failure::error(format!("key {key} not found in {what} {name}")));
        };
        if reference == "configMapKeyRef" {
            return Ok(value.to_owned());
        }
        let bytes = base64::engine::general_purpose::STANDARD.decode(value).unwrap_or_default();
        return Ok(String::from_utf8_lossy(&bytes).into_owned());
    }
    Err(Failure::error("valueFrom of this kind is only known where the pod runs"))
}
