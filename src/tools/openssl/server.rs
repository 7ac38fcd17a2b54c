//! `openssl s_client`: the certificate that a server of the lab shows.

use x509_parser::prelude::{FromDer, X509Certificate};

use super::{Args, Done, read, shown, stamp};
use crate::cluster::network::{Outcome, Protocol, probe, tls};
use crate::hosts::certificates;
use crate::shell::Proc;

/// Connects, and shows what the server shows.
pub(super) fn client(proc: &Proc, args: &Args) -> Done {
    let Some(target) = args.value("-connect").or(args.operands.first().map(String::as_str)) else {
        return Err("s_client: -connect HOST:PORT is missing\n".into());
    };
    let (host, port) = target.rsplit_once(':').unwrap_or((target, "443"));
    let port: u16 = port.parse().map_err(|_| {
        format!("s_client: -connect argument or target parameter malformed or ambiguous: {target}\n")
    })?;
    let (found, outcome) = {
        let world = proc.world();
        let probe = probe(&world, &proc.place, host, port, Protocol::Tcp);
        (
            tls::certificate(
                &world,
                &probe.outcome,
                &probe.address,
                args.value("-servername").unwrap_or(host),
            ),
            probe.outcome,
        )
    };
    let number = "0000000000000000:error";
    match outcome {
        Outcome::Open { .. } => {}
        Outcome::NoSuchName | Outcome::NoNameServer => {
            return Err(format!(
                "{number}:10080002:BIO routines:BIO_lookup_ex:system lib:../crypto/bio/bio_addr.c:738:Name or service not known\nconnect:errno=22\n"
            ));
        }
        Outcome::Refused => {
            return Err(format!(
                "{number}:8000006F:system library:BIO_connect:Connection refused:../crypto/bio/bio_sock2.c:114:calling connect()\n{number}:10000067:BIO routines:BIO_connect:connect error:../crypto/bio/bio_sock2.c:116:\nconnect:errno=111\n"
            ));
        }
        Outcome::TimedOut => {
            return Err(format!(
                "{number}:8000006E:system library:BIO_connect:Connection timed out:../crypto/bio/bio_sock2.c:114:calling connect()\nconnect:errno=110\n"
            ));
        }
    }
    let Some(pem) = found else {
        return Err("uncordon: openssl s_client with this server is not simulated yet\n".into());
    };
    print(proc, args, &pem)
}

fn print(proc: &Proc, args: &Args, pem: &str) -> Done {
    let der = certificates::pem_body(pem).unwrap_or_default();
    let Ok((_, it)) = X509Certificate::from_der(&der) else {
        return Err("uncordon: the server shows something that is no certificate\n".into());
    };
    let (subject, issuer) = (shown(it.subject()), shown(it.issuer()));
    let roots = match args.value("-CAfile") {
        Some(path) => read(proc, path)?,
        None => String::new(),
    };
    let now = proc.world().now;
    let (code, why) = match certificates::verify(pem, &roots, now) {
        Ok(()) => (0, "ok"),
        Err(certificates::Distrust::OutOfDate { .. }) => (10, "certificate has expired"),
        Err(_) if subject == issuer => (18, "self-signed certificate"),
        Err(_) => (20, "unable to get local issuer certificate"),
    };
    let mut said = format!("depth=0 {subject}\n");
    if code != 0 {
        said.push_str(&format!("verify error:num={code}:{why}\n"));
    }
    proc.eprint(said + "verify return:1\n");
    let first = pem.split_inclusive("-----END CERTIFICATE-----").next().unwrap_or(pem).trim().to_owned();
    let chain = if args.has("-showcerts") { format!("{first}\n") } else { String::new() };
    proc.print(format!(
        "CONNECTED(00000003)\n---\nCertificate chain\n 0 s:{subject}\n   i:{issuer}\n   a:PKEY: rsaEncryption, 2048 (bit); sigalg: RSA-SHA256\n   \
         v:NotBefore: {}; NotAfter: {}\n{chain}---\nServer certificate\n{first}\nsubject={subject}\nissuer={issuer}\n---\n\
         SSL handshake has read {} bytes and written 373 bytes\nVerification{}\n---\nNew, TLSv1.3, Cipher is TLS_AES_128_GCM_SHA256\n\
         Server public key is 2048 bit\nVerify return code: {code} ({why})\n---\nDONE\n",
        stamp(it.validity().not_before.timestamp()),
        stamp(it.validity().not_after.timestamp()),
        900 + der.len(),
        if code == 0 { ": OK".to_owned() } else { format!(" error: {why}") },
    ));
    Ok(())
}
