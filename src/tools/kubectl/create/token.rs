//! `kubectl create token`: a token of a service account.

use super::super::client::Call;
use super::super::{Complete, Ctx, Done, Failure, PLAIN, Printer, Run, Verb};
use super::generate::name_of;
use crate::apimachinery::json::json;
use crate::apimachinery::object::text;

pub(super) static TOKEN: Verb = Verb {
    name: "token",
    summary: "Request a service account token",
    examples: "
        kubectl create token app
        kubectl create token app --duration=24h --audience=https://example.com",
    run: Run::Now(run),
    complete: Complete::Nothing,
    ..PLAIN
};

/// Kinds that a token can be bound to, with their versions.
const BOUND: [(&str, &str); 3] = [("Node", "v1"), ("Pod", "v1"), ("Secret", "v1")];

/// One second in nanoseconds.
const SECOND_NS: i64 = 1_000_000_000;

fn run(ctx: &mut Ctx<'_>) -> Done {
    let name = name_of(ctx)?;
    let namespace = ctx.namespace()?.name;
    check(ctx)?;
    let flags = &ctx.flags;
    let audiences = flags.list("audience");
    let mut spec = json!({"audiences": null});
    if !audiences.is_empty() {
        spec["audiences"] = json!(audiences);
    }
    let seconds = flags.duration_ns("duration") / SECOND_NS;
    if seconds > 0 {
        spec["expirationSeconds"] = seconds.into();
    }
    let kind = flags.text("bound-object-kind");
    if !kind.is_empty() {
        spec["boundObjectRef"] =
            json!({"kind": kind, "apiVersion": "v1", "name": flags.text("bound-object-name")});
        if !flags.text("bound-object-uid").is_empty() {
            spec["boundObjectRef"]["uid"] = flags.text("bound-object-uid").into();
        }
    }
    let body = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "metadata": {}, "spec": spec});
    let path = format!("/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token");
    let answer = ctx
        .object(Call::post(path, &body))
        .map_err(|failure| Failure::error(format!("failed to create token: {}", failure.sentence())))?;
    let token = text(&answer, "/status/token");
    if token.is_empty() {
        return Err(Failure::error("failed to create token: no token in server response"));
    }
    if ctx.flags.given("output") || ctx.flags.given("template") {
        let mut printer = Printer::of(ctx)?;
        printer.typed = true;
        return printer.print(ctx, &answer, "created");
    }
    let end = if ctx.proc.tty { "\n" } else { "" };
    ctx.out(&format!("{token}{end}"));
    Ok(())
}

fn check(ctx: &Ctx<'_>) -> Done {
    let flags = &ctx.flags;
    let duration = flags.duration_ns("duration");
    let (kind, name, uid) =
        (flags.text("bound-object-kind"), flags.text("bound-object-name"), flags.text("bound-object-uid"));
    let wrong = if duration < 0 {
        "--duration must be greater than or equal to 0"
    } else if duration % SECOND_NS != 0 {
        "--duration cannot be expressed in units less than seconds"
    } else if flags.list("audience").iter().any(String::is_empty) {
        "--audience must not be an empty string"
    } else if kind.is_empty() && !name.is_empty() {
        "--bound-object-name can only be set if --bound-object-kind is provided"
    } else if kind.is_empty() && !uid.is_empty() {
        "--bound-object-uid can only be set if --bound-object-kind is provided"
    } else if !kind.is_empty() && !BOUND.iter().any(|(known, _)| *known == kind) {
        "supported --bound-object-kind values are Node, Pod, Secret"
    } else if !kind.is_empty() && name.is_empty() {
        "--bound-object-name is required if --bound-object-kind is provided"
    } else {
        return Ok(());
    };
    Err(Failure::error(wrong))
}
