//! `crictl stats`, `statsp` and `imagefsinfo`: what containers, pods and images use.

use super::rows::{self, Row};
use super::{Call, images, inspect, list};
use crate::apimachinery::json::{Value, json};
use crate::cluster::kubelet::usage::Usage;
use crate::cluster::{World, load};

/// Files and bytes of a container's own layer, as of one that has written nothing.
const LAYER_BYTES: u64 = 40_960;
const LAYER_INODES: u64 = 11;

fn used(world: &World, host: &str, row: &Row) -> Usage {
    let process = rows::process_of(world, host, row);
    let used = process.map(|it| load::of_process(world, host, &it)).unwrap_or_default();
    Usage { cpu_milli: used.cpu_milli, memory: used.resident_kib << 10 }
}

fn percent(cpu_milli: u64) -> String {
    format!("{}.{}0", cpu_milli / 10, cpu_milli % 10)
}

/// Running containers that the flags choose, with what they use.
fn chosen(call: &Call<'_>) -> Vec<(Row, Usage)> {
    let mut rows: Vec<Row> = list::chosen(call).into_iter().filter(Row::is_running).collect();
    if let Some(id) = call.args.operands.first() {
        rows.retain(|row| row.id.starts_with(id));
    }
    let world = call.proc.world();
    rows.into_iter().map(|row| (row.clone(), used(&world, &call.host, &row))).collect()
}

fn as_json(call: &Call<'_>, row: &Row, used: Usage) -> Value {
    let now = call.proc.world().now;
    let stamp = now.unix_ns().to_string();
    let busy = now.since(row.created).as_secs() * used.cpu_milli * 1_000_000;
    let value = |it: u64| json!({"value": it.to_string()});
    json!({
        "attributes": {
            "annotations": {}, "id": row.id, "labels": row.pod.labels.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
            "metadata": {"attempt": row.attempt, "name": row.name},
        },
        "cpu": {"timestamp": stamp, "usageCoreNanoSeconds": value(busy), "usageNanoCores": value(used.cpu_milli * 1_000_000)},
        "memory": {"timestamp": stamp, "workingSetBytes": value(used.memory), "usageBytes": value(used.memory), "rssBytes": value(used.memory * 9 / 10)},
        "writableLayer": {"fsId": {"mountpoint": "/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs"}, "timestamp": stamp,
            "usedBytes": value(LAYER_BYTES), "inodesUsed": value(LAYER_INODES)},
    })
}

pub(super) fn containers(call: &Call<'_>) -> i32 {
    if let Some(exit) = list::bad_format(call, &list::FORMATS) {
        return exit;
    }
    let found = chosen(call);
    if matches!(call.args.value(&["o", "output"]), Some("json" | "yaml" | "go-template")) {
        let items: Vec<Value> = found.iter().map(|(row, used)| as_json(call, row, *used)).collect();
        return inspect::print(call, &json!({"stats": items}), "json");
    }
    let head = ["CONTAINER", "NAME", "CPU %", "MEM", "DISK", "INODES", "SWAP"];
    let mut all = vec![head.map(str::to_owned).to_vec()];
    for (row, used) in found {
        all.push(vec![
            list::short(&row.id),
            row.name.clone(),
            percent(used.cpu_milli),
            images::human(used.memory),
            images::human(LAYER_BYTES),
            LAYER_INODES.to_string(),
            "0B".into(),
        ]);
    }
    call.proc.print(list::table(&all));
    0
}

pub(super) fn pods(call: &Call<'_>) -> i32 {
    if let Some(exit) = list::bad_format(call, &list::FORMATS) {
        return exit;
    }
    let found = chosen(call);
    let pods = rows::pods(&call.proc.world(), &call.host);
    let sum = |id: &str| {
        let own = found.iter().filter(|(row, _)| row.pod.id == id);
        own.fold(Usage::default(), |sum, (_, it)| Usage {
            cpu_milli: sum.cpu_milli + it.cpu_milli,
            memory: sum.memory + it.memory,
        })
    };
    if matches!(call.args.value(&["o", "output"]), Some("json" | "yaml" | "go-template")) {
        let items: Vec<Value> = pods
            .iter()
            .filter(|pod| pod.ready)
            .map(|pod| {
                let own = found.iter().filter(|(row, _)| row.pod.id == pod.id);
                let containers: Vec<Value> = own.map(|(row, used)| as_json(call, row, *used)).collect();
                json!({"attributes": {"id": pod.id, "metadata": {"name": pod.name, "namespace": pod.namespace, "uid": pod.uid}}, "linux": {"containers": containers}})
            })
            .collect();
        return inspect::print(call, &json!({"stats": items}), "json");
    }
    let mut all = vec![["POD", "POD ID", "CPU %", "MEM"].map(str::to_owned).to_vec()];
    for pod in pods.iter().filter(|pod| pod.ready) {
        let used = sum(&pod.id);
        all.push(vec![
            pod.name.clone(),
            list::short(&pod.id),
            percent(used.cpu_milli),
            images::human(used.memory),
        ]);
    }
    call.proc.print(list::table(&all));
    0
}

pub(super) fn image_file_system(call: &Call<'_>) -> i32 {
    let bytes: u64 = images::held(call).iter().map(|it| it.size * 26 / 10).sum();
    let stamp = call.proc.world().now.unix_ns().to_string();
    let value = json!({"status": {"containerFilesystems": [], "imageFilesystems": [{
        "fsId": {"mountpoint": "/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs"},
        "inodesUsed": {"value": (bytes / 24_000).to_string()}, "timestamp": stamp, "usedBytes": {"value": bytes.to_string()},
    }]}});
    inspect::print(call, &value, "json")
}
