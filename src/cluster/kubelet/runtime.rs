//! The container runtime of a machine, as the kubelet and crictl reach it.

use crate::hosts::Host;

/// Why the runtime does not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// `no such file or directory`, `connection refused`.
    Dial(&'static str),
    /// containerd answers, but its CRI plugin is switched off.
    Unimplemented,
}

/// Where containerd listens: its configuration says so.
fn socket(machine: &Host) -> String {
    let config = machine.files.read_text("/etc/containerd/config.toml").unwrap_or_default();
    let config: toml::Table = config.parse().unwrap_or_default();
    let address = config.get("grpc").and_then(|it| it.get("address")).and_then(toml::Value::as_str);
    address.unwrap_or("/run/containerd/containerd.sock").to_owned()
}

/// Dials `unix:///run/containerd/containerd.sock`.
///
/// # Errors
/// See [`Refusal`].
pub(crate) fn dial(machine: &Host, endpoint: &str) -> Result<(), Refusal> {
    let path = endpoint.strip_prefix("unix://").unwrap_or(endpoint);
    // /var/run is a link to /run.
    let real =
        |path: &str| path.strip_prefix("/var/run/").map_or(path.to_owned(), |rest| format!("/run/{rest}"));
    if real(path) != real(&socket(machine)) {
        return Err(Refusal::Dial("no such file or directory"));
    }
    if !machine.unit_active("containerd.service") {
        return Err(Refusal::Dial("no such file or directory"));
    }
    if cri_disabled(machine) { Err(Refusal::Unimplemented) } else { Ok(()) }
}

/// True when `disabled_plugins` names the CRI plugin.
fn cri_disabled(machine: &Host) -> bool {
    let config = machine.files.read_text("/etc/containerd/config.toml").unwrap_or_default();
    let config: toml::Table = config.parse().unwrap_or_default();
    let disabled = config.get("disabled_plugins").and_then(toml::Value::as_array);
    disabled
        .into_iter()
        .flatten()
        .filter_map(toml::Value::as_str)
        .any(|it| it == "cri" || it.contains(".cri"))
}
