//! Which runtime `crictl` asks, and whether one answers there.

use super::Call;
use crate::hosts::Host;
use crate::shell::Proc;

const CONFIG: &str = "/etc/crictl.yaml";

/// Where containerd listens.
const SOCKET: &str = "/run/containerd/containerd.sock";

/// What is tried when nothing is configured.
const USUAL: &str =
    "[unix:///run/containerd/containerd.sock unix:///run/crio/crio.sock unix:///var/run/cri-dockerd.sock]";

/// The version of crictl itself.
pub(super) fn own_version(proc: &Proc, host: &str) -> String {
    let world = proc.world();
    let found =
        world.hosts.get(host).and_then(|it| crate::hosts::packages::program_version(&it.files, "crictl"));
    found.unwrap_or_default()
}

fn configured(call: &Call<'_>) -> Option<String> {
    let path = call.args.value(&["c", "config"]).unwrap_or(CONFIG);
    let text = call.proc.disk().read(&call.proc.path(path)).ok()?;
    Some(String::from_utf8_lossy(&text).into_owned())
}

fn field(text: &str, name: &str) -> Option<String> {
    let lines = text.lines().filter_map(|line| line.split_once(':'));
    let found = lines.into_iter().find(|(key, _)| key.trim() == name)?;
    let value = found.1.trim().trim_matches(['"', '\'']);
    (!value.is_empty()).then(|| value.to_owned())
}

/// Finds the endpoint and dials it.
///
/// # Errors
/// What crictl ends with.
pub(super) fn connect(call: &Call<'_>) -> Result<(), String> {
    let given = call.args.value(&["r", "runtime-endpoint"]).map(str::to_owned);
    let given = given.or_else(|| call.proc.env.get("CONTAINER_RUNTIME_ENDPOINT").cloned());
    let file = configured(call);
    if file.is_none() && given.is_none() {
        call.proc.eprint(format!(
            "WARN[0000] Config \"{CONFIG}\" does not exist, trying next: \"/usr/bin/crictl.yaml\" \n"
        ));
    }
    let endpoint = given.or_else(|| file.as_deref().and_then(|text| field(text, "runtime-endpoint")));
    if endpoint.is_none() {
        for kind in ["runtime", "image"] {
            call.proc.eprint(format!(
                "WARN[0000] {kind} connect using default endpoints: {USUAL}. As the default settings are now deprecated, \
                 you should set the endpoint instead. \n"
            ));
        }
    }
    let endpoint = endpoint.unwrap_or_else(|| format!("unix://{SOCKET}"));
    let world = call.proc.world();
    let Some(host) = world.hosts.get(&call.host) else { return Err("no such machine".into()) };
    match refusal(host, &endpoint, &call.proc.user) {
        Some(why) => Err(format!(
            "validate service connection: validate CRI v1 runtime API for endpoint \"{endpoint}\": {why}"
        )),
        None => Ok(()),
    }
}

/// Why nobody answers at an endpoint.
fn refusal(host: &Host, endpoint: &str, user: &str) -> Option<String> {
    let path = endpoint.strip_prefix("unix://").unwrap_or(endpoint);
    let path = path.replace("/var/run/", "/run/");
    let dialled = |why: &str| {
        Some(format!(
            "rpc error: code = Unavailable desc = connection error: desc = \"transport: Error while dialing: dial unix {path}: connect: {why}\""
        ))
    };
    if path != SOCKET || !host.unit_active("containerd.service") {
        return dialled("no such file or directory");
    }
    if user != "root" {
        return dialled("permission denied");
    }
    let config = host.files.read_text("/etc/containerd/config.toml").unwrap_or_default();
    let disabled = config.lines().map(str::trim).any(|line| {
        line.starts_with("disabled_plugins")
            && (line.contains("\"cri\"")
                || line.contains("'cri'")
                || line.contains("io.containerd.grpc.v1.cri"))
    });
    disabled
        .then(|| "rpc error: code = Unimplemented desc = unknown service runtime.v1.RuntimeService".into())
}

/// `crictl config`: shows or sets what the file says.
pub(super) fn config(call: &Call<'_>) -> i32 {
    let mut text = configured(call).unwrap_or_default();
    let pairs: Vec<(String, String)> = match call.args.operands.as_slice() {
        [name] if call.args.flags.is_empty() => {
            call.proc.print(format!("{}\n", field(&text, name).unwrap_or_default()));
            return 0;
        }
        [name, value, ..] => vec![(name.clone(), value.clone())],
        _ => {
            let set = call.args.flags.iter().find(|(name, _)| name == "set").map(|(_, value)| value.clone());
            let set = set.filter(|it| !it.is_empty()).or_else(|| call.args.operands.first().cloned());
            let pair = set.and_then(|it| it.split_once('=').map(|(a, b)| (a.to_owned(), b.to_owned())));
            if pair.is_none() {
                call.proc.print(text);
                return 0;
            }
            pair.into_iter().collect()
        }
    };
    for (name, value) in pairs {
        let kept: String = text
            .lines()
            .filter(|line| line.split(':').next() != Some(name.as_str()))
            .map(|line| format!("{line}\n"))
            .collect();
        let shown = format!("{name}: {value}\n");
        text = kept + &shown;
    }
    match call.proc.disk().write(CONFIG, text.as_bytes()) {
        Ok(()) => 0,
        Err(error) => call.fatal(&format!(
            "writing config file {CONFIG}: open {CONFIG}: {}",
            error.to_string().to_lowercase()
        )),
    }
}
