//! Bytes that are no request.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::Server;

/// How long an answer to garbage may take before the connection is given up.
const PATIENCE: Duration = Duration::from_secs(10);

fn socket(server: &Server) -> TcpStream {
    let address = server.address.trim_start_matches("https://");
    let stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    stream
}

fn tls(server: &Server) -> StreamOwned<ClientConnection, TcpStream> {
    use base64::Engine as _;
    let text = std::fs::read_to_string(&server.kubeconfig).expect("the kubeconfig");
    let line = text.lines().find_map(|it| it.trim().strip_prefix("certificate-authority-data: "));
    let pem = base64::engine::general_purpose::STANDARD.decode(line.expect("a CA")).expect("base64");
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        roots.add(certificate.expect("a certificate")).expect("a root");
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").expect("a name");
    let connection = ClientConnection::new(Arc::new(config), name).expect("a connection");
    StreamOwned::new(connection, socket(server))
}

/// Sends bytes inside TLS; what comes back until the server has nothing more to say.
fn send(server: &Server, bytes: &[u8]) -> String {
    let mut stream = tls(server);
    // The server may hang up before everything is sent.
    let _ = stream.write_all(bytes);
    let mut answer = vec![0; 4_096];
    let count = stream.read(&mut answer).unwrap_or(0);
    String::from_utf8_lossy(&answer[..count]).into_owned()
}

#[test]
fn garbage_is_refused_and_the_server_goes_on() {
    let server = Server::start(&["--world", "bare"]);
    let mut plain = socket(&server);
    let _ = plain.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    let _ = plain.read(&mut [0; 64]);
    for bytes in [
        &b"\x00\x01\x02\xff\xfe\r\n\r\n"[..],
        b"GET\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /api/v1/pods HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        &[b'A'; 600_000],
    ] {
        let answer = send(&server, bytes);
        assert!(!answer.contains(" 200 "), "{answer}");
    }
    let health = send(&server, b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert!(health.starts_with("HTTP/1.1 200 OK") && health.ends_with("ok"), "{health}");
    let strange = send(&server, b"BREW /api/v1/pods HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert!(strange.starts_with("HTTP/1.1 40"), "{strange}");
}
