//! What `--profile` does to a debugging container and its pod.
//!
//! Rules of kubectl `pkg/cmd/debug/profiles.go`.

use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::{as_map, field, remove, set};
use crate::tools::kubectl::Ctx;

/// How the debugging is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// A further container in the running pod.
    Ephemeral,
    /// In a copy of the pod.
    Copy,
    /// In a new pod with the node's file system.
    Node,
}

/// A set of permissions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Profile {
    Legacy,
    General,
    Baseline,
    Restricted,
    Netadmin,
    Sysadmin,
}

impl Profile {
    /// The profile of that name.
    pub(super) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "legacy" => Self::Legacy,
            "general" => Self::General,
            "baseline" => Self::Baseline,
            "restricted" => Self::Restricted,
            "netadmin" => Self::Netadmin,
            "sysadmin" => Self::Sysadmin,
            _ => return None,
        })
    }

    /// Changes the pod and the first container of that name in it.
    pub(super) fn apply(self, ctx: &Ctx<'_>, pod: &mut Value, container: &str, style: Style) {
        self.secure(pod, container, style);
        match (self, style) {
            (_, Style::Ephemeral) => {}
            (Self::Legacy, Style::Copy) => drop(remove(pod, &["metadata", "labels"])),
            (_, Style::Copy) => copied(ctx, pod),
            (Self::Legacy | Self::General | Self::Sysadmin, Style::Node) => {
                mount_root(pod, container);
                use_host_namespaces(pod);
            }
            (Self::Netadmin, Style::Node) => use_host_namespaces(pod),
            (Self::Baseline | Self::Restricted, Style::Node) => {}
        }
    }

    fn secure(self, pod: &mut Value, container: &str, style: Style) {
        let Some(found) = find_container(pod, container) else { return };
        match self {
            Self::Legacy => {}
            Self::General if style == Style::Node => drop(remove(found, &["securityContext"])),
            Self::General => add_capabilities(found, &["SYS_PTRACE"]),
            Self::Baseline => drop(remove(found, &["securityContext"])),
            Self::Restricted => {
                let context = json!({
                    "runAsNonRoot": true, "allowPrivilegeEscalation": false,
                    "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"},
                });
                as_map(found).insert("securityContext".into(), context);
            }
            Self::Netadmin => add_capabilities(found, &["NET_ADMIN", "NET_RAW"]),
            Self::Sysadmin => set(found, &["securityContext", "privileged"], true),
        }
    }
}

/// The first container of that name: init containers, containers, ephemeral containers.
pub(super) fn find_container<'a>(pod: &'a mut Value, name: &str) -> Option<&'a mut Value> {
    let spec = pod.get_mut("spec")?.as_object_mut()?;
    let mut lists: [Option<&mut Value>; 3] = [None, None, None];
    for (key, value) in spec.iter_mut() {
        match key.as_str() {
            "initContainers" => lists[0] = Some(value),
            "containers" => lists[1] = Some(value),
            "ephemeralContainers" => lists[2] = Some(value),
            _ => {}
        }
    }
    let all = lists.into_iter().flatten().filter_map(Value::as_array_mut).flatten();
    all.into_iter().find(|container| field(container, "name") == name)
}

fn add_capabilities(container: &mut Value, more: &[&str]) {
    let mut all = crate::apimachinery::object::list(container, "/securityContext/capabilities/add").to_vec();
    all.extend(more.iter().map(|&capability| Value::from(capability)));
    set(container, &["securityContext", "capabilities", "add"], all);
}

fn mount_root(pod: &mut Value, container: &str) {
    if let Some(found) = find_container(pod, container) {
        push(found, &["volumeMounts"], json!({"mountPath": "/host", "name": "host-root"}));
    }
    push(pod, &["spec", "volumes"], json!({"name": "host-root", "hostPath": {"path": "/"}}));
}

fn push(tree: &mut Value, path: &[&str], item: Value) {
    let pointer = format!("/{}", path.join("/"));
    let mut all = crate::apimachinery::object::list(tree, &pointer).to_vec();
    all.push(item);
    set(tree, path, all);
}

fn use_host_namespaces(pod: &mut Value) {
    for key in ["hostNetwork", "hostPID", "hostIPC"] {
        set(pod, &["spec", key], true);
    }
}

/// A copy gets no traffic and is not restarted by probes, unless flags keep those parts.
fn copied(ctx: &Ctx<'_>, pod: &mut Value) {
    for (flag, path) in [
        ("keep-labels", ["metadata", "labels"]),
        ("keep-annotations", ["metadata", "annotations"]),
        ("keep-init-containers", ["spec", "initContainers"]),
    ] {
        if !ctx.flags.on(flag) {
            remove(pod, &path);
        }
    }
    let containers = pod.pointer_mut("/spec/containers").and_then(Value::as_array_mut);
    for container in containers.into_iter().flatten() {
        for (flag, key) in [
            ("keep-liveness", "livenessProbe"),
            ("keep-readiness", "readinessProbe"),
            ("keep-startup", "startupProbe"),
        ] {
            if !ctx.flags.on(flag) {
                remove(container, &[key]);
            }
        }
    }
    crate::apimachinery::object::set_default(pod, &["spec", "shareProcessNamespace"], true);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_give_what_they_promise() {
        let context = |profile: Profile, style| {
            let mut pod = json!({"spec": {"containers": [{"name": "c"}]}});
            profile.secure(&mut pod, "c", style);
            pod.pointer("/spec/containers/0/securityContext").cloned().unwrap_or_default()
        };
        let add = |words: &[&str]| json!({"capabilities": {"add": words}});
        assert_eq!(context(Profile::General, Style::Ephemeral), add(&["SYS_PTRACE"]));
        assert_eq!(context(Profile::General, Style::Node), Value::Null);
        assert_eq!(context(Profile::Netadmin, Style::Copy), add(&["NET_ADMIN", "NET_RAW"]));
        assert_eq!(context(Profile::Sysadmin, Style::Node), json!({"privileged": true}));
    }
}
