//! `kubectl completion` and `kubectl __complete`: what shells ask to complete a line. The scripts are short and
//! ours; the candidates are those of [`super::complete`].

use super::verb::{Complete, Group, PLAIN, Run, Verb};
use super::{Ctx, Done, complete};
use crate::shell::Proc;

/// `kubectl completion`.
pub(crate) static COMPLETION: Verb = Verb {
    name: "completion",
    group: Group::Settings,
    summary: "Output shell completion code for the specified shell (bash, zsh, fish, or powershell)",
    about: "The output is to be read by the shell, which then completes commands, types, names and flags of kubectl.",
    examples: "
        # In this bash
        source <(kubectl completion bash)
        # For an alias of kubectl too
        complete -o default -F __start_kubectl k
        # In every bash from now on
        echo 'source <(kubectl completion bash)' >> ~/.bashrc",
    run: Run::Now(run),
    complete: Complete::Words(&["bash", "fish", "powershell", "zsh"]),
    ..PLAIN
};

/// Asks `kubectl __complete` for lines of candidate and description, and a last one with a number behind a colon.
const BASH: &str = r#"# bash completion for kubectl

__start_kubectl()
{
    local line directive=0
    local -a words=("${COMP_WORDS[@]:1:COMP_CWORD}")
    COMPREPLY=()
    while IFS= read -r line; do
        case "$line" in
            :*) directive="${line#:}" ;;
            *) COMPREPLY+=("${line%%$'\t'*}") ;;
        esac
    done < <(kubectl __complete "${words[@]}" 2>/dev/null)
    # 2: no space behind the word.
    if (( directive & 2 )); then
        compopt -o nospace 2>/dev/null
    fi
}

complete -o default -F __start_kubectl kubectl
"#;

const ZSH: &str = r#"#compdef kubectl
compdef _kubectl kubectl

# zsh completion for kubectl

_kubectl()
{
    local line
    local -a found
    while IFS= read -r line; do
        case "$line" in
            :*) ;;
            *) found+=("${line%%$'\t'*}:${line#*$'\t'}") ;;
        esac
    done < <(kubectl __complete "${words[2,$CURRENT]}" 2>/dev/null)
    _describe 'kubectl' found
}
"#;

const FISH: &str = r#"# fish completion for kubectl

function __kubectl_candidates
    set -l words (commandline -opc) (commandline -ct)
    kubectl __complete $words[2..-1] 2>/dev/null | string match -v ':*'
end

complete -c kubectl -e
complete -c kubectl -f -a '(__kubectl_candidates)'
"#;

const POWERSHELL: &str = r#"# powershell completion for kubectl

Register-ArgumentCompleter -Native -CommandName 'kubectl' -ScriptBlock {
    param($word, $line, $cursor)
    $words = @($line.CommandElements | Select-Object -Skip 1 | ForEach-Object { $_.ToString() })
    if ($word -eq '') { $words += '' }
    kubectl __complete @words 2>$null | Where-Object { -not $_.StartsWith(':') } | ForEach-Object {
        [System.Management.Automation.CompletionResult]::new(($_ -split "`t")[0])
    }
}
"#;

fn run(ctx: &mut Ctx<'_>) -> Done {
    let script = match ctx.args.as_slice() {
        [] => return Err(ctx.usage("Shell not specified.")),
        [shell] => match shell.as_str() {
            "bash" => BASH,
            "zsh" => ZSH,
            "fish" => FISH,
            "powershell" => POWERSHELL,
            other => return Err(ctx.usage(&format!("Unsupported shell type {other:?}."))),
        },
        _ => return Err(ctx.usage("Too many arguments. Expected only the shell type.")),
    };
    ctx.out(script);
    Ok(())
}

/// cobra's number for candidates that are all there is: no files beside them.
const NO_FILES: u8 = 4;

/// `kubectl __complete WORDS…`: the last word is what is being typed. `described` adds what each candidate is.
pub(super) fn answer(proc: &Proc, words: &[String], described: bool) -> i32 {
    if words.is_empty() {
        proc.eprint("Error: requires at least 1 arg(s), only received 0\n");
        return 1;
    }
    let all: Vec<String> = ["kubectl".to_owned()].into_iter().chain(words.iter().cloned()).collect();
    for (candidate, what) in complete::described(proc, &all) {
        match described && !what.is_empty() {
            true => proc.print(format!("{candidate}\t{what}\n")),
            false => proc.print(format!("{candidate}\n")),
        }
    }
    proc.print(format!(":{NO_FILES}\n"));
    proc.eprint("Completion ended with directive: ShellCompDirectiveNoFileComp\n");
    0
}
