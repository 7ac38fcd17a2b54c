//! `gpg`, as far as keys of repositories need it: `--dearmor`.

use crate::hosts::packages::archive;
use crate::shell::programs::options::{Spec, Value};
use crate::shell::{Proc, Program, Running};

pub(crate) const GPG: Program = Program { name: "gpg", summary: "Sign and encrypt", run };

const SPEC: Spec = Spec {
    name: "gpg",
    short: "o:",
    long: &[
        ("dearmor", 'd', Value::None),
        ("output", 'o', Value::Needed),
        ("yes", 'y', Value::None),
        ("batch", 'b', Value::None),
        ("no-tty", 'n', Value::None),
        ("show-keys", 's', Value::None),
        ("version", 'V', Value::None),
    ],
};

fn run(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let options = match SPEC.parse(proc.args.get(1..).unwrap_or_default()) {
            Ok(options) => options,
            Err(text) => {
                proc.eprint(text.lines().next().map(|line| format!("{line}\n")).unwrap_or_default());
                return 2;
            }
        };
        if options.has('V') {
            proc.print("gpg (GnuPG) 2.4.4\nlibgcrypt 1.10.3\n");
            return 0;
        }
        if !options.has('d') {
            proc.eprint("uncordon: gpg without --dearmor is not simulated yet\n");
            return 2;
        }
        let input = match options.operands.first() {
            Some(path) => match proc.disk().read(&proc.path(path)) {
                Ok(bytes) => bytes,
                Err(error) => {
                    proc.eprint(format!(
                        "gpg: can't open '{path}': {error}\ngpg: dearmoring failed: {error}\n"
                    ));
                    return 2;
                }
            },
            None => proc.stdin.clone().unwrap_or_default(),
        };
        let Some(bytes) = archive::dearmoured(&String::from_utf8_lossy(&input)) else {
            proc.eprint("gpg: no valid OpenPGP data found.\ngpg: dearmoring failed: Unknown system error\n");
            return 2;
        };
        // Without `-o` a file goes beside its armoured form, and a pipe goes on.
        let beside = options.operands.first().map(|path| format!("{path}.gpg"));
        match options.value('o').map(str::to_owned).or(beside) {
            None => proc.print(bytes),
            Some(path) if path == "-" => proc.print(bytes),
            Some(path) => {
                let stands = proc.stat(&path).is_ok();
                if stands && !options.has('y') {
                    proc.eprint(format!(
                        "gpg: cannot open '/dev/tty': No such device or address\ngpg: dearmoring failed: File exists\nFile '{path}' exists.\n"
                    ));
                    return 2;
                }
                if let Err(error) = proc.disk().write(&proc.path(&path), &bytes) {
                    proc.eprint(format!(
                        "gpg: can't create '{path}': {error}\ngpg: dearmoring failed: {error}\n"
                    ));
                    return 2;
                }
            }
        }
        0
    })
}
