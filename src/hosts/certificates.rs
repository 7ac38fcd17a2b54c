//! X.509 certificates and RSA keys, real PEM: made with rcgen, signed with keys of the fixture pool.
//!
//! Knows nothing of kubeadm: who needs which certificate is said elsewhere. Signing is
//! deterministic (RSA PKCS#1 v1.5), so one seed gives the same bytes.

use std::net::IpAddr;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, PublicKeyData, SanType, SerialNumber,
    SignatureAlgorithm, SigningKey,
};

use x509_parser::extensions::GeneralName;

use crate::sim::SimTime;
use crate::sim::memo::Memo;

/// Keys that every world draws from. See `assets/keys/README.md`.
const POOL: &str = include_str!("../../assets/keys/rsa-2048.pem");

/// What a certificate is to say.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CertificateSpec {
    pub(crate) common_name: String,
    /// Organizations, written before the common name.
    pub(crate) organizations: Vec<String>,
    /// DNS names, then IP addresses, in this order.
    pub(crate) dns_names: Vec<String>,
    pub(crate) addresses: Vec<IpAddr>,
    pub(crate) usage: Usage,
    pub(crate) not_before: SimTime,
    pub(crate) not_after: SimTime,
    /// Positive 64-bit serial number.
    pub(crate) serial: u64,
}

/// What a certificate may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Usage {
    Authority,
    Client,
    Server,
    /// Both, as etcd's serving and peer certificates.
    ServerAndClient,
    /// For anything: nothing is said, as `openssl x509 -req` does.
    Any,
}

/// A certificate and its private key, both PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pair {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

/// Why a key or certificate could not be read or made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct CertificateError(String);

impl From<rcgen::Error> for CertificateError {
    fn from(error: rcgen::Error) -> Self {
        Self(error.to_string())
    }
}

/// How many keys the pool has.
pub(crate) fn pool_len() -> usize {
    pool().len()
}

/// A key of the pool as `-----BEGIN RSA PRIVATE KEY-----` PEM; the index wraps around.
pub(crate) fn pool_key(index: usize) -> &'static str {
    let pool = pool();
    pool.get(index % pool.len().max(1)).copied().unwrap_or("")
}

fn pool() -> &'static [&'static str] {
    static KEYS: OnceLock<Vec<&'static str>> = OnceLock::new();
    KEYS.get_or_init(|| {
        const END: &str = "-----END RSA PRIVATE KEY-----\n";
        POOL.split_inclusive(END).filter(|text| text.ends_with(END)).collect()
    })
}

/// A certificate that signs itself with `key`.
pub(crate) fn self_signed(spec: &CertificateSpec, key: &str) -> Result<Pair, CertificateError> {
    let pair = read_key(key)?;
    let certificate = spec.params()?.self_signed(&pair)?;
    Ok(Pair { certificate: certificate.pem(), key: key.to_owned() })
}

/// A certificate for `key`, signed by `authority`.
pub(crate) fn issue(spec: &CertificateSpec, key: &str, authority: &Pair) -> Result<Pair, CertificateError> {
    let certificate = sign(spec, &read_key(key)?, authority)?;
    Ok(Pair { certificate, key: key.to_owned() })
}

/// A certificate for the public key of a signing request (PEM), signed by `authority`. Subject and
/// names are those of `spec`, not of the request.
pub(crate) fn issue_for_request(
    spec: &CertificateSpec,
    request: &str,
    authority: &Pair,
) -> Result<String, CertificateError> {
    let request = CertificateSigningRequestParams::from_pem(request)?;
    sign(spec, &request.public_key, authority)
}

/// The public half of a private key, as `-----BEGIN PUBLIC KEY-----` PEM.
pub(crate) fn public_key(key: &str) -> Result<String, CertificateError> {
    Ok(read_key(key)?.public_key_pem().replace("\r\n", "\n"))
}

/// A signing request (PEM) for `key`.
pub(crate) fn request(spec: &CertificateSpec, key: &str) -> Result<String, CertificateError> {
    let mut params = spec.params()?;
    params.is_ca = IsCa::NoCa;
    params.serial_number = None;
    params.key_usages = Vec::new();
    params.extended_key_usages = Vec::new();
    params.use_authority_key_identifier_extension = false;
    Ok(params.serialize_request(&read_key(key)?)?.pem()?.replace("\r\n", "\n"))
}

/// Checking the numbers of a key costs more than all the rest of a handshake, and most keys are of the pool.
static KEYS: Memo<Result<PrivateKey, CertificateError>> = Memo::new(64);

/// A private key that was read; a clone is the same key.
#[derive(Clone, Debug)]
pub(crate) struct PrivateKey(Arc<KeyPair>);

impl Deref for PrivateKey {
    type Target = KeyPair;

    fn deref(&self) -> &KeyPair {
        &self.0
    }
}

impl PublicKeyData for PrivateKey {
    fn der_bytes(&self) -> &[u8] {
        self.0.der_bytes()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        self.0.algorithm()
    }
}

impl SigningKey for PrivateKey {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        self.0.sign(message)
    }
}

/// Reads an RSA key in PKCS#1 or PKCS#8 PEM.
pub(crate) fn read_key(pem: &str) -> Result<PrivateKey, CertificateError> {
    KEYS.get(pem, || parse_key(pem).map(|it| PrivateKey(Arc::new(it))))
}

fn parse_key(pem: &str) -> Result<KeyPair, CertificateError> {
    let der = pem_body(pem).ok_or_else(|| CertificateError("no PEM block in the key".into()))?;
    let pkcs8 = if pem.contains("BEGIN RSA PRIVATE KEY") { pkcs8_of_pkcs1(&der) } else { der };
    let algorithm = &rcgen::PKCS_RSA_SHA256;
    let rsa = KeyPair::from_pkcs8_der_and_sign_algo(&pkcs8.as_slice().into(), algorithm);
    Ok(rsa.or_else(|_| KeyPair::try_from(pkcs8.as_slice()))?)
}

/// More blocks than a sitting has certificates and keys in use.
static BODIES: Memo<Option<Vec<u8>>> = Memo::new(64);

/// The bytes of the first PEM block.
pub(crate) fn pem_body(pem: &str) -> Option<Vec<u8>> {
    BODIES.get(pem, || decode_body(pem))
}

fn decode_body(pem: &str) -> Option<Vec<u8>> {
    let start = pem.find("-----BEGIN ")?;
    let body = pem.get(start..)?.split_once("-----\n")?.1.split("-----END").next()?;
    let body: String = body.chars().filter(|c| !c.is_whitespace()).collect();
    STANDARD.decode(body).ok()
}

/// PKCS#8 around a PKCS#1 key: rcgen reads only that form. RFC 5208, `PrivateKeyInfo`.
fn pkcs8_of_pkcs1(pkcs1: &[u8]) -> Vec<u8> {
    /// INTEGER 0, then the algorithm: rsaEncryption with NULL parameters.
    const HEAD: &[u8] =
        &[0x02, 1, 0, 0x30, 13, 0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 0x05, 0];
    let mut body = HEAD.to_vec();
    body.extend(der(0x04, pkcs1));
    der(0x30, &body)
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let significant: Vec<u8> = length.iter().copied().skip_while(|&byte| byte == 0).collect();
    let mut out = vec![tag];
    if content.len() < 0x80 {
        out.push(content.len() as u8);
    } else {
        out.push(0x80 | significant.len() as u8);
        out.extend(significant);
    }
    out.extend_from_slice(content);
    out
}

/// Why a certificate is not accepted; the sentences of Go's `crypto/x509`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Distrust {
    #[error("x509: certificate signed by unknown authority")]
    UnknownAuthority,
    #[error("x509: certificate has expired or is not yet valid: current time {now} is {what}")]
    OutOfDate { now: String, what: String },
    #[error("x509: malformed certificate")]
    Malformed,
}

/// Checks that one of the authorities in `roots` (PEM, several blocks) signed the first certificate of
/// `leaf` (PEM), and that it is in date.
pub(crate) fn verify(leaf: &str, roots: &str, now: SimTime) -> Result<(), Distrust> {
    let leaf = pem_body(leaf).ok_or(Distrust::Malformed)?;
    let (_, leaf) = x509_parser::parse_x509_certificate(&leaf).map_err(|_| Distrust::Malformed)?;
    let known = certificates(roots).iter().any(|root| {
        x509_parser::parse_x509_certificate(root).is_ok_and(|(_, root)| {
            root.subject() == leaf.issuer() && leaf.verify_signature(Some(root.public_key())).is_ok()
        })
    });
    // Go looks at the dates before it builds the chain.
    let (from, until) = (leaf.validity().not_before.timestamp(), leaf.validity().not_after.timestamp());
    let stamp = |seconds| SimTime::from_unix_s(seconds).rfc3339();
    if now.unix_s() < from {
        return Err(Distrust::OutOfDate { now: now.rfc3339(), what: format!("before {}", stamp(from)) });
    }
    if now.unix_s() > until {
        return Err(Distrust::OutOfDate { now: now.rfc3339(), what: format!("after {}", stamp(until)) });
    }
    if known { Ok(()) } else { Err(Distrust::UnknownAuthority) }
}

/// True when a certificate (PEM) is for a host: by one of its names or addresses or, without any, its common name.
pub(crate) fn is_for(certificate: &str, host: &str) -> bool {
    let Some(der) = pem_body(certificate) else { return false };
    let Ok((_, it)) = x509_parser::parse_x509_certificate(&der) else { return false };
    let fits = |name: &str| {
        let wildcard = name.strip_prefix("*.").zip(host.split_once('.'));
        name.eq_ignore_ascii_case(host)
            || wildcard.is_some_and(|(domain, (_, rest))| domain.eq_ignore_ascii_case(rest))
    };
    if let Ok(Some(names)) = it.subject_alternative_name() {
        return names.value.general_names.iter().any(|name| match name {
            GeneralName::DNSName(name) => fits(name),
            GeneralName::IPAddress(bytes) => host.parse().is_ok_and(|address| match address {
                IpAddr::V4(address) => address.octets() == *bytes,
                IpAddr::V6(address) => address.octets() == *bytes,
            }),
            _ => false,
        });
    }
    it.subject().iter_common_name().any(|name| name.as_str().is_ok_and(fits))
}

/// True when a certificate (PEM) names itself as its issuer.
pub(crate) fn is_self_signed(certificate: &str) -> bool {
    pem_body(certificate).is_some_and(|der| {
        x509_parser::parse_x509_certificate(&der).is_ok_and(|(_, it)| it.subject() == it.issuer())
    })
}

/// The DER bytes of every certificate block of a PEM text.
pub(crate) fn certificates(pem: &str) -> Vec<Vec<u8>> {
    pem.split("-----BEGIN CERTIFICATE-----")
        .skip(1)
        .filter_map(|block| pem_body(&format!("-----BEGIN CERTIFICATE-----{block}")))
        .collect()
}

/// Whether a certificate and a private key (both PEM, perhaps in one file) make a pair, in the words of Go's
/// `tls.X509KeyPair`.
///
/// # Errors
/// What is wrong with either, or that they do not belong together.
pub(crate) fn pair(certificate: &str, key: &str) -> Result<(), String> {
    /// What was found of the latest pairs: a client shows the same one with every request.
    static KNOWN: Memo<Result<(), String>> = Memo::new(16);
    KNOWN.get(&[certificate, key].join("\0"), || check_pair(certificate, key))
}

fn check_pair(certificate: &str, key: &str) -> Result<(), String> {
    let (shown, kept) = (blocks(certificate), blocks(key));
    let Some((_, certificate)) = shown.iter().find(|(kind, _)| kind == "CERTIFICATE") else {
        return Err(match kinds(&shown).as_slice() {
            [] => "tls: failed to find any PEM data in certificate input".into(),
            [one] if one.ends_with("PRIVATE KEY") => {
                "tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched".into()
            }
            other => format!(
                "tls: failed to find \"CERTIFICATE\" PEM block in certificate input after skipping PEM blocks of the following types: [{}]",
                other.join(" ")
            ),
        });
    };
    let Some((kind, key)) = kept.iter().find(|(kind, _)| kind.ends_with("PRIVATE KEY")) else {
        return Err(match kinds(&kept).as_slice() {
            [] => "tls: failed to find any PEM data in key input".into(),
            ["CERTIFICATE"] => {
                "tls: found a certificate rather than a key in the PEM for the private key".into()
            }
            other => format!(
                "tls: failed to find PEM block with type ending in \"PRIVATE KEY\" in key input after skipping PEM blocks of the following types: [{}]",
                other.join(" ")
            ),
        });
    };
    match certificates(certificate).first().map(|der| x509_parser::parse_x509_certificate(der).is_ok()) {
        Some(true) => {}
        _ => return Err("x509: malformed certificate".into()),
    }
    match (kind.as_str(), read_key(key)) {
        // Keys of this form are not read here.
        ("EC PRIVATE KEY", _) => Ok(()),
        (_, Err(_)) => Err("tls: failed to parse private key".into()),
        (_, Ok(_)) if key_fits(certificate, key) => Ok(()),
        _ => Err("tls: private key does not match public key".into()),
    }
}

/// The whole PEM blocks of a text with their types, in order.
fn blocks(text: &str) -> Vec<(String, String)> {
    let parts = text.split("-----BEGIN ").skip(1);
    parts
        .filter_map(|part| {
            let (kind, rest) = part.split_once("-----\n")?;
            let (body, _) = rest.split_once(&format!("-----END {kind}-----"))?;
            let body: String = body.lines().filter(|line| !line.contains(": ")).collect();
            let body: String = body.chars().filter(|c| !c.is_whitespace()).collect();
            STANDARD.decode(&body).ok()?;
            let whole = format!("-----BEGIN {kind}-----\n{body}\n-----END {kind}-----\n");
            Some((kind.to_owned(), whole))
        })
        .collect()
}

fn kinds(blocks: &[(String, String)]) -> Vec<&str> {
    blocks.iter().map(|(kind, _)| kind.as_str()).collect()
}

/// True when a private key (PEM) belongs to a certificate (PEM).
pub(crate) fn key_fits(certificate: &str, key: &str) -> bool {
    let (Some(der), Ok(key)) = (pem_body(certificate), read_key(key)) else { return false };
    x509_parser::parse_x509_certificate(&der)
        .is_ok_and(|(_, it)| *it.tbs_certificate.subject_pki.subject_public_key.data == *key.der_bytes())
}

fn sign(
    spec: &CertificateSpec,
    key: &impl PublicKeyData,
    authority: &Pair,
) -> Result<String, CertificateError> {
    let issuer = Issuer::from_ca_cert_pem(&authority.certificate, read_key(&authority.key)?)?;
    let mut params = spec.params()?;
    params.use_authority_key_identifier_extension = true;
    Ok(params.signed_by(key, &issuer)?.pem().replace("\r\n", "\n"))
}

impl CertificateSpec {
    fn params(&self) -> Result<CertificateParams, CertificateError> {
        let mut params = CertificateParams::default();
        params.not_before = date(self.not_before);
        params.not_after = date(self.not_after);
        params.serial_number = Some(SerialNumber::from(self.serial & (u64::MAX >> 1)));
        params.distinguished_name = self.subject();
        for name in &self.dns_names {
            params.subject_alt_names.push(SanType::DnsName(name.as_str().try_into()?));
        }
        params.subject_alt_names.extend(self.addresses.iter().copied().map(SanType::IpAddress));
        (params.is_ca, params.key_usages, params.extended_key_usages) = self.usage.extensions();
        Ok(params)
    }

    fn subject(&self) -> DistinguishedName {
        let mut subject = DistinguishedName::new();
        // rcgen keeps one value a type; several organizations share one field as in no real kubeadm
        // certificate, so the first stands.
        if let Some(organization) = self.organizations.first() {
            subject.push(DnType::OrganizationName, organization.as_str());
        }
        subject.push(DnType::CommonName, self.common_name.as_str());
        subject
    }
}

impl Usage {
    fn extensions(self) -> (IsCa, Vec<KeyUsagePurpose>, Vec<ExtendedKeyUsagePurpose>) {
        use ExtendedKeyUsagePurpose::{ClientAuth, ServerAuth};
        let leaf = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
        match self {
            Self::Authority => {
                let mut all = leaf;
                all.push(KeyUsagePurpose::KeyCertSign);
                (IsCa::Ca(BasicConstraints::Unconstrained), all, Vec::new())
            }
            Self::Client => (IsCa::ExplicitNoCa, leaf, vec![ClientAuth]),
            Self::Server => (IsCa::ExplicitNoCa, leaf, vec![ServerAuth]),
            Self::Any => (IsCa::NoCa, Vec::new(), Vec::new()),
            Self::ServerAndClient => (IsCa::ExplicitNoCa, leaf, vec![ServerAuth, ClientAuth]),
        }
    }
}

fn date(at: SimTime) -> time::OffsetDateTime {
    let seconds = u64::try_from(at.unix_s()).unwrap_or(0);
    time::OffsetDateTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use x509_parser::prelude::*;

    fn spec(common_name: &str, usage: Usage) -> CertificateSpec {
        CertificateSpec {
            common_name: common_name.into(),
            organizations: vec!["system:nodes".into()],
            dns_names: vec!["node01".into()],
            addresses: vec!["172.30.2.2".parse().unwrap()],
            usage,
            not_before: SimTime::START,
            not_after: SimTime::START + Duration::from_secs(3600),
            serial: 42,
        }
    }

    #[test]
    fn what_an_authority_signs_verifies_against_it() {
        let authority = self_signed(&spec("kubernetes", Usage::Authority), pool_key(0)).unwrap();
        let leaf = issue(&spec("system:node:node01", Usage::Client), pool_key(1), &authority).unwrap();
        let (ca, leaf) = (pem_body(&authority.certificate).unwrap(), pem_body(&leaf.certificate).unwrap());
        let (_, ca) = parse_x509_certificate(&ca).unwrap();
        let (_, leaf) = parse_x509_certificate(&leaf).unwrap();
        leaf.verify_signature(Some(ca.public_key())).unwrap();
        assert_eq!(leaf.subject().to_string(), "O=system:nodes, CN=system:node:node01");
        assert_eq!(leaf.validity().not_before.timestamp(), SimTime::START.unix_s());
    }

    #[test]
    fn signing_twice_gives_the_same_bytes() {
        let once = || self_signed(&spec("kubernetes", Usage::Authority), pool_key(3)).unwrap();
        assert_eq!(once(), once());
        assert_eq!(pool_len(), 32);
    }

    #[test]
    fn a_request_is_signed_for_its_own_key() {
        let authority = self_signed(&spec("kubernetes", Usage::Authority), pool_key(0)).unwrap();
        let csr = request(&spec("jane", Usage::Client), pool_key(5)).unwrap();
        let signed = issue_for_request(&spec("jane", Usage::Client), &csr, &authority).unwrap();
        assert!(signed.starts_with("-----BEGIN CERTIFICATE-----\n"), "{signed}");
        assert!(read_key("rubbish").is_err());
    }
}
