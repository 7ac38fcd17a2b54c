//! A process as its static pod manifest describes it: command line and what it sees of the host.

use serde_json::Value;

use crate::apimachinery::object;
use crate::hosts::files;

/// The main process of a static pod's first container.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Process {
    /// The last part of the command's path: `etcd`.
    pub(crate) program: String,
    /// Everything behind the program.
    pub(crate) args: Vec<String>,
    /// Container path and host path of every hostPath mount.
    mounts: Vec<(String, String)>,
    pub(crate) image: String,
    pub(crate) pod_name: String,
}

impl Process {
    /// Reads a Pod manifest; `None` when it is not one or has no command.
    pub(crate) fn of_manifest(pod: &Value) -> Option<Self> {
        if object::text(pod, "/kind") != "Pod" {
            return None;
        }
        let container = object::list(pod, "/spec/containers").first()?;
        let mut words = ["/command", "/args"]
            .into_iter()
            .flat_map(|part| object::list(container, part))
            .filter_map(Value::as_str)
            .map(str::to_owned);
        let command = words.next()?;
        Some(Self {
            program: files::base_name(&command).to_owned(),
            args: words.collect(),
            mounts: mounts(pod, container),
            image: object::field(container, "image").to_owned(),
            pod_name: object::name(pod).to_owned(),
        })
    }

    /// Where a path of the container is on the host; `None` when no mount covers it.
    pub(crate) fn host_path(&self, path: &str) -> Option<String> {
        let path = files::clean("/", path);
        self.mounts
            .iter()
            .filter(|(inside, _)| path == *inside || path.starts_with(&format!("{inside}/")))
            .max_by_key(|(inside, _)| inside.len())
            .map(|(inside, outside)| format!("{outside}{}", path.strip_prefix(inside.as_str()).unwrap_or("")))
    }

    /// The last value of `--flag=value` or `--flag value`; empty text for a bare flag.
    pub(crate) fn flag(&self, name: &str) -> Option<&str> {
        let long = format!("--{name}");
        let mut found = None;
        let mut words = self.args.iter().peekable();
        while let Some(word) = words.next() {
            if let Some(value) = word.strip_prefix(&long).and_then(|rest| rest.strip_prefix('=')) {
                found = Some(value);
            } else if *word == long {
                found =
                    Some(words.peek().filter(|next| !next.starts_with('-')).map_or("", |next| next.as_str()));
            }
        }
        found
    }

    /// The parts of a comma-separated flag.
    pub(crate) fn flag_list(&self, name: &str) -> Vec<&str> {
        self.flag(name)
            .map(|value| value.split(',').filter(|part| !part.is_empty()).collect())
            .unwrap_or_default()
    }
}

fn mounts(pod: &Value, container: &Value) -> Vec<(String, String)> {
    let host_path = |volume: &str| {
        object::list(pod, "/spec/volumes")
            .iter()
            .find(|it| object::field(it, "name") == volume)
            .map(|it| object::text(it, "/hostPath/path").to_owned())
            .filter(|path| !path.is_empty())
    };
    object::list(container, "/volumeMounts")
        .iter()
        .filter_map(|mount| {
            let outside = host_path(object::field(mount, "name"))?;
            Some((files::clean("/", object::field(mount, "mountPath")), files::clean("/", &outside)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn etcd() -> Process {
        let pod = json!({
            "kind": "Pod", "metadata": {"name": "etcd"},
            "spec": {
                "containers": [{
                    "command": ["/usr/local/bin/etcd", "--data-dir=/var/lib/etcd", "--name", "a"],
                    "volumeMounts": [{"name": "d", "mountPath": "/var/lib/etcd"}],
                }],
                "volumes": [{"name": "d", "hostPath": {"path": "/var/lib/etcd-restored/"}}],
            },
        });
        Process::of_manifest(&pod).unwrap()
    }

    #[test]
    fn paths_lead_through_the_mounts() {
        assert_eq!(
            etcd().host_path("/var/lib/etcd/member").as_deref(),
            Some("/var/lib/etcd-restored/member")
        );
        assert_eq!(etcd().host_path("/var/lib/etcd-x"), None);
    }

    #[test]
    fn flags_are_read_in_both_forms() {
        let etcd = etcd();
        assert_eq!((etcd.program.as_str(), etcd.flag("data-dir")), ("etcd", Some("/var/lib/etcd")));
        assert_eq!((etcd.flag("name"), etcd.flag("nope")), (Some("a"), None));
    }
}
