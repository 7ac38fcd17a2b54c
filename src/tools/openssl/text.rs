//! Certificates and requests as `-text`, `-ext` and `-fingerprint` write them.

use x509_parser::extensions::{GeneralName, ParsedExtension, X509Extension};
use x509_parser::prelude::X509Certificate;
use x509_parser::prelude::X509CertificationRequest;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::{shown, stamp};

/// Bytes in lines of `per_line`, joined by colons, each line indented.
fn bytes(bytes: &[u8], per_line: usize, indent: usize) -> String {
    let lines: Vec<String> = bytes.chunks(per_line).map(|line| colons(line, false)).collect();
    let pad = " ".repeat(indent);
    lines.iter().map(|line| format!("{pad}{line}")).collect::<Vec<_>>().join(":\n") + "\n"
}

fn colons(bytes: &[u8], upper: bool) -> String {
    let digit = |byte: &u8| if upper { format!("{byte:02X}") } else { format!("{byte:02x}") };
    bytes.iter().map(digit).collect::<Vec<_>>().join(":")
}

/// The whole of a certificate. Source of the layout: OpenSSL 3.0's `x509 -text`.
pub(super) fn certificate(it: &X509Certificate<'_>) -> String {
    let validity = it.validity();
    let mut text = format!(
        "Certificate:\n    Data:\n        Version: 3 (0x2)\n        Serial Number:{}\n        Signature Algorithm: {}\n        \
         Issuer: {}\n        Validity\n            Not Before: {}\n            Not After : {}\n        Subject: {}\n",
        serial(it.raw_serial()),
        algorithm(&it.signature_algorithm.algorithm.to_id_string()),
        shown(it.issuer()),
        stamp(validity.not_before.timestamp()),
        stamp(validity.not_after.timestamp()),
        shown(it.subject()),
    );
    text.push_str(&public_key(it.public_key()));
    let extensions: Vec<String> = it.extensions().iter().filter_map(|it| extension(it, 12)).collect();
    if !extensions.is_empty() {
        text.push_str("        X509v3 extensions:\n");
        text.push_str(&extensions.concat());
    }
    text.push_str(&signature(&it.signature_algorithm.algorithm.to_id_string(), &it.signature_value.data));
    text
}

/// The whole of a signing request.
pub(super) fn request(it: &X509CertificationRequest<'_>) -> String {
    let info = &it.certification_request_info;
    let mut text = format!(
        "Certificate Request:\n    Data:\n        Version: 1 (0x0)\n        Subject: {}\n",
        shown(&info.subject)
    );
    text.push_str(&public_key(&info.subject_pki));
    text.push_str("        Attributes:\n");
    let asked: Vec<String> = it
        .requested_extensions()
        .into_iter()
        .flatten()
        .filter_map(|parsed| described(parsed).map(|(name, value)| entry(&name, false, &value, 16)))
        .collect();
    if asked.is_empty() {
        text.push_str("            (none)\n");
    }
    text.push_str("            Requested Extensions:\n");
    text.push_str(&asked.concat());
    text.push_str(&signature(&it.signature_algorithm.algorithm.to_id_string(), &it.signature_value.data));
    text
}

fn serial(raw: &[u8]) -> String {
    let value = raw.iter().fold(0_u128, |sum, byte| sum << 8 | u128::from(*byte));
    if raw.len() <= 8 {
        format!(" {value} (0x{value:x})")
    } else {
        format!("\n            {}", colons(raw, false))
    }
}

fn signature(oid: &str, value: &[u8]) -> String {
    format!("    Signature Algorithm: {}\n    Signature Value:\n{}", algorithm(oid), bytes(value, 18, 8))
}

fn algorithm(oid: &str) -> &str {
    match oid {
        "1.2.840.113549.1.1.11" => "sha256WithRSAEncryption",
        "1.2.840.113549.1.1.12" => "sha384WithRSAEncryption",
        "1.2.840.113549.1.1.13" => "sha512WithRSAEncryption",
        "1.2.840.10045.4.3.2" => "ecdsa-with-SHA256",
        "1.3.101.112" => "ED25519",
        other => other,
    }
}

fn public_key(key: &SubjectPublicKeyInfo<'_>) -> String {
    let head = "        Subject Public Key Info:\n            Public Key Algorithm: ";
    match key.parsed() {
        Ok(PublicKey::RSA(rsa)) => {
            let exponent = rsa.try_exponent().unwrap_or(0);
            format!(
                "{head}rsaEncryption\n                Public-Key: ({} bit)\n                Modulus:\n{}                \
                 Exponent: {exponent} (0x{exponent:x})\n",
                rsa.key_size(),
                bytes(rsa.modulus, 15, 20),
            )
        }
        Ok(PublicKey::EC(point)) => format!(
            "{head}id-ecPublicKey\n                Public-Key: (256 bit)\n                pub:\n{}                \
             ASN1 OID: prime256v1\n                NIST CURVE: P-256\n",
            bytes(point.data(), 15, 20)
        ),
        _ => format!("{head}ED25519\n"),
    }
}

/// The bytes of an RSA key's modulus.
pub(super) fn modulus(key: &SubjectPublicKeyInfo<'_>) -> Option<String> {
    match key.parsed() {
        Ok(PublicKey::RSA(rsa)) => {
            let digits = rsa.modulus.iter().skip_while(|byte| **byte == 0);
            Some(digits.map(|byte| format!("{byte:02X}")).collect())
        }
        _ => None,
    }
}

fn extension(it: &X509Extension<'_>, indent: usize) -> Option<String> {
    let (name, value) = described(it.parsed_extension())?;
    Some(entry(&name, it.critical, &value, indent))
}

fn entry(name: &str, critical: bool, value: &str, indent: usize) -> String {
    let critical = if critical { "critical" } else { "" };
    let pad = " ".repeat(indent);
    format!("{pad}{name}: {critical}\n{pad}    {value}\n")
}

/// One extension by the name that `-ext` takes, such as `subjectAltName`.
pub(super) fn named(it: &X509Certificate<'_>, wanted: &str) -> Option<String> {
    let title = match wanted {
        "subjectAltName" => "X509v3 Subject Alternative Name",
        "keyUsage" => "X509v3 Key Usage",
        "extendedKeyUsage" => "X509v3 Extended Key Usage",
        "basicConstraints" => "X509v3 Basic Constraints",
        "authorityKeyIdentifier" => "X509v3 Authority Key Identifier",
        "subjectKeyIdentifier" => "X509v3 Subject Key Identifier",
        _ => return None,
    };
    let found = it
        .extensions()
        .iter()
        .find(|it| described(it.parsed_extension()).is_some_and(|(name, _)| name == title))?;
    extension(found, 0)
}

/// Title and value of an extension.
fn described(parsed: &ParsedExtension<'_>) -> Option<(String, String)> {
    let (name, value) = match parsed {
        ParsedExtension::KeyUsage(usage) => {
            let rows = [
                (usage.digital_signature(), "Digital Signature"),
                (usage.non_repudiation(), "Non Repudiation"),
                (usage.key_encipherment(), "Key Encipherment"),
                (usage.data_encipherment(), "Data Encipherment"),
                (usage.key_agreement(), "Key Agreement"),
                (usage.key_cert_sign(), "Certificate Sign"),
                (usage.crl_sign(), "CRL Sign"),
            ];
            ("Key Usage", joined(&rows))
        }
        ParsedExtension::ExtendedKeyUsage(usage) => {
            let rows = [
                (usage.server_auth, "TLS Web Server Authentication"),
                (usage.client_auth, "TLS Web Client Authentication"),
            ];
            ("Extended Key Usage", joined(&rows))
        }
        ParsedExtension::BasicConstraints(it) => {
            let depth = it.path_len_constraint.map(|it| format!(", pathlen:{it}")).unwrap_or_default();
            ("Basic Constraints", if it.ca { format!("CA:TRUE{depth}") } else { "CA:FALSE".into() })
        }
        ParsedExtension::SubjectKeyIdentifier(it) => ("Subject Key Identifier", colons(it.0, true)),
        ParsedExtension::AuthorityKeyIdentifier(it) => {
            ("Authority Key Identifier", it.key_identifier.as_ref().map(|it| colons(it.0, true))?)
        }
        ParsedExtension::SubjectAlternativeName(it) => {
            let names: Vec<String> = it.general_names.iter().map(general).collect();
            ("Subject Alternative Name", names.join(", "))
        }
        _ => return None,
    };
    Some((format!("X509v3 {name}"), value))
}

fn joined(rows: &[(bool, &str)]) -> String {
    rows.iter().filter(|(on, _)| *on).map(|(_, name)| *name).collect::<Vec<_>>().join(", ")
}

fn general(name: &GeneralName<'_>) -> String {
    match name {
        GeneralName::DNSName(name) => format!("DNS:{name}"),
        GeneralName::IPAddress([a, b, c, d]) => format!("IP Address:{a}.{b}.{c}.{d}"),
        GeneralName::RFC822Name(name) => format!("email:{name}"),
        GeneralName::URI(uri) => format!("URI:{uri}"),
        other => format!("othername:{other:?}"),
    }
}

/// `sha256 Fingerprint=AB:CD…`; SHA-1 unless `sha256` is asked for.
pub(super) fn fingerprint(der: &[u8], sha256: bool) -> String {
    use ring::digest;
    let (name, algorithm) =
        if sha256 { ("sha256", &digest::SHA256) } else { ("sha1", &digest::SHA1_FOR_LEGACY_USE_ONLY) };
    format!("{name} Fingerprint={}\n", colons(digest::digest(algorithm, der).as_ref(), true))
}
