//! `mktemp`: make a file or directory with a name of its own.

use super::options::{Spec, Value};
use super::texts::curly;
use crate::shell::{Proc, Program, Running};

pub(crate) const PROGRAM: Program =
    Program { name: "mktemp", summary: "Create a temporary file or directory", run };

const SPEC: Spec = Spec {
    name: "mktemp",
    short: "dp:qtu",
    long: &[
        ("directory", 'd', Value::None),
        ("tmpdir", 'p', Value::Optional),
        ("quiet", 'q', Value::None),
        ("dry-run", 'u', Value::None),
        ("suffix", 's', Value::Needed),
    ],
};

/// Letters of the random part.
const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

fn run(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let options = match SPEC.parse(proc.args.get(1..).unwrap_or_default()) {
            Ok(options) => options,
            Err(text) => {
                proc.eprint(text);
                return 1;
            }
        };
        let temporary = || proc.env.get("TMPDIR").cloned().unwrap_or_else(|| "/tmp".to_owned());
        let (template, folder) = match options.operands.first() {
            None => ("tmp.XXXXXXXXXX".to_owned(), Some(temporary())),
            Some(template) if options.has('t') => (template.clone(), Some(temporary())),
            Some(template) => (template.clone(), None),
        };
        let folder = if options.has('p') {
            Some(options.value('p').map_or_else(temporary, str::to_owned))
        } else {
            folder
        };
        let template = template + options.value('s').unwrap_or_default();
        let Some(name) = filled(proc, &template) else {
            proc.eprint(format!("mktemp: too few X's in template {}\n", curly(&template)));
            return 1;
        };
        let name = folder.map_or(name.clone(), |folder| format!("{}/{name}", folder.trim_end_matches('/')));
        let path = proc.path(&name);
        let disk = proc.disk();
        let made = if options.has('u') {
            Ok(())
        } else if options.has('d') {
            disk.mkdir(&path, 0o700)
        } else {
            let mode = crate::cluster::place::FileOp::Chmod { path: &path, mode: 0o600 };
            disk.write(&path, b"").and_then(|()| disk.change_own(&path, mode))
        };
        match made {
            Ok(()) => {
                proc.print(format!("{name}\n"));
                0
            }
            Err(error) => {
                let what = if options.has('d') { "directory" } else { "file" };
                proc.eprint(format!(
                    "mktemp: failed to create {what} via template {}: {error}\n",
                    curly(&template)
                ));
                1
            }
        }
    })
}

/// The template with its last run of at least three `X` filled in.
fn filled(proc: &Proc, template: &str) -> Option<String> {
    let end = template.rfind('X')? + 1;
    let start = template.get(..end)?.trim_end_matches('X').len();
    if end - start < 3 {
        return None;
    }
    let mut world = proc.world();
    let random: String =
        (start..end).filter_map(|_| world.chance.pick(LETTERS).map(|&byte| char::from(byte))).collect();
    Some(format!("{}{random}{}", template.get(..start)?, template.get(end..)?))
}
