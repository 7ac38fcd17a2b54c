//! `ssh` and `scp`: shells, programs and files on another machine of the lab.

use std::collections::BTreeMap;
use std::time::Duration;

use super::options::{Options, Spec, Value};
use super::texts::quoted;
use crate::cluster::Place;
use crate::hosts::{FsError, Kind, files};
use crate::shell::disk::Disk;
use crate::shell::{
    Answer, Lab, Login, Neighbour, Proc, Program, Refusal, Request, Running, Script, batch, login,
};

mod config;

pub(crate) const SSH: Program = Program { name: "ssh", summary: "Log into a remote machine", run: run_ssh };
pub(crate) const SSH_COPY_ID: Program =
    Program { name: "ssh-copy-id", summary: "Install a key on a remote machine", run: run_copy_id };
pub(crate) const SCP: Program = Program { name: "scp", summary: "Copy files between machines", run: run_scp };

const SSH_SPEC: Spec = Spec {
    name: "ssh",
    short: "46AaCfGgKkMNnqsTtVvXxYyB:b:c:D:E:e:F:I:i:J:L:l:m:O:o:p:Q:R:S:W:w:",
    long: &[],
};
const SCP_SPEC: Spec =
    Spec { name: "scp", short: "346BCpqrTvc:F:i:J:l:o:P:S:D:", long: &[("recursive", 'r', Value::None)] };

/// What `ssh` itself fails with.
const OWN_FAILURE: i32 = 255;

/// How long a connection takes on the lab's network.
const CONNECT: Duration = Duration::from_millis(150);

/// How long the kernel tries to reach a machine that is down, before `No route to host`.
const UNREACHABLE: Duration = Duration::from_secs(3);

/// A machine to log into.
struct Remote {
    lab: Lab,
    host: String,
    user: String,
    aliases: BTreeMap<String, String>,
}

impl Remote {
    fn login(&self) -> Login {
        let mut login = Login::new(&self.lab, Place::host(&self.host), &self.user);
        login.aliases.clone_from(&self.aliases);
        login
    }
}

/// Finds a machine by name or address, or says why there is none.
async fn resolve(proc: &Proc, target: &str, user: Option<&str>) -> Result<Remote, String> {
    let (given, name) = match target.split_once('@') {
        Some((user, name)) => (Some(user.to_owned()), name),
        None => (user.map(str::to_owned), target),
    };
    let asked = name.trim_start_matches("ssh://");
    let settings = config::of(proc, asked);
    let user = given.or(settings.user).unwrap_or_else(|| proc.user.clone());
    let name = settings.host_name.as_deref().unwrap_or(asked);
    match proc.lab.neighbour(name) {
        Some(found) => elsewhere(proc, name, user, found).await,
        None => here(proc, name, user).await,
    }
}

/// A machine of another world.
async fn elsewhere(
    proc: &Proc,
    name: &str,
    user: String,
    found: Result<Neighbour, Refusal>,
) -> Result<Remote, String> {
    proc.sleep(CONNECT).await;
    let denied = || format!("{user}@{name}: Permission denied (publickey).\n");
    let Neighbour { lab, host, aliases } = match found {
        Ok(neighbour) => neighbour,
        Err(Refusal::NoKey) => return Err(denied()),
        Err(Refusal::Broken(why)) => return Err(format!("uncordon: {name} cannot be made: {why}\n")),
    };
    if !lab.world().hosts.get(&host).is_some_and(|host| host.up) {
        proc.sleep(UNREACHABLE).await;
        return Err(format!("ssh: connect to host {name} port 22: No route to host\n"));
    }
    if login::account(&lab, &Place::host(&host), &user).is_none() {
        return Err(denied());
    }
    Ok(Remote { lab, host, user, aliases })
}

/// A machine of this world.
async fn here(proc: &Proc, name: &str, user: String) -> Result<Remote, String> {
    let listed = in_hosts_file(proc, name);
    let found = {
        let world = proc.world();
        let by_name = world.hosts.get(name).map(|host| (name.to_owned(), host.up));
        by_name.or_else(|| {
            let mut hosts = world.hosts.iter();
            hosts
                .find(|(key, host)| {
                    host.address == name
                        || listed.as_ref() == Some(&host.address)
                        || host.name == name
                        || **key == *name
                })
                .map(|(key, host)| (key.clone(), host.up))
        })
    };
    let found = match (name, found) {
        ("localhost" | "127.0.0.1", _) => match &proc.place {
            Place::Host(own) => Some((own.clone(), true)),
            Place::Container { .. } => None,
        },
        (_, found) => found,
    };
    let Some((host, up)) = found else {
        return Err(format!("ssh: Could not resolve hostname {name}: Name or service not known\n"));
    };
    if !up {
        proc.sleep(UNREACHABLE).await;
        return Err(format!("ssh: connect to host {name} port 22: No route to host\n"));
    }
    proc.sleep(CONNECT).await;
    if login::account(&proc.lab, &Place::host(&host), &user).is_none() || is_foreign(proc, &host) {
        return Err(format!("{user}@{name}: Permission denied (publickey).\n"));
    }
    Ok(Remote { lab: proc.lab.clone(), host, user, aliases: BTreeMap::new() })
}

/// The address that `/etc/hosts` has for a name.
fn in_hosts_file(proc: &Proc, name: &str) -> Option<String> {
    let bytes = proc.read_file("/etc/hosts").ok()?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    text.lines().find_map(|line| {
        let mut words = line.split('#').next()?.split_whitespace();
        let address = words.next()?;
        words.any(|it| it == name).then(|| address.to_owned())
    })
}

/// True when a node of one cluster wants to go to a machine that is none of its cluster's: only the machine
/// that sittings begin on has keys for all.
fn is_foreign(proc: &Proc, target: &str) -> bool {
    let Place::Host(own) = &proc.place else { return false };
    let world = proc.world();
    let has = |cluster: &crate::cluster::Cluster, host: &str| cluster.nodes.values().any(|it| it == host);
    let in_one = |host: &str| world.clusters.iter().any(|it| has(it, host));
    own != target
        && in_one(own)
        && in_one(target)
        && !world.clusters.iter().any(|it| has(it, own) && has(it, target))
}

fn run_ssh(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let options = match SSH_SPEC.parse_prefix(proc.args.get(1..).unwrap_or_default()) {
            Ok(options) => options,
            Err(_) => return usage(proc),
        };
        if options.has('V') {
            proc.eprint("OpenSSH_9.6p1 Ubuntu-3ubuntu13.14, OpenSSL 3.0.13 30 Jan 2024\n");
            return 0;
        }
        let Some((target, words)) = options.operands.split_first() else { return usage(proc) };
        let remote = match resolve(proc, target, options.value('l')).await {
            Ok(remote) => remote,
            Err(text) => {
                proc.eprint(text);
                return OWN_FAILURE;
            }
        };
        connect(proc, &options, target, &remote, words).await
    })
}

fn usage(proc: &Proc) -> i32 {
    proc.eprint(
        "usage: ssh [-46AaCfGgKkMNnqsTtVvXxYy] [-B bind_interface] [-b bind_address]\n           \
         [-c cipher_spec] [-D [bind_address:]port] [-E log_file]\n           \
         [-e escape_char] [-F configfile] [-I pkcs11] [-i identity_file]\n           \
         [-J destination] [-L address] [-l login_name] [-m mac_spec]\n           \
         [-O ctl_cmd] [-o option] [-P tag] [-p port] [-R address]\n           \
         [-S ctl_path] [-W host:port] [-w local_tun[:remote_tun]]\n           \
         destination [command [argument ...]]\n",
    );
    OWN_FAILURE
}

async fn connect(proc: &Proc, options: &Options, target: &str, remote: &Remote, words: &[String]) -> i32 {
    let mut target_login = remote.login();
    let from = super::machine::with_host(proc, |host| host.address.clone()).unwrap_or_default();
    target_login.env.insert("SSH_CONNECTION".into(), format!("{from} 51234 {from} 22"));
    if !words.is_empty() {
        let stdin = if options.has('n') { None } else { proc.stdin.clone() };
        let script = Script { text: words.join(" "), stdin, ..Script::default() };
        return proc.run_in(&remote.lab, &target_login, script).await;
    }
    if let Some(stdin) = &proc.stdin {
        if !options.has('T') {
            proc.eprint("Pseudo-terminal will not be allocated because stdin is not a terminal.\n");
        }
        let text = String::from_utf8_lossy(stdin).into_owned();
        return proc.run_in(&remote.lab, &target_login, Script { text, ..Script::default() }).await;
    }
    let stamp = proc.world().now.strftime("%a %b %e %H:%M:%S %Y");
    proc.print(format!("Last login: {stamp} from {from}\n"));
    let boot = || remote.lab.world().hosts.get(&remote.host).filter(|host| host.up).map(|host| host.booted);
    let before = boot();
    let exit = match proc.link.ask(Request::Session(remote.lab.clone(), Box::new(target_login))).await {
        Answer::Exit(exit) => exit,
        _ => 0,
    };
    let name = target.rsplit('@').next().unwrap_or(target);
    if boot() != before {
        proc.eprint(format!("Connection to {name} closed by remote host.\nConnection to {name} closed.\n"));
        return OWN_FAILURE;
    }
    proc.print("logout\n");
    proc.eprint(format!("Connection to {name} closed.\n"));
    exit
}

fn run_scp(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let options = match SCP_SPEC.parse(proc.args.get(1..).unwrap_or_default()) {
            Ok(options) => options,
            Err(text) => {
                proc.eprint(text);
                return 1;
            }
        };
        let Some((target, sources)) =
            options.operands.split_last().filter(|(_, sources)| !sources.is_empty())
        else {
            proc.eprint("usage: scp [-346ABCOpqRrsTv] [-c cipher] [-D sftp_server_path] [-F ssh_config]\n           [-i identity_file] [-J destination] [-l limit] [-o ssh_option]\n           [-P port] [-S program] [-X sftp_option] source ... target\n");
            return 1;
        };
        let mut exit = 0;
        for source in sources {
            exit = exit.max(copy(proc, options.has('r'), source, target).await);
        }
        exit
    })
}

fn run_copy_id(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let words: Vec<String> = proc.args.iter().skip(1).cloned().collect();
        let named = words.iter().position(|it| it == "-i").and_then(|at| words.get(at + 1)).cloned();
        let Some(target) = words.iter().rfind(|it| !it.starts_with('-') && Some(*it) != named.as_ref())
        else {
            proc.eprint("Usage: /usr/bin/ssh-copy-id [-h|-?|-f|-n|-s|-x] [-i [identity_file]] [-t target_path] [-F ssh_config] [[-o ssh_option] ...] [-p port] [user@]hostname\n");
            return 1;
        };
        let home = proc.login().home;
        let usual = ["id_ed25519", "id_ecdsa", "id_rsa"].map(|it| format!("{home}/.ssh/{it}.pub"));
        let file = named.map(|it| if it.ends_with(".pub") { it } else { format!("{it}.pub") });
        let file =
            file.or_else(|| usual.into_iter().find(|path| proc.stat(path).is_ok())).unwrap_or_default();
        let Ok(key) = proc.disk().read(&proc.path(&file)) else {
            proc.eprint("\n/usr/bin/ssh-copy-id: ERROR: No identities found\n");
            return 1;
        };
        proc.eprint(format!("/usr/bin/ssh-copy-id: INFO: Source of key(s) to be installed: \"{file}\"\n"));
        let there = match end(proc, &format!("{target}:.ssh/authorized_keys")).await {
            Ok(there) => there,
            Err(text) => {
                proc.eprint(format!("\n/usr/bin/ssh-copy-id: ERROR: {text}"));
                return 1;
            }
        };
        let mut all = there.disk.read(&there.path).unwrap_or_default();
        if all.windows(key.len().max(1)).any(|it| it == key) {
            proc.eprint("\n/usr/bin/ssh-copy-id: WARNING: All keys were skipped because they already exist on the remote system.\n\t\t(if you think this is a mistake, you may want to use -f option)\n\n");
            return 0;
        }
        let _ = there.disk.mkdir(files::parent(&there.path), 0o700);
        all.extend_from_slice(&key);
        if let Err(error) = there.disk.write(&there.path, &all) {
            proc.eprint(format!("sh: 1: cannot create .ssh/authorized_keys: {error}\n"));
            return 1;
        }
        proc.print(format!(
            "\nNumber of key(s) added: 1\n\nNow try logging into the machine, with: \"ssh '{target}'\"\nand check to make sure that only the key(s) you wanted were added.\n\n"
        ));
        0
    })
}

/// One end of a copy.
struct End {
    disk: Disk,
    path: String,
    shown: String,
}

async fn end(proc: &Proc, text: &str) -> Result<End, String> {
    let colon = text.find(':').filter(|at| !text.get(..*at).unwrap_or("").contains('/'));
    let Some(colon) = colon else {
        return Ok(End { disk: proc.disk(), path: proc.path(text), shown: text.to_owned() });
    };
    let (host, path) = (text.get(..colon).unwrap_or(""), text.get(colon + 1..).unwrap_or(""));
    let remote = resolve(proc, host, None).await?;
    let place = Place::host(&remote.host);
    let home = remote.login().home;
    let programs = batch::program_names(&remote.lab, &place);
    let path_there = files::clean(&home, path.strip_prefix("~/").unwrap_or(path));
    let disk = Disk::new(&remote.lab, &place, &remote.user, programs);
    Ok(End { disk, path: path_there, shown: path.to_owned() })
}

async fn copy(proc: &Proc, recursive: bool, source: &str, target: &str) -> i32 {
    let (from, to) = match (end(proc, source).await, end(proc, target).await) {
        (Ok(from), Ok(to)) => (from, to),
        (Err(text), _) | (_, Err(text)) => {
            proc.eprint(format!("{text}scp: Connection closed\n"));
            return OWN_FAILURE;
        }
    };
    let into = to.disk.node(&to.path, true).is_ok_and(|node| node.kind == Kind::Directory);
    let path = if into {
        format!("{}/{}", to.path.trim_end_matches('/'), files::base_name(&from.path))
    } else {
        to.path.clone()
    };
    match copy_tree(recursive, &from, &from.path, &to.disk, &path) {
        Ok(()) => 0,
        Err(None) => {
            proc.eprint(format!("scp: download {} not a regular file\n", quoted(&from.shown)));
            1
        }
        Err(Some(error)) => {
            proc.eprint(format!("scp: {}: {error}\n", from.shown));
            1
        }
    }
}

fn copy_tree(
    recursive: bool,
    from: &End,
    path: &str,
    to: &Disk,
    target: &str,
) -> Result<(), Option<FsError>> {
    let node = from.disk.node(path, true).map_err(Some)?;
    if node.kind != Kind::Directory {
        let bytes = from.disk.read(path).map_err(Some)?;
        return to.write(target, &bytes).map_err(Some);
    }
    if !recursive {
        return Err(None);
    }
    if to.node(target, true).is_err() {
        to.mkdir(target, node.mode).map_err(Some)?;
    }
    for (name, _) in from.disk.list(path).map_err(Some)? {
        let below = format!("{}/{name}", path.trim_end_matches('/'));
        copy_tree(true, from, &below, to, &format!("{}/{name}", target.trim_end_matches('/')))?;
    }
    Ok(())
}
