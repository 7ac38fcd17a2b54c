//! Deployments: a new ReplicaSet for each template, and pods moved from the old ones to it.
//!
//! Follows `pkg/controller/deployment` of kube-controller-manager. Its parts: [`sets`] finds and
//! makes ReplicaSets and numbers them, [`rolling`] and [`recreate`] move pods, [`scale`] spreads a new
//! size, [`status`] tells how far it is.
//!
//! Invariant: knows nothing of pods but, to recreate, whether old ones are left.

mod recreate;
mod rolling;
mod scale;
mod sets;
mod size;
mod status;

pub(crate) use size::scaled;

use std::time::Duration;

use super::hand::{Hand, join_key, split_key, wake_owner, wake_self};
use super::owners;
use super::pods::is_deleting;
use super::select::selects;
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::apimachinery::status::Status;
use crate::cluster::engine::{Component, Process};
use crate::cluster::{Change, ClusterId, Event, Object, World, events};

pub(crate) const DEPLOYMENT: Component =
    Component { name: "deployment-controller", process: Process::ControllerManager, woken_by, sync };

const RESOURCE: &str = "deployments.apps";
const SETS: &str = "replicasets.apps";

/// The annotation with a revision's number.
const REVISION: &str = "deployment.kubernetes.io/revision";

fn woken_by(world: &World, cluster: ClusterId, event: &Event, keys: &mut Vec<String>) {
    wake_self(event, RESOURCE, keys);
    wake_owner(event, SETS, "Deployment", keys);
    let store = &world.clusters[cluster].store;
    let namespace = &event.key.namespace;
    if &*event.key.resource == SETS && object::controller_of(&event.object).is_none() {
        let fits =
            |it: &&Object| selects(it.pointer("/spec/selector").unwrap_or(&Value::Null), &event.object);
        let fitting = store.list(RESOURCE, namespace).filter(fits);
        keys.extend(fitting.map(|it| join_key(namespace, object::name(it))));
    }
    if &*event.key.resource == "pods" && event.change == Change::Deleted {
        // Recreate waits for the last old pod to be gone.
        let set = object::controller_of(&event.object).map(|it| object::field(it, "name"));
        let set = set.and_then(|name| store.find(SETS, namespace, name));
        let owner = set.and_then(|set| object::controller_of(set));
        keys.extend(owner.map(|it| join_key(namespace, object::field(it, "name"))));
    }
}

/// A deployment with its ReplicaSets: the one of the current template, and the others, oldest first.
struct Rollout {
    deployment: Object,
    new: Option<Object>,
    old: Vec<Object>,
}

impl Rollout {
    /// All sets, the new one last.
    fn all(&self) -> impl Iterator<Item = &Object> {
        self.old.iter().chain(&self.new)
    }

    /// Puts a changed set in the place of the one with its name.
    fn replace(&mut self, set: &Object) {
        let same = |it: &&mut Object| object::name(it) == object::name(set);
        if let Some(slot) = self.old.iter_mut().chain(&mut self.new).find(same) {
            *slot = set.clone();
        }
    }
}

fn sync(world: &mut World, cluster: ClusterId, key: &str) -> Option<Duration> {
    let mut hand = Hand::new(world, cluster, DEPLOYMENT.name);
    let Some(deployment) = hand.at(RESOURCE, key) else {
        hand.forget(key);
        return None;
    };
    if selects_everything(&deployment) {
        let message = "This deployment is selecting all pods. A non-empty selector is required.";
        hand.event(&deployment, events::warning("SelectingAll", message));
        return None;
    }
    match roll(&mut hand, deployment) {
        Ok(again) => {
            hand.forget(key);
            again
        }
        Err(_) => hand.retry(key),
    }
}

fn selects_everything(deployment: &Value) -> bool {
    let selector = deployment.pointer("/spec/selector").unwrap_or(&Value::Null);
    selector.is_object()
        && object::entries(selector, "/matchLabels").next().is_none()
        && object::list(selector, "/matchExpressions").is_empty()
}

fn roll(hand: &mut Hand<'_>, deployment: Object) -> Result<Option<Duration>, Status> {
    let selector = deployment.pointer("/spec/selector").cloned().unwrap_or_default();
    let owned = owners::claim(hand, &deployment, &selector, SETS, "ReplicaSet");
    let deployment = status::note_pause(hand, deployment)?;
    let mut rollout = sets::find(hand, deployment, &owned)?;
    if is_deleting(&rollout.deployment) {
        return status::write(hand, &rollout);
    }
    if object::flag(&rollout.deployment, "/spec/paused") {
        scale::spread(hand, &mut rollout)?;
        sets::clean_up(hand, &rollout)?;
        return status::write(hand, &rollout);
    }
    if scale::is_resized(&rollout) {
        scale::spread(hand, &mut rollout)?;
        return status::write(hand, &rollout);
    }
    if object::text(&rollout.deployment, "/spec/strategy/type") == "Recreate" {
        recreate::roll(hand, &mut rollout)?;
    } else {
        rolling::roll(hand, &mut rollout)?;
    }
    status::write_rollout(hand, &rollout)
}

/// The deployment as it is stored now.
fn reload(hand: &Hand<'_>, deployment: &Object) -> Object {
    let key = super::hand::key_of(deployment);
    let (namespace, name) = split_key(&key);
    hand.get(RESOURCE, namespace, name).unwrap_or_else(|| deployment.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::controllers::testing::Lab;

    const WEB: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 4
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: nginx}]}
";

    fn image(image: &str) -> String {
        format!("spec: {{template: {{spec: {{containers: [{{name: c, image: '{image}'}}]}}}}}}")
    }

    /// `ready/updated/available of replicas` and the reasons of the conditions.
    fn seen(lab: &Lab) -> String {
        let web = lab.get(RESOURCE, "web");
        let count = |key| size::counted(&web, key);
        let reasons: Vec<&str> =
            object::list(&web, "/status/conditions").iter().map(|it| object::field(it, "reason")).collect();
        let sizes: Vec<i64> = lab.list(SETS).iter().map(|it| size::replicas(it)).collect();
        format!(
            "{}/{}/{} {:?} {}",
            count("readyReplicas"),
            count("updatedReplicas"),
            count("availableReplicas"),
            sizes,
            reasons.join(" ")
        )
    }

    #[test]
    fn rolls_out_and_back() {
        let mut lab = Lab::new();
        lab.create(RESOURCE, WEB);
        lab.pass(3);
        assert_eq!(seen(&lab), "4/4/4 [4] MinimumReplicasAvailable NewReplicaSetAvailable");
        lab.patch(RESOURCE, "web", &image("nginx:2"));
        lab.pass(5);
        let mut sets = lab.list(SETS);
        sets.sort_by_key(|it| object::annotation(it, REVISION).map(str::to_owned));
        assert_eq!(sets.iter().map(|it| size::replicas(it)).collect::<Vec<_>>(), [0, 4]);
        lab.patch(RESOURCE, "web", &image("nginx"));
        lab.pass(5);
        let web = lab.get(RESOURCE, "web");
        assert_eq!(object::annotation(&web, REVISION), Some("3"));
        let revisions: Vec<_> =
            lab.list(SETS).iter().map(|it| object::annotation(it, REVISION).map(str::to_owned)).collect();
        assert!(
            revisions.contains(&Some("2".into())) && revisions.contains(&Some("3".into())),
            "{revisions:?}"
        );
    }

    #[test]
    fn a_broken_image_stops_half_way_and_times_out() {
        let mut lab = Lab::new();
        lab.create(RESOURCE, WEB);
        lab.pass(3);
        lab.patch(RESOURCE, "web", "spec: {progressDeadlineSeconds: 4}");
        lab.patch(RESOURCE, "web", &image("nginx:wrong"));
        lab.pass(8);
        let mut sizes: Vec<i64> = lab.list(SETS).iter().map(|it| size::replicas(it)).collect();
        sizes.sort_unstable();
        assert_eq!(sizes, [2, 3]);
        assert!(seen(&lab).ends_with("MinimumReplicasAvailable ProgressDeadlineExceeded"), "{}", seen(&lab));
        lab.patch(RESOURCE, "web", "spec: {replicas: 10}");
        lab.pass(3);
        assert_eq!(lab.list("pods").len(), 13);
    }

    #[test]
    fn pauses_and_says_so() {
        let mut lab = Lab::new();
        lab.create(RESOURCE, WEB);
        lab.pass(3);
        lab.patch(RESOURCE, "web", "spec: {paused: true}");
        lab.patch(RESOURCE, "web", &image("nginx:3"));
        lab.pass(3);
        assert_eq!(seen(&lab), "4/0/4 [4] MinimumReplicasAvailable DeploymentPaused");
    }

    #[test]
    fn recreate_waits_for_the_old_to_go() {
        let mut lab = Lab::new();
        lab.create(RESOURCE, &WEB.replace("replicas: 4", "replicas: 2\n  strategy: {type: Recreate}"));
        lab.pass(3);
        lab.patch(RESOURCE, "web", &image("nginx:2"));
        lab.pass(5);
        let sizes: Vec<String> = lab.events("web");
        let words: Vec<&str> = sizes.iter().map(|it| it.rsplit_once(" from ").unwrap().1).collect();
        assert_eq!(words, ["0 to 2", "2 to 0", "0 to 2"]);
    }
}
