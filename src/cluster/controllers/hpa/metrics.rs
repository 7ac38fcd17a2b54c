//! How many replicas a metric asks for.
//!
//! Follows `replica_calculator.go` and the resource metrics client of `pkg/controller/podautoscaler`.

use std::collections::BTreeMap;

use super::Hand;
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::apimachinery::quantity::Quantity;
use crate::cluster::Object;
use crate::cluster::api::aggregate;
use crate::cluster::controllers::select;
use crate::sim::SimTime;

/// 300 s in which the CPU of a starting pod does not count. Source: `--horizontal-pod-autoscaler-cpu-initialization-period`.
const CPU_START_S: u64 = 300;

/// 30 s in which a change of readiness is part of the start. Source: `--horizontal-pod-autoscaler-initial-readiness-delay`.
const READINESS_DELAY_S: u64 = 30;

/// 15 s that one measurement of metrics-server covers.
const WINDOW_S: u64 = 15;

/// 10 % to either side that change nothing. Source: `--horizontal-pod-autoscaler-tolerance`.
const TOLERANCE: f64 = 0.1;

/// What a metric asks for.
pub(super) struct Proposal {
    pub(super) replicas: i64,
    /// What an event calls it.
    pub(super) name: String,
    /// Its entry in `status.currentMetrics`.
    pub(super) status: Value,
}

/// Why a metric says nothing: the reason of the condition, what went wrong, and that as the whole computation tells it.
pub(super) struct Failure {
    pub(super) reason: &'static str,
    pub(super) what: String,
    pub(super) value: &'static str,
}

/// The pods of a target, and how it is scaled.
pub(super) struct Target<'a> {
    pub(super) hpa: &'a Object,
    pub(super) selector: &'a Value,
    pub(super) size: i64,
}

/// One metric of the spec.
pub(super) fn propose(hand: &Hand<'_>, target: &Target<'_>, metric: &Value) -> Result<Proposal, Failure> {
    let kind = object::field(metric, "type");
    match kind {
        "Resource" => resource(hand, target, metric, "resource").map_err(|what| Failure {
            reason: "FailedGetResourceMetric",
            what,
            value: "resource metric",
        }),
        "ContainerResource" => resource(hand, target, metric, "containerResource").map_err(|what| Failure {
            reason: "FailedGetContainerResourceMetric",
            what,
            value: "container resource metric",
        }),
        _ => Err(elsewhere(target, metric)),
    }
}

/// Metrics that an adapter would serve; none runs here.
fn elsewhere(target: &Target<'_>, metric: &Value) -> Failure {
    let none = "unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered";
    let namespace = object::namespace(target.hpa);
    match object::field(metric, "type") {
        "Pods" => {
            let what = format!("unable to get metric {}: {none}", object::text(metric, "/pods/metric/name"));
            Failure { reason: "FailedGetPodsMetric", what, value: "pods metric" }
        }
        "Object" => {
            let of = |key: &str| object::text(metric, &format!("/object/{key}")).to_owned();
            let (name, kind, about) =
                (of("metric/name"), of("describedObject/kind"), of("describedObject/name"));
            let what = format!("unable to get metric {name}: {kind} on {namespace} {about}/{none}");
            Failure { reason: "FailedGetObjectMetric", what, value: "object metric" }
        }
        _ => {
            let name = object::text(metric, "/external/metric/name");
            let selector = object::at(metric, "/external/metric/selector").filter(|it| !it.is_null());
            let selector = selector.map_or_else(|| "nil".to_owned(), go_selector);
            let what = format!(
                "unable to get external metric {namespace}/{name}/{selector}: unable to fetch metrics from external metrics API: no custom metrics API (external.metrics.k8s.io) registered"
            );
            Failure { reason: "FailedGetExternalMetric", what, value: "external metric" }
        }
    }
}

/// A label selector as the generated `String` of its Go type prints it.
fn go_selector(selector: &Value) -> String {
    let labels: String = object::entries(selector, "/matchLabels")
        .map(|(key, value)| format!("{key}: {},", value.as_str().unwrap_or("")))
        .collect();
    let requirement = |it: &Value| {
        let values: Vec<&str> = object::list(it, "/values").iter().filter_map(Value::as_str).collect();
        let (key, operator) = (object::field(it, "key"), object::field(it, "operator"));
        format!("LabelSelectorRequirement{{Key:{key},Operator:{operator},Values:[{}],}},", values.join(" "))
    };
    let rest: String = object::list(selector, "/matchExpressions").iter().map(requirement).collect();
    format!(
        "&LabelSelector{{MatchLabels:map[string]string{{{labels}}},MatchExpressions:[]LabelSelectorRequirement{{{rest}}},}}"
    )
}

fn resource(hand: &Hand<'_>, target: &Target<'_>, metric: &Value, key: &str) -> Result<Proposal, String> {
    let source = metric.get(key).unwrap_or(&Value::Null);
    let (name, container) = (object::field(source, "name"), object::field(source, "container"));
    let average = object::at(source, "/target/averageValue").map(|it| Quantity::of(Some(it)).as_milli());
    let what = if average.is_some() { "usage" } else { "utilization" };
    let count = Count { hand, target, resource: name, container };
    let (replicas, percent, usage) = match average {
        Some(wanted) => count.by_value(wanted),
        None => count.by_use(object::int(source, "/target/averageUtilization").unwrap_or(80)),
    }
    .map_err(|why| format!("failed to get {name} {what}: {why}"))?;
    let mut current = json!({"averageValue": Quantity::from_milli(usage).to_string()});
    if let Some(percent) = percent {
        current["averageUtilization"] = percent.into();
    }
    let mut own = json!({"name": name, "current": current});
    if key == "containerResource" {
        own["container"] = container.into();
    }
    let kind = object::field(metric, "type");
    let said = if percent.is_some() { " utilization (percentage of request)" } else { "" };
    Ok(Proposal {
        replicas,
        name: format!("{name} {}{said}", if key == "resource" { "resource" } else { "container resource" }),
        status: json!({"type": kind, key: own}),
    })
}

struct Count<'a> {
    hand: &'a Hand<'a>,
    target: &'a Target<'a>,
    resource: &'a str,
    container: &'a str,
}

/// Milli-units by pod.
type Amounts = BTreeMap<String, i64>;

/// The pods of a target by what is known of them.
#[derive(Default)]
struct Groups {
    ready: i64,
    unready: Vec<String>,
    missing: Vec<String>,
    ignored: Vec<String>,
}

/// Replicas, percentage where it is asked for, and average use in milli-units.
type Counted = Result<(i64, Option<i64>, i64), String>;

impl Count<'_> {
    fn by_use(&self, percent: i64) -> Counted {
        let (pods, mut metrics, groups) = self.measured()?;
        let requests = self.requests(&pods)?;
        let (ratio, used, raw) = utilization(&metrics, &requests, percent)?;
        let simple = (groups.unready.is_empty() || ratio <= 1.0) && groups.missing.is_empty();
        if simple {
            return Ok((self.scaled(ratio, groups.ready), Some(used), raw));
        }
        let of = |name: &String| requests.get(name).copied().unwrap_or(0);
        self.assume(&mut metrics, &groups, ratio, |name| of(name) * percent.max(100) / 100);
        let again = utilization(&metrics, &requests, percent)?.0;
        Ok((self.rescaled(ratio, again, metrics.len()), Some(used), raw))
    }

    fn by_value(&self, wanted: i64) -> Counted {
        let (_, mut metrics, groups) = self.measured()?;
        let (ratio, raw) = average(&metrics, wanted);
        if (groups.unready.is_empty() || ratio <= 1.0) && groups.missing.is_empty() {
            return Ok((self.scaled(ratio, groups.ready), None, raw));
        }
        self.assume(&mut metrics, &groups, ratio, |_| wanted);
        Ok((self.rescaled(ratio, average(&metrics, wanted).0, metrics.len()), None, raw))
    }

    /// The target's pods, what the ready ones use, and the groups.
    fn measured(&self) -> Result<(Vec<Object>, Amounts, Groups), String> {
        let resource = self.resource;
        let mut metrics =
            self.metrics().map_err(|why| format!("unable to get metrics for resource {resource}: {why}"))?;
        let pods = self.pods();
        if pods.is_empty() {
            return Err("no pods returned by selector while calculating replica count".into());
        }
        let groups = self.groups(&pods, &metrics);
        metrics.retain(|name, _| !groups.ignored.contains(name) && !groups.unready.contains(name));
        if metrics.is_empty() {
            return Err("did not receive metrics for targeted pods (pods might be unready)".into());
        }
        Ok((pods, metrics, groups))
    }

    fn pods(&self) -> Vec<Object> {
        let all = self.hand.list("pods", object::namespace(self.target.hpa));
        all.into_iter().filter(|pod| select::selects(self.target.selector, pod)).collect()
    }

    fn metrics(&self) -> Result<Amounts, String> {
        let client = "unable to fetch metrics from resource metrics API";
        let namespace = object::namespace(self.target.hpa);
        let all = aggregate::metrics_of_pods(self.hand.world, self.hand.cluster, namespace)
            .map_err(|why| format!("{client}: {why}"))?;
        let own: Vec<&Value> = all.iter().filter(|it| select::selects(self.target.selector, it)).collect();
        if own.is_empty() {
            return Err("no metrics returned from resource metrics API".into());
        }
        own.into_iter().map(|it| Ok((object::name(it).to_owned(), self.amount(it)?))).collect()
    }

    fn amount(&self, metric: &Value) -> Result<i64, String> {
        let containers = object::list(metric, "/containers");
        let usage = |it: &Value| Quantity::of(it.pointer(&format!("/usage/{}", self.resource))).as_milli();
        if self.container.is_empty() {
            return Ok(containers.iter().map(usage).sum());
        }
        let found = containers.iter().find(|it| object::field(it, "name") == self.container);
        found.map(usage).ok_or_else(|| {
            format!(
                "failed to get container metrics: container {} not present in metrics for pod {}/{}",
                self.container,
                object::namespace(metric),
                object::name(metric)
            )
        })
    }

    fn groups(&self, pods: &[Object], metrics: &Amounts) -> Groups {
        let mut groups = Groups::default();
        for pod in pods {
            let (name, phase) = (object::name(pod).to_owned(), object::text(pod, "/status/phase"));
            if object::at(pod, "/metadata/deletionTimestamp").is_some() || phase == "Failed" {
                groups.ignored.push(name);
            } else if phase == "Pending" {
                groups.unready.push(name);
            } else if !metrics.contains_key(&name) {
                groups.missing.push(name);
            } else if self.resource == "cpu" && self.starts(pod) {
                groups.unready.push(name);
            } else {
                groups.ready += 1;
            }
        }
        groups
    }

    /// Whether what a pod uses is still that of its start.
    fn starts(&self, pod: &Value) -> bool {
        let ready =
            object::list(pod, "/status/conditions").iter().find(|it| object::field(it, "type") == "Ready");
        let time = |text: &str| SimTime::parse_rfc3339(text);
        let (Some(ready), Some(start)) = (ready, time(object::text(pod, "/status/startTime"))) else {
            return true;
        };
        let Some(changed) = time(object::field(ready, "lastTransitionTime")) else { return true };
        let now = self.hand.now();
        let not_ready = object::field(ready, "status") == "False";
        if now.since(start).as_secs() < CPU_START_S {
            return not_ready || now.since(changed).as_secs() < WINDOW_S;
        }
        not_ready && changed.since(start).as_secs() < READINESS_DELAY_S
    }

    fn requests(&self, pods: &[Object]) -> Result<Amounts, String> {
        pods.iter().map(|pod| Ok((object::name(pod).to_owned(), self.request(pod)?))).collect()
    }

    fn request(&self, pod: &Value) -> Result<i64, String> {
        let resource = self.resource;
        let of = |it: &Value| {
            it.pointer(&format!("/resources/requests/{resource}")).map(|it| Quantity::of(Some(it)).as_milli())
        };
        if self.container.is_empty()
            && let Some(whole) = pod.get("spec").and_then(of)
        {
            return Ok(whole);
        }
        let sidecars = object::list(pod, "/spec/initContainers")
            .iter()
            .filter(|it| object::field(it, "restartPolicy") == "Always");
        let all = object::list(pod, "/spec/containers").iter().chain(sidecars);
        let mut sum = 0;
        for it in all.filter(|it| self.container.is_empty() || object::field(it, "name") == self.container) {
            let (name, pod) = (object::field(it, "name"), object::name(pod));
            sum += of(it)
                .ok_or_else(|| format!("missing request for {resource} in container {name} of Pod {pod}"))?;
        }
        Ok(sum)
    }

    /// Fills in for pods that were not measured, against the direction of the change.
    fn assume(&self, metrics: &mut Amounts, groups: &Groups, ratio: f64, much: impl Fn(&String) -> i64) {
        for name in &groups.missing {
            if ratio < 1.0 {
                metrics.insert(name.clone(), much(name));
            } else if ratio > 1.0 {
                metrics.insert(name.clone(), 0);
            }
        }
        if ratio > 1.0 {
            metrics.extend(groups.unready.iter().map(|name| (name.clone(), 0)));
        }
    }

    fn tolerates(&self, ratio: f64) -> bool {
        let of = |way: &str| {
            let own = object::at(self.target.hpa, &format!("/spec/behavior/{way}/tolerance"));
            own.map_or(TOLERANCE, |it| ratio_of(Quantity::of(Some(it)).as_milli(), 1_000))
        };
        (1.0 - of("scaleDown")..=1.0 + of("scaleUp")).contains(&ratio)
    }

    fn scaled(&self, ratio: f64, count: i64) -> i64 {
        if self.tolerates(ratio) { self.target.size } else { times(ratio, count) }
    }

    fn rescaled(&self, before: f64, ratio: f64, count: usize) -> i64 {
        let turned = (before < 1.0 && ratio > 1.0) || (before > 1.0 && ratio < 1.0);
        if self.tolerates(ratio) || turned {
            return self.target.size;
        }
        let wanted = times(ratio, i64::try_from(count).unwrap_or(i64::MAX));
        let size = self.target.size;
        let against = (ratio < 1.0 && wanted > size) || (ratio > 1.0 && wanted < size);
        if against { size } else { wanted }
    }
}

#[expect(clippy::cast_precision_loss, reason = "amounts are far below 2^52")]
fn ratio_of(part: i64, whole: i64) -> f64 {
    part as f64 / whole.max(1) as f64
}

#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "a count of pods")]
fn times(ratio: f64, count: i64) -> i64 {
    (ratio * count as f64).ceil() as i64
}

/// Ratio to the target, percentage used, average use.
fn utilization(metrics: &Amounts, requests: &Amounts, target: i64) -> Result<(f64, i64, i64), String> {
    let known = metrics.iter().filter_map(|(name, used)| Some((*used, *requests.get(name)?)));
    let (used, asked, count) = known.fold((0, 0, 0), |sum, it| (sum.0 + it.0, sum.1 + it.1, sum.2 + 1));
    if asked == 0 {
        return Err("no metrics returned matched known pods".into());
    }
    let percent = used * 100 / asked;
    Ok((ratio_of(percent, target), percent, used / count))
}

fn average(metrics: &Amounts, target: i64) -> (f64, i64) {
    let count = i64::try_from(metrics.len()).unwrap_or(1).max(1);
    let mean = metrics.values().sum::<i64>() / count;
    (ratio_of(mean, target), mean)
}
