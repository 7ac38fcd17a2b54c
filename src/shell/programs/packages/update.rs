//! `apt-get update`: fetches the lists of every configured repository.

use std::time::Duration;

use super::{FAILURE, Machine};
use crate::cluster::network::outside;
use crate::hosts::packages::archive::{self, Repository};
use crate::hosts::packages::sources::{self, Source};

/// Why a repository's lists were not taken.
enum Trouble {
    /// Its server's name is not found.
    NoName,
    /// The server has no such repository.
    Forbidden,
    /// Nobody vouches for the key that it is signed with.
    NoKey(&'static str),
}

impl Machine<'_> {
    pub(super) async fn update(&self, is_apt: bool) -> i32 {
        if self.proc.user != "root" {
            self.proc.print("Reading package lists...\n");
            self.proc.eprint(
                "E: Could not open lock file /var/lib/apt/lists/lock - open (13: Permission denied)\n\
                 E: Unable to lock directory /var/lib/apt/lists/\n",
            );
            return FAILURE;
        }
        let named = match self.with(|host| Some(sources::all(&host.files))) {
            Some(Ok(named)) => named,
            Some(Err(text)) => {
                self.proc.eprint(format!("E: {text}\nE: The list of sources could not be read.\n"));
                return FAILURE;
            }
            None => Vec::new(),
        };
        let mut complaints = String::new();
        let (mut fetched, mut failed) = (0_u64, false);
        for (index, source) in named.iter().enumerate() {
            let number = index + 1;
            self.proc.sleep(Duration::from_millis(300)).await;
            let known = (source.uri.clone(), source.suite.clone());
            match self.check(source) {
                Ok(repository) => {
                    let had = self.with(|host| host.packages.lists.contains(&known));
                    let verb = if had { "Hit" } else { "Get" };
                    let size = if had { String::new() } else { " [1,186 B]".to_owned() };
                    self.proc.print(format!("{verb}:{number} {} InRelease{size}\n", repository.served_from));
                    if !had {
                        fetched += 1186 + 400 * repository.releases.len() as u64;
                    }
                    self.with_mut(|host, _| host.packages.lists.insert(known));
                }
                Err(trouble) => {
                    failed |= !matches!(trouble, Trouble::NoName);
                    self.complain(number, source, &trouble, &mut complaints);
                    self.with_mut(|host, _| host.packages.lists.remove(&known));
                }
            }
        }
        if fetched > 0 {
            self.proc.print(format!(
                "Fetched {} in 2s ({} B/s)\n",
                bytes(fetched),
                super::grouped(fetched / 2)
            ));
        }
        self.proc.print("Reading package lists...\n");
        self.proc.eprint(complaints);
        if is_apt && !failed {
            self.say_upgradable();
        }
        if failed { FAILURE } else { 0 }
    }

    /// What is wrong with a source now.
    fn check(&self, source: &Source) -> Result<&'static Repository, Trouble> {
        let site = source.uri.split_once("://").map_or("", |(_, rest)| rest);
        let site = site.split('/').next().unwrap_or_default();
        if !outside::reaches(&self.proc.world(), &self.proc.place, site) {
            return Err(Trouble::NoName);
        }
        let repository = archive::repository(&source.uri, &source.suite).ok_or(Trouble::Forbidden)?;
        let key = archive::KEYS.iter().find(|it| it.owner == repository.key);
        let id = key.map_or("", |it| it.id);
        let path = source.signed_by.clone().unwrap_or_else(|| "/etc/apt/trusted.gpg".into());
        let keyring = self.with(|host| host.files.read(&path).ok());
        let vouched = keyring.is_some_and(|it| archive::keyring_has(&it, repository.key));
        if vouched || source.trusted { Ok(repository) } else { Err(Trouble::NoKey(id)) }
    }

    fn complain(&self, number: usize, source: &Source, trouble: &Trouble, complaints: &mut String) {
        let flat = source.suite == "/";
        let shown =
            if flat { format!("{} ", source.uri) } else { format!("{} {}", source.uri, source.suite) };
        let file = if flat { "/InRelease".to_owned() } else { format!("/dists/{}/InRelease", source.suite) };
        let site = source.uri.split_once("://").map_or("", |(_, rest)| rest).split('/').next().unwrap_or("");
        let unsigned = format!(
            "E: The repository '{shown} InRelease' is not signed.\n\
             N: Updating from such a repository can't be done securely, and is therefore disabled by default.\n\
             N: See apt-secure(8) manpage for repository creation and user configuration details.\n"
        );
        match trouble {
            Trouble::NoName => {
                let why = format!("Temporary failure resolving '{site}'");
                self.proc.print(format!(
                    "Ign:{number} {shown} InRelease\nErr:{number} {shown} InRelease\n  {why}\n"
                ));
                complaints.push_str(&format!(
                    "W: Failed to fetch {}{file}  {why}\n\
                     W: Some index files failed to download. They have been ignored, or old ones used instead.\n",
                    source.uri
                ));
            }
            Trouble::Forbidden => {
                let why = if site == "pkgs.k8s.io" { "403  Forbidden" } else { "404  Not Found" };
                self.proc.print(format!("Err:{number} {shown} InRelease\n  {why}\n"));
                complaints.push_str(&format!("E: Failed to fetch {}{file}  {why}\n{unsigned}", source.uri));
            }
            Trouble::NoKey(id) => {
                let why = format!(
                    "The following signatures couldn't be verified because the public key is not available: NO_PUBKEY {id}"
                );
                self.proc.print(format!("Err:{number} {shown} InRelease\n  {why}\n"));
                complaints.push_str(&format!("W: GPG error: {shown} InRelease: {why}\n{unsigned}"));
            }
        }
    }

    fn say_upgradable(&self) {
        let count = self.upgradable().len();
        let text = match count {
            0 => "All packages are up to date.\n".to_owned(),
            1 => "1 package can be upgraded. Run 'apt list --upgradable' to see it.\n".to_owned(),
            _ => format!("{count} packages can be upgraded. Run 'apt list --upgradable' to see them.\n"),
        };
        self.proc.print(format!("Building dependency tree...\nReading state information...\n{text}"));
    }
}

fn bytes(count: u64) -> String {
    if count < 10_000 { format!("{} B", super::grouped(count)) } else { super::size(count / 1000) }
}
