//! kubeconfig files: where they are, how several become one, and what a client takes from them.
//!
//! Rules of client-go's `clientcmd`: the first file that names a cluster, context or user wins; relative
//! paths of certificates are relative to their file.

use std::collections::BTreeMap;

use base64::Engine as _;

use super::Failure;
use super::flags::Flags;
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::{flag, list, text};
use crate::apimachinery::yaml;
use crate::cluster::api::connect::Endpoint;
use crate::hosts::{FsError, certificates, files};
use crate::shell::Proc;
use crate::sim::memo::Memo;

/// One named cluster, context or user, with the file that it comes from.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Entry {
    pub(crate) value: Value,
    pub(crate) file: String,
}

/// All files merged.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct KubeConfig {
    pub(crate) clusters: BTreeMap<String, Entry>,
    pub(crate) contexts: BTreeMap<String, Entry>,
    pub(crate) users: BTreeMap<String, Entry>,
    pub(crate) current_context: String,
    /// False when no file was there.
    pub(crate) found: bool,
}

/// The files to read, in order, as absolute paths; true when `--kubeconfig` names it, which then must exist.
pub(crate) fn locations(proc: &Proc, flags: &Flags) -> (Vec<String>, bool) {
    let (named, explicit) = named(proc, flags);
    (named.iter().map(|path| proc.path(path)).collect(), explicit)
}

/// The files as they are written on the command line and in the environment.
fn named(proc: &Proc, flags: &Flags) -> (Vec<String>, bool) {
    let explicit = flags.text("kubeconfig");
    if !explicit.is_empty() {
        return (vec![explicit.to_owned()], true);
    }
    if let Some(list) = proc.env.get("KUBECONFIG").filter(|list| !list.is_empty()) {
        let mut paths: Vec<String> = Vec::new();
        for path in list.split(':').filter(|path| !path.is_empty()) {
            if !paths.iter().any(|known| known == path) {
                paths.push(path.to_owned());
            }
        }
        return (paths, false);
    }
    (vec![home_file(proc, "config")], false)
}

/// A file of `~/.kube`.
pub(crate) fn home_file(proc: &Proc, name: &str) -> String {
    let home = proc.env.get("HOME").map_or("/root", String::as_str);
    files::clean(home, &format!(".kube/{name}"))
}

/// Reads and merges the files that the flags and the environment name.
///
/// # Errors
/// A missing `--kubeconfig`, or a file that is none.
pub(crate) fn load(proc: &Proc, flags: &Flags) -> Result<KubeConfig, Failure> {
    let (paths, explicit) = named(proc, flags);
    let mut merged = KubeConfig::default();
    for path in paths {
        match load_file(proc, &path)? {
            Some(tree) => merged.add(&tree, &proc.path(&path)),
            None if explicit => {
                let path = flags.text("kubeconfig");
                return Err(Failure::error(format!("stat {path}: no such file or directory")));
            }
            None => {}
        }
    }
    Ok(merged)
}

/// One file, given as it is to be named in failures, as a tree; `None` when it is not there.
///
/// # Errors
/// kubectl's sentence about a file that cannot be read as a Config.
pub(crate) fn load_file(proc: &Proc, path: &str) -> Result<Option<Value>, Failure> {
    let wrong = |why: &str| Failure::error(format!("error loading config file {path:?}: {why}"));
    let bytes = match proc.read_file(path) {
        Ok(bytes) => bytes,
        Err(FsError::NotFound) => return Ok(None),
        Err(error) => {
            return Err(wrong(&format!("open {path}: {}", crate::tools::kubectl::failure::go_error(error))));
        }
    };
    let content = String::from_utf8_lossy(&bytes);
    // What looks like JSON is YAML to this reader, too.
    let documents = match content.trim_start().starts_with('{') {
        true => yaml::document(&content).map(|tree| vec![tree]),
        false => yaml::documents(&content),
    };
    let mut documents =
        documents.map_err(|why| wrong(why.trim_start_matches("error converting YAML to JSON: ")))?;
    let tree = if documents.is_empty() { json!({}) } else { documents.swap_remove(0) };
    check(&tree).map_err(|why| wrong(&why))?;
    Ok(Some(tree))
}

/// What the decoder of Configs refuses.
fn check(tree: &Value) -> Result<(), String> {
    if !tree.is_object() {
        return Err(
            "couldn't get version/kind; json parse error: json: cannot unmarshal string into Go value of \
             type struct { APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \
             \"json:\\\"kind,omitempty\\\"\" }"
                .into(),
        );
    }
    let (version, kind) = (text(tree, "/apiVersion"), text(tree, "/kind"));
    if !(matches!(version, "" | "v1") && matches!(kind, "" | "Config")) {
        let version = if version.is_empty() { "v1" } else { version };
        let scheme = "k8s.io/client-go/tools/clientcmd/api/latest/latest.go:50";
        let kind = if kind.is_empty() { "Config" } else { kind };
        return Err(format!("no kind {kind:?} is registered for version {version:?} in scheme {scheme:?}"));
    }
    for (part, inner) in [("clusters", "cluster"), ("users", "user")] {
        for item in list(tree, &format!("/{part}")) {
            for key in ["certificate-authority-data", "client-certificate-data", "client-key-data"] {
                let data = text(item, &format!("/{inner}/{key}"));
                decode(data)?;
            }
        }
    }
    Ok(())
}

/// Three values a user, of the contexts in use.
static DECODED: Memo<Result<Vec<u8>, String>> = Memo::new(24);

/// Standard base64, with Go's sentence about the first byte that is none.
fn decode(data: &str) -> Result<Vec<u8>, String> {
    DECODED.get(data, || decode_anew(data))
}

fn decode_anew(data: &str) -> Result<Vec<u8>, String> {
    let clean: String = data.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
    base64::engine::general_purpose::STANDARD.decode(&clean).map_err(|error| {
        let at = match error {
            base64::DecodeError::InvalidByte(at, _)
            | base64::DecodeError::InvalidLastSymbol { offset: at, .. } => at,
            _ => clean.len() / 4 * 4,
        };
        format!("illegal base64 data at input byte {at}")
    })
}

impl KubeConfig {
    /// Adds what a further file names first.
    pub(crate) fn add(&mut self, tree: &Value, file: &str) {
        self.found = true;
        let parts = [
            ("/clusters", "/cluster", &mut self.clusters),
            ("/contexts", "/context", &mut self.contexts),
            ("/users", "/user", &mut self.users),
        ];
        for (part, inner, into) in parts {
            for item in list(tree, part) {
                let value = item.pointer(inner).cloned().unwrap_or_else(|| json!({}));
                let entry = Entry { value, file: file.to_owned() };
                into.entry(text(item, "/name").to_owned()).or_insert(entry);
            }
        }
        if self.current_context.is_empty() {
            self.current_context = text(tree, "/current-context").to_owned();
        }
    }

    /// The context that `--context` or the files choose.
    pub(crate) fn context_name<'a>(&'a self, flags: &'a Flags) -> &'a str {
        match flags.text("context") {
            "" => &self.current_context,
            name => name,
        }
    }

    /// The chosen context; `None` when none is chosen.
    ///
    /// # Errors
    /// A chosen context that is not there.
    pub(crate) fn context(&self, flags: &Flags) -> Result<Option<&Entry>, Failure> {
        match self.context_name(flags) {
            "" => Ok(None),
            name => match self.contexts.get(name) {
                Some(entry) => Ok(Some(entry)),
                None => {
                    Err(Failure::Config(vec![format!("context was not found for specified context: {name}")]))
                }
            },
        }
    }
}

/// Who to pretend to be: pairs of header and value, in order.
pub(crate) type Impersonation = Vec<(String, String)>;

/// Where to dial and with what, from the merged files and the flags that override them.
///
/// # Errors
/// kubectl's sentence about a context, cluster or user that cannot be used.
pub(crate) fn endpoint(
    proc: &Proc,
    config: &KubeConfig,
    flags: &Flags,
) -> Result<(Endpoint, Impersonation), Failure> {
    let empty = Entry { value: json!({}), file: String::new() };
    let context = config.context(flags)?.unwrap_or(&empty);
    let pick = |over: &str, key: &str| match flags.global(over) {
        "" => text(&context.value, key).to_owned(),
        name => name.to_owned(),
    };
    let (cluster_name, user_name) = (pick("cluster", "/cluster"), pick("user", "/user"));
    for (flag, name, all) in
        [("cluster", &cluster_name, &config.clusters), ("user", &user_name, &config.users)]
    {
        if !flags.global(flag).is_empty() && !all.contains_key(name) {
            return Err(Failure::error(match flag {
                "user" => format!("auth info {name:?} does not exist"),
                _ => format!("no server found for cluster {name:?}"),
            }));
        }
    }
    let identity_of_nobody = flags.global("as").is_empty()
        && (!flags.global("as-uid").is_empty() || !flags.list("as-group").is_empty());
    if identity_of_nobody {
        return Err(Failure::error(format!(
            "requesting uid, groups or user-extra for {user_name} without impersonating a user"
        )));
    }
    let cluster = config.clusters.get(&cluster_name).unwrap_or(&empty);
    let user = config.users.get(&user_name).unwrap_or(&empty);
    let mut endpoint = Endpoint { server: server(&cluster.value, flags), ..Endpoint::default() };
    trust(proc, &cluster_name, cluster, flags, &mut endpoint)?;
    let known = config.users.contains_key(&user_name);
    credentials(proc, &user_name, user, flags, &mut endpoint)?;
    let anonymous = endpoint.client_certificate.is_none() && endpoint.token.is_none();
    let has_basic = !text(&user.value, "/username").is_empty() || flags.given("username");
    let secure = endpoint.server.starts_with("https://");
    if anonymous && secure && !has_basic && (config.found || known) && !config.clusters.is_empty() {
        return Err(Failure::Plain("Please enter Username: error: EOF".into()));
    }
    Ok((endpoint, impersonation(&user.value, flags)))
}

fn server(cluster: &Value, flags: &Flags) -> String {
    let given = match flags.text("server") {
        "" => text(cluster, "/server"),
        server => server,
    };
    match given {
        "" => "http://localhost:8080".into(),
        url if url.contains("://") => url.trim_end_matches('/').to_owned(),
        bare => format!("http://{}", bare.trim_end_matches('/')),
    }
}

fn trust(
    proc: &Proc,
    name: &str,
    cluster: &Entry,
    flags: &Flags,
    endpoint: &mut Endpoint,
) -> Result<(), Failure> {
    endpoint.insecure_skip_tls_verify =
        flags.on("insecure-skip-tls-verify") || flag(&cluster.value, "/insecure-skip-tls-verify");
    endpoint.tls_server_name = [flags.text("tls-server-name"), text(&cluster.value, "/tls-server-name")]
        .into_iter()
        .find(|name| !name.is_empty())
        .map(str::to_owned);
    let pem = material(proc, cluster, flags, "certificate-authority", name)?;
    if endpoint.insecure_skip_tls_verify {
        if pem.is_some()
            && flag(&cluster.value, "/insecure-skip-tls-verify")
            && !flags.given("insecure-skip-tls-verify")
        {
            return Err(Failure::error(
                "specifying a root certificates file with the insecure flag is not allowed",
            ));
        }
        return Ok(());
    }
    if pem.as_ref().is_some_and(|pem| !has_pem(pem)) {
        return Err(Failure::error("unable to load root certificates: unable to parse bytes as PEM block"));
    }
    endpoint.certificate_authority = pem;
    Ok(())
}

fn credentials(
    proc: &Proc,
    name: &str,
    user: &Entry,
    flags: &Flags,
    endpoint: &mut Endpoint,
) -> Result<(), Failure> {
    endpoint.token = token(proc, user, flags)?;
    let certificate = material(proc, user, flags, "client-certificate", name)?;
    let key = material(proc, user, flags, "client-key", name)?;
    match (&certificate, &key) {
        (Some(_), None) => {
            return Err(Failure::error(
                "client-key-data or client-key must be specified for {USER} to use the clientCert authentication method."
                    .replace("{USER}", name),
            ));
        }
        // What is in files is read anew at each connection, which then says what is wrong.
        (Some(certificate), Some(key)) if !from_files(user, flags) => {
            let text = String::from_utf8_lossy;
            certificates::pair(&text(certificate), &text(key)).map_err(Failure::error)?;
        }
        _ => {}
    }
    endpoint.client_certificate = certificate;
    endpoint.client_key = key;
    Ok(())
}

/// True when both the client's certificate and its key are named as files.
pub(crate) fn from_files(user: &Entry, flags: &Flags) -> bool {
    let file = |key: &str| {
        let inline = !text(&user.value, &format!("/{key}-data")).is_empty();
        !flags.text(key).is_empty() || !inline && !text(&user.value, &format!("/{key}")).is_empty()
    };
    file("client-certificate") && file("client-key")
}

fn token(proc: &Proc, user: &Entry, flags: &Flags) -> Result<Option<String>, Failure> {
    if !flags.global("token").is_empty() {
        return Ok(Some(flags.global("token").to_owned()));
    }
    let file = text(&user.value, "/tokenFile");
    if !file.is_empty() {
        let path = beside(&user.file, file);
        return match proc.read_file(&path) {
            Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).trim().to_owned())),
            Err(error) => Err(Failure::error(format!(
                "open {path}: {}",
                crate::tools::kubectl::failure::go_error(error)
            ))),
        };
    }
    Ok(Some(text(&user.value, "/token")).filter(|token| !token.is_empty()).map(str::to_owned))
}

/// The PEM bytes under `key` or `key-data`, or in the file of the flag of that name.
fn material(
    proc: &Proc,
    entry: &Entry,
    flags: &Flags,
    key: &str,
    owner: &str,
) -> Result<Option<Vec<u8>>, Failure> {
    let data = text(&entry.value, &format!("/{key}-data"));
    let file = match flags.text(key) {
        "" if !data.is_empty() => return decode(data).map(Some).map_err(Failure::error),
        "" => match text(&entry.value, &format!("/{key}")) {
            "" => return Ok(None),
            path => beside(&entry.file, path),
        },
        given => given.to_owned(),
    };
    match proc.read_file(&proc.path(&file)) {
        Ok(bytes) => Ok(Some(bytes.to_vec())),
        Err(error) => Err(Failure::error(format!(
            "unable to read {} {file} for {owner} due to open {file}: {}",
            if key == "client-certificate" { "client-cert" } else { key },
            crate::tools::kubectl::failure::go_error(error)
        ))),
    }
}

fn beside(file: &str, path: &str) -> String {
    files::clean(files::parent(file), path)
}

fn has_pem(bytes: &[u8]) -> bool {
    String::from_utf8_lossy(bytes).contains("-----BEGIN ")
}

fn impersonation(user: &Value, flags: &Flags) -> Impersonation {
    let mut all = Vec::new();
    let mut add = |header: &str, value: &str| {
        if !value.is_empty() {
            all.push((header.to_owned(), value.to_owned()));
        }
    };
    let or = |given: &str, stored: &str| if given.is_empty() { stored.to_owned() } else { given.to_owned() };
    add("Impersonate-User", &or(flags.text("as"), text(user, "/as")));
    add("Impersonate-Uid", &or(flags.text("as-uid"), text(user, "/as-uid")));
    for group in flags.list("as-group") {
        add("Impersonate-Group", &group);
    }
    if !flags.given("as-group") {
        for group in list(user, "/as-groups") {
            add("Impersonate-Group", group.as_str().unwrap_or(""));
        }
    }
    for extra in flags.list("as-user-extra") {
        if let Some((key, value)) = extra.split_once('=') {
            add(&format!("Impersonate-Extra-{key}"), value);
        }
    }
    all
}
