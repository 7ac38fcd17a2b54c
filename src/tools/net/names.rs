//! `nslookup`, `dig` and `host`: ask name servers.

use std::time::Duration;

use super::ROUND_TRIP;
use crate::cluster::network::Source;
use crate::cluster::network::dns::{self, DnsAnswer, Rcode, Record};
use crate::shell::{Proc, Program, Running};

pub(crate) const NSLOOKUP: Program =
    Program { name: "nslookup", summary: "Query name servers", run: run_nslookup };
pub(crate) const DIG: Program = Program { name: "dig", summary: "Query name servers", run: run_dig };
pub(crate) const HOST: Program = Program { name: "host", summary: "Query name servers", run: run_host };

/// How long the tools wait for a server: three tries of five seconds.
const UNANSWERED: Duration = Duration::from_secs(15);

/// Asks as the resolver is set up, or one server by name or address.
async fn ask(proc: &Proc, name: &str, kind: &str, server: Option<&str>, search: bool) -> DnsAnswer {
    proc.sleep(ROUND_TRIP).await;
    let full = if search { name.to_owned() } else { format!("{}.", name.trim_end_matches('.')) };
    let answer = {
        let world = proc.world();
        match server {
            None => dns::resolve(&world, &proc.place, &full, kind),
            Some(server) => {
                let address = match server.parse::<std::net::Ipv4Addr>() {
                    Ok(_) => server.to_owned(),
                    Err(_) => {
                        let found = dns::resolve(&world, &proc.place, server, "A");
                        found.records.last().map(|it| it.value.clone()).unwrap_or_default()
                    }
                };
                let source = Source::of(&world, &proc.place);
                let mut trace = Vec::new();
                let found = source.and_then(|it| {
                    dns::ask(&world, &it, &address, full.trim_end_matches('.'), kind, &mut trace)
                });
                let (rcode, records) =
                    found.map_or((None, Vec::new()), |(rcode, records)| (Some(rcode), records));
                DnsAnswer { server: address, asked: full.clone(), rcode, records, trace }
            }
        }
    };
    if answer.rcode.is_none() {
        proc.sleep(UNANSWERED).await;
    }
    answer
}

/// The kind of question, and what to ask: an address is looked up backwards.
fn question(name: &str, kind: Option<&str>) -> (String, String) {
    let octets: Option<Vec<u8>> = name.split('.').map(|part| part.parse().ok()).collect();
    match (kind, octets) {
        (None, Some(octets)) if octets.len() == 4 => {
            let turned: Vec<String> = octets.iter().rev().map(u8::to_string).collect();
            (format!("{}.in-addr.arpa", turned.join(".")), "PTR".into())
        }
        (kind, _) => (name.to_owned(), kind.unwrap_or("A").to_uppercase()),
    }
}

fn word(rcode: Rcode) -> &'static str {
    match rcode {
        Rcode::NoError => "NOERROR",
        Rcode::NxDomain => "NXDOMAIN",
        Rcode::ServFail => "SERVFAIL",
        Rcode::Refused => "REFUSED",
    }
}

fn run_nslookup(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let words: Vec<String> =
            proc.args.iter().skip(1).filter(|arg| !arg.starts_with('-')).cloned().collect();
        let kind = proc.args.iter().find_map(|arg| {
            arg.strip_prefix("-type=")
                .or_else(|| arg.strip_prefix("-query="))
                .or_else(|| arg.strip_prefix("-q="))
        });
        let Some(name) = words.first() else {
            proc.eprint("uncordon: nslookup without a name is not simulated yet\n");
            return 1;
        };
        let (asked, kind) = question(name, kind);
        let answer = ask(proc, &asked, &kind, words.get(1).map(String::as_str), true).await;
        let Some(rcode) = answer.rcode else {
            proc.print(";; connection timed out; no servers could be reached\n\n");
            return 1;
        };
        if kind != "PTR" || answer.records.is_empty() {
            proc.print(format!("Server:\t\t{0}\nAddress:\t{0}#53\n\n", answer.server));
        }
        if answer.records.is_empty() {
            let shown = asked.trim_end_matches('.');
            proc.print(match rcode {
                Rcode::NoError => format!("*** Can't find {shown}: No answer\n\n"),
                other => format!("** server can't find {shown}: {}\n\n", word(other)),
            });
            return 1;
        }
        let text: String = answer.records.iter().map(nslookup_line).collect();
        proc.print(format!("{text}\n"));
        0
    })
}

fn nslookup_line(record: &Record) -> String {
    let (name, value) = (record.name.trim_end_matches('.'), &record.value);
    match record.kind {
        "A" => format!("Name:\t{name}\nAddress: {value}\n"),
        "CNAME" => format!("{name}\tcanonical name = {value}\n"),
        "PTR" => format!("{name}\tname = {value}\n"),
        "SRV" => format!("{name}\tservice = {value}\n"),
        kind => format!("{name}\t{kind} {value}\n"),
    }
}

fn run_dig(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let mut server = None;
        let (mut name, mut kind, mut reverse) = (None, None, false);
        let mut flags = Vec::new();
        for arg in proc.args.iter().skip(1) {
            if let Some(at) = arg.strip_prefix('@') {
                server = Some(at.to_owned());
            } else if arg.starts_with('+') {
                flags.push(arg.trim_start_matches('+').to_owned());
            } else if arg == "-x" {
                reverse = true;
            } else if ["A", "AAAA", "SRV", "PTR", "CNAME", "TXT", "NS", "ANY"]
                .contains(&arg.to_uppercase().as_str())
            {
                kind = Some(arg.to_uppercase());
            } else if !arg.starts_with('-') {
                name = Some(arg.clone());
            }
        }
        let Some(name) = name else {
            proc.eprint("uncordon: dig without a name is not simulated yet\n");
            return 1;
        };
        let (asked, kind) =
            question(&name, if reverse { None } else { Some(kind.as_deref().unwrap_or("A")) });
        let search = flags.iter().any(|flag| flag == "search");
        let answer = ask(proc, &asked, &kind, server.as_deref(), search).await;
        if flags.iter().any(|flag| flag == "short") {
            let text: String = answer.records.iter().map(|it| format!("{}\n", it.value)).collect();
            proc.print(text);
            return if answer.rcode.is_some() { 0 } else { 9 };
        }
        if flags.iter().any(|flag| flag == "noall") && answer.rcode.is_some() {
            if flags.iter().any(|flag| flag == "answer") {
                proc.print(rows(&answer));
            }
            return 0;
        }
        print_dig(proc, &asked, &kind, &answer)
    })
}

/// The records of an answer, a line each.
fn rows(answer: &DnsAnswer) -> String {
    let row =
        |it: &Record| format!("{}.\t30\tIN\t{}\t{}\n", it.name.trim_end_matches('.'), it.kind, it.value);
    answer.records.iter().map(row).collect()
}

fn print_dig(proc: &Proc, asked: &str, kind: &str, answer: &DnsAnswer) -> i32 {
    let words = proc.args.get(1..).unwrap_or_default().join(" ");
    let title =
        format!("\n; <<>> DiG 9.18.39-0ubuntu0.24.04.1-Ubuntu <<>> {words}\n;; global options: +cmd\n");
    let Some(rcode) = answer.rcode else {
        let server = &answer.server;
        let lost = format!(";; communications error to {server}#53: timed out\n").repeat(3);
        proc.print(format!("{title}{lost}\n;; no servers could be reached\n"));
        return 9;
    };
    let rows = rows(answer);
    let count = answer.records.len();
    let section = if count > 0 { format!(";; ANSWER SECTION:\n{rows}\n") } else { String::new() };
    let now = proc.world().now.strftime("%a %b %d %H:%M:%S UTC %Y");
    proc.print(format!(
        "{title};; Got answer:\n;; ->>HEADER<<- opcode: QUERY, status: {}, id: 41533\n\
         ;; flags: qr aa rd; QUERY: 1, ANSWER: {count}, AUTHORITY: 0, ADDITIONAL: 1\n\n\
         ;; QUESTION SECTION:\n;{}.\t\tIN\t{kind}\n\n{section};; Query time: 1 msec\n;; SERVER: {server}#53({server}) (UDP)\n;; WHEN: {now}\n;; MSG SIZE  rcvd: 106\n\n",
        word(rcode),
        asked.trim_end_matches('.'),
        server = answer.server,
    ));
    0
}

fn run_host(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let words: Vec<String> =
            proc.args.iter().skip(1).filter(|arg| !arg.starts_with('-')).cloned().collect();
        let Some(name) = words.first() else {
            proc.eprint("Usage: host [-aCdilrTvVw] [-c class] [-N ndots] [-t type] [-W time]\n            [-R number] [-m flag] [-p port] hostname [server]\n");
            return 1;
        };
        let (asked, kind) = question(name, None);
        let answer = ask(proc, &asked, &kind, words.get(1).map(String::as_str), true).await;
        let Some(rcode) = answer.rcode else {
            proc.print(";; connection timed out; no servers could be reached\n");
            return 1;
        };
        if answer.records.is_empty() {
            proc.print(format!("Host {name} not found: 3({})\n", word(rcode)));
            return 1;
        }
        for record in &answer.records {
            let shown = record.name.trim_end_matches('.');
            let what = match record.kind {
                "PTR" => "domain name pointer",
                "CNAME" => "is an alias for",
                _ => "has address",
            };
            proc.print(format!("{shown} {what} {}\n", record.value));
        }
        0
    })
}
