//! Who a shell is started as, where, and with what environment.

use std::collections::BTreeMap;

use super::Lab;
use crate::cluster::Place;
use crate::hosts::User;

/// What a shell is started with.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Login {
    pub(crate) place: Place,
    pub(crate) user: String,
    pub(crate) home: String,
    pub(crate) cwd: String,
    pub(crate) env: BTreeMap<String, String>,
    /// What the shell calls itself in messages: `bash`, `sh`.
    pub(crate) shell: String,
    /// Read before the first prompt.
    pub(crate) rc_files: Vec<String>,
    /// Aliases that exist from the start.
    pub(crate) aliases: BTreeMap<String, String>,
}

/// The search path of a root login on Ubuntu.
const PATH: &str =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/games:/usr/local/games:/snap/bin";

/// What a container's process gets when its image says nothing.
const CONTAINER_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

impl Login {
    /// A login shell of `user` at `place`, in the user's home.
    pub(crate) fn new(lab: &Lab, place: Place, user: &str) -> Self {
        let account = account(lab, &place, user);
        let home = account.as_ref().map_or_else(|| default_home(user), |it| it.home.clone());
        let host = host_name(lab, &place);
        let mut env: BTreeMap<String, String> = [
            ("HOME", home.as_str()),
            ("USER", user),
            ("LOGNAME", user),
            ("SHELL", "/bin/bash"),
            ("PATH", PATH),
            ("TERM", "xterm-256color"),
            ("LANG", "C.UTF-8"),
            ("PWD", home.as_str()),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        env.insert("HOSTNAME".into(), host);
        let rc_files = vec!["/etc/bash.bashrc".to_owned(), format!("{home}/.bashrc")];
        let user = user.to_owned();
        let cwd = home.clone();
        Self { place, user, home, cwd, env, shell: "bash".into(), rc_files, aliases: BTreeMap::new() }
    }

    /// A shell of root's at the root directory of `place`, as `chroot` starts one: no login, no files read.
    pub(crate) fn rooted(lab: &Lab, place: Place, shell: &str) -> Self {
        let login = Self::new(lab, place, "root");
        Self { cwd: "/".into(), shell: shell.to_owned(), rc_files: Vec::new(), ..login }
    }

    /// A shell in a container, with the container's environment.
    pub(crate) fn container(place: Place, env: BTreeMap<String, String>, cwd: &str, shell: &str) -> Self {
        let mut env = env;
        env.entry("PATH".into()).or_insert_with(|| CONTAINER_PATH.into());
        env.entry("HOME".into()).or_insert_with(|| "/root".into());
        let home = env.get("HOME").cloned().unwrap_or_default();
        Self {
            place,
            user: "root".into(),
            home,
            cwd: cwd.to_owned(),
            env,
            shell: shell.to_owned(),
            rc_files: Vec::new(),
            aliases: BTreeMap::new(),
        }
    }

    /// The same with an alias from the start.
    pub(crate) fn alias(mut self, name: &str, value: &str) -> Self {
        self.aliases.insert(name.to_owned(), value.to_owned());
        self
    }
}

fn default_home(user: &str) -> String {
    if user == "root" { "/root".into() } else { format!("/home/{user}") }
}

/// The account of that name.
pub(crate) fn account(lab: &Lab, place: &Place, user: &str) -> Option<User> {
    accounts(lab, place).into_iter().find(|account| account.name == user)
}

/// Every account: those of `/etc/passwd`, then those that the host knows beside it.
pub(crate) fn accounts(lab: &Lab, place: &Place) -> Vec<User> {
    let world = lab.world();
    let passwd = world.read_text(place, "/etc/passwd").unwrap_or_default();
    let mut found: Vec<User> = passwd.lines().filter_map(passwd_line).collect();
    if let Place::Host(name) = place {
        let known = world.hosts.get(name).map(|host| host.users.clone()).unwrap_or_default();
        for user in known {
            if found.iter().all(|other| other.name != user.name) {
                found.push(user);
            }
        }
    }
    found
}

/// A line of `/etc/group`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) gid: u32,
    pub(crate) members: Vec<String>,
}

/// Every group: those of `/etc/group`, then one of the user's own for each account without.
pub(crate) fn groups(lab: &Lab, place: &Place) -> Vec<Group> {
    let text = lab.world().read_text(place, "/etc/group").unwrap_or_default();
    let mut found: Vec<Group> = text.lines().filter_map(group_line).collect();
    for user in accounts(lab, place) {
        if found.iter().all(|group| group.gid != user.gid) {
            found.push(Group { name: user.name, gid: user.gid, members: Vec::new() });
        }
    }
    found
}

/// Reads `name:x:gid:member,member`.
fn group_line(line: &str) -> Option<Group> {
    let mut parts = line.split(':');
    let name = parts.next()?.to_owned();
    let _password = parts.next()?;
    let gid = parts.next()?.parse().ok()?;
    let members = parts.next().unwrap_or_default();
    let members = members.split(',').filter(|member| !member.is_empty()).map(str::to_owned).collect();
    Some(Group { name, gid, members })
}

/// Reads `name:x:uid:gid:gecos:home:shell`.
fn passwd_line(line: &str) -> Option<User> {
    let mut parts = line.split(':');
    let name = parts.next()?.to_owned();
    let _password = parts.next()?;
    let uid = parts.next()?.parse().ok()?;
    let gid = parts.next()?.parse().ok()?;
    let _comment = parts.next()?;
    let home = parts.next()?.to_owned();
    let shell = parts.next().unwrap_or_default().to_owned();
    Some(User { name, uid, gid, home, shell })
}

/// What `hostname` says at a place.
pub(crate) fn host_name(lab: &Lab, place: &Place) -> String {
    let world = lab.world();
    match place {
        Place::Host(name) => {
            world.hosts.get(name).map_or_else(|| name.clone(), |host| host.hostname().to_owned())
        }
        Place::Container { container, .. } => world
            .read_text(place, "/etc/hostname")
            .map_or_else(|_| container.clone(), |text| text.trim().to_owned()),
    }
}
