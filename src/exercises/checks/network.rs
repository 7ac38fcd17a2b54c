//! `probe:` and `dns:` who reaches whom, allowed and denied.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Finding, Mistake, Scene};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::apimachinery::selector::LabelSelector;
use crate::cluster::api::Client;
use crate::cluster::network::{self, Answer, Outcome, Protocol};
use crate::cluster::{Place, UserInfo, World};

/// One connection attempt. Without `open: false` it must succeed.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    from: From,
    /// A name or an address, as a program would be given it.
    #[serde(default)]
    to: String,
    /// The pod of these labels, by its address, instead of `to`.
    #[serde(default)]
    to_pod: Option<PodLike>,
    port: u16,
    #[serde(default)]
    protocol: String,
    #[serde(default = "yes")]
    open: bool,
}

/// One look-up. Without `answers` any answer will do.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NameQuestion {
    from: From,
    name: String,
    #[serde(default = "yes")]
    resolves: bool,
}

/// Where an attempt starts.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct From {
    #[serde(default)]
    host: String,
    /// A running pod.
    #[serde(default)]
    pod: Option<PodLike>,
    /// A pod made for the check, with these labels.
    #[serde(default)]
    new_pod: Option<NewPod>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PodLike {
    namespace: String,
    #[serde(default)]
    selector: String,
    #[serde(default)]
    name: String,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewPod {
    namespace: String,
    #[serde(default)]
    labels: BTreeMap<String, String>,
}

fn yes() -> bool {
    true
}

/// Long enough for the pod of a check to run.
const POD_STARTS: Duration = Duration::from_secs(20);

/// The name of the pod that a check makes.
const CLIENT: &str = "uncordon-check";

fn find<'a>(world: &'a World, like: &'a PodLike) -> Option<&'a Value> {
    let cluster = world.clusters.get(0)?;
    let selector = LabelSelector::parse(&like.selector).ok()?;
    cluster.store.list("pods", &like.namespace).map(|it| &**it).find(|pod| {
        let labels = pod.pointer("/metadata/labels").unwrap_or(&Value::Null);
        object::text(pod, "/status/phase") == "Running"
            && (like.name.is_empty() || object::name(pod) == like.name)
            && (like.selector.is_empty() || selector.matches(labels))
    })
}

fn place_of(pod: &Value) -> Place {
    let first = object::list(pod, "/spec/containers").first();
    Place::Container {
        cluster: 0,
        pod_uid: object::uid(pod).to_owned(),
        container: first.map_or("", |container| object::field(container, "name")).to_owned(),
    }
}

impl From {
    fn words(&self) -> String {
        let labels = |new: &NewPod| {
            new.labels.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",")
        };
        match (&self.pod, &self.new_pod) {
            (Some(pod), _) => format!("{} {}{}", pod.namespace, pod.name, pod.selector),
            (None, Some(new)) => format!("a pod with {} in {}", labels(new), new.namespace),
            (None, None) => format!("host {}", self.host),
        }
    }

    /// Where the attempt starts, in a world in which that place exists.
    fn place(&self, world: &mut World) -> Result<Place, String> {
        match (&self.pod, &self.new_pod) {
            (Some(like), _) => {
                find(world, like).map(place_of).ok_or_else(|| format!("no running pod {}", self.words()))
            }
            (None, Some(new)) => make_pod(world, new),
            (None, None) => Ok(Place::host(&self.host)),
        }
    }
}

fn make_pod(world: &mut World, new: &NewPod) -> Result<Place, String> {
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": CLIENT, "namespace": new.namespace, "labels": new.labels},
        "spec": {"containers": [{"name": "c", "image": "busybox:1.36", "command": ["sleep", "3600"]}]},
    });
    let grader = UserInfo::new("uncordon:grader", &["system:masters", "system:authenticated"]);
    let made = Client::as_user(world, 0, grader).create("pods", &new.namespace, pod);
    made.map_err(|status| status.message)?;
    world.advance(POD_STARTS);
    let like = PodLike { namespace: new.namespace.clone(), selector: String::new(), name: CLIENT.into() };
    find(world, &like).map(place_of).ok_or_else(|| "the pod of the check does not run".to_owned())
}

impl Question {
    fn words(&self) -> String {
        let to = match &self.to_pod {
            Some(pod) => format!("{} {}{}", pod.namespace, pod.name, pod.selector),
            None => self.to.clone(),
        };
        format!("{} → {to}:{}", self.from.words(), self.port)
    }

    fn protocol(&self) -> Protocol {
        match self.protocol.to_ascii_uppercase().as_str() {
            "UDP" => Protocol::Udp,
            "SCTP" => Protocol::Sctp,
            _ => Protocol::Tcp,
        }
    }

    /// What came of it, in a word.
    fn ask(&self, world: &World) -> Result<Outcome, String> {
        let mut world = world.clone();
        let from = self.from.place(&mut world)?;
        let target = match &self.to_pod {
            Some(like) => find(&world, like)
                .map(|pod| object::text(pod, "/status/podIP").to_owned())
                .ok_or_else(|| format!("no running pod {}{}", like.name, like.selector))?,
            None => self.to.clone(),
        };
        Ok(network::probe(&world, &from, &target, self.port, self.protocol()).outcome)
    }
}

fn outcome_words(outcome: &Result<Outcome, String>) -> String {
    match outcome {
        Ok(Outcome::Open { .. }) => "open".into(),
        Ok(Outcome::Refused) => "refused".into(),
        Ok(Outcome::TimedOut) => "timed out".into(),
        Ok(Outcome::NoSuchName) => "no such name".into(),
        Ok(Outcome::NoNameServer) => "no name server answers".into(),
        Err(why) => why.clone(),
    }
}

/// Tries all of them.
pub(super) fn look(questions: &[Question], scene: &Scene<'_>) -> Finding {
    let mut wanted = Vec::new();
    let mut saw = Vec::new();
    let mut too_open = false;
    for question in questions {
        let outcome = question.ask(&scene.end);
        let is_open = matches!(outcome, Ok(Outcome::Open { .. }));
        let expected = if question.open { "open" } else { "closed" };
        // A closed door counts only where an attempt was made: a pod that does not run proves nothing.
        if is_open == question.open && (question.open || outcome.is_ok()) {
            continue;
        }
        too_open |= is_open;
        wanted.push(format!("{}: {expected}", question.words()));
        saw.push(format!("{}: {}", question.words(), outcome_words(&outcome)));
    }
    if wanted.is_empty() {
        let all: Vec<String> = questions
            .iter()
            .map(|it| format!("{}: {}", it.words(), if it.open { "open" } else { "closed" }))
            .collect();
        return Finding::pass(all.join("\n"));
    }
    let mistake = if too_open { Mistake::TooPermissive } else { Mistake::TooStrict };
    Finding::miss(mistake, wanted.join("\n"), saw.join("\n"))
}

/// Looks all of them up.
pub(super) fn look_up(questions: &[NameQuestion], scene: &Scene<'_>) -> Finding {
    let mut wanted = Vec::new();
    let mut saw = Vec::new();
    for question in questions {
        let mut world = scene.end.clone();
        let answer =
            question.from.place(&mut world).map(|from| network::resolve(&world, &from, &question.name, "A"));
        let resolves = matches!(&answer, Ok(Answer::Records(records)) if !records.is_empty());
        if resolves != question.resolves {
            wanted.push(format!(
                "{}: {}",
                question.name,
                if question.resolves { "resolves" } else { "does not resolve" }
            ));
            saw.push(match answer {
                Ok(Answer::Records(records)) => format!("{}: {}", question.name, records.join(", ")),
                Ok(Answer::NoSuchName) => format!("{}: no such name", question.name),
                Ok(Answer::TimedOut) => format!("{}: no name server answers", question.name),
                Err(why) => why,
            });
        }
    }
    if wanted.is_empty() {
        let names: Vec<&str> = questions.iter().map(|it| it.name.as_str()).collect();
        return Finding::pass(names.join(", "));
    }
    Finding::miss(Mistake::NotEffective, wanted.join("\n"), saw.join("\n"))
}
