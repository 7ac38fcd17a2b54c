//! `kubectl logs`.

use std::time::Duration;

use super::super::verb::{Complete, Group, PLAIN, Run, Verb};
use super::super::{Call, Ctx, Done, Failure};
use crate::apimachinery::json::Value;
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
    examples: "
        # What the only container of a pod has written
        kubectl logs web
        # The run before the last restart
        kubectl logs web -p
        # The last lines of all pods with a label, and on as they write more
        kubectl logs -l app=web --tail=5 -f",
    run: Run::Waits(|ctx| Box::pin(run(ctx))),
    complete: Complete::PodsThenContainers,
    ..PLAIN
};

/// How often a follower looks for more.
const FOLLOWS_EVERY: Duration = Duration::from_millis(500);

/// 1 s: how often a follower tries again a log that cannot be read yet.
const RETRIES_EVERY: Duration = Duration::from_secs(1);

/// What every wrong number of arguments is told.
const USAGE: &str = "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command";

/// One container whose log is asked for.
struct Source {
    pod: Value,
    container: String,
    /// Lines already printed.
    seen: usize,
    started: bool,
}

impl Source {
    fn new(pod: Value, container: String) -> Self {
        Self { pod, container, seen: 0, started: false }
    }

    fn at(&self) -> (&str, &str) {
        (object::namespace(&self.pod), object::name(&self.pod))
    }
}

async fn run(ctx: &mut Ctx<'_>) -> Done {
    let since = ctx.flags.text("since-time");
    if let Some(why) = crate::apimachinery::go::rfc3339_mistake(since).filter(|_| !ctx.args.is_empty()) {
        return Err(Failure::error(why));
    }
    let pods = pods(ctx)?;
    check(ctx)?;
    let mut sources = sources(ctx, pods)?;
    let follow = ctx.flags.on("follow");
    let most = ctx.flags.int("max-log-requests");
    if follow && sources.len() > 1 && i64::try_from(sources.len()).unwrap_or(i64::MAX) > most {
        return Err(Failure::error(format!(
            "you are attempting to follow {} log streams, but maximum allowed concurrency is {most}, use --max-log-requests to increase the limit",
            sources.len()
        )));
    }
    for source in &mut sources {
        first(ctx, source, follow).await?;
    }
    while follow && sources.iter().any(|source| is_running(ctx, source)) {
        ctx.proc.sleep(FOLLOWS_EVERY).await;
        for source in &mut sources {
            print(ctx, source)?;
        }
    }
    Ok(())
}

/// Prints what is there. A follower waits for a container that has no log yet.
async fn first(ctx: &mut Ctx<'_>, source: &mut Source, follow: bool) -> Done {
    let until = ctx.proc.world().now + ctx.flags.duration("pod-running-timeout");
    loop {
        let failure = match print(ctx, source) {
            Ok(()) => return Ok(()),
            Err(failure) if ctx.flags.on("ignore-errors") => {
                ctx.out(&format!("error: {}\n", failure.sentence()));
                return Ok(());
            }
            Err(failure) if !follow => return Err(failure),
            Err(failure) => failure,
        };
        ctx.err(&format!("{}\n", failure.sentence()));
        if ctx.proc.world().now >= until {
            return Err(Failure::error("context deadline exceeded"));
        }
        ctx.proc.sleep(RETRIES_EVERY).await;
    }
}

/// The pods that arguments and selector mean.
fn pods(ctx: &mut Ctx<'_>) -> Result<Vec<Value>, Failure> {
    let selector = ctx.flags.text("selector").to_owned();
    let namespace = ctx.namespace()?.name;
    let args = ctx.args.clone();
    match (args.as_slice(), selector.is_empty()) {
        ([], true) | ([_, _, _, ..], _) => Err(ctx.usage(USAGE)),
        ([_], false) => Err(ctx.usage("only a selector (-l) or a POD name is allowed")),
        ([], false) => {
            let pods = super::pods(ctx, &namespace, &selector)?;
            if pods.is_empty() {
                ctx.err(&format!("No resources found in {namespace} namespace.\n"));
            }
            Ok(pods)
        }
        ([word, ..], _) => {
            let found = if ctx.flags.on("all-pods") {
                all_pods(ctx, word)
            } else {
                super::target(ctx, word, super::LOGS_FROM).map(|pod| vec![(*pod).clone()])
            };
            found.map_err(|failure| match failure.is_not_found() {
                true => Failure::error(format!(
                    "error from server (NotFound): {} in namespace {namespace:?}",
                    failure.sentence()
                )),
                false => failure,
            })
        }
    }
}

/// Flags that do not go together, or have no sense.
fn check(ctx: &Ctx<'_>) -> Done {
    let flags = &ctx.flags;
    let inline = ctx.args.get(1).cloned().unwrap_or_default();
    let container = if inline.is_empty() { flags.text("container").to_owned() } else { inline.clone() };
    let wrong = if !flags.text("since-time").is_empty() && flags.duration_ns("since") != 0 {
        "at most one of `sinceTime` or `sinceSeconds` may be specified".to_owned()
    } else if flags.on("all-containers") && !container.is_empty() {
        format!("--all-containers=true should not be specified with container name {container}")
    } else if flags.given("container") && !inline.is_empty() {
        "only one of -c or an inline [CONTAINER] arg is allowed".to_owned()
    } else if flags.int("limit-bytes") < 0 {
        "--limit-bytes must be greater than 0".to_owned()
    } else if flags.duration_ns("since") < 0 {
        "--since must be greater than 0".to_owned()
    } else if flags.int("tail") < -1 {
        "--tail must be greater than or equal to -1".to_owned()
    } else {
        return Ok(());
    };
    Err(Failure::error(wrong))
}

fn sources(ctx: &mut Ctx<'_>, pods: Vec<Value>) -> Result<Vec<Source>, Failure> {
    let inline = ctx.args.get(1).cloned();
    let mut sources = Vec::new();
    for pod in pods {
        let names = if ctx.flags.on("all-containers") {
            ["initContainers", "containers", "ephemeralContainers"]
                .iter()
                .flat_map(|kind| super::names(&pod, kind))
                .collect()
        } else if let Some(container) = inline.clone().or_else(|| given(ctx)) {
            let known = ["initContainers", "containers", "ephemeralContainers"]
                .iter()
                .any(|kind| super::names(&pod, kind).contains(&container));
            if !known {
                let (known, pod) = (super::container_names(&pod).join(", "), object::name(&pod));
                return Err(Failure::error(format!(
                    "container {container} is not valid for pod {pod} out of: {known}"
                )));
            }
            vec![container]
        } else {
            vec![super::container(ctx, &pod, false)?]
        };
        sources.extend(names.into_iter().map(|name| Source::new(pod.clone(), name)));
    }
    Ok(sources)
}

fn given(ctx: &Ctx<'_>) -> Option<String> {
    Some(ctx.flags.text("container").to_owned()).filter(|name| !name.is_empty())
}

fn all_pods(ctx: &mut Ctx<'_>, word: &str) -> Result<Vec<Value>, Failure> {
    let (kind, name) = word.split_once('/').unwrap_or(("pods", word));
    let mapping = ctx.resource(kind)?;
    let namespace = ctx.namespace()?.name;
    let owner = ctx.get_object(mapping.item(&namespace, name))?;
    if mapping.resource == "pods" {
        return Ok(vec![(*owner).clone()]);
    }
    super::selected(ctx, &owner, &namespace, super::LOGS_FROM)
}

/// Prints the lines of a source that were not printed yet.
fn print(ctx: &mut Ctx<'_>, source: &mut Source) -> Done {
    let (namespace, name) = source.at();
    let (namespace, name) = (namespace.to_owned(), name.to_owned());
    let previous = ctx.flags.on("previous");
    if !source.started {
        let path = format!("/api/v1/namespaces/{namespace}/pods/{name}/log");
        let call = Call::get(path).query("container", source.container.as_str());
        let backend = ctx.flags.on("insecure-skip-tls-verify-backend");
        ctx.send(call.query("insecureSkipTLSVerifyBackend", if backend { "true" } else { "" }))?;
    }
    let found = access::logs(&ctx.proc.world(), 0, (&namespace, &name), &source.container, previous);
    let lines = found.map_err(|sentence| refused(&sentence))?;
    let now = ctx.proc.world().now;
    let since = since(ctx, now)?;
    let lines: Vec<_> = lines.into_iter().filter(|line| since.is_none_or(|since| line.at >= since)).collect();
    let first = if source.started { source.seen } else { skipped(ctx, lines.len()) };
    let limit = usize::try_from(ctx.flags.int("limit-bytes")).unwrap_or(0);
    let prefixed = ctx.flags.on("prefix") || ctx.flags.on("all-pods");
    let mut bytes = 0;
    for line in lines.iter().skip(first) {
        let mut out = String::new();
        if ctx.flags.on("timestamps") {
            out.push_str(&format!("{} ", line.at.rfc3339_nano()));
        }
        out.push_str(&line.text);
        out.push('\n');
        if limit > 0 {
            // The kubelet cuts the stream at the byte.
            out = out.chars().take(limit.saturating_sub(bytes)).collect();
        }
        bytes += out.len();
        if prefixed && !out.is_empty() {
            ctx.out(&format!("[pod/{name}/{}] ", source.container));
        }
        ctx.out(&out);
    }
    source.started = true;
    source.seen = lines.len();
    Ok(())
}

/// How many of the first lines `--tail` leaves out. Of pods chosen by labels only the last ten lines are shown
/// unless asked otherwise.
fn skipped(ctx: &Ctx<'_>, lines: usize) -> usize {
    let by_label = !ctx.flags.text("selector").is_empty() && !ctx.flags.given("tail");
    match usize::try_from(ctx.flags.int("tail")) {
        Ok(tail) => lines.saturating_sub(tail),
        Err(_) if by_label => lines.saturating_sub(10),
        Err(_) => 0,
    }
}

fn since(ctx: &Ctx<'_>, now: SimTime) -> Result<Option<SimTime>, Failure> {
    let given = ctx.flags.text("since-time");
    if !given.is_empty() {
        let parsed = SimTime::parse_rfc3339(given);
        return parsed.map(Some).ok_or_else(|| {
            Failure::error(format!(
                "parsing time {given:?} as \"2006-01-02T15:04:05Z07:00\": cannot parse {given:?} as \"2006\""
            ))
        });
    }
    let ago = ctx.flags.duration("since");
    Ok((!ago.is_zero()).then(|| now - ago))
}

fn refused(sentence: &str) -> Failure {
    let status = crate::apimachinery::status::Status::bad_request(sentence);
    Failure::Server(Box::new(status.to_object()))
}

fn is_running(ctx: &Ctx<'_>, source: &Source) -> bool {
    let world = ctx.proc.world();
    let (namespace, name) = source.at();
    let pod = world.clusters.get(0).and_then(|cluster| cluster.store.find("pods", namespace, name));
    let alive = pod.is_some_and(|pod| !["Succeeded", "Failed"].contains(&text(pod, "/status/phase")));
    alive && access::exec_target(&world, 0, source.at(), &source.container).is_ok()
}
