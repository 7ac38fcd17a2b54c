//! TLS: a certificate for loopback that the cluster's own CA signed, and client certificates as the API
//! server takes them: asked for, never demanded, and judged later, by whom the request is from.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, ServerConfig, SignatureScheme};

use super::served::Served;
use crate::cluster::{ClusterId, api};
use crate::hosts::certificates::{self, CertificateSpec, Pair, Usage};
use crate::sim::SimTime;

/// Ten years: the real clock need not agree with the world's.
const LIFE: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// Key of the fixture pool that the serving certificate is for; nothing else of a world uses the last one.
fn serving_key() -> &'static str {
    certificates::pool_key(certificates::pool_len().saturating_sub(1))
}

/// The CA of a cluster, its certificate and key.
pub(super) fn authority(served: &Served, cluster: ClusterId) -> Result<Pair, String> {
    let world = served.lab.world();
    let file = |name: &str| {
        let bytes = api::connect::server_file(&world, cluster, "", &format!("/etc/kubernetes/pki/{name}"));
        let bytes = bytes.ok_or(format!("the cluster's /etc/kubernetes/pki/{name} cannot be read"))?;
        Ok::<String, String>(String::from_utf8_lossy(&bytes).into_owned())
    };
    Ok(Pair { certificate: file("ca.crt")?, key: file("ca.key")? })
}

/// How connections to a cluster's API server begin.
pub(super) fn config(served: &Served, cluster: ClusterId) -> Result<Arc<ServerConfig>, String> {
    let authority = authority(served, cluster)?;
    let now = served.lab.world().now;
    let pair = certificates::issue(&serving(now), serving_key(), &authority)
        .map_err(|error| format!("the serving certificate: {error}"))?;
    let chain: Vec<CertificateDer<'static>> =
        certificates::certificates(&pair.certificate).into_iter().map(CertificateDer::from).collect();
    let key = certificates::read_key(&pair.key).map_err(|error| error.to_string())?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_client_cert_verifier(Arc::new(AnyClient(provider)))
        .with_single_cert(chain, key)
        .map_err(|error| format!("the serving certificate: {error}"))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn serving(now: SimTime) -> CertificateSpec {
    CertificateSpec {
        common_name: "kube-apiserver".into(),
        organizations: Vec::new(),
        dns_names: ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"]
            .map(str::to_owned)
            .to_vec(),
        addresses: vec![IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)],
        usage: Usage::Server,
        not_before: now - LIFE,
        not_after: now + LIFE,
        serial: 0x0073_6572_7665,
    }
}

/// Takes every client certificate whose key the client has.
#[derive(Debug)]
struct AnyClient(Arc<CryptoProvider>);

impl ClientCertVerifier for AnyClient {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn verify_client_cert(
        &self,
        _leaf: &CertificateDer<'_>,
        _chain: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
