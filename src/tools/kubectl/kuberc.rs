//! `kubectl kuberc`: look at the preferences of [`super::prefs`], and change them.

use super::print::Printer;
use super::verb::{Group, PLAIN, Run, Verb};
use super::{Ctx, Done, Failure, prefs};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::field;
use crate::apimachinery::yaml;
use crate::cluster::place::FileOp;
use crate::hosts::files;
use crate::shell::{Answer, Request};

/// `kubectl kuberc`.
pub(crate) static KUBERC: Verb = Verb {
    name: "kuberc",
    group: Group::Other,
    summary: "Manage kuberc configuration files",
    about: "Preferences hold defaults of flags and aliases of commands. They are kept in ~/.kube/kuberc, or in the file that\nKUBERC or --kuberc names; KUBERC=off switches them off.",
    children: &[&SET, &VIEW],
    ..PLAIN
};

static SET: Verb = Verb {
    name: "set",
    group: Group::Other,
    summary: "Set values in the kuberc configuration",
    about: "--section says what to set: defaults (of the flags of a command), aliases, or credentialplugin.",
    examples: "
        # Let `kubectl get` print wide tables
        kubectl kuberc set --section defaults --command get --option output=wide
        # `kubectl getn` for `kubectl get nodes`
        kubectl kuberc set --section aliases --name getn --command get --prependarg nodes",
    required: &["section"],
    run: Run::Now(set),
    ..PLAIN
};

static VIEW: Verb = Verb {
    name: "view",
    group: Group::Other,
    summary: "Display the current kuberc configuration",
    examples: "
        # The preferences as YAML
        kubectl kuberc view
        # Those of another file, as JSON
        kubectl kuberc view --kuberc=/tmp/kuberc -o json",
    run: Run::Waits(|ctx| Box::pin(view(ctx))),
    ..PLAIN
};

fn file(ctx: &Ctx<'_>) -> Result<(String, bool), Failure> {
    prefs::path(ctx.proc, ctx.flags.text("kuberc"))?
        .ok_or_else(|| Failure::error("KUBERC is disabled via KUBERC=off environment variable"))
}

fn load(ctx: &Ctx<'_>, path: &str) -> Result<Option<Value>, Failure> {
    prefs::read(ctx.proc, path).map_err(|why| Failure::error(format!("error reading kuberc file: {why}")))
}

fn save(ctx: &Ctx<'_>, path: &str, preferences: &Value) -> Done {
    let parent = FileOp::Mkdir { path: files::parent(path), mode: 0o755, parents: true };
    let made = ctx.proc.change_files(parent);
    made.and_then(|()| ctx.proc.write_file(path, yaml::to_string(preferences).as_bytes())).map_err(
        |error| {
            let why = super::failure::go_error(error);
            Failure::error(format!("failed to write kuberc file: open {path}: {why}"))
        },
    )?;
    ctx.out(&format!("Updated {path}\n"));
    Ok(())
}

fn check(ctx: &Ctx<'_>) -> Done {
    let text = |name: &str| ctx.flags.text(name);
    let section = text("section");
    let args = ctx.flags.given("prependarg") || ctx.flags.given("appendarg");
    let wrong = if !["defaults", "aliases", "credentialplugin"].contains(&section) {
        format!("--section must be \"defaults\", \"aliases\", or \"credentialplugin\", got: {section}")
    } else if section == "aliases" && text("name").is_empty() {
        "--name is required when --section=aliases".to_owned()
    } else if section == "defaults" && !text("name").is_empty() {
        "--name should not be specified when --section=defaults".to_owned()
    } else if section == "defaults" && args {
        "--prependarg and --appendarg are only valid for --section=aliases".to_owned()
    } else if section != "credentialplugin" && text("command").is_empty() {
        "--command is required when --section=aliases or --section=defaults".to_owned()
    } else if section == "credentialplugin" {
        return check_policy(ctx);
    } else {
        return Ok(());
    };
    Err(Failure::error(wrong))
}

fn check_policy(ctx: &Ctx<'_>) -> Done {
    let entries = !ctx.flags.list("allowlist-entry").is_empty();
    let wrong = match (ctx.flags.text("policy"), entries) {
        ("", _) => "--policy is required when --section=credentialplugin".to_owned(),
        ("AllowAll" | "DenyAll", true) => {
            "--allowlist-entry may only be used when --section=credentialplugin and --policy=Allowlist"
                .to_owned()
        }
        ("Allowlist", false) => {
            "--allowlist-entry is required when --section=credentialplugin and --policy=Allowlist".to_owned()
        }
        ("AllowAll" | "DenyAll" | "Allowlist", _) => return Ok(()),
        (other, _) => {
            format!(" --policy must be  \"AllowAll\", \"DenyAll\", or \"Allowlist\", got: {other}")
        }
    };
    Err(Failure::error(wrong))
}

fn set(ctx: &mut Ctx<'_>) -> Done {
    let (path, _) = file(ctx)?;
    check(ctx)?;
    let mut preferences = load(ctx, &path)?.unwrap_or_else(prefs::empty);
    preferences["apiVersion"] = prefs::API_VERSION.into();
    let options = options(ctx)?;
    match ctx.flags.text("section") {
        "credentialplugin" => {
            preferences["credentialPluginPolicy"] = ctx.flags.text("policy").into();
            let entries = entries(ctx)?;
            if !entries.is_empty() {
                preferences["credentialPluginAllowlist"] = entries.into();
            }
        }
        section => put(ctx, &mut preferences, section, options)?,
    }
    save(ctx, &path, &preferences)
}

fn options(ctx: &Ctx<'_>) -> Result<Vec<Value>, Failure> {
    let mut options = Vec::new();
    for option in ctx.flags.list("option") {
        let Some((flag, value)) = option.split_once('=') else {
            return Err(Failure::error(format!("invalid option format {option:?}, expected flag=value")));
        };
        options.push(json!({"name": flag.trim_start_matches('-'), "default": value}));
    }
    Ok(options)
}

fn entries(ctx: &Ctx<'_>) -> Result<Vec<Value>, Failure> {
    let mut entries = Vec::new();
    for pairs in ctx.flags.list("allowlist-entry") {
        for pair in pairs.split(',') {
            match pair.split_once('=') {
                Some(("command", value)) if !value.trim().is_empty() => {
                    entries.push(json!({"command": value}))
                }
                Some(("command", _)) => {
                    return Err(Failure::error("empty value in allowlist entry for field \"command\""));
                }
                Some(("name", _)) => {
                    return Err(Failure::error(
                        "allowlist entry field \"name\" is deprecated, use \"command\" instead",
                    ));
                }
                Some((other, _)) => {
                    return Err(Failure::error(format!("unrecognized allowlist entry field: {other:?}")));
                }
                None => {
                    return Err(Failure::error(format!("improperly formatted allowlist entry: {pair:?}")));
                }
            }
        }
    }
    Ok(entries)
}

/// Adds an alias or defaults, or with `--overwrite` replaces what is there.
fn put(ctx: &Ctx<'_>, preferences: &mut Value, section: &str, options: Vec<Value>) -> Done {
    let (name, command) = (ctx.flags.text("name"), ctx.flags.text("command"));
    let key = if section == "aliases" { ("name", name) } else { ("command", command) };
    let mut entry = json!({"command": command});
    let lists = [("prependArgs", ctx.flags.list("prependarg")), ("appendArgs", ctx.flags.list("appendarg"))];
    if section == "aliases" {
        entry["name"] = name.into();
        for (field, words) in lists.iter().filter(|(_, words)| !words.is_empty()) {
            entry[*field] = json!(words);
        }
    }
    if !options.is_empty() {
        entry["options"] = options.into();
    }
    if !preferences[section].is_array() {
        preferences[section] = json!([]);
    }
    let Some(all) = preferences[section].as_array_mut() else { return Ok(()) };
    let Some(old) = all.iter_mut().find(|it| field(it, key.0) == key.1) else {
        all.push(entry);
        return Ok(());
    };
    if !ctx.flags.on("overwrite") {
        return Err(Failure::error(match section {
            "aliases" => format!("alias {name:?} already exists, use --overwrite to replace"),
            _ => format!("defaults for command {command:?} already exist, use --overwrite to replace"),
        }));
    }
    // What is not given stays.
    for field in ["options", "prependArgs", "appendArgs"] {
        if let (None, Some(kept)) = (entry.get(field), old.get(field)) {
            entry[field] = kept.clone();
        }
    }
    *old = entry;
    Ok(())
}

async fn view(ctx: &mut Ctx<'_>) -> Done {
    let (path, explicit) = file(ctx)?;
    let Some(mut preferences) = load(ctx, &path)? else {
        if explicit {
            return Err(Failure::error(format!("kuberc file not found at {path}")));
        }
        ctx.out(&format!("kuberc file not found at {path}\n"));
        let prompt = "Would you like to generate a default kuberc file with recommended options? (y/N): ";
        let answer = ctx.proc.link.ask(Request::Line { prompt: prompt.into(), hidden: false }).await;
        return match answer {
            Answer::Line(word) if word.trim().eq_ignore_ascii_case("y") => {
                save(ctx, &path, &prefs::recommended())
            }
            Answer::Line(_) => Ok(()),
            _ => {
                ctx.out(prompt);
                Ok(())
            }
        };
    };
    for section in ["aliases", "defaults"] {
        if !preferences[section].is_array() {
            preferences[section] = json!([]);
        }
    }
    let mut printer = Printer::of(ctx)?;
    printer.typed = true;
    printer.print(ctx, &preferences, "")
}
