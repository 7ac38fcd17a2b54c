//! `--raw`: one request to a path, and the bare answer.

use super::builder::stdin_or_file;
use super::{Call, Ctx, Done, Failure};
use crate::apimachinery::json::Value;
use crate::cluster::network::forwards;

/// The path of `--raw`.
///
/// # Errors
/// One that is no path.
pub(super) fn uri(ctx: &Ctx<'_>) -> Result<String, Failure> {
    let uri = ctx.flags.text("raw").to_owned();
    if uri.starts_with('/') || uri.contains("://") {
        return Ok(uri);
    }
    Err(Failure::error(format!("--raw must be a valid URL path: parse {uri:?}: invalid URI for request")))
}

/// A GET of a path with its query.
pub(super) fn call(uri: &str) -> Call {
    let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
    let mut call = Call::get(path);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        call.query.push((forwards::unescaped(key), forwards::unescaped(value)));
    }
    call
}

/// A refusal without what it was about: a bare request is about no resource.
pub(super) fn bare(failure: Failure) -> Failure {
    let Failure::Server(mut status) = failure else { return failure };
    let message = status.get("message").and_then(Value::as_str).unwrap_or_default();
    let about_path = message.rfind(" (").filter(|at| {
        let rest = message.get(*at..).unwrap_or_default();
        ["get", "post", "put", "delete"].iter().any(|verb| rest.starts_with(&format!(" ({verb} ")))
    });
    if let Some(shorter) = about_path.and_then(|at| message.get(..at)).map(str::to_owned) {
        status["message"] = shorter.into();
    }
    Failure::Server(status)
}

/// A request that changes something, with the file of `-f` as its body.
///
/// # Errors
/// Flags that do not go with `--raw`, a file that cannot be read, the server's refusal.
pub(super) fn send(ctx: &mut Ctx<'_>, method: &'static str) -> Done {
    let files = ctx.flags.list("filename");
    check(ctx, method, &files)?;
    let mut call = call(&uri(ctx)?);
    call.method = method;
    if let Some(file) = files.first() {
        call.content_type = "application/json";
        call.body = stdin_or_file(ctx, file)?.into_bytes();
    }
    let answer = ctx.text_of(call).map_err(bare)?;
    ctx.out(&answer);
    ctx.out("\n");
    Ok(())
}

fn check(ctx: &Ctx<'_>, method: &str, files: &[String]) -> Done {
    let flags = &ctx.flags;
    let wrong = if flags.on("edit") {
        "--raw and --edit are mutually exclusive"
    } else if flags.on("interactive") {
        "--interactive can not be used with --raw"
    } else if files.len() > 1 || files.is_empty() && method != "DELETE" {
        "--raw can only use a single local file or stdin"
    } else if files.iter().any(|file| file.starts_with("http://") || file.starts_with("https://")) {
        "--raw cannot read from a url"
    } else if flags.on("recursive") {
        "--raw and --recursive are mutually exclusive"
    } else if method == "POST" && !flags.text("selector").is_empty() {
        "--raw and --selector (-l) are mutually exclusive"
    } else if !flags.text("output").is_empty() {
        "--raw and --output are mutually exclusive"
    } else {
        return Ok(());
    };
    Err(Failure::error(wrong))
}
