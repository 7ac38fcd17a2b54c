//! What kubeadm looks at before it changes a machine.

use super::ctx::{Ctx, Done, Failure};
use super::images;
use super::settings::Settings;
use super::versions;
use crate::apimachinery::quantity::Quantity;

/// One thing that is not as it should be.
struct Finding {
    check: String,
    message: String,
    fatal: bool,
}

/// Findings of one run.
#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn error(&mut self, check: impl Into<String>, message: impl Into<String>) {
        self.0.push(Finding { check: check.into(), message: message.into(), fatal: true });
    }

    fn warning(&mut self, check: impl Into<String>, message: impl Into<String>) {
        self.0.push(Finding { check: check.into(), message: message.into(), fatal: false });
    }
}

const CONTROL_PLANE_PORTS: [(u32, &str); 3] =
    [(6443, "kube-apiserver"), (10259, "kube-scheduler"), (10257, "kube-controller-manager")];

/// Looks at a machine that is to become a control plane, and pulls the images.
///
/// # Errors
/// The sentence behind the list of what is wrong.
pub(super) async fn init(ctx: &Ctx<'_>, settings: &Settings) -> Done {
    ctx.say("[preflight] Running pre-flight checks");
    let mut found = Findings::default();
    root(ctx, &mut found);
    if found.0.is_empty() {
        cpus(ctx, &mut found);
        kubernetes_version(ctx, settings, &mut found);
        control_plane(ctx, settings, &mut found);
        common(ctx, settings.node_name(), settings.version(), socket(settings), &mut found);
        ip_forward(ctx, &mut found);
        etcd(ctx, settings, &mut found);
    }
    report(ctx, found)?;
    pull(ctx, settings, "preflight").await
}

fn socket(settings: &Settings) -> &str {
    crate::apimachinery::object::text(&settings.init, "/nodeRegistration/criSocket")
}

/// Pulls what a control plane needs; `head` stands in brackets.
///
/// # Errors
/// The first image that cannot be had.
pub(super) async fn pull(ctx: &Ctx<'_>, settings: &Settings, head: &str) -> Done {
    ctx.say(format!("[{head}] Pulling images required for setting up a Kubernetes cluster"));
    let long = "This might take a minute or two, depending on the speed of your internet connection";
    ctx.say(format!("[{head}] {long}"));
    ctx.say(format!(
        "[{head}] You can also perform this action beforehand using 'kubeadm config images pull'"
    ));
    let images = images::all(ctx, settings);
    let pulled = images::pull(ctx, &images, |_| ()).await;
    pulled.map_err(|why| {
        let mut found = Findings::default();
        found.error("ImagePull", why.sentence);
        report(ctx, found).err().unwrap_or_else(|| Failure::new(""))
    })
}

/// Looks at a machine that is to join; `control_plane` holds the settings of one that joins as such.
///
/// # Errors
/// As [`init`].
pub(super) fn join(ctx: &Ctx<'_>, node_name: &str, cri_socket: &str) -> Done {
    ctx.say("[preflight] Running pre-flight checks");
    let mut found = Findings::default();
    root(ctx, &mut found);
    if found.0.is_empty() {
        for path in ["/etc/kubernetes/kubelet.conf", "/etc/kubernetes/bootstrap-kubelet.conf"] {
            available(ctx, path, &mut found);
        }
        common(ctx, node_name, "", cri_socket, &mut found);
        available(ctx, "/etc/kubernetes/pki/ca.crt", &mut found);
        ip_forward(ctx, &mut found);
    }
    report(ctx, found)
}

/// The further checks of a machine that joins as a control plane.
///
/// # Errors
/// As [`init`].
pub(super) fn join_control_plane(ctx: &Ctx<'_>, settings: &Settings) -> Done {
    let mut found = Findings::default();
    cpus(ctx, &mut found);
    control_plane(ctx, settings, &mut found);
    etcd(ctx, settings, &mut found);
    report(ctx, found)
}

fn root(ctx: &Ctx<'_>, found: &mut Findings) {
    if ctx.proc.user != "root" {
        found.error("IsPrivilegedUser", "user is not running as root");
    }
}

fn cpus(ctx: &Ctx<'_>, found: &mut Findings) {
    let cpu = ctx.host(|it| it.hardware.cpu.clone()).unwrap_or_default();
    let count = Quantity::parse(&cpu).ok().map_or(2, |it| it.as_int());
    if count < 2 {
        let message = format!("the number of available CPUs {count} is less than the required 2");
        found.error("NumCPU", message);
    }
}

fn kubernetes_version(ctx: &Ctx<'_>, settings: &Settings, found: &mut Findings) {
    let (Ok(own), Ok(wanted)) = (versions::parse(&ctx.version()), versions::parse(settings.version())) else {
        return;
    };
    if wanted.minor > own.minor {
        let message = format!(
            "Kubernetes version is greater than kubeadm version. Please consider to upgrade kubeadm. Kubernetes \
             version: {}. Kubeadm version: 1.{}.x",
            settings.version().trim_start_matches('v'),
            own.minor
        );
        found.warning("KubernetesVersion", message);
    }
}

fn control_plane(ctx: &Ctx<'_>, settings: &Settings, found: &mut Findings) {
    for (number, program) in CONTROL_PLANE_PORTS {
        let number = if number == 6443 { u32::try_from(settings.port()).unwrap_or(number) } else { number };
        port(ctx, number, program, found);
    }
    for program in ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd"] {
        available(ctx, &format!("/etc/kubernetes/manifests/{program}.yaml"), found);
    }
}

fn port(ctx: &Ctx<'_>, number: u32, program: &str, found: &mut Findings) {
    let host = ctx.host_name();
    if ctx.world(|world| world.static_process_serves(&host, program)) {
        found.error(format!("Port-{number}"), format!("Port {number} is in use"));
    }
}

/// `/etc/kubernetes/kubelet.conf` as part of a check's name.
fn check_name(path: &str) -> String {
    path.replace('/', "-")
}

fn available(ctx: &Ctx<'_>, path: &str, found: &mut Findings) {
    if ctx.exists(path) {
        found.error(format!("FileAvailable-{}", check_name(path)), format!("{path} already exists"));
    }
}

fn etcd(ctx: &Ctx<'_>, settings: &Settings, found: &mut Findings) {
    port(ctx, 2379, "etcd", found);
    port(ctx, 2380, "etcd", found);
    let folder = settings.of("/etcd/local/dataDir");
    let listed = ctx.world(|world| world.list_dir(&ctx.proc.place, folder).unwrap_or_default());
    if !listed.is_empty() {
        found.error(format!("DirAvailable-{}", check_name(folder)), format!("{folder} is not empty"));
    }
}

/// What every node is looked at for.
fn common(ctx: &Ctx<'_>, node_name: &str, version: &str, cri_socket: &str, found: &mut Findings) {
    runtime(ctx, cri_socket, found);
    let swaps = ctx.read("/proc/swaps").unwrap_or_default();
    if swaps.lines().count() > 1 {
        found.warning(
            "Swap",
            "swap is supported for cgroup v2 only. The kubelet must be properly configured to use swap. Please refer \
             to https://kubernetes.io/docs/concepts/architecture/nodes/#swap-memory, or disable swap on the node",
        );
    }
    let kubelet = ctx.host(|it| it.program_version("kubelet")).flatten();
    if kubelet.is_none() {
        found.error("SystemVerification", NO_KUBELET);
    }
    let hosts = ctx.read("/etc/hosts").unwrap_or_default();
    if !hosts.split_whitespace().any(|word| word == node_name) {
        found.warning("Hostname", format!("hostname {node_name:?} could not be reached"));
        let why = format!("hostname {node_name:?}: lookup {node_name} on 127.0.0.53:53: no such host");
        found.warning("Hostname", why);
    }
    kubelet_version(ctx, kubelet.as_deref(), version, found);
    kubelet_service(ctx, found);
    let host = ctx.host_name();
    if ctx.world(|world| world.kubelet_healthy(&host)) {
        found.error("Port-10250", "Port 10250 is in use");
    }
}

const NO_KUBELET: &str =
    "couldn't get kubelet version: cannot execute 'kubelet --version': executable file not found in $PATH";

fn runtime(ctx: &Ctx<'_>, cri_socket: &str, found: &mut Findings) {
    let path = cri_socket.trim_start_matches("unix://");
    let known = ["/var/run/containerd/containerd.sock", "/run/containerd/containerd.sock"].contains(&path);
    let answers = ctx.host(|it| it.unit_active("containerd.service")).unwrap_or(false);
    if known && answers {
        return;
    }
    let why = format!(
        "could not connect to the container runtime: failed to create new CRI runtime service: validate service \
         connection: validate CRI v1 runtime API for endpoint {cri_socket:?}: rpc error: code = Unavailable desc = \
         connection error: desc = \"transport: Error while dialing: dial unix {path}: connect: no such file or \
         directory\""
    );
    found.error("CRI", why.clone());
    found.error("ContainerRuntimeVersion", why);
}

fn kubelet_version(ctx: &Ctx<'_>, kubelet: Option<&str>, version: &str, found: &mut Findings) {
    let Some(text) = kubelet else {
        found.error("KubeletVersion", NO_KUBELET);
        return;
    };
    let (Ok(kubelet), Ok(own)) = (versions::parse(text), versions::parse(&ctx.version())) else { return };
    let shown = text.trim_start_matches('v');
    let wanted = versions::parse(version).unwrap_or(own);
    if kubelet.minor + 3 < own.minor {
        let message =
            format!("Kubelet version {shown:?} is lower than kubeadm can support. Please upgrade kubelet");
        found.error("KubeletVersion", message);
    } else if kubelet > wanted {
        let control_plane = if version.is_empty() { ctx.version() } else { version.to_owned() };
        let message = format!(
            "the kubelet version is higher than the control plane version. This is not a supported version skew and \
             may lead to a malfunctional cluster. Kubelet version: {shown:?} Control plane version: {:?}",
            control_plane.trim_start_matches('v')
        );
        found.error("KubeletVersion", message);
    }
}

fn kubelet_service(ctx: &Ctx<'_>, found: &mut Findings) {
    let unit = ctx.host(|it| (it.unit_file("kubelet.service").is_ok(), it.unit_enabled("kubelet.service")));
    match unit {
        Some((true, false)) => found.warning(
            "Service-kubelet",
            "kubelet service is not enabled, please run 'systemctl enable kubelet.service'",
        ),
        Some((false, _)) | None => found.warning("Service-kubelet", "kubelet service does not exist"),
        _ => {}
    }
}

fn ip_forward(ctx: &Ctx<'_>, found: &mut Findings) {
    let live = ctx.host(|it| it.sysctl.get("net.ipv4.ip_forward").cloned()).flatten().unwrap_or_default();
    if live.trim() != "1" {
        let message = "/proc/sys/net/ipv4/ip_forward contents are not set to 1";
        found.error("FileContent--proc-sys-net-ipv4-ip_forward", message);
    }
}

/// Prints warnings and errors; fails when an error is not to be ignored.
fn report(ctx: &Ctx<'_>, found: Findings) -> Done {
    let ignored: Vec<String> =
        ctx.flags.list("ignore-preflight-errors").iter().map(|it| it.to_lowercase()).collect();
    let is_ignored =
        |it: &Finding| ignored.iter().any(|name| name == "all" || *name == it.check.to_lowercase());
    let (errors, warnings): (Vec<&Finding>, Vec<&Finding>) =
        found.0.iter().partition(|it| it.fatal && !is_ignored(it));
    for it in warnings {
        ctx.proc.eprint(format!("\t[WARNING {}]: {}\n", it.check, it.message));
    }
    if errors.is_empty() {
        return Ok(());
    }
    let listed: String =
        errors.iter().map(|it| format!("\t[ERROR {}]: {}\n", it.check, it.message)).collect();
    ctx.proc.eprint(format!("[preflight] Some fatal errors occurred:\n{listed}"));
    ctx.proc.eprint(
        "[preflight] If you know what you are doing, you can make a check non-fatal with \
         `--ignore-preflight-errors=...`\n",
    );
    Err(Failure::new("error execution phase preflight: preflight checks failed"))
}
