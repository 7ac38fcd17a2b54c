//! `uncordon serve [EXERCISE]`: the API over HTTPS for real clients, and `uncordon check`: grade the exercise
//! that is served.

use std::any::Any;
use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;

use super::guard::{self, Then};
use super::{packs, worlds};
use crate::apimachinery::json::{Value, json};
use crate::cluster::templates;
use crate::exercises::{Stage, stage};
use crate::serve::{self, Ready, Setup, control};
use crate::sim::SimTime;

/// Arguments of `uncordon serve`.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// An exercise's id, PACK/ID, or its folder; without one a fresh cluster is served
    exercise: Option<String>,
    /// The port on 127.0.0.1; a free one without
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Which variant of the exercise, and the seed of the world's chance
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The world to serve when no exercise is named
    #[arg(long, default_value = "three-nodes", value_name = "NAME")]
    world: String,
    /// How many simulated seconds pass in a real one
    #[arg(long, default_value_t = 1.0, value_name = "FACTOR", value_parser = speed)]
    speed: f64,
}

/// Arguments of `uncordon check`.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The folder of the server, when several run
    #[arg(long, value_name = "DIR")]
    server: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Folders of servers are called like this, with the process id behind.
const FOLDER: &str = "uncordon-serve-";

fn speed(text: &str) -> Result<f64, String> {
    let speed: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if (0.01..=1_000.0).contains(&speed) { Ok(speed) } else { Err("give 0.01 to 1000".into()) }
}

/// Serves until Ctrl-C.
pub(crate) fn run(args: &ServeArgs) -> Result<u8, String> {
    let setup = setup(args)?;
    let task = setup.stage.as_ref().map(|stage| (stage.variant.title.clone(), stage.variant.task.clone()));
    let folder = std::env::temp_dir().join(format!("{FOLDER}{}", std::process::id()));
    DirBuilder::new()
        .mode(0o700)
        .create(&folder)
        .map_err(|error| format!("{}: {error}", folder.display()))?;
    let outcome = serve::run(setup, args.port, &folder, |ready| announce(ready, task.as_ref()));
    // What cannot be removed lies in a folder for temporary files.
    let _ = fs::remove_dir_all(&folder);
    outcome.map(|()| 0)
}

/// Watches over what a client asks for; what never ends is given up.
fn guarded(what: &'static str) -> Box<dyn Any> {
    Box::new(guard::begin(what, Then::Exit))
}

fn setup(args: &ServeArgs) -> Result<Setup, String> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |it| it.as_secs());
    let now = SimTime::from_unix_s(i64::try_from(now).unwrap_or(0));
    let Some(word) = &args.exercise else {
        let world = templates::at(&args.world, args.seed, now).ok_or_else(|| {
            let known: Vec<&str> = templates::names().collect();
            format!("no world is called {:?}; there are {}", args.world, known.join(", "))
        })?;
        let (lab, host) = (worlds::lab(world), worlds::CONTROL_PLANE.to_owned());
        return Ok(Setup { lab, stage: None, host, speed: args.speed, guard: guarded });
    };
    let exercise = packs::find(word)?;
    let variant = exercise.variant(args.seed).map_err(|problems| packs::lines(&problems))?;
    let built = guard::over("the set-up", Then::Exit, || Stage::build_at(variant, Some(now)))?;
    let (lab, host) = (stage::lab(built.start.clone()), built.variant.host.clone());
    Ok(Setup { lab, stage: Some(built), host, speed: args.speed, guard: guarded })
}

fn announce(ready: &Ready, task: Option<&(String, String)>) {
    if let Some((title, text)) = task {
        println!("{title}\n\n{}\n", text.trim_end());
    }
    println!("{}", ready.addresses.join("\n"));
    println!("export KUBECONFIG={}", ready.kubeconfig.display());
    match task {
        Some(_) => println!("`uncordon check` grades; Ctrl-C ends."),
        None => println!("Ctrl-C ends."),
    }
}

/// Grades what is served: 0 when every point was won, 1 otherwise.
pub(crate) fn check(args: &CheckArgs) -> Result<u8, String> {
    let folder = match &args.server {
        Some(folder) => folder.clone(),
        None => only_server(&std::env::temp_dir())?,
    };
    let report =
        guard::over("the grading", Then::Exit, || control::ask(&folder.join("control.sock"), "check"))?;
    if args.json {
        println!("{report}");
    } else {
        print_report(&report);
    }
    Ok(u8::from(report.get("passed") != Some(&json!(true))))
}

/// The folder of the one server that answers.
fn only_server(temporary: &Path) -> Result<PathBuf, String> {
    let entries = fs::read_dir(temporary).map_err(|error| format!("{}: {error}", temporary.display()))?;
    let folders = entries.flatten().filter(|it| it.file_name().to_string_lossy().starts_with(FOLDER));
    let alive: Vec<PathBuf> = folders
        .map(|it| it.path())
        .filter(|it| std::os::unix::net::UnixStream::connect(it.join("control.sock")).is_ok())
        .collect();
    match alive.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err("no server runs; start `uncordon serve EXERCISE` in another terminal".into()),
        several => {
            let shown: Vec<String> = several.iter().map(|it| it.display().to_string()).collect();
            Err(format!("several servers run; name one by --server: {}", shown.join(", ")))
        }
    }
}

fn print_report(report: &Value) {
    let text = |it: &Value, key: &str| it.get(key).and_then(Value::as_str).unwrap_or("").to_owned();
    let number = |it: &Value, key: &str| it.get(key).and_then(Value::as_u64).unwrap_or(0);
    for check in report.get("checks").and_then(Value::as_array).into_iter().flatten() {
        let passed = check.get("passed") == Some(&json!(true));
        let mark = if passed { "✓" } else { "✗" };
        println!("{mark} {} ({}/{})", text(check, "name"), number(check, "points"), number(check, "max"));
        if !passed {
            println!("    wanted: {}", text(check, "wanted").replace('\n', "\n            "));
            println!("    saw:    {}", text(check, "saw").replace('\n', "\n            "));
            println!("    why:    {}", text(check, "mistake"));
        }
    }
    println!("{} of {} points", number(report, "points"), number(report, "max"));
}
