//! The containers of a pod or of a pod template: what they run, how they are doing, what they see.

use super::writer::{Writer, amount, go_value, int_or_string, or_none, put, rfc1123};
use crate::apimachinery::go::quote;
use crate::apimachinery::json::{List, Value};
use crate::apimachinery::object::{at, entries, field, flag, int, list, text};
use crate::apimachinery::quantity::Quantity;

/// Containers under a label, with their statuses.
pub(super) struct Containers<'a> {
    pub(super) label: &'a str,
    pub(super) containers: &'a [Value],
    /// Empty for templates.
    pub(super) statuses: &'a [Value],
    /// The pod that field references are read from; none for templates.
    pub(super) pod: Option<&'a Value>,
    /// Two spaces inside a template.
    pub(super) space: &'a str,
}

impl Containers<'_> {
    /// Writes them all.
    pub(super) fn write(&self, w: &mut Writer) {
        let none = if self.containers.is_empty() { " <none>" } else { "" };
        put!(w, 0, "{}{}:{none}\n", self.space, self.label);
        for container in self.containers {
            let name = field(container, "name");
            let status = self.statuses.iter().find(|status| field(status, "name") == name);
            self.basics(w, container, status);
            lines_of(w, "Command", list(container, "/command"));
            lines_of(w, "Args", list(container, "/args"));
            if let Some(status) = status {
                state(w, status);
            }
            resources(w, 2, container.get("resources"));
            probes(w, container);
            env_from(w, container);
            env(w, container, self.pod);
            mounts(w, container);
        }
    }

    fn basics(&self, w: &mut Writer, container: &Value, status: Option<&Value>) {
        let indent = if self.space.is_empty() { "" } else { " " };
        put!(w, 1, "{indent}{}:\n", field(container, "name"));
        if let Some(status) = status {
            put!(w, 2, "Container ID:\t{}\n", field(status, "containerID"));
        }
        put!(w, 2, "Image:\t{}\n", field(container, "image"));
        if let Some(status) = status {
            put!(w, 2, "Image ID:\t{}\n", field(status, "imageID"));
        }
        ports(w, "Port", container, "containerPort");
        ports(w, "Host Port", container, "hostPort");
        seccomp(w, container, "/securityContext/seccompProfile", 2, 3);
    }
}

/// The seccomp profile at `pointer`, if there is one.
pub(super) fn seccomp(w: &mut Writer, object: &Value, pointer: &str, level: usize, deeper: usize) {
    if let Some(profile) = at(object, pointer) {
        put!(w, level, "SeccompProfile:\t{}\n", field(profile, "type"));
        if field(profile, "type") == "Localhost" {
            put!(w, deeper, "LocalhostProfile:\t{}\n", field(profile, "localhostProfile"));
        }
    }
}

fn ports(w: &mut Writer, title: &str, container: &Value, key: &str) {
    let port_text = |port: &Value| {
        let number = port.get(key).and_then(Value::as_i64).unwrap_or(0);
        let text = format!("{number}/{}", field(port, "protocol"));
        match field(port, "name") {
            "" => text,
            name => format!("{text} ({name})"),
        }
    };
    let all: Vec<String> = list(container, "/ports").iter().map(port_text).collect();
    let all = all.join(", ");
    let plural = if all.contains(',') { "s" } else { "" };
    put!(w, 2, "{title}{plural}:\t{}\n", or_none(&all));
}

fn lines_of(w: &mut Writer, title: &str, words: &[Value]) {
    if words.is_empty() {
        return;
    }
    put!(w, 2, "{title}:\n");
    for line in words.iter().filter_map(Value::as_str).flat_map(|word| word.split('\n')) {
        put!(w, 3, "{line}\n");
    }
}

fn state(w: &mut Writer, status: &Value) {
    one_state(w, "State", status.get("state"));
    if at(status, "/lastState/terminated").is_some() {
        one_state(w, "Last State", status.get("lastState"));
    }
    put!(w, 2, "Ready:\t{}\n", if flag(status, "/ready") { "True" } else { "False" });
    put!(w, 2, "Restart Count:\t{}\n", int(status, "/restartCount").unwrap_or(0));
}

fn one_state(w: &mut Writer, title: &str, state: Option<&Value>) {
    let part = |key: &str| state.and_then(|state| at(state, key));
    if let Some(running) = part("/running") {
        put!(w, 2, "{title}:\tRunning\n");
        return put!(w, 3, "Started:\t{}\n", rfc1123(field(running, "startedAt")));
    }
    if let Some(ended) = part("/terminated").filter(|_| part("/waiting").is_none()) {
        return terminated(w, title, ended);
    }
    put!(w, 2, "{title}:\tWaiting\n");
    if let Some(reason) = part("/waiting/reason").and_then(Value::as_str).filter(|text| !text.is_empty()) {
        put!(w, 3, "Reason:\t{reason}\n");
    }
}

fn terminated(w: &mut Writer, title: &str, ended: &Value) {
    put!(w, 2, "{title}:\tTerminated\n");
    for (label, key) in [("Reason", "reason"), ("Message", "message")] {
        if !field(ended, key).is_empty() {
            put!(w, 3, "{label}:\t{}\n", field(ended, key));
        }
    }
    put!(w, 3, "Exit Code:\t{}\n", int(ended, "/exitCode").unwrap_or(0));
    if let Some(signal) = int(ended, "/signal").filter(|&signal| signal > 0) {
        put!(w, 3, "Signal:\t{signal}\n");
    }
    put!(w, 3, "Started:\t{}\n", rfc1123(field(ended, "startedAt")));
    put!(w, 3, "Finished:\t{}\n", rfc1123(field(ended, "finishedAt")));
}

/// Limits and requests.
pub(super) fn resources(w: &mut Writer, level: usize, resources: Option<&Value>) {
    for (title, key) in [("Limits", "/limits"), ("Requests", "/requests")] {
        let Some(resources) = resources else { return };
        for (i, (name, _)) in entries(resources, key).enumerate() {
            if i == 0 {
                put!(w, level, "{title}:\n");
            }
            put!(w, level + 1, "{name}:\t{}\n", amount(resources.pointer(key), name));
        }
    }
}

fn probes(w: &mut Writer, container: &Value) {
    for (title, key) in
        [("Liveness", "livenessProbe"), ("Readiness", "readinessProbe"), ("Startup", "startupProbe")]
    {
        if let Some(probe) = container.get(key).filter(|probe| probe.is_object()) {
            put!(w, 2, "{title}:\t{}\n", probe_text(probe));
        }
    }
}

fn probe_text(probe: &Value) -> String {
    let number = |key: &str| probe.get(key).and_then(Value::as_i64).unwrap_or(0);
    let attributes = format!(
        "delay={}s timeout={}s period={}s #success={} #failure={}",
        number("initialDelaySeconds"),
        number("timeoutSeconds"),
        number("periodSeconds"),
        number("successThreshold"),
        number("failureThreshold"),
    );
    if let Some(exec) = at(probe, "/exec") {
        let command = exec.get("command").cloned().unwrap_or_else(|| Value::Array(List::new()));
        return format!("exec {} {attributes}", go_value(Some(&command)));
    }
    if let Some(get) = at(probe, "/httpGet") {
        return format!("http-get {} {attributes}", url(get));
    }
    if let Some(socket) = at(probe, "/tcpSocket") {
        let port = int_or_string(socket.get("port"));
        return format!("tcp-socket {}:{port} {attributes}", field(socket, "host"));
    }
    if let Some(grpc) = at(probe, "/grpc") {
        let port = int(grpc, "/port").unwrap_or(0);
        return format!("grpc <pod>:{port} {} {attributes}", field(grpc, "service"));
    }
    format!("unknown {attributes}")
}

/// The address of a probe, as Go's `URL.String` writes it.
fn url(get: &Value) -> String {
    let scheme = field(get, "scheme").to_lowercase();
    let host = match field(get, "host") {
        host if host.contains(':') => format!("[{host}]"),
        host => host.to_owned(),
    };
    let authority = format!("{host}:{}", int_or_string(get.get("port")));
    let path = escape_path(field(get, "path"));
    let slash = if path.is_empty() || path.starts_with('/') { "" } else { "/" };
    let scheme = if scheme.is_empty() { String::new() } else { format!("{scheme}:") };
    format!("{scheme}//{authority}{slash}{path}")
}

/// Percent-escapes what Go escapes in a path.
fn escape_path(path: &str) -> String {
    let mut out = String::new();
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => out.push(char::from(byte)),
            _ if b"-_.~$&+,/:;=@!'()*".contains(&byte) => out.push(char::from(byte)),
            _ => out += &format!("%{byte:02X}"),
        }
    }
    out
}

fn env_from(w: &mut Writer, container: &Value) {
    let sources = list(container, "/envFrom");
    if sources.is_empty() {
        return;
    }
    put!(w, 2, "Environment Variables from:\n");
    for source in sources {
        let config_map = at(source, "/configMapRef").map(|from| ("ConfigMap", from));
        let secret = at(source, "/secretRef").map(|from| ("Secret", from));
        let (kind, name, optional) = match config_map.or(secret) {
            Some((kind, from)) => (kind, field(from, "name"), flag(from, "/optional")),
            None => ("", "", false),
        };
        match field(source, "prefix") {
            "" => put!(w, 3, "{name}\t{kind}\tOptional: {optional}\n"),
            prefix => put!(w, 3, "{name}\t{kind} with prefix '{prefix}'\tOptional: {optional}\n"),
        }
    }
}

fn env(w: &mut Writer, container: &Value, pod: Option<&Value>) {
    let variables = list(container, "/env");
    put!(w, 2, "Environment:{}\n", if variables.is_empty() { "\t<none>" } else { "" });
    for variable in variables {
        let name = field(variable, "name");
        match at(variable, "/valueFrom") {
            Some(from) => env_reference(w, name, from, container, pod),
            None => {
                for (i, line) in field(variable, "value").split('\n').enumerate() {
                    let head = if i == 0 { format!("{name}:") } else { String::new() };
                    put!(w, 3, "{head}\t{line}\n");
                }
            }
        }
    }
}

fn env_reference(w: &mut Writer, name: &str, from: &Value, container: &Value, pod: Option<&Value>) {
    if let Some(reference) = at(from, "/fieldRef") {
        let path = field(reference, "fieldPath");
        let value = pod.map(|pod| field_of(pod, path)).unwrap_or_default();
        return put!(w, 3, "{name}:\t{value} ({}:{path})\n", field(reference, "apiVersion"));
    }
    if let Some(reference) = at(from, "/resourceFieldRef") {
        let resource = field(reference, "resource");
        let value = match resource_value(reference, container) {
            Some(0) if ["limits.cpu", "limits.memory"].contains(&resource) => "node allocatable".to_owned(),
            Some(value) => value.to_string(),
            None => String::new(),
        };
        return put!(w, 3, "{name}:\t{value} ({resource})\n");
    }
    for (pointer, preposition, kind) in
        [("/secretKeyRef", "in", "secret"), ("/configMapKeyRef", "of", "config map")]
    {
        if let Some(reference) = at(from, pointer) {
            let (key, object) = (field(reference, "key"), field(reference, "name"));
            let optional = flag(reference, "/optional");
            put!(
                w,
                3,
                "{name}:\t<set to the key '{key}' {preposition} {kind} '{object}'>\tOptional: {optional}\n"
            );
            return;
        }
    }
}

/// The value behind a downward API path; empty for those that only the kubelet knows.
fn field_of(pod: &Value, path: &str) -> String {
    let subscript = path.strip_suffix("']").and_then(|path| path.split_once("['"));
    match (path, subscript) {
        (_, Some(("metadata.annotations", key))) => member(pod, "/metadata/annotations", key),
        (_, Some(("metadata.labels", key))) => member(pod, "/metadata/labels", key),
        ("metadata.annotations", _) => quoted_map(pod, "/metadata/annotations"),
        ("metadata.labels", _) => quoted_map(pod, "/metadata/labels"),
        ("metadata.name" | "metadata.namespace" | "metadata.uid", _) => {
            text(pod, &format!("/{}", path.replace('.', "/"))).to_owned()
        }
        _ => String::new(),
    }
}

fn member(object: &Value, pointer: &str, key: &str) -> String {
    object.pointer(pointer).map(|map| field(map, key).to_owned()).unwrap_or_default()
}

fn quoted_map(object: &Value, pointer: &str) -> String {
    let lines: Vec<String> = entries(object, pointer)
        .map(|(key, value)| format!("{key}={}", quote(value.as_str().unwrap_or(""))))
        .collect();
    lines.join("\n")
}

/// What a `resourceFieldRef` resolves to: the amount divided by the divisor, rounded up.
fn resource_value(reference: &Value, container: &Value) -> Option<i64> {
    let (list, name) = field(reference, "resource").split_once('.')?;
    let known = ["cpu", "memory", "ephemeral-storage"].contains(&name) || name.starts_with("hugepages-");
    if !known || !["limits", "requests"].contains(&list) {
        return None;
    }
    let amount = container.get("resources").and_then(|resources| resources.get(list)?.get(name));
    let amount = Quantity::parse(amount.and_then(Value::as_str).unwrap_or("0")).ok()?;
    let divisor = match field(reference, "divisor") {
        "" | "0" => "1",
        divisor => divisor,
    };
    let divisor = Quantity::parse(divisor).ok()?;
    let (amount, divisor) = if name == "cpu" {
        (amount.as_milli(), divisor.as_milli())
    } else {
        (amount.as_int(), divisor.as_int())
    };
    if divisor == 0 {
        None
    } else {
        i64::try_from((i128::from(amount) + i128::from(divisor) - 1).div_euclid(i128::from(divisor))).ok()
    }
}

fn mounts(w: &mut Writer, container: &Value) {
    let mut mounts: Vec<&Value> = list(container, "/volumeMounts").iter().collect();
    mounts.sort_by_key(|mount| field(mount, "mountPath"));
    let none = if mounts.is_empty() { "\t<none>" } else { "" };
    put!(w, 2, "Mounts:{none}\n");
    for mount in mounts {
        let mut flags = if flag(mount, "/readOnly") { "ro" } else { "rw" }.to_owned();
        if !field(mount, "subPath").is_empty() {
            flags += &format!(",path={}", quote(field(mount, "subPath")));
        }
        put!(w, 3, "{} from {} ({flags})\n", field(mount, "mountPath"), field(mount, "name"));
    }
    let mut devices: Vec<&Value> = list(container, "/volumeDevices").iter().collect();
    devices.sort_by_key(|device| field(device, "devicePath"));
    if !devices.is_empty() {
        put!(w, 2, "Devices:{none}\n");
    }
    for device in devices {
        put!(w, 3, "{} from {}\n", field(device, "devicePath"), field(device, "name"));
    }
}
