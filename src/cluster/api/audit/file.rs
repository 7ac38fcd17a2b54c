//! The file that the log is written to, and the older ones beside it.

use crate::cluster::{ClusterId, World};
use crate::hosts::files::parent;
use crate::sim::SimTime;
use crate::sim::limits::FILE_BYTES_MAX;

/// Only root reads it. Source: lumberjack, which Kubernetes writes logs with.
const MODE: u32 = 0o600;

/// 100 MB. Source: lumberjack's `MaxSize` when `--audit-log-maxsize` is not set.
const SIZE_MB: usize = 100;

/// Adds lines.
pub(super) fn append(world: &mut World, cluster: ClusterId, lines: &str) {
    let now = world.now;
    let Some(state) = world.clusters.get(cluster) else { return };
    let Some((host, instance)) = state.serving("kube-apiserver") else { return };
    let process = &instance.process;
    let path = process.flag(super::PATH).unwrap_or("");
    if path == "-" {
        world.api_server_says(cluster, lines);
        return;
    }
    let number = |flag: &str| process.flag(flag).and_then(|it| it.parse::<usize>().ok());
    let size = number("audit-log-maxsize").filter(|it| *it > 0).unwrap_or(SIZE_MB);
    let backups = number("audit-log-maxbackup").unwrap_or(0);
    let (Some(path), host) = (process.host_path(path), host.to_owned()) else { return };
    let Some(machine) = world.hosts.get_mut(&host) else { return };
    let there = machine.files.read(&path).map_or(0, |bytes| bytes.len());
    if there + lines.len() > (size << 20).min(FILE_BYTES_MAX) {
        rotate(&mut machine.files, &path, backups, now);
    }
    let fresh = !machine.files.exists(&path);
    // A full disk or a missing folder loses lines, as it does in reality.
    let _ = machine.files.append(&path, lines.as_bytes(), now);
    if fresh {
        let _ = machine.files.chmod(&path, MODE);
    }
}

/// Puts the file aside under a name with the time, and drops the oldest of too many; 0 keeps all.
fn rotate(files: &mut crate::hosts::FileTree, path: &str, backups: usize, now: SimTime) {
    let (stem, extension) = match path.rsplit_once('.').filter(|(_, it)| !it.contains('/')) {
        Some((stem, extension)) => (stem, format!(".{extension}")),
        None => (path, String::new()),
    };
    let stamp = now.strftime("%Y-%m-%dT%H-%M-%S.000");
    if files.rename(path, &format!("{stem}-{stamp}{extension}")).is_err() {
        return;
    }
    let folder = parent(path).to_owned();
    let prefix = format!("{}-", crate::hosts::files::base_name(stem));
    let mut older: Vec<String> = files
        .list(&folder)
        .into_iter()
        .flatten()
        .map(|(name, _)| name)
        .filter(|name| name.starts_with(&prefix) && name.ends_with(&extension))
        .collect();
    older.sort();
    let surplus = if backups == 0 { 0 } else { older.len().saturating_sub(backups) };
    for name in older.into_iter().take(surplus) {
        let _ = files.remove(&format!("{folder}/{name}"));
    }
}
