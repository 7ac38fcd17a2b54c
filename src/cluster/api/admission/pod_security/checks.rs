//! The checks of the two stricter levels, each with the sentence of a fault.

use super::Level;
use crate::apimachinery::json::Value;
use crate::apimachinery::object;

/// What a pod does that its namespace does not allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) reason: String,
    pub(super) detail: String,
}

impl Fault {
    fn new(reason: &str, detail: String) -> Option<Self> {
        Some(Self { reason: reason.to_owned(), detail })
    }
}

/// Looks at a pod or a pod template.
type Check = fn(&Value) -> Option<Fault>;

/// The checks in the order of their names, with the level they begin at and the minor version they came with.
const CHECKS: &[(Level, u32, Check)] = &[
    (Level::Restricted, 8, allow_privilege_escalation),
    (Level::Baseline, 0, app_armor),
    (Level::Baseline, 0, capabilities_baseline),
    (Level::Restricted, 22, capabilities_restricted),
    (Level::Baseline, 0, host_namespaces),
    (Level::Baseline, 0, host_path_volumes),
    (Level::Baseline, 0, host_ports),
    (Level::Baseline, 34, host_probes),
    (Level::Baseline, 0, privileged),
    (Level::Baseline, 0, proc_mount),
    (Level::Restricted, 0, restricted_volumes),
    (Level::Restricted, 0, run_as_non_root),
    (Level::Restricted, 23, run_as_user),
    (Level::Baseline, 19, seccomp_baseline),
    (Level::Restricted, 19, seccomp_restricted),
    (Level::Baseline, 0, selinux),
    (Level::Baseline, 0, sysctls),
    (Level::Baseline, 0, windows_host_process),
];

/// Everything that a level does not allow, as of a minor version. At `restricted` a stricter twin takes a
/// baseline check's place.
pub(super) fn faults(pod: &Value, level: Level, minor: u32) -> Vec<Fault> {
    const TWINS: [(Check, u32); 3] =
        [(capabilities_baseline, 22), (seccomp_baseline, 19), (host_path_volumes, 0)];
    let replaced =
        |check: Check| TWINS.iter().any(|(it, from)| minor >= *from && std::ptr::fn_addr_eq(*it, check));
    CHECKS
        .iter()
        .filter(|(from, since, _)| *from <= level && level != Level::Privileged && *since <= minor)
        .filter(|(_, _, check)| level != Level::Restricted || !replaced(*check))
        .filter_map(|(_, _, check)| check(pod))
        .collect()
}

fn containers(pod: &Value) -> Vec<&Value> {
    super::super::containers(pod, "/spec")
}

fn security<'a>(container: &'a Value, field: &str) -> Option<&'a Value> {
    container.get("securityContext")?.get(field).filter(|it| !it.is_null())
}

/// `container "a"`, `containers "a", "b"`.
fn named(names: &[&str]) -> String {
    let word = if names.len() == 1 { "container" } else { "containers" };
    format!("{word} {}", quoted(names))
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|it| format!("{it:?}")).collect::<Vec<_>>().join(", ")
}

fn bad(pod: &Value, fault: impl Fn(&Value) -> bool) -> Vec<&str> {
    containers(pod).into_iter().filter(|it| fault(it)).map(|it| object::field(it, "name")).collect()
}

fn is_windows(pod: &Value) -> bool {
    object::text(pod, "/spec/os/name") == "windows"
}

fn allow_privilege_escalation(pod: &Value) -> Option<Fault> {
    let names = bad(pod, |it| security(it, "allowPrivilegeEscalation") != Some(&Value::Bool(false)));
    if names.is_empty() || is_windows(pod) {
        return None;
    }
    Fault::new(
        "allowPrivilegeEscalation != false",
        format!("{} must set securityContext.allowPrivilegeEscalation=false", named(&names)),
    )
}

fn app_armor(pod: &Value) -> Option<Fault> {
    let mut profiles: Vec<String> = object::entries(pod, "/metadata/annotations")
        .filter(|(key, _)| key.starts_with("container.apparmor.security.beta.kubernetes.io/"))
        .filter_map(|(key, value)| value.as_str().map(|value| (key, value)))
        .filter(|(_, value)| {
            !(value.is_empty() || *value == "runtime/default" || value.starts_with("localhost/"))
        })
        .map(|(key, value)| format!("{key}={value:?}"))
        .collect();
    let unconfined = |tree: Option<&Value>| {
        tree.is_some_and(|it| object::text(it, "/appArmorProfile/type") == "Unconfined")
    };
    let names = bad(pod, |it| unconfined(it.get("securityContext")));
    if unconfined(pod.pointer("/spec/securityContext")) {
        profiles.push("pod must not set AppArmor profile type to \"Unconfined\"".into());
    }
    if !names.is_empty() {
        profiles.push(format!("{} must not set AppArmor profile type to \"Unconfined\"", named(&names)));
    }
    if profiles.is_empty() {
        return None;
    }
    let word = if profiles.len() == 1 { "forbidden AppArmor profile" } else { "forbidden AppArmor profiles" };
    Fault::new(word, profiles.join(", "))
}

/// Capabilities that baseline lets containers add: those that runtimes give by default.
const DEFAULT_CAPABILITIES: &[&str] = &[
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

fn capabilities<'a>(container: &'a Value, kind: &str) -> Vec<&'a str> {
    let list = object::list(container, &format!("/securityContext/capabilities/{kind}"));
    list.iter().filter_map(Value::as_str).collect()
}

fn capabilities_baseline(pod: &Value) -> Option<Fault> {
    let wrong = |it: &Value| -> Vec<String> {
        let added = capabilities(it, "add");
        added.into_iter().filter(|it| !DEFAULT_CAPABILITIES.contains(it)).map(str::to_owned).collect()
    };
    let names = bad(pod, |it| !wrong(it).is_empty());
    if names.is_empty() {
        return None;
    }
    let mut all: Vec<String> = containers(pod).into_iter().flat_map(wrong).collect();
    all.sort();
    all.dedup();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    Fault::new(
        "non-default capabilities",
        format!("{} must not include {} in securityContext.capabilities.add", named(&names), quoted(&all)),
    )
}

fn capabilities_restricted(pod: &Value) -> Option<Fault> {
    if is_windows(pod) {
        return None;
    }
    let undropped = bad(pod, |it| !capabilities(it, "drop").contains(&"ALL"));
    let adds = |it: &Value| -> Vec<String> {
        capabilities(it, "add")
            .into_iter()
            .filter(|it| *it != "NET_BIND_SERVICE")
            .map(str::to_owned)
            .collect()
    };
    let adding = bad(pod, |it| !adds(it).is_empty());
    let mut details = Vec::new();
    if !undropped.is_empty() {
        details.push(format!("{} must set securityContext.capabilities.drop=[\"ALL\"]", named(&undropped)));
    }
    if !adding.is_empty() {
        let mut all: Vec<String> = containers(pod).into_iter().flat_map(adds).collect();
        all.sort();
        all.dedup();
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        let verb = named(&adding);
        details.push(format!("{verb} must not include {} in securityContext.capabilities.add", quoted(&all)));
    }
    if details.is_empty() { None } else { Fault::new("unrestricted capabilities", details.join("; ")) }
}

fn host_namespaces(pod: &Value) -> Option<Fault> {
    let set: Vec<String> = ["hostNetwork", "hostPID", "hostIPC"]
        .iter()
        .filter(|field| object::flag(pod, &format!("/spec/{field}")))
        .map(|field| format!("{field}=true"))
        .collect();
    if set.is_empty() { None } else { Fault::new("host namespaces", set.join(", ")) }
}

fn volumes_with(pod: &Value, wanted: impl Fn(&Value) -> bool) -> Vec<&str> {
    let volumes = object::list(pod, "/spec/volumes").iter().filter(|it| wanted(it));
    volumes.map(|it| object::field(it, "name")).collect()
}

fn volume_word(names: &[&str]) -> String {
    format!("volume{} {}", if names.len() == 1 { "" } else { "s" }, quoted(names))
}

fn host_path_volumes(pod: &Value) -> Option<Fault> {
    let names = volumes_with(pod, |it| it.get("hostPath").is_some());
    if names.is_empty() { None } else { Fault::new("hostPath volumes", volume_word(&names)) }
}

fn host_ports(pod: &Value) -> Option<Fault> {
    let used = |it: &Value| -> Vec<i64> {
        object::list(it, "/ports")
            .iter()
            .filter_map(|it| object::int(it, "/hostPort"))
            .filter(|it| *it != 0)
            .collect()
    };
    let names = bad(pod, |it| !used(it).is_empty());
    if names.is_empty() {
        return None;
    }
    let mut ports: Vec<i64> = containers(pod).into_iter().flat_map(used).collect();
    ports.sort_unstable();
    ports.dedup();
    let word = if ports.len() == 1 { "hostPort" } else { "hostPorts" };
    let ports: Vec<String> = ports.iter().map(ToString::to_string).collect();
    let verb = if names.len() == 1 { "uses" } else { "use" };
    Fault::new("hostPort", format!("{} {verb} {word} {}", named(&names), ports.join(", ")))
}

/// Hosts that the probes and handlers of a container name.
fn hosts(container: &Value) -> Vec<&str> {
    const HOLDERS: [&str; 5] =
        ["/livenessProbe", "/readinessProbe", "/startupProbe", "/lifecycle/postStart", "/lifecycle/preStop"];
    let all =
        HOLDERS.iter().flat_map(|holder| ["httpGet", "tcpSocket"].map(|it| format!("{holder}/{it}/host")));
    all.map(|pointer| object::text(container, &pointer)).filter(|it| !it.is_empty()).collect()
}

fn host_probes(pod: &Value) -> Option<Fault> {
    let mut names = bad(pod, |it| !hosts(it).is_empty());
    names.sort_unstable();
    let mut found: Vec<&str> = containers(pod).into_iter().flat_map(hosts).collect();
    found.sort_unstable();
    found.dedup();
    if names.is_empty() {
        return None;
    }
    let verb = if names.len() == 1 { "uses" } else { "use" };
    let what = if found.len() == 1 { "probe or lifecycle host" } else { "probe or lifecycle hosts" };
    Fault::new("probe or lifecycle host", format!("{} {verb} {what} {}", named(&names), quoted(&found)))
}

fn privileged(pod: &Value) -> Option<Fault> {
    let names = bad(pod, |it| security(it, "privileged") == Some(&Value::Bool(true)));
    if names.is_empty() {
        return None;
    }
    Fault::new("privileged", format!("{} must not set securityContext.privileged=true", named(&names)))
}

fn proc_mount(pod: &Value) -> Option<Fault> {
    let kind = |it: &Value| security(it, "procMount").and_then(Value::as_str).unwrap_or("Default").to_owned();
    let names = bad(pod, |it| kind(it) != "Default");
    let first = containers(pod).into_iter().map(kind).find(|it| it != "Default")?;
    Fault::new("procMount", format!("{} must not set securityContext.procMount to {first:?}", named(&names)))
}

/// Volume types that restricted allows.
const VOLUMES: &[&str] = &[
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
];

fn restricted_volumes(pod: &Value) -> Option<Fault> {
    let kind = |it: &Value| -> Option<String> {
        let mut keys = it.as_object()?.keys().filter(|key| *key != "name");
        keys.find(|key| !VOLUMES.contains(&key.as_str())).map(ToString::to_string)
    };
    let names = volumes_with(pod, |it| kind(it).is_some());
    if names.is_empty() {
        return None;
    }
    let mut kinds: Vec<String> = object::list(pod, "/spec/volumes").iter().filter_map(kind).collect();
    kinds.sort();
    kinds.dedup();
    let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
    let (verb, word) = (
        if names.len() == 1 { "uses" } else { "use" },
        if kinds.len() == 1 { "restricted volume type" } else { "restricted volume types" },
    );
    Fault::new("restricted volume types", format!("{} {verb} {word} {}", volume_word(&names), quoted(&kinds)))
}

fn run_as_non_root(pod: &Value) -> Option<Fault> {
    let whole = pod.pointer("/spec/securityContext/runAsNonRoot").and_then(Value::as_bool);
    let own = |it: &Value| security(it, "runAsNonRoot").and_then(Value::as_bool);
    let explicit = bad(pod, |it| own(it) == Some(false));
    if whole == Some(false) && bad(pod, |it| own(it).is_none()).is_empty() && explicit.is_empty() {
        return None;
    }
    let mut who = Vec::new();
    if whole == Some(false) {
        who.push("pod".to_owned());
    }
    if !explicit.is_empty() {
        who.push(named(&explicit));
    }
    if !who.is_empty() {
        let detail = format!("{} must not set securityContext.runAsNonRoot=false", who.join(" and "));
        return Fault::new("runAsNonRoot != true", detail);
    }
    let silent = if whole == Some(true) { Vec::new() } else { bad(pod, |it| own(it).is_none()) };
    if silent.is_empty() {
        return None;
    }
    let detail = format!("pod or {} must set securityContext.runAsNonRoot=true", named(&silent));
    Fault::new("runAsNonRoot != true", detail)
}

fn run_as_user(pod: &Value) -> Option<Fault> {
    if is_windows(pod) {
        return None;
    }
    let mut who = Vec::new();
    if object::int(pod, "/spec/securityContext/runAsUser") == Some(0) {
        who.push("pod".to_owned());
    }
    let names = bad(pod, |it| object::int(it, "/securityContext/runAsUser") == Some(0));
    if !names.is_empty() {
        who.push(named(&names));
    }
    if who.is_empty() {
        None
    } else {
        Fault::new("runAsUser=0", format!("{} must not set runAsUser=0", who.join(" and ")))
    }
}

fn seccomp(tree: Option<&Value>) -> Option<&str> {
    tree?.pointer("/seccompProfile/type")?.as_str()
}

fn seccomp_baseline(pod: &Value) -> Option<Fault> {
    let mut who = Vec::new();
    if seccomp(pod.pointer("/spec/securityContext")) == Some("Unconfined") {
        who.push("pod".to_owned());
    }
    let names = bad(pod, |it| seccomp(it.get("securityContext")) == Some("Unconfined"));
    if !names.is_empty() {
        who.push(named(&names));
    }
    if who.is_empty() {
        return None;
    }
    let detail =
        format!("{} must not set securityContext.seccompProfile.type to \"Unconfined\"", who.join(" and "));
    Fault::new("seccompProfile", detail)
}

fn seccomp_restricted(pod: &Value) -> Option<Fault> {
    if is_windows(pod) {
        return None;
    }
    let good = |kind: Option<&str>| matches!(kind, Some("RuntimeDefault" | "Localhost"));
    let whole = seccomp(pod.pointer("/spec/securityContext"));
    let mut who = Vec::new();
    if whole.is_some() && !good(whole) {
        who.push("pod".to_owned());
    }
    let own = |it: &Value| seccomp(it.get("securityContext")).map(str::to_owned);
    let wrong = bad(pod, |it| own(it).is_some_and(|kind| !good(Some(&kind))));
    if !wrong.is_empty() {
        who.push(named(&wrong));
    }
    if !who.is_empty() {
        let detail = format!(
            "{} must not set securityContext.seccompProfile.type to \"Unconfined\"",
            who.join(" and ")
        );
        return Fault::new("seccompProfile", detail);
    }
    let silent = if good(whole) { Vec::new() } else { bad(pod, |it| own(it).is_none()) };
    if silent.is_empty() {
        return None;
    }
    let detail = format!(
        "pod or {} must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\"",
        named(&silent)
    );
    Fault::new("seccompProfile", detail)
}

fn selinux(pod: &Value) -> Option<Fault> {
    const TYPES: &[&str] = &["", "container_engine_t", "container_init_t", "container_kvm_t", "container_t"];
    let contexts = std::iter::once(pod.pointer("/spec/securityContext/seLinuxOptions"))
        .chain(containers(pod).into_iter().map(|it| it.pointer("/securityContext/seLinuxOptions")));
    let mut details = Vec::new();
    for options in contexts.flatten() {
        let kind = object::field(options, "type");
        if !TYPES.contains(&kind) {
            details.push(format!("type {kind:?}"));
        }
        for field in ["user", "role"] {
            if !object::field(options, field).is_empty() {
                details.push(format!("{field} may not be set"));
            }
        }
    }
    if details.is_empty() { None } else { Fault::new("seLinuxOptions", details.join("; ")) }
}

/// Kernel settings that are kept apart for each pod.
const SAFE_SYSCTLS: &[&str] = &[
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_wmem",
];

fn sysctls(pod: &Value) -> Option<Fault> {
    let names: Vec<&str> = object::list(pod, "/spec/securityContext/sysctls")
        .iter()
        .map(|it| object::field(it, "name"))
        .filter(|it| !SAFE_SYSCTLS.contains(it))
        .collect();
    if names.is_empty() { None } else { Fault::new("forbidden sysctls", names.join(", ")) }
}

fn windows_host_process(pod: &Value) -> Option<Fault> {
    let set = |tree: &Value, base: &str| object::flag(tree, &format!("{base}/windowsOptions/hostProcess"));
    let names = bad(pod, |it| set(it, "/securityContext"));
    let mut who = Vec::new();
    if set(pod, "/spec/securityContext") {
        who.push("pod".to_owned());
    }
    if !names.is_empty() {
        who.push(named(&names));
    }
    if who.is_empty() {
        return None;
    }
    let detail =
        format!("{} must not set securityContext.windowsOptions.hostProcess=true", who.join(" and "));
    Fault::new("hostProcess", detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::json::json;

    #[test]
    fn a_plain_pod_passes_baseline_and_not_restricted() {
        let pod = json!({"spec": {"containers": [{"name": "web", "image": "nginx"}]}});
        assert!(
            faults(&pod, Level::Baseline, 36).is_empty() && faults(&pod, Level::Privileged, 36).is_empty()
        );
        let reasons: Vec<String> =
            faults(&pod, Level::Restricted, 36).into_iter().map(|it| it.reason).collect();
        assert_eq!(
            reasons,
            [
                "allowPrivilegeEscalation != false",
                "unrestricted capabilities",
                "runAsNonRoot != true",
                "seccompProfile",
            ]
        );
    }
}
