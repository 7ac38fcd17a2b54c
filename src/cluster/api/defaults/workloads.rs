//! Defaults of what makes pods.
//!
//! Rules of kubernetes' `pkg/apis/apps/v1/defaults.go` and `pkg/apis/batch/v1/defaults.go`.

use super::edit::{each, has, within};
use super::{pod, volumes};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::{self, annotation, set, set_default, text};

/// The annotation in which `apps/v1` carries the old field `templateGeneration`.
const TEMPLATE_GENERATION: &str = "deprecated.daemonset.template.generation";

/// A Deployment.
pub(super) fn deployment(it: &mut Value) {
    set_default(it, &["spec", "replicas"], 1);
    set_default(it, &["spec", "revisionHistoryLimit"], 10);
    set_default(it, &["spec", "progressDeadlineSeconds"], 600);
    set_default(it, &["spec", "strategy", "type"], "RollingUpdate");
    if text(it, "/spec/strategy/type") == "RollingUpdate" {
        set_default(it, &["spec", "strategy", "rollingUpdate", "maxSurge"], "25%");
        set_default(it, &["spec", "strategy", "rollingUpdate", "maxUnavailable"], "25%");
    }
    pod::template(it, "/spec/template");
}

/// A ReplicaSet.
pub(super) fn replica_set(it: &mut Value) {
    set_default(it, &["spec", "replicas"], 1);
    pod::template(it, "/spec/template");
}

/// A ReplicationController: selector and labels are the template's labels.
pub(super) fn replication_controller(it: &mut Value) {
    let labels = object::at(it, "/spec/template/metadata/labels").cloned();
    if let Some(labels) = labels {
        set_default(it, &["spec", "selector"], labels.clone());
        set_default(it, &["metadata", "labels"], labels);
    }
    replica_set(it);
}

/// A StatefulSet.
pub(super) fn stateful_set(it: &mut Value) {
    set_default(it, &["spec", "replicas"], 1);
    set_default(it, &["spec", "revisionHistoryLimit"], 10);
    set_default(it, &["spec", "podManagementPolicy"], "OrderedReady");
    set_default(it, &["spec", "updateStrategy", "type"], "RollingUpdate");
    if text(it, "/spec/updateStrategy/type") == "RollingUpdate" {
        set_default(it, &["spec", "updateStrategy", "rollingUpdate", "partition"], 0);
    }
    set_default(it, &["spec", "persistentVolumeClaimRetentionPolicy", "whenDeleted"], "Retain");
    set_default(it, &["spec", "persistentVolumeClaimRetentionPolicy", "whenScaled"], "Retain");
    each(it, "/spec/volumeClaimTemplates", |claim| {
        set_default(claim, &["apiVersion"], "v1");
        set_default(claim, &["kind"], "PersistentVolumeClaim");
        set_default(claim, &["status", "phase"], "Pending");
        volumes::claim(claim);
    });
    pod::template(it, "/spec/template");
}

/// A DaemonSet; `old` tells how often its template has changed.
pub(super) fn daemon_set(it: &mut Value, old: Option<&Value>) {
    set_default(it, &["spec", "revisionHistoryLimit"], 10);
    set_default(it, &["spec", "updateStrategy", "type"], "RollingUpdate");
    if text(it, "/spec/updateStrategy/type") == "RollingUpdate" {
        set_default(it, &["spec", "updateStrategy", "rollingUpdate", "maxSurge"], 0);
        set_default(it, &["spec", "updateStrategy", "rollingUpdate", "maxUnavailable"], 1);
    }
    pod::template(it, "/spec/template");
    let generation = match old {
        None => 1,
        Some(old) => {
            let count: i64 = annotation(old, TEMPLATE_GENERATION).and_then(|it| it.parse().ok()).unwrap_or(1);
            count + i64::from(old.pointer("/spec/template") != it.pointer("/spec/template"))
        }
    };
    set(it, &["metadata", "annotations", TEMPLATE_GENERATION], generation.to_string());
}

/// A Job, without the selector that needs its UID.
pub(super) fn job(it: &mut Value) {
    if !has(it, "/spec/completions") && !has(it, "/spec/parallelism") {
        set(it, &["spec", "completions"], 1);
    }
    set_default(it, &["spec", "parallelism"], 1);
    let backoff = if has(it, "/spec/backoffLimitPerIndex") { i64::from(i32::MAX) } else { 6 };
    set_default(it, &["spec", "backoffLimit"], backoff);
    set_default(it, &["spec", "completionMode"], "NonIndexed");
    set_default(it, &["spec", "suspend"], false);
    set_default(it, &["spec", "manualSelector"], false);
    let policy = has(it, "/spec/podFailurePolicy");
    set_default(it, &["spec", "podReplacementPolicy"], if policy { "Failed" } else { "TerminatingOrFailed" });
    each(it, "/spec/podFailurePolicy/rules", |rule| {
        each(rule, "/onPodConditions", |pattern| set_default(pattern, &["status"], "True"));
    });
    pod::template(it, "/spec/template");
}

/// The selector and labels that tie a new Job to its pods; `metadata.uid` and `metadata.name` are set by
/// now. A Job without labels of its own gets those of its template.
///
/// Mirror of `generateSelector` in kubernetes' `pkg/registry/batch/job/strategy.go`.
pub(crate) fn generate_job_selector(job: &mut Value) {
    if !object::flag(job, "/spec/manualSelector") {
        let (uid, name) = (object::uid(job).to_owned(), object::name(job).to_owned());
        let labels = [
            ("controller-uid", &uid),
            ("batch.kubernetes.io/controller-uid", &uid),
            ("job-name", &name),
            ("batch.kubernetes.io/job-name", &name),
        ];
        for (key, value) in labels {
            set_default(job, &["spec", "template", "metadata", "labels", key], value.as_str());
        }
        set_default(job, &["spec", "selector", "matchLabels", "batch.kubernetes.io/controller-uid"], uid);
    }
    let labels = object::at(job, "/spec/template/metadata/labels").cloned();
    if let Some(labels) = labels.filter(|_| object::entries(job, "/metadata/labels").next().is_none()) {
        set(job, &["metadata", "labels"], labels);
    }
}

/// A CronJob; its job template gets no more than a pod template does.
pub(super) fn cron_job(it: &mut Value) {
    set_default(it, &["spec", "concurrencyPolicy"], "Allow");
    set_default(it, &["spec", "suspend"], false);
    set_default(it, &["spec", "successfulJobsHistoryLimit"], 3);
    set_default(it, &["spec", "failedJobsHistoryLimit"], 1);
    within(it, "/spec/jobTemplate", |template| {
        set_default(template, &["metadata"], json!({}));
        pod::template(template, "/spec/template");
    });
}

/// A PodTemplate.
pub(super) fn pod_template(it: &mut Value) {
    pod::template(it, "/template");
}
