//! What a signing request asks for: the subject and names in its PKCS#10 body, and the usages beside it.

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::FromDer;

use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::hosts::certificates;

/// A request, read.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Request {
    /// The PEM text.
    pub(super) pem: String,
    pub(super) common_name: String,
    pub(super) organizations: Vec<String>,
    pub(super) dns_names: Vec<String>,
    pub(super) addresses: Vec<IpAddr>,
    pub(super) emails: usize,
    pub(super) uris: usize,
    pub(super) usages: Vec<String>,
}

impl Request {
    /// Reads `spec.request` and `spec.usages`; `None` when the body is no request.
    pub(super) fn of(csr: &Value) -> Option<Self> {
        let pem = STANDARD.decode(object::text(csr, "/spec/request")).ok()?;
        let pem = String::from_utf8(pem).ok()?;
        let body = certificates::pem_body(&pem)?;
        let (_, parsed) = X509CertificationRequest::from_der(&body).ok()?;
        let subject = &parsed.certification_request_info.subject;
        let text = |it: &x509_parser::x509::AttributeTypeAndValue<'_>| it.as_str().unwrap_or("").to_owned();
        let usages =
            object::list(csr, "/spec/usages").iter().filter_map(Value::as_str).map(str::to_owned).collect();
        let mut request = Self {
            common_name: subject.iter_common_name().next().map(text).unwrap_or_default(),
            organizations: subject.iter_organization().map(text).collect(),
            usages,
            ..Self::default()
        };
        for extension in parsed.requested_extensions().into_iter().flatten() {
            if let ParsedExtension::SubjectAlternativeName(names) = extension {
                names.general_names.iter().for_each(|name| request.add_name(name));
            }
        }
        request.pem = pem;
        Some(request)
    }

    fn add_name(&mut self, name: &GeneralName<'_>) {
        match name {
            GeneralName::DNSName(name) => self.dns_names.push((*name).to_owned()),
            GeneralName::RFC822Name(_) => self.emails += 1,
            GeneralName::URI(_) => self.uris += 1,
            GeneralName::IPAddress(bytes) => self.addresses.extend(address(bytes)),
            _ => {}
        }
    }

    fn has_usage(&self, usage: &str) -> bool {
        self.usages.iter().any(|it| it == usage)
    }

    /// What is wrong with it as a client certificate of a kubelet.
    pub(super) fn flaw_as_kubelet_client(&self) -> Option<&'static str> {
        let subject = self.flaw_of_kubelet_subject();
        let flaw = match () {
            () if self.organizations != ["system:nodes"] => "subject organization is not system:nodes",
            () if !self.dns_names.is_empty() => "DNS subjectAltNames are not allowed",
            () if self.emails > 0 => "Email subjectAltNames are not allowed",
            () if !self.addresses.is_empty() => "IP subjectAltNames are not allowed",
            () if self.uris > 0 => "URI subjectAltNames are not allowed",
            () if subject.is_some() => return subject,
            () if !self.usages_are("client auth") => "usages did not match [client auth digital signature]",
            () => return None,
        };
        Some(flaw)
    }

    /// What is wrong with it as a serving certificate of a kubelet.
    pub(super) fn flaw_as_kubelet_server(&self) -> Option<&'static str> {
        let flaw = match () {
            () if self.organizations != ["system:nodes"] => "subject organization is not system:nodes",
            () if self.dns_names.is_empty() && self.addresses.is_empty() => {
                "DNS or IP subjectAltName is required"
            }
            () if self.emails > 0 => "Email subjectAltNames are not allowed",
            () if self.uris > 0 => "URI subjectAltNames are not allowed",
            () if !self.usages_are("server auth") => "usages did not match [digital signature server auth]",
            () => return self.flaw_of_kubelet_subject(),
        };
        Some(flaw)
    }

    fn flaw_of_kubelet_subject(&self) -> Option<&'static str> {
        (!self.common_name.starts_with("system:node:"))
            .then_some("subject common name does not begin with system:node:")
    }

    /// True when the usages are `digital signature`, `auth` and perhaps `key encipherment`.
    fn usages_are(&self, auth: &str) -> bool {
        let known = |it: &String| ["digital signature", "key encipherment", auth].contains(&it.as_str());
        self.usages.iter().all(known) && self.has_usage("digital signature") && self.has_usage(auth)
    }

    /// What is wrong with its usages for a client of the API server.
    pub(super) fn flaw_as_client(&self) -> Option<String> {
        let optional = ["digital signature", "key encipherment", "client auth"];
        if let Some(other) = self.usages.iter().find(|it| !optional.contains(&it.as_str())) {
            return Some(format!("invalid usage for client certificate: {other}"));
        }
        (!self.has_usage("client auth"))
            .then(|| "missing required usage for client certificate: client auth".into())
    }
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        return Some(four.into());
    }
    <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from)
}
