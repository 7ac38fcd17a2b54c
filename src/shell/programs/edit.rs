//! `vi`, `vim` and `nano`: the screen's editor; headless, `vim -s KEYS`, `vim -c COMMAND` and
//! `vim -es` with commands on standard input.

use crate::cluster::place::FileOp;
use crate::hosts::FsError;
use crate::shell::vim::{Editor, Need};
use crate::shell::{Answer, EditRequest, EditorKind, Proc, Program, Request, Running, Script};

pub(crate) const VI: Program = Program { name: "vi", summary: "Edit text", run };
pub(crate) const VIM: Program = Program { name: "vim", summary: "Edit text", run };
pub(crate) const EX: Program = Program { name: "ex", summary: "Edit text by commands", run };
pub(crate) const NANO: Program = Program { name: "nano", summary: "Edit text", run: run_nano };

/// A command line of vim.
#[derive(Debug, Default)]
struct Args {
    /// A file of keys to type.
    keys: Option<String>,
    /// Commands to carry out once the file is read.
    commands: Vec<String>,
    /// True for `-e` and `-es`: commands come from standard input.
    ex: bool,
    read_only: bool,
    /// True when the user's `.vimrc` is left alone.
    no_rc: bool,
    files: Vec<String>,
}

/// Options that take a value that does not matter here.
const IGNORED_VALUES: &[&str] = &["-U", "-i", "-T", "-w", "-W", "-S", "--cmd", "--startuptime"];

impl Args {
    fn parse(args: &[String]) -> Self {
        let mut found = Self::default();
        let mut rest = args.iter();
        while let Some(arg) = rest.next() {
            match arg.as_str() {
                "-s" if found.ex => {}
                "-s" => found.keys = rest.next().cloned(),
                "-c" => found.commands.extend(rest.next().cloned()),
                "-e" | "-es" | "-Es" | "-E" => found.ex = true,
                "-R" => found.read_only = true,
                "-u" => {
                    found.no_rc = true;
                    let _ = rest.next();
                }
                "--clean" => found.no_rc = true,
                "--" => found.files.extend(rest.by_ref().cloned()),
                "+" => found.commands.push("$".into()),
                ignored if IGNORED_VALUES.contains(&ignored) => drop(rest.next()),
                command if command.starts_with('+') => {
                    found.commands.push(command.trim_start_matches('+').to_owned());
                }
                option if option.starts_with('-') && option.len() > 1 => {}
                file => found.files.push(file.to_owned()),
            }
        }
        found
    }
}

fn run(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let mut args = Args::parse(proc.args.get(1..).unwrap_or_default());
        args.ex |= proc.args.first().is_some_and(|name| name == "ex");
        if args.keys.is_some() || args.ex {
            return headless(proc, &args).await;
        }
        match on_screen(proc, EditorKind::Vim, &args).await {
            Some(exit) => exit,
            None if !args.commands.is_empty() => headless(proc, &args).await,
            None => no_screen(proc),
        }
    })
}

fn run_nano(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let file = proc.args.iter().skip(1).rfind(|arg| !arg.starts_with(['-', '+'])).cloned();
        let line = proc.args.iter().find_map(|arg| arg.strip_prefix('+')).map(str::to_owned);
        let args = Args {
            files: file.into_iter().collect(),
            commands: line.into_iter().collect(),
            ..Args::default()
        };
        match on_screen(proc, EditorKind::Nano, &args).await {
            Some(exit) => exit,
            None => no_screen(proc),
        }
    })
}

fn no_screen(proc: &Proc) -> i32 {
    let program = proc.args.first().map(String::as_str).unwrap_or_default();
    proc.eprint(format!("uncordon: {program} needs the screen, or a script of keys: vim -s KEYS FILE\n"));
    1
}

/// Hands a file to the editor on the screen and does for it what it cannot do alone; `None` when there is
/// no screen.
async fn on_screen(proc: &Proc, kind: EditorKind, args: &Args) -> Option<i32> {
    let name = args.files.first().cloned().unwrap_or_default();
    let path = (!name.is_empty()).then(|| proc.path(&name));
    let (text, fresh) = match read(proc, path.as_deref()) {
        Ok(found) => found,
        Err(error) => {
            proc.eprint(format!("\"{name}\" {error}\n"));
            return Some(1);
        }
    };
    let rc = if kind == EditorKind::Vim && !args.no_rc { rc_commands(proc) } else { Vec::new() };
    let (read_only, commands) = (args.read_only, args.commands.clone());
    let mut request = Request::Edit(EditRequest { kind, name, text, fresh, read_only, rc, commands });
    loop {
        match proc.link.ask(request).await {
            Answer::Exit(exit) => return Some(exit),
            Answer::Need(need) => {
                request = Request::EditAnswer(answer(proc, &need, path.as_deref()).await);
            }
            _ => return None,
        }
    }
}

/// The text of a file, and whether there is none yet.
fn read(proc: &Proc, path: Option<&str>) -> Result<(String, bool), FsError> {
    match path.map(|path| proc.disk().read(path)) {
        Some(Ok(bytes)) => Ok((String::from_utf8_lossy(&bytes).into_owned(), false)),
        Some(Err(FsError::NotFound)) | None => Ok((String::new(), true)),
        Some(Err(error)) => Err(error),
    }
}

/// The commands of the user's `.vimrc`, without what is no command.
fn rc_commands(proc: &Proc) -> Vec<String> {
    let home = proc.env.get("HOME").map_or("/root", String::as_str);
    let files = [format!("{home}/.vimrc"), format!("{home}/.vim/vimrc"), format!("{home}/.exrc")];
    let Some(bytes) = files.iter().find_map(|file| proc.disk().read(file).ok()) else { return Vec::new() };
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let lines = text.lines().map(|line| line.trim().trim_start_matches(':'));
    lines.filter(|line| !line.is_empty() && !line.starts_with('"')).map(str::to_owned).collect()
}

async fn headless(proc: &Proc, args: &Args) -> i32 {
    let file = args.files.first().map(|file| proc.path(file));
    let (text, fresh) = match read(proc, file.as_deref()) {
        Ok(found) => found,
        Err(error) => {
            proc.eprint(format!("\"{}\" {error}\n", args.files.first().map_or("", String::as_str)));
            return 1;
        }
    };
    let mut editor = Editor::new(&text);
    let rc = if args.no_rc { Vec::new() } else { rc_commands(proc) };
    rc.iter().for_each(|command| editor.feed(&format!(":{command}\n")));
    editor.of_file(args.files.first().map_or("", String::as_str), fresh, args.read_only);
    if args.keys.is_some() {
        editor.set_script();
    }
    for command in &args.commands {
        editor.feed(&format!(":{command}\n"));
        settle(proc, &mut editor, file.as_deref()).await;
    }
    match script(proc, args) {
        Ok(keys) => {
            editor.feed(&keys);
            settle(proc, &mut editor, file.as_deref()).await;
        }
        Err(text) => {
            proc.eprint(text);
            return 2;
        }
    }
    match editor.left() {
        Some(left) => left.exit,
        None if args.ex => 0,
        None => {
            proc.eprint("Vim: Error reading input, exiting...\n");
            1
        }
    }
}

/// The keys to type: those of `-s`, or the commands on standard input.
fn script(proc: &Proc, args: &Args) -> Result<String, String> {
    if let Some(keys) = &args.keys {
        let bytes = proc.disk().read(&proc.path(keys));
        let bytes = bytes.map_err(|_| format!("Cannot open for reading: \"{keys}\"\n"))?;
        return Ok(String::from_utf8_lossy(&bytes).into_owned());
    }
    if args.ex {
        let text = String::from_utf8_lossy(proc.stdin.as_deref().unwrap_or_default()).into_owned();
        return Ok(text.lines().map(|line| format!(":{line}\n")).collect());
    }
    Ok(String::new())
}

/// Answers what the editor needs, until it has what it wants.
async fn settle(proc: &Proc, editor: &mut Editor, file: Option<&str>) {
    while let Some(need) = editor.need().cloned() {
        let answer = answer(proc, &need, file).await;
        editor.resume(answer);
    }
}

/// What the outside of an editor is: files and commands of the process's place.
async fn answer(proc: &Proc, need: &Need, file: Option<&str>) -> Result<String, String> {
    match need {
        Need::Write { path, text, append } => {
            let path = path.as_ref().map(|path| proc.path(path)).or_else(|| file.map(str::to_owned));
            let path = path.ok_or_else(|| "E32: No file name".to_owned())?;
            let (path, bytes) = (path.as_str(), text.as_bytes());
            let op = if *append { FileOp::Append { path, bytes } } else { FileOp::Write { path, bytes } };
            let done = proc.disk().put(path, op);
            done.map(|()| String::new()).map_err(|_| "E212: Can't open file for writing".to_owned())
        }
        Need::Read { path } => {
            let bytes = proc.disk().read(&proc.path(path));
            let bytes = bytes.map_err(|_| format!("E484: Can't open file {path}"))?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        }
        Need::Run { command, stdin } => {
            let child = proc.child(&["sh"]);
            let stdin = Some(stdin.clone().into_bytes());
            let script = Script { text: command.clone(), stdin, ..Script::default() };
            child.run(&proc.login(), script).await;
            let output: Vec<u8> = child.take_output().into_iter().flat_map(|(_, bytes)| bytes).collect();
            Ok(String::from_utf8_lossy(&output).into_owned())
        }
    }
}
