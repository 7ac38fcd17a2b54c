//! Pod disruption budgets and priority classes.

use super::events;
use super::pod::selector_or_none;
use super::writer::{Writer, format_labels, int_or_string, put};
use super::{Lookup, Outcome, Settings};
use crate::apimachinery::json::Value;
use crate::apimachinery::object::{at, field, flag, int, name, namespace};

/// Describes a pod disruption budget.
pub(super) fn disruption_budget(object: &Value, lookup: &mut dyn Lookup, settings: &Settings) -> Outcome {
    let mut w = Writer::default();
    put!(w, 0, "Name:\t{}\n", name(object));
    put!(w, 0, "Namespace:\t{}\n", namespace(object));
    if let Some(min) = at(object, "/spec/minAvailable") {
        put!(w, 0, "Min available:\t{}\n", int_or_string(Some(min)));
    } else if let Some(max) = at(object, "/spec/maxUnavailable") {
        put!(w, 0, "Max unavailable:\t{}\n", int_or_string(Some(max)));
    }
    match at(object, "/spec/selector") {
        Some(selector) => put!(w, 0, "Selector:\t{}\n", selector_or_none(Some(selector))),
        None => put!(w, 0, "Selector:\t<unset>\n"),
    }
    put!(w, 0, "Status:\n");
    for (label, key) in [
        ("Allowed disruptions", "disruptionsAllowed"),
        ("Current", "currentHealthy"),
        ("Desired", "desiredHealthy"),
        ("Total", "expectedPods"),
    ] {
        put!(w, 2, "{label}:\t{}\n", int(object, &format!("/status/{key}")).unwrap_or(0));
    }
    events::append(&mut w, object, lookup, settings);
    Ok(w.finish())
}

/// Describes a priority class.
pub(super) fn priority_class(object: &Value, lookup: &mut dyn Lookup, settings: &Settings) -> Outcome {
    let mut w = Writer::default();
    put!(w, 0, "Name:\t{}\n", name(object));
    put!(w, 0, "Value:\t{}\n", int(object, "/value").unwrap_or(0));
    put!(w, 0, "GlobalDefault:\t{}\n", flag(object, "/globalDefault"));
    put!(w, 0, "PreemptionPolicy:\t{}\n", field(object, "preemptionPolicy"));
    put!(w, 0, "Description:\t{}\n", field(object, "description"));
    put!(w, 0, "Annotations:\t{}\n", format_labels(object.pointer("/metadata/annotations")));
    events::append(&mut w, object, lookup, settings);
    Ok(w.finish())
}
