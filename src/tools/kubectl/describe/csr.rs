//! Certificate signing requests with their decoded subject.

use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::oid_registry::{
    OID_X509_COMMON_NAME, OID_X509_COUNTRY_NAME, OID_X509_LOCALITY_NAME, OID_X509_ORGANIZATION_NAME,
    OID_X509_ORGANIZATIONAL_UNIT, OID_X509_POSTAL_CODE, OID_X509_SERIALNUMBER,
    OID_X509_STATE_OR_PROVINCE_NAME, OID_X509_STREET_ADDRESS, Oid,
};
use x509_parser::prelude::FromDer;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::events;
use super::writer::{Writer, format_labels, put, rfc1123};
use super::{Lookup, Outcome, Settings};
use crate::apimachinery::json::Value;
use crate::apimachinery::object::{field, int, list, name, text};
use crate::sim::short_human_duration;
use crate::tools::kubectl::Failure;

/// What a request says of its subject.
#[derive(Debug, Default, PartialEq, Eq)]
struct Subject {
    common_name: String,
    serial_number: String,
    /// Title and values of the other parts.
    parts: Vec<(&'static str, Vec<String>)>,
    dns: Vec<String>,
    emails: Vec<String>,
    uris: Vec<String>,
    ips: Vec<String>,
}

/// Describes a certificate signing request.
pub(super) fn describe(object: &Value, lookup: &mut dyn Lookup, settings: &Settings) -> Outcome {
    let subject = subject(text(object, "/spec/request"))
        .map_err(|why| Failure::error(format!("Error parsing CSR: {why}")))?;
    let mut w = Writer::default();
    put!(w, 0, "Name:\t{}\n", name(object));
    put!(w, 0, "Labels:\t{}\n", format_labels(object.pointer("/metadata/labels")));
    put!(w, 0, "Annotations:\t{}\n", format_labels(object.pointer("/metadata/annotations")));
    put!(w, 0, "CreationTimestamp:\t{}\n", rfc1123(text(object, "/metadata/creationTimestamp")));
    put!(w, 0, "Requesting User:\t{}\n", text(object, "/spec/username"));
    if !text(object, "/spec/signerName").is_empty() {
        put!(w, 0, "Signer:\t{}\n", text(object, "/spec/signerName"));
    }
    if let Some(seconds) = int(object, "/spec/expirationSeconds").and_then(|s| u64::try_from(s).ok()) {
        let duration = short_human_duration(std::time::Duration::from_secs(seconds));
        put!(w, 0, "Requested Duration:\t{duration}\n");
    }
    put!(w, 0, "Status:\t{}\n", status(object));
    write_subject(&mut w, &subject);
    events::append(&mut w, object, lookup, settings);
    Ok(w.finish())
}

fn status(csr: &Value) -> String {
    let has =
        |kind: &str| list(csr, "/status/conditions").iter().any(|condition| field(condition, "type") == kind);
    let mut text_ = match (has("Denied"), has("Approved")) {
        (true, _) => "Denied",
        (false, true) => "Approved",
        (false, false) => "Pending",
    }
    .to_owned();
    if has("Failed") {
        text_ += ",Failed";
    }
    if !text(csr, "/status/certificate").is_empty() {
        text_ += ",Issued";
    }
    text_
}

fn write_subject(w: &mut Writer, subject: &Subject) {
    put!(w, 0, "Subject:\n");
    put!(w, 0, "\tCommon Name:\t{}\n", subject.common_name);
    put!(w, 0, "\tSerial Number:\t{}\n", subject.serial_number);
    for (title, values) in &subject.parts {
        several(w, title, values);
    }
    let names = [
        ("DNS Names", &subject.dns),
        ("Email Addresses", &subject.emails),
        ("URIs", &subject.uris),
        ("IP Addresses", &subject.ips),
    ];
    if names.iter().any(|(_, values)| !values.is_empty()) {
        put!(w, 0, "Subject Alternative Names:\n");
    }
    for (title, values) in names {
        several(w, title, values);
    }
}

fn several(w: &mut Writer, title: &str, values: &[String]) {
    if !values.is_empty() {
        put!(w, 0, "\t{title}:\t{}\n", values.join("\n\t\t"));
    }
}

fn subject(request: &str) -> Result<Subject, String> {
    let bytes = STANDARD.decode(request).unwrap_or_default();
    let not_pem = || "PEM block type must be CERTIFICATE REQUEST".to_owned();
    let (_, pem) = x509_parser::pem::parse_x509_pem(&bytes).map_err(|_| not_pem())?;
    if pem.label != "CERTIFICATE REQUEST" {
        return Err(not_pem());
    }
    let (_, request) =
        X509CertificationRequest::from_der(&pem.contents).map_err(|error| error.to_string())?;
    let info = &request.certification_request_info;
    let values = |oid: &Oid<'_>| -> Vec<String> {
        info.subject.iter_by_oid(oid).filter_map(|part| Some(part.as_str().ok()?.to_owned())).collect()
    };
    let last = |oid: &Oid<'_>| values(oid).pop().unwrap_or_default();
    let mut subject = Subject {
        common_name: last(&OID_X509_COMMON_NAME),
        serial_number: last(&OID_X509_SERIALNUMBER),
        parts: vec![
            ("Organization", values(&OID_X509_ORGANIZATION_NAME)),
            ("Organizational Unit", values(&OID_X509_ORGANIZATIONAL_UNIT)),
            ("Country", values(&OID_X509_COUNTRY_NAME)),
            ("Locality", values(&OID_X509_LOCALITY_NAME)),
            ("Province", values(&OID_X509_STATE_OR_PROVINCE_NAME)),
            ("StreetAddress", values(&OID_X509_STREET_ADDRESS)),
            ("PostalCode", values(&OID_X509_POSTAL_CODE)),
        ],
        ..Subject::default()
    };
    for extension in request.requested_extensions().into_iter().flatten() {
        if let ParsedExtension::SubjectAlternativeName(names) = extension {
            names.general_names.iter().for_each(|name| alternative(&mut subject, name));
        }
    }
    Ok(subject)
}

fn alternative(subject: &mut Subject, name: &GeneralName<'_>) {
    match name {
        GeneralName::DNSName(name) => subject.dns.push((*name).to_owned()),
        GeneralName::RFC822Name(name) => subject.emails.push((*name).to_owned()),
        GeneralName::URI(name) => subject.uris.push((*name).to_owned()),
        GeneralName::IPAddress(bytes) => {
            let v4 = <[u8; 4]>::try_from(*bytes).map(|ip| core::net::Ipv4Addr::from(ip).to_string());
            let v6 = <[u8; 16]>::try_from(*bytes).map(|ip| core::net::Ipv6Addr::from(ip).to_string());
            subject.ips.extend(v4.ok().or(v6.ok()));
        }
        _ => {}
    }
}
