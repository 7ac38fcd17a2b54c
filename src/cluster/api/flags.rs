//! What the flags of the API server that serves say of requests. A world without processes has the flags
//! that kubeadm sets.

use std::ops::RangeInclusive;

use crate::cluster::Cluster;
use crate::cluster::control_plane::Process;

/// Source: `--service-node-port-range`, both ends included.
const NODE_PORTS: RangeInclusive<i64> = 30_000..=32_767;

/// The API server that answers now.
pub(crate) fn process(cluster: &Cluster) -> Option<&Process> {
    cluster.serving("kube-apiserver").map(|(_, instance)| &instance.process)
}

/// The authorizers in the order in which they are asked.
pub(crate) fn authorization_modes(cluster: &Cluster) -> Vec<&str> {
    process(cluster).map_or_else(|| vec!["Node", "RBAC"], Process::authorization_modes)
}

/// True when a client that shows nothing is `system:anonymous`.
pub(crate) fn takes_anonymous(cluster: &Cluster) -> bool {
    process(cluster).is_none_or(Process::takes_anonymous)
}

/// A whole number; `usual` when the flag is not set.
pub(crate) fn number(cluster: &Cluster, name: &str, usual: i64) -> i64 {
    process(cluster).and_then(|it| it.flag(name)?.parse().ok()).unwrap_or(usual)
}

/// Whether a group and version is served: `--runtime-config`, where the most exact setting counts. Versions
/// that are off by default are not simulated.
pub(crate) fn serves(cluster: &Cluster, group: &str, version: &str) -> bool {
    let settings = process(cluster).map(|it| it.flag_list("runtime-config")).unwrap_or_default();
    if settings.is_empty() {
        return true;
    }
    let exact = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    let stage = match (version.contains("alpha"), version.contains("beta")) {
        (true, _) => "api/alpha",
        (_, true) => "api/beta",
        _ => "api/ga",
    };
    let value = |name: &str| {
        let found = settings.iter().rev().find_map(|it| match it.split_once('=') {
            Some((key, value)) => (key == name).then_some(value),
            None => (*it == name).then_some("true"),
        })?;
        Some(found != "false" && found != "0")
    };
    value(&exact).or_else(|| value(stage)).or_else(|| value("api/all")).unwrap_or(true)
}

/// The ports that services may have on nodes: `--service-node-port-range`.
pub(crate) fn node_ports(cluster: &Cluster) -> RangeInclusive<i64> {
    let given = process(cluster).and_then(|it| port_range(it.flag("service-node-port-range")?));
    given.unwrap_or(NODE_PORTS)
}

/// `30000-32767`, or `30000+100` with the number of further ports.
pub(crate) fn port_range(text: &str) -> Option<RangeInclusive<i64>> {
    let number = |text: &str| text.trim().parse::<u16>().ok().map(i64::from);
    if let Some((first, more)) = text.split_once('+') {
        let first = number(first)?;
        return Some(first..=first + number(more)?);
    }
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (number(first)?, number(last)?);
    (first <= last).then_some(first..=last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn port_ranges_are_read_as_the_server_reads_them() {
        assert_eq!(port_range("30000-32767"), Some(NODE_PORTS));
        assert_eq!(port_range("30000+10"), Some(30_000..=30_010));
        assert_eq!(port_range("8080"), Some(8_080..=8_080));
        assert_eq!(port_range("9-8"), None);
        assert_eq!(port_range("80-x"), None);
    }
}
