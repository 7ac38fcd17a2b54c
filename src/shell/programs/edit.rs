//! `vi`, `vim` and `nano`: the screen's editor; headless, `vim -s KEYS`, `vim -c COMMAND` and
//! `vim -es` with commands on standard input.

use super::edit_files::Outside;
use crate::shell::vim::{Editor, Found};
use crate::shell::{Answer, EditRequest, EditorKind, Proc, Program, Request, Running};

pub(crate) const VI: Program = Program { name: "vi", summary: "Edit text", run };
pub(crate) const VIM: Program = Program { name: "vim", summary: "Edit text", run };
pub(crate) const EX: Program = Program { name: "ex", summary: "Edit text by commands", run };
pub(crate) const VIEW: Program = Program { name: "view", summary: "Read text in vim", run };
pub(crate) const VIMDIFF: Program = Program { name: "vimdiff", summary: "Compare texts in vim", run };
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
    /// `-o`, `-O` or `-p`.
    windows: Option<char>,
    /// True for `-d`, as `vimdiff` has it.
    compares: bool,
    /// True for `-n`: no swap file.
    no_swap: bool,
    files: Vec<String>,
}

/// Where a user's settings stand, from home.
const VIMRC: &[&str] = &[".vimrc", ".vim/vimrc", ".exrc"];
const NANORC: &[&str] = &[".nanorc", ".config/nano/nanorc"];

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
                "-R" | "-M" => found.read_only = true,
                "-n" => found.no_swap = true,
                "-d" => found.compares = true,
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
                windows
                    if windows.len() > 1
                        && windows
                            .trim_start_matches(|c| "-oOp".contains(c))
                            .bytes()
                            .all(|c| c.is_ascii_digit())
                        && windows.starts_with(['-'])
                        && windows[1..].starts_with(['o', 'O', 'p']) =>
                {
                    found.windows = windows.chars().nth(1);
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
        let program = proc.args.first().map(|name| crate::hosts::files::base_name(name).to_owned());
        args.ex |= program.as_deref() == Some("ex");
        args.read_only |= program.as_deref() == Some("view");
        if args.compares || program.as_deref() == Some("vimdiff") {
            proc.eprint(
                "uncordon: comparing files in vim is not simulated yet: diff -u shows what differs\n",
            );
            return 1;
        }
        if args.files.first().is_some_and(|file| file == "-") {
            return from_input(proc, args).await;
        }
        if args.keys.is_some() || args.ex {
            return headless(proc, &args, None).await;
        }
        match on_screen(proc, EditorKind::Vim, &args, None).await {
            Some(exit) => exit,
            None if !args.commands.is_empty() => headless(proc, &args, None).await,
            None => no_screen(proc),
        }
    })
}

fn run_nano(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let mut args = Args::default();
        let mut given = proc.args.iter().skip(1);
        while let Some(arg) = given.next() {
            match arg.as_str() {
                "-I" | "--ignorercfiles" => args.no_rc = true,
                "-T" | "--tabsize" => {
                    args.commands.extend(given.next().map(|value| format!("-T {value}")));
                }
                option if option.len() > 1 && option.starts_with(['-', '+']) => {
                    args.commands.push(option.to_owned());
                }
                file => args.files.push(file.to_owned()),
            }
        }
        match on_screen(proc, EditorKind::Nano, &args, None).await {
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

/// `vim -`: the text is that of standard input, and has no name.
async fn from_input(proc: &Proc, mut args: Args) -> i32 {
    args.files.clear();
    let text = String::from_utf8_lossy(proc.stdin.as_deref().unwrap_or_default()).into_owned();
    let found = Found { exists: true, readable: true, writable: true, text, ..Found::default() };
    if args.keys.is_some() || args.ex {
        return headless(proc, &args, Some(found)).await;
    }
    match on_screen(proc, EditorKind::Vim, &args, Some(found)).await {
        Some(exit) => exit,
        None => no_screen(proc),
    }
}

/// Hands a file to the editor on the screen and does for it what it cannot do alone; `None` when there is
/// no screen.
async fn on_screen(proc: &Proc, kind: EditorKind, args: &Args, given: Option<Found>) -> Option<i32> {
    let name = args.files.first().cloned().unwrap_or_default();
    let path = (!name.is_empty()).then(|| proc.path(&name));
    let vim = kind == EditorKind::Vim;
    let mut outside =
        Outside { proc, file: path, swaps: vim && !args.no_swap && proc.link.is_open(), made: Vec::new() };
    let found = match given {
        Some(found) => found,
        None => outside.open(None, &name),
    };
    if found.directory {
        proc.eprint(format!("uncordon: \"{name}\" is a directory, and browsing one is not simulated yet\n"));
        return Some(1);
    }
    if !vim && found.exists && !found.readable {
        proc.eprint(format!("Error reading {name}: Permission denied\n"));
        return Some(1);
    }
    let names = if vim { VIMRC } else { NANORC };
    let (rc_file, rc) = if args.no_rc { Default::default() } else { rc_lines(proc, names) };
    let mut request = Request::Edit(EditRequest {
        kind,
        name,
        found,
        read_only: args.read_only,
        names: args.files.clone(),
        windows: args.windows,
        rc,
        rc_file,
        commands: args.commands.clone(),
    });
    let exit = loop {
        match proc.link.ask(request).await {
            Answer::Exit(exit) => break Some(exit),
            Answer::Need(need) => request = Request::EditAnswer(outside.answer(&need).await),
            _ => break None,
        }
    };
    outside.drop_swaps();
    exit
}

/// The lines of the first of the user's files, and its path.
fn rc_lines(proc: &Proc, names: &[&str]) -> (String, Vec<String>) {
    let home = proc.env.get("HOME").map_or("/root", String::as_str);
    let read = |name: &&str| {
        let file = format!("{home}/{name}");
        proc.disk().read(&file).ok().map(|bytes| (file, bytes))
    };
    let Some((file, bytes)) = names.iter().find_map(read) else { return Default::default() };
    (file, String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect())
}

async fn headless(proc: &Proc, args: &Args, given: Option<Found>) -> i32 {
    let name = args.files.first().cloned().unwrap_or_default();
    let file = (!name.is_empty()).then(|| proc.path(&name));
    let mut outside = Outside { proc, file, swaps: false, made: Vec::new() };
    let found = match given {
        Some(found) => found,
        None => outside.open(None, &name),
    };
    if found.directory {
        proc.eprint(format!("uncordon: \"{name}\" is a directory, and browsing one is not simulated yet\n"));
        return 1;
    }
    let mut editor = Editor::new("");
    let (rc_file, rc) = if args.no_rc { Default::default() } else { rc_lines(proc, VIMRC) };
    editor.read_rc(&rc_file, &rc);
    editor.of_file(&name, &found, args.read_only);
    if args.keys.is_some() {
        editor.set_script();
    }
    let start = editor.of_files(&args.files, args.windows);
    editor.feed(start);
    settle(&mut outside, &mut editor).await;
    for command in &args.commands {
        editor.feed(&format!(":{command}\n"));
        settle(&mut outside, &mut editor).await;
    }
    match script(proc, args) {
        Ok(keys) => {
            editor.feed(&keys);
            settle(&mut outside, &mut editor).await;
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
async fn settle(outside: &mut Outside<'_>, editor: &mut Editor) {
    while let Some(need) = editor.need().cloned() {
        let answer = outside.answer(&need).await;
        editor.resume(answer);
    }
}
