//! `--help`, `kubeadm version` and `kubeadm completion`. Flags and defaults are the real ones, the
//! sentences are ours.

use super::commands;
use super::ctx::{Ctx, Done, Failure};
use super::flags;
use crate::apimachinery::json::json;
use crate::apimachinery::{go, yaml};
use crate::tools::kubectl::flags::Kind;

/// What `--help` of a command prints.
pub(super) fn of(path: &str) -> String {
    let command = commands::at(path);
    let summary = command.map_or("", |it| it.summary);
    let name = format!("kubeadm {path}").trim_end().to_owned();
    let children: Vec<_> = commands::below(path).collect();
    let mut help = format!("{summary}\n\nUsage:\n  {name} [flags]\n");
    if !children.is_empty() {
        help.push_str(&format!("  {name} [command]\n\nAvailable Commands:\n"));
        let width = children.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        for (name, child) in &children {
            help.push_str(&format!("  {name:<width$} {}\n", child.summary));
        }
    }
    let own: Vec<(String, String)> = flags::own(path)
        .map(|spec| {
            let short = spec.short.map_or("    ".to_owned(), |it| format!("-{it}, "));
            let kind = match spec.kind {
                Kind::Bool => "",
                Kind::Strings => " strings",
                Kind::Int(_) => " int32",
                Kind::Duration => " duration",
                _ => " string",
            };
            let default = match spec.default {
                "" | "false" | "0" => String::new(),
                text if kind == " string" => format!("(default {text:?})"),
                text => format!("(default {text})"),
            };
            (format!("  {short}--{}{kind}", spec.name), default)
        })
        .collect();
    let last = path.rsplit(' ').next().filter(|it| !it.is_empty()).unwrap_or("kubeadm");
    help.push_str("\nFlags:\n");
    let width = own.iter().map(|(flag, _)| flag.len()).max().unwrap_or(0).max(12);
    for (flag, default) in &own {
        help.push_str(format!("{flag:<width$}   {default}").trim_end());
        help.push('\n');
    }
    help.push_str(&format!("{:<width$}   help for {last}\n", "  -h, --help"));
    help.push_str(
        "\nGlobal Flags:\n      --rootfs string        Work below this folder instead of /\n  \
         -v, --v Level              How much to say of what is done\n      \
         --vmodule moduleSpec   The same for single source files\n",
    );
    if !children.is_empty() {
        help.push_str(&format!("\nUse \"{name} [command] --help\" for more information about a command.\n"));
    }
    help
}

/// `kubeadm version`.
pub(super) fn version(ctx: &Ctx<'_>) -> Done {
    let own = ctx.version();
    let minor = own.split('.').nth(1).unwrap_or("36").to_owned();
    let object = json!({"clientVersion": {
        "buildDate": "", "compiler": "gc", "gitCommit": "", "gitTreeState": "clean", "gitVersion": own,
        "goVersion": "go1.26.3", "major": "1", "minor": minor, "platform": "linux/amd64",
    }});
    match ctx.flags.text("output") {
        "" => ctx.say(format!(
            "kubeadm version: &version.Info{{Major:\"1\", Minor:\"{minor}\", EmulationMajor:\"\", EmulationMinor:\"\", \
             MinCompatibilityMajor:\"\", MinCompatibilityMinor:\"\", GitVersion:\"{own}\", GitCommit:\"\", \
             GitTreeState:\"clean\", BuildDate:\"\", GoVersion:\"go1.26.3\", Compiler:\"gc\", Platform:\"linux/amd64\"}}"
        )),
        "short" => ctx.say(own),
        "yaml" => ctx.proc.print(yaml::to_string(&object)),
        "json" => ctx.say(go::json_indent(&object, "  ")),
        other => return Err(Failure::new(format!("invalid output format: {other}"))),
    }
    Ok(())
}

/// `kubeadm completion SHELL`: code that completes commands and flags from the tables.
pub(super) fn completion(ctx: &Ctx<'_>) -> Done {
    match ctx.args.first().map(String::as_str) {
        Some("bash" | "zsh") => {}
        Some(other) => return Err(Failure::new(format!("unsupported shell type {other:?}"))),
        None => return Err(Failure::new("shell not specified")),
    }
    let mut text =
        "_kubeadm() {\n  local words=\"${COMP_WORDS[*]:0:$COMP_CWORD}\"\n  case \"$words\" in\n".to_owned();
    for command in commands::ALL {
        let names: Vec<&str> = commands::below(command.path).map(|(name, _)| name).collect();
        let flags: Vec<String> = flags::own(command.path).map(|it| format!("--{}", it.name)).collect();
        let pattern = format!("kubeadm {}", command.path);
        text.push_str(&format!(
            "  {:?}) set -- {} {} ;;\n",
            pattern.trim_end(),
            names.join(" "),
            flags.join(" ")
        ));
    }
    text.push_str("  esac\n  COMPREPLY=($(compgen -W \"$*\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n}\ncomplete -F _kubeadm kubeadm\n");
    ctx.proc.print(text);
    Ok(())
}
