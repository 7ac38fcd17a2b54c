//! `helm` v3: charts become releases, which live in Secrets of the cluster as the real ones do.
//!
//! A client like kubectl, whose connection it uses. Charts come from folders and archives of its host, and from the
//! repositories of [`catalog`], which stand for the outside world. Changes go to the server as patches from three sides
//! ([`carry`]), so that what a chart no longer has goes away and what others set stays.
//!
//! Not simulated: plugins, OCI registries, signatures, schemas of values.

mod args;
mod carry;
mod catalog;
mod chart;
mod cluster;
mod dependency;
mod hooks;
mod inspect;
mod lifecycle;
mod local;
mod package;
mod ready;
mod release;
mod render;
mod repos;
mod scaffold;
mod sprig;
mod values;

use self::args::Args;
use crate::shell::{Proc, Program};

pub(crate) const HELM: Program =
    Program { name: "helm", summary: "The Kubernetes package manager", run: |proc| Box::pin(run(proc)) };

/// A sentence that `Error: ` is put before, or nothing when everything is said.
type Done = Result<(), String>;

/// Failures that came together, as helm lists them.
fn several(failures: &[String]) -> String {
    let (count, plural) = (failures.len(), if failures.len() == 1 { "error" } else { "errors" });
    let lines: String = failures.iter().map(|it| format!("\t* {it}\n")).collect();
    format!("{count} {plural} occurred:\n{lines}\n")
}

async fn run(proc: &mut Proc) -> i32 {
    proc.sleep(std::time::Duration::from_millis(60)).await;
    let words = proc.args.get(1..).unwrap_or_default().to_vec();
    let done = match Args::parse(&words) {
        Ok(args) => carry_out(proc, &args).await,
        Err(why) => Err(why),
    };
    match done {
        Ok(()) => 0,
        Err(why) => {
            let says =
                if why.starts_with("uncordon: ") { format!("{why}\n") } else { format!("Error: {why}\n") };
            proc.eprint(says);
            1
        }
    }
}

async fn carry_out(proc: &mut Proc, args: &Args) -> Done {
    let word = |at: usize| args.operands.get(at).map(String::as_str);
    let Some(verb) = word(0).filter(|_| !args.has("help")) else {
        proc.print(USAGE);
        return Ok(());
    };
    match (verb, word(1)) {
        ("install", _) => lifecycle::install(proc, args).await,
        ("upgrade", _) => lifecycle::upgrade(proc, args).await,
        ("rollback", _) => lifecycle::rollback(proc, args).await,
        ("uninstall" | "delete" | "del" | "un", _) => lifecycle::uninstall(proc, args).await,
        ("test", _) => lifecycle::test(proc, args).await,
        ("dependency" | "dep" | "dependencies", Some(what)) => dependency::run(proc, args, what),
        ("package", _) => package::run(proc, args),
        ("template", _) => local::template(proc, args),
        ("lint", _) => local::lint(proc, args),
        ("list" | "ls", _) => inspect::list(proc, args),
        ("status", _) => inspect::status(proc, args),
        ("history" | "hist", _) => inspect::history(proc, args),
        ("get", Some(what)) => inspect::get(proc, args, what),
        ("repo", Some(what)) => repos::run(proc, args, what),
        ("search", Some("repo")) => repos::search(proc, args),
        ("show" | "inspect", Some(what)) => repos::show(proc, args, what),
        ("pull" | "fetch", _) => repos::pull(proc, args),
        ("create", _) => scaffold::create(proc, args),
        ("version", _) => {
            let short = args.has("short");
            proc.print(if short { "v3.19.2+g8766e71\n" } else { VERSION });
            Ok(())
        }
        ("env", _) => {
            let home = proc.env.get("HOME").cloned().unwrap_or_else(|| "/root".into());
            let namespace =
                cluster::Api::new(proc, args).map_or_else(|_| "default".to_owned(), |api| api.namespace);
            proc.print(format!(
                "HELM_CACHE_HOME=\"{home}/.cache/helm\"\nHELM_CONFIG_HOME=\"{home}/.config/helm\"\nHELM_DATA_HOME=\"{home}/.local/share/helm\"\nHELM_DRIVER=\"secret\"\nHELM_NAMESPACE=\"{namespace}\"\nHELM_REPOSITORY_CONFIG=\"{home}/.config/helm/repositories.yaml\"\n"
            ));
            Ok(())
        }
        ("plugin" | "push" | "registry" | "verify" | "completion", _) | ("search", Some("hub")) => {
            Err(format!("uncordon: helm {verb} is not simulated yet"))
        }
        _ => Err(format!("unknown command {verb:?} for \"helm\"\n\nRun 'helm --help' for usage.")),
    }
}

const VERSION: &str = "version.BuildInfo{Version:\"v3.19.2\", GitCommit:\"8766e718a0119851f10ddbe4577593a45fadf544\", GitTreeState:\"clean\", GoVersion:\"go1.24.9\"}\n";

const USAGE: &str = "Helm, simulated: packages for Kubernetes.\n\nUsage:\n  helm [command]\n\nCommands:\n  create, dependency, env, get, history, install, lint, list, package, pull, repo, rollback, search, show, status, template, test,\n  uninstall, upgrade, version\n";
