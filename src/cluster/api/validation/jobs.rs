//! Jobs and cron jobs.
//!
//! Follows kubernetes' `pkg/apis/batch/validation`.

use super::go_struct::go_struct;
use super::meta;
use super::node::{Node, all_non_negative, immutable, non_negative, optional_choice};
use super::{cron, pod, workloads};
use crate::apimachinery::field::{self, Errors, Path};
use crate::apimachinery::json::{Map, Value, json};
use crate::apimachinery::selector::LabelSelector;
use crate::apimachinery::{go, object, validate};

/// 100,000. More pods at once than an indexed Job may have.
const INDEXED_PARALLELISM_MAX: i64 = 100_000;

/// 52 characters. A cron job's name gets eleven more in the names of its jobs.
const CRON_JOB_NAME_MAX: usize = 52;

/// A Job.
pub(super) fn job(it: &Value, errs: &mut Errors) {
    generated_selector(it, errs);
    let spec = Node::root(it).child("spec");
    job_spec(&spec, errs);
    match spec.has("selector") {
        false => errs.push(field::required(&spec.at("selector"), "")),
        true => meta::selector(&spec, "selector", errs),
    }
    workloads::template_matches(&spec, spec.child("selector").value, errs);
    indexed_name(it, &spec, errs);
}

/// The last pod of an indexed Job must have a host name.
fn indexed_name(job: &Value, spec: &Node<'_>, errs: &mut Errors) {
    let completions = spec.int("completions").unwrap_or(0);
    if spec.text("completionMode") != "Indexed" || completions <= 0 {
        return;
    }
    let host = format!("{}-{}", object::name(job), completions - 1);
    if !validate::dns1123_label(&host).is_empty() && host.len() > 63 {
        let detail = format!("will not able to create pod with invalid DNS label: {host}");
        errs.push(field::invalid(&Path::new("metadata").child("name"), object::name(job), &detail));
    }
}

fn generated_selector(job: &Value, errs: &mut Errors) {
    let spec = Node::root(job).child("spec");
    if spec.flag("manualSelector") || !spec.has("selector") {
        return;
    }
    let (uid, name) = (object::uid(job), object::name(job));
    let expected = [
        ("controller-uid", uid),
        ("job-name", name),
        ("batch.kubernetes.io/controller-uid", uid),
        ("batch.kubernetes.io/job-name", name),
    ];
    let labels = spec.child("template").child("metadata").child("labels");
    for (key, want) in expected {
        let path = labels.path.key(key);
        match labels.value.get(key).and_then(Value::as_str) {
            None => errs.push(field::required(&path, &format!("must be '{want}'"))),
            Some(have) if have != want => {
                errs.push(field::invalid(&path, labels.value.clone(), &format!("must be '{want}'")));
            }
            Some(_) => {}
        }
    }
    let expected: Map = expected.into_iter().map(|(key, value)| (key.to_owned(), value.into())).collect();
    let selector = spec.child("selector");
    let matches =
        LabelSelector::from_object(selector.value).is_ok_and(|it| it.matches(&Value::Object(expected)));
    if !matches {
        errs.push(field::invalid(&selector.path, selector.value.clone(), "`selector` not auto-generated"));
    }
}

/// A job's spec, without its selector: also in cron jobs.
fn job_spec(spec: &Node<'_>, errs: &mut Errors) {
    let numbers = [
        "parallelism",
        "completions",
        "activeDeadlineSeconds",
        "backoffLimit",
        "ttlSecondsAfterFinished",
        "backoffLimitPerIndex",
        "maxFailedIndexes",
    ];
    all_non_negative(spec, &numbers, errs);
    if spec.has("maxFailedIndexes") && !spec.has("backoffLimitPerIndex") {
        errs.push(field::required(&spec.at("backoffLimitPerIndex"), "when maxFailedIndexes is specified"));
    }
    managed_by(spec, errs);
    completion_mode(spec, errs);
    failure_policy(spec, errs);
    success_policy(spec, errs);
    let policies: &[&str] = match spec.has("podFailurePolicy") {
        true => &["Failed"],
        false => &["Failed", "TerminatingOrFailed"],
    };
    optional_choice(spec, "podReplacementPolicy", policies, errs);
    pod::template(&spec.child("template"), errs);
    restart_policy(spec, errs);
}

fn restart_policy(spec: &Node<'_>, errs: &mut Errors) {
    let template = spec.child("template").child("spec");
    let (policy, path) = (template.text("restartPolicy"), template.at("restartPolicy"));
    match policy {
        "" | "Always" => errs.push(field::required(&path, "valid values: \"OnFailure\", \"Never\"")),
        "OnFailure" | "Never" => {}
        other => errs.push(field::not_supported(&path, other, &["OnFailure", "Never"])),
    }
    if spec.has("podFailurePolicy") && policy != "Never" {
        let detail = "only \"Never\" is supported when podFailurePolicy is specified";
        errs.push(field::invalid(&path, policy, detail));
    }
}

fn managed_by(spec: &Node<'_>, errs: &mut Errors) {
    let Some(value) = spec.get("managedBy").and_then(|it| it.value.as_str().map(str::to_owned)) else {
        return;
    };
    domain_prefixed_path(&value, &spec.at("managedBy"), errs);
    if value.len() > 63 {
        errs.push(field::too_long(&spec.at("managedBy"), 63));
    }
}

/// `acme.io/foo`.
pub(super) fn domain_prefixed_path(value: &str, path: &Path, errs: &mut Errors) {
    if value.is_empty() {
        errs.push(field::required(path, ""));
        return;
    }
    let Some((domain, rest)) =
        value.split_once('/').filter(|(domain, rest)| !domain.is_empty() && !rest.is_empty())
    else {
        errs.push(field::invalid(path, value, "must be a domain-prefixed path (such as \"acme.io/foo\")"));
        return;
    };
    errs.extend(field::invalid_each(path, domain, &validate::dns1123_subdomain(domain)));
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~%!$&'()*+,;=:".contains(&byte);
    if !rest.bytes().all(good) {
        let rule = "Invalid path";
        errs.push(field::invalid(
            path,
            rest,
            &validate::regex_error(rule, "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+", &[]),
        ));
    }
}

fn completion_mode(spec: &Node<'_>, errs: &mut Errors) {
    let mode = spec.text("completionMode");
    if spec.has("completionMode") && !["NonIndexed", "Indexed"].contains(&mode) {
        let known = ["NonIndexed", "Indexed"];
        errs.push(field::not_supported(&spec.at("completionMode"), mode, &known));
    }
    if mode == "Indexed" {
        if !spec.has("completions") {
            errs.push(field::required(&spec.at("completions"), "when completion mode is Indexed"));
        }
        let parallelism = spec.int("parallelism").unwrap_or(0);
        if parallelism > INDEXED_PARALLELISM_MAX {
            let detail = format!(
                "must be less than or equal to {INDEXED_PARALLELISM_MAX} when completion mode is Indexed"
            );
            errs.push(field::invalid(&spec.at("parallelism"), parallelism, &detail));
        }
        if let (Some(failed), Some(all)) = (spec.int("maxFailedIndexes"), spec.int("completions"))
            && failed > all
        {
            let detail = "must be less than or equal to completions";
            errs.push(field::invalid(&spec.at("maxFailedIndexes"), failed, detail));
        }
        return;
    }
    for key in ["backoffLimitPerIndex", "maxFailedIndexes"] {
        if let Some(value) = spec.int(key).filter(|_| ["", "NonIndexed"].contains(&mode)) {
            errs.push(field::invalid(&spec.at(key), value, "requires indexed completion mode"));
        }
    }
}

fn failure_policy(spec: &Node<'_>, errs: &mut Errors) {
    let policy = spec.child("podFailurePolicy");
    let template = spec.child("template").child("spec");
    let containers = [template.items("containers"), template.items("initContainers")].concat();
    let names: Vec<&str> = containers.iter().map(|it| it.text("name")).collect();
    for rule in policy.items("rules") {
        failure_action(&rule, spec, errs);
        match (rule.has("onExitCodes"), rule.len("onPodConditions") > 0) {
            (false, false) => {
                let detail = "specifying one of OnExitCodes and OnPodConditions is required";
                errs.push(field::invalid_omitted(&rule.path, detail));
            }
            (true, true) => {
                let detail = "specifying both OnExitCodes and OnPodConditions is not supported";
                errs.push(field::invalid_omitted(&rule.path, detail));
            }
            _ => {}
        }
        if let Some(codes) = rule.get("onExitCodes") {
            exit_codes(&codes, &names, errs);
        }
        for condition in rule.items("onPodConditions") {
            let kind = condition.text("type");
            let sentences = validate::qualified_name(kind);
            errs.extend(field::invalid_each(&condition.at("type"), kind, &sentences));
            super::node::choice(&condition, "status", &["False", "True", "Unknown"], errs);
        }
    }
}

fn failure_action(rule: &Node<'_>, spec: &Node<'_>, errs: &mut Errors) {
    const ACTIONS: [&str; 4] = ["Count", "FailIndex", "FailJob", "Ignore"];
    let path = rule.at("action");
    match rule.text("action") {
        "" => errs
            .push(field::required(&path, "valid values: [\"Count\" \"FailIndex\" \"FailJob\" \"Ignore\"]")),
        "FailIndex" if !spec.has("backoffLimitPerIndex") => {
            errs.push(field::invalid(&path, "FailIndex", "requires the backoffLimitPerIndex to be set"));
        }
        action if !ACTIONS.contains(&action) => errs.push(field::not_supported(&path, action, &ACTIONS)),
        _ => {}
    }
}

fn exit_codes(codes: &Node<'_>, names: &[&str], errs: &mut Errors) {
    let operator = codes.text("operator");
    match operator {
        "" => errs.push(field::required(&codes.at("operator"), "valid values: [\"In\" \"NotIn\"]")),
        "In" | "NotIn" => {}
        other => errs.push(field::not_supported(&codes.at("operator"), other, &["In", "NotIn"])),
    }
    if codes.has("containerName") && !names.contains(&codes.text("containerName")) {
        let detail = "must be one of the container or initContainer names in the pod template";
        errs.push(field::invalid(&codes.at("containerName"), codes.text("containerName"), detail));
    }
    let values = codes.items("values");
    match values.len() {
        0 => {
            let detail = "at least one value is required";
            errs.push(field::invalid(&codes.at("values"), json!([]), detail));
        }
        256.. => errs.push(field::too_many(&codes.at("values"), values.len(), 255)),
        _ => {}
    }
    let mut seen: Vec<i64> = Vec::new();
    let mut ordered = true;
    for value in &values {
        let code = value.value.as_i64().unwrap_or(0);
        if operator == "In" && code == 0 {
            errs.push(field::invalid(&value.path, code, "must not be 0 for the In operator"));
        }
        if seen.contains(&code) {
            errs.push(field::duplicate(&value.path, code));
        }
        ordered &= seen.last().is_none_or(|last| *last <= code);
        seen.push(code);
    }
    if !ordered {
        errs.push(field::invalid(
            &codes.at("values"),
            codes.child("values").value.clone(),
            "must be ordered",
        ));
    }
}

fn success_policy(spec: &Node<'_>, errs: &mut Errors) {
    let Some(policy) = spec.get("successPolicy") else { return };
    if spec.text("completionMode") != "Indexed" {
        let mut cause = field::invalid(&policy.path, "", "");
        let rules: Vec<String> = policy
            .items("rules")
            .iter()
            .map(|rule| {
                let fields = [("SucceededIndexes", "succeededIndexes"), ("SucceededCount", "succeededCount")];
                go_struct(rule.value, &fields)
            })
            .collect();
        let shown = format!("{{\"Rules\":[{}]}}", rules.join(","));
        cause.message = format!("Invalid value: {shown}: requires indexed completion mode");
        errs.push(cause);
        return;
    }
    if policy.len("rules") == 0 {
        let detail = "at least one rules must be specified when the successPolicy is specified";
        errs.push(field::required(&policy.at("rules"), detail));
    }
    let completions = spec.int("completions").unwrap_or(0);
    policy.items("rules").iter().for_each(|rule| success_rule(rule, completions, errs));
}

fn success_rule(rule: &Node<'_>, completions: i64, errs: &mut Errors) {
    if !rule.has("succeededCount") && !rule.has("succeededIndexes") {
        let detail = "at least one of succeededCount or succeededIndexes must be specified";
        errs.push(field::required(&rule.path, detail));
    }
    let mut bounds = vec![(completions, "the number of specified completions")];
    if rule.has("succeededIndexes") {
        match count_indexes(rule.text("succeededIndexes"), completions) {
            Ok(count) => {
                bounds.push((count, "the number of indexes in the specified succeededIndexes field"))
            }
            Err(why) => {
                let detail = format!("error parsing succeededIndexes: {why}");
                errs.push(field::invalid(
                    &rule.at("succeededIndexes"),
                    rule.text("succeededIndexes"),
                    &detail,
                ));
            }
        }
    }
    non_negative(rule, "succeededCount", errs);
    for (bound, what) in bounds {
        if let Some(count) = rule.int("succeededCount").filter(|it| *it > bound) {
            let detail = format!("must be less than or equal to {bound} ({what})");
            errs.push(field::invalid(&rule.at("succeededCount"), count, &detail));
        }
    }
}

/// How many indexes a list such as `0,2-4` names.
fn count_indexes(text: &str, completions: i64) -> Result<i64, String> {
    let (mut total, mut last): (i64, Option<i64>) = (0, None);
    let read = |part: &str| -> Result<i64, String> {
        let number: i64 = part
            .parse()
            .map_err(|_| format!("cannot convert string to integer for index: {}", go::quote(part)))?;
        if number >= completions {
            return Err(format!("too large index: {}", go::quote(part)));
        }
        Ok(number)
    };
    let not_rising = |a: i64, b: i64| format!("non-increasing order, previous: {a}, current: {b}");
    for interval in text.split(',').filter(|_| !text.is_empty()) {
        let parts: Vec<&str> = interval.split('-').collect();
        let (low, high) = match parts.as_slice() {
            [one] => (read(one)?, None),
            [low, high] => (read(low)?, Some(*high)),
            _ => {
                let shown = go::quote(interval);
                return Err(format!(
                    "the fragment {shown} violates the requirement that an index interval can have at most two parts separated by '-'"
                ));
            }
        };
        if let Some(before) = last.filter(|it| *it >= low) {
            return Err(not_rising(before, low));
        }
        total += 1;
        last = Some(low);
        if let Some(high) = high {
            let high = read(high)?;
            if low >= high {
                return Err(not_rising(low, high));
            }
            total += high - low;
            last = Some(high);
        }
    }
    Ok(total)
}

/// What may change in a Job. The template may while the Job waits suspended and has not started.
pub(super) fn job_update(new: &Value, old: &Value, errs: &mut Errors) {
    let (after, before) = (Node::root(new).child("spec"), Node::root(old).child("spec"));
    completions_update(&after, &before, errs);
    immutable(&after, &before, "selector", errs);
    let unstarted = before.flag("suspend") && object::at(old, "/status/startTime").is_none();
    let template = |spec: &Node<'_>| comparable_template(spec.child("template").value, unstarted);
    if template(&after) != template(&before) {
        let value = after.child("template").value.clone();
        errs.push(field::invalid(&after.at("template"), value, super::node::IMMUTABLE));
    }
    let keys = ["completionMode", "podFailurePolicy", "successPolicy", "backoffLimitPerIndex", "managedBy"];
    keys.iter().for_each(|key| immutable(&after, &before, key, errs));
}

fn completions_update(after: &Node<'_>, before: &Node<'_>, errs: &mut Errors) {
    if after.text("completionMode") != "Indexed" {
        immutable(after, before, "completions", errs);
        return;
    }
    let (now, then) = (after.int("completions"), before.int("completions"));
    if now != then && now != after.int("parallelism") {
        let detail = "can only be modified in tandem with spec.parallelism";
        let value = after.child("completions").value.clone();
        errs.push(field::invalid(&after.at("completions"), value, detail));
    }
}

/// A template without what an unstarted Job may still change about scheduling.
fn comparable_template(template: &Value, unstarted: bool) -> Value {
    let mut template = template.clone();
    if unstarted {
        object::remove(&mut template, &["metadata", "labels"]);
        object::remove(&mut template, &["metadata", "annotations"]);
        for key in ["nodeSelector", "tolerations", "schedulingGates"] {
            object::remove(&mut template, &["spec", key]);
        }
        object::remove(&mut template, &["spec", "affinity", "nodeAffinity"]);
    }
    template
}

/// A CronJob.
pub(super) fn cron_job(it: &Value, errs: &mut Errors) {
    let spec = Node::root(it).child("spec");
    schedule(&spec, errs);
    non_negative(&spec, "startingDeadlineSeconds", errs);
    time_zone(&spec, errs);
    super::node::choice(&spec, "concurrencyPolicy", &["Allow", "Forbid", "Replace"], errs);
    let template = spec.child("jobTemplate");
    let labelled = Node { value: template.child("metadata").value, path: template.path.clone() };
    meta::labels(&labelled, "labels", errs);
    job_spec(&template.child("spec"), errs);
    let manual = template.child("spec").child("manualSelector");
    if manual.value == &Value::Bool(true) {
        errs.push(field::not_supported(&manual.path, true, &["nil", "false"]));
    }
    all_non_negative(&spec, &["successfulJobsHistoryLimit", "failedJobsHistoryLimit"], errs);
}

/// The name of a new CronJob.
pub(super) fn cron_job_name(it: &Value, errs: &mut Errors) {
    let name = object::name(it);
    if name.len() > CRON_JOB_NAME_MAX {
        let detail = format!("must be no more than {CRON_JOB_NAME_MAX} characters");
        errs.push(field::invalid(&Path::new("metadata").child("name"), name, &detail));
    }
}

fn schedule(spec: &Node<'_>, errs: &mut Errors) {
    let (text, path) = (spec.text("schedule"), spec.at("schedule"));
    if text.is_empty() {
        errs.push(field::required(&path, ""));
        return;
    }
    if let Err(why) = cron::parse(text) {
        errs.push(field::invalid(&path, text, &why));
    }
    if text.contains("TZ") {
        let detail = match spec.has("timeZone") {
            true => "cannot use both timeZone field and TZ or CRON_TZ in schedule",
            false => "cannot use TZ or CRON_TZ in schedule, use timeZone field instead",
        };
        errs.push(field::invalid(&path, text, detail));
    }
}

fn time_zone(spec: &Node<'_>, errs: &mut Errors) {
    if !spec.has("timeZone") {
        return;
    }
    let zone = spec.text("timeZone");
    let detail = if zone.is_empty() {
        "timeZone must be nil or non-empty string".to_owned()
    } else if zone.eq_ignore_ascii_case("local") {
        "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones".to_owned()
    } else if !cron::is_time_zone(zone) {
        format!("unknown time zone {zone}")
    } else {
        return;
    };
    errs.push(field::invalid(&spec.at("timeZone"), zone, &detail));
}
