//! `etcdctl`: the client.

use super::session::Session;
use super::{Refusal, keys, leases, locks, members, snapshot, switch, txn, users, valued, watch};
use crate::shell::{Proc, Program};
use crate::tools::kubectl::flags::{FlagSpec, Kind, parse};

/// The program.
pub(crate) const ETCDCTL: Program =
    Program { name: "etcdctl", summary: "control etcd", run: |proc| Box::pin(run(proc)) };

/// The version that kubeadm v1.36.2 deploys.
pub(super) const VERSION: &str = "3.6.8";

/// Flags that every command takes.
const GLOBAL: &[FlagSpec] = &[
    valued("cacert", None, Kind::Text, ""),
    valued("cert", None, Kind::Text, ""),
    valued("command-timeout", None, Kind::Duration, "5s"),
    switch("debug", None),
    valued("dial-timeout", None, Kind::Duration, "2s"),
    valued("discovery-srv", Some('d'), Kind::Text, ""),
    valued("discovery-srv-name", None, Kind::Text, ""),
    valued("endpoints", None, Kind::Strings, "127.0.0.1:2379"),
    switch("hex", None),
    switch("insecure-discovery", None),
    switch("insecure-skip-tls-verify", None),
    switch("insecure-transport", None),
    valued("keepalive-time", None, Kind::Duration, "2s"),
    valued("keepalive-timeout", None, Kind::Duration, "6s"),
    valued("key", None, Kind::Text, ""),
    valued("max-recv-bytes", None, Kind::Int(64), "0"),
    valued("max-request-bytes", None, Kind::Int(64), "0"),
    valued("password", None, Kind::Text, ""),
    valued("user", None, Kind::Text, ""),
    valued("write-out", Some('w'), Kind::Text, "simple"),
    switch("help", Some('h')),
];

/// How a command is carried out once its words are understood.
type Action = fn(&Session<'_>) -> Result<(), Refusal>;

/// One command.
struct Command {
    name: &'static str,
    /// What it does, in our words.
    summary: &'static str,
    /// Flags of its own; unknown to the others.
    flags: &'static [FlagSpec],
    how: How,
}

enum How {
    Now(Action),
    /// It waits, and has a function of its own in [`carry_out`].
    Waits,
    NotSimulated,
}

const fn now(
    name: &'static str,
    summary: &'static str,
    flags: &'static [FlagSpec],
    action: Action,
) -> Command {
    Command { name, summary, flags, how: How::Now(action) }
}

const fn waits(name: &'static str, summary: &'static str, flags: &'static [FlagSpec]) -> Command {
    Command { name, summary, flags, how: How::Waits }
}

const fn missing(name: &'static str, summary: &'static str) -> Command {
    Command { name, summary, flags: &[], how: How::NotSimulated }
}

const CLUSTER: &[FlagSpec] = &[switch("cluster", None)];
const RANGE: &[FlagSpec] = &[switch("prefix", None), switch("from-key", None)];
const PEERS: &[FlagSpec] = &[valued("peer-urls", None, Kind::Text, ""), switch("learner", None)];
const GET: &[FlagSpec] = &[
    valued("consistency", None, Kind::Text, "l"),
    switch("count-only", None),
    switch("from-key", None),
    switch("keys-only", None),
    valued("limit", None, Kind::Int(64), "0"),
    valued("max-create-rev", None, Kind::Int(64), "0"),
    valued("max-mod-rev", None, Kind::Int(64), "0"),
    valued("min-create-rev", None, Kind::Int(64), "0"),
    valued("min-mod-rev", None, Kind::Int(64), "0"),
    valued("order", None, Kind::Text, ""),
    switch("prefix", None),
    switch("print-value-only", None),
    valued("rev", None, Kind::Int(64), "0"),
    valued("sort-by", None, Kind::Text, ""),
];
const PUT: &[FlagSpec] = &[
    switch("ignore-lease", None),
    switch("ignore-value", None),
    valued("lease", None, Kind::Text, "0"),
    switch("prev-kv", None),
];
const DEL: &[FlagSpec] =
    &[switch("prefix", None), switch("from-key", None), switch("prev-kv", None), switch("range", None)];
const CHECK: &[FlagSpec] = &[
    valued("load", None, Kind::Text, "s"),
    valued("prefix", None, Kind::Text, "/etcdctl-check-perf/"),
    switch("auto-compact", None),
    switch("auto-defrag", None),
];
const WATCH: &[FlagSpec] = &[
    switch("interactive", Some('i')),
    switch("prefix", None),
    switch("prev-kv", None),
    switch("progress-notify", None),
    valued("rev", None, Kind::Int(64), "0"),
];

/// Every command, by name.
const COMMANDS: &[Command] = &[
    now("alarm disarm", "clears every alarm", &[], members::disarm),
    now("alarm list", "alarms that stand", &[], members::alarms),
    now("auth disable", "lets everybody in", &[], users::disable),
    missing("auth enable", "asks for a user and a password"),
    now("auth status", "whether users are asked for", &[], users::status),
    waits("check datascale", "memory for a workload", CHECK),
    waits("check perf", "how fast the cluster is", CHECK),
    now("compaction", "forgets revisions", &[switch("physical", None)], keys::compact),
    missing("completion", "completion for shells"),
    now("defrag", "gives free room back", CLUSTER, members::defrag),
    now("del", "removes keys", DEL, keys::del),
    missing("downgrade", "to an earlier version"),
    waits("elect", "leader election on a key", &[switch("listen", Some('l'))]),
    now(
        "endpoint hashkv",
        "hash of all keys",
        &[switch("cluster", None), valued("rev", None, Kind::Int(64), "0")],
        members::hash_kv,
    ),
    now("endpoint health", "whether endpoints answer", CLUSTER, members::health),
    now("endpoint status", "state of each endpoint", CLUSTER, members::status),
    now("get", "reads keys", GET, keys::get),
    now("lease grant", "makes a lease", &[], leases::grant),
    waits("lease keep-alive", "renews a lease", &[switch("once", None)]),
    now("lease list", "all leases", &[], leases::list),
    now("lease revoke", "ends a lease and its keys", &[], leases::revoke),
    now("lease timetolive", "what is left of a lease", &[switch("keys", None)], leases::time_to_live),
    waits("lock", "a named lock", &[valued("ttl", None, Kind::Int(64), "10")]),
    missing("make-mirror", "copies keys elsewhere"),
    now("member add", "one more member", PEERS, members::add),
    now("member list", "all members", &[valued("consistency", None, Kind::Text, "l")], members::list),
    now("member promote", "a learner becomes a voter", &[], members::promote),
    now("member remove", "one member less", &[], members::remove),
    now("member update", "other peer URLs", PEERS, members::update),
    now("move-leader", "another member leads", &[], members::move_leader),
    now("put", "writes a key", PUT, keys::put),
    now("role add", "a new role", &[], users::role_add),
    now("role delete", "a role less", &[], users::role_delete),
    now("role get", "what a role may", &[], users::role_get),
    now("role grant-permission", "a role may more", RANGE, users::grant_permission),
    now("role list", "all roles", &[], users::role_list),
    now("role revoke-permission", "a role may less", RANGE, users::revoke_permission),
    waits("snapshot save", "stores the database in a file", &[]),
    now(
        "txn",
        "several requests at once, from standard input",
        &[switch("interactive", Some('i'))],
        txn::run,
    ),
    now(
        "user add",
        "a new user",
        &[
            valued("new-user-password", None, Kind::Text, ""),
            switch("no-password", None),
            valued("interactive", None, Kind::Bool, "true"),
        ],
        users::add,
    ),
    now("user delete", "a user less", &[], users::delete),
    now("user get", "the roles of a user", &[switch("detail", None)], users::get),
    now("user grant-role", "a user has a role more", &[], users::grant_role),
    now("user list", "all users", &[], users::list),
    now("user passwd", "another password", &[valued("interactive", None, Kind::Bool, "true")], users::passwd),
    now("user revoke-role", "a user has a role less", &[], users::revoke_role),
    waits("watch", "changes as they come", WATCH),
];

/// Other names of commands.
const ALIASES: &[(&str, &str)] = &[("compact", "compaction")];

async fn run(proc: &mut Proc) -> i32 {
    let words = proc.args.get(1..).unwrap_or_default().to_vec();
    if proc.env.contains_key("ETCDCTL_API") {
        warn_of_api(proc);
    }
    match carry_out(proc, &words).await {
        Ok(()) => 0,
        Err(refusal) => {
            if !refusal.sentence.is_empty() {
                proc.eprint(format!("Error: {}\n", refusal.sentence));
            }
            refusal.exit
        }
    }
}

fn warn_of_api(proc: &Proc) {
    let (stamp, api) =
        (proc.world().now.rfc3339_micro(), proc.env.get("ETCDCTL_API").cloned().unwrap_or_default());
    proc.eprint(format!(
        "{{\"level\":\"warn\",\"ts\":\"{stamp}\",\"caller\":\"flags/flag.go:94\",\"msg\":\"unrecognized environment \
         variable\",\"environment-variable\":\"ETCDCTL_API={api}\"}}\n"
    ));
}

async fn carry_out(proc: &Proc, words: &[String]) -> Result<(), Refusal> {
    let spoken = spoken(words);
    let (first, second) = (spoken.first().map_or("", |it| it), spoken.get(1).map_or("", |it| it));
    let first = ALIASES.iter().find(|(alias, _)| *alias == first).map_or(first, |(_, name)| name);
    let double = format!("{first} {second}");
    let command = COMMANDS.iter().find(|it| it.name == double || it.name == first);
    let specs = GLOBAL.iter().chain(command.map_or(&[][..], |it| it.flags)).copied().collect();
    let parsed = parse(words, specs).map_err(|sentence| Refusal::new(1, sentence))?;
    if first == "version" {
        proc.print(format!("etcdctl version: {VERSION}\nAPI version: 3.6\n"));
        return Ok(());
    }
    if first == "snapshot" && (second != "save" || parsed.flags.on("help")) {
        proc.print(format!("{}\nGLOBAL OPTIONS:\n{}", snapshot::HELP, options(GLOBAL)));
        return Ok(());
    }
    if first.is_empty() || first == "help" || parsed.flags.on("help") {
        proc.print(help(if first == "help" { second } else { first }));
        return Ok(());
    }
    let Some(command) = command else { return unknown(proc, first) };
    let skip = command.name.split(' ').count();
    let args: Vec<String> = parsed.args.into_iter().skip(skip).collect();
    match (&command.how, command.name) {
        (How::Now(action), _) => action(&Session::new(proc, parsed.flags, args)?),
        (How::Waits, "snapshot save") => snapshot::save(&Session::new(proc, parsed.flags, args)?).await,
        (How::Waits, "watch") => watch::run(&Session::new(proc, parsed.flags, args)?).await,
        (How::Waits, "check perf") => locks::check_perf(&Session::new(proc, parsed.flags, args)?).await,
        (How::Waits, "check datascale") => {
            locks::check_data_scale(&Session::new(proc, parsed.flags, args)?).await
        }
        (How::Waits, "elect") => locks::elect(&Session::new(proc, parsed.flags, args)?).await,
        (How::Waits, "lock") => locks::lock(&Session::new(proc, parsed.flags, args)?).await,
        (How::Waits, _) => leases::keep_alive(&Session::new(proc, parsed.flags, args)?).await,
        (How::NotSimulated, name) => {
            Err(Refusal::new(1, format!("uncordon: `etcdctl {name}` is not simulated yet")))
        }
    }
}

/// The words of a command line that are neither flags nor their values.
fn spoken(words: &[String]) -> Vec<&str> {
    let mut all = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let Some(flag) = word.strip_prefix('-') else {
            all.push(word.as_str());
            continue;
        };
        let name = flag.trim_start_matches('-');
        let is_it = |spec: &&FlagSpec| {
            spec.name == name
                || (spec.short.is_some() && spec.short == name.chars().next() && name.len() == 1)
        };
        let mut specs = GLOBAL.iter().chain(COMMANDS.iter().flat_map(|it| it.flags));
        if specs.find(is_it).is_some_and(|spec| !matches!(spec.kind, Kind::Bool)) {
            words.next();
        }
    }
    all
}

/// A group without its second word shows what it has; anything else is unknown.
fn unknown(proc: &Proc, first: &str) -> Result<(), Refusal> {
    if COMMANDS.iter().any(|it| it.name.split(' ').next() == Some(first)) {
        proc.print(help(first));
        return Ok(());
    }
    Err(Refusal::new(
        1,
        format!("unknown command {first:?} for \"etcdctl\"\nRun 'etcdctl --help' for usage."),
    ))
}

/// The help of a command, of a group, or of the whole program.
fn help(about: &str) -> String {
    let rows: Vec<&Command> = COMMANDS
        .iter()
        .filter(|it| about.is_empty() || it.name == about || it.name.split(' ').next() == Some(about))
        .collect();
    let mut text = match rows.as_slice() {
        [one] if !about.is_empty() => format!(
            "NAME:\n  {} - {}\n\nUSAGE:\n  etcdctl {} [flags]\n\nAPI VERSION:\n  3.6\n",
            one.name, one.summary, one.name
        ),
        _ if about.is_empty() => format!(
            "NAME:\n  etcdctl - A simple command line client for etcd3.\n\nUSAGE:\n  etcdctl [flags]\n\nVERSION:\n  {VERSION}\n\nAPI VERSION:\n  3.6\n"
        ),
        _ => format!(
            "NAME:\n  {about}\n\nUSAGE:\n  etcdctl {about} <subcommand> [flags]\n\nAPI VERSION:\n  3.6\n"
        ),
    };
    if rows.len() != 1 || about.is_empty() {
        text.push_str("\nCOMMANDS:\n");
        for row in &rows {
            // Columns as Go's tabwriter sets them there: tabs of eight, the widest name decides.
            let tabs = "\t".repeat(((30 - row.name.len().min(29)).div_ceil(8)).max(1));
            text.push_str(&format!("  {}{tabs}{}\n", row.name, row.summary));
        }
    }
    let own = if rows.len() == 1 { rows.first().map_or(&[][..], |it| it.flags) } else { &[] };
    let global = if about.is_empty() { "OPTIONS" } else { "GLOBAL OPTIONS" };
    for (title, specs) in [("OPTIONS", own), (global, GLOBAL)] {
        if specs.is_empty() {
            continue;
        }
        text.push_str(&format!("\n{title}:\n{}", options(specs)));
    }
    text
}

/// Flags with their usual values.
fn options(specs: &[FlagSpec]) -> String {
    let row = |spec: &FlagSpec| {
        let short = spec.short.map_or("    ".to_owned(), |short| format!("-{short}, "));
        let shown = match spec.kind {
            Kind::Bool => format!("[={}]", spec.default),
            Kind::Text => format!("={:?}", spec.default),
            Kind::Strings => format!("=[{}]", spec.default),
            _ => format!("={}", spec.default),
        };
        format!("  {short}--{}{shown}\n", spec.name)
    };
    specs.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_sorted_and_found_behind_flags() {
        assert!(COMMANDS.is_sorted_by_key(|it| it.name));
        let words: Vec<String> =
            ["--endpoints", "a:1", "-w", "table", "member", "--cert=x", "list"].map(str::to_owned).into();
        assert_eq!(spoken(&words), ["member", "list"]);
    }
}
