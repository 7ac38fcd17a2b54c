//! The files that a kubelet puts into every container: `/etc/hosts`, `/etc/hostname`, `/etc/resolv.conf`.

use super::{pod, settings};
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::cluster::{Place, Store, World};

/// Paths and contents for a container of `pod` on `host`.
pub(super) fn of(
    world: &World,
    pod: &Value,
    pod_ip: &str,
    host: &str,
    _store: &Store,
) -> Vec<(String, String)> {
    let hostname = pod::hostname(pod);
    let mut all = vec![
        ("/etc/hostname".to_owned(), format!("{hostname}\n")),
        ("/etc/resolv.conf".to_owned(), resolv_conf(world, pod, host)),
        ("/dev/termination-log".to_owned(), String::new()),
    ];
    all.push(("/etc/hosts".to_owned(), hosts(world, pod, pod_ip, host, &hostname)));
    all
}

fn hosts(world: &World, pod: &Value, pod_ip: &str, host: &str, hostname: &str) -> String {
    let aliases: String = object::list(pod, "/spec/hostAliases")
        .iter()
        .map(|it| {
            let names: Vec<&str> = object::list(it, "/hostnames").iter().filter_map(Value::as_str).collect();
            format!("{}\t{}\n", object::field(it, "ip"), names.join("\t"))
        })
        .collect();
    let aliases =
        if aliases.is_empty() { aliases } else { format!("\n# Entries added by HostAliases.\n{aliases}") };
    if object::flag(pod, "/spec/hostNetwork") {
        let own = world.read_text(&Place::host(host), "/etc/hosts").unwrap_or_default();
        return format!("# Kubernetes-managed hosts file (host network).\n{own}{aliases}");
    }
    let subdomain = object::text(pod, "/spec/subdomain");
    let full = if subdomain.is_empty() {
        hostname.to_owned()
    } else {
        format!("{hostname}.{subdomain}.{}.svc.cluster.local\t{hostname}", object::namespace(pod))
    };
    format!(
        "# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::\tip6-localnet\nfe00::\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n{pod_ip}\t{full}\n{aliases}"
    )
}

fn resolv_conf(world: &World, pod: &Value, host: &str) -> String {
    let config = settings::of(world, host).config;
    let on_host = object::flag(pod, "/spec/hostNetwork");
    let policy = object::text(pod, "/spec/dnsPolicy");
    let cluster_first =
        policy == "ClusterFirstWithHostNet" || !on_host && matches!(policy, "ClusterFirst" | "");
    let domain = match object::text(&config, "/clusterDomain") {
        "" => "cluster.local",
        domain => domain,
    };
    let (mut servers, mut search, mut options) = (Vec::new(), Vec::new(), Vec::new());
    if cluster_first {
        let dns = object::list(&config, "/clusterDNS").iter().filter_map(Value::as_str);
        servers.extend(dns.map(str::to_owned));
        let namespace = object::namespace(pod);
        search = vec![format!("{namespace}.svc.{domain}"), format!("svc.{domain}"), domain.to_owned()];
        options.push("ndots:5".to_owned());
    } else if policy != "None" {
        let path = match object::text(&config, "/resolvConf") {
            "" => "/etc/resolv.conf",
            path => path,
        };
        let text = world.read_text(&Place::host(host), path).unwrap_or_default();
        for line in text.lines() {
            match line.split_whitespace().collect::<Vec<_>>().as_slice() {
                ["nameserver", server, ..] => servers.push((*server).to_owned()),
                ["search", rest @ ..] => search.extend(rest.iter().map(|it| (*it).to_owned())),
                ["options", rest @ ..] => options.extend(rest.iter().map(|it| (*it).to_owned())),
                _ => {}
            }
        }
    }
    extend(pod, &mut servers, &mut search, &mut options);
    let mut text = String::new();
    if !search.is_empty() {
        text += &format!("search {}\n", search.join(" "));
    }
    servers.iter().for_each(|it| text += &format!("nameserver {it}\n"));
    if !options.is_empty() {
        text += &format!("options {}\n", options.join(" "));
    }
    text
}

/// What `dnsConfig` adds.
fn extend(pod: &Value, servers: &mut Vec<String>, search: &mut Vec<String>, options: &mut Vec<String>) {
    let texts = |pointer: &str| -> Vec<String> {
        object::list(pod, pointer).iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    servers.extend(texts("/spec/dnsConfig/nameservers"));
    search.extend(texts("/spec/dnsConfig/searches"));
    for option in object::list(pod, "/spec/dnsConfig/options") {
        let (name, value) = (object::field(option, "name"), object::field(option, "value"));
        options.retain(|it| it.split(':').next() != Some(name));
        options.push(if value.is_empty() { name.to_owned() } else { format!("{name}:{value}") });
    }
}
