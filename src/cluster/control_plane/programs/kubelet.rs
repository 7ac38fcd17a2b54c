//! kubelet: its configuration file, kubeconfig, container runtime, port, and its node.

use std::net::Ipv4Addr;
use std::time::Duration;

use super::super::flags;
use super::super::inside::Answer;
use super::super::script::{Program, Start, Verdict, command_failed, go_quote};
use super::kubelet_config;
use crate::apimachinery::json::Value;
use crate::apimachinery::quantity;
use crate::apimachinery::{object, yaml};
use crate::cluster::kubelet::runtime;

pub(super) const PROGRAM: Program = Program {
    name: "kubelet",
    text: include_str!("../../../../assets/logs/kubelet.txt"),
    check,
    holds: |start, condition| condition == "static" && !static_path(start).is_empty(),
    value,
};

fn check(start: &Start<'_>, point: &str) -> Verdict {
    match point {
        "config" => match config(start) {
            Ok(config) => configured(start, &config),
            Err(why) => Verdict::failed(&why),
        },
        "kubeconfig" => kubeconfig(start),
        "authorization" => Verdict::of(authorization(start).map_err(failed_to_run)),
        "runtime" => runtime_answers(start),
        "eviction" => Verdict::of(eviction(start).map_err(failed_to_run)),
        "swap" => swap(start),
        "static-path" => static_path_missing(start),
        "serving-cert" => Verdict::of(serving_certificate(start).map_err(failed_to_run)),
        "port" => port(start),
        "api" => api(start),
        _ => Verdict::Fine,
    }
}

fn failed_to_run(why: String) -> String {
    format!("failed to run Kubelet: {why}")
}

fn config_path<'a>(start: &'a Start<'_>) -> &'a str {
    start.set("config").unwrap_or("")
}

/// The configuration file as the kubelet takes it; null without one.
fn config(start: &Start<'_>) -> Result<Value, String> {
    let path = config_path(start);
    if path.is_empty() {
        return Ok(Value::Null);
    }
    let wrong = |why: &str| {
        format!(
            "failed to load kubelet config file, path: {path}, error: failed to load Kubelet config file {path}, error {why}"
        )
    };
    let text = start
        .read(path)
        .map_err(|why| wrong(&format!("failed to read kubelet config file {path:?}, error: {why}")))?;
    let decode = |why: &str| wrong(&format!("failed to decode: {why}"));
    let documents = yaml::documents(&without_duplicates(&text))
        .map_err(|why| decode(why.trim_start_matches("error converting YAML to JSON: ")))?;
    let config = documents.into_iter().next().unwrap_or(Value::Null);
    let (version, kind) = (object::text(&config, "/apiVersion"), object::text(&config, "/kind"));
    if kind.is_empty() || version.is_empty() {
        let missing = if kind.is_empty() { "Kind" } else { "apiVersion" };
        return Err(decode(&format!("Object '{missing}' is missing in '{text}'")));
    }
    if version != "kubelet.config.k8s.io/v1beta1" || kind != "KubeletConfiguration" {
        return Err(decode(&format!(
            "no kind {kind:?} is registered for version {version:?} in scheme \"pkg/kubelet/apis/config/scheme/scheme.go:33\""
        )));
    }
    kubelet_config::check_types(&config).map_err(|why| decode(&why))?;
    Ok(config)
}

/// The lines of a file without a second mention of a top-level key, which the lenient decoder skips.
fn without_duplicates(text: &str) -> String {
    let mut seen: Vec<&str> = Vec::new();
    let mut kept = String::new();
    for line in text.lines() {
        let key = top_key(line);
        if let Some(key) = key {
            if seen.contains(&key) {
                continue;
            }
            seen.push(key);
        }
        kept.push_str(line);
        kept.push('\n');
    }
    kept
}

fn top_key(line: &str) -> Option<&str> {
    let key = line.split_once(':').map(|(key, _)| key)?;
    (!key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric())).then_some(key)
}

/// What the strict decoder did not like, and gates.
fn configured(start: &Start<'_>, config: &Value) -> Verdict {
    if let Some(why) = start.set("node-labels").and_then(flags::node_labels_problem) {
        return Verdict::failed(&format!("failed to validate kubelet flags: {why}"));
    }
    if let Some(problem) = start.set("feature-gates").and_then(flags::gate_problem) {
        let why = format!("failed to set feature gates from initial flags-based config: {problem}");
        return Verdict::failed(&why);
    }
    let gates: Vec<String> = object::at(config, "/featureGates")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(name, on)| format!("{name}={on}"))
        .collect();
    if let Some(problem) = flags::gate_problem(&gates.join(",")) {
        let panic = format!(
            "panic: failed to merge global and in-flight KubeletConfiguration while setting defaults, error: {problem}"
        );
        let said = [
            panic.as_str(),
            "",
            "goroutine 1 [running]:",
            "main.main()",
            "\tk8s.io/kubernetes/cmd/kubelet/kubelet.go:37 +0x2a",
        ];
        return Verdict::Ends { said: said.iter().map(|it| (0, (*it).to_owned())).collect(), code: 2 };
    }
    let lenient = "I codec.go:102] \"Using lenient decoding as strict decoding failed\"";
    let text = start.read(config_path(start)).unwrap_or_default();
    let unknown = kubelet_config::unknown_fields(config);
    if !unknown.is_empty() {
        let all: Vec<String> = unknown.iter().map(|it| format!("unknown field {it:?}")).collect();
        let why = go_quote(&format!("strict decoding error: {}", all.join(", ")));
        return Verdict::Says(vec![format!("{lenient} err={why}")]);
    }
    let mut seen: Vec<&str> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let Some(key) = top_key(line) else { continue };
        if seen.contains(&key) {
            return Verdict::Says(vec![format!(
                "{lenient} err=<\n\tstrict decoding error: yaml: unmarshal errors:\n\t  line {}: key {key:?} already set in map\n >",
                number + 1
            )]);
        }
        seen.push(key);
    }
    Verdict::Fine
}

/// What the kubelet has to identify itself: the kubeconfig, or one to bootstrap with.
fn kubeconfig(start: &Start<'_>) -> Verdict {
    let Some(path) = start.set("kubeconfig") else { return Verdict::Fine };
    let exists = start.process.host_path(path).is_some_and(|it| start.machine.files.exists(&it));
    let problem = if !exists {
        None
    } else {
        match start.kubeconfig(path) {
            Err(why) => Some(why),
            Ok(config) => match client_files(start, &config) {
                Ok(()) => return Verdict::Fine,
                Err(why) => Some(why),
            },
        }
    };
    let said = problem.map(|why| {
        let why = format!("unable to read existing bootstrap client config from {path}: {why}");
        (
            0,
            format!(
                "E bootstrap.go:242] \"Unhandled Error\" err={} logger=\"UnhandledError\"",
                go_quote(&why)
            ),
        )
    });
    let bootstrap = start.set("bootstrap-kubeconfig").unwrap_or("");
    match start.kubeconfig(bootstrap) {
        Ok(_) => said.map_or(Verdict::Fine, |(_, line)| Verdict::Says(vec![line])),
        Err(why) => {
            let last = command_failed(&failed_to_run(format!("unable to load bootstrap kubeconfig: {why}")));
            Verdict::Ends { said: said.into_iter().chain([(0, last)]).collect(), code: 1 }
        }
    }
}

/// The files that a kubeconfig's user names.
fn client_files(start: &Start<'_>, config: &Value) -> Result<(), String> {
    let user = object::list(config, "/users").first().cloned().unwrap_or(Value::Null);
    let name = object::field(&user, "name").to_owned();
    let mut wrong = Vec::new();
    for (field, what) in [("client-certificate", "client-cert"), ("client-key", "client-key")] {
        let path = object::text(&user, &format!("/user/{field}"));
        if path.is_empty() {
            continue;
        }
        if let Err(why) = start.read(path) {
            wrong.push(format!("unable to read {what} {path} for {name} due to {why}"));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(format!("invalid configuration: [{}]", wrong.join(", "))) }
}

fn authorization(start: &Start<'_>) -> Result<(), String> {
    let config = config(start).unwrap_or_default();
    let path = object::text(&config, "/authentication/x509/clientCAFile");
    if !path.is_empty() {
        start.read(path)?;
    }
    match object::text(&config, "/authorization/mode") {
        "" | "Webhook" | "AlwaysAllow" => Ok(()),
        other => Err(format!("unknown authorization mode {other}")),
    }
}

/// Asks the container runtime for its version.
fn runtime_answers(start: &Start<'_>) -> Verdict {
    let config = config(start).unwrap_or_default();
    let endpoint = start
        .set("container-runtime-endpoint")
        .or_else(|| Some(object::text(&config, "/containerRuntimeEndpoint")).filter(|it| !it.is_empty()))
        .unwrap_or("unix:///run/containerd/containerd.sock");
    let validate = |why: &str| {
        command_failed(&failed_to_run(format!(
            "validate service connection: validate CRI v1 runtime API for endpoint {endpoint:?}: {why}"
        )))
    };
    match runtime::dial(start.machine, endpoint) {
        Ok(()) => Verdict::Fine,
        Err(runtime::Refusal::Unimplemented) => Verdict::fatal(validate(
            "rpc error: code = Unimplemented desc = unknown service runtime.v1.RuntimeService",
        )),
        Err(runtime::Refusal::Dial(why)) => {
            let path = endpoint.strip_prefix("unix://").unwrap_or(endpoint);
            let desc = format!(
                "connection error: desc = \"transport: Error while dialing: dial unix {path}: connect: {why}\""
            );
            let first = format!(
                "W logging.go:55] [core] [Channel #1 SubChannel #2] grpc: addrConn.createTransport failed to connect to {{Addr: {path:?}, ServerName: \"localhost\", }}. Err: {desc}"
            );
            let last = validate(&format!("rpc error: code = Unavailable desc = {desc}"));
            Verdict::Ends { said: vec![(0, first), (0, last)], code: 1 }
        }
    }
}

fn eviction(start: &Start<'_>) -> Result<(), String> {
    let config = config(start).unwrap_or_default();
    let hard = object::at(&config, "/evictionHard").and_then(Value::as_object).into_iter().flatten();
    for (_, value) in hard {
        let text = value.as_str().unwrap_or("");
        if text.ends_with('%') || quantity::Quantity::parse(text).is_ok() {
            continue;
        }
        return Err(
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
                .into(),
        );
    }
    Ok(())
}

fn swap(start: &Start<'_>) -> Verdict {
    let swaps = start.machine.files.read_text("/proc/swaps").unwrap_or_default();
    let config = config(start).unwrap_or_default();
    let fail = object::at(&config, "/failSwapOn").and_then(Value::as_bool).unwrap_or(true)
        && start.process.flag("fail-swap-on") != Some("false");
    let rows: Vec<&str> = swaps.lines().collect();
    if rows.len() < 2 || !fail {
        return Verdict::Fine;
    }
    let contents: String = rows.iter().map(|row| format!("\t{row}\n")).collect();
    let first = format!("I swap_util.go:119] \"Swap is on\" /proc/swaps contents=<\n{contents} >");
    let last = command_failed(&failed_to_run(
        "running with swap on is not supported, please disable swap or set --fail-swap-on flag to false"
            .into(),
    ));
    Verdict::Ends { said: vec![(0, first), (0, last)], code: 1 }
}

fn static_path(start: &Start<'_>) -> String {
    object::text(&config(start).unwrap_or_default(), "/staticPodPath").to_owned()
}

fn static_path_missing(start: &Start<'_>) -> Verdict {
    let path = static_path(start);
    if path.is_empty() || start.machine.files.is_directory(&path) {
        return Verdict::Fine;
    }
    let line = |at: &str| {
        format!("E {at}] \"Unable to read config path\" err=\"path does not exist, ignoring\" path={path:?}")
    };
    Verdict::Says(vec![line("file.go:98"), line("file_linux.go:59")])
}

fn serving_certificate(start: &Start<'_>) -> Result<(), String> {
    let config = config(start).unwrap_or_default();
    let (certificate, key) =
        (object::text(&config, "/tlsCertFile"), object::text(&config, "/tlsPrivateKeyFile"));
    if certificate.is_empty() && key.is_empty() {
        return Ok(());
    }
    start.key_pair(certificate, key).map_err(|why| {
        format!("failed to create kubelet: failed to initialize file based certificate manager: unable to set up dynamic certificate manager for kubelet server cert files: {why}")
    })
}

fn port(start: &Start<'_>) -> Verdict {
    let config = config(start).unwrap_or_default();
    let port = object::int(&config, "/port").and_then(|it| u16::try_from(it).ok()).unwrap_or(10_250);
    // The kubelet that is being started is itself what the machine lists on its port.
    let other =
        crate::cluster::network::listeners::on_host_network_port(start.world, &start.machine.name, port);
    if other {
        let why = format!("listen tcp {}:{port}: bind: address already in use", Ipv4Addr::UNSPECIFIED);
        return Verdict::fatal(format!("E server.go:209] \"Failed to listen and serve\" err={why:?}"));
    }
    Verdict::Fine
}

/// Registers the node, or keeps trying.
fn api(start: &Start<'_>) -> Verdict {
    let node = start.set("hostname-override").unwrap_or(start.machine.hostname()).to_owned();
    let lease = format!("/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/{node}");
    let Err(answer) = start.ask(&lease) else { return Verdict::Fine };
    let why = |path: &str, what: &str| go_quote(&answer.sentence(path, what));
    let register = match &answer {
        Answer::Nobody { server, why } => go_quote(&format!("Post \"{server}/api/v1/nodes\": {why}")),
        other => go_quote(&other.sentence("", "nodes")),
    };
    let list = format!("/api/v1/nodes?fieldSelector=metadata.name%3D{node}&limit=500&resourceVersion=0");
    let listed = go_quote(&format!("failed to list *v1.Node: {}", answer.sentence(&list, "nodes")));
    let said = vec![
        format!(
            "E kubelet_node_status.go:111] \"Unable to register node with API server\" err={register} node={node:?}"
        ),
        format!(
            "E controller.go:201] \"Failed to ensure lease exists, will retry\" err={} interval=\"7s\"",
            why(&format!("{lease}?timeout=10s"), "leases")
        ),
        format!(
            "E reflector.go:227] \"Failed to watch\" err={listed} logger=\"UnhandledError\" reflector=\"k8s.io/client-go/informers/factory.go:177\" type=\"*v1.Node\""
        ),
        format!(
            "E eviction_manager.go:297] \"Eviction manager: failed to get summary stats\" err={}",
            go_quote(&format!("failed to get node info: node {node:?} not found"))
        ),
        format!(
            "E kubelet.go:3531] \"Unable to register mirror pod because node is not registered yet\" err={} node={node:?}",
            go_quote(&format!("node {node:?} not found"))
        ),
    ];
    Verdict::Stuck { said, every: Duration::from_secs(7) }
}

fn value(start: &Start<'_>, name: &str) -> String {
    let config = || config(start).unwrap_or_default();
    match name {
        "config-client-ca" => object::text(&config(), "/authentication/x509/clientCAFile").to_owned(),
        "config-static-path" => static_path(start),
        "config-port" => object::int(&config(), "/port").unwrap_or(10_250).to_string(),
        "pod-cidr" => {
            let store = start.world.clusters.get(start.cluster).map(|it| &it.store);
            let node = store.and_then(|it| it.find("nodes", "", &start.machine.name));
            node.map_or("", |it| object::text(it, "/spec/podCIDR")).to_owned()
        }
        _ => String::new(),
    }
}
