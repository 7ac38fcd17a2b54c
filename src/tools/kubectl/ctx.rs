//! What a verb works with: its process, its flags and arguments, and the connection they lead to.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::flags::Flags;
use super::kubeconfig::{self, Impersonation, KubeConfig};
use super::mapper::Mapper;
use super::{Done, Failure, Verb};
use crate::apimachinery::object::text;
use crate::cluster::api::connect::Endpoint;
use crate::shell::Proc;

/// One run of one verb.
pub(crate) struct Ctx<'p> {
    pub(crate) proc: &'p mut Proc,
    pub(crate) verb: &'static Verb,
    /// `kubectl create deployment`.
    pub(crate) path: String,
    pub(crate) flags: Flags,
    /// The words that are no flags and not the verb itself.
    pub(crate) args: Vec<String>,
    /// How many of `args` stood before `--`; `None` when there was no `--`.
    pub(crate) dash_at: Option<usize>,
    pub(super) config: Option<Arc<KubeConfig>>,
    pub(super) connection: Option<(Endpoint, Impersonation)>,
    pub(super) mapper: Option<Arc<Mapper>>,
    pub(super) warned: BTreeSet<String>,
    /// Requests that were sent.
    pub(super) requests: usize,
    /// Where the server tells what the types of each version are made of and was not asked yet, once it told that.
    pub(super) definitions: Option<std::collections::BTreeMap<String, String>>,
}

/// The namespace of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Namespace {
    pub(crate) name: String,
    /// True when `--namespace` gives it, so that manifests must agree with it.
    pub(crate) explicit: bool,
}

/// What `--dry-run` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DryRun {
    None,
    Client,
    Server,
}

impl DryRun {
    /// What stands behind the sentence about an object: ` (dry run)`, ` (server dry run)` or nothing.
    pub(crate) fn suffix(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Client => " (dry run)",
            Self::Server => " (server dry run)",
        }
    }

    /// The value of the `dryRun` parameter; empty when nothing is asked of the server.
    pub(crate) fn query(self) -> &'static str {
        if self == Self::Server { "All" } else { "" }
    }
}

impl Ctx<'_> {
    /// Writes to standard output.
    pub(crate) fn out(&self, text: &str) {
        self.proc.print(text);
    }

    /// Writes to standard error.
    pub(crate) fn err(&self, text: &str) {
        self.proc.eprint(text);
    }

    /// A failure with the line that points to `-h`.
    pub(crate) fn usage(&self, message: &str) -> Failure {
        Failure::error(format!("{message}\nSee '{} -h' for help and examples", self.path))
    }

    /// Ends a verb with what real kubectl does and this one does not.
    pub(crate) fn not_simulated(&self, what: &str) -> Done {
        Err(Failure::Plain(format!("uncordon: `{what}` is not simulated yet")))
    }

    /// The merged kubeconfig.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(crate) fn config(&mut self) -> Result<Arc<KubeConfig>, Failure> {
        if let Some(config) = &self.config {
            return Ok(Arc::clone(config));
        }
        let config = Arc::new(kubeconfig::load(self.proc, &self.flags)?);
        let (files, _) = kubeconfig::locations(self.proc, &self.flags);
        let read: Vec<String> = files.into_iter().filter(|file| self.proc.read_file(file).is_ok()).collect();
        self.trace_config(&read);
        self.config = Some(Arc::clone(&config));
        Ok(config)
    }

    /// Where requests go and with what.
    ///
    /// # Errors
    /// A kubeconfig that leads nowhere.
    pub(crate) fn endpoint(&mut self) -> Result<(Endpoint, Impersonation), Failure> {
        if let Some(connection) = &self.connection {
            return Ok(connection.clone());
        }
        let config = self.config()?;
        if super::flags::request_timeout(self.flags.text("request-timeout")).is_none() {
            return Err(Failure::error(
                "Invalid timeout value. Timeout must be a single integer in seconds, or an integer followed by a corresponding time unit (e.g. 1s | 2m | 3h)",
            ));
        }
        let connection = kubeconfig::endpoint(self.proc, &config, &self.flags)?;
        self.connection = Some(connection.clone());
        Ok(connection)
    }

    /// The namespace: `--namespace`, the context's, or `default`.
    ///
    /// # Errors
    /// A kubeconfig that cannot be read.
    pub(crate) fn namespace(&mut self) -> Result<Namespace, Failure> {
        let given = self.flags.global("namespace").to_owned();
        if !given.is_empty() {
            return Ok(Namespace { name: given, explicit: true });
        }
        let config = self.config()?;
        let stored = config.context(&self.flags)?.map_or("", |entry| text(&entry.value, "/namespace"));
        let name = if stored.is_empty() { "default" } else { stored };
        Ok(Namespace { name: name.to_owned(), explicit: false })
    }

    /// Reads `--dry-run`; a bare flag or a boolean is the old spelling of `client`, with its warning.
    ///
    /// # Errors
    /// Another value.
    pub(crate) fn dry_run(&mut self) -> Result<DryRun, Failure> {
        let value = self.flags.text("dry-run").to_owned();
        match value.as_str() {
            "client" => Ok(DryRun::Client),
            "server" => Ok(DryRun::Server),
            "none" | "" => Ok(DryRun::None),
            "unchanged" => {
                let words = "--dry-run is deprecated and can be replaced with --dry-run=client.";
                self.klog('W', "helpers.go:715", words);
                Ok(DryRun::Client)
            }
            other => match super::flags::bool_word(other) {
                Some(on) => {
                    let replaced = if on { "client" } else { "none" };
                    let words = format!(
                        "--dry-run={other} is deprecated (boolean value) and can be replaced with --dry-run={replaced}."
                    );
                    self.klog('W', "helpers.go:730", &words);
                    Ok(if on { DryRun::Client } else { DryRun::None })
                }
                None => Err(Failure::error(format!(
                    "Invalid dry-run value ({other}). Must be \"none\", \"server\", or \"client\"."
                ))),
            },
        }
    }

    /// The `fieldValidation` parameter for `--validate`.
    ///
    /// # Errors
    /// A word that is no level.
    pub(crate) fn validation(&self) -> Result<&'static str, Failure> {
        match self.flags.text("validate") {
            "" | "strict" | "true" | "1" | "t" | "T" | "TRUE" | "True" => Ok("Strict"),
            "warn" => Ok("Warn"),
            "ignore" | "false" | "0" | "f" | "F" | "FALSE" | "False" => Ok("Ignore"),
            other => Err(Failure::error(format!(
                "invalid - validate option {other:?}; must be one of: strict (or true), warn, ignore (or false)"
            ))),
        }
    }
}
