//! What Tab offers behind `kubectl`: commands, flags, types and the names of objects.

use super::flags;
use super::mapper::Mapping;
use super::{Call, Complete, Ctx, resolve, start};
use crate::apimachinery::object;
use crate::shell::{Completer, Proc};

/// The row of the table.
pub(crate) const COMPLETER: Completer = Completer { program: "kubectl", complete };

/// Flags whose value is one of a few words.
const VALUES: &[(&str, &[&str])] = &[
    ("output", &["json", "yaml", "kyaml", "name", "wide", "jsonpath=", "custom-columns=", "go-template="]),
    ("dry-run", &["none", "client", "server"]),
    ("type", &["json", "merge", "strategic"]),
    ("cascade", &["background", "foreground", "orphan"]),
];

/// Candidates for the last word.
fn complete(from: &Proc, words: &[String]) -> Vec<String> {
    let Some((word, before)) = words.split_last() else { return Vec::new() };
    let before = before.get(1..).unwrap_or_default();
    let mut offered = match (word.strip_prefix('-'), flag_before(before)) {
        (Some(_), _) => flag_names(before),
        (None, Some(flag)) => values_of(from, before, &flag),
        (None, None) => arguments(from, before, word),
    };
    offered.retain(|candidate| candidate.starts_with(word.as_str()));
    offered.sort();
    offered.dedup();
    offered
}

fn specs(before: &[String]) -> Vec<flags::FlagSpec> {
    let (_, path, _) = resolve(before);
    let mut specs = flags::of_command(&path);
    specs.extend(flags::globals());
    specs
}

fn flag_names(before: &[String]) -> Vec<String> {
    let visible = specs(before).into_iter().filter(|spec| !spec.hidden);
    visible
        .map(
            |spec| {
                if spec.alone.is_empty() { format!("--{}=", spec.name) } else { format!("--{}", spec.name) }
            },
        )
        .collect()
}

/// The flag that the word before waits for a value of.
fn flag_before(before: &[String]) -> Option<String> {
    let last = before.last()?.strip_prefix('-')?;
    let specs = specs(before);
    let spec = match last.strip_prefix('-') {
        Some(long) => specs.into_iter().find(|spec| spec.name == long),
        None => specs.into_iter().find(|spec| spec.short.is_some_and(|short| last.ends_with(short))),
    };
    spec.filter(|spec| spec.alone.is_empty()).map(|spec| spec.name.to_owned())
}

fn values_of(from: &Proc, before: &[String], flag: &str) -> Vec<String> {
    let before = before.get(..before.len().saturating_sub(1)).unwrap_or_default();
    match flag {
        "namespace" => with_ctx(from, before, |ctx| names_of(ctx, "namespaces")).unwrap_or_default(),
        _ => {
            let row = VALUES.iter().find(|(name, _)| *name == flag);
            row.map(|(_, words)| words.iter().map(|&word| word.to_owned()).collect()).unwrap_or_default()
        }
    }
}

fn arguments(from: &Proc, before: &[String], word: &str) -> Vec<String> {
    let (verb, _, rest) = resolve(before);
    let args = rest.iter().filter(|word| !word.starts_with('-')).count();
    if !verb.children.is_empty() && args == 0 {
        return verb.children.iter().map(|child| child.name.to_owned()).collect();
    }
    let asked = with_ctx(from, before, |ctx| match verb.complete {
        Complete::Nothing | Complete::Containers => None,
        Complete::Words(words) => Some(words.iter().map(|&word| word.to_owned()).collect()),
        Complete::Types => types(ctx),
        Complete::Pods => names_of(ctx, "pods"),
        Complete::Nodes => names_of(ctx, "nodes"),
        Complete::TypeThenNames => type_then_names(ctx, word),
        Complete::Contexts => ctx.config().ok().map(|config| config.contexts.keys().cloned().collect()),
        Complete::Clusters => ctx.config().ok().map(|config| config.clusters.keys().cloned().collect()),
        Complete::Users => ctx.config().ok().map(|config| config.users.keys().cloned().collect()),
    });
    asked.unwrap_or_default()
}

/// Runs `ask` with a connection as the command so far would have it.
fn with_ctx<T>(from: &Proc, before: &[String], ask: impl FnOnce(&mut Ctx<'_>) -> Option<T>) -> Option<T> {
    let mut proc = Proc::new(&from.lab, from.place.clone(), &["kubectl"]);
    proc.env.clone_from(&from.env);
    proc.cwd.clone_from(&from.cwd);
    proc.user.clone_from(&from.user);
    // Required flags and the like may be missing yet: an unfinished command completes as `get` does.
    let words: Vec<String> = ["get".to_owned()].into_iter().chain(namespace_of(before)).collect();
    let (_, _, rest) = resolve(before);
    let mut ctx = start(&mut proc, &words).ok().flatten()?;
    ctx.args = rest.into_iter().filter(|word| !word.starts_with('-')).collect();
    ask(&mut ctx)
}

/// The namespace flag of a command, if it has one.
fn namespace_of(before: &[String]) -> Option<String> {
    let mut words = before.iter();
    while let Some(word) = words.next() {
        if word == "-n" || word == "--namespace" {
            return words.next().map(|name| format!("--namespace={name}"));
        }
        if let Some(name) = word.strip_prefix("--namespace=").or_else(|| word.strip_prefix("-n")) {
            return Some(format!("--namespace={name}"));
        }
    }
    None
}

fn types(ctx: &mut Ctx<'_>) -> Option<Vec<String>> {
    let mapper = ctx.mapper().ok()?;
    Some(mapper.preferred().iter().map(|one| one.qualified()).collect())
}

fn type_then_names(ctx: &mut Ctx<'_>, word: &str) -> Option<Vec<String>> {
    if let Some((kind, _)) = word.split_once('/') {
        let names = names_of(ctx, kind)?;
        return Some(names.into_iter().map(|name| format!("{kind}/{name}")).collect());
    }
    match ctx.args.first().cloned() {
        Some(kind) if !kind.contains('/') => names_of(ctx, &kind),
        _ => types(ctx),
    }
}

/// The names of all objects of a type in the command's namespace.
fn names_of(ctx: &mut Ctx<'_>, word: &str) -> Option<Vec<String>> {
    let mapping: Mapping = ctx.mapper().ok()?.find(word)?.clone();
    let namespace = if mapping.namespaced { ctx.namespace().ok()?.name } else { String::new() };
    let list = ctx.object(Call::get(mapping.path(&namespace))).ok()?;
    Some(object::list(&list, "/items").iter().map(|item| object::name(item).to_owned()).collect())
}
