//! The static pod manifests of a control plane.

use super::ctx::Ctx;
use super::settings::Settings;
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::{self, text};
use crate::apimachinery::yaml;
use crate::cluster::templates::{control_plane, release};

/// Where the kubelet looks for them.
pub(super) const FOLDER: &str = "/etc/kubernetes/manifests";

/// The components beside etcd: phase, program, section of the ClusterConfiguration.
pub(super) const COMPONENTS: &[(&str, &str, &str)] = &[
    ("apiserver", "kube-apiserver", "apiServer"),
    ("controller-manager", "kube-controller-manager", "controllerManager"),
    ("scheduler", "kube-scheduler", "scheduler"),
];

/// The manifest of a program, as this kubeadm writes it. `members` are the etcd members that are there
/// already, each `name=https://address:2380`; empty for the first.
pub(super) fn text_of(ctx: &Ctx<'_>, settings: &Settings, program: &str, members: &[String]) -> String {
    let recorded = control_plane::MANIFESTS.iter().find(|(name, _)| *name == program);
    let recorded = recorded.map_or("", |(_, text)| *text);
    // Kubernetes has the version that is asked for; etcd the one that belongs to this kubeadm.
    let own = ctx.version();
    let filled = release::text(recorded, if program == "etcd" { &own } else { settings.version() })
        .replace("{{ADDRESS}}", settings.address())
        .replace("{{NODE}}", settings.node_name());
    let Ok(mut pod) = yaml::document(&filled) else { return filled };
    adjust(settings, program, members, &mut pod);
    yaml::to_string(&pod)
}

fn adjust(settings: &Settings, program: &str, members: &[String], pod: &mut Value) {
    let section = COMPONENTS.iter().find(|(_, it, _)| *it == program).map_or("etcd/local", |row| row.2);
    let Some(container) = pod.pointer_mut("/spec/containers/0") else { return };
    let Some(mut command) = container.get("command").and_then(Value::as_array).cloned() else { return };
    for (flag, value) in wanted_flags(settings, program, members) {
        set_flag(&mut command, flag, &value);
    }
    let extra = object::list(&settings.cluster, &format!("/{section}/extraArgs")).to_vec();
    for pair in &extra {
        set_flag(&mut command, text(pair, "/name"), text(pair, "/value"));
    }
    if let [_, flags @ ..] = command.as_mut_slice() {
        flags.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
    }
    object::set(container, &["command"], command);
    let image = object::field(container, "image").to_owned();
    let repository = settings.of("/imageRepository");
    object::set(container, &["image"], image.replace("registry.k8s.io", repository));
    let volumes = object::list(&settings.cluster, &format!("/{section}/extraVolumes")).to_vec();
    add_volumes(pod, &volumes);
    let port = settings.port();
    if program == "kube-apiserver" && port != 6443 {
        let key = "kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint";
        object::set(pod, &["metadata", "annotations", key], settings.local_endpoint());
        if let Some(ports) = pod.pointer_mut("/spec/containers/0/ports/0") {
            object::set(ports, &["containerPort"], port);
        }
    }
}

/// Flags whose values depend on the configuration; an empty value takes the flag away.
fn wanted_flags(settings: &Settings, program: &str, members: &[String]) -> Vec<(&'static str, String)> {
    let services = settings.of("/networking/serviceSubnet").to_owned();
    match program {
        "kube-apiserver" => {
            let port = settings.port().to_string();
            let issuer = format!("https://kubernetes.default.svc.{}", settings.of("/networking/dnsDomain"));
            vec![
                ("service-cluster-ip-range", services),
                ("secure-port", port),
                ("service-account-issuer", issuer),
            ]
        }
        "kube-controller-manager" => {
            let pods = settings.of("/networking/podSubnet").to_owned();
            let allocate = if pods.is_empty() { "" } else { "true" }.to_owned();
            let ranges = if pods.is_empty() { String::new() } else { services };
            vec![
                ("cluster-cidr", pods),
                ("allocate-node-cidrs", allocate),
                ("service-cluster-ip-range", ranges),
                ("cluster-name", settings.of("/clusterName").to_owned()),
            ]
        }
        "etcd" => {
            let mut wanted = vec![("data-dir", settings.of("/etcd/local/dataDir").to_owned())];
            if !members.is_empty() {
                let own = format!("{}=https://{}:2380", settings.node_name(), settings.address());
                let all: Vec<&str> = members.iter().map(String::as_str).chain([own.as_str()]).collect();
                wanted.push(("initial-cluster", all.join(",")));
                wanted.push(("initial-cluster-state", "existing".into()));
            }
            wanted
        }
        _ => Vec::new(),
    }
}

fn set_flag(command: &mut Vec<Value>, name: &str, value: &str) {
    let head = format!("--{name}=");
    let is_it = |it: &Value| it.as_str().is_some_and(|word| word.starts_with(&head));
    if value.is_empty() {
        command.retain(|it| !is_it(it));
        return;
    }
    let word = Value::from(format!("{head}{value}"));
    match command.iter_mut().find(|it| is_it(it)) {
        Some(found) => *found = word,
        None => command.push(word),
    }
}

fn add_volumes(pod: &mut Value, extra: &[Value]) {
    for volume in extra {
        let name = text(volume, "/name");
        let kind = text(volume, "/pathType");
        let path = json!({"path": text(volume, "/hostPath"), "type": kind});
        let mut mount = json!({"mountPath": text(volume, "/mountPath"), "name": name});
        if object::flag(volume, "/readOnly") {
            object::set(&mut mount, &["readOnly"], true);
        }
        let rows = [
            ("/spec/volumes", json!({"hostPath": path, "name": name})),
            ("/spec/containers/0/volumeMounts", mount),
        ];
        for (pointer, row) in rows {
            if let Some(list) = pod.pointer_mut(pointer).and_then(Value::as_array_mut) {
                list.push(row);
                list.sort_by(|a, b| object::field(a, "name").cmp(object::field(b, "name")));
            }
        }
    }
}

/// Writes the manifest of a program into the folder that kubelets watch.
pub(super) fn write(ctx: &Ctx<'_>, settings: &Settings, program: &str, members: &[String]) {
    let text = text_of(ctx, settings, program, members);
    ctx.write(&format!("{FOLDER}/{program}.yaml"), &text, 0o600);
}

/// The phase `control-plane`: all three components.
pub(super) fn write_control_plane(ctx: &Ctx<'_>, settings: &Settings) {
    ctx.say(format!("[control-plane] Using manifest folder {FOLDER:?}"));
    for (_, program, _) in COMPONENTS {
        ctx.say(format!("[control-plane] Creating static Pod manifest for {program:?}"));
        write(ctx, settings, program, &[]);
    }
}

/// The phase `etcd local`.
pub(super) fn write_etcd(ctx: &Ctx<'_>, settings: &Settings) {
    ctx.say(format!("[etcd] Creating static Pod manifest for local etcd in {FOLDER:?}"));
    ctx.mkdir(settings.of("/etcd/local/dataDir"), 0o700);
    write(ctx, settings, "etcd", &[]);
}
