//! `id`, `whoami`, `groups` and `logname`.

use super::options::{Spec, Value};
use super::texts::{curly, group_name};
use crate::hosts::User;
use crate::shell::{Proc, Program, Running, login};

pub(crate) const WHOAMI: Program =
    Program { name: "whoami", summary: "Print the effective user name", run: run_whoami };
pub(crate) const LOGNAME: Program =
    Program { name: "logname", summary: "Print the login name", run: run_whoami };
pub(crate) const ID: Program = Program { name: "id", summary: "Print user and group IDs", run: run_id };
pub(crate) const GROUPS: Program =
    Program { name: "groups", summary: "Print the groups of a user", run: run_groups };

const ID_SPEC: Spec = Spec {
    name: "id",
    short: "ugGnrz",
    long: &[
        ("user", 'u', Value::None),
        ("group", 'g', Value::None),
        ("groups", 'G', Value::None),
        ("name", 'n', Value::None),
        ("real", 'r', Value::None),
    ],
};

fn run_whoami(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        proc.print(format!("{}\n", proc.user));
        0
    })
}

fn account(proc: &Proc, name: &str) -> Option<User> {
    let found = login::account(&proc.lab, &proc.place, name);
    let root = || User { name: "root".into(), uid: 0, gid: 0, home: "/root".into(), shell: String::new() };
    // An image without `/etc/passwd` runs as user 0 all the same.
    found.or_else(|| (name == "root").then(root))
}

/// Groups of a user: the own one first.
fn groups_of(proc: &Proc, user: &User) -> Vec<(u32, String)> {
    let mut found = vec![(user.gid, group_name(proc, user.gid))];
    for group in login::groups(&proc.lab, &proc.place) {
        if group.members.contains(&user.name) && group.gid != user.gid {
            found.push((group.gid, group.name));
        }
    }
    found
}

fn run_id(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let options = match ID_SPEC.parse(proc.args.get(1..).unwrap_or_default()) {
            Ok(options) => options,
            Err(text) => {
                proc.eprint(text);
                return 1;
            }
        };
        let name = options.operands.first().unwrap_or(&proc.user).clone();
        let Some(user) = account(proc, &name) else {
            proc.eprint(format!("id: {}: no such user\n", curly(&name)));
            return 1;
        };
        let groups = groups_of(proc, &user);
        let named = options.has('n');
        let pick = |id: u32, name: &str| if named { name.to_owned() } else { id.to_string() };
        let own = groups.first().map(|(_, name)| name.clone()).unwrap_or_default();
        let text = if options.has('u') {
            pick(user.uid, &user.name)
        } else if options.has('g') {
            pick(user.gid, &own)
        } else if options.has('G') {
            groups.iter().map(|(gid, name)| pick(*gid, name)).collect::<Vec<_>>().join(" ")
        } else {
            let all: Vec<String> = groups.iter().map(|(gid, name)| format!("{gid}({name})")).collect();
            format!("uid={}({}) gid={}({own}) groups={}", user.uid, user.name, user.gid, all.join(","))
        };
        proc.print(format!("{text}\n"));
        0
    })
}

fn run_groups(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let named = proc.args.get(1).cloned();
        let name = named.clone().unwrap_or_else(|| proc.user.clone());
        let Some(user) = account(proc, &name) else {
            proc.eprint(format!("groups: {}: no such user\n", curly(&name)));
            return 1;
        };
        let names: Vec<String> = groups_of(proc, &user).into_iter().map(|(_, name)| name).collect();
        let title = named.map(|name| format!("{name} : ")).unwrap_or_default();
        proc.print(format!("{title}{}\n", names.join(" ")));
        0
    })
}
