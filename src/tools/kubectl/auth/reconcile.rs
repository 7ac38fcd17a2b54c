//! `auth reconcile`: adds to RBAC objects what files say, and takes away only when asked to.
//!
//! Rules of component-helpers `auth/rbac/reconciliation`.

use super::strings;
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::{Gvk, annotation, entries, field, list, map_at, namespace, text};
use crate::tools::kubectl::builder::{Builder, Info};
use crate::tools::kubectl::describe::{Rule, break_down};
use crate::tools::kubectl::print::Printer;
use crate::tools::kubectl::writes::Write;
use crate::tools::kubectl::{Call, Ctx, Done, DryRun, Failure, Mapping};

/// What an object needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    Nothing,
    Create,
    Update,
    /// A binding's role cannot be changed, so the binding is made anew.
    Recreate,
}

/// What reconciling one object came to.
struct Outcome {
    need: Need,
    protected: bool,
    object: Value,
    /// Headed lists of what was added or removed, one entry a line.
    changes: Vec<(&'static str, Vec<String>)>,
}

pub(super) fn run(ctx: &mut Ctx<'_>) -> Done {
    let builder = Builder { local: true, continue_on_error: true, ..Builder::of(ctx)? };
    if builder.no_files() {
        return Err(Failure::error("must specify one of -f and -k"));
    }
    if !ctx.args.is_empty() {
        return Err(Failure::error("no arguments are allowed"));
    }
    let dry_run = ctx.dry_run()?;
    if dry_run == DryRun::Server {
        return Err(Failure::error("--dry-run=server for command reconcile is not supported yet"));
    }
    let mut printer = Printer::of(ctx)?;
    builder.targets(ctx)?.visit(ctx, &mut |ctx, info| {
        let gvk = Gvk::of(&info.object);
        if gvk.group != "rbac.authorization.k8s.io" {
            return Ok(());
        }
        if gvk.version != "v1" {
            return Err(Failure::error(format!(
                "only rbac.authorization.k8s.io/v1 is supported: not *{}.{}",
                gvk.version, gvk.kind
            )));
        }
        let mapping = ctx.type_of(&info.object)?;
        let outcome = reconcile(ctx, &info, &mapping, dry_run)?;
        printer.print(ctx, &outcome.object, &format!("reconciled{}", dry_run.suffix()))?;
        tell(ctx, &outcome);
        Ok(())
    })
}

fn tell(ctx: &Ctx<'_>, outcome: &Outcome) {
    let verb = match outcome.need {
        Need::Nothing => return,
        Need::Create => "create",
        Need::Update => "update",
        Need::Recreate => "recreate",
    };
    let caveat = if outcome.protected {
        ", but object opted out (rbac.authorization.kubernetes.io/autoupdate: false)"
    } else {
        ""
    };
    ctx.err(&format!("\treconciliation required {verb}{caveat}\n"));
    for (head, lines) in outcome.changes.iter().filter(|(_, lines)| !lines.is_empty()) {
        ctx.err(&format!("\t{head}:\n"));
        lines.iter().for_each(|line| ctx.err(&format!("\t\t{line}\n")));
    }
}

fn reconcile(ctx: &mut Ctx<'_>, info: &Info, mapping: &Mapping, dry_run: DryRun) -> Result<Outcome, Failure> {
    // The manifest's own namespace: the command's is not put into it. Without one nothing can be found or made.
    let namespace = namespace(&info.object).to_owned();
    let nowhere = mapping.namespaced && namespace.is_empty();
    let path = mapping.item(&namespace, &info.name);
    let existing = match ctx.get_object(path.as_str()) {
        _ if nowhere => Value::Null,
        Ok(object) => (*object).clone(),
        Err(failure) if failure.is_not_found() => Value::Null,
        Err(failure) => return Err(failure),
    };
    let wanted = &info.object;
    let outcome = if mapping.kind.ends_with("Binding") {
        binding(ctx, &existing, wanted)
    } else {
        role(ctx, &existing, wanted)
    };
    if outcome.protected || dry_run == DryRun::Client {
        return Ok(outcome);
    }
    let write = Write { manager: String::new(), dry_run: DryRun::None, validation: "" };
    match outcome.need {
        Need::Nothing => {}
        Need::Create => {
            if mapping.namespaced {
                ensure_namespace(ctx, &namespace)?;
            }
            ctx.create(mapping, &namespace, &outcome.object, &write)?;
        }
        Need::Update => drop(ctx.replace(&path, &outcome.object, &write)?),
        Need::Recreate => {
            ctx.send(Call::delete(path, &Value::Null))?;
            ctx.create(mapping, &namespace, wanted, &write)?;
        }
    }
    Ok(outcome)
}

fn ensure_namespace(ctx: &mut Ctx<'_>, name: &str) -> Done {
    match ctx.get_object(format!("/api/v1/namespaces/{name}")) {
        Err(failure) if failure.is_not_found() || failure.reason() == "Forbidden" => {}
        other => return other.map(drop),
    }
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
    match ctx.object(Call::post("/api/v1/namespaces", &namespace)) {
        Err(failure) if !failure.is_already_exists() && failure.reason() != "Forbidden" => Err(failure),
        _ => Ok(()),
    }
}

fn is_protected(existing: &Value) -> bool {
    annotation(existing, "rbac.authorization.kubernetes.io/autoupdate") == Some("false")
}

/// Labels and annotations of `wanted` laid over those of `object`; true when that changed something.
fn merge_metadata(object: &mut Value, wanted: &Value) -> bool {
    let before = object.clone();
    for key in ["labels", "annotations"] {
        for (name, value) in entries(wanted, &format!("/metadata/{key}")) {
            map_at(object, &["metadata", key]).insert(name.clone(), value.clone());
        }
    }
    *object != before
}

fn role(ctx: &Ctx<'_>, existing: &Value, wanted: &Value) -> Outcome {
    let shown = |rules: &[Value]| rules.iter().map(rule_text).collect::<Vec<_>>();
    if existing.is_null() {
        let missing = shown(list(wanted, "/rules"));
        return Outcome {
            need: Need::Create,
            protected: false,
            object: wanted.clone(),
            changes: vec![("missing rules added", missing)],
        };
    }
    let mut object = existing.clone();
    let mut changed = merge_metadata(&mut object, wanted);
    let missing = uncovered(list(existing, "/rules"), list(wanted, "/rules"));
    let extra = uncovered(list(wanted, "/rules"), list(existing, "/rules"));
    let remove = ctx.flags.on("remove-extra-permissions");
    if remove && !(missing.is_empty() && extra.is_empty()) {
        object["rules"] = wanted.get("rules").cloned().unwrap_or_else(|| json!([]));
        changed = true;
    } else if !missing.is_empty() {
        let mut rules = list(existing, "/rules").to_vec();
        rules.extend(missing.iter().cloned());
        object["rules"] = rules.into();
        changed = true;
    }
    let removed = if remove { shown(&extra) } else { Vec::new() };
    Outcome {
        need: if changed { Need::Update } else { Need::Nothing },
        protected: is_protected(existing),
        object,
        changes: vec![("missing rules added", shown(&missing)), ("extra rules removed", removed)],
    }
}

/// The single rules of `asked` that `held` does not grant.
fn uncovered(held: &[Value], asked: &[Value]) -> Vec<Value> {
    let held: Vec<Rule> = held.iter().flat_map(break_down).collect();
    let single = asked.iter().flat_map(break_down);
    single
        .filter(|rule| !held.iter().any(|other| covers(other, rule)))
        .map(|rule| rule_value(&rule))
        .collect()
}

/// Whether one single rule grants another.
fn covers(held: &Rule, asked: &Rule) -> bool {
    let has = |held: &[String], asked: &[String]| {
        held.iter().any(|one| one == "*") || asked.iter().all(|one| held.contains(one))
    };
    if !has(&held.verbs, &asked.verbs) {
        return false;
    }
    if !asked.urls.is_empty() {
        let under = |url: &String| {
            held.urls
                .iter()
                .any(|one| one == url || one.strip_suffix('*').is_some_and(|prefix| url.starts_with(prefix)))
        };
        return asked.urls.iter().all(under);
    }
    !held.resources.is_empty()
        && has(&held.groups, &asked.groups)
        && has(&held.resources, &asked.resources)
        && (held.names.is_empty()
            || (!asked.names.is_empty() && asked.names.iter().all(|name| held.names.contains(name))))
}

fn rule_value(rule: &Rule) -> Value {
    let mut value = json!({"verbs": rule.verbs});
    for (key, words) in [
        ("apiGroups", &rule.groups),
        ("resources", &rule.resources),
        ("resourceNames", &rule.names),
        ("nonResourceURLs", &rule.urls),
    ] {
        if !words.is_empty() {
            value[key] = json!(words);
        }
    }
    value
}

/// A rule as Go's `%+v` prints it.
fn rule_text(rule: &Value) -> String {
    let part = |key: &str| format!("[{}]", strings(rule, key).join(" "));
    format!(
        "{{Verbs:{} APIGroups:{} Resources:{} ResourceNames:{} NonResourceURLs:{}}}",
        part("/verbs"),
        part("/apiGroups"),
        part("/resources"),
        part("/resourceNames"),
        part("/nonResourceURLs")
    )
}

fn subject_text(subject: &Value) -> String {
    format!(
        "{{Kind:{} APIGroup:{} Name:{} Namespace:{}}}",
        field(subject, "kind"),
        field(subject, "apiGroup"),
        field(subject, "name"),
        field(subject, "namespace")
    )
}

fn binding(ctx: &Ctx<'_>, existing: &Value, wanted: &Value) -> Outcome {
    let shown = |subjects: &[Value]| subjects.iter().map(subject_text).collect::<Vec<_>>();
    let asked = list(wanted, "/subjects");
    let anew = |need: Need, protected: bool| Outcome {
        need,
        protected,
        object: wanted.clone(),
        changes: vec![("missing subjects added", shown(asked))],
    };
    if existing.is_null() {
        return anew(Need::Create, false);
    }
    let role =
        |object: &Value| ["/roleRef/kind", "/roleRef/name"].map(|pointer| text(object, pointer).to_owned());
    if role(existing) != role(wanted) {
        return anew(Need::Recreate, is_protected(existing));
    }
    let held = list(existing, "/subjects");
    let same = |one: &Value, other: &Value| subject_text(one) == subject_text(other);
    let without = |these: &[Value], those: &[Value]| -> Vec<Value> {
        these.iter().filter(|one| !those.iter().any(|other| same(one, other))).cloned().collect()
    };
    let (missing, extra) = (without(asked, held), without(held, asked));
    let remove = ctx.flags.on("remove-extra-subjects");
    let mut object = existing.clone();
    let mut changed = merge_metadata(&mut object, wanted);
    if remove && !(missing.is_empty() && extra.is_empty()) {
        object["subjects"] = asked.to_vec().into();
        changed = true;
    } else if !missing.is_empty() {
        object["subjects"] = held.iter().chain(&missing).cloned().collect();
        changed = true;
    }
    let removed = if remove { shown(&extra) } else { Vec::new() };
    Outcome {
        need: if changed { Need::Update } else { Need::Nothing },
        protected: is_protected(existing),
        object,
        changes: vec![("missing subjects added", shown(&missing)), ("extra subjects removed", removed)],
    }
}
