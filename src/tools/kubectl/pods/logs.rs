//! `kubectl logs`.

use std::time::Duration;

use serde_json::Value;

use super::super::verb::{Complete, Group, PLAIN, Run, Verb};
use super::super::{Call, Ctx, Done, Failure};
use crate::apimachinery::object::{self, text};
use crate::cluster::kubelet::access;
use crate::sim::SimTime;

/// `kubectl logs`.
pub(crate) static LOGS: Verb = Verb {
    name: "logs",
    aliases: &["log"],
    group: Group::Troubleshooting,
    summary: "Print the logs for a container in a pod",
    about: "Prints what a container has written. Of a workload, its pods' logs.",
    examples: "  # What the only container of a pod has written\n  kubectl logs web\n\n  # The run before the last restart\n  kubectl logs web -p",
    run: Run::Waits(|ctx| Box::pin(run(ctx))),
    complete: Complete::Pods,
    ..PLAIN
};

/// How often a follower looks for more.
const FOLLOWS_EVERY: Duration = Duration::from_millis(500);

/// One container whose log is asked for.
struct Source {
    pod: Value,
    container: String,
    /// Lines already printed.
    seen: usize,
}

async fn run(ctx: &mut Ctx<'_>) -> Done {
    let mut sources = sources(ctx)?;
    let mut printed = 0;
    for source in &mut sources {
        print(ctx, source, &mut printed)?;
    }
    if !ctx.flags.on("follow") {
        return Ok(());
    }
    while sources.iter().any(|source| is_running(ctx, source)) {
        ctx.proc.sleep(FOLLOWS_EVERY).await;
        for source in &mut sources {
            print(ctx, source, &mut printed)?;
        }
    }
    Ok(())
}

fn sources(ctx: &mut Ctx<'_>) -> Result<Vec<Source>, Failure> {
    let selector = ctx.flags.text("selector").to_owned();
    let namespace = ctx.namespace()?.name;
    let pods: Vec<Value> = match (ctx.args.clone().as_slice(), selector.is_empty()) {
        ([], true) => {
            return Err(ctx.usage("expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command"));
        }
        ([], false) => {
            let pods = super::pods(ctx, &namespace, &selector)?;
            if pods.is_empty() {
                ctx.err(&format!("No resources found in {namespace} namespace.\n"));
            }
            pods
        }
        ([_, ..], false) => return Err(ctx.usage("only a selector (-l) or a POD name is allowed")),
        ([word, rest @ ..], true) => {
            let pod = if ctx.flags.on("all-pods") {
                all_pods(ctx, word)?
            } else {
                vec![(*super::target(ctx, word)?).clone()]
            };
            if let [container] = rest {
                return Ok(pod
                    .into_iter()
                    .map(|pod| Source { pod, container: container.clone(), seen: 0 })
                    .collect());
            }
            pod
        }
    };
    let every = ctx.flags.on("all-containers");
    let mut sources = Vec::new();
    for pod in pods {
        let containers = if every {
            let mut all = super::names(&pod, "initContainers");
            all.extend(super::names(&pod, "containers"));
            all
        } else {
            vec![super::container(ctx, &pod, false)?]
        };
        sources.extend(containers.into_iter().map(|container| Source {
            pod: pod.clone(),
            container,
            seen: 0,
        }));
    }
    Ok(sources)
}

fn all_pods(ctx: &mut Ctx<'_>, word: &str) -> Result<Vec<Value>, Failure> {
    let (kind, name) = word.split_once('/').unwrap_or(("pods", word));
    let mapping = ctx.resource(kind)?;
    let namespace = ctx.namespace()?.name;
    let owner = ctx.get_object(mapping.item(&namespace, name))?;
    if mapping.resource == "pods" {
        return Ok(vec![(*owner).clone()]);
    }
    super::selected(ctx, &owner, &namespace, &mapping.resource)
}

/// Prints the lines of a source that were not printed yet.
fn print(ctx: &mut Ctx<'_>, source: &mut Source, printed: &mut i64) -> Done {
    let (namespace, name) = (object::namespace(&source.pod).to_owned(), object::name(&source.pod).to_owned());
    let previous = ctx.flags.on("previous");
    if source.seen == 0 {
        let path = format!("/api/v1/namespaces/{namespace}/pods/{name}/log");
        let call = Call::get(path).query("container", source.container.as_str());
        ctx.send(call)?;
    }
    let found = access::logs(&ctx.proc.world(), 0, (&namespace, &name), &source.container, previous);
    let lines = found.map_err(|sentence| refused(&sentence))?;
    let (now, tail) = (ctx.proc.world().now, ctx.flags.int("tail"));
    let selected_by_label = !ctx.flags.text("selector").is_empty();
    let since = since(ctx, now)?;
    let skip = match usize::try_from(tail) {
        Ok(tail) => lines.len().saturating_sub(tail),
        // Of pods chosen by labels only the last ten lines are shown unless asked otherwise.
        Err(_) if selected_by_label => lines.len().saturating_sub(10),
        Err(_) => 0,
    };
    let first = if source.seen == 0 { skip } else { source.seen };
    let limit = ctx.flags.int("limit-bytes");
    for line in lines.iter().skip(first).filter(|line| since.is_none_or(|since| line.at >= since)) {
        let mut out = String::new();
        if ctx.flags.on("prefix") {
            out.push_str(&format!("[pod/{name}/{}] ", source.container));
        }
        if ctx.flags.on("timestamps") {
            out.push_str(&format!("{} ", line.at.rfc3339_nano()));
        }
        out.push_str(&line.text);
        out.push('\n');
        *printed += out.len() as i64;
        if limit > 0 && *printed > limit {
            break;
        }
        ctx.out(&out);
    }
    source.seen = lines.len().max(1);
    Ok(())
}

fn since(ctx: &Ctx<'_>, now: SimTime) -> Result<Option<SimTime>, Failure> {
    let given = ctx.flags.text("since-time");
    if !given.is_empty() {
        let parsed = SimTime::parse_rfc3339(given);
        return parsed
            .map(Some)
            .ok_or_else(|| Failure::error(format!("--since-time: {given:?} is not a time")));
    }
    let ago = ctx.flags.duration("since");
    Ok((!ago.is_zero()).then(|| now - ago))
}

fn refused(sentence: &str) -> Failure {
    let status = crate::apimachinery::status::Status::bad_request(sentence);
    Failure::Server(Box::new(status.to_object()))
}

fn is_running(ctx: &Ctx<'_>, source: &Source) -> bool {
    let (namespace, name) = (object::namespace(&source.pod), object::name(&source.pod));
    let world = ctx.proc.world();
    let pod = world.clusters.get(0).and_then(|cluster| cluster.store.find("pods", namespace, name));
    pod.is_some_and(|pod| !["Succeeded", "Failed"].contains(&text(pod, "/status/phase")))
}
