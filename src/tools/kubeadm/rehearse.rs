//! `--dry-run`: the command is carried out in a copy of the world, and what it did there is told as what
//! it would do. Nothing of the world itself changes, but for the folder that `init` leaves its files in.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use super::commands::Command;
use super::ctx::{Ctx, Done, Failure};
use super::flags;
use crate::cluster::World;
use crate::hosts::{FileTree, Kind};
use crate::shell::{Fd, Lab, Proc};

/// More waits than any command has.
const WAITS_MAX: u32 = 5_000;

/// What is said of an act that only would be done: the beginning of a line, and what stands for it. `{}` is the
/// rest of the line; an empty text drops it.
const LINES: &[(&str, &str)] = &[
    (
        "[preflight] Pulling images",
        "[preflight] Would pull the required images (like 'kubeadm config images pull')",
    ),
    ("[preflight] This might take", ""),
    ("[preflight] You can also perform", ""),
    (
        "[upgrade/preflight] Pulling images",
        "[upgrade/preflight] Would pull the required images (like 'kubeadm config images pull')",
    ),
    ("[upgrade/preflight] This might take", ""),
    ("[upgrade/preflight] You can also perform", ""),
    ("[kubelet-start] Starting the kubelet", ""),
    (
        "[kubelet-check] Waiting",
        "[dryrun] Would make sure the kubelet returns 'ok' at http://127.0.0.1:10248/healthz",
    ),
    ("[kubelet-check]", ""),
    ("[control-plane-check]", ""),
    ("[kubelet-finalize]", ""),
    ("[reset] Stopping the kubelet service", "[reset] Would stop the kubelet service"),
    ("[reset] Unmounting mounted directories in", "[reset] Would unmount mounted directories in{}"),
    ("[reset] Deleting contents of directories:", "[reset] Would delete contents of directories:{}"),
    ("[reset] Deleting files:", "[reset] Would delete files:{}"),
    (
        "[reset] Deleted contents of the etcd data directory:",
        "[reset] Would delete contents of the etcd data directory:{}",
    ),
];

/// Carries a command out in a copy of the world.
pub(super) async fn run(proc: &Proc, command: &Command, words: &[String]) -> Done {
    let words: Vec<String> = words.iter().filter(|it| !it.starts_with("--dry-run")).cloned().collect();
    let parsed = flags::parse(command.path, &words).map_err(Failure::new)?;
    let Some(work) = command.run else { return Ok(()) };
    let lab = proc.lab.rehearsal();
    let before = lab.world().clone();
    // Nobody sits before the copy.
    let args: Vec<&str> = proc.args.iter().map(String::as_str).collect();
    let mut copy = Proc::new(&lab, proc.place.clone(), &args);
    copy.env.clone_from(&proc.env);
    copy.cwd.clone_from(&proc.cwd);
    copy.user.clone_from(&proc.user);
    copy.stdin.clone_from(&proc.stdin);
    let ctx = Ctx { proc: &copy, path: command.path, flags: parsed.flags, args: parsed.args };
    let done = drive(&lab, work(&ctx));
    let after = lab.world().clone();
    let folder = (command.path == "init").then(|| keep(proc, &before, &after));
    tell(proc, &copy.take_output(), folder.as_deref());
    tell_files(proc, &before, &after);
    tell_requests(proc, &before, &after);
    done?;
    if command.path.starts_with("upgrade apply") {
        proc.print("[dryrun] Finished dryrunning successfully!\n");
    }
    Ok(())
}

/// Runs to the end, moving the copy's time on whenever something waits.
fn drive(lab: &Lab, mut work: Pin<Box<dyn Future<Output = Done> + Send + '_>>) -> Done {
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..WAITS_MAX {
        if let Poll::Ready(done) = work.as_mut().poll(&mut context) {
            return done;
        }
        match lab.take_next_wait() {
            Some(until) => lab.world().run_until(until),
            None => break,
        }
    }
    Err(Failure::new("the dry run did not come to an end"))
}

fn host_files(world: &World, host: &str) -> FileTree {
    world.hosts.get(host).map(|it| it.files.clone()).unwrap_or_default()
}

fn host_of(proc: &Proc) -> String {
    match &proc.place {
        crate::cluster::Place::Host(name) => name.clone(),
        crate::cluster::Place::Container { .. } => String::new(),
    }
}

/// Files that were made or changed, by path.
fn changed(before: &FileTree, after: &FileTree) -> Vec<(String, Vec<u8>)> {
    let file = |(path, node): (&str, &crate::hosts::Node)| match &node.kind {
        Kind::File(bytes) => Some((path.to_owned(), bytes.to_vec())),
        _ => None,
    };
    after
        .iter()
        .filter_map(file)
        .filter(|(path, bytes)| before.read(path).ok().as_deref() != Some(bytes))
        .collect()
}

/// `init` leaves what it would write in a folder of its own.
fn keep(proc: &Proc, before: &World, after: &World) -> String {
    let number = proc.world().chance.below(3_000_000_000) + 1_000_000_000;
    let folder = format!("/etc/kubernetes/tmp/kubeadm-init-dryrun{number}");
    let host = host_of(proc);
    let mut world = proc.world();
    let now = world.now;
    if let Some(machine) = world.hosts.get_mut(&host) {
        for (path, bytes) in changed(&host_files(before, &host), &host_files(after, &host)) {
            let Some(rest) = path.strip_prefix("/etc/kubernetes/") else { continue };
            let rest = rest.trim_start_matches("pki/").trim_start_matches("manifests/");
            // The folder is new, so nothing stands in the way.
            let _ = machine.files.install(&format!("{folder}/{rest}"), &bytes, 0o600, now);
        }
    }
    folder
}

fn tell(proc: &Proc, output: &[(Fd, Vec<u8>)], folder: Option<&str>) {
    if let Some(folder) = folder {
        let now = proc.world().now.strftime("%m%d %H:%M:%S.%6f");
        proc.eprint(format!(
            "W{now}    1695 constants.go:631] Using dry-run directory {folder}. To override it, set the environment variable KUBEADM_INIT_DRYRUN_DIR\n"
        ));
    }
    for (fd, bytes) in output {
        for line in String::from_utf8_lossy(bytes).lines() {
            let Some(line) = worded(line, folder) else { continue };
            match fd {
                Fd::Out => proc.print(format!("{line}\n")),
                Fd::Err => proc.eprint(format!("{line}\n")),
            }
        }
    }
}

fn worded(line: &str, folder: Option<&str>) -> Option<String> {
    for (beginning, instead) in LINES {
        if let Some(rest) = line.strip_prefix(beginning) {
            return (!instead.is_empty()).then(|| instead.replace("{}", rest));
        }
    }
    let Some(folder) = folder else { return Some(line.to_owned()) };
    let folders = ["\"/etc/kubernetes/pki\"", "\"/etc/kubernetes/manifests\"", "\"/etc/kubernetes\""];
    let line = if line.starts_with("[kubelet-start] Writing") {
        line.replace("/var/lib/kubelet/", &format!("{folder}/"))
    } else if line.starts_with("[etcd] Creating") {
        format!("[etcd] Would ensure that \"/var/lib/etcd\" directory is present\n{line}")
    } else {
        line.to_owned()
    };
    Some(folders.iter().fold(line, |line, it| line.replace(it, &format!("{folder:?}"))))
}

/// Manifests and the kubelet's files, which hold nothing secret.
fn tell_files(proc: &Proc, before: &World, after: &World) {
    let host = host_of(proc);
    let shown = |path: &str| {
        path.starts_with("/etc/kubernetes/manifests/")
            || [
                "/var/lib/kubelet/config.yaml",
                "/var/lib/kubelet/instance-config.yaml",
                "/var/lib/kubelet/kubeadm-flags.env",
            ]
            .contains(&path)
    };
    for (path, bytes) in changed(&host_files(before, &host), &host_files(after, &host)) {
        if shown(&path) {
            proc.print(format!(
                "[dryrun] Would write file {path:?} with content:\n{}",
                String::from_utf8_lossy(&bytes)
            ));
        }
    }
}

/// What the command itself asked the API server to change.
fn tell_requests(proc: &Proc, before: &World, after: &World) {
    let own = ["kubernetes-admin", "kubernetes-super-admin", "system:bootstrap:"];
    for (index, cluster) in after.clusters.iter().enumerate() {
        let seen = before.clusters.get(index).map_or(0, |it| it.audit.len());
        for event in cluster.audit.iter().skip(seen) {
            let writes = ["create", "update", "patch", "delete"].contains(&event.verb.as_str());
            if !writes || !own.iter().any(|it| event.user.starts_with(it)) {
                continue;
            }
            let (resource, group) = event.resource.split_once('.').unwrap_or((&event.resource, "core"));
            proc.print(format!(
                "[dryrun] Would perform action {} on resource {resource:?} in API group \"{group}/v1\"\n[dryrun] Resource name {:?}, namespace {:?}\n",
                event.verb.to_uppercase(),
                event.name,
                event.namespace
            ));
        }
    }
}
