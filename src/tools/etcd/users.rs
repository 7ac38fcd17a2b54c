//! `etcdctl user …`, `role …`, `auth …`. They are kept, but nobody is asked for a password: `auth enable`
//! is not simulated.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::Refusal;
use super::session::{Denial, Session};
use crate::apimachinery::json::json;
use crate::cluster::etcd_client::{Member, Range};
use crate::cluster::etcd_state::{Etcd, Permission};

const NO_USER: Denial = ("FailedPrecondition", "etcdserver: user name not found");
const NO_ROLE: Denial = ("FailedPrecondition", "etcdserver: role name not found");
const USER_EXISTS: Denial = ("FailedPrecondition", "etcdserver: user name already exists");
const ROLE_EXISTS: Denial = ("FailedPrecondition", "etcdserver: role name already exists");
const NOT_GRANTED: Denial = ("FailedPrecondition", "etcdserver: role is not granted to the user");
const NO_PERMISSION: Denial = ("FailedPrecondition", "etcdserver: permission is not granted to the role");

fn words<const N: usize>(session: &Session<'_>, command: &str, wants: &str) -> Result<[String; N], Refusal> {
    let args = session.args.clone();
    <[String; N]>::try_from(args)
        .map_err(|_| Refusal::new(128, format!("{command} command requires {wants} as its argument")))
}

/// Changes users or roles, or says the server's no.
fn change(
    session: &Session<'_>,
    method: &str,
    sentence: String,
    change: impl FnOnce(&mut Etcd) -> Result<(), Denial>,
) -> Result<(), Refusal> {
    let method = format!("Auth/{method}");
    let member = session.member(&method)?;
    session.attempt(&member, &method, |it| change(&mut it.control_plane.etcd))?;
    session.answer(&member, &sentence, json!({}))
}

/// `user add <name[:password]>`.
pub(super) fn add(session: &Session<'_>) -> Result<(), Refusal> {
    let [given] = words(session, "user add", "user name")?;
    let (name, password) = given.split_once(':').unwrap_or((given.as_str(), ""));
    let silent = session.flags.on("no-password") || session.flags.given("new-user-password");
    if password.is_empty() && !silent {
        return Err(Refusal::new(
            1,
            "uncordon: typing the password is not simulated yet: user add NAME:PASSWORD, or --no-password",
        ));
    }
    if name.is_empty() {
        return Err(Refusal::new(3, "empty user name is not allowed"));
    }
    let name = name.to_owned();
    change(session, "UserAdd", format!("User {name} created\n"), |it| enter(&mut it.users, name, USER_EXISTS))
}

/// Makes an entry with nothing in it, unless the name is taken.
fn enter<V: Default>(all: &mut BTreeMap<String, V>, name: String, taken: Denial) -> Result<(), Denial> {
    match all.entry(name) {
        Entry::Vacant(free) => {
            free.insert(V::default());
            Ok(())
        }
        Entry::Occupied(_) => Err(taken),
    }
}

/// `user delete <name>`.
pub(super) fn delete(session: &Session<'_>) -> Result<(), Refusal> {
    let [name] = words(session, "user delete", "user name")?;
    change(session, "UserDelete", format!("User {name} deleted\n"), |it| {
        it.users.remove(&name).map(drop).ok_or(NO_USER)
    })
}

/// `user get <name>`.
pub(super) fn get(session: &Session<'_>) -> Result<(), Refusal> {
    let [name] = words(session, "user get", "user name")?;
    let member = session.member("Auth/UserGet")?;
    let roles = session.with(&member, |it| it.control_plane.etcd.users.get(&name).cloned());
    let Some(roles) = roles else { return Err(session.denied("Auth/UserGet", NO_USER)) };
    let shown: String = roles.iter().map(|role| format!(" {role}")).collect();
    let mut sentence = format!("User: {name}\nRoles:{shown}\n");
    if session.flags.on("detail") {
        for role in &roles {
            sentence.push_str(&format!("\n{}", role_text(session, &member, role).unwrap_or_default()));
        }
    }
    session.answer(&member, &sentence, json!({"roles": roles.iter().collect::<Vec<_>>()}))
}

/// `user list`.
pub(super) fn list(session: &Session<'_>) -> Result<(), Refusal> {
    let member = session.member("Auth/UserList")?;
    let names: Vec<String> =
        session.with(&member, |it| it.control_plane.etcd.users.keys().cloned().collect());
    let sentence: String = names.iter().map(|name| format!("{name}\n")).collect();
    session.answer(&member, &sentence, json!({"users": names}))
}

/// `user passwd <name>`; the new password is the first line of standard input.
pub(super) fn passwd(session: &Session<'_>) -> Result<(), Refusal> {
    let [name] = words(session, "user passwd", "user name")?;
    if session.proc.stdin.is_none() {
        return Err(Refusal::new(
            1,
            "uncordon: typing the password is not simulated yet: --interactive=false and standard input",
        ));
    }
    change(session, "UserChangePassword", "Password updated\n".into(), |it| {
        if it.users.contains_key(&name) { Ok(()) } else { Err(NO_USER) }
    })
}

/// `user grant-role <user> <role>`.
pub(super) fn grant_role(session: &Session<'_>) -> Result<(), Refusal> {
    let [user, role] = words(session, "user grant", "user name and role name")?;
    change(session, "UserGrantRole", format!("Role {role} is granted to user {user}\n"), |it| {
        // The role root exists in every cluster.
        let known = role == "root" || it.roles.contains_key(&role);
        let roles = it.users.get_mut(&user).ok_or(NO_USER)?;
        if !known {
            return Err(NO_ROLE);
        }
        roles.insert(role);
        Ok(())
    })
}

/// `user revoke-role <user> <role>`.
pub(super) fn revoke_role(session: &Session<'_>) -> Result<(), Refusal> {
    let [user, role] = words(session, "user revoke", "user name and role name")?;
    change(session, "UserRevokeRole", format!("Role {role} is revoked from user {user}\n"), |it| {
        let roles = it.users.get_mut(&user).ok_or(NO_USER)?;
        if roles.remove(&role) { Ok(()) } else { Err(NOT_GRANTED) }
    })
}

/// `role add <name>`.
pub(super) fn role_add(session: &Session<'_>) -> Result<(), Refusal> {
    let [name] = words(session, "role add", "role name")?;
    change(session, "RoleAdd", format!("Role {name} created\n"), |it| enter(&mut it.roles, name, ROLE_EXISTS))
}

/// `role delete <name>`.
pub(super) fn role_delete(session: &Session<'_>) -> Result<(), Refusal> {
    let [name] = words(session, "role delete", "role name")?;
    change(session, "RoleDelete", format!("Role {name} deleted\n"), |it| {
        for roles in it.users.values_mut() {
            roles.remove(&name);
        }
        it.roles.remove(&name).map(drop).ok_or(NO_ROLE)
    })
}

/// `role list`.
pub(super) fn role_list(session: &Session<'_>) -> Result<(), Refusal> {
    let member = session.member("Auth/RoleList")?;
    let names: Vec<String> =
        session.with(&member, |it| it.control_plane.etcd.roles.keys().cloned().collect());
    let sentence: String = names.iter().map(|name| format!("{name}\n")).collect();
    session.answer(&member, &sentence, json!({"roles": names}))
}

fn role_text(session: &Session<'_>, member: &Member, name: &str) -> Option<String> {
    let role = session.with(member, |it| it.control_plane.etcd.roles.get(name).cloned())?;
    let lines = |kind: &str| -> String {
        let may = role.iter().filter(|it| it.kind == "readwrite" || it.kind == kind);
        may.map(|it| {
            if it.end.is_empty() {
                format!("\t{}\n", it.key)
            } else {
                format!("\t[{}, {})\n", it.key, it.end)
            }
        })
        .collect()
    };
    Some(format!("Role {name}\nKV Read:\n{}KV Write:\n{}", lines("read"), lines("write")))
}

/// `role get <name>`.
pub(super) fn role_get(session: &Session<'_>) -> Result<(), Refusal> {
    let [name] = words(session, "role get", "role name")?;
    let member = session.member("Auth/RoleGet")?;
    let Some(text) = role_text(session, &member, &name) else {
        return Err(session.denied("Auth/RoleGet", NO_ROLE));
    };
    session.answer(&member, &text, json!({}))
}

/// The range of a permission: first key and end, which is empty for a single key.
fn span(session: &Session<'_>, args: &[String]) -> (String, String) {
    let key = args.first().cloned().unwrap_or_default();
    let end = match args.get(1) {
        Some(end) => end.clone(),
        None if session.flags.on("prefix") => match Range::prefix(&key) {
            Range::Before(_, end) => end,
            _ => String::new(),
        },
        None if session.flags.on("from-key") => "\0".into(),
        None => String::new(),
    };
    (key, end)
}

/// `role grant-permission <role> <read|write|readwrite> <key> [end]`.
pub(super) fn grant_permission(session: &Session<'_>) -> Result<(), Refusal> {
    let ([name, kind, ..], 3..=4) = (session.args.as_slice(), session.args.len()) else {
        return Err(Refusal::new(
            128,
            "role grant command requires role name, permission type, and key [endkey] as its argument",
        ));
    };
    if !["read", "write", "readwrite"].contains(&kind.as_str()) {
        return Err(Refusal::new(128, "invalid permission type"));
    }
    let (key, end) = span(session, session.args.get(2..).unwrap_or_default());
    change(session, "RoleGrantPermission", format!("Role {name} updated\n"), |it| {
        let permissions = it.roles.get_mut(name).ok_or(NO_ROLE)?;
        permissions.retain(|it| it.key != key || it.end != end);
        permissions.insert(Permission { key, end, kind: kind.clone() });
        Ok(())
    })
}

/// `role revoke-permission <role> <key> [end]`.
pub(super) fn revoke_permission(session: &Session<'_>) -> Result<(), Refusal> {
    let ([name, ..], 2..=3) = (session.args.as_slice(), session.args.len()) else {
        return Err(Refusal::new(
            128,
            "role revoke-permission command requires role name and key [endkey] as its argument",
        ));
    };
    let (key, end) = span(session, session.args.get(1..).unwrap_or_default());
    let sentence = if end.is_empty() {
        format!("Permission of key {key} is revoked from role {name}\n")
    } else {
        format!("Permission of range [{key}, {end}) is revoked from role {name}\n")
    };
    change(session, "RoleRevokePermission", sentence, |it| {
        let permissions = it.roles.get_mut(name).ok_or(NO_ROLE)?;
        let before = permissions.len();
        permissions.retain(|it| it.key != key || it.end != end);
        if permissions.len() == before { Err(NO_PERMISSION) } else { Ok(()) }
    })
}

/// `auth disable`.
pub(super) fn disable(session: &Session<'_>) -> Result<(), Refusal> {
    change(session, "AuthDisable", "Authentication Disabled\n".into(), |_| Ok(()))
}

/// `auth status`.
pub(super) fn status(session: &Session<'_>) -> Result<(), Refusal> {
    let member = session.member("Auth/AuthStatus")?;
    session.answer(&member, "Authentication Status: false\nAuthRevision: 1\n", json!({"authRevision": 1}))
}
