//! How a machine that joins gets to trust an API server: through a token and the hash of its authority's
//! key, or through a kubeconfig file.

use std::time::Duration;

use super::api::{Api, Refusal};
use super::ctx::Ctx;
use super::tokens;
use crate::apimachinery::object::text;
use crate::apimachinery::yaml;
use crate::cluster::api::connect::Endpoint;
use crate::cluster::controllers::bootstrap;

/// Between two tries.
const PAUSE: Duration = Duration::from_secs(5);

/// What a token-based discovery goes by.
#[derive(Clone, Debug, Default)]
pub(super) struct ByToken {
    /// `172.30.1.2:6443`.
    pub(super) server: String,
    pub(super) token: String,
    /// `sha256:…`, any of which will do.
    pub(super) hashes: Vec<String>,
    pub(super) skip_verification: bool,
    pub(super) limit: Duration,
}

/// What the cluster says of itself: its authority (PEM) and where its API server is.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) authority: String,
    pub(super) server: String,
}

/// Asks until the answer can be trusted or the time is up.
///
/// # Errors
/// Why it cannot be trusted.
pub(super) async fn by_token(ctx: &Ctx<'_>, wanted: &ByToken) -> Result<Found, String> {
    for hash in &wanted.hashes {
        check_hash(hash)?;
    }
    let since = ctx.now();
    loop {
        let why = match look(ctx, wanted) {
            Ok(found) => return Ok(found),
            Err((why, false)) => return Err(why),
            Err((why, true)) => why,
        };
        if ctx.flags.int("v") >= 5 {
            ctx.klog('I', "token.go:249", &format!("[discovery] Retrying due to error: {why}"));
        }
        if ctx.now().since(since) + PAUSE >= wanted.limit {
            ctx.sleep(PAUSE).await;
            return Err(why);
        }
        ctx.sleep(PAUSE).await;
    }
}

fn check_hash(hash: &str) -> Result<(), String> {
    let wrong = |why: String| Err(format!("invalid discovery token CA certificate hash: {why}"));
    let Some(hex) = hash.strip_prefix("sha256:") else {
        return wrong("invalid hash, expected \"format:hex-value\". Known format(s) are: sha256".into());
    };
    if !hex.bytes().all(|it| it.is_ascii_hexdigit()) || hex.len() % 2 != 0 {
        return wrong(format!("invalid hash {hash:?}: could not decode SHA-256 from pin value"));
    }
    if hex.len() != 64 {
        return wrong(format!(
            "invalid hash {hash:?}, expected a 32 byte SHA-256 hash, found {} bytes",
            hex.len() / 2
        ));
    }
    Ok(())
}

/// One look; true beside the sentence when it is worth another try.
fn look(ctx: &Ctx<'_>, wanted: &ByToken) -> Result<Found, (String, bool)> {
    let endpoint = Endpoint {
        server: format!("https://{}", wanted.server),
        insecure_skip_tls_verify: true,
        ..Endpoint::default()
    };
    let api = Api::new(ctx, endpoint);
    let map = api.get("/api/v1/namespaces/kube-public/configmaps/cluster-info").map_err(|why| {
        let why = match why {
            Refusal::Dial { .. } | Refusal::Status(_) => {
                format!("failed to request the cluster-info ConfigMap: {why}")
            }
        };
        (why, true)
    })?;
    let (id, secret) = wanted.token.split_once('.').unwrap_or((&wanted.token, ""));
    let content = text(&map, "/data/kubeconfig");
    let signature = text(&map, &format!("/data/{}{id}", bootstrap::SIGNATURE));
    if content.is_empty() {
        return Err(("there is no \"kubeconfig\" key in the \"cluster-info\" ConfigMap".into(), true));
    }
    if signature.is_empty() {
        let why = format!("could not find a JWS signature in the cluster-info ConfigMap for token ID {id:?}");
        return Err((why, true));
    }
    if signature != bootstrap::signature(content, id, secret) {
        let why =
            "failed to verify JWS signature of received cluster info object, can't trust this API Server";
        return Err((why.into(), true));
    }
    pinned(content, wanted).map_err(|why| (why, true))
}

fn pinned(content: &str, wanted: &ByToken) -> Result<Found, String> {
    use base64::Engine as _;
    let config = yaml::document(content)?;
    let data = text(&config, "/clusters/0/cluster/certificate-authority-data");
    let authority = base64::engine::general_purpose::STANDARD.decode(data).unwrap_or_default();
    let authority = String::from_utf8_lossy(&authority).into_owned();
    let hash = tokens::key_hash(&authority).unwrap_or_default();
    if !wanted.skip_verification && !wanted.hashes.contains(&hash) {
        return Err(format!(
            "cluster CA found in cluster-info ConfigMap is invalid: none of the public keys {hash:?} are pinned"
        ));
    }
    Ok(Found { authority, server: text(&config, "/clusters/0/cluster/server").to_owned() })
}
