//! `kubectl label` and `kubectl annotate`.

use std::sync::Arc;

use super::client::{Call, MERGE_PATCH};
use super::pairs::{self, Changes};
use super::writes::{CAUSE, Write};
use super::{Builder, Complete, Ctx, Done, DryRun, Failure, Group, Info, PLAIN, Printer, Run, Verb};
use crate::apimachinery::json::Value;
use crate::apimachinery::object::{self, Gvk};
use crate::apimachinery::{go, patch, validate};

/// The row of the table.
pub(super) static LABEL: Verb = Verb {
    name: "label",
    group: Group::Settings,
    summary: "Update the labels on a resource",
    about: "Sets labels with key=value and takes them away with key-. A label that has another value is only\nreplaced with --overwrite.",
    examples: "
        kubectl label pods web tier=frontend
        kubectl label node node01 disk=ssd --overwrite
        kubectl label pods --all tier-",
    run: Run::Now(|ctx| run(ctx, &LABELS)),
    complete: Complete::TypeThenNames,
    ..PLAIN
};

/// The row of the table.
pub(super) static ANNOTATE: Verb = Verb {
    name: "annotate",
    group: Group::Settings,
    summary: "Update the annotations on a resource",
    about: "Sets annotations with key=value and takes them away with key-. An annotation that has another value\nis only replaced with --overwrite.",
    examples: "
        kubectl annotate pods web description='my frontend'
        kubectl annotate pods web description-",
    run: Run::Now(|ctx| run(ctx, &ANNOTATIONS)),
    complete: Complete::TypeThenNames,
    ..PLAIN
};

/// In what the two verbs differ.
struct Kind {
    /// The map below `metadata`.
    field: &'static str,
    singular: &'static str,
    /// The file names of its sentences.
    file_yaml: &'static str,
    file_json: &'static str,
}

const LABELS: Kind =
    Kind { field: "labels", singular: "label", file_yaml: "pod.yaml", file_json: "pod.json" };
const ANNOTATIONS: Kind =
    Kind { field: "annotations", singular: "annotation", file_yaml: "rsrc.yaml", file_json: "rsrc.json" };

impl Kind {
    fn is_label(&self) -> bool {
        self.singular == "label"
    }
}

fn run(ctx: &mut Ctx<'_>, kind: &Kind) -> Done {
    let write = Write::of(ctx)?;
    let (resources, words) = pairs::split(&ctx.args, kind.singular)?;
    let changes =
        if kind.is_label() { parse_labels(&words)? } else { pairs::parse(&words, "annotation", true)? };
    check(ctx, kind, &write, &resources, &changes)?;
    let mut printer = Printer::of(ctx)?;
    let all = ctx.flags.on("all");
    let targets =
        Builder { args: resources, type_alone_means_all: all, all: false, latest: true, ..ctx.builder()? }
            .targets(ctx)?;
    let single = targets.single_item_implied;
    if !single && !ctx.flags.text("resource-version").is_empty() {
        return Err(Failure::error("--resource-version may only be used with a single resource"));
    }
    let list = ctx.flags.on("list");
    targets.visit(ctx, &mut |ctx, info| {
        let (object, done) = one(ctx, kind, &write, &changes, info.clone())?;
        if list {
            return list_one(ctx, kind, &info, &object, single);
        }
        printer.print(ctx, &object, &format!("{done}{}", write.dry_run.suffix()))
    })
}

fn check(ctx: &Ctx<'_>, kind: &Kind, write: &Write, resources: &[String], changes: &Changes) -> Done {
    let flags = &ctx.flags;
    let files = !flags.list("filename").is_empty() || !flags.text("kustomize").is_empty();
    let wrong = |sentence: String| Err(Failure::error(sentence));
    if flags.on("list") && !flags.text("output").is_empty() {
        return wrong("--list and --output may not be specified together".into());
    }
    for selector in ["selector", "field-selector"] {
        if flags.on("all") && !flags.text(selector).is_empty() {
            return wrong(format!("cannot set --all and --{selector} at the same time"));
        }
    }
    if flags.on("local") {
        let (yaml, json) = (kind.file_yaml, kind.file_json);
        if write.dry_run == DryRun::Server {
            return wrong(
                "cannot specify --local and --dry-run=server - did you mean --dry-run=client?".into(),
            );
        }
        if !resources.is_empty() {
            return wrong(format!(
                "can only use local files by -f {yaml} or --filename={json} when --local=true is set"
            ));
        }
        if !files {
            return wrong(format!("one or more files must be specified as -f {yaml} or --filename={json}"));
        }
    } else if resources.is_empty() && !files {
        return wrong(
            "one or more resources must be specified as <resource> <name> or <resource>/<name>".into(),
        );
    }
    let (new, remove) = changes;
    if new.is_empty() && remove.is_empty() && !flags.on("list") {
        return wrong(format!("at least one {} update is required", kind.singular));
    }
    let both: Vec<&str> =
        remove.iter().filter(|key| new.iter().any(|(other, _)| other == *key)).map(String::as_str).collect();
    if !both.is_empty() {
        return wrong(format!(
            "can not both modify and remove the following annotation(s) in the same command: {}",
            both.join(", ")
        ));
    }
    Ok(())
}

fn parse_labels(words: &[String]) -> Result<Changes, Failure> {
    let (mut new, mut remove) = (Vec::new(), Vec::new());
    for word in words {
        if let Some((key, value)) = word.split_once('=') {
            if value.contains('=') {
                return Err(Failure::error(format!("invalid label spec: {word}")));
            }
            let wrong = validate::label_value(value);
            if !wrong.is_empty() {
                let word = go::quote(word);
                return Err(Failure::error(format!("invalid label value: {word}: {}", wrong.join(";"))));
            }
            pairs::put(&mut new, key, value);
        } else if let Some(key) = word.strip_suffix('-') {
            remove.push(key.to_owned());
        }
    }
    if remove.iter().any(|key| new.iter().any(|(other, _)| other == key)) {
        return Err(Failure::error("can not both modify and remove a label in the same command"));
    }
    Ok((new, remove))
}

/// Changes one object; what it is then, and the word for what happened.
fn one(
    ctx: &mut Ctx<'_>,
    kind: &Kind,
    write: &Write,
    (new, remove): &Changes,
    info: Info,
) -> Result<(Arc<Value>, &'static str), Failure> {
    let flags = &ctx.flags;
    let local = write.dry_run == DryRun::Client || flags.on("local") || flags.on("list");
    if !flags.on("overwrite") {
        check_overwrites(kind, new, &info.object)?;
    }
    let version = flags.text("resource-version").to_owned();
    let mut tree = info.object.as_ref().clone();
    if !version.is_empty() {
        object::remove(&mut tree, &["metadata", "resourceVersion"]);
    }
    let before = tree.clone();
    let map = object::map_at(&mut tree, &["metadata", kind.field]);
    let (mut added, mut removed) = (false, false);
    for key in remove {
        if map.remove(key).is_some() {
            removed = true;
        } else if kind.is_label() && !local {
            ctx.out(&format!("label {} not found.\n", go::quote(key)));
        }
    }
    for (key, value) in new {
        added |= map.insert(key.clone().into(), value.as_str().into()) != Some(Value::from(value.as_str()));
    }
    if !version.is_empty() {
        object::set(&mut tree, &["metadata", "resourceVersion"], version);
    }
    let done = match (kind.is_label(), added, removed) {
        (false, ..) => "annotated",
        (_, true, true) => "modified",
        (_, true, false) => "labeled",
        (_, false, true) => "unlabeled",
        _ => "not labeled",
    };
    let recorded = !local && ctx.record(&mut tree);
    if local || kind.is_label() && !added && !removed && !recorded {
        return Ok((tree.into(), done));
    }
    let change = patch::create_merge_patch(&before, &tree);
    let patched = ctx.object(write.on(Call::patch(info.path(), MERGE_PATCH, go::json(&change))))?;
    Ok((if kind.is_label() { tree.into() } else { patched }, done))
}

fn check_overwrites(kind: &Kind, new: &[(String, String)], tree: &Value) -> Done {
    let mut wrong = Vec::new();
    for (key, value) in new {
        let now =
            tree.pointer(&format!("/metadata/{}", kind.field)).map_or("", |map| object::field(map, key));
        let exists =
            tree.pointer(&format!("/metadata/{}", kind.field)).is_some_and(|map| map.get(key).is_some());
        if exists && now != value && (kind.is_label() || key != CAUSE) {
            wrong.push(format!("'{key}' already has a value ({now})"));
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    if kind.is_label() {
        let each = |one: String| Failure::error(format!("{one}, and --overwrite is false"));
        return Failure::all(wrong.into_iter().map(each).collect());
    }
    Err(Failure::error(format!(
        "--overwrite is false but found the following declared annotation(s): {}",
        wrong.join("; ")
    )))
}

fn list_one(ctx: &mut Ctx<'_>, kind: &Kind, info: &Info, tree: &Value, single: bool) -> Done {
    let mut indent = "";
    if !single {
        indent = " ";
        let gvk = Gvk::of(tree);
        ctx.out(&format!("Listing {} for {}.{}/{}:\n", kind.field, gvk.kind, gvk.group, info.name));
    }
    for (key, value) in object::entries(tree, &format!("/metadata/{}", kind.field)) {
        ctx.out(&format!("{indent}{key}={}\n", value.as_str().unwrap_or("")));
    }
    Ok(())
}
