//! AlwaysPullImages: every container asks the registry for its image, whatever its manifest says.

use super::{Call, Object, Status, concerns};
use crate::apimachinery::json::Value;
use crate::apimachinery::object;

/// Sets the pull policy of all containers; an update that brings no new image is left alone.
pub(super) fn mutate(call: &mut Call<'_>, pod: &mut Value, old: Option<&Object>) -> Result<(), Status> {
    let kept = old.is_some_and(|old| images(old) == images(pod));
    if !concerns(call, "pods") || kept {
        return Ok(());
    }
    for field in ["initContainers", "containers", "ephemeralContainers"] {
        let list = pod.get_mut("spec").and_then(|it| it.get_mut(field)).and_then(Value::as_array_mut);
        for container in list.into_iter().flatten() {
            object::set(container, &["imagePullPolicy"], "Always");
        }
    }
    Ok(())
}

fn images(pod: &Value) -> Vec<&str> {
    super::containers(pod, "/spec").into_iter().map(|it| object::field(it, "image")).collect()
}
