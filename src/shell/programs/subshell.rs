//! `bash` and `sh` that read their commands: from the terminal, or from what is piped into them.

use crate::shell::{Answer, Proc, Program, Request, Running, Script};

/// Its first argument is the name that the shell was called by.
pub(crate) const SHELL: Program = Program { name: "bash", summary: "Shell", run };

/// What `bash --version` begins with. Source: bash's `version.c`.
const VERSION: &str = "GNU bash, version 5.2.21(1)-release (x86_64-pc-linux-gnu)\n";

fn run(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let name = proc.args.get(1).cloned().unwrap_or_else(|| "bash".to_owned());
        let (options, args) = split(proc.args.get(2..).unwrap_or_default());
        if options.iter().any(|it| it == "--version") {
            if name == "sh" {
                proc.eprint("sh: 0: Illegal option --\n");
                return 2;
            }
            proc.print(VERSION);
            return 0;
        }
        let mut login = proc.login();
        login.shell.clone_from(&name);
        match proc.stdin.clone() {
            Some(text) => {
                let set: String = options.iter().filter_map(|it| setting(it)).collect();
                let text = format!("{set}{}", String::from_utf8_lossy(&text));
                proc.run(&login, Script { text, name: Some(name), args, stdin: None }).await
            }
            None => match proc.link.ask(Request::Session(proc.lab.clone(), Box::new(login))).await {
                Answer::Exit(exit) => exit,
                _ => 0,
            },
        }
    })
}

/// Options, and what follows them.
fn split(args: &[String]) -> (Vec<String>, Vec<String>) {
    let count = args.iter().take_while(|it| it.starts_with('-') || it.starts_with('+')).count();
    let (options, rest) = args.split_at(count);
    (options.to_vec(), rest.to_vec())
}

/// The command that makes a setting of an option such as `-ex`.
fn setting(option: &str) -> Option<String> {
    let letters = option.strip_prefix('-').filter(|it| !it.starts_with('-'))?;
    let set: String = letters.chars().filter(|it| "euxfv".contains(*it)).collect();
    (!set.is_empty()).then(|| format!("set -{set}; "))
}
