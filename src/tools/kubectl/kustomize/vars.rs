//! `vars`: names for values of objects, put in where `$(NAME)` stands.

use super::super::{Ctx, Failure};
use super::fields::{self, Make, Spec};
use super::paths;
use super::resource::{Id, Resource, gvk_text};
use crate::apimachinery::json::Value;
use crate::apimachinery::object::{self, Gvk, field};

/// One variable.
#[derive(Clone, Debug)]
pub(super) struct Var {
    name: String,
    target: Id,
    /// As it was written; empty for the name.
    path: String,
}

impl Var {
    fn of(tree: &Value) -> Self {
        let target = tree.get("objref").cloned().unwrap_or_default();
        let mut gvk = Gvk::new(field(&target, "group"), field(&target, "version"), field(&target, "kind"));
        if !field(&target, "apiVersion").is_empty() {
            let (group, version) = object::split_api_version(field(&target, "apiVersion"));
            gvk = Gvk::new(group, version, &gvk.kind);
        }
        let path = ["/fieldref/fieldpath", "/fieldref/fieldPath"].map(|it| object::text(tree, it));
        Self {
            name: field(tree, "name").to_owned(),
            target: Id {
                gvk,
                name: field(&target, "name").to_owned(),
                namespace: field(&target, "namespace").to_owned(),
            },
            path: path.into_iter().find(|it| !it.is_empty()).unwrap_or("").to_owned(),
        }
    }

    fn path(&self) -> &str {
        if self.path.is_empty() { "metadata.name" } else { &self.path }
    }

    /// As Go prints it.
    fn shown(&self) -> String {
        format!("{{{} {} {{{}}}}}", self.name, gvk_text(&self.target.gvk), self.path())
    }
}

/// As Go prints one that was not looked at yet.
fn raw(tree: &Value) -> String {
    let var = Var::of(tree);
    let target = tree.get("objref").cloned().unwrap_or_default();
    let gvk = Gvk::new(field(&target, "group"), field(&target, "version"), field(&target, "kind"));
    format!("{{{} {} {{{}}}}}", var.name, gvk_text(&gvk), var.path)
}

/// Adds the variables of one kustomization to those of the ones below it.
///
/// # Errors
/// A name that is there already, or that fits several objects.
pub(super) fn declare(
    written: &[Value],
    known: &mut Vec<Var>,
    resources: &mut [Resource],
) -> Result<(), Failure> {
    let result = written.iter().map(Var::of).try_for_each(|var| declare_one(var, known, resources));
    result.map_err(|why| {
        let all: Vec<String> = written.iter().map(raw).collect();
        Failure::error(format!("merging vars [{}]: {why}", all.join(" ")))
    })
}

fn declare_one(var: Var, known: &mut Vec<Var>, resources: &mut [Resource]) -> Result<(), String> {
    let exact = !var.target.namespace.is_empty() || super::resource::is_cluster_scoped(&var.target.gvk);
    let is = |id: &Id| if exact { var.target.equals(id) } else { var.target.same_name(id) };
    let mut found: Vec<&mut Resource> = resources.iter_mut().filter(|it| it.ids().iter().any(is)).collect();
    if found.len() > 1 {
        return Err(format!(
            "found {} resId matches for var {} (unable to disambiguate)",
            found.len(),
            var.shown()
        ));
    }
    if let Some(one) = found.first_mut() {
        one.variables.push(var.name.clone());
    }
    add(known, var)
}

/// # Errors
/// The name is there already.
pub(super) fn add(known: &mut Vec<Var>, var: Var) -> Result<(), String> {
    if known.iter().any(|it| it.name == var.name) {
        return Err(format!("var '{}' already encountered", var.name));
    }
    known.push(var);
    Ok(())
}

/// Puts the values in.
///
/// # Errors
/// A variable that has none.
pub(super) fn resolve(
    ctx: &mut Ctx<'_>,
    vars: &[Var],
    specs: &[Spec],
    resources: &mut [Resource],
) -> Result<(), Failure> {
    let mut vars: Vec<&Var> = vars.iter().collect();
    vars.sort_by(|a, b| a.name.cmp(&b.name));
    let mut values = Vec::new();
    for var in vars {
        values.push((var.name.clone(), value(var, resources).map_err(Failure::error)?, false));
    }
    if values.is_empty() {
        return Ok(());
    }
    for resource in resources {
        for spec in specs {
            fields::change(&mut resource.tree, spec, Make::Nothing, &mut |found| {
                expand_in(found, &mut values);
                Ok(())
            })
            .map_err(Failure::error)?;
        }
    }
    let unused: Vec<&str> = values.iter().filter(|it| !it.2).map(|it| it.0.as_str()).collect();
    if !unused.is_empty() {
        let line = format!("well-defined vars that were never replaced: {}", unused.join(","));
        ctx.klog('I', "log.go:244", &line);
    }
    Ok(())
}

fn value(var: &Var, resources: &[Resource]) -> Result<Value, String> {
    let Some(one) = resources.iter().find(|it| it.variables.contains(&var.name)) else {
        let shown = var.shown();
        return Err(format!("var '{shown}' cannot be mapped to a field in the set of known resources"));
    };
    let path = paths::with_indices(paths::parts(var.path()));
    match paths::look_up(&one.tree, &path) {
        Ok(Some(value)) => Ok(value.clone()),
        _ => Err(format!("field specified in var '{}' not found in corresponding resource", var.shown())),
    }
}

/// Names with their values, and whether they were used.
type Values = Vec<(String, Value, bool)>;

fn expand_in(found: &mut Value, values: &mut Values) {
    match found {
        Value::String(text) => *found = expand(text, values),
        Value::Array(items) => {
            items.iter_mut().filter(|it| it.is_string()).for_each(|it| expand_in(it, values))
        }
        Value::Object(map) => {
            map.values_mut().filter(|it| it.is_string()).for_each(|it| expand_in(it, values))
        }
        _ => {}
    }
}

/// `$(NAME)` becomes the value, `$$` becomes `$`. A text that is one name takes the type of the value.
fn expand(text: &str, values: &mut Values) -> Value {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        if let Some(escaped) = after.strip_prefix('$') {
            out.push('$');
            rest = escaped;
        } else if let Some((name, tail)) = after.strip_prefix('(').and_then(|it| it.split_once(')')) {
            match values.iter_mut().find(|it| it.0 == name && !it.1.is_object() && !it.1.is_array()) {
                Some((_, value, used)) => {
                    *used = true;
                    if text.len() == name.len() + 3 {
                        return value.clone();
                    }
                    out.push_str(&paths::scalar(value));
                }
                None => out.push_str(&format!("$({name})")),
            }
            rest = tail;
        } else {
            out.push('$');
            rest = after;
        }
    }
    out.push_str(rest);
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::json::json;

    #[test]
    fn names_become_values() {
        let mut values = vec![("A".to_owned(), json!("x"), false), ("N".to_owned(), json!(80), false)];
        for (text, want) in [
            ("$(A)-$(N)", json!("x-80")),
            ("$(N)", json!(80)),
            ("$$(A) $(B) $ $(", json!("$(A) $(B) $ $(")),
            ("plain", json!("plain")),
        ] {
            assert_eq!(expand(text, &mut values), want, "{text}");
        }
    }
}
