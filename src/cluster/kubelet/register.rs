//! How a kubelet gets from a machine into a cluster: it finds the cluster that its kubeconfig names, asks
//! for a client certificate with its bootstrap kubeconfig if it has none, and registers its node.
//!
//! A machine that is to run a control plane of its own belongs to no cluster that answers yet; it is
//! taken into the first cluster without machines, so that its static pods run.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{catalog, node, settings};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::{object, yaml};
use crate::cluster::api::connect::{self, Endpoint};
use crate::cluster::control_plane::Process;
use crate::cluster::{ClusterId, Place, Request, Response, World, kubeconfig};
use crate::hosts::certificates::{self, CertificateSpec, Usage};
use crate::hosts::{FileTree, Host};
use crate::sim::SimTime;

/// Where kubeadm's unit file points the kubelet.
const KUBECONFIG: &str = "/etc/kubernetes/kubelet.conf";
const BOOTSTRAP: &str = "/etc/kubernetes/bootstrap-kubelet.conf";
/// The certificate that the kubelet uses, a link to the newest one.
const CURRENT: &str = "/var/lib/kubelet/pki/kubelet-client-current.pem";

/// Between two looks at a request for a certificate, and two tries to register.
const RETRY: Duration = Duration::from_secs(1);

/// One run of a kubelet, as its cluster sees it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Run {
    /// The process: another one means that it was started again.
    pid: u32,
    /// Of the program as it was when the process started.
    version: String,
    registered: bool,
    /// The name of its request for a certificate, and the key that it is for.
    request: Option<(String, String)>,
}

impl World {
    /// The cluster whose machines include this one, or that it would come into.
    fn cluster_of(&self, host: &str) -> ClusterId {
        self.clusters.iter().position(|it| it.nodes.values().any(|name| name == host)).unwrap_or(0)
    }

    /// Whether the runtime of a machine has an image.
    pub(crate) fn has_image(&self, host: &str, image: &str) -> bool {
        let full = catalog::parse(image).map(|it| it.full()).unwrap_or_default();
        self.clusters.get(self.cluster_of(host)).is_some_and(|it| it.runtime.has_image(host, &full))
    }

    /// Pulls an image at once.
    ///
    /// # Errors
    /// Why there is none of that name.
    pub(crate) fn pull_image(&mut self, host: &str, image: &str) -> Result<(), String> {
        let reference = catalog::parse(image)?;
        catalog::find(&reference).map_err(|_| format!("{image}: not found"))?;
        let (cluster, now) = (self.cluster_of(host), self.now);
        if let Some(state) = self.clusters.get_mut(cluster) {
            state.runtime.add_image(host, &reference.full(), now);
        }
        Ok(())
    }

    /// Whether the kubelet of a machine answers at its health address.
    pub(crate) fn kubelet_healthy(&self, host: &str) -> bool {
        node::kubelet_runs(self, host)
    }

    /// Whether a static process of a machine answers.
    pub(crate) fn static_process_serves(&self, host: &str, program: &str) -> bool {
        let key = (host.to_owned(), program.to_owned());
        let instances = self.clusters.iter().filter_map(|it| it.control_plane.instances.get(&key));
        let mut serving = instances.filter(|it| it.serves());
        serving.next().is_some()
    }

    /// Ends every container of a machine and forgets its pods, as a runtime that is told to.
    pub(crate) fn remove_pods_of(&mut self, host: &str) {
        for cluster in self.clusters.iter_mut() {
            let gone: Vec<String> = cluster.runtime.pods_of(host).map(|(uid, _)| uid.clone()).collect();
            for uid in gone {
                cluster.runtime.take_pod(&uid);
            }
            cluster.runtime.kubelets.remove(host);
            let instances = &mut cluster.control_plane.instances;
            let ended: Vec<_> = instances.keys().filter(|(at, _)| at == host).cloned().collect();
            for key in ended {
                instances.remove(&key);
            }
        }
    }
}

/// Looks at the kubelet of a machine; returns when to look again.
pub(super) fn sync(world: &mut World, cluster: ClusterId, host: &str) -> Option<Duration> {
    let machine = world.hosts.get(host)?;
    if !node::kubelet_runs(world, host) {
        return None;
    }
    let unit = machine.units.get("kubelet.service")?;
    let pid = unit.main_pid;
    let started = Some(&unit.program_version).filter(|it| !it.is_empty());
    let version = started.map(|it| format!("v{it}")).unwrap_or_default();
    if !concerns(world, cluster, host) {
        return None;
    }
    let state = world.clusters.get_mut(cluster)?;
    let known = state.runtime.kubelets.get(host).filter(|it| it.pid == pid);
    let mut run = known.cloned().unwrap_or(Run { pid, version, ..Run::default() });
    let due = step(world, cluster, host, &mut run);
    world.clusters.get_mut(cluster)?.runtime.kubelets.insert(host.to_owned(), run);
    due
}

/// True when the kubelet of a machine works for this cluster.
fn concerns(world: &mut World, cluster: ClusterId, host: &str) -> bool {
    let member = |it: &crate::cluster::Cluster| it.nodes.values().any(|name| name == host);
    if world.clusters.get(cluster).is_some_and(member) {
        return true;
    }
    if let Some(endpoint) = credentials(world, host)
        && let Some((address, port)) = address_of(&endpoint.server)
        && connect::listening(world, &address, port) == Some(cluster)
    {
        return true;
    }
    !world.clusters.iter().any(member) && adopt(world, cluster, host)
}

/// Address and port of `https://172.30.1.2:6443`.
fn address_of(server: &str) -> Option<(String, u16)> {
    let (host, port) = server.strip_prefix("https://")?.rsplit_once(':')?;
    Some((host.to_owned(), port.parse().ok()?))
}

/// What the kubelet shows to an API server: its own kubeconfig, else the one for bootstrapping.
fn credentials(world: &World, host: &str) -> Option<Endpoint> {
    let files = &world.hosts.get(host)?.files;
    kubeconfig::endpoint(files, KUBECONFIG).or_else(|_| kubeconfig::endpoint(files, BOOTSTRAP)).ok()
}

/// Takes a machine with a control plane of its own into a cluster that has none.
fn adopt(world: &mut World, cluster: ClusterId, host: &str) -> bool {
    let Some(machine) = world.hosts.get(host) else { return false };
    let Some(server) = static_process(&machine.files, "kube-apiserver") else { return false };
    if !world.clusters.get(cluster).is_some_and(|it| it.nodes.is_empty()) {
        return false;
    }
    let manager = static_process(&machine.files, "kube-controller-manager");
    let name = settings::of(world, host).node_name(machine);
    let address = server.flag("advertise-address").unwrap_or(&machine.address).to_owned();
    let port = server.flag("secure-port").unwrap_or("6443").to_owned();
    let pods = manager.as_ref().and_then(|it| it.flag("cluster-cidr")).map(str::to_owned);
    let services = server.flag("service-cluster-ip-range").map(str::to_owned);
    let now = world.now;
    let Some(state) = world.clusters.get_mut(cluster) else { return false };
    state.nodes.insert(name, host.to_owned());
    state.server = format!("https://{address}:{port}");
    state.pod_cidr = pods.unwrap_or_default();
    state.service_cidr = services.unwrap_or_else(|| state.service_cidr.clone());
    world.wake_at(now, cluster, "control-plane", host);
    true
}

/// The process of a manifest on a machine.
fn static_process(files: &FileTree, program: &str) -> Option<Process> {
    let text = files.read_text(&format!("/etc/kubernetes/manifests/{program}.yaml")).ok()?;
    Process::of_manifest(&yaml::document(&text).ok()?).filter(|it| it.program == program)
}

/// The name that a kubelet registers under.
fn node_name(world: &World, host: &str) -> Option<String> {
    Some(settings::of(world, host).node_name(world.hosts.get(host)?))
}

fn step(world: &mut World, cluster: ClusterId, host: &str, run: &mut Run) -> Option<Duration> {
    if run.registered {
        return None;
    }
    let name = node_name(world, host)?;
    let stored = world.clusters.get(cluster)?.store.find("nodes", "", &name).cloned();
    let member = world.clusters.get(cluster)?.nodes.values().any(|it| it == host);
    if let Some(stored) = stored.filter(|_| member) {
        if !world.clusters.get(cluster)?.api_server_up() {
            return Some(RETRY);
        }
        report(world, cluster, host, &stored, &run.version);
        run.registered = true;
        return None;
    }
    let tree = &world.hosts.get(host)?.files;
    let own = kubeconfig::endpoint(tree, KUBECONFIG);
    let Ok(endpoint) = own else {
        return bootstrap(world, host, &name, run);
    };
    keep_certificate(world, host, &endpoint);
    register(world, cluster, host, &name, run, &endpoint)
}

/// Writes into a node that is there already what its kubelet, started again, says of itself.
fn report(world: &mut World, cluster: ClusterId, host: &str, stored: &Value, version: &str) {
    let Some(machine) = world.hosts.get(host) else { return };
    let mut fresh = stored.clone();
    settings::of(world, host).complete_status(machine, &mut fresh);
    if !version.is_empty() {
        object::set(&mut fresh, &["status", "nodeInfo", "kubeletVersion"], version);
    }
    if fresh.get("status") == stored.get("status") {
        return;
    }
    let user = super::pod::identity(object::name(stored));
    let mut client = crate::cluster::api::Client::as_user(world, cluster, user);
    let status = fresh.get("status").cloned().unwrap_or_default();
    let change = |it: &mut Value| object::set(it, &["status"], status);
    // Refused means that the node changed meanwhile; the next start says it again.
    let _ = client.edit("nodes", "status", ("", object::name(stored)), change);
}

fn send(world: &mut World, host: &str, endpoint: &Endpoint, request: Request) -> Option<Response> {
    let request = Request {
        accept: "application/json".into(),
        content_type: "application/json".into(),
        user_agent: "kubelet/v1.36.2 (linux/amd64) kubernetes/8a7d4b1".into(),
        ..request
    };
    world.exchange(&Place::host(host), endpoint, request).ok()
}

fn post(path: &str, object: &Value) -> Request {
    Request {
        method: "POST".into(),
        path: path.into(),
        body: object.to_string().into(),
        ..Request::default()
    }
}

fn register(
    world: &mut World,
    cluster: ClusterId,
    host: &str,
    name: &str,
    run: &mut Run,
    endpoint: &Endpoint,
) -> Option<Duration> {
    let settings = settings::of(world, host);
    if !settings.registers() {
        return None;
    }
    let machine = world.hosts.get(host)?;
    let mut object = node_object(machine, name, &run.version, world.now);
    settings.complete_new(&mut object);
    settings.complete_status(machine, &mut object);
    let answer = send(world, host, endpoint, post("/api/v1/nodes", &object));
    let Some(answer) = answer else { return Some(RETRY) };
    if !answer.is_success() && answer.code != 409 {
        return Some(RETRY * 5);
    }
    run.registered = true;
    for state in world.clusters.iter_mut() {
        state.nodes =
            state.nodes.iter().filter(|(_, it)| *it != host).map(|(a, b)| (a.clone(), b.clone())).collect();
    }
    let state = world.clusters.get_mut(cluster)?;
    state.nodes.insert(name.to_owned(), host.to_owned());
    state.runtime.beats.remove(name);
    let stored = state.store.find("nodes", "", name).cloned();
    if let Some(stored) = stored.filter(|_| answer.code == 409) {
        report(world, cluster, host, &stored, &run.version);
    }
    install_state_files(world, host, name);
    let now = world.now;
    for component in ["kubelet-host", "control-plane"] {
        world.wake_at(now + Duration::from_millis(10), cluster, component, host);
    }
    None
}

/// Asks for a client certificate with the bootstrap kubeconfig; writes the real one when it has it.
fn bootstrap(world: &mut World, host: &str, name: &str, run: &mut Run) -> Option<Duration> {
    let endpoint = kubeconfig::endpoint(&world.hosts.get(host)?.files, BOOTSTRAP).ok()?;
    let base = "/apis/certificates.k8s.io/v1/certificatesigningrequests";
    let Some((request, key)) = run.request.clone() else {
        let (object, key) = certificate_request(world, name)?;
        let answer = send(world, host, &endpoint, post(base, &object)).filter(Response::is_success);
        run.request = answer.map(|it| (object::name(it.object()).to_owned(), key));
        return Some(RETRY);
    };
    let get = Request { method: "GET".into(), path: format!("{base}/{request}"), ..Request::default() };
    let answer = send(world, host, &endpoint, get);
    let Some(answer) = answer.filter(Response::is_success) else { return Some(RETRY) };
    let Ok(certificate) = STANDARD.decode(object::text(answer.object(), "/status/certificate")) else {
        return Some(RETRY);
    };
    if certificate.is_empty() {
        return Some(RETRY);
    }
    store_certificate(world, host, &[certificate, key.into_bytes()].concat());
    let trusted = STANDARD.encode(endpoint.certificate_authority.unwrap_or_default());
    let text = format!(
        "apiVersion: v1\nclusters:\n- cluster:\n    certificate-authority-data: {trusted}\n    server: {}\n  \
         name: default-cluster\ncontexts:\n- context:\n    cluster: default-cluster\n    namespace: default\n    \
         user: default-auth\n  name: default-context\ncurrent-context: default-context\nkind: Config\nusers:\n\
         - name: default-auth\n  user:\n    client-certificate: {CURRENT}\n    client-key: {CURRENT}\n",
        endpoint.server
    );
    let now = world.now;
    let _ = world.hosts.get_mut(host)?.files.install(KUBECONFIG, text.as_bytes(), 0o600, now);
    Some(Duration::from_millis(100))
}

/// The request of a kubelet for its client certificate, and the key that it is for.
fn certificate_request(world: &mut World, name: &str) -> Option<(Value, String)> {
    let index = world.chance.below(certificates::pool_len() as u64);
    let key = certificates::pool_key(usize::try_from(index).unwrap_or(0)).to_owned();
    let spec = CertificateSpec {
        common_name: format!("system:node:{name}"),
        organizations: vec!["system:nodes".into()],
        dns_names: Vec::new(),
        addresses: Vec::new(),
        usage: Usage::Client,
        not_before: world.now,
        not_after: world.now,
        serial: 0,
    };
    let pem = certificates::request(&spec, &key).ok()?;
    let object = json!({
        "apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest",
        "metadata": {"generateName": "csr-"},
        "spec": {
            "request": STANDARD.encode(pem),
            "signerName": "kubernetes.io/kube-apiserver-client-kubelet",
            "usages": ["digital signature", "client auth"],
        },
    });
    Some((object, key))
}

/// A certificate that stands in the kubeconfig itself is kept where rotation finds it.
fn keep_certificate(world: &mut World, host: &str, endpoint: &Endpoint) {
    let missing = world.hosts.get(host).is_some_and(|it| !it.files.exists(CURRENT));
    if let (Some(certificate), Some(key), true) =
        (&endpoint.client_certificate, &endpoint.client_key, missing)
    {
        store_certificate(world, host, &[certificate.as_slice(), key.as_slice()].concat());
    }
}

fn store_certificate(world: &mut World, host: &str, pem: &[u8]) {
    let now = world.now;
    let path = format!("/var/lib/kubelet/pki/kubelet-client-{}.pem", now.strftime("%Y-%m-%d-%H-%M-%S"));
    let Some(files) = world.hosts.get_mut(host).map(|it| &mut it.files) else { return };
    let _ = files.install(&path, pem, 0o600, now);
    let _ = files.remove(CURRENT);
    let _ = files.symlink(&path, CURRENT, now);
}

/// Directories that a kubelet makes, with their modes.
const DIRECTORIES: &[(&str, u32)] = &[
    ("/var/lib/kubelet/checkpoints", 0o700),
    ("/var/lib/kubelet/device-plugins", 0o755),
    ("/var/lib/kubelet/plugins", 0o750),
    ("/var/lib/kubelet/plugins_registry", 0o750),
    ("/var/lib/kubelet/pod-resources", 0o750),
    ("/var/lib/kubelet/pods", 0o750),
];

/// What a kubelet leaves on its machine: directories, state, a serving certificate that it signs itself.
fn install_state_files(world: &mut World, host: &str, name: &str) {
    let now = world.now;
    let serving = serving_certificate(world, name);
    let Some(files) = world.hosts.get_mut(host).map(|it| &mut it.files) else { return };
    for (path, mode) in DIRECTORIES {
        let _ = files.mkdir_all(path, *mode, now);
        let _ = files.chmod(path, *mode);
    }
    let state = "{\"policyName\":\"none\",\"defaultCpuSet\":\"\",\"checksum\":1353318690}";
    let _ = files.install("/var/lib/kubelet/cpu_manager_state", state.as_bytes(), 0o600, now);
    let state = "{\"policyName\":\"None\",\"machineState\":{},\"checksum\":4047876332}";
    let _ = files.install("/var/lib/kubelet/memory_manager_state", state.as_bytes(), 0o600, now);
    if let Some((certificate, key)) = serving.filter(|_| !files.exists("/var/lib/kubelet/pki/kubelet.crt")) {
        let _ = files.install("/var/lib/kubelet/pki/kubelet.crt", certificate.as_bytes(), 0o644, now);
        let _ = files.install("/var/lib/kubelet/pki/kubelet.key", key.as_bytes(), 0o600, now);
    }
}

fn serving_certificate(world: &mut World, name: &str) -> Option<(String, String)> {
    const YEAR: Duration = Duration::from_secs(365 * 86_400);
    let born = world.now - Duration::from_secs(3_600);
    let (one, two) = (world.chance.bits(), world.chance.bits());
    let spec = |common_name: String, usage, serial: u64| CertificateSpec {
        common_name,
        organizations: Vec::new(),
        dns_names: vec![name.to_owned()],
        addresses: Vec::new(),
        usage,
        not_before: born,
        not_after: born + YEAR,
        serial: serial >> 1,
    };
    let epoch = world.now.unix_s();
    let key = |bits: u64| certificates::pool_key(usize::try_from(bits % 28).unwrap_or(0) + 4);
    let authority = spec(format!("{name}-ca@{epoch}"), Usage::Authority, one);
    let authority = certificates::self_signed(&authority, key(one)).ok()?;
    let leaf = spec(format!("{name}@{epoch}"), Usage::Server, two);
    let leaf = certificates::issue(&leaf, key(two), &authority).ok()?;
    Some((format!("{}{}", leaf.certificate, authority.certificate), leaf.key))
}

/// A node as its kubelet first reports it.
pub(crate) fn node_object(host: &Host, name: &str, version: &str, now: SimTime) -> Value {
    let machine = &host.hardware;
    json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {
            "name": name,
            "annotations": {"volumes.kubernetes.io/controller-managed-attach-detach": "true"},
            "labels": {
                "beta.kubernetes.io/arch": "amd64", "beta.kubernetes.io/os": "linux",
                "kubernetes.io/arch": "amd64", "kubernetes.io/os": "linux",
                "kubernetes.io/hostname": name,
            },
        },
        "spec": {},
        "status": {
            "addresses": [
                {"type": "InternalIP", "address": host.address},
                {"type": "Hostname", "address": name},
            ],
            "capacity": resources(&machine.cpu, &machine.memory, &machine.ephemeral_storage),
            "allocatable":
                resources(&machine.cpu, &machine.memory_allocatable, &machine.ephemeral_storage_allocatable),
            "conditions": starting_conditions(now),
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            "nodeInfo": node_info(host, version),
        },
    })
}

fn resources(cpu: &str, memory: &str, ephemeral_storage: &str) -> Value {
    json!({
        "cpu": cpu, "memory": memory, "ephemeral-storage": ephemeral_storage,
        "hugepages-2Mi": "0", "pods": "110",
    })
}

fn starting_conditions(now: SimTime) -> Vec<Value> {
    let mut conditions = ready_conditions(now);
    if let Some(ready) = conditions.last_mut() {
        object::set(ready, &["status"], "False");
        object::set(ready, &["reason"], "KubeletNotReady");
        let why = "container runtime status check may not have completed yet";
        object::set(ready, &["message"], why);
    }
    conditions
}

/// The conditions of a healthy node.
pub(crate) fn ready_conditions(now: SimTime) -> Vec<Value> {
    node::conditions_of(&[], &node::Health::default(), now)
}

fn node_info(host: &Host, version: &str) -> Value {
    let id = host.files.read_text("/etc/machine-id").unwrap_or_default();
    let id = id.trim();
    let part = |from: usize, to: usize| id.get(from..to).unwrap_or_default();
    json!({
        "machineID": id,
        "systemUUID": format!("a1b2c3d4-0000-0000-0000-{}", part(0, 12)),
        "bootID": format!("0f0e0d0c-0000-0000-0000-{}", part(12, 24)),
        "architecture": "amd64", "operatingSystem": "linux",
        "kernelVersion": host.hardware.kernel, "osImage": host.hardware.os_image,
        "containerRuntimeVersion": host.hardware.container_runtime,
        "kubeletVersion": version, "kubeProxyVersion": "",
    })
}
