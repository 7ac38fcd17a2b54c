//! What a program meets inside its container: files behind the mounts, certificates, addresses, ports,
//! and the API server that its kubeconfig names.

use std::net::{IpAddr, Ipv4Addr};

use base64::Engine as _;

use super::script::Start;
use crate::apimachinery::json::Value;
use crate::apimachinery::{object, yaml};
use crate::cluster::api::connect::Endpoint;
use crate::cluster::network::listeners;
use crate::cluster::{Place, Request};
use crate::hosts::{FsError, certificates};

impl Start<'_> {
    /// The value of a flag that is set to something.
    pub(super) fn set(&self, flag: &str) -> Option<&str> {
        self.process.flag(flag).filter(|value| !value.is_empty())
    }

    /// Reads a file as the program sees it.
    ///
    /// # Errors
    /// The sentence of Go's `os.ReadFile`.
    pub(super) fn read(&self, path: &str) -> Result<String, String> {
        self.open(path).map_err(|why| format!("open {path}: {why}"))
    }

    fn open(&self, path: &str) -> Result<String, &'static str> {
        let outside = self.process.host_path(path).ok_or("no such file or directory")?;
        self.machine.files.read_text(&outside).map_err(|error| match error {
            FsError::IsADirectory => "is a directory",
            FsError::NotADirectory => "not a directory",
            FsError::Loop => "too many levels of symbolic links",
            _ => "no such file or directory",
        })
    }

    /// The files that some flags name, each of which must be there.
    pub(super) fn readable(&self, flags: &[&str]) -> Result<(), String> {
        flags.iter().filter_map(|flag| self.set(flag)).try_for_each(|path| self.read(path).map(drop))
    }

    /// A certificate and its key, named by two flags; nothing when the first is not set.
    pub(super) fn pair(&self, certificate: &str, key: &str) -> Result<(), String> {
        match (self.set(certificate), self.set(key)) {
            (Some(certificate), Some(key)) => self.key_pair(certificate, key),
            (Some(path), None) | (None, Some(path)) => self.read(path).map(drop),
            (None, None) => Ok(()),
        }
    }

    /// Go's `tls.LoadX509KeyPair`.
    pub(super) fn key_pair(&self, certificate: &str, key: &str) -> Result<(), String> {
        let (certificate, key) = (self.read(certificate)?, self.read(key)?);
        certificates::pair(&certificate, &key)
    }

    /// Binds a TCP port of an address, as `net.Listen` does.
    pub(super) fn bind(&self, address: Ipv4Addr, port: u16) -> Result<(), String> {
        let own =
            address.is_unspecified() || address.is_loopback() || self.machine.address == address.to_string();
        if !own {
            return Err(format!("listen tcp {address}:{port}: bind: cannot assign requested address"));
        }
        let to = if address.is_unspecified() {
            self.machine.address.parse().unwrap_or(Ipv4Addr::LOCALHOST)
        } else {
            address
        };
        let taken = listeners::program(self.world, &self.machine.name, to, port).is_some()
            || address.is_unspecified()
                && listeners::program(self.world, &self.machine.name, Ipv4Addr::LOCALHOST, port).is_some()
            || listeners::on_host_network_port(self.world, &self.machine.name, port);
        if taken {
            return Err(format!("listen tcp {address}:{port}: bind: address already in use"));
        }
        Ok(())
    }

    /// `--bind-address` and `--secure-port`.
    pub(super) fn secure_address(&self, usual: u16) -> (Ipv4Addr, u16) {
        let port = self.set("secure-port").and_then(|it| it.parse().ok()).unwrap_or(usual);
        let address = self.set("bind-address").and_then(|it| it.parse().ok());
        (address.unwrap_or(Ipv4Addr::UNSPECIFIED), port)
    }

    /// Binds them.
    pub(super) fn listen(&self, usual: u16) -> Result<(), String> {
        let (address, port) = self.secure_address(usual);
        self.bind(address, port)
            .map_err(|why| format!("failed to create listener: failed to listen on {address}:{port}: {why}"))
    }

    /// A kubeconfig.
    ///
    /// # Errors
    /// The sentences of client-go's loader.
    pub(super) fn kubeconfig(&self, path: &str) -> Result<Value, String> {
        let text = self.open(path).map_err(|why| format!("stat {path}: {why}"))?;
        let strip = |why: String| why.trim_start_matches("error converting YAML to JSON: ").to_owned();
        let documents = yaml::documents(&text)
            .map_err(|why| format!("error loading config file {path:?}: {}", strip(why)))?;
        let config = documents.into_iter().next().unwrap_or(Value::Null);
        if object::list(&config, "/clusters").is_empty() {
            return Err("invalid configuration: no configuration has been provided, try setting \
                 KUBERNETES_MASTER environment variable"
                .into());
        }
        Ok(config)
    }

    /// Where a kubeconfig leads: its current context's server, authority and credentials.
    pub(super) fn endpoint(&self, config: &Value) -> Endpoint {
        let named = |list: &str, name: &str, inner: &str| {
            let found = object::list(config, list).iter().find(|it| object::field(it, "name") == name);
            found.and_then(|it| it.get(inner)).cloned().unwrap_or(Value::Null)
        };
        let context = named("/contexts", object::text(config, "/current-context"), "context");
        let cluster = named("/clusters", object::field(&context, "cluster"), "cluster");
        let user = named("/users", object::field(&context, "user"), "user");
        let bytes = |from: &Value, name: &str| -> Option<Vec<u8>> {
            let data = object::field(from, &format!("{name}-data"));
            if !data.is_empty() {
                return base64::engine::general_purpose::STANDARD.decode(data).ok();
            }
            let path = object::field(from, name);
            (!path.is_empty()).then(|| self.open(path).unwrap_or_default().into_bytes())
        };
        Endpoint {
            server: object::field(&cluster, "server").to_owned(),
            certificate_authority: bytes(&cluster, "certificate-authority"),
            insecure_skip_tls_verify: object::flag(&cluster, "/insecure-skip-tls-verify"),
            tls_server_name: None,
            client_certificate: bytes(&user, "client-certificate"),
            client_key: bytes(&user, "client-key"),
            token: Some(object::field(&user, "token").to_owned()).filter(|it| !it.is_empty()),
        }
    }

    /// Asks the API server that the program's `--kubeconfig` names. The question leaves no trace.
    ///
    /// # Errors
    /// Why nobody answered, or what was answered instead: see [`Answer`].
    pub(super) fn ask(&self, path: &str) -> Result<(), Answer> {
        let config =
            self.set("kubeconfig").and_then(|path| self.kubeconfig(path).ok()).unwrap_or(Value::Null);
        let endpoint = self.endpoint(&config);
        let request = Request {
            method: "GET".into(),
            path: path.into(),
            accept: "application/json".into(),
            ..Request::default()
        };
        // A clone costs nothing and takes the audit line along.
        let mut world = self.world.clone();
        let response = world
            .exchange(&Place::host(&self.machine.name), &endpoint, request)
            .map_err(|error| Answer::Nobody { server: endpoint.server.clone(), why: error.sentence })?;
        match response.code {
            200..=299 | 404 => Ok(()),
            401 => Err(Answer::Unauthorized),
            403 => Err(Answer::Forbidden(object::text(response.object(), "/message").to_owned())),
            _ => Err(Answer::Rejected),
        }
    }
}

/// Why a question to the API server had no good answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Answer {
    Nobody {
        server: String,
        why: String,
    },
    Unauthorized,
    Forbidden(String),
    /// 400 from a port that wants TLS.
    Rejected,
}

impl Answer {
    /// As client-go says it about a GET of `path`, asked as `what` (`configmaps x`).
    pub(super) fn sentence(&self, path: &str, what: &str) -> String {
        match self {
            Self::Nobody { server, why } => format!("Get \"{server}{path}\": {why}"),
            Self::Unauthorized => "Unauthorized".into(),
            Self::Forbidden(message) => message.clone(),
            Self::Rejected => format!("the server rejected our request for an unknown reason (get {what})"),
        }
    }
}

/// Host and port of `https://127.0.0.1:2379`.
pub(super) fn of_url(url: &str) -> Option<(Ipv4Addr, u16)> {
    let (host, port) = url.split_once("://")?.1.trim_end_matches('/').rsplit_once(':')?;
    let host = if host == "localhost" { "127.0.0.1" } else { host };
    let address: IpAddr = host.parse().ok()?;
    match address {
        IpAddr::V4(address) => Some((address, port.parse().ok()?)),
        IpAddr::V6(_) => None,
    }
}
