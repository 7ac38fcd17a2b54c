//! `kubeadm init` and its phases.

use std::time::Duration;

use super::api::{self, Api};
use super::ctx::{Ctx, Done, Failure};
use super::kubelet_files::Order;
use super::settings::{self, Settings};
use super::upload::in_phase;
use super::{addons, certs, health, kubeconfigs, kubelet_files, manifests, preflight, tokens, upload};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::text;

/// The phases in their order, as `--skip-phases` names them.
pub(super) const PHASES: &[&str] = &[
    "preflight",
    "certs",
    "kubeconfig",
    "etcd",
    "control-plane",
    "kubelet-start",
    "wait-control-plane",
    "upload-config",
    "upload-certs",
    "mark-control-plane",
    "bootstrap-token",
    "kubelet-finalize",
    "addon",
    "show-join-command",
];

/// `kubeadm init`.
pub(super) async fn run(ctx: &Ctx<'_>) -> Done {
    if let Some(token) = ctx.given("token") {
        tokens::split(token)?;
    }
    let settings = settings::load(ctx)?;
    let skipped = skipped(ctx)?;
    ctx.say(format!("[init] Using Kubernetes version: {}", settings.version()));
    for phase in PHASES {
        if !skipped.iter().any(|it| it == phase) {
            run_phase(ctx, &settings, phase, &skipped).await?;
        }
    }
    Ok(())
}

fn skipped(ctx: &Ctx<'_>) -> Result<Vec<String>, Failure> {
    let mut all = ctx.flags.list("skip-phases");
    for name in &all {
        let head = name.split('/').next().unwrap_or(name);
        if !PHASES.contains(&head) && head != "addons" {
            return Err(Failure::new(format!("invalid phase name: {name}")));
        }
    }
    all.iter_mut().for_each(|it| *it = it.replace("addons", "addon"));
    Ok(all)
}

async fn run_phase(ctx: &Ctx<'_>, settings: &Settings, phase: &str, skipped: &[String]) -> Done {
    match phase {
        "preflight" => preflight::init(ctx, settings).await,
        "certs" => certs::ensure_all(ctx, settings).map_err(|why| nested(phase, why)),
        "kubeconfig" => kubeconfigs::ensure_all(ctx, settings).map_err(|why| nested(phase, why)),
        "etcd" => {
            manifests::write_etcd(ctx, settings);
            Ok(())
        }
        "control-plane" => {
            manifests::write_control_plane(ctx, settings);
            Ok(())
        }
        "kubelet-start" => {
            kubelet_start(ctx, settings);
            Ok(())
        }
        "wait-control-plane" => wait_control_plane(ctx, settings).await,
        "upload-certs" if !ctx.flags.on("upload-certs") => {
            ctx.say("[upload-certs] Skipping phase. Please see --upload-certs");
            Ok(())
        }
        "kubelet-finalize" => finalize(ctx),
        "show-join-command" => show_join_command(ctx, settings),
        _ => in_cluster(ctx, settings, phase, skipped),
    }
}

fn nested(phase: &str, why: Failure) -> Failure {
    Failure::in_phase(phase, why.sentence)
}

fn kubelet_start(ctx: &Ctx<'_>, settings: &Settings) {
    let registration = settings.init.get("nodeRegistration").cloned().unwrap_or_default();
    kubelet_files::write(ctx, &kubelet_files::config(settings), &registration, Order::FlagsFirst);
    kubelet_files::start(ctx);
}

async fn wait_control_plane(ctx: &Ctx<'_>, settings: &Settings) -> Done {
    ctx.say(format!(
        "[wait-control-plane] Waiting for the kubelet to boot up the control plane as static Pods from directory {:?}",
        manifests::FOLDER
    ));
    health::wait_for_kubelet(ctx, "wait-control-plane").await?;
    health::wait_for_control_plane(ctx, settings, "wait-control-plane").await?;
    // The admin may do nothing before this binding; the super-admin makes it.
    let super_admin = Api::with(ctx, "/etc/kubernetes/super-admin.conf");
    if let Ok(api) = super_admin {
        upload::cluster_admins(&api).map_err(in_phase("wait-control-plane"))?;
    }
    wait_for_node(ctx, settings.node_name()).await;
    Ok(())
}

/// The kubelet registers its node once the API server answers.
async fn wait_for_node(ctx: &Ctx<'_>, name: &str) {
    let Ok(api) = Api::with(ctx, api::ADMIN) else { return };
    for _ in 0..120 {
        if api.get(&format!("/api/v1/nodes/{name}")).is_ok() {
            return;
        }
        ctx.sleep(Duration::from_millis(500)).await;
    }
}

fn admin<'c>(ctx: &'c Ctx<'c>, phase: &str) -> Result<Api<'c>, Failure> {
    Api::with(ctx, api::ADMIN).map_err(|why| {
        Failure::in_phase(
            phase,
            format!("couldn't create a Kubernetes client from file {:?}: {why}", api::ADMIN),
        )
    })
}

/// The phases that only write into the cluster.
fn in_cluster(ctx: &Ctx<'_>, settings: &Settings, phase: &str, skipped: &[String]) -> Done {
    let api = admin(ctx, phase)?;
    let skips = |name: &str| skipped.iter().any(|it| it == name);
    let fail = in_phase(phase);
    match phase {
        "upload-config" => {
            upload::cluster_config(ctx, &api, settings).map_err(&fail)?;
            upload::kubelet_config(ctx, &api, settings).map_err(&fail)
        }
        "upload-certs" => upload::certificates(ctx, &api, settings, &certificate_key(ctx, settings)),
        "mark-control-plane" => {
            let taints = settings.init.pointer("/nodeRegistration/taints").unwrap_or(&Value::Null);
            upload::mark_control_plane(ctx, &api, settings.node_name(), taints)
        }
        "bootstrap-token" => upload::bootstrap_token(ctx, &api, settings),
        _ => {
            if !skips("addon/coredns") {
                addons::coredns(ctx, &api, settings).map_err(&fail)?;
            }
            if !skips("addon/kube-proxy") {
                addons::kube_proxy(ctx, &api, settings).map_err(&fail)?;
            }
            Ok(())
        }
    }
}

/// The key of the configuration, or a fresh one that the rest of the run keeps using.
fn certificate_key(ctx: &Ctx<'_>, settings: &Settings) -> String {
    match text(&settings.init, "/certificateKey") {
        "" => upload::certificate_key(ctx),
        key => key.to_owned(),
    }
}

/// Lets the kubelet's kubeconfig name the certificate that the kubelet rotates.
fn finalize(ctx: &Ctx<'_>) -> Done {
    const CURRENT: &str = "/var/lib/kubelet/pki/kubelet-client-current.pem";
    const PATH: &str = "/etc/kubernetes/kubelet.conf";
    if !ctx.exists(CURRENT) {
        return Ok(());
    }
    ctx.say(format!(
        "[kubelet-finalize] Updating {PATH:?} to point to a rotatable kubelet client certificate and key"
    ));
    let Some(mut config) = ctx.read(PATH).and_then(|it| crate::apimachinery::yaml::document(&it).ok()) else {
        return Ok(());
    };
    if let Some(user) = config.pointer_mut("/users/0/user") {
        *user = json!({"client-certificate": CURRENT, "client-key": CURRENT});
    }
    ctx.write(PATH, &crate::apimachinery::yaml::to_string(&config), 0o600);
    Ok(())
}

const SUCCESS: &str = "
Your Kubernetes control-plane has initialized successfully!

To start using your cluster, you need to run the following as a regular user:

  mkdir -p $HOME/.kube
  sudo cp -i /etc/kubernetes/admin.conf $HOME/.kube/config
  sudo chown $(id -u):$(id -g) $HOME/.kube/config

Alternatively, if you are the root user, you can run:

  export KUBECONFIG=/etc/kubernetes/admin.conf

You should now deploy a pod network to the cluster.
Run \"kubectl apply -f [podnetwork].yaml\" with one of the options listed at:
  https://kubernetes.io/docs/concepts/cluster-administration/addons/
";

fn show_join_command(ctx: &Ctx<'_>, settings: &Settings) -> Done {
    ctx.say(SUCCESS);
    let ca = ctx.read(&format!("{}/ca.crt", settings.certs_dir())).unwrap_or_default();
    let hash = tokens::key_hash(&ca).unwrap_or_default();
    let token = text(&settings.init, "/bootstrapTokens/0/token");
    let shown = if ctx.flags.on("skip-token-print") { "<value withheld>" } else { token };
    let head = format!(
        "kubeadm join {} --token {shown} \\\n\t--discovery-token-ca-cert-hash {hash} ",
        settings.endpoint()
    );
    if !settings.of("/controlPlaneEndpoint").is_empty() {
        let certificates = if ctx.flags.on("upload-certs") {
            "You can now join any number of control-plane nodes running the following command on each as root:"
        } else {
            "You can now join any number of control-plane nodes by copying certificate authorities\nand service \
             account keys on each node and then running the following as root:"
        };
        ctx.say(format!("{certificates}\n\n  {}\\\n\t--control-plane\n", head));
    }
    ctx.say(format!(
        "Then you can join any number of worker nodes by running the following on each as root:\n\n{head}"
    ));
    Ok(())
}

/// `kubeadm init phase …`: one phase, or one part of one.
pub(super) async fn phase(ctx: &Ctx<'_>) -> Done {
    let path = ctx.path.trim_start_matches("init phase ");
    let (phase, part) = path.split_once(' ').unwrap_or((path, "all"));
    if phase == "show-join-command" {
        return Err(Failure::new(
            "unresolved dependencies:\n\tmissing [bootstrap-token upload-certs] phase(s) needed by \"show-join-command\" \
             phase",
        ));
    }
    let settings = of_phase(ctx, phase)?;
    let named = |why: Failure| Failure::in_phase(&format!("{phase}/{part}"), why.sentence);
    match (phase, part) {
        ("certs", "sa") => {
            certs::ensure_service_accounts(ctx, &settings);
            Ok(())
        }
        ("certs", name) if name != "all" => match certs::named(name) {
            Some(row) => certs::ensure(ctx, &settings, row).map_err(named),
            None => Ok(()),
        },
        ("kubeconfig", name) if name != "all" => match kubeconfigs::named(&format!("{name}.conf")) {
            Some(row) => kubeconfigs::ensure(ctx, &settings, row).map_err(named),
            None => Ok(()),
        },
        ("control-plane", name) if name != "all" => {
            for (_, program, _) in manifests::COMPONENTS.iter().filter(|(it, ..)| *it == name) {
                ctx.say(format!("[control-plane] Creating static Pod manifest for {program:?}"));
                manifests::write(ctx, &settings, program, &[]);
            }
            Ok(())
        }
        ("upload-config", "kubeadm") => {
            upload::cluster_config(ctx, &admin(ctx, phase)?, &settings).map_err(in_phase(phase))
        }
        ("upload-config", "kubelet") => {
            upload::kubelet_config(ctx, &admin(ctx, phase)?, &settings).map_err(in_phase(phase))
        }
        ("addon", "coredns") => addons::coredns(ctx, &admin(ctx, phase)?, &settings).map_err(in_phase(phase)),
        ("addon", "kube-proxy") => {
            addons::kube_proxy(ctx, &admin(ctx, phase)?, &settings).map_err(in_phase(phase))
        }
        _ => run_phase(ctx, &settings, phase, &[]).await,
    }
}

/// Phases on a cluster that stands take what is stored there, unless they are given a configuration.
fn of_phase(ctx: &Ctx<'_>, phase: &str) -> Result<Settings, Failure> {
    let mut settings = settings::load(ctx)?;
    let stands = ["upload-certs", "bootstrap-token", "mark-control-plane", "addon", "kubelet-finalize"];
    if !ctx.flags.given("config")
        && stands.contains(&phase)
        && let Ok(api) = Api::with(ctx, api::ADMIN)
        && let Ok(stored) = settings::of_cluster(ctx, &api)
    {
        settings.cluster = stored.cluster;
    }
    Ok(settings)
}
