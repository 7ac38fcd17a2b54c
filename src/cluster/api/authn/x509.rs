//! Certificate chains, with the sentences of Go's `crypto/x509`.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use sha2::{Digest as _, Sha256};
use x509_parser::prelude::*;

use crate::cluster::UserInfo;
use crate::hosts::{certificates, files};
use crate::sim::SimTime;

/// What a certificate is to serve for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Server,
    Client,
}

const UNKNOWN_AUTHORITY: &str = "x509: certificate signed by unknown authority";

/// The DER bodies of all certificates of a PEM text.
pub(crate) fn certificates_of(pem: &[u8]) -> Vec<Vec<u8>> {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    let text = files::text_of(pem);
    text.match_indices(BEGIN).filter_map(|(at, _)| certificates::pem_body(text.get(at..)?)).collect()
}

/// Verifies the first certificate of `chain` against `roots` (both PEM).
///
/// # Errors
/// The sentence of Go's verification error, beginning with `x509: `.
pub(crate) fn verify(
    chain: &[u8],
    roots: &[u8],
    purpose: Purpose,
    host: Option<&str>,
    now: SimTime,
) -> Result<(), String> {
    let chain = certificates_of(chain);
    let Some(leaf_der) = chain.first() else { return Err("x509: malformed certificate".into()) };
    let (_, leaf) =
        X509Certificate::from_der(leaf_der).map_err(|_| "x509: malformed certificate".to_owned())?;
    check_dates(&leaf, now)?;
    if let Some(host) = host {
        check_name(&leaf, host)?;
    }
    let roots = certificates_of(roots);
    if !roots.contains(leaf_der) {
        check_chain(&leaf, leaf_der, chain.get(1..).unwrap_or(&[]), &roots, now)?;
    }
    check_usage(&leaf, purpose)
}

/// As the API server tells that it does not take the first certificate of `chain`, before the reason.
pub(crate) fn identifier(chain: &[u8]) -> Option<String> {
    let chain = certificates_of(chain);
    let (_, certificate) = X509Certificate::from_der(chain.first()?).ok()?;
    let hex = |bytes: &[u8]| bytes.iter().map(|it| format!("{it:02X}")).collect::<Vec<_>>().join(":");
    let (mut subject, mut authority) = (String::new(), String::new());
    for extension in certificate.extensions() {
        match extension.parsed_extension() {
            ParsedExtension::SubjectKeyIdentifier(id) => subject = hex(id.0),
            ParsedExtension::AuthorityKeyIdentifier(id) => {
                authority = id.key_identifier.as_ref().map(|id| hex(id.0)).unwrap_or_default();
            }
            _ => {}
        }
    }
    Some(format!("SN={}, SKID={subject}, AKID={authority}", certificate.tbs_certificate.serial))
}

fn check_dates(certificate: &X509Certificate<'_>, now: SimTime) -> Result<(), String> {
    let validity = certificate.validity();
    let stamp = |seconds: i64| SimTime::from_unix_s(seconds).rfc3339();
    let (from, until) = (validity.not_before.timestamp(), validity.not_after.timestamp());
    let prefix = "x509: certificate has expired or is not yet valid: current time";
    if now.unix_s() < from {
        return Err(format!("{prefix} {} is before {}", now.rfc3339(), stamp(from)));
    }
    if now.unix_s() > until {
        return Err(format!("{prefix} {} is after {}", now.rfc3339(), stamp(until)));
    }
    Ok(())
}

fn alternative_names(certificate: &X509Certificate<'_>) -> (Vec<String>, Vec<IpAddr>) {
    let (mut names, mut addresses) = (Vec::new(), Vec::new());
    let found = certificate.subject_alternative_name().ok().flatten();
    for name in found.iter().flat_map(|it| &it.value.general_names) {
        match name {
            GeneralName::DNSName(name) => names.push((*name).to_owned()),
            GeneralName::IPAddress(bytes) => addresses.extend(address_of(bytes)),
            _ => {}
        }
    }
    (names, addresses)
}

fn address_of(bytes: &[u8]) -> Option<IpAddr> {
    if let Ok(v4) = <[u8; 4]>::try_from(bytes) {
        return Some(IpAddr::from(v4));
    }
    <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from)
}

fn check_name(certificate: &X509Certificate<'_>, host: &str) -> Result<(), String> {
    let (names, addresses) = alternative_names(certificate);
    let host_address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().ok();
    if let Some(address) = host_address {
        if addresses.contains(&address) {
            return Ok(());
        }
        if addresses.is_empty() {
            return Err(format!(
                "x509: cannot validate certificate for {host} because it doesn't contain any IP SANs"
            ));
        }
        let valid: Vec<String> = addresses.iter().map(ToString::to_string).collect();
        return Err(format!("x509: certificate is valid for {}, not {host}", valid.join(", ")));
    }
    if names.iter().any(|name| name_fits(name, host)) {
        return Ok(());
    }
    if names.is_empty() {
        return Err(format!("x509: certificate is not valid for any names, but wanted to match {host}"));
    }
    Err(format!("x509: certificate is valid for {}, not {host}", names.join(", ")))
}

/// A name, or `*.` in place of its first label.
fn name_fits(pattern: &str, host: &str) -> bool {
    let (pattern, host) = (pattern.to_ascii_lowercase(), host.trim_end_matches('.').to_ascii_lowercase());
    match pattern.strip_prefix("*.") {
        Some(rest) => host.split_once('.').is_some_and(|(_, tail)| tail == rest),
        None => pattern == host,
    }
}

fn check_chain(
    leaf: &X509Certificate<'_>,
    leaf_der: &[u8],
    between: &[Vec<u8>],
    roots: &[Vec<u8>],
    now: SimTime,
) -> Result<(), String> {
    let mut hint = String::new();
    for (root_der, is_root) in roots.iter().map(|it| (it, true)).chain(between.iter().map(|it| (it, false))) {
        let Ok((_, issuer)) = X509Certificate::from_der(root_der) else { continue };
        if issuer.subject().as_raw() != leaf.issuer().as_raw() {
            continue;
        }
        if !signed_by(leaf_der, root_der) {
            let name =
                issuer.subject().iter_common_name().next().and_then(|it| it.as_str().ok()).unwrap_or("");
            hint = format!(
                " (possibly because of \"crypto/rsa: verification error\" while trying to verify candidate authority certificate {name:?})"
            );
            continue;
        }
        check_dates(&issuer, now)?;
        let rest: Vec<Vec<u8>> = between.iter().filter(|it| *it != root_der).cloned().collect();
        if is_root || check_chain(&issuer, root_der, &rest, roots, now).is_ok() {
            return Ok(());
        }
    }
    Err(format!("{UNKNOWN_AUTHORITY}{hint}"))
}

fn check_usage(leaf: &X509Certificate<'_>, purpose: Purpose) -> Result<(), String> {
    let found = leaf.extended_key_usage().ok().flatten();
    let fits = found.is_none_or(|it| {
        it.value.any
            || match purpose {
                Purpose::Server => it.value.server_auth,
                Purpose::Client => it.value.client_auth,
            }
    });
    if fits { Ok(()) } else { Err("x509: certificate specifies an incompatible key usage".into()) }
}

/// Signatures that were verified lately. Only saves time: the answer depends on the bytes alone.
static SIGNATURES: Mutex<Vec<Signature>> = Mutex::new(Vec::new());

/// Certificate, issuer, and whether the one signed the other.
type Signature = (Vec<u8>, Vec<u8>, bool);

/// More pairs than a large cluster has certificates in use.
const SIGNATURES_MAX: usize = 1_024;

fn signed_by(leaf: &[u8], issuer: &[u8]) -> bool {
    let mut known = SIGNATURES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, _, answer)) = known.iter().find(|(a, b, _)| a == leaf && b == issuer) {
        return *answer;
    }
    let answer = verify_signature(leaf, issuer);
    if known.len() >= SIGNATURES_MAX {
        known.remove(0);
    }
    known.push((leaf.to_vec(), issuer.to_vec(), answer));
    answer
}

fn verify_signature(leaf: &[u8], issuer: &[u8]) -> bool {
    let (Ok((_, leaf)), Ok((_, issuer))) =
        (X509Certificate::from_der(leaf), X509Certificate::from_der(issuer))
    else {
        return false;
    };
    leaf.verify_signature(Some(issuer.public_key())).is_ok()
}

/// The user that a client certificate stands for: common name and organizations.
pub(crate) fn user_of(pem: &[u8]) -> Option<UserInfo> {
    let der = certificates_of(pem).into_iter().next()?;
    let (_, certificate) = X509Certificate::from_der(&der).ok()?;
    let name = certificate.subject().iter_common_name().next()?.as_str().ok()?.to_owned();
    let groups =
        certificate.subject().iter_organization().filter_map(|it| it.as_str().ok().map(str::to_owned));
    let digest: String = Sha256::digest(&der).iter().map(|byte| format!("{byte:02x}")).collect();
    let credential =
        ("authentication.kubernetes.io/credential-id".to_owned(), vec![format!("X509SHA256={digest}")]);
    Some(UserInfo { name, uid: String::new(), groups: groups.collect(), extra: vec![credential] })
}
