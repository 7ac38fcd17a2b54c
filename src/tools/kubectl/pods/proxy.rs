//! `kubectl proxy`: a port of this machine behind which the API server answers with this kubeconfig's rights.

use regex::Regex;

use super::super::verb::{Group, PLAIN, Run, Verb};
use super::super::{Ctx, Done, Failure};
use super::open::{self, Open};
use crate::cluster::network::forwards::{Gate, Target};

/// `kubectl proxy`.
pub(crate) static PROXY: Verb = Verb {
    name: "proxy",
    group: Group::Troubleshooting,
    summary: "Run a proxy to the Kubernetes API server",
    about: "Requests to the port are sent on to the API server with the credentials of the kubeconfig, until the command\nis interrupted.",
    examples: "
        # The API at http://127.0.0.1:8001/api
        kubectl proxy
        # Another port, and only the core API
        kubectl proxy --port=8011 --accept-paths='^/api/v1.*'",
    run: Run::Waits(|ctx| Box::pin(run(ctx))),
    ..PLAIN
};

async fn run(ctx: &mut Ctx<'_>) -> Done {
    if !ctx.flags.text("unix-socket").is_empty() {
        if ctx.flags.given("port") {
            return Err(Failure::error("cannot set --unix-socket and --port at the same time"));
        }
        return ctx.not_simulated("kubectl proxy --unix-socket");
    }
    if ctx.flags.on("disable-filter") {
        let words = "Request filter disabled, your proxy is vulnerable to XSRF attacks, please be cautious";
        ctx.klog('W', "proxy.go:177", words);
    }
    let folder = ctx.flags.text("www").to_owned();
    let path = ctx.proc.path(&folder);
    if !folder.is_empty() && ctx.proc.world().stat(&ctx.proc.place.clone(), &path).is_err() {
        let why = format!(
            "Failed to stat static file directory {folder}: stat {folder}: no such file or directory"
        );
        ctx.klog('W', "proxy.go:200", &why);
    }
    let gate = gate(ctx)?;
    let (address, shown) = open::addresses(&[ctx.flags.text("address").to_owned()])?
        .into_iter()
        .next()
        .unwrap_or((std::net::Ipv4Addr::LOCALHOST, "127.0.0.1".into()));
    let wanted = u16::try_from(ctx.flags.int("port")).map_err(|_| {
        Failure::error(format!("listen tcp: address {}: invalid port", ctx.flags.int("port")))
    })?;
    let mut open = Open::new(ctx);
    let Some(port) = open.add(ctx, address, wanted, Target::Api(Box::new(gate)))? else {
        return Err(Failure::error(format!("listen tcp {shown}:{wanted}: bind: address already in use")));
    };
    ctx.out(&format!("Starting to serve on {shown}:{port}\n"));
    loop {
        // Idle connections are kept as long as --keepalive says; nothing here is ever idle.
        ctx.proc.sleep(open::LOOKS_EVERY.max(ctx.flags.duration("keepalive"))).await;
    }
}

fn gate(ctx: &mut Ctx<'_>) -> Result<Gate, Failure> {
    let (mut endpoint, impersonate) = ctx.endpoint()?;
    if !ctx.flags.on("append-server-path") {
        let scheme = endpoint.server.find("://").map_or(0, |at| at + 3);
        let end = endpoint.server.get(scheme..).and_then(|rest| rest.find('/'));
        if let Some(end) = end {
            endpoint.server.truncate(scheme + end);
        }
    }
    let open = ctx.flags.on("disable-filter");
    let patterns = |name: &str| -> Result<Vec<Regex>, Failure> {
        let words = ctx.flags.text(name).to_owned();
        let words = if open && name.starts_with("accept") { ".*".to_owned() } else { words };
        words.split(',').map(pattern).collect()
    };
    let refused = |name: &str| if open { Ok(Vec::new()) } else { patterns(name) };
    let mut prefix = ctx.flags.text("api-prefix").to_owned();
    if !prefix.ends_with('/') {
        prefix.push('/');
    }
    let folder = ctx.flags.text("www").to_owned();
    let files = (!folder.is_empty()).then(|| {
        let prefix = format!("{}/", ctx.flags.text("www-prefix").trim_end_matches('/'));
        (prefix, ctx.proc.path(&folder))
    });
    Ok(Gate {
        accept_hosts: patterns("accept-hosts")?,
        accept_paths: patterns("accept-paths")?,
        reject_paths: refused("reject-paths")?,
        reject_methods: refused("reject-methods")?,
        endpoint,
        impersonate,
        prefix,
        files,
    })
}

fn pattern(word: &str) -> Result<Regex, Failure> {
    Regex::new(word).map_err(|error| Failure::error(format!("error parsing regexp: {error}")))
}
