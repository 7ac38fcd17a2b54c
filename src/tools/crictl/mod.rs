//! `crictl` and `ctr`: containers as the runtime of a machine has them.
//!
//! Works without an API server: what it shows is what runs on the machine, static pods first of all.

mod act;
mod ctr;
mod dial;
mod images;
mod inspect;
mod list;
mod rows;

use crate::cluster::Place;
use crate::shell::{Proc, Program, Running};

pub(crate) use ctr::CTR;

pub(crate) const CRICTL: Program = Program { name: "crictl", summary: "Client of container runtimes", run };

/// A read command line: flags with values by name, and operands.
struct Args {
    flags: Vec<(String, String)>,
    operands: Vec<String>,
}

/// Flags that take a value, of any verb.
const VALUED: &[&str] = &[
    "c",
    "config",
    "r",
    "runtime-endpoint",
    "i",
    "image-endpoint",
    "t",
    "timeout",
    "name",
    "state",
    "s",
    "o",
    "output",
    "pod",
    "p",
    "label",
    "image",
    "namespace",
    "tail",
    "since",
    "n",
    "last",
    "id",
    "auth",
    "creds",
];

impl Args {
    /// `-o json`, `--output=json`, `-aq`. The value flags `-p` and `-t` of some verbs take none: `bare`.
    fn parse(words: &[String], bare: &[&str]) -> Self {
        let mut found = Self { flags: Vec::new(), operands: Vec::new() };
        let mut rest = words.iter();
        let valued = |name: &str| VALUED.contains(&name) && !bare.contains(&name);
        while let Some(word) = rest.next() {
            if word == "--" {
                found.operands.extend(rest.by_ref().cloned());
            } else if let Some(name) =
                word.strip_prefix("--").or_else(|| word.strip_prefix('-')).filter(|it| !it.is_empty())
            {
                let is_long = word.starts_with("--")
                    || name.len() > 1 && valued(name.split('=').next().unwrap_or(name));
                if let Some((name, value)) = name.split_once('=') {
                    found.flags.push((name.to_owned(), value.to_owned()));
                } else if valued(name) {
                    found.flags.push((name.to_owned(), rest.next().cloned().unwrap_or_default()));
                } else if is_long || name.len() == 1 || !name.chars().all(|c| c.is_ascii_alphabetic()) {
                    found.flags.push((name.to_owned(), String::new()));
                } else {
                    found.flags.extend(name.chars().map(|letter| (letter.to_string(), String::new())));
                }
            } else {
                found.operands.push(word.clone());
            }
        }
        found
    }

    fn has(&self, names: &[&str]) -> bool {
        self.flags.iter().any(|(name, _)| names.contains(&name.as_str()))
    }

    fn value(&self, names: &[&str]) -> Option<&str> {
        self.flags
            .iter()
            .rev()
            .find(|(name, _)| names.contains(&name.as_str()))
            .map(|(_, value)| value.as_str())
    }
}

/// A call on a machine.
struct Call<'a> {
    proc: &'a Proc,
    host: String,
    args: Args,
}

impl Call<'_> {
    /// Ends with a message as logrus prints fatal ones on a terminal.
    fn fatal(&self, text: &str) -> i32 {
        self.proc.eprint(format!("FATA[0000] {text}\n"));
        1
    }
}

/// The verbs, with the flags of each that take no value though others' do.
const VERBS: &[(&str, &[&str])] = &[
    ("ps", &[]),
    ("pods", &[]),
    ("images", &[]),
    ("image", &[]),
    ("img", &[]),
    ("inspect", &[]),
    ("inspecti", &[]),
    ("inspectp", &[]),
    ("logs", &["p", "t"]),
    ("exec", &["i", "t", "s"]),
    ("stop", &[]),
    ("rm", &[]),
    ("stopp", &[]),
    ("rmp", &[]),
    ("pull", &[]),
    ("rmi", &["p"]),
    ("info", &[]),
    ("stats", &[]),
    ("statsp", &[]),
    ("version", &[]),
    ("config", &[]),
    ("start", &[]),
    ("create", &[]),
    ("run", &[]),
    ("runp", &[]),
    ("attach", &[]),
    ("port-forward", &[]),
    ("update", &[]),
    ("events", &[]),
    ("imagefsinfo", &[]),
    ("completion", &[]),
];

fn run(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let Place::Host(host) = proc.place.clone() else {
            proc.eprint("uncordon: crictl in a container is not simulated yet\n");
            return 1;
        };
        let words = proc.args.get(1..).unwrap_or_default();
        let at = words.iter().position(|word| VERBS.iter().any(|(verb, _)| verb == word));
        let Some(at) = at else {
            if words.iter().any(|it| it == "--version" || it == "-v") {
                proc.print(format!("crictl version v{}\n", dial::own_version(proc, &host)));
                return 0;
            }
            return match words.iter().find(|it| !it.starts_with('-')) {
                Some(word) => {
                    proc.print(format!("No help topic for '{word}'\n"));
                    3
                }
                None => {
                    proc.print("NAME:\n   crictl - client for CRI\n\nUSAGE:\n   crictl [global options] command [command options] [arguments...]\n");
                    0
                }
            };
        };
        let verb = words.get(at).cloned().unwrap_or_default();
        let bare = VERBS.iter().find(|(known, _)| *known == verb).map_or(&[][..], |(_, bare)| bare);
        let mut args = Args::parse(words.get(at + 1..).unwrap_or_default(), bare);
        args.flags.extend(Args::parse(words.get(..at).unwrap_or_default(), &[]).flags);
        let call = Call { proc, host, args };
        verb_of(&call, &verb).await
    })
}

async fn verb_of(call: &Call<'_>, verb: &str) -> i32 {
    match verb {
        "config" => return dial::config(call),
        "completion" => return 0,
        _ => {}
    }
    if let Err(text) = dial::connect(call) {
        return call.fatal(&text);
    }
    match verb {
        "ps" => list::containers(call),
        "pods" => list::pods(call),
        "images" | "image" | "img" => images::list(call),
        "inspect" => inspect::containers(call),
        "inspectp" => inspect::pods(call),
        "inspecti" => images::inspect(call),
        "pull" => images::pull(call).await,
        "rmi" => images::remove(call),
        "logs" => act::logs(call).await,
        "exec" => act::exec(call).await,
        "stop" => act::stop(call).await,
        "rm" => act::remove(call),
        "stopp" => act::stop_pods(call).await,
        "rmp" => act::remove_pods(call).await,
        "info" => inspect::info(call),
        "stats" => list::stats(call),
        "version" => inspect::version(call),
        other => {
            call.proc.eprint(format!("uncordon: crictl {other} is not simulated yet\n"));
            1
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Args;

    #[test]
    fn flags_come_joined_and_with_values() {
        let words: Vec<String> = ["-aq", "--name", "etcd", "-o=json", "abc"].map(str::to_owned).into();
        let args = Args::parse(&words, &[]);
        assert!(args.has(&["a"]) && args.has(&["q"]));
        assert_eq!((args.value(&["name"]), args.value(&["o", "output"])), (Some("etcd"), Some("json")));
        assert_eq!(args.operands, ["abc"]);
    }
}
