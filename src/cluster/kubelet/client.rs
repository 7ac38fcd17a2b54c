//! curl, wget, nc and nslookup as a container's own command calls them: enough for loops that wait for a
//! service and for health checks.

use std::time::Duration;

use super::script::vm::Machine;
use super::web;
use crate::cluster::network::http::{self, HttpOutcome, HttpRequest};
use crate::cluster::network::{self, Outcome, Protocol, dns};

/// Exit code, the two streams, and how long it took.
pub(super) type Ran = (i32, Vec<u8>, Vec<u8>, Duration);

/// Runs one of the programs.
pub(super) fn run(name: &str, words: &[&str], machine: &mut Machine<'_>) -> Ran {
    let operands: Vec<&str> = operands(words);
    match name {
        "nslookup" => nslookup(operands.first().copied().unwrap_or(""), machine),
        "nc" => nc(&operands, words, machine),
        _ => fetch(name, words, &operands, machine),
    }
}

/// Options of these programs that take a value.
const WITH_VALUE: &[&str] = &[
    "-o",
    "-O",
    "-T",
    "-t",
    "-w",
    "-m",
    "--max-time",
    "--connect-timeout",
    "-H",
    "-X",
    "-d",
    "--header",
    "-A",
    "-u",
    "-i",
];

fn operands<'a>(words: &[&'a str]) -> Vec<&'a str> {
    let mut all = Vec::new();
    let mut rest = words.iter().skip(1);
    while let Some(word) = rest.next() {
        if WITH_VALUE.contains(word) {
            rest.next();
        } else if !word.starts_with('-') {
            all.push(*word);
        }
    }
    all
}

fn value<'a>(words: &[&'a str], names: &[&str]) -> Option<&'a str> {
    let at = words.iter().position(|it| names.contains(it))?;
    words.get(at + 1).copied()
}

fn limit(words: &[&str]) -> Duration {
    let names = ["-m", "--max-time", "--connect-timeout", "-T", "-w", "-t"];
    let given = value(words, &names).or_else(|| words.iter().find_map(|it| it.strip_prefix("--timeout=")));
    Duration::from_secs(given.and_then(|it| it.parse().ok()).unwrap_or(130))
}

fn nslookup(name: &str, machine: &Machine<'_>) -> Ran {
    let answer = dns::resolve(machine.world, machine.place, name, "A");
    let head = format!("Server:\t\t{0}\nAddress:\t{0}:53\n\n", answer.server);
    if answer.records.is_empty() {
        let why = match answer.rcode {
            None => ";; connection timed out; no servers could be reached\n\n".to_owned(),
            Some(_) => format!("{head}** server can't find {name}: NXDOMAIN\n\n"),
        };
        let took = if answer.rcode.is_none() { Duration::from_secs(15) } else { Duration::ZERO };
        return (1, why.into_bytes(), Vec::new(), took);
    }
    let records = answer.records.iter().filter(|it| it.kind == "A");
    let body: String = records.map(|it| format!("Name:\t{}\nAddress: {}\n", it.name, it.value)).collect();
    (0, format!("{head}{body}\n").into_bytes(), Vec::new(), Duration::ZERO)
}

fn nc(operands: &[&str], words: &[&str], machine: &Machine<'_>) -> Ran {
    let [host, port, ..] = operands else { return (1, Vec::new(), b"nc: usage\n".to_vec(), Duration::ZERO) };
    let port_number = port.parse().unwrap_or(0);
    match network::probe(machine.world, machine.place, host, port_number, Protocol::Tcp).outcome {
        Outcome::Open { .. } => {
            let text = if words.iter().any(|it| it.contains('v')) {
                format!("{host} ({host}:{port}) open\n")
            } else {
                String::new()
            };
            (0, Vec::new(), text.into_bytes(), Duration::ZERO)
        }
        Outcome::NoSuchName | Outcome::NoNameServer => {
            (1, Vec::new(), format!("nc: bad address '{host}'\n").into_bytes(), Duration::ZERO)
        }
        Outcome::Refused => (1, Vec::new(), Vec::new(), Duration::ZERO),
        _ => (1, Vec::new(), Vec::new(), limit(words)),
    }
}

fn fetch(name: &str, words: &[&str], operands: &[&str], machine: &mut Machine<'_>) -> Ran {
    let url = operands.first().copied().unwrap_or("");
    let Some(mut request) = HttpRequest::of_url(url) else {
        return (3, Vec::new(), format!("{name}: bad address '{url}'\n").into_bytes(), Duration::ZERO);
    };
    request.user_agent = if name == "curl" { "curl/8.14.1" } else { "Wget" }.to_owned();
    if let Some(host) = value(words, &["-H", "--header"]).and_then(|it| it.strip_prefix("Host: ")) {
        request.host = host.to_owned();
    }
    let outcome = http::http(machine.world, machine.place, &request).outcome;
    let quiet = words.iter().any(|it| it.starts_with('-') && !it.starts_with("--") && it.contains('q'))
        || words.iter().any(|it| matches!(*it, "-s" | "--silent" | "-sf" | "-fs"));
    match outcome {
        HttpOutcome::Answer(answer) => {
            let fails =
                words.iter().any(|it| it.starts_with('-') && !it.starts_with("--") && it.contains('f'));
            if answer.status >= 400 && (name == "wget" || fails) {
                let phrase = web::phrase(answer.status);
                let (code, why) = if name == "wget" {
                    (1, format!("wget: server returned error: HTTP/1.1 {} {phrase}\n", answer.status))
                } else {
                    (22, format!("curl: (22) The requested URL returned error: {}\n", answer.status))
                };
                return (code, Vec::new(), why.into_bytes(), Duration::ZERO);
            }
            (0, written(name, words, machine, answer.body), Vec::new(), Duration::ZERO)
        }
        HttpOutcome::Failed(failed) => refusal(name, &request, &failed, quiet, limit(words)),
        HttpOutcome::Garbage => (1, Vec::new(), Vec::new(), Duration::ZERO),
        HttpOutcome::Tls(why) => {
            (35, Vec::new(), format!("{name}: (35) {why}\n").into_bytes(), Duration::ZERO)
        }
    }
}

/// Where the body goes: a file that `-o` or `-O` names, or standard output.
fn written(name: &str, words: &[&str], machine: &mut Machine<'_>, body: Vec<u8>) -> Vec<u8> {
    let joined = words
        .iter()
        .find_map(|it| it.strip_prefix("-qO").or_else(|| it.strip_prefix("-O")).filter(|it| !it.is_empty()));
    let target = joined.or_else(|| value(words, if name == "curl" { &["-o"] } else { &["-O", "-qO"] }));
    match target {
        Some("-" | "/dev/stdout") => body,
        None if name == "curl" => body,
        Some("/dev/null") => Vec::new(),
        other => {
            let path = crate::hosts::files::clean("/", other.unwrap_or("index.html"));
            let op = crate::cluster::place::FileOp::Write { path: &path, bytes: &body };
            // A file that cannot be written is lost, as the body would be.
            let _ = machine.world.change_files(machine.place, op);
            Vec::new()
        }
    }
}

fn refusal(name: &str, request: &HttpRequest, failed: &Outcome, quiet: bool, limit: Duration) -> Ran {
    let (host, port) = (&request.connect_to, request.port);
    let (code, why, took) = match (failed, name) {
        (Outcome::NoSuchName | Outcome::NoNameServer, "wget") => {
            (1, format!("wget: bad address '{host}'\n"), Duration::ZERO)
        }
        (Outcome::NoSuchName | Outcome::NoNameServer, _) => {
            (6, format!("curl: (6) Could not resolve host: {host}\n"), Duration::ZERO)
        }
        (Outcome::Refused, "wget") => {
            (1, format!("wget: can't connect to remote host ({host}): Connection refused\n"), Duration::ZERO)
        }
        (Outcome::Refused, _) => (
            7,
            format!(
                "curl: (7) Failed to connect to {host} port {port} after 1 ms: Could not connect to server\n"
            ),
            Duration::ZERO,
        ),
        (_, "wget") => (1, "wget: download timed out\n".to_owned(), limit),
        _ => {
            (28, format!("curl: (28) Connection timed out after {} milliseconds\n", limit.as_millis()), limit)
        }
    };
    let err = if quiet && name == "curl" { Vec::new() } else { why.into_bytes() };
    (code, Vec::new(), err, took)
}
