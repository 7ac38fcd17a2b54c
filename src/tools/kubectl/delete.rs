//! `kubectl delete`.

use std::time::Duration;

use super::client::Call;
use super::waiting::Pauses;
use super::{Builder, Complete, Ctx, Done, DryRun, Failure, Group, Info, PLAIN, Run, Verb};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::{self, text};

/// The row of the table.
pub(super) static VERB: Verb = Verb {
    name: "delete",
    group: Group::Intermediate,
    summary: "Delete resources by file names, stdin, resources and names, or by resources and label selector",
    about: "Asks the server to delete objects and waits until they are gone. Pods get their grace period to end;\n--force takes them out of the API at once.",
    examples: "
        # One pod, without waiting for its grace period
        kubectl delete pod web --now
        # Everything that a file describes
        kubectl delete -f web.yaml
        # All pods with a label
        kubectl delete pods -l app=web",
    run: Run::Waits(|ctx| Box::pin(run(ctx))),
    complete: Complete::TypeThenNames,
    ..PLAIN
};

/// 168 h: how long a deletion is waited for when no `--timeout` is given.
const WAITS_AT_MOST: Duration = Duration::from_secs(168 * 3600);

/// What the flags ask for.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// Seconds; negative to leave it to the object.
    pub(crate) grace: i64,
    pub(crate) cascade: &'static str,
    pub(crate) dry_run: DryRun,
    pub(crate) ignore_not_found: bool,
    /// True for `-o name`.
    pub(crate) name_only: bool,
    pub(crate) quiet: bool,
    /// Warn about objects outside of namespaces.
    pub(crate) warn_cluster_scope: bool,
}

async fn run(ctx: &mut Ctx<'_>) -> Done {
    let options = options(ctx)?;
    if !ctx.flags.text("raw").is_empty() {
        check(ctx, &options)?;
        return super::raw::send(ctx, "DELETE");
    }
    let builder = Builder { unfetched: true, ..ctx.builder()? };
    let targets = Builder { all: ctx.flags.on("all"), ..builder.clone() }.targets(ctx)?;
    check(ctx, &options)?;
    if ctx.flags.on("interactive") && !confirmed(ctx, builder, &options)? {
        return Ok(());
    }
    let mut gone = Vec::new();
    let mut found = 0;
    let mut warn = options.warn_cluster_scope;
    let done = targets.visit(ctx, &mut |ctx, info| {
        found += 1;
        if warn && info.mapping.as_ref().is_some_and(|mapping| !mapping.namespaced) {
            ctx.err("Warning: deleting cluster-scoped resources, not scoped to the provided namespace\n");
            warn = false;
        }
        let uid = one(ctx, &info, &options)?;
        gone.push((info, uid));
        Ok(())
    });
    match done {
        Err(failure) if options.ignore_not_found => without_missing(failure)?,
        other => other?,
    }
    // As the real one, objects that were not there count as none found.
    if found == 0 || gone.is_empty() && options.ignore_not_found {
        if found == 0 {
            ctx.out("No resources found\n");
        }
        return Ok(());
    }
    if !ctx.flags.on("wait") || options.dry_run != DryRun::None {
        return Ok(());
    }
    let timeout = ctx.flags.duration("timeout");
    wait_gone(ctx, &gone, if timeout.is_zero() { WAITS_AT_MOST } else { timeout }).await
}

/// What is left of a failure when objects that are not there do not count.
fn without_missing(failure: Failure) -> Done {
    match failure {
        Failure::Many(many) => Failure::all(many.into_iter().filter(|one| !one.is_not_found()).collect()),
        one if one.is_not_found() => Ok(()),
        one => Err(one),
    }
}

fn options(ctx: &mut Ctx<'_>) -> Result<Options, Failure> {
    let flags = &ctx.flags;
    let force = flags.on("force");
    let mut grace = flags.int("grace-period");
    if flags.on("now") {
        if grace != -1 {
            return Err(Failure::error("--now and --grace-period cannot be specified together"));
        }
        grace = 1;
    }
    if grace == 0 && !force {
        grace = 1;
    }
    if force && grace < 0 {
        grace = 0;
    }
    let selecting =
        flags.on("all") || !flags.text("selector").is_empty() || !flags.text("field-selector").is_empty();
    let ignore_not_found = flags.on("ignore-not-found") || selecting && !flags.given("ignore-not-found");
    let cascade = cascade(ctx)?;
    let flags = &ctx.flags;
    let name_only = flags.text("output") == "name";
    let all_namespaces = flags.on("all-namespaces");
    let dry_run = ctx.dry_run()?;
    let warn_cluster_scope = ctx.namespace()?.explicit && !all_namespaces;
    Ok(Options { grace, cascade, dry_run, ignore_not_found, name_only, quiet: false, warn_cluster_scope })
}

/// The propagation policy that `--cascade` means; a boolean is the old spelling, with its warning.
///
/// # Errors
/// kubectl's sentence about another word.
pub(crate) fn cascade(ctx: &Ctx<'_>) -> Result<&'static str, Failure> {
    match ctx.flags.text("cascade") {
        "orphan" => Ok("Orphan"),
        "foreground" => Ok("Foreground"),
        "background" | "" => Ok("Background"),
        word if super::flags::bool_word(word).is_some() => {
            let on = super::flags::bool_word(word) == Some(true);
            let (policy, instead) = if on { ("Background", "background") } else { ("Orphan", "orphan") };
            ctx.err(&format!(
                "warning: --cascade={word} is deprecated (boolean value) and can be replaced with --cascade={instead}.\n"
            ));
            Ok(policy)
        }
        other => Err(Failure::error(format!(
            "invalid cascade value ({other}). Must be \"background\", \"foreground\", or \"orphan\""
        ))),
    }
}

fn check(ctx: &Ctx<'_>, options: &Options) -> Done {
    let flags = &ctx.flags;
    let output = flags.text("output");
    if !output.is_empty() && output != "name" {
        return Err(Failure::error(format!(
            "unexpected -o output mode: {output}. We only support '-o name'"
        )));
    }
    if flags.on("all") && !flags.text("selector").is_empty() {
        return Err(Failure::error("cannot set --all and --selector at the same time"));
    }
    if flags.on("all") && !flags.text("field-selector").is_empty() {
        return Err(Failure::error("cannot set --all and --field-selector at the same time"));
    }
    if flags.on("force") {
        if options.grace > 0 {
            return Err(Failure::error(
                "--force and --grace-period greater than 0 cannot be specified together",
            ));
        }
        ctx.err("Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.\n");
    }
    Ok(())
}

/// `-i`: shows what would go and reads a line of standard input.
fn confirmed(ctx: &mut Ctx<'_>, builder: Builder, options: &Options) -> Result<bool, Failure> {
    let (infos, failures) = builder.targets(ctx)?.infos(ctx);
    match Failure::all(failures) {
        Err(failure) if options.ignore_not_found => without_missing(failure)?,
        other => other?,
    }
    if infos.is_empty() {
        ctx.out("No resources found\n");
        return Ok(false);
    }
    ctx.out(&format!("You are about to delete the following {} resource(s):\n", infos.len()));
    for info in &infos {
        ctx.out(&format!("{}\n", info.display()));
    }
    ctx.out("Do you want to continue? (y/N): ");
    let answer = ctx.proc.stdin.take().unwrap_or_default();
    let answer = String::from_utf8_lossy(&answer);
    let yes = answer.split_whitespace().next().is_some_and(|word| word.eq_ignore_ascii_case("y"));
    if !yes {
        ctx.out("deletion is cancelled\n");
    }
    Ok(yes)
}

/// The `DeleteOptions` of a request.
pub(crate) fn delete_options(options: &Options) -> Value {
    let mut body = json!({"propagationPolicy": options.cascade, "kind": "DeleteOptions", "apiVersion": "v1"});
    if options.grace >= 0 {
        body["gracePeriodSeconds"] = options.grace.into();
    }
    if options.dry_run == DryRun::Server {
        body["dryRun"] = json!(["All"]);
    }
    body
}

/// Deletes one object and says so; its UID when the server tells it.
///
/// # Errors
/// The server's refusal.
pub(crate) fn one(ctx: &mut Ctx<'_>, info: &Info, options: &Options) -> Result<String, Failure> {
    let mut uid = String::new();
    if options.dry_run != DryRun::Client {
        let answer = ctx.object(Call::delete(info.path(), &delete_options(options)));
        let answer = answer.map_err(|failure| failure.about_source("deleting", &info.source))?;
        uid = match text(&answer, "/details/uid") {
            "" => object::uid(&answer).to_owned(),
            uid => uid.to_owned(),
        };
    }
    if !options.quiet {
        ctx.out(&sentence(info, options));
    }
    Ok(uid)
}

fn sentence(info: &Info, options: &Options) -> String {
    let display = info.display();
    if options.name_only {
        return format!("{display}\n");
    }
    let (kind, name) = display.split_once('/').unwrap_or((&display, ""));
    let forced = if options.grace == 0 { "force deleted" } else { "deleted" };
    let from = match &info.mapping {
        Some(mapping) if mapping.namespaced => format!(" from {} namespace", info.namespace),
        _ => String::new(),
    };
    format!("{kind} \"{name}\" {forced}{from}{}\n", options.dry_run.suffix())
}

/// Waits until objects are gone, or others of their names stand there.
///
/// # Errors
/// One that is still there when the time is over.
pub(crate) async fn wait_gone(ctx: &mut Ctx<'_>, gone: &[(Info, String)], timeout: Duration) -> Done {
    let started = ctx.proc.world().now;
    for (info, uid) in gone {
        let mut pauses = Pauses::new(ctx);
        loop {
            match ctx.get_object(info.path()) {
                Err(failure) if failure.is_not_found() => break,
                Err(failure) if matches!(failure.reason(), "Forbidden" | "MethodNotAllowed") => return Ok(()),
                Err(failure) => return Err(failure),
                Ok(now) if !uid.is_empty() && object::uid(&now) != uid => break,
                Ok(_) => {}
            }
            let passed = ctx.proc.world().now.since(started);
            if passed >= timeout {
                let name = format!(
                    "{}/{}",
                    info.mapping.as_ref().map_or("", |one| one.resource.as_str()),
                    info.name
                );
                return Err(Failure::error(format!("timed out waiting for the condition on {name}")));
            }
            pauses.pause_within(ctx, timeout - passed).await;
        }
    }
    Ok(())
}
