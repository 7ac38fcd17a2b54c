//! `kubectl debug`: a container beside a pod's, a copy of a pod, or a pod on a node.

mod profile;

use std::sync::LazyLock;

use regex::Regex;

use super::builder::{Builder, Info};
use super::client::STRATEGIC_PATCH;
use super::pods::attach::Shown;
use super::verb::{Complete, Group, PLAIN, Run, Verb};
use super::waiting::Pauses;
use super::writes::Write;
use super::{Call, Ctx, Done, DryRun, Failure};
use crate::apimachinery::go::quote;
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::{Gvk, at, field, flag, int, list, name, namespace, remove, set, text};
use crate::apimachinery::patch::{create_two_way_strategic, strategic_merge};
use crate::apimachinery::{schema, yaml};
use profile::{Profile, Style, find_container};

/// `kubectl debug`.
pub(crate) static DEBUG: Verb = Verb {
    name: "debug",
    group: Group::Troubleshooting,
    summary: "Create debugging sessions for troubleshooting workloads and nodes",
    about: "Adds an ephemeral container to a running pod; with --copy-to makes a copy of the pod with another command,\nimage or container; for a node makes a pod that sees the node's file system under /host.",
    examples: "
        # A shell in a pod whose image has none
        kubectl debug web -it --image=busybox
        # A copy that sleeps in place of the crashing command
        kubectl debug web --copy-to=web-debug --container=app -- sleep 1d
        # A shell on a node
        kubectl debug node/node01 -it --image=busybox",
    run: Run::Waits(|ctx| Box::pin(run(ctx))),
    complete: Complete::Pods,
    ..PLAIN
};

/// An image reference: name with domain and path, tag, digest.
///
/// Grammar of `distribution/reference`.
static REFERENCE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let domain = r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?";
    let part = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*";
    let digest = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}";
    Regex::new(&format!(r"^(?:{domain}/)?{part}(?:/{part})*(?::[\w][\w.-]{{0,127}})?(?:@{digest})?$")).ok()
});

fn check_image(image: &str, of: &str) -> Done {
    match REFERENCE.as_ref() {
        Some(grammar) if !grammar.is_match(image) => {
            Err(Failure::error(format!("invalid image name {}{of}: invalid reference format", quote(image))))
        }
        _ => Ok(()),
    }
}

/// What the flags ask for.
struct Options {
    targets: Vec<String>,
    /// The command behind `--`.
    command: Vec<String>,
    profile: Profile,
    /// A partial container of `--custom`.
    custom: Option<Value>,
    attach: bool,
}

async fn run(ctx: &mut Ctx<'_>) -> Done {
    let options = options(ctx)?;
    validate(ctx, &options)?;
    let mut builder = Builder { flatten: false, ..Builder::of(ctx)? };
    if !options.targets.is_empty() {
        builder.names = Some(("pods", options.targets.clone()));
    }
    for info in builder.targets(ctx)?.all(ctx)? {
        let kind = info.mapping.as_ref().map_or("", |mapping| mapping.kind.as_str());
        let (pod, container) = match kind {
            "Node" => on_node(ctx, &info, &options)?,
            "Pod" if ctx.flags.text("copy-to").is_empty() => beside(ctx, &info, &options)?,
            "Pod" => in_copy(ctx, &info, &options)?,
            _ => {
                let kind = info.mapping.as_ref().map(super::Mapping::kind_text).unwrap_or_default();
                return Err(Failure::error(format!("{} not supported by debug", quote(&kind))));
            }
        };
        if options.attach && !container.is_empty() {
            attach(ctx, &pod, &container).await?;
        }
    }
    Ok(())
}

fn options(ctx: &mut Ctx<'_>) -> Result<Options, Failure> {
    let (targets, command) = match ctx.dash_at {
        Some(at) => {
            (ctx.args.iter().take(at).cloned().collect(), ctx.args.iter().skip(at).cloned().collect())
        }
        None => (ctx.args.clone(), Vec::new()),
    };
    let attach = if ctx.flags.given("attach") { ctx.flags.on("attach") } else { ctx.flags.on("stdin") };
    let wanted = ctx.flags.text("profile");
    let profile =
        Profile::parse(wanted).ok_or_else(|| Failure::error(format!("unknown profile: {wanted}")))?;
    Ok(Options { targets, command, profile, custom: custom(ctx)?, attach })
}

fn custom(ctx: &Ctx<'_>) -> Result<Option<Value>, Failure> {
    let path = ctx.flags.text("custom");
    if path.is_empty() {
        return Ok(None);
    }
    let bytes = ctx.proc.read_file(path).map_err(|error| {
        Failure::error(format!(
            "must pass a container spec json file for custom profile: open {path}: {}",
            super::failure::go_error(error)
        ))
    })?;
    let invalid =
        |why: &str| Failure::error(format!("{path} does not contain a valid container spec: {why}"));
    let mut documents = yaml::documents(&String::from_utf8_lossy(&bytes)).map_err(|why| invalid(&why))?;
    let container = documents.pop().filter(Value::is_object).ok_or_else(|| invalid("not an object"))?;
    let fixed = ["name", "command", "image", "lifecycle", "volumeDevices"];
    if fixed.iter().any(|key| container.get(*key).is_some_and(|value| !value.is_null())) {
        return Err(Failure::error(
            "name, command, image, lifecycle and volume devices are not modifiable via custom profile",
        ));
    }
    Ok(Some(container))
}

fn validate(ctx: &Ctx<'_>, options: &Options) -> Done {
    let has = |flag: &str| !ctx.flags.text(flag).is_empty();
    let set_images = ctx.flags.pairs("set-image");
    let refuse = |sentence: &str| Err(Failure::error(sentence));
    if options.attach && ctx.flags.given("attach") && !has("image") && !has("container") {
        return refuse(
            "you must specify --container or create a new container using --image in order to attach.",
        );
    }
    if has("copy-to") {
        if !has("image") && set_images.is_empty() && options.command.is_empty() {
            return refuse("you must specify --image, --set-image or command arguments.");
        }
        if !options.command.is_empty() && !has("container") && !has("image") {
            return refuse("you must specify an existing container or a new image when specifying args.");
        }
    } else {
        for (wrong, flag) in [
            (ctx.flags.on("replace"), "replace"),
            (ctx.flags.on("same-node"), "same-node"),
            (!set_images.is_empty(), "set-image"),
        ] {
            if wrong {
                return refuse(&format!("--{flag} may only be used with --copy-to."));
            }
        }
        if !has("image") {
            return refuse("you must specify --image when not using --copy-to.");
        }
    }
    if has("image") {
        check_image(ctx.flags.text("image"), "")?;
    }
    if options.targets.is_empty() && ctx.flags.list("filename").is_empty() {
        return refuse("NAME or filename is required for debug");
    }
    let policy = ctx.flags.text("image-pull-policy");
    if !["", "Always", "IfNotPresent", "Never"].contains(&policy) {
        return refuse(&format!("invalid image pull policy: {policy}"));
    }
    for (container, image) in &set_images {
        check_image(image, &format!(" for container {}", quote(container)))?;
    }
    validate_target(ctx, options)
}

fn validate_target(ctx: &Ctx<'_>, options: &Options) -> Done {
    let target = ctx.flags.text("target");
    if !target.is_empty() {
        if !ctx.flags.text("copy-to").is_empty() {
            return Err(Failure::error(
                "--target is incompatible with --copy-to. Use --share-processes instead.",
            ));
        }
        say(
            ctx,
            &format!(
                "Targeting container {}. If you don't see processes from this container it may be because the container runtime doesn't support this feature.",
                quote(target)
            ),
        );
    }
    if ctx.flags.on("tty") && !ctx.flags.on("stdin") {
        return Err(Failure::error("-i/--stdin is required for containers with -t/--tty=true"));
    }
    if options.profile == Profile::Legacy {
        ctx.err("--profile=legacy is deprecated and planned to be removed in v1.39. It is recommended to specify other profile, for example \"--profile=general\".\n");
    }
    Ok(())
}

/// A line to standard output, unless `--quiet`.
fn say(ctx: &Ctx<'_>, line: &str) {
    if !ctx.flags.on("quiet") {
        ctx.out(&format!("{line}\n"));
    }
}

/// A new container as the flags describe it.
fn container(ctx: &Ctx<'_>, name: &str, options: &Options) -> Value {
    let mut container = json!({
        "name": name, "image": ctx.flags.text("image"), "terminationMessagePolicy": "File", "resources": {},
    });
    change_container(ctx, &mut container, options);
    container
}

/// Command, environment, image, pull policy and streams from flags.
fn change_container(ctx: &Ctx<'_>, container: &mut Value, options: &Options) {
    if !options.command.is_empty() {
        if ctx.flags.on("arguments-only") {
            container["args"] = options.command.clone().into();
        } else {
            container["command"] = options.command.clone().into();
            remove(container, &["args"]);
        }
    }
    let env: Vec<Value> =
        ctx.flags.pairs("env").iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
    if !env.is_empty() {
        container["env"] = env.into();
    }
    for (flag, key) in [("image", "image"), ("image-pull-policy", "imagePullPolicy")] {
        if !ctx.flags.text(flag).is_empty() {
            container[key] = ctx.flags.text(flag).into();
        }
    }
    for key in ["stdin", "tty"] {
        if ctx.flags.on(key) {
            container[key] = true.into();
        } else {
            remove(container, &[key]);
        }
    }
}

/// `--container`, or a name that the pod does not have yet.
fn container_name(ctx: &Ctx<'_>, pod: &mut Value) -> String {
    let given = ctx.flags.text("container");
    if !given.is_empty() {
        return given.to_owned();
    }
    let mut name = String::new();
    while name.is_empty() || find_container(pod, &name).is_some() {
        name = format!("debugger-{}", ctx.proc.world().chance.suffix(5));
    }
    say(ctx, &format!("Defaulting debug container name to {name}."));
    name
}

fn apply_profiles(ctx: &Ctx<'_>, pod: &mut Value, container: &str, style: Style, options: &Options) -> Done {
    options.profile.apply(ctx, pod, container, style);
    let (Some(custom), Some(schema)) = (&options.custom, schema::by_name("io.k8s.api.core.v1.Container"))
    else {
        return Ok(());
    };
    let mut custom = custom.clone();
    custom["name"] = container.into();
    if let Some(found) = find_container(pod, container) {
        *found = strategic_merge(found, &custom, schema).map_err(|why| {
            Failure::error(format!("error creating three way patch to add debug container: {why}"))
        })?;
    }
    Ok(())
}

/// Adds an ephemeral container to a running pod.
fn beside(ctx: &mut Ctx<'_>, info: &Info, options: &Options) -> Result<(Value, String), Failure> {
    let mut pod = (*info.object).clone();
    let container_name = container_name(ctx, &mut pod);
    let mut added = container(ctx, &container_name, options);
    let target = ctx.flags.text("target");
    if !target.is_empty() {
        added["targetContainerName"] = target.into();
    }
    let mut all = list(&pod, "/spec/ephemeralContainers").to_vec();
    all.push(added);
    set(&mut pod, &["spec", "ephemeralContainers"], all);
    apply_profiles(ctx, &mut pod, &container_name, Style::Ephemeral, options)?;
    warn_of_user(ctx, &mut pod, &container_name);
    let Some(schema) = schema::definition(&Gvk::new("", "v1", "Pod")) else {
        return Err(Failure::error("error creating patch to add debug container: unknown type"));
    };
    let patch = create_two_way_strategic(&info.object, &pod, schema)
        .map_err(|why| Failure::error(format!("error creating patch to add debug container: {why}")))?;
    let write = Write { manager: String::new(), dry_run: DryRun::None, validation: "" };
    let path = format!("{}/ephemeralcontainers", info.path());
    let patched = ctx.patch(&path, STRATEGIC_PATCH, &patch, &write)?;
    Ok(((*patched).clone(), container_name))
}

/// Makes a pod on a node that sees the node's files and namespaces.
fn on_node(ctx: &mut Ctx<'_>, info: &Info, options: &Options) -> Result<(Value, String), Failure> {
    let container_name = match ctx.flags.text("container") {
        "" => "debugger".to_owned(),
        given => given.to_owned(),
    };
    let suffix = ctx.proc.world().chance.suffix(5);
    let (node, pod_name) = (&info.name, format!("node-debugger-{}-{suffix}", info.name));
    say(ctx, &format!("Creating debugging pod {pod_name} with container {container_name} on node {node}."));
    let mut pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": pod_name, "labels": {"app.kubernetes.io/managed-by": "kubectl-debug"}},
        "spec": {
            "containers": [container(ctx, &container_name, options)],
            "nodeName": node, "restartPolicy": "Never", "tolerations": [{"operator": "Exists"}],
        },
    });
    apply_profiles(ctx, &mut pod, &container_name, Style::Node, options)?;
    let namespace = ctx.namespace()?.name;
    let created = ctx.object(Call::post(format!("/api/v1/namespaces/{namespace}/pods"), &pod))?;
    Ok(((*created).clone(), container_name))
}

/// Makes a copy of a pod with a changed or further container.
fn in_copy(ctx: &mut Ctx<'_>, info: &Info, options: &Options) -> Result<(Value, String), Failure> {
    let (copy, container_name) = copy_of(ctx, &info.object, options)?;
    let space = namespace(&info.object);
    let mut shown = copy.clone();
    warn_of_user(ctx, &mut shown, &container_name);
    let created = ctx.object(Call::post(format!("/api/v1/namespaces/{space}/pods"), &copy))?;
    if ctx.flags.on("replace") {
        let now = json!({"apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0});
        ctx.send(Call::delete(info.path(), &now))?;
    }
    Ok(((*created).clone(), container_name))
}

/// The copy, and the container in it that is debugged; its name is empty when only images are set.
fn copy_of(ctx: &Ctx<'_>, pod: &Value, options: &Options) -> Result<(Value, String), Failure> {
    let mut copy = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": ctx.flags.text("copy-to"), "namespace": namespace(pod)},
        "spec": pod.get("spec"),
    });
    for key in ["annotations", "labels"] {
        if let Some(map) = at(pod, &format!("/metadata/{key}")) {
            copy["metadata"][key] = map.clone();
        }
    }
    remove(&mut copy, &["spec", "ephemeralContainers"]);
    if ctx.flags.given("share-processes") {
        set(&mut copy, &["spec", "shareProcessNamespace"], ctx.flags.on("share-processes"));
    }
    if !ctx.flags.on("same-node") {
        remove(&mut copy, &["spec", "nodeName"]);
    }
    let images = ctx.flags.pairs("set-image");
    set_images(&mut copy, &images);
    let mut container_name_ = ctx.flags.text("container").to_owned();
    if find_container(&mut copy, &container_name_).is_none() {
        if ctx.flags.text("image").is_empty() {
            if !images.is_empty() {
                return Ok((copy, String::new()));
            }
            return Err(Failure::error("you must specify image when creating new container"));
        }
        container_name_ = container_name(ctx, &mut copy);
        let mut all = list(&copy, "/spec/containers").to_vec();
        all.push(json!({"name": container_name_, "terminationMessagePolicy": "File", "resources": {}}));
        set(&mut copy, &["spec", "containers"], all);
    }
    if let Some(found) = find_container(&mut copy, &container_name_) {
        change_container(ctx, found, options);
    }
    apply_profiles(ctx, &mut copy, &container_name_, Style::Copy, options)?;
    Ok((copy, container_name_))
}

/// `*` sets the image of every container that is not named itself.
fn set_images(pod: &mut Value, images: &[(String, String)]) {
    let image_of =
        |name: &str| images.iter().rev().find(|(container, _)| container == name).map(|(_, image)| image);
    let containers = pod.pointer_mut("/spec/containers").and_then(Value::as_array_mut);
    for container in containers.into_iter().flatten() {
        if let Some(image) = image_of(field(container, "name")).or_else(|| image_of("*")) {
            container["image"] = image.as_str().into();
        }
    }
}

/// Warns when the pod's user takes away what a profile gives.
fn warn_of_user(ctx: &Ctx<'_>, pod: &mut Value, container: &str) {
    if int(pod, "/spec/securityContext/runAsUser").unwrap_or(0) == 0 {
        return;
    }
    let Some(context) =
        find_container(pod, container).and_then(|found| found.get("securityContext").cloned())
    else {
        return;
    };
    let powers = flag(&context, "/privileged") || !list(&context, "/capabilities/add").is_empty();
    if int(&context, "/runAsUser") != Some(0) && powers {
        ctx.err("Warning: Non-root user is configured for the entire target Pod, and some capabilities granted by debug profile may not work. Please consider using \"--custom\" with a custom profile that specifies \"securityContext.runAsUser: 0\".\n");
    }
}

/// Waits until the container runs or has ended, and connects to it.
async fn attach(ctx: &mut Ctx<'_>, pod: &Value, container: &str) -> Done {
    let path = format!("/api/v1/namespaces/{}/pods/{}", namespace(pod), name(pod));
    let mut pauses = Pauses::new(ctx);
    let mut warned = String::new();
    loop {
        let now = ctx.get_object(path.as_str())?;
        let lists = [
            "/status/initContainerStatuses",
            "/status/containerStatuses",
            "/status/ephemeralContainerStatuses",
        ];
        let mut all = lists.iter().flat_map(|pointer| list(&now, pointer));
        if let Some(status) = all.find(|status| field(status, "name") == container) {
            if at(status, "/state/running").is_some() {
                return super::pods::attach::to(ctx, &now, container, Shown::All).await;
            }
            if at(status, "/state/terminated").is_some() {
                let logs = ctx.text_of(Call::get(format!("{path}/log")).query("container", container))?;
                ctx.out(&logs);
                return Ok(());
            }
            let message = text(status, "/state/waiting/message");
            if !ctx.flags.on("quiet") && !message.is_empty() && message != warned {
                ctx.err(&format!("Warning: container {container}: {message}\n"));
                message.clone_into(&mut warned);
            }
        }
        pauses.pause(ctx).await;
    }
}
