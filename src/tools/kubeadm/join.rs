//! `kubeadm join`: a worker, or a further control plane.

use std::time::Duration;

use super::api::Api;
use super::ctx::{Ctx, Done, Failure};
use super::discovery::{self, ByToken, Found};
use super::kubelet_files::{self, Order};
use super::settings::{self, Settings};
use super::{certs, health, kubeconfigs, manifests, preflight, schema, upload};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::{self, text};
use crate::apimachinery::yaml;
use crate::cluster::api::connect::Endpoint;
use crate::cluster::etcd_client::{self, Credentials, Member};

const BOOTSTRAP: &str = "/etc/kubernetes/bootstrap-kubelet.conf";
const KUBECONFIG: &str = "/etc/kubernetes/kubelet.conf";

/// What a JoinConfiguration says.
struct Plan {
    discovery: ByToken,
    /// A kubeconfig that is trusted already; empty with a token.
    file: String,
    tls_token: String,
    registration: Value,
    /// As a control plane, with the key of the certificates (empty when they were copied).
    control_plane: Option<(String, String)>,
}

/// `kubeadm join`.
pub(super) async fn run(ctx: &Ctx<'_>) -> Done {
    let plan = plan(ctx)?;
    let name = object::field(&plan.registration, "name").to_owned();
    let skips = |phase: &str| ctx.flags.list("skip-phases").iter().any(|it| it == phase);
    if skips("preflight") {
        ctx.say("[preflight] Running pre-flight checks");
    } else {
        preflight::join(ctx, &name, object::field(&plan.registration, "criSocket"))?;
    }
    let found = discover(ctx, &plan).await?;
    let api = bootstrap_api(ctx, &plan, &found);
    let settings = read_cluster(ctx, &api, &plan)?;
    if let Some((_, key)) = &plan.control_plane {
        check_control_plane(ctx, &api, &settings, key).await?;
        prepare_control_plane(ctx, &settings)?;
    }
    start_kubelet(ctx, &plan, &found, &api, &settings).await?;
    match &plan.control_plane {
        None => ctx.say(JOINED),
        Some(_) => become_control_plane(ctx, &settings, &plan).await?,
    }
    Ok(())
}

const JOINED: &str = "
This node has joined the cluster:
* Certificate signing request was sent to apiserver and a response was received.
* The Kubelet was informed of the new secure connection details.

Run 'kubectl get nodes' on the control-plane to see this node join the cluster.";

/// `kubeadm join phase …`: what one part needs is found out anew.
pub(super) async fn phase(ctx: &Ctx<'_>) -> Done {
    let plan = plan(ctx)?;
    let name = object::field(&plan.registration, "name").to_owned();
    let phase = ctx.path.trim_start_matches("join phase ");
    if phase == "preflight" {
        preflight::join(ctx, &name, object::field(&plan.registration, "criSocket"))?;
    }
    let found = discover(ctx, &plan).await?;
    let api = bootstrap_api(ctx, &plan, &found);
    let settings = read_cluster(ctx, &api, &plan)?;
    match phase {
        "kubelet-start" => start_kubelet(ctx, &plan, &found, &api, &settings).await,
        "control-plane-prepare all" => {
            if let Some((_, key)) = &plan.control_plane {
                check_control_plane(ctx, &api, &settings, key).await?;
                prepare_control_plane(ctx, &settings)?;
            }
            Ok(())
        }
        "control-plane-join all" if plan.control_plane.is_some() => {
            become_control_plane(ctx, &settings, &plan).await
        }
        _ => Ok(()),
    }
}

fn plan(ctx: &Ctx<'_>) -> Result<Plan, Failure> {
    settings::check_flags(ctx)?;
    let mut config = json!({
        "discovery": {}, "timeouts": settings::default_timeouts(),
        "nodeRegistration": {
            "criSocket": settings::CRI_SOCKET,
            "name": ctx.host(|it| it.name.to_lowercase()).unwrap_or_default(),
        },
    });
    match ctx.given("config") {
        Some(path) => {
            for document in schema::documents(ctx, path, true)? {
                if text(&document, "/kind") == "JoinConfiguration" {
                    settings::overlay(&mut config, &document);
                }
            }
        }
        None => from_flags(ctx, &mut config),
    }
    let token = text(&config, "/discovery/bootstrapToken/token").to_owned();
    let tls = text(&config, "/discovery/tlsBootstrapToken").to_owned();
    validate(&config)?;
    let limit = crate::apimachinery::go::duration(text(&config, "/timeouts/discovery")).unwrap_or(0);
    let address = ctx.host(|it| it.address.clone()).unwrap_or_default();
    let control_plane = config.get("controlPlane").map(|it| {
        let own = text(it, "/localAPIEndpoint/advertiseAddress").to_owned();
        let own = if own.is_empty() { address } else { own };
        (own, text(it, "/certificateKey").to_owned())
    });
    let hashes = object::list(&config, "/discovery/bootstrapToken/caCertHashes");
    Ok(Plan {
        discovery: ByToken {
            server: text(&config, "/discovery/bootstrapToken/apiServerEndpoint").to_owned(),
            hashes: hashes.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            skip_verification: object::flag(&config, "/discovery/bootstrapToken/unsafeSkipCAVerification"),
            limit: Duration::from_nanos(u64::try_from(limit).unwrap_or(0)),
            token: token.clone(),
        },
        file: text(&config, "/discovery/file/kubeConfigPath").to_owned(),
        tls_token: if tls.is_empty() { token } else { tls },
        registration: config.get("nodeRegistration").cloned().unwrap_or_default(),
        control_plane,
    })
}

fn from_flags(ctx: &Ctx<'_>, config: &mut Value) {
    let token = ctx.given("token").or(ctx.given("discovery-token")).unwrap_or("");
    if let Some(file) = ctx.given("discovery-file") {
        object::set(config, &["discovery", "file", "kubeConfigPath"], file);
    } else if let Some(server) = ctx.args.first() {
        let own = json!({
            "token": token, "apiServerEndpoint": server,
            "caCertHashes": ctx.flags.list("discovery-token-ca-cert-hash"),
            "unsafeSkipCAVerification": ctx.flags.on("discovery-token-unsafe-skip-ca-verification"),
        });
        object::set(config, &["discovery", "bootstrapToken"], own);
    }
    let tls = ctx.given("tls-bootstrap-token").or(ctx.given("token")).unwrap_or("");
    object::set(config, &["discovery", "tlsBootstrapToken"], tls);
    if let Some(name) = ctx.given("node-name") {
        object::set(config, &["nodeRegistration", "name"], name.to_lowercase());
    }
    if let Some(socket) = ctx.given("cri-socket") {
        object::set(config, &["nodeRegistration", "criSocket"], settings::socket(ctx, socket));
    }
    if ctx.flags.on("control-plane") {
        let own = json!({
            "certificateKey": ctx.flags.text("certificate-key"),
            "localAPIEndpoint": {"advertiseAddress": ctx.flags.text("apiserver-advertise-address")},
        });
        object::set(config, &["controlPlane"], own);
    }
}

fn is_token(text: &str) -> bool {
    super::tokens::split(text).is_ok()
}

fn validate(config: &Value) -> Result<(), Failure> {
    const UNSAFE: &str = "using token-based discovery without caCertHashes can be unsafe. Set unsafeSkipCAVerification \
        as true in your kubeadm config file or pass --discovery-token-unsafe-skip-ca-verification flag to continue";
    let discovery = config.get("discovery").unwrap_or(&Value::Null);
    let Some(own) = discovery.get("bootstrapToken") else {
        if discovery.get("file").is_some() {
            return Ok(());
        }
        return Err(Failure::new("discovery: Invalid value: \"\": bootstrapToken or file must be set"));
    };
    let mut wrong = Vec::new();
    let hashes = object::list(own, "/caCertHashes");
    if hashes.is_empty() && !object::flag(own, "/unsafeSkipCAVerification") {
        wrong.push(format!("discovery.bootstrapToken.caCertHashes: Invalid value: \"\": {UNSAFE}"));
    }
    let token = text(own, "/token");
    if !is_token(token) {
        wrong.push(format!(
            "discovery.bootstrapToken.token: Invalid value: {token:?}: the bootstrap token is invalid"
        ));
    }
    let server = text(own, "/apiServerEndpoint");
    let why = match server.matches(':').count() {
        0 => Some("missing port in address"),
        1 => None,
        _ => Some("too many colons in address"),
    };
    if let Some(why) = why {
        wrong.push(format!(
            "discovery.bootstrapToken.apiServerEndpoint: Invalid value: {server:?}: address {server}: {why}"
        ));
    }
    let tls = text(discovery, "/tlsBootstrapToken");
    if !is_token(if tls.is_empty() { token } else { tls }) {
        wrong.push(format!(
            "discovery.tlsBootstrapToken: Invalid value: {tls:?}: the bootstrap token is invalid"
        ));
    }
    match wrong.len() {
        0 => Ok(()),
        1 => Err(Failure::new(wrong.swap_remove(0))),
        _ => Err(Failure::new(format!("[{}]", wrong.join(", ")))),
    }
}

async fn discover(ctx: &Ctx<'_>, plan: &Plan) -> Result<Found, Failure> {
    let identity = |why: String| {
        Failure::in_phase("preflight", format!("couldn't validate the identity of the API Server: {why}"))
    };
    if plan.file.is_empty() {
        return discovery::by_token(ctx, &plan.discovery).await.map_err(identity);
    }
    let path = ctx.proc.path(&plan.file);
    let api = Api::with(ctx, &path).map_err(identity)?;
    let authority = api.endpoint.certificate_authority.clone().unwrap_or_default();
    Ok(Found {
        authority: String::from_utf8_lossy(&authority).into_owned(),
        server: api.endpoint.server.clone(),
    })
}

fn bootstrap_api<'c>(ctx: &'c Ctx<'c>, plan: &Plan, found: &Found) -> Api<'c> {
    let endpoint = Endpoint {
        server: found.server.clone(),
        certificate_authority: Some(found.authority.clone().into_bytes()),
        token: Some(plan.tls_token.clone()),
        ..Endpoint::default()
    };
    Api::new(ctx, endpoint)
}

/// Said by every kubeadm that reads the recorded kube-proxy configuration.
pub(super) const BIND_ADDRESS: &str = "The recommended value for \"bindAddress\" in \"KubeProxyConfiguration\" is: ::; the provided value is: 0.0.0.0";

fn read_cluster(ctx: &Ctx<'_>, api: &Api<'_>, plan: &Plan) -> Result<Settings, Failure> {
    ctx.say("[preflight] Reading configuration from the \"kubeadm-config\" ConfigMap in namespace \"kube-system\"...");
    ctx.say("[preflight] Use 'kubeadm init phase upload-config kubeadm --config your-config-file' to re-upload it.");
    let mut settings = settings::of_cluster(ctx, api).map_err(|why| {
        Failure::in_phase("preflight", format!("unable to fetch the kubeadm-config ConfigMap: {why}"))
    })?;
    ctx.klog('W', "utils.go:69", BIND_ADDRESS);
    object::set(&mut settings.init, &["nodeRegistration"], plan.registration.clone());
    if let Some((address, _)) = &plan.control_plane {
        object::set(&mut settings.init, &["localAPIEndpoint", "advertiseAddress"], address.as_str());
    }
    Ok(settings)
}

async fn check_control_plane(ctx: &Ctx<'_>, api: &Api<'_>, settings: &Settings, key: &str) -> Done {
    let missing = upload::SHARED.iter().any(|it| !ctx.exists(&format!("{}/{it}", settings.certs_dir())));
    let why = if settings.of("/controlPlaneEndpoint").is_empty() {
        Some(
            "unable to add a new control plane instance to a cluster that doesn't have a stable controlPlaneEndpoint address",
        )
    } else if missing && key.is_empty() {
        Some(
            "failure loading certificate for CA: couldn't load the certificate file /etc/kubernetes/pki/ca.crt: open /etc/kubernetes/pki/ca.crt: no such file or directory",
        )
    } else {
        None
    };
    if let Some(why) = why {
        return Err(Failure::in_phase(
            "preflight",
            format!(
                "\nOne or more conditions for hosting a new control plane instance is not satisfied.\n\n{why}\n\nPlease \
                 ensure that:\n* The cluster has a stable controlPlaneEndpoint address.\n* The certificates that must be \
                 shared among control plane instances are provided.\n\n"
            ),
        ));
    }
    preflight::join_control_plane(ctx, settings)?;
    preflight::pull(ctx, settings, "preflight").await?;
    if !key.is_empty() {
        ctx.say("[download-certs] Downloading the certificates in Secret \"kubeadm-certs\" in the \"kube-system\" Namespace");
        ctx.say("[download-certs] Saving the certificates to the folder: \"/etc/kubernetes/pki\"");
        upload::download(ctx, api, settings, key)
            .map_err(|why| Failure::in_phase("control-plane-prepare/download-certs", why))?;
    }
    Ok(())
}

fn prepare_control_plane(ctx: &Ctx<'_>, settings: &Settings) -> Done {
    ctx.say(format!("[certs] Using certificateDir folder {:?}", settings.certs_dir()));
    for row in certs::ROWS.iter().filter(|row| !row.authority.is_empty()) {
        certs::ensure(ctx, settings, row)?;
    }
    ctx.say(format!("[certs] Valid certificates and keys now exist in {:?}", settings.certs_dir()));
    ctx.say("[certs] Using the existing \"sa\" key");
    ctx.say(format!(
        "[kubeconfig] Generating kubeconfig files\n[kubeconfig] Using kubeconfig folder {:?}",
        kubeconfigs::FOLDER
    ));
    for file in ["admin.conf", "controller-manager.conf", "scheduler.conf"] {
        if let Some(row) = kubeconfigs::named(file) {
            kubeconfigs::ensure(ctx, settings, row)?;
        }
    }
    manifests::write_control_plane(ctx, settings);
    Ok(())
}

async fn start_kubelet(
    ctx: &Ctx<'_>,
    plan: &Plan,
    found: &Found,
    api: &Api<'_>,
    settings: &Settings,
) -> Done {
    let name = object::field(&plan.registration, "name");
    let fail = |why: String| Failure::in_phase("kubelet-start", why);
    if let Ok(node) = api.get(&format!("/api/v1/nodes/{name}")) {
        let ready = object::list(&node, "/status/conditions")
            .iter()
            .any(|it| object::field(it, "type") == "Ready" && object::field(it, "status") == "True");
        if ready {
            return Err(fail(format!(
                "a Node with name {name:?} and status \"Ready\" already exists in the cluster. You must delete the \
                 existing Node or change the name of this new joining Node"
            )));
        }
    }
    let fields = format!("    token: {}\n", plan.tls_token);
    let config =
        kubeconfigs::text(&found.authority, &found.server, "kubernetes", "tls-bootstrap-token-user", &fields);
    ctx.write(BOOTSTRAP, &config, 0o600);
    ctx.mkdir("/etc/kubernetes/pki", 0o755);
    ctx.write("/etc/kubernetes/pki/ca.crt", &found.authority, 0o644);
    kubelet_files::stop(ctx);
    let stored = api.get("/api/v1/namespaces/kube-system/configmaps/kubelet-config");
    let stored =
        stored.map_err(|why| fail(format!("could not fetch the kubelet-config ConfigMap: {why}")))?;
    let kubelet =
        yaml::document(text(&stored, "/data/kubelet")).unwrap_or_else(|_| kubelet_files::config(settings));
    kubelet_files::write(ctx, &kubelet, &plan.registration, Order::FlagsLast);
    kubelet_files::start(ctx);
    health::wait_for_kubelet(ctx, "kubelet-wait-bootstrap").await?;
    ctx.say("[kubelet-start] Waiting for the kubelet to perform the TLS Bootstrap");
    let since = ctx.now();
    while !ctx.exists(KUBECONFIG) {
        if ctx.now().since(since) >= Duration::from_secs(300) {
            let why = "timed out waiting for the condition";
            return Err(Failure::in_phase("kubelet-wait-bootstrap", why));
        }
        ctx.sleep(Duration::from_millis(500)).await;
    }
    // The token is of no use any more.
    ctx.change(crate::cluster::place::FileOp::Remove { path: BOOTSTRAP, recursive: false });
    Ok(())
}

async fn become_control_plane(ctx: &Ctx<'_>, settings: &Settings, plan: &Plan) -> Done {
    let (endpoint, etcd) = etcd_of_cluster(ctx, settings)?;
    let members = announce_member(ctx, settings, &etcd, &endpoint)?;
    ctx.say("[etcd] Announced new etcd member joining to the existing etcd cluster");
    ctx.say(format!("[etcd] Creating static Pod manifest for \"etcd\" in {:?}", manifests::FOLDER));
    ctx.mkdir(settings.of("/etcd/local/dataDir"), 0o700);
    manifests::write(ctx, settings, "etcd", &members);
    promote_member(ctx, settings, &etcd).await?;
    ctx.say("[etcd] Waiting for the new etcd member to join the cluster. This can take up to 4m0s");
    health::wait_for_control_plane(ctx, settings, "wait-control-plane").await?;
    let api = Api::with(ctx, super::api::ADMIN).map_err(Failure::new)?;
    let taints = plan.registration.get("taints").cloned().unwrap_or_else(settings::control_plane_taint);
    upload::mark_control_plane(ctx, &api, settings.node_name(), &taints)?;
    ctx.say(CONTROL_PLANE_JOINED);
    Ok(())
}

/// A member of the cluster's etcd that answers this machine, and where.
pub(super) fn etcd_of_cluster(ctx: &Ctx<'_>, settings: &Settings) -> Result<(String, Member), Failure> {
    let fail = |why: String| {
        Failure::in_phase("etcd-join", format!("error creating local etcd static pod manifest file: {why}"))
    };
    let api = Api::with(ctx, super::api::ADMIN).map_err(Failure::new)?;
    let pods = api.list("/api/v1/namespaces/kube-system/pods").map_err(|why| fail(why.to_string()))?;
    let key = "kubeadm.kubernetes.io/etcd.advertise-client-urls";
    let others = pods.iter().filter(|it| object::label(it, "component") == Some("etcd"));
    let urls: Vec<&str> = others.filter_map(|pod| object::annotation(pod, key)).collect();
    let file = |name: &str| ctx.read(&format!("{}/{name}", settings.certs_dir()));
    let credentials = Credentials {
        authority: file("etcd/ca.crt"),
        certificate: file("apiserver-etcd-client.crt"),
        insecure_skip_verify: false,
        tls: true,
    };
    let mut last = "etcdclient: no available endpoints".to_owned();
    for url in urls {
        match etcd_client::connect(&ctx.proc.world(), &ctx.proc.place, url, &credentials) {
            Ok(member) => return Ok((url.to_owned(), member)),
            Err(why) => last = why,
        }
    }
    Err(fail(last))
}

fn own_peer_url(settings: &Settings) -> String {
    format!("https://{}:2380", settings.address())
}

/// Makes this machine a learner, and returns the members that stand: `name=url`.
fn announce_member(
    ctx: &Ctx<'_>,
    settings: &Settings,
    etcd: &Member,
    endpoint: &str,
) -> Result<Vec<String>, Failure> {
    let own = own_peer_url(settings);
    let mut world = ctx.proc.world();
    let quorum = world.clusters.get(etcd.cluster).is_some_and(|it| it.control_plane.quorum());
    let added = if quorum {
        etcd_client::add_learner(&mut world, etcd, &own)
    } else {
        Err("context deadline exceeded")
    };
    added.map_err(|why| {
        Failure::in_phase("etcd-join", format!("error creating local etcd static pod manifest file: could not add the etcd member through {endpoint}: {why}"))
    })?;
    let members = world.clusters.get(etcd.cluster).map(|it| it.control_plane.etcd.members.clone());
    let others = members.into_iter().flatten().filter(|it| it.peer_urls != own);
    Ok(others.map(|it| format!("{}={}", it.name, it.peer_urls)).collect())
}

/// Waits until the new member has caught up, and gives it a vote.
async fn promote_member(ctx: &Ctx<'_>, settings: &Settings, etcd: &Member) -> Done {
    let own = own_peer_url(settings);
    let since = ctx.now();
    loop {
        let id = {
            let world = ctx.proc.world();
            let plane = world.clusters.get(etcd.cluster).map(|it| &it.control_plane.etcd);
            plane.and_then(|it| it.by_peer_urls(&own)).map_or(0, |it| it.id)
        };
        if etcd_client::promote(&mut ctx.proc.world(), etcd, id) {
            return Ok(());
        }
        if ctx.now().since(since) >= Duration::from_secs(240) {
            let why = "error creating local etcd static pod manifest file: can't promote the learner member: context deadline exceeded";
            return Err(Failure::in_phase("etcd-join", why));
        }
        ctx.sleep(Duration::from_secs(1)).await;
    }
}

const CONTROL_PLANE_JOINED: &str = "
This node has joined the cluster and a new control plane instance was created:

* Certificate signing request was sent to apiserver and approval was received.
* The Kubelet was informed of the new secure connection details.
* Control plane label and taint were applied to the new node.
* The Kubernetes control plane instances scaled up.
* A new etcd member was added to the local/stacked etcd cluster.

To start administering your cluster from this node, you need to run the following as a regular user:

\tmkdir -p $HOME/.kube
\tsudo cp -i /etc/kubernetes/admin.conf $HOME/.kube/config
\tsudo chown $(id -u):$(id -g) $HOME/.kube/config

Run 'kubectl get nodes' to see this node join the cluster.
";
