//! openssl's configuration files: sections of `name = value`, as `-config` and `-extfile` name them.

use std::net::IpAddr;

use crate::hosts::certificates::Usage;

/// A file by its lines: section, name, value.
#[derive(Debug, Default)]
pub(super) struct Conf(Vec<(String, String, String)>);

/// What a section of extensions asks for.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Extensions {
    pub(super) dns_names: Vec<String>,
    pub(super) addresses: Vec<IpAddr>,
    /// `None` when no usage is named.
    pub(super) usage: Option<Usage>,
}

impl Conf {
    pub(super) fn parse(text: &str) -> Self {
        let mut section = String::new();
        let mut rows = Vec::new();
        for line in text.lines() {
            let line = line.split('#').next().unwrap_or("").trim();
            if let Some(name) = line.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
                section = name.trim().to_owned();
            } else if let Some((name, value)) = line.split_once('=') {
                let value = value.trim().trim_matches('"');
                rows.push((section.clone(), name.trim().to_owned(), value.to_owned()));
            }
        }
        Self(rows)
    }

    /// The rows of a section; the first is the nameless one.
    pub(super) fn section<'c>(&'c self, section: &'c str) -> impl Iterator<Item = (&'c str, &'c str)> {
        let rows = self.0.iter().filter(move |(at, ..)| at == section);
        rows.map(|(_, name, value)| (name.as_str(), value.as_str()))
    }

    /// One value of a section.
    pub(super) fn value<'c>(&'c self, section: &'c str, name: &str) -> Option<&'c str> {
        self.section(section).find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// The extensions that a section names.
    pub(super) fn extensions(&self, section: &str) -> Extensions {
        let mut found = Extensions::default();
        let (mut server, mut client) = (false, false);
        for (name, value) in self.section(section) {
            match name {
                "subjectAltName" => self.alternative_names(value, &mut found),
                "extendedKeyUsage" => {
                    server |= value.contains("serverAuth");
                    client |= value.contains("clientAuth");
                }
                "basicConstraints" if value.to_uppercase().contains("CA:TRUE") => {
                    found.usage = Some(Usage::Authority);
                }
                _ => {}
            }
        }
        found.usage = found.usage.or(match (server, client) {
            (true, true) => Some(Usage::ServerAndClient),
            (true, false) => Some(Usage::Server),
            (false, true) => Some(Usage::Client),
            (false, false) => None,
        });
        found
    }

    /// `DNS:a,IP:1.2.3.4`, or `@section` with `DNS.1 = a`.
    fn alternative_names(&self, value: &str, found: &mut Extensions) {
        let mut add = |kind: &str, value: &str| match kind {
            "DNS" => found.dns_names.push(value.to_owned()),
            "IP" => found.addresses.extend(value.parse::<IpAddr>()),
            _ => {}
        };
        match value.strip_prefix('@') {
            Some(section) => self
                .section(section)
                .for_each(|(name, value)| add(name.split('.').next().unwrap_or(name), value)),
            None => value
                .split(',')
                .filter_map(|it| it.trim().split_once(':'))
                .for_each(|(kind, value)| add(kind.trim(), value.trim())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_in_a_line_or_in_a_section() {
        let text = "extendedKeyUsage = serverAuth,clientAuth\nsubjectAltName = @names # who\n[ names ]\nDNS.1 = a\nIP.1 = 10.0.0.1\n[v3]\nsubjectAltName=DNS:b, IP:10.0.0.2\n";
        let conf = Conf::parse(text);
        let all = conf.extensions("");
        assert_eq!(all.dns_names, ["a"]);
        assert_eq!((all.addresses.len(), all.usage), (1, Some(Usage::ServerAndClient)));
        assert_eq!(conf.extensions("v3").dns_names, ["b"]);
        assert_eq!(conf.value("names", "IP.1"), Some("10.0.0.1"));
    }
}
