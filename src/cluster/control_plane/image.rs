//! What must be there before a container of the control plane can be started: room on the node, its
//! image, its host folders, its program.

use std::time::Duration;

use super::{Exit, Instance, Phase};
use crate::cluster::kubelet::{catalog, container, node};
use crate::cluster::{ClusterId, World};
use crate::sim::SimTime;

/// Between two pulls that failed, at first. Source: the kubelet's image back-off.
const PULL_BACKOFF: Duration = Duration::from_secs(10);
/// At most. Same source.
const PULL_BACKOFF_MAX: Duration = Duration::from_secs(300);

/// What is in the way of a start: the inner value says when to look again. `None` when nothing is.
pub(super) fn obstacle(
    world: &mut World,
    cluster: ClusterId,
    host: &str,
    instance: &mut Instance,
) -> Option<Option<Duration>> {
    if let Some((reason, message)) = node::no_room(world, cluster, host, &instance.process.requests) {
        instance.phase = Phase::Rejected { reason };
        instance.message = message;
        return Some(None);
    }
    let now = world.now;
    let name = instance.process.image.clone();
    let found = match catalog::parse(&name) {
        Err(why) => Err(("InvalidImageName", why)),
        Ok(reference) => match catalog::find(&reference) {
            Ok(found) => Ok((reference, found)),
            Err(missing) => Err(("ErrImagePull", container::pull_failure(&reference, &missing))),
        },
    };
    let (reference, image) = match found {
        Ok(found) => found,
        Err((reason, why)) => {
            let wait = PULL_BACKOFF.saturating_mul(1 << instance.pull_failures.min(5)).min(PULL_BACKOFF_MAX);
            instance.pull_failures += 1;
            let (reason, message) = if reason == "InvalidImageName" || instance.pull_failures == 1 {
                (reason, why)
            } else {
                ("ImagePullBackOff", format!("Back-off pulling image \"{name}\": ErrImagePull: {why}"))
            };
            instance.phase = Phase::Waiting { reason, until: now + wait };
            instance.message = message;
            return Some(Some(wait));
        }
    };
    if let Some(state) = world.clusters.get_mut(cluster) {
        let full = reference.full();
        if !state.runtime.has_image(host, &full) {
            state.runtime.add_image(host, &full, now);
        }
    }
    let program = crate::hosts::files::base_name(&image.repository);
    if program == instance.process.program {
        return None;
    }
    let wanted = &instance.process.program;
    instance.message = format!(
        "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: \
         unable to start container process: error during container init: exec: \"{wanted}\": executable file not found in $PATH"
    );
    let wait = super::supervise::ended(
        instance,
        Exit { code: 128, started: SimTime::from_unix_s(0), finished: now, reason: "StartError" },
    );
    Some(Some(wait))
}
