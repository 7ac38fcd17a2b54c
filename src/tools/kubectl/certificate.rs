//! `kubectl certificate`: approves and denies signing requests.

use super::builder::{Builder, Info};
use super::print::Printer;
use super::verb::{Group, PLAIN, Run, Verb};
use super::writes::Write;
use super::{Ctx, Done, DryRun, Failure};
use crate::apimachinery::go::quote;
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::{field, list};

/// `kubectl certificate`.
pub(crate) static CERTIFICATE: Verb = Verb {
    name: "certificate",
    group: Group::Cluster,
    summary: "Modify certificate resources",
    // Whatever stands behind it, its help is what it does.
    run: Run::Now(|ctx| {
        ctx.out(&super::help::of(&CERTIFICATE, "certificate"));
        Ok(())
    }),
    children: &[&APPROVE, &DENY],
    ..PLAIN
};

static APPROVE: Verb = Verb {
    name: "approve",
    group: Group::Other,
    summary: "Approve a certificate signing request",
    about: "Lets the signer issue what the request asks for. Look at the request first: the certificate may give access\nto the cluster under any name in it.",
    examples: "
        kubectl certificate approve csr-sqgzp",
    run: Run::Now(|ctx| run(ctx, &APPROVAL)),
    ..PLAIN
};

static DENY: Verb = Verb {
    name: "deny",
    group: Group::Other,
    summary: "Deny a certificate signing request",
    examples: "
        kubectl certificate deny csr-sqgzp",
    run: Run::Now(|ctx| run(ctx, &DENIAL)),
    ..PLAIN
};

/// One of the two decisions.
struct Decision {
    condition: &'static str,
    /// The decision that cannot be taken back.
    opposite: &'static str,
    reason: &'static str,
    message: &'static str,
    done: &'static str,
}

const APPROVAL: Decision = Decision {
    condition: "Approved",
    opposite: "Denied",
    reason: "KubectlApprove",
    message: "This CSR was approved by kubectl certificate approve.",
    done: "approved",
};

const DENIAL: Decision = Decision {
    condition: "Denied",
    opposite: "Approved",
    reason: "KubectlDeny",
    message: "This CSR was denied by kubectl certificate deny.",
    done: "denied",
};

fn run(ctx: &mut Ctx<'_>, decision: &Decision) -> Done {
    let mut builder = Builder { latest: true, continue_on_error: true, namespace: None, ..Builder::of(ctx)? };
    if ctx.args.is_empty() && builder.no_files() {
        return Err(Failure::error("one or more CSRs must be specified as <name> or -f <filename>"));
    }
    if !ctx.args.is_empty() {
        builder.names = Some(("certificatesigningrequests", ctx.args.clone()));
    }
    let mut printer = Printer::of(ctx)?;
    builder.targets(ctx)?.visit(ctx, &mut |ctx, info| {
        decide(ctx, &info, decision)?;
        printer.print(ctx, &info.object, decision.done)
    })
}

fn decide(ctx: &mut Ctx<'_>, info: &Info, decision: &Decision) -> Done {
    let kind = info.mapping.as_ref().map_or("", |mapping| &mapping.kind);
    if kind != "CertificateSigningRequest" {
        return Err(Failure::error(format!(
            "can only handle CertificateSigningRequest.certificates.k8s.io objects, got {kind}"
        )));
    }
    let path = info.path();
    let mut csr = (*ctx.get_object(path.as_str())?).clone();
    let has = |csr: &Value, kind: &str| {
        list(csr, "/status/conditions").iter().any(|one| field(one, "type") == kind)
    };
    if has(&csr, decision.opposite) {
        return Err(Failure::error(format!(
            "certificate signing request {} is already {}",
            quote(&info.name),
            decision.opposite
        )));
    }
    if has(&csr, decision.condition) {
        return Ok(());
    }
    let mut conditions = list(&csr, "/status/conditions").to_vec();
    conditions.push(json!({
        "type": decision.condition, "status": "True", "reason": decision.reason, "message": decision.message,
        "lastUpdateTime": ctx.proc.world().now.rfc3339(),
    }));
    crate::apimachinery::object::set(&mut csr, &["status", "conditions"], conditions);
    let write = Write { manager: String::new(), dry_run: DryRun::None, validation: "" };
    ctx.replace(&format!("{path}/approval"), &csr, &write).map(drop)
}
