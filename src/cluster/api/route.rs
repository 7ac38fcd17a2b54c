//! Paths of the API: `/api/v1/namespaces/default/pods/web/log` in its parts.

/// What a path under `/api` or `/apis` names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Route {
    /// Empty for the core group.
    pub(crate) group: String,
    pub(crate) version: String,
    /// Empty for all namespaces and for cluster-scoped resources.
    pub(crate) namespace: String,
    /// Plural; empty for `/api/v1` itself.
    pub(crate) resource: String,
    pub(crate) name: String,
    /// May hold slashes behind `proxy`.
    pub(crate) subresource: String,
    /// `watch` as a path part, the old way to ask for one.
    pub(crate) watch: bool,
}

/// Reads a path; `None` when it is not one of a group and version.
pub(crate) fn parse(path: &str) -> Option<Route> {
    let mut parts = path.trim_matches('/').split('/').filter(|part| !part.is_empty());
    let mut route = Route::default();
    match parts.next()? {
        "api" => route.version = parts.next()?.to_owned(),
        "apis" => {
            route.group = parts.next()?.to_owned();
            route.version = parts.next()?.to_owned();
        }
        _ => return None,
    }
    let mut rest: Vec<&str> = parts.collect();
    if rest.first() == Some(&"watch") {
        route.watch = true;
        rest.remove(0);
    }
    fill(&mut route, &rest);
    Some(route)
}

fn fill(route: &mut Route, parts: &[&str]) {
    match parts {
        // `namespaces/x/status` and `namespaces/x/finalize` are subresources of the namespace.
        ["namespaces", name, sub @ ("status" | "finalize")] => {
            route.resource = "namespaces".into();
            route.name = (*name).into();
            route.subresource = (*sub).into();
        }
        ["namespaces", namespace, resource, rest @ ..] => {
            route.namespace = (*namespace).into();
            set_rest(route, resource, rest);
        }
        [resource, rest @ ..] => set_rest(route, resource, rest),
        [] => {}
    }
}

fn set_rest(route: &mut Route, resource: &str, rest: &[&str]) {
    route.resource = resource.into();
    if let [name, sub @ ..] = rest {
        route.name = percent_decoded(name);
        route.subresource = sub.join("/");
    }
}

/// `%3A` as `:`; what is no escape stays.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = (*first == b'%').then(|| tail.get(..2)).flatten();
        let byte = hex
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match byte {
            Some(byte) => {
                bytes.push(byte);
                rest = tail.get(2..).unwrap_or(&[]);
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, want: [&str; 6]) {
        let it = parse(path).unwrap();
        assert_eq!(
            [it.group, it.version, it.namespace, it.resource, it.name, it.subresource],
            want,
            "{path}"
        );
    }

    #[test]
    fn paths_fall_into_their_parts() {
        check("/api/v1/pods", ["", "v1", "", "pods", "", ""]);
        check("/api/v1/namespaces/a/pods/web/log", ["", "v1", "a", "pods", "web", "log"]);
        check("/api/v1/namespaces/a/finalize", ["", "v1", "", "namespaces", "a", "finalize"]);
        check("/api/v1/namespaces/a", ["", "v1", "", "namespaces", "a", ""]);
        check("/apis/apps/v1/namespaces/a/deployments", ["apps", "v1", "a", "deployments", "", ""]);
        let role = ["rbac.authorization.k8s.io", "v1", "", "clusterroles", "system:node", ""];
        check("/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode", role);
        check("/api/v1/namespaces/a/services/s/proxy/x/y", ["", "v1", "a", "services", "s", "proxy/x/y"]);
        assert_eq!(parse("/healthz"), None);
    }
}
