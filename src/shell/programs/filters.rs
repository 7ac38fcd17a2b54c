//! `sed` and `xargs`: those of the language crate, with what they do otherwise than the real ones mended on the
//! way in and out.

use crate::shell::{Proc, Program, Running};

pub(crate) const SED: Program = Program {
    name: "sed",
    summary: "Filter and transform text",
    run: |proc| Box::pin(async move { proc.run_own(&edited(&proc.args), false).await }),
};

pub(crate) const XARGS: Program =
    Program { name: "xargs", summary: "Build and run command lines", run: xargs };

/// What GNU's `xargs` ends with when a command ended with something between 1 and 125.
const COMMAND_FAILED: i32 = 123;

/// What it ends with when there is no such command.
const NOT_FOUND: i32 = 127;

/// Options of `xargs` that take the next word.
const XARGS_VALUES: &str = "aEIdLnPs";

/// The command that `xargs` is to run.
fn command(args: &[String]) -> Option<&String> {
    let mut words = args.iter().skip(1);
    loop {
        let word = words.next()?;
        match word.strip_prefix('-') {
            None => return Some(word),
            Some(option) if option.chars().count() == 1 && XARGS_VALUES.contains(option) => {
                words.next();
            }
            Some("-") => return words.next(),
            Some(_) => {}
        }
    }
}

fn xargs(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        if let Some(missing) = command(&proc.args).filter(|it| proc.stdin.is_some() && !proc.can_start(it)) {
            proc.eprint(format!("xargs: {missing}: No such file or directory\n"));
            return NOT_FOUND;
        }
        match proc.run_own(&proc.args, true).await {
            1..=125 => COMMAND_FAILED,
            exit => exit,
        }
    })
}

/// In the text of `a`, `i` and `c` GNU's `sed` reads `\n` as a new line.
fn edited(args: &[String]) -> Vec<String> {
    let by_option = args.iter().skip(1).any(|arg| arg == "-e" || arg == "--expression" || arg == "-f");
    let mut words = Vec::new();
    let mut script_next = false;
    let mut script_seen = by_option;
    for (at, arg) in args.iter().enumerate() {
        let is_script = at > 0 && (script_next || (!script_seen && !arg.starts_with('-')));
        script_next = arg == "-e" || arg == "--expression";
        if is_script {
            script_seen = true;
            words.push(arg.lines().map(with_lines).collect::<Vec<_>>().join("\n"));
        } else {
            words.push(arg.clone());
        }
    }
    words
}

/// A line of a script, its text over several lines where it is one of `a`, `i` or `c` with `\n` in it.
fn with_lines(line: &str) -> String {
    let Some(command) = text_command(line) else { return line.to_owned() };
    let (head, text) = line.split_at(command);
    format!("{head}{}", text.replace("\\n", "\\\n"))
}

/// Where the text of a line begins that is an `a`, `i` or `c` with at most one address.
fn text_command(line: &str) -> Option<usize> {
    let rest = line.trim_start();
    let mut at = line.len() - rest.len();
    if let Some(pattern) = rest.strip_prefix('/') {
        let mut escaped = false;
        let end = pattern.find(|c| {
            let closes = c == '/' && !escaped;
            escaped = c == '\\' && !escaped;
            closes
        })?;
        at += end + 2;
    } else {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '$').unwrap_or(rest.len());
        at += digits;
    }
    let command = line.get(at..)?.trim_start();
    let is_text = command.starts_with(['a', 'i', 'c']) && command.get(1..2).is_none_or(|next| next != ";");
    is_text.then(|| line.len() - command.len() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &[&str]) -> Vec<String> {
        line.iter().map(|&word| word.to_owned()).collect()
    }

    #[test]
    fn scripts_are_told_from_other_words() {
        assert_eq!(edited(&words(&["sed", "1i a\\nb"])), words(&["sed", "1i a\\\nb"]));
        assert_eq!(edited(&words(&["sed", "-n", "s/a/\\n/p"])), words(&["sed", "-n", "s/a/\\n/p"]));
        assert_eq!(edited(&words(&["sed", "/x\\/y/a z\\nw", "f"])), words(&["sed", "/x\\/y/a z\\\nw", "f"]));
    }
}
