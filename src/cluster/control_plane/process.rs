//! A process as its static pod manifest describes it: command line and what it sees of the host.

use std::sync::Arc;

use imbl::OrdMap;

use super::PROGRAMS;
use super::inside::of_url;
use crate::apimachinery::json::Value;
use crate::apimachinery::{object, yaml};
use crate::cluster::network::firewall;
use crate::cluster::scheduler::resources::{self, Resources};
use crate::cluster::{Place, World};
use crate::hosts::{Host, files};

/// Flags whose files a process reads once, when it starts.
const CONFIGURATION: &[&str] = &["audit-policy-file", "config", "encryption-provider-config"];

/// The main process of a static pod's first container.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Process {
    /// The last part of the command's path: `etcd`.
    pub(crate) program: String,
    /// Everything behind the program.
    pub(crate) args: Vec<String>,
    /// Every hostPath mount.
    mounts: Vec<Mount>,
    pub(crate) image: String,
    pub(crate) pod_name: String,
    /// What the pod asks of the node.
    pub(super) requests: Resources,
    /// Its probes over HTTP.
    pub(super) probes: Vec<Probe>,
}

/// A folder or file of the host inside the container.
#[derive(Clone, Debug, PartialEq)]
struct Mount {
    inside: String,
    outside: String,
    read_only: bool,
}

/// A probe of the first container.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Probe {
    /// `Startup`, `Liveness` or `Readiness`.
    pub(super) kind: &'static str,
    pub(super) tls: bool,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) path: String,
    pub(super) delay: u64,
    pub(super) period: u64,
    pub(super) failures: u64,
}

impl Process {
    /// A program of a machine itself, which sees all its files.
    pub(crate) fn of_machine(program: &str, args: Vec<String>) -> Self {
        let everything = Mount { inside: String::new(), outside: String::new(), read_only: false };
        Self {
            program: program.to_owned(),
            args,
            mounts: vec![everything],
            image: String::new(),
            pod_name: String::new(),
            requests: Resources::default(),
            probes: Vec::new(),
        }
    }

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
            requests: resources::requests(pod),
            probes: [
                ("Startup", "/startupProbe"),
                ("Liveness", "/livenessProbe"),
                ("Readiness", "/readinessProbe"),
            ]
            .into_iter()
            .filter_map(|(kind, at)| probe(container, kind, object::at(container, at)?))
            .collect(),
        })
    }

    /// True when this module runs it: by its program, or by an image of the control plane whose program
    /// may be misspelt.
    pub(crate) fn is_ours(&self) -> bool {
        let image = self.image.split(['@']).next().unwrap_or("");
        let name = files::base_name(image).split(':').next().unwrap_or("");
        PROGRAMS.contains(&self.program.as_str()) || PROGRAMS.contains(&name)
    }

    /// Where a path of the container is on the host; `None` when no mount covers it.
    pub(crate) fn host_path(&self, path: &str) -> Option<String> {
        let path = files::clean("/", path);
        let mount = self.mount(&path)?;
        Some(format!("{}{}", mount.outside, path.strip_prefix(mount.inside.as_str()).unwrap_or("")))
    }

    /// The configuration files that flags name, by flag, as they are now.
    pub(super) fn configuration(&self, machine: &Host) -> OrdMap<&'static str, Arc<Value>> {
        let read = |flag: &&'static str| {
            let path = self.host_path(self.flag(flag).filter(|it| !it.is_empty())?)?;
            let text = machine.files.read_text(&path).ok()?;
            let first = yaml::documents(&text).ok()?.into_iter().next()?;
            Some((*flag, Arc::new(first)))
        };
        CONFIGURATION.iter().filter_map(read).collect()
    }

    /// True when a path of the container is on a mount that may not be written.
    pub(crate) fn is_read_only(&self, path: &str) -> bool {
        self.mount(&files::clean("/", path)).is_some_and(|mount| mount.read_only)
    }

    fn mount(&self, path: &str) -> Option<&Mount> {
        let covers = |mount: &&Mount| path == mount.inside || path.starts_with(&format!("{}/", mount.inside));
        self.mounts.iter().filter(covers).max_by_key(|mount| mount.inside.len())
    }

    /// The last value of `--flag=value` or `--flag value`; empty text for a bare flag.
    pub(crate) fn flag(&self, name: &str) -> Option<&str> {
        let mut found = None;
        let mut words = self.args.iter().peekable();
        while let Some(word) = words.next() {
            let Some(rest) = word.strip_prefix("--").and_then(|it| it.strip_prefix(name)) else { continue };
            if let Some(value) = rest.strip_prefix('=') {
                found = Some(value);
            } else if rest.is_empty() {
                found =
                    Some(words.peek().filter(|next| !next.starts_with('-')).map_or("", |next| next.as_str()));
            }
        }
        found
    }

    /// True for an API server that answers whoever shows nothing: `--anonymous-auth`, which does not go
    /// together with `AlwaysAllow`.
    pub(crate) fn takes_anonymous(&self) -> bool {
        self.flag("anonymous-auth") != Some("false") && !self.authorization_modes().contains(&"AlwaysAllow")
    }

    /// Whether packet filters let an API server of a machine talk to one of its etcd servers.
    pub(super) fn reaches_etcd(&self, world: &World, host: &str) -> bool {
        let servers = self.flag_list("etcd-servers");
        let open = |url: &str| {
            let Some((address, port)) = of_url(url) else { return true };
            let machine = world.hosts.values().find(|it| it.address == address.to_string());
            let machine = machine.map_or(host, |it| it.name.as_str());
            firewall::to_machine(world, &Place::host(host), machine, address, port).is_none()
        };
        servers.is_empty() || servers.into_iter().any(open)
    }

    /// `--authorization-mode` of an API server.
    pub(crate) fn authorization_modes(&self) -> Vec<&str> {
        match self.flag_list("authorization-mode") {
            none if none.is_empty() => vec!["AlwaysAllow"],
            modes => modes,
        }
    }

    /// The value of a flag as Go reads a duration.
    pub(crate) fn duration(&self, name: &str) -> Option<std::time::Duration> {
        let nanos = crate::apimachinery::go::duration(self.flag(name)?).ok()?;
        u64::try_from(nanos).ok().map(std::time::Duration::from_nanos)
    }

    /// The parts of a comma-separated flag.
    pub(crate) fn flag_list(&self, name: &str) -> Vec<&str> {
        self.flag(name)
            .map(|value| value.split(',').filter(|part| !part.is_empty()).collect())
            .unwrap_or_default()
    }
}

fn probe(container: &Value, kind: &'static str, spec: &Value) -> Option<Probe> {
    let get = object::at(spec, "/httpGet")?;
    let number = |pointer: &str, usual: u64| {
        object::int(spec, pointer).and_then(|it| u64::try_from(it).ok()).unwrap_or(usual)
    };
    let named = |name: &str| {
        let ports = object::list(container, "/ports").iter();
        ports.filter(|it| object::field(it, "name") == name).find_map(|it| object::int(it, "/containerPort"))
    };
    let port = object::int(get, "/port").or_else(|| named(object::field(get, "port")))?;
    Some(Probe {
        kind,
        tls: object::field(get, "scheme") == "HTTPS",
        host: object::field(get, "host").to_owned(),
        port: u16::try_from(port).ok()?,
        path: object::field(get, "path").to_owned(),
        delay: number("/initialDelaySeconds", 0),
        period: number("/periodSeconds", 10).max(1),
        failures: number("/failureThreshold", 3).max(1),
    })
}

fn mounts(pod: &Value, container: &Value) -> Vec<Mount> {
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
            Some(Mount {
                inside: files::clean("/", object::field(mount, "mountPath")),
                outside: files::clean("/", &outside),
                read_only: object::flag(mount, "/readOnly"),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::json::json;

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
