//! `openssl dgst` and its short names, and certificates in the containers of PKCS#7 and PKCS#12.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use super::{Args, Done, input, output, read, say};
use crate::cluster::templates::md5;
use crate::hosts::certificates;
use crate::shell::Proc;

/// Algorithms with their names in the output.
const ALGORITHMS: &[(&str, &str)] =
    &[("md5", "MD5"), ("sha1", "SHA1"), ("sha256", "SHA2-256"), ("sha512", "SHA2-512")];

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sum(algorithm: &str, bytes: &[u8]) -> String {
    match algorithm {
        "md5" => md5::hex_of(bytes),
        "sha1" => hex(&Sha1::digest(bytes)),
        "sha512" => hex(&Sha512::digest(bytes)),
        _ => hex(&Sha256::digest(bytes)),
    }
}

/// `openssl dgst -sha256 FILE`, `openssl md5 FILE`.
pub(super) fn run(proc: &Proc, verb: &str) -> Done {
    let words: Vec<&str> = proc.args.iter().skip(2).map(String::as_str).collect();
    let asked = words
        .iter()
        .filter_map(|it| it.strip_prefix('-'))
        .find(|it| ALGORITHMS.iter().any(|row| row.0 == *it));
    let algorithm = asked.unwrap_or(if verb == "dgst" { "sha256" } else { verb });
    if let Some(other) = words.iter().find(|it| ["-sign", "-verify", "-hmac", "-binary"].contains(it)) {
        return Err(format!("uncordon: openssl {verb} {other} is not simulated yet\n"));
    }
    let title = ALGORITHMS.iter().find(|row| row.0 == algorithm).map_or("SHA2-256", |row| row.1);
    let files: Vec<&&str> = words.iter().filter(|it| !it.starts_with('-')).collect();
    let bare = words.contains(&"-r");
    if files.is_empty() {
        let digest = sum(algorithm, proc.stdin.as_deref().unwrap_or_default());
        return say(
            proc,
            &if bare { format!("{digest} *stdin\n") } else { format!("{title}(stdin)= {digest}\n") },
        );
    }
    for file in files {
        let bytes = proc.disk().read(&proc.path(file)).map_err(|error| format!("{file}: {error}\n"))?;
        let digest = sum(algorithm, &bytes);
        proc.print(if bare { format!("{digest} *{file}\n") } else { format!("{title}({file})= {digest}\n") });
    }
    Ok(())
}

/// Marks a bundle of certificates here: their PEM stands inside.
const BUNDLE: &str = "PKCS7";

/// `crl2pkcs7 -nocrl -certfile F` bundles certificates, `pkcs7 -print_certs` takes them out again.
pub(super) fn pkcs7(proc: &Proc, args: &Args, verb: &str) -> Done {
    if verb == "crl2pkcs7" {
        let mut all = String::new();
        if let Some(file) = args.value("-certfile") {
            all.push_str(&read(proc, file)?);
        }
        let lines: String = wrapped(all.as_bytes());
        return output(
            proc,
            args,
            "-out",
            &format!("-----BEGIN {BUNDLE}-----\n{lines}-----END {BUNDLE}-----\n"),
            0o644,
        );
    }
    let text = input(proc, args)?;
    let body = certificates::pem_body(&text).ok_or("unable to load PKCS7 object\n")?;
    let pem = String::from_utf8_lossy(&body).into_owned();
    let mut shown = String::new();
    for der in certificates::certificates(&pem) {
        if let Ok((_, it)) = x509_parser::parse_x509_certificate(&der) {
            shown.push_str(&format!(
                "subject={}\n\nissuer={}\n\n",
                super::shown(it.subject()),
                super::shown(it.issuer())
            ));
        }
        if !args.has("-noout") {
            let lines = wrapped(&der);
            shown.push_str(&format!("-----BEGIN CERTIFICATE-----\n{lines}-----END CERTIFICATE-----\n\n"));
        }
    }
    output(proc, args, "-out", &shown, 0o644)
}

fn wrapped(bytes: &[u8]) -> String {
    let text = STANDARD.encode(bytes);
    text.as_bytes().chunks(64).map(|line| format!("{}\n", String::from_utf8_lossy(line))).collect()
}

/// `pkcs12 -export` puts a certificate and its key into one file, `pkcs12 -in` takes them out. The file is
/// not encrypted here, and only this program reads it.
pub(super) fn pkcs12(proc: &Proc, args: &Args) -> Done {
    const MARK: &str = "uncordon-pkcs12\n";
    if args.has("-export") {
        let certificate = input(proc, args)?;
        let key = args.value("-inkey").map(|path| read(proc, path)).transpose()?.unwrap_or_default();
        if !key.is_empty() && !certificates::key_fits(&certificate, &key) {
            return Err("No cert in -in file matches private key\n".to_owned());
        }
        return output(proc, args, "-out", &format!("{MARK}{certificate}{key}"), 0o600);
    }
    let text = input(proc, args)?;
    let Some(inside) = text.strip_prefix(MARK) else {
        return Err("Could not read any certificate or key from this PKCS12 file\n".to_owned());
    };
    let at = inside.find("-----END CERTIFICATE-----\n").map_or(inside.len(), |at| at + 26);
    let (certificate, key) = inside.split_at(at.min(inside.len()));
    let shown = match (args.has("-nokeys"), args.has("-nocerts")) {
        (true, _) => certificate.to_owned(),
        (_, true) => key.to_owned(),
        _ => inside.to_owned(),
    };
    output(proc, args, "-out", &shown, 0o600)
}
