//! `kubeadm token`.

use super::api::Api;
use super::ctx::{Ctx, Done, Failure};
use super::settings;
use super::tokens::short_duration;
use super::tokens::{self, Token};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::{self, text};
use crate::apimachinery::yaml;

const SECRETS: &str = "/api/v1/namespaces/kube-system/secrets";

/// `kubeadm token generate`.
pub(super) fn generate(ctx: &Ctx<'_>) -> Done {
    ctx.say(settings::new_token(ctx));
    Ok(())
}

fn check(token: &Token) -> Result<(), Failure> {
    let list = |words: &[String]| words.iter().map(|it| format!("{it:?}")).collect::<Vec<_>>().join(",");
    let mut wrong = Vec::new();
    if let Some(bad) = token.usages.iter().find(|it| !["signing", "authentication"].contains(&it.as_str())) {
        wrong.push(format!(
            "bootstrapTokens.0.usages: Invalid value: [{}]: invalid bootstrap token usage string: {bad}, valid usage \
             options: signing,authentication",
            list(&token.usages)
        ));
    }
    let authenticates = token.usages.iter().any(|it| it == "authentication");
    if !authenticates && !token.groups.is_empty() {
        wrong.push(format!(
            "bootstrapTokens.0.groups: Invalid value: [{}]: token groups cannot be specified unless --usages includes \
             \"authentication\"",
            list(&token.groups)
        ));
    }
    let fits = |it: &String| it.strip_prefix("system:bootstrappers:").is_some_and(|rest| !rest.is_empty());
    if let Some(bad) = token.groups.iter().find(|it| !fits(it)) {
        wrong.push(format!(
            "bootstrapTokens.0.groups: Invalid value: [{}]: bootstrap group {bad:?} is invalid (must match \
             \\Asystem:bootstrappers:[a-z0-9:-]{{0,255}}[a-z0-9]\\z)",
            list(&token.groups)
        ));
    }
    match wrong.len() {
        0 => Ok(()),
        1 => Err(Failure::new(wrong.swap_remove(0))),
        _ => Err(Failure::new(format!("[{}]", wrong.join(", ")))),
    }
}

/// `kubeadm token create [TOKEN]`.
pub(super) fn create(ctx: &Ctx<'_>) -> Done {
    let given = ctx.args.first().cloned().unwrap_or_else(|| settings::new_token(ctx));
    let api = Api::of_user(ctx)?;
    let (id, secret) = tokens::split(&given)?;
    let token = Token {
        id,
        secret,
        description: ctx.flags.text("description").to_owned(),
        expires: tokens::expiry(ctx.now(), ctx.flags.duration_ns("ttl")),
        usages: ctx.flags.list("usages"),
        groups: ctx.flags.list("groups"),
    };
    check(&token)?;
    let path = format!("{SECRETS}/bootstrap-token-{}", token.id);
    if api.get(&path).is_ok() {
        return Err(Failure::new(format!("a token with id {:?} already exists", token.id)));
    }
    api.create(&token.secret_object()).map_err(|why| Failure::new(why.to_string()))?;
    if !ctx.flags.on("print-join-command") {
        ctx.say(given);
        return Ok(());
    }
    let mut command = tokens::join_command(&endpoint(&api), &given, &hash(&api));
    match ctx.given("certificate-key") {
        Some(key) => command.push_str(&format!("--control-plane --certificate-key {key}")),
        None if ctx.flags.on("control-plane") => command.push_str("--control-plane"),
        None => {}
    }
    ctx.say(command);
    Ok(())
}

/// Where the connection's kubeconfig says that the API server is.
fn endpoint(api: &Api<'_>) -> String {
    api.endpoint.server.trim_start_matches("https://").to_owned()
}

fn hash(api: &Api<'_>) -> String {
    let trusted = api.endpoint.certificate_authority.clone().unwrap_or_default();
    tokens::key_hash(&String::from_utf8_lossy(&trusted)).unwrap_or_default()
}

fn stored(api: &Api<'_>) -> Result<Vec<Token>, Failure> {
    let secrets = api
        .list(&format!("{SECRETS}?fieldSelector=type%3Dbootstrap.kubernetes.io%2Ftoken"))
        .map_err(|why| Failure::new(format!("failed to list bootstrap tokens: {why}")))?;
    let typed = secrets.iter().filter(|it| text(it, "/type") == "bootstrap.kubernetes.io/token");
    let mut all: Vec<Token> = typed.filter_map(Token::of_secret).collect();
    all.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(all)
}

/// `kubeadm token list`.
pub(super) fn list(ctx: &Ctx<'_>) -> Done {
    let all = stored(&Api::of_user(ctx)?)?;
    match ctx.flags.text("output") {
        "json" => all.iter().for_each(|it| ctx.say(crate::apimachinery::go::json_indent(&shown(it), "    "))),
        "yaml" => {
            ctx.proc.print(all.iter().map(|it| yaml::to_string(&shown(it))).collect::<Vec<_>>().join("---\n"))
        }
        "text" => table(ctx, &all),
        other => {
            let allowed = "experimental-text, json, jsonpath, text, yaml";
            let why = format!(
                "unable to match a printer suitable for the output format {other:?}, allowed formats are: {allowed}"
            );
            return Err(Failure::new(why));
        }
    }
    Ok(())
}

fn shown(token: &Token) -> Value {
    let mut object = json!({
        "apiVersion": "output.kubeadm.k8s.io/v1alpha3", "kind": "BootstrapToken",
        "groups": token.groups, "usages": token.usages, "token": format!("{}.{}", token.id, token.secret),
    });
    if !token.description.is_empty() {
        object::set(&mut object, &["description"], token.description.as_str());
    }
    if let Some(end) = token.expires {
        object::set(&mut object, &["expires"], end.rfc3339());
    }
    object
}

/// Widths of TTL and EXPIRES in the recorded tables; a token without end has a narrow EXPIRES, and so is
/// out of line with the others.
const TTL: usize = 12;
const EXPIRES: usize = 23;

fn table(ctx: &Ctx<'_>, all: &[Token]) {
    if all.is_empty() {
        return;
    }
    let or = |text: String, none: &str| if text.is_empty() { none.to_owned() } else { text };
    let rows: Vec<[String; 6]> = all
        .iter()
        .map(|it| {
            let (ttl, end) = match it.expires {
                Some(end) if end <= ctx.now() => ("<invalid>".to_owned(), end.rfc3339()),
                Some(end) => (short_duration(end.since(ctx.now())), end.rfc3339()),
                None => ("<forever>".to_owned(), "<never>".to_owned()),
            };
            [
                format!("{}.{}", it.id, it.secret),
                ttl,
                end,
                or(it.usages.join(","), "<none>"),
                or(it.description.clone(), "<none>"),
                or(it.groups.join(","), "<none>"),
            ]
        })
        .collect();
    let wide = |at: usize, head: &str| {
        let longest = rows.iter().filter_map(|row| row.get(at)).map(|it| it.chars().count()).max();
        longest.unwrap_or(0).max(head.len()) + 3
    };
    let (usages, about) = (wide(3, "USAGES"), wide(4, "DESCRIPTION"));
    let line = |row: [&str; 6], expires: usize| {
        let [token, ttl, end, usage, description, groups] = row;
        ctx.say(format!(
            "{token:<26}{ttl:<TTL$}{end:<expires$}{usage:<usages$}{description:<about$}{groups}"
        ));
    };
    line(["TOKEN", "TTL", "EXPIRES", "USAGES", "DESCRIPTION", "EXTRA GROUPS"], EXPIRES);
    for row in &rows {
        let expires = if row[2] == "<never>" { 10 } else { EXPIRES };
        line([&row[0], &row[1], &row[2], &row[3], &row[4], &row[5]], expires);
    }
}

/// `kubeadm token delete TOKEN…`.
pub(super) fn delete(ctx: &Ctx<'_>) -> Done {
    if ctx.args.is_empty() {
        return Err(Failure::new(
            "missing argument; 'token delete' is missing token of form \"\\\\A([a-z0-9]{6})\\\\.([a-z0-9]{16})\\\\z\" or \"\\\\A([a-z0-9]{6})\\\\z\"",
        ));
    }
    let api = Api::of_user(ctx)?;
    for word in &ctx.args {
        let id = match word.split_once('.') {
            Some(_) => tokens::split(word)?.0,
            None => word.clone(),
        };
        let done = api.delete(&format!("{SECRETS}/bootstrap-token-{id}"));
        done.map_err(|why| Failure::new(format!("failed to delete bootstrap token {id:?}: {why}")))?;
        ctx.say(format!("bootstrap token {id:?} deleted"));
    }
    Ok(())
}
