//! `nc`, `telnet` and `ping`: is somebody there?

use std::time::Duration;

use super::{CONNECT_LIMIT, ROUND_TRIP};
use crate::cluster::Place;
use crate::cluster::network::{self, Outcome, Probe, Protocol};
use crate::shell::programs::options::{Spec, Value};
use crate::shell::{Proc, Program, Running};

pub(crate) const NC: Program = Program { name: "nc", summary: "Connect to a port", run };
pub(crate) const NETCAT: Program = Program { name: "netcat", summary: "Connect to a port", run };
pub(crate) const TELNET: Program = Program { name: "telnet", summary: "Talk to a port", run: run_telnet };
pub(crate) const PING: Program = Program { name: "ping", summary: "Send echo requests", run: run_ping };

const SPEC: Spec = Spec { name: "nc", short: "zvunkl46Nw:p:s:i:q:G:", long: &[] };
const PING_SPEC: Spec =
    Spec { name: "ping", short: "qnv46c:W:w:i:s:I:", long: &[("count", 'c', Value::Needed)] };

fn run(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let options = match SPEC.parse(proc.args.get(1..).unwrap_or_default()) {
            Ok(options) => options,
            Err(text) => {
                proc.eprint(text.lines().next().map(|line| format!("{line}\n")).unwrap_or_default());
                return 1;
            }
        };
        if options.has('l') {
            proc.eprint("uncordon: nc -l is not simulated yet\n");
            return 1;
        }
        let [name, ports, ..] = options.operands.as_slice() else {
            proc.eprint("usage: nc [-46CDdFhklNnrStUuvZz] [-I length] [-i interval] [-M ttl]\n\t  [-m minttl] [-O length] [-P proxy_username] [-p source_port]\n\t  [-q seconds] [-s sourceaddr] [-T keyword] [-V rtable] [-W recvlimit]\n\t  [-w timeout] [-X proxy_protocol] [-x proxy_address[:port]]\n\t  [destination] [port]\n");
            return 1;
        };
        let (first, last) = match ports.split_once('-') {
            Some((first, last)) => (first.parse().ok(), last.parse().ok()),
            None => (ports.parse().ok(), ports.parse().ok()),
        };
        let (Some(first), Some(last)): (Option<u16>, Option<u16>) = (first, last) else {
            proc.eprint(format!("nc: port number invalid: {ports}\n"));
            return 1;
        };
        let limit =
            options.value('w').and_then(|it| it.parse().ok()).map_or(CONNECT_LIMIT, Duration::from_secs);
        let protocol = if options.has('u') { Protocol::Udp } else { Protocol::Tcp };
        let mut exit = 0;
        for port in first..=last {
            exit = attempt(proc, name, port, protocol, options.has('v'), limit).await;
        }
        exit
    })
}

async fn attempt(
    proc: &Proc,
    name: &str,
    port: u16,
    protocol: Protocol,
    verbose: bool,
    limit: Duration,
) -> i32 {
    proc.sleep(ROUND_TRIP).await;
    let Probe { outcome, address, .. } = network::probe(&proc.world(), &proc.place, name, port, protocol);
    if outcome == Outcome::TimedOut {
        proc.sleep(limit).await;
    }
    let word = protocol.as_str().to_lowercase();
    let shown =
        if address == name || address.is_empty() { name.to_owned() } else { format!("{name} ({address})") };
    let busybox = matches!(proc.place, Place::Container { .. });
    let text = match (&outcome, busybox) {
        (Outcome::Open { .. }, true) => format!("{name} ({address}:{port}) open\n"),
        (Outcome::Open { .. }, false) => format!("Connection to {shown} {port} port [{word}/*] succeeded!\n"),
        (Outcome::NoSuchName | Outcome::NoNameServer, true) => format!("nc: bad address '{name}'\n"),
        (Outcome::NoSuchName | Outcome::NoNameServer, false) => {
            format!("nc: getaddrinfo for host \"{name}\" port {port}: Name or service not known\n")
        }
        (Outcome::TimedOut, true) => format!("nc: {name} ({address}:{port}): Connection timed out\n"),
        (Outcome::TimedOut, false) => {
            format!("nc: connect to {shown} port {port} ({word}) timed out: Operation now in progress\n")
        }
        (_, true) => format!("nc: {name} ({address}:{port}): Connection refused\n"),
        (_, false) => format!("nc: connect to {shown} port {port} ({word}) failed: Connection refused\n"),
    };
    let names = matches!(outcome, Outcome::NoSuchName | Outcome::NoNameServer);
    if verbose || names {
        proc.eprint(text);
    }
    i32::from(!matches!(outcome, Outcome::Open { .. }))
}

/// `telnet`: says whether a port is open; what is behind it hangs up when nobody types.
fn run_telnet(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let words: Vec<String> =
            proc.args.iter().skip(1).filter(|it| !it.starts_with('-')).cloned().collect();
        let Some(name) = words.first() else {
            proc.eprint("usage: telnet host-name [port]\n");
            return 1;
        };
        let port = words.get(1).map_or(Some(23), |it| it.parse().ok());
        let Some(port): Option<u16> = port else {
            proc.eprint(format!(
                "telnet: could not resolve {name}/{}: Servname not supported for ai_socktype\n",
                words.get(1).cloned().unwrap_or_default()
            ));
            return 1;
        };
        let Probe { outcome, address, .. } =
            network::probe(&proc.world(), &proc.place, name, port, Protocol::Tcp);
        if matches!(outcome, Outcome::NoSuchName | Outcome::NoNameServer) {
            proc.eprint(format!("telnet: could not resolve {name}/{port}: Name or service not known\n"));
            return 1;
        }
        proc.print(format!("Trying {address}...\n"));
        match outcome {
            Outcome::Open { .. } => {
                proc.print(format!("Connected to {name}.\nEscape character is '^]'.\n"));
                proc.sleep(ROUND_TRIP).await;
                proc.eprint("Connection closed by foreign host.\n");
            }
            Outcome::TimedOut => {
                proc.sleep(CONNECT_LIMIT).await;
                proc.eprint("telnet: Unable to connect to remote host: Connection timed out\n");
            }
            _ => proc.eprint("telnet: Unable to connect to remote host: Connection refused\n"),
        }
        1
    })
}

fn run_ping(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let options = match PING_SPEC.parse(proc.args.get(1..).unwrap_or_default()) {
            Ok(options) => options,
            Err(text) => {
                proc.eprint(text);
                return 2;
            }
        };
        let Some(name) = options.operands.first() else {
            proc.eprint("ping: usage error: Destination address required\n");
            return 2;
        };
        // An echo needs no port: a machine or pod that refuses a connection is there all the same.
        let Probe { outcome, address, .. } =
            network::probe(&proc.world(), &proc.place, name, 7, Protocol::Tcp);
        if matches!(outcome, Outcome::NoSuchName | Outcome::NoNameServer) {
            proc.eprint(format!("ping: {name}: Name or service not known\n"));
            return 2;
        }
        let count: u32 = options.value('c').and_then(|it| it.parse().ok()).unwrap_or(u32::MAX);
        let answers = outcome != Outcome::TimedOut;
        proc.print(format!("PING {name} ({address}) 56(84) bytes of data.\n"));
        for sequence in 1..=count {
            if answers {
                proc.print(format!("64 bytes from {address}: icmp_seq={sequence} ttl=63 time=0.412 ms\n"));
            }
            let last = sequence == count;
            proc.sleep(if last && answers { ROUND_TRIP } else { Duration::from_secs(1) }).await;
        }
        let received = if answers { count } else { 0 };
        let lost = if answers { 0 } else { 100 };
        let ms = u64::from(count.saturating_sub(1)) * 1001;
        proc.print(format!(
            "\n--- {name} ping statistics ---\n{count} packets transmitted, {received} received, {lost}% packet loss, time {ms}ms\n"
        ));
        if answers {
            proc.print("rtt min/avg/max/mdev = 0.412/0.412/0.412/0.000 ms\n");
        }
        i32::from(!answers)
    })
}
