//! `openssl verify`: whether certificates come from an authority, in date, and may serve a purpose.

use x509_parser::prelude::{FromDer, X509Certificate};

use super::{Args, Done, read, shown};
use crate::hosts::certificates::{self, Distrust};
use crate::shell::Proc;

pub(super) fn run(proc: &Proc, args: &Args) -> Done {
    let roots = read(proc, args.value("-CAfile").unwrap_or("/etc/ssl/certs/ca-certificates.crt"))?;
    let mut failed = false;
    for name in &args.operands {
        let leaf = read(proc, name)?;
        let why = match certificates::verify(&leaf, &roots, proc.world().now) {
            Ok(()) if !is_for(&leaf, args.value("-purpose").unwrap_or("any")) => {
                (26, "unsuitable certificate purpose")
            }
            Ok(()) => {
                proc.print(format!("{name}: OK\n"));
                continue;
            }
            Err(Distrust::Malformed) => {
                proc.eprint(format!(
                    "Could not find certificate from {name}\nerror {name}: verification failed\n"
                ));
                failed = true;
                continue;
            }
            Err(Distrust::OutOfDate { what, .. }) if what.starts_with("before") => {
                (9, "certificate is not yet valid")
            }
            Err(Distrust::OutOfDate { .. }) => (10, "certificate has expired"),
            Err(Distrust::UnknownAuthority) => (20, "unable to get local issuer certificate"),
        };
        let der = certificates::pem_body(&leaf).unwrap_or_default();
        let subject = X509Certificate::from_der(&der).map(|(_, it)| shown(it.subject())).unwrap_or_default();
        let (code, text) = why;
        proc.eprint(format!(
            "{subject}\nerror {code} at 0 depth lookup: {text}\nerror {name}: verification failed\n"
        ));
        failed = true;
    }
    if failed { Err(String::new()) } else { Ok(()) }
}

/// True when a certificate's extended key usage allows `sslserver` or `sslclient`; other purposes are not looked at.
fn is_for(certificate: &str, purpose: &str) -> bool {
    let der = certificates::pem_body(certificate).unwrap_or_default();
    let Ok((_, certificate)) = X509Certificate::from_der(&der) else { return true };
    let Ok(Some(usage)) = certificate.extended_key_usage() else { return true };
    match purpose {
        "sslserver" => usage.value.server_auth || usage.value.any,
        "sslclient" => usage.value.client_auth || usage.value.any,
        _ => true,
    }
}
