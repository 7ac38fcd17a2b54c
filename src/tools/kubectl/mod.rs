//! kubectl v1.36.2 as a client: it reads kubeconfig files of its host, talks to API servers by
//! [`World::exchange`](crate::cluster::World::exchange) and prints what they answer.
//!
//! Invariant: knows nothing of stores, controllers or kubelets; what it needs it asks for over the wire.
//!
//! Start with [`verb`] (what a command is) and [`verbs`] (the table of all), then [`Ctx`] (what a verb works
//! with), [`builder`] (from arguments and files to objects) and [`mod@print`] (from objects to text).

mod auth;
mod builder;
mod certificate;
mod client;
mod complete;
mod completion;
mod cluster_info;
mod config;
mod ctx;
mod debug;
mod describe;
mod diff;
mod drain;
mod events;
mod explain;
mod failure;
pub(crate) mod flags;
mod get;
mod help;
mod kubeconfig;
mod kuberc;
mod kustomize;
mod mapper;
mod create;
mod delete;
mod edit;
mod writes;
mod diffs;
mod label;
mod pairs;
mod plugin;
mod pods;
mod prefs;
mod raw;
mod patch;
mod taint;
mod typed;
mod types;
mod hash;
mod image;
mod run;
mod apply;
mod attach;
mod set;
mod scale;
mod autoscale;
mod expose;
mod replace;
mod print;
mod rollout;
mod tabwriter;
mod trace;
mod top;
mod verb;
mod verbs;
mod wait;
mod waiting;

use std::time::Duration;

pub(crate) use builder::{Builder, Info};
pub(crate) use client::Call;
pub(crate) use complete::COMPLETER;
pub(crate) use ctx::{Ctx, DryRun, Namespace};
pub(crate) use diffs::three_way;
pub(crate) use failure::{Done, Failure};
pub(crate) use mapper::Mapping;
pub(crate) use print::{Format, Printer, TabWriter};
pub(crate) use verb::{Complete, Group, PLAIN, Run, Verb};

use crate::shell::{Proc, Program};

/// 60 ms: how long a kubectl process lives beside its requests in the recorded sessions.
const PROCESS_TAKES: Duration = Duration::from_millis(60);

/// The program.
pub(crate) const KUBECTL: Program =
    Program { name: "kubectl", summary: "control Kubernetes clusters", run: |proc| Box::pin(run(proc)) };

async fn run(proc: &mut Proc) -> i32 {
    proc.sleep(PROCESS_TAKES).await;
    let words = proc.args.get(1..).unwrap_or_default().to_vec();
    match words.split_first() {
        Some((first, rest)) if first == "__complete" => return completion::answer(proc, rest, true),
        Some((first, rest)) if first == "__completeNoDesc" => return completion::answer(proc, rest, false),
        _ => {}
    }
    if let Some((path, count)) = unknown_words(&words).and_then(|words| plugin::find(proc, words)) {
        let command: Vec<String> = [path].into_iter().chain(words.into_iter().skip(count)).collect();
        return proc.run(&proc.login(), proc.command(&command)).await;
    }
    let failure = match start(proc, &words) {
        Ok(Some(mut ctx)) => {
            let failure = carry_out(&mut ctx).await.err();
            ctx.trace_failure(failure.as_ref());
            failure
        }
        Ok(None) => None,
        Err(failure) => Some(failure),
    };
    match failure {
        None => 0,
        Some(failure) => {
            proc.eprint(failure.printed());
            failure.code()
        }
    }
}

/// The words of a line that begins with no command of kubectl's own.
fn unknown_words(words: &[String]) -> Option<&[String]> {
    let first = words.first().filter(|word| !word.starts_with('-'))?;
    verbs::ROOT.child(first).is_none().then_some(words)
}

/// Text with tabs as columns, each at least `min_width` wide and with `padding` blanks behind its longest cell.
pub(crate) fn columns(text: &str, min_width: usize, padding: usize) -> String {
    let layout = tabwriter::Layout { min_width, tab_width: 4, padding, pad: ' ', discard_empty: false };
    tabwriter::format(text, &layout)
}

/// Finds the verb and reads its flags; `None` when help was asked for and printed.
fn start<'p>(proc: &'p mut Proc, words: &[String]) -> Result<Option<Ctx<'p>>, Failure> {
    let line = prefs::apply(proc, words)?;
    let (verb, path, rest) = resolve(&line.words);
    let command = format!("kubectl {path}").trim_end().to_owned();
    if path.is_empty()
        && let Some(word) = first_word(&rest, "").and_then(|at| rest.get(at))
    {
        if word == "help" {
            return help_about(proc, &rest).map(|()| None);
        }
        return Err(Failure::error(help::unknown(verb, word)));
    }
    let mut specs = flags::of_command(&path);
    specs.extend(flags::globals());
    if path == "apply" && proc.env.get("KUBECTL_APPLYSET").is_some_and(|on| on == "true") {
        specs.push(flags::APPLYSET);
    }
    let rest = prefs::filled(&path, &rest, &line.defaults, &specs)?;
    let parsed = flags::parse(&rest, specs).map_err(|sentence| flag_failure(&path, &command, &sentence))?;
    proc.eprint(parsed.flags.warnings());
    if parsed.flags.on("help") || path.is_empty() {
        proc.print(help::of(verb, &path));
        return Ok(None);
    }
    flags::seen::begin(&path);
    if let Some(flag) = flags::absent::refused(&path, |name| parsed.flags.given(name)) {
        return Err(Failure::Plain(format!("uncordon: `{command} --{flag}` is not simulated yet")));
    }
    let missing: Vec<String> = verb
        .required
        .iter()
        .filter(|name| !parsed.flags.given(name))
        .map(|name| format!("{name:?}"))
        .collect();
    if !missing.is_empty() {
        return Err(Failure::error(format!("required flag(s) {} not set", missing.join(", "))));
    }
    Ok(Some(Ctx {
        proc,
        verb,
        path: command,
        flags: parsed.flags,
        args: parsed.args,
        dash_at: parsed.dash_at,
        config: None,
        connection: None,
        mapper: None,
        warned: Default::default(),
        requests: 0,
        definitions: None,
    }))
}

/// A client of the API for a program beside kubectl, with flags that every command of kubectl has.
///
/// # Errors
/// What is wrong with the flags.
pub(crate) fn client<'p>(proc: &'p mut Proc, globals: &[String]) -> Result<Ctx<'p>, Failure> {
    let words: Vec<String> = ["version".to_owned()].into_iter().chain(globals.iter().cloned()).collect();
    start(proc, &words)?.ok_or(Failure::Exit(1))
}

/// What a flag that cannot be read ends a command with; a 1 of `diff` would mean that there are differences.
fn flag_failure(path: &str, command: &str, sentence: &str) -> Failure {
    match path {
        "diff" => Failure::Code(2, format!("error: {sentence}\nSee '{command} -h' for help and examples")),
        _ => Failure::error(format!("{sentence}\nSee '{command} --help' for usage.")),
    }
}

/// `kubectl help COMMAND…`.
fn help_about(proc: &Proc, rest: &[String]) -> Result<(), Failure> {
    let words: Vec<String> = rest.iter().filter(|word| !word.starts_with('-')).skip(1).cloned().collect();
    let (verb, path, left) = resolve(&words);
    if !left.is_empty() && path.is_empty() {
        proc.eprint(format!(
            "Unknown help topic [{}]\n",
            words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" ")
        ));
        proc.eprint(format!("\n{}", help::usage(&verbs::ROOT, "")));
        return Ok(());
    }
    proc.print(help::of(verb, &path));
    Ok(())
}

async fn carry_out(ctx: &mut Ctx<'_>) -> Done {
    if ctx.flags.on("match-server-version") {
        types::check_versions(ctx)?;
    }
    let done = match ctx.verb.run {
        Run::Group => group(ctx),
        Run::Now(run) => run(ctx),
        Run::Waits(run) => run(ctx).await,
    };
    done?;
    match ctx.warned.len() {
        count if count > 0 && ctx.flags.on("warnings-as-errors") => {
            let plural = if count == 1 { "" } else { "s" };
            Err(Failure::error(format!("{count} warning{plural} received")))
        }
        _ => Ok(()),
    }
}

/// A command that only has commands below it.
pub(crate) fn group(ctx: &mut Ctx<'_>) -> Done {
    if !ctx.args.is_empty() {
        return Err(ctx.usage(&format!("unknown command {:?}", ctx.args.join(" "))));
    }
    let path = ctx.path.strip_prefix("kubectl ").unwrap_or("").to_owned();
    let help = help::of(ctx.verb, &path);
    match path.as_str() {
        "" => {
            ctx.out(&help);
            return Ok(());
        }
        "rollout" => ctx.out(&help),
        _ => ctx.err(&help),
    }
    Err(Failure::Exit(1))
}

/// The verb that `words` name, its path without `kubectl`, and the words without that path.
pub(crate) fn resolve(words: &[String]) -> (&'static Verb, String, Vec<String>) {
    let mut verb: &'static Verb = &verbs::ROOT;
    let mut path: Vec<&str> = Vec::new();
    let mut rest = words.to_vec();
    while let Some(at) = first_word(&rest, &path.join(" ")) {
        let Some(child) = rest.get(at).and_then(|word| verb.child(word)) else { break };
        rest.remove(at);
        path.push(child.name);
        verb = child;
    }
    (verb, path.join(" "), rest)
}

/// Where the first word stands that is neither a flag nor a flag's value.
fn first_word(words: &[String], path: &str) -> Option<usize> {
    let mut specs = flags::of_command(path);
    specs.extend(flags::globals());
    let mut at = 0;
    while let Some(word) = words.get(at) {
        if word == "--" {
            return None;
        }
        let takes_value = if let Some(name) = word.strip_prefix("--") {
            !name.contains('=') && specs.iter().any(|spec| spec.name == name && spec.alone.is_empty())
        } else if word.len() > 1 && word.starts_with('-') {
            let short = word.chars().nth(1).filter(|_| word.chars().count() == 2);
            specs.iter().any(|spec| spec.short.is_some() && spec.short == short && spec.alone.is_empty())
        } else {
            return Some(at);
        };
        at += if takes_value { 2 } else { 1 };
    }
    None
}

#[cfg(test)]
mod coverage;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_may_stand_before_the_verb() {
        let resolved = |line: &str| {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            let (_, path, rest) = resolve(&words);
            format!("{path}: {}", rest.join(" "))
        };
        assert_eq!(resolved("-n kube-system get po -o wide"), "get: -n kube-system po -o wide");
        assert_eq!(resolved("create --dry-run=client deploy web"), "create deployment: --dry-run=client web");
        assert_eq!(resolved("get create"), "get: create");
    }
}
