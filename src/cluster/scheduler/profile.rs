//! Profiles: under which scheduler names pods are placed, and what each name does differently.
//!
//! They come from the configuration files (`--config`) of every scheduler that works: static pods of the
//! control plane, and schedulers that run as ordinary pods. Of several that share a lease only the first
//! works. Without any process there is `default-scheduler`.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::State;
use crate::apimachinery::json::Value;
use crate::apimachinery::{object, yaml};
use crate::cluster::api::authz::{self, Attributes};
use crate::cluster::control_plane::{Instance, Phase, Process};
use crate::cluster::{Cluster, ClusterId, Key, Object, Place, UserInfo, World};

/// The name of pods that name no scheduler.
const DEFAULT: &str = "default-scheduler";

const PROGRAM: &str = "kube-scheduler";

/// One profile. A clone shares it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Profile {
    pub(crate) name: Arc<str>,
    /// The `plugins` of the profile; null for none.
    plugins: Arc<Value>,
    pub(super) fit: Arc<Fit>,
}

/// How `NodeResourcesFit` scores.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Fit {
    #[default]
    LeastAllocated,
    MostAllocated,
    /// Points of utilisation in per cent and score from 0 to 10.
    ByShape(Vec<(i64, i64)>),
}

impl Default for Profile {
    fn default() -> Self {
        Self { name: DEFAULT.into(), plugins: Arc::default(), fit: Arc::default() }
    }
}

impl Profile {
    fn of(profile: &Value) -> Self {
        let name = object::field(profile, "schedulerName");
        let fit = object::list(profile, "/pluginConfig")
            .iter()
            .find(|it| object::field(it, "name") == "NodeResourcesFit")
            .map(|it| Fit::of(object::at(it, "/args/scoringStrategy").unwrap_or(&Value::Null)));
        Self {
            name: if name.is_empty() { DEFAULT } else { name }.into(),
            plugins: Arc::new(profile.get("plugins").cloned().unwrap_or_default()),
            fit: Arc::new(fit.unwrap_or_default()),
        }
    }

    /// Whether a plugin works at an extension point: `filter`, `score`, `postFilter` …
    pub(super) fn has(&self, point: &str, plugin: &str) -> bool {
        if self.plugins.is_null() {
            return true;
        }
        for set in [point, "multiPoint"] {
            let lists = |which: &str, names: &[&str]| {
                let list = object::list(&self.plugins, &format!("/{set}/{which}"));
                list.iter().any(|it| names.contains(&object::field(it, "name")))
            };
            if lists("enabled", &[plugin]) {
                return true;
            }
            if lists("disabled", &[plugin, "*"]) {
                return false;
            }
        }
        true
    }

    /// The weight of a scoring plugin.
    pub(super) fn weight(&self, plugin: &str, usual: i64) -> i64 {
        let given = ["score", "multiPoint"].into_iter().find_map(|set| {
            let list = object::list(&self.plugins, &format!("/{set}/enabled"));
            let row = list.iter().find(|it| object::field(it, "name") == plugin)?;
            object::int(row, "/weight").filter(|it| *it > 0)
        });
        given.unwrap_or(usual)
    }
}

impl Fit {
    fn of(strategy: &Value) -> Self {
        match object::field(strategy, "type") {
            "MostAllocated" => Self::MostAllocated,
            "RequestedToCapacityRatio" => {
                let points = object::list(strategy, "/requestedToCapacityRatio/shape").iter();
                let point = |it: &Value| {
                    let number = |name: &str| object::int(it, name).unwrap_or(0);
                    (number("/utilization"), number("/score"))
                };
                Self::ByShape(points.map(point).collect())
            }
            _ => Self::LeastAllocated,
        }
    }

    /// 0 to 100 for a node of which `used` of `all` is asked for.
    pub(super) fn score(&self, used: i64, all: i64) -> i64 {
        const MAX: i64 = 100;
        let over = all == 0 || used > all;
        match self {
            Self::LeastAllocated if over => 0,
            Self::LeastAllocated => (all - used) * MAX / all,
            Self::MostAllocated if over => 0,
            Self::MostAllocated => used * MAX / all,
            Self::ByShape(points) => {
                let utilization = if over { MAX } else { used * MAX / all };
                on_line(points, utilization) * 10
            }
        }
    }
}

/// The height at `x` of the line through some points.
fn on_line(points: &[(i64, i64)], x: i64) -> i64 {
    let Some(at) = points.iter().position(|(point, _)| x <= *point) else {
        return points.last().map_or(0, |(_, height)| *height);
    };
    let Some(&(x1, y1)) = points.get(at) else { return 0 };
    match at.checked_sub(1).and_then(|before| points.get(before)) {
        Some(&(x0, y0)) if x1 > x0 => y0 + (y1 - y0) * (x - x0) / (x1 - x0),
        _ => y1,
    }
}

/// A scheduler that is up: the profiles it has, and the lease that it needs.
struct Running {
    lock: Option<String>,
    profiles: Vec<Profile>,
}

impl Running {
    fn of(process: &Process, config: Option<&Value>) -> Self {
        let none = Value::Null;
        let config = config.unwrap_or(&none);
        let elects = match process.flag("leader-elect") {
            Some("false") => false,
            Some(_) => true,
            None => object::at(config, "/leaderElection/leaderElect").is_none_or(|it| *it != false),
        };
        let lock = lock_of(process, config);
        let mut profiles: Vec<Profile> = object::list(config, "/profiles").iter().map(Profile::of).collect();
        if profiles.is_empty() {
            profiles.push(Profile::default());
        }
        Self { lock: elects.then_some(lock), profiles }
    }
}

/// Namespace and name of the lease that a scheduler takes.
pub(crate) fn lock_of(process: &Process, config: &Value) -> String {
    let named = |flag: &str, pointer: &str, usual: &str| {
        let given = process.flag(flag).unwrap_or_else(|| object::text(config, pointer));
        if given.is_empty() { usual.to_owned() } else { given.to_owned() }
    };
    let namespace =
        named("leader-elect-resource-namespace", "/leaderElection/resourceNamespace", "kube-system");
    let name = named("leader-elect-resource-name", "/leaderElection/resourceName", PROGRAM);
    format!("{namespace}/{name}")
}

/// The profiles of all schedulers that work now; the first of a name counts.
pub(super) fn active(world: &World, cluster: ClusterId, state: &State) -> Vec<Profile> {
    let Some(found) = world.clusters.get(cluster) else { return Vec::new() };
    let running = static_ones(found).into_iter().chain(in_pods(world, cluster, state));
    let mut locks = BTreeSet::new();
    let mut names = BTreeSet::new();
    let mut profiles = Vec::new();
    for scheduler in running {
        if scheduler.lock.is_some_and(|lock| !locks.insert(lock)) {
            continue;
        }
        profiles.extend(scheduler.profiles.into_iter().filter(|it| names.insert(it.name.clone())));
    }
    if found.control_plane.instances.is_empty() {
        profiles.push(Profile::default());
    }
    profiles
}

/// Those of the control plane, the one that is longest up first.
fn static_ones(cluster: &Cluster) -> Vec<Running> {
    let since = |it: &Instance| match it.phase {
        Phase::Running { since, .. } => since,
        _ => crate::sim::SimTime::default(),
    };
    let mut up: Vec<&Instance> = cluster
        .control_plane
        .instances
        .values()
        .filter(|it| it.process.program == PROGRAM && it.leads())
        .collect();
    up.sort_by_key(|it| since(it));
    up.into_iter().map(|it| Running::of(&it.process, it.kept.get("config").map(|it| &**it))).collect()
}

/// Those that run as ordinary pods, with what their service accounts may do.
fn in_pods(world: &World, cluster: ClusterId, state: &State) -> Vec<Running> {
    let Some(found) = world.clusters.get(cluster) else { return Vec::new() };
    let pods = state.schedulers.iter().filter_map(|key| found.store.get(key));
    pods.filter(|pod| is_ready(pod)).filter_map(|pod| in_pod(world, cluster, pod)).collect()
}

fn is_ready(pod: &Value) -> bool {
    object::list(pod, "/status/conditions")
        .iter()
        .any(|it| object::field(it, "type") == "Ready" && object::field(it, "status") == "True")
}

fn in_pod(world: &World, cluster: ClusterId, pod: &Object) -> Option<Running> {
    let container = object::list(pod, "/spec/containers").iter().find(|it| is_scheduler(it))?;
    let words = ["/command", "/args"].into_iter().flat_map(|part| object::list(container, part));
    let words: Vec<String> = words.filter_map(Value::as_str).map(str::to_owned).collect();
    let args = words.into_iter().skip_while(|it| !it.starts_with('-')).collect();
    let process = Process::of_machine(PROGRAM, args);
    let place = Place::Container {
        cluster,
        pod_uid: object::uid(pod).to_owned(),
        container: object::field(container, "name").to_owned(),
    };
    let config = match process.flag("config").filter(|it| !it.is_empty()) {
        Some(path) => {
            let text = world.read_text(&place, path).ok()?;
            Some(yaml::documents(&text).ok()?.into_iter().next()?)
        }
        None => None,
    };
    let running = Running::of(&process, config.as_ref());
    let found = world.clusters.get(cluster)?;
    may_schedule(found, pod, running.lock.as_deref()).then_some(running)
}

/// Whether the service account of a scheduler's pod may do what a scheduler does.
fn may_schedule(cluster: &Cluster, pod: &Value, lock: Option<&str>) -> bool {
    let (namespace, account) = (object::namespace(pod), object::text(pod, "/spec/serviceAccountName"));
    let user = UserInfo::new(
        &format!("system:serviceaccount:{namespace}:{account}"),
        &["system:serviceaccounts", &format!("system:serviceaccounts:{namespace}"), "system:authenticated"],
    );
    let may = |verb: &str, resource: &str, subresource: &str| {
        let attributes = Attributes {
            verb: verb.into(),
            version: "v1".into(),
            resource: resource.into(),
            subresource: subresource.into(),
            ..Attributes::default()
        };
        authz::decide(cluster, &user, &attributes).allowed
    };
    let lease = lock.and_then(|lock| lock.split_once('/')).is_none_or(|(namespace, name)| {
        authz::decide(cluster, &user, &Attributes::of_lease(namespace, name)).allowed
    });
    lease && may("list", "pods", "") && may("list", "nodes", "") && may("create", "pods", "binding")
}

fn is_scheduler(container: &Value) -> bool {
    object::field(container, "image").contains(PROGRAM)
}

/// Notes that a pod is one that schedules, or is none any more.
pub(super) fn note(state: &mut State, key: &Key, pod: Option<&Object>) {
    let schedules = pod.is_some_and(|pod| {
        object::list(pod, "/spec/containers").iter().any(is_scheduler)
            && object::annotation(pod, "kubernetes.io/config.mirror").is_none()
    });
    if schedules {
        state.schedulers.insert(key.clone());
    } else if !state.schedulers.is_empty() {
        state.schedulers.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::json::json;

    #[test]
    fn plugins_are_switched_by_point_and_for_all_points() {
        let profile = Profile::of(&json!({"schedulerName": "s", "plugins": {
            "multiPoint": {"disabled": [{"name": "ImageLocality"}], "enabled": [{"name": "TaintToleration", "weight": 7}]},
            "filter": {"disabled": [{"name": "NodePorts"}]},
            "score": {"disabled": [{"name": "*"}], "enabled": [{"name": "NodeResourcesFit", "weight": 5}]},
        }}));
        assert!(!profile.has("filter", "NodePorts") && profile.has("filter", "NodeName"));
        assert!(!profile.has("filter", "ImageLocality"));
        assert!(profile.has("score", "NodeResourcesFit") && !profile.has("score", "NodeAffinity"));
        assert_eq!((profile.weight("NodeResourcesFit", 1), profile.weight("TaintToleration", 3)), (5, 7));
    }

    #[test]
    fn a_node_is_scored_by_the_strategy() {
        let of = |strategy: Value| Fit::of(&strategy);
        assert_eq!(of(json!({})).score(25, 100), 75);
        assert_eq!(of(json!({"type": "MostAllocated"})).score(25, 100), 25);
        let shape = json!({"type": "RequestedToCapacityRatio", "requestedToCapacityRatio":
            {"shape": [{"utilization": 0, "score": 0}, {"utilization": 100, "score": 10}]}});
        assert_eq!(of(shape).score(50, 100), 50);
    }
}
