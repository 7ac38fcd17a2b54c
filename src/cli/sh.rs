//! `uncordon sh`: run shell scripts one after the other in one fresh world.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;

use super::guard::{self, Then};
use super::{packs, worlds};
use crate::apimachinery::json::{Value, json};
use crate::cluster::place::FileOp;
use crate::cluster::{Place, World, templates};
use crate::exercises::Stage;
use crate::shell::{Console, Fd, Lab, Login, Script};

/// Arguments of `uncordon sh`.
#[derive(Debug, Args)]
pub(crate) struct ShArgs {
    /// Scripts to run as root on the control plane; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Type the lines into an interactive session instead
    #[arg(long)]
    typed: bool,
    /// First copy this folder onto the host's /
    #[arg(long = "files", value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Print one JSON array instead of the output
    #[arg(long)]
    json: bool,
    /// The seed of the world's chance
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The world to run in
    #[arg(long, default_value = "three-nodes", value_name = "NAME")]
    world: String,
    /// Add workers until the cluster has this many nodes
    #[arg(long, default_value_t = 0, hide_default_value = true, value_name = "COUNT")]
    nodes: u8,
    /// Run in this exercise's world instead, on its host; --seed says which variant
    #[arg(long, value_name = "EXERCISE", conflicts_with_all = ["world", "nodes"])]
    exercise: Option<String>,
}

/// Runs the command; the exit code is that of the last script.
pub(crate) fn run(args: &ShArgs) -> Result<u8, String> {
    let (world, host) = world(args)?;
    let lab = worlds::lab(world);
    if let Some(folder) = &args.folder {
        copy_folder(&lab, &Place::host(&host), folder, "/")?;
    }
    let texts = args.files.iter().map(|file| read(file).map(|text| (file, text)));
    let texts: Vec<(&PathBuf, String)> = texts.collect::<Result<_, String>>()?;
    let login = worlds::root_on(&lab, &host);
    let mut console =
        Console::new(&lab, login.clone()).map_err(|error| format!("cannot start a shell: {error}"))?;
    show(args, console.take_output());
    let mut rows = Vec::new();
    let mut last = 0;
    for (file, text) in texts {
        let row = guard::over(file.display().to_string(), Then::Exit, || {
            run_one(args, &mut console, &login, file, &text)
        });
        last = row.get("exit").and_then(Value::as_i64).unwrap_or(1);
        rows.push(row);
    }
    if args.json {
        println!("{}", Value::from(rows));
    }
    // The program ends here: to take a large world apart would only take time.
    std::mem::forget((console, lab));
    Ok(u8::try_from(last & 0xff).unwrap_or(1))
}

/// The world that the scripts run in, and the host they run on.
fn world(args: &ShArgs) -> Result<(World, String), String> {
    if let Some(exercise) = &args.exercise {
        let variant =
            packs::find(exercise)?.variant(args.seed).map_err(|problems| packs::lines(&problems))?;
        let stage = guard::over("the set-up", Then::Exit, || Stage::build(variant))?;
        return Ok((stage.start, stage.variant.host));
    }
    let world = match args.nodes {
        0 => templates::by_name(&args.world, args.seed),
        count => templates::with_nodes(&args.world, args.seed, count.into()),
    };
    let world = world.ok_or_else(|| {
        let known: Vec<&str> = templates::names().collect();
        format!("no world is called {:?}; there are {}", args.world, known.join(", "))
    })?;
    Ok((world, worlds::CONTROL_PLANE.to_owned()))
}

pub(crate) fn read(file: &Path) -> Result<String, String> {
    let bytes = if file.as_os_str() == "-" {
        std::io::read_to_string(std::io::stdin()).map(String::into_bytes)
    } else {
        fs::read(file)
    };
    let bytes = bytes.map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn run_one(args: &ShArgs, console: &mut Console, login: &Login, file: &Path, text: &str) -> Value {
    let begun = Instant::now();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = if args.typed {
        type_lines(args, console, text, &mut out, &mut err)
    } else {
        let name = file.file_name().map(|name| name.to_string_lossy().into_owned());
        let script = Script { text: text.to_owned(), name, ..Script::default() };
        let exit = console.run_script(login, script);
        collect(args, console, &mut out, &mut err);
        exit
    };
    json!({
        "file": file.to_string_lossy(),
        "exit": exit,
        "stdout": String::from_utf8_lossy(&out),
        "stderr": String::from_utf8_lossy(&err),
        "ms": u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
    })
}

/// Types a text line by line, as a person would; a line that is not whole waits for the next.
fn type_lines(args: &ShArgs, console: &mut Console, text: &str, out: &mut Vec<u8>, err: &mut Vec<u8>) -> i32 {
    let mut exit = 0;
    let mut typed = String::new();
    for line in text.lines() {
        typed.push_str(line);
        if crate::shell::is_incomplete(&typed) {
            typed.push('\n');
            continue;
        }
        exit = console.run(&typed);
        typed.clear();
        collect(args, console, out, err);
        if console.is_ended() {
            return exit;
        }
    }
    if !typed.is_empty() {
        exit = console.run(&typed);
        collect(args, console, out, err);
    }
    exit
}

fn collect(args: &ShArgs, console: &Console, out: &mut Vec<u8>, err: &mut Vec<u8>) {
    let written = console.take_output();
    for (fd, bytes) in &written {
        match fd {
            Fd::Out => out.extend_from_slice(bytes),
            Fd::Err => err.extend_from_slice(bytes),
        }
    }
    show(args, written);
}

fn show(args: &ShArgs, written: Vec<(Fd, Vec<u8>)>) {
    if args.json {
        return;
    }
    for (fd, bytes) in written {
        // A closed pipe ends the reader's interest, not the script.
        let _ = match fd {
            Fd::Out => std::io::stdout().write_all(&bytes),
            Fd::Err => std::io::stderr().write_all(&bytes),
        };
    }
    let _ = std::io::stdout().flush();
}

/// Copies a real folder into a host's tree.
fn copy_folder(lab: &Lab, place: &Place, folder: &Path, to: &str) -> Result<(), String> {
    let fail = |error: std::io::Error| format!("{}: {error}", folder.display());
    for entry in fs::read_dir(folder).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let target = format!("{}/{}", to.trim_end_matches('/'), entry.file_name().to_string_lossy());
        let kind = entry.file_type().map_err(fail)?;
        if kind.is_dir() {
            change(lab, place, FileOp::Mkdir { path: &target, mode: 0o755, parents: true })?;
            copy_folder(lab, place, &entry.path(), &target)?;
        } else if kind.is_file() {
            let bytes = fs::read(entry.path()).map_err(fail)?;
            let mode = entry.metadata().map_err(fail)?.permissions().mode() & 0o7777;
            change(lab, place, FileOp::Write { path: &target, bytes: &bytes })?;
            change(lab, place, FileOp::Chmod { path: &target, mode })?;
        }
    }
    Ok(())
}

fn change(lab: &Lab, place: &Place, op: FileOp<'_>) -> Result<(), String> {
    let what = format!("{op:?}");
    let shown: String = what.chars().take(80).collect();
    lab.world().change_files(place, op).map_err(|error| format!("{shown}: {error}"))
}
