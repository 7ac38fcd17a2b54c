//! Values of CEL that are none of its own: quantities, addresses, networks and URLs.

use std::fmt;
use std::net::IpAddr;

use cel::objects::Opaque;
use ipnet::IpNet;

use crate::apimachinery::quantity::Quantity;

/// Names of the types.
pub(super) const IP: &str = "net.IP";
pub(super) const CIDR: &str = "net.CIDR";

/// One such value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Thing {
    Quantity(Quantity),
    Ip(IpAddr),
    Cidr(IpNet),
    Url(Url),
}

impl Opaque for Thing {
    fn runtime_type_name(&self) -> &str {
        match self {
            Self::Quantity(_) => "kubernetes.Quantity",
            Self::Ip(_) => IP,
            Self::Cidr(_) => CIDR,
            Self::Url(_) => "kubernetes.URL",
        }
    }
}

impl fmt::Display for Thing {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Quantity(it) => it.fmt(out),
            Self::Ip(it) => it.fmt(out),
            Self::Cidr(it) => it.fmt(out),
            Self::Url(it) => write!(out, "{}://{}{}", it.scheme, it.host, it.path),
        }
    }
}

/// Reads an address.
pub(super) fn ip(text: &str) -> Result<IpAddr, String> {
    text.parse().map_err(|_| format!("IP Address {text:?} parse error during conversion from string: ParseAddr({text:?}): unable to parse IP"))
}

/// Reads a network.
pub(super) fn cidr(text: &str) -> Result<IpNet, String> {
    text.parse().map_err(|_| {
        format!(
            "network address parse error during conversion from string: netip.ParsePrefix({text:?}): no '/'"
        )
    })
}

/// An absolute URL, or an absolute path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Url {
    pub(super) scheme: String,
    /// With the port.
    pub(super) host: String,
    pub(super) path: String,
}

impl Url {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let whole = text.split('?').next().unwrap_or(text);
        if whole.starts_with('/') {
            return Ok(Self { path: whole.to_owned(), ..Self::default() });
        }
        let wrong = || {
            format!("URL parse error during conversion from string: parse {text:?}: invalid URI for request")
        };
        let (scheme, rest) = whole.split_once("://").ok_or_else(wrong)?;
        let letters = |it: char| it.is_ascii_alphanumeric() || "+-.".contains(it);
        if scheme.is_empty() || !scheme.chars().all(letters) || rest.contains(' ') {
            return Err(wrong());
        }
        let end = rest.find('/').unwrap_or(rest.len());
        let (host, path) = rest.split_at(end);
        let host = host.rsplit('@').next().unwrap_or(host);
        Ok(Self { scheme: scheme.to_owned(), host: host.to_owned(), path: path.to_owned() })
    }

    pub(super) fn hostname(&self) -> String {
        if let Some((inner, _)) = self.host.strip_prefix('[').and_then(|it| it.split_once(']')) {
            return inner.to_owned();
        }
        self.host.split(':').next().unwrap_or("").to_owned()
    }

    pub(super) fn port(&self) -> String {
        match self.host.rsplit_once(':') {
            Some((_, port)) if port.chars().all(|it| it.is_ascii_digit()) => port.to_owned(),
            _ => String::new(),
        }
    }
}
