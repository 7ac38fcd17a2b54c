//! Who is logged in, and what is done at fixed times: `w`, `last`, `loginctl`, `crontab`.

use crate::cluster::place::FileOp;
use crate::hosts::cron;
use crate::shell::{Proc, Program, Running, login};

programs! {
    W "w" "Show who is logged in and what they do" w;
    LAST "last" "Show logins" last;
    LOGINCTL "loginctl" "Show sessions" loginctl;
}

pub(crate) const CRONTAB: Program = Program { name: "crontab", summary: "Edit cron tables", run: crontab };

/// Where the terminal of this session comes from.
fn origin(proc: &Proc) -> String {
    let from = proc.env.get("SSH_CONNECTION").and_then(|it| it.split_whitespace().next());
    from.unwrap_or("-").to_owned()
}

fn w(proc: &Proc) -> i32 {
    let now = proc.world().now;
    let clock = now.strftime("%H:%M");
    proc.print(format!(
        " {} {},  1 user,  load average: {}\nUSER     TTY      FROM             LOGIN@   IDLE   JCPU   PCPU WHAT\n",
        now.strftime("%H:%M:%S"),
        super::machine::up_since(proc),
        super::top::averages(proc),
    ));
    proc.print(format!("{:<8} pts/0    {:<16} {clock}    0.00s  0.02s  0.00s w\n", proc.user, origin(proc)));
    0
}

fn last(proc: &Proc) -> i32 {
    let now = proc.world().now;
    let booted = super::machine::with_host(proc, |host| host.booted).unwrap_or(now);
    let stamp = |at: crate::sim::SimTime| at.strftime("%a %b %e %H:%M");
    proc.print(format!(
        "{:<8} pts/0        {:<16} {}   still logged in\nreboot   system boot  {:<16} {}   still running\n\nwtmp begins {}\n",
        proc.user,
        origin(proc),
        stamp(now),
        crate::hosts::kernel::RELEASE.chars().take(16).collect::<String>(),
        stamp(booted),
        booted.strftime("%a %b %e %H:%M:%S %Y"),
    ));
    0
}

fn loginctl(proc: &Proc) -> i32 {
    let words: Vec<&str> =
        proc.args.iter().skip(1).map(String::as_str).filter(|it| !it.starts_with('-')).collect();
    let uid = login::account(&proc.lab, &proc.place, &proc.user).map_or(0, |it| it.uid);
    match words.as_slice() {
        [] | ["list-sessions"] => proc.print(format!(
            "SESSION  UID USER{} SEAT LEADER CLASS TTY   IDLE SINCE\n      1 {uid:>4} {:<4} -    12001  user  pts/0 no   -\n\n1 sessions listed.\n",
            " ".repeat(proc.user.len().saturating_sub(4)),
            proc.user
        )),
        ["list-users"] => proc.print(format!(
            " UID USER LINGER STATE\n{uid:>4} {} no     active\n\n1 users listed.\n",
            proc.user
        )),
        other => {
            proc.eprint(format!("uncordon: loginctl {} is not simulated yet\n", other.join(" ")));
            return 1;
        }
    }
    0
}

/// The table of a user.
fn table(user: &str) -> String {
    format!("{}/{user}", cron::SPOOL)
}

fn install(proc: &Proc, user: &str, source: &str, text: &str) -> i32 {
    if let Err(bad) = cron::parse(text, Some(user)) {
        proc.eprint(format!(
            "\"{source}\":{}: bad {}\nerrors in crontab file, can't install.\n",
            bad.line, bad.part
        ));
        return 1;
    }
    let path = table(user);
    let mut world = proc.world();
    let directory = FileOp::Mkdir { path: cron::SPOOL, mode: 0o1730, parents: true };
    let _ = world.change_files(&proc.place, directory);
    let _ = world.change_files(&proc.place, FileOp::Write { path: &path, bytes: text.as_bytes() });
    let _ = world.change_files(&proc.place, FileOp::Chmod { path: &path, mode: 0o600 });
    0
}

fn crontab(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let words: Vec<String> = proc.args.iter().skip(1).cloned().collect();
        let named = words.iter().position(|it| it == "-u").and_then(|at| words.get(at + 1)).cloned();
        let user = named.unwrap_or_else(|| proc.user.clone());
        let has = |flag: &str| words.iter().any(|it| it == flag);
        let known = proc.world().read_text(&proc.place, &table(&user)).ok();
        if has("-l") || has("-r") {
            let Some(text) = known else {
                proc.eprint(format!("no crontab for {user}\n"));
                return 1;
            };
            if has("-l") {
                proc.print(text);
            } else {
                let path = table(&user);
                let remove = FileOp::Remove { path: &path, recursive: false };
                let _ = proc.world().change_files(&proc.place, remove);
            }
            return 0;
        }
        if has("-e") {
            return edit(proc, &user, known).await;
        }
        match words.iter().rfind(|it| !it.starts_with('-') || *it == "-") {
            Some(file) if file != "-" => match proc.disk().read(&proc.path(file)) {
                Ok(bytes) => install(proc, &user, file, &String::from_utf8_lossy(&bytes)),
                Err(error) => {
                    proc.eprint(format!("{file}: {error}\n"));
                    1
                }
            },
            _ => {
                let text = String::from_utf8_lossy(proc.stdin.as_deref().unwrap_or_default()).into_owned();
                install(proc, &user, "-", &text)
            }
        }
    })
}

async fn edit(proc: &Proc, user: &str, known: Option<String>) -> i32 {
    if known.is_none() {
        proc.eprint(format!("no crontab for {user} - using an empty one\n"));
    }
    let path = "/tmp/crontab.edit";
    let _ = proc.write_file(path, known.unwrap_or_default().as_bytes());
    let words = ["vi".to_owned(), path.to_owned()];
    proc.run(&proc.login(), proc.command(&words)).await;
    let text = proc.read_file(path).unwrap_or_default();
    let exit = install(proc, user, path, &String::from_utf8_lossy(&text));
    let _ = proc.world().change_files(&proc.place, FileOp::Remove { path, recursive: false });
    if exit == 0 {
        proc.eprint("crontab: installing new crontab\n");
    }
    exit
}
