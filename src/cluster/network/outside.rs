//! The world outside of the lab, as far as machines reach it: package archives with their keys, and the
//! versions that Kubernetes publishes. Names that are not listed do not exist.

use super::dns::ResolvConf;
use crate::cluster::kubelet::web::Answer;
use crate::cluster::{Place, World};
use crate::hosts::packages::archive;

/// Sites that answer.
const SITES: &[&str] = &[
    "archive.ubuntu.com",
    "dl.k8s.io",
    "download.docker.com",
    "pkgs.k8s.io",
    "prod-cdn.packages.k8s.io",
    "security.ubuntu.com",
];

/// Whether a place finds a site of that name: it needs a name server.
pub(crate) fn reaches(world: &World, from: &Place, site: &str) -> bool {
    SITES.contains(&site) && !ResolvConf::of(world, from).servers.is_empty()
}

/// What a site answers; `None` when there is no such site.
pub(crate) fn answer(site: &str, path: &str) -> Option<Answer> {
    SITES.contains(&site).then(|| {
        let found = key(site, path).or_else(|| version(site, path));
        found.map_or_else(missing, |text| Answer::new(200, "text/plain", text))
    })
}

fn missing() -> Answer {
    Answer::new(404, "text/html", "<html><head><title>404 Not Found</title></head></html>\n")
}

/// Signing keys: those of Kubernetes stand below each of its repositories.
fn key(site: &str, path: &str) -> Option<String> {
    let url = format!("https://{site}{path}");
    let below = url.strip_suffix("/Release.key");
    let of_repository = below.and_then(|uri| archive::repository(uri, "/")).map(|it| it.key);
    let found = archive::KEYS.iter().find(|it| Some(it.owner) == of_repository || it.url == url)?;
    Some(archive::armoured_key(found))
}

/// `/release/stable.txt`, `/release/stable-1.36.txt`.
fn version(site: &str, path: &str) -> Option<String> {
    if site != "dl.k8s.io" {
        return None;
    }
    let name = path.strip_prefix("/release/stable")?.strip_suffix(".txt")?;
    let wanted = match name.strip_prefix('-') {
        Some(minor) if minor.contains('.') => format!("{minor}.*"),
        Some(_) => return None,
        None => "*".to_owned(),
    };
    let newest = archive::find("kubeadm", &wanted)?;
    let version = newest.version.split('-').next().unwrap_or_default();
    Some(format!("v{version}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_versions_are_published() {
        let body = |site, path| {
            answer(site, path).map(|it| (it.status, String::from_utf8_lossy(&it.body).into_owned()))
        };
        let (status, key) = body("pkgs.k8s.io", "/core:/stable:/v1.36/deb/Release.key").unwrap();
        assert!(status == 200 && key.starts_with("-----BEGIN PGP PUBLIC KEY BLOCK-----"));
        assert_eq!(body("pkgs.k8s.io", "/core:/stable:/v1.99/deb/Release.key").unwrap().0, 404);
        assert_eq!(body("dl.k8s.io", "/release/stable-1.35.txt"), Some((200, "v1.35.6".into())));
        assert_eq!(body("dl.k8s.io", "/release/stable.txt"), Some((200, "v1.36.2".into())));
        assert!(answer("example.com", "/").is_none());
    }
}
