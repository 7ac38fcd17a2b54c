//! `vi`, `vim` and `nano`: the screen's editor; headless, a script of keys.

use crate::shell::{Answer, Proc, Program, Request, Running};

pub(crate) const VI: Program = Program { name: "vi", summary: "Edit text", run };
pub(crate) const VIM: Program = Program { name: "vim", summary: "Edit text", run };
pub(crate) const NANO: Program = Program { name: "nano", summary: "Edit text", run };

fn run(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let files: Vec<String> =
            proc.args.iter().skip(1).filter(|arg| !arg.starts_with(['-', '+'])).cloned().collect();
        let name = proc.args.first().cloned().unwrap_or_default();
        let Some(file) = files.last() else {
            proc.eprint(format!("uncordon: {name} without a file is not simulated yet\n"));
            return 1;
        };
        let request =
            Request::Edit { place: proc.place.clone(), user: proc.user.clone(), path: proc.path(file) };
        match proc.link.ask(request).await {
            Answer::Exit(exit) => exit,
            _ => {
                proc.eprint(format!("uncordon: {name} needs the screen\n"));
                1
            }
        }
    })
}
