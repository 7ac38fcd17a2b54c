//! What happens when a control plane process is started: it serves, or it says why not and ends.

use std::time::Duration;

use super::{Instance, Process};
use crate::cluster::{ClusterId, World};
use crate::hosts::{FileTree, Host, certificates};

/// How a start goes.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Start {
    /// It serves after a while.
    Serves { after: Duration },
    /// It ends after a while with an exit code.
    Ends { after: Duration, code: i32 },
}

/// A start and what it logs.
pub(super) struct Started {
    pub(super) start: Start,
    pub(super) log: Vec<String>,
}

/// What a file that a flag names has to be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    /// Any readable file.
    File,
    /// A certificate whose key the second flag names.
    CertificateOf(&'static str),
    /// A kubeconfig.
    Kubeconfig,
}

/// Program, flag and need: the files without which a program does not start, in the order it looks.
const NEEDS: &[(&str, &str, Need)] = &[
    ("etcd", "peer-cert-file", Need::CertificateOf("peer-key-file")),
    ("etcd", "peer-trusted-ca-file", Need::File),
    ("etcd", "cert-file", Need::CertificateOf("key-file")),
    ("etcd", "trusted-ca-file", Need::File),
    ("kube-apiserver", "tls-cert-file", Need::CertificateOf("tls-private-key-file")),
    ("kube-apiserver", "client-ca-file", Need::File),
    ("kube-apiserver", "requestheader-client-ca-file", Need::File),
    ("kube-apiserver", "service-account-key-file", Need::File),
    ("kube-apiserver", "service-account-signing-key-file", Need::File),
    ("kube-apiserver", "etcd-cafile", Need::File),
    ("kube-apiserver", "etcd-certfile", Need::CertificateOf("etcd-keyfile")),
    ("kube-apiserver", "kubelet-client-certificate", Need::CertificateOf("kubelet-client-key")),
    ("kube-apiserver", "proxy-client-cert-file", Need::CertificateOf("proxy-client-key-file")),
    ("kube-controller-manager", "kubeconfig", Need::Kubeconfig),
    ("kube-controller-manager", "authentication-kubeconfig", Need::Kubeconfig),
    ("kube-controller-manager", "authorization-kubeconfig", Need::Kubeconfig),
    ("kube-controller-manager", "client-ca-file", Need::File),
    ("kube-controller-manager", "service-account-private-key-file", Need::File),
    ("kube-controller-manager", "root-ca-file", Need::File),
    ("kube-scheduler", "kubeconfig", Need::Kubeconfig),
    ("kube-scheduler", "authentication-kubeconfig", Need::Kubeconfig),
    ("kube-scheduler", "authorization-kubeconfig", Need::Kubeconfig),
];

/// Starts `process` on `host`.
pub(super) fn start(world: &World, cluster: ClusterId, host: &str, process: &Process) -> Started {
    if let Some(complaint) = process.complaint() {
        let code = if process.program == "etcd" { 2 } else { 1 };
        return ends(Duration::from_millis(100), code, vec![complaint]);
    }
    let Some(machine) = world.hosts.get(host) else {
        return ends(Duration::ZERO, 1, Vec::new());
    };
    if let Some(problem) = missing(process, &machine.files) {
        return ends(Duration::from_millis(300), 1, failed(world, process, &problem));
    }
    if process.program == "kube-apiserver" {
        return start_api_server(world, cluster, machine, process);
    }
    let after = if process.program == "etcd" { Duration::from_millis(800) } else { Duration::from_secs(1) };
    Started { start: Start::Serves { after }, log: greeting(world, process) }
}

fn start_api_server(world: &World, cluster: ClusterId, host: &Host, process: &Process) -> Started {
    let instances = world.clusters.get(cluster).map(|cluster| &cluster.control_plane.instances);
    let etcd = |address: &str| {
        instances.is_some_and(|all| all.iter().any(|((at, _), it)| *at == host.name && answers(it, address)))
    };
    let servers = process.flag_list("etcd-servers");
    if servers.is_empty() {
        let why = "[--etcd-servers must be specified]";
        return ends(Duration::from_millis(100), 1, failed(world, process, why));
    }
    if servers.iter().any(|server| etcd(server)) {
        return Started {
            start: Start::Serves { after: Duration::from_secs(2) },
            log: greeting(world, process),
        };
    }
    // The client to etcd gives up after 20 s; meanwhile the port is not served.
    let mut log = greeting(world, process);
    log.extend(servers.iter().map(|server| unreachable_etcd(world, server)));
    log.push(klog(world, 'E', "run.go:72", "\"command failed\" err=\"context deadline exceeded\""));
    ends(Duration::from_secs(20), 1, log)
}

/// True when `instance` is an etcd that serves clients at `url`.
fn answers(instance: &Instance, url: &str) -> bool {
    instance.process.program == "etcd"
        && instance.serves()
        && instance.process.flag_list("listen-client-urls").iter().any(|it| it.trim_end_matches('/') == url)
}

fn unreachable_etcd(world: &World, server: &str) -> String {
    let address = server.split_once("://").map_or(server, |(_, address)| address);
    let message = format!(
        "[core] [Channel #1 SubChannel #2] grpc: addrConn.createTransport failed to connect to {{Addr: \
         {address:?}, ServerName: {address:?}, }}. Err: connection error: desc = \"transport: Error while \
         dialing: dial tcp {address}: connect: connection refused\""
    );
    klog(world, 'W', "logging.go:55", &message)
}

fn ends(after: Duration, code: i32, log: Vec<String>) -> Started {
    Started { start: Start::Ends { after, code }, log }
}

/// The first file that a program needs and cannot use.
fn missing(process: &Process, files: &FileTree) -> Option<String> {
    let mut needs = NEEDS.iter().filter(|(program, _, _)| *program == process.program);
    needs.find_map(|(_, flag, need)| {
        let path = process.flag(flag)?;
        let verb = if *need == Need::Kubeconfig { "stat" } else { "open" };
        let text = match read(process, files, path) {
            Ok(text) => text,
            Err(why) => return Some(format!("{verb} {path}: {why}")),
        };
        match need {
            Need::CertificateOf(key_flag) => {
                let key_path = process.flag(key_flag)?;
                match read(process, files, key_path) {
                    Ok(key) => mismatch(&text, &key),
                    Err(why) => Some(format!("open {key_path}: {why}")),
                }
            }
            Need::File | Need::Kubeconfig => None,
        }
    })
}

fn read(process: &Process, files: &FileTree, path: &str) -> Result<String, &'static str> {
    let outside = process.host_path(path).ok_or("no such file or directory")?;
    files.read_text(&outside).map_err(|_| "no such file or directory")
}

fn mismatch(certificate: &str, key: &str) -> Option<String> {
    if certificates::certificates(certificate).is_empty() {
        return Some("tls: failed to find any PEM data in certificate input".into());
    }
    if certificates::read_key(key).is_err() {
        return Some("tls: failed to find any PEM data in key input".into());
    }
    (!certificates::key_fits(certificate, key))
        .then(|| "tls: private key does not match public key".to_owned())
}

/// One line in klog's format.
fn klog(world: &World, level: char, source: &str, message: &str) -> String {
    let stamp = world.now.strftime("%m%d %H:%M:%S.%6f");
    format!("{level}{stamp}       1 {source}] {message}")
}

fn json_log(world: &World, level: &str, caller: &str, message: &str) -> String {
    let stamp = world.now.rfc3339_micro();
    format!("{{\"level\":\"{level}\",\"ts\":\"{stamp}\",\"caller\":\"{caller}\",{message}}}")
}

fn failed(world: &World, process: &Process, why: &str) -> Vec<String> {
    let mut log = greeting(world, process);
    log.push(match process.program.as_str() {
        "etcd" => {
            let message = format!("\"msg\":\"listener failed\",\"error\":{why:?}");
            json_log(world, "fatal", "etcdmain/etcd.go:198", &message)
        }
        _ => klog(world, 'E', "run.go:72", &format!("\"command failed\" err={why:?}")),
    });
    log
}

/// What a program says first.
fn greeting(world: &World, process: &Process) -> Vec<String> {
    match process.program.as_str() {
        "etcd" => {
            let data_dir = process.flag("data-dir").unwrap_or("default.etcd");
            let message = format!(
                "\"msg\":\"Initialize and start etcd server\",\"data-dir\":{data_dir:?},\"dir-type\":\"member\""
            );
            vec![json_log(world, "info", "etcdmain/etcd.go:124", &message)]
        }
        "kube-apiserver" => vec![
            klog(world, 'I', "server.go:185", "Version: v1.36.2"),
            klog(
                world,
                'I',
                "server.go:187",
                "\"Golang settings\" GOGC=\"\" GOMAXPROCS=\"\" GOTRACEBACK=\"\"",
            ),
        ],
        _ => vec![klog(world, 'I', "serving.go:411", "Generated self-signed cert in-memory")],
    }
}
