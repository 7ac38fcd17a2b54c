//! `less`, `more` and `man`: texts to read at leisure.

use crate::shell::{Answer, PageRequest, Proc, Program, Request, Running};

pub(crate) const LESS: Program = Program { name: "less", summary: "Show a text page by page", run: run_less };
pub(crate) const MORE: Program = Program { name: "more", summary: "Show a text page by page", run: run_less };
pub(crate) const MAN: Program = Program { name: "man", summary: "Show a manual page", run: run_man };

fn run_less(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let names: Vec<String> =
            proc.args.iter().skip(1).filter(|arg| !arg.starts_with(['-', '+'])).cloned().collect();
        let mut text = Vec::new();
        let mut exit = 0;
        if names.is_empty() {
            match &proc.stdin {
                Some(stdin) => text.extend_from_slice(stdin),
                None => {
                    proc.eprint("Missing filename (\"less --help\" for help)\n");
                    return 1;
                }
            }
        }
        for name in &names {
            match proc.disk().read(&proc.path(name)) {
                Ok(bytes) => text.extend_from_slice(&bytes),
                Err(error) => {
                    let shown = if error == crate::hosts::FsError::IsADirectory {
                        format!("{name} is a directory\n")
                    } else {
                        format!("{name}: {error}\n")
                    };
                    proc.eprint(shown);
                    exit = 1;
                }
            }
        }
        let flag = |short: char, long: &str| {
            let short_fits =
                |arg: &String| arg.starts_with('-') && !arg.starts_with("--") && arg.contains(short);
            proc.args.iter().skip(1).any(|arg| arg == long || short_fits(arg))
        };
        let request = PageRequest {
            name: names.first().cloned().unwrap_or_default(),
            text: String::from_utf8_lossy(&text).into_owned(),
            numbers: flag('N', "--LINE-NUMBERS"),
            chop: flag('S', "--chop-long-lines"),
            at_end: proc.args.iter().skip(1).any(|arg| arg == "+G"),
        };
        page(proc, request).await;
        exit
    })
}

/// Shows a text on the screen; where there is none it is printed.
async fn page(proc: &Proc, request: PageRequest) {
    let text = request.text.clone();
    let seen = proc.link.is_open()
        && !text.is_empty()
        && proc.link.ask(Request::Page(request)).await != Answer::Nobody;
    if !seen {
        proc.print(text);
    }
}

fn run_man(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let Some(name) = proc.args.iter().skip(1).rfind(|arg| !arg.starts_with('-')).cloned() else {
            proc.print("What manual page do you want?\nFor example, try 'man man'.\n");
            return 1;
        };
        match proc.lab.program(&name) {
            Some(program) => proc.eprint(format!(
                "uncordon: the manual of {name} is not here ({}); try '{name} --help'\n",
                program.summary
            )),
            None => {
                proc.eprint(format!("No manual entry for {name}\n"));
                return 16;
            }
        }
        1
    })
}
