//! Configuration files that kube-apiserver reads: audit policy and encryption configuration.

use base64::Engine as _;

use super::super::script::Start;
use crate::apimachinery::json::Value;
use crate::apimachinery::{object, yaml};

/// Levels of an audit policy's rules.
const LEVELS: [&str; 4] = ["None", "Metadata", "Request", "RequestResponse"];

/// What is wrong with the file behind `--audit-policy-file`.
pub(super) fn audit_policy(start: &Start<'_>, path: &str) -> Result<(), String> {
    let prefix = "loading audit policy file";
    let text =
        start.read(path).map_err(|why| format!("{prefix}: failed to read file path {path:?}: {why}"))?;
    let policy = yaml::documents(&text)
        .map_err(|why| format!("{prefix}: failed decoding: {why}: from file {path}"))?
        .into_iter()
        .next()
        .unwrap_or(Value::Null);
    if object::text(&policy, "/apiVersion") != "audit.k8s.io/v1" || object::text(&policy, "/kind") != "Policy"
    {
        return Err(format!(
            "{prefix}: failed decoding: no kind {:?} is registered for version {:?} in scheme \"pkg/audit/scheme.go:30\": from file {path}",
            object::text(&policy, "/kind"),
            object::text(&policy, "/apiVersion")
        ));
    }
    let rules = object::list(&policy, "/rules");
    if rules.is_empty() {
        return Err(format!("{prefix}: loaded illegal policy with 0 rules from file {path}"));
    }
    for (index, rule) in rules.iter().enumerate() {
        let level = object::field(rule, "level");
        if level.is_empty() {
            return Err(format!("{prefix}: rules[{index}].level: Required value: from file {path}"));
        }
        if !LEVELS.contains(&level) {
            let known: Vec<String> = LEVELS.iter().map(|it| format!("{it:?}")).collect();
            return Err(format!(
                "{prefix}: rules[{index}].level: Unsupported value: {level:?}: supported values: {}: from file {path}",
                known.join(", ")
            ));
        }
    }
    Ok(())
}

/// Fields of an entry of `resources` in an encryption configuration.
const RESOURCE_FIELDS: &[&str] = &["resources", "providers"];

/// Providers with a list of keys, and how long these may be, in bytes.
const KEYED: &[(&str, &[usize])] =
    &[("aescbc", &[16, 24, 32]), ("aesgcm", &[16, 24, 32]), ("secretbox", &[32])];

/// What is wrong with the file behind `--encryption-provider-config`.
pub(super) fn encryption(start: &Start<'_>, path: &str) -> Result<(), String> {
    let text = start.read(path).map_err(|why| {
        format!("error while parsing file: error while loading file: error reading encryption provider configuration file {path:?}: {why}")
    })?;
    let wrong = |why: &str| {
        Err(format!(
            "error while parsing file: error decoding encryption provider configuration file {path:?}: {why}"
        ))
    };
    let config = match yaml::documents(&text) {
        Ok(documents) => documents.into_iter().next().unwrap_or(Value::Null),
        Err(why) => return wrong(&why),
    };
    if let Some(unknown) = unknown_field(&config) {
        return wrong(&format!("strict decoding error: unknown field {unknown:?}"));
    }
    for (at, resource) in object::list(&config, "/resources").iter().enumerate() {
        for (number, provider) in object::list(resource, "/providers").iter().enumerate() {
            provider_keys(provider).map_err(|why| {
                format!("error while parsing file: resources[{at}].providers[{number}].{why}")
            })?;
        }
    }
    Ok(())
}

fn unknown_field(config: &Value) -> Option<String> {
    let names = |value: &Value| {
        value.as_object().map(|it| it.keys().map(ToString::to_string).collect::<Vec<_>>()).unwrap_or_default()
    };
    let top =
        names(config).into_iter().find(|it| !["apiVersion", "kind", "resources"].contains(&it.as_str()));
    top.or_else(|| {
        object::list(config, "/resources").iter().enumerate().find_map(|(at, resource)| {
            let unknown = names(resource).into_iter().find(|it| !RESOURCE_FIELDS.contains(&it.as_str()))?;
            Some(format!("resources[{at}].{unknown}"))
        })
    })
}

fn provider_keys(provider: &Value) -> Result<(), String> {
    for (name, lengths) in KEYED {
        for (index, key) in object::list(provider, &format!("/{name}/keys")).iter().enumerate() {
            let at = format!("{name}.keys[{index}].secret: Invalid value: \"REDACTED\": secret is not");
            let secret = base64::engine::general_purpose::STANDARD.decode(object::field(key, "secret"));
            let Ok(secret) = secret else { return Err(format!("{at} base64 encoded")) };
            if !lengths.contains(&secret.len()) {
                let known: Vec<String> = lengths.iter().map(ToString::to_string).collect();
                return Err(format!(
                    "{at} of the expected length, got {}, expected one of [{}]",
                    secret.len(),
                    known.join(" ")
                ));
            }
        }
    }
    Ok(())
}
