//! `kubectl taint`.

use super::client::STRATEGIC_PATCH;
use super::writes::Write;
use super::{Builder, Complete, Ctx, Done, DryRun, Failure, Group, PLAIN, Printer, Run, Verb, diffs};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::{self, field, list};
use crate::apimachinery::validate;

/// The row of the table.
pub(super) static VERB: Verb = Verb {
    name: "taint",
    group: Group::Cluster,
    summary: "Update the taints on one or more nodes",
    about: "Sets a taint with key=value:Effect and takes it away with key:Effect- or key-. The effects are\nNoSchedule, PreferNoSchedule and NoExecute.",
    examples: "
        kubectl taint nodes node01 dedicated=db:NoSchedule
        kubectl taint nodes node01 dedicated:NoSchedule-
        kubectl taint nodes --all maintenance-",
    run: Run::Now(run),
    complete: Complete::TypeThenNames,
    ..PLAIN
};

/// A taint as it is written; the value and, for removals, the effect may be empty.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Taint {
    key: String,
    value: String,
    effect: String,
}

impl Taint {
    fn matches(&self, other: &Value) -> bool {
        self.key == field(other, "key") && self.effect == field(other, "effect")
    }

    fn to_object(&self) -> Value {
        let mut taint = json!({"key": self.key, "effect": self.effect});
        if !self.value.is_empty() {
            taint["value"] = self.value.as_str().into();
        }
        taint
    }
}

/// Go's `Taint.ToString`.
fn shown(taint: &Taint) -> String {
    match (taint.effect.as_str(), taint.value.as_str()) {
        ("", "") => taint.key.clone(),
        ("", value) => format!("{}={value}:", taint.key),
        (effect, "") => format!("{}:{effect}", taint.key),
        (effect, value) => format!("{}={value}:{effect}", taint.key),
    }
}

fn run(ctx: &mut Ctx<'_>) -> Done {
    let write = Write::of(ctx)?;
    let (resources, words) = split(&ctx.args)?;
    let Some((kind, names)) = resources.split_first() else {
        return Err(Failure::error("one or more resources must be specified as <resource> <name>"));
    };
    if words.is_empty() {
        return Err(Failure::error("at least one taint update is required"));
    }
    let (add, remove) = parse_all(&words).map_err(|why| ctx.usage(&why))?;
    check(ctx, &kind.to_lowercase(), names, &add, &remove)?;
    let mut printer = Printer::of(ctx)?;
    let selecting = ctx.flags.on("all") || !ctx.flags.text("selector").is_empty();
    let mut builder = Builder { args: Vec::new(), latest: true, ..ctx.builder()? };
    if selecting {
        builder.args = vec!["node".into()];
    } else {
        builder.names = Some(("node", names.to_vec()));
    }
    let overwrite = ctx.flags.on("overwrite");
    builder.targets(ctx)?.visit(ctx, &mut |ctx, info| {
        let mut tree = info.object.as_ref().clone();
        let done = change(&mut tree, &add, &remove, overwrite)?;
        if write.dry_run == DryRun::Client {
            return printer.print(ctx, &tree, done);
        }
        let (_, patch) = diffs::two_way(&info.object, &tree)?;
        let patched = ctx.patch(&info.path(), STRATEGIC_PATCH, &patch, &write)?;
        printer.print(ctx, &patched, done)
    })
}

fn split(args: &[String]) -> Result<(Vec<String>, Vec<String>), Failure> {
    let (mut resources, mut taints) = (Vec::new(), Vec::new());
    for word in args {
        if word.contains(['=', ':']) || word.ends_with('-') {
            taints.push(word.clone());
        } else if taints.is_empty() {
            resources.push(word.clone());
        } else {
            return Err(Failure::error(format!(
                "all resources must be specified before taint changes: {word}"
            )));
        }
    }
    Ok((resources, taints))
}

fn parse_all(words: &[String]) -> Result<(Vec<Taint>, Vec<Taint>), String> {
    let (mut add, mut remove): (Vec<Taint>, Vec<Taint>) = (Vec::new(), Vec::new());
    for word in words {
        if let Some(word) = word.strip_suffix('-') {
            remove.push(Taint { value: String::new(), ..parse(word)? });
            continue;
        }
        let taint = parse(word)?;
        if taint.effect.is_empty() {
            return Err(format!("invalid taint spec: {word}"));
        }
        if add.iter().any(|known| known.key == taint.key && known.effect == taint.effect) {
            let Taint { key, value, effect } = taint;
            return Err(format!(
                "duplicated taints with the same key and effect: {{{key} {value} {effect} <nil>}}"
            ));
        }
        add.push(taint);
    }
    Ok((add, remove))
}

fn parse(word: &str) -> Result<Taint, String> {
    let invalid = || format!("invalid taint spec: {word}");
    let (key, value, effect) = match word.split(':').collect::<Vec<_>>().as_slice() {
        [key] => (*key, "", ""),
        [pair, effect] => {
            if !matches!(*effect, "NoSchedule" | "PreferNoSchedule" | "NoExecute") {
                return Err(format!("invalid taint effect: {effect}, unsupported taint effect"));
            }
            match pair.split('=').collect::<Vec<_>>().as_slice() {
                [key] => (*key, "", *effect),
                [key, value] => (*key, *value, *effect),
                _ => return Err(invalid()),
            }
        }
        _ => return Err(invalid()),
    };
    let mut wrong = validate::label_value(value);
    if wrong.is_empty() {
        wrong = validate::qualified_name(key);
    }
    if !wrong.is_empty() {
        return Err(format!("{}, {}", invalid(), wrong.join("; ")));
    }
    Ok(Taint { key: key.into(), value: value.into(), effect: effect.into() })
}

fn check(ctx: &mut Ctx<'_>, kind: &str, names: &[String], add: &[Taint], remove: &[Taint]) -> Done {
    if ctx.resource_alone(kind)?.kind != "Node" {
        return Err(Failure::error(format!("invalid resource type {kind}, only node types are supported")));
    }
    let both: Vec<String> = add
        .iter()
        .flat_map(|new| remove.iter().map(move |old| (new, old)))
        .filter(|(new, old)| new.key == old.key && (old.effect.is_empty() || old.effect == new.effect))
        .map(|(_, old)| format!("{}={}", old.key, old.effect))
        .collect();
    if !both.is_empty() {
        return Err(Failure::error(format!(
            "can not both modify and remove the following taint(s) in the same command: {}",
            both.join(", ")
        )));
    }
    let selector = !ctx.flags.text("selector").is_empty();
    match (ctx.flags.on("all"), selector) {
        (true, true) => {
            Err(Failure::error("setting 'all' parameter with a non empty selector is prohibited"))
        }
        (false, false) if names.is_empty() => Err(Failure::error(
            "at least one resource name must be specified since 'all' parameter is not set",
        )),
        _ => Ok(()),
    }
}

/// Changes the taints of a node; the word for what happened.
fn change(
    node: &mut Value,
    add: &[Taint],
    remove: &[Taint],
    overwrite: bool,
) -> Result<&'static str, Failure> {
    let old = list(node, "/spec/taints").to_vec();
    if !overwrite {
        let exist: Vec<&str> = add
            .iter()
            .filter(|new| old.iter().any(|old| new.matches(old)))
            .map(|new| new.key.as_str())
            .collect();
        if !exist.is_empty() {
            return Err(Failure::error(format!(
                "node {} already has {} taint(s) with same effect(s) and --overwrite is false",
                object::name(node),
                exist.join(",")
            )));
        }
    }
    let mut taints: Vec<Value> = add.iter().map(Taint::to_object).collect();
    taints.extend(old.iter().filter(|old| !add.iter().any(|new| new.matches(old))).cloned());
    let added = taints.len() != old.len();
    let mut deleted = false;
    let mut missing = Vec::new();
    for gone in remove {
        let before = taints.len();
        taints.retain(|taint| {
            field(taint, "key") != gone.key
                || !gone.effect.is_empty() && field(taint, "effect") != gone.effect
        });
        deleted = taints.len() != before;
        if !deleted {
            missing.push(Failure::error(format!("taint {:?} not found", shown(gone))));
        }
    }
    Failure::all(missing)?;
    let spec = object::map_at(node, &["spec"]);
    if taints.is_empty() {
        spec.remove("taints");
    } else {
        spec.insert("taints".into(), taints.into());
    }
    Ok(if added && deleted || overwrite {
        "modified"
    } else if added {
        "tainted"
    } else {
        "untainted"
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(before: Value, words: &[&str], overwrite: bool, want: &str) {
        let words: Vec<String> = words.iter().map(|&word| word.into()).collect();
        let mut node = json!({"metadata": {"name": "n"}, "spec": {"taints": before}});
        let got = match parse_all(&words) {
            Err(why) => why,
            Ok((add, remove)) => match change(&mut node, &add, &remove, overwrite) {
                Err(failure) => failure.sentence(),
                Ok(done) => format!("{done} {}", node["spec"]),
            },
        };
        assert_eq!(got, want);
    }

    #[test]
    fn taints_come_and_go() {
        let blue = json!([{"key": "app", "value": "blue", "effect": "NoSchedule"}]);
        check(
            json!([]),
            &["app=blue:NoSchedule"],
            false,
            r#"tainted {"taints":[{"effect":"NoSchedule","key":"app","value":"blue"}]}"#,
        );
        check(
            blue.clone(),
            &["app=x:NoSchedule"],
            false,
            "node n already has app taint(s) with same effect(s) and --overwrite is false",
        );
        check(
            blue.clone(),
            &["app=x:NoSchedule"],
            true,
            r#"modified {"taints":[{"effect":"NoSchedule","key":"app","value":"x"}]}"#,
        );
        check(blue.clone(), &["app-"], false, "untainted {}");
        check(blue, &["app:NoExecute-"], false, "taint \"app:NoExecute\" not found");
        check(json!([]), &["app=x:Often"], false, "invalid taint effect: Often, unsupported taint effect");
    }
}
