//! Going through the objects that are meant, one after the other.

use std::sync::Arc;

use super::super::client::Call;
use super::super::{Ctx, Done, Failure, Mapping};
use super::{Builder, Target, Targets, decode, files};
use crate::apimachinery::json::Value;
use crate::apimachinery::object::{self, list, text};
use crate::apimachinery::selector::LabelSelector;
use crate::cluster::Object;

/// One object, or one list or Table of objects, with its type.
#[derive(Clone, Debug)]
pub(crate) struct Info {
    /// `None` when the server is not asked.
    pub(crate) mapping: Option<Mapping>,
    /// Empty for objects outside of namespaces and for lists over all.
    pub(crate) namespace: String,
    /// Empty for lists.
    pub(crate) name: String,
    /// Null when not fetched.
    pub(crate) object: Object,
    /// The file that it comes from; empty for others.
    pub(crate) source: String,
}

impl Info {
    /// The path of the object.
    pub(crate) fn path(&self) -> String {
        self.mapping.as_ref().map(|mapping| mapping.item(&self.namespace, &self.name)).unwrap_or_default()
    }

    /// The type's words in front of the name: `deployment.apps/web`.
    pub(crate) fn display(&self) -> String {
        match &self.mapping {
            Some(mapping) => format!("{}/{}", mapping.lower_kind(), self.name),
            None => {
                let gvk = object::Gvk::of(&self.object);
                let kind = gvk.kind.to_lowercase();
                let kind = if gvk.group.is_empty() { kind } else { format!("{kind}.{}", gvk.group) };
                format!("{kind}/{}", self.name)
            }
        }
    }

    /// The plural with group: `deployments.apps`.
    pub(crate) fn qualified(&self) -> String {
        self.mapping.as_ref().map(Mapping::qualified).unwrap_or_default()
    }

    /// Takes what the server answered.
    pub(crate) fn refresh(&mut self, object: Object) {
        if !object::name(&object).is_empty() {
            self.name = object::name(&object).to_owned();
            self.namespace = object::namespace(&object).to_owned();
        }
        self.object = object;
    }
}

/// What a visit does with each object.
pub(crate) type Act<'a> = dyn FnMut(&mut Ctx<'_>, Info) -> Done + 'a;

impl Targets {
    /// Fetches and hands each object to `act`; failures are collected when the builder says so.
    ///
    /// # Errors
    /// The failures of reading, fetching and of `act`.
    pub(crate) fn visit(self, ctx: &mut Ctx<'_>, act: &mut Act<'_>) -> Done {
        let Self { builder, items, .. } = self;
        let mut failures = Vec::new();
        for item in items {
            let mut one = |ctx: &mut Ctx<'_>, found: Result<Info, Failure>| {
                let done = found.and_then(|info| prepare(ctx, &builder, info)).and_then(|infos| {
                    let mut failures = Vec::new();
                    for info in infos {
                        match info.and_then(|info| act(ctx, info)) {
                            Err(failure) if builder.continue_on_error => failures.push(failure),
                            other => other?,
                        }
                    }
                    Failure::all(failures)
                });
                match done {
                    Err(failure) if builder.continue_on_error => {
                        match failure {
                            Failure::Many(many) => failures.extend(many),
                            one => failures.push(one),
                        }
                        Ok(())
                    }
                    other => other,
                }
            };
            each(ctx, &builder, item, &mut one)?;
        }
        Failure::all(failures)
    }

    /// All objects, and what failed.
    pub(crate) fn infos(self, ctx: &mut Ctx<'_>) -> (Vec<Info>, Vec<Failure>) {
        let mut infos = Vec::new();
        let done = self.visit(ctx, &mut |_, info| {
            infos.push(info);
            Ok(())
        });
        let failures = match done {
            Ok(()) => Vec::new(),
            Err(Failure::Many(many)) => many,
            Err(one) => vec![one],
        };
        (infos, failures)
    }

    /// All objects; the failures as one.
    ///
    /// # Errors
    /// Any failure.
    pub(crate) fn all(self, ctx: &mut Ctx<'_>) -> Result<Vec<Info>, Failure> {
        let (infos, failures) = self.infos(ctx);
        Failure::all(failures).map(|()| infos)
    }
}

type One<'a> = dyn FnMut(&mut Ctx<'_>, Result<Info, Failure>) -> Done + 'a;

fn each(ctx: &mut Ctx<'_>, builder: &Builder, item: Target, one: &mut One<'_>) -> Done {
    match item {
        Target::Named { mapping, namespace, name } => {
            let info = Info {
                mapping: Some(mapping),
                namespace,
                name,
                object: Value::Null.into(),
                source: String::new(),
            };
            one(ctx, Ok(info))
        }
        Target::Listed { mapping, namespace } => listed(ctx, builder, &mapping, &namespace, one),
        Target::Files => {
            let (sources, _) = files::read_sources(ctx, builder);
            for source in sources {
                match source {
                    Err(failure) => one(ctx, Err(failure))?,
                    Ok(source) => {
                        for info in decode::decode(ctx, builder, &source) {
                            one(ctx, info)?;
                        }
                    }
                }
            }
            Ok(())
        }
    }
}

/// One request a chunk; each answer is an [`Info`].
fn listed(
    ctx: &mut Ctx<'_>,
    builder: &Builder,
    mapping: &Mapping,
    namespace: &str,
    one: &mut One<'_>,
) -> Done {
    let mut next = String::new();
    loop {
        let mut call = call(builder, mapping.path(namespace))
            .query("fieldSelector", builder.field_selector.clone().unwrap_or_default())
            .query("labelSelector", builder.label_selector.clone().unwrap_or_default());
        if builder.chunk > 0 {
            call = call.query("limit", builder.chunk.to_string());
        }
        call = call.query("continue", next.as_str());
        let answer = ctx.object(call).map_err(|failure| unlistable(failure, builder, mapping));
        next = answer.as_ref().map_or("", |object| text(object, "/metadata/continue")).to_owned();
        let info = answer.map(|object| Info {
            mapping: Some(mapping.clone()),
            namespace: namespace.to_owned(),
            name: String::new(),
            object,
            source: String::new(),
        });
        one(ctx, info)?;
        if next.is_empty() {
            return Ok(());
        }
    }
}

fn call(builder: &Builder, path: String) -> Call {
    let mut call = Call::get(path);
    if !builder.accept.is_empty() {
        call = call.accept(builder.accept);
    }
    call.query.extend(builder.query.iter().cloned());
    call
}

fn unlistable(failure: Failure, builder: &Builder, mapping: &Mapping) -> Failure {
    if !matches!(failure.reason(), "BadRequest" | "NotFound") {
        return failure;
    }
    let selector = |one: &Option<String>| one.clone().unwrap_or_default();
    let (labels, fields) = (selector(&builder.label_selector), selector(&builder.field_selector));
    let what = mapping.resource_text();
    failure.prefixed(&if labels.is_empty() && fields.is_empty() {
        format!("Unable to list {what:?}: ")
    } else {
        format!("Unable to find {what:?} that match label selector {labels:?}, field selector {fields:?}: ")
    })
}

/// Brings one found thing into the form that verbs want: lists apart, namespaces set, fetched.
fn prepare(ctx: &mut Ctx<'_>, builder: &Builder, info: Info) -> Result<Vec<Result<Info, Failure>>, Failure> {
    let parts = if builder.flatten { flatten(ctx, info, builder.local) } else { vec![Ok(info)] };
    let selector = match &builder.label_selector {
        Some(text) if !builder.no_files() && !text.is_empty() => {
            Some(LabelSelector::parse(text).map_err(|why| {
                Failure::error(format!("the provided selector {text:?} is not valid: {why}"))
            })?)
        }
        _ => None,
    };
    Ok(parts
        .into_iter()
        .filter(|part| match (&selector, part) {
            (Some(selector), Ok(info)) => {
                selector.matches(info.object.pointer("/metadata/labels").unwrap_or(&Value::Null))
            }
            _ => true,
        })
        .map(|part| {
            let info = set_namespace(builder, part?)?;
            fetch(ctx, builder, info)
        })
        .collect())
}

/// A list as its items, each with its own type; anything else as itself.
pub(crate) fn flatten(ctx: &mut Ctx<'_>, info: Info, local: bool) -> Vec<Result<Info, Failure>> {
    if !info.object.get("items").is_some_and(Value::is_array) {
        return vec![Ok(info)];
    }
    let kind = text(&info.object, "/kind").strip_suffix("List").unwrap_or("").to_owned();
    let version = text(&info.object, "/apiVersion").to_owned();
    let mut parts = Vec::new();
    for item in list(&info.object, "/items") {
        let mut item = item.clone();
        if !kind.is_empty() {
            object::set_default(&mut item, &["kind"], kind.as_str());
            object::set_default(&mut item, &["apiVersion"], version.as_str());
        }
        let mapping = match &info.mapping {
            Some(mapping) if mapping.kind == text(&item, "/kind") => Ok(Some(mapping.clone())),
            _ if local => Ok(None),
            // One failure out of a list is still a list of failures to the printer.
            _ => ctx.type_of(&item).map(Some).map_err(|failure| {
                match failure.prefixed("unable to recognize ") {
                    Failure::Error(sentence) => Failure::Plain(sentence),
                    other => other,
                }
            }),
        };
        parts.push(mapping.map(|mapping| Info {
            mapping,
            namespace: object::namespace(&item).to_owned(),
            name: object::name(&item).to_owned(),
            object: Arc::new(item),
            source: info.source.clone(),
        }));
    }
    parts
}

fn set_namespace(builder: &Builder, mut info: Info) -> Result<Info, Failure> {
    // Without the server nobody knows whether the type lives in namespaces: it does when the manifest names one.
    let named = !info.namespace.is_empty();
    let namespaced = info.mapping.as_ref().map_or(named, |mapping| mapping.namespaced);
    if !namespaced {
        info.namespace.clear();
        if !object::namespace(&info.object).is_empty() {
            object::remove(Arc::make_mut(&mut info.object), &["metadata", "namespace"]);
        }
        return Ok(info);
    }
    let Some(namespace) = &builder.namespace else { return Ok(info) };
    // A list or Table over namespaces has none of its own, and objects keep theirs.
    if info.name.is_empty() && info.source.is_empty() {
        return Ok(info);
    }
    if info.namespace.is_empty() && !builder.all_namespaces {
        info.namespace.clone_from(&namespace.name);
        if info.object.is_object() {
            object::set(Arc::make_mut(&mut info.object), &["metadata", "namespace"], namespace.name.as_str());
        }
    } else if namespace.explicit
        && !builder.all_namespaces
        && info.namespace != namespace.name
        && !info.source.is_empty()
    {
        let theirs = &info.namespace;
        return Err(Failure::error(format!(
            "the namespace from the provided object {theirs:?} does not match the namespace {:?}. You must pass '--namespace={theirs}' to perform this operation.",
            namespace.name
        )));
    }
    Ok(info)
}

fn fetch(ctx: &mut Ctx<'_>, builder: &Builder, mut info: Info) -> Result<Info, Failure> {
    let from_file = !info.source.is_empty();
    let wanted = if from_file { builder.latest } else { info.object.is_null() && !builder.unfetched };
    if !wanted || builder.local || info.name.is_empty() && !from_file {
        return Ok(info);
    }
    let mut path = info.path();
    if !builder.subresource.is_empty() {
        path = format!("{path}/{}", builder.subresource);
    }
    match ctx.object(call(builder, path)) {
        Ok(object) => {
            info.object = object;
            Ok(info)
        }
        Err(failure) => Err(missing_namespace(ctx, &info.namespace, failure)),
    }
}

/// An object that is not found in a namespace that is not there either is told as the missing namespace.
fn missing_namespace(ctx: &mut Ctx<'_>, namespace: &str, failure: Failure) -> Failure {
    if !failure.is_not_found() || matches!(namespace, "" | "default") {
        return failure;
    }
    match ctx.get_object(format!("/api/v1/namespaces/{namespace}")) {
        Err(other) if other.is_not_found() => other,
        _ => failure,
    }
}
