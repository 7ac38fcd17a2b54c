//! Bearer tokens: service account tokens (JWT, RS256), bootstrap tokens.

use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::cluster::api::connect;
use crate::cluster::{Body, ClusterId, Response, UserInfo, World};
use crate::hosts::certificates;
use crate::sim::SimTime;

/// `--service-account-issuer` of kubeadm, and the audience of the API server itself.
pub(crate) const ISSUER: &str = "https://kubernetes.default.svc.cluster.local";

/// Whose token it is and for whom it is good.
#[derive(Clone, Debug)]
pub(crate) struct Authenticated {
    pub(crate) user: UserInfo,
    pub(crate) audiences: Vec<String>,
}

/// The groups of every service account of a namespace.
pub(crate) fn account_groups(namespace: &str) -> Vec<String> {
    vec!["system:serviceaccounts".into(), format!("system:serviceaccounts:{namespace}")]
}

/// Finds out whose token this is. `audiences` empty means the API server itself.
///
/// # Errors
/// The sentence that a TokenReview shows.
pub(crate) fn authenticate(
    world: &World,
    cluster: ClusterId,
    token: &str,
    audiences: &[String],
) -> Result<Authenticated, String> {
    if let Some(user) = bootstrap(world, cluster, token) {
        return Ok(Authenticated { user, audiences: vec![ISSUER.into()] });
    }
    let claims = verified(world, cluster, token).ok_or("invalid bearer token")?;
    check_claims(world, cluster, &claims, audiences).map_err(|why| format!("[invalid bearer token, {why}]"))
}

fn parts(token: &str) -> Option<(&str, Vec<u8>, Vec<u8>)> {
    let (signed, signature) = token.rsplit_once('.')?;
    let (_, payload) = signed.split_once('.')?;
    Some((signed, URL_SAFE_NO_PAD.decode(payload).ok()?, URL_SAFE_NO_PAD.decode(signature).ok()?))
}

/// The claims of a token whose signature is ours.
fn verified(world: &World, cluster: ClusterId, token: &str) -> Option<Value> {
    let (signed, payload, signature) = parts(token)?;
    let claims: Value = serde_json::from_slice(&payload).ok()?;
    let public =
        connect::server_file(world, cluster, "service-account-key-file", "/etc/kubernetes/pki/sa.pub")?;
    let ours = [ISSUER, "kubernetes/serviceaccount"].contains(&object::field(&claims, "iss"));
    (ours && signature_fits(&public, signed, &signature)).then_some(claims)
}

/// Tokens whose signatures were verified lately. Only saves time: the answer depends on the bytes alone.
static KNOWN: Mutex<Vec<(String, Vec<u8>, bool)>> = Mutex::new(Vec::new());

const KNOWN_MAX: usize = 64;

fn signature_fits(public: &[u8], signed: &str, signature: &[u8]) -> bool {
    let key = [public, signature].concat();
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, _, answer)) = known.iter().find(|(text, it, _)| text == signed && *it == key) {
        return *answer;
    }
    let answer = verify_rsa(public, signed.as_bytes(), signature);
    if known.len() >= KNOWN_MAX {
        known.remove(0);
    }
    known.push((signed.to_owned(), key, answer));
    answer
}

fn verify_rsa(public_pem: &[u8], message: &[u8], signature: &[u8]) -> bool {
    use x509_parser::prelude::FromDer as _;
    let Some(der) = certificates::pem_body(&String::from_utf8_lossy(public_pem)) else { return false };
    let Ok((_, spki)) = x509_parser::x509::SubjectPublicKeyInfo::from_der(&der) else { return false };
    let key = spki.subject_public_key.data.as_ref();
    let algorithm = &ring::signature::RSA_PKCS1_2048_8192_SHA256;
    ring::signature::UnparsedPublicKey::new(algorithm, key).verify(message, signature).is_ok()
}

fn check_claims(
    world: &World,
    cluster: ClusterId,
    claims: &Value,
    wanted: &[String],
) -> Result<Authenticated, String> {
    let audiences = check_audience(claims, wanted)?;
    check_time(claims, world.now)?;
    let (namespace, name, uid) = account_of(claims);
    let store = &world.clusters.get(cluster).ok_or("no such cluster")?.store;
    let invalidated = || "service account token has been invalidated".to_owned();
    let Some(account) = store.find("serviceaccounts", &namespace, &name) else {
        return Err(format!("serviceaccounts {name:?} not found"));
    };
    if !uid.is_empty() && object::uid(account) != uid {
        return Err(format!("service account UID ({}) does not match claim ({uid})", object::uid(account)));
    }
    let mut user = UserInfo {
        name: format!("system:serviceaccount:{namespace}:{name}"),
        uid: object::uid(account).to_owned(),
        groups: account_groups(&namespace),
        extra: Vec::new(),
    };
    for (kind, resource) in [("secret", "secrets"), ("pod", "pods"), ("node", "nodes")] {
        let bound = object::text(claims, &format!("/kubernetes.io/{kind}/name"));
        if bound.is_empty() {
            continue;
        }
        let bound_namespace = if kind == "node" { "" } else { namespace.as_str() };
        let uid = object::text(claims, &format!("/kubernetes.io/{kind}/uid"));
        let alive = store.find(resource, bound_namespace, bound).is_some_and(|it| object::uid(it) == uid);
        if !alive && kind != "node" {
            return Err(invalidated());
        }
        if kind != "secret" {
            let base = "authentication.kubernetes.io";
            user.extra.push((format!("{base}/{kind}-name"), vec![bound.to_owned()]));
            user.extra.push((format!("{base}/{kind}-uid"), vec![uid.to_owned()]));
        }
    }
    if let Some(id) = claims.get("jti").and_then(Value::as_str) {
        let key = "authentication.kubernetes.io/credential-id".to_owned();
        user.extra.insert(0, (key, vec![format!("JTI={id}")]));
    }
    Ok(Authenticated { user: super::authenticated(user), audiences })
}

fn check_audience(claims: &Value, wanted: &[String]) -> Result<Vec<String>, String> {
    let own: Vec<String> = match claims.get("aud") {
        Some(Value::String(one)) => vec![one.to_string()],
        Some(Value::Array(many)) => many.iter().filter_map(|it| it.as_str().map(str::to_owned)).collect(),
        // Tokens kept in Secrets name no audience and are good for the API server.
        _ => vec![ISSUER.to_owned()],
    };
    let server = [ISSUER.to_owned()];
    let targets = if wanted.is_empty() { &server[..] } else { wanted };
    let common: Vec<String> = own.iter().filter(|it| targets.contains(it)).cloned().collect();
    if common.is_empty() {
        let list = |words: &[String]| words.iter().map(|it| format!("{it:?}")).collect::<Vec<_>>().join(" ");
        return Err(format!(
            "token audiences [{}] is invalid for the target audiences [{}]",
            list(&own),
            list(targets)
        ));
    }
    Ok(common)
}

fn check_time(claims: &Value, now: SimTime) -> Result<(), String> {
    let at = |field: &str| claims.get(field).and_then(Value::as_i64);
    if at("exp").is_some_and(|end| now.unix_s() > end) {
        return Err("service account token has expired".into());
    }
    if at("nbf").is_some_and(|start| now.unix_s() < start) {
        return Err("service account token is not valid yet".into());
    }
    Ok(())
}

/// Namespace, name and UID of the account, in the form of today's or of the old tokens.
fn account_of(claims: &Value) -> (String, String, String) {
    let new = |path: &[&str]| {
        let found = path.iter().try_fold(claims, |tree, key| tree.get(*key));
        found.and_then(Value::as_str).unwrap_or("").to_owned()
    };
    let old = |key: &str| object::field(claims, &format!("kubernetes.io/serviceaccount/{key}")).to_owned();
    let namespace = new(&["kubernetes.io", "namespace"]);
    if namespace.is_empty() {
        return (old("namespace"), old("service-account.name"), old("service-account.uid"));
    }
    let account = |key: &str| new(&["kubernetes.io", "serviceaccount", key]);
    (namespace, account("name"), account("uid"))
}

/// The user of a bootstrap token: `abcdef.0123456789abcdef`, kept in a Secret of kube-system.
fn bootstrap(world: &World, cluster: ClusterId, token: &str) -> Option<UserInfo> {
    let (id, secret_part) = token.split_once('.')?;
    if id.len() != 6 || secret_part.len() != 16 {
        return None;
    }
    let store = &world.clusters.get(cluster)?.store;
    let secret = store.find("secrets", "kube-system", &format!("bootstrap-token-{id}"))?;
    let data = |key: &str| {
        let encoded = secret.get("data").and_then(|data| data.get(key)).and_then(Value::as_str)?;
        let bytes = base64::engine::general_purpose::STANDARD.decode(encoded).ok()?;
        String::from_utf8(bytes).ok()
    };
    let alive =
        data("expiration").and_then(|text| SimTime::parse_rfc3339(&text)).is_none_or(|end| world.now < end);
    let fits = object::text(secret, "/type") == "bootstrap.kubernetes.io/token"
        && data("token-id").as_deref() == Some(id)
        && data("token-secret").as_deref() == Some(secret_part)
        && data("usage-bootstrap-authentication").as_deref() == Some("true");
    if !fits || !alive {
        return None;
    }
    let mut groups = vec!["system:bootstrappers".to_owned()];
    groups.extend(data("auth-extra-groups").iter().flat_map(|it| it.split(',')).map(str::to_owned));
    let user = UserInfo { name: format!("system:bootstrap:{id}"), groups, ..UserInfo::default() };
    Some(super::authenticated(user))
}

/// What a token is to say.
#[derive(Clone, Debug)]
pub(crate) struct TokenSpec<'a> {
    pub(crate) namespace: &'a str,
    pub(crate) account: &'a str,
    pub(crate) account_uid: &'a str,
    pub(crate) audiences: &'a [String],
    pub(crate) seconds: i64,
    /// Kind (`pod`, `secret`, `node`), name and UID of what the token is bound to.
    pub(crate) bound: Vec<(&'static str, String, String)>,
    pub(crate) id: &'a str,
}

/// A service account token signed with the cluster's key; `None` when the key is missing.
pub(crate) fn issue(world: &World, cluster: ClusterId, spec: &TokenSpec<'_>) -> Option<String> {
    draft(world, cluster, spec)?.sign()
}

/// The same, to be signed later; `None` when the key is missing.
pub(crate) fn draft(world: &World, cluster: ClusterId, spec: &TokenSpec<'_>) -> Option<Draft> {
    let now = world.now.unix_s();
    let mut private = json!({
        "namespace": spec.namespace,
        "serviceaccount": {"name": spec.account, "uid": spec.account_uid},
    });
    for (kind, name, uid) in &spec.bound {
        private[*kind] = json!({"name": name, "uid": uid});
    }
    let claims = json!({
        "aud": spec.audiences, "exp": now + spec.seconds, "iat": now, "iss": ISSUER, "jti": spec.id,
        "kubernetes.io": private, "nbf": now,
        "sub": format!("system:serviceaccount:{}:{}", spec.namespace, spec.account),
    });
    Some(Draft { claims, signer: signer(world, cluster)? })
}

/// The token of a Secret of type `kubernetes.io/service-account-token`: without end and audience.
pub(crate) fn issue_for_secret(
    world: &World,
    cluster: ClusterId,
    namespace: &str,
    (account, account_uid): (&str, &str),
    secret: &str,
) -> Option<String> {
    let claims = json!({
        "iss": "kubernetes/serviceaccount",
        "kubernetes.io/serviceaccount/namespace": namespace,
        "kubernetes.io/serviceaccount/secret.name": secret,
        "kubernetes.io/serviceaccount/service-account.name": account,
        "kubernetes.io/serviceaccount/service-account.uid": account_uid,
        "sub": format!("system:serviceaccount:{namespace}:{account}"),
    });
    Draft { claims, signer: signer(world, cluster)? }.sign()
}

/// What tells others how to check this cluster's tokens: the issuer's configuration and its keys.
pub(crate) fn discovery(world: &World, cluster: ClusterId, path: &str) -> Option<Response> {
    // Texts, because the fields stand in the order of Go's structs.
    let answer = match path {
        "/.well-known/openid-configuration" => {
            let server = &world.clusters.get(cluster)?.server;
            format!(
                r#"{{"issuer":"{ISSUER}","jwks_uri":"{server}/openid/v1/jwks","response_types_supported":["id_token"],"subject_types_supported":["public"],"id_token_signing_alg_values_supported":["RS256"]}}"#
            )
        }
        "/openid/v1/jwks" => {
            let signer = signer(world, cluster)?;
            let parts = ring::rsa::PublicKeyComponents::<Vec<u8>>::from(signer.pair.public());
            let (n, e) = (URL_SAFE_NO_PAD.encode(parts.n), URL_SAFE_NO_PAD.encode(parts.e));
            let id = &signer.id;
            format!(
                r#"{{"keys":[{{"use":"sig","kty":"RSA","kid":"{id}","alg":"RS256","n":"{n}","e":"{e}"}}]}}"#
            )
        }
        _ => return None,
    };
    Some(Response::new(200, Body::Text(answer)))
}

/// A token that is not signed yet. Signing costs most of a millisecond, and most tokens are never read.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    claims: Value,
    signer: Arc<Signer>,
}

impl PartialEq for Draft {
    fn eq(&self, other: &Self) -> bool {
        self.claims == other.claims && self.signer.id == other.signer.id
    }
}

impl Draft {
    /// The token; the same at any time. `None` when the key cannot sign.
    pub(crate) fn sign(&self) -> Option<String> {
        let header = json!({"alg": "RS256", "kid": self.signer.id});
        let signed = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header.to_string()),
            URL_SAFE_NO_PAD.encode(self.claims.to_string())
        );
        let pair = &self.signer.pair;
        let mut signature = vec![0; pair.public().modulus_len()];
        let random = ring::rand::SystemRandom::new();
        // PKCS#1 v1.5 signatures do not depend on the randomness, which only blinds the computation.
        pair.sign(&ring::signature::RSA_PKCS1_SHA256, &random, signed.as_bytes(), &mut signature).ok()?;
        Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// A private key that signs tokens.
#[derive(Debug)]
struct Signer {
    pem: Vec<u8>,
    /// The hash of the public key.
    id: String,
    pair: ring::signature::RsaKeyPair,
}

/// The key that was used last. Only saves time: reading one costs as much as signing.
static LAST: Mutex<Option<Arc<Signer>>> = Mutex::new(None);

/// The signer of a cluster; `None` when its key is missing or cannot be read.
fn signer(world: &World, cluster: ClusterId) -> Option<Arc<Signer>> {
    let path = "/etc/kubernetes/pki/sa.key";
    let pem = connect::server_file(world, cluster, "service-account-signing-key-file", path)?;
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(signer) = last.as_ref().filter(|it| it.pem == pem) {
        return Some(signer.clone());
    }
    let signer = Arc::new(Signer::read(pem)?);
    *last = Some(signer.clone());
    Some(signer)
}

impl Signer {
    fn read(pem: Vec<u8>) -> Option<Self> {
        use sha2::Digest as _;
        let text = String::from_utf8_lossy(&pem);
        let public = certificates::public_key(&text).ok()?;
        let id = URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(certificates::pem_body(&public)?));
        let der = certificates::pem_body(&text)?;
        let pair = ring::signature::RsaKeyPair::from_der(&der)
            .or_else(|_| ring::signature::RsaKeyPair::from_pkcs8(&der));
        let pair = pair.ok()?;
        Some(Self { pem, id, pair })
    }
}
