//! What speaks against the certificate of a server, as curl says it.

use crate::cluster::network::http::HttpRequest;
use crate::cluster::network::{Outcome, Protocol, outside, probe, tls};
use crate::hosts::certificates::{self, Distrust};
use crate::shell::Proc;

/// The reason why curl does not talk to a server, with its number; `None` when the certificate is good, or nobody
/// answers. `authorities` is the file of `--cacert`.
pub(super) fn objection(
    proc: &Proc,
    request: &HttpRequest,
    authorities: Option<&str>,
) -> Option<(i32, String)> {
    let roots = match authorities.map(|path| (path, proc.disk().read(&proc.path(path)))) {
        Some((path, Err(_))) => {
            return Some((
                77,
                format!("error setting certificate verify locations:  CAfile: {path} CApath: none"),
            ));
        }
        Some((_, Ok(bytes))) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        None => None,
    };
    let world = proc.world();
    if outside::reaches(&world, &proc.place, &request.connect_to) {
        return None;
    }
    let found = probe(&world, &proc.place, &request.connect_to, request.port, Protocol::Tcp);
    if !matches!(found.outcome, Outcome::Open { .. }) {
        return None;
    }
    let shown = tls::certificate(&world, &found.outcome, &found.address, &request.server_name);
    let why = match (shown, roots) {
        // Of this server no certificate is known: whoever names an authority is taken at their word.
        (None, Some(_)) => return None,
        (None, None) => "SSL certificate problem: unable to get local issuer certificate".to_owned(),
        (Some(pem), roots) => problem(&pem, &roots.unwrap_or_default(), &request.server_name, world.now)?,
    };
    Some((60, why + DETAILS))
}

/// What curl adds when a certificate is not good.
const DETAILS: &str = "\nMore details here: https://curl.se/docs/sslcerts.html\n\n\
    curl failed to verify the legitimacy of the server and therefore could not\n\
    establish a secure connection to it. To learn more about this situation and\n\
    how to fix it, please visit the web page mentioned above.";

fn problem(pem: &str, roots: &str, name: &str, now: crate::sim::SimTime) -> Option<String> {
    let words = match certificates::verify(pem, roots, now) {
        Ok(()) if certificates::is_for(pem, name) => return None,
        Ok(()) => {
            return Some(format!(
                "SSL: no alternative certificate subject name matches target host name '{name}'"
            ));
        }
        Err(Distrust::OutOfDate { .. }) => "certificate has expired",
        Err(_) if certificates::is_self_signed(pem) => "self-signed certificate",
        Err(_) => "unable to get local issuer certificate",
    };
    Some(format!("SSL certificate problem: {words}"))
}
