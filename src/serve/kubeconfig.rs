//! The kubeconfig for real clients: the one of the lab's host, with servers that can be reached from here.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::served::Served;
use super::tls;
use crate::apimachinery::json::Value;
use crate::apimachinery::{object, yaml};
use crate::cluster::{Place, World};

/// The administrator's, which kubeadm leaves on every control plane.
const ADMIN: &str = "/etc/kubernetes/admin.conf";

/// The learner's own.
const OWN: &str = "/root/.kube/config";

/// The text of the kubeconfig; `addresses` has the URL of each cluster's server.
pub(super) fn write(served: &Served, addresses: &[String]) -> Result<String, String> {
    let world = served.lab.world();
    let servers: Vec<String> = world.clusters.iter().map(|it| it.server.clone()).collect();
    let found = [(served.host.as_str(), OWN), (served.host.as_str(), ADMIN)]
        .into_iter()
        .find_map(|(host, path)| usable(&world, host, path, &servers))
        .or_else(|| world.hosts.keys().find_map(|host| usable(&world, host, ADMIN, &servers)));
    drop(world);
    let mut tree = found.ok_or("no machine of the world has a kubeconfig that could be used")?;
    for entry in object::list(&tree, "/clusters").to_vec() {
        let cluster = servers.iter().position(|it| *it == server_of(&entry));
        let (Some(cluster), name) = (cluster, object::field(&entry, "name").to_owned()) else { continue };
        let authority = tls::authority(served, cluster)?.certificate;
        let address = addresses.get(cluster).cloned().unwrap_or_default();
        redirect(&mut tree, &name, &address, &STANDARD.encode(authority));
    }
    Ok(yaml::to_string(&tree))
}

fn server_of(entry: &Value) -> String {
    object::text(entry, "/cluster/server").trim_end_matches('/').to_owned()
}

/// A kubeconfig whose every cluster is one of the world's and whose users need no files.
fn usable(world: &World, host: &str, path: &str, servers: &[String]) -> Option<Value> {
    let text = world.read_text(&Place::host(host), path).ok()?;
    let tree = yaml::document(&text).ok()?;
    let clusters = object::list(&tree, "/clusters");
    let known = clusters.iter().all(|entry| servers.contains(&server_of(entry)));
    let users = object::list(&tree, "/users");
    let whole = users.iter().all(|entry| {
        ["client-certificate", "client-key", "tokenFile", "exec"]
            .iter()
            .all(|key| entry.pointer(&format!("/user/{key}")).is_none())
    });
    (!clusters.is_empty() && known && whole).then_some(tree)
}

fn redirect(tree: &mut Value, name: &str, address: &str, authority: &str) {
    let clusters = tree.pointer_mut("/clusters").and_then(Value::as_array_mut).into_iter().flatten();
    for entry in clusters.filter(|entry| object::field(entry, "name") == name) {
        object::set(entry, &["cluster", "server"], address);
        object::set(entry, &["cluster", "certificate-authority-data"], authority);
        object::remove(entry, &["cluster", "certificate-authority"]);
        object::remove(entry, &["cluster", "insecure-skip-tls-verify"]);
        object::remove(entry, &["cluster", "tls-server-name"]);
    }
}
