//! `kubectl exec`: a command, or a shell, in a container.

use super::super::verb::{Complete, Group, PLAIN, Run, Verb};
use super::super::{Builder, Call, Ctx, Done, Failure};
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::cluster::Place;
use crate::cluster::kubelet::access;
use crate::shell::{Answer, Login, Request, Script, quote};

/// `kubectl exec`.
pub(crate) static EXEC: Verb = Verb {
    name: "exec",
    group: Group::Troubleshooting,
    summary: "Execute a command in a container",
    about: "Runs a command in a container that runs. With -it and a shell, opens a session there.",
    examples: "  # What a container is called inside\n  kubectl exec web -- hostname\n\n  # A shell\n  kubectl exec -it web -- sh",
    run: Run::Waits(|ctx| Box::pin(run(ctx))),
    complete: Complete::Pods,
    ..PLAIN
};

/// Shells that open a session when nothing else is asked of them.
const SHELLS: &[&str] = &["sh", "bash", "ash"];

async fn run(ctx: &mut Ctx<'_>) -> Done {
    let (word, command) = words(ctx)?;
    let pod = match word {
        Some(word) => super::target_in_time(ctx, &word).await?,
        None => of_file(ctx)?,
    };
    let phase = object::text(&pod, "/status/phase").to_owned();
    if ["Succeeded", "Failed"].contains(&phase.as_str()) {
        return Err(Failure::error(format!(
            "cannot exec into a container in a completed pod; current phase is {phase}"
        )));
    }
    let quiet = ctx.flags.on("quiet");
    let container = super::container(ctx, &pod, quiet)?;
    let at_terminal = ctx.proc.link.is_open() && ctx.proc.stdin.is_none();
    if ctx.flags.on("tty") && ctx.flags.on("stdin") && !at_terminal && !quiet {
        ctx.err("Unable to use a TTY - input is not a terminal or the right kind of file\n");
    }
    let place = open(ctx, &pod, &container, &command)?;
    let program = command.first().map_or("", String::as_str);
    if !access::has_program(&ctx.proc.world(), &place, program) {
        return Err(Failure::error(no_such_program(program)));
    }
    let login = login(ctx, place, program);
    let name = crate::hosts::files::base_name(program);
    let session =
        ctx.flags.on("stdin") && ctx.flags.on("tty") && command.len() == 1 && SHELLS.contains(&name);
    let exit = if session && ctx.proc.link.is_open() {
        match ctx.proc.link.ask(Request::Session(ctx.proc.lab.clone(), Box::new(login))).await {
            Answer::Exit(exit) => exit,
            _ => 0,
        }
    } else {
        let text: Vec<String> = command.iter().map(|word| quote(word)).collect();
        let stdin = if ctx.flags.on("stdin") { ctx.proc.stdin.clone() } else { Some(Vec::new()) };
        let script = if SHELLS.contains(&name) && command.len() == 1 {
            // A shell without a terminal reads its commands from standard input.
            let text = String::from_utf8_lossy(&stdin.unwrap_or_default()).into_owned();
            Script { text, name: Some(name.to_owned()), ..Script::default() }
        } else {
            Script { text: text.join(" "), name: Some(name.to_owned()), stdin, ..Script::default() }
        };
        ctx.proc.run(&login, script).await
    };
    if exit == 0 {
        return Ok(());
    }
    ctx.err(&format!("command terminated with exit code {exit}\n"));
    Err(Failure::Exit(exit))
}

/// The container that is meant; one that the pod has not is told in exec's own words.
/// The pod, or the workload with its pod, that `--filename` holds.
fn of_file(ctx: &mut Ctx<'_>) -> Result<crate::cluster::Object, Failure> {
    let builder = Builder { args: Vec::new(), latest: true, ..Builder::of(ctx)? };
    let infos = builder.targets(ctx)?.all(ctx)?;
    let [info] = infos.as_slice() else {
        return Err(Failure::error("cannot exec into multiple objects at a time"));
    };
    super::target(ctx, &info.display(), super::ATTACH_TO)
}

/// The pod's word, unless `--filename` names it, and the command behind `--`.
fn words(ctx: &Ctx<'_>) -> Result<(Option<String>, Vec<String>), Failure> {
    let by_file = !ctx.flags.list("filename").is_empty();
    let Some(dash) = ctx.dash_at else {
        if ctx.args.len() > 1 || (by_file && !ctx.args.is_empty()) {
            return Err(ctx.usage(
                "exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead",
            ));
        }
        let missing = if ctx.args.is_empty() && !by_file {
            "pod, type/name or --filename must be specified"
        } else {
            "you must specify at least one command for the container"
        };
        return Err(Failure::error(missing));
    };
    let (before, command) = ctx.args.split_at(dash.min(ctx.args.len()));
    if before.len() > 1 {
        return Err(
            ctx.usage("exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead")
        );
    }
    let word = before.first().cloned();
    if word.is_none() && !by_file {
        return Err(Failure::error("pod, type/name or --filename must be specified"));
    }
    if command.is_empty() {
        return Err(Failure::error("you must specify at least one command for the container"));
    }
    Ok((word, command.to_vec()))
}

/// Asks the API server for the connection; the kubelet's side of it is the container's place.
pub(super) fn open(
    ctx: &mut Ctx<'_>,
    pod: &Value,
    container: &str,
    command: &[String],
) -> Result<Place, Failure> {
    let (namespace, name) = (object::namespace(pod).to_owned(), object::name(pod).to_owned());
    let mut call = Call::post(format!("/api/v1/namespaces/{namespace}/pods/{name}/exec"), &Value::Null)
        .query("container", container)
        .query("stdout", "true")
        .query("stderr", if ctx.flags.on("tty") { "" } else { "true" });
    for word in command {
        call = call.query("command", word.as_str());
    }
    ctx.send(call).map_err(not_upgraded)?;
    let found = access::exec_target(&ctx.proc.world(), 0, (&namespace, &name), container);
    found.map_err(|sentence| {
        Failure::error(format!("Internal error occurred: unable to upgrade connection: {sentence}"))
    })
}

/// A refusal that gives no reason came instead of the stream.
pub(super) fn not_upgraded(failure: Failure) -> Failure {
    match &failure {
        Failure::Server(_) if failure.reason().is_empty() => {
            Failure::error(format!("unable to upgrade connection: {}", failure.sentence()))
        }
        _ => failure,
    }
}

/// The login of a command in a container.
pub(super) fn login(ctx: &Ctx<'_>, place: Place, program: &str) -> Login {
    let env = access::env_of(&ctx.proc.world(), &place).into_iter().collect();
    let name = crate::hosts::files::base_name(program);
    let shell = if name == "bash" { "bash" } else { "sh" };
    Login::container(place, env, "/", shell)
}

fn no_such_program(program: &str) -> String {
    format!(
        "Internal error occurred: error executing command in container: failed to exec in container: failed to start \
         exec: OCI runtime exec failed: exec failed: unable to start container process: exec: {program:?}: executable \
         file not found in $PATH"
    )
}
