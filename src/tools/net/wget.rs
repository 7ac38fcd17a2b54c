//! `wget`: fetch a URL into a file.

use std::time::Duration;

use super::{CONNECT_LIMIT, ROUND_TRIP, send};
use crate::cluster::Place;
use crate::cluster::kubelet::web;
use crate::cluster::network::Outcome;
use crate::cluster::network::http::{HttpOutcome, HttpRequest};
use crate::shell::programs::options::{Options, Spec, Value};
use crate::shell::{Proc, Program, Running};

pub(crate) const PROGRAM: Program = Program { name: "wget", summary: "Fetch a URL", run };

const SPEC: Spec = Spec {
    name: "wget",
    short: "qO:T:t:SY:U:P:cvN",
    long: &[
        ("quiet", 'q', Value::None),
        ("output-document", 'O', Value::Needed),
        ("timeout", 'T', Value::Needed),
        ("tries", 't', Value::Needed),
        ("spider", 's', Value::None),
        ("header", 'H', Value::Needed),
        ("post-data", 'd', Value::Needed),
        ("no-check-certificate", 'k', Value::None),
        ("server-response", 'S', Value::None),
        ("user-agent", 'U', Value::Needed),
        ("no-verbose", 'n', Value::None),
    ],
};

fn run(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let options = match SPEC.parse(proc.args.get(1..).unwrap_or_default()) {
            Ok(options) => options,
            Err(text) => {
                proc.eprint(text);
                return 2;
            }
        };
        let Some(url) = options.operands.first() else {
            proc.eprint("wget: missing URL\nUsage: wget [OPTION]... [URL]...\n\nTry `wget --help' for more options.\n");
            return 1;
        };
        let Some(mut request) = HttpRequest::of_url(url) else {
            proc.eprint(format!("{url}: Unsupported scheme.\n"));
            return 1;
        };
        request.user_agent = "Wget/1.21.4".into();
        for header in options.values('H') {
            if let Some((name, value)) = header.split_once(':') {
                let value = value.trim().to_owned();
                if name.eq_ignore_ascii_case("host") {
                    request.host = value
                } else {
                    request.headers.push((name.into(), value))
                }
            }
        }
        if let Some(data) = options.value('d') {
            request.method = "POST".into();
            request.body = data.as_bytes().to_vec();
        }
        fetch(proc, &options, url, &request).await
    })
}

/// The busybox that most images have words its failures in one line.
fn is_busybox(proc: &Proc) -> bool {
    matches!(proc.place, Place::Container { .. })
}

async fn fetch(proc: &Proc, options: &Options, url: &str, request: &HttpRequest) -> i32 {
    proc.sleep(ROUND_TRIP).await;
    let done = send(proc, request);
    match done.outcome {
        HttpOutcome::Answer(answer) if answer.status >= 400 => {
            let (status, phrase) = (answer.status, web::phrase(answer.status));
            if is_busybox(proc) {
                proc.eprint(format!("wget: server returned error: HTTP/1.1 {status} {phrase}\n"));
                return 1;
            }
            if !options.has('q') {
                proc.eprint(format!("ERROR {status}: {phrase}.\n"));
            }
            8
        }
        HttpOutcome::Answer(answer) => save(proc, options, url, request, &done.address, &answer.body),
        HttpOutcome::Failed(failed) => refused(proc, options, request, &done.address, &failed).await,
        HttpOutcome::Garbage => {
            proc.eprint("wget: bad response from server\n");
            1
        }
        HttpOutcome::Tls(why) => {
            proc.eprint(format!("OpenSSL: {why}\nUnable to establish SSL connection.\n"));
            4
        }
    }
}

fn save(proc: &Proc, options: &Options, url: &str, request: &HttpRequest, address: &str, body: &[u8]) -> i32 {
    if options.has('s') {
        return 0;
    }
    let name = url.split('?').next().unwrap_or(url).rsplit('/').next().unwrap_or_default();
    let bare =
        name.is_empty() || !url.trim_start_matches("http://").trim_start_matches("https://").contains('/');
    let target = options
        .value('O')
        .map_or_else(|| if bare { "index.html".to_owned() } else { name.to_owned() }, str::to_owned);
    if !options.has('q') {
        proc.eprint(format!("Connecting to {} ({address}:{})\n", request.host, request.port));
    }
    if target == "-" {
        proc.print(body);
        return 0;
    }
    if let Err(error) = proc.disk().write(&proc.path(&target), body) {
        proc.eprint(format!("wget: can't open '{target}': {error}\n"));
        return 3;
    }
    if !options.has('q') {
        proc.eprint(format!("'{target}' saved\n"));
    }
    0
}

async fn refused(
    proc: &Proc,
    options: &Options,
    request: &HttpRequest,
    address: &str,
    failed: &Outcome,
) -> i32 {
    let name = &request.connect_to;
    let seconds = options.value('T').and_then(|it| it.parse().ok());
    let limit = seconds.map_or(CONNECT_LIMIT, Duration::from_secs);
    let busybox = is_busybox(proc);
    if *failed == Outcome::TimedOut {
        proc.sleep(limit).await;
    }
    let text = match (failed, busybox) {
        (Outcome::NoSuchName | Outcome::NoNameServer, true) => {
            format!("wget: bad address '{}'\n", request.host)
        }
        (Outcome::NoSuchName | Outcome::NoNameServer, false) => {
            format!("wget: unable to resolve host address ‘{name}’\n")
        }
        (Outcome::TimedOut, true) if seconds.is_some() => "wget: download timed out\n".to_owned(),
        (Outcome::TimedOut, true) => {
            format!("wget: can't connect to remote host ({address}): Operation timed out\n")
        }
        (Outcome::TimedOut, false) => {
            format!(
                "Connecting to {name} ({name})|{address}|:{}... failed: Connection timed out.\nGiving up.\n\n",
                request.port
            )
        }
        (_, true) => format!("wget: can't connect to remote host ({address}): Connection refused\n"),
        (_, false) => {
            format!(
                "Connecting to {name} ({name})|{address}|:{}... failed: Connection refused.\n",
                request.port
            )
        }
    };
    if !options.has('q') || busybox {
        proc.eprint(text);
    }
    if busybox { 1 } else { 4 }
}
