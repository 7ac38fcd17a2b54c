//! PodSecurity: the Pod Security Standards, by the labels of the namespace.
//!
//! Sentences of k8s.io/pod-security-admission.

mod checks;

use super::{Call, Object, Status, forbidden};
use crate::apimachinery::field::{self, Path};
use crate::apimachinery::json::Value;
use crate::apimachinery::object;

/// How much a namespace allows, from most to least.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    #[default]
    Privileged,
    Baseline,
    Restricted,
}

impl Level {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "privileged" => Some(Self::Privileged),
            "baseline" => Some(Self::Baseline),
            "restricted" => Some(Self::Restricted),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Privileged => "privileged",
            Self::Baseline => "baseline",
            Self::Restricted => "restricted",
        }
    }
}

/// Level and `level:version` of one mode.
fn mode(namespace: &Value, mode: &str) -> (Level, String) {
    let label =
        |suffix: &str| object::label(namespace, &format!("pod-security.kubernetes.io/{mode}{suffix}"));
    let level = label("").map_or(Level::Privileged, |it| Level::parse(it).unwrap_or(Level::Restricted));
    (level, format!("{}:{}", level.name(), label("-version").unwrap_or("latest")))
}

/// The minor version in `level:version`; the latest is the greatest.
fn minor(text: &str) -> u32 {
    text.split_once(":v1.").and_then(|it| it.1.parse().ok()).unwrap_or(u32::MAX)
}

/// Where kinds that make pods keep the template.
const TEMPLATES: &[(&str, &str)] = &[
    ("cronjobs.batch", "/spec/jobTemplate/spec/template"),
    ("daemonsets.apps", "/spec/template"),
    ("deployments.apps", "/spec/template"),
    ("jobs.batch", "/spec/template"),
    ("podtemplates", "/template"),
    ("replicasets.apps", "/spec/template"),
    ("replicationcontrollers", "/spec/template"),
    ("statefulsets.apps", "/spec/template"),
];

/// Refuses pods that break the enforced level; warns of pods and templates that break the other.
pub(super) fn validate(call: &mut Call<'_>, object: &Value, old: Option<&Object>) -> Result<(), Status> {
    let storage = call.resource.storage.clone();
    if &*storage == "namespaces" {
        check_labels(call, object, old)?;
        warn_of_existing(call, object, old);
        return Ok(());
    }
    let Some(namespace) = call.store().find("namespaces", "", &call.namespace).cloned() else {
        return Ok(());
    };
    if !call.resource.namespaced || object::at(&namespace, "/metadata/labels").is_none() {
        return Ok(());
    }
    if &*storage == "pods" {
        return validate_pod(call, &namespace, object, old);
    }
    let Some((_, pointer)) = TEMPLATES.iter().find(|(it, _)| *it == &*storage) else { return Ok(()) };
    let Some(template) = object.pointer(pointer).filter(|_| call.subresource.is_empty()) else {
        return Ok(());
    };
    if old.is_some_and(|old| old.pointer(pointer) == Some(template)) {
        return Ok(());
    }
    note_violations(call, &namespace, template);
    // A template is held against the enforced level too, but only with a warning.
    let (enforced, warned) = (mode(&namespace, "enforce"), mode(&namespace, "warn"));
    let (level, text) = if has_label(&namespace, "warn") { warned } else { enforced };
    warn(call, template, level, &text);
    Ok(())
}

fn has_label(namespace: &Value, mode: &str) -> bool {
    object::label(namespace, &format!("pod-security.kubernetes.io/{mode}")).is_some()
}

fn warn(call: &mut Call<'_>, pod: &Value, level: Level, text: &str) {
    let faults = checks::faults(pod, level, minor(text));
    if !faults.is_empty() {
        call.warn(format!("would violate PodSecurity {text:?}: {}", joined(&faults)));
    }
}

/// The audit log is told what breaks the level of the mode `audit`.
fn note_violations(call: &mut Call<'_>, namespace: &Value, pod: &Value) {
    let (level, text) = mode(namespace, "audit");
    let faults = checks::faults(pod, level, minor(&text));
    if !faults.is_empty() {
        let sentence = format!("would violate PodSecurity {text:?}: {}", joined(&faults));
        call.note("pod-security.kubernetes.io/audit-violations", sentence);
    }
}

fn joined(faults: &[checks::Fault]) -> String {
    let parts: Vec<String> = faults.iter().map(|it| format!("{} ({})", it.reason, it.detail)).collect();
    parts.join(", ")
}

fn validate_pod(
    call: &mut Call<'_>,
    namespace: &Value,
    pod: &Value,
    old: Option<&Object>,
) -> Result<(), Status> {
    let relevant = match call.subresource.as_str() {
        "" => old.is_none_or(|old| is_significant(old, pod)),
        "ephemeralcontainers" => true,
        _ => false,
    };
    if !relevant {
        return Ok(());
    }
    note_violations(call, namespace, pod);
    let (level, text) = mode(namespace, "enforce");
    call.note("pod-security.kubernetes.io/enforce-policy", text.clone());
    let faults = checks::faults(pod, level, minor(&text));
    if !faults.is_empty() {
        let why = format!("violates PodSecurity {text:?}: {}", joined(&faults));
        return Err(forbidden(call, pod, &why));
    }
    let (level, text) = mode(namespace, "warn");
    if level != Level::Privileged {
        warn(call, pod, level, &text);
    }
    Ok(())
}

/// Of what an update of a pod may change, images alone count.
fn is_significant(old: &Value, new: &Value) -> bool {
    let images = |pod: &Value| -> Vec<String> {
        let all = super::containers(pod, "/spec").into_iter();
        all.map(|it| object::field(it, "image").to_owned()).collect()
    };
    images(old) != images(new)
}

/// Labels of a namespace must name levels and versions.
fn check_labels(call: &Call<'_>, namespace: &Value, old: Option<&Object>) -> Result<(), Status> {
    let path = Path::new("metadata").child("labels");
    let mut causes = Vec::new();
    for mode in ["enforce", "audit", "warn"] {
        for suffix in ["", "-version"] {
            let key = format!("pod-security.kubernetes.io/{mode}{suffix}");
            let Some(value) = object::label(namespace, &key) else { continue };
            if old.is_some_and(|old| object::label(old, &key) == Some(value)) {
                continue;
            }
            let detail = match suffix {
                "" if Level::parse(value).is_none() => "must be one of privileged, baseline, restricted",
                "-version" if !is_version(value) => "must be \"latest\" or \"v1.x\"",
                _ => continue,
            };
            causes.push(field::invalid(&path.key(&key), value, detail));
        }
    }
    if causes.is_empty() {
        return Ok(());
    }
    Err(Status::invalid(&call.resource.kind, "", object::name(namespace), causes))
}

fn is_version(text: &str) -> bool {
    text == "latest" || text.strip_prefix("v1.").is_some_and(|minor| minor.parse::<u32>().is_ok())
}

/// When a namespace gets stricter, tells which of its pods would not get in any more.
fn warn_of_existing(call: &mut Call<'_>, namespace: &Value, old: Option<&Object>) {
    let Some(old) = old.filter(|_| call.subresource.is_empty()) else { return };
    let ((before, old_text), (level, text)) = (mode(old, "enforce"), mode(namespace, "enforce"));
    let version = |text: &str| text.split_once(':').map_or("", |it| it.1).to_owned();
    let relaxed = version(&old_text) == version(&text) && level <= before;
    if level == Level::Privileged || relaxed {
        return;
    }
    let name = object::name(namespace).to_owned();
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    for pod in call.store().list("pods", &name) {
        let faults = checks::faults(pod, level, minor(&text));
        if faults.is_empty() {
            continue;
        }
        let reasons: Vec<&str> = faults.iter().map(|it| it.reason.as_str()).collect();
        let sentence = reasons.join(", ");
        match found.iter_mut().find(|(it, _)| *it == sentence) {
            Some((_, pods)) => pods.push(object::name(pod).to_owned()),
            None => found.push((sentence, vec![object::name(pod).to_owned()])),
        }
    }
    if found.is_empty() {
        return;
    }
    call.warn(format!(
        "existing pods in namespace {name:?} violate the new PodSecurity enforce level {text:?}"
    ));
    let mut told = Vec::new();
    for (sentence, pods) in found {
        let first = pods.first().cloned().unwrap_or_default();
        let others = match pods.len() {
            1 => String::new(),
            2 => " (and 1 other pod)".to_owned(),
            many => format!(" (and {} other pods)", many - 1),
        };
        told.push(format!("{first}{others}: {sentence}"));
    }
    told.sort();
    told.into_iter().for_each(|sentence| call.warn(sentence));
}
