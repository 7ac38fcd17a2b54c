//! What the server tells about itself: groups, versions and resources, plain and aggregated.

use std::sync::Arc;

use super::resources::{self, Resource, Subresource};
use super::route::Route;
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::status::Status;
use crate::cluster::{Cluster, Request, Response};

/// `/api`, `/apis`, `/apis/G`; `None` for other paths.
pub(crate) fn root(cluster: &Cluster, request: &Request) -> Option<Response> {
    let parts: Vec<&str> = request.path.split('/').filter(|part| !part.is_empty()).collect();
    let aggregated = request.accept.contains("as=APIGroupDiscoveryList");
    match parts.as_slice() {
        ["api"] if aggregated => Some(Response::json(200, aggregate(cluster, true))),
        ["apis"] if aggregated => Some(Response::json(200, aggregate(cluster, false))),
        ["api"] => Some(Response::json(200, core_versions(cluster))),
        ["apis"] => Some(Response::json(200, group_list(cluster))),
        ["apis", group] => Some(match groups(cluster).into_iter().find(|it| it.name == *group) {
            Some(group) => Response::json(200, group.to_object(true)),
            None => not_found(),
        }),
        _ => None,
    }
}

fn not_found() -> Response {
    Response::refused(&Status::no_such_path())
}

/// `/api/v1`, `/apis/apps/v1`.
pub(crate) fn group_version(cluster: &Cluster, route: &Route) -> Response {
    let resources: Vec<Value> = served(cluster)
        .iter()
        .filter(|it| it.group == route.group && it.version == route.version)
        .flat_map(|it| resource_rows(it))
        .collect();
    let known =
        groups(cluster).iter().any(|it| it.name == route.group && it.versions.contains(&route.version));
    if resources.is_empty() && !known {
        return not_found();
    }
    let version = if route.group.is_empty() {
        route.version.clone()
    } else {
        format!("{}/{}", route.group, route.version)
    };
    let body = json!({
        "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": resources,
    });
    Response::json(200, body)
}

fn served(cluster: &Cluster) -> Vec<Arc<Resource>> {
    resources::all(cluster)
}

/// A group with its versions, the preferred one first.
struct Group {
    name: String,
    versions: Vec<String>,
}

impl Group {
    fn to_object(&self, standalone: bool) -> Value {
        let version = |version: &String| json!({"groupVersion": format!("{}/{version}", self.name), "version": version});
        let mut object = json!({
            "name": self.name, "versions": self.versions.iter().map(version).collect::<Vec<_>>(),
            "preferredVersion": self.versions.first().map(version),
        });
        if standalone {
            object["kind"] = "APIGroup".into();
            object["apiVersion"] = "v1".into();
        }
        object
    }
}

/// All groups, the core group first, built-in ones in the server's order, those of custom resources by name.
fn groups(cluster: &Cluster) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut customs: Vec<Group> = Vec::new();
    for resource in served(cluster) {
        let list = if resource.is_custom() { &mut customs } else { &mut groups };
        match list.iter_mut().find(|it| it.name == resource.group) {
            Some(group) if group.versions.contains(&resource.version) => {}
            Some(group) => group.versions.push(resource.version.clone()),
            None => {
                list.push(Group { name: resource.group.clone(), versions: vec![resource.version.clone()] })
            }
        }
    }
    customs.sort_by(|a, b| a.name.cmp(&b.name));
    for group in &mut customs {
        group.versions.sort_by_key(|version| std::cmp::Reverse(version_rank(version)));
    }
    groups.extend(customs);
    groups
}

/// How versions compare: `v2` over `v1` over `v1beta2` over `v1alpha1` over other words.
///
/// Rules of apimachinery's `version.CompareKubeAwareVersionStrings`.
pub(crate) fn version_rank(version: &str) -> (u8, u64, u64, std::cmp::Reverse<String>) {
    let other = || (0, 0, 0, std::cmp::Reverse(version.to_owned()));
    let Some(rest) = version.strip_prefix('v') else { return other() };
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (major, stage) = rest.split_at(end);
    let Ok(major) = major.parse::<u64>() else { return other() };
    let none = std::cmp::Reverse(String::new());
    match stage {
        "" => (3, major, 0, none),
        _ => {
            let (rank, minor) = match (stage.strip_prefix("beta"), stage.strip_prefix("alpha")) {
                (Some(minor), _) => (2, minor),
                (_, Some(minor)) => (1, minor),
                _ => return other(),
            };
            minor.parse().map_or_else(|_| other(), |minor| (rank, major, minor, none))
        }
    }
}

fn core_versions(cluster: &Cluster) -> Value {
    let address = cluster.server.trim_start_matches("https://");
    json!({
        "kind": "APIVersions", "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}],
    })
}

fn group_list(cluster: &Cluster) -> Value {
    let groups = groups(cluster);
    let listed: Vec<Value> =
        groups.iter().filter(|it| !it.name.is_empty()).map(|it| it.to_object(false)).collect();
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": listed})
}

/// The rows of an APIResourceList: the resource and its subresources.
fn resource_rows(resource: &Resource) -> Vec<Value> {
    let mut row = json!({
        "name": resource.plural, "singularName": resource.singular, "namespaced": resource.namespaced,
        "kind": resource.kind, "verbs": resource.verbs,
    });
    if !resource.short_names.is_empty() {
        row["shortNames"] = resource.short_names.clone().into();
    }
    if !resource.categories.is_empty() {
        row["categories"] = resource.categories.clone().into();
    }
    if !resource.storage_hash.is_empty() {
        row["storageVersionHash"] = resource.storage_hash.as_str().into();
    }
    let mut rows = vec![row];
    rows.extend(resource.subresources.iter().map(|sub| subresource_row(resource, sub)));
    rows
}

fn subresource_row(resource: &Resource, sub: &Subresource) -> Value {
    let mut row = json!({
        "name": format!("{}/{}", resource.plural, sub.name), "singularName": "",
        "namespaced": resource.namespaced, "kind": sub.kind, "verbs": sub.verbs,
    });
    if let Some((group, version)) = &sub.of {
        row["group"] = group.as_str().into();
        row["version"] = version.as_str().into();
    }
    row
}

/// `apidiscovery.k8s.io/v2`, for `/api` (`core`) or `/apis`.
fn aggregate(cluster: &Cluster, core: bool) -> Value {
    let all = served(cluster);
    let items: Vec<Value> = groups(cluster)
        .iter()
        .filter(|group| group.name.is_empty() == core)
        .map(|group| {
            let versions: Vec<Value> =
                group.versions.iter().map(|version| aggregate_version(&all, &group.name, version)).collect();
            let metadata = if core {
                json!({"creationTimestamp": null})
            } else {
                json!({"name": group.name, "creationTimestamp": null})
            };
            json!({"metadata": metadata, "versions": versions})
        })
        .collect();
    json!({"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items})
}

fn aggregate_version(all: &[Arc<Resource>], group: &str, version: &str) -> Value {
    let fits = |it: &&Arc<Resource>| it.group == group && it.version == version;
    let resources: Vec<Value> = all.iter().filter(fits).map(|it| aggregate_resource(it)).collect();
    json!({"version": version, "resources": resources, "freshness": "Current"})
}

fn aggregate_resource(resource: &Resource) -> Value {
    let kind = |of: &Option<(String, String)>, kind: &str| {
        let (group, version) = match of {
            Some((group, version)) => (group.clone(), version.clone()),
            None if resource.is_custom() => (resource.group.clone(), resource.version.clone()),
            None => (String::new(), String::new()),
        };
        json!({"group": group, "version": version, "kind": kind})
    };
    let mut row = json!({
        "resource": resource.plural, "responseKind": kind(&None, &resource.kind),
        "scope": if resource.namespaced { "Namespaced" } else { "Cluster" },
        "singularResource": resource.singular, "verbs": resource.verbs,
    });
    if !resource.short_names.is_empty() {
        row["shortNames"] = resource.short_names.clone().into();
    }
    if !resource.categories.is_empty() {
        row["categories"] = resource.categories.clone().into();
    }
    let subresources: Vec<Value> = resource
        .subresources
        .iter()
        .map(|sub| json!({"subresource": sub.name, "responseKind": kind(&sub.of, &sub.kind), "verbs": sub.verbs}))
        .collect();
    if !subresources.is_empty() {
        row["subresources"] = subresources.into();
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_sort_as_clients_prefer_them() {
        let mut versions = ["v1alpha1", "v2", "foo", "v1", "v1beta2", "v10", "v1beta10"];
        versions.sort_by_key(|it| std::cmp::Reverse(version_rank(it)));
        assert_eq!(versions, ["v10", "v2", "v1", "v1beta10", "v1beta2", "v1alpha1", "foo"]);
    }
}
