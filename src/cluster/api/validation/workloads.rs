//! Deployments, replica sets, stateful sets, daemon sets, replication controllers, pod templates.
//!
//! Follows kubernetes' `pkg/apis/apps/validation`.

use super::meta;
use super::node::{
    Node, all_non_negative, at_most_whole, bare_number, format, immutable, int_or_percent, non_negative,
};
use super::pod;
use crate::apimachinery::field::{self, Errors, Path};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::selector::LabelSelector;
use crate::apimachinery::{object, validate};

/// What is particular to each of the kinds.
struct Rules {
    /// How messages call the kind: `empty selector is invalid for deployment`.
    name: &'static str,
    /// `activeDeadlineSeconds in ReplicaSet is not Supported`
    deadline: &'static str,
}

const REPLICA_SET: Rules = Rules { name: "deployment", deadline: "ReplicaSet" };
const STATEFUL_SET: Rules = Rules { name: "statefulset", deadline: "StatefulSet" };
const DAEMON_SET: Rules = Rules { name: "daemonset", deadline: "DaemonSet" };

fn spec_of(object: &Value) -> Node<'_> {
    Node::root(object).child("spec")
}

/// `spec.selector`: required, well formed, not empty.
fn selector(spec: &Node<'_>, rules: &Rules, errs: &mut Errors) {
    if !spec.has("selector") {
        errs.push(field::required(&spec.at("selector"), ""));
        return;
    }
    meta::selector(spec, "selector", errs);
    empty_selector(spec, rules, errs);
}

fn empty_selector(spec: &Node<'_>, rules: &Rules, errs: &mut Errors) {
    if spec.has("selector") && meta::selects_everything(spec, "selector") {
        let value = spec.child("selector").value.clone();
        let detail = format!("empty selector is invalid for {}", rules.name);
        errs.push(field::invalid(&spec.at("selector"), value, &detail));
    }
}

/// The template's labels must match `selector`; a missing selector matches nothing.
pub(super) fn template_matches(spec: &Node<'_>, selector: &Value, errs: &mut Errors) {
    let labels = object::at(spec.value, "/template/metadata/labels").unwrap_or(&Value::Null);
    let matches = match selector {
        Value::Null => false,
        selector => LabelSelector::from_object(selector).is_ok_and(|it| it.is_empty() || it.matches(labels)),
    };
    if !matches {
        let path = spec.at("template").child("metadata").child("labels");
        let detail = "`selector` does not match template `labels`";
        errs.push(field::invalid(&path, labels.clone(), detail));
    }
}

/// Templates of controllers that keep pods running.
fn always_running(spec: &Node<'_>, kind: &str, errs: &mut Errors) {
    let template = spec.child("template").child("spec");
    let policy = template.text("restartPolicy");
    if policy != "Always" {
        errs.push(field::not_supported(&template.at("restartPolicy"), policy, &["Always"]));
    }
    if template.has("activeDeadlineSeconds") {
        let detail = format!("activeDeadlineSeconds in {kind} is not Supported");
        errs.push(field::forbidden(&template.at("activeDeadlineSeconds"), &detail));
    }
}

/// A selector that cannot be read is told as a whole, and the template is not looked at then.
fn unreadable(spec: &Node<'_>, detail: &str, errs: &mut Errors) -> bool {
    let selector = spec.child("selector");
    let bad = !selector.value.is_null() && LabelSelector::from_object(selector.value).is_err();
    if bad {
        errs.push(field::invalid(&selector.path, selector.value.clone(), detail));
    }
    bad
}

fn template(spec: &Node<'_>, rules: &Rules, errs: &mut Errors) {
    if unreadable(spec, "invalid label selector", errs) {
        return;
    }
    template_matches(spec, spec.child("selector").value, errs);
    pod::template(&spec.child("template"), errs);
    always_running(spec, rules.deadline, errs);
}

/// A Deployment.
pub(super) fn deployment(it: &Value, errs: &mut Errors) {
    let spec = spec_of(it);
    non_negative(&spec, "replicas", errs);
    selector(&spec, &REPLICA_SET, errs);
    template(&spec, &REPLICA_SET, errs);
    deployment_strategy(&spec.child("strategy"), errs);
    all_non_negative(&spec, &["minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"], errs);
    if let Some(seconds) = spec.int("progressDeadlineSeconds")
        && seconds <= spec.int("minReadySeconds").unwrap_or(0)
    {
        let detail = "must be greater than minReadySeconds";
        errs.push(field::invalid(&spec.at("progressDeadlineSeconds"), seconds, detail));
    }
}

fn deployment_strategy(strategy: &Node<'_>, errs: &mut Errors) {
    let rolling = strategy.child("rollingUpdate");
    match strategy.text("type") {
        "Recreate" => {
            if strategy.has("rollingUpdate") {
                let detail = "may not be specified when strategy `type` is 'Recreate'";
                errs.push(field::forbidden(&rolling.path, detail));
            }
        }
        "RollingUpdate" => {
            int_or_percent(&rolling, "maxUnavailable", errs);
            int_or_percent(&rolling, "maxSurge", errs);
            if bare_number(&rolling, "maxUnavailable") == 0 && bare_number(&rolling, "maxSurge") == 0 {
                let value = rolling.child("maxUnavailable").value.clone();
                let detail = "may not be 0 when `maxSurge` is 0";
                errs.push(field::invalid(&rolling.at("maxUnavailable"), value, detail));
            }
            at_most_whole(&rolling, "maxUnavailable", errs);
        }
        other => errs.push(field::not_supported(&strategy.at("type"), other, &["Recreate", "RollingUpdate"])),
    }
}

/// `spec.selector` of deployments, replica sets and daemon sets never changes.
pub(super) fn selector_update(new: &Value, old: &Value, errs: &mut Errors) {
    immutable(&spec_of(new), &spec_of(old), "selector", errs);
}

/// A ReplicaSet.
pub(super) fn replica_set(it: &Value, errs: &mut Errors) {
    let spec = spec_of(it);
    all_non_negative(&spec, &["replicas", "minReadySeconds"], errs);
    selector(&spec, &REPLICA_SET, errs);
    template(&spec, &REPLICA_SET, errs);
}

/// What the counts in a status must be.
struct Counts {
    resource: &'static str,
    /// At least 0, in the order of the server's checks.
    natural: &'static [&'static str],
    /// No more than `replicas`.
    bounded: &'static [&'static str],
    /// How messages call `readyReplicas`, which `availableReplicas` may not exceed; empty without that rule.
    ready: &'static str,
}

/// Statuses with counts. Sorted.
const COUNTS: &[Counts] = &[
    Counts {
        resource: "daemonsets.apps",
        natural: &[
            "currentNumberScheduled",
            "numberMisscheduled",
            "desiredNumberScheduled",
            "numberReady",
            "observedGeneration",
            "updatedNumberScheduled",
            "numberAvailable",
            "numberUnavailable",
            "collisionCount",
        ],
        bounded: &[],
        ready: "",
    },
    Counts {
        resource: "deployments.apps",
        natural: &[
            "observedGeneration",
            "replicas",
            "updatedReplicas",
            "readyReplicas",
            "availableReplicas",
            "unavailableReplicas",
            "collisionCount",
        ],
        bounded: &["updatedReplicas", "readyReplicas", "availableReplicas"],
        ready: "readyReplicas",
    },
    Counts {
        resource: "horizontalpodautoscalers.autoscaling",
        natural: &["currentReplicas", "desiredReplicas"],
        bounded: &[],
        ready: "",
    },
    Counts {
        resource: "poddisruptionbudgets.policy",
        natural: &["disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"],
        bounded: &[],
        ready: "",
    },
    Counts {
        resource: "replicasets.apps",
        natural: OF_REPLICA_SETS,
        bounded: BOUNDED,
        ready: "readyReplicas",
    },
    Counts {
        resource: "replicationcontrollers",
        natural: OF_REPLICA_SETS,
        bounded: BOUNDED,
        ready: "readyReplicas",
    },
    Counts {
        resource: "statefulsets.apps",
        natural: &[
            "replicas",
            "readyReplicas",
            "currentReplicas",
            "updatedReplicas",
            "availableReplicas",
            "observedGeneration",
            "collisionCount",
        ],
        bounded: &["readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas"],
        ready: "status.readyReplicas",
    },
];

const OF_REPLICA_SETS: &[&str] =
    &["replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas", "observedGeneration"];
const BOUNDED: &[&str] = &["fullyLabeledReplicas", "readyReplicas", "availableReplicas"];

/// The counts in the status of a kind that has some.
pub(super) fn status_counts(resource: &str, new: &Value, errs: &mut Errors) {
    let Some(rules) = COUNTS.iter().find(|it| it.resource == resource) else { return };
    let status = Node::root(new).child("status");
    all_non_negative(&status, rules.natural, errs);
    let count = |key: &str| status.int(key).unwrap_or(0);
    for key in rules.bounded.iter().filter(|key| count(key) > count("replicas")) {
        errs.push(field::invalid(&status.at(key), count(key), "cannot be greater than status.replicas"));
    }
    if !rules.ready.is_empty() && count("availableReplicas") > count("readyReplicas") {
        let detail = format!("cannot be greater than {}", rules.ready);
        errs.push(field::invalid(&status.at("availableReplicas"), count("availableReplicas"), &detail));
    }
}

/// A ReplicationController.
pub(super) fn replication_controller(it: &Value, errs: &mut Errors) {
    let spec = spec_of(it);
    non_negative(&spec, "minReadySeconds", errs);
    if spec.entries("selector").next().is_none() {
        errs.push(field::required(&spec.at("selector"), ""));
    }
    non_negative(&spec, "replicas", errs);
    if !spec.has("template") {
        errs.push(field::required(&spec.at("template"), ""));
        return;
    }
    let selector = json!({"matchLabels": spec.child("selector").value});
    template_matches(&spec, &selector, errs);
    pod::template(&spec.child("template"), errs);
    always_running(&spec, "ReplicationController", errs);
}

/// A StatefulSet; its pod template is not looked into, as in the real server.
pub(super) fn stateful_set(it: &Value, errs: &mut Errors) {
    let spec = spec_of(it);
    match spec.text("podManagementPolicy") {
        "" => errs.push(field::required(&spec.at("podManagementPolicy"), "")),
        "OrderedReady" | "Parallel" => {}
        other => {
            let detail = "must be 'OrderedReady' or 'Parallel'";
            errs.push(field::invalid(&spec.at("podManagementPolicy"), other, detail));
        }
    }
    stateful_strategy(&spec, errs);
    let retention = spec.child("persistentVolumeClaimRetentionPolicy");
    for key in ["whenDeleted", "whenScaled"] {
        let policy = retention.text(key);
        if !["Retain", "Delete"].contains(&policy) {
            errs.push(field::not_supported(&retention.at(key), policy, &["Retain", "Delete"]));
        }
    }
    all_non_negative(&spec, &["replicas", "minReadySeconds"], errs);
    non_negative(&spec.child("ordinals"), "start", errs);
    selector(&spec, &STATEFUL_SET, errs);
    if !unreadable(&spec, "", errs) {
        template_matches(&spec, spec.child("selector").value, errs);
        pod::template_metadata(&spec.child("template"), errs);
    }
    always_running(&spec, STATEFUL_SET.deadline, errs);
    format(&spec, "serviceName", validate::dns1123_label, errs);
}

fn stateful_strategy(spec: &Node<'_>, errs: &mut Errors) {
    let strategy = spec.child("updateStrategy");
    let rolling = strategy.child("rollingUpdate");
    match strategy.text("type") {
        "" => errs.push(field::required(&strategy.path, "")),
        "OnDelete" => {
            if strategy.has("rollingUpdate") {
                let detail = "only allowed for updateStrategy 'RollingUpdate'";
                errs.push(field::invalid(&rolling.path, rolling.value.clone(), detail));
            }
        }
        "RollingUpdate" => {
            non_negative(&rolling, "partition", errs);
            int_or_percent(&rolling, "maxUnavailable", errs);
            if rolling.has("maxUnavailable") && bare_number(&rolling, "maxUnavailable") == 0 {
                let value = rolling.child("maxUnavailable").value.clone();
                errs.push(field::invalid(&rolling.at("maxUnavailable"), value, "cannot be 0"));
            }
            at_most_whole(&rolling, "maxUnavailable", errs);
        }
        _ => {
            let detail = "must be 'RollingUpdate' or 'OnDelete'";
            errs.push(field::invalid(&strategy.path, strategy.value.clone(), detail));
        }
    }
}

/// What may change in a StatefulSet.
pub(super) fn stateful_set_update(new: &Value, old: &Value, errs: &mut Errors) {
    const FREE: [&str; 7] = [
        "replicas",
        "template",
        "updateStrategy",
        "minReadySeconds",
        "ordinals",
        "revisionHistoryLimit",
        "persistentVolumeClaimRetentionPolicy",
    ];
    let bound = |object: &Value| {
        let mut spec = object.get("spec").cloned().unwrap_or(Value::Null);
        FREE.iter().for_each(|key| drop(object::remove(&mut spec, &[key])));
        spec
    };
    if bound(new) != bound(old) {
        let detail = "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', \
            'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
        errs.push(field::forbidden(&Path::new("spec"), detail));
    }
}

/// A DaemonSet.
pub(super) fn daemon_set(it: &Value, errs: &mut Errors) {
    let spec = spec_of(it);
    meta::selector(&spec, "selector", errs);
    template_matches(&spec, spec.child("selector").value, errs);
    empty_selector(&spec, &DAEMON_SET, errs);
    pod::template(&spec.child("template"), errs);
    always_running(&spec, DAEMON_SET.deadline, errs);
    non_negative(&spec, "minReadySeconds", errs);
    daemon_strategy(&spec.child("updateStrategy"), errs);
    non_negative(&spec, "revisionHistoryLimit", errs);
}

fn daemon_strategy(strategy: &Node<'_>, errs: &mut Errors) {
    let rolling = strategy.child("rollingUpdate");
    match strategy.text("type") {
        "OnDelete" => {}
        "RollingUpdate" => {
            for key in ["maxUnavailable", "maxSurge"] {
                int_or_percent(&rolling, key, errs);
            }
            for key in ["maxUnavailable", "maxSurge"] {
                at_most_whole(&rolling, key, errs);
            }
            match (bare_number(&rolling, "maxUnavailable") != 0, bare_number(&rolling, "maxSurge") != 0) {
                (true, true) => {
                    let value = rolling.child("maxSurge").value.clone();
                    let detail = "may not be set when maxUnavailable is non-zero";
                    errs.push(field::invalid(&rolling.at("maxSurge"), value, detail));
                }
                (false, false) => {
                    let detail = "cannot be 0 when maxSurge is 0";
                    errs.push(field::required(&rolling.at("maxUnavailable"), detail));
                }
                _ => {}
            }
        }
        other => errs.push(field::not_supported(&strategy.at("type"), other, &["RollingUpdate", "OnDelete"])),
    }
}

/// A PodTemplate.
pub(super) fn pod_template(it: &Value, errs: &mut Errors) {
    pod::template(&Node::root(it).child("template"), errs);
}

/// A ControllerRevision.
pub(super) fn controller_revision(it: &Value, errs: &mut Errors) {
    let it = Node::root(it);
    if !it.has("data") {
        errs.push(field::required(&it.at("data"), "data is mandatory"));
    }
    non_negative(&it, "revision", errs);
}

/// The data of a ControllerRevision never changes.
pub(super) fn controller_revision_update(new: &Value, old: &Value, errs: &mut Errors) {
    immutable(&Node::root(new), &Node::root(old), "data", errs);
}
