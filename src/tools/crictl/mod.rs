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
mod stats;

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
    "template",
    "annotation",
    "log-dir",
    "get",
    "seconds",
    "limit-bytes",
];

impl Args {
    /// `-o json`, `--output=json`, `-aq`. The value flags `-p` and `-t` of some verbs take none: `bare`.
    fn parse(words: &[String], bare: &[&str]) -> Self {
        Self::read(words, bare, false)
    }

    /// As [`Self::parse`]; with `prefix`, the first operand ends the flags: the others are a command's.
    fn read(words: &[String], bare: &[&str], prefix: bool) -> Self {
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
                if prefix {
                    found.operands.extend(rest.by_ref().cloned());
                }
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
    ("rmi", &["p", "i", "n"]),
    ("info", &[]),
    ("stats", &[]),
    ("statsp", &[]),
    ("version", &[]),
    ("config", &["i", "l"]),
    ("start", &[]),
    ("create", &[]),
    ("run", &[]),
    ("runp", &[]),
    ("attach", &[]),
    ("port-forward", &[]),
    ("update", &[]),
    ("events", &[]),
    ("imagefsinfo", &[]),
    ("metricsp", &[]),
    ("metricdescs", &[]),
    ("runtime-config", &[]),
    ("update-runtime-config", &[]),
    ("checkpoint", &[]),
    ("help", &[]),
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
                    proc.print(help(proc, &host));
                    0
                }
            };
        };
        let verb = words.get(at).cloned().unwrap_or_default();
        let bare = VERBS.iter().find(|(known, _)| *known == verb).map_or(&[][..], |(_, bare)| bare);
        let mut args = Args::read(words.get(at + 1..).unwrap_or_default(), bare, verb == "exec");
        args.flags.extend(Args::parse(words.get(..at).unwrap_or_default(), &[]).flags);
        let call = Call { proc, host, args };
        verb_of(&call, &verb).await
    })
}

async fn verb_of(call: &Call<'_>, verb: &str) -> i32 {
    match verb {
        "config" => return dial::config(call),
        "completion" => return 0,
        "help" => {
            call.proc.print(help(call.proc, &call.host));
            return 0;
        }
        _ => {}
    }
    if let Some(unknown) = call.args.flags.iter().map(|(name, _)| name).find(|it| !is_flag(it)) {
        call.proc.print(format!("Incorrect Usage: flag provided but not defined: -{unknown}\n\n"));
        return call.fatal(&format!("flag provided but not defined: -{unknown}"));
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
        "stats" => stats::containers(call),
        "statsp" => stats::pods(call),
        "imagefsinfo" => stats::image_file_system(call),
        "runtime-config" => {
            call.proc.print("cgroupDriver: SYSTEMD\n");
            0
        }
        "version" => inspect::version(call),
        other => {
            call.proc.eprint(format!("uncordon: crictl {other} is not simulated yet\n"));
            1
        }
    }
}

/// Flags without a value, of any verb.
const SWITCHES: &[&str] = &[
    "a",
    "all",
    "q",
    "quiet",
    "v",
    "verbose",
    "no-trunc",
    "latest",
    "l",
    "f",
    "follow",
    "force",
    "p",
    "previous",
    "t",
    "timestamps",
    "tty",
    "i",
    "interactive",
    "sync",
    "digests",
    "prune",
    "D",
    "debug",
    "resolve-image-path",
    "r",
    "h",
    "help",
    "no-pull",
    "with-pull",
    "w",
    "watch",
    "set",
    "list",
    "tail",
    "n",
    "d",
    "transport",
    "keep-running",
];

/// True for a flag that some verb has.
fn is_flag(name: &str) -> bool {
    VALUED.contains(&name) || SWITCHES.contains(&name)
}

/// What the verbs are for, in our words.
const SUMMARIES: &[(&str, &str)] = &[
    ("attach", "Attach to a running container"),
    ("config", "Get, set and list client settings"),
    ("create", "Create a container in a sandbox"),
    ("events", "Follow what happens to containers"),
    ("exec", "Run a command in a container"),
    ("images, image, img", "List images"),
    ("imagefsinfo", "Usage of the file system that holds images"),
    ("info", "State and settings of the runtime"),
    ("inspect", "State of containers"),
    ("inspecti", "State of images"),
    ("inspectp", "State of pods"),
    ("logs", "Logs of a container"),
    ("pods", "List pods"),
    ("port-forward", "Forward a local port to a pod"),
    ("ps", "List containers"),
    ("pull", "Pull an image from a registry"),
    ("rm", "Remove containers"),
    ("rmi", "Remove images"),
    ("rmp", "Remove pods"),
    ("run", "Run a container in a new sandbox"),
    ("runp", "Run a new pod"),
    ("start", "Start created containers"),
    ("stats", "Usage of containers"),
    ("statsp", "Usage of pods"),
    ("stop", "Stop running containers"),
    ("stopp", "Stop running pods"),
    ("update", "Change the resources of containers"),
    ("version", "Version of the runtime"),
    ("help, h", "Show the commands, or help for one"),
];

fn help(proc: &Proc, host: &str) -> String {
    let rows: String = SUMMARIES.iter().map(|(verb, text)| format!("   {verb:<22} {text}\n")).collect();
    format!(
        "NAME:\n   crictl - client for CRI\n\nUSAGE:\n   crictl [global options] command [command options] [arguments...]\n\n\
         VERSION:\n   v{}\n\nCOMMANDS:\n{rows}\nGLOBAL OPTIONS:\n   --config value, -c value            (default: \"/etc/crictl.yaml\") [$CRI_CONFIG_FILE]\n   \
         --debug, -D                         (default: false)\n   --image-endpoint value, -i value    [$IMAGE_SERVICE_ENDPOINT]\n   \
         --runtime-endpoint value, -r value  [$CONTAINER_RUNTIME_ENDPOINT]\n   --timeout value, -t value           (default: 2s)\n   \
         --help, -h\n   --version, -v\n",
        dial::own_version(proc, host)
    )
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
