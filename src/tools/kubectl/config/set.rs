//! `config set-cluster`, `set-context` and `set-credentials`: entries from flags.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::store::{Section, Store};
use super::{print_help, set_text, unexpected};
use crate::apimachinery::go::quote;
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::{as_map, field, list};
use crate::tools::kubectl::{Ctx, Done, Failure};

fn one_name(ctx: &Ctx<'_>) -> Result<String, Failure> {
    match ctx.args.as_slice() {
        [name] => Ok(name.clone()),
        _ => Err(unexpected(ctx)),
    }
}

/// The bytes of a file in base64, as `-data` fields hold them.
fn embedded(ctx: &Ctx<'_>, path: &str) -> String {
    ctx.proc.read_file(path).map(|bytes| STANDARD.encode(&bytes)).unwrap_or_default()
}

fn must_exist(ctx: &Ctx<'_>, flag: &str, path: &str) -> Done {
    let found = ctx.proc.world().stat(&ctx.proc.place, &ctx.proc.path(path));
    match found {
        Err(error) if !path.is_empty() => Err(Failure::error(format!(
            "could not stat {flag} file {path}: stat {path}: {}",
            crate::tools::kubectl::failure::go_error(error)
        ))),
        _ => Ok(()),
    }
}

/// `kubectl config set-cluster`.
pub(super) fn cluster(ctx: &mut Ctx<'_>) -> Done {
    let name = one_name(ctx)?;
    let authority = ctx.flags.text("certificate-authority").to_owned();
    if name.is_empty() {
        return Err(Failure::error("you must specify a non-empty cluster name"));
    }
    if ctx.flags.on("insecure-skip-tls-verify") && !authority.is_empty() {
        return Err(Failure::error(
            "you cannot specify a certificate authority and insecure mode at the same time",
        ));
    }
    if ctx.flags.on("embed-certs") {
        if authority.is_empty() {
            return Err(Failure::error("you must specify a --certificate-authority to embed"));
        }
        must_exist(ctx, "certificate-authority", &authority)?;
    }
    let mut store = Store::open(ctx)?;
    let mut entry = store.find(Section::Clusters, &name).cloned().unwrap_or_else(|| json!({}));
    change_cluster(ctx, &mut entry, &authority);
    store.put(Section::Clusters, &name, entry);
    store.save(ctx)?;
    ctx.out(&format!("Cluster {} set.\n", quote(&name)));
    Ok(())
}

fn change_cluster(ctx: &Ctx<'_>, entry: &mut Value, authority: &str) {
    if ctx.flags.given("server") {
        set_text(entry, "server", ctx.flags.text("server"));
        set_text(entry, "tls-server-name", "");
    }
    if ctx.flags.given("tls-server-name") {
        set_text(entry, "tls-server-name", ctx.flags.text("tls-server-name"));
    }
    if ctx.flags.given("insecure-skip-tls-verify") {
        let insecure = ctx.flags.on("insecure-skip-tls-verify");
        as_map(entry).insert("insecure-skip-tls-verify".into(), insecure.into());
        if insecure {
            set_text(entry, "certificate-authority", "");
            set_text(entry, "certificate-authority-data", "");
        }
    }
    if ctx.flags.given("certificate-authority") {
        if !authority.is_empty() {
            as_map(entry).remove("insecure-skip-tls-verify");
        }
        file_or_data(ctx, entry, "certificate-authority", authority);
    }
    if ctx.flags.given("proxy-url") {
        set_text(entry, "proxy-url", ctx.flags.text("proxy-url"));
    }
}

/// Sets `key` to a path, or with `--embed-certs` `key-data` to the file's content.
fn file_or_data(ctx: &Ctx<'_>, entry: &mut Value, key: &str, path: &str) {
    let data = format!("{key}-data");
    if ctx.flags.on("embed-certs") {
        set_text(entry, &data, &embedded(ctx, path));
        set_text(entry, key, "");
    } else {
        set_text(entry, key, &ctx.proc.path(path));
        set_text(entry, &data, "");
    }
}

/// `kubectl config set-context`.
pub(super) fn context(ctx: &mut Ctx<'_>) -> Done {
    if ctx.args.len() > 1 {
        return Err(unexpected(ctx));
    }
    let given = ctx.args.first().cloned().unwrap_or_default();
    let current = ctx.flags.on("current");
    match (given.is_empty(), current) {
        (true, false) => {
            return Err(Failure::error("you must specify a non-empty context name or --current"));
        }
        (false, true) => return Err(Failure::error("you cannot specify both a context name and --current")),
        _ => {}
    }
    let mut store = Store::open(ctx)?;
    let name = if current { store.current().to_owned() } else { given };
    if name.is_empty() {
        return Err(Failure::error("no current context is set"));
    }
    let before = store.find(Section::Contexts, &name).cloned();
    let mut entry = before.clone().unwrap_or_else(|| json!({}));
    for key in ["cluster", "user", "namespace"] {
        if ctx.flags.given(key) {
            set_text(&mut entry, key, ctx.flags.text(key));
        }
    }
    store.put(Section::Contexts, &name, entry);
    store.save(ctx)?;
    let done = if before.is_some() { "modified" } else { "created" };
    ctx.out(&format!("Context {} {done}.\n", quote(&name)));
    Ok(())
}

/// `kubectl config set-credentials`.
pub(super) fn credentials(ctx: &mut Ctx<'_>) -> Done {
    let [name] = ctx.args.as_slice() else {
        print_help(ctx);
        return Err(Failure::error(format!("unexpected args: [{}]", ctx.args.join(" "))));
    };
    let name = name.clone();
    check_credentials(ctx, &name)?;
    let mut store = Store::open(ctx)?;
    let mut entry = store.find(Section::Users, &name).cloned().unwrap_or_else(|| json!({}));
    for key in ["client-certificate", "client-key"] {
        if ctx.flags.given(key) {
            let path = ctx.flags.text(key).to_owned();
            file_or_data(ctx, &mut entry, key, &path);
        }
    }
    secrets(ctx, &mut entry);
    auth_provider(ctx, &mut entry);
    exec(ctx, &mut entry);
    store.put(Section::Users, &name, entry);
    store.save(ctx)?;
    ctx.out(&format!("User {} set.\n", quote(&name)));
    Ok(())
}

fn check_credentials(ctx: &Ctx<'_>, name: &str) -> Done {
    if name.is_empty() {
        return Err(Failure::error("you must specify a non-empty user name"));
    }
    let has = |flag: &str| !ctx.flags.text(flag).is_empty();
    if has("token") && (has("username") || has("password")) {
        return Err(Failure::error(
            "you cannot specify more than one authentication method at the same time: --token, --username/--password",
        ));
    }
    if ctx.flags.on("embed-certs") {
        if !has("client-certificate") && !has("client-key") {
            return Err(Failure::error("you must specify a --client-certificate or --client-key to embed"));
        }
        for flag in ["client-certificate", "client-key"] {
            must_exist(ctx, flag, ctx.flags.text(flag))?;
        }
    }
    let mode = ctx.flags.text("exec-interactive-mode");
    if ctx.flags.given("exec-interactive-mode") && !["IfAvailable", "Always", "Never"].contains(&mode) {
        return Err(Failure::error("invalid interactive mode type, can be only IfAvailable, Never, Always"));
    }
    Ok(())
}

/// A token drives out name and password, and the other way round.
fn secrets(ctx: &Ctx<'_>, entry: &mut Value) {
    for key in ["token", "username", "password"] {
        if ctx.flags.given(key) {
            set_text(entry, key, ctx.flags.text(key));
        }
    }
    let set = |flag: &str| ctx.flags.given(flag) && !ctx.flags.text(flag).is_empty();
    let (token, basic) = (set("token"), set("username") || set("password"));
    if basic && !token {
        set_text(entry, "token", "");
    }
    if token && !basic {
        set_text(entry, "username", "");
        set_text(entry, "password", "");
    }
}

/// `key=value` to set and `key-` to remove.
fn pairs(words: &[String]) -> (Vec<(&str, &str)>, Vec<&str>) {
    let set = words.iter().filter_map(|word| word.split_once('=')).collect();
    let removed =
        words.iter().filter(|word| !word.contains('=')).filter_map(|word| word.strip_suffix('-')).collect();
    (set, removed)
}

/// The values of a flag whose commas separate values.
fn split_list(ctx: &Ctx<'_>, flag: &str) -> Vec<String> {
    ctx.flags.list(flag).iter().flat_map(|value| value.split(',')).map(str::to_owned).collect()
}

fn auth_provider(ctx: &Ctx<'_>, entry: &mut Value) {
    let name = ctx.flags.text("auth-provider");
    let stored = entry.pointer("/auth-provider/name").and_then(Value::as_str);
    if ctx.flags.given("auth-provider") && stored != Some(name) {
        as_map(entry).insert("auth-provider".into(), json!({"name": name}));
    }
    let words = split_list(ctx, "auth-provider-arg");
    let (set, removed) = pairs(&words);
    let Some(provider) = entry.get_mut("auth-provider") else { return };
    let config = as_map(as_map(provider).entry("config").or_insert_with(|| json!({})));
    removed.into_iter().for_each(|key| drop(config.remove(key)));
    set.into_iter().for_each(|(key, value)| drop(config.insert(key.into(), value.into())));
}

fn exec(ctx: &Ctx<'_>, entry: &mut Value) {
    if ctx.flags.given("exec-command") {
        let exec = as_map(as_map(entry).entry("exec").or_insert_with(|| json!({})));
        exec.insert("command".into(), ctx.flags.text("exec-command").into());
        exec.remove("args");
    }
    let Some(exec) = entry.get_mut("exec") else { return };
    for (flag, key) in [("exec-api-version", "apiVersion"), ("exec-interactive-mode", "interactiveMode")] {
        if ctx.flags.given(flag) {
            set_text(exec, key, ctx.flags.text(flag));
        }
    }
    let args = split_list(ctx, "exec-arg");
    if !args.is_empty() {
        exec["args"] = args.into();
    }
    if ctx.flags.given("exec-provide-cluster-info") {
        exec["provideClusterInfo"] = ctx.flags.on("exec-provide-cluster-info").into();
    }
    exec_env(exec, &ctx.flags.list("exec-env"));
}

fn exec_env(exec: &mut Value, words: &[String]) {
    if words.is_empty() {
        return;
    }
    let (set, removed) = pairs(words);
    let mut env = list(exec, "/env").to_vec();
    env.retain(|variable| !removed.contains(&field(variable, "name")));
    for (name, value) in set {
        match env.iter_mut().find(|variable| field(variable, "name") == name) {
            Some(variable) => variable["value"] = value.into(),
            None => env.push(json!({"name": name, "value": value})),
        }
    }
    exec["env"] = env.into();
}
