//! Generators for namespaces, service accounts, quotas, disruption budgets and priority classes.

use super::super::{Ctx, Failure, PLAIN, Run, Verb};
use super::generate::{self, Generator};
use crate::apimachinery::json::{Map, Value, json};
use crate::apimachinery::quantity::Quantity;
use crate::apimachinery::selector::LabelSelector;

pub(super) static NAMESPACE: Verb = Verb {
    name: "namespace",
    aliases: &["ns"],
    summary: "Create a namespace with the specified name",
    examples: "kubectl create namespace dev",
    run: Run::Now(|ctx| {
        let make = |_: &mut Ctx<'_>, name: &str| {
            Ok(
                json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}, "spec": {}, "status": {}}),
            )
        };
        generate::run(ctx, &Generator { make, failed: "", namespaced: false, named: true })
    }),
    ..PLAIN
};

pub(super) static SERVICEACCOUNT: Verb = Verb {
    name: "serviceaccount",
    aliases: &["sa"],
    summary: "Create a service account with the specified name",
    examples: "kubectl create serviceaccount app",
    run: Run::Now(|ctx| {
        let make = |_: &mut Ctx<'_>, name: &str| {
            Ok(json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}}))
        };
        generate::run(
            ctx,
            &Generator { make, failed: "failed to create serviceaccount: ", namespaced: true, named: true },
        )
    }),
    ..PLAIN
};

pub(super) static QUOTA: Verb = Verb {
    name: "quota",
    aliases: &["resourcequota"],
    summary: "Create a quota with the specified name",
    examples: "kubectl create quota small --hard=pods=10,requests.cpu=2,requests.memory=4Gi",
    run: Run::Now(|ctx| {
        generate::run(
            ctx,
            &Generator { make: quota, failed: "failed to create quota: ", namespaced: true, named: true },
        )
    }),
    ..PLAIN
};

pub(super) static PDB: Verb = Verb {
    name: "poddisruptionbudget",
    aliases: &["pdb"],
    summary: "Create a pod disruption budget with the specified name",
    examples: "kubectl create poddisruptionbudget web --selector=app=web --min-available=1",
    run: Run::Now(|ctx| {
        let failed = "failed to create poddisruptionbudgets: ";
        generate::run(ctx, &Generator { make: budget, failed, namespaced: true, named: true })
    }),
    ..PLAIN
};

pub(super) static PRIORITYCLASS: Verb = Verb {
    name: "priorityclass",
    aliases: &["pc"],
    summary: "Create a priority class with the specified name",
    examples: "kubectl create priorityclass high --value=100000 --description='for what must run'",
    run: Run::Now(|ctx| {
        let failed = "failed to create priorityclass: ";
        generate::run(ctx, &Generator { make: priority_class, failed, namespaced: false, named: false })
    }),
    ..PLAIN
};

fn quota(ctx: &mut Ctx<'_>, name: &str) -> Result<Value, Failure> {
    let (hard, scopes) = (ctx.flags.text("hard"), ctx.flags.text("scopes"));
    let mut spec = json!({});
    if !hard.is_empty() {
        spec["hard"] = resource_list(hard)?.into();
    }
    if !scopes.is_empty() {
        let scopes: Vec<&str> = scopes.split(',').collect();
        if scopes.contains(&"") {
            return Err(Failure::error("invalid resource quota scope \"\""));
        }
        spec["scopes"] = json!(scopes);
    }
    Ok(
        json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": name}, "spec": spec, "status": {}}),
    )
}

/// `cpu=1,memory=1Gi` as a map of canonical quantities.
///
/// # Errors
/// A pair that is none, or a bad quantity.
pub(crate) fn resource_list(text: &str) -> Result<Map, Failure> {
    let mut all = Map::new();
    for pair in text.split(',') {
        match pair.split('=').collect::<Vec<_>>().as_slice() {
            [resource, amount] => {
                let amount = Quantity::parse(amount).map_err(Failure::error)?;
                all.insert((*resource).into(), amount.to_string().into());
            }
            _ => {
                return Err(Failure::error(format!(
                    "Invalid argument syntax {pair}, expected <resource>=<value>"
                )));
            }
        }
    }
    Ok(all)
}

fn budget(ctx: &mut Ctx<'_>, name: &str) -> Result<Value, Failure> {
    let flags = &ctx.flags;
    let (selector, min, max) =
        (flags.text("selector"), flags.text("min-available"), flags.text("max-unavailable"));
    let wrong = if selector.is_empty() {
        "a selector must be specified"
    } else if min.is_empty() && max.is_empty() {
        "one of min-available or max-unavailable must be specified"
    } else if !min.is_empty() && !max.is_empty() {
        "min-available and max-unavailable cannot be both specified"
    } else if !min.is_empty() && !is_amount(min) {
        "invalid format specified for min-available"
    } else if !max.is_empty() && !is_amount(max) {
        "invalid format specified for max-unavailable"
    } else {
        let (field, amount) = if min.is_empty() { ("maxUnavailable", max) } else { ("minAvailable", min) };
        let amount = amount.parse::<i64>().map_or_else(|_| Value::from(amount), Value::from);
        let mut spec = json!({"selector": selector_object(selector)?});
        spec[field] = amount;
        return Ok(json!({
            "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": name}, "spec": spec,
            "status": {"currentHealthy": 0, "desiredHealthy": 0, "disruptionsAllowed": 0, "expectedPods": 0},
        }));
    };
    Err(Failure::error(wrong))
}

/// A number, with or without `%`.
fn is_amount(text: &str) -> bool {
    let digits = text.strip_suffix('%').unwrap_or(text);
    !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit())
}

/// `a=b,c in (d,e)` as a LabelSelector object.
///
/// # Errors
/// The sentence of the selector's parser.
pub(crate) fn selector_object(text: &str) -> Result<Value, Failure> {
    LabelSelector::parse(text)
        .map_err(|why| Failure::error(format!("couldn't parse the selector string {text:?}: {why}")))?;
    let (mut labels, mut expressions) = (Map::new(), Vec::new());
    for part in split_requirements(text) {
        let part = part.trim();
        if let Some((key, values)) = part.split_once(" in ").or_else(|| part.split_once(" notin ")) {
            let operator = if part.contains(" notin ") { "NotIn" } else { "In" };
            let values: Vec<&str> =
                values.trim().trim_matches(['(', ')']).split(',').map(str::trim).collect();
            expressions.push(json!({"key": key.trim(), "operator": operator, "values": values}));
        } else if let Some((key, value)) = part.split_once("!=") {
            expressions.push(json!({"key": key.trim(), "operator": "NotIn", "values": [value.trim()]}));
        } else if let Some((key, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
            labels.insert(key.trim().into(), value.trim().into());
        } else if let Some(key) = part.strip_prefix('!') {
            expressions.push(json!({"key": key.trim(), "operator": "DoesNotExist"}));
        } else {
            expressions.push(json!({"key": part, "operator": "Exists"}));
        }
    }
    let mut selector = json!({});
    if !labels.is_empty() {
        selector["matchLabels"] = labels.into();
    }
    if !expressions.is_empty() {
        selector["matchExpressions"] = expressions.into();
    }
    Ok(selector)
}

/// The parts between commas that do not stand in parentheses.
fn split_requirements(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut depth = 0_i32;
    for letter in text.chars() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if letter == ',' && depth == 0 {
            parts.push(String::new());
        } else if let Some(part) = parts.last_mut() {
            part.push(letter);
        }
    }
    parts
}

fn priority_class(ctx: &mut Ctx<'_>, name: &str) -> Result<Value, Failure> {
    let flags = &ctx.flags;
    let mut tree = json!({
        "apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": name},
        "value": flags.int("value"), "preemptionPolicy": flags.text("preemption-policy"),
    });
    if flags.on("global-default") {
        tree["globalDefault"] = true.into();
    }
    if !flags.text("description").is_empty() {
        tree["description"] = flags.text("description").into();
    }
    Ok(tree)
}
