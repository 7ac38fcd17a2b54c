//! `crictl inspect`, `inspectp`, `info` and `version`.

use crate::apimachinery::json::{Value, json};
use crate::cluster::kubelet::cni;

use super::Call;
use super::rows::{self, Pod, Row};
use crate::cluster::kubelet::status::image_id;

/// Prints a value as JSON, or as YAML when that is asked for.
pub(super) fn print(call: &Call<'_>, value: &Value, usual: &str) -> i32 {
    match call.args.value(&["o", "output"]).unwrap_or(usual) {
        "yaml" => call.proc.print(crate::apimachinery::yaml::to_string(value)),
        "go-template" => {
            let Some(template) = call.args.value(&["template"]) else {
                return call.fatal("template string is empty");
            };
            match crate::apimachinery::gotemplate::render(template, value) {
                Ok(text) => call.proc.print(format!("{text}\n")),
                Err(why) => {
                    return call.fatal(&format!("getting the status: failed to template data: {why}"));
                }
            }
        }
        _ => call.proc.print(format!("{}\n", serde_json::to_string_pretty(value).unwrap_or_default())),
    }
    0
}

/// The containers that an id begins.
pub(super) fn by_id(call: &Call<'_>, id: &str) -> Result<Row, String> {
    let all = rows::containers(&call.proc.world(), &call.host);
    let found: Vec<Row> = all.into_iter().filter(|row| row.id.starts_with(id)).collect();
    match found.as_slice() {
        [row] => Ok(row.clone()),
        [] => Err(format!(
            "rpc error: code = NotFound desc = an error occurred when try to find container \"{id}\": not found"
        )),
        _ => Err(format!(
            "rpc error: code = Unknown desc = an error occurred when try to find container \"{id}\": multiple IDs found with provided prefix: {id}"
        )),
    }
}

/// The pod whose sandbox an id begins.
pub(super) fn pod_by_id(call: &Call<'_>, id: &str) -> Result<Pod, String> {
    let all = rows::pods(&call.proc.world(), &call.host);
    all.into_iter().find(|pod| pod.id.starts_with(id)).ok_or_else(|| {
        format!(
            "rpc error: code = NotFound desc = an error occurred when try to find sandbox \"{id}\": not found"
        )
    })
}

fn labels(pod: &Pod) -> Value {
    let pairs = pod.labels.iter().map(|(key, value)| (key.clone(), Value::from(value.clone())));
    Value::Object(pairs.collect())
}

/// A sandbox as lists show it.
pub(super) fn sandbox(pod: &Pod) -> Value {
    json!({
        "annotations": {}, "createdAt": pod.created.unix_ns().to_string(), "id": pod.id, "labels": labels(pod),
        "metadata": {"attempt": 0, "name": pod.name, "namespace": pod.namespace, "uid": pod.uid},
        "runtimeHandler": "", "state": if pod.ready { "SANDBOX_READY" } else { "SANDBOX_NOTREADY" },
    })
}

/// A container's mounts as the runtime has them.
fn mounts(call: &Call<'_>, row: &Row) -> Vec<Value> {
    let world = call.proc.world();
    let spec = rows::spec_of(&world, row);
    let volumes = rows::volumes_of(&world, row);
    let mounts = spec
        .as_ref()
        .map(|it| crate::apimachinery::object::list(it, "/volumeMounts").to_vec())
        .unwrap_or_default();
    let one = |mount: &Value| {
        let name = mount["name"].as_str().unwrap_or_default();
        let volume = volumes.iter().find(|it| it["name"] == mount["name"]);
        let host_path = volume.and_then(|it| it["hostPath"]["path"].as_str()).map(str::to_owned);
        let kind =
            volume.and_then(Value::as_object).and_then(|it| it.keys().find(|key| *key != "name")).cloned();
        let kind = match kind.as_deref() {
            Some("emptyDir") => "kubernetes.io~empty-dir",
            Some("configMap") => "kubernetes.io~configmap",
            Some("secret") => "kubernetes.io~secret",
            _ => "kubernetes.io~projected",
        };
        let inside = || format!("/var/lib/kubelet/pods/{}/volumes/{kind}/{name}", row.pod.uid);
        json!({
            "containerPath": mount["mountPath"], "gidMappings": [], "hostPath": host_path.unwrap_or_else(inside),
            "propagation": "PROPAGATION_PRIVATE", "readonly": mount["readOnly"].as_bool().unwrap_or(false),
            "selinuxRelabel": false, "uidMappings": [],
        })
    };
    mounts.iter().map(one).collect()
}

/// What the runtime was told to run: command, environment, image.
fn config(call: &Call<'_>, row: &Row) -> Value {
    let world = call.proc.world();
    let spec = rows::spec_of(&world, row).unwrap_or_default();
    let env = spec["env"].as_array().cloned().unwrap_or_default();
    let env: Vec<Value> = env
        .iter()
        .map(|it| json!({"key": it["name"], "value": it["value"].as_str().unwrap_or_default()}))
        .collect();
    let mut config = json!({
        "envs": env, "image": {"image": format!("sha256:{}", row.image_id()), "user_specified_image": row.image},
        "labels": labels(&row.pod), "log_path": format!("{}/{}.log", row.name, row.attempt),
        "metadata": {"name": row.name, "attempt": row.attempt},
    });
    for key in ["command", "args"] {
        if spec[key].is_array() {
            config[key] = spec[key].clone();
        }
    }
    config
}

fn container(call: &Call<'_>, row: &Row) -> Value {
    let (started, finished, code, reason, message) = match &row.ended {
        Some(it) => (it.started, it.finished.rfc3339_nano(), it.code, it.reason, it.message.as_str()),
        None => (row.created, "0001-01-01T00:00:00Z".to_owned(), 0, "", ""),
    };
    let path = format!(
        "/var/log/pods/{}_{}_{}/{}/{}.log",
        row.pod.namespace, row.pod.name, row.pod.uid, row.name, row.attempt
    );
    let pid = rows::pid_of(&call.proc.world(), &call.host, row);
    let mut container_labels = labels(&row.pod);
    container_labels["io.kubernetes.container.name"] = json!(row.name);
    let status = json!({
        "annotations": {}, "createdAt": row.created.rfc3339_nano(), "exitCode": code, "finishedAt": finished,
        "id": row.id, "image": {"annotations": {}, "image": row.image, "userSpecifiedImage": ""},
        "imageId": format!("sha256:{}", row.image_id()), "imageRef": image_id(&row.image), "labels": container_labels, "logPath": path, "message": message,
        "metadata": {"attempt": row.attempt, "name": row.name}, "mounts": mounts(call, row), "reason": reason, "resources": {},
        "startedAt": started.rfc3339_nano(), "state": format!("CONTAINER_{}", row.state().to_uppercase()),
    });
    json!({
        "info": {
            "config": config(call, row), "pid": pid, "removing": false, "runtimeType": "io.containerd.runc.v2",
            "sandboxID": row.pod.id, "snapshotKey": row.id, "snapshotter": "overlayfs",
        },
        "status": status,
    })
}

fn each(call: &Call<'_>, what: &str, find: impl Fn(&str) -> Result<Value, String>) -> i32 {
    if call.args.operands.is_empty() {
        return call.fatal(&format!("{what} ID cannot be empty"));
    }
    let mut exit = 0;
    for id in &call.args.operands {
        exit = exit.max(match find(id) {
            Ok(value) => print(call, &value, "json"),
            Err(text) => call.fatal(&format!("getting the status of the {what} \"{id}\": {text}")),
        });
    }
    exit
}

pub(super) fn containers(call: &Call<'_>) -> i32 {
    each(call, "container", |id| by_id(call, id).map(|row| container(call, &row)))
}

pub(super) fn pods(call: &Call<'_>) -> i32 {
    each(call, "pod", |id| {
        let pod = pod_by_id(call, id)?;
        let mut status = sandbox(&pod);
        status["network"] = json!({"additionalIps": [], "ip": pod.ip});
        Ok(json!({"info": {
            "cniResult": {"Interfaces": {"eth0": {"IPConfigs": [{"IP": pod.ip, "Gateway": ""}]}}},
            "config": {"hostname": pod.name, "labels": labels(&pod), "log_directory": format!("/var/log/pods/{}_{}_{}", pod.namespace, pod.name, pod.uid),
                "metadata": {"name": pod.name, "namespace": pod.namespace, "uid": pod.uid}},
            "image": "registry.k8s.io/pause:3.10.2", "runtimeType": "io.containerd.runc.v2", "snapshotter": "overlayfs",
        }, "status": status}))
    })
}

pub(super) fn info(call: &Call<'_>) -> i32 {
    let status = {
        let world = call.proc.world();
        world.hosts.get(&call.host).map_or(Ok(()), |it| cni::load(it).map(drop))
    };
    let has_network = status.is_ok();
    let network = if has_network {
        json!({"message": "", "reason": "", "status": true, "type": "NetworkReady"})
    } else {
        json!({
            "message": cni::NOT_READY,
            "reason": "NetworkPluginNotReady", "status": false, "type": "NetworkReady",
        })
    };
    let value = json!({
        "config": {
            "cni": {"binDirs": ["/opt/cni/bin"], "confDir": "/etc/cni/net.d"},
            "containerdEndpoint": "/run/containerd/containerd.sock", "containerdRootDir": "/var/lib/containerd",
        },
        "golang": "go1.24.5",
        "lastCNILoadStatus": status.err().unwrap_or_else(|| "OK".into()),
        "status": {"conditions": [
            {"message": "", "reason": "", "status": true, "type": "RuntimeReady"},
            network,
            {"message": "", "reason": "", "status": true, "type": "ContainerdHasNoDeprecationWarnings"},
        ]},
    });
    print(call, &value, "json")
}

pub(super) fn version(call: &Call<'_>) -> i32 {
    let runtime = {
        let world = call.proc.world();
        let files = world.hosts.get(&call.host).map(|it| it.files.clone()).unwrap_or_default();
        crate::hosts::packages::program_version(&files, "containerd").unwrap_or_default()
    };
    let runtime = runtime.split('-').next().unwrap_or_default().to_owned();
    call.proc.print(format!(
        "Version:  0.1.0\nRuntimeName:  containerd\nRuntimeVersion:  v{runtime}\nRuntimeApiVersion:  v1\n"
    ));
    0
}
