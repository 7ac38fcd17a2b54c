//! CertificateApproval, CertificateSigning and CertificateSubjectRestriction.

use base64::Engine as _;
use x509_parser::prelude::{FromDer as _, X509CertificationRequest};

use super::{Call, Object, Status, forbidden, is_trusted};
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::cluster::api::authz::{self, Attributes};
use crate::hosts::certificates;

const STORAGE: &str = "certificatesigningrequests.certificates.k8s.io";

/// True when the caller has `verb` on the request's signer, by its own name or `domain/*`.
fn may(call: &Call<'_>, verb: &str, signer: &str) -> bool {
    let domain = format!("{}/*", signer.split('/').next().unwrap_or(""));
    [signer, &domain].iter().any(|name| {
        let attributes = Attributes {
            verb: verb.into(),
            group: "certificates.k8s.io".into(),
            version: "*".into(),
            resource: "signers".into(),
            name: (*name).into(),
            ..Attributes::default()
        };
        authz::decide(call.cluster(), &call.user, &attributes).allowed
    })
}

fn require(call: &Call<'_>, request: &Value, verb: &str) -> Result<(), Status> {
    let signer = object::text(request, "/spec/signerName");
    if is_trusted(call) || may(call, verb, signer) {
        return Ok(());
    }
    let why = match verb {
        "approve" => format!("user not permitted to approve requests with signerName {signer:?}"),
        _ => format!("user not permitted to sign requests with signerName {signer:?}"),
    };
    Err(forbidden(call, request, &why))
}

/// Approving needs the right to approve for that signer.
pub(super) fn approval(call: &mut Call<'_>, request: &Value, old: Option<&Object>) -> Result<(), Status> {
    if &*call.resource.storage != STORAGE || call.subresource != "approval" || old.is_none() {
        return Ok(());
    }
    require(call, request, "approve")
}

/// Putting a certificate in needs the right to sign for that signer.
pub(super) fn signing(call: &mut Call<'_>, request: &Value, old: Option<&Object>) -> Result<(), Status> {
    let Some(old) = old.filter(|_| &*call.resource.storage == STORAGE && call.subresource == "status") else {
        return Ok(());
    };
    if request.pointer("/status/certificate") == old.pointer("/status/certificate") {
        return Ok(());
    }
    require(call, request, "sign")
}

/// Nobody gets into `system:masters` by a client certificate of the API server's signer.
pub(super) fn subject(call: &mut Call<'_>, request: &Value, old: Option<&Object>) -> Result<(), Status> {
    let concerned = &*call.resource.storage == STORAGE
        && old.is_none()
        && object::text(request, "/spec/signerName") == "kubernetes.io/kube-apiserver-client";
    if !concerned || !organizations(request).iter().any(|it| it == "system:masters") {
        return Ok(());
    }
    let why = "use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed";
    Err(forbidden(call, request, why))
}

fn organizations(request: &Value) -> Vec<String> {
    let encoded = object::text(request, "/spec/request");
    let pem = base64::engine::general_purpose::STANDARD.decode(encoded).unwrap_or_default();
    let Some(der) = certificates::pem_body(&String::from_utf8_lossy(&pem)) else { return Vec::new() };
    let Ok((_, parsed)) = X509CertificationRequest::from_der(&der) else { return Vec::new() };
    let subject = &parsed.certification_request_info.subject;
    subject.iter_organization().filter_map(|it| it.as_str().ok().map(str::to_owned)).collect()
}
