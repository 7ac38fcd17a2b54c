//! CoreDNS's Corefile: server blocks with their zones and plugins.

/// One server block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Block {
    /// Without a dot at the end; the root is empty.
    pub(crate) zones: Vec<String>,
    pub(crate) port: u16,
    pub(crate) plugins: Vec<Plugin>,
}

/// A plugin with its arguments and the lines in its braces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Plugin {
    pub(crate) words: Vec<String>,
    pub(crate) lines: Vec<Vec<String>>,
}

/// The plugins of the released binary.
const KNOWN: &[&str] = &[
    "acl",
    "any",
    "auto",
    "autopath",
    "azure",
    "bind",
    "bufsize",
    "cache",
    "cancel",
    "chaos",
    "clouddns",
    "debug",
    "dns64",
    "dnssec",
    "dnstap",
    "erratic",
    "errors",
    "etcd",
    "file",
    "forward",
    "geoip",
    "grpc",
    "grpc_server",
    "header",
    "health",
    "hosts",
    "https",
    "https3",
    "import",
    "k8s_external",
    "kubernetes",
    "loadbalance",
    "local",
    "log",
    "loop",
    "metadata",
    "minimal",
    "multisocket",
    "nomad",
    "nsid",
    "on",
    "pprof",
    "prometheus",
    "quic",
    "ready",
    "reload",
    "rewrite",
    "root",
    "route53",
    "secondary",
    "sign",
    "template",
    "timeouts",
    "tls",
    "trace",
    "transfer",
    "tsig",
    "tuning",
    "view",
    "whoami",
];

impl Plugin {
    pub(crate) fn name(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    pub(crate) fn arguments(&self) -> &[String] {
        self.words.get(1..).unwrap_or_default()
    }
}

/// Reads a Corefile.
///
/// # Errors
/// Line and sentence: `3 - Error during parsing: Unknown directive 'kubernets'`.
pub(crate) fn parse(text: &str) -> Result<Vec<Block>, String> {
    let mut blocks = Vec::new();
    let mut block: Option<Block> = None;
    let mut plugin: Option<Plugin> = None;
    let mut number = 0;
    for line in text.lines() {
        number += 1;
        let words = words(line);
        let opens = words.last().is_some_and(|it| it == "{");
        let plain: Vec<String> = words.iter().filter(|it| *it != "{" && *it != "}").cloned().collect();
        let closes = words.iter().any(|it| it == "}");
        match (&mut block, &mut plugin) {
            (None, _) if words.is_empty() => {}
            (None, _) if opens => block = Some(header(&plain)),
            (None, _) => {
                return Err(format!("{number} - Error during parsing: Unexpected '{}'", words.join(" ")));
            }
            (Some(_), Some(open)) => {
                if !plain.is_empty() {
                    open.lines.push(plain);
                }
                if closes {
                    let done = plugin.take();
                    block.iter_mut().for_each(|it| it.plugins.extend(done.clone()));
                }
            }
            (Some(_), None) if closes && plain.is_empty() => blocks.extend(block.take()),
            (Some(current), None) => {
                let Some(name) = plain.first() else { continue };
                if !KNOWN.contains(&name.as_str()) {
                    return Err(format!("{number} - Error during parsing: Unknown directive '{name}'"));
                }
                let found = Plugin { words: plain, lines: Vec::new() };
                if opens {
                    plugin = Some(found);
                } else {
                    current.plugins.push(found);
                }
            }
        }
    }
    if block.is_some() || plugin.is_some() {
        return Err(format!("{number} - Error during parsing: Unexpected EOF"));
    }
    Ok(blocks)
}

fn words(line: &str) -> Vec<String> {
    let line = line.split('#').next().unwrap_or("");
    line.split_whitespace().map(|it| it.trim_matches('"').to_owned()).collect()
}

/// `.:53` or `example.org local:5353`.
fn header(words: &[String]) -> Block {
    let mut block = Block { port: 53, ..Block::default() };
    for word in words {
        let word = word.split_once("://").map_or(word.as_str(), |(_, rest)| rest);
        let (zone, port) = word.rsplit_once(':').unwrap_or((word, ""));
        block.port = port.parse().unwrap_or(block.port);
        block.zones.push(zone.trim_end_matches('.').to_lowercase());
    }
    block
}

/// The block that answers for a name: the one with the longest zone that the name lies in.
pub(crate) fn block_for<'a>(blocks: &'a [Block], name: &str) -> Option<&'a Block> {
    let zone_of =
        |block: &Block| block.zones.iter().filter(|zone| lies_in(name, zone)).map(String::len).max();
    blocks
        .iter()
        .filter_map(|it| Some((zone_of(it)?, it)))
        .max_by_key(|(length, _)| *length)
        .map(|(_, it)| it)
}

/// Whether a name without a dot at the end lies in a zone; every name lies in the empty one.
pub(crate) fn lies_in(name: &str, zone: &str) -> bool {
    zone.is_empty() || name == zone || name.strip_suffix(zone).is_some_and(|it| it.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = ".:53 {\n    errors\n    kubernetes cluster.local in-addr.arpa {\n       pods insecure\n    }\n    forward . /etc/resolv.conf {\n       max_concurrent 1000\n    }\n}\nexample.org {\n  hosts {\n    10.0.0.1 a.example.org\n  }\n}\n";

    #[test]
    fn blocks_have_zones_and_plugins() {
        let blocks = parse(TEXT).unwrap();
        assert_eq!(blocks.len(), 2);
        assert_eq!(
            block_for(&blocks, "a.example.org").unwrap().plugins[0].lines[0],
            ["10.0.0.1", "a.example.org"]
        );
        assert_eq!(block_for(&blocks, "web.default.svc.cluster.local").unwrap().zones, [""]);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        assert_eq!(
            parse(&TEXT.replace("kubernetes", "kubernets")).unwrap_err(),
            "3 - Error during parsing: Unknown directive 'kubernets'"
        );
        assert!(parse(".:53 {\n errors\n").unwrap_err().ends_with("Unexpected EOF"));
    }
}
