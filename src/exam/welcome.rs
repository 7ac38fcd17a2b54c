//! A task's machines as a candidate finds them: a login without a password, `sudo`, and folders to work in.
//!
//! The exercises are written and proven as root. Here what clients keep in root's home (the kubeconfig, helm's
//! repositories) is handed to the candidate, and root's own is a link to it, so that whoever mends it mends it
//! for both and for the checks.

use crate::cluster::World;
use crate::hosts::{Host, files};
use crate::sim::SimTime;

/// Who sits an exam.
pub(crate) const CANDIDATE: &str = "candidate";

/// Folders that answers are written to.
const OPEN: [&str; 2] = ["/opt", "/srv"];

/// What belongs to the system in them.
const SYSTEM: &str = "/opt/cni";

/// Where clients keep their settings and data in a home.
const CLIENTS: [&str; 4] = [".kube", ".config", ".cache", ".local"];

/// Makes every machine ready for the candidate.
pub(crate) fn welcome(world: &mut World) {
    let now = world.now;
    let names: Vec<String> = world.hosts.keys().cloned().collect();
    for name in names {
        if let Some(host) = world.hosts.get_mut(&name) {
            open_folders(host);
            CLIENTS.iter().for_each(|name| share(host, name, now));
        }
    }
}

fn candidate(host: &Host) -> Option<(u32, u32, String)> {
    let user = host.users.iter().find(|it| it.name == CANDIDATE)?;
    Some((user.uid, user.gid, user.home.clone()))
}

fn open_folders(host: &mut Host) {
    let Some((uid, gid, _)) = candidate(host) else { return };
    let inside = |path: &str| OPEN.iter().any(|open| path == *open || path.starts_with(&format!("{open}/")));
    let paths: Vec<String> = host
        .files
        .iter()
        .map(|(path, _)| path.to_owned())
        .filter(|path| inside(path) && path != SYSTEM && !path.starts_with(&format!("{SYSTEM}/")))
        .collect();
    for path in paths {
        // They were listed a moment ago; a link that leads nowhere keeps its owner.
        let _ = host.files.chown(&path, uid, gid);
    }
}

/// Hands a folder of root's home over.
fn share(host: &mut Host, name: &str, now: SimTime) {
    let Some((uid, gid, home)) = candidate(host) else { return };
    let (root, own) = (format!("/root/{name}"), format!("{home}/{name}"));
    if host.files.exists(&own) || !host.files.is_directory(files::parent(&own)) {
        return;
    }
    if host.files.rename(&root, &own).is_err() {
        let _ = host.files.mkdir(&own, 0o755, now);
    }
    let below: Vec<String> = host
        .files
        .iter()
        .map(|(path, _)| path.to_owned())
        .filter(|path| *path == own || path.starts_with(&format!("{own}/")))
        .collect();
    for path in below {
        let _ = host.files.chown(&path, uid, gid);
    }
    let _ = host.files.symlink(&own, &root, now);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::{Place, templates};

    #[test]
    fn the_candidate_and_root_share_one_kubeconfig() {
        let mut world = templates::default_world(1);
        welcome(&mut world);
        let place = Place::host("controlplane");
        let own = world.stat(&place, "/home/candidate/.kube/config").unwrap();
        assert_eq!((own.uid, own.mode & 0o77), (1000, 0));
        assert!(world.read_text(&place, "/root/.kube/config").unwrap().contains("kubernetes-admin"));
        assert_eq!(world.stat(&place, "/root/.config").unwrap().uid, 1000);
        assert_eq!(world.stat(&place, "/opt").unwrap().uid, 1000);
        assert_eq!(world.stat(&place, "/opt/cni").unwrap().uid, 0);
    }
}
