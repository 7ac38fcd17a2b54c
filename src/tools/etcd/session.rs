//! A command line of `etcdctl`, understood: certificates, endpoints, and how answers and refusals are told.

use std::time::Duration;

use super::{Refusal, in_order};
use crate::apimachinery::json::{Value, json};
use crate::cluster::Cluster;
use crate::cluster::etcd_client::{self, Credentials, Member};
use crate::shell::Proc;
use crate::tools::kubectl::flags::Flags;

/// What the server says no with: the gRPC code and the sentence.
pub(super) type Denial = (&'static str, &'static str);

/// A command line, understood.
pub(super) struct Session<'a> {
    pub(super) proc: &'a Proc,
    pub(super) flags: Flags,
    pub(super) args: Vec<String>,
    pub(super) credentials: Credentials,
}

impl<'a> Session<'a> {
    /// Reads the certificate files that flags and `ETCDCTL_` variables name.
    pub(super) fn new(proc: &'a Proc, flags: Flags, args: Vec<String>) -> Result<Self, Refusal> {
        let mut session = Self { proc, flags, args, credentials: Credentials::default() };
        let (authority, certificate) = (session.file("cacert")?, session.file("cert")?);
        let key = session.file("key")?;
        if let (Some(certificate), Some(key)) = (&certificate, &key)
            && !crate::hosts::certificates::key_fits(certificate, key)
        {
            return Err(Refusal::new(128, "tls: private key does not match public key"));
        }
        session.credentials = Credentials {
            tls: authority.is_some() || certificate.is_some(),
            certificate: certificate.filter(|_| key.is_some()),
            authority,
            insecure_skip_verify: session.setting("insecure-skip-tls-verify") == "true",
        };
        Ok(session)
    }

    /// A flag, or the variable that stands for it: `--cacert`, `ETCDCTL_CACERT`.
    pub(super) fn setting(&self, flag: &str) -> String {
        let variable = format!("ETCDCTL_{}", flag.to_uppercase().replace('-', "_"));
        match self.proc.env.get(&variable) {
            Some(value) if !self.flags.given(flag) => value.clone(),
            _ => self.flags.text(flag).to_owned(),
        }
    }

    fn file(&self, flag: &str) -> Result<Option<String>, Refusal> {
        let path = self.setting(flag);
        if path.is_empty() {
            return Ok(None);
        }
        match self.proc.read_file(&path) {
            Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
            Err(error) => {
                Err(Refusal::new(128, format!("open {path}: {}", error.to_string().to_lowercase())))
            }
        }
    }

    /// The endpoints, in order.
    pub(super) fn endpoints(&self) -> Vec<String> {
        let all = if self.flags.given("endpoints") {
            self.flags.list("endpoints")
        } else {
            self.setting("endpoints").split(',').map(str::to_owned).collect()
        };
        all.into_iter().filter(|endpoint| !endpoint.is_empty()).collect()
    }

    /// Connects to one endpoint.
    pub(super) fn connect(&self, endpoint: &str) -> Result<Member, String> {
        etcd_client::connect(&self.proc.world(), &self.proc.place, endpoint, &self.credentials)
    }

    /// With `--cluster` the endpoints of all members, otherwise those that were given.
    pub(super) fn asked(&self) -> Result<Vec<String>, Refusal> {
        if !self.flags.on("cluster") {
            return Ok(self.endpoints());
        }
        let member = self.member("Cluster/MemberList")?;
        let urls = self.with(&member, |it| {
            it.control_plane.etcd.members.iter().map(|it| it.client_urls.clone()).collect::<Vec<_>>()
        });
        Ok(urls
            .iter()
            .flat_map(|urls| urls.split(','))
            .filter(|it| !it.is_empty())
            .map(str::to_owned)
            .collect())
    }

    /// The member behind the first endpoint that answers; otherwise the client's complaint.
    pub(super) fn any_member(&self, method: &str) -> Result<Member, Refusal> {
        let mut last = (String::new(), String::new());
        for endpoint in self.endpoints() {
            match self.connect(&endpoint) {
                Ok(member) => {
                    etcd_client::expire(&mut self.proc.world(), &member);
                    return Ok(member);
                }
                Err(why) => last = (endpoint, why),
            }
        }
        self.give_up("etcd-client", &last.0, method, &last.1);
        Err(Refusal::new(1, "context deadline exceeded"))
    }

    /// As [`Self::any_member`], for what most of the members must agree to.
    pub(super) fn member(&self, method: &str) -> Result<Member, Refusal> {
        let member = self.any_member(method)?;
        if self.with(&member, |it| it.control_plane.quorum()) {
            return Ok(member);
        }
        self.pass();
        self.complain(
            "etcd-client",
            &self.endpoints().first().cloned().unwrap_or_default(),
            method,
            "rpc error: code = DeadlineExceeded desc = context deadline exceeded",
        );
        Err(Refusal::new(1, "context deadline exceeded"))
    }

    /// Looks at the cluster behind a member.
    pub(super) fn with<T: Default>(&self, member: &Member, look: impl FnOnce(&Cluster) -> T) -> T {
        self.proc.world().clusters.get(member.cluster).map(look).unwrap_or_default()
    }

    /// Changes the cluster behind a member.
    pub(super) fn change<T: Default>(&self, member: &Member, change: impl FnOnce(&mut Cluster) -> T) -> T {
        self.proc.world().clusters.get_mut(member.cluster).map(change).unwrap_or_default()
    }

    /// Changes the cluster behind a member, or says the server's no.
    pub(super) fn attempt<T>(
        &self,
        member: &Member,
        method: &str,
        change: impl FnOnce(&mut Cluster) -> Result<T, Denial>,
    ) -> Result<T, Refusal> {
        let done = self.proc.world().clusters.get_mut(member.cluster).map(change);
        done.unwrap_or(Err(("Unavailable", "etcdserver: server stopped")))
            .map_err(|why| self.denied(method, why))
    }

    /// The server says no: the client's line, and the sentence it ends with.
    pub(super) fn denied(&self, method: &str, (code, why): Denial) -> Refusal {
        let endpoint = self.endpoints().first().cloned().unwrap_or_default();
        self.complain("etcd-client", &endpoint, method, &format!("rpc error: code = {code} desc = {why}"));
        Refusal::new(1, why)
    }

    fn pass(&self) {
        let wait = if self.flags.given("command-timeout") {
            self.flags.duration("command-timeout")
        } else {
            Duration::from_secs(5)
        };
        self.proc.world().advance(wait);
    }

    /// The line that the gRPC client logs when it gives up, after its time-out.
    pub(super) fn give_up(&self, logger: &str, endpoint: &str, method: &str, why: &str) {
        self.pass();
        let error = format!("rpc error: code = DeadlineExceeded desc = latest balancer error: {why}");
        self.complain(logger, endpoint, method, &error);
    }

    fn complain(&self, logger: &str, endpoint: &str, method: &str, error: &str) {
        let address = endpoint.split_once("://").map_or(endpoint, |(_, address)| address);
        let mut world = self.proc.world();
        let (stamp, pointer) = (world.now.rfc3339_micro(), world.chance.hex(11));
        drop(world);
        self.proc.eprint(format!(
            "{{\"level\":\"warn\",\"ts\":\"{stamp}\",\"logger\":\"{logger}\",\"caller\":\"v3/retry_interceptor.go:65\",\
             \"msg\":\"retrying of unary invoker failed\",\"target\":\"etcd-endpoints://0x{pointer}/{address}\",\
             \"method\":\"/etcdserverpb.{method}\",\"attempt\":0,\"error\":{}}}\n",
            json!(error)
        ));
    }

    /// `simple`, `table`, `json`, `fields`.
    pub(super) fn format(&self) -> String {
        self.setting("write-out")
    }

    /// Refuses formats that a command does not have.
    pub(super) fn only(&self, formats: &[&str]) -> Result<(), Refusal> {
        let format = self.format();
        if formats.contains(&format.as_str()) {
            return Ok(());
        }
        match format.as_str() {
            "table" => Err(Refusal::new(4, "table is not supported as an output format")),
            "protobuf" => Err(Refusal::new(1, "uncordon: `--write-out=protobuf` is not simulated yet")),
            "json" | "fields" => Err(Refusal::new(
                1,
                format!("uncordon: `--write-out={format}` of this command is not simulated yet"),
            )),
            _ => Err(Refusal::new(4, "unsupported output format")),
        }
    }

    /// The header of an answer.
    pub(super) fn header(&self, member: &Member) -> Value {
        let (cluster, term, revision) = self.with(member, |it| {
            let etcd = &it.control_plane.etcd;
            (etcd.cluster_id, etcd.term, it.store.revision())
        });
        json!({"cluster_id": cluster, "member_id": member.id, "revision": revision, "raft_term": term})
    }

    /// Says `sentence`, or the answer as JSON or fields: the header and `more`.
    pub(super) fn answer(&self, member: &Member, sentence: &str, more: Value) -> Result<(), Refusal> {
        self.only(&["simple", "json", "fields"])?;
        let mut whole = json!({"header": self.header(member)});
        if let (Some(whole), Value::Object(more)) = (whole.as_object_mut(), more) {
            whole.extend(more);
        }
        match self.format().as_str() {
            "json" => self.proc.print(format!("{}\n", in_order(&whole))),
            "fields" => self.proc.print(fields(&whole)),
            _ => self.proc.print(sentence),
        }
        Ok(())
    }

    /// An id in hexadecimal, as `member` and `lease` take them.
    pub(super) fn id(&self, what: &str) -> Result<u64, Refusal> {
        let word = self.args.first().map_or("", String::as_str);
        u64::from_str_radix(word, 16).map_err(|_| {
            let parse = if what == "lease" { "ParseInt" } else { "ParseUint" };
            let sentence = format!(
                "bad {what} ID arg (strconv.{parse}: parsing {word:?}: invalid syntax), expecting ID in Hex"
            );
            Refusal::new(128, sentence)
        })
    }
}

/// The header's names in `--write-out=fields`, and of what else has one word in JSON.
const FIELDS: &[(&str, &str)] = &[
    ("cluster_id", "ClusterID"),
    ("member_id", "MemberID"),
    ("revision", "Revision"),
    ("raft_term", "RaftTerm"),
    ("deleted", "Deleted"),
    ("ID", "ID"),
    ("TTL", "TTL"),
];

fn fields(answer: &Value) -> String {
    let mut text = String::new();
    let header = answer.get("header").and_then(Value::as_object).into_iter().flatten();
    let rest = answer.as_object().into_iter().flatten().filter(|(name, _)| *name != "header");
    for (name, value) in header.chain(rest) {
        if let Some((_, shown)) = FIELDS.iter().find(|(it, _)| it == name) {
            text.push_str(&format!("{shown:?} : {value}\n"));
        }
    }
    text
}
