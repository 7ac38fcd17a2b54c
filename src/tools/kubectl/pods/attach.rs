//! `kubectl attach`: what a running container prints from now on, or its shell.

use std::time::Duration;

use super::super::verb::{Complete, Group, PLAIN, Run, Verb};
use super::super::{Call, Ctx, Done, Failure};
use super::exec;
use crate::apimachinery::json::Value;
use crate::apimachinery::object::{self, field, flag, list, text};
use crate::cluster::Place;
use crate::cluster::kubelet::access;
use crate::shell::{Answer, Login, Request};

/// `kubectl attach`.
pub(crate) static ATTACH: Verb = Verb {
    name: "attach",
    group: Group::Troubleshooting,
    summary: "Attach to a running container",
    about: "Shows what the container's main process writes from now on; with -it, and when that process is a shell, types\ninto it.",
    examples: "
        # What the first container of a pod prints
        kubectl attach web
        # The shell that runs in a container
        kubectl attach box -c shell -it",
    run: Run::Waits(|ctx| Box::pin(run(ctx))),
    complete: Complete::Pods,
    ..PLAIN
};

/// How often an attached reader looks for more.
const LOOKS_EVERY: Duration = Duration::from_millis(500);

/// What kubectl warns of before it attaches.
const NOTICE: &str = "All commands and output from this session will be recorded in container logs, including credentials and sensitive information passed through the command prompt.\nIf you don't see a command prompt, try pressing enter.\n";

async fn run(ctx: &mut Ctx<'_>) -> Done {
    let word = match ctx.args.as_slice() {
        [] => return Err(Failure::error("at least 1 argument is required for attach")),
        [one] => one.clone(),
        [kind, name] => format!("{kind}/{name}"),
        many => {
            return Err(Failure::error(format!(
                "expected POD, TYPE/NAME, or TYPE NAME, (at most 2 arguments) saw {}: [{}]",
                many.len(),
                many.join(" ")
            )));
        }
    };
    if ctx.flags.duration("pod-running-timeout").is_zero() {
        return Err(Failure::error("--pod-running-timeout must be higher than zero"));
    }
    let pod = super::target_in_time(ctx, &word).await?;
    let phase = text(&pod, "/status/phase");
    if ["Succeeded", "Failed"].contains(&phase) {
        let sentence = format!("cannot attach a container in a completed pod; current phase is {phase}");
        return Err(Failure::error(sentence));
    }
    let quiet = ctx.flags.on("quiet");
    let container = super::container(ctx, &pod, quiet).map_err(|failure| {
        Failure::error(format!("cannot attach to the container: {}", failure.sentence()))
    })?;
    to(ctx, &pod, &container, Shown::New).await
}

/// What of a container's output an attached reader sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// What comes from now on.
    New,
    /// Also what was written between the start of the container and now: who attaches to a pod of his own is there
    /// from the beginning.
    All,
}

fn spec<'p>(pod: &'p Value, name: &str) -> Option<&'p Value> {
    ["containers", "initContainers", "ephemeralContainers"]
        .iter()
        .flat_map(|kind| list(pod, &format!("/spec/{kind}")))
        .find(|one| field(one, "name") == name)
}

/// Attaches to a container that is known to be there.
///
/// # Errors
/// It does not run, or the server refuses.
pub(crate) async fn to(ctx: &mut Ctx<'_>, pod: &Value, container: &str, shown: Shown) -> Done {
    let (namespace, name) = (object::namespace(pod).to_owned(), object::name(pod).to_owned());
    let quiet = ctx.flags.on("quiet");
    let has_tty = spec(pod, container).is_some_and(|one| flag(one, "/tty"));
    let mut tty = ctx.flags.on("tty");
    if tty && !has_tty {
        tty = false;
        if !quiet {
            ctx.err(&format!("error: Unable to use a TTY - container {container} did not allocate one\n"));
        }
    }
    tty |= has_tty;
    // A bound key sequence only matters to who types; it must still be one.
    detach_keys(ctx.flags.text("detach-keys"))?;
    if !quiet {
        ctx.err(NOTICE);
    }
    let call = Call::post(format!("/api/v1/namespaces/{namespace}/pods/{name}/attach"), &Value::Null)
        .query("container", container)
        .query("stdout", "true");
    ctx.send(call)?;
    let place = access::exec_target(&ctx.proc.world(), 0, (&namespace, &name), container).map_err(|why| {
        Failure::error(format!("Internal error occurred: unable to upgrade connection: {why}"))
    })?;
    let main = access::main_shell(&ctx.proc.world(), &place);
    let stdin = ctx.flags.on("stdin");
    if let Some(main) = main.filter(|_| stdin) {
        return shell(ctx, place, main, tty, (&namespace, &name, container)).await;
    }
    follow(ctx, (&namespace, &name), container, shown).await
}

/// Types into the container's shell.
async fn shell(
    ctx: &mut Ctx<'_>,
    place: Place,
    main: access::MainShell,
    tty: bool,
    (namespace, name, container): (&str, &str, &str),
) -> Done {
    let login = match main.place {
        Place::Host(_) => Login::rooted(&ctx.proc.lab, main.place, &main.program),
        inside => exec::login(ctx, inside, &main.program),
    };
    let exit = if !main.words.is_empty() {
        ctx.proc.run(&login, ctx.proc.command(&main.words)).await
    } else if tty && ctx.proc.link.is_open() {
        match ctx.proc.link.ask(Request::Session(ctx.proc.lab.clone(), Box::new(login))).await {
            Answer::Exit(exit) => exit,
            _ => 0,
        }
    } else {
        let text = String::from_utf8_lossy(&ctx.proc.stdin.clone().unwrap_or_default()).into_owned();
        let script = crate::shell::Script { text, name: Some(main.program), ..Default::default() };
        ctx.proc.run(&login, script).await
    };
    access::end_main(&mut ctx.proc.world(), &place, exit);
    if tty && !ctx.flags.on("quiet") {
        ctx.out(&format!(
            "Session ended, resume using 'kubectl attach {name} -c {container} -n {namespace} -i -t' command when the pod is running\n"
        ));
    }
    if exit == 0 { Ok(()) } else { Err(Failure::Exit(exit)) }
}

/// Prints what comes until the container ends.
async fn follow(ctx: &mut Ctx<'_>, (namespace, name): (&str, &str), container: &str, shown: Shown) -> Done {
    let lines = |ctx: &Ctx<'_>| {
        access::logs(&ctx.proc.world(), 0, (namespace, name), container, false).unwrap_or_default()
    };
    let mut seen = if shown == Shown::All { 0 } else { lines(ctx).len() };
    loop {
        let now = lines(ctx);
        for line in now.iter().skip(seen) {
            ctx.out(&format!("{}\n", line.text));
        }
        seen = now.len();
        if access::exec_target(&ctx.proc.world(), 0, (namespace, name), container).is_err() {
            return Ok(());
        }
        ctx.proc.sleep(LOOKS_EVERY).await;
    }
}

/// `ctrl-p,ctrl-q` or letters, as Docker reads them.
fn detach_keys(keys: &str) -> Done {
    for key in keys.split(',').filter(|key| !key.is_empty()) {
        let control = key.strip_prefix("ctrl-").map(|letter| {
            letter.len() == 1 && letter.bytes().all(|b| b.is_ascii_lowercase() || b"@[\\]^_".contains(&b))
        });
        if !control.unwrap_or(key.chars().count() == 1) {
            return Err(Failure::error(format!("could not bind detach keys: Unknown character: '{key}'")));
        }
    }
    Ok(())
}
