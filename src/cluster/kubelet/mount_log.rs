//! What a kubelet logs about a volume that it cannot set up.

use std::time::Duration;

use super::container::go_duration;
use super::daemon;
use super::run::PodId;
use crate::apimachinery::object;
use crate::cluster::{Object, World};

/// Plugins by the field of a volume that asks for them.
const PLUGINS: &[(&str, &str)] = &[
    ("configMap", "configmap"),
    ("csi", "csi"),
    ("downwardAPI", "downward-api"),
    ("emptyDir", "empty-dir"),
    ("hostPath", "host-path"),
    ("nfs", "nfs"),
    ("projected", "projected"),
    ("secret", "secret"),
];

/// Says that `volume` failed because of `why` and is tried again after `wait`.
pub(super) fn tell(
    world: &mut World,
    id: &PodId,
    pod: &Object,
    (volume, why): (&str, &str),
    (first, wait): (bool, Duration),
) {
    let Some(host) = id.get(world).map(|it| it.host.clone()) else { return };
    let entry = object::list(pod, "/spec/volumes").iter().find(|it| object::field(it, "name") == volume);
    let asked = |field: &str| entry.is_some_and(|it| it.get(field).is_some());
    let plugin = PLUGINS.iter().find(|(field, _)| asked(field)).map_or("csi", |(_, name)| *name);
    // Static pods go by the hash of their manifest.
    let uid = object::annotation(pod, "kubernetes.io/config.hash").unwrap_or_else(|| object::uid(pod));
    let (namespace, name) = (object::namespace(pod), object::name(pod));
    let unique = format!("kubernetes.io/{plugin}/{uid}-{volume}");
    if first {
        let line = format!(
            "I reconciler_common.go:251] \"operationExecutor.VerifyControllerAttachedVolume started for volume \\\"{volume}\\\" (UniqueName: \\\"{unique}\\\") pod \\\"{name}\\\" (UID: \\\"{uid}\\\") \" pod=\"{namespace}/{name}\""
        );
        daemon::say(world, &host, &line);
    }
    let until = world.now + wait;
    let since = daemon::since(world, id.cluster, &host).unwrap_or(world.now);
    let line = format!(
        "E nestedpendingoperations.go:348] Operation for \"{{volumeName:{unique} podName:{uid} nodeName:}}\" failed. No retries permitted until {} +0000 UTC m=+{:.9} (durationBeforeRetry {}). Error: MountVolume.SetUp failed for volume \"{volume}\" (UniqueName: \"{unique}\") pod \"{name}\" (UID: \"{uid}\") : {why}",
        until.strftime("%Y-%m-%d %H:%M:%S.%6f"),
        until.since(since).as_secs_f64(),
        go_duration(wait),
    );
    daemon::say(world, &host, &line);
}
