//! Debian's friendlier commands for accounts, and what else keeps `/etc/shadow` and `/etc/group`: `adduser`,
//! `deluser`, `addgroup`, `delgroup`, `gpasswd`, `chage`.

use crate::cluster::place::FileOp;
use crate::shell::{Proc, Program, Running, login};

pub(crate) const ADDUSER: Program = Program { name: "adduser", summary: "Add a user", run: adduser };
pub(crate) const ADDGROUP: Program = Program { name: "addgroup", summary: "Add a group", run: addgroup };
pub(crate) const DELUSER: Program = Program { name: "deluser", summary: "Remove a user", run: deluser };
pub(crate) const DELGROUP: Program = Program { name: "delgroup", summary: "Remove a group", run: delgroup };

programs! {
    GPASSWD "gpasswd" "Administer groups" gpasswd;
    CHAGE "chage" "Change how long passwords last" chage;
}

/// Options of these programs that take a value.
const VALUED: &[&str] = &["--gecos", "--comment", "--home", "--shell", "--uid", "--gid", "--ingroup"];

/// The operands, and options with their values.
fn split(proc: &Proc) -> (Vec<String>, Vec<(String, String)>) {
    let (mut operands, mut options) = (Vec::new(), Vec::new());
    let mut words = proc.args.iter().skip(1);
    while let Some(word) = words.next() {
        if let Some((name, value)) = word.split_once('=').filter(|_| word.starts_with("--")) {
            options.push((name.to_owned(), value.to_owned()));
        } else if VALUED.contains(&word.as_str()) {
            options.push((word.clone(), words.next().cloned().unwrap_or_default()));
        } else if word.starts_with('-') {
            options.push((word.clone(), String::new()));
        } else {
            operands.push(word.clone());
        }
    }
    (operands, options)
}

fn only_root(proc: &Proc) -> Result<(), i32> {
    if proc.user == "root" {
        return Ok(());
    }
    let name = proc.args.first().map(String::as_str).unwrap_or_default();
    proc.eprint(format!(
        "fatal: Only root may add a user or group to the system.\n{name}: Permission denied.\n"
    ));
    Err(1)
}

async fn call(proc: &Proc, words: &[&str]) -> i32 {
    let words: Vec<String> = words.iter().map(|it| (*it).to_owned()).collect();
    proc.run(&proc.login(), proc.command(&words)).await
}

fn adduser(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        if let Err(exit) = only_root(proc) {
            return exit;
        }
        let (operands, options) = split(proc);
        let has = |name: &str| options.iter().any(|(it, _)| it == name);
        let value = |name: &str| options.iter().find(|(it, _)| it == name).map(|(_, value)| value.clone());
        match operands.as_slice() {
            [user, group] => {
                if login::account(&proc.lab, &proc.place, user).is_none() {
                    proc.eprint(format!("fatal: The user `{user}' does not exist.\n"));
                    return 1;
                }
                proc.print(format!("info: Adding user `{user}' to group `{group}' ...\n"));
                call(proc, &["usermod", "-aG", group, user]).await
            }
            [user] => {
                if login::account(&proc.lab, &proc.place, user).is_some() {
                    proc.eprint(format!("fatal: The user `{user}' already exists.\n"));
                    return 1;
                }
                let shell = value("--shell").unwrap_or_else(|| "/bin/bash".into());
                let mut words = vec!["useradd", "-s", &shell];
                words.extend(if has("--system") { ["-r", "-M"] } else { ["-m", "-U"] });
                let (home, uid) = (value("--home"), value("--uid"));
                let comment = value("--gecos").or_else(|| value("--comment")).unwrap_or_default();
                home.iter().for_each(|it| words.extend(["-d", it]));
                uid.iter().for_each(|it| words.extend(["-u", it]));
                words.extend(["-c", &comment, user]);
                proc.print(format!("info: Adding user `{user}' ...\n"));
                let exit = call(proc, &words).await;
                if exit == 0 && !has("--disabled-password") && !has("--system") {
                    return call(proc, &["passwd", user]).await;
                }
                exit
            }
            _ => {
                proc.eprint("fatal: Only one or two names allowed.\n");
                1
            }
        }
    })
}

fn addgroup(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let (operands, options) = split(proc);
        if let [_, _] = operands.as_slice() {
            return adduser(proc).await;
        }
        if let Err(exit) = only_root(proc) {
            return exit;
        }
        let [group] = operands.as_slice() else {
            proc.eprint("fatal: Only one or two names allowed.\n");
            return 1;
        };
        if login::groups(&proc.lab, &proc.place).iter().any(|it| it.name == *group) {
            proc.eprint(format!("fatal: The group `{group}' already exists.\n"));
            return 1;
        }
        let mut words = vec!["groupadd"];
        let gid = options.iter().find(|(name, _)| name == "--gid").map(|(_, value)| value.clone());
        gid.iter().for_each(|it| words.extend(["-g", it]));
        words.push(group);
        proc.print(format!("info: Adding group `{group}' ...\n"));
        call(proc, &words).await
    })
}

fn deluser(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        if let Err(exit) = only_root(proc) {
            return exit;
        }
        let (operands, options) = split(proc);
        match operands.as_slice() {
            [user, group] => {
                proc.print(format!("info: Removing user `{user}' from group `{group}' ...\n"));
                call(proc, &["gpasswd", "-d", user, group]).await
            }
            [user] => {
                if login::account(&proc.lab, &proc.place, user).is_none() {
                    proc.eprint(format!("fatal: The user `{user}' does not exist.\n"));
                    return 2;
                }
                proc.print(format!("info: Removing user `{user}' ...\n"));
                match options.iter().any(|(name, _)| name == "--remove-home") {
                    true => call(proc, &["userdel", "-r", user]).await,
                    false => call(proc, &["userdel", user]).await,
                }
            }
            _ => {
                proc.eprint("fatal: Only one or two names allowed.\n");
                1
            }
        }
    })
}

fn delgroup(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        if let Err(exit) = only_root(proc) {
            return exit;
        }
        let (operands, _) = split(proc);
        let [group] = operands.as_slice() else { return deluser(proc).await };
        proc.print(format!("info: Removing group `{group}' ...\n"));
        call(proc, &["groupdel", group]).await
    })
}

fn lines_of(proc: &Proc, path: &str) -> Vec<String> {
    let bytes = proc.read_file(path).unwrap_or_default();
    String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect()
}

fn put_back(proc: &Proc, path: &str, lines: &[String]) {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let _ = proc.world().change_files(&proc.place, FileOp::Write { path, bytes: text.as_bytes() });
}

fn gpasswd(proc: &Proc) -> i32 {
    let words: Vec<&str> = proc.args.iter().skip(1).map(String::as_str).collect();
    let (add, user, group) = match words.as_slice() {
        ["-a" | "--add", user, group] => (true, *user, *group),
        ["-d" | "--delete", user, group] => (false, *user, *group),
        other => {
            proc.eprint(format!("uncordon: gpasswd {} is not simulated yet\n", other.join(" ")));
            return 1;
        }
    };
    if proc.user != "root" {
        proc.eprint("gpasswd: Permission denied.\n");
        return 1;
    }
    if login::account(&proc.lab, &proc.place, user).is_none() {
        proc.eprint(format!("gpasswd: user '{user}' does not exist\n"));
        return 3;
    }
    let mut lines = lines_of(proc, "/etc/group");
    let Some(line) = lines.iter_mut().find(|it| it.split(':').next() == Some(group)) else {
        proc.eprint(format!("gpasswd: group '{group}' does not exist in /etc/group\n"));
        return 3;
    };
    let (head, members) =
        line.rsplit_once(':').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap_or_default();
    let mut members: Vec<&str> = members.split(',').filter(|it| !it.is_empty()).collect();
    let was = members.contains(&user);
    members.retain(|it| *it != user);
    if add {
        members.push(user);
    } else if !was {
        proc.eprint(format!("gpasswd: user '{user}' is not a member of '{group}'\n"));
        return 3;
    }
    *line = format!("{head}:{}", members.join(","));
    put_back(proc, "/etc/group", &lines);
    proc.print(match add {
        true => format!("Adding user {user} to group {group}\n"),
        false => format!("Removing user {user} from group {group}\n"),
    });
    0
}

/// Options of `chage` with the field of `/etc/shadow` that each sets.
const AGES: &[(&str, &str, usize)] = &[
    ("-d", "--lastday", 2),
    ("-m", "--mindays", 3),
    ("-M", "--maxdays", 4),
    ("-W", "--warndays", 5),
    ("-I", "--inactive", 6),
    ("-E", "--expiredate", 7),
];

/// A day as `/etc/shadow` counts them: a number, or a date.
fn day(text: &str) -> Option<String> {
    if text == "-1" {
        return Some(String::new());
    }
    if text.parse::<u32>().is_ok() {
        return Some(text.to_owned());
    }
    let at = crate::sim::SimTime::parse_rfc3339(&format!("{text}T00:00:00Z"))?;
    Some((at.unix_s() / 86_400).to_string())
}

fn chage(proc: &Proc) -> i32 {
    let words: Vec<&str> = proc.args.iter().skip(1).map(String::as_str).collect();
    let Some(user) = words.last().filter(|it| !it.starts_with('-')).copied() else {
        proc.eprint("Usage: chage [options] LOGIN\n");
        return 2;
    };
    let mut lines = lines_of(proc, "/etc/shadow");
    let Some(line) = lines.iter_mut().find(|it| it.split(':').next() == Some(user)) else {
        proc.eprint(format!("chage: user '{user}' does not exist in /etc/passwd\n"));
        return 1;
    };
    let mut fields: Vec<String> = line.split(':').map(str::to_owned).collect();
    fields.resize(9, String::new());
    if words.iter().any(|it| matches!(*it, "-l" | "--list")) {
        proc.print(ages(&fields));
        return 0;
    }
    if proc.user != "root" {
        proc.eprint("chage: Permission denied.\n");
        return 1;
    }
    let mut changed = false;
    for (at, word) in words.iter().enumerate() {
        let Some((.., field)) = AGES.iter().find(|(short, long, _)| word == short || word == long) else {
            continue;
        };
        let given = words.get(at + 1).copied().unwrap_or_default();
        let Some(value) = day(given) else {
            proc.eprint(format!("chage: invalid date '{given}'\n"));
            return 1;
        };
        if let Some(slot) = fields.get_mut(*field) {
            *slot = value;
            changed = true;
        }
    }
    if !changed {
        proc.eprint("uncordon: chage without options is not simulated yet\n");
        return 1;
    }
    *line = fields.join(":");
    put_back(proc, "/etc/shadow", &lines);
    0
}

/// What `chage -l` says of a line of `/etc/shadow`.
fn ages(fields: &[String]) -> String {
    let number = |at: usize| fields.get(at).and_then(|it| it.parse::<i64>().ok());
    let date = |days: i64| crate::sim::SimTime::from_unix_s(days * 86_400).strftime("%b %d, %Y");
    let last = number(2);
    let maximum = number(4).filter(|it| *it < 10_000);
    let expires = last.zip(maximum).map(|(last, maximum)| last + maximum);
    let inactive = expires.zip(number(6)).map(|(at, more)| at + more);
    let or_never = |days: Option<i64>| days.map_or_else(|| "never".to_owned(), date);
    let rows = [
        ("Last password change\t\t\t\t\t", or_never(last)),
        ("Password expires\t\t\t\t\t", or_never(expires)),
        ("Password inactive\t\t\t\t\t", or_never(inactive)),
        ("Account expires\t\t\t\t\t\t", or_never(number(7))),
        ("Minimum number of days between password change\t\t", number(3).unwrap_or(0).to_string()),
        ("Maximum number of days between password change\t\t", number(4).unwrap_or(99_999).to_string()),
        ("Number of days of warning before password expires\t", number(5).unwrap_or(7).to_string()),
    ];
    rows.iter().map(|(name, value)| format!("{name}: {value}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_numbers_or_dates() {
        assert_eq!(day("90").as_deref(), Some("90"));
        assert_eq!(day("1970-01-11").as_deref(), Some("10"));
        assert_eq!(day("-1").as_deref(), Some(""));
        assert_eq!(day("soon"), None);
    }
}
