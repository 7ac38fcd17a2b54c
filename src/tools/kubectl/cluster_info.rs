//! `kubectl cluster-info` and its `dump`.

use super::print::Printer;
use super::verb::{Group, PLAIN, Run, Verb};
use super::{Call, Ctx, Done};
use crate::apimachinery::json::Value;
use crate::apimachinery::object::{field, int, label, list, name, namespace};
use crate::cluster::place::FileOp;
use crate::hosts::files;

/// `kubectl cluster-info`.
pub(crate) static CLUSTER_INFO: Verb = Verb {
    name: "cluster-info",
    aliases: &["clusterinfo"],
    group: Group::Cluster,
    summary: "Display cluster information",
    about: "Prints the addresses of the control plane and of the services with the label kubernetes.io/cluster-service=true.",
    examples: "
        # Where the control plane and the cluster's services answer
        kubectl cluster-info",
    run: Run::Now(run),
    children: &[&DUMP],
    ..PLAIN
};

static DUMP: Verb = Verb {
    name: "dump",
    group: Group::Other,
    summary: "Dump relevant information for debugging and diagnosis",
    about: "Prints nodes, events, workloads, services and logs of kube-system and the current namespace, or writes them\ninto a directory.",
    examples: "
        # Everything about kube-system and the current namespace
        kubectl cluster-info dump
        # All namespaces, into a folder
        kubectl cluster-info dump -A --output-directory=/tmp/state",
    run: Run::Now(dump),
    ..PLAIN
};

fn run(ctx: &mut Ctx<'_>) -> Done {
    let done = services(ctx);
    ctx.out("\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.\n");
    done
}

fn services(ctx: &mut Ctx<'_>) -> Done {
    let (endpoint, _) = ctx.endpoint()?;
    let inside = match ctx.flags.text("namespace") {
        "" => "kube-system".to_owned(),
        given => given.to_owned(),
    };
    ctx.resource("services")?;
    let call = Call::get(format!("/api/v1/namespaces/{inside}/services"))
        .query("labelSelector", "kubernetes.io/cluster-service=true");
    let all = ctx.object(call)?;
    ctx.out(&format!("Kubernetes control plane is running at {}\n", endpoint.server));
    for service in list(&all, "/items") {
        let shown = label(service, "kubernetes.io/name").unwrap_or_else(|| name(service));
        ctx.out(&format!("{shown} is running at {}\n", link(service, &endpoint.server)));
    }
    Ok(())
}

/// Where a service answers: at its load balancer, or through the API server.
fn link(service: &Value, server: &str) -> String {
    let ports = list(service, "/spec/ports");
    if let Some(point) = list(service, "/status/loadBalancer/ingress").first() {
        let host = if field(point, "ip").is_empty() { field(point, "hostname") } else { field(point, "ip") };
        let one = |port: &Value| format!("http://{host}:{} ", int(port, "/port").unwrap_or(0));
        return ports.iter().map(one).collect();
    }
    let mut target = name(service).to_owned();
    if let Some(port) = ports.first() {
        let port_name = field(port, "name");
        if port_name == "https" || int(port, "/port") == Some(443) {
            target = format!("https:{target}:{port_name}");
        } else if !port_name.is_empty() {
            target = format!("{target}:{port_name}");
        }
    }
    format!("{server}/api/v1/namespaces/{}/services/{target}/proxy", namespace(service))
}

/// What a dump holds of each namespace: file name and collection.
const DUMPED: &[(&str, &str, &str)] = &[
    ("events", "v1", "events"),
    ("replication-controllers", "v1", "replicationcontrollers"),
    ("services", "v1", "services"),
    ("daemonsets", "apps/v1", "daemonsets"),
    ("deployments", "apps/v1", "deployments"),
    ("replicasets", "apps/v1", "replicasets"),
    ("pods", "v1", "pods"),
];

fn dump(ctx: &mut Ctx<'_>) -> Done {
    let nodes = ctx.get_object("/api/v1/nodes")?;
    let mut printer = Printer::of(ctx)?;
    let text = printer.text(&nodes, "")?;
    let extension = match ctx.flags.text("output") {
        "json" => ".json",
        "yaml" => ".yaml",
        _ => ".txt",
    };
    write(ctx, &format!("nodes{extension}"), &text);
    for namespace in namespaces(ctx)? {
        let mut pods = Vec::new();
        for (file, version, resource) in DUMPED {
            let root = if version.contains('/') { "/apis" } else { "/api" };
            let listed = ctx.get_object(format!("{root}/{version}/namespaces/{namespace}/{resource}"))?;
            let text = printer.text(&listed, "")?;
            write(ctx, &format!("{namespace}/{file}{extension}"), &text);
            if *resource == "pods" {
                pods = list(&listed, "/items").to_vec();
            }
        }
        for pod in &pods {
            let text = logs(ctx, pod);
            write(ctx, &format!("{namespace}/{}/logs.txt", name(pod)), &text);
        }
    }
    match ctx.flags.text("output-directory") {
        "" | "-" => {}
        directory => ctx.out(&format!("Cluster info dumped to {directory}\n")),
    }
    Ok(())
}

fn namespaces(ctx: &mut Ctx<'_>) -> Result<Vec<String>, super::Failure> {
    if ctx.flags.on("all-namespaces") {
        let all = ctx.get_object("/api/v1/namespaces")?;
        return Ok(list(&all, "/items").iter().map(|one| name(one).to_owned()).collect());
    }
    let given = ctx.flags.list("namespaces");
    if given.is_empty() { Ok(vec!["kube-system".to_owned(), ctx.namespace()?.name]) } else { Ok(given) }
}

fn logs(ctx: &mut Ctx<'_>, pod: &Value) -> String {
    let (pod_name, namespace) = (name(pod), namespace(pod));
    let mut out = String::new();
    for container in list(pod, "/spec/initContainers").iter().chain(list(pod, "/spec/containers")) {
        let container = field(container, "name");
        out += &format!("==== START logs for container {container} of pod {namespace}/{pod_name} ====\n");
        let call = Call::get(format!("/api/v1/namespaces/{namespace}/pods/{pod_name}/log"))
            .query("container", container);
        out += &match ctx.text_of(call) {
            Ok(text) => text,
            Err(failure) => format!("Request log error: {}\n", failure.sentence()),
        };
        out += &format!("==== END logs for container {container} of pod {namespace}/{pod_name} ====\n");
    }
    out
}

/// Prints, or writes into the directory that was asked for.
fn write(ctx: &Ctx<'_>, file: &str, text: &str) {
    let directory = ctx.flags.text("output-directory");
    if ["", "-"].contains(&directory) {
        return ctx.out(text);
    }
    let path = ctx.proc.path(&format!("{directory}/{file}"));
    let parent = FileOp::Mkdir { path: files::parent(&path), mode: 0o755, parents: true };
    // What cannot be written is left out; the real command does not look either.
    let _ = ctx.proc.change_files(parent);
    let _ = ctx.proc.write_file(&path, text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::json::json;
    use crate::apimachinery::object::set;

    #[test]
    fn services_answer_through_the_server() {
        let mut dns = json!({"metadata": {"name": "kube-dns", "namespace": "kube-system"},
            "spec": {"ports": [{"name": "dns", "port": 53}]}});
        let proxy = "https://h:6443/api/v1/namespaces/kube-system/services/kube-dns:dns/proxy";
        assert_eq!(link(&dns, "https://h:6443"), proxy);
        set(&mut dns, &["status"], json!({"loadBalancer": {"ingress": [{"ip": "1.2.3.4"}]}}));
        assert_eq!(link(&dns, "https://h:6443"), "http://1.2.3.4:53 ");
    }
}
