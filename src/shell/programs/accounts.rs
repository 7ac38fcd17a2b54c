//! Users and groups: `useradd`, `userdel`, `usermod`, `groupadd`, `groupdel`, `passwd`, `chpasswd`, `getent`,
//! `visudo`. They are lines of `/etc/passwd`, `/etc/group` and `/etc/shadow`, as they are for every other program.

use super::options::{Options, Spec, Value};
use crate::cluster::Place;
use crate::cluster::place::FileOp;
use crate::hosts::User;
use crate::shell::{Answer, Proc, Program, Request, Running, login};

programs! {
    USERADD "useradd" "Add a user" useradd;
    USERDEL "userdel" "Remove a user" userdel;
    USERMOD "usermod" "Change a user" usermod;
    GROUPADD "groupadd" "Add a group" groupadd;
    GROUPDEL "groupdel" "Remove a group" groupdel;
    CHPASSWD "chpasswd" "Change passwords in batch" chpasswd;
    GETENT "getent" "Look names up" getent;
}

pub(crate) const PASSWD: Program = Program { name: "passwd", summary: "Change a password", run: passwd };
pub(crate) const VISUDO: Program = Program { name: "visudo", summary: "Edit who may use sudo", run: visudo };

/// The first number of people's accounts, and of the system's.
const FIRST: u32 = 1000;
const FIRST_OF_SYSTEM: u32 = 999;

const USER_LONG: &[(&str, char, Value)] = &[
    ("create-home", 'm', Value::None),
    ("no-create-home", 'M', Value::None),
    ("shell", 's', Value::Needed),
    ("groups", 'G', Value::Needed),
    ("gid", 'g', Value::Needed),
    ("uid", 'u', Value::Needed),
    ("home-dir", 'd', Value::Needed),
    ("home", 'd', Value::Needed),
    ("comment", 'c', Value::Needed),
    ("system", 'r', Value::None),
    ("append", 'a', Value::None),
    ("lock", 'L', Value::None),
    ("unlock", 'U', Value::None),
    ("expiredate", 'e', Value::Needed),
    ("login", 'l', Value::Needed),
];

/// Reads the command line; refuses everybody but root as the shadow programs do.
fn read(proc: &Proc, spec: &Spec) -> Result<Options, i32> {
    let options = spec.parse(proc.args.get(1..).unwrap_or_default()).map_err(|text| {
        proc.eprint(text);
        2
    })?;
    if proc.user != "root" {
        proc.eprint(format!(
            "{0}: Permission denied.\n{0}: cannot lock /etc/passwd; try again later.\n",
            spec.name
        ));
        return Err(1);
    }
    Ok(options)
}

fn text_of(proc: &Proc, path: &str) -> String {
    proc.world().read_text(&proc.place, path).unwrap_or_default()
}

/// Changes the lines of one of the files; what stands there keeps its mode.
fn rewrite(proc: &Proc, path: &str, change: impl FnOnce(&mut Vec<String>)) {
    let mut lines: Vec<String> = text_of(proc, path).lines().map(str::to_owned).collect();
    change(&mut lines);
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    // These programs are root's, whoever starts them.
    let _ = proc.world().change_files(&proc.place, FileOp::Write { path, bytes: text.as_bytes() });
}

fn name_of(line: &str) -> &str {
    line.split(':').next().unwrap_or_default()
}

fn find_group(proc: &Proc, name: &str) -> Option<login::Group> {
    let all = login::groups(&proc.lab, &proc.place);
    all.into_iter().find(|it| it.name == name || name.parse() == Ok(it.gid))
}

/// The account as the machine itself keeps it, beside the files.
fn remember(proc: &Proc, user: Option<&User>, gone: &str) {
    let Place::Host(host) = &proc.place else { return };
    let mut world = proc.world();
    let Some(host) = world.hosts.get_mut(host) else { return };
    host.users = host.users.iter().filter(|it| it.name != gone).cloned().collect();
    host.users.extend(user.cloned());
}

fn write_account(proc: &Proc, user: &User, comment: &str) {
    let line = format!("{}:x:{}:{}:{comment}:{}:{}", user.name, user.uid, user.gid, user.home, user.shell);
    rewrite(proc, "/etc/passwd", |lines| {
        lines.retain(|it| name_of(it) != user.name);
        lines.push(line);
    });
    remember(proc, Some(user), &user.name);
}

/// Adds a user to groups, or refuses the first that is none.
fn join(proc: &Proc, title: &str, user: &str, groups: &str) -> Result<(), i32> {
    for name in groups.split(',').filter(|it| !it.is_empty()) {
        let Some(group) = find_group(proc, name) else {
            proc.eprint(format!("{title}: group '{name}' does not exist\n"));
            return Err(6);
        };
        rewrite(proc, "/etc/group", |lines| {
            for line in lines.iter_mut().filter(|line| name_of(line) == group.name) {
                if !group.members.contains(&user.to_owned()) {
                    line.push_str(&format!("{}{user}", if line.ends_with(':') { "" } else { "," }));
                }
            }
        });
    }
    Ok(())
}

fn free_number(taken: &[u32], system: bool) -> u32 {
    if system {
        return (100..=FIRST_OF_SYSTEM).rev().find(|it| !taken.contains(it)).unwrap_or(FIRST_OF_SYSTEM);
    }
    taken.iter().copied().filter(|it| (FIRST..60_000).contains(it)).max().map_or(FIRST, |it| it + 1)
}

fn useradd(proc: &Proc) -> i32 {
    let spec = Spec { name: "useradd", short: "mMs:G:g:u:d:c:rNUe:f:k:p:ob:K:D", long: USER_LONG };
    let options = match read(proc, &spec) {
        Ok(options) => options,
        Err(exit) => return exit,
    };
    let [name] = options.operands.as_slice() else {
        proc.eprint("Usage: useradd [options] LOGIN\n");
        return 2;
    };
    let accounts = login::accounts(&proc.lab, &proc.place);
    if accounts.iter().any(|it| it.name == *name) {
        proc.eprint(format!("useradd: user '{name}' already exists\n"));
        return 9;
    }
    let groups = options.value('G').unwrap_or_default();
    if let Some(missing) = groups.split(',').find(|it| !it.is_empty() && find_group(proc, it).is_none()) {
        proc.eprint(format!("useradd: group '{missing}' does not exist\n"));
        return 6;
    }
    let numbers: Vec<u32> = accounts.iter().map(|it| it.uid).collect();
    let uid = options.value('u').and_then(|it| it.parse().ok());
    if uid.is_some_and(|uid| numbers.contains(&uid)) {
        proc.eprint(format!("useradd: UID {} is not unique\n", options.value('u').unwrap_or_default()));
        return 4;
    }
    let uid = uid.unwrap_or_else(|| free_number(&numbers, options.has('r')));
    let group = match options.value('g') {
        Some(group) => match find_group(proc, group) {
            Some(found) => found.gid,
            None => {
                proc.eprint(format!("useradd: group '{group}' does not exist\n"));
                return 6;
            }
        },
        None => {
            rewrite(proc, "/etc/group", |lines| lines.push(format!("{name}:x:{uid}:")));
            uid
        }
    };
    let home = options.value('d').map_or_else(|| format!("/home/{name}"), str::to_owned);
    let shell = options.value('s').unwrap_or("/bin/sh").to_owned();
    let user = User { name: name.clone(), uid, gid: group, home, shell };
    write_account(proc, &user, options.value('c').unwrap_or_default());
    rewrite(proc, "/etc/shadow", |lines| lines.push(format!("{name}:!:20400:0:99999:7:::")));
    if options.has('m') {
        make_home(proc, &user);
    }
    join(proc, "useradd", name, groups).err().unwrap_or(0)
}

/// A home directory with what stands in `/etc/skel`.
fn make_home(proc: &Proc, user: &User) {
    let mut world = proc.world();
    let mut put = |op: FileOp<'_>| {
        let _ = world.change_files(&proc.place, op);
    };
    put(FileOp::Mkdir { path: &user.home, mode: 0o750, parents: true });
    put(FileOp::Chmod { path: &user.home, mode: 0o750 });
    put(FileOp::Chown { path: &user.home, uid: user.uid, gid: user.gid });
    for name in [".bashrc", ".profile"] {
        let path = format!("{}/{name}", user.home);
        put(FileOp::Write { path: &path, bytes: b"" });
        put(FileOp::Chown { path: &path, uid: user.uid, gid: user.gid });
    }
}

fn userdel(proc: &Proc) -> i32 {
    let spec = Spec {
        name: "userdel",
        short: "rf",
        long: &[("remove", 'r', Value::None), ("force", 'f', Value::None)],
    };
    let options = match read(proc, &spec) {
        Ok(options) => options,
        Err(exit) => return exit,
    };
    let name = options.operands.first().cloned().unwrap_or_default();
    let Some(user) = login::account(&proc.lab, &proc.place, &name) else {
        proc.eprint(format!("userdel: user '{name}' does not exist\n"));
        return 6;
    };
    for path in ["/etc/passwd", "/etc/shadow"] {
        rewrite(proc, path, |lines| lines.retain(|it| name_of(it) != name));
    }
    rewrite(proc, "/etc/group", |lines| {
        lines.retain(|it| name_of(it) != name);
        for line in lines {
            let (head, members) = line.rsplit_once(':').unwrap_or((line, ""));
            let kept: Vec<&str> = members.split(',').filter(|it| *it != name).collect();
            *line = format!("{head}:{}", kept.join(","));
        }
    });
    remember(proc, None, &name);
    if options.has('r') {
        proc.eprint(format!("userdel: {name} mail spool (/var/mail/{name}) not found\n"));
        let remove = FileOp::Remove { path: &user.home, recursive: true };
        let _ = proc.world().change_files(&proc.place, remove);
    }
    0
}

fn usermod(proc: &Proc) -> i32 {
    let spec = Spec { name: "usermod", short: "aG:s:d:mg:u:c:LUl:e:", long: USER_LONG };
    let options = match read(proc, &spec) {
        Ok(options) => options,
        Err(exit) => return exit,
    };
    let name = options.operands.first().cloned().unwrap_or_default();
    let Some(mut user) = login::account(&proc.lab, &proc.place, &name) else {
        proc.eprint(format!("usermod: user '{name}' does not exist\n"));
        return 6;
    };
    if let Some(groups) = options.value('G') {
        if !options.has('a') {
            rewrite(proc, "/etc/group", |lines| {
                for line in lines {
                    let (head, members) = line.rsplit_once(':').unwrap_or((line, ""));
                    let kept: Vec<&str> = members.split(',').filter(|it| *it != name).collect();
                    *line = format!("{head}:{}", kept.join(","));
                }
            });
        }
        if let Err(exit) = join(proc, "usermod", &name, groups) {
            return exit;
        }
    }
    let lock = |mark: &str| {
        rewrite(proc, "/etc/shadow", |lines| {
            for line in lines.iter_mut().filter(|it| name_of(it) == name) {
                let rest = line.split_once(':').map_or("", |(_, rest)| rest).trim_start_matches('!');
                *line = format!("{name}:{mark}{rest}");
            }
        });
    };
    match options.last_of("LU") {
        Some('L') => lock("!"),
        Some(_) => lock(""),
        None => {}
    }
    user.shell = options.value('s').map_or(user.shell, str::to_owned);
    user.home = options.value('d').map_or(user.home, str::to_owned);
    user.uid = options.value('u').and_then(|it| it.parse().ok()).unwrap_or(user.uid);
    user.gid = options.value('g').and_then(|it| find_group(proc, it)).map_or(user.gid, |it| it.gid);
    write_account(proc, &user, options.value('c').unwrap_or_default());
    0
}

fn groupadd(proc: &Proc) -> i32 {
    let spec = Spec {
        name: "groupadd",
        short: "g:rf",
        long: &[("gid", 'g', Value::Needed), ("system", 'r', Value::None), ("force", 'f', Value::None)],
    };
    let options = match read(proc, &spec) {
        Ok(options) => options,
        Err(exit) => return exit,
    };
    let name = options.operands.first().cloned().unwrap_or_default();
    if find_group(proc, &name).is_some() {
        if options.has('f') {
            return 0;
        }
        proc.eprint(format!("groupadd: group '{name}' already exists\n"));
        return 9;
    }
    let taken: Vec<u32> = login::groups(&proc.lab, &proc.place).iter().map(|it| it.gid).collect();
    let gid = options.value('g').and_then(|it| it.parse().ok());
    let gid = gid.unwrap_or_else(|| free_number(&taken, options.has('r')));
    rewrite(proc, "/etc/group", |lines| lines.push(format!("{name}:x:{gid}:")));
    0
}

fn groupdel(proc: &Proc) -> i32 {
    let options = match read(proc, &Spec { name: "groupdel", short: "f", long: &[] }) {
        Ok(options) => options,
        Err(exit) => return exit,
    };
    let name = options.operands.first().cloned().unwrap_or_default();
    let Some(group) = find_group(proc, &name) else {
        proc.eprint(format!("groupdel: group '{name}' does not exist\n"));
        return 6;
    };
    if let Some(user) = login::accounts(&proc.lab, &proc.place).iter().find(|it| it.gid == group.gid) {
        proc.eprint(format!("groupdel: cannot remove the primary group of user '{}'\n", user.name));
        return 8;
    }
    rewrite(proc, "/etc/group", |lines| lines.retain(|it| name_of(it) != name));
    0
}

/// Notes that a password was set; nobody of the lab is asked for one.
fn set_password(proc: &Proc, name: &str) {
    let salt = proc.world().chance.hex(16);
    rewrite(proc, "/etc/shadow", |lines| {
        for line in lines.iter_mut().filter(|it| name_of(it) == name) {
            let tail = line.splitn(3, ':').nth(2).unwrap_or("20400:0:99999:7:::").to_owned();
            *line = format!("{name}:$y$j9T${salt}$:{tail}");
        }
    });
}

fn chpasswd(proc: &Proc) -> i32 {
    let text = String::from_utf8_lossy(proc.stdin.as_deref().unwrap_or_default()).into_owned();
    for (at, line) in text.lines().enumerate() {
        let Some((name, _)) = line.split_once(':') else {
            proc.eprint(format!("chpasswd: line {}: missing new password\n", at + 1));
            return 1;
        };
        if login::account(&proc.lab, &proc.place, name).is_none() {
            proc.eprint(format!(
                "chpasswd: (user {name}) pam_chauthtok() failed, error:\nAuthentication token manipulation error\n"
            ));
            return 1;
        }
        set_password(proc, name);
    }
    0
}

/// Options of `passwd` that ask for none: what becomes of the kept password, and what is said.
const KEEPERS: &[(&str, &str, Mark, &str)] = &[
    ("-l", "--lock", Mark::Lock, "password changed."),
    ("-u", "--unlock", Mark::Unlock, "password changed."),
    ("-d", "--delete", Mark::Delete, "password changed."),
    ("-e", "--expire", Mark::Expire, "password changed."),
];

#[derive(Clone, Copy)]
enum Mark {
    Lock,
    Unlock,
    Delete,
    Expire,
}

fn keep_password(proc: &Proc, name: &str, mark: Mark) {
    rewrite(proc, "/etc/shadow", |lines| {
        for line in lines.iter_mut().filter(|it| name_of(it) == name) {
            let mut fields: Vec<String> = line.split(':').map(str::to_owned).collect();
            fields.resize(9, String::new());
            let kept = fields[1].trim_start_matches('!').to_owned();
            match mark {
                Mark::Lock => fields[1] = format!("!{kept}"),
                Mark::Unlock => fields[1] = kept,
                Mark::Delete => fields[1] = String::new(),
                Mark::Expire => fields[2] = "0".into(),
            }
            *line = fields.join(":");
        }
    });
}

fn passwd(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let name = proc.args.iter().skip(1).find(|it| !it.starts_with('-')).unwrap_or(&proc.user).clone();
        if login::account(&proc.lab, &proc.place, &name).is_none() {
            proc.eprint(format!("passwd: user '{name}' does not exist\n"));
            return 1;
        }
        if proc.user != "root" && proc.user != name {
            proc.eprint(format!("passwd: You may not view or modify password information for {name}.\n"));
            return 1;
        }
        if proc.args.iter().any(|it| it == "-S" || it == "--status") {
            let text = text_of(proc, "/etc/shadow");
            let line = text.lines().find(|it| name_of(it) == name).unwrap_or_default().to_owned();
            let state = if line.contains(":!") || line.contains(":*") { "L" } else { "P" };
            proc.print(format!("{name} {state} 2025-11-08 0 99999 7 -1\n"));
            return 0;
        }
        let asked = proc
            .args
            .iter()
            .find_map(|it| KEEPERS.iter().find(|(short, long, ..)| it == short || it == long));
        if let Some((_, _, mark, text)) = asked {
            if proc.user != "root" {
                proc.eprint("passwd: Permission denied.\n");
                return 1;
            }
            keep_password(proc, &name, *mark);
            proc.print(format!("passwd: {text}\n"));
            return 0;
        }
        let mut typed = Vec::new();
        for prompt in ["New password: ", "Retype new password: "] {
            match proc.link.ask(Request::Line { prompt: prompt.to_owned(), hidden: true }).await {
                Answer::Line(line) => typed.push(line),
                _ => {
                    proc.eprint(
                        "passwd: Authentication token manipulation error\npasswd: password unchanged\n",
                    );
                    return 10;
                }
            }
        }
        if typed.first() != typed.last() {
            proc.eprint("Sorry, passwords do not match.\npasswd: Authentication token manipulation error\npasswd: password unchanged\n");
            return 10;
        }
        set_password(proc, &name);
        proc.eprint("passwd: password updated successfully\n");
        0
    })
}

/// Well-known ports that `getent services` knows.
const SERVICES: &[(&str, u16)] = &[("ssh", 22), ("domain", 53), ("http", 80), ("https", 443)];

fn getent(proc: &Proc) -> i32 {
    let args = proc.args.get(1..).unwrap_or_default();
    let Some((database, keys)) = args.split_first() else {
        proc.eprint("Usage: getent [OPTION...] database [key ...]\n");
        return 1;
    };
    let mut rows: Vec<(Vec<String>, String)> = match database.as_str() {
        "passwd" | "group" | "shadow" => {
            let text = text_of(proc, &format!("/etc/{database}"));
            let row = |line: &str| {
                let fields: Vec<&str> = line.split(':').collect();
                let names = [fields.first(), fields.get(2)].into_iter().flatten();
                (names.map(|it| (*it).to_owned()).collect(), line.to_owned())
            };
            text.lines().map(row).collect()
        }
        "hosts" | "ahosts" | "ahostsv4" => text_of(proc, "/etc/hosts")
            .lines()
            .filter_map(|line| {
                let words: Vec<String> =
                    line.split('#').next()?.split_whitespace().map(str::to_owned).collect();
                let (address, names) = words.split_first()?;
                Some((words.clone(), format!("{address:<15} {}", names.join(" "))))
            })
            .collect(),
        "services" => SERVICES
            .iter()
            .map(|(name, port)| (vec![(*name).to_owned()], format!("{name:<21} {port}/tcp")))
            .collect(),
        other => {
            proc.eprint(format!("Unknown database: {other}\n"));
            return 1;
        }
    };
    let mut exit = 0;
    if !keys.is_empty() {
        let mut found = Vec::new();
        for key in keys {
            match rows.iter().find(|(names, _)| names.contains(key)) {
                Some(row) => found.push(row.clone()),
                None => exit = 2,
            }
        }
        rows = found;
    }
    rows.iter().for_each(|(_, line)| proc.print(format!("{line}\n")));
    exit
}

fn visudo(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let args: Vec<String> = proc.args.iter().skip(1).cloned().collect();
        let named = args.iter().position(|it| it == "-f").and_then(|at| args.get(at + 1)).cloned();
        let path = named.unwrap_or_else(|| "/etc/sudoers".to_owned());
        if proc.user != "root" {
            proc.eprint(format!("visudo: {path}: Permission denied\n"));
            return 1;
        }
        if args.iter().any(|it| it.starts_with("-c")) {
            proc.print(format!("{path}: parsed OK\n"));
            return 0;
        }
        let words = ["vi".to_owned(), path];
        proc.run(&proc.login(), proc.command(&words)).await
    })
}
