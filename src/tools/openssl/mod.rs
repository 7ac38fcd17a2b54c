//! `openssl`: keys, signing requests and certificates, all real PEM.
//!
//! Keys come from the fixture pool, since making one takes a second of real time. Not here: ciphers and
//! revocation lists.

mod conf;
mod digest;
mod server;
mod text;
mod verify;

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine;
use x509_parser::prelude::{FromDer, X509Certificate, X509CertificationRequest, X509Name};

use self::conf::{Conf, Extensions};
use crate::hosts::certificates::{self, CertificateSpec, Pair, Usage};
use crate::shell::{Proc, Program, Running};
use crate::sim::SimTime;

pub(crate) const PROGRAM: Program =
    Program { name: "openssl", summary: "Work with keys and certificates", run };

/// Options that take a value.
const VALUED: &[&str] = &[
    "-in",
    "-out",
    "-key",
    "-keyout",
    "-subj",
    "-days",
    "-newkey",
    "-CA",
    "-CAkey",
    "-CAfile",
    "-CAserial",
    "-algorithm",
    "-pkeyopt",
    "-set_serial",
    "-config",
    "-extensions",
    "-extfile",
    "-reqexts",
    "-addext",
    "-inform",
    "-outform",
    "-ext",
    "-checkend",
    "-connect",
    "-servername",
    "-passin",
    "-passout",
    "-untrusted",
    "-CApath",
    "-cert",
    "-nameopt",
    "-pass",
    "-certfile",
    "-inkey",
    "-name",
    "-certopt",
    "-purpose",
];

struct Args {
    values: BTreeMap<String, String>,
    flags: Vec<String>,
    operands: Vec<String>,
}

impl Args {
    fn parse(args: &[String]) -> Self {
        let mut found = Self { values: BTreeMap::new(), flags: Vec::new(), operands: Vec::new() };
        let mut rest = args.iter();
        while let Some(arg) = rest.next() {
            if VALUED.contains(&arg.as_str()) {
                found.values.insert(arg.clone(), rest.next().cloned().unwrap_or_default());
            } else if arg.starts_with('-') {
                found.flags.push(arg.clone());
            } else {
                found.operands.push(arg.clone());
            }
        }
        found
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    fn has(&self, name: &str) -> bool {
        self.flags.iter().any(|flag| flag == name)
    }
}

fn run(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let verb = proc.args.get(1).cloned().unwrap_or_default();
        let args = Args::parse(proc.args.get(2..).unwrap_or_default());
        let done = match verb.as_str() {
            "version" => say(proc, "OpenSSL 3.0.13 30 Jan 2024 (Library: OpenSSL 3.0.13 30 Jan 2024)\n"),
            "genrsa" => genrsa(proc, &args),
            "genpkey" => genpkey(proc, &args),
            "rsa" | "pkey" => private_key(proc, &args, &verb),
            "s_client" => server::client(proc, &args),
            "base64" | "enc" => base64_text(proc, &args, &verb),
            "req" => req(proc, &args),
            "x509" => x509(proc, &args),
            "verify" => verify::run(proc, &args),
            "rand" => rand(proc, &args),
            "dgst" | "md5" | "sha1" | "sha256" | "sha512" => digest::run(proc, &verb),
            "crl2pkcs7" | "pkcs7" => digest::pkcs7(proc, &args, &verb),
            "pkcs12" => digest::pkcs12(proc, &args),
            "ciphers" | "list" => {
                say(proc, "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256\n")
            }
            other => Err(format!("uncordon: openssl {other} is not simulated yet\n")),
        };
        match done {
            Ok(()) => 0,
            Err(text) => {
                proc.eprint(text);
                // Source: the end of OpenSSL's `apps/verify.c`.
                if verb == "verify" { 2 } else { 1 }
            }
        }
    })
}

type Done = Result<(), String>;

fn say(proc: &Proc, text: &str) -> Done {
    proc.print(text);
    Ok(())
}

fn read(proc: &Proc, path: &str) -> Result<String, String> {
    let bytes = proc
        .disk()
        .read(&proc.path(path))
        .map_err(|error| format!("Could not open file or uri for loading from {path}: {error}\n"))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The text of `-in`, or standard input.
fn input(proc: &Proc, args: &Args) -> Result<String, String> {
    if args.value("-inform").is_some_and(|it| it.eq_ignore_ascii_case("der")) {
        let bytes = match args.value("-in") {
            Some(path) => proc
                .disk()
                .read(&proc.path(path))
                .map_err(|error| format!("Could not open file or uri for loading from {path}: {error}\n"))?,
            None => proc.stdin.clone().unwrap_or_default(),
        };
        let text = base64::engine::general_purpose::STANDARD.encode(bytes);
        let lines: Vec<&str> =
            text.as_bytes().chunks(64).filter_map(|it| std::str::from_utf8(it).ok()).collect();
        return Ok(format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n")));
    }
    match args.value("-in") {
        Some(path) => read(proc, path),
        None => Ok(String::from_utf8_lossy(proc.stdin.as_deref().unwrap_or_default()).into_owned()),
    }
}

/// Writes to the file of an option, or to standard output.
fn output(proc: &Proc, args: &Args, option: &str, text: &str, mode: u32) -> Done {
    let der = args.value("-outform").is_some_and(|it| it.eq_ignore_ascii_case("der"));
    let bytes = certificates::pem_body(text).filter(|_| der).unwrap_or_else(|| text.as_bytes().to_vec());
    let Some(name) = args.value(option) else {
        proc.print(bytes);
        return Ok(());
    };
    let path = proc.path(name);
    let disk = proc.disk();
    disk.write(&path, &bytes).map_err(|error| format!("Can't open \"{name}\" for writing, {error}\n"))?;
    let op = crate::cluster::place::FileOp::Chmod { path: &path, mode };
    disk.change_own(&path, op).map_err(|error| format!("{name}: {error}\n"))
}

fn new_key(proc: &Proc) -> &'static str {
    let index = proc.world().chance.below(certificates::pool_len() as u64);
    certificates::pool_key(usize::try_from(index).unwrap_or(0))
}

fn genrsa(proc: &Proc, args: &Args) -> Done {
    output(proc, args, "-out", new_key(proc), 0o600)
}

/// A key with PKCS#8 around it, as `genpkey` and `pkey` write one.
fn wrapped(key: &str) -> String {
    let pair = certificates::read_key(key);
    pair.map_or_else(|_| key.to_owned(), |pair| pair.serialize_pem().replace("\r\n", "\n"))
}

fn genpkey(proc: &Proc, args: &Args) -> Done {
    match args.value("-algorithm").map(str::to_lowercase).as_deref() {
        None | Some("rsa") => output(proc, args, "-out", &wrapped(new_key(proc)), 0o600),
        Some(other) => Err(format!("uncordon: openssl genpkey -algorithm {other} is not simulated yet\n")),
    }
}

/// `rsa` and `pkey`: shows a private key, its public half or its modulus.
fn private_key(proc: &Proc, args: &Args, verb: &str) -> Done {
    let key = input(proc, args)?;
    if args.has("-pubin") {
        if verb == "rsa" && !args.has("-noout") {
            proc.eprint("writing RSA key\n");
        }
        return if args.has("-noout") { Ok(()) } else { output(proc, args, "-out", &key, 0o644) };
    }
    let from = args.value("-in").unwrap_or("<stdin>");
    let wrong = |_| format!("Could not read private key from {from}\n");
    let public = certificates::public_key(&key).map_err(wrong)?;
    if args.has("-check") {
        proc.print(if verb == "rsa" { "RSA key ok\n" } else { "Key is valid\n" });
    }
    if args.has("-modulus") {
        let der = certificates::pem_body(&public).unwrap_or_default();
        let parsed = x509_parser::x509::SubjectPublicKeyInfo::from_der(&der);
        let digits = parsed.ok().and_then(|(_, info)| text::modulus(&info)).unwrap_or_default();
        proc.print(format!("Modulus={digits}\n"));
    }
    if args.has("-text") {
        return Err(format!("uncordon: openssl {verb} -text is not simulated yet\n"));
    }
    if args.has("-noout") {
        return Ok(());
    }
    if verb == "rsa" {
        proc.eprint("writing RSA key\n");
    }
    if args.has("-pubout") {
        return output(proc, args, "-out", &public, 0o644);
    }
    output(proc, args, "-out", &wrapped(&key), 0o600)
}

/// `openssl base64` and `enc -base64`.
fn base64_text(proc: &Proc, args: &Args, verb: &str) -> Done {
    if verb == "enc" && !args.has("-base64") && !args.has("-a") {
        return Err("uncordon: openssl enc with a cipher is not simulated yet\n".into());
    }
    let bytes = match args.value("-in") {
        Some(path) => read(proc, path)?.into_bytes(),
        None => proc.stdin.clone().unwrap_or_default(),
    };
    let engine = base64::engine::general_purpose::STANDARD;
    if args.has("-d") {
        let text: String = String::from_utf8_lossy(&bytes).split_whitespace().collect();
        proc.print(engine.decode(text).unwrap_or_default());
        return Ok(());
    }
    let text = engine.encode(bytes);
    let width = if args.has("-A") { text.len().max(1) } else { 64 };
    let lines = text.as_bytes().chunks(width).map(|line| String::from_utf8_lossy(line).into_owned());
    let joined = lines.collect::<Vec<_>>().join("\n");
    let end = if args.has("-A") { "" } else { "\n" };
    output(proc, args, "-out", &format!("{joined}{end}"), 0o644)
}

/// `/CN=jane/O=devs` as the names of a certificate.
fn subject(text: &str) -> (String, Vec<String>) {
    let parts = || text.split('/').filter_map(|part| part.split_once('='));
    let name = parts().find(|(key, _)| *key == "CN").map(|(_, value)| value.to_owned());
    let organizations = parts().filter(|(key, _)| *key == "O").map(|(_, value)| value.to_owned());
    (name.unwrap_or_default(), organizations.collect())
}

/// The subject that a configuration file names, if nobody is to be asked.
fn configured_subject(conf: &Conf) -> Option<(String, Vec<String>)> {
    conf.value("req", "prompt").filter(|it| *it == "no")?;
    let section = conf.value("req", "distinguished_name")?;
    let named = |short: &str, long: &str| {
        let rows = conf.section(section);
        let fits = |name: &str| {
            name == long || name.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.') == short
        };
        rows.filter(|(name, _)| fits(name)).map(|(_, value)| value.to_owned()).collect::<Vec<_>>()
    };
    let common = named("CN", "commonName").into_iter().next()?;
    Some((common, named("O", "organizationName")))
}

fn spec(
    proc: &Proc,
    args: &Args,
    names: (String, Vec<String>),
    (usage, extensions): (Usage, Extensions),
) -> CertificateSpec {
    let mut world = proc.world();
    let days: i64 = args.value("-days").and_then(|it| it.parse().ok()).unwrap_or(30);
    let life = Duration::from_secs(days.unsigned_abs() * 86_400);
    let end = if days < 0 { world.now - life } else { world.now + life };
    let alternative = args.value("-addext").and_then(|it| it.strip_prefix("subjectAltName=")).unwrap_or("");
    let parts = || alternative.split(',').map(str::trim);
    CertificateSpec {
        common_name: names.0,
        organizations: names.1,
        dns_names: parts()
            .filter_map(|it| it.strip_prefix("DNS:"))
            .map(str::to_owned)
            .chain(extensions.dns_names)
            .collect(),
        addresses: parts()
            .filter_map(|it| it.strip_prefix("IP:")?.parse().ok())
            .chain(extensions.addresses)
            .collect(),
        usage,
        not_before: world.now,
        not_after: end,
        serial: world.chance.bits() >> 1,
    }
}

fn req(proc: &Proc, args: &Args) -> Done {
    if !args.has("-new") && args.value("-newkey").is_none() && !args.has("-x509") {
        return show_request(proc, args);
    }
    let key = match args.value("-key") {
        Some(path) => read(proc, path)?,
        None => {
            let key = new_key(proc).to_owned();
            output(proc, args, "-keyout", &key, 0o600)?;
            key
        }
    };
    let conf = match args.value("-config") {
        Some(path) => Conf::parse(&read(proc, path)?),
        None => Conf::default(),
    };
    let Some(names) = args.value("-subj").map(subject).or_else(|| configured_subject(&conf)) else {
        return Err("uncordon: openssl req without -subj is not simulated yet\n".into());
    };
    let kind = if args.has("-x509") { "x509_extensions" } else { "req_extensions" };
    let section = args.value("-reqexts").or_else(|| args.value("-extensions"));
    let asked = section.or_else(|| conf.value("req", kind)).map(|it| conf.extensions(it)).unwrap_or_default();
    let wrong = |error: certificates::CertificateError| format!("Could not read private key: {error}\n");
    let text = if args.has("-x509") {
        let usage = asked.usage.unwrap_or(Usage::Authority);
        certificates::self_signed(&spec(proc, args, names, (usage, asked)), &key).map_err(wrong)?.certificate
    } else {
        certificates::request(&spec(proc, args, names, (Usage::Any, asked)), &key).map_err(wrong)?
    };
    output(proc, args, "-out", &text.replace("\r\n", "\n"), 0o644)
}

fn show_request(proc: &Proc, args: &Args) -> Done {
    let pem = input(proc, args)?;
    let der = certificates::pem_body(&pem).unwrap_or_default();
    let Ok((_, request)) = X509CertificationRequest::from_der(&der) else {
        return Err("Unable to load X509 request\n".into());
    };
    if args.has("-subject") {
        proc.print(format!("subject={}\n", shown(&request.certification_request_info.subject)));
    }
    if args.has("-text") {
        proc.print(text::request(&request));
    }
    if args.has("-verify") {
        proc.eprint("Certificate request self-signature verify OK\n");
    }
    if args.has("-noout") { Ok(()) } else { output(proc, args, "-out", &pem, 0o644) }
}

/// `O = devs, CN = jane`.
fn shown(name: &X509Name<'_>) -> String {
    let one = |attribute: &x509_parser::x509::AttributeTypeAndValue<'_>| {
        let short =
            x509_parser::objects::oid2abbrev(attribute.attr_type(), x509_parser::objects::oid_registry());
        format!("{} = {}", short.unwrap_or("?"), attribute.as_str().unwrap_or_default())
    };
    name.iter_attributes().map(one).collect::<Vec<_>>().join(", ")
}

fn x509(proc: &Proc, args: &Args) -> Done {
    if args.has("-req") {
        return sign(proc, args);
    }
    let pem = input(proc, args)?;
    let der = certificates::pem_body(&pem).unwrap_or_default();
    let Ok((_, certificate)) = X509Certificate::from_der(&der) else {
        let from = args.value("-in").unwrap_or("<stdin>");
        return Err(format!("Could not find certificate from {from}\n"));
    };
    if args.has("-text") {
        proc.print(text::certificate(&certificate));
    }
    for flag in &args.flags {
        match flag.as_str() {
            "-fingerprint" => proc.print(text::fingerprint(&der, args.has("-sha256"))),
            "-modulus" => {
                let digits = text::modulus(certificate.public_key()).unwrap_or_default();
                proc.print(format!("Modulus={digits}\n"));
            }
            "-pubkey" => proc.print(pem_of("PUBLIC KEY", certificate.public_key().raw)),
            flag => proc.print(field(&certificate, flag).unwrap_or_default()),
        }
    }
    for name in args.value("-ext").into_iter().flat_map(|it| it.split(',')) {
        match text::named(&certificate, name) {
            Some(found) => proc.print(found),
            None => proc.eprint("No extensions matching the criteria were found in the certificate\n"),
        }
    }
    let ends = certificate.validity().not_after.timestamp();
    if let Some(seconds) = args.value("-checkend").and_then(|it| it.parse::<i64>().ok()) {
        let lasts = proc.world().now.unix_s() + seconds <= ends;
        proc.print(if lasts { "Certificate will not expire\n" } else { "Certificate will expire\n" });
        if !lasts {
            return Err(String::new());
        }
    }
    if args.has("-noout") { Ok(()) } else { output(proc, args, "-out", &pem, 0o644) }
}

/// DER as PEM, in lines of 64.
fn pem_of(label: &str, der: &[u8]) -> String {
    let body = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<String> =
        body.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// `Nov 20 10:00:00 2026 GMT`.
fn stamp(at: i64) -> String {
    SimTime::from_unix_s(at).strftime("%b %e %H:%M:%S %Y GMT")
}

fn field(certificate: &X509Certificate<'_>, flag: &str) -> Option<String> {
    let validity = certificate.validity();
    let (before, after) = (stamp(validity.not_before.timestamp()), stamp(validity.not_after.timestamp()));
    match flag {
        "-subject" => Some(format!("subject={}\n", shown(certificate.subject()))),
        "-issuer" => Some(format!("issuer={}\n", shown(certificate.issuer()))),
        "-startdate" => Some(format!("notBefore={before}\n")),
        "-enddate" => Some(format!("notAfter={after}\n")),
        "-dates" => Some(format!("notBefore={before}\nnotAfter={after}\n")),
        "-serial" => {
            Some(format!("serial={}\n", certificate.raw_serial_as_string().replace(':', "").to_uppercase()))
        }
        _ => None,
    }
}

fn sign(proc: &Proc, args: &Args) -> Done {
    let request = input(proc, args)?;
    let (Some(ca), Some(key)) = (args.value("-CA"), args.value("-CAkey")) else {
        return Err("uncordon: openssl x509 -req without -CA and -CAkey is not simulated yet\n".into());
    };
    let authority = Pair { certificate: read(proc, ca)?, key: read(proc, key)? };
    let der = certificates::pem_body(&request).unwrap_or_default();
    let Ok((_, parsed)) = X509CertificationRequest::from_der(&der) else {
        return Err("Unable to load X509 request\n".into());
    };
    let name = &parsed.certification_request_info.subject;
    let common = name.iter_common_name().filter_map(|it| it.as_str().ok()).map(str::to_owned).next();
    let organizations =
        name.iter_organization().filter_map(|it| it.as_str().ok()).map(str::to_owned).collect();
    let asked = match args.value("-extfile") {
        Some(path) => {
            let conf = Conf::parse(&read(proc, path)?);
            let section = args.value("-extensions").or_else(|| conf.value("", "extensions"));
            conf.extensions(section.unwrap_or(""))
        }
        None => Extensions::default(),
    };
    let names = (common.unwrap_or_default(), organizations);
    let spec = spec(proc, args, names, (asked.usage.unwrap_or(Usage::Any), asked));
    let signed = certificates::issue_for_request(&spec, &request, &authority);
    let text = signed.map_err(|error| format!("Could not sign: {error}\n"))?;
    proc.eprint(format!("Certificate request self-signature ok\nsubject={}\n", shown(name)));
    output(proc, args, "-out", &text.replace("\r\n", "\n"), 0o644)
}

fn rand(proc: &Proc, args: &Args) -> Done {
    let count = args.operands.last().and_then(|it| it.parse().ok()).unwrap_or(16usize).min(1 << 20);
    let bytes = proc.world().chance.bytes(count);
    if args.has("-hex") {
        return say(
            proc,
            &format!("{}\n", bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()),
        );
    }
    if args.has("-base64") {
        let text = base64::engine::general_purpose::STANDARD.encode(&bytes);
        return say(proc, &format!("{text}\n"));
    }
    proc.print(bytes);
    Ok(())
}
