//! Security contexts of pods and containers.

use crate::apimachinery::field::{self, Errors, Path};
use crate::apimachinery::json::Value;
use crate::apimachinery::validate;
use crate::cluster::api::validation::go_struct::go_struct;
use crate::cluster::api::validation::node::{Node, optional_choice};

const SYSCTL_RULE: &str = r"must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$";

fn id(node: &Node<'_>, key: &str, errs: &mut Errors) {
    if let Some(value) = node.int(key) {
        id_at(&node.at(key), value, errs);
    }
}

fn id_at(path: &Path, value: i64, errs: &mut Errors) {
    for sentence in validate::user_id(value) {
        errs.push(field::invalid(path, value, &sentence));
    }
}

/// `spec.securityContext`, and what the host's namespaces forbid.
pub(super) fn pod(spec: &Node<'_>, errs: &mut Errors) {
    if let Some(context) = spec.get("securityContext") {
        ["fsGroup", "runAsUser", "runAsGroup"].iter().for_each(|key| id(&context, key, errs));
        for group in context.items("supplementalGroups") {
            id_at(&group.path, group.value.as_i64().unwrap_or(0), errs);
        }
        if spec.flag("shareProcessNamespace") && spec.flag("hostPID") {
            let detail = "ShareProcessNamespace and HostPID cannot both be enabled";
            errs.push(field::invalid(&context.at("shareProcessNamespace"), true, detail));
        }
        sysctls(&context, spec, errs);
        optional_choice(&context, "fsGroupChangePolicy", &["Always", "OnRootMismatch"], errs);
        optional_choice(&context, "supplementalGroupsPolicy", &["Merge", "Strict"], errs);
        seccomp(&context, errs);
        app_armor(&context, errs);
        optional_choice(&context, "seLinuxChangePolicy", &["MountOption", "Recursive"], errs);
    }
    if spec.child("hostUsers").value == &Value::Bool(false) {
        for (key, shown) in [("hostNetwork", "hostNetwork"), ("hostPID", "HostPID"), ("hostIPC", "HostIPC")] {
            if spec.flag(key) {
                errs.push(field::forbidden(&spec.at(shown), "when `hostUsers` is false"));
            }
        }
    }
}

fn sysctls(context: &Node<'_>, spec: &Node<'_>, errs: &mut Errors) {
    let mut seen: Vec<&str> = Vec::new();
    for sysctl in context.items("sysctls") {
        let (name, path) = (sysctl.text("name"), sysctl.at("name"));
        if name.is_empty() {
            errs.push(field::required(&path, ""));
        } else if !is_sysctl(name) {
            errs.push(field::invalid(&path, name, SYSCTL_RULE));
        } else if seen.contains(&name) {
            errs.push(field::duplicate(&path, name));
        }
        seen.push(name);
        if spec.flag("hostNetwork") && name.starts_with("net.") {
            errs.push(field::invalid(&path, name, "may not be specified when 'hostNetwork' is true"));
        }
        if spec.flag("hostIPC") && (name.starts_with("kernel.shm") || name.starts_with("kernel.msg")) {
            errs.push(field::invalid(&path, name, "may not be specified when 'hostIPC' is true"));
        }
    }
}

fn is_sysctl(name: &str) -> bool {
    let edge = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let inner = |byte: u8| edge(byte) || matches!(byte, b'-' | b'_');
    name.len() <= 253
        && name.split(['.', '/']).all(|part| match part.as_bytes() {
            [] => false,
            [one] => edge(*one),
            [first, middle @ .., last] => edge(*first) && edge(*last) && middle.iter().all(|it| inner(*it)),
        })
}

fn seccomp(context: &Node<'_>, errs: &mut Errors) {
    let Some(profile) = context.get("seccompProfile") else { return };
    profile_type(&profile, "type is required when seccompProfile is set", errs);
    let path = profile.at("localhostProfile");
    match (profile.text("type"), profile.has("localhostProfile")) {
        ("Localhost", false) => {
            errs.push(field::required(&path, "must be set when seccomp type is Localhost"));
        }
        ("Localhost", true) => {
            super::volumes::descending_path(profile.text("localhostProfile"), &path, errs);
        }
        (_, true) => {
            let detail = "can only be set when seccomp type is Localhost";
            errs.push(field::invalid(&path, profile.value.clone(), detail));
        }
        (_, false) => {}
    }
}

fn profile_type(profile: &Node<'_>, missing: &str, errs: &mut Errors) {
    match profile.text("type") {
        "" => errs.push(field::required(&profile.at("type"), missing)),
        "Localhost" | "RuntimeDefault" | "Unconfined" => {}
        other => {
            let known = ["Localhost", "RuntimeDefault", "Unconfined"];
            errs.push(field::not_supported(&profile.at("type"), other, &known));
        }
    }
}

fn app_armor(context: &Node<'_>, errs: &mut Errors) {
    let Some(profile) = context.get("appArmorProfile") else { return };
    profile_type(&profile, "type is required when appArmorProfile is set", errs);
    let path = profile.at("localhostProfile");
    match (profile.text("type"), profile.has("localhostProfile")) {
        ("Localhost", false) => {
            errs.push(field::required(&path, "must be set when AppArmor type is Localhost"));
        }
        ("Localhost", true) => {
            let name = profile.text("localhostProfile");
            if name.trim() != name {
                errs.push(field::invalid(&path, name, "must not be padded with whitespace"));
            } else if name.is_empty() {
                errs.push(field::required(&path, "must be set when AppArmor type is Localhost"));
            }
        }
        (_, true) => {
            let detail = "can only be set when AppArmor type is Localhost";
            errs.push(field::invalid(&path, profile.text("localhostProfile"), detail));
        }
        (_, false) => {}
    }
}

/// `securityContext` of a container.
///
/// `hosts_users` is false for pods with a namespace of users of their own.
pub(super) fn container(container: &Node<'_>, hosts_users: bool, errs: &mut Errors) {
    let Some(context) = container.get("securityContext") else { return };
    id(&context, "runAsUser", errs);
    id(&context, "runAsGroup", errs);
    if context.has("procMount") {
        optional_choice(&context, "procMount", &["Default", "Unmasked"], errs);
        if hosts_users && context.text("procMount") == "Unmasked" {
            let detail = "`hostUsers` must be false to use `Unmasked`";
            errs.push(field::invalid(&context.at("procMount"), "Unmasked", detail));
        }
    }
    seccomp(&context, errs);
    if context.child("allowPrivilegeEscalation").value == &Value::Bool(false) {
        no_escalation(&context, errs);
    }
    app_armor(&context, errs);
}

/// What cannot be had without gaining privileges.
fn no_escalation(context: &Node<'_>, errs: &mut Errors) {
    if context.flag("privileged") {
        let detail = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true";
        errs.push(whole_context(context, detail));
    }
    if context.child("capabilities").strings("add").contains(&"CAP_SYS_ADMIN") {
        let detail = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN";
        errs.push(whole_context(context, detail));
    }
}

/// Fields of the server's internal type, in its order, with their names in the API.
const FIELDS: &[(&str, &str)] = &[
    ("Capabilities", "capabilities"),
    ("Privileged", "privileged"),
    ("SELinuxOptions", "seLinuxOptions"),
    ("WindowsOptions", "windowsOptions"),
    ("RunAsUser", "runAsUser"),
    ("RunAsGroup", "runAsGroup"),
    ("RunAsNonRoot", "runAsNonRoot"),
    ("ReadOnlyRootFilesystem", "readOnlyRootFilesystem"),
    ("AllowPrivilegeEscalation", "allowPrivilegeEscalation"),
    ("ProcMount", "procMount"),
    ("SeccompProfile", "seccompProfile"),
    ("AppArmorProfile", "appArmorProfile"),
];

fn whole_context(context: &Node<'_>, detail: &str) -> crate::apimachinery::status::Cause {
    let mut cause = field::invalid(&context.path, "", detail);
    cause.message = format!("Invalid value: {}: {detail}", go_struct(context.value, FIELDS));
    cause
}
