//! kube-controller-manager: kubeconfigs, the leader's lease, and the files of its controllers.

use std::time::Duration;

use super::super::flags;
use super::super::script::{Program, Start, Verdict, go_quote};
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::cluster::controllers::options as controller_options;

pub(super) const PROGRAM: Program = Program {
    name: "kube-controller-manager",
    text: include_str!("../../../../assets/logs/kube-controller-manager.txt"),
    check,
    holds: |_, _| false,
    value: |start, name| match name {
        "bind" => {
            let (address, port) = start.secure_address(PORT);
            if address.is_unspecified() { format!("[::]:{port}") } else { format!("{address}:{port}") }
        }
        _ => String::new(),
    },
};

const PORT: u16 = 10_257;

/// How often an instance that is not the leader tries again.
const RETRY: Duration = Duration::from_secs(3);

fn check(start: &Start<'_>, point: &str) -> Verdict {
    match point {
        "options" => Verdict::of(options(start)),
        "files" => Verdict::of(files(start)),
        "api" => api(start),
        "tokens" => tokens(start).map_or(Verdict::Fine, |(controller, why)| stopped(controller, &why)),
        "controllers" => {
            controllers(start).map_or(Verdict::Fine, |(controller, why)| stopped(controller, &why))
        }
        _ => Verdict::Fine,
    }
}

fn options(start: &Start<'_>) -> Result<(), String> {
    if let Some(problem) = start.set("feature-gates").and_then(flags::gate_problem) {
        return Err(problem);
    }
    let listed =
        start.process.flag_list("controllers").into_iter().map(|it| it.trim_start_matches(['-', '+']));
    match listed.into_iter().find(|it| *it != "*" && !controller_options::is_known(it)) {
        Some(unknown) => Err(format!("{unknown:?} is not in the list of known controllers")),
        None => Ok(()),
    }
}

fn files(start: &Start<'_>) -> Result<(), String> {
    if let Some(path) = start.set("kubeconfig") {
        start.kubeconfig(path)?;
    }
    start.listen(PORT)?;
    for (flag, what) in
        [("authentication-kubeconfig", "authentication"), ("authorization-kubeconfig", "authorization")]
    {
        if let Some(path) = start.set(flag) {
            let prefix = format!("failed to get delegated {what} kubeconfig");
            start.kubeconfig(path).map_err(|why| format!("{prefix}: {prefix}: {why}"))?;
        }
    }
    start.readable(&["client-ca-file"]).map_err(|why| format!("unable to load client CA provider: {why}"))?;
    start.readable(&["requestheader-client-ca-file"])
}

fn api(start: &Start<'_>) -> Verdict {
    let lock = "kube-system/kube-controller-manager";
    let path = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/kube-controller-manager";
    let Err(answer) = start.ask(path) else { return Verdict::Fine };
    let why =
        answer.sentence(&format!("{path}?timeout=5s"), "leases.coordination.k8s.io kube-controller-manager");
    let line = format!(
        "E leaderelection.go:461] \"Error retrieving lease lock\" err={} lock={lock:?}",
        go_quote(&why)
    );
    Verdict::Stuck { said: vec![line], every: RETRY }
}

/// A controller that cannot be built ends the whole program.
fn stopped(controller: &str, why: &str) -> Verdict {
    let mut said = vec![
        (
            0,
            format!(
                "E controllermanager.go:683] \"Error initializing a controller\" err={} controller={controller:?}",
                go_quote(why)
            ),
        ),
        (0, format!("E controllermanager.go:296] \"Error building controllers\" err={}", go_quote(why))),
    ];
    // The token controller comes first, while the lease is still being renewed.
    if controller == "serviceaccount-token-controller" && why.contains("root-ca-file") {
        let lock = "lock=\"kube-system/kube-controller-manager\"";
        said.push((0, format!("E leaderelection.go:461] \"Error retrieving lease lock\" err=\"client rate limiter Wait returned an error: context canceled\" {lock}")));
        said.push((
            0,
            format!("I leaderelection.go:304] \"Failed to renew lease\" {lock} err=\"context canceled\""),
        ));
    }
    said.push((0, "E controllermanager.go:440] \"leaderelection lost/stopped\"".to_owned()));
    Verdict::Ends { said, code: 1 }
}

fn tokens(start: &Start<'_>) -> Option<(&'static str, String)> {
    let controller = "serviceaccount-token-controller";
    if let Some(Err(why)) = start.set("service-account-private-key-file").map(|path| start.read(path)) {
        return Some((controller, format!("error reading key for service account token controller: {why}")));
    }
    let path = start.set("root-ca-file")?;
    let why = match start.read(path) {
        Err(why) => why,
        Ok(text) if crate::hosts::certificates::certificates(&text).is_empty() => {
            "data does not contain any valid RSA or ECDSA certificates".to_owned()
        }
        Ok(_) => {
            let own = start.set("use-service-account-credentials") == Some("true");
            let path = "/api/v1/namespaces/kube-system/serviceaccounts/horizontal-pod-autoscaler";
            let answer = own.then(|| start.ask(path).err()).flatten()?;
            let why = answer.sentence(path, "serviceaccounts horizontal-pod-autoscaler");
            return Some((
                "horizontal-pod-autoscaler-controller",
                format!("failed to create Kubernetes client config for \"horizontal-pod-autoscaler\": {why}"),
            ));
        }
    };
    Some((controller, format!("error parsing root-ca-file at {path}: {why}")))
}

fn controllers(start: &Start<'_>) -> Option<(&'static str, String)> {
    node_ipam(start)
        .map(|why| ("node-ipam-controller", why))
        .or_else(|| signing(start).map(|why| ("certificatesigningrequest-signing-controller", why)))
}

fn node_ipam(start: &Start<'_>) -> Option<String> {
    if !matches!(start.process.flag("allocate-node-cidrs"), Some("true" | "")) {
        return None;
    }
    let given = start.process.flag("cluster-cidr").unwrap_or("");
    for (index, cidr) in given.split(',').enumerate() {
        let Ok(network) = cidr.parse::<ipnet::IpNet>() else {
            return Some(format!("invalid CIDR[{index}]: <nil> (invalid CIDR address: {cidr})"));
        };
        let usual = if network.addr().is_ipv4() { 24 } else { 64 };
        let mask = start.set("node-cidr-mask-size").and_then(|it| it.parse().ok()).unwrap_or(usual);
        if network.prefix_len() > mask {
            return Some(
                "Controller: Invalid --cluster-cidr, mask size of cluster CIDR must be less than or equal to \
                 --node-cidr-mask-size configured for CIDR family"
                    .into(),
            );
        }
    }
    out_of_range(start, given)
}

/// A range that a node already has must be one of those that are given out.
fn out_of_range(start: &Start<'_>, given: &str) -> Option<String> {
    let networks: Vec<ipnet::IpNet> = given.split(',').filter_map(|it| it.parse().ok()).collect();
    let store = &start.world.clusters.get(start.cluster)?.store;
    store.list("nodes", "").find_map(|node| {
        let ranges = object::list(node, "/spec/podCIDRs").iter().filter_map(Value::as_str);
        ranges.enumerate().find_map(|(index, range)| {
            let (own, pool) = (range.parse::<ipnet::IpNet>().ok()?, networks.get(index)?);
            (!pool.contains(&own)).then(|| {
                format!(
                    "failed to mark cidr[{own}] at idx [{index}] as occupied for node: {}: cidr {own} is out the range of cluster cidr {}",
                    object::name(node),
                    pool.trunc()
                )
            })
        })
    })
}

fn signing(start: &Start<'_>) -> Option<String> {
    let certificate = start.set("cluster-signing-cert-file")?;
    let key = start.set("cluster-signing-key-file")?;
    let why = start.key_pair(certificate, key).err()?;
    Some(format!(
        "failed to init kubernetes.io/kubelet-serving certificate controller: error reading CA cert file {certificate:?}: {why}"
    ))
}
