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
    let patterns = |name: &str| -> Result<Vec<Regex>, (String, regex::Error)> {
        let words = ctx.flags.text(name).to_owned();
        let words = if open && name.starts_with("accept") { ".*".to_owned() } else { words };
        words.split(',').map(|word| Regex::new(word).map_err(|error| (word.to_owned(), error))).collect()
    };
    let mut prefix = ctx.flags.text("api-prefix").to_owned();
    if !prefix.ends_with('/') {
        prefix.push('/');
    }
    let folder = ctx.flags.text("www").to_owned();
    let files = (!folder.is_empty()).then(|| {
        let prefix = format!("{}/", ctx.flags.text("www-prefix").trim_end_matches('/'));
        (prefix, ctx.proc.path(&folder))
    });
    let all = ["accept-hosts", "accept-paths"].map(patterns);
    let refused =
        ["reject-paths", "reject-methods"].map(|name| if open { Ok(Vec::new()) } else { patterns(name) });
    let [accept_hosts, accept_paths] = all;
    let [reject_paths, reject_methods] = refused;
    let mut usable = |read: Result<Vec<Regex>, (String, regex::Error)>| {
        read.map_err(|(word, error)| {
            let why = go_sentence(&word, &error.to_string());
            ctx.klog('F', "proxy_server.go:83", &format!("Error compiling re: error parsing regexp: {why}"));
            Failure::Exit(FATAL)
        })
    };
    Ok(Gate {
        accept_hosts: usable(accept_hosts)?,
        accept_paths: usable(accept_paths)?,
        reject_paths: usable(reject_paths)?,
        reject_methods: usable(reject_methods)?,
        endpoint,
        impersonate,
        prefix,
        files,
    })
}

/// What a program ends with that logs a fatal error.
const FATAL: i32 = 255;

/// What Go says of an expression that is none.
fn go_sentence(word: &str, why: &str) -> String {
    let from = |c: char| word.rfind(c).and_then(|at| word.get(at..)).unwrap_or(word);
    let (what, part) = if why.contains("unclosed character class") {
        ("missing closing ]", from('['))
    } else if word.contains("(?P<") && !word.contains('>') {
        ("invalid named capture", from('('))
    } else if why.contains("unclosed group") {
        ("missing closing )", word)
    } else if why.contains("unopened group") {
        ("unexpected )", word)
    } else if why.contains("repetition operator missing") {
        let operator = word.find(['*', '+', '?']).and_then(|at| word.get(at..=at));
        ("missing argument to repetition operator", operator.unwrap_or(word))
    } else if word.ends_with('\\') {
        ("trailing backslash at end of expression", "")
    } else if why.contains("unrecognized escape") {
        let escape = word.find('\\').and_then(|at| word.get(at..)).unwrap_or(word);
        let end = escape.char_indices().nth(2).map_or(escape.len(), |(at, _)| at);
        ("invalid escape sequence", escape.get(..end).unwrap_or(escape))
    } else if why.contains("invalid character class range") {
        ("invalid character class range", from('['))
    } else {
        ("invalid or unsupported Perl syntax", word)
    };
    format!("{what}: `{part}`")
}
