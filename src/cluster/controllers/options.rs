//! What the flags of the controller manager that serves say to its loops. A world without processes has the
//! flags that kubeadm sets.

use std::time::Duration;

use imbl::OrdSet;

use crate::cluster::control_plane::Process;
use crate::cluster::{Cluster, ClusterId, World};

const PROGRAM: &str = "kube-controller-manager";

/// The controllers that `--controllers` may name, with the components that do their work.
const TABLE: &str = include_str!("../../../assets/flags/controllers.txt");

/// A row of the table.
struct Row {
    name: &'static str,
    alias: &'static str,
    off_by_default: bool,
    components: Vec<&'static str>,
}

fn rows() -> impl Iterator<Item = Row> {
    TABLE.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let mut words = line.split(' ');
        let (name, alias) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        let mut components: Vec<&str> = words.collect();
        let off_by_default = components.first() == Some(&"off");
        if off_by_default {
            components.remove(0);
        }
        Row { name, alias, off_by_default, components }
    })
}

/// True for a name that `--controllers` may list.
pub(crate) fn is_known(name: &str) -> bool {
    name != "-" && rows().any(|row| row.name == name || row.alias == name)
}

/// The components that `--controllers` and the files that are missing switch off.
pub(crate) fn switched_off(process: &Process) -> OrdSet<&'static str> {
    let listed = process.flag_list("controllers");
    let all = listed.is_empty() || listed.contains(&"*");
    let is_on = |row: &Row| {
        let names = |word: &str| word == row.name || row.alias != "-" && word == row.alias;
        // The first mention counts.
        match listed.iter().find(|word| names(word.trim_start_matches(['-', '+']))) {
            Some(word) => !word.starts_with('-'),
            None => all && !row.off_by_default,
        }
    };
    let mut off: OrdSet<&'static str> =
        rows().filter(|row| !is_on(row)).flat_map(|row| row.components).collect();
    let needs = |flag: &str, component: &'static str, off: &mut OrdSet<&'static str>| {
        if process.flag(flag).is_none_or(str::is_empty) {
            off.insert(component);
        }
    };
    needs("root-ca-file", "root-ca-cert-publisher", &mut off);
    needs("service-account-private-key-file", "tokens-controller", &mut off);
    if !matches!(process.flag("allocate-node-cidrs"), Some("true" | "")) {
        off.insert("node-ipam-controller");
    }
    off
}

/// The controller manager that works now.
fn process(cluster: &Cluster) -> Option<&Process> {
    cluster.serving(PROGRAM).map(|(_, instance)| &instance.process)
}

/// A duration; `usual` when the flag is not set.
pub(super) fn duration(cluster: &Cluster, flag: &str, usual: Duration) -> Duration {
    process(cluster).and_then(|it| it.duration(flag)).unwrap_or(usual)
}

/// A whole number; `usual` when the flag is not set.
pub(super) fn number<N: std::str::FromStr>(cluster: &Cluster, flag: &str, usual: N) -> N {
    process(cluster).and_then(|it| it.flag(flag)?.parse().ok()).unwrap_or(usual)
}

/// A text; `None` when the flag is not set, or there is no process.
pub(super) fn text<'c>(cluster: &'c Cluster, flag: &str) -> Option<&'c str> {
    process(cluster)?.flag(flag).filter(|it| !it.is_empty())
}

/// A file that a flag names, read through the mounts; `usual` is where kubeadm puts it, on the host of a
/// control plane without processes.
pub(super) fn file(world: &World, cluster: ClusterId, flag: &str, usual: &str) -> Option<String> {
    let found = world.clusters.get(cluster)?;
    if let Some((host, instance)) = found.serving(PROGRAM) {
        let path = instance.process.host_path(instance.process.flag(flag).filter(|it| !it.is_empty())?)?;
        return world.hosts.get(host)?.files.read_text(&path).ok();
    }
    let mut hosts = found.nodes.values().filter_map(|host| world.hosts.get(host));
    hosts.find_map(|host| host.files.read_text(usual).ok().filter(|_| host.files.exists(CA_KEY)))
}

/// Only a control plane's host has the CA's key.
const CA_KEY: &str = "/etc/kubernetes/pki/ca.key";

#[cfg(test)]
mod tests {
    use super::*;

    fn off(flags: &[&str]) -> OrdSet<&'static str> {
        let usual = ["--root-ca-file=/ca", "--service-account-private-key-file=/k", "--allocate-node-cidrs"];
        let args = usual.iter().chain(flags).map(|it| (*it).to_owned()).collect();
        switched_off(&Process::of_machine(PROGRAM, args))
    }

    #[test]
    fn controllers_are_switched_by_name_or_alias() {
        let signer: OrdSet<&str> = ["bootstrap-signer", "token-cleaner"].into_iter().collect();
        assert_eq!(off(&[]), signer);
        assert!(off(&["--controllers=*,bootstrapsigner,token-cleaner-controller"]).is_empty());
        assert!(off(&["--controllers=*,-deployment"]).contains("deployment-controller"));
        let one = off(&["--controllers=deployment-controller"]);
        assert!(!one.contains("deployment-controller") && one.contains("job-controller"));
    }

    #[test]
    fn every_component_of_the_table_exists() {
        let known = |name: &str| crate::cluster::controllers::ALL.iter().any(|it| it.name == name);
        for row in rows() {
            assert!(row.components.iter().all(|it| known(it)), "{}: {:?}", row.name, row.components);
        }
    }
}
