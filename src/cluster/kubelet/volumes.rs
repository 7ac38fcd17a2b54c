//! Volumes: what a pod mounts, where the files come from, and what is missing.
//!
//! Claims lead to host paths, local disks, NFS or a driver's volume; the last two are file systems that
//! all nodes share.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::env::{self, Subject};
use super::published::{Files, Item, Items};
use super::run::{Mount, PodId, Source, Volume};
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::cluster::api::authn::token::{self, TokenSpec};
use crate::cluster::{Object, Store, World};
use crate::hosts::files::clean;
use crate::hosts::{FileTree, FsError, Kind};

/// Prepares every volume of a pod. On failure: the volume's name and the sentence of its event.
pub(super) fn prepare(world: &mut World, id: &PodId, pod: &Object) -> Result<(), (String, String)> {
    for volume in object::list(pod, "/spec/volumes") {
        let name = object::field(volume, "name");
        prepare_one(world, id, pod, volume).map_err(|why| (name.to_owned(), why))?;
    }
    Ok(())
}

fn prepare_one(world: &mut World, id: &PodId, pod: &Object, volume: &Value) -> Result<(), String> {
    let name = object::field(volume, "name").to_owned();
    if let Some(host_path) = volume.get("hostPath") {
        let host = id.get(world).map(|it| it.host.clone()).unwrap_or_default();
        return check_host_path(
            world,
            &host,
            object::field(host_path, "path"),
            object::field(host_path, "type"),
        );
    }
    if volume.get("persistentVolumeClaim").is_some() || volume.get("ephemeral").is_some() {
        return claim_source(world, id, pod, volume).map(drop);
    }
    if let Some(nfs) = volume.get("nfs") {
        ensure_export(world, id.cluster, &nfs_key(nfs));
        return Ok(());
    }
    let known = id.get(world).and_then(|it| it.volumes.get(&name)).map(|it| it.revision);
    if volume.get("emptyDir").is_some() && known.is_some() {
        return Ok(());
    }
    let Some(cluster) = world.clusters.get(id.cluster) else { return Ok(()) };
    let revision = cluster.store.revision();
    if known == Some(revision) || is_current(world, id, pod, volume) {
        return Ok(());
    }
    let (now, sources) = (world.now, sources(world, id, pod, volume));
    let files = match contents(world, id, pod, volume)? {
        Some((items, mode)) => {
            let before = id.get(world).and_then(|it| it.volumes.get(&name)).map(|it| &it.files);
            Files::publish(before, items, mode, now)
        }
        None => Files::empty(),
    };
    if let Some(run) = id.get_mut(world) {
        // What did not change was issued when it was made.
        let kept = run.volumes.get(&name).filter(|it| it.files.is_same(&files)).map(|it| it.issued);
        run.volumes.insert(name, Volume { files, sources, revision, issued: kept.unwrap_or(now) });
    }
    Ok(())
}

/// Whether a volume shows what it has to: nothing that it shows has changed, nobody wrote into it, and its
/// tokens are young. A pod is looked at far more often than that changes.
fn is_current(world: &World, id: &PodId, pod: &Object, volume: &Value) -> bool {
    let there = id.get(world).and_then(|it| it.volumes.get(object::field(volume, "name")));
    let Some(there) = there.filter(|it| it.files.is_untouched()) else { return false };
    let now = sources(world, id, pod, volume);
    let same = |(one, other): (&Option<Object>, &Option<Object>)| match (one, other) {
        (Some(one), Some(other)) => Arc::ptr_eq(one, other),
        (None, None) => true,
        _ => false,
    };
    let mut tokens = parts(volume).filter_map(|it| it.get("serviceAccountToken"));
    there.sources.len() == now.len()
        && there.sources.iter().zip(&now).all(same)
        && tokens
            .all(|it| is_young(world, there, it) && there.files.token(object::field(it, "path")).is_some())
}

/// The parts of a volume: its sources if it is a projected one, itself otherwise.
fn parts(volume: &Value) -> impl Iterator<Item = &Value> {
    let projected = volume.get("projected").map(|it| object::list(it, "/sources"));
    projected.unwrap_or_else(|| std::slice::from_ref(volume)).iter()
}

/// The objects that a volume shows something of, as they are now.
fn sources(world: &World, id: &PodId, pod: &Object, volume: &Value) -> Vec<Option<Object>> {
    let Some(store) = world.clusters.get(id.cluster).map(|it| &it.store) else { return Vec::new() };
    let mut all = Vec::new();
    for part in parts(volume) {
        let name = |it: &Value| match object::field(it, "secretName") {
            "" => object::field(it, "name").to_owned(),
            name => name.to_owned(),
        };
        for (kind, resource) in [("configMap", "configmaps"), ("secret", "secrets")] {
            if let Some(it) = part.get(kind) {
                all.push(store.find(resource, object::namespace(pod), &name(it)).cloned());
            }
        }
        if part.get("downwardAPI").is_some_and(|it| object::list(it, "/items").iter().any(may_change)) {
            all.push(Some(pod.clone()));
            all.push(store.find("nodes", "", object::text(pod, "/spec/nodeName")).cloned());
        }
    }
    all
}

/// Whether what an item shows of its pod can ever be another: a pod's name, namespace and UID cannot.
fn may_change(item: &Value) -> bool {
    let fixed = ["metadata.name", "metadata.namespace", "metadata.uid"];
    !fixed.contains(&object::text(item, "/fieldRef/fieldPath"))
}

/// Whether a token of the volume lives for longer than a fifth of its life.
fn is_young(world: &World, volume: &Volume, source: &Value) -> bool {
    let seconds = u64::try_from(token_seconds(source)).unwrap_or(0);
    world.now.since(volume.issued).as_secs() < seconds * 4 / 5
}

fn token_seconds(source: &Value) -> i64 {
    object::int(source, "/expirationSeconds").unwrap_or(3_607)
}

/// Files by path, and the mode of those that name none.
type Contents = (Items, u32);

/// What a volume that follows objects holds; `None` for volumes that begin empty.
fn contents(world: &World, id: &PodId, pod: &Value, volume: &Value) -> Result<Option<Contents>, String> {
    let Some(cluster) = world.clusters.get(id.cluster) else { return Ok(None) };
    let (mut files, store) = (Items::new(), &cluster.store);
    let mode = |source: &Value| {
        object::int(source, "/defaultMode").and_then(|it| u32::try_from(it).ok()).unwrap_or(0o644)
    };
    if let Some(source) = volume.get("configMap") {
        add_object(&mut files, store, pod, "configmap", object::field(source, "name"), source)?;
        return Ok(Some((files, mode(source))));
    }
    if let Some(source) = volume.get("secret") {
        add_object(&mut files, store, pod, "secret", object::field(source, "secretName"), source)?;
        return Ok(Some((files, mode(source))));
    }
    let subject = subject(world, id, store, pod);
    if let Some(source) = volume.get("downwardAPI") {
        add_downward(&mut files, &subject, source);
        return Ok(Some((files, mode(source))));
    }
    let Some(source) = volume.get("projected") else { return Ok(None) };
    for part in object::list(source, "/sources") {
        if let Some(it) = part.get("configMap") {
            add_object(&mut files, store, pod, "configmap", object::field(it, "name"), it)?;
        } else if let Some(it) = part.get("secret") {
            add_object(&mut files, store, pod, "secret", object::field(it, "name"), it)?;
        } else if let Some(it) = part.get("downwardAPI") {
            add_downward(&mut files, &subject, it);
        } else if let Some(it) = part.get("serviceAccountToken") {
            let token = token(world, id, pod, object::field(volume, "name"), it);
            files.insert(object::field(it, "path").to_owned(), (token, None));
        }
    }
    Ok(Some((files, mode(source))))
}

fn subject<'a>(world: &'a World, id: &PodId, store: &'a Store, pod: &'a Value) -> Subject<'a> {
    let run = id.get(world);
    Subject {
        store,
        pod,
        container: object::list(pod, "/spec/containers").first().unwrap_or(&Value::Null),
        pod_ip: run.map_or("", |it| it.ip.as_str()),
        host_ip: run.and_then(|it| world.hosts.get(&it.host)).map_or("", |it| it.address.as_str()),
    }
}

/// A token for the pod's service account, bound to the pod. The one that is there stays until four
/// fifths of its life are over, as the kubelet's token manager does it.
fn token(world: &World, id: &PodId, pod: &Value, volume: &str, source: &Value) -> Item {
    let path = object::field(source, "path");
    let there = id.get(world).and_then(|it| it.volumes.get(volume));
    if let Some(there) = there
        && is_young(world, there, source)
        && let Some(token) = there.files.token(path)
    {
        return token;
    }
    let (namespace, account) = (object::namespace(pod), object::text(pod, "/spec/serviceAccountName"));
    let store = world.clusters.get(id.cluster).map(|it| &it.store);
    let found = store.and_then(|it| it.find("serviceaccounts", namespace, account));
    let audience = match object::field(source, "audience") {
        "" => "https://kubernetes.default.svc.cluster.local",
        audience => audience,
    };
    let spec = TokenSpec {
        namespace,
        account,
        account_uid: found.map_or("", |it| object::uid(it)),
        audiences: &[audience.to_owned()],
        seconds: token_seconds(source),
        bound: vec![("pod", object::name(pod).to_owned(), id.uid.clone())],
        id: &id.uid,
    };
    // Without the cluster's key the API server hands out no tokens.
    token::draft(world, id.cluster, &spec).map_or(Item::Bytes(Vec::new()), Item::Token)
}

fn add_object(
    files: &mut Items,
    store: &Store,
    pod: &Value,
    kind: &str,
    name: &str,
    source: &Value,
) -> Result<(), String> {
    let resource = if kind == "secret" { "secrets" } else { "configmaps" };
    let optional = object::flag(source, "/optional");
    let Some(object) = store.find(resource, object::namespace(pod), name) else {
        return if optional { Ok(()) } else { Err(format!("{kind} \"{name}\" not found")) };
    };
    let data = env::data(object);
    let items = object::list(source, "/items");
    if items.is_empty() {
        files.extend(data.into_iter().map(|(key, value)| (key, (Item::Bytes(value), None))));
        return Ok(());
    }
    for item in items {
        let key = object::field(item, "key");
        let mode = object::int(item, "/mode").and_then(|it| u32::try_from(it).ok());
        match data.get(key) {
            Some(value) => {
                files.insert(object::field(item, "path").to_owned(), (Item::Bytes(value.clone()), mode));
            }
            None if optional => {}
            None => {
                return Err(
                    format!("references non-existent {kind} key: {key}").replace("configmap", "config")
                );
            }
        }
    }
    Ok(())
}

fn add_downward(files: &mut Items, subject: &Subject<'_>, source: &Value) {
    for item in object::list(source, "/items") {
        let value = match (item.get("fieldRef"), item.get("resourceFieldRef")) {
            (Some(field), _) => env::field_value(subject, object::field(field, "fieldPath")),
            (_, Some(resource)) => env::resource_value(subject, resource),
            _ => String::new(),
        };
        let mode = object::int(item, "/mode").and_then(|it| u32::try_from(it).ok());
        files.insert(object::field(item, "path").to_owned(), (Item::Bytes(value.into_bytes()), mode));
    }
}

/// What `hostPath.type` demands, made or checked.
fn check_host_path(world: &mut World, host: &str, path: &str, kind: &str) -> Result<(), String> {
    let now = world.now;
    let Some(host) = world.hosts.get_mut(host) else { return Ok(()) };
    let node = host.files.stat(path).map(|it| it.kind.clone());
    match (kind, node) {
        ("DirectoryOrCreate" | "", Err(FsError::NotFound)) => {
            // Without a type the runtime makes a directory when nothing is there.
            let _ = host.files.mkdir_all(path, 0o755, now);
            Ok(())
        }
        ("FileOrCreate", Err(FsError::NotFound)) => {
            let _ = host.files.install(path, b"", 0o644, now);
            Ok(())
        }
        ("Directory" | "DirectoryOrCreate", Ok(Kind::Directory))
        | ("File" | "FileOrCreate", Ok(Kind::File(_)))
        | ("Socket", Ok(Kind::Socket))
        | ("", Ok(_)) => Ok(()),
        ("Directory" | "DirectoryOrCreate", _) => {
            Err(format!("hostPath type check failed: {path} is not a directory"))
        }
        ("File" | "FileOrCreate", _) => Err(format!("hostPath type check failed: {path} is not a file")),
        ("Socket", _) => Err(format!("hostPath type check failed: {path} is not a socket file")),
        ("CharDevice", _) => Err(format!("hostPath type check failed: {path} is not a character device")),
        ("BlockDevice", _) => Err(format!("hostPath type check failed: {path} is not a block device")),
        _ => Ok(()),
    }
}

fn nfs_key(nfs: &Value) -> String {
    format!("nfs://{}{}", object::field(nfs, "server"), object::field(nfs, "path"))
}

fn ensure_export(world: &mut World, cluster: usize, key: &str) {
    if let Some(cluster) = world.clusters.get_mut(cluster) {
        cluster.runtime.exports.entry(key.to_owned()).or_default();
    }
}

/// Where the volume behind a claim has its files.
fn claim_source(
    world: &mut World,
    id: &PodId,
    pod: &Value,
    volume: &Value,
) -> Result<(Source, String), String> {
    let claim = match volume.get("persistentVolumeClaim") {
        Some(claim) => object::field(claim, "claimName").to_owned(),
        None => format!("{}-{}", object::name(pod), object::field(volume, "name")),
    };
    let store = world.clusters.get(id.cluster).map(|it| it.store.clone()).unwrap_or_default();
    let Some(claim) = store.find("persistentvolumeclaims", object::namespace(pod), &claim) else {
        return Err(format!("persistentvolumeclaim \"{claim}\" not found"));
    };
    let name = object::text(claim, "/spec/volumeName");
    let Some(volume) = store.find("persistentvolumes", "", name) else {
        return Err(format!("PVC {}/{} is not bound", object::namespace(claim), object::name(claim)));
    };
    let host = id.get(world).map(|it| it.host.clone()).unwrap_or_default();
    if let Some(host_path) = object::at(volume, "/spec/hostPath") {
        let path = object::field(host_path, "path").to_owned();
        check_host_path(world, &host, &path, object::field(host_path, "type"))?;
        return Ok((Source::Host(host), path));
    }
    if let Some(local) = object::at(volume, "/spec/local") {
        let path = object::field(local, "path").to_owned();
        let there = world.hosts.get(&host).is_some_and(|it| it.files.exists(&path));
        if !there {
            return Err(format!("path \"{path}\" does not exist"));
        }
        return Ok((Source::Host(host), path));
    }
    let key = match object::at(volume, "/spec/nfs") {
        Some(nfs) => nfs_key(nfs),
        None => format!("pv://{name}"),
    };
    ensure_export(world, id.cluster, &key);
    Ok((Source::Export(key), "/".to_owned()))
}

/// The mounts of a container. Its volumes are prepared.
pub(super) fn mounts(
    world: &mut World,
    id: &PodId,
    pod: &Value,
    container: &Value,
    env: &BTreeMap<String, String>,
) -> Result<Vec<Mount>, String> {
    let mut all = Vec::new();
    for mount in object::list(container, "/volumeMounts") {
        let name = object::field(mount, "name");
        let volumes = object::list(pod, "/spec/volumes");
        let Some(volume) = volumes.iter().find(|it| object::field(it, "name") == name) else { continue };
        let (source, root) = source_of(world, id, pod, volume)?;
        let expanded =
            super::container::expanded(object::field(mount, "subPathExpr"), &|name| env.get(name).cloned());
        let sub_path =
            if expanded.is_empty() { object::field(mount, "subPath").to_owned() } else { expanded };
        let inner = clean(&root, &sub_path);
        let follows =
            ["configMap", "secret", "projected", "downwardAPI"].iter().any(|it| volume.get(it).is_some());
        if !sub_path.is_empty() {
            ensure_directory(world, id, &source, &inner);
        }
        all.push(Mount {
            path: clean("/", object::field(mount, "mountPath")),
            // Links of a published volume are followed once when a part of it is mounted.
            inner: if sub_path.is_empty() { inner } else { settled(world, id, &source, &inner) },
            source,
            read_only: object::flag(mount, "/readOnly")
                || follows
                || object::flag(volume, "/persistentVolumeClaim/readOnly"),
        });
    }
    Ok(all)
}

fn source_of(world: &mut World, id: &PodId, pod: &Value, volume: &Value) -> Result<(Source, String), String> {
    if let Some(host_path) = volume.get("hostPath") {
        let host = id.get(world).map(|it| it.host.clone()).unwrap_or_default();
        return Ok((Source::Host(host), object::field(host_path, "path").to_owned()));
    }
    if let Some(nfs) = volume.get("nfs") {
        return Ok((Source::Export(nfs_key(nfs)), "/".to_owned()));
    }
    if volume.get("persistentVolumeClaim").is_some() || volume.get("ephemeral").is_some() {
        return claim_source(world, id, pod, volume);
    }
    Ok((Source::Volume(object::field(volume, "name").to_owned()), "/".to_owned()))
}

fn with_tree<T>(
    world: &mut World,
    id: &PodId,
    source: &Source,
    act: impl FnOnce(&mut FileTree) -> T,
) -> Option<T> {
    match source {
        Source::Volume(name) => id.get_mut(world)?.volumes.get_mut(name).map(|it| act(it.files.tree_mut())),
        Source::Host(name) => world.hosts.get_mut(name).map(|it| act(&mut it.files)),
        Source::Export(key) => world.clusters.get_mut(id.cluster)?.runtime.exports.get_mut(key).map(act),
    }
}

/// A sub path that does not exist is made as a directory.
fn ensure_directory(world: &mut World, id: &PodId, source: &Source, inner: &str) {
    let now = world.now;
    let _ = with_tree(world, id, source, |tree| {
        if !tree.exists(inner) {
            let _ = tree.mkdir_all(inner, 0o750, now);
        }
    });
}

fn settled(world: &mut World, id: &PodId, source: &Source, inner: &str) -> String {
    with_tree(world, id, source, |tree| tree.resolve(inner).ok())
        .flatten()
        .unwrap_or_else(|| inner.to_owned())
}
